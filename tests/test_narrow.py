"""Floating point of 16 bits, integers of all widths and truth values in compiled code: the sweep of `compare_narrow`, cut short."""

import itertools

import numpy as np
import pytest
from compare_narrow import BFLOAT16, DTYPES, FLOATS, LEFT, compared

import wengert as w
import wengert.numpy as wnp
from wengert import lax, testing
from wengert.compile.choices import chosen
from wengert.lowering import CALLED

NATIVE = [p for p in testing.primitives() if p.native is not CALLED and not p.foreign and p.name not in LEFT]
# Zeros of these functions lie between numbers of 32 bits, in which NumPy's side is computed.
NEAR_ZEROS = {"gammaln", "digamma"}


@pytest.mark.parametrize("part", range(8))
def test_compiled_equals_eager(part):
    """A call of each operation for each dtype; all calls, corners and lengths for one dtype in six, another for each operation."""
    wrong = []
    for i, primitive in enumerate(NATIVE[part::8]):
        if primitive.name in NEAR_ZEROS:
            continue
        for k, dtype in enumerate(DTYPES):
            most = 100 if (i + k) % 6 == 0 else 1
            wrong += [
                f"{primitive.name} {dtype} {label}: {words}"
                for label, words, _ in compared(primitive, dtype, most)
                if words
            ]
    assert not wrong, "\n".join(wrong)


def bit_patterns(dtype):
    return np.arange(1 << 16, dtype=np.uint16).view(dtype)


def same(got, want):
    assert got.dtype == want.dtype
    got, want = (np.asarray(x).astype(np.float64) for x in (got, want))
    np.testing.assert_array_equal(got, want)
    kept = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got[kept]), np.signbit(want[kept]))


@pytest.mark.parametrize("processor", [None, "x86-64-v2"])
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_conversions(dtype, processor):
    """All numbers of 16 bits, numbers around the middle between two of them, and random bits; by instructions and without."""
    every = bit_patterns(dtype)
    with np.errstate(all="ignore"):
        wide = every.astype(np.float32)
        ties = wide + (np.nextafter(every, dtype.type(np.inf)).astype(np.float32) - wide) / 2
        near = np.concatenate(
            [wide, ties, np.nextafter(ties, np.float32(np.inf)), np.nextafter(ties, np.float32(-np.inf))]
        )
        bits = np.random.default_rng(1).integers(0, 1 << 32, 100_000, dtype=np.uint32).view(np.float32)
        singles = np.concatenate([near, bits])
        doubles = np.concatenate([near, bits]).astype(np.float64)
        doubles = np.concatenate([doubles, doubles * (1 + 2.0**-40), doubles * (1 - 2.0**-40), [1e308, 5e-324]])
        with chosen(**({} if processor is None else {"processor": processor})):
            to = w.jit(lambda x: lax.convert_element_type(x, dtype))
            same(w.jit(lambda x: lax.convert_element_type(x, np.float32))(every), wide)
            same(w.jit(lambda x: lax.convert_element_type(x, np.float64))(every), every.astype(np.float64))
            same(to(singles), singles.astype(dtype))
            same(to(doubles), doubles.astype(dtype))
            whole = np.random.default_rng(2).integers(-(1 << 40), 1 << 40, 1000) >> np.arange(1000) % 40
            same(to(whole), whole.astype(dtype))
            x, y = every[::7], np.roll(every, 12345)[::7]
            for f in (np.add, np.multiply, np.divide, np.sqrt, np.negative):
                args = (x, y)[: f.nin]
                same(w.jit(f)(*args), f(*args))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_each_operation_is_rounded(dtype):
    """A sum of a product is not the product's float32 with something added: every operation gives a number of the dtype."""
    rng = np.random.default_rng(3)
    x, y, z = (rng.normal(size=513).astype(dtype) for _ in range(3))
    for f in (lambda x, y, z: x * y + z, lambda x, y, z: (x + y) - x, lambda x, y, z: wnp.sqrt(x * x + y * y) / z):
        same(w.jit(f)(x, y, z), np.asarray(f(x, y, z)))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_sums_and_products_are_rounded_once(dtype):
    """In float32, which holds sums that the dtype does not hold in between; against float64."""
    rng = np.random.default_rng(4)
    eps = 2.0**-10 if dtype == np.float16 else 2.0**-7
    x, y = rng.uniform(0.5, 1, (129, 300)).astype(dtype), rng.uniform(0.5, 1, (300, 65)).astype(dtype)
    wide_x, wide_y = x.astype(np.float64), y.astype(np.float64)
    for f in (
        lambda x, y: x @ y,
        lambda x, y: x @ y[:, 0],
        lambda x, y: wnp.einsum("ij,ij->i", x, x),
        lambda x, y: wnp.sum(x, axis=0),
        lambda x, y: wnp.sum(x),
        lambda x, y: wnp.mean(x, axis=1),
        lambda x, y: wnp.prod(x[:, :5], axis=1),
    ):
        got, want = w.jit(lambda x, y, f=f: f(wnp.asarray(x), wnp.asarray(y)))(x, y), f(wide_x, wide_y)
        assert got.dtype == dtype
        np.testing.assert_allclose(np.asarray(got).astype(float), want, rtol=0.51 * eps)
    large = np.full((3000, 40), 60000.0, np.float16)
    large[1::2] *= -1
    np.testing.assert_array_equal(w.jit(lambda x: wnp.sum(x, axis=0))(large), np.zeros(40, np.float16))


FUNCTIONS = {
    "elementwise": lambda x, y: wnp.sum(wnp.tanh(x) * wnp.exp(-y * y) + wnp.sqrt(x * x + 1)),
    "product": lambda x, y: wnp.sum(wnp.sin(x[:12].reshape(3, 4) @ y[:8].reshape(4, 2))),
    "structure": lambda x, y: wnp.sum(wnp.concatenate([x[::2], y[::-1]]) ** 2) + wnp.max(x * y),
    "gather": lambda x, y: wnp.sum(x[np.array([3, 1, 1, 7])] * y[:4]),
    "scatter": lambda x, y: wnp.sum(wnp.square(x.at[np.array([1, 1, 2])].add(y[:3]))),
    "cumsum": lambda x, y: wnp.sum(wnp.cumsum(x) * y),
    "scan": lambda x, y: lax.scan(lambda c, t: (wnp.tanh(c - t), c), y[0], x)[0],
    "where": lambda x, y: wnp.sum(wnp.where(x > 0, x / (y * y + 1), wnp.abs(x))),
    "sort": lambda x, y: wnp.sum(wnp.sort(x) * y),
}


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name, dtype):
    """Compiled derivatives in both modes and of second order, against those of the same function in float64."""
    f = lambda x, y: FUNCTIONS[name](wnp.asarray(x), wnp.asarray(y))  # noqa: E731
    rng = np.random.default_rng(5)
    x, y, v = (rng.normal(size=17).astype(dtype) for _ in range(3))
    wide = [a.astype(np.float64) for a in (x, y, v)]
    eps = 2.0**-10 if dtype == np.float16 else 2.0**-7
    along = lambda x, y, v: w.jvp(f, (x, y), (v, v))[1]  # noqa: E731
    twice = lambda x, y, v: w.jvp(w.grad(f), (x, y), (v, v))[1]  # noqa: E731
    for g in (lambda x, y, v: w.grad(f)(x, y), along, twice):
        got, want = w.jit(g)(x, y, v), g(*wide)
        assert got.dtype == dtype
        scale = 1 + np.abs(want).max()
        np.testing.assert_allclose(np.asarray(got).astype(float), want, rtol=16 * eps, atol=16 * eps * scale)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_no_call_of_numpy(dtype):
    """Compiled rows of these families run no Python."""
    x = np.ones((40, 40), dtype)
    for f in (
        *FUNCTIONS.values(),
        lambda x, y: wnp.argsort(x),
        lambda x, y: wnp.searchsorted(x, y),
        lambda x, y: wnp.argmax(x),
    ):
        flat = np.linspace(0, 1, 20).astype(dtype)
        assert w.jit(f).lower(flat, flat).cost().calls == ()
    assert w.jit(lambda x, y: wnp.matmul(x, y)).lower(x, x).cost().calls == ()


def test_guards():
    """A Python branch on a number of 16 bits."""
    for dtype in FLOATS:
        f = w.jit(lambda x: x * 2 if float(x) > 1.5 else x - 1)
        for value in (1.0, 2.0, 3.0, -1.0, 1.0):
            assert float(f(dtype.type(value))) == (value * 2 if value > 1.5 else value - 1)


def test_native_call_takes_bfloat16():
    """Arrays and numbers of bfloat16 as arguments and results of one native call."""
    f = w.jit(lambda x, s: {"a": x * s, "b": s + s})
    for k in range(3):
        got = f(np.arange(5.0).astype(BFLOAT16), BFLOAT16.type(k))
        np.testing.assert_array_equal(got["a"].astype(float), np.arange(5.0) * k)
        assert type(got["b"]) is BFLOAT16.type
        assert float(got["b"]) == 2 * k


def test_lengths():
    """Vectors and what is left over, rows and columns."""
    for dtype, n, m in itertools.product(FLOATS, (0, 1, 3, 16, 33), (1, 5, 64)):
        x = np.linspace(-3, 3, n * m).reshape(n, m).astype(dtype)
        with np.errstate(all="ignore"):
            same(w.jit(lambda x: (x.T + 1) * x.T)(x), (x.T + dtype.type(1)) * x.T)
            same(w.jit(lambda x: wnp.maximum(x[::-1, ::-1], 0))(x), np.maximum(x[::-1, ::-1], dtype.type(0)))


@pytest.mark.parametrize("dtype", ["bool", "int8", "int16", "uint32", "int64", "float16", "float32", "complex64"])
def test_joining_bfloat16_with_other_dtypes(dtype):
    """Eagerly as compiled, where NumPy's own concatenate refuses; the common dtype holds the numbers of both."""
    x, y = np.array([1, 0, 3]).astype(dtype), np.array([0.5, 1.5, -2]).astype(BFLOAT16)
    for f in (lambda x, y: wnp.concatenate([x, y]), lambda x, y: wnp.stack([y, x]), lambda x, y: wnp.append(y, x)):
        eager, compiled = f(x, y), w.jit(f)(x, y)
        assert eager.dtype == compiled.dtype == wnp.result_type(x, y)
        want = [wnp.asarray(v).astype(np.complex128) for v in (eager, compiled)]
        np.testing.assert_array_equal(*want)
        assert eager.dtype == wnp.add(x, y).dtype
