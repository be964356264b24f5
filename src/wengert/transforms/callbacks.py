"""`pure_callback`: a Python function of NumPy arrays inside traced and compiled code. The primitive is `host_call_p`.

`called_outside` is the same where nobody says what the function gives: an example says it, where one is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import Aval, Tracer, Value, as_array, dtype_of, shape_of
from ..errors import ArgumentError, DtypeError, NotSupportedError, ShapeError
from ..ops.host import host_call_p
from ..vocabulary import Function
from .batching import BatchTracer
from .function import check_callable, name_of, shown
from .plain import NotPlain, plain
from .staging import StagingTracer


class _OnLeaves:
    """A function of pytrees as one of their leaves."""

    anew = True

    def __init__(self, f: Callable[..., Any], tree: Any, out_tree: Any, avals: tuple[Aval, ...]) -> None:
        self.f, self.tree, self.out_tree, self.avals = f, tree, out_tree, avals
        self.__name__ = name_of(f)

    def __call__(self, *leaves: Value) -> list[Any]:
        args, kwargs = trees.unflatten(self.tree, leaves)
        found, tree = trees.flatten(self.f(*args, **kwargs))
        if tree != self.out_tree:
            trees.check_same_structure(self.out_tree, tree, f"pure_callback: what {name_of(self.f)} returned")
        for path, x, a in zip(trees.key_paths(tree), found, self.avals, strict=True):
            self._check(np.asarray(x), a, trees.keystr(path))
        return found

    def _check(self, x: np.ndarray, a: Aval, path: str) -> None:
        where = f"pure_callback: {name_of(self.f)} returned{path and f' at {path}'} an array of "
        if x.shape != a.shape:
            raise ShapeError(f"{where}shape {x.shape}, result_shape_dtypes says {a.shape}")
        if not np.can_cast(x.dtype, a.dtype, "same_kind"):  # what is lost would be lost silently
            raise DtypeError(f"{where}dtype {x.dtype}, result_shape_dtypes says {a.dtype}")


def example_of(x: Any) -> Any:
    """A plain value that a traced argument has: of a batch the first, of a Program that is being written that of the call at hand.

    Raises:
        NotPlain: there is none.
    """
    while isinstance(x, Tracer):
        try:
            return plain(x)[0]
        except NotPlain as inner:
            x = inner.args[0]
        if isinstance(x, BatchTracer):
            if not x._trace.size:
                raise NotPlain(x)
            x = x.value[0]
        elif isinstance(x, StagingTracer) and x._trace.examples is not None:
            x = x._trace._evaluate(x.atom)
        else:
            raise NotPlain(x)
    return x


def found_with_example(function: Function, values: Sequence[Value]) -> Any:
    """What a function of plain arrays gives for an example of the values, or for ones where there is none.

    Raises:
        NotPlain: there is no example, and the function fails for ones.
    """
    try:
        return function(*[example_of(v) for v in values])
    except NotPlain as error:
        try:
            return function(*[np.ones(shape_of(v), dtype_of(v))[()] for v in values])
        except Exception:
            raise error from None


def called_outside(function: Callable[..., list[Any]], values: Sequence[Value]) -> list[Any]:
    """``function(*values)`` of plain arrays, one example at a time.

    Raises:
        NotPlain: what it gives is not known (`found_with_example`).
    """
    avals = tuple([Aval(np.shape(o), np.asarray(o).dtype) for o in found_with_example(function, values)])
    return host_call_p.bind(*[as_array(v) for v in values], function=function, avals=avals)


def pure_callback(
    callback: Function,
    result_shape_dtypes: Any,
    *args: Any,
    vmap_method: str | None = "sequential",
    **kwargs: Any,
) -> Any:
    """Call a Python function that is no array code (``math``, another library, a simulator) from transformed functions.

    Under `jit` it is called with NumPy arrays in each run, under `vmap` once for each example. It has no derivative: give
    the function around it a rule with `custom_jvp` or `custom_vjp`.

    Args:
        callback: a function without effects, from NumPy arrays to what `result_shape_dtypes` says.
        result_shape_dtypes: a pytree of `ShapeDtypeStruct`s or arrays: structure, shapes and dtypes of the result.
        args, kwargs: pytrees of arrays.
        vmap_method: "sequential", or None, which means that.

    Raises:
        ShapeError, DtypeError, TreeError: when called, the result is not what was said.
        NotDifferentiableError: it is differentiated without a rule.

    Example:
        >>> import math, wengert
        >>> f = lambda x: wengert.pure_callback(math.gamma, wengert.ShapeDtypeStruct((), float), x)
        >>> float(wengert.jit(f)(5.0))
        24.0
    """
    __tracebackhide__ = True
    try:
        check_callable(callback, "pure_callback")
        if vmap_method not in ("sequential", None):
            raise NotSupportedError(f"pure_callback: vmap_method is 'sequential', got {vmap_method!r}")
        shapes, out_tree = trees.flatten(result_shape_dtypes)
        for s in shapes:
            if not hasattr(s, "shape") or not hasattr(s, "dtype"):
                raise ArgumentError(
                    f"pure_callback: result_shape_dtypes holds wengert.ShapeDtypeStruct(shape, dtype) or arrays, such as "
                    f"ShapeDtypeStruct((), float) for a number; got {s!r}"
                )
        leaves, tree = trees.flatten((args, kwargs))
        avals = tuple(Aval(tuple(s.shape), np.dtype(s.dtype)) for s in shapes)
        outs = host_call_p.bind(
            *[as_array(x) for x in leaves], function=_OnLeaves(callback, tree, out_tree, avals), avals=avals
        )
        return trees.unflatten(out_tree, outs)
    except Exception as error:
        raise shown(error)


__all__ = ["called_outside", "example_of", "found_with_example", "pure_callback"]
