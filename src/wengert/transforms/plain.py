"""The plain values behind traced ones, and how many derivatives they carry.

Who runs a solver on values that are being differentiated needs the numbers alone. Those of derivatives are known while the
function runs; those of a batch are several, and those of a Program that is being written are not there yet.
"""

from __future__ import annotations

import functools
import types
from typing import Any

import numpy as np

from .. import trees
from ..core import INNERMOST, OBJECTS, TRACED, Tracer, as_value
from ..vocabulary import Function, Tree, Value
from .forward import JVPTracer
from .linearizing import LinearizeTracer
from .series import SeriesTracer

_CONTAINERS = (list, tuple, dict, set, frozenset)
_NUMBERS = frozenset({bool, int, float, complex, str, bytes, type(None), np.float64, np.float32, np.int64, np.bool_})


class NotPlain(Exception):  # noqa: N818 - a sign within the library
    """A value is one of a batch, or of a Program that is being written."""


def plain(x: Any) -> tuple[Any, int]:
    """The value without its derivatives, and how many levels of them it carries.

    Raises:
        NotPlain: it has no single value yet.
    """
    levels = 0
    while isinstance(x, Tracer):
        if x.mutable:
            x = x.now()
        elif type(x) is LinearizeTracer or type(x) is JVPTracer:
            x, levels = x.primal, levels + 1
        elif type(x) is SeriesTracer and x._trace.beside:
            x, levels = x.primal, levels + 2
        elif x.known:  # a constant
            x = x.concrete("the value")
        else:
            raise NotPlain(x)
    return x, levels


def _leaf(x: Value) -> Any:
    if type(x) is np.ndarray and x.dtype is OBJECTS:
        x = as_value(x)
    return plain(getattr(x, "__wengert_value__", x))[0]


def plain_tree(tree: Tree) -> Any:
    """A pytree with the plain values of its leaves.

    Raises:
        NotPlain: one of them has none.
    """
    return trees.map(_leaf, tree)


def levels_of(tree: Tree) -> int:
    """How many levels of derivatives the leaves of a pytree carry at most."""
    return max((plain(x)[1] for x in trees.leaves(tree)), default=0)


class PlainFunction:
    """A function whose results are given as plain values: what a solver is handed."""

    def __init__(self, f: Function) -> None:
        self.f = f
        self.__name__ = getattr(f, "__name__", type(f).__name__)
        self.__wrapped__ = f  # whose signature it has

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return plain_tree(self.f(*args, **kwargs))


def is_traced(x: Any, depth: int = 4) -> bool:
    """Whether a value is traced or holds traced values: in containers, in arrays of objects. Quick for plain numbers."""
    t = type(x)
    if t is np.ndarray:
        return x.dtype is OBJECTS and x.size <= 10_000 and _any_traced(x.reshape(-1).tolist(), 1)
    if t in _NUMBERS:
        return False
    if isinstance(x, Tracer):
        return True
    if hasattr(t, "tocsr"):  # sparse matrices, of which some are dicts
        return TRACED in x.__dict__
    if isinstance(x, _CONTAINERS):
        return depth > 0 and _any_traced(x.values() if isinstance(x, dict) else x, depth - 1)
    return isinstance(getattr(x, "__wengert_value__", None), Tracer) or TRACED in getattr(x, "__dict__", ())


def _any_traced(items: Any, depth: int) -> bool:
    kinds = set(map(type, items))
    return not kinds <= _NUMBERS and any(is_traced(v, depth) for v in items)


def closes_over_traced(f: Any, depth: int = 4) -> bool:
    """Whether a function closes over traced values, as far as can be seen without a call."""
    if not depth or isinstance(f, PlainFunction):
        return False
    held: list[Any] = []
    if isinstance(f, functools.partial):
        held = [f.func, *f.args, *f.keywords.values()]
    elif isinstance(f, types.MethodType):
        held = [f.__func__, *_attributes(f.__self__)]
    elif isinstance(f, types.FunctionType):
        held = [*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()]
        for cell in f.__closure__ or ():
            try:
                held.append(cell.cell_contents)
            except ValueError:  # not assigned yet
                continue
    elif callable(f) and not isinstance(f, type):
        held = _attributes(f)
    return any(is_traced(v) or (callable(v) and closes_over_traced(v, depth - 1)) for v in held)


def _attributes(x: Any) -> list[Any]:
    found = getattr(x, "__dict__", None)
    return list(found.values()) if isinstance(found, dict) else []


def is_writing() -> bool:
    """Whether this thread is writing a Program, in which Python may ask for numbers without noticing."""
    return getattr(INNERMOST, "trace", None) is not None


__all__ = [
    "NotPlain",
    "PlainFunction",
    "closes_over_traced",
    "is_traced",
    "is_writing",
    "levels_of",
    "plain",
    "plain_tree",
]
