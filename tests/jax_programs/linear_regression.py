"""Least squares by gradient descent, checked against the normal equations."""

import jax
import jax.numpy as jnp
from jax import grad, jit, random

key = random.PRNGKey(0)
key, data_key, noise_key = random.split(key, 3)
X = random.normal(data_key, (60, 3))
true_w, true_b = jnp.array([1.5, -2.0, 0.5]), 0.7
y = X @ true_w + true_b + 0.05 * random.normal(noise_key, (60,))


def predict(params, x):
    return jnp.dot(x, params["w"]) + params["b"]


def loss(params, x, y):
    return jnp.mean((predict(params, x) - y) ** 2)


@jit
def update(params, x, y, rate=0.2):
    gradients = grad(loss)(params, x, y)
    return jax.tree.map(lambda p, g: p - rate * g, params, gradients)


params = {"w": jnp.zeros(3), "b": jnp.zeros(())}
losses = [float(loss(params, X, y))]
for _ in range(200):
    params = update(params, X, y)
    losses.append(float(loss(params, X, y)))

A = jnp.concatenate([X, jnp.ones((60, 1))], axis=1)
exact = jnp.linalg.solve(A.T @ A, A.T @ y)
assert losses[-1] < losses[0] / 100
assert jnp.allclose(params["w"], exact[:3], atol=1e-3)
assert jnp.allclose(params["b"], exact[3], atol=1e-3)
assert params["w"].dtype == jnp.float32
print("losses", losses[0], losses[1], losses[10], losses[-1])
print("weights", params["w"], params["b"])
