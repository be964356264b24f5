"""Two libraries: steps of a score-based diffusion model, an MLP-mixer of Equinox trained with Optax, as in Equinox's documentation."""

import functools as ft

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax

TOLERANCE = 2e-3


class MixerBlock(eqx.Module):
    patch_mixer: eqx.nn.MLP
    hidden_mixer: eqx.nn.MLP
    norm1: eqx.nn.LayerNorm
    norm2: eqx.nn.LayerNorm

    def __init__(self, num_patches, hidden_size, mix_patch_size, mix_hidden_size, *, key):
        tkey, ckey = jr.split(key, 2)
        self.patch_mixer = eqx.nn.MLP(num_patches, num_patches, mix_patch_size, depth=1, key=tkey)
        self.hidden_mixer = eqx.nn.MLP(hidden_size, hidden_size, mix_hidden_size, depth=1, key=ckey)
        self.norm1 = eqx.nn.LayerNorm((hidden_size, num_patches))
        self.norm2 = eqx.nn.LayerNorm((num_patches, hidden_size))

    def __call__(self, y):
        y = y + jax.vmap(self.patch_mixer)(self.norm1(y))
        y = jnp.transpose(y)
        y = y + jax.vmap(self.hidden_mixer)(self.norm2(y))
        return jnp.transpose(y)


class Mixer2d(eqx.Module):
    conv_in: eqx.nn.Conv2d
    conv_out: eqx.nn.ConvTranspose2d
    blocks: list
    norm: eqx.nn.LayerNorm
    t1: float

    def __init__(self, img_size, patch_size, hidden_size, mix_patch_size, mix_hidden_size, num_blocks, t1, *, key):
        input_size, height, width = img_size
        num_patches = (height // patch_size) * (width // patch_size)
        inkey, outkey, *bkeys = jr.split(key, 2 + num_blocks)
        self.conv_in = eqx.nn.Conv2d(input_size + 1, hidden_size, patch_size, stride=patch_size, key=inkey)
        self.conv_out = eqx.nn.ConvTranspose2d(hidden_size, input_size, patch_size, stride=patch_size, key=outkey)
        self.blocks = [MixerBlock(num_patches, hidden_size, mix_patch_size, mix_hidden_size, key=k) for k in bkeys]
        self.norm = eqx.nn.LayerNorm((hidden_size, num_patches))
        self.t1 = t1

    def __call__(self, t, y):
        t = jnp.broadcast_to(t / self.t1, (1, *y.shape[1:]))
        y = self.conv_in(jnp.concatenate([y, t]))
        _, height, width = y.shape
        y = y.reshape(y.shape[0], height * width)
        for block in self.blocks:
            y = block(y)
        return self.conv_out(self.norm(y).reshape(y.shape[0], height, width))


def int_beta(t):
    return t


def weight(t):
    return 1 - jnp.exp(-int_beta(t))


def single_loss_fn(model, data, t, key):
    mean = data * jnp.exp(-0.5 * int_beta(t))
    std = jnp.sqrt(jnp.maximum(1 - jnp.exp(-int_beta(t)), 1e-5))
    noise = jr.normal(key, data.shape)
    pred = model(t, mean + std * noise)
    return weight(t) * jnp.mean((pred + noise / std) ** 2)


def batch_loss_fn(model, data, t1, key):
    batch_size = data.shape[0]
    tkey, losskey = jr.split(key)
    losskey = jr.split(losskey, batch_size)
    t = jr.uniform(tkey, (batch_size,), minval=0, maxval=t1 / batch_size) + (t1 / batch_size) * jnp.arange(batch_size)
    return jnp.mean(jax.vmap(ft.partial(single_loss_fn, model))(data, t, losskey))


def made():
    model = Mixer2d((1, 8, 8), 4, 8, 16, 16, 2, 10.0, key=jr.PRNGKey(5678))
    optim = optax.adabelief(3e-3)

    @eqx.filter_jit
    def make_step(model, data, key, state):
        loss, grads = eqx.filter_value_and_grad(batch_loss_fn)(model, data, 10.0, key)
        updates, state = optim.update(grads, state)
        return loss, eqx.apply_updates(model, updates), jr.split(key, 1)[0], state

    data = jnp.array(np.random.default_rng(0).normal(size=(16, 1, 8, 8)).astype(np.float32))
    return make_step, model, data, optim.init(eqx.filter(model, eqx.is_inexact_array))


def main():
    make_step, model, data, state = made()
    key, out = jr.PRNGKey(1), []
    for _ in range(50):
        loss, model, key, state = make_step(model, data, key, state)
        out.append(float(loss))
    return {"training": out}


def step():
    make_step, model, data, state = made()
    held, key = [model, state], jr.PRNGKey(1)

    def run():
        loss, held[0], _, held[1] = make_step(held[0], data, key, held[1])
        return loss.block_until_ready()

    return run
