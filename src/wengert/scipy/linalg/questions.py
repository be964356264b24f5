"""Questions about matrices: norms, bandwidths, symmetry."""

from __future__ import annotations

from typing import Any

from ...core import Tracer, as_array
from ...numpy import linalg as _linalg
from ...ops.elementwise import absolute
from ...ops.linalg import adjoint, turned
from ...vocabulary import ArrayLike, Axes
from .solving import square


def norm(a: ArrayLike, ord: Any = None, axis: Axes = None, keepdims: bool = False, check_finite: bool = True) -> Any:  # noqa: A002
    """The norm of vectors or matrices, as `wengert.numpy.linalg.norm` has it.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.norm(np.array([[3.0, 0.0], [0.0, -4.0]])), linalg.norm(np.array([3.0, -4.0]), 1)
        (np.float64(5.0), np.float64(7.0))
    """
    return _linalg.norm(a, ord, axis, keepdims)


def bandwidth(a: ArrayLike) -> tuple[int, int]:
    """How many diagonals below and above the main one hold a number that is not zero, of a matrix that is known.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.bandwidth(np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 4.0], [5.0, 0.0, 6.0]]))
        (2, 1)
    """
    import scipy.linalg

    a = as_array(a)
    return scipy.linalg.bandwidth(a.concrete("bandwidth") if isinstance(a, Tracer) else a)


def issymmetric(a: ArrayLike, atol: Any = None, rtol: Any = None) -> Any:
    """Whether a matrix equals its transpose (to a tolerance).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.issymmetric(np.array([[1.0, 2.0], [2.0, 3.0]]))
        np.True_
    """
    return _equals(a, turned, atol, rtol)


def ishermitian(a: ArrayLike, atol: Any = None, rtol: Any = None) -> Any:
    """Whether a matrix equals its adjoint (to a tolerance).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.ishermitian(np.array([[1.0, 2j], [-2j, 1.0]]))
        np.True_
    """
    return _equals(a, adjoint, atol, rtol)


def _equals(a: ArrayLike, flip: Any, atol: Any, rtol: Any) -> Any:
    a = square(a, "issymmetric")
    distance = absolute(a - flip(a))
    return (distance <= (atol or 0.0) + (rtol or 0.0) * absolute(a)).all()


__all__ = ["bandwidth", "ishermitian", "issymmetric", "norm"]
