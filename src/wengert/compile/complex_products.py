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
    """A product summed along axes: whole where BLAS computes it, else of the parts."""
    out = eqn.outputs[0].aval
    given: list[Any] = list(eqn.inputs)
    both = all(type(a) is Parted and not a.is_real and a.aval.dtype == out.dtype for a in eqn.inputs)
    if both and whole([a.aval.shape for a in eqn.inputs], eqn.params["dims"], out.dtype):
        return r.value(r.written(eqn.primitive, [a.whole for a in given], eqn.params, [out])[0])
    return bilinear(r, eqn)


def bilinear(r: Any, eqn: Equation) -> Parted:
    """What is linear in each of two operands, of their parts: four of it, or two where one operand is real."""
    out = eqn.outputs[0].aval
    real = Aval(out.shape, REAL[out.dtype])
    x, y = eqn.inputs

    def of(p: Any, q: Any) -> Any:
        return r.written(eqn.primitive, [p, q], eqn.params, [real])[0]

    (a, b), (c, d) = (tuple(r.spread(p, z.aval.shape) for p in r.pair_of(z, out.dtype)) for z in (x, y))
    if type(x) is not Parted or x.is_real:
        return Parted(r, out, (of(a, c), of(a, d)))
    if type(y) is not Parted or y.is_real:
        return Parted(r, out, (of(a, c), of(b, c)))
    return Parted(r, out, (r.one(f.subtract, of(a, c), of(b, d)), r.one(f.add, of(a, d), of(b, c))))


__all__ = ["bilinear", "contracted"]
