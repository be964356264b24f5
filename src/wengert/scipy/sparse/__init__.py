"""scipy.sparse for arrays and values under transformation: linear equations with operators, in `linalg`."""

from ...errors import nearest_names as _nearest_names
from . import linalg

__all__ = ["linalg"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
