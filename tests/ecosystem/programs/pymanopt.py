"""Pymanopt with its JAX backend: the quick start, gradients and Hessians on manifolds, 50 steps of each optimizer."""

import jax
import jax.numpy as jnp
import numpy as np
import pymanopt
from pymanopt import manifolds, optimizers

X64 = True
TOLERANCE = {"": 1e-6, "sphere": 1e-3}  # where optimizers stop


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)] or [np.zeros(0)]
    ).tolist()


def data(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def dominant():
    matrix = data((6, 6))
    matrix = 0.5 * (matrix + matrix.T)
    manifold = manifolds.Sphere(6)

    @pymanopt.function.jax(manifold)
    def cost(point):
        return -point @ matrix @ point

    problem = pymanopt.Problem(manifold, cost)
    start = np.ones(6) / np.sqrt(6)
    out = flat(
        (
            problem.euclidean_gradient(start),
            problem.riemannian_gradient(start),
            problem.cost(start),
            problem.riemannian_hessian(start, manifold.projection(start, data((6,), 1))),
        )
    )
    for optimizer in (optimizers.SteepestDescent, optimizers.ConjugateGradient, optimizers.TrustRegions):
        result = optimizer(max_iterations=50, verbosity=0, log_verbosity=1).run(problem, initial_point=start)
        out += [float(result.cost)] + flat(np.abs(result.point))
    return {"sphere": out}


def steps():
    """Steepest descent by hand: 50 costs."""
    a, b = data((5, 3), 2), data((5, 4), 3)
    manifold = manifolds.Stiefel(5, 2)

    @pymanopt.function.jax(manifold)
    def cost(x):
        return jnp.sum((a @ a.T @ x - 0.3 * x) ** 2) + jnp.sum((x.T @ b) ** 2)

    problem = pymanopt.Problem(manifold, cost)
    x, out = np.linalg.qr(data((5, 2), 4))[0], []
    for _ in range(50):
        x = manifold.retraction(x, -0.003 * problem.riemannian_gradient(x))
        out.append(float(problem.cost(x)))
    return {"training": out}


def others():
    out = []
    spd = manifolds.SymmetricPositiveDefinite(3)
    s = np.diag([1.0, 2.0, 0.5])

    @pymanopt.function.jax(spd)
    def distance(x):
        return jnp.sum((x - s) ** 2) + jnp.trace(jnp.linalg.inv(x))

    problem = pymanopt.Problem(spd, distance)
    out += flat(problem.riemannian_gradient(np.eye(3)))
    product = manifolds.Product([manifolds.Euclidean(3), manifolds.Sphere(3)])

    @pymanopt.function.jax(product)
    def both(x, y):
        return jnp.sum((x - jnp.arange(3.0)) ** 2) + jnp.dot(x, y)

    problem = pymanopt.Problem(product, both)
    start = [np.ones(3), np.array([1.0, 0.0, 0.0])]
    out += flat(problem.riemannian_gradient(start))
    grassmann = manifolds.Grassmann(4, 2)
    m = data((4, 4), 5)

    @pymanopt.function.jax(grassmann)
    def subspace(x):
        return -jnp.trace(x.T @ (m + m.T) @ x)

    result = optimizers.TrustRegions(max_iterations=50, verbosity=0).run(
        pymanopt.Problem(grassmann, subspace), initial_point=np.linalg.qr(data((4, 2), 6))[0]
    )
    return {"others": [*out, float(result.cost)]}


def main():
    out = {}
    for f in (dominant, steps, others):
        out |= f()
    return out


def step():
    matrix = data((50, 50))
    manifold = manifolds.Sphere(50)

    @pymanopt.function.jax(manifold)
    def cost(point):
        return -point @ (matrix + matrix.T) @ point

    problem = pymanopt.Problem(manifold, cost)
    x = np.ones(50) / np.sqrt(50)
    return lambda: problem.riemannian_gradient(x)
