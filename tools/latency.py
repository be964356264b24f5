"""How long Ctrl-C waits for native code: the table in docs/soundness.md.

    python tools/latency.py [--times 20] [--only WORD] [--seed 0]

Each function is compiled for one thread and run on large arguments; SIGINT comes at random moments of a run. What is
measured is the time from the signal to the first instruction of its handler, and to `except KeyboardInterrupt`: between
them lies what the system takes to free the memory of the call. Machines that do other work make both longer.
"""

from __future__ import annotations

import argparse
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, asked = random.Random(options.seed), [0.0]

    def handler(*_: Any) -> None:
        asked[0] = time.perf_counter()
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, handler)
    for name, f, arguments in cases():
        if options.only not in name:
            continue
        try:
            with w.config.override(threads=1):
                measured(name, w.jit(f), arguments(), options.times, rng, asked)
        except Exception as error:
            print(f"{name:40} {type(error).__name__}: {str(error)[:150]}", flush=True)


def measured(name: str, f: Any, args: tuple[Any, ...], times: int, rng: random.Random, asked: list[float]) -> None:
    """Interrupt some calls, and print how long it took."""
    f(*args)
    compiled = f._native[0][1] if f._native else None
    through = sorted({c.eqn.primitive.name for c in compiled.module.calls}) if compiled else ["no native call"]
    begun = time.perf_counter()
    f(*args)
    whole = time.perf_counter() - begun
    handled, raised = [], []
    for _ in range(times):
        sent = None
        try:
            delay = whole * rng.random() * 0.95 + 1e-4
            sent = time.perf_counter() + delay
            signal.setitimer(signal.ITIMER_REAL, delay)
            out = f(*args)
            signal.setitimer(signal.ITIMER_REAL, 0)
            del out
        except KeyboardInterrupt:
            now = time.perf_counter()
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
