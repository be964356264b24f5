"""Loops and branches: scan over trees, while_loop, fori_loop, cond and switch, custom_root, checkpointed scans."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import grad, jacfwd, jit, jvp, lax, value_and_grad, vmap

# --- scan -------------------------------------------------------------------------------------------------------


def cell(params, state, x):
    h = jnp.tanh(params["w"] @ state["h"] + params["u"] @ x + params["b"])
    return {"h": h, "n": state["n"] + 1}, h[0]


def run(params, xs, reverse=False):
    state = {"h": jnp.zeros(3), "n": 0}
    final, ys = lax.scan(partial(cell, params), state, xs, reverse=reverse)
    return jnp.sum(final["h"] ** 2) + jnp.sum(ys), (final["n"], ys)


params = {
    "w": jnp.array([[0.5, -0.2, 0.1], [0.3, 0.4, -0.1], [0.0, 0.2, 0.6]]),
    "u": jnp.array([[0.1, 0.2], [-0.3, 0.1], [0.2, -0.1]]),
    "b": jnp.array([0.1, 0.0, -0.1]),
}
xs = jnp.sin(jnp.arange(10.0)).reshape(5, 2)
(value, (steps, ys)), gradient = value_and_grad(run, has_aux=True)(params, xs)
print("scan", value, steps, ys)
for name in sorted(gradient):
    print(name, gradient[name].ravel())
print("backwards", jit(partial(run, reverse=True))(params, xs)[0])
print("batched", vmap(lambda s: run(params, s * xs)[0])(jnp.array([0.5, 1.0, 2.0])))
print("second order", jacfwd(grad(lambda b: run({**params, "b": b}, xs)[0]))(params["b"]).ravel())

# --- while_loop, fori_loop ---------------------------------------------------------------------------------------


def collatz(n):
    return lax.while_loop(
        lambda s: s[0] != 1, lambda s: (jnp.where(s[0] % 2 == 0, s[0] // 2, 3 * s[0] + 1), s[1] + 1), (n, 0)
    )[1]


print("collatz", vmap(collatz)(jnp.arange(1, 10)), jit(collatz)(27))
print(
    "jvp of while", *map(float, jvp(lambda x: lax.while_loop(lambda v: v < 10.0, lambda v: v * v, x), (1.5,), (1.0,)))
)
table = jnp.arange(6.0) ** 2
print(
    "fori",
    lax.fori_loop(0, 6, lambda i, s: s + table[i] * i, 0.0),
    grad(lambda a: lax.fori_loop(0, 4, lambda i, s: s * a + i, 1.0))(1.2),
)
print("dynamic", jit(lambda n: lax.fori_loop(0, n, lambda i, s: s * 2, 1))(7))

# --- cond, switch ------------------------------------------------------------------------------------------------

leaky = lambda x: lax.cond(x > 0, lambda v: v**2, lambda v: 0.1 * v, x)
print("cond", leaky(2.0), leaky(-2.0), vmap(grad(leaky))(jnp.array([3.0, -3.0])), jit(grad(leaky))(1.5))
choose = lambda i, x: lax.switch(i, [jnp.sin, jnp.cos, lambda v: v * v], x)
print("switch", [float(choose(i, 0.5)) for i in (-1, 0, 1, 2, 9)], vmap(choose, (0, None))(jnp.arange(3), 0.5))


def body(carry, x):
    return lax.cond(x % 2 == 0, lambda c: c + 1.0, lambda c: c * 1.5, carry), carry


final, seen = lax.scan(body, 1.0, jnp.arange(6))
print("cond in scan", float(final), seen)

# --- the rest ----------------------------------------------------------------------------------------------------

print("map", lax.map(lambda x: x**2 + 1, jnp.arange(4.0)))
print("cumulative product", lax.associative_scan(jnp.multiply, jnp.array([1.0, 2.0, 3.0, 4.0])))
print("reversed maxima", lax.associative_scan(jnp.maximum, jnp.array([3.0, 1.0, 2.0]), reverse=True))


def newton(f, x):
    return lax.while_loop(lambda v: jnp.abs(f(v)) > 1e-5, lambda v: v - f(v) / grad(f)(v), x)


root = lambda a: lax.custom_root(lambda x: x**3 - a, 2.0, newton, lambda g, y: y / g(1.0))
print("root", root(5.0), grad(root)(5.0))


@partial(jax.checkpoint, policy=jax.checkpoint_policies.dots_saveable)
def layer(x, w):
    return jnp.sin(w @ x)


deep = lambda w: jnp.sum(lax.scan(lambda x, _: (layer(x, w), None), jnp.ones(3), None, length=6)[0])
print("checkpointed", deep(params["w"]), grad(deep)(params["w"]).ravel())
