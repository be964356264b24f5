"""Where a tangent or a cotangent is zero because nothing reaches it, and not because a derivative is zero there.

An index, a slice, a mask, `where` leave elements out: their cotangent is no number that happens to be 0 but no
dependence at all, and must not meet an infinite partial derivative (0 times infinity is NaN). A 0 that came of a factor
0 says nothing of the kind: ``sqrt(x)**2`` at 0 is such a case, and stays NaN. So the two are told apart by structure,
not by value. A support is found only when an infinite coefficient (or one not known yet) is met.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import (
    TAKING,
    LinearTracer,
    PrimalTracer,
    Tracer,
    Value,
    ValueTracer,
    dtype_of,
    is_inexact,
    not_taken,
    shape_of,
)
from .casts import convert
from .elementwise import logical_and, logical_or, not_equal, where
from .known import finite, is_diagonal
from .shape import broadcast_to, dense, spread, unbroadcast

ndarray = np.ndarray


class Support:
    """The elements of an array that something reaches, as a boolean array, found when it is asked for.

    `fills` are axes along which nothing is left out whatever the values are: for each of their positions some element is
    reached. One gather of a label from each row fills the axis of rows, so a sum over the columns needs no mask. `choice`
    says whether a choice by value such as `where` takes part, and not indices alone; `dear`, whether a loop runs once more
    to find it.
    """

    __slots__ = ("_before", "_find", "_found", "_hits", "choice", "dear", "fills")

    def __init__(
        self, find: Callable[[], Value | None], *before: Support | None, fills: tuple[int, ...] | None = None
    ) -> None:
        self.fills = fills
        self._find: Callable[[], Value | None] | None = find
        self._before: list[Support] = []  # what `find` asks, so that a long chain needs no recursion
        self.choice = self.dear = False
        for s in before:
            if s is not None:
                self._before.append(s)
                self.choice = self.choice or s.choice
                self.dear = self.dear or s.dear
        self._found: Value | None = None
        self._hits: Value | None = None  # how often an element is reached, where that was found

    def live(self) -> Value | None:
        """A boolean array, True where something reaches; None where it reaches every element.

        Like a cotangent it may be smaller than its step, and then stands for its broadcast.
        """
        waiting = [self]
        while waiting:
            s = waiting[-1]
            earlier = [t for t in s._before if t._find is not None]
            if s._find is None or not earlier:
                waiting.pop()
            if s._find is None:
                continue
            if earlier:
                waiting += earlier
                continue
            if TAKING:  # kept, so no part of a body that asks for it first
                with not_taken():
                    found = s._find()
            else:
                found = s._find()
            if found is not None and dtype_of(found).kind != "b":
                found = _where_hit(s, found)
            if found is not None and _is_full(found):
                found = None
            s._find, s._found, s._before = None, found, []
        return self._found

    def hits(self, dtype: np.dtype) -> Value | None:
        """The same as numbers that are not negative, of which sums tell where any of several reaches."""
        found = self.live()
        return found if found is None else convert(found if self._hits is None else self._hits, dtype)


def _where_hit(s: Support, hits: Value) -> Value:
    s._hits = hits
    return not_equal(hits, 0)


def _is_full(mask: Value) -> bool:
    """Whether a mask is known to be True throughout; that of a batch may be plain."""
    if isinstance(mask, Tracer):
        parts = mask.parts() if isinstance(mask, ValueTracer) else ()
        return len(parts) == 1 and type(parts[0]) is ndarray and bool(parts[0].all())
    return bool(np.all(mask))


def nonzero(values: Value) -> Support:
    """The support of values whose zeros stand for no dependence, as those of a standard basis.

    A zero that carries a derivative, as the point at which a function linear in its tangent is differentiated, is reached.
    """
    return Support(lambda: _reached(values))


def _reached(values: Value) -> Value | None:
    """Where values or derivatives that they carry are not 0; None where that is not known."""
    if not isinstance(values, ValueTracer):
        return not_equal(values, 0)
    parts = values.parts()
    if not isinstance(values, PrimalTracer):
        return None if any(map(_differentiated, parts)) else not_equal(values, 0)
    found = None
    for part in parts:
        reached = _reached(part)
        if reached is None:
            return None
        found = reached if found is None else logical_or(found, reached)
    return found


def _differentiated(x: Value) -> bool:
    """Whether a value carries a derivative, itself or what it is a batch of."""
    return isinstance(x, PrimalTracer) or (isinstance(x, ValueTracer) and any(map(_differentiated, x.parts())))


def either(s: Support | None, t: Support | None) -> Support | None:
    """The support of a sum of two of one shape."""
    if s is None or t is None or s is t:
        return s if s is t else None

    def find() -> Value | None:
        x, y = s.live(), t.live()
        return None if x is None or y is None else logical_or(x, y)

    return Support(find, s, t, fills=s.fills if t.fills is None or len(s.fills or ()) > len(t.fills) else t.fills)


def both(s: Support | None, t: Support) -> Support:
    """The support of a product of two."""
    if s is None or s is t:
        return t

    def find() -> Value | None:
        x, y = s.live(), t.live()
        return y if x is None else x if y is None else logical_and(x, y)

    return Support(find, s, t)


def summed(s: Support, whole: tuple[int, ...], shape: tuple[int, ...]) -> Support | None:
    """The support of what is summed over the axes that broadcasting `shape` to `whole` added."""
    added = len(whole) - len(shape)
    if s.fills is not None and all(
        axis in s.fills for axis, n in enumerate(whole) if axis >= added and shape[axis - added] == n > 1
    ):
        return None

    def find() -> Value | None:
        x = s.live()
        if x is None:
            return None
        count = np.dtype(np.float64)
        return not_equal(unbroadcast(spread(convert(x, count), whole, count), shape), 0)

    return Support(find, s)


def chosen(s: Support | None, coefficient: Value, shape: tuple[int, ...]) -> Support:
    """The support of what a choice lets through: nothing where its coefficient is 0."""

    def find() -> Value | None:
        here = broadcast_to(not_equal(coefficient, 0), shape)
        x = None if s is None else s.live()
        return here if x is None else logical_and(x, here)

    made = Support(find, s)
    made.choice = True
    return made


def transposed(node: LinearTracer, k: int, s: Support | None) -> Support | None:
    """The support of the cotangent of argument `k` of a step whose own cotangent has support `s`.

    Where the step says (`Primitive.pattern`) that its transpose moves elements or adds them up, the transpose of an
    array of ones and zeros tells; of other steps every element of the argument is reached.
    """
    primitive, params = node.primitive, node.params
    if primitive.pattern is None:
        return None
    by_hits = getattr(primitive, "hits", None)
    args = []
    for a in node.args if by_hits is None else ():
        if type(a) is LinearTracer or not is_inexact(a):
            args.append(a)
        elif isinstance(a, Tracer):
            return None  # a second product, of the values of each call: too dear
        else:
            args.append(np.broadcast_to(np.ones((), dtype_of(a)), shape_of(a))[()])

    def find() -> Value | None:
        x = None if s is None else s.live()
        if x is None and primitive.pattern == "moves":
            return None
        shape, dtype = node.shape, node.dtype
        ones = np.ones(shape, dtype)[()] if x is None else spread(convert(x, dtype), shape, dtype)
        return primitive.transpose(ones, args, params)[k] if by_hits is None else by_hits(ones, *node.args, k, **params)

    return Support(find, s, fills=primitive.fills(node.args, node.shape, params) if k == 0 and s is None else None)


def written_out(ct: Any, s: Support | None) -> Support:
    """The support of such a batch once its zeros are written out; `s` is that of its weights, the same in each example."""

    def find() -> Value | None:
        weights = np.ones(shape_of(ct.batch.weights), bool)[()]
        basis = type(ct)(ct._trace, dense(ct.batch.with_weights(weights)))
        x = None if s is None else s.live()
        return basis if x is None else logical_and(basis, x)

    return Support(find, s)


def note(supports: list[Support | None], j: int, before: Value | None, g: Value, t: Support | None) -> None:
    """Add the support `t` of `g`, which was added to the cotangent `before` of step `j`."""
    if before is None:
        supports[j] = t
        return
    s = supports[j]
    if is_diagonal(before) != is_diagonal(g):
        s, t = (written_out(before, s), t) if is_diagonal(before) else (s, written_out(g, t))
    supports[j] = either(s, t)


def within(values: Value, s: Support) -> Value:
    """Coefficients or tangents, but 0 outside of a support where they may be infinite."""
    if finite(values):
        return values
    live = s.live()
    if live is None:
        return values
    if not isinstance(live, Tracer) and not isinstance(values, Tracer):
        return np.where(live, values, dtype_of(values).type(0))
    return where(live, values, dtype_of(values).type(0))
