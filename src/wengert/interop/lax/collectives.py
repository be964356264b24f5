"""Operations of `jax.lax` over named axes of `vmap`: those of the library, with JAX's errors and dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import trees
from ...core import PYTHON_SCALARS, as_array
from ...errors import ArgumentError, NotSupportedError
from ...ops import collectives as ours
from ...ops import elementwise as ew
from ...ops.indexing import getitem
from ...transforms.batching import axis_env
from ..array import Array, kind_of, wrap
from ..border import lift, lower


def _checked(axis_name: Any, groups: Any = None, what: str = "") -> None:
    """Raises:
    NameError: there is no axis of that name.
    NotImplementedError: groups of examples, as in JAX's `vmap`.
    """
    for name in axis_name if isinstance(axis_name, (tuple, list)) else (axis_name,):
        if name not in axis_env.get():
            known = ", ".join(map(repr, axis_env.get())) or "none"
            raise NameError(
                f"Found an unbound axis name: {name}. Call this inside vmap(..., axis_name={name!r}) (bound: {known})"
            )
    if groups is not None:
        raise NotSupportedError(f"{what}: axis_index_groups are not supported under vmap; reshape, and name two axes")


def _reduced(name: str, over: Callable[..., Any], doc: str) -> Callable[..., Any]:
    def function(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
        _checked(axis_name, axis_index_groups, name)
        return trees.map(lambda v: _one(name, over, v, axis_name), x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{doc} over the examples of a named axis, or of several.

    Args:
        x: an array, or a pytree of them.
        axis_name: a name, or a tuple of names.

    Raises:
        NameError: there is no axis of that name.
    """
    return function


def _one(name: str, over: Callable[..., Any], v: Any, axis_name: Any) -> Any:
    if name == "psum" and type(v) in PYTHON_SCALARS and type(v) is not bool:
        return v * ours.axis_size(axis_name)
    dtype, weak = kind_of(v)
    if name in ("psum", "pmean") and dtype.kind == "b":
        v = wrap(ew.convert(as_array(lower(v)), np.int32))
        dtype = np.dtype(np.int32)
    out = over(lower(v) if type(v) is Array else v, axis_name)
    if name != "pmean":
        out = ew.convert(as_array(out), dtype)
    return wrap(as_array(out), weak and name == "pmean" and dtype.kind != "i")


psum = _reduced("psum", ours.psum, "The sum")
pmean = _reduced("pmean", ours.pmean, "The mean")
pmax = _reduced("pmax", ours.pmax, "The greatest element")
pmin = _reduced("pmin", ours.pmin, "The least element")


def axis_index(axis_name: Any) -> Any:
    """The position of this example along a named axis, or along several, counted through in order.

    Raises:
        NameError: there is no axis of that name.
    """
    _checked(axis_name)
    names = axis_name if isinstance(axis_name, (tuple, list)) else (axis_name,)
    out: Any = np.int32(0)
    for name in names:
        place = ew.convert(ours.axis_index(name), np.int32)
        out = ew.add(ew.multiply(out, np.int32(ours.axis_size(name))), place)
    return wrap(out)


def axis_size(axis_name: Any) -> int:
    """How many examples there are along a named axis, or along several together.

    Raises:
        NameError: there is no axis of that name.
    """
    _checked(axis_name)
    return ours.axis_size(axis_name)


def all_gather(
    x: Any, axis_name: Any, *, axis_index_groups: Any = None, axis: int = 0, tiled: bool = False, to: str = "varying"
) -> Any:
    """Every example's `x` along a named axis, on a new axis of the result (an existing one if `tiled`)."""
    _checked(axis_name, axis_index_groups, "all_gather")
    return lift(ours.all_gather(lower(x), axis_name, axis=axis, tiled=tiled))


def all_to_all(
    x: Any, axis_name: Any, split_axis: int, concat_axis: int, *, axis_index_groups: Any = None, tiled: bool = False
) -> Any:
    """Example i gets slice i along `split_axis` of every example's `x`, along `concat_axis`."""
    _checked(axis_name, axis_index_groups, "all_to_all")
    return lift(ours.all_to_all(lower(x), axis_name, split_axis, concat_axis, tiled=tiled))


def pswapaxes(x: Any, axis_name: Any, axis: int, *, axis_index_groups: Any = None) -> Any:
    """The named axis in the place of an axis of `x`, and that in the place of the named one."""
    return all_to_all(x, axis_name, axis, axis, axis_index_groups=axis_index_groups)


def psum_scatter(
    x: Any, axis_name: Any, *, scatter_dimension: int = 0, axis_index_groups: Any = None, tiled: bool = False
) -> Any:
    """The sum over a named axis of arrays with a slice for each example, of which every example gets its own."""
    _checked(axis_name, axis_index_groups, "psum_scatter")
    return lift(ours.psum_scatter(lower(x), axis_name, scatter_dimension=scatter_dimension, tiled=tiled))


def ppermute(x: Any, axis_name: Any, perm: Any) -> Any:
    """Send `x` from example to example of a named axis by pairs ``(source, destination)``; who gets nothing gets zeros."""
    _checked(axis_name)
    return lift(ours.ppermute(lower(x), axis_name, [(int(s), int(d)) for s, d in perm]))


def pshuffle(x: Any, axis_name: Any, perm: Any) -> Any:
    """`ppermute` by a permutation: example i receives `x` of example ``perm[i]``."""
    _checked(axis_name)
    if sorted(perm) != list(range(len(perm))):
        raise ArgumentError(f"`perm` does not represent a permutation: {perm}")
    return lift(ours.pshuffle(lower(x), axis_name, perm))


def pbroadcast(x: Any, axis_name: Any, source: int) -> Any:
    """Every example gets the `x` of the example at `source`."""
    _checked(axis_name)
    return trees.map(lambda v: lift(getitem(ours.all_gather(lower(v), axis_name), int(source))), x)


def pcast(x: Any, axis_name: Any, *, to: str) -> Any:
    """Marks an array as the same, or as another one, on each device of a mesh; meant for `shard_map` alone.

    Raises:
        ValueError: there is none around.
    """
    raise ArgumentError(f"pcast(..., to={to!r}) should be called under jax.shard_map; under vmap arrays need no mark")


def psend(x: Any, axis_name: Any, perm: Any) -> Any:
    """Sends an array from device to device.

    Raises:
        NotImplementedError: there is one device; `ppermute` sends between the examples of `vmap`.
    """
    raise NotSupportedError(
        "psend is between devices, of which there is one; ppermute sends between the examples of vmap"
    )


def precv(token: Any, out_shape: Any, axis_name: Any, perm: Any) -> Any:
    """Receives what `psend` sent.

    Raises:
        NotImplementedError: there is one device; `ppermute` sends between the examples of `vmap`.
    """
    raise NotSupportedError(
        "precv is between devices, of which there is one; ppermute sends between the examples of vmap"
    )


def ragged_all_to_all(
    operand: Any, output: Any, input_offsets: Any, send_sizes: Any, output_offsets: Any, recv_sizes: Any, *, axis_name: Any,
    axis_index_groups: Any = None,
) -> Any:  # fmt: skip
    """Every example sends rows to every other, of numbers that differ.

    Args:
        operand: the rows that are sent.
        output: where rows arrive; what none arrive at stays.
        input_offsets, send_sizes: for each destination where its rows begin, and how many they are.
        output_offsets: for each destination where they begin there.
        recv_sizes: how many come from each source.
        axis_name: a name.
    """
    _checked(axis_name, axis_index_groups, "ragged_all_to_all")
    x, out = as_array(lower(operand)), as_array(lower(output))
    first, many, place = (as_array(lower(v)) for v in (input_offsets, send_sizes, output_offsets))
    everyone = [ours.all_gather(v, axis_name) for v in (x, first, many, place)]
    me = ours.axis_index(axis_name)
    rows = np.arange(out.shape[0])
    for source in range(ours.axis_size(axis_name)):
        sent, begins, counts, targets = (getitem(v, source) for v in everyone)
        begin, count, target = (getitem(v, me) for v in (begins, counts, targets))
        from_here = ew.add(ew.subtract(rows, target), begin)
        mine = ew.logical_and(ew.greater_equal(rows, target), ew.less(rows, ew.add(target, count)))
        taken = getitem(sent, ew.minimum(ew.maximum(from_here, 0), x.shape[0] - 1))
        mask = mine.reshape(-1, *(1,) * (len(out.shape) - 1))
        out = ew.where(mask, taken, out)
    return wrap(out)


__all__ = [
    "all_gather", "all_to_all", "axis_index", "axis_size", "pbroadcast", "pcast", "pmax", "pmean", "pmin", "ppermute", "precv",
    "psend", "pshuffle", "psum", "psum_scatter", "pswapaxes", "ragged_all_to_all",
]  # fmt: skip
