"""Chex: dataclasses, assertions, variants, fake jit, `chexify`, with a training step of a dataclass."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np

TOLERANCE = 2e-5


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


@chex.dataclass
class Parameters:
    x: chex.ArrayDevice
    y: chex.ArrayDevice


@chex.dataclass(frozen=True)
class State:
    params: Parameters
    count: chex.Numeric
    key: chex.PRNGKey


@chex.dataclass
class Rate:
    value: float


def dataclasses():
    """A dataclass as a tree, a mapping, under jit, grad, vmap."""
    p = Parameters(x=jnp.ones((2, 2)), y=jnp.ones((1, 2)))
    doubled = jax.tree.map(lambda v: 2.0 * v, p)
    replaced = p.replace(x=jnp.zeros((2, 2)))
    slopes = jax.jit(jax.grad(lambda p: jnp.sum(jnp.sin(p.x) * p.y)))(p)
    many = jax.vmap(lambda p: p.x.sum() + p.y)(Parameters(x=data((3, 4)), y=data((3,))))
    out = [float(np.sum(v)) for t in (doubled, replaced, slopes) for v in (t.x, t["y"])]
    out += [float(len(p)), *map(float, many), float(p.to_tuple()[0].sum())]
    paths = jax.tree_util.tree_flatten_with_path(p)[0]
    return {"dataclass": out, "paths": [float(len(jax.tree_util.keystr(k))) for k, _ in paths]}


def raises(f, *args, **kwargs):
    try:
        f(*args, **kwargs)
    except AssertionError:
        return 1.0
    return 0.0


def assertions():
    """Which of the assertions hold, and which raise."""
    x, y = data((3, 4)), data((3,))
    tree = {"a": x, "b": y}
    found = [
        raises(chex.assert_shape, x, (3, 4)), raises(chex.assert_shape, x, (4, 3)), raises(chex.assert_shape, [x, y], [(3, None), (3,)]),
        raises(chex.assert_rank, x, 2), raises(chex.assert_rank, [x, y], [2, 2]), raises(chex.assert_type, x, jnp.float32), raises(chex.assert_type, x, int),
        raises(chex.assert_equal_shape, [x, x]), raises(chex.assert_equal_shape, [x, y]), raises(chex.assert_trees_all_close, tree, tree),
        raises(chex.assert_trees_all_close, tree, jax.tree.map(lambda v: v + 1, tree)), raises(chex.assert_tree_all_finite, tree),
        raises(chex.assert_tree_all_finite, {"a": x / 0.0}), raises(chex.assert_trees_all_equal_shapes, tree, tree), raises(chex.assert_tree_shape_prefix, tree, (3,)),
        raises(chex.assert_axis_dimension, x, 1, 4), raises(chex.assert_axis_dimension, x, 0, 4), raises(chex.assert_scalar, 1.0), raises(chex.assert_scalar, x),
        raises(chex.assert_equal_rank, [x, y]), raises(chex.assert_is_broadcastable, (3, 1), (3, 4)), raises(chex.assert_trees_all_equal_structs, tree, {"a": x}),
        raises(chex.assert_scalar_in, 0.5, 0, 1), raises(chex.assert_equal, 1, 1), raises(chex.assert_numerical_grads, lambda v: jnp.sum(v**2), (x,), 1),
        raises(chex.assert_shape, jnp.zeros((2, 3, 3)), (..., 3)), raises(chex.assert_tree_has_only_ndarrays, tree), raises(chex.assert_trees_all_equal_dtypes, tree, tree),
    ]  # fmt: skip
    dims = chex.Dimensions(B=3, F=4)
    found += [
        raises(chex.assert_shape, x, dims["BF"]),
        raises(chex.assert_shape, y, dims["B"]),
        raises(chex.assert_shape, y, dims["F"]),
    ]
    return {"assertions": found}


def traces():
    """How often a function may be traced."""

    @jax.jit
    @chex.assert_max_traces(n=1)
    def f(x):
        return x + 1

    chex.clear_trace_counter()
    f(jnp.zeros(2))
    f(jnp.ones(2))
    return {"traces": [raises(f, jnp.zeros(3))]}


def checks():
    """Assertions on values inside of jit, by `chexify`."""

    @chex.chexify
    @jax.jit
    def log(x):
        chex.assert_tree_all_finite(x)
        return jnp.log(x)

    @functools.partial(chex.chexify, async_check=False)
    @jax.jit
    def at_most(x, limit):
        chex.assert_trees_all_close(x, limit, atol=1.0)
        return x * 2

    good = log(jnp.array([1.0, 2.0]))
    log.wait_checks()

    def bad():
        log(jnp.array([1.0, jnp.nan]))
        log.wait_checks()

    return {
        "chexify": [
            *map(float, good),
            raises(bad),
            *map(float, at_most(jnp.ones(2), jnp.ones(2))),
            raises(at_most, jnp.ones(2), 5 * jnp.ones(2)),
        ]
    }


def fakes():
    """Without jit, and with a map in place of pmap."""
    seen = []

    def f(x):
        seen.append(float(isinstance(x, jax.core.Tracer)))
        return x * 2

    with chex.fake_jit():
        jax.jit(f)(jnp.ones(2))
    jax.jit(f)(jnp.ones(2))

    @chex.variants
    class Suite:
        pass

    with chex.fake_pmap():
        mapped = jax.pmap(lambda x: x * 3)(jnp.arange(4.0))
    restored = chex.restrict_backends
    return {"fakes": [*seen, *map(float, mapped), float(callable(restored))]}


def training():
    """A state in frozen dataclasses through 50 steps."""
    x = data((32, 3))
    y = jnp.sin(x.sum(1))

    @jax.jit
    def step(state):
        chex.assert_shape(state.params.x, (3, 8))

        def loss_of(p):
            return jnp.mean((jnp.tanh(x @ p.x) @ p.y - y) ** 2)

        key, noise = jax.random.split(state.key)
        loss, grads = jax.value_and_grad(loss_of)(state.params)
        params = jax.tree.map(lambda p, g: p - 0.1 * g + 1e-3 * jax.random.normal(noise, p.shape), state.params, grads)
        return state.replace(params=params, count=state.count + 1, key=key), loss

    state = State(
        params=Parameters(x=0.3 * data((3, 8), 1), y=0.3 * data((8,), 2)), count=jnp.array(0), key=jax.random.PRNGKey(0)
    )
    losses = []
    for _ in range(50):
        state, loss = step(state)
        losses.append(float(loss))
    return {"training": losses, "count": [float(state.count)]}


EXAMPLES = (dataclasses, assertions, traces, checks, fakes, training)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    x = data((64, 16))
    kept = [State(params=Parameters(x=data((16, 32)), y=data((32,))), count=jnp.array(0), key=jax.random.PRNGKey(0))]

    @jax.jit
    def update(state):
        grads = jax.grad(lambda p: jnp.mean((jnp.tanh(x @ p.x) @ p.y) ** 2))(state.params)
        return state.replace(params=jax.tree.map(lambda p, g: p - 0.01 * g, state.params, grads), count=state.count + 1)

    def once():
        kept[0] = update(kept[0])
        return kept[0].count.block_until_ready()

    return once
