"""scipy.sparse for arrays and values under transformation: linear equations with operators, in `linalg`."""

from . import linalg

__all__ = ["linalg"]
