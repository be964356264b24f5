"""Docstrings of functions that other functions make, and of objects: what they were given, and an example.

A function that is written out has its example in its docstring. Nothing here imports the rest of the library, and little is
done: it is at import.
"""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

T = TypeVar("T")


def with_example(f: T, example: str) -> T:
    """The same function or object, whose docstring ends with an example.

    Args:
        example: as in Python's prompt, with what is printed; each line indented by four.

    Example:
        >>> with_example(lambda x: x, "    >>> 1 + 1").__doc__.split()
        ['Example:', '>>>', '1', '+', '1']
    """
    known: Any = f
    text = known.__doc__ or ""
    known.__doc__ = (
        f"{inspect.cleandoc(text) if chr(10) in text else text}\n\nExample:\n{example.strip(chr(10)).rstrip()}\n"
    )
    return f


__all__ = ["with_example"]
