"""A hundred functions as people write them for NumPy, imported from packages and differentiated unmodified.

Each is compared with itself on plain arrays: its value, differences for the gradient, differences of the gradient for its
product with the Hessian; compiled and batched with the same.
"""

import numpy as np
import pytest
from programs.kernels import grids, linear, networks, others
from programs.toolkit import arrays, series, shapes

import wengert as w

RNG = np.random.default_rng(5)


def some(*shape):
    return RNG.uniform(0.2, 1.2, shape)


def spd(n):
    a = some(n, n)
    return a @ a.T + n * np.eye(n)


X4 = np.array([0.7, 1.1, 0.4, 0.9])
CSR = (np.array([0, 2, 3, 5]), np.array([0, 2, 1, 0, 1]))
# For each function its arguments, and which of them is the variable.
CASES = {
    linear.multiply_add: ((1.5, 1.2, some(3, 2), some(3, 4), some(4, 2)), 3),
    linear.atax: ((some(3, 4), some(4)), 0),
    linear.bicg: ((some(3, 4), some(4), some(3)), 0),
    linear.two_products: ((1.5, 1.2, some(2, 3), some(3, 4), some(4, 2), some(2, 2)), 2),
    linear.three_products: ((some(2, 3), some(3, 2), some(2, 2), some(2, 3)), 1),
    linear.many_small_products: ((some(2, 2, 3), some(3, 3)), 1),
    linear.rank_two_and_solve: ((1.5, 1.2, some(3, 3), some(3), some(3), some(3), some(3), some(3), some(3)), 3),
    linear.scaled_sum: ((1.5, 1.2, some(3, 3), some(3, 3), some(3)), 4),
    linear.transposed_pair: ((some(3), some(3), some(3), some(3), some(3, 3)), 2),
    linear.symmetric_product: ((1.5, 1.2, some(3, 2), some(3, 3), some(3, 2)), 3),
    linear.rank_k_update: ((1.5, 1.2, some(3, 3), some(3, 2)), 3),
    linear.rank_two_k_update: ((1.5, 1.2, some(3, 3), some(3, 2), some(3, 2)), 4),
    linear.triangular_product: ((1.5, some(3, 3), some(3, 2)), 1),
    linear.triangular_solve: ((np.tril(some(4, 4)) + np.eye(4), some(4)), 1),
    linear.cholesky: ((spd(3),), 0),
    linear.lu: ((spd(3),), 0),
    linear.lu_solve: ((spd(3), some(3)), 1),
    linear.durbin: ((some(4) / 4,), 0),
    linear.gram_schmidt: ((some(3, 2),), 0),
    linear.householder: ((some(3, 2) + np.eye(3, 2),), 0),
    linear.thomas: ((some(4), some(4) + 3, some(4), some(4)), 1),
    linear.covariance: ((some(4, 3),), 0),
    linear.correlation: ((some(4, 3) * 3,), 0),
    linear.sparse_times_vector: ((some(5), *CSR, some(3)), 0),
    linear.power_iteration: ((spd(3),), 0),
    linear.conjugate_gradients: ((spd(3), some(3)), 1),
    grids.jacobi_line: ((2, some(5), some(5)), 1),
    grids.jacobi_plane: ((2, some(4, 4)), 1),
    grids.heat_cube: ((2, some(4, 4, 4)), 1),
    grids.seidel: ((2, some(4, 4)), 1),
    grids.waves: ((3, some(3)), 1),
    grids.horizontal_diffusion: ((some(6, 6), some(2, 2)), 0),
    grids.cavity: ((2, np.array(1.3)), 1),
    grids.alternating_directions: ((1, some(4, 4)), 1),
    grids.vertical_advection: ((some(2, 3), some(2, 3)), 1),
    grids.deriche: ((some(2, 4),), 0),
    grids.upwind: ((some(5), some(5)), 0),
    grids.periodic_burgers: ((some(5),), 0),
    grids.ghost_cells: ((some(3, 3),), 0),
    networks.softmax: ((some(2, 3),), 0),
    networks.conv2d: ((some(1, 3, 3, 1), some(2, 2, 1, 2)), 1),
    networks.conv2d_bias: ((some(1, 3, 3, 1), some(2, 2, 1, 2), some(2)), 0),
    networks.maxpool2d: ((some(1, 4, 4, 1),), 0),
    networks.lenet: ((some(1, 5, 5, 1), some(2, 2, 1, 2), some(2, 2, 2, 1), some(1, 3)), 1),
    networks.batchnorm2d: ((some(2, 2, 2, 1),), 0),
    networks.resnet_block: ((some(2, 3, 3, 2), some(2, 2), some(3, 3, 2, 2)), 1),
    networks.mlp: ((some(2, 3), some(3, 4), some(4), some(4, 2), some(2)), 1),
    networks.attention: ((some(1, 1, 3, 2), some(1, 1, 3, 2), some(1, 1, 3, 2)), 0),
    networks.gated_recurrence: ((some(3, 2), some(2), some(2, 2), some(2, 2)), 2),
    networks.causal_mask: ((some(3, 3),), 0),
    networks.dropout_mask: ((some(4), np.array([True, False, True, True])), 0),
    others.nbody: ((some(3, 3), some(3, 3), some(3, 1)), 0),
    others.mandelbrot: ((some(4),), 0),
    others.go_fast: ((some(3, 3),), 0),
    others.compute: ((some(4) * 5, some(4), some(4)), 0),
    others.arc_distance: ((some(3), some(3), some(3) + 1, some(3)), 0),
    others.radial_means: ((some(6), np.array([0.1, 0.4, 0.7, 0.9, 0.3, 1.0]), 3), 0),
    others.weighted_histogram: ((some(5), np.array([0, 1, 1, 2, 0]), 3), 0),
    others.loop_histogram: ((some(5), np.array([0, 1, 1, 2, 0]), 3), 0),
    others.floyd_warshall: ((some(3, 3),), 0),
    others.nussinov: ((some(4, 4),), 0),
    others.edit_distance: ((some(3, 3),), 0),
    others.spectrum: ((some(4),), 0),
    others.self_energies: ((some(3, 2, 2), some(2), some(2, 2)), 0),
    others.contour_moments: ((spd(2) / 9,), 0),
    others.prefix_sums: ((some(4),), 0),
    others.bubble_network: ((some(4),), 0),
    **{
        f: ((X4,), 0)
        for module in (arrays, shapes, series)
        for f in vars(module).values()
        if callable(f) and getattr(f, "__module__", "") == module.__name__ and not isinstance(f, type)
        and f.__name__ not in ("filled", "running", "windows", "polynomial", "accumulate")
    },
}  # fmt: skip
# What asks for the truth of a comparison, or sorts by it, runs one example at a time.
BRANCHES = {others.edit_distance, series.sorted_values}


def loss_of(f, args, k):
    def loss(x):
        given = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
        given[k] = x * 1.0
        out = f(*given)
        total = 0.0
        for o in out if isinstance(out, tuple) else (out,):
            flat = np.ravel(o)
            total = total + np.sum(flat * np.cos(np.arange(flat.size) + 0.3))
        return total

    return loss


def test_there_are_a_hundred():
    assert len(CASES) >= 100


@pytest.mark.parametrize("f", CASES, ids=lambda f: f"{f.__module__.split('.')[-1]}.{f.__name__}")
def test_imported_as_it_is(f):
    args, k = CASES[f]
    loss, x = loss_of(f, args, k), args[k]
    v = np.cos(np.arange(x.size) + 1.0).reshape(x.shape)
    slope = (loss(x + 1e-6 * v) - loss(x - 1e-6 * v)) / 2e-6
    value, gradient = w.value_and_grad(loss)(x)
    np.testing.assert_allclose(value, loss(x), rtol=1e-12)
    np.testing.assert_allclose(np.sum(gradient * v), slope, rtol=2e-5, atol=1e-7)
    tight = {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(w.jit(loss)(x), value, **tight)
    np.testing.assert_allclose(w.jit(w.grad(loss))(x), gradient, **tight)
    product = w.hvp(loss, (x,), (v,))
    turned = (w.grad(loss)(x + 1e-6 * v) - w.grad(loss)(x - 1e-6 * v)) / 2e-6
    np.testing.assert_allclose(product, turned, rtol=1e-5, atol=1e-6 * max(1, np.abs(turned).max()))
    if f not in BRANCHES:
        both = w.vmap(w.grad(loss))(np.stack([x, x * 1.01]))
        np.testing.assert_allclose(both[0], gradient, **tight)
        np.testing.assert_allclose(both[1], w.grad(loss)(x * 1.01), **tight)
