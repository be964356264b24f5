"""Products of matrices, linear algebra, batches of small matrices, statistics."""

from __future__ import annotations

from typing import Any

from .inputs import c64, c128, f16, f32, f64, given, i32, positive
from .row import Row

MATRICES: list[Row] = []


def row(name: str, family: str, build: Any, *makers: Any, **options: Any) -> None:
    MATRICES.append(Row(name, family, build, given(*makers), **options))


P = "products"
for _n, _quick in ((16, False), (64, False), (128, False), (256, True), (1024, True)):
    _flops = 2.0 * _n**3
    row(
        f"{_n}x{_n} float64 product",
        P,
        lambda L: lambda a, b: a @ b,
        f64(_n, _n),
        f64(_n, _n),
        flops=_flops,
        limit="arithmetic",
        quick=_quick,
    )
    row(
        f"{_n}x{_n} float32 product",
        P,
        lambda L: lambda a, b: a @ b,
        f32(_n, _n),
        f32(_n, _n),
        flops=_flops,
        limit="arithmetic",
        close=1e-3,
    )
row(
    "256x256 complex128 product",
    P,
    lambda L: lambda a, b: a @ b,
    c128(256, 256),
    c128(256, 256),
    flops=8.0 * 256**3,
    limit="arithmetic",
    quick=True,
)
row("256x256 complex64 product", P, lambda L: lambda a, b: a @ b, c64(256, 256), c64(256, 256), close=1e-3)
row("256x256 float16 product", P, lambda L: lambda a, b: a @ b, f16(256, 256), f16(256, 256), close=1e-2)
row(
    "256x256 int32 product",
    P,
    lambda L: lambda a, b: a @ b,
    i32(-9, 9, 256, 256),
    i32(-9, 9, 256, 256),
    flops=2.0 * 256**3,
)
row(
    "1000x1000 matrix times vector float64",
    P,
    lambda L: lambda a, x: a @ x,
    f64(1000, 1000),
    f64(1000),
    bytes=8e6,
    limit="memory",
)
row(
    "A'(A x), 1000x1000 float64",
    P,
    lambda L: lambda a, x: a.T @ (a @ x),
    f64(1000, 1000),
    f64(1000),
    bytes=8e6,
    limit="memory",
    quick=True,
)
row(
    "batch of 1e4 4x4 float64",
    P,
    lambda L: lambda a, b: a @ b,
    f64(10_000, 4, 4),
    f64(10_000, 4, 4),
    bytes=3.84e6,
    quick=True,
)
row(
    "batch of 100 64x64 float32",
    P,
    lambda L: lambda a, b: a @ b,
    f32(100, 64, 64),
    f32(100, 64, 64),
    flops=5.2e7,
    close=1e-3,
)
row(
    "attention, 8 heads of 128x64 float32",
    P,
    lambda L: attention(L),
    f32(8, 128, 64),
    f32(8, 128, 64),
    f32(8, 128, 64),
    flops=3.4e7,
    close=1e-3,
)
row(
    "einsum abc,cd->abd, 32x32x64 float64",
    P,
    lambda L: lambda a, b: L.np.einsum("abc,cd->abd", a, b),
    f64(32, 32, 64),
    f64(64, 64),
    flops=8.4e6,
)
row(
    "network of three layers, gradient, 128x256 float32",
    P,
    lambda L: network(L),
    f32(128, 256),
    f32(256, 256),
    f32(256, 256),
    f32(256, 10),
    close=1e-3,
    quick=True,
)
row(
    "outer, 1000x1000 float64",
    P,
    lambda L: lambda x, y: L.np.outer(x, y),
    f64(1000),
    f64(1000),
    bytes=8e6,
    limit="memory",
)


def attention(L: Any) -> Any:
    def f(q: Any, k: Any, v: Any) -> Any:
        s = L.np.einsum("hid,hjd->hij", q, k) / 8
        e = L.np.exp(s - L.np.max(s, -1)[..., None])
        return L.np.einsum("hij,hjd->hid", e / L.np.sum(e, -1)[..., None], v)

    return f


def network(L: Any) -> Any:
    def loss(x: Any, a: Any, b: Any, c: Any) -> Any:
        return L.np.sum((L.np.tanh(L.np.tanh(x @ a * 0.1) @ b * 0.1) @ c) ** 2)

    return L.grad(loss, 1)


A = "linear algebra"
row("solve, 200 float64", A, lambda L: lambda a, b: L.np.linalg.solve(a, b), positive(200), f64(200, 1), quick=True)
row(
    "solve and slogdet, 100 float64",
    A,
    lambda L: lambda a, b: (L.np.linalg.solve(a, b), L.np.linalg.slogdet(a)[1]),
    positive(100),
    f64(100, 1),
)
row("cholesky, 200 float64", A, lambda L: lambda a: L.np.linalg.cholesky(a), positive(200))
row(
    "cholesky, gradient, 200 float64",
    A,
    lambda L: L.grad(lambda a: L.np.sum(L.np.linalg.cholesky((a + a.T) / 2))),
    positive(200),
)
row("cholesky of 1e4 3x3 float64", A, lambda L: lambda a: L.np.linalg.cholesky(a), positive(3, 10_000), quick=True)
row("inv, 200 float64", A, lambda L: lambda a: L.np.linalg.inv(a), positive(200))
row("inv of 1e4 4x4 float64", A, lambda L: lambda a: L.np.linalg.inv(a), positive(4, 10_000))
row("det of 1e4 3x3 float64", A, lambda L: lambda a: L.np.linalg.det(a), positive(3, 10_000), quick=True)
row("det, 100 float64", A, lambda L: lambda a: L.np.linalg.det(a), positive(100))
row("eigh, 100 float64", A, lambda L: lambda a: L.np.linalg.eigh(a)[0], positive(100), quick=True)
row("eigvals, 100 float64", A, lambda L: lambda a: L.np.sort(L.np.abs(L.np.linalg.eigvals(a))), positive(100))
row("svd, 100 float64", A, lambda L: lambda a: L.np.linalg.svd(a, compute_uv=False), f64(100, 100))
row("qr, 200x100 float64", A, lambda L: lambda a: L.np.abs(L.np.linalg.qr(a)[1]), f64(200, 100))
row("pinv, 100x50 float64", A, lambda L: lambda a: L.np.linalg.pinv(a), f64(100, 50))
row("lstsq, 200x20 float64", A, lambda L: lambda a, b: L.np.linalg.lstsq(a, b)[0], f64(200, 20), f64(200))
row("expm, 50 float64", A, lambda L: lambda a: L.linalg.expm(a), positive(50))
row("sqrtm, 50 float64", A, lambda L: lambda a: L.np.real(L.linalg.sqrtm(a)), positive(50))
row(
    "triangular solve, 200 float64",
    A,
    lambda L: lambda a, b: L.linalg.solve_triangular(a, b, lower=True),
    positive(200),
    f64(200, 20),
)
row(
    "cho_solve, 200 float64",
    A,
    lambda L: lambda a, b: L.linalg.cho_solve((L.np.linalg.cholesky(a), True), b),
    positive(200),
    f64(200, 1),
)
row("matrix_power 5, 100 float64", A, lambda L: lambda a: L.np.linalg.matrix_power(a / 9, 5), positive(100))
row("kalman, 1000 steps of 4x4 float64", A, lambda L: kalman(L), f64(1000, 2))
row("gaussian process, value and gradient, 100 float64", A, lambda L: process(L), f64(100, 3), f64(100))
row(
    "multivariate normal of 1e4 points, 5 dimensions float64",
    A,
    lambda L: lambda x, m, s: L.stats.multivariate_normal.logpdf(x, m, s),
    f64(10_000, 5),
    f64(5),
    positive(5),
    quick=True,
)
row(
    "multivariate normal under vmap, 1e3 points float64",
    A,
    lambda L: L.vmap(lambda x, m, s: L.stats.multivariate_normal.logpdf(x, m, s), (0, None, None)),
    f64(1000, 5),
    f64(5),
    positive(5),
)
row(
    "mahalanobis under vmap, 1e3 points of 20 float64",
    A,
    lambda L: L.vmap(lambda x, s: x @ L.np.linalg.solve(s, x), (0, None)),
    f64(1000, 20),
    positive(20),
)


def kalman(L: Any) -> Any:
    def f(ys: Any) -> Any:
        F = L.np.eye(4) + 0.1 * L.np.eye(4, k=2)
        H = L.np.eye(2, 4)

        def step(c: Any, y: Any) -> Any:
            m, p = c
            m, p = F @ m, F @ p @ F.T + 0.1 * L.np.eye(4)
            s = H @ p @ H.T + L.np.eye(2)
            k = L.np.linalg.solve(s, H @ p).T
            return (m + k @ (y - H @ m), p - k @ H @ p), m

        return L.lax.scan(step, (L.np.zeros(4), L.np.eye(4)), ys)[1]

    return f


def process(L: Any) -> Any:
    def loss(x: Any, y: Any) -> Any:
        d = L.np.sum((x[:, None] - x[None]) ** 2, -1)
        k = L.np.exp(-0.5 * d) + 0.1 * L.np.eye(100)
        c = L.np.linalg.cholesky(k)
        return 0.5 * y @ L.np.linalg.solve(k, y) + L.np.sum(L.np.log(L.np.diagonal(c)))

    return L.value_and_grad(loss)
