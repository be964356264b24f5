"""The rules of `while_p` that stand in files above its own are given to it here."""

from __future__ import annotations

from .lanes import batch_while
from .loop import While, WhileRules
from .pull import pull, while_tangent_p
from .series import through_while
from .supported_pull import pull_supported

While.rules = WhileRules(while_tangent_p, pull, pull_supported, batch_while, through_while)
