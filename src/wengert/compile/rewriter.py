"""The walk over Programs that the passes are: each equation is written again from inputs that are written already.

Rules for single equations are in `algebra` and `restructure`; here is what they work with: who defines what, literals
that are the same, equations that stand already, calls that are written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..core import Aval, Primitive
from ..lowering import PRIMITIVES, Formula
from ..lowering import formulas as f
from ..lowering import index_maps as maps
from ..lowering.kinds import Control
from ..program import AVAL, Atom, Equation, Literal, Program, Var
from ..vocabulary import Params
from .checks import alive

Rule = Callable[["Rewriter", Equation, list[Atom]], "Atom | None"]
RULES: dict[Any, Rule] = {}  # by what an operation means: `lowering.meaning`


def rule(*meanings: Any) -> Callable[[Rule], Rule]:
    """Register a rewriting for equations of operations with some meanings: it returns an atom, or None to keep the equation."""

    def add(simplified: Rule) -> Rule:
        RULES.update(dict.fromkeys(meanings, simplified))
        return simplified

    return add


def number(a: Atom) -> Any:
    """The Python number that a scalar literal holds, or None."""
    if type(a) is not Literal or a.aval.shape != ():
        return None
    return a.value.item() if isinstance(a.value, (np.generic, np.ndarray)) else a.value


def counts(a: Atom) -> bool:
    """Whether an atom is the numbers 0, 1, … in some shape."""
    if type(a) is not Literal or a.aval.dtype.kind not in "iu" or not a.aval.shape:
        return False
    flat = np.asarray(a.value).reshape(-1)
    return flat.size > 1 and flat[-1] == flat.size - 1 and np.array_equal(flat, np.arange(flat.size))


class LoopRules(NamedTuple):
    """How loops and branches are rewritten. The pipeline gives these: Programs inside of loops go through the passes as well.

    Attributes:
        optimize: a Program of a loop or branch, by all passes.
        simplified: the results of an equation of control flow.
        pulled: the results of a pullback of a while loop.
        walk: the results of a `control.walk`.
    """

    optimize: Callable[[Program], Program]
    simplified: Callable[[Rewriter, Primitive, list[Atom], dict[str, Any]], list[Atom]]
    pulled: Callable[..., list[Any]]
    walk: Callable[[Rewriter, Sequence[Program], Sequence[Sequence[Atom]], Sequence[int]], list[Atom]]


class Rewriter:
    """The equations written so far, and who defines what."""

    loops: ClassVar[LoopRules]  # set by the pipeline

    def __init__(self) -> None:
        self.equations: list[Equation] = []
        self.producer: dict[Var, Equation] = {}
        self._seen: dict[Any, list[Var]] = {}
        self._literals: dict[Any, Literal] = {}
        self._paddings: dict[Any, Literal] = {}
        self._places: dict[tuple[int, ...], Literal] = {}
        self.place: Any = None  # the user's line that the equation being written comes from
        self.scope = 0  # equations of different scopes are not shared: what checkpoint recomputes stays recomputed

    def run(self, program: Program, arguments: Sequence[Atom]) -> list[Atom]:
        """Write the equations of a Program for some arguments; returns its results."""
        env: dict[Atom, Atom] = dict(zip(program.inputs, arguments, strict=True))
        around = self.place
        for eqn in program.equations:
            self.place = eqn.place or around
            for a in eqn.inputs:
                if type(a) is Literal:
                    env[a] = a if a.aval.shape == () else self.literal(a)
            inputs = list(map(env.__getitem__, eqn.inputs))
            outs = self.apply(eqn.primitive, inputs, eqn.params, list(map(AVAL, eqn.outputs)))
            env.update(zip(eqn.outputs, outs, strict=True))
        self.place = around
        return [env[a] if type(a) is Var else self.literal(a) for a in program.outputs]

    def literal(self, a: Literal) -> Atom:
        """A literal; an array that holds one number everywhere is a broadcast of it."""
        shape, value = a.aval.shape, a.value
        if shape == ():
            return a
        known = self._literals.get(id(value))
        if known is not None:
            return known
        array = np.asarray(value)
        if array.dtype.kind in "biuf" and array.size and _uniform(array):
            first = array[(0,) * array.ndim]
            return self.apply(registered(maps.broadcast), [Literal(first)], {"shape": shape}, [a.aval])[0]
        if array.dtype == np.bool_ and array.flags.c_contiguous and (split := _diagonal(array)):
            rows, columns = self.diagonal(shape[:split], shape[split:])
            return self.one(maps.Reshape, self.one(f.equal, rows, columns), shape=shape)
        self._literals[id(value)] = a
        return a

    def apply(self, primitive: Primitive, inputs: list[Atom], params: Params, avals: Sequence[Aval]) -> list[Atom]:
        """Results of a primitive, simplified."""
        formula = isinstance(primitive.native, Formula)
        sub: Program | None = None if formula else primitive.expansion(inputs, params)
        if sub is not None:
            if not primitive.recomputes:
                return [self.fitted(o, a) for o, a in zip(self.run(sub, inputs), avals, strict=True)]
            outer, self.scope = self.scope, self.scope + len(self.equations) + 1
            outs, self.scope = self.run(sub, inputs), outer
            return outs
        native: Any = primitive.native
        if native.widens and (wider := native.wider([a.aval.dtype for a in inputs], avals[0].dtype)) is not None:
            return self._widened(primitive, inputs, params, avals, *wider)
        if isinstance(primitive.native, Control):
            found = self.loops.simplified(self, primitive, inputs, params)
            return [self.fitted(o, a) for o, a in zip(found, avals, strict=True)]
        return self.written(primitive, inputs, params, avals)

    def _widened(
        self,
        primitive: Primitive,
        inputs: list[Atom],
        params: Params,
        avals: Sequence[Aval],
        given: Sequence[np.dtype],
        made: np.dtype,
    ) -> list[Atom]:
        """A result computed in other dtypes, see `Lowering.wider`."""
        wide = [
            a if a.aval.dtype == d and not a.aval.weak else self.one(f.converted, a, dtype=d)
            for a, d in zip(inputs, given, strict=True)
        ]
        outs = self.apply(primitive, wide, params, [Aval(a.shape, made) for a in avals])
        return [self.fitted(o, a) for o, a in zip(outs, avals, strict=True)]

    def written(self, primitive: Primitive, inputs: list[Atom], params: Params, avals: Sequence[Aval]) -> list[Atom]:
        """Results of a primitive as one equation, unless a rule knows better or it stands already."""
        eqn = Equation(primitive, inputs, list(map(Var, avals)), params)
        eqn.place = self.place
        if primitive.elementwise:
            for a in inputs:
                if type(a) is Var or number(a) is None:
                    break
            else:
                with np.errstate(all="ignore"):
                    value = primitive.impl(*[a.value for a in inputs], **params)  # type: ignore[union-attr]
                return [self.fitted(Literal(value), avals[0])]
        native = primitive.native
        spread = self._one_everywhere(eqn) if native.selects else None
        if spread is not None:
            return [self.fitted(self.one(maps.broadcast, spread, shape=avals[0].shape), avals[0])]
        found = RULES.get(native.meaning) or (RULES[Formula] if primitive.elementwise else None)
        if found is not None:
            simpler = found(self, eqn, inputs)
            if simpler is not None:
                return [self.fitted(simpler, avals[0])]
        key = self._key(eqn)
        known = self._seen.get(key) if key is not None else None
        if known is not None:
            return list(known)
        self.equations.append(eqn)
        for v in eqn.outputs:
            self.producer[v] = eqn
        if key is not None:
            self._seen[key] = eqn.outputs
        return list(eqn.outputs)

    def _one_everywhere(self, eqn: Equation) -> Atom | None:
        """The number that all elements are, of an equation that moves elements of a broadcast number."""
        native = eqn.primitive.native
        if not isinstance(native, maps.Structure) or native.computed or native.spreads:
            return None
        made = self.made_by(eqn.inputs[0], maps.broadcast)
        return made.inputs[0] if made is not None and made.inputs[0].aval.shape == () else None

    def one(self, operation: Any, *inputs: Atom, **params: Any) -> Atom:
        """The result of a primitive, or of the one with a meaning, its type from its shape rule."""
        primitive = registered(operation)
        aval = primitive.abstract(*[a.aval for a in inputs], **params)
        return self.apply(primitive, list(inputs), params, [aval])[0]

    def fitted(self, a: Atom, aval: Aval) -> Atom:
        """An atom with the type that an equation's result had: Python's numbers, which are weak, become arrays."""
        if a.aval.dtype != aval.dtype or (a.aval.weak and not aval.weak):
            if type(a) is Literal and not aval.dtype.isnative:  # NumPy's numbers are native, its arrays need not be
                a = Literal(np.asarray(a.value).astype(aval.dtype))
            else:
                a = self.one(f.converted, a, dtype=aval.dtype)
        if a.aval.shape != aval.shape:
            a = self.one(maps.broadcast, a, shape=aval.shape)
        return a

    def padding(self, dtype: np.dtype) -> Literal:
        """The zero that is around what a derivative writes into a larger array; the same literal each time."""
        return self._paddings.setdefault(dtype, Literal(dtype.type(0)))

    def is_padding(self, a: Atom) -> bool:
        return self._paddings.get(a.aval.dtype) is a

    def places(self, shape: tuple[int, ...]) -> Literal:
        """The numbers 0, 1, … in a shape; the same literal each time."""
        if shape not in self._places:
            self._places[shape] = Literal(np.arange(math.prod(shape), dtype=np.int32).reshape(shape))
        return self._places[shape]

    def diagonal(self, first: tuple[int, ...], last: tuple[int, ...]) -> tuple[Literal, Literal]:
        """The places of rows and of columns, which are equal on the diagonal of a matrix whose axes have these lengths."""
        first, last = (tuple(n for n in lengths if n > 1) for lengths in (first, last))
        return self.places((*first, *[1] * len(last))), self.places(last)

    def made_by(self, a: Atom, operation: Any) -> Equation | None:
        """The equation that defines an atom, if its operation means this."""
        eqn = self.producer.get(a) if type(a) is Var else None
        return eqn if eqn is not None and eqn.primitive.native.meaning is operation else None

    def broadcast_of(self, a: Atom) -> Atom | None:
        """What an atom is a broadcast of."""
        made = self.producer.get(a) if type(a) is Var else None
        return None if made is None or made.primitive.native.meaning is not maps.broadcast else made.inputs[0]

    def number_spread(self, a: Atom) -> Atom | None:
        """The number that an atom is a broadcast of."""
        source = self.broadcast_of(a)
        return None if source is None or number(source) is None else source

    def _key(self, eqn: Equation) -> Any:
        if eqn.primitive.effect:
            return None
        parts: list[Any] = [eqn.primitive, self.scope]
        for a in eqn.inputs:
            if type(a) is Var:
                parts.append(a)
            else:
                n = number(a)
                parts.append((a.aval.dtype, a.aval.weak, repr(n)) if n is not None else id(a.value))
        try:
            key = (*parts, tuple(sorted(eqn.params.items())))
            hash(key)
        except TypeError:
            return None
        return key


def registered(operation: Any) -> Primitive:
    """A primitive, or the one that is declared with a meaning."""
    return operation if isinstance(operation, Primitive) else PRIMITIVES[operation]


def appended(equations: list[Equation], operation: Any, inputs: list[Atom], aval: Aval, **params: Any) -> Var:
    """The result of an equation that is put after some."""
    out = Var(aval)
    equations.append(Equation(registered(operation), inputs, [out], params))
    return out


def rebuilt(program: Program, equations: Sequence[Equation], outputs: Sequence[Atom] | None = None) -> Program:
    """A Program with other equations, those that are live of them, and perhaps other results."""
    outputs = program.outputs if outputs is None else list(outputs)
    new = Program(program.inputs, alive(equations, outputs), outputs, program.name)
    new.guards = program.guards
    return new


def _diagonal(mask: np.ndarray) -> int | None:
    """Where the axes of a mask part, if as a matrix of the axes before and after it is the unit matrix."""
    n = math.isqrt(mask.size)
    if n * n != mask.size or n < 2 or not mask.reshape(-1)[:: n + 1].all() or np.count_nonzero(mask) != n:
        return None
    return next((k for k in range(mask.ndim) if math.prod(mask.shape[:k]) == n), None)


def _uniform(array: np.ndarray) -> bool:
    if not any(array.strides):
        return True
    first = array[(0,) * array.ndim]
    if array[(-1,) * array.ndim] != first:
        return False
    if first == 0 and array.dtype.kind == "f" and np.signbit(array).any() != np.signbit(array).all():
        return False
    return bool((array == first).all())


__all__ = ["RULES", "LoopRules", "Rewriter", "appended", "counts", "number", "rebuilt", "registered", "rule"]
