"""The results of the runs of a batch whose examples took different paths, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import Tracer, Value, dtype_of, is_weak, shape_of
from ..errors import ShapeError
from ..ops.elementwise import convert
from ..ops.indexing import getitem
from ..ops.shape import broadcast_to, concatenate
from .paths import Group, known, text

# --- runs --------------------------------------------------------------------------------------------------------------


def other_runs(
    trace: Any, entry: Group | None, start: list[int], outs: Sequence[Value], run: Callable[[], Sequence[Value]]
) -> list[Value]:
    """After a run that examples left: the runs of the others, and the results of all, put together in order.

    Args:
        trace: a `batching.BatchTrace`.
        entry: the group that the first run was begun with.
        start: where it was in what operations over the axis gave.
        outs: what the first run gave.
        run: another run, for the examples that the trace is at.

    Raises:
        ShapeError: results of two paths differ in shape.
    """
    finished, parting = [(trace.group, settled(trace, outs))], known(trace)
    while parting.waiting:
        parting.finished = len(finished)
        trace.enter(parting.waiting.pop(0))
        parting.collected.at = [*start]
        outs = run()
        finished.append((trace.group, settled(trace, outs)))
    trace.enter(entry)
    at = None if entry is None else entry.base
    runs = [(group, group, parts) for group, parts in finished]
    while bases := {group.base for group, _, _ in runs if group is not None and group.base not in (None, at)}:
        base = max(bases, key=lambda b: len(b.outers))  # the innermost pairs
        inside = [run for run in runs if run[0] is not None and run[0].base is base]
        joined = [
            (base.joined(x), True) if batched else (x, False) for x, batched in _together(base, base.size, inside)
        ]
        runs = [run for run in runs if run not in inside] + [(base.parent, inside[0][1], joined)]
    return [trace.box(x) if batched else x for x, batched in _together(entry, trace.size, runs)]


Part = tuple[Value, bool]  # the batch, or a value that all examples share, and which it is
Run = tuple[Any, Group, list[Part]]  # the examples, the path (for messages), the results


def check_same_trees(first: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    """Refuse results of two paths that differ in structure.

    Raises:
        TreeError: they do.
    """
    if first[1] != other[1]:
        trees.check_same_structure(
            first[1], other[1],
            f"vmap: the result on one way through the function's Python control flow, of {text(other[0])}\n"
            f"  is unlike that on another, of {text(first[0])}\n ",
        )  # fmt: skip


def settled(trace: Any, outs: Sequence[Value]) -> list[Part]:
    """Results of a run."""
    return [trace.result(x) for x in outs]


def _together(whole: Group | None, size: int, runs: Sequence[Run]) -> list[Part]:
    """The results of several runs for all their examples.

    Args:
        whole: what they are groups of, all together. size: how many examples it has.
    """
    if len(runs) == 1 and runs[0][0] is whole:
        return runs[0][2]
    # Where the examples of each run stand among all, and so where each of these is found among the runs'.
    places = np.concatenate([group.positions(whole) for group, _, _ in runs])
    order = np.empty(size, np.intp)
    order[places] = np.arange(size)
    paths = [path for _, path, _ in runs]
    sizes = [group.size for group, _, _ in runs]
    return [
        _one_together(paths, sizes, [parts[k] for _, _, parts in runs], order, places) for k in range(len(runs[0][2]))
    ]


def _one_together(
    paths: Sequence[Group], sizes: Sequence[int], parts: Sequence[Part], order: np.ndarray, places: np.ndarray
) -> Part:
    first = parts[0][0]
    if not any(batched for _, batched in parts) and all(same(x, first) for x, _ in parts[1:]):
        return first, False
    shapes = [shape_of(x)[batched:] for x, batched in parts]
    for path, shape in zip(paths[1:], shapes[1:], strict=True):
        check_same_shapes(paths[0], shapes[0], path, shape)
    dtype = common_dtype([(dtype_of(x), is_weak(x)) for x, _ in parts])
    full = [
        x if batched else broadcast_to(x, (size, *shape_of(x))) for size, (x, batched) in zip(sizes, parts, strict=True)
    ]
    if not any(isinstance(x, Tracer) for x in full):
        out = np.empty((len(order), *shapes[0]), dtype)
        start = 0
        for x in full:
            out[places[start : start + len(x)]] = x
            start += len(x)
        return out, True
    full = [x if dtype_of(x) == dtype else convert(x, dtype) for x in full]
    return getitem(concatenate(full, 0), order), True


def check_same_shapes(first: Any, mine: tuple[int, ...], other: Any, shape: tuple[int, ...]) -> None:
    """Refuse results of two paths that differ in shape.

    Raises:
        ShapeError: they do.
    """
    if mine != shape:
        raise ShapeError(
            f"vmap: results of two ways through the function's Python control flow differ in shape, {mine} and "
            f"{shape}, and cannot be put together: of {text(first)}\n  and of {text(other)}\n"
        )


def same(x: Value, y: Value) -> bool:
    """Whether two values that each are the same for all examples of a path are known to be the same."""
    if x is y:
        return True
    if isinstance(x, Tracer) or isinstance(y, Tracer) or shape_of(x) != shape_of(y) or dtype_of(x) != dtype_of(y):
        return False
    return bool(np.array_equal(x, y, equal_nan=dtype_of(x).kind in "fc"))


def common_dtype(types: Sequence[tuple[np.dtype, bool]]) -> np.dtype:
    """The dtype of results of several paths, from their dtypes and whether they are weak, as Python's numbers are."""
    strong = [d for d, is_weak in types if not is_weak]
    weak = {d for d, is_weak in types if is_weak}
    kinds = {"b": False, "i": 0, "f": 0.0, "c": 0j}
    numbers: list[Any] = [kinds[d.kind] for d in weak]
    return np.result_type(*strong, *numbers) if strong else np.result_type(*weak)


__all__ = ["other_runs"]
