"""Running sums, products, extremes and log-sum-exps along an axis, in NumPy's order: one element after another.

Along any axis but the last the elements of a row are independent, and are vectors.
"""

from __future__ import annotations

import math

import numpy as np

from ...core import Aval, Primitive
from ...lowering.monoids import MAXIMUM, MINIMUM, PRODUCT, SUM
from ...ops.families import Elementwise
from ..emitter import V
from ..scalars import emit_elementwise, lowered
from .step import Body, Serial, lowering
from .writer import Writer, known

FEW = 64  # log-sum-exps that each wait for the one before, beyond which NumPy's are faster, the call included
_COMBINE = {"cumsum": SUM, "cumprod": PRODUCT, "cummax": MAXIMUM, "cummin": MINIMUM}


@lowering("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")
def _running(step: Serial) -> Body | None:
    (x,), (out,) = (a.aval for a in step.eqn.inputs), (v.aval for v in step.eqn.outputs)
    if not known(x, out) or not x.shape:
        return None
    # Integers may be narrowed at the end by NumPy: modulo 2**n that is the same.
    if not np.can_cast(x.dtype, out.dtype) and (x.dtype.kind == "f" or step.eqn.primitive.name not in _COMBINE):
        return None
    f = _operation(step.eqn.primitive.name, out.dtype)
    if f is None:
        return None
    axis = step.eqn.params["axis"] % len(x.shape)
    outer, n, inner = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])

    if step.eqn.primitive.name == "cumlogsumexp" and inner == 1 and math.prod(x.shape) > FEW:
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


def _operation(name: str, dtype: np.dtype):  # noqa: ANN202
    """A function ``(w, so far, next)``, or None."""
    if name in _COMBINE:
        return lambda w, x, y: _COMBINE[name].combine(w, dtype, x, y)
    primitive, aval = Primitive.registry["logaddexp"], Aval((), dtype)
    assert isinstance(primitive, Elementwise)
    loops = lowered(primitive, [aval, aval], aval)
    if loops is None:
        return None
    return lambda w, x, y: emit_elementwise(w, primitive.native, loops, dtype, [(x, dtype), (y, dtype)])
