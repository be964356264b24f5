"""Functions of `jax.numpy` about indices and shapes that take more than NumPy's do; their arrays do not change in place."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as ours
from ...config import canonical_dtype, config
from ...core import Tracer, as_value
from ...ops import elementwise as ew
from ...ops.axes import as_lengths
from ..array import Array, in_dtype, kind_of, promoted, wrap
from ..border import bordered, lift, lower
from ..promotion import joined
from ..rules import checked, keeping
from ..wording import worded
from .numpy import array, asarray, astype


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """For each element the first choice whose condition holds, or `default`.

    Raises:
        ValueError: there are not as many choices as conditions, or there are none.
    """
    if len(condlist) != len(choicelist):
        raise ValueError(f"condlist must have length equal to choicelist ({len(condlist)} vs {len(choicelist)})")
    if not len(condlist):
        raise ValueError("condlist must be non-empty")
    values, weak = promoted((*choicelist, default))
    conditions = [c if kind_of(c)[0].kind == "b" else ew.not_equal(c, 0) for c in map(lower, condlist)]
    return lift(ours.select(conditions, values[:-1], values[-1]), weak)


@worded
def broadcast_arrays(*args: Any) -> list[Any]:
    """The arrays in the shape in which they meet."""
    given = [array(checked(a, broadcast_arrays, i)) for i, a in enumerate(args)]
    return [lift(v, a.weak_type) for v, a in zip(ours.broadcast_arrays(*lower(given)), given, strict=True)]


def mask_indices(n: int, mask_func: Callable[..., Any], k: int = 0, *, size: int | None = None) -> tuple[Any, Any]:
    """Where ``mask_func(jnp.ones((n, n)), k)`` is not 0; `size` of them, filled up with 0.

    Example:
        >>> [i.tolist() for i in mask_indices(2, lambda m, k: m.at[0].set(0))]
        [[1, 1], [0, 1]]
    """
    mask = mask_func(wrap(np.ones((n, n), config.float_dtype)), k)
    return lift(tuple(ours.nonzero(lower(mask), size=size)))


_delete = keeping(ours.delete)


def delete(arr: Any, obj: Any, axis: int | None = None, *, assume_unique_indices: bool = False) -> Any:
    """`arr` without the elements of some indices.

    Args:
        arr: an array.
        obj: an integer, a slice, or an array of integers or truth values.
        axis: the axis; None for all elements in a row.
        assume_unique_indices: indices that differ may be traced: the length of the result is known.
    """
    x, i = lower(checked(arr, delete, 0)), lower(obj)
    if isinstance(obj, list):
        raise TypeError("delete requires an integer, a slice or an array as obj; make an array with jax.numpy.array")
    if not (assume_unique_indices and isinstance(i, Tracer)):
        return _delete(arr, obj, axis)
    if axis is None:
        x, axis = ours.reshape(x, (-1,)), 0
    n = np.shape(x)[axis]
    kept = lift(np.ones(n, bool)).at[wrap(ours.reshape(i, (-1,)))].set(False)
    places = ours.nonzero(lower(kept), size=n - int(np.prod(np.shape(i))))[0]
    return lift(ours.take(x, places, axis))


# --- arrays do not change ---------------------------------------------------------------------------------------


def _copying(name: str) -> Callable[..., Any]:
    inner = bordered(getattr(ours, name))

    def function(*args: Any, inplace: bool = True, **kwargs: Any) -> Any:
        if inplace:
            raise ValueError(
                f"jax.numpy.{name} cannot change an array in place: arrays are immutable. Pass inplace=False, and take what "
                f"it returns"
            )
        return inner(*args, inplace=False, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``, of a copy.\n\n    Raises:\n        ValueError: `inplace` is not False."
    function.__wrapped__ = inner
    return function


place, fill_diagonal = _copying("place"), _copying("fill_diagonal")


def put_along_axis(
    arr: Any, indices: Any, values: Any, axis: int | None, inplace: bool = True, *, mode: Any = None
) -> Any:
    """A copy of `arr` with values at indices along an axis; those out of range are left out, or as `mode` says.

    Raises:
        ValueError: `inplace` is not False.
    """
    if inplace:
        raise ValueError("jax.numpy.put_along_axis cannot change an array in place: pass inplace=False")
    x, i = array(arr), array(indices)
    if axis is None:
        flat = put_along_axis(x.ravel(), i, values, 0, False, mode=mode)
        return flat.reshape(x.shape)
    axis %= x.ndim
    shape = tuple(i.shape[d] if d == axis else max(i.shape[d], x.shape[d]) for d in range(x.ndim))
    grid = [
        i if d == axis else wrap(np.arange(n).reshape([-1 if e == d else 1 for e in range(x.ndim)]))
        for d, n in enumerate(x.shape)
    ]
    grid = [lift(ours.broadcast_to(lower(g), shape)) for g in grid]
    return x.at[tuple(grid)].set(values, mode=mode)


_ravel_multi_index = bordered(ours.ravel_multi_index)


def ravel_multi_index(multi_index: Any, dims: Any, mode: str = "raise", order: str = "C", *, dtype: Any = None) -> Any:
    """The flat index of indices.

    Raises:
        ValueError: an index is out of range, `mode` or `order` is none that there is.
    """
    if order not in ("C", "F"):
        raise ValueError(f"invalid order={order!r}; expected 'C' or 'F'")
    out = _ravel_multi_index(multi_index, dims, mode, order)
    return astype(out, dtype) if dtype is not None else asarray(out)


def take_along_axis(
    arr: Any, indices: Any, axis: int | None = -1, mode: Any = None, fill_value: Any = None, *,
    wrap_negative_indices: bool | None = None,
) -> Any:  # fmt: skip
    """NumPy's ``take_along_axis``; indices out of range as in `jax.numpy.take`.

    Args:
        arr, indices: arrays of as many axes.
        axis: the axis; None for all elements in a row.
        mode, fill_value: as for `jax.numpy.take`.
        wrap_negative_indices: whether negative indices count from the end, as they do by default.
    """
    from .numpy import take_along_axis as taken

    if wrap_negative_indices is False:
        i = array(indices)
        n = int(np.prod(np.shape(lower(arr)))) if axis is None else np.shape(lower(arr))[axis]
        indices = wrap(ours.where(ew.less(as_value(lower(i)), 0), n, lower(i)))
    return taken(arr, indices, axis, mode, fill_value)


# --- making arrays ----------------------------------------------------------------------------------------------


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None, *, device: Any = None) -> Any:
    """Numbers from `start` to before `stop`; of the dtype in which the arguments meet.

    Raises:
        TypeError: `start` is a truth value.
    """
    given = [v for v in (start, stop, step) if v is not None]
    if any(kind_of(v)[0].kind == "b" for v in given):
        raise TypeError("arange: truth values are no numbers to count with")
    if dtype is None:
        dtype = joined(*[kind_of(v) for v in given])[0]
        if any(type(v) is Array or isinstance(v, np.generic) for v in given):
            return astype(lift(ours.arange(*[_plain(v) for v in (start, stop, step)])), dtype)
        return lift(ours.arange(start, stop, step))
    return lift(ours.arange(*[_plain(v) for v in (start, stop, step)], dtype=canonical_dtype(dtype)))


def _plain(v: Any) -> Any:
    v = lower(v)
    return v.item() if isinstance(v, (np.ndarray, np.generic)) else v


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:  # noqa: N803 (NumPy's names)
    """Ones at and below a diagonal, zeros above; float32 by default."""
    return lift(ours.tri(N, M, k, canonical_dtype(np.float32 if dtype is None else dtype)))


def _of_matrices(name: str) -> Callable[..., Any]:
    inner = keeping(getattr(ours, name))

    def function(m: Any, k: int = 0) -> Any:
        if np.ndim(lower(checked(m, function, 0))) < 2:
            raise ValueError(f"Argument to jax.numpy.{name} must be at least 2D")
        return inner(m, k)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``.\n\n    Raises:\n        ValueError: `m` has fewer than two axes."
    return function


tril, triu = _of_matrices("tril"), _of_matrices("triu")


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> list[Any]:
    """Grids of coordinates from vectors.

    Raises:
        ValueError: one of them has more than one axis, or `copy` is not True.
    """
    given = [array(x) for x in xi]
    if any(x.ndim > 1 for x in given):
        raise ValueError("Arguments to jax.numpy.meshgrid must be 1D")
    if not copy:
        raise ValueError("jax.numpy.meshgrid only supports copy=True")
    return [
        lift(g, x.weak_type)
        for g, x in zip(ours.meshgrid(*lower(given), sparse=sparse, indexing=indexing), given, strict=True)
    ]


_repeat = keeping(ours.repeat)


def repeat(a: Any, repeats: Any, axis: int | None = None, *, total_repeat_length: int | None = None) -> Any:
    """Elements of `a` as often as `repeats` says.

    Raises:
        TypeError: `repeats` is a list.
    """
    checked(repeats, repeat, 1)
    return _repeat(a, repeats, axis, total_repeat_length=total_repeat_length)


def unravel_index(indices: Any, shape: Any) -> tuple[Any, ...]:
    """The indices of flat ones, as weak as these; negative ones count from the end, those out of range are moved into it."""
    dims = as_lengths(lower(shape))
    kind, weak = kind_of(checked(indices, unravel_index, 0))
    size = int(np.prod(dims, dtype=int))
    flat = in_dtype(indices, kind if kind.kind in "iu" else config.int_dtype)
    flat = ew.minimum(ew.maximum(ew.where(ew.less(flat, 0), ew.add(flat, size), flat), 0), max(size - 1, 0))
    return tuple(wrap(x, weak) for x in ours.unravel_index(flat, dims))


def einsum_path(subscripts: str, /, *operands: Any, optimize: Any = "auto") -> tuple[Any, str]:
    """In which order `einsum` would take its operands, and a text about it."""
    path, text = np.einsum_path(
        subscripts, *map(np.asarray, operands), optimize="greedy" if optimize == "auto" else optimize
    )
    return path[1:], text


def ix_(*args: Any) -> tuple[Any, ...]:
    """An open grid of vectors of indices.

    Raises:
        NotImplementedError: truth values.
        TypeError: lists.
    """
    for k, a in enumerate(args):
        if kind_of(checked(a, ix_, k))[0].kind == "b":
            raise NotImplementedError("Boolean arguments to jax.numpy.ix_ are not implemented: use jax.numpy.nonzero")
    return lift(ours.ix_(*lower(args)))


_ravel = keeping(ours.ravel)


_vectorize = bordered(ours.vectorize)


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Any = frozenset(), signature: str | None = None
) -> Callable[..., Any]:
    """`wengert.numpy.vectorize`, which says what JAX says where arguments do not fit.

    Args:
        pyfunc: a function of single elements, or of those that `signature` describes.
        excluded: positions and names of arguments that are handed on as they are.
        signature: such as ``"(n,m),(m)->(n)"``.

    Raises:
        TypeError: `excluded` names something else, or the function takes or gives another number of arrays.
        ValueError: shapes do not fit the signature.
    """
    if any(not isinstance(x, (str, int)) for x in excluded):
        raise TypeError(
            f"jax.numpy.vectorize can only exclude integer or string arguments, but excluded={set(excluded)}"
        )
    if any(isinstance(x, int) and x < 0 for x in excluded):
        raise ValueError(f"excluded={excluded!r} contains negative numbers")
    if signature is None:
        return _vectorize(pyfunc, excluded=excluded)
    hint = f"on vectorized function with excluded={frozenset(excluded)!r} and signature={signature!r}"
    wanted, given = (
        [tuple(d for d in core.split(",") if d) for core in re.findall(r"\(([^()]*)\)", side.replace(" ", ""))]
        for side in signature.partition("->")[::2]
    )

    @functools.wraps(pyfunc)
    def checked_function(*args: Any, **kwargs: Any) -> Any:
        out = pyfunc(*args, **kwargs)
        if len(given) != 1 and not isinstance(out, tuple):
            raise TypeError(f"output must be a tuple when multiple outputs are expected, got: {out!r}\n{hint}")
        outs = out if isinstance(out, tuple) else (out,)
        if len(outs) != len(given):
            raise TypeError(f"wrong number of output arguments: expected {len(given)}, got {len(outs)} {hint}")
        sizes: dict[str, int] = {}
        for x, core in zip(outs, given, strict=True):
            shape = np.shape(x)
            if len(shape) != len(core) or any(
                sizes.setdefault(d, n) != n for d, n in zip(core, shape, strict=True) if not d.isdigit()
            ):
                raise ValueError(f"output shape {shape} does not match core dimensions {core} {hint}")
        return out

    made = _vectorize(checked_function, excluded=excluded, signature=signature)

    @functools.wraps(pyfunc)
    def function(*args: Any, **kwargs: Any) -> Any:
        arrays = [x for i, x in enumerate(args) if i not in excluded]
        if len(arrays) != len(wanted):
            raise TypeError(f"wrong number of positional arguments: expected {len(wanted)}, got {len(arrays)} {hint}")
        for x, core in zip(arrays, wanted, strict=True):
            if len(np.shape(x)) < len(core):
                raise ValueError(
                    f"input with shape {np.shape(x)} does not have enough dimensions for all core dimensions {core} {hint}"
                )
        return made(*args, **kwargs)

    return function


def ravel(a: Any, order: str = "C") -> Any:
    """All elements in a row.

    Raises:
        NotImplementedError: an order that depends on memory ("K", "A").
    """
    if order in ("K", "A"):
        raise NotImplementedError(f"Ravel not implemented for order={order!r}.")
    return _ravel(a, order)


_pad = keeping(ours.pad)


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """NumPy's ``pad``; with "empty" the new elements are 0.

    Raises:
        NotImplementedError: `mode` is none that there is. TypeError: `pad_width` is a dict, as NumPy takes it.
        ValueError: medians of complex numbers.
    """
    if isinstance(pad_width, dict):
        raise TypeError(f"pad_width is an integer or pairs of them, got {pad_width!r}")
    if mode == "median" and np.dtype(getattr(array, "dtype", float)).kind == "c":
        raise ValueError("jnp.pad: complex numbers have no order, and no median")
    if mode == "empty":
        mode = "constant"
    known = "constant edge linear_ramp maximum mean median minimum reflect symmetric wrap"
    if isinstance(mode, str) and mode not in known.split():
        raise NotImplementedError(f"Unimplemented padding mode {mode!r} for jnp.pad: it is one of {known}")
    return _pad(array, pad_width, mode, **kwargs)


__all__ = [
    "arange",
    "broadcast_arrays",
    "delete",
    "einsum_path",
    "fill_diagonal",
    "ix_",
    "mask_indices",
    "meshgrid",
    "pad",
    "place",
    "put_along_axis",
    "ravel",
    "ravel_multi_index",
    "repeat",
    "select",
    "take_along_axis",
    "tri",
    "tril",
    "triu",
    "unravel_index",
    "vectorize",
]
