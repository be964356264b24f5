"""Components: a nest whose results fall into groups that share nothing but constants becomes several nests.

An optimiser's step over fifty arrays of two shapes would be two nests of a thousand equations each. Taken apart it is
fifty nests, of which those of one shape have the same text, so that LLVM sees two small functions. Groups of which
there is only one of a kind stay together: they are not written once more, and loops are shared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..program import Var
from .nest import ROW, Node, in_rows

MOST = 64  # results of a nest
LEAST = 512  # operations, points times nodes: below it a call would cost as much as the nest


def separated(kernel: Any, make: Callable[[], Any]) -> list[Any]:
    """The nests that a nest becomes, itself if it stays whole.

    Args:
        make: a new nest over the same domain, without results or nodes.
    """
    nodes: list[Node] = kernel.nest.nodes
    kinds: list[list[list[Any]]] = []
    rest = kernel.roots
    if len(rest) > 1 and kernel.size * len(nodes) >= 2 * LEAST:
        kinds, rest = _alike(kernel, nodes)
    if not kinds and len(rest) <= MOST:
        return [kernel]
    parts = []
    for found in kinds:
        mark = object()
        for roots in found:
            parts.append(part := _part(kernel, make(), roots))
            part.alike = mark
    return parts + [_part(kernel, make(), rest[i : i + MOST]) for i in range(0, len(rest), MOST)]


def _alike(kernel: Any, nodes: list[Node]) -> tuple[list[list[list[Any]]], list[Any]]:
    """The groups of results of each kind of which there are several, and the other results."""
    group = _groups(nodes)
    members: dict[int, list[Any]] = {}
    for root in kernel.roots:
        members.setdefault(group[root.node], []).append(root)
    if len(members) < 2:
        return [], kernel.roots
    alike: dict[Any, list[list[Any]]] = {}
    for roots in members.values():
        needed = _needed(nodes, roots)
        large = kernel.size * len(needed) >= LEAST
        alike.setdefault(_signature(nodes, roots, needed) if large else None, []).append(roots)
    kinds = [found for key, found in alike.items() if key is not None and len(found) > 1]
    rest = [r for key, found in alike.items() if key is None or len(found) == 1 for roots in found for r in roots]
    return kinds, rest


def _shareable(node: Node) -> bool:
    """Whether a node is the same number at all points, or costs nothing: it joins no groups."""
    return node.kind in ("number", "index") or (node.kind == "load" and not node.args and not node.data[1].terms)


def _groups(nodes: list[Node]) -> list[int]:
    """For each node a number that those have in common which are connected."""
    parent = list(range(len(nodes)))

    def find(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for i, node in enumerate(nodes):
        for a in node.args:
            if not _shareable(nodes[a]):
                parent[find(a)] = find(i)
    return [find(i) for i in range(len(nodes))]


def _needed(nodes: list[Node], roots: list[Any]) -> list[int]:
    """The nodes that some results depend on, in order; those that groups share first, whichever group made them."""
    found: set[int] = set()
    stack = [r.node for r in roots]
    while stack:
        i = stack.pop()
        if i not in found:
            found.add(i)
            stack += nodes[i].args
    return sorted(found, key=lambda i: (not _shareable(nodes[i]), i))


def _signature(nodes: list[Node], roots: list[Any], needed: list[int]) -> Any:
    """What is equal for nests with the same text."""
    place = {i: k for k, i in enumerate(needed)}
    arrays: dict[Any, int] = {}

    def array(a: Any) -> int:
        return arrays.setdefault(a if type(a) is Var else id(a), len(arrays))

    def content(node: Node) -> Any:
        if node.kind == "load":
            atom, offset, masked = node.data
            rows = tuple([in_rows(offset, atom, n) for n in range(2, ROW + 1)])
            return array(atom), offset.terms, offset.constant, masked, rows
        if node.kind == "op":
            eqn = node.data
            return eqn.primitive, tuple([(a.aval.dtype, a.aval.weak) for a in eqn.inputs])
        return repr(node.data)

    steps = [
        (nodes[i].kind, tuple([place[a] for a in nodes[i].args]), content(nodes[i]), nodes[i].dtype) for i in needed
    ]
    written = [
        (place[r.node], r.combine, r.offset.terms, r.offset.constant, array(r.target), r.target.aval.dtype)
        for r in roots
    ]
    return tuple(steps), tuple(written)


def _part(kernel: Any, part: Any, roots: list[Any]) -> Any:
    """A nest with some of the results, and the nodes that they need."""
    nodes = kernel.nest.nodes
    needed = _needed(nodes, roots)
    place = {i: k for k, i in enumerate(needed)}
    part.nest.nodes = [
        Node(n.kind, tuple([place[a] for a in n.args]), n.data, n.dtype) for n in (nodes[i] for i in needed)
    ]
    for root in roots:
        root.node = place[root.node]
    part.roots = roots
    return part


def corresponding(first: Any, second: Any, storage: Any) -> dict[Any, Any] | None:
    """The arrays of a nest by the arrays of another nest with the same text; None where arrays alias in only one of the nests."""

    def arrays(kernel: Any) -> list[Any]:
        read = [n.data[0] for n in kernel.nest.nodes if n.kind == "load"]
        return [storage(a) for a in [*read, *[r.target for r in kernel.roots]]]

    found: dict[Any, Any] = {}
    back: dict[Any, Any] = {}
    for a, b in zip(arrays(first), arrays(second), strict=True):
        key, other = (x if type(x) is Var else id(x) for x in (a, b))
        if found.setdefault(key, b) is not b or back.setdefault(other, a) is not a:
            return None
    return found


__all__ = ["corresponding", "separated"]
