"""The operators and methods of `BCOO`."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import moving, products
from .base import JAXSparse, jnp
from .bcoo import BCOO


def _transpose(self: BCOO, axes: Any = None) -> BCOO:
    """The array with its axes in another order, reversed by default."""
    order = range(self.ndim)[::-1] if axes is None else [a % self.ndim for a in axes]
    return moving.bcoo_transpose(self, permutation=tuple(order))


def _sum(self: BCOO, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """The sum over axes: sparse, and a number where nothing is left of the array."""
    axes = range(self.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    result: Any = products.bcoo_reduce_sum(self, axes=tuple(a % self.ndim for a in axes))
    result = result.astype(dtype) if dtype is not None else result
    return result.todense() if not result.ndim else result


def _reshape(self: BCOO, *shape: Any, **kwargs: Any) -> BCOO:
    """The array in another shape."""
    new = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    return moving.bcoo_reshape(self, new_sizes=tuple(new))


def _matmul(lhs: Any, rhs: Any) -> Any:
    left, right = (x if isinstance(x, BCOO) else jnp.asarray(x) for x in (lhs, rhs))
    if not left.ndim or not right.ndim:
        raise ValueError("matmul: an operand is a number; write a product with *")
    n = min(left.ndim, right.ndim) - 2 if min(left.ndim, right.ndim) > 2 else 0
    if left.ndim > 2 and right.ndim > 2 and left.shape[:n] != right.shape[:n]:
        raise NotImplementedError(f"matmul of {left.shape} and {right.shape}: batch axes must agree")
    batch = tuple(range(n)) if left.ndim == right.ndim else ()
    axis = right.ndim - 2 if right.ndim > 1 else 0
    out = products.bcoo_dot_general(left, right, dimension_numbers=(((left.ndim - 1,), (axis,)), (batch, batch)))
    if right.ndim > 2 and not batch:  # free axes of the left operand stand before those of the right one
        k = left.ndim - 1
        order = [*range(k, out.ndim - 1), *range(k), out.ndim - 1]
        out = moving.bcoo_transpose(out, permutation=order) if isinstance(out, BCOO) else out.transpose(*order)
    return out


def _multiply(self: BCOO, other: Any) -> Any:
    if isinstance(other, BCOO):
        return products.bcoo_multiply_sparse(self, other)
    other = jnp.asarray(other)
    return self.with_data(products.bcoo_multiply_dense(self, other))


def _divide(self: BCOO, other: Any) -> Any:
    if isinstance(other, JAXSparse):
        raise NotImplementedError("BCOO: a quotient of two sparse arrays; write todense() for one of them")
    other = jnp.asarray(other)
    if not other.ndim:
        return self.with_data(self.data / other)
    return self.with_data(products.bcoo_multiply_dense(self, 1 / other))


def add(self: Any, other: Any) -> Any:
    """The sum: sparse of two sparse arrays, whose elements stay apart, else dense."""
    if not isinstance(other, BCOO):
        if jnp.ndim(other) == 0 and isinstance(other, (int, float)) and other == 0:
            return self
        return self.todense() + other
    if other.shape != self.shape:
        raise ValueError(f"BCOO: shapes {self.shape} and {other.shape} do not fit")
    if (self.n_batch, self.n_dense) != (other.n_batch, other.n_dense):
        n_batch, n_dense = min(self.n_batch, other.n_batch), min(self.n_dense, other.n_dense)
        self, other = (m.update_layout(n_batch=n_batch, n_dense=n_dense) for m in (self, other))
    (d, i), (e, j) = self.full(), other.full()
    b = self.n_batch
    return BCOO((jnp.concatenate([d, e], b), jnp.concatenate([i, j.astype(i.dtype)], b)), shape=self.shape)


def _power(self: BCOO, exponent: Any) -> BCOO:
    if jnp.ndim(exponent) or not isinstance(exponent, (int, float, np.number)) or exponent <= 0:
        raise NotImplementedError(
            f"BCOO: the power by {exponent!r} has elements where the array has none; write todense()"
        )
    return self.with_data(self.data**exponent)


def _dense_result(name: str) -> Any:
    def compare(self: BCOO, other: Any) -> Any:
        raise NotImplementedError(
            f"sparse rule for {name} is not implemented because it would result in dense output. If this is your intent, use "
            "sparse.todense() to convert your arguments to dense matrices."
        )

    return compare


BCOO.transpose, BCOO.sum, BCOO.reshape = _transpose, _sum, _reshape  # type: ignore[method-assign,attr-defined]
OPERATORS: dict[str, Any] = {
    "__matmul__": _matmul,
    "__rmatmul__": lambda self, other: _matmul(other, self),
    "__mul__": _multiply,
    "__rmul__": _multiply,
    "__truediv__": _divide,
    "__neg__": lambda self: self.with_data(-self.data),
    "__pos__": lambda self: self,
    "__abs__": lambda self: self.with_data(abs(self.data)),
    "__add__": add,
    "__radd__": add,
    "__sub__": lambda self, other: add(self, -other),
    "__rsub__": lambda self, other: add(-self, other),
    "__pow__": _power,
    "__getitem__": moving.getitem,
    "__iter__": lambda self: iter([self[k] for k in range(self.shape[0])]),
    **{f"__{name}__": _dense_result(name) for name in ("eq", "ne", "lt", "le", "gt", "ge")},
}
for _name, _function in OPERATORS.items():
    setattr(BCOO, _name, _function)
