"""Dtypes by name, and questions about them. bfloat16 and its kin are imported on first use (`__getattr__`)."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
from numpy import (
    bool,  # noqa: A004
    bool_,
    character,
    complex64,
    complex128,
    complexfloating,
    dtype,
    e,
    euler_gamma,
    flexible,
    float16,
    float32,
    float64,
    floating,
    generic,
    get_printoptions,
    inexact,
    inf,
    int8,
    int16,
    int32,
    int64,
    integer,
    nan,
    ndarray,
    newaxis,
    number,
    object_,
    pi,
    printoptions,
    set_printoptions,
    signedinteger,
    uint8,
    uint16,
    uint32,
    uint64,
    unsignedinteger,
)

from ..config import canonical_dtype
from ..core import EXTENDED_FLOATS, PYTHON_SCALARS, Tracer, as_value, aval_of
from ..nearest import no_attribute
from ..ops.promotion import result_dtype
from ..vocabulary import ArrayLike, DTypeLike, Value

double, single, csingle, cdouble, half = float64, float32, complex64, complex128, float16
int_, float_, complex_, uint = int64, float64, complex128, uint64
byte, short, intc, longlong, intp = int8, int16, int32, int64, np.intp
ubyte, ushort, uintc, ulonglong, uintp = uint8, uint16, uint32, uint64, np.uintp
long, ulong = np.long, np.ulong


# Integers of less than a byte, which `ml_dtypes` gives NumPy.
EXTENDED_INTEGERS = frozenset(("int1", "int2", "int4", "uint1", "uint2", "uint4"))


def __getattr__(name: str) -> Any:
    if name in EXTENDED_FLOATS or name in EXTENDED_INTEGERS:
        import ml_dtypes

        found = globals()[name] = getattr(ml_dtypes, name)  # asked for once
        return found
    raise no_attribute(__name__, name, [*__all__, *EXTENDED_FLOATS, *EXTENDED_INTEGERS])


def _dtype(x: ArrayLike) -> np.dtype:
    return x.dtype if isinstance(x, (Tracer, ndarray, generic)) else np.dtype(x)


def finfo(dtype: DTypeLike) -> Any:  # noqa: F811
    """The limits of a floating dtype.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.finfo("float32").eps == 2**-23
        np.True_
    """
    d = _dtype(dtype)
    if d.name in EXTENDED_FLOATS:
        import ml_dtypes

        return ml_dtypes.finfo(d)
    return np.finfo(d)


def iinfo(dtype: DTypeLike) -> Any:  # noqa: F811
    """The limits of an integer dtype.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.iinfo("int8").max
        127
    """
    d = _dtype(dtype)
    if d.name in EXTENDED_INTEGERS:
        import ml_dtypes

        return ml_dtypes.iinfo(d)
    return np.iinfo(d)


def result_type(*arrays_and_dtypes: Any) -> np.dtype:
    """The dtype that NumPy's promotion gives; Python numbers are weak.

    Example:
        >>> result_type(np.float32(1), 2.0)
        dtype('float32')
    """
    kinds = []
    for x in arrays_and_dtypes:
        if type(x) in PYTHON_SCALARS:
            kinds.append(aval_of(x))
        elif isinstance(x, (type, str, np.dtype)):
            kinds.append(_Only(np.dtype(x)))
        else:
            kinds.append(aval_of(as_value(x)))
    return result_dtype(*kinds)


class _Only:
    """A dtype where an abstract value is expected."""

    weak = False

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = canonical_dtype(dtype)


def promote_types(type1: Any, type2: Any) -> np.dtype:
    """The smallest dtype that both can be cast to.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.promote_types("int32", "float32")
        dtype('float64')
    """
    return canonical_dtype(np.promote_types(np.dtype(type1), np.dtype(type2)))


def issubdtype(arg1: Any, arg2: Any) -> builtins.bool:
    """Whether a dtype is of a kind (``issubdtype(float32, floating)``); bfloat16 is floating.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.issubdtype("int16", np.integer)
        True
    """
    kind = np.dtype(arg1) if not (isinstance(arg1, type) and issubclass(arg1, generic)) else arg1
    name = getattr(kind, "name", getattr(kind, "__name__", ""))
    if name in EXTENDED_FLOATS and isinstance(arg2, type) and issubclass(arg2, generic):
        return arg2 in (generic, number, inexact, floating) or arg2 is getattr(kind, "type", kind)
    if name in EXTENDED_INTEGERS and isinstance(arg2, type) and issubclass(arg2, generic):
        signed = unsignedinteger if name[0] == "u" else signedinteger
        return arg2 in (generic, number, integer, signed) or arg2 is getattr(kind, "type", kind)
    return np.issubdtype(arg1, arg2)


def isdtype(dtype: DTypeLike, kind: Any) -> builtins.bool:  # noqa: F811
    """The array standard's ``isdtype``: `kind` a dtype, a name such as "real floating", or a tuple of them.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.isdtype(np.float32, "real floating")
        True
    """
    d = np.dtype(dtype)
    if d.name in EXTENDED_FLOATS:
        kinds = kind if isinstance(kind, tuple) else (kind,)
        return any(k in ("real floating", "numeric") or (not isinstance(k, str) and np.dtype(k) == d) for k in kinds)
    if d.name in EXTENDED_INTEGERS:
        kinds = kind if isinstance(kind, tuple) else (kind,)
        signed = "unsigned integer" if d.name[0] == "u" else "signed integer"
        named = (signed, "integral", "numeric")
        return any(k in named or (not isinstance(k, str) and np.dtype(k) == d) for k in kinds)
    return builtins.bool(np.isdtype(d, kind))


def common_type(*arrays: Any) -> Value:
    """The floating or complex type that all `arrays` fit in; float64 at least where one holds integers.

    Example:
        >>> common_type(np.zeros(2, np.float32), np.zeros(2, np.complex64))
        <class 'numpy.complex64'>
    """
    return np.common_type(*[np.zeros((), aval_of(as_value(a)).dtype) for a in arrays])


def min_scalar_type(a: ArrayLike, /) -> np.dtype:
    """The smallest dtype that holds the number `a`; the dtype of `a` if it is an array or under transformation.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.min_scalar_type(300)
        dtype('uint16')
    """
    return a.dtype if isinstance(a, Tracer) else np.min_scalar_type(a)


def mintypecode(typechars: Any, typeset: Any = "GDFgdf", default: str = "d") -> str:
    """NumPy's ``mintypecode``: the character of the smallest type that those of `typechars` can be cast to.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.mintypecode(["f", "D"])
        'D'
    """
    return np.mintypecode(typechars, typeset, default)


def can_cast(from_: Any, to: Any, casting: str = "safe") -> builtins.bool:
    """NumPy's ``can_cast``.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.can_cast("int8", "int16"), wnp.can_cast("float64", "int64")
        (True, False)
    """
    return np.can_cast(from_.dtype if isinstance(from_, Tracer) else from_, to, casting)  # type: ignore[arg-type]


__all__ = [
    "bool",
    "bool_",
    "byte",
    "can_cast",
    "cdouble",
    "character",
    "common_type",
    "complex64",
    "complex128",
    "complex_",
    "complexfloating",
    "csingle",
    "double",
    "dtype",
    "e",
    "euler_gamma",
    "finfo",
    "flexible",
    "float16",
    "float32",
    "float64",
    "float_",
    "floating",
    "generic",
    "get_printoptions",
    "half",
    "iinfo",
    "inexact",
    "inf",
    "int8",
    "int16",
    "int32",
    "int64",
    "int_",
    "intc",
    "integer",
    "intp",
    "isdtype",
    "issubdtype",
    "long",
    "longlong",
    "min_scalar_type",
    "mintypecode",
    "nan",
    "ndarray",
    "newaxis",
    "number",
    "object_",
    "pi",
    "printoptions",
    "promote_types",
    "result_type",
    "set_printoptions",
    "short",
    "signedinteger",
    "single",
    "ubyte",
    "uint",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "uintc",
    "uintp",
    "ulong",
    "ulonglong",
    "unsignedinteger",
    "ushort",
]  # fmt: skip
