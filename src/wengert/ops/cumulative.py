"""Running operations whose tangents are scans: cumlogsumexp, and the doubling scan that they are written with.

The plain ones (cumsum, cumprod, cummax, cummin) stand with the reductions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value, dtype_of, shape_of
from ..lowering.kernels import Kernel
from .elementwise import logaddexp, logaddexp_p
from .families import spread
from .shape import concatenate, slice_axis


def doubling_scan(combine: Callable[..., Any], pair: Sequence[Value], axis: int) -> Sequence[Value]:
    """The inclusive scan of pairs of arrays along `axis` by an associative `combine(earlier, later)`.

    Hillis & Steele (1986), "Data parallel algorithms": log2(n) steps, each on whole arrays.
    """
    n, step = shape_of(pair[0])[axis], 1
    while step < n:
        head = [slice_axis(v, axis, 0, step) for v in pair]
        earlier = [slice_axis(v, axis, 0, n - step) for v in pair]
        later = [slice_axis(v, axis, step, n) for v in pair]
        pair = [concatenate([h, c], axis) for h, c in zip(head, combine(earlier, later), strict=True)]
        step *= 2
    return pair


class _CumLogSumExp(Primitive):
    """``log(cumsum(exp(x)))``; its tangent is the running mean of tangents weighted by ``exp(x)``."""

    def impl(self, x: Value, *, axis: int) -> Value:
        return np.logaddexp.accumulate(x, axis)

    def abstract(self, x: Aval, *, axis: int) -> Aval:
        return Aval(x.shape, x.dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        (x,), (t,), axis = primals, tangents, params["axis"]
        ans = self.bind(x, axis=axis)
        if t is None:
            return ans, None

        partials: Any = logaddexp_p.partials
        of_first, of_second = partials

        def combine(earlier: Sequence[Value], later: Sequence[Value]) -> tuple[Value, Value]:
            (s1, t1), (s2, t2) = earlier, later
            s = logaddexp(s1, s2)
            return s, t1 * of_first(s, s1, s2) + t2 * of_second(s, s1, s2)

        return ans, spread(doubling_scan(combine, (x, t), axis)[1], shape_of(ans), dtype_of(ans))

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        return self.bind(args[0], axis=params["axis"] + 1), True


def _samples() -> list[Any]:
    x = np.random.default_rng(41).normal(size=(3, 5))
    return [((x[0],), {"axis": 0}), ((x,), {"axis": 0}), ((x,), {"axis": 1}), ((x[:, :0],), {"axis": 1})]


cumlogsumexp_p = _CumLogSumExp(
    "cumlogsumexp",
    samples=_samples,
    reasons={"transpose": "not linear"},
    native=Kernel("scans.running", operation=logaddexp_p),
)
