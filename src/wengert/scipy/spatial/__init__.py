"""scipy.spatial for arrays and values under transformation: rotations, in `transform`."""

from ...errors import nearest_names as _nearest_names
from . import transform

__all__ = ["transform"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
