"""Names of `jax.numpy.linalg` that mean something else there than in NumPy: JAX takes the mean of both triangles."""

from __future__ import annotations

from typing import Any

from ...numpy import linalg as _linalg
from ..border import bordered


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


__all__ = ["cholesky", "eigh", "eigvalsh"]
