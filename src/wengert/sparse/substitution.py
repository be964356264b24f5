"""Entries of a symmetric matrix by subtraction: two colours make forests, and their edges are found from the leaves.

The sweep of a colour gives for each vertex the sum of its edges to that colour. At a leaf of a forest that is one edge; once
it is known it is taken from the sum at its other end, which has one edge less.
"""
# ruff: noqa: SIM102

from __future__ import annotations

from typing import Any

import numpy as np

from ..compile.integers import Native


def peel(
    edges: Any,
    n: Any,
    sums: Any,
    low: Any,
    high: Any,
    at_low: Any,
    at_high: Any,
    ptr: Any,
    ind: Any,
    degree: Any,
    stack: Any,
    order: Any,
    leaf: Any,
) -> int:
    """The edges in an order in which they can be found.

    Args:
        at_low, at_high: the number of the sum in which an edge is at either end. ptr, ind: the edges of each sum.
        degree: how many are not found yet. order: the edges, a result. leaf: the sum in which each is found, a result.
    """
    found = 0
    top = 0
    for s in range(sums):
        if degree[s] == 1:
            stack[top] = s
            top += 1
    while top > 0:
        top -= 1
        s = stack[top]
        if degree[s] != 1:
            continue
        e = -1
        for b in range(ptr[s], ptr[s + 1]):
            if leaf[ind[b]] < 0:
                e = ind[b]
                break
        leaf[e] = s
        order[found] = e
        found += 1
        degree[s] = 0
        other = at_low[e]
        if other == s:
            other = at_high[e]
        degree[other] -= 1
        if degree[other] == 1:
            stack[top] = other
            top += 1
    return found


def substitute(edges: Any, order: Any, leaf: Any, at_low: Any, at_high: Any, f_sums: Any, f_values: Any) -> int:
    """The value of each edge from the sums, which are changed."""
    for k in range(edges):
        e = order[k]
        s = leaf[e]
        f_values[e] = f_sums[s]
        other = at_low[e]
        if other == s:
            other = at_high[e]
        f_sums[other] = f_sums[other] - f_values[e]
    return edges


_peel, _substitute = Native(peel), Native(substitute)


class Plan:
    """In which order the edges of a colouring's forests are found, and from which sums."""

    def __init__(self, pattern: Any, colour: np.ndarray, edge: np.ndarray, off: np.ndarray, root: np.ndarray) -> None:
        rows, cols = pattern.rows, pattern.cols.astype(np.int64)
        n, self.edges = pattern.shape[0], int(edge.max(initial=-1)) + 1
        upper = rows[off] < cols[off]
        low, high = np.empty(self.edges, np.int64), np.empty(self.edges, np.int64)
        low[edge[upper]], high[edge[upper]] = rows[off][upper], cols[off][upper]
        self.colours = int(colour.max(initial=-1)) + 1
        # the sum of vertex v's edges to colour c stands at c * n + v in what the sweeps give
        places = np.stack([colour[high] * n + low, colour[low] * n + high])
        sums, number = np.unique(places, return_inverse=True)
        number = number.reshape(2, -1).astype(np.int64)
        self.sums = sums
        self.at_low, self.at_high = np.ascontiguousarray(number[0]), np.ascontiguousarray(number[1])
        flat = number.reshape(-1)
        degree = np.bincount(flat, minlength=len(sums)).astype(np.int64)
        ptr = np.concatenate([[0], np.cumsum(degree)]).astype(np.int64)
        ind = np.ascontiguousarray(np.argsort(flat, kind="stable") % max(self.edges, 1), np.int64)
        self.order, self.leaf = np.full(max(self.edges, 1), -1, np.int64), np.full(max(self.edges, 1), -1, np.int64)
        stack = np.empty(2 * self.edges + len(sums) + 1, np.int64)
        found = _peel(
            self.edges,
            n,
            len(sums),
            low,
            high,
            self.at_low,
            self.at_high,
            ptr,
            ind,
            degree,
            stack,
            self.order,
            self.leaf,
        )
        assert found == self.edges, "two colours of an acyclic colouring have a cycle"
        diagonal = rows[~off]
        self.diagonal = colour[diagonal] * n + diagonal
        self.off, self.edge = off, edge

    def solve(self, flat: np.ndarray) -> np.ndarray:
        """The entries, in the order of the CSR matrix, from the results of the sweeps, shape ``(colours * n,)``."""
        if flat.dtype.kind == "c":
            return self.solve(np.real(flat)) + 1j * self.solve(np.imag(flat))
        sums = flat[self.sums].astype(np.float64)
        values = np.empty(max(self.edges, 1))
        _substitute(self.edges, self.order, self.leaf, self.at_low, self.at_high, sums, values)
        out = np.empty(len(self.off), flat.dtype)
        out[self.off] = values[self.edge]
        out[~self.off] = flat[self.diagonal]
        return out


__all__ = ["Plan"]
