"""Fourier transforms in compiled code: NumPy's loops, called from native code, with the values of eager code."""

from __future__ import annotations

import numpy as np
import pytest
from watching import calls_of

import wengert.numpy as wnp
from wengert import config, grad, jit

SHAPES = ((1,), (7,), (16,), (1009,), (3, 20), (20, 3), (5, 1), (4, 9, 6), (17, 33), (2, 64, 130))


def close(got, expected, dtype):
    """The same bits in float64; NumPy computes some transforms of float32 in float64."""
    np.testing.assert_allclose(got, expected, rtol=0, atol=0 if dtype == np.float64 else 3e-6 * np.abs(expected).max())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_are_those_of_eager_code(dtype):
    for shape in SHAPES:
        rng = np.random.default_rng(len(shape))
        x = rng.normal(size=shape).astype(dtype)
        z = (x + 1j * rng.normal(size=shape)).astype(np.result_type(dtype, np.complex64))
        for axis in range(len(shape)):
            for f, v in (
                (lambda v, a=axis: wnp.fft.fft(v, axis=a), z),
                (lambda v, a=axis: wnp.fft.ifft(v, axis=a), z),
                (lambda v, a=axis: wnp.fft.rfft(v, axis=a), x),
                (lambda v, a=axis, n=shape[axis]: wnp.fft.irfft(v, n + 1, axis=a), z),
            ):
                got, expected = jit(f)(v), f(v)
                assert got.dtype == expected.dtype
                close(got, expected, dtype)
        f = lambda v: wnp.fft.fftn(v)  # noqa: E731
        close(jit(f)(z), f(z), dtype)


def test_no_python_runs_and_threads_have_the_same_values():
    z = np.random.default_rng(0).normal(size=(64, 300)) + 0j
    f = jit(lambda z: wnp.fft.fft2(z))
    with config.override(threads=1):
        one = f(z)
    with config.override(threads=4):
        np.testing.assert_array_equal(f(z), one)
    assert calls_of(f, z) == ["__call__"]  # outside, for an override is asked in Python
    np.testing.assert_allclose(one, np.fft.fft2(z), rtol=1e-12, atol=1e-12)


def test_gradients():
    x = np.random.default_rng(1).normal(size=(6, 15))
    f = lambda x: wnp.sum(wnp.abs(wnp.fft.rfft(x, axis=0)) ** 2)  # noqa: E731
    np.testing.assert_allclose(jit(grad(f))(x), grad(f)(x), rtol=1e-12)
    h = 1e-6 * np.ones_like(x)
    assert abs(np.vdot(jit(grad(f))(x), h) - (f(x + h) - f(x - h)) / 2) < 1e-8


def test_empty_arrays_and_lines():
    for shape, axis in (((0, 4), 1), ((3, 0, 2), 0)):
        z = np.zeros(shape, complex)
        f = lambda z, a=axis: wnp.fft.fft(z, axis=a)  # noqa: E731
        np.testing.assert_array_equal(jit(f)(z), f(z))
