"""`jax.experimental.ode`: `odeint`."""

from __future__ import annotations

from ...scipy.integrate import odeint

__all__ = ["odeint"]
