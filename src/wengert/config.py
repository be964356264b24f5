"""Settings: one object, read on hot paths as plain attributes.

A setting has a value for the process, which assignment changes, and `override` gives it another one in a context (of
`contextvars`): in this thread or asyncio task alone, whatever others do meanwhile. What hot paths read are attributes of
the object that are plain as long as no override that concerns them is in force anywhere; else they are objects whose
truth is looked up in the context. Nothing but settings lives here, and nothing here imports the rest of the library.
"""

from __future__ import annotations

import operator
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from .environment import VARIABLES, checked, given, is_the_command
from .locks import lock

LOADED = time.time()  # when this process loaded the library


class _Scope(NamedTuple):
    """The overrides in force in a context, the innermost last, and what they come to."""

    overrides: tuple[tuple[_Token, Mapping[str, Any]], ...]
    values: Mapping[str, Any]


class _Token:
    """Stands for an override. It lives as long as any context has it, which may be longer than the `with` block."""

    __slots__ = ("begun", "ended", "kinds")
    strays = 0  # overrides that ended in another context than they began in, which contexts may still have

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.ended = False
        self.begun = _begun.set(None)
        self.kinds = {_KINDS[name] for name in names if name in _KINDS}
        for kind in self.kinds:
            config._count(kind, 1)

    def __del__(self) -> None:
        for kind in self.kinds:
            config._count(kind, -1)
        if self.ended:
            with _lock:
                _Token.strays -= 1

    def end(self) -> None:
        """Note where the block ends; a generator may be closed in another thread or task than it was begun in."""
        try:
            _begun.reset(self.begun)
        except ValueError:  # of another context
            self.ended = True
            with _lock:
                _Token.strays += 1


class Here:
    """A truth that is looked up in the context."""

    __slots__ = ("_truth",)
    __hash__ = None  # type: ignore[assignment]  # no cache may have it in its keys

    def __init__(self, truth: Callable[[], bool]) -> None:
        self._truth = truth

    def __bool__(self) -> bool:
        return self._truth()


class _Mode:
    """As true as whether there are 64 bits; one object for each that settings of compilation come to, the usual aside."""

    __slots__ = ("_on",)

    def __init__(self, on: bool) -> None:
        self._on = on

    def __bool__(self) -> bool:
        return self._on

    __int__ = __bool__


def _mode(on: bool, compiling: tuple[Any, ...]) -> bool | _Mode:
    if compiling == _USUAL:
        return on
    found = _MODES.get((on, compiling))
    return _MODES.setdefault((on, compiling), _Mode(on)) if found is None else found


def _setting(name: str) -> Any:
    return property(operator.methodcaller("_look", name), lambda self, value: self._put(name, value))


class Config:
    """The library's settings.

    ``config.NAME = value`` sets a setting for the process: for all threads and tasks, but not where an `override` of it
    is in force. In such a context it changes the value there, for as long as the override lasts. At first a setting has
    the value that its variable in the environment gives it (``WENGERT_DEBUG_NANS=1``, ``WENGERT_CACHE_BYTES=2GiB``);
    ``wengert config`` lists settings, variables, values and where these come from. Truths are also taken as ``1``, ``on``,
    ``true``, ``yes`` and their opposites, numbers of bytes as ``1GB`` (1000³) or ``64MiB`` (64·1024²).

    Attributes:
        enable_x64: ``True`` (the default) makes float64 the default dtype, as in NumPy. ``False`` is JAX's
            32-bit mode: Python numbers become float32 and int32 and no operation returns a 64-bit array.
        backend: on what compiled functions and Programs run: ``"native"`` (the default), ``"interpreter"``, or the name of
            one that was registered. ``jit(f, backend=...)`` says it for one function.
        reproducible: whether compiled functions give the same bits on every machine: vectors of one width, and so one
            order of sums, no fused multiply-adds but those that elementary functions are made of, the library's own
            products of matrices in place of BLAS's, which chooses by the processor. Factorisations by LAPACK and what goes
            through NumPy (``jit(f).lower(x).cost()`` names it) are as they are on each machine. Slower where products are
            large. ``False`` by default.
        without_passes: names of the compiler's passes that are left out, as a sequence or ``"rows,sums"``; to find out which
            one is at fault. `docs/compiler.md` lists them.
        verify: whether the compiler checks the result of every pass, and LLVM what it is given. It takes about a fifth more
            time to compile.
        dump: the name of a pass whose results are printed to standard error, or ``"all"``; None (the default) prints none.
            Nothing is taken from disk then.
        max_paths: how many ways through its Python control flow `jit` compiles of one function.
        max_vmap_paths: how many ways through its Python control flow the examples of one `vmap` may take; it runs the function
            once for each.
        disk_cache: whether compiled code is kept on disk for other processes (``WENGERT_CACHE``).
        cache_dir: the folder of that code; None (the default) is where the platform keeps caches.
        cache_bytes: how much it may hold, in bytes, 512 MiB by default; what was used longest ago is removed.
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
            any number. Complex products and factorisations run on BLAS's own threads.

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
        "_alive",
        "_defaults",
        "_from",
        "_x64",
        "compiling",
        "complex_dtype",
        "debugging",
        "float_dtype",
        "inspecting",
        "int_dtype",
        "thread_cell",
        "uint_dtype",
    )

    float_dtype: np.dtype
    int_dtype: np.dtype
    complex_dtype: np.dtype
    uint_dtype: np.dtype
    _x64: int | _Mode | Here
    compiling: tuple[Any, ...]  # the settings by which one Program has several codes, in the order of _COMPILING
    inspecting: bool  # whether passes are checked or printed
    debugging: Any  # whether one of debug_nans, debug_infs, debug_zeros, disable_jit is set
    thread_cell: np.ndarray  # the number of threads, at an address that compiled code reads; -1 where it has to ask

    def __init__(self) -> None:
        self._alive = {"values": 0, "threads": 0}  # overrides in some context, by what they concern
        self.thread_cell = np.ones(2, np.int64)
        first = {
            "enable_x64": True,
            "backend": "native",
            "reproducible": False,
            "without_passes": (),
            "verify": False,
            "dump": None,
            "max_paths": 64,
            "max_vmap_paths": 1024,
            "checkpoint_bytes": 64 << 20,
            "disk_cache": True,
            "cache_dir": None,
            "cache_bytes": 512 << 20,
            "threads": None,
            "debug_nans": False,
            "debug_infs": False,
            "debug_zeros": False,
            "disable_jit": False,
        }
        environment = given()
        self._defaults: dict[str, Any] = {n: checked(n, value) for n, value in {**first, **environment}.items()}
        self._from = {n: f"environment, {VARIABLES[n]}" if n in environment else "default" for n in first}
        self._defaults["timed"], self._from["timed"] = False, "default"  # no setting of users: `profile` sets it
        self._mark()

    enable_x64 = _setting("enable_x64")
    backend = _setting("backend")
    reproducible = _setting("reproducible")
    without_passes = _setting("without_passes")
    verify = _setting("verify")
    dump = _setting("dump")
    max_paths = _setting("max_paths")
    max_vmap_paths = _setting("max_vmap_paths")
    checkpoint_bytes = _setting("checkpoint_bytes")
    disk_cache = _setting("disk_cache")
    cache_dir = _setting("cache_dir")
    cache_bytes = _setting("cache_bytes")
    threads = _setting("threads")
    debug_nans = _setting("debug_nans")
    debug_infs = _setting("debug_infs")
    debug_zeros = _setting("debug_zeros")
    disable_jit = _setting("disable_jit")

    def __getattr__(self, name: str) -> Any:
        # These and the default dtypes are plain attributes, but for the time in which they depend on the context.
        if name == "compiling":
            return tuple(map(self._look, _COMPILING))
        if name == "inspecting":
            return self._look("verify") or self._look("dump") is not None
        found = _DTYPES.get(name)
        if found is None:
            raise AttributeError(_no_setting(name))
        return found[0 if self._look("enable_x64") else 1]

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(Config, name):
            raise AttributeError(_no_setting(name))
        object.__setattr__(self, name, value)

    def mode(self) -> Any:
        """What compiled calls are taken by: the very object of their compilation. See `_mark`."""
        found = self._x64
        if type(found) is Here:
            on = self._look("enable_x64")
            return int(on) if self._debugs() else _mode(on, self.compiling)
        return found

    def time_steps(self, how: bool | str) -> None:
        """Compile functions so that they note how long their steps take (`compile.timing`), ``"named"`` for perf as well."""
        self._put("timed", how)

    def thread_count(self) -> int:
        """The number of threads, here."""
        found = self._look("threads")
        return _processors() if found is None else found

    def source(self, name: str) -> str:
        """Where the value of a setting comes from, here: a default, the environment, an assignment, an override.

        Raises:
            AttributeError: there is no setting of that name.

        Example:
            >>> import wengert
            >>> with wengert.config.override(debug_nans=True):
            ...     wengert.config.source("debug_nans")
            'override'
        """
        scope = _scope.get()
        known = self._known(name, name)
        return "override" if scope is not None and known in scope.values else self._from[known]

    # --- how they are kept ---------------------------------------------------------------------------------------

    def _look(self, name: str) -> Any:
        scope = _scope.get()
        if scope is not None and _Token.strays:
            scope = _enter([o for o in scope.overrides if not o[0].ended])
        if scope is not None and name in scope.values:
            return scope.values[name]
        return self._defaults[name]

    def _debugs(self) -> bool:
        return any(map(self._look, _DEBUGGING))

    def _put(self, name: str, value: Any) -> None:
        value, scope = checked(name, value), _scope.get()
        if scope is None or name not in scope.values:
            self._defaults[name], self._from[name] = value, "assigned"
            self._mark()
            return
        overrides = list(scope.overrides)
        last = max(i for i, (_, values) in enumerate(overrides) if name in values)
        token, values = overrides[last]
        overrides[last] = (token, {**values, name: value})
        _enter(overrides)

    def _count(self, kind: str, change: int) -> None:
        with _lock:
            self._alive[kind] += change
        self._mark()

    def _mark(self) -> None:
        # While results are looked at, `_x64` is another object that is as true: compiled calls, which are taken where
        # `_x64` is the very object of their compilation, are then passed by, and cost nothing when this is off.
        with _lock:
            settings = self._defaults
            if self._alive["values"]:
                self._x64, self.debugging = _X64_HERE, _DEBUGGING_HERE
                for name in (*_DTYPES, "compiling", "inspecting"):
                    with suppress(AttributeError):
                        delattr(self, name)
            else:
                self.debugging = any(settings[name] for name in _DEBUGGING)
                on = settings["enable_x64"]
                self.compiling = tuple(settings[name] for name in _COMPILING)
                self.inspecting = settings["verify"] or settings["dump"] is not None
                # What is compiled by other settings than usual is told from other code in the same way.
                self._x64 = int(on) if self.debugging else _mode(on, self.compiling)
                for name, dtypes in _DTYPES.items():
                    setattr(self, name, dtypes[0 if self._x64 else 1])
            self.thread_cell[0] = -1 if self._alive["threads"] else settings["threads"] or _processors()

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
        """A context in which settings have other values, for this thread or asyncio task alone.

        Threads that are started inside have the process's values; asyncio tasks that are made inside have these, for as
        long as they live. Blocks may end in any order.

        Args:
            settings: values by the names of the settings.

        Raises:
            AttributeError: there is no setting of one of these names.
            ValueError: a setting cannot have this value.
        """
        values = {self._known(name, name): checked(name, value) for name, value in settings.items()}
        token = _Token(values)
        try:
            scope = _scope.get()
            _enter([*(() if scope is None else scope.overrides), (token, values)])
            yield self
        finally:
            scope = _scope.get()
            if scope is not None:
                _enter([o for o in scope.overrides if o[0] is not token])
            token.end()

    @staticmethod
    def _known(name: str, given: str) -> str:
        if name not in VARIABLES:
            raise AttributeError(_no_setting(given))
        return name

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={getattr(self, name)!r}' for name in VARIABLES)})"


def _enter(overrides: list[tuple[_Token, Mapping[str, Any]]]) -> _Scope | None:
    """Put overrides in force in this context."""
    values: dict[str, Any] = {}
    for _, more in overrides:
        values.update(more)
    scope = _Scope(tuple(overrides), values) if overrides else None
    _scope.set(scope)
    return scope


def _no_setting(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, VARIABLES, 1)
    hint = f"; the nearest is {near[0]}" if near else f"; it has: {', '.join(VARIABLES)}"
    return f"config has no setting {name!r}{hint}"


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_DTYPES = {  # in each mode
    "float_dtype": (np.dtype(np.float64), np.dtype(np.float32)),
    "int_dtype": (np.dtype(np.int64), np.dtype(np.int32)),
    "uint_dtype": (np.dtype(np.uint64), np.dtype(np.uint32)),
    "complex_dtype": (np.dtype(np.complex128), np.dtype(np.complex64)),
}
_scope: ContextVar[_Scope | None] = ContextVar("wengert settings", default=None)
_begun: ContextVar[None] = ContextVar("wengert settings' block", default=None)  # whose tokens know their context
_lock = lock()
_DEBUGGING = ("debug_nans", "debug_infs", "debug_zeros", "disable_jit")
_COMPILING = ("backend", "reproducible", "without_passes", "timed")
_USUAL = ("native", False, (), False)
_MODES: dict[tuple[bool, tuple[Any, ...]], _Mode] = {}
_KINDS = {**dict.fromkeys(("enable_x64", "verify", "dump", *_COMPILING, *_DEBUGGING), "values"), "threads": "threads"}
_X64_HERE, _DEBUGGING_HERE = Here(lambda: config._look("enable_x64")), Here(lambda: config._debugs())
_JAX_NAMES = {"compilation_cache_dir": "cache_dir", "enable_compilation_cache": "disk_cache"}
try:
    config = Config()
except ValueError as error:
    if not is_the_command():
        raise
    print(f"wengert: {error}", file=sys.stderr)
    raise SystemExit(2) from None

_NARROW: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.float64): np.dtype(np.float32),
    np.dtype(np.int64): np.dtype(np.int32),
    np.dtype(np.uint64): np.dtype(np.uint32),
    np.dtype(np.complex128): np.dtype(np.complex64),
}


def canonical_dtype(dtype: Any) -> np.dtype:
    """The dtype that this mode gives where `dtype` was asked for: 64-bit kinds become 32-bit in 32-bit mode."""
    try:
        d = np.dtype(dtype)
    except TypeError:
        if type(dtype) is not str:
            raise
        import ml_dtypes  # noqa: F401 - after which NumPy knows the names of bfloat16 and its kin

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
