"""Functional updates: ``at(x)[index].set(v)`` and its kin, and what becomes of indices out of range."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..config import config
from ..core import Primitive, Tracer, Value, as_array, as_value, dtype_of, shape_of
from ..errors import ArgumentError, DtypeError, ShapeError
from ..vocabulary import Keywords
from . import elementwise as ew
from . import reduction
from .above import control_flow
from .combining_scatters import scatter_max_p, scatter_min_p, scatter_mul_p
from .fits import check_written
from .indexing import _entries, _slice_entry, getitem
from .memory import position_dtype
from .scatters import gather_p, scatter_add_p, scatter_set_p
from .selection import fills, widen, without_mask
from .shape import broadcast_to, concatenate, reshape

_MODES = (None, "promise_in_bounds", "clip", "wrap", "fill", "drop")
# Promises that JAX's compiler makes use of; they change nothing here.
_PROMISES = frozenset({"indices_are_sorted", "unique_indices", "out_sharding", "wrap_negative_indices"})


def _mode(options: Keywords, *more: str) -> str | None:
    """What an update or a reading does with indices out of range, from its keyword arguments."""
    for name in options:
        if name != "mode" and name not in _PROMISES and name not in more:
            raise ArgumentError(f"at(x)[index] has no option {name!r}; it has mode{''.join(f', {m}' for m in more)}")
    mode = options.get("mode")
    if mode not in _MODES:
        raise ArgumentError(f"at(x)[index]: mode is one of {', '.join(map(repr, _MODES[1:]))}, got {mode!r}")
    return mode


def positions(shape: tuple[int, ...], index: Value, mode: str | None) -> tuple[Value, bool]:
    """Flat positions of the elements at an index, and whether some may be one beyond the last, for "not there".

    Indices out of range raise (None, "promise_in_bounds"), are moved to the nearest element ("clip"), are counted
    around ("wrap"), or are not there ("fill", "drop").
    """
    size = math.prod(shape)
    flat = _Flat(shape)
    if mode in (None, "promise_in_bounds"):
        return flat[index], False
    absent = mode in ("fill", "drop")
    key: list[Any] = []
    axis = 0
    for e in _entries(index, shape):
        if e is None or e is Ellipsis:
            key.append(e)
            continue
        if type(e) is tuple:  # True or False: a new axis of length 1 or 0
            key.append(bool(shape_of(e[0])[0]))
            continue
        n = shape[axis]
        axis += 1
        if isinstance(e, slice):
            start, stop, step = _slice_entry(e, n)
            key.append(slice(0, n) if (start, stop, step) == (None, None, None) else slice(start, stop, step))
        elif mode == "wrap":
            key.append(e % n)
        else:
            from_front = ew.where(ew.less(e, 0), ew.add(e, n), e)
            if absent:
                there = ew.logical_and(ew.greater_equal(from_front, 0), ew.less(from_front, n))
                key.append(_plain(ew.where(there, from_front, n)))
            else:
                key.append(_plain(ew.minimum(ew.maximum(from_front, 0), n - 1)))
    if absent:
        dtype = position_dtype(size)
        padded = np.full([n + 1 for n in shape], size, dtype)
        padded[tuple(slice(0, n) for n in shape)] = np.arange(size, dtype=dtype).reshape(shape)
        return getitem(padded, tuple(key)), True
    return flat[tuple(key)], False


def _known_entry(e: Any) -> bool:
    if type(e) is slice:
        return not any(isinstance(bound, Tracer) for bound in (e.start, e.stop, e.step))
    return e is None or e is Ellipsis or isinstance(e, (int, np.integer, np.ndarray))


class _Flat:
    """The positions of the elements of an array of a shape, of which some are asked for: those at a known index are
    sums of what each axis contributes, so that there need not be as many positions as elements.
    """

    __slots__ = ("shape",)

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def __getitem__(self, index: Value) -> Value:
        size = math.prod(self.shape)
        dtype = position_dtype(size)
        entries = index if type(index) is tuple else (index,)
        if not all(map(_known_entry, entries)) or len(self.shape) < 2:
            return getitem(np.arange(size, dtype=dtype).reshape(self.shape), index)
        found: Any = None
        stride = size
        for axis, n in enumerate(self.shape):
            stride //= n or 1
            along = (np.arange(n, dtype=dtype) * dtype(stride)).reshape(
                [-1 if i == axis else 1 for i in range(len(self.shape))]
            )
            part = getitem(np.broadcast_to(along, self.shape), index)
            found = part if found is None else found + part
        return found


def _plain(index: Value) -> Value:
    """A known scalar as an integer, which counts as a basic index."""
    return index if isinstance(index, Tracer) or shape_of(index) else int(index)


def _fill_value(dtype: np.dtype) -> Any:
    """What stands for an element that is not there: not a number, or the least or greatest integer."""
    if dtype.kind in "iu":
        return np.iinfo(dtype).max if dtype.kind == "u" else np.iinfo(dtype).min
    return True if dtype.kind == "b" else np.nan


class _At:
    """``at(x)[index]``: a place in an array, from which an updated copy is made."""

    __slots__ = ("array",)

    def __init__(self, array: Value) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> Place:
        return Place(self.array, index)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(Place, name):
            raise AttributeError(f"at(x) has no attribute {name!r}: it is indexed, at(x)[index]")
        raise AttributeError(f"at(x) needs an index: write at(x)[index].{name}(...), at(x)[...] for all of x")

    def __repr__(self) -> str:
        return f"at(array of shape {shape_of(self.array)})"


class Place:
    """A place in an array: ``at(x)[index]``. Its methods return a copy of `x` that is changed there.

    Each takes ``mode``, which says what becomes of indices out of range: they raise IndexError (None), are moved to
    the nearest element ("clip"), are counted around ("wrap"), or are left out ("drop", and "fill", which reads a fill
    value). JAX's promises about indices (``unique_indices`` …) are taken and change nothing.

    Example:
        >>> import numpy as np
        >>> at(np.zeros(3))[[0, 0]].add(1.0)
        array([2., 0., 0.])
        >>> at(np.zeros(3))[[0, 7]].set(1.0, mode="drop")
        array([1., 0., 0.])
    """

    __slots__ = ("array", "index")

    def __init__(self, array: Value, index: Any) -> None:
        self.array = array
        self.index = index

    def __repr__(self) -> str:
        return f"at(array of shape {shape_of(self.array)})[{self.index}]"

    def _scatter(self, primitive: Primitive, values: Value, options: Keywords) -> Value:
        x = as_array(self.array)
        shape, dtype = shape_of(x), dtype_of(x)
        size = math.prod(shape)
        values = as_value(values)
        check_written(values, dtype)
        index = self.index if type(self.index) is tuple else (self.index,)
        if any(isinstance(e, Tracer) for e in index):
            found = without_mask(x, index)
            if found is not None and fills(values, *found[1:], getitem(x, found[0])):
                return _where_masked(primitive, x, values, *found)
        where, absent = positions(shape, self.index, _mode(options))
        have, want = shape_of(values), shape_of(where)
        if len(have) > len(want) and have[: len(have) - len(want)] == (1,) * (len(have) - len(want)):
            values = reshape(values, have[len(have) - len(want) :])
        if shape_of(values) != want:
            try:
                values = broadcast_to(values, want)
            except ShapeError:
                raise ShapeError(f"cannot write values of shape {have} to a place of shape {want}") from None
        if dtype_of(values).kind == "c" and dtype.kind != "c":
            raise DtypeError(
                f"cannot write {dtype_of(values)} values into a {dtype} array; convert it with astype first"
            )
        flat = reshape(x, (size,))
        if absent:
            flat = concatenate([flat, np.zeros(1, dtype)], 0)
        values = ew.convert(values, dtype)
        flat = primitive.bind(flat, reshape(values, (-1,)), reshape(where, (-1,)), axes=(0,))
        return reshape(flat[:size] if absent else flat, shape)

    def get(self, **options: Any) -> Value:
        """The elements at this place; with ``mode="fill"``, ``fill_value`` where there are none."""
        mode = _mode(options, "fill_value")
        x = as_array(self.array)
        if mode in (None, "promise_in_bounds"):
            return getitem(x, self.index)
        where, absent = positions(shape_of(x), self.index, mode)
        flat, dtype = reshape(x, (-1,)), dtype_of(x)
        if absent:
            fill = options.get("fill_value")
            fill = ew.convert(as_value(_fill_value(dtype) if fill is None else fill), dtype)
            flat = concatenate([flat, reshape(fill, (1,))], 0)
        return gather_p.bind(flat, where, axes=(0,))

    def set(self, values: Any, **options: Any) -> Value:
        """A copy with `values` at this place; the last one where indices repeat."""
        return self._scatter(scatter_set_p, values, options)

    def add(self, values: Any, **options: Any) -> Value:
        """A copy with `values` added, all of them where indices repeat."""
        return self._scatter(scatter_add_p, values, options)

    def subtract(self, values: Value, **options: Any) -> Value:
        """A copy with `values` subtracted."""
        return self._scatter(scatter_add_p, -as_array(values), options)

    def multiply(self, values: Any, **options: Any) -> Value:
        """A copy multiplied by `values` at this place."""
        return self._scatter(scatter_mul_p, values, options)

    mul = multiply

    def divide(self, values: Value, **options: Any) -> Value:
        """A copy divided by `values` at this place."""
        return self._scatter(scatter_mul_p, 1 / as_array(values), options)

    def power(self, values: Value, **options: Any) -> Value:
        """A copy with the elements at this place raised to `values`."""
        return self.set(self.get(**options) ** as_value(values), **options)

    def min(self, values: Any, **options: Any) -> Value:
        """A copy with the smaller of element and value."""
        return self._scatter(scatter_min_p, values, options)

    def max(self, values: Any, **options: Any) -> Value:
        """A copy with the larger of element and value."""
        return self._scatter(scatter_max_p, values, options)

    def apply(self, function: Callable[[Value], Value], **options: Any) -> Value:
        """A copy with `function`, elementwise, applied to the elements at this place: as often as indices repeat."""
        x = as_array(self.array)
        where, absent = positions(shape_of(x), self.index, _mode(options))
        times = scatter_add_p.bind(
            np.zeros(math.prod(shape_of(x)) + absent, config.int_dtype), 1, reshape(where, (-1,)), axes=(0,)
        )
        alone = math.prod(shape_of(where)) < 2  # one place cannot repeat
        if alone or (not isinstance(times, Tracer) and not (times > 1).any()):
            return self.set(function(self.get(**options)), **options)
        times = reshape(times[: math.prod(shape_of(x))], shape_of(x))

        def once(i: Value, x: Value) -> Value:
            return ew.where(ew.greater(times, i), ew.convert(function(x), dtype_of(x)), x)

        return control_flow().fori_loop(0, reduction.max(times, initial=0), once, x)


_COMBINED: dict[Primitive, Callable[[Value, Value], Value]] = {
    scatter_set_p: lambda x, v: v,
    scatter_add_p: ew.add,
    scatter_mul_p: ew.multiply,
    scatter_min_p: ew.minimum,
    scatter_max_p: ew.maximum,
}


def _where_masked(
    primitive: Primitive, x: Value, values: Value, basic: tuple[Any, ...], mask: Tracer, axis: int
) -> Value:
    """An update where a mask holds that is not known: the place has as many elements as the mask has true entries."""
    now, d = getitem(x, basic), dtype_of(x)
    fill = reshape(values, ()) if math.prod(shape_of(values)) == 1 else values
    if dtype_of(fill).kind == "c" and d.kind != "c":
        raise DtypeError(f"cannot write {dtype_of(fill)} values into a {d} array; convert it with astype first")
    combined = ew.convert(_COMBINED[primitive](now, ew.convert(fill, d)), d)
    out = ew.where(widen(mask, shape_of(now), axis), combined, now)
    return out if shape_of(now) == shape_of(x) else at(x)[basic].set(out)


def at(x: Value) -> _At:
    """Functional updates: ``at(x)[index].set(v)``, and ``add``, ``multiply``, ``min``, ``max``, ``apply`` …

    Args:
        x: an array; it is not changed.

    Returns:
        An object to be indexed; each method of the place so chosen returns a changed copy of `x`.

    Example:
        >>> import numpy as np
        >>> at(np.zeros(4))[1:3].set(5.0)
        array([0., 5., 5., 0.])
    """
    return _At(as_array(x))
