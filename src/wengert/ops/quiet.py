"""Spans in which NumPy does not warn: `numpy.errstate`, at a tenth of its cost.

Where NumPy's settings are as they were when the library was loaded, the wanted ones are known beforehand, and setting
them is one assignment to NumPy's context variable. Else, and where NumPy has none, `errstate` does it.
"""

from __future__ import annotations

from contextvars import Token
from typing import Any

import numpy as np

_core: Any = getattr(np, "_core", None)
_settings: Any = getattr(getattr(_core, "umath", None), "_extobj_contextvar", None)
_usual: Any = None if _settings is None else _settings.get()


class Quiet:
    """What NumPy is not to warn of.

    Args:
        kinds: of NumPy's ``divide``, ``invalid``, ``over`` and ``under``.

    Example:
        >>> quiet = Quiet("divide")
        >>> before = quiet.begin()
        >>> float(np.float64(1.0) / 0.0)
        inf
        >>> quiet.end(before)
    """

    __slots__ = ("_kinds", "_state")

    def __init__(self, *kinds: str) -> None:
        self._kinds: dict[str, Any] = dict.fromkeys(kinds, "ignore")
        with np.errstate(**self._kinds):
            self._state = None if _settings is None else _settings.get()

    def begin(self) -> Any:
        """Warn no more; the result is for `end`. Hot."""
        if _settings is not None and _settings.get() is _usual:
            return _settings.set(self._state)
        context = np.errstate(**self._kinds)
        context.__enter__()
        return context

    def end(self, before: Any) -> None:
        """Warn as before `begin`, in the same thread."""
        if type(before) is Token:
            _settings.reset(before)
        else:
            before.__exit__(None, None, None)


__all__ = ["Quiet"]
