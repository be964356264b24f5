"""Derivatives at special points against points beside them: every elementwise function of the namespaces.

For each function of one to four numbers, at products of 0, ±1, halves, small integers: the second derivatives in all
four orders of the modes agree with each other, are symmetric, and are those of the points beside where the function is
smooth there. `make_findings` gives what is not so; ``python tools/special_points.py [NAME ...]`` prints it.
"""

from __future__ import annotations

import argparse
import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import wengert.nn as nn
import wengert.numpy as wnp
import wengert.scipy.special as special
from wengert import grad, jvp
from wengert.scipy import stats

POINTS = {
    1: [
        *(-3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 6.0),
        # And where formulas meet:
        *map(float, (-90, -45, -10, -5, 4, 5, 8, 10, 15, 20, 30, 45, 60, 90, 135, 180, 225)),
        *(-np.pi, -np.pi / 2, np.pi / 4, np.pi / 2, np.pi, 2 * np.pi, np.e, np.log(2), 1 / np.e, -1 / np.e),
    ],
    2: [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0],
    3: [0.0, 0.5, 1.0, 2.0],
    4: [0.0, 0.5, 1.0],
}
DIRECTIONS = np.hstack([np.random.default_rng(n).standard_normal((6, k)) for n, k in ((0, 3), (1, 1))])
STEP, CLOSE, SLOW = 1e-6, 2e-3, 10.0


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for room, module in {"numpy": wnp, "special": special, "nn": nn}.items():
        for name, f in sorted(vars(module).items()):
            if callable(f) and not isinstance(f, type) and not name.startswith("_") and name != "where":  # jumps at 0
                yield f"{room}.{name}", f
    for name in stats.__all__:
        law = getattr(stats, name)
        for method in ("pdf", "cdf", "logpdf", "logcdf", "sf"):
            if hasattr(law, method) and not name.startswith("multi"):
                yield f"stats.{name}.{method}", getattr(law, method)


def _along(f: Callable[..., Any], i: int) -> Callable[..., Any]:
    """The partial derivative in argument `i` of an elementwise function, by forward mode."""
    return lambda *x: jvp(f, x, tuple(np.ones(v.shape) if k == i else None for k, v in enumerate(x)))[1]


def _back(f: Callable[..., Any], i: int) -> Callable[..., Any]:
    """The same by reverse mode."""
    return grad(lambda *x: wnp.sum(f(*x)), i)


ORDERS = {
    "forward over forward": (_along, _along),
    "forward over reverse": (_along, _back),
    "reverse over forward": (_back, _along),
    "reverse over reverse": (_back, _back),
}


def _hessian(f: Callable[..., Any], x: list[np.ndarray], outer: Any, inner: Any) -> np.ndarray:
    n = len(x)
    return np.array([[np.broadcast_to(outer(inner(f, j), i)(*x), x[0].shape) for j in range(n)] for i in range(n)])


def make_findings(f: Callable[..., Any], n: int) -> list[str] | None:
    """What is wrong with the derivatives of an elementwise function of `n` numbers; None where it is none."""
    x = [np.array(c) for c in zip(*itertools.product(POINTS[n], repeat=n))]  # noqa: B905
    try:
        value = np.asarray(f(*x))
        if value.shape != x[0].shape or value.dtype.kind != "f":
            return None
        if not np.array_equal(np.asarray(f(*[v[::-1] for v in x]))[::-1], value, equal_nan=True):
            return None  # it mixes elements
        f(*[v[:1] for v in x])
        found = {order: _hessian(f, x, *pair) for order, pair in ORDERS.items()}
        gradient = np.array([np.broadcast_to(_back(f, i)(*x), x[0].shape) for i in range(n)])
        beside, slopes, values = [], [], []
        for d in DIRECTIONS:
            near = [v + STEP * d[i] for i, v in enumerate(x)]
            beside.append(_hessian(f, near, _along, _back))
            slopes.append([np.broadcast_to(_back(f, i)(*near), x[0].shape) for i in range(n)])
            values.append(np.asarray(f(*near)))
    except Exception:  # noqa: BLE001 - it takes other arguments, or has no derivative in one of them
        return None
    first = found["forward over reverse"]
    out = []

    def differ(a: np.ndarray, b: np.ndarray, tolerance: float) -> np.ndarray:
        """At which points (the last axis) two arrays are not close."""
        scale = 1 + np.max(np.abs(np.where(np.isfinite(b), b, 0)), axis=tuple(range(b.ndim - 1)))
        close = np.isclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
        return ~close.all(axis=tuple(range(b.ndim - 1)))

    def ranges(a: np.ndarray) -> np.ndarray:
        a = a.reshape(len(a), -1, a.shape[-1])
        with np.errstate(all="ignore"):
            return (np.ptp(a, axis=0) / (1 + np.abs(a).max(axis=0))).max(axis=0)

    beside, slopes, values = np.array(beside), np.array(slopes), np.array(values)[:, None]
    with np.errstate(all="ignore"):
        smooth = np.isfinite(value) & (ranges(beside) < 1e-3) & (ranges(slopes) < 1e-3) & (ranges(values) < 1e-3)
    masks = {
        "the orders differ": np.any([differ(h, first, 1e-6) for h in found.values()], axis=0) & smooth,
        "not symmetric": differ(first, np.swapaxes(first, 0, 1), 1e-6) & smooth,
        "second derivative beside": differ(first, beside[0], CLOSE) & smooth,
        "first derivative beside": differ(gradient, slopes[0], CLOSE) & smooth,
    }
    for what, bad in masks.items():
        for k in np.flatnonzero(bad)[:3]:
            at = tuple(float(v[k]) for v in x)
            got = (
                {o: h[..., k].tolist() for o, h in found.items()}
                if what == "the orders differ"
                else first[..., k].tolist()
            )
            if what == "first derivative beside":
                got = gradient[:, k].tolist()
            other = slopes[0][:, k].tolist() if what == "first derivative beside" else beside[0][..., k].tolist()
            out.append(f"{what}: at {at} {got}, beside {other}")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--numbers", nargs="+", type=int, default=list(POINTS), help="of how many numbers")
    options = parser.parse_args()
    names = options.names
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    tried = bad = 0
    start = time.perf_counter()
    for name, f in functions():
        if names and name not in names:
            continue
        for n in options.numbers:
            began = time.perf_counter()
            found = make_findings(f, n)
            if time.perf_counter() - began > SLOW:
                print(f"{name} of {n} numbers took {time.perf_counter() - began:.0f} s", flush=True)
            tried += found is not None
            for line in found or ():
                bad += 1
                print(f"{name}: {line}", flush=True)
    print(f"{tried} functions and numbers of arguments, {bad} findings, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
