"""Loops with less in them: constants that are numbers stand in the body, what is not read or not wanted is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...lowering import index_maps as maps
from ...lowering import meaning, meanings
from ...lowering.kinds import Branch, Scan, Walk, While
from ...ops.control.operands import LoopOperands, ScanOperands, WalkOperands
from ...program import Atom, Equation, Literal, Program, Var, has_effect, may_fail
from ..checks import alive
from ..rewriter import Rewriter, number, registered

SMALL = 64  # elements of a constant array that is kept with the code


def lifted(r: Rewriter, program: Program) -> tuple[Program, list[Literal]]:
    """A Program optimised, its large constants as further inputs before the others."""
    found = program.cache.get("lifted")
    if found is None:
        found = program.cache["lifted"] = _lifted(r.loops.optimize(program))
    return found


def _lifted(program: Program) -> tuple[Program, list[Literal]]:
    names: dict[int, Var] = {}
    literals: list[Literal] = []

    def atom(a: Atom) -> Atom:
        if type(a) is not Literal or np.size(a.value) <= SMALL:
            return a
        if id(a.value) not in names:
            names[id(a.value)] = Var(a.aval)
            literals.append(a)
        return names[id(a.value)]

    equations = [e.replaced([atom(a) for a in e.inputs]) for e in program.equations]
    outputs = [atom(a) for a in program.outputs]
    if not literals:
        return program, []
    return Program([*names.values(), *program.inputs], equations, outputs, program.name), literals


def uniform(r: Rewriter, a: Atom) -> Literal | None:
    """The scalar literal that an atom is, or is a broadcast of."""
    if number(a) is not None:
        return a  # type: ignore[return-value]
    made = r.made_by(a, maps.broadcast)
    return made.inputs[0] if made is not None and number(made.inputs[0]) is not None else None  # type: ignore[return-value]


def settled(
    r: Rewriter, program: Program, first: int, atoms: Sequence[Atom], drop: bool = True
) -> tuple[Program, list[Atom], bool]:
    """A Program with numbers in the place of inputs that are given them, equal inputs as one, those not read dropped.

    Args:
        first: the number of the first of the inputs that `atoms` are given to.
        drop: whether inputs may go.

    Returns:
        The Program, the atoms that are left, and whether numbers came in.
    """
    replaced: dict[Any, Atom] = {}
    before: list[Equation] = []
    seen: dict[Any, Var] = {}
    for v, a in zip(program.inputs[first : first + len(atoms)], atoms, strict=True):
        literal = uniform(r, a)
        if literal is not None:
            value = Literal(np.asarray(literal.value).astype(v.aval.dtype)[()])
            if v.aval.shape == ():
                replaced[v] = value
            else:
                spread = Var(v.aval)
                before.append(Equation(registered(maps.broadcast), [value], [spread], {"shape": v.aval.shape}))
                replaced[v] = spread
        elif type(a) is Var and a in seen:
            replaced[v] = seen[a]
        elif type(a) is Var:
            seen[a] = v
    if replaced:
        program = substituted(program, replaced, before)
    if not drop:
        return program, list(atoms), bool(before or replaced)
    read = reads(program.equations, program.outputs)
    kept = [v in read for v in program.inputs[first : first + len(atoms)]]
    flags = [*[True] * first, *kept, *[True] * (len(program.inputs) - first - len(atoms))]
    inputs = [v for v, b in zip(program.inputs, flags, strict=True) if b]
    numbers = any(type(a) is Literal or a not in seen.values() for a in replaced.values())
    return (
        Program(inputs, program.equations, program.outputs, program.name) if len(inputs) < len(flags) else program,
        [a for a, b in zip(atoms, kept, strict=True) if b],
        numbers,
    )


def substituted(program: Program, atoms: dict[Any, Atom], before: Sequence[Equation] = ()) -> Program:
    """A Program with other atoms in the places of some variables."""

    def atom(a: Atom) -> Atom:
        return atoms.get(a, a) if type(a) is Var else a

    equations = [e.replaced([atom(a) for a in e.inputs]) for e in program.equations]
    outputs = [atom(a) for a in program.outputs]
    return Program(program.inputs, alive([*before, *equations], outputs), outputs, program.name)


def reads(equations: Sequence[Equation], outputs: Sequence[Atom]) -> set[Any]:
    """The variables that equations and results read."""
    return {a for atoms in [*[e.inputs for e in equations], outputs] for a in atoms if type(a) is Var}


# --- results that nobody wants -------------------------------------------------------------------------------------


def pruned(program: Program) -> Program:
    """A Program whose loops and branches compute only what is used."""
    if meanings(program).isdisjoint(PRUNE):
        return program
    needed: set[Any] = {a for a in program.outputs if type(a) is Var}
    equations: list[Equation] = []
    for eqn in reversed(program.equations):
        wanted = [v in needed for v in eqn.outputs]
        if not any(wanted) and not has_effect(eqn) and not may_fail(eqn):
            continue
        prune = PRUNE.get(meaning(eqn))
        if prune is not None and eqn.outputs:
            if not any(wanted):  # it runs for its effect
                wanted[0] = True
            less = prune(eqn, wanted)
            if less.params != eqn.params:
                eqn = less
        equations.append(eqn)
        needed.update([a for a in eqn.inputs if type(a) is Var])
    if equations[::-1] == program.equations:
        return program
    found = Program(program.inputs, equations[::-1], program.outputs, program.name, program.masked)
    found.guards, found.in_tree, found.out_tree = program.guards, program.in_tree, program.out_tree
    return found


def _needed(
    program: Program, first: int, wanted: Sequence[bool], carry: int, more: Sequence[Program] = (), at: int = 0
) -> list[bool]:
    """Which carried values are needed for the results that are wanted; `more` are Programs that read them from `at` on."""
    carried = program.inputs[first : first + carry]
    needed = list(wanted[:carry])
    for other in more:
        read = reads(other.equations, other.outputs)
        needed = [n or v in read for n, v in zip(needed, other.inputs[at : at + carry], strict=True)]
    while True:
        outputs = [o for o, b in zip(program.outputs, [*needed, *wanted[carry:]], strict=True) if b]
        equations = alive(program.equations, outputs)
        read = reads(equations, outputs)
        grown = [n or v in read for n, v in zip(needed, carried, strict=True)]
        if grown == needed:
            return needed
        needed = grown


def _with(program: Program, inputs: Sequence[bool], outputs: Sequence[bool]) -> Program:
    if all(inputs) and all(outputs):
        return program
    outs = [o for o, b in zip(program.outputs, outputs, strict=True) if b]
    ins = [v for v, b in zip(program.inputs, inputs, strict=True) if b]
    return pruned(Program(ins, alive(program.equations, outs), outs, program.name, program.masked))


def _of(items: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    return [x for x, b in zip(items, flags, strict=True) if b]


def _used(program: Program, outputs: Sequence[bool]) -> list[bool]:
    outs = _of(program.outputs, outputs)
    read = reads(alive(program.equations, outs), outs)
    return [v in read for v in program.inputs]


def _scan(eqn: Equation, wanted: Sequence[bool]) -> Equation:
    p = eqn.params
    nc, nk, _ = p["operands"]
    carry = _needed(p["body"], nc, wanted, nk)
    outs = [*carry, *wanted[nk:]]
    used = _used(p["body"], outs)
    used[nc : nc + nk] = carry
    body = _with(p["body"], used, outs)
    operands = ScanOperands(*map(sum, p["operands"].split(used)))
    return eqn.replaced(_of(eqn.inputs, used), _of(eqn.outputs, outs), {**p, "body": body, "operands": operands})


def _while(eqn: Equation, wanted: Sequence[bool]) -> Equation:
    p = eqn.params
    nt, nb, nk = p["operands"]
    carry = _needed(p["body"], nb, wanted, nk, [p["cond"]], nt)
    used = _used(p["body"], carry)
    used[nb:] = carry
    body = _with(p["body"], used, carry)
    cond = _with(p["cond"], [*[True] * nt, *carry], [True])
    inputs = [*eqn.inputs[:nt], *_of(eqn.inputs[nt:], used)]
    params = {"cond": cond, "body": body, "operands": LoopOperands(nt, sum(used[:nb]), sum(carry))}
    return eqn.replaced(inputs, _of(eqn.outputs, carry), params)


def _cond(eqn: Equation, wanted: Sequence[bool]) -> Equation:
    branches = eqn.params["branches"]
    used = [any(flags) for flags in zip(*[_used(b, wanted) for b in branches], strict=True)]
    made = tuple(_with(b, used, wanted) for b in branches)
    return eqn.replaced([eqn.inputs[0], *_of(eqn.inputs[1:], used)], _of(eqn.outputs, wanted), {"branches": made})


def _walk(eqn: Equation, wanted: Sequence[bool]) -> Equation:
    p = eqn.params
    tests, consts, init, fixed, start = p["operands"].split(eqn.inputs)
    nf, ns, nk = len(fixed), len(wanted), len(init)
    state = _needed(p["back"], nf, wanted, ns)
    used = _used(p["back"], state)
    used[nf : nf + ns] = state
    back = _with(p["back"], used, state)
    rows = _of(p["slices"], used[nf + ns :])
    kept = sorted(set(rows))
    forward = p["forward"]
    slices = [i in kept for i in range(len(forward.outputs) - nk)]
    carry = _needed(forward, len(consts), [*[False] * nk, *slices], nk, [p["cond"]], len(tests))
    outs = [*carry, *slices]
    first = _used(forward, outs)
    first[len(consts) :] = carry
    cond = _with(p["cond"], [*[True] * len(tests), *carry], [True])
    consts, init, fixed = _of(consts, first[: len(consts)]), _of(init, carry), _of(fixed, used[:nf])
    groups = tests, consts, init, fixed, _of(start, state)
    params = {
        "cond": cond, "forward": _with(forward, first, outs), "back": back, "operands": WalkOperands.of(*groups),
        "slices": tuple(kept.index(i) for i in rows),
    }  # fmt: skip
    return eqn.replaced([a for group in groups for a in group], _of(eqn.outputs, state), params)


PRUNE = {Scan: _scan, While: _while, Branch: _cond, Walk: _walk}

__all__ = ["lifted", "pruned", "settled", "substituted", "uniform"]
