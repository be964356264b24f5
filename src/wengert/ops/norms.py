"""The Euclidean norm: the root of a sum of squares, as one operation.

Its derivative in a component is `ratio`, the component over the norm: 0 at 0, the least of the subgradients, and without
a derivative of its own there, since the curvature is unbounded. The square of a norm is smooth, and known (`squares`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import _NARROW, config
from ..core import Aval, Primitive, Value, dtype_of, ndim_of, shape_of
from ..lowering import Composition
from ..vocabulary import BatchedResults, Params, Pushed
from . import elementwise as ew
from .linalg import real_dtype
from .roots import Root, known, root_of
from .shape import concatenate, kept_shape, reduce_sum, reduced_shape, reshape, sum_p, transpose

Axes = tuple[int, ...]


def _squares(x: Value) -> Value:
    return ew.square(ew.real(x)) + ew.square(ew.imag(x)) if dtype_of(x).kind == "c" else ew.square(x)


def _root_of_squares(x: Value, *, axes: Axes) -> Value:
    return ew.sqrt(sum_p.bind(_squares(x), axes=axes))


class _Norm(Primitive):
    """``sqrt(sum(|x|**2, axes))``."""

    def impl(self, x: Value, *, axes: Axes) -> Value:
        out = np.sqrt(np.add.reduce(_squares(x), axes))
        return out if config._x64 else out.astype(_NARROW.get(out.dtype, out.dtype))

    def abstract(self, x: Aval, *, axes: Axes) -> Aval:
        return Aval(reduced_shape(x.shape, axes), real_dtype(x.dtype))

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x,), (t,), axes = primals, tangents, params["axes"]
        ans = self.bind(x, axes=axes)
        if t is None:
            return ans, None
        share = ew.ratio(x, reshape(ans, kept_shape(shape_of(x), axes)))
        along = ew.real(ew.conj(share) * t) if dtype_of(x).kind == "c" else t * share
        return ans, reduce_sum(along, axes)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(args[0], axes=tuple(a + 1 for a in params["axes"])), True


def _samples() -> list[Any]:
    x = np.random.default_rng(31).normal(size=(2, 3, 2))
    return [
        ((x[0, :, 0],), {"axes": (0,)}),
        ((x[0],), {"axes": (1,)}),
        ((x,), {"axes": (0, 2)}),
        ((x[:0],), {"axes": (1,)}),
        ((x[0, 0, 0],), {"axes": ()}),
        ((x[0] + 1j * x[1],), {"axes": (0,)}),
    ]


norm_p = _Norm("norm", samples=_samples, reasons={"transpose": "not linear"}, native=Composition(_root_of_squares))


def _of_components(x: Value, *, axes: Axes) -> Root | None:
    if not axes:
        return root_of(ew.absolute(x))

    def parts() -> Value:
        z = concatenate([ew.real(x), ew.imag(x)], axes[0]) if dtype_of(x).kind == "c" else x
        front = transpose(z, (*axes, *[i for i in range(ndim_of(z)) if i not in axes]))
        return reshape(front, (-1, *reduced_shape(shape_of(z), axes)))

    return Root(square=lambda: reduce_sum(_squares(x), axes), parts=parts, source=(x, axes))


known(norm_p, _of_components)


def euclidean_norm(x: Value, axes: Axes) -> Value:
    """The norm over `axes` of a floating or complex array. Where the components are roots themselves, of what they are
    roots of."""
    root = root_of(x)
    if root is None:
        return norm_p.bind(x, axes=axes)
    if root.signed is not None:
        return euclidean_norm(root.signed(), axes)
    if root.parts is not None:
        return euclidean_norm(root.parts(), (0, *[a + 1 for a in axes]))
    total = reduce_sum(ew.square(x), axes)
    zero, one = ew.equal(total, 0), dtype_of(total).type(1)
    return ew.where(zero, norm_p.bind(x, axes=axes), ew.sqrt(ew.where(zero, one, total)))


__all__ = ["euclidean_norm", "norm_p"]
