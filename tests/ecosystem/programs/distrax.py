"""Distrax: its quick start, distributions, bijectors, flows, hidden Markov models, trained with Optax."""

import distrax
import jax
import jax.numpy as jnp
import numpy as np
import optax

TOLERANCE = {"": 2e-4}


def flat(tree):
    return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)]).tolist()


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def quick_start():
    """A mixture, a distribution through jit and grad, a transformed distribution."""
    key = jax.random.PRNGKey(1234)
    mu, sigma = jnp.array([-1.0, 0.0, 1.0]), jnp.array([0.1, 0.2, 0.3])
    dist = distrax.MultivariateNormalDiag(mu, sigma)
    samples = dist.sample(seed=key)
    jitted = jax.jit(lambda key, mu, sigma: distrax.MultivariateNormalDiag(mu, sigma).sample_and_log_prob(seed=key))
    through = jax.jit(lambda d: d.entropy())(dist)
    log_normal = distrax.Transformed(distrax.Normal(loc=jnp.zeros(3), scale=1.0), distrax.Lambda(jnp.exp))
    value, logp = log_normal.sample_and_log_prob(seed=key)
    slope = jax.grad(
        lambda mu: (
            dist.replace(loc=mu).log_prob(samples)
            if hasattr(dist, "replace")
            else distrax.MultivariateNormalDiag(mu, sigma).log_prob(samples)
        )
    )(mu)
    return {"quick_start": flat((samples, dist.log_prob(samples), jitted(key, mu, sigma), through, value, logp, slope))}


def distributions():
    key = jax.random.PRNGKey(3)
    made = [
        distrax.Normal(0.5, 2.0), distrax.Beta(2.0, 3.0), distrax.Gamma(2.0, 1.5), distrax.Laplace(0.0, 1.0), distrax.Logistic(0.0, 1.0),
        distrax.Gumbel(0.0, 1.0), distrax.Uniform(-1.0, 2.0), distrax.VonMises(0.0, 2.0), distrax.LogStddevNormal(0.0, 0.3), distrax.ClippedNormal(0.0, 1.0, -1.0, 1.0),
        distrax.Dirichlet(jnp.array([1.0, 2.0, 3.0])), distrax.MultivariateNormalTri(jnp.zeros(2), jnp.array([[1.0, 0.0], [0.5, 2.0]])),
        distrax.MultivariateNormalFullCovariance(jnp.zeros(2), jnp.array([[2.0, 0.5], [0.5, 1.0]])),
        distrax.MultivariateNormalDiagPlusLowRank(jnp.zeros(2), jnp.ones(2), jnp.ones((2, 1))),
        distrax.Independent(distrax.Normal(jnp.zeros(3), 1.0), 1), distrax.MixtureSameFamily(distrax.Categorical(logits=jnp.zeros(2)), distrax.Normal(jnp.array([-1.0, 1.0]), 0.5)),
    ]  # fmt: skip
    whole = [
        distrax.Bernoulli(probs=0.3), distrax.Categorical(logits=jnp.array([0.1, 0.5, -0.3])), distrax.OneHotCategorical(probs=jnp.array([0.2, 0.3, 0.5])),
        distrax.Multinomial(5, probs=jnp.array([0.2, 0.3, 0.5])), distrax.EpsilonGreedy(jnp.array([0.1, 0.9, 0.2]), 0.1), distrax.Greedy(jnp.array([0.1, 0.9])),
        distrax.Softmax(jnp.array([0.1, 0.9, 0.2]), 0.5), distrax.Quantized(distrax.Normal(0.0, 2.0), low=-4, high=4),
    ]  # fmt: skip
    out = {}
    for d in made + whole:
        x, logp = d.sample_and_log_prob(seed=key, sample_shape=(4,))
        more = [f() for f in (d.mean, d.variance, d.entropy, d.mode) if _has(f)]
        slope = jax.grad(lambda x: jnp.sum(d.log_prob(x)))(x) if d in made else 0.0  # noqa: B023
        out[f"dist {type(d).__name__}"] = flat((x, logp, more, slope))
    a, b = distrax.Normal(0.0, 1.0), distrax.Normal(1.0, 2.0)
    out["kl"] = flat(
        (a.kl_divergence(b), distrax.Categorical(logits=jnp.zeros(3)).kl_divergence(whole[1]), b.cross_entropy(a))
    )
    return out


def _has(f):
    try:
        f()
    except (NotImplementedError, AttributeError):
        return False
    return True


def bijectors():
    x = data((5, 4))
    made = {
        "tanh": distrax.Tanh(), "sigmoid": distrax.Sigmoid(), "affine": distrax.ScalarAffine(0.5, 2.0), "gumbel": distrax.GumbelCDF(),
        "leaky": distrax.Lambda(lambda x: jax.nn.leaky_relu(x)), "chain": distrax.Chain([distrax.Tanh(), distrax.ScalarAffine(0.1, 0.5)]),
        "spline": distrax.RationalQuadraticSpline(data((4, 13), 1), -3.0, 3.0), "block": distrax.Block(distrax.Tanh(), 1),
        "diag": distrax.DiagLinear(jnp.array([1.0, 2.0, 3.0, 4.0])), "tri": distrax.TriangularLinear(jnp.tril(data((4, 4), 2)) + 3 * jnp.eye(4)),
        "lower": distrax.LowerUpperTriangularAffine(data((4, 4), 3) + 4 * jnp.eye(4), jnp.ones(4)), "inverse": distrax.Inverse(distrax.ScalarAffine(0.0, 3.0)),
        "shift": distrax.Shift(jnp.ones(4)), "unconstrained": distrax.UnconstrainedAffine(data((4, 4), 4) + 4 * jnp.eye(4), jnp.ones(4)),
    }  # fmt: skip
    del made["leaky"]
    out = {}
    for name, b in made.items():
        y, log_det = b.forward_and_log_det(x)
        back, inverse_det = b.inverse_and_log_det(y)
        slope = jax.jit(jax.grad(lambda x: jnp.sum(b.forward(x) ** 2) + jnp.sum(b.forward_log_det_jacobian(x))))(x)  # noqa: B023
        out[f"bijector {name}"] = flat((y, log_det, back, inverse_det, slope))
    return out


def flow():
    """A normalizing flow of masked couplings, fitted to a ring for 50 steps."""
    x = data((64, 2))
    x = x / jnp.linalg.norm(x, axis=1, keepdims=True) * (1 + 0.1 * x)
    mask = jnp.array([True, False])

    def made(params):
        layers = []
        for i, p in enumerate(params):
            conditioner = lambda x, p=p: jnp.tanh(x @ p["a"] + p["b"]) @ p["c"]  # noqa: E731
            bijector = lambda p: distrax.ScalarAffine(shift=p[..., :2], log_scale=jnp.tanh(p[..., 2:]))  # noqa: E731
            layers.append(distrax.MaskedCoupling(mask if i % 2 else ~mask, conditioner, bijector))
        base = distrax.Independent(distrax.Normal(jnp.zeros(2), jnp.ones(2)), 1)
        return distrax.Transformed(base, distrax.Inverse(distrax.Chain(layers)))

    params = [{"a": data((2, 8), i), "b": jnp.zeros(8), "c": 0.1 * data((8, 4), i + 9)} for i in range(4)]
    tx = optax.adam(1e-2)
    state = tx.init(params)

    @jax.jit
    def step(params, state):
        loss, grads = jax.value_and_grad(lambda p: -jnp.mean(made(p).log_prob(x)))(params)
        updates, state = tx.update(grads, state)
        return optax.apply_updates(params, updates), state, loss

    losses = []
    for _ in range(50):
        params, state, loss = step(params, state)
        losses.append(float(loss))
    return {"flow": losses, "drawn": flat(made(params).sample(seed=jax.random.PRNGKey(0), sample_shape=(3,)))}


def markov():
    """A hidden Markov model: forward and backward, Viterbi, the gradient of its likelihood."""
    y = data((20,))
    made = lambda logits: distrax.HMM(
        distrax.Categorical(logits=jnp.zeros(3)),
        distrax.Categorical(logits=logits),
        distrax.Normal(jnp.array([-1.0, 0.0, 1.0]), 0.5),
    )
    logits = data((3, 3), 4)
    alphas, betas, marginals, loglik = made(logits).forward_backward(y)
    slope = jax.jit(jax.grad(lambda z: made(z).forward(y)[0]))(logits)
    states, seen = made(logits).sample(seed=jax.random.PRNGKey(2), seq_len=10)
    return {
        "hmm": flat((alphas, betas, marginals, loglik, slope)),
        "viterbi": flat(made(logits).viterbi(y)),
        "drawn hmm": flat((states, seen)),
    }


EXAMPLES = (quick_start, distributions, bijectors, flow, markov)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    """A step of policy gradients with a categorical and an entropy."""
    x, reward = data((64, 8)), data((64,), 1)
    actions = jnp.arange(64) % 4
    kept = [data((8, 4), 2)]

    @jax.jit
    def update(w):
        def loss(w):
            policy = distrax.Categorical(logits=x @ w)
            return -jnp.mean(policy.log_prob(actions) * reward + 0.01 * policy.entropy())

        return w - 0.01 * jax.grad(loss)(w)

    def once():
        kept[0] = update(kept[0])
        return kept[0].block_until_ready()

    return once
