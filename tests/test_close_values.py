"""Second derivatives of factorisations near equal eigenvalues and singular values: as exact as their condition, or NaN.

Against mpmath in 60 digits, along a line, where the gap falls from 0.1 to nothing. A gap below the rounding of the values
has no correct digit, and what is divided by it is NaN: never a number of which nobody knows that it is wrong.
"""

import mpmath as mp
import numpy as np
import pytest

import wengert.numpy as wnp
from wengert import grad, jacfwd, jacrev, jit
from wengert.scipy import linalg

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
N = 3
GAPS = [1e-1, 1e-4, 1e-8, 1e-12, 1e-15, 0.0]
_rng = np.random.default_rng(3)
Q, U = (np.linalg.qr(_rng.normal(size=(N, N)))[0] for _ in range(2))
G = _rng.normal(size=(N, N))
E = G + G.T
EPS = np.finfo(float).eps


def symmetric(gap):
    a = Q @ np.diag([1.0, 1.0 + gap, 2.5]) @ Q.T
    return (a + a.T) / 2


def general(gap):
    return Q @ np.diag([1.0, 1.0 + gap, 2.5]) @ U


def non_normal(gap):
    return np.array([[1.0, 0.3, -0.4], [0.0, 1.0 + gap, 0.7], [0.0, 0.0, 2.5]])


# name: (function, of matrices, direction, the same in mpmath, the power of the gap in the second derivative)
CASES = {
    "eigvalsh": (wnp.linalg.eigvalsh, symmetric, E, lambda a: list(mp.eigsy(a, eigvals_only=True)), 1),
    "eigh": (
        lambda a: wnp.outer(wnp.linalg.eigh(a)[1][:, 0], wnp.linalg.eigh(a)[1][:, 0]),
        symmetric,
        E,
        lambda a: [x * y for x in mp.eigsy(a)[1][:, 0] for y in mp.eigsy(a)[1][:, 0]],
        2,
    ),
    "svdvals": (
        lambda a: wnp.linalg.svd(a, compute_uv=False),
        general,
        G,
        lambda a: sorted(mp.svd_r(a, compute_uv=False), reverse=True),
        1,
    ),
    "svd": (
        lambda a: wnp.outer(wnp.linalg.svd(a)[0][:, 2], wnp.linalg.svd(a)[2][2]),
        general,
        G,
        lambda a: (lambda s: [s[0][i, 2] * s[2][2, j] for i in range(N) for j in range(N)])(mp.svd_r(a)),
        2,
    ),
    "eigvals": (
        lambda a: wnp.sort(wnp.linalg.eigvals(a).real),
        non_normal,
        np.abs(G),
        lambda a: sorted([mp.re(x) for x in mp.eig(a, left=False, right=False)]),
        3,
    ),
}


def second(f, a, e, *modes):
    line = lambda t: f(a + t * e)  # noqa: E731
    return [np.ravel(outer(inner(line))(0.0)) for outer, inner in modes]


def exact(f, a, e):
    with mp.workdps(120):
        a, e, h = mp.matrix(a.tolist()), mp.matrix(e.tolist()), mp.mpf(10) ** -40
        steps = zip(f(a + h * e), f(a), f(a - h * e), strict=True)
        return np.array([float((x - 2 * y + z) / h**2) for x, y, z in steps])


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_lose_no_more_than_the_gap_has_lost(name, gap):
    f, matrix, e, reference, _ = CASES[name]
    a = matrix(gap)
    found = second(f, a, e, (jacfwd, jacfwd), (jacrev, jacfwd), (jacfwd, jacrev), (lambda f: jit(jacfwd(f)), jacfwd))
    if gap < 10 * EPS:
        for d in found:
            assert np.isnan(d).any()
            assert np.isfinite(d).sum() <= (1 if name in ("eigvalsh", "svdvals", "eigvals") else 0)  # that of the third
        return
    wanted = exact(reference, a, e)
    # an eigenvalue that is no good basis of its own is less exact by its condition, the inverse of the gap
    lost = 300 * EPS / gap / (gap if name == "eigvals" else 1)
    for d in found:
        if name == "eigvals" and lost > 1:
            assert not np.isfinite(d).all() or np.abs(d - wanted).max() <= np.abs(wanted).max()
            continue
        np.testing.assert_allclose(d, wanted, rtol=1e-11, atol=lost * np.abs(wanted).max())


@pytest.mark.parametrize(
    "f",
    [
        lambda a: wnp.sum(wnp.log(wnp.linalg.eigvalsh(a))),
        lambda a: (lambda p: wnp.sum(((p[1] * p[0] ** 2) @ p[1].T) * G))(wnp.linalg.eigh(a)),
        lambda a: wnp.sum(wnp.linalg.svd(a, compute_uv=False) ** 4),
        lambda a: wnp.sum(wnp.linalg.eigvals(a).real ** 2),
        lambda a: wnp.sum(abs(linalg.schur(a, output="complex")[0]) ** 2),
    ],
)
def test_functions_of_equal_values_in_another_basis_are_nan_and_not_noise(f):
    for d in second(f, symmetric(0.0), E, (jacfwd, jacfwd), (jacrev, jacfwd), (jacfwd, grad)):
        assert np.isnan(d).all()


def test_a_simple_value_beside_equal_ones_keeps_its_second_derivative():
    a = symmetric(0.0)
    for f, reference in [
        (lambda a: wnp.linalg.eigvalsh(a)[2:], lambda a: [mp.eigsy(a, eigvals_only=True)[2]]),
        (lambda a: wnp.linalg.eigh(a)[1][:, 2] ** 2, lambda a: [x**2 for x in mp.eigsy(a)[1][:, 2]]),
    ]:
        wanted = exact(reference, a, E)
        for d in second(f, a, E, (jacfwd, jacfwd), (jacrev, jacfwd), (jacfwd, jacrev)):
            assert np.isnan(d).all() or np.allclose(d, wanted, rtol=1e-12)


def test_qr_of_singular_matrices():
    """The last column of a square `Q` is at right angles to the others, whatever the last element of `R` is."""
    a, e = np.array([[1.0, 2.0], [2.0, 4.0]]), G[:2, :2]
    for f, wanted in [
        (lambda a: wnp.sum(wnp.linalg.qr(a)[1] ** 2), 2 * np.sum(e * e)),
        (lambda a: wnp.sum((wnp.linalg.qr(a)[0] @ wnp.linalg.qr(a)[1]) ** 2), 2 * np.sum(e * e)),
    ]:
        np.testing.assert_allclose(second(f, a, e, (jacfwd, jacfwd), (jacfwd, grad)), wanted, rtol=1e-12)
    tall = np.vstack([a, [3.0, 6.0]])  # its second column has no direction of its own
    assert np.isnan(jacfwd(lambda t: wnp.linalg.qr(tall + t * G[:, :2])[0])(0.0)[:, 1]).all()
    np.testing.assert_array_equal(np.isnan(grad(lambda a: wnp.sum(wnp.linalg.qr(a)[0][:, 0]))(tall)).any(), False)
