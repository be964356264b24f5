"""Softmax, its logarithm and the logarithm of a sum of exponentials: derivatives that do not cancel where one weight is close to 1.

The Jacobian of weights ``s`` is ``diag(s) - s s^T``, in which ``s_i (1 - s_i)`` cancels where one of them has all but a
little of the sum. It does not change where the same number is added to all tangents. The tangent of the weight above 1/2,
of which there is one at most, is therefore taken from the others first, so that the formulas have the sum of the other
weights where they had the difference from 1. Each is transposed by its own formula: a product of factors, transposed, would
cancel again. Compiled Programs have the operations written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, LinearTracer, Primitive, Value, dtype_of, ndim_of, shape_of
from ..program import Program
from ..vocabulary import BatchedResults, Linearizing, Params, Pushed, Results
from .derived import composed
from .elementwise import exp, greater, isfinite, isinf, less, log1p, offset_p, where_p
from .families import align_batched
from .promotion import broadcast_shapes
from .reduction import max_p
from .shape import fit, kept_shape, reshape, spread, sum_p
from .terms import times

Axes = tuple[int, ...]  # from the last, negative: a batch axis in front does not move them


class Composed(Primitive):
    """A primitive whose value is written in terms of others: `expand`, of arrays and tracers."""

    def expand(self, *args: Value, **params: Any) -> Value:
        raise NotImplementedError

    def impl(self, *args: Value, **params: Any) -> Value:
        return self.expand(*args, **params)

    def abstract(self, *avals: Aval, axes: Axes, **params: Any) -> Aval:
        return Aval(broadcast_shapes(self.name, *[a.shape for a in avals]), avals[0].dtype)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*align_batched(args, batched), **params), True

    def expansion(self, inputs: Sequence[Any], params: Params) -> Program:
        return composed(self.expand, tuple([a.aval for a in inputs]), params)


def _kept(x: Value, axes: Axes) -> tuple[int, ...]:
    return kept_shape(shape_of(x), tuple(a + ndim_of(x) for a in axes))


def _sum(x: Value, axes: Axes) -> Value:
    """The sum over axes, which stay with length 1."""
    if type(x) is np.ndarray:
        return np.add.reduce(x, axes, keepdims=True)
    return reshape(sum_p.bind(x, axes=tuple(a + ndim_of(x) for a in axes)), _kept(x, axes))


# --- values ------------------------------------------------------------------------------------------------------


def _terms(x: Value, axes: Axes, ends: str = "") -> tuple[Value, Value, Value, Value]:
    """What is taken from `x`, the differences, their exponentials and the sum of these.

    Where the largest is infinite: with `ends` "limits" the largest share the weight, otherwise nothing is taken; with "masked" a
    sum of 0 counts as 1.
    """
    if 0 in shape_of(x):  # no largest, and nothing to take it from
        largest = np.full(_kept(x, axes), -np.inf, dtype_of(x))
    elif type(x) is np.ndarray:
        largest = np.maximum.reduce(x, axes, keepdims=True)
    else:
        largest = reshape(max_p.bind(x, axes=tuple(a + ndim_of(x) for a in axes)), _kept(x, axes))
    if ends == "limits":
        shifted = offset_p.bind(x, largest)
    else:
        largest = where_p.bind(isfinite(largest), largest, dtype_of(x).type(0))
        shifted = x - largest
    terms = exp(shifted)
    total = _sum(terms, axes)
    if ends == "masked" or (ends != "limits" and 0 in shape_of(x)):
        total = where_p.bind(total == 0, dtype_of(total).type(1), total)
    return largest, shifted, terms, total


def _rest(terms: Value, total: Value, axes: Axes) -> tuple[Value, Value]:
    """Whether one of the terms, which is 1, is more than all others, and the sum of these, less 1 in all where it is not.

    Below 1.5 the others are added up by themselves, and none of them is near 1: that the largest is 1 to the last bit is not asked,
    as compilers that contract ``v / n - max(v / n)`` give the difference of a number from itself in other digits.
    """
    zero, one = dtype_of(total).type(0), dtype_of(total).type(1)
    first, alone = less(total, 2 * one), less(total, dtype_of(total).type(1.5))
    if type(alone) is np.ndarray and not alone.any():
        return first, total - one
    others = _sum(where_p.bind(less(terms, dtype_of(total).type(0.75)), terms, zero), axes)
    return first, where_p.bind(alone, others, total - one)


def _log_total(terms: Value, total: Value, axes: Axes) -> Value:
    """The logarithm of a sum of exponentials, of which the largest is 1."""
    one = dtype_of(total).type(1)
    first, rest = _rest(terms, total, axes)
    if not (type(first) is np.ndarray and not first.any()):
        rest = where_p.bind(less(total, one), total - one, rest)  # nothing is finite
    with np.errstate(divide="ignore"):
        return log1p(rest)


class _OfRows(Composed):
    """A function of rows whose derivative is a formula of its weights.

    Args:
        keeps_axes: whether its result has the shape of its argument, or axes of length 1.
        needs_rest: whether its tangent needs `softmax_rest`.
    """

    keeps_axes, needs_rest = True, False

    def value(self, terms: tuple[Value, Value, Value, Value], axes: Axes) -> Value:
        raise NotImplementedError

    def tangent(self, weights: Value, rest: Value, t: Value, axes: Axes) -> Value:
        raise NotImplementedError

    def expand(self, x: Value, *, axes: Axes, ends: str = "") -> Value:
        return self.value(_terms(x, axes, ends), axes)

    def abstract(self, x: Aval, *, axes: Axes, ends: str = "") -> Aval:
        return Aval(x.shape if self.keeps_axes else _kept(x, axes), x.dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x,), (t,), axes = primals, tangents, params["axes"]
        if t is None:
            return self.bind(x, **params), None
        if type(x) is np.ndarray:
            terms = _terms(x, **params)
            ans, weights = self.value(terms, axes), terms[2] / terms[3]
            rest = _rest_of(terms, axes) if self.needs_rest else None
        else:
            ans, weights = self.bind(x, **params), softmax_p.bind(x, **params)
            rest = softmax_rest_p.bind(x, **params) if self.needs_rest else None
        return ans, self.tangent(weights, rest, t, axes)

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        ans, tangent = self.jvp(primals, tangents, params)
        return trace.wrap(ans, tangent)


def _rest_of(terms: tuple[Value, Value, Value, Value], axes: Axes) -> Value:
    first, rest = _rest(terms[2], terms[3], axes)
    return where_p.bind(first, rest, dtype_of(terms[3]).type(0)) / terms[3]


class _Rest(_OfRows):
    """The sum of the other weights where one is above 1/2, the axes kept; 0 elsewhere."""

    keeps_axes = False

    def value(self, terms: tuple[Value, Value, Value, Value], axes: Axes) -> Value:
        return _rest_of(terms, axes)

    def tangent(self, weights: Value, rest: Value, t: Value, axes: Axes) -> Value:
        t = softmax_tangent_p.bind(weights, t, axes=axes)
        return -_sum(where_p.bind(_first(weights), t, dtype_of(t).type(0)), axes)


class _Softmax(_OfRows):
    """``exp(x)`` over its sum."""

    def value(self, terms: tuple[Value, Value, Value, Value], axes: Axes) -> Value:
        return terms[2] / terms[3]

    def tangent(self, weights: Value, rest: Value, t: Value, axes: Axes) -> Value:
        return softmax_tangent_p.bind(weights, t, axes=axes)


class _LogSoftmax(_OfRows):
    """The logarithm of `softmax`."""

    needs_rest = True

    def value(self, terms: tuple[Value, Value, Value, Value], axes: Axes) -> Value:
        return terms[1] - _log_total(terms[2], terms[3], axes)

    def tangent(self, weights: Value, rest: Value, t: Value, axes: Axes) -> Value:
        return log_softmax_tangent_p.bind(weights, rest, t, axes=axes)


class _LogSumExp(_OfRows):
    """``log(sum(exp(x)))``, the axes kept."""

    keeps_axes = False

    def value(self, terms: tuple[Value, Value, Value, Value], axes: Axes) -> Value:
        return terms[0] + _log_total(terms[2], terms[3], axes)

    def tangent(self, weights: Value, rest: Value, t: Value, axes: Axes) -> Value:
        return _sum(times(weights, t), axes)


# --- tangents ----------------------------------------------------------------------------------------------------


class _LinearInTangents(Composed):
    """``f(weights, …, tangents)``, linear in the last.

    Args:
        in_weights: its derivative in the others, ``(their tangents, arguments, axes)``.
        partner: the name of its transpose.
    """

    def __init__(self, name: str, formula: Any, in_weights: Any, partner: str, samples: Any) -> None:
        super().__init__(name, samples=samples, reasons=_REAL)
        self.formula, self.in_weights, self.partner = formula, in_weights, partner

    def expand(self, *args: Value, axes: Axes) -> Value:
        return self.formula(*args, axes)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (*given, _), (*moves, dt) = primals, tangents
        out = self.bind(*primals, **params)
        total = None if dt is None else self.bind(*given, dt, **params)
        if any(d is not None for d in moves):
            ds = [np.zeros(shape_of(v), dtype_of(v)) if d is None else d for v, d in zip(given, moves, strict=True)]
            of_weights = spread(self.in_weights(ds, primals, params["axes"]), shape_of(out), dtype_of(out))
            total = of_weights if total is None else total + of_weights
        return out, total

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        (*given, t) = args
        assert isinstance(t, LinearTracer)
        g = Primitive.registry[self.partner].bind(*given, cotangent, **params)
        return *[None] * len(given), fit(g, t.shape, t.dtype)


def _first(s: Value) -> Value:
    return greater(s, dtype_of(s).type(0.5))


def _others(first: Value, v: Value, axes: Axes) -> Value:
    return _sum(where_p.bind(first, dtype_of(v).type(0), v), axes)


def _split(s: Value, t: Value, axes: Axes, rest: Value = None) -> tuple[Value, Value]:
    """The tangent of the weight above 1/2, if there is one or 0, and the mean of the tangents' differences from it."""
    first = _first(s)
    base = _sum(where_p.bind(first, t, dtype_of(t).type(0)), axes)
    if rest is None:  # cheaper than what is known of the value: all sums are made in one pass
        rest = _others(first, s, axes)
    with np.errstate(invalid="ignore"):
        return base, _others(first, times(s, t), axes) - base * rest


def _from_mean(t: Value, base: Value, mean: Value) -> Value:
    """``(t - base) - mean``. An infinite tangent stays what it is: its share of the mean is subtracted from the others alone,
    as no infinities meet in the other mode."""
    infinite = isinf(t)
    if type(infinite) is np.ndarray and not infinite.any():
        return (t - base) - mean
    zero, lost = dtype_of(t).type(0), isinf(base)
    with np.errstate(invalid="ignore"):
        out = (t - where_p.bind(lost, zero, base)) - where_p.bind(lost, base, mean)
    return where_p.bind(infinite, t, out)


def _softmax_tangent(s: Value, t: Value, axes: Axes) -> Value:
    if type(s) is np.ndarray and not _first(s).any():
        return s * _from_mean(t, dtype_of(t).type(0), _sum(times(s, t), axes))
    return s * _from_mean(t, *_split(s, t, axes))


def _softmax_tangent_in_weights(moves: Sequence[Value], args: Sequence[Value], axes: Axes) -> Value:
    (ds,), (s, t) = moves, args
    base, mean = _split(s, t, axes)
    return ds * ((t - base) - mean) - s * _others(_first(s), ds * (t - base), axes)


def _log_softmax_tangent(s: Value, r: Value, t: Value, axes: Axes) -> Value:
    return _from_mean(t, *_split(s, t, axes, r))


def _log_softmax_tangent_in_weights(moves: Sequence[Value], args: Sequence[Value], axes: Axes) -> Value:
    (ds, dr), (s, r, t) = moves, args
    base, _ = _split(s, t, axes, r)
    return base * dr - _others(_first(s), ds * t, axes)


def _log_softmax_pullback(s: Value, r: Value, g: Value, axes: Axes) -> Value:
    """``g - s sum(g)``; at the weight above 1/2 the sum of the others, negative, since all of them add up to 0.

    `r` is `softmax_rest`. The others' cotangents are added up as what is left of all: exact where there is one cotangent only.
    """
    total, first = _sum(g, axes), _first(s)
    plain = g - s * total
    if type(first) is np.ndarray and not first.any():
        return plain
    return where_p.bind(first, total * r - (total - g), plain)


def _log_softmax_pullback_in_weights(moves: Sequence[Value], args: Sequence[Value], axes: Axes) -> Value:
    (ds, dr), (s, _, g) = moves, args
    total = _sum(g, axes)
    return where_p.bind(_first(s), total * dr, -ds * total)


def _row_samples() -> list[Any]:
    rng = np.random.default_rng(44)
    x = rng.normal(size=(2, 3, 2))
    return [
        ((x[0, :, 0],), {"axes": (-1,)}),
        ((x[0],), {"axes": (-2,)}),
        ((x,), {"axes": (-3, -1)}),
        ((np.array([9.0, 0.0, 1.0]),), {"axes": (-1,), "ends": "masked"}),
        ((x[0],), {"axes": (-1,), "ends": "limits"}),
    ]


def _weighted_samples(with_rest: bool) -> Any:
    def make() -> list[Any]:
        s = np.array([[0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
        r, t = np.array([[0.3], [0.0]]), np.random.default_rng(45).normal(size=(2, 3))
        args = (s, r, t) if with_rest else (s, t)
        return [(tuple(a[0] for a in args), {"axes": (-1,)}), (args, {"axes": (-1,)})]

    return make


_REAL = {"complex": "complex numbers have no largest"}
_NOT_LINEAR = {"transpose": "not linear", **_REAL}
softmax_p = _Softmax("softmax", samples=_row_samples, reasons=_NOT_LINEAR)
log_softmax_p = _LogSoftmax("log_softmax", samples=_row_samples, reasons=_NOT_LINEAR)
softmax_rest_p = _Rest("softmax_rest", samples=_row_samples, reasons=_NOT_LINEAR)
logsumexp_p = _LogSumExp("logsumexp", samples=_row_samples, reasons=_NOT_LINEAR)
softmax_tangent_p = _LinearInTangents(
    "softmax_tangent", _softmax_tangent, _softmax_tangent_in_weights, "softmax_tangent", _weighted_samples(False)
)
log_softmax_tangent_p = _LinearInTangents(
    "log_softmax_tangent",
    _log_softmax_tangent,
    _log_softmax_tangent_in_weights,
    "log_softmax_pullback",
    _weighted_samples(True),
)
log_softmax_pullback_p = _LinearInTangents(
    "log_softmax_pullback",
    _log_softmax_pullback,
    _log_softmax_pullback_in_weights,
    "log_softmax_tangent",
    _weighted_samples(True),
)
