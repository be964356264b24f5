"""Programs in registers: values, and one equation after another, element by element.

`registers` adds the loops and branches.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core import Aval
from ...lowering import Formula, kinds
from ...lowering.formulas import multiply
from ...lowering.index_maps import Structure
from ...lowering.kernels import Scatter
from ...lowering.kinds import Contraction
from ...lowering.monoids import SUM, Monoid, Reduction
from ...ops.promotion import broadcast_shapes
from ...program import Atom, Equation, Literal, Program, Var
from ...vocabulary import Function
from ..emitter import V
from ..narrow import rounded
from ..nest import size_of
from ..scalars import REGISTERS, cast, emit_elementwise, lowered
from ..serial.writer import INT64, Array, Text, memory_type
from ..serial.writer import scalar as scalar_of
from .fit import FEW, carried_first, ordered, written_together
from .late import Timed
from .ranges import RANGES, Range


class Value:
    """An array: its elements in registers in its shape, or (also) in memory."""

    __slots__ = ("array", "elements")

    def __init__(self, elements: Any, array: Array | None = None) -> None:
        self.elements = elements
        self.array = array


class ElementWriter(Timed, Text):
    """Writes Programs of few numbers into a function."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module
        self.head: list[str] = []
        self.fails = False
        self.ranges: dict[Var, Range] = {}  # of integers of the Program that is written

    def control(self, eqn: Equation, args: list[Value], targets: list[Array] | None) -> list[Value]:
        """Write a loop or branch; with `targets`, its results go there."""
        raise NotImplementedError

    # --- values --------------------------------------------------------------------------------------------------

    def array(self, aval: Aval, pointer: str) -> Array:
        return Array(self, aval.dtype, aval.shape, pointer)

    def bound(self, array: Array) -> Value:
        """An array in memory, its elements loaded if they are few."""
        n = math.prod(array.shape)
        if n > FEW:
            return Value(None, array)
        return Value(self.shaped([array.load(self.int(i)) for i in range(n)], array.shape), array)

    @staticmethod
    def shaped(elements: Sequence[V], shape: tuple[int, ...]) -> Any:
        out = np.empty(len(elements), object)
        out[:] = elements
        return out.reshape(shape)

    def literal(self, a: Literal) -> Value:
        type_ = REGISTERS[a.aval.dtype]
        if a.aval.shape == ():
            return Value(self.shaped([self.constant(scalar_of(a), type_)], ()))
        elements = [self.constant(x.item(), type_) for x in np.asarray(a.value).reshape(-1)]
        return Value(self.shaped(elements, a.aval.shape), self.array(a.aval, self.module.texts.constant(a)))

    def slice_of(self, array: Array, index: V) -> Array:
        shape = array.shape[1:]
        size = math.prod(shape)
        pointer = self.define(
            f"getelementptr {memory_type(array.dtype)}, ptr {array.pointer}, {self.scaled(index, size)!r}", "ptr", 1, 0
        ).name
        return Array(self, array.dtype, shape, pointer)

    def reshaped(self, array: Array, aval: Aval) -> Array:
        return self.array(aval, array.pointer)

    def room(self, aval: Aval) -> Array:
        """An array on the stack."""
        self._count += 1
        name = f"%room{self._count}"
        self.head.append(f"  {name} = alloca [{max(bytes_of_aval(aval), 1)} x i8], align 64")
        return self.array(aval, name)

    def in_memory(self, value: Value, aval: Aval) -> Array:
        if value.array is not None:
            return value.array
        array = self.room(aval)
        self.put(array, value)
        return array

    def put(self, array: Array, value: Value) -> None:
        for i, x in enumerate(value.elements.reshape(-1)):
            array.store(self.int(i), x)

    def fail_if(self, bad: V) -> None:
        self._count += 1
        self.fails = True
        self.raw(f"  br i1 {bad.name}, label %bad_index, label %good{self._count}")
        self.raw(f"good{self._count}:")

    # --- Programs ------------------------------------------------------------------------------------------------

    def run(
        self,
        program: Program,
        args: Sequence[Value],
        known: dict[Var, Value] | None = None,
        held: Sequence[tuple[int, int]] = (),
        carried: int = 0,
    ) -> list[Value]:
        """Write a Program for some arguments; what is in `known` is written already, `held` is changed in place.

        The first results, as many as are `carried`, are what the next step waits for: what they need comes first.
        """
        env: dict[Any, Value] = dict(zip(program.inputs, args, strict=True))
        if known:
            env.update(known)
        equations = ordered(program, [a.elements is None for a in args], held)
        assert equations is not None
        if carried and not held:
            equations = carried_first(program, carried)
        outside, self.ranges = self.ranges, program.cache.get(RANGES, {})
        for eqn in equations:
            if eqn.outputs and eqn.outputs[0] in env:
                continue
            pair = written_together(program, eqn)
            if pair is not None:
                env.update(zip(pair, self.both(eqn.primitive.native.both[0], env[eqn.inputs[0]]), strict=True))
                continue
            outs = self.equation(eqn, [self.literal(a) if type(a) is Literal else env[a] for a in eqn.inputs])
            env.update(zip(eqn.outputs, outs, strict=True))
        self.ranges = outside
        return [self.literal(a) if type(a) is Literal else env[a] for a in program.outputs]

    def before(self, program: Program, args: Sequence[Value | None], runs: bool = False) -> dict[Var, Value]:
        """Write what depends on the given arguments alone: it is the same in all steps of a loop.

        Args:
            runs: whether the first step is sure to run, so that what might fail in it may fail before the loop.
        """
        env: dict[Any, Value] = {v: a for v, a in zip(program.inputs, args, strict=True) if a is not None}
        found: dict[Var, Value] = {}
        outside, self.ranges = self.ranges, program.cache.get(RANGES, {})
        for eqn in program.equations:
            scatters = isinstance(eqn.primitive.native, Scatter)
            if (
                isinstance(eqn.primitive.native, kinds.Control)
                or scatters
                or (not runs and eqn.primitive.indices_from is not None)
            ):
                continue
            if all(type(a) is Literal or a in env for a in eqn.inputs):
                outs = self.equation(eqn, [self.literal(a) if type(a) is Literal else env[a] for a in eqn.inputs])
                found.update(zip(eqn.outputs, outs, strict=True))
                env.update(found)
        self.ranges = outside
        return found

    def equation(self, eqn: Equation, args: list[Value]) -> list[Value]:
        if isinstance(eqn.primitive.native, kinds.Control):
            return self.control(eqn, args, None)
        out = eqn.outputs[0].aval
        avals = [a.aval for a in eqn.inputs]
        native = eqn.primitive.native
        structure = native if isinstance(native, Structure) else None
        if isinstance(native, Formula):
            elements = self._elementwise(eqn, args, avals, out)
        elif structure is not None and structure.flat and args[0].array is not None and args[0].elements is None:
            return [Value(None, self.reshaped(args[0].array, out))]
        elif args[0].elements is None and isinstance(native, Scatter):
            self._written(eqn, args, avals)
            return [args[0]]
        elif structure is not None and structure.computed:
            elements = self._gathered(eqn, args, avals, out)
        elif structure is not None and args[0].elements is None:
            elements = self._picked(eqn, args[0].array)
        elif structure is not None:
            elements = self._structural(eqn, args, out)
        elif isinstance(native, Reduction):
            elements = self._reduced(eqn, args[0].elements, avals[0], out)
        elif isinstance(native, Contraction):
            elements = self._product(eqn, args, out)
        elif isinstance(native, kinds.Check):
            self._each(args[0].elements, lambda x: self._index(x, avals[0].dtype, eqn.params["length"]))
            elements = self.shaped([self.constant(True, "i1")], ())
        else:
            elements = self._scattered(eqn, args, avals, out)
        return [Value(elements)]

    def both(self, function: Function, x: Value) -> list[Value]:
        """Two functions of the same numbers, such as sines and cosines."""
        pairs = [function(self, None, v) for v in x.elements.reshape(-1)]
        return [Value(self.shaped([p[k] for p in pairs], x.elements.shape)) for k in (0, 1)]  # there may be none

    def _each(self, elements: Any, f: Callable[[V], V]) -> Any:
        return self.shaped([f(x) for x in elements.reshape(-1)], elements.shape)

    def _elementwise(self, eqn: Equation, args: list[Value], avals: list[Aval], out: Aval) -> Any:
        loops = lowered(eqn.primitive, avals, out)
        assert loops is not None
        wide = [np.broadcast_to(a.elements, out.shape).reshape(-1) for a in args]
        known: dict[Any, V] = {}
        found = []
        for xs in zip(*wide, strict=True):
            key = tuple(x.name for x in xs)
            if key not in known:
                pairs = [(x, a.dtype) for x, a in zip(xs, avals, strict=True)]
                known[key] = emit_elementwise(self, eqn.primitive.native, loops, out.dtype, pairs)
            found.append(known[key])
        return self.shaped(found, out.shape)

    def _structural(self, eqn: Equation, args: list[Value], out: Aval) -> Any:
        """Where elements go is found by moving their numbers about; 0 is a zero that comes in."""
        numbers, every, first = [], [self.constant(0, REGISTERS[out.dtype])], 1
        for a in args:
            n = a.elements.size
            numbers.append(np.arange(first, first + n).reshape(a.elements.shape))
            every += list(a.elements.reshape(-1))
            first += n
        moved = np.asarray(eqn.primitive.impl(*numbers, **eqn.params))
        return self.shaped([every[i] for i in moved.reshape(-1)], out.shape)

    def _picked(self, eqn: Equation, array: Any) -> Any:
        numbers = np.arange(math.prod(array.shape)).reshape(array.shape)
        places = np.asarray(eqn.primitive.impl(numbers, **eqn.params))
        return self.shaped([array.load(self.int(int(i))) for i in places.reshape(-1)], places.shape)

    def _folded(self, monoid: Monoid, dtype: np.dtype, xs: Sequence[V]) -> V:
        """Combined in pairs, pairs in pairs: short chains."""
        row = list(xs)
        while len(row) > 1:
            pairs = [monoid.accumulate(self, dtype, row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
            row = pairs + ([row[-1]] if len(row) % 2 else [])
        return rounded(self, row[0], dtype)

    def _reduced(self, eqn: Equation, elements: Any, aval: Aval, out: Aval) -> Any:
        axes, monoid, dtype = eqn.params["axes"], eqn.primitive.native.monoid, out.dtype
        kept = [i for i in range(elements.ndim) if i not in axes]
        rows = elements.transpose([*kept, *axes]).reshape(size_of(out), -1)
        found = [self._folded(monoid, dtype, [cast(self, x, aval.dtype, dtype) for x in r]) for r in rows]
        return self.shaped(found, out.shape)

    def _product(self, eqn: Equation, args: list[Value], out: Aval) -> Any:
        x, y = (a.elements for a in args)
        (cx, cy), (bx, by) = eqn.params["dims"]
        fx = [i for i in range(x.ndim) if i not in cx and i not in bx]
        fy = [i for i in range(y.ndim) if i not in cy and i not in by]
        batch = math.prod(x.shape[i] for i in bx)
        k = math.prod(x.shape[i] for i in cx)
        left = x.transpose([*bx, *fx, *cx]).reshape(batch, -1, k)
        right = y.transpose([*by, *fy, *cy]).reshape(batch, -1, k)
        d, found = out.dtype, []
        for b in range(batch):
            for row, column in itertools.product(left[b], right[b]):
                products = [multiply(self, d, p, q) for p, q in zip(row, column, strict=True)]
                found.append(self._folded(SUM, d, products))
        return self.shaped(found, out.shape)

    def _index(self, x: V, dtype: np.dtype, n: int, known: Range | None = None) -> V:
        """A computed index counted from the start; the function ends where it is out of range, if it may be."""
        i = cast(self, x, dtype, INT64)
        if known is not None and 0 <= known[0] and known[1] < n:
            return i
        if i.const is not None:
            i = self.int(int(i.const) + (n if i.const < 0 else 0))
            if 0 <= i.const < n:
                return i
        elif dtype.kind == "i":
            i = self.select(self.icmp("slt", i, self.int(0)), self.iadd(i, self.int(n)), i)
        self.fail_if(self.icmp("uge", i, self.int(n)))
        return i

    def _indices(self, args: list[Value], atoms: Sequence[Atom], axes: Sequence[int], shape: tuple[int, ...]) -> Any:
        places = broadcast_shapes("indices", *[a.aval.shape for a in atoms])
        wide = []
        for value, a, axis in zip(args, atoms, axes, strict=True):
            known = self.ranges.get(a) if type(a) is Var else None
            elements = [self._index(x, a.aval.dtype, shape[axis], known) for x in value.elements.reshape(-1)]
            wide.append(np.broadcast_to(self.shaped(elements, value.elements.shape), places))
        return places, wide

    def _flat(self, at: Sequence[V | int], shape: tuple[int, ...]) -> V:
        strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
        total, fixed = self.int(0), 0
        for i, s in zip(at, strides, strict=True):
            if isinstance(i, int):
                fixed += i * s
            else:
                total = self.iadd(total, self.scaled(i, s))
        return self.iadd(total, self.int(fixed)) if total.const is None else self.int(int(total.const) + fixed)

    def _gathered(self, eqn: Equation, args: list[Value], avals: list[Aval], out: Aval) -> Any:
        axes, shape = eqn.params["axes"], avals[0].shape
        places, wide = self._indices(args[1:], eqn.inputs[1:], axes, shape)
        rest = [i for i in range(len(shape)) if i not in axes]
        found = []
        for p in np.ndindex(*places):
            for q in np.ndindex(*[shape[i] for i in rest]):
                at = _merged(axes, [w[p] for w in wide], rest, q)
                found.append(self._element(args[0], self._flat(at, shape)))
        return self.shaped(found, out.shape)

    def _element(self, value: Value, at: V) -> V:
        if at.const is not None and value.elements is not None:
            return value.elements.reshape(-1)[int(at.const)]
        if value.array is not None:
            return value.array.load(at)
        assert value.elements is not None
        xs = value.elements.reshape(-1)
        found = xs[0]
        for i in range(1, len(xs)):
            found = self.select(self.icmp("eq", at, self.int(i)), xs[i], found)
        return found

    def _scattered(self, eqn: Equation, args: list[Value], avals: list[Aval], out: Aval) -> Any:
        axes, shape = eqn.params["axes"], avals[0].shape
        monoid = eqn.primitive.native.monoid
        places, wide = self._indices(args[2:], eqn.inputs[2:], axes, shape)
        rest = [i for i in range(len(shape)) if i not in axes]
        domain = (*places, *[shape[i] for i in rest])
        changes: Any = np.broadcast_to(args[1].elements, domain)
        d = out.dtype
        elements = self._each(args[0].elements, lambda x: cast(self, x, avals[0].dtype, d)).reshape(shape)
        elements = elements.copy()
        for p in np.ndindex(*places):
            for q in np.ndindex(*[shape[i] for i in axes]):
                here: V | None = None
                for w, j in zip(wide, q, strict=True):
                    test = self.icmp("eq", w[p], self.int(j))
                    here = test if here is None else self.and_(here, test)
                for r in np.ndindex(*[shape[i] for i in rest]):
                    at = tuple(_merged(axes, q, rest, r))
                    old, change = elements[at], changes[(*p, *r)]
                    new = cast(self, change, avals[1].dtype, d)
                    if monoid is not None:
                        new = rounded(self, monoid.combine(self, d, old, new), d)
                    elements[at] = new if here is None else self.select(here, new, old)
        return elements

    def _written(self, eqn: Equation, args: list[Value], avals: list[Aval]) -> None:
        """A scatter into an array in memory, one element after another."""
        axes, array, d = eqn.params["axes"], args[0].array, avals[0].dtype
        assert array is not None
        shape, monoid = array.shape, eqn.primitive.native.monoid
        places, wide = self._indices(args[2:], eqn.inputs[2:], axes, shape)
        rest = [i for i in range(len(shape)) if i not in axes]
        domain = (*places, *[shape[i] for i in rest])
        changes: Any = np.broadcast_to(args[1].elements, domain)
        for p in np.ndindex(*places):
            for r in np.ndindex(*[shape[i] for i in rest]):
                flat = self._flat(_merged(axes, [w[p] for w in wide], rest, r), shape)
                change = changes[(*p, *r)]
                new = cast(self, change, avals[1].dtype, d)
                if monoid is not None:
                    new = rounded(self, monoid.combine(self, d, array.load(flat), new), d)
                array.store(flat, new)


def _merged(axes: Sequence[int], first: Sequence[Any], rest: Sequence[int], second: Sequence[Any]) -> list[Any]:
    """One index of two: `first` for some axes, `second` for the others."""
    found = dict(zip([*axes, *rest], [*first, *second], strict=True))
    return [found[axis] for axis in range(len(found))]


def bytes_of_aval(aval: Aval) -> int:
    return size_of(aval) * aval.dtype.itemsize


__all__ = ["ElementWriter", "Value", "bytes_of_aval"]
