"""The memory of arrays that a transformed function writes into, and the views that share it. `writing.py` writes.

Values never change, so a write makes a new one: a `Memory` holds the present value of an array, and every view of it
reads and writes there. A tracer that is written into becomes a `MutableArray` and stays the same object for all who
hold it; operations are given its present value, so no trace, tape or Program ever holds what may change. Code that does
not write pays only where it makes a view of a traced array, which notes what it is a view of.

The positions of a view in its memory are found by NumPy itself, on an array of integers that is laid out alike.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any, cast
from weakref import ref

import numpy as np

from ..core import Primitive, Trace, Tracer, Value, ValueTracer, as_value, dtype_of, shape_of
from ..errors import DtypeError, NotSupportedError, ShapeError
from ..vocabulary import Function, Params, Results
from . import elementwise as ew
from .indexing import getitem
from .naming import of_caller
from .scatters import scatter_set_p
from .shape import broadcast_to, concatenate, reshape, stack
from .view_steps import Call

ndarray = np.ndarray
Step = Callable[..., Any]  # of a view: takes a value, or with `shadow=True` an array of positions


class Memory:
    """What an array and its views share: its present value, and the blocks that were written since it was made.

    A block is what stands at an index of integers, an element or a row: written one after the other they are kept
    apart, and read again from there, so that a recurrence costs as much as it has steps.
    """

    __slots__ = ("_positions", "_value", "blocks", "depth", "dtype", "halves", "shape")

    def __init__(self, value: Value) -> None:
        self._value = value
        self.halves: dict[str, Memory] = {}
        self.shape = shape_of(value)
        self.dtype = dtype_of(value)
        self.blocks: dict[tuple[int, ...], Value] = {}
        self.depth = 0
        self._positions: ndarray | None = None

    @property
    def positions(self) -> ndarray:
        """The position of each element, in the shape of the array."""
        if self._positions is None:
            size = math.prod(self.shape)
            self._positions = np.arange(size, dtype=position_dtype(size)).reshape(self.shape)
        return self._positions

    def fit(self, v: Value, shape: tuple[int, ...]) -> Value:
        """A value as it is written to a place of `shape`."""
        have = shape_of(v)
        if have != shape:
            if len(have) > len(shape) and have[: len(have) - len(shape)] == (1,) * (len(have) - len(shape)):
                v = reshape(v, have[len(have) - len(shape) :])
            try:
                v = broadcast_to(v, shape)
            except ShapeError:
                raise ShapeError(f"cannot write values of shape {have} to a place of shape {shape}") from None
        if dtype_of(v).kind == "c" and self.dtype.kind != "c":
            raise DtypeError(f"cannot write {dtype_of(v)} values into a {self.dtype} array; make it complex first")
        v = ew.convert(v, self.dtype)
        return np.array(v) if type(v) is ndarray else fresh(v)  # the given one may be changed afterwards

    def block(self, index: tuple[int, ...]) -> Value:
        """What stands at an index of integers that are in range."""
        if self.blocks:
            if self.depth <= len(index):
                found = self.blocks.get(index[: self.depth])
                if found is not None:
                    rest = index[self.depth :]
                    return getitem(found, rest) if rest else found
            else:
                self.settle()
        return getitem(self._value, index)

    def set_block(self, index: tuple[int, ...], v: Value) -> None:
        if self.blocks and self.depth != len(index):
            self.settle()
        self.depth = len(index)
        self.blocks[index] = self.fit(v, self.shape[len(index) :])

    def now(self) -> Value:
        """The present value."""
        if self.blocks:
            self.settle()
        return self._value

    def settle(self) -> None:
        """Write the blocks into the value."""
        blocks, d, value = self.blocks, self.depth, self._value
        self.blocks = {}
        traced = {i: b for i, b in blocks.items() if isinstance(b, Tracer)}
        lead, inner = self.shape[:d], self.shape[d:]
        whole = len(traced) == math.prod(lead)
        if not isinstance(value, Tracer):
            if not whole and len(traced) < len(blocks):
                value = np.array(value)
                for i, b in blocks.items():
                    if i not in traced:
                        value[i] = b
        else:
            traced = blocks
            whole = len(traced) == math.prod(lead)
        if traced:
            places = sorted(traced)
            parts = stack([traced[i] for i in places])
            if whole:
                value = reshape(parts, self.shape)
            else:
                size = math.prod(inner)
                rows: Any = np.ravel_multi_index(tuple(np.array(places).T), lead)
                value = _replaced(value, self.shape, rows[:, None] * size + np.arange(size), parts)
        self._value = value

    def put(self, positions: Value, v: Value) -> None:
        """Write at positions, which may be traced; the last one stands where they repeat."""
        v = self.fit(as_value(v), shape_of(positions))
        if self.blocks and positions is self.positions:  # of which nothing is left
            self.blocks = {}
        self._value = _replaced(self.now(), self.shape, positions, v)

    def scatter(self, primitive: Primitive, positions: Value, v: Value) -> None:
        """Combine with what stands at positions, all of `v` where they repeat."""
        v = self.fit(as_value(v), shape_of(positions))
        flat = reshape(self.now(), (-1,))
        flat = primitive.bind(flat, reshape(v, (-1,)), reshape(positions, (-1,)), axes=(0,))
        self._value = reshape(flat, self.shape)

    def half(self, name: str) -> Memory | None:
        """The memory of the parts "real" or "imag"; None where these are no memory, as imaginary parts of real numbers."""
        if self.dtype.kind != "c":
            return self if name == "real" else None
        if name not in self.halves:
            self.halves[name] = Half(self, name)
        return self.halves[name]


class Half(Memory):
    """The real or the imaginary parts of the elements of a memory of complex numbers: what is written into them is written there."""

    __slots__ = ("is_real", "whole")

    def __init__(self, whole: Memory, name: str) -> None:
        self.whole, self.is_real = whole, name == "real"
        self.shape, self.dtype = whole.shape, np.abs(np.zeros(0, whole.dtype)).dtype
        self.blocks, self.depth, self.halves = {}, 0, {}
        self._positions = None

    def _of(self, z: Value) -> Value:
        return ew.real(z) if self.is_real else ew.imag(z)

    def _beside(self, part: Value, z: Value) -> Value:
        """`z` with other real or imaginary parts."""
        if self.is_real:
            return ew.add(part, ew.multiply(1j, ew.imag(z)))
        return ew.add(ew.real(z), ew.multiply(1j, part))

    def now(self) -> Value:
        return self._of(self.whole.now())

    def block(self, index: tuple[int, ...]) -> Value:
        return self._of(self.whole.block(index))

    def set_block(self, index: tuple[int, ...], v: Value) -> None:
        v = self.fit(v, self.shape[len(index) :])
        self.whole.set_block(index, self._beside(v, self.whole.block(index)))

    def put(self, positions: Value, v: Value) -> None:
        v = self.fit(as_value(v), shape_of(positions))
        self._write(_replaced(self.now(), self.shape, positions, v))

    def scatter(self, primitive: Primitive, positions: Value, v: Value) -> None:
        v = self.fit(as_value(v), shape_of(positions))
        flat = reshape(self.now(), (-1,))
        flat = primitive.bind(flat, reshape(v, (-1,)), reshape(positions, (-1,)), axes=(0,))
        self._write(reshape(flat, self.shape))

    def _write(self, part: Value) -> None:
        self.whole.put(self.whole.positions, self._beside(part, self.whole.now()))


def position_dtype(size: int) -> Any:
    """The least dtype of positions in so many elements, one beyond the last among them: they are as many as a large
    array's elements while it is traced.
    """
    return np.int32 if size < 2**31 - 1 else np.int64


def _replaced(value: Value, shape: tuple[int, ...], positions: Value, v: Value) -> Value:
    """`value` with `v`, shaped like the positions, written at them."""
    if not isinstance(positions, Tracer):
        positions = np.asarray(positions)
        if not positions.size:
            return value
        if not isinstance(value, Tracer) and not isinstance(v, Tracer):
            out = np.array(value, order="C")
            out.reshape(-1)[positions] = v
            return out
        flat = positions.reshape(-1)
        first, n, size = int(flat[0]), flat.size, math.prod(shape)
        if flat[-1] - first == n - 1 and (n == 1 or bool((flat[1:] - flat[:-1] == 1).all())):  # one stretch of memory
            if n == size:
                return reshape(v, shape)
            elements = reshape(value, (-1,))
            parts = [elements[:first], reshape(v, (-1,)), elements[first + n :]]
            return reshape(concatenate([p for p in parts if shape_of(p)[0]]), shape)
    elements = scatter_set_p.bind(reshape(value, (-1,)), reshape(v, (-1,)), reshape(positions, (-1,)), axes=(0,))
    return reshape(elements, shape)


class _Reading(Trace):
    """Newer than every transformation: gives operations the present values of arrays that are written into."""

    __slots__ = ()
    name = "a transformation"

    def __init__(self) -> None:
        self.level = sys.maxsize

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Results:
        out = primitive.bind(*[cast(MutableArray, a).now() if type(a) in MUTABLE else a for a in args], **params)
        return [owned(o) for o in out] if primitive.multiple_results else owned(out)


_READING = _Reading()


class MutableArray(ValueTracer):
    """An array that may be written into, inside a transformed function.

    Attributes:
        memory: where its elements are.
        place: None for the whole memory; for a view its positions, and the steps that read it from the whole.
        views: the value that the tracer had before it became this, or None.
    """

    __slots__ = ()
    memory: Any = ValueTracer.first
    place: Any = ValueTracer.second
    mutable = True
    weak = False

    @property
    def this(self) -> MutableArray:
        """The array itself, also where a plain one stands for it (`written`)."""
        return self

    @property
    def differentiated(self) -> bool:
        value = self.now()
        return isinstance(value, Tracer) and value.differentiated

    @property
    def known(self) -> bool:
        value = self.now()
        return not isinstance(value, Tracer) or value.known

    def now(self) -> Value:
        """The present value."""
        memory, place = self.memory, self.place
        if place is None:
            return memory.now()
        step, *steps = place[1]
        value = memory.block(step.integers) if memory.blocks and step.integers else step(memory.now())
        for s in steps:
            value = s(value)
        return value

    def taken(self) -> Value:
        """The present value, as an object of its own: somebody may write into that."""
        return fresh(self.now())

    @property
    def shadow(self) -> ndarray:
        """The position in the memory of each element."""
        return self.memory.positions if self.place is None else self.place[0]

    def concrete(self, what: str) -> Any:
        value = self.now()
        return value.concrete(what) if isinstance(value, Tracer) else value

    def __bool__(self) -> bool:
        return bool(self.now())

    def __repr__(self) -> str:
        return f"MutableArray<{self.aval!r}>({self.now()!r})"


MUTABLE: set[type] = {MutableArray}  # and plain arrays that stand for one (`written`)


def new_array(value: Value) -> MutableArray:
    """An array with a memory of its own, that stands at `value`."""
    out = MutableArray()
    out._trace = _READING
    out.shape, out.dtype = shape_of(value), dtype_of(value)
    out.memory, out.place = Memory(value), None
    out.views = None
    return out


def owned(x: Value) -> Value:
    """The result of an operation on arrays that can be written into, which can be written into as well."""
    return new_array(x) if type(x) is ndarray and x.ndim else x


def view_at(base: MutableArray, positions: ndarray, step: Step) -> MutableArray:
    out = MutableArray()
    out._trace = _READING
    out.shape, out.dtype = positions.shape, base.dtype
    out.memory = base.memory
    out.place = (positions, [*([] if base.place is None else base.place[1]), step])
    out.views = None
    return out


# --- views of tracers -------------------------------------------------------------------------------------------


def link(base: Any, view: Any, kind: Any, *details: Any) -> None:
    """Note that `view` shows the elements of `base` by the step ``kind(*details)``. Hot: guarded by `eager.views`."""
    view.views = [(base, kind, details)]
    views = base.views
    if views is None:
        base.views = [None, ref(view)]
    else:
        views.append(ref(view))
        if len(views) & 63 == 0:
            views[1:] = [r for r in views[1:] if r() is not None]


def fresh(x: Value) -> Any:
    """Another object for the same traced array."""
    if not isinstance(x, ValueTracer) or (not x.shape and x.views is None):
        return x
    return _again(x.this if type(x) in MUTABLE else x, None)


def _again(x: Any, views: list[Any] | None) -> Any:
    out: Any = object.__new__(type(x))
    out._trace, out.shape, out.dtype, out.first = x._trace, x.shape, x.dtype, x.first
    try:  # noqa: SIM105 (`suppress` costs more than the rest)
        out.second = _second(x)
    except AttributeError:  # of a batch
        pass
    out.views = views
    return out


def without_axes(x: Tracer) -> Any:
    """A new array without axes of a traced number, which can be written into: ``np.asarray(number)``.

    It has `views`, though none are known, which tells it from a number.
    """
    return _again(x, [None]) if isinstance(x, ValueTracer) and not x.shape and not x.mutable else x


def as_now(x: Value) -> Value:
    """What a traced array is now, as another object: writes into either do not show in the other."""
    if not isinstance(x, Tracer):
        return x
    return fresh(x.now() if x.mutable else x)


_second = ValueTracer.second.__get__
conversions = [0]  # how many tracers became mutable: tapes look for them when it has changed


def mutable(x: Tracer) -> MutableArray:
    """`x` as an array that can be written into: it becomes one, and so do those whose elements it shows.

    Raises:
        NotSupportedError: it is a tangent, which is linear for good.
    """
    if type(x) in MUTABLE:
        return x.this
    if not isinstance(x, ValueTracer):
        raise NotSupportedError(
            "a tangent cannot be changed in place; write into a copy of it: y = x.copy(), or wengert.numpy.at(x)[i].set(v)"
        )
    views = x.views
    if views is not None and views[0] is not None:
        base = views[0][0]
        if type(base) is not MutableArray:
            mutable(base)
        if type(x) is MutableArray:
            return x
        views[0] = None  # a copy in NumPy, too
    _become(x, Memory(fresh(x)), None)
    return x  # type: ignore[return-value]


def writable(x: Tracer) -> MutableArray:
    """`mutable`, for a write that follows.

    Raises:
        ValueError: it is a view that NumPy does not let be written into, such as that of ``np.broadcast_to``.
    """
    array = mutable(x)
    if array.place is not None and not array.place[0].flags.writeable:
        raise ValueError("assignment destination is read-only")
    return array


def _become(x: Any, memory: Memory, place: Any) -> None:
    views: list[Any] = x.views or [None]
    before = fresh(x)
    conversions[0] += 1
    x.first, x.second, x.views, x._trace = memory, place, before, _READING
    x.__class__ = MutableArray
    for r in views[1:]:
        v = r()
        if v is None or type(v) is MutableArray:
            continue
        noted: Any = v.views[0]
        step = noted[1](*noted[2])
        if type(step) is Call and step.numpy_function is parts and (half := memory.half(step.function.__name__)):
            _become(v, half, place)
            continue
        positions = step(x.shadow, shadow=True)
        if np.may_share_memory(positions, x.shadow) or not positions.size:
            _become(v, memory, (positions, [*([] if place is None else place[1]), step]))


def origin(x: Any) -> Any:
    """A value that a tape or a Program took before it was written into, as it was then."""
    return x.views if type(x) in MUTABLE else x


def copied(x: Value) -> Value:
    """A copy of an array; what is written into it shows nowhere else."""
    return new_array(cast(MutableArray, x).taken()) if type(x) in MUTABLE else fresh(x)


def viewing(numpy_function: Function) -> Callable[[Function], Function]:
    """Decorator for functions that give views in NumPy: what is written into one shows in the other."""

    def decorate(f: Function) -> Function:
        @functools.wraps(f)
        def call(*args: Any, **kwargs: Any) -> Any:
            if args and type(args[0]) is not ndarray and isinstance(args[0], ValueTracer):
                return view_of(args[0], numpy_function, f, args[1:], kwargs)
            return f(*args, **kwargs)

        call.numpy_view = True  # type: ignore[attr-defined]
        return of_caller(call)

    return decorate


def parts(positions: ndarray) -> ndarray:
    """Where imaginary parts of real numbers are: they can be read, not written. Other parts are of a `Half`."""
    return np.broadcast_to(positions, positions.shape)


def view_of(x: Any, numpy_function: Any, f: Function, args: Any = (), kwargs: Any = {}) -> Any:  # noqa: B006
    """``f(x)``, a function that gives a view, or several, where `numpy_function` does."""
    if type(x) in MUTABLE:
        x = x.this
    else:
        out = f(x, *args, **kwargs)
        if isinstance(out, (list, tuple)):
            for i, o in enumerate(out):
                if isinstance(o, ValueTracer) and o is not x:
                    link(x, o, Call, numpy_function, f, args, kwargs, i)
        elif isinstance(out, ValueTracer) and out is not x:
            link(x, out, Call, numpy_function, f, args, kwargs)
        return out
    half = x.memory.half(f.__name__) if numpy_function is parts else None
    if half is not None:
        view = MutableArray()
        view._trace, view.shape, view.dtype = _READING, x.shape, half.dtype
        view.memory, view.place, view.views = half, x.place, None
        return view
    shadow = x.shadow
    with np.errstate(all="ignore"):
        positions = numpy_function(shadow, *args, **kwargs)
    several = isinstance(positions, (list, tuple))
    out = []
    for i, p in enumerate(positions if several else [positions]):
        step = Call(numpy_function, f, args, kwargs, i if several else None)
        shares = isinstance(p, ndarray) and (np.may_share_memory(p, shadow) or not p.size)
        out.append(view_at(x, p, step) if shares else owned(step(x.taken())))
        if numpy_function is parts and shares:
            out[-1].dtype = dtype_of(step(x.now()))
    return type(positions)(out) if several else out[0]
