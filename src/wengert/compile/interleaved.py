"""Complex arrays as real ones, in the same memory: real and imaginary parts alternate, along a last axis of length 2."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value
from ..lowering.index_maps import Affine, Interleaved, Structure, strides_of

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


class Braided(Interleaved):
    """Arrays one after another along the `axis`, each as its two parts, which alternate along a last axis."""

    def pieces(self, eqn: Any) -> tuple[bool, list[tuple[Any, Affine]]]:
        strides = strides_of(eqn.outputs[0].aval.shape)
        placed: list[tuple[Any, Affine]] = []
        axis, start = eqn.params["axis"], 0
        for a, b in zip(eqn.inputs[::2], eqn.inputs[1::2], strict=True):
            offset = Affine((), start * strides[axis])
            for i, s in enumerate(strides[:-1]):
                offset = offset + Affine.axis(i).scaled(s)
            placed += [(a, offset), (b, offset + Affine((), 1))]
            start += a.aval.shape[axis]
        return False, placed


class _Braid(Primitive):
    """``braided(*parts)``: complex arrays, given as their parts, put together along an axis.

    Parameters:
        axis: along which.
    """

    def __init__(self) -> None:  # the compiler's own, as `columns`
        self.name, self.native = "braided", Braided()
        self.samples, self.reasons = None, {}
        self.native.declare(self)

    def impl(self, *parts: Value, axis: int) -> Value:
        return np.stack([np.concatenate(parts[k::2], axis) for k in (0, 1)], -1)

    def abstract(self, *avals: Aval, axis: int) -> Aval:
        shape = list(avals[0].shape)
        shape[axis] = sum(a.shape[axis] for a in avals[::2])
        return Aval((*shape, 2), avals[0].dtype)


_Braid()
_Pack()
_Unpack()

__all__ = ["COMPLEX", "REAL", "Braided", "Packed", "SameBytes", "Whole", "element"]
