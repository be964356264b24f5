"""Sparse derivatives beside asdex, CasADi and sparsejac: detection and colouring, calls, colours.

``python benchmarks/sparse.py PEERS`` runs the libraries in turn, Wengert by this Python and the others by the Python PEERS,
whose environment has `asdex`, `sparsejac`, `jax` and `casadi`, and prints a table; with `wengert`, `asdex` or `casadi` in its place
one of them, as JSON. sparsejac is given the pattern, so its calls alone are compared. CasADi's functions are those of `casadi_rows`, in
its own language; its preparation is the symbolic Jacobian or Hessian and the function made of it.
"""

import json
import math
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
REPEATS = 12


def least(call):
    """The least of several times of a call, in milliseconds."""
    call()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def wengert_rows():
    import numpy as np
    from sparse_rows import rows

    import wengert
    import wengert.numpy
    from wengert.sparse import Pattern, colouring

    colouring(Pattern(np.eye(30) + np.eye(30, k=7)), order="smallest_last")  # loops loaded
    colouring(Pattern(np.eye(30), symmetric=True), "star")
    wengert.sparsity(np.sin, np.ones(3))
    out = {}
    for name, (f, x, order) in rows(wengert.numpy, wengert.lax).items():
        start = time.perf_counter()
        found = colouring(wengert.sparsity(f, x, order=order), "star" if order == 2 else "auto")
        prepared = time.perf_counter() - start
        derivative = (wengert.hessian if order == 2 else wengert.jacobian)(f, sparse=True)
        plain = wengert.jit(f)
        out[name] = {
            "prepare": 1e3 * prepared,
            "call": least(lambda: derivative(x)),  # noqa: B023
            "function": least(lambda: plain(x)),  # noqa: B023
            "colours": found.colours,
        }
    return out


def asdex_rows():
    import asdex
    import jax
    import jax.numpy as jnp
    import numpy as np

    jax.config.update("jax_enable_x64", True)
    import sparsejac
    from jax.experimental.sparse import BCOO
    from sparse_rows import rows

    asdex.jacobian_coloring(jnp.sin, jnp.ones(3))
    out = {}
    for name, (f, x, order) in rows(jnp, jax.lax).items():
        x = jnp.asarray(x)
        try:
            start = time.perf_counter()
            coloured = (asdex.hessian_coloring if order == 2 else asdex.jacobian_coloring)(f, x)
            prepared = time.perf_counter() - start
            make = asdex.hessian_from_coloring if order == 2 else asdex.jacobian_from_coloring
            derivative, plain = jax.jit(make(f, coloured)), jax.jit(f)
            row = {
                "prepare": 1e3 * prepared,
                "call": least(lambda: jax.block_until_ready(derivative(x))),  # noqa: B023
                "function": least(lambda: jax.block_until_ready(plain(x))),  # noqa: B023
                "colours": int(coloured.num_colors),
            }
            if order == 1 and x.ndim == 1:
                pattern = coloured.sparsity
                at = np.stack([np.asarray(pattern.rows), np.asarray(pattern.cols)], 1)
                given = BCOO((jnp.ones(len(at)), jnp.asarray(at)), shape=pattern.shape)
                with_pattern = jax.jit(sparsejac.jacfwd(f, given))
                row["sparsejac"] = least(lambda: jax.block_until_ready(with_pattern(x)))  # noqa: B023
            out[name] = row
        except Exception as error:
            out.setdefault(name, {"error": f"{type(error).__name__}: {error}"[:200]})
    return out


def casadi_rows():
    import casadi as ca
    import numpy as np

    def roll(v, by, axis):
        if axis == 0:
            return ca.vertcat(v[-by:, :], v[:-by, :]) if by > 0 else ca.vertcat(v[-by:, :], v[:-by, :])
        return roll(v.T, by, 0).T

    def tridiagonal(x):
        return ca.vertcat(x[0], x[2:] - 2 * x[1:-1] + x[:-2] + ca.sin(x[1:-1]), x[-1])

    def banded(x):
        n = x.shape[0]
        y = ca.vertcat(ca.SX.zeros(3), x, ca.SX.zeros(3))
        return sum((k + 1.0) * y[k : k + n] for k in range(7)) * ca.cos(x)

    def brusselator(n):
        def f(u):
            a, b = (ca.reshape(v, n, n) for v in (u[: n * n], u[n * n :]))
            around = lambda v: roll(v, 1, 0) + roll(v, -1, 0) + roll(v, 1, 1) + roll(v, -1, 1) - 4 * v  # noqa: E731
            return ca.vertcat(ca.vec(1 + a * a * b - 4 * a + around(a)), ca.vec(3 * a - a * a * b + around(b)))

        return f

    def rosenbrock(x):
        return ca.sum1(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def power_flow(x):
        n = x.shape[0] // 2
        angle, size = x[:n], x[n:]
        flow_p = flow_q = 0
        for side in (1, -1):
            other, across = roll(size, side, 0), angle - roll(angle, side, 0)
            flow_p = flow_p + size * other * (0.1 * ca.cos(across) + ca.sin(across))
            flow_q = flow_q + size * other * (0.1 * ca.sin(across) - ca.cos(across))
        return ca.vertcat(flow_p, flow_q + size**2)

    def lagrangian(x):
        p = ca.reshape(x, 3, x.shape[0] // 3)
        multipliers = ca.DM(np.cos(np.arange(p.shape[1] - 1.0))).T
        lengths = ca.sum1((p[:, 1:] - p[:, :-1]) ** 2)
        return ca.sum1(ca.sum2(ca.sin(p) ** 2)) + ca.sum2(multipliers * (lengths - 1))

    cases = {
        "tridiagonal 1e5": (tridiagonal, 100_000, 1), "banded 3, 1e5": (banded, 100_000, 1),
        **{f"Brusselator {n}": (brusselator(n), 2 * n * n, 1) for n in (32, 100, 200)},
        "Rosenbrock's Hessian 1e5": (rosenbrock, 100_000, 2), "power flow of a ring 2e4": (power_flow, 20_000, 1),
        "Hessian of a Lagrangian 3e4": (lagrangian, 30_000, 2),
    }  # fmt: skip
    out = {}
    for name, (f, n, order) in cases.items():
        x = ca.SX.sym("x", n)
        y = f(x)
        start = time.perf_counter()
        derivative = ca.Function("d", [x], [ca.hessian(y, x)[0] if order == 2 else ca.jacobian(y, x)])
        prepared = time.perf_counter() - start
        at = ca.DM(np.random.default_rng(0).uniform(0.5, 1.5, n))
        out[name] = {"prepare": 1e3 * prepared, "call": least(lambda: derivative(at))}  # noqa: B023
    return out


def main(peers):
    if peers in ("wengert", "asdex", "casadi"):
        print(json.dumps({"wengert": wengert_rows, "asdex": asdex_rows, "casadi": casadi_rows}[peers]()))
        return
    found = {}
    for python, which in ((sys.executable, "wengert"), (peers, "asdex"), (peers, "casadi")):
        text = subprocess.run([python, __file__, which], check=True, capture_output=True, text=True).stdout
        found[which] = json.loads(text.strip().splitlines()[-1])
    print(
        "| row | colours (ours, asdex) | prepare ms | asdex | CasADi | call ms | asdex | CasADi | sparsejac | call / function |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    prepared, called = [], []
    for name, ours in found["wengert"].items():
        other, third = found["asdex"][name], found["casadi"].get(name, {})
        also = [f"{third[k]:.{d}f}" if third else "-" for k, d in (("prepare", 0), ("call", 3))]
        if "error" in other:
            print(
                f"| {name} | {ours['colours']}, - | {ours['prepare']:.2f} | {other['error'][:60]} | {also[0]} | {ours['call']:.3f} | - | {also[1]} | - | {ours['call'] / ours['function']:.1f} |"
            )
            continue
        prepared.append(other["prepare"] / ours["prepare"])
        called.append(other["call"] / ours["call"])
        given = f"{other['sparsejac']:.3f}" if "sparsejac" in other else "-"
        print(
            f"| {name} | {ours['colours']}, {other['colours']} | {ours['prepare']:.2f} | {other['prepare']:.0f} | {also[0]} | {ours['call']:.3f} | "
            f"{other['call']:.3f} | {also[1]} | {given} | {ours['call'] / ours['function']:.1f} |"
        )
    mean = [math.exp(sum(map(math.log, r)) / len(r)) for r in (prepared, called)]
    print(f"\nGeometric means of asdex's times over ours: {mean[0]:.1f} for preparation, {mean[1]:.2f} for calls.")
    ratios = [[t[k] / found["wengert"][n][k] for n, t in found["casadi"].items()] for k in ("prepare", "call")]
    mean = [math.exp(sum(map(math.log, r)) / len(r)) for r in ratios]
    print(f"Of CasADi's: {mean[0]:.1f} and {mean[1]:.2f}.")


if __name__ == "__main__":
    main(sys.argv[1])
