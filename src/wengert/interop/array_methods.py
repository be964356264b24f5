"""Operators and methods of `jax.Array`: operations in the dtype that JAX promotes to, functions of `jax.numpy` as methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Tracer, Value, inexact_dtype
from ..ops import elementwise as ew
from . import promotion
from .array import Array, _new, _operand, in_dtype, is_keys, kind_of, promoted, same_keys, wrap
from .conversion import bits_as, converted
from .wording import REFUSED, in_jax_words

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


def _of_keys(numbers: Callable[..., Any], same: bool) -> Callable[..., Any]:
    """``==`` and ``!=`` of keys of random numbers, which are records, and of numbers."""

    def method(self: Array, other: Any) -> Any:
        if self._value.dtype.names and is_keys(other):
            found: Any = same_keys(self, other)
            return found if same else ~found
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
    try:
        if a.dtype.kind == "i" and (isinstance(b, Tracer) or np.any(np.asarray(b) < 0)):
            return wrap(_whole_power(a, b), weak)
        return wrap(ew.power_p.bind(a, b), weak)
    except REFUSED as error:
        raise in_jax_words(error, "power", (a.dtype, b.dtype))  # noqa: B904 (the same error)


def _whole_power(x: Value, y: Value) -> Value:
    """Powers of integers, rounded towards 0 where the exponent is negative: only those of 1 and -1 are left of them."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    size = ew.where(ew.less(y, zero), ew.bitwise_and(y, one), y)
    small = ew.logical_and(ew.less_equal(x, one), ew.greater_equal(x, -one))
    there = ew.logical_or(ew.greater_equal(y, zero), ew.logical_and(small, ew.not_equal(x, zero)))
    return ew.where(there, ew.power_p.bind(x, size), zero)


def _jnp(name: str) -> Any:
    """A function of `jax.numpy`."""
    return Array.means.function(name)


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
    return wrap(converted(self._value, float if dtype is None else dtype))


def _view(self: Array, dtype: Any = None) -> Any:
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
