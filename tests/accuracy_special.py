"""The special functions of several arguments whose derivatives are measured: each argument that has one, in mpmath's words.

Those of one argument stand in `accuracy_cases`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
from accuracy_cases import Case, Span, _erfc, _exp, _expm1, _log_ndtr, _real, _solved
from accuracy_statistics import _incomplete_beta, _lower, _t_above, _t_log_density, _upper

import wengert.numpy as wnp
from wengert import nn
from wengert.scipy import special as sp

HUGE = 1e300
PARAMETER, WIDE, POSITIVE = (0.05, 50.0), (1e-12, 1e12), (0.0, HUGE)


# Functions that keep to another bound, and why.
_EXPANSION = "the expansions in the parameter are sums of some 50 terms"
BEYOND: dict[str, tuple[float, str]] = {
    **{f"{name}, argument {k}": (64, _EXPANSION) for name, k in (("gammaincinv", 1), ("gammainccinv", 1))},
    **{f"betaincinv, argument {k}": (64, _EXPANSION) for k in (1, 2, 3)},
    "yv, argument 1": (1000, "an integral over a half turn, of both signs"),
    "hyp0f1, argument 2": (200, "SciPy's value of the next order has fewer digits"),
}
SLOW = (
    "betaincinv",
    "gammaincinv",
    "gammainccinv",
    "stdtrit",
    "kv",
    "kve",
    "yv",
    "elliprf",
    "elliprd",
    "elliprj",
    "elliprg",
    "owens_t",
)


def _each(
    name: str,
    call: Callable[..., Any],
    exact: Callable[..., Any],
    spans: tuple[Span, ...],
    scipy: bool = True,
    near: tuple[float, ...] = (),
    only: tuple[int, ...] | None = None,
) -> list[Case]:
    """A case for each argument, or for `only` some of them."""
    out = []
    for k in range(len(spans)) if only is None else only:
        full = f"{name}, argument {k + 1}" if len(spans) > 1 else name
        bound, beyond = BEYOND.get(full, (16.0, ""))
        out.append(Case(full, call, exact, spans, near, scipy, k, bound, beyond, 5 if name in SLOW else 10**6))
    return out


def _beta(a: Any, b: Any) -> Any:
    return mp.exp(mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b))


def _inverse(name: str, f: Callable[..., Any], slope: Callable[..., Any]) -> Callable[..., Any]:
    import scipy.special

    def exact(*args: Any) -> Any:
        *shapes, y = args
        start = float(getattr(scipy.special, name)(*map(float, args)))
        if not mp.isfinite(start) or start in (0, 1):
            raise ValueError("at an end")
        return _solved(lambda x: f(*shapes, x), lambda x: slope(*shapes, x), start, y)

    return exact


def _gamma_density(a: Any, x: Any) -> Any:
    return mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    return mp.exp((a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x)) / _beta(a, b)


def _boxcox(x: Any, a: Any) -> Any:
    return mp.expm1(a * mp.log(x)) / a


def _logsumexp_with_factors(x: Any, y: Any, b: Any, c: Any) -> Any:
    total = b * mp.exp(x) + c * mp.exp(y)
    if total <= 0:
        raise ValueError("outside")
    return mp.log(total)


def _besselk(v: Any, x: Any) -> Any:
    step = mp.pi**2 / (mp.mp.prec * mp.ln2 + 20 + 20 * abs(v))
    total, t = mp.exp(-x) / 2, step
    while True:
        term = mp.exp(-x * mp.cosh(t)) * mp.cosh(v * t)
        total += term
        if term < total * mp.eps and t > 1:
            return total * step
        t += step


def _log1p_product(x: Any, y: Any) -> Any:
    return x * mp.log1p(y)


BETAS = [
    *_each("beta", sp.beta, _beta, (PARAMETER, PARAMETER)),
    *_each("beta, wide", sp.beta, _beta, ((0.0, 100.0), (0.0, 100.0))),
    *_each("betaln", sp.betaln, lambda a, b: mp.log(_beta(a, b)), ((0.0, 1e15), (0.0, 1e15))),
    *_each(
        "betainc",
        sp.betainc,
        lambda a, b, x: _incomplete_beta(a, b, x, 1 - x),
        (PARAMETER, PARAMETER, (0.0, 1.0)),
        near=(1.0,),
    ),
    *_each(
        "betaincc",
        sp.betaincc,
        lambda a, b, x: _incomplete_beta(b, a, 1 - x, x),
        (PARAMETER, PARAMETER, (0.0, 1.0)),
        near=(1.0,),
    ),
    *_each(
        "betaincinv",
        sp.betaincinv,
        _inverse("betaincinv", lambda a, b, x: _incomplete_beta(a, b, x, 1 - x), _beta_density),
        (PARAMETER, PARAMETER, (0.0, 1.0)),
    ),
    *_each("binom", sp.binom, lambda n, k: mp.binomial(n, k), ((0.0, 60.0), (0.0, 30.0))),
    *_each("binom, wide", sp.binom, lambda n, k: mp.binomial(n, k), ((1.0, 1e10), (0.0, 5.0))),
    *_each("comb", sp.comb, lambda n, k: mp.binomial(n, k), ((10.0, 60.0), (0.0, 10.0))),
    *_each("poch", sp.poch, lambda z, m: mp.rf(z, m), ((0.05, 100.0), (0.0, 20.0))),
    *_each("poch, negative", sp.poch, mp.rf, ((-10.0, 10.0), (-5.0, 5.0))),
]
GAMMAS = [
    *_each("gammainc", sp.gammainc, _lower, (PARAMETER, (0.0, 700.0)), only=(0,)),
    *_each("gammaincc", sp.gammaincc, _upper, (PARAMETER, (0.0, 700.0)), only=(0,)),
    *_each("gammaincinv", sp.gammaincinv, _inverse("gammaincinv", _lower, _gamma_density), (PARAMETER, (0.0, 1.0))),
    *_each(
        "gammainccinv",
        sp.gammainccinv,
        _inverse("gammainccinv", _upper, lambda a, x: -_gamma_density(a, x)),
        (PARAMETER, (0.0, 1.0)),
    ),
    *_each("polygamma(1, x)", lambda x: sp.polygamma(1, x), lambda x: mp.psi(1, x), ((0.0, 1e100),)),
    *_each("polygamma(3, x)", lambda x: sp.polygamma(3, x), lambda x: mp.psi(3, x), ((0.0, 1e50),)),
    *_each("digamma, negative", sp.digamma, mp.digamma, ((-20.0, 3.0),), near=(1.4616321449683623,)),
    *_each("gammaln, negative", sp.gammaln, lambda x: mp.log(abs(mp.gamma(x))), ((-20.0, 3.0),)),
    *_each(
        "multigammaln",
        lambda a: sp.multigammaln(a, 3),
        lambda a: mp.loggamma(a) + mp.loggamma(a - 0.5) + mp.loggamma(a - 1),
        ((1.0, 1e10),),
    ),
    *_each("factorial", sp.factorial, mp.factorial, ((0.0, 100.0),)),
    *_each("zeta", sp.zeta, lambda s, q: mp.zeta(s, q), ((1.0, 50.0), (0.05, 100.0)), near=(1.0,)),
    *_each("stdtr", sp.stdtr, lambda df, t: _t_above(-t, df), ((0.3, 1e6), (-1e3, 1e3))),
    *_each(
        "stdtrit",
        sp.stdtrit,
        _inverse("stdtrit", lambda df, t: _t_above(-t, df), lambda df, t: mp.exp(_t_log_density(t, df))),
        ((0.5, 1e3), (0.0, 1.0)),
    ),
]
BESSELS = [
    *_each("y1", sp.y1, _real(lambda x: mp.bessely(1, x)), ((0.01, 60.0),)),
    *_each("jv", sp.jv, lambda v, x: mp.besselj(v, x), ((0.1, 20.0), (0.0, 60.0))),
    *_each("yv", sp.yv, _real(lambda v, x: mp.bessely(v, x)), ((0.1, 10.0), (0.1, 60.0))),
    *_each("iv", sp.iv, lambda v, x: mp.besseli(v, x), ((0.1, 20.0), (0.0, 300.0))),
    *_each("ive", sp.ive, lambda v, x: mp.besseli(v, x) * mp.exp(-x), ((0.1, 20.0), (0.0, 300.0))),
    *_each("ive, small orders", sp.ive, lambda v, x: mp.besseli(v, x) * mp.exp(-x), ((0.01, 2.0), (0.0, 60.0))),
    *_each("kv", sp.kv, _besselk, ((0.1, 10.0), (0.01, 60.0))),
    *_each("kve", sp.kve, lambda v, x: _besselk(v, x) * mp.exp(x), ((0.1, 10.0), (0.01, 200.0))),
    *_each(
        "spherical_jn(2, x)",
        lambda x: sp.spherical_jn(2, x),
        lambda x: mp.sqrt(mp.pi / (2 * x)) * mp.besselj(2.5, x),
        ((0.0, 60.0),),
    ),
    *_each(
        "spherical_yn(2, x)",
        lambda x: sp.spherical_yn(2, x),
        lambda x: mp.sqrt(mp.pi / (2 * x)) * mp.bessely(2.5, x),
        ((0.1, 60.0),),
    ),
    *_each(
        "spherical_in(2, x)",
        lambda x: sp.spherical_in(2, x),
        lambda x: mp.sqrt(mp.pi / (2 * x)) * mp.besseli(2.5, x),
        ((0.0, 600.0),),
    ),
    *_each(
        "spherical_kn(2, x)",
        lambda x: sp.spherical_kn(2, x),
        lambda x: mp.sqrt(mp.pi / (2 * x)) * _besselk(2.5, x),
        ((0.01, 60.0),),
    ),
    *_each("airy, Ai", lambda x: sp.airy(x)[0], mp.airyai, ((-60.0, 60.0),)),
    *_each("airy, Ai'", lambda x: sp.airy(x)[1], lambda x: mp.airyai(x, derivative=1), ((-60.0, 60.0),)),
    *_each("airy, Bi", lambda x: sp.airy(x)[2], mp.airybi, ((-60.0, 60.0),)),
    *_each("airy, Bi'", lambda x: sp.airy(x)[3], lambda x: mp.airybi(x, derivative=1), ((-60.0, 60.0),)),
    *_each("struve", lambda x: sp.struve(1.5, x), lambda x: mp.struveh(1.5, x), ((0.01, 60.0),)),
    *_each("struve, order 0", lambda x: sp.struve(0.0, x), lambda x: mp.struveh(0, x), ((0.01, 60.0),)),
    *_each("modstruve", lambda x: sp.modstruve(1.5, x), lambda x: mp.struvel(1.5, x), ((0.01, 60.0),)),
]
ELLIPTIC = [
    *_each("ellipkm1", sp.ellipkm1, lambda p: mp.ellipk(1 - p), ((0.0, 1.0),)),
    *_each("ellipkinc", sp.ellipkinc, _real(mp.ellipf), ((-1.5, 1.5), (0.0, 1.0)), near=(1.0,)),
    *_each("ellipeinc", sp.ellipeinc, _real(mp.ellipe), ((-1.5, 1.5), (0.0, 1.0)), near=(1.0,)),
    *_each("elliprf", sp.elliprf, mp.elliprf, (WIDE, WIDE, WIDE)),
    *_each("elliprd", sp.elliprd, mp.elliprd, (WIDE, WIDE, WIDE)),
    *_each("elliprj", sp.elliprj, mp.elliprj, (PARAMETER, PARAMETER, PARAMETER, PARAMETER)),
    *_each("elliprc", sp.elliprc, mp.elliprc, (WIDE, WIDE)),
    *_each("elliprg", sp.elliprg, mp.elliprg, (WIDE, WIDE, WIDE)),
]
HYPERGEOMETRIC = [
    *_each("hyp1f1", sp.hyp1f1, mp.hyp1f1, ((0.1, 10.0), (0.1, 10.0), (-60.0, 60.0))),
    *_each("hyp1f1, negative", sp.hyp1f1, mp.hyp1f1, ((-5.0, 5.0), (0.1, 10.0), (-10.0, 10.0))),
    *_each("hyp2f1", sp.hyp2f1, mp.hyp2f1, ((0.1, 3.0), (0.1, 3.0), (0.1, 5.0), (-20.0, 1.0)), only=(3,), near=(1.0,)),
    *_each("hyp0f1", sp.hyp0f1, mp.hyp0f1, ((0.1, 20.0), (-100.0, 1e4)), only=(1,)),
    *_each("exprel", sp.exprel, lambda x: mp.expm1(x) / x, ((-700.0, 700.0),)),
    *_each(
        "lpmv(1, 3, x)",
        lambda x: sp.lpmv(1, 3.0, x),
        lambda x: -1.5 * (5 * x * x - 1) * mp.sqrt(1 - x * x),
        ((-1.0, 1.0),),
        near=(1.0,),
    ),
    *_each(
        "lpmv(0, 5/2, x)",
        lambda x: sp.lpmv(0, 2.5, x),
        lambda x: mp.legenp(2.5, 0, x).real,
        ((-0.9, 1.0),),
        near=(1.0,),
    ),
]
OTHERS = [
    *_each("boxcox", sp.boxcox, _boxcox, ((0.0, 1e10), (-10.0, 10.0)), False, (1.0,)),
    *_each("boxcox1p", sp.boxcox1p, lambda x, a: mp.expm1(a * mp.log1p(x)) / a, ((-1.0, 1e10), (-10.0, 10.0)), False),
    *_each("inv_boxcox", sp.inv_boxcox, lambda y, a: mp.exp(mp.log1p(a * y) / a), ((0.0, 100.0), (0.0, 3.0)), False),
    *_each(
        "inv_boxcox1p", sp.inv_boxcox1p, lambda y, a: mp.expm1(mp.log1p(a * y) / a), ((0.0, 100.0), (0.0, 3.0)), False
    ),
    *_each("kl_div", sp.kl_div, lambda x, y: x * mp.log(x / y) - x + y, (POSITIVE, POSITIVE), False),
    *_each(
        "ndtri_exp",
        sp.ndtri_exp,
        _inverse("ndtri_exp", _log_ndtr, lambda x: mp.exp(-x * x / 2 - _log_ndtr(x)) / mp.sqrt(2 * mp.pi)),
        ((-1e4, 0.0),),
    ),
    *_each(
        "huber",
        sp.huber,
        lambda d, r: r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2),
        ((0.0, 1e100), (-1e100, 1e100)),
        False,
    ),
    *_each(
        "pseudo_huber",
        sp.pseudo_huber,
        lambda d, r: d * d * (mp.sqrt(1 + (r / d) ** 2) - 1),
        ((0.0, 1e100), (-1e100, 1e100)),
        False,
    ),
    *_each(
        "owens_t",
        sp.owens_t,
        lambda h, a: mp.quad(lambda t: mp.exp(-h * h * (1 + t * t) / 2) / (1 + t * t), [0, a]) / (2 * mp.pi),
        ((0.1, 5.0), (0.1, 3.0)),
    ),
    *_each("xlogy", sp.xlogy, lambda x, y: x * mp.log(y), (POSITIVE, POSITIVE), False, only=(0,)),
    *_each("xlog1py", sp.xlog1py, _log1p_product, (POSITIVE, (-1.0, HUGE)), False, only=(0,)),
    *_each(
        "nn.logsumexp, with factors",
        lambda x, y, b, c: nn.logsumexp(wnp.stack([x, y]), 0, wnp.stack([b, c])),
        _logsumexp_with_factors,
        ((-300.0, 300.0), (-300.0, 300.0), (0.0, 10.0), (-10.0, 10.0)),
        False,
    ),
    *_each("float_power", wnp.float_power, _real(mp.power), ((0.0, 1e100), (-3.0, 3.0)), False, (1.0,)),
]
EACH = [*BETAS, *GAMMAS, *BESSELS, *ELLIPTIC, *HYPERGEOMETRIC, *OTHERS]
__all__ = ["EACH", "_erfc", "_exp", "_expm1"]
