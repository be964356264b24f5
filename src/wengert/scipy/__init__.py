"""SciPy's namespaces for arrays and values under transformation, imported when they are first used."""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from ..errors import OWN_NAMES as _OWN_NAMES
from ..errors import no_attribute as _no_attribute

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


def __getattr__(name: str) -> _Any:
    if name in __all__:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise _no_attribute(__name__, name, __all__)


def __dir__() -> list[str]:
    return __all__
