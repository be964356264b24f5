"""The options that NumPy's universal functions take by keyword: ``out=``, ``where=``, ``dtype=``, ``casting=`` and others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Tracer, Value, as_value, dtype_of, is_weak
from ..errors import NotSupportedError
from ..lowering import PRIMITIVES, formulas
from .casts import convert
from .promotion import broadcast_shapes
from .shape import broadcast_to

_ABOUT_MEMORY = ("order", "subok")  # what they say has no meaning for a value under transformation
_KNOWN = ("out", "where", "dtype", "casting", "signature", *_ABOUT_MEMORY)


def with_options(call: Callable[..., Value], ufunc: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """`call` of `args` with NumPy's options.

    Elements that `where` leaves out are 0, as NumPy leaves them undefined where there is no `out`.

    Raises:
        TypeError: there is no such option, or `casting` does not allow a conversion to `dtype`.
        NotSupportedError: `out` for values under transformation.
    """
    for name in options:
        if name not in _KNOWN:
            raise TypeError(
                f"{call.__name__} got an unexpected keyword argument {name!r}; it takes {', '.join(_KNOWN)}"
            )
    out, where, dtype = options.get("out"), options.get("where", True), options.get("dtype")
    values = [as_value(a) for a in args]
    traced = any(isinstance(v, Tracer) for v in (*values, where))
    if out is not None and traced:
        raise NotSupportedError("out= cannot write values under transformation into an array; use the result")
    if not traced and out is not None and isinstance(ufunc, np.ufunc):
        return ufunc(*values, **options)
    if dtype is not None:
        casting = options.get("casting", "same_kind")
        for v in values:
            if not is_weak(v) and not np.can_cast(dtype_of(v), dtype, casting):
                raise TypeError(
                    f"{call.__name__}: {dtype_of(v)} cannot become {np.dtype(dtype)} by {casting!r}; use astype"
                )
        values = [convert(v, dtype) for v in values]
    if where is True:
        return call(*values)
    with np.errstate(all="ignore"):  # of what is left out nobody is warned
        result = call(*values)
    mask = as_value(where)
    shape = broadcast_shapes(
        call.__name__, np.shape(mask) if not isinstance(mask, Tracer) else mask.shape, result.shape
    )
    return PRIMITIVES[formulas.where].bind(mask, broadcast_to(result, shape), dtype_of(result).type(0))


__all__ = ["with_options"]
