"""Draws whose values are compared with JAX's: each a function of a module `random` and a key, by name.

Written to `data/jax_random.json` by running this file where JAX is installed: ``python tests/jax_random_cases.py``.
"""

import json
import sys
from pathlib import Path

import numpy as np

REFERENCE = Path(__file__).parent / "data" / "jax_random.json"
SEEDS = (42, -3)
f16, f32, f64 = np.float16, np.float32, np.float64
P3 = np.array([0.2, 0.3, 0.5], np.float32)
LOGITS = np.log(np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]], np.float32))
COV = np.array([[2.0, 0.5], [0.5, 1.0]], np.float32)
MEAN = np.array([1.0, -1.0], np.float32)
GRID = np.arange(12.0, dtype=np.float32).reshape(3, 4)
SHAPES = ((), (5,), (2, 3), (0,))

CASES = {}
for name in "uniform normal exponential gumbel laplace logistic cauchy maxwell".split():
    for shape in SHAPES:
        CASES[f"{name} {shape}"] = lambda r, k, n=name, s=shape: getattr(r, n)(k, s)
    for d in (f16, f32, f64):
        if name != "maxwell":
            CASES[f"{name} {np.dtype(d).name}"] = lambda r, k, n=name, d=d: getattr(r, n)(k, (6,), d)
for d in (np.uint8, np.uint16, np.uint32, np.uint64):
    CASES[f"bits {np.dtype(d).name}"] = lambda r, k, d=d: r.bits(k, (5,), d)
for d in (np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64):
    CASES[f"randint {np.dtype(d).name}"] = lambda r, k, d=d: r.randint(k, (6,), 3, 101, d)
CASES.update({
    "bits": lambda r, k: r.bits(k, (2, 3)),
    "split": lambda r, k: r.key_data(r.split(k)),
    "split shape": lambda r, k: r.key_data(r.split(k, (2, 2))),
    "split old": lambda r, k: r.split(r.key_data(k), 3),
    "fold_in": lambda r, k: r.key_data(r.fold_in(k, 9)),
    "fold_in twice": lambda r, k: r.key_data(r.fold_in(r.fold_in(k, 0), 2**31 - 1)),
    "key_data": lambda r, k: r.key_data(k),
    "uniform range": lambda r, k: r.uniform(k, (3,), minval=-2.0, maxval=5.0),
    "uniform arrays": lambda r, k: r.uniform(k, (2, 3), minval=P3, maxval=P3 + 1),
    "normal complex": lambda r, k: r.normal(k, (4,), np.complex64),
    "truncated_normal": lambda r, k: r.truncated_normal(k, -1.0, 2.0, (6,)),
    "truncated_normal tail": lambda r, k: r.truncated_normal(k, 3.0, 4.0, (4,)),
    "truncated_normal arrays": lambda r, k: r.truncated_normal(k, -P3, P3),
    "randint": lambda r, k: r.randint(k, (8,), -3, 1000),
    "randint empty range": lambda r, k: r.randint(k, (4,), 5, 5),
    "randint arrays": lambda r, k: r.randint(k, (2, 3), np.array([0, 5, 10]), np.array([3, 50, 10000])),
    "randint wide": lambda r, k: r.randint(k, (4,), -(2**31), 2**31 - 1),
    "randint whole uint8": lambda r, k: r.randint(k, (6,), 0, 256, np.uint8),
    "randint whole int8": lambda r, k: r.randint(k, (6,), -128, 128, np.int8),
    "bernoulli": lambda r, k: r.bernoulli(k, 0.3, (12,)),
    "bernoulli scalar": lambda r, k: r.bernoulli(k),
    "bernoulli arrays": lambda r, k: r.bernoulli(k, P3),
    "bernoulli high": lambda r, k: r.bernoulli(k, 0.3, (12,), mode="high"),
    "rademacher": lambda r, k: r.rademacher(k, (9,)),
    "rademacher float": lambda r, k: r.rademacher(k, (9,), f32),
    "gumbel high": lambda r, k: r.gumbel(k, (5,), f32, mode="high"),
    "categorical": lambda r, k: r.categorical(k, LOGITS),
    "categorical many": lambda r, k: r.categorical(k, LOGITS, shape=(4, 2)),
    "categorical axis": lambda r, k: r.categorical(k, LOGITS, axis=0),
    "categorical without": lambda r, k: r.categorical(k, LOGITS, shape=(3, 2), replace=False),
    "permutation": lambda r, k: r.permutation(k, 10),
    "permutation vector": lambda r, k: r.permutation(k, P3),
    "permutation matrix": lambda r, k: r.permutation(k, GRID, axis=1),
    "permutation independent": lambda r, k: r.permutation(k, GRID, axis=1, independent=True),
    "permutation long": lambda r, k: r.permutation(k, 3000)[:5],
    "choice": lambda r, k: r.choice(k, 10, (7,)),
    "choice scalar": lambda r, k: r.choice(k, P3),
    "choice without": lambda r, k: r.choice(k, 10, (7,), replace=False),
    "choice p": lambda r, k: r.choice(k, 3, (7,), p=P3),
    "choice p without": lambda r, k: r.choice(k, 3, (2,), p=P3, replace=False),
    "choice rows": lambda r, k: r.choice(k, GRID, (2, 2)),
    "choice columns": lambda r, k: r.choice(k, GRID, (2,), axis=1, replace=False),
    "binomial": lambda r, k: r.binomial(k, 12.0, 0.3, (8,)),
    "binomial many": lambda r, k: r.binomial(k, np.array([[5.0], [400.0]], f32), P3, (2, 3)),
    "multinomial": lambda r, k: r.multinomial(k, np.array(50.0, f32), P3),
    "gamma": lambda r, k: r.gamma(k, 2.5, (6,)),
    "gamma small": lambda r, k: r.gamma(k, 0.1, (4,)),
    "gamma arrays": lambda r, k: r.gamma(k, np.array([[0.2], [1.0], [100.0]], f32), (3, 2)),
    "gamma float64": lambda r, k: r.gamma(k, 2.5, (3,), f64),
    "loggamma": lambda r, k: r.loggamma(k, np.array([0.01, 0.5, 1.0, 7.0], f32)),
    "beta": lambda r, k: r.beta(k, 2.0, 3.0, (4,)),
    "beta small": lambda r, k: r.beta(k, 0.01, P3),
    "dirichlet": lambda r, k: r.dirichlet(k, P3, (2,)),
    "dirichlet batch": lambda r, k: r.dirichlet(k, GRID + 0.5),
    "poisson small": lambda r, k: r.poisson(k, 3.5, (8,)),
    "poisson large": lambda r, k: r.poisson(k, 50.0, (8,)),
    "poisson both": lambda r, k: r.poisson(k, np.array([0.0, 0.1, 5.0, 9.9, 10.0, 30.0, 1000.0], f32)),
    "poisson int16": lambda r, k: r.poisson(k, 3.5, (4,), np.int16),
    "multivariate_normal": lambda r, k: r.multivariate_normal(k, MEAN, COV),
    "multivariate_normal many": lambda r, k: r.multivariate_normal(k, MEAN, COV, (3,)),
    "multivariate_normal means": lambda r, k: r.multivariate_normal(k, np.stack([MEAN, -MEAN]), COV),
    "orthogonal": lambda r, k: r.orthogonal(k, 3),
    "orthogonal wide": lambda r, k: r.orthogonal(k, 2, (2,), m=3),
    "orthogonal tall": lambda r, k: r.orthogonal(k, 3, m=2),
    "lognormal": lambda r, k: r.lognormal(k, 0.5, (4,)),
    "pareto": lambda r, k: r.pareto(k, 3.0, (4,)),
    "rayleigh": lambda r, k: r.rayleigh(k, np.float32(2.0), (4,)),
    "weibull_min": lambda r, k: r.weibull_min(k, 2.0, 1.5, (4,)),
    "double_sided_maxwell": lambda r, k: r.double_sided_maxwell(k, 1.0, 2.0, (4,)),
    "triangular": lambda r, k: r.triangular(k, 0.0, 0.3, 1.0, (4,)),
    "wald": lambda r, k: r.wald(k, np.float32(2.0), (4,)),
    "geometric": lambda r, k: r.geometric(k, 0.2, (8,)),
    "t": lambda r, k: r.t(k, 4.0, (4,)),
    "chisquare": lambda r, k: r.chisquare(k, 4.0, (4,)),
    "f": lambda r, k: r.f(k, 3.0, 4.0, (4,)),
    "generalized_normal": lambda r, k: r.generalized_normal(k, 1.5, (4,)),
    "ball": lambda r, k: r.ball(k, 3, shape=(2,)),
})  # fmt: skip


def draws(random, key, modes):
    """Each draw as (name, mode, seed, value); `modes` gives a context for each of the names x32 and x64."""
    for mode, context in modes.items():
        for seed in SEEDS:
            for name, draw in CASES.items():
                with context():
                    yield name, mode, seed, np.asarray(draw(random, key(seed)))


def plain(x):
    """An array as what JSON has: floats as the shortest decimals that give them back."""
    parts = [x.real, x.imag] if x.dtype.kind == "c" else [x]
    return [[v.item() if v.dtype.kind != "f" else float(str(v)) for v in p.reshape(-1)] for p in parts]


def main() -> int:
    import warnings

    import jax

    warnings.simplefilter("ignore")  # float64 asked for in 32-bit mode
    modes = {"x32": lambda: jax.enable_x64(False), "x64": lambda: jax.enable_x64(True)}
    out: dict = {"jax": jax.__version__, "draws": {}}
    for name, mode, seed, value in draws(jax.random, jax.random.key, modes):
        row = {"dtype": value.dtype.name, "shape": value.shape, "values": plain(value)}
        out["draws"][f"{name} | {mode} | {seed}"] = row
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out["draws"].items())
    REFERENCE.write_text(f'{{"jax": {json.dumps(out["jax"])}, "draws": {{\n{lines}\n}}}}\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
