"""Scatters that multiply, or take the largest or the smallest: of all updates that fall on one place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Value, dtype_of, is_inexact, shape_of
from ..lowering import kernels, monoids
from ..vocabulary import Params, Pushed
from .casts import convert
from .cumulative import doubling_scan
from .elementwise import equal, where
from .scatters import Scatter, gathered, scatter_add_p, scatter_samples, scatter_set_p, wide, zeros_of
from .shape import broadcast_to, concatenate, reshape
from .sorting import argsort_p


class _ScatterMultiply(Scatter):
    """The product over updates that fall on one place; exact where some of them are zero."""

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        x, u, *indices = primals
        tx, tu, *_ = tangents
        out = self.bind(x, u, *indices, **params)
        if (tx is None and tu is None) or not is_inexact(out):
            return out, None
        factor, t = self._products(x, u, tu, indices, params["axes"], dtype_of(out))
        total = None if tx is None else tx * factor
        if t is not None:
            t = x * t
            total = t if total is None else total + t
        return out, convert(total, dtype_of(out))

    def _products(
        self, x: Value, u: Value, tu: Value | None, indices: Sequence[Value], axes: tuple[int, ...], dtype: np.dtype
    ) -> tuple[Value, Value | None]:
        """The product of the updates that fall on each place, and its tangent: polynomials, so right to every order.

        The updates are put in order of their places, and multiplied by a scan that starts anew with each place.
        """
        lengths, indices = [shape_of(x)[a] for a in axes], [wide(i) for i in indices]
        rest = tuple(n for i, n in enumerate(shape_of(x)) if i not in axes)
        index_shape = np.broadcast_shapes(*[shape_of(i) for i in indices])
        count = math.prod(index_shape)
        places = [
            reshape(broadcast_to(where(i < 0, i + n, i), index_shape), (count,))
            for i, n in zip(indices, lengths, strict=True)
        ]
        place: Any = 0
        for i, n in zip(places, lengths, strict=True):
            place = place * n + i
        order = argsort_p.bind(place, axis=0)
        place, places = gathered(place, [order], (0,)), [gathered(i, [order], (0,)) for i in places]
        fresh = np.ones((count,), bool) if count < 2 else concatenate([np.ones(1, bool), place[1:] != place[:-1]], 0)
        fresh = broadcast_to(reshape(fresh, (count,) + (1,) * len(rest)), (count, *rest))

        def rows(v: Value) -> Value:
            v = reshape(broadcast_to(convert(v, dtype), (*index_shape, *rest)), (count, *rest))
            return gathered(v, [order], (0,))

        def combine(earlier: Sequence[Value], later: Sequence[Value]) -> list[Value]:
            (f, p, *dp), (g, q, *dq) = earlier, later
            out = [f | g, where(g, q, p * q)]
            return [*out, where(g, dq[0], dp[0] * q + p * dq[0])] if dp else out

        scanned = doubling_scan(combine, [fresh, rows(u), *([] if tu is None else [rows(tu)])], 0)
        put = [
            scatter_set_p.bind(start, v, *places, axes=axes)
            for start, v in zip((np.ones(shape_of(x), dtype), np.zeros(shape_of(x), dtype)), scanned[1:])  # noqa: B905
        ]
        return put[0], put[1] if tu is not None else None


class _ScatterExtreme(Scatter):
    """The largest (smallest) of `x` and the updates on each place; those equal to it share the tangent."""

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        x, u, *indices = primals
        tx, tu, *_ = tangents
        axes = params["axes"]
        out = self.bind(x, u, *indices, **params)
        if (tx is None and tu is None) or not is_inexact(out):
            return out, None
        dtype = dtype_of(out)
        x_wins, u_wins = equal(x, out), equal(u, gathered(out, indices, axes))
        count = scatter_add_p.bind(convert(x_wins, dtype), convert(u_wins, dtype), *indices, axes=axes)
        zero = dtype.type(0)
        total = None if tx is None else where(x_wins, tx, zero)
        if tu is not None:
            t = scatter_add_p.bind(zeros_of(out), convert(where(u_wins, tu, zero), dtype), *indices, axes=axes)
            total = t if total is None else total + t
        return out, convert(total / count, dtype)


_NOT_LINEAR = {"transpose": "not linear"}

scatter_mul_p = _ScatterMultiply(
    "scatter_multiply",
    lambda out, i, u: np.multiply.at(out, i, u),
    samples=scatter_samples,
    reasons=_NOT_LINEAR,
    native=kernels.Scatter(monoids.PRODUCT),
)

scatter_max_p = _ScatterExtreme(
    "scatter_max",
    lambda out, i, u: np.maximum.at(out, i, u),
    samples=scatter_samples,
    reasons=_NOT_LINEAR,
    native=kernels.Scatter(monoids.MAXIMUM),
)

scatter_min_p = _ScatterExtreme(
    "scatter_min",
    lambda out, i, u: np.minimum.at(out, i, u),
    samples=scatter_samples,
    reasons=_NOT_LINEAR,
    native=kernels.Scatter(monoids.MINIMUM),
)
