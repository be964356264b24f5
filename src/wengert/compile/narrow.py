"""Floating point of 16 bits: float16 and bfloat16 are in registers as float32 and in memory as the 16 bits that they are.

Each operation of the user's is computed in float32 and rounded to its dtype, as NumPy's loops do it; a value in a register
is always a number of its dtype. Processors with instructions for float16 convert by these, others by the integer
arithmetic below, with the same results. LLVM's own conversion of bfloat16 may flush what is below the normal range (Intel's
VCVTNEPS2BF16 does), so that one is integer arithmetic everywhere.
"""

from __future__ import annotations

import platform
from functools import lru_cache

import numpy as np

from ..lowering import narrow
from .emitter import Emitter, V

HALF = np.dtype(np.float16)
LEAST_NORMAL = 2.0**-14  # of float16
BEYOND = 2.0**16  # what is rounded to this has no float16
REBIAS = 2.0**112  # from a float32 with the exponent's bits of a float16 to the number


def has_instructions() -> bool:
    """Whether the processor that code is made for converts float16 and float32 by one instruction."""
    from . import engine

    return _converts(engine.OLDER)


@lru_cache(maxsize=4)
def _converts(older: str | None) -> bool:
    from . import engine

    if platform.machine().lower() in ("arm64", "aarch64"):
        return True
    return older in ("x86-64-v3", "x86-64-v4") if older else "+f16c" in engine.features().split(",")


def rounded(e: Emitter, x: V, dtype: np.dtype) -> V:
    """A float32 rounded to a dtype of 16 bits, ties to even; as it is for other dtypes."""
    if dtype.itemsize != 2 or not narrow(dtype):
        return x
    if x.const is not None:
        with np.errstate(all="ignore"):
            return e.const(float(np.float32(x.const).astype(dtype)), x)
    if dtype == HALF:
        if has_instructions():
            return e.cast("fpext", e.cast("fptrunc", x, "half"), "float")
        return _half_rounded(e, x)
    bits = e.and_(_to_nearest(e, e.cast("bitcast", x, "i32"), 16), _word(e, x, 0xFFFF0000))
    return e.select(e.fcmp("uno", x, x), x, e.cast("bitcast", bits, "float"))


def from_memory(e: Emitter, bits: V, dtype: np.dtype) -> V:
    """What an element of memory is in a register."""
    if dtype.kind == "b":
        return e.icmp("ne", bits, e.const(0, bits))
    if dtype.itemsize != 2 or not narrow(dtype):
        return bits
    if dtype == HALF and has_instructions():
        return e.cast("fpext", e.cast("bitcast", bits, "half"), "float")
    wide = e.cast("zext", bits, "i32")
    if dtype != HALF:
        return e.cast("bitcast", e.shl(wide, e.const(16, wide)), "float")
    size = e.and_(wide, e.const(0x7FFF, wide))
    small = e.cast("bitcast", e.shl(size, e.const(13, wide)), "float")
    number = e.cast("bitcast", e.fmul(small, e.const(REBIAS, small)), "i32")
    endless = e.or_(number, e.const(0x7F800000, wide))
    number = e.select(e.icmp("uge", size, e.const(0x7C00, wide)), endless, number)
    sign = e.shl(e.and_(wide, e.const(0x8000, wide)), e.const(16, wide))
    return e.cast("bitcast", e.or_(number, sign), "float")


def to_memory(e: Emitter, x: V, dtype: np.dtype) -> V:
    """What a value of a dtype is in memory; it has been rounded."""
    if dtype.kind == "b":
        return e.cast("zext", x, "i8")
    if dtype.itemsize != 2 or not narrow(dtype):
        return x
    if dtype == HALF and has_instructions():
        return e.cast("bitcast", e.cast("fptrunc", x, "half"), "i16")
    bits = e.cast("bitcast", x, "i32")
    if dtype != HALF:
        high = e.lshr(bits, e.const(16, bits))
        quiet = e.or_(high, e.const(0x40, bits))  # the part of a NaN that is left may be none
        return e.cast("trunc", e.select(e.fcmp("uno", x, x), quiet, high), "i16")
    size = e.and_(bits, e.const(0x7FFFFFFF, bits))
    normal = e.isub(e.lshr(size, e.const(13, bits)), e.const(112 << 10, bits))
    shifted = e.fadd(e.cast("bitcast", size, "float"), e.const(0.5, x))  # its last place is the least float16
    small = e.and_(e.cast("bitcast", shifted, "i32"), e.const(0x3FF, bits))
    found = e.select(e.icmp("ult", size, e.const(113 << 23, bits)), small, normal)
    found = e.select(e.icmp("uge", size, e.const(0x7F800000, bits)), e.const(0x7C00, bits), found)
    found = e.select(e.fcmp("uno", x, x), e.const(0x7E00, bits), found)
    sign = e.and_(e.lshr(bits, e.const(16, bits)), e.const(0x8000, bits))
    return e.cast("trunc", e.or_(found, sign), "i16")


def to_float(e: Emitter, x: V, dtype: np.dtype) -> V:
    """A float64 as a float32 from which rounding to a dtype of 16 bits gives what NumPy gives.

    For float16 that is the float64 rounded once: the float32 is rounded to odd, so that it is on no tie that the number is
    not on (S. Boldo, G. Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to
    odd", 2008). bfloat16 is rounded to float32 first, as its own conversion does.
    """
    near = e.cast("fptrunc", x, "float")
    if dtype != HALF:
        return near
    wide, bits = e.cast("fpext", near, "double"), e.cast("bitcast", near, "i32")
    beyond = e.fcmp("ogt", e.fabs(wide), e.fabs(x))
    bits = e.select(beyond, e.isub(bits, e.const(1, bits)), bits)
    inexact = e.fcmp("one", wide, x)
    return e.cast("bitcast", e.select(inexact, e.or_(bits, e.const(1, bits)), bits), "float")


def _word(e: Emitter, like: V, bits: int) -> V:
    """A constant of 32 bits for each lane, as LLVM counts them."""
    return e.constant(bits - (1 << 32) if bits >> 31 else bits, "i32", like.lanes)


def _to_nearest(e: Emitter, bits: V, places: int) -> V:
    """Bits of floats with half of the last place that is kept added, a bit less at ties that are even already."""
    odd = e.and_(e.lshr(bits, e.const(places, bits)), e.const(1, bits))
    return e.iadd(e.iadd(bits, e.const((1 << (places - 1)) - 1, bits)), odd)


def _half_rounded(e: Emitter, x: V) -> V:
    """A float32 rounded to a float16, as a float32."""
    half = e.const(0.5, x)
    bits = e.and_(_to_nearest(e, e.cast("bitcast", e.fabs(x), "i32"), 13), _word(e, x, 0xFFFFE000))
    normal = e.cast("bitcast", bits, "float")
    normal = e.select(e.fcmp("oge", normal, e.const(BEYOND, x)), e.const(np.inf, x), normal)
    small = e.fsub(e.fadd(e.fabs(x), half), half)
    found = e.select(e.fcmp("olt", e.fabs(x), e.const(LEAST_NORMAL, x)), small, normal)
    return e.select(e.fcmp("uno", x, x), x, e.copysign(found, x))


__all__ = ["from_memory", "has_instructions", "rounded", "to_float", "to_memory"]
