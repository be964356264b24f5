"""Matrices whose elements follow a pattern: toeplitz, hankel, circulant, companion, block_diag and the fixed ones.

Those made from vectors are linear in them and differentiable; they stand in `wengert.scipy.linalg`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from ..core import as_array, dtype_of, ndim_of, shape_of
from ..errors import ShapeError
from ..ops.elementwise import conj, convert
from ..ops.indexing import getitem
from ..ops.shape import concatenate, reshape


def _vector(x: Any, name: str) -> Any:
    x = as_array(x)
    if ndim_of(x) == 0:
        x = reshape(x, (1,))
    if ndim_of(x) < 1:
        raise ShapeError(f"{name} needs a vector, got shape {shape_of(x)}")
    return x


def toeplitz(c: Any, r: Any = None) -> Any:
    """Matrices with one value along each diagonal: `c` is the first column, `r` the first row.

    Args:
        c: vectors, shape ``(..., m)``.
        r: vectors, shape ``(n,)``, whose first element is not read; the conjugate of `c` by default.

    Example:
        >>> toeplitz(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
        array([[1., 5.],
               [2., 1.]])
    """
    c = _vector(c, "toeplitz")
    r = conj(c) if r is None else _vector(r, "toeplitz")
    m, n = shape_of(c)[-1], shape_of(r)[-1]
    # Element i, j is c[i - j] or r[j - i]: in the sequence r[n-1], ..., r[1], c[0], ..., c[m-1] at place i - j + n - 1.
    backwards = getitem(r, (Ellipsis, slice(n - 1, 0, -1))) if n > 1 else getitem(r, (Ellipsis, slice(0, 0)))
    sequence = concatenate([backwards, c], ndim_of(c) - 1)
    return getitem(sequence, (Ellipsis, np.arange(m)[:, None] - np.arange(n) + n - 1))


def hankel(c: Any, r: Any = None) -> Any:
    """The matrix with one value along each antidiagonal: `c` is the first column, `r` (zeros by default) the last row.

    Example:
        >>> hankel(np.array([1.0, 2.0]), np.array([0.0, 3.0]))
        array([[1., 2.],
               [2., 3.]])
    """
    c = _vector(c, "hankel")
    m = shape_of(c)[-1]
    r = np.zeros(m, dtype_of(c)) if r is None else _vector(r, "hankel")
    sequence = concatenate([c, getitem(r, slice(1, None))])
    return getitem(sequence, np.arange(m)[:, None] + np.arange(shape_of(r)[0]))


def circulant(c: Any) -> Any:
    """Matrices whose columns are `c` moved round by one more each.

    Example:
        >>> circulant(np.array([1.0, 2.0, 3.0]))
        array([[1., 3., 2.],
               [2., 1., 3.],
               [3., 2., 1.]])
    """
    c = _vector(c, "circulant")
    n = shape_of(c)[-1]
    return getitem(c, (Ellipsis, (np.arange(n)[:, None] - np.arange(n)) % max(n, 1)))


def companion(a: Any) -> Any:
    """The matrix whose eigenvalues are the roots of the polynomial with coefficients `a`, highest power first.

    Raises:
        ShapeError: `a` is no vector of at least two coefficients.
    """
    a = as_array(a)
    if ndim_of(a) != 1 or shape_of(a)[0] < 2:
        raise ShapeError(f"companion needs a vector of at least two coefficients, got shape {shape_of(a)}")
    first = -getitem(a, slice(1, None)) / getitem(a, 0)
    n = shape_of(a)[0] - 1
    return concatenate([reshape(first, (1, n)), np.eye(n - 1, n, dtype=dtype_of(first))], 0)


def block_diag(*arrays: Any) -> Any:
    """Matrices along the diagonal of a larger one.

    Example:
        >>> block_diag(np.ones((1, 2)), np.array([[3.0]]))
        array([[1., 1., 0.],
               [0., 0., 3.]])
    """
    if not arrays:
        return np.zeros((1, 0), config.float_dtype)
    matrices = [as_array(a) for a in arrays]
    matrices = [reshape(m, (1,) * (2 - ndim_of(m)) + shape_of(m)) for m in matrices]
    dtype = np.result_type(*[dtype_of(m) for m in matrices])
    width, before, rows = sum(shape_of(m)[1] for m in matrices), 0, []
    for m in matrices:
        n, k = shape_of(m)
        sides = [np.zeros((n, before), dtype), convert(m, dtype), np.zeros((n, width - before - k), dtype)]
        rows.append(concatenate(sides, 1))
        before += k
    return concatenate(rows, 0)


def _constant(name: str, doc: str) -> Any:
    def call(n: int, *args: Any, **kwargs: Any) -> Any:
        import scipy.linalg

        out = getattr(scipy.linalg, name)(n, *args, **kwargs)
        return convert(out, {"f": config.float_dtype, "c": config.complex_dtype}.get(out.dtype.kind, out.dtype))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return call


dft = _constant("dft", "The matrix of the discrete Fourier transform of `n` points, SciPy's arguments.")
hadamard = _constant(
    "hadamard", "Hadamard's matrix of order `n`, a power of two: ones and minus ones, rows orthogonal."
)
helmert = _constant("helmert", "Helmert's matrix of order `n`: orthonormal contrasts, without the row of the mean.")
hilbert = _constant("hilbert", "Hilbert's matrix of order `n`: elements ``1 / (i + j + 1)``.")
invhilbert = _constant("invhilbert", "The inverse of Hilbert's matrix of order `n`.")
pascal = _constant("pascal", "Pascal's matrix of order `n`: binomial coefficients.")

__all__ = [
    "block_diag", "circulant", "companion", "dft", "hadamard", "hankel", "helmert", "hilbert", "invhilbert", "pascal",
    "toeplitz",
]  # fmt: skip
