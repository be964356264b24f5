"""scipy.spatial for arrays and values under transformation: rotations, in `transform`, and distances, in `distance`."""

from ...errors import nearest_names as _nearest_names
from . import distance, transform

__all__ = ["distance", "transform"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
