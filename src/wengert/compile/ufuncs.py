"""The inner loops of universal functions: what NumPy calls for rows of elements, called from native code.

A ufunc's structure has, for each of its `types`, a C function ``void (char **args, intp *dimensions, intp *steps, void *data)``
and what it is given as `data` (NumPy's C API, ``PyUFuncObject``). The fields are read only where all that Python says of the
ufunc is found in them; a ufunc of which that is not so is called through Python.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

PREFIX = "wengert.loop."
_REPORTS = "scipy.special"


class _Fields(ctypes.Structure):
    _fields_ = (
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("neutral", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("title", ctypes.c_void_p),
        ("types", ctypes.c_void_p),
    )


@lru_cache(maxsize=512)
def _fields(ufunc: np.ufunc) -> _Fields | None:
    """The structure of a ufunc, or None where it is not as expected; the ufunc lives as long as the process."""
    if type(ufunc) is not np.ufunc:
        return None
    found = _Fields.from_address(id(ufunc) + object.__basicsize__)
    counts = (found.nin, found.nout, found.nargs, found.ntypes)
    if counts != (ufunc.nin, ufunc.nout, ufunc.nargs, ufunc.ntypes) or not found.ntypes:
        return None
    if not found.functions or not found.title or not found.types:  # there may be no data
        return None
    name = ufunc.__name__.encode()
    if ctypes.string_at(found.title, len(name) + 1) != name + b"\0":
        return None
    codes = ctypes.string_at(found.types, ufunc.ntypes * ufunc.nargs)
    said = [t.replace("->", "") for t in ufunc.types]
    read = [codes[i : i + ufunc.nargs] for i in range(0, len(codes), ufunc.nargs)]
    return found if all(len(a) == len(b) and _same(a, b) for a, b in zip(said, read, strict=True)) else None


def _same(letters: str, numbers: bytes) -> bool:
    return all(np.dtype(a).num == b for a, b in zip(letters, numbers, strict=True))


def _of(place: str) -> Any:
    """A ufunc by its module and name."""
    module, _, name = place.rpartition(".")
    return getattr(import_module(module), name, None)


def types_of(place: str, given: Sequence[Any]) -> str | None:
    """The types of the loop that NumPy takes for dtypes, Python's types among them, such as ``dd->d``; None for no loop.

    Example:
        >>> types_of("scipy.special.cosdg", (np.dtype(np.float32),))
        'f->f'
    """
    ufunc = _of(place)
    if ufunc is None or _fields(ufunc) is None or not _silent(place):
        return None
    try:
        resolved = ufunc.resolve_dtypes((*given, *[None] * ufunc.nout))
    except TypeError:
        return None
    letters = "".join(d.char for d in resolved)
    found = f"{letters[: ufunc.nin]}->{letters[ufunc.nin :]}"
    return found if found in ufunc.types and _index(ufunc, found) is not None else None


def _silent(place: str) -> bool:
    """Whether the loop reports no errors: where `scipy.special.seterr` asks for them, it is called through Python."""
    return not (place.startswith(_REPORTS) and reporting())


def reporting() -> tuple[str, ...]:
    """The errors that `scipy.special.seterr` asks SciPy's functions to report, which decides how these are compiled."""
    package = sys.modules.get(_REPORTS)
    settings = {} if package is None else package.geterr()
    return tuple(sorted(k for k, v in settings.items() if v != "ignore" and k != "memory"))


def _index(ufunc: Any, types: str) -> int | None:
    fields = _fields(ufunc)
    k = ufunc.types.index(types)
    return k if fields is not None and fields.functions[k] else None


def symbol(place: str, types: str) -> str:
    """The name under which native code knows a loop; a declaration of it is `declaration`."""
    return f"{PREFIX}{place}.{types.replace('->', '_')}"


def declaration(name: str) -> str:
    return f"@{name} = external global [2 x ptr]"


@lru_cache(maxsize=512)
def address(name: str) -> int:
    """The address of a pair for a symbol: the loop's function, and its data."""
    place, _, types = name.removeprefix(PREFIX).rpartition(".")
    ufunc = _of(place)
    fields = _fields(ufunc)
    k = _index(ufunc, types.replace("_", "->"))
    assert fields is not None and k is not None, name
    pair = (ctypes.c_void_p * 2)(fields.functions[k], fields.data[k] if fields.data else None)
    _KEPT.append((pair, ufunc))
    return ctypes.addressof(pair)


_KEPT: list[Any] = []  # pairs that code may read to the end of the process


__all__ = ["PREFIX", "address", "declaration", "symbol", "types_of"]
