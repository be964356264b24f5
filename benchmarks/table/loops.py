"""Loops, batches of loops, derivatives of programs, calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from .inputs import Make, between, c128, f32, f64, given, i64
from .row import Row

LOOPS: list[Row] = []


def row(name: str, family: str, build: Any, *makers: Any, **options: Any) -> None:
    LOOPS.append(Row(name, family, build, given(*makers), **options))


B = "batches of loops"


def collatz(L: Any) -> Any:
    step = lambda s: (L.np.where(s[0] % 2 == 0, s[0] // 2, 3 * s[0] + 1), s[1] + 1)
    return L.vmap(lambda n: L.lax.while_loop(lambda s: s[0] != 1, step, (n, 0))[1])


def cube_root(L: Any) -> Any:
    return lambda a: L.lax.while_loop(
        lambda x: abs(x * x * x - a) > 1e-10 * a, lambda x: x - (x * x * x - a) / (3 * x * x), a
    )


def kepler(L: Any) -> Any:
    def f(m: Any, e: Any) -> Any:
        move = lambda x: (x - e * L.np.sin(x) - m) / (1 - e * L.np.cos(x))
        return L.lax.while_loop(lambda s: abs(s[1]) > 1e-12, lambda s: (s[0] - s[1], move(s[0] - s[1])), (m, move(m)))[
            0
        ]

    return L.vmap(f)


def runge_kutta(L: Any) -> Any:
    """Van der Pol's oscillator by Dormand and Prince's pair, each with steps of its own."""
    f = lambda y: L.np.stack([y[1], 5 * (1 - y[0] ** 2) * y[1] - y[0]])

    def step(s: Any) -> Any:
        t, y, h = s
        k1 = f(y)
        k2 = f(y + h / 5 * k1)
        k3 = f(y + h * (3 / 40 * k1 + 9 / 40 * k2))
        k4 = f(y + h * (44 / 45 * k1 - 56 / 15 * k2 + 32 / 9 * k3))
        k5 = f(y + h * (19372 / 6561 * k1 - 25360 / 2187 * k2 + 64448 / 6561 * k3 - 212 / 729 * k4))
        k6 = f(y + h * (9017 / 3168 * k1 - 355 / 33 * k2 + 46732 / 5247 * k3 + 49 / 176 * k4 - 5103 / 18656 * k5))
        new = y + h * (35 / 384 * k1 + 500 / 1113 * k3 + 125 / 192 * k4 - 2187 / 6784 * k5 + 11 / 84 * k6)
        e = h * (71 / 57600 * k1 - 71 / 16695 * k3 + 71 / 1920 * k4 - 17253 / 339200 * k5 + 22 / 525 * k6 - f(new) / 40)
        error = L.np.sqrt(L.np.mean((e / (1e-6 + 1e-6 * L.np.maximum(abs(y), abs(new)))) ** 2)) + 1e-16
        good = error < 1
        t = L.np.where(good, t + h, t)
        return t, L.np.where(good, new, y), L.np.minimum(h * L.np.clip(0.9 * error**-0.2, 0.2, 5.0), 5 - t + 1e-12)

    return L.vmap(lambda y: L.lax.while_loop(lambda s: s[0] < 5, step, (0.0, y, 0.01))[1])


def mandelbrot(L: Any) -> Any:
    def f(c: Any) -> Any:
        step = lambda s: (s[0] * s[0] + c, s[1] + 1)
        return L.lax.while_loop(lambda s: (abs(s[0]) < 2) & (s[1] < 200), step, (0j, 0))[1]

    return L.vmap(L.vmap(f))


def bisection(L: Any) -> Any:
    def f(a: Any) -> Any:
        def step(i: Any, s: Any) -> Any:
            middle = 0.5 * (s[0] + s[1])
            low = middle**3 + middle < a
            return L.np.where(low, middle, s[0]), L.np.where(low, s[1], middle)

        return L.lax.fori_loop(0, 50, step, (0.0, 10.0))[0]

    return L.vmap(f)


def plane(n: int) -> Make:
    return lambda rng: np.linspace(-2, 1, n) + 1j * np.linspace(-1.5, 1.5, n)[:, None]


row("collatz, 1e3 int64", B, collatz, i64(1, 1001, 1000), quick=True)
row("collatz, 1e5 int64", B, collatz, i64(1, 100_001, 100_000))
row(
    "newton per pixel, 256x256 float64",
    B,
    lambda L: L.vmap(L.vmap(cube_root(L))),
    between(0.5, 100, 256, 256),
    limit="divisions",
    quick=True,
)
row("newton per pixel, gradient, 1e4 float64", B, lambda L: L.vmap(L.grad(cube_root(L))), between(0.5, 100, 10_000))
row("kepler, 1e4 float64", B, kepler, between(0, 6, 10_000), between(0, 0.9, 10_000))
row("runge-kutta, 1000 initial values float64", B, runge_kutta, f64(1000, 2), quick=True, close=1e-3)
row("mandelbrot, 200x200 complex128", B, mandelbrot, plane(200))
row("bisection, 1e4 float64", B, bisection, between(0, 50, 10_000))
row(
    "map of a quadrature, 1e4 float64",
    B,
    lambda L: lambda x: L.lax.map(lambda a: L.lax.fori_loop(0, 50, lambda i, s: s + L.np.exp(-a * i * 0.1), 0.0), x),
    between(0, 1, 10_000),
)

K = "loops"
row(
    "recurrence, 1e5 steps float64",
    K,
    lambda L: lambda x: L.lax.scan(lambda c, y: (0.9 * c + y, c), 0.0, x)[1],
    f64(100_000),
    limit="a chain of operations",
    quick=True,
)
row(
    "recurrence, gradient, 1e5 steps float64",
    K,
    lambda L: L.grad(lambda x: L.np.sum(L.lax.scan(lambda c, y: (L.np.tanh(0.9 * c + y), c), 0.0, x)[1] ** 2)),
    f64(100_000),
)
row(
    "pendulum, 1e4 steps float64",
    K,
    lambda L: (
        lambda y: L.lax.fori_loop(
            0, 10_000, lambda i, s: (s[0] + 0.01 * s[1], s[1] - 0.01 * L.np.sin(s[0])), (y[0], y[1])
        )[0]
    ),
    f64(2),
    limit="a chain of operations",
)
row(
    "recurrent network, 100 steps of 64 float32",
    K,
    lambda L: lambda w, x: L.lax.scan(lambda h, u: (L.np.tanh(0.1 * (w @ h) + u), h), L.np.zeros(64, "float32"), x)[1],
    f32(64, 64),
    f32(100, 64),
    close=1e-2,
)
row(
    "recurrent network, gradient, 100 steps of 64 float32",
    K,
    lambda L: L.grad(
        lambda w, x: L.np.sum(
            L.lax.scan(lambda h, u: (L.np.tanh(0.1 * (w @ h) + u), h), L.np.zeros(64, "float32"), x)[1] ** 2
        )
    ),
    f32(64, 64),
    f32(100, 64),
    close=1e-2,
    quick=True,
)
row(
    "heat, 100 steps of 256x256 float64",
    K,
    lambda L: (
        lambda u: L.lax.fori_loop(
            0,
            100,
            lambda i, u: (
                u + 0.1 * (L.np.roll(u, 1, 0) + L.np.roll(u, -1, 0) + L.np.roll(u, 1, 1) + L.np.roll(u, -1, 1) - 4 * u)
            ),
            u,
        )
    ),
    f64(256, 256),
    bytes=1.05e8,
    quick=True,
)
row(
    "complex recurrence, 1e5 steps complex128",
    K,
    lambda L: lambda x: L.lax.scan(lambda c, y: (0.9j * c + y, c), 0j, x)[1],
    c128(100_000),
    limit="a chain of operations",
)
row(
    "associative scan, 1e5 float64",
    K,
    lambda L: lambda a, b: L.lax.associative_scan(lambda p, q: (p[0] * q[0], q[0] * p[1] + q[1]), (a, b))[1],
    between(0.5, 0.9, 100_000),
    f64(100_000),
)
row("conjugate gradients, 50 steps of 200 float64", K, lambda L: gradients(L), f64(200, 200), f64(200))


def gradients(L: Any) -> Any:
    def f(a: Any, b: Any) -> Any:
        a = a @ a.T / 200 + L.np.eye(200)

        def step(i: Any, s: Any) -> Any:
            x, r, p = s
            q = a @ p
            alpha = (r @ r) / (p @ q)
            new = r - alpha * q
            return x + alpha * p, new, new + (new @ new) / (r @ r) * p

        return L.lax.fori_loop(0, 50, step, (L.np.zeros(200), b, b))[0]

    return f


D = "derivatives"
row(
    "rosenbrock, gradient, 1e5 float64",
    D,
    lambda L: L.grad(lambda x: L.np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)),
    f64(100_000),
    bytes=1.6e6,
    quick=True,
)
row(
    "rosenbrock, hessian, 100 float64",
    D,
    lambda L: L.hessian(lambda x: L.np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)),
    f64(100),
)
row(
    "banded jacobian, 1000 float64",
    D,
    lambda L: L.jacfwd(lambda x: L.np.sin(x[2:]) * x[1:-1] + x[:-2] ** 2),
    f64(1000),
    bytes=8e6,
    limit="memory",
)
row(
    "logistic regression, gradient, 1000x100 float64",
    D,
    lambda L: L.grad(lambda w, x, y: L.np.mean(L.np.log(1 + L.np.exp(-y * (x @ w))))),
    f64(100),
    f64(1000, 100),
    f64(1000),
    bytes=0.8e6,
)
row(
    "per-example gradients, 256 of 64x32 float32",
    D,
    lambda L: L.vmap(L.grad(lambda w, x: L.np.sum(L.np.tanh(x @ w) ** 2)), (None, 0)),
    f32(64, 32),
    f32(256, 64),
    bytes=2.2e6,
    close=1e-3,
)
row(
    "mixture of gaussians, gradient, 1000x10 in 20 float64",
    D,
    lambda L: L.grad(lambda m, x: L.np.sum(L.special.logsumexp(-0.5 * L.np.sum((x[:, None] - m) ** 2, -1), axis=1))),
    f64(20, 10),
    f64(1000, 10),
)
row("tanh chain of 100, gradient, float64", D, lambda L: L.grad(lambda x: chain(L, x)), between(0.1, 1))


def chain(L: Any, x: Any) -> Any:
    for _ in range(100):
        x = L.np.tanh(x) * 1.1
    return x


T = "calls"
row("x + 1 of a number float64", T, lambda L: lambda x: x + 1, between(0, 1), limit="calls", quick=True)
row("sum of 8 arguments, float64", T, lambda L: lambda *a: sum(a), *[f64(4)] * 8, limit="calls")
