"""Arithmetic of truncated Taylor series in one or more parameters, on arrays: what the kernels differentiate with.

A series is an array whose leading axes hold its coefficients, ``series[i, j]`` that of ``s**i t**j``; the last axis
runs over the numbers. Truncation is by a box: the orders kept are those below the lengths of the leading axes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

ndarray = np.ndarray
Index = tuple[int, ...]


def box(orders: Sequence[int]) -> Index:
    """The lengths of the coefficient axes that keep derivatives up to `orders`."""
    return tuple(n + 1 for n in orders)


def constant(value: ndarray, lengths: Index) -> ndarray:
    """The series of a value that does not depend on the parameters."""
    out = np.zeros((*lengths, value.shape[-1]))
    out[(0,) * len(lengths)] = value
    return out


def from_derivatives(derivative: Callable[[Index], ndarray], lengths: Index, size: int) -> ndarray:
    """The series of a function from its partial derivatives by order."""
    out = np.empty((*lengths, size))
    for index in np.ndindex(lengths):
        out[index] = derivative(index) / math.prod(math.factorial(i) for i in index)
    return out


def derivative(series: ndarray, orders: Sequence[int]) -> ndarray:
    """The partial derivative of order `orders`."""
    return series[tuple(orders)] * math.prod(math.factorial(i) for i in orders)


def multiply(f: ndarray, g: ndarray) -> ndarray:
    """The product, truncated."""
    lengths = f.shape[:-1]
    out = np.zeros_like(f)
    for i in np.ndindex(lengths):
        for j in np.ndindex(*[n - k for n, k in zip(lengths, i, strict=True)]):
            out[tuple(p + q for p, q in zip(i, j, strict=True))] += f[i] * g[j]
    return out


def _compose(f: ndarray, coefficient: Callable[[int], float], scale: ndarray) -> ndarray:
    """``sum_m coefficient(m) u**m`` with ``u`` the part of `f` above its value, divided by `scale`."""
    lengths = f.shape[:-1]
    origin = (0,) * len(lengths)
    u = f / scale
    u[origin] = 0
    total = constant(np.full(f.shape[-1], coefficient(0)), lengths)
    power = constant(np.ones(f.shape[-1]), lengths)
    for m in range(1, sum(lengths) - len(lengths) + 1):
        power = multiply(power, u)
        total += coefficient(m) * power
    return total


def exponential(f: ndarray) -> ndarray:
    """``exp(f)``."""
    value = f[(0,) * (f.ndim - 1)]
    return np.exp(value) * _compose(f, lambda m: 1 / math.factorial(m), np.ones_like(value))


def reciprocal(f: ndarray) -> ndarray:
    """``1 / f``."""
    value = f[(0,) * (f.ndim - 1)]
    return _compose(f, lambda m: (-1.0) ** m, value) / value


def linear(f: ndarray, value: ndarray | float, slopes: Sequence[float]) -> ndarray:
    """``f * (value + slopes[0] s + slopes[1] t + ...)``."""
    out = f * value
    for axis, slope in enumerate(slopes):
        if slope and f.shape[axis] > 1:
            inner: list[slice] = [slice(None)] * f.ndim
            outer = list(inner)
            inner[axis], outer[axis] = slice(1, None), slice(None, -1)
            out[tuple(inner)] += slope * f[tuple(outer)]
    return out


def over(f: ndarray, value: ndarray | float, axis: int = 0) -> ndarray:
    """``f / (value + s)``, with `s` the parameter of `axis`."""
    g = np.moveaxis(f, axis, 0)
    out = np.empty_like(g)
    out[0] = g[0] / value
    for m in range(1, len(g)):
        out[m] = (g[m] - out[m - 1]) / value
    return np.moveaxis(out, 0, axis)


def settled(new: ndarray, old: ndarray) -> ndarray:
    """Which numbers of a sequence of series have converged in every coefficient; those that are not finite have."""
    axes = tuple(range(new.ndim - 1))
    scale = np.abs(new).max(axis=axes, initial=0)
    change = np.abs(new - old).max(axis=axes, initial=0)
    return (change <= 4e-15 * scale) | ~np.isfinite(scale)


def converged(series: ndarray, done: ndarray) -> ndarray:
    """`series` with nan for the numbers whose expansion has not converged."""
    return np.where(done, series, np.nan)
