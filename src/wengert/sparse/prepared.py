"""A derivative that is prepared: its pattern, its colouring, and one compiled function of its entries, by bands or by sweeps."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from .. import trees
from ..core import Tracer, Value
from ..errors import ArgumentError
from ..ops.elementwise import convert, equal
from ..ops.scatters import scatter_add_p
from ..ops.shape import concatenate, reshape
from ..transforms.jit import jit
from ..transforms.mapping import map_
from ..transforms.reverse import linearize, vjp
from ..transforms.vmap import vmap
from .assembly import Banded
from .band import Unbanded
from .colourings import Colouring
from .detect import Staged
from .rules import size_of

TOGETHER = 1_000_000  # bytes that the results of sweeps take which run side by side; more are timed both ways
APART = 64_000_000  # and of those that run one after another
TRIALS = 3


def sweeps(
    run: Callable[[Any], Sequence[Value]],
    colours: Any,
    number: int,
    like: Sequence[Any],
    out: Sequence[Any],
    chunk: int | None,
) -> Value:
    """The results of all sweeps, one after another: each along the sum of what has its colour.

    Args:
        run: one sweep. colours: of each number of what is swept along, of types `like`; `number` of them.
        out: the types of what a sweep gives. chunk: how many sweeps are alive at once.
    """
    cuts = np.cumsum([0, *map(size_of, like)])
    small = np.int8 if number < 127 else np.int32
    parts = [np.asarray(colours[a:b], small).reshape(x.shape) for a, b, x in zip(cuts, cuts[1:], like, strict=False)]

    def one(colour: Value) -> Value:
        seeds = [convert(equal(part, colour), x.dtype) for part, x in zip(parts, like, strict=True)]
        rows = [reshape(r, (size_of(a),)) for r, a in zip(run(seeds), out, strict=True)]
        return concatenate(rows, 0) if len(rows) > 1 else rows[0]

    each, m = np.arange(number, dtype=small), sum(map(size_of, out))
    if chunk is None:  # together while what they hold stays in a cache, and otherwise one after another
        chunk = number if number * max(m, int(cuts[-1])) * 8 <= TOGETHER else 1
    if chunk >= number:
        swept = vmap(one)(each)
    else:
        swept = map_(one, each, batch_size=None if chunk == 1 else chunk)
    return reshape(swept, (number * m,))


def _banded(staged: Staged, coloured: Colouring) -> Banded | None:
    """The entries carried through the function, where it has few bands, and they are less work than the sweeps."""
    try:
        found = Banded(staged, coloured.pattern)
    except Unbanded:
        return None
    return found if found.work <= coloured.colours * found.swept else None


class Prepared:
    """Sweeps of a function that is staged, by a colouring.

    Args:
        staged: the function.
        coloured: of its Jacobian.
        chunk: how many sweeps are alive at once; None for all.
        results: whether the function's own results are wanted beside the matrix.
        bands: whether the entries may be carried through the function (`bands`), where that is less work than the sweeps.
    """

    def __init__(
        self, staged: Staged, coloured: Colouring, chunk: int | None, results: bool = True, bands: bool = False
    ) -> None:
        self.staged, self.colouring, self.pattern, self.chunk = staged, coloured, coloured.pattern, chunk
        self.guards = staged.program.guards
        self.hoisted = staged.hoisted
        self.first = 0 if results else staged.results  # of the Program's results that are wanted
        csr = self.pattern.csr
        index = np.int32 if max(csr.nnz, *csr.shape) < 2**31 else np.int64
        indices, indptr = csr.indices.astype(index), csr.indptr.astype(index)
        for a in (indices, indptr):  # matrices share them: who changes one in place is told
            a.flags.writeable = False
        self.template = sp.csr_array((np.zeros(csr.nnz), indices, indptr), csr.shape)
        self.template.has_canonical_format = True
        self.banded = _banded(staged, coloured) if bands and chunk is None else None
        self.places = None
        if coloured.plan is None and self.banded is None:
            self.places = coloured.places.astype(np.int64)
        self.compiled = jit(self.sweep)
        held = coloured.colours * max(csr.shape) * 8
        several = chunk is None and coloured.colours > 1 and self.banded is None
        self.timed = several and TOGETHER < held <= APART  # whether that is still to do
        self.orders: dict[str, Any] = {}  # permutations into other formats

    # --- what is compiled --------------------------------------------------------------------------------------------

    def sweep(self, *values: Value) -> tuple[Value, list[Value]]:
        """What the bands or the sweeps gave, all in a row, and the results of the Program that are wanted, guards among them.

        Args:
            values: what is hoisted, then all leaves of the arguments.
        """
        staged, program = self.staged, self.staged.program
        if self.banded is not None:
            return self.banded.program.evaluate(values)[0], program.evaluate(values)[self.first :]
        n = len(self.hoisted)
        wanted = [values[n + k] for k in staged.wanted]

        def partial(*moving: Value) -> list[Value]:
            full = list(values)
            for k, v in zip(staged.wanted, moving, strict=True):
                full[n + k] = v
            return program.evaluate(full)[: staged.results]

        parts: list[Value] = []
        c = self.colouring
        if c.forward:
            assert c.columns is not None
            push = linearize(partial, *wanted)[1]
            parts.append(
                sweeps(lambda t: push(*t), c.columns, c.forward, staged.in_avals, staged.out_avals, self.chunk)
            )
        if c.reverse:
            assert c.rows is not None
            pull = vjp(partial, *wanted)[1]
            parts.append(
                sweeps(lambda t: pull(list(t)), c.rows, c.reverse, staged.out_avals, staged.in_avals, self.chunk)
            )
        flat: Any = concatenate(parts, 0) if len(parts) > 1 else parts[0] if parts else np.zeros(0)
        if self.places is not None and parts:
            flat = flat[self.places]
        return flat, program.evaluate(values)[self.first :]

    # --- what is called ----------------------------------------------------------------------------------------------

    def __call__(self, values: Sequence[Value]) -> tuple[Any, list[Value]] | None:
        """The entries, or what they are to be found from by subtraction, and the results that are wanted; None where Python
        would have gone another way."""
        if self.timed and not any(isinstance(v, Tracer) for v in (*self.hoisted, *values)):
            self._time([*self.hoisted, *values])
        data, outs = self.compiled(*self.hoisted, *values)
        if self.banded is not None and self.banded.trimmed is not None:
            data = self.banded.trimmed.of(data) if isinstance(data, np.ndarray) else data[self.banded.places]
        if self.guards:
            n = len(outs) - len(self.guards)
            for guard, out in zip(self.guards, outs[n:], strict=True):
                if isinstance(out, Tracer):
                    out = out.concrete(f"{guard.what} inside a sparse derivative")
                if not guard.holds(out):
                    return None
            outs = outs[:n]
        return data, outs

    def _time(self, values: Sequence[Value]) -> None:
        """Compile the sweeps side by side and one after another, and keep what is faster here."""
        self.timed = False
        best: tuple[float, int | None, Any] | None = None
        for chunk in (self.colouring.colours, 1):
            self.chunk = chunk
            compiled = jit(lambda *v: self.sweep(*v))
            compiled(*values)
            for _ in range(TRIALS):
                start = time.perf_counter()
                compiled(*values)
                taken = time.perf_counter() - start
                if best is None or taken < best[0]:
                    best = taken, chunk, compiled
        assert best is not None
        _, self.chunk, self.compiled = best

    def matrix(self, data: Value, output: str) -> Any:
        """The matrix with these entries, in a format of SciPy's or as an array."""
        if output == "data":
            return (
                data
                if self.colouring.plan is None or not isinstance(data, np.ndarray)
                else self.colouring.plan.solve(data)
            )
        if isinstance(data, Tracer):
            if output != "dense" or self.colouring.plan is not None:
                raise ArgumentError(
                    "a sparse matrix of SciPy's holds no traced values: inside of another transformation ask for "
                    "output='data', the entries alone, or output='dense'"
                )
            m, n = self.pattern.shape
            at = self.pattern.rows * n + self.pattern.cols
            return reshape(scatter_add_p.bind(np.zeros(m * n, data.dtype), data, at, axes=(0,)), (m, n))
        data = np.asarray(data)
        if self.colouring.plan is not None:
            data = self.colouring.plan.solve(data)
        if output == "csc":
            order, template = self._columns()
            out = copy.copy(template)
            out.data = data[order]
            return out
        out = copy.copy(self.template)
        out.data = data
        return out if output == "csr" else out.tocoo() if output == "coo" else out.toarray()

    def _columns(self) -> Any:
        found = self.orders.get("csc")
        if found is None:
            numbered = sp.csr_array(
                (np.arange(self.pattern.nnz), self.template.indices, self.template.indptr), self.pattern.shape
            )
            csc = sp.csc_array(numbered)
            order = csc.data.astype(np.int64)
            for a in (csc.indices, csc.indptr):
                a.flags.writeable = False
            found = self.orders["csc"] = order, csc
        return found

    def blocks(self, data: Any, output: str) -> Any:
        """The matrix, or a tree of matrices: for each result and each input one."""
        staged, whole = self.staged, output in ("csr", "csc", "coo", "data")
        one = staged.out_tree.is_leaf() and staged.in_tree.is_leaf()
        if output == "data" or (whole and one):
            return self.matrix(data, output)
        full = self.matrix(data, "dense" if output == "dense" else "csr")
        rows = np.cumsum([0, *map(size_of, staged.out_avals)])
        cols = np.cumsum([0, *map(size_of, staged.in_avals)])

        def block(i: int, j: int) -> Any:
            part = full if one else full[int(rows[i]) : int(rows[i + 1]), int(cols[j]) : int(cols[j + 1])]
            if output == "dense":
                return reshape(part, (*staged.out_avals[i].shape, *staged.in_avals[j].shape))
            return part.asformat(output)

        lines = [[block(i, j) for j in range(len(cols) - 1)] for i in range(len(rows) - 1)]
        return trees.unflatten(staged.out_tree, [trees.unflatten(staged.in_tree, line) for line in lines])


__all__ = ["Prepared", "sweeps"]
