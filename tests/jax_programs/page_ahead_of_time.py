"""Tracing, lowering and compiling ahead of time."""

import jax
import jax.numpy as jnp
import numpy as np
from showing import show


def f(x, y):
    return 2 * x + y


x, y = 3, 4
traced = jax.jit(f).trace(x, y)
print(traced.jaxpr)
lowered = traced.lower()
print(type(lowered).__name__, type(traced).__name__)
compiled = lowered.compile()
print(compiled(x, y), type(compiled).__name__, type(compiled.cost_analysis()).__name__)
print(compiled.in_tree, compiled.out_tree, lowered.in_tree, lowered.out_tree, lowered.in_avals, lowered.args_info)
show("traced out", lambda: str(traced.out_info))
show("float", compiled, 1.0, 2.0)
show("array", compiled, jnp.ones(2), jnp.ones(2))
show("too few", compiled, 1)
show("keyword", lambda: compiled(1, y=2))
show("keyword lowered", lambda: jax.jit(f).lower(1, y=2).compile()(1, y=3))
shape = jax.ShapeDtypeStruct((3,), jnp.float32)
compiled2 = jax.jit(f).lower(shape, shape).compile()
show("shapes", compiled2, jnp.ones(3), jnp.ones(3))
show("numpy", compiled2, np.ones(3, np.float32), np.ones(3, np.float32))
show("numpy wide", compiled2, np.ones(3), np.ones(3))
static = jax.jit(lambda n, x: n * x, static_argnums=0).lower(7, 8)
print(static.compile()(8), static.in_tree)
show("static given", lambda: static.compile()(7, 8))
show("dict", lambda: jax.jit(lambda d: d["a"] + 1).lower({"a": shape}).compile()({"a": jnp.zeros(3)}))
show("dict other", lambda: jax.jit(lambda d: d["a"] + 1).lower({"a": shape}).compile()({"b": jnp.zeros(3)}))
show("vmap", lambda: jax.vmap(compiled)(jnp.arange(3), jnp.arange(3)))
show("grad", lambda: jax.grad(compiled2)(jnp.ones(3), jnp.ones(3)))
show("jit of compiled", lambda: jax.jit(compiled)(1, 2))
show("eval_shape", lambda: str(jax.eval_shape(f, shape, shape)))
show("jit eval_shape", lambda: str(jax.jit(f).eval_shape(shape, 1.0)))
print(jax.jit(f).lower(1, 2).compile().as_text() is not None)
show("no lower", lambda: f.lower)
print(
    jax.jit(jax.grad(lambda x: x**2)).lower(1.0).compile()(3.0),
    jax.jit(jax.vmap(f)).trace(jnp.ones(2), jnp.ones(2)).jaxpr.out_avals,
)
print(jax.jit(f).__name__, jax.jit(f).__wrapped__ is f, compiled.memory_analysis() is not None)
