"""A network of three layers, trained on two moons in batches, with momentum written out."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from jax.nn import log_softmax, one_hot, relu
from jax.nn.initializers import glorot_normal, he_normal

SIZES = [2, 32, 16, 2]


def init_params(key, sizes):
    keys = random.split(key, len(sizes) - 1)
    makers = [he_normal()] * (len(sizes) - 2) + [glorot_normal()]
    return [
        (make(k, (m, n), jnp.float32), jnp.zeros((n,))) for k, m, n, make in zip(keys, sizes[:-1], sizes[1:], makers)
    ]


def forward(params, x):
    for W, b in params[:-1]:
        x = relu(x @ W + b)
    W, b = params[-1]
    return x @ W + b


def cross_entropy(params, x, labels):
    log_p = log_softmax(forward(params, x))
    return -jnp.mean(jnp.sum(log_p * one_hot(labels, 2), axis=-1))


@partial(jax.jit, static_argnames=("rate", "momentum"))
def step(params, velocity, x, labels, rate=0.1, momentum=0.9):
    value, gradients = jax.value_and_grad(cross_entropy)(params, x, labels)
    velocity = jax.tree_util.tree_map(lambda v, g: momentum * v + g, velocity, gradients)
    params = jax.tree_util.tree_map(lambda p, v: p - rate * v, params, velocity)
    return params, velocity, value


def moons(key, n):
    k1, k2 = random.split(key)
    angle = random.uniform(k1, (n,), maxval=jnp.pi)
    labels = jnp.arange(n) % 2
    x = jnp.where(labels == 0, jnp.cos(angle), 1 - jnp.cos(angle))
    y = jnp.where(labels == 0, jnp.sin(angle), 0.5 - jnp.sin(angle))
    return jnp.stack([x, y], axis=1) + 0.1 * random.normal(k2, (n, 2)), labels


key = random.key(42)
key, data_key, init_key, shuffle_key = random.split(key, 4)
x, labels = moons(data_key, 256)
params = init_params(init_key, SIZES)
velocity = jax.tree.map(jnp.zeros_like, params)
start = cross_entropy(params, x, labels)
for epoch in range(30):
    order = random.permutation(random.fold_in(shuffle_key, epoch), 256)
    for batch in order.reshape(4, 64):
        params, velocity, value = step(params, velocity, x[batch], labels[batch])
value.block_until_ready()
accuracy = jnp.mean(jnp.argmax(forward(params, x), axis=-1) == labels)
assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(params))
assert float(accuracy) > 0.95, accuracy
assert cross_entropy(params, x, labels) < 0.2 < start
assert isinstance(np.asarray(params[0][0]), np.ndarray)
print("start", start, "first order", order[:5])
print("initial weights", init_params(init_key, SIZES)[0][0][0, :4])
