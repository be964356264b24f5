"""`scipy.sparse.linalg.LinearOperator` of traced vectors, and of functions or matrices with traced values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import TRACED, as_array, dtype_of, ndim_of, shape_of
from .entry import Entry
from .sparse_entries import is_sparse

Named = dict[str, Any]


def marked(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> None:
    """``__init__`` of an operator with traced values: its methods are answered for plain vectors too."""
    vars(args[0])[TRACED] = True
    entry.original(*args, **kwargs)


def on_vector(name: str, turned: bool) -> Callable[..., Any]:
    """`matvec` and `rmatvec`, by what the operator has under the name with an underscore."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        operator, x = args
        x = as_array(x)
        m, n = operator.shape[::-1] if turned else operator.shape
        if shape_of(x) not in ((n,), (n, 1)):
            raise ValueError("dimension mismatch")
        return wnp.reshape(getattr(operator, name)(x), (m,) if ndim_of(x) == 1 else (m, 1))

    return answer


def on_matrix(name: str, turned: bool) -> Callable[..., Any]:
    """`matmat` and `rmatmat`."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        operator, x = args
        x = x if is_sparse(x) else as_array(x)
        if not is_sparse(x) and ndim_of(x) != 2:
            raise ValueError(f"expected 2-d ndarray or matrix, not {ndim_of(x)}-d")
        n = operator.shape[0 if turned else 1]
        if x.shape[0] != n:
            raise ValueError(f"dimension mismatch: {operator.shape}, {x.shape}")
        return getattr(operator, name)(x)

    return answer


def dot(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`dot`, which ``@`` and a call are: another operator, a number, a vector or a matrix."""
    operator, x = args
    if _is_operator(x):
        return _marked(entry.original(operator, x))
    x = x if is_sparse(x) else as_array(x)
    if not is_sparse(x) and ndim_of(x) == 0:
        return _scaled(operator, x)
    if not is_sparse(x) and (ndim_of(x) == 1 or shape_of(x)[1:] == (1,)):
        return operator.matvec(x)
    return operator.matmat(x)


def from_left(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """``x @ operator``, by the adjoint."""
    operator, x = args
    if _is_operator(x):
        return _marked(entry.original(operator, x))
    x = as_array(x)
    if ndim_of(x) == 0:
        return _scaled(operator, x)
    if ndim_of(x) == 1:
        return wnp.conj(operator.rmatvec(wnp.conj(x)))
    return wnp.transpose(wnp.conj(operator.rmatmat(wnp.conj(wnp.transpose(x)))))


def _is_operator(x: Any) -> bool:
    from scipy.sparse.linalg import LinearOperator

    return isinstance(x, LinearOperator)


def _marked(operator: Any) -> Any:
    vars(operator)[TRACED] = True
    return operator


def _scaled(operator: Any, factor: Any) -> Any:
    from scipy.sparse.linalg import LinearOperator

    make: Any = LinearOperator
    return make(
        operator.shape,
        matvec=lambda v: factor * operator.matvec(v),
        rmatvec=lambda v: wnp.conj(factor) * operator.rmatvec(v),
        dtype=np.result_type(operator.dtype, dtype_of(factor)),
    )


def set_dtype(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> None:
    """`_init_dtype`: that of the product with a vector."""
    operator = args[0]
    if operator.dtype is None:
        operator.dtype = dtype_of(operator.matvec(np.ones(operator.shape[-1])))


def by_matrix(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`_matmat` of an operator that is a matrix."""
    operator, x = args
    return operator.A @ x


KINDS = [
    *(f"{k}LinearOperator" for k in "Custom Adjoint Transposed Sum Product Scaled Power".split()),
    "AdjointMatrixOperator",
]
ANSWERS: dict[str, Any] = {
    "sparse.linalg.LinearOperator.matvec": on_vector("_matvec", turned=False),
    "sparse.linalg.LinearOperator.rmatvec": on_vector("_rmatvec", turned=True),
    "sparse.linalg.LinearOperator.matmat": on_matrix("_matmat", turned=False),
    "sparse.linalg.LinearOperator.rmatmat": on_matrix("_rmatmat", turned=True),
    "sparse.linalg.LinearOperator.dot": dot,
    "sparse.linalg.LinearOperator._rdot": from_left,
    "sparse.linalg.LinearOperator._init_dtype": set_dtype,
    "sparse.linalg.MatrixLinearOperator.__init__": marked,
    "sparse.linalg.MatrixLinearOperator._matmat": by_matrix,
    **{f"sparse.linalg._{kind}.__init__": marked for kind in KINDS},
}

__all__ = ["ANSWERS"]
