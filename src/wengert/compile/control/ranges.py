"""Ranges of integers in Programs with loops: counters, and what is computed from them, stay within bounds that are known.

A loop's counter starts somewhere, grows by a constant, and the loop ends after a known number of steps or at a bound. From
that an index is in range or not negative, so that its check, the choice that counts it from the end, and clamps of it fall
away. What is not known to be in range is checked as before. Ranges hold without overflow: one that the dtype might not
hold is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...lowering import formulas as f
from ...lowering import index_maps as maps
from ...lowering import meaning, meanings
from ...lowering.kinds import Check, Scan, While
from ...program import Atom, Equation, Literal, Program, Var
from ..checks import alive

Range = tuple[int, int]  # both ends included
RANGES = "ranges"  # under which a Program's cache has those of its variables


def bounded(program: Program) -> Program:
    """A Program without the checks, choices and clamps in its loops that the ranges of their counters make needless."""
    if meanings(program).isdisjoint((Scan, While)):
        return program
    return _Walk({}, True).program(program)


def _of_dtype(dtype: np.dtype, low: int, high: int) -> Range | None:
    if dtype.kind == "b":
        return low, high
    if dtype.kind not in "iu" or dtype.itemsize > 8:
        return None
    info = np.iinfo(dtype)
    return (low, high) if info.min <= low and high <= info.max else None


def _of_literal(a: Literal) -> Range | None:
    x = np.asarray(a.value)
    if x.dtype.kind not in "biu" or not x.size:
        return None
    return int(x.min()), int(x.max())


def _products(x: Range, y: Range) -> Range:
    ends = [a * b for a in x for b in y]
    return min(ends), max(ends)


_ARITHMETIC: dict[Any, Callable[[Range, Range], Range]] = {
    f.add: lambda x, y: (x[0] + y[0], x[1] + y[1]),
    f.subtract: lambda x, y: (x[0] - y[1], x[1] - y[0]),
    f.multiply: _products,
    f.maximum: lambda x, y: (max(x[0], y[0]), max(x[1], y[1])),
    f.minimum: lambda x, y: (min(x[0], y[0]), min(x[1], y[1])),
}
# For each comparison whether it is so, or is not, whatever the values are: from ranges of both sides.
_TRUTHS: dict[Any, Callable[[Range, Range], bool]] = {
    f.less: lambda x, y: x[1] < y[0],
    f.less_equal: lambda x, y: x[1] <= y[0],
    f.greater: lambda x, y: x[0] > y[1],
    f.greater_equal: lambda x, y: x[0] >= y[1],
    f.equal: lambda x, y: x[0] == x[1] == y[0] == y[1],
    f.not_equal: lambda x, y: x[1] < y[0] or x[0] > y[1],
}
_LESS = (f.less, f.less_equal)
_OPPOSITE = {
    f.less: f.greater_equal, f.less_equal: f.greater, f.greater: f.less_equal, f.greater_equal: f.less,
    f.equal: f.not_equal, f.not_equal: f.equal,
}  # fmt: skip


def _of_arithmetic(what: Any, x: Range | None, y: Range | None, limits: np.iinfo[Any]) -> Range | None:
    """The range of a sum, a product, a maximum …; a maximum and a minimum have a bound where one operand has."""
    if x is not None and y is not None:
        return _ARITHMETIC[what](x, y)
    known = x if x is not None else y
    if known is None or what not in (f.maximum, f.minimum):
        return None
    return (known[0], limits.max) if what is f.maximum else (limits.min, known[1])


def _of_negative(x: Range | None) -> Range | None:
    return None if x is None else (-x[1], -x[0])


def _of_where(c: Range | None, x: Range | None, y: Range | None) -> Range | None:
    return (x if c[0] else y) if c is not None and c[0] == c[1] else _of_joined(x, y)


def _of_remainder(x: Range | None, y: Range | None) -> Range | None:
    return (0, y[1] - 1) if y is not None and y[0] > 0 else None


def _of_quotient(x: Range | None, y: Range | None) -> Range | None:
    if x is None or y is None or y[0] != y[1] or y[0] <= 0:
        return None
    return x[0] // y[0], x[1] // y[0]


def _of_joined(*parts: Range | None) -> Range | None:
    known = [p for p in parts if p is not None]
    return (min(p[0] for p in known), max(p[1] for p in known)) if len(known) == len(parts) else None


_PARTLY_KNOWN: dict[Any, Callable[..., Range | None]] = {  # of operands whose ranges may be unknown
    f.negative: _of_negative,
    f.where: _of_where,
    f.remainder: _of_remainder,
    f.floor_divide: _of_quotient,
    maps.Joined: _of_joined,
}


class _Walk:
    """One walk over a Program: finds ranges and, if it is to write, leaves out what they make needless."""

    def __init__(self, known: dict[Var, Range], writes: bool) -> None:
        self.known = known
        self.writes = writes

    def of(self, a: Atom) -> Range | None:
        if type(a) is Literal:
            return _of_literal(a)
        found = self.known.get(a)
        return (0, 1) if found is None and a.aval.dtype.kind == "b" else found

    def program(self, program: Program) -> Program:
        """The Program with less in it, whose inputs have the ranges that are known."""
        replaced: dict[Any, Atom] = {}
        equations: list[Equation] = []
        producer: dict[Any, Equation] = {}
        for eqn in program.equations:
            if replaced and any(a in replaced for a in eqn.inputs if type(a) is Var):
                inputs = [replaced.get(a, a) if type(a) is Var else a for a in eqn.inputs]
                eqn = eqn.replaced(inputs)
            what = meaning(eqn)
            if what in (Scan, While):
                eqn = (self._scan if what is Scan else self._while)(eqn)
            else:
                self._note(eqn)
            if self.writes:
                if what is Check and self._within(eqn.inputs[0], eqn.params["length"]):
                    continue
                simpler = self._simpler(eqn)
                if simpler is not None:
                    replaced[eqn.outputs[0]] = simpler
                    continue
            equations.append(eqn)
            for v in eqn.outputs:
                producer[v] = eqn
        if not self.writes:
            return program
        ranges = {v: r for v, r in self.known.items() if v.aval.dtype.kind in "iu"}
        if not ranges and not replaced and equations == program.equations:
            return program
        outputs = [replaced.get(a, a) if type(a) is Var else a for a in program.outputs]
        made = Program(program.inputs, alive(equations, outputs), outputs, program.name, program.masked)
        made.guards, made.in_tree, made.out_tree = program.guards, program.in_tree, program.out_tree
        made.cache[RANGES] = ranges
        return made

    def _within(self, index: Atom, length: int) -> bool:
        r = self.of(index)
        return r is not None and -length <= r[0] and r[1] < length

    def _simpler(self, eqn: Equation) -> Atom | None:
        """What the result of an equation is by the ranges of its arguments."""
        what, out = meaning(eqn), eqn.outputs[0] if eqn.outputs else None
        if out is None:
            return None
        if what in _TRUTHS and out.aval.shape == ():
            r = self.known.get(out)
            return Literal(np.bool_(r[0])) if r is not None and r[0] == r[1] else None
        if what is f.where:
            c, x, y = eqn.inputs
            r = self.of(c)
            chosen = None if r is None or r[0] != r[1] else x if r[0] else y
            return chosen if chosen is not None and self._same(chosen, out) else None
        if what in (f.maximum, f.minimum):
            for x, y in (eqn.inputs, eqn.inputs[::-1]):
                r, s = self.of(x), self.of(y)
                if r is None or s is None or not self._same(x, out):
                    continue
                if r[0] >= s[1] if what is f.maximum else r[1] <= s[0]:
                    return x
        return None

    @staticmethod
    def _same(a: Atom, out: Var) -> bool:
        return not a.aval.weak and a.aval.dtype == out.aval.dtype and a.aval.shape == out.aval.shape

    def _note(self, eqn: Equation) -> None:
        """The range of a result."""
        if len(eqn.outputs) != 1 or eqn.outputs[0].aval.dtype.kind not in "biu":
            return
        (out,) = eqn.outputs
        found = self._range(eqn, out.aval.dtype)
        if found is not None:
            found = _of_dtype(out.aval.dtype, *found)
        if found is not None:
            self.known[out] = found

    def _range(self, eqn: Equation, dtype: np.dtype) -> Range | None:
        """The range of a result of integers or truth values, without overflow; None where it is not known."""
        what = meaning(eqn)
        if what in _TRUTHS:
            x, y = map(self.of, eqn.inputs)
            if x is None or y is None:
                return None
            return (1, 1) if _TRUTHS[what](x, y) else (0, 0) if _TRUTHS[_OPPOSITE[what]](x, y) else None
        if what in _ARITHMETIC:
            x, y = map(self.of, eqn.inputs)
            return None if dtype.kind == "b" else _of_arithmetic(what, x, y, np.iinfo(dtype))
        if what in _PARTLY_KNOWN:
            return _PARTLY_KNOWN[what](*map(self.of, eqn.inputs))
        if eqn.primitive.native.selects:
            return self.of(eqn.inputs[0])
        if what is f.converted and (dtype.kind != "b" or eqn.inputs[0].aval.dtype.kind == "b"):
            return self.of(eqn.inputs[0])
        return None

    # --- loops ---------------------------------------------------------------------------------------------------

    def _body(self, body: Program, inputs: Sequence[Range | None], writes: bool) -> tuple[Program, _Walk]:
        walk = _Walk({v: r for v, r in zip(body.inputs, inputs, strict=True) if r is not None}, writes and self.writes)
        return walk.program(body), walk

    def _scan(self, eqn: Equation) -> Equation:
        p = eqn.params
        operands, n, body = p["operands"], p["length"], p["body"]
        consts, init, xs = operands.split([self.of(a) for a in eqn.inputs])
        carry = operands.split(body.inputs)[1]
        steps = [_step(body, v, o) for v, o in zip(carry, body.outputs, strict=False)]
        counters: dict[int, tuple[Range, Range]] = {}
        for k, (r, by) in enumerate(zip(init, steps, strict=True)):
            if r is not None and by and n:
                inside, after = _moved(r, by * (n - 1)), _moved(r, by * n)
                if _of_dtype(carry[k].aval.dtype, min(inside[0], after[0]), max(inside[1], after[1])):
                    counters[k] = inside, (r[0] + by * n, r[1] + by * n)
        return self._loop(eqn, "body", len(consts), consts, init, xs, counters)

    def _while(self, eqn: Equation) -> Equation:
        p = eqn.params
        cond, body = p["cond"], p["body"]
        nt, nb, _ = p["operands"]
        tests, consts, init = p["operands"].split([self.of(a) for a in eqn.inputs])
        carry = body.inputs[nb:]
        bounds = self._bounds(
            cond, nt, [*tests, *[r if body.outputs[k] is carry[k] else None for k, r in enumerate(init)]]
        )
        counters: dict[int, tuple[Range, Range]] = {}
        for k, r in enumerate(init):
            by = _step(body, carry[k], body.outputs[k])
            if r is None or not by or k not in bounds:
                continue
            low, high = bounds[k]  # while the loop goes on
            if by > 0 and high is not None:
                inside, after = (r[0], max(high, r[0])), (r[0], max(r[1], high + by))
            elif by < 0 and low is not None:
                inside, after = (min(low, r[1]), r[1]), (min(r[0], low + by), r[1])
            else:
                continue
            if _of_dtype(carry[k].aval.dtype, *after):
                counters[k] = inside, after
        return self._loop(eqn, "body", nb, consts, init, [], counters, nt)

    def _loop(
        self,
        eqn: Equation,
        role: str,
        first: int,
        consts: list[Range | None],
        init: list[Range | None],
        rest: list[Range | None],
        counters: dict[int, tuple[Range, Range]],
        tests: int = 0,
    ) -> Equation:
        """The loop with the ranges of its counters, and of values that stay in the range that they start in."""
        body = eqn.params[role]
        carry = list(body.inputs[first : first + len(init)])
        proposed: list[Range | None] = [
            None if k in counters or body.inputs[first + k].aval.dtype.kind not in "iu" else r
            for k, r in enumerate(init)
        ]
        ranges = self._with_counters(body, consts, proposed, rest, counters)
        made, walk = self._body(body, [*consts, *ranges, *rest], True)
        for k, v in enumerate(eqn.outputs):
            if k < len(carry):
                r = counters[k][1] if k in counters else ranges[k]
            else:
                r = walk.of(body.outputs[k])
            if r is not None and v.aval.dtype.kind in "iu":
                self.known[v] = r
        return eqn.replaced(params={**eqn.params, role: made}) if self.writes and made is not body else eqn

    def _with_counters(
        self,
        body: Program,
        consts: Sequence[Range | None],
        proposed: list[Range | None],
        rest: Sequence[Range | None],
        counters: dict[int, tuple[Range, Range]],
    ) -> list[Range | None]:
        """The ranges of carried values: those of counters, and of the others those proposed that no step leaves."""
        while True:
            ranges = [counters[k][0] if k in counters else r for k, r in enumerate(proposed)]
            if all(r is None for r in proposed):
                return ranges
            _, walk = self._body(body, [*consts, *ranges, *rest], False)
            outs = [walk.of(a) for a in body.outputs[: len(proposed)]]
            kept = [
                r if r is not None and out is not None and r[0] <= out[0] and out[1] <= r[1] else None
                for r, out in zip(proposed, outs, strict=True)
            ]
            if kept == proposed:
                return ranges
            proposed = kept

    def _bounds(
        self, cond: Program, first: int, given: Sequence[Range | None]
    ) -> dict[int, tuple[int | None, int | None]]:
        """How small and how large carried values are, by number, while a condition holds."""
        _, walk = self._body(cond, given, False)
        producer = {v: e for e in cond.equations for v in e.outputs}
        numbers = {v: k for k, v in enumerate(cond.inputs[first:])}
        found: dict[int, tuple[int | None, int | None]] = {}
        stack = [cond.outputs[0]]
        while stack:
            a = stack.pop()
            eqn = producer.get(a) if type(a) is Var else None
            if eqn is None:
                continue
            what = meaning(eqn)
            if what is f.logical_and or (what in (maps.Reshape, f.converted) and eqn.inputs[0].aval.dtype.kind == "b"):
                stack += eqn.inputs
            elif what in (f.less, f.less_equal, f.greater, f.greater_equal):
                for x, y, up in ((*eqn.inputs, what in _LESS), (*eqn.inputs[::-1], what not in _LESS)):
                    r = walk.of(y)
                    if type(x) is not Var or x not in numbers or r is None or x.aval.shape != ():
                        continue
                    low, high = found.get(numbers[x], (None, None))
                    strict = what in (f.less, f.greater)
                    if up:
                        end = r[1] - strict
                        high = end if high is None else min(high, end)
                    else:
                        end = r[0] + strict
                        low = end if low is None else max(low, end)
                    found[numbers[x]] = low, high
        return found


def _moved(r: Range, by: int) -> Range:
    """The range of what starts in one and moves by so much at most."""
    return r[0] + min(by, 0), r[1] + max(by, 0)


def _step(body: Program, v: Var, out: Atom) -> int:
    """The constant by which a carried integer grows in a step; 0 where it is none."""
    if v.aval.dtype.kind not in "iu" or v.aval.shape != () or type(out) is not Var:
        return 0
    producer = next((e for e in body.equations if out in e.outputs), None)
    if producer is None or meaning(producer) not in (f.add, f.subtract):
        return 0
    x, y = producer.inputs
    if meaning(producer) is f.add and y is v:
        x, y = y, x
    if x is not v or type(y) is not Literal or np.ndim(y.value) or np.asarray(y.value).dtype.kind not in "iu":
        return 0
    by = int(y.value)
    return -by if meaning(producer) is f.subtract else by


__all__ = ["RANGES", "bounded"]
