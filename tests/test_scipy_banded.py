"""Banded and symmetric problems of wengert.scipy.linalg, and `info` of the iterative solvers: against SciPy and differences."""

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse.linalg

import wengert as w
import wengert.scipy.linalg as wsl
from wengert.scipy.sparse import linalg as iterative
from wengert.testing import check_grads

RNG = np.random.default_rng(3)
BANDS = RNG.normal(size=(3, 5)) + np.array([[0.0], [6.0], [0.0]])
UPPER = RNG.normal(size=(3, 5)) + np.array([[0.0], [0.0], [6.0]])
LOWER, RIGHT, RIGHTS = UPPER[::-1], RNG.normal(size=5), RNG.normal(size=(5, 2))
A, B = RNG.normal(size=(5, 5)), RNG.normal(size=(5, 5))
Z = A + 1j * B
CASES = {
    "solve_banded": (lambda m, a, b: m.solve_banded((1, 1), a, b), BANDS, RIGHT),
    "solve_banded, lower": (lambda m, a, b: m.solve_banded((2, 0), a, b), LOWER, RIGHTS),
    "solveh_banded": (lambda m, a, b: m.solveh_banded(a, b), UPPER, RIGHT),
    "solveh_banded, lower": (lambda m, a, b: m.solveh_banded(a, b, lower=True), LOWER, RIGHTS),
    "cholesky_banded": (lambda m, a: m.cholesky_banded(a)[2], UPPER),
    "cholesky_banded, lower": (lambda m, a: m.cholesky_banded(a, lower=True)[1, :4], LOWER),
    "cho_solve_banded": (lambda m, a, b: m.cho_solve_banded((m.cholesky_banded(a), False), b), UPPER, RIGHT),
    "eig_banded, values": (lambda m, a: m.eig_banded(a)[0], UPPER),
    "eigvals_banded": (lambda m, a: m.eigvals_banded(a, select="i", select_range=(1, 3)), UPPER),
    "eigvals_banded, lower": (lambda m, a: m.eigvals_banded(a, lower=True), LOWER),
    "eigvalsh_tridiagonal": (lambda m, d, e: m.eigvalsh_tridiagonal(d, e), RIGHT, RIGHT[:4]),
    "pinvh": (lambda m, a: m.pinvh(a), A),
    "diagsvd": (lambda m, s: m.diagsvd(s, 3, 5), RIGHT[:3]),
    "khatri_rao": (lambda m, a, b: m.khatri_rao(a, b), A[:3], B[:2]),
    "matmul_toeplitz": (lambda m, c, x: m.matmul_toeplitz((c, 2 * c), x), RIGHT, RIGHTS),
    "orthogonal_procrustes": (lambda m, a, b: m.orthogonal_procrustes(a, b), A, B),
    "ldl": (lambda m, a: m.ldl(a), A),
    "ldl, upper": (lambda m, a: m.ldl(a, lower=False), A),
    "ldl, a zero pivot": (lambda m, a: m.ldl(a * (1 - np.eye(5))), A),
    "ldl, complex": (lambda m, a: m.ldl(a - 1j * np.diag(np.diag(a).imag)), Z),
    "ldl, complex symmetric": (lambda m, a: m.ldl(a, hermitian=False), Z),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name):
    f, *args = CASES[name]
    expected = f(scipy.linalg, *args)
    ours = lambda *a: f(wsl, *a)  # noqa: E731
    for got in (ours(*args), w.jit(ours)(*args)):
        for g, e in zip(w.trees.leaves(got), w.trees.leaves(expected), strict=True):
            np.testing.assert_allclose(g, e, rtol=1e-9, atol=1e-11)
            assert np.asarray(g).dtype == np.asarray(e).dtype
    smooth = ours if not name.startswith("ldl") else lambda *a: ours(*a)[:2]
    check_grads(smooth, tuple(args), order=2 if args[0].dtype.kind == "f" else 1, rtol=1e-5, atol=1e-5)


def test_rq_and_angles():
    for mode in ("full", "economic"):
        for a in (A[:3], A, A[:, :3]):
            (r, q), (theirs, _) = wsl.rq(a, mode=mode), scipy.linalg.rq(a, mode=mode)
            assert r.shape == theirs.shape
            np.testing.assert_allclose(r @ q, a, atol=1e-13)
            np.testing.assert_allclose(np.triu(r, r.shape[1] - r.shape[0]), r, atol=1e-13)
    assert wsl.rq(A[:3], mode="r").shape == scipy.linalg.rq(A[:3], mode="r").shape
    check_grads(lambda a: wsl.rq(a, mode="economic"), (A[:3],))
    for a, b in ((A[:, :3], B[:, :2]), (A[:, :2], B[:, :3]), (A[:, :2], A[:, :2] + 1e-9 * B[:, :2])):
        np.testing.assert_allclose(wsl.subspace_angles(a, b), scipy.linalg.subspace_angles(a, b), rtol=1e-6, atol=1e-15)
    check_grads(wsl.subspace_angles, (A[:, :3], B[:, :2]), rtol=1e-5)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="3 diagonals"):
        wsl.solve_banded((1, 1), BANDS[:2], RIGHT)
    with pytest.raises(ValueError, match="do not fit"):
        wsl.solveh_banded(UPPER, RIGHT[:3])
    with pytest.raises(wsl.LinAlgError):
        wsl.solveh_banded(-UPPER, RIGHT)
    with pytest.raises(ValueError, match="select_range"):
        wsl.eigvals_banded(UPPER, select="v")


@pytest.mark.parametrize("name", ["cg", "gmres", "bicgstab", "cgs", "tfqmr", "lgmres", "minres"])
@pytest.mark.parametrize("most", [None, 1])
def test_info_is_scipys(name, most):
    a = A @ A.T + 5 * np.eye(5)
    options = {"rtol": 1e-12} | (
        {} if most is None else {"maxiter": most, "restart": 2} if name == "gmres" else {"maxiter": most}
    )
    x, info = getattr(iterative, name)(a, RIGHT, **options)
    expected, theirs = getattr(scipy.sparse.linalg, name)(a, RIGHT, **options)
    np.testing.assert_allclose(x, expected, rtol=1e-9)
    assert info == theirs and (most is None) == (info == 0)
    solve = lambda b: getattr(iterative, name)(a, b, **options)  # noqa: E731
    assert w.jit(solve)(RIGHT)[1] == theirs
    assert np.shape(w.vmap(solve)(RIGHTS.T)[1]) == (2,)
    if most is None:
        check_grads(lambda s, b: getattr(iterative, name)(s + s.T, b, **options)[0], (a, RIGHT), rtol=1e-4, atol=1e-5)
