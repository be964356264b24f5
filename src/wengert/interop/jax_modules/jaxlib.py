"""`jaxlib` and its `xla_extension`, as far as libraries ask for types there: that of functions under `jit`."""

from __future__ import annotations

from ..versions import VERSION
from .stages import Wrapped as PjitFunction

__version__ = VERSION

__all__ = ["PjitFunction"]
