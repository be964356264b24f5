"""scipy.integrate.quad up to traced ends at which the integrand is singular: against closed forms and substitutions."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

import wengert as w
from wengert import grad, jit, vmap
from wengert.errors import NotSupportedError

CASES = {
    "1/sqrt(b - x)": (
        lambda b: quad(lambda x: 1 / np.sqrt(b - x), 0.0, b)[0],
        lambda b: b**-0.5,
        lambda b: -0.5 * b**-1.5,
    ),
    "log(b - x)": (lambda b: quad(lambda x: np.log(b - x), 0.0, b)[0], np.log, lambda b: 1 / b),
    "sqrt(b - x)": (lambda b: quad(lambda x: np.sqrt(b - x), 0.0, b)[0], np.sqrt, lambda b: 0.5 * b**-0.5),
    "(x - a)**(-1/3)": (
        lambda a: quad(lambda x: (x - a) ** (-1 / 3), a, 5.0)[0],
        lambda a: -((5 - a) ** (-1 / 3)),
        lambda a: -1 / 3 * (5 - a) ** (-4 / 3),
    ),
    "quarter of a circle": (
        lambda b: quad(lambda x: 1 / np.sqrt(b * b - x * x), 0.0, b)[0],
        lambda b: 0.0,
        lambda b: 0.0,
    ),
    "both ends": (lambda b: quad(lambda x: 1 / np.sqrt(x * (b - x)), 0.0, b)[0], lambda b: 0.0, lambda b: 0.0),
    "to infinity": (
        lambda a: quad(lambda x: np.exp(-x) / np.sqrt(x - a), a, np.inf)[0],
        lambda a: -np.exp(-a) * np.sqrt(np.pi),
        lambda a: np.exp(-a) * np.sqrt(np.pi),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name):
    f, slope, curvature = CASES[name]
    for b in (0.7, 3.3):
        near = {"rtol": 1e-7, "atol": 1e-7}
        np.testing.assert_allclose(grad(f)(b), slope(b), **near)
        np.testing.assert_allclose(grad(grad(f))(b), curvature(b), **near)
        np.testing.assert_allclose(jit(grad(f))(b), slope(b), **near)
    np.testing.assert_allclose(vmap(grad(f))(np.array([0.7, 3.3])), [slope(0.7), slope(3.3)], **near)


def test_what_is_too_strong_is_no_number():
    strong = lambda b: quad(lambda x: (b - x) ** -0.9, 0.0, b)[0]  # noqa: E731
    with pytest.raises(NotSupportedError, match="by the distance"):
        grad(strong)(2.0)
    assert np.isnan(jit(strong)(2.0)) and np.isnan(jit(grad(strong))(2.0))
    assert np.isnan(vmap(grad(strong))(np.array([1.0, 2.0]))).all()
    by_distance = lambda b: quad(lambda d: d**-0.7, 0.0, b)[0]  # noqa: E731
    np.testing.assert_allclose(grad(by_distance)(2.0), 2.0**-0.7, rtol=1e-9)
    np.testing.assert_allclose(jit(grad(by_distance))(2.0), 2.0**-0.7, rtol=1e-9)


def test_a_rule_that_does_not_do_has_no_derivative_either():
    wild = lambda k: quad(lambda x: np.sin(k / (x + 1e-4)), 0.0, 1.0)[0]  # noqa: E731
    assert np.isnan(jit(wild)(3.0)) and np.isnan(jit(grad(wild))(3.0))


def test_steps_under_jit():
    def last(k):
        return solve_ivp(lambda t, y: -k * y, (0.0, 1.0), [1.0]).y[0, -1]

    np.testing.assert_allclose(grad(last)(0.5), -np.exp(-0.5), rtol=1e-3)
    for f in (jit(last), jit(grad(last)), lambda k: vmap(last)(np.array([k, k]))):
        with pytest.raises(NotSupportedError, match=r"(?s)t_eval=\[t_span\[1\]\].*at .*test_quad_ends"):
            f(0.5)
    at_the_end = lambda k: solve_ivp(lambda t, y: -k * y, (0.0, 1.0), [1.0], t_eval=[1.0]).y[0, -1]  # noqa: E731
    np.testing.assert_allclose(jit(at_the_end)(0.5), np.exp(-0.5), rtol=1e-3)
    np.testing.assert_allclose(w.jit(grad(at_the_end))(0.5), -np.exp(-0.5), rtol=1e-3)
