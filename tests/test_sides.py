"""Second derivatives of functions of ``|x|`` at its kink: those of the same function of x, or the mean of both sides.

The functions meet ``|x|`` in every way in which it can be handed on: through Programs, structure, products, custom rules.
"""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import grad, hessian, jacfwd, jacrev, jit, lax, vmap


def _written(x):
    y = np.zeros(2)
    y[0] = np.abs(x)
    return np.sum(y * y)


@w.custom_jvp
def _square(a):
    return a * a


@_square.defjvp
def _(primals, tangents):
    return _square(primals[0]), 2 * primals[0] * tangents[0]


@w.custom_vjp
def _squared(a):
    return a * a


_squared.defvjp(lambda a: (a * a, a), lambda a, g: (2 * a * g,))


def _distances(x):
    y = np.stack([x, 2 * x, -x])
    return np.sum(np.abs(y[:, None] - y[None]) * np.abs(y[None] - y[:, None]))


ONES = np.ones(2)
CASES = {  # of x at 0, and the second derivative
    "cos": (lambda x: np.cos(np.abs(x)), -1),
    "exp": (lambda x: np.exp(np.abs(x)), 1),  # on both sides
    "sinc": (lambda x: np.sinc(np.abs(x)), -(np.pi**2) / 3),
    "cube": (lambda x: np.abs(x) ** 3, 0),
    "modulus": (lambda x: np.abs(x), 0),
    "odd": (lambda x: x * np.abs(x), 0),  # -2 and 2
    "fabs": (lambda x: np.cos(np.fabs(x)), -1),
    "twice": (lambda x: np.cos(np.abs(np.abs(x))), -1),
    "opposite": (lambda x: np.abs(x) * np.abs(-x), 2),
    "distances": (_distances, 56),
    "sum of several": (lambda x: np.sum(np.abs(np.array([1.0, -2.0]) * x)) ** 2, 18),
    "one-norm": (lambda x: np.linalg.norm(x * ONES, 1) ** 2, 8),
    "array of exponents": (lambda x: np.sum(np.power(np.abs(x) * ONES, np.array([2.0, 4.0]))), 2),
    "convolve": (lambda x: np.convolve(np.abs(x) * ONES, np.abs(x) * ONES)[1], 4),
    "outer": (lambda x: np.outer(np.abs(x) * ONES, np.abs(x) * ONES)[0, 1], 2),
    "matrix product": (lambda x: ((np.abs(x) * np.eye(2)) @ (np.abs(x) * np.eye(2)))[0, 0], 2),
    "determinant": (lambda x: np.linalg.det(np.abs(x) * np.eye(2)), 2),
    "solve": (lambda x: np.linalg.solve(np.eye(2) * (1 + np.abs(x)), ONES)[0], 2),
    "product of all": (lambda x: np.prod(np.abs(x) * ONES), 2),
    "copy": (lambda x: np.abs(x).copy() * np.abs(x), 2),
    "written": (_written, 2),
    "at set": (lambda x: wnp.sum(wnp.at(np.zeros(2))[0].set(np.abs(x)) ** 2), 2),
    "jit": (lambda x: jit(lambda a: a * a)(np.abs(x)), 2),
    "inside jit": (lambda x: jit(np.abs)(x) ** 2, 2),
    "jit that closes over x": (lambda x: jit(lambda: np.cos(np.abs(x)))(), -1),
    "checkpoint": (lambda x: w.checkpoint(lambda a: np.cos(a))(np.abs(x)), -1),
    "inside checkpoint": (lambda x: w.checkpoint(lambda x: np.cos(np.abs(x)))(x), -1),
    "fori_loop": (lambda x: lax.fori_loop(0, 2, lambda i, c: c * np.abs(x), 1.0), 2),
    "fori_loop of the modulus": (lambda x: (lambda a: lax.fori_loop(0, 2, lambda i, c: c * a, 1.0 + 0 * a))(np.abs(x)), 2),
    "scan": (lambda x: lax.scan(lambda c, i: (c + i * np.abs(x) ** 2, None), 0.0, np.arange(3.0))[0], 6),
    "carried": (lambda x: lax.scan(lambda c, i: (np.abs(c), None), x, np.arange(3.0))[0] ** 2, 2),
    "while_loop": (
        lambda x: lax.while_loop(lambda s: s[0] < 2, lambda s: (s[0] + 1, s[1] * np.abs(s[2]), s[2]), (0, 1.0, x))[1],
        2,
    ),
    "cond": (lambda x: lax.cond(x < 1, lambda a: a * a, lambda a: a, np.abs(x)), 2),
    "inside cond": (lambda x: lax.cond(x < 1, np.abs, lambda a: a, x) ** 2, 2),
    "switch": (lambda x: lax.switch(1, [lambda a: a, np.cos], np.abs(x)), -1),
    "map": (lambda x: np.sum(lax.map(lambda y: np.abs(y) * np.abs(-y), x * np.arange(3.0))), 10),
    "associative_scan": (lambda x: lax.associative_scan(lambda a, b: a * b, np.abs(x) * np.ones(3))[1], 2),
    "vmap": (lambda x: np.sum(vmap(lambda y: np.cos(np.abs(y)))(x * ONES)), -2),
    "custom_jvp": (lambda x: _square(np.abs(x)), 2),
    "custom_vjp": (lambda x: _squared(np.abs(x)), 2),
    "inner derivative": (lambda x: grad(lambda y: np.cos(np.abs(y)))(x) * x, -2),
    "piecewise": (lambda x: np.where(np.abs(x) < 1, 0.5 * np.abs(x) ** 2, np.abs(x) - 0.5), 1),
    "of a square": (lambda x: np.abs(x * x), 2),  # on both sides of 0 the argument of the modulus grows
    "of a product of moduli": (lambda x: np.abs(np.abs(x) * -x), 2),
    "of 1 - cos": (lambda x: np.exp(np.abs(1 - np.cos(x))), 1),
    "of a sum of squares": (lambda x: np.abs(np.sum((x * np.ones(3)) ** 2)), 6),
    "of a square in scan": (lambda x: lax.scan(lambda c, i: (c + np.abs(i * x * x), None), 0.0, np.arange(3.0))[0], 6),
    "of a square in cond": (lambda x: lax.cond(x < 1, lambda x: np.abs(x * x), lambda x: x, x), 2),
    "of a square in while_loop": (
        lambda x: lax.while_loop(lambda s: s[0] < 2, lambda s: (s[0] + 1, np.abs(s[1] * s[1])), (1, x))[1],
        2,
    ),
    "jit of a square": (lambda x: jit(np.abs)(x * x), 2),
    "of a fourth power": (lambda x: np.abs(x**4), 0),
}  # fmt: skip
ORDERS = {
    "forward of reverse": hessian,
    "forward of forward": lambda f: jacfwd(jacfwd(f)),
    "reverse of reverse": lambda f: grad(grad(f)),
    "rows of columns": lambda f: jacrev(jacfwd(f)),
    "compiled": lambda f: jit(hessian(f)),
    "of a compiled gradient": lambda f: grad(jit(grad(f))),
    "of a compiled function": lambda f: hessian(jit(f)),
    "compiled batch": lambda f: lambda x: jit(vmap(hessian(f)))(np.stack([x, x]))[1],
}


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_at_the_kink(name):
    f, second = CASES[name]
    for order, derivative in ORDERS.items():
        np.testing.assert_allclose(derivative(f)(np.float64(0.0)), second, atol=1e-13, err_msg=order)
    for first in (grad, jacfwd, lambda f: jit(grad(f))):
        assert float(first(f)(0.0)) == 0


def test_values_and_first_derivatives_stay_in_the_middle():
    (value, slope), (along, second) = w.jvp(w.value_and_grad(lambda x: np.exp(np.abs(x))), (0.0,), (1.0,))
    assert (float(value), float(slope), float(along), float(second)) == (1, 0, 0, 1)
    mixed = grad(lambda z: grad(lambda x: np.exp(z) * np.abs(x))(0.0))
    assert float(mixed(1.0)) == 0
    both = hessian(lambda p: np.exp(p[0]) * np.abs(p[1]))(np.zeros(2))
    np.testing.assert_array_equal(both, np.zeros((2, 2)))


def test_values_that_are_second_derivatives():
    """The value beside a third derivative is the second one, and not that of the middle."""
    second = hessian(lambda x: np.cos(np.abs(x)))
    found = {
        "jvp": lambda x: w.jvp(second, (x,), (1.0,))[0],
        "vjp": lambda x: w.vjp(second, x)[0],
        "linearize": lambda x: w.linearize(second, x)[0],
        "value_and_grad": lambda x: w.value_and_grad(lambda x: second(x) + 0.0)(x)[0],
        "has_aux": lambda x: grad(lambda x: (x, second(x)), has_aux=True)(x)[1],
        "jet": lambda x: w.jet(second, (x,), ((1.0,),))[0],
    }
    for way, f in found.items():
        for around in (f, jit(f)):
            np.testing.assert_allclose(around(0.0), -1, atol=1e-15, err_msg=way)
            np.testing.assert_allclose(around(0.5), -np.cos(0.5), rtol=1e-14, err_msg=way)


def test_a_direction_that_is_decided_late():
    fourth = grad(grad(grad(grad(lambda x: np.abs(x**4)))))
    assert fourth(0.0) == 24
    each = lambda x: np.abs(x**4)  # noqa: E731
    for _ in range(4):  # each is compiled without knowing that it is differentiated again
        each = jit(grad(each))
    assert each(0.0) == 24
    hessian_of = hessian(lambda v: np.abs(v[0] * v[1] + (v[0] - v[1]) ** 2))
    np.testing.assert_allclose(hessian_of(np.zeros(2)), [[2, -1], [-1, 2]])  # positive on every side
    np.testing.assert_allclose(jit(hessian_of)(np.zeros(2)), [[2, -1], [-1, 2]])


def test_a_long_function_before_a_kink():
    def f(x):
        y = x * x
        for _ in range(1200):
            y = y * 1.0
        return np.abs(y)

    assert grad(grad(f))(0.0) == 2


def test_higher_derivatives():
    f = lambda x: np.cos(np.abs(x))  # noqa: E731
    third, fourth = grad(grad(grad(f))), grad(grad(grad(grad(f))))
    for around in (lambda g: g, jit):
        np.testing.assert_allclose(around(third)(0.0), 0, atol=1e-15)
        np.testing.assert_allclose(around(fourth)(0.0), 1, rtol=1e-14)
        np.testing.assert_allclose(around(fourth)(0.3), np.cos(0.3), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_some_of_whose_elements_are_at_the_kink(dtype):
    x = np.array([0.0, 1.5, -2.0, 0.0], dtype)
    f = lambda x: np.sum(np.cos(np.abs(x)) * np.arange(1, 5, dtype=dtype))  # noqa: E731
    exact = np.diag(-np.cos(x) * np.arange(1, 5))
    for order, derivative in ORDERS.items():
        if order in ("reverse of reverse", "of a compiled gradient"):
            continue
        out = derivative(f)(x)
        assert out.dtype == dtype
        np.testing.assert_allclose(out, exact, rtol=1e-6, atol=1e-7, err_msg=order)
    tree = hessian(lambda p: np.sum(np.cos(np.abs(p["a"] - p["b"]))))({"a": x, "b": x})
    np.testing.assert_allclose(tree["a"]["b"], np.eye(4), atol=1e-7)
    np.testing.assert_allclose(tree["b"]["b"], -np.eye(4), atol=1e-7)


def test_pullbacks_and_pushforwards_that_are_kept():
    f = lambda x: np.sum(np.cos(np.abs(x)))  # noqa: E731
    x, v = np.array([0.0, 2.0]), np.array([3.0, 1.0])
    exact = -np.cos(x) * v
    gradient, push = w.linearize(grad(f), x)
    np.testing.assert_allclose(push(v), exact, rtol=1e-15)
    np.testing.assert_allclose(jit(push)(v), exact, rtol=1e-15)
    np.testing.assert_allclose(gradient, [0.0, -np.sin(2.0)])
    _, pull = w.vjp(grad(f), x)
    np.testing.assert_allclose(pull(v)[0], exact, rtol=1e-15)
    np.testing.assert_allclose(jacfwd(lambda v: pull(v)[0])(v), np.diag(-np.cos(x)), rtol=1e-15)
    np.testing.assert_allclose(w.hvp(f, (x,), (v,)), exact, rtol=1e-15)


def test_what_a_function_does_beside_is_done_once():
    seen = []

    def f(x):
        w.debug.callback(lambda v: seen.append(float(v)), x)
        return np.cos(np.abs(x))

    np.testing.assert_allclose(grad(grad(f))(0.0), -1)
    assert seen == [0.0]


def test_smooth_points_take_one_run():
    runs = []

    def f(x):
        runs.append(1)
        return np.sum(np.cos(np.abs(x)))

    w.hvp(f, (np.array([1.0, -2.0]),), (np.ones(2),))
    assert len(runs) == 1
    w.hvp(f, (np.array([1.0, 0.0]),), (np.ones(2),))
    assert len(runs) == 4
