"""The special functions that are public, of all families, by name."""

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
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
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
from .polygammas import (
    digamma,
    digamma_p,
    gamma,
    gammaln,
    gammaln_p,
    gammasgn,
    polygamma,
    polygamma_p,
    rgamma,
)  # fmt: skip
from .quantiles import QUANTILES
from .riemann import zeta
from .student import stdtr, stdtrit

__all__ = [
    "QUANTILES", "airy", "beta", "betainc", "betaincc", "betainccinv", "betaincinv", "betaln", "binom", "boxcox",
    "boxcox1p", "dawsn", "digamma", "digamma_p", "ellipe", "ellipeinc", "ellipk", "ellipkinc", "ellipkm1", "elliprc",
    "elliprd", "elliprf", "elliprg", "elliprj", "erfcinv", "erfcx", "erfi", "exp1", "expi", "expn", "fresnel",
    "gamma", "gammainc", "gammaincc", "gammainccinv", "gammaincinv", "gammaln", "gammaln_p", "gammasgn", "hyp0f1",
    "hyp1f1", "hyp2f1", "i0", "i0e", "i1", "i1e", "iv", "ive", "j0", "j1", "jv", "k0", "k0e", "k1", "k1e", "kv",
    "kve", "lambertw", "log_expit", "log_ndtr", "logit", "lpmv", "modstruve", "ndtr", "ndtri", "ndtri_exp", "owens_t",
    "polygamma", "polygamma_p", "rgamma", "shichi", "shifted_root", "sici", "spence", "sph_harm_y", "spherical_in",
    "spherical_jn", "spherical_kn", "spherical_yn", "stdtr", "stdtrit", "struve", "wofz", "xlog1py", "xlogy", "y0",
    "y1", "yv", "zeta",
]  # fmt: skip
