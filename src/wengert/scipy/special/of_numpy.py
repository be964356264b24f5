"""Functions of NumPy's that SciPy has among its special ones too."""

from __future__ import annotations

from typing import Any

from ...core import as_value, dtype_of
from ...documented import with_example
from ...ops import elementwise as _ew
from ...ops.special.declare import floating


def _of_floating(f: Any) -> Any:
    """A function of NumPy's that SciPy has too, where truth values count as floating numbers, not as float16."""

    def call(x: Any, /, **options: Any) -> Any:
        return f(floating(x)[0] if dtype_of(as_value(x)).kind == "b" else x, **options)

    call.__name__ = call.__qualname__ = f.__name__
    call.__doc__ = f.__doc__
    return call


cbrt, exp2, expm1, log1p = map(_of_floating, (_ew.cbrt, _ew.exp2, _ew.expm1, _ew.log1p))


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


__all__ = ["cbrt", "exp2", "expm1", "log1p"]
