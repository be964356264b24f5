"""Whose code a frame runs: the library's, another's, or the user's, whose line errors name."""

from __future__ import annotations

import linecache
import os
import sys
from types import FrameType

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def is_library_frame(frame: FrameType) -> bool:
    """Whether a frame runs the library's own code (or a library it calls on the user's behalf)."""
    name = frame.f_code.co_filename
    return name.startswith((_PACKAGE, "<frozen", "<wengert,")) or f"{os.sep}optree{os.sep}" in name


FOREIGN = ("numpy", "scipy", "pandas", "xarray")
_PLACES = tuple(f"-packages{os.sep}{name}{os.sep}" for name in FOREIGN)
_STANDARD = os.path.dirname(os.__file__) + os.sep


def is_foreign_frame(frame: FrameType) -> bool:
    """Whether a frame runs Python code of NumPy, SciPy, pandas, xarray or the standard library."""
    name = frame.f_code.co_filename
    if name.startswith(_STANDARD):
        return "-packages" not in name or any(place in name for place in _PLACES)
    return any(place in name for place in _PLACES)


def _is_installed(frame: FrameType) -> bool:
    """Whether a frame runs code of an installed package or of the standard library."""
    name = frame.f_code.co_filename
    return f"-packages{os.sep}" in name or name.startswith(_STANDARD)


def _is_started_by(frame: FrameType) -> bool:
    """Whether a frame is the script that starts a program of an installed package, as that of pytest does."""
    return frame.f_back is None and f"{os.sep}bin{os.sep}" in frame.f_code.co_filename


def user_line() -> str:
    """Where the user's code is: ``file.py:12: the source line``, or an empty string when there is none."""
    place = user_place()
    return "" if place is None else line_text(*place)


def user_place() -> tuple[str, int] | None:
    """Where the user's code is, a file and a line; None where there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (is_library_frame(frame) or is_foreign_frame(frame)):
        frame = frame.f_back
    if frame is None:
        return None
    other = frame
    while other is not None and (
        _is_installed(other) or is_library_frame(other)
    ):  # past a package, such as matplotlib, that the user's code called
        other = other.f_back
    if other is not None and not _is_started_by(other):
        frame = other
    return frame.f_code.co_filename, frame.f_lineno


def place_text(name: str, line: int) -> str:
    """A line of code as Python or, for a cell of a notebook, IPython names it: ``Cell In[2], line 1``."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and not os.path.isfile(name):
        try:
            label, cell = ipython.get_ipython().compile.format_code_name(name)
        except (AttributeError, TypeError):  # no shell, or none of its cells
            return f"{name}:{line}"
        return f"{label} {cell}, line {line}"
    return f"{name}:{line}"


def line_text(name: str, line: int) -> str:
    """A line of code, and what stands there."""
    text = linecache.getline(name, line).strip()
    return f"{place_text(name, line)}: {text}" if text else place_text(name, line)


def foreign_calls() -> tuple[str, list[str]] | None:
    """The library, other than NumPy, that the user's code has called here: its name, and its public functions.

    Those of SciPy come with the user's own call first: ``("scipy", ["special.softmax"])``.
    """
    frame: FrameType | None = sys._getframe(1)
    library, calls = "", []
    while frame is not None and (is_library_frame(frame) or is_foreign_frame(frame)):
        module: str = frame.f_globals.get("__name__", "")
        name = module.split(".")[0]
        if name == "scipy":
            calls = _public_names(frame, module) + calls
        if name in FOREIGN and name != "numpy":
            library = name
        frame = frame.f_back
    return (library, calls) if library else None


def caller() -> tuple[str, str]:
    """The first function outside of the library, and its module: ``("_matmul_dispatch", "scipy.sparse._base")``."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (is_library_frame(frame) or frame.f_code.co_name in ("<listcomp>", "<genexpr>")):
        frame = frame.f_back
    return ("", "") if frame is None else (frame.f_code.co_name, frame.f_globals.get("__name__", ""))


def _public_names(frame: FrameType, module: str) -> list[str]:
    """What a user may know a frame of SciPy by: its function, what a decorator wraps, a method of a public object."""
    code, known = frame.f_code, frame.f_locals
    this = known.get("self")
    names = [(module, code.co_name)]
    names += [(getattr(v, "__module__", None), getattr(v, "__name__", "")) for v in map(known.get, code.co_freevars)]
    names += [(module, getattr(this, "__name__", "")), (module, f"{getattr(this, 'name', '')}.{code.co_name}")]
    found: list[str] = []
    for where, name in names:
        room = str(where).split(".")[1:2]
        public = vars(sys.modules.get(f"scipy.{''.join(room)}", sys))
        if name and not name.startswith("_") and name.split(".")[0] in public and ".__" not in name:
            found.append(".".join([*room, name]))
    return found


def user_operation() -> tuple[str, int]:
    """The instruction that the user's line is at, ("STORE_SUBSCR", 0) for ``x[i] = v``, and its argument."""
    import dis

    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_library_frame(frame):
        frame = frame.f_back
    if frame is None or frame.f_lasti < 0:
        return "", 0
    code = frame.f_code.co_code
    name = dis.opname[code[frame.f_lasti]]
    return "STORE_SUBSCR" if name == "STORE_SLICE" else name, code[frame.f_lasti + 1]  # Python 3.12, 3.13: x[a:b] = v
