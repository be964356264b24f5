"""Orbits, fractals, transforms, histograms, dynamic programming."""

import math

import numpy as np


def accelerations(pos, mass, softening=0.1):
    x, y, z = pos[:, 0:1], pos[:, 1:2], pos[:, 2:3]
    dx, dy, dz = x.T - x, y.T - y, z.T - z
    inv_r3 = dx**2 + dy**2 + dz**2 + softening**2
    inv_r3[inv_r3 > 0] = inv_r3[inv_r3 > 0] ** (-1.5)
    ax, ay, az = (dx * inv_r3) @ mass, (dy * inv_r3) @ mass, (dz * inv_r3) @ mass
    return np.hstack((ax, ay, az))


def nbody(pos, vel, mass, steps=2, dt=0.01):
    energies = np.ndarray(steps + 1, dtype=np.float64)
    energies[0] = 0.5 * np.sum(mass * vel**2)
    acc = accelerations(pos, mass)
    for i in range(steps):
        vel += acc * dt / 2.0
        pos += vel * dt
        acc = accelerations(pos, mass)
        vel += acc * dt / 2.0
        energies[i + 1] = 0.5 * np.sum(mass * vel**2)
    return energies


def mandelbrot(c, maxiter=4):
    z = np.zeros(c.shape)
    for _ in range(maxiter):
        notdone = np.less(z * z, 4.0)
        z[notdone] = z[notdone] ** 2 + c[notdone]
    return z


def go_fast(a):
    trace = 0.0
    for i in range(a.shape[0]):
        trace += np.tanh(a[i, i])
    return a + trace


def compute(a, b, c):
    return np.clip(a, 2, 10) * 3.0 + b * 9.0 + c


def arc_distance(theta_1, phi_1, theta_2, phi_2):
    temp = np.sin((theta_2 - theta_1) / 2) ** 2 + np.cos(theta_1) * np.cos(theta_2) * np.sin((phi_2 - phi_1) / 2) ** 2
    return 2 * np.arctan2(np.sqrt(temp), np.sqrt(1 - temp))


def radial_means(data, radius, npt):
    rmax = radius.max()
    res = np.zeros(npt)
    for i in range(npt):
        mask = np.logical_and((rmax * i / npt) <= radius, radius < (rmax * (i + 1) / npt))
        res[i] = data[mask].mean()
    return res


def weighted_histogram(weights, bins, count):
    out = np.zeros(count)
    np.add.at(out, bins, weights)
    return out / out.sum()


def loop_histogram(weights, bins, count):
    out = np.zeros(count)
    for b, v in zip(bins, weights, strict=True):
        out[b] += v
    return out**2


def floyd_warshall(path):
    for k in range(path.shape[0]):
        path[:] = np.minimum(path[:], np.add.outer(path[:, k], path[k, :]))
    return path


def nussinov(scores):
    n = scores.shape[0]
    table = np.zeros((n, n))
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            table[i, j] = np.maximum(table[i, j], table[i, j - 1])
            table[i, j] = np.maximum(table[i, j], table[i + 1, j] if i + 1 < n else 0)
            if i < j - 1:
                table[i, j] = np.maximum(table[i, j], table[i + 1, j - 1] + scores[i, j])
            for k in range(i + 1, j):
                table[i, j] = np.maximum(table[i, j], table[i, k] + table[k + 1, j])
    return table[0, n - 1]


def edit_distance(costs):
    m, n = costs.shape
    table = np.full((m + 1, n + 1), np.inf)
    table[0, 0] = 0
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            table[i, j] = costs[i - 1, j - 1] + min(table[i - 1, j], table[i, j - 1], table[i - 1, j - 1])
    return table[m, n]


def fft_by_halves(x):
    n = len(x)
    if n == 1:
        return x + 0j
    even, odd = fft_by_halves(x[::2]), fft_by_halves(x[1::2])
    factor = np.exp(-2j * np.pi * np.arange(n) / n)
    return np.concatenate([even + factor[: n // 2] * odd, even + factor[n // 2 :] * odd])


def spectrum(x):
    return np.abs(fft_by_halves(x)) ** 2


def self_energies(G, D, dH):
    out = np.zeros(G.shape)
    for k in range(G.shape[0]):
        for q in range(D.shape[0]):
            if k - q >= 0:
                out[k] += D[q] * (dH @ G[k - q] @ dH.T)
    return out


def contour_moments(A, points=4):
    P = np.zeros_like(A)
    for i in range(points):
        angle = 2 * math.pi * (i + 0.5) / points
        P += np.linalg.inv(A - (3.0 + math.cos(angle)) * np.eye(len(A))) * math.cos(angle)
    return P


def prefix_sums(x):
    out = np.empty_like(x)
    total = 0.0
    for i, v in enumerate(x):
        total = total + v
        out[i] = total
    return out


def bubble_network(x):
    y = x.copy()
    for i in range(len(y)):
        for j in range(len(y) - 1 - i):
            low, high = np.minimum(y[j], y[j + 1]), np.maximum(y[j], y[j + 1])
            y[j], y[j + 1] = low, high
    return y
