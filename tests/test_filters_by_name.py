"""Designs of filters, linear systems, waveforms and lines of `scipy` by their own names, of traced numbers, against differences."""

import numpy as np
import pytest
import scipy.interpolate as si
import scipy.signal as sg

import wengert as w

W = np.random.default_rng(0).normal(size=60)
X = np.array([0, 1.0, 2.5, 3, 4])
Y = np.array([[1.0, 2, -1, 0.5, 3], [0, 1, 0, 2, 1]])


def s(*arrays):
    """A weighted sum of all elements."""
    flat = [np.ravel(a) for a in arrays]
    return sum(np.sum(np.real(a) * W[: a.size]) for a in flat)


def _system(p):
    return np.array([[0, 1], [-p, -0.3]]), np.array([[0.0], [1.0]]), np.array([[1.0, 0.0]]), np.array([[0.0]])


BANDS = {
    "low": lambda p: p,
    "high": lambda p: p,
    "bandpass": lambda p: np.array([0.2, 0.2]) + p * np.array([0, 1]),
    "bandstop": lambda p: [0.2, 0.3 + p],
}
T = np.linspace(0, 1, 9)
B, A = [2.0, 1.0], [1.0, 0.4, 2.0]
CASES = {
    **{f"butter {k}": (lambda p, k=k: s(*sg.butter(3, BANDS[k](p), k)), 0.3) for k in BANDS},
    **{f"cheby1 {k}": (lambda p, k=k: s(*sg.cheby1(3, 1.0, BANDS[k](p), k)), 0.3) for k in BANDS},
    **{f"sections {k}": (lambda p, k=k: s(sg.butter(3, BANDS[k](p), k, output="sos")), 0.3) for k in ("low", "bandpass")},
    "elliptic": (lambda p: s(sg.ellip(3, 1.0, 40, p)[0]), 0.3),
    "ripple": (lambda p: s(sg.cheby1(3, p, 0.3)[0]), 1.0),
    "bessel": (lambda p: s(*sg.bessel(3, p)), 0.3),
    "analog": (lambda p: s(*sg.butter(3, p, analog=True)), 2.0),
    "sampling frequency": (lambda p: s(*sg.butter(3, p, fs=100.0)), 20.0),
    "notch and peak": (lambda p: s(*sg.iirnotch(p, 30)) + s(*sg.iirpeak(0.3, p * 50)) + s(*sg.iirpeak(p, 20)), 0.3),
    "polynomials": (lambda p: s(*sg.lp2lp(B, A, p)) + s(*sg.lp2hp(B, A, p)), 0.4),
    **{
        f"chirp {m}": (lambda p, m=m: s(sg.chirp(T, p, 1.0, 3.0, method=m, phi=20 * p)), 2.0)
        for m in ("linear", "quadratic", "logarithmic", "hyperbolic")
    },
    **{f"steady {m}": (lambda p, m=m: s(sg.chirp(T * p, p, 1.5, 2.0, method=m)), 2.0) for m in ("logarithmic", "hyperbolic")},
    "vertex": (lambda p: s(sg.chirp(T, p, 1.0, 3.0, method="quadratic", vertex_zero=False)), 2.0),
    "lsim": (lambda p: s(sg.lsim(_system(p), np.cos(np.arange(10) * p), np.linspace(0, 1, 10))[1]), 0.4),
    "lsim transfer": (lambda p: s(sg.lsim(([p], [1.0, p, 2.0]), np.ones(9), T)[1]), 0.4),
    "step and impulse": (lambda p: s(sg.step(([1.0], [1.0, p, 1.0]), T=T)[1], sg.impulse(([1.0], [1.0, p, 1.0]), T=T)[1]), 0.4),
    "cont2discrete": (lambda p: s(*sg.cont2discrete(_system(p), 0.1)[:2]), 0.4),
    "bilinear": (lambda p: s(*sg.cont2discrete(([1.0], [1.0, p]), 0.1, method="bilinear")[:2]), 0.4),
    "dlsim": (lambda p: s(sg.dlsim((*_system(p), 1.0), np.ones(6))[1]), 0.4),
    "bode": (lambda p: s(*sg.bode(([1.0], [1.0, p]), w=np.array([0.5, 1.0]))), 0.4),
    **{
        f"interp1d {k}": (
            lambda p, k=k: s(
                si.interp1d(X, Y * p + p * p, kind=k)(np.array([0.5, 1.7, 3.9])),
                si.interp1d(X, (Y * p).T, kind=k, axis=0, fill_value="extrapolate")(np.array([[0.5, 1.7], [0.1, 4.2]])),
                si.interp1d(X, Y * p, kind=k, bounds_error=False, fill_value=2.0)(np.array([-1.0, 1.7, 9])),
                si.interp1d(X, Y, kind=k)(np.array([0.5 * p, 1.7])),
            ),
            0.7,
        )
        for k in ("zero", "slinear", "quadratic", "cubic", 2, 4)
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_against_differences(name):
    f, x = CASES[name]
    h = 1e-6 * x
    slope = (f(x + h) - f(x - h)) / (2 * h)
    close = {"rtol": 1e-5, "atol": 1e-5 * (1 + abs(slope))}
    value, compiled = w.jit(w.value_and_grad(f))(x)
    np.testing.assert_allclose(value, f(x), rtol=1e-9, atol=1e-9)
    for got in (w.grad(f)(x), w.jacfwd(f)(x), compiled, w.vmap(w.grad(f))(np.array([x, 1.01 * x]))[0]):
        np.testing.assert_allclose(got, slope, **close)


def test_polynomials_are_real_where_numpys_are():
    for roots in ([1 + 1j, 1 - 1j], [1j, 2.0], [[1.0, 2.0], [-3.0, 1.0]]):
        ours, numpys = w.numpy.poly(np.array(roots)), np.poly(roots)
        np.testing.assert_allclose(ours, numpys, atol=1e-12)
        assert ours.dtype == numpys.dtype
    traced = w.jit(lambda p: np.poly(p * np.array([[1.0, 2.0], [-3.0, 1.0]])))(1.0)
    assert traced.dtype == np.float64


def test_axes_are_any_iterable():
    x = np.arange(24.0).reshape(2, 3, 4)
    f = lambda x: np.moveaxis(x, range(2), np.array([1, 2]))  # noqa: E731
    np.testing.assert_array_equal(w.jit(f)(x), f(x))
