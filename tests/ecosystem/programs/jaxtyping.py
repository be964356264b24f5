# ruff: noqa: F722, F821 (names of axes are texts)
"""Jaxtyping: annotations of shapes and dtypes checked at runtime, with Equinox modules, trees, names across arguments."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from beartype import beartype
from jaxtyping import (
    Array,
    ArrayLike,
    Bool,
    Float,
    Float32,
    Int,
    Integer,
    Key,
    Num,
    PRNGKeyArray,
    PyTree,
    Scalar,
    Shaped,
    UInt8,
    jaxtyped,
)

TOLERANCE = 1e-5


def holds(x, kind):
    return float(isinstance(x, kind))


def raised(f, *args):
    try:
        f(*args)
        return 0.0
    except Exception:
        return 1.0


def instances():
    f, i, b, k = jnp.ones((2, 3)), jnp.arange(4), jnp.array(True), jax.random.key(0)
    checks = [
        (f, Float[Array, "2 3"]), (f, Float[Array, "a b"]), (f, Float[Array, "a a"]), (f, Float[Array, "..."]), (f, Float[Array, "*batch 3"]), (f, Int[Array, "..."]), (f, Float32[Array, "2 _"]),
        (f, Num[Array, "a b"]), (i, Int[Array, "4"]), (i, Integer[Array, "n"]), (i, Float[Array, "n"]), (b, Bool[Array, ""]), (i, UInt8[Array, "n"]), (f, Shaped[Array, "2 3"]), (k, Key[Array, ""]), (k, PRNGKeyArray),
        (np.ones(3), Float[np.ndarray, "3"]), (np.ones(3), Float[Array, "3"]), (1.0, Float[ArrayLike, ""]), (f, Float[ArrayLike, "2 3"]), (jax.random.PRNGKey(0), PRNGKeyArray), (jnp.float32(1.0), Scalar), (jax.ShapeDtypeStruct((2, 3), jnp.float32), Float[jax.ShapeDtypeStruct, "2 3"]),
        ({"a": f, "b": [f]}, PyTree[Float[Array, "2 3"]]), ({"a": f, "b": [i]}, PyTree[Float[Array, "2 3"]]), ((f, f), PyTree[Array]), (f.astype(jnp.bfloat16), Float[Array, "a b"]), (f + 1j, Float[Array, "a b"]),
    ]  # fmt: skip
    return {"instances": [holds(x, kind) for x, kind in checks]}


def functions():
    @jaxtyped(typechecker=beartype)
    def product(a: Float[Array, "n m"], b: Float[Array, "m k"]) -> Float[Array, "n k"]:
        return a @ b

    @jaxtyped(typechecker=beartype)
    def same(a: Float[Array, "n"], b: Float[Array, "n"]) -> Float[Array, ""]:
        return jnp.sum(a * b)

    @jaxtyped(typechecker=beartype)
    def wrong(a: Float[Array, "n"]) -> Float[Array, "n+1"]:
        return a

    @jaxtyped(typechecker=beartype)
    def trees(a: PyTree[Float[Array, "..."], "T"], b: PyTree[Float[Array, "..."], "T"]):
        return jax.tree.map(lambda x, y: x + y, a, b)

    @jax.jit
    @jaxtyped(typechecker=beartype)
    def jitted(x: Float[Array, "3"], y: Float[Array, " 3"]) -> Float[Array, "3"]:
        return x * y

    a, b = jnp.ones((2, 3)), jnp.ones((3, 4))
    out = [
        raised(product, a, b),
        raised(product, a, a),
        raised(same, a[0], a[1]),
        raised(same, a[0], b[:, 0]),
        raised(same, a[0], b[0]),
        raised(wrong, a[0]),
        raised(trees, {"x": a}, {"x": b}),
        raised(trees, {"x": a}, [b]),
    ]
    out += [
        raised(jitted, a[0], a[1]),
        raised(jitted, b[0], b[1]),
        raised(jax.vmap(jitted), a, a),
        raised(jax.grad(lambda v: jitted(v, v).sum()), a[0]),
    ]
    return {"functions": [*out, float(product(a, b).sum())]}


def modules():
    @jaxtyped(typechecker=beartype)
    class Linear(eqx.Module):
        weight: Float[Array, "out in"]
        bias: Float[Array, "out"]

        def __call__(self, x: Float[Array, "in"]) -> Float[Array, "out"]:
            return self.weight @ x + self.bias

    x = jnp.array([0.5, -1.0, 2.0])
    model = Linear(jnp.ones((2, 3)), jnp.zeros(2))

    @eqx.filter_jit
    def step(model):
        value, grads = eqx.filter_value_and_grad(lambda m: jnp.sum((m(x) - jnp.array([1.0, -1.0])) ** 2))(model)
        return eqx.apply_updates(model, jax.tree.map(lambda g: -0.02 * g, grads)), value

    losses = []
    for _ in range(50):
        model, value = step(model)
        losses.append(float(value))
    return {
        "training": losses,
        "modules": [raised(Linear, jnp.ones((2, 3)), jnp.zeros(3)), raised(model, jnp.ones(4)), raised(model, x)],
    }


def main():
    out = {}
    for f in (instances, functions, modules):
        out |= f()
    return out


def step():
    @jax.jit
    @jaxtyped(typechecker=beartype)
    def run(x: Float[Array, "n n"], y: Float[Array, "n"]) -> Float[Array, "n"]:
        return jnp.tanh(x @ y)

    x, y = jnp.ones((32, 32)) / 32, jnp.ones(32)
    return lambda: jax.block_until_ready(run(x, y))
