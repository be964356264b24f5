"""Colourings of patterns: which columns or rows one sweep may compute together, and where each entry then stands.

A colour is one sweep: forward for columns, reverse for rows. Column and row colourings let no two of a colour meet; a star
colouring of a symmetric matrix, and a bidirectional one of any, let every entry stand alone in the sweep of its column or
of its row; an acyclic one lets it be found by subtraction. Sources: see `greedy`, and Montoison, Dalle & Gebremedhin (2025),
"Revisiting sparse matrix coloring and bicoloring", where bidirectional colourings are star colourings of
``[[0, J], [J', 0]]`` of which colours that no entry needs are dropped.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError
from . import greedy
from .pattern import Pattern
from .periodic import periodic_columns

FEW = 8  # sweeps; a colouring with so few is taken, and no better one is looked for
KINDS = ("column", "row", "star", "acyclic", "bidirectional")
ORDERS = ("natural", "largest_first", "smallest_last", "incidence_degree", "dynamic_largest_first", "random")


def _ints(a: Any) -> np.ndarray:
    return np.ascontiguousarray(a, np.int64)


def _full(n: int) -> np.ndarray:
    return np.full(max(n, 1), -1, np.int64)


class Graph:
    """A graph in compressed form, by its neighbours at distance 1 or, by way of rows, at distance 2."""

    def __init__(self, n: int, ptr: Any, ind: Any, ptr2: Any = None, ind2: Any = None) -> None:
        self.n, self.two = n, ptr2 is not None
        self.ptr, self.ind = _ints(ptr), _ints(ind)
        self.ptr2, self.ind2 = (_ints(ptr2), _ints(ind2)) if ptr2 is not None else (self.ptr, self.ind)

    def degrees(self) -> np.ndarray:
        """How many neighbours each vertex has."""
        if not self.two:
            return np.diff(self.ptr)
        degree = np.zeros(self.n, np.int64)
        greedy.count_degrees(self.n, self.ptr, self.ind, self.ptr2, self.ind2, degree, _full(self.n))
        return degree

    def order(self, name: str, seed: int) -> np.ndarray:
        """The vertices in the order in which they are coloured."""
        n = self.n
        if name == "natural" or n < 2:
            return np.arange(n)
        if name == "random":
            return np.random.default_rng(seed).permutation(n)
        degree = self.degrees()
        if name == "largest_first":
            return np.argsort(-degree, kind="stable")
        key = np.zeros(n, np.int64) if name == "incidence_degree" else degree.copy()
        largest, step = {
            "smallest_last": (0, -1),
            "incidence_degree": (1, 1),
            "dynamic_largest_first": (1, -1),
        }[name]
        order = np.empty(n, np.int64)
        head = _full(int(degree.max()) + 2)
        greedy.order_dynamically(
            n, int(self.two), largest, step, self.ptr, self.ind, self.ptr2, self.ind2, key, head, _full(n), _full(n),
            _full(n), order,
        )  # fmt: skip
        return order


class Colouring:
    """Colours of the columns or rows of a pattern, and where the entries stand in what the sweeps compute.

    The sweeps of columns give a matrix of shape ``(colours, m)``, row c the sum of the columns of colour c; those of rows
    one of shape ``(colours, n)``. An entry is an element of one of them, or with `acyclic` that less others.

    Attributes:
        pattern: what was coloured. kind: one of "column", "row", "star", "acyclic", "bidirectional".
        columns: the colour of each column, from 0, or -1 for one that no sweep computes; None where no columns are swept.
        rows: the same for rows.
        forward, reverse: how many sweeps there are of each.
        order: in which the vertices were coloured.

    Example:
        >>> import numpy as np
        >>> from wengert.sparse import Pattern, colouring
        >>> p = Pattern(np.eye(6) + np.eye(6, k=1) + np.eye(6, k=-1))
        >>> c = colouring(p)
        >>> c
        <column colouring of 6 by 6, 3 colours>
        >>> c.columns.tolist()
        [0, 1, 2, 0, 1, 2]
    """

    def __init__(
        self,
        pattern: Pattern,
        kind: str,
        columns: np.ndarray | None,
        rows: np.ndarray | None,
        order: str,
        places: np.ndarray | None = None,
        plan: Any = None,
    ) -> None:
        self.pattern, self.kind, self.columns, self.rows, self.order = pattern, kind, columns, rows, order
        self.forward = int(columns.max(initial=-1)) + 1 if columns is not None else 0
        self.reverse = int(rows.max(initial=-1)) + 1 if rows is not None else 0
        self._places = places
        self.plan = plan  # of an acyclic one: see `substitution`

    @property
    def colours(self) -> int:
        """How many sweeps there are."""
        return self.forward + self.reverse

    @property
    def places(self) -> np.ndarray:
        """For each entry of the pattern, in the order of its CSR matrix, where it stands in the results of all sweeps.

        They lie one after another, those of columns first: ``colour * m + row``, then ``forward * m + colour * n + column``.
        """
        if self._places is None:
            m, n = self.pattern.shape
            rows, cols = self.pattern.rows, self.pattern.cols.astype(np.int64)
            self._places = self.columns[cols] * m + rows if self.columns is not None else self.rows[rows] * n + cols  # type: ignore[index]
        return self._places

    def decompress(self, swept: Any, reverse: Any = None) -> Any:
        """The matrix, a SciPy CSR array, of what the sweeps gave.

        Args:
            swept: shape ``(forward, m)``. reverse: shape ``(reverse, n)``, where rows are swept.
        """
        import scipy.sparse as sp

        parts = [np.asarray(a).reshape(-1) for a in (swept, reverse) if a is not None]
        flat = np.concatenate(parts) if parts else np.zeros(0)
        data = flat[self.places] if self.plan is None else self.plan.solve(flat)
        csr = self.pattern.csr
        return sp.csr_array((data, csr.indices, csr.indptr), csr.shape)

    def __repr__(self) -> str:
        m, n = self.pattern.shape
        split = f" ({self.forward} of columns, {self.reverse} of rows)" if self.forward and self.reverse else ""
        return f"<{self.kind} colouring of {m} by {n}, {self.colours} colours{split}>"

    def braille(self, **options: Any) -> str:
        """The pattern in braille with the colours as a terminal shows them: see `Pattern.braille`."""
        return self.pattern.braille(self, **options)

    def plot(self, **options: Any) -> Any:
        """The pattern with its colours as a picture: see `Pattern.plot`."""
        return self.pattern.plot(self, **options)


def colouring(pattern: Any, kind: str = "column", order: str = "auto", seed: int = 0) -> Colouring:
    """A colouring of a pattern, greedy in an order of its columns or rows.

    Args:
        pattern: a `Pattern`, or a matrix that is made one.
        kind: "column" or "row"; for symmetric patterns "star" (entries are read) or "acyclic" (entries are found by
            subtraction, of fewer colours); "bidirectional" for columns and rows together; "auto" for the one that costs least.
        order: "natural", "largest_first", "smallest_last", "incidence_degree", "dynamic_largest_first" or "random"; with
            "auto" the best of some of them.
        seed: of the random order.

    Raises:
        ArgumentError: there is no such kind or order, or the kind is for symmetric patterns and this one is not.

    Example:
        >>> import numpy as np
        >>> from wengert.sparse import colouring
        >>> arrow = np.eye(50)
        >>> arrow[0] = arrow[:, 0] = 1
        >>> [colouring(arrow, kind).colours for kind in ("column", "bidirectional", "star")]
        [50, 3, 2]
    """
    pattern = pattern if isinstance(pattern, Pattern) else Pattern(pattern)
    if order not in (*ORDERS, "auto"):
        raise ArgumentError(f"colouring: order is one of {', '.join(ORDERS)}, or auto; got {order!r}")
    if kind == "auto":
        return cheapest(pattern, order, seed)
    if kind not in KINDS:
        raise ArgumentError(f"colouring: kind is one of {', '.join(KINDS)}, or auto; got {kind!r}")
    if kind in ("star", "acyclic") and not pattern.symmetric:
        if pattern.shape[0] != pattern.shape[1] or (pattern.csr != pattern.csr.T).nnz:
            raise ArgumentError(
                f"colouring: {kind} is for symmetric patterns, and {pattern!r} is not: use column or row"
            )
        pattern = Pattern(pattern, symmetric=True)
    names = ("natural", "smallest_last", "largest_first") if order == "auto" else (order,)
    best: Colouring | None = None
    for name in names:
        found = _BY[kind](pattern, name, seed, order == "auto")
        best = found if best is None or found.colours < best.colours else best
        if best.order == "periodic" or best.colours <= least(pattern, kind):
            break
    assert best is not None
    return best


def least(pattern: Pattern, kind: str) -> int:
    """A number of colours that no colouring of the kind has less than."""
    if not pattern.nnz:
        return 0
    csr = pattern.csr
    if kind == "column":
        return int(np.diff(csr.indptr).max())
    if kind == "row":
        return int(np.bincount(csr.indices).max())
    return 3 if kind == "star" else 2


def cheapest(pattern: Pattern, order: str = "auto", seed: int = 0, reverse_cost: float = 1.5) -> Colouring:
    """The column, row or bidirectional colouring whose sweeps cost least, a reverse one `reverse_cost` forward ones."""
    if order == "auto" and (stencil := periodic_columns(pattern)) is not None and stencil.max(initial=0) < FEW:
        return Colouring(pattern, "column", stencil, None, "periodic")
    lower = least(pattern, "row") * reverse_cost + 1
    found = (
        [colouring(pattern, "column", order, seed)]
        if pattern.symmetric or least(pattern, "column") <= 4 * lower
        else []
    )
    if not pattern.symmetric and (not found or found[0].colours > lower):
        found.append(colouring(pattern, "row", order, seed))
    if not pattern.symmetric and min(c.colours for c in found) > FEW and _uneven(pattern):
        found.append(colouring(pattern, "bidirectional", order, seed))
    return min(found, key=lambda c: c.forward + reverse_cost * c.reverse + (c.reverse > 0))


def _uneven(pattern: Pattern) -> bool:
    """Whether there are rows, and columns, of many more entries than most have."""
    m, n = pattern.shape
    return least(pattern, "column") * m > 3 * pattern.nnz and least(pattern, "row") * n > 3 * pattern.nnz


def _column(pattern: Pattern, order: str, seed: int, any_order: bool) -> Colouring:
    n = pattern.shape[1]
    if any_order:
        found = periodic_columns(pattern)
        if found is not None:
            return Colouring(pattern, "column", found, None, "periodic")
    return Colouring(pattern, "column", _distance_2(pattern.csr, n, order, seed), None, order)


def _distance_2(csr: Any, n: int, order: str, seed: int) -> np.ndarray:
    import scipy.sparse as sp

    if csr.nnz and np.diff(csr.indptr).max() == n:  # a full row: all differ
        return np.arange(n)
    csc = sp.csc_array(csr)
    graph = Graph(n, csc.indptr, csc.indices, csr.indptr, csr.indices)
    colour = _full(n)[:n]
    greedy.colour_partial(
        n, _ints(graph.order(order, seed)), graph.ptr, graph.ind, graph.ptr2, graph.ind2, colour, _full(n + 1)
    )
    return colour


def _row(pattern: Pattern, order: str, seed: int, any_order: bool) -> Colouring:
    import scipy.sparse as sp

    turned = sp.csr_array(pattern.csr.T)
    turned.sort_indices()
    return Colouring(pattern, "row", None, _distance_2(turned, pattern.shape[0], order, seed), order)


def _adjacency(csr: Any) -> tuple[Graph, np.ndarray, np.ndarray]:
    """The graph of a symmetric matrix, the number of the edge of each of its neighbours, and the entries that are edges."""
    n = csr.shape[0]
    rows = np.repeat(np.arange(n), np.diff(csr.indptr))
    cols = csr.indices.astype(np.int64)
    off = rows != cols
    counts = np.bincount(rows[off], minlength=n)
    graph = Graph(n, np.concatenate([[0], np.cumsum(counts)]), cols[off])
    low, high = np.minimum(rows[off], cols[off]), np.maximum(rows[off], cols[off])
    upper = rows[off] < cols[off]
    edge = np.empty(len(low), np.int64)
    edge[upper] = np.arange(int(upper.sum()))  # by (low, high), as rows are
    down = np.flatnonzero(~upper)
    edge[down[np.lexsort((high[down], low[down]))]] = np.arange(len(down))
    return graph, edge, off


def _stars(
    graph: Graph, edge: np.ndarray, edges: int, order: str, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The colour of each vertex, the star of each edge, and the hub of each star, -1 for one of a single edge."""
    n = graph.n
    colour, of_edge, hub = _full(n)[:n], _full(edges), _full(edges)
    greedy.colour_star(
        n, _ints(graph.order(order, seed)), graph.ptr, graph.ind, edge, colour, _full(n + 1), _full(n + 1), _full(n + 1),
        _full(n), of_edge, hub,
    )  # fmt: skip
    return colour, of_edge, hub


def _star(pattern: Pattern, order: str, seed: int, any_order: bool) -> Colouring:
    """Entry (i, j) of a star with hub j is read in row i of the sweep of j's colour."""
    csr = pattern.csr
    n = csr.shape[0]
    graph, edge, off = _adjacency(csr)
    colour, of_edge, hub = _stars(graph, edge, int(edge.max(initial=-1)) + 1, order, seed)
    rows, cols = pattern.rows, pattern.cols.astype(np.int64)
    needed = np.zeros(n + 1, bool)
    needed[colour[rows[~off]]] = True
    hubs = hub[of_edge[edge]]
    needed[colour[hubs[hubs >= 0]]] = True
    i, j = rows[off], cols[off]
    low, high = np.minimum(i, j), np.maximum(i, j)
    single = hubs < 0  # either end will do: one whose colour is needed anyway
    ends = np.where(needed[colour[low]], low, np.where(needed[colour[high]], high, low))
    hubs = np.where(single, ends, hubs)
    needed[colour[hubs]] = True
    other = i + j - hubs
    renumbered = np.where(needed, np.cumsum(needed) - 1, -1)
    colour = renumbered[colour]
    places = np.empty(len(rows), np.int64)
    places[~off] = colour[rows[~off]] * n + rows[~off]
    places[off] = colour[hubs] * n + other
    return Colouring(pattern, "star", colour, None, order, places)


def _acyclic(pattern: Pattern, order: str, seed: int, any_order: bool) -> Colouring:
    from .substitution import Plan

    graph, edge, off = _adjacency(pattern.csr)
    n, edges = graph.n, int(edge.max(initial=-1)) + 1
    colour, root = _full(n)[:n], _full(edges)
    greedy.colour_acyclic(
        n, _ints(graph.order(order, seed)), graph.ptr, graph.ind, edge, colour, _full(n + 1), _full(n + 1), _full(n + 1),
        root, _full(edges), _full(edges),
    )  # fmt: skip
    return Colouring(pattern, "acyclic", colour, None, order, plan=Plan(pattern, colour, edge, off, root))


def _bidirectional(pattern: Pattern, order: str, seed: int, any_order: bool) -> Colouring:
    """The best of a star colouring of the bipartite graph, full rows apart, and full columns apart."""
    found = [_bipartite(pattern, order, seed), _apart(pattern, order, seed, False), _apart(pattern, order, seed, True)]
    return min(found, key=lambda c: c.colours)


def _apart(pattern: Pattern, order: str, seed: int, turned: bool) -> Colouring:
    """Rows with many entries are swept by themselves, the others by a colouring of columns; `turned`, columns with many."""
    import scipy.sparse as sp

    csr: Any = sp.csr_array(pattern.csr.T) if turned else pattern.csr
    csr.sort_indices()
    m, n = csr.shape
    counts = np.diff(csr.indptr)
    limits = np.unique(
        counts
    )  # what the other rows may have at most: then about as many colours, and one for each row beyond
    beyond = m - np.searchsorted(np.sort(counts), limits, "right")
    limit = int(limits[np.argmin(limits + beyond)]) if len(limits) else 0
    many = counts > limit
    rows = np.repeat(np.arange(m), counts)
    alone = many[rows]
    columns, lines = np.full(n, -1), np.full(m, -1)
    for chosen, by_column in ((~alone, True), (alone, False)):
        part = sp.csr_array((np.ones(int(chosen.sum()), np.int8), (rows[chosen], csr.indices[chosen])), csr.shape)
        if not part.nnz:
            continue
        swept = sp.csr_array(part if by_column else part.T)
        swept.sort_indices()
        colour = _distance_2(swept, n if by_column else m, order, seed)
        live = np.zeros(n if by_column else m, bool)
        live[csr.indices[chosen] if by_column else rows[chosen]] = True
        colour = np.where(live, colour, -1)
        used = np.unique(colour[live])
        colour[live] = np.searchsorted(used, colour[live])
        if by_column:
            columns = colour
        else:
            lines = colour
    if turned:
        columns, lines, (m, n) = lines, columns, (n, m)
        alone = (many)[pattern.cols]
    forward = int(columns.max(initial=-1)) + 1
    i, j = pattern.rows, pattern.cols.astype(np.int64)
    by_row = ~alone if turned else alone
    places = np.where(by_row, forward * m + lines[i] * n + j, columns[j] * m + i)
    return Colouring(pattern, "bidirectional", columns, lines, order, places)


def _bipartite(pattern: Pattern, order: str, seed: int) -> Colouring:
    """Columns and rows as the vertices of one graph, entries its edges; an entry is read where its hub is swept."""
    csr = pattern.csr
    m, n = csr.shape
    rows, cols = pattern.rows, pattern.cols.astype(np.int64)
    by_column = np.lexsort((rows, cols))
    counts = [np.bincount(cols, minlength=n), np.diff(csr.indptr)]
    ptr = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    graph = Graph(n + m, ptr, np.concatenate([n + rows[by_column], cols]))
    edge = _ints(np.concatenate([by_column, np.arange(len(rows))]))
    colour, of_edge, hub = _stars(graph, edge, len(rows), order, seed)
    hubs = hub[of_edge[: len(rows)]]
    column, row = np.zeros(n + m + 1, bool), np.zeros(n + m + 1, bool)  # colours whose columns or rows are swept
    column[colour[hubs[(hubs >= 0) & (hubs < n)]]] = True
    row[colour[hubs[hubs >= n]]] = True
    by_row = ~column[colour[cols]] & row[colour[n + rows]]
    hubs = np.where(hubs >= 0, hubs, np.where(by_row, n + rows, cols))
    column[colour[hubs[hubs < n]]] = True
    columns = np.where(column, np.cumsum(column) - 1, -1)[colour[:n]]
    lines = np.where(row, np.cumsum(row) - 1, -1)[colour[n:]]
    forward = int(columns.max(initial=-1)) + 1
    places = np.where(hubs < n, columns[cols] * m + rows, forward * m + lines[rows] * n + cols)
    return Colouring(pattern, "bidirectional", columns, lines, order, places)


_BY = {"column": _column, "row": _row, "star": _star, "acyclic": _acyclic, "bidirectional": _bidirectional}

__all__ = ["KINDS", "ORDERS", "Colouring", "cheapest", "colouring"]
