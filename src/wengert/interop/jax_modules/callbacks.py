"""`jax.pure_callback` and `jax.experimental.io_callback`: Python functions of known values in programs."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from ... import trees
from ...config import canonical_dtype
from ...core import INNERMOST, ValueTracer
from ...errors import WengertError
from ...transforms import callbacks
from ...transforms.batching import BatchTracer
from ...transforms.jit import ShapeDtypeStruct
from ...transforms.staging import StagingTracer
from ..border import lift, lower, lowered, lowered_with

_METHODS = (None, "sequential", "sequential_unrolled", "expand_dims", "broadcast_all", "legacy_vectorized")


def _told(result_shape_dtypes: Any) -> Any:
    structs = trees.leaves(result_shape_dtypes)
    told = [ShapeDtypeStruct(tuple(s.shape), canonical_dtype(s.dtype)) for s in structs]
    return lowered_with(result_shape_dtypes, told)


class JaxRuntimeError(WengertError, RuntimeError):
    """A Python function that a program called has raised; JAX says it with the text of the traceback, and so do libraries ask."""


def _reporting(callback: Callable[..., Any]) -> Callable[..., Any]:
    """A function that programs call: what it raises comes as a `JaxRuntimeError`, unless it is called at once."""
    if getattr(INNERMOST, "trace", None) is None:
        return callback

    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except WengertError:
            raise
        except Exception as error:
            text = f"INTERNAL: CpuCallback error calling callback: {traceback.format_exc()}"
            raise JaxRuntimeError(text) from error

    return function


def _converted(callback: Callable[..., Any]) -> Callable[..., Any]:
    """The function, of `jax.Array`s."""
    called = _reporting(callback)

    def function(*args: Any, **kwargs: Any) -> Any:
        return lower(called(*lift(args), **lift(kwargs)))

    function.__name__ = getattr(callback, "__name__", type(callback).__name__)
    return function


def _is_batched(tree: Any) -> bool:
    """Whether some array of a tree is one of many under `vmap`."""
    for x in trees.leaves(lower(tree)):
        value = x
        while isinstance(value, ValueTracer) and not isinstance(value, StagingTracer):
            if isinstance(value, BatchTracer):
                return True
            value = value.first
    return False


def pure_callback(
    callback: Callable[..., Any], result_shape_dtypes: Any, *args: Any, sharding: Any = None, vmap_method: str | None = None,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """The results of a Python function of known values, called whenever the program runs.

    Args:
        callback: a function of arrays that gives arrays of the shapes and dtypes of `result_shape_dtypes`.
        result_shape_dtypes: a tree of objects with a shape and a dtype.
        args, kwargs: trees of arrays.
        sharding: where it is called; there is one place.
        vmap_method: what happens under `vmap`: "sequential" calls once for each example, as all others do here; None raises.

    Raises:
        NotImplementedError: under `vmap`, `vmap_method` is None.
        ValueError: another `vmap_method`.
        JaxRuntimeError: when it runs, the results have other shapes, or in a program the function raises.
    """
    if vmap_method not in _METHODS:
        raise ValueError(f"vmap_method must be on of the allowed methods {list(_METHODS[1:])}, but got: {vmap_method}")
    if vmap_method is None and _is_batched((args, kwargs)):
        raise NotImplementedError(
            f"vmap is only supported for the pure_callback primitive when vmap_method is one of "
            f"{', '.join(map(repr, _METHODS[1:]))}. Got vmap_method=None"
        )
    return lift(
        callbacks.pure_callback(_converted(callback), _told(result_shape_dtypes), *lower(args), **lower(kwargs))
    )


def io_callback(
    callback: Callable[..., Any],
    result_shape_dtypes: Any,
    *args: Any,
    sharding: Any = None,
    ordered: bool = False,
    **kwargs: Any,
) -> Any:
    """The results of a Python function with effects: it is called as often as the program says, in its order.

    Args:
        callback: a function of arrays that gives arrays of the shapes and dtypes of `result_shape_dtypes`, or None.
        result_shape_dtypes: a tree of objects with a shape and a dtype, or None.
        args, kwargs: trees of arrays.
        sharding: where it is called; there is one place.
        ordered: calls come in the order of the program in any case.
    """
    if ordered and _is_batched((args, kwargs)):
        raise ValueError("Cannot `vmap` ordered IO callback.")
    if not trees.leaves(result_shape_dtypes):
        from ... import debug

        debug.callback(lowered(_reporting(callback)), *lower(args), ordered=ordered, **lower(kwargs))
        return result_shape_dtypes
    return lift(
        callbacks.pure_callback(_converted(callback), _told(result_shape_dtypes), *lower(args), **lower(kwargs))
    )


def debug_callback(
    callback: Callable[..., None], *args: Any, ordered: bool = False, partitioned: bool = False, **kwargs: Any
) -> None:
    """`wengert.debug.callback`: a Python function called with the values that arguments have when the program runs."""
    from ... import debug

    called = _reporting(callback)

    def function(*a: Any, **k: Any) -> None:
        called(*lift(a), **lift(k))

    function.__name__ = getattr(callback, "__name__", type(callback).__name__)
    debug.callback(function, *lower(args), ordered=ordered, **lower(kwargs))


__all__ = ["debug_callback", "io_callback", "pure_callback"]
