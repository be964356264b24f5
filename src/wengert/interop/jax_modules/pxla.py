"""`jax.interpreters.pxla`: the machinery of several devices, of which there is one."""

from __future__ import annotations

from .sharding import Mesh


class _Resources:
    physical_mesh = property(lambda self: Mesh((), ()))


class _ThreadResources:
    env = _Resources()


thread_resources = _ThreadResources()

__all__ = ["Mesh", "thread_resources"]
