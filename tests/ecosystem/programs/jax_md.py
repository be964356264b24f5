"""JAX MD: spaces, energies, neighbour lists, minimisation and simulation in several ensembles, in 64 bits."""

import jax
import jax.numpy as jnp
import numpy as np
from jax_md import energy, minimize, partition, quantity, simulate, smap, space

X64 = True
TOLERANCE = {"": 1e-8}


def flat(tree):
    return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)]).tolist()


N, BOX = 32, 5.0
START = jnp.array(np.random.default_rng(0).uniform(0, BOX, (N, 2)))


def quick_start():
    """The README's: soft spheres in a periodic box, minimised by FIRE."""
    displacement, shift = space.periodic(BOX)
    of = energy.soft_sphere_pair(displacement)
    init, apply = minimize.fire_descent(of, shift)
    step, state = jax.jit(apply), init(START)
    found = [float(of(START)), *flat(quantity.force(of)(START))[:10]]
    for _ in range(50):
        state = step(state)
        found.append(float(of(state.position)))
    return {"quick_start": found, "minimum": flat(state.position)}


def spaces():
    periodic, shift = space.periodic(BOX)
    free, moved = space.free()
    general, turned = space.periodic_general(jnp.array([[BOX, 0.5], [0.0, BOX]]))
    metric = space.map_product(space.metric(periodic))
    a, b = START[:4], START[4:8]
    out = (
        space.map_product(periodic)(a, b),
        shift(a, b),
        free(a[0], b[0]),
        moved(a, b),
        metric(a, b),
        turned(a / BOX, 0.1 * b),
    )
    slope = jax.grad(lambda x: jnp.sum(space.map_product(general)(x, b / BOX) ** 2))(a / BOX)
    return {"spaces": flat(out), "space slope": flat(slope)}


def energies():
    displacement, _ = space.periodic(BOX)
    pairs = {
        "soft_sphere": energy.soft_sphere_pair(displacement), "lennard_jones": energy.lennard_jones_pair(displacement, sigma=0.5), "morse": energy.morse_pair(displacement, sigma=0.6, alpha=3.0),
    }  # fmt: skip
    out = {}
    for name, f in pairs.items():
        slope = jax.jit(jax.grad(f))(START)
        out[f"energy {name}"] = [float(f(START)), *flat(slope)]
    bonds = smap.bond(
        lambda dr, **_: jnp.sum((dr - 1.0) ** 2), space.metric(displacement), jnp.array([[0, 1], [1, 2], [2, 3]])
    )
    hessian = jax.hessian(lambda x: energy.soft_sphere_pair(displacement)(x))(START[:4])
    curve = quantity.pair_correlation(displacement, jnp.linspace(0.1, 2.0, 8), 0.1)(START)
    return out | {
        "bonds": flat(bonds(START)),
        "hessian": flat(hessian),
        "pressure": [float(quantity.temperature(velocity=START - 2.5, mass=1.0))],
        "pairs": flat(curve),
    }


def neighbours():
    """Neighbour lists, allocated and updated, with the energy over them and its gradient."""
    displacement, shift = space.periodic(BOX)
    neighbor_fn, of = energy.lennard_jones_neighbor_list(
        displacement, BOX, sigma=0.4, r_onset=0.8, r_cutoff=1.0, dr_threshold=0.2
    )
    nbrs = neighbor_fn.allocate(START)
    force = jax.jit(jax.grad(of))

    @jax.jit
    def step(x, nbrs):
        nbrs = nbrs.update(x)
        return shift(x, -1e-5 * jnp.clip(jax.grad(of)(x, neighbor=nbrs), -100.0, 100.0)), nbrs

    x, found = START, [float(of(START, neighbor=nbrs)), *flat(force(START, neighbor=nbrs))[:10]]
    for _ in range(50):
        x, nbrs = step(x, nbrs)
        found.append(float(of(x, neighbor=nbrs)))
    sparse = partition.neighbor_list(displacement, BOX, 1.0, 0.2, format=partition.Sparse).allocate(START)
    return {
        "neighbours": found,
        "overflow": [float(nbrs.did_buffer_overflow)],
        "sparse": [float(sparse.idx.shape[0]), float(jnp.sum(sparse.idx[0] < N))],
    }


def ensembles():
    """Newton's equations, Nosé-Hoover chains, Langevin and Brownian dynamics, and constant pressure."""
    displacement, shift = space.periodic(BOX)
    of, key = energy.soft_sphere_pair(displacement), jax.random.key(0)
    made = {
        "nve": simulate.nve(of, shift, 1e-2), "nvt": simulate.nvt_nose_hoover(of, shift, 1e-2, 0.3), "langevin": simulate.nvt_langevin(of, shift, 1e-2, 0.3, gamma=0.2),
        "brownian": simulate.brownian(of, shift, 1e-3, 0.3),
    }  # fmt: skip
    out = {}
    for name, (init, apply) in made.items():
        state = init(key, START) if name != "nve" else init(key, START, kT=0.3)
        step, found = jax.jit(apply), []
        for _ in range(50):
            state = step(state)
            found += [float(of(state.position)), float(state.position[0, 0])]
        out[f"ensemble {name}"] = found
    init, apply = simulate.nve(of, shift, 1e-2)
    many = jax.lax.fori_loop(0, 20, lambda i, s: apply(s), init(key, START, kT=0.3))
    fractional, shifted = space.periodic_general(BOX)
    pressed = energy.soft_sphere_pair(fractional)
    init, apply = simulate.npt_nose_hoover(pressed, shifted, 1e-3, 0.2, 0.3)
    state, step = init(key, START / BOX, box=BOX), jax.jit(apply)
    found = []
    for _ in range(20):
        state = step(state)
        found += [float(state.box_position), float(state.position[0, 0])]
    return out | {"loop": flat(many.position), "npt": found}


EXAMPLES = (quick_start, spaces, energies, neighbours, ensembles)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    displacement, shift = space.periodic(2 * BOX)
    of = energy.soft_sphere_pair(displacement)
    init, apply = simulate.nve(of, shift, 1e-3)
    kept = [init(jax.random.key(0), jnp.array(np.random.default_rng(0).uniform(0, 2 * BOX, (128, 2))), kT=0.1)]
    update = jax.jit(apply)

    def once():
        kept[0] = update(kept[0])
        return kept[0].position.block_until_ready()

    return once
