"""scipy.cluster for arrays and values under transformation: vector quantization, in `vq`."""

from ...errors import nearest_names as _nearest_names
from . import vq

__all__ = ["vq"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
