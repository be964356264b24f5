"""Eager transformations side by side with JAX, PyTorch and HIPS autograd, in one process.

Each row is one computation; each library runs it alternately with the others and the minimum of many runs counts.
Run by `make bench`, which writes docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import wengert as w
import wengert.numpy as wnp

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 40)).astype(np.float32)
V = RNG.normal(size=(30, 40)).astype(np.float32)
SIZES = (64, 128, 128, 10)
PARAMS = [
    (RNG.normal(size=(m, n)).astype(np.float32) * 0.1, np.zeros(n, np.float32))
    for m, n in zip(SIZES, SIZES[1:], strict=False)
]
BATCH = RNG.normal(size=(128, 64)).astype(np.float32), RNG.normal(size=(128, 10)).astype(np.float32)
HESSIAN_X = X[:10, :10]
Row = dict[str, Callable[[], Any]]


def network(np_: Any) -> Callable[..., Any]:
    def loss(params: Any, x: Any, y: Any) -> Any:
        for a, b in params[:-1]:
            x = np_.tanh(np_.dot(x, a) + b)
        a, b = params[-1]
        return np_.mean((np_.dot(x, a) + b - y) ** 2)

    return loss


def rows_of(
    name: str, np_: Any, grad: Any, jvp: Any, vdot: Any, hessian: Any, array: Any
) -> dict[str, Callable[[], Any]]:
    """The rows for a library with JAX's interface."""
    f = lambda x: np_.sum(np_.tanh(x) ** 2)
    x, v, hx = array(X), array(V), array(HESSIAN_X)
    params = [(array(a), array(b)) for a, b in PARAMS]
    bx, by = map(array, BATCH)
    loss = network(np_)
    scalar = lambda s: np_.tanh(s) * np_.sin(s)
    return {
        "grad of sum(tanh(X)**2), 30x40": lambda: grad(f)(x),
        "hvp, forward over reverse": lambda: jvp(grad(f), (x,), (v,))[1],
        "hvp, reverse over forward": lambda: grad(lambda x: jvp(f, (x,), (v,))[1])(x),
        "hvp, reverse over reverse": lambda: grad(lambda x: vdot(grad(f)(x), v))(x),
        "hessian, 10x10 input": lambda: hessian(f)(hx),
        "grad of a scalar function": lambda: grad(scalar)(0.5),
        "grad of a three-layer network, batch 128": lambda: grad(loss)(params, bx, by),
    }


def wengert_rows() -> Row:
    return rows_of("wengert", wnp, w.grad, w.jvp, wnp.vdot, w.hessian, lambda a: a)


def jax_rows() -> Row:
    import jax
    import jax.numpy as jnp

    rows = rows_of("jax", jnp, jax.grad, jax.jvp, jnp.vdot, jax.hessian, jnp.asarray)
    return {k: (lambda r=r: jax.block_until_ready(r())) for k, r in rows.items()}


def torch_rows() -> Row:
    import torch
    from torch.func import grad, hessian, jvp

    torch.set_num_threads(2)

    class Names:
        tanh, sin, sum, dot, mean = torch.tanh, torch.sin, torch.sum, torch.matmul, torch.mean

    vdot = lambda a, b: torch.sum(a * b)
    rows = rows_of("torch", Names, grad, jvp, vdot, hessian, torch.tensor)
    scalar = torch.tensor(0.5)
    rows["grad of a scalar function"] = lambda: grad(lambda s: torch.tanh(s) * torch.sin(s))(scalar)
    f = lambda x: torch.sum(torch.tanh(x) ** 2)
    x, v = torch.tensor(X), torch.tensor(V)
    rows["hvp, forward over reverse"] = lambda: jvp(grad(f), (x,), (v,))[1]
    return rows


def autograd_rows() -> Row:
    import autograd
    import autograd.numpy as anp

    f = lambda x: anp.sum(anp.tanh(x) ** 2)
    loss = network(anp)
    return {
        "grad of sum(tanh(X)**2), 30x40": lambda: autograd.grad(f)(X),
        "hvp, reverse over reverse": lambda: autograd.grad(lambda x: anp.sum(autograd.grad(f)(x) * V))(X),
        "hessian, 10x10 input": lambda: autograd.hessian(f)(HESSIAN_X),
        "grad of a scalar function": lambda: autograd.grad(lambda s: anp.tanh(s) * anp.sin(s))(0.5),
        "grad of a three-layer network, batch 128": lambda: autograd.grad(loss)(PARAMS, *BATCH),
    }


def best(runs: dict[str, Callable[[], Any]], seconds: float) -> dict[str, float]:
    """The least time of each, taken alternately for some seconds."""
    least = dict.fromkeys(runs, float("inf"))
    for run in runs.values():
        run(), run()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, run in runs.items():
            for _ in range(3):
                start = time.perf_counter()
                run()
                least[name] = min(least[name], time.perf_counter() - start)
    return least


def import_cost(tries: int = 15) -> tuple[float, float]:
    """Least times to start Python and import numpy, and to import wengert and its namespace too; alternate runs.

    Bytecode is kept, as it is of an installed package, whatever this environment says.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    least = {"import numpy": float("inf"), "import wengert, wengert.numpy": float("inf")}
    for _ in range(tries):
        for code, so_far in least.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, env=environment)
            least[code] = min(so_far, time.perf_counter() - start)
    plain, ours = least.values()
    return plain, ours


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4.0, help="for each row")
    parser.add_argument("--write", type=Path, help="the page to write")
    options = parser.parse_args()
    libraries: dict[str, Row] = {"wengert": wengert_rows()}
    for name, make in (("jax", jax_rows), ("torch", torch_rows), ("autograd", autograd_rows)):
        try:
            libraries[name] = make()
        except ImportError:
            print(f"{name} is not installed: its column is left out")
    names = list(libraries)
    lines = [
        "| computation | "
        + " | ".join(f"{n} (µs)" for n in names)
        + " | "
        + " | ".join(f"{n}/wengert" for n in names[1:])
        + " |"
    ]
    lines.append("|" + " --- |" * (2 * len(names)))
    ratios: list[float] = []
    for row in libraries["wengert"]:
        least = best({n: r[row] for n, r in libraries.items() if row in r}, options.seconds)
        us = [f"{least[n] * 1e6:.1f}" if n in least else "" for n in names]
        factors = [f"{least[n] / least['wengert']:.1f}" if n in least else "" for n in names[1:]]
        if "jax" in least:
            ratios.append(least["jax"] / least["wengert"])
        lines.append(f"| {row} | " + " | ".join(us + factors) + " |")
        print(lines[-1], flush=True)
    if ratios:
        lines += [
            "",
            f"Geometric mean against JAX eager: {np.exp(np.mean(np.log(ratios))):.1f} times; least {min(ratios):.1f}.",
        ]
    plain, ours = import_cost()
    lines += [
        "",
        f"`import wengert, wengert.numpy` takes {(ours - plain) * 1e3:.0f} ms more than `import numpy` ({plain * 1e3:.0f} ms).",
    ]
    print("\n".join(lines[-3:]))
    if options.write:
        versions = ", ".join(f"{n} {importlib.metadata.version(n)}" for n in ["numpy", *names[1:]])
        head = [
            "# Benchmarks", "",
            f"Taken {time.strftime('%Y-%m-%d')} on {platform.machine()}, {os.cpu_count()} cores, Python "
            f"{platform.python_version()}, {versions}. Least of many alternate runs, arrays of float32. `make bench` "
            f"takes them again.", "", "## Eager transformations", "",
        ]  # fmt: skip
        options.write.write_text("\n".join(head + lines) + "\n")


if __name__ == "__main__":
    main()
