"""Functions for the tests of the disk cache, and a process that runs them: ``cache_programs.py [only-cached]``.

It prints the cache's statistics and a hash of all results as JSON. With ``only-cached`` it may generate no code.
"""

import hashlib
import json
import sys

import numpy as np

import wengert as w
import wengert.numpy as wnp

X = np.linspace(0.1, 1.0, 12).reshape(3, 4)


def loss(x, d):
    return wnp.sum(wnp.tanh(x @ d["a"]) ** 2) + wnp.mean(wnp.exp(-d["b"]))


def tree(x, d):
    return {"sum": wnp.sum(x, 0), "pair": (x * d["b"], [wnp.where(x > 0.5, x, -x)])}


def _outside(v):
    return w.pure_callback(np.cbrt, w.ShapeDtypeStruct(v.shape, v.dtype), v) + 1.0


FUNCTIONS = {
    "loss": loss,
    "gradient": w.grad(loss, argnums=(0, 1)),
    "hessian": lambda x, d: w.hessian(lambda y: loss(y, d))(x),
    "batched": lambda x, d: w.vmap(lambda row: wnp.sin(row) @ d["a"])(x),
    "tree": tree,
    "gathered": lambda x, d: x[np.array([2, 0, 1]), 1] + wnp.cumsum(d["b"][:, 0]),
    "through NumPy": lambda x, d: wnp.linalg.solve(x @ x.T + wnp.eye(3), d["b"]),
    "single": lambda x, d: wnp.log1p(x.astype(np.float32)) * wnp.arctan2(d["b"], 2.0).astype(np.float32),
}
FUNCTIONS["called back in a loop"] = lambda x, d: w.lax.fori_loop(0, 2, lambda i, v: _outside(v), x)
ARGUMENTS = (X, {"a": X.T.copy(), "b": X + 1.0})


def results() -> dict[str, list[np.ndarray]]:
    """What each function gives, compiled anew."""

    def run(f):
        return w.tree_util.tree_leaves(w.jit(lambda *arguments: f(*arguments))(*ARGUMENTS))

    return {name: run(f) for name, f in FUNCTIONS.items()}


def digest(found: dict[str, list[np.ndarray]]) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(a) for leaves in found.values() for a in leaves)).hexdigest()


if __name__ == "__main__":
    from wengert.compile import cache, engine

    if "only-cached" in sys.argv:

        def refuse(*_):
            raise AssertionError("code is generated, though the cache has it")

        engine.emit = engine.emit_all = refuse
    sha = digest(results())
    print(json.dumps({"hits": cache.stats.hits, "misses": cache.stats.misses, "sha": sha}))
