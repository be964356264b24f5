"""BlackJAX: its quick start with NUTS, window adaptation, and the other samplers of its reference, in 64 bits."""

import blackjax
import jax
import jax.numpy as jnp
import jax.scipy.stats as stats
import numpy as np

X64 = True
TOLERANCE = {"": 1e-8, "pathfinder": 1e-5}

OBSERVED = jnp.array(np.random.default_rng(0).normal(10.0, 20.0, 200))


def flat(tree):
    return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)]).tolist()


def logdensity(x):
    logpdf = stats.norm.logpdf(OBSERVED, x["loc"], jnp.exp(x["log_scale"]))
    return jnp.sum(logpdf)


START = {"loc": 1.0, "log_scale": 1.0}


def banana(x):
    return -0.5 * (x[0] ** 2 / 4 + (x[1] - 0.3 * x[0] ** 2) ** 2)


def inference_loop(key, kernel, state, num_samples):
    """The one of the documentation."""

    @jax.jit
    def one_step(state, key):
        state, _ = kernel(key, state)
        return state, state

    _, states = jax.lax.scan(one_step, state, jax.random.split(key, num_samples))
    return states


def quick_start():
    """NUTS with a given mass matrix, step by step, and in a scan."""
    nuts = blackjax.nuts(logdensity, step_size=1e-2, inverse_mass_matrix=jnp.array([1.0, 1.0]))
    state = nuts.init(START)
    step = jax.jit(nuts.step)
    out, key = [], jax.random.key(1)
    for i in range(50):
        state, info = step(jax.random.fold_in(key, i), state)
        out += [
            float(state.position["loc"]),
            float(state.logdensity),
            float(info.acceptance_rate),
            float(info.num_integration_steps),
        ]
    states = inference_loop(key, nuts.step, nuts.init(START), 20)
    return {"quick_start": out, "loop": flat(states.position)}


def adaptation():
    warmup = blackjax.window_adaptation(blackjax.nuts, logdensity)
    key = jax.random.key(2)
    (state, parameters), _ = warmup.run(key, START, num_steps=20)  # more would only make rounding errors larger
    kernel = blackjax.nuts(logdensity, **parameters).step
    states = inference_loop(key, kernel, state, 20)
    return {
        "adapted": [float(parameters["step_size"]), *flat(parameters["inverse_mass_matrix"])],
        "samples": flat(states.position),
    }


def samplers():
    key, x, eye = jax.random.key(3), jnp.array([0.5, -0.5]), jnp.ones(2)
    made = {
        "hmc": blackjax.hmc(banana, 0.2, eye, 10), "mala": blackjax.mala(banana, 0.2), "barker": blackjax.barker_proposal(banana, 0.3),
        "rmh": blackjax.additive_step_random_walk(banana, blackjax.mcmc.random_walk.normal(0.3 * jnp.eye(2))),
        "elliptical": blackjax.elliptical_slice(lambda x: -0.1 * jnp.sum(x**4), mean=jnp.zeros(2), cov=jnp.eye(2)),
        "dynamic": blackjax.dynamic_hmc(banana, 0.2, eye), "mclmc": blackjax.mclmc(banana, L=1.0, step_size=0.2),
        "ghmc": blackjax.ghmc(banana, 0.2, eye, 0.3, 0.1), "rmhmc": blackjax.rmhmc(banana, 0.1, jnp.eye(2), 4),
        "hrss": blackjax.hit_and_run_ss(banana) if hasattr(blackjax, "hit_and_run_ss") else blackjax.mala(banana, 0.1),
    }  # fmt: skip
    out = {}
    for name, algorithm in made.items():
        state = algorithm.init(x, key) if name in ("dynamic", "mclmc", "ghmc") else algorithm.init(x)
        step = jax.jit(algorithm.step)
        found = []
        for i in range(50):
            state, _ = step(jax.random.fold_in(key, i), state)
            found += flat(state.position)
        out[f"sampler {name}"] = found
    return out


def chains():
    """Several chains under vmap, their diagnostics."""
    nuts = blackjax.nuts(banana, step_size=0.3, inverse_mass_matrix=jnp.ones(2))
    states = jax.vmap(nuts.init)(jnp.array([[0.0, 0.0], [1.0, -1.0], [2.0, 1.0]]))

    def loop(key, states, n):
        def one(states, key):
            states, _ = jax.vmap(nuts.step)(jax.random.split(key, 3), states)
            return states, states

        return jax.lax.scan(one, states, jax.random.split(key, n))[1]

    found = loop(jax.random.key(4), states, 40)
    samples = jnp.swapaxes(found.position, 0, 1)
    ess, rhat = blackjax.ess(samples), blackjax.rhat(samples)
    return {"chains": flat(found.position), "diagnostics": flat(ess) + flat(rhat)}


def particles():
    """Tempered sequential Monte Carlo with HMC inside."""
    prior = lambda x: stats.multivariate_normal.logpdf(x, jnp.zeros(1), 4.0 * jnp.eye(1))
    likelihood = lambda x: -5.0 * jnp.square(jnp.sum(x**2 - 1))
    parameters = {"step_size": 0.1, "inverse_mass_matrix": jnp.eye(1), "num_integration_steps": 10}
    tempered = blackjax.adaptive_tempered_smc(
        prior, likelihood, blackjax.hmc.build_kernel(), blackjax.hmc.init, blackjax.smc.extend_params(parameters),
        blackjax.smc.resampling.systematic, 0.5, num_mcmc_steps=2,
    )  # fmt: skip
    state = tempered.init(jax.random.normal(jax.random.key(0), (50, 1)))
    step, found = jax.jit(tempered.step), []
    for i in range(5):
        state, _ = step(jax.random.fold_in(jax.random.key(1), i), state)
        found += [float(state.tempering_param), *flat(state.particles)[:10]]
    return {"smc": found}


def gradients():
    """Stochastic gradients: SGLD, SGHMC; and variational approximations."""
    data = jnp.array(np.random.default_rng(1).normal(1.0, 1.0, (100,)))
    prior, likelihood = lambda x: stats.norm.logpdf(x), lambda x, batch: stats.norm.logpdf(batch, x)
    grad = blackjax.sgmcmc.gradients.grad_estimator(prior, likelihood, 100)
    out = {}
    for name, algorithm in {"sgld": blackjax.sgld(grad), "sghmc": blackjax.sghmc(grad)}.items():
        position, found, step = jnp.array(0.5), [], jax.jit(algorithm.step)
        for i in range(30):
            position = step(jax.random.fold_in(jax.random.key(5), i), position, data[3 * i : 3 * i + 10], 1e-3)
            found.append(float(position))
        out[name] = found
    import optax

    vi = blackjax.meanfield_vi(banana, optax.adam(0.05), 20)
    state, step, found = vi.init(jnp.zeros(2)), jax.jit(vi.step), []
    for i in range(30):
        state, info = step(jax.random.fold_in(jax.random.key(6), i), state)
        found.append(float(info.elbo))
    out["vi"] = found
    state, _ = blackjax.vi.pathfinder.approximate(jax.random.key(7), banana, jnp.array([1.0, 1.0]), num_samples=20)
    out["pathfinder"] = [float(state.elbo), *flat(state.position)]
    return out


EXAMPLES = (quick_start, adaptation, samplers, chains, particles, gradients)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    nuts = blackjax.nuts(logdensity, step_size=1e-2, inverse_mass_matrix=jnp.array([1.0, 1.0]))
    key, update = jax.random.key(1), jax.jit(nuts.step)
    kept = [nuts.init({"loc": 10.0, "log_scale": 3.0})]

    def once():
        kept[0], _ = update(key, kept[0])
        return kept[0].logdensity.block_until_ready()

    return once
