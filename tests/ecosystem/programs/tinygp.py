"""Tinygp: kernels, conditioning, the tutorial's regression trained by gradients, quasiseparable kernels, transforms, several outputs."""

import jax
import jax.numpy as jnp
import numpy as np
import tinygp
from tinygp import GaussianProcess, kernels, transforms

X64 = True
TOLERANCE = {"": 1e-8, "training": 1e-7}


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)] or [np.zeros(0)]
    ).tolist()


RNG = np.random.default_rng(134)
T = jnp.array(np.sort(RNG.uniform(0, 10, 25)))
Y = jnp.array(np.sin(np.asarray(T)) + 0.1 * RNG.normal(size=25))


def quick_start():
    kernel = 1.5 * kernels.Matern32(0.5)
    gp = GaussianProcess(kernel, T, diag=0.01)
    cond = gp.condition(Y, jnp.linspace(0, 10, 7))
    out = [float(gp.log_probability(Y)), *flat(cond.gp.loc), *flat(cond.gp.variance)]
    out += flat(gp.sample(jax.random.PRNGKey(0), (2,))) + flat(gp.predict(Y, jnp.linspace(0, 10, 4), return_var=True))
    return {"quick_start": out}


def all_kernels():
    out = {}
    made = {
        "exp": kernels.Exp(0.7), "sqexp": kernels.ExpSquared(1.2), "matern32": kernels.Matern32(0.5), "matern52": kernels.Matern52(0.5), "cosine": kernels.Cosine(2.0),
        "sine": kernels.ExpSineSquared(scale=1.3, gamma=0.5), "rational": kernels.RationalQuadratic(alpha=0.5),         "constant": kernels.Constant(0.3), "sum": kernels.Matern32(0.4) + 2.0 * kernels.ExpSquared(1.0), "product": kernels.Matern32(0.4) * kernels.Cosine(3.0),
        "linear": transforms.Linear(2.0, kernels.ExpSquared()), "custom": kernels.Custom(lambda a, b: jnp.exp(-jnp.abs(a - b))),
    }  # fmt: skip
    for name, k in made.items():
        out[f"kernel_{name}"] = flat(k(T[:5], T[:4])) + [float(GaussianProcess(k, T, diag=0.1).log_probability(Y))]
    points = jnp.array(RNG.normal(size=(6, 2)))
    k = transforms.Cholesky.from_parameters(jnp.array([1.0, 0.5]), jnp.array([0.2]), kernels.ExpSquared())
    out["cholesky"] = flat(k(points, points)) + flat(transforms.Subspace(1, kernels.Matern32())(points, points))
    for name, k in (("dot", kernels.DotProduct()), ("poly", kernels.Polynomial(order=2))):
        out[f"kernel_{name}"] = flat(k(points, points))
    return out


def quasiseparable():
    out = []
    q = kernels.quasisep
    for k in (
        q.Matern32(0.7),
        q.Matern52(0.7),
        q.Exp(0.5),
        q.Celerite(1.0, 0.2, 0.3, 0.1),
        q.SHO(omega=2.0, quality=1.5),
        q.Matern32(0.7) + q.SHO(omega=1.0, quality=0.7),
        2.0 * q.Cosine(2.0),
        q.CARMA(alpha=jnp.array([1.2]), beta=jnp.array([1.0])),
    ):
        gp = GaussianProcess(k, T, diag=0.05)
        out += [
            float(gp.log_probability(Y)),
            *flat(gp.condition(Y, jnp.array([1.0, 4.0])).gp.loc),
            *(
                []
                if "Sum" in type(k).__name__
                else [
                    float(
                        jax.jit(jax.grad(lambda s, k=k: GaussianProcess(s * k, T, diag=0.05).log_probability(Y)))(1.3)
                    )
                ]
            ),
        ]
    return {"quasisep": out}


def training():
    """The regression of the tutorial: parameters by gradient descent, 50 steps."""

    def build(params, X):
        kernel = jnp.exp(params["log_amp"]) * kernels.ExpSquared(jnp.exp(params["log_scale"])) + jnp.exp(
            params["log_periodic"]
        ) * kernels.ExpSineSquared(scale=2.0, gamma=jnp.exp(params["log_gamma"]))
        return GaussianProcess(kernel, X, diag=jnp.exp(params["log_diag"]), mean=params["mean"])

    @jax.jit
    def step(params):
        value, grad = jax.value_and_grad(lambda p: -build(p, T).log_probability(Y))(params)
        return jax.tree.map(lambda p, g: p - 0.005 * g, params, grad), value

    params = {"mean": 0.0, "log_amp": -0.1, "log_scale": 0.0, "log_periodic": -1.0, "log_gamma": 0.0, "log_diag": -2.0}
    out = []
    for _ in range(50):
        params, value = step(params)
        out.append(float(value))
    return {"training": out}


def several_outputs():
    class Multiband(kernels.Kernel):
        amplitudes: jnp.ndarray

        def evaluate(self, X1, X2):
            t1, b1 = X1
            t2, b2 = X2
            return self.amplitudes[b1] * self.amplitudes[b2] * jnp.exp(-0.5 * (t1 - t2) ** 2)

    band = jnp.array(RNG.integers(3, size=25))
    gp = GaussianProcess(Multiband(jnp.array([1.0, 0.5, 2.0])), (T, band), diag=0.1)
    noise = GaussianProcess(kernels.Matern32(1.0), T, noise=tinygp.noise.Dense(0.1 * jnp.eye(25) + 0.01))
    banded = GaussianProcess(kernels.Matern32(1.0), T, mean=lambda x: 0.1 * x, diag=jnp.linspace(0.1, 0.2, 25))
    return {
        "several": [
            float(gp.log_probability(Y)),
            float(noise.log_probability(Y)),
            float(banded.log_probability(Y)),
            *flat(banded.covariance[:2, :3]),
        ]
    }


def main():
    out = {}
    for f in (quick_start, all_kernels, quasiseparable, training, several_outputs):
        out |= f()
    return out


def step():
    run = jax.jit(
        jax.value_and_grad(lambda p: -GaussianProcess(p[0] * kernels.Matern32(p[1]), T, diag=0.1).log_probability(Y))
    )
    p = jnp.array([1.0, 0.5])
    return lambda: jax.block_until_ready(run(p))
