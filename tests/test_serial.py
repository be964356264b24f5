"""Serial kernels against NumPy: large and odd cases, each compiled without a call of NumPy."""

import numpy as np
import pytest

import wengert as w
import wengert.random
from wengert.compile import engine, lanes, lapack
from wengert.compile.executable import Executable
from wengert.compile.serial.step import Serial, _function
from wengert.core import Primitive
from wengert.lowering.kernels import Factorisation, Kernel
from wengert.ops.random import KEY
from wengert.testing import primitives

primitives()
R = np.random.default_rng(8)
INTEGERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]
DTYPES = ["?", *INTEGERS, "f4", "f8"]
EXECUTABLES = {}


def numbers(dtype, *shape, few=False):
    """Random elements; few different ones, NaNs, infinities and zeros of both signs among them, if `few`."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return R.integers(0, 2, shape).astype(bool)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        x = R.integers(info.min, info.max, shape, dtype, endpoint=True)
        return (x % 5).astype(dtype) if few else x
    x = R.normal(size=shape).astype(dtype)
    if few and x.size:
        x = np.round(2 * x)
        flat = x.reshape(-1)
        flat[1::7], flat[2::11], flat[3::13], flat[5::5] = np.nan, np.inf, -np.inf, -0.0
    return x


def compiled(name, *args, **params):
    """The result of the native code of one equation, which is a serial kernel and nothing else."""
    types = tuple((np.shape(a), np.asarray(a).dtype) for a in args)
    key = (name, types, tuple(params.items()), engine.vector_bytes(), w.config.enable_x64)
    if key not in EXECUTABLES:
        primitive = Primitive.registry[name]
        EXECUTABLES[key] = Executable(w.make_program(lambda *a: primitive.bind(*a, **params))(*args), verify=True)
        assert [type(s) for s in EXECUTABLES[key].plan.steps] == [Serial]
    return EXECUTABLES[key](args)[0]


def check(name, *args, exact=True, **params):
    with np.errstate(all="ignore"):
        expected = Primitive.registry[name].impl(*args, **params)
        got = compiled(name, *args, **params)
    assert np.asarray(got).dtype == np.asarray(expected).dtype and np.shape(got) == np.shape(expected)
    if exact:
        np.testing.assert_array_equal(got, expected)
    else:
        np.testing.assert_allclose(got, expected, rtol=1e-5 if got.dtype == np.float32 else 1e-12)


def test_every_kernel_that_a_declaration_names_is_there():
    kernels = [p.native for p in Primitive.registry.values() if isinstance(p.native, Kernel)]
    assert len(kernels) > 20 and all(callable(_function(k.place)) for k in kernels)
    routines = [p.native for p in Primitive.registry.values() if isinstance(p.native, Factorisation)]
    assert len(routines) > 8 and all(callable(getattr(lapack, r.routine)) for r in routines)
    assert all(callable(getattr(lanes, r.small)) for r in routines if r.small)


# --- scatters ---------------------------------------------------------------------------------------------------

SCATTERS = ["scatter_add", "scatter_set", "scatter_multiply", "scatter_max", "scatter_min"]


@pytest.mark.parametrize("name", SCATTERS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_scatter(name, dtype):
    index = R.integers(-9, 9, 300)
    check(name, numbers(dtype, 9), numbers(dtype, 300, few=True), index, axes=(0,))
    check(name, numbers(dtype, 9, 21), numbers(dtype, 50, 21), index[:50].astype(np.int8), axes=(0,))
    check(name, numbers(dtype, 5, 9, 3), numbers(dtype, 50, 5, 3), index[:50], axes=(1,))
    check(name, numbers(dtype, 4, 9), numbers(dtype, 6, 2), R.integers(0, 4, (6, 1)), R.integers(-9, 9, 2), axes=(0, 1))


@pytest.mark.parametrize("name", SCATTERS)
def test_scatter_of_broadcast_updates(name):
    x = numbers("f8", 6, 7)
    check(name, x, numbers("f8", 7), np.array([[1, 1], [-1, 0]]), axes=(0,))
    check(name, x, np.float64(2.5), np.array([1, 1, 3]), axes=(0,))
    check(name, x, numbers("f4", 3, 1), np.array([1, 1, 3]), axes=(0,))
    check(name, x, numbers("f8", 7), np.array(-2), axes=(0,))
    check(name, x, numbers("f8", 0, 7), np.array([], int), axes=(0,))
    check(name, numbers("f4", 6), numbers("f8", 2), np.array([1, 1]), axes=(0,))
    check(name, numbers("f8", 6), numbers("f8", 2), np.array([1, 1], np.uint8), axes=(0,))


@pytest.mark.parametrize("name", SCATTERS)
@pytest.mark.parametrize("start", [0.0, -0.0, 1.5])
def test_scatter_into_one_number_everywhere(name, start):
    u, i = numbers("f8", 40), R.integers(0, 30, 40)
    primitive = Primitive.registry[name]
    executable = Executable(w.make_program(lambda u, i: primitive.bind(np.full(30, start), u, i, axes=(0,)))(u, i))
    assert [type(s) for s in executable.plan.steps] == [Serial]
    (got,) = executable([u, i])
    expected = primitive.impl(np.full(30, start), u, i, axes=(0,))
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(expected))


@pytest.mark.parametrize("index", [[3], [-4], [0, 1, 7], [[0], [99]]])
def test_a_bad_index_is_an_error(index):
    f = w.jit(lambda x, i: Primitive.registry["scatter_add"].bind(x, 1.0, i, axes=(0,)))
    np.testing.assert_array_equal(f(np.zeros(3), np.array([1] * len(index))), [0, len(index), 0])
    with pytest.raises(IndexError, match="out of range"):
        f(np.zeros(3), np.array(index))
    with pytest.raises(IndexError, match="out of range"):
        f(np.zeros(3), np.array(index))


def test_scatter_of_a_batch():
    x, u, i = numbers("f8", 4, 9, 2), numbers("f8", 4, 30, 2), R.integers(-9, 9, (4, 30))
    scatter = lambda x, u, i: Primitive.registry["scatter_add"].bind(x, u, i, axes=(0,))  # noqa: E731
    np.testing.assert_array_equal(w.jit(w.vmap(scatter))(x, u, i), np.stack([scatter(*a) for a in zip(x, u, i)]))


# --- along an axis ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_running(name, dtype):
    for few in (False, True):
        check(name, numbers(dtype, 1000, few=few), axis=0)
        check(name, numbers(dtype, 3, 5, 67, few=few), axis=1)
        check(name, numbers(dtype, 3, 5, 7, few=few), axis=-1)
        check(name, numbers(dtype, 40, 1, few=few), axis=0)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_running_log_sum_exp(dtype):
    x = numbers(dtype, 30, 41, few=True)
    check("cumlogsumexp", 100 * numbers(dtype, 60), axis=0, exact=False)
    check("cumlogsumexp", x, axis=0, exact=False)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_first_extreme(name, dtype):
    for few in (False, True):
        for shape, axis in (((1000,), 0), ((5, 333), 1), ((5, 333), 0), ((5, 3, 40), 1), ((7,), 0), ((1, 1), 0)):
            check(name, numbers(dtype, *shape, few=few), axis=axis)


@pytest.mark.parametrize("place", [0, 40, 63, 64, 199])
def test_first_nan(place):
    x = numbers("f8", 200)
    x[place] = np.nan
    x[150:160] = np.nan
    check("argmax", x, axis=0)
    check("argmin", x, axis=0)


def test_the_extreme_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="empty"):
        w.jit(lambda x: Primitive.registry["argmax"].bind(x, axis=1))(np.ones((3, 0)))


# --- order ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector_bytes", [16, 32, 64])
@pytest.mark.parametrize("dtype", DTYPES)
def test_sort(dtype, vector_bytes, monkeypatch):
    if vector_bytes > engine.vector_bytes():
        pytest.skip("this machine has no such vectors")
    monkeypatch.setattr(engine, "vector_bytes", lambda: vector_bytes)
    for few in (False, True):
        for n in (1, 9, 32, 33, 9000):
            x = numbers(dtype, n, few=few)
            check("argsort", x, axis=0)
            if n < 1000:  # more is left to NumPy
                check("sort", x, axis=0)
    check("argsort", np.arange(3000).astype(dtype)[::-1].copy(), axis=0)
    check("argsort", np.ones(3000, dtype), axis=0)


@pytest.mark.parametrize("name", ["sort", "argsort"])
def test_sort_along_axes(name):
    for shape, axis in (((40, 20), 0), ((3, 20, 7), 1), ((4, 5, 6), -1), ((1, 1), 0)):
        check(name, numbers("f4", *shape, few=True), axis=axis)
    x = numbers("f8", 6, 40)
    sort = lambda x: Primitive.registry[name].bind(x, axis=0)  # noqa: E731
    np.testing.assert_array_equal(w.jit(w.vmap(sort))(x), np.stack([sort(row) for row in x]))


def test_sort_of_what_is_slow_to_part():
    """Keys of which each pivot parts few: the depth is bounded, and digits do the rest."""
    n = 1 << 14
    x = np.where(np.arange(n) % 16 == 0, np.arange(n), n + R.integers(0, n, n)).astype(np.int64)
    organ = np.concatenate([np.arange(n), np.arange(n)[::-1]])
    for keys in (x, organ, np.repeat(np.arange(4), n), 1 << R.integers(0, 62, n)):
        check("argsort", keys, axis=0)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", [*INTEGERS, "f4", "f8"])
def test_searchsorted(side, dtype):
    for n in (1, 2, 3, 100, 1023, 1024):
        a = np.sort(numbers(dtype, n, few=True))
        check("searchsorted", a, numbers(dtype, 77, few=True), side=side)
    check("searchsorted", np.sort(numbers(dtype, 5, 8), 1), numbers(dtype, 5, 3, 2), side=side)
    check("searchsorted", np.sort(numbers(dtype, 20)), numbers("f8", 4), side=side)
    check("searchsorted", np.zeros(0, dtype), numbers(dtype, 4), side=side)


# --- random bits ------------------------------------------------------------------------------------------------


def keys(*shape):
    return R.integers(0, 2**64, shape, np.uint64).view(KEY).reshape(shape)


@pytest.mark.parametrize("shape", [(), (3,), (5, 7), (1000,)])
@pytest.mark.parametrize("of", [(), (4,)])
def test_random_bits(shape, of):
    key = keys(4)[0] if of == () else keys(*of)
    for width in (8, 16, 32, 64):
        check("random_bits", key, shape=shape, width=width)
    for dtype in ("f4", "f8"):
        check("random_unit", key, shape=shape, dtype=np.dtype(dtype))
    check("random_split", key, shape=shape)
    check("random_unwrap", key)


def test_keys_from_integers():
    for dtype in INTEGERS:
        check("random_seed", numbers(dtype, 50))
        check("random_fold_in", keys(7, 1), numbers(dtype, 20))
    check("random_fold_in", keys(20), np.int64(-3))
    check("random_fold_in", keys(20)[3], np.arange(100))
    check("random_wrap", R.integers(0, 2**32, (3, 5, 2), np.uint32))
    with w.config.override(enable_x64=False):
        check("random_seed", np.array([5, -1, 7], np.int32))


def test_keys_go_in_and_out_of_native_calls():
    f = w.jit(lambda k, n: (w.random.fold_in(k, n), w.random.split(k, 3), w.random.normal(k, (5,))))
    scalar = w.random.key(3)
    f(scalar, 1)
    ((native, *_),) = f._native
    for key in (scalar, np.asarray(scalar), w.random.split(scalar)[1]):
        folded, split, normal = native(((key, 4), {}))
        assert folded == w.random.fold_in(key, 4) and folded.dtype is KEY
        np.testing.assert_array_equal(split, w.random.split(key, 3))
        np.testing.assert_allclose(normal, w.random.normal(key, (5,)), rtol=1e-14)
    other = np.array((1, 2), [("k0", "u4"), ("k2", "u4")])
    assert native(((other, 4), {})) is NotImplemented and native(((other[()], 4), {})) is NotImplemented
    assert native(((np.zeros(3, KEY), 4), {})) is NotImplemented


def test_keys_are_moved_by_loop_nests():
    """Indexing, joining and choosing keys is native too; a key known beforehand is a constant."""
    known = w.random.key(9)

    def f(k, c):
        first, second = w.random.split(k)
        return w.numpy.where(c, first, second), w.numpy.stack([second, first, known]), known

    program = w.make_program(f)(w.random.key(1), True)
    executable = Executable(program)
    assert not executable.module.calls
    for got, expected in zip(executable([w.random.key(1), True]), f(w.random.key(1), True), strict=True):
        np.testing.assert_array_equal(got, expected)


# --- convolution ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*INTEGERS, "f4", "f8"])
def test_convolve(dtype):
    for n, m in ((1, 1), (5, 3), (3, 5), (100, 7), (64, 64)):
        x, y = (numbers(dtype, k, few=np.dtype(dtype).kind != "f") for k in (n, m))
        with np.errstate(all="ignore"):
            got, expected = compiled("convolve", x, y), np.convolve(x, y)
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_an_empty_temporary_leaves_others_their_place():
    """The tangent of a scatter of nothing has empty arrays between others."""
    f = (
        lambda x: w.jvp(  # noqa: E731
            lambda x: Primitive.registry["scatter_max"].bind(x, x[:0], np.array([], int), axes=(0,)), (x,), (x,)
        )[1]
    )
    x = numbers("f8", 3)
    np.testing.assert_array_equal(w.jit(f)(x), x)


def test_a_serial_kernel_beside_loop_nests_is_shown():
    shown = w.jit(lambda x: w.numpy.sum(w.numpy.cumsum(2 * x) * x)).lower(np.ones(5)).loops()
    assert "serial 1: cumsum" in shown and "kernel 0" in shown and "kernel 2" in shown
