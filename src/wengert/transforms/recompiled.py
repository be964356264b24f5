"""Why `jit` compiled a function again: what differs from the nearest kind of arguments, or from the way taken before."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..program import Program
from ..vocabulary import Tree
from .function import argument_name

FIRST = "the first call"
PROFILE = "for the profile, with a clock in its code"
ORDER = "order"  # under which a Program keeps when it was traced
_count = itertools.count()


def say_why(f: Any, cache: Mapping[Any, Any], key: Any, entries: Sequence[Any], program: Program, start: float) -> None:
    """Note that a Program is compiled; tell whoever hears of compilations why, and how long it took to trace it."""
    from .. import compilations

    program.cache[ORDER] = next(_count)
    if compilations.wanted():
        compilations.because(
            why(f, [k for k in cache if k != "native"], key, entries, program), time.perf_counter() - start
        )


def why(f: Any, others: Sequence[Any], key: Any, entries: Sequence[Any], program: Program) -> str:
    """A sentence's worth.

    Args:
        others: the keys of kinds of arguments that were met before. entries: what was compiled for this kind.
    """
    if entries:
        return _other_way([p for p, _ in entries], program)
    if not others:
        return FIRST
    found = [_differences(f, old, key) for old in others]
    if [PROFILE] in found:
        return PROFILE
    return "other arguments: " + "; ".join(min(found, key=len)[:3])


def history(jitted: Any) -> list[str]:
    """Why each Program of a compiled function was compiled, in the order in which they were; profiles are left out."""
    rows = [
        (program.cache[ORDER], key, program)
        for key, entries in list(jitted._cache.items())
        if key != "native" and not key[4][-1]
        for program, _ in entries
    ]
    rows.sort(key=lambda row: row[0])
    found = []
    for i, (_, key, program) in enumerate(rows):
        same = [(p, None) for _, k, p in rows[:i] if k == key]
        others = list(dict.fromkeys(k for _, k, _ in rows[:i]))
        found.append(f"({', '.join(map(repr, program.in_avals))}): {why(jitted._f, others, key, same, program)}")
    return found


def _other_way(programs: Sequence[Program], program: Program) -> str:
    """The first answer to Python's questions that was another one, against the Program that agrees longest."""
    best, text = -1, "another way through Python's control flow"
    for old in programs:
        for i, (a, b) in enumerate(zip(old.guards, program.guards, strict=False)):
            if not np.array_equal(a.value, b.value) or a.line != b.line:
                if i > best:
                    best = i
                    text = f"another way through Python's control flow: {b.what} is {b.value.item()!r} at {b.line}"
                    text += f", was {a.value.item()!r}" if a.line == b.line else ""
                break
    return text


def _differences(f: Any, old: Any, new: Any) -> list[str]:
    """What two keys of `Jit` differ in, in words."""
    found = []
    if old[0] != new[0]:
        found.append(f"the structure of the arguments is {new[0]}, was {old[0]}")
    else:
        names = _names(f, new[0])
        for name, a, b in zip(names, old[1], new[1], strict=True):
            if a != b:
                found.append(f"{name} is {_shown(b)}, was {_shown(a)}")
    if old[2] != new[2]:
        found.append("a static argument has another value")
    if old[3] != new[3]:
        found.append(f"enable_x64 is {new[3]}, was {old[3]}")
    if old[4] != new[4]:
        found.append(PROFILE if old[4][-1] != new[4][-1] else "settings of the compiler are others")
    if old[5:] != new[5:]:
        found.append("it is called under another vmap, or with debug_zeros")
    return found or ["it was forgotten"]


def _names(f: Any, tree: Tree) -> list[str]:
    found = []
    for path in trees.key_paths(tree):
        args, i, *inner = path
        name = argument_name(f, i.idx) if args.idx == 0 else str(i.key)
        found.append(str(name).split(" ")[-1].strip("'`\"()") + trees.keystr(inner))
    return found


def _shown(kind: Any) -> str:
    if isinstance(kind, type):
        return f"a Python {kind.__name__}"
    shape, dtype, _ = kind
    return f"{np.dtype(dtype).name if not hasattr(dtype, 'name') else dtype.name}[{','.join(map(str, shape))}]"


__all__ = ["FIRST", "PROFILE", "history", "say_why", "why"]
