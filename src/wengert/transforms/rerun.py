"""Second runs of functions that, as they are, end in NumPy asking for the values of traced arrays.

- A plain array is indexed by a traced value: the arrays that the function closes over or is given are opened
  (`opening.py`), those in objects and containers in copies of these, and NumPy's functions make arrays that can be indexed.
- A traced value is written into a plain array: the function's arrays accept them. Those are meant that `wengert.numpy`
  makes anywhere in the run (`ops.writable`), and those that NumPy makes (``np.zeros(n)``) in the function itself, in what
  it closes over, and in functions of its module that it calls by name.

Nothing changes for functions that run as they are.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from .. import trees
from ..core import Tracer
from ..errors import ConcretizationError, interrupt_of
from ..ops.writable import accepting, is_refused, second_run
from .opening import as_constant, constant, opened, writes


def run_opened(run: Callable[[Callable[..., Any]], Any], f: Callable[..., Any]) -> Any:
    """``run(f)``, or what a second run of `f` makes possible."""
    try:
        return run(f)
    except Exception as error:
        first = error
        if (came := interrupt_of(error)) is not None:
            raise came from None
        again = rewritten(error, f)
        if again is None and (not isinstance(error, ConcretizationError) or not getattr(error, "by_numpy", False)):
            raise
    if again is not None:
        return run_opened(run, again)
    inner = f.f if isinstance(f, SecondRun) else f
    tables = _Tables()

    def with_tables(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = trees.map(tables, (args, kwargs))
        other = opened(inner, {}, tables)
        if other is inner and writes(inner):  # its effects would come twice
            raise first
        with second_run():
            out = other(*args, **kwargs)
        if not tables.unchanged():  # what was written into the copies would be lost
            raise first
        return trees.map(constant, out)

    try:
        return run(with_tables)
    except ConcretizationError as error:
        raise (first if getattr(error, "by_numpy", False) else error) from None


class _Tables:
    """What stands in the place of values where plain arrays are indexed by traced ones: arrays that can be, copies of
    containers and objects that hold arrays, and a NumPy that makes such arrays.
    """

    def __init__(self) -> None:
        self.copies: list[tuple[Any, list[Any]]] = []
        self.known: dict[int, tuple[Any, Any]] = {}

    def __call__(self, value: Any, depth: int = 3) -> Any:
        if type(value) is np.ndarray:
            return as_constant(value)
        if isinstance(value, types.ModuleType) and _makes_arrays(value.__name__):
            return _tables_of(value)
        if id(value) in self.known:
            return self.known[id(value)][1]
        if id(value) in _BY_IDENTITY or _is_maker(value):
            return _table_maker(cast("Callable[..., Any]", value))
        if not depth or isinstance(value, (type, types.ModuleType, types.FunctionType, Tracer)):
            return value
        if type(value) in (dict, list, tuple):
            held: Any = list(value.values()) if type(value) is dict else value
        elif (
            isinstance(getattr(value, "__dict__", None), dict) and type(value).__module__.split(".")[0] not in _FOREIGN
        ):
            held = list(vars(value).values())
        else:
            return value
        others = [self(v, depth - 1) for v in held]
        if all(a is b for a, b in zip(others, held, strict=True)):
            return value
        if type(value) in (list, tuple):
            new = type(value)(others)
        elif type(value) is dict:
            new = dict(zip(value, others, strict=True))
        else:
            new = object.__new__(type(value))
            vars(new).update(zip(vars(value), others, strict=True))
        self.known[id(value)] = value, new
        if type(value) is not tuple:
            self.copies.append((new, others))
        return new

    def unchanged(self) -> bool:
        """Whether nothing was written into the copies."""
        for copy, held in self.copies:
            now = copy if type(copy) is list else list(copy.values() if type(copy) is dict else vars(copy).values())
            if len(now) != len(held) or any(a is not b for a, b in zip(now, held, strict=True)):
                return False
        return True


_FOREIGN = frozenset({"builtins", "numpy", "scipy", "pandas", "xarray", "wengert", "functools", "types"})


def _table_maker(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy whose arrays can be indexed by traced values."""

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Any:
        out = function(*args, **kwargs)
        if type(out) in (list, tuple):
            return type(out)([new(o, args) for o in out])
        return new(out, args)

    def new(out: Any, args: Any) -> Any:
        if isinstance(out, np.random.Generator):
            return _Generator(out)
        return accepting(out) if type(out) is np.ndarray and not any(out is a for a in args) else out

    return make


def _makes_arrays(module: Any) -> bool:
    return str(module or "").split(".")[0] in ("numpy", "scipy")


def _is_maker(value: Any) -> bool:
    """Whether something is a function of NumPy or SciPy that may make arrays; universal functions know what they are given."""
    return (
        callable(value)
        and not isinstance(value, (type, np.ufunc))
        and _makes_arrays(getattr(value, "__module__", None))
        and isinstance(getattr(value, "__name__", None), str)
    )


class _Tables_of(types.ModuleType):  # noqa: N801 - stands in a module's place
    """A module of NumPy or SciPy, whose functions make arrays that can be indexed by traced values."""

    def __init__(self, module: types.ModuleType) -> None:
        super().__init__(module.__name__, module.__doc__)
        self.__dict__["_module"] = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.__dict__["_module"], name)
        if isinstance(found, types.ModuleType):
            return _tables_of(found) if _makes_arrays(found.__name__) else found
        plain = isinstance(found, (type, np.ufunc)) or not callable(found)
        return found if plain else _table_maker(found)


_tables_of = functools.lru_cache(64)(_Tables_of)


class _Generator:
    """A generator of random numbers that the function has made, whose arrays can be indexed by traced values."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._generator, name)
        return _table_maker(found) if callable(found) else found


def run_writable(run: Callable[[Callable[..., Any]], Any], f: Callable[..., Any]) -> Any:
    """``run(f)``, or a second run in which arrays accept traced values, if the first ends in writing one into them."""
    try:
        return run(f)
    except Exception as error:
        again = rewritten(error, f)
        if again is None:
            raise
    return run(again)


def rewritten(error: BaseException, f: Any) -> Any:
    """`f` as a function whose arrays accept traced values, if its error says that it needs that and it is none yet."""
    if not is_refused(error) or isinstance(f, SecondRun):
        return None
    return SecondRun(f)


class SecondRun:
    """A function that is run with arrays that accept traced values; its globals are looked up again in each call."""

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f, updated=())
        self.f = f

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with second_run():
            return opened(self.f, {}, _replacement)(*args, **kwargs)


def _maker(name: str, kinds: str = "biufc") -> Callable[..., Any]:
    function = getattr(np, name)

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Any:
        out = function(*args, **kwargs)
        given = args and out is args[0]  # np.array(x, copy=False)
        return out if given or not isinstance(out, np.ndarray) or out.dtype.kind not in kinds else accepting(out)

    return make


_MAKERS = {
    n: _maker(n)
    for n in "zeros ones empty full eye identity tri array copy zeros_like ones_like empty_like full_like".split()
} | {n: _maker(n, "fc") for n in ("arange", "linspace")}
_BY_IDENTITY = {id(getattr(np, n)): make for n, make in _MAKERS.items()}


class _NumPy(types.ModuleType):
    """NumPy, of which some functions make arrays that accept traced values."""

    def __getattr__(self, name: str) -> Any:
        return _MAKERS.get(name) or getattr(np, name)


_NUMPY = _NumPy("numpy", np.__doc__)


def _replacement(value: Any) -> Any:
    return _NUMPY if value is np else _BY_IDENTITY.get(id(value), value)


__all__ = ["SecondRun", "rewritten", "run_opened", "run_writable"]
