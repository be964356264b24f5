"""Rows beside those that the library was written with: other dtypes, axes, shapes and programs of the same families."""

from __future__ import annotations

from typing import Any

import numpy as np

from .inputs import Make, between, c64, c128, f16, f32, f64, given, i32, i64, ordered, positive
from .row import Row

MORE: list[Row] = []


def row(name: str, family: str, build: Any, *makers: Any, **options: Any) -> None:
    MORE.append(Row(name, family, build, given(*makers), **options))


E, R, M, O = "elementwise", "reductions", "moves", "order"
P, A, F, C = "products", "linear algebra", "fourier transforms", "convolutions"
B, K, D, S = "batches of loops", "loops", "derivatives", "special functions"


def bf16(*shape: int) -> Make:
    import ml_dtypes

    return lambda rng: rng.normal(size=shape).astype(ml_dtypes.bfloat16)


row(
    "abs(x)**2 * exp(1j * angle), 1e5 complex64",
    E,
    lambda L: lambda x: L.np.abs(x) ** 2 * L.np.exp(1j * L.np.angle(x)),
    c64(100_000),
    close=1e-3,
)
row("sqrt and log of 1e5 complex128", E, lambda L: lambda x: L.np.sqrt(x) + L.np.log(x), c128(100_000))
row("x / y, 1e5 complex128", E, lambda L: lambda x, y: x / y, c128(100_000), c128(100_000))
row("x**3 - 2 * x, 1e6 int32", E, lambda L: lambda x: x**3 - 2 * x, i32(-99, 99, 1_000_000), bytes=8e6)
row(
    "gelu, 1e6 bfloat16",
    E,
    lambda L: lambda x: x * (L.np.tanh(0.8 * (x + 0.0447 * x * x * x)) + 1),
    bf16(1_000_000),
    bytes=4e6,
    close=3e-2,
)
row("x * 2 + 1 and maximum, 1e6 float16", E, lambda L: lambda x: L.np.maximum(x * 2 + 1, 0), f16(1_000_000), bytes=4e6)
row(
    "masked mean of rows, 1000x1000 float64",
    R,
    lambda L: lambda x: L.np.sum(L.np.where(x > 0, x, 0), 1) / L.np.sum(x > 0, 1),
    f64(1000, 1000),
    bytes=8e6,
)
row(
    "sum over the middle axis, 100x100x100 float32",
    R,
    lambda L: lambda x: L.np.sum(x, 1),
    f32(100, 100, 100),
    bytes=4e6,
)
row("max down columns, 1000x1000 float32", R, lambda L: lambda x: L.np.max(x, 0), f32(1000, 1000), bytes=4e6)
row("argmax down columns, 1000x1000 float64", R, lambda L: lambda x: L.np.argmax(x, 0), f64(1000, 1000), bytes=8e6)
row(
    "logsumexp down columns, 1000x1000 float32",
    R,
    lambda L: lambda x: L.special.logsumexp(x, axis=0),
    f32(1000, 1000),
    bytes=4e6,
)
row("cumsum down columns, 10000x10 float32", R, lambda L: lambda x: L.np.cumsum(x, axis=0), f32(10_000, 10), close=1e-3)
row("cummax, 1e6 float64", R, lambda L: lambda x: L.lax.cummax(x), f64(1_000_000), bytes=16e6)
row("norm of rows, 1e5x3 float64", R, lambda L: lambda x: L.np.linalg.norm(x, axis=1), f64(100_000, 3), bytes=3.2e6)
row(
    "layer norm, gradient, 256x512 float32",
    D,
    lambda L: L.grad(
        lambda x: L.np.sum(((x - L.np.mean(x, 1)[:, None]) / L.np.sqrt(L.np.var(x, 1)[:, None] + 1e-5)) ** 3)
    ),
    f32(256, 512),
    close=1e-3,
)
row(
    "softmax cross entropy, gradient, 1000x100 float32",
    D,
    lambda L: L.grad(lambda x, y: -L.np.mean(L.np.take_along_axis(L.nn.log_softmax(x, -1), y[:, None], 1))),
    f32(1000, 100),
    i64(0, 100, 1000),
    close=1e-3,
)
row(
    "attention, gradient, 8 heads of 64x32 float32",
    D,
    lambda L: L.grad(lambda q, k, v: L.np.sum(_attention(L, q, k, v) ** 2), (0, 1, 2)),
    f32(8, 64, 32),
    f32(8, 64, 32),
    f32(8, 64, 32),
    close=1e-3,
)
row(
    "sums of 1000 segments, 1e5 float64",
    M,
    lambda L: lambda i, x: L.np.bincount(i, x, length=1000),
    i64(0, 1000, 100_000),
    f64(100_000),
)
row("take columns, 1000x1000 by 500 float64", M, lambda L: lambda x, i: x[:, i], f64(1000, 1000), i64(0, 1000, 500))
row(
    "take along rows, 1000x1000 float32",
    M,
    lambda L: lambda x, i: L.np.take_along_axis(x, i, 1),
    f32(1000, 1000),
    i64(0, 1000, 1000, 1000),
)
row(
    "one-hot, gradient of an embedding, 1e4 of 1000x32 float32",
    M,
    lambda L: L.grad(lambda w, i: L.np.sum(L.np.tanh(w[i]))),
    f32(1000, 32),
    i64(0, 1000, 10_000),
    close=1e-3,
)
row(
    "triangle and diagonal, 500x500 float64",
    M,
    lambda L: lambda x: L.np.tril(x) + L.np.diag(L.np.diagonal(x)),
    f64(500, 500),
)
row(
    "interleave of two, 1e6 float32",
    M,
    lambda L: lambda x, y: L.np.stack([x, y], 1).reshape(-1),
    f32(500_000),
    f32(500_000),
    bytes=8e6,
)
row("sort down columns, 1000x1000 float32", O, lambda L: lambda x: L.np.sort(x, axis=0), f32(1000, 1000))
row("argsort, 1e4 int32", O, lambda L: lambda x: L.np.argsort(x), i32(-(10**6), 10**6, 10_000))
row("sort of 1e5 float16", O, lambda L: lambda x: L.np.sort(x), f16(100_000))
row("top 5 of rows, 1000x1000 float32", O, lambda L: lambda x: L.lax.top_k(x, 5)[0], f32(1000, 1000))
row("quantile down columns, 1000x100 float64", O, lambda L: lambda x: L.np.quantile(x, 0.3, axis=0), f64(1000, 100))
row("median of rows, 1000x101 float64", O, lambda L: lambda x: L.np.median(x, axis=1), f64(1000, 101))
row(
    "histogram in given bins, 1e6 float32",
    O,
    lambda L: lambda x, b: L.np.histogram(x, b)[0],
    f32(1_000_000),
    lambda rng: np.linspace(-3, 3, 51).astype("float32"),
)
row(
    "searchsorted, 1e5 in 100 float32",
    O,
    lambda L: lambda a, v: L.np.searchsorted(a, v),
    lambda rng: np.sort(rng.normal(size=100).astype("float32")),
    f32(100_000),
)
row(
    "interp, gradient, 1e4 in 100 float64",
    O,
    lambda L: L.grad(lambda b, v, a: L.np.sum(L.np.interp(v, a, b) ** 2)),
    f64(100),
    f64(10_000),
    ordered(100),
)
row(
    "einsum of three, 100x50, 50x60, 60x100 float64",
    P,
    lambda L: lambda a, b, c: L.np.einsum("ij,jk,kl->il", a, b, c),
    f64(100, 50),
    f64(50, 60),
    f64(60, 100),
)
row(
    "einsum bi,bj,ij->b, 1000 of 30 float64",
    P,
    lambda L: lambda x, y, w: L.np.einsum("bi,bj,ij->b", x, y, w),
    f64(1000, 30),
    f64(1000, 30),
    f64(30, 30),
)
row("100x100 float32 product", P, lambda L: lambda a, b: a @ b, f32(100, 100), f32(100, 100), close=1e-3, flops=2e6)
row("300x200x50 float64 product", P, lambda L: lambda a, b: a @ b, f64(300, 200), f64(200, 50), flops=6e6)
row("256x256 bfloat16 product", P, lambda L: lambda a, b: a @ b, bf16(256, 256), bf16(256, 256), close=3e-2)
row("64x64 complex128 product", P, lambda L: lambda a, b: a @ b, c128(64, 64), c128(64, 64))
row("batch of 1000 8x8 complex64", P, lambda L: lambda a, b: a @ b, c64(1000, 8, 8), c64(1000, 8, 8), close=1e-3)
row("128x128 int64 product", P, lambda L: lambda a, b: a @ b, i64(-9, 9, 128, 128), i64(-9, 9, 128, 128))
row("a.T @ a, 2000x50 float64", P, lambda L: lambda a: a.T @ a, f64(2000, 50), flops=1e7)
row(
    "solve of 1e4 3x3 float64",
    A,
    lambda L: lambda a, b: L.np.linalg.solve(a, b[..., None])[..., 0],
    positive(3, 10_000),
    f64(10_000, 3),
)
row(
    "solve of 100 20x20, gradient float64",
    A,
    lambda L: L.grad(lambda a, b: L.np.sum(L.np.linalg.solve(a, b[..., None]) ** 2)),
    positive(20, 100),
    f64(100, 20),
)
row("qr of 1000 8x4 float64", A, lambda L: lambda a: L.np.abs(L.np.linalg.qr(a)[1]), f64(1000, 8, 4))
row("eigh of 1000 3x3 float64", A, lambda L: lambda a: L.np.linalg.eigh(a)[0], positive(3, 1000))
row(
    "eigh, gradient, 30 float64",
    A,
    lambda L: L.grad(lambda a: L.np.sum(L.np.log(L.np.linalg.eigh((a + a.T) / 2)[0]))),
    positive(30),
)
row("svd of 100 10x5 float64", A, lambda L: lambda a: L.np.linalg.svd(a, compute_uv=False), f64(100, 10, 5))
row(
    "cholesky of 100 50x50 float32",
    A,
    lambda L: lambda a: L.np.linalg.cholesky(a),
    lambda rng: positive(50, 100)(rng).astype("float32"),
    close=1e-3,
)
row(
    "tridiagonal solve, 1e4 float64",
    A,
    lambda L: _tridiagonal(L),
    between(-1, 1, 10_000),
    between(3, 4, 10_000),
    between(-1, 1, 10_000),
    f64(10_000),
)
row("fft, 210x360 complex128", F, lambda L: lambda x: L.np.fft.fft(x), c128(210, 360))
row("fft, 2310 complex64", F, lambda L: lambda x: L.np.fft.fft(x), c64(2310), close=1e-3)
row("fft, 100x97 complex128", F, lambda L: lambda x: L.np.fft.fft(x), c128(100, 97))
row("rfft, 100x1500 float32", F, lambda L: lambda x: L.np.fft.rfft(x), f32(100, 1500), close=1e-3)
row("ifft2, 120x150 complex128", F, lambda L: lambda x: L.np.fft.ifft2(x), c128(120, 150))
row("convolve, 1000 with 1000 float32", C, lambda L: lambda x, y: L.np.convolve(x, y), f32(1000), f32(1000), close=1e-3)
row(
    "layer in one dimension, 16x256x8 to 16, 5 float32",
    C,
    lambda L: lambda x, w: L.lax.conv_general_dilated(x, w, (1,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")),
    f32(16, 256, 8),
    f32(5, 8, 16),
    close=1e-3,
)
row(
    "layer NCHW, 8x16x32x32 to 32, 3x3 float32",
    C,
    lambda L: lambda x, w: L.lax.conv_general_dilated(x, w, (1, 1), "SAME"),
    f32(8, 16, 32, 32),
    f32(32, 16, 3, 3),
    close=1e-3,
)
row("lotka-volterra by runge-kutta, 1000 steps float64", K, lambda L: _lotka(L), between(0.5, 1.5, 2))
row(
    "lotka-volterra, gradient, 1000 steps float64",
    K,
    lambda L: L.grad(lambda y: L.np.sum(_lotka(L)(y))),
    between(0.5, 1.5, 2),
)
row("lstm, 50 steps of 16x32 float32", K, lambda L: _lstm(L), f32(64, 128), f32(50, 16, 32), close=1e-2)
row(
    "lstm, gradient, 50 steps of 16x32 float32",
    K,
    lambda L: L.grad(lambda w, x: L.np.sum(_lstm(L)(w, x) ** 2)),
    f32(64, 128),
    f32(50, 16, 32),
    close=1e-2,
)
row(
    "associative scan of maxima, 1e4x8 float32",
    K,
    lambda L: lambda x: L.lax.associative_scan(L.np.maximum, x),
    f32(10_000, 8),
)
row(
    "associative scan of 2x2 products, 1000 float64",
    K,
    lambda L: lambda x: L.lax.associative_scan(lambda p, q: p @ q, x),
    lambda rng: rng.normal(size=(1000, 2, 2)) / 2,
)
row(
    "power iteration under vmap, 100 of 10x10 float64",
    B,
    lambda L: L.vmap(lambda a: L.lax.while_loop(lambda s: s[2] > 1e-9, _iterate(L, a), (L.np.ones(10), 0.0, 1.0))[1]),
    positive(10, 100),
    close=1e-3,
)
row(
    "gcd by a loop under vmap, 1e4 int32",
    B,
    lambda L: L.vmap(lambda a, b: L.lax.while_loop(lambda s: s[1] != 0, lambda s: (s[1], s[0] % s[1]), (a, b))[0]),
    i32(1, 99999, 10_000),
    i32(1, 99999, 10_000),
)
row(
    "lorenz, 1000 trajectories of 100 steps float64",
    B,
    lambda L: L.vmap(
        lambda y: L.lax.fori_loop(
            0,
            100,
            lambda i, y: (
                y + 0.01 * L.np.stack([10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]])
            ),
            y,
        )
    ),
    f64(1000, 3),
    close=1e-3,
)
row(
    "hessian of a network, 20 float64",
    D,
    lambda L: L.hessian(lambda w, x: L.np.sum(L.np.tanh(x @ L.np.tanh(w.reshape(4, 5))) ** 2)),
    f64(20),
    f64(50, 4),
)
row(
    "jacobian by reverse, 50 of 50 float64",
    D,
    lambda L: L.jacrev(lambda x, a: L.np.tanh(a @ L.np.sin(a @ x))),
    f64(50),
    f64(50, 50),
)
row("erf, 1e5 float32", S, lambda L: lambda x: L.special.erf(x), f32(100_000))
row(
    "gammaln, 1e5 float32",
    S,
    lambda L: lambda x: L.special.gammaln(x),
    lambda rng: rng.uniform(0.1, 20, 100_000).astype("float32"),
    close=1e-3,
)
row(
    "betainc, gradient in x, 1e4 float64",
    S,
    lambda L: L.grad(lambda x: L.np.sum(L.special.betainc(2.5, 1.5, x))),
    between(0.01, 0.99, 10_000),
)


def _attention(L: Any, q: Any, k: Any, v: Any) -> Any:
    return L.np.einsum("hij,hjd->hid", L.nn.softmax(L.np.einsum("hid,hjd->hij", q, k) / 6, -1), v)


def _tridiagonal(L: Any) -> Any:
    """By elimination and substitution, two scans."""

    def down(c: Any, row: Any) -> Any:
        low, middle, up, right = row
        factor = 1 / (middle - low * c[0])
        c = up * factor, (right - low * c[1]) * factor
        return c, c

    def f(low: Any, middle: Any, up: Any, right: Any) -> Any:
        _, (u, y) = L.lax.scan(down, (0.0, 0.0), (low, middle, up, right))
        back = lambda x, r: (r[1] - r[0] * x, r[1] - r[0] * x)
        return L.lax.scan(back, 0.0, (u, y), reverse=True)[1]

    return f


def _lotka(L: Any) -> Any:
    def slope(y: Any) -> Any:
        return L.np.stack([y[0] * (1.1 - 0.4 * y[1]), y[1] * (0.1 * y[0] - 0.4)])

    def step(y: Any, _: Any) -> Any:
        a = slope(y)
        b = slope(y + 0.005 * a)
        c = slope(y + 0.005 * b)
        d = slope(y + 0.01 * c)
        return y + 0.01 / 6 * (a + 2 * b + 2 * c + d), None

    return lambda y: L.lax.scan(step, y, None, length=1000)[0]


def _lstm(L: Any) -> Any:
    sigmoid = lambda x: 1 / (1 + L.np.exp(-x))

    def f(w: Any, xs: Any) -> Any:
        def step(s: Any, x: Any) -> Any:
            h, c = s
            i, o, g, u = L.np.split(L.np.concatenate([h, x], 1) @ (0.1 * w), 4, 1)
            c = sigmoid(g) * c + sigmoid(i) * L.np.tanh(u)
            h = sigmoid(o) * L.np.tanh(c)
            return (h, c), h

        zero = L.np.zeros((16, 32), "float32")
        return L.lax.scan(step, (zero, zero), xs)[1]

    return f


def _iterate(L: Any, a: Any) -> Any:
    def step(s: Any) -> Any:
        x, old, _ = s
        y = a @ x
        new = L.np.sqrt(L.np.sum(y * y))
        return y / new, new, abs(new - old) / new

    return step
