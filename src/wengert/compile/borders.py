"""Borders: a nest that asks at each point whether it is inside of a range becomes several, in each of which the answer is known.

Padding, the derivatives of slices and what is put together of several arrays are choices by the point, and nests read them
through masks. A stencil's domain is cut where the answers change: what is left inside reads and adds without masks, and the
borders are nests of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..lowering.index_maps import Affine
from ..program import Equation, Program, Var
from .nest import BOOL, Node, size_of

LEAST = 1 << 10  # points of a nest that comes apart
SHARE = 8  # of a nest at least such a part is looked at once more
ALONG = 32  # points of a row along the last axis that are worth vectors of their own
FEW = 3  # arrays in a row, which are read where they are used
PARTS = 4  # along an axis, at most, where none is most of it

INDEX, SELECT = "index", "select"  # kinds of nodes
Build = Callable[[tuple[int, ...]], Any]


def divided(kernel: Any, make: Build) -> list[Any]:
    """The nests that a nest becomes, itself if it stays whole.

    Args:
        make: a new nest over a domain, without results or nodes.
    """
    if any(r.combine is not None for r in kernel.roots):
        return [kernel]
    kinds = {n.kind for n in kernel.nest.nodes}
    if "inside" not in kinds or "checked" in kinds:
        return [kernel]
    return _divided(kernel, make, max(LEAST, kernel.size // SHARE))


def seams(eqn: Equation) -> bool:
    """Whether nests that read an array that is put together come apart where its parts meet."""
    shape, axis = eqn.outputs[0].aval.shape, eqn.params["axis"]
    if size_of(eqn.outputs[0].aval) < LEAST or len(eqn.inputs) > FEW:
        return False
    return axis < len(shape) - 1 or max([a.aval.shape[axis] for a in eqn.inputs]) >= ALONG


def by_point(program: Program, v: Var, uses: Mapping[Var, Sequence[Equation]]) -> bool:
    """Whether all that uses an array is elementwise and of its shape."""
    shape, found = v.aval.shape, uses.get(v, ())
    inside = [e.primitive.elementwise and e.outputs[0].aval.shape == shape for e in found]
    return bool(found) and all(inside) and v not in [a for a in program.outputs if type(a) is Var]


def _divided(kernel: Any, make: Build, least: int) -> list[Any]:
    if kernel.size < least:
        return [kernel]
    for axis in range(len(kernel.domain)):
        ends = _ends(kernel, axis)
        if len(ends) < 3:
            continue
        parts = [_part(kernel, make, axis, a, b) for a, b in itertools.pairwise(ends)]
        return [p for part in parts for p in _divided(part, make, least)]
    return [kernel]


def _ends(kernel: Any, axis: int) -> list[int]:
    """Where the parts along an axis begin and end: two borders and what is inside, or up to as many as there are answers."""
    n = kernel.domain[axis]
    ends = [0, *_cuts(kernel, axis), n]
    first, end = max(itertools.pairwise(ends), key=lambda part: part[1] - part[0])
    if axis == len(kernel.domain) - 1 and end - first < ALONG:
        return []
    if 2 * (end - first) >= n:
        return sorted({0, first, end, n})
    return ends if len(ends) <= PARTS + 1 else []


def _cuts(kernel: Any, axis: int) -> list[int]:
    """Where along an axis the answer of a question by this axis alone changes."""
    nodes, n, found = kernel.nest.nodes, kernel.domain[axis], set[int]()
    for node in nodes:
        if node.kind != "inside" or nodes[node.args[0]].kind != INDEX:
            continue
        (low, high), (terms, constant) = node.data, nodes[node.args[0]].data
        if terms == ((axis, 1),):
            found |= {low - constant, high - constant}
        elif terms == ((axis, -1),):
            found |= {constant - high + 1, constant - low + 1}
    return sorted(i for i in found if 0 < i < n)


def _part(kernel: Any, make: Build, axis: int, first: int, end: int) -> Any:
    """The nest over a part of the domain, with what is known there left out."""
    domain = tuple([end - first if i == axis else n for i, n in enumerate(kernel.domain)])
    part = make(domain)

    def moved(a: Affine) -> Affine:
        return Affine(a.terms, a.constant + first * dict(a.terms).get(axis, 0))

    nodes, made = kernel.nest.nodes, list[Node]()
    place: list[int] = []  # for each node of the whole the one that stands for it
    known: dict[int, bool] = {}  # answers that are the same everywhere in the part, by the numbers of the part's nodes

    def put(kind: str, args: tuple[int, ...], data: Any, dtype: Any) -> int:
        made.append(Node(kind, args, data, dtype))
        return len(made) - 1

    for node in nodes:
        args = tuple([place[a] for a in node.args])
        answer = _answer(node, args, made, known, domain)
        if answer is not None:
            place.append(put("number", (), answer, BOOL))
            known[place[-1]] = answer
        elif node.kind == INDEX:
            place.append(put(INDEX, (), moved(node.data), node.dtype))
        elif node.kind == "and" and (args[0] in known or args[1] in known):
            place.append(args[args[0] in known])
        elif node.kind == SELECT and args[0] in known:
            place.append(args[1 if known[args[0]] else 2])
        elif node.kind == "load":
            atom, offset, masked = node.data
            if masked and known.get(args[-1]) is False:  # no choice takes it
                place.append(put("number", (), 0, node.dtype))
                continue
            masked = masked and args[-1] not in known
            kept = args[: len(args) - (node.data[2] and not masked)]
            place.append(put("load", kept, (atom, moved(offset), masked), node.dtype))
        else:
            place.append(put(node.kind, args, node.data, node.dtype))
    for root in kernel.roots:
        new = type(root)(root.target, root.source, None, moved(root.offset))
        new.node = place[root.node]
        part.roots.append(new)
    _keep_needed(part, made)
    return part


def _answer(
    node: Node, args: tuple[int, ...], made: Sequence[Node], known: dict[int, bool], domain: Any
) -> bool | None:
    """The answer of a question where it is the same for all points."""
    if node.kind == "and":
        if False in [known.get(a) for a in args]:
            return False
        return True if all(a in known for a in args) else None
    if node.kind != "inside" or made[args[0]].kind != INDEX:
        return None
    (terms, least), (low, high) = made[args[0]].data, node.data
    most = least
    for i, c in terms:
        least += min(c, 0) * (domain[i] - 1)
        most += max(c, 0) * (domain[i] - 1)
    if low <= least and most < high:
        return True
    return False if most < low or least >= high else None


def _keep_needed(part: Any, nodes: Sequence[Node]) -> None:
    needed, stack = set[int](), [r.node for r in part.roots]
    while stack:
        i = stack.pop()
        if i not in needed:
            needed.add(i)
            stack += nodes[i].args
    place = {i: k for k, i in enumerate(sorted(needed))}
    part.nest.nodes = [
        Node(n.kind, tuple([place[a] for a in n.args]), n.data, n.dtype) for n in (nodes[i] for i in place)
    ]
    for root in part.roots:
        root.node = place[root.node]


__all__ = ["by_point", "divided", "seams"]
