"""What settings may be: their variables in the environment, and values as people write them (``on``, ``64MiB``).

Nothing is kept here; `config` keeps. Of the library only the list of backends is imported here.
"""

from __future__ import annotations

import math
import operator
import os
import re
import sys
from typing import Any, NoReturn

from .backends import checked as checked_backend

# The settings, in the order in which they are shown, and their variables.
VARIABLES = {
    "enable_x64": "WENGERT_X64",
    "backend": "WENGERT_BACKEND",
    "reproducible": "WENGERT_REPRODUCIBLE",
    "without_passes": "WENGERT_WITHOUT_PASSES",
    "verify": "WENGERT_VERIFY",
    "dump": "WENGERT_DUMP",
    "max_paths": "WENGERT_MAX_PATHS",
    "max_vmap_paths": "WENGERT_MAX_VMAP_PATHS",
    "checkpoint_bytes": "WENGERT_CHECKPOINT_BYTES",
    "disk_cache": "WENGERT_CACHE",
    "cache_dir": "WENGERT_CACHE_DIR",
    "cache_bytes": "WENGERT_CACHE_BYTES",
    "threads": "WENGERT_THREADS",
    "debug_nans": "WENGERT_DEBUG_NANS",
    "debug_infs": "WENGERT_DEBUG_INFS",
    "debug_zeros": "WENGERT_DEBUG_ZEROS",
    "disable_jit": "WENGERT_DISABLE_JIT",
}
# Variables that are read where they are used and are no settings of `config`.
OTHERS = {
    "WENGERT_TARGET_CPU": "the processor that code is compiled for, such as x86-64-v3",
    "WENGERT_NATIVE_CALL": "0: compiled functions are called from Python, as where the native call does not fit",
    "WENGERT_FULL_TRACEBACK": "tracebacks with the frames of the library",
    "WENGERT_LOG": "compile: what is compiled is printed to standard error, with its time and its reason",
    "WENGERT_PERF_MAP": "1: compiled code is named for Linux's perf, in /tmp/perf-PID.map",
    "WENGERT_AS_JAX": "1: ``import jax`` means this library, from where wengert is imported on",
}
SIZES = ("cache_bytes", "checkpoint_bytes")
MOST_THREADS = 1024
_WORDS = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}
_UNITS = {"": 1, "b": 1} | {
    f"{letter}{between}b": base**power
    for power, letter in enumerate("kmgt", 1)
    for between, base in (("", 1000), ("i", 1024))
}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([a-z]*)")


def given() -> dict[str, str]:
    """The settings that the environment gives, as text; an empty variable counts as none."""
    return {name: os.environ[variable] for name, variable in VARIABLES.items() if os.environ.get(variable)}


def truth(variable: str, otherwise: bool = False) -> bool:
    """Whether a variable that is no setting of `config` is set to a word for true.

    Raises:
        ValueError: it is set to something else than a truth.
    """
    text = os.environ.get(variable, "").strip().lower()
    if text and text not in _WORDS:
        raise ValueError(f"{variable} is 1 or 0 (or true, false, on, off, yes, no); got {text!r}")
    return _WORDS[text] if text else otherwise


def size(text: str) -> int:
    """A number of bytes: ``536870912``, ``1GB`` (1000³), ``64MiB`` (64·1024²), ``1.5 GiB``.

    Raises:
        ValueError: it is none.
    """
    found = _SIZE.fullmatch(text.strip().lower())
    if found is None or found[2] not in _UNITS:
        raise ValueError(text)
    number, unit = found[1], _UNITS[found[2]]
    return int(number) * unit if number.isdigit() else round(float(number) * unit)


def checked(name: str, value: Any) -> Any:
    """What a setting becomes that is given a value, by the program or as text by the environment.

    Raises:
        ValueError: the setting cannot have it.
    """
    if name == "cache_dir":  # absolute, so that it stays the same folder when the process goes to another one
        return None if value is None else os.path.abspath(os.path.expanduser(os.fspath(value)))
    if name == "backend":
        try:
            return checked_backend(value)
        except ValueError as error:
            raise ValueError(f"{name} ({VARIABLES[name]}): {error}") from None
    if name == "without_passes":
        words = value.split(",") if isinstance(value, str) else value
        return tuple(sorted({str(w).strip() for w in words if str(w).strip()}))
    if name == "timed":  # of `profile`'s
        return value
    if name == "dump":
        return None if value is None else str(value)
    if name in SIZES:
        return _bytes(name, value)
    if name == "threads":
        return None if value is None else _whole(name, value, MOST_THREADS, "None or ")
    if name in ("max_paths", "max_vmap_paths"):
        return _whole(name, value, sys.maxsize, "")
    if isinstance(value, str):
        if value.strip().lower() not in _WORDS:
            _refuse(name, "1 or 0 (or true, false, on, off, yes, no)", value)
        return _WORDS[value.strip().lower()]
    return bool(value)


def _bytes(name: str, value: Any) -> int:
    try:
        number = size(value) if isinstance(value, str) else value
        if not math.isfinite(number) or number < 0 or int(number) != number:
            raise ValueError
        return int(number)
    except (TypeError, ValueError, OverflowError):
        _refuse(name, "a number of bytes, such as 536870912, 1GB or 64MiB", value)


def _whole(name: str, value: Any, most: int, or_else: str) -> int:
    try:
        number = int(value) if isinstance(value, str) else operator.index(value)
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= most:
        _refuse(name, f"{or_else}a whole number from 1" + (f" to {most}" if most < sys.maxsize else " on"), value)
    return number


def _refuse(name: str, what: str, value: Any) -> NoReturn:
    raise ValueError(f"{name} ({VARIABLES[name]}) is {what}; got {value!r}")


def is_the_command() -> bool:
    """Whether this process is the command ``wengert``, which ends with one line where a library raises."""
    if sys.argv[:1] == ["-m"]:  # `python -m wengert`, before its module is found
        before = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]
        return before[-1:] == ["wengert"] or before[-1:] == ["wengert.cli"]
    return os.path.basename(sys.argv[0] if sys.argv else "").removesuffix(".exe") == "wengert"
