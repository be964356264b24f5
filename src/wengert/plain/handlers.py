"""What is done in the place of C functions of NumPy and Python where a traced value is among the arguments."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import NUMPY_TYPES, OBJECTS, Tracer, as_value, inexact_dtype
from ..errors import ConcretizationError
from ..frames import FOREIGN, caller, is_library_frame
from ..ops import elementwise as ew
from ..ops import memory, objects, selection, writing
from ..ops.indexing import getitem
from ..ops.view_steps import settled_key
from ..ops.written import Written, state_of, traced
from ..vocabulary import DTypeLike, Function, Value

ndarray = np.ndarray
TRIAL: list[Any] = []  # of the installation: the value to wait for, and what came with it


def read(x: Value, key: Value) -> Any:
    """``x[key]`` of a plain array, the key traced."""
    if type(x) is not ndarray or x.dtype.hasobject:
        return NotImplemented
    chosen = selection.selection_of(x, key)
    if chosen is not None:
        return chosen
    return getitem(x, settled_key(_stacked(key))[0])


def _stacked(key: Value) -> Any:
    """Lists that hold traced indices as arrays."""
    if type(key) is list:
        return as_value(key)
    if type(key) is tuple:
        return tuple([as_value(k) if type(k) is list else k for k in key])
    return key


def write(x: Any, key: Value, value: Value) -> Any:
    """``x[key] = value`` of a plain array, one of them traced."""
    array = traced(x)
    if TRIAL and value is TRIAL[0]:
        TRIAL.append((id(x), key))
        return None
    if array is None:
        return NotImplemented
    writing.write(array, _stacked(key), value)
    return None


def write_flat(flat: Any, key: Any, value: Any) -> Any:
    """``x.flat[key] = value``."""
    array = traced(flat.base)
    if array is None:
        return NotImplemented
    array.flat[key] = value
    return None


def _is_compared() -> bool:
    return caller()[1].startswith("numpy.testing")


def _compared(x: Any) -> Any:
    """The values, of which nothing is differentiated."""
    found = _plain(x)
    if found is None:
        raise ConcretizationError(
            "a comparison of numpy.testing needs values, which jit and vmap do not have: compare the results outside, or in "
            "a function that wengert.debug.callback is given"
        )
    return found


# --- functions that make arrays ---------------------------------------------------------------------------------


# Modules of other libraries whose text computes with NumPy alone.
_COMPUTING = (
    "numpy.", "scipy._lib.", "scipy.interpolate._polyint", "scipy.interpolate._rbf", "scipy.signal.", "scipy.spatial.", "scipy.stats.",
)  # fmt: skip


def _asked_by_others() -> bool:
    """Whether it is another library that makes an array, whose error says what to do."""
    function, module = caller()
    if "_vectorize_call" in function or function == "_get_ufunc_and_otypes":
        return True
    return (
        module.startswith("numpy.ma.")
        or is_library_frame(sys._getframe(2))
        or (module.partition(".")[0] in FOREIGN and not module.startswith(_COMPUTING))
    )


def _states(x: Any) -> Any:
    """`x`, or a list, with traced arrays in the place of those that stand for one: NumPy would take their memory."""
    if type(x) in (list, tuple):
        out = [_states(v) for v in x]
        return x if all(map(operator.is_, out, x)) else type(x)(out)
    return state_of(x)


def _left(function: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
    """What NumPy itself makes of `x`, which asks a traced array for its values."""
    states = _states(x)
    return NotImplemented if states is x else function(states, *args, **kwargs)


_AS_NEEDED = (None, False, np._CopyMode.IF_NEEDED, np._CopyMode.NEVER)


def _made(x: Any, dtype: DTypeLike, copy: Any, ndmin: int = 0) -> Any:
    if dtype is not None:
        dtype = np.dtype(dtype)
        if dtype.kind not in "biufc":
            return _left(np.array, x, dtype, ndmin=ndmin)
    elif not _numbers(x):
        return _left(np.array, x, ndmin=ndmin)
    x = state_of(x)
    value = objects.unpacked(x) if type(x) is ndarray else x
    out = value if isinstance(value, Tracer) else as_value(value)
    if dtype is not None and dtype != out.dtype:
        out = ew.convert(as_value(out), dtype)
    elif copy not in _AS_NEEDED and isinstance(out, Tracer) and (out.shape or out.mutable):
        out = memory.copied(out)
    if isinstance(out, Tracer) and not out.shape:
        out = memory.without_axes(out)
    shape = out.shape
    if len(shape) < ndmin:
        out = out.reshape((1,) * (ndmin - len(shape)) + shape)
    return out


def _numbers(x: Any) -> bool:
    """Whether all that a list holds are numbers and arrays of them, so that NumPy would not make objects of it."""
    if isinstance(x, (list, tuple)):
        return all(map(_numbers, x))
    if isinstance(x, (Tracer, bool, int, float, complex)):
        return True
    return isinstance(x, NUMPY_TYPES) and (x.dtype.kind in "biufc" or x.dtype is OBJECTS)


def _array(
    object: Any,  # noqa: A002
    dtype: DTypeLike = None,
    *,
    copy: Any = True,
    order: Any = None,
    subok: bool = False,
    ndmin: int = 0,
    ndmax: int = 0,
    like: Any = None,
) -> Any:
    if like is not None or _asked_by_others():
        return _left(np.array, object, dtype, copy=copy, ndmin=ndmin, like=like)
    if _is_compared():
        return np.array(_compared(object), dtype, copy=copy, order=order, subok=subok, ndmin=ndmin)
    return _made(object, dtype, copy, ndmin)


def _asarray(
    a: Any, dtype: DTypeLike = None, order: Any = None, *, device: Any = None, copy: Any = None, like: Any = None
) -> Any:
    if like is not None or _asked_by_others():
        return _left(np.asarray, a, dtype, like=like)
    if _is_compared():
        return np.asarray(_compared(a), dtype, order)
    return _made(a, dtype, copy)


def _compiled_caller() -> bool:
    """Whether the code that calls np.ascontiguousarray is compiled: the last that is Python's has no name for it.

    Such code goes on to read the array's memory; of `scipy.spatial.ConvexHull` and its kin that ends the process.
    """
    frame = sys._getframe(2)
    wanted = (np.ascontiguousarray, np.asfortranarray)
    code, names = frame.f_code, {f.__name__ for f in wanted}
    if not names.isdisjoint(code.co_names) or not names.isdisjoint(c for c in code.co_consts if type(c) is str):
        return False
    known = [frame.f_globals.get(n) for n in code.co_names] + list(frame.f_locals.values())
    return not any(x is f for x in known for f in wanted)


def _contiguous(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    if like is not None or _asked_by_others() or _compiled_caller():
        return _left(np.asarray, a, dtype, like=like)
    return _made(a, dtype, None, 1)


def _arange(*args: Any, like: Any = None, **kwargs: Any) -> Any:
    if like is not None or _asked_by_others():
        return NotImplemented
    from ..numpy import arange

    return arange(*args, **kwargs)


MAKERS: dict[Any, Callable[..., Any]] = {
    np.arange: _arange,
    np.array: _array,
    np.asarray: _asarray,
    np.asanyarray: _asarray,
    np.ascontiguousarray: _contiguous,
    np.asfortranarray: _contiguous,
    np.frombuffer: lambda buffer, *args, **kwargs: state_of(buffer).data,  # which raises: there is no memory
}


# --- calls with lists -------------------------------------------------------------------------------------------


def _of_lists(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Arguments with arrays in the place of lists that hold traced values; NotImplemented where there is none."""
    if is_library_frame(sys._getframe(2)):
        return NotImplemented
    made = [_made(a, None, None) if type(a) in (list, tuple) and _numbers(a) else a for a in args]
    named = {k: _made(v, None, None) if type(v) is list and _numbers(v) else v for k, v in kwargs.items()}
    same = all(map(operator.is_, made, args)) and all(named[k] is v for k, v in kwargs.items())
    return NotImplemented if same else (made, named)


def of_ufunc(function: Any) -> Callable[..., Any]:
    """``np.exp([x, y])``: a universal function of lists."""

    def call(*args: Any, **kwargs: Any) -> Any:
        given = _of_lists(args, kwargs)
        return NotImplemented if given is NotImplemented else function(*given[0], **given[1])

    return call


def of_ufunc_method(name: str) -> Callable[[Any], Callable[..., Any]]:
    """``np.add.reduce([x, y])``."""

    def bind(function: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            given = _of_lists(args, kwargs)
            return NotImplemented if given is NotImplemented else getattr(function, name)(*given[0], **given[1])

        return call

    return bind


def of_dispatched(function: Any) -> Callable[..., Any]:
    """``np.sum([x, y])``: what NumPy's protocol would ask for, if it looked into lists."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if is_library_frame(sys._getframe(1)):
            return NotImplemented
        args = tuple([_states(a) if type(a) in (list, tuple) else a for a in args])
        from ..numpy.protocols import array_function

        return array_function(function, args, kwargs)

    return call


def scalar_type(kind: type) -> Callable[..., Any]:
    """``np.float64(x)``."""

    def make(x: Any = 0, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs or not _numbers(x):
            return NotImplemented
        return _made(x, kind, None)

    return make


# --- methods of plain arrays ------------------------------------------------------------------------------------


def _method(name: str, writes: bool) -> Callable[[Any], Function]:
    def bind(x: Any) -> Function:
        def call(*args: Any, **kwargs: Any) -> Any:
            if type(x) is ndarray and writes:
                array = traced(x)
                return NotImplemented if array is None else getattr(array, name)(*args, **kwargs)
            if type(x) is Written:
                return getattr(state_of(x), name)(*args, **kwargs)
            if type(x) is not ndarray or x.dtype.hasobject:
                return NotImplemented
            return getattr(Tracer, name)(x, *args, **kwargs)  # NumPy's asks the method again

        return call

    return bind


METHODS = {name: _method(name, True) for name in ("fill", "put")} | {
    name: _method(name, False) for name in ("take", "searchsorted", "choose", "repeat", "dot", "clip", "compress")
}

# --- Python's modules of elementary functions -------------------------------------------------------------------

_SAME = (
    "sin cos tan sinh cosh tanh exp exp2 expm1 log2 log10 log1p sqrt cbrt fabs copysign fmod degrees radians isnan isinf "
    "isfinite nextafter ldexp"
).split()
_NAMES: dict[str, Any] = {
    **{n: n for n in _SAME},
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
    "atan2": "arctan2", "pow": "power",
}  # fmt: skip
_SPECIAL = {"erf": "erf", "erfc": "erfc", "gamma": "gamma", "lgamma": "gammaln"}


def _integer(function: Any) -> Function:
    return lambda x: ew.convert(function(x), np.dtype(int))


def _log(x: Any, base: Any = None) -> Value:
    return np.log(x) if base is None else np.log(x) / np.log(base)


def _hypot(*xs: Any) -> Any:
    return np.linalg.norm(_stack(xs)) if xs else 0.0


def _dist(p: Any, q: Any) -> Any:
    return np.linalg.norm(_stack(p) - _stack(q))


def _stack(values: Any) -> Value:
    from ..ops.shape import stack

    return stack([as_value(v) for v in values])


def _product(values: Any, *, start: Any = 1) -> Any:
    out = start
    for v in values:
        out = out * v
    return out


def _remainder(x: Any, y: Any) -> Any:
    return x - y * np.round(x / y)


def _modf(x: Any) -> Any:
    whole = np.trunc(x)
    return x - whole, whole


def _isclose(a: Any, b: Any, *, rel_tol: float = 1e-9, abs_tol: float = 0.0) -> Value:
    near = np.abs(a - b) <= np.maximum(rel_tol * np.maximum(np.abs(a), np.abs(b)), abs_tol)
    return (a == b) | (near & ~np.isinf(a) & ~np.isinf(b))


_MATH: dict[str, Any] = {
    "floor": _integer(np.floor), "ceil": _integer(np.ceil), "trunc": _integer(np.trunc), "log": _log, "hypot": _hypot,
    "dist": _dist, "fsum": lambda values: sum(values, 0.0), "prod": _product, "remainder": _remainder, "modf": _modf,
    "isclose": _isclose, "sumprod": lambda p, q: sum((a * b for a, b in zip(p, q, strict=True)), 0),
    "fma": lambda x, y, z: x * y + z,
}  # fmt: skip
_COMPLEX: dict[str, Any] = {
    "phase": np.angle, "polar": lambda z: (np.abs(z), np.angle(z)), "rect": lambda r, phi: r * np.exp(1j * phi), "log": _log,
}  # fmt: skip


def of_math(module: Any, name: str) -> Function | None:
    """What answers a function of `math` or `cmath` on traced values; None where it stays as it is."""
    original = getattr(module, name)
    found: Any = _NAMES.get(name)
    if module is math:
        found = _MATH.get(name, found)
    else:
        found = _COMPLEX.get(name, found)
    if isinstance(found, str):
        found = getattr(np, found)
    if found is None and name in _SPECIAL and module is math:
        return _checked(original, lambda *args: getattr(_special(), _SPECIAL[name])(*args), False)
    return None if found is None else _checked(original, found, module is not math)


def _special() -> Any:
    from ..scipy import special

    return special


def _checked(original: Any, function: Function, complex_result: bool) -> Function:
    """A function whose errors are those of Python's, where the values are known."""

    def call(*args: Any, **kwargs: Any) -> Any:
        given, narrow = [], None
        for a in args:
            a = state_of(a)
            if isinstance(a, Tracer) and a.shape:
                if a.size != 1:
                    raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
                a = a.reshape(())
            if isinstance(a, Tracer) and complex_result:
                a = ew.convert(as_value(a), np.dtype(complex))
            elif isinstance(a, Tracer) and a.dtype != np.float64:
                if inexact_dtype(a.dtype):
                    narrow = _beside(as_value(a).real.dtype)
                a = ew.convert(as_value(a), np.dtype(float))  # as Python's number is
            given.append(a)
        values = [_plain(a) for a in given]
        if all(v is not None for v in values):
            original(*values, **kwargs)  # raises ValueError outside of its domain, OverflowError
        out = function(*given, **kwargs)
        if narrow is not None and isinstance(out, Tracer) and out.dtype == np.float64:
            out = ew.convert(out, narrow)  # Python's number, beside others, takes their dtype
        return out

    return call


def _beside(dtype: np.dtype) -> np.dtype | None:
    """The dtype that a Python float takes beside a number of another one; None if that is float64 or more."""
    if dtype.type in (np.float64, np.longdouble):
        return None
    return dtype if dtype.type is np.float16 else np.dtype(np.float32)  # the smallest floats as ml_dtypes has them


def _plain(x: Any) -> Any:
    """The number that a value is at present, None if that is not known, or there are several."""
    while isinstance(x, Tracer):
        x = x.now() if x.mutable else getattr(x, "primal", None)
    if isinstance(x, (list, tuple)):
        found = [_plain(v) for v in x]
        return None if any(v is None for v in found) else found
    return x


__all__ = [
    "MAKERS", "METHODS", "TRIAL", "Written", "of_dispatched", "of_math", "of_ufunc", "of_ufunc_method", "read", "scalar_type",
    "write", "write_flat",
]  # fmt: skip
