"""`jax.Array`: what functions of the alias return, outside of transformations and inside of them.

An `Array` holds one value of the library (a NumPy array or scalar, or a tracer) and whether its dtype is weak. It is no
subclass of `np.ndarray`, as JAX's is none: so NumPy's operators leave ``np.sqrt(2) * x`` to it, ``x += y`` binds the name
anew, nothing of ndarray's methods that write has to be taken away, and no result of NumPy's becomes one unasked. NumPy,
SciPy and matplotlib take it by ``__array__``; the library itself by `__wengert_value__` (`core.as_value`). The meaning of
operators and indices follows from the class, wherever in the process it is.

The operators are JAX's: promotion in `promotion.py`, indices in `places.py`. Compiled code never sees an `Array`: the
functions of `border.py` take the values out and put results in.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple, cast

import numpy as np

from ..config import canonical_dtype, config
from ..core import PYTHON_SCALARS, PrimalTracer, Tracer, Value, as_value
from ..errors import ConcretizationError
from ..ops import elementwise as ew
from ..ops.random import words_of
from . import promotion, refusals
from .avals import KEY_TYPES, ShapedArray
from .deleted import delete, is_deleted
from .devices import Device, Shard
from .promotion import Kind, floating, joined, scalar_kind
from .wording import in_jax_words

ndarray = np.ndarray
_SCALARS = frozenset(PYTHON_SCALARS)
_READ_ONLY = (
    "JAX arrays are immutable and do not support in-place item assignment. Instead of x[idx] = y, use "
    "x = x.at[idx].set(y) or another .at[] method"
)


class _Class(type):
    """The class of `Array`: it is not called, and library tracers count as instances."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("jax.Array is for isinstance and annotations; make arrays with jax.numpy.array")

    def __instancecheck__(cls, x: Any) -> bool:
        return type(x) is cls or isinstance(x, Tracer)

    def __repr__(cls) -> str:
        return "<class 'jax.Array'>"


class Meanings(NamedTuple):
    """What indices and methods of an array mean. These stand in files that are made of arrays; `jax_names` gives them.

    Attributes:
        read: the elements at an index of JAX's.
        at: what ``x.at`` is.
        function: a function of `jax.numpy` by its name.
    """

    read: Callable[[Value, Any], Value]
    at: Callable[[Array], Any]
    function: Callable[[str], Callable[..., Any]]


class Array(metaclass=_Class):
    """An array as JAX has it: it does not change, and promotes by JAX's rules.

    Example:
        >>> from wengert.interop import jax_names
        >>> with jax_names.as_jax():
        ...     import jax.numpy as jnp
        ...     x = y = jnp.arange(3)
        ...     y += 0.5
        ...     x, y.dtype
        (Array([0, 1, 2], dtype=int32), dtype('float32'))
    """

    __slots__ = ("__weakref__", "_value", "_weak")
    __module__ = "jax"
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]
    _value: Value
    _weak: bool
    means: ClassVar[Meanings]
    trace_of: ClassVar[Callable[[Any], Any]]  # the transformation that an array stands under; `extend.traces` sets it

    # --- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def dtype(self) -> np.dtype:
        dtype = self._value.dtype
        return dtype if dtype.names is None else KEY_TYPES.get(dtype, dtype)

    @property
    def ndim(self) -> int:
        return len(self._value.shape)

    @property
    def size(self) -> int:
        return self._value.size

    @property
    def itemsize(self) -> int:
        return self._value.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self._value.dtype.itemsize * self._value.size

    @property
    def weak_type(self) -> bool:
        return self._weak

    @property
    def aval(self) -> Any:
        return ShapedArray(self._value.shape, self._value.dtype, self._weak)

    @property
    def device(self) -> Device:
        return Device(0)

    @property
    def sharding(self) -> Any:
        from .jax_modules.sharding import SingleDeviceSharding

        return SingleDeviceSharding(Device(0))

    @property
    def addressable_shards(self) -> list[Shard]:
        return [Shard(self)]

    global_shards = addressable_shards
    is_fully_addressable = is_fully_replicated = property(lambda self: True)
    committed = property(lambda self: False)  # nobody chose the device

    def devices(self) -> set[Device]:
        """The set of devices that hold the array: the host's processor."""
        return {Device(0)}

    def block_until_ready(self) -> Array:
        """The array itself: results are always ready here."""
        return self

    def copy_to_host_async(self) -> None:
        """Nothing to do: arrays are in the host's memory."""

    def on_device_size_in_bytes(self) -> int:
        """How many bytes the elements take."""
        return self.nbytes

    def is_ready(self) -> bool:
        """True: results are always ready here."""
        return True

    def is_deleted(self) -> bool:
        """Whether the array was given up, by `delete` or as a donated argument."""
        return is_deleted(self)

    def delete(self) -> None:
        """Give the array up: using its elements is an error from now on."""
        delete(self)

    def addressable_data(self, index: int) -> Array:
        """The array itself, which is the one shard."""
        return self

    # --- other libraries

    @property
    def _trace(self) -> Any:
        """The transformation that the array stands under, as libraries ask for it."""
        return Array.trace_of(self)

    @property
    def __wengert_value__(self) -> Value:
        return self._value

    def __array__(self, dtype: Any = None, copy: Any = None) -> ndarray:
        value = self._value
        if isinstance(value, Tracer):
            try:
                out = np.asarray(value, dtype)
            except ConcretizationError as error:
                raise refusals.TracerArrayConversionError(self) from error
            if out.dtype.kind == "O":
                raise refusals.TracerArrayConversionError(self)
            return out
        if (dtype is None or np.dtype(dtype) == value.dtype) and not copy:
            out = np.asarray(value).view()
            out.flags.writeable = False
            return out
        return np.array(value, dtype)

    def __array_namespace__(self, *, api_version: Any = None) -> Any:
        import importlib

        return importlib.import_module("jax.numpy")

    def __dlpack__(self, **options: Any) -> Any:
        return np.array(self._value).__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return (1, 0)

    def __reduce__(self) -> Any:
        return wrap, (np.asarray(_known(self)), self._weak)

    def __copy__(self) -> Array:
        return self

    def __deepcopy__(self, memo: Any) -> Array:
        return self

    # --- Python's numbers

    def __bool__(self) -> bool:
        if self._value.size != 1:
            raise ValueError(
                "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"
                if self._value.size
                else "The truth value of an empty array is ambiguous. Use `array.size > 0` to check"
            )
        if self._value.dtype.names:
            raise TypeError("key array cannot be converted to boolean.")
        try:
            return bool(self._value)
        except ConcretizationError as error:
            raise refusals.TracerBoolConversionError(self) from error

    def __float__(self) -> float:
        return _number(self, float)

    def __int__(self) -> int:
        return _number(self, int)

    def __complex__(self) -> complex:
        return _number(self, complex)

    def __index__(self) -> int:
        if self._value.shape or self._value.dtype.kind not in "iub":
            raise TypeError("Only integer scalar arrays can be converted to a scalar index.")
        try:
            return operator.index(self._value if self._value.dtype.kind != "b" else int(self._value))
        except ConcretizationError as error:
            raise refusals.TracerIntegerConversionError(self) from error

    def __len__(self) -> int:
        if not self._value.shape:
            raise TypeError("len() of unsized object")
        return self._value.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self._value.shape:
            raise TypeError("iteration over a 0-d array")
        return iter([self[i] for i in range(self._value.shape[0])])

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())

    def __format__(self, spec: str) -> str:
        if self._value.shape or isinstance(self._value, Tracer):
            return format(str(self) if not spec else self._value, spec)
        return format(self._value[()], spec)

    def __repr__(self) -> str:
        if isinstance(self._value, Tracer):
            return _traced(self._value, self._weak)
        if self._value.dtype.names:
            return f"Array({self._value.shape}, dtype={self.dtype}) overlaying:\n{words_of(self._value)}"
        text = np.array2string(
            np.asarray(self._value), separator=", ", prefix="Array(", suffix=f", dtype={self.dtype.name})"
        )
        if not self._value.size:
            text += f", shape={self._value.shape}"
        return f"Array({text}, dtype={self.dtype.name}{', weak_type=True' if self._weak else ''})"

    def __str__(self) -> str:
        return repr(self) if isinstance(self._value, Tracer) or self._value.dtype.names else str(self._value)

    def item(self, *args: Any) -> Any:
        """The one element as a Python number, or the one at an index."""
        return _told(self, "item", *args)

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return _told(self, "tolist")

    # --- elements

    def __getitem__(self, index: Any) -> Array:
        value = self._value
        if type(index) is int and type(value) is ndarray and value.shape and -value.shape[0] <= index < value.shape[0]:
            return wrap(value[index], self._weak)
        try:
            return wrap(self.means.read(value, index), self._weak)
        except IndexError as error:
            raise in_jax_words(error)  # noqa: B904 (the same error)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(_READ_ONLY)

    @property
    def at(self) -> Any:
        return self.means.at(self)


def _traced(value: Any, weak: bool) -> str:
    """A traced value as JAX shows it."""
    aval = str(ShapedArray(value.shape, value.dtype, weak or value.weak))
    batch: Any = getattr(value, "batch", None)
    name = value._trace.name
    if isinstance(getattr(batch, "shape", None), tuple):
        return f"VmapTracer(aval={aval}, batched={ShapedArray(batch.shape, batch.dtype, weak or value.weak)})"
    if isinstance(value, PrimalTracer) and name in ("grad", "jvp"):
        primal = value.primal
        primal = _traced(primal, weak) if isinstance(primal, Tracer) else str(primal)
        if name == "grad":
            kind = ShapedArray(value.shape, value.dtype).str_short(short_dtypes=True)
            return f"GradTracer(primal={primal}, typeof(tangent)={kind})"
        tangent = value.tangent
        tangent = _traced(tangent, weak) if isinstance(tangent, Tracer) else str(tangent)
        return f"JVPTracer(primal={primal}, tangent={tangent})"
    return f"JitTracer({aval})"


_new: Callable[[type], Array] = object.__new__


def wrap(value: Value, weak: bool = False) -> Array:
    """The `Array` of a value."""
    out = _new(Array)
    out._value = value
    out._weak = weak
    return out


def _known(x: Array) -> Value:
    return x._value.concrete("pickle") if isinstance(x._value, Tracer) else x._value


def _number(x: Array, kind: Any) -> Any:
    """Python's number, of a kind, for an array of no axes."""
    if x._value.shape:
        raise TypeError(f"Only scalar arrays can be converted to Python scalars; got arr.ndim={x.ndim}")
    if x._value.dtype.names:
        raise TypeError(f"{kind.__name__}() argument must be a string or a real number, not 'PRNGKeyArray'")
    if x._value.dtype.kind == "c" and kind is not complex:
        what = "a real number" if kind is int else "a string or a real number"
        raise TypeError(
            f"{kind.__name__}() argument must be {what}, not 'complex': take its real part, or complex() of it"
        )
    try:
        return kind(x._value)
    except ConcretizationError as error:
        name = kind.__name__
        raise refusals.ConcretizationTypeError(
            x,
            f"The problem arose with the `{name}` function. If trying to convert the data type of a value, try using "
            f"`x.astype({name})` or `jnp.array(x, {name})` instead.",
        ) from error


def _told(x: Array, method: str, *args: Any) -> Any:
    """What a method of the value's tells of its elements."""
    value = x._value
    if isinstance(value, Tracer) and value.shape:  # whose elements may be traced ones
        value = _known_elements(x, method)
    try:
        out = getattr(value, method)(*args)
        return out.concrete(f".{method}()").item() if isinstance(out, Tracer) else out
    except ConcretizationError as error:
        raise refusals.ConcretizationTypeError(x, f"This occurred in the {method}() method of jax.Array") from error


def _known_elements(x: Array, method: str) -> Value:
    try:
        return np.asarray(cast(Tracer, x._value).concrete(f".{method}()"))
    except ConcretizationError as error:
        raise refusals.ConcretizationTypeError(x, f"The {method}() method was called on {x!r}.") from error


# --- operators --------------------------------------------------------------------------------------------------


TYPES = frozenset({"ShapeDtypeStruct", "ShapedArray"})


def kind_of(x: Any) -> Kind:
    """The dtype of a value and whether it is weak; 64-bit ones are 32-bit in 32-bit mode."""
    t = type(x)
    if t is Array:
        return x._value.dtype, x._weak
    if t in _SCALARS:
        return scalar_kind(t)
    if t.__name__ in TYPES:  # of an array that need not exist
        return canonical_dtype(x.dtype), bool(getattr(x, "weak_type", False))
    if hasattr(t, "__jax_array__"):
        return kind_of(x.__jax_array__())
    x = as_value(x)
    if type(x) in _SCALARS:
        return scalar_kind(type(x))
    return x.dtype, isinstance(x, Tracer) and x.weak


def in_dtype(x: Any, dtype: np.dtype, weak: bool = False) -> Value:
    """A value in a dtype, strong; a traced one may stay `weak`.

    Raises:
        OverflowError: a Python integer that the dtype of 32 or 64 bits cannot hold.
    """
    if type(x) is not Array and hasattr(type(x), "__jax_array__"):
        x = x.__jax_array__()
    if type(x) is Array:
        x = x._value
    t = type(x)
    if isinstance(x, int) and t is int:
        if dtype.kind in "iu":
            limit, own = np.iinfo(config.int_dtype), np.iinfo(dtype)
            if not limit.min <= x <= max(limit.max, own.max if dtype.itemsize > 4 else 0):
                raise OverflowError(f"Python int {x} too large to convert to {config.int_dtype.name}")
            return dtype.type(x) if own.min <= x <= own.max else np.array(x).astype(dtype)[()]
        elif dtype.kind in "fc" and config._x64 is True:
            return dtype.type(x)
        return np.asarray(x, dtype)[()]
    if t in _SCALARS:
        return np.asarray(x).astype(dtype)[()]
    x = as_value(x)
    if type(x) in _SCALARS:
        return in_dtype(x, dtype)
    return x if x.dtype == dtype and (weak or not (isinstance(x, Tracer) and x.weak)) else ew.convert(x, dtype)


def promoted(values: Any, inexact: bool = False) -> tuple[list[Value], bool]:
    """Values in the dtype that JAX gives an operation on them, and whether its result is weak."""
    kind = joined(*[kind_of(v) for v in values])
    if promotion.ranks:
        promotion.check_ranks([tuple(getattr(v, "shape", ())) for v in values])
    if inexact:
        kind = floating(kind)
    return [in_dtype(v, *kind) for v in values], kind[1]


def _operand(x: Any) -> bool:
    """Whether an operator of `Array` takes the other operand: numbers and arrays, no lists."""
    return (
        type(x) in _SCALARS
        or isinstance(x, (ndarray, np.generic, Tracer, *PYTHON_SCALARS))
        or (hasattr(x, "__jax_array__"))
    )


def is_keys(x: Any) -> bool:
    """Whether a value is an array of keys of random numbers."""
    return type(x) is Array and x._value.dtype.names is not None


def same_keys(x: Array, y: Array) -> Array:
    """Which keys of two arrays are the same."""
    from ..ops.random import unwrap_p
    from ..ops.reduction import all as all_

    return wrap(all_(ew.equal(unwrap_p.bind(x._value), unwrap_p.bind(y._value)), -1))


def known_kinds(*values: Any) -> list[Kind]:
    """The kinds of dtypes, arrays and Python types, as `jax.numpy.result_type` takes them."""
    out: list[Kind] = []
    for x in values:
        if any(x is t for t in (int, float, complex, bool)):
            out.append(scalar_kind(x))
        elif isinstance(x, (type, str, np.dtype)):
            out.append((canonical_dtype(x), False))
        else:
            out.append(kind_of(x))
    return out
