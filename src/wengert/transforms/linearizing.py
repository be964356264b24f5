"""The trace of reverse mode: it runs the primal on plain values and writes the tangents' linear program on a tape.

No derivative rule lives here; the walk back over the tape is in `tape.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np

from ..core import (
    TAKING,
    LinearTracer,
    PrimalTracer,
    Primitive,
    Trace,
    Tracer,
    Value,
    ValueTracer,
    dtype_of,
    next_level,
    shape_of,
    taker,
)
from ..errors import NotLinearError, closed_over
from ..ops.casts import in_own_order
from ..ops.families import weighted_sum
from ..ops.keeping import keep
from ..ops.terms import plus
from ..places import READERS, Place, step_begins
from ..vocabulary import Params, Results, Shape
from .tape import INPUT, Tape

ndarray = np.ndarray


class LinearizeTracer(PrimalTracer):
    """A value, and the step of the tape that its tangent is."""

    __slots__ = ()
    tangent: Any = ValueTracer.second
    differentiated = recorded = True

    def __repr__(self) -> str:
        return f"LinearizeTracer<{self.aval!r}>(primal={self.primal!r})"


class LinearizeTrace(Trace):
    """Runs the primal, and records the tangent's linear program."""

    __slots__ = ("constants", "kinked", "started", "tape")
    name = "grad"

    def __init__(self) -> None:
        self.level = next_level()
        self.tape = Tape()
        self.constants = 0
        self.kinked = False

    def process(self, primitive: Primitive, args: tuple[LinearizeTracer | Any, ...], params: Params) -> Results:
        # The hot path of the library; guarded by the benchmarks `eager.*`.
        if TAKING and (inner := taker(self, primitive)) is not None:
            return inner.process(primitive, args, params)
        if len(args) == 1:
            (a,) = args  # a tracer of this trace, or it were not asked
            return primitive.linearize(self, (a.primal,), (a.tangent,), params)
        if len(args) == 2:
            x, y = args
            tx = ty = None
            if type(x) is LinearizeTracer and x._trace is self:
                x, tx = x.primal, x.tangent
            elif type(x) is ndarray and primitive.keeps and self.tape.keeps:
                x = keep(x, self.tape)
            if type(y) is LinearizeTracer and y._trace is self:
                y, ty = y.primal, y.tangent
            elif type(y) is ndarray and primitive.keeps and self.tape.keeps:
                y = keep(y, self.tape)
            return primitive.linearize(self, (x, y), (tx, ty), params)
        primals: list[Value] = list(args)
        tangents: list[Any] = [None] * len(primals)
        for i, a in enumerate(args):
            if type(a) is LinearizeTracer and a._trace is self:
                primals[i] = a.primal
                tangents[i] = a.tangent
            elif type(a) is ndarray and primitive.keeps and self.tape.keeps:
                primals[i] = keep(a, self.tape)
        return primitive.linearize(self, primals, tangents, params)

    def step(
        self, primal: Value, shape: Shape, dtype: np.dtype, primitive: Primitive, args: Any, params: Any
    ) -> LinearizeTracer:
        """The value `primal` of an operation whose tangent is the linear `primitive` of `args`. Hot."""
        nodes = self.tape.nodes
        if nodes is None:
            raise self.leaked()
        node = LinearTracer()  # as in `Tape.append`
        node._trace = self.tape
        node.primitive = primitive
        node.args = args
        node.params = params
        node.index = len(nodes)
        nodes.append(node)
        t = LinearizeTracer()
        t._trace = self
        t.primal = primal
        t.tangent = node
        t.views = None
        t.shape = node.shape = shape
        t.dtype = node.dtype = dtype
        return t

    def tracer(self, primal: Value, node: LinearTracer) -> LinearizeTracer:
        t = LinearizeTracer()
        t._trace = self
        t.primal = primal
        t.shape = shape_of(primal)
        t.dtype = dtype_of(primal)
        t.tangent = node
        t.views = None
        return t

    def wrap(self, primal: Value, tangent: Value | None) -> Value:
        """A result of a tangent rule; without a tangent it is just a value."""
        if tangent is None:
            return primal
        if type(tangent) is LinearTracer and tangent._trace is self.tape:
            if isinstance(primal, Tracer):  # a custom rule may close over values of this trace, see `JVPTrace.joined`
                primal, beside = self.split(primal)
                if beside is not None:
                    tangent = plus(beside, tangent)
            return self.tracer(primal, cast(LinearTracer, tangent))
        if not isinstance(tangent, Tracer) and not np.any(np.asarray(tangent) != 0):
            return primal
        if isinstance(tangent, Tracer) and tangent._trace.level > self.level:
            raise closed_over("a tangent rule", tangent)
        if isinstance(
            tangent, Tracer
        ):  # not known, as a zero that a compiled function gave: no cotangent comes through
            return primal
        raise NotLinearError(
            "a tangent rule gave a tangent that does not depend on the tangents of its arguments: it is affine"
        )

    def input(self, x: Value) -> LinearizeTracer:
        dtype = dtype_of(x)
        if not dtype.isnative:  # derivatives are in this machine's byte order
            x = in_own_order(x)
            dtype = dtype_of(x)
        return self.step(x, shape_of(x), dtype, INPUT, (), None)

    def split(self, x: Value) -> tuple[Value, LinearTracer | None]:
        if type(x) is LinearizeTracer and x._trace is self:
            return x.primal, x.tangent
        return (self.outside(x), None) if not isinstance(x, Tracer) or not x.mutable else self.split(x.now())

    @property
    def ended(self) -> bool:
        return self.tape.nodes is None

    def settle(self, start: int) -> None:
        """Let the steps from `start` on, which a custom rule has written, hold values where it closed over tracers."""
        for node in (self.tape.nodes or [])[start:]:
            if node.primitive is weighted_sum:
                node.args = ([self.split(c)[0] for c in node.args[0]], node.args[1])
            else:
                node.args = tuple([a if type(a) is LinearTracer else self.split(a)[0] for a in node.args])

    @contextmanager
    def as_constants(self) -> Iterator[None]:
        """Tracers of this trace, ended or not, are the values that they have: the backward function of a custom rule
        may close over them, and the derivative by them is taken where the forward function meets them."""
        with _lock:
            if not self.constants:
                cast(Any, self).__class__, self.started = _Constants, self.level
            self.constants += 1
            self.level = next_level()  # cotangents may be of a newer trace
        try:
            yield
        finally:
            with _lock:
                self.constants -= 1
                if not self.constants:
                    cast(Any, self).__class__, self.level = LinearizeTrace, self.started


class _Constants(LinearizeTrace):
    """A trace whose tracers stand for their values alone, for a while."""

    __slots__ = ()

    @property
    def ended(self) -> bool:
        return False

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Results:
        return primitive.bind(*[self.split(a)[0] for a in args], **params)


_lock = threading.Lock()


def _place_of_operation(given: dict[str, Any], outer: Callable[[], Place]) -> tuple[None, bool]:
    """Notes where the steps come from that follow the operation at hand; the place itself is that of frames around."""
    tape = given["self"].tape
    if tape.nodes is not None:
        step_begins(tape, len(tape.nodes), outer())
    return None, False


READERS[LinearizeTrace.process.__code__] = _place_of_operation
