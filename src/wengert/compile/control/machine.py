"""The walk back of a loop with few snapshots, as a Program: what `walk_p` is where there is memory for every step.

A loop of moves (ops/control/binomial.py decides them): from a snapshot on, then along the tape and back, or to another
snapshot. Snapshots are rows of arrays that it carries, and so are the records of the tape; all are changed in place.
They start uninitialised, so that what is never used costs no time and no memory but addresses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...config import config
from ...core import Aval, Primitive, Value, aval_of
from ...lowering.kernels import Kernel
from ...ops.control.binomial import Blocks, Books, integer, next_move, noted, opened, put, repeated
from ...ops.control.primitives import cond_p
from ...ops.control.programs import staged
from ...ops.control.pulling import Pulling
from ...ops.derived import strong
from ...ops.elementwise import less, logical_and, logical_or, where
from ...ops.indexing import getitem
from ...program import Program


class Blank(Primitive):
    """``blank(near, shape, dtype, number)``: an array that may hold anything.

    Parameters:
        number: arrays of different numbers are not the same. `near` is not read: it says where the equation stands.
    """

    def __init__(self) -> None:  # the compiler's own: not among the primitives that Programs of users have
        self.name, self.native = "blank", Kernel("step.blank", blank=True)
        self.samples, self.reasons = None, {}

    def impl(self, near: Value, shape: tuple[int, ...], dtype: np.dtype, number: int) -> Value:
        return np.empty(shape, dtype)

    def abstract(self, near: Aval, shape: tuple[int, ...], dtype: np.dtype, number: int) -> Aval:
        return Aval(shape, dtype)


blank_p = Blank()


def machine(p: Pulling, plan: Blocks, groups: Sequence[Sequence[Aval]]) -> Program:
    """``(*tests, *consts, *carry, *fixed, *state) -> (*state)``, the walk back by a plan.

    Args:
        groups: the types of the arguments.
    """
    sizes = [len(g) for g in groups]
    avals = [strong(a) for g in groups for a in g]
    nt, nc, nk, nf, _ = sizes
    n_books, n_fixed = len(Books._fields), nt + nc + nk + nf
    kept = p.forward.out_avals[nk:]

    def ahead(*values: Value) -> list[Value]:
        consts, j, carry = values[nt : nt + nc], values[nt + nc + 1], values[nt + nc + 2 :]
        return [j + 1, *p.forward.evaluate([*consts, *carry])[:nk]]

    def taped(*values: Value) -> list[Value]:
        consts, j, rest = values[nt : nt + nc], values[nt + nc + 1], values[nt + nc + 2 :]
        outs = p.forward.evaluate([*consts, *rest[:nk]])
        return [j + 1, *outs[:nk], *[put(t, s, j) for t, s in zip(rest[nk:], outs[nk:], strict=True)]]

    def going(*values: Value) -> Value:
        limit, j, carry = values[nt + nc], values[nt + nc + 1], values[nt + nc + 2 : nt + nc + 2 + nk]
        return logical_and(less(j, limit), p.cond.evaluate([*values[:nt], *carry])[0])

    def back(*values: Value) -> list[Value]:
        fixed, tapes, i, state = (
            values[:nf], values[nf : nf + len(kept)], values[nf + len(kept)] - 1, values[nf + len(kept) + 1 :]
        )  # fmt: skip
        return [i, *p.back.evaluate([*fixed, *state, *[getitem(tapes[k], i) for k in p.slices]])]

    def leaves(row: Value, *values: Value) -> Sequence[Value]:
        return values[nk:]

    def keeps(row: Value, *values: Value) -> list[Value]:
        return [put(s, v, row) for v, s in zip(values[:nk], values[nk:], strict=True)]

    def move(*values: Value) -> list[Value]:
        tests, consts = values[:nt], values[nt : nt + nc]
        first, fixed, rest = values[nt + nc : nt + nc + nk], values[nt + nc + nk : n_fixed], values[n_fixed:]
        books, rest = Books(*rest[:n_books]), rest[n_books:]
        shots, tapes, state = rest[:nk], rest[nk : nk + len(kept)], rest[nk + len(kept) :]
        todo = next_move(books, plan.slots)
        carry = [where(todo.start, a, getitem(s, todo.row)) for a, s in zip(first, shots, strict=True)]
        loop = [*tests, *consts]
        _, *carry = repeated(going, ahead, [*loop, todo.ahead * plan.steps], [integer(0), *carry])
        limit = where(todo.tape, plan.steps, 0)
        count, *outs = repeated(going, taped, [*loop, limit], [integer(0), *carry, *tapes])
        carry, tapes = outs[:nk], outs[nk:]
        books, result = noted(books, todo, p.cond.evaluate([*tests, *carry])[0], plan.slots)
        if shots:
            given = [strong(aval_of(a)) for a in (result.row, *carry, *shots)]
            branches = [staged(p.forward, (f.__name__, tuple(given)), f, given, f.__name__) for f in (leaves, keeps)]
            shots = cond_p.bind(result.keep, result.row, *carry, *shots, branches=tuple(branches))
        i = where(result.back, count, 0)
        _, *state = repeated(lambda *values: less(0, values[nf + len(kept)]), back, [*fixed, *tapes], [i, *state])
        return [*books, *shots, *tapes, *state]

    def run(*values: Value) -> Sequence[Value]:
        rest, found = list(values), []
        for n in sizes:
            found.append(rest[:n])
            rest = rest[n:]
        tests, consts, carry, fixed, state = found
        count = 0

        def blank(length: int, a: Aval) -> Value:
            nonlocal count
            count += 1
            return blank_p.bind(values[-1], shape=(length, *a.shape), dtype=a.dtype, number=count)

        number = Aval((), config.int_dtype)
        books = opened(plan, *[blank(plan.slots, number) for _ in range(3)])
        shots = [blank(plan.slots - 1, aval_of(a)) for a in carry]
        tapes = [blank(plan.steps, a) for a in kept]
        outs = repeated(
            lambda *values: unfinished(Books(*values[n_fixed : n_fixed + n_books])),
            move, [*tests, *consts, *carry, *fixed], [*books, *shots, *tapes, *state],
        )  # fmt: skip
        return outs[len(outs) - len(state) :]

    return staged(
        p.forward,
        ("machine", p.back, p.cond, plan, tuple(avals), config.int_dtype),
        run,
        avals,
        f"walk of {p.forward.name}",
    )


def unfinished(b: Books) -> Value:
    return logical_or(b.sweeping, less(0, b.end))


__all__ = ["machine"]
