"""Gamma and Poisson numbers: samplers that draw until they accept, as primitives that run all lanes together.

Each lane draws from its own keys, in the order in which JAX's loops draw, so that what comes out is the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value, dtype_of, shape_of
from ..lowering import Composition
from ..lowering.kernels import Kernel
from ..vocabulary import BatchedResults, Params, Pushed
from . import elementwise as ew
from .above import control_flow
from .random import _Discrete, _sample_keys, split_p, unit_p
from .reduction import any_p
from .shape import in_front, reshape
from .special.polygammas import digamma, gammaln

ndarray = np.ndarray


def _normal(keys: ndarray, dtype: np.dtype) -> ndarray:
    """One standard normal number from each key."""
    low, high = np.nextafter(dtype.type(-1), dtype.type(0)), dtype.type(1)
    u = np.maximum(low, unit_p.impl(keys, shape=(), dtype=dtype) * (high - low) + low)
    return np.asarray(ew.erfinv_p.impl(u)).astype(dtype) * dtype.type(math.sqrt(2))


def _positive_cubes(keys: ndarray, c: ndarray) -> tuple[ndarray, ndarray]:
    """For each key the first of its normal numbers x with 1 + c x > 0: x squared, and (1 + c x) cubed."""
    keys, x, v = keys.copy(), np.zeros_like(c), np.full_like(c, -1)
    lanes = np.arange(len(c))
    while len(lanes):
        both = split_p.impl(keys[lanes], shape=(2,))
        keys[lanes] = both[:, 0]
        x[lanes] = _normal(both[:, 1], c.dtype)
        v[lanes] = 1 + x[lanes] * c[lanes]
        lanes = lanes[v[lanes] <= 0]
    return x * x, v * v * v


def _gamma(keys: ndarray, a: ndarray, log_space: bool) -> ndarray:
    """A gamma number, or its logarithm, for each key and parameter.

    G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", 2000; parameters below 1 by the power
    of a uniform number (its section 6).
    """
    one, boosted = a.dtype.type(1), a >= 1
    third = a.dtype.type(1.0 / 3.0)
    d = np.where(boosted, a, a + one) - third
    c = third / np.sqrt(d)
    both = split_p.impl(keys, shape=(2,))
    keys, last = both[:, 0].copy(), both[:, 1]
    v = np.ones_like(a)
    lanes = np.arange(len(a))
    while len(lanes):
        three = split_p.impl(keys[lanes], shape=(3,))
        keys[lanes] = three[:, 0]
        x, v[lanes] = _positive_cubes(three[:, 1], c[lanes])
        u = np.asarray(unit_p.impl(three[:, 2], shape=(), dtype=a.dtype))
        with np.errstate(divide="ignore"):
            rejected = (u >= one - a.dtype.type(0.0331) * (x * x)) & (
                np.log(u) >= x * a.dtype.type(0.5) + d[lanes] * ((one - v[lanes]) + np.log(v[lanes]))
            )
        lanes = lanes[rejected]
    u = np.asarray(unit_p.impl(last, shape=(), dtype=a.dtype))
    if log_space:
        power = np.log1p(-u)  # minus an exponential number
        return np.log(d) + np.log(v) + np.where(boosted | (power == 0), a.dtype.type(0), power * (one / a))
    return d * v * np.where(boosted, one, (one - u) ** (one / a))


class _Gamma(Primitive):
    """``random_gamma(key, a, log_space)``: for each key of shape K, numbers for the part of `a`, of shape K + S, with it."""

    def impl(self, key: Value, a: Value, *, log_space: bool) -> Value:
        key, a = np.asarray(key), np.asarray(a)
        each = math.prod(a.shape[key.ndim :])
        keys = split_p.impl(key.reshape(-1), shape=(each,)).reshape(-1)
        return _gamma(keys, a.reshape(-1), log_space).reshape(a.shape)[()]

    def abstract(self, key: Aval, a: Aval, *, log_space: bool) -> Aval:
        return Aval(a.shape, a.dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        out = self.bind(*primals, **params)
        if tangents[1] is None:
            return out, None
        if params["log_space"]:
            return out, tangents[1] * gamma_slope_p.bind(out, primals[1])
        smallest = np.finfo(dtype_of(out)).tiny  # where the number is 0, so is its derivative
        return out, tangents[1] * (out * gamma_slope_p.bind(ew.log(ew.maximum(out, smallest)), primals[1]))

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*in_front(size, args, batched), **params), True


def _slope(log_x: Value, a: Value) -> Value:
    """The derivative of log x with respect to a, where P(a, x) is held fixed: - (dP/da) / (x dP/dx).

    With t_n = x^n / (a (a+1) … (a+n)) and h_n the sum of 1/(a+k) up to n, P = x^a e^-x / Γ(a) Σ t_n (DLMF 8.7.1), and
    the factor in front cancels: - (log x - ψ(a)) Σ t_n + Σ t_n h_n. All terms are positive.
    """
    from scipy.special import psi

    dtype = np.result_type(a)
    log_x, a = np.asarray(log_x, np.float64), np.asarray(a, np.float64)
    x = np.exp(log_x)
    term, harmonic = 1 / a, 1 / a
    total, weighted = term.copy(), term * harmonic
    n = 0
    while np.any(term * harmonic > 1e-17 * weighted):
        n += 1
        term, harmonic = term * (x / (a + n)), harmonic + 1 / (a + n)
        total, weighted = total + term, weighted + term * harmonic
    return (weighted - (log_x - psi(a)) * total).astype(dtype)[()]


class _Slope(_Discrete):
    """How the logarithm of a gamma number changes with its parameter."""

    def impl(self, log_x: Value, a: Value) -> Value:
        return _slope(log_x, a)

    def abstract(self, log_x: Aval, a: Aval) -> Aval:
        return Aval(a.shape, a.dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        return Primitive.jvp(self, primals, tangents, params)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*in_front(size, args, batched)), True


def _uniform32(keys: ndarray, shape: tuple[int, ...]) -> ndarray:
    return np.asarray(unit_p.impl(keys, shape=shape, dtype=np.dtype(np.float32)))


def _products(key: Any, lam: ndarray) -> ndarray:
    """Counts by products of uniform numbers: how many until the product is below exp(-lam)."""
    count, log_product = np.zeros(lam.shape, np.int64), np.zeros(lam.shape, np.float32)
    while np.any(going := log_product > -lam):
        both = split_p.impl(key, shape=(2,))
        key = both[0]
        count += going
        with np.errstate(divide="ignore"):
            log_product = log_product + np.log(_uniform32(both[1], lam.shape))
    return count - 1


def _rejections(key: Any, lam: ndarray) -> ndarray:
    """Counts by transformed rejection; a lane keeps the last of its accepted draws until every lane has one."""
    from scipy.special import gammaln

    f = np.float32
    log_lam = np.log(lam)
    b = f(0.931) + f(2.53) * np.sqrt(lam)
    a = f(-0.059) + f(0.02483) * b
    inverse = f(1.1239) + f(1.1328) / (b - f(3.4))
    height = f(0.9277) - f(3.6224) / (b - f(2))
    out, accepted = np.full(lam.shape, f(-1)), np.zeros(lam.shape, bool)
    while not accepted.all():
        three = split_p.impl(key, shape=(3,))
        key = three[0]
        u = _uniform32(three[1], lam.shape) - f(0.5)
        v = _uniform32(three[2], lam.shape)
        shifted = f(0.5) - np.abs(u)
        with np.errstate(divide="ignore", invalid="ignore"):
            k = np.floor((2 * a / shifted + b) * u + lam + f(0.43))
            s = np.log(v * inverse / (a / (shifted * shifted) + b))
            t = -lam + k * log_lam - gammaln(k + 1)
            now = ((shifted >= f(0.07)) & (v <= height)) | (
                ~((k < 0) | ((shifted < f(0.013)) & (v > shifted))) & (s <= t)
            )
        out = np.where(now, k, out)
        accepted |= now
    return out


class _Poisson(_Discrete):
    """``random_poisson(key, lam, dtype)``: for each key of shape K, counts for the part of `lam`, of shape K + S, with it."""

    def impl(self, key: Value, lam: Value, *, dtype: np.dtype) -> Value:
        key, lam = np.asarray(key), np.asarray(lam)
        tail = lam.shape[key.ndim :]
        out = np.empty((key.size, *tail), dtype)
        for i, (k, rate) in enumerate(zip(key.reshape(-1), lam.reshape(key.size, *tail), strict=True)):
            small = np.isnan(rate) | (rate < 10)
            few = _products(k, np.where(small, rate, np.float32(0)))
            many = _rejections(k, np.where(small, np.float32(1e5), rate))
            out[i] = np.where(rate == 0, 0, np.where(small, few, many)).astype(dtype)
        return out.reshape(lam.shape)[()]

    def abstract(self, key: Aval, lam: Aval, *, dtype: np.dtype) -> Aval:
        return Aval(lam.shape, dtype)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*in_front(size, args, batched), **params), True


# --- in terms of other operations, for compiled code -------------------------------------------------------------------


def _lax() -> Any:
    return control_flow()


def _some(x: Value) -> Value:
    """Whether any element of an array is true."""
    return any_p.bind(x, axes=tuple(range(len(shape_of(x)))))


def _slope_composed(log_x: Value, a: Value) -> Value:
    """`_slope`."""
    dtype = dtype_of(a)
    log_x, a = ew.convert(log_x, np.float64), ew.convert(a, np.float64)
    x, first = ew.exp(log_x), 1 / a

    def goes_on(state: Any) -> Value:
        _, term, harmonic, _, weighted = state
        return _some(term * harmonic > 1e-17 * weighted)

    def step(state: Any) -> Any:
        n, term, harmonic, total, weighted = state
        n = n + 1.0
        term, harmonic = term * (x / (a + n)), harmonic + 1 / (a + n)
        return n, term, harmonic, total + term, weighted + term * harmonic

    start = (np.float64(0), first, first, first, first * first)
    *_, total, weighted = _lax().while_loop(goes_on, step, start)
    return ew.convert(weighted - (log_x - digamma(a)) * total, dtype)


def _products_composed(key: Value, lam: Value) -> Value:
    """`_products`."""
    shape = shape_of(lam)

    def step(state: Any) -> Any:
        key, count, log_product = state
        both = split_p.bind(key, shape=(2,))
        count = count + ew.convert(log_product > -lam, np.int64)
        return both[0], count, log_product + ew.log(unit_p.bind(both[1], shape=shape, dtype=np.dtype(np.float32)))

    start = (key, np.zeros(shape, np.int64), np.zeros(shape, np.float32))
    return _lax().while_loop(lambda s: _some(s[2] > -lam), step, start)[1] - 1


def _rejections_composed(key: Value, lam: Value) -> Value:
    """`_rejections`."""
    f, shape, dtype = np.float32, shape_of(lam), np.dtype(np.float32)
    log_lam = ew.log(lam)
    b = f(0.931) + f(2.53) * ew.sqrt(lam)
    a = f(-0.059) + f(0.02483) * b
    inverse = f(1.1239) + f(1.1328) / (b - f(3.4))
    height = f(0.9277) - f(3.6224) / (b - f(2))

    def step(state: Any) -> Any:
        key, out, accepted = state
        three = split_p.bind(key, shape=(3,))
        u = unit_p.bind(three[1], shape=shape, dtype=dtype) - f(0.5)
        v = unit_p.bind(three[2], shape=shape, dtype=dtype)
        shifted = f(0.5) - ew.absolute(u)
        k = ew.floor((f(2) * a / shifted + b) * u + lam + f(0.43))
        s = ew.log(v * inverse / (a / (shifted * shifted) + b))
        t = -lam + k * log_lam - gammaln(k + f(1))
        bad = (k < 0) | ((shifted < f(0.013)) & (v > shifted))
        now = ((shifted >= f(0.07)) & (v <= height)) | (ew.logical_not(bad) & (s <= t))
        return three[0], ew.where(now, k, out), accepted | now

    start = (key, np.full(shape, f(-1)), np.zeros(shape, bool))
    return _lax().while_loop(lambda s: _some(ew.logical_not(s[2])), step, start)[1]


def _poisson_composed(key: Value, lam: Value, *, dtype: np.dtype) -> Value:
    """The counts of one key, and those of several key by key."""

    def one(key: Value, rate: Value) -> Value:
        small = ew.isnan(rate) | (rate < 10)
        few = _products_composed(key, ew.where(small, rate, np.float32(0)))
        many = _rejections_composed(key, ew.where(small, np.float32(1e5), rate))
        out = ew.where(small, ew.convert(few, dtype), ew.convert(many, dtype))
        return ew.where(ew.equal(rate, 0), ew.convert(np.int64(0), dtype), out)

    axes = len(shape_of(key))
    if not axes:
        return one(key, lam)
    keys = reshape(key, (math.prod(shape_of(key)),))
    rates = reshape(lam, (shape_of(keys)[0], *shape_of(lam)[axes:]))
    return reshape(_lax().map(lambda pair: one(*pair), (keys, rates)), shape_of(lam))


_A = np.array([0.3, 1.0, 2.5])
gamma_p = _Gamma(
    "random_gamma",
    samples=lambda: [
        ((_sample_keys()[0], _A), {"log_space": False}),
        ((_sample_keys()[1], np.stack([_A, _A + 1])), {"log_space": True}),
        ((_sample_keys()[0], np.float64(2.0)), {"log_space": False}),
    ],
    reasons={
        "jvp": "that of the quantile, not of the draws: tested against quantiles in test_random.py",
        "complex": "parameters are real",
    },
    native=Kernel("rejection.gammas"),
)
gamma_slope_p = _Slope(
    "random_gamma_slope",
    samples=lambda: [((np.log(_A), _A + 0.5), {}), ((np.float32(0.2), np.float32(3.0)), {})],
    reasons={"jvp": "the derivative of a gamma number has no derivative here", "complex": "parameters are real"},
    native=Composition(_slope_composed),
)
poisson_p = _Poisson(
    "random_poisson",
    samples=lambda: [
        ((_sample_keys()[0], np.array([0.0, 3.0, 40.0], np.float32)), {"dtype": np.dtype(np.int32)}),
        ((_sample_keys()[1], np.array([[2.0], [30.0]], np.float32)), {"dtype": np.dtype(np.int64)}),
        ((_sample_keys()[0], np.float32(4.0)), {"dtype": np.dtype(np.int64)}),
    ],
    reasons={"jvp": "counts are discrete"},
    native=Composition(_poisson_composed),
)
