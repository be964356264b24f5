"""How elementwise operations are declared: a line for each, with its samples; and the public function of one.

`elementwise` and `special` hold the operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..config import config
from ..core import OBJECTS, Value, as_array, as_value, is_weak
from ..vocabulary import Function
from .families import Elementwise
from .naming import of_caller
from .options import add_methods, with_options
from .quiet import Quiet
from .samples import REAL, samples

ndarray = np.ndarray


def unary(name: str, function: Any, derivative: Any, domain: tuple[float, float] = REAL, **kw: Any) -> Elementwise:
    return Elementwise(name, function, (derivative,), samples=samples(domain), **kw)


def binary(
    name: str, function: Any, dx: Any, dy: Any, domains: Sequence[tuple[float, float]] = (REAL, (0.3, 2.0)), **kw: Any
) -> Elementwise:
    return Elementwise(name, function, (dx, dy), samples=samples(*domains), **kw)


def lazy_special(name: str) -> Function:
    # scipy.special is imported on first use: it costs more than the whole library.
    def call(*args: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*args)

    call.ufunc, call.result = f"scipy.special.{name}", 0
    return call


_NOBODY = Quiet("divide", "invalid", "over")


def quietly(partial: Callable[..., Value]) -> Callable[..., Value]:
    """A partial that may be infinite where the value is finite, or that overflows on its way to 0: NumPy is not to warn
    of what nobody computed."""

    def call(*args: Value) -> Value:
        before = _NOBODY.begin()
        try:
            return partial(*args)
        finally:
            _NOBODY.end(before)

    return call


def function_of(primitive: Elementwise, doc: str | None = None) -> Callable[..., Value]:
    """The public function of an elementwise primitive: plain arrays go straight to NumPy.

    It takes NumPy's options by keyword (`ops.options`).
    """
    ufunc = primitive.function
    known: Any = ufunc if isinstance(ufunc, np.ufunc) else getattr(np, primitive.name, ufunc)  # whose options it takes
    bind = primitive.bind
    strengthen = primitive.weak_result
    arity = len(primitive.partials) if primitive.partials is not None else getattr(ufunc, "nin", 1)

    call: Any
    if arity == 1:

        def unary_call(x: Value, /, **options: Any) -> Value:
            if options:
                return with_options(unary_call, known, (x,), options)
            if type(x) is ndarray and config._x64 and x.dtype is not OBJECTS:
                return ufunc(x)
            out = bind(as_value(x))
            return as_array(out) if strengthen and is_weak(out) else out

        call = unary_call
    else:

        def binary_call(x: Value, y: Value, /, **options: Any) -> Value:
            if options:
                return with_options(binary_call, known, (x, y), options)
            if type(x) is ndarray and type(y) is ndarray and config._x64:
                if x.dtype is not OBJECTS and y.dtype is not OBJECTS:
                    return ufunc(x, y)
            out = bind(as_value(x), as_value(y))
            return as_array(out) if strengthen and is_weak(out) else out

        call = binary_call
        if isinstance(known, np.ufunc):
            add_methods(call, known)
    call.__name__ = call.__qualname__ = primitive.name
    library = "NumPy" if hasattr(np, primitive.name) else "SciPy"
    call.__doc__ = doc or f"Elementwise ``{primitive.name}``, as {library}'s function of that name."
    return of_caller(call)


__all__ = ["binary", "function_of", "lazy_special", "quietly", "unary"]
