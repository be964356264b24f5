"""The error function and the gamma function with their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core import Value, aval_of
from ...documented import with_example
from ...errors import NotDifferentiableError
from ...lowering import Composition, Formula, formulas
from ..declare import SHAPES, function_of, inside, lazy_special, quietly, unary
from ..families import Elementwise, result_dtype
from .casts import convert
from .choice import where
from .exponentials import exp, power
from .order import equal

_2_SQRTPI = 2 / float(np.sqrt(np.pi))
erf_p = unary(
    "erf",
    lazy_special("erf"),
    quietly(lambda ans, x: _2_SQRTPI * exp(-x * x)),
    native=Formula(formulas.erf, bounded=True),
)
erfc_p = unary("erfc", lazy_special("erfc"), quietly(lambda ans, x: -_2_SQRTPI * exp(-x * x)), native=formulas.erfc)
erfinv_p = unary(
    "erfinv", lazy_special("erfinv"), lambda ans, x: exp(ans * ans) / _2_SQRTPI, (-0.9, 0.9), native=formulas.erfinv
)
gammaln_p = unary("gammaln", lazy_special("gammaln"), lambda ans, x: digamma(x), (0.4, 4.0), native=formulas.gammaln)
digamma_p = unary(
    "digamma",
    lazy_special("digamma"),
    lambda ans, x: polygamma(1.0, x),
    (0.4, 4.0),
    reasons={"complex": "its derivative needs the zeta function, which SciPy has for real numbers"},
    native=formulas.digamma,
)


def _polygamma(n: Any, x: Any) -> Any:
    # DLMF 5.15: psi^(n)(x) = (-1)^(n+1) n! zeta(n+1, x)
    import scipy.special as sp

    n, x = np.asarray(n), np.asarray(x)
    dtype = np.result_type(n, x, np.float32) if np.result_type(n, x).kind == "f" else np.float64
    value = np.where(n == 0, sp.digamma(x), (-1.0) ** (n + 1) * sp.gamma(n + 1.0) * sp.zeta(n + 1.0, x))
    return value.astype(dtype)[()]


def _no_order_derivative(ans: Value, n: Value, x: Value) -> Value:
    raise NotDifferentiableError("polygamma has no derivative in its order n; wrap n in stop_gradient")


def _by_zeta(n: Value, x: Value) -> Value:
    """`_polygamma` in terms of other operations."""
    from ..special import gamma, zeta

    dtype = result_dtype(aval_of(n), aval_of(x))
    n, x = (convert(v, dtype if dtype.kind == "f" else np.float64) for v in (n, x))
    rest = power(-1.0, n + 1) * gamma(n + 1.0) * zeta(n + 1.0, x)
    return where(equal(n, 0), digamma(x), rest)


polygamma_p = Elementwise(
    "polygamma",
    _polygamma,
    (_no_order_derivative, lambda ans, n, x: polygamma(n + 1.0, x)),
    samples=lambda: [((np.full(s, 1), inside(0.4, 4.0)(s, 5)), {}) for s in SHAPES],
    native=Composition(_by_zeta),
)


erf = function_of(erf_p)
with_example(
    erf,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.erf(np.array([0.0, np.inf]))
    array([0., 1.])
    """,
)
erfc = function_of(erfc_p)
with_example(
    erfc,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.erfc(np.array([0.0, np.inf]))
    array([1., 0.])
    """,
)
erfinv = function_of(erfinv_p)
with_example(
    erfinv,
    """
    >>> from wengert import lax
    >>> lax.erf_inv(lax.erf(0.5)).round(12)
    np.float64(0.5)
    """,
)
gammaln = function_of(gammaln_p)
with_example(
    gammaln,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> np.exp(lax.lgamma(5.0)).round(9)
    np.float64(24.0)
    """,
)
digamma = function_of(digamma_p)
with_example(
    digamma,
    """
    >>> from wengert import lax
    >>> (lax.digamma(2.0) - lax.digamma(1.0)).round(12)
    np.float64(1.0)
    """,
)
polygamma = function_of(polygamma_p)
