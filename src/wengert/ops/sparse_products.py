"""Products of SciPy's sparse matrices, which are constants, with traced vectors and matrices: ``A @ x``, ``x @ A``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import Aval, Value, as_array, dtype_of, ndim_of, shape_of
from ..errors import ShapeError
from .elementwise import convert
from .linear import Linear
from .shape import moveaxis, reshape, transpose


class Matrix:
    """A sparse matrix as a parameter of an operation: it does not change, and its transpose is made once."""

    __slots__ = ("_of_dtype", "_turned", "csr")

    def __init__(self, csr: Any, turned: Matrix | None = None) -> None:
        self.csr = csr
        self._turned = turned
        self._of_dtype = {csr.dtype: csr}

    def times(self, x: np.ndarray) -> np.ndarray:
        """The product in the dtype of `x`; SciPy has none in those that are narrower than float32."""
        dtype = np.result_type(x.dtype, np.float32) if x.dtype.itemsize < 4 else x.dtype
        if dtype not in self._of_dtype:
            self._of_dtype[dtype] = self.csr.astype(dtype)
        return np.asarray(self._of_dtype[dtype] @ x.astype(dtype, copy=False)).astype(x.dtype, copy=False)

    @property
    def turned(self) -> Matrix:
        if self._turned is None:
            self._turned = Matrix(self.csr.T.tocsr(), self)
        return self._turned

    def __repr__(self) -> str:
        return f"<{self.csr.shape[0]} by {self.csr.shape[1]}, {self.csr.nnz} elements>"


def _batched(size: int, x: Value, *, matrix: Matrix) -> Value:
    n, rest = shape_of(x)[1], shape_of(x)[2:]
    columns = reshape(moveaxis(x, 0, 1), (n, size * math.prod(rest)))
    out = sparse_product_p.bind(columns, matrix=matrix)
    return moveaxis(reshape(out, (shape_of(out)[0], size, *rest)), 1, 0)


def _samples() -> list[Any]:
    from scipy.sparse import csr_array

    a = Matrix(csr_array(np.array([[1.0, 0.0, 2.0], [0.0, 0.5, 0.0]])))
    rng = np.random.default_rng(51)
    return [((rng.normal(size=3),), {"matrix": a}), ((rng.normal(size=(3, 4)),), {"matrix": a})]


sparse_product_p = Linear(
    "sparse_product",
    lambda x, *, matrix: matrix.times(x),
    lambda x, *, matrix: Aval((matrix.csr.shape[0], *x.shape[1:]), x.dtype),
    lambda ct, x, *, matrix: sparse_product_p.bind(ct, matrix=matrix.turned),
    _batched,
    pattern=None,
    samples=_samples,
)


def matmul(a: Any, x: Value) -> Value:
    """``a @ x`` for a sparse matrix `a` and a vector or matrix.

    Raises:
        ShapeError: the lengths do not fit, or `x` has more than two axes.
    """
    x = as_array(x)
    if a.ndim != 2 or ndim_of(x) not in (1, 2) or shape_of(x)[0] != a.shape[1]:
        raise ShapeError(f"matmul: a sparse matrix of shape {a.shape} and an array of shape {shape_of(x)} do not fit")
    dtype = np.result_type(a.dtype, dtype_of(x))
    matrix = Matrix(a.tocsr(copy=True))  # the caller's may be changed afterwards
    return sparse_product_p.bind(convert(x, dtype), matrix=matrix)


def rmatmul(x: Value, a: Any) -> Value:
    """``x @ a``, by the transpose."""
    return transpose(matmul(a.T, transpose(as_array(x))))
