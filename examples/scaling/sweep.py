"""Many simulations at once: a predator-prey model for each of some parameters, `vmap` over them, the batch cut over devices.

No exchange is needed: XLA gives each device its rows. `sensitivities` is a gradient for each simulation.
"""

from __future__ import annotations

import numpy as np

import wengert
import wengert.numpy as wnp
from wengert import lax


def peak(parameters, steps=200, dt=0.05):
    """The greatest number of predators, smoothly, of a simulation by Heun's method."""
    birth, eaten, death, growth = parameters

    def slope(s):
        prey, predators = s
        return wnp.stack(
            [
                birth * prey - eaten * prey * predators,
                growth * prey * predators - death * predators,
            ]
        )

    def step(s, _):
        first = slope(s)
        s = s + dt / 2 * (first + slope(s + dt * first))
        return s, s[1]

    _, predators = lax.scan(step, wnp.array([1.0, 0.5]), None, length=steps)
    return wnp.logsumexp(20 * predators) / 20


def parameters(n=64, seed=0):
    """Parameters at random, a row for each simulation."""
    return np.random.default_rng(seed).uniform(
        [0.8, 0.4, 0.8, 0.4], [1.4, 0.8, 1.2, 0.8], size=(n, 4)
    )


peaks = wengert.vmap(peak)
sensitivities = wengert.vmap(wengert.value_and_grad(peak))
