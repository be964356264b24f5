"""The loops of greedy colouring: written in Python, compiled by `compile.integers`.

Graphs are in compressed form: the neighbours of v are ``ind[ptr[v]:ptr[v + 1]]``. A colour is a number from 0, -1 that of a
vertex without one. Sources: Gebremedhin, Manne & Pothen (2005), "What color is your Jacobian?", SIAM Review 47; Gebremedhin,
Tarafdar, Manne & Pothen (2007), "New acyclic and star coloring algorithms with application to computing Hessians", SIAM J.
Sci. Comput. 29; Gebremedhin, Tarafdar, Pothen & Walther (2009), "Efficient computation of sparse Hessians using coloring and
automatic differentiation", INFORMS J. Comput. 21.
"""
# ruff: noqa: C901, SIM102, SIM113 - one loop over a graph is one function

from __future__ import annotations

from typing import Any

from ..compile.integers import Native

Ints = Any


def partial_distance_2(
    n: int, order: Ints, colptr: Ints, rowind: Ints, rowptr: Ints, colind: Ints, colour: Ints, mark: Ints
) -> int:
    """Columns that meet in a row get different colours; the number of colours. `mark` has a place for each column and one more."""
    most = 0
    for k in range(n):
        v = order[k]
        for a in range(colptr[v], colptr[v + 1]):
            r = rowind[a]
            for b in range(rowptr[r], rowptr[r + 1]):
                c = colour[colind[b]]
                if c >= 0:
                    mark[c] = v
        c = 0
        while mark[c] == v:
            c += 1
        colour[v] = c
        if c >= most:
            most = c + 1
    return most


def distance_2_degrees(n: int, colptr: Ints, rowind: Ints, rowptr: Ints, colind: Ints, degree: Ints, mark: Ints) -> int:
    """How many other columns each one meets; the most."""
    most = 0
    for v in range(n):
        d = 0
        mark[v] = v
        for a in range(colptr[v], colptr[v + 1]):
            r = rowind[a]
            for b in range(rowptr[r], rowptr[r + 1]):
                u = colind[b]
                if mark[u] != v:
                    mark[u] = v
                    d += 1
        degree[v] = d
        if d > most:
            most = d
    return most


def dynamic_order(
    n: int,
    two: int,
    largest: int,
    step: int,
    ptr: Ints,
    ind: Ints,
    ptr2: Ints,
    ind2: Ints,
    key: Ints,
    head: Ints,
    after: Ints,
    before: Ints,
    mark: Ints,
    order: Ints,
) -> int:
    """Vertices taken one after another by keys that change: `step` is added to those of the neighbours of one that is taken.

    Args:
        two: whether neighbours are at distance 2, by way of `ptr2` and `ind2`.
        largest: whether the largest key is taken and stands first; if not the smallest is, and stands last.
        key: of each vertex, at the beginning. head: -1 for each key. after, before: room for lists. mark: -1 for each vertex.
    """
    top = 0
    for v in range(n):
        k = key[v]
        after[v] = head[k]
        before[v] = -1
        if head[k] >= 0:
            before[head[k]] = v
        head[k] = v
        if k > top:
            top = k
    at = top
    if largest == 0:
        at = 0
    for i in range(n):
        if largest == 1:
            while head[at] < 0:
                at -= 1
        else:
            while head[at] < 0:
                at += 1
        v = head[at]
        head[at] = after[v]
        if after[v] >= 0:
            before[after[v]] = -1
        key[v] = -1
        mark[v] = v
        if largest == 1:
            order[i] = v
        else:
            order[n - 1 - i] = v
        for a in range(ptr[v], ptr[v + 1]):
            r = ind[a]
            first = a
            last = a + 1
            if two == 1:
                first = ptr2[r]
                last = ptr2[r + 1]
            for b in range(first, last):
                u = r
                if two == 1:
                    u = ind2[b]
                if key[u] >= 0 and mark[u] != v:
                    mark[u] = v
                    k = key[u]
                    if before[u] >= 0:
                        after[before[u]] = after[u]
                    else:
                        head[k] = after[u]
                    if after[u] >= 0:
                        before[after[u]] = before[u]
                    k += step
                    key[u] = k
                    after[u] = head[k]
                    before[u] = -1
                    if head[k] >= 0:
                        before[head[k]] = u
                    head[k] = u
                    if largest == 1:
                        if k > at:
                            at = k
                    else:
                        if k < at:
                            at = k
    return n


def star(
    n: int,
    order: Ints,
    ptr: Ints,
    ind: Ints,
    edge: Ints,
    colour: Ints,
    mark: Ints,
    first_of: Ints,
    first_by: Ints,
    treated: Ints,
    of_edge: Ints,
    hub: Ints,
) -> int:
    """Neighbours get different colours, and every path of four vertices three at least; the number of colours.

    Args:
        edge: the number of the edge, for each neighbour in `ind`.
        mark, first_of, first_by: -1 for each colour and one more. treated: -1 for each vertex.
        of_edge: the star of each edge, a result. hub: of each star, -1 for one of a single edge, a result.
    """
    most = 0
    stars = 0
    for i in range(n):
        v = order[i]
        for a in range(ptr[v], ptr[v + 1]):
            u = ind[a]
            c = colour[u]
            if c < 0:
                continue
            mark[c] = v
            if first_by[c] == v:  # v has two neighbours of this colour, and theirs are no colours for v
                q = first_of[c]
                if treated[q] != v:
                    for b in range(ptr[q], ptr[q + 1]):
                        if colour[ind[b]] >= 0:
                            mark[colour[ind[b]]] = v
                    treated[q] = v
                for b in range(ptr[u], ptr[u + 1]):
                    if colour[ind[b]] >= 0:
                        mark[colour[ind[b]]] = v
                treated[u] = v
            else:
                first_by[c] = v
                first_of[c] = u
                for b in range(ptr[u], ptr[u + 1]):
                    x = ind[b]
                    if x != v and colour[x] >= 0:
                        if hub[of_edge[edge[b]]] == x:
                            mark[colour[x]] = v
        c = 0
        while mark[c] == v:
            c += 1
        colour[v] = c
        if c >= most:
            most = c + 1
        for a in range(ptr[v], ptr[v + 1]):
            u = ind[a]
            if colour[u] < 0:
                continue
            found = -1
            for b in range(ptr[u], ptr[u + 1]):
                x = ind[b]
                if x != v and colour[x] == c:
                    found = edge[b]
                    break
            if found >= 0:
                hub[of_edge[found]] = u
                of_edge[edge[a]] = of_edge[found]
            else:
                q = first_of[colour[u]]
                if first_by[colour[u]] == v and q != u:
                    for b in range(ptr[v], ptr[v + 1]):
                        if ind[b] == q:
                            found = edge[b]
                            break
                    hub[of_edge[found]] = v
                    of_edge[edge[a]] = of_edge[found]
                else:
                    of_edge[edge[a]] = stars
                    hub[stars] = -1
                    stars += 1
    return most


def acyclic(
    n: int,
    order: Ints,
    ptr: Ints,
    ind: Ints,
    edge: Ints,
    colour: Ints,
    mark: Ints,
    first_of: Ints,
    first_by: Ints,
    root: Ints,
    visited_by: Ints,
    visited_from: Ints,
) -> int:
    """Neighbours get different colours, and every cycle three at least; the number of colours.

    Args:
        root: of each edge's tree, as a forest of pointers, a result: edges of a tree are of two colours.
        mark, first_of, first_by: -1 for each colour and one more. visited_by, visited_from: -1 for each edge.
    """
    most = 0
    for i in range(n):
        v = order[i]
        for a in range(ptr[v], ptr[v + 1]):
            if colour[ind[a]] >= 0:
                mark[colour[ind[a]]] = v
        for a in range(ptr[v], ptr[v + 1]):
            u = ind[a]
            if colour[u] < 0:
                continue
            for b in range(ptr[u], ptr[u + 1]):
                x = ind[b]
                if x == v or colour[x] < 0:
                    continue
                if mark[colour[x]] == v:
                    continue
                e = edge[b]
                while root[e] != e:
                    root[e] = root[root[e]]
                    e = root[e]
                if visited_by[e] != v:  # the tree is met for the first time, from u
                    visited_by[e] = v
                    visited_from[e] = u
                else:
                    if visited_from[e] != u:  # and once more, from another neighbour: a cycle of two colours
                        mark[colour[x]] = v
        c = 0
        while mark[c] == v:
            c += 1
        colour[v] = c
        if c >= most:
            most = c + 1
        for a in range(ptr[v], ptr[v + 1]):
            u = ind[a]
            if colour[u] < 0:
                continue
            e = edge[a]
            root[e] = e
            if first_by[colour[u]] == v:  # another edge of v has the same pair of colours: both belong to one tree
                f = first_of[colour[u]]
                while root[f] != f:
                    f = root[f]
                if root[e] != f:
                    root[e] = f
                    e = f
            else:
                first_by[colour[u]] = v
                first_of[colour[u]] = edge[a]
        for a in range(ptr[v], ptr[v + 1]):
            u = ind[a]
            if colour[u] < 0:
                continue
            for b in range(ptr[u], ptr[u + 1]):
                x = ind[b]
                if x != v and colour[x] == c:  # trees that meet in u are one
                    e = edge[a]
                    while root[e] != e:
                        root[e] = root[root[e]]
                        e = root[e]
                    f = edge[b]
                    while root[f] != f:
                        root[f] = root[root[f]]
                        f = root[f]
                    if e != f:
                        root[e] = f
    return most


colour_partial, count_degrees, order_dynamically, colour_star, colour_acyclic = map(
    Native, (partial_distance_2, distance_2_degrees, dynamic_order, star, acyclic)
)

__all__ = ["colour_acyclic", "colour_partial", "colour_star", "count_degrees", "order_dynamically"]
