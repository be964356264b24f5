"""Checks: an index that a function reaches is checked, whether or not its result is used, as eagerly.

An equation that reads or writes at computed places stays in a Program though nobody uses what it makes
(`program.may_fail`). Of one that is not used the compiler keeps the check alone, `check_index_p`; of one that is used in
part (``x[labels][:5]``) too, because nests compute only what is used. What another equation checks, the same index along an
axis of the same length, is not checked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value
from ..lowering import Formula, formulas, meaning
from ..lowering.index_maps import Affine, Gather, Structure, Symbols, View
from ..lowering.kinds import Check
from ..ops.families import Elementwise
from ..program import Atom, Equation, Program, Var, has_effect, live_equations, may_fail

Pair = tuple[Atom, int]  # an index, and the length of the axis


class CheckIndex(Primitive):
    """``check_index(index, length)``: an IndexError where an index is out of range; the result is always true.

    Parameters:
        apart: whether an equation that checks the same may compute less than its whole result (`complete`).
    """

    effect = True
    indices_from = 0

    def __init__(self) -> None:  # the compiler's own
        self.name, self.native = "check_index", Check()
        self.samples, self.reasons = None, {}

    def impl(self, index: Value, *, length: int, apart: bool) -> Value:
        np.empty(length, bool)[index]
        return np.True_

    def abstract(self, index: Aval, *, length: int, apart: bool) -> Aval:
        return Aval((), np.dtype(bool))


class FromStart(Elementwise):
    """``from_start(index, length)``: an index along an axis, counted from the start where it is negative."""

    def __init__(self) -> None:  # the compiler's own
        self.name, self.function, self.partials = "from_start", _from_start, None
        self.native = Formula(formulas.from_start, loop=np.add)
        self.weak_result, self.linear, self.choice = True, False, False
        self.samples, self.reasons = None, {}
        self.native.declare(self)


def _from_start(index: Any, length: Any) -> Any:
    return np.where(index < 0, index + length, index)


FromStart()
_CHECK = CheckIndex()
_CHECK.native.declare(_CHECK)


def pairs(eqn: Equation) -> list[Pair]:
    """What an equation checks."""
    first = eqn.primitive.indices_from
    if first is None:
        return []
    if meaning(eqn) is Check:
        return [(eqn.inputs[0], eqn.params["length"])]
    shape = eqn.inputs[0].aval.shape
    return [
        (a, shape[axis])
        for a, axis in zip(eqn.inputs[first:], eqn.params["axes"], strict=True)
        if type(a) is Var and a.aval.size
    ]


def alive(equations: Iterable[Equation], outputs: Sequence[Atom]) -> list[Equation]:
    """The equations that are needed for some results, those with an effect, and checks of indices in place of others."""
    needed = {a for a in outputs if type(a) is Var}
    found: list[Equation] = []
    checks = False
    for eqn in reversed(list(equations)):
        if not needed.isdisjoint(eqn.outputs) or has_effect(eqn):
            kept = [eqn]
            checks = checks or eqn.primitive.native.meaning is Check
        elif may_fail(eqn):
            kept = [_check(pair) for pair in pairs(eqn)]
            checks = True
        else:
            continue
        for e in kept:
            for a in e.inputs:
                if type(a) is Var:
                    needed.add(a)
        found += kept
    found.reverse()
    return _once(found, outputs) if checks else found


def _once(equations: Sequence[Equation], outputs: Sequence[Atom]) -> list[Equation]:
    """The equations without checks of what others check."""
    checked: set[Pair] = set()
    alone: set[Pair] = set()  # by checks
    for eqn in equations:
        if meaning(eqn) is not Check and eqn.outputs and eqn.outputs[0].aval.size:
            checked.update(pairs(eqn))
    found: list[Equation] = []
    for eqn in equations:
        if meaning(eqn) is Check or (eqn.outputs and not eqn.outputs[0].aval.size):
            done = alone if meaning(eqn) is Check and eqn.params["apart"] else checked
            mine = [p for p in pairs(eqn) if p not in done]
            checked.update(mine)
            alone.update(mine)
            if meaning(eqn) is Check:
                if mine:
                    found.append(eqn)
                continue
            found += map(_check, mine)
        found.append(eqn)
    return live_equations(found, outputs, failing=False)


# What an equation checks, and the axes of an array along which the elements of the index lie; None where they are not known.
Pending = tuple[Pair, frozenset[int] | None]


def complete(program: Program) -> Program:
    """A Program in which what nests may compute in part is checked whole."""
    equations = list(program.equations)
    if not [e for e in equations if e.primitive.indices_from is not None and may_fail(e)]:
        return program
    pending: dict[Any, list[Pending]] = {}  # of what nests compute where it is used
    parts: dict[Pair, None] = {}
    whole: set[Pair] = set()
    for eqn in equations:
        native, mine = eqn.primitive.native, pairs(eqn)
        structure = isinstance(native, Structure)
        inline = eqn.primitive.elementwise or isinstance(native, Formula) or structure
        given = [pending.get(a, []) if type(a) is Var else [] for a in eqn.inputs]
        left: list[Pending] = []
        for k, before in enumerate(given):
            if not before:
                continue
            if k == 0 and structure and native.drops(eqn):
                kept = _seen_through(eqn, before)
                left += [p for p in kept if p[1] is not None]
                parts.update(dict.fromkeys([pair for pair, axes in kept if axes is None]))
            elif inline:
                left += _seen_through(eqn, before) if structure else _elementwise(eqn, k, before)
            else:
                whole.update([pair for pair, _ in before])
        if structure:
            left += [(pair, _first_axes(eqn)) for pair in mine]
        else:
            whole.update(mine)
        if left:
            (out,) = eqn.outputs
            if out.aval.size:
                pending[out] = left
            else:
                parts.update(dict.fromkeys([pair for pair, _ in left]))
    missing = [p for p in parts if p not in whole]
    if not missing:
        return program
    checks = [_check(p, apart=True) for p in missing]
    made = Program(program.inputs, [*equations, *checks], program.outputs, program.name, program.masked)
    made.guards, made.in_tree, made.out_tree = program.guards, program.in_tree, program.out_tree
    return made


def _first_axes(eqn: Equation) -> frozenset[int] | None:
    """The axes of the indices in the result of a gather: the first ones."""
    if not isinstance(eqn.primitive.native, Gather):
        return None
    free = len(eqn.inputs[0].aval.shape) - (len(eqn.inputs) - 1)
    return frozenset(range(len(eqn.outputs[0].aval.shape) - free))


def _elementwise(eqn: Equation, k: int, before: list[Pending]) -> list[Pending]:
    same = eqn.inputs[k].aval.shape == eqn.outputs[0].aval.shape
    return [(pair, axes if same else None) for pair, axes in before]


def _seen_through(eqn: Equation, before: list[Pending]) -> list[Pending]:
    """What is known of elements of the first operand in the result: axes that the result has whole are axes of the result."""
    native, moved = eqn.primitive.native, {}
    if isinstance(native, View):
        shape, out = eqn.inputs[0].aval.shape, eqn.outputs[0].aval.shape
        point = tuple(Affine.axis(i) for i in range(len(out)))
        for axis, at in enumerate(native.source(Symbols, point, shape, out, **eqn.params)):
            terms = at.terms if isinstance(at, Affine) else ()
            if len(terms) == 1 and abs(terms[0][1]) == 1 and out[terms[0][0]] == shape[axis]:
                moved[axis] = terms[0][0]
    return [
        (pair, None if axes is None or axes - moved.keys() else frozenset(moved[a] for a in axes))
        for pair, axes in before
    ]


def _check(pair: Pair, apart: bool = False) -> Equation:
    index, length = pair
    return Equation(_CHECK, [index], [Var(Aval((), np.dtype(bool)))], {"length": length, "apart": apart})


__all__ = ["alive", "complete", "pairs"]
