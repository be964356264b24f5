"""Bodies of loops and branches: a function traced to a Program, what it closes over become arguments."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from .. import trees
from ..core import Aval, Value, as_array
from ..frames import place_text
from ..ops.casts import in_own_order
from ..vocabulary import Tree
from .forward import check_output
from .function import name_of
from .known_programs import known_program
from .staging import stage


class Body:
    """A function traced for arguments of some types.

    Attributes:
        program: of what it closed over, then the leaves of its arguments. closed: what it closed over. tree: of its result.
    """

    tree: Any = None

    def __init__(self, f: Any, tree: Tree, avals: Sequence[Aval], what: str) -> None:

        def traced(f: Any) -> Any:
            def run(*values: Value) -> list[Value]:
                leaves, self.tree = trees.flatten(called(f, what, *trees.unflatten(tree, values)))
                return [in_own_order(as_array(check_output(x, f))) for x in leaves]

            return stage(run, avals, name, what, hoist_arrays=True)

        name = name_of(f)
        program, self.closed = traced(f)
        self.program = known_program(program)


_CALLS = {
    "scan": "(carry, x)",
    "fori_loop": "(i, carry)",
    "while_loop": "(carry)",
    "map": "(x)",
    "associative_scan": "(a, b)",
}


def called(f: Any, what: str, *given: Any) -> Any:
    """What a function of the user's gives. One that does not take so many arguments is told with what it is called."""
    try:
        return f(*given)
    except TypeError as error:
        _explain(error, f, len(given), what)
        raise


def _explain(error: TypeError, f: Any, n: int, what: str) -> None:
    try:
        inspect.signature(f).bind(*[None] * n)
    except TypeError:
        how = _CALLS.get(what, f"the {n} operands" if n else "no arguments, as there are no operands")
        error.add_note(f"{what} calls {name_of(f)}{line_of(f)} with {how}")
    except ValueError:  # it has no signature
        pass


def line_of(f: Any) -> str:
    code = getattr(getattr(f, "__wrapped__", f), "__code__", None)
    return "" if code is None else f" ({place_text(code.co_filename, code.co_firstlineno)})"


def type_text(a: Aval) -> str:
    return repr(Aval(a.shape, a.dtype))


__all__ = ["Body", "called", "line_of", "type_text"]
