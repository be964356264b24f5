"""What has to be seen on an accelerator, in at most five minutes, without pytest: run it on a machine that has one and JAX.

``python tests/on_gpu.py [--folder RESULTS] [--seconds 240]``: the study notebook's functions, the benchmark's programs, and a training
step of the transformer, on JAX's default device against native results on the processor; ratios beside `jax.jit`. The last line is
"all agree" or a count; each disagreement has a line of its own. The dependencies (jax with its plugin, numpy, scipy, optree, llvmlite) can
be carried as wheels, ``pip install --no-index --find-links wheels wengert[xla]``; what needs a package that is missing is said and left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "src", ROOT / "tests", ROOT / "examples" / "scaling"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import numpy as np  # noqa: E402

import wengert as w  # noqa: E402
import wengert.numpy as wnp  # noqa: E402
from wengert import lax  # noqa: E402

TOLERANCES = {"float64": 1e-8, "complex128": 1e-8, "float32": 2e-3, "complex64": 2e-3}


def best(call: Callable[[], Any], wait: Callable[[Any], Any], seconds: float) -> float:
    found, until = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        wait(call())
        found = min(found, time.perf_counter() - start)
    return found


def difference(got: Any, want: Any) -> str:
    """What is wrong; empty if nothing is."""
    for a, b in zip(w.tree_util.tree_leaves(got), w.tree_util.tree_leaves(want), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if (a.shape, a.dtype) != (b.shape, b.dtype):
            return f"{a.dtype}{a.shape}, expected {b.dtype}{b.shape}"
        if b.dtype.kind not in "fc":
            if not np.array_equal(a, b):
                return "other integers"
            continue
        scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
        if not np.allclose(a, b, rtol=0, atol=TOLERANCES[b.dtype.name] * scale, equal_nan=True):
            return f"differs by {np.nanmax(np.abs(a - b)):.3g} of {scale:.3g}"
    return ""


def study() -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Functions of the kind that the study notebook has: second derivatives, products with Jacobians, loops, implicit solutions."""
    rng = np.random.default_rng(0)
    x, v, matrix = rng.normal(size=(6, 5)), rng.normal(size=(6, 5)), rng.normal(size=(5, 5)) + 5 * np.eye(5)

    def energy(x: Any) -> Any:
        return wnp.sum(wnp.tanh(x) ** 2)

    def newton(a: Any) -> Any:
        return lax.while_loop(
            lambda c: wnp.sum(wnp.abs(c * c - a)) > 1e-10, lambda c: 0.5 * (c + a / c), wnp.ones_like(a)
        )

    return {
        "hvp forward over reverse": (lambda x, v: w.jvp(w.grad(energy), (x,), (v,))[1], (x, v)),
        "hvp reverse over reverse": (lambda x, v: w.grad(lambda x: wnp.vdot(w.grad(energy)(x), v))(x), (x, v)),
        "hessian": (w.hessian(energy), (x,)),
        "jacobians in a batch": (w.vmap(w.jacrev(lambda r: wnp.sin(matrix @ r))), (x,)),
        "gradient through a loop": (w.grad(lambda a: wnp.sum(newton(a))), (np.abs(x) + 0.5,)),
        "scan": (lambda x: lax.scan(lambda c, r: (c * 0.5 + r, wnp.sum(c)), wnp.zeros(5), x), (x,)),
        "solve and determinant": (lambda m, r: (wnp.linalg.solve(m, r), wnp.linalg.slogdet(m)), (matrix, x[0])),
        "random numbers": (lambda s: w.random.normal(w.random.key(3), (100,)) * s, (2.0,)),
        "a value that is missing": (lambda x: wnp.nanmean(wnp.where(x > 0, x, np.nan)), (x,)),
    }


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--folder", type=Path, default=None)
    options.add_argument("--seconds", type=float, default=240.0)
    given = options.parse_args()
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    import jax

    device = jax.devices()[0]
    print(
        f"JAX {jax.__version__} on {device.platform}: {device.device_kind}, Python {sys.version.split()[0]}", flush=True
    )
    report: dict[str, Any] = {
        "device": str(device.device_kind),
        "platform": device.platform,
        "jax": jax.__version__,
        "rows": [],
    }
    wrong = 0

    def check(name: str, f: Callable[..., Any], args: Any, plain: Callable[..., Any] | None = None) -> None:
        nonlocal wrong
        if time.perf_counter() - start > given.seconds:
            print(f"{name}: no time left", flush=True)
            report["rows"].append({"name": name, "verdict": "no time left"})
            return
        row: dict[str, Any] = {"name": name}
        try:
            want = w.jit(f)(*args)
            compiled = w.jit(f, backend="xla")
            begun = time.perf_counter()
            got = jax.block_until_ready(compiled(*args))
            row["compile_s"] = round(time.perf_counter() - begun, 2)
            row["verdict"] = difference(got, want) or "agrees"
            with jax.enable_x64(True):
                arrays = jax.tree.map(jax.device_put, args)
                jax.block_until_ready(compiled(*arrays))  # numbers are arrays now, which may be another program
                row["us"] = round(1e6 * best(lambda: compiled(*arrays), jax.block_until_ready, 0.15), 1)
                if plain is not None:
                    theirs = jax.jit(plain)
                    jax.block_until_ready(theirs(*arrays))
                    row["jax_us"] = round(1e6 * best(lambda: theirs(*arrays), jax.block_until_ready, 0.15), 1)
        except Exception as error:  # noqa: BLE001 (told)
            row["verdict"] = f"raises {type(error).__name__}: {str(error).splitlines()[0][:150]}"
        wrong += row["verdict"] != "agrees"
        report["rows"].append(row)
        beside = f", {row['us'] / row['jax_us']:.2f} of jax.jit" if "jax_us" in row else ""
        print(f"{name}: {row['verdict']}, {row.get('us', 0)} us{beside}", flush=True)

    import transformer

    params, tokens = transformer.parameters(dtype=np.float32), transformer.batch(0, size=32)
    step = transformer.train_step(transformer.loss, transformer.adam())
    check("a transformer's step", step, (transformer.begin(params), tokens))
    for name, (f, args) in study().items():
        check(name, f, args)
    from benchmarks.compiled import libraries
    from benchmarks.compiled.programs import ROWS

    ours, theirs = libraries.wengert().library, libraries.jax().library
    for row in ROWS:
        if any(getattr(ours, name) is None or getattr(theirs, name) is None for name in row.needs):
            continue
        check(row.name, row.build(ours), row.tiny(np.random.default_rng(5)), row.build(theirs))
    ratios = [r["us"] / r["jax_us"] for r in report["rows"] if "jax_us" in r]
    if ratios:
        report["ratio"] = float(np.exp(np.mean(np.log(ratios))))
        print(f"run time beside jax.jit, geometric mean of {len(ratios)}: {report['ratio']:.3f}")
    report["seconds"] = round(time.perf_counter() - start, 1)
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
        (given.folder / "on_gpu.json").write_text(json.dumps(report, indent=1))
    print("all agree" if not wrong else f"{wrong} disagree", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
