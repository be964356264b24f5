"""Which way a dense Jacobian is computed: forward, reverse, by a colouring, or as a product over a narrow waist.

Costs are counted on the Program: a sweep costs about what the function does, a reverse one through loops half as much again,
and what is written costs as well. A way with a structure is taken where it promises less than the plain ones by a margin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Tracer, Value, as_value, aval_of, inexact_dtype
from ..costs import flops
from ..lowering import meaning
from ..lowering.kernels import Kernel
from ..lowering.kinds import Contraction, Control
from ..ops.contraction import matmul
from ..ops.linear import Linear
from ..ops.scatters import scatter_add_p
from ..ops.shape import concatenate, reshape, transpose
from ..program import Equation, Program, Var
from ..transforms.derivatives import over_basis
from ..transforms.mapping import map_
from ..transforms.reverse import linearize, vjp
from ..transforms.staging import stage
from ..transforms.vmap import vmap
from .assembly import Dense
from .band import Unbanded
from .colourings import Colouring, cheapest
from .detect import dependences
from .pattern import Pattern
from .rules import size_of
from .waists import parted, waist

REVERSE = 1.5  # what a sweep backwards costs, of one forward
PROMISE = 0.5  # of the cost of a plain way that one with a structure must promise
TRACED = 0.8  # the same where `jit` compiles it
PLAIN = 250_000  # entries of a Jacobian from which on waists and colourings are looked for
SMALL = 40_000  # the same where `jit` compiles it
PRODUCT = 0.1  # what an operation of a product of matrices costs, of one of NumPy's on arrays
SCATTERED = 3.0  # what an entry costs that is written by itself
ALONE = 3  # operations for an element of an operation that is no part of a loop nest, at least
STAGING = 1_500_000  # operations that tracing and looking at a Program takes as long as, where each call does it
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
            "sparse": ", its entries carried along" if self.colours is None else f", in {self.colours} sweeps",
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
        self.work = work(self.program, plain)
        self.inputs = list(self.program.inputs[len(self.hoisted) :])
        self.n = sum(size_of(v.aval) for v in self.inputs)
        self.m = sum(size_of(a.aval) for a in self.program.outputs[:outputs])
        self.costs = plain_costs(self.n, self.m)
        self.cut: list[Var] | None = None
        self.coloured: Colouring | None = None
        self.bands: Dense | None = None
        written = self.m * self.n
        if second:
            del self.costs["reverse"]
        for mode in self.costs:
            total = (
                swept(self.program, self.inputs, outputs, mode == "forward", not plain)
                + (0.25 if plain else 0.5) * written
            )
            self.costs[mode] = 1.0 + (mode == "reverse") + total / self.work
        self._banded(plain, written)
        if written >= (PLAIN if plain else SMALL):
            if not second:
                self._narrow(plain)
            if self.bands is None:
                self._sparse(plain, written)
        plainly = min((c, k) for k, c in self.costs.items() if k in ("forward", "reverse"))
        cheapest_way = min((c, k) for k, c in self.costs.items())
        promise = PROMISE if plain else TRACED
        self.mode = (cheapest_way if cheapest_way[0] < promise * plainly[0] else plainly)[1]

    def _banded(self, plain: bool, written: int) -> None:
        """Entries carried through the function, where rows have few (`bands`)."""
        kinds = {v.aval.dtype for v in self.inputs} | {a.dtype for a in self.out_avals}
        if len(kinds) != 1 or next(iter(kinds)).kind != "f":
            return
        first = len(self.hoisted)
        try:
            bands = Dense(self.program, range(first, first + len(self.inputs)), self.outputs)
        except (Unbanded, MemoryError):  # the latter where not even the address space has room for the matrix
            return
        if bands.diagonal:  # as an expression, which the plain ways give, it may never be written
            return
        cost = bands.work + SCATTERED * bands.entries + 0.25 * written + (STAGING if plain else 0)
        if bands.work <= bands.swept * min(self.n, self.m):
            self.bands = bands
            self.costs["sparse"] = 1.0 + cost / self.work

    def _narrow(self, plain: bool) -> None:
        """A product over the narrowest waist."""
        narrow = waist(self.program, self.inputs, self.outputs)
        if narrow is None:
            return
        k = sum(size_of(v.aval) for v in narrow)
        self.cut = narrow
        first, after = parted(self.program, narrow, self.outputs)
        before, into = first.inputs[len(self.hoisted) :], after.inputs[: len(narrow)]
        if k < min(self.n, self.m):
            halves = [
                min(swept(p, ins, n_out, way, not plain) for way in (True, False))
                for p, ins, n_out in ((first, before, len(narrow)), (after, into, self.outputs))
            ]
            total = sum(halves) + 0.25 * self.m * k * self.n + (STAGING if plain else 0)
            self.costs["waist"] = 1.0 + total / self.work

    def _sparse(self, plain: bool, written: int) -> None:
        """By a colouring."""
        pattern = self._pattern()
        fixed = (STAGING if plain else 0) + 0.5 * written
        best = min(self.costs.values()) * self.work
        if pattern is not None and not _diagonal(pattern) and least_sweeps(pattern) * self.work + fixed < best:
            self.coloured = cheapest(pattern)
            sweeps = self.coloured.forward + REVERSE * self.coloured.reverse
            self.costs["sparse"] = 1.0 + sweeps + fixed / self.work

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
        if self.mode == "sparse" and self.bands is not None:
            return self.bands.program.evaluate([*hoisted, *self.leaves])[0]
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


def work(program: Program, plain: bool) -> float:
    """About how many operations a Program takes, and elements it writes."""
    return 1.0 + sum(_step(e, plain) for e in program.equations)


def _step(eqn: Equation, plain: bool) -> float:
    size = sum(size_of(v.aval) for v in eqn.outputs)
    if plain and meaning(eqn) is Contraction:
        return PRODUCT * flops(eqn) + size
    return flops(eqn) + size * (1 + ALONE * isinstance(eqn.primitive.native, Kernel))


def swept(program: Program, inputs: Sequence[Var], outputs: int, forward: bool, traced: bool = False) -> float:
    """About how many operations a basis takes on its way through a Program, the zeros of it not written as long as each
    step is elementwise (`ops.diagonal`).

    Args:
        traced: whether it is compiled: what operations that move and add elements make of a basis is a constant then, and
            columns are turned into rows at the end by a pass over them.
    """
    ends = [a for a in program.outputs[:outputs] if isinstance(a, Var)]
    start, equations = (inputs, program.equations) if forward else (ends, program.equations[::-1])
    width = sum(size_of(v.aval) for v in start)
    spread = dict.fromkeys(start, False)  # whether the zeros are written
    constant = dict.fromkeys(start, traced)
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
        known = isinstance(eqn.primitive, Linear) and all(constant[v] for v in moving)
        native = eqn.primitive.native
        backwards = (
            not forward and isinstance(native, Control) if traced else not forward and meaning(eqn) is not Contraction
        )
        if not known:
            total += (REVERSE if backwards else 1.0) * _step(eqn, not traced) * (width if dense else 1)
        for v in after:
            if inexact_dtype(v.aval.dtype):
                spread[v] = spread.get(v, False) or dense
                constant[v] = known and constant.get(v, True)
    if forward and traced and any(spread.get(v, False) for v in ends):
        total += 0.5 * width * sum(size_of(v.aval) for v in ends)
    return total


def least_sweeps(pattern: Pattern) -> float:
    """About how many sweeps a colouring takes at least: the longest rows, or columns, may be swept by themselves."""
    found = []
    for numbers, alone, together in ((pattern.rows, REVERSE, 1.0), (pattern.cols, 1.0, REVERSE)):
        counts = np.sort(np.bincount(numbers, minlength=1))[::-1]
        found.append(float(np.min(alone * np.arange(len(counts)) + together * counts)))
    return min(found)


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

    if any(isinstance(x, Tracer) for x in leaves):
        return map_(one, np.arange(total), batch_size=None if chunk == 1 else chunk)
    found: Any = None
    for a in range(0, total, chunk):  # into the result at once: no second copy of it is ever alive
        rows = np.asarray(vmap(one)(np.arange(a, min(a + chunk, total))))
        if found is None:
            found = np.empty((total, rows.shape[1]), rows.dtype)
        found[a : a + chunk] = rows
    return found


__all__ = ["Choice", "Ways", "plain", "plain_costs"]
