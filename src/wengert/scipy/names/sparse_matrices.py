"""scipy.sparse by its own names: matrices made of traced values, written into, and in expressions with plain ones.

What is plain goes on to SciPy. The objects made here are those of `sparse_entries.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_array, as_value, dtype_of, ndim_of, shape_of
from ...errors import NotSupportedError
from ...ops import sparse_products
from ...ops.elementwise import convert
from ...ops.updates import at
from ...transforms.plain import is_traced
from ...vocabulary import Value
from .entry import Entry
from .sparse_entries import Positions, TracedEntries, become, is_sparse, made, sibling, summed, triples

Named = dict[str, Any]
Triples = tuple[np.ndarray, np.ndarray, Any]


def _whole(x: Any) -> np.ndarray:
    if is_traced(x):
        raise NotSupportedError("scipy.sparse: where the entries are has to be plain integers; use stop_gradient")
    return np.asarray(x, np.int64).reshape(-1)


# --- made ---------------------------------------------------------------------------------------------------------


def _diagonals(data: Value, offsets: Any, shape: Any) -> Triples:
    """Entries ``data[k, j]`` in row ``j - offsets[k]`` and column j, those outside of the matrix left out."""
    offsets, data = _whole(offsets), wnp.atleast_2d(data)
    cols = np.broadcast_to(np.arange(shape_of(data)[1]), shape_of(data))
    rows = cols - offsets[:, None]
    inside = (rows >= 0) & (rows < shape[0]) & (cols < shape[1])
    return rows[inside], cols[inside], wnp.reshape(data, (-1,))[np.flatnonzero(inside)]


def _by_places(this: Any, arg: Any, shape: Any) -> tuple[Any, Triples]:
    """Shape, rows, columns, entries of what a constructor is given."""
    if is_sparse(arg):
        rows, cols, entries = triples(arg)
        return arg.shape, (rows, cols, entries)
    if isinstance(arg, tuple) and len(arg) == 2:
        data, places = arg
        if this.format == "dia":
            if shape is None:
                raise ValueError("expected a shape argument")
            return shape, _diagonals(as_value(data), places, shape)
        rows, cols = (_whole(p) for p in places)
        entries = wnp.reshape(as_array(data), (-1,))
        if shape is None:
            if not rows.size:
                raise ValueError("cannot infer dimensions from zero sized index arrays")
            shape = (rows.max() + 1, cols.max() + 1)
        if not len(rows) == len(cols) == shape_of(entries)[0]:
            raise ValueError("row, column, and data array must all be the same length")
        return shape, (rows, cols, entries)
    if isinstance(arg, tuple) and len(arg) == 3 and this.format in ("csr", "csc"):
        entries, minor, ends = wnp.reshape(as_array(arg[0]), (-1,)), _whole(arg[1]), _whole(arg[2])
        major = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        if len(major) != len(minor) or shape_of(entries)[0] != len(minor):
            raise ValueError("indices and data should have the same size, that of the last number of indptr")
        if shape is None:
            least = int(minor.max()) + 1 if minor.size else 0
            shape = (len(ends) - 1, least) if this.format == "csr" else (least, len(ends) - 1)
        return shape, ((major, minor, entries) if this.format == "csr" else (minor, major, entries))
    if isinstance(arg, tuple):
        raise NotSupportedError(f"a {this.format} matrix of traced blocks is not supported: make a coo or csr matrix")
    dense = wnp.atleast_2d(as_array(arg))
    return shape_of(dense), triples(dense)


def construct(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> None:
    """``__init__`` of a format."""
    named = entry.bound(args, kwargs)
    this, shape, dtype = named["self"], named.get("shape"), named.get("dtype")
    shape, (rows, cols, entries) = _by_places(this, named["arg1"], shape)
    become(this, shape, rows, cols, entries if dtype is None else convert(entries, np.dtype(dtype)))


def diags(array: bool) -> Callable[..., Any]:
    """`scipy.sparse.diags` and `diags_array`."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        import scipy.sparse as sp

        named = entry.bound(args, kwargs)
        given, offsets, shape = named["diagonals"], named.get("offsets", 0), named["shape"]
        one = np.ndim(offsets) == 0
        if one and ndim_of(given if not isinstance(given, (list, tuple)) else given[0]) == (
            0 if isinstance(given, (list, tuple)) else 1
        ):
            given = [as_array(given)]
        elif one and len(given) != 1:
            raise ValueError("Different number of diagonals and offsets.")
        lines = [wnp.atleast_1d(as_array(d)) for d in given]
        at_ = _whole(np.atleast_1d(offsets))
        if len(lines) != len(at_):
            raise ValueError("Different number of diagonals and offsets.")
        if shape is None:
            n = shape_of(lines[0])[0] + abs(int(at_[0]))
            shape = (n, n)
        m, n = shape
        rows, cols, entries = [], [], []
        for line, k in zip(lines, at_.tolist(), strict=True):
            count = min(m + min(k, 0), n - max(k, 0))
            if count < 0 or shape_of(line)[0] not in (1, count):
                raise ValueError(
                    f"Offset {k} (index {len(rows)}) out of bounds"
                    if count < 0
                    else f"Diagonal length (index {len(rows)}: {shape_of(line)[0]} at offset {k}) does not agree with array size "
                    f"({m}, {n})."
                )
            i = np.arange(count)
            rows.append(i + max(-k, 0))
            cols.append(i + max(k, 0))
            entries.append(wnp.broadcast_to(line, (count,)))
        out = wnp.concatenate(entries)
        dtype = named["dtype"]
        if dtype is not None and dtype is not entry.signature.parameters["dtype"].default:
            out = convert(out, np.dtype(dtype))
        kind = sp.dia_array if array else sp.dia_matrix
        return made(kind, shape, np.concatenate(rows), np.concatenate(cols), out).asformat(named["format"])

    return answer


def spdiags(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.sparse.spdiags`."""
    import scipy.sparse as sp

    named = entry.bound(args, kwargs)
    m, n = named["m"] if named["n"] is None else (named["m"], named["n"])
    matrix = made(sp.dia_matrix, (m, n), *_diagonals(as_value(named["data"]), named["diags"], (m, n)))
    return matrix.asformat(named["format"])


def moving(depth: int) -> Callable[..., Any]:
    """A function that puts matrices beside each other or takes a part of one: SciPy moves the positions.

    `depth` is how deep in lists the matrices of its first argument are.
    """

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        positions = Positions()
        name, *_ = entry.signature.parameters
        named = entry.bound(args, kwargs)
        dtype = named.pop("dtype", None)

        def placed(x: Any, depth: int) -> Any:
            if depth:
                return [placed(v, depth - 1) for v in x]
            return None if x is None else positions.of(x if is_sparse(x) else wnp.atleast_2d(as_array(x)))

        out = positions.moved(entry.call({**named, name: placed(named[name], depth)}))
        return out if dtype is None else out.astype(dtype)

    return answer


def _array_of(*matrices: Any) -> bool:
    import scipy.sparse as sp

    return any(isinstance(x, sp.sparray) for x in matrices)


def kron(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.sparse.kron`."""
    import scipy.sparse as sp

    named = entry.bound(args, kwargs)
    return _kron(named["A"], named["B"], sp.coo_array if _array_of(named["A"], named["B"]) else sp.coo_matrix).asformat(
        named["format"]
    )


def _kron(a: Any, b: Any, kind: type) -> Any:
    a, b = (x if is_sparse(x) else wnp.atleast_2d(as_array(x)) for x in (a, b))
    (ar, ac, av), (br, bc, bv) = triples(a), triples(b)
    (m, n), shape = b.shape, shape_of(a) if not is_sparse(a) else a.shape
    rows, cols = (ar[:, None] * m + br).reshape(-1), (ac[:, None] * n + bc).reshape(-1)
    return made(kind, (shape[0] * m, shape[1] * n), rows, cols, wnp.reshape(av[:, None] * bv, (-1,)))


def kronsum(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.sparse.kronsum`: ``kron(I, A) + kron(B, I)``."""
    import scipy.sparse as sp

    named = entry.bound(args, kwargs)
    a, b = named["A"], named["B"]
    kind: Any = sp.coo_array if _array_of(a, b) else sp.coo_matrix
    eye = lambda x: kind(np.eye(shape_of(x)[0] if not is_sparse(x) else x.shape[0]))  # noqa: E731
    return (_kron(eye(b), a, kind) + _kron(b, eye(a), kind)).asformat(named["format"])


# --- in expressions -----------------------------------------------------------------------------------------------


def _result(x: Any, y: Any = None) -> type:
    """The class of a result: row by row, or of the format that both operands have."""
    same = y is None or not is_sparse(y) or x.format == y.format
    kind = x if not is_sparse(y) or isinstance(x, _sparray()) else y
    return sibling(kind, x.format if same and x.format in ("csc", "coo") else "csr")


def _sparray() -> Any:
    import scipy.sparse as sp

    return sp.sparray


def _scaled(x: Any, factor: Value) -> Any:
    rows, cols, entries = triples(x)
    kind = sibling(x, x.format if x.format in ("csr", "csc", "coo", "dia", "lil", "dok") else "csr")
    return made(kind, x.shape, rows, cols, entries * factor)


def _added(x: Any, y: Any, sign: int) -> Any:
    if x.shape != y.shape:
        raise ValueError("inconsistent shapes")
    (ar, ac, av), (br, bc, bv) = triples(x), triples(y)
    both = wnp.concatenate([av, bv if sign > 0 else -bv])
    return made(_result(x, y), x.shape, *summed(np.concatenate([ar, br]), np.concatenate([ac, bc]), both, x.shape))


def _dense(x: Any) -> Value:
    return x.toarray() if is_sparse(x) else as_array(x)


def _operands(args: tuple[Any, ...]) -> tuple[Any, Any]:
    x, other = args
    return x, other if is_sparse(other) else as_value(other)


def added(sign: int, reflected: bool = False) -> Callable[..., Any]:
    """``x + other``, ``x - other``, ``other - x``; a dense array where the other one is dense."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        x, other = _operands(args)
        if is_sparse(other):
            return _added(x, other, sign)
        if ndim_of(other) == 0:
            if not is_traced(other) and other == 0:
                return -x if reflected else x.copy()
            raise NotImplementedError(
                "adding a nonzero scalar to a sparse array is not supported: write A.toarray() + c"
            )
        dense = _dense(x)
        return other - dense if reflected else dense + other if sign > 0 else dense - other

    return answer


def multiply(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """``x.multiply(other)``, element by element, and ``*`` of sparse arrays."""
    x, other = _operands(args)
    if not is_sparse(other) and ndim_of(other) == 0:
        return _scaled(x, other)
    small = is_sparse(other) and other.shape != x.shape
    if not is_sparse(other) or small:
        dense = _dense(other)
        shape = np.broadcast_shapes(x.shape, shape_of(dense))
        if shape != x.shape:
            full, kind = wnp.broadcast_to(_dense(x), shape), sibling(x, "csr" if small else "coo")
            return made(kind, shape, *triples(full * dense))
        rows, cols, entries = triples(x)
        factor = wnp.broadcast_to(dense, x.shape)
        kind = sibling(x, "coo" if not small else x.format if x.format in ("csr", "csc") else "csr")
        return made(kind, x.shape, rows, cols, entries * factor[rows, cols])
    (ar, ac, av), (br, bc, bv) = triples(x), triples(other)
    n = x.shape[1]
    keys, i, j = np.intersect1d(ar * n + ac, br * n + bc, assume_unique=True, return_indices=True)
    return made(_result(x, other), x.shape, keys // n, keys % n, av[i] * bv[j])


def divide(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """``x / other``, and with ``rdivide`` the other way round, which SciPy has for dense arrays alone."""
    named = entry.bound(args, kwargs)
    x, other = _operands((named["self"], named["other"]))
    if named.get("rdivide"):
        return NotImplemented
    if is_sparse(other):
        return _dense(x) / _dense(other)
    if ndim_of(other) == 0:
        return _scaled(x, 1.0 / other) if not isinstance(x, TracedEntries) else _quotient(x, other)
    rows, cols, entries = triples(x)
    below = wnp.broadcast_to(other, x.shape)[rows, cols]
    return made(sibling(x, "coo"), x.shape, rows, cols, entries / below)


def _quotient(x: Any, below: Value) -> Any:
    rows, cols, entries = triples(x)
    return made(type(x), x.shape, rows, cols, entries / below)


def _times(x: Any, y: Any) -> Any:
    """The product of two sparse matrices: each entry of `x` meets the entries of a row of `y`."""
    (ar, ac, av), (br, bc, bv) = triples(x), triples(y)
    starts = np.concatenate([[0], np.cumsum(np.bincount(br, minlength=y.shape[0]))])
    counts = (starts[1:] - starts[:-1])[ac]
    i = np.repeat(np.arange(len(ar)), counts)
    j = np.arange(len(i)) - np.repeat(np.cumsum(counts) - counts, counts) + starts[ac[i]]
    shape = (x.shape[0], y.shape[1])
    return made(_result(x, y), shape, *summed(ar[i], bc[j], av[i] * bv[j], shape))


def _product(x: Any, other: Any) -> Any:
    """``x @ other``."""
    m, n = x.shape
    if is_sparse(other):
        if n != other.shape[0]:
            raise ValueError(f"matmul: dimension mismatch with signature (n,k={n}),(k={other.shape[0]},m)->(n,m)")
        return _times(x, other)
    if not isinstance(x, TracedEntries):
        return sparse_products.matmul(x, other)
    if ndim_of(other) not in (1, 2) or shape_of(other)[0] != n:
        raise ValueError(f"matmul: dimension mismatch with signature (n,k={n}),(k={(*shape_of(other), 1)[0]},m)->(n,m)")
    rows, cols, entries = x.triples()
    terms = wnp.reshape(entries, (-1, *[1] * (ndim_of(other) - 1))) * other[cols]
    return at(wnp.zeros((m, *shape_of(other)[1:]), dtype_of(terms)))[rows].add(terms)


def matmul(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """``x @ other``, and ``*`` of sparse matrices."""
    x, other = _operands(args)
    if not is_sparse(other) and ndim_of(other) == 0:
        return _scaled(x, other)
    return _product(x, other)


def rmatmul(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """``other @ x``, and ``other * x`` of sparse matrices."""
    x, other = _operands(args)
    if not is_sparse(other) and ndim_of(other) == 0:
        return _scaled(x, other)
    if is_sparse(other):
        return _product(other, x)
    turned = _product(x.transpose(), wnp.transpose(other))
    return wnp.transpose(turned)


def dot(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """``x.dot(other)``."""
    return matmul(entry, args, kwargs)


def setitem(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> None:
    """``x[key] = value`` of a plain matrix, which becomes one of traced entries."""
    x, key, value = args
    become(x, x.shape, *triples(x))
    x[key] = value


def setdiag(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> None:
    """``x.setdiag(values, k)`` of a plain matrix."""
    named = entry.bound(args, kwargs)
    x = named["self"]
    become(x, x.shape, *triples(x))
    x.setdiag(named["values"], named["k"])


# Of the methods that `declared.METHODS` names.
_ANSWERS: dict[str, Any] = {
    "__init__": construct,
    "__add__": added(1),
    "__radd__": added(1),
    "__sub__": added(-1),
    "__rsub__": added(-1, reflected=True),
    "multiply": multiply,
    "_divide": divide,
    "__truediv__": divide,
    "_matmul_dispatch": matmul,
    "_rmatmul_dispatch": rmatmul,
    "dot": dot,
    "__setitem__": setitem,
    "setdiag": setdiag,
}
ANSWERS: dict[str, Any] = {
    f"sparse.{kind}.{name}": answer
    for kind in "_spbase _coo_base _dia_base _cs_matrix _bsr_base _lil_base _dok_base IndexMixin".split()
    for name, answer in _ANSWERS.items()
} | {
    "sparse.diags": diags(array=False),
    "sparse.diags_array": diags(array=True),
    "sparse.spdiags": spdiags,
    "sparse.kron": kron,
    "sparse.kronsum": kronsum,
    **{f"sparse.{n}": moving(2) for n in ("bmat", "block_array")},
    **{f"sparse.{n}": moving(1) for n in ("hstack", "vstack", "block_diag")},
    **{f"sparse.{n}": moving(0) for n in ("tril", "triu", "find")},
}

__all__ = ["ANSWERS"]
