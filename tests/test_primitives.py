"""The harness over the registry: every primitive, every sample, every transformation."""

import numpy as np
import pytest

import wengert.testing
from wengert.core import Primitive, dtype_of
from wengert.testing import check_primitive, differentiable, missing, primitives

CASES = [
    pytest.param(p, i, id=f"{p.name}-{i}")
    for p in primitives()
    if p.samples is not None and not missing(p)
    for i in range(len(p.samples()))
]


@pytest.mark.parametrize("primitive", primitives(), ids=lambda p: p.name)
def test_complete(primitive):
    assert missing(primitive) == ""


def test_a_primitive_without_samples_fails():
    class Bare(Primitive):
        def __init__(self):
            self.name, self.samples, self.reasons = "bare", None, {}

    assert "no samples" in missing(Bare())


@pytest.mark.parametrize("primitive, i", CASES)
def test_primitive(primitive, i):
    args, params = primitive.samples()[i]
    with np.errstate(all="ignore"):
        check_primitive(primitive, args, params)


def _narrow(x):
    return np.asarray(x).astype({"f": np.float32, "c": np.complex64}[x.dtype.kind])[()]


@pytest.mark.parametrize("primitive, i", CASES)
def test_float32(primitive, i):
    args, params = primitive.samples()[i]
    floats = [k for k, x in enumerate(args) if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"]
    if not floats or not differentiable(primitive) or "program" in params:
        return
    args = [_narrow(x) if k in floats else x for k, x in enumerate(args)]

    def f(*xs):
        full = list(args)
        for k, x in zip(floats, xs, strict=True):
            full[k] = x
        out = primitive.bind(*full, **params)
        return out if not primitive.multiple_results else out[0]

    xs = tuple(args[k] for k in floats)
    with np.errstate(all="ignore"):
        out, tangent = wengert.jvp(f, xs, xs)
        if out.dtype.kind not in "fc":
            return
        assert tangent.dtype == out.dtype and tangent.shape == out.shape
        for g, x in zip(wengert.vjp(f, *xs)[1](out), xs, strict=True):
            assert dtype_of(g) == x.dtype and g.shape == x.shape
        aval = wengert.make_program(f)(*xs).out_avals[0]
        assert (aval.shape, aval.dtype) == (out.shape, out.dtype)
