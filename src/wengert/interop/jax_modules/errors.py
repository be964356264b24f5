"""`jax.errors`: the classes of errors here that are raised where JAX raises its own."""

from __future__ import annotations

from ...errors import ConcretizationError, LeakedTracerError, WengertError

ConcretizationTypeError = ConcretizationError
NonConcreteBooleanIndexError = ConcretizationError
TracerArrayConversionError = ConcretizationError
TracerBoolConversionError = ConcretizationError
TracerIntegerConversionError = ConcretizationError
UnexpectedTracerError = LeakedTracerError
JAXTypeError = JaxRuntimeError = WengertError

__all__ = [
    "ConcretizationTypeError", "JAXTypeError", "JaxRuntimeError", "NonConcreteBooleanIndexError",
    "TracerArrayConversionError", "TracerBoolConversionError", "TracerIntegerConversionError", "UnexpectedTracerError",
]  # fmt: skip
