"""Layout: what is known of CPython's and NumPy's structures in memory, and NumPy's functions for C.

Offsets of fields that both keep stable between versions; `supported` looks whether they are as stated here.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import numpy as np

from ..ops.random import KEY

# Offsets of fields in bytes.
TYPE, SIZE, ITEMS, SCALAR = 8, 16, 24, 16  # PyObject.ob_type, PyVarObject.ob_size, tuple items, a scalar's value
VOID = {"data": 24, "descr": 32}  # a scalar of a structured dtype
ARRAY = {"data": 16, "nd": 24, "dimensions": 32, "descr": 56, "flags": 64}
READY = 0x1 | 0x100  # C-contiguous, aligned
WRITEABLE = 0x400
NUMPY_API = {"PyArray_Scalar": 60, "PyArray_NewFromDescr": 94, "PyDataMem_SetHandler": 304}


@lru_cache(maxsize=1)
def supported() -> bool:
    """Whether objects lie in memory as this file says."""
    import ctypes
    import platform
    import sysconfig

    if platform.python_implementation() != "CPython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return False
    if struct.calcsize("P") != 8 or object.__basicsize__ != 16:
        return False
    a = np.arange(6.0).reshape(2, 3)

    def field(x: Any, offset: int, kind: Any) -> Any:
        return kind.from_address(id(x) + offset).value

    pointer = ctypes.c_size_t
    scalar = np.float64(1.25)
    pair = (a, scalar)
    key = np.array((3, 7), KEY)[()]
    return bool(
        field(a, TYPE, pointer) == id(np.ndarray)
        and field(a, ARRAY["data"], pointer) == a.ctypes.data
        and field(a, ARRAY["nd"], ctypes.c_int) == 2
        and pointer.from_address(field(a, ARRAY["dimensions"], pointer) + 8).value == 3
        and field(a, ARRAY["descr"], pointer) == id(a.dtype)
        and field(a, ARRAY["flags"], ctypes.c_int) & READY == READY
        and field(scalar, SCALAR, ctypes.c_double) == 1.25
        and field(2.5, SCALAR, ctypes.c_double) == 2.5
        and field(key, VOID["descr"], pointer) == id(KEY)
        and ctypes.c_uint64.from_address(field(key, VOID["data"], pointer)).value == (7 << 32) + 3
        and field(pair, SIZE, pointer) == 2
        and field(pair, ITEMS + 8, pointer) == id(scalar)
    )


@lru_cache(maxsize=1)
def _numpy_table() -> int:
    import ctypes

    capsule = np._core._multiarray_umath._ARRAY_API  # type: ignore[attr-defined]
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, None)


def api_address(name: str) -> int:
    """The address of a function of NumPy's C interface."""
    import ctypes

    return ctypes.c_size_t.from_address(_numpy_table() + 8 * NUMPY_API[name]).value
