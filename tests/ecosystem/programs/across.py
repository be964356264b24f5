"""Programs across libraries: a VAE in Flax, Optax and Distrax; a process of tinygp in NumPyro; an inverse problem of JAX MD and
Optax; a Bayesian network of Haiku in BlackJAX."""

import blackjax
import distrax
import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import optax
from jax_md import energy, minimize, space
from numpyro.infer import MCMC, NUTS
from tinygp import GaussianProcess, kernels

X64 = True
TOLERANCE = {"": 1e-7, "vae": 2e-6, "vae params": 5e-4}  # Flax keeps parameters in 32 bits


def flat(tree):
    return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)]).tolist()


def data(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


class Encoder(nn.Module):
    @nn.compact
    def __call__(self, x):
        h = nn.relu(nn.Dense(16)(x))
        return distrax.MultivariateNormalDiag(nn.Dense(3)(h), nn.softplus(nn.Dense(3)(h)))


class Decoder(nn.Module):
    size: int

    @nn.compact
    def __call__(self, z):
        return distrax.Independent(distrax.Bernoulli(logits=nn.Dense(self.size)(nn.relu(nn.Dense(16)(z)))), 1)


class VAE(nn.Module):
    size: int

    @nn.compact
    def __call__(self, x, key):
        posterior = Encoder()(x)
        z, log_q = posterior.sample_and_log_prob(seed=key)
        prior = distrax.MultivariateNormalDiag(jnp.zeros(3), jnp.ones(3))
        likelihood = Decoder(self.size)(z)
        return jnp.mean(likelihood.log_prob(x) + prior.log_prob(z) - log_q), posterior.kl_divergence(prior)


def vae():
    """The bound and the divergence of 50 steps of Adam with a schedule and clipped gradients."""
    x = jnp.array(data((32, 12)) > 0.3, float)
    model, key = VAE(12), jax.random.PRNGKey(0)
    params = model.init(key, x, key)
    tx = optax.chain(optax.clip_by_global_norm(5.0), optax.adam(optax.cosine_decay_schedule(1e-2, 50)))
    state = tx.init(params)

    @jax.jit
    def step(params, state, key):
        def loss(p):
            bound, kl = model.apply(p, x, key)
            return -bound, kl

        (value, kl), grads = jax.value_and_grad(loss, has_aux=True)(params)
        updates, state = tx.update(grads, state)
        return optax.apply_updates(params, updates), state, value, kl

    out = []
    for i in range(50):
        params, state, value, kl = step(params, state, jax.random.fold_in(key, i))
        out += [float(value), float(kl.mean())]
    return {"vae": out, "vae params": flat(params)}


def process():
    """The amplitude, scale and noise of a Gaussian process of tinygp, drawn by NUTS in NumPyro, and predictions."""
    x = jnp.array(np.sort(np.random.default_rng(1).uniform(0, 5, 20)))
    y = jnp.array(np.sin(3 * np.asarray(x)) + 0.1 * data(20))
    test = jnp.linspace(-0.5, 5.5, 7)

    def model(x, y=None):
        amplitude = numpyro.sample("amplitude", dist.HalfNormal(2.0))
        scale = numpyro.sample("scale", dist.InverseGamma(3.0, 2.0))
        noise = numpyro.sample("noise", dist.HalfNormal(0.5))
        gp = GaussianProcess(amplitude**2 * kernels.Matern52(scale), x, diag=noise**2 + 1e-6)
        numpyro.sample("y", gp.numpyro_dist(), obs=y)
        if y is not None:
            numpyro.deterministic("predicted", gp.condition(y, test).gp.loc)

    mcmc = MCMC(NUTS(model, dense_mass=True), num_warmup=10, num_samples=15, progress_bar=False)
    mcmc.run(jax.random.PRNGKey(2), x, y, extra_fields=("potential_energy",))
    found = mcmc.get_samples()
    return {f"process {k}": flat(v) for k, v in found.items()} | {
        "process energy": flat(mcmc.get_extra_fields()["potential_energy"])
    }


def packing():
    """Particles' sizes, learned with Optax so that a relaxed packing has an energy that is asked for: derivatives through FIRE."""
    displacement, shift = space.periodic(4.0)
    start = jnp.array(np.random.default_rng(3).uniform(0, 4, (16, 2)))

    def relaxed(size):
        e = energy.soft_sphere_pair(displacement, sigma=size)
        init, apply = minimize.fire_descent(e, shift, dt_start=0.05, dt_max=0.2)
        state = jax.lax.fori_loop(0, 20, lambda _, s: apply(s), init(start))
        return e(state.position)

    tx = optax.adam(0.02)

    @jax.jit
    def step(size, state):
        loss, slope = jax.value_and_grad(lambda s: (relaxed(s) - 0.5) ** 2)(size)
        updates, state = tx.update(slope, state)
        return optax.apply_updates(size, updates), state, loss

    size, out = jnp.array(1.1), []
    state = tx.init(size)
    for _ in range(25):
        size, state, loss = step(size, state)
        out += [float(size), float(loss)]
    return {"packing": out}


def network():
    """The posterior of a small network of Haiku, adapted and drawn by BlackJAX."""
    x, y = jnp.array(data((30, 2), 4)), jnp.array(data(30, 5))
    net = hk.without_apply_rng(hk.transform(lambda x: hk.nets.MLP([4, 1], activation=jnp.tanh)(x)[:, 0]))
    start = net.init(jax.random.PRNGKey(0), x)

    def log_density(params):
        prior = sum(jnp.sum(jax.scipy.stats.norm.logpdf(p)) for p in jax.tree.leaves(params))
        return prior + jnp.sum(jax.scipy.stats.norm.logpdf(y, net.apply(params, x), 0.5))

    warmup = blackjax.window_adaptation(blackjax.nuts, log_density)
    (state, parameters), _ = warmup.run(jax.random.key(1), start, num_steps=10)
    kernel = blackjax.nuts(log_density, **parameters).step

    def one(state, key):
        state, info = kernel(key, state)
        return state, (state.logdensity, info.num_integration_steps)

    state, (densities, steps) = jax.lax.scan(one, state, jax.random.split(jax.random.key(2), 8))
    return {"network": flat((parameters["step_size"], densities, steps)), "network state": flat(state.position)}


EXAMPLES = (vae, process, packing, network)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    x = jnp.array(data((32, 12)) > 0.3, float)
    model, key = VAE(12), jax.random.PRNGKey(0)
    held = [model.init(key, x, key)]

    @jax.jit
    def update(params):
        slope = jax.grad(lambda p: -model.apply(p, x, key)[0])(params)
        return jax.tree.map(lambda p, g: p - 1e-3 * g, params, slope)

    def run():
        held[0] = jax.block_until_ready(update(held[0]))
        return held[0]

    return run
