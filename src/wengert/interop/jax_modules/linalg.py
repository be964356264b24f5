"""Names of `jax.numpy.linalg` that mean something else there than in NumPy: JAX takes the mean of both triangles."""

from __future__ import annotations

from typing import Any

from ...numpy import linalg as _linalg
from ...numpy import reductions as _sums
from ..border import bordered
from . import numpy as _numpy


@bordered
def cholesky(a: Any, *, upper: bool = False, symmetrize_input: bool = True) -> Any:
    """`wengert.numpy.linalg.cholesky` of the mean of both triangles, so that gradients are Hermitian."""
    return _linalg.cholesky(a, upper=upper, symmetrize_input=symmetrize_input)


@bordered
def eigh(a: Any, UPLO: str | None = None, symmetrize_input: bool = True) -> Any:
    """`wengert.numpy.linalg.eigh` of the mean of both triangles, so that gradients are Hermitian."""
    return _linalg.eigh(a, UPLO, symmetrize_input)


@bordered
def eigvalsh(a: Any, UPLO: str | None = "L", *, symmetrize_input: bool = True) -> Any:
    """`wengert.numpy.linalg.eigvalsh` of the mean of both triangles, so that gradients are Hermitian."""
    return _linalg.eigvalsh(a, UPLO, symmetrize_input=symmetrize_input)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """`wengert.numpy.linalg.norm`; the sum of moduli has the derivative of JAX's `abs` at 0."""
    x = _numpy.array(x)
    along = axis if axis is not None else 0
    if ord == 1 and isinstance(along, int) and (axis is not None or x.ndim == 1):
        return _sum(_numpy.abs(x), axis=along, keepdims=keepdims)
    return bordered(_linalg.norm)(x, ord, axis, keepdims)


_sum = bordered(_sums.sum)
__all__ = ["norm", "cholesky", "eigh", "eigvalsh"]
