"""scipy.spatial for arrays and values under transformation: rotations, in `transform`."""

from . import transform

__all__ = ["transform"]
