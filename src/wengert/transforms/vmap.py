"""vmap: a function mapped over an axis of its arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import (
    Value,
    shape_of,
)
from ..errors import ArgumentError, DtypeError, ShapeError
from ..ops.axes import as_length
from ..ops.indexing import getitem
from ..ops.memory import as_now
from ..ops.shape import moveaxis
from ..ops.written import held, hold_again, leave
from ..prefixes import broadcast_prefix
from . import joining, nans, pairs, paths
from .batching import BatchTrace, BatchTracer, in_axis
from .forward import check_output, strong
from .function import (
    Transformed,
    argument_name,
    check_callable,
    follows_values,
    given,
    located,
    name_of,
    shown,
)
from .ownership import own_results
from .signatures import P, R


class Vmap(Transformed):
    """A function mapped over an axis of its arguments."""

    transformation = "vmap"

    def __init__(self, f: Any, in_axes: Any, out_axes: Any, axis_name: Hashable, axis_size: int | None) -> None:
        if not callable(f):
            check_callable(f, "vmap")
        self._f = f
        self.__doc__ = getattr(f, "__doc__", None)
        if isinstance(in_axes, list):
            in_axes = tuple(in_axes)
        if not isinstance(in_axes, (int, tuple, type(None))) and not isinstance(in_axes, dict):
            raise ArgumentError(
                f"vmap: in_axes must be an integer, None, or a tuple with an entry per argument, got {in_axes!r}"
            )
        self.in_axes = in_axes
        self.out_axes = out_axes
        self.axis_name = axis_name
        self.axis_size = axis_size

    def options(self) -> str:
        return f"in_axes={self.in_axes}, out_axes={self.out_axes}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if config.debugging and nans.is_idle():
            return nans.checked(self, *args, **kwargs)
        try:
            return self._map(args, kwargs)
        except Exception as error:
            raise shown(error)

    def _map(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        f, in_axes = self._f, self.in_axes
        if isinstance(in_axes, tuple) and len(in_axes) != len(args):
            raise ArgumentError(
                f"vmap of {name_of(f)}: in_axes={in_axes} has {len(in_axes)} entries for {len(args)} positional "
                f"argument{'s' * (len(args) != 1)}"
            )
        leaves, tree = trees.flatten((args, kwargs))
        axes = broadcast_prefix(in_axes, trees.structure(args), what="vmap: in_axes", root="args")
        axes += [0] * (len(leaves) - len(axes))
        size = None if self.axis_size is None else as_length(self.axis_size, "vmap: axis_size")
        source = "axis_size"
        for k, (leaf, axis) in enumerate(zip(leaves, axes, strict=True)):
            if axis is None:
                continue
            try:
                leaf = leaves[k] = given(leaf)
            except DtypeError as error:
                raise located(error, leaves, tree, "vmap", f) from None
            shape = shape_of(leaf)
            axis = self._axis(axis, len(shape), shape, k, args)
            axes[k] = axis
            n = shape[axis]
            if size is None:
                size, source = n, f"{self._place(k, args)}, axis {axis}"
            elif n != size:
                raise ShapeError(
                    f"vmap of {name_of(f)}: the mapped axes differ in length: {size} ({source}) and {n} "
                    f"({self._place(k, args)}, axis {axis})"
                )
        if size is None:
            raise ArgumentError(
                f"vmap of {name_of(f)} has nothing to map over: every entry of in_axes is None; pass axis_size"
            )
        trace = BatchTrace(size, self.axis_name)
        trace.parting = f if follows_values(f) else None
        raised, before = paths.RAISED, paths.RAISED.sign
        raised.sign = None
        try:
            try:
                return self._run(trace, leaves, axes, tree)
            except pairs.CannotPair as sign:
                if sign.args[0] is not trace:
                    before = sign
                    raise
            raised.sign = None
            trace = BatchTrace(size, self.axis_name)
            trace.parting = f
            paths.known(trace).pairing.allowed = False
            return self._run(trace, leaves, axes, tree)
        except paths.Sign as sign:
            before = sign
            raise
        finally:
            raised.sign = before

    def _run(self, trace: BatchTrace, leaves: Sequence[Value], axes: Sequence[Any], tree: Any) -> Any:
        """The result: of one run of the function where examples stay together."""
        f, before = self._f, held()
        with trace:
            boxed = [
                leaf if a is None else BatchTracer(trace, _front(leaf, a)) for leaf, a in zip(leaves, axes, strict=True)
            ]
            if None in axes:  # what the first run writes into, other runs get as it was
                leaves = [as_now(leaf) if a is None else leaf for leaf, a in zip(leaves, axes, strict=True)]
            args, kwargs = trees.unflatten(tree, boxed)
            try:
                out = paths.heeded(lambda: in_axis(trace, lambda: f(*args, **kwargs)))
            except Exception as error:
                paths.noted(error, trace)
                raise
            except paths.NotKnownYet as sign:
                paths.RAISED.sign = None
                return sign.args[0].vmap_of_paths(self, trace, sign.args[0], leaves, axes, tree, before)
            out_leaves, out_tree = trees.flatten(out)
            if trace.group is not None:
                out_leaves = self._other_runs(trace, leaves, axes, tree, out_leaves, out_tree, before)
            out_axes = broadcast_prefix(self.out_axes, out_tree, what="vmap: out_axes", root="the result")
            results = []
            for x, axis in zip(out_leaves, out_axes, strict=True):
                x = check_output(x, f)
                if axis is None:
                    if type(x) is BatchTracer and x._trace is trace:
                        raise ArgumentError(
                            f"vmap of {name_of(f)}: out_axes is None for a result that differs between examples; give "
                            f"it an axis, or reduce it over the examples (lax.psum with axis_name)"
                        )
                    results.append(strong(x))
                    continue
                value = trace.materialize(x)
                n = len(shape_of(value))
                at = operator.index(axis)
                if not -n <= at < n:
                    raise ArgumentError(
                        f"vmap of {name_of(f)}: out_axes={axis} is out of range for a result of shape {shape_of(value)[1:]}"
                    )
                value = value if at % n == 0 else moveaxis(value, 0, at % n)
                results.append(value)
        return trees.unflatten(out_tree, own_results(results, leaves))

    def _other_runs(
        self,
        trace: BatchTrace,
        leaves: Sequence[Value],
        axes: Sequence[Any],
        tree: Any,
        outs: Any,
        out_tree: Any,
        before: Any,
    ) -> list[Value]:
        """The results of all paths, after the run for the first."""
        f, first, left = self._f, trace.group, {}
        fronts = [leaf if a is None else _front(leaf, a) for leaf, a in zip(leaves, axes, strict=True)]

        def run() -> list[Value]:
            hold_again(before, left)
            alone = trace.size == 1 and trace.axis_name is None and trace.group.base is None
            boxed = [  # new ones: `f` may write into them
                as_now(x) if a is None else _example(x, trace.group) if alone else BatchTracer(trace, x)
                for x, a in zip(fronts, axes, strict=True)
            ]
            args, kwargs = trees.unflatten(tree, boxed)
            try:
                out = paths.heeded(lambda: in_axis(trace, lambda: f(*args, **kwargs)))
            except Exception as error:
                paths.noted(error, trace)
                raise
            found, found_tree = trees.flatten(out)
            joining.check_same_trees((first, out_tree), (trace.group, found_tree))
            return [check_output(x, f) for x in found]

        results = joining.other_runs(trace, None, [0, 0], [check_output(x, f) for x in outs], run)
        leave(before, left)
        return results

    def _axis(self, axis: Any, ndim: int, shape: tuple[int, ...], k: int, args: Any) -> int:
        try:
            i = operator.index(axis)
        except TypeError:
            raise ArgumentError(f"vmap: in_axes must hold integers and None, got {axis!r}") from None
        if not -ndim <= i < ndim:
            raise ArgumentError(
                f"vmap of {name_of(self._f)}: {self._place(k, args)} has shape {shape}, which has no axis {i}"
                + ("; pass None in in_axes for what is not mapped" if ndim == 0 else "")
            )
        return i % ndim

    def _place(self, k: int, args: tuple[Any, ...]) -> str:
        paths, _ = trees.flatten_with_paths(args)
        if k >= len(paths):
            return "a keyword argument"
        path = paths[k][0]
        i = int(path[1 : path.index("]")])
        rest = path[path.index("]") + 1 :]
        return argument_name(self._f, i) + (f" at {rest}" if rest else "")


def _example(batch: Value, group: paths.Group) -> Value:
    """The example that is alone on its path, which runs as it is."""
    i = int(group.examples[0])
    if type(batch) is np.ndarray:
        return batch[i].copy() if batch.ndim > 1 else batch[i]
    return getitem(batch, i)


def _front(x: Value, axis: int) -> Value:
    if axis == 0:
        return x
    if type(x) is np.ndarray:
        return x.swapaxes(0, 1) if axis == 1 else np.moveaxis(x, axis, 0)
    return moveaxis(x, axis, 0)


def vmap(
    f: Callable[P, R],
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    spmd_axis_name: Hashable = None,
) -> Callable[P, R]:
    """Map a function over an axis of its arguments, by running each operation once for all examples.

    Where Python asks for values (``if x > 0``, ``while``, ``range(n)``, an index of a list), the function runs once for each
    path that examples take, with the examples that take it.

    Args:
        f: a function of one example.
        in_axes: which axis of each argument is mapped: an integer (negative ones count from the end), None for an
            argument that is the same for all examples, or a tuple of these, one per positional argument, each of
            which may be a pytree prefix of it. Keyword arguments are mapped over axis 0.
        out_axes: where the mapped axis stands in the results; a pytree prefix of them. None for what does not
            differ between examples.
        axis_name: a name for the axis, for `lax.psum` and its kin.
        axis_size: its length, needed when every entry of `in_axes` is None.
        spmd_axis_name: accepted and ignored: it says how arrays lie on several devices.

    Returns:
        A function of batches.

    Raises:
        ArgumentError: `in_axes` or `out_axes` do not fit the arguments or the result.
        ShapeError: mapped axes differ in length; results of two paths differ in shape (TreeError: in structure).
        TooManyPathsError: when called, if examples take more than `config.max_vmap_paths` paths.
        ConcretizationError: when called, if a `float` is made of many values.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.vmap(lambda x: x if x > 0 else -2 * x)(wnp.array([-1.0, 2.0, 0.0]))
        array([ 2.,  2., -0.])
        >>> wengert.vmap(wnp.vdot)(wnp.ones((2, 3)), wnp.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
        array([ 6., 15.])
    """
    return Vmap(f, in_axes, out_axes, axis_name, axis_size)
