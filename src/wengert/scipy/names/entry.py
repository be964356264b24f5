"""One function of SciPy: its own code, and how a call of it with traced values is answered."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ... import transforms
from ...core import OBJECTS, Tracer
from ...errors import WengertError
from ...transforms.plain import closes_over_traced, is_traced, is_writing
from ...vocabulary import Function, Keywords

# Types whose objects hold no traced values; SciPy's classes of sparse matrices are added when they are met, as one with traced
# entries is of another class.
PLAIN: set[type] = {bool, int, float, complex, str, type(None), np.float64, np.float32, np.int64, np.bool_, slice}


MET: weakref.WeakKeyDictionary[Any, Entry] = weakref.WeakKeyDictionary()


# What says how and not what is computed, and may be left out where our function does not take it.
HOW = frozenset(
    "overwrite_a overwrite_b overwrite_x overwrite_ab overwrite_c overwrite_y check_finite lapack_driver workers "
    "plan debug driver disp refcheck check_contained".split()
)


# What the code between a caller and SciPy's function is said to come from. `warnings` skips frames of such names where it
# counts to the caller, whose line and module a warning is for; no source is looked up for it.
SKIPPED = "<wengert, a step before SciPy's function, skipped by warnings as importlib._bootstrap is>"


def _is_plain(args: Iterable[Any]) -> bool:
    for a in args:
        t = type(a)
        if t in PLAIN or (t is np.ndarray and a.dtype is not OBJECTS):
            continue
        if t is tuple:
            for b in a:
                if type(b) not in PLAIN and (type(b) is not np.ndarray or b.dtype is OBJECTS):
                    break
            else:
                continue
        if is_traced(a):
            return False
    return True


class Entry:
    """One of SciPy's functions: its own code, its name, and how it is answered.

    Attributes:
        makes: whether it makes an object of C, which takes no traced values.
        solves: whether arguments are functions, which may close over traced values.
    """

    def __init__(
        self,
        function: types.FunctionType,
        name: str,
        makes: bool,
        solves: bool,
        answer_of: Callable[[str], Function | None],
    ) -> None:
        self.name, self.makes, self.solves, self._answer_of = name, makes, solves, answer_of
        own = types.FunctionType(
            function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
        )
        own.__kwdefaults__, own.__qualname__, own.__module__ = (
            function.__kwdefaults__,
            function.__qualname__,
            function.__module__,
        )
        own.__doc__ = function.__doc__
        own.__dict__.update(function.__dict__)
        self.original = own

    def __call__(self, args: tuple[Any, ...], kwargs: Keywords) -> Any:
        __tracebackhide__ = True
        if not _is_plain(args) or (kwargs and not _is_plain(kwargs.values())):
            return self.answered(args, kwargs)
        if not self.solves:
            if self.makes and _is_under_way():
                return self.answered(args, kwargs)
            return self.original(*args, **kwargs)
        for a in (*args, *kwargs.values()) if kwargs else args:
            if type(a) in PLAIN or not callable(a):
                continue
            bare = type(a) is types.FunctionType and a.__closure__ is None and a.__defaults__ is None
            if (not bare and closes_over_traced(a)) or is_writing():
                return self.answered(args, kwargs)
        try:
            return self.original(*args, **kwargs)
        except Exception as error:
            if not _of_traced(error):
                raise
        return self.answered(args, kwargs)

    def answered(self, args: tuple[Any, ...], kwargs: Keywords) -> Any:
        """The answer where a value is traced; SciPy's own code where there is none, which may do."""
        answer = self.answer
        if answer is None:
            return self.original(*args, **kwargs)
        return answer(self, _unwrapped(args), {k: _unwrapped(v) for k, v in kwargs.items()})

    @functools.cached_property
    def answer(self) -> Function | None:
        return self._answer_of(self.name)

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.original)

    def bound(self, args: tuple[Any, ...], kwargs: Keywords) -> dict[str, Any]:
        """The arguments by name, defaults included.

        Raises:
            TypeError: they do not fit, as SciPy says it.
        """
        try:
            found = self.signature.bind(*args, **kwargs)
        except TypeError:
            self.original(*args, **kwargs)
            raise
        found.apply_defaults()
        named = dict(found.arguments)
        for p in self.signature.parameters.values():
            if p.kind is p.VAR_KEYWORD:
                named.update(named.pop(p.name, {}))
        return named

    def call(self, named: dict[str, Any]) -> Any:
        """SciPy's own function with arguments by name; those that stand at their defaults are left out."""
        parameters = self.signature.parameters
        rest = {k: v for k, v in named.items() if k not in parameters or v is not parameters[k].default}
        first = [rest.pop(k) for k, p in parameters.items() if p.kind is p.POSITIONAL_ONLY and k in rest]
        return self.original(*first, **rest)


Entry.__call__.__code__ = Entry.__call__.__code__.replace(co_filename=SKIPPED)


Entry.answered.__code__ = Entry.answered.__code__.replace(co_filename=SKIPPED)


def _of_traced(error: BaseException) -> bool:
    """Whether an error arose because a value is traced."""
    return any(isinstance(e, WengertError) for e in (error, error.__cause__, error.__context__))


_TRANSFORMS = os.path.dirname(os.path.abspath(transforms.__file__)) + os.sep


def _is_under_way() -> bool:
    """Whether a transformation is under way in this thread: whether it is among the functions that have not returned."""
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith(_TRANSFORMS):
            return True
        frame = frame.f_back
    return False


def _unwrapped(x: Any) -> Any:
    if isinstance(x, Tracer) or type(x) is np.ndarray:
        return x
    if type(x) is tuple or type(x) is list:
        return type(x)([_unwrapped(v) for v in x])
    return getattr(x, "__wengert_value__", x)


def entry_of(function: Any) -> Entry | None:
    """The entry of a function that has been met."""
    try:
        return MET.get(function)
    except TypeError:
        return None


__all__ = ["HOW", "MET", "PLAIN", "SKIPPED", "Entry", "entry_of"]
