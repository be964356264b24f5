"""Windows, convolutions, gathers and scatters, running operations and bits, against NumPy, SciPy and loops."""

import itertools

import numpy as np
import pytest
import scipy.signal

import wengert as w
from wengert import lax
from wengert.ops import bits, folding, gathering, reflectors
from wengert.ops.combining_scatters import scatter_max_p
from wengert.ops.scatters import scatter_add_p, scatter_set_p
from wengert.testing import check_grads

RNG = np.random.default_rng(7)
X, K = RNG.normal(size=(2, 4, 7, 6)), RNG.normal(size=(6, 4, 3, 2))


def dilated(x, steps):
    out = np.zeros([(n - 1) * s + 1 for n, s in zip(x.shape, steps)])
    out[tuple(slice(None, None, s) for s in steps)] = x
    return out


def one_convolution(x, k, strides, pads, lhs, rhs):
    """Of features and space, by SciPy's correlation."""
    total = 0
    for a, b in zip(x, k, strict=True):
        a = np.pad(dilated(a, lhs), [(max(p, 0), max(q, 0)) for p, q in pads])
        cut = tuple(slice(max(-p, 0), n - max(-q, 0)) for n, (p, q) in zip(a.shape, pads, strict=True))
        total = total + scipy.signal.correlate(a[cut], dilated(b, rhs), "valid")
    return total[tuple(slice(None, None, s) for s in strides)]


OPTIONS = [
    {"window_strides": (1, 1), "padding": ((0, 0), (0, 0))}, {"window_strides": (2, 1), "padding": ((1, 2), (0, 1))},
    {"window_strides": (1, 2), "padding": ((-1, 2), (3, -2))}, {"window_strides": (1, 1), "padding": ((1, 1), (1, 1)), "lhs_dilation": (2, 3)},
    {"window_strides": (2, 1), "padding": ((2, 2), (1, 0)), "rhs_dilation": (2, 2), "lhs_dilation": (1, 2)},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
def test_convolution(options):
    lhs, rhs = options.get("lhs_dilation", (1, 1)), options.get("rhs_dilation", (1, 1))
    want = np.array(
        [[one_convolution(x, k, options["window_strides"], options["padding"], lhs, rhs) for k in K] for x in X]
    )
    np.testing.assert_allclose(lax.conv_general_dilated(X, K, **options), want, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(
        w.jit(lambda x: lax.conv_general_dilated(x, K, **options))(X), want, rtol=1e-10, atol=1e-12
    )
    last = lax.conv_general_dilated(
        np.moveaxis(X, 1, 3), K.transpose(2, 3, 1, 0), **options, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    np.testing.assert_allclose(np.moveaxis(last, 3, 1), want, rtol=1e-10, atol=1e-12)


def test_groups_are_convolutions_apart():
    halves = [
        lax.conv_general_dilated(X[:, 2 * g : 2 * g + 2], K[3 * g : 3 * g + 3, :2], (1, 1), "SAME") for g in (0, 1)
    ]
    both = lax.conv_general_dilated(X, K[:, :2], (1, 1), "SAME", feature_group_count=2)
    np.testing.assert_allclose(both, np.concatenate(halves, 1), rtol=1e-12)
    halves = [lax.conv_general_dilated(X[g : g + 1], K[3 * g : 3 * g + 3], (2, 1), "SAME_LOWER") for g in (0, 1)]
    both = lax.conv_general_dilated(X, K, (2, 1), "SAME_LOWER", batch_group_count=2)
    np.testing.assert_allclose(both, np.concatenate(halves, 1), rtol=1e-12)


def test_convolutions_differentiate_and_batch():
    x, k = X[:1, :2, :4, :3], K[:2, :2, :2]
    f = lambda x, k: lax.conv_general_dilated(x, k, (1, 2), ((1, 0), (0, 1)), (2, 1), (1, 2))  # noqa: E731
    check_grads(lambda x, k: f(x, k) ** 2, (x, k), order=2)
    check_grads(
        lambda x, k: lax.conv_general_dilated(x, k, (1, 1), "SAME", feature_group_count=2), (x, k[:, :1]), order=2
    )
    rows = [f(x, k), f(2 * x, k + 1)]
    np.testing.assert_allclose(w.vmap(f)(np.stack([x, 2 * x]), np.stack([k, k + 1])), rows, rtol=1e-12)
    np.testing.assert_allclose(w.vmap(f, (None, 0))(x, np.stack([k, k + 1])), [f(x, k), f(x, k + 1)], rtol=1e-12)


@pytest.mark.parametrize("shapes", [((1, 3, 4), (2, 2, 2)), ((1, 2, 4), (3, 2)), ((3, 2, 4), (3, 2, 2))])
def test_shapes_of_convolutions_are_refused(shapes):
    with pytest.raises(w.errors.ShapeError):
        lax.conv_general_dilated(*map(np.ones, shapes), (1,), "VALID", batch_group_count=2)
    with pytest.raises(w.errors.ShapeError):
        lax.conv_general_dilated(np.ones((1, 1, 4)), np.ones((1, 1, 2)), (1,), "NONE")


@pytest.mark.parametrize("name, reduce", [("add", np.sum), ("mul", np.prod), ("max", np.max), ("min", np.min)])
def test_reductions_over_windows(name, reduce):
    x = RNG.normal(size=(6, 5))
    views = np.lib.stride_tricks.sliding_window_view(x, (3, 2))[::2, ::1]
    np.testing.assert_allclose(lax.reduce_window(x, name, (3, 2), (2, 1)), reduce(views, (2, 3)), rtol=1e-12)
    full = {"add": 0.0, "mul": 1.0, "max": -np.inf, "min": np.inf}[name]
    padded = np.full((8, 9), full)
    padded[1:7, ::2] = x
    views = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))[:, :, ::2, ::1][..., :2, :]
    got = lax.reduce_window(x, name, (2, 3), padding=((1, 1), (0, 0)), base_dilation=(1, 2), window_dilation=(2, 1))
    np.testing.assert_allclose(got, reduce(views, (2, 3)), rtol=1e-12)
    check_grads(lambda x: lax.reduce_window(x, name, (2, 3), (1, 2), "SAME") ** 2, (x[:3, :4],), order=2)
    rows = w.vmap(lambda x: lax.reduce_window(x, name, (2,)))(x)
    np.testing.assert_allclose(rows, [lax.reduce_window(r, name, (2,)) for r in x], rtol=1e-12)


def test_of_equal_extremes_of_a_window_the_first_has_the_derivative():
    x = np.array([1.0, 1.0, 2.0, 2.0, 0.0])
    np.testing.assert_array_equal(w.grad(lambda x: lax.reduce_window(x, "max", (2,)).sum())(x), [1, 0, 2, 1, 0])
    np.testing.assert_array_equal(w.grad(lambda x: lax.reduce_window(x, "min", (2,)).sum())(x), [1, 1, 1, 0, 1])


@pytest.mark.parametrize("config", [[(1, 2, 0), (0, 1, 2)], [(-1, 2, 1), (3, -2, 0)], [(-1, -1, 3), (0, 0, 0)]])
def test_padding(config):
    x = RNG.normal(size=(3, 4))
    want = np.full([lo + hi + n + (n - 1) * k + 20 for n, (lo, hi, k) in zip(x.shape, config)], 7.0)
    want[tuple(slice(10 + lo, 10 + lo + (n - 1) * (k + 1) + 1, k + 1) for n, (lo, _, k) in zip(x.shape, config))] = x
    want = want[10:-10, 10:-10]
    np.testing.assert_array_equal(lax.pad(x, 7.0, config), want)
    check_grads(lambda x, v: lax.pad(x, v, config) ** 2, (x, np.array(7.0)), order=2)
    rows = w.vmap(lambda x, v: lax.pad(x, v, config))(np.stack([x, -x]), np.array([7.0, 8.0]))
    np.testing.assert_array_equal(rows[1], np.where(want == 7.0, 8.0, -want))


def gathered(x, starts, sizes, mode, fill):
    """Windows of a matrix, one after another."""
    out = np.empty((len(starts), *sizes))
    for row, place in zip(out, starts, strict=True):
        inside = all(0 <= i <= n - k for i, n, k in zip(place, x.shape, sizes, strict=True))
        i, j = (min(max(i, 0), n - k) for i, n, k in zip(place, x.shape, sizes, strict=True))
        row[...] = x[i : i + sizes[0], j : j + sizes[1]] if inside or mode == "clip" else fill
    return out


STARTS = np.array([[0, 1], [2, 3], [-1, 0], [3, 4], [1, 1]])


@pytest.mark.parametrize("mode", ["clip", "fill"])
def test_gather_windows(mode):
    x = RNG.normal(size=(4, 5))
    f = lambda x, i: gathering.gather(x, i, (2, 2), (1, 2), (), (0, 1), mode=mode, fill_value=9.0)  # noqa: E731
    want = gathered(x, STARTS, (2, 2), mode, 9.0)
    np.testing.assert_array_equal(f(x, STARTS), want)
    np.testing.assert_array_equal(w.jit(f)(x, STARTS), want)
    turned = gathering.gather(x, STARTS[:, ::-1], (2, 2), (0, 2), (), (1, 0), mode=mode, fill_value=9.0)
    np.testing.assert_array_equal(np.moveaxis(turned, 1, 0), want)
    check_grads(lambda x: f(x, STARTS) ** 2, (x,), order=2)
    rows = w.vmap(f)(np.stack([x, -x]), np.stack([STARTS, STARTS + 1]))
    np.testing.assert_array_equal(rows, [f(x, STARTS), f(-x, STARTS + 1)])


@pytest.mark.parametrize("mode", ["clip", "fill"])
@pytest.mark.parametrize(
    "primitive, put", [(scatter_add_p, np.add), (scatter_max_p, np.maximum), (scatter_set_p, lambda a, b: b)]
)
def test_scatter_windows(mode, primitive, put):
    x, u = RNG.normal(size=(4, 5)), RNG.normal(size=(5, 2, 2))
    want = x.copy()
    for place, update in zip(STARTS, u, strict=True):
        inside = all(0 <= i <= n - 2 for i, n in zip(place, x.shape, strict=True))
        if inside or mode == "clip":
            i, j = (min(max(i, 0), n - 2) for i, n in zip(place, x.shape, strict=True))
            want[i : i + 2, j : j + 2] = put(want[i : i + 2, j : j + 2], update)
    f = lambda x, i, u: gathering.scatter(primitive, x, i, u, (1, 2), (), (0, 1), mode=mode)  # noqa: E731
    np.testing.assert_allclose(f(x, STARTS, u), want)
    np.testing.assert_allclose(w.jit(f)(x, STARTS, u), want)
    check_grads(lambda x, u: f(x, STARTS, u) ** 2, (x, u), order=2)
    rows = w.vmap(f)(np.stack([x, -x]), np.stack([STARTS, STARTS + 1]), np.stack([u, -u]))
    np.testing.assert_allclose(rows, [f(x, STARTS, u), f(-x, STARTS + 1, -u)])


def test_batch_axes_of_a_gather_go_together():
    x, i = RNG.normal(size=(3, 5)), np.array([[0], [4], [2]])
    got = gathering.gather(x, i, (1, 1), (), (1,), (1,), (0,), (0,))
    np.testing.assert_array_equal(got, x[np.arange(3), i[:, 0]])
    got = gathering.scatter(scatter_set_p, x, i, np.zeros(3), (), (1,), (1,), (0,), (0,))
    want = x.copy()
    want[np.arange(3), i[:, 0]] = 0
    np.testing.assert_array_equal(got, want)


def test_a_function_is_applied_as_often_as_places_repeat():
    x, numbers = np.arange(4.0), {"window_axes": (), "inserted": (0,), "mapped": (0,)}
    apply = lambda i: gathering.scatter_apply(x, i, lambda v: v * 10, (3,), **numbers)  # noqa: E731
    i = np.array([[2], [2], [1]])
    for f in (apply, w.jit(apply)):
        np.testing.assert_array_equal(f(i), [0, 10, 200, 3])


RUNNING = {"cumsum": np.cumsum, "cumprod": np.cumprod, "cummax": np.maximum.accumulate, "cummin": np.minimum.accumulate,
           "cumlogsumexp": np.logaddexp.accumulate}  # fmt: skip


@pytest.mark.parametrize("name, reverse", list(itertools.product(RUNNING, (False, True))))
def test_running(name, reverse):
    x = RNG.normal(size=(2, 4))
    f = lambda x: getattr(lax, name)(x, 1, reverse)  # noqa: E731
    want = RUNNING[name](x[:, ::-1], 1)[:, ::-1] if reverse else RUNNING[name](x, 1)
    np.testing.assert_allclose(f(x), want, rtol=1e-12)
    check_grads(f, (x,), order=2)


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.uint64, np.int64])
def test_bits(dtype):
    info = np.iinfo(dtype)
    x = np.array([0, 1, 5, info.max, info.min, info.max // 3], dtype)
    width, mask = info.bits, 2**info.bits - 1
    words = [int(v) & mask for v in x]
    assert bits.population_count_p.bind(x).tolist() == [v.bit_count() for v in words]
    assert bits.clz_p.bind(x).tolist() == [width - v.bit_length() for v in words]
    y = x[::-1].copy()
    assert bits.mulhi_p.bind(x, y).tolist() == [(int(a) * int(b)) >> width for a, b in zip(x, y)]
    n = np.full_like(x, 3)
    assert [int(v) & mask for v in bits.shift_right_logical(x, n)] == [v >> 3 for v in words]
    whole = bits.bitcast_convert_type(x, np.uint8)
    assert whole.reshape(-1).tobytes() == x.tobytes()
    assert bits.bitcast_convert_type(whole, dtype).tolist() == x.tolist() if width > 8 else True


def test_precision_is_reduced_as_a_narrower_dtype_has_it():
    x = np.concatenate([RNG.normal(size=200) * 10.0 ** RNG.integers(-6, 6, 200), [np.inf, -np.inf, np.nan, 0.0, -0.0]])
    x = x.astype(np.float32)
    with np.errstate(over="ignore"):
        half = x.astype(np.float16).astype(np.float32)
    half = np.where(np.abs(half) < np.finfo(np.float16).tiny, np.copysign(np.float32(0), x), half)
    np.testing.assert_array_equal(lax.reduce_precision(x, 5, 10), half)


def test_folds_by_any_operation():
    x = RNG.integers(0, 99, (5, 3))
    for name, ufunc in (("and", np.bitwise_and), ("or", np.bitwise_or), ("xor", np.bitwise_xor), ("max", np.maximum)):
        np.testing.assert_array_equal(folding.reduce_by(name, x, (0,)), ufunc.reduce(x, 0))
        np.testing.assert_array_equal(folding.reduce_by(name, x[:0], (0,)), np.full(3, folding.identity(name, x.dtype)))
    pairs = folding.fold([x * 1.0, x], lambda a, b: [a[0] + b[0], np.maximum(a[1], b[1])])
    np.testing.assert_allclose(pairs[0], x.sum(0))
    np.testing.assert_array_equal(pairs[1], x.max(0))


def test_reflectors_are_those_of_lapack():
    a = RNG.normal(size=(4, 3)) + 1j * RNG.normal(size=(4, 3))
    packed, taus, _, _ = scipy.linalg.lapack.zgeqrf(a)
    q = scipy.linalg.qr(a, mode="economic")[0]
    np.testing.assert_allclose(reflectors.householder_product(packed, taus), q, rtol=1e-10, atol=1e-12)
    c = RNG.normal(size=(4, 2)) + 0j
    full = scipy.linalg.qr(a)[0]
    np.testing.assert_allclose(reflectors.reflect(packed, taus, c), full @ c, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(reflectors.reflect(packed, taus, c, True), full.conj().T @ c, rtol=1e-10, atol=1e-12)
    u, h, made, enough = reflectors.polar_by_halley(a)
    np.testing.assert_allclose(u @ h, a, rtol=1e-10)
    np.testing.assert_allclose(u.conj().T @ u, np.eye(3), atol=1e-12)
    assert enough and made == 6
    real, factors, _, _ = scipy.linalg.lapack.dgeqrf(a.real)
    check_grads(reflectors.householder_product, (real, factors), order=2)
