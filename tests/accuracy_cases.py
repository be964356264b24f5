"""Which functions have their derivatives measured, on which arguments, and the exact functions by mpmath.

An exact function is the function itself, to any precision; its derivatives are differences of high precision, so that
nothing here knows a derivative rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np

import wengert.numpy as wnp
from wengert import nn
from wengert.scipy import special as sp
from wengert.scipy import stats

Span = tuple[float, float]
HUGE = 1e308


@dataclass(frozen=True)
class Case:
    """A function of numbers: ours, the exact one, and where it is measured.

    Args:
        name: what the table calls it.
        call: the function.
        exact: the function of `mpf`s; it may raise `ValueError` outside its domain.
        spans: for each argument the interval it is taken from, by magnitude and evenly.
        near: points close to which arguments are also taken.
        scipy: whether SciPy computes it, or what its derivative is made of.
        argnum: with respect to which argument it is differentiated.
        bound: the ULP times the condition that its derivative keeps to.
        beyond: why these are more than for the others.
        most: on how many arguments at most, of functions whose exact values take long.
    """

    name: str
    call: Callable[..., Any]
    exact: Callable[..., Any]
    spans: tuple[Span, ...]
    near: tuple[float, ...] = ()
    scipy: bool = False
    argnum: int = 0
    bound: float = 16.0
    beyond: str = ""
    most: int = 10**6


def _exp(x: Any) -> Any:
    if x > 10**5:
        raise ValueError("overflows")
    return mp.exp(x) if x > -(10**5) else mp.mpf(0)


def _expm1(x: Any) -> Any:
    return mp.expm1(x) if abs(x) < 10**5 else _exp(x) - 1


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + _exp(-x)) if x > 0 else _exp(x) / (1 + _exp(x))


def _softplus(x: Any) -> Any:
    return max(x, mp.mpf(0)) + mp.log1p(_exp(-abs(x)))


def _tanh(x: Any) -> Any:
    e = _exp(-2 * abs(x))
    return mp.sign(x) * (1 - e) / (1 + e)


def _erfc(x: Any) -> Any:
    if abs(x) > 300:
        raise ValueError("no normal number")
    return mp.erfc(x)


def _erfcx(x: Any) -> Any:
    if x < 1e4:
        return mp.exp(x * x) * _erfc(x)
    total = term = mp.mpf(1)
    for k in range(1, 10**5):
        term *= -(2 * k - 1) / (2 * x * x)
        if abs(term) < mp.eps:
            break
        total += term
    return total / (x * mp.sqrt(mp.pi))


def _log_ndtr(x: Any) -> Any:
    return mp.log(_erfcx(-x / mp.sqrt(2)) / 2) - x * x / 2 if x < 0 else mp.log1p(-_erfc(x / mp.sqrt(2)) / 2)


def _solved(f: Callable[[Any], Any], slope: Callable[[Any], Any], start: float, y: Any) -> Any:
    x = mp.mpf(start)
    with mp.extraprec(60):
        for _ in range(40):
            step = (f(x) - y) / slope(x)
            x -= step
            if abs(step) <= abs(x) * mp.mpf(2) ** (-mp.mp.prec * 0.6):
                x -= (f(x) - y) / slope(x)
                return +x
    raise ValueError("no convergence")


def _inverse(name: str, f: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Callable[[Any], Any]:
    import scipy.special

    def exact(y: Any) -> Any:
        start = float(getattr(scipy.special, name)(float(y)))
        if not np.isfinite(start) or start == 0:
            raise ValueError("at an end")
        return _solved(f, slope, start, y)

    return exact


def _ndtr(x: Any) -> Any:
    return _erfc(-x / mp.sqrt(2)) / 2


def _density(x: Any) -> Any:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _gelu_tanh(x: Any) -> Any:
    return x * _sigmoid(2 * mp.sqrt(mp.mpf(2) / mp.pi) * (x + mp.mpf(0.044715) * x**3))


def _root(x: Any) -> Any:
    if x <= 0:
        raise ValueError("outside")
    return mp.sqrt(x)


def _real(f: Callable[..., Any]) -> Callable[..., Any]:
    def exact(*args: Any) -> Any:
        out = f(*args)
        if isinstance(out, mp.mpc):
            if out.imag != 0:
                raise ValueError("outside the domain")
            out = out.real
        return out

    return exact


def _bounded(f: Callable[..., Any], limit: float) -> Callable[..., Any]:
    def exact(*args: Any) -> Any:
        if abs(args[0]) > limit:
            raise ValueError("left out")
        return f(*args)

    return exact


def _besselk(n: int, x: Any) -> Any:
    """``int_0^inf exp(-x cosh t) cosh(n t) dt`` by the trapezoidal rule, whose error falls as ``exp(-pi**2 / step)``."""
    step = mp.pi**2 / (mp.mp.prec * mp.ln2 + 20)
    total, t = mp.exp(-x) / 2, step
    while True:
        term = mp.exp(-x * mp.cosh(t)) * mp.cosh(n * t)
        total += term
        if term < total * mp.eps:
            return total * step
        t += step


def _of_pair(call: Callable[..., Any], first: bool) -> Callable[..., Any]:
    """A function of rows of two."""
    return lambda x, y: call(wnp.stack([x, y], -1), axis=-1)[..., 0] if first else call(wnp.stack([x, y]), axis=0)


WIDE, FACTORS = (-350.0, 350.0), np.ones(2)
ALL, POSITIVE, UNIT = (-HUGE, HUGE), (0.0, HUGE), (-1.0, 1.0)
SELU = (1.0507009873554804934193349852946, 1.6732632423543772848170429916717)


def _elu(x: Any, alpha: float = 1.0) -> Any:
    return x if x > 0 else alpha * _expm1(x)


ELEMENTARY = [
    Case("sqrt", wnp.sqrt, _root, (POSITIVE,)),
    Case("cbrt", wnp.cbrt, lambda x: mp.sign(x) * mp.cbrt(abs(x)), (ALL,)),
    Case("reciprocal", wnp.reciprocal, lambda x: 1 / x, (ALL,)),
    Case("square", wnp.square, lambda x: x * x, (ALL,)),
    Case("exp", wnp.exp, _exp, ((-760.0, 712.0),)),
    Case("exp2", wnp.exp2, lambda x: _exp(x * mp.ln2), ((-1080.0, 1026.0),)),
    Case("expm1", wnp.expm1, _expm1, ((-760.0, 712.0),)),
    Case("log", wnp.log, _real(mp.log), (POSITIVE,), (1.0,)),
    Case("log2", wnp.log2, _real(lambda x: mp.log(x) / mp.ln2), (POSITIVE,), (1.0,)),
    Case("log10", wnp.log10, _real(mp.log10), (POSITIVE,), (1.0,)),
    Case("log1p", wnp.log1p, _real(mp.log1p), ((-1.0, HUGE),), (-1.0,)),
    Case("sin", wnp.sin, mp.sin, ((-1e5, 1e5),), (np.pi, np.pi / 2)),
    Case("cos", wnp.cos, mp.cos, ((-1e5, 1e5),), (np.pi, np.pi / 2)),
    Case("tan", wnp.tan, mp.tan, ((-1e5, 1e5),), (np.pi, np.pi / 2)),
    Case("arcsin", wnp.arcsin, _real(mp.asin), (UNIT,), (-1.0, 1.0)),
    Case("arccos", wnp.arccos, _real(mp.acos), (UNIT,), (-1.0, 1.0)),
    Case("arctan", wnp.arctan, mp.atan, (ALL,)),
    Case("sinh", wnp.sinh, _bounded(mp.sinh, 1e4), ((-712.0, 712.0),)),
    Case("cosh", wnp.cosh, _bounded(mp.cosh, 1e4), ((-712.0, 712.0),)),
    Case("tanh", wnp.tanh, _tanh, ((-400.0, 400.0),)),
    Case("arcsinh", wnp.arcsinh, _real(mp.asinh), (ALL,)),
    Case("arccosh", wnp.arccosh, _real(mp.acosh), ((1.0, HUGE),), (1.0,)),
    Case("arctanh", wnp.arctanh, _real(mp.atanh), (UNIT,), (-1.0, 1.0)),
    Case("sinc", wnp.sinc, lambda x: mp.sin(mp.pi * x) / (mp.pi * x), ((-1e3, 1e3),), (1.0,)),
    Case("divide, numerator", wnp.divide, lambda x, y: x / y, (ALL, ALL)),
    Case("divide, denominator", wnp.divide, lambda x, y: x / y, (ALL, ALL), argnum=1),
    Case(
        "power, base",
        wnp.power,
        _real(mp.power),
        ((0.0, HUGE), (-300.0, 300.0)),
        (1.0,),
    ),
    Case("power, exponent", wnp.power, _real(mp.power), ((0.0, HUGE), (-300.0, 300.0)), (1.0,), argnum=1),
    Case("hypot", wnp.hypot, mp.hypot, (ALL, ALL)),
    Case("arctan2, first", wnp.arctan2, mp.atan2, (ALL, ALL)),
    Case("arctan2, second", wnp.arctan2, mp.atan2, (ALL, ALL), argnum=1),
    Case(
        "logaddexp",
        wnp.logaddexp,
        lambda x, y: max(x, y) + mp.log1p(_exp(-abs(x - y))),
        ((-750.0, 750.0), (-750.0, 750.0)),
    ),
    Case(
        "logaddexp2",
        wnp.logaddexp2,
        lambda x, y: max(x, y) + mp.log1p(_exp(-abs(x - y) * mp.ln2)) / mp.ln2,
        ((-1000.0, 1000.0), (-1000.0, 1000.0)),
    ),
]

NETWORKS = [
    *[
        Case(f"{name}, {way}", _of_pair(call, first), exact, (WIDE, WIDE), argnum=argnum)
        for way, argnum in (("first", 0), ("second", 1))
        for name, call, first, exact in (
            ("nn.softmax", nn.softmax, True, lambda x, y: _sigmoid(x - y)),
            ("nn.log_softmax", nn.log_softmax, True, lambda x, y: -_softplus(y - x)),
            ("nn.logsumexp", nn.logsumexp, False, lambda x, y: x + _softplus(y - x)),
            (
                "nn.logsumexp, factors",
                lambda x, axis: nn.logsumexp(x, axis, FACTORS[:, None]),
                False,
                lambda x, y: x + _softplus(y - x),
            ),
        )
    ],
    Case("nn.sigmoid", nn.sigmoid, _sigmoid, ((-750.0, 750.0),)),
    Case("nn.softplus", nn.softplus, _softplus, ((-750.0, 750.0),)),
    Case("nn.log_sigmoid", nn.log_sigmoid, lambda x: -_softplus(-x), ((-750.0, 750.0),)),
    Case("nn.silu", nn.silu, lambda x: x * _sigmoid(x), ((-750.0, 750.0),)),
    Case("nn.mish", nn.mish, lambda x: x * _tanh(_softplus(x)), ((-750.0, 750.0),)),
    Case("nn.gelu, tanh", nn.gelu, _gelu_tanh, ((-25.0, 25.0),)),
    Case("nn.gelu", lambda x: nn.gelu(x, False), lambda x: x * _ndtr(x), ((-40.0, 40.0),)),
    Case("nn.elu", nn.elu, _elu, ((-750.0, 750.0),)),
    Case("nn.celu", lambda x: nn.celu(x, 0.5), lambda x: x if x > 0 else _expm1(2 * x) / 2, ((-370.0, 370.0),)),
    Case("nn.selu", nn.selu, lambda x: SELU[0] * _elu(x, SELU[1]), ((-750.0, 750.0),)),
    Case("nn.soft_sign", nn.soft_sign, lambda x: x / (1 + abs(x)), (ALL,)),
    Case("nn.squareplus", nn.squareplus, lambda x: (x + mp.sqrt(x * x + 4)) / 2, (ALL,)),
    Case("nn.log1mexp", nn.log1mexp, lambda x: mp.log(-mp.expm1(-x)), ((0.0, 750.0),), (np.log(2.0),)),
    Case("nn.relu", nn.relu, lambda x: max(x, mp.mpf(0)), (ALL,)),
    Case("nn.sparse_plus", nn.sparse_plus, lambda x: x if x > 1 else (x + 1) ** 2 / 4, ((-1.0, HUGE),), (-1.0,)),
]

SPECIAL = [
    Case("erf", sp.erf, lambda x: 1 - _erfc(x), ((-27.0, 27.0),)),
    Case("erfc", sp.erfc, _erfc, ((-27.0, 27.0),)),
    Case("erfcx", sp.erfcx, _erfcx, ((-26.0, HUGE),), scipy=True),
    Case("erfi", sp.erfi, lambda x: mp.erfi(x), ((-26.0, 26.0),), scipy=True),
    Case("dawsn", sp.dawsn, lambda x: mp.exp(-x * x) * mp.erfi(x) * mp.sqrt(mp.pi) / 2, ((-60.0, 60.0),), scipy=True),
    Case(
        "erfinv",
        sp.erfinv,
        _inverse("erfinv", mp.erf, lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x)),
        (UNIT,),
        (1.0,),
        scipy=True,
    ),
    Case(
        "erfcinv",
        sp.erfcinv,
        _inverse("erfcinv", mp.erfc, lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x)),
        ((0.0, 2.0),),
        (2.0,),
        scipy=True,
    ),
    Case("ndtr", sp.ndtr, _ndtr, ((-38.0, 38.0),)),
    Case("log_ndtr", sp.log_ndtr, _log_ndtr, ((-1e10, 38.0),), scipy=True),
    Case("ndtri", sp.ndtri, _inverse("ndtri", _ndtr, _density), ((0.0, 1.0),), (1.0,), scipy=True),
    Case("expi", sp.expi, mp.ei, ((0.0, 716.0),), scipy=True),
    Case("exp1", sp.exp1, mp.e1, ((0.0, 700.0),), scipy=True),
    Case("expn(3, x)", lambda x: sp.expn(3, x), lambda x: (mp.exp(-x) * (1 - x) + x * x * mp.e1(x)) / 2, ((0.0, 700.0),), scipy=True),
    Case("spence", sp.spence, _real(lambda x: mp.polylog(2, 1 - x)), ((0.0, 2.0),), (1.0,), scipy=True),
    Case("sici, first", lambda x: sp.sici(x)[0], mp.si, ((-1e3, 1e3),), scipy=True),
    Case("sici, second", lambda x: sp.sici(x)[1], mp.ci, ((0.0, 1e3),), scipy=True),
    Case("shichi, first", lambda x: sp.shichi(x)[0], mp.shi, ((-700.0, 700.0),), scipy=True),
    Case("shichi, second", lambda x: sp.shichi(x)[1], _real(mp.chi), ((0.0, 715.0),), scipy=True),
    Case("fresnel, first", lambda x: sp.fresnel(x)[0], mp.fresnels, ((-50.0, 50.0),), scipy=True),
    Case("fresnel, second", lambda x: sp.fresnel(x)[1], mp.fresnelc, ((-50.0, 50.0),), scipy=True),
    Case("logit", sp.logit, lambda x: mp.log(x / (1 - x)), ((0.0, 1.0),), (1.0,)),
    Case("log_expit", sp.log_expit, lambda x: -_softplus(-x), ((-750.0, 750.0),)),
    Case("entr", sp.entr, _real(lambda x: -x * mp.log(x)), (POSITIVE,), (np.exp(-1),)),
    Case("xlogy, second", sp.xlogy, _real(lambda x, y: x * mp.log(y)), (ALL, POSITIVE), (1.0,), argnum=1),
    Case("xlog1py, second", sp.xlog1py, _real(lambda x, y: x * mp.log1p(y)), (ALL, (-1.0, HUGE)), (-1.0,), argnum=1),
    Case("rel_entr, first", sp.rel_entr, _real(lambda x, y: x * mp.log(x / y)), (POSITIVE, POSITIVE)),
    Case("rel_entr, second", sp.rel_entr, _real(lambda x, y: x * mp.log(x / y)), (POSITIVE, POSITIVE), argnum=1),
    Case("lambertw", sp.lambertw, _real(mp.lambertw), ((-np.exp(-1), HUGE),), (-np.exp(-1),), scipy=True),
    Case(
        "lambertw, branch -1",
        lambda x: sp.lambertw(x, -1),
        _real(lambda x: mp.lambertw(x, -1)),
        ((-np.exp(-1), 0.0),),
        (-np.exp(-1),),
        scipy=True,
        bound=1e12,
        beyond="beside the branch point SciPy's value has few digits",
    ),
    Case("gammaln", sp.gammaln, lambda x: mp.loggamma(x), (POSITIVE,), (1.4616321449683623,), scipy=True),
    Case("gamma", sp.gamma, lambda x: mp.gamma(x), ((-20.0, 171.0),), scipy=True),
    Case("rgamma", sp.rgamma, lambda x: mp.rgamma(x), ((-20.0, 171.0),), scipy=True),
    Case("digamma", sp.digamma, lambda x: mp.digamma(x), ((0.0, 1e15),), scipy=True),
    Case("gammainc, x", sp.gammainc, lambda a, x: mp.gammainc(a, 0, x, regularized=True), ((0.05, 1e3), (0.0, 700.0)),
         argnum=1, scipy=True),
    Case("gammaincc, x", sp.gammaincc, lambda a, x: mp.gammainc(a, x, regularized=True), ((0.05, 1e3), (0.0, 700.0)),
         argnum=1, scipy=True),
    Case("betainc, x", sp.betainc, lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True),
         ((0.05, 300.0), (0.05, 300.0), (0.0, 1.0)), argnum=2, scipy=True),
    Case("j0", sp.j0, lambda x: mp.besselj(0, x), ((-200.0, 200.0),), scipy=True),
    Case("j1", sp.j1, lambda x: mp.besselj(1, x), ((-200.0, 200.0),), scipy=True),
    Case("y0", sp.y0, _real(lambda x: mp.bessely(0, x)), ((1.0, 60.0),), scipy=True),
    Case("i0", sp.i0, lambda x: mp.besseli(0, x), ((-700.0, 700.0),), scipy=True),
    Case("i1", sp.i1, lambda x: mp.besseli(1, x), ((-700.0, 700.0),), scipy=True),
    Case("i0e", sp.i0e, lambda x: mp.besseli(0, x) * mp.exp(-abs(x)), ((-700.0, 700.0),), scipy=True),
    Case("i1e", sp.i1e, lambda x: mp.besseli(1, x) * mp.exp(-abs(x)), ((-700.0, 700.0),), scipy=True),
    Case("ive(1/2, x)", lambda x: sp.ive(0.5, x), lambda x: mp.besseli(0.5, x) * mp.exp(-x), ((0.1, 700.0),), scipy=True),
    Case("k0", sp.k0, lambda x: _besselk(0, x), ((1.0, 60.0),), scipy=True),
    Case("k1", sp.k1, lambda x: _besselk(1, x), ((1.0, 60.0),), scipy=True),
    Case("k0e", sp.k0e, lambda x: _besselk(0, x) * mp.exp(x), ((1.0, 60.0),), scipy=True),
    Case("k1e", sp.k1e, lambda x: _besselk(1, x) * mp.exp(x), ((1.0, 60.0),), scipy=True),
    Case("kve(5/2, x)", lambda x: sp.kve(2.5, x), lambda x: (1 + 3 / x + 3 / x**2) * mp.sqrt(mp.pi / (2 * x)), ((0.1, 60.0),),
         scipy=True),
    Case("ellipk", sp.ellipk, _real(mp.ellipk), ((-1e10, 1.0),), (1.0,), scipy=True),
    Case("ellipe", sp.ellipe, _real(mp.ellipe), ((-1e10, 1.0),), (1.0,), scipy=True),
]  # fmt: skip

STATISTICS = [
    Case("norm.sf", stats.norm.sf, lambda x: _ndtr(-x), ((-38.0, 38.0),)),
    Case("norm.logcdf", stats.norm.logcdf, _log_ndtr, ((-1e10, 38.0),), scipy=True),
    Case("logistic.sf", stats.logistic.sf, lambda x: _sigmoid(-x), ((-750.0, 750.0),)),
    Case("logistic.logcdf", stats.logistic.logcdf, lambda x: -_softplus(-x), ((-750.0, 750.0),)),
    Case("cauchy.sf", stats.cauchy.sf, lambda x: mp.atan2(1, x) / mp.pi, (ALL,)),
    Case("cauchy.logcdf", stats.cauchy.logcdf, lambda x: mp.log(mp.atan2(1, -x) / mp.pi), ((-1e300, 1e300),)),
    Case("expon.cdf", stats.expon.cdf, lambda x: -_expm1(-x), ((0.0, 700.0),)),
    Case("expon.logcdf", stats.expon.logcdf, lambda x: mp.log(-_expm1(-x)), ((0.0, 700.0),)),
]

# Those of the special functions whose exact values are quick enough for the tests.
QUICK_NAMES = {
    *("erf", "erfc", "erfcx", "dawsn", "ndtr", "log_ndtr", "logit", "log_expit", "entr", "xlogy, second"),
    *("xlog1py, second", "lambertw", "erfinv", "sici, second", "ellipk", "ellipe"),
}
QUICK = [*ELEMENTARY, *NETWORKS, *[case for case in SPECIAL if case.name in QUICK_NAMES]]
CASES = [*ELEMENTARY, *NETWORKS, *SPECIAL, *STATISTICS]
