"""Log densities, a Metropolis sampler, Hamiltonian Monte Carlo steps and a Laplace approximation."""

import jax
import jax.numpy as jnp
from jax import grad, jit, random, vmap
from jax.scipy import stats
from jax.scipy.linalg import cho_factor, cho_solve, solve_triangular
from jax.scipy.special import expit, gammaln, logsumexp

x = jnp.linspace(-2.0, 2.0, 20)
y = (random.uniform(random.key(0), (20,)) < expit(1.5 * x - 0.5)).astype(jnp.float32)


def log_joint(theta):
    logits = theta[0] * x + theta[1]
    likelihood = jnp.sum(y * jax.nn.log_sigmoid(logits) + (1 - y) * jax.nn.log_sigmoid(-logits))
    return likelihood + stats.norm.logpdf(theta, 0.0, 2.0).sum()


mode = jnp.zeros(2)
for _ in range(15):
    mode = mode - jnp.linalg.solve(jax.hessian(log_joint)(mode), grad(log_joint)(mode))
assert jnp.linalg.norm(grad(log_joint)(mode)) < 1e-4
precision = -jax.hessian(log_joint)(mode)
factor = cho_factor(precision, lower=True)
covariance = cho_solve(factor, jnp.eye(2))
assert jnp.allclose(covariance @ precision, jnp.eye(2), atol=1e-4)
L = jnp.linalg.cholesky(precision)
assert jnp.allclose(solve_triangular(L, L @ jnp.ones(2), lower=True), jnp.ones(2), atol=1e-5)
density = stats.multivariate_normal.logpdf(mode + 0.1, mode, covariance)


@jit
def leapfrog(theta, momentum, size=0.1):
    momentum = momentum + 0.5 * size * grad(log_joint)(theta)
    for _ in range(5):
        theta = theta + size * momentum
        momentum = momentum + size * grad(log_joint)(theta)
    return theta, momentum - 0.5 * size * grad(log_joint)(theta)


theta, momentum = leapfrog(mode, jnp.array([0.3, -0.2]))
energy = lambda t, m: -log_joint(t) + 0.5 * jnp.vdot(m, m)
assert abs(energy(theta, momentum) - energy(mode, jnp.array([0.3, -0.2]))) < 1e-2


@jit
def metropolis(state, key):
    k1, k2 = random.split(key)
    proposal = state + 0.5 * random.normal(k1, state.shape)
    accept = jnp.log(random.uniform(k2)) < log_joint(proposal) - log_joint(state)
    return jnp.where(accept, proposal, state)


chain = [mode]
for key in random.split(random.key(1), 50):
    chain.append(metropolis(chain[-1], key))
chain = jnp.stack(chain)
assert chain.shape == (51, 2) and jnp.isfinite(vmap(log_joint)(chain)).all()
print("mode", mode, "covariance", covariance, "density", density)
print("leapfrog", theta, momentum)
print("chain", chain[10], chain[-1])
print(
    "special",
    gammaln(4.5),
    logsumexp(jnp.array([1.0, 2.0, 3.0])),
    stats.gamma.logpdf(1.0, 2.0),
    stats.beta.pdf(0.3, 2, 3),
)
print(
    "more",
    stats.t.logpdf(0.5, 3.0),
    stats.poisson.logpmf(3, 2.5),
    stats.norm.cdf(0.3),
    stats.expon.logpdf(1.0, scale=2.0),
)
