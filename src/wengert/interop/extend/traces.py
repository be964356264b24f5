"""Traces and tracers that a library writes itself, as interpreters of operations: `Trace.process_primitive`.

A tracer of such a library is a tracer of this one, whose trace translates each operation on it into JAX's form
(`translation.py`) and hands that on. Which trace an operation is for follows from its arguments here; so a current trace is
set and taken by name only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from ...core import INNERMOST, Aval, as_array, aval_of, is_weak
from ...core import Primitive as Operation
from ...core import Trace as OurTrace
from ...core import Tracer as OurTracer
from ...ops.custom import custom_call_p
from ...program import Var
from ..array import Array, wrap
from ..border import lift, lower
from .primitive import Primitive
from .translation import Applier, in_jaxs_form, own


class TraceTag:
    """What tells apart traces of one kind."""

    __slots__ = ("__weakref__",)


class Trace(OurTrace):
    """An interpreter of operations that a library writes: a subclass says what `process_primitive` does."""

    as_custom: ClassVar[Any]  # a function that gives a rule as primitive, function and derivative; `custom` sets it

    __slots__ = ("__weakref__", "_invalidated")
    name = "a trace of another library"
    requires_low = False

    def __init__(self) -> None:
        super().__init__()

    @property
    def main(self) -> Any:
        return self

    def is_valid(self) -> bool:
        return True

    def invalidate(self) -> None:
        """Nothing to do: values that are used after their trace ended are found where they are used."""

    def full_raise(self, x: Any) -> Any:
        """The library's own tracer, where a value is one."""
        return bare(x)

    def process_primitive(self, primitive: Primitive, tracers: Sequence[Any], params: dict[str, Any]) -> Any:
        """The results of a primitive for values of which one at least is a tracer of this trace.

        Raises:
            NotImplementedError: the subclass does not say.
        """
        raise NotImplementedError(f"{type(self).__name__} must override process_primitive")

    def process(self, primitive: Operation, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if primitive is custom_call_p:
            return self._custom(args, params["rule"])
        given = [Aval(a.shape, a.dtype, a.weak) for a in map(aval_of, args)]
        outs = primitive.abstract(*given, **params)
        avals = list(outs) if primitive.multiple_results else [outs]
        e = Applier(self.process_primitive, _given)
        out = in_jaxs_form(e, primitive, args, avals, params)
        if out is not None:
            return out
        parts = primitive.expansion([Var(a) for a in given], params)
        if parts is not None:  # JAX composes it of others
            values = parts.evaluate([as_array(a) for a in args])
            return values if primitive.multiple_results else values[0]
        return e(own(primitive), args, None, **params)

    def _custom(self, args: Sequence[Any], rule: Any) -> list[Any]:
        """A function with a rule: as `process_custom_jvp_call` says, where the subclass has it, and the rule has a derivative."""
        process: Any = getattr(self, "process_custom_jvp_call", None)
        if process is None or not getattr(rule, "forward_mode", False):
            return list(rule.run(*args))
        out = process(*self.as_custom(rule), [_given(a) for a in args], symbolic_zeros=False)
        return [lower(x) for x in out]


def _given(x: Any) -> Any:
    """A value as `process_primitive` gets it: the library's own tracers as they are."""
    return x if isinstance(x, Tracer) or is_weak(x) else lift(x)


def bare(x: Any) -> Any:
    """A library's own tracer, which an `Array` holds; other values as they are."""
    return x._value if type(x) is Array and isinstance(x._value, Tracer) else x


class _Traced(type):
    def __instancecheck__(cls, x: object) -> bool:
        if cls is Tracer:
            return isinstance(x._value if type(x) is Array else x, OurTracer)
        return type.__instancecheck__(cls, x)


class Tracer(OurTracer, metaclass=_Traced):
    """An array under a transformation: ``isinstance(x, jax.core.Tracer)`` asks for it.

    A library that writes a `Trace` makes a subclass for its values. It gives the aval to the constructor, as JAX's takes it,
    or has a property `aval`.
    """

    __slots__ = ("_aval",)

    def __init__(self, trace: Trace, aval: Any = None) -> None:
        self._trace = trace
        self._aval = aval

    aval = property(lambda self: self._aval)

    shape = property(lambda self: tuple(self.aval.shape))  # type: ignore[assignment]
    dtype = property(lambda self: self.aval.dtype)  # type: ignore[assignment]
    weak = property(lambda self: bool(getattr(self.aval, "weak_type", False)))  # type: ignore[assignment]
    weak_type = weak

    def full_lower(self) -> Any:
        return self

    def __repr__(self) -> str:
        return f"Traced<{self.aval}>"


def _as_array(name: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        out = getattr(wrap(self, self.weak), name)(*args, **kwargs)
        return out._value if type(out) is Array else out  # whoever asks may be the library, which knows no `Array`

    method.__name__ = method.__qualname__ = name
    return method


_OWN = frozenset(
    "shape dtype aval weak_type __class__ __init__ __new__ __slots__ __module__ __doc__ __weakref__ __getattribute__ __setattr__ "
    "__delattr__ __init_subclass__ __subclasshook__ __repr__ __str__ __hash__ __reduce__ __reduce_ex__ __getstate__ __dir__ __sizeof__ "
    "__array__ __wengert_value__ _value _weak _trace __array_priority__ __dict__ __annotations__ __static_attributes__ __firstlineno__".split()
)
for _name, _found in vars(Array).items():
    if _name not in _OWN:
        if isinstance(_found, property):
            setattr(Tracer, _name, property(lambda self, name=_name: getattr(wrap(self, self.weak), name)))
        elif callable(_found):
            setattr(Tracer, _name, _as_array(_name))


# --- the current trace ------------------------------------------------------------------------------------------


class EvalTrace(Trace):
    """What stands for the absence of a transformation."""

    __slots__ = ()

    def __init__(self) -> None:
        """It is no trace of the library's, and has no level."""

    def __repr__(self) -> str:
        return "EvalTrace"


EVAL = EvalTrace()


class TraceOf(Trace):
    """A transformation of the library as JAX's functions show it."""

    __slots__ = ("of",)

    def __init__(self, trace: Any) -> None:
        self.of = trace

    @property
    def main(self) -> Any:
        return self.of

    def __eq__(self, other: Any) -> bool:
        return type(other) is TraceOf and other.main is self.main

    def __hash__(self) -> int:
        return hash(self.main)

    def __repr__(self) -> str:
        return f"Trace({self.main.name})"


def alias_trace_of(x: Any) -> Any:
    """The transformation that a value stands under; that of known values is `EVAL`."""
    value = lower(x)
    if not isinstance(value, OurTracer):
        return EVAL
    return value._trace if isinstance(value._trace, Trace) else TraceOf(value._trace)


Array.trace_of = staticmethod(alias_trace_of)


def find_top_trace(xs: Any) -> Any:
    """The newest transformation among values."""
    found = [lower(x)._trace for x in xs if isinstance(lower(x), OurTracer)]
    if not found:
        return EVAL
    newest = max(found, key=lambda t: t.level)
    return newest if isinstance(newest, Trace) else TraceOf(newest)


@contextmanager
def set_current_trace(trace: Any, check_leaks: bool = False) -> Iterator[None]:
    """A context in which operations are a trace's; whose they are follows from their arguments in any case."""
    yield


@contextmanager
def take_current_trace() -> Iterator[Any]:
    """A context in which no trace is current; gives the one that was."""
    inner = getattr(INNERMOST, "trace", None)
    yield EVAL if inner is None else TraceOf(inner)


class OpaqueTraceState:
    """Which Program is being written: two are equal where it is the same one."""

    __slots__ = ("trace",)

    def __init__(self) -> None:
        self.trace = getattr(INNERMOST, "trace", None)

    def __eq__(self, other: Any) -> bool:
        return type(other) is OpaqueTraceState and other.trace is self.trace

    def __hash__(self) -> int:
        return id(self.trace)


def get_opaque_trace_state(convention: Any = None) -> OpaqueTraceState:
    """What tells whether two places of a program stand under the same `jit`."""
    return OpaqueTraceState()


def trace_state_clean() -> bool:
    """Whether no Program is being written."""
    return getattr(INNERMOST, "trace", None) is None


def under_jit() -> bool:
    """Whether a function is being traced by `jit`."""
    return not trace_state_clean()


def axis_names() -> list[Any]:
    """The names of the axes that functions are mapped over."""
    from ...transforms.batching import axis_env

    return list(axis_env.get())


__all__ = [
    "EVAL",
    "OpaqueTraceState",
    "Trace",
    "TraceTag",
    "Tracer",
    "alias_trace_of",
    "axis_names",
    "bare",
    "find_top_trace",
    "get_opaque_trace_state",
    "set_current_trace",
    "take_current_trace",
    "trace_state_clean",
    "under_jit",
]  # fmt: skip
