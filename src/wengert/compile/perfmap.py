"""The map by which ``perf`` names compiled code: ``/tmp/perf-PID.map``, a line for each function with address, size, name.

It is written while a profile asks for it (``profile(perf_map=True)``) and with ``WENGERT_PERF_MAP=1`` in the environment.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from ..config import config
from ..environment import truth
from ..errors import NotSupportedError
from ..locks import lock
from .objectfile import functions

_lock = lock()


def wanted() -> bool:
    """Whether functions are to be named for ``perf``."""
    return config.compiling[-1] == "named" or truth("WENGERT_PERF_MAP")


def path() -> str:
    """Where ``perf`` looks for the map of this process."""
    return f"/tmp/perf-{os.getpid()}.map"


def check() -> None:
    """Raise where there is no ``perf``, or its file cannot be written."""
    if not sys.platform.startswith("linux"):
        raise NotSupportedError("a perf map is for Linux's perf; leave perf_map out here")
    try:
        _opened().close()
    except OSError as error:
        raise NotSupportedError(f"{path()} cannot be written to: {error.strerror}; leave perf_map out") from None


def _opened() -> TextIO:
    """The map, to be added to. The folder is everybody's: no link is followed, and no file of another user is written."""
    number = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.fstat(number).st_uid != os.geteuid():
        os.close(number)
        raise PermissionError(errno.EPERM, "it belongs to another user")
    return open(number, "a", encoding="utf-8")


def write(data: bytes, main: int, named: Callable[[str], str]) -> None:
    """Add the functions of an object file whose `main` is at this address; where that cannot be done, names are missing."""
    found = functions(data)
    origin = next((section, offset) for name, section, offset, _ in found if name == "main")
    lines = [
        f"{main + offset - origin[1]:x} {size:x} {named(name)}\n"
        for name, section, offset, size in found
        if section == origin[0] and size
    ]
    with suppress(OSError), _lock, _opened() as file:
        file.writelines(lines)


__all__ = ["check", "path", "wanted", "write"]
