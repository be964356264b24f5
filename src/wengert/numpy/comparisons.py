"""Comparisons of whole arrays, and questions about the kind of numbers an array holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, as_array, dtype_of, inexact_dtype, ndim_of, shape_of
from ..ops import elementwise as _ops
from ..ops.elementwise import (
    absolute,
    convert,
    equal,
    imag,
    isfinite,
    isinf,
    isnan,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    signbit,
    where_p,
)
from ..ops.reduction import all as _all
from .dispatch import no_out


def iscomplex(x: Any) -> Any:
    """Whether elements have an imaginary part that is not zero.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.iscomplex(wnp.array([1 + 0j, 1j]))
        array([False,  True])
    """
    x = as_array(x)
    return _ops.not_equal(imag(x), 0) if dtype_of(x).kind == "c" else np.zeros(shape_of(x), bool)


def isreal(x: Any) -> Any:
    """Whether elements have no imaginary part.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.isreal(wnp.array([1 + 0j, 1j]))
        array([ True, False])
    """
    x = as_array(x)
    return equal(imag(x), 0) if dtype_of(x).kind == "c" else np.ones(shape_of(x), bool)


def iscomplexobj(x: Any) -> bool:
    """Whether `x` has a complex dtype.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.iscomplexobj(wnp.array([1 + 0j]))
        True
    """
    dtype = getattr(x, "dtype", None)  # of an array; a scalar type has one too
    return (dtype if isinstance(dtype, np.dtype) else dtype_of(as_array(x))).kind == "c"


def isrealobj(x: Any) -> bool:
    """Whether `x` has no complex dtype.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.isrealobj(wnp.array([1.0])), wnp.isrealobj(wnp.array([1j]))
        (True, False)
    """
    return not iscomplexobj(x)


def isscalar(element: Any) -> bool:
    """Whether `element` is a number or an array without axes.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.isscalar(3.0), wnp.isscalar([3.0])
        (True, False)
    """
    return isinstance(element, (int, float, complex, str, bytes, np.generic)) or (
        isinstance(element, (np.ndarray, Tracer)) and ndim_of(element) == 0
    )


def isposinf(x: Any, out: None = None) -> Any:
    """Whether elements are plus infinity.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.isposinf(wnp.array([np.inf, -np.inf]))
        array([ True, False])
    """
    no_out(out)
    return logical_and(isinf(x), logical_not(signbit(x)))


def isneginf(x: Any, out: None = None) -> Any:
    """Whether elements are minus infinity.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.isneginf(wnp.array([np.inf, -np.inf]))
        array([False,  True])
    """
    no_out(out)
    return logical_and(isinf(x), signbit(x))


# --- comparison of arrays ---------------------------------------------------------------------------------------


def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Whether elements are equal to within ``atol + rtol * abs(b)``.

    Example:
        >>> isclose(1.0, 1.0 + 1e-9)
        np.True_
    """
    if not any(isinstance(v, Tracer) for v in (a, b, rtol, atol)):
        return np.isclose(as_array(a), as_array(b), rtol, atol, equal_nan)
    a, b = as_array(a), as_array(b)
    if not inexact_dtype(dtype_of(b)):
        b = convert(b, config.float_dtype)
    finite = logical_and(isfinite(a), isfinite(b))
    safe_a, safe_b = where_p.bind(finite, a, 0), where_p.bind(finite, b, 0)
    near = less_equal(absolute(safe_a - safe_b), atol + rtol * absolute(safe_b))
    out = where_p.bind(finite, near, equal(a, b))
    return logical_or(out, logical_and(isnan(a), isnan(b))) if equal_nan else out


def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all elements are equal to within ``atol + rtol * abs(b)``.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.allclose(wnp.array([0.1]) * 3, 0.3), wnp.allclose(1.0, 1.1)
        (np.True_, np.False_)
    """
    return _all(isclose(a, b, rtol, atol, equal_nan))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Whether two arrays have one shape and the same elements.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.array_equal([1, 2], wnp.array([1.0, 2.0])), wnp.array_equal([1, 2], [1, 2, 3])
        (np.True_, np.False_)
    """
    a, b = as_array(a1), as_array(a2)
    if shape_of(a) != shape_of(b):
        return np.False_
    same = equal(a, b)
    if equal_nan and inexact_dtype(dtype_of(a)) and inexact_dtype(dtype_of(b)):
        same = logical_or(same, logical_and(isnan(a), isnan(b)))
    return _all(same)


def array_equiv(a1: Any, a2: Any) -> Any:
    """Whether two arrays broadcast together and have the same elements.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.array_equiv([1, 2], [[1, 2], [1, 2]])
        np.True_
    """
    a, b = as_array(a1), as_array(a2)
    try:
        np.broadcast_shapes(shape_of(a), shape_of(b))
    except ValueError:
        return np.False_
    return _all(equal(a, b))


__all__ = [
    "allclose", "array_equal", "array_equiv", "isclose", "iscomplex", "iscomplexobj", "isneginf", "isposinf",
    "isreal", "isrealobj", "isscalar",
]  # fmt: skip
