"""Plain arrays that traced values are to be written into: how that is noticed, and what a second run makes instead.

``out = wnp.zeros(n); out[i] = x[i]`` ends in NumPy, which can only ask for the value of x[i]. Such an error is marked
here, and `transforms.rerun` runs the function once more, in which arrays that the user's code makes accept traced values
(`memory.MutableArray`). Outside of second runs nothing changes, and nothing is paid but a look at an empty set.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np

from ..errors import WengertError, is_library_frame
from .memory import new_array

RUNS: set[object] = set()  # the second runs under way, of all threads
_here: ContextVar[bool] = ContextVar("arrays that the user's code makes accept traced values", default=False)


def made(x: Any) -> Any:
    """An array that a function of `wengert.numpy` has made; in a second run one that accepts traced values.

    Only for its caller's caller, if that is the user's code: the library's own arrays are what they always are.
    """
    if not _here.get() or is_library_frame(sys._getframe(2)):
        return x
    return accepting(x)


def accepting(x: Any) -> Any:
    """A new array of numbers as one that traced values can be written into."""
    return new_array(x) if type(x) is np.ndarray and x.ndim and x.dtype.kind in "biufc" else x


def accepted(x: Any) -> Any:
    """What a method of such an array gives, in a second run."""
    return accepting(x) if _here.get() else x


@contextmanager
def second_run() -> Iterator[None]:
    """The extent of a second run."""
    run = object()
    token = _here.set(True)
    RUNS.add(run)
    try:
        yield
    finally:
        RUNS.discard(run)
        _here.reset(token)


_Error = TypeVar("_Error", bound=WengertError)


def refused(error: _Error) -> _Error:
    """An error that says that traced values cannot be written into a plain array, marked as that."""
    error.into_plain = True  # type: ignore[attr-defined]
    return error


_FLAT = "Error setting single item of array."  # all that NumPy says of ``y.flat[0] = t``


def is_refused(error: BaseException) -> bool:
    """Whether an error is one of those, or NumPy's that one of them caused."""
    if type(error) is ValueError and str(error) == _FLAT:
        return True
    return any(getattr(e, "into_plain", False) for e in (error, error.__cause__, error.__context__))


__all__ = ["RUNS", "accepted", "accepting", "is_refused", "made", "refused", "second_run"]
