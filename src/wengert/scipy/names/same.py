"""The answer by the function of `wengert.scipy` that has the same name."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from ...errors import NotSupportedError
from ...vocabulary import Function, Keywords
from .entry import HOW, Entry


def same_meaning(path: str) -> Function:
    """The answer by our function of the same name."""
    room, _, name = path.rpartition(".")

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Keywords) -> Any:
        ours = getattr(importlib.import_module(f"wengert.scipy.{room}"), name)
        try:
            parameters = inspect.signature(ours).parameters
        except (TypeError, ValueError):
            return ours(*args, **kwargs)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            for key in [k for k in kwargs if k not in parameters]:
                theirs = entry.signature.parameters.get(key)
                if theirs is None and not key.startswith("_"):  # SciPy's own calls say more
                    break
                if theirs is not None and key not in HOW and not _same(kwargs[key], theirs.default):
                    raise NotSupportedError(
                        f"scipy.{path} of traced values has no argument {key} here: leave it out, or give a function around "
                        f"the call a rule with custom_jvp"
                    )
                kwargs = {k: v for k, v in kwargs.items() if k != key}
        return ours(*args, **kwargs)

    return answer


def _same(x: Any, y: Any) -> bool:
    return x is y or (type(x) is type(y) and isinstance(x, (bool, int, float, str)) and x == y)


__all__ = ["same_meaning"]
