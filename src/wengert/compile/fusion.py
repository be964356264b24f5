"""Fusion: which equations become one loop nest, what is kept in memory between nests, and in which order they run.

Each equation is of a kind. Elementwise and structural ones are inlined where they are used. Reductions, products of
matrices, and calls of NumPy put their results in memory. A stage is a number such that everything a nest reads from
memory was written in an earlier stage; nests of one stage over one domain are one nest. A value that several stages
use is kept in memory when computing it again would cost more than reading it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..lowering import Formula, computed_in, meaning, narrow
from ..lowering.index_maps import Affine, Interleaved, Joined, Structure, strides_of
from ..lowering.kinds import Check, Contraction
from ..lowering.monoids import ALL, SUM, Monoid, Reduction
from ..program import AVAL, Atom, Equation, Literal, Program, Var, has_effect, may_fail
from . import borders
from .borders import divided
from .components import separated
from .control.step import Control, control_of
from .interleaved import REAL, SameBytes
from .lapack import Factorisation, factorisation_of, share_factors
from .nest import Nest, size_of
from .products import Product, product_domain, product_node, product_of, sizes, whole
from .scalars import lowered, register_type
from .serial.step import Serial, serial_of

MAP, VIEW, REDUCE, PRODUCT, PIECES, CALL = "map", "view", "reduce", "product", "pieces", "call"

# Costs in units of one addition. Recomputing what costs less than this is cheaper than writing and reading it.
CHEAP = 3
LARGE = 1 << 17  # numbers that are more than the caches next to a core hold
LONG = 16  # entries of a row, for which vectors are full
FEW = 12  # simple operations, which take less time than reading a large array
LARGEST = 150  # equations in one nest: the time LLVM takes for one function grows faster than it


class Root:
    """A result that a kernel writes: a value at each point, a reduction, or a piece of a larger array."""

    __slots__ = ("combine", "node", "offset", "source", "target")

    def __init__(self, target: Var, source: Any, combine: Any = None, offset: Any = None) -> None:
        self.target = target
        self.source = source  # the atom whose value is stored or reduced; an Equation for an unrolled product
        self.combine = combine  # the monoid that reduces, or None
        self.offset = offset  # where a point is stored in the target: an Affine
        self.node = -1


class Kernel:
    """A loop nest: a domain, which of its axes are reduced, and what is written."""

    def __init__(self, domain: tuple[int, ...], reduced: tuple[int, ...]) -> None:
        self.domain = domain
        self.size = math.prod(domain)
        self.reduced = reduced
        self.roots: list[Root] = []
        self.nest: Any = None
        self.alike: Any = None  # an object that it has in common with nests of the same text
        self.chunks: Any = None  # how threads share it: see chunks.py
        self.in_place = False  # whether a result has the memory of an array that is read


class Call:
    """An equation computed by its NumPy implementation."""

    def __init__(self, eqn: Equation) -> None:
        self.eqn = eqn
        self.inputs = eqn.inputs


class Fill:
    """Zeros written to an array before pieces are."""

    def __init__(self, target: Var) -> None:
        self.target = target


Step = Kernel | Call | Serial | Fill | Product | Factorisation | Control


class Plan:
    """The steps of a Program, and where each variable lives.

    Attributes:
        steps: in the order in which they run.
        memory: the variables in memory; a reshape in memory is the variable it reshapes.
        held: the results, by number, that are in the memory of an input, with its number.
    """

    def __init__(self, program: Program, largest: int | None = None) -> None:
        self.largest = LARGEST if largest is None else largest  # equations in one nest
        self.program = program
        self.steps: list[Step] = []
        self.producer = {v: e for e in program.equations for v in e.outputs}
        self.memory: dict[Var, Var] = {v: v for v in program.inputs}
        self.held: dict[int, int] = {}
        self.time = 0.0  # what the steps take, about, in nanoseconds; once they are written
        self.writers: list[Any] = []  # who wrote its nests, in order
        self.in_place: list[Any] = []  # steps that work in place, each with the variable that it changes
        self.roots: dict[Var, Var] = {}  # `memory` before any step worked in place
        self._kinds: dict[Equation, str] = {}
        self._calls: dict[Equation, Call | Serial | Factorisation | Control] = {}
        self._stage: dict[Var, int] = dict.fromkeys(program.inputs, 0)  # when it can be used inline
        self._runs: dict[
            Equation, int
        ] = {}  # the stage of what is no function of points: an effect alone has no results
        self._cost: dict[Var, int] = dict.fromkeys(program.inputs, 0)
        self._crowd: dict[Any, int] = {}
        self._effects = 0  # the stage of the last equation with an effect
        self._later: set[Var] = set(program.inputs)  # results that are complete only after their stage
        self._uses: dict[Var, list[Equation]] = {}
        for eqn in program.equations:
            for a in set(eqn.inputs):
                if type(a) is Var:
                    self._uses.setdefault(a, []).append(eqn)
        # What some elementwise equation uses at more points than it has: if it is dear it will be in memory.
        self._spread = {
            a
            for eqn in program.equations
            if eqn.primitive.elementwise
            for a in eqn.inputs
            if type(a) is Var
            and a.aval.shape != (shape := eqn.outputs[0].aval.shape)
            and math.prod(shape) > math.prod(a.aval.shape)
        }
        self._companions: dict[Any, list[Var]] = {}  # results of functions that share instructions, of one argument
        for eqn in program.equations:
            if eqn.primitive.native.shares:
                self._companions.setdefault(_shared_key(eqn), []).append(eqn.outputs[0])
        self._assign()
        self._keep_shared()
        self._build()
        share_factors(self.steps, self.memory.__getitem__)
        for step in self.steps:
            self.memory.update((v, v) for v in getattr(step, "scratch", ()))

    # --- kinds and stages ----------------------------------------------------------------------------------------

    def _kind(self, eqn: Equation) -> str:
        native = eqn.primitive.native
        avals, outs = list(map(AVAL, eqn.inputs)), list(map(AVAL, eqn.outputs))
        if isinstance(native, SameBytes):
            return VIEW
        if native.meaning is Contraction and not [a for a in avals if a.dtype not in REAL or a.dtype != outs[0].dtype]:
            sized = whole([a.shape for a in avals], eqn.params["dims"], outs[0].dtype)
            return PRODUCT if sized and product_of(eqn) is not None else CALL
        for a in (*avals, *outs):
            if register_type(a.dtype) is None:
                return CALL
        if isinstance(native, Formula):
            return MAP if lowered(eqn.primitive, avals, outs[0]) else CALL
        if isinstance(native, Structure):
            return VIEW if native.inlined(eqn) or self._read_through(eqn) else PIECES
        if isinstance(native, Check):
            return REDUCE
        if isinstance(native, Reduction) and size_of(avals[0]) > 0:
            return REDUCE if computed_in(avals[0].dtype).kind in native.monoid.kinds else CALL
        if isinstance(native, Contraction):
            if 0 in avals[0].shape and size_of(outs[0]):
                return CALL  # a sum of nothing
            if narrow(outs[0].dtype) or outs[0].dtype.kind not in "fiub":
                return CALL  # floating point of 16 bits has been written in float32
            return CALL if [a for a in avals if a.dtype != outs[0].dtype] else PRODUCT
        return CALL

    def _read_through(self, eqn: Equation) -> bool:
        """Whether what is put together of a few cheap arrays is read where it is used, in nests that come apart at its seams."""
        if not isinstance(eqn.primitive.native, Joined) or not borders.seams(eqn):
            return False
        cheap = all(type(a) is Var and self._cost[a] <= CHEAP for a in eqn.inputs)
        return cheap and borders.by_point(self.program, eqn.outputs[0], self._uses)

    def _flat(self, eqn: Equation) -> bool:
        """Whether an equation gives the memory of its operand another shape."""
        return self._kinds[eqn] == VIEW and eqn.primitive.native.flat

    def force(self, a: Atom) -> int:
        """Keep a value in memory; returns the stage from which it can be read."""
        if type(a) is Literal:
            return 0
        assert type(a) is Var
        if a not in self.memory:
            eqn = self.producer[a]
            if self._flat(eqn):
                ready = self.force(eqn.inputs[0])
                source = eqn.inputs[0]
                if type(source) is Var:
                    self.memory[a] = self.memory[source]
                    self._stage[a] = ready
                    self._later.add(a)
                    self._cost[a] = 0
                    return ready
            self.memory[a] = a
        return self._stage[a] + (a not in self._later)

    def _assign(self) -> None:
        """The kind of each equation, and the stage in which it runs."""
        for eqn in self.program.equations:
            kind = self._kinds[eqn] = self._kind(eqn)
            if kind in (MAP, VIEW):
                self._assign_pointwise(eqn, kind)
                continue
            if kind == PRODUCT and product_of(eqn) is None:  # small: a loop nest
                self._kinds[eqn] = kind = REDUCE
            if kind == CALL:
                self._calls[eqn] = (
                    factorisation_of(eqn)
                    or serial_of(eqn, self.producer)
                    or control_of(eqn, self.producer)
                    or Call(eqn)
                )
            if kind in (CALL, PRODUCT):
                operands = self._calls[eqn].inputs if kind == CALL else eqn.inputs
                stage = max([self.force(a) for a in operands], default=0)
                if has_effect(eqn):  # effects come in order
                    stage = self._effects = max(stage, self._effects)
            else:
                stage = self._stage_of_nest(eqn)
            self._runs[eqn] = stage
            for v in eqn.outputs:
                self.memory[v] = v
                self._stage[v], self._cost[v] = stage + 1, 0
                self._later.add(v)

    def _assign_pointwise(self, eqn: Equation, kind: str) -> None:
        """The stage and the cost of what is computed at each point of a nest: where its operands can be read."""
        (out,) = eqn.outputs
        stage, cost = 0, eqn.primitive.native.cost
        for a in eqn.inputs:
            if type(a) is Literal:
                continue
            held = a in self.memory
            if held and kind == MAP and a not in self._later and a.aval.shape == out.aval.shape and self._joins(a):
                stage, cost = max(stage, self._stage[a]), cost + self._cost[a]
            elif held or self._needs_memory(eqn, a):
                stage = max(stage, self.force(a))
            else:
                stage = max(stage, self._stage[a])
                cost += self._cost[a]
        crowd = (stage, out.aval.shape)
        if self._crowd.get(crowd, 0) >= self.largest:  # begin another nest, from what is in memory by then
            stage = max([self.force(a) for a in eqn.inputs], default=stage)
            crowd = (stage, out.aval.shape)
        self._crowd[crowd] = self._crowd.get(crowd, 0) + 1
        self._stage[out], self._cost[out] = stage, min(cost, 10**6)
        if kind == VIEW and self._flat(eqn) and type(eqn.inputs[0]) is Var and eqn.inputs[0] in self.memory:
            self.force(out)  # the same memory under another shape

    def _stage_of_nest(self, eqn: Equation) -> int:
        """The stage of a nest that reduces or writes pieces; operands that it would compute several times are kept in memory."""
        for i, a in enumerate(eqn.inputs):
            if type(a) is Var and a not in self.memory and self._cost[a] > CHEAP and uses_again(eqn)[i]:
                self.force(a)
        return max(
            [
                self.force(a) if a in self.memory and not self._joins(a) else self._stage[a]
                for a in eqn.inputs
                if type(a) is Var
            ],
            default=0,
        )

    def _joins(self, a: Var) -> bool:
        """Whether what uses an operand in memory point by point runs in the nest that writes it, rather than read it again."""
        return a not in self._later and size_of(a.aval) >= LARGE and self._cost[a] <= FEW

    def _needs_memory(self, eqn: Equation, a: Var) -> bool:
        """Whether an operand that is computed inline so far must be in memory before a nest that inlines `eqn` can run."""
        view = eqn.primitive.native if self._kinds[eqn] == VIEW else None
        if view is not None and view.needs_memory(eqn):
            return True
        if view is not None and view.computed and a is eqn.inputs[0]:
            return self._cost[a] > CHEAP
        if view is not None and len(self._uses[a]) > 1 and self._cost[a] > CHEAP:
            return True  # it would be computed at several points
        if {a, eqn.outputs[0]} <= self._spread and self._cost[a] > CHEAP >= eqn.primitive.native.cost:
            return True  # it will be, and then the result is cheap to compute where it is used
        out = eqn.outputs[0].aval
        return self._cost[a] > CHEAP and size_of(out) > size_of(a.aval) >= 1

    # --- what is kept --------------------------------------------------------------------------------------------

    def _keep_shared(self) -> None:
        """Keep in memory what several stages use and is dear."""
        for a in self.program.outputs:
            self.force(a)
        uses: dict[Var, set[int]] = {}
        for eqn in reversed(self.program.equations):
            kind = self._kinds[eqn]
            if kind in (MAP, VIEW):
                (out,) = eqn.outputs
                stages = uses.get(out, set())
                if out in self.memory and self.memory[out] is not out:
                    continue  # a reshape of memory
                if out not in self.memory and (
                    (len(stages) > 1 and self._cost[out] > CHEAP)
                    or (eqn.primitive.native.shares and self._is_made_along(eqn, uses))
                ):
                    self.memory[out] = out
                if out in self.memory:
                    stages = {self._stage[out]}
                if not stages:
                    continue
            else:
                stages = {self._runs[eqn]}
            for a in eqn.inputs:
                if type(a) is Var:
                    # What is in memory is computed in its own stage whoever reads it.
                    uses.setdefault(a, set()).update(stages)

    def _is_made_along(self, eqn: Equation, uses: dict[Var, set[int]]) -> bool:
        """Whether a function is wanted after a nest that computes the one that it has most instructions in common with.

        A derivative of tanh that waits for its cotangent is one: there its argument would be read, and the exponential
        computed once more, instead of the derivative being read. The function is put into the stage of that nest.
        """
        key, (out,) = _shared_key(eqn), eqn.outputs
        stages = []
        for other in self._companions[key]:
            if other is not out:
                kept = self.memory.get(other) is other
                stages += [self._stage[other]] if kept else uses.get(other, ())
        if not stages or min(stages) >= min(uses.get(out, ()), default=-1):
            return False
        self._stage[out] = min(stages)
        return True

    # --- kernels -------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        stages: dict[int, list[Any]] = {}
        for eqn in self.program.equations:
            kind = self._kinds[eqn]
            if kind in (MAP, VIEW):
                (out,) = eqn.outputs
                if self.memory.get(out) is out and size_of(out.aval):
                    stages.setdefault(self._stage[out], []).append((eqn, kind))
            elif any(size_of(v.aval) for v in eqn.outputs) or has_effect(eqn) or may_fail(eqn):
                stages.setdefault(self._runs[eqn], []).append((eqn, kind))
        for stage in sorted(stages):
            self._build_stage(stage, stages[stage])

    def _build_stage(self, stage: int, entries: list[Any]) -> None:
        nests: dict[Any, Kernel] = {}
        stores: list[Root] = []
        after: list[Step] = []
        for eqn, kind in entries:
            if kind in (MAP, VIEW):
                (out,) = eqn.outputs
                stores.append(Root(out, out))
            elif kind == REDUCE:
                domain, axes, source, combine = self._reduction(eqn)
                kernel = nests.setdefault((domain, axes), Kernel(domain, axes))
                kernel.roots.append(Root(eqn.outputs[0], source, combine))
            elif isinstance(eqn.primitive.native, Interleaved):  # in one nest
                stores += [Root(eqn.outputs[0], a, None, offset) for a, offset in eqn.primitive.native.pieces(eqn)[1]]
            elif kind == PIECES:
                self.steps += self._pieces(eqn, stage)
            elif kind == PRODUCT:
                product = product_of(eqn)
                assert product is not None
                after.append(product)
            else:
                after.append(self._calls[eqn])
        for root in stores:
            shape = root.source.aval.shape
            key = next((k for k in nests if k[0] == shape), (shape, ()))
            nests.setdefault(key, Kernel(shape, ())).roots.append(root)
        for kernel in nests.values():
            self._expand(kernel, stage)
            for part in separated(kernel, partial(self._blank, kernel, kernel.domain)):
                self.steps += [part] if part.size < borders.LEAST else divided(part, partial(self._blank, kernel))
        self.steps += after

    def _reduction(self, eqn: Equation) -> tuple[tuple[int, ...], tuple[int, ...], Any, Monoid]:
        if meaning(eqn) is Contraction:
            domain = product_domain(eqn)
            n = len(eqn.outputs[0].aval.shape)
            return domain, tuple(range(n, len(domain))), eqn, SUM
        (x,) = eqn.inputs
        if isinstance(eqn.primitive.native, Check):
            return x.aval.shape, tuple(range(len(x.aval.shape))), eqn, ALL
        return x.aval.shape, eqn.params["axes"], x, eqn.primitive.native.monoid

    def _pieces(self, eqn: Equation, stage: int) -> list[Step]:
        """An array put together: one nest for each part."""
        out = eqn.outputs[0]
        cleared, placed = eqn.primitive.native.pieces(eqn)
        steps: list[Step] = [Fill(out)] if cleared else []
        for a, offset in placed:
            if size_of(a.aval):
                kernel = Kernel(a.aval.shape, ())
                kernel.roots.append(Root(out, a, None, offset))
                self._expand(kernel, stage)
                steps.append(kernel)
        return steps

    def readable(self, v: Var, stage: int) -> bool:
        """Whether a variable is complete in memory before a stage begins."""
        return v in self.memory and self._stage[v] + (v not in self._later) <= stage

    def _made_again(self, v: Var, stage: int) -> bool:
        """Whether a large array is rather computed again than read: by one simple step, of arrays far smaller than it."""
        eqn = self.producer.get(v)
        size = size_of(v.aval)
        if (
            eqn is None
            or size < LARGE
            or self._kinds[eqn] != MAP
            or eqn.primitive.native.cost > 1
            or v.aval.shape[-1:] < (LONG,)
        ):
            return False
        return all(self._small(a, stage, size // 8) for a in eqn.inputs)

    def _small(self, a: Atom, stage: int, most: int) -> bool:
        """Whether an operand is read from at most so many numbers in memory."""
        while type(a) is Var and not self.readable(a, stage):
            eqn = self.producer[a]
            if self._kinds[eqn] != VIEW or eqn.primitive.native.computed:
                return False
            a = eqn.inputs[0]
        return size_of(a.aval) <= most

    def _blank(self, kernel: Kernel, domain: tuple[int, ...]) -> Kernel:
        """A nest over a domain that reads what another one does, with nothing in it yet."""
        blank = Kernel(domain, kernel.reduced)
        blank.nest = Nest(self.producer, kernel.nest.in_memory)
        return blank

    def _expand(self, kernel: Kernel, stage: int) -> None:
        """Find the nodes of a kernel."""
        memory = self.memory

        def read(v: Var) -> bool:
            return v in memory and self.readable(v, stage) and not self._made_again(v, stage)

        nest = kernel.nest = Nest(self.producer, read)
        point = tuple(Affine.axis(i) for i in range(len(kernel.domain)))
        for root in kernel.roots:
            if isinstance(root.source, Equation):
                make = _checked_node if isinstance(root.source.primitive.native, Check) else product_node
                root.node = make(nest, root.source, point)
            else:
                root.node = nest.value(root.source, point)
            if root.offset is None:
                kept = [i for i in range(len(kernel.domain)) if root.combine is None or i not in kernel.reduced]
                strides = strides_of([kernel.domain[i] for i in kept])
                root.offset = Affine(())
                for i, s in zip(kept, strides, strict=True):
                    root.offset = root.offset + Affine.axis(i).scaled(s)


def uses_again(eqn: Equation) -> list[bool]:
    """For each operand of an equation in a nest, whether it uses an element many times."""
    if meaning(eqn) is not Contraction:
        return [False] * len(eqn.inputs)
    _, m, n, _, _, _ = sizes([a.aval.shape for a in eqn.inputs], eqn.params["dims"])
    return [n > 1, m > 1]


def _shared_key(eqn: Equation) -> tuple[str, Atom]:
    """What an elementwise function shares with others of the same argument."""
    return eqn.primitive.native.shares, eqn.inputs[0]


def _checked_node(nest: Nest, eqn: Equation, point: Sequence[Affine]) -> int:
    index = nest.value(eqn.inputs[0], tuple(point))
    checked = nest.node("checked", (index,), eqn.params["length"], np.dtype(np.int64))
    return nest.node("inside", (checked,), (0, eqn.params["length"]), np.dtype(bool))


def literal_arrays(program: Program) -> list[Literal]:
    """The literals of a Program that are arrays: they are passed to the compiled code."""
    seen: dict[int, Literal] = {}
    for eqn in program.equations:
        for a in eqn.inputs:
            if type(a) is Literal and a.aval.shape != ():
                seen.setdefault(id(a), a)
    for a in program.outputs:
        if type(a) is Literal and a.aval.shape != ():
            seen.setdefault(id(a), a)
    return list(seen.values())
