"""wengert.scipy.stats: values against SciPy, derivatives in every argument against differences."""

import numpy as np
import pytest
import scipy.stats

import wengert as w
import wengert.numpy as wnp
from wengert.errors import ArgumentError, ShapeError
from wengert.scipy import stats
from wengert.testing import check_grads

LINE = np.array([-2.3, -0.4, 0.7, 1.9])
HALF = np.array([0.2, 0.7, 1.4, 3.1])
UNIT = np.array([0.15, 0.4, 0.65, 0.9])
Q = np.array([0.05, 0.3, 0.7, 0.95])
K = np.array([0.0, 1.0, 2.0, 5.0])
A, B = np.array([0.7, 1.3, 2.1, 3.4]), np.array([1.2, 0.8, 3.0, 2.2])

CONTINUOUS = {
    "norm": (LINE,), "cauchy": (LINE,), "laplace": (LINE,), "logistic": (LINE,), "t": (LINE, A), "gennorm": (LINE, A),
    "gumbel_l": (LINE,), "gumbel_r": (LINE,), "vonmises": (LINE, A), "expon": (HALF,), "gamma": (HALF, A),
    "chi2": (HALF, A), "invgamma": (HALF, A), "halfnorm": (HALF,), "lognorm": (HALF, A), "weibull_min": (HALF, A),
    "pareto": (1 + HALF, A), "uniform": (UNIT,), "beta": (UNIT, A, B), "truncnorm": (UNIT, -A, B),
    "wrapcauchy": (HALF, UNIT), "rayleigh": (HALF,), "maxwell": (HALF,), "chi": (HALF, A), "nakagami": (HALF, A),
    "f": (HALF, A, 2 * B + 5), "gompertz": (HALF, A), "lomax": (HALF, A + 2), "invweibull": (HALF, A + 2),
    "powerlaw": (UNIT, A), "loguniform": (0.5 + UNIT, 0.2 + UNIT / 4, 3 + A), "arcsine": (UNIT,), "halfcauchy": (HALF,),
    "halflogistic": (HALF,), "hypsecant": (LINE,), "levy": (HALF,), "moyal": (LINE,),
}  # fmt: skip
DISCRETE = {
    "bernoulli": (K[:2], Q[1:3]), "binom": (K, 7.0, Q), "betabinom": (K, 7.0, A, B), "geom": (1 + K, Q),
    "nbinom": (K, A + 1, Q), "poisson": (K, A),
}  # fmt: skip
FUNCTIONS = ["pdf", "logpdf", "pmf", "logpmf", "cdf", "sf", "logcdf", "logsf", "ppf", "isf"]
ALL = [(name, key) for name in CONTINUOUS | DISCRETE for key in FUNCTIONS if key in vars(getattr(stats, name))]


@pytest.mark.parametrize("name, key", ALL)
def test_functions(name, key):
    ours, theirs = getattr(getattr(stats, name), key), getattr(getattr(scipy.stats, name), key)
    counts = name in DISCRETE
    x, *shapes = (DISCRETE if counts else CONTINUOUS)[name]
    if key in ("ppf", "isf"):
        x = Q[: len(x)]
    np.testing.assert_allclose(ours(x, *shapes), theirs(x, *shapes), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(w.jit(ours)(x, *shapes), theirs(x, *shapes), rtol=1e-9, atol=1e-15)
    if counts:
        np.testing.assert_allclose(ours(x + 1, *shapes, loc=1), theirs(x + 1, *shapes, loc=1), rtol=1e-9, atol=1e-15)
        smooth = shapes[1:] if name in ("binom", "betabinom") else shapes
        if key in ("ppf", "isf"):
            assert np.all(w.grad(lambda q: wnp.sum(ours(q, *shapes)))(x) == 0)
            return
        fixed = shapes[: len(shapes) - len(smooth)]
        check_grads(lambda *s: wnp.exp(ours(x, *fixed, *s)), smooth, order=2, rtol=2e-6, atol=2e-6)
        return
    loc, scale = 0.3, 1.7
    moved = x if key in ("ppf", "isf") else x * scale + loc
    rtol = 1e-9
    np.testing.assert_allclose(ours(moved, *shapes, loc, scale), theirs(moved, *shapes, loc, scale), rtol=rtol)
    order = 2 if key in ("logpdf", "cdf", "ppf") else 1  # the others are made of these
    check_grads(ours, (moved, *shapes, loc, scale), order=order, rtol=5e-6, atol=5e-6)
    assert ours(x.astype(np.float32), *[s.astype(np.float32) for s in shapes]).dtype == np.float32


OUTSIDE = {"expon": [-1.0], "gamma": [-1.0, 0.0], "beta": [-0.5, 1.5], "uniform": [-0.5, 1.5], "pareto": [0.5],
           "truncnorm": [-9.0, 9.0], "chi2": [-1.0], "wrapcauchy": [-1.0, 7.0]}  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_the_support(name):
    x = np.array(OUTSIDE[name])
    shapes = [s[0] for s in CONTINUOUS[name][1:]]
    for key in ("pdf", "cdf", "sf", "logcdf", "logsf") if name != "gamma" else ("cdf", "sf"):
        ours = getattr(getattr(stats, name), key)
        np.testing.assert_allclose(ours(x, *shapes), getattr(getattr(scipy.stats, name), key)(x, *shapes))
        outside = x[(x < 0) | (x > 1)] if name != "pareto" else x
        assert np.all(np.isfinite(w.grad(lambda v: wnp.sum(wnp.exp(ours(v, *shapes))))(outside)))  # noqa: B023


def test_outside_the_support_of_counts():
    k = np.array([-1.0, 0.5, 8.0, 9.0])
    for key in ("pmf", "cdf", "sf"):
        np.testing.assert_allclose(
            getattr(stats.binom, key)(k, 7, 0.3), getattr(scipy.stats.binom, key)(k, 7, 0.3), atol=1e-15
        )
    assert np.all(w.grad(lambda p: wnp.sum(stats.binom.pmf(k, 7, p)))(0.3) == 0)


@pytest.mark.parametrize("name", [n for n in CONTINUOUS if "entropy" in vars(getattr(stats, n))])
def test_entropy_and_moments(name):
    shapes = [s[1] + 2.5 if name in ("invgamma",) else s[1] for s in CONTINUOUS[name][1:]]
    for key in ("entropy", "mean", "var", "std"):
        if key in vars(getattr(stats, name)):
            expected = getattr(getattr(scipy.stats, name), key)(*shapes, loc=0.3, scale=1.7)
            np.testing.assert_allclose(
                getattr(getattr(stats, name), key)(*shapes, loc=0.3, scale=1.7), expected, rtol=1e-9
            )


@pytest.mark.parametrize("name", DISCRETE)
def test_moments_of_counts(name):
    shapes = [s if isinstance(s, float) else s[1] for s in DISCRETE[name][1:]]
    for key in ("mean", "var", "std", "entropy"):
        expected = getattr(getattr(scipy.stats, name), key)(*shapes)
        rtol = 1e-12 if key != "entropy" else 1e-9
        np.testing.assert_allclose(getattr(getattr(stats, name), key)(*shapes), expected, rtol=rtol)


PARAMETERS = {"invgamma": (5.5,), "pareto": (6.5,), "t": (5.5,), "truncnorm": (-0.7, 2.1), "wrapcauchy": (0.4,)}


@pytest.mark.parametrize("name", [n for n in [*CONTINUOUS, *DISCRETE] if "_excess" in vars(getattr(stats, n))])
def test_higher_moments(name):
    """`stats` and `moment`, their derivatives, and the parameters up to which moments exist."""
    ours, theirs = getattr(stats, name), getattr(scipy.stats, name)
    given = (CONTINUOUS | DISCRETE)[name][1:]
    shapes = PARAMETERS.get(name, tuple(float(np.ravel(s)[1]) if np.ndim(s) else s for s in given))
    placed = {"loc": 0.3} if name in DISCRETE else {"loc": 0.3, "scale": 1.7}
    np.testing.assert_allclose(
        ours.stats(*shapes, moments="mvsk", **placed),
        theirs.stats(*shapes, moments="mvsk", **placed),
        rtol=1e-8,
        atol=1e-12,
    )
    np.testing.assert_allclose(
        ours(*shapes, **placed).stats("s"), theirs(*shapes, **placed).stats("s"), rtol=1e-8, atol=1e-12
    )
    for order in range(5):
        np.testing.assert_allclose(
            ours.moment(order, *shapes, **placed), theirs.moment(order, *shapes, **placed), rtol=1e-8
        )
    smooth = tuple(np.array([s]) for s in shapes[name in ("binom", "betabinom") :])
    fixed = shapes[: len(shapes) - len(smooth)]
    if smooth and np.isfinite(theirs.var(*shapes)):
        check_grads(
            lambda *s: ours.stats(*fixed, *s, moments="mvsk"),
            smooth,
            order=1 + (len(smooth) == 1),
            rtol=1e-5,
            atol=1e-5,
        )
        check_grads(lambda *s: ours.entropy(*fixed, *s), smooth, order=2, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="from 0 to 4"):
        ours.moment(5, *shapes)
    with pytest.raises(ValueError):
        ours.moment(1.5, *shapes)


def test_moments_that_do_not_exist():
    for name, shape, orders in (
        ("t", 2.5, "mvsk"),
        ("t", 1.0, "mvsk"),
        ("invgamma", 3.5, "mvsk"),
        ("pareto", 2.5, "mv"),
    ):
        np.testing.assert_array_equal(
            np.isfinite(getattr(stats, name).stats(shape, moments=orders)),
            np.isfinite(getattr(scipy.stats, name).stats(shape, moments=orders)),
        )


def test_moments_of_truncated_tails():
    """Beyond 30 standard deviations SciPy's differences cancel; the oracle has 40 digits."""
    import mpmath

    with mpmath.workdps(40):
        density = lambda z: mpmath.exp((29 * 29 - z * z) / 2)  # noqa: E731
        mass = mpmath.quad(density, [29, 29.1, 29.5, 30])
        mean = mpmath.quad(lambda z: z * density(z), [29, 29.1, 29.5, 30]) / mass
        central = [
            mpmath.quad(lambda z, k=k: (z - mean) ** k * density(z), [29, 29.1, 29.5, 30]) / mass for k in (2, 3, 4)
        ]
        expected = [
            float(x) for x in (-mean, central[0], -central[1] / central[0] ** 1.5, central[2] / central[0] ** 2 - 3)
        ]
    np.testing.assert_allclose(stats.truncnorm.stats(-30.0, -29.0, moments="mvsk"), expected, rtol=1e-11)


def test_angles():
    """Von Mises' distribution: many turns, large kappa (SciPy has a normal approximation there), inverses."""
    import mpmath

    z = np.linspace(-9.0, 9.0, 37)
    for kappa in (0.0, 0.5, 3.0, 40.0):
        np.testing.assert_allclose(
            stats.vonmises.cdf(z, kappa), scipy.stats.vonmises.cdf(z, kappa), rtol=1e-11, atol=1e-12
        )
    with mpmath.workdps(30):
        for kappa, at in ((1e4, -0.03), (300.0, -0.2), (300.0, 0.1), (1e4, 0.02), (60.0, -1.0)):
            density = lambda t: mpmath.exp(kappa * (mpmath.cos(t) - 1))  # noqa: B023, E731
            width = kappa**-0.5
            cuts = sorted(
                {
                    -mpmath.pi,
                    mpmath.pi,
                    0,
                    at,
                    *[s * k * width for s in (1, -1) for k in (1, 3, 6, 10) if k * width < 3],
                    at - 1 / (kappa * abs(at)),
                }
            )
            whole = mpmath.quad(density, cuts)
            expected = float(mpmath.quad(density, [c for c in cuts if c <= at]) / whole)
            np.testing.assert_allclose(stats.vonmises.cdf(at, kappa), expected, rtol=1e-11)
    for kappa, least in ((0.0, 1e-6), (2.0, 1e-6), (1e3, 1e-12), (1e8, 1e-12)):  # -pi holds no smaller ones
        q = np.array([least, 1e-3, 0.2, 0.5, 0.9, 1 - 1e-9])
        np.testing.assert_allclose(stats.vonmises.cdf(stats.vonmises.ppf(q, kappa), kappa), q, rtol=1e-9)
    assert np.isnan(stats.vonmises.cdf(0.3, -1.0)) and np.isnan(stats.vonmises.ppf(np.nan, 1.0))


def test_sums_over_counts_in_blocks():
    """More counts than one block, traced numbers of draws, and ends of the parameters."""
    k = np.array([0.0, 400.0, 499.0, 500.0, 700.0])
    expected = scipy.stats.betabinom.cdf(k, 500, 1.5, 0.7)
    np.testing.assert_allclose(stats.betabinom.cdf(k, 500, 1.5, 0.7), expected, rtol=1e-9)
    np.testing.assert_allclose(w.jit(stats.betabinom.cdf)(k, 500.0, 1.5, 0.7), expected, rtol=1e-9)
    np.testing.assert_allclose(
        stats.betabinom.sf(k, 500, 1.5, 0.7), scipy.stats.betabinom.sf(k, 500, 1.5, 0.7), rtol=1e-7, atol=1e-15
    )
    check_grads(lambda a, b: stats.betabinom.cdf(400.0, 500.0, a, b), (1.5, 0.7))
    n = np.array([7.0, 300.0, 0.0])
    np.testing.assert_allclose(stats.binom.entropy(n, 0.3), [scipy.stats.binom.entropy(m, 0.3) for m in n], rtol=1e-9)
    j = np.arange(60000.0)  # SciPy's sum ends too early here
    mass = scipy.stats.nbinom.pmf(j, 0.2, 0.01)
    np.testing.assert_allclose(stats.nbinom.entropy(0.2, 0.01), -np.sum(scipy.special.xlogy(mass, mass)), rtol=1e-9)
    assert stats.binom.entropy(5.0, 0.0) == stats.nbinom.entropy(2.0, 1.0) == 0
    assert w.grad(lambda p: stats.binom.entropy(5.0, p))(0.0) == np.inf
    assert w.grad(lambda p: stats.nbinom.entropy(2.0, p))(1.0) == -np.inf


def test_far_tails():
    """Where the complement is 1 to rounding."""
    np.testing.assert_allclose(stats.norm.logsf(40.0), scipy.stats.norm.logsf(40.0), rtol=1e-12)
    np.testing.assert_allclose(
        stats.truncnorm.logpdf(31.0, 30.0, 32.0), scipy.stats.truncnorm.logpdf(31.0, 30, 32), rtol=1e-9
    )
    np.testing.assert_allclose(
        stats.truncnorm.ppf(0.5, -32.0, -30.0), scipy.stats.truncnorm.ppf(0.5, -32, -30), rtol=1e-12
    )
    np.testing.assert_allclose(stats.t.sf(1e5, 3.0), scipy.stats.t.sf(1e5, 3.0), rtol=1e-9)
    np.testing.assert_allclose(stats.cauchy.isf(1e-20), 1e20 / np.pi, rtol=1e-12)
    np.testing.assert_allclose(w.grad(stats.norm.logcdf)(-40.0), 40.0, rtol=1e-3)


def test_parameters_by_name_and_frozen():
    np.testing.assert_allclose(stats.norm.cdf(x=1.0, scale=2.0), scipy.stats.norm.cdf(1.0, scale=2.0))
    np.testing.assert_allclose(stats.gamma(2.0, scale=3.0).logpdf(1.5), scipy.stats.gamma(2.0, scale=3.0).logpdf(1.5))
    np.testing.assert_allclose(stats.beta(2.0, 3.0).mean(), 0.4)
    with pytest.raises(ArgumentError, match="a is missing"):
        stats.gamma.pdf(1.0)
    with pytest.raises(ArgumentError, match="there is no mu"):
        stats.norm.pdf(1.0, mu=2.0)
    with pytest.raises(AttributeError, match="no 'rvs' here: samples are drawn with a key, by wengert.random"):
        stats.norm.rvs  # noqa: B018


def test_vectors():
    rng = np.random.default_rng(0)
    x, mean = rng.normal(size=(2, 5, 3)) @ np.eye(3), rng.normal(size=3)
    half = rng.normal(size=(3, 3))
    cov = half @ half.T + np.eye(3)
    theirs = scipy.stats.multivariate_normal
    np.testing.assert_allclose(stats.multivariate_normal.logpdf(x, mean, cov), theirs.logpdf(x, mean, cov))
    np.testing.assert_allclose(stats.multivariate_normal.pdf(x, mean, cov), theirs.pdf(x, mean, cov))
    np.testing.assert_allclose(stats.multivariate_normal.logpdf(x, mean, 2.0), theirs.logpdf(x, mean, 2 * np.eye(3)))
    np.testing.assert_allclose(
        stats.multivariate_normal.logpdf(x, mean, np.arange(1.0, 4)), theirs.logpdf(x, mean, np.arange(1.0, 4))
    )
    np.testing.assert_allclose(stats.multivariate_normal.entropy(mean, cov), theirs(mean, cov).entropy())
    check_grads(lambda m, h: stats.multivariate_normal.logpdf(x, m, h @ h.T + np.eye(3)), (mean, half))
    alpha, p = np.array([0.8, 1.5, 3.0]), np.array([[0.2, 0.1], [0.5, 0.3], [0.3, 0.6]])
    np.testing.assert_allclose(stats.dirichlet.logpdf(p, alpha), scipy.stats.dirichlet.logpdf(p, alpha))
    np.testing.assert_allclose(stats.dirichlet.pdf(p[:2], alpha), scipy.stats.dirichlet.pdf(p, alpha))
    np.testing.assert_allclose(stats.dirichlet.entropy(alpha), scipy.stats.dirichlet.entropy(alpha))
    check_grads(lambda a, q: stats.dirichlet.logpdf(q, a), (alpha, p[:2, 0]))
    counts, p = np.array([[1, 2, 3], [2, 2, 1]]), np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(stats.multinomial.pmf(counts, 6, p), scipy.stats.multinomial.pmf(counts, 6, p))
    check_grads(lambda q: stats.multinomial.logpmf(counts[0], 6, q), (p,))


DATA = np.random.default_rng(3).normal(size=(2, 9))


@pytest.mark.parametrize(
    "options", [{}, {"bw_method": "silverman"}, {"bw_method": 0.4}, {"weights": np.arange(1.0, 10)}]
)
def test_gaussian_kde(options):
    points = np.random.default_rng(4).normal(size=(2, 4))
    ours, theirs = stats.gaussian_kde(DATA, **options), scipy.stats.gaussian_kde(DATA, **options)
    np.testing.assert_allclose(ours(points), theirs(points), rtol=1e-10)
    np.testing.assert_allclose(ours.logpdf(points), theirs.logpdf(points), rtol=1e-10)
    np.testing.assert_allclose(ours.covariance, theirs.covariance)
    mean, cov = np.array([0.1, 0.2]), np.eye(2)
    np.testing.assert_allclose(ours.integrate_gaussian(mean, cov), theirs.integrate_gaussian(mean, cov))
    np.testing.assert_allclose(ours.integrate_kde(ours), theirs.integrate_kde(theirs))
    check_grads(lambda d, p: stats.gaussian_kde(d, **options).logpdf(p), (DATA, points), rtol=1e-5)
    one, other = stats.gaussian_kde(DATA[0], **options), scipy.stats.gaussian_kde(DATA[0], **options)
    np.testing.assert_allclose(one(LINE), other(LINE))
    np.testing.assert_allclose(one.integrate_box_1d(-0.5, 0.7), other.integrate_box_1d(-0.5, 0.7))
    np.testing.assert_allclose(w.jit(lambda d: stats.gaussian_kde(d, **options)(LINE))(DATA[0]), other(LINE))


def test_samples_of_a_density_estimate():
    kde = stats.gaussian_kde(DATA)
    drawn = kde.resample(w.random.key(0), (4000,))
    assert drawn.shape == (2, 4000)
    np.testing.assert_allclose(np.cov(drawn), np.cov(DATA, ddof=0) + kde.covariance, rtol=0.1, atol=0.06)
    with pytest.raises(ShapeError):
        stats.gaussian_kde(DATA, weights=np.ones(3))
    with pytest.raises(ArgumentError, match="scott"):
        stats.gaussian_kde(DATA, "other")


TIES = np.array([[3.0, 1.0, 3.0, 2.0, 1.0], [0.0, 0.0, 5.0, 5.0, 5.0]])


@pytest.mark.parametrize("method", ["average", "min", "max", "dense", "ordinal"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_rankdata(method, axis):
    expected = scipy.stats.rankdata(TIES, method, axis=axis)
    np.testing.assert_allclose(stats.rankdata(TIES, method, axis=axis), expected)
    np.testing.assert_allclose(w.jit(lambda a: stats.rankdata(a, method, axis=axis))(TIES), expected)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_mode(axis, keepdims):
    ours, theirs = (m.mode(TIES, axis=axis, keepdims=keepdims) for m in (stats, scipy.stats))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.shape(a) == np.shape(b)


@pytest.mark.parametrize("name, options", [
    ("sem", {}), ("sem", {"axis": None, "ddof": 0}), ("zscore", {}), ("zscore", {"axis": 1, "ddof": 1}), ("gmean", {"axis": 1}),
    ("hmean", {"axis": 1}), ("skew", {"axis": 1}), ("skew", {"axis": 1, "bias": False}), ("kurtosis", {"axis": None}),
    ("kurtosis", {"axis": 1, "bias": False, "fisher": False}), ("entropy", {"axis": 1}), ("entropy", {"base": 2}),
])  # fmt: skip
def test_descriptive(name, options):
    x = np.abs(np.random.default_rng(5).normal(size=(4, 5))) + 0.1
    ours, theirs = getattr(stats, name), getattr(scipy.stats, name)
    np.testing.assert_allclose(ours(x, **options), theirs(x, **options), rtol=1e-12)
    check_grads(lambda x: ours(x, **options), (x,), rtol=1e-5)


def test_entropy_of_two():
    p, q = A, B
    np.testing.assert_allclose(stats.entropy(p, q), scipy.stats.entropy(p, q))
    check_grads(stats.entropy, (p, q))


ENDS = {  # densities and probabilities where one of their factors is 0: function of one number, point, first, second
    "gamma": (lambda x: stats.gamma.pdf(x, 2.0), 0.0, 1.0, -2.0),
    "gamma, exponential": (lambda x: stats.gamma.pdf(x, 1.0), 0.0, -1.0, 1.0),
    "gamma, its place": (lambda loc: stats.gamma.pdf(0.0, 2.0, loc), 0.0, -1.0, -2.0),
    "chi2": (lambda x: stats.chi2.pdf(x, 4.0), 0.0, 0.25, -0.25),
    "weibull_min": (lambda x: stats.weibull_min.pdf(x, 2.0), 0.0, 2.0, 0.0),
    "beta, left": (lambda x: stats.beta.pdf(x, 2.0, 3.0), 0.0, 12.0, -48.0),
    "beta, right": (lambda x: stats.beta.pdf(x, 2.0, 3.0), 1.0, 0.0, 24.0),
    "bernoulli": (lambda p: stats.bernoulli.pmf(1, p), 0.0, 1.0, 0.0),
    "binom, none": (lambda p: stats.binom.pmf(0, 3, p), 0.0, -3.0, 6.0),
    "binom, one": (lambda p: stats.binom.pmf(1, 3, p), 0.0, 3.0, -12.0),
    "binom, two of three": (lambda p: stats.binom.pmf(2, 3, p), 1.0, -3.0, -12.0),
    "poisson": (lambda mu: stats.poisson.pmf(1, mu), 0.0, 1.0, -2.0),
    "geom": (lambda p: stats.geom.pmf(2, p), 1.0, -1.0, -2.0),
    "geom, survival": (lambda p: stats.geom.sf(1, p), 1.0, -1.0, 0.0),
    "nbinom": (lambda p: stats.nbinom.pmf(1, 2, p), 1.0, -2.0, -8.0),
    "gennorm, normal": (lambda x: stats.gennorm.cdf(x, 2.0), 0.0, 1 / np.sqrt(np.pi), 0.0),
    "gennorm": (lambda x: stats.gennorm.sf(x, 3.0), 0.0, -1.5 / scipy.special.gamma(1 / 3), 0.0),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ENDS)
def test_densities_have_derivatives_where_a_factor_is_zero(name):
    f, at, first, second = ENDS[name]
    for derivative in (w.grad, w.jacfwd, lambda f: w.jit(w.grad(f))):
        np.testing.assert_allclose(derivative(f)(at), first, rtol=1e-12, atol=1e-12)
    for outer in (w.jacfwd, w.grad):
        for inner in (w.jacfwd, w.grad):
            np.testing.assert_allclose(outer(inner(f))(at), second, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(w.jit(w.jacfwd(w.grad(f)))(at), second, rtol=1e-12, atol=1e-12)


def test_gennorm_is_one_function_where_its_series_ends():
    x = np.concatenate([np.linspace(-0.2, 0.2, 81), [-3.0, 2.0]])
    for beta in (0.7, 1.0, 2.0, 3.5):
        np.testing.assert_allclose(stats.gennorm.cdf(x, beta), scipy.stats.gennorm.cdf(x, beta), rtol=1e-13)
        away = x[x != 0]
        slopes = w.vmap(w.grad(lambda x, beta=beta: stats.gennorm.cdf(x, beta)))(away)
        np.testing.assert_allclose(slopes, scipy.stats.gennorm.pdf(away, beta), rtol=1e-12)
