"""Folx: forward Laplacians of functions, with and without sparsity, beside the trace of the Hessian, trained for 50 steps."""

import folx
import jax
import jax.numpy as jnp
import numpy as np

X64 = True
TOLERANCE = {"": 1e-8}


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)] or [np.zeros(0)]
    ).tolist()


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape))


W1, W2 = data((6, 8), 1), data((8, 1), 2)


def mlp(x):
    h = jnp.tanh(x.reshape(-1) @ W1)
    return jnp.sum(jax.nn.silu(h) @ W2)


def attention(x):
    q = x @ data((3, 4), 3)
    scores = jax.nn.softmax(q @ q.T / 2.0, axis=-1)
    return jnp.sum(jnp.log1p((scores @ x) ** 2))


def functions():
    x = data((2, 3))
    out = {}
    made = {
        "square": lambda x: jnp.sum(x**2), "mlp": mlp, "attention": attention, "norm": lambda x: jnp.linalg.norm(x[0] - x[1]), "exp": lambda x: jnp.prod(jnp.exp(-x**2)),
        "det": lambda x: jnp.linalg.slogdet(x @ x.T + jnp.eye(2))[1], "index": lambda x: x[0, 1] * x[1, 2] ** 3 + jnp.sin(x[0]).sum(), "max": lambda x: jnp.max(x * x[::-1]),
        "where": lambda x: jnp.sum(jnp.where(x > 0, x**3, jnp.sin(x))), "concatenate": lambda x: jnp.sum(jnp.concatenate([x, x**2], 1) ** 2), "einsum": lambda x: jnp.einsum("ij,ik->", x, jnp.cos(x)),
        "jit": lambda x: jax.jit(lambda y: jnp.sum(jnp.tanh(y)))(x * 2), "scan": lambda x: jax.lax.scan(lambda c, _: (jnp.sin(c) + c, None), x, None, length=3)[0].sum(), "gelu": lambda x: jax.nn.gelu(x).sum(),
        "logsumexp": lambda x: jax.nn.logsumexp(x), "layer_norm": lambda x: jnp.sum(((x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-3)) ** 3),
    }  # fmt: skip
    for name, f in made.items():
        for threshold in (0, 0.6):
            found = folx.forward_laplacian(f, threshold)(x)
            out[f"laplacian_{name}_{threshold}"] = flat(
                (
                    found.x,
                    found.laplacian,
                    found.dense_jacobian if hasattr(found, "dense_jacobian") else found.jacobian.dense_array,
                )
            )
    return out


def beside_hessian():
    x = data((2, 3))
    found = folx.forward_laplacian(mlp)(x)
    hessian = jax.hessian(mlp)(x).reshape(6, 6)
    batch = jax.jit(jax.vmap(lambda x: folx.forward_laplacian(mlp)(x).laplacian))(data((4, 2, 3), 5))
    out = [float(found.laplacian), float(jnp.trace(hessian)), *flat(batch)]
    operators = [folx.ForwardLaplacianOperator(0), folx.LoopLaplacianOperator()]
    for operator in operators:
        out += flat(operator(mlp)(x.reshape(-1)))
    if hasattr(folx, "batched_vmap"):
        out += flat(folx.batched_vmap(mlp, 2)(data((4, 2, 3), 6)))
    return {"hessian": out}


def training():
    """The energy of a harmonic oscillator by local energies, 50 steps."""
    x = data((32, 3), 7)

    def log_psi(params, x):
        return -params["a"] * jnp.sum(x**2) + jnp.sum(jnp.tanh(x @ params["w"]) * params["v"])

    def energy(params):
        def local(x):
            found = folx.forward_laplacian(lambda x: log_psi(params, x))(x)
            gradient = found.jacobian.dense_array
            return -0.5 * (found.laplacian + jnp.sum(gradient**2)) + 0.5 * jnp.sum(x**2)

        return jnp.mean(jax.vmap(local)(x))

    @jax.jit
    def step(params):
        value, grad = jax.value_and_grad(energy)(params)
        return jax.tree.map(lambda p, g: p - 0.01 * g, params, grad), value

    params, out = {"a": jnp.array(0.3), "w": data((3, 4), 8), "v": 0.1 * data((4,), 9)}, []
    for _ in range(50):
        params, value = step(params)
        out.append(float(value))
    return {"training": out}


def main():
    out = {}
    for f in (functions, beside_hessian, training):
        out |= f()
    return out


def step():
    run = jax.jit(jax.vmap(lambda x: folx.forward_laplacian(mlp)(x).laplacian))
    x = data((64, 2, 3), 5)
    return lambda: jax.block_until_ready(run(x))
