"""`jax._src.earray`: arrays of extended dtypes; they are arrays here."""

from ...array import Array

EArray = Array

__all__ = ["EArray"]
