"""What the examples of examples/scaling exchange and compute on 8, 64 and 512 devices, and a model of the time on named hardware.

``python tools/scale.py --write docs/scale.json`` compiles each program for each number of virtual devices, in a process of its own;
nothing is run, and no array of their size is made. ``--model docs/scale.json`` prints the tables of docs/scale.md from what is recorded.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# Peak operations in single precision with all digits, bytes of memory, of links to the nearest and to all others, a second; seconds
# that an exchange takes however small; devices that the near links join.
HARDWARE = {
    "H200 nodes": {
        "flops": 67e12, "memory": 4.8e12, "near": 450e9, "far": 50e9, "latency near": 10e-6, "latency far": 25e-6, "node": 8,
    },
    "TPU v5p pod": {
        "flops": 76e12, "memory": 2.765e12, "near": 200e9, "far": 200e9, "latency near": 5e-6, "latency far": 8e-6, "node": 8960,
    },
}  # fmt: skip
BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"  # in docs/scale.md
EFFICIENCY = {"flops": 0.5, "memory": 0.7, "links": 0.8}  # of the peaks, what programs reach

SIZES = {"layers": 24, "width": 2048, "hidden": 8192, "heads": 16, "tokens": 32768, "length": 2048}
ROWS, GRID, STEPS = (
    4,
    32768,
    100,
)  # examples of a place along "data"; of the stencil's grid, on all devices together; its steps
POINTS, KINDS, DIMENSIONS = 1_000_000, 64, 16  # of the mixture, on each device


def one(name: str, devices: int) -> dict[str, Any]:
    """What a program does on so many devices."""
    sys.path.insert(0, str(ROOT / "examples" / "scaling"))
    import jax
    import mixture
    import numpy as np
    import stencil
    import transformer

    import wengert as w

    def like(x: Any) -> Any:
        return w.ShapeDtypeStruct(np.shape(x), np.float32)

    def array(*shape: int, dtype: str = "float32") -> Any:
        return w.ShapeDtypeStruct(shape, dtype)

    def cut(mesh: Any, *spec: Any) -> Any:
        return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*spec))

    start, memory = time.perf_counter(), 0.0
    if name in ("transformer", "pipeline"):
        s = SIZES
        n, width, hidden, heads = s["layers"], s["width"], s["hidden"], s["heads"]
        params = {
            "embedding": array(s["tokens"], width), "position": array(s["length"], width), "norm": array(width),
            "layers": {
                "norm1": array(n, width), "qkv": array(n, 3, width, heads, width // heads),
                "out": array(n, heads, width // heads, width), "norm2": array(n, width),
                "up": array(n, width, hidden), "down": array(n, hidden, width),
            },
        }  # fmt: skip
        mesh = jax.make_mesh((devices // 8, 8), ("data", "model" if name == "transformer" else "stage"))
        loss = (
            transformer.parallel_loss(mesh)
            if name == "transformer"
            else transformer.pipelined_loss(mesh, parts=4 * ROWS)
        )
        examples = ROWS * (devices // 8) * (1 if name == "transformer" else 4)
        args = (params, array(examples, s["length"] + 1, dtype="int64"))
        lowered = w.jit(w.value_and_grad(loss), backend="xla").lower(*args)
    elif name == "stencil":
        mesh = jax.make_mesh((devices,), ("rows",))
        f = stencil.misfit(stencil.parallel_simulate(mesh, STEPS))
        args = (array(GRID, GRID),) * 3
        lowered = w.jit(w.grad(f), backend="xla").lower(*args)
        memory = STEPS * 12 * 4 * GRID * GRID / devices  # forward four passes over a field, back eight
    elif name == "mixture":
        mesh = jax.make_mesh((devices,), ("rows",))
        params = w.tree.map(like, mixture.problem(4, KINDS, DIMENSIONS)[0])
        whole = cut(mesh)
        f = w.jit(
            w.value_and_grad(mixture.negative_likelihood), backend="xla", in_shardings=(whole, cut(mesh, "rows")),
            out_shardings=whole,
        )  # fmt: skip
        lowered = f.lower(params, array(POINTS * devices, DIMENSIONS))
        memory = 6 * 4 * POINTS * KINDS * DIMENSIONS
    else:
        raise SystemExit(f"no program {name}")
    found = lowered.traffic()
    exchanges: dict[tuple[Any, ...], list[float]] = {}
    for c in found.collectives:
        row = exchanges.setdefault((c.kind, c.devices, c.apart), [0, 0.0])
        row[0] += c.times
        row[1] += c.sent
    return {
        "program": name,
        "devices": devices,
        "flops": found.flops,
        "memory": memory,
        "open_loops": found.open_loops,
        "seconds": round(time.perf_counter() - start, 1),
        "exchanges": [
            {"kind": k, "over": n, "apart": apart, "times": int(t), "sent": round(b)}
            for (k, n, apart), (t, b) in sorted(exchanges.items())
        ],
    }


def seconds_of(row: dict[str, Any], hardware: dict[str, float]) -> tuple[float, float]:
    """Seconds of work and of exchanges on a device, by the model."""
    work = max(
        row["flops"] / (EFFICIENCY["flops"] * hardware["flops"]),
        row["memory"] / (EFFICIENCY["memory"] * hardware["memory"]),
    )
    exchange = 0.0
    for e in row["exchanges"]:
        where = "near" if e["over"] * e["apart"] <= hardware["node"] else "far"
        hops = 1 if e["kind"] == "collective-permute" else max(1.0, math.log2(e["over"]))
        exchange += e["sent"] / (EFFICIENCY["links"] * hardware[where])
        exchange += e["times"] * hops * hardware[f"latency {where}"]
    return work, exchange


def shown(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def tables(rows: list[dict[str, Any]]) -> str:
    """The tables of docs/scale.md."""
    out = [
        "| program | devices | exchanges of a device, in a call | MB sent | Gflop | compiled in, s |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for row in rows:
        said = ", ".join(f"{e['times']} {e['kind']} over {e['over']}" for e in row["exchanges"]) or "none"
        sent = sum(e["sent"] for e in row["exchanges"]) / 1e6
        out.append(
            f"| {row['program']} | {row['devices']} | {said} | {shown(sent)} | {shown(row['flops'] / 1e9)} | {row['seconds']:.0f} |"
        )
    for name, hardware in HARDWARE.items():
        out += [
            "",
            f"| on {name} | devices | work, ms | exchanges, ms | efficiency, none hidden | all hidden |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
        ]
        for row in rows:
            work, exchange = seconds_of(row, hardware)
            out.append(
                f"| {row['program']} | {row['devices']} | {work * 1e3:,.3g} | {exchange * 1e3:,.3g} | "
                f"{work / (work + exchange):.0%} | {work / max(work, exchange):.0%} |"
            )
    return "\n".join(out)


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--one", nargs=2, metavar=("PROGRAM", "DEVICES"))
    options.add_argument("--devices", type=int, nargs="*", default=[8, 64, 512])
    options.add_argument("--programs", nargs="*", default=["transformer", "pipeline", "stencil", "mixture"])
    options.add_argument("--write", type=Path)
    options.add_argument("--model", type=Path)
    options.add_argument("--page", type=Path, help="with --model: the page whose tables are written anew")
    given = options.parse_args()
    if given.one:
        print(json.dumps(one(given.one[0], int(given.one[1]))))
        return 0
    if given.model:
        made = tables(json.loads(given.model.read_text()))
        if given.page is None:
            print(made)
            return 0
        before, _, rest = given.page.read_text().partition(BEGIN)
        given.page.write_text(f"{before}{BEGIN}\n{made}\n{END}{rest.partition(END)[2]}")
        return 0
    rows = []
    for name in given.programs:
        for devices in given.devices:
            environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
            command = [sys.executable, __file__, "--one", name, str(devices)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{name} on {devices}: {done.stderr[-1500:]}", file=sys.stderr, flush=True)
                continue
            rows.append(json.loads(done.stdout.splitlines()[-1]))
            print(json.dumps(rows[-1]), flush=True)
            if given.write:
                given.write.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
