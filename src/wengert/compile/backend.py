"""The native compiler as a backend (`wengert.backends`): Programs through LLVM to machine code."""

from __future__ import annotations

from ..costs import Cost
from ..program import Program
from .executable import Executable, cache_key
from .inspect import Lowered


class Native:
    """The default backend.

    Example:
        >>> import wengert
        >>> wengert.backends.named("native").name
        'native'
    """

    name = "native"

    def compile(self, program: Program, donated: tuple[int, ...] = ()) -> Executable:
        return Executable(program, donated=donated, keep=False)

    def lower(self, program: Program) -> Lowered:
        return Lowered(Executable(program))

    def cost(self, program: Program) -> Cost:
        return self.lower(program).cost()

    def cache_key(self, program: Program) -> bytes | None:
        """The hash of the Program, its constants, the settings, the processor, and the versions of all that made the code."""
        return cache_key(program)


BACKEND = Native()
