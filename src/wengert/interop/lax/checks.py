"""What `jax.lax` accepts: arrays and numbers of one dtype, of shapes that are equal up to axes of length 1, or scalars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...config import canonical_dtype
from ...core import PYTHON_SCALARS, Tracer, Value, as_array, as_value, default_dtype, inexact_dtype
from ...errors import AxisError
from ..array import Array, wrap

_SCALARS = frozenset(PYTHON_SCALARS)
_KINDS = {
    "bool": "b", "int": "i", "uint": "u", "float": "f", "bfloat": "f", "complex": "c",
}  # fmt: skip
_NAMES = {
    "b": "bool", "i": "signedinteger", "u": "unsignedinteger", "f": "floating", "c": "complexfloating",
}  # fmt: skip


def kind(dtype: np.dtype) -> str:
    """The kind of a dtype: one of b, i, u, f, c."""
    found = dtype.kind
    return found if found in "biufc" else "f" if inexact_dtype(dtype) else found


def operand(x: Any, name: str) -> tuple[Value, bool]:
    """A value of the library's, strong, and whether the argument was weak.

    Raises:
        TypeError: a list, text, or something else that is no array.
    """
    t = type(x)
    if t is Array:
        return x._value, x._weak
    if t in _SCALARS:
        return default_dtype(t).type(x), t is not bool
    if isinstance(x, Tracer):
        weak = x.weak
        return as_array(x), weak
    if isinstance(x, (np.ndarray, np.generic)):
        value: Any = as_array(x)
        return value, False
    if hasattr(x, "__jax_array__"):
        return operand(x.__jax_array__(), name)
    if isinstance(x, PYTHON_SCALARS):
        return operand(as_value(x), name)
    if hasattr(x, "__wengert_value__"):
        return as_array(x), False
    raise TypeError(
        f"Error interpreting argument to {name} as a JAX value. The problematic value is of type {type(x)}; lists are made "
        f"arrays with jax.numpy.array"
    )


def operands(xs: Iterable[Any], name: str) -> tuple[list[Value], bool]:
    """Values of the library's, and whether all arguments were weak."""
    pairs = [operand(x, name) for x in xs]
    return [v for v, _ in pairs], all(w for _, w in pairs)


def same_dtypes(name: str, values: Sequence[Any]) -> None:
    """Raises:
    TypeError: the dtypes of the values differ.
    """
    first = values[0].dtype
    for v in values:
        if v.dtype != first:
            listing = ", ".join(str(v.dtype) for v in values)
            raise TypeError(
                f"lax.{name} requires arguments to have the same dtypes, got {listing}. (Tip: jnp.{name} is a similar "
                f"function that does automatic type promotion on inputs)."
            )


def accepts(name: str, value: Any, kinds: str, position: int | None = None) -> None:
    """Raises:
    TypeError: the dtype of the value is of none of the kinds.
    """
    if kind(value.dtype) not in kinds:
        at = "" if position is None else f" at position {position}"
        raise TypeError(
            f"{name} does not accept dtype {value.dtype}{at}. Accepted dtypes{at} are subtypes of {_listing(kinds)}."
        )


def _listing(kinds: str) -> str:
    """Kinds of dtypes in JAX's words and order."""
    found = "iufcb" if "u" in kinds else "fcib"
    names = [_NAMES[k] for k in found if k in kinds]
    return ", ".join(names).replace("signedinteger, unsignedinteger", "integer")


def fitting(name: str, values: Sequence[Any]) -> None:
    """Raises:
    TypeError: shapes that are no scalars' differ in rank, or in lengths that are not 1.
    """
    shapes = [v.shape for v in values if v.shape]
    if len({len(s) for s in shapes}) > 1:
        ranks = sorted({len(s) for s in shapes})
        raise TypeError(f"{name}: arrays must have the same number of dimensions, got {ranks}")
    for lengths in zip(*shapes, strict=True):
        if len(set(lengths) - {1}) > 1:
            listing = ", ".join(map(str, shapes))
            raise TypeError(f"{name} got incompatible shapes for broadcasting: {listing}.")


def axis_of(axis: Any, ndim: int, name: str = "axis") -> int:
    """An axis that may be counted from the end.

    Raises:
        ValueError: there is no such axis.
    """
    axis = int(axis.__index__())
    if not -ndim <= axis < ndim:
        raise AxisError(f"{name} {axis} is out of bounds for array of dimension {ndim}")
    return axis % ndim


def whole(xs: Any, name: str) -> tuple[int, ...]:
    """A sequence of Python integers.

    Raises:
        TypeError: something that is no sequence of integers.
    """
    if isinstance(xs, (str, bytes)) or not hasattr(xs, "__iter__"):
        raise TypeError(f"{name} is a sequence of integers, got {xs!r}")
    return tuple([int(x.__index__()) for x in xs])


def given(dtype: Any) -> np.dtype:
    """A dtype that was asked for, in this mode."""
    return canonical_dtype(dtype)


def strong(x: Value) -> Array:
    """The result, of a strong dtype."""
    return wrap(x, False)
