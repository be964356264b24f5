"""`jax.errors`: the classes of errors here that are raised where JAX raises its own."""

from __future__ import annotations

from ...errors import ConcretizationError, LeakedTracerError, WengertError

ConcretizationTypeError = ConcretizationError
NonConcreteBooleanIndexError = ConcretizationError
TracerArrayConversionError = ConcretizationError
TracerBoolConversionError = ConcretizationError
TracerIntegerConversionError = ConcretizationError
UnexpectedTracerError = LeakedTracerError
JaxRuntimeError = WengertError


class JAXTypeError(WengertError, TypeError):
    """An argument of a kind that a function does not take."""


class JAXIndexError(WengertError, IndexError):
    """An index that an array does not take."""


class JaxprTypeError(WengertError, TypeError):
    """A program whose types do not fit; the library's own checks raise others."""


class KeyReuseError(WengertError):
    """A key that was used twice; keys are not watched here, so it is not raised."""


class InconclusiveDimensionOperation(WengertError):  # noqa: N818 (JAX's name)
    """An operation on symbolic shapes that cannot be decided; there are none here, so it is not raised."""


__all__ = [
    "ConcretizationTypeError", "InconclusiveDimensionOperation", "JAXIndexError", "JAXTypeError", "JaxRuntimeError",
    "JaxprTypeError", "KeyReuseError", "NonConcreteBooleanIndexError", "TracerArrayConversionError",
    "TracerBoolConversionError", "TracerIntegerConversionError", "UnexpectedTracerError",
]  # fmt: skip
