"""Elementwise functions, reductions, moves of elements, order, special functions, derivatives of these."""

from __future__ import annotations

from typing import Any

from .inputs import between, c64, c128, f16, f32, f64, given, i32, i64, ordered
from .row import Row

VECTORS: list[Row] = []


def row(name: str, family: str, build: Any, *makers: Any, **options: Any) -> None:
    VECTORS.append(Row(name, family, build, given(*makers), **options))


# --- elementwise ---------------------------------------------------------------------------------------------------------

E = "elementwise"
for n, label, quick in ((1_000, "1e3", False), (100_000, "1e5", False), (10_000_000, "1e7", True)):
    row(
        f"x * 2 + y, {label} float64",
        E,
        lambda L: lambda x, y: x * 2 + y,
        f64(n),
        f64(n),
        bytes=24 * n,
        limit="memory",
        quick=quick,
    )
    row(
        f"tanh(x) * exp(-x * x), {label} float32",
        E,
        lambda L: lambda x: L.np.tanh(x) * L.np.exp(-x * x),
        f32(n),
        bytes=8 * n,
    )
row(
    "black-scholes, 1e6 float64",
    E,
    lambda L: black_scholes(L),
    between(50, 150, 1_000_000),
    between(50, 150, 1_000_000),
    bytes=24e6,
)
row(
    "sigmoid and log, 1e6 float16",
    E,
    lambda L: lambda x: L.np.log(1 + L.np.exp(-abs(x))),
    f16(1_000_000),
    bytes=4e6,
    close=2e-3,
    quick=True,
)
row(
    "x * y + x, 1e6 complex128",
    E,
    lambda L: lambda x, y: x * y + x,
    c128(1_000_000),
    c128(1_000_000),
    bytes=48e6,
    limit="memory",
    quick=True,
)
row("exp(1j x), 1e6 complex64", E, lambda L: lambda x: L.np.exp(x), c64(1_000_000), bytes=16e6)
row("abs of 1e6 complex128", E, lambda L: lambda x: L.np.abs(x), c128(1_000_000), bytes=24e6)
row(
    "x // 7 + x % 5, 1e6 int32",
    E,
    lambda L: lambda x: x // 7 + x % 5,
    i32(-1000, 1000, 1_000_000),
    bytes=8e6,
    quick=True,
)
row(
    "x // y, 1e6 int32",
    E,
    lambda L: lambda x, y: x // y,
    i32(-1000, 1000, 1_000_000),
    i32(1, 99, 1_000_000),
    bytes=12e6,
    limit="divisions",
)
row(
    "where(x > 0, x, y), 1e6 float32",
    E,
    lambda L: lambda x, y: L.np.where(x > 0, x, y),
    f32(1_000_000),
    f32(1_000_000),
    bytes=12e6,
    limit="memory",
)
row("x**3.5, 1e6 float64", E, lambda L: lambda x: x**3.5, between(0.1, 9, 1_000_000), bytes=16e6)
row("arctan2, 1e6 float64", E, lambda L: lambda x, y: L.np.arctan2(x, y), f64(1_000_000), f64(1_000_000), bytes=24e6)
row(
    "clip and round, 1e6 float64",
    E,
    lambda L: lambda x: L.np.round(L.np.clip(x, -1, 1)),
    f64(1_000_000),
    bytes=16e6,
    limit="memory",
)
row(
    "log1p(exp(x)), gradient, 1e6 float64",
    E,
    lambda L: L.grad(lambda x: L.np.sum(L.np.log1p(L.np.exp(x)))),
    f64(1_000_000),
    bytes=16e6,
)
row(
    "rows plus a column, 1000x1000 float64",
    E,
    lambda L: lambda x, y: x * y[:, None] + y,
    f64(1000, 1000),
    f64(1000),
    bytes=16e6,
    limit="memory",
)


def black_scholes(L: Any) -> Any:
    def price(s: Any, k: Any) -> Any:
        d = (L.np.log(s / k) + 0.06) / 0.3
        phi = lambda v: 0.5 * (1 + L.special.erf(v / 2**0.5))
        return s * phi(d) - k * L.np.exp(-0.05) * phi(d - 0.3)

    return price


# --- reductions ---------------------------------------------------------------------------------------------------------

R = "reductions"
row("sum, 1e7 float64", R, lambda L: lambda x: L.np.sum(x), f64(10_000_000), bytes=80e6, limit="memory", quick=True)
row("sum of squares, 1e6 float32", R, lambda L: lambda x: L.np.sum(x * x), f32(1_000_000), bytes=4e6)
row(
    "sum over rows, 1000x1000 float64",
    R,
    lambda L: lambda x: L.np.sum(x, axis=0),
    f64(1000, 1000),
    bytes=8e6,
    limit="memory",
)
row(
    "sum over columns, 1000x1000 float64",
    R,
    lambda L: lambda x: L.np.sum(x, axis=1),
    f64(1000, 1000),
    bytes=8e6,
    limit="memory",
)
row("max of rows of 5, 1e5 float64", R, lambda L: lambda x: L.np.max(x, axis=1), f64(100_000, 5), bytes=4.8e6)
row(
    "argmin of rows of 8, 1e5 float32",
    R,
    lambda L: lambda x: L.np.argmin(x, axis=1),
    f32(100_000, 8),
    bytes=4e6,
    quick=True,
)
row("prod of rows of 3, 1e6 float64", R, lambda L: lambda x: L.np.prod(x, axis=1), f64(1_000_000, 3), bytes=32e6)
row("argmax, 1e6 float64", R, lambda L: lambda x: L.np.argmax(x), f64(1_000_000), bytes=8e6)
row(
    "softmax, 1000x1000 float32",
    R,
    lambda L: (
        lambda x: (
            L.np.exp(x - L.np.max(x, axis=1)[:, None])
            / L.np.sum(L.np.exp(x - L.np.max(x, axis=1)[:, None]), axis=1)[:, None]
        )
    ),
    f32(1000, 1000),
    bytes=8e6,
)
row("logsumexp, 1000x1000 float64", R, lambda L: lambda x: L.special.logsumexp(x, axis=1), f64(1000, 1000), bytes=8e6)
row("variance of columns, 1000x1000 float64", R, lambda L: lambda x: L.np.var(x, axis=0), f64(1000, 1000), bytes=8e6)
row("mean of 1e6 float16", R, lambda L: lambda x: L.np.mean(x), f16(1_000_000), bytes=2e6, close=1e-2)
row(
    "cumsum, 1e6 float64",
    R,
    lambda L: lambda x: L.np.cumsum(x),
    f64(1_000_000),
    bytes=16e6,
    limit="a chain of additions",
    close=1e-3,
    quick=True,
)
row("cumsum of rows, 1000x1000 float64", R, lambda L: lambda x: L.np.cumsum(x, axis=1), f64(1000, 1000), bytes=16e6)
row(
    "cumsum down columns, 1000x1000 float64", R, lambda L: lambda x: L.np.cumsum(x, axis=0), f64(1000, 1000), bytes=16e6
)
row(
    "cumprod, 1e6 float64",
    R,
    lambda L: lambda x: L.np.cumprod(x),
    between(0.99, 1.01, 1_000_000),
    bytes=16e6,
    limit="a chain of products",
)
row("any of 1e6 bool", R, lambda L: lambda x: L.np.any(x > 9), f64(1_000_000), bytes=8e6)
row("sum of complex128, 1e6", R, lambda L: lambda x: L.np.sum(x), c128(1_000_000), bytes=16e6)
row("dot, 1e6 float64", R, lambda L: lambda x, y: L.np.dot(x, y), f64(1_000_000), f64(1_000_000), bytes=16e6)

# --- moves --------------------------------------------------------------------------------------------------------------

M = "moves"
row(
    "roll by 3, 1e6 float64",
    M,
    lambda L: lambda x: L.np.roll(x, 3),
    f64(1_000_000),
    bytes=16e6,
    limit="memory",
    quick=True,
)
row(
    "roll of rows, 1000x1000 float64",
    M,
    lambda L: lambda x: L.np.roll(x, 5, 1),
    f64(1000, 1000),
    bytes=16e6,
    limit="memory",
)
row(
    "sum of four rolls, 512x512 float64",
    M,
    lambda L: lambda x: L.np.roll(x, 1, 0) + L.np.roll(x, -1, 0) + L.np.roll(x, 1, 1) + L.np.roll(x, -1, 1) - 4 * x,
    f64(512, 512),
    bytes=4.2e6,
)
row(
    "roll, gradient, 1e6 float64",
    M,
    lambda L: L.grad(lambda x: L.np.sum(L.np.roll(x, 3) * x)),
    f64(1_000_000),
    bytes=16e6,
)
row(
    "repeat 4, 1e5 float64",
    M,
    lambda L: lambda x: L.np.repeat(x, 4),
    f64(100_000),
    bytes=4e6,
    limit="memory",
    quick=True,
)
row(
    "repeat rows 3, 1000x300 float32",
    M,
    lambda L: lambda x: L.np.repeat(x, 3, 0),
    f32(1000, 300),
    bytes=4.8e6,
    limit="memory",
)
row("tile 4, 1e5 float64", M, lambda L: lambda x: L.np.tile(x, 4), f64(100_000), bytes=4e6, limit="memory")
row(
    "cross of 1e5 vectors float64",
    M,
    lambda L: lambda x, y: L.np.cross(x, y),
    f64(100_000, 3),
    f64(100_000, 3),
    bytes=7.2e6,
    quick=True,
)
row(
    "concatenate of three, 1e6 float64",
    M,
    lambda L: lambda x, y, z: L.np.concatenate([x, y, z]),
    f64(500_000),
    f64(300_000),
    f64(200_000),
    bytes=16e6,
    limit="memory",
)
row(
    "concatenate columns, 1000x300 float64",
    M,
    lambda L: lambda x, y: L.np.concatenate([x, y], 1),
    f64(1000, 300),
    f64(1000, 200),
    bytes=8e6,
    limit="memory",
)
row(
    "stack of three, 3e5 float64",
    M,
    lambda L: lambda x, y, z: L.np.stack([x, y, z], -1),
    f64(100_000),
    f64(100_000),
    f64(100_000),
    bytes=4.8e6,
)
row(
    "transpose, 1000x1000 float64",
    M,
    lambda L: lambda x: L.np.transpose(x) * 2,
    f64(1000, 1000),
    bytes=16e6,
    limit="memory; NumPy's result lies as its argument does",
)
row(
    "transpose of axes, 64x64x64 float32",
    M,
    lambda L: lambda x: L.np.transpose(x, (2, 0, 1)) + 1,
    f32(64, 64, 64),
    bytes=2.1e6,
    limit="memory; NumPy's result lies as its argument does",
)
row("pad, 1000x1000 float64", M, lambda L: lambda x: L.np.pad(x, 2), f64(1000, 1000), bytes=16e6, limit="memory")
row(
    "pad, gradient, 1000x1000 float64",
    M,
    lambda L: L.grad(lambda x: L.np.sum(L.np.pad(x, 2) ** 2)),
    f64(1000, 1000),
    bytes=16e6,
)
row(
    "gather, 1e6 of 1e6 float64",
    M,
    lambda L: lambda x, i: x[i],
    f64(1_000_000),
    i64(0, 1_000_000, 1_000_000),
    bytes=24e6,
    limit="cache misses",
    quick=True,
)
row(
    "gather of rows, 1e5 of 1000x16 float32",
    M,
    lambda L: lambda x, i: x[i],
    f32(1000, 16),
    i64(0, 1000, 100_000),
    bytes=7.2e6,
)
row(
    "scatter-add, gradient of a gather, 1e6 float64",
    M,
    lambda L: L.grad(lambda x, i: L.np.sum(x[i] ** 2)),
    f64(10_000),
    i64(0, 10_000, 1_000_000),
    bytes=8e6,
    limit="a chain of additions",
)
row(
    "flip, 1e6 float64",
    M,
    lambda L: lambda x: L.np.flip(x),
    f64(1_000_000),
    bytes=16e6,
    limit="memory; NumPy's result lies as its argument does",
)
row("diff, 1e6 float64", M, lambda L: lambda x: L.np.diff(x), f64(1_000_000), bytes=16e6, limit="memory")
row("strided slice, 1e6 float64", M, lambda L: lambda x: x[::2] + x[1::2], f64(1_000_000), bytes=12e6, limit="memory")
row(
    "one-hot, 1e5 of 10 int32",
    M,
    lambda L: lambda i: (i[:, None] == L.np.arange(10)) * 1.0,
    i32(0, 10, 100_000),
    bytes=8.4e6,
)

# --- order --------------------------------------------------------------------------------------------------------------

O = "order"
row("sort, 1e3 float64", O, lambda L: lambda x: L.np.sort(x), f64(1000))
row("sort, 1e4 float64", O, lambda L: lambda x: L.np.sort(x), f64(10_000))
row("sort, 1e6 float64", O, lambda L: lambda x: L.np.sort(x), f64(1_000_000), quick=True)
row("sort, 1e6 float32", O, lambda L: lambda x: L.np.sort(x), f32(1_000_000))
row("sort, 1e6 int32", O, lambda L: lambda x: L.np.sort(x), i32(-(10**6), 10**6, 1_000_000))
row("sort rows, 1000x100 float64", O, lambda L: lambda x: L.np.sort(x, axis=-1), f64(1000, 100))
row("sort columns, 1000x100 float64", O, lambda L: lambda x: L.np.sort(x, axis=0), f64(1000, 100))
row("argsort, 1e5 float64", O, lambda L: lambda x: L.np.argsort(x), f64(100_000), quick=True)
row("argsort rows, 1000x100 float64", O, lambda L: lambda x: L.np.argsort(x, axis=-1), f64(1000, 100))
row(
    "sort, gradient, 1e5 float64",
    O,
    lambda L: L.grad(lambda x: L.np.sum(L.np.sort(x) ** 2 * L.np.arange(100_000))),
    f64(100_000),
)
row("median, 1e5 float64", O, lambda L: lambda x: L.np.median(x), f64(100_001))
row("quantiles, 1e5 float64", O, lambda L: lambda x: L.np.quantile(x, L.np.array([0.1, 0.5, 0.9])), f64(100_000))
row(
    "searchsorted, 1e5 in 1e5 float64",
    O,
    lambda L: lambda a, v: L.np.searchsorted(a, v),
    ordered(100_000),
    f64(100_000),
    quick=True,
    limit="cache misses",
)
row("searchsorted, 1e5 in 1e3 float64", O, lambda L: lambda a, v: L.np.searchsorted(a, v), ordered(1000), f64(100_000))
row(
    "interp, 1e5 in 1e3 float64",
    O,
    lambda L: lambda v, a, b: L.np.interp(v, a, b),
    f64(100_000),
    ordered(1000),
    f64(1000),
)
row("top 10 of 1e5 float32", O, lambda L: lambda x: L.lax.top_k(x, 10)[0], f32(100_000))
row("histogram, 1e5 float64", O, lambda L: lambda x: L.np.histogram(x, 100)[0], f64(100_000))
row("bincount, 1e6 int64", O, lambda L: lambda i: L.np.bincount(i, length=1000), i64(0, 1000, 1_000_000))

# --- special functions ----------------------------------------------------------------------------------------------------

S = "special functions"
ONE = {
    "j0": None, "j1": None, "i0": (0, 20), "i0e": (0, 20), "i1": (0, 20), "i1e": (0, 20), "expi": (0.1, 20), "exp1": (0.1, 20),
    "digamma": (0.1, 20), "gammaln": (0.1, 20), "gamma": (0.1, 20), "ndtr": (-5, 5), "log_ndtr": (-5, 5),
    "ndtri": (0.001, 0.999), "erf": (-3, 3), "erfc": (-3, 3), "erfinv": (-0.99, 0.99), "spence": (0.1, 20), "logit": (0.01, 0.99),
    "expit": (-9, 9), "entr": (0.1, 9),
}  # fmt: skip
TWO = {
    "zeta": ((1.1, 20), (1, 5)), "gammainc": ((0.1, 20), (0.1, 20)), "gammaincc": ((0.1, 20), (0.1, 20)), "betaln": ((0.1, 20), (0.1, 20)),
    "xlogy": ((0.1, 9), (0.1, 9)), "rel_entr": ((0.1, 9), (0.1, 9)),
}  # fmt: skip
for _name, _range in ONE.items():
    if _range is not None:
        row(
            f"{_name}, 1e5 float64",
            S,
            lambda L, f=_name: lambda x: getattr(L.special, f)(x),
            between(*_range, 100_000),
            quick=_name in ("i0e", "ndtri"),
        )
        row(
            f"{_name}, gradient, 1e5 float64",
            S,
            lambda L, f=_name: L.grad(lambda x: L.np.sum(getattr(L.special, f)(x))),
            between(*_range, 100_000),
        )
for _name, (_first, _second) in TWO.items():
    row(
        f"{_name}, 1e5 float64",
        S,
        lambda L, f=_name: lambda x, y: getattr(L.special, f)(x, y),
        between(*_first, 100_000),
        between(*_second, 100_000),
        quick=_name == "gammainc",
    )
row(
    "betainc, 1e5 float64",
    S,
    lambda L: lambda a, b, x: L.special.betainc(a, b, x),
    between(0.1, 20, 100_000),
    between(0.1, 20, 100_000),
    between(0, 1, 100_000),
)
row("polygamma(2, x), 1e5 float64", S, lambda L: lambda x: L.special.polygamma(2, x), between(0.1, 20, 100_000))
row("i0e, 1e5 float32", S, lambda L: lambda x: L.special.i0e(x), f32(100_000))
row("ndtri, 1e5 float32", S, lambda L: lambda x: L.special.ndtri(abs(x) / 9), f32(100_000), close=1e-3)
