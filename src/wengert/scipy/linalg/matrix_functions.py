"""Functions of square matrices: the exponential, the logarithm, roots and powers, and what is made of them.

They stand in `wengert.scipy.linalg`. Their derivatives assume nothing of the eigenvalues, which may be equal; `funm`, of
functions that have no name here, needs a basis of eigenvectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core import Tracer, as_array, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, MatrixError
from ...numpy.linalg import inv, matrix_power, solve
from ...ops import matrix_functions as _ops
from ...ops.casts import as_inexact
from ...ops.divided_differences import along, funm_p, judged
from ...ops.elementwise import convert, imag, real, stop_gradient_p
from ...ops.shape import broadcast_to, reshape
from ...vocabulary import ArrayLike, Function, Value
from .solving import of_number


def matrices(a: ArrayLike, name: str) -> Value:
    a = as_array(a)
    if ndim_of(a) == 0:
        raise MatrixError(f"{name} of a number; call the function of numbers")
    if ndim_of(a) < 2 or shape_of(a)[-1] != shape_of(a)[-2]:
        raise MatrixError(f"{name} needs square matrices in the last two axes, got shape {shape_of(a)}")
    return as_inexact(a)


def expm(A: ArrayLike) -> Value:
    """The exponential of square matrices.

    Derivative: the exponential of a block matrix, of any order (Higham & Relton 2014, theorem 3.5).

    Example:
        >>> expm(np.array([[0.0, 1.0], [0.0, 0.0]]))
        array([[1., 1.],
               [0., 1.]])
    """
    return _ops.expm(matrices(of_number(A), "expm"))


def expm_frechet(
    A: ArrayLike, E: ArrayLike, method: str | None = None, compute_expm: bool = True, check_finite: bool = True
) -> Any:
    """The exponential of `A` and its derivative in the direction `E`; without `compute_expm` the derivative alone.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.expm_frechet(np.zeros((2, 2)), np.array([[0.0, 1.0], [0.0, 0.0]]))[1]
        array([[0., 1.],
               [0., 0.]])
    """
    A, E = matrices(A, "expm_frechet"), matrices(E, "expm_frechet")
    dtype = np.result_type(dtype_of(A), dtype_of(E))
    A, E = convert(A, dtype), convert(E, dtype)
    lead = np.broadcast_shapes(shape_of(A), shape_of(E))
    along = _ops.matrix_function_p.bind(broadcast_to(A, lead), broadcast_to(E, lead), function="expm")
    return (_ops.expm(A), along) if compute_expm else along


def logm(A: ArrayLike) -> Value:
    """The principal logarithm of square matrices; always complex, as whether it is real depends on values.

    Derivative: the logarithm of a block matrix, of any order (Higham & Relton 2014, theorem 3.5). None where an
    eigenvalue is zero or negative.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.logm(np.diag([1.0, np.e])).real.round(12)
        array([[0., 0.],
               [0., 1.]])
    """
    return _ops.logm(matrices(A, "logm"))


def sqrtm(A: ArrayLike) -> Value:
    """The principal square root of square matrices; always complex, as whether it is real depends on values.

    Derivative: Higham (2008), section 6.1: ``X dX + dX X = dA``. None where two eigenvalues of the root add up to zero.

    Example:
        >>> sqrtm(np.array([[4.0, 0.0], [0.0, 9.0]])).real
        array([[2., 0.],
               [0., 3.]])
    """
    return _ops.sqrtm_p.bind(matrices(A, "sqrtm"))


def fractional_matrix_power(A: ArrayLike, t: Any) -> Any:
    """``A**t`` by the logarithm, ``expm(t logm(A))``, complex, with derivatives in both; a whole `t` by `matrix_power`.

    Raises:
        ShapeError: `A` is not square.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.fractional_matrix_power(np.diag([4.0, 9.0]), 0.5).real.round(12)
        array([[2., 0.],
               [0., 3.]])
    """
    A = matrices(A, "fractional_matrix_power")
    if isinstance(t, (int, np.integer)):
        return matrix_power(A, int(t))
    return _ops.expm(t * _ops.logm(A))


def signm(A: ArrayLike, disp: bool | None = None) -> Value:
    """The sign of square matrices, ``A (A A)^(-1/2)`` (Higham 2008, section 5.1), complex.

    Derivative: that of the product and the root; none where an eigenvalue has no real part.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.signm(np.diag([-3.0, 5.0])).real.round(12)
        array([[-1.,  0.],
               [ 0.,  1.]])
    """
    if disp is False:
        raise ArgumentError("signm with disp=False, an estimate of the error; call signm(A)")
    A = matrices(A, "signm")
    return convert(A, _complex(A)) @ inv(_ops.sqrtm_p.bind(A @ A))


def _complex(a: ArrayLike) -> np.dtype:
    return np.result_type(dtype_of(a), np.complex64)


def _rotation(A: ArrayLike) -> tuple[Any, bool]:
    """``exp(i A)``, and whether `A` is real, so that its real part is the cosine and its imaginary part the sine."""
    return _ops.expm(convert(A, _complex(A)) * _complex(A).type(1j)), dtype_of(A).kind != "c"


def cosm(A: ArrayLike) -> Any:
    """The cosine of square matrices, by the exponential (Higham 2008, section 12.1).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.cosm(np.diag([0.0, np.pi])).round(12)
        array([[ 1.,  0.],
               [ 0., -1.]])
    """
    A = matrices(A, "cosm")
    turn, is_real = _rotation(A)
    return real(turn) if is_real else (turn + _rotation(-A)[0]) / 2


def sinm(A: ArrayLike) -> Any:
    """The sine of square matrices, by the exponential (Higham 2008, section 12.1).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.sinm(np.diag([0.0, np.pi / 2])).round(12)
        array([[0., 0.],
               [0., 1.]])
    """
    A = matrices(A, "sinm")
    turn, is_real = _rotation(A)
    return imag(turn) if is_real else (turn - _rotation(-A)[0]) * dtype_of(turn).type(-0.5j)


def tanm(A: ArrayLike) -> Value:
    """The tangent of square matrices, ``cosm(A)^-1 sinm(A)``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.tanm(np.diag([0.0, np.pi / 4])).round(12)
        array([[0., 0.],
               [0., 1.]])
    """
    return solve(cosm(A), sinm(A))


def coshm(A: ArrayLike) -> Value:
    """The hyperbolic cosine of square matrices.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.coshm(np.diag([0.0, np.log(2.0)])).round(12)
        array([[1.  , 0.  ],
               [0.  , 1.25]])
    """
    A = matrices(A, "coshm")
    return (_ops.expm(A) + _ops.expm(-A)) / 2


def sinhm(A: ArrayLike) -> Value:
    """The hyperbolic sine of square matrices.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.sinhm(np.diag([0.0, np.log(2.0)])).round(12)
        array([[0.  , 0.  ],
               [0.  , 0.75]])
    """
    A = matrices(A, "sinhm")
    return (_ops.expm(A) - _ops.expm(-A)) / 2


def tanhm(A: ArrayLike) -> Value:
    """The hyperbolic tangent of square matrices, ``coshm(A)^-1 sinhm(A)``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.tanhm(np.diag([0.0, np.arctanh(0.5)])).round(12)
        array([[0. , 0. ],
               [0. , 0.5]])
    """
    return solve(coshm(A), sinhm(A))


def funm(A: ArrayLike, func: Function, disp: bool = True) -> Any:
    """The function of square matrices that a function of numbers is; always complex, as whether it is real depends on values.

    It is taken of the eigenvalues, in the basis of the eigenvectors, and differentiable to any order in `A` and in
    what `func` closes over: divided differences of `func` take the place of its derivative (Daleckii & Krein).
    Eigenvalues may be equal. Where eigenvectors are so near to being dependent that rounding errors would show, the
    result is NaN, for derivatives sooner than for values; `expm`, `logm`, `sqrtm`, `cosm` and their kin, the integer
    powers and `fractional_matrix_power` have no such limit.

    Args:
        A: matrices, shape ``(..., n, n)``.
        func: a function of complex numbers, analytic near the eigenvalues, that takes arrays element by element.
        disp: False to return an estimate of the relative error too.

    Raises:
        ShapeError: `A` is not square.

    Example:
        >>> a = np.array([[1.0, 2.0], [2.0, 1.0]])
        >>> bool(np.allclose(funm(a, lambda x: x**3), a @ a @ a))
        True
    """
    A = matrices(A, "funm")
    A = convert(A, _complex(A))
    if isinstance(A, Tracer):
        from ...transforms.jit import closure_convert
        from ...transforms.vmap import vmap

        one, parameters = closure_convert(func, np.zeros((), dtype_of(A)))

        def function(*parameters: Any) -> Any:
            every = vmap(one, (0, *[None] * len(parameters)))
            return judged(lambda x: reshape(every(reshape(x, (-1,)), *parameters), shape_of(x)))

        out = funm_p.bind(A, *parameters, function=function, order=0)
    else:
        out = funm_p.bind(A, function=lambda: judged(func), order=0)
    return out if disp else (out, along(judged(func), stop_gradient_p.bind(A), ())[1])


__all__ = [
    "coshm", "cosm", "expm", "expm_frechet", "fractional_matrix_power", "funm", "logm", "signm", "sinhm", "sinm", "sqrtm",
    "tanhm", "tanm",
]  # fmt: skip
