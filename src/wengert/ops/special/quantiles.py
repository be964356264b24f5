"""Quantiles of distributions of counts: step functions, whose derivatives are zero. SciPy finds them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..families import Elementwise
from .declare import Domain, few, kept

_PROBABILITY = (0.15, 0.85)


def _quantile(distribution: str, method: str, *domains: Domain | float | int) -> Elementwise:
    def call(q: Any, *shapes: Any) -> Any:
        import scipy.stats

        with np.errstate(all="ignore"):  # SciPy's formulas meet poles at the ends of the parameters
            return np.asarray(getattr(getattr(scipy.stats, distribution), method)(q, *shapes))[()]

    return Elementwise(f"{distribution}_{method}", kept(call), None, samples=few(_PROBABILITY, *domains))


QUANTILES: dict[str, tuple[Elementwise, Elementwise]] = {
    name: (_quantile(name, "ppf", *domains), _quantile(name, "isf", *domains))
    for name, domains in {
        "bernoulli": ((0.2, 0.8),),
        "betabinom": (7, (0.5, 2.0), (0.5, 2.0)),
        "binom": (7, (0.2, 0.8)),
        "geom": ((0.2, 0.8),),
        "nbinom": (3.5, (0.2, 0.8)),
        "poisson": ((0.5, 5.0),),
    }.items()
}
