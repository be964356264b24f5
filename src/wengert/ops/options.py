"""The options that NumPy's universal functions take by keyword: ``out=``, ``where=``, ``dtype=``, ``casting=`` and others.

NumPy's own function reads them, and hands traced arguments on to `protocols.array_ufunc`. What stands here is what
NumPy leaves undefined or does not know: elements that ``where=`` leaves out, bfloat16, SciPy's functions, 32-bit mode.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import Tracer, Value, as_value, dtype_of, is_weak
from ..errors import NotSupportedError
from ..lowering import PRIMITIVES, formulas
from ..vocabulary import Function, Keywords
from .casts import convert
from .promotion import broadcast_shapes
from .shape import broadcast_to

_ABOUT_MEMORY = ("order", "subok")  # what they say has no meaning for a value under transformation
_KNOWN = ("out", "where", "dtype", "casting", "signature", *_ABOUT_MEMORY)


def with_options(call: Function, ufunc: np.ufunc, args: tuple[Any, ...], options: Keywords) -> Any:
    """`call` of `args` with NumPy's options; arguments behind the last that the function has are ``out``.

    Elements that `where` leaves out are 0, as NumPy leaves them undefined where there is no `out`.

    Raises:
        TypeError: there is no such option, or `casting` does not allow a conversion to `dtype`.
        NotSupportedError: `out` is a plain array, and the values are under transformation.
    """
    if isinstance(ufunc, np.ufunc) and len(args) > ufunc.nin:
        args, options = args[: ufunc.nin], {"out": args[ufunc.nin :], **options}
    values = [as_value(a) for a in args]
    if not isinstance(ufunc, np.ufunc) or any(dtype_of(v).kind == "V" for v in values):
        return _by_dtype(call, values, options)
    where, written = options.get("where", True), options.get("out") is not None
    if not config._x64 and options.get("dtype") is not None:
        options = {**options, "dtype": canonical_dtype(options["dtype"])}
    if written:
        return ufunc(*values, **options)
    options = {name: o for name, o in options.items() if name not in ("where", "out")}
    with np.errstate() if where is True else np.errstate(all="ignore"):  # of what is left out nobody is warned
        result = ufunc(*values, **options) if options else call(*values)
    several = isinstance(result, tuple)
    results = [as_value(r) for r in (result if several else [result])]
    if where is not True:
        results = [_masked(ufunc.__name__, as_value(where), r) for r in results]
    return tuple(results) if several else results[0]


def _masked(name: str, mask: Value, result: Value) -> Value:
    """0 where the mask is False, in the shape that both lead to."""
    shape = broadcast_shapes(name, *[v.shape if isinstance(v, Tracer) else np.shape(v) for v in (mask, result)])
    return PRIMITIVES[formulas.where].bind(mask, broadcast_to(result, shape), dtype_of(result).type(0))


def _by_dtype(call: Function, values: list[Value], options: Keywords) -> Any:
    """The options of functions that are no universal function of NumPy's, or not for these numbers."""
    for name in options:
        if name not in _KNOWN:
            raise TypeError(
                f"{call.__name__} got an unexpected keyword argument {name!r}; it takes {', '.join(_KNOWN)}"
            )
    out, where, dtype = options.get("out"), options.get("where", True), options.get("dtype")
    if out is not None and any(isinstance(v, Tracer) for v in (*values, where)):
        raise NotSupportedError("out= cannot write values under transformation into an array; use the result")
    if dtype is not None:
        casting = options.get("casting", "same_kind")
        for v in values:
            if not is_weak(v) and not np.can_cast(dtype_of(v), dtype, casting):
                raise TypeError(
                    f"{call.__name__}: {dtype_of(v)} cannot become {np.dtype(dtype)} by {casting!r}; use astype"
                )
        values = [convert(v, dtype) for v in values]
    if where is True:
        return call(*values)
    with np.errstate(all="ignore"):
        result = call(*values)
    return _masked(call.__name__, as_value(where), result)


def universal(ufunc: np.ufunc) -> Callable[[Function], Function]:
    """Decorator: a function of the library that is NumPy's universal function takes the options of that."""

    def decorate(f: Function) -> Function:
        @functools.wraps(f)
        def call(*args: Any, **options: Any) -> Any:
            if options or len(args) > ufunc.nin:
                return with_options(f, ufunc, args, options)
            return f(*args)

        add_methods(call, ufunc)
        return call

    return decorate


def add_methods(f: Any, ufunc: np.ufunc) -> None:
    """Give a function the methods of the universal function that it is: ``wnp.add.reduce``, ``outer``, ``at`` and others.

    NumPy's own methods run, which hand traced arrays on to `ufunc_methods`.
    """
    if ufunc.nin != 2 or ufunc.nout != 1 or ufunc.signature is not None:
        return

    def narrowed(method: Function) -> Function:
        @functools.wraps(method)
        def call(*args: Any, **options: Any) -> Any:
            result = method(*args, **options)
            return result if config._x64 else as_value(result)

        return call

    for name in ("reduce", "accumulate", "reduceat", "outer"):
        setattr(f, name, narrowed(getattr(ufunc, name)))
    f.at = ufunc.at


__all__ = ["add_methods", "universal", "with_options"]
