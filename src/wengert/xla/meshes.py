"""Meshes of devices: `shard_map` is JAX's, collectives in it are XLA's, constraints say where arrays lie.

Outside of a `shard_map` a collective is over the axis of a batch, and its argument the same for all examples: others were
sums, gathers and exchanges of arrays before they got here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..ops.shards import Spec, of_parts
from ..ops.varying import simplified
from ..program import Program
from .real import jax, jnp, lax
from .tracing import Failures, Site, evaluate, first, none, rule

sharding = jax.sharding
_places: ContextVar[frozenset[Hashable]] = ContextVar("wengert_xla_places", default=frozenset())


@contextmanager
def _at_each_place(names: Sequence[Hashable]) -> Iterator[None]:
    token = _places.set(_places.get() | frozenset(names))
    try:
        yield
    finally:
        _places.reset(token)


def device_mesh(mesh: Any) -> Any:
    """JAX's mesh of a mesh; its devices are those that JAX finds where it has none. Axes are partitioned by XLA, not by types.

    Raises:
        ArgumentError: there are too few devices.
    """
    auto = (sharding.AxisType.Auto,) * len(mesh.shape)
    if isinstance(mesh, sharding.Mesh):
        if tuple(mesh.axis_types) == auto:
            return mesh
        return sharding.Mesh(mesh.devices, mesh.axis_names, axis_types=auto)
    sizes = tuple(mesh.shape.values())
    wanted, found = int(np.prod(sizes)), jax.devices()
    if wanted > len(found):
        raise ArgumentError(
            f"the mesh {dict(mesh.shape)} has {wanted} places, JAX finds {len(found)} device{'s' * (len(found) != 1)}; for tests "
            f"on a processor set XLA_FLAGS=--xla_force_host_platform_device_count={wanted} before JAX is imported"
        )
    return sharding.Mesh(np.asarray(found[:wanted], object).reshape(sizes), tuple(mesh.shape), axis_types=auto)


def as_sharding(x: Any) -> Any:
    """A sharding of JAX's with axes that XLA partitions; a device is one, too.

    Raises:
        ArgumentError: it is none.
    """
    if x is None:
        return None
    if isinstance(x, sharding.NamedSharding):
        mesh, spec = device_mesh(x.mesh), sharding.PartitionSpec(*x.spec)  # the library's specs are taken, too
        return x if mesh is x.mesh and type(x.spec) is type(spec) else sharding.NamedSharding(mesh, spec)
    if isinstance(x, sharding.Sharding):
        return x
    if isinstance(x, jax.Device):
        return sharding.SingleDeviceSharding(x)
    raise ArgumentError(
        f"a sharding is one of JAX's, such as jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec('data')); got {x!r}"
    )


def _spec(spec: Spec) -> Any:
    return sharding.PartitionSpec(*[names or None for names in spec])


@rule("shard_map")
def shard_map(site: Site, *args: Any, body: Program, mesh: Any, ins: Sequence[Spec], outs: Sequence[Spec]) -> list[Any]:
    real = device_mesh(mesh)
    names = tuple(mesh.shape)
    body = simplified(body, of_parts(body, mesh, ins))
    fails = False

    def run(*parts: Any) -> Any:
        nonlocal fails
        failures: Failures = []
        with _at_each_place(names):
            places = [lax.axis_index(n).astype(v.aval.dtype) for n, v in zip(names, body.inputs, strict=False)]
            found = evaluate(body, [*places, *parts], failures)
        fails = bool(failures)
        # Of all places the first at which something is wrong, found by each of them: one small exchange.
        failure = lax.all_gather(first(failures), names) if failures else none()[None]
        return (*found, failure[jnp.argmax(failure[:, 0] != 0)])

    out_specs = (*map(_spec, outs), sharding.PartitionSpec())
    mapped = jax.shard_map(run, mesh=real, in_specs=tuple(map(_spec, ins)), out_specs=out_specs, check_vma=False)
    *found, failure = mapped(*args)
    if fails:
        site.failures.append(failure)
    return found


@rule("sharding_constraint")
def sharding_constraint(site: Site, x: Any, *, sharding: Any) -> Any:
    return x if sharding is None or _places.get() else lax.with_sharding_constraint(x, as_sharding(sharding))


# --- collectives ----------------------------------------------------------------------------------------------------


@rule("psum")
def psum(site: Site, x: Any, *, axis_name: Any, size: int) -> Any:
    return lax.psum(x, axis_name) if axis_name in _places.get() else x * jnp.asarray(size, x.dtype)


@rule("pmax", "pmin")
def extreme(site: Site, x: Any, *, axis_name: Any, size: int) -> Any:
    if axis_name not in _places.get():
        return x
    reduce = lax.pmax if site.primitive.name == "pmax" else lax.pmin
    return reduce(x.astype(jnp.int8), axis_name) != 0 if x.dtype == bool else reduce(x, axis_name)


@rule("all_gather")
def all_gather(site: Site, x: Any, *, axis_name: Any, size: int) -> Any:
    return lax.all_gather(x, axis_name) if axis_name in _places.get() else jnp.broadcast_to(x, site.shape)


@rule("psum_scatter")
def psum_scatter(site: Site, x: Any, *, axis_name: Any, size: int) -> Any:
    return lax.psum_scatter(x, axis_name) if axis_name in _places.get() else x[0]


@rule("ppermute")
def ppermute(site: Site, x: Any, *, axis_name: Any, size: int, perm: Any) -> Any:
    if axis_name in _places.get():
        return lax.ppermute(x, axis_name, perm)
    return x if perm else jnp.zeros_like(x)


@rule("all_to_all")
def all_to_all(site: Site, x: Any, *, axis_name: Any, size: int) -> Any:
    return lax.all_to_all(x, axis_name, 0, 0) if axis_name in _places.get() else x
