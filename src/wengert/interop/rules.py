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

from ..config import canonical_dtype, config
from ..core import as_value, inexact_dtype
from ..errors import ArgumentError
from . import promotion
from .array import Array, _new, in_dtype, is_keys, kind_of, promoted, same_keys, wrap
from .border import REFUSED_BY_NUMPY, bordered, lift, lower, of_both_kinds
from .conversion import converted
from .promotion import joined

# Of the first one, two or three arguments: results are floating, and as weak as the arguments.
_FLOATING = {
    1: "sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh asin acos atan asinh acosh atanh exp exp2 "
    "expm1 log log1p sqrt cbrt sinc deg2rad rad2deg degrees radians i0 reciprocal modf",
    2: "divide true_divide arctan2 atan2 logaddexp copysign nextafter",
    3: "interp",
}
# The same, weak where all arguments are.
_FLOATING_ALL = {2: "hypot logaddexp2 heaviside"}
# The same, strong.
_FLOATING_STRONG = {
    1: "spacing log2 log10 mean var std nanmean nanvar nanstd median nanmedian average cov corrcoef gradient trapezoid "
    "frexp histogram_bin_edges histogramdd",
    2: "quantile nanquantile percentile nanpercentile convolve correlate histogram2d",
}
# The same, with the dtype in which the arguments meet.
_MEETING = {
    1: "negative sign floor ceil trunc fix real imag invert bitwise_not bitwise_invert",
    2: "add subtract multiply maximum minimum fmax fmin bitwise_and bitwise_or bitwise_xor "
    "gcd lcm dot matmul inner outer vdot vecdot tensordot "
    "kron cross polyadd polysub polymul matvec vecmat",
    3: "clip",
}
# The same, where truth values are 32-bit integers.
_NUMERIC = {
    1: "square",
    2: "mod remainder fmod floor_divide left_shift right_shift bitwise_left_shift bitwise_right_shift",
}
# The arguments meet in one dtype; the result is a truth value, and weak where they meet in a weak dtype.
_COMPARING = {1: "isnan logical_not iscomplex isreal", 2: "equal not_equal less less_equal greater greater_equal"}
_COMPARING_ALL = {2: "logical_and logical_or logical_xor"}  # the same, weak where both are
# The arguments meet in one dtype, and the result is strong.
_STRONG = {
    1: "isinf isposinf isneginf",
    2: "isclose allclose array_equal array_equiv polyval setdiff1d union1d intersect1d setxor1d",
}
# The first argument is a sequence of arrays that meet.
_SEQUENCES = "concatenate concat stack hstack vstack dstack column_stack row_stack block"
# Results are as weak as the first argument.
_KEEPING = (
    "reshape ravel squeeze expand_dims transpose permute_dims matrix_transpose swapaxes moveaxis rollaxis broadcast_to flip "
    "fliplr flipud rot90 roll tile repeat sort diagonal diag atleast_1d atleast_2d atleast_3d copy triu "
    "tril take take_along_axis pad split array_split hsplit vsplit dsplit ediff1d diff round around trim_zeros "
    "unique_values unstack"
)
# Functions of `jax.scipy.special` whose results are strong, or whose arguments do not all meet.
_SPECIAL_STRONG = frozenset(
    "gamma exp1 expi erfcx ndtr ndtri log_ndtr dawsn gammasgn spence fresnel sici wofz beta poch owens_t expn".split()
)
_SPECIAL_APART = frozenset(
    "softmax log_softmax logsumexp bernoulli bessel_jn sph_harm_y multigammaln factorial lpmn lpmn_values".split()
)
_SPECIAL_FLOATS = frozenset("ndtr ndtri log_ndtr spence".split())  # of which JAX has no integers and no narrow floats
_NN_KEEPING = (
    "celu elu glu hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid mish relu relu6 selu log1mexp identity "
    "sigmoid silu soft_sign softplus sparse_plus sparse_sigmoid squareplus swish tanh"
)
NN_STRONG = frozenset({"gelu", "softmax", "log_softmax", "logsumexp", "logmeanexp"})
_NN_FLOATS = frozenset(
    "celu elu leaky_relu selu sparse_plus sparse_sigmoid".split()
)  # of integers: weak default floats
_NN_NO_INTEGERS = frozenset({"sigmoid", "silu", "swish"})
_NN_ARRAYS = frozenset({"softmax", "log_softmax"})  # no numbers


def _by_name(table: dict[int, str]) -> dict[str, int]:
    return {name: n for n, names in table.items() for name in names.split()}


# For each name: how many arguments meet, and how: whether they become floating, what is weak, and whether truth values
# become integers.
WAYS: dict[str, tuple[int, dict[str, Any]]] = {
    name: (n, options)
    for table, options in (
        (_FLOATING, {"inexact": True}),
        (_FLOATING_ALL, {"inexact": True, "weak": "all"}),
        (_FLOATING_STRONG, {"inexact": True, "weak": "never"}),
        (_MEETING, {}),
        (_NUMERIC, {"numeric": True}),
        (_COMPARING, {}),
        (_COMPARING_ALL, {"weak": "all"}),
        (_STRONG, {"weak": "never"}),
    )
    for name, n in _by_name(table).items()
}
SEQUENCES, KEEPING = frozenset(_SEQUENCES.split()), frozenset(_KEEPING.split())
NN_KEEPING = frozenset(_NN_KEEPING.split())


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
                    made = _new(Array)
                    made._value, made._weak = out, x._weak and not never
                    return made
                return lift(out, x._weak and not never)
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
                    made = _new(Array)
                    made._value, made._weak = out, x._weak and not never
                    return made
                return lift(out, x._weak and not never)
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
        weak: "joined": the result is as weak as the dtype in which they meet; "all": if they all are; or "never".
    """
    names, takes_any = _names_of(f, n), _takes_any(f)
    never, every = weak == "never", weak == "all"

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
            is_weak = joined_weak and not never and not (every and not all(kind_of(a)[1] for a in arrays))
            for i, v in zip(places, met, strict=True):
                values[i] = v
            kwargs = {k: lower(v) for k, v in kwargs.items()} | dict(zip(named, values[len(args[:n]) :], strict=True))
            out = f(*values[: len(args[:n])], *[lower(a) for a in args[n:]], **kwargs)
            if inexact and met and (met[0].dtype.kind == "V" or met[0].dtype == np.float16):
                out = _narrowed(out, met[0].dtype)
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


def _narrowed(out: Any, dtype: np.dtype) -> Any:
    """Results of narrow floats, where the library computed in wider ones."""
    if isinstance(out, (tuple, list)):
        return type(out)([_narrowed(x, dtype) for x in out]) if not hasattr(out, "_fields") else out
    wide = getattr(out, "dtype", None) in (np.float32, np.float64)
    return in_dtype(out, dtype) if wide else out


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
            if f.__name__ in _NN_NO_INTEGERS:
                raise TypeError(f"{f.__name__} does not accept dtype {dtype}: convert it to floats with astype")
            if f.__name__ in _NN_FLOATS:
                return wrap(lower(function(wrap(in_dtype(x, config.float_dtype)), *args, **kwargs)), True)
        elif dtype.kind == "V" and f.__name__ in ("logsumexp", "logmeanexp"):
            return in_dtype_of(function(wrap(in_dtype(x, np.dtype(np.float32))), *args, **kwargs), dtype)
        if f.__name__ in _NN_ARRAYS and not np.ndim(lower(x)):
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


def _special(f: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function of `jax.scipy.special`: its arguments meet in one floating dtype."""
    parameters = [p for p in inspect.signature(f).parameters.values() if p.kind in (0, 1)]
    inner = meeting(f, len(parameters) or 8, inexact=True, weak="never" if name in _SPECIAL_STRONG else "joined")
    if name not in _SPECIAL_FLOATS:
        return inner

    @functools.wraps(f)
    def function(x: Any, *args: Any, **kwargs: Any) -> Any:
        dtype = kind_of(checked(x, f, 0))[0]
        if dtype not in (np.float32, np.float64, np.complex64, np.complex128):
            raise TypeError(f"{name}: x.dtype={dtype} is not supported, see the docstring for supported types")
        return inner(x, *args, **kwargs)

    return function


# Functions that take integers for the default floats in the library, for float32 in JAX where they have at most 32 bits:
# how many of the first arguments.
_NUMBERED = {
    "jax.numpy.fft": {
        1: "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn",
    },
    "jax.scipy.fft": {1: "dct idct dctn idctn"},
    "jax.scipy.signal": {1: "detrend stft istft welch", 2: "convolve correlate convolve2d correlate2d fftconvolve csd"},
    "jax.numpy.linalg": {
        1: "cholesky cond det eig eigh eigvals eigvalsh inv norm pinv qr slogdet svd svdvals matrix_norm vector_norm tensorinv",
        2: "solve lstsq tensorsolve",
    },
    "jax.scipy.linalg": {
        1: "cholesky cho_factor det expm inv lu lu_factor qr svd sqrtm schur hessenberg polar eigh funm",
        2: "solve solve_triangular expm_frechet eigh_tridiagonal qr_multiply",
    },
}
NUMBERED = {
    (module, name): n for module, table in _NUMBERED.items() for n, names in table.items() for name in names.split()
}
_HALVES = frozenset("fft ifft irfft hfft".split())  # of which half precision is computed, and given, in single


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
    half = getattr(f, "__name__", "") in _HALVES

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
    if module == "jax.numpy":
        if name in WAYS:
            n, options = WAYS[name]
            return meeting(f, n, **options)
        if name in SEQUENCES:
            return meeting_sequence(f)
        if name in KEEPING:
            return keeping(f)
        if name in _ARRAYS:
            return of_arrays(f, _ARRAYS[name])
    elif module == "jax.scipy.special" and name not in _SPECIAL_APART:
        return _special(f, name)
    elif module.startswith("jax.scipy.stats.") and module.rpartition(".")[2] not in _OF_VECTORS:
        return meeting(f, 8, inexact=True)
    elif module == "jax.nn" and (name in NN_KEEPING or name in NN_STRONG):
        return activation(f, name in NN_KEEPING)
    elif (module, name) in NUMBERED:
        return numbered(f, NUMBERED[module, name])
    return bordered(f)


__all__ = ["follow", "keeping", "meeting", "meeting_sequence"]
