"""Loop nests: what a kernel computes at one point of its domain, as a list of nodes.

A kernel runs over a domain, some axes of which are reduced. Each node is a number at a point: a load from a buffer at
an offset that is affine in the point, an operation on other nodes, a bound check. Structural operations (slices,
transposes, broadcasts, padding) leave no node: they change the point at which their operand is asked for. Nothing here
knows LLVM; `loops` writes the code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..core import Aval
from ..lowering.index_maps import ZERO, Affine, Point, Structure, aligned, strides_of
from ..program import Atom, Equation, Literal, Var
from .rewriter import number

ROW = 4  # numbers in a short row that is read whole for one of them, at most: so many reads take the place of one

Coordinate = "Affine | int"  # an int is the number of a node that computes the coordinate


class Node:
    """One step at a point: ``kind`` and what it needs. Its number in the list stands for it elsewhere.

    Kinds: ``load`` (array, offset, dynamic offsets, mask), ``number`` (a literal), ``op`` (an elementwise equation),
    ``index`` (an affine number), ``inside`` (whether an affine number is in a range), ``and``, ``select``, ``checked``
    (an index, wrapped, clamped, and noted if out of range), ``scaled`` (a node times an integer).
    """

    __slots__ = ("args", "data", "dtype", "kind")

    def __init__(self, kind: str, args: tuple[int, ...], data: Any, dtype: np.dtype) -> None:
        self.kind = kind
        self.args = args
        self.data = data
        self.dtype = dtype


BOOL, INT64 = np.dtype(bool), np.dtype(np.int64)


class Nest:
    """The nodes of a kernel, found by following its results back to arrays in memory.

    Args:
        producer: the equation that defines a variable.
        in_memory: whether a variable is read from memory.
    """

    def __init__(self, producer: dict[Var, Equation], in_memory: Callable[[Var], bool]) -> None:
        self.producer = producer
        self.in_memory = in_memory
        self.nodes: list[Node] = []
        self._numbers: dict[Any, int] = {}
        self._values: dict[Any, int] = {}

    # --- nodes ---------------------------------------------------------------------------------------------------

    def node(self, kind: str, args: tuple[int, ...], data: Any, dtype: np.dtype, key: Any = None) -> int:
        key = (kind, args, data if key is None else key)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.nodes)
            self.nodes.append(Node(kind, args, data, dtype))
        return found

    def index(self, x: Affine | int) -> int:
        """The node of a coordinate."""
        return x if isinstance(x, int) else self.node("index", (), x, INT64)

    def inside(self, x: Any, low: int, high: int, mask: int | None) -> int:
        """The node of ``low <= x < high``, and of a mask that holds already."""
        test = self.node("inside", (self.index(x),), (low, high), BOOL)
        return test if mask is None else self.node("and", (mask, test), None, BOOL)

    # --- what index maps are written with ------------------------------------------------------------------------

    def step(self, x: Any, factor: int, shift: int) -> Any:
        """``factor * x + shift``."""
        if isinstance(x, Affine):
            return x.scaled(factor, shift)
        if (factor, shift) == (1, 0):
            return x
        return self.node("affine", (x,), (factor, shift), INT64)

    def total(self, parts: Sequence[Any]) -> Any:
        """The sum of some coordinates."""
        at = sum((p for p in parts if isinstance(p, Affine)), ZERO)
        for d in parts:
            if not isinstance(d, Affine):
                at = d if at == ZERO else self.node("sum", (self.index(at), d), None, INT64)
        return at

    def both(self, mask: int | None, here: int) -> int:
        return here if mask is None else self.node("and", (mask, here), None, BOOL)

    def or_zero(self, here: int, value: int, dtype: np.dtype) -> int:
        """A value where `here` holds, and 0 elsewhere."""
        zero = self.node("number", (), 0, dtype, ("0", dtype, False))
        return self.node("select", (here, value, zero), None, dtype)

    def checked(self, index: int, length: int, mask: int | None) -> int:
        """The node of an index along an axis, counted from the start, and an error where it is out of range."""
        return self.node("checked", (index, *([] if mask is None else [mask])), length, INT64)

    # --- following results back ------------------------------------------------------------------------------------

    def value(self, atom: Atom, point: Point, mask: int | None = None) -> int:
        """The node of an array at a point; where `mask` does not hold the number does not matter."""
        # A stack instead of recursion: programs can be thousands of operations deep.
        stack: list[tuple[Any, Iterator[Any]]] = []
        key = (atom if type(atom) is Var else id(atom), point, mask)
        result = self._values.get(key)
        if result is not None:
            return result
        stack.append((key, self._expand(atom, point, mask)))
        send: Any = None
        while stack:
            key, steps = stack[-1]
            try:
                want = steps.send(send)  # type: ignore[attr-defined]
            except StopIteration as stop:
                stack.pop()
                send = self._values[key] = stop.value
                continue
            send = None
            known = self._values.get((want[0] if type(want[0]) is Var else id(want[0]), want[1], want[2]))
            if known is not None:
                send = known
            else:
                a, p, m = want
                stack.append(((a if type(a) is Var else id(a), p, m), self._expand(a, p, m)))
        return send

    def _expand(self, atom: Atom, point: Point, mask: int | None) -> Any:
        """A coroutine: asks for values ``(atom, point, mask)``, returns the node of its own."""
        if type(atom) is Literal:
            return self.load(atom, point, mask) if atom.aval.shape else self.scalar(atom)
        if self.in_memory(atom):
            return self.load(atom, point, mask)
        eqn = self.producer[atom]
        native = eqn.primitive.native
        if isinstance(native, Structure):
            return (yield from native.read(self, eqn, point, mask))
        args, out = [], eqn.outputs[0].aval.shape
        for a in eqn.inputs:
            shape = a.aval.shape
            if type(a) is Literal and shape == ():
                args.append(self.scalar(a))
            else:
                args.append((yield (a, point if shape == out else aligned(shape, out, point), mask)))
        return self.operation(eqn, args)

    def scalar(self, a: Literal) -> int:
        """The node of a number."""
        n = number(a)
        return self.node("number", (), n, a.aval.dtype, (repr(n), a.aval.dtype, a.aval.weak))

    def operation(self, eqn: Equation, args: Sequence[int]) -> int:
        """The node of an elementwise equation."""
        out = eqn.outputs[0].aval.dtype
        key: Any = (eqn.primitive, out)
        for a in eqn.inputs:
            key += (a.aval.weak, a.aval.dtype)
        return self.node("op", tuple(args), eqn, out, key)

    def load(self, atom: Atom, point: Point, mask: int | None) -> int:
        shape = atom.aval.shape
        offset, dynamic = ZERO, []
        for x, stride, n in zip(point, strides_of(shape), shape, strict=True):
            if n == 1 and isinstance(x, Affine):
                continue
            if isinstance(x, Affine):
                offset = offset + x.scaled(stride)
            else:
                dynamic.append(x if stride == 1 else self.node("scaled", (x,), stride, INT64))
        args = (*dynamic, *([] if mask is None else [mask]))
        key = (atom if type(atom) is Var else id(atom), offset, mask is not None)
        return self.node("load", args, (atom, offset, mask is not None), atom.aval.dtype, key)


def in_rows(a: Affine, array: Any, length: int) -> bool:
    """Whether places are those of one number of each row, in an array of short rows: what is around may be read with it."""
    if not 2 <= length <= ROW:
        return False
    for _, c in a.terms:
        if c % length:
            return False
    return array.aval.size % length == 0


def is_number(a: Any) -> bool:
    """Whether an atom is a literal number, which has no memory."""
    return type(a) is Literal and a.aval.shape == ()


def size_of(aval: Aval) -> int:
    return math.prod(aval.shape)


__all__ = ["Nest", "Node", "in_rows", "is_number", "size_of"]
