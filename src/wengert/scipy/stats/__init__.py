"""scipy.stats for arrays and values under transformation: distributions, density estimates, descriptive statistics.

``stats.norm.logpdf(x, loc, scale)``: parameters come after `x`, and `loc` and `scale` after those, as in SciPy; all of
them broadcast together, and all of them have derivatives.
"""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from ...nearest import nearest_names as _nearest_names
from .bounded import beta, truncnorm, uniform, wrapcauchy
from .continuous import cauchy, gennorm, gumbel_l, gumbel_r, laplace, logistic, norm, t, vonmises
from .descriptive import (
    ModeResult,
    entropy,
    gmean,
    hmean,
    kurtosis,
    mode,
    rankdata,
    sem,
    skew,
    zscore,
)
from .discrete import bernoulli, betabinom, binom, geom, nbinom, poisson
from .distribution import Distribution
from .kde import gaussian_kde
from .more_continuous import (
    arcsine,
    chi,
    f,
    gompertz,
    halfcauchy,
    halflogistic,
    hypsecant,
    invweibull,
    levy,
    loguniform,
    lomax,
    maxwell,
    moyal,
    nakagami,
    powerlaw,
    rayleigh,
)
from .positive import chi2, expon, gamma, halfnorm, invgamma, lognorm, pareto, weibull_min
from .vectors import dirichlet, multinomial, multivariate_normal

__all__ = [
    "Distribution", "ModeResult", "arcsine", "bernoulli", "beta", "betabinom", "binom", "cauchy", "chi", "chi2",
    "dirichlet", "entropy", "expon", "f", "gamma", "gaussian_kde", "gennorm", "geom", "gmean", "gompertz",
    "gumbel_l", "gumbel_r", "halfcauchy", "halflogistic", "halfnorm", "hmean", "hypsecant", "invgamma",
    "invweibull", "kurtosis", "laplace", "levy", "logistic", "lognorm", "loguniform", "lomax", "maxwell", "mode",
    "moyal", "multinomial", "multivariate_normal", "nakagami", "nbinom", "norm", "pareto", "poisson", "powerlaw",
    "rankdata", "rayleigh", "sem", "skew", "t", "truncnorm", "uniform", "vonmises", "weibull_min", "wrapcauchy",
    "zscore",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
