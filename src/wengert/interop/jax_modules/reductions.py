"""Reductions and counting of `jax.numpy` where they differ from NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as ours
from ...config import canonical_dtype
from ...core import inexact_dtype
from ...ops import elementwise as ew
from ..array import Array, in_dtype, kind_of, wrap
from ..border import bordered, lower
from ..promotion import floating
from ..rules import check_axis, checked, follow
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
            check_axis(a, axis)
            return inner(a, axis, keepdims=keepdims) if keepdims else inner(a, axis)
        no_out(name, out)
        check_axis(a, axis)
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
        if dtype is not None:
            a = astype(_summed(a), dtype)
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
    inner, at = named(name), 1 if name.endswith("ile") else 0  # where the axis stands behind the first argument

    def function(a: Any, *args: Any, **kwargs: Any) -> Any:
        no_out(name, kwargs.pop("out", None))
        dtype = kind_of(checked(a, function, 0))[0]
        if dtype.kind == "c":
            raise refusal(dtype)
        check_axis(a, args[at] if len(args) > at else kwargs.get("axis"))
        return inner(a, *args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__wrapped__ = inner
    function.__doc__ = f"NumPy's ``{name}``, for real numbers."
    return function


argmax, nanargmax = (_of_real(n, _unordered("gt")) for n in ("argmax", "nanargmax"))
argmin, nanargmin = (_of_real(n, _unordered("lt")) for n in ("argmin", "nanargmin"))
median, nanmedian = (_of_real(n, _no_quantile) for n in ("median", "nanmedian"))


def _quantile(name: str) -> Callable[..., Any]:
    inner, most = _of_real(name, _no_quantile), 100 if name.endswith("percentile") else 1

    def function(a: Any, q: Any, *args: Any, **kwargs: Any) -> Any:
        kind = kind_of(checked(a, function, 0))
        if most == 1 and kind_of(checked(q, function, 1))[0].kind in "iub":
            raise TypeError(
                f"floor does not accept dtype {kind_of(q)[0].name}. Accepted dtypes are subtypes of floating: the share q of "
                f"{name} is a float"
            )
        if kind[0].kind in "iub":
            a = wrap(in_dtype(a, floating(kind)[0]), kind[1])
        out = inner(a, wrap(ours.clip(lower(checked(q, function, 1)), 0, most), kind_of(q)[1]), *args, **kwargs)
        keepdims = kwargs.get("keepdims", args[4] if len(args) > 4 else False)
        return out.reshape((*out.shape, 1)) if keepdims and not np.shape(lower(a)) else out  # as for a vector

    function.__name__ = function.__qualname__ = name
    function.__wrapped__ = inner
    function.__doc__ = f"NumPy's ``{name}``, for real numbers; a share beyond the ends is that of the end."
    return function


quantile, nanquantile = _quantile("quantile"), _quantile("nanquantile")
percentile, nanpercentile = _quantile("percentile"), _quantile("nanpercentile")


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


def _check_variance(name: str, own: np.dtype, dtype: Any) -> None:
    """Raises:
    ValueError: a standard deviation in integers, or a variance of complex numbers in a real dtype.
    TypeError: a variance in truth values.
    """
    wanted = None if dtype is None else canonical_dtype(dtype)
    if wanted is None:
        return
    if name == "std" and not inexact_dtype(wanted):
        raise ValueError(f"dtype argument to jnp.std must be inexact; got {wanted.name}")
    if own.kind == "c" and wanted.kind != "c":
        raise ValueError(
            "jax.numpy.var does not yet support real dtype parameters when computing the variance of an array of complex "
            "values. Leave dtype out, or take the real part of the result"
        )
    if wanted.kind == "b":
        raise TypeError(
            "div does not accept dtype bool at position 0. Accepted dtypes at position 0 are subtypes of integer, floating, "
            "complexfloating."
        )


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
        check_axis(a, axis)
        _check_variance(name, kind_of(checked(a, function, 0))[0], dtype)
        if dtype is not None and not inexact_dtype(canonical_dtype(dtype)):
            a, dtype = astype(a, dtype), None
        given = {k: v for k, v in (("where", where), ("mean", mean)) if v is not None}
        out = inner(a, axis, dtype=dtype, ddof=ddof, keepdims=keepdims, **given)
        shape = np.shape(lower(a))
        axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        n = int(np.prod([shape[i] for i in axes], dtype=int))
        return out if where is not None or n > ddof else out * np.nan

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``; NaN where there are no more elements than `ddof`."
    return function


var, std = _of_variance("var"), _of_variance("std")
_mean = named("mean")


def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None
) -> Any:
    """NumPy's ``mean``; in integers elements are converted before.

    Raises:
        TypeError: `dtype` is that of truth values.
    """
    if out is dtype is where is None:
        return _mean(a, axis, keepdims=keepdims) if keepdims else _mean(a) if axis is None else _mean(a, axis)
    no_out("mean", out)
    if dtype is not None and not inexact_dtype(canonical_dtype(dtype)):
        _check_variance("mean", kind_of(checked(a, mean, 0))[0], bool if canonical_dtype(dtype).kind == "b" else None)
        a = astype(a, dtype)
    return _mean(a, axis, dtype=dtype, keepdims=keepdims, **({} if where is None else {"where": where}))


def _largest(name: str) -> Callable[..., Any]:
    inner = follow("jax.numpy", name, getattr(ours, name))

    def function(
        a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
    ) -> Any:
        if out is initial is where is None:
            if axis is None and not keepdims:
                return inner(a)
            return inner(a, axis, keepdims=keepdims)
        no_out(name, out)
        if where is not None and initial is None:
            raise ValueError(
                f"reduction operation {name.removeprefix('a')} does not have an identity, so to use a where mask one has to specify "
                f"'initial'"
            )
        given = {k: v for k, v in (("initial", initial), ("where", where)) if v is not None}
        return inner(a, axis, keepdims=keepdims, **given)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``; a mask needs `initial`."
    return function


max, amax, min, amin = map(_largest, ("max", "amax", "min", "amin"))  # noqa: A001


__all__ = [
    "amax",
    "amin",
    "argmax",
    "argmin",
    "bincount",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "gradient",
    "histogram2d",
    "histogramdd",
    "max",
    "mean",
    "median",
    "min",
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
    "std",
    "sum",
    "var",
]
