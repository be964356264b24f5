"""Plain NumPy arrays that a traced value is written into: from then on they stand for a traced array, and stay the same object.

NumPy's memory cannot hold a traced value. So an array that one is written into, wherever it was made, becomes a `Written`:
still an ``np.ndarray`` of its shape and dtype, for whoever holds it, and all that is asked of it (operators, indices,
methods, NumPy's functions) is answered by the `memory.MutableArray` that it now stands for. Arrays that show the same
memory become views of that. Who comes to the memory itself, past all of NumPy's ways of asking, finds NaN there, or the
least integer.

That is noticed by `wengert.plain`, which knows when a traced value is written into a plain array; where it is not at work
(another interpreter), such a write is an error as before. When a transformation has ended, arrays that still live hold the
plain values that the function has written, where it has such (`give_back`).
"""

from __future__ import annotations

import ctypes
import operator
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..core import Tracer, Value
from ..errors import LeakedTracerError, NotSupportedError
from ..frames import caller, foreign_calls
from ..vocabulary import Function
from .aliases import base_of, is_named, sharing
from .indexing import getitem
from .memory import MUTABLE, MutableArray, new_array, view_at
from .shape import reshape

ndarray = np.ndarray
# Modules of SciPy whose buffers stay in Python: no compiled code reads what they write.
_WRITING = tuple(
    f"scipy.signal.{m}" for m in ("_ltisys", "_lti_conversion", "_filter_design", "_fir_filter_design", "_waveforms")
)


class _States(dict[int, MutableArray]):
    def __missing__(self, key: int) -> MutableArray:
        raise NotSupportedError(
            "NumPy's C code made this array from one under a transformation, and its memory holds no values: call the method of "
            "the array, y.copy(), in place of np.ndarray.copy(y)"
        )


STATES = _States()  # by identity, of all arrays that are Written now
_REFERENCES: dict[int, Any] = {}
_OWNERS: dict[int, Any] = {}  # of those that own their memory, weak references
_FIRST: dict[
    int, tuple[int, ndarray]
] = {}  # of those, the thread that wrote into them first, and what they held before
_interface: Any = ndarray.__array_interface__.__get__
ALONE = [0]  # how often an array is referred to, as seen from `traced`, that one variable holds when it is written into
ENABLED: list[Callable[[Any, type], None]] = []  # what sets the type of an array, where that is known to work


def _type() -> Any:
    """A subclass of `ndarray` whose objects lie in memory as those of `ndarray` do, so that one can become the other:
    a class statement would put the collector's fields before each.
    """

    class Slot(ctypes.Structure):
        _fields_ = (("slot", ctypes.c_int), ("function", ctypes.c_void_p))

    class Spec(ctypes.Structure):
        _fields_ = (
            ("name", ctypes.c_char_p),
            ("basicsize", ctypes.c_int),
            ("itemsize", ctypes.c_int),
            ("flags", ctypes.c_uint),
            ("slots", ctypes.POINTER(Slot)),
        )

    try:
        make = ctypes.pythonapi.PyType_FromSpecWithBases
    except AttributeError:  # no CPython
        return type("Written", (ndarray,), {"__slots__": (), "__module__": __name__})
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object]
    base_type, version_tag = 1 << 10, 1 << 18  # flags: it may be derived from, its attributes are cached
    spec = Spec(f"{__name__}.Written".encode(), 0, 0, base_type | version_tag, (Slot * 1)(Slot(0, None)))
    return make(ctypes.addressof(spec), (ndarray,))


Written: Any = _type()
Written.__doc__ = "A plain array that a traced value was written into; see the file's first lines."


def _of_state(x: Any, name: str) -> Any:
    return getattr(STATES[id(x)], name)


def _set_attribute(x: Any, name: str, value: Any) -> None:
    if name in ("real", "imag", "flat"):
        setattr(STATES[id(x)], name, value)
        return
    if name == "shape":
        raise NotSupportedError("the shape of an array under transformation cannot be set; write x = x.reshape(shape)")
    raise AttributeError(f"{name} of an array under transformation cannot be set")


def _array_ufunc(x: Any, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    return STATES[id(x)].__array_ufunc__(ufunc, method, *inputs, **kwargs)


def _text(x: Any) -> str:
    return repr(STATES[id(x)].now())


Written.__getattribute__ = _of_state
Written.__setattr__ = _set_attribute
Written.__repr__ = Written.__str__ = _text
Written.__reduce_ex__ = lambda self, protocol: STATES[id(self)].__reduce_ex__(protocol)
Written.__array_ufunc__ = _array_ufunc
Written.__array_function__ = lambda self, *given: STATES[id(self)].__array_function__(*given)
Written.__array__ = lambda self, dtype=None, copy=None: STATES[id(self)].__array__(dtype, copy)


def _delegated(name: str) -> Function:
    method = getattr(operator, name) if name in ("__getitem__", "__setitem__", "__contains__") else None

    def call(self: Any, *args: Any) -> Any:
        state = STATES[id(self)]
        return getattr(state, name)(*args) if method is None else method(state, *args)

    call.__name__ = name
    return call


def _in_place(name: str) -> Function:
    def call(self: Any, other: Any) -> Any:
        state = STATES[id(self)]
        out = getattr(state, name)(other)
        return self if out is state else out

    call.__name__ = name
    return call


_OPERATORS = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift"


def complete() -> None:
    """Give `Written` the operators of tracers, once `ops.operators` has attached them."""
    names = [f"__{prefix}{n}__" for n in _OPERATORS.split() for prefix in ("", "r")]
    names += [
        f"__{n}__" for n in "lt le gt ge eq ne neg pos abs invert divmod rdivmod getitem setitem contains".split()
    ]
    names += [f"__{n}__" for n in "iter len bool int float complex index round format copy deepcopy".split()]
    for name in names:
        setattr(Written, name, _delegated(name))
    for n in _OPERATORS.split():
        setattr(Written, f"__i{n}__", _in_place(f"__i{n}__"))
    Written.__hash__ = object.__hash__


MUTABLE.add(Written)


def state_of(x: Any) -> Any:
    """The traced array that a `Written` stands for; anything else as it is."""
    return STATES[id(x)] if type(x) is Written else x


def _forget(key: int, _: Any) -> None:
    STATES.pop(key, None)
    _REFERENCES.pop(key, None)
    _OWNERS.pop(key, None)
    _FIRST.pop(key, None)


def _become(x: Any, state: MutableArray) -> None:
    key = id(x)
    STATES[key] = state
    _REFERENCES[key] = weakref.ref(x, partial(_forget, key))
    ENABLED[0](x, Written)


def traced(x: Any) -> MutableArray | None:
    """The traced array that a plain array becomes, so that a traced value can be written into it; None if it cannot be.

    Buffers that SciPy, pandas or xarray make for themselves cannot be.

    Raises:
        ValueError: the array is read-only, as NumPy says it.
        NotSupportedError: other objects than arrays show its memory.
    """
    if type(x) is Written:
        return STATES[id(x)]
    if not ALONE[0]:  # the trial of the installation
        owner = x
        ALONE[0] = sys.getrefcount(x)
        return None
    if type(x) is not ndarray or not ENABLED or x.dtype.kind not in "biufc":
        return None
    if foreign_calls() is not None and not caller()[1].startswith(_WRITING):
        return None  # SciPy's own buffers go on to compiled code, which reads their memory
    if not x.flags.writeable:
        raise ValueError("assignment destination is read-only")
    owner = x
    while isinstance(base := base_of(owner), ndarray):
        owner = base
    if type(owner) is Written:  # a view of it that could not be found
        layout = STATES[id(owner)].memory.positions
        positions = _shown(layout, *_positions(x, owner))
        _become(x, view_at(STATES[id(owner)], positions, _Shown(positions)))
        return STATES[id(x)]
    if type(owner) is not ndarray or (base is not None and type(base).__name__ != "PyCapsule"):
        raise NotSupportedError(
            f"traced values cannot be written into memory that an object of type "
            f"{type(owner if base is None else base).__name__} has as well: write into a copy of the array, x.copy()"
        )
    alone = owner is x and sys.getrefcount(x) <= ALONE[0] and is_named(x)  # or the one that refers to it is a view
    _become_with_views(owner, [] if alone else _other_views(x, owner))
    return STATES[id(x)]


def _other_views(x: ndarray, owner: ndarray) -> list[ndarray]:
    """The arrays that show memory of `owner` as well, `x` among them where it is a view."""
    others = sharing(owner)
    for v in others:
        if type(v) not in (ndarray, Written):
            raise NotSupportedError(
                f"traced values cannot be written into memory that an object of type {type(v).__name__} shows as well: write "
                f"into a copy of it, np.array(x)"
            )
    others = [v for v in others if type(v) is ndarray]
    if all(v is not x for v in others) and x is not owner:
        others.append(x)
    return others


def _become_with_views(owner: ndarray, others: Sequence[ndarray]) -> None:
    """Make a traced array of a plain one, and of each view of it one of that array's."""
    views = [(v, _positions(v, owner)) for v in others]
    first = np.array(owner)
    state = new_array(first)
    layout = np.empty_like(owner, np.intp)
    if others and tuple([s // layout.itemsize * owner.itemsize for s in layout.strides]) != owner.strides:
        raise NotSupportedError("traced values cannot be written into views of an array with gaps; write into a copy")
    layout[...] = state.memory.positions
    state.memory._positions = layout
    shown = [(v, view_at(state, _shown(layout, *where), _Shown(_shown(layout, *where)))) for v, where in views]
    if owner.size:
        owner[...] = (
            np.nan if owner.dtype.kind in "fc" else np.iinfo(owner.dtype).min if owner.dtype.kind in "iu" else 0
        )
    _become(owner, state)
    _OWNERS[id(owner)], _FIRST[id(owner)] = weakref.ref(owner), (threading.get_ident(), first)
    for v, view in shown:
        _become(v, view)


def _positions(view: ndarray, owner: ndarray) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Where a view stands in its owner: offset, shape and strides, counted in elements."""
    size = view.itemsize
    offset = _interface(view)["data"][0] - _interface(owner)["data"][0]
    if view.dtype != owner.dtype or offset % size or any(s % size for s in view.strides):
        raise NotSupportedError(
            f"traced values cannot be written into an array of {owner.dtype} whose memory is seen as {view.dtype} as well: "
            f"write into a copy of it, x.copy()"
        )
    return offset // size, view.shape, tuple([s // size for s in view.strides])


def _shown(layout: ndarray, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> ndarray:
    """The part of an array of positions that shows what a view shows."""
    flat = layout.ravel(order="K")
    size = flat.itemsize
    start = flat[offset : offset + 1] if flat.size else flat
    return np.lib.stride_tricks.as_strided(start, shape, [s * size for s in strides], writeable=True)


class _Shown:
    """The view that shows the elements at some positions, by an index and a transposition where these do."""

    __slots__ = ("positions",)
    integers = None

    def __init__(self, positions: ndarray) -> None:
        self.positions = positions

    def __call__(self, x: Value, shadow: bool = False) -> Any:
        return self.positions if shadow else getitem(reshape(x, (-1,)), self.positions)


# --- a function that runs again ------------------------------------------------------------------------------------


Held = dict[int, Any]  # of arrays that were written into before a function runs, their memory and its value


def held() -> Held | None:
    """What arrays hold that were written into; None where there are none."""
    if not _OWNERS:
        return None
    found: Held = {}
    for key in list(_FIRST):
        state = STATES.get(key)
        if state is not None:
            memory = state.memory
            found[key] = memory, memory._value, dict(memory.blocks), memory.depth
    return found


def hold_again(before: Held | None, left: Held | None = None) -> None:
    """Arrays that a function has written into in this thread hold again what they held before: it runs once more.

    Args:
        left: where it is noted which arrays hold traced values of the run that has ended.
    """
    for key, (thread, first) in list(_FIRST.items()):
        state = STATES.get(key)
        if state is None or thread != threading.get_ident():
            continue
        memory, value, blocks, depth = (before or {}).get(key, (None, None, {}, 0))
        if memory is not state.memory:  # plain before
            value, blocks, depth = np.array(first), {}, 0
        memory = state.memory
        if left is not None and _is_traced(memory, value, blocks):
            left[key] = memory, memory._value, dict(memory.blocks), memory.depth
        state.memory._value, state.memory.blocks, state.memory.depth = value, dict(blocks), depth


def _is_traced(memory: Any, value: Value, blocks: dict[tuple[int, ...], Value]) -> bool:
    """Whether traced values stand in a memory that once held others."""
    if isinstance(memory._value, Tracer) and memory._value is not value:
        return True
    return any(isinstance(b, Tracer) and blocks.get(i) is not b for i, b in memory.blocks.items())


def leave(before: Held | None, left: Held) -> None:
    """Arrays that any of several runs wrote traced values into have no numbers when all have ended, as after a single run:
    what the last one did not write into would show what was there before, as if no run had written.
    """
    for key, (memory, value, blocks, depth) in left.items():
        state = STATES.get(key)
        if state is None or state.memory is not memory:
            continue
        known, old, old_blocks, _ = (before or {}).get(key, (None, None, {}, 0))
        if known is not memory:
            old, old_blocks = None, {}
        if not _is_traced(memory, old, old_blocks):
            memory._value, memory.blocks, memory.depth = value, blocks, depth


# --- the end of a transformation --------------------------------------------------------------------------------


def give_back() -> None:
    """Arrays that were written into by a transformation that has ended become plain ones again, where their values are
    known: those of the function, as if it had run plainly.
    """
    if not _OWNERS:
        return
    for key, reference in list(_OWNERS.items()):
        owner = reference()
        state = STATES.get(key)
        if owner is None or state is None:
            continue
        memory = state.memory
        value, changed = _ended(memory._value)
        blocks = {i: _ended(b) for i, b in memory.blocks.items()}
        if not changed and not any(c for _, c in blocks.values()):
            continue
        memory._value = value
        memory.blocks = {i: b for i, (b, _) in blocks.items()}
        try:
            value = memory.now()
        except (
            LeakedTracerError
        ):  # partly written only, when the function was left by an error; the rest is of an earlier one
            continue
        if not isinstance(value, Tracer):
            _plain(owner, value)
        del owner


def _ended(x: Value) -> tuple[Value, bool]:
    """What a traced value of a transformation that has ended was for it; whether it was one."""
    changed = False
    while isinstance(x, Tracer) and x._trace.ended and hasattr(x, "primal"):
        x, changed = x.primal, True
    return x, changed


def _plain(owner: Any, value: Any) -> None:
    memory = STATES[id(owner)].memory
    for key, state in list(STATES.items()):
        if state.memory is memory:
            x = _REFERENCES[key]()
            _forget(key, None)
            if x is not None:
                ENABLED[0](x, ndarray)
    owner[...] = value


__all__ = ["ENABLED", "STATES", "Written", "complete", "give_back", "held", "hold_again", "leave", "state_of", "traced"]
