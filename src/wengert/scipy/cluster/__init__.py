"""scipy.cluster for arrays and values under transformation: vector quantization, in `vq`."""

from . import vq

__all__ = ["vq"]
