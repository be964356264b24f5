"""Haiku: its quick start, the basics, transformed functions with state, recurrent cores, and the modules of its reference."""

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import optax

TOLERANCE = {"": 5e-5, "loss cnn": 2e-3, "loss batchnorm": 1e-3, "loss transformer": 1e-3}


def summary(tree):
    """A few numbers of a tree: its size, sum, sum of squares and first elements."""
    x = np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)])
    return [float(len(x)), float(x.sum()), float((x * x).sum()), *map(float, x[:: max(1, len(x) // 5)][:5])]


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def trained(f, loss_of, args, name, steps=50, rate=1e-2):
    """The losses of steps of a transformed function without state."""
    model = hk.transform(f)
    params = model.init(jax.random.PRNGKey(42), *args)
    tx = optax.adam(rate)
    state = tx.init(params)
    first = jax.jit(jax.grad(lambda p: loss_of(model.apply, p, jax.random.PRNGKey(1))))(params)

    @jax.jit
    def step(params, state, key):
        loss, grads = jax.value_and_grad(lambda p: loss_of(model.apply, p, key))(params)
        updates, state = tx.update(grads, state)
        return optax.apply_updates(params, updates), state, loss

    losses, keys, begin = [], hk.PRNGSequence(7), summary(params)
    for _ in range(steps):
        params, state, loss = step(params, state, next(keys))
        losses.append(float(loss))
    return {f"init {name}": begin, f"grad {name}": summary(first), f"loss {name}": losses}


def quick_start():
    """The README's: an MLP with softmax cross entropy, and stochastic gradient descent by hand."""
    images, labels = data((8, 28 * 4)), jnp.arange(8) % 10

    def loss_fn(images, labels):
        mlp = hk.Sequential([hk.Linear(300), jax.nn.relu, hk.Linear(100), jax.nn.relu, hk.Linear(10)])
        logits = mlp(images)
        one_hot = jax.nn.one_hot(labels, 10)
        return -jnp.mean(jnp.sum(one_hot * jax.nn.log_softmax(logits), axis=-1))

    loss_fn_t = hk.without_apply_rng(hk.transform(loss_fn))
    params = loss_fn_t.init(jax.random.PRNGKey(42), images, labels)
    update_rule = lambda param, update: param - 0.01 * update
    gradient = jax.jit(jax.value_and_grad(loss_fn_t.apply))
    losses = []
    for _ in range(50):
        loss, grads = gradient(params, images, labels)
        params = jax.tree.map(update_rule, params, grads)
        losses.append(float(loss))
    return {"quick_start": losses}


class MyLinear(hk.Module):
    """The basics: parameters by `hk.get_parameter`."""

    def __init__(self, output_size, name=None):
        super().__init__(name=name)
        self.output_size = output_size

    def __call__(self, x):
        j, k = x.shape[-1], self.output_size
        w = hk.get_parameter("w", shape=[j, k], dtype=x.dtype, init=hk.initializers.TruncatedNormal(1.0 / np.sqrt(j)))
        b = hk.get_parameter("b", shape=[k], dtype=x.dtype, init=jnp.ones)
        return jnp.dot(x, w) + b


def own_module():
    x = data((32, 6))
    y = jnp.sin(x.sum(1, keepdims=True))

    def f(x):
        x = hk.dropout(hk.next_rng_key(), 0.1, jnp.tanh(MyLinear(16, name="first")(x)))
        return MyLinear(1)(x)

    return trained(f, lambda apply, p, key: jnp.mean((apply(p, key, x) - y) ** 2), (x,), "own")


def images():
    x, labels = data((16, 12, 12, 1)), jnp.arange(16) % 10

    def f(x):
        net = hk.Sequential([
            hk.Conv2D(8, 3), jax.nn.relu, hk.AvgPool(2, 2, "SAME"), hk.Conv2D(16, 3), jax.nn.relu, hk.MaxPool(2, 2, "SAME"),
            hk.Flatten(), hk.Linear(32), jax.nn.relu, hk.Linear(10),
        ])  # fmt: skip
        return net(x)

    def loss(apply, p, key):
        return optax.softmax_cross_entropy_with_integer_labels(apply(p, key, x), labels).mean()

    return trained(f, loss, (x,), "cnn")


def recurrent():
    x = data((7, 8, 3))  # time first
    y = jnp.sin(x.sum((0, 2)))

    def f(x):
        core = hk.DeepRNN([hk.LSTM(8), jnp.tanh, hk.GRU(6)])
        out, _ = hk.dynamic_unroll(core, x, core.initial_state(x.shape[1]))
        return hk.Linear(1)(out[-1])[:, 0]

    return trained(f, lambda apply, p, key: jnp.mean((apply(p, key, x) - y) ** 2), (x,), "rnn", steps=30)


def transformer():
    tokens = jnp.array(np.random.default_rng(0).integers(0, 11, (4, 9)))

    def f(tokens):
        x = hk.Embed(11, 16)(tokens)
        mask = jnp.tril(jnp.ones((1, 1, x.shape[1], x.shape[1])))
        for _ in range(2):
            h = hk.LayerNorm(axis=-1, create_scale=True, create_offset=True)(x)
            x = x + hk.MultiHeadAttention(4, 4, w_init=hk.initializers.VarianceScaling(1.0), model_size=16)(
                h, h, h, mask
            )
            x = x + hk.nets.MLP([64, 16], activation=jax.nn.gelu)(x)
        return hk.Linear(11)(x)

    def loss(apply, p, key):
        return optax.softmax_cross_entropy_with_integer_labels(apply(p, key, tokens[:, :-1]), tokens[:, 1:]).mean()

    return trained(f, loss, (tokens[:, :-1],), "transformer", rate=3e-3)


def vae():
    x = jax.nn.sigmoid(data((16, 9)))

    def f(x):
        hidden = jax.nn.relu(hk.Linear(16)(x))
        mean, stddev = hk.Linear(3)(hidden), jnp.exp(hk.Linear(3)(hidden))
        z = mean + stddev * jax.random.normal(hk.next_rng_key(), mean.shape)
        return hk.Sequential([hk.Linear(16), jax.nn.relu, hk.Linear(9)])(z), mean, stddev

    def loss(apply, p, key):
        out, mean, stddev = apply(p, key, x)
        kl = 0.5 * jnp.sum(-jnp.log(stddev**2) - 1.0 + stddev**2 + mean**2, -1)
        return jnp.mean(jnp.sum((out - x) ** 2, -1) + kl)

    return trained(f, loss, (x,), "vae")


def batchnorm():
    """`transform_with_state`."""
    x = data((32, 6))
    y = jnp.sin(x.sum(1, keepdims=True))

    def f(x, is_training):
        x = hk.Linear(16)(x)
        x = hk.BatchNorm(create_scale=True, create_offset=True, decay_rate=0.9)(x, is_training)
        count = hk.get_state("count", shape=[], dtype=jnp.int32, init=jnp.zeros)
        hk.set_state("count", count + 1)
        return hk.Linear(1)(jax.nn.relu(x))

    model = hk.transform_with_state(f)
    params, state = model.init(jax.random.PRNGKey(0), x, True)

    @jax.jit
    def step(params, state):
        def loss_of(params):
            out, new = model.apply(params, state, None, x, True)
            return jnp.mean((out - y) ** 2), new

        (loss, new), grads = jax.value_and_grad(loss_of, has_aux=True)(params)
        return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), new, loss

    losses = []
    for _ in range(50):
        params, state, loss = step(params, state)
        losses.append(float(loss))
    return {"loss batchnorm": losses, "state": summary(state)}


def lifted():
    """`hk.scan`, `hk.cond`, `hk.vmap`, `hk.remat`, `hk.layer_stack`, `hk.grad`, `hk.fori_loop` inside of transformed functions."""
    x = data((4, 5))

    def f(x):
        stack = hk.experimental.layer_stack(3)(lambda x: jnp.tanh(hk.Linear(5)(x)))
        x = stack(x)
        linear = hk.Linear(5)
        linear(x)
        x = hk.cond(jnp.sum(x) > 0, lambda x: linear(x), lambda x: -linear(x), x)
        x, _ = hk.scan(lambda c, _: (jnp.sin(linear(c)), None), x, jnp.arange(3))
        x = hk.fori_loop(0, 2, lambda i, x: linear(x) * 0.5, x)
        x = hk.remat(hk.Linear(4))(x)
        x = hk.vmap(hk.Linear(3), split_rng=False)(x)
        slope = hk.grad(lambda x: jnp.sum(jax.nn.softplus(x)))(x)
        return jnp.cos(x) + slope

    model = hk.transform(f)
    params = model.init(jax.random.PRNGKey(3), x)
    loss = lambda p: jnp.sum(model.apply(p, None, x) ** 2)
    return {"lifted": summary(params) + [float(jax.jit(loss)(params))] + summary(jax.grad(loss)(params))}


def modules():
    image, flat = data((2, 8, 8, 6)), data((3, 12))
    made = {
        "conv": lambda: hk.Conv2D(4, 3, stride=2, padding="VALID")(image), "conv1d": lambda: hk.Conv1D(4, 3)(data((2, 9, 3))),
        "transposed": lambda: hk.Conv2DTranspose(4, 3, stride=2)(image), "depthwise": lambda: hk.DepthwiseConv2D(2, 3)(image),
        "separable": lambda: hk.SeparableDepthwiseConv2D(2, 3)(image), "groupnorm": lambda: hk.GroupNorm(3)(image),
        "instancenorm": lambda: hk.InstanceNorm(True, True)(image), "rmsnorm": lambda: hk.RMSNorm(-1)(flat),
        "bias": lambda: hk.Bias()(flat), "mlp": lambda: hk.nets.MLP([6, 4], activate_final=True)(flat),
        "spectral": lambda: hk.SNParamsTree()(hk.Linear(3)(flat)), "vanilla": lambda: hk.VanillaRNN(5)(flat, jnp.zeros((3, 5)))[0],
        "orthogonal": lambda: hk.Linear(5, w_init=hk.initializers.Orthogonal())(flat), "onehot": lambda: hk.one_hot(jnp.array([1, 2]), 4),
        "batchapply": lambda: hk.BatchApply(hk.Linear(3))(image.reshape(2, 64, 6)), "multiindex": lambda: hk.Reshape((4, 3))(flat),
        "uniform": lambda: hk.Linear(5, w_init=hk.initializers.RandomUniform(-1, 1))(flat), "avgpool": lambda: hk.avg_pool(image, 3, 2, "SAME"),
        "resnet": lambda: hk.nets.ResNet18(5)(data((1, 32, 32, 3)), is_training=True), "ema": lambda: hk.ExponentialMovingAverage(0.9)(flat),
        "lstm2d": lambda: hk.Conv2DLSTM((8, 8), 4, 3)(image, hk.Conv2DLSTM((8, 8), 4, 3).initial_state(2))[0],
        "vq": lambda: hk.nets.VectorQuantizer(12, 6, 0.25)(flat, True)["quantize"],
    }  # fmt: skip
    del made["spectral"]
    out = {}
    for name, f in made.items():
        model = hk.transform_with_state(f)
        params, state = model.init(jax.random.PRNGKey(5))
        value, _ = model.apply(params, state, jax.random.PRNGKey(6))
        out[f"module {name}"] = summary((params, value)) if params else summary(value)
    return out


def tools():
    """Data structures, `hk.multi_transform`, `hk.experimental.tabulate`-like summaries, custom getters, `hk.lift`."""
    x = data((3, 5))

    def f():
        enc, dec = hk.Linear(2, name="enc"), hk.Linear(5, name="dec")
        init = lambda x: dec(enc(x))
        return init, (enc, dec)

    both = hk.multi_transform(f)
    params = both.init(jax.random.PRNGKey(0), x)
    encode, decode = both.apply
    code = encode(params, None, x)
    front, back = hk.data_structures.partition(lambda m, n, v: m == "enc", params)
    merged = hk.data_structures.merge(front, back)
    doubled = hk.data_structures.map(lambda m, n, v: 2 * v if n == "w" else v, merged)
    names = [float(len(m) + len(n)) for m, n, v in hk.data_structures.traverse(params)]

    def scaled(next_getter, value, context):
        return next_getter(value) * 3.0

    def g(x):
        with hk.custom_getter(scaled):
            return hk.Linear(2)(x)

    model = hk.without_apply_rng(hk.transform(g))
    p = model.init(jax.random.PRNGKey(1), x)
    return {
        "multi": summary(code) + summary(decode(params, None, code)), "parts": summary(front) + summary(back), "doubled": summary(doubled),
        "names": names, "getter": summary(model.apply(p, x)),
        "count": [float(hk.data_structures.tree_size(params)), float(hk.data_structures.tree_bytes(params))],
    }  # fmt: skip


EXAMPLES = (quick_start, own_module, images, recurrent, transformer, vae, batchnorm, lifted, modules, tools)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    x, y = data((64, 16)), data((64, 1), 1)
    model = hk.without_apply_rng(hk.transform(lambda x: hk.nets.MLP([64, 64, 1])(x)))
    tx = optax.adam(1e-3)
    params = model.init(jax.random.PRNGKey(0), x)
    kept = [params, tx.init(params)]

    @jax.jit
    def update(params, state):
        loss, grads = jax.value_and_grad(lambda p: jnp.mean((model.apply(p, x) - y) ** 2))(params)
        updates, state = tx.update(grads, state)
        return optax.apply_updates(params, updates), state, loss

    def once():
        kept[0], kept[1], loss = update(*kept)
        return loss.block_until_ready()

    return once
