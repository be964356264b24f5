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

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import PYTHON_SCALARS, Tracer, Value, as_value, dtype_of, inexact_dtype, shape_of
from ..errors import ConcretizationError
from ..ops import elementwise as ew
from ..provided import provided
from . import promotion, refusals
from .avals import KEY_TYPE, ShapedArray
from .devices import Device, Shard
from .promotion import Kind, floating, joined, scalar_kind
from .wording import REFUSED, in_jax_words

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

    # --- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def dtype(self) -> np.dtype:
        dtype = self._value.dtype
        return dtype if dtype.names is None else KEY_TYPE

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
        return True

    def is_deleted(self) -> bool:
        return False

    def delete(self) -> None:
        """Nothing to do: memory is freed when nobody refers to the array."""

    def addressable_data(self, index: int) -> Array:
        return self

    # --- other libraries

    @property
    def _trace(self) -> Any:
        """The transformation that the array stands under, as libraries ask for it."""
        return provided("alias_trace_of")(self)

    @property
    def __wengert_value__(self) -> Value:
        return self._value

    def __array__(self, dtype: Any = None, copy: Any = None) -> ndarray:
        value = self._value
        if isinstance(value, Tracer):
            try:
                return value.__array__(dtype)
            except ConcretizationError as error:
                raise refusals.TracerArrayConversionError(self) from error
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
            return f"Traced<{self.aval!r}>with<{self._value._trace.name}>"
        if self._value.dtype.names:
            return f"Array({self._value.shape}, dtype=key<fry>) overlaying:\n{self._value}"
        text = np.array2string(
            np.asarray(self._value), separator=", ", prefix="Array(", suffix=f", dtype={self.dtype.name})"
        )
        if not self._value.size:
            text += f", shape={self._value.shape}"
        return f"Array({text}, dtype={self.dtype.name}{', weak_type=True' if self._weak else ''})"

    def __str__(self) -> str:
        return repr(self) if isinstance(self._value, Tracer) else str(self._value)

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
        return wrap(_places().read(value, index), self._weak)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(_READ_ONLY)

    @property
    def at(self) -> Any:
        from .places import At

        return At(self)


_new: Callable[[type], Array] = object.__new__


def wrap(value: Value, weak: bool = False) -> Array:
    """The `Array` of a value."""
    out = _new(Array)
    out._value = value
    out._weak = weak
    return out


@functools.cache
def _places() -> Any:
    from . import places

    return places


def _known(x: Array) -> Value:
    return x._value.concrete("pickle") if isinstance(x._value, Tracer) else x._value


def _number(x: Array, kind: Any) -> Any:
    """Python's number, of a kind, for an array of no axes."""
    if x._value.shape:
        raise TypeError(f"Only scalar arrays can be converted to Python scalars; got arr.ndim={x.ndim}")
    if x._value.dtype.kind == "c" and kind is not complex:
        raise TypeError("a complex array is no real Python number: take its real part, or complex() of it")
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
        return np.asarray(x._value.concrete(f".{method}()"))  # type: ignore[union-attr]
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


def in_dtype(x: Any, dtype: np.dtype) -> Value:
    """A value in a dtype, strong.

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
                raise OverflowError(f"Python integer {x} out of bounds for {config.int_dtype.name}")
            return dtype.type(x) if own.min <= x <= own.max else np.array(x).astype(dtype)[()]
        elif dtype.kind in "fc" and config._x64 is True:
            return dtype.type(x)
        return np.asarray(x, dtype)[()]
    if t in _SCALARS:
        return np.asarray(x).astype(dtype)[()]
    x = as_value(x)
    if type(x) in _SCALARS:
        return in_dtype(x, dtype)
    return x if x.dtype == dtype and not (isinstance(x, Tracer) and x.weak) else ew.convert(x, dtype)


def promoted(values: Any, inexact: bool = False) -> tuple[list[Value], bool]:
    """Values in the dtype that JAX gives an operation on them, and whether its result is weak."""
    kind = joined(*[kind_of(v) for v in values])
    if promotion.ranks:
        promotion.check_ranks([tuple(getattr(v, "shape", ())) for v in values])
    if inexact:
        kind = floating(kind)
    return [in_dtype(v, kind[0]) for v in values], kind[1]


def _operand(x: Any) -> bool:
    """Whether an operator of `Array` takes the other operand: numbers and arrays, no lists."""
    return (
        type(x) in _SCALARS
        or isinstance(x, (ndarray, np.generic, Tracer, *PYTHON_SCALARS))
        or (hasattr(x, "__jax_array__"))
    )


_INT32 = np.dtype(np.int32)
_PLAIN_FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


def _binary(
    name: str, primitive: Any, inexact: bool = False, boolean: bool = False, numeric: bool = False
) -> None:  # `numeric`: truth values are 32-bit integers
    bind = primitive.bind
    special = "iub" if inexact else "b" if numeric else ""

    def forward(self: Array, other: Any) -> Any:
        a, kind = self._value, type(other)
        dtype = a.dtype
        try:
            if kind is Array:
                b = other._value
                if (
                    dtype is b.dtype
                    and self._weak is other._weak
                    and promotion.ranks is None
                    and not (special and dtype.kind in special)
                ):
                    out = _new(Array)
                    out._value = bind(a, b)
                    out._weak = self._weak
                    return out
            elif (kind is float or kind is int) and dtype in _PLAIN_FLOATS:  # NumPy's promotion is the same here
                out = _new(Array)
                out._value = bind(a, other)
                out._weak = self._weak
                return out
            elif not _operand(other):
                if not hasattr(other, "__jax_array__"):
                    return NotImplemented
                other = other.__jax_array__()
            return general(self, other)
        except REFUSED as error:
            raise in_jax_words(error, name, (dtype, kind_of(other)[0]))  # noqa: B904 (the same error)

    def general(x: Any, y: Any) -> Any:
        (a, b), weak = promoted((x, y), inexact)
        if numeric and a.dtype.kind == "b":
            a, b = in_dtype(a, _INT32), in_dtype(b, _INT32)
        return wrap(bind(a, b), weak)

    def backward(self: Array, other: Any) -> Any:
        if not _operand(other):
            return NotImplemented
        try:
            return general(other, self)
        except REFUSED as error:
            raise in_jax_words(error, name, (kind_of(other)[0], self.dtype))  # noqa: B904 (the same error)

    forward.__name__ = forward.__qualname__ = f"__{name}__"
    backward.__name__ = backward.__qualname__ = f"__r{name}__"
    setattr(Array, f"__{name}__", forward)
    if not boolean:
        setattr(Array, f"__r{name}__", backward)


for _name, _primitive in {
    "add": ew.add_p, "sub": ew.sub_p, "mul": ew.mul_p, "and": ew.bitwise_and_p, "or": ew.bitwise_or_p,
    "xor": ew.bitwise_xor_p,
}.items():  # fmt: skip
    _binary(_name, _primitive)
for _name, _primitive in {
    "floordiv": ew.floor_divide_p, "mod": ew.mod_p, "lshift": ew.left_shift_p, "rshift": ew.right_shift_p,
}.items():  # fmt: skip
    _binary(_name, _primitive, numeric=True)
_binary("truediv", ew.div_p, inexact=True)
for _name, _primitive in {
    "lt": ew.less_p, "le": ew.less_equal_p, "gt": ew.greater_p, "ge": ew.greater_equal_p, "eq": ew.equal_p,
    "ne": ew.not_equal_p,
}.items():  # fmt: skip
    _binary(_name, _primitive, boolean=True)


def is_keys(x: Any) -> bool:
    """Whether a value is an array of keys of random numbers."""
    return type(x) is Array and x._value.dtype.names is not None


def same_keys(x: Array, y: Array) -> Array:
    """Which keys of two arrays are the same."""
    from ..ops.random import unwrap_p
    from ..ops.reduction import all as all_

    return wrap(all_(ew.equal(unwrap_p.bind(x._value), unwrap_p.bind(y._value)), -1))


def _of_keys(numbers: Callable[..., Any], same: bool) -> Callable[..., Any]:
    """``==`` and ``!=`` of keys of random numbers, which are records, and of numbers."""

    def method(self: Array, other: Any) -> Any:
        if self._value.dtype.names and is_keys(other):
            return same_keys(self, other) if same else ~same_keys(self, other)
        if isinstance(other, (list, tuple)):
            raise TypeError(f"comparison requires ndarray or scalar arguments, got {type(other)}")
        return numbers(self, other)

    method.__name__ = method.__qualname__ = numbers.__name__
    return method


_compared: Any = Array
_compared.__eq__, _compared.__ne__ = _of_keys(_compared.__eq__, True), _of_keys(_compared.__ne__, False)


def power(x: Any, y: Any) -> Array:
    """``x ** y``: a Python integer as the exponent leaves the dtype of `x` as it is.

    Raises:
        TypeError: integers to a negative power.
    """
    if type(x) is Array and type(y) is int:
        dtype = x._value.dtype
        if y < 0 and dtype.kind in "iub":
            raise TypeError(f"Integers cannot be raised to negative powers, got {y}")
        if dtype.kind == "b":
            return wrap(ew.power_p.bind(in_dtype(x, np.dtype(np.int32)), np.int32(y)))
        if y == 2:
            return wrap(ew.square_p.bind(x._value), x._weak)
        if inexact_dtype(dtype) and dtype.kind != "V":
            return wrap(ew.power_p.bind(x._value, y), x._weak)
    (a, b), weak = promoted((x, y))
    if a.dtype.kind == "b":
        a, b = in_dtype(a, np.dtype(np.int32)), in_dtype(b, np.dtype(np.int32))
    (_, weak_x), (of_y, weak_y) = kind_of(x), kind_of(y)
    weak = weak and (inexact_dtype(of_y) or (weak_x and weak_y))
    if a.dtype.kind == "i" and (isinstance(b, Tracer) or np.any(np.asarray(b) < 0)):
        return wrap(_whole_power(a, b), weak)
    return wrap(ew.power_p.bind(a, b), weak)


def _whole_power(x: Value, y: Value) -> Value:
    """Powers of integers, rounded towards 0 where the exponent is negative: only those of 1 and -1 are left of them."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    size = ew.where(ew.less(y, zero), ew.bitwise_and(y, one), y)
    small = ew.logical_and(ew.less_equal(x, one), ew.greater_equal(x, -one))
    there = ew.logical_or(ew.greater_equal(y, zero), ew.logical_and(small, ew.not_equal(x, zero)))
    return ew.where(there, ew.power_p.bind(x, size), zero)


def _jnp(name: str) -> Any:
    from .jax_names import alias_name

    return alias_name("jax.numpy", name)


def _pow(self: Array, other: Any, modulo: Any = None) -> Any:
    return power(self, other) if type(other) is Array or _operand(other) else NotImplemented


def _function(name: str, reflected: bool = False) -> Callable[..., Any]:
    def method(self: Array, other: Any) -> Any:
        if type(other) is not Array and not _operand(other):
            return NotImplemented
        return _jnp(name)(other, self) if reflected else _jnp(name)(self, other)

    return method


_class: Any = Array
_class.__pow__ = _pow
_class.__rpow__ = lambda self, other: power(other, self) if _operand(other) else NotImplemented
_class.__matmul__, _class.__rmatmul__ = _function("matmul"), _function("matmul", True)
_class.__divmod__ = lambda self, other: (self // other, self % other)
_class.__rdivmod__ = lambda self, other: (other // self, other % self)


def _unary(name: str, primitive: Any) -> None:
    bind = primitive.bind

    def method(self: Array) -> Array:
        try:
            return wrap(bind(self._value), self._weak)
        except REFUSED as error:
            raise in_jax_words(error, name, (self.dtype,))  # noqa: B904 (the same error)

    method.__name__ = method.__qualname__ = f"__{name}__"
    setattr(Array, f"__{name}__", method)


_unary("neg", ew.neg_p)
_unary("invert", ew.invert_p)
_class.__pos__ = lambda self: self
_class.__abs__ = lambda self: _jnp("abs")(self)
_class.__round__ = lambda self, ndigits=None: (
    _jnp("round")(self, ndigits) if ndigits is not None else _jnp("round")(_jnp("real")(self)).astype(int)
)

_METHODS = frozenset(
    "all any argmax argmin argpartition argsort choose clip compress conj conjugate cumprod cumsum diagonal dot max mean "
    "min nonzero prod ptp ravel repeat reshape round searchsorted sort squeeze std sum swapaxes take trace var".split()
)


def _method(name: str) -> Callable[..., Any]:
    """A method that is the function of `jax.numpy` of the same name."""

    def method(self: Array, *args: Any, **kwargs: Any) -> Any:
        return _jnp(name)(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    return method


def _compress(self: Array, condition: Any, axis: Any = None, **options: Any) -> Any:
    return _jnp("compress")(condition, self, axis, **options)


# Attached here, not looked up by `__getattr__`, which would make every attribute slower.
for _name in _METHODS:
    setattr(Array, _name, _method(_name))


def _reshape(self: Array, *shape: Any, order: str = "C", **_: Any) -> Any:
    return _jnp("reshape")(self, shape[0] if len(shape) == 1 else shape, order=order)


def _transpose(self: Array, *axes: Any) -> Any:
    one = len(axes) == 1 and (axes[0] is None or np.ndim(axes[0]))
    order = axes[0] if one else axes
    return _jnp("transpose")(self, None if order is None or not len(order) else tuple(order))


def _astype(self: Array, dtype: Any, copy: bool = False, device: Any = None) -> Array:
    """The array in another dtype; floats out of an integer's range become its nearest ones."""
    from .conversion import converted

    return wrap(converted(self._value, float if dtype is None else dtype))


def _view(self: Array, dtype: Any = None) -> Any:
    from .conversion import bits_as

    return wrap(bits_as(self._value, dtype))


_class.compress = _compress
_class.reshape, _class.transpose, _class.astype, _class.view = _reshape, _transpose, _astype, _view
_class.flatten = lambda self, order="C": _jnp("ravel")(self, order=order)
_class.copy = lambda self: wrap(self._value, self._weak)
_class.T = property(lambda self: _transpose(self))
_class.mT = property(lambda self: _jnp("matrix_transpose")(self))
_class.real = property(lambda self: _jnp("real")(self))
_class.imag = property(lambda self: _jnp("imag")(self))
_class.flat = property(lambda self: iter(self.ravel()))
_class.to_device = lambda self, device, *, stream=None: self


def dtype_and_shape(x: Any) -> tuple[np.dtype, tuple[int, ...]]:
    """The dtype and shape of any value of the alias."""
    return (x.dtype, x.shape) if type(x) is Array else (dtype_of(as_value(x)), shape_of(as_value(x)))
