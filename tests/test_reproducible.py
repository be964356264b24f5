"""config.reproducible: the same bits on machines with other vectors, with and without fused multiply-adds."""

import platform

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import config, grad, jit, lax
from wengert.compile.choices import chosen

RNG = np.random.default_rng(0)
X = RNG.normal(size=(203, 7))
M = RNG.normal(size=(40, 70)), RNG.normal(size=(70, 90))
F = X.astype(np.float32)


def step(c, t):
    c = wnp.tanh(c * 0.5 + wnp.sum(t * t))
    return c, c * t


PROGRAMS = {
    "sums": (lambda x: (wnp.sum(x), wnp.sum(x * x, 0), wnp.sum(x * x, 1), wnp.mean(x), wnp.var(x, 0), wnp.prod(x, 1)), X),
    "sums in single precision": (lambda x: (wnp.sum(x), wnp.sum(x * x, 0), wnp.sum(wnp.exp(x), 1)), F),
    "a large sum": (lambda x: (wnp.sum(x * x), wnp.max(x)), RNG.normal(size=700_001)),
    "functions": (lambda x: (wnp.exp(x), wnp.log(x * x), wnp.sin(x), wnp.tanh(x), wnp.arctan(x), wnp.power(x * x, 0.3)), X),
    "products": (lambda a, b: (a @ b, a.T @ a, b @ b.T, a @ b[:, 0], wnp.einsum("ij,ij->", a, a)), *M),
    "large products": (lambda a: a @ a, RNG.normal(size=(190, 190))),
    "softmax": (grad(lambda x: wnp.sum(w.nn.softmax(x) ** 2)), X),
    "a loop": (grad(lambda x: wnp.sum(lax.scan(step, 0.1, x)[1])), X),
    "rows": (w.vmap(lambda r: wnp.outer(r, r) @ r), X),
    "small systems": (w.vmap(lambda r: wnp.linalg.solve(wnp.outer(r[:3], r[:3]) + 2 * np.eye(3), r[:3])), X),
}  # fmt: skip


def bits(f, args):
    return [np.asarray(a).tobytes() for a in w.tree.leaves(jit(lambda *xs: f(*xs))(*args))]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="processors of this family")
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_bits_on_every_machine(name):
    f, *args = PROGRAMS[name]
    with config.override(reproducible=True):
        here = bits(f, args)
        for processor in ("x86-64-v2", "x86-64-v3"):
            with chosen(processor=processor):
                assert bits(f, args) == here, processor
        with config.override(threads=3):
            assert bits(f, args) == here
        got = jit(lambda *xs: f(*xs))(*args)
    for a, b in zip(w.tree.leaves(got), w.tree.leaves(f(*args)), strict=True):
        np.testing.assert_allclose(
            a, b, rtol=1e-3 if b.dtype == np.float32 else 1e-8, atol=1e-5 if b.dtype == np.float32 else 1e-10
        )


def test_a_function_is_compiled_for_each():
    f = jit(lambda x: wnp.sum(x * x))
    plain = f(X)
    with config.override(reproducible=True):
        fixed = f(X)
        assert f(X) == fixed and config.reproducible
        assert "fadd contract" not in f.lower(X).llvm()
    assert "fadd contract" in f.lower(X).llvm()
    assert f(X) == plain
    np.testing.assert_allclose(plain, fixed, rtol=1e-12)


@pytest.mark.parametrize("processor", ["x86-64-v2", "x86-64-v3"])
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="processors of this family")
@pytest.mark.parametrize("name", PROGRAMS)
def test_older_processors(name, processor):
    """Without the setting results agree to rounding."""
    f, *args = PROGRAMS[name]
    with chosen(processor=processor):
        got = jit(lambda *xs: f(*xs))(*args)
    for a, b in zip(w.tree.leaves(got), w.tree.leaves(f(*args)), strict=True):
        np.testing.assert_allclose(
            a, b, rtol=1e-3 if b.dtype == np.float32 else 1e-8, atol=1e-5 if b.dtype == np.float32 else 1e-10
        )
