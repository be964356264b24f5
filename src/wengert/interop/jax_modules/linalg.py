"""Names of `jax.numpy.linalg` that mean something else there than in NumPy: JAX takes the mean of both triangles."""

from __future__ import annotations

from typing import Any

import numpy as _np

from ... import numpy as _wnp
from ...numpy import linalg as _linalg
from ...numpy import reductions as _sums
from ...ops.decompositions import nan_for_indefinite as _nan_for_indefinite
from ...ops.linalg import turned as _turned
from ...ops.reflectors import qr_packed_p as _qr_packed
from ..border import bordered
from ..rules import follow as _follow
from ..rules import numbered as _numbered
from . import numpy as _numpy


@bordered
def cholesky(a: Any, *, upper: bool = False, symmetrize_input: bool = True) -> Any:
    """`wengert.numpy.linalg.cholesky` of the mean of both triangles, so that gradients are Hermitian; NaN where there is none."""
    with _nan_for_indefinite():
        return _linalg.cholesky(a, upper=upper, symmetrize_input=symmetrize_input)


@bordered
def eigh(a: Any, UPLO: str | None = None, symmetrize_input: bool = True) -> Any:
    """`wengert.numpy.linalg.eigh` of the mean of both triangles, so that gradients are Hermitian."""
    return _linalg.eigh(a, UPLO, symmetrize_input)


@bordered
def eigvalsh(a: Any, UPLO: str | None = "L", *, symmetrize_input: bool = True) -> Any:
    """`wengert.numpy.linalg.eigvalsh` of the mean of both triangles, so that gradients are Hermitian."""
    return _linalg.eigvalsh(a, UPLO, symmetrize_input=symmetrize_input)


_floats = _numbered(lambda v: v, 1)
_norm = bordered(_linalg.norm)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """`wengert.numpy.linalg.norm`; the sum of moduli has the derivative of JAX's `abs` at 0."""
    x = _floats(_numpy.array(x))
    along = axis if axis is not None else 0
    if ord == 1 and isinstance(along, int) and (axis is not None or x.ndim == 1):
        return _sum(_numpy.abs(x), axis=along, keepdims=keepdims)
    return _norm(x, ord, axis, keepdims)


def _packed(x: Any) -> Any:
    packed, taus = _qr_packed.bind(x)
    return _turned(packed), taus


_raw_qr = _numbered(_packed, 1)
_qr = _numbered(_linalg.qr, 1)


def qr(a: Any, mode: str = "reduced") -> Any:
    """`wengert.numpy.linalg.qr`; mode "raw" gives the transposed matrix of R with Householder vectors below, and their factors.

    Example:
        >>> [x.shape for x in qr(_np.ones((3, 2)), "raw")]
        [(2, 3), (2,)]
    """
    if mode != "raw":
        return _qr(a, mode)
    return _raw_qr(a)


_slogdet = _numbered(_linalg.slogdet, 1)


def slogdet(a: Any, *, method: str | None = None) -> Any:
    """`wengert.numpy.linalg.slogdet`; `method`, "lu" or "qr", says how JAX would compute it.

    Raises:
        ValueError: another method.
    """
    if method not in (None, "lu", "qr"):
        raise ValueError(f"Unknown slogdet method '{method}'. Supported methods are 'lu' (`None`), and 'qr'.")
    return _slogdet(a)


_matrix_rank = bordered(_linalg.matrix_rank)


def matrix_rank(M: Any, rtol: Any = None, *, hermitian: bool = False, tol: Any = None) -> Any:  # noqa: N803
    """The rank of matrices: how many singular values are above `rtol` times the largest; that of a vector is at most 1."""
    m = _floats(M)
    if m.ndim < 2:
        return (m != 0).any().astype(_np.int32)
    return _matrix_rank(m, rtol if rtol is not None else tol, hermitian)


def matmul(x1: Any, x2: Any, /, *, precision: Any = None, preferred_element_type: Any = None) -> Any:
    """`jax.numpy.matmul`."""
    return _numpy.matmul(x1, x2, precision=precision, preferred_element_type=preferred_element_type)


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2, precision: Any = None, preferred_element_type: Any = None) -> Any:
    """`jax.numpy.tensordot`."""
    return _numpy.tensordot(x1, x2, axes, precision=precision, preferred_element_type=preferred_element_type)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1, precision: Any = None, preferred_element_type: Any = None) -> Any:
    """`jax.numpy.vecdot`."""
    return _numpy.vecdot(x1, x2, axis=axis, precision=precision, preferred_element_type=preferred_element_type)


_sum = bordered(_sums.sum)
_reshape = _follow("jax.numpy", "reshape", _wnp.reshape)
_inv, _power = (_follow("jax.numpy.linalg", n, getattr(_linalg, n)) for n in ("inv", "matrix_power"))


def matrix_power(a: Any, n: int) -> Any:
    """`wengert.numpy.linalg.matrix_power`; of a singular matrix to a negative power what its inverse gives, infinities and NaN."""
    return _power(_inv(a), -n) if isinstance(n, int) and n < 0 else _power(a, n)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of a tensor as a linear map of its last axes to the first `ind`.

    Raises:
        ValueError: `ind` is not positive.
    """
    if ind <= 0:
        raise ValueError(f"ind must be a positive integer; got ind={ind}")
    shape = tuple(_np.shape(a))
    rows = _np.prod(shape[ind:], dtype=int)
    flat = _reshape(a, (int(_np.prod(shape[:ind], dtype=int)), int(rows)))
    return _reshape(_inv(flat), shape[ind:] + shape[:ind])


_lstsq = _numbered(_linalg.lstsq, 2)


def lstsq(a: Any, b: Any, rcond: float | None = None, *, numpy_resid: bool = False) -> Any:
    """`wengert.numpy.linalg.lstsq`; sums of squares of what is left are given of every system, unless `numpy_resid`.

    Args:
        a: a matrix, shape (M, N).
        b: a vector or columns, shape (M,) or (M, K).
        rcond: singular values below `rcond` times the largest count as 0.
        numpy_resid: whether they are empty as NumPy's where the system is not overdetermined.

    Returns:
        The solution, the sums of squares, the rank, the singular values.
    """
    x, sums, rank, values = _lstsq(a, b, rcond)
    if not numpy_resid:
        left = _numpy.array(b) - _numpy.matmul(_numpy.array(a), x)
        left = left if left.ndim > 1 else left[:, None]
        sums = _sum((left * left.conj()).real, axis=0)
    return x, sums, rank.astype(int), values


_cross = _follow("jax.numpy", "cross", _wnp.cross)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The cross product of vectors of three elements.

    Raises:
        ValueError: the axis has another length.
    """
    lengths = _np.shape(x1)[axis], _np.shape(x2)[axis]
    if lengths != (3, 3):
        raise ValueError(
            f"Both input arrays must be (arrays of) 3-dimensional vectors, but they have x1.shape[axis]={lengths[0]} and "
            f"x2.shape[axis]={lengths[1]}"
        )
    return _cross(x1, x2, axis=axis)


__all__ = [
    "cholesky", "cross", "eigh", "eigvalsh", "lstsq", "matmul", "matrix_power", "matrix_rank", "norm", "qr", "slogdet", "tensordot", "tensorinv", "vecdot",
]  # fmt: skip
