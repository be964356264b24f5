"""wengert.scipy.linalg: values against SciPy, derivatives to second order against differences, degenerate matrices."""

import numpy as np
import pytest
import scipy.linalg

import wengert as w
import wengert.numpy as wnp
import wengert.scipy.linalg as wsl
from wengert import trees
from wengert.testing import check_grads

RNG = np.random.default_rng(8)
A = np.eye(3) + 0.4 * RNG.normal(size=(3, 3))
COMPLEX = A + 0.3j * RNG.normal(size=(3, 3))
TALL, WIDE = RNG.normal(size=(4, 2)), RNG.normal(size=(2, 4))
B = RNG.normal(size=(3, 2))
V = RNG.normal(size=3)
DEFINITE = A @ A.T + np.eye(3)
Q = RNG.normal(size=(3, 3))


def hermitian(x):
    return x + np.conj(np.swapaxes(x, -1, -2))


# Compared with SciPy's, staged, batched, differentiated twice.
CASES = {
    "expm": (lambda L, x: L.expm(x), A),
    "expm complex": (lambda L, x: L.expm(x), COMPLEX),
    "expm large": (lambda L, x: L.expm(3 * x), A),
    "expm_frechet": (lambda L, x: L.expm_frechet(x, Q), A),
    "expm_frechet direction": (lambda L, x: L.expm_frechet(A, x, compute_expm=False), Q),
    "logm": (lambda L, x: L.logm(x), A),
    "logm complex": (lambda L, x: L.logm(x), COMPLEX),
    "sqrtm": (lambda L, x: L.sqrtm(x), A),
    "sqrtm complex": (lambda L, x: L.sqrtm(x), COMPLEX),
    "power": (lambda L, x: L.fractional_matrix_power(x, 0.3), A),
    "power whole": (lambda L, x: L.fractional_matrix_power(x, -2), A),
    "signm": (lambda L, x: L.signm(x - 1.2 * np.diag([1.0, 0.0, 2.0])), A),
    **{
        f"{name}{' complex' * (x is COMPLEX)}": (lambda L, x, name=name: getattr(L, name)(x), x)
        for name in ("cosm", "sinm", "tanm", "coshm", "sinhm", "tanhm")
        for x in (A, COMPLEX)
    },
    "lu": (lambda L, x: L.lu(x), A),
    "lu tall": (lambda L, x: L.lu(x), TALL),
    "lu wide": (lambda L, x: L.lu(x, p_indices=True), WIDE),
    "lu permuted": (lambda L, x: L.lu(x, permute_l=True), COMPLEX),
    "lu_factor": (lambda L, x: L.lu_factor(x), A),
    **{
        f"lu_solve {trans}": (lambda L, x, trans=trans: L.lu_solve(L.lu_factor(x), B, trans), COMPLEX)
        for trans in (0, 1, 2)
    },
    "lu_solve vector": (lambda L, x: L.lu_solve(L.lu_factor(A), x), V),
    "polar": (lambda L, x: L.polar(x), TALL),
    "polar wide": (lambda L, x: L.polar(x), WIDE),
    "polar left": (lambda L, x: L.polar(x, "left"), COMPLEX),
    "sylvester": (lambda L, x: L.solve_sylvester(x, A[:2, :2], B), A),
    "sylvester complex": (lambda L, x: L.solve_sylvester(A, x[:2, :2], B), COMPLEX),
    "lyapunov": (lambda L, x: L.solve_continuous_lyapunov(x, Q), COMPLEX),
    "lyapunov discrete": (lambda L, x: L.solve_discrete_lyapunov(0.4 * x, Q), A),
    "toeplitz": (lambda L, x: L.toeplitz(x), V),
    "toeplitz two": (lambda L, x: L.toeplitz(x, x[:2]), V + 1j),
    "hankel": (lambda L, x: [L.hankel(x), L.hankel(x, 2 * x[1:])], V),
    "circulant": (lambda L, x: L.circulant(x), V),
    "companion": (lambda L, x: L.companion(x), V),
    "block_diag": (lambda L, x: L.block_diag(x, V, x[:1]), B),
    "solve": (lambda L, x: L.solve(x, B), A),
    "solve transposed": (lambda L, x: L.solve(x, V, transposed=True), A),
    "solve pos": (lambda L, x: L.solve(x + x.T, B, assume_a="pos"), DEFINITE),
    "solve_toeplitz": (lambda L, x: L.solve_toeplitz((x, np.array([0.0, 0.4, 0.1])), B), V),
    "solve_circulant": (lambda L, x: L.solve_circulant(x, B), V),
    "pinv": (lambda L, x: L.pinv(x), TALL),
    "lstsq": (lambda L, x: L.lstsq(x, np.ones(4))[0], TALL),
    "eigh pair": (lambda L, x: L.eigh(Q + Q.T, x + x.T, eigvals_only=True), DEFINITE),
    "eigvalsh": (lambda L, x: L.eigvalsh(x + x.T), A),
    "eigh_tridiagonal": (lambda L, x: L.eigh_tridiagonal(x, x[:2] ** 2, eigvals_only=True), V),
    "svdvals": (lambda L, x: L.svdvals(x), TALL),
    "qr": (lambda L, x: L.qr(x, mode="economic"), TALL),
    "norm": (lambda L, x: [L.norm(x, p) for p in (None, "fro", 1, 2, np.inf)], A),
}


def agrees_with_scipy(f, x, rtol=1e-10, of_derivatives=3e-6):
    """Values, compiled and batched ones too, and two orders of derivatives, of a function of a namespace and `x`."""
    expected = trees.leaves(f(scipy.linalg, x))
    for got in (f(wsl, x), w.jit(lambda x: f(wsl, x))(x), w.vmap(lambda x: f(wsl, x), out_axes=-1)(np.stack([x, x]))):
        for g, e in zip(trees.leaves(got), expected, strict=True):
            g = g[..., 1] if np.ndim(g) > np.ndim(e) else g
            np.testing.assert_allclose(np.asarray(g), e, rtol=rtol, atol=1e-11)
    check_grads(lambda x: f(wsl, x), (x,), order=2, rtol=of_derivatives, atol=of_derivatives)


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name):
    agrees_with_scipy(*CASES[name])


def test_constant_matrices():
    for name in ("dft", "hadamard", "helmert", "hilbert", "invhilbert", "pascal"):
        np.testing.assert_array_equal(getattr(wsl, name)(4), getattr(scipy.linalg, name)(4))


def test_third_derivatives_of_the_exponential():
    check_grads(wsl.expm, (A[:2, :2],), order=3, rtol=1e-4, atol=1e-4)


def test_the_power_is_differentiable_in_its_exponent():
    got = w.jacfwd(lambda t: wsl.fractional_matrix_power(DEFINITE, t))(0.4)
    expected = scipy.linalg.logm(DEFINITE) @ scipy.linalg.fractional_matrix_power(DEFINITE, 0.4)
    np.testing.assert_allclose(got, expected, rtol=1e-9)


# --- what a phase or a basis does not change ----------------------------------------------------------------------


@pytest.mark.parametrize("x", [A, COMPLEX, np.stack([A, A.T])], ids=["real", "complex", "stack"])
def test_schur(x):
    upper, z = wsl.schur(x, "complex")
    np.testing.assert_allclose(z @ upper @ np.conj(np.swapaxes(z, -1, -2)), x, atol=1e-12)
    assert np.abs(np.tril(upper, -1)).max() == 0

    def without_phase(x):
        upper, z = wsl.schur(x, "complex")
        first = z[..., :1]
        again = wnp.matmul(wnp.matmul(z, upper), wnp.conj(z.mT))
        return wnp.diagonal(upper, axis1=-2, axis2=-1), wnp.matmul(first, wnp.conj(first.mT)), again, abs(upper) ** 2

    check_grads(without_phase, (x,), order=2, rtol=2e-5, atol=2e-5)


def projection(q):
    return wnp.matmul(q, wnp.conj(q.T))


def test_completed_bases():
    def of_qr(x):
        q, r = wnp.linalg.qr(x, "complete")
        return projection(q[:, 2:]), projection(q[:, :2]), q @ r

    def of_svd(x):
        u, s, vh = wnp.linalg.svd(x)
        return projection(u[:, 2:]), projection(vh.T[:, 2:]), (u[:, :2] * s) @ vh[:2]

    for x in (TALL, TALL + 1j * TALL[::-1]):
        check_grads(of_qr, (x,), order=2, rtol=2e-5, atol=2e-5)
    for x in (TALL, WIDE, WIDE + 1j * WIDE[::-1]):
        check_grads(of_svd, (x,), order=2, rtol=2e-5, atol=2e-5)
    for g, e in zip(wnp.linalg.qr(TALL, "complete"), np.linalg.qr(TALL, "complete"), strict=True):
        np.testing.assert_array_equal(g, e)


def test_spaces():
    x = TALL @ WIDE[:, :3]  # of rank 2
    null = wsl.null_space(x)
    np.testing.assert_allclose(x @ null, 0, atol=1e-12)
    assert null.shape == (3, 1) and wsl.orth(x).shape == (4, 2)
    change = RNG.normal(size=(4, 2)), RNG.normal(size=(2, 3))

    def along(t):  # a path of matrices of rank 2
        return (TALL + t * change[0]) @ (WIDE[:, :3] + t * change[1])

    check_grads(lambda t: projection(wsl.null_space(along(t))), (0.3,), order=2, rtol=1e-5, atol=1e-5)
    check_grads(lambda t: projection(wsl.orth(along(t))), (0.3,), order=2, rtol=1e-5, atol=1e-5)
    with pytest.raises(w.errors.ConcretizationError, match="null_space"):
        w.jit(wsl.null_space)(x)


def test_spaces_of_equal_singular_values():
    """Which basis it is, nothing determines; the projection has all derivatives, against those of the pseudo-inverse."""
    rng = np.random.default_rng(5)
    for shape, rank in (((5, 4), 2), ((4, 5), 2), ((5, 3), 3)):
        m, n = shape
        left, right = np.linalg.qr(rng.normal(size=(m, rank)))[0], np.linalg.qr(rng.normal(size=(n, rank)))[0]
        dl, dr, weights = rng.normal(size=(m, rank)), rng.normal(size=(n, rank)), rng.normal(size=(5, 5))
        if n - rank < 1:
            dr = dr * 0

        def path(t, left=left, dl=dl, right=right, dr=dr):
            return (left + t * dl) @ (right + t * dr).T

        def of_orth(t, path=path, w=weights[:m, :m]):
            return wnp.sum(projection(wsl.orth(path(t))) * w)

        def of_null(t, path=path, w=weights[:n, :n]):
            return wnp.sum(projection(wsl.null_space(path(t))) * w)

        def pinv(t, path=path):
            return wnp.linalg.pinv(path(t), rtol=1e-10)

        def exact_orth(t, path=path, w=weights[:m, :m], pinv=pinv):
            return wnp.sum((path(t) @ pinv(t)) * w)

        def exact_null(t, path=path, w=weights[:n, :n], pinv=pinv):
            return -wnp.sum((pinv(t) @ path(t)) * w)

        for f, exact in ((of_orth, exact_orth), (of_null, exact_null)):
            check_grads(f, (0.0,), order=2, rtol=1e-5, atol=1e-5)
            for modes in ((w.jacfwd,), (w.grad,), (w.grad, w.jacfwd), (w.jacfwd, w.grad), (w.grad, w.grad)):
                d, e = f, exact
                for mode in modes:
                    d, e = mode(d), mode(e)
                np.testing.assert_allclose(d(0.0), e(0.0), rtol=1e-9, atol=1e-9)


def test_vectors_of_a_space_as_far_as_they_are_determined():
    x, dx = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3))
    check_grads(lambda t: wsl.orth(x + t * dx), (0.0,), order=2, rtol=1e-4, atol=1e-4)
    small = x @ np.diag([1.0, 1.0, 1e-3])  # a singular value that is left out and is not 0
    for f in (wsl.null_space, wsl.orth):
        space = lambda t, f=f: projection(f(small + t * 1e-3 * dx, rcond=0.1))  # noqa: E731
        assert f(small, rcond=0.1).shape[1] == (1 if f is wsl.null_space else 2)
        check_grads(space, (0.0,), order=2, rtol=1e-4, atol=1e-6)


def test_generalised_eigenvectors():
    a, b = Q + Q.T, DEFINITE
    values, vectors = wsl.eigh(a, b)
    np.testing.assert_allclose(a @ vectors, b @ vectors * values, atol=1e-12)
    np.testing.assert_allclose(vectors.T @ b @ vectors, np.eye(3), atol=1e-12)

    def exponential(b):
        values, vectors = wsl.eigh(a, b + b.T)
        return wnp.matmul(vectors * wnp.exp(values), vectors.T)

    check_grads(exponential, (b,), order=2, rtol=2e-5, atol=2e-5)


# --- degenerate matrices ------------------------------------------------------------------------------------------

DEFECTIVE = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 2.0]])  # an eigenvalue three times, one vector


@pytest.mark.parametrize("x", [np.zeros((3, 3)), 2 * np.eye(3), DEFECTIVE], ids=["zero", "multiple", "defective"])
def test_functions_of_matrices_where_eigenvalues_meet(x):
    check_grads(wsl.expm, (x,), order=2, rtol=1e-5, atol=1e-5)
    check_grads(wsl.cosm, (x,), order=2, rtol=1e-5, atol=1e-5)
    if x.any():
        check_grads(wsl.sqrtm, (x,), order=2, rtol=1e-5, atol=1e-5)
        check_grads(wsl.logm, (x,), order=2, rtol=1e-5, atol=1e-5)
        check_grads(lambda x: wsl.polar(x)[0], (x,), order=2, rtol=1e-5, atol=1e-5)


def test_eigenvalues_that_meet():
    # Sums over all eigenvalues have derivatives where single ones have none.
    check_grads(lambda x: wnp.sum(wnp.linalg.eigvalsh(x) ** 2), (2 * np.eye(3),), order=1, rtol=1e-5, atol=1e-5)
    check_grads(lambda x: wnp.sum(wnp.linalg.svdvals(x)), (2 * np.eye(3),), order=1, rtol=1e-5, atol=1e-5)
    for f in (lambda x: wnp.linalg.eigh(x)[1], lambda x: wnp.linalg.svd(x)[0]):
        with np.errstate(all="ignore"):
            vectors = w.jvp(f, (np.eye(2),), (np.array([[0.0, 1.0], [0.5, 0.0]]),))[1]
        assert not np.isfinite(vectors).all()  # vectors have none, and nothing finite is made up


def test_rank_deficient():
    x = np.outer(V, B[:, 0])
    rank_one = lambda t: wnp.linalg.pinv(wnp.outer(V + t * Q[0], B[:, 0]))  # noqa: E731
    check_grads(rank_one, (0.2,), order=2, rtol=1e-5, atol=1e-5)
    check_grads(wnp.linalg.det, (x,), order=1, atol=1e-5)
    check_grads(lambda b: wnp.linalg.lstsq(x, b)[0], (V,), order=1, rtol=1e-5, atol=1e-5)
    assert wnp.linalg.matrix_rank(x) == 1
    with np.errstate(all="ignore"):
        assert not np.isfinite(w.jacfwd(lambda x: wsl.lu(x)[1])(np.zeros((2, 2)))).all()
    sign, logarithm = wnp.linalg.slogdet(np.zeros((2, 2)))
    assert (sign, logarithm) == (0, -np.inf)


@pytest.mark.parametrize("order", [None, 1, 2, 3, 1.5, np.inf])
def test_the_gradient_of_a_norm_at_zero_is_the_least_subgradient(order):
    for f in (w.grad(lambda x: wnp.linalg.norm(x, order)), w.jit(w.grad(lambda x: wnp.linalg.norm(x, order)))):
        gradient = f(np.zeros(3))
        assert np.isfinite(gradient).all() and np.abs(gradient).sum() <= 1
        np.testing.assert_allclose(f(V), w.jacfwd(lambda x: wnp.linalg.norm(x, order))(V), rtol=1e-12)


ERRORS = [
    (lambda: wsl.expm(TALL), w.errors.ShapeError, "square"),
    (lambda: wsl.logm(2.0), w.errors.ShapeError, "number"),
    (lambda: wsl.eigh(A, type=4), w.errors.ArgumentError, "type is"),
    (lambda: wsl.eig(A, left=True), w.errors.ArgumentError, "adjoint"),
    (lambda: wsl.lu_solve(wsl.lu_factor(A), B, 3), w.errors.ArgumentError, "trans"),
    (lambda: wsl.polar(A, "up"), w.errors.ArgumentError, "side"),
    (lambda: wsl.solve_sylvester(A, A, B), w.errors.ShapeError, "fit"),
    (lambda: w.jit(lambda x: wsl.pinv(x, atol=0.1))(A), w.errors.ConcretizationError, "rtol"),
]


@pytest.mark.parametrize("call, error, match", ERRORS)
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call()
