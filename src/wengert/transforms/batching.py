"""Batching: vmap. A batched value keeps its batch axis in front; named axes live in a context variable."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeGuard

import numpy as np

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
from ..errors import ConcretizationError, LeakedTracerError
from ..ops.diagonal import Diagonal
from ..ops.shape import broadcast_to, dense
from ..vocabulary import Params, Results
from . import joining, pairs, paths
from .function import (
    of_a_list,
)

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

    def owns(self, x: Value) -> TypeGuard[BatchTracer]:
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

    def process(self, primitive: Primitive, args: tuple[BatchTracer | Any, ...], params: Params) -> Results:
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

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Results:
        if TAKING and (inner := taker(self, primitive)) is not None:
            return inner.process(primitive, args, params)
        if not self.open:
            raise self.leaked()
        group = self.group
        paired = group is not None and group.base is not None
        values, batched = [], []
        for a in args:
            mine = False
            if type(a) is BatchTracer and a._trace is self:
                mine, a = True, a.batch if a.group is group else self.narrowed(a).batch
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
            outs = joining.other_runs(trace, entry, start, outs, run)
    finally:
        paths.end(trace, before)
        if trace.group is not entry:
            trace.enter(entry)
    flags: list[bool] = [trace.owns(o) for o in outs]
    return [o.value if trace.owns(o) else trace.outside(o) for o in outs], flags


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
