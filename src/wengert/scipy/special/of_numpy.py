"""Functions of NumPy's, and the sigmoid, that SciPy has among its special ones too."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...documented import with_example
from ...ops import elementwise as _ew
from ...ops.special.declare import of_loops


def _of_floating(f: Any) -> Any:
    """A function of NumPy's that SciPy has too, with the dtypes of SciPy's compiled loops."""

    def call(x: Any, /, **options: Any) -> Any:
        return f(of_loops(x, narrow=np.float64)[0], **options)

    call.__name__ = call.__qualname__ = f.__name__
    call.__doc__ = f.__doc__
    return call


cbrt, exp2, expm1, log1p = map(_of_floating, (_ew.cbrt, _ew.exp2, _ew.expm1, _ew.log1p))
expit = _of_floating(_ew.sigmoid)
expit.__name__ = expit.__qualname__ = "expit"


with_example(
    cbrt,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.cbrt(np.array([27.0, -8.0]))
    array([ 3., -2.])
    """,
)


with_example(
    expit,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.expit(np.array([0.0, -800.0]))
    array([0.5, 0. ])
    """,
)


with_example(
    exp2,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.exp2(np.array([5.0, -2.0]))
    array([32.  ,  0.25])
    """,
)


with_example(
    expm1,
    """
    >>> from wengert.scipy import special
    >>> (special.expm1(1e-15) / 1e-15).round(12)
    np.float64(1.0)
    """,
)


with_example(
    log1p,
    """
    >>> from wengert.scipy import special
    >>> (special.log1p(1e-15) / 1e-15).round(12)
    np.float64(1.0)
    """,
)


__all__ = ["cbrt", "exp2", "expit", "expm1", "log1p"]
