"""Calls of `jax.lax` and what JAX gives for them.

`data/jax_lax.txt` has an expression in each line, under headings; lines with ``!`` define names. Where jax is installed,
``python tests/jax_lax_cases.py`` writes what it gives, in 64-bit mode, to `data/jax_lax.json`; headings as arguments
choose.
"""

import inspect
import json
import math
import sys
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"
ERRORS = (
    "TypeError ValueError IndexError NameError AttributeError NotImplementedError KeyError OverflowError RuntimeError "
    "AssertionError ZeroDivisionError"
).split()
# Relative errors of results in each dtype.
NEAR = {
    "float64": 1e-8, "complex128": 1e-8, "float32": 3e-5, "complex64": 3e-5, "float16": 5e-3, "bfloat16": 3e-2,
}  # fmt: skip


def cases():
    """For each heading the lines under it."""
    found = {}
    for line in (DATA / "jax_lax.txt").read_text().splitlines():
        if line.startswith("# "):
            lines = found[line[2:]] = []
        elif line:
            lines.append(line)
    return found


def recorded():
    return json.loads((DATA / "jax_lax.json").read_text())


def space(jax):
    return {"jax": jax, "jnp": jax.numpy, "lax": jax.lax, "np": np}


def run(lines, names):
    """What each expression gives; definitions are executed."""
    out = {}
    for line in lines:
        if line.startswith("!"):
            exec(line[1:], names)
            continue
        try:
            out[line] = described(eval(line, names))
        except Exception as error:
            out[line] = {"error": [c.__name__ for c in type(error).__mro__ if c.__name__ in ERRORS]}
    return out


def described(x):
    """A value, for comparison: its structure, and of arrays dtype, shape, weakness and elements."""
    if isinstance(x, (tuple, list)):
        return [type(x).__name__, *map(described, x)]
    if isinstance(x, dict):
        return {"dict": {str(k): described(v) for k, v in x.items()}}
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        a = np.asarray(x)
        name = a.dtype.name
        if a.dtype.kind == "V":
            a = a.astype(np.float32)
        values = a.ravel()
        if a.dtype.kind == "c":
            values = values.view(values.real.dtype)
        exact = a.dtype.kind in "biu"
        return {
            "dtype": name, "shape": list(a.shape), "weak": bool(getattr(x, "weak_type", False)),
            "values": [int(v) if exact else rounded(float(v)) for v in values.tolist()],
        }  # fmt: skip
    return {"python": repr(x) if isinstance(x, (int, float, complex, str, bool, type(None))) else str(x)}


def rounded(v):
    return str(v) if not math.isfinite(v) else float(f"{v:.10g}")


def agrees(want, got):
    """Whether two descriptions are the same, numbers up to rounding."""
    if isinstance(want, list):
        return (
            isinstance(got, list)
            and len(want) == len(got)
            and want[0] == got[0]
            and all(agrees(w, g) for w, g in zip(want[1:], got[1:], strict=True))
        )
    if not isinstance(got, dict) or set(want) != set(got):
        return False
    if "error" in want:
        return not want["error"] or want["error"][0] in got["error"]
    if "dict" in want:
        (w, g) = want["dict"], got["dict"]
        return list(w) == list(g) and all(agrees(w[k], g[k]) for k in w)
    if "dtype" not in want:
        return want == got
    if any(want[k] != got[k] for k in ("dtype", "shape", "weak")) or len(want["values"]) != len(got["values"]):
        return False
    near = NEAR.get(want["dtype"], 0.0)
    pairs = zip(want["values"], got["values"], strict=True)
    return all(w == g or (near and close(float(w), float(g), near)) for w, g in pairs)


def close(w, g, near):
    if math.isnan(w) or math.isnan(g):
        return math.isnan(w) and math.isnan(g)
    return math.isfinite(w) and math.isfinite(g) and abs(w - g) <= near * max(1.0, abs(w), abs(g))


def public(jax):
    """The public names of `jax.lax` and `jax.lax.linalg`, with the parameters of functions and the names of primitives."""
    import jax.lax.linalg

    found = {}
    for module in (jax.lax, jax.lax.linalg):
        for name in dir(module):
            thing = getattr(module, name)
            if name.startswith("_") or inspect.ismodule(thing):
                continue
            full = f"{module.__name__.removeprefix('jax.')}.{name}"
            if name.endswith("_p"):
                found[full] = getattr(thing, "name", None)
            elif inspect.isclass(thing) or not callable(thing):
                found[full] = None
            else:
                try:
                    found[full] = list(inspect.signature(thing).parameters)
                except (TypeError, ValueError):
                    found[full] = None
    return found


def main(titles):
    import jax

    jax.config.update("jax_enable_x64", True)
    path = DATA / "jax_lax.json"
    results = json.loads(path.read_text())["results"] if path.exists() else {}
    for title, lines in cases().items():
        if not titles or title in titles:
            results[title] = run(lines, space(jax))
            jax.clear_caches()
    data = {
        "version": jax.__version__,
        "names": public(jax),
        "results": {t: results[t] for t in cases() if t in results},
    }
    path.write_text(json.dumps(data, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
