"""Eager transformations side by side with JAX, PyTorch and HIPS autograd, in one process.

Run by `make bench`, which writes the section of docs/benchmarks.md and the numbers of docs/benchmarks.json.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
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
GRAD = "grad of sum(tanh(X)**2), 30x40"
FORWARD_REVERSE = "Hessian-vector product, forward over reverse"
REVERSE_FORWARD = "Hessian-vector product, reverse over forward"
REVERSE_REVERSE = "Hessian-vector product, reverse over reverse"
HESSIAN = "naive full Hessian (30x40x30x40), times a vector"
SCALAR = "grad of a scalar function, tanh(s) * sin(s)"
NETWORK = "grad of a three-layer network, batch of 128"
LEAST = {HESSIAN: 6.0, NETWORK: 6.0}  # what is asked against JAX eager: 20 elsewhere, 40 in the geometric mean
PLAIN = "wengert on np.*"
Row = dict[str, Callable[[], Any]]


def network(np_: Any) -> Callable[..., Any]:
    def loss(params: Any, x: Any, y: Any) -> Any:
        for a, b in params[:-1]:
            x = np_.tanh(np_.dot(x, a) + b)
        a, b = params[-1]
        return np_.mean((np_.dot(x, a) + b - y) ** 2)

    return loss


def rows_of(np_: Any, grad: Any, jvp: Any, jacfwd: Any, vdot: Any, array: Any) -> Row:
    """The rows for a library with JAX's interface, each spelled as in JAX's own guide to automatic differentiation."""
    f = lambda x: np_.sum(np_.tanh(x) ** 2)
    x, v = array(X), array(V)
    params = [(array(a), array(b)) for a, b in PARAMS]
    bx, by = map(array, BATCH)
    loss = network(np_)
    scalar = lambda s: np_.tanh(s) * np_.sin(s)
    return {
        GRAD: lambda: grad(f)(x),
        FORWARD_REVERSE: lambda: jvp(grad(f), (x,), (v,))[1],
        REVERSE_FORWARD: lambda: grad(lambda x: jvp(f, (x,), (v,))[1])(x),
        REVERSE_REVERSE: lambda: grad(lambda x: vdot(grad(f)(x), v))(x),
        HESSIAN: lambda: np_.tensordot(jacfwd(grad(f))(x), v, 2),
        SCALAR: lambda: grad(scalar)(0.5),
        NETWORK: lambda: grad(loss)(params, bx, by),
    }


def wengert_rows() -> Row:
    return rows_of(wnp, w.grad, w.jvp, w.jacfwd, wnp.vdot, lambda a: a)


def plain_rows() -> Row:
    """The same functions written with NumPy's own names, which reach the library through NumPy's protocols."""
    return rows_of(np, w.grad, w.jvp, w.jacfwd, np.vdot, lambda a: a)


def jax_rows() -> Row:
    import jax
    import jax.numpy as jnp

    rows = rows_of(jnp, jax.grad, jax.jvp, jax.jacfwd, jnp.vdot, jnp.asarray)
    return {k: (lambda r=r: jax.block_until_ready(r())) for k, r in rows.items()}


def torch_rows() -> Row:
    import torch
    from torch.func import grad, jacfwd, jvp

    torch.set_num_threads(2)

    class Names:
        tanh, sin, sum, dot, mean, tensordot = (
            torch.tanh,
            torch.sin,
            torch.sum,
            torch.matmul,
            torch.mean,
            torch.tensordot,
        )

    rows = rows_of(Names, grad, jvp, jacfwd, lambda a, b: torch.sum(a * b), torch.tensor)
    s = torch.tensor(0.5)
    rows[SCALAR] = lambda: grad(lambda s: torch.tanh(s) * torch.sin(s))(s)
    return rows


def autograd_rows() -> Row:
    import autograd
    import autograd.numpy as anp

    f = lambda x: anp.sum(anp.tanh(x) ** 2)
    loss = network(anp)
    return {
        GRAD: lambda: autograd.grad(f)(X),
        REVERSE_REVERSE: lambda: autograd.grad(lambda x: anp.sum(autograd.grad(f)(x) * V))(X),
        HESSIAN: lambda: np.tensordot(autograd.jacobian(autograd.grad(f))(X), V, 2),
        SCALAR: lambda: autograd.grad(lambda s: anp.tanh(s) * anp.sin(s))(0.5),
        NETWORK: lambda: autograd.grad(loss)(PARAMS, *BATCH),
    }


def check(libraries: dict[str, Row]) -> None:
    """All libraries give the same results, or their times say nothing."""
    for row, run in libraries["wengert"].items():
        want = flat(run())
        for name, rows in libraries.items():
            if row in rows:
                np.testing.assert_allclose(flat(rows[row]()), want, rtol=2e-3, atol=2e-4, err_msg=f"{name}: {row}")


def flat(x: Any) -> np.ndarray:
    if isinstance(x, (list, tuple)):
        return np.concatenate([flat(part) for part in x])
    return np.asarray(x).ravel()


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
    libraries: dict[str, Row] = {"wengert": wengert_rows(), PLAIN: plain_rows()}
    for name, make in (("jax", jax_rows), ("torch", torch_rows), ("autograd", autograd_rows)):
        try:
            libraries[name] = make()
        except ImportError:
            print(f"{name} is not installed: its column is left out")
    check(libraries)
    names = list(libraries)
    others = names[1:]
    rows, ratios, numbers = [], {}, {}
    for row in libraries["wengert"]:
        least = harness.best({n: r[row] for n, r in libraries.items() if row in r}, options.seconds)
        us = {n: 1e6 * t for n, t in least.items()}
        rows.append([row, *[us.get(n) for n in names], *[us[n] / us["wengert"] if n in us else None for n in others]])
        numbers[row] = {n: round(t, 2) for n, t in us.items()}
        if "jax" in us:
            ratios[row] = us["jax"] / us["wengert"]
        print(numbers[row], row, flush=True)
    text = [harness.table(["computation", *[f"{n} (µs)" for n in names], *[f"{n}/wengert" for n in others]], rows)]
    record: dict[str, Any] = {
        "microseconds": numbers,
        "versions": harness.versions(["numpy", *[n for n in others if n != PLAIN]]),
    }
    if ratios:
        mean = harness.geometric_mean(ratios.values())
        row = min(ratios, key=lambda k: ratios[k] / LEAST.get(k, 20.0))
        text.append(
            f"Against JAX eager: {mean:.1f} times faster in the geometric mean; nearest to its bound of "
            f"{LEAST.get(row, 20.0):.0f} is “{row}” with {ratios[row]:.1f}."
        )
        record |= {"geometric_mean_over_jax": round(mean, 2)}
    plain, ours = import_cost()
    text.append(
        f"`import wengert, wengert.numpy` takes {(ours - plain) * 1e3:.0f} ms more than `import numpy` "
        f"({plain * 1e3:.0f} ms)."
    )
    record |= {"import_milliseconds": {"numpy": round(plain * 1e3, 1), "wengert": round(ours * 1e3, 1)}}
    print("\n\n".join(text))
    if options.write:
        head = f"## Eager transformations\n\n{record['versions']} Arrays of float32, each library with its defaults."
        harness.section(options.write, "eager", "\n\n".join([head, *text]))
        harness.record(options.write.with_suffix(".json"), "eager", record)


if __name__ == "__main__":
    main()
