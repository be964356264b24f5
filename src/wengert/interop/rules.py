"""What JAX's rules of dtypes are for each function of `jax.numpy` and its kin, and the functions that follow them.

A function of the library is called with its arguments in the dtype that JAX's promotion gives; whether its result is
weak follows from the kind of the function, as below. Functions that stand in none of these lists get their arguments as
they are, and give strong results.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..config import canonical_dtype, config, default_dtype
from ..core import as_value, inexact_dtype
from ..errors import ArgumentError, AxisError
from . import promotion
from .array import Array, _new, in_dtype, is_keys, kind_of, promoted, same_keys, wrap
from .border import REFUSED_BY_NUMPY, bordered, lift, lower, of_both_kinds
from .conversion import converted
from .promotion import floating, joined
from .ways import (
    HALVES,
    KEEPING,
    NN_ARRAYS,
    NN_FLOATS,
    NN_INTEGERS,
    NN_KEEPING,
    NN_NO_INTEGERS,
    NN_NO_TRUTH,
    NN_STRONG,
    NN_TRUTH_WEAK,
    NUMBERED,
    SEQUENCES,
    SPECIAL_APART,
    SPECIAL_FLOATS,
    SPECIAL_STRONG,
    WAYS,
)


def _names_of(f: Any, n: int) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(f).parameters)[:n]
    except (TypeError, ValueError):
        return ()


def _takes_any(f: Any) -> bool:
    """Whether a function takes all its arguments by place or by keyword, as methods of distributions do."""
    try:
        kinds = [p.kind for p in inspect.signature(f).parameters.values()]
    except (TypeError, ValueError):
        return False
    return kinds == [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]


_FLOATS = frozenset(np.dtype(d) for d in ("float32", "float64", "complex64", "complex128"))
_DOUBLE = frozenset({np.dtype(np.float64), np.dtype(np.complex128)})


def _quick(
    f: Callable[..., Any], general: Callable[..., Any], n: int, inexact: bool, never: bool
) -> Callable[..., Any]:
    """`general`, quicker for one array, or two of one dtype and weakness, which need no conversion."""

    @functools.wraps(f)
    def of_one(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and type(args[0]) is Array and not kwargs:
            x = args[0]
            value = x._value
            if not inexact or value.dtype in _FLOATS:
                try:
                    out = f(value)
                except REFUSED_BY_NUMPY:
                    return general(*args)  # which says what JAX says
                if type(out) is np.ndarray:
                    if inexact and out.dtype is not value.dtype and out.dtype in _DOUBLE:
                        out = narrowed(out, value.dtype)
                    made = _new(Array)
                    made._value, made._weak = out, x._weak and not never
                    return made
                return lift(narrowed(out, value.dtype) if inexact else out, x._weak and not never)
        return general(*args, **kwargs)

    @functools.wraps(f)
    def of_two(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 2 and type(args[0]) is type(args[1]) is Array and not kwargs and promotion.ranks is None:
            x, y = args
            a, b = x._value, y._value
            if a.dtype is b.dtype and x._weak is y._weak and (not inexact or a.dtype in _FLOATS):
                try:
                    out = f(a, b)
                except REFUSED_BY_NUMPY:
                    return general(*args)
                if type(out) is np.ndarray:
                    if inexact and out.dtype is not a.dtype and out.dtype in _DOUBLE:
                        out = narrowed(out, a.dtype)
                    made = _new(Array)
                    made._value, made._weak = out, x._weak and not never
                    return made
                return lift(narrowed(out, a.dtype) if inexact else out, x._weak and not never)
        return general(*args, **kwargs)

    return of_one if n == 1 else of_two


def meeting(
    f: Callable[..., Any], n: int, inexact: bool = False, numeric: bool = False, weak: str = "joined"
) -> Callable[..., Any]:
    """`f` with its first `n` arguments in one dtype; None is left out of it.

    Args:
        f: a function of the library.
        n: how many arguments meet.
        inexact: whether integers become floats.
        numeric: whether truth values become 32-bit integers.
        weak: "joined": the result is as weak as the dtype in which they meet; "all": if they all are; "wide": the same in 64-bit mode; or "never".
    """
    names, takes_any = _names_of(f, n), _takes_any(f)
    never = weak == "never"

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            named = [k for k in (kwargs if takes_any else names[len(args) :]) if kwargs.get(k) is not None]
            values = [*args[:n], *[kwargs[k] for k in named]]
            places = [i for i, v in enumerate(values) if v is not None]
            arrays = [checked(values[i], f, i) for i in places]
            met, joined_weak = promoted(arrays, inexact)
            if numeric and met and met[0].dtype.kind == "b":
                met = [in_dtype(v, np.dtype(np.int32)) for v in met]
            every = weak == "all" or (weak == "wide" and config._x64)
            is_weak = joined_weak and not never and not (every and not all(kind_of(a)[1] for a in arrays))
            for i, v in zip(places, met, strict=True):
                values[i] = v
            kwargs = {k: lower(v) for k, v in kwargs.items()} | dict(zip(named, values[len(args[:n]) :], strict=True))
            out = f(*values[: len(args[:n])], *[lower(a) for a in args[n:]], **kwargs)
            if inexact and met and met[0].dtype not in _DOUBLE and kwargs.get("dtype") is None:
                out = narrowed(out, met[0].dtype)
            return lift(out, is_weak)
        except REFUSED_BY_NUMPY as error:
            if n == 2 and len(args) >= 2 and f.__name__ in _OF_KEYS and all(map(is_keys, args[:2])):
                return _OF_KEYS[f.__name__](same_keys(*args[:2]))
            numbers = _are_numbers(args[:n]) and not any(map(is_keys, args[:n]))
            dtypes = [joined(*[kind_of(a) for a in args[:n] if a is not None])[0]] * n if numbers else ()
            raise of_both_kinds(error, f.__name__, tuple(dtypes)) from None

    return function if numeric or n not in (1, 2) else _quick(f, function, n, inexact, never)


def _are_numbers(args: Any) -> bool:
    return all(
        a is None or type(a) is Array or isinstance(a, (np.ndarray, np.generic, int, float, complex)) for a in args
    )


# Comparisons of keys of random numbers, from an array that says which keys are equal.
_OF_KEYS: dict[str, Callable[[Any], Any]] = {
    "equal": lambda same: same,
    "not_equal": lambda same: ~same,
    "isclose": lambda same: same,
    **dict.fromkeys(("array_equal", "array_equiv", "allclose"), lambda same: same.all()),
}


def narrowed(out: Any, dtype: np.dtype) -> Any:
    """Results in the precision of `dtype`, where the library computed in a wider one."""
    if isinstance(out, (tuple, list)):
        parts = [narrowed(x, dtype) for x in out]
        return type(out)(*parts) if hasattr(out, "_fields") else type(out)(parts)
    got = getattr(out, "dtype", None)
    if got is None or got == dtype or got.kind not in "fc":
        return out
    single = dtype.itemsize // (2 if dtype.kind == "c" else 1)
    if got.itemsize // (2 if got.kind == "c" else 1) <= single:
        return out
    if got.kind == dtype.kind or (got.kind, dtype.kind) == ("f", "V"):
        return in_dtype(out, dtype)
    return in_dtype(out, np.dtype(np.complex64 if got.kind == "c" else f"f{single}"))


def checked(x: Any, f: Any, place: int) -> Any:
    """An array or a number.

    Raises:
        TypeError: it is a list, a tuple, text or None.
    """
    if type(x) in _NO_ARRAYS:
        raise TypeError(
            f"{getattr(f, '__name__', f)} requires ndarray or scalar arguments, got {type(x)} at position {place}; make an "
            f"array of it with jax.numpy.array"
        )
    return x


# How many of the first arguments of other functions must be arrays or numbers.
_ARRAYS = {
    name: n
    for n, names in {
        1: "max min amax amin all any ptp count_nonzero nanmax nanmin nansum nanprod argwhere nonzero flatnonzero unique "
        "unique_all unique_counts unique_inverse bincount trace partition histogram cumsum",
        2: "compress extract take",
        3: "put place",
    }.items()
    for name in names.split()
}


# Reductions, of which an axis of a number is refused; NumPy takes 0 and -1.
_REDUCTIONS = frozenset(
    "max min amax amin all any ptp count_nonzero nanmax nanmin nansum nanprod nanmean mean nanstd nanvar median nanmedian average".split()
)


def check_axis(x: Any, axis: Any) -> None:
    """Raise where an axis of a number is asked for.

    Raises:
        AxisError: `x` is a number, and `axis` neither None nor empty.
    """
    if axis is not None and not np.shape(lower(x)):
        for one in axis if isinstance(axis, (tuple, list)) else (axis,):
            raise AxisError(f"axis {one} is out of bounds for array of dimension 0")


def with_axis(f: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction that refuses an axis of a number."""

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        if len(args) > 1 or kwargs:
            axis = args[1] if len(args) > 1 else kwargs.get("axis")
            if axis is not None:
                check_axis(args[0] if args else kwargs.get("a"), axis)
        return f(*args, **kwargs)

    return function


def of_arrays(f: Callable[..., Any], n: int) -> Callable[..., Any]:
    """`f` behind the border, whose first `n` arguments are arrays or numbers."""
    inner = bordered(f)

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        for i, x in enumerate(args[:n]):
            checked(x, f, i)
        if kwargs.get("out") is not None:
            raise NotImplementedError(
                f"The 'out' argument to jnp.{f.__name__} is not supported: bind a name to the result"
            )
        return inner(*args, **kwargs)

    return function


_NO_ARRAYS = frozenset({list, tuple, str, bytes, dict, type(None), set})


def meeting_sequence(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` with the arrays of its first argument, a sequence, in one dtype."""

    @functools.wraps(f)
    def function(arrays: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if kwargs.get("dtype") is not None and isinstance(arrays, (list, tuple)):
                dtype = canonical_dtype(kwargs.pop("dtype"))
                arrays = [wrap(converted(as_value(lower(a)), dtype)) for a in arrays]
            if isinstance(arrays, (list, tuple)) and not arrays:
                raise ValueError(f"Need at least one array to {f.__name__}.")
            if isinstance(arrays, (list, tuple)) and not any(isinstance(a, (list, tuple)) for a in arrays):
                met, weak = promoted(arrays)
            else:
                met, weak = lower(arrays), False
            return lift(f(met, *[lower(a) for a in args], **{k: lower(v) for k, v in kwargs.items()}), weak)
        except REFUSED_BY_NUMPY as error:
            raise of_both_kinds(error, f.__name__) from None

    return function


def keeping(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, whose result is as weak as its first argument."""
    inner = bordered(f)

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            x = checked(args[0] if args else next(iter(kwargs.values()), None), f, 0)
            if (type(x) is Array and x._weak) or type(x) in (int, float, complex):
                return lift(f(*[lower(a) for a in args], **{k: lower(v) for k, v in kwargs.items()}), True)
            return inner(*args, **kwargs)
        except REFUSED_BY_NUMPY as error:
            raise of_both_kinds(error, f.__name__) from None

    return function


def activation(f: Callable[..., Any], keep: bool) -> Callable[..., Any]:
    """`f`, whose result has the dtype of its first argument, where that is floating."""
    inner = keeping(f) if keep else bordered(f)

    @functools.wraps(f)
    def function(x: Any, *args: Any, **kwargs: Any) -> Any:
        dtype = kind_of(checked(x, f, 0))[0]
        if dtype.kind in "iub":
            if f.__name__ in NN_NO_INTEGERS:
                raise TypeError(
                    f"logistic does not accept dtype {dtype}. Accepted dtypes are subtypes of floating, complexfloating. "
                    f"{f.__name__} takes floats: convert it with astype"
                )
            if f.__name__ in NN_FLOATS:
                return wrap(lower(function(wrap(in_dtype(x, config.float_dtype)), *args, **kwargs)), True)
            return of_integers(x, dtype, args, kwargs)
        elif dtype.kind == "V" and f.__name__ in ("logsumexp", "logmeanexp"):
            return in_dtype_of(function(wrap(in_dtype(x, np.dtype(np.float32))), *args, **kwargs), dtype)
        return of_floats(x, dtype, args, kwargs)

    def of_integers(x: Any, dtype: np.dtype, args: Any, kwargs: Any) -> Any:
        if dtype.kind == "b" and f.__name__ in NN_NO_TRUTH and (np.shape(lower(x)) or f.__name__ not in NN_ARRAYS):
            at = " at position 0" if NN_NO_TRUTH[f.__name__] == "sub" else ""
            raise TypeError(
                f"{NN_NO_TRUTH[f.__name__]} does not accept dtype bool{at}. Accepted dtypes{at} are subtypes of integer, "
                f"floating, complexfloating."
            )
        if f.__name__ in NN_INTEGERS:
            if dtype.kind == "b":
                return wrap(in_dtype(x, default_dtype(int)), True)
            return wrap(in_dtype(inner(x, *args, **kwargs), dtype), kind_of(x)[1])
        if dtype.kind == "b" and f.__name__ in NN_TRUTH_WEAK:
            return of_floats(wrap(in_dtype(x, config.float_dtype), True), config.float_dtype, args, kwargs)
        wide, weak = floating((dtype, kind_of(x)[1]))
        return of_floats(wrap(in_dtype(x, wide), weak), wide, args, kwargs)

    def of_floats(x: Any, dtype: np.dtype, args: Any, kwargs: Any) -> Any:
        if f.__name__ in NN_ARRAYS and not np.ndim(lower(x)):
            raise ValueError(f"{f.__name__}: axis {kwargs.get('axis', -1)} is out of bounds for a number")
        out = inner(x, *args, **kwargs)
        if type(out) is Array and out.dtype != dtype and inexact_dtype(dtype):
            return wrap(in_dtype(out, dtype), out.weak_type)
        return out

    return function


def in_dtype_of(out: Any, dtype: np.dtype) -> Any:
    """An array, or a tuple of them, in another dtype."""
    return tuple([in_dtype_of(x, dtype) for x in out]) if isinstance(out, tuple) else wrap(in_dtype(out, dtype))


_OF_VECTORS = frozenset({"multivariate_normal", "dirichlet", "multinomial"})
_COUNTS: frozenset[Any] = frozenset(
    {"geom", "nbinom", "betabinom", ("bernoulli", "cdf")}
)  # weak where all arguments are


def _special(f: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function of `jax.scipy.special`: its arguments meet in one floating dtype."""
    parameters = [p for p in inspect.signature(f).parameters.values() if p.kind in (0, 1)]
    inner = meeting(f, len(parameters) or 8, inexact=True, weak="never" if name in SPECIAL_STRONG else "joined")
    if name not in SPECIAL_FLOATS:
        return inner

    @functools.wraps(f)
    def function(x: Any, *args: Any, **kwargs: Any) -> Any:
        dtype = kind_of(checked(x, f, 0))[0]
        if dtype not in (np.float32, np.float64, np.complex64, np.complex128):
            raise TypeError(f"{name}: x.dtype={dtype} is not supported, see the docstring for supported types")
        return inner(x, *args, **kwargs)

    return function


def with_infinities(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` behind the border; a singular matrix gives infinities and NaN, as in JAX, in the place of an error."""
    inner, operation = bordered(f), bordered(getattr(f, "__wrapped__", f))  # which NumPy's own function is no part of

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            return inner(*args, **kwargs)
        except ArgumentError as error:
            if not str(error).startswith("Singular matrix"):
                raise
        from ..ops.linalg import infinite_solutions

        with infinite_solutions(), np.errstate(all="ignore"):
            return operation(*args, **kwargs)

    return function


def numbered(f: Callable[..., Any], n: int) -> Callable[..., Any]:
    """`f` behind the border, integers of at most 32 bits among its first `n` arguments being float32."""
    inner = with_infinities(f)
    half = getattr(f, "__name__", "") in HALVES

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        args = (*[_as_floats(a, half) for a in args[:n]], *args[n:])
        return inner(*args, **kwargs)

    return function


def _as_floats(a: Any, half: bool) -> Any:
    if type(a) is not Array and not isinstance(a, np.ndarray):
        return a
    dtype = a.dtype
    if dtype.kind in "iub" and dtype.itemsize < 8 or (half and dtype == np.float16):
        return wrap(in_dtype(a, np.dtype(np.float32)))
    return a


def follow(module: str, name: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the library as the module of the alias has it."""
    made = _followed(module, name, f)
    for method in ("accumulate", "at", "outer", "reduce", "reduceat"):  # which JAX gives its own `ufunc`s alone
        vars(made).pop(method, None)
    return made


def _followed(module: str, name: str, f: Callable[..., Any]) -> Callable[..., Any]:
    if module == "jax.numpy":
        if name in WAYS:
            n, options = WAYS[name]
            made = meeting(f, n, **options)
            return with_axis(made) if name in _REDUCTIONS else made
        if name in SEQUENCES:
            return meeting_sequence(f)
        if name in KEEPING:
            return keeping(f)
        if name in _ARRAYS:
            made = of_arrays(f, _ARRAYS[name])
            return with_axis(made) if name in _REDUCTIONS else made
    elif module == "jax.scipy.special" and name not in SPECIAL_APART:
        return _special(f, name)
    elif module.startswith("jax.scipy.stats.") and module.rpartition(".")[2] not in _OF_VECTORS:
        kind = module.rpartition(".")[2]
        return meeting(f, 8, inexact=True, weak="all" if kind in _COUNTS or (kind, name) in _COUNTS else "joined")
    elif module == "jax.nn" and (name in NN_KEEPING or name in NN_STRONG):
        return activation(f, name in NN_KEEPING)
    elif (module, name) in NUMBERED:
        return numbered(f, NUMBERED[module, name])
    return bordered(f)


__all__ = ["follow", "keeping", "meeting", "meeting_sequence"]
