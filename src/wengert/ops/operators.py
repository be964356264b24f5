"""NumPy's operators, methods and attributes on tracers, attached to `core.Tracer` when the library is imported.

Each is the function of the same name; methods that are composites are looked up in `wengert.numpy` when called.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import numpy as np

from ..core import (
    MASKED_ARRAYS,
    OBJECTS,
    ROOTS,
    TRACED,
    VALUE_TYPES,
    Primitive,
    Tracer,
    Value,
    as_value,
    inexact_dtype,
    like_an_array,
)
from ..errors import ConcretizationError, DtypeError, NotSupportedError
from ..frames import FOREIGN, caller, foreign_calls, user_operation
from ..vocabulary import DTypeLike, Function
from . import contraction, counterparts, memory, protocols, shape, sparse_products, updates, writing, written
from . import elementwise as ew
from . import squares as _squares  # noqa: F401 - which gives its rules to operations
from .above import namespace
from .masks import true_places
from .objects import elements, unpacked
from .protocols import stored

ndarray = np.ndarray
_PLAIN = frozenset(VALUE_TYPES - {ndarray})
_tracer = cast(Any, Tracer)  # what stands here is declared there for type checkers


def _binary(primitive: Primitive, name: str, reflected: bool = False, unlike: bool | None = None) -> Function:
    """The operator; `unlike` is what a comparison with None or a string gives for each element, as NumPy has it."""
    bind, params = primitive.bind, {}

    if reflected:

        def method(self: Tracer, other: Any) -> Any:
            if type(other) in _PLAIN or (type(other) is ndarray and other.dtype is not OBJECTS):
                return bind(other, self) if ROOTS else self._trace.process(primitive, (other, self), params)
            if not isinstance(other, Tracer):
                if not _numeric(other):
                    return NotImplemented
                other = as_value(other)
            return bind(other, self)

    else:

        def method(self: Tracer, other: Any) -> Any:
            if type(other) in _PLAIN or (type(other) is ndarray and other.dtype is not OBJECTS):
                return bind(self, other) if ROOTS else self._trace.process(primitive, (self, other), params)
            if not isinstance(other, Tracer):
                if not _numeric(other):
                    if unlike is not None and self.shape and (other is None or type(other) is str):
                        return np.full(self.shape, unlike)
                    return NotImplemented
                other = as_value(other)
            return bind(self, other)

    method.__name__ = method.__qualname__ = name
    return method


def _numeric(x: Any) -> bool:
    if hasattr(type(x), "__wengert_value__"):  # an array of the alias, whose operators have its meaning
        return False
    if isinstance(x, (np.generic, ndarray, list, tuple, bool, int, float, complex)) or hasattr(x, "__array__"):
        return True
    return like_an_array(x) and getattr(x, "__array_ufunc__", x) is not None


def _unary(primitive: Primitive, name: str) -> Function:
    bind = primitive.bind

    def method(self: Tracer) -> Any:
        return bind(self)

    method.__name__ = method.__qualname__ = name
    return method


for _name, _p in {
    "add": ew.add_p,
    "sub": ew.sub_p,
    "mul": ew.mul_p,
    "truediv": ew.div_p,
    "floordiv": ew.floor_divide_p,
    "mod": ew.mod_p,
    "pow": ew.power_p,
    "and": ew.bitwise_and_p,
    "or": ew.bitwise_or_p,
    "xor": ew.bitwise_xor_p,
    "lshift": ew.left_shift_p,
    "rshift": ew.right_shift_p,
}.items():
    setattr(Tracer, f"__{_name}__", _binary(_p, f"__{_name}__"))
    setattr(Tracer, f"__r{_name}__", _binary(_p, f"__r{_name}__", reflected=True))
    setattr(Tracer, f"__i{_name}__", writing.in_place(getattr(Tracer, f"__{_name}__"), f"__i{_name}__"))
for _name, _p in {
    "lt": ew.less_p,
    "le": ew.less_equal_p,
    "gt": ew.greater_p,
    "ge": ew.greater_equal_p,
    "eq": ew.equal_p,
    "ne": ew.not_equal_p,
}.items():
    _unlike = {"eq": False, "ne": True}.get(_name)
    setattr(Tracer, f"__{_name}__", _binary(_p, f"__{_name}__", unlike=_unlike))
for _name, _p in {"neg": ew.neg_p, "pos": ew.pos_p, "abs": ew.abs_p, "invert": ew.invert_p}.items():
    setattr(Tracer, f"__{_name}__", _unary(_p, f"__{_name}__"))


def _pow(self: Tracer, other: Value, modulo: Any = None) -> Any:
    if type(other) is int and other == 2:
        return ew.square_p.bind(self) if self.shape or not self.weak else ew.power_p.bind(self, 2)
    if type(other) not in _PLAIN and not isinstance(other, Tracer):
        if not _numeric(other):
            return NotImplemented
        other = as_value(other)
    return ew.power_p.bind(self, other)


def _product(x: Value, y: Value) -> Value:
    if type(x) is not ndarray and hasattr(x, "tocsr"):
        return sparse_products.matmul(x, y)
    if type(y) is not ndarray and hasattr(y, "tocsr"):
        if TRACED in vars(y):
            return NotImplemented  # its entries are traced too, and it has the operator
        return sparse_products.rmatmul(x, y)
    for other in (x, y):
        if type(other) is not ndarray and not isinstance(other, Tracer) and not _numeric(other):
            return NotImplemented
    return contraction.matmul(x, y)


def _divmod(self: Tracer, other: Any) -> Any:
    return self // other, self % other


def _rdivmod(self: Tracer, other: Any) -> Any:
    return other // self, other % self


def _iter(self: Tracer) -> Iterator[Any]:
    if not self.shape:
        raise TypeError("iteration over a 0-d array")
    return iter([writing.read(self, i) for i in range(self.shape[0])])


def _into_plain(self: Tracer) -> ConcretizationError:
    return ConcretizationError(
        f"a value that stands under {self._trace.name} cannot be written into this plain NumPy array: make the array "
        f"with np.zeros, or from a traced one, np.zeros_like(x) or np.zeros(n, like=x)"
    )


def _into_library(self: Tracer, library: str, calls: list[str]) -> ConcretizationError:
    if library == "scipy":
        name, instead = counterparts.remedy_in_scipy(calls)
    else:
        name, instead = library, "take arrays out of its objects first (.to_numpy()), and make objects of the results"
    return ConcretizationError(
        f"{name} asked for the values of an array that stands under {self._trace.name}: {instead}"
    )


def _as_object(x: Any) -> Value:
    out = np.empty((), object)
    out[()] = x
    return out


def _given_to_library(self: Tracer, function: str, module: str) -> Any:
    """The array of objects that a function of another library can work with, None if there is nothing special."""
    if function == "_matmul_dispatch" and module.startswith("scipy.sparse"):
        return _as_object(self)  # which it takes for a sign to leave it to `_product`
    if module.startswith("numpy.") and ("_vectorize_call" in function or function == "_get_ufunc_and_otypes"):
        return elements(self)
    if module.startswith("numpy.ma."):
        raise DtypeError(MASKED_ARRAYS)
    outside = foreign_calls()
    if outside is not None:
        raise _into_library(self, *outside)
    return None


def _array(self: Tracer, dtype: DTypeLike = None, copy: Any = None) -> Any:
    """A number becomes an object in NumPy's arrays of objects; of an array NumPy can have only the values, if known."""
    if self.mutable:
        value = self.now()
        if not isinstance(value, Tracer):
            return np.array(value, dtype)
    if "__array__" in sys._getframe(1).f_code.co_names:  # Python code that calls it by its name
        return self if dtype is None else ew.convert(self, np.dtype(dtype))
    storing = user_operation()[0] == "STORE_SUBSCR"
    function, module = caller()
    if module.partition(".")[0] in FOREIGN:
        objects = _given_to_library(self, function, module)
        if objects is not None:
            return objects
    if self.shape and dtype is not None and np.dtype(dtype).hasobject:
        return elements(self)
    if not storing and not self.shape and self.dtype.kind in "fc" and (dtype is None or np.dtype(dtype).hasobject):
        return _as_object(self)
    if storing:
        raise _into_plain(self)
    if not self.shape and self.dtype.kind in "iub":
        return np.asarray(self.concrete("an index or a range"), dtype)  # as Python's range asks
    raise ConcretizationError(
        f"NumPy asked for the values of an array of shape {self.shape} that stands under {self._trace.name}: to make an "
        f"array of traced ones write np.stack([x, y]) or np.array([x, y], like=x), for np.asarray(x) just x; else use "
        f"the function of wengert.numpy, or return the array and convert it outside. To index a plain array x with it, "
        f"write np.asarray(x, like=index)[index] or wengert.numpy.at(x)[index].get()"
    )


_IN_PLACE = {
    "resize": "wengert.numpy.resize(x, shape)",
    "setflags": "the result of an operation",
    "setfield": "wengert.numpy.at(x)[index].set(value)",
}
_MEMORY = frozenset("byteswap ctypes data dump dumps getfield tobytes tofile view".split())


def _stand_in(self: Tracer) -> ndarray:
    """A plain array of the same shape and dtype, for its flags and strides: those of a new array; its elements are none."""
    steps = np.cumprod((self.dtype.itemsize, *self.shape[:0:-1]))[::-1] if self.shape else ()
    return np.lib.stride_tricks.as_strided(np.empty(1, self.dtype), self.shape, [int(n) for n in steps])


def _missing(self: Tracer, name: str) -> Any:
    if name == "views":
        return None  # of a tangent, which is not written into
    if name in _IN_PLACE:
        raise NotSupportedError(f"arrays under transformation cannot be changed in place; use {_IN_PLACE[name]}")
    if name in ("flags", "strides"):
        return getattr(_stand_in(self), name)
    if name == "base":
        return None
    if name in _MEMORY:
        raise ConcretizationError(
            f".{name} needs the memory of an array, which one under {self._trace.name} does not have; return the array "
            f"and ask it outside"
        )
    if name == "is_integer":
        return lambda: bool(ew.equal(self, ew.floor(self)))
    if name in ("as_integer_ratio", "hex"):
        raise ConcretizationError(
            f".{name} is of Python's numbers, such as `statistics` and `fractions` take them: write np.mean, np.std and "
            f"np.median for those of statistics; an array under {self._trace.name} has no {name}"
        )
    ufunc = getattr(np, name, None)
    if isinstance(ufunc, np.ufunc):  # NumPy asks its arrays of objects for their elements' methods
        return partial(counterparts.operation(ufunc), self)
    raise AttributeError(f"an array under {self._trace.name} has no attribute {name!r}")


_tracer.__getattr__ = _missing
_tracer.__copy__ = memory.copied
_tracer.__deepcopy__ = lambda self, memo: memory.copied(self)
_tracer.__pow__ = _pow
_tracer.__matmul__ = lambda self, other: _product(self, other)
_tracer.__rmatmul__ = lambda self, other: _product(other, self)
_tracer.__pandas_priority__ = 10000  # above those of its objects, which then leave ``series * t`` to us
_tracer.__ipow__ = writing.in_place(_pow, "__ipow__")
_tracer.__imatmul__ = writing.in_place(lambda self, other: contraction.matmul(self, other), "__imatmul__")
_tracer.__divmod__ = _divmod
_tracer.__rdivmod__ = _rdivmod
_tracer.__getitem__ = writing.read
_tracer.__setitem__ = writing.write
_tracer.__iter__ = _iter
_tracer.__array__ = _array
_tracer.__round__ = lambda self, ndigits=0: _namespace().round(self, ndigits or 0)
_tracer.__contains__ = lambda self, item: bool((self == item).any())

# --- attributes and methods -------------------------------------------------------------------------------------


def _namespace() -> Any:
    return namespace("numpy")


def _compress(self: Tracer, condition: Any, axis: int | None = None) -> Value:
    return _namespace().compress(condition, self, axis)


# The arguments of methods of `ndarray`, as far as `out`, and those behind it.
_ARGUMENTS = {
    **dict.fromkeys("max min".split(), "axis out keepdims initial where"),
    **dict.fromkeys("argmax argmin ptp".split(), "axis out"),
    **dict.fromkeys("all any mean".split(), "axis dtype out keepdims"),
    **dict.fromkeys("prod sum".split(), "axis dtype out keepdims initial where"),
    **dict.fromkeys("std var".split(), "axis dtype out ddof keepdims"),
    **dict.fromkeys("cumprod cumsum".split(), "axis dtype out"),
    "choose": "choices out mode", "clip": "min max out", "compress": "condition axis out", "dot": "b out",
    "round": "decimals out", "take": "indices axis out mode", "trace": "offset axis1 axis2 dtype out",
}  # fmt: skip


def _method(name: str) -> Function:
    names = _ARGUMENTS.get(name, "").split()
    place = names.index("out") if names else 9
    boolean = name in ("all", "any")
    ours = _compress if name == "compress" else None

    def method(self: Tracer, *args: Any, **kwargs: Any) -> Any:
        if len(args) > place:
            kwargs.update(zip(names[place:], args[place:], strict=False))
            args = args[: place - boolean]
        elif len(args) == 2 and boolean:
            args = args[:1]  # a dtype, which is that of truth values
        out = kwargs.pop("out", None)
        result = (ours or getattr(_namespace(), name))(self, *args, **kwargs)
        if out is None:
            return result

        return stored(out[0] if type(out) is tuple else out, result, name)

    method.__name__ = method.__qualname__ = name
    return method


for _name in (
    "all any argmax argmin argpartition argsort choose clip compress cumprod cumsum diagonal dot max mean min nonzero "
    "prod ptp ravel repeat round searchsorted squeeze std sum swapaxes take trace var"
).split():
    setattr(Tracer, _name, _method(_name))


def _reshape(self: Tracer, *dims: Any, order: str = "C", copy: Any = None) -> Value:
    target = dims[0] if len(dims) == 1 else dims
    if order == "C":
        return memory.view_of(self, np.reshape, shape.reshape, (target,))
    return _namespace().reshape(self, target, order)


def _transpose(self: Tracer, *axes: Any) -> Value:
    if not axes or axes == (None,):
        return memory.view_of(self, np.transpose, shape.transpose)
    order = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
    return memory.view_of(self, np.transpose, shape.transpose, (order,))


def _flatten(self: Tracer, order: str = "C") -> Value:
    out = _namespace().reshape(as_value(self), -1, order)
    return memory.copied(out) if isinstance(out, Tracer) else memory.owned(out)


def _sort(self: Tracer, axis: int = -1, **options: Any) -> None:
    writing.assign(self, _namespace().sort(self, axis, **options))


def _partition(self: Tracer, kth: Any, axis: int = -1, **options: Any) -> None:
    writing.assign(self, _namespace().partition(self, kth, axis, **options))


def _fill(self: Tracer, value: Value) -> None:
    writing.write(self, Ellipsis, value)


def _put(self: Tracer, indices: Value, values: Value, mode: str = "raise") -> None:
    writing.put(self, indices, values, mode)


def _astype(self: Tracer, dtype: DTypeLike, copy: bool = True, **_: Any) -> Value:
    out = ew.convert(self, dtype)
    return memory.copied(out) if out is self and copy else out


def _detached(self: Tracer, what: str) -> Any:
    """The values, where taking them does not silently lose a derivative."""
    if not self.known and what in ("float()", "complex()") and inexact_dtype(self.dtype):
        if user_operation()[0] == "STORE_SUBSCR":
            raise _into_plain(self)
    if self.differentiated and inexact_dtype(self.dtype):
        outside = foreign_calls()
        if outside is not None:
            raise _into_library(self, *outside)
        raise lost_derivative(self, what)
    return self.concrete(what)


def lost_derivative(x: Tracer, what: str, line: str = "") -> ConcretizationError:
    return ConcretizationError(
        f"{what} would make a constant of a value that {x._trace.name} differentiates, and its derivative would "
        f"be lost{line and ', at ' + line}: use NumPy's functions or those of wengert.numpy instead of Python's "
        f"(np.sin(x) for math.sin(x)), or write {what.replace('()', '')} of stop_gradient(x) where a constant is meant"
    )


def _item(self: Tracer, *args: Any) -> Any:
    """The element as a number where it is known and has no derivative, and else as a traced one."""
    if not args and self.size != 1:
        raise ValueError("can only convert an array of size 1 to a Python scalar")
    key = args[0] if len(args) == 1 else args
    if args and type(key) is not tuple:
        x = shape.reshape(as_value(self), (-1,))[key]
    else:
        x = as_value(self)[key] if args else shape.reshape(as_value(self), ())
    return _number(x)


def _number(x: Any) -> Any:
    if not isinstance(x, Tracer):
        return x.item()
    if x.known or not inexact_dtype(x.dtype):
        try:
            return np.asarray(x.concrete(".item()")).item()
        except ConcretizationError:  # many values, or none yet
            pass
    return x


def _tolist(self: Tracer) -> Any:
    """Lists of the elements, as `_item` gives them."""
    if not self.shape:
        return _number(as_value(self))
    return [_tolist(x) if isinstance(x, Tracer) else x.tolist() for x in as_value(self)]


def _format(self: Tracer, spec: str) -> str:
    """``f"{x:.3f}"`` shows the value, where it is known."""
    return format(self.concrete("a format"), spec) if spec else str(self)


def _float(self: Tracer) -> float:
    """``float(x)``; a whole number is asked for as ``int(x)`` is."""
    return float(int(self) if self.dtype.kind in "iub" and self.size == 1 else _detached(self, "float()"))


Tracer.__float__ = _float  # type: ignore[method-assign]
Tracer.__complex__ = lambda self: complex(_detached(self, "complex()"))  # type: ignore[method-assign]
Tracer.__format__ = _format


_tracer.reshape = _reshape
_tracer.transpose = _transpose
_tracer.astype = _astype
_tracer.item = _item
_tracer.tolist = _tolist
_tracer.copy = lambda self, order="C": memory.copied(self)
_tracer.flatten = _flatten
_tracer.sort = _sort
_tracer.partition = _partition
_tracer.fill = _fill
_tracer.put = _put
_tracer.conj = _tracer.conjugate = lambda self: ew.conj(self)
_tracer.block_until_ready = lambda self: self
# What `core` and lower files of operations ask a traced value for.
_tracer._stacked = staticmethod(shape.stack)
_tracer._unpacked = staticmethod(unpacked)
_tracer._true_places = true_places
_tracer._strong = lambda self: ew.convert(self, self.dtype)

_tracer.T = property(lambda self: self if len(self.shape) < 2 else _transpose(self))
_tracer.mT = property(lambda self: _namespace().matrix_transpose(self))
_tracer.real = property(lambda self: _namespace().real(self), writing.set_real)
_tracer.imag = property(lambda self: _namespace().imag(self), writing.set_imag)
_tracer.at = property(lambda self: updates.at(self))
_tracer.flat = property(writing.Flat, writing.set_flat)
_tracer.device = property(lambda self: "cpu")  # as NumPy's arrays have it, for the array API
_tracer.itemsize = property(lambda self: self.dtype.itemsize)
_tracer.nbytes = property(lambda self: self.dtype.itemsize * self.size)

# --- NumPy's protocols ------------------------------------------------------------------------------------------


def _function(self: Tracer, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    return namespace("numpy.protocols").array_function(function, args, kwargs)


_tracer.__array_ufunc__ = protocols.array_ufunc
_tracer.__array_function__ = _function
_tracer.__array_namespace__ = lambda self, api_version=None: _namespace()
written.complete()
