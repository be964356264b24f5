"""The addresses of BLAS and LAPACK routines.

NumPy's wheels and SciPy's each bring an OpenBLAS with threads of its own, which go on looking for work for some
hundredths of a second after a product, and then slow down the threads of the other one twofold. So products of matrices go
to NumPy's, which eager ones have used, where it is found; everything else goes through SciPy's function pointers.
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

# NumPy's counts in 64 bits and SciPy's in 32. Numbers are passed by address, and where the low half of a number comes first
# one of 64 bits is one of 32 too.
INTEGER = "i64" if sys.byteorder == "little" else "i32"
_PRODUCTS = ("sgemm", "dgemm", "cgemm", "zgemm")


@lru_cache(maxsize=2)
def _pointers(module: str) -> dict[str, Any]:
    """A table of SciPy's function pointers: `cython_blas` or `cython_lapack`.

    These modules need nothing of `scipy.linalg`, whose import takes ten times as long as theirs.
    """
    import importlib
    import importlib.util
    import os
    from importlib.machinery import PathFinder

    import scipy

    name = f"scipy.linalg.{module}"
    loaded = sys.modules.get(name)
    spec = PathFinder.find_spec(name, [os.path.join(p, "linalg") for p in scipy.__path__]) if loaded is None else None
    if loaded is None and spec is not None and spec.loader is not None:
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
    return (loaded or importlib.import_module(name)).__pyx_capi__


@lru_cache(maxsize=1)
def numpy_blas() -> Any:
    """The OpenBLAS in NumPy's wheel, or None: NumPy may be built with another library, and then share SciPy's."""
    home = Path(np.__file__).parent
    for folder in (home.parent / "numpy.libs", home / ".dylibs"):
        for path in sorted(folder.glob("*scipy_openblas64_*")):
            try:
                library = ctypes.CDLL(str(path))  # it is loaded already
            except OSError:
                continue
            if all(hasattr(library, f"scipy_{routine}_64_") for routine in _PRODUCTS):
                return library
    return None


@lru_cache(maxsize=64)
def blas_address(routine: str) -> int:
    """The address of a BLAS or LAPACK routine.

    Example:
        >>> blas_address("dgemm") != blas_address("sgemm")
        True
    """
    if routine in _PRODUCTS and INTEGER == "i64" and numpy_blas() is not None:
        return ctypes.cast(getattr(numpy_blas(), f"scipy_{routine}_64_"), ctypes.c_void_p).value or 0
    capsule = _pointers("cython_blas").get(routine) or _pointers("cython_lapack")[routine]
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, get_name(capsule))


__all__ = ["INTEGER", "blas_address", "numpy_blas"]
