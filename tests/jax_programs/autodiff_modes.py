"""jvp, vjp, linearize, Hessian-vector products three ways, checkpoint, per-example gradients, complex numbers."""

import jax
import jax.numpy as jnp
from jax import grad, jacfwd, jacrev, jit, jvp, linearize, random, vjp, vmap
from jax.test_util import check_grads

key = random.key(0)
W, x = random.normal(key, (4, 3)), random.normal(random.fold_in(key, 1), (3,))


def f(v):
    return jnp.tanh(W @ v)


y, tangent = jvp(f, (x,), (jnp.ones(3),))
y_again, pushforward = linearize(f, x)
assert jnp.allclose(tangent, pushforward(jnp.ones(3)), atol=1e-6) and jnp.allclose(y, y_again)
y, pullback = vjp(f, x)
(cotangent,) = pullback(jnp.ones(4))
assert jnp.allclose(jnp.vdot(cotangent, jnp.ones(3)), jnp.vdot(tangent, jnp.ones(4)), atol=1e-5)
jacobian = vmap(pushforward, in_axes=0, out_axes=1)(jnp.eye(3))
assert jnp.allclose(jacobian, jacfwd(f)(x), atol=1e-6) and jnp.allclose(jacobian, jacrev(f)(x), atol=1e-6)


def energy(v):
    return jnp.sum(f(v) ** 2) + jnp.prod(v)


direction = jnp.array([1.0, -1.0, 2.0])
forward_over_reverse = jvp(grad(energy), (x,), (direction,))[1]
reverse_over_reverse = grad(lambda v: jnp.vdot(grad(energy)(v), direction))(x)
reverse_over_forward = grad(lambda v: jvp(energy, (v,), (direction,))[1])(x)
full = jax.hessian(energy)(x) @ direction
for product in (reverse_over_reverse, reverse_over_forward, full):
    assert jnp.allclose(forward_over_reverse, product, atol=1e-4)

fourth = grad(grad(grad(grad(jnp.sin))))
assert jnp.allclose(fourth(0.3), jnp.sin(0.3), atol=1e-6)


@jax.checkpoint
def block(w, h):
    return jnp.sin(w @ h)


def deep(w):
    h = x
    for _ in range(3):
        h = block(w, h)
    return h.sum()


square = random.normal(random.fold_in(key, 2), (3, 3))
plain = grad(lambda w: jnp.sin(w @ jnp.sin(w @ jnp.sin(w @ x))).sum())(square)
assert jnp.allclose(jit(grad(deep))(square), plain, atol=1e-5)

batch = random.normal(random.fold_in(key, 3), (5, 3))
per_example = jit(vmap(grad(lambda w, v: jnp.sum(jnp.tanh(w @ v))), in_axes=(None, 0)))(W, batch)
assert per_example.shape == (5, 4, 3)
assert jnp.allclose(per_example.sum(0), grad(lambda w: jnp.sum(jnp.tanh(batch @ w.T)))(W), atol=1e-5)

z = 1.0 + 2.0j
assert jnp.allclose(grad(lambda z: z**3, holomorphic=True)(z), 3 * z**2)
assert jnp.allclose(grad(lambda z: jnp.real(z * jnp.conj(z)))(z), 2 * jnp.conj(z))
check_grads(energy, (x,), order=2, modes=["fwd", "rev"], atol=2e-2, rtol=2e-2)

shape = jax.eval_shape(f, jax.ShapeDtypeStruct((3,), jnp.float32))
assert shape.shape == (4,) and shape.dtype == jnp.float32
print("tangent", tangent, "cotangent", cotangent)
print("hvp", forward_over_reverse)
print("per example", per_example[0, 0])
