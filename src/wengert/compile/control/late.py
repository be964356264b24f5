"""Reassociation of sums and products, for a shorter chain after the operand that is computed last: ``b`` of ``a * b + c``.

``y + k (a b + c)`` waits for one instruction after `b`, not three, as ``(k a) b + (y + k c)``. Steps of loops are such
chains: a sine, times the length of a step, added to a speed, which times the length of a step is added to an angle.
In the same way ``y (k b)`` waits for one as ``(y k) b``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..emitter import Emitter, V
from ..rewrites import on


class Late(NamedTuple):
    """``a * b + c``, or ``a * b`` with a constant `a`, b known last; and in how many steps it was multiplied and made."""

    a: V
    b: V
    c: V | None
    multiplied: int = 0
    steps: int = 0


MULTIPLIED, STEPS = 3, 8
# So large a factor is not multiplied into `a`, which would overflow before the number does; after `MULTIPLIED` neither.
LARGE = {"float": 2.0**40, "double": 2.0**300}
SMALL = 2.0**-10  # factors from here to 1 change places with others: the product neither overflows nor is lost
SUMS = ("fadd contract", "fsub contract")


class Timed(Emitter):
    """An emitter of scalars that reckons when each is known, and keeps what is known late in late form."""

    latency = True

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, int] = {}
        self._products: set[str] = set()

    def ready(self, v: V) -> int:
        """After how many cycles a value is known, what is carried by the loop being known from the start."""
        return self._known.get(v.name, 0)

    def define(self, right: str, type: str, lanes: int, depth: int) -> V:
        v = super().define(right, type, lanes, depth)
        operation, *_ = right.split(" ", 1)
        names = [name for name in OPERANDS.findall(right) if name in self._known]
        times = sorted((self._known[name], name in self._products) for name in names)
        before, product = times.pop() if times else (0, False)
        if product and right.startswith(SUMS):  # it is contracted into the sum
            before = max(before - CYCLES["fmul"], times[-1][0] if times else 0)
        self._known[v.name] = before + CYCLES.get(operation, 1)
        if operation == "fmul":
            self._products.add(v.name)
        return v

    def patch(self, condition: V, value: V, name: str, *args: V) -> V:
        return self.either(condition, lambda: [self.outside(name, *args)], lambda: [value])[0]

    def late_sum(self, a: V, b: V, c: V) -> V:
        return self._late(Late(a, b, c))

    def binary(self, op: str, a: V, b: V) -> V:
        last, other = (a, b) if a.late and (b.late is None or self.ready(a) > self.ready(b)) else (b, a)
        if op == "fmul contract" and on("late_sums"):
            return self._late_product(last, other) or self._noted(op, a, b)
        late = last.late and op in SUMS and on("late_sums")
        form = self._late_sum(op, last, other, last is a) if late else None
        return super().binary(op, a, b) if form is None else self._late(form)

    def _late(self, form: Late) -> V:
        assert form.c is not None
        found = self.fma(form.a, form.b, form.c)
        found.late = form
        return found

    def _noted(self, op: str, a: V, b: V) -> V:
        found = super().binary(op, a, b)
        for factor, x in ((a, b), (b, a)):
            if factor.const is not None and SMALL <= abs(factor.const) <= 1:
                found.late = Late(factor, x, None)
        return found

    def _late_product(self, last: V, other: V) -> V | None:
        if last.late is None:
            return None
        op, (a, b, c, multiplied, steps) = "fmul contract", last.late
        if c is None:
            early = other.const is None and self.ready(other) + 4 <= self.ready(b)
            return super().binary(op, super().binary(op, a, other), b) if early else None
        if other.const is None or not abs(other.const) <= LARGE[last.type] or multiplied == MULTIPLIED:
            return None
        products = [super(Timed, self).binary(op, other, x) for x in (a, c)]
        return self._late(Late(products[0], b, products[1], multiplied + 1, steps + 1))

    def _late_sum(self, op: str, last: V, other: V, first: bool) -> Late | None:
        """The sum of the two in late form; of a difference, `last` is the `first` or second term."""
        a, b, c, multiplied, steps = last.late
        if c is None or steps == STEPS or self.ready(other) > self.ready(b):
            return None
        left, right = (c, other) if first else (other, c)
        a = self.fneg(a) if op == "fsub contract" and not first else a
        return Late(a, b, super().binary(op, left, right), multiplied, steps + 1)


OPERANDS = re.compile(r"%v\d+")
CYCLES = {
    "fadd": 4,
    "fsub": 4,
    "fmul": 4,
    "call": 4,
    "fdiv": 14,
    "fneg": 0,
    "bitcast": 0,
    "phi": 0,
}  # 1 for others; loads run ahead

__all__ = ["Timed"]
