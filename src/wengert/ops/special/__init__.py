"""Special functions, by family; SciPy computes them and is imported on the first call.

`declare` says how they are declared, `kernels` and `bessel_orders` compute what SciPy has not: derivatives in
parameters, in the Taylor arithmetic of `series`.
"""

from .bessel import (
    airy,
    i0,
    i0e,
    i1,
    i1e,
    iv,
    ive,
    j0,
    j1,
    jv,
    k0,
    k0e,
    k1,
    k1e,
    kv,
    kve,
    modstruve,
    spherical_in,
    spherical_jn,
    spherical_kn,
    spherical_yn,
    struve,
    y0,
    y1,
    yv,
)  # fmt: skip
from .boxcox import binom, boxcox, boxcox1p, shifted_root
from .elliptic import ellipe, ellipeinc, ellipk, ellipkinc, ellipkm1, elliprc, elliprd, elliprf, elliprg, elliprj
from .gammas import (
    beta,
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    betaln,
    gamma,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    gammasgn,
    rgamma,
)  # fmt: skip
from .hypergeometric import hyp0f1, hyp1f1, hyp2f1, lpmv, sph_harm_y
from .integrals import (
    dawsn,
    erfcinv,
    erfcx,
    erfi,
    exp1,
    expi,
    expn,
    fresnel,
    lambertw,
    log_expit,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    ndtri_exp,
    owens_t,
    shichi,
    sici,
    spence,
    wofz,
    xlog1py,
    xlogy,
)  # fmt: skip
from .polygammas import digamma, digamma_p, gammaln, gammaln_p, polygamma, polygamma_p
from .quantiles import QUANTILES
from .riemann import zeta
from .student import stdtr, stdtrit
