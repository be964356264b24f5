"""Sparse derivatives beside asdex and sparsejac: detection and colouring, calls, colours.

``python benchmarks/sparse.py PEERS`` runs both libraries in turn, Wengert by this Python and the others by the Python PEERS,
whose environment has `asdex`, `sparsejac` and `jax`, and prints a table; with `wengert` or `asdex` in its place one of them, as JSON.
sparsejac is given the pattern, so its calls alone are compared.
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


def main(peers):
    if peers in ("wengert", "asdex"):
        print(json.dumps((wengert_rows if peers == "wengert" else asdex_rows)()))
        return
    found = {}
    for python, which in ((sys.executable, "wengert"), (peers, "asdex")):
        text = subprocess.run([python, __file__, which], check=True, capture_output=True, text=True).stdout
        found[which] = json.loads(text.strip().splitlines()[-1])
    print("| row | colours (ours, asdex) | prepare ms | asdex | call ms | asdex | sparsejac | call / function |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    prepared, called = [], []
    for name, ours in found["wengert"].items():
        other = found["asdex"][name]
        if "error" in other:
            print(
                f"| {name} | {ours['colours']}, - | {ours['prepare']:.2f} | {other['error'][:60]} | {ours['call']:.3f} | - | - | {ours['call'] / ours['function']:.1f} |"
            )
            continue
        prepared.append(other["prepare"] / ours["prepare"])
        called.append(other["call"] / ours["call"])
        given = f"{other['sparsejac']:.3f}" if "sparsejac" in other else "-"
        print(
            f"| {name} | {ours['colours']}, {other['colours']} | {ours['prepare']:.2f} | {other['prepare']:.0f} | {ours['call']:.3f} | "
            f"{other['call']:.3f} | {given} | {ours['call'] / ours['function']:.1f} |"
        )
    mean = [math.exp(sum(map(math.log, r)) / len(r)) for r in (prepared, called)]
    print(f"\nGeometric means of asdex's times over ours: {mean[0]:.1f} for preparation, {mean[1]:.2f} for calls.")


if __name__ == "__main__":
    main(sys.argv[1])
