"""Helpers that make arrays and fill them."""

from numpy import arange, array, asarray, empty, eye, full, linspace, ones, outer, tile, zeros, zeros_like


def filled(make, x):
    out = make(len(x))
    for i in range(len(x)):
        out[i] = x[i] * (i + 1)
    return out


def from_zeros(x):
    return filled(zeros, x)


def from_empty(x):
    return filled(empty, x)


def from_ones(x):
    out = ones((2, len(x)))
    out[0] *= x
    out[1, ::2] = x[::2] ** 2
    return out


def from_full(x):
    out = full((len(x), len(x)), 0.5)
    out[range(len(x)), range(len(x))] = x
    return out


def from_eye(x):
    out = eye(len(x))
    out[0, 1:] = x[1:]
    out[1:, 0] -= x[1:]
    return out


def from_arange(x):
    grid = arange(len(x)) * 1.0
    grid[-1] = x[0]
    grid += x
    return grid


def from_linspace(x):
    grid = linspace(0, 1, len(x))
    grid[1:-1] = x[1:-1]
    return grid


def from_tile(x):
    rows = tile([1.0, 2.0], (len(x), 1))
    rows[:, 0] = x
    return rows


def from_outer(x):
    m = outer([1.0, 2.0, 3.0], [1.0, 1.0])
    m[0] = x[:2]
    m[1:] *= x[2]
    return m


def from_copy(x, base=((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))):
    m = array(base).copy()
    m[0, :3] += x[:3]
    return m.T.ravel()


def from_list(x):
    return array([1.0, x[0], x[1] * x[2]]) @ array([[x[0], 2.0], [0.0, 1.0], [1.0, x[3]]])


def from_comprehension(x):
    return array([[xi * xj for xj in x] for xi in x], dtype=float)


def normalised(x):
    x = asarray(x, dtype=float)
    return x / x.sum()


def broadcast_rows(x):
    out = zeros_like(x, shape=(3, len(x)))
    out[...] = x
    out[1] = 0
    return out


def masked_fill(x):
    out = zeros(len(x))
    large = x > 0.5
    out[large] = x[large] ** 2
    out[~large] += 3 * x[~large]
    return out


def views_share(x):
    whole = zeros((3, 4))
    top, column, flat = whole[0], whole[:, 1], whole.reshape(-1)
    top[:] = x
    column += x[:3]
    flat[-1] = x[0] * x[1]
    return whole, top


def swap(x):
    out = ones(len(x))
    out[:] = x
    out[0], out[-1] = out[-1] * 1.0, out[0] * 1.0
    out[[1, 2]] = out[[2, 1]] * 2
    return out
