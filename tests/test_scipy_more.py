"""What JAX's scipy.special, scipy.linalg, scipy.cluster and scipy.stats have besides the functions tested elsewhere."""

import mpmath as mp
import numpy as np
import pytest
import scipy.linalg
import scipy.special
from test_scipy_linalg import agrees_with_scipy

import wengert as w
import wengert.numpy as wnp
import wengert.scipy.linalg as wsl
from wengert import trees
from wengert.scipy import special, stats
from wengert.testing import check_grads

X = np.array([0.3, 0.9, 1.7, 2.8])
P = np.array([0.15, -0.4, 0.6, 0.9])


# --- scipy.special ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, args",
    [
        ("boxcox", (X, P)),
        ("boxcox1p", (X - 0.8, P)),
        ("inv_boxcox", (X - 1, P)),
        ("inv_boxcox1p", (X - 1, P)),
        ("dawsn", (X - 1,)),
        ("dawsn", (X - 1 + 0.3j,)),
        ("wofz", (X - 1,)),
        ("wofz", (X - 1 + 0.5j,)),
        ("comb", (X + 3, X[::-1])),
        ("binom", (X + 3, X[::-1])),
    ],
)
def test_special_functions(name, args):
    f = getattr(special, name)
    expected = getattr(scipy.special, name)(*args)
    for g in (f, w.jit(f), w.vmap(f)):
        np.testing.assert_allclose(g(*args), expected, rtol=1e-12)
    check_grads(f, args, order=2, rtol=3e-6, atol=3e-6)
    narrow = f(*[a.astype(np.complex64 if a.dtype.kind == "c" else np.float32) for a in args])
    assert narrow.dtype in (np.float32, np.complex64)


@pytest.mark.parametrize("name", ["boxcox", "boxcox1p", "inv_boxcox", "inv_boxcox1p"])
@pytest.mark.parametrize("exponent", [0.0, 1e-9, -1e-5, 0.4, -1.2, 2.0])
def test_derivatives_in_the_exponent(name, exponent):
    formulas = {
        "boxcox": lambda x, a: (x**a - 1) / a if a else mp.log(x),
        "boxcox1p": lambda x, a: ((1 + x) ** a - 1) / a if a else mp.log(1 + x),
        "inv_boxcox": lambda x, a: (1 + a * x) ** (1 / a) if a else mp.exp(x),
        "inv_boxcox1p": lambda x, a: (1 + a * x) ** (1 / a) - 1 if a else mp.exp(x) - 1,
    }
    f = getattr(special, name)
    for x in (0.2, 0.7):
        with mp.workdps(60):
            at = mp.mpf(x), mp.mpf(exponent)
            slopes = [float(mp.diff(formulas[name], at, (0, n), h=mp.mpf(10) ** -12)) for n in (1, 2)]
        first = w.grad(f, 1)
        np.testing.assert_allclose([first(x, exponent), w.grad(first, 1)(x, exponent)], slopes, rtol=1e-8)


@pytest.mark.parametrize("x", [0.3, 7.0, 49.9, 50.1, 3e3, -1e5, 1e8, 60 + 20j, 80j + 1, 60 - 20j, 1e6 - 3j])
def test_dawsn_and_wofz_far_out(x):
    """Where ``1 - 2 x F`` cancels."""
    with mp.workdps(60):
        z = mp.mpmathify(x)
        w0 = mp.exp(-z * z) * mp.erfc(-1j * z)
        slope = 2j / mp.sqrt(mp.pi) - 2 * z * w0
        wofz = [complex(slope), complex(-2 * w0 - 2 * z * slope)]
        f0 = mp.sqrt(mp.pi) / 2 * mp.exp(-z * z) * mp.erfi(z)
        dawsn = [complex(1 - 2 * z * f0), complex(-2 * f0 - 2 * z * (1 - 2 * z * f0))]
    cases = [(special.wofz, wofz)]
    if abs(f0) < 1e300:  # else its value is infinite
        cases.append((special.dawsn, dawsn))
    x = np.asarray(x)
    for f, expected in cases:
        first = lambda x: w.jvp(f, (x,), (np.ones_like(x),))[1]  # noqa: B023, E731
        np.testing.assert_allclose(first(x), expected[0], rtol=1e-11)
        np.testing.assert_allclose(w.jvp(first, (x,), (np.ones_like(x),))[1], expected[1], rtol=1e-7)


def test_boxcox_at_the_end_of_its_domain():
    assert special.boxcox(0.0, 2.0) == -0.5 and special.boxcox1p(-1.0, 2.0) == -0.5
    for f, x in ((special.boxcox, 0.0), (special.boxcox1p, -1.0)):
        assert w.grad(f)(x, 2.0) == 0 and w.grad(f)(x, 1.0) == 1 and w.grad(f)(x, 0.5) == np.inf
        assert w.grad(f, 1)(x, 2.0) == 0.25  # of -1 / lmbda


def test_comb():
    for repetition in (False, True):
        n, k = np.arange(-2 + 3 * repetition, 6)[:, None], np.arange(-1 + repetition, 7)
        expected = scipy.special.comb(n, k, repetition=repetition)
        np.testing.assert_array_equal(special.comb(n, k, repetition=repetition), expected)
        np.testing.assert_array_equal(
            w.jit(special.comb, static_argnames="repetition")(n, k, repetition=repetition), expected
        )
        assert special.comb(50, 20, exact=True, repetition=repetition) == scipy.special.comb(
            50, 20, exact=True, repetition=repetition
        )
    assert special.comb(0, 0, repetition=True) == 1 and special.comb(3, 5, exact=True) == 0
    assert wnp.isfinite(w.jacfwd(special.comb)(2.0, 3.0)) and w.grad(special.comb)(2.0, 3.0) == 0
    with pytest.raises(w.errors.ArgumentError, match="leave exact out"):
        special.comb(2.5, 1, exact=True)


# --- scipy.stats ------------------------------------------------------------------------------------------------


def test_the_entropy_of_counts():
    mu = np.array([0.0, 1e-3, 0.4, 3.0, 40.0, 99.9, 100.1, 500.0])
    expected = [0.0]
    with mp.workdps(40):
        for m in map(mp.mpf, mu[1:]):
            terms = (
                mp.exp(k * mp.log(m) - mp.loggamma(k + 1) - m) * mp.loggamma(k + 1) for k in range(int(2 * m) + 200)
            )
            expected.append(float(m * (1 - mp.log(m)) + mp.fsum(terms)))
    np.testing.assert_allclose(stats.poisson.entropy(mu), expected, rtol=1e-11)
    np.testing.assert_allclose(w.jit(stats.poisson.entropy)(mu), expected, rtol=1e-11)
    check_grads(stats.poisson.entropy, (mu[2:],), order=2, rtol=1e-5, atol=1e-7)
    narrow = stats.poisson.entropy(mu.astype(np.float32), loc=np.float32(2))
    assert narrow.dtype == np.float32 and abs(narrow - expected).max() < 1e-3


# --- scipy.linalg -----------------------------------------------------------------------------------------------

RNG = np.random.default_rng(11)
A = np.eye(4) + 0.5 * RNG.normal(size=(4, 4))
COMPLEX = A + 0.4j * RNG.normal(size=(4, 4))
V = RNG.normal(size=4)
TALL, WIDE = RNG.normal(size=(4, 2)), RNG.normal(size=(2, 4))

# Compared with SciPy's, staged, batched, differentiated twice.
LINALG = {
    **{
        f"convolution_matrix {mode} {n}": (lambda L, x, mode=mode, n=n: L.convolution_matrix(x, n, mode), V)
        for mode in ("full", "same", "valid")
        for n in (1, 2, 4, 7)
    },
    "fiedler": (lambda L, x: L.fiedler(x), V),
    **{f"fiedler_companion {n}": (lambda L, x, n=n: L.fiedler_companion(x[np.arange(n) % 4]), V) for n in (2, 3, 4, 7)},
    "leslie": (lambda L, x: L.leslie(x, x[1:] ** 2), V),
    "qr_multiply": (lambda L, x: L.qr_multiply(x, TALL.T), A),
    "qr_multiply left": (lambda L, x: L.qr_multiply(x, TALL[:2], "left", conjugate=True), TALL + 1j * TALL[::-1]),
    "qr_multiply wide": (lambda L, x: L.qr_multiply(x, V[:2]), WIDE),
    "qr_multiply vector": (lambda L, x: L.qr_multiply(A, x, "left")[0], V),
    "qr_multiply pivoting": (lambda L, x: L.qr_multiply(x, V, pivoting=True), COMPLEX),
    "qr pivoting": (lambda L, x: L.qr(x, pivoting=True), A),
    "qr pivoting wide": (lambda L, x: L.qr(x, mode="economic", pivoting=True), WIDE),
    "qr pivoting r": (lambda L, x: L.qr(x, mode="r", pivoting=True), A),
    "hessenberg": (lambda L, x: L.hessenberg(x), A),
    "hessenberg complex": (lambda L, x: L.hessenberg(x, calc_q=True), COMPLEX),
    "hessenberg of two": (lambda L, x: L.hessenberg(x[:2, :2], calc_q=True), A),
    "schur real": (lambda L, x: L.schur(x)[:2], A),
    "rsf2csf": (lambda L, x: L.rsf2csf(*L.schur(x)[:2]), A),
    "funm": (lambda L, x: L.funm(x, np.sin) + 0j, A),
    "funm complex": (lambda L, x: L.funm(x, lambda z: np.exp(z) / (4 + z)), COMPLEX),
    "funm disp": (lambda L, x: L.funm(x, np.cosh, disp=False)[0] + 0j, A),
}  # fmt: skip


@pytest.mark.parametrize("name", LINALG)
def test_linear_algebra(name):
    agrees_with_scipy(*LINALG[name], rtol=1e-9, of_derivatives=1e-5)


def test_stacks_of_vectors_and_matrices():
    rows, stack = np.stack([V, 2 * V]), np.stack([A, A.T])
    for f in (wsl.fiedler, wsl.fiedler_companion, lambda v: wsl.leslie(v, v[..., 1:])):
        np.testing.assert_array_equal(f(rows), [f(v) for v in rows])
    np.testing.assert_array_equal(wsl.convolution_matrix(rows, 3), [wsl.convolution_matrix(v, 3) for v in rows])
    for g in (wsl.hessenberg, lambda a: wsl.rsf2csf(*wsl.schur(a))[0], lambda a: wsl.funm(a, np.exp)):
        np.testing.assert_allclose(g(stack), [g(a) for a in stack], atol=1e-13)


@pytest.mark.parametrize("kind", ["symmetric", "upper", "lower"])
def test_pascal(kind):
    np.testing.assert_array_equal(wsl.invpascal(4, kind), scipy.linalg.invpascal(4, kind))
    np.testing.assert_array_equal(wsl.pascal(4, kind) @ wsl.invpascal(4, kind), np.eye(4))


def test_the_real_schur_form_of_many_matrices():
    for n in (1, 2, 3, 5):
        for seed in range(4):  # with and without blocks of two
            x = np.random.default_rng(seed).normal(size=(n, n))
            # Whose columns' signs may change under the differences' small steps.
            check_grads(lambda x: [part**2 for part in wsl.schur(x)], (x,), order=1, rtol=2e-5, atol=2e-5)
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    with pytest.raises(w.errors.NotDifferentiableError, match="output='complex'"):
        w.jacfwd(wsl.schur)(turn)
    assert np.isfinite(w.jacfwd(lambda x: wsl.schur(x, "complex")[0])(turn)).all()


# --- funm ---------------------------------------------------------------------------------------------------------

E1, E2 = RNG.normal(size=(2, 4, 4))
NEAR = {
    "distinct": A,
    "symmetric": A + A.T,
    "a multiple of the identity": 2 * np.eye(4),
    "zero": np.zeros((4, 4)),
    "equal and close": np.diag([1.0, 1.0, 1 + 1e-9, 1 + 1e-4]),
    "pairs, turned": (lambda q: q @ np.diag([0.3, 0.3, 2.0, 2.0 + 1e-12]) @ q.T)(np.linalg.qr(A)[0]),
}


@pytest.mark.parametrize("x", NEAR.values(), ids=list(NEAR))
def test_derivatives_of_funm_where_eigenvalues_meet(x):
    """Against `expm`, whose derivatives are upper right blocks of the exponential of block matrices."""

    def orders(f):
        first = lambda x: w.jvp(f, (x,), (E1,))[1]  # noqa: E731
        return f(x), first(x), w.jvp(first, (x,), (E2,))[1]

    for got, expected in zip(orders(lambda x: wsl.funm(x, wnp.exp)), orders(wsl.expm), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-10 * np.abs(expected).max())
    check_grads(lambda x: wsl.funm(x, wnp.cos), (x,), order=2, rtol=1e-5, atol=1e-5)


def test_third_derivatives_of_funm():
    check_grads(lambda x: wsl.funm(x, wnp.exp), (A[:2, :2],), order=3, rtol=1e-4, atol=1e-4)


def test_funm_of_functions_that_are_not_smooth_everywhere():
    root = np.array([[1e-8, 1e-9], [0.0, 4.0]])
    np.testing.assert_allclose(wsl.funm(root, np.sqrt), scipy.linalg.sqrtm(root), rtol=1e-12)
    first = lambda f: w.jvp(f, (root,), (E1[:2, :2],))[1]  # noqa: E731
    np.testing.assert_allclose(first(lambda x: wsl.funm(x, wnp.sqrt)), first(wsl.sqrtm), rtol=1e-8)
    fast = np.diag([0.3, 0.3 + 1e-3])
    got = w.jvp(lambda x: wsl.funm(x, lambda z: wnp.sin(1e4 * z)), (fast,), (np.ones((2, 2)),))[1]
    with mp.workdps(40):
        expected = [[float(mp.diff(lambda t: mp.sin(10000 * t), mp.mpf(0.3))), 0.0], [0.0, 0.0]]
        quotient = float(
            (mp.sin(mp.mpf(1e4) * fast[1, 1]) - mp.sin(mp.mpf(1e4) * fast[0, 0])) / (mp.mpf(fast[1, 1]) - fast[0, 0])
        )
    np.testing.assert_allclose([got[0, 0], got[0, 1]], [expected[0][0], quotient], rtol=1e-8)


def test_funm_in_what_its_function_closes_over():
    def total(scale, x):
        return wnp.real(wnp.sum(wsl.funm(x, lambda z: wnp.sin(scale * z)) * E1))

    check_grads(total, (1.3, A), order=2, rtol=1e-5, atol=1e-5)
    for f in (w.grad(total, (0, 1)), w.jacfwd(w.grad(total), 1)):
        for got, expected in zip(trees.leaves(w.jit(f)(1.3, A)), trees.leaves(f(1.3, A)), strict=True):
            np.testing.assert_allclose(got, expected, atol=1e-12)
        got = w.vmap(f)(np.array([0.7, 1.3]), np.stack([A, A]))
        for g, expected in zip(trees.leaves(got), trees.leaves(f(1.3, A)), strict=True):
            np.testing.assert_allclose(g[1], expected, atol=1e-12)


@pytest.mark.parametrize("x", NEAR.values(), ids=list(NEAR))
def test_mixed_derivatives_of_funm(x):
    """In the matrix and in what the function closes over, in every order and mode, against `expm`."""

    def gradients(f):
        return [
            outer(inner(lambda scale, x: wnp.real(wnp.sum(f(scale, x) * E1)), i), 1 - i)(1.3, x)
            for outer in (w.jacfwd, w.jacrev)
            for inner in (w.jacfwd, w.jacrev)
            for i in (0, 1)
        ]

    got = gradients(lambda scale, x: wsl.funm(x, lambda z: wnp.exp(scale * z)))
    expected = gradients(lambda scale, x: wsl.expm(scale * x))
    for g, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(g, e, atol=1e-9 * np.abs(e).max())


def test_funm_makes_up_nothing_where_eigenvectors_are_dependent():
    defective = np.array([[2.0, 1.0], [0.0, 2.0]])
    for f in (wsl.funm, lambda x, f: w.jit(lambda x: wsl.funm(x, f))(x)):
        assert np.isnan(f(defective, wnp.exp)).all()
    single = w.jvp(lambda x: wsl.funm(x, wnp.exp), (A.astype(np.float32),), (E1.astype(np.float32),))
    exact = w.jvp(wsl.expm, (A,), (E1,))
    for g, e in zip(single, exact, strict=True):
        assert g.dtype == np.complex64
        np.testing.assert_allclose(g, e, atol=1e-4)


ERRORS = [
    (lambda: wsl.convolution_matrix(V, 3, "some"), w.errors.ArgumentError, "full"),
    (lambda: wsl.convolution_matrix(V[:0], 3), w.errors.ShapeError, "one element"),
    (lambda: wsl.fiedler_companion(V[:1]), w.errors.ShapeError, "two coefficients"),
    (lambda: wsl.leslie(V, V), w.errors.ShapeError, "survivals"),
    (lambda: wsl.funm(TALL, np.exp), w.errors.ShapeError, "square"),
    (lambda: wsl.hessenberg(TALL), w.errors.ShapeError, "square"),
    (lambda: wsl.qr(A, mode="raw"), w.errors.ArgumentError, "economic"),
    (lambda: wsl.qr_multiply(A, V, "up"), w.errors.ArgumentError, "left"),
    (lambda: wsl.qr_multiply(A, V[:2]), w.errors.ShapeError, "fit"),
    (lambda: wsl.rsf2csf(A, A[:2, :2]), w.errors.ShapeError, "differ"),
]


@pytest.mark.parametrize("call, error, match", ERRORS)
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call()
