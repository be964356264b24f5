"""State as a value that is handed along."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from showing import show


class CounterV2:
    def count(self, n):
        return n + 1, n + 1

    def reset(self):
        return 0


counter = CounterV2()
state = counter.reset()
for _ in range(3):
    value, state = counter.count(state)
    print(value)
fast = jax.jit(counter.count)
for _ in range(3):
    value, state = fast(state)
    print(value, repr(state), state.weak_type)


class Counter:
    def __init__(self):
        self.n = 0

    def count(self):
        self.n += 1
        return self.n


impure = Counter()
impure_fast = jax.jit(impure.count)
print([int(impure_fast()) for _ in range(3)], impure.n)


class Params(NamedTuple):
    weight: jnp.ndarray
    bias: jnp.ndarray


def init(rng):
    weights_key, bias_key = jax.random.split(rng)
    return Params(jax.random.normal(weights_key, ()), jax.random.normal(bias_key, ()))


def loss(params, x, y):
    return jnp.mean((params.weight * x + params.bias - y) ** 2)


LEARNING_RATE = 0.005


@jax.jit
def update(params, x, y):
    grad = jax.grad(loss)(params, x, y)
    return jax.tree.map(lambda param, g: param - g * LEARNING_RATE, params, grad)


rng = jax.random.key(42)
true_w, true_b = 2, -1
x_rng, noise_rng = jax.random.split(rng)
xs = jax.random.normal(x_rng, (64, 1))
noise = jax.random.normal(noise_rng, (64, 1)) * 0.5
ys = xs * true_w + true_b + noise
params = init(rng)
show("initial", lambda: params)
for _step in range(200):
    params = update(params, xs, ys)
show("trained", lambda: params)
show("loss", loss, params, xs, ys)
print(type(params).__name__, params)


@jax.tree_util.register_pytree_node_class
class Meter:
    def __init__(self, total=0.0, n=0):
        self.total, self.n = total, n

    def update(self, v):
        return Meter(self.total + v, self.n + 1)

    def tree_flatten(self):
        return (self.total, self.n), ()

    @classmethod
    def tree_unflatten(cls, aux, children):
        return cls(*children)


meter = jax.lax.scan(lambda m, v: (m.update(v), m.total), Meter(), jnp.arange(4.0))
show("meter", lambda: meter)
step = jax.jit(lambda m, v: m.update(v))
show("meter jit", lambda: step(step(Meter(), 1.0), 2))
momentum = lambda s, g: (0.9 * s + g, 0.9 * s + g)
show("momentum", lambda: jax.lax.scan(momentum, jnp.zeros(2), jnp.arange(6.0).reshape(3, 2)))
print(step._cache_size())


class Donor:
    state = jnp.zeros(3)


donating = jax.jit(lambda s: s + 1, donate_argnums=0)
new = donating(Donor.state)
show("donated", lambda: Donor.state + 1)
print(Donor.state.is_deleted(), new)
