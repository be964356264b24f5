"""Parting: a Program of complex values as one of real values, their real and imaginary parts.

In memory complex numbers are as NumPy has them, their parts side by side; in registers, and in arrays of the compiler's own,
the parts are apart. A complex value is a `Parted`: its two parts, or both of them interleaved in one real array, or the
complex array itself; each is made from another when it is asked for. What is elementwise is written by the formulas of
`lowering.complexes`, what moves or adds up elements is done to both parts, products and linear algebra have rules in
`complex_products`. All that follows sees real arrays, and complex ones only where arguments, results and operations that
NumPy computes have them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from ..core import Aval, Primitive
from ..lowering import Formula, formulas, kernels, monoids
from ..lowering import index_maps as maps
from ..lowering.complexes import multiply, truth
from ..lowering.kinds import Contraction, Control
from ..lowering.real_parts import Real
from ..program import Atom, Equation, Literal, Program, Var
from ..vocabulary import Params
from . import complex_control, complex_products
from .interleaved import REAL, Braided, Packed, Whole
from .parted import Parted
from .rewriter import Rewriter, number, rebuilt
from .scalars import loop_dtypes

Value = Any  # an Atom that is real, or a Parted


class Parting(Rewriter):
    """The equations of a Program in parts."""

    def __init__(self) -> None:
        super().__init__()
        self._constants: dict[
            int, tuple[Literal, Parted]
        ] = {}  # by the number of a value, which its literal keeps alive

    def run(self, program: Program, arguments: Sequence[Value]) -> list[Value]:
        env: dict[Any, Value] = dict(zip(program.inputs, arguments, strict=True))
        around = self.place
        for eqn in program.equations:
            self.place = eqn.place or around
            inputs = [self.constant(a) if type(a) is Literal else env[a] for a in eqn.inputs]
            outs = self.parted(eqn.primitive, inputs, eqn.params, [v.aval for v in eqn.outputs])
            env.update(zip(eqn.outputs, outs, strict=True))
        self.place = around
        return [self.constant(a) if type(a) is Literal else env[a] for a in program.outputs]

    def constant(self, a: Literal) -> Value:
        if a.aval.dtype not in REAL:
            return self.literal(a)
        known = self._constants.get(id(a.value))
        if known is not None and known[0].aval == a.aval:
            return known[1]
        real = REAL[a.aval.dtype].type
        parts = [np.real(a.value), np.imag(a.value)]
        pair = tuple(self.literal(Literal(np.ascontiguousarray(p) if a.aval.shape else real(p))) for p in parts)
        made = Parted(self, a.aval, pair, whole=a)
        self._constants[id(a.value)] = a, made
        return made

    def parted(
        self, primitive: Primitive, inputs: Sequence[Value], params: Params, avals: Sequence[Aval]
    ) -> list[Value]:
        """The results of an equation."""
        sub: Program | None = primitive.expansion(inputs, params)
        if sub is not None:
            if not primitive.recomputes:
                return [self.typed(o, a) for o, a in zip(self.run(sub, inputs), avals, strict=True)]
            outer, self.scope = self.scope, self.scope + len(self.equations) + 1
            outs, self.scope = self.run(sub, inputs), outer
            return outs
        if isinstance(primitive.native, Control):
            found = complex_control.parted(self, primitive, inputs, params, avals)
            return [self.typed(o, a) for o, a in zip(found, avals, strict=True)]
        if any(type(a) is Parted for a in inputs) or any(a.dtype in REAL for a in avals):
            found = self._in_parts(Equation(primitive, list(inputs), [Var(a) for a in avals], params))
            if found is not None:
                return [self.typed(found, avals[0])]
            if isinstance(primitive.native, kernels.Factorisation):  # real operands beside complex ones
                dtype = next((a.aval.dtype for a in inputs if type(a) is Parted), None)
                if dtype is not None:  # none has parts in the other byte order
                    inputs = [self.typed(a, Aval(a.aval.shape, dtype)) for a in inputs]
            wholes = [a.whole if type(a) is Parted else a for a in inputs]
            made = self.written(primitive, wholes, params, avals)
            return [self.value(o) for o in made]
        return self.written(primitive, list(inputs), params, avals)

    def value(self, a: Atom) -> Value:
        """An atom as a value."""
        if type(a) is Literal:
            return self.constant(a)
        return Parted(self, a.aval, whole=a) if a.aval.dtype in REAL else a

    def known(self, v: Any) -> Value:
        """A value, or an array, as a value."""
        if type(v) in (Var, Literal, Parted):
            return v if type(v) is Parted else self.constant(v) if type(v) is Literal else self.value(v)
        return self.constant(Literal(v[()] if isinstance(v, np.ndarray) and v.ndim == 0 else v))

    def typed(self, x: Value, aval: Aval) -> Value:
        """A value with the type that a result has."""
        if type(x) is not Parted and aval.dtype not in REAL:
            return self.fitted(x, aval)
        if type(x) is not Parted:
            x = Parted(self, Aval(x.aval.shape, aval.dtype), (x, Literal(REAL[aval.dtype].type(0))))
        if aval.dtype not in REAL:
            return self.fitted(x.pair[0] if aval.dtype.kind != "c" else x.whole, aval)
        if x.aval.dtype != aval.dtype:
            real = REAL[aval.dtype]
            return Parted(self, aval, tuple(self.spread(self.cast(p, real), aval.shape, True) for p in x.pair))
        if x.aval.shape != aval.shape:
            return Parted(self, aval, tuple(self.spread(p, aval.shape, True) for p in x.pair))
        return x

    # --- parts -----------------------------------------------------------------------------------------------------

    def cast(self, a: Atom, dtype: np.dtype) -> Atom:
        return a if a.aval.dtype == dtype and not a.aval.weak else self.one(formulas.converted, a, dtype=dtype)

    def spread(self, a: Atom, shape: tuple[int, ...], numbers: bool = False) -> Atom:
        """An atom broadcast to a shape; `numbers`: unless it is a number."""
        if a.aval.shape == shape or (numbers and number(a) is not None):
            return a
        return self.one(maps.broadcast, a, shape=shape)

    def pair_of(self, x: Value, dtype: np.dtype) -> tuple[Atom, Atom]:
        """The parts of a value as a complex number of a dtype."""
        real = REAL[dtype]
        if type(x) is Parted:
            a, b = x.pair
            return self.cast(a, real), self.cast(b, real)
        return self.cast(x, real), Literal(real.type(0))

    def real(self, a: Atom) -> Real:
        return Real(self._real_operation, a, number(a))

    def _real_operation(self, meaning: Any, *operands: Any) -> Real:
        dtype = next(x.dtype for x in reversed(operands) if isinstance(x, Real))
        atoms = [x.atom if isinstance(x, Real) else Literal(dtype.type(x)) for x in operands]
        return self.real(atoms[0] if meaning is None else self.one(meaning, *atoms))

    def _in_parts(self, eqn: Equation) -> Value | None:
        """The result of an equation of complex values in parts; None where there is no rule."""
        native, given = eqn.primitive.native, cast("list[Any]", eqn.inputs)
        if native.meaning is Packed:
            return given[0].packed
        if native.meaning is Whole:
            return Parted(self, eqn.outputs[0].aval, packed=eqn.inputs[0])
        if any(type(a) is not Parted and a.aval.dtype.kind == "c" for a in eqn.inputs):
            return None  # of bytes in another order, or of more of them
        if any(v.aval.dtype.kind == "c" and v.aval.dtype not in REAL for v in eqn.outputs):
            return None
        for kind, rule in _RULES:
            if isinstance(native, kind):
                return rule(self, eqn)
        return None

    def each(self, eqn: Equation) -> Parted:
        """The same done to both parts."""
        out = eqn.outputs[0].aval
        real = Aval(out.shape, REAL[out.dtype])
        given = [a.arrays if type(a) is Parted else (a, a) for a in eqn.inputs]
        return Parted(self, out, tuple(self._made(eqn, [g[k] for g in given], real) for k in (0, 1)))

    def _made(self, eqn: Equation, inputs: list[Atom], aval: Aval) -> Atom:
        return self.written(eqn.primitive, inputs, eqn.params, [aval])[0]


# --- rules -----------------------------------------------------------------------------------------------------------


def _formula(r: Parting, eqn: Equation) -> Value | None:
    native: Formula = eqn.primitive.native
    out = eqn.outputs[0].aval
    avals = [a.aval for a in eqn.inputs]
    loops = loop_dtypes(eqn.primitive, avals, out)
    if native.truth:
        given = [r.real(truth_of(r, a)) for a in eqn.inputs]
        return r.one(eqn.primitive, *[g.atom for g in given])
    if loops is None and out.dtype.kind == "c":  # of a function that is no ufunc
        loops = [out.dtype] * len(avals), out.dtype
    if native.parts is None or loops is None:
        return None
    if native.meaning is formulas.converted and out.dtype.kind != "c":
        x: Any = eqn.inputs[0]
        return r.cast(truth_of(r, x) if out.dtype.kind == "b" else x.pair[0], out.dtype)
    operands: list[Any] = []
    for a, want in zip(eqn.inputs, loops[0], strict=True):
        if want.kind == "c":
            operands.append(tuple(map(r.real, r.pair_of(a, want))))
        elif type(a) is Parted:
            return None
        else:
            operands.append(r.real(r.cast(a, want)))
    made = native.parts(*operands)
    if isinstance(made, Real):
        return r.fitted(made.atom, out)
    real = REAL[out.dtype]
    return Parted(r, out, tuple(r.spread(r.cast(m.atom, real), out.shape, True) for m in made))


def truth_of(r: Parting, x: Value) -> Atom:
    """Whether numbers are not 0."""
    if type(x) is Parted:
        a, b = x.pair
        return truth((r.real(a), r.real(b))).atom
    return x if x.aval.dtype.kind == "b" else r.one(formulas.not_equal, x, Literal(x.aval.dtype.type(0)))


def _structure(r: Parting, eqn: Equation) -> Value | None:
    native, out, (x, *_) = eqn.primitive.native, eqn.outputs[0].aval, cast("list[Any]", eqn.inputs)
    if isinstance(native, maps.Reshape) and not x.apart:
        return Parted(r, out, packed=r.one(maps.Reshape, x.packed, shape=(*out.shape, 2)))
    if isinstance(native, (maps.Joined, maps.Interleaved)):  # of all operands, and perhaps of some that are real
        eqn.inputs[:] = [r.typed(a, Aval(a.aval.shape, out.dtype)) for a in eqn.inputs]
    if isinstance(native, maps.Joined):
        axis = eqn.params["axis"] % len(out.shape)
        given: list[Any] = [a for a in eqn.inputs if a.aval.size] or eqn.inputs
        return Parted(r, out, packed=r.one(Braided, *[p for a in given for p in a.arrays], axis=axis))
    return r.each(eqn)


def _reduction(r: Parting, eqn: Equation) -> Value | None:
    native: monoids.Reduction = eqn.primitive.native
    x: Any = eqn.inputs[0]
    if native.monoid.logical:
        return r.one(eqn.primitive, truth_of(r, x), **eqn.params)
    if native.monoid is monoids.SUM:
        return r.each(eqn)
    if native.monoid is monoids.PRODUCT:
        return _product(r, x, eqn.params["axes"], eqn.outputs[0].aval)
    return None


def _product(r: Parting, x: Parted, axes: Sequence[int], out: Aval) -> Parted:
    """A product of numbers along axes: the first half times the second one, again and again."""
    shape = x.aval.shape
    kept = [i for i in range(len(shape)) if i not in axes]
    lead, n = tuple(shape[i] for i in kept), math.prod(shape[i] for i in axes)
    parts = [r.one(maps.transposed, a, axes=(*kept, *axes)) for a in x.arrays] if axes else list(x.arrays)
    pair = [r.one(maps.Reshape, a, shape=(*lead, n)) for a in parts]
    real = REAL[out.dtype]
    one = (Literal(real.type(1)), Literal(real.type(0)))
    total: Any = None

    def cut(a: Atom, first: int, last: int) -> Atom:
        return r.one(
            maps.sliced, a, starts=(*[0] * len(lead), first), stops=(*lead, last), steps=(1,) * (len(lead) + 1)
        )

    def times(p: Any, q: Any) -> Any:
        (a, b), (c, d) = (map(r.real, z) for z in (p, q))
        return tuple(m.atom for m in multiply((a, b), (c, d)))

    while n > 1:
        if n % 2:
            rest = [cut(a, n - 1, n) for a in pair]
            total = rest if total is None else times(total, rest)
        n //= 2
        pair = list(times([cut(a, 0, n) for a in pair], [cut(a, n, 2 * n) for a in pair]))
    if n == 0:
        return Parted(r, out, one)
    if total is not None:
        pair = list(times(pair, total))
    return Parted(r, out, tuple(r.one(maps.Reshape, a, shape=out.shape) for a in pair))


def _kernel(r: Parting, eqn: Equation) -> Value | None:
    native: kernels.Kernel = eqn.primitive.native
    out = eqn.outputs[0].aval
    if isinstance(native, kernels.Scatter):
        if native.monoid not in (None, monoids.SUM) or out.dtype.kind != "c":
            return None
        x, updates, *indices = eqn.inputs
        pairs = [r.pair_of(a, out.dtype) for a in (x, updates)]
        real, shape = Aval(out.shape, REAL[out.dtype]), x.aval.shape
        return Parted(
            r, out, tuple(r._made(eqn, [r.spread(pairs[0][k], shape), pairs[1][k], *indices], real) for k in (0, 1))
        )
    if native.options.get("operation") is monoids.SUM:
        return r.each(eqn)
    if native.options.get("operation") is monoids.PRODUCT and out.size:
        return complex_control.running_product(r, cast("Any", eqn.inputs[0]), eqn.params["axis"] % len(out.shape), out)
    if isinstance(native, kernels.SumsOfProducts):
        return complex_products.bilinear(r, eqn)
    return None


_RULES: tuple[tuple[Any, Callable[[Parting, Equation], Value | None]], ...] = (
    (Formula, _formula),
    (maps.Structure, _structure),
    (monoids.Reduction, _reduction),
    (kernels.Kernel, _kernel),
    (Contraction, complex_products.contracted),
)


# --- Programs ----------------------------------------------------------------------------------------------------


def in_parts(program: Program) -> Program:
    """A Program in which only arguments, results and what NumPy computes are complex."""
    if not complex_control.has_complex(program):
        return program
    r = Parting()
    outputs = r.run(program, [r.value(v) for v in program.inputs])
    return rebuilt(program, r.equations, [o.whole if type(o) is Parted else o for o in outputs])


__all__ = ["Parting", "in_parts"]
