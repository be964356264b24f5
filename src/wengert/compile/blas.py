"""The addresses of BLAS and LAPACK routines.

NumPy's wheels and SciPy's each bring an OpenBLAS with threads of its own, which go on looking for work for some
hundredths of a second after a call, and then slow down the threads of the other one, manifold where other programs run
beside. So compiled code uses one of them: NumPy's, which eager products have used, where it is found; it counts in 64 bits.
Otherwise everything goes through SciPy's function pointers, which count in 32. A routine's symbol says which it is, so that code
from the disk finds the one it was made for, or is made anew.
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

WIDE = "_64"  # ends the symbols of routines that count in 64 bits
# What compiled code calls, without the letter of the dtype.
_ROUTINES = "gemm trsm trsv getrf getrs getri potrf gtsv gesdd geqrf gehrd".split()
_REAL, _COMPLEX = ("syevd", "orgqr", "sytrd"), ("heevd", "ungqr", "hetrd")


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
            if all(hasattr(library, _name(t + r)) for t in "sd" for r in (*_ROUTINES, *_REAL)) and all(
                hasattr(library, _name(t + r)) for t in "cz" for r in (*_ROUTINES, *_COMPLEX)
            ):
                return library
    return None


def _name(routine: str) -> str:
    return f"scipy_{routine}_64_"


def integer() -> str:
    """The type of the integers that routines are called with, by address."""
    return "i32" if numpy_blas() is None else "i64"


def symbol(routine: str) -> str:
    """The name of a routine in LLVM's text.

    Example:
        >>> symbol("dgemm").removesuffix(WIDE)
        'wengert.dgemm'
    """
    return f"wengert.{routine}" + ("" if numpy_blas() is None else WIDE)


@lru_cache(maxsize=64)
def blas_address(routine: str) -> int:
    """The address of a BLAS or LAPACK routine, by its symbol without ``wengert.``.

    Raises:
        LookupError: code that was kept on disk counts in 64 bits, and no library here does.

    Example:
        >>> blas_address("dgemm") != blas_address("sgemm")
        True
    """
    if routine.endswith(WIDE):
        library = numpy_blas()
        if library is None:
            raise LookupError(f"no library here has {routine}")
        return ctypes.cast(getattr(library, _name(routine.removesuffix(WIDE))), ctypes.c_void_p).value or 0
    capsule = _pointers("cython_blas").get(routine) or _pointers("cython_lapack")[routine]
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, get_name(capsule))


__all__ = ["blas_address", "integer", "numpy_blas", "symbol"]
