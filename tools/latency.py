"""How long Ctrl-C waits for native code: the table in docs/soundness.md.

    python tools/latency.py [--times 20] [--only WORD] [--seed 0] [--processor]

Each function is compiled for one thread and run on large arguments; SIGINT comes at random moments of a run. What is
measured is the time from the signal to the first instruction of its handler, and to `except KeyboardInterrupt`: between
them lies what the system takes to free the memory of the call. Machines that do other work make both longer: with
`--processor` signals come, and times are measured, by the time that the processor spends in this process (to 4 ms or so,
the system's tick).
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import random
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import wengert as w
import wengert.numpy as wnp
from wengert import lax

RNG = np.random.default_rng(0)
MANY = 30_000_000
Case = tuple[str, Callable[..., Any], Callable[[], tuple[Any, ...]]]


def vector(n: int = MANY, dtype: Any = np.float64) -> np.ndarray:
    return RNG.random(n).astype(dtype) + (1 if np.dtype(dtype).kind in "iu" else 0)


def numbers(n: int, below: int = 1000) -> np.ndarray:
    return RNG.integers(0, below, n)


def cases() -> Iterator[Case]:
    """Every kernel that is written by hand, every kind of nest, loops over numbers and arrays, in both modes."""
    long = lambda dtype=np.float64, n=MANY: lambda: (vector(n, dtype),)  # noqa: E731
    for dtype in (np.float64, np.float32, np.int64, np.int8):
        yield f"cumsum {np.dtype(dtype)}", wnp.cumsum, long(dtype)
    for name in ("cumprod", "cummax", "cummin", "cumlogsumexp"):
        f = getattr(wnp, name)
        yield name, f, long()
        yield f"{name} of columns", lambda x, f=f: f(x, axis=0), lambda: (vector().reshape(3000, 10_000),)
    for name in ("sum", "prod", "max", "min", "var", "mean", "any", "argmax", "argmin", "count_nonzero", "median"):
        yield f"{name} of one row", getattr(wnp, name), long()
    for axis in (0, 1):
        for name in ("sum", "max", "argmax", "std"):
            both = lambda x, f=getattr(wnp, name), axis=axis: f(x, axis=axis)  # noqa: E731
            yield f"{name} axis {axis}", both, lambda: (vector().reshape(3000, 10_000),)
    for name in ("exp", "sin", "tan", "arctan2", "power", "sqrt", "floor_divide", "expm1", "arcsinh"):
        f = getattr(wnp, name)
        yield name, (lambda x, f=f: f(x, x)) if name in ("arctan2", "power", "floor_divide") else f, long()
    for name in ("gammaln", "erfinv", "digamma", "betainc", "zeta"):
        f = getattr(w.scipy.special, name)
        g = {"betainc": lambda x, f=f: f(x, x, x), "zeta": lambda x, f=f: f(x + 2, x)}.get(name, f)
        yield name, g, long(n=3_000_000)
    yield "complex", lambda x: wnp.exp(x * 1j) / (x + 2j), long()
    yield "copies", lambda x: (x + 0, x[::-1], x.reshape(3000, -1).T), long()
    yield "broadcast", lambda x: wnp.broadcast_to(x[:3000, None], (3000, 20_000)) + 0, long()
    yield "zeros", lambda x: (wnp.zeros(6 * MANY) + 0, x[0]), long()
    yield "arange", lambda x: wnp.arange(2 * MANY) * x[0], long()
    yield "concatenate", lambda x: wnp.concatenate([x, x, x]), long()
    yield "pad", lambda x: wnp.pad(x, MANY), long()
    yield "transpose", lambda x: x.reshape(30, 1000, 1000).transpose(2, 1, 0) + 1, long()
    yield "roll", lambda x: wnp.roll(x, 7), long()
    yield "diff", lambda x: wnp.diff(x, 3), long()
    index = lambda: (vector(), numbers(MANY, MANY))  # noqa: E731
    yield "gather", lambda x, i: x[i], index
    yield "gather rows", lambda x, i: x.reshape(3_000, 10_000)[i[:6_000] % 3_000], index
    yield "gather, gradient", w.grad(lambda x, i: wnp.sum(x[i] ** 2)), index
    for name in ("add", "multiply", "min", "max", "set"):
        yield f"scatter {name}", lambda x, i, name=name: getattr(wnp.at(x)[i], name)(1.5), index
        rows = lambda x, i, name=name: getattr(wnp.at(x.reshape(3000, -1))[i[:6000] % 3000], name)(1.5)  # noqa: E731
        yield f"scatter {name} of rows", rows, index
    yield "one element set", lambda x, i: wnp.at(x)[i[0]].set(2.0), index
    yield "slice set", lambda x, i: wnp.at(x)[5:-5].set(2.0), index
    yield "bincount", lambda i: wnp.bincount(i, length=1000), lambda: (numbers(MANY),)
    yield "searchsorted", lambda x, v: wnp.searchsorted(x, v), lambda: (np.arange(1e6), vector(5_000_000) * 1e6)
    yield "sort of rows", lambda x: wnp.sort(x, axis=1), lambda: (vector().reshape(-1, 30),)
    for name in ("sort", "argsort"):
        yield f"{name} of one row", getattr(wnp, name), long(n=10_000_000)
        yield f"{name} of columns", lambda x, f=getattr(wnp, name): f(x, axis=0), lambda: (vector().reshape(30, -1),)
    for dtype in (np.int8, np.float32, np.int64):
        yield f"argsort {np.dtype(dtype)}", wnp.argsort, long(dtype, 10_000_000)
    yield "unique", lambda x: wnp.unique(x, size=10), long(n=5_000_000)
    yield "convolve", wnp.convolve, lambda: (vector(3_000_000), vector(60))
    yield (
        "convolve of rows",
        w.vmap(wnp.convolve),
        lambda: (vector(3_000_000).reshape(-1, 30), vector(3_000_000).reshape(-1, 30)),
    )
    yield "random.bits", lambda k: w.random.bits(k, (2 * MANY,)), lambda: (w.random.key(0),)
    for name in ("uniform", "normal", "exponential", "gumbel"):
        yield f"random.{name}", lambda k, f=getattr(w.random, name): f(k, (MANY,)), lambda: (w.random.key(0),)
    yield "random.permutation", lambda k: w.random.permutation(k, 3_000_000), lambda: (w.random.key(0),)
    yield "random.split", lambda k: w.random.key_data(w.random.split(k, MANY)), lambda: (w.random.key(0),)
    yield "random.fold_in", w.vmap(w.random.fold_in, (None, 0)), lambda: (w.random.key(0), numbers(MANY))
    yield "random.gamma", lambda k: w.random.gamma(k, 2.0, (3_000_000,)), lambda: (w.random.key(0),)
    yield "many small products", lambda x: x.reshape(-1, 3, 3) @ x.reshape(-1, 3, 3), long(n=27_000_000)
    yield "products of rows", lambda x: x.reshape(-1, 50) @ x[:2500].reshape(50, 50), long()
    yield "outer", lambda x: wnp.outer(x[:6000], x[:6000]), long()
    yield "dot", lambda x: x @ x, long()
    yield "matrix and vector", lambda x: x.reshape(3000, -1) @ x[:10_000], long()
    square = lambda x: x.reshape(-1, 4, 4) + 5 * np.eye(4)  # noqa: E731
    for name in ("inv", "det", "slogdet", "cholesky", "eigh", "svd", "qr"):
        f = getattr(wnp.linalg, name)
        made = lambda x, f=f, name=name: f(square(x) @ square(x).mT if name == "cholesky" else square(x))  # noqa: E731
        yield f"{name} of many", made, long(n=4_800_000)
    yield "solve of many", lambda x: wnp.linalg.solve(square(x), x.reshape(-1, 4, 4)), long(n=9_600_000)
    yield "distances", lambda x: wnp.sum(wnp.exp(-((x[:8000, None] - x[:8000]) ** 2)), axis=1), long()
    yield "softmax", lambda x: w.nn.softmax(x.reshape(3, -1)), long()
    yield "logsumexp", w.scipy.special.logsumexp, long()
    yield "gradient of a norm", w.grad(lambda x: wnp.sqrt(wnp.sum(wnp.sin(x) ** 2))), long()
    yield "where, clip, astype", lambda x: wnp.where(x > 0.5, wnp.clip(x, 0.2, 0.7), x).astype(np.float32), long()
    yield "bfloat16", lambda x: wnp.sum(x.astype(w.numpy.bfloat16) * 2), long()
    step = lambda c, y: (c * 0.5 + y, c)  # noqa: E731
    yield "scan", lambda x: lax.scan(step, 0.0, x), long()
    yield "scan, gradient", w.grad(lambda x: lax.scan(lambda c, y: (wnp.sin(c) + y, c), 0.0, x)[0]), long(n=5_000_000)
    rows = lambda x: x.reshape(-1, 10)  # noqa: E731
    yield "scan of rows", lambda x: lax.scan(lambda c, y: (c * 0.5 + wnp.sum(y), c), 0.0, rows(x)), long()
    yield (
        "scan over large rows",
        lambda x: lax.scan(lambda c, y: (c + y, None), x[: MANY // 3], x.reshape(3, -1)),
        long(),
    )
    yield "associative_scan", lambda x: lax.associative_scan(wnp.multiply, x), long(n=3_000_000)
    turns = lambda n, f: lambda x: lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, f(c[1])), (0, x))[1]  # noqa: E731
    yield "while", turns(5 * MANY, lambda x: 0.5 * x + 1), lambda: (0.5,)
    yield "while, gradient (a tape of 5e7 steps)", w.grad(turns(50_000_000, lambda x: wnp.sin(x) + x)), lambda: (0.5,)
    wide = turns(2_000_000, lambda x: wnp.sin(x) + x)
    yield "while over arrays, gradient", w.grad(lambda x: wnp.sum(wide(x))), lambda: (np.ones(20),)
    kept = turns(300, lambda x: wnp.sin(x) + x)
    yield "while over large arrays, gradient", w.grad(lambda x: wnp.sum(kept(x))), lambda: (vector(300_000),)
    yield (
        "fori with writes",
        lambda x: lax.fori_loop(0, MANY, lambda i, c: wnp.at(c)[i % 100].add(1.0), x[:100]),
        long(),
    )
    yield "cond of large arrays", lambda x: lax.cond(x[0] > 2, lambda x: x + 1, lambda x: x * 2, x), long()
    yield "vmap of while", w.vmap(turns(300, lambda x: 0.5 * x + 1)), long(n=300_000)
    checkpointed = lambda x: lax.while_loop(
        lambda c: c[0] < 3_000_000, lambda c: (c[0] + 1, wnp.sin(c[1])), (0, x), checkpoint=100
    )[1]  # noqa: E731
    yield "while within a budget, gradient", w.grad(checkpointed), lambda: (0.5,)
    yield "interp", lambda x: wnp.interp(x, np.arange(100.0) / 100, np.arange(100.0)), long(n=10_000_000)
    yield "histogram", lambda x: wnp.histogram(x, bins=50)[0], long(n=10_000_000)
    yield "callbacks", lambda x: w.pure_callback(lambda v: v * 2, w.ShapeDtypeStruct((MANY,), np.float64), x), long()
    yield (
        "many callbacks",
        lambda x: lax.fori_loop(
            0, 10**5, lambda i, c: w.pure_callback(np.sin, w.ShapeDtypeStruct((), np.float64), c), x
        ),
        lambda: (0.5,),
    )


def more_cases() -> Iterator[Case]:
    """What became native later: narrow dtypes, complex numbers, convolutions, transforms, loops of ufuncs, samplers, paths."""
    long = lambda dtype=np.float64, n=MANY: lambda: (vector(n, dtype),)  # noqa: E731
    turned = lambda x: x * (1 + 0.5j)  # noqa: E731
    nhwc = {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}
    conv = lambda x, k, s=(1, 1), g=1: lax.conv_general_dilated(x, k, s, "SAME", feature_group_count=g, **nhwc)  # noqa: E731
    for name, x, k, s, g in (
        ("many features", (16, 96, 96, 32), (3, 3, 32, 64), (1, 1), 1),
        ("few features", (64, 256, 256, 1), (5, 5, 1, 2), (1, 1), 1),
        ("strides", (32, 128, 128, 16), (3, 3, 16, 32), (2, 2), 1),
        ("groups", (32, 128, 128, 64), (3, 3, 1, 64), (1, 1), 64),
        ("one large kernel", (4, 128, 128, 8), (31, 31, 8, 8), (1, 1), 1),
        ("one example", (1, 700, 700, 32), (3, 3, 32, 32), (1, 1), 1),
    ):
        made = lambda x=x, k=k: (vector(int(np.prod(x))).reshape(x), vector(int(np.prod(k))).reshape(k))  # noqa: E731
        f = lambda x, k, s=s, g=g: conv(x, k, s, g)  # noqa: E731
        yield f"convolution, {name}", f, made
        for which, of in ((0, "operand"), (1, "kernel")):
            yield (
                f"convolution, {name}, gradient in the {of}",
                w.grad(lambda x, k, f=f: wnp.sum(f(x, k) ** 2), which),
                made,
            )
    yield (
        "convolution of 1D",
        lambda x, k: lax.conv_general_dilated(x[None, None], k[None, None], (1,), "SAME"),
        lambda: (
            vector(5_000_000),
            vector(200),
        ),
    )
    for name in ("max", "add"):
        window = lambda x, name=name: lax.reduce_window(x.reshape(5000, -1), name, (7, 7), (1, 1))  # noqa: E731
        yield f"window {name}", window, long(n=10_000_000)
        yield f"window {name}, gradient", w.grad(lambda x, f=window: wnp.sum(f(x) ** 2)), long(n=3_000_000)
    for n, what in ((1 << 22, "a line of 4e6"), (3_999_971, "a line of prime length"), (1000, "lines of 1,000")):
        yield f"fft, {what}", lambda x, n=n: wnp.fft.fft(x.reshape(-1, n)), long(n=n * max(1, 8_000_000 // n))
        yield f"rfft, {what}", lambda x, n=n: wnp.fft.rfft(x.reshape(-1, n)), long(n=n * max(1, 8_000_000 // n))
    yield "fft of columns", lambda x: wnp.fft.fft(x.reshape(3000, -1), axis=0), long(n=9_000_000)
    yield "fft2", lambda x: wnp.fft.fft2(x.reshape(100, 300, 300)), long(n=9_000_000)
    for name in "j0 k1 expi ellipk spence kv gammainc hyp1f1 pdtr airy i0e i1 ndtri".split():
        f = getattr(w.scipy.special, name, None)
        if f is not None:
            g = {"kv": lambda x, f=f: f(0.3, x), "gammainc": lambda x, f=f: f(2.5, x), "hyp1f1": lambda x, f=f: f(0.3, 1.2, x), "pdtr": lambda x, f=f: f(3.0, x)}.get(name, f)  # fmt: skip
            yield f"special.{name}", g, long(n=5_000_000)
    yield (
        "random.gamma, many keys",
        w.vmap(lambda k: w.random.gamma(k, 2.0, (1000,))),
        lambda: (w.random.split(w.random.key(0), 5000),),
    )
    for name in ("poisson", "beta", "dirichlet", "binomial", "choice"):
        given = {
            "poisson": lambda k: w.random.poisson(k, 20.5, (3_000_000,)),
            "beta": lambda k: w.random.beta(k, 2.0, 3.0, (2_000_000,)),
            "dirichlet": lambda k: w.random.dirichlet(k, np.ones(10), (200_000,)),
            "binomial": lambda k: w.random.binomial(k, 30, 0.4, (1_000_000,)),
            "choice": lambda k: w.random.choice(k, 3_000_000, (3_000_000,)),
        }[name]
        yield f"random.{name}", given, lambda: (w.random.key(0),)
    yield (
        "complex products and quotients",
        lambda x: wnp.exp(turned(x)) / (turned(x) + 2) * wnp.conj(turned(x)),
        long(n=10_000_000),
    )
    yield "complex scan", lambda x: lax.scan(lambda c, y: (c * 0.5j + y, c), 0j, x), long(n=20_000_000)
    yield (
        "complex scan, gradient",
        w.grad(lambda x: wnp.abs(lax.scan(lambda c, y: (c * 0.5j + wnp.sin(y), None), 0j, x)[0])),
        long(n=3_000_000),
    )
    yield "complex matrices", lambda x: turned(x.reshape(-1, 8, 8)) @ turned(x.reshape(-1, 8, 8)), long(n=12_800_000)
    yield "complex sums", lambda x: (wnp.sum(turned(x).reshape(3000, -1), 0), wnp.cumsum(turned(x))), long(n=15_000_000)
    for dtype in (np.float16, w.numpy.bfloat16):
        d = np.dtype(dtype)
        yield f"{d} elementwise", lambda x: wnp.tanh(x) * wnp.exp(-x * x), long(dtype)
        yield f"{d} running sums", wnp.cumsum, long(dtype)
        yield f"{d} sums", lambda x: (wnp.sum(x), wnp.max(x.reshape(3000, -1), 0)), long(dtype)
        yield f"{d} sorts", lambda x: wnp.sort(x.reshape(-1, 100), 1), long(dtype, 10_000_000)
        yield f"{d} products", lambda x: x.reshape(1000, -1) @ x.reshape(-1, 1000), long(dtype, 3_000_000)
    for dtype in (np.int8, np.int32, np.uint64):
        d = np.dtype(dtype)
        yield f"{d} quotients", lambda x: (x // (x + 3), x % 7, x**3), long(dtype)
        yield f"{d} gcd", lambda x: wnp.gcd(x, x[::-1]), lambda d=d: (RNG.integers(1, 100, MANY).astype(d),)
        yield (
            f"{d} products",
            lambda x: x.reshape(-1, 1000) @ x.reshape(1000, -1),
            lambda d=d: (RNG.integers(0, 9, 2_400_000).astype(d),),
        )
        yield f"{d} products with a vector", lambda x: x.reshape(5000, -1) @ x[:6000], long(dtype)
    yield "bool products", lambda x: x @ x, lambda: (RNG.random((2500, 2500)) > 0.9,)
    yield "expm of many", lambda x: w.scipy.linalg.expm(x.reshape(-1, 4, 4)), long(n=3_200_000)
    yield "pinv of many", lambda x: wnp.linalg.pinv(x.reshape(-1, 4, 3)), long(n=2_400_000)
    stepped = lambda x: lax.while_loop(lambda c: c > 1.0, lambda c: c * 0.999, x * 1000 + 1)  # noqa: E731
    yield "vmap of a loop of unlike lengths", w.vmap(stepped), long(n=20_000)

    spread = lambda r: lax.while_loop(lambda s: s[0] < 900, lambda s: (s[0] + 1, s[1] * 0.9 + r[s[0]]), (0, 0.0))[1]  # noqa: E731
    yield "vmap of a loop that reads its rows", w.vmap(spread), lambda: (vector(9_000_000).reshape(-1, 900),)
    yield (
        "vmap of loops in a loop",
        w.vmap(lambda x: lax.scan(lambda c, t: (stepped(c * t), c), x, np.ones(9))[0]),
        long(n=2_000),
    )
    yield (
        "vmap of a loop, gradient",
        w.vmap(w.grad(lambda x: lax.fori_loop(0, 500, lambda i, c: wnp.sin(c) + x, x))),
        long(n=20_000),
    )
    masked = {
        "x[mask]": lambda x: x[x > 0.5],
        "nonzero": lambda x: wnp.nonzero(x > 0.5),
        "unique": lambda x: wnp.unique(wnp.floor(x * 1e4)),
    }
    for name, f in masked.items():
        yield name, f, long(n=20_000_000)

    def paths(x: Any) -> Any:
        k = 0
        while x > 0.1:
            x, k = (x * 0.7, k + 1) if k % 2 else (x - 0.01, k + 1)
        return x

    yield "vmap of Python's loops", w.vmap(paths), long(n=1_000_000)
    rows = lambda x: x.reshape(-1, 100)  # noqa: E731
    yield "associative_scan of rows", lambda x: lax.associative_scan(wnp.add, rows(x)), long(n=5_000_000)
    yield (
        "scan of matrices",
        lambda x: lax.scan(lambda c, y: (wnp.tanh(c @ y), c[0]), np.eye(16), x.reshape(-1, 16, 16)),
        long(n=10_240_000),
    )
    yield (
        "scan, forward",
        lambda x: w.jvp(lambda x: lax.scan(lambda c, y: (wnp.sin(c) + y, c), 0.0, x)[0], (x,), (x,)),
        long(n=10_000_000),
    )
    yield (
        "scan, second derivative",
        lambda x: w.hvp(lambda x: lax.scan(lambda c, y: (wnp.sin(c) + y, None), 0.0, x)[0], (x,), (x,)),
        long(n=1_000_000),
    )
    yield (
        "fori, gradient",
        w.grad(lambda x: lax.fori_loop(0, 5_000_000, lambda i, c: wnp.sin(c) + c, x)),
        lambda: (0.5,),
    )
    yield (
        "scan with branches",
        lambda x: lax.scan(lambda c, y: (lax.cond(y > 0.5, wnp.sin, wnp.cos, c + y), None), 0.0, x)[0],
        long(),
    )
    yield (
        "loop in a loop",
        lambda x: lax.fori_loop(0, 10**5, lambda i, c: lax.fori_loop(0, 10**3, lambda j, c: c * 0.5 + 1, c), x),
        lambda: (0.5,),
    )
    yield (
        "scan of sorts",
        lambda x: lax.scan(lambda c, y: (wnp.sort(c + y), None), x[:1000], x.reshape(-1, 1000))[0],
        long(n=5_000_000),
    )
    yield (
        "scan of solves",
        lambda x: lax.scan(lambda c, y: (wnp.linalg.solve(y + 9 * np.eye(8), c), None), x[:8], x.reshape(-1, 8, 8))[0],
        long(n=6_400_000),
    )
    yield (
        "scan with scatters",
        lambda x: lax.scan(lambda c, i: (wnp.at(c)[i % 1000].add(1.0), None), x[:1000], wnp.arange(MANY))[0],
        long(),
    )
    yield (
        "scan with draws",
        lambda x: lax.scan(
            lambda c, k: (c + w.random.normal(k, (100,)), None), x[:100], w.random.split(w.random.key(0), 100_000)
        )[0],
        long(),
    )
    yield "interp of random points", lambda x: wnp.interp(x, np.arange(1e6) / 1e6, np.arange(1e6)), long(n=10_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--later", action="store_true", help="only the cases that were added later")
    options = parser.parse_args()
    rng, asked = random.Random(options.seed), [0.0]
    clock = Clock(options.processor)

    def handler(*_: Any) -> None:
        asked[0] = clock.now()
        raise KeyboardInterrupt

    signal.signal(clock.signal, handler)
    for name, f, arguments in more_cases() if options.later else itertools.chain(cases(), more_cases()):
        if options.only not in name:
            continue
        try:
            with w.config.override(threads=1):
                measured(name, w.jit(f), arguments(), options.times, rng, asked, clock)
        except Exception as error:
            print(f"{name:40} {type(error).__name__}: {str(error)[:150]}", flush=True)


class _Time(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class Clock:
    """Signals after some time of the wall, or of the processor in this process (POSIX timers, which Python has not)."""

    signal = signal.SIGALRM

    def __init__(self, processor: bool) -> None:
        self.now = time.process_time if processor else time.perf_counter
        self._timer = None
        if processor:
            event = (ctypes.c_int * 16)()  # a sigevent: a value of 8 bytes, the signal, SIGEV_SIGNAL
            event[2] = int(self.signal)
            self._library = ctypes.CDLL(None, use_errno=True)
            self._timer = ctypes.c_void_p()
            failed = self._library.timer_create(time.CLOCK_PROCESS_CPUTIME_ID, event, ctypes.byref(self._timer))
            assert not failed, ctypes.get_errno()

    def set(self, seconds: float) -> None:
        """A signal after some seconds; of 0 none."""
        if self._timer is None:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            return
        when = (_Time * 2)(_Time(0, 0), _Time(int(seconds), int(seconds % 1 * 1e9)))
        assert not self._library.timer_settime(self._timer, 0, when, None)


def measured(
    name: str, f: Any, args: tuple[Any, ...], times: int, rng: random.Random, asked: list[float], clock: Clock
) -> None:
    """Interrupt some calls, and print how long it took."""
    f(*args)
    compiled = f._native[0][1] if f._native else None
    through = sorted({c.eqn.primitive.name for c in compiled.module.calls}) if compiled else ["no native call"]
    taken = []
    for _ in range(3):
        begun = clock.now()
        f(*args)
        taken.append(clock.now() - begun)
    whole = min(taken)
    handled, raised = [], []
    for _ in range(times):
        sent = None
        try:
            delay = whole * rng.random() * 0.95 + 1e-4
            sent = clock.now() + delay
            clock.set(delay)
            out = f(*args)
            clock.set(0)
            del out
        except KeyboardInterrupt:
            now = clock.now()
            handled.append(asked[0] - sent)
            raised.append(now - sent)
    ms = lambda x: f"{x * 1e3:7.1f}"  # noqa: E731
    if not raised:
        print(f"{name:40} {ms(whole)} none came", flush=True)
        return
    print(
        f"{name:40} {ms(whole)} {len(raised):3d} handler {ms(statistics.median(handled))} {ms(max(handled))} "
        f"raised {ms(statistics.median(raised))} {ms(max(raised))}"
        + (f"  NumPy: {', '.join(through)}" if through else ""),
        flush=True,
    )


if __name__ == "__main__":
    main()
