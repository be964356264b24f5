"""GPJax: exact regression trained by its `fit`, kernels, variational inference, predictions, as its notebooks have them."""

import gpjax as gpx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax as ox

X64 = True
TOLERANCE = {"": 1e-6, "training": 1e-6}


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)] or [np.zeros(0)]
    ).tolist()


X = jnp.linspace(-3.0, 3.0, 30).reshape(-1, 1)
Y = jnp.sin(4 * X) + jnp.cos(2 * X) + 0.1 * jnp.array(np.random.default_rng(0).normal(size=(30, 1)))


def regression():
    D = gpx.Dataset(X=X, y=Y)
    prior = gpx.gps.Prior(mean_function=gpx.mean_functions.Zero(), kernel=gpx.kernels.RBF())
    likelihood = gpx.likelihoods.Gaussian()
    posterior = prior * likelihood
    out = [float(gpx.objectives.conjugate_mll(posterior, D))]
    fitted, history = gpx.fit(
        model=posterior,
        objective=lambda p, d: -gpx.objectives.conjugate_mll(p, d),
        train_data=D,
        optim=ox.adam(0.01),
        num_iters=50,
        key=jr.key(123),
        verbose=False,
    )
    test = jnp.linspace(-3.5, 3.5, 7).reshape(-1, 1)
    latent = fitted.predict(test, train_data=D)
    predictive = fitted.likelihood(latent)
    out += flat(predictive.mean) + flat(
        jnp.sqrt(predictive.variance) if hasattr(predictive, "variance") else predictive.stddev()
    )
    return {"regression": out, "training": flat(history)}


def kernels():
    out = []
    for k in (
        gpx.kernels.RBF(),
        gpx.kernels.Matern12(),
        gpx.kernels.Matern32(),
        gpx.kernels.Matern52(),
        gpx.kernels.RationalQuadratic(),
        gpx.kernels.Periodic(),
        gpx.kernels.Linear(),
        gpx.kernels.Polynomial(degree=2),
        gpx.kernels.RBF() + gpx.kernels.Matern32(),
        gpx.kernels.RBF() * gpx.kernels.Linear(),
    ):
        out += flat(k.cross_covariance(X[:3], X[:4])) + flat(
            k.gram(X[:3]).to_dense() if hasattr(k.gram(X[:3]), "to_dense") else k.gram(X[:3]).as_matrix()
        )
    return {"kernels": out}


def main():
    out = {}
    for f in (regression, kernels):
        out |= f()
    return out


def step():
    prior = gpx.gps.Prior(mean_function=gpx.mean_functions.Zero(), kernel=gpx.kernels.RBF())
    posterior = prior * gpx.likelihoods.Gaussian()
    run = jax.jit(lambda s: gpx.objectives.conjugate_mll(posterior, gpx.Dataset(X=X, y=s * Y)))
    return lambda: jax.block_until_ready(run(1.0))
