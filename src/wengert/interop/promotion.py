"""JAX's promotion: which dtype an operation on several values has, and whether it is weak.

A Python number is weak: its kind (integer, floating, complex) counts, its width does not. The lattice is that of JAX's
type promotion semantics; two dtypes meet in the least one above both.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..config import _NARROW, canonical_dtype, config
from ..core import inexact_dtype
from .avals import KEY_TYPES

# Each dtype, and the next ones above it; "i*", "f*" and "c*" are weak integers, floats and complex numbers.
_NARROW_FLOATS = (
    "float8_e4m3fn float8_e5m2 float8_e4m3b11fnuz float8_e3m4 float8_e4m3 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu "
    "float4_e2m1fn float6_e2m3fn float6_e3m2fn"
)
_NARROW_INTEGERS = "int1 int2 int4 uint1 uint2 uint4"  # of less than a byte; they meet no other integers
_ABOVE = {
    "bool": "i*", "i*": f"uint8 int8 f* {_NARROW_INTEGERS}", "uint8": "uint16 int16", "uint16": "uint32 int32", "uint32": "uint64 int64",
    "uint64": "f*", "int8": "int16", "int16": "int32", "int32": "int64", "int64": "f*",
    "f*": f"c* bfloat16 float16 {_NARROW_FLOATS}", "bfloat16": "float32", "float16": "float32",
    **dict.fromkeys(_NARROW_FLOATS.split(), ""), **dict.fromkeys(_NARROW_INTEGERS.split(), ""),
    "float32": "float64 complex64",
    "float64": "complex128", "c*": "complex64", "complex64": "complex128", "complex128": "",
}  # fmt: skip
_WEAK = {"i": "i*", "u": "i*", "f": "f*", "V": "f*", "c": "c*"}


class TypePromotionError(ValueError):
    """Two dtypes that have no implicit promotion met: those of eight-bit floats, for example.

    Remedy: convert one of the arrays with ``astype``.
    """


_FLOAT32 = np.dtype(np.float32)
Kind = tuple[np.dtype, bool]  # a dtype, and whether it is weak


def _reach(name: str) -> frozenset[str]:
    return frozenset({name}).union(*map(_reach, _ABOVE[name].split()))


_REACH = {name: _reach(name) for name in _ABOVE}


def _name(dtype: np.dtype, weak: bool) -> str:
    return _WEAK.get(dtype.kind, dtype.name) if weak else dtype.name


@lru_cache(4096)
def _joined(kinds: tuple[Kind, ...], x64: bool) -> Kind:
    if len(set(kinds)) == 1:
        return kinds[0]
    dtypes = {d for d, _ in kinds}
    all_weak = all(w for _, w in kinds)
    if len(dtypes) == 1 and not all_weak:
        return kinds[0][0], False
    names = {_name(d, w and not all_weak) for d, w in kinds}
    common = frozenset.intersection(*[_REACH[n] for n in names])
    least = [n for n in common if common <= _REACH[n]]
    if len(least) != 1:
        raise TypePromotionError(
            f"dtypes {', '.join(sorted(names))} have no implicit promotion; convert one of them with astype"
        )
    found = least[0]
    if found.endswith("*"):
        wide = {"i*": "int64", "f*": "float64", "c*": "complex128"}[found]
        return _canonical(np.dtype(wide), x64), True
    dtype = next((d for d in dtypes if d.name == found), None) or np.dtype(found)
    return _canonical(dtype, x64), all_weak and dtype.kind != "b"


def _canonical(dtype: np.dtype, x64: bool) -> np.dtype:
    return dtype if x64 else _NARROW.get(dtype, dtype)


strict = False  # whether different dtypes meet in none: jax.numpy_dtype_promotion
ranks: str | None = None  # "warn" or "raise" where arrays of different rank meet: jax.numpy_rank_promotion


def check_ranks(shapes: list[tuple[int, ...]]) -> None:
    """Raise or warn where arrays have different numbers of axes, numbers apart.

    Raises:
        ValueError: they have, and it is forbidden.
    """
    numbers = {len(s) for s in shapes if s}
    if len(numbers) > 1:
        listing = " ".join(map(str, shapes))
        message = (
            f"Operands could not be broadcast together for an operation on shapes {listing} and with the config option "
            f"jax_numpy_rank_promotion={ranks!r}. For more information, see the page of JAX on rank promotion"
        )
        if ranks == "raise":
            raise ValueError(message)
        import warnings

        warnings.warn(message, stacklevel=3)


def _check_strict(kinds: tuple[Kind, ...]) -> None:
    strong = {d for d, w in kinds if not w}
    weak = {d.kind for d, w in kinds if w}
    order = "biufc".replace("u", "i")
    if len(strong) > 1 or (
        strong
        and any(
            order.find(k) > max(order.find("i" if d.kind == "u" else d.kind if d.kind != "V" else "f") for d in strong)
            for k in weak
        )
    ):
        raise TypePromotionError(
            f"Input dtypes {_told(kinds)} have no available implicit dtype promotion path when "
            f"jax_numpy_dtype_promotion=strict. Try explicitly casting inputs to the desired output type."
        )


def _told(kinds: tuple[Kind, ...]) -> tuple[str, ...]:
    """Dtypes by their names, and Python's types of weak ones, which come last."""
    of_numbers = {"i": "<class 'int'>", "f": "<class 'float'>", "c": "<class 'complex'>"}
    names = dict.fromkeys([of_numbers.get(d.kind, d.name) if weak else d.name for d, weak in kinds])
    return tuple(sorted(names, key=lambda n: n[0] == "<"))


def joined(*kinds: Kind) -> Kind:
    """The dtype of an operation on values of these dtypes, and whether it is weak.

    Raises:
        TypePromotionError: two of them do not promote, such as those of eight-bit floats.
        TypeError: there are keys of random numbers among them.

    Example:
        >>> joined((np.dtype("int32"), False), (np.dtype("float32"), True))[1]
        True
    """
    if strict:
        _check_strict(kinds)
    try:
        return _joined(kinds, bool(config._x64))
    except KeyError:  # keys of random numbers
        names = [str(KEY_TYPES.get(dtype, dtype.name)) for dtype, _ in kinds]
        raise TypeError(f"operations do not accept dtypes {', '.join(names)}.") from None


def floating(kind: Kind) -> Kind:
    """The kind of a result that is no integer: integers of 64 bits and weak ones become the default floats, those of fewer
    bits and truth values float32.
    """
    dtype, weak = kind
    if inexact_dtype(dtype):
        return kind
    return config.float_dtype if weak or dtype.itemsize == 8 else _FLOAT32, weak


def scalar_kind(scalar_type: type) -> Kind:
    """The kind of a Python number."""
    if scalar_type is bool:
        return np.dtype(bool), False
    wide = {int: "int64", float: "float64", complex: "complex128"}[scalar_type]
    return canonical_dtype(wide), True
