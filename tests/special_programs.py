"""Small programs of kinks, powers, choices, norms, sorts, loops and branches, drawn at random, and their derivatives at special points.

`program` draws an expression of one to three numbers; `value` evaluates it with the library's operations or with
mpmath's numbers. `findings` says where derivatives there are not right: where the function is twice differentiable, by
differences of its values with 60 digits on both sides of the point, gradient and Hessian are those, in all four orders of the modes,
eager and compiled; where it is not, and where numbers that are equal share a choice (`docs/edges.md`), the orders agree with each other.

    python tests/special_programs.py FIRST LAST [--eager]    # a campaign: programs by their numbers, findings printed
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

import mpmath
import numpy as np

import wengert.numpy as wnp
from wengert import grad, hessian, jacfwd, jacrev, jit, lax
from wengert.scipy import special

MP = mpmath.mp.clone()
MP.dps = 60
POINTS = (0.0, 0.0, 0.0, 1.0, 1.0, -1.0, 0.5, 2.0)
NUMBERS = (0.0, 1.0, -1.0, 2.0, 0.5)

TIES: list[bool] = []  # not empty where a choice was between numbers that are equal, or at its very bound


def _largest(*v: Any) -> Any:
    top = max(v)
    if sum(x == top for x in v) > 1:
        TIES.append(True)
    return top


def _least(*v: Any) -> Any:
    return -_largest(*[-x for x in v])


def _ordered(v: Any) -> list[Any]:
    if len(set(v)) < len(v):
        TIES.append(True)
    return sorted(v)


def _positive(x: Any) -> bool:
    if x == 0:
        TIES.append(True)
    return x > 0


# name: (with the library, with mpmath)
UNARY: dict[str, tuple[Any, Any]] = {
    "abs": (wnp.abs, abs),
    "relu": (lambda x: wnp.maximum(x, 0.0), lambda x: _largest(x, MP.mpf(0))),
    "neg": (lambda x: -x, lambda x: -x),
    "square": (wnp.square, lambda x: x * x),
    "**2": (lambda x: x**2, lambda x: x**2),
    "**3": (lambda x: x**3, lambda x: x**3),
    "**4": (lambda x: x**4, lambda x: x**4),
    "**2.0": (lambda x: wnp.power(x, 2.0), lambda x: x**2),
    "exp": (wnp.exp, MP.exp),
    "sin": (wnp.sin, MP.sin),
    "cos": (wnp.cos, MP.cos),
    "tanh": (wnp.tanh, MP.tanh),
    "1/(1+x²)": (lambda x: 1 / (1 + x * x), lambda x: 1 / (1 + x * x)),
    "sqrt(1+x²)": (lambda x: wnp.sqrt(1 + x * x), lambda x: MP.sqrt(1 + x * x)),
    "log1p(x²)": (lambda x: wnp.log1p(x * x), lambda x: MP.log(1 + x * x)),
    "sinc": (lambda x: wnp.sinc(x / np.pi), lambda x: MP.sin(x) / x if x else MP.mpf(1)),
    "clip": (lambda x: wnp.clip(x, -1.0, 1.0), lambda x: _least(_largest(x, MP.mpf(-1)), MP.mpf(1))),
    "guarded log": (lambda x: wnp.where(x > 0, wnp.log(x), x - 1), lambda x: MP.log(x) if _positive(x) else x - 1),
    "guarded 1/x": (lambda x: wnp.where(x != 0, wnp.sin(x) / x, 1 - x * x / 6), lambda x: MP.sin(x) / x if x else MP.mpf(1)),
    "guarded sqrt": (lambda x: lax.cond(x > 0, lambda: wnp.sqrt(x), lambda: 0.0 * x), lambda x: MP.sqrt(x) if _positive(x) else 0 * x),
    "0*": (lambda x: 0.0 * x, lambda x: 0 * x),
    "xlogy": (lambda x: special.xlogy(x * x, 1 + x * x), lambda x: x * x * MP.log(1 + x * x)),
    "expm1": (wnp.expm1, MP.expm1),
}  # fmt: skip
BINARY: dict[str, tuple[Any, Any]] = {
    "+": (lambda x, y: x + y, lambda x, y: x + y),
    "-": (lambda x, y: x - y, lambda x, y: x - y),
    "*": (lambda x, y: x * y, lambda x, y: x * y),
    "/": (lambda x, y: x / (1 + y * y), lambda x, y: x / (1 + y * y)),
    "max": (wnp.maximum, _largest),
    "min": (wnp.minimum, _least),
    "where": (lambda x, y: wnp.where(x > y, x, y * 1.0), _largest),
    "choice": (lambda x, y: wnp.where(x >= 0, y, y * 1.0), lambda x, y: y),
    "hypot²": (lambda x, y: wnp.hypot(x, y) ** 2, lambda x, y: x * x + y * y),
    "logaddexp": (wnp.logaddexp, lambda x, y: MP.log(MP.exp(x) + MP.exp(y))),
    "cond": (lambda x, y: lax.cond(x > 0, lambda: x * y, lambda: y * x), lambda x, y: x * y),
    "power": (lambda x, y: (1 + x * x) ** y, lambda x, y: (1 + x * x) ** y),
    "fori": (lambda x, y: lax.fori_loop(0, 3, lambda i, c: c * x + y, x * 1.0), lambda x, y: ((x * x + y) * x + y) * x + y),
    "while": (
        lambda x, y: lax.while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, c[1] * x + wnp.sin(y)), (0, y * 1.0))[1],
        lambda x, y: (y * x + MP.sin(y)) * x + MP.sin(y),
    ),
    "square-": (lambda x, y: wnp.square(x - y), lambda x, y: (x - y) ** 2),
}  # fmt: skip
MANY: dict[str, tuple[Any, Any]] = {
    "sum": (wnp.sum, sum),
    "prod": (wnp.prod, MP.fprod),
    "max": (wnp.max, lambda v: _largest(*v)),
    "min": (wnp.min, lambda v: _least(*v)),
    "sort0": (lambda v: wnp.sort(v)[0], lambda v: _ordered(v)[0]),
    "sort-1": (lambda v: wnp.sort(v)[-1], lambda v: _ordered(v)[-1]),
    "sort·": (lambda v: wnp.sort(v) @ np.arange(1.0, 4.0), lambda v: sum(k * x for k, x in enumerate(_ordered(v), 1))),
    "norm²": (lambda v: wnp.linalg.norm(v) ** 2, lambda v: sum(x * x for x in v)),
    "norm*norm": (lambda v: wnp.linalg.norm(v) * wnp.linalg.norm(v), lambda v: sum(x * x for x in v)),
    "norm1": (lambda v: wnp.linalg.norm(v, 1), lambda v: sum(map(abs, v))),
    "std²": (lambda v: wnp.std(v) ** 2, lambda v: sum((x - sum(v) / 3) ** 2 for x in v) / 3),
    "var": (wnp.var, lambda v: sum((x - sum(v) / 3) ** 2 for x in v) / 3),
    "index": (lambda v: v[1] * v[0], lambda v: v[1] * v[0]),
    "left out": (lambda v: wnp.sqrt(wnp.abs(v) + np.array([0.0, 1.0, 1.0]))[1:] @ v[:2], lambda v: sum(MP.sqrt(abs(x) + 1) * y for x, y in zip(v[1:], v[:2], strict=True))),
    "logsumexp": (lambda v: special.logsumexp(v), lambda v: MP.log(sum(map(MP.exp, v)))),
    "softmax": (lambda v: special.softmax(v)[0], lambda v: MP.exp(v[0]) / sum(map(MP.exp, v))),
    "cumprod": (lambda v: wnp.cumprod(v)[2], MP.fprod),
    "masked": (lambda v: wnp.sum(wnp.where(v != 0, v * v / v, v)), sum),
    "scan": (lambda v: lax.scan(lambda c, t: (c * t + t, c), 1.0, v)[0], lambda v: ((v[0] * 2) * v[1] + v[1]) * v[2] + v[2]),
    "scan abs": (lambda v: lax.scan(lambda c, t: (c + wnp.abs(t) ** 2, t), 0.0, v)[0], lambda v: sum(x * x for x in v)),
    "scan choice": (
        lambda v: lax.scan(lambda c, t: (lax.cond(t > 0, lambda: c + t * t, lambda: c + t**2), c), 0.0, v)[0],
        lambda v: sum(x * x for x in v),
    ),
    "dot": (lambda v: v @ v[::-1], lambda v: 2 * v[0] * v[2] + v[1] ** 2),
}  # fmt: skip


def program(rng: np.random.Generator, n: int, size: int) -> Any:
    """An expression of `n` numbers: nested tuples of a name and expressions; a leaf is an argument's index, or a float."""
    if size <= 0:
        return float(rng.choice(NUMBERS)) if rng.random() < 0.15 else int(rng.integers(n))
    kind = rng.random()
    if kind < 0.4:
        return ("unary", str(rng.choice(list(UNARY))), program(rng, n, size - 1))
    parts = 2 if kind < 0.8 else 3
    shares = [int(s) for s in rng.multinomial(size - 1, [1 / parts] * parts)]
    names = BINARY if parts == 2 else MANY
    return ("binary" if parts == 2 else "many", str(rng.choice(list(names))), *[program(rng, n, s) for s in shares])


def value(e: Any, x: Any, exact: bool) -> Any:
    """What an expression gives of numbers of the library's, or of mpmath's."""
    if isinstance(e, float):
        return MP.mpf(e) if exact else e
    if isinstance(e, int):
        return x[e]
    kind, name, *parts = e
    args = [value(p, x, exact) for p in parts]
    f = {"unary": UNARY, "binary": BINARY, "many": MANY}[kind][name][exact]
    if kind != "many":
        return f(*args)
    return f(args) if exact else f(wnp.stack([a + 0.0 * x[0] if isinstance(a, float) else a for a in args]))


# --- the derivatives by differences -----------------------------------------------------------------------------------


def _one_sided(f: Any, x: list[Any], d: Any, h: Any) -> tuple[Any, Any]:
    """First and second derivative on one side, along a direction."""
    at = [f([a + k * h * b for a, b in zip(x, d, strict=True)]) for k in range(4)]
    first = (-11 * at[0] + 18 * at[1] - 9 * at[2] + 2 * at[3]) / (6 * h)
    return first, (2 * at[0] - 5 * at[1] + 4 * at[2] - at[3]) / h**2


def _same(a: Any, b: Any) -> bool:
    return abs(a - b) <= 1e-6 * (1 + abs(a) + abs(b))


def _along(f: Any, x: list[Any], d: Any) -> tuple[Any, Any] | None:
    """The two derivatives along a direction, where both sides and two steps agree."""
    found = []
    for sign, step in itertools.product((1, -1), ("1e-9", "1e-12")):
        first, second = _one_sided(f, x, [sign * k for k in d], MP.mpf(step))
        found.append((sign * first, second))
    if all(_same(a, found[0][0]) and _same(b, found[0][1]) for a, b in found):
        return found[0]
    return None


def smooth(e: Any, x: list[float]) -> tuple[np.ndarray, np.ndarray] | None:
    """Gradient and Hessian of an expression, where it is twice differentiable to all that differences can see."""
    f, n = lambda v: value(e, v, True), len(x)
    at = [MP.mpf(a) for a in x]
    unit = np.eye(n)
    g, h = np.zeros(n), np.zeros((n, n))
    for i in range(n):
        found = _along(f, at, unit[i])
        if found is None:
            return None
        g[i], h[i, i] = found
    for i, j in itertools.combinations(range(n), 2):
        found = _along(f, at, unit[i] + unit[j])
        if found is None or not _same(found[0], g[i] + g[j]):
            return None
        h[i, j] = h[j, i] = (float(found[1]) - h[i, i] - h[j, j]) / 2
    for d in ([1.0, -1.0, 0.5], [-0.7, 0.3, 1.1], [0.2, 0.9, -1.3]):
        v = np.array(d[:n])
        found = _along(f, at, v)
        if found is None or not _same(found[0], g @ v) or not _same(found[1], v @ h @ v):
            return None
    return g, h


# --- what is compared -------------------------------------------------------------------------------------------------

FIRST = {
    "forward": jacfwd,
    "reverse": grad,
    "compiled forward": lambda f: jit(jacfwd(f)),
    "compiled": lambda f: jit(grad(f)),
}
SECOND = {
    "forward over forward": lambda f: jacfwd(jacfwd(f)),
    "forward over reverse": lambda f: jacfwd(grad(f)),
    "reverse over forward": lambda f: jacrev(jacfwd(f)),
    "reverse over reverse": lambda f: jacrev(grad(f)),
}
COMPILED = {f"compiled {k}": lambda f, d=d: jit(d(f)) for k, d in SECOND.items()} | {
    "hessian": lambda f: jit(hessian(f))
}


def findings(e: Any, x: list[float], compiled: bool = True) -> list[str]:
    """What is not right of an expression's derivatives at a point."""
    f = lambda v: value(e, v, False)  # noqa: E731
    at, found = np.array(x), []
    right = smooth(e, x)
    TIES.clear()
    value(e, [MP.mpf(a) for a in x], True)
    tied = bool(TIES)
    firsts = {k: np.asarray(d(f)(at)) for k, d in FIRST.items() if compiled or not k.startswith("compiled")}
    seconds = {k: np.asarray(d(f)(at)) for k, d in (SECOND | (COMPILED if compiled else {})).items()}
    for order, results in ((0, firsts), (1, seconds)):
        known = right is not None and not tied
        want = right[order] if right is not None and known else next(iter(results.values()))
        scale = 1 + np.max(np.abs(want), where=np.isfinite(want), initial=0)
        for k, got in results.items():
            if not np.allclose(got, want, rtol=1e-6, atol=1e-6 * scale, equal_nan=True):
                found.append(f"{'right ' if known else ''}{want.tolist()} {k} {got.tolist()}")
                break
    return found


def drawn(number: int) -> tuple[Any, list[float]]:
    """A program and a point by their number."""
    rng = np.random.default_rng(number)
    n = int(rng.integers(1, 4))
    return program(rng, n, int(rng.integers(1, 6))), [float(rng.choice(POINTS)) for _ in range(n)]


def main(first: int, last: int, compiled: bool = True) -> None:
    np.seterr(all="ignore")
    bad = 0
    for number in range(first, last):
        e, x = drawn(number)
        try:
            found = findings(e, x, compiled)
        except Exception as error:  # noqa: BLE001
            found = [f"{type(error).__name__}: {error}"[:200]]
        if found:
            bad += 1
            print(number, e, x, *found, sep="\n    ", flush=True)
    print(f"{last - first} programs, {bad} with findings")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "--eager" not in sys.argv)
