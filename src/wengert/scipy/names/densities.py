"""Formulas of distributions whose own in SciPy cannot run on traced values: of the standard form, in functions with derivatives.

Sources: N. L. Johnson, S. Kotz, N. Balakrishnan, "Continuous univariate distributions"; for kappa4 J. R. M. Hosking, "The
four-parameter kappa distribution" (1994); for genhyperbolic and geninvgauss B. Jørgensen, "Statistical properties of the
generalized inverse Gaussian distribution" (1982).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...vocabulary import Value
from .. import special

Formula = Callable[..., Any]


def _log1p_over(c: Any, z: Any) -> Any:
    """``log(1 - c z) / c``, ``-z`` at c = 0, with its derivative there."""
    small = wnp.abs(c * z) < 1e-5
    safe = wnp.where(small, 1.0, c)
    u = wnp.where(small, c * z, 0.0)
    return wnp.where(small, -z * (1 + u / 2 + u * u / 3), wnp.log1p(-safe * z) / safe)


def _fisk_pdf(z: Any, c: Any) -> Any:
    power = z**c
    return c * power / z / (1 + power) ** 2


def _genextreme_pdf(z: Any, c: Any) -> Any:
    u = _log1p_over(c, z)
    return wnp.exp(u - wnp.exp(u) - wnp.log1p(-c * z))


def _genhalflogistic_pdf(z: Any, c: Any) -> Any:
    w = wnp.exp(_log1p_over(c, z))
    return 2 * w / (1 - c * z) / (1 + w) ** 2


def _genhalflogistic_cdf(z: Any, c: Any) -> Any:
    w = wnp.exp(_log1p_over(c, z))
    return (1 - w) / (1 + w)


def _geninvgauss_pdf(z: Any, p: Any, b: Any) -> Any:
    return wnp.exp((p - 1) * wnp.log(z) - b * (z + 1 / z) / 2 + b) / (2 * special.kve(p, b))


def _genhyperbolic_pdf(z: Any, p: Any, a: Any, b: Any) -> Value:
    root, narrow = wnp.sqrt(1 + z * z), wnp.sqrt(a * a - b * b)
    logs = p * wnp.log(narrow) - (p - 0.5) * wnp.log(a) - (0.5 - p) * wnp.log(root) + b * z - a * root + narrow
    return wnp.exp(logs) * special.kve(p - 0.5, a * root) / (special.kve(p, narrow) * np.sqrt(2 * np.pi))


def _kappa4_cdf(z: Any, h: Any, k: Any) -> Any:
    return wnp.exp(_log1p_over(h, wnp.exp(_log1p_over(k, z))))


def _kappa4_pdf(z: Any, h: Any, k: Any) -> Any:
    u = wnp.exp(_log1p_over(k, z))
    return u / (1 - k * z) * _kappa4_cdf(z, h, k) / (1 - h * u)


def _pearson3(z: Any, skew: Any) -> tuple[Any, Any, Any]:
    return 2 / skew * (z + 2 / skew), 4 / skew**2, wnp.abs(2 / skew)


def _pearson3_pdf(z: Any, skew: Any) -> Any:
    x, shape, rate = _pearson3(z, skew)
    return rate * wnp.exp((shape - 1) * wnp.log(x) - x - special.gammaln(shape))


def _pearson3_cdf(z: Any, skew: Any) -> Any:
    x, shape, _ = _pearson3(z, skew)
    return wnp.where(skew > 0, special.gammainc(shape, x), special.gammaincc(shape, x))


def _truncpareto_pdf(z: Any, b: Any, c: Any) -> Any:
    return b * z ** (-b - 1) / (1 - c**-b)


def _truncpareto_cdf(z: Any, b: Any, c: Any) -> Any:
    return (1 - z**-b) / (1 - c**-b)


def _ncx2_pdf(z: Any, df: Any, nc: Any) -> Any:
    root = wnp.sqrt(nc * z)
    return (
        wnp.exp(-((wnp.sqrt(z) - wnp.sqrt(nc)) ** 2) / 2)
        / 2
        * (z / nc) ** (df / 4 - 0.5)
        * special.ive(df / 2 - 1, root)
    )


def _skellam_pmf(k: Any, mu1: Any, mu2: Any) -> Any:
    root = 2 * wnp.sqrt(mu1 * mu2)
    return wnp.exp(root - mu1 - mu2) * (mu1 / mu2) ** (k / 2) * special.ive(wnp.abs(k), root)


FORMULAS: dict[tuple[str, str], Formula] = {
    ("fisk", "pdf"): _fisk_pdf,
    ("fisk", "cdf"): lambda z, c: 1 / (1 + z**-c),
    ("genextreme", "pdf"): _genextreme_pdf,
    ("genextreme", "cdf"): lambda z, c: wnp.exp(-wnp.exp(_log1p_over(c, z))),
    ("genhalflogistic", "pdf"): _genhalflogistic_pdf,
    ("genhalflogistic", "cdf"): _genhalflogistic_cdf,
    ("geninvgauss", "pdf"): _geninvgauss_pdf,
    ("genhyperbolic", "pdf"): _genhyperbolic_pdf,
    ("kappa4", "pdf"): _kappa4_pdf,
    ("kappa4", "cdf"): _kappa4_cdf,
    ("pearson3", "pdf"): _pearson3_pdf,
    ("pearson3", "cdf"): _pearson3_cdf,
    ("truncpareto", "pdf"): _truncpareto_pdf,
    ("truncpareto", "cdf"): _truncpareto_cdf,
    ("ncx2", "pdf"): _ncx2_pdf,
    ("skewnorm", "cdf"): lambda z, a: special.ndtr(z) - 2 * special.owens_t(z, a),
    ("skellam", "pmf"): _skellam_pmf,
}


def _tukey_rate(p: Any, lam: Any) -> Any:
    """The derivative of Tukey's quantile ``(p**lam - (1 - p)**lam) / lam`` in lam."""
    low, high = wnp.log(p), wnp.log1p(-p)
    small = wnp.abs(lam) < 1e-4
    safe = wnp.where(small, 1.0, lam)
    a, b = wnp.exp(safe * low), wnp.exp(safe * high)
    rate = (a * low - b * high) / safe - (a - b) / safe**2
    return wnp.where(small, (low**2 - high**2) / 2 + lam * (low**3 - high**3) / 3, rate)


def _tukey_density(p: Any, lam: Any) -> Any:
    return 1 / (p ** (lam - 1) + (1 - p) ** (lam - 1))


# Partial derivatives ``(operation of a key, arguments)`` that follow from other functions of the distribution, by distribution,
# function and the number of the argument.
PARTIALS: dict[tuple[str, str, int], Formula] = {
    ("tukeylambda", "cdf", 1): lambda of, z, lam: (
        -_tukey_rate(p := of("cdf").bind(z, lam), lam) * _tukey_density(p, lam)
    ),
    ("irwinhall", "pdf", 0): lambda of, z, n: of("pdf").bind(z, n - 1) - of("pdf").bind(z - 1, n - 1),
}
# Densities that are functions of the distribution function.
BY_PROBABILITY = {("tukeylambda", "pdf"): lambda of, z, lam: _tukey_density(of("cdf").bind(z, lam), lam)}
# Distribution functions of which there is only the density: their derivatives in shapes are integrals of its.
INTEGRATED = frozenset({"genhyperbolic", "geninvgauss", "ncx2", "norminvgauss", "rice", "vonmises_line"})

__all__ = ["BY_PROBABILITY", "FORMULAS", "INTEGRATED", "PARTIALS"]
