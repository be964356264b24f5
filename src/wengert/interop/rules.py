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

from ..core import inexact_dtype
from .array import Array, in_dtype, kind_of, promoted, wrap
from .border import bordered, lift, lower

# Of the first one, two or three arguments: results are floating, and as weak as the arguments.
_FLOATING = {
    1: "sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh asin acos atan asinh acosh atanh exp exp2 "
    "expm1 log log2 log10 log1p sqrt cbrt sinc deg2rad rad2deg degrees radians i0",
    2: "divide true_divide arctan2 atan2 hypot logaddexp logaddexp2 copysign nextafter float_power heaviside",
    3: "interp",
}
# The same, with the dtype in which the arguments meet.
_MEETING = {
    1: "negative positive square sign floor ceil trunc rint fix round conj conjugate real imag invert bitwise_not bitwise_invert",
    2: "add subtract multiply maximum minimum fmax fmin mod remainder fmod floor_divide bitwise_and bitwise_or bitwise_xor "
    "left_shift right_shift bitwise_left_shift bitwise_right_shift gcd lcm dot matmul inner outer vdot vecdot tensordot "
    "kron convolve correlate cross polyadd polysub polymul",
    3: "clip",
}
# The arguments meet in one dtype, and the result is strong.
_STRONG = {
    2: "equal not_equal less less_equal greater greater_equal isclose allclose array_equal array_equiv polyval divmod "
    "searchsorted digitize setdiff1d union1d intersect1d isin",
}
# The first argument is a sequence of arrays that meet.
_SEQUENCES = "concatenate concat stack hstack vstack dstack column_stack row_stack block"
# Results are as weak as the first argument.
_KEEPING = (
    "reshape ravel squeeze expand_dims transpose permute_dims matrix_transpose swapaxes moveaxis rollaxis broadcast_to flip "
    "fliplr flipud rot90 roll tile repeat sort diagonal diag atleast_1d atleast_2d atleast_3d copy triu "
    "tril take take_along_axis pad split array_split hsplit vsplit dsplit ediff1d diff"
)
_LAX_MEETING = {
    1: "sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh exp exp2 expm1 log log1p sqrt rsqrt cbrt neg sign floor "
    "ceil square logistic erf erfc erf_inv lgamma digamma real imag conj reciprocal",
    2: "add sub mul div rem max min pow atan2 nextafter",
}
_NN_KEEPING = (
    "celu elu glu hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid mish relu relu6 selu "
    "sigmoid silu soft_sign softplus sparse_plus sparse_sigmoid squareplus swish tanh"
)
NN_STRONG = frozenset({"gelu", "softmax", "log_softmax", "standardize", "logsumexp"})
_LAX_KEEPING = "reshape transpose broadcast_in_dim expand_dims slice_in_dim squeeze rev"


def _by_name(table: dict[int, str]) -> dict[str, int]:
    return {name: n for n, names in table.items() for name in names.split()}


FLOATING, MEETING, STRONG = _by_name(_FLOATING), _by_name(_MEETING), _by_name(_STRONG)
SEQUENCES, KEEPING = frozenset(_SEQUENCES.split()), frozenset(_KEEPING.split())
LAX_MEETING, LAX_KEEPING = _by_name(_LAX_MEETING), frozenset(_LAX_KEEPING.split())
NN_KEEPING = frozenset(_NN_KEEPING.split())


def _names_of(f: Any, n: int) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(f).parameters)[:n]
    except (TypeError, ValueError):
        return ()


def meeting(f: Callable[..., Any], n: int, inexact: bool = False, strong: bool = False) -> Callable[..., Any]:
    """`f` with its first `n` arguments in one dtype; None is left out of it."""
    names = _names_of(f, n)

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        if n == 1 and len(args) == 1 and not kwargs and type(args[0]) is Array:
            x = args[0]
            if not inexact or x._value.dtype.kind in "fcV":
                return lift(f(x._value), x._weak)
        if n == 2 and len(args) == 2 and not kwargs and type(args[0]) is type(args[1]) is Array:
            x, y = args
            if x._value.dtype is y._value.dtype and x._weak is y._weak:
                if not inexact or x._value.dtype.kind in "fcV":
                    return lift(f(x._value, y._value), x._weak and not strong)
        given = [lower_list(a) for a in args[:n]]
        named = [k for k in names[len(given) :] if kwargs.get(k) is not None]
        values = [*given, *[lower_list(kwargs[k]) for k in named]]
        places = [i for i, v in enumerate(values) if v is not None]
        met, weak = promoted([values[i] for i in places], inexact)
        for i, v in zip(places, met, strict=True):
            values[i] = v
        kwargs = {k: lower(v) for k, v in kwargs.items()} | dict(zip(named, values[len(given) :], strict=True))
        out = f(*values[: len(given)], *[lower(a) for a in args[n:]], **kwargs)
        return lift(out, weak and not strong)

    return function


def lower_list(x: Any) -> Any:
    """A list with the values that stand in its arrays; anything else as it is."""
    return lower(x) if type(x) in (list, tuple) else x


def meeting_sequence(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` with the arrays of its first argument, a sequence, in one dtype."""

    @functools.wraps(f)
    def function(arrays: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(arrays, (list, tuple)) and not arrays:
            raise ValueError(f"Need at least one array to {f.__name__}.")
        if isinstance(arrays, (list, tuple)) and not any(isinstance(a, (list, tuple)) for a in arrays):
            met, weak = promoted(arrays)
        else:
            met, weak = lower(arrays), False
        if kwargs.get("dtype") is not None:
            weak = False
        return lift(f(met, *[lower(a) for a in args], **{k: lower(v) for k, v in kwargs.items()}), weak)

    return function


def keeping(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, whose result is as weak as its first argument."""
    inner = bordered(f)

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        x = args[0] if args else next(iter(kwargs.values()), None)
        if (type(x) is Array and x._weak) or type(x) in (int, float, complex):
            return lift(f(*[lower(a) for a in args], **{k: lower(v) for k, v in kwargs.items()}), True)
        return inner(*args, **kwargs)

    return function


def activation(f: Callable[..., Any], keep: bool) -> Callable[..., Any]:
    """`f`, whose result has the dtype of its first argument, where that is floating."""
    inner = keeping(f) if keep else bordered(f)

    @functools.wraps(f)
    def function(x: Any, *args: Any, **kwargs: Any) -> Any:
        out = inner(x, *args, **kwargs)
        dtype = kind_of(x)[0]
        if type(out) is Array and out.dtype != dtype and inexact_dtype(dtype):
            return wrap(in_dtype(out, dtype), out.weak_type)
        return out

    return function


def follow(module: str, name: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the library as the module of the alias has it."""
    if module == "jax.numpy":
        if name in FLOATING:
            return meeting(f, FLOATING[name], inexact=True)
        if name in MEETING:
            return meeting(f, MEETING[name])
        if name in STRONG:
            return meeting(f, STRONG[name], strong=True)
        if name in SEQUENCES:
            return meeting_sequence(f)
        if name in KEEPING:
            return keeping(f)
    elif module == "jax.lax":
        if name in LAX_MEETING:
            return meeting(f, LAX_MEETING[name])
        if name in LAX_KEEPING:
            return keeping(f)
    elif module == "jax.nn" and (name in NN_KEEPING or name in NN_STRONG):
        return activation(f, name in NN_KEEPING)
    return bordered(f)


__all__ = ["follow", "keeping", "meeting", "meeting_sequence"]
