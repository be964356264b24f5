"""`jax.extend.source_info_util`: where in a program an equation stands."""

from ..extend import source as _ours
from ..extend.source import *  # noqa: F403

__all__ = _ours.__all__  # noqa: PLE0605
