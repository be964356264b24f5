"""e3nn-jax: irreps and their arrays, spherical harmonics, tensor products, layers in Flax, Haiku and Equinox, a network trained."""

import e3nn_jax as e3nn
import jax
import jax.numpy as jnp
import numpy as np

TOLERANCE = {"": 1e-4}


def flat(tree):
    return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)]).tolist()


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def quick_start():
    """Irreps, arrays of them, their chunks, sums, products by numbers."""
    x = e3nn.IrrepsArray("1o + 2x0e", data((5,)))
    many = e3nn.IrrepsArray("2x0e + 1o", data((3, 5), 1))
    y = e3nn.concatenate([many, 2.0 * many])
    turned = x.transform_by_angles(0.3, 0.5, -0.2)
    chunks = [c for c in many.chunks if c is not None]
    dims = [
        float(e3nn.Irreps("3x0e + 2x1o + 2e").dim),
        float(len(e3nn.Irreps("0e+1o+2e").filter("1o"))),
        float(e3nn.Irrep("2e").dim),
    ]
    return {
        "quick_start": flat(
            (y.array, turned.array, chunks, (many + many).array, y.regroup().array, e3nn.norm(many).array)
        )
        + dims
    }


def harmonics():
    v = data((4, 3), 2)
    out = e3nn.spherical_harmonics("0e + 1o + 2e + 3o", v, True)
    raw = e3nn.spherical_harmonics("2e", v, False, normalization="norm")
    slope = jax.jit(jax.grad(lambda v: jnp.sum(jnp.sin(e3nn.spherical_harmonics("1o + 2e", v, True).array))))(v)
    cg = e3nn.clebsch_gordan(1, 1, 2)
    r = jnp.linspace(0.1, 2.0, 6)
    radial = (
        e3nn.bessel(r, 4, 2.0),
        e3nn.soft_one_hot_linspace(r, start=0.0, end=2.0, number=4, basis="gaussian", cutoff=True),
        e3nn.poly_envelope(5, 2)(r / 2),
        e3nn.sus(r),
    )
    return {
        "harmonics": flat((out.array, raw.array)),
        "slope": flat(slope),
        "cg": flat(cg),
        "radial": flat(radial),
    }


def products():
    a, b = e3nn.IrrepsArray("0e + 1o + 2e", data((3, 9), 3)), e3nn.IrrepsArray("1o", data((3, 3), 4))
    full = e3nn.tensor_product(a, b)
    some = e3nn.tensor_product(a, b, filter_ir_out="1o + 0e")
    square = e3nn.tensor_square(b)
    pairwise = e3nn.elementwise_tensor_product(b, b)
    slope = jax.jit(jax.grad(lambda x: jnp.sum(e3nn.tensor_product(e3nn.IrrepsArray(a.irreps, x), b).array ** 2)))(
        a.array
    )
    gate = e3nn.gate(e3nn.IrrepsArray("2x0e + 1x0e + 1o", data((3, 6), 5)))
    acted = e3nn.scalar_activation(e3nn.IrrepsArray("2x0e + 1o", data((3, 5), 6)), [jax.nn.silu, None])
    normed = e3nn.norm_activation(a, [None, jnp.tanh, jax.nn.sigmoid])
    scattered = e3nn.scatter_sum(a, dst=jnp.array([0, 1, 0]), output_size=2)
    return {
        "product": flat((full.array, some.array, square.array, pairwise.array)), "product slope": flat(slope),
        "activations": flat((gate.array, acted.array, normed.array)), "scattered": flat(scattered.array), "dots": flat((e3nn.dot(a, a).array, e3nn.cross(b, b).array)),
    }  # fmt: skip


def rotations():
    angles = jnp.array([0.3, 0.7, -0.4])
    m = e3nn.angles_to_matrix(*angles)
    quaternion, axis_angle, back = e3nn.matrix_to_quaternion(m), e3nn.matrix_to_axis_angle(m), e3nn.matrix_to_angles(m)
    drawn = e3nn.rand_matrix(jax.random.PRNGKey(0), (2,))
    d = e3nn.Irrep("2e").D_from_angles(*angles)
    sphere = e3nn.to_s2grid(e3nn.IrrepsArray("0e + 1o + 2e", data((9,), 7)), 6, 7, quadrature="gausslegendre")
    again = e3nn.from_s2grid(sphere, "0e + 1o + 2e")
    return {
        "rotations": flat((m, quaternion, axis_angle, back, d)),
        "drawn": flat(drawn),
        "sphere": flat((sphere.grid_values, again.array)),
    }


def graph():
    positions = data((6, 3), 8)
    senders, receivers = e3nn.radius_graph(positions, 1.6)
    return positions, senders, receivers


def networks():
    """A convolution on a graph of points in Flax, trained for 50 steps; linear layers in Haiku and Equinox."""
    import equinox as eqx
    import flax.linen as nn
    import haiku as hk
    import optax

    positions, senders, receivers = graph()

    class Layer(nn.Module):
        target: e3nn.Irreps

        @nn.compact
        def __call__(self, nodes, vectors):
            sent = e3nn.tensor_product(nodes[senders], e3nn.spherical_harmonics("0e + 1o + 2e", vectors, True))
            lengths = jnp.linalg.norm(vectors, axis=1)
            scales = e3nn.flax.MultiLayerPerceptron([8, sent.irreps.num_irreps], jax.nn.silu)(
                e3nn.bessel(lengths, 4, 1.6)
            )
            out = e3nn.scatter_sum(sent * scales, dst=receivers, output_size=nodes.shape[0]) / 2.0
            return e3nn.flax.Linear(self.target)(e3nn.concatenate([out, nodes]).regroup())

    class Model(nn.Module):
        @nn.compact
        def __call__(self, positions):
            vectors = positions[receivers] - positions[senders]
            nodes = e3nn.IrrepsArray("0e", jnp.ones((positions.shape[0], 1)))
            nodes = e3nn.gate(Layer(e3nn.Irreps("6x0e + 2x1o"))(nodes, vectors))
            return Layer(e3nn.Irreps("0e"))(nodes, vectors).array

    model = Model()
    params = model.init(jax.random.PRNGKey(1), positions)
    tx = optax.adam(1e-2)
    state = tx.init(params)

    @jax.jit
    def step(params, state):
        loss, grads = jax.value_and_grad(
            lambda p: jnp.mean((model.apply(p, positions)[:, 0] - jnp.arange(6.0) / 6) ** 2)
        )(params)
        updates, state = tx.update(grads, state)
        return optax.apply_updates(params, updates), state, loss

    losses = []
    for _ in range(50):
        params, state, loss = step(params, state)
        losses.append(float(loss))
    x = e3nn.IrrepsArray("3x0e + 2x1o", data((2, 9), 9))
    turned = model.apply(params, positions @ e3nn.angles_to_matrix(0.1, 0.2, 0.3).T) - model.apply(params, positions)
    haiku = hk.without_apply_rng(hk.transform(lambda x: e3nn.haiku.Linear("2x0e + 1o")(x)))
    weights = haiku.init(jax.random.PRNGKey(2), x)
    equinox = e3nn.equinox.Linear(irreps_in=x.irreps, irreps_out=e3nn.Irreps("2x0e + 1o"), key=jax.random.PRNGKey(3))
    slopes = eqx.filter_grad(lambda m: jnp.sum(m(x).array ** 2))(equinox)
    return {
        "loss network": losses, "invariant": [float(jnp.max(jnp.abs(turned)) < 1e-4)], "haiku": flat(haiku.apply(weights, x).array),
        "equinox": flat(equinox(x).array), "equinox slopes": flat(slopes),
    }  # fmt: skip


EXAMPLES = (quick_start, harmonics, products, rotations, networks)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    a, b = e3nn.IrrepsArray("8x0e + 8x1o", data((32, 32))), data((32, 3), 1)
    weights = [data((8,), 2)]

    @jax.jit
    def update(w):
        def loss(w):
            out = e3nn.tensor_product(a, e3nn.spherical_harmonics("0e + 1o", b, True), filter_ir_out="0e + 1o")
            return jnp.mean((out.filter("0e").array[:, :8] * w) ** 2)

        return w - 0.01 * jax.grad(loss)(w)

    def once():
        weights[0] = update(weights[0])
        return weights[0].block_until_ready()

    return once
