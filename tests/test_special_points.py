"""Derivatives at points where a rule may be tempted to choose by value: zeros, ones, equal arguments, ends, removable poles.

A rule's formula is differentiated again, so a number that is put in for a limit must have the limit's derivative too.
Right values are closed forms, or mpmath's at high precision.
"""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

import wengert.numpy as wnp
from wengert import grad, jacfwd, jacrev, jit, nn
from wengert.scipy import special, stats

LOG2 = math.log(2)
E = math.e
INF = math.inf


def digamma_at(x):
    import scipy.special

    return float(scipy.special.digamma(x))


GENNORM_MIXED = 0.5 / math.gamma(1 + 1 / 0.7) * digamma_at(1 + 1 / 0.7) / 0.49
BETA_AT_0 = [[-0.23601141249985183, 0.3691320960156377, 7 / 3], [0.3691320960156377, 0, 0], [7 / 3, 0, 0]]

ORDERS = {
    "forward over forward": lambda f: jacfwd(jacfwd(f)),
    "forward over reverse": lambda f: jacfwd(jacrev(f)),
    "reverse over forward": lambda f: jacrev(jacfwd(f)),
    "reverse over reverse": lambda f: jacrev(jacrev(f)),
    "compiled": lambda f: jit(jacfwd(jacrev(f))),
}

# name: (function of a vector, point, gradient, Hessian)
DEGREE = math.pi / 180
POINTS = {
    "tandg at 45": (lambda v: special.tandg(v[0]), [45.0], [2 * DEGREE], [[4 * DEGREE**2]]),
    "tandg at 0": (lambda v: special.tandg(v[0]), [0.0], [DEGREE], [[0]]),
    "cotdg at 45": (lambda v: special.cotdg(v[0]), [45.0], [-2 * DEGREE], [[4 * DEGREE**2]]),
    "cotdg at 90": (lambda v: special.cotdg(v[0]), [90.0], [-DEGREE], [[0]]),
    "power at exponent 0": (lambda v: v[0] ** v[1], [2.0, 0.0], [0, LOG2], [[0, 0.5], [0.5, LOG2**2]]),
    "power at exponent 1": (
        lambda v: v[0] ** v[1],
        [2.0, 1.0],
        [1, 2 * LOG2],
        [[0, 1 + LOG2], [1 + LOG2, 2 * LOG2**2]],
    ),
    "float_power at exponent 0": (
        lambda v: wnp.float_power(v[0], v[1]),
        [2.0, 0.0],
        [0, LOG2],
        [[0, 0.5], [0.5, LOG2**2]],
    ),
    "multiply at a repeated place, one update 0": (
        lambda v: wnp.at(np.array([2.0]))[np.array([0, 0])].multiply(v)[0],
        [0.0, 3.0],
        [6, 0],
        [[0, 2], [2, 0]],
    ),
    "multiply at a repeated place, both 0": (
        lambda v: wnp.at(np.array([2.0, 5.0]))[np.array([0, 0])].multiply(v).sum(),
        [0.0, 0.0],
        [0, 0],
        [[0, 2], [2, 0]],
    ),
    "prod with two zeros": (lambda v: wnp.prod(v), [0.0, 0.0, 3.0], [0, 0, 0], [[0, 3, 0], [3, 0, 0], [0, 0, 0]]),
    "cumprod with two zeros": (
        lambda v: wnp.cumprod(v)[2],
        [0.0, 0.0, 3.0],
        [0, 0, 0],
        [[0, 3, 0], [3, 0, 0], [0, 0, 0]],
    ),
    "logsumexp at weights 0": (
        lambda b: special.logsumexp(np.zeros(3), b=b),
        [2.0, 0.0, 5.0],
        [1 / 7] * 3,
        np.full((3, 3), -1 / 49),
    ),
    "logsumexp, exponent and weight 0": (
        lambda v: special.logsumexp(wnp.stack([v[0], 0 * v[0]]), b=wnp.stack([v[1], 1 + 0 * v[1]])),
        [1.0, 0.0],
        [0, E],
        [[0, E], [E, -(E**2)]],
    ),
    "heaviside in its second argument": (lambda v: wnp.heaviside(0.0, v[0]), [0.3], [1], [[0]]),
    "spence at 1": (lambda v: special.spence(v[0]), [1.0], [-1], [[0.5]]),
    "rgamma at 0": (lambda v: special.rgamma(v[0]), [0.0], [1], [[2 * np.euler_gamma]]),
    "rgamma at -1": (lambda v: special.rgamma(v[0]), [-1.0], [-1], [[2 - 2 * np.euler_gamma]]),
    "gammainc(2, x) at 0": (lambda v: special.gammainc(2.0, v[0]), [0.0], [0], [[1]]),
    "gammaincc(1, x) at 0": (lambda v: special.gammaincc(1.0, v[0]), [0.0], [-1], [[1]]),
    "betainc(2, 3, x) at 0": (lambda v: special.betainc(2.0, 3.0, v[0]), [0.0], [0], [[12]]),
    "betainc(3, 2, x) at 1": (lambda v: special.betainc(3.0, 2.0, v[0]), [1.0], [0], [[-12]]),
    "relu6 at 0": (lambda v: nn.relu6(v[0]), [0.0], [0], [[0]]),
    "relu6 at 6": (lambda v: nn.relu6(v[0]), [6.0], [0], [[0]]),
    "softmax where nothing is chosen": (
        lambda v: nn.softmax(v, where=np.zeros(2, bool))[0],
        [1.0, 2.0],
        [0, 0],
        np.zeros((2, 2)),
    ),
    "power of 0 by less than 1": (lambda v: v[0] ** v[1], [0.0, 0.5], [INF, 0], [[-INF, -INF], [-INF, 0]]),
    "power of 0 by 1": (lambda v: v[0] ** v[1], [0.0, 1.0], [1, 0], [[0, -INF], [-INF, 0]]),
    "power of 0 by more than 1": (lambda v: v[0] ** v[1], [0.0, 1.5], [0, 0], [[INF, 0], [0, 0]]),
    "xlogy at 0, 0": (lambda v: special.xlogy(v[0], v[1]), [0.0, 0.0], [-INF, 0], [[0, INF], [INF, 0]]),
    "xlog1py at 0, -1": (lambda v: special.xlog1py(v[0], v[1]), [0.0, -1.0], [-INF, 0], [[0, INF], [INF, 0]]),
    "boxcox at 0, less than 1": (
        lambda v: special.boxcox(v[0], v[1]),
        [0.0, 0.5],
        [INF, 4],
        [[-INF, -INF], [-INF, -16]],
    ),
    "boxcox at 0, 1": (lambda v: special.boxcox(v[0], v[1]), [0.0, 1.0], [1, 1], [[0, -INF], [-INF, -2]]),
    "boxcox at 0, 2": (lambda v: special.boxcox(v[0], v[1]), [0.0, 2.0], [0, 0.25], [[1, 0], [0, -0.25]]),
    # int_x^1 t^(a - 1) (1 - t) dt and its derivatives: mpmath at 30 digits
    "betainc at a = 0": (
        lambda v: special.betainc(v[0], v[1], v[2]),
        [0.0, 2.0, 0.3],
        [-0.50397280432593599, 0, 0],
        BETA_AT_0,
    ),
    "betainc at b = 0": (
        lambda v: special.betainc(v[1], v[0], 1 - v[2]),
        [0.0, 2.0, 0.3],
        [0.50397280432593599, 0, 0],
        [[-c for c in row] for row in BETA_AT_0],
    ),
    "gennorm.logpdf at 0, exponent 2": (
        lambda v: stats.gennorm.logpdf(v[0], v[1]),
        [0.0, 2.0],
        [0, digamma_at(1.5) / 4],
        [[-2, 0], [0, -(math.pi**2 / 2 - 4) / 16 - digamma_at(1.5) / 4]],
    ),
    "gennorm.cdf at 0, exponent 0.7": (
        lambda v: stats.gennorm.cdf(v[0], v[1]),
        [0.0, 0.7],
        [0.5 / math.gamma(1 + 1 / 0.7), 0],
        [[np.nan, GENNORM_MIXED], [GENNORM_MIXED, 0]],
    ),
    "gennorm.cdf at 0, exponent 3": (
        lambda v: stats.gennorm.cdf(v[0], v[1]),
        [0.0, 3.0],
        [0.5 / math.gamma(4 / 3), 0],
        [
            [0, 0.5 / math.gamma(4 / 3) * digamma_at(4 / 3) / 9],
            [0.5 / math.gamma(4 / 3) * digamma_at(4 / 3) / 9, 0],
        ],
    ),
    "chi.cdf at 0, one degree of freedom": (lambda v: stats.chi.cdf(v[0], 1.0), [0.0], [math.sqrt(2 / math.pi)], [[0]]),
    "chi.sf at 0, three degrees": (lambda v: stats.chi.sf(v[0], v[1]), [0.0, 3.0], [0, 0], np.zeros((2, 2))),
    "nakagami.cdf at 0": (lambda v: stats.nakagami.cdf(v[0], 0.5), [0.0], [math.sqrt(2 / math.pi)], [[0]]),
    "gamma.logcdf at 0": (  # a log(x) - gammaln(a + 1)
        lambda v: stats.gamma.logcdf(v[0], v[1]),
        [0.0, 2.0],
        [INF, -INF],
        [[-INF, INF], [INF, 1.25 - math.pi**2 / 6]],
    ),
    "beta.logsf at 1": (
        lambda v: stats.beta.logsf(v[0], 2.0, v[1]),
        [1.0, 3.0],
        [-INF, -INF],
        [[-INF, -INF], [-INF, -1 / 16]],
    ),
    "elliprg at 0": (lambda v: special.elliprg(v[0], 1.0, 1.0), [0.0], [math.pi / 8], [[-INF]]),
    "truncnorm.logpdf inside a narrow interval": (
        lambda v: stats.truncnorm.logpdf(0.0, v[0], v[1]),
        [-1e-8, 3e-8],
        [1 / 4e-8, -1 / 4e-8],
        [[1 / 4e-8**2, -1 / 4e-8**2], [-1 / 4e-8**2, 1 / 4e-8**2]],
    ),
    "logistic.logpdf at 0": (lambda v: stats.logistic.logpdf(v[0]), [0.0], [0], [[-0.5]]),
    "apply twice at a repeated place": (
        lambda v: wnp.at(v)[np.array([0, 0])].apply(wnp.square)[0],
        [2.0],
        [32],
        [[48]],
    ),
}


@pytest.mark.parametrize("name", POINTS)
def test_derivatives_at_a_special_point(name):
    f, at, gradient, hessian = POINTS[name]
    at = np.array(at)
    for mode in (jacfwd, jacrev):
        np.testing.assert_allclose(mode(f)(at), gradient, rtol=1e-12, atol=1e-13)
    for order, second in ORDERS.items():
        np.testing.assert_allclose(second(f)(at), hessian, rtol=1e-11, atol=1e-12, err_msg=order)


def test_third_derivatives_of_a_power_at_exponent_1():
    third = grad(lambda y: grad(grad(lambda x: x**y))(2.0))(1.0)  # of y (y - 1) x**(y - 2), in y
    assert abs(third - 0.5) < 1e-14


# (df, t): the derivatives in df, in df twice, and in both, of the integral of the density: mpmath at 25 digits.
STUDENT = {
    (3.0, 0.0): (0.0, 0.0, 0.0097329816499884882),
    (3.0, 0.5): (0.0052990927300301798, -0.0032302304530555873, 0.011819826949587489),
    (3.0, -4.0): (-0.0086833457749750546, 0.0075872700593327937, -0.0030699946762458319),
    (0.3, -2.0): (-0.37968954206855911, 1.0678315133413496, 0.07487010039732687),
    (30.0, -8.0): (-7.5728959874245065e-10, 2.0876810665453919e-10, -1.7767631310217236e-9),
}


@pytest.mark.parametrize("at", STUDENT, ids=str)
def test_the_distribution_function_of_student_in_both_arguments(at):
    first, second, mixed = STUDENT[at]
    f = lambda v: special.stdtr(v[0], v[1])  # noqa: E731
    np.testing.assert_allclose(grad(f)(np.array(at))[0], first, rtol=1e-12, atol=1e-15)
    for hessian in (jacfwd(jacrev(f)), jacrev(jacfwd(f))):
        h = hessian(np.array(at))
        np.testing.assert_allclose([h[0, 0], h[0, 1], h[1, 0]], [second, mixed, mixed], rtol=1e-12, atol=1e-15)


def test_sums_of_nothing():
    assert nn.logsumexp(np.zeros(0)) == -np.inf
    assert nn.logsumexp(np.zeros((2, 0)), axis=1).tolist() == [-np.inf, -np.inf]
    assert nn.logsumexp(np.zeros(2), b=np.zeros(2)) == -np.inf
    assert nn.log_softmax(np.zeros(2), where=np.zeros(2, bool)).tolist() == [-np.inf, -np.inf]


def _sweep():
    path = Path(__file__).parents[1] / "tools" / "special_points.py"
    spec = importlib.util.spec_from_file_location("special_points", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SWEEP = _sweep()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name, f", [pytest.param(*pair, id=pair[0]) for pair in SWEEP.functions()])
def test_second_derivatives_are_those_of_the_points_beside(name, f):
    """Of every elementwise function of one or two numbers; `tools/special_points.py` has those of three as well."""
    for n in (1,) if name.startswith("stats") else (1, 2):
        with np.errstate(all="ignore"):
            found = SWEEP.make_findings(f, n)
        assert not found, found


@pytest.mark.filterwarnings("ignore")
def test_the_sweep_finds_a_choice_by_value():
    def faulty(x, y):
        return wnp.where(y == 0, 1.0, x**y)

    assert SWEEP.make_findings(faulty, 2)
    assert SWEEP.make_findings(lambda x, y: wnp.sin(x) * y, 2) == []
