"""A small transformer, whole and in parts: data- and tensor-parallel over a mesh, and as a pipeline of stages.

`loss` is the model on one device. `parallel_loss` cuts examples along "data" and heads and hidden units along "model": each block
has two sums over "model", of what attention and of what the hidden layer give. `pipelined_loss` gives each place along
"stage" some of the layers; parts of the batch go from one stage to the next.
"""

from __future__ import annotations

import numpy as np

import wengert
import wengert.numpy as wnp
from wengert import lax, nn
from wengert.sharding import P, shard_map

TOKENS, LENGTH, WIDTH, HEADS, HIDDEN, LAYERS = 16, 12, 16, 4, 32, 4

# How each array is cut for tensor parallelism; layers are stacked in front.
SPECS = {
    "embedding": P(),
    "position": P(),
    "norm": P(),
    "layers": {
        "norm1": P(),
        "qkv": P(None, None, None, "model"),
        "out": P(None, "model"),
        "norm2": P(),
        "up": P(None, None, "model"),
        "down": P(None, "model"),
    },
}


def parameters(
    seed=0,
    layers=LAYERS,
    width=WIDTH,
    hidden=HIDDEN,
    heads=HEADS,
    tokens=TOKENS,
    length=LENGTH,
    dtype=float,
):
    """Parameters drawn at random."""
    rng = np.random.default_rng(seed)
    size = width // heads

    def draw(*shape, fan):
        return (rng.normal(size=shape) / np.sqrt(fan)).astype(dtype)

    return {
        "embedding": draw(tokens, width, fan=width),
        "position": draw(length, width, fan=width),
        "norm": np.ones(width, dtype),
        "layers": {
            "norm1": np.ones((layers, width), dtype),
            "qkv": draw(layers, 3, width, heads, size, fan=width),
            "out": draw(layers, heads, size, width, fan=width),
            "norm2": np.ones((layers, width), dtype),
            "up": draw(layers, width, hidden, fan=width),
            "down": draw(layers, hidden, width, fan=hidden),
        },
    }


def batch(step, size=8, length=LENGTH, tokens=TOKENS):
    """Sequences in which each token is a fixed function of the two before it; the same for a step whenever it is asked for."""
    rng = np.random.default_rng([7, step])
    out = np.empty((size, length + 1), np.int64)
    out[:, :2] = rng.integers(tokens, size=(size, 2))
    for k in range(2, length + 1):
        out[:, k] = (3 * out[:, k - 1] + out[:, k - 2] + 1) % tokens
    return out


def normalised(x, scale):
    return x * lax.rsqrt(wnp.mean(x * x, axis=-1, keepdims=True) + 1e-6) * scale


def block(x, layer, together=lambda y: y):
    """One layer; `together` sums what places along "model" have of a result."""
    h = normalised(x, layer["norm1"])
    q, k, v = wnp.einsum("btd,cdhe->cbthe", h, layer["qkv"])
    scores = wnp.einsum("bthe,bshe->bhts", q, k) / np.sqrt(q.shape[-1]).astype(q.dtype)
    seen = np.tril(np.ones((x.shape[1], x.shape[1]), bool))
    weights = nn.softmax(wnp.where(seen, scores, np.array(-1e9, x.dtype)), axis=-1)
    x = x + together(wnp.einsum("bhts,bshe,hed->btd", weights, v, layer["out"]))
    h = normalised(x, layer["norm2"])
    return x + together(nn.gelu(h @ layer["up"]) @ layer["down"])


def embedded(params, tokens):
    return params["embedding"][tokens] + params["position"][: tokens.shape[1]]


def cross_entropy(params, x, targets):
    logits = normalised(x, params["norm"]) @ params["embedding"].T
    return -wnp.mean(
        wnp.take_along_axis(nn.log_softmax(logits, axis=-1), targets[..., None], axis=-1)
    )


def loss(params, tokens, together=lambda y: y):
    """The mean cross entropy of each next token, on one device."""
    x = embedded(params, tokens[:, :-1])
    x, _ = lax.scan(lambda x, layer: (block(x, layer, together), None), x, params["layers"])
    return cross_entropy(params, x, tokens[:, 1:])


def parallel_loss(mesh):
    """`loss` over a mesh with the axes "data" and "model"."""

    def part(params, tokens):
        return lax.pmean(loss(params, tokens, lambda y: lax.psum(y, "model")), "data")

    return shard_map(part, mesh=mesh, in_specs=(SPECS, P("data")), out_specs=P())


def pipelined_loss(mesh, parts=4):
    """`loss` over a mesh with the axes "data" and "stage": layers cut along "stage", the batch of a place into `parts`.

    In step t stage s works on part t - s and sends it on; the pipeline is full after as many steps as there are stages.
    """

    def part(params, tokens):
        stages, stage = lax.axis_size("stage"), lax.axis_index("stage")
        x = embedded(params, tokens[:, :-1])
        waiting = x.reshape(parts, x.shape[0] // parts, *x.shape[1:])
        idle = wnp.zeros((stages - 1, *waiting.shape[1:]), waiting.dtype)

        def step(received, entering):
            x = wnp.where(stage == 0, entering, received)
            x, _ = lax.scan(lambda x, layer: (block(x, layer), None), x, params["layers"])
            return lax.ppermute(x, "stage", [(k, k + 1) for k in range(stages - 1)]), x

        _, left = lax.scan(
            step, wnp.zeros_like(waiting[0]), wnp.concatenate([waiting, idle])
        )
        last = left[stages - 1 :].reshape(x.shape)
        mine = wnp.where(
            stage == stages - 1, cross_entropy(params, last, tokens[:, 1:]), 0.0
        )
        return lax.pmean(lax.psum(mine, "stage"), "data")

    specs = {**{name: P() for name in SPECS}, "layers": P("stage")}
    return shard_map(part, mesh=mesh, in_specs=(specs, P("data")), out_specs=P())


def adam(rate=3e-3, decay=(0.9, 0.99)):
    """A step of Adam: ``(params, moments, gradient, number) -> (params, moments)``."""

    def update(params, moments, gradient, number):
        b1, b2 = decay
        first = wengert.tree.map(lambda m, g: b1 * m + (1 - b1) * g, moments[0], gradient)
        second = wengert.tree.map(
            lambda v, g: b2 * v + (1 - b2) * g * g, moments[1], gradient
        )
        scale = rate * wnp.sqrt(1 - b2 ** (number + 1.0)) / (1 - b1 ** (number + 1.0))
        params = wengert.tree.map(
            lambda p, m, v: p - wnp.asarray(scale, p.dtype) * m / (wnp.sqrt(v) + 1e-8),
            params,
            first,
            second,
        )
        return params, (first, second)

    return update


def train_step(loss, update):
    """``(state, tokens) -> (state, loss)`` of a state of params, moments and the number of steps."""

    def step(state, tokens):
        params, moments, number = state["params"], state["moments"], state["number"]
        value, gradient = wengert.value_and_grad(loss)(params, tokens)
        params, moments = update(params, moments, gradient, number)
        return {"params": params, "moments": moments, "number": number + 1}, value

    return step


def begin(params):
    zeros = wengert.tree.map(np.zeros_like, params)
    return {
        "params": params,
        "moments": (zeros, wengert.tree.map(np.copy, zeros)),
        "number": np.int64(0),
    }
