"""Integrals of von Mises' density ``exp(kappa (cos t - 1)) / (2 pi i0e(kappa))``, by Gauss's rule.

The tail from `z` on is integrated as far as the integrand is more than ``exp(-DEPTH)`` of its first value: over that
interval an entire function of moderate size is what the nodes see, for every `kappa` and every `z`.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ...core import Value, ndim_of
from ..elementwise import arccos, cos, exp, floor, maximum, sin, square, stop_gradient_p, where
from ..families import Elementwise
from ..shape import expand_dims, reduce_sum
from .bessel import i0e, i1e
from .declare import few, kept, public

PI = math.pi
DEPTH = 40.0
STEPS = 100  # the most steps of the search for a quantile


@functools.cache
def _nodes(count: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on [0, 1]."""
    x, weights = np.polynomial.legendre.leggauss(count)
    return (x + 1) / 2, weights / 2


def gauss(f: Any, low: Value, high: Value) -> Value:
    """The integral of ``f(points)`` from `low` to `high`, elementwise; points have one more axis, the last."""
    x, weights = _nodes()
    low, width = expand_dims(low, -1), high - low
    values = f(low + expand_dims(width, -1) * x)
    return width * reduce_sum(values * weights, (ndim_of(values) - 1,))


def _far(z: Value, kappa: Value) -> Value:
    """Where the density has become ``exp(-DEPTH)`` of that at `z` in [0, pi], or pi: an end that does not count."""
    z, kappa = stop_gradient_p.bind(z), stop_gradient_p.bind(kappa)
    return arccos(maximum(cos(z) - DEPTH / maximum(kappa, 1e-300), -1.0))


def density(z: Value, kappa: Value) -> Value:
    """Von Mises' density."""
    return exp(-2 * kappa * square(sin(z / 2))) / (2 * PI * i0e(kappa))


def _mirrored(tail: Any, z: Value, kappa: Value) -> Value:
    """From the tail beyond ``abs(z)``, its values below and, negative, above the mean."""
    below = z < 0
    t = tail(where(below, -z, z), kappa)
    return where(below, t, -t)


def _tail(z: Value, kappa: Value) -> Value:
    return gauss(lambda t: density(t, expand_dims(kappa, -1)), z, _far(z, kappa))


def _tail_in_kappa(z: Value, kappa: Value) -> Value:
    def slope(t: Value) -> Value:
        k = expand_dims(kappa, -1)
        return (cos(t) - i1e(k) / i0e(k)) * density(t, k)

    return gauss(slope, z, _far(z, kappa))


def _wrapped(z: Value) -> tuple[Value, Value]:
    """The angle in [-pi, pi], and how many turns lie between."""
    turns = floor(z / (2 * PI) + 0.5)
    return z - 2 * PI * turns, turns


def _real(*args: Any) -> list[np.ndarray]:
    """Real numbers in float64, of one shape."""
    if any(np.asarray(a).dtype.kind == "c" for a in args):
        raise TypeError("von Mises' distribution is one of real angles")
    return list(np.broadcast_arrays(*[np.asarray(a, np.float64) for a in args]))


@kept
def _cdf(z: Value, kappa: Value) -> Value:
    with np.errstate(all="ignore"):
        z, kappa = _real(z, kappa)
        ends = np.where(z == -np.inf, 0.0, np.where((z == np.inf) & (kappa == kappa), 1.0, np.nan))
        ends, z = np.where(kappa >= 0, ends, np.nan), np.where(np.isinf(z), np.nan, z)
        angle, turns = _wrapped(z)
        tail = np.asarray(_mirrored(_tail, angle, kappa))
        out = np.where(angle < 0, tail, 1 + tail) + turns
        return np.where(np.isnan(z), ends, out)[()]


@kept
def _quantile(q: Any, kappa: Value) -> Value:
    """By Newton's steps within a bracket that is halved where one leads out of it."""
    q, kappa = _real(q, kappa)
    with np.errstate(all="ignore"):
        share = np.minimum(q, 1 - q)  # of the tail; the quantile is where the tail is that
        low, high = np.zeros(q.shape), np.full(q.shape, PI)
        z, found = (low + high) / 2, ~((q > 0) & (q < 1))
        for _ in range(STEPS):
            tail = _tail(z, kappa)
            low, high = np.where(tail > share, z, low), np.where(tail > share, high, z)
            step = z + (tail - share) / density(z, kappa)
            found |= np.abs(step - z) <= 1e-15 * z
            new = np.where((step > low) & (step < high), step, (low + high) / 2)
            z = np.where(found, z, new)
            if np.all(found):
                break
        z = np.where((q > 0) & (q < 1), np.where(q < 0.5, -z, z), np.where(q == 0, -PI, np.where(q == 1, PI, np.nan)))
        return np.where(kappa >= 0, z, np.nan)[()]


def _in_kappa(z: Value, kappa: Value) -> Value:
    return _mirrored(_tail_in_kappa, _wrapped(z)[0], kappa)


vonmises_cdf_p = Elementwise(
    "vonmises_cdf",
    _cdf,
    (lambda ans, z, kappa: density(z, kappa), lambda ans, z, kappa: _in_kappa(z, kappa)),
    samples=few((-2.0, 2.0), (0.5, 4.0)),
)
vonmises_ppf_p = Elementwise(
    "vonmises_ppf",
    _quantile,
    (lambda ans, q, kappa: 1 / density(ans, kappa), lambda ans, q, kappa: -_in_kappa(ans, kappa) / density(ans, kappa)),
    samples=few((0.1, 0.9), (0.5, 4.0)),
)
vonmises_cdf = public(vonmises_cdf_p, "The probability up to the angle `z`; every full turn adds 1.")
vonmises_ppf = public(vonmises_ppf_p, "The angle in [-pi, pi] up to which von Mises' distribution has probability `q`.")


def vonmises_moment(kappa: Value, order: int) -> Value:
    """The integral of ``z^order`` times the density over [-pi, pi], of an even `order`."""
    zero = 0 * kappa
    return 2 * gauss(lambda t: t**order * density(t, expand_dims(kappa, -1)), zero, _far(zero, kappa))
