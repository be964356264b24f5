"""Which arrays show the memory of another one: an array knows whose memory it shows, but not who shows its own.

They are looked for where Python code has them at hand: in the variables of the functions under way, what those close over,
their modules' globals, and a few levels into containers and objects that are found there.
"""

from __future__ import annotations

import sys
from types import FrameType, ModuleType
from typing import Any

import numpy as np

ndarray = np.ndarray
_base: Any = ndarray.base.__get__  # also of those that were written into
DEPTH = 4
ITEMS = 1000  # of a container that are looked at
_LEAVES = (int, float, complex, str, bytes, type, ModuleType, type(None), np.generic, np.dtype)


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
    items: Any
    if kind is dict:
        items = list(x.values())
    elif kind in (list, tuple):
        items = x
    elif isinstance(x, (list, tuple, set, frozenset)):
        items = list(x)
    elif isinstance(x, dict):
        items = list(x.values())
    else:
        own = getattr(kind, "__dictoffset__", 0) and getattr(x, "__dict__", None)
        items = list(own.values()) if isinstance(own, dict) else ()
        for name in _slots(kind):
            items = [*items, getattr(x, name, None)]
        if kind.__name__ == "function" and x.__closure__:
            items = [*items, *[c.cell_contents for c in x.__closure__ if _filled(c)]]
        elif kind.__name__ == "method":
            items = [x.__self__]
        elif kind.__name__ == "generator" and x.gi_frame is not None:
            items = list(x.gi_frame.f_locals.values())
    for item in items if len(items) <= ITEMS else items[:ITEMS]:
        if isinstance(item, ndarray):
            base = _base(item)
            while isinstance(base, ndarray):
                if base is owner:
                    found[id(item)] = item
                    break
                base = _base(base)
        elif depth and not isinstance(item, _LEAVES):
            _look(item, owner, found, seen, depth - 1)


def _slots(kind: type) -> tuple[str, ...]:
    if kind.__module__ in ("builtins", "numpy") or kind.__module__.startswith("wengert"):
        return ()
    slots = getattr(kind, "__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - raises where it is empty
    except ValueError:
        return False
    return True


__all__ = ["sharing"]
