"""Arrange: products of matrices read their factors and write their results where they lie, without copies.

`dot_general` gives the axes of a batch first, then the free axes of either factor, and a program then transposes what
it has; its factors are transposed in turn. A product can as well step over memory: its rows, its columns and its batch
need only be evenly spaced, and the columns of the result next to one another (so that they are vectors). Here such
products take the place of transpositions around them, wherever that makes fewer copies.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..config import config
from ..core import Aval, Primitive, Value
from ..lowering import index_maps as maps
from ..lowering import meaning, meanings
from ..lowering.index_maps import strides_of
from ..lowering.kinds import Contraction
from ..program import Atom, Equation, Program, Var
from .products import Steps, matrix_like, sizes, written
from .rewriter import rebuilt, registered


class Arranged(NamedTuple):
    """A product whose factors are those of its equation, in order or `swapped`."""

    swapped: bool
    batch: int
    m: int
    n: int
    k: int
    lies: tuple[Steps, Steps, Steps]

    def __call__(self, eqn: Equation) -> tuple[Atom, Atom, int, int, int, int, tuple[Steps, Steps, Steps]]:
        """The arguments of a `Product`."""
        x, y = eqn.inputs[::-1] if self.swapped else eqn.inputs
        return x, y, self.batch, self.m, self.n, self.k, self.lies


class ArrangedProduct(Primitive):
    """``arranged_product(x, y)``: matrices multiplied where they lie in memory, the result written where it is to lie.

    Parameters:
        arranged: the sizes and steps. shape: of the result.
    """

    def __init__(self) -> None:  # the compiler's own
        self.name, self.native = "arranged_product", Contraction()
        self.samples, self.reasons = None, {}

    def impl(self, *factors: Value, arranged: Arranged, shape: tuple[int, ...]) -> Value:
        x, y = factors[::-1] if arranged.swapped else factors
        of_x, of_y, of_out = arranged.lies
        out = np.empty(shape, x.dtype)

        def matrices(a: Any, rows: int, columns: int, steps: Steps) -> Any:
            flat = np.ascontiguousarray(a).reshape(-1) if a is not out else a.reshape(-1)
            return as_strided(flat, (arranged.batch, rows, columns), [s * a.itemsize for s in steps])

        left, right = matrices(x, arranged.m, arranged.k, of_x), matrices(y, arranged.k, arranged.n, of_y)
        matrices(out, arranged.m, arranged.n, of_out)[...] = left @ right
        return out

    def abstract(self, *avals: Aval, arranged: Arranged, shape: tuple[int, ...]) -> Aval:
        return Aval(shape, avals[0].dtype)


ARRANGED = ArrangedProduct()


def arranged(program: Program) -> Program:
    """A Program whose products have no more copies around them than they need."""
    if Contraction not in meanings(program) or config.reproducible:
        return program
    producer = {v: e for e in program.equations for v in e.outputs}
    users: dict[Var, list[Equation]] = {}
    for eqn in program.equations:
        for a in eqn.inputs:
            if type(a) is Var:
                users.setdefault(a, []).append(eqn)
    kept = {a for a in program.outputs if type(a) is Var}
    equations: list[Equation] = []
    gone: set[int] = set()
    for eqn in program.equations:
        if id(eqn) in gone:
            continue
        found = None
        if meaning(eqn) is Contraction:
            (out,) = eqn.outputs
            after = users.get(out, [])
            turn = (
                after[0]
                if len(after) == 1
                and after[0].primitive.native.permutation(after[0].params) is not None
                and out not in kept
                else None
            )
            found = _product(eqn, turn, producer, users)
            if found is not None and turn is not None and found[-1].outputs == turn.outputs:
                gone.add(id(turn))
        equations += [eqn] if found is None else found
    return rebuilt(program, equations)


class _Factor:
    """A factor as it lies in memory, with the step from one element to the next along each of its axes."""

    def __init__(self, a: Atom, eqn: Equation, producer: dict[Var, Equation], users: dict[Var, list[Equation]]) -> None:
        self.shape = a.aval.shape
        made = producer.get(a) if isinstance(a, Var) else None
        self.saved = 0  # elements that need not be copied
        if isinstance(a, Var) and made is not None and made.primitive.native.permutation(made.params) is not None:
            steps = strides_of(made.inputs[0].aval.shape)
            self.source = made.inputs[0]
            self.steps = [steps[i] for i in made.primitive.native.permutation(made.params) or ()]
            if all(user is eqn for user in users[a]):
                self.saved = math.prod(self.shape)
        else:
            self.source, self.steps = a, list(strides_of(self.shape))

    def together(self, axes: Sequence[int]) -> int | None:
        return _together([self.shape[i] for i in axes], [self.steps[i] for i in axes])


def _together(lengths: Sequence[int], steps: Sequence[int]) -> int | None:
    """The step of some axes as one axis; None if they are not evenly spaced."""
    one: int | None = None
    for n, s in zip(reversed(lengths), reversed(steps), strict=True):
        if n == 1:
            continue
        if one is None:
            one = s
            reach = s * n
        elif s == reach:
            reach *= n
        else:
            return None
    return 1 if one is None else one


def _product(
    eqn: Equation, turn: Equation | None, producer: dict[Var, Equation], users: dict[Var, list[Equation]]
) -> list[Equation] | None:
    """The equations that take the place of a product and, if one is given, of the transposition of its result."""
    (out,) = eqn.outputs
    avals = [a.aval for a in eqn.inputs]
    if out.aval.dtype.kind not in "fiu" or [a for a in avals if a.dtype != out.aval.dtype or 0 in a.shape]:
        return None
    batch, m, n, k, fx, fy = sizes([a.shape for a in avals], eqn.params["dims"])
    if not matrix_like(m, n, k) or out.aval.dtype.itemsize not in (4, 8):
        return None
    x, y = (_Factor(a, eqn, producer, users) for a in eqn.inputs)
    if eqn.inputs[0] is eqn.inputs[1]:
        y.saved = 0  # one copy, not two
    if turn is not None:
        made = _arrange(eqn, turn, x, y, (batch, m, n, k), fx, fy)
        if made is not None:
            return made
    return _arrange(eqn, None, x, y, (batch, m, n, k), fx, fy)


def _arrange(
    eqn: Equation,
    turn: Equation | None,
    x: _Factor,
    y: _Factor,
    size: tuple[int, int, int, int],
    fx: list[int],
    fy: list[int],
) -> list[Equation] | None:
    (cx, cy), (bx, by) = eqn.params["dims"]
    batch, m, n, k = size
    (out,) = eqn.outputs
    saved = x.saved + y.saved
    if turn is None:
        steps = list(strides_of(out.aval.shape))
    else:
        (out,) = turn.outputs
        saved += math.prod(out.aval.shape)
        steps = [0] * len(out.aval.shape)
        for step, axis in zip(
            strides_of(out.aval.shape), turn.primitive.native.permutation(turn.params) or (), strict=True
        ):
            steps[axis] = step
    if not saved:
        return None
    shape = eqn.outputs[0].aval.shape
    ends = (0, len(bx), len(bx) + len(fx), len(shape))
    b, r, c = (_together(shape[i:j], steps[i:j]) for i, j in itertools.pairwise(ends))
    if b is None or r is None or c is None or 1 not in (r, c):
        return None
    swapped = c != 1
    if swapped:
        x, y, cx, cy, bx, by, fx, fy, m, n, r, c = y, x, cy, cx, by, bx, fy, fx, n, m, c, r
    library = not written(m, n, k, out.aval.dtype)
    x_steps = _steps(x, bx, fx, cx)
    y_steps = _steps(y, by, cy, fy)
    before: list[Equation] = []
    sources = [x.source, y.source]
    if x_steps is None or (library and 1 not in x_steps[1:]):
        return None
    if y_steps is None or (1 not in y_steps[1:] if library else y_steps.column != 1):
        if saved <= math.prod(y.shape):
            return None
        copy, y_steps = _copied(eqn.inputs[0 if swapped else 1], (*by, *cy, *fy), k, n)
        before.append(copy)
        sources[1] = copy.outputs[0]
    form = Arranged(swapped, batch, m, n, k, (x_steps, y_steps, Steps(b, r, c)))
    inputs = sources[::-1] if swapped else sources
    return [*before, Equation(ARRANGED, inputs, [out], {"arranged": form, "shape": out.aval.shape})]


def _steps(factor: _Factor, batch: Sequence[int], rows: Sequence[int], columns: Sequence[int]) -> Steps | None:
    b, r, c = factor.together(batch), factor.together(rows), factor.together(columns)
    return None if b is None or r is None or c is None else Steps(b, r, c)


def _copied(a: Atom, axes: tuple[int, ...], k: int, n: int) -> tuple[Equation, Steps]:
    """A factor copied so that its columns are neighbours."""
    turned = Var(Aval(tuple(a.aval.shape[i] for i in axes), a.aval.dtype))
    return Equation(registered(maps.transposed), [a], [turned], {"axes": axes}), Steps(k * n, n, 1)


__all__ = ["arranged"]
