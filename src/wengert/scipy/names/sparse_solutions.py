"""Solutions of equations with sparse matrices, by SciPy's own names.

SciPy solves, with the matrix and with its transpose; the solution is differentiated as one, in the right-hand side and in traced
entries of the matrix, so that derivatives are solutions too and no matrix becomes dense.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Aval, Tracer, as_array, dtype_of, ndim_of, shape_of
from ...errors import NotSupportedError, ShapeError
from ...ops.elementwise import convert
from ...ops.host import host_call_p
from ...ops.special.declare import floating
from ...transforms.implicit import custom_linear_solve
from ...transforms.plain import is_traced
from ...vocabulary import ArrayLike, Value
from .entry import Entry
from .sparse_entries import TracedEntries, is_sparse, made, triples

Named = dict[str, Any]
Solve = Callable[[Any, np.ndarray], Any]


class _Solver:
    """Solves with the matrix of given entries by a function of a matrix of SciPy's and a right-hand side."""

    def __init__(self, solve: Solve, kind: type, shape: Any, rows: np.ndarray, cols: np.ndarray) -> None:
        self.solve, self.kind, self.shape, self.rows, self.cols = solve, kind, shape, rows, cols

    def __call__(self, entries: np.ndarray, right: np.ndarray) -> list[np.ndarray]:
        kind: Any = self.kind
        matrix = kind((entries, (self.rows, self.cols)), shape=self.shape)
        return [np.asarray(self.solve(matrix, right)).reshape(right.shape)]


def solution(matrix: Any, b: ArrayLike, solve: Solve, turned: Solve) -> Any:
    """The solution x of ``matrix @ x = b``.

    Args:
        matrix: sparse, with plain or traced entries. b: a vector, or a matrix of one for each column.
        solve: ``solve(plain, right)`` for a plain matrix of the same format. turned: the same with its transpose.
    """
    import scipy.sparse as sp

    rows, cols, entries = triples(matrix)
    entries, b = floating(entries, as_array(b))
    if ndim_of(b) not in (1, 2) or shape_of(b)[0] != matrix.shape[0] or matrix.shape[0] != matrix.shape[1]:
        raise ShapeError(f"a matrix of shape {matrix.shape} and a right-hand side of shape {shape_of(b)} do not fit")
    dtype = np.result_type(dtype_of(entries), dtype_of(b))
    entries, b = convert(entries, dtype), convert(b, dtype)
    if ndim_of(b) == 2:
        return wnp.stack([solution(matrix, b[:, j], solve, turned) for j in range(shape_of(b)[1])], 1)
    held: Any = matrix if not isinstance(entries, Tracer) else made(type(matrix), matrix.shape, rows, cols, entries)
    kind = sp.csc_array if matrix.format not in ("csr", "csc") else getattr(sp, f"{matrix.format}_array")

    def by(function: Solve) -> Callable[[Any, Any], Any]:
        called = _Solver(function, kind, matrix.shape, rows, cols)

        def solver(_: Any, right: Any) -> Any:
            return host_call_p.bind(entries, right, function=called, avals=(Aval(shape_of(right), dtype_of(right)),))[0]

        return solver

    return custom_linear_solve(lambda x: held @ x, b, by(solve), by(turned))


def _right(b: Any) -> Any:
    """The right-hand side as SciPy takes it: one column is a vector."""
    b = b.toarray() if is_sparse(b) else as_array(b)
    return b[:, 0] if ndim_of(b) == 2 and shape_of(b)[1] == 1 else b


def spsolve(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.sparse.linalg.spsolve`."""
    named = entry.bound(args, kwargs)
    matrix, b = named["A"], named["b"]
    if not is_sparse(matrix):
        return wnp.linalg.solve(matrix, _right(b))
    rest = {k: v for k, v in named.items() if k not in ("A", "b")}
    plain = lambda a, v: entry.call({"A": a, "b": v, **rest})  # noqa: E731
    return solution(matrix, _right(b), plain, lambda a, v: plain(a.T.tocsc(), v))


def spsolve_triangular(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.sparse.linalg.spsolve_triangular`."""
    import scipy.sparse as sp

    named = entry.bound(args, kwargs)
    matrix, lower, unit = named["A"], named["lower"], named["unit_diagonal"]
    used = sp.tril(matrix, -1 if unit else 0) if lower else sp.triu(matrix, 1 if unit else 0)
    used = (used + sp.identity(matrix.shape[0])).tocsr() if unit else used.tocsr()
    return solution(
        used,
        named["b"],
        lambda a, v: entry.original(a.tocsr(), v, lower=lower),
        lambda a, v: entry.original(a.T.tocsr(), v, lower=not lower),
    )


class _Factored:
    """Solves with factors of the matrix, which are found once for each matrix: the last one is remembered."""

    def __init__(self, factor: Callable[[Any], Any]) -> None:
        self.factor = factor
        self._last: tuple[np.ndarray | None, Any] = (None, None)
        self._lock = threading.Lock()

    def of(self, matrix: Any) -> Any:
        with self._lock:
            entries, factors = self._last
        if entries is None or not np.array_equal(entries, matrix.data, equal_nan=True):
            factors = self.factor(matrix.tocsc())
            with self._lock:
                self._last = matrix.data.copy(), factors
        return factors


class Factors:
    """SciPy's factors of a sparse matrix, which solve for traced right-hand sides, and those of one of traced entries."""

    def __init__(self, matrix: Any, factor: Callable[[Any], Any], factors: Any = None) -> None:
        self._matrix, self._factors = matrix, factors
        self._found = _Factored(factor)
        self.shape = matrix.shape

    def __getattr__(self, name: str) -> Any:
        if self._factors is None:
            raise NotSupportedError(f"splu(A).{name} of a matrix of traced entries is not supported: there is solve")
        return getattr(self._factors, name)

    def solve(self, rhs: ArrayLike, trans: str = "N") -> Any:
        if self._factors is not None and not is_traced(rhs):
            return self._factors.solve(rhs, trans)
        if trans == "H":
            return wnp.conj(self._solved(wnp.conj(as_array(rhs)), "T"))
        return self._solved(rhs, trans)

    def _solved(self, rhs: ArrayLike, trans: str) -> Any:
        used, other = ("N", "T") if trans == "N" else ("T", "N")
        # The factors are those of the matrix itself; what is solved has its transpose for "T".
        matrix = self._matrix if trans == "N" else self._matrix.T
        by = self._found.of
        if self._factors is not None:
            by = lambda _: self._factors  # noqa: E731
        elif trans != "N":
            by = lambda a: self._found.of(a.T)  # noqa: E731
        return solution(matrix, rhs, lambda a, v: by(a).solve(v, used), lambda a, v: by(a).solve(v, other))


def splu(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.sparse.linalg.splu` in a function under transformation."""
    named = entry.bound(args, kwargs)
    matrix = named["A"]
    options = {k: v for k, v in named.items() if k != "A"}
    factor = lambda a: entry.call({"A": a, **options})  # noqa: E731
    if isinstance(matrix, TracedEntries):
        return Factors(matrix, factor)
    if is_traced(matrix):
        raise NotSupportedError(
            f"scipy.{entry.name} factors sparse matrices; for a dense one write np.linalg.solve(A, b), or make it sparse"
        )
    return Factors(matrix, factor, entry.original(*args, **kwargs))


def factorized(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.sparse.linalg.factorized` in a function under transformation."""
    from scipy.sparse.linalg import splu as theirs

    matrix: Any = entry.bound(args, kwargs)["A"]
    if is_traced(matrix) and not is_sparse(matrix):
        raise NotSupportedError("scipy.sparse.linalg.factorized takes sparse matrices; write np.linalg.solve(A, b)")
    found: Any = theirs(matrix.tocsc())
    return (found if isinstance(found, Factors) else Factors(matrix, theirs, found)).solve


def expm_multiply(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Value:
    """`scipy.sparse.linalg.expm_multiply`, by the exponential as a dense matrix."""
    named = entry.bound(args, kwargs)
    matrix, b = named["A"], as_array(named["B"])
    if named["start"] is not None or named["stop"] is not None:
        raise NotSupportedError("scipy.sparse.linalg.expm_multiply of traced values gives one time: call it for each")
    if is_traced(matrix):
        dense = matrix.toarray() if is_sparse(matrix) else matrix
        return importlib.import_module("wengert.scipy.linalg").expm(dense) @ b
    return entry.original(matrix, np.eye(matrix.shape[0])) @ b


def inverse(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.sparse.linalg.inv`: all of its entries, as SciPy's has them where none is 0."""
    matrix = entry.bound(args, kwargs)["A"]
    if not isinstance(matrix, TracedEntries):
        raise NotSupportedError("scipy.sparse.linalg.inv takes sparse matrices: write np.linalg.inv(A)")
    dense = wnp.linalg.inv(matrix.toarray())
    kind = next(k for k in type(matrix).__mro__ if not issubclass(k, TracedEntries))
    return made(kind, matrix.shape, *triples(dense))


ANSWERS: dict[str, Any] = {
    "sparse.linalg.factorized": factorized,
    "sparse.linalg.splu": splu,
    "sparse.linalg.spsolve": spsolve,
    "sparse.linalg.spsolve_triangular": spsolve_triangular,
    "sparse.linalg.expm_multiply": expm_multiply,
    "sparse.linalg.inv": inverse,
}

__all__ = ["ANSWERS", "solution"]
