"""The way past the library: functions of the namespace hand plain arrays straight to NumPy. No function lives here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from ..config import config
from ..core import dtype_of
from ..errors import NotSupportedError
from ..ops.elementwise import convert
from ..ops.naming import of_caller
from ..ops.protocols import stored
from ..vocabulary import ArrayLike, Function

ndarray = np.ndarray
_UNSET = frozenset({"where", "initial", "mean", "correction"})  # None means "not given" here, not to NumPy
# Objects may be tracers. NumPy gives some functions of bfloat16 in one dtype and some in another; here it is one, traced or not.
OURS = frozenset("OV")
F = TypeVar("F", bound=Callable[..., Any])
# What may stand beside the arrays without a tracer in it. Lists are left out: they may hold tracers.
_PLAIN: set[type] = {ndarray, bool, int, float, complex, type(None), str, tuple, type, np.bool_, np.float64, np.int64}


def _of_ours(a: ArrayLike) -> bool:
    return type(a) is ndarray and a.dtype.kind in OURS


def no_out(out: Any) -> None:
    """Refuse NumPy's ``out=``, which stands in signatures so that arguments by position mean what they mean there."""
    if out is not None:
        raise NotSupportedError("out= cannot write into an array here; use the result")


def rounded(f: F) -> F:
    """Decorator: of a bfloat16 array, the first argument, the function is that of float32, its floats rounded to bfloat16."""

    @functools.wraps(f)
    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        dtype = getattr(x, "dtype", None)
        if dtype is None or dtype.kind != "V":
            return f(x, *args, **kwargs)

        out = f(convert(x, np.float32), *args, **kwargs)
        single = lambda v: convert(v, dtype) if dtype_of(v) == np.float32 else v  # noqa: E731
        return tuple([single(v) for v in out]) if isinstance(out, tuple) else single(out)

    return call  # type: ignore[return-value]


def _parameters(f: Any) -> tuple[str, ...]:
    """The names of a function's arguments, whatever wraps it."""
    while hasattr(f, "__wrapped__"):
        f = f.__wrapped__
    return f.__code__.co_varnames[: f.__code__.co_argcount + f.__code__.co_kwonlyargcount]


def _into_out(f: Any, name: str) -> Any:
    """A function that writes its result into the array that is given as ``out=``, traced ones too."""

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is None:
            return f(*args, **kwargs)
        out = kwargs.pop("out")
        return stored(out, f(*args, **kwargs), name)

    return call


def plain(numpy_function: Function, arrays: int = 1, beyond: str = "") -> Callable[[F], F]:  # noqa: C901 (the wrapper that it makes is counted too)
    """Decorator: where the first `arrays` arguments are NumPy arrays and nothing is traced, NumPy's function runs.

    `beyond` names the keywords that NumPy's function does not have (or reads in another way).
    Only for functions that give NumPy's own results; guarded by the benchmarks `eager.*`, as it is on hot paths.
    """

    ours = frozenset(beyond.split())

    def decorate(g: F) -> F:  # noqa: C901 (its two wrappers, for one array and for several, are counted too)
        f = _into_out(g, numpy_function.__name__) if "out" in _parameters(g) else g
        if arrays == 1:

            @functools.wraps(f)
            def call(*args: Any, **kwargs: Any) -> Any:
                if args and type(args[0]) is ndarray and config._x64 and args[0].dtype.kind not in OURS:
                    for a in args:
                        if type(a) not in _PLAIN or (type(a) is ndarray and a.dtype.kind in OURS):
                            return f(*args, **kwargs)
                    for name, a in kwargs.items():
                        if type(a) not in _PLAIN or name in ours or (a is None and name in _UNSET) or _of_ours(a):
                            return f(*args, **kwargs)
                    return numpy_function(*args, **kwargs)
                return f(*args, **kwargs)

        else:

            @functools.wraps(f)
            def call(*args: Any, **kwargs: Any) -> Any:
                if len(args) >= arrays and config._x64:
                    for a in args[:arrays]:
                        if type(a) is not ndarray or a.dtype.kind in OURS:
                            return f(*args, **kwargs)
                    for a in args[arrays:]:
                        if type(a) not in _PLAIN or (type(a) is ndarray and a.dtype.kind in OURS):
                            return f(*args, **kwargs)
                    for name, a in kwargs.items():
                        if type(a) not in _PLAIN or name in ours or (a is None and name in _UNSET) or _of_ours(a):
                            return f(*args, **kwargs)
                    return numpy_function(*args, **kwargs)
                return f(*args, **kwargs)

        return of_caller(call)

    return decorate
