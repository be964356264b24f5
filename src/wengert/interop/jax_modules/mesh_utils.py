"""`jax.experimental.mesh_utils`: arrays of devices, of which there is one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import Device


def create_device_mesh(mesh_shape: Any, devices: Any = None, **options: Any) -> np.ndarray:
    """The device as an array of a shape.

    Raises:
        ValueError: the shape has more places than there are devices.
    """
    if int(np.prod(tuple(mesh_shape), dtype=int)) != 1:
        raise ValueError(f"Number of devices 1 must equal the product of mesh_shape {tuple(mesh_shape)}")
    return np.array([Device(0)], object).reshape(tuple(mesh_shape))


def create_hybrid_device_mesh(mesh_shape: Any, dcn_mesh_shape: Any, devices: Any = None, **options: Any) -> np.ndarray:
    """The same, of several hosts, of which there is one."""
    return create_device_mesh([a * b for a, b in zip(mesh_shape, dcn_mesh_shape, strict=True)], devices)


__all__ = ["create_device_mesh", "create_hybrid_device_mesh"]
