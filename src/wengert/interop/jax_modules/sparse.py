"""`jax.experimental.sparse`: matrices by their nonzero elements (`BCOO`), with sums, products and derivatives.

A `BCOO` is a tree of its data and indices. Products gather and scatter: they are differentiated, batched and compiled as such.
Batched and dense dimensions are not there: all indices are those of elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import numpy as wnp
from ... import trees
from ...core import Tracer
from ...errors import NotSupportedError
from ..array import Array, wrap
from ..border import lower
from .numpy import array, asarray, astype
from .transformations import grad as _grad
from .transformations import jacfwd as _jacfwd
from .transformations import jacrev as _jacrev
from .transformations import value_and_grad as _value_and_grad


class JAXSparse:
    """What sparse arrays have in common."""

    shape: tuple[int, ...]
    data: Any

    size = property(lambda self: int(np.prod(self.shape, dtype=int)))
    ndim = property(lambda self: len(self.shape))
    dtype = property(lambda self: self.data.dtype)

    def __len__(self) -> int:
        return self.shape[0]


class BCOO(JAXSparse):
    """An array by the elements that are not zero.

    Args:
        args: ``(data, indices)``: `n` numbers, and their indices as integers of shape ``(n, number of axes)``. Those beyond
            the shape stand for nothing.
        shape: of the array.
        indices_sorted, unique_indices: promises about the indices.

    Example:
        >>> m = BCOO.fromdense(array([[0.0, 2.0], [3.0, 0.0]]))
        >>> m, m @ array([1.0, 10.0])
        (BCOO(float64[2, 2], nse=2), Array([20.,  3.], dtype=float64))
    """

    data: Any
    indices: Any

    def __init__(
        self, args: tuple[Any, Any], *, shape: Sequence[int], indices_sorted: bool = False, unique_indices: bool = False
    ) -> None:
        self.data, self.indices = (
            x if isinstance(x, object) and not isinstance(x, (list, np.ndarray)) else array(x) for x in args
        )
        self.shape = tuple(shape)
        self.indices_sorted, self.unique_indices = indices_sorted, unique_indices

    nse = property(lambda self: self.indices.shape[-2])
    n_sparse = property(lambda self: len(self.shape))
    n_batch = n_dense = property(lambda self: 0)
    T = property(lambda self: self.transpose())

    def __repr__(self) -> str:
        return f"BCOO({self.dtype.name}[{', '.join(map(str, self.shape))}], nse={self.nse})"

    @classmethod
    def fromdense(
        cls, mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32, n_dense: int = 0, n_batch: int = 0
    ) -> BCOO:
        """The nonzero elements of an array, `nse` of them if it is told."""
        return bcoo_fromdense(mat, nse=nse, index_dtype=index_dtype, n_dense=n_dense, n_batch=n_batch)

    @classmethod
    def from_scipy_sparse(cls, mat: Any, *, index_dtype: Any = None, n_dense: int = 0, n_batch: int = 0) -> BCOO:
        """The same of one of SciPy's."""
        m = mat.tocoo()
        indices = np.stack([m.row, m.col], 1).astype(index_dtype or np.int32)
        return cls((array(m.data), array(indices)), shape=m.shape)

    def _places(self) -> tuple[Any, ...]:
        return tuple(self.indices[:, k] for k in range(len(self.shape)))

    def todense(self) -> Any:
        """The array itself; elements at the same place are added."""
        if not self.shape:
            return self.data.sum()
        return array(np.zeros(self.shape, self.data.dtype)).at[self._places()].add(self.data)

    def transpose(self, axes: Any = None) -> BCOO:
        """The array with its axes in another order, reversed by default."""
        order = tuple(range(len(self.shape)))[::-1] if axes is None else tuple(a % len(self.shape) for a in axes)
        indices = self.indices[:, np.array(order)]
        return BCOO((self.data, indices), shape=tuple(self.shape[a] for a in order), unique_indices=self.unique_indices)

    def astype(self, dtype: Any) -> BCOO:
        """The array in another dtype."""
        return self._with(astype(self.data, dtype))

    def _with(self, data: Any) -> BCOO:
        return BCOO(
            (data, self.indices),
            shape=self.shape,
            indices_sorted=self.indices_sorted,
            unique_indices=self.unique_indices,
        )

    def sum(self, axis: Any = None) -> Any:
        """The sum over axes, of all elements as a number-like array."""
        axes = range(len(self.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        return bcoo_reduce_sum(self, axes=tuple(a % len(self.shape) for a in axes))

    def reshape(self, *shape: Any) -> BCOO:
        """The array in another shape."""
        new = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        return bcoo_reshape(self, new_sizes=new)

    def sort_indices(self) -> BCOO:
        """The elements in the order of their indices."""
        keys = [lower(self.indices[:, k]) for k in range(len(self.shape))][::-1]
        order = wrap(wnp.lexsort(keys))
        return BCOO(
            (self.data[order], self.indices[order]),
            shape=self.shape,
            indices_sorted=True,
            unique_indices=self.unique_indices,
        )

    def sum_duplicates(self, nse: int | None = None, remove_zeros: bool = True) -> BCOO:
        """One element for each place; `nse` of them if it is told, as it must be where indices are traced."""
        return bcoo_sum_duplicates(self, nse=nse)

    def __getitem__(self, index: Any) -> Any:
        return fromdense_like(self.todense()[index])

    def __matmul__(self, other: Any) -> Any:
        return _product(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _product(other, self)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, BCOO):
            return bcoo_multiply_sparse(self, other)
        other = asarray(other)
        return self._with(self.data * other) if other.ndim == 0 else self._with(bcoo_multiply_dense(self, other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self * (1 / asarray(other))

    def __neg__(self) -> BCOO:
        return self._with(-self.data)

    def __abs__(self) -> BCOO:
        return self._with(abs(self.data))

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, BCOO):
            return self.todense() + other
        if other.shape != self.shape:
            raise ValueError(f"BCOO: shapes {self.shape} and {other.shape} do not fit")
        data = wrap(wnp.concatenate([lower(self.data), lower(other.data)]))
        indices = wrap(wnp.concatenate([lower(self.indices), lower(other.indices)]))
        return BCOO((data, indices), shape=self.shape)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def tree_flatten(self) -> tuple[Any, Any]:
        """The parts of the tree."""
        return (self.data, self.indices), (self.shape, self.indices_sorted, self.unique_indices)


trees.register(
    BCOO,
    BCOO.tree_flatten,
    lambda told, parts: BCOO(tuple(parts), shape=told[0], indices_sorted=told[1], unique_indices=told[2]),
)


def fromdense_like(x: Any) -> BCOO:
    """The elements of an array, all of them where they are traced."""
    return bcoo_fromdense(x, nse=x.size if isinstance(x._value, Tracer) else None)


def bcoo_fromdense(
    mat: Any, *, nse: int | None = None, n_batch: int = 0, n_dense: int = 0, index_dtype: Any = np.int32
) -> BCOO:
    """The nonzero elements of an array.

    Args:
        mat: an array.
        nse: how many elements are kept; all that are not zero by default, which needs known values.
        n_batch, n_dense: 0: such dimensions are not there.
        index_dtype: of the indices.

    Raises:
        NotSupportedError: `n_batch` or `n_dense` is not 0.
    """
    if n_batch or n_dense:
        raise NotSupportedError("BCOO: batched and dense dimensions are not there; use jax.vmap")
    x = asarray(mat)
    places = wnp.nonzero(lower(x), size=nse, **({} if nse is None else {"fill_value": x.shape}))
    indices = wrap(wnp.stack(list(places), -1)) if x.ndim else wrap(np.zeros((1 if nse is None else nse, 0), np.int64))
    data = x.at[tuple(wrap(p) for p in places)].get(mode="fill", fill_value=0) if x.ndim else x.reshape(1)
    return BCOO((data, astype(indices, index_dtype)), shape=x.shape, indices_sorted=True, unique_indices=True)


def bcoo_todense(mat: BCOO) -> Any:
    """The array itself."""
    return mat.todense()


def todense(arr: Any) -> Any:
    """A sparse array as a dense one; a dense one as it is."""
    return arr.todense() if isinstance(arr, BCOO) else arr


def bcoo_transpose(mat: BCOO, *, permutation: Sequence[int]) -> BCOO:
    """The array with its axes in another order."""
    return mat.transpose(permutation)


def bcoo_extract(sparr: BCOO, arr: Any, *, assume_unique: bool | None = None) -> BCOO:
    """The elements of a dense array at the places of a sparse one."""
    return sparr._with(asarray(arr).at[sparr._places()].get(mode="fill", fill_value=0))


def bcoo_multiply_dense(sp_mat: BCOO, v: Any) -> Any:
    """The data of the product, element by element, with a dense array that broadcasts."""
    v = wrap(wnp.broadcast_to(lower(asarray(v)), sp_mat.shape))
    return sp_mat.data * v.at[sp_mat._places()].get(mode="fill", fill_value=0)


def bcoo_multiply_sparse(lhs: BCOO, rhs: BCOO) -> BCOO:
    """The product of two arrays element by element."""
    return lhs._with(bcoo_multiply_dense(lhs, rhs.todense()))


def bcoo_reduce_sum(mat: BCOO, *, axes: Sequence[int]) -> BCOO:
    """The sum over axes, sparse."""
    kept = [a for a in range(len(mat.shape)) if a not in axes]
    return BCOO((mat.data, mat.indices[:, np.array(kept, int)]), shape=tuple(mat.shape[a] for a in kept))


def bcoo_reshape(mat: BCOO, *, new_sizes: Sequence[int], dimensions: Any = None) -> BCOO:
    """The array in another shape."""
    n = int(np.prod(mat.shape, dtype=int))
    sizes = tuple(n // max(-int(np.prod(new_sizes, dtype=int)), 1) if s == -1 else s for s in new_sizes)
    flat = 0
    for place, length in zip(mat._places(), mat.shape, strict=True):
        flat = flat * length + place
    indices = wnp.stack(list(wnp.unravel_index(wnp.clip(lower(flat), 0, max(n - 1, 0)), sizes)), -1)
    return BCOO((mat.data, astype(wrap(indices), mat.indices.dtype)), shape=sizes)


def bcoo_sort_indices(mat: BCOO) -> BCOO:
    """The elements in the order of their indices."""
    return mat.sort_indices()


def bcoo_sum_duplicates(mat: BCOO, nse: int | None = None) -> BCOO:
    """One element for each place."""
    options: dict[str, Any] = {} if nse is None else {"size": nse, "fill_value": max(mat.shape)}
    rows, inverse = wnp.unique(lower(mat.indices), return_inverse=True, axis=0, **options)
    data = array(np.zeros(rows.shape[0], mat.data.dtype)).at[wrap(wnp.reshape(inverse, (-1,)))].add(mat.data)
    return BCOO((data, wrap(rows)), shape=mat.shape, indices_sorted=True, unique_indices=True)


def bcoo_dot_general(
    lhs: Any, rhs: Any, *, dimension_numbers: Any, precision: Any = None, preferred_element_type: Any = None
) -> Any:
    """The product of a sparse array and a dense one over some axes; dense, or sparse if both are.

    Raises:
        NotSupportedError: batch axes.
    """
    (contract_l, contract_r), (batch_l, _) = dimension_numbers
    if len(batch_l):
        raise NotSupportedError("bcoo_dot_general: batch axes are not there; use jax.vmap")
    if isinstance(lhs, BCOO) and isinstance(rhs, BCOO):
        out = _contract(lhs, rhs.todense(), tuple(contract_l), tuple(contract_r))
        return fromdense_like(out)
    if isinstance(lhs, BCOO):
        return _contract(lhs, asarray(rhs), tuple(contract_l), tuple(contract_r))
    out = _contract(rhs, asarray(lhs), tuple(contract_r), tuple(contract_l))
    free_r = len(rhs.shape) - len(contract_r)
    return wrap(wnp.moveaxis(lower(out), tuple(range(free_r)), tuple(range(out.ndim - free_r, out.ndim))))


def _contract(mat: BCOO, dense: Any, mine: tuple[int, ...], its: tuple[int, ...]) -> Any:
    """The rows of the dense array that the elements meet, times these, added where they belong."""
    free = [a for a in range(len(mat.shape)) if a not in mine]
    rest = wrap(wnp.moveaxis(lower(dense), its, tuple(range(len(its)))))
    places = mat._places()
    rows = rest.at[tuple(places[a] for a in mine)].get(mode="fill", fill_value=0) if mine else rest[None]
    terms = mat.data.reshape((-1, *(1,) * (rows.ndim - 1))) * rows
    shape = tuple(mat.shape[a] for a in free)
    if not free:
        return terms.sum(0)
    return array(np.zeros((*shape, *terms.shape[1:]), terms.dtype)).at[tuple(places[a] for a in free)].add(terms)


def _product(lhs: Any, rhs: Any) -> Any:
    """``lhs @ rhs`` of vectors and matrices, at least one of them sparse."""
    left, right = (x if isinstance(x, BCOO) else asarray(x) for x in (lhs, rhs))
    axis = max(right.ndim - 2, 0)
    return bcoo_dot_general(left, right, dimension_numbers=(((left.ndim - 1,), (axis,)), ((), ())))


def empty(
    shape: Sequence[int], dtype: Any = None, index_dtype: Any = "int32", sparse_format: str = "bcoo", **kwds: Any
) -> BCOO:
    """An array without elements.

    Raises:
        NotSupportedError: another format than "bcoo".
    """
    _bcoo_only(sparse_format)
    n = kwds.get("nse", 0)
    return BCOO((array(np.zeros(n), dtype or float), array(np.zeros((n, len(shape)), index_dtype))), shape=shape)


def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = None,
    index_dtype: Any = "int32",
    sparse_format: str = "bcoo",
    **kwds: Any,
) -> BCOO:  # noqa: N803
    """Ones on a diagonal."""
    _bcoo_only(sparse_format)
    m = N if M is None else M
    rows = np.arange(max(0, -k), min(N, m - k))
    indices = np.stack([rows, rows + k], 1).astype(index_dtype)
    return BCOO(
        (array(np.ones(len(rows)), dtype or float), array(indices)),
        shape=(N, m),
        indices_sorted=True,
        unique_indices=True,
    )


def _bcoo_only(sparse_format: str) -> None:
    if sparse_format != "bcoo":
        raise NotSupportedError(f"sparse arrays have the format 'bcoo' here, not {sparse_format!r}")


def random_bcoo(
    key: Any, shape: Sequence[int], *, dtype: Any = float, indices_dtype: Any = None, nse: float = 0.2, n_batch: int = 0,
    n_dense: int = 0, unique_indices: bool = True, sorted_indices: bool = False, generator: Any = None, **kwds: Any,
) -> BCOO:  # fmt: skip
    """A random array: `nse` of its elements, a fraction if it is below 1, at random places."""
    from ..jax_names import alias_name

    if n_batch or n_dense:
        raise NotSupportedError("BCOO: batched and dense dimensions are not there; use jax.vmap")
    n = int(np.prod(shape, dtype=int))
    count = int(np.ceil(nse * n)) if 0 <= nse < 1 else int(nse)
    split, choice, uniform = (alias_name("jax.random", name) for name in ("split", "choice", "uniform"))
    first, second = split(key)
    flat = np.asarray(choice(first, n, (count,), replace=not unique_indices))
    indices = np.stack(np.unravel_index(np.sort(flat) if sorted_indices else flat, tuple(shape)), -1)
    data = (generator or uniform)(second, (count,), dtype, **kwds)
    return BCOO(
        (data, array(indices.astype(indices_dtype or np.int32))),
        shape=shape,
        unique_indices=unique_indices,
        indices_sorted=sorted_indices,
    )


def _of_data(transform: Callable[..., Any]) -> Callable[..., Any]:
    """A derivative by the data of sparse arguments: it is sparse, of the same indices."""

    def derivative(
        fun: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, **options: Any
    ) -> Callable[..., Any]:
        nums = argnums if isinstance(argnums, (tuple, list)) else (argnums,)

        def call(*args: Any, **kwargs: Any) -> Any:
            data = [a.data if isinstance(a, BCOO) else a for a in args]

            def of_data(*some: Any) -> Any:
                return fun(
                    *[a._with(d) if isinstance(a, BCOO) else d for a, d in zip(args, some, strict=True)], **kwargs
                )

            out = transform(of_data, argnums, has_aux=has_aux, **options)(*data)
            value, found = out if transform is _value_and_grad else (None, out[0] if has_aux else out)
            parts = found if isinstance(argnums, (tuple, list)) else (found,)
            dressed = tuple(
                args[i]._with(p)
                if isinstance(args[i], BCOO) and type(p) is Array and p.shape == args[i].data.shape
                else p
                for i, p in zip(nums, parts, strict=True)
            )
            result = dressed if isinstance(argnums, (tuple, list)) else dressed[0]
            if transform is _value_and_grad:
                return value, result
            return (result, out[1]) if has_aux else result

        return call

    return derivative


grad, value_and_grad, jacfwd, jacrev = map(_of_data, (_grad, _value_and_grad, _jacfwd, _jacrev))
jacobian = jacrev

__all__ = [
    "BCOO", "JAXSparse", "bcoo_dot_general", "bcoo_extract", "bcoo_fromdense", "bcoo_multiply_dense", "bcoo_multiply_sparse",
    "bcoo_reduce_sum", "bcoo_reshape", "bcoo_sort_indices", "bcoo_sum_duplicates", "bcoo_todense", "bcoo_transpose", "empty",
    "eye", "grad", "jacfwd", "jacobian", "jacrev", "random_bcoo", "todense", "value_and_grad",
]  # fmt: skip
