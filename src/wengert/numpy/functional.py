"""Functions that take functions: vectorize, apply_along_axis, apply_over_axes; all by `vmap`."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from ..core import as_array, ndim_of, shape_of
from ..errors import ArgumentError, ShapeError
from ..ops.axes import axis_list, canonical_axis
from ..ops.promotion import broadcast_shapes
from ..ops.shape import moveaxis, reshape
from ..vocabulary import ArrayLike, Function, Value

_DIMENSIONS = r"\(\s*(?:[\w\d]+\s*(?:,\s*[\w\d]+\s*)*)?\)"
_SIGNATURE = re.compile(
    rf"^\s*(?:{_DIMENSIONS}\s*(?:,\s*{_DIMENSIONS}\s*)*)?->\s*{_DIMENSIONS}\s*(?:,\s*{_DIMENSIONS}\s*)*$"
)


def _core_dimensions(text: str) -> list[tuple[str, ...]]:
    return [tuple(re.findall(r"[\w\d]+", d)) for d in re.findall(_DIMENSIONS, text)]


def _map_over(f: Function, axes: Sequence[tuple[bool, ...]]) -> Function:
    """`f` mapped by vmap once for each tuple of flags, outermost first."""
    from ..transforms.vmap import vmap

    for flags in reversed(axes):
        f = vmap(f, in_axes=tuple(0 if mapped else None for mapped in flags))
    return f


def vectorize(pyfunc: Function, *, excluded: Sequence[Any] = (), signature: str | None = None) -> Function:
    """A function of arrays from one of single elements (or of those that `signature` describes), by `vmap`.

    Args:
        pyfunc: the function; it is traced, not called in a loop.
        excluded: positions and names of arguments that are passed as they are.
        signature: such as ``"(n,m),(m)->(n)"``: which axes of each argument the function itself takes.

    Raises:
        ArgumentError: `signature` cannot be read, or does not fit the arguments.

    Example:
        >>> import numpy as np
        >>> vectorize(lambda v, w: v @ w, signature="(n),(n)->()")(np.ones((3, 2)), np.ones(2))
        array([2., 2., 2.])
    """
    if signature is not None and not _SIGNATURE.match(signature):
        raise ArgumentError(f"vectorize cannot read the signature {signature!r}; write it like '(n,m),(m)->(n)'")
    left_out = set(excluded)

    @functools.wraps(pyfunc)
    def call(*args: Any, **kwargs: Any) -> Any:
        places = [i for i in range(len(args)) if i not in left_out]
        names = [k for k in kwargs if k not in left_out]
        arrays = [as_array(args[i]) for i in places] + [as_array(kwargs[k]) for k in names]
        if signature is None:
            cores: list[tuple[str, ...]] = [()] * len(arrays)
        else:
            cores = _core_dimensions(signature.split("->")[0])
            if len(cores) != len(arrays):
                raise ArgumentError(f"vectorize: signature {signature!r} is for {len(cores)} arrays, got {len(arrays)}")
        lengths: dict[str, int] = {}
        for x, core in zip(arrays, cores, strict=True):
            if ndim_of(x) < len(core):
                raise ShapeError(f"vectorize: an array of shape {shape_of(x)} for core dimensions {core}")
            for name, n in zip(core, shape_of(x)[ndim_of(x) - len(core) :], strict=True):
                if lengths.setdefault(name, n) != n:
                    raise ShapeError(f"vectorize: core dimension {name!r} has lengths {lengths[name]} and {n}")
        leads = [shape_of(x)[: ndim_of(x) - len(core)] for x, core in zip(arrays, cores, strict=True)]
        lead = broadcast_shapes("vectorize", *leads)

        def single(*values: Any) -> Any:
            full, named = list(args), dict(kwargs)
            for i, v in zip(places, values, strict=False):
                full[i] = v
            named.update(zip(names, values[len(places) :], strict=True))
            return pyfunc(*full, **named)

        # Axes of length 1 are not mapped over: the function sees them once.
        flags = [[False] * len(arrays) for _ in lead]
        for k, own in enumerate(leads):
            for i, n in enumerate(own):
                axis = len(lead) - len(own) + i
                flags[axis][k] = n != 1 or lead[axis] == 1
            squeezed = tuple(n for i, n in enumerate(own) if flags[len(lead) - len(own) + i][k])
            arrays[k] = reshape(arrays[k], (*squeezed, *shape_of(arrays[k])[len(own) :]))
        return _map_over(single, [tuple(f) for f in flags])(*arrays)

    return call


def frompyfunc(func: Function, nin: int, nout: int, *, identity: Any = None) -> Function:
    """A function of arrays from one of `nin` numbers that gives `nout`: `vectorize` with NumPy's older arguments.

    The results are arrays of numbers, where NumPy has arrays of objects.

    Raises:
        ArgumentError: it is called with another number of arrays.

    Example:
        >>> frompyfunc(lambda a, b: a * b, 2, 1)([1.0, 2.0], 3.0)
        array([3., 6.])
    """
    mapped = vectorize(func)

    @functools.wraps(func)
    def call(*args: Any) -> Any:
        if len(args) != nin:
            raise ArgumentError(f"this function takes {nin} arrays, got {len(args)}")
        out = mapped(*args)
        return tuple(out) if nout > 1 else out

    return call


def apply_along_axis(func1d: Function, axis: int, arr: ArrayLike, *args: Any, **kwargs: Any) -> Value:
    """`func1d` of each vector along `axis`; the axes of its result take the place of that axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.apply_along_axis(lambda row: row[0] + row[-1], 1, wnp.array([[1, 2, 3], [4, 5, 6]]))
        array([ 4, 10])
    """
    arr = as_array(arr)
    i = canonical_axis(axis, ndim_of(arr))
    if 0 in (*shape_of(arr)[:i], *shape_of(arr)[i + 1 :]):
        raise ShapeError(f"apply_along_axis: there is no vector along axis {i} of an array of shape {shape_of(arr)}")
    rows = moveaxis(arr, i, -1)
    rank = ndim_of(arr) - 1
    out = as_array(_map_over(lambda v: func1d(v, *args, **kwargs), [(True,)] * rank)(rows))
    extra = ndim_of(out) - rank
    return moveaxis(out, list(range(rank, rank + extra)), list(range(i, i + extra))) if extra else out


def apply_over_axes(func: Function, a: ArrayLike, axes: Any) -> Value:
    """`func` (such as `sum`) over one axis after the other, each of them kept with length 1.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.apply_over_axes(wnp.sum, wnp.ones((2, 3, 4)), [0, 2])
        array([[[8.],
                [8.],
                [8.]]])
    """
    out = as_array(a)
    for axis in axis_list(axes):
        shape = shape_of(out)
        i = canonical_axis(axis, len(shape)) if shape or axis not in (0, -1) else 0
        reduced = func(out, i)
        if not shape:
            out = as_array(reduced)  # in 32 bits where these are asked for
            continue
        out = reduced if ndim_of(reduced) == len(shape) else reshape(reduced, (*shape[:i], 1, *shape[i + 1 :]))
    return out


__all__ = ["apply_along_axis", "apply_over_axes", "frompyfunc", "vectorize"]
