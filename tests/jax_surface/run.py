"""Evaluate the calls of this folder with whatever ``import jax`` gives, and tell what came: type, dtype, weakness, values.

    python tests/jax_surface/run.py PATH        where JAX is installed: writes what it gives
    python tests/jax_surface/run.py             writes `../data/jax_surface.json`

Both sides run in 64-bit mode. A value is told in seven digits; of an error, the classes it belongs to.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent
REFERENCE = FOLDER.parent / "data" / "jax_surface.json"
GROUPS = [
    "numpy_calls",
    "array_calls",
    "nn_calls",
    "scipy_calls",
    "transform_calls",
    "dtype_calls",
    "rule_calls",
    "argument_calls",
]
LONGEST = 40  # of longer arrays, every so many elements are kept

SETUP = """
import functools, collections, dataclasses, operator
import numpy as np
import jax
import jax.numpy as jnp
from jax import lax, nn, random, tree_util, grad, jit, vmap, jvp, vjp, jacfwd, jacrev, hessian
import jax.scipy as jsp
import jax.scipy.special, jax.scipy.stats, jax.scipy.linalg, jax.scipy.signal, jax.scipy.fft, jax.scipy.ndimage
f = jnp.array([0.5, -1.25, 2.0])
p = jnp.array([0.2, 0.7, 0.4])
g = jnp.array([0.5, -1.25, 2.0], jnp.float32)
h = jnp.array([0.5, -1.25, 2.0], jnp.float16)
bf = jnp.array([0.5, -1.25, 2.0], jnp.bfloat16)
i = jnp.array([3, -1, 2])
j = jnp.array([3, -1, 2], jnp.int32)
k8 = jnp.array([3, -1, 2], jnp.int8)
u = jnp.array([3, 1, 2], jnp.uint8)
u32 = jnp.array([3, 1, 2], jnp.uint32)
b = jnp.array([True, False, True])
c = jnp.array([0.5 + 1j, -1.25, 2.0 - 0.5j])
c64 = c.astype(jnp.complex64)
w = jnp.asarray(1.5)
n = jnp.asarray(2)
m = jnp.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.25], [0.5, -0.25, 2.0]])
mi = jnp.array([[4, 1, 0], [1, 3, -2]])
t = jnp.arange(24.0).reshape(2, 3, 4) / 8
e = jnp.zeros((0,))
nan = jnp.array([1.0, jnp.nan, 3.0])
key = random.key(7)
"""


def calls(group: str) -> Iterator[str]:
    """Every call of a group, templates filled in."""
    module = importlib.import_module(f"jax_surface.{group}")
    for call in module.CALLS:
        if isinstance(call, str):
            yield call
        else:
            template, values = call
            for value in values.split():
                yield template.replace("X", value)


def space() -> dict[str, Any]:
    """The names that calls may use."""
    out: dict[str, Any] = {}
    exec(SETUP, out)
    return out


def describe(x: Any, depth: int = 0) -> Any:
    """What a result is, in JSON."""
    if x is None or isinstance(x, (bool, int, str)) and not isinstance(x, np.generic):
        return [type(x).__name__, x]
    if isinstance(x, (float, complex)) and not isinstance(x, np.generic):
        return [type(x).__name__, _number(x)]
    if "key<" in str(getattr(x, "dtype", "")):
        import jax

        return ["key", list(x.shape), describe(jax.random.key_data(x))]
    if hasattr(x, "weak_type") and hasattr(x, "dtype"):
        name = x.dtype.name
        return ["Array", list(x.shape), name, bool(x.weak_type), _values(np.asarray(x))]
    if isinstance(x, (np.ndarray, np.generic)):
        return ["numpy", list(x.shape), x.dtype.name, _values(np.asarray(x))]
    if isinstance(x, np.dtype):
        return ["dtype", x.name]
    if isinstance(x, (tuple, list)):
        kind = type(x).__name__
        if hasattr(x, "_fields"):
            return ["named", list(x._fields), [describe(v, depth + 1) for v in x]]
        return [kind, [describe(v, depth + 1) for v in x]]
    if isinstance(x, dict):
        return ["dict", [[repr(key), describe(v, depth + 1)] for key, v in x.items()]]
    if isinstance(x, (set, frozenset)):
        return ["set", sorted(map(str, x))]
    if isinstance(x, type):
        return ["type", x.__name__]
    return ["object", type(x).__name__]


def _number(x: Any) -> Any:
    if isinstance(x, complex) or np.iscomplexobj(x):
        return [_number(x.real), _number(x.imag)]
    x = float(x)
    return str(x) if not np.isfinite(x) else float(f"{x:.7g}")


def _values(x: np.ndarray) -> list[Any]:
    flat = x.reshape(-1)
    flat = flat[:: max(1, flat.size // LONGEST)]
    if flat.dtype.kind in "iub":
        return [int(v) for v in flat]
    if flat.dtype.kind in "fcV":
        wide = flat.astype(np.float64) if flat.dtype.kind != "c" else flat
        return [_number(v) for v in wide]
    return [repr(v) for v in flat.tolist()]


def outcome(call: str, names: dict[str, Any]) -> Any:
    """What a call gives, or the builtin classes of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            inside = dict(names)
            *lines, last = call.split(";;")
            for line in lines:
                exec(line.strip(), inside)
            return describe(eval(last.strip(), inside))
        except Exception as error:
            return [
                "error",
                type(error).__name__,
                [c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"],
            ]


def agree(ours: Any, theirs: Any, close: float = 1e-5) -> bool:
    """Whether two descriptions tell the same."""
    if not isinstance(theirs, list) or not isinstance(ours, list):
        return ours == theirs
    if theirs and theirs[0] == "error":
        general = [c for c in theirs[2] if c not in ("object", "BaseException", "Exception")]
        return ours[0] == "error" and (not general or bool(set(general) & set(ours[2])))
    if theirs and theirs[0] in ("Array", "numpy") and len(theirs) == len(ours):
        if theirs[:-1] != ours[:-1]:
            return False
        narrow = {"float16": 4e-3, "bfloat16": 2e-2, "float32": 2e-5, "complex64": 2e-5}.get(theirs[2], close)
        return _near(ours[-1], theirs[-1], 0.2 if theirs[2].startswith(("float8_", "float4_", "float6_")) else narrow)
    if theirs and theirs[0] in ("float", "complex"):
        return ours[0] == theirs[0] and _near([ours[1]], [theirs[1]], close)
    if theirs and theirs[0] == "object":
        return ours[0] == "object"
    return len(ours) == len(theirs) and all(agree(a, b, close) for a, b in zip(ours, theirs, strict=True))


def _near(ours: list[Any], theirs: list[Any], close: float) -> bool:
    if len(ours) != len(theirs):
        return False

    def flat(values: list[Any]) -> list[float]:
        out: list[float] = []
        for v in values:
            out += flat(v) if isinstance(v, list) else [v if isinstance(v, str) and v[-1] not in "fn" else float(v)]
        return out

    a, b = flat(ours), flat(theirs)
    if len(a) != len(b):
        return False
    if any(isinstance(v, str) for v in a + b):
        return a == b
    size = max((abs(v) for v in b if np.isfinite(v)), default=1.0) or 1.0
    return bool(np.allclose(a, b, rtol=close, atol=close * min(size, 1.0) * 0.1, equal_nan=True))


def main() -> None:
    """Write what JAX gives."""
    os.environ["JAX_ENABLE_X64"] = "1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    sys.path.insert(0, str(FOLDER.parent))
    options = sys.argv[1:]
    if "--alias" in options:
        options.remove("--alias")
        from wengert.interop import jax_names

        jax_names.install()
    names = space()
    path = Path(options[0]) if options else REFERENCE
    if "--calls" in options:
        wanted = json.loads(Path(options[2]).read_text())
        path.write_text(json.dumps({call: outcome(call, names) for call in wanted}))
        return
    groups = [g for g in GROUPS if len(options) < 2 or g in options[1:]]
    write(path, {group: {call: outcome(call, names) for call in calls(group)} for group in groups})


def write(path: Path, outcomes: dict[str, dict[str, Any]]) -> None:
    """Write outcomes, one call a line."""
    groups = []
    for group, found in outcomes.items():
        lines = [f"{json.dumps(c)}:{json.dumps(o, separators=(',', ':'))}" for c, o in found.items()]
        groups.append(f"{json.dumps(group)}:{{\n" + ",\n".join(lines) + "}")
    path.write_text("{" + ",\n".join(groups) + "}\n")


if __name__ == "__main__":
    main()
