"""A pendulum's equations from its Lagrangian, an orbit's energy, the heat equation, and implicit differentiation."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import grad, hessian, jacfwd, jit, vmap

G = 9.81


def lagrangian(q, v):
    (t1, t2), (w1, w2) = q, v
    kinetic = 0.5 * w1**2 + 0.5 * (w1**2 + w2**2 + 2 * w1 * w2 * jnp.cos(t1 - t2))
    potential = -2 * G * jnp.cos(t1) - G * jnp.cos(t2)
    return kinetic - potential


def acceleration(q, v):
    mass = hessian(lagrangian, 1)(q, v)
    force = grad(lagrangian)(q, v) - jacfwd(grad(lagrangian, 1))(q, v) @ v
    return jnp.linalg.solve(mass, force)


@jit
def rk4(state, dt):
    def slope(s):
        return jnp.stack([s[1], acceleration(s[0], s[1])])

    k1 = slope(state)
    k2 = slope(state + dt / 2 * k1)
    k3 = slope(state + dt / 2 * k2)
    k4 = slope(state + dt * k3)
    return state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def energy(state):
    q, v = state
    return jnp.vdot(grad(lagrangian, 1)(q, v), v) - lagrangian(q, v)


state = jnp.array([[1.0, 0.5], [0.0, 0.0]])
start = energy(state)
for _ in range(100):
    state = rk4(state, 0.01)
assert jnp.abs(energy(state) - start) < 1e-3


def heat(u, steps=50, rate=0.2):
    for _ in range(steps):
        u = u + rate * (jnp.roll(u, 1) - 2 * u + jnp.roll(u, -1))
    return u


u = jnp.zeros(16).at[8].set(1.0)
sensitivity = jax.jacrev(heat)(u)
assert jnp.allclose(sensitivity, sensitivity.T, atol=1e-6) and jnp.allclose(sensitivity.sum(0), 1.0, atol=1e-5)
spectrum = jnp.abs(jnp.fft.rfft(heat(u)))

jax.config.update("jax_enable_x64", True)
a = jnp.array([1.0, 2.0, 3.0])
assert a.dtype == jnp.float64
curvature = vmap(grad(grad(lambda x: x**3 * jnp.exp(-x))))(a)
assert np.allclose(curvature, (a**3 - 6 * a**2 + 6 * a) * np.exp(-a), rtol=1e-12)
print("state", state)
print("spectrum", spectrum)
print("curvature", curvature)
