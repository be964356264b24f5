"""Indices as JAX has them: out of range, a reading takes the nearest element and an update is left out.

Known indices within the range, which most are, take the library's way; the others are moved first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import LinearTracer, Tracer, Value, dtype_of, inexact_dtype, shape_of
from ..errors import ConcretizationError
from ..ops import elementwise as ew
from ..ops import updates
from ..ops.indexing import _entries, getitem
from ..ops.shape import reshape
from ..transforms.derivatives import stop_gradient
from .array import Array, in_dtype, kind_of, promoted, wrap
from .border import lower, lowered
from .conversion import converted
from .refusals import JAXIndexError, NonConcreteBooleanIndexError


def _is_plain(index: Any) -> bool:
    """Whether a list that stands beside other indices holds numbers and lists of them alone: JAX takes it for an array."""
    return bool(index) and all(_is_plain(e) if type(e) is list else isinstance(e, (int, np.integer)) for e in index)


def plain(index: Any) -> Any:
    """An index without `Array`s in it.

    Raises:
        TypeError: a list as an index, text, or an array of floats.
    """
    if type(index) is tuple:
        return tuple([plain(np.asarray(e) if type(e) is list and _is_plain(e) else e) for e in index])
    if type(index) is Array:
        value = index._value
        if value.dtype.kind not in "iub":
            raise TypeError(
                f"Indexer must have integer or boolean type, got indexer with type {value.dtype} at position 0"
            )
        return value if value.shape or isinstance(value, Tracer) or value.dtype.kind == "b" else int(value)
    if type(index) is slice:
        try:
            return slice(*[None if e is None else e.__index__() for e in (index.start, index.stop, index.step)])
        except ConcretizationError as error:
            raise JAXIndexError(
                f"Slice entries must be static integers. Got {index} at position 0: jax.lax.dynamic_slice takes a traced "
                f"start, and a length that is known"
            ) from error
    if isinstance(index, list):
        raise TypeError(
            "Using a non-tuple sequence for multidimensional indexing is not allowed; use `arr[array(seq)]` instead of "
            "`arr[seq]`"
        )
    if isinstance(index, str):
        raise TypeError(f"JAX does not support string indexing; got idx={index!r}")
    if isinstance(index, float) or (isinstance(index, (np.ndarray, np.generic)) and index.dtype.kind not in "iub"):
        raise TypeError(f"Indexer must have integer or boolean type, got indexer with type {np.asarray(index).dtype}")
    return index


def _settled(e: Any) -> bool:
    return type(e) is slice or e is None or e is Ellipsis


def _inside(index: Any, shape: tuple[int, ...]) -> bool:
    """Whether an index is made of slices and of integers within the range."""
    entries = index if type(index) is tuple else (index,)
    if Ellipsis in [e for e in entries if _settled(e)]:
        return all(map(_settled, entries))
    axis = 0
    for e in entries:
        if type(e) is int:
            if axis >= len(shape) or not -shape[axis] <= e < shape[axis]:
                return False
        elif not _settled(e):
            return False
        axis += e is not None
    return True


def _moved(index: Any, shape: tuple[int, ...]) -> Any:
    """An index whose integers are moved to the nearest element."""
    out: list[Any] = []
    axis = 0
    for e in _entries(index, shape):
        if e is None or e is Ellipsis:
            out.append(e)
            continue
        if type(e) is tuple:
            out.append(bool(shape_of(e[0])[0]))
            continue
        n = shape[axis]
        axis += 1
        if type(e) is slice:
            out.append(e)
        elif type(e) is int:
            out.append(min(max(e + n if e < 0 else e, 0), max(n - 1, 0)))
        else:
            out.append(clamped(e, n))
    return tuple(out)


def clamped(e: Value, n: int, negative: bool = True) -> Value:
    """Indices of an axis of length `n`, moved to the nearest element; negative ones count from the end."""
    if not isinstance(e, Tracer):
        e = np.asarray(e)
        return np.clip(np.where(e < 0, e + n, e) if negative else e, 0, n - 1)
    if dtype_of(e).kind == "u" or np.iinfo(dtype_of(e)).max < n:
        e = ew.convert(e, np.int32 if n < 2**31 else np.int64)
    if negative:
        e = ew.where(ew.less(e, 0), ew.add(e, n), e)
    return ew.minimum(ew.maximum(e, 0), n - 1)


# Under `checkify`: called with the integers of an index, the length and the number of their axis, and the shape.
watched: Any = None


def _watch(index: Any, shape: tuple[int, ...]) -> None:
    """Show the integers of an index to `watched`."""
    axis = 0
    for e, n in zip_axes(index, shape):
        if (
            isinstance(e, (int, np.ndarray, np.integer, Tracer))
            and not isinstance(e, bool)
            and dtype_of(e).kind in "iu"
        ):
            watched(e, n, axis, shape)
        axis += e is not None and e is not Ellipsis


def read(x: Value, index: Any) -> Value:
    """``x[index]``, for an `index` that may hold `Array`s.

    Raises:
        NonConcreteBooleanIndexError: a mask whose values are not known.
        JAXIndexError: a slice from or to a number that is not known.
    """
    try:
        return _read(x, index)
    except ConcretizationError as error:
        masks = [e for e in (index if type(index) is tuple else (index,)) if type(e) is Array and e.dtype.kind == "b"]
        raise NonConcreteBooleanIndexError(masks[0] if masks else wrap(x)) from error


def _read(x: Value, index: Any) -> Value:
    index = given = plain(index)
    shape = x.shape
    if not _inside(index, shape):
        if watched is not None:
            _watch(index, shape)
        index = _moved(index, shape)
    if not _inside(index, shape) and isinstance(x, Tracer) and inexact_dtype(x.dtype):
        return _without_absent(x, given, index)
    out = x[index] if not isinstance(x, Tracer) and _inside(index, shape) else getitem(x, index)
    return out


def _without_absent(x: Value, given: Any, moved: Any) -> Value:
    """``x[moved]``, whose elements that an index array of `given` names outside of the array have no derivative.

    That is so where the index arrays stand side by side, or are one; elsewhere the nearest elements have it.
    """
    out = getitem(x, moved)
    entries = _entries(given, x.shape)
    places = [i for i, e in enumerate(entries) if isinstance(e, (np.ndarray, Tracer)) and shape_of(e)]
    rest = [e for i, e in enumerate(entries) if i not in places]
    if not places or places[-1] - places[0] >= len(places) or not all(type(e) is slice for e in rest):
        return out
    there: Any = True
    for i in places:
        e, n = entries[i], x.shape[i]
        if not isinstance(e, Tracer) and e.size and -n <= e.min() and e.max() < n:
            continue
        there = ew.logical_and(there, ew.logical_and(ew.greater_equal(e, _least(e, n)), ew.less(e, n)))
    if there is True:
        return out
    after = len(x.shape) - places[-1] - 1
    return ew.where(
        reshape(there, (*shape_of(there), *(1,) * after)), out, out if type(out) is LinearTracer else stop_gradient(out)
    )


def _least(e: Value, n: int) -> int:
    dtype = dtype_of(e)
    return 0 if dtype.kind == "u" else max(-n, int(np.iinfo(dtype).min))


class At:
    """``x.at``: to be indexed with a place."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> Place:
        return Place(self.array, plain(index))

    def __repr__(self) -> str:
        return f"_IndexUpdateHelper({self.array!r})"


class Place:
    """``x.at[index]``: a place in an array. Updates out of range are left out, readings take the nearest element.

    Each method takes ``mode``, as JAX has them: "drop" or "fill", "clip", "promise_in_bounds".
    """

    __slots__ = ("array", "index")

    def __init__(self, array: Array, index: Any) -> None:
        self.array, self.index = array, index

    def _place(self, options: dict[str, Any], default: str) -> tuple[Any, dict[str, Any]]:
        x = self.array._value
        options = dict(options)
        mode = _mode_name(options.get("mode"))
        mode = {None: default, "promise_in_bounds": default, "fill_or_drop": "drop"}.get(mode, mode)
        index = self.index
        if options.pop("wrap_negative_indices", True) is False:
            index = _not_wrapped(index, x.shape)
        if _inside(index, x.shape):
            mode = None
        return updates.at(x)[index], {**options, "mode": mode}

    def _update(self, name: str, values: Any, options: dict[str, Any]) -> Array:
        place, options = self._place(options, "drop")
        values = converted(in_dtype(values, kind_of(values)[0]), self.array.dtype)
        return wrap(getattr(place, name)(values, **options), self.array._weak)

    def get(self, **options: Any) -> Array:
        """The elements at this place."""
        mode = _mode_name(options.get("mode"))
        if options.get("wrap_negative_indices") is False:
            index = _not_wrapped(self.index, self.array.shape)
            return Place(self.array, index).get(**{k: v for k, v in options.items() if k != "wrap_negative_indices"})
        options = {k: v for k, v in options.items() if k != "wrap_negative_indices"}
        if mode in (None, "clip", "promise_in_bounds"):
            return self.array[self.index]
        fill = options.get("fill_value")
        if fill is not None:
            options["fill_value"] = in_dtype(fill, self.array.dtype)
        place, options = self._place(options, "clip")
        if options["mode"] is None:
            options.pop("fill_value", None)
        return wrap(place.get(**options), self.array._weak)

    def set(self, values: Any, **options: Any) -> Array:
        """A copy with `values` at this place."""
        return self._update("set", values, options)

    def add(self, values: Any, **options: Any) -> Array:
        """A copy with `values` added, all of them where indices repeat."""
        return self._update("add", values, options)

    def subtract(self, values: Any, **options: Any) -> Array:
        """A copy with `values` subtracted."""
        return self._update("subtract", values, options)

    def multiply(self, values: Any, **options: Any) -> Array:
        """A copy multiplied by `values` at this place."""
        return self._update("multiply", values, options)

    mul = multiply

    def divide(self, values: Any, **options: Any) -> Array:
        """A copy divided by `values` at this place; in floats."""
        (x, v), weak = promoted((self.array, values), inexact=True)
        return Place(wrap(x, weak), self.index)._update("divide", v, options)

    def power(self, values: Any, **options: Any) -> Array:
        """A copy with the elements at this place raised to `values`, as often as indices repeat."""
        if isinstance(values, (int, float)) or not np.ndim(lower(values)):
            return self.apply(lambda x: x**values, **options)
        return self._update("power", values, options)

    def min(self, values: Any, **options: Any) -> Array:
        """A copy with the smaller of element and value."""
        return self._update("min", values, options)

    def max(self, values: Any, **options: Any) -> Array:
        """A copy with the larger of element and value."""
        return self._update("max", values, options)

    def apply(self, function: Any, **options: Any) -> Array:
        """A copy with `function` applied to the elements at this place, as often as indices repeat."""
        if self._once():
            return self._update("set", function(self.get(mode="clip")), options)
        place, options = self._place(options, "drop")
        return wrap(place.apply(lowered(lambda x: function(x).astype(self.array.dtype)), **options), self.array._weak)

    def _once(self) -> bool:
        return _inside(self.index, self.array.shape)


_MODES = frozenset(("clip", "drop", "fill", "fill_or_drop", "promise_in_bounds"))


def _mode_name(mode: Any) -> str | None:
    """What becomes of indices out of range, by its name in lower case.

    Raises:
        ValueError: there is no such mode.
    """
    if mode is None:
        return None
    name = str(getattr(mode, "mode", None) or getattr(mode, "name", mode)).lower()
    if name not in _MODES:
        raise ValueError(f'Unknown gather mode "{mode}": it is one of {", ".join(sorted(_MODES))}')
    return name


def _not_wrapped(index: Any, shape: tuple[int, ...]) -> Any:
    """An index whose negative integers lie before the array instead of counting from its end."""
    out: list[Any] = []
    for e, n in zip_axes(index, shape):
        if type(e) is int and e < 0:
            e -= n
        elif isinstance(e, (np.ndarray, Tracer)) and dtype_of(e).kind == "i":
            e = ew.where(ew.less(e, 0), ew.subtract(e, n), e)
        out.append(e)
    return tuple(out)


def zip_axes(index: Any, shape: tuple[int, ...]) -> list[tuple[Any, int]]:
    """The entries of an index, each with the length of its axis."""
    out, axis = [], 0
    for e in _entries(index, shape):
        takes = e is not None and e is not Ellipsis
        out.append((e, shape[axis] if takes and axis < len(shape) else 0))
        axis += takes
    return out


__all__ = ["At", "Place", "clamped", "plain", "read"]
