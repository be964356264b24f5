"""The distribution function of the generalised normal distribution around 0, differentiable in its exponent.

There it is ``1/2 + c sum_k (-1)**k / k! z |z|**(k beta) / (k beta + 1)``, ``c = 1 / (2 gamma(1 + 1 / beta))``, the integral of the density
term by term; its derivative in the variable is the density itself, for exponents below 1 too.
"""

from __future__ import annotations

import numpy as np

from ...core import Value
from ...errors import NotDifferentiableError
from ..declare import quietly
from ..elementwise import absolute, equal, exp, log, where
from . import series as ts
from .declare import ParameterDerivative, few, log_derivatives
from .kernels import _log_gamma
from .modes import abs_power_p
from .polygammas import digamma, polygamma, rgamma

ndarray = np.ndarray


def _middle(orders: tuple[int, ...], beta: ndarray, z: ndarray) -> ndarray:
    """Its derivatives in the exponent, of ``|z|**beta`` up to about 1."""
    lengths = ts.box(orders)
    size = np.abs(z)
    log = np.log(np.where(size > 0, size, 1))
    inverse = ts.over(ts.constant(np.ones_like(beta), lengths), beta)
    power = ts.constant(beta * log, lengths)  # |z|**beta
    if lengths[0] > 1:
        power[1] = log
    power = np.where(size > 0, ts.exponential(power), 0.0)
    total, term = np.zeros((*lengths, z.size)), ts.constant(np.ones_like(z), lengths)
    for k in range(25):
        total = total + (ts.over(term / k, beta + 1 / k) if k else term)
        term = ts.multiply(term, power) * (-1 / (k + 1))
    front = -_composed(_log_gamma(1 + 1 / beta, lengths), inverse)
    out = ts.multiply(ts.exponential(front), total) * (z / 2)
    out[0] += 0.5
    return ts.derivative(out, orders)


def _composed(outer: ndarray, inner: ndarray) -> ndarray:
    """The series `outer` around the value of `inner`, of `inner`."""
    u = inner.copy()
    u[0] = 0
    out, power = ts.constant(outer[0], inner.shape[:-1]), ts.constant(np.ones(inner.shape[-1]), inner.shape[:-1])
    for m in range(1, len(inner)):
        power = ts.multiply(power, u)
        out = out + outer[m] * power
    return out


def _density(orders: tuple[int, ...], beta: Value, z: Value) -> Value:
    """Derivatives in the exponent of the density."""
    a, u = 1 / beta, abs_power_p.bind(z, beta)
    density = rgamma(1 + a) / 2 * exp(-u)
    if not orders[0]:
        return density
    at_zero = equal(z, 0)
    logarithm = log(where(at_zero, 1.0, absolute(z)))

    def rest(k: int) -> Value:
        if k > 2:
            raise NotDifferentiableError(
                "gennorm has derivatives up to the third in its exponent where z is close to 0"
            )
        return -polygamma(1.0, 1 + a) * a**4 - 2 * digamma(1 + a) * a**3 - u * logarithm * logarithm

    return log_derivatives(digamma(1 + a) * a * a - u * logarithm, rest, density, orders[0])


gennorm_middle_p = ParameterDerivative(
    "gennorm_middle",
    _middle,
    [quietly(_density)],
    2,
    lambda: [(args, {"orders": (n,)}) for n in (0, 1) for args, _ in few((1.2, 3.0), (-0.8, 0.8))()],
)


def gennorm_middle(z: Value, beta: Value) -> Value:
    """The probability below `z` of exponent `beta`, where ``|z|**beta`` is less than about 1."""
    return gennorm_middle_p.bind(beta, z, orders=(0,))
