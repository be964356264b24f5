"""What NumPy makes objects of, ``np.asarray(t)`` and ``np.array([t, u])``, and Python numbers: no derivative is lost on the way."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import wengert
import wengert.numpy as wnp
from wengert import grad, jit, jvp, lax, vmap
from wengert.errors import ConcretizationError, DtypeError, WengertError

# functions of a number, and their derivatives at 3
LOG3 = math.log(3.0)
FUNCTIONS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "x + asarray": (lambda x: x + np.asarray(x), 2.0),
    "asarray + x": (lambda x: np.asarray(x) + x, 2.0),
    "asarray - 0.5 x": (lambda x: np.asarray(x) - 0.5 * x, 0.5),
    "asarray * asarray": (lambda x: np.asarray(x) * np.asarray(x), 6.0),
    "1 / asarray": (lambda x: 1.0 / np.asarray(x), -1 / 9),
    "x * array": (lambda x: np.sum(x * np.array([x, 2 * x])), 18.0),
    "array * x": (lambda x: np.sum(np.array([x, 2 * x]) * x), 18.0),
    "array + array": (lambda x: np.sum(np.array([x, x]) + np.array([1.0, 2.0])), 2.0),
    "part of an array without a traced number": (lambda x: np.sum(x * np.array([x, 2.0])[1:]), 2.0),
    "ufunc": (lambda x: np.multiply(np.asarray(x), x), 6.0),
    "ufunc, second": (lambda x: np.multiply(x, np.asarray(x)), 6.0),
    "ufunc of objects": (lambda x: np.cos(np.asarray(x)), -math.sin(3.0)),
    "multiply": (lambda x: wnp.multiply(x, np.asarray(x)), 6.0),
    "multiply of objects": (lambda x: wnp.multiply(np.asarray(x), np.asarray(x)), 6.0),
    "power": (lambda x: np.asarray(x) ** 2, 6.0),
    "power, exponent": (lambda x: x ** np.asarray(x), 27 * (1 + LOG3)),
    "power, base": (lambda x: np.asarray(x) ** x, 27 * (1 + LOG3)),
    "absolute": (lambda x: abs(-np.asarray(x)), 1.0),
    "complex": (lambda x: np.abs(np.asarray(x) + 1j * x), math.sqrt(2.0)),
    "maximum": (lambda x: wnp.maximum(np.asarray(x), 2 * x), 2.0),
    "where": (lambda x: wnp.where(x > 0, np.asarray(x), 0.0), 1.0),
    "where of NumPy": (lambda x: np.where(x > 0, np.asarray(x), 0.0), 1.0),
    "comparison": (lambda x: np.sum(wnp.where(np.stack([x - 1, x + 1]) < np.array([x, x]), x, 0.0)), 1.0),
    "matmul of objects": (lambda x: np.array([x, x]) @ np.array([x, 1.0]), 7.0),
    "matmul": (lambda x: np.stack([x, x]) @ np.array([x, 1.0]), 7.0),
    "matmul, first": (lambda x: np.array([x, 1.0]) @ np.stack([x, x]), 7.0),
    "einsum": (lambda x: np.einsum("i,i", np.array([x, 1.0]), np.stack([x, x])), 7.0),
    "outer": (lambda x: np.sum(np.outer(np.array([x, x * x]), np.array([x, 1.0]))), 40.0),
    "norm": (lambda x: np.linalg.norm(np.array([x, x])), math.sqrt(2.0)),
    "cumsum": (lambda x: np.cumsum(np.array([x, x * x]))[-1], 7.0),
    "stack": (lambda x: np.sum(np.stack([np.asarray(x), x])), 2.0),
    "wnp.stack": (lambda x: np.sum(wnp.stack([np.asarray(x), x])), 2.0),
    "wnp.array": (lambda x: np.sum(wnp.array([[np.asarray(x), x]])), 2.0),
    "wnp.array of arrays of objects": (lambda x: np.sum(wnp.array([np.array([x, 1.0]), np.array([x, x])])), 3.0),
    "concatenate": (lambda x: np.sum(np.concatenate([np.array([x]), np.stack([x])])), 2.0),
    "full": (lambda x: np.sum(wnp.full(2, np.asarray(x))), 2.0),
    "item": (lambda x: np.asarray(x).item() * x, 6.0),
    "index": (lambda x: np.asarray(x)[()] * x, 6.0),
    "tolist": (lambda x: np.array([x, x]).tolist()[0] * x, 6.0),
    "at set": (lambda x: np.sum(wnp.at(np.zeros(2))[0].set(np.asarray(x))), 1.0),
    "at add": (lambda x: np.sum(wnp.at(np.stack([x, x]))[0].add(np.asarray(x))), 3.0),
    "into jit": (lambda x: jit(lambda a: a * x)(np.asarray(x)), 6.0),
    "into cond": (lambda x: lax.cond(x > 0, lambda a: a * x, lambda a: a, np.asarray(x)), 6.0),
    "into fori_loop": (lambda x: lax.fori_loop(0, 2, lambda i, c: c * x, np.asarray(x)), 27.0),
    "into scan": (lambda x: lax.scan(lambda c, a: (c * a, None), np.asarray(x), np.array([x, x]))[0], 27.0),
    "into vmap": (lambda x: np.sum(vmap(lambda a: a * x)(np.array([x, x]))), 12.0),
    "into grad": (lambda x: grad(lambda a: a * a * x)(np.asarray(x)), 12.0),
    "into jvp": (lambda x: jvp(lambda a: a * a * x, (np.asarray(x),), (1.0,))[1], 12.0),
    "as a tangent": (lambda x: jvp(lambda a: a * a, (1.0,), (np.asarray(x),))[1], 2.0),
    "returned": (lambda x: np.asarray(x), 1.0),
}
DERIVATIVES: dict[str, Callable[[Any], Callable[[float], Any]]] = {
    "grad": grad,
    "jvp": lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
    "vjp": lambda f: lambda x: wengert.vjp(f, x)[1](1.0)[0],
    "jit of grad": lambda f: jit(grad(f)),
    "grad of jit": lambda f: grad(jit(f)),
    "vmap of grad": lambda f: lambda x: vmap(grad(f))(np.array([x, x]))[1],
}


@pytest.mark.parametrize("mode", DERIVATIVES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_objects_keep_derivatives(name, mode):
    f, right = FUNCTIONS[name]
    got = DERIVATIVES[mode](f)(3.0)
    assert isinstance(got, (float, np.floating, np.ndarray)) and np.shape(got) == ()
    np.testing.assert_allclose(got, right, rtol=1e-12)


def test_elements_of_an_argument():
    np.testing.assert_array_equal(grad(lambda p: np.asarray(p[0]) - p[1])(np.array([3.0, 1.0])), [1.0, -1.0])
    np.testing.assert_array_equal(grad(lambda p: np.sum(np.array([p[0], 2.0]) * p))(np.array([3.0, 1.0])), [6.0, 2.0])


NUMBERS: dict[str, Callable[[Any], Any]] = {
    "float": lambda x: float(x) * x,
    "math.sin": lambda x: math.sin(x) * x,
    "np.float64": lambda x: np.float64(x) * x,
    "item": lambda x: x.item() * x,
    "astype of objects": lambda x: np.sum(np.array([x, x]).astype(float)) * x,
    "asarray with a dtype": lambda x: np.asarray(x, dtype=float) * x,
    "mean of objects": lambda x: np.mean(np.array([x, x * x])),
}


@pytest.mark.parametrize("mode", DERIVATIVES)
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_raises_or_keeps_the_derivative(name, mode):
    """A constant made of a differentiated value is refused, never silently without a derivative."""
    f = NUMBERS[name]
    slope = {"math.sin": math.sin(3.0) + 3.0 * math.cos(3.0), "astype of objects": 12.0, "mean of objects": 3.5}.get(
        name, 6.0
    )
    try:
        got = DERIVATIVES[mode](f)(3.0)
    except WengertError:
        return
    np.testing.assert_allclose(got, slope, rtol=1e-6)


def test_a_number_made_under_jit_is_refused_by_a_later_derivative():
    f = jit(lambda x: float(x) * x)
    assert f(3.0) == 9.0
    for derivative in (grad(f), lambda x: jvp(f, (x,), (1.0,))):
        with pytest.raises(ConcretizationError, match=r"float\(\) would make a constant"):
            derivative(3.0)
    chosen = jit(lambda x: x * x if x > 0 else -x)
    assert grad(chosen)(3.0) == 6.0


def test_objects_that_are_no_numbers():
    with pytest.raises(DtypeError, match="array of objects"):
        wnp.sin(np.array(["a", None], dtype=object))
    np.testing.assert_array_equal(wnp.sin(np.array([0, 0.0], dtype=object)), [0.0, 0.0])
