"""Generators, closures, partials, recursion, Python's own functions."""

import itertools
import math
from functools import lru_cache, partial, reduce
from math import exp, hypot, log, sin, sqrt

import numpy as np

from .arrays import normalised


def running(values):
    total = 0.0
    for v in values:
        total = total + v
        yield total


def running_means(x):
    return np.array([t / (i + 1) for i, t in enumerate(running(x))])


def windows(x, n):
    for i in range(len(x) - n + 1):
        yield x[i : i + n]


def smoothed(x):
    out = np.zeros(len(x) - 1)
    for i, w in enumerate(windows(x, 2)):
        out[i] = w.mean()
    return out


def polynomial(coefficients):
    def evaluate(t):
        out = 0.0
        for c in reversed(coefficients):
            out = out * t + c
        return out

    return evaluate


def closure(x):
    p = polynomial(list(x))
    return np.array([p(t) for t in (0.5, 1.0, 2.0)])


def accumulate(buffer, scale, x):
    buffer += scale * x
    return buffer


def partials(x):
    f = partial(accumulate, scale=2.0)
    buffer = np.zeros(len(x))
    for _ in range(3):
        f(buffer, x=x)
    return buffer


def black_scholes(x):
    s, k, r, sigma = x[0] * 100, 95.0, x[1] / 10, x[2] / 2
    d1 = (math.log(s / k) + (r + sigma**2 / 2)) / sigma
    cdf = lambda z: 0.5 * (1 + math.erf(z / math.sqrt(2)))  # noqa: E731
    return s * cdf(d1) - k * math.exp(-r) * cdf(d1 - sigma)


def elementary(x):
    return (
        sin(x[0]) * exp(-x[1])
        + log(x[2]) * sqrt(x[3])
        + hypot(x[0], x[1])
        + math.pow(x[2], 1.5)
        + math.atan2(x[0], x[3])
    )


def haversine(x):
    lat1, lon1, lat2, lon2 = map(math.radians, (x[0] * 50, x[1] * 20, x[2] * 10, x[3]))
    a = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * math.asin(math.sqrt(a))


def newton_root(x):
    y = 1.0
    for _ in range(6):
        y = 0.5 * (y + x[0] / y)
    return y * x[1]


def items(x):
    return x.sum().item() * x[0].item() + sum(v * v for v in x.tolist())


def joined(x):
    return np.r_[x, x[0] ** 2, 1.0, 2.0] @ np.r_[1.0:8.0]


def columns(x):
    A = np.c_[np.ones(len(x)), x, x**2]
    return np.linalg.lstsq(A, np.arange(len(x)) * 1.0, rcond=None)[0]


def stacked(x):
    return np.stack([np.asarray([x[0], 1.0]), np.array((2.0, x[1]))]) @ np.hstack([x[2], 1.0])


def determinant(x):
    return np.linalg.det(np.array([[x[0], 2.0], [3.0, x[1]]])) * np.linalg.norm(np.array([x[2], 1.0]))


def rotation(x):
    c, s = np.cos(x[0]), np.sin(x[0])
    R = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return R @ np.asarray(x[1:4])


def checked(x):
    y = np.asarray(x) / np.sum(x)
    assert np.isscalar(3.0) and not isinstance(x, str)
    return y * math.floor(3.7) + normalised(y)


def pairs(x):
    return sum(a * b for a, b in itertools.combinations(x, 2))


def folded(x):
    return reduce(lambda a, b: a * 0.5 + math.tanh(b), x, 0.0)


def fibonacci_weights(x):
    @lru_cache(None)
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    return np.array([fib(i + 1) for i in range(len(x))]) @ x


def recursive_sum(x):
    if len(x) == 1:
        return x[0] ** 2
    half = len(x) // 2
    return recursive_sum(x[:half]) + 0.5 * recursive_sum(x[half:])


def euler(x, steps=5):
    trajectory = [np.array([1.0, 0.0])]
    for _ in range(steps):
        q, p = trajectory[-1]
        trajectory.append(np.array([q + 0.1 * p, p - 0.1 * x[0] * q]))
    return np.array(trajectory)


def runge_kutta(x):
    def rhs(t, y):
        dy = np.empty(2)
        dy[0] = y[1]
        dy[1] = -x[0] * y[0] - x[1] * y[1] + math.cos(t)
        return dy

    t, y, h = 0.0, np.array([x[2], 0.0]), 0.1
    for _ in range(3):
        k1 = rhs(t, y)
        k2 = rhs(t + h / 2, y + h / 2 * k1)
        k3 = rhs(t + h / 2, y + h / 2 * k2)
        k4 = rhs(t + h, y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        t += h
    return y


def simpson(x):
    f = lambda t: math.exp(-x[0] * t) * x[1]  # noqa: E731
    ts = np.linspace(0, 1, 5)
    ys = np.array([f(t) for t in ts])
    return (ys[0] + 4 * ys[1::2].sum() + 2 * ys[2:-1:2].sum() + ys[-1]) / 12


def quadratic_roots(x):
    a, b, c = x[0], 5.0 + x[1], x[2]
    d = np.sqrt(b * b - 4 * a * c)
    return np.array([(-b + d) / (2 * a), (-b - d) / (2 * a)])


def mixture(x):
    weights = np.exp(x) / np.exp(x).sum()
    likelihoods = np.zeros((3, len(x)))
    for k in range(len(x)):
        likelihoods[:, k] = weights[k] * np.exp(-0.5 * (np.array([0.1, 0.7, 1.5]) - k) ** 2)
    return np.log(likelihoods.sum(axis=1)).sum()


def dictionary(x):
    parameters = {"a": x[0], "b": {"c": x[1:]}}
    state = dict.fromkeys(("u", "v"), 0.0)
    state["u"] = np.float64(parameters["a"]) * 2
    state["v"] = np.sum(parameters["b"]["c"])
    return state["u"] * state["v"]


def lists(x):
    rows = [[0.0] * 3 for _ in range(3)]
    for i in range(3):
        for j in range(3):
            rows[i][j] = x[i] * x[j] if i != j else 1.0 + x[i]
    return np.linalg.inv(np.array(rows))


def sorted_values(x):
    return np.array(sorted(x)) @ np.array([1.0, 2.0, 3.0, 4.0])


def interpolated(x):
    xs = np.array([0.0, 0.5, 1.0, 2.0])
    out = np.empty(3)
    for k, t in enumerate((0.2, 0.7, 1.4)):
        i = np.searchsorted(xs, t) - 1
        s = (t - xs[i]) / (xs[i + 1] - xs[i])
        out[k] = (1 - s) * x[i] + s * x[i + 1]
    return out


def flat_iteration(x):
    m = np.zeros((2, 2))
    for i, v in enumerate(x):
        m.flat[i] = v**2
    return sum((i + j + 1) * v for (i, j), v in np.ndenumerate(m))


def out_arguments(x):
    buffer = np.empty(len(x))
    np.multiply(x, 2.0, out=buffer)
    np.add(buffer, x, out=buffer)
    np.exp(buffer, buffer)
    np.copyto(buffer[:1], x[:1])
    return buffer


def placed(x):
    a = np.zeros(6)
    np.put(a, [0, 2], x[:2])
    a.put([4], x[2])
    np.fill_diagonal(b := np.zeros((2, 2)), x[:2])
    a[1::2].fill(x[3])
    np.maximum.at(a, [0, 1], x[1])
    return a, b
