"""Sorting along an axis: rows are mapped to unsigned integers in the same order, sorted, and mapped back.

What sorts them (`sorters`) is stable, so that it sorts indices beside keys. All NaNs are one key, the largest; for
indices the two zeros are one key too.
"""

from __future__ import annotations

import math

import numpy as np

from ...lowering import narrow
from ..emitter import BITS, V
from ..narrow import from_memory, to_memory
from .sorters import SHORT, sorter
from .step import Body, Serial
from .writer import Text, Writer, known, memory_type

FEW = 1 << 10  # values in long rows beyond which NumPy's sort is faster, the call included


def sort(step: Serial) -> Body | None:
    (x,), (out,) = (a.aval for a in step.eqn.inputs), (v.aval for v in step.eqn.outputs)
    if not known(x, out) or not x.shape:
        return None
    indices = step.options["indices"]
    axis = step.eqn.params["axis"] % len(x.shape)
    outer, n, inner = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    if n >= 2**31 or (not indices and n > SHORT and math.prod(x.shape) > FEW):
        return None
    type_ = memory_type(np.dtype(f"u{x.dtype.itemsize}"))
    size = x.dtype.itemsize
    step.scratch_array(f"u{size}", 2, n)
    step.scratch_array(np.uint32, size, 256)
    if indices:
        step.scratch_array(np.uint32, 2, n)
    step.work = math.prod(x.shape) * 4 * max(n, 2).bit_length()

    def write(w: Writer) -> None:
        (source,), (target,) = w.inputs, w.outputs
        keys, counts, *places = w.scratch
        half = w.int(n)
        pointers = [p for a in (keys, *places) for p in (a.pointer, a.at(half))]
        sorted_ = sorter(w, type_, indices, n, pointers, counts.pointer)
        with w.loop(outer) as rows, w.loop(inner) as columns:
            base = w.iadd(w.scaled(rows.index, n * inner), columns.index)

            def read(first: V, lanes: int) -> None:
                value = source.load(w.iadd(base, w.scaled(first, inner)), lanes)
                keys.store(first, _key(w, x.dtype, value, indices))
                if indices:
                    number = w.splat(w.cast("trunc", first, "i32"), lanes)
                    if lanes > 1:
                        number = w.iadd(number, w.lanes_constant(range(lanes), "i32"))
                    places[0].store(first, number)

            w.strips(n, w.lanes(x.dtype) if inner == 1 else 1, read)
            start = half if sorted_() else w.int(0)

            def put(first: V, lanes: int) -> None:
                at, here = w.iadd(base, w.scaled(first, inner)), w.iadd(start, first)
                if indices:
                    number = places[0].load(here, lanes)
                    target.store(at, number if out.dtype.itemsize == 4 else w.cast("zext", number, "i64"))
                else:
                    target.store(at, _value(w, x.dtype, keys.load(here, lanes)))

            w.strips(n, w.lanes(max(x.dtype, out.dtype, key=lambda d: d.itemsize)) if inner == 1 else 1, put)

    return write


# --- keys -------------------------------------------------------------------------------------------------------


def _sign(w: Text, like: V) -> V:
    return w.const(-(1 << (BITS[like.type] - 1)), like)


def _key(w: Text, dtype: np.dtype, x: V, one_zero: bool) -> V:
    """An unsigned integer that is ordered as the number is."""
    if dtype.kind == "b":
        return w.cast("zext", x, "i8")
    if dtype.kind == "u":
        return x
    if dtype.kind == "i":
        return w.xor(x, _sign(w, x))
    nan = w.fcmp("uno", x, x)
    x = w.fadd(x, w.const(0.0, x)) if one_zero else x
    bits = to_memory(w, x, dtype) if narrow(dtype) else w.cast("bitcast", x, f"i{BITS[x.type]}")
    negative = w.ashr(bits, w.const(BITS[bits.type] - 1, bits))
    key = w.xor(bits, w.or_(negative, _sign(w, bits)))
    return w.select(nan, w.const(-1, bits), key)


def _value(w: Text, dtype: np.dtype, key: V) -> V:
    """The number of a key."""
    if dtype.kind == "b":
        return w.icmp("ne", key, w.const(0, key))
    if dtype.kind == "u":
        return key
    if dtype.kind == "i":
        return w.xor(key, _sign(w, key))
    negative = w.xor(w.ashr(key, w.const(BITS[key.type] - 1, key)), w.const(-1, key))
    bits = w.xor(key, w.or_(negative, _sign(w, key)))
    if narrow(dtype):
        return from_memory(w, bits, dtype)
    return w.cast("bitcast", bits, "double" if dtype.itemsize == 8 else "float")
