"""Names of `jax.numpy` that mean something else there than in the library's namespace of NumPy."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as ours
from ... import trees
from ...config import canonical_dtype, config
from ...core import PYTHON_SCALARS, Tracer, as_value, inexact_dtype
from ...errors import DtypeError
from ...ops import elementwise as ew
from ...ops.einsum import contracted
from .. import border
from ..array import Array, in_dtype, kind_of, known_kinds, promoted, wrap
from ..array_methods import power
from ..border import lift, lower
from ..conversion import converted
from ..keywords import check_precision
from ..places import clamped
from ..promotion import floating, joined
from ..rules import checked, meeting
from ..wording import REFUSED, in_jax_words
from .dtypes import issubdtype

ndarray = Array


# --- making arrays ----------------------------------------------------------------------------------------------


def array(object: Any, dtype: Any = None, copy: bool = True, order: Any = "K", ndmin: int = 0, **_: Any) -> Any:  # noqa: A002
    """An array of a number, an array, or nested lists of them; weak if it is a Python number and no dtype is told.

    Raises:
        OverflowError: a Python integer is too large for the dtype.
        TypeError: there are no numbers in it.

    Example:
        >>> array([1, 2, 3]).dtype, array(1.0).weak_type
        (dtype('int64'), True)
    """
    if object is None:
        raise ValueError("None is not a valid value for jnp.array")
    if order not in (None, "K", "C", "A"):
        raise NotImplementedError(f"Only implemented for order='K', got {order!r}")
    try:
        out = _array(object, dtype)
    except DtypeError as error:
        raise TypeError(
            f"Value {object!r} with dtype {np.asarray(object).dtype} is not a valid JAX array type. Only arrays of numeric types "
            f"are supported by JAX."
        ) from error
    if out.ndim < ndmin:
        out = wrap(ours.reshape(out._value, (1,) * (ndmin - out.ndim) + out.shape), out._weak)
    if not isinstance(out._value, Tracer) and type(object) is np.ndarray and np.may_share_memory(out._value, object):
        return wrap(out._value.copy(), out._weak)
    return out


def _array(x: Any, dtype: Any) -> Array:
    if hasattr(x, "__jax_array__"):
        x = x.__jax_array__()
    t = type(x)
    if t is Array:
        return x if dtype is None else wrap(converted(x._value, dtype))
    if t in PYTHON_SCALARS:
        kind, weak = kind_of(x)
        if dtype is None:
            return wrap(np.array(x, kind)[()], weak)
        wanted = canonical_dtype(dtype)
        return wrap(np.array(x, wanted)[()] if t is int and wanted.kind in "iu" else converted(x, wanted))
    if isinstance(x, range):
        x = list(x)
    if isinstance(x, (list, tuple)):
        leaves = trees.leaves(list(x), is_leaf=lambda v: v is None)
        if dtype is None and any(type(v) is Array for v in leaves):
            dtype = joined(*[kind_of(v) for v in leaves])[0]
        elif dtype is None and leaves and all(type(v) is int for v in leaves):
            return wrap(np.array(x, config.int_dtype))
        x = lower(x)
        if not any(isinstance(v, Tracer) for v in trees.leaves(x)):
            x = np.array(x)
    if isinstance(x, np.ndarray) and x.dtype.names:
        return wrap(x)
    return wrap(ours.asarray(x) if dtype is None else converted(ours.asarray(x), dtype))


def asarray(a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, **_: Any) -> Any:
    """`array`, of the same memory where that is the library's own."""
    return array(a, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None, **_: Any) -> Any:
    """An array filled with a value; weak if that is a Python number and no dtype is told."""
    value = _array(fill_value, dtype)
    return wrap(ours.broadcast_to(value._value, lower(shape)), value._weak and dtype is None)


def _is_abstract(a: Any) -> bool:
    """Whether something only tells a shape and a dtype, as `jax.ShapeDtypeStruct` does."""
    if isinstance(a, (Array, np.ndarray, np.generic)) or not (hasattr(a, "shape") and hasattr(a, "dtype")):
        return False
    return not any(hasattr(a, name) for name in ("__jax_array__", "__array__", "__wengert_value__"))


def _like(name: str, value: Any) -> Callable[..., Any]:
    def function(a: Any, *args: Any, dtype: Any = None, shape: Any = None, **options: Any) -> Any:
        checked(a, function, 0)
        if value is None and "fill_value" in options:
            args = (options["fill_value"], *args)
        fill, *rest = args if value is None else (value, *args)
        dtype = rest[0] if rest else dtype
        if _is_abstract(a):
            like, weak, of = canonical_dtype(a.dtype), bool(getattr(a, "weak_type", False)), tuple(a.shape)
        else:
            (like, weak), of = kind_of(a), np.shape(lower(a))
        wanted = canonical_dtype(dtype) if dtype is not None else like
        shape = of if shape is None else lower(shape)
        if type(a) is Array and a.dtype.names:
            return wrap(np.zeros(shape, a.dtype))
        out = ours.broadcast_to(converted(as_value(lower(fill)), wanted), shape)
        return wrap(out, weak and dtype is None)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``; as weak as `a` where no dtype is told."
    return function


zeros_like, ones_like, empty_like = _like("zeros_like", 0), _like("ones_like", 1), _like("empty_like", 0)
full_like = _like("full_like", None)


def astype(x: Any, dtype: Any, /, *, copy: bool = False, device: Any = None) -> Any:
    """The array in another dtype; floats out of an integer's range become its nearest ones."""
    return wrap(converted(as_value(lower(x)), dtype))


# --- elementwise ------------------------------------------------------------------------------------------------


def _modulus(x: Any) -> Any:
    dtype = x.dtype
    if isinstance(x, Tracer) and inexact_dtype(dtype) and dtype.kind != "c":
        zero = dtype.type(0)  # + 0 makes 0.0 of -0.0
        return ew.where(ew.greater_equal(x, zero), ew.add(x, zero), ew.negative(x))
    return ew.absolute(x)


def abs(x: Any, /) -> Any:  # noqa: A001
    """The absolute value; its derivative at 0 is 1."""
    kind, weak = kind_of(x)
    return wrap(_modulus(in_dtype(x, kind)), weak)


absolute = abs


def fabs(x: Any, /) -> Any:
    """The absolute value of floats; its derivative at 0 is 1."""
    kind, weak = floating(kind_of(x))
    return wrap(_modulus(in_dtype(x, kind)), weak)


pow = power  # noqa: A001


def _of_two(name: str, better: Any) -> Callable[..., Any]:
    def function(x1: Any, x2: Any) -> Any:
        (x, y), weak = promoted((x1, x2))
        choice = better(x, y) if not inexact_dtype(x.dtype) else ew.logical_or(better(x, y), ew.isnan(y))
        return wrap(ew.where(choice, x, y), weak)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``; of equal arguments the second one has the derivative."
    return function


fmax, fmin = _of_two("fmax", ew.greater), _of_two("fmin", ew.less)


def copysign(x1: Any, x2: Any, /) -> Any:
    """The size of `x1` with the sign of `x2`; the derivative at 0 is that of `abs`."""
    (x, y), weak = promoted((x1, x2), inexact=True)
    size = _modulus(x)
    return wrap(ew.where(ew.signbit(y), ew.negative(size), size), weak)


def where(condition: Any, x: Any = None, y: Any = None, /, *, size: Any = None, fill_value: Any = None) -> Any:
    """Elements of `x` where the condition holds, of `y` elsewhere; or the indices of what is not 0."""
    condition = as_value(lower(checked(condition, where, 0)))
    if x is None and y is None:
        return Array.means.function("nonzero")(wrap(condition), size=size, fill_value=fill_value)
    (x, y), weak = promoted((border.lower(x) if isinstance(x, list) else x, y))
    if np.asarray(condition).dtype.kind != "b" if not isinstance(condition, Tracer) else condition.dtype.kind != "b":
        condition = ew.not_equal(condition, 0)
    try:
        return wrap(ew.where(condition, x, y), weak)
    except REFUSED as error:
        raise in_jax_words(error, "where")  # noqa: B904 (the same error)


# --- products ---------------------------------------------------------------------------------------------------


def _product(name: str, arrays: int, **options: Any) -> Callable[..., Any]:
    inner = meeting(getattr(ours, name), arrays, **options)
    own = inspect.signature(getattr(ours, name))

    @functools.wraps(getattr(ours, name))
    def function(*args: Any, precision: Any = None, preferred_element_type: Any = None, **kwargs: Any) -> Any:
        if precision is not None:
            check_precision(precision)
        if options and 0 in [np.ndim(lower(a)) for a in args[:2]]:
            raise ValueError(f"{name}() only supports 1-dimensional inputs, got a number")
        if preferred_element_type is None:
            return inner(*args, **kwargs)
        given = joined(*[kind_of(a) for a in args[:arrays]])[0]
        wide = joined((given, False), (canonical_dtype(preferred_element_type), False))[0]
        met = [wrap(in_dtype(a, wide)) for a in args[:arrays]]
        return astype(inner(*met, *args[arrays:], **kwargs), preferred_element_type)

    keyword = inspect.Parameter.KEYWORD_ONLY
    added = [inspect.Parameter(k, keyword, default=None) for k in ("precision", "preferred_element_type")]
    function.__signature__ = inspect.Signature([*own.parameters.values(), *added])  # type: ignore[attr-defined]
    return function


dot, matmul, inner, vdot, tensordot, vecdot = (
    _product(n, 2) for n in ("dot", "matmul", "inner", "vdot", "tensordot", "vecdot")
)
convolve, correlate = (_product(n, 2, inexact=True, weak="never") for n in ("convolve", "correlate"))


def einsum(
    subscripts: Any, /, *operands: Any, optimize: Any = "auto", precision: Any = None, preferred_element_type: Any = None,
    out_sharding: Any = None, _dot_general: Any = None, **_: Any,
) -> Any:  # fmt: skip
    """Einstein's sums; the operands meet in one dtype."""
    if not isinstance(subscripts, str):
        return lift(contracted(lower(subscripts), lower(operands)))
    met, weak = promoted(operands)
    if preferred_element_type is not None:
        met, weak = [converted(m, preferred_element_type) for m in met], False
    return lift(contracted(subscripts, met), weak)


# --- reading at indices -----------------------------------------------------------------------------------------


def _mode_of(mode: Any) -> str:
    mode = getattr(mode, "name", mode)
    mode = "fill" if mode is None else str(mode).lower()
    mode = {"fill_or_drop": "fill", "promise_in_bounds": "clip", "drop": "fill"}.get(mode, mode)
    if mode not in ("fill", "clip", "wrap"):
        raise ValueError(f"Invalid mode {mode!r}: it is one of 'fill', 'clip', 'wrap', 'promise_in_bounds'")
    return mode


def _missing(dtype: np.dtype) -> Any:
    if dtype.kind in "iu":
        return np.iinfo(dtype).max if dtype.kind == "u" else np.iinfo(dtype).min
    return dtype.type(True if dtype.kind == "b" else np.nan)


def _indices(i: Any) -> Any:
    i = as_value(lower(i))
    i = np.asarray(i) if not isinstance(i, Tracer) else i
    if i.dtype.kind not in "iu":
        raise TypeError(f"take requires integer indices, got dtype {i.dtype}")
    return i


def _read(x: Any, indices: Any, n: int, mode: Any, fill_value: Any, read: Callable[[Any], Any], spread: Any) -> Any:
    """What `read` gives for indices in range; by the mode where they are not."""
    mode = _mode_of(mode)
    known = not isinstance(indices, Tracer)
    if known and indices.size and not (n and -n <= indices.min() and indices.max() < n) or not known:
        if mode == "wrap":
            return read(ew.remainder(indices, n))
        if mode == "clip":
            return read(clamped(indices, n, negative=False))
        there = ew.logical_and(ew.greater_equal(indices, -n if not _unsigned(indices) else 0), ew.less(indices, n))
        out = read(clamped(indices, n))
        fill = _missing(x.dtype) if fill_value is None else fill_value
        return ew.where(spread(there), out, in_dtype(fill, x.dtype))
    if mode == "clip" and known:
        return read(clamped(indices, n, negative=False))
    return read(indices)


def _unsigned(i: Any) -> bool:
    return i.dtype.kind == "u"


def take(
    a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: Any = None, unique_indices: bool = False,
    indices_are_sorted: bool = False, fill_value: Any = None,
) -> Any:  # fmt: skip
    """Elements of `a` along an axis; where there are none, a fill value (``mode="fill"``, the default), the nearest
    ("clip") or those counted around ("wrap").

    Example:
        >>> take(array([1.0, 2.0]), array([1, 5]))
        Array([ 2., nan], dtype=float64)
    """
    kind, weak = kind_of(checked(a, take, 0))
    x, i = in_dtype(a, kind), _indices(checked(indices, take, 1))
    if axis is None:
        x, axis = ours.reshape(x, (-1,)), 0
    axis = axis % max(len(x.shape), 1)
    rest = len(x.shape) - axis - 1
    return wrap(
        _read(
            x, i, x.shape[axis], mode, fill_value, lambda j: ours.take(x, j, axis),
            lambda there: ours.reshape(there, (*there.shape, *(1,) * rest)),
        ),
        weak,
    )  # fmt: skip


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1, mode: Any = None, fill_value: Any = None) -> Any:
    """NumPy's ``take_along_axis``; indices out of range as in `take`."""
    kind, weak = kind_of(arr)
    x, i = in_dtype(arr, kind), _indices(indices)
    if axis is None:
        x, axis = ours.reshape(x, (-1,)), 0
    n = x.shape[axis]
    return wrap(_read(x, i, n, mode, fill_value, lambda j: ours.take_along_axis(x, j, axis), lambda there: there), weak)


@border.bordered
def put(a: Any, ind: Any, v: Any, mode: Any = None, *, inplace: bool = True) -> Any:
    """A copy with values at flat indices; those out of range are moved to the nearest element.

    Raises:
        ValueError: `inplace` is not False.
    """
    if inplace:
        raise ValueError("jax.numpy.put cannot change an array in place: pass inplace=False, and take what it returns")
    return ours.put(a, ind, v, mode or "clip", inplace=False)


_histogram = border.bordered(ours.histogram)


def histogram(a: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """NumPy's ``histogram``, whose counts are floats."""
    counts, edges = _histogram(a, *args, **kwargs)
    if "weights" not in kwargs and len(args) < 3:
        dtype = floating(kind_of(a))[0]
        return astype(counts, dtype), astype(edges, dtype) if np.dtype(edges.dtype).itemsize > dtype.itemsize else edges
    return (counts if inexact_dtype(counts.dtype) else astype(counts, float)), edges


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """`arr` and `values` one after another, along an axis or flat."""
    (x, y), weak = promoted((arr, values))
    return wrap(ours.append(x, y, axis), weak)


# --- questions about dtypes -------------------------------------------------------------------------------------


def result_type(*args: Any, return_weak_type_and_dtype: bool = False) -> np.dtype:
    """The dtype that JAX's promotion gives.

    Example:
        >>> result_type(np.int32, np.float16)
        dtype('float16')
    """
    return joined(*known_kinds(*args))[0]


def promote_types(a: Any, b: Any) -> np.dtype:
    """The dtype in which two dtypes meet."""
    return joined(*known_kinds(a, b))[0]


__all__ = [
    "abs", "absolute", "append", "array", "asarray", "astype", "convolve", "copysign", "correlate", "dot", "einsum",
    "empty_like", "fabs", "fmax", "fmin", "full", "full_like", "histogram", "inner", "issubdtype", "matmul", "ndarray",
    "ones_like", "pow", "power", "promote_types", "put", "result_type", "take", "take_along_axis", "tensordot", "vdot",
    "vecdot", "where", "zeros_like",
]  # fmt: skip
