"""`jax.scipy.linalg` where it takes other arguments than SciPy's functions."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...errors import ArgumentError
from ...ops.decompositions import nan_for_indefinite
from ...scipy import linalg
from ..array import wrap
from ..border import bordered, lower
from ..conversion import converted
from ..rules import follow
from .numpy import array, where


def _with_nan(name: str) -> Any:
    """A function of `wengert.scipy.linalg` for which the factor of a matrix that is not positive definite is NaN."""
    inner = follow("jax.scipy.linalg", name, getattr(linalg, name))

    @functools.wraps(inner)
    def function(*args: Any, **kwargs: Any) -> Any:
        with nan_for_indefinite():
            return inner(*args, **kwargs)

    return function


cholesky, cho_factor, _solve = map(_with_nan, ("cholesky", "cho_factor", "solve"))
_of_any, _inverse = (follow("jax.numpy.linalg", name, getattr(wnp.linalg, name)) for name in ("solve", "inv"))


@functools.wraps(linalg.inv)
def inv(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    return _inverse(a)


@functools.wraps(linalg.solve)
def solve(a: Any, b: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return _solve(a, b, *args, **kwargs)
    except ArgumentError as error:
        if not str(error).startswith("Singular matrix"):
            raise
    return _of_any(a, b)


_expm = bordered(linalg.expm)


def expm(A: Any, *, upper_triangular: bool = False, max_squarings: int = 16) -> Any:  # noqa: N803 (JAX's names)
    """The exponential of a matrix.

    Args:
        A: square matrices.
        upper_triangular: whether only the upper triangle is looked at.
        max_squarings: a matrix that would have to be halved more often gives NaN.
    """
    a = array(A)
    if upper_triangular:
        a = wrap(wnp.triu(lower(a)))
    out = _expm(a)
    size = wnp.max(wnp.sum(wnp.abs(lower(a)), -2), -1)
    limit = {4: 3.925724783138660, 8: 5.371920351148152}[out.dtype.itemsize // (2 if out.dtype.kind == "c" else 1)]
    squarings = wnp.maximum(0, wnp.floor(wnp.log2(size / limit)))
    return where(wrap(wnp.expand_dims(squarings > max_squarings, (-2, -1))), np.nan, out)


_polar = bordered(linalg.polar)


def polar(
    a: Any, side: str = "right", *, method: str = "qdwh", eps: float | None = None, max_iterations: int | None = None
) -> Any:
    """The factors of the polar decomposition: a unitary and a positive matrix.

    Args:
        a: a matrix.
        side: whether the positive factor stands on the "right" or on the "left".
        method: "qdwh" or "svd", how JAX finds them; here both are by singular values.
        eps, max_iterations: of "qdwh", where they bound an iteration that is not needed here.

    Raises:
        ValueError: another method or side.
    """
    if method not in ("qdwh", "svd"):
        raise ValueError(f"Unknown polar decomposition method {method}.")
    return _polar(a, side)


_solve_sylvester = bordered(linalg.solve_sylvester)


def solve_sylvester(A: Any, B: Any, C: Any, *, method: str = "schur", tol: float = 1e-8) -> Any:  # noqa: N803
    """The `X` of ``A X + X B = C``.

    Args:
        A, B, C: matrices.
        method: "schur" or "eigen", how JAX finds it.
        tol: the least sum of eigenvalues of `A` and `B` for which there is one.

    Raises:
        ValueError: another method.
    """
    if method not in ("schur", "eigen"):
        raise ValueError(f'Unrecognized method {method}. The two valid methods are either "schur" or "eigen".')
    return _solve_sylvester(A, B, C)


_dft = bordered(linalg.dft)


def dft(n: int, scale: str | None = None, *, dtype: Any = None) -> Any:
    """The matrix of the discrete Fourier transform, in a complex dtype."""
    out = _dft(n, scale)
    return out if dtype is None else wrap(converted(lower(out), dtype))


_sqrtm = bordered(linalg.sqrtm)


def sqrtm(A: Any, blocksize: int = 1) -> Any:  # noqa: N803 (JAX's names)
    """A square root of a matrix, complex.

    Raises:
        NotImplementedError: blocks of more than one element, which say how it is computed.
    """
    if blocksize > 1:
        raise NotImplementedError("sqrtm: blocked version is not implemented: leave blocksize out")
    return _sqrtm(A)


__all__ = ["cho_factor", "cholesky", "dft", "expm", "inv", "polar", "solve", "solve_sylvester", "sqrtm"]
