"""Structured control flow: primitives that hold Programs. `branch` cond, `scan`, `loop` while; what users call is in
`transforms.control`.
"""

from __future__ import annotations

from . import openings as _openings
from . import while_rules as _while_rules
from .branch import cond_p
from .loop import while_p
from .scan import scan_p

__all__ = ["cond_p", "scan_p", "while_p"]
