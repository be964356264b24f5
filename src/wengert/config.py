"""Settings: one object, read on hot paths as plain attributes.

Nothing but settings lives here, and nothing here imports the rest of the library.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class Config:
    """The library's settings.

    Attributes:
        enable_x64: ``True`` (the default) makes float64 the default dtype, as in NumPy. ``False`` is JAX's
            32-bit mode: Python numbers become float32 and int32 and no operation returns a 64-bit array.
        max_paths: how many ways through its Python control flow `jit` compiles of one function.
        disk_cache: whether compiled code is kept on disk for other processes; ``False`` where the environment has
            ``WENGERT_CACHE=0``.
        cache_dir: the folder of that code; None (the default) is where the platform keeps caches. First the value
            of the environment's ``WENGERT_CACHE_DIR``.
        cache_bytes: how much it may hold, in bytes; what was used longest ago is removed. First
            ``WENGERT_CACHE_BYTES``, or 512 MiB.
        checkpoint_bytes: how many bytes the reverse pass of a loop with ``checkpoint="auto"`` may keep; 64 MiB.
        debug_nans: whether the outermost transformation that is called (`grad`, `jit`, `vmap` ...) raises
            NonFiniteError where a result is NaN, with the line of yours at which the NaN was made, in the function or
            in its derivative, compiled or not. Calls then cost a look at their results. Outside transformations
            NumPy's own ``np.seterr(invalid="raise")`` does this.
        debug_infs: the same for infinities.
        debug_zeros: whether a transformation that takes derivatives raises ZeroDerivativeError where the derivative of a
            result by an input is zero whatever the values are, because an operation lost the dependence (`round`,
            ``astype(int)``, `argmax`, a comparison, `stop_gradient`); the message names it and your line. The function
            is run twice then.
        disable_jit: whether `jit` and `lax`'s loops and branches run as the Python that they are, so that breakpoints and
            prints in them work; for looking into a function, with ``config.override(disable_jit=True)``.
        threads: on how many threads the large loops of compiled functions run; None (the default) stands for one on
            each processor that this process may use, 1 for none but the caller's. Results have the same bits with
            any number. First ``WENGERT_THREADS``. Dense products run on BLAS's own threads.

    Raises:
        ValueError: when a setting or its environment variable is given a value that it cannot have.

    Example:
        >>> import wengert
        >>> import wengert.numpy as wnp
        >>> with wengert.config.override(enable_x64=False):
        ...     wnp.sin(1.0).dtype
        dtype('float32')
    """

    __slots__ = (
        "_cache_bytes",
        "_cache_dir",
        "_debug_infs",
        "_debug_nans",
        "_debug_zeros",
        "_disable_jit",
        "_threads",
        "_x64",
        "checkpoint_bytes",
        "complex_dtype",
        "debugging",
        "disk_cache",
        "float_dtype",
        "int_dtype",
        "max_paths",
        "thread_cell",
        "uint_dtype",
    )

    float_dtype: np.dtype
    int_dtype: np.dtype
    complex_dtype: np.dtype
    uint_dtype: np.dtype
    disk_cache: bool
    max_paths: int
    checkpoint_bytes: int
    debugging: bool  # whether one of debug_nans, debug_infs, debug_zeros, disable_jit is set
    thread_cell: np.ndarray  # the number of threads, at an address that compiled code reads

    def __init__(self) -> None:
        self._debug_nans = self._debug_infs = self._debug_zeros = self._disable_jit = self.debugging = False
        self.enable_x64 = True
        self.max_paths = 64
        self.checkpoint_bytes = 64 << 20
        self.disk_cache = os.environ.get("WENGERT_CACHE", "").lower() not in ("0", "false", "off", "no")
        self.cache_dir = os.environ.get("WENGERT_CACHE_DIR") or None
        self.cache_bytes = os.environ.get("WENGERT_CACHE_BYTES") or 512 << 20
        self.thread_cell = np.ones(1, np.int64)
        self.threads = os.environ.get("WENGERT_THREADS") or None

    @property
    def enable_x64(self) -> bool:
        return bool(self._x64)

    @enable_x64.setter
    def enable_x64(self, on: bool) -> None:
        self._x64 = bool(on)
        self._mark()
        self.float_dtype = np.dtype(np.float64 if on else np.float32)
        self.int_dtype = np.dtype(np.int64 if on else np.int32)
        self.uint_dtype = np.dtype(np.uint64 if on else np.uint32)
        self.complex_dtype = np.dtype(np.complex128 if on else np.complex64)

    @property
    def debug_nans(self) -> bool:
        return self._debug_nans

    @debug_nans.setter
    def debug_nans(self, on: bool) -> None:
        self._debug_nans = bool(on)
        self._mark()

    @property
    def debug_infs(self) -> bool:
        return self._debug_infs

    @debug_infs.setter
    def debug_infs(self, on: bool) -> None:
        self._debug_infs = bool(on)
        self._mark()

    @property
    def debug_zeros(self) -> bool:
        return self._debug_zeros

    @debug_zeros.setter
    def debug_zeros(self, on: bool) -> None:
        self._debug_zeros = bool(on)
        self._mark()

    @property
    def disable_jit(self) -> bool:
        return self._disable_jit

    @disable_jit.setter
    def disable_jit(self, on: bool) -> None:
        self._disable_jit = bool(on)
        self._mark()

    def _mark(self) -> None:
        # While results are looked at, `_x64` is another object that is as true: compiled calls, which are taken where
        # `_x64` is the very object of their compilation, are then passed by, and cost nothing when this is off.
        self.debugging = self._debug_nans or self._debug_infs or self._debug_zeros or self._disable_jit
        self._x64: Any = int(self._x64) if self.debugging else bool(self._x64)

    @property
    def cache_dir(self) -> str | None:
        return self._cache_dir

    @cache_dir.setter
    def cache_dir(self, path: str | os.PathLike[str] | None) -> None:
        # Absolute, so that it stays the same folder when the process goes to another one.
        self._cache_dir = None if path is None else os.path.abspath(os.path.expanduser(os.fspath(path)))

    @property
    def cache_bytes(self) -> int:
        return self._cache_bytes

    @cache_bytes.setter
    def cache_bytes(self, limit: int | str) -> None:
        try:
            self._cache_bytes = int(limit)
        except ValueError:
            raise ValueError(
                f"cache_bytes (WENGERT_CACHE_BYTES) is a number of bytes, such as 536870912; got {limit!r}"
            ) from None

    @property
    def threads(self) -> int | None:
        return self._threads

    @threads.setter
    def threads(self, number: int | str | None) -> None:
        try:
            chosen = None if number is None else int(number)
        except ValueError:
            chosen = 0
        if chosen is not None and not 1 <= chosen <= MOST_THREADS:
            raise ValueError(
                f"threads (WENGERT_THREADS) is None or a whole number from 1 to {MOST_THREADS}; got {number!r}"
            )
        self._threads = chosen
        self.thread_cell[0] = chosen or _processors()

    def update(self, name: str, value: Any) -> None:
        """Set a setting by name, with or without JAX's ``jax_`` before it.

        JAX's names ``jax_compilation_cache_dir`` and ``jax_enable_compilation_cache`` are known too.

        Raises:
            AttributeError: there is no setting of that name.
        """
        key = name.removeprefix("jax_")
        setattr(self, self._known(_JAX_NAMES.get(key, key), name), value)

    @contextmanager
    def override(self, **settings: Any) -> Iterator[Config]:
        """A context in which settings have other values; the old ones come back whatever is raised.

        Args:
            settings: values by the names of the settings.

        Raises:
            AttributeError: there is no setting of one of these names.
        """
        old = {name: getattr(self, self._known(name, name)) for name in settings}
        try:
            for name, value in settings.items():
                setattr(self, name, value)
            yield self
        finally:
            for name, value in old.items():
                setattr(self, name, value)

    @staticmethod
    def _known(name: str, given: str) -> str:
        if name not in _SETTINGS:
            raise AttributeError(f"config has no setting {given!r}; it has: {', '.join(_SETTINGS)}")
        return name

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={getattr(self, name)!r}' for name in _SETTINGS)})"


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


MOST_THREADS = 1024
_SETTINGS = (
    "enable_x64",
    "max_paths",
    "checkpoint_bytes",
    "disk_cache",
    "cache_dir",
    "cache_bytes",
    "threads",
    "debug_nans",
    "debug_infs",
    "debug_zeros",
    "disable_jit",
)
_JAX_NAMES = {"compilation_cache_dir": "cache_dir", "enable_compilation_cache": "disk_cache"}
config = Config()

_NARROW: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.float64): np.dtype(np.float32),
    np.dtype(np.int64): np.dtype(np.int32),
    np.dtype(np.uint64): np.dtype(np.uint32),
    np.dtype(np.complex128): np.dtype(np.complex64),
}


def canonical_dtype(dtype: Any) -> np.dtype:
    """The dtype that this mode gives where `dtype` was asked for: 64-bit kinds become 32-bit in 32-bit mode."""
    d = np.dtype(dtype)
    return d if config._x64 else _NARROW.get(d, d)


def default_dtype(scalar_type: type) -> np.dtype:
    """The dtype a Python scalar type stands for in this mode."""
    if scalar_type is float:
        return config.float_dtype
    if scalar_type is bool:
        return np.dtype(np.bool_)
    if scalar_type is int:
        return config.int_dtype
    if scalar_type is complex:
        return config.complex_dtype
    raise TypeError(f"{scalar_type.__name__} is not a Python number type")
