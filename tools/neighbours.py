"""How the time of compiled programs grows with their size: sizes at which a little more is much slower, or much quicker.

    python tools/neighbours.py                      # every family, sizes around powers of two and thresholds
    python tools/neighbours.py --only product,scan  # some of them
    python tools/neighbours.py --most 1.3           # what to print

For each family of programs (elementwise, reduction, product, …) and neighbouring sizes n < m it prints the ratio of the times,
each divided by what it may grow by: m may take ``work(m) / work(n)`` times as long as n, and n no longer than m. A ratio over 1.5 is a
cliff: a threshold that makes smaller work slower, or a little more work much slower. Times are the least of many runs, by
turns; pairs over the bound are measured again before they are told.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src")]

import wengert as w  # noqa: E402
import wengert.lax as lax  # noqa: E402
import wengert.numpy as wnp  # noqa: E402


class Family(NamedTuple):
    """Programs of one kind.

    Attributes:
        make: of a size, the function and its arguments.
        work: how the arithmetic grows with it.
        largest: size, at most.
    """

    make: Callable[[int], tuple[Callable[..., Any], tuple[Any, ...]]]
    work: Callable[[int], float]
    largest: int = 4096


def _x(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0.1, 1.0, shape)


def _recurrent(n: int) -> Any:
    step = lambda h, _: (wnp.tanh(_[0] @ h + _[1]), None)  # noqa: E731
    return lambda a, b: lax.scan(lambda h, _: step(h, (a, b)), b, None, length=50)[0], (_x(n, n) / n, _x(n))


def _powers(n: int) -> Any:
    return lambda a: lax.scan(lambda m, _: (m @ a, None), a, None, length=50)[0], (_x(n, n) / n,)


def _points(n: int) -> Any:
    """A function of one point in space, batched."""
    one = lambda x: wnp.linalg.norm(wnp.cross(x, wnp.sin(x))) / (1 + wnp.sum(x * x))  # noqa: E731
    return w.vmap(w.grad(one)), (_x(n, 3),)


FAMILIES: dict[str, Family] = {
    "elementwise": Family(lambda n: (lambda x: wnp.exp(x) * x + 1, (_x(n),)), lambda n: n),
    "reduction": Family(lambda n: (lambda x: wnp.sum(x * x), (_x(n),)), lambda n: n),
    "rows": Family(lambda n: (lambda x: wnp.sum(wnp.sin(x), 1), (_x(20, n),)), lambda n: n),
    "columns": Family(lambda n: (lambda x: wnp.sum(wnp.sin(x), 0), (_x(20, n),)), lambda n: n),
    "product": Family(lambda n: (lambda a: a @ a, (_x(n, n),)), lambda n: n**3, 256),
    "matrix times vector": Family(lambda n: (lambda a, b: a @ b, (_x(n, n), _x(n))), lambda n: n**2, 1024),
    "scan with product": Family(_recurrent, lambda n: n**2, 128),
    "scan of powers": Family(_powers, lambda n: n**3, 64),
    "points": Family(_points, lambda n: n),
    "softmax": Family(
        lambda n: (lambda x: wnp.exp(x - wnp.max(x)) / wnp.sum(wnp.exp(x - wnp.max(x))), (_x(n),)), lambda n: n
    ),
    "gather": Family(lambda n: (lambda x, i: x[i] * 2, (_x(n), np.arange(n)[::-1] // 2)), lambda n: n),
    "scatter": Family(
        lambda n: (w.grad(lambda x, i: wnp.sum(x[i] ** 2)), (_x(n), np.arange(n)[::-1] // 2)), lambda n: n
    ),
    "sort": Family(lambda n: (wnp.sort, (np.random.default_rng(2).permutation(_x(n)),)), lambda n: n * (1 + np.log(n))),
    "cumsum": Family(lambda n: (wnp.cumsum, (_x(n),)), lambda n: n),
    "convolution": Family(lambda n: (lambda x: wnp.convolve(x, x), (_x(n),)), lambda n: n**2, 1024),
    "solve": Family(lambda n: (wnp.linalg.solve, (_x(n, n) + n * np.eye(n), _x(n))), lambda n: n**3, 64),
}


def sizes(largest: int) -> list[int]:
    """All small sizes, and three around each power of two and one between."""
    near = {m + d for k in range(3, 13) for m in (2**k, 3 * 2 ** (k - 1)) for d in (-1, 0, 1)}
    return sorted(n for n in {*range(1, 18), *near} if n <= largest)


def least(run: Callable[[], Any], rounds: int = 5, seconds: float = 2e-3) -> float:
    """The least time of a call, in seconds."""
    run()
    begin = time.perf_counter()
    run()
    count = max(int(seconds / rounds / max(time.perf_counter() - begin, 1e-7)), 1)
    best = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        for _ in range(count):
            run()
        best = min(best, (time.perf_counter() - begin) / count)
    return best


def pairs(family: Family, most: float) -> list[tuple[float, int, int, float, float]]:
    """The ratio of each pair of neighbouring sizes, the larger one of both ways, with the sizes and times."""
    runs: dict[int, Callable[[], Any]] = {}
    for n in sizes(family.largest):
        f, args = family.make(n)
        jitted = w.jit(f)
        runs[n] = lambda jitted=jitted, args=args: jitted(*args)
    times = {n: least(run) for n, run in runs.items()}
    found = []
    ordered = list(runs)
    for n, m in zip(ordered, ordered[1:], strict=False):
        ratio = _ratio(family, n, m, times)
        for _ in range(4):
            if ratio <= most:
                break
            for k in (n, m):
                times[k] = min(times[k], least(runs[k], 10, 1e-2))
            ratio = _ratio(family, n, m, times)
        found.append((ratio, n, m, times[n] * 1e6, times[m] * 1e6))
    return found


def _ratio(family: Family, n: int, m: int, times: dict[int, float]) -> float:
    return max(times[n] / times[m], times[m] / times[n] / (family.work(m) / family.work(n)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="families, separated by commas")
    parser.add_argument("--most", type=float, default=1.5, help="the ratio from which pairs are printed")
    options = parser.parse_args()
    wanted = set(filter(None, options.only.split(",")))
    bad = 0
    with w.config.override(disk_cache=False):
        for name, family in FAMILIES.items():
            if wanted and name not in wanted:
                continue
            found = pairs(family, options.most)
            worst = max(found)
            print(f"{name}: worst {worst[0]:.2f} at {worst[1]} and {worst[2]}", flush=True)
            for ratio, n, m, first, second in found:
                if ratio > options.most:
                    bad += 1
                    print(f"    {ratio:.2f}  n = {n}: {first:.2f} us, n = {m}: {second:.2f} us")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
