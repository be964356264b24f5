"""NumPy's operators, methods and attributes on tracers, attached to `core.Tracer` when the library is imported.

Each is the function of the same name; methods that are composites are looked up in `wengert.numpy` when called.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np

from ..core import VALUE_TYPES, Primitive, Tracer, Value, as_value, inexact_dtype
from ..errors import ConcretizationError, NotSupportedError
from . import contraction, indexing, shape, updates
from . import elementwise as ew

ndarray = np.ndarray
_tracer = cast(Any, Tracer)  # what stands here is declared there for type checkers


def _binary(primitive: Primitive, name: str, reflected: bool = False) -> Callable[..., Any]:
    bind, params = primitive.bind, {}

    if reflected:

        def method(self: Tracer, other: Any) -> Any:
            if type(other) in VALUE_TYPES:
                return self._trace.process(primitive, (other, self), params)
            if not isinstance(other, Tracer):
                if not _numeric(other):
                    return NotImplemented
                other = as_value(other)
            return bind(other, self)

    else:

        def method(self: Tracer, other: Any) -> Any:
            if type(other) in VALUE_TYPES:
                return self._trace.process(primitive, (self, other), params)
            if not isinstance(other, Tracer):
                if not _numeric(other):
                    return NotImplemented
                other = as_value(other)
            return bind(self, other)

    method.__name__ = method.__qualname__ = name
    return method


def _numeric(x: Any) -> bool:
    return isinstance(x, (np.generic, ndarray, list, tuple, bool, int, float, complex)) or hasattr(x, "__array__")


def _unary(primitive: Primitive, name: str) -> Callable[..., Any]:
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
for _name, _p in {
    "lt": ew.less_p,
    "le": ew.less_equal_p,
    "gt": ew.greater_p,
    "ge": ew.greater_equal_p,
    "eq": ew.equal_p,
    "ne": ew.not_equal_p,
}.items():
    setattr(Tracer, f"__{_name}__", _binary(_p, f"__{_name}__"))
for _name, _p in {"neg": ew.neg_p, "pos": ew.pos_p, "abs": ew.abs_p, "invert": ew.invert_p}.items():
    setattr(Tracer, f"__{_name}__", _unary(_p, f"__{_name}__"))


def _pow(self: Tracer, other: Any, modulo: Any = None) -> Any:
    if type(other) is int and other == 2:
        return ew.square_p.bind(self) if self.shape or not self.weak else ew.power_p.bind(self, 2)
    if type(other) not in VALUE_TYPES and not isinstance(other, Tracer):
        if not _numeric(other):
            return NotImplemented
        other = as_value(other)
    return ew.power_p.bind(self, other)


def _divmod(self: Tracer, other: Any) -> Any:
    return self // other, self % other


def _rdivmod(self: Tracer, other: Any) -> Any:
    return other // self, other % self


def _iter(self: Tracer) -> Iterator[Any]:
    if not self.shape:
        raise TypeError("iteration over a 0-d array")
    return iter([indexing.getitem(self, i) for i in range(self.shape[0])])


def _setitem(self: Tracer, key: Any, value: Any) -> None:
    raise NotSupportedError(
        "arrays under transformation cannot be changed in place; write `x = wengert.numpy.at(x)[index].set(value)`"
    )


def _array(self: Tracer, dtype: Any = None, copy: Any = None) -> Any:
    error = ConcretizationError(
        f"NumPy asked for the values of an array of shape {self.shape} that stands under {self._trace.name}: use the "
        f"function of wengert.numpy instead, or return the array and convert it outside. To index a plain array x with "
        f"it, write wengert.numpy.at(x)[index].get()"
    )
    error.by_numpy = True  # `transforms.opening` may know a way
    raise error


_IN_PLACE = {
    "fill": "wengert.numpy.full_like(x, value)",
    "put": "wengert.numpy.at(x)[index].set(value)",
    "resize": "wengert.numpy.resize(x, shape)",
    "setflags": "the result of an operation",
    "setfield": "wengert.numpy.at(x)[index].set(value)",
}
_MEMORY = frozenset("base byteswap ctypes data dump dumps flags getfield strides tobytes tofile view".split())


def _missing(self: Tracer, name: str) -> Any:
    if name in _IN_PLACE:
        raise NotSupportedError(f"arrays under transformation cannot be changed in place; use {_IN_PLACE[name]}")
    if name in _MEMORY:
        raise ConcretizationError(
            f".{name} needs the memory of an array, which one under {self._trace.name} does not have; return the array "
            f"and ask it outside"
        )
    raise AttributeError(f"an array under {self._trace.name} has no attribute {name!r}")


_tracer.__getattr__ = _missing
_tracer.__copy__ = lambda self: self
_tracer.__deepcopy__ = lambda self, memo: self
_tracer.__pow__ = _pow
_tracer.__matmul__ = lambda self, other: contraction.matmul(self, other)
_tracer.__rmatmul__ = lambda self, other: contraction.matmul(other, self)
_tracer.__divmod__ = _divmod
_tracer.__rdivmod__ = _rdivmod
_tracer.__getitem__ = lambda self, key: indexing.getitem(self, key)
_tracer.__setitem__ = _setitem
_tracer.__iter__ = _iter
_tracer.__array__ = _array
_tracer.__round__ = lambda self, ndigits=0: _namespace().round(self, ndigits or 0)
_tracer.__contains__ = lambda self, item: bool((self == item).any())

# --- attributes and methods -------------------------------------------------------------------------------------


def _namespace() -> Any:
    from .. import numpy

    return numpy


def _method(name: str) -> Callable[..., Any]:
    def method(self: Tracer, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("out", None)
        return getattr(_namespace(), name)(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    return method


for _name in (
    "all any argmax argmin argpartition argsort choose clip compress cumprod cumsum diagonal dot max mean min nonzero "
    "partition prod ptp ravel repeat round searchsorted sort squeeze std sum swapaxes take trace var"
).split():
    setattr(Tracer, _name, _method(_name))


def _reshape(self: Tracer, *dims: Any, order: str = "C") -> Value:
    target = dims[0] if len(dims) == 1 else dims
    return shape.reshape(self, target) if order == "C" else _namespace().reshape(self, target, order=order)


def _transpose(self: Tracer, *axes: Any) -> Value:
    if not axes or axes == (None,):
        return shape.transpose(self)
    return shape.transpose(self, axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes)


def _astype(self: Tracer, dtype: Any, copy: bool = True, **_: Any) -> Value:
    return ew.convert(self, dtype)


def _detached(self: Tracer, what: str) -> Any:
    """The values, where taking them does not silently lose a derivative."""
    if self.differentiated and inexact_dtype(self.dtype):
        raise ConcretizationError(
            f"{what} would make a constant of a value that {self._trace.name} differentiates, and its derivative would "
            f"be lost: use the functions of wengert.numpy instead of Python's or NumPy's in-place ones (at(x)[i].set(v) "
            f"for x[i] = v), or write {what.replace('()', '')} of stop_gradient(x) where a constant is meant"
        )
    return self.concrete(what)


def _item(self: Tracer, *args: Any) -> Any:
    return np.asarray(_detached(self, ".item()")).item(*args)


def _tolist(self: Tracer) -> Any:
    return np.asarray(_detached(self, ".tolist()")).tolist()


def _format(self: Tracer, spec: str) -> str:
    """``f"{x:.3f}"`` shows the value, where it is known."""
    return format(self.concrete("a format"), spec) if spec else str(self)


Tracer.__float__ = lambda self: float(_detached(self, "float()"))  # type: ignore[method-assign]
Tracer.__complex__ = lambda self: complex(_detached(self, "complex()"))  # type: ignore[method-assign]
Tracer.__format__ = _format


_tracer.reshape = _reshape
_tracer.transpose = _transpose
_tracer.astype = _astype
_tracer.item = _item
_tracer.tolist = _tolist
_tracer.copy = lambda self, order="C": self
_tracer.flatten = lambda self, order="C": _reshape(self, -1, order=order)
_tracer.conj = _tracer.conjugate = lambda self: ew.conj(self)
_tracer.block_until_ready = lambda self: self
_tracer.T = property(lambda self: shape.transpose(self))
_tracer.mT = property(lambda self: _namespace().matrix_transpose(self))
_tracer.real = property(lambda self: ew.real(self))
_tracer.imag = property(lambda self: ew.imag(self))
_tracer.at = property(lambda self: updates.at(self))
_tracer.flat = property(lambda self: iter(_reshape(self, -1)))
_tracer.itemsize = property(lambda self: self.dtype.itemsize)
_tracer.nbytes = property(lambda self: self.dtype.itemsize * self.size)

# --- NumPy's protocols ------------------------------------------------------------------------------------------


def _ufunc(self: Tracer, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """``np.sin(tracer)`` and ``ndarray * tracer``: the operation of the same name."""
    primitive = _UFUNCS.get(ufunc)
    if method == "__call__" and primitive is not None and not kwargs:
        return primitive.bind(*[as_value(a) for a in inputs])
    where = kwargs.pop("where", True)
    if kwargs.pop("out", None) is not None:
        raise NotSupportedError(
            f"np.{ufunc.__name__}(..., out=) cannot write into an array under transformation; use its result"
        )
    if method == "__call__" and where is True:
        function = getattr(_namespace(), ufunc.__name__, None)
        if function is not None:
            return function(*inputs, **kwargs)
    elif method in ("reduce", "accumulate") and ufunc.__name__ in _REDUCTIONS:
        name = _REDUCTIONS[ufunc.__name__][method == "accumulate"]
        if name:
            kwargs.setdefault("axis", 0)
            if where is not True:
                kwargs["where"] = where
            return getattr(_namespace(), name)(
                *inputs, **{k: v for k, v in kwargs.items() if v is not None or k == "axis"}
            )
    elif method == "outer" and len(inputs) == 2:
        x, y = (as_value(a) for a in inputs)
        from ..core import ndim_of, shape_of

        return _ufunc(self, ufunc, "__call__", shape.reshape(x, shape_of(x) + (1,) * ndim_of(y)), y)
    raise NotSupportedError(
        f"np.{ufunc.__name__}{'' if method == '__call__' else '.' + method} has no derivative rule here; "
        f"write it with the functions of wengert.numpy"
    )


_REDUCTIONS = {
    "add": ("sum", "cumsum"),
    "multiply": ("prod", "cumprod"),
    "maximum": ("max", ""),
    "minimum": ("min", ""),
    "logical_and": ("all", ""),
    "logical_or": ("any", ""),
}
_UFUNCS: dict[Any, Primitive] = {
    p.function: p
    for p in Primitive.registry.values()
    if isinstance(p, ew.Elementwise) and isinstance(p.function, np.ufunc)
}


def _function(self: Tracer, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """``np.sum(tracer)``: the function of `wengert.numpy` of the same name."""
    module = function.__module__
    space = _namespace()
    if module == "numpy.linalg":
        space = space.linalg
    elif module == "numpy.fft":
        space = getattr(space, "fft", None)
    ours = getattr(space, function.__name__, None)
    if ours is None:
        raise NotSupportedError(
            f"{module}.{function.__name__} has no derivative rule here; write it with the functions of wengert.numpy"
        )
    kwargs = {k: v for k, v in kwargs.items() if k != "out" or v is not None}
    return ours(*args, **kwargs)


_tracer.__array_ufunc__ = _ufunc
_tracer.__array_function__ = _function
_unused = operator
