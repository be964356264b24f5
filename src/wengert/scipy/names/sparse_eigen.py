"""Some eigenvalues and singular values of sparse matrices, by SciPy's own names: `eigsh`, `eigs`, `lobpcg`, `svds`.

SciPy finds the pairs of ``A v = w M v``. With ``v* M v = 1`` their derivatives solve, for each pair by itself,

    (A - w M) dv - M v dw = -(dA - w dM) v,    (M v)* dv = -v* dM v / 2,

a sparse system with one more unknown, regular where w is a simple eigenvalue (T. F. Chan, "On the existence and computation of
LU factorizations with small pivots", 1984, has such bordered systems). Singular values are eigenvalues of ``[[0, A], [A*, 0]]``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Aval, as_array, dtype_of, shape_of
from ...errors import NotSupportedError
from ...ops.host import host_call_p
from ...ops.special.declare import floating
from ...ops.updates import at
from ...transforms.custom_rules import custom_jvp
from ...vocabulary import Value
from .entry import Entry
from .sparse_entries import is_sparse, made, triples
from .sparse_solutions import solution

Named = dict[str, Any]
Search = Callable[[Any, Any], "tuple[np.ndarray, np.ndarray]"]


def _places(x: Any, what: str) -> tuple[Any, np.ndarray, np.ndarray, Any]:
    if hasattr(x, "matvec") and not is_sparse(x) and not hasattr(x, "__array__"):
        raise NotSupportedError(
            f"scipy.{what} differentiates with respect to a matrix: give it, sparse or dense, for {x!r}"
        )
    x = x if is_sparse(x) else as_array(x)
    rows, cols, entries = triples(x)
    return (x.shape if is_sparse(x) else shape_of(x)), rows, cols, floating(entries)[0]


def _real(dtype: Any) -> np.dtype[Any]:
    return np.abs(np.empty(0, dtype)).dtype


def _pairs(a: Any, m: Any, search: Search, count: int, value_dtype: Any, dtype: Any, what: str) -> tuple[Any, Any]:
    """Eigenvalues, and eigenvectors in columns; `search` finds them for plain matrices."""
    import scipy.sparse as sp
    from scipy.sparse.linalg import spsolve

    (n, _), rows, cols, entries = _places(a, what)
    of_m = np.arange(n), np.arange(n), np.ones(n, dtype_of(entries))
    _, m_rows, m_cols, weights = (None, *of_m) if m is None else _places(m, what)
    types = Aval((count,), np.dtype(value_dtype)), Aval((n, count), np.dtype(dtype))

    def found(a_entries: np.ndarray, m_entries: np.ndarray) -> list[np.ndarray]:
        plain = sp.csc_array((a_entries, (rows, cols)), shape=(n, n))
        w, v = search(plain, None if m is None else sp.csc_array((m_entries, (m_rows, m_cols)), shape=(n, n)))
        return [w, v]

    @custom_jvp
    def pairs(a_entries: Value, m_entries: Value) -> tuple[Value, Value]:
        w, v = host_call_p.bind(a_entries, m_entries, function=found, avals=types)
        return w, v

    def times(places: tuple[np.ndarray, np.ndarray], factors: Value, v: Value) -> Value:
        terms = factors * v[places[1]]
        return at(wnp.zeros(n, dtype_of(terms)))[places[0]].add(terms)

    border = np.full(n, n)
    k_rows = np.concatenate([rows, m_rows, np.arange(n), border])
    k_cols = np.concatenate([cols, m_cols, border, np.arange(n)])

    @pairs.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (a_entries, m_entries), (da, dm) = primals, tangents
        w, v = pairs(a_entries, m_entries)
        dw, dv = [], []
        for i in range(count):
            one, x = w[i], v[:, i]
            weighted, moved = times((m_rows, m_cols), m_entries, x), times((m_rows, m_cols), dm, x)
            right = one * moved - times((rows, cols), da, x)
            right = wnp.concatenate([right, wnp.reshape(-0.5 * wnp.sum(wnp.conj(x) * moved), (1,))])
            k = made(
                sp.csc_array,
                (n + 1, n + 1),
                k_rows,
                k_cols,
                wnp.concatenate([a_entries, -one * m_entries, -weighted, wnp.conj(weighted)]),
            )
            step = solution(k, right, lambda p, r: spsolve(p, r), lambda p, r: spsolve(p.T.tocsc(), r))
            dv.append(step[:n])
            dw.append(step[n] if types[0].dtype.kind == "c" else wnp.real(step[n]))
        return (w, v), (wnp.stack(dw), wnp.stack(dv, 1))

    return pairs(entries, weights)


def _eigen(real: bool) -> Callable[..., Any]:
    """`eigsh`, whose values are real, and `eigs`."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        named = entry.bound(args, kwargs)
        a, m, vectors = named["A"], named["M"], named["return_eigenvectors"]
        plain = {**named, "return_eigenvectors": True}

        def search(a: Any, m: Any) -> Any:
            return entry.call({**plain, "A": a, "M": m})

        own = np.result_type(dtype_of(_places(a, entry.name)[3]), *([] if m is None else [m.dtype]))
        dtype = own if real else np.result_type(own, np.complex64)
        values = _real(own) if real else dtype
        w, v = _pairs(a, m, search, named["k"], values, dtype, entry.name)
        return (w, v) if vectors else w

    return answer


def lobpcg(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.sparse.linalg.lobpcg` from a plain start `X`, without its histories."""
    named = entry.bound(args, kwargs)
    if named["retLambdaHistory"] or named["retResidualNormsHistory"]:
        raise NotSupportedError("scipy.sparse.linalg.lobpcg of a traced matrix gives no histories")
    a, start = named["A"], np.asarray(named["X"])

    def search(a: Any, m: Any) -> Any:
        return entry.call({**named, "A": a, "B": m})

    dtype = dtype_of(_places(a, entry.name)[3])
    return _pairs(a, named["B"], search, start.shape[1], _real(dtype), dtype, entry.name)


def svds(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.sparse.linalg.svds`."""
    import scipy.sparse as sp

    named = entry.bound(args, kwargs)
    (m, n), rows, cols, entries = _places(named["A"], entry.name)
    count, vectors = named["k"], named["return_singular_vectors"]
    rows, cols = np.concatenate([rows, cols + m]), np.concatenate([cols + m, rows])
    both = made(sp.csc_array, (m + n, m + n), rows, cols, wnp.concatenate([entries, wnp.conj(entries)]))

    def search(a: Any, _: Any) -> Any:
        u, s, vh = entry.call({**named, "A": sp.csc_array(a[:m, m:]), "return_singular_vectors": True})
        return s, np.concatenate([u, vh.conj().T]) / np.sqrt(2)

    dtype = dtype_of(entries)
    s, v = _pairs(both, None, search, count, _real(dtype), dtype, entry.name)
    if vectors is False:
        return s
    u, vh = np.sqrt(2) * v[:m], wnp.conj(wnp.transpose(np.sqrt(2) * v[m:]))
    return (u if vectors != "vh" else None), s, (vh if vectors != "u" else None)


ANSWERS: dict[str, Any] = {
    "sparse.linalg.eigsh": _eigen(real=True),
    "sparse.linalg.eigs": _eigen(real=False),
    "sparse.linalg.lobpcg": lobpcg,
    "sparse.linalg.svds": svds,
}

__all__ = ["ANSWERS"]
