"""NumPy's ``__array_function__`` on tracers: ``np.sum(t)`` is the function of `wengert.numpy` of the same name.

The table is filled as functions are met. Functions that write into an argument (``np.copyto`` …), and those that make
arrays ``like=`` a traced one, stand here; ufuncs are in `wengert.ops.protocols`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from ..core import Tracer, ValueTracer, as_value, ndim_of, shape_of
from ..errors import NotSupportedError
from ..ops import elementwise as ew
from ..ops import indexing, memory, objects, writing
from ..ops.fits import check_written
from ..ops.masks import true_places
from ..ops.protocols import IMMATERIAL, stored
from ..ops.shape import broadcast_to, reshape
from ..ops.written import traced
from ..vocabulary import ArrayLike, DTypeLike, Function, Keywords, ShapeLike, Value

ndarray = np.ndarray
_TABLE: dict[Any, Callable[..., Any]] = {}
_OUTPUT = frozenset("savetxt save savez savez_compressed array2string array_repr array_str".split())


def array_function(function: Any, args: tuple[Any, ...], kwargs: Keywords) -> Value:
    """What a function of NumPy gives for arguments among which is a tracer. Guarded by the benchmarks `eager.numpy_*`."""
    handler = _TABLE.get(function)
    if handler is None:
        handler = _TABLE[function] = _handler(function)
    return handler(*args, **kwargs)


def _handler(function: Any) -> Function:
    """How calls of a function of NumPy are handled; found once for each."""
    name = function.__name__
    if function in _WRITERS:
        return _WRITERS[function]
    if function in _MAKERS:
        return _MAKERS[function]
    ours = counterpart(function)
    if ours is None and name in _OUTPUT:
        raise NotSupportedError(
            f"np.{name} needs the values of an array under transformation: return it from the function and call np.{name} "
            f"on the result, or call it in a function that wengert.debug.callback is given"
        )
    if ours is None and isinstance(written := getattr(function, "_implementation", None), FunctionType):
        return written  # NumPy's text, of functions that are here: np.emath, np.polynomial and what is still to come
    if ours is None:
        raise NotSupportedError(
            f"{function.__module__}.{name} has no derivative rule here; write it with the functions of wengert.numpy, or "
            f"give your function a rule with custom_jvp"
        )
    try:
        known = frozenset(inspect.signature(ours).parameters)
    except (TypeError, ValueError):
        known = frozenset(IMMATERIAL)
    dropped = IMMATERIAL - known
    where = f"np.{name}"

    def call(*args: Any, **kwargs: Any) -> Any:
        out = None
        if kwargs:
            out = kwargs.pop("out", None)
            if dropped:
                kwargs = {k: v for k, v in kwargs.items() if k not in dropped}
        args = tuple([_unpacked(a) for a in args])
        result = ours(*args, **kwargs)
        if out is not None:
            return stored(out[0] if type(out) is tuple else out, result, where)
        if args and result is args[0] and isinstance(result, ValueTracer) and not hasattr(ours, "numpy_view"):
            return memory.copied(result)  # NumPy's is another array, into which something may be written
        return result

    return call


def _unpacked(a: ArrayLike) -> Any:
    if type(a) is ndarray:
        return objects.unpacked(a)
    if type(a) is list or type(a) is tuple:
        for item in a:
            if type(item) is ndarray and item.dtype.hasobject:
                return type(a)([_unpacked(v) for v in a])
    return a


def counterpart(function: Any) -> Function | None:
    """The function of `wengert.numpy` that goes by the name of one of NumPy's."""
    from .. import numpy as space

    module = getattr(function, "__module__", None) or ""
    if function is np.lib.stride_tricks.sliding_window_view:
        from .shaping import sliding_window_view

        return sliding_window_view
    if module in ("numpy.linalg", "numpy.fft"):
        space = getattr(space, module.rpartition(".")[2])
    elif module != "numpy":
        return None
    found = getattr(space, function.__name__, None)
    return found if callable(found) else None


# --- functions that write into their first argument -------------------------------------------------------------


def _array(x: ArrayLike, name: str) -> memory.MutableArray:
    if isinstance(x, Tracer):
        return memory.writable(x)
    array = traced(x)
    if array is None:
        raise NotSupportedError(
            f"np.{name} cannot write traced values into this plain NumPy array: make it from a traced one "
            f"(np.zeros_like(x), np.zeros(n, like=x))"
        )
    return array


def _copyto(dst: ArrayLike, src: ArrayLike, casting: str = "same_kind", where: Any = True) -> None:
    array = _array(dst, "copyto")
    if where is not True:
        src = ew.where(as_value(where), as_value(src), array.now())
    array.memory.put(array.shadow, writing.fitting(src, array, "np.copyto"))


def _put(a: ArrayLike, ind: ArrayLike, v: ArrayLike, mode: str = "raise") -> None:
    writing.put(_array(a, "put"), ind, v, mode)


def _place(arr: ArrayLike, mask: ArrayLike, vals: ArrayLike) -> None:
    array = _array(arr, "place")
    flat = true_places(reshape(ew.convert(as_value(mask), bool), (-1,)))[0]
    writing.put(array, flat, vals)


def _putmask(a: ArrayLike, mask: ArrayLike, values: ArrayLike) -> None:
    array = _array(a, "putmask")
    check_written(values, array.dtype)
    values, n = reshape(as_value(values), (-1,)), array.size
    if shape_of(values)[0] != n:
        values = indexing.getitem(values, np.arange(n) % shape_of(values)[0])
    array.memory.put(array.shadow, ew.where(as_value(mask), reshape(values, array.shape), array.now()))


def _fill_diagonal(a: ArrayLike, val: ArrayLike, wrap: bool = False) -> None:
    array = _array(a, "fill_diagonal")
    flags = np.zeros(array.shape, bool)
    np.fill_diagonal(flags, True, wrap)
    writing.put(array, np.flatnonzero(flags), val)


def _put_along_axis(arr: ArrayLike, indices: ArrayLike, values: ArrayLike, axis: int | None) -> None:
    array = _array(arr, "put_along_axis")
    check_written(values, array.dtype)
    positions = indexing.take_along_axis(array.shadow, indices, axis)
    array.memory.put(positions, broadcast_to(as_value(values), shape_of(positions)))


_WRITERS: dict[Any, Callable[..., Any]] = {
    np.copyto: _copyto,
    np.put: _put,
    np.place: _place,
    np.putmask: _putmask,
    np.fill_diagonal: _fill_diagonal,
    np.put_along_axis: _put_along_axis,
}

# --- functions that make arrays, with like= ---------------------------------------------------------------------


def _maker(function: Any) -> Function:
    def make(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop("like", None)
        return memory.new_array(np.asarray(function(*args, **kwargs)))

    return make


def _made(
    object: Any, dtype: DTypeLike = None, *, copy: Any = True, order: Any = None, ndmin: int = 0, **_: Any
) -> Any:  # noqa: A002
    """``np.array(…, like=t)`` and its kin."""
    from .creation import array

    x = objects.unpacked(object)
    if not copy and isinstance(x, Tracer) and (dtype is None or np.dtype(dtype) == x.dtype) and ndim_of(x) >= ndmin:
        return x
    out = array(x, dtype, ndmin=ndmin)
    return memory.copied(out) if isinstance(out, Tracer) else memory.new_array(np.asarray(out))


def _as(a: ArrayLike, dtype: DTypeLike = None, order: Any = None, *, copy: Any = None, **_: Any) -> Any:
    return _made(a, dtype, copy=copy)


_MAKERS: dict[Any, Callable[..., Any]] = {
    **{f: _maker(f) for f in (np.zeros, np.ones, np.empty, np.eye, np.identity, np.tri, np.arange, np.fromfunction)},
    **{f: _maker(f) for f in (np.frombuffer, np.fromiter, np.fromstring, np.genfromtxt, np.loadtxt, np.fromfile)},
    **dict.fromkeys((np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require), _as),
    np.array: _made,
    np.full: lambda shape, fill_value, dtype=None, **_: _full(shape, fill_value, dtype),
}


def _full(shape: ShapeLike, fill_value: ArrayLike, dtype: DTypeLike) -> Any:
    from .creation import full

    out = full(shape, fill_value, dtype)
    return memory.copied(out) if isinstance(out, Tracer) else memory.new_array(np.asarray(out))
