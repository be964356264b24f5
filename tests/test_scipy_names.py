"""SciPy by its own names: derivatives against differences and closed forms, batched, compiled; and who is not concerned."""

import inspect
import pickle
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.integrate
import scipy.interpolate
import scipy.optimize
import scipy.signal
import scipy.sparse
import scipy.spatial
import scipy.special
import scipy.stats
from scipy_name_cases import CASES, CLOSED

import wengert
from wengert import grad, jit, vmap


def differences(f, a, h):
    """The central difference of fourth order."""
    return (8 * (f(a + h) - f(a - h)) - (f(a + 2 * h) - f(a - 2 * h))) / (12 * h)


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name):
    f, a, trust = CASES[name]
    value, first = wengert.value_and_grad(f)(a)
    second = grad(grad(f))(a)
    np.testing.assert_allclose(value, f(a), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(wengert.jvp(f, (a,), (1.0,))[1], first, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(wengert.jacfwd(grad(f))(a), second, rtol=1e-8, atol=1e-10)
    if trust is not None:
        h = max(1e-3, 20 * trust**0.75) * a
        scale = 1 + abs(first) + abs(second)
        np.testing.assert_allclose(first, differences(f, a, h), rtol=trust, atol=trust * scale)
        np.testing.assert_allclose(second, differences(grad(f), a, h), rtol=10 * trust, atol=trust * scale)
    if name in CLOSED:
        np.testing.assert_allclose((first, second), CLOSED[name], rtol=1e-7, atol=1e-8)


# What has no form for values that are not known while it runs; the error says so.
EAGER = {
    "optimize.brentq full_output": "full output",
    "integrate.solve_ivp start": "t_eval",
    "integrate.solve_ivp end": "t_eval",
    "integrate.solve_ivp event": "t_eval",
    "integrate.solve_ivp dense_output": "t_eval",
}


SLOW = {"integrate.quad branches"}  # a Python function with branches, written into a Program at a thousand points


@pytest.mark.parametrize("name", [n for n in CASES if n not in EAGER and n not in SLOW])
def test_batched_and_compiled(name):
    f, a, trust = CASES[name]
    near = a * (1 + 1e-3)
    one = np.array([grad(f)(a), grad(f)(near)])
    tolerance = {"rtol": 10 * (trust or 1e-5), "atol": 1e-6}
    np.testing.assert_allclose(vmap(grad(f))(np.array([a, near])), one, **tolerance)
    compiled = jit(grad(f))
    np.testing.assert_allclose([compiled(a), compiled(near)], one, **tolerance)
    np.testing.assert_allclose(grad(jit(f))(a), one[0], **tolerance)


@pytest.mark.parametrize("name", EAGER)
def test_what_is_known_while_it_runs_alone(name):
    f, a, _ = CASES[name]
    for transformed in (jit(grad(f)), lambda a: vmap(grad(f))(np.array([a]))):
        with pytest.raises(wengert.errors.NotSupportedError, match=EAGER[name]):
            transformed(a)


def test_the_value_is_scipys_own():
    """Under derivatives alone SciPy's solver runs on the very numbers that it would be given without them."""
    f = lambda a: scipy.optimize.brentq(lambda x: np.cos(x) - a * x, 0, 3)
    assert wengert.value_and_grad(f)(1.3)[0] == f(1.3)


def test_results_are_scipys_objects():
    def f(a):
        found = scipy.optimize.minimize(lambda x: (x[0] - a) ** 2, [0.0])
        assert isinstance(found, scipy.optimize.OptimizeResult) and found.success and "message" in found
        x, more = scipy.optimize.brentq(lambda x: x - a, 0, 5, full_output=True)
        assert more.converged
        return found.x[0] * x

    assert round(float(grad(f)(2.0)), 6) == 4.0


def test_everything_closed_over():
    """In partials, methods, defaults, objects, and functions that functions call."""
    import functools

    class Model:
        def __init__(self, a):
            self.a = a

        def residual(self, x):
            return x**2 - self.a

        __call__ = residual

    roots = [
        lambda a: scipy.optimize.brentq(Model(a).residual, 0, 5),
        lambda a: scipy.optimize.brentq(Model(a), 0, 5),
        lambda a: scipy.optimize.brentq(functools.partial(lambda b, x: x**2 - b, a), 0, 5),
        lambda a: scipy.optimize.brentq(lambda x, b=a: x**2 - b, 0, 5),
        lambda a: scipy.optimize.brentq(lambda x: (lambda y: y**2 - a)(x), 0, 5),
        lambda a: scipy.optimize.brentq(lambda x: {"m": [Model(a)]}["m"][0](x), 0, 5),
        lambda a: scipy.optimize.newton(lambda x: {"m": [Model(a)]}["m"][0](x), 1.0),
    ]
    for f in roots:
        assert abs(float(grad(f)(2.0)) - 2**-1.5) < 1e-12
        assert abs(float(jit(grad(f))(2.0)) - 2**-1.5) < 1e-9


def test_python_control_flow_in_the_function():
    """The search runs on plain numbers, so the user's function may do what it likes with them."""

    def f(a):
        return scipy.optimize.brentq(lambda x: x - a if x < 1 else 2 * x - 1 - a, -1, 9)

    assert float(grad(f)(0.5)) == 1.0
    assert float(grad(f)(5.0)) == 0.5


def test_refusals():
    with pytest.raises(wengert.errors.NotSupportedError, match="vertex.*minimize"):
        grad(lambda a: scipy.optimize.linprog([1.0, a], bounds=[(0, 1), (0, 1)]).fun)(1.0)
    with pytest.raises(wengert.errors.NotSupportedError, match="vertex"):
        grad(lambda a: scipy.optimize.milp([1.0, a]).fun)(1.0)
    with pytest.raises(wengert.errors.NotDifferentiableError, match="singular"):
        grad(lambda a: scipy.optimize.minimize(lambda x: a * (x[0] - x[1]) ** 2, [1.0, 0.0]).x[0])(1.0)
    with pytest.raises(ValueError, match="different signs"):
        grad(lambda a: scipy.optimize.brentq(lambda x: x * x + a, 0, 5))(1.0)


def test_plain_calls_are_scipys():
    """Same objects, signatures, pickles, results; errors without a frame of the library's that would be shown."""
    grad(lambda x: x)(1.0)
    assert list(inspect.signature(scipy.optimize.brentq).parameters)[:3] == ["f", "a", "b"]
    assert "brentq" in inspect.getsource(scipy.optimize.brentq)
    assert pickle.loads(pickle.dumps(scipy.optimize.brentq)) is scipy.optimize.brentq
    calls = []
    root = scipy.optimize.brentq(lambda x: calls.append(type(x)) or x - 1.0, 0, 3)
    assert root == 1.0 and set(calls) == {float}
    with pytest.raises(TypeError):
        scipy.optimize.brentq(lambda x: x)


def test_a_program_without_traces_finds_scipy_as_it_is():
    code = (
        "import wengert, scipy.optimize as so; before = so.brentq.__code__; "
        "assert before.co_filename.endswith('_zeros_py.py'), before; "
        "wengert.grad(lambda x: x)(1.0); assert so.brentq.__code__ is not before; "
        "import scipy.integrate as si; assert 'wengert' in si.quad.__code__.co_filename; "
        "assert si.__spec__.loader is si.__loader__ and 'wengert' not in type(si.__loader__).__module__"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_factors_are_scipys_outside_of_transformations():
    import scipy.sparse.linalg as sl

    matrix = scipy.sparse.identity(3, format="csc")
    made = []
    grad(lambda x: made.append(type(sl.splu(matrix)).__name__) or x)(1.0)
    assert made == ["Factors"] and type(sl.splu(matrix)) is sl.SuperLU
    with pytest.raises(wengert.errors.NotSupportedError, match="np.linalg.solve"):
        grad(lambda x: sl.splu(x * np.eye(2)).solve(np.ones(2))[0])(1.0)


def test_other_threads_see_plain_values():
    """Plain calls in a thread give SciPy's numbers while another differentiates through the same function."""
    expected, wrong, stop = scipy.optimize.brentq(lambda x: x**3 - 2, 0, 3), [], threading.Event()

    def plain():
        while not stop.is_set():
            got = scipy.optimize.brentq(lambda x: x**3 - 2, 0, 3)
            if type(got) is not float or got != expected:
                wrong.append(got)

    thread = threading.Thread(target=plain)
    thread.start()
    try:
        for k in range(100):
            grad(lambda a: scipy.optimize.brentq(lambda x: x**3 - a, 0, 3))(1.0 + k / 100)
    finally:
        stop.set()
        thread.join()
    assert wrong == []


def test_the_page_says_what_the_declarations_say():
    sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
    import scipy_by_name

    assert scipy_by_name.PAGE.read_text() == scipy_by_name.page(), "run tools/scipy_by_name.py"


def warned(call):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        call()
    return [(w.filename, w.lineno, w.category) for w in seen]


def test_warnings_are_for_the_line_that_calls():
    """As SciPy counts, from its function to the caller: the place goes by filters, and by what was said already."""
    grad(lambda a: scipy.optimize.brentq(lambda x: x - a, 0.0, 2.0))(1.0)  # a trace: SciPy's functions have been met
    calls = [
        lambda: scipy.signal.welch(np.ones(10)),
        lambda: scipy.stats.pearsonr([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]),
        lambda: scipy.optimize.curve_fit(lambda x, a, b: a * x + 0 * b, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        lambda: scipy.integrate.quad(lambda x: np.sin(1 / (x - 0.3)), 0.0, 1.0, limit=2),
    ]
    for call in calls:
        assert {place[:2] for place in warned(call)} == {(__file__, call.__code__.co_firstlineno)}


def test_functions_that_give_their_slopes_as_well():
    """``fprime=True``, ``fprime2=True``, ``jac=True``: the function's value is the first of what it gives."""

    def cube_root(a):
        return scipy.optimize.root_scalar(
            lambda t, a: (t**3 - a, 3 * t * t, 6 * t), args=(a,), x0=1.0, fprime=True, fprime2=True, xtol=1e-14
        ).root

    def square_roots(a):
        return np.sum(scipy.optimize.root(lambda t: (t**2 - a, np.diag(2 * t)), np.ones(2), jac=True, tol=1e-13).x)

    for derivative in (grad, lambda f: jit(grad(f)), lambda f: lambda a: vmap(grad(f))(np.array([a]))[0]):
        np.testing.assert_allclose(derivative(cube_root)(2.0), 2 ** (-2 / 3) / 3, rtol=1e-10)
        np.testing.assert_allclose(derivative(square_roots)(2.0), 2**-0.5, rtol=1e-10)


def test_what_is_refused_says_why():
    def bounded(a):
        return scipy.optimize.least_squares(lambda t: t - a, np.ones(1) * 0.2, bounds=(0, [a / 2])).x[0]

    np.testing.assert_allclose(grad(bounded)(1.0), 0.5, rtol=1e-6)
    with pytest.raises(wengert.errors.NotSupportedError, match=r"bounds that are known: write scipy.optimize.minimize"):
        jit(bounded)(1.0)
    with pytest.raises(wengert.errors.NotSupportedError, match="split the integral there"):
        grad(lambda a: scipy.integrate.quad(lambda t: t * (t > a), 0, 1, points=[a])[0])(0.5)


def test_the_shape_of_a_sparse_solution():
    """A column gives a vector, as SciPy's does; several columns a matrix."""
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import spsolve

    matrix = csc_array(np.array([[4.0, 1.0], [0.0, 3.0]]))
    for right in (np.array([1.0, 2.0]), np.array([[1.0], [2.0]]), np.array([[1.0, 0.5], [2.0, 0.1]])):
        f = lambda b: spsolve(matrix, b)  # noqa: E731
        np.testing.assert_allclose(jit(f)(right), f(right), rtol=1e-14)
        assert wengert.vjp(f, right)[0].shape == f(right).shape


SAMPLE = np.array([0.3, 1.9, 0.8, 1.1, 2.3, 0.6, 1.7])
COMPUTED = {
    "ttest_ind": lambda x: np.stack(scipy.stats.ttest_ind(x, x**2)[:2]),
    "iqr": lambda x: scipy.stats.iqr(x) + scipy.stats.trim_mean(x, 0.2) + scipy.stats.median_abs_deviation(x),
    "moments": lambda x: scipy.stats.moment(x, 3) + scipy.stats.skew(x, bias=False) + scipy.stats.pmean(x, 2),
    "chisquare": lambda x: scipy.stats.chisquare(x).statistic + scipy.stats.levene(x, x**2).statistic,
    "boxcox_llf": lambda x: scipy.stats.boxcox_llf(0.3, x),
    "wasserstein_distance": lambda x: scipy.stats.wasserstein_distance(x, x**2),
    "freqz": lambda x: np.abs(scipy.signal.freqz(x, worN=4)[1]),
    "firwin": lambda x: scipy.signal.firwin(5, x[0]),
    "deconvolve": lambda x: scipy.signal.deconvolve(x, [1.0, 0.5])[0],
    "distance_matrix": lambda x: scipy.spatial.distance_matrix(x[:, None], [[0.1], [5.0]]),
    "Rbf": lambda x: scipy.interpolate.Rbf([0.0, 1.0, 2.5], [0.0, 2.0, 0.3], x[:3])(0.4, 0.7),
    "logsumexp": lambda x: scipy.special.logsumexp([x, -x], axis=0, b=[[0.9], [-1.0]], return_sign=True)[0],
}  # fmt: skip


@pytest.mark.parametrize("name", COMPUTED)
def test_functions_that_scipy_writes_with_numpy(name):
    """SciPy's own text runs on traced values where it computes with NumPy alone."""
    f = COMPUTED[name]
    number = lambda x: np.sum(np.cos(f(x)))  # noqa: E731
    slope = [(number(SAMPLE + h) - number(SAMPLE - h)) / 2e-6 for h in 1e-6 * np.eye(7)]
    np.testing.assert_allclose(grad(number)(SAMPLE), slope, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(jit(f)(SAMPLE), f(SAMPLE), rtol=1e-12)
    np.testing.assert_allclose(vmap(f)(np.stack([SAMPLE, SAMPLE])), [f(SAMPLE)] * 2, rtol=1e-12)
