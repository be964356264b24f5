"""The code that the compiler generates for many programs, as hashes, to see that a change of its insides changes none.

    python tools/generated_code.py FILE             # writes the hash of each program's code to FILE
    python tools/generated_code.py FILE --compare   # compares with FILE, names the programs that differ
    python tools/generated_code.py FILE --keep DIR  # keeps the texts too, for `diff`

The programs: the samples of every operation with their derivative and batched, the rows of the benchmark in its sizes and in
tiny ones, the programs of `tests/programs` and random ones, these with thresholds drawn at random too. The code: the Program after the passes, its loops, LLVM's text.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import random_operations  # noqa: E402, F401 - what random programs are made of
from random_programs import Generator, NumpySource  # noqa: E402

import wengert  # noqa: E402
from benchmarks.compiled import libraries  # noqa: E402
from benchmarks.compiled.measure import arguments  # noqa: E402
from benchmarks.compiled.programs import ROWS  # noqa: E402
from wengert.compile import engine  # noqa: E402
from wengert.compile.choices import drawn  # noqa: E402
from wengert.compile.module import Module  # noqa: E402
from wengert.compile.pipeline import lowered, optimized  # noqa: E402
from wengert.compile.printer import lines  # noqa: E402
from wengert.program import Program  # noqa: E402
from wengert.testing import cases, primitives  # noqa: E402

Case = tuple[str, Callable[..., Any], tuple[Any, ...]]


def code(program: Program) -> str:
    """What the compiler makes of a Program, as text."""
    whole, width = optimized(program), engine.vector_bytes()
    module = Module(lowered(whole, width), width)
    printed = re.sub(r"0x[0-9a-f]+", "0x", repr(whole))  # addresses of functions among parameters
    return "\n".join([printed, *lines(module.plan), module.text])


def of_operations() -> Iterator[Case]:
    for p in primitives():
        for label, args, params in cases(p):
            arrays = [k for k, a in enumerate(args) if isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind != "O"]

            def f(*xs: Any, p: Any = p, args: Any = args, params: Any = params, arrays: Any = arrays) -> Any:
                full = list(args)
                for k, x in zip(arrays, xs, strict=True):
                    full[k] = x
                return p.bind(*full, **params)

            given = tuple(args[k] for k in arrays)
            yield f"{p.name} {label}", f, given
            if "complex" in label:
                continue
            single = tuple(np.asarray(a, np.float32)[()] if a.dtype == np.float64 else a for a in given)
            yield f"{p.name} {label} float32", f, single
            yield f"{p.name} {label} batched", wengert.vmap(f), tuple(np.stack([a] * 3) for a in given)
            floats = tuple(k for k, a in enumerate(given) if a.dtype == np.float64)
            if floats:

                def total(*xs: Any, f: Any = f) -> Any:
                    outs = wengert.tree_util.tree_leaves(f(*xs))
                    return sum(
                        (o * np.cos(np.arange(o.size)).reshape(o.shape)).sum() for o in outs if o.dtype.kind == "f"
                    )

                yield f"{p.name} {label} gradient", wengert.grad(total, floats), given


def of_rows() -> Iterator[Case]:
    library = libraries.wengert().library
    for row in ROWS:
        for dtype in ("float64", "float32"):
            for tiny in (True, False):
                made = arguments(row, dtype, tiny)
                yield f"row {row.name} {dtype} {'tiny' if tiny else 'full'}", row.build(library), made


def of_programs() -> Iterator[Case]:
    for path in sorted((ROOT / "tests/programs").glob("[a-z]*.py")):
        for f, x in importlib.import_module(f"programs.{path.stem}").PROGRAMS:
            yield f"program {f.__name__}", f, (x,)
            yield f"program {f.__name__} gradient", wengert.grad(lambda x, f=f: np.sum(f(x))), (x,)
    for seed in range(150):
        program = Generator(NumpySource(seed)).program(14)
        yield f"random {seed}", program, tuple(program.inputs)
        yield f"random {seed} drawn", program, tuple(program.inputs)


def digests(keep: Path | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, f, args in (c for part in (of_operations(), of_rows(), of_programs()) for c in part):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                program = wengert.make_program(f)(*args)
            except Exception as error:  # no derivative, no batching rule, a branch
                found[name] = type(error).__name__
                continue
            with drawn(int(name.split()[1])) if name.endswith("drawn") else nullcontext():
                text = code(program)
        found[name] = hashlib.sha256(text.encode()).hexdigest()[:16]
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / name.replace("/", "-").replace(" ", "_")).write_text(text)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    found = digests(options.keep)
    if not options.compare:
        options.file.write_text(json.dumps(found, indent=1))
        print(f"{len(found)} programs")
        return 0
    before = json.loads(options.file.read_text())
    changed = [n for n in sorted(before.keys() | found.keys()) if before.get(n) != found.get(n)]
    print(f"{len(found)} programs, {len(changed)} differ")
    print(*changed, sep="\n", end="\n" if changed else "")
    return int(bool(changed))


if __name__ == "__main__":
    raise SystemExit(main())
