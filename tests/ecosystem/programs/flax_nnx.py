"""Flax's nnx: its quick start and the guides on state, transformations, splitting and filters."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

TOLERANCE = {"": 5e-5, "loss cnn": 2e-3, "loss transformer": 1e-3, "loss dropout": 1e-3}


def summary(tree):
    """A few numbers of a tree: its size, sum, sum of squares and first elements."""
    found = [
        np.ravel(np.asarray(x, np.float64))
        for x in jax.tree.leaves(tree)
        if not jnp.issubdtype(x.dtype, jax.dtypes.prng_key)
    ]
    x = np.concatenate(found)
    return [float(len(x)), float(x.sum()), float((x * x).sum()), *map(float, x[:: max(1, len(x) // 5)][:5])]


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


class Linear(nnx.Module):
    """The basics: a module of one's own."""

    def __init__(self, din: int, dout: int, *, rngs: nnx.Rngs):
        key = rngs.params()
        self.w = nnx.Param(jax.random.uniform(key, (din, dout)))
        self.b = nnx.Param(jnp.zeros((dout,)))
        self.din, self.dout = din, dout

    def __call__(self, x: jax.Array):
        return x @ self.w + self.b


class Count(nnx.Variable):
    pass


class Counter(nnx.Module):
    def __init__(self):
        self.count = Count(jnp.array(0))

    def __call__(self):
        self.count[...] += 1


class MLP(nnx.Module):
    def __init__(self, din: int, dmid: int, dout: int, *, rngs: nnx.Rngs):
        self.linear1 = Linear(din, dmid, rngs=rngs)
        self.dropout = nnx.Dropout(rate=0.1, rngs=rngs)
        self.bn = nnx.BatchNorm(dmid, rngs=rngs)
        self.linear2 = Linear(dmid, dout, rngs=rngs)

    def __call__(self, x: jax.Array):
        x = nnx.gelu(self.dropout(self.bn(self.linear1(x))))
        return self.linear2(x)


class CNN(nnx.Module):
    """The quick start's, smaller."""

    def __init__(self, *, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 8, kernel_size=(3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(8, 16, kernel_size=(3, 3), rngs=rngs)
        self.linear1 = nnx.Linear(144, 32, rngs=rngs)
        self.linear2 = nnx.Linear(32, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.avg_pool(nnx.relu(self.conv1(x)), window_shape=(2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.conv2(x)), window_shape=(2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        return self.linear2(nnx.relu(self.linear1(x)))


class Block(nnx.Module):
    def __init__(self, features: int, *, rngs: nnx.Rngs):
        self.norm = nnx.LayerNorm(features, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(4, features, decode=False, rngs=rngs)
        self.out = nnx.Linear(features, features, rngs=rngs)

    def __call__(self, x):
        x = x + self.attention(self.norm(x), mask=nnx.make_causal_mask(jnp.ones(x.shape[:2])))
        return x + nnx.silu(self.out(x))


class Transformer(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.embed = nnx.Embed(11, 16, rngs=rngs)
        self.blocks = nnx.List([Block(16, rngs=rngs) for _ in range(2)])
        self.head = nnx.Linear(16, 11, rngs=rngs)

    def __call__(self, tokens):
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def trained(model, loss_of, name, steps=50, rate=1e-2):
    """The losses of steps with `nnx.Optimizer`."""
    first = summary(nnx.state(model))
    optimizer = nnx.Optimizer(model, optax.adam(rate), wrt=nnx.Param)

    @nnx.jit
    def step(model, optimizer):
        loss, grads = nnx.value_and_grad(loss_of)(model)
        optimizer.update(model, grads)
        return loss

    losses = [float(step(model, optimizer)) for _ in range(steps)]
    return {f"init {name}": first, f"loss {name}": losses}


def regression():
    x = data((32, 6))
    y = jnp.sin(x.sum(1, keepdims=True))
    return trained(MLP(6, 16, 1, rngs=nnx.Rngs(0)), lambda m: jnp.mean((m(x) - y) ** 2), "dropout")


def images():
    x, labels = data((16, 12, 12, 1)), jnp.arange(16) % 10
    loss = lambda m: optax.softmax_cross_entropy_with_integer_labels(m(x), labels).mean()
    return trained(CNN(rngs=nnx.Rngs(0)), loss, "cnn")


def transformer():
    tokens = jnp.array(np.random.default_rng(0).integers(0, 11, (4, 9)))

    def loss(m):
        return optax.softmax_cross_entropy_with_integer_labels(m(tokens[:, :-1]), tokens[:, 1:]).mean()

    return trained(Transformer(rngs=nnx.Rngs(0)), loss, "transformer", rate=3e-3)


def stateful():
    """Counters and metrics under jit; eager calls."""
    counter = Counter()
    tick = nnx.jit(lambda c: c())
    for _ in range(3):
        counter()
        tick(counter)
    metrics = nnx.MultiMetric(accuracy=nnx.metrics.Accuracy(), loss=nnx.metrics.Average("loss"))
    logits, labels = data((8, 4)), jnp.arange(8) % 4
    metrics.update(logits=logits, labels=labels, loss=jnp.array(1.5))
    metrics.update(logits=logits[::-1], labels=labels, loss=jnp.array(0.5))
    values = metrics.compute()
    model = MLP(3, 4, 2, rngs=nnx.Rngs(2))
    x = data((5, 3))
    model.train()
    before = summary(model(x))
    model.eval()
    return {
        "count": [float(counter.count[...])],
        "metrics": [float(values["accuracy"]), float(values["loss"])],
        "modes": before + summary(model(x)),
    }


def splitting():
    """`split`, `merge`, `update`, filters, pure functions under `jax.jit` and `jax.grad`."""
    model = MLP(6, 8, 1, rngs=nnx.Rngs(0))
    graph, params, rest = nnx.split(model, nnx.Param, ...)
    x = data((16, 6))
    y = jnp.sin(x.sum(1, keepdims=True))

    @jax.jit
    def step(params, rest):
        def loss_of(params):
            model = nnx.merge(graph, params, rest, copy=True)
            loss = jnp.mean((model(x) - y) ** 2)
            return loss, nnx.split(model, nnx.Param, ...)[2]

        (loss, rest2), grads = jax.value_and_grad(loss_of, has_aux=True)(params)
        return jax.tree.map(lambda p, g: p - 0.05 * g, params, grads), rest2, loss

    losses = []
    for _ in range(50):
        params, rest, loss = step(params, rest)
        losses.append(float(loss))
    nnx.update(model, params, rest)
    flat = nnx.to_flat_state(nnx.state(model))
    paths = [".".join(map(str, path)) for path, _ in flat]
    abstract = nnx.eval_shape(lambda: MLP(6, 8, 1, rngs=nnx.Rngs(0)))
    sizes = [float(np.prod(v.shape)) for v in jax.tree.leaves(nnx.state(abstract, nnx.Param))]
    copy = nnx.clone(model)
    copy.linear1.b[...] = copy.linear1.b + 1.0
    return {
        "loss split": losses, "paths": [float(len(p)) for p in sorted(paths)], "sizes": sizes,
        "copy": [float(copy.linear1.b[0] - model.linear1.b[0])], "pure": summary(nnx.to_pure_dict(nnx.state(model, nnx.Param))),
    }  # fmt: skip


def transformations():
    """`nnx.vmap` and `nnx.scan` over layers, `nnx.grad` with `DiffState`, `nnx.remat`, `nnx.cond`, loops."""

    @nnx.split_rngs(splits=4)
    @nnx.vmap(in_axes=(0,), out_axes=0)
    def make(rngs):
        return nnx.Linear(5, 5, rngs=rngs)

    layers = make(nnx.Rngs(0))
    x = data((3, 5))

    @nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)
    def forward(x, layer):
        return jnp.tanh(nnx.remat(lambda layer, x: layer(x))(layer, x))

    stacked = nnx.grad(lambda layers: jnp.sum(forward(x, layers) ** 2))(layers)
    model = nnx.Linear(5, 2, rngs=nnx.Rngs(1))
    some = nnx.grad(lambda m: jnp.sum(m(x) ** 2), argnums=nnx.DiffState(0, nnx.PathContains("bias")))(model)
    ensemble = nnx.vmap(lambda m, x: m(x), in_axes=(0, None))(layers, x)
    branch = [summary(nnx.cond(p, lambda m: m(x), lambda m: -m(x), model)) for p in (True, False)]
    counter = Counter()

    def body(i, carry):
        counter, x = carry
        counter()
        return counter, x + i

    counter, total = nnx.fori_loop(0, 5, body, (counter, jnp.array(0)))
    jitted = nnx.jit(lambda m, x: m(x))(model, x)
    shared = nnx.Dict(a=model, b=model)
    return {
        "scan": summary(forward(x, layers)), "stacked": summary(stacked), "some": summary(some), "ensemble": summary(ensemble),
        "cond": branch[0] + branch[1], "loop": [float(counter.count[...]), float(total)], "jit": summary(jitted),
        "shared": [float(len(jax.tree.leaves(nnx.state(shared))))],
    }  # fmt: skip


def layers():
    image, flat, rngs = data((2, 8, 8, 6)), data((3, 12)), nnx.Rngs(7)
    made = {
        "conv": (nnx.Conv(6, 4, (3, 3), strides=2, rngs=rngs), image), "transposed": (nnx.ConvTranspose(6, 4, (3, 3), rngs=rngs), image),
        "groupnorm": (nnx.GroupNorm(6, 3, rngs=rngs), image), "rmsnorm": (nnx.RMSNorm(12, rngs=rngs), flat), "general": (nnx.LinearGeneral(12, (2, 3), rngs=rngs), flat),
        "einsum": (nnx.Einsum("ab,bc->ac", (12, 3), (3,), rngs=rngs), flat), "lora": (nnx.LoRA(12, 2, 5, rngs=rngs), flat),
        "sequential": (nnx.Sequential(nnx.Linear(12, 4, rngs=rngs), nnx.relu, nnx.Linear(4, 2, rngs=rngs)), flat),
    }  # fmt: skip
    out = {f"layer {n}": summary(nnx.state(m, nnx.Param)) + summary(m(x)) for n, (m, x) in made.items()}
    cell = nnx.LSTMCell(4, 5, rngs=rngs)
    out["lstm"] = summary(nnx.RNN(cell)(data((2, 6, 4))))
    out["gru"] = summary(nnx.RNN(nnx.GRUCell(4, 5, rngs=rngs))(data((2, 6, 4))))
    keys = nnx.Rngs(0, noise=1)
    out["keys"] = [
        *map(float, jax.random.normal(keys.noise(), (3,))),
        *map(float, keys.normal((2,))),
        *map(float, keys.uniform((2,))),
    ]
    return out


EXAMPLES = (regression, images, transformer, stateful, splitting, transformations, layers)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    x, y = data((64, 16)), data((64, 1), 1)
    rngs = nnx.Rngs(0)
    model = nnx.Sequential(
        nnx.Linear(16, 64, rngs=rngs), nnx.relu, nnx.Linear(64, 64, rngs=rngs), nnx.relu, nnx.Linear(64, 1, rngs=rngs)
    )
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)

    @nnx.jit
    def update(model, optimizer):
        loss, grads = nnx.value_and_grad(lambda m: jnp.mean((m(x) - y) ** 2))(model)
        optimizer.update(model, grads)
        return loss

    return lambda: update(model, optimizer).block_until_ready()
