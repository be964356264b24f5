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

ROWS = 8  # that are done side by side
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

        def side_by_side(first: V, count: int) -> None:
            """Some rows at a time: each number waits for the one before it, but not for those of other rows."""
            bases = [w.scaled(w.iadd(first, w.int(k)), n) for k in range(count)]
            begun = [source.load(b, dtype=out.dtype) for b in bases]
            for b, x in zip(bases, begun, strict=True):
                target.store(b, x)
            with w.loop(n, *begun, first=1) as loop:
                for k, b in enumerate(bases):
                    at = w.iadd(b, loop.index)
                    loop.next[1 + k] = f(w, loop.carried[1 + k], source.load(at, dtype=out.dtype))
                    target.store(at, loop.next[1 + k])

        together = min(ROWS, outer)
        if math.prod(out.shape) and inner == 1 and together > 1:
            with w.loop(outer, step=together) as rows:
                side_by_side(w.intrinsic("smin", rows.index, w.int(outer - together)), together)
        elif math.prod(out.shape):
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
