"""SciPy's namespaces for arrays and values under transformation, imported when they are first used."""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from typing import TYPE_CHECKING as _TYPE_CHECKING

from ..nearest import OWN_NAMES as _OWN_NAMES
from ..nearest import modules_on_first_use as _modules_on_first_use

if _TYPE_CHECKING:
    from . import (
        cluster,
        fft,
        integrate,
        interpolate,
        linalg,
        ndimage,
        optimize,
        signal,
        sparse,
        spatial,
        special,
        stats,
    )

__all__ = [
    "cluster", "fft", "integrate", "interpolate", "linalg", "ndimage", "optimize", "signal", "sparse", "spatial",
    "special", "stats",
]  # fmt: skip


def _answered(name: str) -> bool:
    from .names.declared import answer_of

    return name.startswith("scipy.") and answer_of(name.removeprefix("scipy.")) is not None


_OWN_NAMES.append(_answered)

__getattr__ = _modules_on_first_use(__name__, __all__)
__dir__ = __all__.copy
