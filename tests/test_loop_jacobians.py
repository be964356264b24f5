"""Jacobians and Hessians, which push and pull a basis at once, through every loop and branch, against Python's own."""

import numpy as np
import pytest

import wengert as w
import wengert.lax as lax
import wengert.numpy as wnp

X = np.array([0.3, 0.4, 0.7])
POINTS = np.array([[0.3, 0.4, 0.7], [0.9, 0.2, -0.4], [0.1, 1.3, 0.2]])


def step(t, y):
    return t + 0.3 * wnp.sin(t) * y[0] + 0.2 * y[1] ** 2 + 0.1


def python_while(y):
    t, n = y[2] * 0.1, 0
    while t < 1.0:
        t, n = step(t, y), n + 1
    return t * y[2] + n * y[0]


def native_while(y):
    going = lambda s: s[0] < 1.0
    t, n = lax.while_loop(going, lambda s: (step(s[0], y), s[1] + 1.0), (y[2] * 0.1, 0.0))
    return t * y[2] + n * y[0]


def python_count(y):
    t, n = y[0], 0
    while n < 3 + 4 * (y[1] > 0.3):
        t, n = step(t, y), n + 1
    return t


def native_count(y):
    """A loop whose length is known when it runs."""
    return lax.fori_loop(0, 3 + 4 * (y[1] > 0.3), lambda i, t: step(t, y), y[0])


def python_matrix(y):
    v, n = y, 0
    while wnp.sum(v**2) < 4.0:
        v, n = wnp.array([[1.1, y[0], 0.0], [0.0, 1.2, y[1]], [0.1, 0.0, 1.05]]) @ v, n + 1
    return wnp.sum(v) * y[2]


def native_matrix(y):
    """Products, so that a batch runs at once."""
    m = wnp.array([[1.1, y[0], 0.0], [0.0, 1.2, y[1]], [0.1, 0.0, 1.05]])
    return wnp.sum(lax.while_loop(lambda v: wnp.sum(v**2) < 4.0, lambda v: m @ v, y)) * y[2]


def python_branch(y):
    t = wnp.sum(y * y)
    return wnp.exp(t) * y[0] if t < 0.8 else wnp.sin(t) + y[1] ** 3


def native_branch(y):
    t = wnp.sum(y * y)
    return lax.cond(t < 0.8, lambda t: wnp.exp(t) * y[0], lambda t: wnp.sin(t) + y[1] ** 3, t)


def python_scan(y):
    t, out = y[0], 0.0
    for a in (0.1, 0.5, -0.2):
        t = step(t, y) * a + y[2]
        out = out + t * t
    return out


def native_scan(y):
    def body(t, a):
        t = step(t, y) * a + y[2]
        return t, t * t

    return wnp.sum(lax.scan(body, y[0], np.array([0.1, 0.5, -0.2]))[1])


def python_nested(y):
    t, out = y[0] * 0.1, 0.0
    for a in (0.5, 1.0, 1.5):
        while t < a:
            t = step(t, y)
        out = out + t * (y[1] if t > 1.2 else y[2] ** 2)
    return out


def native_nested(y):
    """A loop of unknown length and a branch in a scan."""

    def body(t, a):
        t = lax.while_loop(lambda t: t < a, lambda t: step(t, y), t)
        return t, t * lax.cond(t > 1.2, lambda: y[1], lambda: y[2] ** 2)

    return wnp.sum(lax.scan(body, y[0] * 0.1, np.array([0.5, 1.0, 1.5]))[1])


def python_around(y):
    t = y[0] * 0.1
    while t < 1.0:
        for a in (0.1, 0.2):
            t = t + a * wnp.sin(t + y[1]) ** 2 * y[2] ** 2 + 0.05
    return t * t


def native_around(y):
    """A scan in a loop of unknown length."""
    inner = lambda t, a: (t + a * wnp.sin(t + y[1]) ** 2 * y[2] ** 2 + 0.05, None)
    t = lax.while_loop(lambda t: t < 1.0, lambda t: lax.scan(inner, t, np.array([0.1, 0.2]))[0], y[0] * 0.1)
    return t * t


PAIRS = {
    f.__name__.removeprefix("native_"): (f, globals()[f.__name__.replace("native", "python")])
    for f in (
        native_while, native_count, native_matrix, native_branch, native_scan, native_nested, native_around
    )
}  # fmt: skip
MODES = {
    "hessian": w.hessian,
    "forward over reverse": lambda f: w.jacfwd(w.grad(f)),
    "reverse over reverse": lambda f: w.jacrev(w.grad(f)),
    "reverse over forward": lambda f: w.jacrev(w.jacfwd(f)),
    "forward over forward": lambda f: w.jacfwd(w.jacfwd(f)),
    "product": lambda f: lambda y: w.vmap(lambda v: w.hvp(f, (y,), (v,)))(np.eye(3)),
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PAIRS)
def test_second_derivatives(name, mode, compiled):
    f, python = PAIRS[name]
    got = MODES[mode](f)
    np.testing.assert_allclose((w.jit(got) if compiled else got)(X), w.jacfwd(w.grad(python))(X), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("mode", ["hessian", "reverse over reverse", "reverse over forward"])
@pytest.mark.parametrize("name", PAIRS)
def test_second_derivatives_of_a_batch(name, mode, compiled):
    """Examples whose loops have different lengths and whose branches differ."""
    f, python = PAIRS[name]
    got = w.vmap(MODES[mode](f))
    want = np.stack([w.jacfwd(w.grad(python))(p) for p in POINTS])
    np.testing.assert_allclose((w.jit(got) if compiled else got)(POINTS), want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("third", ["fff", "rff", "frr", "rrr", "ffr", "rfr"])
@pytest.mark.parametrize("name", PAIRS)
def test_third_derivatives(name, third):
    f, python = PAIRS[name]
    for letter in reversed(third):
        f = {"f": w.jacfwd, "r": w.jacrev}[letter](f)
    want = w.jacfwd(w.jacfwd(w.grad(python)))(X)
    np.testing.assert_allclose(f(X), want, rtol=1e-8, atol=1e-11)
