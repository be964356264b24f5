"""What Python's and NumPy's own functions make of a traced number: the right value and derivative, or an error of the library's
or of theirs; never another number, and never a tracer that comes out."""

import bisect
import cmath
import collections
import copy
import dataclasses
import functools
import heapq
import itertools
import math
import operator
import statistics
import warnings

import numpy as np
import pytest

from wengert import grad, jit, jvp, vmap
from wengert.core import Tracer

X = 1.7
Pair = collections.namedtuple("Pair", "a b")
holder = dataclasses.make_dataclass("Holder", ["v"])
FUNCTIONS = {
    "np.float64": lambda x: np.float64(x) * x,
    "np.bool_": lambda x: np.bool_(x > 1) * x,
    "type of a dtype": lambda x: np.dtype("f8").type(x) * x,
    "object array": lambda x: np.array([x, x**2], dtype=object).sum(),
    "object array, converted": lambda x: np.array([x, x**2], dtype=object).astype(float).sum(),
    "object array, sorted": lambda x: np.sort(np.array([x**2, x], dtype=object))[0],
    "object array, filled": lambda x: (a := np.empty(2, object), operator.setitem(a, 0, x), operator.setitem(a, 1, x * x), a.sum())[-1],
    "records": lambda x: np.array([(x, 1.0)], dtype=[("a", float), ("b", float)])["a"][0],
    "sum": lambda x: sum([x, x * x], start=x),
    "max": lambda x: max(x, x * x),
    "min by key": lambda x: min([(x, 1), (x * x, 2)], key=lambda t: t[0])[0],
    "sorted": lambda x: sorted([x * x, x, 1.0])[2],
    "heap": lambda x: heapq.nlargest(1, [x, x * x])[0],
    "bisect": lambda x: x * bisect.bisect([0.0, 1.0, 2.0], x),
    "round": lambda x: round(x, 1) * x,
    "floor": lambda x: math.floor(x) * x,
    "divmod": lambda x: divmod(x, 1.0)[1] * x,
    "fsum": lambda x: math.fsum([x, x * x]),
    "prod": lambda x: math.prod([x, x * x]),
    "hypot": lambda x: math.hypot(x, 1.0),
    "cmath": lambda x: cmath.exp(x).real,
    "complex": lambda x: abs(complex(x, 1.0)),
    "mean": lambda x: statistics.mean([x, x * x]),
    "fmean": lambda x: statistics.fmean([x, x * x]),
    "median": lambda x: statistics.median([x, x * x, 0.0]),
    "str": lambda x: float(str(x)) * x,
    "hex": lambda x: float.fromhex(x.hex()) * x,
    "if": lambda x: x if x > 1 else x * 2,
    "any": lambda x: x * any([x > 1, x < 0]),
    "reduce": lambda x: functools.reduce(operator.mul, [x, x, x]),
    "accumulate": lambda x: list(itertools.accumulate([x, x, x], operator.mul))[-1],
    "copies": lambda x: copy.deepcopy([x])[0] * copy.copy(x),
    "deque": lambda x: sum(collections.deque([x, x * x])),
    "named tuple": lambda x: sum(Pair(x, x * x)),
    "dataclass": lambda x: dataclasses.replace(holder(1.0), v=x).v * x,
    "generator": lambda x: sum(x * i for i in range(4)),
    "groupby": lambda x: sum(k * len(list(g)) for k, g in itertools.groupby([x, x, 1.0])),
    "vectorize": lambda x: np.vectorize(lambda t, u: t * u)(x, np.array([1.0, 2.0])).sum(),
    "vectorize, closed over": lambda x: np.vectorize(lambda t: t * x)(np.array([1.0, 2.0])).sum(),
    "frompyfunc": lambda x: np.frompyfunc(lambda t: t * x, 1, 1)(np.array([1.0, 2.0])).sum(),
    "nditer": lambda x: sum(t * 1.0 for t in np.nditer(np.stack([x, x * x]))),
    "ndenumerate": lambda x: sum(t for _, t in np.ndenumerate(np.stack([x, x * x]))),
    "flat": lambda x: sum(np.stack([x, x * x]).flat),
    "apply_along_axis": lambda x: np.apply_along_axis(lambda r: r * x, 0, np.ones(3)).sum(),
    "piecewise": lambda x: np.piecewise(np.array([1.0, 2.0]), [np.array([True, False])], [lambda t: t * x, 0.0]).sum(),
    "fromiter": lambda x: np.fromiter((x * i for i in range(3)), float).sum(),
    "fromfunction": lambda x: np.fromfunction(lambda i: i * x, (3,)).sum(),
    "full": lambda x: np.full(3, x).sum(),
    "written": lambda x: (a := np.zeros(3), operator.setitem(a, 0, x), a.sum())[-1],
    "written by put": lambda x: (a := np.zeros(3), np.put(a, [0], x), a.sum())[-1],
    "out": lambda x: (a := np.zeros(3), np.multiply(np.ones(3), x, out=a), a.sum())[-1],
    "add.at": lambda x: (a := np.zeros(3), np.add.at(a, [0, 0], x), a.sum())[-1],
    "polynomial": lambda x: np.polynomial.Polynomial([x, 2.0])(2.0),
    "lists": lambda x: np.dot([x, x], [1.0, x]) + np.mean([x, x * x]) + np.max([x, x * x]),
    "interp": lambda x: np.interp(0.5, [0.0, 1.0], [x, x * x]),
    "random": lambda x: np.random.default_rng(0).normal(x, 1.0),
}  # fmt: skip
WAYS = {
    "grad": (lambda f: grad(f)(X), True),
    "jvp": (lambda f: jvp(f, (X,), (1.0,))[1], True),
    "jit": (lambda f: jit(f)(X), False),
    "vmap": (lambda f: vmap(f)(np.array([X, X]))[1], False),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_right_or_an_error(name):
    f = FUNCTIONS[name]
    value = float(f(np.float64(X)))
    slope = float(f(np.float64(X + 1e-6)) - f(np.float64(X - 1e-6))) / 2e-6
    for way, (run, differentiated) in WAYS.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                got = run(f)
        except (TypeError, ValueError):  # the library's, and Python's own
            continue
        assert not isinstance(got, Tracer) and np.asarray(got).dtype != object, way
        np.testing.assert_allclose(got, slope if differentiated else value, rtol=1e-6, err_msg=way)
    np.testing.assert_allclose(float(f(np.float64(X))), value)
