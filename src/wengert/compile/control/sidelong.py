"""Which scans have their steps in vector lanes, in how many, and what of a step lies around a `while` that lanes take in turn."""

from __future__ import annotations

from typing import Any

from ...lowering import kinds, meaning
from ...lowering.kernels import Scatter
from ...lowering.kinds import Branch, Scan, While
from ...program import Equation, Program, Var, subprograms
from .fit import CONTROL_COSTS, cost, few
from .step import Control

LEAST = 2  # steps for each lane, below which a scan stays one loop
SLIGHT = 100  # instructions around a `while`, beyond which lanes wait for the last one
WIDE = 400  # instructions of a step, up to which two vectors are computed at a time


def lanes_of(step: Control, vector_bytes: int) -> int | None:
    """How many steps of a scan are computed side by side, or None where it is no such scan."""
    p = step.eqn.params
    if step.kind is not Scan or p["operands"].carry or step.reuses or not step.eqn.outputs:
        return None
    total, program = innermost(step.eqn)
    if not divides(program):
        return None
    sizes = [v.aval.dtype.itemsize for q in programs(program) for e in q.equations for v in e.outputs]
    large = [not few(a.aval) for a in step.inputs]
    instructions = CONTROL_COSTS[Scan](step.eqn, large) or WIDE + 1
    lanes = vector_bytes // max([4, *sizes]) * (2 if instructions <= WIDE else 1)
    return lanes if total >= max(LEAST * lanes, 1) else None


def programs(program: Program) -> list[Program]:
    return [program, *[q for e in program.equations for p in subprograms(e) for q in programs(p)]]


def divides(program: Program) -> bool:
    """Whether nothing but rows of the results is written to memory, and there is something that lanes are good for."""
    for q in programs(program):
        for e in q.equations:
            if isinstance(e.primitive.native, Scatter) and not few(e.inputs[0].aval):
                return False
            if isinstance(e.primitive.native, kinds.Control):
                kind = meaning(e)
                held = e.params["operands"].carry if kind is Scan else 0 if kind is Branch else len(e.outputs)
                if not all(few(v.aval) for v in e.outputs[:held]):
                    return False
    return bool(program.equations)


def innermost(eqn: Equation) -> tuple[int, Program]:
    """How many steps a scan in which there is nothing but another one has in all, and the body of the innermost one."""
    total = 1
    while True:
        total, body = total * eqn.params["length"], eqn.params["body"]
        inner = only_scan(body)
        if inner is None:
            return total, body
        eqn = inner


def only_scan(body: Program) -> Equation | None:
    if len(body.equations) != 1 or meaning(body.equations[0]) is not Scan:
        return None
    (eqn,) = body.equations
    same = len(eqn.outputs) == len(body.outputs) and all(a is b for a, b in zip(eqn.outputs, body.outputs, strict=True))
    return eqn if same and not eqn.params["operands"].carry and not eqn.params["reverse"] else None


def around_a_while(program: Program) -> tuple[Program, Equation, Program] | None:
    """What a body computes before its one `while`, that, and what it computes after it; None for another body.

    The first gives the arguments of the loop, its carried values behind the constants, and then what the last needs.
    """
    loops = [e for e in program.equations if isinstance(e.primitive.native, kinds.Control)]
    if len(loops) != 1 or meaning(loops[0]) is not While:
        return None
    (loop,) = loops
    late: set[Any] = set(loop.outputs)
    before, after = [], []
    for e in program.equations:
        if e is loop:
            continue
        if any(type(a) is Var and a in late for a in e.inputs):
            late.update(e.outputs)
            after.append(e)
        else:
            before.append(e)
    wanted = [a for e in after for a in e.inputs] + list(program.outputs)
    needed = list(dict.fromkeys(a for a in wanted if type(a) is Var and a not in late))
    made = [*loop.inputs, *needed]
    first = Program(program.inputs, before, [a for a in made if few(a.aval)], program.name)
    last = Program([*needed, *loop.outputs], after, program.outputs, program.name)
    given = set(program.inputs)
    if any(not few(a.aval) and a not in given for a in made):
        return None
    sizes = [cost(p, [not few(v.aval) for v in p.inputs]) for p in (first, last)]
    if None in sizes or sum(sizes) > SLIGHT:  # type: ignore[arg-type]
        return None
    tests, consts, _ = loop.params["operands"].split(loop.inputs)
    first.cache.update(made=made, known=[*tests, *consts, *needed])
    return first, loop, last


__all__ = ["around_a_while", "innermost", "lanes_of", "only_scan", "programs"]
