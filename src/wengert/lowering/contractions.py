"""Products that are summed: of matrices, in general of arrays along axes."""

from __future__ import annotations

from . import Lowering


class Contraction(Lowering):
    """A product of two arrays, summed: ``dims`` of an equation's parameters has the axes summed and those of a batch, of
    either operand."""


__all__ = ["Contraction"]
