"""A block of self-attention with layer norm and GELU, its loss differentiated, batched by vmap, and compiled."""

import jax
import jax.numpy as jnp
from jax import random
from jax.nn import gelu, softmax
from jax.nn.initializers import lecun_normal, normal, variance_scaling

HEADS, DIM, LENGTH, VOCABULARY = 2, 8, 6, 11


def layer_norm(x, scale, shift, eps=1e-5):
    mean, var = x.mean(-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return scale * (x - mean) * jax.lax.rsqrt(var + eps) + shift


def attention(params, x):
    q, k, v = (jnp.einsum("td,dhk->htk", x, params[name]) for name in ("q", "k", "v"))
    scores = jnp.einsum("htk,hsk->hts", q, k) / jnp.sqrt(DIM // HEADS)
    causal = jnp.tril(jnp.ones((x.shape[0], x.shape[0]), dtype=bool))
    weights = softmax(jnp.where(causal, scores, -jnp.inf), axis=-1)
    return jnp.einsum("hts,hsk,hkd->td", weights, v, params["out"])


def transformer(params, tokens):
    x = params["embedding"][tokens] + params["positions"][: tokens.shape[0]]
    x = x + attention(params["attention"], layer_norm(x, *params["norm1"]))
    h = gelu(layer_norm(x, *params["norm2"]) @ params["up"])
    return (x + h @ params["down"]) @ params["embedding"].T


def loss(params, tokens):
    logits = jax.vmap(transformer, in_axes=(None, 0))(params, tokens[:, :-1])
    log_p = jax.nn.log_softmax(logits, axis=-1)
    picked = jnp.take_along_axis(log_p, tokens[:, 1:, None], axis=-1)
    return -picked.mean()


keys = iter(random.split(random.PRNGKey(12), 16))
projection = variance_scaling(1.0, "fan_in", "normal", in_axis=0, out_axis=(1, 2))
params = {
    "embedding": normal(0.02)(next(keys), (VOCABULARY, DIM)),
    "positions": normal(0.02)(next(keys), (LENGTH, DIM)),
    "attention": {
        **{name: projection(next(keys), (DIM, HEADS, DIM // HEADS)) for name in "qkv"},
        "out": lecun_normal(in_axis=(0, 1), out_axis=2)(next(keys), (HEADS, DIM // HEADS, DIM)),
    },
    "norm1": (jnp.ones(DIM), jnp.zeros(DIM)),
    "norm2": (jnp.ones(DIM), jnp.zeros(DIM)),
    "up": lecun_normal()(next(keys), (DIM, 4 * DIM)),
    "down": lecun_normal()(next(keys), (4 * DIM, DIM)),
}
tokens = random.randint(next(keys), (3, LENGTH), 0, VOCABULARY)
value, grads = jax.jit(jax.value_and_grad(loss))(params, tokens)
eager = jax.grad(loss)(params, tokens)
assert jax.tree.all(jax.tree.map(lambda a, b: jnp.allclose(a, b, atol=1e-5), grads, eager))
assert jax.tree.structure(grads) == jax.tree.structure(params)
assert grads["attention"]["q"].shape == (DIM, HEADS, DIM // HEADS)
logits = transformer(params, tokens[0])
changed = transformer(params, tokens[0].at[-1].set(0))
assert jnp.allclose(logits[:-1], changed[:-1], atol=1e-6), "a later token changed an earlier prediction"
norm = jnp.sqrt(sum(jnp.sum(g**2) for g in jax.tree.leaves(grads)))
print("loss", value, "norm", norm)
print("gradient", grads["up"][0, :4])
