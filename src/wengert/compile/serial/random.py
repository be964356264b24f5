"""Random bits: threefry with two 32-bit words and 20 rounds, on vectors of counters (see `ops.random`).

A key is 64 bits in memory: its first word the low half, its second the high one.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...config import config
from ...lowering import computed_in
from ..emitter import V
from ..scalars import REGISTERS, cast
from .step import Body, Serial
from .writer import INT64, Array, Writer, broadcast_strides, collapsed, known

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def threefry(w: Writer, k0: V, k1: V, x0: V, x1: V) -> tuple[V, V]:
    """20 rounds over words of one number of lanes."""
    keys = (k0, k1, w.xor(w.xor(k0, k1), w.const(PARITY, k0)))
    x0, x1 = w.iadd(x0, keys[0]), w.iadd(x1, keys[1])
    for group in range(5):
        for r in ROTATIONS[group % 2]:
            x0 = w.iadd(x0, x1)
            x1 = w.xor(w.intrinsic("fshl", x1, x1, w.const(r, x1)), x0)
        x0 = w.iadd(x0, keys[(group + 1) % 3])
        x1 = w.iadd(x1, w.iadd(keys[(group + 2) % 3], w.const(group + 1, k0)))
    return x0, x1


def _words(w: Writer, key: V) -> tuple[V, V]:
    return w.cast("trunc", key, "i32"), w.cast("trunc", w.lshr(key, w.const(32, key)), "i32")


def _joined(w: Writer, low: V, high: V) -> V:
    """64 bits of two words."""
    high = w.cast("zext", high, "i64")
    return w.or_(w.shl(high, w.const(32, high)), w.cast("zext", low, "i64"))


Result = Callable[[Writer, V, V], V]


def _of_counters(step: Serial, count: int, result: Result) -> Body | None:
    """For each key, a function of both output words for counters 0, 1, …"""
    if not known(step.eqn.inputs[0].aval, step.eqn.outputs[0].aval) or count >= 2**32:
        return None
    keys = math.prod(step.eqn.inputs[0].aval.shape)
    step.work = keys * count * 4  # vectors of words

    def write(w: Writer) -> None:
        (given,), (target,) = w.inputs, w.outputs
        with w.loop(keys) as loop:
            k0, k1 = _words(w, given.load(loop.index))
            base = w.scaled(loop.index, count)

            def strip(first: V, lanes: int) -> None:
                counter = w.splat(w.cast("trunc", first, "i32"), lanes)
                if lanes > 1:
                    counter = w.iadd(counter, w.lanes_constant(range(lanes), "i32"))
                x0, x1 = threefry(w, w.splat(k0, lanes), w.splat(k1, lanes), w.const(0, counter), counter)
                target.store(w.iadd(base, first), result(w, x0, x1))

            lanes = w.lanes(np.dtype(np.uint32))
            while lanes > 1 and lanes > count:
                lanes //= 2
            w.strips(count, lanes, strip)

    return write


def _bits(w: Writer, width: int, x0: V, x1: V) -> V:
    if width == 64:
        return _joined(w, x1, x0)
    bits = w.xor(x0, x1)
    return bits if width == 32 else w.cast("trunc", bits, f"i{width}")


def bits(step: Serial) -> Body | None:
    width = step.eqn.params["width"]
    return _of_counters(step, math.prod(step.eqn.params["shape"]), lambda w, x0, x1: _bits(w, width, x0, x1))


def split(step: Serial) -> Body | None:
    return _of_counters(step, math.prod(step.eqn.params["shape"]), _joined)


def floats(step: Serial) -> Body | None:
    dtype = np.dtype(step.eqn.params["dtype"])
    if dtype not in (np.float32, np.float64):
        return None
    return _of_counters(step, math.prod(step.eqn.params["shape"]), lambda w, x0, x1: unit(w, dtype, x0, x1))


def unit(w: Writer, dtype: np.dtype, x0: V, x1: V) -> V:
    """Bits as the mantissa of a number in [1, 2), less 1."""
    width = dtype.itemsize * 8
    word = _bits(w, width, x0, x1)
    mantissa = w.lshr(word, w.const(width - np.finfo(dtype).nmant, word))
    one = int(np.ones((), dtype).view(f"u{dtype.itemsize}"))
    number = w.cast("bitcast", w.or_(mantissa, w.const(one, word)), REGISTERS[dtype])
    return w.fsub(number, w.const(1.0, number))


def same_bytes(step: Serial) -> Body | None:
    x, out = step.eqn.inputs[0].aval, step.eqn.outputs[0].aval
    size = math.prod(out.shape) * out.dtype.itemsize
    if (
        not known(x, out)
        or size != math.prod(x.shape) * x.dtype.itemsize
        or "f" in (computed_in(x.dtype).kind, computed_in(out.dtype).kind)
    ):
        return None

    def write(w: Writer) -> None:
        (source,), (target,) = w.inputs, w.outputs
        if source.constant is not None:  # one key
            target.w.raw(f"  store {source.constant!r}, ptr {target.pointer}, align 4")
        else:
            w.copy(target.pointer, source.pointer, size)

    return write if x.dtype == np.uint32 or out.dtype == np.uint32 else None


def seed(step: Serial) -> Body | None:
    x64 = config.enable_x64

    def key(w: Writer, x: V) -> V:
        if x64:
            return w.intrinsic("fshl", x, x, w.const(32, x))
        return w.shl(x, w.const(32, x))

    return _elementwise(step, key)


def fold_in(step: Serial) -> Body | None:
    def fold(w: Writer, key: V, data: V) -> V:
        k0, k1 = _words(w, key)
        return _joined(w, *threefry(w, k0, k1, w.const(0, k0), w.cast("trunc", data, "i32")))

    return _elementwise(step, fold)


def _elementwise(step: Serial, f: Callable[..., V]) -> Body | None:
    """A function of 64-bit words (keys, or integers as int64) with operands broadcast together."""
    avals, out = [a.aval for a in step.eqn.inputs], step.eqn.outputs[0].aval
    if not known(*avals, out) or any(computed_in(a.dtype).kind == "f" for a in avals):
        return None
    extents, strides = collapsed(out.shape, [broadcast_strides(a.shape, out.shape) for a in (out, *avals)])

    def write(w: Writer) -> None:
        (target,) = w.outputs
        with w.nest(extents[:-1], [s[:-1] for s in strides]) as (to, *fro):
            steps = [s[-1] if s else 0 for s in strides]

            def strip(first: V, lanes: int) -> None:
                words = [
                    _word(w, a, w.iadd(o, w.scaled(first, s)), lanes, s)
                    for a, o, s in zip(w.inputs, fro, steps[1:], strict=True)
                ]
                target.store(w.iadd(to, first), f(w, *words))

            lanes = w.lanes(INT64) if all(s in (0, 1) for s in steps) else 1
            w.strips(extents[-1] if extents else 1, lanes, strip)

    return write


def _word(w: Writer, a: Array, offset: V, lanes: int, step: int) -> V:
    x = a.load(offset, lanes, step)
    return x if a.dtype.kind == "V" else cast(w, x, a.dtype, INT64)
