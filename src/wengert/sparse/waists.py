"""Narrow waists: the fewest numbers of a Program through which all that its results have from its inputs passes.

A vertex cut of least weight of the graph of its variables, weighted by their sizes, by the largest flow (Ford & Fulkerson
1956). With it the Jacobian is a product: results by the waist times the waist by the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core import inexact_dtype
from ..program import Equation, Program, Var, live_equations
from .rules import size_of

_MOST = 2**30


def waist(program: Program, inputs: Sequence[Var], outputs: int) -> list[Var] | None:
    """The variables of the narrowest waist between some inputs and the first results; None where nothing
    passes, and where no variable is narrower than the inputs and the results."""
    moving: dict[Var, int] = {v: i for i, v in enumerate(inputs)}
    edges: list[tuple[int, int]] = []
    for eqn in program.equations:
        given = [moving[a] for a in eqn.inputs if isinstance(a, Var) and a in moving]
        if given:
            for v in eqn.outputs:
                if inexact_dtype(v.aval.dtype):
                    moving[v] = len(moving)
                    edges += [(i, moving[v]) for i in given]
    ends = {moving[a] for a in program.outputs[:outputs] if isinstance(a, Var) and a in moving}
    if not ends:
        return None
    n = len(moving)
    sizes = np.array([min(size_of(v.aval), _MOST) for v in moving])
    if sizes.min() >= min(sizes[: len(inputs)].sum(), sum(sizes[i] for i in ends)):
        return None  # no variable is narrower than all inputs or all results

    import scipy.sparse as sp  # here, since it takes longer to import than most functions take to differentiate
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    source, sink = 2 * n, 2 * n + 1  # node i goes in at i and out at n + i
    tails = [*range(n), *[n + i for i, _ in edges], *[source] * len(inputs), *[n + i for i in ends]]
    heads = [*range(n, 2 * n), *[j for _, j in edges], *range(len(inputs)), *[sink] * len(ends)]
    room = np.concatenate([sizes, np.full(len(tails) - n, _MOST)])
    pairs = dict(zip(zip(tails, heads, strict=True), room.tolist(), strict=True))  # each edge once
    graph = sp.csr_array(
        (np.array(list(pairs.values()), np.int32), np.array(list(pairs)).T.astype(np.int32)), (2 * n + 2, 2 * n + 2)
    )
    left = sp.csr_array(graph - maximum_flow(graph, source, sink).flow)
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    reached = np.zeros(2 * n + 2, bool)
    reached[breadth_first_order(left, source, return_predecessors=False)] = True
    cut = reached[:n] & ~reached[n : 2 * n]
    return [v for v, i in moving.items() if cut[i]]


def parted(program: Program, cut: Sequence[Var], outputs: int) -> tuple[Program, Program]:
    """``inputs -> cut`` and ``(*cut, *inputs) -> the first results``, whose inputs after the cut are constants."""
    first = Program(program.inputs, live_equations(program.equations, cut), list(cut), program.name)
    made, kept = set(cut), []
    for eqn in program.equations:
        if any(v in made for v in eqn.outputs):
            if all(v in made for v in eqn.outputs):
                continue
            others = [Var(v.aval) if v in made else v for v in eqn.outputs]
            eqn = Equation(eqn.primitive, eqn.inputs, others, eqn.params)
        kept.append(eqn)
    results = program.outputs[:outputs]
    inputs = [Var(v.aval) if v in made else v for v in program.inputs]
    return first, Program([*cut, *inputs], live_equations(kept, results), results, program.name)


__all__ = ["parted", "waist"]
