"""Flax's linen: its quick start and the layers of its guides, each trained with Optax for some steps."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training import train_state

TOLERANCE = {"": 2e-4, "loss cnn": 2e-3, "grad cnn": 1e-3, "loss batchnorm": 1e-3, "loss transformer": 1e-3}


def leaves(tree):
    return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)])


def summary(tree):
    """A few numbers of a tree: its size, sum, sum of squares and first elements."""
    x = leaves(tree)
    return [float(len(x)), float(x.sum()), float((x * x).sum()), *map(float, x[:: max(1, len(x) // 5)][:5])]


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


class MLP(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.layers = [nn.Dense(f) for f in self.features]

    def __call__(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i != len(self.layers) - 1:
                x = nn.relu(x)
        return x


class AutoEncoder(nn.Module):
    encoder_widths: Sequence[int]
    decoder_widths: Sequence[int]

    def setup(self):
        self.encoder = MLP(self.encoder_widths)
        self.decoder = MLP(self.decoder_widths)

    def __call__(self, x):
        return self.decode(self.encode(x))

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return nn.sigmoid(self.decoder(z))


class CNN(nn.Module):
    """The one of the quick start."""

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(features=8, kernel_size=(3, 3))(x)
        x = nn.relu(x)
        x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nn.Conv(features=16, kernel_size=(3, 3))(x)
        x = nn.relu(x)
        x = nn.max_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        x = nn.Dense(features=32)(x)
        x = nn.relu(x)
        return nn.Dense(features=10)(x)


class Normed(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool):
        x = nn.Dense(16, use_bias=False)(x)  # whose gradient would be rounding alone
        x = nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
        x = nn.relu(x)
        x = nn.Dropout(rate=0.3, deterministic=not train)(x)
        return nn.Dense(1)(x)


class Block(nn.Module):
    """A block of a transformer."""

    heads: int = 4

    @nn.compact
    def __call__(self, x):
        mask = nn.make_causal_mask(jnp.ones(x.shape[:2]))
        x = x + nn.MultiHeadDotProductAttention(num_heads=self.heads)(nn.LayerNorm()(x), mask=mask)
        y = nn.Dense(4 * x.shape[-1])(nn.LayerNorm()(x))
        return x + nn.Dense(x.shape[-1])(nn.gelu(y))


class Transformer(nn.Module):
    @nn.compact
    def __call__(self, tokens):
        x = nn.Embed(num_embeddings=11, features=16)(tokens)
        for _ in range(2):
            x = Block()(x)
        return nn.Dense(11)(x)


class Recurrent(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.RNN(nn.LSTMCell(features=8))(x)
        x = nn.Bidirectional(nn.RNN(nn.GRUCell(features=4)), nn.RNN(nn.GRUCell(features=4)))(x)
        return nn.Dense(1)(x[:, -1])


class Deep(nn.Module):
    """Layers under nn.scan and nn.remat: parameters have a leading axis."""

    @nn.compact
    def __call__(self, x):
        class Layer(nn.Module):
            @nn.compact
            def __call__(self, x, _):
                return nn.tanh(nn.Dense(x.shape[-1])(x)), None

        scan = nn.scan(nn.remat(Layer), variable_axes={"params": 0}, split_rngs={"params": True}, length=4)
        x, _ = scan()(x, None)
        return nn.Dense(1)(x)


class Ensemble(nn.Module):
    """Modules under nn.vmap."""

    @nn.compact
    def __call__(self, x):
        many = nn.vmap(
            nn.Dense, in_axes=None, out_axes=0, axis_size=3, variable_axes={"params": 0}, split_rngs={"params": True}
        )
        return nn.Dense(1)(nn.tanh(many(features=5)(x)).mean(0))


class VAE(nn.Module):
    latents: int = 3

    @nn.compact
    def __call__(self, x, key):
        hidden = nn.relu(nn.Dense(16, name="hidden")(x))
        mean, logvar = nn.Dense(self.latents, name="mean")(hidden), nn.Dense(self.latents, name="logvar")(hidden)
        z = mean + jax.random.normal(key, logvar.shape) * jnp.exp(0.5 * logvar)
        return nn.Dense(x.shape[-1])(nn.relu(nn.Dense(16)(z))), mean, logvar


def trained(model, loss_of, args, steps=50, rate=1e-2, name=""):
    """The losses of steps, with a `TrainState`, and a summary of the first gradient and the last parameters."""
    params = model.init(jax.random.key(0), *args)["params"]
    state = train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(rate))

    @jax.jit
    def step(state):
        loss, grads = jax.value_and_grad(lambda p: loss_of(state.apply_fn, p))(state.params)
        return state.apply_gradients(grads=grads), loss, grads

    losses, first = [], None
    for _ in range(steps):
        state, loss, grads = step(state)
        first = first or summary(grads)
        losses.append(float(loss))
    return {f"init {name}": summary(params), f"grad {name}": first, f"loss {name}": losses}


def regression(model, shape, name, **options):
    x = data(shape)
    y = jnp.sin(x.reshape(shape[0], -1).sum(1, keepdims=True))
    return trained(model, lambda apply, p: jnp.mean((apply({"params": p}, x) - y) ** 2), (x,), name=name, **options)


def linear():
    """The tutorial on the basics: a linear layer by hand with gradient descent."""
    model = nn.Dense(features=5)
    key1, key2 = jax.random.split(jax.random.key(0))
    x = jax.random.normal(key1, (10,))
    params = model.init(key2, x)
    samples = jax.random.normal(jax.random.key(1), (20, 10))
    target = samples @ data((10, 5)) + 0.1

    @jax.jit
    def mse(params, xs, ys):
        def squared_error(x, y):
            pred = model.apply(params, x)
            return jnp.inner(y - pred, y - pred) / 2.0

        return jnp.mean(jax.vmap(squared_error)(xs, ys), axis=0)

    loss_and_grad = jax.value_and_grad(mse)
    losses = []
    for _ in range(50):
        loss, grads = loss_and_grad(params, samples, target)
        params = jax.tree_util.tree_map(lambda p, g: p - 0.3 * g, params, grads)
        losses.append(float(loss))
    return {
        "linear": losses,
        "shapes": [float(s) for x in jax.tree.leaves(jax.tree.map(jnp.shape, params)) for s in [x]],
    }


def simple():
    return {
        **regression(MLP((16, 8, 1)), (32, 6), "mlp"),
        **regression(Deep(), (16, 4), "scan"),
        **regression(Ensemble(), (16, 4), "vmap"),
    }


def recurrent():
    return regression(Recurrent(), (8, 7, 3), "rnn", steps=30)


def images():
    x, labels = data((16, 12, 12, 1)), jnp.arange(16) % 10

    def loss_of(apply, p):
        return optax.softmax_cross_entropy_with_integer_labels(apply({"params": p}, x), labels).mean()

    return trained(CNN(), loss_of, (x,), name="cnn")


def autoencoder():
    x = nn.sigmoid(data((20, 9)))
    model = AutoEncoder((8, 3), (8, 9))
    bound = model.bind(model.init(jax.random.key(0), x))
    out = trained(model, lambda apply, p: jnp.mean((apply({"params": p}, x) - x) ** 2), (x,), name="autoencoder")
    codes = model.apply(bound.variables, x, method="encode")
    return out | {
        "bind": summary(bound.encode(x)),
        "method": summary(codes),
        "unbind": summary(bound.encoder.unbind()[1]),
    }


def batchnorm():
    """State beside the parameters, and dropout with a key for each step."""
    x = data((32, 6))
    y = jnp.sin(x.sum(1, keepdims=True))
    model = Normed()
    variables = model.init(jax.random.key(0), x, train=False)
    params, stats = variables["params"], variables["batch_stats"]
    tx = optax.adam(1e-2)
    opt_state = tx.init(params)

    @jax.jit
    def step(params, stats, opt_state, key):
        def loss_of(params):
            out, updates = model.apply(
                {"params": params, "batch_stats": stats}, x, train=True, mutable=["batch_stats"], rngs={"dropout": key}
            )
            return jnp.mean((out - y) ** 2), updates["batch_stats"]

        (loss, stats2), grads = jax.value_and_grad(loss_of, has_aux=True)(params)
        updates, opt_state2 = tx.update(grads, opt_state)
        return optax.apply_updates(params, updates), stats2, opt_state2, loss

    losses = []
    for i in range(50):
        params, stats, opt_state, loss = step(params, stats, opt_state, jax.random.fold_in(jax.random.key(1), i))
        losses.append(float(loss))
    return {"loss batchnorm": losses, "stats": summary(stats)}


def transformer():
    tokens = jnp.array(np.random.default_rng(0).integers(0, 11, (4, 9)))

    def loss_of(apply, p):
        logits = apply({"params": p}, tokens[:, :-1])
        return optax.softmax_cross_entropy_with_integer_labels(logits, tokens[:, 1:]).mean()

    return trained(Transformer(), loss_of, (tokens[:, :-1],), name="transformer", rate=3e-3)


def vae():
    x, key = data((16, 9)), jax.random.key(3)

    def loss_of(apply, p):
        out, mean, logvar = apply({"params": p}, x, key)
        kl = -0.5 * jnp.sum(1 + logvar - mean**2 - jnp.exp(logvar), -1)
        return jnp.mean(jnp.sum((out - x) ** 2, -1) + kl)

    return trained(VAE(), loss_of, (x, key), name="vae")


def layers():
    """The outputs of layers and activations for their initial parameters."""
    image, flat, key = data((2, 8, 8, 6)), data((3, 12)), jax.random.key(5)
    made = {
        "conv_strides": (nn.Conv(4, (3, 3), strides=2, padding="VALID"), image), "depthwise": (nn.Conv(6, (3, 3), feature_group_count=6), image),
        "dilated": (nn.Conv(4, (3, 3), kernel_dilation=2, padding="SAME"), image), "transposed": (nn.ConvTranspose(4, (3, 3), strides=(2, 2)), image),
        "local": (nn.ConvLocal(3, (3, 3)), image), "groupnorm": (nn.GroupNorm(num_groups=3), image), "rmsnorm": (nn.RMSNorm(), flat),
        "instancenorm": (nn.InstanceNorm(), image), "general": (nn.DenseGeneral((2, 3), axis=(-1,)), flat), "einsum": (nn.Einsum((12, 3), "ab,bc->ac"), flat),
        "weightnorm": (nn.WeightNorm(nn.Dense(4)), flat), "prelu": (nn.PReLU(), flat), "circular": (nn.Conv(4, (3, 3), padding="CIRCULAR"), image),
        "attention": (nn.SelfAttention(num_heads=2), data((2, 5, 8))), "orthogonal": (nn.Dense(5, kernel_init=nn.initializers.orthogonal()), flat),
        "lecun": (nn.Dense(5, kernel_init=nn.initializers.truncated_normal(0.1), dtype=jnp.bfloat16), flat),
        "sequential": (nn.Sequential([nn.Dense(4), nn.relu, nn.Dense(2), nn.log_softmax]), flat),
    }  # fmt: skip
    out = {}
    for name, (layer, x) in made.items():
        value, variables = layer.init_with_output(key, x)
        out[f"layer {name}"] = summary(variables) + summary(value)
    for f in (
        nn.silu,
        nn.gelu,
        nn.elu,
        nn.selu,
        nn.softplus,
        nn.glu,
        nn.swish,
        nn.celu,
        nn.leaky_relu,
        nn.hard_tanh,
        nn.soft_sign,
        nn.standardize,
    ):
        out[f"activation {f.__name__}"] = summary(jax.jit(jax.grad(lambda x: jnp.sum(jnp.sin(f(x)))))(flat))  # noqa: B023
    return out


def tools():
    """Serialization, paths, frozen dicts, tables, perturbed intermediate values."""
    model, x = MLP((4, 2)), data((3, 5))
    variables = model.init(jax.random.key(0), x)
    saved = flax.serialization.to_bytes(variables)
    back = flax.serialization.from_bytes(jax.tree.map(jnp.zeros_like, variables), saved)
    flat = flax.traverse_util.flatten_dict(variables, sep="/")
    frozen = flax.core.freeze(variables)
    _, state = model.apply(variables, x, capture_intermediates=True)
    doubled = flax.traverse_util.path_aware_map(lambda path, v: 2 * v if path[-1] == "bias" else v, variables["params"])
    table = nn.tabulate(model, jax.random.key(0), console_kwargs={"force_terminal": False, "width": 300})(x)

    class Sown(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = nn.Dense(3)(x)
            self.sow("intermediates", "hidden", x)
            x = self.perturb("moved", x)
            count = self.variable("counter", "count", lambda: jnp.zeros(()))
            count.value = count.value + 1
            scale = self.param("scale", nn.initializers.ones, (3,))
            return jnp.sum(jnp.tanh(x * scale))

    sown = Sown()
    first = sown.init(jax.random.key(1), x)
    loss, updated = sown.apply(first, x, mutable=["intermediates", "counter"])
    moved = jax.grad(lambda p: sown.apply({**first, "perturbations": p}, x, mutable=["counter"])[0])(
        first["perturbations"]
    )
    return {
        "bytes": summary(back), "paths": [float(len(k)) for k in flat], "frozen": summary(frozen),
        "captured": summary(state["intermediates"]), "mapped": summary(doubled), "table": [float("MLP" in table)],
        "sown": [float(loss), *summary(updated), *summary(moved)],
    }  # fmt: skip


def partly():
    """`nn.jit`, `nn.custom_vjp`-free transformations and `nn.cond` inside of modules."""

    class Branch(nn.Module):
        @nn.compact
        def __call__(self, x, positive):
            x = nn.jit(nn.Dense)(3, name="first")(x)
            dense = nn.Dense(3)
            dense(x)
            return nn.cond(positive, lambda m, x: m(x), lambda m, x: -m(x), dense, x)

    class Loop(nn.Module):
        @nn.compact
        def __call__(self, x):
            def body(module, carry):
                return carry[0] + 1, jnp.tanh(module.variables["params"]["kernel"] @ carry[1])

            dense = nn.Dense(4, use_bias=False)
            dense(x)
            return nn.while_loop(lambda m, c: c[0] < 3, body, dense, (0, x))[1]

    x = data((4,))
    model, loop = Branch(), Loop()
    v, w = model.init(jax.random.key(0), x, True), loop.init(jax.random.key(0), x)
    apply = jax.jit(partial(model.apply, v))
    out = {"cond": [*map(float, apply(x, True)), *map(float, apply(x, False))]}
    out["while"] = list(map(float, jax.jit(loop.apply)(w, x)))
    return out


EXAMPLES = (
    linear, simple, recurrent, images, autoencoder, batchnorm, transformer, vae, layers, tools, partly,
)  # fmt: skip


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step() -> Any:
    x, y = data((64, 16)), data((64, 1), 1)
    model = MLP((64, 64, 1))
    state = train_state.TrainState.create(
        apply_fn=model.apply, params=model.init(jax.random.key(0), x)["params"], tx=optax.adam(1e-3)
    )

    @jax.jit
    def update(state):
        loss, grads = jax.value_and_grad(lambda p: jnp.mean((state.apply_fn({"params": p}, x) - y) ** 2))(state.params)
        return state.apply_gradients(grads=grads), loss

    kept = [state]

    def once():
        kept[0], loss = update(kept[0])
        return loss.block_until_ready()

    return once
