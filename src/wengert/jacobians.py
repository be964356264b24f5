"""`jacobian` and `hessian`, and both with the value: dense ones at once, sparse ones by what the room `sparse` prepares.

Imported with the package, so SciPy is not imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import ArgumentError
from .transforms.derivatives import hessian as dense_hessian
from .transforms.derivatives import jacrev
from .transforms.signatures import P, R

_SPARSE = {"pattern": None, "colouring": "auto", "output": "csr", "chunk": None, "memory": None}


def _sparse(f: Any, order: int, argnums: Any, has_aux: bool, holomorphic: bool, value: bool, options: Any) -> Any:
    from .sparse.derivatives import SparseDerivative

    return SparseDerivative(f, order, argnums, has_aux, holomorphic, value, **options)


def _check_dense(what: str, options: dict[str, Any]) -> None:
    for name, value in options.items():
        if value != _SPARSE[name]:
            raise ArgumentError(f"{what}: {name} is for sparse=True")


def jacobian(
    f: Callable[P, Any],
    argnums: Any = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    *,
    sparse: bool = False,
    pattern: Any = None,
    colouring: Any = "auto",
    output: str = "csr",
    chunk: int | None = None,
    memory: int | None = None,
) -> Callable[P, Any]:
    """The Jacobian of a function.

    Args:
        f: a function of arrays and pytrees of them.
        argnums: the arguments it is differentiated by: an index, or several.
        has_aux: whether `f` returns a pair whose second part is not differentiated.
        holomorphic: whether `f` is complex differentiable, its inputs and results complex.
        allow_int: whether arguments of integers pass, with Jacobians of dtype float0 (dense ones alone).
        sparse: whether the result is a sparse matrix, computed by as few sweeps as its pattern allows. The pattern is found
            and coloured, and the sweeps are compiled, when the function is first called with arguments of these shapes.
        pattern: the pattern, a `wengert.sparse.Pattern` or a matrix, if it is not to be found.
        colouring: "column", "row", "bidirectional", an order such as "smallest_last", or a `wengert.sparse.Colouring`;
            "auto" takes the one that costs least.
        output: "csr", "csc" or "coo", arrays of `scipy.sparse`; "dense"; or "data", the entries in the order of CSR, which
            goes through other transformations.
        chunk: how many sweeps are alive at once. memory: about how many bytes they may take, in place of that.

    Returns:
        A function with the arguments of `f`. Dense, blocks as `jacfwd` has them. Sparse, a matrix whose rows are the
        elements of the result and whose columns are those of the input; for pytrees a tree of such blocks. It has a method
        ``prepare(*args)`` that does all preparation; with `has_aux` it returns a pair.

    Raises:
        DtypeError: an argument of a dtype that has no derivative of the kind asked for.
        ArgumentError: `argnums` do not fit the arguments, or options do not fit each other.
        ShapeError: `pattern` is not of this Jacobian.
        SparsityError: it was prepared for another pattern.

    Example:
        >>> import numpy as np, wengert
        >>> f = lambda x: x[1:] * x[:-1]
        >>> J = wengert.jacobian(f, sparse=True)
        >>> J(np.array([1.0, 2.0, 3.0])).toarray()
        array([[2., 1., 0.],
               [0., 3., 2.]])
        >>> wengert.jacobian(f)(np.array([1.0, 2.0, 3.0]))
        array([[2., 1., 0.],
               [0., 3., 2.]])
    """
    options = {"pattern": pattern, "colouring": colouring, "output": output, "chunk": chunk, "memory": memory}
    if sparse:
        if allow_int:
            raise ArgumentError("jacobian: allow_int is for dense Jacobians")
        return _sparse(f, 1, argnums, has_aux, holomorphic, False, options)
    _check_dense("jacobian", options)
    return jacrev(f, argnums, has_aux, holomorphic, allow_int)


def hessian(
    f: Callable[P, Any],
    argnums: Any = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    *,
    sparse: bool = False,
    pattern: Any = None,
    colouring: Any = "auto",
    output: str = "csr",
    chunk: int | None = None,
    memory: int | None = None,
) -> Callable[P, Any]:
    """The matrix of second derivatives of a function.

    Args and errors are those of `jacobian`. `colouring` is "star", of which entries are read, "acyclic", of fewer colours,
    of which they are found by subtraction, or "column".

    Returns:
        A function with the arguments of `f`. Dense, for a scalar result and an argument of shape ``s`` it gives an array of
        shape ``(*s, *s)``; for pytrees, trees of such blocks, as `jacfwd` of `jacrev` nests them. Sparse, a symmetric matrix
        whose rows and columns are the elements of the input; `f` must give one number then.

    Example:
        >>> import numpy as np, wengert
        >>> f = lambda x: np.sum(x[1:] ** 2 * x[:-1])
        >>> wengert.hessian(f)(np.array([1.0, 2.0, 3.0]))
        array([[0., 4., 0.],
               [4., 2., 6.],
               [0., 6., 4.]])
        >>> wengert.hessian(f, sparse=True)(np.array([1.0, 2.0, 3.0])).nnz
        6
    """
    options = {"pattern": pattern, "colouring": colouring, "output": output, "chunk": chunk, "memory": memory}
    if sparse:
        return _sparse(f, 2, argnums, has_aux, holomorphic, False, options)
    _check_dense("hessian", options)
    return dense_hessian(f, argnums, has_aux, holomorphic)


def value_and_jacobian(
    f: Callable[P, R], argnums: Any = 0, has_aux: bool = False, **options: Any
) -> Callable[P, tuple[R, Any]]:
    """A function that gives the value of `f` and its Jacobian, computed together.

    Args and errors are those of `jacobian`; with `has_aux` the result is ``((value, aux), jacobian)``.

    Example:
        >>> import numpy as np, wengert
        >>> value, J = wengert.value_and_jacobian(np.sin, sparse=True)(np.zeros(3))
        >>> value, J.diagonal()
        (array([0., 0., 0.]), array([1., 1., 1.]))
    """
    return _with_value(f, 1, argnums, has_aux, options)


def value_and_hessian(
    f: Callable[P, R], argnums: Any = 0, has_aux: bool = False, **options: Any
) -> Callable[P, tuple[R, Any]]:
    """A function that gives the value of `f` and its Hessian, computed together.

    Args and errors are those of `hessian`; with `has_aux` the result is ``((value, aux), hessian)``.

    Example:
        >>> import numpy as np, wengert
        >>> value, H = wengert.value_and_hessian(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
        >>> float(value), H.diagonal()
        (9.0, array([ 6., 12.]))
    """
    return _with_value(f, 2, argnums, has_aux, options)


def _with_value(f: Any, order: int, argnums: Any, has_aux: bool, options: dict[str, Any]) -> Any:
    what = "value_and_jacobian" if order == 1 else "value_and_hessian"
    unknown = set(options) - {"sparse", "holomorphic", *_SPARSE}
    if unknown:
        raise ArgumentError(f"{what} has no argument {min(unknown)!r}")
    options = dict(options)
    holomorphic = options.pop("holomorphic", False)
    if options.pop("sparse", False):
        return _sparse(f, order, argnums, has_aux, holomorphic, True, options)
    _check_dense(what, options)

    def both(*args: Any, **kwargs: Any) -> Any:
        out = f(*args, **kwargs)
        return (out[0], out) if has_aux else (out, out)

    made = (jacobian if order == 1 else hessian)(both, argnums, True, holomorphic)

    def call(*args: Any, **kwargs: Any) -> Any:
        derivative, value = made(*args, **kwargs)
        return (tuple(value) if has_aux else value), derivative

    call.__name__ = what
    return call


__all__ = ["hessian", "jacobian", "value_and_hessian", "value_and_jacobian"]
