"""Error functions."""

from __future__ import annotations

import numpy as np

from ...documented import with_example
from ...lowering import Formula, formulas
from ..declare import function_of, lazy_special, quietly, unary
from .exponentials import exp

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
