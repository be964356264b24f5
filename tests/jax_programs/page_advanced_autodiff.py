"""Derivatives further on: higher orders, stopped gradients, per-example gradients, straight-through, meta-learning."""

import jax
import jax.numpy as jnp
from showing import show

f = lambda x: x**3 + 2 * x**2 - 3 * x + 1
g = jax.grad(f)
show(
    "derivatives", lambda: [h(1.0) for h in (f, g, jax.grad(g), jax.grad(jax.grad(g)), jax.grad(jax.grad(jax.grad(g))))]
)


def hessian(f):
    return jax.jacfwd(jax.grad(f))


show("dot hessian", hessian(lambda x: jnp.dot(x, x)), jnp.array([1.0, 2.0, 3.0]))


def meta_loss_fn(params, data):
    grads = jax.grad(lambda p, d: jnp.sum((p * d - 1) ** 2))(params, data)
    return jnp.sum((params - 0.1 * grads) * data)


show("meta", jax.grad(meta_loss_fn), jnp.array([1.0, 2.0]), jnp.array([0.5, -0.3]))

value_fn = lambda theta, state: jnp.dot(theta, state)
theta = jnp.array([0.1, -0.1, 0.0])
s_tm1, r_t, s_t = jnp.array([1.0, 2.0, -1.0]), jnp.array(1.0), jnp.array([2.0, 1.0, 0.0])


def td_loss(theta, s_tm1, r_t, s_t, stop):
    v_tm1 = value_fn(theta, s_tm1)
    target = r_t + value_fn(theta, s_t)
    if stop:
        target = jax.lax.stop_gradient(target)
    return -0.5 * ((target - v_tm1) ** 2)


show("td stopped", jax.grad(td_loss), theta, s_tm1, r_t, s_t, True)
show("td", jax.grad(td_loss), theta, s_tm1, r_t, s_t, False)


def straight(f, x):
    zero = x - jax.lax.stop_gradient(x)
    return zero + jax.lax.stop_gradient(f(x))


show("rounded", jax.grad(jnp.round), 5.4)
show("straight", jax.grad(lambda x: straight(jnp.round, x)), 5.4)

perex = jax.jit(jax.vmap(jax.grad(lambda *a: td_loss(*a, True)), in_axes=(None, 0, 0, 0)))
show("per example", perex, theta, jnp.stack([s_tm1] * 2), jnp.stack([r_t] * 2), jnp.stack([s_t] * 2))
show("vmap axes", lambda: jax.vmap(jax.grad(td_loss), in_axes=(None, 0, 0, 0))(theta, s_tm1[None], r_t, s_t[None]))
show("vmap sizes", lambda: jax.vmap(lambda a, b: a + b)(jnp.ones(2), jnp.ones(3)))


def hvp(f, x, v):
    return jax.jvp(jax.grad(f), (x,), (v,))[1]


show("hvp", hvp, lambda x: jnp.sum(jnp.sin(x) ** 2), jnp.array([0.3, 1.0]), jnp.array([1.0, -1.0]))
show("reverse over forward", jax.grad(lambda x: jax.jvp(jnp.sin, (x,), (1.0,))[1]), 0.5)
show("vjp", lambda: jax.vjp(lambda x, y: x * y, 2.0, 3.0)[1](1.0))
show("vjp wrong shape", lambda: jax.vjp(jnp.sin, jnp.ones(3))[1](jnp.ones(2)))
show("vjp wrong dtype", lambda: jax.vjp(jnp.sin, jnp.ones(3))[1](jnp.ones(3, jnp.int32)))
show("vjp wrong tree", lambda: jax.vjp(lambda x: (x, x), 1.0)[1](1.0))
show("jvp wrong length", lambda: jax.jvp(jnp.sin, (1.0,), (1.0, 2.0)))
show("jvp not tuples", lambda: jax.jvp(jnp.sin, 1.0, 1.0))
show("jvp wrong dtype", lambda: jax.jvp(jnp.sin, (jnp.float32(1.0),), (jnp.int32(1),)))
show("jvp wrong shape", lambda: jax.jvp(jnp.sin, (jnp.ones(2),), (jnp.ones(3),)))
show("linearize", lambda: (lambda y, lin: (y, lin(1.0), lin(2.0)))(*jax.linearize(lambda x: x**2, 3.0)))
show("linearize shape", lambda: jax.linearize(jnp.sin, 3.0)[1](jnp.ones(2)))
show("transpose", lambda: jax.linear_transpose(lambda x: (2 * x, x.sum()), jnp.ones(3))((jnp.ones(3), 1.0)))
show(
    "vjp aux",
    lambda: (lambda y, pull, aux: (y, pull(1.0), aux))(*jax.vjp(lambda x: (x**2, "note"[0:0] or x), 3.0, has_aux=True)),
)
