"""NumPy's ``__array_ufunc__`` on tracers: ``np.sin(t)``, ``array * t``, ``scipy.special.erf(t)``, ``where=``, ``out=``.

Which operation a ufunc is stands in `counterparts.py`, its methods (``reduce``, ``at`` …) in `ufunc_methods.py`. The
functions that NumPy dispatches by ``__array_function__`` have their table in `wengert.numpy.protocols`.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..config import canonical_dtype
from ..core import Tracer, ValueTracer, as_array, as_value, dtype_of, is_weak, ndim_of, shape_of
from ..errors import ArgumentError, NotSupportedError
from ..frames import user_operation
from ..vocabulary import DTypeLike, Value
from . import elementwise as ew
from . import objects, selection, shape, ufunc_methods, writing
from .core_axes import along
from .counterparts import BINDS, name_of, operation
from .written import traced

ndarray = np.ndarray
# What NumPy may be asked for that makes no difference to the values.
IMMATERIAL = frozenset({"casting", "order", "subok", "signature", "device"})


def array_ufunc(self: Tracer, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """The operation of the same name. Hot: guarded by the benchmarks `eager.numpy_*`."""
    if method == "__call__" and not kwargs:
        bind = BINDS.get(ufunc)
        if bind is not None:
            return bind(*[a if isinstance(a, Tracer) else as_value(a) for a in inputs])
    replaceable = "out" in kwargs and _can_be_replaced(kwargs["out"], sys.getrefcount(kwargs["out"][0]))
    inputs = tuple(objects.unpacked(a) for a in inputs)
    if any(type(a) is selection.Selection for a in inputs):
        return NotImplemented
    if method == "__call__":
        return _call(ufunc, inputs, replaceable, **kwargs)
    if method == "at":
        return ufunc_methods.at(ufunc, *inputs)
    if method == "outer":
        x, y = (as_array(a) for a in inputs)  # Python numbers too, as in NumPy
        return _call(ufunc, (shape.reshape(x, shape_of(x) + (1,) * ndim_of(y)), y), replaceable, **kwargs)
    out = kwargs.pop("out", None)
    result = getattr(ufunc_methods, method)(ufunc, *inputs, **kwargs)
    return result if out is None else stored(out[0], result, f"{name_of(ufunc)}.{method}", replaceable)


def _call(
    ufunc: np.ufunc,
    inputs: Any,
    replaceable: bool,
    out: Any = None,
    where: Any = True,
    dtype: DTypeLike = None,
    signature: Any = None,
    casting: Any = "same_kind",
    order: Any = None,
    subok: Any = None,
    **kwargs: Any,
) -> Any:
    """A call with options; `kwargs` are those of generalised ufuncs such as ``np.matmul``."""
    name, f = name_of(ufunc), operation(ufunc)
    results: Any = None
    if order is not None and order not in ("C", "F", "A", "K"):
        raise ArgumentError(f"{name}: order must be one of 'C', 'F', 'A', or 'K' (got {order!r})")
    if kwargs:
        f = along(ufunc, f, **kwargs)
    if dtype is not None or signature is not None or casting != "same_kind":
        inputs, results = _converted(ufunc, [as_value(a) for a in inputs], dtype, signature, casting)
    if where is not True and not isinstance(where, Tracer) and np.all(where):
        shapes = [np.shape(a) if not isinstance(a, Tracer) else a.shape for a in inputs]
        if np.broadcast_shapes(np.shape(where), *shapes) == np.broadcast_shapes(*shapes):
            where = True  # nothing is left out
    if where is True:
        result = f(*inputs)
    elif out is None or any(o is None for o in out):
        raise NotSupportedError(
            f"{name}(..., where=mask) leaves the other elements undefined; say what they are: "
            f"{name}(..., where=mask, out=np.zeros_like(x)), or np.where(mask, {name}(...), 0.0)"
        )
    else:
        with np.errstate(all="ignore"):  # the elements that are left out may be anything
            result = f(*inputs)
        where = as_value(where)
        if isinstance(result, tuple):
            result = tuple([ew.where(where, r, as_value(o)) for r, o in zip(result, out, strict=True)])
        else:
            result = ew.where(where, result, as_value(out[0]))
    if results is not None:
        several = isinstance(result, tuple)
        result = [ew.convert(r, d) for r, d in zip(result if several else [result], results, strict=True)]
        result = tuple(result) if several else result[0]
    if out is None:
        return result
    if isinstance(result, tuple):
        return tuple(r if o is None else stored(o, r, name, cast=casting) for o, r in zip(out, result, strict=True))
    return stored(out[0], result, name, replaceable, casting)


def _converted(ufunc: np.ufunc, values: Any, dtype: DTypeLike, signature: Any, casting: Any) -> tuple[Any, Any]:
    """The arguments in the dtypes of the loop that NumPy would choose, and those of the results.

    Raises:
        TypeError: `casting` does not allow it, or there is no such loop (both as NumPy says it).
    """
    if dtype is not None:
        signature = (None,) * ufunc.nin + (canonical_dtype(dtype),) * ufunc.nout
    elif signature is not None:  # "ff->f" or ("f", None, "f")
        letters = signature.replace("->", "") if isinstance(signature, str) else signature
        signature = tuple([None if d is None else canonical_dtype(d) for d in letters])
    given = [type(dtype_of(v).type(0).item()) if is_weak(v) else dtype_of(v) for v in values]
    kind = {} if signature is None else {"signature": signature}
    loop = ufunc.resolve_dtypes((*given, *[None] * ufunc.nout), **kind, casting=casting)
    return [ew.convert(v, d) for v, d in zip(values, loop, strict=False)], loop[ufunc.nin :]


# --- out= -------------------------------------------------------------------------------------------------------


def stored(target: Value, result: Value, name: str, replaceable: bool = False, cast: str = "same_kind") -> Any:
    """`result` written into the array that was given as ``out=``; returned instead of it if that goes unnoticed."""
    if cast == "unsafe":
        result = ew.convert(as_value(result), dtype_of(target))
    if isinstance(target, ValueTracer):
        return writing.assign(target, writing.fitting(result, target, name))
    if type(target) is ndarray and not isinstance(result, Tracer):
        target[...] = result
        return target
    if type(target) is ndarray and replaceable:
        return writing.fitting(result, target, name)
    array = traced(target)
    if array is not None:
        writing.assign(array, writing.fitting(result, array, name))
        return target
    raise NotSupportedError(
        f"{name} cannot write a traced result into this plain NumPy array: write x = x + y for x += y, or make the array "
        f"from a traced one (np.zeros_like(x), np.zeros(n, like=x))"
    )


class _Probe:
    """Counts how often an array given as ``out=`` is referred to, as seen from `array_ufunc`."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return sys.getrefcount(kwargs["out"][0])


def _counts() -> tuple[int, int]:
    """What the probe sees of an array that one variable holds in ``x += y``, and of one made in the call."""
    probe: Any = _Probe()
    x: Any = np.zeros(1)
    x += probe
    return x, np.add(probe, 1.0, out=np.zeros(1))  # type: ignore[return-value]


_IN_PLACE, _OUT = _counts()


def _can_be_replaced(out: tuple[Any, ...], count: int) -> bool:
    """Whether another array can take its place unnoticed: it is made in the call, or ``x += y`` binds its one name anew."""
    if len(out) != 1 or type(out[0]) is not ndarray or out[0].base is not None:
        return False
    return count <= _OUT or (count <= _IN_PLACE and _caller_binds_anew())


def _caller_binds_anew() -> bool:
    """Whether the user's line is an operator such as ``+=``, whose result takes the place of the array."""
    name, argument = user_operation()
    # the operators in place follow the thirteen others, and from Python 3.14 on the subscript follows
    return name.startswith("INPLACE_") or (name == "BINARY_OP" and 13 <= argument < 26)
