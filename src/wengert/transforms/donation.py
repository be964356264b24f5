"""jit with donated arguments, whose memory results may have.

Which results do, the compiler decides (`compile/donated.py`); here is which arguments are meant, and when their memory may
not be used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import Value
from ..errors import ArgumentError
from ..ops.derived import compiled
from ..program import Program
from ..vocabulary import Keywords
from .batching import axis_env
from .function import name_of
from .jitted import Jit, named_arguments, run_owned
from .native_calls import Natives


class DonatingJit(Jit):
    """A compiled function that may overwrite some of its arguments."""

    def __init__(
        self, f: Any, static_argnums: Any, static_argnames: Any, nums: Any, names: Any, backend: str | None = None
    ) -> None:
        super().__init__(f, static_argnums, static_argnames, backend)
        self._native = Natives()  # of its own: others of the same function leave their arguments as they are
        self._used: dict[Program, Any] = {}
        self.donate_argnums, self.donate_argnames = named_arguments(f, nums, names, "donate")
        both = {*self.donate_argnums} & {*self.static_argnums} or {*self.donate_argnames} & {*self.static_argnames}
        if both:
            raise ArgumentError(f"jit of {name_of(f)}: an argument is static or donated, not both: {sorted(both)}")

    def _runner(self, args: Any, kwargs: Any, leaves: Any) -> Callable[[Program, Sequence[Value]], list[Value] | None]:
        donated = self._donated(args, kwargs, leaves)
        if not donated or config.debugging or axis_env.get():
            return run_owned

        def run(program: Program, values: Sequence[Value]) -> list[Value] | None:
            plain = all(isinstance(v, (np.ndarray, np.generic, int, float, complex)) for v in values)
            # A guard that fails must find the arguments as they were.
            if program.guards or not plain or len(values) != len(leaves):
                return run_owned(program, values)
            self._used[program] = compiled(program, donated)
            return self._used[program](_separate(values, donated))

        return run

    def _make(self, program: Program, args: Any, kwargs: Any, leaves: Any) -> None:
        donated = () if program.guards or axis_env.get() else self._donated(args, kwargs, leaves)
        if not config.debugging:
            compiled(program, donated)

    def _compiled(self, program: Program) -> Any:
        return self._used.get(program)

    def clear_cache(self) -> None:
        """Forget every Program."""
        super().clear_cache()
        self._used.clear()

    def _donated(self, args: tuple[Any, ...], kwargs: Keywords, leaves: list[Any]) -> tuple[int, ...]:
        """The numbers of the donated arrays among the leaves."""
        parts = [a for i, a in enumerate(args) if {i, i - len(args)} & {*self.donate_argnums}]
        parts += [kwargs[name] for name in self.donate_argnames if name in kwargs]
        arrays = {id(x) for x in trees.leaves(parts)}
        return tuple(i for i, x in enumerate(leaves) if type(x) is np.ndarray and id(x) in arrays)

    def __reduce__(self) -> Any:
        nums, names = self.static_argnums or None, self.static_argnames or None
        return (DonatingJit, (self._f, nums, names, self.donate_argnums, self.donate_argnames, self.backend))


def _separate(values: Sequence[Any], donated: tuple[int, ...]) -> list[Any]:
    """The values, with copies of donated ones that may not be written to or that others have a part of."""
    out = list(values)
    for i in donated:
        x = values[i]
        others = (y for k, y in enumerate(values) if k != i and isinstance(y, np.ndarray))
        if not (x.flags.writeable and x.flags.c_contiguous) or any(np.may_share_memory(x, y) for y in others):
            out[i] = x.copy()
    return out
