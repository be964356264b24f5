"""Reductions, sorting, counting and searching of `jax.numpy` where they differ from NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as ours
from ...config import canonical_dtype
from ...ops import elementwise as ew
from ..array import Array, in_dtype, kind_of, promoted, wrap
from ..border import bordered, lift, lower
from ..conversion import converted
from ..promotion import floating, joined
from ..rules import checked, follow, keeping
from .kit import named, no_out
from .numpy import astype


def _integer_reduction(name: str) -> Callable[..., Any]:
    inner = bordered(getattr(ours, name))

    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = None, promote_integers: bool = True,
    ) -> Any:  # fmt: skip
        if type(a) is Array and dtype is out is initial is where is None and promote_integers:  # the usual call
            if axis is None and not keepdims:
                return inner(a)
            return inner(a, axis, keepdims=keepdims) if keepdims else inner(a, axis)
        no_out(name, out)
        kind = kind_of(checked(a, function, 0))[0]
        if dtype is None and not promote_integers and kind.kind in "iub":
            dtype = kind if kind.kind != "b" else np.int32
        if dtype is not None:
            a = astype(a, dtype)
        given = {k: v for k, v in (("initial", initial), ("where", where)) if v is not None}
        return inner(a, axis, dtype, keepdims=keepdims, **given)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``; with ``promote_integers=False`` small integers keep their dtype."
    return function


sum, prod = _integer_reduction("sum"), _integer_reduction("prod")  # noqa: A001


def _running(name: str, standard: bool = False) -> Callable[..., Any]:
    inner = named(name)

    def plain(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        no_out(name, out)
        return inner(_summed(a), axis, canonical_dtype(dtype) if dtype is not None else _own(a))

    def of_standard(x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: bool = False) -> Any:
        if not np.ndim(lower(checked(x, of_standard, 0))):
            raise ValueError(f"The input must be non-scalar to take a {name}; got a number")
        return inner(
            x,
            axis=axis,
            dtype=canonical_dtype(dtype) if dtype is not None else _own(x),
            include_initial=include_initial,
        )

    def _summed(a: Any) -> Any:
        return checked(a, plain, 0)

    def _own(a: Any) -> Any:
        kind = kind_of(a)[0]
        return kind if kind.kind in "iu" else None

    function = of_standard if standard else plain
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``; integers keep their dtype."
    return function


cumsum, cumprod, nancumsum, nancumprod = map(_running, ("cumsum", "cumprod", "nancumsum", "nancumprod"))
cumulative_prod = _running("cumulative_prod", True)


_cumulative_sum = bordered(ours.cumulative_sum)


def cumulative_sum(x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """NumPy's ``cumulative_sum``.

    Raises:
        ValueError: `x` is a number.
    """
    if not np.ndim(lower(checked(x, cumulative_sum, 0))):
        raise ValueError("The input must be non-scalar to take a cumulative sum; got a number")
    return _cumulative_sum(x, axis=axis, dtype=dtype, include_initial=include_initial)


def _unordered(primitive: str) -> Callable[[np.dtype], Exception]:
    """The error for a dtype that a comparison does not take."""
    return lambda dtype: TypeError(
        f"{primitive} does not accept dtype {dtype.name} at position 0. Accepted dtypes at position 0 are subtypes of integer, "
        f"floating, bool."
    )


def _no_quantile(dtype: np.dtype) -> Exception:
    return ValueError("quantile does not support complex input, as the operation is poorly defined.")


def _of_real(name: str, refusal: Callable[[np.dtype], Exception]) -> Callable[..., Any]:
    inner = named(name)

    def function(a: Any, *args: Any, **kwargs: Any) -> Any:
        no_out(name, kwargs.pop("out", None))
        dtype = kind_of(checked(a, function, 0))[0]
        if dtype.kind == "c":
            raise refusal(dtype)
        return inner(a, *args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__wrapped__ = inner
    function.__doc__ = f"NumPy's ``{name}``, for real numbers."
    return function


argmax, nanargmax = (_of_real(n, _unordered("gt")) for n in ("argmax", "nanargmax"))
argmin, nanargmin = (_of_real(n, _unordered("lt")) for n in ("argmin", "nanargmin"))
median, nanmedian = (_of_real(n, _no_quantile) for n in ("median", "nanmedian"))
quantile, nanquantile, percentile, nanpercentile = (
    _of_real(n, _no_quantile) for n in ("quantile", "nanquantile", "percentile", "nanpercentile")
)


_gradient = follow("jax.numpy", "gradient", ours.gradient)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int | None = None) -> Any:
    """NumPy's ``gradient``, a list where there are several axes."""
    options = {} if edge_order is None else {"edge_order": edge_order}
    out = _gradient(f, *varargs, axis=axis, **options)
    return list(out) if isinstance(out, tuple) else out


def _counts(name: str) -> Callable[..., Any]:
    inner = follow("jax.numpy", name, getattr(ours, name))

    def function(*args: Any, weights: Any = None, density: bool | None = None, **kwargs: Any) -> Any:
        given = {k: v for k, v in (("weights", weights), ("density", density)) if v is not None}
        counts, *edges = inner(*args, **given, **kwargs)
        return (counts if weights is not None or density else astype(counts, int), *edges)

    function.__name__ = function.__qualname__ = name
    function.__wrapped__ = inner
    function.__doc__ = f"NumPy's ``{name}``; counts are integers."
    return function


histogram2d, histogramdd = _counts("histogram2d"), _counts("histogramdd")


_bincount = bordered(ours.bincount)


def bincount(x: Any, weights: Any = None, minlength: int = 0, *, length: int | None = None) -> Any:
    """NumPy's ``bincount``; negative numbers count as 0.

    Raises:
        TypeError: `x` holds no integers.
    """
    kind = kind_of(checked(x, bincount, 0))[0]
    if kind.kind not in "iub":
        raise TypeError(f"x argument to bincount must have an integer type; got {kind}")
    value = in_dtype(x, kind if kind.kind != "b" else np.dtype(np.int32))
    if kind.kind == "i":
        value = ew.maximum(value, kind.type(0))
    return _bincount(value, weights, minlength, length=length)


def _of_variance(name: str) -> Callable[..., Any]:
    inner = named(name)

    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: int = 0, keepdims: bool = False, *,
        where: Any = None, mean: Any = None, correction: Any = None,
    ) -> Any:  # fmt: skip
        no_out(name, out)
        if correction is not None:
            if ddof:
                raise ValueError("ddof and correction can't be provided simultaneously.")
            ddof = correction
        given = {k: v for k, v in (("where", where), ("mean", mean)) if v is not None}
        out = inner(a, axis, dtype, None, ddof, keepdims, **given)
        shape = np.shape(lower(a))
        axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        n = int(np.prod([shape[i] for i in axes], dtype=int))
        return out if where is not None or n > ddof else out * np.nan

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``; NaN where there are no more elements than `ddof`."
    return function


var, std = _of_variance("var"), _of_variance("std")


def argsort(
    a: Any, axis: Any = -1, *, kind: Any = None, order: Any = None, stable: bool = True, descending: bool = False,
    dtype: Any = None,
) -> Any:  # fmt: skip
    """The indices that sort `a` along an axis, equal elements in their order.

    Args:
        a: an array.
        axis: the axis; None for all elements in a row.
        kind, order: not supported.
        stable, descending: whether equal elements keep their order; whether the largest come first.
        dtype: of the indices.

    Raises:
        ValueError: `a` is a number.
    """
    x = lower(checked(a, argsort, 0))
    if axis is not None and not np.ndim(x):
        raise ValueError(f"axis {axis} is out of bounds for array of dimension 0")
    _no_order(kind, order)
    out = lift(ours.argsort(x, axis, descending=descending))
    return out if dtype is None else astype(out, dtype)


_sort = keeping(ours.sort)


def sort(
    a: Any, axis: Any = -1, *, kind: Any = None, order: Any = None, stable: bool = True, descending: bool = False
) -> Any:
    """The elements of `a` in order along an axis; None for all of them in a row."""
    _no_order(kind, order)
    return _sort(a, axis, descending=descending)


def _no_order(kind: Any, order: Any) -> None:
    if kind is not None:
        raise TypeError(
            "the 'kind' argument is not supported: stable=True, the default, keeps the order of equal elements"
        )
    if order is not None:
        raise TypeError("'order' argument is not supported: arrays have no fields")


_bordered_sort = bordered(ours.sort)


def sort_complex(a: Any) -> Any:
    """The elements in order, as complex numbers."""
    x = lower(_bordered_sort(checked(a, sort_complex, 0)))
    kind = floating((x.dtype, False))
    return wrap(converted(x, joined(kind, (np.dtype(np.complex64), False))[0]))


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None, *, method: str = "scan") -> Any:
    """Where `v` would have to stand in the sorted vector `a`: as 32-bit integers, where these hold its length.

    Raises:
        ValueError: `side` or `method` is none of those that there are.
    """
    if side not in ("left", "right"):
        raise ValueError(f"{side!r} is an invalid value for keyword 'side'. Expected one of ['left', 'right']")
    _method(method)
    (x, y), _ = promoted((checked(a, searchsorted, 0), checked(v, searchsorted, 1)))
    return _short(ours.searchsorted(x, y, side, None if sorter is None else lower(sorter)), np.shape(x))


def _method(method: Any) -> None:
    if method not in (None, "scan", "scan_unrolled", "sort", "compare_all"):
        raise ValueError(
            f"{method!r} is an invalid value for keyword 'method': 'scan', 'scan_unrolled', 'sort', 'compare_all'"
        )


def _short(places: Any, shape: tuple[int, ...]) -> Any:
    return wrap(ew.convert(places, np.int32 if not shape or shape[0] < 2**31 else np.int64))


def digitize(x: Any, bins: Any, right: bool = False, *, method: str | None = None) -> Any:
    """The number of the bin of each element, as 32-bit integers."""
    _method(method)
    (a, b), _ = promoted((checked(x, digitize, 0), checked(bins, digitize, 1)))
    if np.ndim(b) != 1:
        raise ValueError(f"digitize: bins must be a 1-dimensional array; got {bins}")
    return _short(ours.digitize(a, b, right), np.shape(b))


def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, method: str = "auto"
) -> Any:
    """Whether each element is among `test_elements`; `assume_unique` and `method` say how JAX would look for it."""
    if method not in ("auto", "compare_all", "binary_search", "sort"):
        raise ValueError(f"isin: method {method!r} is none of 'auto', 'compare_all', 'binary_search', 'sort'")
    (x, tests), _ = promoted((checked(element, isin, 0), checked(test_elements, isin, 1)))
    return wrap(ours.isin(x, tests, invert=invert))


def argpartition(a: Any, kth: int, axis: int = -1) -> Any:
    """The indices that partition `a`, as 32-bit integers: those of a full sort."""
    return _short(ours.argpartition(lower(checked(a, argpartition, 0)), kth, axis), np.shape(lower(a)))


def _of_sets(name: str) -> Callable[..., Any]:
    inner = follow("jax.numpy", name, getattr(ours, name))

    def function(ar1: Any, ar2: Any, *args: Any, size: int | None = None, fill_value: Any = None, **kwargs: Any) -> Any:
        if size is None or fill_value is not None:
            return inner(ar1, ar2, *args, size=size, fill_value=fill_value, **kwargs)
        out = inner(ar1, ar2, *args, size=size, **kwargs)
        values = out[0] if isinstance(out, tuple) else out
        if not size:
            return out
        found = inner(ar1, ar2, size=size, fill_value=_beyond(values.dtype))
        values = wrap(ours.where(ew.equal(lower(found), _beyond(values.dtype)), lower(values)[0], lower(values)))
        return (values, *out[1:]) if isinstance(out, tuple) else values

    function.__name__ = function.__qualname__ = name
    function.__wrapped__ = inner
    function.__doc__ = f"NumPy's ``{name}``; `size` places are filled up with the first element found."
    return function


def _beyond(dtype: np.dtype) -> Any:
    return np.iinfo(dtype).max if dtype.kind in "iu" else dtype.type(np.inf) if dtype.kind == "f" else dtype.type(1)


intersect1d, setxor1d = _of_sets("intersect1d"), _of_sets("setxor1d")


__all__ = [
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "bincount",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "digitize",
    "gradient",
    "histogram2d",
    "histogramdd",
    "intersect1d",
    "isin",
    "median",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmedian",
    "nanpercentile",
    "nanquantile",
    "percentile",
    "prod",
    "quantile",
    "searchsorted",
    "setxor1d",
    "sort",
    "sort_complex",
    "std",
    "sum",
    "var",
]
