"""SciPy's functions of several universal functions (`scipy.special.sph_harm_y` and its kin) by their own names: ours."""

from __future__ import annotations

import sys
from typing import Any

from ...vocabulary import Keywords
from .entry import Entry
from .same import same_meaning


def answer(entry: Entry, args: tuple[Any, ...], kwargs: Keywords) -> Any:
    """The call of one: by its name in ``scipy.special``, where we have it."""
    from .. import special

    this, *rest = args
    name = next((n for n, v in vars(sys.modules["scipy.special"]).items() if v is this), "")
    if name not in special.__all__:
        return entry.original(*args, **kwargs)
    return same_meaning(f"special.{name}")(entry, tuple(rest), kwargs)


ANSWERS = {"special.MultiUFunc.__call__": answer}

__all__ = ["ANSWERS"]
