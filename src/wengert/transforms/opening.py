"""Plain arrays that a function closes over, made indexable by traced values.

``table[i]`` with a NumPy array and a traced i ends in NumPy, which asks for the value of i. Where that happens, a function
is run once more with the arrays of its closures and globals behind `ConstantTracer`s, whose operations are the library's.
Nothing changes for functions that run as they are.
"""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import trees
from ..core import Primitive, Trace, Tracer, Value
from ..errors import ConcretizationError


class _Constants(Trace):
    """The oldest trace: operations on its values just run."""

    name = "a constant"

    def __init__(self) -> None:
        self.level = 0

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        return primitive.bind(*map(constant, args), **params)


_constants = _Constants()


class ConstantTracer(Tracer):
    """An array that is known, with the operators of tracers."""

    __slots__ = ("dtype", "shape", "value")
    weak = False

    def __init__(self, value: np.ndarray) -> None:
        self._trace = _constants
        self.value = value
        self.shape, self.dtype = value.shape, value.dtype

    def concrete(self, what: str) -> Any:
        return self.value


def constant(x: Any) -> Any:
    """The array behind a `ConstantTracer`; anything else as it is."""
    return x.value if type(x) is ConstantTracer else x


def run_opened(run: Callable[[Callable[..., Any]], Any], f: Callable[..., Any]) -> Any:
    """``run(f)``; where NumPy asks for the values of a traced array, with the arrays that `f` closes over opened."""
    try:
        return run(f)
    except ConcretizationError as error:
        if not getattr(error, "by_numpy", False):
            raise
        other = opened(f, {})
        if other is f:
            raise
        try:
            return run(lambda *args, **kwargs: trees.map(constant, other(*args, **kwargs)))
        except ConcretizationError as again:
            raise (error if getattr(again, "by_numpy", False) else again) from None


def opened(f: Any, memo: dict[int, Any]) -> Any:
    """A function as `f` whose closed-over and global arrays are `ConstantTracer`s; `f` where there are none."""
    if isinstance(f, functools.partial):
        inner = opened(f.func, memo)
        return f if inner is f.func else functools.partial(inner, *f.args, **f.keywords)
    if not isinstance(f, types.FunctionType):
        return f
    ours = f.__module__.split(".")[0] == "wengert"  # a wrapper around a user's function
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
    found = {n: _replaced(f.__globals__[n], f, memo) for n in names if n in f.__globals__}
    changed = {n: v for n, v in found.items() if v is not f.__globals__[n]}
    cells: list[Any] = []
    for cell in f.__closure__ or ():
        try:
            value = cell.cell_contents
        except ValueError:  # not assigned yet
            cells.append(cell)
            continue
        other = _replaced(value, f, memo)
        cells.append(cell if other is value else types.CellType(other))
    if not changed and all(a is b for a, b in zip(cells, f.__closure__ or (), strict=True)):
        return f
    new = types.FunctionType(f.__code__, {**f.__globals__, **changed}, f.__name__, f.__defaults__, tuple(cells) or None)
    new.__kwdefaults__, new.__qualname__, new.__module__ = f.__kwdefaults__, f.__qualname__, f.__module__
    memo[id(f)] = new
    return new


def _replaced(value: Any, f: types.FunctionType, memo: dict[int, Any]) -> Any:
    ours = f.__module__.split(".")[0] == "wengert"
    if type(value) is np.ndarray and value.ndim and value.dtype.kind in "biufc" and not ours:
        return ConstantTracer(value)
    if isinstance(value, types.FunctionType) and (ours or value.__module__ == f.__module__ or value.__closure__):
        return opened(value, memo)
    return value


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


__all__ = ["ConstantTracer", "constant", "opened", "run_opened"]
