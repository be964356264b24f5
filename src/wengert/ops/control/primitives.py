"""The primitives of control flow with all their rules, those of other files as well."""

from __future__ import annotations

from . import openings, pull_transposed, walk_back, while_rules  # noqa: F401 (which give their rules)
from .branch import cond_p
from .loop import while_p
from .scan import scan_p

__all__ = ["cond_p", "scan_p", "while_p"]
