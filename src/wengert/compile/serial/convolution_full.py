"""The full convolution over the last axis: multiples of the longer operand, each further along, added up."""

from __future__ import annotations

import math

from ...lowering.formulas import accumulate, multiply
from ..emitter import V
from .step import Body, Serial
from .writer import Writer, known


def convolve(step: Serial) -> Body | None:
    (x, y), (out,) = (a.aval for a in step.eqn.inputs), (v.aval for v in step.eqn.outputs)
    if not known(x, y, out) or out.dtype.kind == "b" or x.dtype != out.dtype or y.dtype != out.dtype:
        return None
    if not x.shape[-1] or not y.shape[-1]:
        return None
    rows = math.prod(x.shape[:-1])
    n, m, length = x.shape[-1], y.shape[-1], out.shape[-1]
    step.work = rows * n * m // 4

    def write(w: Writer) -> None:
        (long, short), (target,) = w.inputs, w.outputs
        count, taps = n, m
        if m > n:
            long, short, count, taps = short, long, m, n
        w.clear(target.pointer, rows * length * out.dtype.itemsize)
        with w.loop(rows) as row, w.loop(taps) as tap:
            weight = short.load(w.iadd(w.scaled(row.index, taps), tap.index))
            base = w.iadd(w.scaled(row.index, length), tap.index)
            start = w.scaled(row.index, count)

            def strip(first: V, lanes: int) -> None:
                at = w.iadd(base, first)
                term = multiply(w, out.dtype, w.splat(weight, lanes), long.load(w.iadd(start, first), lanes))
                target.store(at, accumulate(w, out.dtype, target.load(at, lanes), term))

            w.strips(count, w.lanes(out.dtype), strip)

    return write
