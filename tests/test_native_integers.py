"""Integers of all widths and truth values in native code: products, division, powers, rows; against NumPy."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.compile.choices import chosen

INTEGERS = "bBhHiIlL"
RNG = np.random.default_rng(7)


def native(f, *args):
    """A compiled result, which is NumPy's, and no Python call."""
    g = w.jit(f)
    with np.errstate(all="ignore"):
        want, got = f(*args), g(*args)
    assert got.dtype == np.asarray(want).dtype
    np.testing.assert_array_equal(got, want)
    assert g.lower(*args).cost().calls == ()


def drawn(dtype, *shape):
    if dtype == "?":
        return RNG.random(shape) > 0.7
    info = np.iinfo(dtype)
    return RNG.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("dtype", [*INTEGERS, "?"])
def test_products(dtype):
    """Modulo what a dtype holds; truth values by "and" and "or"."""
    for m, k, n in ((3, 4, 5), (7, 9, 2), (65, 33, 129), (40, 50, 1), (1, 30, 40), (130, 1, 140)):
        x, y = drawn(dtype, m, k), drawn(dtype, k, n)
        native(lambda x, y: x @ y, x, y)
        native(lambda x, y: y.T @ x.T, x, y)
    x, y = drawn(dtype, 5, 6, 7), drawn(dtype, 5, 7, 8)
    native(np.matmul, x, y)
    native(lambda x, y: wnp.einsum("bij,bjk->kib", wnp.asarray(x), wnp.asarray(y)), x, y)
    native(lambda x, y: wnp.convolve(wnp.asarray(x), wnp.asarray(y)), x[0, 0], y[0, 0])


def test_large_products():
    """Packed columns, blocks of rows on threads, edges of both."""
    with chosen(gemm__PACKED=0, gemm__PAGE=4, multiply__SHARED=0, multiply__ROWS=16):
        for dtype in "hil":
            native(lambda x, y: x @ y, drawn(dtype, 83, 70), drawn(dtype, 70, 131))
            native(lambda x, y: x @ y, drawn(dtype, 300, 5), drawn(dtype, 5, 300))
    native(lambda x, y: x @ y, drawn("i", 200, 520), drawn("i", 520, 300))


def test_products_of_two_dtypes():
    """In the dtype that both lead to."""
    x, y = drawn("b", 20, 30), drawn("i", 30, 40)
    native(lambda x, y: x @ y, x, y)
    g = w.jit(lambda x, y: x @ y)
    np.testing.assert_allclose(g(x.astype(np.float32), y), x.astype(np.float64) @ y, rtol=1e-13)
    assert g.lower(x.astype(np.float32), y).cost().calls == ()


@pytest.mark.parametrize("dtype", INTEGERS)
def test_division(dtype):
    """Quotients rounded down, remainders with the divisor's or the dividend's sign, 0 by zero; the least integer over -1."""
    info = np.iinfo(dtype)
    given = {
        *range(-9, 10),
        info.max,
        info.max - 1,
        info.min,
        info.min + 1,
        info.max // 2,
        100,
        -100,
        info.max // 7 * 7,
    }
    v = np.array(sorted(x for x in given if info.min <= x <= info.max), dtype)
    x, y = (a.reshape(-1) for a in np.meshgrid(v, v))
    numbers, divisors = drawn(dtype, 5000), drawn(dtype, 5000) >> (np.arange(5000) % (info.bits)).astype(dtype)
    for f in (np.floor_divide, np.remainder, np.fmod):
        native(f, x, y)
        native(f, numbers, divisors)
    # all divisors in one program, x a vector and a number
    chosen_numbers = [
        n for n in (1, 2, 3, 7, 8, 10, 641, -1, -2, -3, -7, -8, 0, info.max, info.min) if info.min <= n <= info.max
    ]
    for f in (np.floor_divide, np.remainder, np.fmod):
        native(lambda x, f=f: wnp.stack([f(x, n) for n in chosen_numbers]), np.concatenate([v, numbers[:99]]))
        native(lambda x, f=f: wnp.stack([f(x, n) for n in chosen_numbers]), v[0])


@pytest.mark.parametrize("dtype", INTEGERS)
def test_powers(dtype):
    x = drawn(dtype, 37)
    native(lambda x: wnp.stack([wnp.asarray(x) ** n for n in (0, 1, 2, 3, 4, 7, 10, 63, 100)]), x)
    native(np.power, x, np.abs(drawn(dtype, 37) // 2))
    native(lambda x, y: x ** y[0] + x[0] ** y, x, np.arange(37, dtype=dtype))
    native(lambda x, y: x**y, x[:5, None], np.arange(7, dtype=dtype))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_divisors_and_multiples(dtype):
    """Zeros, the least integer, numbers that share no factor; vectors and one number."""
    info = np.iinfo(dtype)
    given = {*range(-8, 9), info.max, info.max - 1, info.min, info.min + 1, 48, 36, 96, 120}
    v = np.array(sorted(x for x in given if info.min <= x <= info.max), dtype)
    x, y = (a.reshape(-1) for a in np.meshgrid(v, v))
    for f in (np.gcd, np.lcm):
        native(f, x, y)
        native(f, drawn(dtype, 999), drawn(dtype, 999))
        native(f, x[5], y[-7])


def test_negative_exponents_are_refused():
    """Of integers, as NumPy refuses them, in loops too; the call after that is as ever."""
    x, y = np.arange(1, 6), np.array([1, 2, -1, 0, 3])
    f = w.jit(lambda x, y: (x**y, x + 1))
    g = w.jit(lambda x, n: lax.fori_loop(0, 3, lambda i, c: c ** (n - i), x))
    for _ in range(2):
        with pytest.raises(ValueError, match="negative integer powers"):
            f(x, y)
        np.testing.assert_array_equal(f(x, np.abs(y))[0], x ** np.abs(y))
        with pytest.raises(ValueError, match="negative integer powers"):
            g(x, 1)
        np.testing.assert_array_equal(g(x, 3), ((x**3) ** 2) ** 1)
    with pytest.raises(ValueError, match="negative integer powers"):
        w.jit(lambda x: x**-1)(x)
    assert w.jit(lambda a, b: a**b)(3, 4) == 81


@pytest.mark.parametrize("dtype", [*INTEGERS, "?"])
def test_reductions(dtype):
    x = drawn(dtype, 9, 37)
    for axis in (0, 1, None):
        for f in (
            wnp.max,
            wnp.min,
            wnp.sum,
            wnp.prod,
            wnp.any,
            wnp.all,
            wnp.argmax,
            wnp.argmin,
            wnp.cumsum,
            wnp.cumprod,
        ):
            native(lambda x, f=f, axis=axis: f(wnp.asarray(x), axis=axis), x)


@pytest.mark.parametrize("dtype", ["f", "d", "e", "b", "i", "L"])
def test_extremes_of_short_rows(dtype):
    """Rows side by side in vectors: the first of equal ones, and NaN where there is one."""
    for rows, n in ((3, 4), (16, 2), (17, 3), (40, 7), (33, 8), (20, 16), (50, 33), (16, 100), (2, 300)):
        x = RNG.integers(0, 5, (rows, n)).astype(dtype)
        if np.dtype(dtype).kind == "f":
            x[RNG.random(x.shape) < 0.05] = np.nan
        native(lambda x: wnp.stack([wnp.argmax(wnp.asarray(x), axis=1), wnp.argmin(wnp.asarray(x), axis=1)]), x)


@pytest.mark.parametrize("dtype", ["f", "d", "e", "b", "H", "L", "?"])
def test_places_in_sorted_arrays(dtype):
    for n in (0, 1, 2, 3, 10, 100):
        ordered = np.sort(RNG.integers(0, 100, (2, n)).astype(dtype), axis=1)
        for m in (0, 1, 5, 100):
            values = RNG.integers(0, 103, m).astype(dtype)
            for side in ("left", "right"):
                native(lambda a, v, side=side: wnp.searchsorted(wnp.asarray(a), v, side=side), ordered[0], values)
