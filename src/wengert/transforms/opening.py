"""Plain arrays that a function closes over, made indexable by traced values.

``table[i]`` with a NumPy array and a traced i ends in NumPy, which asks for the value of i. Where that happens, `rerun.py`
runs the function once more with the arrays of its closures and globals behind `ConstantTracer`s, whose operations are the
library's. `opened` makes such a function; what it puts in the place of a value is up to the caller.
"""

from __future__ import annotations

import copy
import dis
import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import EXTENDED_FLOATS, Primitive, Trace, Tracer, Value


class _Constants(Trace):
    """The oldest trace: operations on its values just run."""

    name = "a constant"

    def __init__(self) -> None:
        self.level = 0

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        out = primitive.bind(*map(constant, args), **params)
        return [as_constant(o) for o in out] if primitive.multiple_results else as_constant(out)


_constants = _Constants()


class ConstantTracer(Tracer):
    """An array that is known, with the operators of tracers."""

    __slots__ = ("dtype", "shape", "value", "views")
    weak = False
    known = True

    def __init__(self, value: np.ndarray) -> None:
        self._trace = _constants
        self.value, self.views = value, None
        self.shape, self.dtype = value.shape, value.dtype

    def concrete(self, what: str) -> Any:
        return self.value

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self.value, dtype)


def constant(x: Any) -> Any:
    """The array behind a `ConstantTracer`; anything else as it is."""
    return x.value if type(x) is ConstantTracer else x


def opened(f: Any, memo: dict[int, Any], replace: Callable[[Any], Any] | None = None) -> Any:
    """A function as `f` with other values for what it closes over and its globals; `f` where all stay the same.

    Args:
        f: a function, of which those of the same module that it uses are opened as well.
        memo: what was opened already, by identity.
        replace: what stands in a value's place; by default the `ConstantTracer` of an array.
    """
    replace = replace or as_constant
    if isinstance(f, functools.partial):
        inner = opened(f.func, memo, replace)
        return f if inner is f.func else functools.partial(inner, *f.args, **f.keywords)
    if isinstance(f, types.MethodType):
        inner = opened(f.__func__, memo, replace)
        this = replace(f.__self__)
        return f if inner is f.__func__ and this is f.__self__ else types.MethodType(inner, this)
    if not isinstance(f, types.FunctionType):
        call = getattr(f, "__call__", None)  # noqa: B004 (its code is wanted)
        inner = getattr(f, "_f", None)
        if _package(type(f)) == "wengert" and callable(inner) and not hasattr(f, "lower"):  # jit opens for itself
            other = opened(inner, memo, replace)
            return f if other is inner else _of(f, other)
        ours = _package(type(f)) in ("wengert", "numpy", "scipy")
        if ours or not isinstance(call, types.MethodType) or not isinstance(call.__func__, types.FunctionType):
            return f if ours else replace(f)
        inner = opened(call, memo, replace)
        return f if inner == call else inner
    ours = _package(f) == "wengert"  # a wrapper around a user's function
    if ours and not f.__closure__:
        return f
    if id(f) in memo:
        return memo[id(f)]
    memo[id(f)] = f
    names, written = _names(f.__code__)
    if ours:
        names = frozenset()
    elif written:
        return f
    found = {n: _replaced(f.__globals__[n], f, memo, replace) for n in names if n in f.__globals__}
    changed = {n: v for n, v in found.items() if v is not f.__globals__[n]}
    cells: list[Any] = []
    for cell in f.__closure__ or ():
        try:
            value = cell.cell_contents
        except ValueError:  # not assigned yet
            cells.append(cell)
            continue
        other = _replaced(value, f, memo, replace)
        cells.append(cell if other is value else types.CellType(other))
    if not changed and all(a is b for a, b in zip(cells, f.__closure__ or (), strict=True)):
        return f
    new = types.FunctionType(f.__code__, {**f.__globals__, **changed}, f.__name__, f.__defaults__, tuple(cells) or None)
    new.__kwdefaults__, new.__qualname__, new.__module__ = f.__kwdefaults__, f.__qualname__, f.__module__
    memo[id(f)] = new
    return new


def _of(transformed: Any, f: Any) -> Any:
    """The same transformation of another function."""
    new = copy.copy(transformed)
    new._f = f
    return new


def _package(x: Any) -> str:
    """The package that something comes from; functions made by `exec` come from no module."""
    return str(getattr(x, "__module__", None) or "").split(".")[0]


def _replaced(value: Any, f: types.FunctionType, memo: dict[int, Any], replace: Callable[[Any], Any]) -> Any:
    ours = _package(f) == "wengert"
    if _package(value) in ("numpy", "scipy"):
        return replace(value)  # their functions work as they are
    if isinstance(value, types.FunctionType) and (ours or value.__module__ == f.__module__ or value.__closure__):
        other = replace(value)
        return opened(value, memo, replace) if other is value else other
    if isinstance(value, (types.MethodType, functools.partial)):
        return opened(value, memo, replace)
    if ours and callable(value) and not isinstance(value, (type, types.FunctionType)):
        return opened(value, memo, replace)
    return value if ours else replace(value)


def as_constant(value: Any) -> Any:
    """The `ConstantTracer` of an array of numbers; anything else as it is."""
    if type(value) is not np.ndarray or not value.ndim:
        return value
    known = value.dtype.kind in "biufc" or value.dtype.name in EXTENDED_FLOATS
    return ConstantTracer(value) if known else value


@functools.lru_cache(512)
def _names(code: types.CodeType) -> tuple[frozenset[str], bool]:
    """The global names that code and the functions in it read, and whether it assigns to globals or to closures."""
    names: set[str] = set()
    written = False
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.add(instruction.argval)
        elif instruction.opname == "STORE_GLOBAL":
            written = True
        elif instruction.opname == "STORE_DEREF" and instruction.argval in code.co_freevars:
            written = True
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            more, deeper = _names(inner)
            names |= more
            written = written or (deeper and bool(set(inner.co_freevars) & set(code.co_freevars)))
    return frozenset(names), written


def writes(f: Any) -> bool:
    """Whether a function assigns to globals or to what it closes over."""
    return isinstance(f, types.FunctionType) and _names(f.__code__)[1]


__all__ = ["ConstantTracer", "as_constant", "constant", "opened", "writes"]
