"""`jax.ad_checkpoint`: `checkpoint`, its policies, names for values, and what is saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...transforms.checkpoint import checkpoint_name as _name
from ...transforms.checkpoint import checkpoint_policies as _policies
from ...transforms.saved import print_saved
from ..border import bordered
from .transformations import checkpoint


class Saveable:
    """What a policy says of a result that is saved."""


class Recompute:
    """What a policy says of a result that is computed again."""

    def __bool__(self) -> bool:
        return False


class Offloadable:
    """What a policy says of a result that is saved in another memory, which is the same here.

    Args:
        src, dst: the names of the memories.
    """

    def __init__(self, src: str, dst: str) -> None:
        self.src, self.dst = src, dst


class checkpoint_policies(_policies):  # noqa: N801 (JAX's name)
    """What `checkpoint` may save; there is one memory, so that what is offloaded is saved.

    Example:
        >>> policy = checkpoint_policies.offload_dot_with_no_batch_dims("device", "pinned_host")
        >>> policy is checkpoint_policies.dots_with_no_batch_dims_saveable
        True
    """

    @staticmethod
    def save_and_offload_only_these_names(
        *, names_which_can_be_saved: Sequence[str], names_which_can_be_offloaded: Sequence[str], offload_src: str, offload_dst: str
    ) -> Any:  # fmt: skip
        """Values with these names are saved, and nothing else.

        Raises:
            ValueError: a name is in both lists.
        """
        both = set(names_which_can_be_saved) & set(names_which_can_be_offloaded)
        if both:
            raise ValueError(
                f"The names should be exclusive and should not intersect in both lists, got {sorted(both)}"
            )
        return _policies.save_only_these_names(*names_which_can_be_saved, *names_which_can_be_offloaded)

    @staticmethod
    def offload_dot_with_no_batch_dims(offload_src: str, offload_dst: str) -> Any:
        """Products that have no batch are saved."""
        return checkpoint_policies.dots_with_no_batch_dims_saveable


checkpoint_name = bordered(_name)
remat = checkpoint
print_saved_residuals = bordered(print_saved)

__all__ = [
    "Offloadable", "Recompute", "Saveable", "checkpoint", "checkpoint_name", "checkpoint_policies", "print_saved_residuals",
    "remat",
]  # fmt: skip
