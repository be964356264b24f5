"""The disk cache: Programs that were compiled before, by this process or another.

A file is named by the hash of everything its bytes depend on: the Program, the contents of this library's files, the
processor, the versions, the options of code generation. It starts with a checksum, so that a file cut short or damaged is
a miss; it is written under another name and then renamed, so that processes may share the folder; the folder and its
files are used only if no other user can write to them, because what they hold is run. Whatever else lies there (a pipe, a
link, a file as large as the disk, bytes that are no object file) is a miss. Every failure of the file system means no
cache and nothing else: no error, no warning.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import re
import stat
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..config import LOADED, config
from ..locks import lock
from ..version import __version__
from . import engine
from .objectfile import is_object

_HEADER = struct.Struct("<4sIQ32s")  # magic, version of this format, length of the object, checksum
_MAGIC, _FORMAT = b"WGRT", 1
_ENTRY = re.compile(r"[0-9a-f]{64}\.object")
_UNFINISHED = re.compile(r"[0-9a-f]{32}\.part")
_ABANDONED = 3600  # seconds after which a file that was not renamed has no writer any more
_RECENT = 60  # seconds in which a use is not noted again
_MOST = 1 << 30  # bytes of an entry: nothing that is compiled comes near
_KEEP = 0.9  # the part of the limit that is left when entries are removed
# A link is not followed, and a pipe that nobody writes to is not waited for.
_OPEN_READ = os.O_RDONLY
for _flag in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC"):
    _OPEN_READ |= getattr(os, _flag, 0)
_OPEN_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class Statistics:
    """What the cache did in this process.

    Attributes:
        hits: objects read. misses: objects that had to be compiled. writes: objects stored.
        damaged: files, among the misses, that were cut short or altered.

    Example:
        >>> from wengert.compile.cache import Statistics
        >>> Statistics()
        Statistics(hits=0, misses=0, writes=0, damaged=0)
    """

    __slots__ = ("_lock", "damaged", "hits", "misses", "writes")

    def __init__(self) -> None:
        self._lock = lock()
        self.reset()

    def reset(self) -> None:
        self.hits = self.misses = self.writes = self.damaged = 0

    def add(self, name: str) -> None:
        with self._lock:
            setattr(self, name, getattr(self, name) + 1)

    def __repr__(self) -> str:
        return f"Statistics(hits={self.hits}, misses={self.misses}, writes={self.writes}, damaged={self.damaged})"


stats = Statistics()


def object_of(text: str) -> bytes:
    """The object file of a module: from the cache, or compiled and stored there."""
    key = key_of(text.encode())
    found = fetch(key, is_object)
    if found is None:
        found = engine.emit(text)
        store(key, found)
    return found


def code_of(text: str, symbols: Iterable[str]) -> engine.Code:
    """A module in memory; compiled where the object file that is stored for it cannot be linked."""
    made = object_of(text)
    symbols = list(symbols)
    try:
        return engine.load([made], symbols)
    except RuntimeError:
        stats.add("damaged")
        made = engine.emit(text)
        store(key_of(text.encode()), made)
        return engine.load([made], symbols)


def keep(thing: object) -> None:
    """Never free an object: native code calls it, or lies in it, to the very end of the process."""
    increase = ctypes.pythonapi.Py_IncRef
    increase.argtypes, increase.restype = [ctypes.py_object], None
    increase(thing)


def fetch(key: bytes | None, whole: Callable[[bytes], bool] = lambda made: True) -> bytes | None:
    """What is stored under a key, if it has one and the cache can be used.

    Args:
        whole: whether bytes are what could have been stored; others are a miss.
    """
    folder = None if key is None else _usable_folder()
    if key is None or folder is None:
        return None
    found = _read(_path(folder, key), key)
    if found is not None and not whole(found):
        found = None
        stats.add("damaged")
    stats.add("misses" if found is None else "hits")
    return found


def store(key: bytes | None, made: bytes) -> None:
    """Store something under a key, if it has one and the cache can be used."""
    folder = None if key is None else _usable_folder()
    if key is None or folder is None:
        return
    if _write(folder, _path(folder, key), key, made):
        stats.add("writes")
        # A full look at the folder now and then, by the key and not by a counter: short processes take their turn too.
        if key[0] == 0 or len(made) > config.cache_bytes // 256:
            evict(folder, config.cache_bytes)


def _path(folder: str, key: bytes) -> str:
    return os.path.join(folder, key.hex() + ".object")


def key_of(content: bytes | None) -> bytes | None:
    """The hash of all that compiled code depends on, of which `content` says what is compiled."""
    if content is None or not config.disk_cache or _source() is None:
        return None
    hashed = _surroundings().copy()
    hashed.update(content)
    return hashed.digest()


@lru_cache(maxsize=1)
def _surroundings() -> hashlib._Hash:
    """The hash of the processor, the versions and the options, to be continued with what is compiled."""
    parts = (
        __version__,
        _source() or "",
        f"{sys.implementation.name} {platform.python_version()}",
        np.__version__,
        *engine.description(),
    )
    return hashlib.sha256("\0".join((*parts, "")).encode())


@lru_cache(maxsize=1)
def _source() -> str | None:
    """The hash of this library's files, names and contents: a Program is compiled by all of them.

    None where one was changed since the library was loaded, for this process may then run another version of it.
    """
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    hashed, changed = hashlib.sha256(), False
    for name, content, time_of_change in _files(home) if os.path.isdir(home) else _archived():
        hashed.update(f"{name}\0{len(content)}\0".encode())
        hashed.update(content)
        changed = changed or LOADED < time_of_change <= time.time()
    return None if changed else hashed.hexdigest()


def _files(folder: str, path: str = "") -> Iterator[tuple[str, bytes, float]]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda e: e.name)
    for e in entries:
        if e.name.endswith(".py"):
            file = os.open(e.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            try:
                status = os.fstat(file)
                yield f"{path}/{e.name}", os.read(file, status.st_size), status.st_mtime
            finally:
                os.close(file)
        elif e.name != "__pycache__" and e.is_dir():
            yield from _files(e.path, f"{path}/{e.name}")


def _archived() -> Iterator[tuple[str, bytes, float]]:
    """The same of a library that was imported from an archive."""
    from importlib import resources

    folders = [("", resources.files(__name__.partition(".")[0]))]
    while folders:
        path, folder = folders.pop()
        for e in sorted(folder.iterdir(), key=lambda e: e.name):
            if e.name.endswith(".py"):
                yield f"{path}/{e.name}", e.read_bytes(), 0.0
            elif e.name != "__pycache__" and e.is_dir():
                folders.append((f"{path}/{e.name}", e))


# --- the folder ---------------------------------------------------------------------------------------------------------


def folder() -> str | None:
    """Where the cache lies: `config.cache_dir`, or where this platform keeps caches; None without a home folder."""
    if config.cache_dir is not None:
        return config.cache_dir
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
        path = os.path.join(base, "wengert", "cache")
    elif sys.platform == "darwin":
        path = os.path.join(home, "Library", "Caches", "wengert")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        path = os.path.join(base if os.path.isabs(base) else os.path.join(home, ".cache"), "wengert")
    return path if os.path.isabs(path) else None


def reason_unused() -> str | None:
    """Why the cache is not used, in a user's terms; None if it is, or will be once its folder is made."""
    if not config.disk_cache:
        return "it is switched off: config.disk_cache is False or WENGERT_CACHE is 0"
    path = folder()
    if path is None:
        return "there is no home folder: set WENGERT_CACHE_DIR or config.cache_dir"
    try:
        return _obstacle(path)
    except FileNotFoundError:
        return None


def _usable_folder() -> str | None:
    """The folder, made if need be; None if the cache cannot be used."""
    path = folder() if config.disk_cache else None
    if path is None:
        return None
    try:
        return path if _obstacle(path) is None else None
    except FileNotFoundError:
        pass
    try:
        os.makedirs(path, 0o700, exist_ok=True)
        return path if _obstacle(path) is None else None
    except OSError:
        return None


def _obstacle(path: str) -> str | None:
    """Why a folder is not used. Looked at again each time: it costs a microsecond, and permissions change."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        return f"the folder cannot be read ({error})"
    if not stat.S_ISDIR(found.st_mode):
        return f"{path} is not a folder"
    if not _private(found):
        return (
            "other users own the folder or can write to it: chown it to yourself and chmod it to 700, or name another"
        )
    return None


def _private(found: os.stat_result) -> bool:
    """Whether this user alone can write to a file or folder. On Windows the permissions of the profile see to it."""
    if sys.platform == "win32":
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


# --- entries ------------------------------------------------------------------------------------------------------------


def _checksum(key: bytes, made: bytes) -> bytes:
    """Of the object and the key, so that a file under another's name is no entry."""
    hashed = hashlib.sha256(key)
    hashed.update(made)
    return hashed.digest()


def _read(path: str, key: bytes) -> bytes | None:
    try:
        file = os.open(path, _OPEN_READ)
    except OSError:
        return None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or not _private(found):
            return None
        head = os.read(file, _HEADER.size)
        made = None
        if len(head) == _HEADER.size:
            magic, version, length, checksum = _HEADER.unpack(head)
            size = found.st_size - _HEADER.size
            if (magic, version, length) == (_MAGIC, _FORMAT, size) and length <= _MOST:
                made = os.read(file, length)
                if len(made) != length or _checksum(key, made) != checksum:
                    made = None
    except (OSError, MemoryError):
        return None
    finally:
        os.close(file)
    if made is None:
        stats.add("damaged")
    elif time.time() - found.st_mtime > _RECENT:
        with suppress(OSError):
            os.utime(path)  # the times of change order entries by their last use
    return made


def _write(folder: str, path: str, key: bytes, made: bytes) -> bool:
    data = memoryview(_HEADER.pack(_MAGIC, _FORMAT, len(made), _checksum(key, made)) + made)
    part = os.path.join(folder, os.urandom(16).hex() + ".part")
    try:
        file = os.open(part, _OPEN_WRITE, 0o600)
    except OSError:
        return False
    try:
        try:
            while data:
                data = data[os.write(file, data) :]
        finally:
            os.close(file)
        os.replace(part, path)
        return True
    except BaseException as error:  # no space; an interrupt; on Windows another process reads the old file
        _remove(part)
        if isinstance(error, OSError):
            return False
        raise


def _entries(folder: str) -> list[tuple[float, int, str]]:
    """Time of last use, size and path of every entry; unfinished files that nobody writes any more are removed."""
    found: list[tuple[float, int, str]] = []
    try:
        with os.scandir(folder) as files:
            for file in files:
                try:
                    if _ENTRY.fullmatch(file.name):
                        status = file.stat(follow_symlinks=False)
                        found.append((status.st_mtime, status.st_size, file.path))
                    elif _UNFINISHED.fullmatch(file.name) and time.time() - file.stat().st_mtime > _ABANDONED:
                        os.unlink(file.path)
                except OSError:  # removed by another process meanwhile
                    continue
    except (OSError, ValueError):
        pass
    return found


def evict(folder: str, limit: int) -> int:
    """Remove the entries used longest ago, if a folder holds more than `limit` bytes.

    Returns:
        The number of entries removed.
    """
    entries = _entries(folder)
    total = sum(size for _, size, _ in entries)
    removed = 0
    if total > limit:
        for _, size, path in sorted(entries):
            if total <= limit * _KEEP:
                break
            total -= size
            removed += _remove(path)
    return removed


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
        return True
    except OSError:
        return False


def clear() -> int:
    """Remove every entry; other files in the folder stay.

    Returns:
        The number of entries removed.
    """
    path = folder()
    return 0 if path is None else sum(_remove(entry) for _, _, entry in _entries(path))


@dataclass(frozen=True)
class Info:
    """The state of the cache.

    Attributes:
        folder: where it lies, None without a home folder.
        entries: how many objects it holds. bytes: of all its files. limit: on these bytes.
        unused: why it is not used, None if it is.
    """

    folder: str | None
    entries: int
    bytes: int
    limit: int
    unused: str | None

    def __str__(self) -> str:
        lines = [
            f"folder   {self.folder or 'none'}",
            f"entries  {self.entries}",
            f"size     {self.bytes / 2**20:.2f} of {self.limit / 2**20:.2f} MiB",
        ]
        return "\n".join(lines if self.unused is None else [*lines, f"not used, because {self.unused}"])


def info() -> Info:
    """What the cache holds.

    Example:
        >>> from wengert.compile.cache import info
        >>> info().limit
        536870912
    """
    path = folder()
    entries = [] if path is None else _entries(path)
    return Info(path, len(entries), sum(size for _, size, _ in entries), config.cache_bytes, reason_unused())
