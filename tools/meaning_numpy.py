"""Sweep: every function of the namespace against NumPy's of the same name, over dtypes and odd shapes.

    .venv/bin/python tools/meaning_numpy.py [--modes plain,jvp,vmap,jit] [--share K/N] [NAME ...]

A case is a call of `CALLS`, with arrays of the dtypes and shapes of `FORMS`. NumPy's outcome (values, dtypes, shapes, or the
class of its error) is what each mode has to give: plain arrays, traced by `jvp`, batched by `vmap`, compiled by `jit`.
What differs on purpose stands in `DIFFERENCES`, each with its reason. `docs/campaigns/numpy-meaning.md` has a recorded run.
"""

from __future__ import annotations

import re
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

import wengert as w
import wengert.numpy as wnp

DTYPES = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64 complex64 complex128".split()
SHAPES: list[tuple[int, ...]] = [(), (0,), (1,), (5,), (3, 4), (2, 0), (3, 3), (2, 3, 3)]
LAYOUTS = ("C", "F", "reversed", "strided")


def array(dtype: str, shape: tuple[int, ...], layout: str = "C", seed: int = 0) -> np.ndarray:
    """Numbers of a dtype that are safe for most functions, in a layout."""
    rng = np.random.default_rng([seed, len(shape), *shape])
    d = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    big = tuple(2 * n for n in shape) if layout == "strided" else shape
    if d.kind == "b":
        x = rng.integers(0, 2, big).astype(bool)
    elif d.kind in "iu":
        x = rng.integers(0 if d.kind == "u" else -3, 5, big)
    elif d.kind == "c":
        x = rng.integers(-8, 9, big) / 4 + 1j * rng.integers(-8, 9, big) / 4
    else:
        x = rng.integers(-8, 9, big) / 4
    x = np.asarray(x).astype(d)
    if layout == "strided":
        x = x[tuple(slice(None, None, 2) for _ in shape)]
    elif layout == "reversed":
        x = x[tuple(slice(None, None, -1) for _ in shape)]
    elif layout == "F":
        x = np.asarray(x, order="F")
    return x


ELEMENTWISE = (
    "abs absolute acos acosh angle arccos arccosh arcsin arcsinh arctan arctanh around asin asinh atan atanh bitwise_count "
    "bitwise_invert bitwise_not cbrt ceil conj conjugate cos cosh deg2rad degrees exp exp2 expm1 fabs fix floor frexp i0 "
    "imag invert iscomplex isfinite isinf isnan isneginf isposinf isreal log log10 log1p log2 logical_not modf nan_to_num "
    "negative positive rad2deg radians real real_if_close reciprocal rint round sign signbit sin sinc sinh spacing sqrt "
    "square tan tanh trunc"
).split()
BINARY = (
    "add arctan2 atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor copysign divide divmod "
    "equal float_power floor_divide fmax fmin fmod gcd greater greater_equal heaviside hypot isclose lcm ldexp left_shift "
    "less less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum mod multiply nextafter "
    "not_equal pow power remainder right_shift subtract true_divide allclose array_equal array_equiv dot inner outer vdot "
    "vecdot matmul matvec vecmat kron cross tensordot convolve correlate polyadd polysub polymul append isin union1d "
    "intersect1d setdiff1d setxor1d trapezoid searchsorted digitize"
).split()
REDUCTIONS = (
    "sum prod max min amax amin mean std var median ptp all any count_nonzero nansum nanprod nanmax nanmin nanmean nanstd "
    "nanvar nanmedian argmax argmin nanargmax nanargmin average"
).split()
SCANS = "cumsum cumprod nancumsum nancumprod cumulative_sum cumulative_prod".split()
SHAPED = (
    "atleast_1d atleast_2d atleast_3d ravel ndim shape size transpose fliplr flipud flip rot90 trim_zeros copy sort argsort "
    "squeeze diff ediff1d gradient diag diagonal diagflat tril triu trace unwrap nonzero flatnonzero argwhere unique "
    "unique_all unique_counts unique_inverse unique_values array asarray zeros_like ones_like cov corrcoef vander "
    "matrix_transpose unstack iscomplexobj isrealobj sort_complex bincount packbits diag_indices_from tril_indices_from "
    "histogram histogram_bin_edges poly polyder polyint meshgrid ix_ lexsort broadcast_arrays result_type"
).split()

Call = Callable[..., Any]
UNARY_CALLS: dict[str, list[Call]] = {
    **{n: [lambda f, x: f(x)] for n in (*ELEMENTWISE, *SHAPED)},
    **{
        n: [lambda f, x: f(x), lambda f, x: f(x, axis=0), lambda f, x: f(x, axis=-1), lambda f, x: f(x, axis=2),
            lambda f, x: f(x, axis=0, keepdims=True)]
        for n in REDUCTIONS
    },
    **{n: [lambda f, x: f(x), lambda f, x: f(x, axis=0), lambda f, x: f(x, axis=-1), lambda f, x: f(x, axis=3)] for n in SCANS},
}  # fmt: skip


def _also(names: str, *calls: Call) -> None:
    for n in names.split():
        UNARY_CALLS.setdefault(n, []).extend(calls)


_also(
    "sum prod mean cumsum cumprod nansum nanmean nancumsum trace std var",
    lambda f, x: f(x, dtype=np.float32),
    lambda f, x: f(x, dtype=np.int16),
    lambda f, x: f(x, dtype=complex),
)
_also(
    "sum prod mean max min all any std var median",
    lambda f, x: f(x, axis=(0, 1)),
    lambda f, x: f(x, axis=(0, 0)),
    lambda f, x: f(x, axis=()),
)
_also("sum prod max min", lambda f, x: f(x, initial=2), lambda f, x: f(x, where=True, initial=1))
_also("std var nanstd nanvar", lambda f, x: f(x, ddof=1), lambda f, x: f(x, axis=0, ddof=1))
_also("sort argsort", lambda f, x: f(x, axis=0), lambda f, x: f(x, axis=None), lambda f, x: f(x, axis=2))
_also(
    "partition argpartition",
    lambda f, x: f(x, 1),
    lambda f, x: f(x, -1),
    lambda f, x: f(x, 9),
    lambda f, x: f(x, 0, axis=0),
)
UNARY_CALLS["argpartition"] = [lambda f, x: np.shape(f(x, 1)), lambda f, x: np.shape(f(x, 9))]
_also(
    "percentile nanpercentile",
    lambda f, x: f(x, 30),
    lambda f, x: f(x, [0, 100], axis=0),
    lambda f, x: f(x, 101),
    lambda f, x: f(x, -1),
    lambda f, x: f(x, 50, method="nearest"),
    lambda f, x: f(x, 50, axis=4),
)
_also(
    "quantile nanquantile",
    lambda f, x: f(x, 0.3),
    lambda f, x: f(x, [0.0, 1.0], axis=-1),
    lambda f, x: f(x, 1.5),
    lambda f, x: f(x, [-0.1]),
    lambda f, x: f(x, 0.5, method="lower"),
    lambda f, x: f(x, 0.5, method="nothing"),
)
_also(
    "clip",
    lambda f, x: f(x, 0, 2),
    lambda f, x: f(x, 0.5, 2.5),
    lambda f, x: f(x, None, 1),
    lambda f, x: f(x, -1, None),
)
_also("round around", lambda f, x: f(x, 1), lambda f, x: f(x, -1))
_also("nan_to_num", lambda f, x: f(x, nan=1.0))
_also("angle", lambda f, x: f(x, deg=True))
_also(
    "diff",
    lambda f, x: f(x, n=2),
    lambda f, x: f(x, axis=0),
    lambda f, x: f(x, n=0),
    lambda f, x: f(x, n=-1),
    lambda f, x: f(x, prepend=0),
    lambda f, x: f(x, axis=5),
)
_also(
    "gradient",
    lambda f, x: f(x, 2.0),
    lambda f, x: f(x, axis=0),
    lambda f, x: f(x, edge_order=2),
    lambda f, x: f(x, edge_order=3),
)
_also("trapezoid", lambda f, x: f(x), lambda f, x: f(x, dx=2), lambda f, x: f(x, axis=0))
_also(
    "pad",
    lambda f, x: f(x, 1),
    lambda f, x: f(x, -1),
    lambda f, x: f(x, (1, 2), "edge"),
    lambda f, x: f(x, 2, "reflect"),
    lambda f, x: f(x, 1, "symmetric"),
    lambda f, x: f(x, 1, "wrap"),
    lambda f, x: f(x, 1, "mean"),
    lambda f, x: f(x, 1, "maximum"),
    lambda f, x: f(x, 1, "linear_ramp"),
    lambda f, x: f(x, ((1, 0), (0, 1))),
    lambda f, x: f(x, 1, "nothing"),
    lambda f, x: f(x, 1, constant_values=7),
    lambda f, x: f(x, 1.5),
    lambda f, x: f(x, 1, "median"),
)
_also(
    "repeat",
    lambda f, x: f(x, 2),
    lambda f, x: f(x, 2, axis=0),
    lambda f, x: f(x, -1),
    lambda f, x: f(x, [1, 2]),
    lambda f, x: f(x, 0),
)
_also("tile", lambda f, x: f(x, 2), lambda f, x: f(x, (2, 1)), lambda f, x: f(x, 0), lambda f, x: f(x, -1))
_also(
    "roll",
    lambda f, x: f(x, 1),
    lambda f, x: f(x, -2, axis=0),
    lambda f, x: f(x, (1, 1), axis=(0, 1)),
    lambda f, x: f(x, 1, axis=4),
)
_also(
    "reshape", lambda f, x: f(x, -1), lambda f, x: f(x, (2, -1)), lambda f, x: f(x, (7, 7)), lambda f, x: f(x, (-1, -1))
)
_also("resize", lambda f, x: f(x, (2, 3)), lambda f, x: f(x, 0), lambda f, x: f(x, (-1,)))
_also("expand_dims", lambda f, x: f(x, 0), lambda f, x: f(x, (0, -1)), lambda f, x: f(x, 5), lambda f, x: f(x, (0, 0)))
_also("squeeze", lambda f, x: f(x, 0), lambda f, x: f(x, 4))
_also("moveaxis", lambda f, x: f(x, 0, -1), lambda f, x: f(x, 5, 0), lambda f, x: f(x, (0, 0), (0, 1)))
_also("rollaxis swapaxes", lambda f, x: f(x, 1, 0), lambda f, x: f(x, 7, 0))
_also("broadcast_to", lambda f, x: f(x, (2, 3, 4)), lambda f, x: f(x, (5,)), lambda f, x: f(x, (2, -1)))
_also("transpose", lambda f, x: f(x, (1, 0)), lambda f, x: f(x, (0, 0)), lambda f, x: f(x, (2, 0, 1)))
_also("flip", lambda f, x: f(x, 0), lambda f, x: f(x, 9), lambda f, x: f(x, (0, 0)))
_also("rot90", lambda f, x: f(x, 2), lambda f, x: f(x, 1, (0, 0)), lambda f, x: f(x, 1, (0, 5)))
_also(
    "take",
    lambda f, x: f(x, [0, -1]),
    lambda f, x: f(x, 9),
    lambda f, x: f(x, [7], mode="clip"),
    lambda f, x: f(x, [7], mode="wrap"),
    lambda f, x: f(x, 0, axis=0),
    lambda f, x: f(x, [[0]], axis=-1),
    lambda f, x: f(x, 0.5),
)
_also(
    "insert",
    lambda f, x: f(x, 1, 9),
    lambda f, x: f(x, slice(0, 2), 9),
    lambda f, x: f(x, [0, 1], 9),
    lambda f, x: f(x, 99, 1),
    lambda f, x: f(x, 0, 9, axis=0),
    lambda f, x: f(x, -1, 3, axis=-1),
    lambda f, x: f(x, [], 1),
)
_also(
    "delete",
    lambda f, x: f(x, 0),
    lambda f, x: f(x, slice(0, 2)),
    lambda f, x: f(x, [0, -1]),
    lambda f, x: f(x, 99),
    lambda f, x: f(x, 0, axis=0),
    lambda f, x: f(x, []),
)
_also(
    "split array_split",
    lambda f, x: f(x, 3),
    lambda f, x: f(x, [1]),
    lambda f, x: f(x, 2, axis=-1),
    lambda f, x: f(x, 0),
)
_also("hsplit vsplit dsplit", lambda f, x: f(x, 3), lambda f, x: f(x, [1]))
_also("diag diagonal tril triu trace", lambda f, x: f(x, 1), lambda f, x: f(x, -2), lambda f, x: f(x, 9))
_also(
    "compress",
    lambda f, x: f([True, False, True], x),
    lambda f, x: f([True], x, axis=0),
    lambda f, x: f([True] * 30, x),
)
_also("extract", lambda f, x: f(x, x))
_also("unique", lambda f, x: f(x, return_inverse=True, return_counts=True), lambda f, x: f(x, axis=0))
_also(
    "interp",
    lambda f, x: f(x, [0.0, 1.0, 2.0], [1.0, 3.0, 2.0]),
    lambda f, x: f(0.5, x, x),
    lambda f, x: f(x, [], []),
    lambda f, x: f(x, [0, 1, 2], [1, 3, 2], period=2),
)
_also("polyfit", lambda f, x: f([0, 1, 2, 3, 4], x, 1), lambda f, x: f(x, x, -1))
_also("polyval", lambda f, x: f(x, 2), lambda f, x: f([1, 2, 3], x), lambda f, x: f(x, x))
_also("polyint polyder", lambda f, x: f(x, 2), lambda f, x: f(x, -1), lambda f, x: f(x, 0))
_also(
    "cov",
    lambda f, x: f(x, rowvar=False),
    lambda f, x: f(x, ddof=0),
    lambda f, x: f(x, bias=True),
    lambda f, x: f(x, x),
)
_also(
    "average",
    lambda f, x: f(x, weights=x),
    lambda f, x: f(x, weights=np.ones(5)),
    lambda f, x: f(x, axis=0, weights=[1, 2, 3]),
    lambda f, x: f(x, weights=np.zeros(np.shape(x))),
    lambda f, x: f(x, returned=True),
)
_also(
    "histogram",
    lambda f, x: f(x, 3, (0, 2)),
    lambda f, x: f(x, [0, 1, 2]),
    lambda f, x: f(x, [2, 1]),
    lambda f, x: f(x, 0),
    lambda f, x: f(x, 2, density=True),
    lambda f, x: f(x, 2, (2, 1)),
)
_also(
    "where",
    lambda f, x: f(x),
    lambda f, x: f(x > 0, x, 0),
    lambda f, x: f(x > 0, x, 2.5),
    lambda f, x: f(x, x, x),
    lambda f, x: f(x, 1, np.int8(2)),
    lambda f, x: f(x, x),
)
_also(
    "select", lambda f, x: f([x > 0, x < 1], [x, 2 * x], 9), lambda f, x: f([x > 0], [x, x]), lambda f, x: f([x], [x])
)
_also("piecewise", lambda f, x: f(x, [x > 0], [1, 2]), lambda f, x: f(x, [x > 0], [lambda v: v + v]))
_also("choose", lambda f, x: f(x, [1, 2]), lambda f, x: f(x, [1, 2, 3, 4, 5, 6, 7], mode="wrap"))
_also(
    "linspace",
    lambda f, x: f(x, 2, 5),
    lambda f, x: f(0, x, 3, endpoint=False),
    lambda f, x: f(x, x, -1),
    lambda f, x: f(x, 2, 3, dtype=int),
    lambda f, x: f(x, 3, 4, retstep=True),
    lambda f, x: f(x, 2, 3, axis=-1),
    lambda f, x: f(x, 5, 0),
    lambda f, x: f(x, 5, 1),
)
_also("logspace", lambda f, x: f(x, 2, 3), lambda f, x: f(x, 2, 3, base=2))
_also("full_like", lambda f, x: f(x, 1.7), lambda f, x: f(x, 2, dtype=float), lambda f, x: f(x, 1, shape=(2,)))
_also("full", lambda f, x: f((2, 3), x), lambda f, x: f(x.shape, x))
_also("array asarray", lambda f, x: f(x, dtype=np.float32), lambda f, x: f(x, int), lambda f, x: f([x, x]))
_also(
    "astype",
    lambda f, x: f(x, np.float32),
    lambda f, x: f(x, np.int8),
    lambda f, x: f(x, complex),
    lambda f, x: f(x, bool),
)
_also(
    "concatenate stack vstack hstack dstack column_stack",
    lambda f, x: f([x, x]),
    lambda f, x: f([x, np.ones(3, np.int8)]),
    lambda f, x: f([]),
)
_also(
    "concatenate stack",
    lambda f, x: f([x, x], axis=1),
    lambda f, x: f([x, x], axis=7),
    lambda f, x: f([x, x], dtype=np.float32),
)
_also("concatenate", lambda f, x: f([x, x], axis=None))
_also("block", lambda f, x: f([[x, x], [x, x]]), lambda f, x: f(x))
_also(
    "einsum",
    lambda f, x: f("i->", x),
    lambda f, x: f("ii", x),
    lambda f, x: f("ij->ji", x),
    lambda f, x: f("...i,...i", x, x),
    lambda f, x: f("ij,jk", x, x),
    lambda f, x: f("ij,jk,kl->il", x, x, x),
    lambda f, x: f("ii->i", x),
    lambda f, x: f("i,j->ij", x, x),
    lambda f, x: f("", x),
    lambda f, x: f("...", x),
    lambda f, x: f("i->i", x),
    lambda f, x: f("ij,ij->", x, x, optimize=True),
    lambda f, x: f("ij,jk,kl", x, x, x, optimize=["einsum_path", (0, 1), (0, 1)]),
    lambda f, x: f("ij->", x, dtype=float),
    lambda f, x: f(x, [0, 1]),
    lambda f, x: f("ij,jk,kl", x, x, x, optimize=["einsum_path", (0, 1, 2)]),
)
_also(
    "tensordot",
    lambda f, x: f(x, x, 1),
    lambda f, x: f(x, x, 0),
    lambda f, x: f(x, x, ([0], [0])),
    lambda f, x: f(x, x, 3),
)
_also("kron outer inner dot matmul vdot", lambda f, x: f(x, 2), lambda f, x: f(x, 1.5), lambda f, x: f(x, np.arange(3)))
_also(
    "convolve correlate",
    lambda f, x: f(x, [1, 2], "same"),
    lambda f, x: f(x, [1, 2, 3], "valid"),
    lambda f, x: f(x, [], "full"),
    lambda f, x: f(x, [1], "nothing"),
)
_also("cross", lambda f, x: f(x, [1, 2, 3]), lambda f, x: f(x, x, axis=0))
_also("apply_along_axis", lambda f, x: f(lambda v: v.sum(), 0, x))
_also("apply_over_axes", lambda f, x: f(lambda v, axis: v.sum(axis), x, 0))
_also("heaviside", lambda f, x: f(x, 0.5))
_also("unwrap", lambda f, x: f(x, axis=0), lambda f, x: f(x, period=4))
_also(
    "take_along_axis",
    lambda f, x: f(x, np.zeros(np.shape(x), int), axis=0),
    lambda f, x: f(x, np.zeros((1,), int), axis=None),
    lambda f, x: f(x, x, 0),
)
_also("fill_diagonal", lambda f, x: _written(f, x, 7), lambda f, x: _written(f, x, [1, 2]))
_also(
    "put",
    lambda f, x: _written(f, x, [0], 7),
    lambda f, x: _written(f, x, [99], 7),
    lambda f, x: _written(f, x, [99, 1], [5], "wrap"),
)
_also(
    "place putmask", lambda f, x: _written(f, x, x > 0, [1, 2]), lambda f, x: _written(f, x, np.ones(3, bool), [1, 2])
)
_also("unravel_index", lambda f, x: f(x, (2, 3)), lambda f, x: f(x, (20, 30)))
_also("bincount", lambda f, x: f(x, minlength=7), lambda f, x: f(x, x))
_also("digitize", lambda f, x: f(x, [0, 1, 2]), lambda f, x: f(x, [2, 1, 0]), lambda f, x: f(x, [0, 2, 1]))
_also(
    "searchsorted",
    lambda f, x: f([0, 1, 2], x),
    lambda f, x: f([0, 1, 2], x, side="right"),
    lambda f, x: f([0, 1], x, side="up"),
)
_also("isin", lambda f, x: f(x, [0, 1]), lambda f, x: f(x, [0, 1], invert=True))
_also("power float_power", lambda f, x: f(x, 2), lambda f, x: f(x, -1), lambda f, x: f(2, x), lambda f, x: f(x, 0.5))
_also(
    "floor_divide mod remainder fmod divmod true_divide",
    lambda f, x: f(x, 2),
    lambda f, x: f(x, -2),
    lambda f, x: f(x, 1.5),
    lambda f, x: f(x, 0),
    lambda f, x: f(7, x),
)
_also(
    "add subtract multiply maximum minimum arctan2 hypot copysign",
    lambda f, x: f(x, 2),
    lambda f, x: f(x, 1.5),
    lambda f, x: f(2, x),
    lambda f, x: f(x, True),
    lambda f, x: f(x, 1j),
    lambda f, x: f(x, np.float32(2)),
    lambda f, x: f(x, 300),
)
_also("less equal greater_equal", lambda f, x: f(x, 300), lambda f, x: f(x, -1), lambda f, x: f(x, 0.5))
_also("left_shift right_shift bitwise_and", lambda f, x: f(x, 1), lambda f, x: f(x, 40))
_also("histogram2d", lambda f, x: f(x, x, 2))
_also("unpackbits", lambda f, x: f(x))
_also("arange", lambda f, x: f(3, dtype=x.dtype), lambda f, x: f(0.5, 3, dtype=x.dtype))
_also("zeros ones eye identity tri", lambda f, x: f(3, dtype=x.dtype))
_also("geomspace", lambda f, x: f(abs(x) + 1, 8, 3))

LINALG_CALLS: dict[str, list[Call]] = {
    **{
        n: [lambda f, x: f(x)]
        for n in "inv det slogdet trace diagonal svdvals matrix_transpose pinv matrix_norm norm vector_norm cond matrix_rank "
        "cholesky eigvalsh".split()
    },
    "norm": [lambda f, x: f(x), lambda f, x: f(x, 1), lambda f, x: f(x, np.inf), lambda f, x: f(x, 0), lambda f, x: f(x, "fro"),
             lambda f, x: f(x, "nuc"), lambda f, x: f(x, 2), lambda f, x: f(x, axis=0), lambda f, x: f(x, axis=7),
             lambda f, x: f(x, axis=(0, 1)), lambda f, x: f(x, "what"), lambda f, x: f(x, 3, axis=-1), lambda f, x: f(x, keepdims=True)],
    "vector_norm": [lambda f, x: f(x), lambda f, x: f(x, axis=0), lambda f, x: f(x, ord=3), lambda f, x: f(x, ord=-np.inf)],
    "matrix_norm": [lambda f, x: f(x), lambda f, x: f(x, ord=1), lambda f, x: f(x, ord=7)],
    "cond": [lambda f, x: f(x), lambda f, x: f(x, 1), lambda f, x: f(x, "fro")],
    "cholesky": [lambda f, x: f(x), lambda f, x: f(_lower(x)), lambda f, x: f(_lower(x).mT, upper=True)],
    "eigvalsh": [lambda f, x: f(x), lambda f, x: f(x, "U"), lambda f, x: f(x, UPLO="X")],
    "eigh": [lambda f, x: f(x)[0], lambda f, x: f(x, "U")[0], lambda f, x: np.abs(np.asarray(f(x)[1]))],
    "eigvals": [lambda f, x: np.sort_complex(np.asarray(f(x), complex))],
    "svd": [lambda f, x: f(x, compute_uv=False), lambda f, x: [np.shape(a) for a in f(x)], lambda f, x: f(x, full_matrices=False)[1],
            lambda f, x: f(x, hermitian=True)[1]],
    "qr": [lambda f, x: f(x)[1], lambda f, x: np.shape(f(x, "r")), lambda f, x: np.shape(f(x, "complete")[0]), lambda f, x: f(x, "what")],
    "solve": [lambda f, x: f(x, x), lambda f, x: f(x, np.ones(3)), lambda f, x: f(x, 1.0)],
    "lstsq": [lambda f, x: f(x, np.ones(3))[0]],
    "matrix_power": [lambda f, x: f(x, 3), lambda f, x: f(x, -1), lambda f, x: f(x, 0), lambda f, x: f(x, 1.5)],
    "multi_dot": [lambda f, x: f([x, x, x]), lambda f, x: f([x])],
    "pinv": [lambda f, x: f(x), lambda f, x: f(x, hermitian=True)],
    "matrix_rank": [lambda f, x: f(x), lambda f, x: f(x, hermitian=True)],
    "cross": [lambda f, x: f(x, x)], "matmul": [lambda f, x: f(x, x)], "outer": [lambda f, x: f(x, x)],
    "tensordot": [lambda f, x: f(x, x)], "vecdot": [lambda f, x: f(x, x)], "tensorinv": [lambda f, x: f(x), lambda f, x: f(x, 1)],
    "tensorsolve": [lambda f, x: f(x, np.ones(3))],
}  # fmt: skip
FFT_CALLS: dict[str, list[Call]] = {
    **{
        n: [lambda f, x: f(x), lambda f, x: f(x, 4), lambda f, x: f(x, 0), lambda f, x: f(x, axis=0), lambda f, x: f(x, axis=6),
            lambda f, x: f(x, norm="ortho"), lambda f, x: f(x, norm="forward"), lambda f, x: f(x, norm="what")]
        for n in "fft ifft rfft irfft hfft ihfft".split()
    },
    **{
        n: [lambda f, x: f(x), lambda f, x: f(x, (2, 3)), lambda f, x: f(x, axes=(0, 1)), lambda f, x: f(x, axes=(0,)),
            lambda f, x: f(x, axes=(8,)), lambda f, x: f(x, (2,), (0, 1))]
        for n in "fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn".split()
    },
    **{n: [lambda f, x: f(x), lambda f, x: f(x, 0), lambda f, x: f(x, 5)] for n in "fftshift ifftshift".split()},
}  # fmt: skip
SPACES = {
    "numpy": (np, wnp, UNARY_CALLS),
    "linalg": (np.linalg, wnp.linalg, LINALG_CALLS),
    "fft": (np.fft, wnp.fft, FFT_CALLS),
}
PAIRS = [((5,), (5,)), ((), (5,)), ((3, 4), (4,)), ((3, 4), (3, 1)), ((3, 3), (3, 3)), ((2, 0), (1,)), ((), ()), ((5,), (3,)),
         ((2, 3, 3), (3, 3)), ((3, 4), (2, 4)), ((0,), (5,)), ((0,), (0,))]  # fmt: skip


def _lower(x: Any) -> Any:
    """A positive definite matrix's lower triangle, with other numbers above it."""
    n = np.shape(x)[-1] if np.ndim(x) else 0
    return x + np.asarray(np.tril(np.full((n, n), 0.0)) + 20 * np.eye(n), np.result_type(x.dtype, np.float32))


def _written(f: Any, x: Any, *args: Any) -> Any:
    if f.__module__.startswith("numpy") or f.__module__ is None:
        x = x.copy()
        f(x, *args)
        return x
    return f(x, *args, inplace=False)


# What differs on purpose: a pattern of the line that the sweep prints, and the reason. A line has the function, the number of its
# call in `UNARY_CALLS` (-1: two arrays), the arrays, the mode and what differs, so that a pattern excuses that difference alone.
_TRACED = "(jvp|vmap|jit): "
DIFFERENCES = {
    # orders that NumPy leaves open
    r"^argsort#\d+ of .*: gives ": "the order of equal elements is stable; NumPy's is not said",
    r"^partition#\d+ of .*: gives ": "a full sort, which is one of the orders that NumPy allows",
    r"^unique_values#\d+ of .*: gives ": "the values come in order; NumPy's order is not said",
    # values are not known
    rf"^digitize#-1 of .*, {_TRACED}NumPy raises ValueError \(bins must be mono": "values of traced bins are not checked",
    rf"^average#\d+ of .*, {_TRACED}NumPy raises ZeroDivisionError": "values of traced weights are not checked",
    rf"^unravel_index#\d of .*, {_TRACED}NumPy raises ValueError \(index -?\d+ is out": "values of traced indices are not checked",
    r"^poly#0 of .*\(3, 3\).*has dtype complex": "the coefficients for a matrix are complex: whether they are real depends on values",
    rf"^real_if_close#0 of .*, {_TRACED}raises DtypeError": "whether the result is real depends on values",
    r"^polymul#-1 of .*has shape \(\d,\), NumPy \(\d,\)": "leading zeros stay: whether there are any depends on values",
    # meanings where NumPy has none, or fails by the way it is written
    r"^choose#\d of uint64.*NumPy raises TypeError \(Cannot cast": "64 bits without sign are indices too",
    r"^fft\.i?fftshift#0 of \w+\(\) ": "a number is where it is",
    r"^fft\..* of float16.*: gives ": "the factor of a transform is not rounded to float16",
    r"^fft\.(irfft|irfftn|irfft2|hfft)#\d of .*\((0|2, 0),?\).*gives \[+0": "NumPy's result is memory that nothing was written into",
    r"^repeat#2 of .*\((0|2, 0),?\).*may not contain negative": "negative numbers are refused for empty arrays too",
    r"^tile#3 of .*\((0|2, 0),?\).*negative dimensions": "negative numbers are refused for empty arrays too",
    r"^median#7 of .*\((0|2, 0),?\).*cannot reshape array of size 0": "the median over no axis of no elements has none either",
    r"^nan(percentile|quantile)#1 of .*\((0|2, 0),?\).*has (shape|dtype)": "the axes of the shares stay; NumPy loses them for no elements",
    r"^nan(percentile|quantile)#5 of .*raises ArgumentError: quantile with method": "a method that is none is refused for no elements too",
    r"^average#\d of .*\(2, 0\).*division by zero": "NaN, as for mean; NumPy counts elements of a result that has none",
    r"^cov#1 of complex\d+\(2, 0\).*has dtype complex128": "the dtype does not depend on lengths",
    r"^linalg\.pinv#\d of .*\(2, 0\).*has dtype float64": "the dtype does not depend on lengths",
    r"^poly#0 of b?float16": "float16 stays float16",
    r"^linalg\.pinv#\d of bfloat16.*raises DtypeError": "LAPACK has no bfloat16, for empty matrices too",
    r"^poly#0 of .*\(0,\)": "the dtype and the shape do not depend on lengths",
    r"^histogram\w*#0 of .*\((0|2, 0),?\).*has dtype": "the dtype of edges does not depend on lengths",
    r"^histogram#\d of complex": "complex numbers are binned by their real parts where they are traced",
    r"^poly(add|sub)#-1 of .*raises ShapeError: concatenate": "coefficients are vectors",
    r"^poly(add|sub|mul)#-1 of .*raises .*(no elements|with elements|cannot be empty)": "a polynomial has coefficients",
    r"^poly(der|int|val|)#\d of \w+\(\) ": "a number is a constant polynomial",
    r"^polyder#\d of .*NumPy raises ValueError \(operands could": "stacks of coefficients along the first axis",
    r"^unwrap#\d of u?(int|bool)": "integers are unwrapped in floating point",
    r"^take#6 of .*raises IndexDtypeError": "a float is no index",
    r"^(put|putmask|place)#\d of \w+\(\) ": "a traced value without axes is a number, into which nothing is written",
    r"^argwhere#0 of \w+\(\) ": "where a number is: NumPy gives an array of no columns",
    r"^result_type#\d of .*, (jvp|vmap|jit): ": "gives a dtype, which no transformation returns",
    r"^linalg\.norm#[56] of bfloat16.*NumPy raises TypeError": "norms by singular values of bfloat16 are those of float32, rounded",
    r"^polyfit#0 of b?float16": "fitted in float32, where NumPy has no solver",
    r"^interp#3 of complex.*complex coordinates have no order": "complex coordinates are refused with a period too",
    # two things are wrong: which of them is said first
    r"raises DtypeError \(\S+ LAPACK has no b?float16.*NumPy (LinAlgError|ValueError|TypeError)": "the dtype is looked at first",
    r"^linalg\.\w+#\d of float16.*, NumPy TypeError \(array type float16": "the shape is looked at first",
    r"^concatenate#5 of complex\d+\(\).*NumPy ValueError \(zero-dim": "the dtype is looked at first",
    # rounding
    r"^linalg\.lstsq#0 of (complex64|float32).*: gives ": "rounding of a singular matrix's solution in single precision",
}
_DIFFERENCES = [(re.compile(pattern), why) for pattern, why in DIFFERENCES.items()]


def reason(text: str) -> str:
    """Why a difference is there on purpose, or nothing."""
    return next((why for pattern, why in _DIFFERENCES if pattern.search(text)), "")


class Case:
    """One call and its arrays, or what `array` makes them of when they are needed."""

    def __init__(self, space: str, name: str, number: int, arrays: tuple[Any, ...], what: str, call: Call) -> None:
        self.space, self.name, self.number, self.given, self.what, self.call = space, name, number, arrays, what, call

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays, made anew."""
        return tuple([array(*a) if isinstance(a, tuple) else a for a in self.given])

    @property
    def label(self) -> str:
        """The function's name in NumPy."""
        return self.name if self.space == "numpy" else f"{self.space}.{self.name}"

    def __repr__(self) -> str:
        return f"{'' if self.space == 'numpy' else self.space + '.'}{self.name}#{self.number} of {self.what}"


def _as(arrays: tuple[np.ndarray, ...], dtype: Any) -> tuple[np.ndarray, ...]:
    return tuple([a.astype(dtype) if a.dtype == ml_dtypes.bfloat16 else a for a in arrays])


def by_other_floats(call: Call, theirs: Any, arrays: tuple[np.ndarray, ...]) -> Any:
    """What NumPy would give for bfloat16: the values of float32, rounded, with the dtypes of float16, bfloat16 in its place.

    NumPy itself gives some functions of bfloat16 in one dtype and some in another, and refuses some.
    """
    half, single = (outcome(call, theirs, *_as(arrays, d)) for d in (np.float16, np.float32))
    if isinstance(half, Exception) or isinstance(single, Exception):
        return half if isinstance(half, Exception) else single
    out = []
    for h, s in zip(half, single, strict=True):
        if isinstance(h, (np.dtype, str, type)) or h is None:
            out.append(np.dtype(ml_dtypes.bfloat16) if h == np.float16 else h)
            continue
        dtype = np.asarray(h).dtype
        out.append(np.asarray(s).astype(ml_dtypes.bfloat16 if dtype == np.float16 else dtype))
    return out


def cases(names: list[str] | None = None) -> Iterator[Case]:
    """All cases, in an order that does not depend on hashes."""
    for space, (theirs, _, calls) in SPACES.items():
        for name in sorted({*calls, *(BINARY if space == "numpy" else ())}):
            if (names and name not in names) or not hasattr(theirs, name):
                continue
            for number, call in enumerate(calls.get(name, ())):
                for d, dtype in enumerate((*DTYPES, "bfloat16")):
                    for k, shape in enumerate(SHAPES):
                        layout = LAYOUTS[(k + d) % len(LAYOUTS)]
                        yield Case(space, name, number, ((dtype, shape, layout),), f"{dtype}{shape} {layout}", call)
            if space == "numpy" and name in BINARY:
                n = len(DTYPES)
                pairs = {d: (d, DTYPES[(i * 5 + 3) % n], DTYPES[(i * 3 + 7) % n]) for i, d in enumerate(DTYPES)}
                pairs["bfloat16"] = ("bfloat16", "float32")  # with integers NumPy has no dtype
                for d, others in pairs.items():
                    for e in dict.fromkeys(others):
                        for s, t in PAIRS:
                            yield Case(
                                space, name, -1, ((d, s), (e, t, "C", 1)), f"{d}{s} {e}{t}", lambda f, x, y: f(x, y)
                            )


def _leaves(out: Any) -> list[Any]:
    if isinstance(out, (tuple, list)):
        return [leaf for o in out for leaf in _leaves(o)]
    return [out]


def outcome(f: Callable[..., Any], *args: Any) -> Any:
    """The leaves of a result, or the error."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return _leaves(f(*args))
        except Exception as error:
            return error


def public(kind: type) -> type:
    """The class that a user can name."""
    while kind.__name__.startswith("_") or kind.__module__ not in ("builtins", "numpy.exceptions", "numpy.linalg"):
        kind = kind.__mro__[1]
    return kind


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0][:100]


def _differs(got: Any, want: Any, mode: str) -> str:
    if isinstance(want, Exception):
        if not isinstance(got, Exception):
            return f"NumPy raises {type(want).__name__} ({str(want)[:60]})"
        return (
            ""
            if isinstance(got, public(type(want)))
            else f"raises {type(got).__name__} ({_first_line(got)}), NumPy {type(want).__name__} ({str(want)[:50]})"
        )
    if isinstance(got, Exception):
        return f"raises {type(got).__name__}: {_first_line(got)}"
    if len(got) != len(want):
        return f"gives {len(got)} results, NumPy {len(want)}"
    for g, e in zip(got, want, strict=True):
        if isinstance(e, (np.dtype, str, type)) or e is None:
            if g != e:
                return f"gives {g}, NumPy {e}"
            continue
        a, b = np.asarray(g), np.asarray(e)
        if a.dtype != b.dtype:
            return f"has dtype {a.dtype}, NumPy {b.dtype}"
        if a.shape != b.shape:
            return f"has shape {a.shape}, NumPy {b.shape}"
        rough = {"e": 5e-3, "f": 2e-5, "F": 2e-5, "E": 2e-2}.get(b.dtype.char, 1e-10)
        if b.dtype == ml_dtypes.bfloat16:
            a, b = a.astype(np.float32), b.astype(np.float32)
        if b.dtype == object:
            return f"has objects: {b}"
        same = (
            np.array_equal(a, b) if b.dtype.kind in "biu" else np.allclose(a, b, rtol=rough, atol=rough, equal_nan=True)
        )
        if not same:
            return (
                f"gives {np.array2string(a, threshold=5)[:70]}, NumPy {np.array2string(b, threshold=5)[:70]}".replace(
                    "\n", " "
                )
            )
    return ""


def _mode(mode: str, ours: Any, case: Case) -> Any:
    call = lambda *arrays: _flat(case.call(ours, *arrays))  # noqa: E731
    arrays = case.arrays
    if mode == "plain":
        return outcome(call, *arrays)
    if mode == "jvp":
        live = [i for i, a in enumerate(arrays) if a.dtype.kind in "fc"]

        def f(*values: Any) -> Any:
            full = list(arrays)
            for i, v in zip(live, values, strict=True):
                full[i] = v
            return call(*full)

        primals = tuple(arrays[i] for i in live)
        return outcome(lambda: w.jvp(f, primals, tuple(np.ones_like(p) for p in primals))[0]) if live else None
    if mode == "vmap":
        out = outcome(w.vmap(call), *[a[None] for a in arrays])
        return out if isinstance(out, Exception) else [o[0] for o in out]
    return outcome(w.jit(call), *arrays)


def narrow_outcome(mode: str, ours: Any, case: Case) -> Any:
    """The results in a mode, as they come: plain ones are not made arrays of."""
    return (
        outcome(lambda *arrays: case.call(ours, *arrays), *case.arrays) if mode == "plain" else _mode(mode, ours, case)
    )


def _flat(out: Any) -> Any:
    return tuple([o if isinstance(o, w.core.Tracer) else np.asarray(o) for o in _leaves(out)])


def check(case: Case, modes: tuple[str, ...]) -> list[str]:
    """The differences of a case, one text for each mode that differs."""
    theirs, ours, _ = SPACES[case.space]
    if not hasattr(ours, case.name):
        return []
    f, g = getattr(theirs, case.name), getattr(ours, case.name)
    wants = [outcome(case.call, f, *case.arrays)]
    if any(a.dtype == ml_dtypes.bfloat16 for a in case.arrays):
        wants.append(by_other_floats(case.call, f, case.arrays))
        plain = _mode("plain", g, case)
        differences = [_differs(plain, want, "plain") for want in wants]
        if not all(differences):  # what is right plainly is what the other modes have to give
            right = [want for want, text in zip(wants, differences, strict=True) if not text]
            wants = [*right, *([wants[-1]] if isinstance(plain, Exception) else [])]
    out = []
    for mode in modes:
        got = _mode(mode, g, case)
        if got is None:
            continue
        if isinstance(got, w.errors.ConcretizationError):
            continue  # the shape, the result or the error depends on values
        texts = [_differs(got, want, mode) for want in wants]
        text = texts[-1] if all(texts) else ""
        line = f"{case!r}, {mode}: {text}"
        if text and not reason(line):
            out.append(line)
    return out


def rotating(n: int) -> int:
    """Which of `n` shares a run takes: another one whenever a source of the library changes, the same until then."""
    sources = sorted(Path(w.__file__).parent.rglob("*.py"))
    return zlib.crc32(b"".join(path.read_bytes() for path in sources)) % n


def chosen(case: Case, k: int, n: int) -> bool:
    """Whether a case is in the share `k` of `n`."""
    return zlib.crc32(repr(case).encode()) % n == k


def main(argv: list[str]) -> int:
    modes, k, n, names = ("plain", "jvp", "vmap", "jit"), 0, 1, []
    it = iter(argv)
    for a in it:
        if a == "--modes":
            modes = tuple(next(it).split(","))
        elif a == "--share":
            k, n = map(int, next(it).split("/"))
        else:
            names.append(a)
    seen = bad = 0
    for case in cases(names):
        if chosen(case, k, n):
            seen += 1
            for text in check(case, modes):
                bad += 1
                print(text, flush=True)
    print(f"{seen} cases, {bad} differences")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
