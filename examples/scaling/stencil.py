"""A reaction-diffusion equation on a torus, its rows cut over a mesh: halos are exchanged, and so are those of the adjoint.

`simulate` steps the whole field; `parallel_simulate` gives each place along "rows" a band and asks its neighbours for one row on
either side in each step. The gradient of `misfit` by the conductivity of every cell is the adjoint method, which sends cotangents
of halos back where they came from.
"""

from __future__ import annotations

import numpy as np

import wengert.numpy as wnp
from wengert import lax
from wengert.sharding import P, shard_map


def step(u, above, below, conductivity, dt=0.1):
    """One explicit step of a band, with a row of the neighbours on either side."""
    wide = wnp.concatenate([above, u, below])
    around = wide[:-2] + wide[2:] + wnp.roll(u, 1, 1) + wnp.roll(u, -1, 1) - 4 * u
    return u + dt * (conductivity * around + u * (1 - u))


def simulate(u, conductivity, steps):
    """The field after some steps, on one device."""
    return lax.fori_loop(0, steps, lambda _, u: step(u, u[-1:], u[:1], conductivity), u)


def parallel_simulate(mesh, steps):
    """The same over a mesh with the axis "rows"."""

    def part(u, conductivity):
        n = lax.axis_size("rows")
        down, up = (
            [(k, (k + 1) % n) for k in range(n)],
            [((k + 1) % n, k) for k in range(n)],
        )

        def exchanged(_, u):
            above, below = (
                lax.ppermute(u[-1:], "rows", down),
                lax.ppermute(u[:1], "rows", up),
            )
            return step(u, above, below, conductivity)

        return lax.fori_loop(0, steps, exchanged, u)

    return shard_map(part, mesh=mesh, in_specs=P("rows"), out_specs=P("rows"))


def misfit(simulation):
    """How far the end of a simulation is from what was measured."""
    return lambda conductivity, u, measured: wnp.mean(
        (simulation(u, conductivity) - measured) ** 2
    )


def fields(rows=32, columns=16, seed=0):
    """A first field, a conductivity, and a measured field, at random."""
    rng = np.random.default_rng(seed)
    return (
        rng.uniform(size=(rows, columns)),
        rng.uniform(0.2, 0.8, size=(rows, columns)),
        rng.uniform(size=(rows, columns)),
    )
