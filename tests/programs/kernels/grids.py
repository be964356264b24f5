"""Stencils and flows on grids."""

import numpy as np
from numpy import *  # noqa: F403


def jacobi_line(steps, A, B):
    for _ in range(steps):
        B[1:-1] = 0.33333 * (A[:-2] + A[1:-1] + A[2:])
        A[1:-1] = 0.33333 * (B[:-2] + B[1:-1] + B[2:])
    return A


def jacobi_plane(steps, A):
    B = A.copy()
    for _ in range(steps):
        B[1:-1, 1:-1] = 0.2 * (A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1])
        A, B = B, A
    return A


def heat_cube(steps, A):
    B = np.empty(A.shape)
    B[:] = A
    for _ in range(steps):
        B[1:-1, 1:-1, 1:-1] = (
            0.125 * (A[2:, 1:-1, 1:-1] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[:-2, 1:-1, 1:-1])
            + 0.125 * (A[1:-1, 2:, 1:-1] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[1:-1, :-2, 1:-1])
            + 0.125 * (A[1:-1, 1:-1, 2:] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[1:-1, 1:-1, 0:-2])
            + A[1:-1, 1:-1, 1:-1]
        )
        A, B = B, A
    return A


def seidel(steps, A):
    n = A.shape[0]
    for _ in range(steps):
        for i in range(1, n - 1):
            A[i, 1:-1] += A[i - 1, :-2] + A[i - 1, 1:-1] + A[i - 1, 2:] + A[i, 2:] + A[i + 1, 1:-1]
            for j in range(1, n - 1):
                A[i, j] += A[i, j - 1]
                A[i, j] /= 9.0
    return A


def waves(steps, source):
    ex, ey, hz = zeros((4, 4)), zeros((4, 4)), ones((4, 4))  # noqa: F405
    for t in range(steps):
        ey[0, :] = source[t]
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return hz


def horizontal_diffusion(field, coefficient):
    lap = 4.0 * field[1:-1, 1:-1] - (field[2:, 1:-1] + field[:-2, 1:-1] + field[1:-1, 2:] + field[1:-1, :-2])
    res = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flx = np.where(res * (field[2:-1, 2:-2] - field[1:-2, 2:-2]) > 0, 0, res)
    res = lap[1:-1, 1:] - lap[1:-1, :-1]
    fly = np.where(res * (field[2:-2, 2:-1] - field[2:-2, 1:-2]) > 0, 0, res)
    return field[2:-2, 2:-2] - coefficient * (flx[1:] - flx[:-1] + fly[:, 1:] - fly[:, :-1])


def cavity(steps, lid, n=5):
    u, v, p = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
    b = np.zeros_like(p)
    dx = dy = 2.0 / (n - 1)
    dt, rho, nu = 0.01, 1.0, 0.1
    for _ in range(steps):
        un, vn = u.copy(), v.copy()
        b[1:-1, 1:-1] = rho * ((u[1:-1, 2:] - u[1:-1, :-2]) / (2 * dx) + (v[2:, 1:-1] - v[:-2, 1:-1]) / (2 * dy)) / dt
        for _ in range(2):
            pn = p.copy()
            p[1:-1, 1:-1] = ((pn[1:-1, 2:] + pn[1:-1, :-2]) * dy**2 + (pn[2:, 1:-1] + pn[:-2, 1:-1]) * dx**2) / (
                2 * (dx**2 + dy**2)
            ) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b[1:-1, 1:-1]
            p[:, -1], p[0, :], p[:, 0], p[-1, :] = p[:, -2], p[1, :], p[:, 1], 0
        u[1:-1, 1:-1] = (
            un[1:-1, 1:-1]
            - un[1:-1, 1:-1] * dt / dx * (un[1:-1, 1:-1] - un[1:-1, :-2])
            - dt / (2 * rho * dx) * (p[1:-1, 2:] - p[1:-1, :-2])
            + nu * dt / dy**2 * (un[2:, 1:-1] - 2 * un[1:-1, 1:-1] + un[:-2, 1:-1])
        )
        v[1:-1, 1:-1] = vn[1:-1, 1:-1] - dt / (2 * rho * dy) * (p[2:, 1:-1] - p[:-2, 1:-1])
        u[0, :] = u[:, 0] = u[:, -1] = 0
        u[-1, :] = lid
        v[0, :] = v[-1, :] = v[:, 0] = v[:, -1] = 0
    return u


def alternating_directions(steps, u):
    n = u.shape[0]
    v, p, q = zeros(u.shape), np.empty(u.shape), np.empty(u.shape)  # noqa: F405
    a, b, c = -0.1, 1.2, -0.1
    for _ in range(steps):
        for target, given in ((v, u), (u, v)):
            target[0, 1 : n - 1] = 1.0
            p[1 : n - 1, 0] = 0.0
            q[1 : n - 1, 0] = target[0, 1 : n - 1]
            for j in range(1, n - 1):
                p[1 : n - 1, j] = -c / (a * p[1 : n - 1, j - 1] + b)
                q[1 : n - 1, j] = (given[j, 1 : n - 1] - a * q[1 : n - 1, j - 1]) / (a * p[1 : n - 1, j - 1] + b)
            target[n - 1, 1 : n - 1] = 1.0
            for j in range(n - 2, 0, -1):
                target[j, 1 : n - 1] = p[1 : n - 1, j] * target[j + 1, 1 : n - 1] + q[1 : n - 1, j]
    return u


def vertical_advection(wind, position):
    nk = wind.shape[1]
    ccol, dcol = np.ndarray((wind.shape[0], nk)), np.ndarray((wind.shape[0], nk))
    for k in range(nk):
        gav = -0.25 * wind[:, k]
        gcv = 0.25 * wind[:, k]
        bcol = 3.0 - gav - gcv
        if k == 0:
            ccol[:, k] = gcv / bcol
            dcol[:, k] = position[:, k] / bcol
        else:
            divided = 1.0 / (bcol - ccol[:, k - 1] * gav)
            ccol[:, k] = gcv * divided
            dcol[:, k] = (position[:, k] - dcol[:, k - 1] * gav) * divided
    out = np.zeros_like(position)
    for k in range(nk - 1, -1, -1):
        data = dcol[:, k].copy() if k == nk - 1 else dcol[:, k] - ccol[:, k] * out[:, k + 1]
        out[:, k] = data
    return out


def deriche(image, alpha=0.5):
    y1, y2 = np.empty_like(image), np.empty_like(image)
    k = (1.0 - np.exp(-alpha)) ** 2 / (1.0 + 2.0 * alpha * np.exp(-alpha) - np.exp(2.0 * alpha))
    b1, b2 = 2.0 ** (-alpha), -np.exp(-2.0 * alpha)
    y1[:, 0] = k * image[:, 0]
    y1[:, 1] = k * image[:, 1] + b1 * y1[:, 0]
    for j in range(2, image.shape[1]):
        y1[:, j] = k * image[:, j] + b1 * y1[:, j - 1] + b2 * y1[:, j - 2]
    y2[:, -1] = 0.0
    y2[:, -2] = k * image[:, -1]
    for j in range(image.shape[1] - 3, -1, -1):
        y2[:, j] = k * image[:, j + 1] + b1 * y2[:, j + 1] + b2 * y2[:, j + 2]
    return y1 + y2


def upwind(u, velocity, steps=3):
    for _ in range(steps):
        flux = velocity * u
        new = u * 1.0
        new[1:] -= 0.3 * (flux[1:] - flux[:-1])
        u = new
    return u


def periodic_burgers(u, steps=3):
    for _ in range(steps):
        u = u - 0.1 * u * (np.roll(u, -1) - np.roll(u, 1)) + 0.05 * (np.roll(u, -1) - 2 * u + np.roll(u, 1))
    return u


def ghost_cells(u):
    padded = np.empty((u.shape[0] + 2, u.shape[1] + 2))
    padded[1:-1, 1:-1] = u
    padded[0], padded[-1] = padded[1], padded[-2]
    padded[:, 0], padded[:, -1] = padded[:, 1], padded[:, -2]
    return padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2] - 4 * u
