"""Sparse derivatives: patterns of Jacobians and Hessians, their colourings, and matrices computed by few sweeps."""

from .detect import hessian_sparsity, sparsity
from .pattern import Pattern

__all__ = ["Pattern", "hessian_sparsity", "sparsity"]


def __dir__() -> list[str]:
    return sorted(__all__)
