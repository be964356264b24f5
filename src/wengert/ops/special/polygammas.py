"""The gamma function, its reciprocal, its logarithm and derivatives; Hurwitz' zeta function, of which these are made.

Sources: NIST DLMF 5.2, 5.5, 5.15, 25.11.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Value, dtype_of
from ...documented import with_example
from ...errors import NotDifferentiableError
from ...lowering import Composition, formulas
from ..casts import convert
from ..declare import function_of, lazy_special, unary
from ..elementwise import cos, equal, power, real, rint, sin, stop_gradient_p, where
from ..families import Elementwise
from ..samples import SHAPES, inside
from . import hurwitz, kernels
from .declare import ParameterDerivative, few, scipy_function, special

gammaln_p = unary("gammaln", lazy_special("gammaln"), lambda ans, x: digamma(x), (0.4, 4.0), native=formulas.gammaln)

digamma_p = unary(
    "digamma",
    lazy_special("digamma"),
    lambda ans, x: polygamma(1.0, x),
    (0.4, 4.0),
    reasons={"complex": "its derivative needs the zeta function, which SciPy has for real numbers"},
    native=formulas.digamma,
)


def _polygamma(n: Any, x: Any) -> Value:
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
    dtype = np.result_type(dtype_of(n), dtype_of(x))  # a Python number counts as an array, as in `_polygamma`
    n, x = (convert(v, dtype if dtype.kind == "f" else np.float64) for v in (n, x))
    rest = power(-1.0, n + 1) * gamma(n + 1.0) * zeta_p.bind(n + 1.0, x)
    return where(equal(n, 0), digamma(x), rest)


polygamma_p = Elementwise(
    "polygamma",
    _polygamma,
    (_no_order_derivative, lambda ans, n, x: polygamma(n + 1.0, x)),
    samples=lambda: [((np.full(s, 1), inside(0.4, 4.0)(s, 5)), {}) for s in SHAPES],
    native=Composition(_by_zeta),
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

_REAL = {"complex": "its second derivative needs the zeta function, which SciPy has for real numbers"}

gamma_p = special("gamma", (lambda ans, x: ans * digamma(x),), (0.4, 3.0), reasons=_REAL)


def rgamma_slope(x: Value) -> Value:
    """The derivative of ``1 / gamma(x)``; left of 1/2 by reflection (DLMF 5.5.3), as the poles of digamma cancel."""
    size = real(x) if dtype_of(x).kind == "c" else x
    left = size < 0.5
    near, far = where(left, x, 0.0), where(left, 1.0, x)
    whole = rint(stop_gradient_p.bind(where(left, size, 0.0)))
    turn = math.pi * (near - whole)
    sign_of_turn = 1 - 2 * (whole % 2)
    reflected = sign_of_turn * gamma(1 - near) * (cos(turn) - digamma(1 - near) * sin(turn) / math.pi)
    return where(left, reflected, -rgamma(far) * digamma(far))


rgamma_p = special("rgamma", (lambda ans, x: rgamma_slope(x),), (0.4, 3.0), reasons=_REAL)

gammasgn_p = Elementwise("gammasgn", scipy_function("gammasgn"), None, samples=gamma_p.samples)


def _rising_in_order(n: int, s: Value, q: Value) -> Value:
    """The `n`-th derivative in `s` of ``-s zeta(s + 1, q)``, the derivative in `q`: DLMF 25.11.17."""
    out = -s * _zeta_in(n, s + 1, q)
    return out if n == 0 else out - n * _zeta_in(n - 1, s + 1, q)


def _zeta_in(n: int, s: Value, q: Value) -> Value:
    return zeta_p.bind(s, q) if n == 0 else zeta_derivative_p.bind(s, q, orders=(n,))


zeta_derivative_p = ParameterDerivative(
    "zeta_derivative",
    kernels.zeta,
    [lambda orders, s, q: _rising_in_order(orders[0], s, q)],
    2,
    lambda: [(args, {"orders": (1,)}) for args, _ in few((1.5, 3.0), (0.4, 2.0))()],
)

zeta_p = special(
    "zeta",
    (lambda ans, x, q: _zeta_in(1, x, q), lambda ans, x, q: -x * zeta_p.bind(x + 1, q)),
    (1.5, 3.0),
    (0.4, 2.0),
    function=scipy_function("zeta", ufunc="_ufuncs._zeta"),
    reasons={"complex": "its derivative is for real numbers"},
    native=Composition(hurwitz.zeta),
)

gamma, rgamma, gammasgn = map(function_of, (gamma_p, rgamma_p, gammasgn_p))
with_example(
    gamma,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.gamma(5.0).round(9), (special.gamma(0.5) ** 2 / np.pi).round(12)
    (np.float64(24.0), np.float64(1.0))
    """,
)
with_example(
    gammasgn,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.gammasgn(np.array([1.0, -0.5, -1.5]))
    array([ 1., -1.,  1.])
    """,
)
with_example(
    rgamma,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.rgamma(np.array([3.0, 0.0, -1.0]))
    array([0.5, 0. , 0. ])
    """,
)

__all__ = [
    "digamma", "digamma_p", "gamma", "gamma_p", "gammaln", "gammaln_p", "gammasgn", "gammasgn_p", "polygamma",
    "polygamma_p", "rgamma", "rgamma_p", "rgamma_slope", "zeta_derivative_p", "zeta_p",
]  # fmt: skip
