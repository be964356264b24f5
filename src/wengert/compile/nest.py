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
from ..ops.families import broadcast_shapes
from ..program import Atom, Equation, Literal, Var
from .rewriter import number


class Affine:
    """``sum(coefficient * axis) + constant`` over the axes of a domain."""

    __slots__ = ("constant", "terms")

    def __init__(self, terms: tuple[tuple[int, int], ...], constant: int = 0) -> None:
        self.terms = terms
        self.constant = constant

    @staticmethod
    def axis(i: int) -> Affine:
        return Affine(((i, 1),))

    def __add__(self, other: Affine) -> Affine:
        if not other.terms:
            return Affine(self.terms, self.constant + other.constant) if other.constant else self
        merged = dict(self.terms)
        for i, c in other.terms:
            merged[i] = merged.get(i, 0) + c
        terms = tuple(sorted((i, c) for i, c in merged.items() if c))
        return Affine(terms, self.constant + other.constant)

    def scaled(self, factor: int, shift: int = 0) -> Affine:
        """``factor * self + shift``."""
        if factor == 0:
            return Affine((), shift)
        return Affine(tuple((i, c * factor) for i, c in self.terms), self.constant * factor + shift)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Affine) and self.terms == other.terms and self.constant == other.constant

    def __hash__(self) -> int:
        return hash((self.terms, self.constant))

    def __repr__(self) -> str:
        parts = [f"i{i}" if c == 1 else f"{c}*i{i}" for i, c in self.terms]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts)


ZERO = Affine(())
Coordinate = "Affine | int"  # an int is the number of a node that computes the coordinate
Point = tuple[Any, ...]


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


def strides_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides, in elements, of a contiguous array."""
    out, step = [], 1
    for n in reversed(shape):
        out.append(step)
        step *= max(n, 1)
    return tuple(reversed(out))


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
            if atom.aval.shape == ():
                n = number(atom)
                return self.node("number", (), n, atom.aval.dtype, (repr(n), atom.aval.dtype, atom.aval.weak))
            return self.load(atom, point, mask)
        if self.in_memory(atom):
            return self.load(atom, point, mask)
        eqn = self.producer[atom]
        structure = STRUCTURE.get(eqn.primitive.name)
        if structure is not None:
            return (yield from structure(self, eqn, point, mask))
        args = []
        for a in eqn.inputs:
            args.append((yield (a, aligned(a.aval.shape, eqn.outputs[0].aval.shape, point), mask)))
        return self.operation(eqn, args)

    def operation(self, eqn: Equation, args: Sequence[int]) -> int:
        """The node of an elementwise equation."""
        weak = tuple(a.aval.weak for a in eqn.inputs)
        out = eqn.outputs[0].aval.dtype
        key = (eqn.primitive.name, out, weak, tuple(a.aval.dtype for a in eqn.inputs))
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


def aligned(shape: Sequence[int], out: Sequence[int], point: Point) -> Point:
    """The point of an operand that was broadcast to shape `out`."""
    skip = len(out) - len(shape)
    return tuple(x if n == m else ZERO for n, m, x in zip(shape, out[skip:], point[skip:], strict=True))


# --- structure: how an operand's point comes from the result's ----------------------------------------------------

STRUCTURE: dict[str, Callable[..., Any]] = {}


def structure(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(f: Callable[..., Any]) -> Callable[..., Any]:
        STRUCTURE[name] = f
        return f

    return add


@structure("transpose")
def _transpose(nest: Nest, eqn: Equation, point: Point, mask: int | None) -> Any:
    source = [ZERO] * len(point)
    for i, axis in enumerate(eqn.params["axes"]):
        source[axis] = point[i]
    return (yield (eqn.inputs[0], tuple(source), mask))


@structure("broadcast_to")
def _broadcast(nest: Nest, eqn: Equation, point: Point, mask: int | None) -> Any:
    x = eqn.inputs[0]
    return (yield (x, aligned(x.aval.shape, eqn.params["shape"], point), mask))


@structure("reverse")
def _reverse(nest: Nest, eqn: Equation, point: Point, mask: int | None) -> Any:
    shape, axes = eqn.inputs[0].aval.shape, eqn.params["axes"]
    turned = [_step(nest, x, -1, n - 1) if i in axes else x for i, (x, n) in enumerate(zip(point, shape, strict=True))]
    return (yield (eqn.inputs[0], tuple(turned), mask))


def _step(nest: Nest, x: Any, factor: int, shift: int) -> Any:
    if isinstance(x, Affine):
        return x.scaled(factor, shift)
    return nest.node("affine", (x,), (factor, shift), INT64)


@structure("slice")
def _slice(nest: Nest, eqn: Equation, point: Point, mask: int | None) -> Any:
    starts, steps = eqn.params["starts"], eqn.params["steps"]
    source = tuple(_step(nest, x, s, a) for x, a, s in zip(point, starts, steps, strict=True))
    return (yield (eqn.inputs[0], source, mask))


def basic_index(shape: Sequence[int], index: Sequence[Any]) -> Iterator[tuple[str, int, int]]:
    """Each entry of a basic index as ``("new", 0, 0)``, ``("at", i, 0)`` or ``("range", start, step)``."""
    axis = 0
    for entry in index:
        if entry is None:
            yield "new", 0, 0
            continue
        if type(entry) is tuple:
            start, _, step = slice(*entry).indices(shape[axis])
            yield "range", start, step
        else:
            yield "at", int(entry) % max(shape[axis], 1), 0
        axis += 1
    for _ in range(axis, len(shape)):
        yield "range", 0, 1


@structure("index")
def _index(nest: Nest, eqn: Equation, point: Point, mask: int | None) -> Any:
    given, source = iter(point), []
    for kind, a, step in basic_index(eqn.inputs[0].aval.shape, eqn.params["index"]):
        if kind == "new":
            next(given)
        elif kind == "at":
            source.append(Affine((), a))
        else:
            source.append(_step(nest, next(given), step, a))
    return (yield (eqn.inputs[0], tuple(source), mask))


@structure("index_embed")
def _index_embed(nest: Nest, eqn: Equation, point: Point, mask: int | None) -> Any:
    x = eqn.inputs[0]
    shape, given, lengths = eqn.params["shape"], iter(point), iter(x.aval.shape)
    source: list[Any] = []
    here, axis = None, -1
    for kind, a, step in basic_index(shape, eqn.params["index"]):
        if kind == "new":
            next(lengths)
            source.append(ZERO)
            continue
        axis += 1
        if kind == "at":
            here = nest.inside(next(given), a, a + 1, here)
            continue
        at, n = next(given), next(lengths)
        shifted = _step(nest, at, step, -a * step)
        if (a, n, step) != (0, shape[axis], 1):
            here = nest.inside(shifted, 0, n, here)
        source.append(shifted)
    return (yield from _masked(nest, x, tuple(source), here, mask))


@structure("pad_zero")
def _pad(nest: Nest, eqn: Equation, point: Point, mask: int | None) -> Any:
    x = eqn.inputs[0]
    source, here = [], None
    for at, n, (low, high, _) in zip(point, x.aval.shape, eqn.params["config"], strict=True):
        shifted = _step(nest, at, 1, -low)
        if low > 0 or high > 0:
            here = nest.inside(shifted, 0, n, here)
        source.append(shifted)
    return (yield from _masked(nest, x, tuple(source), here, mask))


def _masked(nest: Nest, x: Atom, source: Point, here: int | None, mask: int | None) -> Any:
    """`x` where `here` holds, and 0 elsewhere."""
    if here is None:
        return (yield (x, source, mask))
    both = here if mask is None else nest.node("and", (mask, here), None, BOOL)
    value = yield (x, source, both)
    zero = nest.node("number", (), 0, x.aval.dtype, ("0", x.aval.dtype, False))
    return nest.node("select", (here, value, zero), None, x.aval.dtype)


@structure("reshape")
def _reshape(nest: Nest, eqn: Equation, point: Point, mask: int | None) -> Any:
    """Each axis of the operand is one of the result's, or several of them in a row."""
    (x,) = eqn.inputs
    want = eqn.params["shape"]
    groups = split_axes(x.aval.shape, want)
    assert groups is not None
    source = []
    for group in groups:
        steps = strides_of([want[i] for i in group])
        parts = [_step(nest, point[i], s, 0) for i, s in zip(group, steps, strict=True)]
        at = sum((p for p in parts if isinstance(p, Affine)), ZERO)
        dynamic = [p for p in parts if not isinstance(p, Affine)]
        for d in dynamic:
            at = d if at == ZERO else nest.node("sum", (nest.index(at), d), None, INT64)
        source.append(at)
    return (yield (x, tuple(source), mask))


@structure("gather")
def _gather(nest: Nest, eqn: Equation, point: Point, mask: int | None) -> Any:
    x, *indices = eqn.inputs
    axes = eqn.params["axes"]
    shape = broadcast_shapes("indices", *[i.aval.shape for i in indices])
    rest = iter(point[len(shape) :])
    found = {}
    for axis, i in zip(axes, indices, strict=True):
        raw = yield (i, aligned(i.aval.shape, shape, point[: len(shape)]), mask)
        found[axis] = nest.node("checked", (raw, *([] if mask is None else [mask])), x.aval.shape[axis], INT64)
    source = tuple(found[a] if a in found else next(rest) for a in range(len(x.aval.shape)))
    return (yield (x, source, mask))


def structural(eqn: Equation) -> bool:
    """Whether an equation only changes where its operand is read."""
    name = eqn.primitive.name
    if name not in STRUCTURE:
        return False
    if name == "pad_zero":
        return all(gap == 0 for _, _, gap in eqn.params["config"])
    if name == "index_embed":
        steps = [s for kind, _, s in basic_index(eqn.params["shape"], eqn.params["index"]) if kind == "range"]
        return all(abs(s) == 1 for s in steps)
    return True


def split_axes(have: Sequence[int], want: Sequence[int]) -> list[list[int]] | None:
    """For each axis of shape `have`, the axes of `want` that it is split into; None where axes are merged."""
    rest = [i for i, n in enumerate(want) if n != 1]
    groups: list[list[int]] = []
    for n in have:
        group: list[int] = []
        size = 1
        while size < n and rest:
            i = rest.pop(0)
            group.append(i)
            size *= want[i]
        if size != n:
            return None
        groups.append(group)
    return None if rest else groups


def size_of(aval: Aval) -> int:
    return math.prod(aval.shape)


__all__ = [
    "ZERO",
    "Affine",
    "Nest",
    "Node",
    "aligned",
    "split_axes",
    "size_of",
    "strides_of",
    "structural",
]
