"""Evosax: its quick start, its algorithms for 50 generations of ask and tell, benchmark functions, a policy in Flax."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from evosax.algorithms import CMA_ES, PSO, Open_ES, algorithms, population_based_algorithms
from evosax.core.fitness_shaping import centered_rank_fitness_shaping_fn
from evosax.problems import BBOBProblem

TOLERANCE = {"": 1e-3}

# Those that steps of rounding decide: the same algorithm runs apart within some generations.
SHORT = {
    "CMA_ES": 20,
    "xNES": 20,
    "iAMaLGaM_Full": 10,
    "ASEBO": 10,
    "SV_CMA_ES": 10,
    "MA_ES": 20,
    "LM_MA_ES": 20,
    "CR_FM_NES": 20,
    "ESMC": 50,
}


def flat(tree):
    return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)]).tolist()


def sphere(x):
    return jnp.sum((x - 0.5) ** 2 * jnp.arange(1.0, 1.0 + x.shape[-1]), axis=-1)


def made(name, size=16, solution=None):
    cls, solution = algorithms[name], jnp.zeros(3) if solution is None else solution
    if name in population_based_algorithms:
        return cls(population_size=size, solution=solution)
    options = {"optimizer": optax.sgd(0.1)} if name in ("NoiseReuseES", "PersistentES") else {}
    options |= {"num_populations": 2} if name.startswith("SV_") else {}
    options |= {"sampling_fn": lambda key: jax.random.normal(key, (3,))} if name == "RandomSearch" else {}
    return cls(population_size=size, solution=solution, **options)


def generations(name, count):
    es = made(name)
    params, key = es.default_params, jax.random.key(0)
    if name in population_based_algorithms:
        population = jax.random.normal(key, (16, 3))
        state = es.init(key, population, sphere(population), params)
    elif name.startswith("SV_"):
        state = es.init(key, jax.random.normal(key, (2, 3)), params)
    else:
        state = es.init(key, jnp.zeros(3), params)
    found = []
    for i in range(count):
        ask, tell = jax.random.split(jax.random.fold_in(key, i))
        population, state = es.ask(ask, state, params)
        state, metrics = es.tell(tell, population, sphere(population), state, params)
        found += [float(jnp.min(metrics["best_fitness"])), float(jnp.mean(sphere(population)))]
    return found


def quick_start():
    """The README's: CMA-ES by ask and tell, here in a scan under jit."""
    es = CMA_ES(population_size=32, solution=jnp.zeros(2))
    params, key = es.default_params, jax.random.key(0)
    state = es.init(key, jnp.zeros(2), params)

    def step(state, key):
        ask, tell = jax.random.split(key)
        population, state = es.ask(ask, state, params)
        state, metrics = es.tell(tell, population, sphere(population), state, params)
        return state, metrics["best_fitness"]

    state, best = jax.jit(lambda state: jax.lax.scan(step, state, jax.random.split(key, 15)))(state)
    return {"quick_start": flat(best), "mean": flat(es.get_mean(state))}


LEARNED = ("LES", "LGA")  # learned ones, which load weights that come with the package
SOME = (
    "ARS", "CMA_ES", "GradientlessDescent", "GuidedES", "Open_ES", "PGPE", "SNES", "Sep_CMA_ES", "SimulatedAnnealing", "xNES",
    "DifferentialEvolution", "MR15_GA", "PSO", "SimpleGA",
)  # fmt: skip


def every():
    return {f"algorithm {name}": generations(name, SHORT.get(name, 50)) for name in SOME}


def learned():
    return {f"algorithm {name}": generations(name, 5 if name == "LGA" else 20) for name in LEARNED}


def problems():
    """Functions of the BBOB benchmark."""
    out, key = {}, jax.random.key(1)
    for name in (
        "sphere",
        "rosenbrock",
        "rastrigin",
        "weierstrass",
    ):
        problem = BBOBProblem(fn_name=name, num_dims=3, seed=0)
        state = problem.init(key)
        points = jax.vmap(problem.sample)(jax.random.split(key, 4))
        fitness, _, _ = problem.eval(key, points, state)
        out[f"bbob {name}"] = flat((points, fitness))
    return out


def policy():
    """A network in Flax evolved with OpenES, Adam and centred ranks."""
    from flax import linen as nn

    class Policy(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(1)(nn.tanh(nn.Dense(8)(x)))

    x = jnp.array(np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32))
    y, net, key = jnp.sin(x.sum(1)), Policy(), jax.random.key(0)
    start = net.init(key, x)
    es = Open_ES(
        population_size=32,
        solution=start,
        optimizer=optax.adam(0.05),
        std_schedule=optax.constant_schedule(0.1),
        fitness_shaping_fn=centered_rank_fitness_shaping_fn,
    )
    params = es.default_params
    state = es.init(key, start, params)
    fitness_of = jax.jit(jax.vmap(lambda p: jnp.mean((net.apply(p, x)[:, 0] - y) ** 2)))
    found = []
    for i in range(50):
        ask, tell = jax.random.split(jax.random.fold_in(key, i))
        population, state = es.ask(ask, state, params)
        fitness = fitness_of(population)
        state, _ = es.tell(tell, population, fitness, state, params)
        found.append(float(jnp.mean(fitness)))
    return {"policy": found}


EXAMPLES = (quick_start, every, learned, problems, policy)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    es = PSO(population_size=32, solution=jnp.zeros(8))
    params, key = es.default_params, jax.random.key(0)
    population = jax.random.normal(key, (32, 8))
    kept = [es.init(key, population, sphere(population), params)]

    @jax.jit
    def update(state):
        population, state = es.ask(key, state, params)
        return es.tell(key, population, sphere(population), state, params)

    def once():
        kept[0], metrics = update(kept[0])
        return metrics["best_fitness"].block_until_ready()

    return once
