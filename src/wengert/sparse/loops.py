"""Dependences through loops, branches, calls and functions with rules of their own.

A loop is followed step by step where it takes few steps, or where what it reads depends on the step. Otherwise its body
is walked once, on its own arguments, and what the steps make of each other is found by composing that with itself until
nothing new comes: a scan whose carried values forget stays a band, and one that remembers is a triangle.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ops.call import Call
from ..ops.control.branch import Cond
from ..ops.control.loop import While
from ..ops.control.operands import ScanOperands
from ..ops.control.pull import WhileTangent
from ..ops.control.scan import Scan
from ..ops.control.solve import LinearSolve
from ..ops.custom import CustomCall
from ..ops.derived import jvp_program
from ..program import Equation, Program, Var, subprograms
from .dependence import Dependence, ones, union
from .lattices import Lattice, Read, lattice
from .rules import everything, size_of

STEPS = 20_000  # equations that are gone through one by one where a loop is followed step by step
POWERS = 64  # of a step that are composed before all of them together are taken for each
TRIANGLE = 50_000_000  # pairs of steps and elements that are listed


def equations(program: Program) -> int:
    return sum(1 + sum(map(equations, subprograms(e))) for e in program.equations)


def call(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Any]) -> Any:
    program = eqn.primitive.called(eqn.params)
    return w.run(program, deps, known)[0]


def branch(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Any]) -> Any:
    branches = eqn.params["branches"]
    if known[0] is not None:
        taken = branches[min(max(int(np.asarray(known[0])), 0), len(branches) - 1)]
        return w.run(taken, deps[1:], known[1:])[0]
    found = [w.run(b, deps[1:], known[1:])[0] for b in branches]
    return [union(parts) for parts in zip(*found, strict=True)]


def ruled(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Any]) -> Any:
    """A function with a rule: what its tangents depend on by the rule, which need not be what its results do."""
    if w.local:
        known = [None] * len(known)
    program = _alone(eqn)
    moving = tuple(not d.empty for d in deps)
    rule = eqn.params["rule"]
    if not getattr(rule, "forward_mode", False):
        return everything(w, eqn, deps, known)
    linear, live = jvp_program(program, moving, only_tangents=True)
    given = [d for d, b in zip(deps, moving, strict=True) if b]
    inputs = [*[w.nothing(v.aval) for v in linear.inputs[: len(deps)]], *given]
    found = iter(w.run(linear, inputs, [*known, *[None] * len(given)])[0])
    return [next(found) if b else w.nothing(v.aval) for b, v in zip(live, eqn.outputs, strict=True)]


def _alone(eqn: Equation) -> Program:
    inputs = [Var(a.aval) for a in eqn.inputs]
    outputs = [Var(v.aval) for v in eqn.outputs]
    return Program(inputs, [Equation(eqn.primitive, inputs, outputs, eqn.params)], outputs, eqn.primitive.name)


# --- loops whose length depends on values ---------------------------------------------------------------------------


def while_loop(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Any]) -> Any:
    params = eqn.params
    body, cond = params["body"], params["cond"]
    tests, consts, carry = params["operands"].split(deps)
    of_tests, of_consts, values = params["operands"].split(known)
    cost, left = equations(body) + equations(cond) + 1, STEPS
    while True:
        (_,), (going,) = w.run(cond, [*tests, *carry], [*of_tests, *values])
        if going is None or left < 0:
            break
        if not going:
            return carry
        carry, values = w.run(body, [*consts, *carry], [*of_consts, *values])
        left -= cost
    total, fixed = carry, [None] * len(carry)
    for _ in range(POWERS):  # all that any number of steps may give
        new, _ = w.run(body, [*consts, *total], [*of_consts, *fixed])
        grown = [union(pair) for pair in zip(total, new, strict=True)]
        if all(a.same(b) for a, b in zip(grown, total, strict=True)):
            return grown
        total = grown
    return everything(w, eqn, deps, known)


def tangent_of_while(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Any]) -> Any:
    return w.run(eqn.primitive.expansion(eqn.inputs, eqn.params), deps, known)[0]


# --- scans -----------------------------------------------------------------------------------------------------------


def scan(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Any]) -> Any:
    params = eqn.params
    body, length = params["body"], params["length"]
    nc, nk, _ = params["operands"]
    if length == 0:
        return [*deps[nc : nc + nk], *[w.nothing(v.aval) for v in eqn.outputs[nk:]]]
    sizes = [size_of(v.aval) for v in body.inputs]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    inner = w.of_width(int(starts[-1]))
    inner.local = False
    local = [
        _identity(n).shifted(int(s), inner.width) if not d.empty or nc <= i < nc + nk else Dependence(n, inner.width)
        for i, (n, s, d) in enumerate(zip(sizes, starts, deps, strict=False))
    ]
    values = [k if i < nc else None for i, k in enumerate(known)]
    steps, _ = inner.run(body, local, [v if d.empty else None for v, d in zip(values, local, strict=True)])
    short = length * (equations(body) + 1) <= STEPS
    if (w.local and short) or (inner.unknown_places and short and any(v is not None for v in known[nc:])):
        return _step_by_step(w, eqn, deps, known)
    w.unknown_places |= inner.unknown_places
    whole = _Steps(steps, starts, params["operands"], length, params["reverse"])
    return whole.results(deps, w)


def _step_by_step(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Any]) -> Any:
    params = eqn.params
    body, operands, length = params["body"], params["operands"], params["length"]
    nk = operands.carry
    consts, carry, rows_of = operands.split(deps)
    of_consts, values, of_rows = operands.split(known)
    xs = [(v.aval, d, k) for v, d, k in zip(operands.split(body.inputs)[2], rows_of, of_rows, strict=True)]
    ys: list[list[tuple[int, Dependence]]] = [[] for _ in eqn.outputs[nk:]]
    for t in range(length - 1, -1, -1) if params["reverse"] else range(length):
        here = []
        for aval, d, _ in xs:
            n = size_of(aval)
            here.append(d.taken(np.arange(t * n, (t + 1) * n)) if not d.empty else Dependence(n, w.width))
        slices = [None if k is None else np.asarray(k)[t] for _, _, k in xs]
        outs, results = w.run(body, [*consts, *carry, *here], [*of_consts, *values, *slices])
        carry, values = outs[:nk], results[:nk]
        for rows, d in zip(ys, outs[nk:], strict=True):
            rows.append((t, d))
    stacked = []
    for v, rows in zip(eqn.outputs[nk:], ys, strict=True):
        n = size_of(v.aval) // length
        stacked.append(
            union(
                [w.nothing(v.aval), *[d.projected((d.size,), n * length, (1,), t * n) for t, d in rows if not d.empty]]
            )
        )
    return [*carry, *stacked]


class _Steps:
    """A scan by what one step makes of its arguments: constants, carried values, slices.

    Carried values are one vector here, and so are slices of all arrays, constants, and what a step gives.
    """

    def __init__(
        self, steps: Sequence[Dependence], starts: Any, operands: ScanOperands, length: int, back: bool
    ) -> None:
        self.length, self.back, self.operands = length, back, operands
        nc, nk, _ = operands
        self.starts = starts
        self.out = np.concatenate([[0], np.cumsum([d.size for d in steps])]).astype(int)
        cuts = [0, int(starts[nc]), int(starts[nc + nk]), int(starts[-1])]
        carry = _stacked(steps[:nk], int(starts[-1]))
        given = _stacked(steps[nk:], int(starts[-1]))
        self.carry = [_columns(carry, a, b) for a, b in itertools.pairwise(cuts)]  # by consts, carry, slices
        self.given = [_columns(given, a, b) for a, b in itertools.pairwise(cuts)]

    def results(self, deps: Sequence[Dependence], w: Any) -> list[Dependence]:
        T, nk = self.length, self.operands.carry
        consts, moved, slices = self.carry
        n, m, k = slices.width, self.given[0].size, moved.size
        of_args = self.operands.split(deps)
        outer = [_stacked(of_args[0], w.width), _stacked(of_args[1], w.width), self._interleaved(of_args[2], w)]
        # after `age` steps: what a value carried depends on of the slices that old, of the start, and of the constants
        of_slices, last_slices = _powers(moved, slices, T)
        of_start, last_start = _powers(moved, _identity(k), T + 1)
        of_consts = union([consts, *_powers(moved, consts, T)[0]])
        final = [
            self._at_ages(_Ages(of_slices, last_slices), k, n),
            of_start[T] if T < len(of_start) else last_start,
            of_consts,
        ]
        found = [(f.composed(o)) for f, o in zip(final, (outer[2], outer[1], outer[0]), strict=True)]
        carried = union([Dependence(k, w.width), *found])
        # what is given at each step
        read = self.given[1]
        given = union(
            [
                _each_step(self.given[2], T, m, n).composed(outer[2]),
                self._before(_Ages([read.composed(a) for a in of_slices], read.composed(last_slices)), m, n).composed(
                    outer[2]
                ),
                self._of_start([read.composed(a) for a in of_start], read.composed(last_start), m).composed(outer[1]),
                _repeated(union([self.given[0], read.composed(of_consts)]), T, m).composed(outer[0]),
                Dependence(T * m, w.width),
            ]
        )
        given = self._turned(given, m)
        cut = self.out[: nk + 1]
        first = [carried if nk == 1 else _rows(carried, int(a), int(b)) for a, b in itertools.pairwise(cut)]
        rest = []
        base = int(self.out[nk])
        for a, b in zip(self.out[nk:], self.out[nk + 1 :], strict=False):
            a, b = int(a) - base, int(b) - base
            rest.append(given if b - a == m else _field(given, T, m, a, b))
        return [*first, *rest]

    def _interleaved(self, arrays: Sequence[Dependence], w: Any) -> Dependence:
        """What slices depend on, a row of all arrays' for each step, in the order of the steps."""
        T = self.length
        widths = [d.size // T for d in arrays]
        n, start, parts = sum(widths), 0, [Dependence(T * sum(widths), w.width)]
        for d, k in zip(arrays, widths, strict=True):
            if not d.empty:
                at = (-n, (T - 1) * n + start) if self.back else (n, start)
                parts.append(d.projected((T, k), T * n, (at[0], 1), at[1]))
            start += k
        return union(parts)

    def _turned(self, d: Dependence, m: int) -> Dependence:
        """Rows of all steps in the order in which they are stacked."""
        T = self.length
        return d.projected((T, m), T * m, (-m, 1), (T - 1) * m) if self.back else d

    def _at_ages(self, ages: _Ages, k: int, n: int) -> Dependence:
        """The values carried in the end, on the slices of all steps."""
        T, parts = self.length, [Dependence(k, self.length * n)]
        for age, d in ages.few(T):
            parts.append(d.shifted((T - 1 - age) * n, T * n))
        start = ages.count(T)
        if start < T and not ages.last.empty:
            parts.append(_spread(ages.last, T * n, [(T - start, 0, n)]))
        return union(parts)

    def _before(self, ages: _Ages, m: int, n: int) -> Dependence:
        """What is given at each step, on the slices of the steps before."""
        T, parts = self.length, [Dependence(self.length * m, self.length * n)]
        for age, d in ages.few(T - 1):
            parts.append(_spread(d, T * n, [(T - 1 - age, m, n)], (age + 1) * m, T * m))
        start = ages.count(T - 1)
        if start < T - 1 and not ages.last.empty:
            parts.append(_triangle(ages.last, T, start + 1, m, n))
        return union(parts)

    def _of_start(self, powers: Sequence[Dependence], last: Dependence, m: int) -> Dependence:
        T = self.length
        parts = [Dependence(T * m, last.width)]
        few = min(len(powers), T)
        for t, d in enumerate(powers[:few]):
            parts.append(_spread(d, d.width, [], t * m, T * m))
        if few < T and not last.empty:
            parts.append(_spread(last, last.width, [(T - few, m, 0)], few * m, T * m))
        return union(parts)


class _Ages:
    """What depends on slices of each age: listed for the first ages, the same one for all that are older."""

    def __init__(self, first: Sequence[Dependence], last: Dependence) -> None:
        self.first, self.last = first, last

    def count(self, T: int) -> int:
        return min(len(self.first), max(T, 0))

    def few(self, T: int) -> list[tuple[int, Dependence]]:
        return [(a, d) for a, d in enumerate(self.first[: self.count(T)]) if not d.empty]


def _powers(step: Dependence, first: Dependence, most: int) -> tuple[list[Dependence], Dependence]:
    """``first, step first, step^2 first, ...`` up to one that repeats itself, and what all that follow are, or lie in."""
    found, d = [first], first
    for _ in range(most - 1):
        if d.empty:
            return found, d
        new = step.composed(d)
        if new.same(d):
            return found, d
        if len(found) >= POWERS:
            total = d
            while True:
                grown = union([total, step.composed(total)])
                if grown.same(total):
                    return found, total
                total = grown
        found.append(new)
        d = new
    return found, step.composed(d)


def _identity(n: int) -> Dependence:
    made = lattice(0, 0, [(n, 1, 1)])
    return Dependence(n, n, [] if made is None or not n else [made])


def _stacked(parts: Sequence[Dependence], width: int) -> Dependence:
    size, start = sum(d.size for d in parts), 0
    moved = [Dependence(size, width)]
    for d in parts:
        if not d.empty:
            moved.append(d.projected((d.size,), size, (1,), start))
        start += d.size
    return union(moved)


def _rows(d: Dependence, a: int, b: int) -> Dependence:
    return d.taken(np.arange(a, b)) if b > a else Dependence(0, d.width)


def _field(d: Dependence, T: int, m: int, a: int, b: int) -> Dependence:
    """Some of what each of T steps gives, of m numbers."""

    if d.empty:
        return Dependence(T * (b - a), d.width)
    return d.pulled((T, m), (T, b - a), [Read(1, 0, T, b - a), Read(1, a, b - a, 1)], ())


def _columns(d: Dependence, a: int, b: int) -> Dependence:
    """The columns from a to b."""
    kept, left = [], []
    for x in d.lattices:
        low, high = x.columns()
        if a <= low and high < b:
            kept.append(Lattice(x.row, x.col - a, x.axes))
        elif high >= a and low < b:
            left.append(x)
    rest = d._with(left)
    return Dependence(d.size, b - a, kept, None if rest is None else rest[:, a:b])


def _spread(
    d: Dependence, width: int, axes: Sequence[tuple[int, int, int]], row: int = 0, size: int | None = None
) -> Dependence:
    """Pairs repeated along axes, from a row on."""
    size = d.size if size is None else size
    found = [m for x in d.lattices if (m := lattice(x.row + row, x.col, (*x.axes, *axes))) is not None]
    if d.rest is None:
        return Dependence(size, width, found)

    coo = d.rest.tocoo()
    rows, cols = coo.row.astype(np.int64) + row, coo.col.astype(np.int64)
    for e, r, c in axes:
        q = np.arange(e)
        rows, cols = (rows[:, None] + r * q).reshape(-1), (cols[:, None] + c * q).reshape(-1)
    return Dependence(size, width, found, ones(rows, cols, (size, width)))


def _each_step(d: Dependence, T: int, m: int, n: int) -> Dependence:
    return _spread(d, T * n, [(T, m, n)], 0, T * m)


def _repeated(d: Dependence, T: int, m: int) -> Dependence:
    return _spread(d, d.width, [(T, m, 0)], 0, T * m)


def _triangle(d: Dependence, T: int, gap: int, m: int, n: int) -> Dependence:
    """What each step gives on the slices of all steps that are `gap` before it or more."""

    k = T - gap
    coo = d.csr().tocoo()
    if k * (k + 1) // 2 * max(coo.nnz, 1) > TRIANGLE:
        return _spread(d, T * n, [(k, m, 0), (k, 0, n)], gap * m, T * m)  # the square around it
    t, s = np.tril_indices(k)
    rows = (coo.row[:, None] + (t + gap) * m).reshape(-1)
    cols = (coo.col[:, None] + s * n).reshape(-1)
    return Dependence(T * m, T * n, (), ones(rows, cols, (T * m, T * n)))


def solution(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Any]) -> Any:
    """The solution of a system that a function solves: each number on all of the right-hand side and of the matrix."""
    return everything(w, eqn, deps, known)


CONTROL: dict[type, Any] = {
    LinearSolve: solution,
    CustomCall: ruled,
    Cond: branch,
    Scan: scan,
    While: while_loop,
    WhileTangent: tangent_of_while,
    Call: call,
}


__all__ = ["CONTROL", "STEPS"]
