"""Quax: unitful, low-rank, symbolic zero, named and structured arrays through functions of JAX, as its examples have them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import quax
from quax.examples import lora, named, structured_matrices, unitful, zero

TOLERANCE = 2e-5


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)] or [np.zeros(0)]
    ).tolist()


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def units():
    meters, seconds, kilograms = unitful.meters, unitful.seconds, unitful.kilograms
    a, b = unitful.Unitful(jnp.array([1.0, 2.0]), meters), unitful.Unitful(jnp.array([3.0, 4.0]), meters)
    c = unitful.Unitful(jnp.array([0.5, 0.25]), seconds)

    @jax.jit
    @quax.quaxify
    def add_square(x, y):
        return (x + y) ** 2

    summed, product = quax.quaxify(jnp.add)(a, b), quax.quaxify(jnp.multiply)(a, c)
    squared = add_square(a, b)
    out = flat((summed.array, product.array, squared.array))
    out += [
        float(product.units[meters]),
        float(product.units[seconds]),
        float(squared.units[meters]),
        float(quax.quaxify(lambda x, y: x < y)(a, b).all()),
    ]
    try:
        quax.quaxify(jnp.add)(a, c)
        out.append(0.0)
    except ValueError:
        out.append(1.0)
    gravity = quax.quaxify(lambda m, x: m * 9.8 * x)(unitful.Unitful(jnp.array(2.0), kilograms), a)
    return {"units": out + flat(gravity.array)}


def low_rank():
    """LoRA: a linear layer whose weight is a sum, 50 steps."""
    key1, key2, key3 = jr.split(jr.PRNGKey(0), 3)
    linear = eqx.nn.Linear(10, 12, key=key1)
    true = lora.LoraArray(linear.weight, rank=2, scale=0.1, key=key2)
    lora_linear = eqx.tree_at(lambda l: l.weight, linear, true)
    vector = jr.normal(key3, (10,))
    run = eqx.filter_jit(lambda model, x: quax.quaxify(model)(x))
    out = flat(run(lora_linear, vector)) + flat(linear(vector))
    mlp = eqx.nn.MLP(3, 1, 8, 2, key=key1)
    model = lora.loraify(mlp, rank=2, scale=0.1, key=key2)
    x, y = data((16, 3)), data((16, 1), 1)

    @eqx.filter_jit
    def step(model):
        def loss(model):
            return jnp.mean((jax.vmap(quax.quaxify(model))(x) - y) ** 2)

        value, grads = eqx.filter_value_and_grad(loss)(model)
        return eqx.apply_updates(model, jax.tree.map(lambda g: -0.1 * g, grads)), value

    losses = []
    for _ in range(50):
        model, value = step(model)
        losses.append(float(value))
    return {"lora": out, "lora_training": losses}


def zeros():
    z = zero.Zero((3, 4), jnp.float32)
    x = data((3, 4))
    out = []
    for f in (jnp.add, jnp.multiply):
        v = quax.quaxify(f)(z, x)
        out.append(float(isinstance(v, zero.Zero)))
        out += flat(v.materialise() if isinstance(v, quax.Value) else v)
    v = quax.quaxify(lambda a, b: a @ b)(z, data((4, 2)))
    out += [float(isinstance(v, zero.Zero)), *flat(v.materialise() if isinstance(v, quax.Value) else v)]
    v = quax.quaxify(lambda a: jnp.transpose(a)[1:])(z)
    out += [float(isinstance(v, zero.Zero)), *map(float, v.shape)]
    return {"zeros": out}


def names():
    batch, inner, outer = named.Axis(3), named.Axis(4), named.Axis(2)
    a, b = named.NamedArray(data((3, 4)), (batch, inner)), named.NamedArray(data((4, 2), 1), (inner, outer))
    c = quax.quaxify(lambda x, y: x + y)(a, a)
    d = quax.quaxify(named.dot)(a, b) if hasattr(named, "dot") else None
    out = flat(c.array)
    if d is not None:
        out += flat(d.array)
    return {"names": out}


def tridiagonal():
    t = structured_matrices.TridiagonalMatrix(data((3,), 1), data((4,)), data((3,), 2), True)
    y = data((4,), 3)
    solved = quax.quaxify(lambda m, v: m @ v)(t, y)
    dense = t.materialise()
    return {"tridiagonal": flat(solved) + flat(dense @ y)}


def own_rules():
    """An array type of one's own: a rule for addition, the default for the rest, through jit, grad, scan, cond, while."""

    class Doubled(quax.ArrayValue):
        array: jax.Array

        def aval(self):
            return jax.core.ShapedArray(self.array.shape, self.array.dtype)

        def materialise(self):
            return 2 * self.array

    @quax.register(jax.lax.add_p)
    def _(x: Doubled, y: Doubled):
        return Doubled(x.array + y.array)

    x = Doubled(data((3,)))
    out = []
    s = quax.quaxify(jnp.add)(x, x)
    out += [float(type(s) is Doubled), *flat(s.array)]
    for f in (
        jnp.sin,
        lambda v: jnp.sum(v * v),
        lambda v: v[1:] * 2,
        lambda v: jax.jit(jnp.cos)(v),
        lambda v: jax.nn.relu(v),
        lambda v: jnp.where(v > 0, v, 0.0),
        lambda v: jnp.exp(v) / v,
        lambda v: jnp.concatenate([v, v]),
    ):
        out += flat(quax.quaxify(f)(x))
    out += flat(quax.quaxify(lambda v: jax.lax.scan(lambda c, a: (c + a, c * a), jnp.float32(0.0), v))(x))
    out += flat(quax.quaxify(lambda v: jax.lax.cond(True, jnp.sin, jnp.cos, v))(x))
    out += flat(quax.quaxify(lambda v: jax.lax.while_loop(lambda c: jnp.sum(c) < 10, lambda c: c * c + 1, v))(x))
    out += flat(jax.jit(quax.quaxify(lambda v: jnp.tanh(v) @ v))(x))
    out += flat(jax.grad(lambda a: quax.quaxify(lambda v: jnp.sum(jnp.sin(v)))(Doubled(a)))(data((3,))))
    return {"own_rules": out}


def main():
    out = {}
    for f in (units, low_rank, zeros, names, tridiagonal, own_rules):
        out |= f()
    return out


def step():
    model = lora.loraify(eqx.nn.MLP(4, 1, 32, 2, key=jr.PRNGKey(0)), rank=2, scale=0.1, key=jr.PRNGKey(1))
    x, y = data((64, 4)), data((64, 1), 1)
    run = eqx.filter_jit(
        lambda m: eqx.filter_value_and_grad(lambda m: jnp.mean((jax.vmap(quax.quaxify(m))(x) - y) ** 2))(m)
    )
    return lambda: jax.block_until_ready(run(model)[0])
