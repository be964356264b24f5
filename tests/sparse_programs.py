"""Random functions of an array for tests of sparse derivatives: what moves elements, sums, products, loops, branches by value.

`program(seed)` gives a function, an input, and whether its pattern has to be met exactly: there are no cancellations, as
factors are random, and no choices by value.
"""

import numpy as np
import scipy.sparse as sp

import wengert
import wengert.numpy as wnp
from wengert import lax


def _factor(rng, shape):
    return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def _mask(rng, shape):
    return np.where(rng.random(shape) < 0.4, 0.0, _factor(rng, shape))


def _split(rng, n):
    options = [k for k in range(1, n + 1) if n % k == 0]
    k = int(rng.choice(options))
    return k, n // k


def elementwise(rng, x):
    return [wnp.sin, wnp.exp, lambda v: v**3, lambda v: v / (2.0 + v * v), wnp.tanh][rng.integers(5)](x)


def scaled(rng, x):
    return x * _factor(rng, x.shape)


def masked(rng, x):
    return x * _mask(rng, x.shape)


def rolled(rng, x):
    axis = int(rng.integers(x.ndim))
    return x + _factor(rng, x.shape) * wnp.roll(x, int(rng.integers(-3, 4)), axis)


def reshaped(rng, x):
    return x.reshape(-1).reshape(_split(rng, x.size)) if rng.random() < 0.7 else x.reshape(-1)


def transposed(rng, x):
    return wnp.transpose(x)


def sliced(rng, x):
    index = []
    for n in x.shape:
        a, b = sorted(int(v) for v in rng.integers(0, n + 1, 2))
        if b == a:
            a, b = 0, n
        index.append(slice(a, b, int(rng.integers(1, 3))) if rng.random() < 0.7 else slice(None, None, -1))
    return x[tuple(index)]


def padded(rng, x):
    return wnp.pad(x, [(int(rng.integers(0, 3)), int(rng.integers(0, 3))) for _ in x.shape])


def summed(rng, x):
    axis = int(rng.integers(x.ndim))
    return wnp.sum(x, axis, keepdims=bool(rng.integers(2)))


def outer_sum(rng, x):
    axis = int(rng.integers(x.ndim))
    return x + _factor(rng, x.shape) * wnp.sum(x, axis, keepdims=True)


def joined(rng, x):
    return wnp.concatenate([x, _factor(rng, x.shape) * x[::-1]], int(rng.integers(x.ndim)))


def stacked(rng, x):
    return wnp.stack([x * _factor(rng, x.shape), wnp.sin(x)], int(rng.integers(x.ndim + 1)))


def picked(rng, x):
    at = rng.integers(-x.shape[0], x.shape[0], int(rng.integers(1, 2 * x.shape[0] + 1)))
    return x[at]


def written(rng, x):
    at = rng.integers(0, x.shape[0], int(rng.integers(1, x.shape[0] + 1)))
    values = _factor(rng, (len(at), *x.shape[1:])) * x[: len(at)]
    return x.at[at].add(values) if rng.random() < 0.5 else x.at[np.unique(at)].set(values[: len(np.unique(at))])


def product(rng, x):
    a = _mask(rng, (int(rng.integers(1, 5)), x.shape[0]))
    return wnp.tensordot(a, x, 1)


def squared(rng, x):
    y = x.reshape(x.shape[0], -1)
    return y @ (y.T * _factor(rng, (1, 1))) if y.size <= 36 else y * y


def sparse_matrix(rng, x):
    a = sp.random_array((int(rng.integers(1, 8)), x.shape[0]), density=0.4, rng=rng, format="csr")
    a.data[:] = _factor(rng, a.data.shape)
    y = x.reshape(x.shape[0], -1)
    return a @ y


def convolved(rng, x):
    return wnp.convolve(x.reshape(-1), _factor(rng, int(rng.integers(1, 4))))


def running(rng, x):
    return wnp.cumsum(x * _factor(rng, x.shape), int(rng.integers(x.ndim)))


def scanned(rng, x):
    f = _factor(rng, 3)
    kind = rng.integers(3)

    def step(c, v):
        if kind == 0:  # remembers one step
            return wnp.sin(v), f[0] * v + f[1] * c
        if kind == 1:  # remembers all
            c = wnp.tanh(f[0] * c + f[1] * v)
            return c, c * f[2]
        return f[0] * wnp.roll(c, 1) if c.ndim else f[0] * c, v * f[1] + wnp.sin(c)

    c, ys = lax.scan(step, x[0] * f[2], x, reverse=bool(rng.integers(2)))
    return wnp.concatenate([c[None], ys]) if rng.random() < 0.5 else ys


def repeated(rng, x):
    f = _factor(rng, 2)
    return lax.fori_loop(0, int(rng.integers(0, 4)), lambda i, v: f[0] * v + f[1] * wnp.roll(v, 1, 0), x)


def indexed_loop(rng, x):
    n = x.shape[0]
    f = _factor(rng, 2)
    return lax.fori_loop(1, n, lambda i, v: v.at[i].add(f[0] * v[i - 1] if f[1] > 0 else f[0] * x[i - 1]), x)


def solved(rng, x):
    if x.ndim < 2 or x.shape[-1] > 6 or x.shape[-1] != x.shape[-2]:
        return wnp.sort(x, -1)
    return wnp.linalg.inv(x + 10 * np.eye(x.shape[-1]))


def largest(rng, x):
    return wnp.maximum(x, _factor(rng, x.shape)) + wnp.max(x, int(rng.integers(x.ndim)), keepdims=True)


def branched(rng, x):
    f = _factor(rng, 2)
    return lax.cond(wnp.sum(x) > 0, lambda v: f[0] * wnp.roll(v, 1, 0), lambda v: f[1] * v[::-1], x)


def chosen(rng, x):
    return wnp.where(x > 0, wnp.sin(x), wnp.roll(x, 1, 0))


def transformed(rng, x):
    return wnp.real(wnp.fft.fft(x, axis=int(rng.integers(x.ndim)))) if x.size < 40 else x


def neighbours(rng, x):
    y = wnp.pad(x, [(1, 1)] * x.ndim)
    inner = tuple(slice(1, -1) for _ in x.shape)
    axis = int(rng.integers(x.ndim))
    total = _factor(rng, x.shape) * y[inner]
    for start in (0, 2):
        index = tuple(
            slice(start, start + n) if a == axis else s for a, (n, s) in enumerate(zip(x.shape, inner, strict=True))
        )
        total = total + _factor(rng, x.shape) * y[index]
    return total


def differences(rng, x):
    return wnp.sin(x[1:]) * _factor(rng, x[1:].shape) - x[:-1] if x.shape[0] > 1 else x


def halves(rng, x):
    k = x.shape[0] // 2
    return wnp.concatenate([x[:k] * x[k : 2 * k], wnp.exp(x[k:])]) if k else x


def pairs(rng, x):
    n = x.size // 2 * 2
    return wnp.sum(x.reshape(-1)[:n].reshape(-1, 2) * _factor(rng, (n // 2, 2)), 1) if n else x


def assembled(rng, x):
    """Of small elements what they give to their corners."""
    corners = rng.integers(0, x.shape[0], (x.shape[0], 2))
    local = x[corners]
    forces = (local - wnp.mean(local, 1, keepdims=True)) ** 3
    return (0 * x).at[corners.reshape(-1)].add(forces.reshape(-1, *x.shape[1:]))


def energy(rng, x):
    """The gradient of an energy of neighbours, by reverse mode."""
    return wengert.grad(lambda v: wnp.sum((v[1:] - v[:-1] ** 2) ** 2) + wnp.sum(wnp.cos(v)))(x)


def element_matrices(rng, x):
    """Small dense matrices, constant or of the elements, by small parts of an array."""
    n = x.size // 2
    if not n:
        return x
    y = x.reshape(-1)[: 2 * n].reshape(n, 2)
    if rng.random() < 0.5:
        return y @ _factor(rng, (2, int(rng.integers(1, 4))))
    return wnp.einsum("nij,nj->ni", wnp.sin(y)[:, :, None] * _factor(rng, (n, 2, 2)), y)


LOCAL = [
    elementwise, scaled, masked, rolled, reshaped, transposed, sliced, padded, joined, stacked, picked, written, chosen,
    sparse_matrix, neighbours, differences, halves, pairs, assembled, energy,
    element_matrices,
]  # fmt: skip
TIGHT = [
    elementwise, scaled, masked, rolled, reshaped, transposed, sliced, padded, summed, outer_sum, joined, stacked, picked,
    written, product, sparse_matrix, convolved, running, scanned, repeated, indexed_loop,
]  # fmt: skip
LOOSE = [squared, solved, largest, branched, chosen, transformed]


def program(seed, most=60):
    """A random function of an array, and the array."""
    rng = np.random.default_rng(seed)
    tight = bool(rng.random() < 0.6)
    shape = [(int(rng.integers(2, 13)),), (int(rng.integers(1, 5)), int(rng.integers(2, 6)))][rng.integers(2)]
    steps = [
        (TIGHT if tight else TIGHT + 3 * LOOSE)[i]
        for i in rng.integers(0, len(TIGHT) + 3 * len(LOOSE) * (not tight), int(rng.integers(1, 6)))
    ]
    return _of(steps, rng, most), rng.normal(size=shape), tight


def local_program(seed, most=400):
    """A random function whose results depend on few elements each, and an array."""
    rng = np.random.default_rng([seed, 22])
    shape = [(int(rng.integers(2, 60)),), (int(rng.integers(1, 8)), int(rng.integers(1, 8)))][rng.integers(2)]
    steps = [LOCAL[i] for i in rng.integers(0, len(LOCAL), int(rng.integers(1, 5)))]
    return _of(steps, rng, most), rng.normal(size=shape), False


def _of(steps, rng, most):
    seeds = rng.integers(0, 2**32, len(steps))

    def f(x):
        for step, s in zip(steps, seeds, strict=True):
            if not x.ndim:
                x = x[None]
            if x.size <= most and 0 not in x.shape:
                x = step(np.random.default_rng(s), x)
        return x

    f.__name__ = "_".join(s.__name__ for s in steps)
    return f
