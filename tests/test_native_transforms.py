"""Fourier transforms in compiled code: lines in lanes, or NumPy's loops called from native code; no Python runs."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from watching import calls_of

import wengert.numpy as wnp
from wengert import config, grad, jit, lax, vmap
from wengert.compile import ufuncs
from wengert.compile.choices import chosen
from wengert.ops.fft import fft_p, irfft_p, rfft_p

SHAPES = ((1,), (16,), (1009,), (3, 20), (5, 1), (4, 9, 6), (17, 34))


def close(got, expected, dtype):
    """To a few roundings of the largest; NumPy computes some transforms of float32 in float64."""
    error = (3e-15 if dtype == np.float64 else 3e-6) * np.abs(expected).max()
    np.testing.assert_allclose(got, expected, rtol=0, atol=error)


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


def test_a_spectrum_of_no_numbers_is_zero():
    for n in (1, 2, 5, 6):
        z = np.zeros((8, 0), complex)
        for f in (lambda z: wnp.fft.irfft(z, n), lambda z: irfft_p.bind(z, axis=1, n=n)):  # noqa: B023
            np.full(1, 7.0)  # frees memory in which a number is
            for got in (f(z), jit(f)(z)):
                np.testing.assert_array_equal(got, np.zeros((8, n)))


LENGTHS = [2, 3, 13, 16, 30, 34, 97, 128, 1001]


@pytest.mark.parametrize(("n", "width"), [*[(n, 64) for n in LENGTHS], (60, 32), (49, 16)])
def test_lines_in_lanes_are_transforms(n, width):
    """Lines of all kinds of lengths, in lanes of each width, some of them left over."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=(9, n)) + 1j * rng.normal(size=(9, n))
    columns = rng.normal(size=(2, n, 5)) + 1j * rng.normal(size=(2, n, 5))

    def transforms(x, columns):
        real, half = wnp.real(x), x[:, : n // 2 + 1]
        return (
            wnp.fft.fft(x), wnp.fft.ifft(x), wnp.fft.rfft(real), wnp.fft.irfft(half, n),
            wnp.fft.fft(columns, axis=1), wnp.fft.ifft(columns, axis=1),
        )  # fmt: skip

    expected = (
        np.fft.fft(x), np.fft.ifft(x), np.fft.rfft(x.real), np.fft.irfft(x[:, : n // 2 + 1], n),
        np.fft.fft(columns, axis=1), np.fft.ifft(columns, axis=1),
    )  # fmt: skip
    with chosen(vector_bytes=width):
        f = jit(transforms)
        assert ufuncs.PREFIX not in f.lower(x, columns).llvm()  # none of them by NumPy's loops
        for found, wanted in zip(f(x, columns), expected, strict=True):
            assert np.abs(found - wanted).max() <= 3e-15 * np.abs(wanted).max()


@pytest.mark.parametrize("n", [64, 100, 3 * 5 * 7 * 11])
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_a_line_as_a_matrix(n, dtype):
    rng = np.random.default_rng(n)
    x = (rng.normal(size=(2, n)) + 1j * rng.normal(size=(2, n))).astype(dtype)
    close = 3e-15 if dtype is np.complex128 else 1e-6
    for found, wanted in ((wnp.fft.fft, np.fft.fft), (wnp.fft.ifft, np.fft.ifft)):
        wanted = wanted(x.astype(complex))
        with chosen(serial__fourier__NEAR=0):
            f = jit(found)
            assert "@fourier_twisted" in f.lower(x).llvm()
            assert np.abs(f(x) - wanted).max() <= close * np.abs(wanted).max()


@pytest.mark.parametrize("pieces", [{}, {"serial__fourier__ROOMS": 2}])
def test_threads_find_rooms_of_their_own(pieces):
    x = np.random.default_rng(5).normal(size=(500, 96))
    with chosen(serial__step__LEAST=0.0, serial__step__PIECE=1.0, **pieces), config.override(threads=4):
        f = jit(wnp.fft.rfft)
        assert "cmpxchg ptr" in f.lower(x).llvm()  # takes a room
        for _ in range(20):
            np.testing.assert_allclose(f(x), np.fft.rfft(x), rtol=1e-10, atol=1e-12)


REAL = ["f2", ml_dtypes.bfloat16, "f4", "f8", "g", "i1", "u2", "i8", "?", ">f2", ">f4", ">f8"]
COMPLEX = ["F", "G", ">c8", ">c16"]


def drawn(dtype, *shape):
    rng = np.random.default_rng(len(shape))
    x = np.round(rng.normal(size=shape) * 4)  # which all dtypes have
    if np.dtype(dtype).kind == "c":
        x = x + 1j * np.round(rng.normal(size=shape) * 4)
    return np.abs(x).astype(dtype) if np.dtype(dtype).kind == "u" else x.astype(dtype)


def spectrum(x, axis, n, inverse=False):
    """The Fourier matrix times a signal, in long doubles."""
    moved = np.moveaxis(x.astype(np.clongdouble), axis, -1)[..., :n]
    k = np.arange(n)
    angle = np.outer(k[: moved.shape[-1]], k) % n * (8 * np.arctan(np.longdouble(1)) / n)
    matrix = np.cos(angle) + (1j if inverse else -1j) * np.sin(angle)
    return np.moveaxis(moved @ matrix, -1, axis) / (n if inverse else 1)


def near(got, expected, dtype):
    """To some roundings; memory read in a mistaken dtype gives errors as large as the result."""
    given = np.dtype(dtype)
    narrow = given.itemsize == 2 and given.kind in "fV"
    eps = 2.0**-11 if narrow else float(np.finfo(got.dtype).eps)
    assert np.abs(got - expected).max() <= 20 * eps * np.abs(expected).max()


@pytest.mark.parametrize("dtype", REAL + COMPLEX, ids=lambda d: np.dtype(d).str + np.dtype(d).name)
def test_signals_of_each_dtype_are_read_as_what_they_are(dtype):
    """Public functions convert; the operations themselves are called with what native code has no registers for."""
    x = drawn(dtype, 9, 12)
    real = x.dtype.kind != "c"

    def transforms(x):
        some = [wnp.fft.fft(x[::2].T, 16, axis=0), wnp.fft.ifft2(x)]
        return some + ([wnp.fft.rfft(x, 7), wnp.fft.rfft(x, axis=0)] if real else [])

    columns = np.pad(x[::2].T.astype(np.clongdouble), ((0, 4), (0, 0)))
    both = spectrum(spectrum(x, 0, 9, True), 1, 12, True)
    expected = [spectrum(columns, 0, 16), both]
    expected += [spectrum(x, 1, 7)[:, :4], spectrum(x, 0, 9)[:5]] if real else []
    for got, wanted in zip(jit(transforms)(x), expected, strict=True):
        near(got, wanted, dtype)

    def operations(x):
        if real:
            return rfft_p.bind(x, axis=0), rfft_p.bind(x, axis=1)
        return (
            fft_p.bind(x, axes=(0, 1), inverse=True), irfft_p.bind(x, axis=1, n=22), irfft_p.bind(x, axis=0, n=17),
            irfft_p.bind(x, axis=1, n=9), irfft_p.bind(x, axis=1, n=40),
        )  # fmt: skip

    for got, wanted in zip(jit(operations)(x), operations(x), strict=True):
        assert got.dtype == wanted.dtype
        near(got, wanted, dtype)


@pytest.mark.parametrize("dtype", ["f2", ml_dtypes.bfloat16, "f8", "g"], ids=lambda d: np.dtype(d).name)
def test_under_transformations(dtype):
    x = drawn(dtype, 3, 10, 4) / np.array(8, dtype)

    def loss(x):
        row = lambda total, v: (total + wnp.sum(wnp.abs(wnp.fft.rfft(v, axis=0))), None)  # noqa: E731
        total, _ = lax.scan(row, np.zeros((), rfft_p.bind(x, axis=1).real.dtype), x)
        half = vmap(lambda v: wnp.fft.hfft(v, 13, axis=0), in_axes=2)(x)
        return total + wnp.sum(half**2)

    assert jit(loss)(x).dtype == loss(x).dtype
    near(jit(loss)(x), loss(x), dtype)
    near(jit(grad(loss))(x).astype(np.longdouble), grad(loss)(x).astype(np.longdouble), dtype)
