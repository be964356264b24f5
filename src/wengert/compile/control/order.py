"""Large arrays that a body in registers carries: an order of its equations in which they can be changed in place.

An array in memory has versions: each scatter, and each loop or branch that carries it on, makes the next one from the
one before. Whoever reads a version comes before the equation that overwrites it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...lowering import meaning
from ...lowering.kernels import Scatter
from ...lowering.kinds import Branch, Scan, Walk, While
from ...program import Equation, Program, Var


def origin(program: Program, k: int) -> int | None:
    """The input that a result is made from by changes in place, by number."""
    producer = {v: e for e in program.equations for v in e.outputs}
    a = program.outputs[k]
    while type(a) is Var and a in producer:
        eqn = producer[a]
        if eqn.primitive.native.flat:
            a = eqn.inputs[0]
            continue
        i = source(eqn, eqn.outputs.index(a))
        if i is None:
            return None
        a = eqn.inputs[i]
    return program.inputs.index(a) if type(a) is Var and a in program.inputs else None


def source(eqn: Equation, k: int) -> int | None:
    """The input of an equation whose memory its result number k can have."""
    kind, p = meaning(eqn), eqn.params
    if isinstance(eqn.primitive.native, Scatter):
        return 0 if eqn.inputs[0].aval.dtype == eqn.outputs[0].aval.dtype else None
    if kind is Scan:
        consts, carry, _ = p["operands"]
        return consts + k if k < carry else None
    if kind is While:
        return p["operands"].tests + p["operands"].consts + k
    if kind is Branch:
        found = {origin(b, k) for b in p["branches"]}
        (i,) = found if len(found) == 1 else (None,)
        return None if i is None else 1 + i
    if kind is Walk:
        return len(eqn.inputs) - len(eqn.outputs) + k
    return None


def arranged(program: Program, memory: Sequence[Any], held: Sequence[tuple[int, int]]) -> list[Equation] | None:
    """The equations in an order in which the results of `held`, pairs of inputs and results, are made in place.

    Args:
        memory: the inputs that are in memory; those that are not in `held` are only read.
    """
    version: dict[Any, Any] = {v: v for v in memory}
    first: dict[Any, Any] = {v: v for v in memory}  # the input that a version comes from
    owned = {program.inputs[i] for i, _ in held}
    readers: dict[Any, list[int]] = {}
    writer: dict[Any, int] = {}
    for number, eqn in enumerate(program.equations):
        here = [version.get(a) if type(a) is Var else None for a in eqn.inputs]
        if eqn.primitive.native.flat and here[0] is not None:
            version[eqn.outputs[0]] = here[0]
            continue
        changed: set[Any] = set()
        for k, out in enumerate(eqn.outputs):
            i = source(eqn, k)
            v = here[i] if i is not None else None
            if v is None:
                continue
            if v in writer or v not in owned or v in changed or here.count(v) > 1:
                return None
            changed.add(v)
            writer[v] = number
            version[out], first[out] = out, first[v]
            owned.add(out)
        for v in here:
            if v is not None and v not in changed:
                readers.setdefault(v, []).append(number)
    last = [version.get(a) if type(a) is Var else None for a in program.outputs]
    for i, k in held:
        v = last[k]
        if v is None or v in writer or first[v] is not program.inputs[i] or last.count(v) > 1:
            return None
    if any(v is not None and k not in {k for _, k in held} for k, v in enumerate(last)):
        return None
    return _sorted(program, {writer[v]: readers.get(v, []) for v in writer})


def _sorted(program: Program, after: dict[int, list[int]]) -> list[Equation] | None:
    """The equations in an order close to theirs, each after those that make what it reads and after those of `after`."""
    if not after:
        return program.equations
    maker = {v: i for i, e in enumerate(program.equations) for v in e.outputs}
    needs: dict[int, set[int]] = {}
    for i, eqn in enumerate(program.equations):
        needs[i] = {maker[a] for a in eqn.inputs if type(a) is Var and a in maker} | set(after.get(i, []))
    done: set[int] = set()
    order: list[int] = []
    for start in range(len(program.equations)):
        stack = [start]
        path: set[int] = set()
        while stack:
            i = stack[-1]
            waiting = [j for j in needs[i] if j not in done] if i not in done else []
            if not waiting:
                stack.pop()
                path.discard(i)
                if i not in done:
                    done.add(i)
                    order.append(i)
                continue
            path.add(i)
            if any(j in path for j in waiting):
                return None  # a circle: an old value is wanted after it is overwritten
            stack += sorted(waiting, reverse=True)
    return [program.equations[i] for i in order]


__all__ = ["arranged", "origin", "source"]
