"""`jax.extend.linear_util`: functions of lists of arrays with layers around them."""

from ..extend import linear_util as _ours
from ..extend.linear_util import *  # noqa: F403

__all__ = _ours.__all__  # noqa: PLE0605
