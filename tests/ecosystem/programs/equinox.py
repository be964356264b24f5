"""Equinox: modules, filtered transformations, layers of `eqx.nn`, state, `error_if`, loops with checkpoints, `tree_at`, enumerations."""

import equinox as eqx
import equinox.internal as eqxi
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax

TOLERANCE = {"": 2e-5, "linear_training": 1e-4, "cnn": 2e-4, "rnn": 2e-4, "batchnorm": 2e-4}


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(eqx.filter(tree, eqx.is_array_like))]
    ).tolist()


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


class Linear(eqx.Module):
    weight: jax.Array
    bias: jax.Array

    def __init__(self, in_size, out_size, key):
        wkey, bkey = jax.random.split(key)
        self.weight = jax.random.normal(wkey, (out_size, in_size))
        self.bias = jax.random.normal(bkey, (out_size,))

    def __call__(self, x):
        return self.weight @ x + self.bias


def quick_start():
    @jax.jit
    @jax.grad
    def loss_fn(model, x, y):
        pred_y = jax.vmap(model)(x)
        return jax.numpy.mean((y - pred_y) ** 2)

    batch_size, in_size, out_size = 32, 2, 3
    model = Linear(in_size, out_size, key=jax.random.PRNGKey(0))
    x = jax.numpy.zeros((batch_size, in_size))
    y = jax.numpy.zeros((batch_size, out_size))
    grads = loss_fn(model, x, y)

    @eqx.filter_value_and_grad
    def loss(model, x, y):
        return jnp.mean((y - jax.vmap(model)(x)) ** 2)

    x, y = data((32, 2)), data((32, 3), 1)
    losses = []
    step = eqx.filter_jit(lambda m: (lambda v, g: (v, jax.tree.map(lambda p, d: p - 0.1 * d, m, g)))(*loss(m, x, y)))
    for _ in range(50):
        value, model = step(model)
        losses.append(float(value))
    return {"quick_start": flat(grads), "linear_training": losses}


def mlp():
    """An MLP trained with Optax, 50 steps."""
    model = eqx.nn.MLP(2, 1, 16, 2, activation=jax.nn.tanh, final_activation=jax.nn.softplus, key=jr.PRNGKey(1))
    optim = optax.adam(1e-2)
    state = optim.init(eqx.filter(model, eqx.is_inexact_array))
    x = data((64, 2))
    y = jnp.sum(jnp.sin(x), axis=1, keepdims=True) ** 2

    @eqx.filter_jit
    def make_step(model, state):
        loss, grads = eqx.filter_value_and_grad(lambda m: jnp.mean((jax.vmap(m)(x) - y) ** 2))(model)
        updates, state = optim.update(grads, state, model)
        return eqx.apply_updates(model, updates), state, loss

    losses = []
    for _ in range(50):
        model, state, loss = make_step(model, state)
        losses.append(float(loss))
    return {"mlp": losses}


def layers():
    k = jr.PRNGKey(3)
    out = {}

    def note(name, layer, *args, **kwargs):
        value = layer(*args, **kwargs)
        params, static = eqx.partition(layer, eqx.is_inexact_array)
        grads = jax.grad(
            lambda p: sum(
                jnp.sum(jnp.sin(v))
                for v in jax.tree.leaves(eqx.filter(eqx.combine(p, static)(*args, **kwargs), eqx.is_inexact_array))
            )
        )(params)
        out[f"layer_{name}"] = flat(value) + (flat(grads) if jax.tree.leaves(grads) else [])

    note("linear", eqx.nn.Linear(3, 4, key=k), data((3,)))
    note("linear_scalar", eqx.nn.Linear("scalar", 4, key=k), jnp.array(0.3))
    note("conv1d", eqx.nn.Conv1d(2, 3, 3, key=k), data((2, 8)))
    note("conv2d", eqx.nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2, key=k), data((2, 6, 6)))
    note("conv_transpose", eqx.nn.ConvTranspose2d(2, 3, 3, stride=2, key=k), data((2, 4, 4)))
    note("maxpool", eqx.nn.MaxPool2d(2, 2), data((2, 4, 4)))
    note("avgpool", eqx.nn.AvgPool2d(3, 1), data((2, 5, 5)))
    note("adaptive", eqx.nn.AdaptiveAvgPool2d(2), data((2, 5, 5)))
    note("layernorm", eqx.nn.LayerNorm(6), data((6,)))
    note("rmsnorm", eqx.nn.RMSNorm(6), data((6,)))
    note("groupnorm", eqx.nn.GroupNorm(2, 4), data((4, 3)))
    note("embedding", eqx.nn.Embedding(5, 3, key=k), jnp.array(2))
    note("attention", eqx.nn.MultiheadAttention(2, 8, key=k), data((5, 8)), data((5, 8), 1), data((5, 8), 2))
    note("gru", eqx.nn.GRUCell(3, 4, key=k), data((3,)), data((4,)))
    note("lstm", eqx.nn.LSTMCell(3, 4, key=k), data((3,)), (data((4,)), data((4,), 1)))
    note("prelu", eqx.nn.PReLU(), data((5,)))
    note("dropout", eqx.nn.Dropout(0.4), data((9,)), key=k)
    note("weightnorm", eqx.nn.WeightNorm(eqx.nn.Linear(3, 4, key=k)), data((3,)))
    note("rope", eqx.nn.RotaryPositionalEmbedding(8), data((5, 8)))
    note(
        "sequential",
        eqx.nn.Sequential([eqx.nn.Linear(3, 4, key=k), eqx.nn.Lambda(jax.nn.relu), eqx.nn.Linear(4, 2, key=k)]),
        data((3,)),
    )
    note("identity", eqx.nn.Identity(), data((3,)))
    return out


def batchnorm():
    """State: batch norm and spectral norm under vmap, 20 steps."""

    class Model(eqx.Module):
        norm1: eqx.nn.BatchNorm
        spectral: eqx.nn.SpectralNorm
        linear: eqx.nn.Linear

        def __init__(self, key):
            a, b, c = jr.split(key, 3)
            self.norm1 = eqx.nn.BatchNorm(input_size=3, axis_name="batch", mode="batch")
            self.spectral = eqx.nn.SpectralNorm(layer=eqx.nn.Linear(3, 8, key=a), weight_name="weight", key=b)
            self.linear = eqx.nn.Linear(8, 1, key=c)

        def __call__(self, x, state):
            x, state = self.norm1(x, state)
            x, state = self.spectral(x, state)
            return self.linear(jax.nn.relu(x)), state

    model, state = eqx.nn.make_with_state(Model)(jr.PRNGKey(5))
    xs, ys = data((16, 3)), data((16, 1), 1)

    def loss(model, state):
        pred, state = jax.vmap(model, axis_name="batch", in_axes=(0, None), out_axes=(0, None))(xs, state)
        return jnp.mean((pred - ys) ** 2), state

    @eqx.filter_jit
    def step(model, state):
        (value, state), grads = eqx.filter_value_and_grad(loss, has_aux=True)(model, state)
        return eqx.apply_updates(model, jax.tree.map(lambda g: -0.05 * g, grads)), state, value

    out = []
    for _ in range(20):
        model, state, value = step(model, state)
        out.append(float(value))
    inference = eqx.nn.inference_mode(model)
    pred, _ = jax.vmap(inference, axis_name="batch", in_axes=(0, None), out_axes=(0, None))(xs, state)
    index = eqx.nn.StateIndex(jnp.array(2.0))
    return {"batchnorm": out, "inference": flat(pred), "index": [float(index.init)]}


def cnn():
    class CNN(eqx.Module):
        layers: list

        def __init__(self, key):
            k1, k2, k3 = jr.split(key, 3)
            self.layers = [
                eqx.nn.Conv2d(1, 3, kernel_size=4, key=k1), eqx.nn.MaxPool2d(kernel_size=2), jax.nn.relu, jnp.ravel,
                eqx.nn.Linear(3 * 4 * 4, 16, key=k2), jax.nn.sigmoid, eqx.nn.Linear(16, 4, key=k3), jax.nn.log_softmax,
            ]  # fmt: skip

        def __call__(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    model = CNN(jr.PRNGKey(7))
    x, y = data((12, 1, 8, 8)), jnp.arange(12) % 4
    optim = optax.adamw(3e-3)
    state = optim.init(eqx.filter(model, eqx.is_array))

    def loss(model, x, y):
        pred = jax.vmap(model)(x)
        return -jnp.mean(jnp.take_along_axis(pred, jnp.expand_dims(y, 1), axis=1))

    @eqx.filter_jit
    def make_step(model, state, x, y):
        value, grads = eqx.filter_value_and_grad(loss)(model, x, y)
        updates, state = optim.update(grads, state, eqx.filter(model, eqx.is_array))
        return eqx.apply_updates(model, updates), state, value

    out = []
    for _ in range(50):
        model, state, value = make_step(model, state, x, y)
        out.append(float(value))
    return {"cnn": out}


def rnn():
    class RNN(eqx.Module):
        hidden_size: int
        cell: eqx.Module
        linear: eqx.nn.Linear
        bias: jax.Array

        def __init__(self, in_size, out_size, hidden_size, *, key):
            ckey, lkey = jr.split(key)
            self.hidden_size = hidden_size
            self.cell = eqx.nn.GRUCell(in_size, hidden_size, key=ckey)
            self.linear = eqx.nn.Linear(hidden_size, out_size, use_bias=False, key=lkey)
            self.bias = jnp.zeros(out_size)

        def __call__(self, input):
            def f(carry, inp):
                return self.cell(inp, carry), None

            out, _ = jax.lax.scan(f, jnp.zeros((self.hidden_size,)), input)
            return jax.nn.sigmoid(self.linear(out) + self.bias)

    model = RNN(2, 1, 8, key=jr.PRNGKey(9))
    x, y = data((16, 10, 2)), (jnp.arange(16) % 2).astype(jnp.float32)

    @eqx.filter_value_and_grad
    def loss(model):
        pred = jax.vmap(model)(x)[:, 0]
        return -jnp.mean(y * jnp.log(pred) + (1 - y) * jnp.log(1 - pred))

    optim = optax.adam(1e-2)
    state = optim.init(eqx.filter(model, eqx.is_inexact_array))

    @eqx.filter_jit
    def step(model, state):
        value, grads = loss(model)
        updates, state = optim.update(grads, state)
        return eqx.apply_updates(model, updates), state, value

    out = []
    for _ in range(50):
        model, state, value = step(model, state)
        out.append(float(value))
    return {"rnn": out}


def raises(f, *args):
    try:
        jax.block_until_ready(f(*args))
        return [0.0, ""]
    except Exception as error:
        return [1.0, str(error)]


def errors():
    """`error_if` eagerly, under jit, vmap, grad; it checks, and says what it was told."""

    @eqx.filter_jit
    def f(x):
        x = eqx.error_if(x, x < 0, "x must be >= 0")
        return jnp.sqrt(x)

    @jax.jit
    def g(x):
        x = eqx.error_if(x, jnp.any(x < 0), "negative")
        return x * 2

    @eqx.filter_jit
    def branched(x, i):
        return eqx.branched_error_if(x, x > 1, i, ["first message", "second message"])

    found = [
        raises(f, 1.0), raises(f, -1.0), raises(f, jnp.array(-1.0)), raises(g, jnp.ones(2)), raises(g, -jnp.ones(2)),
        raises(jax.vmap(f), jnp.array([1.0, -1.0])), raises(eqx.filter_grad(f), 1.0), raises(eqx.filter_grad(f), -1.0),
        raises(branched, jnp.array(2.0), jnp.array(1)), raises(branched, jnp.array(0.0), jnp.array(1)),
        raises(lambda x: eqx.error_if(x, x > 0, "eager"), jnp.array(1.0)),
        raises(eqx.filter_jit(lambda x: jax.lax.scan(lambda c, _: (eqx.error_if(c + 1, c > 3, "in a loop"), c), x, None, length=6)), jnp.array(0.0)),
    ]  # fmt: skip
    says = [
        float(t in m)
        for t, (_, m) in zip(
            [
                "",
                "x must be >= 0",
                "x must be >= 0",
                "",
                "negative",
                "x must be >= 0",
                "",
                "x must be >= 0",
                "second message",
                "",
                "eager",
                "in a loop",
            ],
            found,
        )
    ]
    return {"errors": [r for r, _ in found], "messages": says}


def loops():
    def cond(c):
        return c[0] < 7

    def body(c):
        i, x = c
        return i + 1, jnp.sin(x) * 1.1 + 0.1

    out = {}
    for kind, kwargs in (("lax", {}), ("checkpointed", {"max_steps": 16}), ("bounded", {"max_steps": 16, "base": 4})):

        def run(x, kind=kind, kwargs=kwargs):
            return eqxi.while_loop(cond, body, (0, x), kind=kind, **kwargs)[1]

        x = data((3,))
        values = flat(run(x)) + flat(eqx.filter_jit(run)(x)) + flat(jax.vmap(run)(data((2, 3))))
        if kind != "lax":
            values += flat(jax.grad(lambda x: run(x).sum())(x)) + flat(
                jax.jit(jax.grad(lambda x: jax.vmap(run)(x).sum()))(data((2, 3)))
            )
        out[f"while_{kind}"] = values
    for kind in ("lax", "checkpointed"):

        def scanned(x, kind=kind):
            return eqxi.scan(lambda c, a: (jnp.tanh(c + a), c * a), x, jnp.arange(5.0), kind=kind)

        out[f"scan_{kind}"] = flat(scanned(jnp.array(0.2))) + [float(jax.grad(lambda x: scanned(x)[0])(jnp.array(0.2)))]
    return out


def transformations():
    """filter_jvp, filter_vjp, filter_custom_vjp, filter_vmap, filter_make_jaxpr, filter_eval_shape, closure conversion, checkpoint."""
    x = data((4,))
    out = flat(eqx.filter_jvp(lambda x, n: jnp.sin(x) ** n, (x, 2), (jnp.ones(4), None)))
    value, pull = eqx.filter_vjp(lambda x, n: jnp.sin(x) ** n, x, 2)
    out += flat(value) + flat(pull(jnp.ones(4)))

    @eqx.filter_custom_vjp
    def clipped(x):
        return jnp.sum(x**2)

    @clipped.def_fwd
    def clipped_fwd(perturbed, x):
        return clipped(x), x

    @clipped.def_bwd
    def clipped_bwd(residuals, g, perturbed, x):
        return jnp.clip(2 * residuals * g, -1, 1)

    out += flat(jax.grad(clipped)(x))

    @eqx.filter_custom_jvp
    def cubed(x, *, n):
        return x**3 * n

    @cubed.def_jvp
    def cubed_jvp(primals, tangents, *, n):
        (x,), (t,) = primals, tangents
        return cubed(x, n=n), 10.0 * t

    out += flat(jax.grad(lambda x: cubed(x, n=2).sum())(x))
    ensemble = eqx.filter_vmap(lambda key: eqx.nn.MLP(2, 2, 4, 1, key=key))(jr.split(jr.PRNGKey(0), 3))
    out += flat(eqx.filter_vmap(lambda m, x: m(x), in_axes=(eqx.if_array(0), None))(ensemble, data((2,))))
    out += (
        flat(eqx.filter_hessian(lambda x: jnp.sum(jnp.sin(x) * x))(x))
        + flat(eqx.filter_jacfwd(jnp.sin)(x))
        + flat(eqx.filter_jacrev(jnp.cos)(x))
    )
    struct = eqx.filter_eval_shape(
        lambda m, x: m(x), eqx.nn.Linear(3, 4, key=jr.PRNGKey(0)), jax.ShapeDtypeStruct((3,), jnp.float32)
    )
    out += list(map(float, struct.shape))
    converted = eqx.filter_closure_convert(lambda a: jnp.sin(a) * x, x)
    out += (
        flat(converted(x))
        + flat(eqx.filter_checkpoint(jnp.sin)(x))
        + flat(jax.grad(lambda v: eqx.filter_checkpoint(jnp.sin)(v).sum())(x))
    )
    jaxpr, struct, _ = eqx.filter_make_jaxpr(lambda x, y: jnp.sin(x) * y)(x, 2.0)
    out += [float(len(jaxpr.eqns)), *map(float, struct.shape)]
    out += flat(
        eqx.filter_pure_callback(
            lambda v: np.sin(np.asarray(v)), x, result_shape_dtypes=jax.ShapeDtypeStruct((4,), jnp.float32)
        )
    )
    return {"transformations": out}


def trees():
    mlp = eqx.nn.MLP(2, 2, 4, 1, key=jr.PRNGKey(0))
    changed = eqx.tree_at(lambda m: m.layers[0].bias, mlp, jnp.ones(4))
    out = flat(changed(data((2,)))) + [float(bool(eqx.tree_equal(mlp, mlp))), float(bool(eqx.tree_equal(mlp, changed)))]
    params, static = eqx.partition(mlp, eqx.is_array)
    out += flat(eqx.combine(params, static)(data((2,)))) + [float(len(jax.tree.leaves(params)))]
    frozen = jax.tree.map(lambda _: False, mlp)
    frozen = eqx.tree_at(lambda t: (t.layers[-1].weight, t.layers[-1].bias), frozen, replace=(True, True))
    grads = eqx.filter_grad(lambda d, s: jnp.sum(eqx.combine(d, s)(data((2,)))))(*eqx.partition(mlp, frozen))
    out += flat(grads)
    out += [float(len(eqx.tree_pformat(mlp)) > 20), float(eqx.tree_check(mlp) is None)]
    bound = eqx.Partial(lambda a, b: a * b, data((2,)))
    out += flat(eqx.filter_jit(lambda f, y: f(y))(bound, data((2,), 1)))

    class Method(eqx.Module):
        scale: jax.Array
        name: str = eqx.field(static=True, default="name")

        @jax.jit
        def __call__(self, x):
            return self.scale * x

        @eqx.filter_jit
        def twice(self, x, flag=True):
            return self(self(x)) if flag else x

    m = Method(jnp.array(3.0))
    out += [
        float(m(2.0)),
        float(m.twice(jnp.array(2.0))),
        float(m.twice(jnp.array(2.0), False)),
        float(jax.vmap(m.twice)(jnp.ones(2)).sum()),
    ]

    class Choice(eqx.Enumeration):
        a = "first"
        b = "second"

    out += [
        float(Choice.a == Choice.a),
        float(Choice.where(jnp.array(True), Choice.a, Choice.b) == Choice.a),
        float(Choice[Choice.b] == "second"),
    ]
    return {"trees": out}


def internal():
    x = data((3,))
    out = (
        flat(eqxi.unvmap_any(x > 0))
        + flat(jax.vmap(lambda v: eqxi.unvmap_all(v > -10))(x))
        + flat(jax.vmap(lambda v: eqxi.unvmap_max(v.astype(int)))(x))
    )
    out += flat(eqxi.nondifferentiable(x))
    noinlined = eqxi.noinline(lambda a, b: jnp.sin(a) * b)
    out += (
        flat(noinlined(x, x))
        + flat(eqx.filter_jit(noinlined)(x, x))
        + flat(jax.grad(lambda a: noinlined(a, x).sum())(x))
        + flat(jax.vmap(noinlined)(x, x))
    )
    out += [
        raises(jax.grad(lambda v: eqxi.nondifferentiable(v)), 1.0)[0],
        raises(jax.grad(lambda v: eqxi.nondifferentiable_backward(v)), 1.0)[0],
    ]
    out += flat(jax.jvp(lambda v: eqxi.nondifferentiable_backward(v) * 2, (1.0,), (1.0,)))
    out += [raises(jax.vmap(lambda v: eqxi.nontraceable(v)), x)[0], raises(lambda: eqxi.nontraceable(x))[0]]
    buffers = eqxi.while_loop(
        lambda c: c[0] < 3,
        lambda c: (c[0] + 1, c[1].at[c[0]].set(c[0] * 2.0)),
        (0, jnp.zeros(4)),
        kind="lax",
        buffers=lambda c: c[1],
    )
    out += flat(buffers)
    return {"internal": out}


def main():
    out = {}
    for f in (quick_start, mlp, layers, batchnorm, cnn, rnn, errors, loops, transformations, trees, internal):
        out |= f()
    return out


def step():
    model = eqx.nn.MLP(4, 1, 32, 3, key=jr.PRNGKey(1))
    optim = optax.adam(1e-3)
    state = optim.init(eqx.filter(model, eqx.is_inexact_array))
    x, y = data((128, 4)), data((128, 1), 1)

    @eqx.filter_jit
    def make_step(model, state, x, y):
        loss, grads = eqx.filter_value_and_grad(lambda m: jnp.mean((jax.vmap(m)(x) - y) ** 2))(model)
        updates, state = optim.update(grads, state, model)
        return eqx.apply_updates(model, updates), state, loss

    held = [model, state]

    def run():
        held[0], held[1], loss = make_step(*held, x, y)
        return loss.block_until_ready()

    return run
