"""Errors as users see them: tracebacks without the library's frames, and notes with a remedy where another library's words have none."""

from __future__ import annotations

import os
import re
from types import TracebackType

from .errors import WengertError
from .frames import is_library_frame

_FAULT = (
    "what wengert takes for granted does not hold here, a fault of wengert's own: please report it with the program"
)
_TOO_LARGE = "Python int too large to convert to C long"
_LARGE_REMEDY = "an integer of Python's under a transformation has 64 bits; write it as a float, or name the argument in static_argnums"
_HIDDEN = "wengert's own frames are left out; WENGERT_FULL_TRACEBACK=1 in the environment shows them"
_UNREADABLE = (
    "a compiled extension (C, Cython, Numba) was given a traced value and reads the memory of arrays, which it has none of: "
    "call the function by wengert.pure_callback(f, result_shape_dtypes, x), with a rule (wengert.custom_jvp) or "
    "wengert.approximate(f) where it is differentiated"
)
_OUR_CLASSES = re.compile(r"'(?:[A-Z]\w*Tracer|MutableArray)'")
_UNREADABLE_WORDS = re.compile(  # the first is Python's, the others are Cython's
    r"bytes-like object is required, not '\w+Tracer'|expected numpy\.ndarray, got \w+Tracer|Cannot convert \w+Tracer to numpy|"
    r"^No matching signature found"
)


def _line(tb: TracebackType) -> int:
    """A traceback's line; -1, which Python shows as none, for instructions that stand on no line."""
    line: int | None = tb.tb_lineno
    return -1 if line is None else line


def without_library_frames(error: BaseException) -> BaseException:
    """The same error, its traceback without the library's frames (set WENGERT_FULL_TRACEBACK=1 to keep them).

    An error that arose in such a frame and is none of the library's own gets a note that says so; an assertion that
    failed without words says where it stands.
    """
    cause = error.__cause__
    # NumPy's "setting an array element", y[0] = t; calls from C code of SciPy
    if type(error) in (ValueError, SystemError) and isinstance(cause, WengertError):
        error = cause.with_traceback(error.__traceback__)
        error.__suppress_context__ = True
    frames: list[TracebackType] = []
    tb = last = error.__traceback__
    hidden = False
    while tb is not None:
        last, hidden = tb, is_library_frame(tb.tb_frame)
        if not hidden:
            frames.append(tb)
        tb = tb.tb_next
    if hidden and last is not None and type(error) is AssertionError and not error.args:
        where = f"{os.path.basename(last.tb_frame.f_code.co_filename)}:{_line(last)}"
        error.args = (f"{where}: {_FAULT}",)
    if hidden and type(error) is OverflowError and error.args == (_TOO_LARGE,):
        error.args = (f"{_TOO_LARGE}: {_LARGE_REMEDY}",)
    if (
        type(error) is TypeError
        and _UNREADABLE_WORDS.search(str(error))
        and _UNREADABLE not in getattr(error, "__notes__", ())
    ):
        error.add_note(_UNREADABLE)
    if type(error) is TypeError and len(error.args) == 1 and "'" in str(error.args[0]):  # Python's own, of an operator
        error.args = (_OUR_CLASSES.sub("'traced array'", str(error.args[0])),)
    if os.environ.get("WENGERT_FULL_TRACEBACK"):
        return error
    if not frames:
        return error
    rebuilt: TracebackType | None = None
    for tb in reversed(frames):
        rebuilt = TracebackType(rebuilt, tb.tb_frame, tb.tb_lasti, _line(tb))
    if hidden and not isinstance(error, WengertError) and _HIDDEN not in getattr(error, "__notes__", ()):
        error.add_note(_HIDDEN)
    return error.with_traceback(rebuilt)


def interrupt_of(error: BaseException) -> BaseException | None:
    """Ctrl-C that came while NumPy asked for a number: NumPy makes a ValueError of whatever ends that."""
    cause = error.__cause__ if isinstance(error, (TypeError, ValueError)) else None
    return None if isinstance(cause, Exception) else cause
