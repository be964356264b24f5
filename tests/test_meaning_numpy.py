"""NumPy's meaning under NumPy's names: indices, and a share of the sweep of `tools/meaning_numpy.py`."""

import sys
import warnings
import zlib
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import meaning_numpy as meaning


def outcome(f, *args):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return f(*args)
        except Exception as error:
            return error


def same(got, want, what):
    if isinstance(want, Exception):
        assert isinstance(got, Exception), f"{what}: gives {got!r}, NumPy raises {want!r}"
        assert isinstance(got, meaning.public(type(want))), f"{what}: raises {got!r}, NumPy {want!r}"
        return
    assert not isinstance(got, Exception), f"{what}: raises {got!r}, NumPy gives {want!r}"
    assert np.shape(got) == np.shape(want), f"{what}: has shape {np.shape(got)}, NumPy {np.shape(want)}"
    np.testing.assert_array_equal(got, want, err_msg=what)


# --- indices --------------------------------------------------------------------------------------------------------

KEYS = [
    ((3, 2), (Ellipsis, [True, False])), ((3, 2), (Ellipsis, np.array([True, False]))),
    ((3, 2, 2), (Ellipsis, np.array([True, False]), slice(None))), ((3, 2), (slice(None), ())), ((3, 2), ()),
    ((3, 2), []), ((3, 2), [[]]), ((3, 2), ([], [])), ((3, 2), ([0], [])), ((3, 2), np.array([])), ((3,), np.zeros(0, bool)),
    ((2, 3, 4), ([0, 1], Ellipsis, [0, 1])), ((2, 3, 4), (slice(None), [0, 1], Ellipsis, [0, 1])),
    ((2, 3, 4), (slice(None), [0, 1], [0, 1], Ellipsis)), ((2, 3, 4), (0, slice(None), [0, 1])), ((2, 3, 4), ([0, 1], 1)),
    ((2, 3, 4), (slice(None), 1, [0, 1])), ((2, 3, 4), (None, 0, None, [1], None)), ((2, 3), True), ((2, 3), False),
    ((2, 3), np.True_), ((2, 3), np.array(True)), ((2, 3), (np.array(False), 0)), ((2, 3), (True, True, [0, 1])),
    ((2, 3), (slice(None), True)), ((2, 3), (True, slice(None), [0, 1])), ((2, 3), np.array(1)), ((2, 3), (np.array(1), slice(None))),
    ((2, 3), np.int8(-1)), ((2, 3), np.ones((2, 3), bool)), ((2, 3, 4), (np.ones((2, 3), bool), 0)),
    ((2, 3, 4), (0, np.ones((3, 4), bool))), ((2, 3, 4), (Ellipsis, np.eye(3, 4, dtype=bool))), ((2, 3), (np.eye(2, dtype=bool),)),
    ((2, 3, 4), (None, np.ones(2, bool), None, slice(None, None, -2), [0, 3])), ((4,), slice(None, None, -1)),
    ((4,), slice(10, -10, -3)), ((4,), slice(2, 2)), ((4,), slice(0, 4, 0)), ((4,), 4), ((4,), -5), ((4,), (0, 0)),
    ((4,), (Ellipsis, Ellipsis)), ((4,), 1.0), ((4,), "a"), ((4,), [1.5]), ((4,), slice(1.0)), ((4,), [0, 7]), ((4,), np.array([-4, 3])),
    ((4,), [[0, 1], [2, 3]]), ((4, 4), ([[0], [1]], [2, 3])), ((4, 4), ([0, 1], [0, 1, 2])), ((4,), [True, False]), ((4,), [1, True]),
    ((4,), (range(2),)), ((4,), np.s_[1:3]), ((2, 3, 4), np.s_[..., 1:, None, ::2]), ((2, 3, 4), np.s_[np.newaxis, 1, ..., -1]),
    ((), ()), ((), Ellipsis), ((), None), ((), 0), ((), True), ((), np.array(False)), ((), (Ellipsis, None)), ((0, 3), [[], []]),
    ((0, 3), (slice(None), 1)), ((0,), 0), ((2, 0), (slice(None), slice(None, None, -1))), ((2, 3), (None,) * 5), ((2, 3), np.uint8([1, 0])),
    ((2, 3), (([0, 1],), 0)), ((2, 3), {0: 1}), ((2, 3), (slice(None), np.array([True, False]))),
]  # fmt: skip


def random_key(rng, shape):
    """A key for an array of this shape, of all the kinds of entries that NumPy knows."""
    key, axis, dots = [], 0, False
    advanced = rng.integers(1, 4)
    while axis < len(shape) and rng.random() < 0.85:
        n, kind = shape[axis], rng.integers(0, 9)
        if kind == 0:
            key.append(int(rng.integers(-n, n)) if n else slice(None))
            axis += 1
        elif kind in (1, 2):
            ends = [None if rng.random() < 0.4 else int(rng.integers(-n - 1, n + 2)) for _ in range(2)]
            key.append(slice(*ends, [None, 1, -1, 2, -2][rng.integers(5)]))
            axis += 1
        elif kind == 3:
            key.append(None)
        elif kind == 4 and not dots:
            key.append(Ellipsis)
            dots, axis = True, axis + int(rng.integers(0, len(shape) - axis + 1))
        elif kind in (5, 6) and n:
            values = rng.integers(-n, n, [(advanced,), (1,), (2, 1), (2, advanced)][rng.integers(4)])
            key.append(values.tolist() if rng.random() < 0.3 else values)
            axis += 1
        elif kind == 7:
            mask = np.zeros(n, bool)
            mask[rng.permutation(n)[:advanced]] = True
            key.append(mask)
            axis += 1
        elif kind == 8 and rng.random() < 0.3:
            key.append(bool(rng.integers(2)))
    return key[0] if len(key) == 1 and rng.random() < 0.5 else tuple(key)


def random_keys(count):
    rng = np.random.default_rng(7)
    shapes = [(4,), (3, 4), (2, 3, 4), (2, 3, 2, 3), (3, 0, 2)]
    for i in range(count):
        shape = shapes[i % len(shapes)]
        yield shape, random_key(rng, shape)


def written(x, key, v):
    y = x.copy()
    y[key] = v
    return y


def check_key(shape, key, compiled):
    x = np.arange(1.0, np.prod(shape, dtype=int) + 1).reshape(shape)
    what = f"x of shape {shape}, x[{key!r}]"
    want = outcome(lambda: x[key])
    ours = {
        "jvp": lambda: w.jvp(lambda x: x[key], (x,), (2 * x,))[0],
        "vmap": lambda: w.vmap(lambda x: x[key])(x[None])[0],
    }
    if compiled:
        ours["jit"] = lambda: w.jit(lambda x: x[key])(x)
    for name, f in ours.items():
        same(outcome(f), want, f"{what}, {name}")
    if not isinstance(want, Exception):
        same(w.jvp(lambda x: x[key], (x,), (2 * x,))[1], 2 * want, f"{what}, tangent")
        weights = np.arange(1.0, np.size(want) + 1).reshape(np.shape(want))
        expected = np.zeros(shape)
        np.add.at(expected, key, weights)
        same(w.grad(lambda x: wnp.sum(weights * x[key]))(x), expected, f"{what}, gradient")
    if not shape:
        return  # a traced value without axes is a number, into which nothing is written
    for v in (
        7.0,
        -np.arange(1.0, np.size(want) + 1).reshape(np.shape(want)) if not isinstance(want, Exception) else 1.0,
    ):
        want_written = outcome(written, x, key, v)
        same(
            outcome(lambda v=v: w.jvp(lambda x: written(x, key, v), (x,), (x,))[0]),
            want_written,
            f"{what} = {v!r}, jvp",
        )
        same(
            outcome(lambda v=v: w.vmap(lambda x: written(x, key, v))(x[None])[0]), want_written, f"{what} = {v!r}, vmap"
        )
        same(outcome(lambda v=v: wnp.at(x)[key].set(v)), want_written, f"{what} = {v!r}, at")
        if compiled:
            same(outcome(lambda v=v: w.jit(lambda x: written(x, key, v))(x)), want_written, f"{what} = {v!r}, jit")
    if not isinstance(want, Exception):
        added = x.copy()
        np.add.at(added, key, 2.0)
        same(wnp.at(x)[key].add(2.0), added, f"{what}.add")


@pytest.mark.parametrize("case", range(len(KEYS)))
def test_keys(case):
    check_key(*KEYS[case], compiled=True)


def test_random_keys():
    for i, (shape, key) in enumerate(random_keys(300)):
        check_key(shape, key, compiled=i % 10 == 0)


# --- a share of the sweep -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modes, one_in", [(("plain", "jvp", "vmap"), 60), (("jit",), 1500)])
def test_values_dtypes_shapes_and_errors_are_numpys(modes, one_in):
    """Functions by dtypes by odd shapes; what differs on purpose stands in the tool, each difference with its reason."""
    share = meaning.rotating(one_in)
    cases = [c for c in meaning.cases() if meaning.chosen(c, share, one_in)]
    assert len(cases) > 20
    differences = [text for case in cases for text in meaning.check(case, modes)]
    assert not differences, "\n".join(differences)


def test_a_difference_is_found_and_reasons_are_of_differences():
    """A wrong value, dtype, shape or error of a function that differs on purpose elsewhere is not excused."""
    right = [np.array([1.0, 2.0])]
    for got, want in ((np.array([1.0, 2.1]), right), (np.array([1, 2]), right), (np.ones((2, 1)), right)):
        assert meaning._differs([got], want, "plain")
    assert meaning._differs(right, TypeError(), "plain") and meaning._differs(KeyError(), TypeError(), "plain")
    assert not meaning._differs(right, right, "plain")
    for line in (
        "argsort#0 of float64(5,) C, plain: has dtype int32, NumPy int64",
        "fft.fft#0 of float64(5,) C, jvp: gives [1]",
    ):
        assert not meaning.reason(line)
    assert meaning.reason("partition#0 of float64(5,) C, plain: gives [1 2], NumPy [2 1]")
    assert all(len(why) > 10 for why in meaning.DIFFERENCES.values())


# --- dtypes and errors, one by one ------------------------------------------------------------------------------------

MASK = np.array([True, False, True, False, False])
ONES, SMALL = np.ones((2, 2), bool), np.array([[1, 2], [3, 4]], np.int8)
CALLS = {
    "einsum of booleans": lambda np, x: np.einsum("ii", ONES),
    "einsum of int8": lambda np, x: np.einsum("ij->", SMALL),
    "einsum by a path": lambda np, x: np.einsum(
        "ij,jk,kl->il", SMALL, SMALL, SMALL, optimize=["einsum_path", (1, 2), (0, 1)]
    ),
    "einsum by a path of three": lambda np, x: np.einsum("i,i,i", x, x, x, optimize=["einsum_path", (0, 1, 2)]),
    "fabs": lambda np, x: np.fabs(SMALL),
    "degrees": lambda np, x: np.degrees(SMALL),
    "irfft of float16": lambda np, x: np.fft.irfft(x.astype("float16")),
    "trapezoid of booleans": lambda np, x: np.trapezoid(ONES),
    "conj of booleans": lambda np, x: np.conj(ONES),
    "digitize in falling bins": lambda np, x: np.digitize(x, [3.0, 2.0, 1.0]),
    "insert along a slice": lambda np, x: np.insert(x, slice(1, 3), 9.0),
    "insert by a mask": lambda np, x: np.insert(x, MASK, 9.0),
    "pad with a mean": lambda np, x: np.pad(x, (1, 2), "mean"),
    "pad with a ramp": lambda np, x: np.pad(x, 2, "linear_ramp"),
    "pad by a negative width": lambda np, x: np.pad(x, -1),
    "pad by a float": lambda np, x: np.pad(x, 1.5),
    "pad in no mode": lambda np, x: np.pad(x, 1, "nothing"),
    "partition beyond the end": lambda np, x: np.partition(x, 9),
    "quantile of 1.5": lambda np, x: np.quantile(x, 1.5),
    "percentile of -1": lambda np, x: np.percentile(x, [-1, 50]),
    "sum over no axis": lambda np, x: np.sum(x, axis=3),
    "inverse of a vector": lambda np, x: np.linalg.inv(x),
    "inverse of a rectangle": lambda np, x: np.linalg.inv(x.reshape(5, 1)),
    "rank of the lower triangle": lambda np, x: np.linalg.matrix_rank(np.triu(np.ones((3, 3))), hermitian=True),
    "split into none": lambda np, x: np.split(x, 0),
    "clip beyond the dtype": lambda np, x: np.clip(np.arange(3, dtype="uint16"), -1, 70000),
    "average of weights 0": lambda np, x: np.average(x, weights=np.zeros(5)),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    x = np.array([0.5, 1.5, 2.5, -1.0, 3.0])
    f = CALLS[name]
    want = outcome(f, np, x)
    dtype = None if isinstance(want, Exception) else np.asarray(want).dtype
    for mode, g in {
        "plain": lambda: f(wnp, x),
        "jvp": lambda: w.jvp(lambda x: f(wnp, x), (x,), (x,))[0],
        "vmap": lambda: w.vmap(lambda x: f(wnp, x))(x[None])[0],
        "jit": lambda: w.jit(lambda x: f(wnp, x))(x),
    }.items():
        got = outcome(g)
        if dtype is not None and not isinstance(got, Exception):
            assert got.dtype == dtype, f"{name}, {mode}: {got.dtype}, NumPy {dtype}"
            np.testing.assert_allclose(got, want, rtol=1e-3 if dtype == np.float16 else 1e-12)
        else:
            same(got, want, f"{name}, {mode}")


def test_spacing_of_half_numbers():
    x = np.array([-3.0, 3.0, -4.0, 4.0, 0.0], np.float16)
    np.testing.assert_array_equal(wnp.spacing(x), np.spacing(x))
    np.testing.assert_array_equal(w.jit(wnp.spacing)(x), np.spacing(x))


@pytest.mark.parametrize("name", ["copy", "conj", "array"])
def test_a_copy_is_a_copy(name):
    x = np.ones(3)
    f = getattr(wnp, name)
    for y in (
        f(x),
        w.jvp(f, (x,), (x,))[0],
        w.jvp(f, (np.ones(3),), (x,))[1],
        w.jit(f)(x),
        w.vmap(f)(x),
        w.vjp(f, x)[0],
    ):
        assert not np.shares_memory(x, y)
        y[0] = 9.0
    np.testing.assert_array_equal(x, np.ones(3))


def test_32_bits():
    """No 64 bits from plain arrays of mixed kinds, nor from functions whose implementation is NumPy's."""
    import narrow_sweep

    share = meaning.rotating(250)
    found = [t for c in narrow_sweep.cases() if meaning.chosen(c, share, 250) and c.name not in narrow_sweep.USERS
             for t in narrow_sweep.check(c, ("plain", "jvp", "vmap"))]  # fmt: skip
    assert not found, "\n".join(found)
    with w.config.override(enable_x64=False):
        x, t = w.jvp(lambda x: x[::2], (np.ones(4),), (np.ones(4),))
        assert x.dtype == t.dtype == np.float32
        assert wnp.dot(wnp.arange(3), wnp.ones(3)).dtype == np.float32


@pytest.mark.parametrize("modes, one_in", [(("plain", "jvp", "vmap"), 1), (("jit",), 8)])
def test_32_bits_beside_numpy(modes, one_in):
    """lax, nn, random, initializers, transformations, and a share of wengert.scipy."""
    import narrow_sweep

    share = meaning.rotating(4 * one_in)
    found = [*narrow_sweep.beside(modes, lambda name: zlib.crc32(name.encode()) % one_in == share % one_in),
             *narrow_sweep.of_scipy(modes[:2], lambda name: zlib.crc32(name.encode()) % (4 * one_in) == share)]  # fmt: skip
    assert not found, "\n".join(found)


def test_64_bits_are_found():
    import narrow_sweep

    assert narrow_sweep.wide([np.float32(1), np.ones(2)]) and not narrow_sweep.wide([np.float32(1), 1, 2.0])


# --- bfloat16 ---------------------------------------------------------------------------------------------------------

HALVES = np.array([1.0, 2.5, -3.0, 0.5, 7.0], ml_dtypes.bfloat16)
BFLOAT = {
    "angle": lambda m, x: m.angle(x, deg=True),
    "deg2rad": lambda m, x: m.deg2rad(x),
    "degrees": lambda m, x: m.rad2deg(x),
    "gradient": lambda m, x: m.gradient(x),
    "unwrap": lambda m, x: m.unwrap(x),
    "norm": lambda m, x: m.linalg.norm(x, 3),
    "norm of nothing": lambda m, x: m.linalg.norm(x[:0].reshape(2, 0), 1),
    "vector_norm": lambda m, x: m.linalg.vector_norm(x, ord=3),
    "edges": lambda m, x: m.histogram_bin_edges(x, 4),
}
WITH_INTEGERS = {
    "add": lambda m, x: m.add(x, np.arange(5)),
    "add int8": lambda m, x: m.add(x, np.arange(5, dtype=np.int8)),
    "add int16": lambda m, x: m.add(x, np.arange(5, dtype=np.int16)),
    "convolve": lambda m, x: m.convolve(x, [1, 2], "same"),
    "digitize": lambda m, x: m.digitize(x, [0, 1, 2]),
    "searchsorted": lambda m, x: m.searchsorted([0, 1, 2], x),
    "polyval": lambda m, x: m.polyval([1, 2, 3], x),
    "dot": lambda m, x: m.dot(x, np.arange(5)),
}


@pytest.mark.parametrize("name", [*BFLOAT, *WITH_INTEGERS])
def test_bfloat16(name):
    """The values of float32, rounded, in the dtype that float16 leads to: plain and in all modes."""
    f = (BFLOAT | WITH_INTEGERS)[name]
    half, single = f(np, HALVES.astype(np.float16)), f(np, HALVES.astype(np.float32))
    dtype = ml_dtypes.bfloat16 if half.dtype == np.float16 else half.dtype
    ours = lambda x: f(wnp, x)  # noqa: E731
    for got in (
        ours(HALVES),
        w.jvp(ours, (HALVES,), (HALVES,))[0],
        w.vmap(ours)(HALVES[None])[0],
        w.jit(ours)(HALVES),
    ):
        assert got.dtype == dtype, f"{name}: {got.dtype}"
        np.testing.assert_allclose(np.float64(got), np.float64(single), rtol=1e-2)
