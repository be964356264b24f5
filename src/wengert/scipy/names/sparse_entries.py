"""Sparse matrices whose entries are traced: where the entries are is plain, what they are is one traced vector.

An object is of a subclass of SciPy's class of its format (`class_of`), so that ``isinstance``, `scipy.sparse.issparse` and SciPy's own
Python code take it for what it is. What only moves entries (transposes, formats, indices, blocks) SciPy itself does, to a matrix
of the entries' positions (`Positions`); what computes is written here, in terms of the vector.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import TRACED, as_array, dtype_of, ndim_of, shape_of
from ...errors import NotSupportedError, ShapeError
from ...ops.elementwise import convert
from ...ops.updates import at

Shape = tuple[int, int]


def is_sparse(x: Any) -> bool:
    return hasattr(x, "tocsr") and hasattr(x, "format")


def summed(rows: np.ndarray, cols: np.ndarray, entries: Any, shape: Shape) -> tuple[np.ndarray, np.ndarray, Any]:
    """Row by row, entries of one place added up."""
    keys = rows * shape[1] + cols
    if keys.size < 2 or bool(np.all(keys[1:] > keys[:-1])):
        return rows, cols, entries
    places, first = np.unique(keys, return_inverse=True)
    if places.size == keys.size:
        entries = entries[np.argsort(keys)]
    else:
        entries = at(wnp.zeros(places.size, dtype_of(entries)))[first.reshape(-1)].add(entries)
    return places // shape[1], places % shape[1], entries


def triples(x: Any) -> tuple[np.ndarray, np.ndarray, Any]:
    """Rows, columns and entries of a matrix, sparse or dense, plain or traced; entries of one place are added up."""
    if isinstance(x, TracedEntries):
        return summed(*x.triples(), x.shape)
    if is_sparse(x):
        coo = x.tocoo()
        return summed(coo.row.astype(np.int64), coo.col.astype(np.int64), coo.data, coo.shape)
    m, n = shape_of(x)
    rows, cols = np.divmod(np.arange(m * n), n)
    return rows, cols, wnp.reshape(x, (-1,))


class Positions:
    """Matrices in whose places stand the positions of their entries in one vector, from 1 on, for SciPy to move about."""

    def __init__(self) -> None:
        self._parts: list[Any] = []
        self._next = 1

    def of(self, x: Any) -> Any:
        """A plain matrix of SciPy's, of the format of `x`."""
        rows, cols, entries = triples(x)
        shape = x.shape if is_sparse(x) else shape_of(x)
        numbers = np.arange(self._next, self._next + len(rows))
        self._next += len(rows)
        self._parts.append(entries)
        kind: Any = sibling(x, "coo")
        made = kind((numbers, (rows, cols)), shape=shape)
        return made.asformat(x.format) if is_sparse(x) else made

    def entries(self) -> Any:
        return self._parts[0] if len(self._parts) == 1 else wnp.concatenate(self._parts)

    def moved(self, result: Any) -> Any:
        """What SciPy made of such matrices, with the entries in their places."""
        entries = self.entries()
        if is_sparse(result):
            coo = result.tocoo()
            real = coo.data > 0
            return made(type(result), coo.shape, coo.row[real], coo.col[real], entries[coo.data[real] - 1])
        if isinstance(result, tuple):
            return (*result[:-1], self.moved(result[-1]))
        found = np.asarray(result)
        with_zero = wnp.concatenate([wnp.zeros(1, dtype_of(entries)), entries])
        return with_zero[found.astype(np.int64)]


@functools.lru_cache(64)
def class_of(kind: type) -> type:
    """The class of traced entries for a class of SciPy's, or for a subclass of one."""
    if issubclass(kind, TracedEntries):
        return kind
    refused = {
        name: _refusal(name, kind)
        for name, value in inspect.getmembers(kind, inspect.isfunction)
        if name not in SUPPORTED and name not in INHERITED and not (name.startswith("_") and name not in OPERATORS)
    }
    own = {k: v for k, v in vars(TracedEntries).items() if k in SUPPORTED}
    # SciPy's class is the first base, as only then has an object of one class the layout of the other's.
    made: Any = type(kind.__name__, (kind, TracedEntries), {**refused, **own, "__slots__": ()})
    made.__module__, made.__qualname__ = kind.__module__, kind.__qualname__
    return made


def _refusal(name: str, kind: type) -> Any:
    def refused(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotSupportedError(
            f"scipy.sparse: {kind.__name__}.{name} of a matrix of traced entries is not supported; write it with .toarray(), or "
            f"with .data, whose places .tocoo() has in .row and .col"
        )

    refused.__name__ = name
    return refused


def become(this: Any, shape: Any, rows: Any, cols: Any, entries: Any) -> Any:
    """An object of SciPy's becomes one of traced entries, in place."""
    this.__class__ = class_of(type(this))
    state = vars(this)
    state.pop("data", None)
    shape = tuple(int(n) for n in shape)
    if len(shape) != 2:
        raise NotSupportedError(
            f"scipy.sparse arrays of {len(shape)} axes take no traced entries: use a matrix with one row"
        )
    rows, cols = np.asarray(rows, np.int64).reshape(-1), np.asarray(cols, np.int64).reshape(-1)
    if rows.size and (rows.min() < 0 or cols.min() < 0 or rows.max() >= shape[0] or cols.max() >= shape[1]):
        raise ValueError(f"an index of an entry is outside of the matrix, whose shape is {shape}")
    if this.format != "coo":
        rows, cols, entries = summed(rows, cols, entries, shape)
    if this.format == "csc":
        order = np.lexsort((rows, cols))
        rows, cols, entries = rows[order], cols[order], entries[order]
    state.update({TRACED: True, "_shape": shape, "_places": (rows, cols), "_values": entries, "_written": []})
    state.setdefault("maxprint", 50)
    return this


def made(kind: type, shape: Any, rows: Any, cols: Any, entries: Any) -> Any:
    """A matrix of a class of SciPy's."""
    base = next(k for k in kind.__mro__ if not issubclass(k, TracedEntries))
    return become(object.__new__(base), shape, rows, cols, entries)


def sibling(x: Any, format: str) -> type:  # noqa: A002 (SciPy's name)
    """The class of SciPy's for a format, an array's where `x` is one."""
    import scipy.sparse as sp

    return getattr(sp, f"{format}_{'array' if isinstance(x, sp.sparray) else 'matrix'}")


def _moving(name: str) -> Any:
    """A method that only moves entries."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        positions = Positions()
        plain = positions.of(self)
        return positions.moved(getattr(plain, name)(*args, **kwargs))

    method.__name__ = name
    return method


def _of_entries(name: str) -> Any:
    """A method that takes a function of each entry, 0 at 0."""

    def method(self: Any) -> Any:
        rows, cols, entries = triples(self)
        return made(type(self), self.shape, rows, cols, getattr(wnp, name)(entries))

    method.__name__ = name
    return method


class TracedEntries:
    """What all formats have. State: `_places` (rows and columns), `_values` (the traced vector), `_written` (later writes)."""

    __slots__ = ()  # the layout of an object stays that of SciPy's, so that its class can change
    _places: tuple[np.ndarray, np.ndarray]
    _values: Any
    _written: list[tuple[np.ndarray, np.ndarray, Any]]
    shape: Any
    format: Any
    nnz: int

    def triples(self) -> tuple[np.ndarray, np.ndarray, Any]:
        """Rows, columns and entries in the order of `data`; a coordinate matrix may have places more than once."""
        if self._written:
            parts = [(*self._places, self._values), *self._written]
            rows, cols = (np.concatenate([p[i] for p in parts]) for i in (0, 1))
            keys = rows * self.shape[1] + cols
            # Of a place the last entry counts: the first one from behind.
            _, last = np.unique(keys[::-1], return_index=True)
            last = len(keys) - 1 - last
            entries = wnp.concatenate([wnp.reshape(as_array(p[2]), (-1,)) for p in parts])[last]
            vars(self)["_written"] = []
            become(self, self.shape, rows[last], cols[last], entries)
        return *self._places, self._values

    def __repr__(self) -> str:
        (m, n), kind = self.shape, type(self).__name__
        return f"<{kind} of traced entries, {m} by {n}, {self.nnz} stored, {self.dtype}>"

    __str__ = __repr__

    @property
    def data(self) -> Any:
        if self.format == "dia":
            rows, cols, entries = triples(self)
            lines = np.zeros((len(self.offsets), self.shape[1]), dtype_of(entries))
            return at(lines)[np.searchsorted(self.offsets, cols - rows), cols].set(entries)
        if self.format not in ("coo", "csr", "csc"):
            raise NotSupportedError(f".data of a {self.format} matrix of traced entries: take .tocsr().data")
        return self.triples()[2]

    @data.setter
    def data(self, values: Any) -> None:
        if self.format not in ("coo", "csr", "csc"):
            raise NotSupportedError(f".data of a {self.format} matrix of traced entries is read only: take .tocsr()")
        if shape_of(values) != shape_of(self.triples()[2]):
            raise ShapeError(f"data has shape {shape_of(self._values)}, not {shape_of(values)}")
        vars(self)["_values"] = values

    @property
    def row(self) -> np.ndarray:
        return self.triples()[0].astype(np.int32)

    @property
    def col(self) -> np.ndarray:
        return self.triples()[1].astype(np.int32)

    @property
    def coords(self) -> tuple[np.ndarray, np.ndarray]:
        return self.row, self.col

    @property
    def offsets(self) -> np.ndarray:
        rows, cols, _ = self.triples()
        return np.unique(cols - rows).astype(np.int32)

    @property
    def indices(self) -> np.ndarray:
        return self.row if self.format == "csc" else self.col

    @property
    def indptr(self) -> np.ndarray:
        which, n = (self.triples()[1], self.shape[1]) if self.format == "csc" else (self.triples()[0], self.shape[0])
        return np.concatenate([[0], np.cumsum(np.bincount(which, minlength=n))]).astype(np.int32)

    has_canonical_format = has_sorted_indices = property(lambda self: True, lambda self, value: None)

    @property
    def dtype(self) -> np.dtype[Any]:
        return dtype_of(self.triples()[2])

    def _getnnz(self, axis: int | None = None) -> Any:
        rows, cols, _ = self.triples()
        if axis is None:
            return len(rows)
        return np.bincount(*((cols, None, self.shape[1]) if axis % 2 == 0 else (rows, None, self.shape[0])))

    def getnnz(self, axis: int | None = None) -> Any:
        return self._getnnz(axis)

    def sum_duplicates(self) -> None:
        become(self, self.shape, *triples(self))

    def eliminate_zeros(self) -> None:
        """Nothing: which entries are 0 is not known while they are traced."""

    def sort_indices(self) -> None:
        """Nothing: they are sorted."""

    # --- what moves entries ------------------------------------------------------------------------------------------

    def copy(self) -> Any:
        rows, cols, entries = self.triples()
        return made(type(self), self.shape, rows, cols, entries)

    def _converted(self, format: str) -> Any:  # noqa: A002 (SciPy's name)
        rows, cols, entries = self.triples()
        return made(sibling(self, format), self.shape, rows, cols, entries)

    def asformat(self, format: str | None, copy: bool = False) -> Any:  # noqa: A002 (SciPy's name)
        return self if format is None or (format == self.format and not copy) else self._converted(str(format))

    def toarray(self, order: Any = None, out: Any = None) -> Any:
        if out is not None:
            raise NotSupportedError("toarray(out=) of a matrix of traced entries: use the result")
        rows, cols, entries = triples(self)
        m, n = self.shape
        flat = at(wnp.zeros(m * n, dtype_of(entries)))[rows * n + cols].set(entries)
        return wnp.reshape(flat, (m, n))

    todense = toarray

    def transpose(self, axes: Any = None, copy: bool = False) -> Any:
        if axes is not None and tuple(axes) != (1, 0):
            raise ValueError("Sparse arrays/matrices do not support an 'axes' parameter other than (1, 0)")
        rows, cols, entries = self.triples()
        format = {"csr": "csc", "csc": "csr"}.get(self.format, self.format)  # noqa: A001
        return made(sibling(self, str(format)), self.shape[::-1], cols, rows, entries)

    @property
    def T(self) -> Any:  # noqa: N802 (SciPy's name)
        return self.transpose()

    def conj(self, copy: bool = True) -> Any:
        return self._with(wnp.conj(self.triples()[2]))

    conjugate = conj

    def getH(self) -> Any:  # noqa: N802 (SciPy's name)
        return self.transpose().conj()

    H = property(getH)

    def _with(self, entries: Any) -> Any:
        rows, cols, _ = self.triples()
        return made(type(self), self.shape, rows, cols, entries)

    def __setitem__(self, key: Any, x: Any) -> None:
        m, n = self.shape
        row, col = key if isinstance(key, tuple) else (key, slice(None))
        sliced = isinstance(row, slice) or isinstance(col, slice)
        rows, cols = np.arange(m)[row], np.arange(n)[col]
        if sliced:
            rows, cols = np.atleast_1d(rows)[:, None], np.atleast_1d(cols)[None]
        rows, cols = np.broadcast_arrays(rows, cols)
        x = x.toarray() if is_sparse(x) else as_array(x)
        if ndim_of(x) < rows.ndim or shape_of(x) == rows.shape:
            x = wnp.broadcast_to(x, rows.shape)
        else:
            x = wnp.broadcast_to(wnp.reshape(x, shape_of(x)[-rows.ndim :] if rows.ndim else ()), rows.shape)
        vars(self)["_written"].append((rows.reshape(-1), cols.reshape(-1), x))

    def setdiag(self, values: Any, k: int = 0) -> None:
        m, n = self.shape
        count = min(m + min(k, 0), n - max(k, 0))
        if count <= 0:
            raise ValueError("k exceeds array dimensions")
        values = as_array(values)
        if ndim_of(values):
            count = min(count, shape_of(values)[0])
            values = values[:count]
        i = np.arange(count)
        self[i + max(-k, 0), i + max(k, 0)] = values

    # --- what computes -----------------------------------------------------------------------------------------------

    def astype(self, dtype: Any, casting: str = "unsafe", copy: bool = True) -> Any:
        return self._with(convert(self.triples()[2], np.dtype(dtype)))

    def __neg__(self) -> Any:
        return self._with(-self.triples()[2])

    def __abs__(self) -> Any:
        rows, cols, entries = triples(self)
        return made(type(self), self.shape, rows, cols, wnp.abs(entries))

    def power(self, n: Any, dtype: Any = None) -> Any:
        if not isinstance(n, (int, float)) or n <= 0:
            raise NotSupportedError(
                "power of a matrix of traced entries takes a number above 0; write A.toarray() ** n"
            )
        rows, cols, entries = triples(self)
        return made(type(self), self.shape, rows, cols, entries**n)

    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        import scipy.sparse as sp

        rows, cols, entries = self.triples()
        entries = entries if dtype is None else convert(entries, np.dtype(dtype))
        if axis is None or axis == (0, 1):
            return wnp.sum(entries)
        axis = axis[0] if isinstance(axis, tuple) else axis
        if axis not in (-2, -1, 0, 1):
            raise ValueError(f"axis out of bounds: {axis}")
        which, n = (cols, self.shape[1]) if axis % 2 == 0 else (rows, self.shape[0])
        total = at(wnp.zeros(n, dtype_of(entries)))[which].add(entries)
        if isinstance(self, sp.sparray):
            return total
        return total[None, :] if axis % 2 == 0 else total[:, None]

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        many = self.shape[0] * self.shape[1] if axis is None else self.shape[axis]
        return self.sum(axis, dtype) / many

    def trace(self, offset: int = 0) -> Any:
        return wnp.sum(self.diagonal(offset))  # type: ignore[attr-defined]

    def max(self, axis: Any = None, out: Any = None) -> Any:
        return wnp.max(self.toarray(), axis)

    def min(self, axis: Any = None, out: Any = None) -> Any:
        return wnp.min(self.toarray(), axis)

    def __iter__(self) -> Any:
        return iter([self[i] for i in range(self.shape[0])])  # type: ignore[index]


for _name in ("__getitem__", "diagonal", "reshape", "getrow", "getcol"):
    setattr(TracedEntries, _name, _moving(_name))
for _name in ("coo", "csr", "csc", "lil", "dok", "dia"):
    setattr(
        TracedEntries,
        f"to{_name}",
        lambda self, copy=False, *, f=_name, **_: self._converted(f) if self.format != f or copy else self,
    )
# SciPy's universal functions of sparse matrices: those that are 0 at 0.
for _name in "sin tan arcsin arctan sinh tanh arcsinh arctanh expm1 log1p sqrt deg2rad rad2deg sign rint ceil floor trunc".split():
    setattr(TracedEntries, _name, _of_entries(_name))
SUPPORTED = frozenset(
    k
    for k in vars(TracedEntries)
    if k not in ("__dict__", "__weakref__", "__slots__", "__annotations__", "__doc__", "__module__")
)
# SciPy's own code, which asks the above: shapes, representations, and operators, whose steps `sparse_matrices.py` answers.
INHERITED = frozenset(
    "__init__ __len__ __bool__ __nonzero__ __add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __matmul__ __rmatmul__ "
    "__truediv__ __div__ __pow__ dot multiply get_shape getformat getmaxprint count_nonzero prune check_format "
    "__round__ has_sorted_indices __iadd__ __isub__".split()
)
OPERATORS = frozenset(
    "__lt__ __le__ __gt__ __ge__ __eq__ __ne__ __rtruediv__ __rdiv__ __contains__ __delitem__".split()
)

__all__ = ["Positions", "TracedEntries", "become", "class_of", "is_sparse", "made", "sibling", "summed", "triples"]
