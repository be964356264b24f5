"""`BCSR` and the formats of matrices `COO`, `CSR`, `CSC`: products, transposes, and ways to and from dense arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .... import trees
from .base import JAXSparse, fitting, given, jnp, over_batch
from .bcoo import BCOO, bcoo_fromdense
from .moving import bcoo_broadcast_in_dim, bcoo_concatenate
from .products import bcoo_dot_general


def _rows(indptr: Any, nse: int) -> Any:
    """The row of each element; the number of rows for those beyond the last."""
    return (jnp.searchsorted(indptr, jnp.arange(nse), side="right") - 1).astype(indptr.dtype)


def _pointers(rows: Any, n: int) -> Any:
    """Where each row begins, of rows in order."""
    counts = jnp.zeros(n, rows.dtype).at[rows].add(1, mode="drop")
    return jnp.concatenate([jnp.zeros(1, rows.dtype), jnp.cumsum(counts, dtype=rows.dtype)])


class BCSR(JAXSparse):
    """Matrices in compressed rows, in batches, with dense axes behind.

    Args:
        args: ``(data, indices, indptr)``: numbers ``(*batch, nse, *dense)``, their columns ``(*batch, nse)``, and where each
            row begins ``(*batch, rows + 1)``.
        shape: of the array.
        indices_sorted, unique_indices: promises about the indices.

    Example:
        >>> import numpy as np
        >>> m = BCSR.fromdense(np.array([[0.0, 2.0], [3.0, 0.0]]))
        >>> m, m.indptr.tolist()
        (BCSR(float64[2, 2], nse=2), [0, 1, 2])
    """

    indices: Any
    indptr: Any

    def __init__(
        self,
        args: tuple[Any, Any, Any],
        *,
        shape: Sequence[int],
        indices_sorted: bool = False,
        unique_indices: bool = False,
    ) -> None:
        self.data, self.indices, self.indptr = map(given, args)
        self.indices_sorted, self.unique_indices = bool(indices_sorted), bool(unique_indices)
        super().__init__(args, shape=shape)

    nse = property(lambda self: self.indices.shape[-1])
    n_batch = property(lambda self: self.indices.ndim - 1)
    n_sparse = property(lambda self: 2)
    n_dense = property(lambda self: self.data.ndim - 1 - self.n_batch)

    @classmethod
    def fromdense(
        cls, mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32, n_dense: int = 0, n_batch: int = 0
    ) -> BCSR:
        """The nonzero elements of an array; `nse` of them, in each batch, if it is told."""
        return bcsr_fromdense(mat, nse=nse, index_dtype=index_dtype, n_dense=n_dense, n_batch=n_batch)

    @classmethod
    def from_bcoo(cls, arr: BCOO) -> BCSR:
        """The same array in compressed rows.

        Raises:
            NotImplementedError: `arr` has not two sparse axes.
        """
        if arr.n_sparse != 2:
            raise NotImplementedError(f"BSCR.from_bcoo requires n_sparse=2; got {arr.n_sparse=}")
        m = arr if arr.indices_sorted else arr.sort_indices()
        data, indices = m.full()
        pointers = over_batch(lambda i: _pointers(i[:, 0], m.sparse_shape[0]), m.n_batch)(indices)
        return cls((data, indices[..., 1], pointers), shape=arr.shape)

    @classmethod
    def from_scipy_sparse(cls, mat: Any, *, index_dtype: Any = None, n_dense: int = 0, n_batch: int = 0) -> BCSR:
        """The same of one of SciPy's.

        Raises:
            NotImplementedError: `n_dense` or `n_batch` is not 0.
        """
        if n_dense or n_batch:
            raise NotImplementedError("BCSR.from_scipy_sparse: SciPy's have neither batch nor dense axes")
        m = mat.tocsr()
        dtype = index_dtype or np.int32
        parts = (jnp.asarray(m.data), jnp.asarray(m.indices.astype(dtype)), jnp.asarray(m.indptr.astype(dtype)))
        return cls(parts, shape=m.shape)

    @classmethod
    def _empty(
        cls, shape: Sequence[int], *, dtype: Any = None, index_dtype: Any = "int32", n_dense: int = 0, n_batch: int = 0,
        nse: int = 0,
    ) -> BCSR:  # fmt: skip
        shape = tuple(shape)
        if n_dense < 0 or n_batch < 0 or nse < 0 or len(shape) - n_dense - n_batch != 2:
            raise ValueError(f"BCSR: shape {shape} with n_batch={n_batch}, n_dense={n_dense} has not two sparse axes")
        batch, dense = shape[:n_batch], shape[n_batch + 2 :]
        data = jnp.zeros((*batch, nse, *dense), dtype or float)
        indices = jnp.full((*batch, nse), shape[n_batch + 1], index_dtype)
        return cls((data, indices, jnp.zeros((*batch, shape[n_batch] + 1), index_dtype)), shape=shape)

    def to_bcoo(self) -> BCOO:
        """The same array by coordinates."""
        rows = over_batch(lambda p: _rows(p, self.nse), self.n_batch)(self.indptr)
        return BCOO((self.data, jnp.stack([rows, self.indices.astype(rows.dtype)], -1)), shape=self.shape)

    def todense(self) -> Any:
        """The array itself."""
        return self.to_bcoo().todense()

    def sum_duplicates(self, nse: int | None = None, remove_zeros: bool = True) -> BCSR:
        """One element for each place."""
        return BCSR.from_bcoo(self.to_bcoo().sum_duplicates(nse, remove_zeros))

    def transpose(self, axes: Any = None) -> Any:
        """Not there: ``to_bcoo().transpose()``."""
        raise NotImplementedError("Transpose is not implemented: write BCSR.from_bcoo(m.to_bcoo().T)")

    def __matmul__(self, other: Any) -> Any:
        if isinstance(other, JAXSparse):
            raise NotImplementedError("bcsr_dot_general currently implemented for BCSR lhs and ndarray rhs.")
        return self.to_bcoo() @ other

    def __rmatmul__(self, other: Any) -> Any:
        return other @ self.to_bcoo()

    def tree_flatten(self) -> tuple[Any, Any]:
        """The parts of the tree, and what is told beside them."""
        told = {"shape": self.shape, "indices_sorted": self.indices_sorted, "unique_indices": self.unique_indices}
        return (self.data, self.indices, self.indptr), told

    @classmethod
    def tree_unflatten(cls, aux_data: Any, children: Any) -> BCSR:
        """The array of its parts."""
        out = object.__new__(cls)
        data, indices, _ = out.data, out.indices, out.indptr = children
        out.__dict__.update(aux_data)
        if getattr(indices, "ndim", 0) >= 1 and getattr(data, "ndim", 0) >= indices.ndim:
            n = indices.ndim - 1
            out.shape = fitting(out.shape, 2 + data.ndim - 1 - n, indices.shape[:n], data.shape[:n])
        return out


class COO(JAXSparse):
    """A matrix by rows and columns of its elements.

    Args:
        args: ``(data, row, col)``, of shape ``(nse,)``.
        shape: of the matrix.
        rows_sorted, cols_sorted: promises about the order.

    Example:
        >>> import numpy as np
        >>> COO.fromdense(np.array([[0.0, 2.0], [3.0, 0.0]])).T
        COO(float64[2, 2], nse=2)
    """

    row: Any
    col: Any

    def __init__(
        self, args: tuple[Any, Any, Any], *, shape: Sequence[int], rows_sorted: bool = False, cols_sorted: bool = False
    ) -> None:
        self.data, self.row, self.col = map(given, args)
        self._rows_sorted, self._cols_sorted = bool(rows_sorted), bool(cols_sorted)
        super().__init__(args, shape=shape)

    @classmethod
    def fromdense(cls, mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32) -> COO:
        """The nonzero elements of a matrix."""
        return coo_fromdense(mat, nse=nse, index_dtype=index_dtype)

    @classmethod
    def _empty(cls, shape: Sequence[int], *, dtype: Any = None, index_dtype: Any = "int32") -> COO:
        none = jnp.zeros(0, index_dtype)
        return cls((jnp.zeros(0, dtype or float), none, none), shape=_matrix(shape), rows_sorted=True)

    @classmethod
    def _eye(cls, N: int, M: int, k: int, *, dtype: Any = None, index_dtype: Any = "int32") -> COO:  # noqa: N803
        rows = np.arange(max(0, -k), max(min(N, M - k), 0)).astype(index_dtype)
        parts = (jnp.ones(len(rows), dtype or float), jnp.asarray(rows), jnp.asarray((rows + k).astype(index_dtype)))
        return cls(parts, shape=(N, M), rows_sorted=True, cols_sorted=True)

    def _sort_indices(self) -> COO:
        order = jnp.lexsort((self.col, self.row))
        return COO((self.data[order], self.row[order], self.col[order]), shape=self.shape, rows_sorted=True)

    def _bcoo(self) -> BCOO:
        return BCOO((self.data, jnp.stack([self.row, self.col], -1)), shape=self.shape)

    def todense(self) -> Any:
        """The matrix itself."""
        return self._bcoo().todense()

    def transpose(self, axes: Any = None) -> COO:
        """The transposed matrix."""
        if axes is not None and tuple(axes) != (1, 0):
            raise NotImplementedError("axes argument to transpose()")
        return COO(
            (self.data, self.col, self.row),
            shape=self.shape[::-1],
            rows_sorted=self._cols_sorted,
            cols_sorted=self._rows_sorted,
        )

    def __matmul__(self, other: Any) -> Any:
        return _times(self, self._bcoo(), other)

    def tree_flatten(self) -> tuple[Any, Any]:
        """The parts of the tree, and what is told beside them."""
        told = {"shape": self.shape, "rows_sorted": self._rows_sorted, "cols_sorted": self._cols_sorted}
        return (self.data, self.row, self.col), told

    @classmethod
    def tree_unflatten(cls, aux_data: Any, children: Any) -> COO:
        """The matrix of its parts."""
        out = object.__new__(cls)
        out.data, out.row, out.col = children
        out.shape = aux_data["shape"]
        out._rows_sorted, out._cols_sorted = aux_data["rows_sorted"], aux_data["cols_sorted"]
        return out


class _Compressed(JAXSparse):
    """A matrix by its elements in compressed rows or columns: ``(data, indices, indptr)``."""

    indices: Any
    indptr: Any
    _by_columns = False
    _other: type[_Compressed]

    def __init__(self, args: tuple[Any, Any, Any], *, shape: Sequence[int]) -> None:
        self.data, self.indices, self.indptr = map(given, args)
        super().__init__(args, shape=shape)

    @classmethod
    def fromdense(cls, mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32) -> Any:
        """The nonzero elements of a matrix."""
        x = jnp.asarray(mat)
        m = BCSR.fromdense(x.T if cls._by_columns else x, nse=nse, index_dtype=index_dtype)
        return cls((m.data, m.indices, m.indptr), shape=_matrix(x.shape))

    @classmethod
    def _empty(cls, shape: Sequence[int], *, dtype: Any = None, index_dtype: Any = "int32") -> Any:
        n = _matrix(shape)[1 if cls._by_columns else 0]
        return cls(
            (jnp.zeros(0, dtype or float), jnp.zeros(0, index_dtype), jnp.zeros(n + 1, index_dtype)), shape=shape
        )

    @classmethod
    def _eye(cls, N: int, M: int, k: int, *, dtype: Any = None, index_dtype: Any = "int32") -> Any:  # noqa: N803
        m = COO._eye(N, M, k, dtype=dtype, index_dtype=index_dtype)
        major, minor = (m.col, m.row) if cls._by_columns else (m.row, m.col)
        return cls((m.data, minor, _pointers(major, M if cls._by_columns else N)), shape=(N, M))

    def _bcoo(self) -> BCOO:
        major = _rows(self.indptr, self.nse)
        pair = [self.indices, major] if self._by_columns else [major, self.indices]
        return BCOO((self.data, jnp.stack(pair, -1)), shape=self.shape)

    def todense(self) -> Any:
        """The matrix itself."""
        return self._bcoo().todense()

    def transpose(self, axes: Any = None) -> Any:
        """The transposed matrix, by the other of rows and columns."""
        if axes is not None and tuple(axes) != (1, 0):
            raise NotImplementedError("axes argument to transpose()")
        return self._other((self.data, self.indices, self.indptr), shape=self.shape[::-1])

    def __matmul__(self, other: Any) -> Any:
        return _times(self, self._bcoo(), other)

    def tree_flatten(self) -> tuple[Any, Any]:
        """The parts of the tree, and what is told beside them."""
        return (self.data, self.indices, self.indptr), {"shape": self.shape}

    @classmethod
    def tree_unflatten(cls, aux_data: Any, children: Any) -> Any:
        """The matrix of its parts."""
        out = object.__new__(cls)
        out.data, out.indices, out.indptr = children
        out.shape = aux_data["shape"]
        return out


class CSR(_Compressed):
    """A matrix in compressed rows.

    Example:
        >>> import numpy as np
        >>> CSR.fromdense(np.array([[0.0, 2.0], [3.0, 4.0]])).indptr.tolist()
        [0, 1, 3]
    """


class CSC(_Compressed):
    """A matrix in compressed columns.

    Example:
        >>> import numpy as np
        >>> CSC.fromdense(np.array([[0.0, 2.0], [3.0, 4.0]])).indices.tolist()
        [1, 0, 1]
    """

    _by_columns = True


CSR._other, CSC._other = CSC, CSR


def _matrix(shape: Sequence[int]) -> tuple[int, ...]:
    if len(shape) != 2:
        raise ValueError(f"shape must have length 2; got {tuple(shape)}")
    return tuple(shape)


def _times(mat: Any, by_places: BCOO, other: Any) -> Any:
    if isinstance(other, JAXSparse):
        raise NotImplementedError("matmul between two sparse objects: BCOO has it")
    other = jnp.asarray(other)
    if other.ndim not in (1, 2):
        raise NotImplementedError(f"matmul with object of shape {other.shape}")
    return by_places @ other


def _frozen(told: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(told.items())


for _kind in (BCSR, COO, CSR, CSC):
    trees.register(
        _kind,
        lambda m: (m.tree_flatten()[0], _frozen(m.tree_flatten()[1])),
        lambda told, parts, kind=_kind: kind.tree_unflatten(dict(told), tuple(parts)),
    )


def bcsr_fromdense(
    mat: Any, *, nse: int | None = None, n_batch: int = 0, n_dense: int = 0, index_dtype: Any = np.int32
) -> BCSR:
    """The nonzero elements of an array of two axes and those before and behind them, in compressed rows."""
    x = jnp.asarray(mat)
    if x.ndim - n_batch - n_dense != 2:
        raise ValueError("bcsr_fromdense: must have 2 sparse dimensions.")
    return BCSR.from_bcoo(bcoo_fromdense(x, nse=nse, n_batch=n_batch, n_dense=n_dense, index_dtype=index_dtype))


def bcsr_todense(mat: BCSR) -> Any:
    """The array itself."""
    return mat.todense()


def bcsr_sum_duplicates(mat: BCSR, nse: int | None = None) -> BCSR:
    """One element for each place."""
    return mat.sum_duplicates(nse)


def bcsr_extract(indices: Any, indptr: Any, mat: Any) -> Any:
    """The elements of a dense array at the places of compressed rows."""
    x, columns, pointers = jnp.asarray(mat), jnp.asarray(indices), jnp.asarray(indptr)

    def one(c: Any, p: Any, m: Any) -> Any:
        return m.at[_rows(p, c.shape[0]), c].get(mode="fill", fill_value=0)

    return over_batch(one, columns.ndim - 1)(columns, pointers, x)


def bcsr_dot_general(
    lhs: Any, rhs: Any, *, dimension_numbers: Any, precision: Any = None, preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """The product of an array in compressed rows and a dense one over some axes."""
    if isinstance(rhs, JAXSparse):
        raise NotImplementedError("bcsr_dot_general currently implemented for BCSR lhs and ndarray rhs.")
    left = lhs.to_bcoo() if isinstance(lhs, BCSR) else lhs
    return bcoo_dot_general(
        left, rhs, dimension_numbers=dimension_numbers, preferred_element_type=preferred_element_type
    )


def bcsr_broadcast_in_dim(
    mat: BCSR, *, shape: Sequence[int], broadcast_dimensions: Sequence[int], sharding: Any = None
) -> BCSR:
    """The array repeated along new axes."""
    return BCSR.from_bcoo(bcoo_broadcast_in_dim(mat.to_bcoo(), shape=shape, broadcast_dimensions=broadcast_dimensions))


def bcsr_concatenate(operands: Sequence[BCSR], *, dimension: int) -> BCSR:
    """Arrays of one layout behind one another along an axis."""
    return BCSR.from_bcoo(bcoo_concatenate([m.to_bcoo() for m in operands], dimension=dimension))


def coo_fromdense(mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32) -> COO:
    """The nonzero elements of a matrix."""
    m = bcoo_fromdense(mat, nse=nse, index_dtype=index_dtype)
    return COO((m.data, m.indices[:, 0], m.indices[:, 1]), shape=_matrix(m.shape), rows_sorted=True)


def csr_fromdense(mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32) -> CSR:
    """The nonzero elements of a matrix in compressed rows."""
    return CSR.fromdense(mat, nse=nse, index_dtype=index_dtype)


def coo_todense(mat: COO) -> Any:
    """The matrix itself."""
    return mat.todense()


def csr_todense(mat: CSR) -> Any:
    """The matrix itself."""
    return mat.todense()


def coo_matvec(mat: COO, v: Any, transpose: bool = False) -> Any:
    """``mat @ v``, or ``mat.T @ v``."""
    return (mat.T if transpose else mat) @ v


def csr_matvec(mat: CSR, v: Any, transpose: bool = False) -> Any:
    """``mat @ v``, or ``mat.T @ v``."""
    return (mat.T if transpose else mat) @ v


def coo_matmat(mat: COO, B: Any, *, transpose: bool = False) -> Any:  # noqa: N803
    """``mat @ B``, or ``mat.T @ B``."""
    return (mat.T if transpose else mat) @ B


def csr_matmat(mat: CSR, B: Any, *, transpose: bool = False) -> Any:  # noqa: N803
    """``mat @ B``, or ``mat.T @ B``."""
    return (mat.T if transpose else mat) @ B
