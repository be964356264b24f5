"""European call options by Black and Scholes (1973): price, the five first derivatives, and three second ones."""

from __future__ import annotations

import math
from typing import Any

from ..row import Row


def build(lib: Any) -> Any:
    np_ = lib.np_

    def normal_cdf(x: Any) -> Any:
        return 0.5 * (1 + lib.erf(x / math.sqrt(2)))

    def price(spot: Any, strike: Any, time: Any, interest: Any, volatility: Any) -> Any:
        spread = volatility * np_.sqrt(time)
        d1 = (np_.log(spot / strike) + (interest + 0.5 * volatility**2) * time) / spread
        return spot * normal_cdf(d1) - strike * np_.exp(-interest * time) * normal_cdf(d1 - spread)

    def greeks(spot: Any, *rest: Any) -> Any:
        """The price, its gradient, and the change of delta, vega and theta with the spot: gamma, vanna, charm."""
        value, first = lib.value_and_grad(price, argnums=(0, 1, 2, 3, 4))(spot, *rest)
        along_spot = lambda s: lib.grad(price, argnums=(0, 4, 2))(s, *rest)
        _, second = lib.jvp(along_spot, (spot,), (np_.ones_like(spot),))
        return value, first, second

    return lib.vmap(greeks)


def market(n: int) -> Any:
    return lambda rng: (
        rng.uniform(50, 150, n), rng.uniform(50, 150, n), rng.uniform(0.2, 2, n), rng.uniform(0, 0.1, n),
        rng.uniform(0.1, 0.6, n),
    )  # fmt: skip


ROWS = [
    Row("black-scholes", "Black–Scholes with Greeks, 1e6 options", build, market(10**6), market(3),
        ("float32", "float64"), rtol=(("float64", 1e-10), ("float32", 2e-4)))
]  # fmt: skip
