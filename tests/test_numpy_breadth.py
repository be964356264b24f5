"""Sets, writing, bits, windows, conversions, quantiles and histograms of `wengert.numpy` beside NumPy's."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.errors import ArgumentError, ConcretizationError, DtypeError, NotSupportedError, ShapeError
from wengert.ops.slices import slice_p
from wengert.testing import check_grads

A = np.array([[5.0, 3.0, 3.0], [1.0, 5.0, 9.0]])
B = np.array([3.0, 9.0, 3.0, 7.0])
X = np.random.default_rng(3).normal(size=(3, 7))


# --- sets: `size` under jit ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 4, 7])
@pytest.mark.parametrize("x", [A, A.astype(int), np.array([np.nan, 1.0, np.nan, 0.0])], ids=["float", "int", "nan"])
def test_unique_of_a_known_size(x, size):
    got = w.jit(lambda x: wnp.unique(x, True, True, True, size=size, fill_value=-7))(x)
    values, index, inverse, counts = np.unique(x, True, True, True)
    n = min(size, len(values))
    np.testing.assert_array_equal(got[0], [*values[:n], *[-7] * (size - n)])
    np.testing.assert_array_equal(got[1][:n], index[:n])
    np.testing.assert_array_equal(got[2], inverse)
    np.testing.assert_array_equal(got[3], [*counts[:n], *[0] * (size - n)])


def test_unique_rows():
    rows = np.array([[1, 2], [0, 5], [1, 2], [0, 4]])
    got = w.jit(lambda x: wnp.unique(x, True, True, True, axis=0, size=3))(rows)
    for g, e in zip(got, np.unique(rows, True, True, True, axis=0), strict=True):
        np.testing.assert_array_equal(g, e)
    np.testing.assert_array_equal(wnp.unique(rows, axis=1), np.unique(rows, axis=1))


@pytest.mark.parametrize("name", ["intersect1d", "union1d", "setdiff1d", "setxor1d"])
@pytest.mark.parametrize("size", [1, 3, 6])
def test_two_sets_of_a_known_size(name, size):
    got = w.jit(lambda a, b: getattr(wnp, name)(a, b, size=size, fill_value=-1))(A, B)
    expected = getattr(np, name)(A, B)[:size]
    np.testing.assert_array_equal(got, [*expected, *[-1] * (size - len(expected))])
    np.testing.assert_array_equal(w.jit(getattr(wnp, name))(A, B), getattr(np, name)(A, B))
    with pytest.raises(ConcretizationError, match="size="):
        w.lax.map(lambda a: getattr(wnp, name)(a, B), A[None])
    batch = w.vmap(lambda a: getattr(wnp, name)(a, B, size=size, fill_value=-1))(np.stack([A, A]))
    np.testing.assert_array_equal(batch[1], got)


def test_places_of_common_elements():
    values, first, second = w.jit(lambda a, b: wnp.intersect1d(a, b, return_indices=True, size=4))(A, B)
    expected = np.intersect1d(A, B, return_indices=True)
    for g, e in zip((values, first, second), expected, strict=True):
        np.testing.assert_array_equal(g[: len(e)], e)
    assert list(first[2:]) == [6, 6] and list(second[2:]) == [4, 4]


def test_elements_of_sets_keep_their_derivative():
    x, y = np.array([0.5, 0.2, 0.9]), np.array([0.2, 0.7])
    check_grads(lambda x: wnp.unique(x) ** 2, (x,))
    np.testing.assert_array_equal(w.jacobian(lambda x: wnp.setdiff1d(x, y))(x), [[1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(w.jacobian(lambda x: wnp.intersect1d(x, y))(x), [[0, 1, 0]])
    np.testing.assert_array_equal(w.jacobian(lambda y: wnp.union1d(x, y))(y), [[0, 0], [0, 0], [0, 1], [0, 0]])
    np.testing.assert_array_equal(w.jacobian(lambda x: wnp.setxor1d(x, y))(x), [[1, 0, 0], [0, 0, 0], [0, 0, 1]])
    sized = w.jacobian(w.jit(lambda x: wnp.unique(x, size=4, fill_value=0.0)))(x)
    np.testing.assert_array_equal(sized, [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]])


def test_the_array_standard_counts_every_nan():
    x = np.array([np.nan, 1.0, np.nan])
    for name in ("unique_all", "unique_counts", "unique_inverse"):
        for g, e in zip(getattr(wnp, name)(x), getattr(np, name)(x), strict=True):
            np.testing.assert_array_equal(g, e)
        assert getattr(wnp, name)(x)._fields == getattr(np, name)(x)._fields
    np.testing.assert_array_equal(w.jit(lambda x: wnp.unique_values(x, size=3))(x), np.unique_values(x))


def test_choice_of_a_known_size():
    f = w.jit(lambda x: wnp.extract(x > 0, x, size=12, fill_value=9.0))
    n = int((X > 0).sum())
    np.testing.assert_array_equal(f(X), [*X[X > 0][:12], *[9.0] * (12 - n)])
    rows = w.jit(lambda c: wnp.compress(c, X, axis=0, size=3))(np.array([True, False, True]))
    np.testing.assert_array_equal(rows, [X[0], X[2], 0 * X[0]])
    with pytest.raises(ConcretizationError, match="size="):
        w.lax.map(lambda x: wnp.compress(x > 0, x), X)


# --- writing ------------------------------------------------------------------------------------------------------

WRITES = {
    "put": lambda xp, a, v, **kw: xp.put(a, [0, -1, 3], v, **kw),
    "put wrap": lambda xp, a, v, **kw: xp.put(a, [22, 40], v, mode="wrap", **kw),
    "put clip": lambda xp, a, v, **kw: xp.put(a, [-5, 40], v, mode="clip", **kw),
    "putmask": lambda xp, a, v, **kw: xp.putmask(a, X > 0, v, **kw),
    "place": lambda xp, a, v, **kw: xp.place(a, X > 0, v, **kw),
    "copyto": lambda xp, a, v, **kw: xp.copyto(a, v[0], where=X > 0, **kw),
    "fill_diagonal": lambda xp, a, v, **kw: xp.fill_diagonal(a, v, **kw),
    "put_along_axis": lambda xp, a, v, **kw: xp.put_along_axis(a, np.array([[0], [3], [2]]), v[:1], 1, **kw),
}


@pytest.mark.parametrize("name", WRITES)
def test_writing(name):
    write, values = WRITES[name], np.array([10.0, 20.0])
    expected, a = X.copy(), X.copy()
    write(np, expected, values)
    assert write(wnp, a, values) is None
    np.testing.assert_array_equal(a, expected)
    copied = write(wnp, X, values, inplace=False)
    np.testing.assert_array_equal(copied, expected)
    np.testing.assert_array_equal(w.jit(lambda a, v: write(wnp, a, v, inplace=False))(X, values), expected)
    check_grads(lambda a, v: write(wnp, a, v, inplace=False) ** 2, (X, values), order=1)
    with pytest.raises(NotSupportedError, match="inplace=False"):
        w.grad(lambda v: write(wnp, X.copy(), v) or 0.0)(values)


def test_copyto_checks_the_conversion():
    with pytest.raises(TypeError, match="astype"):
        wnp.copyto(np.zeros(2, int), 1.5 * np.ones(2), inplace=False)


# --- bits, windows, conversions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", "i1 i2 i4 i8 u1 u2 u4 u8".split())
def test_bitwise_count(dtype):
    info = np.iinfo(dtype)
    x = np.array([0, 1, 7, info.max, info.min, 100, info.max // 3], dtype)
    for f in (wnp.bitwise_count, w.jit(wnp.bitwise_count), w.vmap(wnp.bitwise_count)):
        np.testing.assert_array_equal(f(x), np.bitwise_count(x))


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("bitorder", ["big", "little"])
def test_packed_bits(axis, bitorder):
    bits = np.random.default_rng(0).integers(0, 3, size=(9, 11))
    packed = np.packbits(bits, axis, bitorder)
    np.testing.assert_array_equal(w.jit(lambda x: wnp.packbits(x, axis, bitorder))(bits), packed)
    for count in (None, 7, -3, 30):
        expected = np.unpackbits(packed, axis, count, bitorder)
        np.testing.assert_array_equal(w.jit(lambda x: wnp.unpackbits(x, axis, count, bitorder))(packed), expected)
    with pytest.raises(DtypeError, match="uint8"):
        w.jit(wnp.unpackbits)(bits)


def test_spacing():
    for dtype in ("f4", "f8"):
        x = np.array([1, 0.0, np.inf, np.nan, np.finfo(dtype).max, -3, 1e-30], dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            np.testing.assert_array_equal(w.jit(wnp.spacing)(x), np.spacing(x))


def test_windows():
    for name in ("bartlett", "blackman", "hamming", "hanning"):
        for n in (0, 1, 2, 7):
            np.testing.assert_array_equal(getattr(wnp, name)(n), getattr(np, name)(n))
    for n in (1, 2, 6):
        check_grads(lambda b, n=n: wnp.kaiser(n, b), (np.array(2.5),))
        np.testing.assert_allclose(w.jit(lambda b, n=n: wnp.kaiser(n, b))(2.5), np.kaiser(n, 2.5), rtol=1e-14)


def test_conversions():
    with pytest.raises(ValueError, match="nan_to_num"):
        wnp.asarray_chkfinite([np.inf])
    checked = w.jit(lambda x: wnp.asarray_chkfinite(x) * 2)
    np.testing.assert_array_equal(checked(A), 2 * A)
    with pytest.raises(ValueError, match="nan_to_num"):
        checked(A * np.nan)
    assert wnp.asfortranarray(A).flags.f_contiguous and wnp.isfortran(wnp.require(A, requirements="F"))
    np.testing.assert_array_equal(w.jacobian(lambda x: wnp.fromiter((v * v for v in x), float))(B), np.diag(2 * B))
    with pytest.raises(ArgumentError, match="device"):
        wnp.zeros(3, device="gpu")
    with pytest.raises(ValueError, match="copy"):
        wnp.asarray([1.0], copy=False)
    assert wnp.shares_memory(A, wnp.asarray(A, copy=False)) and not wnp.may_share_memory(A, A.copy())
    np.testing.assert_array_equal(A[wnp.ix_([1, 0], [True, False, True])], A[np.ix_([1, 0], [True, False, True])])
    np.testing.assert_array_equal(w.jit(lambda x: x[wnp.ix_([1], [0, 2])])(A), A[np.ix_([1], [0, 2])])
    assert wnp.einsum_path("ij,jk,kl", A, A.T, A)[0] == np.einsum_path("ij,jk,kl", A, A.T, A)[0]
    with pytest.raises(ArgumentError, match="takes 2 arrays"):
        wnp.frompyfunc(lambda a, b: a, 2, 1)(1.0)


# --- order statistics and histograms ------------------------------------------------------------------------------

METHODS = (
    "linear lower higher midpoint nearest interpolated_inverted_cdf hazen weibull median_unbiased normal_unbiased "
    "inverted_cdf averaged_inverted_cdf closest_observation"
).split()


@pytest.mark.parametrize("method", METHODS)
def test_quantile_methods(method):
    q = np.array([0.0, 0.05, 0.25, 2 / 7, 0.5, 0.7, 0.93, 1.0])
    for x in (X, X[:, :6], X[:, :1]):
        expected = np.quantile(x, q, axis=1, method=method)
        np.testing.assert_allclose(w.jit(lambda x: wnp.quantile(x, q, axis=1, method=method))(x), expected, rtol=1e-12)
    holed, q = np.where(X > 1, np.nan, X), q[q != 2 / 7]  # 7 * (2 / 7) - 1 is 1 only when it is rounded in between
    got = w.jit(lambda x: wnp.nanquantile(x, q, axis=1, method=method))(holed)
    np.testing.assert_allclose(got, np.nanquantile(holed, q, axis=1, method=method), rtol=1e-12)
    check_grads(lambda x: wnp.quantile(x, 0.37, axis=1, method=method), (X,))


def test_weighted_quantiles():
    q, weights = [0.0, 0.3, 0.8, 1.0], np.random.default_rng(1).uniform(size=7) * [1, 0, 1, 1, 1, 0, 1]
    for name, x in (("quantile", X), ("nanquantile", np.where(X > 1, np.nan, X))):
        expected = getattr(np, name)(x, q, axis=1, method="inverted_cdf", weights=np.tile(weights, (3, 1)))
        f = w.jit(lambda x, v, name=name: getattr(wnp, name)(x, q, axis=1, method="inverted_cdf", weights=v))
        np.testing.assert_array_equal(f(x, weights), expected)
    with pytest.raises(ArgumentError, match="inverted_cdf"):
        w.jit(lambda x: wnp.quantile(x, 0.5, weights=x))(X[0])


def test_histograms_of_points():
    rng = np.random.default_rng(5)
    points, weights = rng.normal(size=(40, 2)), rng.uniform(size=40)
    for bins, limits in ((5, None), ([3, 4], [[-1, 1], [-2, 2]]), ([np.array([-1.0, 0, 2]), 3], None)):
        for density in (False, True):
            expected, edges = np.histogramdd(points, bins, limits, density, weights)
            got, our_edges = w.jit(lambda p, v, b=bins, r=limits, d=density: wnp.histogramdd(p, b, r, d, v))(
                points, weights
            )
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15)
            for g, e in zip(our_edges, edges, strict=True):
                np.testing.assert_allclose(g, e, rtol=1e-12)
    got = wnp.histogram2d(points[:, 0], points[:, 1], 4, weights=weights)
    for g, e in zip(got, np.histogram2d(points[:, 0], points[:, 1], 4, weights=weights), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-12)
    check_grads(lambda v: wnp.histogram2d(points[:, 0], points[:, 1], 4, weights=v)[0] ** 2, (weights,))
    with pytest.raises(ShapeError, match="2 coordinates"):
        wnp.histogramdd(points, [2, 2, 2])


# --- the options of universal functions ---------------------------------------------------------------------------


def test_options_of_universal_functions():
    mask = X > 0
    np.testing.assert_array_equal(wnp.sqrt(X, where=mask), np.where(mask, np.sqrt(np.abs(X)), 0))
    np.testing.assert_array_equal(w.jit(lambda x: wnp.log(x, where=x > 0))(X), np.where(mask, np.log(np.abs(X)), 0))
    check_grads(lambda x: wnp.multiply(x, x[0], where=mask), (X,))
    got = w.jit(lambda x: wnp.add(x, 1, dtype=np.float32))(X)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, np.add(X, 1, dtype=np.float32))
    out = np.empty_like(X)
    assert wnp.exp(X, out=out) is out and (out == np.exp(X)).all()
    assert wnp.maximum(X, 0.0, out=out, where=mask) is out
    np.testing.assert_allclose(w.grad(lambda x: wnp.sum(wnp.exp(x, out=np.empty_like(X))))(X), np.exp(X), rtol=1e-15)
    with pytest.raises(TypeError, match="Cannot cast ufunc 'add'"):
        wnp.add(X, X, dtype=int)
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        wnp.add(X, X, axis=0)


def test_slices_stay_inside_of_empty_arrays():
    """Shapes of compiled code are those of the arrays: a slice beyond the end would read what lies behind them."""
    for shape, axis in (((0,), 0), ((3, 0), 1), ((0, 3), 0), ((1,), 0)):
        x = np.ones(shape)
        for f in (lambda x, m, axis=axis: m.unwrap(x, axis=axis), lambda x, m, axis=axis: m.diff(x, axis=axis)):
            assert w.jit(lambda x, f=f: f(x, wnp))(x).shape == wnp.asarray(f(x, wnp)).shape == f(x, np).shape


@pytest.mark.parametrize("start, stop", [(0, 4), (-1, 2), (4, 5)])
def test_a_slice_outside_of_the_array_is_refused(start, stop):
    with pytest.raises(ShapeError, match="leaves an array"):
        w.jit(lambda x: slice_p.bind(x, starts=(start,), stops=(stop,), steps=(1,)))(np.ones(3))
