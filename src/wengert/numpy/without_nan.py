"""Reductions that leave NaN out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import canonical_dtype
from ..core import as_array, dtype_of, inexact_dtype
from ..errors import DtypeError, ShapeError
from ..ops import reduction as _ops
from ..ops.elementwise import isnan
from ..ops.elementwise import where as _where
from ..vocabulary import ArrayLike, Axes, DTypeLike, Value
from . import reductions
from .dispatch import no_out, plain
from .reductions import mean, std, var


def _without_nan(a: ArrayLike, fill: Any) -> tuple[Any, Any]:
    """`a` with NaN replaced by `fill`, and where it was not NaN (None for dtypes without NaN)."""
    a = as_array(a)
    if not inexact_dtype(dtype_of(a)):
        return a, None
    missing = isnan(a)
    return _where(missing, np.asarray(fill, dtype_of(a))[()], a), ~missing


def _averaged(a: ArrayLike, dtype: DTypeLike, where: Any) -> tuple[Any, Any]:
    """`a` with NaN replaced by 0, and the mask of the elements that a mean is taken of: those of `where` that are not NaN.

    Raises:
        DtypeError: a mean of floating numbers in whole ones, which NumPy refuses too.
    """
    x, present = _without_nan(a, 0)
    if dtype is not None and inexact_dtype(dtype_of(x)) and not inexact_dtype(canonical_dtype(dtype)):
        raise DtypeError(f"a mean without NaN of {dtype_of(x)} has no dtype {canonical_dtype(dtype)}; leave it out")
    return x, present if where is None else where if present is None else present & where


@plain(np.nansum)
def nansum(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Value:
    """The sum over `axis`, NaN counted as 0.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nansum(wnp.array([2.0, np.nan, 3.0]))
        np.float64(5.0)
    """
    no_out(out)
    return _ops.sum(_without_nan(a, 0)[0], axis, dtype, keepdims, initial, where)


@plain(np.nanprod)
def nanprod(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Value:
    """The product over `axis`, NaN counted as 1.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanprod(wnp.array([2.0, np.nan, 7.0]))
        np.float64(14.0)
    """
    no_out(out)
    return _ops.prod(_without_nan(a, 1)[0], axis, dtype, keepdims, initial, where)


def _nanextreme(reduce: Any, worst: float, a: ArrayLike, axis: Axes, keepdims: bool, initial: Any, where: Any) -> Any:
    x, present = _without_nan(a, worst)
    if where is not None and initial is None:
        raise ShapeError("nanmax and nanmin with where= need initial=, the value of an empty selection")
    out = reduce(x, axis, keepdims=keepdims, initial=initial, where=where)
    if present is None or initial is not None:
        return out
    return _where(_ops.any(present, axis, keepdims), out, dtype_of(out).type(np.nan))


def nanmax(
    a: ArrayLike, axis: Axes = None, out: None = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Value:
    """The largest element over `axis` that is not NaN; NaN if there is none.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanmax(wnp.array([[np.nan, 2.0], [1.0, 5.0]]), axis=0)
        array([1., 5.])
    """
    no_out(out)
    return _nanextreme(reductions.max, -np.inf, a, axis, keepdims, initial, where)


def nanmin(
    a: ArrayLike, axis: Axes = None, out: None = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Value:
    """The smallest element over `axis` that is not NaN; NaN if there is none.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanmin(wnp.array([[np.nan, 2.0], [1.0, 5.0]]), axis=1)
        array([2., 1.])
    """
    no_out(out)
    return _nanextreme(reductions.min, np.inf, a, axis, keepdims, initial, where)


def nanmean(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: Any = None,
) -> Value:
    """The mean over `axis` of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanmean(wnp.array([1.0, np.nan, 5.0]))
        np.float64(3.0)
    """
    no_out(out)
    x, chosen = _averaged(a, dtype, where)
    return mean(x, axis, dtype, keepdims=keepdims, where=chosen)


def nanvar(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: None = None,
    ddof: Any = 0,
    keepdims: bool = False,
    *,
    where: Any = None,
    mean: ArrayLike | None = None,
    correction: Any = None,
) -> Value:
    """The variance over `axis` of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanvar(wnp.array([1.0, np.nan, 5.0]))
        np.float64(4.0)
    """
    no_out(out)
    x, chosen = _averaged(a, dtype, where)
    return var(x, axis, dtype, ddof=ddof, keepdims=keepdims, where=chosen, mean=mean, correction=correction)


def nanstd(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: None = None,
    ddof: Any = 0,
    keepdims: bool = False,
    *,
    where: Any = None,
    mean: ArrayLike | None = None,
    correction: Any = None,
) -> Value:
    """The standard deviation over `axis` of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanstd(wnp.array([1.0, np.nan, 3.0]))
        np.float64(1.0)
    """
    no_out(out)
    x, chosen = _averaged(a, dtype, where)
    return std(x, axis, dtype, ddof=ddof, keepdims=keepdims, where=chosen, mean=mean, correction=correction)


__all__ = ["nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar"]
