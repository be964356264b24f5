"""Batching: vmap. A batched value keeps its batch axis in front; named axes live in a context variable."""

from __future__ import annotations

import contextvars
import operator
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import (
    TAKING,
    Primitive,
    Trace,
    Tracer,
    Value,
    ValueTracer,
    as_value,
    dtype_of,
    next_level,
    object_array,
    shape_of,
    taker,
)
from ..errors import ArgumentError, ConcretizationError, DtypeError, LeakedTracerError, ShapeError
from ..ops.axes import as_length
from ..ops.diagonal import Diagonal
from ..ops.indexing import getitem
from ..ops.memory import as_now
from ..ops.shape import broadcast_to, dense, moveaxis
from ..ops.written import held, hold_again, leave
from . import nans, pairs, paths
from .forward import check_output, strong
from .function import (
    Transformed,
    argument_name,
    check_callable,
    follows_values,
    given,
    located,
    name_of,
    of_a_list,
    shown,
)
from .ownership import own_results
from .signatures import P, R

axis_env: contextvars.ContextVar[dict[Hashable, Any]] = contextvars.ContextVar("wengert_axis_env", default={})  # noqa: B039 (never written into)
"""Named axes: of a batch (`BatchTrace`) or of a mesh (`ops.shards.MeshAxis`)."""


class BatchTracer(ValueTracer):
    """One example of a batch: its shape is that of an example, `value` holds them all.

    A batch that stems from the standard basis is held as a `Diagonal` as long as that is what it is.
    """

    __slots__ = ()
    batch, support = ValueTracer.first, ValueTracer.second  # a `Support`, where a `BasisTrace` knows one
    group: Any = ValueTracer.second  # for which examples it was computed (`paths.Group`), where they take several paths
    weak = False

    def __init__(self, trace: BatchTrace, batch: Any) -> None:
        self._trace = trace
        self.batch = batch
        self.support = None
        self.views = None
        if type(batch) is Diagonal:
            self.shape = shape_of(batch.weights)
            self.dtype = dtype_of(batch.weights)
        else:
            self.shape = batch.shape[1:]
            self.dtype = batch.dtype

    @property
    def basis(self) -> bool:
        return type(self.batch) is Diagonal

    def parts(self) -> tuple[Value, ...]:
        return (self.batch.weights if type(self.batch) is Diagonal else self.batch,)

    @property
    def value(self) -> Value:
        """The batch, its axis in front."""
        if self._trace.divided:
            return self._trace.narrowed(self).batch
        return dense(self.batch) if type(self.batch) is Diagonal else self.batch

    def concrete(self, what: str) -> Any:
        if self._trace.parting is not None and paths.decides(what, self.shape, self.dtype):
            return self._trace.answer(self, what)
        raise ConcretizationError(
            f"{what} needs one value, but under vmap there are {self._trace.size}, one for each example: use "
            f"wengert.numpy.where for a choice, or a Python loop over the examples{of_a_list(what)}"
        )

    def __repr__(self) -> str:
        return f"BatchTracer<{self.aval!r} of {self._trace.size}>({self.value!r})"


class BatchTrace(Trace):
    """Runs each operation once for all examples.

    Attributes:
        size: how many there are, of the path that is followed.
        group: which they are (`paths.Group`); None for all.
        parting: None where examples cannot part; what is known of how they do (`paths.Parting`); the function, or True, as
            long as nothing is.
        now: values as they are for `group`, by the ids of those that were computed for more examples.
    """

    __slots__ = ("_lock", "axis_name", "group", "now", "open", "parting", "size")
    name = "vmap"
    divided = False

    def __init__(self, size: int, axis_name: Hashable = None) -> None:
        super().__init__()
        self.size = size
        self.axis_name = axis_name
        self.open = True
        self.group: Any = None
        self.parting: Any = None
        self._lock: Any = None

    @property
    def whole(self) -> int:
        """How many examples there are on all paths."""
        return self.size if self.group is None else paths.known(self).whole

    def owns(self, x: Any) -> bool:
        return type(x) is BatchTracer and x._trace is self

    def answer(self, x: BatchTracer, what: str) -> Any:
        """What Python asked for of a value, for most of the examples; the others wait (`paths`)."""
        inside = self.parting.pairing.inside if type(self.parting) is paths.Parting else None
        if inside:  # its examples are pairs with those of this trace
            return inside[-1].answer(inside[-1].paired_with(x), what)
        value = x.value
        while type(value) is BatchTracer and pairs.can_pair(self, value):
            pairs.pair_for(self, value)
            value = x.value
        return paths.answer(self, value, what)

    def result(self, x: Value) -> tuple[Value, bool]:
        """A result of a run: the batch, or a value that all examples share, and which it is."""
        return (x.value, True) if self.owns(x) else (self.outside(x), False)

    def box(self, batch: Value) -> BatchTracer:
        """A traced value of the examples that the trace is at."""
        out = BatchTracer(self, batch)
        out.group = self.group
        return out

    def enter(self, group: Any) -> None:
        """Go on with other examples: with a part of those so far, or with some that waited."""
        self.__class__ = DividedTrace  # pyright: ignore[reportAttributeAccessIssue]
        size = self.whole if group is None else group.size
        self.group, self.size, self.now = group, size, {}

    @property
    def ended(self) -> bool:
        return not self.open

    @property
    def lock(self) -> threading.RLock:
        if self._lock is None:
            self._lock = threading.RLock()
        return self._lock

    def index(self) -> Value:
        """The position of each example."""
        return BatchTracer(self, np.arange(self.whole))

    def asked(self, what: str) -> None:
        """Note that an operation over the axis asks for all examples."""
        paths.collected(self).call(self, what)

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        if TAKING and (inner := taker(self, primitive)) is not None:
            return inner.process(primitive, args, params)
        if not self.open:
            raise self.leaked()
        values, batched, diagonal = [], [], False
        for a in args:
            if type(a) is BatchTracer and a._trace is self:
                values.append(a.batch)
                batched.append(True)
                diagonal = diagonal or type(a.batch) is Diagonal
            else:
                if type(a) is np.ndarray and a.dtype.hasobject:
                    raise object_array()
                values.append(a)
                batched.append(False)
        if diagonal:
            out = primitive.batch_diagonal(values, batched, params)
            if out is not None:
                return BatchTracer(self, out)
            values = [dense(v) if type(v) is Diagonal else v for v in values]
        out, flags = primitive.batch_in(self, values, batched, params)
        if primitive.multiple_results:
            return [BatchTracer(self, o) if b else o for o, b in zip(out, flags, strict=True)]
        return BatchTracer(self, out) if flags else out

    def materialize(self, x: Value) -> Value:
        """The batch that a value stands for: its own, or copies of a value that is the same for all."""
        x = as_value(x)
        if type(x) is BatchTracer and x._trace is self:
            return x.value
        return broadcast_to(self.outside(x), (self.size, *shape_of(x)))

    @contextmanager
    def again(self, args: Sequence[Value], group: Any) -> Iterator[None]:
        """The trace at work once more, for a group of examples: after it has ended, too. A custom rule may close over its
        tracers.
        """
        with self.lock:
            was, at = (self.open, self.level), self.group
            self.open = True
            if group is not at:
                self.enter(group)
            if any(isinstance(a, Tracer) and a._trace.level > self.level for a in args):
                self.level = next_level()
            try:
                yield
            finally:
                self.open, self.level = was
                if self.group is not at:
                    self.enter(at)

    def __enter__(self) -> BatchTrace:
        return self

    def __exit__(self, *_: object) -> None:
        self.open = False
        self.parting = paths.ended(self, self.parting)


class DividedTrace(BatchTrace):
    """A `BatchTrace` whose examples take several paths."""

    __slots__ = ()
    divided = True

    def narrowed(self, x: BatchTracer) -> BatchTracer:
        """A value of the trace, for the examples that it is at."""
        if x.group is self.group:
            return x
        known = self.now.get(id(x))
        if known is None:
            batch = pairs.carried(self, x.batch, x.group)
            if batch is None:
                raise LeakedTracerError(
                    "a value that was computed for examples that take another path is used: vmap runs the function once for "
                    "each path, and it kept the value of another run in a global, a list or an attribute"
                )
            known = self.now[id(x)] = (x, self.box(batch))
        return known[1]

    def result(self, x: Value) -> tuple[Value, bool]:
        if self.owns(x) or self.group is None or self.group.base is None:
            return super().result(x)
        return self._of_pairs(self.outside(x))

    def paired_with(self, x: BatchTracer) -> BatchTracer:
        """A value of a trace around as one of this one, whose examples are pairs with those from here on."""
        if not pairs.spreads(self, x):
            pairs.pair_for(self, x)
        return self.box(self._of_pairs(x)[0])

    def _of_pairs(self, x: Value) -> tuple[Value, bool]:
        """A value that is not of this trace, for pairs, and whether it is one of a trace around, and so a batch."""
        if not isinstance(x, Tracer):
            return x, False
        if type(x) is BatchTracer and pairs.spreads(self, x):
            known = self.now.get(id(x))
            if known is None:
                known = self.now[id(x)] = (x, self.box(pairs.of_outer(self, x)))
            return known[1].batch, True
        pairs.check_shared(self, x)
        return x, False

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        if TAKING and (inner := taker(self, primitive)) is not None:
            return inner.process(primitive, args, params)
        if not self.open:
            raise self.leaked()
        group = self.group
        paired = group is not None and group.base is not None
        values, batched = [], []
        for a in args:
            mine = type(a) is BatchTracer and a._trace is self
            if mine:
                a = a.batch if a.group is group else self.narrowed(a).batch
            elif type(a) is np.ndarray and a.dtype.hasobject:
                raise object_array()
            elif paired:
                a, mine = self._of_pairs(a)
            values.append(a)
            batched.append(mine)
        out, flags = primitive.batch_in(self, values, batched, params)
        if primitive.multiple_results:
            return [self.box(o) if b else o for o, b in zip(out, flags, strict=True)]
        return self.box(out) if flags else out


def batch_flat(
    f: Callable[..., Sequence[Value]],
    size: int,
    args: Sequence[Value],
    batched: Sequence[bool],
    axis_name: Hashable = None,
) -> tuple[list[Value], list[bool]]:
    """vmap of a function from values to values: results, and which of them are batched."""
    with BatchTrace(size, axis_name) as trace:
        return batch_in(trace, f, args, batched)


def batch_in(
    trace: BatchTrace, f: Callable[..., Sequence[Value]], args: Sequence[Value], batched: Sequence[bool]
) -> tuple[list[Value], list[bool]]:
    def run() -> list[Value]:
        boxed = [_boxed(trace, a, entry) if b else a for a, b in zip(args, batched, strict=True)]
        return in_axis(trace, lambda: [as_value(o) for o in f(*boxed)])

    entry = trace.group
    before, start = paths.begin(trace, type(trace) in (BatchTrace, DividedTrace))
    try:
        outs = run()
        if trace.group is not entry:
            outs = paths.other_runs(trace, entry, start, outs, run)
    finally:
        paths.end(trace, before)
        if trace.group is not entry:
            trace.enter(entry)
    flags = [trace.owns(o) for o in outs]
    return [o.value if b else trace.outside(o) for o, b in zip(outs, flags, strict=True)], flags


def _boxed(trace: BatchTrace, batch: Value, group: Any) -> BatchTracer:
    out = BatchTracer(trace, batch)
    out.group = group
    return out


def in_axis(trace: BatchTrace, run: Callable[[], Any]) -> Any:
    """Run with the trace's axis name defined."""
    if trace.axis_name is None:
        return run()
    token = axis_env.set({**axis_env.get(), trace.axis_name: trace})
    try:
        return run()
    finally:
        axis_env.reset(token)


def too_large(total: int, error: MemoryError) -> MemoryError:
    """The error of a Jacobian that does not fit into memory, which says what does."""
    return TooLargeError(
        f"a Jacobian by {total} numbers is a matrix with so many rows or columns ({error}): products with it take "
        f"the memory of a vector, by jvp (times a vector), vjp (from the left) or hvp (of second derivatives), and where "
        f"most entries are zero jacobian(f, sparse=True) and hessian(f, sparse=True) hold the others alone"
    )


class TooLargeError(MemoryError):
    """That of a Jacobian."""


TooLargeError.__name__ = TooLargeError.__qualname__ = "MemoryError"
TooLargeError.__module__ = "builtins"


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
        axes = trees.broadcast_prefix(in_axes, trees.structure(args), what="vmap: in_axes", root="args")
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
            out_axes = trees.broadcast_prefix(self.out_axes, out_tree, what="vmap: out_axes", root="the result")
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
            paths.check_same_trees((first, out_tree), (trace.group, found_tree))
            return [check_output(x, f) for x in found]

        results = paths.other_runs(trace, None, [0, 0], [check_output(x, f) for x in outs], run)
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
