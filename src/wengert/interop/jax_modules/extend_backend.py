"""`jax.extend.backend`: what computes; there is one."""

from __future__ import annotations

from typing import Any

from ..array import Device
from .top import clear_caches as clear_backends
from .top import devices as _devices


class _Backend:
    platform, platform_version = "cpu", "wengert"

    def devices(self) -> list[Device]:
        return _devices()

    def local_devices(self) -> list[Device]:
        return _devices()

    def device_count(self) -> int:
        return 1


def get_backend(platform: Any = None) -> _Backend:
    """The backend: the host's processor.

    Raises:
        RuntimeError: another one is asked for.
    """
    _devices(platform)
    return _Backend()


def backends() -> dict[str, _Backend]:
    """All backends by name."""
    return {"cpu": _Backend()}


def get_default_device() -> Device:
    """The one device."""
    return Device(0)


__all__ = ["backends", "clear_backends", "get_backend", "get_default_device"]
