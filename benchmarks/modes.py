"""The mode that `jacobian` and `hessian` choose beside the others, on functions of thirty shapes.

``python benchmarks/modes.py`` prints for each function the times of the compiled derivative in each mode that it has (forward,
reverse, by a colouring, over a waist), interleaved, the least of many, and what the chosen one takes of the best; with ``eager``
the same without `jit`, where forward and reverse mode alone can be compared. ``python benchmarks/modes.py memory`` measures the
peak of the resident memory of a process for each row with `memory=`, from outside.
"""

import resource
import subprocess
import sys
import time

import numpy as np

import wengert
import wengert.numpy as wnp
from wengert import lax
from wengert.core import as_value
from wengert.ops.shape import reshape
from wengert.sparse.choosing import Ways
from wengert.sparse.colourings import cheapest

ROUNDS = 12
MODES = ("forward", "reverse", "sparse", "waist")
rng = np.random.default_rng(0)


def network(*sizes):
    weights = [rng.normal(size=(b, a)) / np.sqrt(a) for a, b in zip(sizes, sizes[1:], strict=False)]

    def f(x):
        for w in weights:
            x = wnp.tanh(w @ x)
        return x

    return f, rng.normal(size=sizes[0])


def tridiagonal(x):
    return np.concatenate([x[:1], x[2:] - 2 * x[1:-1] + x[:-2] + np.sin(x[1:-1]), x[-1:]])


def rosenbrock(x):
    return wnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def scanned(x):
    return lax.scan(lambda c, v: (wnp.tanh(c + v), c * v), x[0], x)[1]


def arrow(x):
    return wnp.concatenate([wnp.sum(x**2)[None], x[1:] * x[0]])


def blocks(x):
    return wnp.sin(x.reshape(-1, 5) @ MIX).reshape(-1)


def least_squares(x):
    return wnp.sum(wnp.sin(DATA @ x) ** 2)


def network_energy(x):
    return wnp.sum(NET(x) ** 2)


MIX, DATA = rng.normal(size=(5, 5)), rng.normal(size=(400, 100)) / 10
NET = network(60, 60, 60)[0]


def draw(n):
    return rng.uniform(0.5, 1.5, n)


def rows():
    """``name: (function, input, order)``: thirty."""
    out = {}
    for sizes in (
        (3, 50, 3), (300, 50, 10), (10, 50, 300), (300, 5, 300), (300, 300, 300), (1000, 2, 1000), (200, 2, 1000),
        (60, 60, 60), (1000, 100, 30), (1000, 3, 1000), (1, 100, 100), (100, 100, 1),
    ):  # fmt: skip
        f, x = network(*sizes)
        out["network " + "-".join(map(str, sizes))] = (f, x, 1)
    for n in (50, 300, 1000):
        out[f"tridiagonal {n}"] = (tridiagonal, draw(n), 1)
    for n in (50, 1000):
        out[f"elementwise {n}"] = (lambda x: wnp.sin(x) * wnp.exp(x), draw(n), 1)
        out[f"softmax {n}"] = (lambda x: wnp.exp(x) / wnp.sum(wnp.exp(x)), draw(n), 1)
        out[f"running sum {n}"] = (lambda x: wnp.cumsum(wnp.sin(x)), draw(n), 1)
    out["sum of squares 1000"] = (lambda x: wnp.sum(x**2)[None], draw(1000), 1)
    out["arrow 500"] = (arrow, draw(500), 1)
    out["blocks of five 500"] = (blocks, draw(500), 1)
    out["scan 200"] = (scanned, draw(200), 1)
    out["pairs 30"] = (lambda x: (x[:, None] * x[None, :] + wnp.sin(x[:, None])).reshape(-1), draw(30), 1)
    out["Hessian: Rosenbrock 500"] = (rosenbrock, draw(500), 2)
    out["Hessian: least squares 100"] = (least_squares, draw(100), 2)
    out["Hessian: network 60"] = (network_energy, draw(60), 2)
    out["Hessian: separable 400"] = (lambda x: wnp.sum(wnp.sin(x) * x), draw(400), 2)
    return out


def forced(f, mode):
    """The Jacobian by a mode; it raises LookupError where a function has none."""

    def by(x):
        ways = Ways(lambda v: [as_value(f(v))], [x])
        if mode == "sparse" and ways.coloured is None and ways.bands is None:
            pattern = ways._pattern()
            if pattern is None:
                raise LookupError
            ways.coloured = cheapest(pattern)
        if mode == "waist" and "waist" not in ways.costs:
            raise LookupError
        ways.mode = mode
        shape = ways.out_avals[0].shape
        return reshape(ways.matrix(None), (*shape, *np.shape(x)))

    return by


def functions(f, x, order, compiled):
    """The chosen way and all others, as functions that have run once."""
    g = wengert.grad(f) if order == 2 else f
    made = {"chosen": (wengert.hessian if order == 2 else wengert.jacobian)(f)}
    made |= {"forward": wengert.jacfwd(g), "reverse": wengert.jacrev(g)}
    if compiled:
        made |= {mode: forced(g, mode) for mode in MODES[2:]}
        made = {k: wengert.jit(h) for k, h in made.items()}
    out, expected = {}, None
    for k, h in made.items():
        try:
            found = h(x)
        except LookupError:
            continue
        expected = found if expected is None else expected
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)
        out[k] = h
    return out


def times(made, x):
    """The least time of each, in milliseconds: they take turns."""
    best = dict.fromkeys(made, np.inf)
    start = time.perf_counter()
    rounds = 0
    while rounds < ROUNDS or (time.perf_counter() - start < 0.15 and rounds < 400):
        rounds += 1
        for k in rng.permutation(list(made)):  # what runs before leaves its arrays in the caches
            begun = time.perf_counter()
            made[k](x)
            best[k] = min(best[k], time.perf_counter() - begun)
    return {k: 1e3 * t for k, t in best.items()}


def main(compiled):
    print("| function | chosen | chosen ms | forward | reverse | sparse | waist | chosen / best |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    worst = []
    for name, (f, x, order) in rows().items():
        made = functions(f, x, order, compiled)
        found = times(made, x)
        best = min(t for k, t in found.items() if k != "chosen")
        derivative = (wengert.hessian if order == 2 else wengert.jacobian)(f, explain=True)
        seen = []
        wengert.make_program(lambda t: seen.append(derivative(t)[1]) or t)(x)
        choice = seen[0] if compiled else derivative(x)[1]
        worst.append(found["chosen"] / best)
        cells = " | ".join(f"{found[k]:.4f}" if k in found else "-" for k in MODES)
        print(f"| {name} | {choice.mode} | {found['chosen']:.4f} | {cells} | {worst[-1]:.2f} |", flush=True)
    print(
        f"\nOf the best of the others: {max(worst):.2f} at most, {np.mean(np.array(worst) <= 1.2) * len(worst):.0f} of {len(worst)} within 1.2."
    )


def memory(limit=20_000_000):
    """The peak of a process that computes a Jacobian within `limit` bytes, less that of one that calls the function alone."""
    print("| function | Jacobian MB | limit MB | taken MB, less the Jacobian |")
    print("| --- | --- | --- | --- |")
    for name, (f, x, order) in rows().items():
        if x.size < 300:
            continue
        peaks = []
        for what in ("function", "jacobian"):
            code = f"import sys; sys.path.insert(0, {str(__file__.rsplit('/', 1)[0])!r}); import modes; modes.once({name!r}, {what!r}, {limit})"
            peaks.append(
                float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
            )
        size = 8 * x.size * (x.size if order == 2 else np.size(f(x)))
        print(
            f"| {name} | {size / 1e6:.1f} | {limit / 1e6:.0f} | {(peaks[1] - peaks[0] - size) / 1e6:.1f} |", flush=True
        )


def once(name, what, limit):
    f, x, order = rows()[name]
    g = wengert.grad(f) if order == 2 else f
    for _ in range(2):
        if what == "function":
            g(x)
            for h, n in ((lambda t: wnp.cumsum(wnp.sin(t)), 520), (network(520, 2, 520)[0], 520), (tridiagonal, 520)):
                wengert.jacobian(h, memory=2_000_000)(draw(n))  # what is imported and compiled is in both
        else:
            (wengert.hessian if order == 2 else wengert.jacobian)(f, memory=limit)(x)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    if sys.argv[1:] == ["memory"]:
        memory()
    else:
        main("eager" not in sys.argv[1:])
