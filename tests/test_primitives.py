"""The harness over the registry: every primitive, every sample, every transformation."""

import ml_dtypes
import numpy as np
import pytest

import wengert.testing
import wengert.transforms.custom_batching  # noqa: F401  (declared where it is used, so imported late)
from wengert.core import Primitive, dtype_of, inexact_dtype
from wengert.ops.families import Elementwise
from wengert.testing import cases, check_rule, differentiable, missing, primitives

CASES = [
    pytest.param(p, args, params, id=f"{p.name}-{label}")
    for p in primitives()
    if p.samples is not None and not missing(p)
    for label, args, params in cases(p)
]


@pytest.mark.parametrize("primitive", primitives(), ids=lambda p: p.name)
def test_complete(primitive):
    assert missing(primitive) == ""


def test_a_primitive_without_samples_fails():
    class Bare(Primitive):
        def __init__(self):
            self.name, self.samples, self.reasons = "bare", None, {}

    assert "no samples" in missing(Bare())


@pytest.mark.parametrize("primitive, args, params", CASES)
def test_rule(primitive, args, params):
    with np.errstate(all="ignore"):
        check_rule(primitive, args, params)


def test_a_wrong_rule_fails():
    class Wrong(Elementwise):
        pass

    registry = dict(Primitive.registry)
    try:
        wrong = Wrong("wrong", np.sin, (lambda ans, x: np.cos(x) * 1.001,))
        with pytest.raises(AssertionError, match="forward mode against differences"):
            check_rule(wrong, (np.array([0.5, 1.0]),))
    finally:
        Primitive.registry.clear()
        Primitive.registry.update(registry)


NARROW = {
    "float32": (np.float32, np.complex64, 1e-4),
    "float16": (np.float16, np.complex64, 2e-2),
    "bfloat16": (ml_dtypes.bfloat16, np.complex64, 2e-1),
}


NARROW_CASES = [
    pytest.param(*case.values, precision, id=f"{case.id}-{precision}")
    for case in CASES
    for precision in NARROW
    if precision == "float32" or "complex" not in case.id
]
# float32 and float64; wnp.linalg refuses the others
LAPACK = tuple(
    f"wengert.ops.{n}"
    for n in ("linalg", "decompositions", "matrix_functions", "pseudo_inverse", "subspaces", "triangular_factors")
)


@pytest.mark.parametrize("primitive, args, params, precision", NARROW_CASES)
def test_narrow(primitive, args, params, precision):
    real, complex_, tolerance = NARROW[precision]
    floats = [k for k, x in enumerate(args) if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"]
    if not floats or not differentiable(primitive) or "typed" in primitive.reasons.get("complex", ""):
        return
    if precision != "float32" and type(primitive).__module__ in LAPACK:
        return
    exact = primitive.bind(*args, **params)
    args = [np.asarray(x).astype(complex_ if x.dtype.kind == "c" else real)[()] if k in floats else x
            for k, x in enumerate(args)]  # fmt: skip

    def f(*xs):
        full = list(args)
        for k, x in zip(floats, xs, strict=True):
            full[k] = x
        out = primitive.bind(*full, **params)
        return out if not primitive.multiple_results else out[0]

    xs = tuple(args[k] for k in floats)
    with np.errstate(all="ignore"):
        try:
            out = f(*xs)
        except TypeError:
            assert precision != "float32", "every operation has a float32 form"
            return  # NumPy, SciPy or LAPACK has no form for this dtype
        if not inexact_dtype(out.dtype):
            return
        exact = np.asarray(exact if not primitive.multiple_results else exact[0])
        wide = np.asarray(out).astype(exact.dtype)
        np.testing.assert_allclose(wide, exact, rtol=tolerance, atol=tolerance)
        out, tangent = wengert.jvp(f, xs, xs)
        assert tangent.dtype == out.dtype and tangent.shape == out.shape
        for g, x in zip(wengert.vjp(f, *xs)[1](out), xs, strict=True):
            assert dtype_of(g) == x.dtype and g.shape == x.shape
        aval = wengert.make_program(f)(*xs).out_avals[0]
        assert (aval.shape, aval.dtype) == (out.shape, out.dtype)
