"""`orth` and `null_space` of scipy.linalg: orthonormal bases of spaces that belong to a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core import Tracer, shape_of
from ...numpy import linalg as _linalg
from ...ops.elementwise import stop_gradient_p
from ...ops.indexing import getitem
from ...ops.linalg import adjoint
from ...ops.subspaces import null_space_p, orth_p
from ...vocabulary import ArrayLike
from .solving import floating


def _basis(A: ArrayLike, rcond: Any, name: str, by_rank: Any, by_svd: Any) -> Any:
    """A basis that `by_rank` gives of a matrix and its rank, where the singular values that are left out are 0 to
    rounding; where `rcond` leaves out others, `by_svd` gives it of vectors that belong to them."""
    (A,) = floating(A)
    s = _linalg.svdvals(stop_gradient_p.bind(A))
    if isinstance(s, Tracer):
        s = s.concrete(f"{name}, the number of vectors")
    rounding = np.finfo(s.dtype).eps * max(shape_of(A))
    top = np.max(s, initial=0.0)
    cut = rounding if rcond is None else float(rcond)
    rank = int(np.sum(s > top * cut))
    if rank == len(s) or s[rank] <= top * rounding:
        return by_rank.bind(A, rank=rank, rtol=float(max(cut, rounding)))
    return by_svd(A, rank)


def orth(A: ArrayLike, rcond: Any = None) -> Any:
    """An orthonormal basis of the space that the columns of a matrix span; how many there are depends on the values.

    The basis is that of left singular vectors, with the derivative of Townsend (2016). Where singular values are equal it is
    LAPACK's choice: derivatives are right for what does not depend on it, such as the projection on the space.

    Raises:
        ConcretizationError: the values are not known.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.orth(np.array([[1.0, 1.0], [1.0, 1.0]])).shape
        (2, 1)
    """

    def of_svd(A: Any, rank: int) -> Any:
        return getitem(_linalg.svd(A, full_matrices=False)[0], (slice(None), slice(0, rank)))

    return _basis(A, rcond, "orth", orth_p, of_svd)


def null_space(
    A: ArrayLike,
    rcond: Any = None,
    *,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """An orthonormal basis of what a matrix takes to zero; how many vectors there are depends on the values.

    Derivatives are right for what does not depend on which basis it is, such as the projection on the space.

    Raises:
        ConcretizationError: the values are not known.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> a = np.array([[1.0, 1.0]])
        >>> abs(a @ linalg.null_space(a)).max() < 1e-12
        np.True_
    """
    return _basis(
        A, rcond, "null_space", null_space_p, lambda A, rank: adjoint(getitem(_linalg.svd(A)[2], slice(rank, None)))
    )


__all__ = ["null_space", "orth"]
