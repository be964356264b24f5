"""Which arrays show the memory of another one: an array knows whose memory it shows, but not who shows its own.

They are looked for where Python code has them at hand: in the variables of the functions under way, what those close over,
their modules' globals, and a few levels into what is found there: containers, iterators, generators, partial functions,
default arguments, objects and their classes.
"""

from __future__ import annotations

import gc
import sys
from types import CodeType, FrameType, ModuleType
from typing import Any

import numpy as np

ndarray = np.ndarray
_base: Any = ndarray.base.__get__  # also of those that were written into
_FOREIGN = ("builtins", "numpy", "collections", "abc", "typing")  # modules whose classes hold no arrays
DEPTH = 6
ITEMS = 1000  # of a container that are looked at
_LEAVES = (int, float, complex, str, bytes, ModuleType, type(None), np.generic, np.dtype, np.ufunc, CodeType)
_Stand: Any = type(np.lib.stride_tricks.as_strided(np.zeros(1)).base)  # the base of what `as_strided` makes


def sharing(owner: ndarray) -> list[ndarray]:
    """The arrays that show the memory of `owner`, but for itself."""
    found: dict[int, ndarray] = {}
    held: list[Any] = []
    seen: set[int] = {id(found), id(owner), id(held)}
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if not name.startswith(("wengert.", "_pytest", "pluggy", "importlib")):
            known = frame.f_locals
            if known is not frame.f_globals:
                variables = list(known.values())  # `known` is no dictionary on newer Pythons
                held.append(variables)  # so that no other list takes its place, and its identity
                _look(variables, owner, found, seen, DEPTH)
            _look(frame.f_globals, owner, found, seen, 2)
        frame = frame.f_back
    return list(found.values())


def _look(x: Any, owner: ndarray, found: dict[int, ndarray], seen: set[int], depth: int) -> None:
    kind = type(x)
    if id(x) in seen:
        return
    seen.add(id(x))
    for item in _held(x, kind):
        if isinstance(item, ndarray):
            if _shows(item, owner):
                found[id(item)] = item
            if item.dtype.hasobject and depth:
                _look(item, owner, found, seen, depth - 1)
        elif depth and not isinstance(item, _LEAVES):
            _look(item, owner, found, seen, depth - 1)


def _held(x: Any, kind: type) -> Any:
    """What an object refers to, as the collector of garbage is told: containers, iterators, generators and coroutines that
    wait, attributes, closures and default arguments.
    """
    if kind is dict:
        items = list(x.values())
    elif kind in (list, tuple):
        items = x
    elif kind is ndarray:
        items = x.reshape(-1)[:ITEMS].tolist()
    elif kind.__name__ == "function":
        items = [*(c.cell_contents for c in x.__closure__ or () if _filled(c)), *(x.__defaults__ or ())]
        items.extend((x.__kwdefaults__ or {}).values())
    elif kind.__module__.startswith("wengert."):
        return ()
    elif isinstance(x, type):
        items = [] if x.__module__ in _FOREIGN else list(vars(x).values())
    else:
        items = gc.get_referents(x)
        own = getattr(x, "__dict__", None) if getattr(kind, "__dictoffset__", 0) else None
        if type(own) is dict:
            items = [*own.values(), *items]
    return items if len(items) <= ITEMS else items[:ITEMS]


def base_of(x: ndarray) -> Any:
    """The object whose memory an array shows, None if it has its own."""
    base = _base(x)
    return base.base if type(base) is _Stand else base


def _shows(x: ndarray, owner: ndarray) -> bool:
    base = base_of(x)
    while isinstance(base, ndarray):
        if base is owner:
            return True
        base = base_of(base)
    return False


def is_named(x: ndarray) -> bool:
    """Whether a variable of the function that comes by holds `x`, or an attribute of a variable does."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(("wengert.", "numpy.")):
        frame = frame.f_back
    if frame is None:
        return False
    variables = list(frame.f_locals.values())
    if any(v is x for v in variables):
        return True
    for v in variables:
        own = getattr(v, "__dict__", None) if type(v).__dictoffset__ else None
        if type(own) is dict and any(a is x for a in own.values()):
            return True
    return False


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - raises where it is empty
    except ValueError:
        return False
    return True


__all__ = ["base_of", "is_named", "sharing"]
