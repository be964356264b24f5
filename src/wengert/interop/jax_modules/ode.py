"""`jax.experimental.ode`: `odeint`, whose further arguments stand one after another."""

from __future__ import annotations

from typing import Any

from ...scipy import integrate
from ..border import bordered


@bordered
def odeint(func: Any, y0: Any, t: Any, *args: Any, **options: Any) -> Any:
    """`wengert.scipy.integrate.odeint` with ``args=args``."""
    return integrate.odeint(func, y0, t, args, **options)


__all__ = ["odeint"]
