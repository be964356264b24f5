"""Bodies of loops and branches: a function traced to a Program, what it closes over become arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import trees
from ..core import Aval, Value, as_array, dtype_of
from ..errors import place_text
from ..ops.elementwise import convert
from .forward import check_output
from .function import name_of
from .staging import known_program, stage


class Body:
    """A function traced for arguments of some types.

    Attributes:
        program: of what it closed over, then the leaves of its arguments. closed: what it closed over. tree: of its result.
    """

    tree: Any = None

    def __init__(self, f: Any, tree: Any, avals: Sequence[Aval], what: str) -> None:

        def traced(f: Any) -> Any:
            def run(*values: Value) -> list[Value]:
                leaves, self.tree = trees.flatten(f(*trees.unflatten(tree, values)))
                return [in_own_order(as_array(check_output(x, f))) for x in leaves]

            return stage(run, avals, name, what, hoist_arrays=True)

        name = name_of(f)
        program, self.closed = traced(f)
        self.program = known_program(program)


def in_own_order(x: Value) -> Value:
    """A value of the other byte order in this machine's, which what is computed of it has."""
    dtype = dtype_of(x)
    return x if dtype.isnative else convert(x, dtype.newbyteorder("="))


def line_of(f: Any) -> str:
    code = getattr(getattr(f, "__wrapped__", f), "__code__", None)
    return "" if code is None else f" ({place_text(code.co_filename, code.co_firstlineno)})"


def type_text(a: Aval) -> str:
    return repr(Aval(a.shape, a.dtype))


__all__ = ["Body", "in_own_order", "line_of", "type_text"]
