"""An optimiser and a model as classes with methods under jit, Adam written out, a learning-rate schedule."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax


class AdamState(NamedTuple):
    step: Array
    mean: Any
    square: Any


class Adam:
    def __init__(self, schedule, b1=0.9, b2=0.999, eps=1e-8):
        self.schedule, self.b1, self.b2, self.eps = schedule, b1, b2, eps

    def init(self, params) -> AdamState:
        zeros = jax.tree.map(jnp.zeros_like, params)
        return AdamState(jnp.zeros((), jnp.int32), zeros, zeros)

    def update(self, grads, state, params):
        step = state.step + 1
        mean = jax.tree.map(lambda m, g: self.b1 * m + (1 - self.b1) * g, state.mean, grads)
        square = jax.tree.map(lambda s, g: self.b2 * s + (1 - self.b2) * g**2, state.square, grads)
        c1, c2 = 1 - self.b1**step, 1 - self.b2**step
        rate = self.schedule(step)
        new = jax.tree.map(lambda p, m, s: p - rate * (m / c1) / (jnp.sqrt(s / c2) + self.eps), params, mean, square)
        return new, AdamState(step, mean, square)


class Model:
    """A cubic fitted to a sine."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    @staticmethod
    def predict(params, x):
        return jnp.polyval(params["coefficients"], x)

    def loss(self, params, x, y):
        return jnp.mean(jnp.square(self.predict(params, x) - y))

    @partial(jax.jit, static_argnums=0)
    def step(self, params, state, x, y):
        value, grads = jax.value_and_grad(self.loss)(params, x, y)
        norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in jax.tree.leaves(grads)))
        grads = jax.tree.map(lambda g: g * jnp.minimum(1.0, 5.0 / (norm + 1e-6)), grads)
        params, state = self.optimizer.update(grads, state, params)
        return params, state, value


def schedule(step):
    return 0.1 * jnp.minimum(1.0, step / 10) * lax.rsqrt(1.0 + step / 100)


x = jnp.linspace(-1.0, 1.0, 41)
y = jnp.sin(2.0 * x)
model = Model(Adam(schedule))
params = {"coefficients": jnp.zeros(4)}
state = model.optimizer.init(params)
values = []
for _ in range(300):
    params, state, value = model.step(params, state, x, y)
    values.append(value.item())
assert values[-1] < 1e-4 < 1e-1 < values[0]
assert int(state.step) == 300 and state.step.dtype == jnp.int32
fit = jnp.polyfit(x, y, 3)
assert jnp.allclose(params["coefficients"], fit, atol=2e-2)
print("value", values[0])
print("coefficients", params["coefficients"].round(2))
