"""Spread: arrays of which each vector lane has its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..emitter import BITS, V
from ..narrow import from_memory, to_memory
from ..scalars import cast
from ..serial.writer import Array, memory_type


class Spread(Array):
    """An array of each lane: element `i` stands at ``offsets + step * i``, of a room in which lanes lie together or anywhere.

    Attributes:
        together: the number of the element where all lanes begin, if those of an element lie together.
    """

    w: Any  # a `lane_values.LaneValues`

    def __init__(
        self, w: Any, dtype: np.dtype, shape: tuple[int, ...], pointer: str, offsets: V, step: int, together: V | None
    ) -> None:  # fmt: skip
        super().__init__(w, dtype, shape, pointer)
        self.offsets, self.step, self.together = offsets, step, together

    def moved(self, by: V, shape: tuple[int, ...]) -> Spread:
        by = self.w.scaled(by, self.step)
        offsets = self.w.iadd(self.offsets, by)
        together = None if self.together is None or by.lanes > 1 else self.w.iadd(self.together, by)
        return Spread(self.w, self.dtype, shape, self.pointer, offsets, self.step, together)

    def load(self, offset: V, lanes: int = 1, step: int = 1, dtype: np.dtype | None = None) -> V:
        w = self.w
        offset = w.scaled(offset, self.step)
        if self.together is None or offset.lanes > 1:
            return self.gather(w.wide(w.iadd(self.offsets, offset)), dtype)
        type_, n = memory_type(self.dtype), w.width
        where = V(self.at(w.iadd(self.together, offset)), "ptr", 1, 0)
        if w.bounded is None or self.step > 1:  # a room, or all lanes are in the array
            x = w.define(f"load <{n} x {type_}>, {where.text}, align {BITS[type_] // 8}", type_, n, 0)
        else:
            x = w.masked_load(where, type_, n, w.bounded)
        x = from_memory(w, x, self.dtype)
        return x if dtype is None else cast(w, x, self.dtype, np.dtype(dtype))

    def store(self, offset: V, value: V) -> None:
        """Write each lane's value: in a room all lanes', in memory those of the mask."""
        w = self.w
        offset = w.scaled(offset, self.step)
        value = to_memory(w, w.wide(value), self.dtype)
        type_, n, mask = memory_type(self.dtype), w.width, w.mask
        if self.together is None:
            places = w.wide(w.iadd(self.offsets, offset))
            where = w.define(f"getelementptr {type_}, ptr {self.pointer}, {places!r}", "ptr", n, 0)
            w.masked_store(value, where, mask or w.constant(True, "i1", n))
            return
        where = V(self.at(w.iadd(self.together, offset)), "ptr", 1, 0)
        if mask is None or self.step > 1:
            w.raw(f"  store {value!r}, {where.text}, align {BITS[type_] // 8}")
        else:
            w.masked_store(value, where, mask)


__all__ = ["Spread"]
