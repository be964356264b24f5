"""`jax.numpy`'s objects that are indexed to make arrays (`mgrid`, `ogrid`, `r_`, `c_`, `s_`), its files and its printing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import numpy as ours
from ..array import kind_of
from ..border import lift, lower
from ..promotion import joined
from .numpy import array, asarray, astype

ComplexWarning = np.exceptions.ComplexWarning


def _number(x: Any) -> Any:
    return np.asarray(x).item() if x is not None and not isinstance(x, (int, float, complex)) else x


def _line(s: slice) -> Any:
    """The numbers of a slice: counted, or so many as its imaginary step says."""
    start, stop, step = (_number(x) for x in (s.start, s.stop, s.step))
    start = 0 if start is None else start
    if isinstance(step, complex):
        return lift(ours.linspace(start, stop, int(abs(step))))
    return lift(ours.arange(start, stop, 1 if step is None else step))


class _Mgrid:
    """A dense grid of numbers for each slice: ``jnp.mgrid[0:2, 0:1:5j]``."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _line(key)
        lines = _lines(key)
        return lift(ours.stack([lower(g) for g in ours.meshgrid(*map(lower, lines), indexing="ij")]))


class _Ogrid:
    """An open grid: a list of arrays that broadcast together, one for each slice."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _line(key)
        return lift(list(ours.meshgrid(*map(lower, _lines(key)), indexing="ij", sparse=True)))


def _lines(key: tuple[slice, ...]) -> list[Any]:
    lines = [_line(s) for s in key]
    dtype = joined(*[kind_of(x) for x in lines])[0]
    return [astype(x, dtype) for x in lines]


class _Rows:
    """Arrays, numbers and slices one after another; a string first says along which axis, in how many dimensions."""

    axis, ndmin, place = 0, 1, -1

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        axis, ndmin, place = self.axis, self.ndmin, self.place
        if isinstance(parts[0], str):
            text, *parts = parts
            if text in ("r", "c"):
                axis, ndmin, place = -1, 2, 0 if text == "c" else -1
            else:
                try:
                    numbers = [int(n) for n in text.split(",")]
                except ValueError:
                    raise ValueError(f"could not understand directive {text}") from None
                axis, ndmin, place = (*numbers, *(axis, ndmin, place)[len(numbers) :])
        return _concatenated([self._part(p, ndmin, place) for p in parts], axis)

    @staticmethod
    def _part(part: Any, ndmin: int, place: int) -> Any:
        if isinstance(part, str):
            raise ValueError("string directive must be the first entry")
        x = _line(part) if isinstance(part, slice) else array(part)
        missing = ndmin - x.ndim
        if missing <= 0:
            return x
        before = min(max(place % ndmin - x.ndim + 1, 0), missing)  # the last axis of x stands at `place`
        return x.reshape((*(1,) * before, *x.shape, *(1,) * (missing - before)))


class _Columns(_Rows):
    """The same, as columns."""

    axis, ndmin, place = -1, 2, 0


def _concatenated(arrays: list[Any], axis: int) -> Any:
    from ..jax_names import alias_name

    return alias_name("jax.numpy", "concatenate")(arrays, axis)


mgrid, ogrid, r_, c_ = _Mgrid(), _Ogrid(), _Rows(), _Columns()
s_, index_exp = np.s_, np.index_exp


# --- files and text ---------------------------------------------------------------------------------------------


def save(file: Any, arr: Any, allow_pickle: bool = True) -> None:
    """NumPy's ``save``: an array in a file."""
    np.save(file, np.asarray(arr), allow_pickle)


def savez(file: Any, *args: Any, allow_pickle: bool = True, **kwds: Any) -> None:
    """NumPy's ``savez``: several arrays in a file."""
    np.savez(file, *map(np.asarray, args), **{k: np.asarray(v) for k, v in kwds.items()}, allow_pickle=allow_pickle)


def load(file: Any, *args: Any, **kwargs: Any) -> Any:
    """NumPy's ``load``: the array of a file, or the arrays of an archive."""
    found = np.load(file, *args, **kwargs)
    return asarray(found) if isinstance(found, np.ndarray) else found


def fromfile(*args: Any, **kwargs: Any) -> Any:
    """Not implemented in JAX either: a file is no array.

    Raises:
        NotImplementedError: always; write ``jnp.array(np.fromfile(...))``.
    """
    raise NotImplementedError("jax.numpy.fromfile() is not implemented: write jax.numpy.array(numpy.fromfile(...))")


def fromiter(*args: Any, **kwargs: Any) -> Any:
    """Not implemented in JAX either: an iterator ends when it is read.

    Raises:
        NotImplementedError: always; write ``jnp.array(list(iterator))``.
    """
    raise NotImplementedError("jax.numpy.fromiter() is not implemented: write jax.numpy.array(list(iterator))")


def fromstring(string: str, dtype: Any = float, count: int = -1, *, sep: str) -> Any:
    """The numbers in a string."""
    return asarray(np.fromstring(string, np.dtype(dtype), count, sep=sep))


class ArrayImpl(np.ndarray):
    """NumPy writes the name of the class, which is that of JAX's arrays."""


def array_repr(arr: Any, max_line_width: Any = None, precision: Any = None, suppress_small: Any = None) -> str:
    """NumPy's ``array_repr``, with the name of JAX's class of arrays."""
    return np.array_repr(np.asarray(arr).view(ArrayImpl), max_line_width, precision, suppress_small)


def array_str(a: Any, max_line_width: Any = None, precision: Any = None, suppress_small: Any = None) -> str:
    """NumPy's ``array_str``."""
    return np.array_str(np.asarray(a), max_line_width, precision, suppress_small)


__all__ = [
    "ComplexWarning", "array_repr", "array_str", "c_", "fromfile", "fromiter", "fromstring", "index_exp", "load", "mgrid",
    "ogrid", "r_", "s_", "save", "savez",
]  # fmt: skip
