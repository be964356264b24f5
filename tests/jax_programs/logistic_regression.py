"""Logistic regression: gradients several ways, the Hessian, and Newton's method."""

import jax.numpy as jnp
from jax import grad, hessian, jacfwd, jacrev, jit, random, value_and_grad, vmap
from jax.nn import sigmoid

inputs = jnp.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
targets = jnp.array([True, True, False, True])


def predict(W, b, x):
    return sigmoid(jnp.dot(x, W) + b)


def loss(W, b):
    p = predict(W, b, inputs)
    likelihood = p * targets + (1 - p) * (1 - targets)
    return -jnp.sum(jnp.log(likelihood))


key = random.key(3)
W_key, b_key = random.split(key)
W, b = random.normal(W_key, (3,)), random.normal(b_key, ())

W_grad, b_grad = grad(loss, (0, 1))(W, b)
value, (W_again, _) = value_and_grad(loss, argnums=(0, 1))(W, b)
assert jnp.array_equal(W_grad, W_again)
eps = 1e-2
direction = random.normal(random.key(9), W.shape)
unit = direction / jnp.sqrt(jnp.vdot(direction, direction))
numeric = (loss(W + eps * unit, b) - loss(W - eps * unit, b)) / (2 * eps)
assert jnp.allclose(numeric, jnp.vdot(W_grad, unit), rtol=1e-2)

forward = jit(jacfwd(lambda W: predict(W, b, inputs)))(W)
reverse = jit(jacrev(lambda W: predict(W, b, inputs)))(W)
assert forward.shape == (4, 3) and jnp.allclose(forward, reverse, atol=1e-6)


def regularised(v):
    return loss(v[:3], v[3]) + 0.5 * jnp.sum(v**2)


H = hessian(regularised)(jnp.append(W, b))
assert H.shape == (4, 4) and jnp.allclose(H, H.T, atol=1e-5)
assert bool(jnp.all(jnp.linalg.eigvalsh(H) > 0.99))
v = jnp.append(W, b)
for step in range(8):  # noqa: B007 (as the program was written)
    v = v - jnp.linalg.solve(hessian(regularised)(v), grad(regularised)(v))
assert jnp.linalg.norm(grad(regularised)(v)) < 1e-5
per_example = vmap(grad(lambda W, x: predict(W, b, x)), in_axes=(None, 0))(W, inputs)
assert jnp.allclose(per_example, forward, atol=1e-6)
print("value", value, "gradient", W_grad, b_grad)
print("hessian", H)
print("newton", v)
