"""Running sums, products, extremes and log-sum-exps along an axis, in NumPy's order: one element after another.

Along any axis but the last the elements of a row are independent, and are vectors.
"""

from __future__ import annotations

import math

import numpy as np

from ...core import Aval, Primitive
from ...lowering.monoids import Monoid
from ..emitter import V
from ..narrow import rounded
from ..scalars import emit_elementwise, lowered
from .step import Body, Serial
from .writer import Writer, known

FEW = 64  # log-sum-exps that each wait for the one before, beyond which NumPy's are faster, the call included


def running(step: Serial) -> Body | None:
    (x,), (out,) = (a.aval for a in step.eqn.inputs), (v.aval for v in step.eqn.outputs)
    if not known(x, out) or not x.shape:
        return None
    # Integers may be narrowed at the end by NumPy: modulo 2**n that is the same.
    operation = step.options["operation"]
    if not np.can_cast(x.dtype, out.dtype) and (x.dtype.kind == "f" or not isinstance(operation, Monoid)):
        return None
    f = _combine(operation, out.dtype)
    if f is None:
        return None
    axis = step.eqn.params["axis"] % len(x.shape)
    outer, n, inner = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])

    if not isinstance(operation, Monoid) and inner == 1 and math.prod(x.shape) > FEW:
        return None

    def write(w: Writer) -> None:
        (source,), (target,) = w.inputs, w.outputs

        def strip(base: V, lanes: int) -> None:
            first = source.load(base, lanes, 1, out.dtype)
            target.store(base, first)
            with w.loop(n, first, first=1) as loop:
                at = w.iadd(base, w.scaled(loop.index, inner))
                loop.next[1] = f(w, loop.carried[1], source.load(at, lanes, 1, out.dtype))
                target.store(at, loop.next[1])

        if math.prod(out.shape):
            with w.loop(outer) as rows:
                base = w.scaled(rows.index, n * inner)
                lanes = w.lanes(out.dtype, 4) if inner >= w.lanes(out.dtype, 4) else w.lanes(out.dtype)
                w.strips(inner, lanes, lambda first, lanes: strip(w.iadd(base, first), lanes))

    return write


def _combine(operation: Monoid | Primitive, dtype: np.dtype):  # noqa: ANN202
    """A function ``(w, so far, next)``, or None."""
    if isinstance(operation, Monoid):
        return lambda w, x, y: rounded(w, operation.combine(w, dtype, x, y), dtype)
    primitive, aval = operation, Aval((), dtype)
    loops = lowered(primitive, [aval, aval], aval)
    if loops is None:
        return None
    return lambda w, x, y: emit_elementwise(w, primitive.native, loops, dtype, [(x, dtype), (y, dtype)])
