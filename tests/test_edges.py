"""docs/edges.md: each row is what both modes give, eager and compiled."""

import re
from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax, nn, scipy
from wengert.scipy import interpolate, ndimage
from wengert.scipy.spatial.transform import Rotation

PAGE = Path(__file__).resolve().parents[1] / "docs" / "edges.md"
NAMES = {
    "wnp": wnp,
    "nn": nn,
    "lax": lax,
    "np": np,
    "scipy": scipy,
    "interpolate": interpolate,
    "ndimage": ndimage,
    "Rotation": Rotation,
}
TABLE, _, DEVIATIONS = PAGE.read_text().partition("## Where this is not JAX's")
ROWS = re.findall(r"^\| `([^`]+)` \| (\S+) \| (\S+) \| (\S+) \|", TABLE, re.MULTILINE)
JAX = re.findall(r"^\| `([^`]+)` \| (\S+) \| (\S+), (\S+) \| (\S+), (\S+) \| (.+) \|$", DEVIATIONS, re.MULTILINE)


def test_the_table_is_read():
    lines = [line for line in TABLE.splitlines() if line.startswith("| `")]
    assert len(ROWS) == len(lines) > 100 and {a for _, a, *_ in ROWS} >= {"inf", "-inf", "0.0", "nan"}
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("text, at, derivative, second", ROWS, ids=[f"{f} at {x}" for f, x, *_ in ROWS])
def test_edge(text, at, derivative, second):
    f = eval(f"lambda x: {text}", NAMES)
    x, expected = float(at), float(derivative)
    with np.errstate(all="ignore"):
        found = {
            "forward": w.jvp(f, (x,), (1.0,))[1],
            "reverse": w.grad(f)(x),
            "forward compiled": w.jit(lambda x: w.jvp(f, (x,), (1.0,))[1])(x),
            "reverse compiled": w.jit(w.grad(f))(x),
            "batched": w.vmap(w.grad(f))(np.array([x, x]))[1],
        }
        twice = {
            "reverse over reverse": w.grad(w.grad(f)),
            "forward over reverse": w.jacfwd(w.jacrev(f)),
            "forward over forward": w.jacfwd(w.jacfwd(f)),
            "reverse over forward": w.jacrev(w.jacfwd(f)),
            "compiled": w.jit(w.hessian(f)),
            "reverse over reverse compiled": w.jit(w.grad(w.grad(f))),
        }
        found_twice = {} if second == "-" else {mode: g(x) for mode, g in twice.items()}
    for mode, got in found.items():
        np.testing.assert_allclose(got, expected, rtol=1e-14, err_msg=mode)
    for mode, got in found_twice.items():
        np.testing.assert_allclose(got, float(second), rtol=1e-13, atol=1e-300, err_msg=mode)


def test_second_derivatives_at_edges():
    for f, x, expected in (
        (lambda x: x**2.0, 0.0, 2.0),
        (lambda x: x**0, 0.0, 0.0),
        (wnp.sinc, 0.0, -(np.pi**2) / 3),
        (lambda x: wnp.where(x > 0, wnp.sqrt(x), x**2), 0.0, 2.0),
        (lambda x: wnp.logaddexp(x, 0.0), 800.0, 0.0),
        (lambda x: wnp.linalg.norm(wnp.stack([x, x])), 0.0, np.nan),
    ):
        for second in (w.grad(w.grad(f)), w.jacfwd(w.jacrev(f)), w.jit(w.hessian(f))):
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(second(x), expected, rtol=1e-12)


def test_deviations_from_jax_are_rows_of_the_table():
    assert len(JAX) == sum(line.startswith("| `") for line in DEVIATIONS.splitlines()) > 40
    assert {(f, x, one, two) for f, x, one, two, *_ in JAX} <= set(ROWS)
    assert all((one, two) != (theirs, second) for _, _, one, two, theirs, second, _ in JAX)


@pytest.mark.peers
def test_deviations_are_what_jax_gives():
    """And the other rows are what both give, where JAX has the functions."""
    jax = pytest.importorskip("jax")
    pytest.importorskip("jax.scipy.special")
    pytest.importorskip("jax.scipy.stats")
    jnp = jax.numpy

    names = {"wnp": jnp, "np": jnp, "nn": jax.nn, "scipy": jax.scipy, "lax": jax.lax}
    listed = {(text, at): theirs for text, at, _, _, *theirs, _ in JAX}
    compared = 0
    with jax.enable_x64(True):
        for text, at, one, two in ROWS:
            f = eval(f"lambda x: {text.replace('wnp.logsumexp', 'nn.logsumexp')}", names)
            g = lambda x, f=f: jnp.real(f(x)).sum()  # noqa: E731
            wanted = listed.get((text, at), (one, two))
            try:
                found = jax.grad(g)(float(at)), jax.jacfwd(jax.grad(g))(float(at))
            except (NameError, NotImplementedError, TypeError):  # a list of lists is no array to JAX
                assert (text, at) not in listed
                continue
            for got, expected in zip(found, wanted, strict=True):
                if expected != "-":
                    np.testing.assert_allclose(got, float(expected), rtol=1e-9, atol=1e-12, err_msg=f"{text} at {at}")
            compared += 1
    assert compared > 150
