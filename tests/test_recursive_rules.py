"""Rules that call the function that they are of inside branches and loops, and close over traced values; and what a second
run of a function does not do twice."""

import numpy as np
import pytest

import wengert.numpy as wnp
from wengert import checkpoint, custom_jvp, custom_vjp, debug, grad, jit, jvp, lax, stop_gradient, vmap

A, X = 1.2, 0.3


def _in_a_branch(a):
    f = custom_jvp(lambda x: wnp.exp(a * x))
    slope = lambda x: lax.cond(x > 0, lambda x: a * f(x), lambda x: a * wnp.exp(a * x), x)  # noqa: E731
    f.defjvp(lambda p, t: (f(p[0]), slope(p[0]) * t[0]))
    return f


def _pulled_in_a_branch(a):
    f = custom_vjp(lambda x: wnp.exp(a * x))
    slope = lambda x: lax.cond(x > 0, lambda x: a * f(x), lambda x: a * wnp.exp(a * x), x)  # noqa: E731
    f.defvjp(lambda x: (f(x), x), lambda x, c: (c * slope(x),))
    return f


def _in_a_scan(a):
    f = custom_jvp(lambda x: wnp.exp(a * x))
    slope = lambda x: lax.scan(lambda c, _: (a * f(x), None), 0.0, None, length=2)[0]  # noqa: E731
    f.defjvp(lambda p, t: (f(p[0]), slope(p[0]) * t[0]))
    return f


def _in_a_while_loop(a):
    f = custom_jvp(lambda x: wnp.exp(a * x))
    slope = lambda x: lax.while_loop(lambda s: s[0] < 1, lambda s: (s[0] + 1, a * f(x)), (0, 0.0))[1]  # noqa: E731
    f.defjvp(lambda p, t: (f(p[0]), slope(p[0]) * t[0]))
    return f


RULES = {f.__name__: f for f in (_in_a_branch, _pulled_in_a_branch, _in_a_scan, _in_a_while_loop)}
WITHIN = {
    "itself": lambda f: f,
    "jit": jit,
    "checkpoint": checkpoint,
    "branch": lambda f: lambda x: lax.cond(x > 0, f, lambda x: x, x),
    "scan": lambda f: lambda x: lax.scan(lambda c, _: (c + f(x), None), 0.0, None, length=1)[0],
}


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_calls_its_own_function_in_a_branch_or_a_loop(rule, within):
    apart = WITHIN[within](RULES[rule](A))

    def closed(x):
        return WITHIN[within](RULES[rule](A + 0 * stop_gradient(x)))(x)

    for f in (apart, closed):
        assert float(grad(f)(X)) == pytest.approx(A * np.exp(A * X), rel=1e-14)
        assert float(jvp(f, (X,), (1.0,))[1]) == pytest.approx(A * np.exp(A * X), rel=1e-14)
        assert float(jit(grad(f))(X)) == pytest.approx(A * np.exp(A * X), rel=1e-14)
        assert float(grad(grad(f))(X)) == pytest.approx(A * A * np.exp(A * X), rel=1e-14)
    np.testing.assert_allclose(vmap(grad(apart))(np.array([X, 0.1])), A * np.exp(A * np.array([X, 0.1])), rtol=1e-14)


def test_callbacks_are_called_once_where_zeros_of_a_seed_make_a_function_run_again():
    seen = []

    def f(x):
        debug.callback(lambda v: seen.append(v), x)
        return wnp.sum(wnp.sqrt(x))

    at, along = np.array([0.0, 1.0]), np.array([0.0, 1.0])
    with np.errstate(divide="ignore"):
        assert float(jvp(f, (at,), (along,))[1]) == 0.5
    assert len(seen) == 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_python_integers_of_any_size_beside_floating_point(dtype):
    x, big = np.array([1.5, -2.0], dtype), 2**70
    for f in (lambda x: x + big, lambda x: big * x, lambda x: wnp.where(abs(x) > 1.7, x, big), lambda x: x / -big):
        plain, compiled = f(x), jit(f)(x)
        np.testing.assert_array_equal(compiled, plain)
        assert compiled.dtype == plain.dtype == dtype
    with pytest.raises(OverflowError):
        jit(lambda x: x + big)(np.array([1, 2]))
