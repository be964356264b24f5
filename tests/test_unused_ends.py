"""Reverse mode of scans whose last carry nobody uses: what the last step would do to it does not count, and no masks are
carried for it where one step reaches everything."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax

A = np.array([[0.6, -0.2, 0.1], [0.3, 0.5, -0.4], [-0.1, 0.2, 0.7]])
XS = np.array([[0.3, -0.5, 1.0], [0.1, 0.4, -0.2], [0.6, -0.3, 0.8], [0.2, 0.9, -0.7]])


def scanned(step, c, xs, k):
    return lax.scan(lambda c, x: step(c, x, k), c, xs)[1]


def looped(step, c, xs, k):
    ys = []
    for x in xs:
        c, y = step(c, x, k)
        ys.append(y)
    return wnp.stack(ys)


STEPS = {
    "products": lambda c, x, k: ((k * A) @ c + x * c, c @ (A @ c) + x[0]),
    "an index": lambda c, x, k: (wnp.sin(A @ c) * k + x[::-1], (A @ c)[1] * x[2] * k),
    "a slice of xs": lambda c, x, k: (A @ (c * k) + x[0], c @ c * wnp.sum(x[1:])),
    "part of the carry": lambda c, x, k: (wnp.stack([c[1] * k, c[2], c[0] * x[1]]), c[0] * x[0]),
    "a pair": lambda c, x, k: (A @ wnp.tanh(c) * x[2], (wnp.sum(c) * k, c[:2])[0]),
}


@pytest.mark.parametrize("around", [lambda f: f, w.jit], ids=["eager", "jit"])
@pytest.mark.parametrize("length", [1, 2, 4])
@pytest.mark.parametrize("name", STEPS)
def test_gradients_are_those_of_the_loop(name, length, around):
    args = np.array([0.4, -0.3, 0.8]), XS[:length], 1.3
    losses = [lambda *a, run=run: wnp.sum(wnp.sin(run(STEPS[name], *a))) for run in (scanned, looped)]
    got, expected = (around(w.grad(f, (0, 1, 2)))(*args) for f in losses)
    for g, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-12, atol=1e-14)
    second = [around(w.grad(lambda c, xs, k, f=f: wnp.sum(w.grad(f)(c, xs, k) ** 2), (0, 1, 2))) for f in losses]
    for g, e in zip(second[0](*args), second[1](*args), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("around", [lambda f: f, w.jit], ids=["eager", "jit"])
def test_an_infinite_slope_of_the_last_step_does_not_count(around):
    """The last new carry is the root of 0, whose slope is infinite; only what comes before is used."""

    def f(c, xs, k):
        step = lambda c, x: (wnp.sqrt(A @ c - x) * k, c @ (A @ c) * c[0])  # noqa: E731
        return wnp.sum(lax.scan(step, c, xs)[1])

    c = np.array([0.9, 0.8, 0.7])
    xs = np.stack([np.zeros(3) - 1.0, np.zeros(3)])
    xs[1] = A @ (np.sqrt(A @ c + 1.0) * 1.3)
    got = around(w.grad(f, (0, 1, 2)))(c, xs, 1.3)
    y = lambda c: c @ (A @ c) * c[0]  # noqa: E731
    shorter = w.grad(lambda c, xs, k: y(c) + y(wnp.sqrt(A @ c - xs[0]) * k), (0, 1, 2))
    for g, e in zip(got, shorter(c, xs, 1.3), strict=True):
        assert np.isfinite(g).all()
        np.testing.assert_allclose(g, e, rtol=1e-12)


def test_batches():
    f = lambda c: wnp.sum(scanned(STEPS["an index"], c, XS, 1.3) ** 2)  # noqa: E731
    cs = np.array([[0.4, -0.3, 0.8], [0.1, 0.2, -0.6]])
    np.testing.assert_allclose(w.jit(w.vmap(w.grad(f)))(cs), [w.grad(f)(c) for c in cs], rtol=1e-12)
