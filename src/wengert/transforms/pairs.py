"""Pairs: paths of examples of a `vmap` inside of another one, `vmap(vmap(f))`, where a choice depends on both.

The inner `vmap` goes on with pairs of an example of its own and one of the `vmap` around it, all in one batch. Its values
are then those of pairs; what was computed before, by either, is spread over them when it is used. At the end the results
of all pairs are again, for each example of the `vmap` around, a batch of the inner one. So runs are as many as pairs take
paths.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import PrimalTracer, Tracer, Value, shape_of
from ..ops.indexing import getitem
from ..ops.shape import reshape
from .paths import RAISED, Group, Parting, known


class CannotPair(BaseException):  # noqa: N818 - a sign within the library; no `except Exception` of a user's takes it
    """For a trace: a value of the `vmap` around went through a derivative in between: the inner one begins anew, without pairs."""


class Pairs(Group):
    """All pairs of an example of a group with one of the `vmap` around; their number is ``o * own + i``.

    Attributes:
        outer: the trace around.
        own: how many examples the group has. around: how many there are of `outer`.
        outers: the traces around that are spread out, with the pairs in which they are.
    """

    __slots__ = ("around", "outer", "outers", "own")

    def __init__(self, trace: Any, outer: Any) -> None:
        self.own, self.around, self.outer = trace.size, outer.size, outer
        super().__init__(trace.group, np.arange(self.own * self.around), None)
        before = {} if self.base is None else self.base.outers
        self.base = self
        self.outers: dict[Any, Pairs] = {**before, outer: self}

    def places(self, at: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Of pairs, the positions of the example of `outer` and of the own one."""
        return np.divmod(self.examples if at is None else at, self.own)

    def spread(self, trace: Any, x: Value, at: np.ndarray | None) -> Value:
        """A batch of the group, for pairs of a trace."""
        o, i = self.places(at)
        if isinstance(x, Tracer):
            near: Any = self.outer.paired_with(x) if spreads(self.outer, x) else x
            if near._trace is self.outer:
                return _rows(near.value, (o, i))
            check_shared(trace, near, {self.outer: self})
            return _rows(near, (i,))
        return _rows(x, (i,))

    def joined(self, x: Value) -> Value:
        """The batch of the group that a batch of all pairs is."""
        return self.outer.box(reshape(x, (self.around, self.own, *shape_of(x)[1:])))

    def named(self, k: int) -> tuple[Any, ...]:
        """A pair as messages name it: the numbers of the examples, that of the outermost `vmap` first."""
        o, i = divmod(k, self.own)
        group = self.outer.group
        outer = o if group is None else group.named(int(group.examples[o]))
        inner = i if self.parent is None else self.parent.named(int(self.parent.examples[i]))
        return (*_tuple(outer), *_tuple(inner))


def _tuple(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)


def _rows(x: Value, at: tuple[np.ndarray, ...]) -> Value:
    if type(x) is np.ndarray:
        return x[at]
    return getitem(x, at[0] if len(at) == 1 else at)


def can_pair(trace: Any, x: Any) -> bool:
    """Whether a trace whose value is one of another batch may go on with pairs."""
    outer = x._trace
    if outer.parting is None or not known(trace).pairing.allowed:
        return False
    if not (known(trace).running and known(outer).running):
        return False
    while isinstance(x, Tracer):  # of a Program that is being written nothing is known
        if x.mutable:
            x = x.now()
        elif isinstance(x, PrimalTracer):
            x = x.primal
        elif type(x._trace) is type(trace) or hasattr(x._trace, "parting"):
            x = x.batch
        else:
            return False
    return True


def pair(trace: Any, outer: Any) -> None:
    """Go on with pairs of the examples of a trace and of one around. The latter asks the former from then on."""
    mine: Parting = known(trace)
    around: Parting = known(outer)
    if trace not in around.pairing.inside:
        mine.pairing.around.append(around.pairing)
        around.pairing.inside.append(trace)
    trace.enter(Pairs(trace, outer))


def pair_for(trace: Any, x: Any) -> None:
    """Go on with pairs in which a value of a trace around is spread out.

    Where a trace in between has pairs with that one, it is the one to go on with.
    """
    inside = [t for t in known(x._trace).pairing.inside if t is not trace]
    if inside:
        x = inside[-1].paired_with(x)
    pair(trace, x._trace)


def check_shared(trace: Any, x: Any, outers: Any = None) -> None:
    """Refuse a value that is the same for all examples of a trace, but not for those that it has pairs with.

    Raises:
        CannotPair: a derivative between the two made it of examples of the one around.
    """
    if outers is None:
        base = None if trace.group is None else trace.group.base
        outers = () if base is None else base.outers
    for outer in outers:
        if x._trace.level > outer.level:
            RAISED.sign = CannotPair(trace)
            raise RAISED.sign
        check_shared(outer, x)


def spreads(trace: Any, x: Any) -> bool:
    """Whether a trace has pairs now in which a value of another one is spread out."""
    base = None if trace.group is None else trace.group.base
    if base is None or not hasattr(x._trace, "parting"):
        return False
    return x._trace in base.outers or any(spreads(outer, x) for outer in base.outers)


def carried(trace: Any, x: Value, since: Any) -> Value | None:
    """A batch of a group, for the group that the trace is at, which came later; None where it did not."""
    group = trace.group
    bases: list[Pairs] = []
    base = None if group is None else group.base
    start = None if since is None else since.base
    while base is not start:
        if base is None:
            return None
        bases.append(base)
        base = None if base.parent is None else base.parent.base
    for k in reversed(range(len(bases))):
        p = bases[k]
        if since is not p.parent:
            positions = None if p.parent is None else p.parent.positions(since)
            if positions is None:
                return None
            x = _rows(x, (positions,))
        after = group if k == 0 else bases[k - 1].parent
        x = p.spread(trace, x, None if after is p or after is None else after.examples)
        since = after
    if group is since:
        return x
    positions = None if group is None else group.positions(since)
    return None if positions is None else _rows(x, (positions,))


def of_outer(trace: Any, x: Any) -> Value:
    """A value of a trace around that is spread out, for the pairs that the trace is at."""
    outers = trace.group.base.outers
    if x._trace not in outers:
        x = next(outer for outer in outers if spreads(outer, x)).paired_with(x)
    p = outers[x._trace]
    value = _rows(x.value, (p.places(None)[0],))
    found = carried(trace, value, p)
    assert found is not None
    return found


__all__ = ["CannotPair", "Pairs", "can_pair", "carried", "check_shared", "of_outer", "pair", "pair_for", "spreads"]
