"""Which way a dense Jacobian is computed: forward, reverse, by a colouring, or as a product over a narrow waist.

Costs are counted on the Program: a sweep costs about what the function does, a reverse one half as much again, and what is
written costs as well. A way with a structure is taken where it promises half the cost of the plain ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Value, as_value, aval_of, inexact_dtype
from ..costs import flops
from ..ops.contraction import matmul
from ..ops.scatters import scatter_add_p
from ..ops.shape import concatenate, reshape, transpose
from ..program import Equation, Program, Var
from ..transforms.derivatives import over_basis
from ..transforms.mapping import map_
from ..transforms.reverse import linearize, vjp
from ..transforms.staging import stage
from .colourings import Colouring, cheapest, least
from .detect import dependences
from .pattern import Pattern
from .rules import size_of
from .waists import parted, waist

REVERSE = 1.5  # what a sweep backwards costs, of one forward
PROMISE = 0.5  # of the cost of a plain way that one with a structure must promise
STAGING = (
    3_000_000  # operations that tracing and looking at a Program takes as long as, where that is done at each call
)
FUNCTION = Callable[..., Sequence[Value]]  # of leaves, to leaves


class Choice:
    """How a Jacobian was computed, and what other ways would have cost.

    Attributes:
        mode: "forward", "reverse", "sparse" or "waist".
        costs: of each way that was looked at, in evaluations of the function.
        inputs, outputs: how many numbers go in and come out.
        waist: how many numbers all passes through; None where that was not looked at.
        colours: how many sweeps a colouring takes; None where that was not looked at.

    Example:
        >>> import numpy as np, wengert
        >>> matrix, choice = wengert.jacobian(lambda x: x[:2] * 3.0, explain=True)(np.ones(5))
        >>> choice.inputs, choice.outputs
        (5, 2)
    """

    def __init__(
        self, mode: str, costs: dict[str, float], inputs: int, outputs: int, waist: int | None, colours: int | None
    ) -> None:
        self.mode, self.costs, self.inputs, self.outputs = mode, costs, inputs, outputs
        self.waist, self.colours = waist, colours

    def __repr__(self) -> str:
        shown = {k: f"{v:.4g}" for k, v in sorted(self.costs.items(), key=lambda item: item[1])}
        about = {
            "waist": f", through a waist of {self.waist} numbers",
            "sparse": f", in {self.colours} sweeps",
        }.get(self.mode, "")
        costs = ", ".join(f"{k} {v}" for k, v in shown.items())
        return f"<{self.mode}: {self.inputs} numbers to {self.outputs}{about}; cost in evaluations: {costs}>"


def _diagonal(pattern: Pattern) -> bool:
    """Whether a pattern is a diagonal, as which the plain ways hold it (`ops.diagonal`), without its zeros."""
    n = pattern.nnz
    if pattern.structured is not None and all(
        x.row == x.col and all(r == c for _, r, c in x.axes) for x in pattern.structured
    ):
        return pattern.shape == (n, n)
    return pattern.shape == (n, n) and np.array_equal(pattern.rows, pattern.cols)


class Ways:
    """A function that is staged, and the ways to its Jacobian.

    Args:
        f: of leaves, to leaves.
        leaves: where.
        second: whether it is itself a derivative.
    """

    def __init__(self, f: FUNCTION, leaves: Sequence[Value], second: bool = False) -> None:
        self.leaves = list(leaves)
        plain = not any(hasattr(x, "_trace") for x in leaves)
        examples = [as_value(x) for x in leaves] if plain else None
        self.program, self.hoisted = stage(f, [aval_of(x) for x in leaves], "jacobian", "jacobian", examples=examples)
        outputs = self.outputs = len(self.program.outputs) - len(self.program.guards)
        self.out_avals = self.program.out_avals[:outputs]
        self.work = work(self.program)
        self.inputs = list(self.program.inputs[len(self.hoisted) :])
        self.n = sum(size_of(v.aval) for v in self.inputs)
        self.m = sum(size_of(a.aval) for a in self.program.outputs[:outputs])
        self.costs = plain_costs(self.n, self.m)
        if second:
            del self.costs["reverse"]
        for mode in self.costs:
            total = swept(self.program, self.inputs, outputs, mode == "forward") + 0.25 * self.m * self.n
            self.costs[mode] = 1.0 + (mode == "reverse") + total / self.work
        best = min(self.costs.values()) * self.work
        self.cut: list[Var] | None = None
        self.coloured: Colouring | None = None
        staging = STAGING if plain else 0
        fixed = staging + 0.5 * self.m * self.n
        narrow = None if second else waist(self.program, self.inputs, outputs)
        if narrow is not None:
            k = sum(size_of(v.aval) for v in narrow)
            self.cut = narrow
            first, after = parted(self.program, narrow, outputs)
            before, into = first.inputs[len(self.hoisted) :], after.inputs[: len(narrow)]
            if k < min(self.n, self.m):
                halves = [
                    min(swept(p, ins, n_out, True), swept(p, ins, n_out, False))
                    for p, ins, n_out in ((first, before, len(narrow)), (after, into, outputs))
                ]
                self.costs["waist"] = 1.0 + (sum(halves) + 0.25 * self.m * k * self.n + staging) / self.work
        pattern = self._pattern()
        if pattern is not None and not _diagonal(pattern) and least_sweeps(pattern) * self.work + fixed < best:
            self.coloured = cheapest(pattern)
            sweeps = self.coloured.forward + REVERSE * self.coloured.reverse
            self.costs["sparse"] = 1.0 + sweeps + fixed / self.work
        plainly = min((c, k) for k, c in self.costs.items() if k in ("forward", "reverse"))
        cheapest_way = min((c, k) for k, c in self.costs.items())
        self.mode = (cheapest_way if cheapest_way[0] < PROMISE * plainly[0] else plainly)[1]

    def choice(self) -> Choice:
        k = None if self.cut is None else sum(size_of(v.aval) for v in self.cut)
        return Choice(self.mode, self.costs, self.n, self.m, k, self.coloured.colours if self.coloured else None)

    def _pattern(self) -> Pattern | None:
        first = len(self.hoisted)
        known = [*[h if isinstance(h, np.ndarray) else None for h in self.hoisted], *[None] * len(self.leaves)]
        found = dependences(self.program, range(first, first + len(self.leaves)), known, False, self.outputs)
        listed = sum(x.count for x in found.lattices)
        if listed > 0.3 * self.m * self.n:
            return None
        return Pattern(found)

    def matrix(self, chunk: int | None) -> Value:
        """The Jacobian by the chosen way, shape ``(m, n)``."""
        hoisted, program = self.hoisted, self.program

        def f(*leaves: Value) -> list[Value]:
            return program.evaluate([*hoisted, *leaves])[: self.outputs]

        if self.mode == "waist":
            assert self.cut is not None
            return self._product(self.cut, chunk)
        if self.mode == "sparse":
            assert self.coloured is not None
            return self._coloured(f, self.coloured, chunk)
        return plain(f, self.leaves, self.mode == "forward", chunk)

    def _product(self, cut: Sequence[Var], chunk: int | None) -> Value:
        first, second = parted(self.program, cut, self.outputs)
        given = [*self.hoisted, *self.leaves]
        k = sum(size_of(v.aval) for v in cut)

        def into(*leaves: Value) -> list[Value]:
            return first.evaluate([*self.hoisted, *leaves])

        middle = first.evaluate(given)

        def out_of(*values: Value) -> list[Value]:
            return second.evaluate([*values, *given])

        before = plain(into, self.leaves, self.n <= REVERSE * k, chunk)
        after = plain(out_of, middle, k <= REVERSE * self.m, chunk)
        return matmul(after, before)

    def _coloured(self, f: FUNCTION, c: Colouring, chunk: int | None) -> Value:
        from .prepared import sweeps

        parts: list[Value] = []
        ins, outs = [v.aval for v in self.inputs], [a.aval for a in self.program.outputs[: self.outputs]]
        if c.forward:
            push = linearize(f, *self.leaves)[1]
            parts.append(sweeps(lambda t: push(*t), c.columns, c.forward, ins, outs, chunk))
        if c.reverse:
            pull = vjp(f, *self.leaves)[1]
            parts.append(sweeps(lambda t: pull(list(t)), c.rows, c.reverse, outs, ins, chunk))
        m, n = self.m, self.n
        if not parts:
            return np.zeros((m, n))
        data = (concatenate(parts, 0) if len(parts) > 1 else parts[0])[c.places]
        at = c.pattern.rows * n + c.pattern.cols
        return reshape(scatter_add_p.bind(np.zeros(m * n, data.dtype), data, at, axes=(0,)), (m, n))


def plain_costs(n: int, m: int) -> dict[str, float]:
    """Of a column and of a row at a time, in evaluations of a function of n numbers that gives m."""
    return {"forward": 1.0 + n, "reverse": 2.0 + REVERSE * m}


def work(program: Program) -> float:
    """About how many operations a Program takes, and elements it writes."""
    return 1.0 + sum(map(_step, program.equations))


def _step(eqn: Equation) -> float:
    return flops(eqn) + sum(size_of(v.aval) for v in eqn.outputs)


def swept(program: Program, inputs: Sequence[Var], outputs: int, forward: bool) -> float:
    """About how many operations a basis takes on its way through a Program, the zeros of it not written as long as each
    step is elementwise (`ops.diagonal`)."""
    ends = [a for a in program.outputs[:outputs] if isinstance(a, Var)]
    start, equations = (inputs, program.equations) if forward else (ends, program.equations[::-1])
    width = sum(size_of(v.aval) for v in start)
    spread = dict.fromkeys(start, False)  # whether the zeros are written
    total = 0.0
    for eqn in equations:
        given: list[Any] = [a for a in eqn.inputs if isinstance(a, Var)]
        made: list[Any] = list(eqn.outputs)
        before, after = (given, made) if forward else (made, given)
        moving = [v for v in before if v in spread]
        if not moving:
            continue
        shape = moving[0].aval.shape
        kept = eqn.primitive.elementwise and all(v.aval.shape == shape for v in (*moving, *made))
        dense = not kept or any(spread[v] for v in moving)
        total += _step(eqn) * (width if dense else 1)
        for v in after:
            if inexact_dtype(v.aval.dtype):
                spread[v] = spread.get(v, False) or dense
    return total if forward else REVERSE * total


def least_sweeps(pattern: Pattern) -> float:
    """About how many sweeps a colouring takes at least."""
    return min(least(pattern, "column"), REVERSE * least(pattern, "row"))


def plain(f: FUNCTION, leaves: Sequence[Value], forward: bool, chunk: int | None) -> Value:
    """The Jacobian of a function of leaves, shape ``(m, n)``, a column or a row at a time.

    Args:
        chunk: how many columns or rows are alive at once; None for all.
    """
    if forward:
        _, push = linearize(f, *leaves)
        columns = _each(lambda *t: push(*t), leaves, chunk)
        return transpose(columns)
    outs, pull = vjp(f, *leaves)
    return _each(lambda *t: pull(list(t)), outs, chunk)


def _each(run: Callable[..., Sequence[Value]], leaves: Sequence[Value], chunk: int | None) -> Value:
    """`run` of each vector of the standard basis, the results flattened and stacked."""
    leaves = [as_value(x) for x in leaves]
    sizes = [size_of(aval_of(x)) for x in leaves]
    total = sum(sizes)
    if chunk is None or chunk >= total:
        rows = over_basis(lambda *t: list(run(*t)), leaves)
        flat = [reshape(r, (total, size_of(aval_of(r)) // max(total, 1))) for r in rows]
        return concatenate(flat, 1) if len(flat) > 1 else flat[0]
    starts = np.cumsum([0, *sizes])
    places = [np.arange(a, b).reshape(aval_of(x).shape) for a, b, x in zip(starts, starts[1:], leaves, strict=False)]

    def one(i: Value) -> Value:
        from ..ops.elementwise import convert, equal

        seeds = [convert(equal(p, i), aval_of(x).dtype) for p, x in zip(places, leaves, strict=True)]
        rows = [reshape(r, (size_of(aval_of(r)),)) for r in run(*seeds)]
        return concatenate(rows, 0) if len(rows) > 1 else rows[0]

    return map_(one, np.arange(total), batch_size=None if chunk == 1 else chunk)


__all__ = ["Choice", "Ways", "plain", "plain_costs"]
