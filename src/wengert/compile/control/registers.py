"""Loops and branches with their values in registers: Programs of few numbers, written element by element.

What is carried are phis, slices are loads and stores at addresses that move on, loops in loops are loops in the same
function. Arrays that are too large for registers may be read at places that are computed. `fit` says what can be
written so.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core import Aval
from ...ops.families import Elementwise
from ...program import Equation, Literal, Program, Var
from ..emitter import V
from ..nest import size_of
from ..scalars import REGISTERS, SCALARS, cast, emit_elementwise, lowered
from ..serial.indexing import combine
from ..serial.writer import INT64, Array, Text, memory_type
from ..serial.writer import scalar as scalar_of
from .fit import CONTROL_COSTS, FEW, REDUCTIONS, SCATTERS, STRUCTURAL, branch_pairs, ordered
from .step import Control, is_number
from .walk import groups
from .write import FIRST, NO_MEMORY, TAPE


class Value:
    """An array: its elements in registers in its shape, or (also) in memory."""

    __slots__ = ("array", "elements")

    def __init__(self, elements: Any, array: Array | None = None) -> None:
        self.elements = elements
        self.array = array


class RegisterWriter(Text):
    """The function of a step, over the addresses of its arrays."""

    latency = True

    def __init__(self, step: Control, module: Any) -> None:
        super().__init__()
        self.step, self.module = step, module
        self.arrays = step.arrays
        self.head: list[str] = []
        self.cells: list[str] = []  # addresses of tapes
        self.fails = False

    def write(self) -> str:
        """The function's text, its name left as ``@NAME``."""
        pointers = {a if type(a) is Var else id(a): f"%p{i}" for i, a in enumerate(self.arrays)}
        args = []
        for a in self.step.inputs:
            if is_number(a):
                assert type(a) is Literal
                args.append(self.literal(a))
            else:
                args.append(self.bound(self.array(a.aval, pointers[a if type(a) is Var else id(a)])))
        targets = [self.array(v.aval, pointers[v]) for v in self.step.eqn.outputs]
        for k, i in self.step.reuses.items():  # changed in place, in the memory of the result
            if k not in self.step.shared:
                self.copy(targets[k].pointer, args[i].array.pointer, bytes_of_aval(self.step.inputs[i].aval))
            args[i] = Value(None, targets[k])
        self.control(self.step.eqn, args, targets)
        parameters = [f"ptr %p{i}" for i in range(len(self.arrays))]
        tail = ["  ret i32 0"]
        free = [
            line
            for k, c in enumerate(self.cells)
            for line in (f"  %left{k} = load ptr, ptr {c}", f"  call void @free(ptr %left{k})")
        ]
        if self.fails:
            tail += ["bad_index:", *free, "  ret i32 1"]
        if self.cells:
            tail += ["no_memory:", *[line.replace("%left", "%rest") for line in free], f"  ret i32 {NO_MEMORY}"]
        body = "\n".join(["entry:", *self.head, *self.regions[0].lines, *tail])
        return f"define internal i32 @NAME({', '.join([*parameters, 'ptr %callback'])}) #0 {{\n{body}\n}}\n"

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
        return Value(self.shaped(elements, a.aval.shape), self.array(a.aval, self.module.constant(a)))

    def slice_of(self, array: Array, index: V) -> Array:
        shape = array.shape[1:]
        size = math.prod(shape)
        pointer = self.define(
            f"getelementptr {memory_type(array.dtype)}, ptr {array.pointer}, {self.scaled(index, size)!r}", "ptr", 1, 0
        ).name
        return Array(self, array.dtype, shape, pointer)

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
    ) -> list[Value]:
        """Write a Program for some arguments; what is in `known` is written already, `held` is changed in place."""
        env: dict[Any, Value] = dict(zip(program.inputs, args, strict=True))
        if known:
            env.update(known)
        equations = ordered(program, [a.elements is None for a in args], held)
        assert equations is not None
        for eqn in equations:
            if eqn.outputs[0] in env:
                continue
            outs = self.equation(eqn, [self.literal(a) if type(a) is Literal else env[a] for a in eqn.inputs])
            env.update(zip(eqn.outputs, outs, strict=True))
        return [self.literal(a) if type(a) is Literal else env[a] for a in program.outputs]

    def before(self, program: Program, args: Sequence[Value | None]) -> dict[Var, Value]:
        """Write what depends on the given arguments alone, and cannot fail: it is the same in all steps of a loop."""
        env: dict[Any, Value] = {v: a for v, a in zip(program.inputs, args, strict=True) if a is not None}
        found: dict[Var, Value] = {}
        for eqn in program.equations:
            name = eqn.primitive.name
            if name in CONTROL_COSTS or name == "gather" or name in SCATTERS:
                continue
            if all(type(a) is Literal or a in env for a in eqn.inputs):
                outs = self.equation(eqn, [self.literal(a) if type(a) is Literal else env[a] for a in eqn.inputs])
                found.update(zip(eqn.outputs, outs, strict=True))
                env.update(found)
        return found

    def equation(self, eqn: Equation, args: list[Value]) -> list[Value]:
        name = eqn.primitive.name
        if name in CONTROL_COSTS:
            return self.control(eqn, args, None)
        out = eqn.outputs[0].aval
        avals = [a.aval for a in eqn.inputs]
        if isinstance(eqn.primitive, Elementwise):
            elements = self._elementwise(eqn, args, avals, out)
        elif name == "convert":
            elements = self._each(args[0].elements, lambda x: cast(self, x, avals[0].dtype, out.dtype))
        elif args[0].array is not None and args[0].elements is None and name == "reshape":
            return [Value(None, self.array(out, args[0].array.pointer))]
        elif args[0].elements is None and name in SCATTERS:
            self._written(eqn, args, avals)
            return [args[0]]
        elif name in ("index", "slice") and args[0].elements is None:
            elements = self._picked(eqn, args[0].array)
        elif name in STRUCTURAL:
            elements = self._structural(eqn, args, out)
        elif name in REDUCTIONS:
            elements = self._reduced(eqn, args[0].elements, avals[0], out)
        elif name == "dot_general":
            elements = self._product(eqn, args, out)
        elif name == "gather":
            elements = self._gathered(eqn, args, avals, out)
        else:
            elements = self._scattered(eqn, args, avals, out)
        return [Value(elements)]

    def _each(self, elements: Any, f: Callable[[V], V]) -> Any:
        return self.shaped([f(x) for x in elements.reshape(-1)], elements.shape)

    def _elementwise(self, eqn: Equation, args: list[Value], avals: list[Aval], out: Aval) -> Any:
        assert isinstance(eqn.primitive, Elementwise)
        loops = lowered(eqn.primitive, avals, out)
        assert loops is not None
        wide = [np.broadcast_to(a.elements, out.shape).reshape(-1) for a in args]
        known: dict[Any, V] = {}
        found = []
        for xs in zip(*wide, strict=True):
            key = tuple(x.name for x in xs)
            if key not in known:
                pairs = [(x, a.dtype) for x, a in zip(xs, avals, strict=True)]
                known[key] = emit_elementwise(self, eqn.primitive, loops, out.dtype, pairs)
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

    def _folded(self, name: str, dtype: np.dtype, xs: Sequence[V]) -> V:
        """Combined in pairs, pairs in pairs: short chains."""
        row = list(xs)
        while len(row) > 1:
            pairs = [SCALARS[name](self, dtype, row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
            row = pairs + ([row[-1]] if len(row) % 2 else [])
        return row[0]

    def _reduced(self, eqn: Equation, elements: Any, aval: Aval, out: Aval) -> Any:
        axes, name = eqn.params["axes"], eqn.primitive.name
        kept = [i for i in range(elements.ndim) if i not in axes]
        rows = elements.transpose([*kept, *axes]).reshape(size_of(out), -1)
        dtype = aval.dtype if name in ("reduce_max", "reduce_min") else out.dtype
        found = [self._folded(REDUCTIONS[name], dtype, [cast(self, x, aval.dtype, dtype) for x in r]) for r in rows]
        return self.shaped([cast(self, x, dtype, out.dtype) for x in found], out.shape)

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
                found.append(
                    self._folded(
                        "add", d, [SCALARS["multiply"](self, d, p, q) for p, q in zip(row, column, strict=True)]
                    )
                )
        return self.shaped(found, out.shape)

    def _index(self, x: V, dtype: np.dtype, n: int) -> V:
        """A computed index counted from the start; the function ends where it is out of range."""
        i = cast(self, x, dtype, INT64)
        if i.const is not None:
            i = self.int(int(i.const) + (n if i.const < 0 else 0))
            if 0 <= i.const < n:
                return i
        elif dtype.kind == "i":
            i = self.select(self.icmp("slt", i, self.int(0)), self.iadd(i, self.int(n)), i)
        self.fail_if(self.icmp("uge", i, self.int(n)))
        return i

    def _indices(self, args: list[Value], avals: list[Aval], axes: Sequence[int], shape: tuple[int, ...]) -> Any:
        places = np.broadcast_shapes(*[a.shape for a in avals])
        wide = [
            np.broadcast_to(self._each(a.elements, lambda x, v=v, n=shape[axis]: self._index(x, v.dtype, n)), places)
            for a, v, axis in zip(args, avals, axes, strict=True)
        ]
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
        places, wide = self._indices(args[1:], avals[1:], axes, shape)
        rest = [i for i in range(len(shape)) if i not in axes]
        found = []
        for p in np.ndindex(*places):
            for q in np.ndindex(*[shape[i] for i in rest]):
                at: list[Any] = [0] * len(shape)
                for axis, w in zip(axes, wide, strict=True):
                    at[axis] = w[p]
                for axis, j in zip(rest, q, strict=True):
                    at[axis] = j
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
        operation = SCATTERS[eqn.primitive.name]
        places, wide = self._indices(args[2:], avals[2:], axes, shape)
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
                    at = [0] * len(shape)
                    for axis, j in [*zip(axes, q, strict=True), *zip(rest, r, strict=True)]:
                        at[axis] = j
                    old, change = elements[tuple(at)], changes[(*p, *r)]
                    new = cast(self, change, avals[1].dtype, d)
                    if operation:
                        new = combine(self, operation, d, old, new)
                    elements[tuple(at)] = new if here is None else self.select(here, new, old)
        return elements

    def _written(self, eqn: Equation, args: list[Value], avals: list[Aval]) -> None:
        """A scatter into an array in memory, one element after another."""
        axes, array, d = eqn.params["axes"], args[0].array, avals[0].dtype
        assert array is not None
        shape, operation = array.shape, SCATTERS[eqn.primitive.name]
        places, wide = self._indices(args[2:], avals[2:], axes, shape)
        rest = [i for i in range(len(shape)) if i not in axes]
        domain = (*places, *[shape[i] for i in rest])
        changes: Any = np.broadcast_to(args[1].elements, domain)
        for p in np.ndindex(*places):
            for r in np.ndindex(*[shape[i] for i in rest]):
                at: list[Any] = [0] * len(shape)
                for axis, w in zip(axes, wide, strict=True):
                    at[axis] = w[p]
                for axis, j in zip(rest, r, strict=True):
                    at[axis] = j
                flat, change = self._flat(at, shape), changes[(*p, *r)]
                new = cast(self, change, avals[1].dtype, d)
                array.store(flat, combine(self, operation, d, array.load(flat), new) if operation else new)

    # --- loops and branches --------------------------------------------------------------------------------------

    def control(self, eqn: Equation, args: list[Value], targets: list[Array] | None) -> list[Value]:
        """Write a loop or branch; with `targets`, its results go there."""
        write = {"scan": self._scan, "while": self._while, "cond": self._cond, "walk": self._walk}[eqn.primitive.name]
        outs = write(eqn, args, targets)
        for array, value in zip(targets or [], outs, strict=False):
            if value.elements is not None and value.array is not array:
                self.put(array, value)
        return outs

    @staticmethod
    def flat(values: Sequence[Value]) -> list[V]:
        return [x for v in values if v.elements is not None for x in v.elements.reshape(-1)]

    def unflat(self, flat: Sequence[V], avals: Sequence[Aval], like: Sequence[Value]) -> list[Value]:
        """Values of these types from their elements; those of `like` that are in memory are there still."""
        rest, found = iter(flat), []
        for a, known in zip(avals, like, strict=True):
            if known.elements is None:
                found.append(known)
            else:
                found.append(Value(self.shaped([next(rest) for _ in range(size_of(a))], a.shape)))
        return found

    @staticmethod
    def held(values: Sequence[Value], first: int) -> list[tuple[int, int]]:
        """The carried values that are in memory, as inputs and results of a body."""
        return [(first + k, k) for k, v in enumerate(values) if v.elements is None]

    def _scan(self, eqn: Equation, args: list[Value], targets: list[Array] | None) -> list[Value]:
        p = eqn.params
        nc, nk, n, body = p["consts"], p["carry"], p["length"], p["body"]
        consts, init, xs = args[:nc], args[nc : nc + nk], args[nc + nk :]
        outs = [v.aval for v in eqn.outputs]
        slices = [self.in_memory(x, a.aval) for x, a in zip(xs, eqn.inputs[nc + nk :], strict=True)] if n else []
        ys = targets[nk:] if targets is not None else [self.room(a) for a in outs[nk:]]
        before = self.before(body, [*consts, *[None] * (nk + len(xs))]) if n else {}
        with self.loop(n, *self.flat(init)) as loop:
            i = self.isub(self.int(n - 1), loop.index) if p["reverse"] else loop.index
            carried = self.unflat(loop.carried[1:], outs[:nk], init)
            rows = [self.bound(self.slice_of(x, i)) for x in slices]
            if not n:
                rows = [Value(None)] * len(xs)
                loop.next = list(loop.carried)
            else:
                found = self.run(body, [*consts, *carried, *rows], before, self.held(init, nc))
                for y, v in zip(ys, found[nk:], strict=True):
                    self.put(self.slice_of(y, i), v)
                loop.next[1:] = self.flat(found[:nk])
        results = self.unflat(loop.carried[1:], outs[:nk], init)
        if targets is not None:
            return [*results, *[Value(None, y) for y in ys]]
        return [*results, *[self.bound(y) for y in ys]]

    def _while(self, eqn: Equation, args: list[Value], targets: Any) -> list[Value]:
        p = eqn.params
        nt, nb = p["cond_consts"], p["body_consts"]
        tests, consts, init = args[:nt], args[nt : nt + nb], args[nt + nb :]
        avals = [v.aval for v in eqn.outputs]
        nothing = [None] * len(init)
        first, second = self.before(p["cond"], [*tests, *nothing]), self.before(p["body"], [*consts, *nothing])
        with self.repeat(*self.flat(init)) as loop:
            carried = self.unflat(loop.carried, avals, init)
            (going,) = self.run(p["cond"], [*tests, *carried], first)
            self.leave_unless(loop, going.elements[()])
            loop.next = self.flat(self.run(p["body"], [*consts, *carried], second, self.held(init, nb)))
        return self.unflat(loop.carried, avals, init)

    def _cond(self, eqn: Equation, args: list[Value], targets: Any) -> list[Value]:
        branches = eqn.params["branches"]
        index = cast(self, args[0].elements[()], eqn.inputs[0].aval.dtype, INT64)
        avals = [v.aval for v in eqn.outputs]
        self._count += 1
        n = self._count
        results: list[list[V]] = []
        outs: list[Value] = []
        held = branch_pairs(eqn, [a.elements is None for a in args])
        last = len(branches) - 1
        for k, branch in enumerate(branches):
            if k < last:
                here = self.icmp("sle" if k == 0 else "eq", index, self.int(k))
                self.raw(f"  br i1 {here.name}, label %case{n}.{k}, label %else{n}.{k}")
                self.raw(f"case{n}.{k}:")
            outs = self.run(branch, args[1:], None, held)
            results.append(self.flat(outs))
            self.label(f"from{n}.{k}")
            self.raw(f"  br label %join{n}")
            if k < last:
                self.raw(f"else{n}.{k}:")
        self.raw(f"join{n}:")
        joined = []
        for values in zip(*results, strict=True):
            sources = ", ".join(f"[ {v.name}, %from{n}.{k} ]" for k, v in enumerate(values))
            joined.append(self.define(f"phi {values[0].llvm} {sources}", values[0].type, 1, 0))
        return self.unflat(joined, avals, outs)

    def _walk(self, eqn: Equation, args: list[Value], targets: Any) -> list[Value]:
        p = eqn.params
        tests, consts, init, fixed, state = groups(args, p)
        forward, back = p["forward"], p["back"]
        nk = len(init)
        kept = forward.out_avals[nk:]
        places, record = [], 0
        for a in kept:
            record = -(-record // a.dtype.itemsize) * a.dtype.itemsize
            places.append(record)
            record += bytes_of_aval(a)
        record = -(-record // 8) * 8
        self.declarations.update(TAPE)
        self._count += 1
        cell = f"%cell{self._count}"
        self.cells.append(cell)
        self.head += [f"  {cell} = alloca ptr", f"  store ptr null, ptr {cell}"]
        block = self.define(f"call ptr @malloc(i64 {max(FIRST * record, 16)})", "ptr", 1, 0)
        self.raw(f"  store ptr {block.name}, ptr {cell}")
        nothing = [None] * nk
        first, second = self.before(p["cond"], [*tests, *nothing]), self.before(forward, [*consts, *nothing])
        with self.repeat(self.int(0), self.int(FIRST), *self.flat(init)) as loop:
            index, room = loop.carried[:2]
            carried = self.unflat(loop.carried[2:], forward.out_avals[:nk], init)
            (going,) = self.run(p["cond"], [*tests, *carried], first)
            self.leave_unless(loop, going.elements[()])
            room = self._grown(cell, index, room, record) if record else room
            found = self.run(forward, [*consts, *carried], second)
            base = self._record(cell, index, record)
            for a, at, v in zip(kept, places, found[nk:], strict=True):
                self.put(self.array(a, self._further(base, at)), v)
            loop.next = [self.iadd(index, self.int(1)), room, *self.flat(found[:nk])]
        count = loop.carried[0]
        third = self.before(back, [*fixed, *[None] * (len(back.inputs) - len(fixed))])
        with self.loop(count, *self.flat(state)) as loop:
            i = self.isub(self.isub(count, self.int(1)), loop.index)
            base = self._record(cell, i, record)
            rows = [self.bound(self.array(kept[k], self._further(base, places[k]))) for k in p["slices"]]
            carried = self.unflat(loop.carried[1:], back.out_avals, state)
            found = self.run(back, [*fixed, *carried, *rows], third, self.held(state, len(fixed)))
            loop.next[1:] = self.flat(found)
        block = self.define(f"load ptr, ptr {cell}", "ptr", 1, 0)
        self.raw(f"  call void @free(ptr {block.name})")
        self.raw(f"  store ptr null, ptr {cell}")
        return self.unflat(loop.carried[1:], back.out_avals, state)

    def _record(self, cell: str, index: V, record: int) -> str:
        base = self.define(f"load ptr, ptr {cell}", "ptr", 1, 0).name
        return self.define(f"getelementptr i8, ptr {base}, {self.scaled(index, record)!r}", "ptr", 1, 0).name

    def _further(self, base: str, at: int) -> str:
        return self.define(f"getelementptr i8, ptr {base}, i64 {at}", "ptr", 1, 0).name if at else base

    def _grown(self, cell: str, index: V, room: V, record: int) -> V:
        """Twice the room for a tape that is full."""
        twice = self.shl(room, self.int(1))
        full = self.icmp("eq", index, room)
        with self.when(full):
            old = self.define(f"load ptr, ptr {cell}", "ptr", 1, 0)
            new = self.define(f"call ptr @realloc(ptr {old.name}, {self.scaled(twice, record)!r})", "ptr", 1, 0)
            none = self.icmp("eq", new, V("null", "ptr", 1, 0))
            self._count += 1
            self.raw(f"  br i1 {none.name}, label %no_memory, label %some{self._count}")
            self.raw(f"some{self._count}:")
            self.raw(f"  store ptr {new.name}, ptr {cell}")
        return self.select(full, twice, room)


def bytes_of_aval(aval: Aval) -> int:
    return size_of(aval) * aval.dtype.itemsize


__all__ = ["RegisterWriter"]
