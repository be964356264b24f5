"""Errors of `jax.errors`, and what an array under a transformation says when Python asks for its value.

The classes are the library's as well: whoever catches a `wengert.errors.ConcretizationError` catches these.
"""

from __future__ import annotations

from typing import Any

from ..errors import ConcretizationError, LeakedTracerError, WengertError

_PAGE = "See https://docs.jax.dev/en/latest/errors.html#jax.errors."


class JAXTypeError(WengertError, TypeError):
    """An argument of a kind that a function does not take."""


class JAXIndexError(WengertError, IndexError):
    """An index that an array does not take."""


class ConcretizationTypeError(JAXTypeError, ConcretizationError):
    """A number was needed where a transformation knows none.

    Args:
        tracer: the array.
        context: what the number was needed for.
    """

    def __init__(self, tracer: Any, context: str = "") -> None:
        _say(
            self,
            f"Abstract tracer value encountered where concrete value is expected: {_what(tracer)}\n{context}",
            tracer,
        )


class TracerBoolConversionError(ConcretizationTypeError):
    """A truth was needed of an array that a transformation has no value of."""

    def __init__(self, tracer: Any) -> None:
        _say(self, f"Attempted boolean conversion of {_what(tracer)}.", tracer)


class TracerIntegerConversionError(JAXTypeError, ConcretizationError):
    """An index was needed of an array that a transformation has no value of."""

    def __init__(self, tracer: Any) -> None:
        _say(self, f"The __index__() method was called on {_what(tracer)}", tracer)


class TracerArrayConversionError(JAXTypeError, ConcretizationError):
    """NumPy asked for the values of an array that a transformation has none of."""

    def __init__(self, tracer: Any) -> None:
        _say(self, f"The numpy.ndarray conversion method __array__() was called on {_what(tracer)}", tracer)


class NonConcreteBooleanIndexError(JAXIndexError, ConcretizationError):
    """A mask whose values a transformation does not know was used as an index."""

    def __init__(self, tracer: Any) -> None:
        text = f"Array boolean indices must be concrete; got {_typed(tracer)}"
        WengertError.__init__(self, f"{text}\n\n{_PAGE}NonConcreteBooleanIndexError")


class UnexpectedTracerError(JAXTypeError, LeakedTracerError):
    """A value from inside a transformation was used after it had ended, or where none may stand."""


class JaxprTypeError(WengertError, TypeError):
    """A program whose types do not fit; the library's own checks raise others."""


class KeyReuseError(WengertError):
    """A key that was used twice; keys are not watched here, so it is not raised."""


class InconclusiveDimensionOperation(WengertError):  # noqa: N818 (JAX's name)
    """An operation on symbolic shapes that cannot be decided; there are none here, so it is not raised."""


def _what(tracer: Any) -> str:
    return f"traced array with shape {_typed(tracer)}"


def _typed(tracer: Any) -> str:
    """The dtype and shape: ``float64[3]``."""
    aval = getattr(tracer, "aval", None)
    return str(tracer) if aval is None else f"{aval.dtype.name}[{','.join(map(str, aval.shape))}]"


def _say(error: WengertError, text: str, tracer: Any) -> None:
    WengertError.__init__(error, f"{text}{_traced_by(tracer)}\n{_PAGE}{type(error).__name__}")


def _traced_by(tracer: Any) -> str:
    """The transformation that an array stands under, and the function that it traces, in a sentence."""
    trace = getattr(getattr(tracer, "_value", tracer), "_trace", None)
    if trace is None:
        return ""
    return f"\nThe error occurred while tracing the function for {trace.name}. This concrete value was not available in Python."


__all__ = [
    "ConcretizationTypeError", "InconclusiveDimensionOperation", "JAXIndexError", "JAXTypeError", "JaxprTypeError",
    "KeyReuseError", "NonConcreteBooleanIndexError", "TracerArrayConversionError", "TracerBoolConversionError",
    "TracerIntegerConversionError", "UnexpectedTracerError",
]  # fmt: skip
