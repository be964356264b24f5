"""Plain NumPy programs (`tests/programs`) differentiated, batched and compiled, unmodified.

The oracles are NumPy itself, complex steps where the program is analytic, and central differences of two step sizes.
"""

import ast
from pathlib import Path

import numpy as np
import pytest
from programs import finance, graphics, learning, physics, signals, statistics

import wengert as w

FIELDS = (finance, physics, statistics, signals, graphics, learning)
PROGRAMS = [(f, x) for field in FIELDS for f, x in field.PROGRAMS]
NAMES = [f"{f.__module__.split('.')[-1]}.{f.__name__}" for f, _ in PROGRAMS]


def differences(f, x, h):
    """Central differences of `f`, the error of order h squared removed; one column for each element."""

    def central(h):
        return np.stack([(np.asarray(f(x + h * e)) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))], -1)

    return (4 * central(h / 2) - central(h)) / 3


def complex_step(f, x):
    return np.stack([np.imag(f(x + 1e-30j * e)) / 1e-30 for e in np.eye(len(x))], -1)


def jacobian_of(f, x):
    """The Jacobian by an oracle that knows nothing of the library, and how exact it is."""
    by_differences = differences(f, x, 1e-4)
    try:
        exact = complex_step(f, x)
        if np.allclose(exact, by_differences, rtol=1e-5, atol=1e-6):
            return exact, 1e-9
    except Exception:  # not written for complex numbers: it orders them, or takes their absolute value
        pass
    return by_differences, 1e-6


def total(f):
    """A number of which the second derivative is taken."""

    def g(x):
        y = f(x)
        return np.sum(y * np.cos(np.arange(1.0, np.size(y) + 1).reshape(np.shape(y)))) + 0.5 * np.sum(y * y)

    return g


def close(got, want, tolerance):
    scale = max(np.max(np.abs(want)), 1e-3)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("f, x", PROGRAMS, ids=NAMES)
def test_program(f, x):
    given = x.copy()
    value = f(x)
    want, tolerance = jacobian_of(f, x)
    close(w.jvp(f, (x,), (np.ones(len(x)),))[0], value, 1e-12)
    close(w.jacfwd(f)(x), want, tolerance)
    close(w.jacrev(f)(x), want, tolerance)

    g = total(f)
    second = differences(w.grad(g), x, 1e-4)
    close(w.jacfwd(w.jacrev(g))(x), second, 1e-5)
    close(w.jacrev(w.jacfwd(g))(x), second, 1e-5)

    np.testing.assert_array_equal(x, given)


@pytest.mark.parametrize("f, x", PROGRAMS, ids=NAMES)
def test_batched(f, x):
    xs = np.stack([x, x * 1.01, x * 0.99])
    close(w.vmap(f)(xs), np.stack([f(v) for v in xs]), 1e-11)
    g = w.grad(total(f))
    close(w.vmap(g)(xs), np.stack([g(v) for v in xs]), 1e-9)


@pytest.mark.parametrize("f, x", PROGRAMS, ids=NAMES)
def test_compiled(f, x):
    close(w.jit(f)(x), f(x), 1e-11)
    g = w.grad(total(f))
    close(w.jit(g)(x), g(x), 1e-9)


def test_the_programs_know_numpy_alone():
    assert len(PROGRAMS) >= 60 and len(set(NAMES)) == len(NAMES)
    for path in (Path(__file__).parent / "programs").glob("*.py"):
        text = path.read_text()
        imports = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.Import, ast.ImportFrom))]
        assert all(isinstance(n, ast.Import) and [a.name for a in n.names] == ["numpy"] for n in imports), path
        assert "wengert" not in text
