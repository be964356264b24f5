"""Parted: a complex value of a Program that is written in real parts."""

from __future__ import annotations

from typing import Any

from ..core import Aval
from ..lowering import index_maps as maps
from ..program import Atom, Literal
from .interleaved import Packed, Whole
from .rewriter import number


class Parted:
    """A complex value.

    Attributes:
        aval: its type.
        made: the `parting.Parting` that writes what it is asked for.
    """

    __slots__ = ("_packed", "_pair", "_whole", "aval", "made")

    def __init__(self, made: Any, aval: Aval, pair: Any = None, packed: Any = None, whole: Any = None) -> None:
        self.made, self.aval = made, aval
        self._pair, self._packed, self._whole = pair, packed, whole

    @property
    def apart(self) -> bool:
        """Whether its parts are there already."""
        return self._pair is not None

    @property
    def pair(self) -> tuple[Atom, Atom]:
        """The parts, each of its shape, or a number."""
        if self._pair is None:
            x = self.packed
            shape = x.aval.shape
            index = tuple([(None, None, None)] * (len(shape) - 1))
            self._pair = tuple(self.made.one(maps.indexed, x, index=(*index, k)) for k in (0, 1))
        return self._pair

    @property
    def arrays(self) -> tuple[Atom, Atom]:
        """The parts, each of its shape."""
        return tuple(self.made.spread(a, self.aval.shape) for a in self.pair)

    @property
    def packed(self) -> Atom:
        """Both parts along a last axis."""
        if self._packed is None:
            if self._pair is None:
                self._packed = self.made.one(Packed, self._whole)
            else:
                self._packed = self.made.one(maps.Interleaved, *self.arrays, row=(2,))
        return self._packed

    @property
    def whole(self) -> Atom:
        """The complex array."""
        if self._whole is None:
            numbers = None if self._pair is None else tuple(number(a) for a in self._pair)
            if numbers is not None and None not in numbers and self.aval.shape == ():
                self._whole = Literal(self.aval.dtype.type(complex(*numbers)))
            else:
                self._whole = self.made.one(Whole, self.packed)
        return self._whole

    @property
    def is_real(self) -> bool:
        """Whether the imaginary part is known to be 0."""
        return self._pair is not None and number(self._pair[1]) == 0


__all__ = ["Parted"]
