"""wengert.numpy.linalg: values against NumPy, derivatives against differences, degenerate matrices, errors."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import trees
from wengert.testing import check_grads

RNG = np.random.default_rng(3)
A = RNG.normal(size=(4, 4)) + 2 * np.eye(4)
STACK = RNG.normal(size=(2, 3, 3)) + np.eye(3)
TALL = RNG.normal(size=(4, 3))
WIDE = RNG.normal(size=(2, 4))
COMPLEX = RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3)) + np.eye(3)
B = RNG.normal(size=(4, 2))
DEFINITE = A @ A.T + np.eye(4)
L = np.linalg  # names below: L is numpy.linalg or wengert.numpy.linalg


def hermitian(x):
    return x + np.conj(np.swapaxes(x, -1, -2))


# Unique values: compared with NumPy's, staged, batched, differentiated twice.
CASES = {
    "solve": (lambda L, x: L.solve(x, B), A),
    "solve vector": (lambda L, x: L.solve(A, x), B[:, 0]),
    "solve stack": (lambda L, x: L.solve(x, TALL.T[:, :2]), STACK),
    "solve stack vector": (lambda L, x: L.solve(x, TALL[0]), STACK),
    "solve complex": (lambda L, x: L.solve(x, TALL.T), COMPLEX),
    "inv": (lambda L, x: L.inv(x), STACK),
    "det": (lambda L, x: L.det(x), A),
    "det 2": (lambda L, x: L.det(x), STACK[:, :2, :2]),
    "det 3": (lambda L, x: L.det(x), STACK),
    "det complex": (lambda L, x: L.det(x), COMPLEX),
    "slogdet": (lambda L, x: L.slogdet(x), STACK),
    "slogdet complex": (lambda L, x: L.slogdet(x), COMPLEX),
    "pinv tall": (lambda L, x: L.pinv(x), TALL),
    "pinv wide": (lambda L, x: L.pinv(x), WIDE),
    "pinv complex": (lambda L, x: L.pinv(x), COMPLEX[:2]),
    "tensorsolve": (lambda L, x: L.tensorsolve(x.reshape(2, 2, 4), B[:2]), A),
    "tensorinv": (lambda L, x: L.tensorinv(x.reshape(2, 2, 4), 2), A),
    "lstsq": (lambda L, x: L.lstsq(x, B[:, 0])[:2], TALL),
    "lstsq matrix": (lambda L, x: L.lstsq(x, B), TALL),
    "lstsq wide": (lambda L, x: L.lstsq(x, B[:2]), WIDE),
    "lstsq right": (lambda L, x: L.lstsq(TALL, x)[0], B),
    "cholesky": (lambda L, x: L.cholesky(x), DEFINITE),
    "cholesky upper": (lambda L, x: L.cholesky(x, upper=True), DEFINITE),
    "eigvalsh": (lambda L, x: L.eigvalsh(x + np.swapaxes(x, -1, -2)), STACK),
    "eigvalsh complex": (lambda L, x: L.eigvalsh(x + np.conj(np.swapaxes(x, -1, -2))), COMPLEX),
    "svdvals": (lambda L, x: L.svdvals(x), TALL),
    "svd values": (lambda L, x: L.svd(x, compute_uv=False), COMPLEX),
    "qr": (lambda L, x: L.qr(x), TALL),
    "qr wide": (lambda L, x: L.qr(x), WIDE),
    "qr r": (lambda L, x: L.qr(x, "r"), STACK),
    "qr complex": (lambda L, x: L.qr(x), COMPLEX),
    "norm": (lambda L, x: L.norm(x), A),
    "norm vector": (lambda L, x: [L.norm(x, p) for p in (None, 1, 2, 3, -2, 0.5, np.inf, -np.inf, 0)], B[:, 0]),
    "norm axis": (lambda L, x: [L.norm(x, axis=1), L.norm(x, 3, axis=0, keepdims=True)], A),
    "norm matrix": (lambda L, x: [L.norm(x, p) for p in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)], A),
    "norm stack": (lambda L, x: [L.norm(x, p, axis=(1, 2), keepdims=True) for p in ("nuc", 1, -2)], STACK),
    "norm axes": (lambda L, x: [L.norm(x, 1, axis=(2, 0)), L.norm(x, np.inf, axis=(0, 1))], STACK),
    "norm complex": (lambda L, x: [L.norm(x), L.norm(x, 1), L.norm(x, 3, axis=0)], COMPLEX),
    "vector_norm": (lambda L, x: [L.vector_norm(x), L.vector_norm(x, axis=0, ord=4)], A),
    "matrix_norm": (lambda L, x: [L.matrix_norm(x), L.matrix_norm(x, ord=2, keepdims=True)], STACK),
    "cond": (lambda L, x: [L.cond(x), L.cond(x, 1), L.cond(x, "fro"), L.cond(x, -2)], A),
    "matrix_power": (lambda L, x: [L.matrix_power(x, n) for n in (0, 1, 2, 5, -3)], STACK),
    "multi_dot": (lambda L, x: [L.multi_dot([x, B, WIDE]), L.multi_dot([B[:, 0], x, B[:, 1]])], A),
    "diagonal": (lambda L, x: [L.diagonal(x, offset=1), L.trace(x), L.matrix_transpose(x)], STACK),
    "products": (lambda L, x: [L.cross(x, x[0]), L.outer(x[0, 0], x[0, 1]), L.vecdot(x, x[0]), L.matmul(x, x)], STACK),
}


def leaves(out):
    return [np.asarray(v) for v in trees.leaves(out)]


def compare(got, expected, rtol=1e-9):
    got, expected = leaves(got), leaves(expected)
    assert len(got) == len(expected)
    for g, e in zip(got, expected, strict=True):
        assert g.shape == e.shape
        assert g.dtype == e.dtype or (g.dtype.kind, e.dtype.kind) == ("i", "i")
        np.testing.assert_allclose(g, e, rtol=rtol, atol=1e-11)


@pytest.mark.parametrize("name", CASES)
def test_value(name):
    f, x = CASES[name]
    compare(f(wnp.linalg, x), f(np.linalg, x))
    compare(w.jit(lambda v: f(wnp.linalg, v))(x), f(np.linalg, x))
    batch = np.stack([x, x * 1.1 + 0.01 * x * x])
    got = w.vmap(lambda v: f(wnp.linalg, v))(batch)
    rows = zip(*[leaves(f(np.linalg, v)) for v in batch], strict=True)
    compare(got, [np.stack(r) for r in rows], 1e-7)


@pytest.mark.parametrize("name", CASES)
def test_derivative(name):
    f, x = CASES[name]

    def g(v):
        return [out for out in trees.leaves(f(wnp.linalg, v)) if out.dtype.kind in "fc"]

    with np.errstate(all="ignore"):
        check_grads(g, (x,), order=2, rtol=2e-5, atol=2e-5)


def test_rank():
    low = TALL[:, :2] @ TALL[:2]
    for x in (A, TALL, low, STACK, B[:, 0]):
        assert np.array_equal(wnp.linalg.matrix_rank(x), np.linalg.matrix_rank(x))
    assert w.jit(wnp.linalg.matrix_rank)(low) == 2


# Eigenvectors have a free phase: functions that do not see it are compared.


@pytest.mark.parametrize("x", [hermitian(A), hermitian(STACK), hermitian(COMPLEX)])
def test_eigh(x):
    def rebuilt(x):
        values, vectors = wnp.linalg.eigh(x)
        return wnp.matmul(vectors * wnp.exp(values / 5)[..., None, :], wnp.conj(wnp.swapaxes(vectors, -1, -2)))

    values, vectors = wnp.linalg.eigh(x)
    np.testing.assert_allclose(x @ vectors, vectors * values[..., None, :], atol=1e-10)
    np.testing.assert_allclose(w.jit(rebuilt)(x), rebuilt(x), atol=1e-10)
    check_grads(rebuilt, (x,), order=2, rtol=2e-5, atol=2e-5)
    lower = np.tril(x) + 7 * np.triu(np.ones_like(x), 1)
    np.testing.assert_allclose(wnp.linalg.eigh(lower, "L", symmetrize_input=False)[0], values, atol=1e-10)


@pytest.mark.parametrize("x", [A, TALL, WIDE, STACK, COMPLEX, COMPLEX[:, :2], COMPLEX[:2]])
def test_svd(x):
    def polar(x):
        u, s, vh = wnp.linalg.svd(x, full_matrices=False)
        return [wnp.matmul(u, vh), wnp.matmul(u * wnp.sin(s)[..., None, :], vh)]

    u, s, vh = wnp.linalg.svd(x, full_matrices=False)
    np.testing.assert_allclose((u * s[..., None, :]) @ vh, x, atol=1e-12)
    check_grads(polar, (x,), order=2, rtol=2e-5, atol=2e-5)


def test_svd_shapes():
    compare([np.abs(v) for v in wnp.linalg.svd(TALL)], [np.abs(v) for v in np.linalg.svd(TALL)])
    w.jacrev(lambda x: wnp.linalg.svd(x)[1])(A)


@pytest.mark.parametrize("x", [np.diag([1.0, 2.0, 4.0, 8.0]) + 0.3 * A, STACK, COMPLEX])
def test_eig(x):
    def rebuilt(x):
        values, vectors = wnp.linalg.eig(x)
        return wnp.matmul(vectors * wnp.exp(values / 5)[..., None, :], wnp.linalg.inv(vectors))

    values, vectors = wnp.linalg.eig(x)
    np.testing.assert_allclose(x @ vectors, vectors * values[..., None, :], atol=1e-10)
    np.testing.assert_allclose(np.sort_complex(wnp.linalg.eigvals(x)), np.sort_complex(values), atol=1e-10)
    check_grads(rebuilt, (x,), order=2, rtol=2e-5, atol=2e-5)
    check_grads(lambda x: wnp.sum(wnp.linalg.eigvals(x) ** 3), (x,), order=2, rtol=2e-5, atol=2e-5)


def test_determinant_of_singular_matrices():
    """The gradient is the matrix of cofactors, which exists where the inverse does not."""
    for n in (2, 3, 5):
        x = RNG.normal(size=(n, n))
        x[-1] = x[0]
        minors = np.array(
            [[(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) for j in range(n)] for i in range(n)]
        )
        np.testing.assert_allclose(w.grad(wnp.linalg.det)(x), minors, atol=1e-12)
    np.testing.assert_allclose(w.grad(wnp.linalg.det)(np.zeros((3, 3))), np.zeros((3, 3)))
    hessian = w.hessian(wnp.linalg.det)(np.zeros((2, 2))).reshape(4, 4)
    np.testing.assert_array_equal(hessian, np.array([[0, 0, 0, 1], [0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0]]))


def test_equal_eigenvalues():
    """Sums over eigenvalues have a derivative where single eigenvectors have none."""
    np.testing.assert_allclose(w.grad(lambda x: wnp.sum(wnp.linalg.eigvalsh(x)))(np.eye(3)), np.eye(3), atol=1e-14)
    np.testing.assert_allclose(w.grad(lambda x: wnp.sum(wnp.linalg.svdvals(x)))(np.eye(3)), np.eye(3), atol=1e-14)


TRIANGLES = {
    "cholesky": (lambda L, x: L.cholesky(x), np.tril),
    "cholesky upper": (lambda L, x: L.cholesky(x, upper=True), np.triu),
    "eigvalsh": (lambda L, x: L.eigvalsh(x), np.tril),
    "eigvalsh U": (lambda L, x: L.eigvalsh(x, "U"), np.triu),
    "eigh": (lambda L, x: L.eigh(x)[0], np.tril),
    "eigh U": (lambda L, x: L.eigh(x, "U")[0], np.triu),
    "eigh lower case": (lambda L, x: L.eigh(x, UPLO="u")[0], np.triu),
    "vectors": (lambda L, x: abs(L.eigh(x)[1]), np.tril),
    "vectors U": (lambda L, x: abs(L.eigh(x, "U")[1]), np.triu),
}


@pytest.mark.parametrize("name", TRIANGLES)
@pytest.mark.parametrize("size", [4, 9])
@pytest.mark.parametrize("dtype", [float, complex])
def test_one_triangle_is_read(name, size, dtype):
    """Values are NumPy's, whatever stands in the other triangle, and so are derivatives: zero with respect to that one."""
    f, half = TRIANGLES[name]
    rng = np.random.default_rng(size)
    parts = rng.normal(size=(2, size, size))
    whole = np.asarray(hermitian(parts[0] + 1j * parts[1] if dtype is complex else parts[0]) / 9, dtype)
    whole += np.diag(np.arange(2.0, size + 2))
    x = np.where(half(np.ones((size, size), bool)), half(whole), np.nan)
    want = f(np.linalg, x)
    for g in (lambda x: f(wnp.linalg, x), lambda x: f(np.linalg, x)):
        np.testing.assert_allclose(w.jit(g)(x), want, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(w.vmap(g)(np.stack([x, whole]))[0], want, rtol=1e-9, atol=1e-12)
        y, t = w.jvp(g, (x,), (half(whole),))
        np.testing.assert_allclose(y, want, rtol=1e-9, atol=1e-12)
        h = 1e-6
        slope = (f(np.linalg, x + h * half(whole)) - f(np.linalg, x - h * half(whole))) / (2 * h)
        np.testing.assert_allclose(t, slope, atol=1e-7)
    if dtype is float:
        weights = rng.normal(size=want.shape)
        g = w.grad(lambda x: wnp.sum(weights * f(wnp.linalg, x)))(x)
        np.testing.assert_array_equal(g, half(g))
        np.testing.assert_allclose(np.sum(g * half(whole)), np.sum(weights * slope), atol=1e-6)
        np.testing.assert_allclose(
            w.jit(w.grad(lambda x: wnp.sum(weights * f(wnp.linalg, x))))(x), g, rtol=1e-7, atol=1e-9
        )


def test_symmetrized_inputs_have_symmetric_gradients():
    for f in (
        lambda x: wnp.linalg.cholesky(x, symmetrize_input=True).sum(),
        lambda x: wnp.linalg.eigvalsh(x, symmetrize_input=True)[0],
    ):
        g = w.grad(f)(DEFINITE)
        np.testing.assert_allclose(g, g.T, atol=1e-12)
    for f in (wnp.linalg.cholesky, wnp.linalg.eigvalsh, lambda x: wnp.linalg.eigh(x)[0]):
        both = [w.grad(lambda x, s=s: wnp.sum(f(s(x)) ** 3))(DEFINITE) for s in (lambda x: (x + x.T) / 2, lambda x: x)]
        np.testing.assert_allclose(both[0], (both[1] + both[1].T) / 2, atol=1e-9)


def test_normal_log_density():
    """A program of several factorisations: its gradient against the formula of statistics."""

    def log_density(covariance, x):
        factor = wnp.linalg.cholesky(covariance, symmetrize_input=True)
        z = wnp.linalg.solve(factor, x)
        return -0.5 * wnp.sum(z**2) - wnp.sum(wnp.log(wnp.diag(factor)))

    x = B[:, 0]
    inverse = np.linalg.inv(DEFINITE)
    expected = 0.5 * (inverse @ np.outer(x, x) @ inverse - inverse)
    np.testing.assert_allclose(w.grad(log_density)(DEFINITE, x), expected, rtol=1e-9)
    np.testing.assert_allclose(w.jit(w.grad(log_density))(DEFINITE, x), expected, rtol=1e-9)
    np.testing.assert_allclose(w.hessian(log_density, 1)(DEFINITE, x), -inverse, rtol=1e-9)


def test_32_bits():
    x = DEFINITE.astype("f4")
    for f in (
        wnp.linalg.cholesky,
        wnp.linalg.inv,
        wnp.linalg.det,
        wnp.linalg.norm,
        wnp.linalg.eigvalsh,
        wnp.linalg.svd,
    ):
        for out in leaves(f(x)) + leaves(w.jacfwd(f)(x)):
            assert out.dtype == np.float32
    assert wnp.linalg.eigvals(x).dtype == np.complex64


def test_integers():
    compare(wnp.linalg.inv([[2, 0], [0, 4]]), np.array([[0.5, 0], [0, 0.25]]))
    compare(wnp.linalg.matrix_power(np.array([[1, 1], [0, 1]]), 3), np.array([[1, 3], [0, 1]]))


ERRORS = [
    (lambda x: wnp.linalg.solve(x, TALL[:3]), w.errors.ShapeError, "right side"),
    (lambda x: wnp.linalg.inv(x[:2]), w.errors.ShapeError, "square"),
    (lambda x: wnp.linalg.det(x[0]), w.errors.ShapeError, "last two axes"),
    (lambda x: wnp.linalg.norm(x, "nuclear"), w.errors.ArgumentError, "nuc"),
    (lambda x: wnp.linalg.qr(x[:, :2], "raw"), w.errors.ArgumentError, "reduced"),
    (lambda x: wnp.linalg.inv(x * 0), np.linalg.LinAlgError, "[Ss]ingular"),
    (lambda x: wnp.linalg.cholesky(-x @ x.T), np.linalg.LinAlgError, "positive definite"),
]


@pytest.mark.parametrize("f, error, match", ERRORS)
def test_errors(f, error, match):
    with pytest.raises(error, match=match):
        w.vjp(f, A)


def test_vectors_of_complex_matrices_up_to_phase():
    # Their phases are LAPACK's choice, so functions are checked that do not depend on them.
    rng = np.random.default_rng(17)
    a = rng.normal(size=(2, 3, 3)) + 1j * rng.normal(size=(2, 3, 3))

    def hermitian(a):
        values, vectors = wnp.linalg.eigh(a + wnp.conj(a.mT))
        return (vectors * wnp.exp(values)[..., None, :]) @ wnp.conj(vectors.mT)

    def singular(a):
        u, s, v = wnp.linalg.svd(a, full_matrices=False)
        return (u * (s**3)[..., None, :]) @ v

    for f in (hermitian, singular):
        check_grads(f, (a,), order=2)


def test_half_precision_is_refused():
    with pytest.raises(w.errors.DtypeError, match="LAPACK has no float16.*float32"):
        w.jit(wnp.linalg.inv)(np.eye(2, dtype=np.float16))


def test_pinv_and_lstsq_of_constant_rank():
    """Of matrices of rank 1: u v' has the pseudo-inverse v u' / (|u|² |v|²). Two orders, compiled too."""
    weights, b = np.arange(6.0).reshape(2, 3), np.arange(3.0)

    def factors(t):
        return wnp.stack([1 + 0 * t, t, t * t]), wnp.stack([1 + 0 * t, 2 * t])

    def closed(t):
        u, v = factors(t)
        return wnp.outer(v, u) / (wnp.sum(u * u) * wnp.sum(v * v))

    for turned in (False, True):  # more rows than columns, and fewer
        matrix = lambda t: wnp.outer(*factors(t)) if not turned else wnp.outer(*factors(t)).T  # noqa: E731, B023
        inverse = lambda t: closed(t) if not turned else closed(t).T  # noqa: E731, B023
        for f, exact in (
            (lambda t: wnp.sum(wnp.linalg.pinv(matrix(t)).reshape(-1) * weights.reshape(-1)),  # noqa: B023
             lambda t: wnp.sum(inverse(t).reshape(-1) * weights.reshape(-1))),  # noqa: B023
            (lambda t: wnp.sum(wnp.linalg.lstsq(matrix(t), b[: 2 if turned else 3])[0] ** 2),  # noqa: B023
             lambda t: wnp.sum((inverse(t) @ b[: 2 if turned else 3]) ** 2)),  # noqa: B023
        ):  # fmt: skip
            for d in (w.grad, lambda f: w.jacfwd(f), lambda f: w.grad(w.grad(f)), lambda f: w.jit(w.hessian(f))):
                np.testing.assert_allclose(d(f)(0.7), d(exact)(0.7), rtol=1e-10)


def test_the_pullback_of_pinv_holds_what_the_argument_does():
    import tracemalloc

    x = np.random.default_rng(0).normal(size=(2, 3000))
    for a in (x, x.T):
        tracemalloc.start()
        value, pullback = w.vjp(wnp.linalg.pinv, a)
        pullback(value)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60 * x.nbytes
