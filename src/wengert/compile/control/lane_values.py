"""Values in the lanes of vectors: scalars and vectors, masks of the lanes that go on, arrays that each lane has of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core import Aval
from ..emitter import INSTRUCTIONS, Emitter, V
from ..serial.writer import Array, Text
from .elements import Value, bytes_of_aval
from .registers import RegisterWriter
from .spread import Spread
from .step import Control


class LaneValues(RegisterWriter):
    """Values of a function that does a step in each lane.

    A value of which all lanes have the same is a scalar until it meets another one.

    Attributes:
        width: the number of lanes. mask: of those that a result is for, None for all.
        bounded: the mask of those that have a step at all, None for all.
    """

    latency = False

    def __init__(self, step: Control, module: Any, width: int) -> None:
        super().__init__(step, module)
        self.cell = "%stop"
        self.width = width
        self.mask: V | None = None
        self.bounded: V | None = None
        self.numbers = self.lanes_constant(range(width), "i64")

    # --- scalars and vectors -------------------------------------------------------------------------------------------

    def wide(self, x: V) -> V:
        return self.splat(x, self.width)

    def _aligned(self, *values: V) -> list[V]:
        if all(v.lanes == values[0].lanes for v in values):
            return list(values)
        return [self.wide(v) for v in values]

    def fcmp(self, predicate: str, a: V, b: V) -> V:
        return super().fcmp(predicate, *self._aligned(a, b))

    def icmp(self, predicate: str, a: V, b: V) -> V:
        return super().icmp(predicate, *self._aligned(a, b))

    def select(self, c: V, a: V, b: V) -> V:
        a, b = self._aligned(a, b)
        return super().select(c, *((self.wide(a), self.wide(b)) if c.lanes > 1 else (a, b)))

    def intrinsic(self, name: str, *args: V, result: str | None = None, lanes: int | None = None) -> V:
        return super().intrinsic(name, *self._aligned(*args), result=result, lanes=lanes)

    def patch(self, condition: V, value: V, name: str, *args: V) -> V:
        condition, value, *rest = self._aligned(condition, value, *args)
        return Emitter.patch(self, condition, value, name, *rest)

    def define(self, right: str, type: str, lanes: int, depth: int) -> V:
        return Text.define(self, right, type, lanes, depth)

    def binary(self, op: str, a: V, b: V) -> V:
        return Emitter.binary(self, op, *self._aligned(a, b))

    def fma(self, a: V, b: V, c: V) -> V:
        return super().fma(*self._aligned(a, b, c))

    def late_sum(self, a: V, b: V, c: V) -> V:
        return self.fma(a, b, c)

    def flat(self, values: Sequence[Value]) -> list[V]:
        return [self.wide(x) for x in super().flat(values)]

    # --- masks ---------------------------------------------------------------------------------------------------------

    def both_hold(self, a: V | None, b: V) -> V:
        return self.wide(b) if a is None else self.and_(a, b)

    def bits_of(self, mask: V) -> V:
        return self.define(f"bitcast {mask!r} to i{self.width}", f"i{self.width}", 1, 0)

    def any_of(self, mask: V) -> V:
        bits = self.bits_of(mask)
        return self.icmp("ne", bits, self.const(0, bits))

    def count_of(self, mask: V) -> V:
        return self.cast("zext", self.intrinsic("ctpop", self.bits_of(mask)), "i64")

    def fail_if(self, bad: V) -> None:
        if bad.lanes == 1 and self.mask is None:
            super().fail_if(bad)
            return
        bad = self.both_hold(self.mask, bad)
        super().fail_if(self.any_of(bad))

    def _index(self, x: V, dtype: np.dtype, n: int, known: Any = None) -> V:
        i = super()._index(x, dtype, n, known)
        if i.lanes == 1 or self.mask is None:
            return i
        return self.select(self.mask, i, self.int(0))  # lanes that have ended may have any number

    # --- arrays --------------------------------------------------------------------------------------------------------

    def room(self, aval: Aval) -> Array:
        self._count += 1
        name = f"%room{self._count}"
        self.head.append(f"  {name} = alloca [{max(bytes_of_aval(aval), 1) * self.width} x i8], align 64")
        return Spread(self, aval.dtype, aval.shape, name, self.numbers, self.width, self.int(0))

    def slice_of(self, array: Array, index: V) -> Array:
        shape = array.shape[1:]
        if isinstance(array, Spread):
            return array.moved(self.scaled(index, math.prod(shape)), shape)
        if index.lanes == 1:
            return super().slice_of(array, index)
        return Spread(self, array.dtype, shape, array.pointer, self.scaled(index, math.prod(shape)), 1, None)

    def reshaped(self, array: Array, aval: Aval) -> Array:
        return array.moved(self.int(0), aval.shape) if isinstance(array, Spread) else super().reshaped(array, aval)

    def _element(self, value: Value, at: V) -> V:
        if at.lanes > 1 and value.array is not None and not isinstance(value.array, Spread):
            return value.array.gather(at)
        return super()._element(value, at)


def _aligned(write: Callable[[Emitter, V, V], V]) -> Callable[[LaneValues, V, V], V]:
    return lambda self, a, b: write(self, *self._aligned(a, b))


for _name in INSTRUCTIONS:
    setattr(LaneValues, _name, _aligned(getattr(Emitter, _name)))


__all__ = ["LaneValues"]
