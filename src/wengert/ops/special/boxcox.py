"""Powers that are logarithms where the exponent vanishes: Box and Cox's transformation; binomial coefficients.

Sources: Box & Cox (1964), "An analysis of transformations"; NIST DLMF 5.2 (the gamma function, of which
binomial coefficients are made).
"""

from __future__ import annotations

from ...core import Value, dtype_of
from ..declare import function_of, quietly
from ..elementwise import absolute, log, log1p, power, power_p, where
from .declare import kept, scipy_function, special
from .gammas import psi_step, regular
from .hypergeometric import hyp1f1, hyp2f1
from .polygammas import digamma, gamma, rgamma, rgamma_slope


def _in_exponent(ans: Value, base: Value, logarithm: Value, exponent: Value) -> Value:
    """The derivative of ``(base**exponent - 1) / exponent`` in `exponent`.

    With ``t = exponent * logarithm`` the function is ``logarithm * g(t)``, ``g(t) = (exp(t) - 1) / t``, and ``g'(t) =
    hyp1f1(2, 3, t) / 2``, which is taken near 0 alone.
    """
    one = dtype_of(ans).type(1)
    t = exponent * logarithm
    near = absolute(t) < 1
    inside = where(near, t, 0 * one)
    divisor = where(near, one, exponent)
    short = where(near, logarithm, one)
    return where(
        near,
        short * short * hyp1f1(2.0, 3.0, inside) / 2,
        (power_p.partials[1](power(base, exponent), base, exponent) - ans) / divisor,  # type: ignore[index,operator]
    )


boxcox_p = special(
    "boxcox",
    (
        quietly(lambda ans, x, a: power(x, a - 1)),
        quietly(lambda ans, x, a: _in_exponent(ans, x, log(x), a)),
    ),
    (0.4, 2.5),
    (-1.5, 2.0),
    reasons={"complex": "SciPy has it for real numbers"},
)
boxcox1p_p = special(
    "boxcox1p",
    (
        quietly(lambda ans, x, a: power(1 + x, a - 1)),
        quietly(lambda ans, x, a: _in_exponent(ans, 1 + x, log1p(x), a)),
    ),
    (-0.6, 1.5),
    (-1.5, 2.0),
    reasons={"complex": "SciPy has it for real numbers"},
)
boxcox = function_of(
    boxcox_p,
    """The Box-Cox transformation, ``(x**lmbda - 1) / lmbda``, and ``log(x)`` where `lmbda` is 0; differentiable in both.

    Example:
        >>> print(boxcox(4.0, 0.5))
        2.0
    """,
)
boxcox1p = function_of(
    boxcox1p_p,
    """The Box-Cox transformation of ``1 + x``, exact for small `x`; differentiable in both, where `lmbda` is 0 too.

    Example:
        >>> print(boxcox1p(3.0, 0.5))
        2.0
    """,
)


def shifted_root(y: Value, a: Value) -> Value:
    """``log(1 + a y) / a``, and `y` where `a` is 0, with all its derivatives there: the logarithm of `boxcox`'s inverse."""
    one = dtype_of(y).type(1)
    u = a * y
    near = absolute(u) < 0.5
    inside, outside = where(near, u, 0 * one), where(near, one, u)
    return where(near, y * hyp2f1(1.0, 1.0, 2.0, -inside), log1p(outside) / where(near, one, a))


# --- binomial coefficients ---------------------------------------------------------------------------------------


def _by_reciprocals(n: Value, k: Value) -> tuple[Value, Value, Value]:
    """Whether a gamma function below the line may have a pole, and `n` and `k` there (elsewhere 1 and 0)."""
    at_pole = (n - k < -0.5) | (k < -0.5)
    return at_pole, where(at_pole, n, 1.0), where(at_pole, k, 0.0)


def _binom_dn(ans: Value, n: Value, k: Value) -> Value:
    at_pole, m, j = _by_reciprocals(n, k)
    there = gamma(m + 1) * rgamma(j + 1) * rgamma_slope(m - j + 1)
    ok, low, step = regular(where(at_pole, 1.0, n - k + 1), where(at_pole, 1.0, k))
    psi = digamma(where(at_pole | ok, 1.0, n + 1)) - digamma(where(at_pole | ok, 1.0, n - k + 1))
    return where(at_pole, ans * digamma(n + 1) + there, ans * where(ok, psi_step(low, step), psi))


def _binom_dk(ans: Value, n: Value, k: Value) -> Value:
    at_pole, m, j = _by_reciprocals(n, k)
    above, below = m - j + 1, j + 1
    there = gamma(m + 1) * (rgamma_slope(below) * rgamma(above) - rgamma(below) * rgamma_slope(above))
    ok, low, step = regular(where(at_pole, 1.0, k + 1), where(at_pole, 1.0, n - 2 * k))
    psi = digamma(where(at_pole | ok, 1.0, n - k + 1)) - digamma(where(at_pole | ok, 1.0, k + 1))
    return where(at_pole, there, ans * where(ok, psi_step(low, step), psi))


binom_p = special(
    "binom",
    (quietly(_binom_dn), quietly(_binom_dk)),
    (2.0, 5.0),
    (0.4, 2.0),
    reasons={"complex": "SciPy has it for real numbers"},
)
binom = function_of(
    binom_p,
    """The binomial coefficient of real numbers, ``gamma(n + 1) / (gamma(k + 1) gamma(n - k + 1))``.

    `comb` is 0, with derivative 0, where `k` is negative or larger than `n`; this is zero there at whole numbers only.

    Example:
        >>> print(binom(4.0, 2.0))
        6.0
    """,
)

# The rising factorial ``gamma(z + m) / gamma(z)`` of positive `z` and ``z + m``
rising_p = special(
    "rising",
    (lambda ans, z, m: ans * psi_step(z, m), lambda ans, z, m: ans * digamma(z + m)),
    (0.4, 3.0),
    (0.4, 2.0),
    function=kept(scipy_function("poch")),
    reasons={"complex": "SciPy has it for real numbers"},
)
