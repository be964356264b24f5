"""Taylor mode and Laplacians beside JAX's `jet` and folx, in processes of their own by turns.

``python benchmarks/operators.py PEERS``: PEERS is a Python whose environment has `jax` and `folx`. Compiled functions, the least
processor time of many calls, one core (``taskset -c 0``) is fair to all; with `wengert` or `peers` in the place of PEERS one side, as JSON.
"""

import json
import math
import subprocess
import sys
import time

import numpy

ORDER, REPEATS = 8, 30


def least(call):
    call()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


def functions(np):
    """Functions of a vector for Taylor mode: ``name: (function, input)``, for NumPy's names."""
    rng = numpy.random.default_rng(0)
    w1, w2 = rng.normal(size=(64, 64)) / 8, rng.normal(size=(64, 64)) / 8

    def network(x):
        return np.tanh(np.tanh(x @ w1) @ w2)

    def chain(x):
        for _ in range(10):
            x = np.sin(x) * x + np.exp(-x * x)
        return x

    def rational(x):
        return (1 + x) / (2 + x * x) * np.log(1 + x * x) + np.sqrt(1 + x * x)

    return {
        "network 64-64-64, 32 points": (network, rng.normal(size=(32, 64))),
        "ten products and exponentials, 1e4": (chain, rng.uniform(0.1, 1, 10_000)),
        "quotient, logarithm, root, 1e4": (rational, rng.uniform(0.1, 1, 10_000)),
    }


def potentials(np):
    """Functions of one point for Laplacians, in single precision: ``name: (function of a point, points)``."""
    rng = numpy.random.default_rng(1)
    sizes = (50, 128, 128, 128, 1)
    layers = [(rng.normal(size=(a, b)) / math.sqrt(a)).astype("f4") for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
    small = [(rng.normal(size=s) / 3).astype("f4") for s in ((7, 16), (16, 16), (16,))]

    def network(x):
        for w in layers[:-1]:
            x = np.tanh(x @ w)
        return (x @ layers[-1])[0]

    def two_electrons(x):
        """The logarithm of a wave function of two electrons around a nucleus: exponents, a Jastrow factor, a small network."""
        r1, r2, d = (np.sqrt(np.sum(v * v) + 1e-6) for v in (x[:3], x[3:], x[:3] - x[3:]))
        h = np.tanh(np.concatenate([x, d[None]]) @ small[0])
        return -2.0 * (r1 + r2) + 0.5 * d / (1 + d) + np.tanh(h @ small[1]) @ small[2]

    return {
        "network 50-128-128-128-1, 512 points": (network, rng.normal(size=(512, 50)).astype("f4")),
        "two electrons, 512 points": (two_electrons, rng.normal(size=(512, 6)).astype("f4")),
    }


def wengert_side():
    import wengert as w
    import wengert.numpy as np

    out = {}
    for name, (f, x) in functions(np).items():
        one = numpy.ones_like(x)
        taylor = w.jit(lambda x, f=f, v=one: w.jet(f, (x,), [[v, *[None] * (ORDER - 1)]])[1])

        def nested(x, f=f, v=one):
            d = lambda t: f(x + t * v)  # noqa: E731
            for _ in range(ORDER):
                d = (lambda g: lambda t: w.jvp(g, (t,), (1.0,))[1])(d)
            return d(0.0)

        nest = w.jit(nested)
        row = {"time": least(lambda: taylor(x))}  # noqa: B023
        row["nested"] = least(lambda: nest(x))  # noqa: B023
        row["apart"] = float(numpy.max(numpy.abs(taylor(x)[-1] - nest(x))) / numpy.max(numpy.abs(nest(x))))
        out[name] = row
    for name, (f, x) in potentials(np).items():
        laplacian = w.jit(w.vmap(w.laplacian(f)))
        out[name] = {"time": least(lambda: laplacian(x))}  # noqa: B023
    return out


def peers_side():
    import folx
    import jax
    import jax.numpy as np
    from jax.experimental.jet import jet

    out = {}
    for name, (f, x) in potentials(np).items():
        forward = folx.forward_laplacian(f, 6)
        laplacian = jax.jit(jax.vmap(lambda p, g=forward: g(p).laplacian))
        x = np.asarray(x)
        out[name] = {"time": least(lambda: jax.block_until_ready(laplacian(x)))}  # noqa: B023
    jax.config.update("jax_enable_x64", True)
    for name, (f, x) in functions(np).items():
        one, zero = np.ones_like(x), np.zeros_like(x)
        taylor = jax.jit(lambda x, f=f, v=one, z=zero: jet(f, (x,), ([v, *[z] * (ORDER - 1)],))[1])
        x = np.asarray(x)
        out[name] = {"time": least(lambda: jax.block_until_ready(taylor(x)))}  # noqa: B023
    return out


def main(peers):
    if peers in ("wengert", "peers"):
        print(json.dumps((wengert_side if peers == "wengert" else peers_side)()))
        return
    found = {}
    for python, which in ((sys.executable, "wengert"), (peers, "peers")):
        text = subprocess.run([python, __file__, which], check=True, capture_output=True, text=True).stdout
        found[which] = json.loads(text.strip().splitlines()[-1])
    print(
        "| function | ms | nested jvp | JAX's jet, or folx | nested / ours | theirs / ours |\n| --- | --- | --- | --- | --- | --- |"
    )
    for name, ours in found["wengert"].items():
        theirs = found["peers"][name]["time"]
        nested = ours.get("nested")
        text = ("-", "-") if nested is None else (f"{nested:.3f}", f"{nested / ours['time']:.1f}")
        print(f"| {name} | {ours['time']:.3f} | {text[0]} | {theirs:.3f} | {text[1]} | {theirs / ours['time']:.2f} |")


if __name__ == "__main__":
    main(sys.argv[1])
