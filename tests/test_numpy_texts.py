"""Functions that NumPy has written in Python for whatever computes: `np.emath` and `np.polynomial`; branch cuts, which they reach."""

import numpy as np
import pytest

import wengert as w

POINTS = np.array([0.3, -0.5, 1.7])
FORMS = {
    name: getattr(np.emath, name) for name in ("sqrt", "log", "log2", "log10", "arcsin", "arccos", "arctanh")
} | {
    "power": lambda x: np.emath.power(x, 1.5),
    "logn": lambda x: np.emath.logn(2.5, x),
    "polyval of rows": lambda x: np.polynomial.polynomial.polyval(x, np.stack([x, x * x], 1)),
    "polyval2d": lambda x: np.polynomial.polynomial.polyval2d(x, x[::-1], np.outer(x, x)),
    "chebval2d": lambda x: np.polynomial.chebyshev.chebval2d(x, x[::-1], np.outer(x, x)),
    "leggrid2d": lambda x: np.polynomial.legendre.leggrid2d(x, x[::-1], np.outer(x, x)),
    "hermeval3d": lambda x: np.polynomial.hermite_e.hermeval3d(x / 2, x / 2, x / 2, x[:, None, None] * np.outer(x, x)) / 9,
    "a class": lambda x: (np.polynomial.Laguerre(x) * 2.0 / x[0]).integ()(x),
}  # fmt: skip


def number(out):
    return np.sum(np.cos(out.real) + np.sin(out.imag)) if np.iscomplexobj(out) else np.sum(np.cos(out))


@pytest.mark.parametrize("name", FORMS)
def test_as_in_a_plain_run(name):
    """Real where the values are, complex where not; under vmap examples of one kind run together."""
    f = lambda x: number(FORMS[name](x))  # noqa: E731
    steps = 1e-6 * np.eye(3)
    points = np.stack([POINTS, np.abs(POINTS) / 2])
    slopes = [[(f(x + h) - f(x - h)) / 2e-6 for h in steps] for x in points]
    np.testing.assert_allclose(w.grad(f)(POINTS), slopes[0], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(w.jit(w.grad(f))(POINTS), slopes[0], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(w.jit(f)(POINTS), f(POINTS), rtol=1e-12)
    np.testing.assert_allclose(w.vmap(w.grad(f))(points), slopes, rtol=1e-6, atol=1e-7)
    got, want = w.jit(FORMS[name])(points[1]), FORMS[name](points[1])
    assert got.dtype == want.dtype and got.shape == want.shape


CUTS = [
    (f, axis)
    for axis in (0, 1)
    for f in (np.arcsin, np.arccos, np.arctan, np.arcsinh, np.arccosh, np.arctanh, np.sqrt, np.log)
]


@pytest.mark.parametrize(("f", "axis"), CUTS)
def test_both_sides_of_a_cut(f, axis):
    """Along a cut the value is that of the side which the zero's sign says, and so are both derivatives."""
    for v in (-2.5, -0.6, 0.6, 2.5):
        for zero in (0.0, -0.0):
            at = lambda v, zero=zero: np.array(complex(zero, v) if axis else complex(v, zero))  # noqa: E731
            h = 1e-6 * (1j if axis else 1)
            first = w.grad(f, holomorphic=True)
            second = w.grad(first, holomorphic=True)
            for g in (first, w.jit(first)):
                np.testing.assert_allclose(g(at(v)), (f(at(v + 1e-6)) - f(at(v - 1e-6))) / (2 * h), rtol=1e-8)
            want = (first(at(v + 1e-6)) - first(at(v - 1e-6))) / (2 * h)
            np.testing.assert_allclose(second(at(v)), want, rtol=1e-6)
