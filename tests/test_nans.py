"""config.debug_nans and config.debug_infs name the line at which a number stopped being finite."""

import re
import threading

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.errors import NonFiniteError

X = np.array([4.0, 0.0, 1.0])


def line_of(function, text):
    """Where in this file the line of `function` that holds `text` stands, as errors show it."""
    import inspect

    lines, start = inspect.getsourcelines(function)
    (number,) = [start + i for i, line in enumerate(lines) if text in line]
    return f"test_nans.py:{number}:"


def distance(x):
    y = x * 2.0
    r = wnp.sqrt(y)  # the pole
    return wnp.sum(r * x)


def logarithm(x):
    shifted = x - 1.0
    logged = wnp.log(shifted)  # of -1
    return wnp.sum(wnp.where(x > 3, logged, logged + 1))


def quotient(x):
    return wnp.sum(x / x)  # 0 / 0


def inner_jit(x):
    return w.jit(distance)(x) + 1.0


def finite(x):
    return wnp.sum(wnp.where(x > 0, wnp.sqrt(x), 0.0))  # NaN on the side that is not chosen


CALLS = {
    "grad": (lambda: w.grad(distance)(X), distance, "the pole", True),
    "value_and_grad": (lambda: w.value_and_grad(distance)(X), distance, "the pole", True),
    "jacfwd": (lambda: w.jacfwd(distance)(X), distance, "the pole", True),
    "jacrev": (lambda: w.jacrev(distance)(X), distance, "the pole", True),
    "hessian": (lambda: w.hessian(distance)(X), distance, "the pole", True),
    "jvp": (lambda: w.jvp(distance, (X,), (X * 0 + 1,)), distance, "the pole", True),
    "vjp": (lambda: w.vjp(distance, X)[1](1.0), distance, "the pole", True),
    "linearize": (lambda: w.linearize(distance, X)[1](X * 0 + 1), distance, "the pole", True),
    "vmap": (lambda: w.vmap(w.grad(distance))(np.stack([X, X])), distance, "the pole", True),
    "jit of grad": (lambda: w.jit(w.grad(distance))(X), distance, "the pole", True),
    "grad of jit": (lambda: w.grad(w.jit(distance))(X), distance, "the pole", True),
    "grad of inner jit": (lambda: w.grad(inner_jit)(X), distance, "the pole", True),
    "checkpoint": (lambda: w.grad(w.checkpoint(distance))(X), distance, "the pole", True),
    "value": (lambda: w.value_and_grad(logarithm)(X), logarithm, "of -1", False),
    "compiled value": (lambda: w.jit(logarithm)(X), logarithm, "of -1", False),
    "quotient": (lambda: w.jit(quotient)(X), quotient, "0 / 0", False),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_line_is_named(name):
    call, function, text, derivative = CALLS[name]
    with np.errstate(all="ignore"):
        call()  # no error while the setting is off
        with w.config.override(debug_nans=True):
            with pytest.raises(NonFiniteError) as caught:
                call()
            w.grad(finite)(X)
        call()
    assert line_of(function, text) in str(caught.value)
    assert ("in the derivative of" in str(caught.value)) == derivative
    assert "NaN comes of" in str(caught.value)


def test_the_infinity_behind_a_nan():
    with w.config.override(debug_nans=True), np.errstate(all="ignore"), pytest.raises(NonFiniteError) as caught:
        w.grad(distance)(X)
    first, second = str(caught.value).split("which was given one where")
    assert re.search("NaN comes of 'multiply'", first) and "infinity comes of 'divide'" in second


def test_infinities_have_a_setting_of_their_own():
    root = lambda x: wnp.sqrt(x)  # noqa: E731
    with np.errstate(all="ignore"):
        with w.config.override(debug_nans=True):
            assert w.grad(root)(0.0) == np.inf
        with w.config.override(debug_infs=True), pytest.raises(NonFiniteError, match="infinity comes of 'divide'"):
            w.jit(w.grad(root))(0.0)


def test_arguments_that_are_not_finite():
    with w.config.override(debug_nans=True), pytest.raises(NonFiniteError, match="argument holds NaN"):
        w.grad(distance)(X * np.nan)


def test_results_are_the_same():
    f = lambda x: wnp.sum(wnp.sin(x) ** 2)  # noqa: E731
    compiled = w.jit(w.grad(f))
    expected = compiled(X)
    with w.config.override(debug_nans=True):
        np.testing.assert_array_equal(compiled(X), expected)
        np.testing.assert_allclose(w.vjp(f, X)[1](1.0)[0], expected)
        assert w.vmap(f)(np.stack([X, X])).shape == (2,)
        with w.config.override(enable_x64=False):
            assert wnp.sin(1.0).dtype == np.float32 and w.config.enable_x64 is False
        assert w.config.enable_x64 is True and wnp.sin(1.0).dtype == np.float64
    assert compiled(X).dtype == np.float64


def test_functions_with_rules_and_loops():
    @w.custom_jvp
    def root(x):
        return wnp.sqrt(x)

    @root.defjvp
    def rule(primals, tangents):
        (x,), (t,) = primals, tangents
        return root(x), t / (2 * wnp.sqrt(x)) * x  # inf * 0

    with np.errstate(all="ignore"), w.config.override(debug_nans=True):
        with pytest.raises(NonFiniteError) as caught:
            w.grad(root)(0.0)
        assert "inf * 0" in str(caught.value)
        with pytest.raises(NonFiniteError) as caught:
            w.jit(lambda x: w.lax.scan(lambda c, _: (wnp.log(c), c), x, None, length=4)[0])(2.0)
        assert "w.lax.scan" in str(caught.value)


def test_threads_do_not_see_each_other():
    errors, quiet = [], []

    def run(debug):
        with np.errstate(all="ignore"), w.config.override(debug_nans=debug):
            for _ in range(20):
                try:
                    quiet.append(w.grad(distance)(X))
                except NonFiniteError as error:
                    errors.append(str(error))

    threads = [threading.Thread(target=run, args=(k < 4,)) for k in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(errors) == 80 and len(set(errors)) == 1 and len(quiet) == 40


def test_a_program_that_writes_is_looked_into():
    def f(x):
        y = np.zeros_like(x)
        for i in range(len(x)):
            y[i] = np.log(x[i])  # here
        return y

    for call in (f, w.jit(f)):
        raises = pytest.raises(NonFiniteError, match=r"'log'.*y\[i\] = np\.log")
        with np.errstate(all="ignore"), w.config.override(debug_infs=True), raises:
            w.jvp(call, (np.array([1.0, 0.0]),), (np.ones(2),))


def test_looking_may_begin_inside_of_a_call():
    """Of a traced function, or by another thread: what is called with traced values is part of a call under way."""

    def f(x):
        with w.config.override(debug_nans=True):
            return w.jit(wnp.sin)(x) + w.grad(wnp.sin)(x) + w.vmap(wnp.sin)(wnp.stack([x]))[0]

    right = 2 * np.sin(0.5) + np.cos(0.5)
    for run in (f, w.jit(f), lambda x: w.value_and_grad(f)(x)[0], lambda x: w.vmap(f)(np.stack([x]))[0]):
        np.testing.assert_allclose(run(np.float64(0.5)), right)
    np.testing.assert_allclose(w.grad(f)(0.5), 2 * np.cos(0.5) - np.sin(0.5))


def test_the_value_is_looked_at_where_the_gradient_alone_is_asked_for():
    """The slope of ``log(x)`` is finite below 0, where the value is NaN."""
    f = lambda x: np.sum(np.log(x - 1.0))  # noqa: E731
    x = np.array([0.5, 2.0])
    quiet = np.errstate(invalid="ignore")
    with pytest.raises(NonFiniteError, match="'log'"), quiet, w.config.override(debug_nans=True):
        w.grad(f)(x)
    with w.config.override(debug_nans=True):
        assert w.grad(f)(x + 1.0).tolist() == [2.0, 0.5]
