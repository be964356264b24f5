"""`jax.ad_checkpoint`: `checkpoint`, its policies, names for values, and what is saved."""

from __future__ import annotations

from ...transforms.checkpoint import checkpoint, checkpoint_name, checkpoint_policies
from ...transforms.saved import print_saved

remat = checkpoint
print_saved_residuals = print_saved

__all__ = ["checkpoint", "checkpoint_name", "checkpoint_policies", "print_saved_residuals", "remat"]
