"""Random keys: typed and old, split and folded, under vmap and jit, and a Monte Carlo estimate with its gradient."""

import jax
import jax.numpy as jnp
from jax import random

key = jax.random.key(1701)
assert jnp.issubdtype(key.dtype, jax.dtypes.prng_key) and key.shape == () and isinstance(key, jax.Array)
assert not jnp.issubdtype(jnp.float32, jax.dtypes.prng_key)
old = jax.random.PRNGKey(1701)
assert old.dtype == jnp.uint32 and jnp.array_equal(old, jax.random.key_data(key))
assert jnp.array_equal(random.normal(old, (3,)), random.normal(jax.random.wrap_key_data(old), (3,)))
key, subkey = random.split(key)
keys = random.split(key, 4)
assert keys.shape == (4,) and len(set(map(float, jax.vmap(random.uniform)(keys)))) == 4
rows = jax.vmap(lambda k: random.normal(k, shape=(2,)))(keys)
assert jnp.allclose(rows, jnp.stack([random.normal(k, (2,)) for k in keys]))
folded = random.uniform(key=random.fold_in(subkey, 7), shape=(), minval=-1, maxval=1)
rolls = random.randint(subkey, (1000,), 1, 7)
assert rolls.dtype == jnp.int32 and int(rolls.min()) == 1 and int(rolls.max()) == 6
walk = jnp.cumsum(random.rademacher(subkey, (100,)))
shuffled = random.permutation(subkey, jnp.arange(8))
assert sorted(shuffled.tolist()) == list(range(8))
picked = random.choice(subkey, jnp.array([10.0, 20.0, 30.0]), (5,), p=jnp.array([0.1, 0.2, 0.7]))
tokens = random.categorical(subkey, jnp.log(jnp.array([[0.1, 0.9], [0.5, 0.5]])), shape=(6, 2))
mask = random.bernoulli(subkey, 0.25, (2, 5))
assert mask.dtype == jnp.bool_


@jax.jit
def estimate(mean, key):
    samples = mean + 0.5 * random.normal(key, (500,))
    return jnp.mean(jnp.exp(-(samples**2)))


value, slope = jax.value_and_grad(estimate)(0.3, subkey)
dropout = jnp.where(random.bernoulli(random.key(5), 0.8, (6,)), jnp.ones(6) / 0.8, 0.0)
gammas = random.gamma(random.key(6), jnp.array([0.5, 2.0]))
alpha_slope = jax.grad(lambda a: random.gamma(random.key(6), a))(2.0)
print("split", jax.random.key_data(keys)[:2], "rows", rows)
print("folded", folded, "walk", walk[-1], "shuffled", shuffled, "picked", picked)
print("tokens", tokens, "mask", mask.astype(int), "rolls", rolls[:10])
print("estimate", value, slope, "dropout", dropout)
print("gammas", gammas, alpha_slope, random.beta(random.key(7), 2.0, 3.0), random.poisson(random.key(8), 4.0, (5,)))
print("normal", random.multivariate_normal(subkey, jnp.zeros(2), jnp.array([[1.0, 0.3], [0.3, 2.0]]), (2,)))
