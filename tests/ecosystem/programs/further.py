"""Several libraries: what their documentation teaches and the other programs have not: own solvers, wave functions, keys, wrappers, stacks."""

import io

import equinox as eqx
import folx
import haiku as hk
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import optax
from flax import nnx
from optax import contrib
from quax.examples import prng

TOLERANCE = {"": 2e-4}


def flat(tree):
    return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)]).tolist()


def data(shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def wave_function():
    """A determinant of orbitals behind layers of softplus and a Jastrow factor of logsumexp, as folx is used for."""
    w, v = data((6, 8), 1), data((8, 3), 2)

    def log_psi(x):
        x = x.reshape(3, 2)
        r = jnp.sqrt(jnp.sum((x[:, None] - x[None]) ** 2, -1) + 0.1)
        h = jax.nn.softplus(jnp.concatenate([x, r, jnp.sin(x)[:, :1]], -1) @ w)
        orbitals = (h @ v) * jnp.exp(-jnp.sqrt(1 + jnp.sum(x**2, -1)))[:, None]
        a, b, c = orbitals
        return (
            jnp.log(jnp.abs(jnp.dot(a, jnp.cross(b, c)))) + jax.nn.logsumexp(-r) + jnp.sum(jnp.hypot(x[:, 0], x[:, 1]))
        )

    x = data((6,), 3)
    found = [jax.jit(folx.forward_laplacian(log_psi, t))(x) for t in (0, 6)]
    return {"wave_function": [float(found[0].laplacian), float(found[1].laplacian), *flat(found[0].dense_jacobian)]}


def keys():
    key = prng.ThreeFry(jnp.array(7))
    return {"keys": flat((prng.normal(key, (5,)), [prng.normal(k, ()) for k in key.split(2)]))}


class Circulant(lx.AbstractLinearOperator):
    column: jax.Array

    def mv(self, vector):
        return jnp.fft.ifft(jnp.fft.fft(self.column) * jnp.fft.fft(vector)).real

    def as_matrix(self):
        return jax.vmap(self.mv, out_axes=1)(jnp.eye(self.column.shape[0]))

    def transpose(self):
        return Circulant(jnp.roll(self.column[::-1], 1))

    def in_structure(self):
        return jax.ShapeDtypeStruct(self.column.shape, self.column.dtype)

    out_structure = in_structure


for asked in (
    lx.is_symmetric, lx.is_diagonal, lx.is_tridiagonal, lx.has_unit_diagonal, lx.is_lower_triangular, lx.is_upper_triangular,
    lx.is_positive_semidefinite, lx.is_negative_semidefinite,
):  # fmt: skip
    asked.register(Circulant)(lambda operator: False)
lx.linearise.register(Circulant)(lambda operator: operator)
lx.materialise.register(Circulant)(lambda operator: lx.MatrixLinearOperator(operator.as_matrix()))
lx.conj.register(Circulant)(lambda operator: operator)


class Fourier(lx.AbstractLinearSolver):
    """Solves circulant systems by two transforms."""

    def init(self, operator, options):
        return operator.column

    def compute(self, state, vector, options):
        return jnp.fft.ifft(jnp.fft.fft(vector) / jnp.fft.fft(state)).real, lx.RESULTS.successful, {}

    def transpose(self, state, options):
        return jnp.roll(state[::-1], 1), options

    def conj(self, state, options):
        return state, options

    def assume_full_rank(self):
        return True


def own_solver():
    column, v = data((5,), 4) + jnp.array([5.0, 0, 0, 0, 0]), data((5,), 5)
    f = lambda c: jnp.sum(lx.linear_solve(Circulant(c), v, Fourier()).value ** 2)
    by_gmres = lx.linear_solve(Circulant(column), v, lx.GMRES(1e-6, 1e-6)).value
    return {"own_solver": flat((f(column), jax.grad(f)(column), jax.jit(jax.grad(f))(column))), "gmres": flat(by_gmres)}


def saved():
    model, file = eqx.nn.MLP(3, 2, 8, 2, key=jax.random.PRNGKey(0)), io.BytesIO()
    eqx.tree_serialise_leaves(file, {"model": model, "step": 3})
    file.seek(0)
    like = {"model": eqx.filter_eval_shape(lambda: eqx.nn.MLP(3, 2, 8, 2, key=jax.random.PRNGKey(0))), "step": 0}
    found = eqx.tree_deserialise_leaves(file, like)
    return {"saved": flat((found["model"](jnp.ones(3)), found["step"]))}


def wrappers():
    """Optimizers that do something else in some steps, or with another gradient."""
    x, y = data((12, 6), 6), data((12, 4), 7)
    loss = lambda p: jnp.mean((jnp.tanh(x @ p["w"] + p["b"]) - y) ** 2)
    made = {
        "masked": optax.conditionally_mask(optax.adam(0.05), lambda step, **_: step % 3 == 0),
        "skipping": optax.MultiSteps(optax.adam(0.05), 3, should_skip_update_fn=optax.skip_not_finite),
        "every": optax.chain(optax.apply_every(4), optax.sgd(0.05)), "flat": optax.flatten(optax.adam(0.05)),
        "galore": contrib.galore(0.01, rank=2), "muon": contrib.muon(0.01), "madgrad": contrib.madgrad(0.01), "ademamix": contrib.ademamix(0.01),
    }  # fmt: skip
    out = {}
    for name, optimizer in made.items():
        params = {"w": data((6, 4), 8), "b": data((4,), 9)}
        state, found = optimizer.init(params), []

        @jax.jit
        def step(params, state, optimizer=optimizer):
            value, grads = jax.value_and_grad(loss)(params)
            updates, state = optimizer.update(grads, state, params)
            return optax.apply_updates(params, updates), state, value

        for _ in range(20):
            params, state, value = step(params, state)
            found.append(float(value))
        out[f"wrapped {name}"] = found
    return out


def stacks():
    """Layers in a scan: Haiku's `layer_stack` and Flax's `nnx.scan`, with gradients."""
    x = data((8, 4), 10)

    def network(x):
        return hk.experimental.layer_stack(3)(lambda x: jax.nn.relu(hk.Linear(4)(x)) + x)(x)

    haiku = hk.without_apply_rng(hk.transform(network))
    params = haiku.init(jax.random.PRNGKey(1), x)
    slope = jax.jit(jax.grad(lambda p: jnp.sum(haiku.apply(p, x) ** 2)))(params)

    class Block(nnx.Module):
        def __init__(self, rngs):
            self.linear, self.norm = nnx.Linear(4, 4, rngs=rngs), nnx.LayerNorm(4, rngs=rngs)

        def __call__(self, x):
            return nnx.gelu(self.norm(self.linear(x))) + x

    @nnx.split_rngs(splits=3)
    @nnx.vmap(in_axes=(0,), out_axes=0)
    def make(rngs):
        return Block(rngs)

    @nnx.scan(in_axes=(0, nnx.Carry), out_axes=nnx.Carry)
    def forward(block, x):
        return block(x)

    blocks = make(nnx.Rngs(0))
    grads = nnx.grad(lambda blocks: jnp.sum(forward(blocks, x) ** 2))(blocks)
    return {"layer_stack": flat((haiku.apply(params, x), slope)), "nnx_scan": flat((forward(blocks, x), grads))}


def main():
    out = {}
    for f in (wave_function, keys, own_solver, saved, wrappers, stacks):
        out |= f()
    return out


def step():
    key = prng.ThreeFry(jnp.array(7))
    run = jax.jit(lambda k: prng.normal(k, (5,)))
    return lambda: jax.block_until_ready(run(key))
