"""Transposes of linear functions: `linear_transpose`, and `transpose_flat` for functions of values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import (
    NUMPY_TYPES,
    Tracer,
    Value,
    aval_of,
    inexact_dtype,
)
from ..errors import (
    DtypeError,
    NotLinearError,
)
from ..ops.support import Support
from ..prefixes import leaves_or_none
from ..vocabulary import Function
from .forward import strong
from .function import (
    check_callable,
    name_of,
    shown,
    values_of,
)
from .ownership import own_results
from .reverse import check_cotangent
from .tape import INPUT, Tape, pull_back, pull_back_supported

ndarray = np.ndarray


def transpose_flat(
    f: Callable[..., Sequence[Value]],
    avals: Sequence[Any],
    cotangents: Callable[[Sequence[Any]], Sequence[Value | None]],
    masked: bool = False,
    keeps: bool = False,
) -> list[Value | None]:
    """Transpose a linear function of values: trace it on linear tracers of `avals`, pull `cotangents(outputs)` back.

    Args:
        keeps: whether `f` is a user's function, which may change plain arrays in place.
    """
    nodes, out_nodes, outs = _linear_steps(f, avals, keeps)
    return pull_back(nodes, len(avals), out_nodes, cotangents(outs), masked, True)


def transpose_supported(
    f: Callable[..., Sequence[Value]],
    avals: Sequence[Any],
    cotangents: Sequence[Value | None],
    supports: Sequence[Support | None],
) -> tuple[list[Value | None], list[Support | None]]:
    """The same for cotangents of which the supports are known: cotangents of the arguments, and theirs."""
    nodes, out_nodes, _ = _linear_steps(f, avals)
    return pull_back_supported(nodes, len(avals), out_nodes, cotangents, supports)


def _linear_steps(
    f: Callable[..., Sequence[Value]], avals: Sequence[Any], keeps: bool = False
) -> tuple[list[Any], list[Any], list[Any]]:
    """The steps of a linear function, those that its results are, and the results."""
    tape = Tape()
    tape.keeps = keeps
    inputs = [tape.append(INPUT, (), None, a.shape, a.dtype) for a in avals]
    try:
        outs = list(f(*inputs))
        nodes = tape.close()
    finally:
        tape.close()
    out_nodes = [o if tape.owns(o) else None for o in outs]
    for o, node in zip(outs, out_nodes, strict=True):
        if node is None and (isinstance(o, Tracer) or np.any(np.asarray(o) != 0)):
            raise NotLinearError("the function has a result that is constant and not zero: it is affine, not linear")
    return nodes, out_nodes, outs


def linear_transpose(f: Function, *primals: Any, reduce_axes: Sequence[Any] = ()) -> Function:
    """The transpose of a function that is promised to be linear.

    Args:
        f: a linear function of arrays.
        primals: examples of its arguments; only shapes and dtypes are used (`eval_shape`'s results will do).

    Returns:
        A function from a cotangent, shaped as the result of `f`, to a tuple of cotangents of the arguments.

    Raises:
        NotLinearError: when called, if `f` is not linear.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> transposed = wengert.linear_transpose(lambda x: wnp.array([[1.0, 2.0], [3.0, 4.0]]) @ x, wnp.zeros(2))
        >>> transposed(wnp.array([1.0, 0.0]))[0]
        array([1., 2.])
    """
    check_callable(f, "linear_transpose")
    leaves, tree = trees.flatten(tuple(primals))
    numbers = [
        0.0 if hasattr(x, "shape") and hasattr(x, "dtype") and not isinstance(x, NUMPY_TYPES) else x for x in leaves
    ]
    values = values_of(numbers, tree, "linear_transpose", f, "primals")
    avals = [x if hasattr(x, "shape") else aval_of(v) for v, x in zip(values, leaves, strict=True)]
    for a in avals:
        if not inexact_dtype(np.dtype(a.dtype)):
            raise DtypeError(f"linear_transpose needs float or complex arguments, got dtype {a.dtype}")

    def transposed(cotangent: Any) -> Any:
        __tracebackhide__ = True
        try:
            out_tree: Any = None

            def run(*values: Value) -> Sequence[Value]:
                nonlocal out_tree
                out_leaves, out_tree = trees.flatten(f(*trees.unflatten(tree, values)))
                return out_leaves

            def fitted(outs: Sequence[Any]) -> Sequence[Value | None]:
                cts = leaves_or_none(out_tree, cotangent, "linear_transpose: the cotangent")
                return [check_cotangent(ct, o, True, what="linear_transpose") for ct, o in zip(cts, outs, strict=True)]

            grads = transpose_flat(run, avals, fitted, keeps=True)
            results = [
                np.zeros(a.shape, a.dtype) if g is None else strong(g) for a, g in zip(avals, grads, strict=True)
            ]
            return trees.unflatten(tree, own_results(results))
        except Exception as error:
            raise shown(error)

    transposed.__qualname__ = f"linear_transpose of {name_of(f)}"
    return transposed
