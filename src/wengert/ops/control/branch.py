"""`cond_p`: one of several Programs, chosen by an integer.

``*results = cond(index, *operands)`` with Programs ``(*operands) -> (*results)``; an index out of range is moved into it.
Reverse mode saves what the branch that ran needs: each branch has its place among residuals of all, and operands
themselves are not saved again. A batch in which the index differs runs all branches and selects, or, where branches are
dear (loops, products), each example its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Aval, Value, inexact_dtype, shape_of
from ...lowering import kinds
from ...program import Atom, Literal, Program, subprograms
from ...vocabulary import BatchedResults, Batching, Linearizing, Params, Pushed, Results, Tape
from ..derived import (
    batched_program,
    dependence,
    execute,
    jvp_program,
    linearized_programs,
    once,
    strong,
    transposed_program,
)
from ..effects import EffectPrimitive
from ..elementwise import equal, exp, sin, where
from ..shape import reshape
from ..supported import along, as_supports, drops, masks_of, supported_program
from .programs import batched_value, on_newest_tape, or_zeros, rewired, split_linear, widened, without_zeros, zeros

Flags = tuple[bool, ...]
DEAR = frozenset("scan while while_pull supported_pull while_tangent dot_general solve cholesky custom_call".split())
MANY = 200  # equations in a branch that is dear for their number


class Cond(EffectPrimitive):
    """``cond(index, *operands)``.

    Parameters:
        branches: Programs of the operands; their results have the same types.
    """

    multiple_results = True
    choice = True

    def impl(self, *args: Value, branches: tuple[Program, ...]) -> list[Value]:
        return execute(branches[_chosen(args[0], len(branches))], args[1:])

    def abstract(self, *avals: Aval, branches: tuple[Program, ...]) -> list[Aval]:
        return [strong(a) for a in branches[0].out_avals]

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        if given[0]:
            return [True] * results
        found = [dependence(b, given[1:]) for b in params["branches"]]
        return [any(flags) for flags in zip(*found, strict=True)]

    # --- forward mode --------------------------------------------------------------------------------------------

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        branches = params["branches"]
        nonzero = tuple(t is not None for t in tangents[1:])
        derived = [jvp_program(b, nonzero) for b in branches]
        live = [any(flags) for flags in zip(*[found for _, found in derived], strict=True)]
        n, avals = len(live), [strong(a) for a in branches[0].out_avals]
        both = tuple(
            once(p, ("cond", tuple(live)), lambda p=p, f=found: rewired(p, p.inputs, [*p.outputs[:n], *_filled(p.outputs[n:], f, live, avals)]))
            for p, found in derived
        )  # fmt: skip
        outs = self.bind(*primals, *[t for t in tangents[1:] if t is not None], branches=both)
        rest = iter(outs[n:])
        return outs[:n], [next(rest) if b else None for b in live]

    def series_through(self, order: int, primals: Sequence[Value], coefficients: Any, params: Params) -> Any:
        from .series import through_branches

        return through_branches(self.bind, order, primals, coefficients, params)

    # --- reverse mode --------------------------------------------------------------------------------------------

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        branches = params["branches"]
        nonzero = tuple(t is not None for t in tangents[1:])
        pieces = [linearized_programs(b, nonzero) for b in branches]
        live = [any(flags) for flags in zip(*[found for _, _, found in pieces], strict=True)]
        known = [(p, len(live)) for p, _, _ in pieces]
        outs, args, linear = self._two(primals, known, [(q, f) for _, q, f in pieces], live, params)
        if not any(live):
            return outs
        given = [t for t in tangents[1:] if t is not None]
        nodes = iter(self._append(trace.tape, [*args, *given], linear))
        return [trace.wrap(o, next(nodes) if b else None) for o, b in zip(outs, live, strict=True)]

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        """What does not depend on the linear arguments is chosen now."""
        branches = params["branches"]
        given = tuple(tape.owns(a) for a in args[1:])
        pieces = [split_linear(b, given) for b in branches]
        live = [any(flags) for flags in zip(*[found for _, _, found in pieces], strict=True)]
        known = [without_zeros(p, flags, live) for p, _, flags in pieces]
        fixed = [args[0], *[a for a, b in zip(args[1:], given, strict=True) if not b]]
        outs, step, linear = self._two(fixed, known, [(q, f) for _, q, f in pieces], live, params)
        nodes = iter(self._append(tape, [*step, *[a for a, b in zip(args[1:], given, strict=True) if b]], linear))
        values = iter(outs)
        return [next(nodes) if b else next(values) for b in live]

    def _append(self, tape: Tape, args: Sequence[Value], branches: tuple[Program, ...]) -> list[Any]:
        if any(b.masked for b in branches):
            tape.masked = True
        return tape.append_many(self, tuple(args), {"branches": branches}, self.abstract(branches=branches))

    def _two(
        self,
        args: Sequence[Value],
        known: Sequence[tuple[Program, int]],
        linear: Sequence[tuple[Program, Sequence[bool]]],
        live: Sequence[bool],
        params: Params,
    ) -> tuple[list[Value], list[Value], tuple[Program, ...]]:
        """Run the known parts; the results, the first arguments of the linear parts, and these.

        Residuals of the same type share a place among branches; operands are arguments of the linear part as they are.
        """
        n_out = known[0][1]
        places: list[Aval] = []  # types of residuals that some branch gives
        operands: list[int] = []  # operands that some branch needs again
        where: list[list[tuple[str, Any]]] = []  # for each branch and residual: a place, an operand, or a value
        for program, n in known:
            position = {v: i for i, v in enumerate(program.inputs)}
            free = list(range(len(places)))
            mine: list[tuple[str, Any]] = []
            for a in program.outputs[n:]:
                if type(a) is Literal:
                    mine.append(("value", a))
                elif a in position:
                    i = position[a]
                    if i not in operands:
                        operands.append(i)
                    mine.append(("operand", operands.index(i)))
                else:
                    slot = next((s for s in free if places[s] == strong(a.aval)), None)
                    if slot is None:
                        slot = len(places)
                        places.append(strong(a.aval))
                    else:
                        free.remove(slot)
                    mine.append(("place", slot))
            where.append(mine)
        first = []
        for (program, n), mine in zip(known, where, strict=True):
            filled: list[Atom] = [Literal(zeros(a)) for a in places]
            for a, (kind, i) in zip(program.outputs[n:], mine, strict=True):
                if kind == "place":
                    filled[i] = a
            key = ("cond", tuple(places), tuple(i for k, i in mine if k == "place"))
            first.append(
                once(program, key, lambda p=program, n=n, f=filled: rewired(p, p.inputs, [*p.outputs[:n], *f]))
            )
        outs = self.bind(*args, branches=tuple(first)) if first[0].outputs else []
        shared = [args[1 + i] for i in operands]
        types = [known[0][0].inputs[i].aval for i in operands]
        second = []
        for (program, flags), mine in zip(linear, where, strict=True):
            key = ("cond", tuple(places), tuple(operands), tuple(live), tuple((k, i) for k, i in mine if k != "value"))
            second.append(
                once(
                    program,
                    key,
                    lambda p=program, m=mine, f=flags: _linear_branch(p, m, f, places, types, live, params),
                )
            )
        return outs[:n_out], [args[0], *outs[n_out:], *shared], tuple(second)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        branches = params["branches"]
        linear = on_newest_tape(args)
        given = tuple(c is not None for c in cotangent)
        pieces = [transposed_program(b, linear[1:], given, False) for b in branches]
        live = [any(flags) for flags in zip(*[found for _, found in pieces], strict=True)]
        avals = [strong(a) for a, b in zip(branches[0].in_avals, linear[1:], strict=True) if b]
        back = tuple(
            once(
                p, ("cond", tuple(live)), lambda p=p, f=found: rewired(p, p.inputs, _filled(p.outputs, f, live, avals))
            )
            for p, found in pieces
        )
        fixed = [a for a, b in zip(args[1:], linear[1:], strict=True) if not b]
        outs = iter(self.bind(args[0], *fixed, *[c for c in cotangent if c is not None], branches=back))
        grads = iter([next(outs) if b else None for b in live])
        return [next(grads) if b else None for b in linear]

    def leaves_out(self, params: Params) -> bool:
        """A branch also leaves out operands that another one takes."""
        branches = params["branches"]
        return any(map(drops, branches)) or len({_taken(b) for b in branches}) > 1

    def supported(self, cotangent: Results, supports: Any, args: Sequence[Value], params: Params) -> Any:
        branches = params["branches"]
        linear, masks = on_newest_tape(args), masks_of(supports, cotangent)
        given, marked = tuple(c is not None for c in cotangent), tuple(m is not None for m in masks)
        pieces = [supported_program(b, linear[1:], given, marked) for b in branches]
        live = [any(flags) for flags in zip(*[flags for _, flags, _ in pieces], strict=True)]
        # a branch that does not reach an argument at all leaves out all of it
        masked = [
            a and any(f or not b for b, f in flags)
            for a, *flags in zip(live, *[list(zip(b, f, strict=True)) for _, b, f in pieces], strict=True)
        ]
        avals = [strong(a) for a, b in zip(branches[0].in_avals, linear[1:], strict=True) if b]

        def filled(p: Program, here: Sequence[bool], found: Sequence[bool]) -> Program:
            masks = iter(p.outputs[sum(here) :])
            full = [
                next(masks) if f else Literal(np.full(a.shape, b)) for a, b, f in zip(avals, here, found, strict=True)
            ]
            outs = [
                *_filled(p.outputs[: sum(here)], here, live, avals),
                *[m for m, b in zip(full, masked, strict=True) if b],
            ]
            return rewired(p, p.inputs, outs)

        back = tuple(
            once(p, ("cond", tuple(live), tuple(masked)), lambda p=p, b=b, f=f: filled(p, b, f)) for p, b, f in pieces
        )
        fixed = [a for a, b in zip(args[1:], linear[1:], strict=True) if not b]
        values = [v for v in (*cotangent, *masks) if v is not None]
        outs = iter(self.bind(args[0], *fixed, *values, branches=back))
        grads = along(linear, [next(outs) if b else None for b in live])
        reached = along(linear, as_supports([next(outs) if b else None for b in masked]))
        if not any(supports) and not any(map(drops, branches)):
            for s in reached:
                if s is not None:
                    s.dear = True
        return grads, reached

    # --- batching ------------------------------------------------------------------------------------------------

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        branches, size = params["branches"], trace.size
        if batched[0]:
            outs, flags = self._each(trace, args, batched, params)
            for k, i in _handed_on(branches):  # whatever the branch, so not mixed by it
                outs[k], flags[k] = args[1 + i], batched[1 + i]
            return outs, flags
        pieces = [batched_program(b, size, tuple(batched[1:]), trace.axis_name) for b in branches]
        flags = [any(f) for f in zip(*[found for _, found in pieces], strict=True)]
        wide = tuple(widened(p, found, flags, size) for p, found in pieces)
        return self.bind(*args, branches=wide), flags

    def _each(self, trace: Any, args: Sequence[Value], batched: Sequence[bool], params: Params) -> Any:
        """The results where each example has its own branch."""
        from .lanes import each_alone, side_by_side

        branches, size = params["branches"], trace.size
        if any(_dear(b) for b in branches) and side_by_side(*branches, products=True):
            outs, flags = each_alone(self, size, args, batched, params)
            return list(outs), list(flags)
        return self._select(trace, args, batched, branches), [True] * len(branches[0].outputs)

    def _select(
        self, trace: Any, args: Sequence[Value], batched: Sequence[bool], branches: Sequence[Program]
    ) -> list[Value]:
        from ..call import call_p
        from .untaken import guarded

        index, n, size = args[0], len(branches), trace.size
        results: list[Value] | None = None
        for k, branch in enumerate(branches):
            careful = guarded(branch)
            flags, values = tuple(batched[1:]), list(args[1:])
            if careful is not None:
                branch, flags, values = careful, (True, *flags), [_chooses(index, k, n), *values]  # noqa: PLW2901
            program, found = batched_program(branch, size, flags, trace.axis_name)
            outs = [
                batched_value(o, size, f) for o, f in zip(call_p.bind(*values, program=program), found, strict=True)
            ]
            if results is None:
                results = outs
                continue
            here = _chooses(index, k, n)
            results = [
                where(reshape(here, (size,) + (1,) * (len(shape_of(o)) - 1)), o, r)
                for o, r in zip(outs, results, strict=True)
            ]
        assert results is not None
        return results


def _handed_on(branches: Sequence[Program]) -> list[tuple[int, int]]:
    """The results that every branch takes from the same input as they are, and the number of that."""
    found = []
    for k, outs in enumerate(zip(*[b.outputs for b in branches], strict=True)):
        places = {b.inputs.index(o) if o in b.inputs else -1 for b, o in zip(branches, outs, strict=True)}
        if len(places) == 1 and -1 not in places:
            found.append((k, places.pop()))
    return found


def _chooses(index: Value, k: int, n: int) -> Value:
    """Whether an index chooses the branch k of n."""
    return index <= 0 if k == 0 else equal(index, k) if k < n - 1 else index >= k


def _chosen(index: Value, n: int) -> int:
    return min(max(int(index), 0), n - 1)


def _filled(atoms: Sequence[Atom], found: Sequence[bool], live: Sequence[bool], avals: Sequence[Aval]) -> list[Atom]:
    """What a branch gives, zeros where only other branches give something."""
    return [a for a, b in zip(or_zeros(atoms, found, avals), live, strict=True) if b]


def _linear_branch(
    program: Program,
    where: Sequence[tuple[str, Any]],
    flags: Sequence[bool],
    places: Sequence[Aval],
    operands: Sequence[Aval],
    live: Sequence[bool],
    params: Params,
) -> Program:
    """The linear part of a branch as a Program ``(*places, *operands, *linear arguments)``."""
    from ...transforms.staging import stage

    n = len(where)
    arguments = program.in_avals[n:]
    types = [strong(a) for a, b in zip(params["branches"][0].out_avals, live, strict=True) if b]
    found = [f for f, b in zip(flags, live, strict=True) if b]

    def run(*values: Value) -> list[Value]:
        shared = {"place": values[: len(places)], "operand": values[len(places) : len(places) + len(operands)]}
        saved = [i.value if kind == "value" else shared[kind][i] for kind, i in where]
        outs = iter(program.evaluate([*saved, *values[len(places) + len(operands) :]]))
        return [next(outs) if f else zeros(a) for f, a in zip(found, types, strict=True)]

    made, _ = stage(run, [*places, *operands, *arguments], program.name)
    made.masked = program.masked
    return made


def _taken(program: Program) -> tuple[bool, ...]:
    """The numbers among the operands of a branch on which a result depends."""

    def make() -> tuple[bool, ...]:
        n, outs = len(program.inputs), program.outputs
        differentiable = [inexact_dtype(a.dtype) for a in program.in_avals]
        return tuple(
            b and any(dependence(program, [i == k for i in range(n)], outs)) for k, b in enumerate(differentiable)
        )

    return once(program, "taken", make)


def _dear(program: Program) -> bool:
    """Whether a branch costs so much that it should run only where it is chosen."""
    return len(program.equations) > MANY or any(
        e.primitive.name in DEAR or any(_dear(s) for s in subprograms(e)) for e in program.equations
    )


def _samples() -> list[Any]:
    from ...transforms.staging import stage

    pair, number = Aval((2,), np.dtype(float)), Aval((), np.dtype(float))
    branches = tuple(
        stage(f, [number, pair], name)[0]
        for name, f in {
            "scaled": lambda a, x: [a * sin(x) * x, x * 2.0],
            "grown": lambda a, x: [exp(a * x), x * x * a],
            "fixed": lambda a, x: [x * 1.0, np.ones(2)],
        }.items()
    )
    args = (np.float64(0.7), np.array([0.5, -1.0]))
    return [((np.int64(i), *args), {"branches": branches}) for i in (0, 1, 5)]


cond_p = Cond("cond", samples=_samples, reasons={"complex": "a Program is typed"}, native=kinds.Branch())
