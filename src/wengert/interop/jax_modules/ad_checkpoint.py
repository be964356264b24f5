"""`jax.ad_checkpoint`: `checkpoint`, its policies, names for values, and what is saved."""

from __future__ import annotations

from ...transforms.checkpoint import checkpoint_name as _name
from ...transforms.checkpoint import checkpoint_policies
from ...transforms.saved import print_saved
from ..border import bordered
from .transformations import checkpoint

checkpoint_name = bordered(_name)
remat = checkpoint
print_saved_residuals = bordered(print_saved)

__all__ = ["checkpoint", "checkpoint_name", "checkpoint_policies", "print_saved_residuals", "remat"]
