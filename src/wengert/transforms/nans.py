"""`config.debug_nans` and `config.debug_infs`: at which line of the user's a number stopped being finite.

While neither is set nothing here runs. With one set, the outermost transformation that is called looks at its results;
where one is not finite it is called again, its arguments wrapped in values that note where they come from, which
handle one operation after the other, compiled or not. So what went wrong in a derivative is found too: its factors
were made at the line of the function that is differentiated. A number that is lost and does not reach a result (the
side that `where` did not choose) is nobody's error.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import (
    Primitive,
    Trace,
    Tracer,
    Value,
    ValueTracer,
    dtype_of,
    inexact_dtype,
    is_inexact,
    is_weak,
    next_level,
    shape_of,
)
from ..errors import NonFiniteError
from ..frames import is_library_frame, line_text
from ..vocabulary import Function, Keywords, Params, Results
from .function import shown

_state = threading.local()


def is_idle() -> bool:
    """Whether results are looked at, and no call that is being looked into encloses this one."""
    return (config.debug_nans or config.debug_infs) and not getattr(_state, "busy", False)


def is_locating() -> bool:
    """Whether a call is being made again to find a line: compiled functions run as the Python that they are."""
    return getattr(_state, "locating", False)


def loops_are_python() -> bool:
    """Whether loops run step by step, so that breakpoints and lines in them are found."""
    if getattr(_state, "staged", False):
        return False
    return config.disable_jit or getattr(_state, "unrolled", False)


@contextmanager
def staged_loops() -> Iterator[None]:
    """The extent of a trace in which compiled functions are the Python that they are, and loops are staged."""
    was, _state.staged = getattr(_state, "staged", False), True
    try:
        with config.override(disable_jit=True):
            yield
    finally:
        _state.staged = was


@contextmanager
def as_python(unrolled: bool = False) -> Iterator[None]:
    """The extent of a call that is made again to find a line, its loops step by step if `unrolled`."""
    was = is_locating(), getattr(_state, "unrolled", False)
    _state.locating, _state.unrolled = True, unrolled
    try:
        yield
    finally:
        _state.locating, _state.unrolled = was


# --- where a value comes from -----------------------------------------------------------------------------------


class Origin:
    """How a number that is not finite was made: by which operation, at which line, of which other such number."""

    __slots__ = ("cause", "derivative", "kind", "line", "name")

    def __init__(self, name: str, line: str, derivative: bool, kind: str, cause: Origin | None) -> None:
        self.name, self.line, self.derivative, self.kind, self.cause = name, line, derivative, kind, cause

    def __str__(self) -> str:
        where = "the derivative of " if self.derivative else ""
        text = f"{self.kind} comes of {self.name!r} in {where}{self.line or 'a line that is not known'}"
        return text if self.cause is None else f"{text}\n  which was given one where {self.cause}"


class NotedTracer(ValueTracer):
    """A known value, the line at which it was made, and the origin of what is not finite in it."""

    __slots__ = ()
    known = True
    value, noted = ValueTracer.first, ValueTracer.second

    def __init__(self, trace: NotingTrace, value: Value, line: str, origin: Origin | None = None) -> None:
        self._trace = trace
        self.value, self.noted = value, (line, origin)
        self.shape, self.dtype = shape_of(value), dtype_of(value)
        self.views = None

    @property
    def line(self) -> str:
        return self.noted[0]

    @property
    def origin(self) -> Origin | None:
        return self.noted[1]

    @property
    def weak(self) -> bool:
        return is_weak(self.value)

    def concrete(self, what: str) -> Any:
        return self.value


# Functions of the library that work out derivatives: an operation under one of them belongs to a derivative.
_DERIVATIVE = frozenset("_coefficient tangent jvp linearize transpose pull_back push_forward backward".split())


class NotingTrace(Trace):
    """Runs each operation on the values and notes where a result stops being finite."""

    __slots__ = ()
    name = "debug_nans"

    def __init__(self) -> None:
        self.level = next_level()

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Results:
        program = params.get("program")
        if program is not None and set(params) <= {"program", "policy"}:  # a call: its equations, one by one
            return program.evaluate(args)
        noted = [a for a in args if type(a) is NotedTracer and a._trace is self]
        if "rule" in params and len(params) == 1:  # a function with its own rule: the function
            return primitive.impl(*args, **params)
        values = [a.value if type(a) is NotedTracer and a._trace is self else a for a in args]
        with np.errstate(all="ignore"):
            out = primitive.bind(*values, **params)
        line, inside, derivative = _place(primitive, args)
        if not inside:  # on the way back: the operation that is differentiated made the factors
            bad = [a for a in noted if a.origin is not None]
            line = next((a.line for a in (*bad, *noted) if a.line), "")
            derivative = True
        if primitive.multiple_results:
            return [self._note(o, primitive.name, line, derivative, noted, args) for o in out]
        return self._note(out, primitive.name, line, derivative, noted, args)

    def _note(
        self,
        out: Value,
        name: str,
        line: str,
        derivative: bool,
        noted: Sequence[NotedTracer],
        args: Sequence[Value],
    ) -> Any:
        origin: Origin | None = None
        kind = not_finite(out)
        if kind:
            same = [a.origin for a in noted if a.origin is not None and a.origin.kind == kind]
            others = [a.origin for a in noted if a.origin is not None]
            if same:
                origin = same[0]
            elif any(not_finite(a) == kind for a in args if not isinstance(a, Tracer)):
                origin = Origin("a constant", line, derivative, kind, None)
            else:
                origin = Origin(name, line, derivative, kind, others[0] if others else None)
        return NotedTracer(self, out, line, origin)


def not_finite(x: Value) -> str:
    """ "NaN" or "infinity", the worst there is in a value, or nothing."""
    if isinstance(x, Tracer) or not is_inexact(x):
        return ""
    with np.errstate(invalid="ignore"):
        if np.isfinite(x).all():
            return ""
        return "NaN" if np.isnan(x).any() else "infinity"


def _place(primitive: Primitive, args: Sequence[Value]) -> tuple[str, bool, bool]:
    """The user's line, whether it is inside the function that is looked into, and whether a derivative is worked out."""
    frame: FrameType | None = sys._getframe(2)
    derivative = False
    while frame is not None and is_library_frame(frame):
        if frame.f_code is _locate.__code__:
            return "", False, True
        derivative = derivative or (frame.f_code.co_name in _DERIVATIVE and not _is_primal(frame, primitive, args))
        frame = frame.f_back
    if frame is None:
        return "", False, derivative
    return line_text(frame.f_code.co_filename, frame.f_lineno), True, derivative


def _is_primal(frame: FrameType, primitive: Primitive, args: Sequence[Value]) -> bool:
    """Whether the rule that runs in `frame` is evaluating the primitive itself, before its derivative."""
    given = frame.f_locals
    primals = given.get("primals", ())
    return (
        given.get("self") is primitive
        and len(primals) == len(args)
        and all(p is a for p, a in zip(primals, args, strict=True))
    )


# --- calls ------------------------------------------------------------------------------------------------------


def _wanted() -> tuple[str, ...]:
    return ("NaN",) * config.debug_nans + ("infinity",) * config.debug_infs


def _bad(x: Any) -> str:
    value = x.value if isinstance(x, NotedTracer) else x
    if not isinstance(value, (float, complex, np.ndarray, np.generic)) or not inexact_dtype(dtype_of(value)):
        return ""
    kind = not_finite(value)
    return kind if kind in _wanted() else ""


def checked(call: Function, *args: Any, **kwargs: Any) -> Any:
    """``call(*args, **kwargs)``, whose results are looked at.

    Raises:
        NonFiniteError: a result is not finite; the message names the line.
    """
    __tracebackhide__ = True
    _state.busy = True
    try:
        out = call(*args, **kwargs)
        if any(isinstance(x, Tracer) for x in trees.leaves((args, kwargs))):
            return out  # part of a call that was made before results were looked at
        kind = next(filter(None, map(_bad, trees.leaves(out))), "")
        if not kind:
            return out
        given = next(filter(None, map(_bad, trees.leaves((args, kwargs)))), "")
        if given == kind:
            raise NonFiniteError(f"an argument holds {kind}; mask or replace it before the call (nan_to_num, where)")
        message = _locate(call, args, kwargs)
    except Exception as error:
        raise shown(error)
    finally:
        _state.busy = False
    raise NonFiniteError(
        message
        or f"a result holds {kind}, made of constants or of numbers that differ in the last digits from those computed "
        f"step by step; look at them with wengert.debug.print"
    )


def _locate(call: Function, args: tuple[Any, ...], kwargs: Keywords) -> str:
    """Make the call again and say where the first result that is not finite comes from."""
    trace = NotingTrace()

    def note(x: Any) -> Any:
        known = isinstance(x, (float, complex, np.ndarray, np.generic)) and inexact_dtype(dtype_of(x))
        return NotedTracer(trace, x, "") if known else x

    noted_args, noted_kwargs = trees.map(note, (args, kwargs))
    with as_python():
        out = call(*noted_args, **noted_kwargs)
    for leaf in trees.leaves(out):
        leaf = leaf.now() if isinstance(leaf, Tracer) and leaf.mutable else leaf  # noqa: PLW2901
        if _bad(leaf) and isinstance(leaf, NotedTracer) and leaf.origin is not None:
            return str(leaf.origin)
    return ""


def checked_pair(make: Function, f: Any, primals: tuple[Any, ...], has_aux: bool) -> Any:
    """`vjp` and `linearize`: the value is looked at now, the linear map whenever it is applied."""
    primals = trees.map(lambda x: x.copy() if isinstance(x, np.ndarray) else x, primals)  # the map owns what it saves
    out = checked(lambda *p: [v for i, v in enumerate(make(f, *p, has_aux=has_aux)) if i != 1], *primals)

    def apply(*given: Any) -> Any:
        if not is_idle():
            return make(f, *primals, has_aux=has_aux)[1](*given)
        return checked(lambda p, g: make(f, *p, has_aux=has_aux)[1](*g), primals, given)

    return (out[0], apply, *out[1:])


__all__ = ["as_python", "checked", "checked_pair", "is_idle", "is_locating", "loops_are_python"]
