"""Layout: where CPython's and NumPy's structures have their fields, and NumPy's functions for C.

Nothing is taken from a table of versions. Each offset is searched for in samples whose fields are known: it is the one
place at which all of them have what they should. Then samples of other kinds are read with these offsets (`agrees`).
Where a search finds no place or several, where the interpreter has no lock, or where ``WENGERT_NATIVE_CALL=0`` says so,
`found` gives None, and compiled code is called from Python (`Executable.__call__`).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from .. import environment
from ..ops.random import KEY

_POINTER = 8  # bytes; words and addresses are read as numbers of this width
Test = Callable[[int], bool]


@dataclass(frozen=True)
class Layout:
    """Offsets of fields, in bytes, and the bits of an array's flags.

    Attributes:
        type, size: of any object, and of one with a variable size (`PyObject.ob_type`, `PyVarObject.ob_size`).
        tuple_items: of a tuple's first item, which lies in the tuple. list_items: of the address of a list's items.
        float: of a Python float's number. scalar: of the number in NumPy's scalars.
        key_data, key_dtype: of the address of a structured scalar's data, and of its dtype.
        data, nd, dimensions, dtype, flags: of an array.
        contiguous, aligned, writeable: bits of `flags`.
    """

    type: int
    size: int
    tuple_items: int
    list_items: int
    float: int
    scalar: int
    key_data: int
    key_dtype: int
    data: int
    nd: int
    dimensions: int
    dtype: int
    flags: int
    contiguous: int
    aligned: int
    writeable: int


@lru_cache(maxsize=1)
def found() -> Layout | None:
    """The layout of this interpreter and this NumPy; None where native code must not follow their structures."""
    if not environment.truth("WENGERT_NATIVE_CALL", True) or platform.python_implementation() != "CPython":
        return None
    if sysconfig.get_config_var("Py_GIL_DISABLED"):  # containers change while they are read
        return None
    if struct.calcsize("P") != _POINTER or not _known_functions():
        return None
    layout = searched()
    return layout if layout is not None and agrees(layout) else None


# --- reading memory -----------------------------------------------------------------------------------------------------


def _read(address: int, size: int) -> bytes | None:
    """What lies at an address; None where nothing does. The system reads it, for which a wrong address is an error."""
    if sys.platform == "win32":
        made = ctypes.create_string_buffer(size)
        kernel = ctypes.WinDLL("kernel32")
        read = kernel.ReadProcessMemory
        read.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
        good = read(ctypes.c_void_p(-1), address, made, size, None)  # -1: this process
        return made.raw if good else None
    write = ctypes.CDLL(None).write
    write.restype, write.argtypes = ctypes.c_ssize_t, [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
    out, into = os.pipe()
    try:
        return os.read(out, size) if write(into, address, size) == size else None
    finally:
        os.close(out)
        os.close(into)


def _number(x: Any, offset: int, width: int) -> int:
    return int.from_bytes(ctypes.string_at(id(x) + offset, width), sys.byteorder)


# --- the search ---------------------------------------------------------------------------------------------------------


def _place(samples: Sequence[tuple[Any, Test]], size: int, width: int = _POINTER) -> int | None:
    """The one offset at which each sample has a number that passes its test; None where there are several or none."""
    places = [o for o in range(0, size - width + 1, width) if all(t(_number(x, o, width)) for x, t in samples)]
    return places[0] if len(places) == 1 else None


def _is(number: int) -> Test:
    return lambda found: found == number


def _leads_to(content: bytes) -> Test:
    return lambda found: found != 0 and _read(found, len(content)) == content


def _words(numbers: Sequence[int]) -> bytes:
    return b"".join(n.to_bytes(_POINTER, sys.byteorder) for n in numbers)


def _bits(x: float) -> int:
    return int.from_bytes(struct.pack("d", x), sys.byteorder)


def _lists() -> list[list[Any]]:
    """Lists whose room is larger than their size."""
    made = []
    for n in (2, 3, 5):
        x: list[Any] = [object() for _ in range(n + 30)]
        del x[n:]
        x.append(object())
        made.append(x)
    return made


def _arrays() -> list[np.ndarray]:
    """Arrays of different ranks, dtypes and flags."""
    cube = np.arange(210.0).reshape(5, 6, 7)
    locked = np.arange(12, dtype=np.int32).reshape(3, 4)
    locked.flags.writeable = False
    parted = np.ones((2, 3, 4, 5, 2), np.complex128)[:, :, ::2]
    askew = np.frombuffer(bytearray(8 * 11 + 1), np.int64, offset=1)
    return [cube, locked, parted, askew, np.asfortranarray(cube[0]), cube[1:, :2]]


def _keys() -> list[Any]:
    return [np.array(pair, KEY)[()] for pair in ((3, 7), (11, 13), (17, 19))]


def searched() -> Layout | None:
    """The layout by search alone."""
    tuples = [tuple(object() for _ in range(n)) for n in (2, 3, 5)]
    lists, arrays, keys = _lists(), _arrays(), _keys()
    floats, scalars = [1.25, -2.5e300, 1e-7], [np.float64(x) for x in (1.25, -2.5e300, 1e-7)]
    head, array, two = object.__basicsize__, np.ndarray.__basicsize__, tuple.__basicsize__ + 2 * tuple.__itemsize__
    pairs = [np.array((*x.tolist(),), KEY).tobytes() for x in keys]
    strict, loose = _flags(np.ones((2, 3))), _flags(np.ones((2, 3), order="F"))
    offsets = {
        "type": _place([(x, _is(id(type(x)))) for x in (1.5, tuples[0], lists[0], arrays[0], object())], head),
        "size": _place([(x, _is(len(x))) for x in (*tuples, *lists)], tuple.__basicsize__),
        "tuple_items": _place([(x, _is(id(x[0]))) for x in tuples], two),
        "list_items": _place([(x, _leads_to(_words([id(y) for y in x]))) for x in lists], list.__basicsize__),
        "float": _place([(x, _is(_bits(x))) for x in floats], float.__basicsize__),
        "scalar": _place([(x, _is(_bits(float(x)))) for x in scalars], np.float64.__basicsize__),
        "key_data": _place([(x, _leads_to(b)) for x, b in zip(keys, pairs, strict=True)], np.void.__basicsize__),
        "key_dtype": _place([(x, _is(id(KEY))) for x in keys], np.void.__basicsize__),
        "data": _place([(x, _is(x.ctypes.data)) for x in arrays], array),
        "nd": _place([(x, _is(x.ndim)) for x in arrays], array, 4),
        "dimensions": _place([(x, _leads_to(_words(x.shape))) for x in arrays], array),
        "dtype": _place([(x, _is(id(x.dtype))) for x in arrays], array),
        "flags": _place([(x, _is(_flags(x))) for x in arrays], array, 4),
    }
    if any(o is None for o in offsets.values()):
        return None
    locked = np.ones((2, 3))
    locked.flags.writeable = False
    askew = np.frombuffer(bytearray(49), np.float64, offset=1).reshape(2, 3)
    bits = {
        "contiguous": strict & ~loose,
        "aligned": strict & ~_flags(askew) & ~_OWNS,
        "writeable": strict & ~_flags(locked),
    }
    return Layout(**{name: int(o or 0) for name, o in offsets.items()}, **bits)


_OWNS = int(np.ones(2).flags.num & ~np.ones(2)[:].flags.num)  # the bit of an array that owns its memory


def _flags(x: np.ndarray) -> int:
    return int(x.flags.num)


# --- the check ----------------------------------------------------------------------------------------------------------


def _word(x: Any, offset: int, size: int, width: int = _POINTER) -> int | None:
    """The number in a field of an object of some bytes; None where it would not lie in it."""
    return None if offset < 0 or offset % width or offset + width > size else _number(x, offset, width)


def _content(address: int | None, size: int) -> bytes | None:
    return _read(address, size) if address else None


def agrees(layout: Layout) -> bool:
    """Whether other samples than those of the search have in these fields what they should."""
    bits = (layout.contiguous, layout.aligned, layout.writeable)
    if any(b <= 0 or b.bit_count() != 1 for b in bits) or len({*bits}) < 3:
        return False
    arrays = [np.array([[1, 0, 1], [1, 1, 0]], dtype) for dtype in "?bhilqBHILQefdgFDG"]
    return (
        all(_agrees_array(layout, x.reshape(s)) for x in arrays for s in ((2, 3), (1, 2, 1, 3), (1, 1, 1, 1, 2, 1, 3)))
        and all(_agrees_scalar(layout, number) for x in arrays for number in x[0])
        and _word(2.75, layout.float, float.__basicsize__) == _bits(2.75)
        and _agrees_key(layout, np.array((23, 29), KEY)[()])
        and _agrees_containers(layout, [object() for _ in range(7)])
    )


def _agrees_array(layout: Layout, x: np.ndarray) -> bool:
    size, ready = type(x).__basicsize__, layout.contiguous | layout.aligned
    return bool(
        _word(x, layout.type, size) == id(np.ndarray)
        and _word(x, layout.data, size) == x.ctypes.data
        and _word(x, layout.nd, size, 4) == x.ndim
        and _content(_word(x, layout.dimensions, size), _POINTER * x.ndim) == _words(x.shape)
        and _word(x, layout.dtype, size) == id(x.dtype)
        and _word(x, layout.flags, size, 4) == _flags(x)
        and _flags(x) & ready == ready
        and _flags(x) & layout.writeable
        and not _flags(x[..., ::-1]) & layout.contiguous
    )


def _agrees_scalar(layout: Layout, number: Any) -> bool:
    width = number.nbytes
    if layout.scalar < 0 or layout.scalar % min(width, 16) or layout.scalar + width > type(number).__basicsize__:
        return False
    value = np.frombuffer(ctypes.string_at(id(number) + layout.scalar, width), number.dtype)[0]
    return bool(_word(number, layout.type, type(number).__basicsize__) == id(type(number)) and value == number)


def _agrees_key(layout: Layout, key: Any) -> bool:
    size = np.void.__basicsize__
    data = _content(_word(key, layout.key_data, size), key.nbytes)
    return _word(key, layout.key_dtype, size) == id(KEY) and data == key.tobytes()


def _agrees_containers(layout: Layout, parts: list[Any]) -> bool:
    """Of a list and a tuple of the same objects."""
    both, n, wanted = tuple(parts), len(parts), _words([id(x) for x in parts])
    inside, outside = tuple.__basicsize__ + n * tuple.__itemsize__, list.__basicsize__
    return (
        _word(both, layout.size, inside) == _word(parts, layout.size, outside) == n
        and all(_word(both, layout.tuple_items + _POINTER * i, inside) == id(x) for i, x in enumerate(parts))
        and _content(_word(parts, layout.list_items, outside), len(wanted)) == wanted
    )


# --- NumPy's functions --------------------------------------------------------------------------------------------------

# Numbers in the table of NumPy's C interface, which stay what they are as long as the interface has one version.
NUMPY_API = {"PyArray_Scalar": 60, "PyArray_NewFromDescr": 94, "PyDataMem_SetHandler": 304}
_VERSION, _VERSION_OF_TABLE = 0, 0x2000000


@lru_cache(maxsize=1)
def _numpy_table() -> int:
    capsule = np._core._multiarray_umath._ARRAY_API  # type: ignore[attr-defined]
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, None)


def _known_functions() -> bool:
    """Whether NumPy's table is of the version whose numbers are above."""
    try:
        address = ctypes.c_size_t.from_address(_numpy_table() + _POINTER * _VERSION).value
    except (AttributeError, ValueError):
        return False
    return ctypes.PYFUNCTYPE(ctypes.c_uint)(address)() == _VERSION_OF_TABLE


def api_address(name: str) -> int:
    """The address of a function of NumPy's C interface."""
    return ctypes.c_size_t.from_address(_numpy_table() + _POINTER * NUMPY_API[name]).value


__all__ = ["NUMPY_API", "Layout", "agrees", "api_address", "found", "searched"]
