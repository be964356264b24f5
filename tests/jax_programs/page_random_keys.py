"""Random numbers by explicit keys."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from showing import show

key = random.key(42)
print(key, key.dtype, key.shape, random.key_data(key), random.key_impl(key), repr(random.PRNGKey(42)))
show("normal", random.normal, key)
show("twice", random.normal, key)
show("split", lambda: random.key_data(random.split(key)))
show("split three", lambda: random.key_data(random.split(key, 3)))
show("split shape", lambda: random.split(key, (2, 2)).shape)
show("fold_in", lambda: random.key_data(random.fold_in(key, 7)))
show("sequence", lambda: (jnp.stack([random.normal(k) for k in random.split(key, 3)]), random.normal(key, (3,))))
for name, args, kw in [
    ("uniform", (), {"shape": (3,), "minval": -1, "maxval": 2}),
    ("randint", (), {"shape": (5,), "minval": 0, "maxval": 10}),
    ("bernoulli", (0.3, (6,)), {}),
    ("exponential", ((3,),), {}),
    ("gamma", (2.0, (3,)), {}),
    ("beta", (2.0, 3.0, (3,)), {}),
    ("categorical", (jnp.log(jnp.array([0.2, 0.3, 0.5])),), {"shape": (6,)}),
    ("choice", (5, (4,)), {"replace": False}),
    ("choice", (jnp.arange(5) * 10, (4,)), {"p": jnp.array([0.1, 0.2, 0.3, 0.2, 0.2])}),
    ("permutation", (6,), {}),
    ("dirichlet", (jnp.ones(3),), {}),
    ("gumbel", ((3,),), {}),
    ("laplace", ((3,),), {}),
    ("cauchy", ((3,),), {}),
    ("poisson", (3.0, (5,)), {}),
    ("multivariate_normal", (jnp.zeros(2), jnp.eye(2)), {"shape": (2,)}),
    ("t", (3.0, (2,)), {}),
    ("rademacher", ((5,),), {}),
    ("truncated_normal", (-1.0, 1.0, (3,)), {}),
    ("logistic", ((3,),), {}),
    ("maxwell", ((2,),), {}),
    ("bits", ((3,),), {}),
    ("ball", (3,), {}),
    ("orthogonal", (2,), {}),
    ("pareto", (2.0, (2,)), {}),
    ("weibull_min", (1.0, 2.0, (2,)), {}),
    ("binomial", (10, 0.3, (4,)), {}),
    ("geometric", (0.3, (4,)), {}),
    ("rayleigh", (1.0, (2,)), {}),
    ("wald", (1.0, (2,)), {}),
    ("triangular", (0.0, 0.5, 1.0, (2,)), {}),
    ("loggamma", (2.0, (2,)), {}),
    ("lognormal", (1.0, (2,)), {}),
    ("f", (2.0, 3.0, (2,)), {}),
    ("chisquare", (3.0, (2,)), {}),
    ("double_sided_maxwell", (0.0, 1.0, (2,)), {}),
    ("generalized_normal", (1.5, (2,)), {}),
    ("multinomial", (10, jnp.array([0.2, 0.8])), {}),
]:
    show(name, getattr(random, name), key, *args, **kw)
show("half", random.normal, key, (2,), jnp.float16)
show("bfloat16", random.uniform, key, (2,), jnp.bfloat16)
show("complex", random.normal, key, (2,), jnp.complex64)
show("int8", random.randint, key, (4,), 0, 100, jnp.int8)
show("vmap", lambda: jax.vmap(lambda k: random.normal(k, (2,)))(random.split(key, 3)))
show("jit", lambda: jax.jit(lambda k: random.permutation(k, jnp.arange(4)))(key))
show("old key", lambda: random.normal(random.PRNGKey(0), (2,)))
show("wrap", lambda: random.uniform(random.wrap_key_data(jnp.array([0, 1], dtype=jnp.uint32))))
for impl in ("threefry2x32", "rbg", "unsafe_rbg"):
    show(
        impl,
        lambda impl=impl: (
            random.key_data(random.key(3, impl=impl)),
            random.uniform(random.key(3, impl=impl), (2,)),
            random.key_data(random.split(random.key(3, impl=impl))),
        ),
    )
show("unknown impl", lambda: random.key(0, impl="twister"))
show("no key", random.normal, 42)
show("batch of keys", random.normal, random.split(key))
show("key arithmetic", lambda: key + 1)
show("key float", lambda: float(key))
show("key of vector", random.key, jnp.arange(2))
show("shape", random.normal, key, (2, "a"))
show("float randint", random.randint, key, (2,), 0, 1, jnp.float32)
show("too many", random.choice, key, 3, (5,), False)
show("p shape", random.choice, key, 3, (5,), True, jnp.ones(2))
show("equal", lambda: key == random.key(42))
print(
    random.split(key, 2)[0].dtype, jnp.issubdtype(key.dtype, jax.dtypes.prng_key), jax.typeof(key), key.reshape(1).shape
)
np.random.seed(0)
print(np.random.uniform(size=2).round(6))
