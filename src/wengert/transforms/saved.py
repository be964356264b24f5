"""What a reverse pass keeps: saved_values lists it, print_saved shows it as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import trees
from ..core import Primitive, Value, as_value, dtype_of, is_inexact
from ..frames import user_line
from ..ops.families import weighted_sum
from ..vocabulary import Function, Keywords, Params, Results
from .function import argument_name, check_callable, name_of, shown
from .linearizing import LinearizeTrace
from .tape import PROJECTION, needed


class Saved(NamedTuple):
    """An array or a number that a reverse pass keeps.

    Attributes:
        shape, dtype: of the array. bytes: how many it takes.
        operation: whose derivative needs it. line: the user's, that made it.
        argument: the argument of the function that it is, or an empty string.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    bytes: int
    operation: str
    line: str
    argument: str

    def __repr__(self) -> str:
        what = f"argument {self.argument}" if self.argument else f"for {self.operation}"
        kind = f"{self.dtype.name}[{','.join(map(str, self.shape))}]"
        return f"{kind:>20} {self.bytes:>12,} bytes  {what}{'  ' + self.line if self.line else ''}"


class _Number(Saved):
    """A number that is no array."""


class _Watching(LinearizeTrace):
    """Notes the user's line of each step."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Results:
        out = super().process(primitive, args, params)
        n = len(self.tape.nodes or ())
        self.lines += [(primitive.name, user_line())] * (n - len(self.lines))
        return out


def saved_values(f: Function, *args: Any, **kwargs: Any) -> list[Saved]:
    """The arrays that the reverse pass of `f` at some arguments keeps, each once, the largest first.

    Single numbers are listed where it keeps no array, as for a function of numbers.

    Args:
        f: a function of arrays and pytrees of them, all its inexact arguments differentiated.
        args, kwargs: its arguments.

    Example:
        >>> import numpy as np, wengert.numpy as wnp
        >>> [s.operation or s.argument for s in saved_values(lambda x: wnp.sum(wnp.sin(x) * x), np.ones(3))]
        ['sin', 'x', 'multiply']
    """
    __tracebackhide__ = True
    check_callable(f, "saved_values")
    try:
        return _saved(f, args, kwargs)
    except Exception as error:
        raise shown(error)


def _saved(f: Any, args: tuple[Any, ...], kwargs: Keywords) -> list[Saved]:
    paths, tree = trees.flatten_with_paths((args, kwargs))
    trace = _Watching()
    names: dict[int, str] = {}
    boxed = []
    for path, leaf in paths:
        x = as_value(leaf)
        x = float(x) if type(x) is int else x
        names[id(x)] = _argument(f, path)
        boxed.append(trace.input(x) if is_inexact(x) else x)
    trace.lines = [("", "")] * len(trace.tape.nodes or ())
    try:
        given, more = trees.unflatten(tree, boxed)
        outs = [trace.split(o)[1] for o in trees.leaves(f(*given, **more))]
    finally:
        nodes = trace.tape.close()
    alive = needed(nodes, [o for o in outs if o is not None])
    found: dict[int, Saved] = {}
    for node in nodes:
        if not alive[node.index] or node.primitive is PROJECTION:
            continue
        operation, line = trace.lines[node.index]
        for a in _held(node):
            name = names.get(id(a), "")
            # A Python number that is no argument is a constant written in the function: nothing is saved for it.
            kept = isinstance(a, np.ndarray) or (isinstance(a, np.inexact) or (name and type(a) in (float, complex)))
            if kept and id(a) not in found:
                where = ("", "") if name else (operation, line)
                kind = Saved if isinstance(a, np.ndarray) else _Number
                found[id(a)] = kind(np.shape(a), dtype_of(a), _bytes(np.asarray(a)), *where, name)
    # Beside arrays single numbers are not worth a line; where there is nothing else they are what is kept.
    arrays = [s for s in found.values() if not isinstance(s, _Number)]
    return sorted(arrays or found.values(), key=lambda s: -s.bytes)


def _bytes(a: np.ndarray) -> int:
    """What an array takes: a broadcast takes what it is a broadcast of."""
    return a.dtype.itemsize * math.prod(n for n, step in zip(a.shape, a.strides, strict=True) if step)


def _held(node: Any) -> Sequence[Any]:
    return node.args[0] if node.primitive is weighted_sum else node.args


def _argument(f: Any, path: str) -> str:
    """``x['weights']`` for the path of a leaf among positional and keyword arguments."""
    group, rest = path[:3], path[3:]
    if group == "[0]":
        i = int(rest[1 : rest.index("]")])
        name = argument_name(f, i)
        return name[name.find("(") + 1 : -1] + rest[rest.index("]") + 1 :] if "(" in name else str(i)
    return rest.strip("[']")


def print_saved(f: Function, *args: Any, **kwargs: Any) -> None:
    """Print what the reverse pass of `f` keeps: each array, its bytes, the operation and the line that made it.

    Example:
        >>> import numpy as np, wengert.numpy as wnp
        >>> print_saved(lambda x: wnp.vdot(x, x), np.ones(1000))
        <lambda> keeps 1 array, 8,000 bytes, for its reverse pass
               float64[1000]        8,000 bytes  argument x
    """
    __tracebackhide__ = True
    found = saved_values(f, *args, **kwargs)
    total = sum(s.bytes for s in found)
    kind = "number" if found and isinstance(found[0], _Number) else "array"
    what = f"{len(found)} {kind}{'s' * (len(found) != 1)}"
    print(f"{name_of(f)} keeps {what}, {total:,} bytes, for its reverse pass")
    for s in found:
        print(s)


__all__ = ["Saved", "print_saved", "saved_values"]
