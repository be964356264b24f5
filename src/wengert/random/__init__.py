"""`wengert.random`: random numbers from explicit keys, with JAX's names and, bit for bit, JAX's streams.

A key is made from a seed, split into new keys, and used once. Everything here is a formula in random bits, so it can
be batched, staged and differentiated with respect to its parameters. Names only: keys stand in `keys.py`, uniform floats and
integers in `uniform_draws.py`, other distributions of floats in `continuous.py` and `gammas.py`, of integers in `discrete.py`.
"""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from ..nearest import nearest_names as _nearest_names
from .binomials import binomial, multinomial
from .continuous import (
    cauchy,
    double_sided_maxwell,
    exponential,
    gumbel,
    laplace,
    logistic,
    lognormal,
    maxwell,
    multivariate_normal,
    normal,
    orthogonal,
    pareto,
    rayleigh,
    triangular,
    truncated_normal,
    wald,
    weibull_min,
)
from .discrete import categorical, choice, geometric, permutation, poisson
from .gammas import ball, beta, chisquare, dirichlet, f, gamma, generalized_normal, loggamma, t
from .keys import PRNGKey, bits, clone, fold_in, key, key_data, key_impl, split, wrap_key_data
from .uniform_draws import bernoulli, rademacher, randint, uniform

__all__ = [
    "PRNGKey", "ball", "bernoulli", "beta", "binomial", "bits", "categorical", "cauchy", "chisquare", "choice", "clone",
    "dirichlet", "double_sided_maxwell", "exponential", "f", "fold_in", "gamma", "generalized_normal", "geometric",
    "gumbel", "key", "key_data", "key_impl", "laplace", "loggamma", "logistic", "lognormal", "maxwell",
    "multinomial", "multivariate_normal", "normal", "orthogonal", "pareto", "permutation", "poisson", "rademacher", "randint",
    "rayleigh", "split", "t", "triangular", "truncated_normal", "uniform", "wald", "weibull_min", "wrap_key_data",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
