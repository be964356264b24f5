"""NumPyro: eight schools and regressions with NUTS, HMC, other kernels, SVI with guides, handlers, predictive draws, in 64 bits."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax import random
from numpyro import handlers
from numpyro.infer import HMC, MCMC, NUTS, SVI, Predictive, Trace_ELBO, TraceMeanField_ELBO, autoguide
from numpyro.infer.reparam import LocScaleReparam, TransformReparam

X64 = True
TOLERANCE = {
    "": 1e-8,
    "eight long": 1e-6,
    "noncentred long": 1e-6,
    "dist BetaBinomial": 1e-6,
}  # JAX's betaln has 7 digits there

J = 8
Y = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
SIGMA = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def flat(x):
    return np.ravel(np.asarray(x, np.float64)).tolist()


def eight_schools(J, sigma, y=None):
    mu = numpyro.sample("mu", dist.Normal(0, 5))
    tau = numpyro.sample("tau", dist.HalfCauchy(5))
    with numpyro.plate("J", J):
        theta = numpyro.sample("theta", dist.Normal(mu, tau))
        numpyro.sample("obs", dist.Normal(theta, sigma), obs=y)


def noncentred(J, sigma, y=None):
    mu = numpyro.sample("mu", dist.Normal(0, 5))
    tau = numpyro.sample("tau", dist.HalfCauchy(5))
    with numpyro.plate("J", J):
        with handlers.reparam(config={"theta": TransformReparam()}):
            theta = numpyro.sample(
                "theta", dist.TransformedDistribution(dist.Normal(0.0, 1.0), dist.transforms.AffineTransform(mu, tau))
            )
        numpyro.sample("obs", dist.Normal(theta, sigma), obs=y)


def sampled(kernel, key, *args, warmup=50, samples=50, fields=("potential_energy", "num_steps"), **kwargs):
    mcmc = MCMC(kernel, num_warmup=warmup, num_samples=samples, progress_bar=False)
    mcmc.run(random.PRNGKey(key), *args, extra_fields=fields, **kwargs)
    return mcmc


def first_and_all(name, mcmc, first=10):
    """The first samples, and all of them: the latter may part after many steps."""
    found = mcmc.get_samples()
    return {
        f"{name} first": [x for k in sorted(found) for x in flat(found[k][:first])],
        f"{name} long": [x for k in sorted(found) for x in flat(found[k])],
    }


def schools():
    mcmc = sampled(NUTS(eight_schools), 0, J, SIGMA, y=Y, warmup=5)  # more would only make rounding errors larger
    out = first_and_all("eight", mcmc) | {"eight energies": flat(mcmc.get_extra_fields()["potential_energy"][:10])}
    out["eight steps"] = flat(mcmc.get_extra_fields()["num_steps"][:20])
    again = sampled(NUTS(noncentred), 0, J, SIGMA, y=Y, warmup=5)
    out |= first_and_all("noncentred", again)
    predicted = Predictive(noncentred, again.get_samples())(random.PRNGKey(1), J, SIGMA)
    return out | {"predicted": flat(predicted["obs"][:5])}


def regression_data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    return x, x @ np.array([1.0, -2.0, 0.5]) + 0.7 + 0.3 * rng.normal(size=60)


def regression_model(x, y=None):
    a = numpyro.sample("a", dist.Normal(0.0, 1.0))
    b = numpyro.sample("b", dist.Normal(0.0, 1.0).expand([x.shape[1]]).to_event(1))
    sigma = numpyro.sample("sigma", dist.Exponential(1.0))
    mean = numpyro.deterministic("mean", a + x @ b)
    with numpyro.plate("data", x.shape[0]):
        numpyro.sample("obs", dist.Normal(mean, sigma), obs=y)


def regression():
    x, y = regression_data()
    mcmc = sampled(NUTS(regression_model), 0, x, y, warmup=20)
    out = first_and_all("regression", mcmc, 5)
    hmc = sampled(
        HMC(regression_model, num_steps=8, trajectory_length=None, step_size=0.05),
        1,
        x,
        y,
        warmup=5,
        samples=20,
        fields=("accept_prob",),
    )
    out["hmc"] = flat(hmc.get_samples()["b"]) + flat(hmc.get_extra_fields()["accept_prob"])
    dense = sampled(
        NUTS(regression_model, dense_mass=True, target_accept_prob=0.9, max_tree_depth=6),
        2,
        x,
        y,
        warmup=30,
        samples=10,
    )
    out["dense"] = flat(dense.get_samples()["b"])
    chains = MCMC(
        NUTS(regression_model),
        num_warmup=20,
        num_samples=10,
        num_chains=2,
        chain_method="vectorized",
        progress_bar=False,
    )
    chains.run(random.PRNGKey(3), x, y)
    out["chains"] = flat(chains.get_samples(group_by_chain=True)["b"])
    return out


def logistic_model(x, y=None):
    b = numpyro.sample("b", dist.Normal(jnp.zeros(x.shape[1]), jnp.ones(x.shape[1])))
    numpyro.sample("y", dist.Bernoulli(logits=x @ b), obs=y)


def logistic():
    x, y = regression_data()
    mcmc = sampled(NUTS(logistic_model), 0, x, (y > 0).astype(float), warmup=40, samples=20)
    loglik = numpyro.infer.log_likelihood(logistic_model, mcmc.get_samples(), x, (y > 0).astype(float))["y"]
    return {"logistic": flat(mcmc.get_samples()["b"]), "loglik": flat(loglik[0])}


def lasso():
    """A horseshoe-like model with several plates, and the other kernels: SA, BarkerMH, mixed HMC, discrete Gibbs."""
    x, y = regression_data()

    def horseshoe(x, y=None):
        lambdas = numpyro.sample("lambdas", dist.HalfCauchy(jnp.ones(3)))
        tau = numpyro.sample("tau", dist.HalfCauchy(jnp.ones(1)))
        unscaled = numpyro.sample("unscaled", dist.Normal(0.0, jnp.ones(3)))
        prec = numpyro.sample("prec", dist.Gamma(3.0, 1.0))
        numpyro.sample("y", dist.Normal(x @ (tau * lambdas * unscaled), 1.0 / jnp.sqrt(prec)), obs=y)

    mcmc = sampled(NUTS(horseshoe), 0, x, y, warmup=20, samples=10)
    sa = sampled(numpyro.infer.SA(regression_model), 0, x, y, warmup=20, samples=10, fields=())
    barker = sampled(numpyro.infer.BarkerMH(regression_model), 0, x, y, warmup=20, samples=10, fields=())

    def mixture(data):
        weights = numpyro.sample("weights", dist.Dirichlet(jnp.ones(2)))
        locs = numpyro.sample("locs", dist.Normal(0, 3).expand([2]))
        with numpyro.plate("data", len(data)):
            z = numpyro.sample("z", dist.Categorical(weights), infer={"enumerate": "parallel"})
            numpyro.sample("obs", dist.Normal(locs[z], 1.0), obs=data)

    summed = dist.MixtureSameFamily(dist.Categorical(jnp.array([0.3, 0.7])), dist.Normal(jnp.array([-1.0, 2.0]), 1.0))
    return {
        "horseshoe": flat(mcmc.get_samples()["unscaled"]), "sa": flat(sa.get_samples()["b"]), "barker": flat(barker.get_samples()["b"]),
        "mixture": flat(summed.log_prob(jnp.linspace(-3, 3, 7))) + flat(summed.sample(random.PRNGKey(0), (5,))),
    }  # fmt: skip


def svi():
    """Stochastic variational inference with a guide by hand and automatic guides."""
    data = jnp.concatenate([jnp.ones(6), jnp.zeros(4)])

    def model(data):
        f = numpyro.sample("latent_fairness", dist.Beta(10, 10))
        with numpyro.plate("N", data.shape[0]):
            numpyro.sample("obs", dist.Bernoulli(f), obs=data)

    def guide(data):
        alpha = numpyro.param("alpha_q", 15.0, constraint=dist.constraints.positive)
        beta = numpyro.param("beta_q", lambda key: random.exponential(key), constraint=dist.constraints.positive)
        numpyro.sample("latent_fairness", dist.Beta(alpha, beta))

    fitted = SVI(model, guide, numpyro.optim.Adam(step_size=0.005), loss=Trace_ELBO()).run(
        random.PRNGKey(0), 100, data, progress_bar=False
    )
    out = {"svi": flat(fitted.losses), "svi params": [float(fitted.params["alpha_q"]), float(fitted.params["beta_q"])]}
    x, y = regression_data()
    for made in (
        autoguide.AutoNormal,
        autoguide.AutoMultivariateNormal,
        autoguide.AutoLowRankMultivariateNormal,
        autoguide.AutoDelta,
        autoguide.AutoLaplaceApproximation,
        autoguide.AutoDiagonalNormal,
    ):
        auto = made(regression_model)
        loss = TraceMeanField_ELBO() if made is autoguide.AutoNormal else Trace_ELBO()
        found = SVI(regression_model, auto, numpyro.optim.Adam(0.02), loss).run(
            random.PRNGKey(1), 50, x, y, progress_bar=False
        )
        out[f"guide {made.__name__}"] = flat(found.losses)
        out[f"posterior {made.__name__}"] = flat(
            auto.sample_posterior(random.PRNGKey(2), found.params, x, y, sample_shape=(3,))["b"]
        )
    state = SVI(model, guide, numpyro.optim.ClippedAdam(0.01), Trace_ELBO(num_particles=4)).init(
        random.PRNGKey(0), data
    )
    run = SVI(model, guide, numpyro.optim.ClippedAdam(0.01), Trace_ELBO(num_particles=4))
    run.init(random.PRNGKey(0), data)
    update = jax.jit(run.update)
    out["update"] = []
    for _ in range(20):
        state, loss = update(state, data)
        out["update"].append(float(loss))
    return out


def effects():
    """Handlers: seed, trace, condition, substitute, block, scope, mask, scale; the density of a model and its gradient."""
    x, y = regression_data()
    seeded = handlers.trace(handlers.seed(regression_model, random.PRNGKey(0))).get_trace(x)
    out = {"trace": [v for site in seeded.values() if site["type"] == "sample" for v in flat(site["value"])[:4]]}
    given = {"a": 0.5, "b": jnp.array([1.0, -1.0, 0.0]), "sigma": 0.4}
    density = lambda p: numpyro.infer.util.log_density(regression_model, (x, y), {}, p)[0]
    out["density"] = [float(density(given)), *flat(jax.jit(jax.grad(density))(given)["b"])]
    held = handlers.condition(handlers.seed(regression_model, random.PRNGKey(1)), {"a": 0.3})
    out["condition"] = flat(handlers.trace(held).get_trace(x)["obs"]["value"])[:5]

    def masked():
        with handlers.mask(mask=jnp.array([True, False, True])), handlers.scale(scale=2.0), numpyro.plate("p", 3):
            numpyro.sample("z", dist.Normal(0, 1), obs=jnp.array([0.1, 0.2, 0.3]))

    out["masked"] = [float(numpyro.infer.util.log_density(masked, (), {}, {})[0])]
    centred = handlers.reparam(eight_schools, config={"theta": LocScaleReparam(0)})
    out["reparam"] = flat(sampled(NUTS(centred), 4, J, SIGMA, y=Y, warmup=20, samples=5).get_samples()["mu"])
    constrained = numpyro.infer.util.initialize_model(random.PRNGKey(0), eight_schools, model_args=(J, SIGMA, Y))
    out["initial"] = flat(constrained.param_info.z["theta"]) + [float(constrained.param_info.potential_energy)]
    return out


def series():
    """A local trend by `numpyro.contrib.control_flow.scan`, and a Gaussian process."""
    from numpyro.contrib.control_flow import scan

    values = jnp.cumsum(random.normal(random.PRNGKey(0), (15,)))

    def trend(y=None):
        sigma = numpyro.sample("sigma", dist.HalfNormal(1.0))

        def transition(level, _):
            level = numpyro.sample("level", dist.Normal(level, sigma))
            numpyro.sample("y", dist.Normal(level, 0.3))
            return level, level

        with handlers.condition(data={"y": y}):
            scan(transition, 0.0, jnp.arange(15))

    def process(x, y):
        length = numpyro.sample("length", dist.LogNormal(0.0, 1.0))
        noise = numpyro.sample("noise", dist.LogNormal(0.0, 1.0))
        k = jnp.exp(-0.5 * ((x[:, None] - x[None]) / length) ** 2) + (noise + 1e-6) * jnp.eye(x.shape[0])
        numpyro.sample("y", dist.MultivariateNormal(loc=jnp.zeros(x.shape[0]), covariance_matrix=k), obs=y)

    x = jnp.linspace(-1, 1, 12)
    first = sampled(NUTS(trend), 0, values, warmup=20, samples=5)
    second = sampled(NUTS(process), 0, x, jnp.sin(3 * x), warmup=20, samples=5)
    return {"trend": flat(first.get_samples()["level"]), "process": flat(second.get_samples()["length"])}


def distributions():
    """A sample, its log density and the derivative of that, of distributions and transforms."""
    key = random.PRNGKey(11)
    made = [
        dist.Normal(0.5, 2.0), dist.Beta(2.0, 3.0), dist.Gamma(2.0, 1.5), dist.StudentT(4.0, 0.0, 1.0), dist.Cauchy(0.0, 1.0), dist.Laplace(0.0, 1.0),
        dist.LogNormal(0.0, 0.5), dist.Exponential(2.0), dist.HalfNormal(1.0), dist.HalfCauchy(1.0), dist.InverseGamma(3.0, 1.0), dist.Gumbel(0.0, 1.0),
        dist.Logistic(0.0, 1.0), dist.Pareto(3.0, 1.0), dist.Uniform(-1.0, 2.0), dist.TruncatedNormal(0.0, 1.0, low=-0.5), dist.Weibull(1.0, 2.0),
        dist.VonMises(0.0, 2.0), dist.Kumaraswamy(2.0, 3.0), dist.Chi2(3.0), dist.SoftLaplace(0.0, 1.0), dist.AsymmetricLaplace(0.0, 1.0, 1.0),
        dist.Dirichlet(jnp.array([1.0, 2.0, 3.0])), dist.MultivariateNormal(jnp.zeros(2), jnp.array([[2.0, 0.5], [0.5, 1.0]])),
        dist.MultivariateStudentT(5.0, jnp.zeros(2), jnp.eye(2)), dist.LKJCholesky(3, 1.0), dist.GaussianRandomWalk(0.5, 4), dist.ProjectedNormal(jnp.ones(3)),
        dist.LowRankMultivariateNormal(jnp.zeros(3), jnp.ones((3, 1)), jnp.ones(3)), dist.WishartCholesky(4.0, jnp.eye(2)), dist.BetaProportion(0.3, 5.0),
    ]  # fmt: skip
    whole = [
        dist.Poisson(3.0), dist.Bernoulli(0.3), dist.Binomial(10, 0.4), dist.Categorical(jnp.array([0.2, 0.3, 0.5])), dist.Geometric(0.3),
        dist.NegativeBinomial2(3.0, 2.0), dist.BetaBinomial(2.0, 3.0, 10), dist.Multinomial(5, jnp.array([0.2, 0.3, 0.5])), dist.ZeroInflatedPoisson(0.2, 2.0),
        dist.OrderedLogistic(0.3, jnp.array([-1.0, 1.0])), dist.DiscreteUniform(0, 5), dist.GammaPoisson(2.0, 1.0),
    ]  # fmt: skip
    out = {}
    for d in made:
        x = d.sample(key, (2,))
        slope = jax.grad(lambda x: jnp.sum(d.log_prob(x)))(x)  # noqa: B023
        out[f"dist {type(d).__name__}"] = flat(x) + flat(d.log_prob(x)) + flat(slope)
    for d in whole:
        x = d.sample(key, (3,))
        out[f"dist {type(d).__name__}"] = flat(x) + flat(d.log_prob(x))
    t = (
        dist.biject_to(dist.constraints.simplex),
        dist.biject_to(dist.constraints.corr_cholesky),
        dist.biject_to(dist.constraints.ordered_vector),
    )
    z = jnp.array([0.3, -0.2, 0.8])
    out["transforms"] = [v for f in t for v in flat(f(z)) + flat(f.log_abs_det_jacobian(z, f(z))) + flat(f.inv(f(z)))]
    out["kl"] = flat(dist.kl_divergence(dist.Normal(0.0, 1.0), dist.Normal(1.0, 2.0)))
    return out


EXAMPLES = (schools, regression, logistic, lasso, svi, effects, series, distributions)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    """A transition of NUTS in the regression."""
    x, y = regression_data()
    kernel = NUTS(regression_model, step_size=0.05, adapt_step_size=False, max_tree_depth=5)
    state = kernel.init(random.PRNGKey(0), 0, None, (x, y), {})
    sample = jax.jit(lambda state: kernel.sample(state, (x, y), {}))
    kept = [state]

    def once():
        kept[0] = sample(kept[0])
        return kept[0].potential_energy.block_until_ready()

    return once
