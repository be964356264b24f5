"""Derivatives defined by hand: clipped gradients, a stable log(1 + exp), fixed points, straight-through rounding."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import custom_jvp, custom_vjp, grad, jit, jvp, vjp, vmap


@custom_vjp
def clip_gradient(lo, hi, x):
    return x


def clip_gradient_fwd(lo, hi, x):
    return x, (lo, hi)


def clip_gradient_bwd(res, g):
    lo, hi = res
    return (None, None, jnp.clip(g, lo, hi))


clip_gradient.defvjp(clip_gradient_fwd, clip_gradient_bwd)
t = jnp.linspace(0.0, 3.0, 7)
clipped = vmap(grad(lambda x: jnp.sin(clip_gradient(-0.75, 0.75, x))))(t)
assert jnp.allclose(clipped, jnp.clip(jnp.cos(t), -0.75, 0.75), atol=1e-6)


@custom_jvp
def log1pexp(x):
    return jnp.log(1.0 + jnp.exp(x))


@log1pexp.defjvp
def log1pexp_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return log1pexp(x), (1 - 1 / (1 + jnp.exp(x))) * x_dot


assert float(grad(log1pexp)(100.0)) == 1.0
assert jnp.allclose(jit(vmap(grad(grad(log1pexp))))(jnp.array([0.0, 1.0])), jnp.array([0.25, 0.19661194]), atol=1e-6)


@partial(custom_vjp, nondiff_argnums=(0,))
def fixed_point(f, a, guess):
    x = guess
    for _ in range(40):
        x = f(a, x)
    return x


def fixed_point_fwd(f, a, guess):
    x = fixed_point(f, a, guess)
    return x, (a, x)


def fixed_point_bwd(f, res, cotangent):
    a, x = res
    _, pull_a = vjp(lambda a: f(a, x), a)
    _, pull_x = vjp(lambda x: f(a, x), x)
    total = cotangent
    for _ in range(40):
        total = cotangent + pull_x(total)[0]
    return pull_a(total)[0], jnp.zeros_like(x)


fixed_point.defvjp(fixed_point_fwd, fixed_point_bwd)


def babylonian(a, x):
    return 0.5 * (x + a / x)


root = fixed_point(babylonian, 2.0, 1.0)
slope = grad(fixed_point, 1)(babylonian, 2.0, 1.0)
assert jnp.allclose(root, jnp.sqrt(2.0)) and jnp.allclose(slope, 0.5 / jnp.sqrt(2.0), atol=1e-6)


@jax.custom_gradient
def scaled_identity(x):
    return x, lambda g: (g * 10.0,)


assert grad(scaled_identity)(1.0) == 10.0


def straight_through(x):
    return x + jax.lax.stop_gradient(jnp.round(x) - x)


assert float(straight_through(1.3)) == 1.0 and float(grad(lambda x: straight_through(x) ** 2)(1.3)) == 2.0


@custom_jvp
def product(x, y):
    return x * y


product.defjvps(lambda x_dot, ans, x, y: x_dot * y, lambda y_dot, ans, x, y: y_dot * x)
value, tangent = jvp(product, (2.0, 3.0), (1.0, 0.5))
assert float(tangent) == 4.0
print("clipped", clipped)
print("root", root, slope, value, tangent)
