"""Products of complex arrays as products of real ones."""

from __future__ import annotations

from typing import Any

from ..core import Aval
from ..lowering import formulas as f
from ..program import Equation
from .interleaved import REAL
from .parted import Parted
from .products import whole


def contracted(r: Any, eqn: Equation) -> Any:
    """A product summed along axes; None where the dtypes are not those of floating point."""
    out = eqn.outputs[0].aval
    x, y = eqn.inputs
    real = REAL[out.dtype]
    shapes = [a.aval.shape for a in eqn.inputs]
    both = all(type(a) is Parted and not a.is_real and a.aval.dtype == out.dtype for a in eqn.inputs)
    if both and whole(shapes, eqn.params["dims"], out.dtype):
        return r.value(r.written(eqn.primitive, [x.whole, y.whole], eqn.params, [out])[0])
    made = Aval(out.shape, real)

    def dot(a: Any, b: Any) -> Any:
        return r.written(eqn.primitive, [a, b], eqn.params, [made])[0]

    (a, b), (c, d) = (tuple(r.spread(p, z.aval.shape) for p in r.pair_of(z, out.dtype)) for z in (x, y))
    if type(x) is not Parted or x.is_real:
        return Parted(r, out, (dot(a, c), dot(a, d)))
    if type(y) is not Parted or y.is_real:
        return Parted(r, out, (dot(a, c), dot(b, c)))
    return Parted(r, out, (r.one(f.subtract, dot(a, c), dot(b, d)), r.one(f.add, dot(a, d), dot(b, c))))


__all__ = ["contracted"]
