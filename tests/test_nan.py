"""NaN in gives NaN out: values and first derivatives of every elementwise operation and of the functions of `nn`.

The exceptions are listed in docs/edges.md, and here with what they give instead.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import nn
from wengert.core import Primitive
from wengert.errors import NotDifferentiableError
from wengert.ops import support
from wengert.ops.families import Elementwise
from wengert.testing import differentiable, primitives

PAGE = Path(__file__).resolve().parents[1] / "docs" / "edges.md"
# Linear in an argument: the derivative does not depend on it.
LINEAR = {
    "add",
    "subtract",
    "negative",
    "positive",
    "multiply",
    "divide",
    "offset",
    "ldexp",
    "xlogy",
    "xlog1py",
    "ratio",
}
# Lines with jumps: slopes are those of a line.
LINES = {
    "remainder",
    "fmod",
    "relu",
    "relu6",
    "hard_sigmoid",
    "leaky_relu",
    "hard_tanh",
    "identity",
    "copysign",
    "sign",
    "slope",
    "slope_toward",
}
# NumPy's meaning of NaN: another argument's number counts, or the argument is only looked at.
NUMPYS = {"fmax", "fmin", "heaviside", "copysign", "where", "nextafter", "slope_toward"}
TRUTHS = "?biu"


def _elementwise() -> list[Elementwise]:
    return [p for p in primitives() if isinstance(p, Elementwise) and p.samples is not None and "all" not in p.reasons]


def _calls(p: Elementwise) -> list[tuple[int, list[Any]]]:
    """Sample calls, each with NaN for one floating argument."""
    args, params = next((s for s in p.samples() if all(np.size(a) for a in s[0])), p.samples()[0])
    if params:
        return []
    arrays = [np.asarray(a) for a in args]
    return [
        (k, [np.full_like(a, np.nan) if j == k else a for j, a in enumerate(arrays)])
        for k, a in enumerate(arrays)
        if a.dtype == np.float64
    ]


def _derivatives(f: Any, x: Any) -> dict[str, Any]:
    reverse = w.grad(lambda x: wnp.sum(f(x)))
    return {"reverse": reverse(x), "compiled": w.jit(reverse)(x), "forward": w.jvp(f, (x,), (np.ones_like(x),))[1]}


@pytest.mark.parametrize("name", sorted(p.name for p in _elementwise()))
def test_operations(name: str) -> None:
    p = Primitive.registry[name]
    assert isinstance(p, Elementwise)
    for k, args in _calls(p):
        with np.errstate(all="ignore"):
            value = p.bind(*args)
            if value.dtype.kind in TRUTHS or name in NUMPYS:
                continue
            assert np.isnan(value).all(), f"{name} of NaN in argument {k}: {value}"
            if not differentiable(p) or name in LINEAR | LINES or value.dtype.kind == "c":
                continue
            others = range(len(args)) if name not in ("power",) else [k]
            for j in others:
                if args[j].dtype != np.float64:
                    continue
                f = lambda x, j=j: p.bind(*[x if i == j else a for i, a in enumerate(args)])  # noqa: E731
                try:
                    found = _derivatives(f, args[j])
                except NotDifferentiableError:
                    continue
                for way, got in found.items():
                    assert np.isnan(got).all(), f"{name}, NaN in argument {k}: derivative in {j}, {way}: {got}"


FUNCTIONS = [n for n in nn.__all__ if n not in ("one_hot", "dot_product_attention")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_networks(name: str) -> None:
    f, x = getattr(nn, name), np.full(4, np.nan)
    if name.endswith("_pool"):  # a sum or a choice of elements, whose derivatives are numbers
        assert np.isnan(f(np.full((1, 4, 4, 1), np.nan), (2, 2))).all()
        return
    with np.errstate(all="ignore"):
        assert np.isnan(f(x)).all()
        for way, got in _derivatives(f, x).items():
            if name in LINES:
                assert np.isfinite(got).all()
            else:
                assert np.isnan(got).all(), f"{way}: {got}"


def test_one_nan_stays_where_it_is() -> None:
    x = np.array([0.5, np.nan, 2.0])
    for f in (nn.softplus, nn.gelu, wnp.tanh, lambda x: wnp.clip(x, 0, 1), lambda x: wnp.logaddexp(x, 0)):
        with np.errstate(invalid="ignore"):
            assert np.isnan(w.grad(lambda x: wnp.sum(f(x)))(x)).tolist() == [False, True, False]


def test_the_exceptions_are_in_the_list() -> None:
    text = PAGE.read_text()
    section = text[text.index("## NaN") :]
    listed = set(re.findall(r"`(\w+)`", section))
    hidden = {
        "offset",
        "ratio",
        "ldexp",
        "slope",
        "slope_toward",
    }  # operations of the library's own, and one of whole numbers
    assert (LINEAR | LINES | NUMPYS) - hidden <= listed


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_looking_for_infinities_warns_of_nothing(dtype):
    for value, expected in ((np.inf, False), (np.nan, False), (-1.0, True), (np.finfo(dtype).max, True)):
        assert support.finite(np.array([1.0, value], dtype)) is expected
