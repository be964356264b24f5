"""Simulation: the forces of N bodies, and a step of heat conduction with its adjoint."""

from __future__ import annotations

from typing import Any

from ..row import Row


def forces(lib: Any) -> Any:
    """The gradient of the gravitational energy, softened by 0.1; a body's energy with itself is constant."""
    np_ = lib.np_

    def energy(positions: Any, masses: Any) -> Any:
        apart = positions[:, None, :] - positions[None, :, :]
        distance = np_.sqrt(np_.sum(apart**2, axis=-1) + 0.01)
        return -0.5 * np_.sum(masses[:, None] * masses[None, :] / distance)

    return lib.grad(energy)


def bodies(n: int) -> Any:
    return lambda rng: (rng.normal(size=(n, 3)), rng.uniform(0.5, 1.5, n))


def conduction(lib: Any) -> Any:
    """An explicit step of ``du/dt = div(k grad u)`` without flow through the edges, and what its vjp returns."""
    np_ = lib.np_

    def step(u: Any, k: Any) -> Any:
        down = 0.5 * (k[1:, :] + k[:-1, :]) * (u[1:, :] - u[:-1, :])
        right = 0.5 * (k[:, 1:] + k[:, :-1]) * (u[:, 1:] - u[:, :-1])
        down, right = np_.pad(down, ((1, 1), (0, 0))), np_.pad(right, ((0, 0), (1, 1)))
        return u + 0.2 * (down[1:, :] - down[:-1, :] + right[:, 1:] - right[:, :-1])

    def run(u: Any, k: Any, cotangent: Any) -> Any:
        new, pullback = lib.vjp(step, u, k)
        return new, pullback(cotangent)

    return run


def plate(n: int) -> Any:
    return lambda rng: (rng.normal(size=(n, n)), rng.uniform(0.5, 1, (n, n)), rng.normal(size=(n, n)))


ROWS = [
    Row("n-body", "N-body energy gradient, N = 512", forces, bodies(512), bodies(4)),
    Row("stencil", "2-d stencil step and adjoint, 1024×1024", conduction, plate(1024), plate(3), ("float32",)),
]
