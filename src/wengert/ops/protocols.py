"""NumPy's ``__array_ufunc__`` on tracers: ``np.sin(t)``, ``array * t``, ``np.add.reduce(t)``, ``np.add.at``, ``out=``.

The functions that NumPy dispatches by ``__array_function__`` have their table in `wengert.numpy.protocols`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Primitive, Tracer, Value, ValueTracer, as_value, ndim_of, shape_of
from ..errors import NotSupportedError, ObjectArrayError, user_operation
from . import elementwise as ew
from . import indexing, memory, selection, shape, writing

ndarray = np.ndarray
_BINDS: dict[Any, Callable[..., Any]] = {
    p.function: p.bind
    for p in Primitive.registry.values()
    if isinstance(p, ew.Elementwise) and isinstance(p.function, np.ufunc)
}
# What NumPy may be asked for that makes no difference to the values.
IMMATERIAL = frozenset({"casting", "order", "subok", "signature", "device"})


def array_ufunc(self: Tracer, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """The operation of the same name. Hot: guarded by the benchmarks `eager.numpy_*`."""
    if method == "__call__" and not kwargs:
        bind = _BINDS.get(ufunc)
        if bind is not None:
            try:
                return bind(*[a if isinstance(a, (Tracer, ndarray)) else as_value(a) for a in inputs])
            except ObjectArrayError:
                return bind(*[memory.unpacked(a) for a in inputs])
    replaceable = "out" in kwargs and _can_be_replaced(kwargs["out"], sys.getrefcount(kwargs["out"][0]))
    inputs = tuple(memory.unpacked(a) for a in inputs)
    if any(type(a) is selection.Selection for a in inputs):
        return NotImplemented
    if method == "at":
        return _at(ufunc, *inputs)
    out = kwargs.pop("out", None)
    kwargs = {k: v for k, v in kwargs.items() if k not in IMMATERIAL and v is not None or k == "axis"}
    if method == "__call__":
        return _call(ufunc, inputs, out, replaceable, **kwargs)
    if method == "reduce":
        result = _reduce(ufunc, *inputs, **kwargs)
    elif method == "accumulate":
        result = _accumulate(ufunc, *inputs, **kwargs)
    elif method == "reduceat":
        result = _reduceat(ufunc, *inputs, **kwargs)
    else:
        x, y = (as_value(a) for a in inputs)
        result = _call(ufunc, (shape.reshape(x, shape_of(x) + (1,) * ndim_of(y)), y), None, False, **kwargs)
    return result if out is None else stored(out[0], result, f"np.{ufunc.__name__}.{method}", replaceable)


def _namespace() -> Any:
    from .. import numpy

    return numpy


def operation(ufunc: Any) -> Callable[..., Any]:
    """The function of `wengert.numpy` (or a primitive) that a ufunc is here."""
    found = getattr(_namespace(), ufunc.__name__, None) or _BINDS.get(ufunc)
    if found is None:
        raise NotSupportedError(
            f"np.{ufunc.__name__} has no derivative rule here; write it with the functions of wengert.numpy, or give "
            f"your function a rule with custom_jvp"
        )
    return found


def _call(
    ufunc: Any, inputs: Any, out: Any, replaceable: bool, where: Any = True, dtype: Any = None, **kwargs: Any
) -> Any:
    name = f"np.{ufunc.__name__}"
    f = operation(ufunc)
    if dtype is not None:
        inputs = [ew.convert(as_value(a), dtype) for a in inputs]
    if where is True:
        result = f(*inputs, **kwargs)
    elif out is None:
        raise NotSupportedError(
            f"{name}(..., where=mask) leaves the other elements undefined; say what they are: "
            f"{name}(..., where=mask, out=np.zeros_like(x)), or np.where(mask, {name}(...), 0.0)"
        )
    else:
        with np.errstate(all="ignore"):  # the elements that are left out may be anything
            result = f(*inputs, **kwargs)
        result = ew.where(as_value(where), result, as_value(out[0]))
    if out is None:
        return result
    if isinstance(result, tuple):
        return tuple(r if o is None else stored(o, r, name) for o, r in zip(out, result, strict=True))
    return stored(out[0], result, name, replaceable)


# --- out= -------------------------------------------------------------------------------------------------------


def stored(target: Any, result: Any, name: str, replaceable: bool = False) -> Any:
    """`result` written into the array that was given as ``out=``; returned instead of it if that goes unnoticed."""
    if isinstance(target, ValueTracer):
        return writing.assign(target, writing.fitting(result, target, name))
    if type(target) is ndarray and not isinstance(result, Tracer):
        target[...] = result
        return target
    if type(target) is ndarray and replaceable:
        return writing.fitting(result, target, name)
    raise NotSupportedError(
        f"{name} cannot write a traced result into a plain NumPy array that is used elsewhere: write x = x + y for "
        f"x += y, or make the array from a traced one (np.zeros_like(x), np.zeros(n, like=x))"
    )


class _Probe:
    """Counts how often an array given as ``out=`` is referred to, as seen from `array_ufunc`."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return sys.getrefcount(kwargs["out"][0])


def _counts() -> tuple[int, int]:
    """What the probe sees of an array that one variable holds in ``x += y``, and of one made in the call."""
    probe: Any = _Probe()
    x: Any = np.zeros(1)
    x += probe
    return x, np.add(probe, 1.0, out=np.zeros(1))  # type: ignore[return-value]


_IN_PLACE, _OUT = _counts()


def _can_be_replaced(out: tuple[Any, ...], count: int) -> bool:
    """Whether another array can take its place unnoticed: it is made in the call, or ``x += y`` binds its one name anew."""
    if len(out) != 1 or type(out[0]) is not ndarray or out[0].base is not None:
        return False
    return count <= _OUT or (count <= _IN_PLACE and _caller_binds_anew())


def _caller_binds_anew() -> bool:
    """Whether the user's line is an operator such as ``+=``, whose result takes the place of the array."""
    name, argument = user_operation()
    # the operators in place follow the thirteen others
    return name.startswith("INPLACE_") or (name == "BINARY_OP" and argument >= 13)


# --- methods of ufuncs ------------------------------------------------------------------------------------------

_REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}
_RUNNING = {"add": "cumsum", "multiply": "cumprod"}


def _rows(x: Value, axis: int) -> list[Value]:
    x = shape.moveaxis(x, axis, 0)
    return [indexing.getitem(x, i) for i in range(shape_of(x)[0])]


def _reduce(ufunc: Any, x: Any, axis: Any = 0, **kwargs: Any) -> Any:
    name = _REDUCTIONS.get(ufunc.__name__)
    x = x if isinstance(x, Tracer) else as_value(x)
    if name is not None:
        return getattr(_namespace(), name)(x, axis=axis, **kwargs)
    keepdims, initial = kwargs.pop("keepdims", False), kwargs.pop("initial", None)
    if kwargs or not isinstance(axis, (int, np.integer)):
        raise NotSupportedError(
            f"np.{ufunc.__name__}.reduce takes one axis here, and of the options keepdims and initial"
        )
    f, rows = operation(ufunc), _rows(x, int(axis))
    if initial is not None:
        rows = [as_value(initial), *rows]
    if not rows:
        raise ValueError(f"zero-size array to reduction operation {ufunc.__name__} which has no identity")
    total = rows[0]
    for row in rows[1:]:
        total = f(total, row)
    return shape.expand_dims(total, axis) if keepdims else total


def _accumulate(ufunc: Any, x: Any, axis: int = 0, **kwargs: Any) -> Any:
    name = _RUNNING.get(ufunc.__name__)
    if name is not None:
        return getattr(_namespace(), name)(x, axis=axis, **kwargs)
    f, rows = operation(ufunc), _rows(as_value(x), axis)
    for i in range(1, len(rows)):
        rows[i] = f(rows[i - 1], rows[i])
    return shape.stack(rows, axis) if rows else x


def _reduceat(ufunc: Any, x: Any, indices: Any, axis: int = 0, **kwargs: Any) -> Any:
    x, starts = as_value(x), np.asarray(indices)
    x = shape.moveaxis(x, axis, 0)
    n = shape_of(x)[0]
    parts = []
    for i, start in enumerate(starts):
        stop = int(starts[i + 1]) if i + 1 < len(starts) else n
        piece = indexing.getitem(x, slice(int(start), stop if stop > start else int(start) + 1))
        parts.append(_reduce(ufunc, piece, 0, **kwargs))
    return shape.stack(parts, axis)


_SCATTERS: dict[str, tuple[Primitive, Callable[[Any], Any]]] = {
    "add": (indexing.scatter_add_p, lambda v: v),
    "subtract": (indexing.scatter_add_p, lambda v: -as_value(v)),
    "multiply": (indexing.scatter_mul_p, lambda v: v),
    "divide": (indexing.scatter_mul_p, lambda v: 1.0 / as_value(v)),
    "maximum": (indexing.scatter_max_p, lambda v: v),
    "minimum": (indexing.scatter_min_p, lambda v: v),
}


def _at(ufunc: Any, x: Any, key: Any, *values: Any) -> None:
    if not isinstance(x, ValueTracer):
        raise NotSupportedError(
            f"np.{ufunc.__name__}.at cannot write traced values into a plain NumPy array: make it from a traced one "
            f"(np.zeros_like(x), np.zeros(n, like=x))"
        )
    if ufunc.__name__ in _SCATTERS:
        primitive, prepared = _SCATTERS[ufunc.__name__]
        writing.scatter(x, primitive, key, prepared(values[0]))
        return
    f, array = operation(ufunc), memory.writable(x)
    positions, store = writing.positions(array, key), array.memory
    if isinstance(positions, Tracer):
        raise NotSupportedError(f"np.{ufunc.__name__}.at needs indices that are known; write x[i] = f(x[i], v)")
    given = [shape.reshape(shape.broadcast_to(as_value(v), positions.shape), (-1,)) for v in values]
    for i, position in enumerate(positions.reshape(-1)):  # one after the other, as places may repeat
        place = np.array([position])
        old = indexing.getitem(shape.reshape(store.now(), (-1,)), place)
        store.put(place, f(old, *[indexing.getitem(v, slice(i, i + 1)) for v in given]))
