"""The objectives of ADBench, written here from their formulas.

Šrajer, Kukelova and Fitzgibbon, "A benchmark of selected algorithmic differentiation tools on some problems in computer
vision and machine learning", 2018; the recurrent network is from the benchmark's later version.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..row import PEERS, Row

# --- Gaussian mixture -------------------------------------------------------------------------------------------


def triangle(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the entries of a strictly lower triangular matrix are in a vector of its columns, and which there are."""
    rows, columns = np.tril_indices(d, -1)
    order = np.lexsort((rows, columns))
    index, present = np.zeros((d, d), int), np.zeros((d, d), bool)
    index[rows[order], columns[order]] = np.arange(len(rows))
    present[rows, columns] = True
    return index, present


def mixture(lib: Any) -> Any:
    """The log likelihood of points under a Gaussian mixture with a Wishart prior (gamma = 1, m = 0).

    The square root of the precision of component k is lower triangular, with ``exp(diagonals[k])`` on its diagonal and
    ``lower[k]`` below it, column by column.
    """
    np_ = lib.np_

    def log_sum_exp(x: Any) -> Any:
        top = np_.max(x, axis=-1, keepdims=True)
        return top[..., 0] + np_.log(np_.sum(np_.exp(x - top), axis=-1))

    def objective(alphas: Any, means: Any, diagonals: Any, lower: Any, x: Any) -> Any:
        (n, d), k = x.shape, means.shape[0]
        index, present = triangle(d)
        below = np_.where(np_.asarray(present), lower[:, np_.asarray(index)], 0.0)
        centered = x[:, None, :] - means[None, :, :]
        scaled = np_.exp(diagonals) * centered + np_.einsum("kij,nkj->nki", below, centered)
        log_determinants = np_.sum(diagonals, axis=1)
        inner = alphas + log_determinants - 0.5 * np_.sum(scaled**2, axis=-1)
        likelihood = np_.sum(log_sum_exp(inner)) - n * log_sum_exp(alphas) - 0.5 * n * d * math.log(2 * math.pi)
        prior = 0.5 * (np_.sum(np_.exp(diagonals) ** 2) + np_.sum(lower**2))
        log_gamma = 0.25 * d * (d - 1) * math.log(math.pi) + sum(math.lgamma(0.5 * (d + 1) - 0.5 * j) for j in range(d))
        return likelihood + prior + k * (0.5 * (d + 1) * d * math.log(2) + log_gamma)

    return objective


def clusters(d: int, k: int, n: int) -> Any:
    return lambda rng: (
        rng.normal(size=k), rng.uniform(size=(k, d)), 0.1 * rng.normal(size=(k, d)),
        0.1 * rng.normal(size=(k, d * (d - 1) // 2)), rng.normal(size=(n, d)),
    )  # fmt: skip


# --- bundle adjustment ------------------------------------------------------------------------------------------


def reprojection(lib: Any) -> Any:
    """How far a point lies from where a camera saw it, times a weight.

    A camera is a rotation vector, a centre, a focal length, a principal point and two coefficients of radial distortion.
    """
    np_ = lib.np_

    def rotated(rotation: Any, x: Any) -> Any:
        """Rodrigues' formula; all rotations of the data differ from zero."""
        angle = np_.sqrt(np_.sum(rotation**2))
        axis = rotation / angle
        cosine = np_.cos(angle)
        return x * cosine + np_.cross(axis, x) * np_.sin(angle) + axis * (np_.sum(axis * x) * (1 - cosine))

    def residual(camera: Any, point: Any, weight: Any, feature: Any) -> Any:
        seen = rotated(camera[:3], point - camera[3:6])
        flat = seen[:2] / seen[2]
        square = np_.sum(flat**2)
        distorted = flat * (1 + camera[9] * square + camera[10] * square**2)
        return weight * (distorted * camera[6] + camera[7:9] - feature)

    return residual


def bundle_residuals(lib: Any) -> Any:
    residual = reprojection(lib)

    def run(cameras: Any, points: Any, weights: Any, camera_index: Any, point_index: Any, features: Any) -> Any:
        each = lib.vmap(residual)(cameras[camera_index], points[point_index], weights, features)
        return each, 1 - weights**2

    return run


def bundle_jacobian(lib: Any) -> Any:
    """The residuals, and the blocks of their sparse Jacobian: by camera, point and weight; and the weights' own."""
    residual = reprojection(lib)

    def run(cameras: Any, points: Any, weights: Any, camera_index: Any, point_index: Any, features: Any) -> Any:
        of_one = lambda *args: (residual(*args), lib.jacrev(residual, argnums=(0, 1, 2))(*args))
        each, blocks = lib.vmap(of_one)(cameras[camera_index], points[point_index], weights, features)
        of_weight = lib.vmap(lib.value_and_grad(lambda w: 1 - w**2))
        return each, blocks, of_weight(weights)

    return run


def scene(cameras: int, points: int, observations: int) -> Any:
    """Cameras about ten units from the points, looking at them; every camera and point is observed."""

    def inputs(rng: Any) -> Any:
        camera = np.concatenate(
            [rng.uniform(0.05, 0.2, (cameras, 3)), rng.normal(size=(cameras, 3)) + [0, 0, -10],
             rng.uniform(400, 600, (cameras, 1)), rng.normal(size=(cameras, 2)),
             rng.uniform(-0.1, 0.1, (cameras, 2))], axis=1,
        )  # fmt: skip
        shuffled = lambda n: rng.permutation(np.arange(observations) % n)
        return (
            camera, rng.normal(size=(points, 3)), rng.uniform(0.5, 1.5, observations), shuffled(cameras),
            shuffled(points), rng.normal(size=(observations, 2)) * 50,
        )  # fmt: skip

    return inputs


# --- recurrent network ------------------------------------------------------------------------------------------


def recurrent(lib: Any, by_scan: bool) -> Any:
    """The loss of a network of LSTM cells, whose gates act number by number, that predicts a sequence.

    `weights` and `biases` have a row for each gate of each layer: forget, input, output, change.
    """
    np_ = lib.np_

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np_.exp(-x))

    def cell(weight: Any, bias: Any, hidden: Any, memory: Any, x: Any) -> Any:
        forget = sigmoid(x * weight[0] + bias[0])
        enter = sigmoid(hidden * weight[1] + bias[1])
        leave = sigmoid(x * weight[2] + bias[2])
        change = np_.tanh(hidden * weight[3] + bias[3])
        memory = memory * forget + enter * change
        return leave * np_.tanh(memory), memory

    def predicted(weights: Any, biases: Any, ends: Any, state: Any, x: Any) -> Any:
        x = x * ends[0]
        new = []
        for layer, (hidden, memory) in enumerate(state):
            x, memory = cell(weights[layer], biases[layer], hidden, memory, x)
            new.append((x, memory))
        return x * ends[1] + ends[2], new

    def loss(weights: Any, biases: Any, ends: Any, state: Any, sequence: Any) -> Any:
        def step(state: Any, pair: Any) -> Any:
            given, wanted = pair
            out, state = predicted(weights, biases, ends, state, given)
            return state, np_.sum(wanted * (out - np_.log(np_.sum(np_.exp(out)) + 2)))

        steps, size = sequence.shape[0] - 1, sequence.shape[1]
        if by_scan:
            _, each = lib.scan(step, state, (sequence[:-1], sequence[1:]))
            return -np_.sum(each) / (steps * size)
        total: Any = 0.0
        for t in range(steps):
            state, one = step(state, (sequence[t], sequence[t + 1]))
            total = total + one
        return -total / (steps * size)

    return loss


def sequence(layers: int, size: int, length: int) -> Any:
    def inputs(rng: Any) -> Any:
        weights, biases = rng.normal(size=(2, layers, 4, size)) * 0.5
        state = [tuple(rng.normal(size=(2, size))) for _ in range(layers)]
        return weights, biases, rng.normal(size=(3, size)), state, rng.integers(0, 2, (length, size)) * 1.0

    return inputs


ROWS = [
    *(
        Row(f"gmm-d{d}-n{n}", f"Gaussian mixture gradient, d = {d}, K = 25, n = {n}",
            lambda lib: lib.grad(mixture(lib), argnums=(0, 1, 2, 3)), clusters(d, 25, n), clusters(3, 2, 4),
            primal=mixture, bounded=True, others=PEERS)
        for d in (10, 32) for n in (1000, 10000)
    ),
    Row("bundle", "bundle adjustment residuals and Jacobian blocks, 31843 observations", bundle_jacobian,
        scene(49, 7776, 31843), scene(2, 3, 4), primal=bundle_residuals, bounded=True),
    Row("lstm", "LSTM gradient, 2 layers of 14, 8 steps unrolled",
        lambda lib: lib.grad(recurrent(lib, False), argnums=(0, 1, 2)), sequence(2, 14, 9), sequence(2, 2, 4),
        primal=lambda lib: recurrent(lib, False), bounded=True),
    Row("lstm-scan", "LSTM gradient, 2 layers of 14, 1023 steps by scan",
        lambda lib: lib.grad(recurrent(lib, True), argnums=(0, 1, 2)), sequence(2, 14, 1024), sequence(2, 2, 4),
        primal=lambda lib: recurrent(lib, True), bounded=True, needs=("scan",)),
]  # fmt: skip
