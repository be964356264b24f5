"""What the operands of a loop are: named groups of them, and which members of a group take part in something.

A loop's parameter `operands` says how many values each group has, in the order of the arguments; its rules take the arguments
apart with `split` and say with `of` what those of the loop that they make are::

    consts, carry, xs = params["operands"].split(args)
    scan_p.bind(*consts, *carry, *xs, operands=ScanOperands.of(consts, carry, xs), ...)

They are tuples, equal and hashed by what they hold, so that they are keys of caches in memory and on disk as other parameters are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")
U = TypeVar("U")


def _split(self: tuple[int, ...], values: Sequence[T]) -> list[list[T]]:
    """The groups of some values, one for each operand."""
    found: list[list[T]] = []
    end = 0
    for n in self:
        found.append(list(values[end : end + n]))
        end += n
    assert end == len(values), f"{len(values)} values for the groups {self}"
    return found


class Members(tuple[bool, ...]):
    """Which members of a group take part in something, such as those that have a tangent."""

    __slots__ = ()

    @property
    def number(self) -> int:
        return sum(self)

    def of(self, values: Iterable[T]) -> list[T]:
        """The values of the members."""
        return [v for v, b in zip(values, self, strict=True) if b]

    def spread(self, values: Iterable[T], other: U = None) -> list[T | U]:
        """The values that belong to the members at their places in the group, `other` at the rest."""
        rest = iter(values)
        return [next(rest) if b else other for b in self]

    def among(self, flags: Iterable[bool]) -> Members:
        """Those of the group that are members and have a flag, from one flag for each member."""
        return Members(self.spread(flags, False))


class Chosen(NamedTuple):
    """Which constants of a `while` loop's body, and which of the values that it carries, take part in something."""

    consts: Members
    carry: Members

    @property
    def every(self) -> Members:
        """Both groups as one."""
        return Members((*self.consts, *self.carry))


class ScanOperands(NamedTuple):
    """Of ``scan(*consts, *carry, *xs)``, and of any body with such arguments; one step of a `while` has no `xs`."""

    consts: int
    carry: int
    xs: int

    split = _split

    @classmethod
    def of(cls, consts: Sequence[object], carry: Sequence[object], xs: Sequence[object] = ()) -> ScanOperands:
        return cls(len(consts), len(carry), len(xs))


class LoopOperands(NamedTuple):
    """Of ``while(*tests, *consts, *carry)``: constants of the condition, constants of the body, what is carried.

    Operations derived from a loop have them first among their arguments.
    """

    tests: int
    consts: int
    carry: int

    split = _split

    @classmethod
    def of(cls, tests: Sequence[object], consts: Sequence[object], carry: Sequence[object]) -> LoopOperands:
        return cls(len(tests), len(consts), len(carry))

    @property
    def number(self) -> int:
        return sum(self)

    @property
    def step(self) -> ScanOperands:
        """The arguments of the body."""
        return ScanOperands(self.consts, self.carry, 0)

    def apart(self, values: Sequence[T]) -> tuple[list[list[T]], list[T]]:
        """The groups of the first values, and the others: cotangents or tangents, and masks."""
        n = sum(self)
        return self.split(values[:n]), list(values[n:])

    def chosen(self, flags: Sequence[bool]) -> Chosen:
        """Flags of the body's arguments by group."""
        return Chosen(Members(flags[: self.consts]), Members(flags[self.consts :]))


class WalkBackOperands(NamedTuple):
    """Of ``walk_back(*tests, *consts, *fixed, *carry, *state)``, see there."""

    tests: int
    consts: int
    fixed: int
    carry: int
    state: int

    split = _split

    @classmethod
    def of(cls, *groups: Sequence[object]) -> WalkBackOperands:
        return cls(*map(len, groups))


class WalkOperands(NamedTuple):
    """Of the compiler's ``walk(*tests, *consts, *carry, *fixed, *state)``, see there."""

    tests: int
    consts: int
    carry: int
    fixed: int
    state: int

    split = _split

    @classmethod
    def of(cls, *groups: Sequence[object]) -> WalkOperands:
        return cls(*map(len, groups))


class SystemOperands(NamedTuple):
    """Of ``linear_solve(*consts, *right)``: what a system's Programs close over, and its right-hand side."""

    consts: int
    right: int

    split = _split


__all__ = [
    "Chosen",
    "LoopOperands",
    "Members",
    "ScanOperands",
    "SystemOperands",
    "WalkBackOperands",
    "WalkOperands",
]
