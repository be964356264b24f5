"""Complex arrays as real ones, in the same memory: real and imaginary parts alternate, along a last axis of length 2."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value
from ..lowering.index_maps import Structure

REAL = {np.dtype(np.complex64): np.dtype(np.float32), np.dtype(np.complex128): np.dtype(np.float64)}
COMPLEX = {real: whole for whole, real in REAL.items()}


def element(dtype: np.dtype) -> int:
    """The bytes of what nests count places in: a part of a complex number."""
    return dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize


class SameBytes(Structure):
    """The memory of the operand as an array of another dtype."""

    flat = True

    def needs_memory(self, eqn: Any) -> bool:
        return True


class Packed(SameBytes):
    """A complex array as a real one, of shape ``(*x.shape, 2)``."""


class Whole(SameBytes):
    """A real array of pairs as a complex one."""


class _Pack(Primitive):
    def __init__(self) -> None:  # the compiler's own, as `columns`
        self.name, self.native = "packed", Packed()
        self.samples, self.reasons = None, {}
        self.native.declare(self)

    def impl(self, x: Value) -> Value:
        return np.stack([np.real(x), np.imag(x)], -1)

    def abstract(self, x: Aval) -> Aval:
        return Aval((*x.shape, 2), REAL[x.dtype])


class _Unpack(Primitive):
    def __init__(self) -> None:  # the compiler's own, as `columns`
        self.name, self.native = "whole", Whole()
        self.samples, self.reasons = None, {}
        self.native.declare(self)

    def impl(self, x: Value) -> Value:
        return np.ascontiguousarray(x).view(COMPLEX[x.dtype])[..., 0]

    def abstract(self, x: Aval) -> Aval:
        return Aval(x.shape[:-1], COMPLEX[x.dtype])


_Pack()
_Unpack()

__all__ = ["COMPLEX", "REAL", "Packed", "SameBytes", "Whole", "element"]
