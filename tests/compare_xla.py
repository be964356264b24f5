"""Values of all operations on XLA against the interpreter: the campaign of docs/xla.md, where JAX is installed.

``python tests/compare_xla.py`` prints a line for each operation that disagrees, and counts. Each operation's first samples, real and
complex ones apart, are one Program.
"""

from __future__ import annotations

import collections
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=8")  # for samples with a mesh

from wengert import backends
from wengert.core import Primitive, aval_of
from wengert.errors import NotSupportedError
from wengert.program import Equation, Program, Var
from wengert.testing import cases, primitives

UP_TO_SIGN = {"eigh"}  # whose vectors are defined but for a sign


def grouped(primitive: Primitive) -> Iterator[tuple[bool, Program, list[Any]]]:
    """The first samples of a primitive as one Program, real and complex ones apart."""
    for turned in (False, True):
        chosen = [(a, p) for label, a, p in cases(primitive) if ("complex" in label) is turned][:3]
        equations, inputs, outputs, values = [], [], [], []
        for args, params in chosen:
            found = primitive.abstract(*[aval_of(a) for a in args], **params)
            ins = [Var(aval_of(a)) for a in args]
            outs = [Var(a) for a in (found if primitive.multiple_results else [found])]
            equations.append(Equation(primitive, ins, outs, params))
            inputs += ins
            outputs += outs
            values += args
        if chosen:
            yield turned, Program(inputs, equations, outputs, primitive.name), values


def swept(primitive: Primitive) -> str:
    """What is found for a primitive: "agrees", "lacks", "lacks complex", or what is wrong."""
    verdict = "agrees"
    for turned, program, values in grouped(primitive):
        try:
            with np.errstate(all="ignore"):
                want = backends.named("interpreter").compile(program)(values)
        except (TypeError, ValueError, NotImplementedError, AssertionError):
            continue
        try:
            got = backends.named("xla").compile(program)(values)
        except NotSupportedError:
            if not turned:
                return "lacks"
            verdict = "lacks complex"
            continue
        for a, b in zip(map(np.asarray, want), map(np.asarray, got), strict=True):
            if (a.dtype, a.shape) != (b.dtype, b.shape):
                return f"{a.dtype}{a.shape} is {b.dtype}{b.shape}"
            if a.dtype.kind == "V":
                if a.tobytes() != b.tobytes():
                    return "other bits"
                continue
            if primitive.name in UP_TO_SIGN:
                a, b = np.abs(a), np.abs(b)
            bound = 1e-9 if a.dtype in (np.float64, np.complex128) else 1e-5
            if not np.allclose(a, b, rtol=bound, atol=bound, equal_nan=True):
                return f"{'complex' if turned else 'real'} differs by {np.nanmax(np.abs(a - b)):.2g}"
    return verdict


def main() -> int:
    warnings.simplefilter("ignore")
    counts: collections.Counter[str] = collections.Counter()
    wrong = 0
    for primitive in primitives():
        if primitive.samples is None or primitive.foreign:
            continue
        verdict = swept(primitive)
        if verdict not in ("agrees", "lacks", "lacks complex"):
            print(primitive.name, verdict, flush=True)
            wrong += 1
        counts[verdict] += 1
    print(dict(counts))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
