"""Pullbacks and pushforwards as pytrees: their leaves are the values that they saved.

So the result of `vjp` or `linearize` may be a residual of a custom rule, be returned from a function under `jit`, and
be batched by `vmap`. How derivatives are taken is in linearizing.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import trees
from ..core import Tracer, Value, dtype_of, shape_of
from .tape import LinearTracer, Tape


class _Skeleton:
    """A linear map without its saved values: the metadata of the tree. Equal only to itself."""

    __slots__ = ("kind", "linearized", "places")

    def __init__(self, kind: type, linearized: Any, places: dict[int, int]) -> None:
        self.kind, self.linearized, self.places = kind, linearized, places

    def __repr__(self) -> str:
        return f"{self.kind.__name__}({len(self.linearized.nodes)} steps)"


def flatten(linear_map: Any) -> tuple[list[Value], _Skeleton]:
    """The saved arrays, each once, and the rest."""
    linearized = linear_map._linearized
    saved: dict[int, Value] = {}
    for node in linearized.nodes:
        for a in _values(node):
            if isinstance(a, (np.ndarray, np.generic)) or (isinstance(a, Tracer) and not _on_tape(a, node)):
                saved.setdefault(id(a), a)
    return list(saved.values()), _Skeleton(type(linear_map), linearized, {key: i for i, key in enumerate(saved)})


def unflatten(skeleton: _Skeleton, children: Iterable[Value]) -> Any:
    """The same linear map with other saved values, on a tape of its own."""
    values, places, old = list(children), skeleton.places, skeleton.linearized
    tape = Tape()
    nodes: list[LinearTracer] = []

    def moved(a: Any, node: LinearTracer) -> Any:
        if type(a) is LinearTracer and a._trace is node._trace:
            return nodes[a.index]
        return values[places[id(a)]] if id(a) in places else a

    for node in old.nodes:
        if len(node.args) == 2 and isinstance(node.args[0], (list, tuple)):  # a weighted sum
            args: Any = tuple([moved(a, node) for a in part] for part in node.args)
        else:
            args = [moved(a, node) for a in node.args]
        nodes.append(tape.append(node.primitive, args, node.params, node.shape, node.dtype))
    new = object.__new__(type(old))
    new.__dict__.update(old.__dict__)
    new.nodes, new.tape = tape.close(), tape
    new.out_nodes = [None if o is None else nodes[o.index] for o in old.out_nodes]
    new.leaves, new.out_values = [_like(x) for x in old.leaves], [_like(x) for x in old.out_values]
    new.inputs = []
    return skeleton.kind(new)


def _values(node: LinearTracer) -> Iterable[Any]:
    for a in node.args:
        if isinstance(a, (list, tuple)):
            yield from a
        else:
            yield a


def _on_tape(a: Any, node: LinearTracer) -> bool:
    return type(a) is LinearTracer and a._trace is node._trace


def _like(x: Value) -> Value:
    """What is asked of inputs and results after the fact: shape and dtype."""
    return np.broadcast_to(np.zeros((), dtype_of(x)), shape_of(x))


def register(kind: type) -> None:
    """Make a class whose instances hold `_linearized` a node of pytrees."""
    trees.register(kind, flatten, unflatten)
