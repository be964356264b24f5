"""What is refused where an operation is written into a Program: shapes that no array has, and integers that do not fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value, inexact_dtype
from ..errors import ShapeError
from ..ops.families import Elementwise
from ..ops.fits import check_fits
from ..program import Atom, Literal, Var

MOST_BYTES = 2**63 - 1  # of an array: addresses are numbers of 64 bits, with a sign


_LEAST = -(2**63)


def check_shape(primitive: Primitive, aval: Aval) -> None:
    """Refuse shapes that no array can have, which native loops would go over without an end.

    Raises:
        ShapeError: a length is negative, or the bytes have no number of 64 bits.
    """
    shape = aval.shape
    if min(shape) < 0:
        raise ShapeError(f"{primitive.name}: negative dimensions are not allowed, got shape {shape}")
    if math.prod(shape) * aval.dtype.itemsize > MOST_BYTES:
        raise ShapeError(f"{primitive.name}: an array of shape {shape} is larger than any memory")


def large_as_floats(atoms: list[Atom]) -> list[Atom]:
    """Python integers that no integer of 64 bits holds as the floats that they are beside floating point numbers."""
    if not any(inexact_dtype(a.aval.dtype) for a in atoms):
        return atoms
    large = [type(a) is Literal and type(a.value) is int and not _LEAST <= a.value <= -_LEAST - 1 for a in atoms]
    return [Literal(float(a.value)) if b else a for a, b in zip(atoms, large, strict=True)] if any(large) else atoms  # type: ignore[union-attr]


def refuse_large(primitive: Primitive, args: Sequence[Value], atoms: Sequence[Atom], out: Any) -> None:
    """Python integers that a dtype cannot hold are refused as NumPy refuses them: its own function is asked, with a number
    that is known, or with one that is too large whether it minds where a traced number is.

    Raises:
        OverflowError: such as for ``uint8 + 1000``.
    """
    kinds = [out, *[a.aval for a in atoms]] if isinstance(out, Aval) else [a.aval for a in atoms]
    limits = [np.iinfo(a.dtype) for a in kinds if a.dtype.kind in "iu" and not a.weak]
    if not limits:
        return
    numbers = [a.value for a in atoms if type(a) is Literal and type(a.value) is int]
    if isinstance(primitive, Elementwise) and primitive.indices_from is None:
        least = min((a.dtype for a in kinds if a.dtype.kind in "iu" and not a.weak), key=lambda d: np.iinfo(d).max)
        for i, a in enumerate(atoms):
            if type(a) is Var and a.aval.weak and a.aval.dtype.kind == "i" and _minds(primitive, atoms, i, least):
                check_fits(args[i], least)
    if all(limit.min <= n <= limit.max for limit in limits for n in numbers):
        return
    if isinstance(primitive, Elementwise):
        with np.errstate(all="ignore"):
            primitive.impl(*[_nothing(a) for a in atoms])
    elif primitive.indices_from == 2 and type(atoms[1]) is Literal and isinstance(out, Aval):  # a scatter
        np.zeros(1, out.dtype)[0] = atoms[1].value


def _minds(primitive: Primitive, atoms: Sequence[Atom], i: int, dtype: np.dtype[Any]) -> bool:
    """Whether NumPy refuses a number that a dtype cannot hold as an argument of an operation."""
    tried = [_nothing(a) for a in atoms]
    tried[i] = 1 << 62 if dtype.itemsize < 8 else -1
    try:
        with np.errstate(all="ignore"):
            primitive.impl(*tried)
    except OverflowError:
        return True
    return False


def _nothing(a: Atom) -> Value:
    """An array of size 0 of the type of an atom, or a Python number of it: one that is known as it is."""
    if a.aval.weak:
        return a.value if isinstance(a, Literal) else a.aval.dtype.type(0).item()
    return np.zeros(0, a.aval.dtype)


__all__ = ["check_shape", "refuse_large"]
