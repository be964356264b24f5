"""When SciPy's own functions learn of traced values: once a trace has begun and the module of SciPy is loaded.

A program that takes no derivatives finds SciPy as it is. With the first trace, and from then on whenever a room of SciPy is
imported, `wengert.scipy.names` puts its short first step before each public function of that room.
"""

from __future__ import annotations

import importlib.machinery
import sys
from typing import Any

from . import tracers

ROOMS = frozenset(
    f"scipy.{room}"
    for room in (
        "cluster.vq fft fftpack integrate interpolate linalg ndimage optimize signal sparse sparse.linalg spatial spatial.distance "
        "special stats"
    ).split()
)


class _Finder:
    """Finds the rooms of SciPy where they are, and notes that they were imported."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name not in ROOMS:
            return None
        spec: Any = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        spec.loader = _Loader(spec.loader)
        return spec


class _Loader:
    """A module's loader, which is in its place again when the module runs."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: Any) -> Any:
        return self.loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        loaded(module.__name__)


def loaded(name: str) -> None:
    """A room is there: its functions are met at once if there was a trace already, with the next one otherwise."""
    tracers.ARRIVED.append(name)
    if tracers.begun():
        meet()


def meet() -> None:
    """Meet the rooms that have arrived."""
    while tracers.ARRIVED:
        name = tracers.ARRIVED.pop()
        from .scipy.names.meeting import meet_room

        meet_room(name)


def watch() -> None:
    """Begin to watch; those rooms that are loaded already have arrived."""
    tracers.meet = meet
    tracers.ARRIVED.extend(name for name in sorted(ROOMS) if getattr(sys.modules.get(name), "__all__", None))
    sys.meta_path.insert(0, _Finder)


__all__ = ["ROOMS", "watch"]
