"""Elliptic integrals: Legendre's, and Carlson's symmetric ones, differentiable in every argument.

Sources: NIST DLMF 19.16 and 19.18 (Carlson), 19.4 and 19.25 (Legendre). The derivatives of Carlson's integrals are
integrals of the same kind with larger exponents, which `carlson_p` computes by the trapezoidal rule in the logarithm
of the variable: it converges exponentially there (Trefethen and Weideman 2014, SIAM Review 56, section 5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Value, dtype_of, shape_of
from ...documented import with_example
from ...vocabulary import Params, Pushed
from ..declare import function_of, quietly
from ..elementwise import cos, equal, floor, sin, sqrt, square, where
from ..shape import spread
from ..terms import plus, times
from .declare import ParameterDerivative, few, public, special


def _carlson(orders: tuple[int, ...], x: np.ndarray, y: np.ndarray, z: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The derivatives of ``int_0^inf dt / (sqrt(t + x) sqrt(t + y) sqrt(t + z) (t + p))``.

    The last order counts from -1: that integral without its last factor.
    """
    i, j, k, l = orders[0], orders[1], orders[2], orders[3]
    exponents = (0.5 + i, 0.5 + j, 0.5 + k, float(l))
    factor = 1.0
    for n, e in ((i, 0.5), (j, 0.5), (k, 0.5)):
        for m in range(n):
            factor *= -(e + m)
    out = np.full(x.shape, np.nan)
    ok = (x >= 0) & (y >= 0) & (z >= 0) & ((p > 0) | (l == 0)) & ((x == 0) * 1 + (y == 0) + (z == 0) < 2)
    for n, v in ((i, x), (j, y), (k, z)):
        if n:
            out[ok & (v == 0)] = np.inf if factor > 0 else -np.inf
            ok &= v > 0
    infinite = ok & np.isinf(x + y + z + p)
    out[infinite] = 0.0
    ok &= ~infinite
    if not ok.any():
        return out
    a = [v[ok] for v in (x, y, z, p)]
    # Substitute t = middle * exp(u): the integrand decays like exp(u / 2) and exp(-u / 2) or faster.
    middle = np.sort(np.stack(a[:3]), axis=0)[1]
    spread = float(np.log(max(np.max(np.stack(a[: 4 if l else 3]) / middle), 1.0)))
    smallest = np.stack([np.where(v > 0, v, middle) for v in (a if l else a[:3])]).min(axis=0)
    low = float(np.log(np.min(smallest / middle)))
    u = np.arange(low - 82, spread + 82, 0.25)
    t = middle[:, None] * np.exp(u)
    log = np.log(t)
    for v, e in zip(a, exponents, strict=True):
        if e:
            log = log - e * np.log(t + v[:, None])
    out[ok] = factor * np.exp(log).sum(axis=1) * 0.25
    return out


class _Carlson(ParameterDerivative):
    """The exponent of the last factor is ``orders[3]`` itself, so that its derivative brings down that number."""

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        orders = params["orders"]
        ans = self.bind(*primals, orders=orders)
        total = None
        for i, t in enumerate(tangents):
            if t is None or (i == 3 and orders[3] == 0):
                continue
            more = tuple(n + (i == k) for k, n in enumerate(orders))
            c = self.bind(*primals, orders=more)
            term = times(t, c if i < 3 else -float(orders[3]) * c)
            total = term if total is None else plus(total, term)
        return ans, None if total is None else spread(total, shape_of(ans), dtype_of(ans))


_AXES = ((0.4, 1.0), (1.2, 2.0), (2.2, 3.0), (0.5, 2.0))
carlson_p = _Carlson(
    "carlson", _carlson, [], 4, lambda: [(args, {"orders": (1, 0, 0, 1)}) for args, _ in few(*_AXES)()[:2]]
)


def _integral(orders: tuple[int, ...], factor: float, *args: Value) -> Value:
    return factor * carlson_p.bind(*args, *[1.0] * (4 - len(args)), orders=orders)


def _rf(i: int) -> Any:
    orders = tuple(int(i == k) for k in range(3)) + (0,)
    return lambda ans, x, y, z: _integral(orders, 0.5, x, y, z)


def _rd(i: int) -> Any:
    # R_D = 3/2 int (t + z)**-1 ..., and the derivative in z of the integral of R_F brings down -1/2: so -3
    orders = tuple(int(i == k) + (k == 2) for k in range(3)) + (0,)
    return lambda ans, x, y, z: _integral(orders, -3.0, x, y, z)


def _rj(i: int) -> Any:
    if i == 3:
        return lambda ans, x, y, z, p: _integral((0, 0, 0, 2), -1.5, x, y, z, p)
    orders = tuple(int(i == k) for k in range(3)) + (1,)
    return lambda ans, x, y, z, p: _integral(orders, 1.5, x, y, z, p)


elliprf_p = special("elliprf", tuple(map(_rf, range(3))), *_AXES[:3], reasons={"complex": "real kernels"})
elliprd_p = special("elliprd", tuple(map(_rd, range(3))), *_AXES[:3], reasons={"complex": "real kernels"})
elliprj_p = special("elliprj", tuple(map(_rj, range(4))), *_AXES, reasons={"complex": "real kernels"})
# R_C(x, y) = R_F(x, y, y)
elliprc_p = special(
    "elliprc",
    (
        lambda ans, x, y: _integral((1, 0, 0, 0), 0.5, x, y, y),
        lambda ans, x, y: _integral((0, 1, 0, 0), 1.0, x, y, y),
    ),
    *_AXES[:2],
    reasons={"complex": "real kernels"},
)


def _rg(i: int) -> Any:
    """``(R_F - x R_D / 3) / 4``, DLMF 19.18.4 with 19.16.9; the last term vanishes with x, as its root."""

    def rule(ans: Value, *args: Value) -> Value:
        x, others = args[i], [v for k, v in enumerate(args) if k != i]
        end = equal(x, 0)
        return (elliprf(*args) - where(end, 0.0, x * elliprd(*others, where(end, 1.0, x)) / 3)) / 4

    return quietly(rule)


elliprg_p = special("elliprg", tuple(map(_rg, range(3))), *_AXES[:3], reasons={"complex": "real kernels"})


# --- Legendre's --------------------------------------------------------------------------------------------------


def _d_complete(complement: Value) -> Value:
    """``(K - E) / m`` by ``1 - m``: DLMF 19.25.1."""
    return elliprd(0.0, complement, 1.0) / 3


def _b_complete(first: Value, complement: Value) -> Value:
    """``(E - (1 - m) K) / m`` by K and ``1 - m``; where both are large, not as their difference ``K - D``."""
    near = complement < 0.5
    p, q = where(near, complement, 0.25), where(near, 0.5, complement)
    return where(near, (ellipe(1 - p) - p * first) / (1 - p), first - _d_complete(q))


ellipk_p = special("ellipk", (lambda ans, m: _b_complete(ans, 1 - m) / (2 * (1 - m)),), (0.1, 0.8))
ellipkm1_p = special("ellipkm1", (lambda ans, p: -_b_complete(ans, p) / 2 / p,), (0.2, 0.9))
ellipe_p = special("ellipe", (lambda ans, m: -_d_complete(1 - m) / 2,), (0.1, 0.8))


def _in_turns(phi: Value, m: Value, part: Any, complete: Any) -> Value:
    """``part(sin(phi), cos(phi)**2)`` of the angle without half turns, and the complete integral for each of those."""
    turns = floor(phi / math.pi + 0.5)
    r = phi - turns * math.pi
    none = equal(turns, 0)
    return part(sin(r), square(cos(r))) + where(none, 0.0, 2 * turns * complete(where(none, 0.0, m)))


def _d_incomplete(phi: Value, m: Value) -> Value:
    """``(F - E) / m``: DLMF 19.25.10."""
    return _in_turns(
        phi, m, lambda s, c2: s * s * s * elliprd(c2, 1 - m * s * s, 1.0) / 3, lambda m: _d_complete(1 - m)
    )


def _f_by_m(phi: Value, m: Value) -> Value:
    """The derivative of F by the parameter, which cancels nowhere: DLMF 19.25.5 and 19.18.1."""
    return _in_turns(
        phi,
        m,
        lambda s, c2: s * s * s * elliprd(c2, 1.0, 1 - m * s * s) / 6,
        lambda m: elliprd(0.0, 1.0, 1 - m) / 6,
    )


def _delta(phi: Value, m: Value) -> Value:
    return sqrt(1 - m * square(sin(phi)))


ellipkinc_p = special(
    "ellipkinc",
    (
        lambda ans, phi, m: 1 / _delta(phi, m),
        lambda ans, phi, m: _f_by_m(phi, m),
    ),
    (0.3, 1.2),
    (0.1, 0.7),
)
ellipeinc_p = special(
    "ellipeinc",
    (lambda ans, phi, m: _delta(phi, m), lambda ans, phi, m: -_d_incomplete(phi, m) / 2),
    (0.3, 1.2),
    (0.1, 0.7),
)

ellipk, ellipkm1, ellipe = map(function_of, (ellipk_p, ellipkm1_p, ellipe_p))
with_example(
    ellipe,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.ellipe(np.array([0.0, 1.0])) * 2 / np.pi).round(12)
    array([1.        , 0.63661977])
    """,
)
with_example(
    ellipk,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.ellipk(0.0) * 2 / np.pi).round(12)
    np.float64(1.0)
    """,
)
with_example(
    ellipkm1,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.ellipkm1(1.0) * 2 / np.pi).round(12)
    np.float64(1.0)
    """,
)
ellipkinc, ellipeinc = map(function_of, (ellipkinc_p, ellipeinc_p))
with_example(
    ellipeinc,
    """
    >>> from wengert.scipy import special
    >>> special.ellipeinc(0.5, 0.0)
    np.float64(0.5)
    """,
)
with_example(
    ellipkinc,
    """
    >>> from wengert.scipy import special
    >>> special.ellipkinc(0.75, 0.0)
    np.float64(0.75)
    """,
)
elliprf = public(elliprf_p, "Carlson's symmetric integral R_F.")
with_example(
    elliprf,
    """
    >>> from wengert.scipy import special
    >>> (special.elliprf(4.0, 4.0, 4.0)).round(12)
    np.float64(0.5)
    """,
)
elliprd = public(elliprd_p, "Carlson's integral R_D, symmetric in its first two arguments.")
with_example(
    elliprd,
    """
    >>> from wengert.scipy import special
    >>> (special.elliprd(1.0, 1.0, 1.0)).round(12)
    np.float64(1.0)
    """,
)
elliprj = public(elliprj_p, "Carlson's integral R_J, symmetric in its first three arguments.")
with_example(
    elliprj,
    """
    >>> from wengert.scipy import special
    >>> (special.elliprj(1.0, 1.0, 1.0, 1.0)).round(12)
    np.float64(1.0)
    """,
)
elliprg = public(elliprg_p, "Carlson's symmetric integral R_G.")
with_example(
    elliprg,
    """
    >>> from wengert.scipy import special
    >>> (special.elliprg(9.0, 9.0, 9.0)).round(12)
    np.float64(3.0)
    """,
)
elliprc = public(elliprc_p, "Carlson's degenerate integral R_C.")
with_example(
    elliprc,
    """
    >>> from wengert.scipy import special
    >>> (special.elliprc(4.0, 4.0)).round(12)
    np.float64(0.5)
    """,
)
