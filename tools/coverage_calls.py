"""A sample call of every function on numeric arrays in numpy, numpy.linalg and numpy.fft, for `coverage.py`.

`CALLS[module][name]` is ``(call, arrays)``: `call(f, *arrays)` calls the function `f`, NumPy's or the library's, and the
arrays of floating numbers are what it is differentiated with respect to. No measuring lives here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def _floats(*shape: int, low: float = 0.2, high: float = 0.9, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, size=shape)


V, W = _floats(5), _floats(5, low=1.1, high=1.9, seed=1)
M, N = _floats(3, 4, seed=2), _floats(4, 2, seed=3)
S = _floats(3, 3, seed=4) + np.diag([3.0, 2.0, 1.0])
P = S @ S.T + np.eye(3)  # positive definite
C = _floats(3, 4, seed=5) + 1j * _floats(3, 4, seed=6)
T = _floats(2, 3, 4, seed=7)
GAP = np.array([[0.5, np.nan, 0.2, 0.7], [0.1, 0.4, np.nan, 0.3]])
I, J = np.array([3, 0, 2, 2, 1]), np.array([1, 2, 3, 1, 2])
B = np.array([True, False, True, True, False])
Q = np.array([[1, 5, 2, 0], [0, 3, 3, 4]])


def plain(f: Any, *arrays: Any) -> Any:
    """The call with the arrays alone."""
    return f(*arrays)


def given(*args: Any, **kwargs: Any) -> Callable[..., Any]:
    """The call with the arrays first, then these."""
    return lambda f, *arrays: f(*arrays, *args, **kwargs)


def listed(*args: Any, **kwargs: Any) -> Callable[..., Any]:
    """The call with a list of the arrays, then these."""
    return lambda f, *arrays: f(list(arrays), *args, **kwargs)


def constant(*args: Any, **kwargs: Any) -> Call:
    """A call without arrays."""
    return (lambda f: f(*args, **kwargs)), ()


def written(*args: Any) -> Callable[..., Any]:
    """The copy that a function which writes into its first argument leaves: NumPy's in place, ours with inplace=False."""

    def call(f: Any, x: Any, *arrays: Any) -> Any:
        if f.__module__.startswith("numpy"):
            x = x.copy()
            f(x, *args, *arrays)
            return x
        return f(x, *args, *arrays, inplace=False)

    return call


def _same(names: str, call: Callable[..., Any], *arrays: Any) -> dict[str, Call]:
    return dict.fromkeys(names.split(), (call, arrays))


NUMPY: dict[str, Call] = {
    # elementwise
    **_same(
        "abs absolute acos arccos arcsin asin arcsinh asinh arctan atan arctanh atanh cbrt ceil conj conjugate cos cosh "
        "deg2rad degrees exp exp2 expm1 fabs fix floor frexp isfinite isinf isnan isneginf isposinf log log10 log1p "
        "log2 logical_not modf negative positive rad2deg radians reciprocal rint sign signbit sin sinh spacing sqrt "
        "square tan tanh trunc angle real_if_close sinc i0 nan_to_num around round iscomplex isreal",
        plain,
        V,
    ),
    **_same("acosh arccosh", plain, W),
    **_same("real imag", plain, C),
    **_same(
        "add arctan2 atan2 copysign divide divmod equal float_power floor_divide fmax fmin fmod greater greater_equal "
        "heaviside hypot less less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum mod "
        "multiply nextafter not_equal pow power remainder subtract true_divide allclose array_equal array_equiv isclose",
        plain,
        V,
        W,
    ),
    **_same("ldexp", plain, V, J),
    **_same("bitwise_count bitwise_invert bitwise_not invert", plain, I),
    **_same(
        "bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor gcd lcm left_shift right_shift",
        plain,
        I,
        J,
    ),
    "clip": (given(0.3, 0.6), (V,)),
    # products
    **_same("dot inner outer vdot vecdot convolve kron", plain, V, W),
    "correlate": (given("full"), (V, W)),
    "matmul": (plain, (M, N)),
    "matvec": (plain, (M, V[:4])),
    "vecmat": (plain, (V[:3], M)),
    "tensordot": (given(1), (M, N)),
    "cross": (plain, (V[:3], W[:3])),
    "trace": (plain, (S,)),
    "einsum": (lambda f, x, y: f("ij,jk->ik", x, y), (M, N)),
    "einsum_path": (lambda f, x, y: f("ij,jk->ik", x, y), (M, N)),
    # reductions
    **_same(
        "sum prod max min amax amin mean std var median ptp cumsum cumprod nancumprod nancumsum nanmax nanmean nanmedian "
        "nanmin nanprod nanstd nansum nanvar argmax argmin nanargmax nanargmin all any count_nonzero average sort argsort "
        "flip diff gradient trapezoid flipud",
        given(axis=0),
        T,
    ),
    "flipud": (plain, (M,)),
    "trapezoid": (given(dx=0.5), (M,)),
    "cumulative_sum": (given(axis=1), (M,)),
    "cumulative_prod": (given(axis=1), (M,)),
    **_same("nanmax nanmean nanmedian nanmin nanprod nanstd nansum nanvar nancumprod nancumsum", given(axis=1), GAP),
    **_same("percentile nanpercentile", given(30.0), M),
    **_same("quantile nanquantile", given(0.3), M),
    **_same("cov corrcoef", plain, M),
    "interp": (lambda f, x, y: f(x, np.linspace(0.0, 1.0, 5), y), (V, W)),
    "unwrap": (plain, (9 * V,)),
    "ediff1d": (plain, (V,)),
    "bincount": (given(minlength=4), (I, V)),
    "digitize": (lambda f, x: f(x, np.linspace(0.0, 1.0, 4)), (V,)),
    "histogram": (lambda f, x, w: f(x, 3, (0.0, 1.0), weights=w), (np.linspace(0.05, 0.9, 5), V)),
    "histogram2d": (lambda f, x, y, w: f(x, y, 3, [[0, 1], [0, 2]], weights=w), (V.round(1) + 0.05, W, V)),
    "histogramdd": (lambda f, x, w: f(x, 2, [[0, 1], [0, 1]], weights=w), (_floats(5, 2).round(1) + 0.03, V)),
    "histogram_bin_edges": (given(4), (V,)),
    # shapes
    **_same("atleast_1d atleast_2d atleast_3d ravel ndim shape size transpose fliplr rot90 trim_zeros copy", plain, M),
    "trim_zeros": (lambda f, x: f(x * np.array([0, 1, 1, 1, 0])), (V,)),
    **_same("permute_dims", given((1, 0)), M),
    **_same("matrix_transpose", plain, M),
    "reshape": (given((4, 3)), (M,)),
    "resize": (given((5, 3)), (M,)),
    "squeeze": (plain, (M[:, None],)),
    "expand_dims": (given(1), (M,)),
    "moveaxis": (given(0, -1), (T,)),
    "rollaxis": (given(2), (T,)),
    "swapaxes": (given(0, 2), (T,)),
    "broadcast_to": (given((2, 3, 4)), (M,)),
    "broadcast_arrays": (plain, (M, V[:4])),
    "broadcast_shapes": constant((3, 1), (4,)),
    "repeat": (given(2, axis=1), (M,)),
    "tile": (given((2, 1)), (M,)),
    "roll": (given(2, axis=1), (M,)),
    "pad": (given(1), (M,)),
    # joining and splitting
    **_same("concat concatenate stack vstack row_stack hstack dstack column_stack", listed(), M, M + 1),
    "block": (lambda f, x, y: f([[x, y], [y, x]]), (M, M + 1)),
    "append": (plain, (V, W)),
    "insert": (given(2, 0.5), (V,)),
    "delete": (given(1), (V,)),
    **_same("split array_split hsplit vsplit", given([1]), M),
    "dsplit": (given([1]), (T,)),
    "unstack": (plain, (M,)),
    # making arrays
    **_same(
        "array asarray asanyarray asarray_chkfinite ascontiguousarray asfortranarray require zeros_like ones_like "
        "empty_like diag diagonal diagflat tril triu",
        plain,
        S,
    ),
    "empty_like": (lambda f, x: f(x).shape, (S,)),
    "astype": (given(np.float32), (M,)),
    "full_like": (lambda f, x, v: f(x, v), (M, np.array(0.5))),
    "full": (lambda f, v: f((2, 3), v), (np.array(0.5),)),
    **_same("linspace logspace geomspace", given(4), np.array(0.5), np.array(2.0)),
    "meshgrid": (plain, (V, W)),
    "vander": (given(3), (V,)),
    "ix_": (plain, (np.array([0, 2]), np.array([1]))),
    "arange": constant(2, 9, 3),
    **_same("zeros ones identity eye tri bartlett blackman hamming hanning diag_indices tril_indices triu_indices indices",
            lambda f: f(4)),
    "empty": ((lambda f: f((2, 3)).shape), ()),
    "indices": constant((2, 3)),
    "kaiser": (lambda f, beta: f(5, beta), (np.array(3.0),)),
    "mask_indices": ((lambda f: f(3, np.triu)), ()),
    **_same("diag_indices_from tril_indices_from triu_indices_from", plain, S),
    "frombuffer": constant(np.arange(3.0).tobytes()),
    "fromiter": ((lambda f: f((i * 0.5 for i in range(4)), float)), ()),
    "fromfunction": ((lambda f: f(lambda i, j: i + 2 * j, (2, 3))), ()),
    "from_dlpack": (plain, (V,)),
    # indices, order, choice
    "where": (lambda f, x, y: f(B, x, y), (V, W)),
    "select": (lambda f, x, y: f([B, ~B], [x, y]), (V, W)),
    "piecewise": (lambda f, x: f(x, [x < 0.5, x >= 0.5], [lambda v: v * v, lambda v: v * v * v]), (V,)),
    "choose": (lambda f, x, y: f(B.astype(int), [x, y]), (V, W)),
    "take": (given([2, 0], axis=1), (M,)),
    "take_along_axis": (given(np.array([[1], [0], [2]]), axis=1), (M,)),
    "compress": (lambda f, x: f(B, x), (V,)),
    "extract": (lambda f, x: f(B, x), (V,)),
    "searchsorted": (plain, (np.sort(V), W - 1)),
    "partition": (given(2), (V,)),
    "argpartition": (lambda f, x: x[f(x, 2)][2], (V,)),
    "lexsort": (lambda f, x, y: f((x, y)), (V, W)),
    "sort_complex": (plain, (C[0],)),
    **_same("nonzero flatnonzero argwhere", plain, I),
    **_same("unique unique_all unique_counts unique_inverse unique_values", lambda f, x: f(x[J]), V),
    **_same("intersect1d setdiff1d setxor1d union1d", plain, I, J),
    "isin": (plain, (I, J[:2])),
    "unravel_index": (given((2, 3)), (I,)),
    "ravel_multi_index": (lambda f, i, j: f((i, j), (4, 4), mode="clip"), (I, J)),
    # writing
    "copyto": (written(), (V, W)),
    "fill_diagonal": (written(), (S, np.array(0.5))),
    "place": (written(B), (V, W)),
    "put": (written([0, 3]), (V, W[:2])),
    "putmask": (written(B), (V, W)),
    "put_along_axis": (lambda f, x, v: written(I[2:, None] % 4, v, 1)(f, x), (M, np.array(0.5))),
    # bits
    "packbits": (plain, (B,)),
    "unpackbits": (plain, (I.astype(np.uint8),)),
    # functions of functions
    "apply_along_axis": (lambda f, x: f(lambda v: v * v[0], 1, x), (M,)),
    "apply_over_axes": (lambda f, x: f(lambda v, axis: v.sum(axis), x, [0, 2]), (T,)),
    "frompyfunc": (lambda f, x: f(lambda a: a * a, 1, 1)(x).astype(float), (V,)),
    # polynomials
    **_same("poly polyder polyint", plain, V),
    **_same("polyadd polymul polysub", plain, V[:3], W),
    "polydiv": (plain, (W, V[:3])),
    "polyval": (plain, (V, W)),
    "polyfit": (given(2), (V, W)),
    "roots": (lambda f, x: np.abs(f(x)[0]) if isinstance(x, np.ndarray) else abs(f(x)[0]), (np.array([1.0, -3.5, 3.0]),)),
    # questions
    **_same("isscalar isrealobj iscomplexobj iterable", plain, V),
    "isfortran": (plain, (M,)),
    **_same("shares_memory may_share_memory", lambda f: f(V, V[1:])),
    "can_cast": constant(np.int32, np.float64),
    "common_type": (plain, (V, V.astype(np.float32))),
    "isdtype": constant(np.dtype("f4"), "real floating"),
    "issubdtype": constant(np.float32, np.floating),
    "min_scalar_type": constant(300),
    "mintypecode": constant(["d", "f"]),
    "promote_types": constant("f4", "i8"),
    "result_type": (plain, (V, I)),
}  # fmt: skip

LINALG: dict[str, Call] = {
    **_same("inv det slogdet eigvals eig cond trace diagonal svdvals matrix_transpose pinv matrix_norm", plain, S),
    **_same("norm vector_norm", plain, M),
    **_same("cholesky eigvalsh eigh", lambda f, x: f((x + x.T) / 2), P),
    "svd": (given(full_matrices=False), (S,)),
    "qr": (plain, (S,)),
    "eig": (lambda f, x: f(x)[0].real, (S,)),
    "eigvals": (lambda f, x: f(x).real, (S,)),
    "solve": (plain, (S, V[:3])),
    "lstsq": (lambda f, x, y: f(x, y, rcond=None)[0], (M.T, V[:4])),
    "matrix_power": (given(3), (S,)),
    "matrix_rank": (plain, (S,)),
    "multi_dot": (listed(), (M, N, N.T)),
    "cross": (plain, (V[:3], W[:3])),
    "matmul": (plain, (M, N)),
    "outer": (plain, (V, W)),
    "tensordot": (given(axes=1), (M, N)),
    "vecdot": (plain, (V, W)),
    "tensorinv": (lambda f, x: f(x.reshape(2, 3, 6), ind=2), (_floats(6, 6, seed=8) + np.eye(6),)),
    "tensorsolve": (lambda f, x, y: f(x.reshape(2, 3, 6), y), (_floats(6, 6, seed=8) + np.eye(6), _floats(2, 3))),
}

FFT: dict[str, Call] = {
    **_same("fft ifft rfft ihfft", plain, V),
    **_same("hfft irfft", plain, C[0]),
    **_same("fft2 fftn rfft2 rfftn", plain, M),
    **_same("ifft2 ifftn irfft2 irfftn", plain, C),
    **_same("fftshift ifftshift", plain, V),
    **_same("fftfreq rfftfreq", lambda f: f(6, 0.5)),
}

CALLS: dict[str, dict[str, Call]] = {"numpy": NUMPY, "numpy.linalg": LINALG, "numpy.fft": FFT}
