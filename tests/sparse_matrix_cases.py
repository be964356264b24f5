"""Functions of four numbers that make sparse matrices of them by SciPy's names, as people write it: for `test_sparse_matrices`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spl

CASES: dict[str, Callable[[Any], Any]] = {}
rng = np.random.default_rng(0)
P = rng.uniform(0.5, 1.5, 4)
C = sp.random(4, 4, 0.5, format="csr", random_state=1) + 2 * sp.eye(4, format="csr")
CA = sp.csr_array(C)
D = rng.normal(size=(4, 4))
W = rng.normal(size=(50, 50))
R6 = np.random.default_rng(3).normal(size=(6, 6))
S6 = sp.csr_matrix((R6 + R6.T) * (np.abs(R6 + R6.T) > 0.5))
b = np.arange(1, 5.0)


def case(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    CASES[f.__name__] = f
    return f


def s(x: Any) -> Any:
    """A weighted sum of all elements, dense or sparse."""
    if sp.issparse(x):
        x = x.toarray()
    if isinstance(x, np.matrix):
        x = np.asarray(x)
    n = x.shape
    return np.sum(x * W[: n[0], : n[1]]) if len(n) == 2 else np.sum(x * W[0, : n[0]]) if n else x


@case
def coordinates_twice(p):
    return s(
        sp.coo_matrix((np.concatenate([p, p]), ([0, 1, 2, 3, 0, 1, 2, 2], [1, 2, 3, 0, 1, 1, 1, 1])), shape=(4, 4))
    )


@case
def rows_compressed(p):
    return s(sp.csr_matrix((p, [0, 2, 1, 3], [0, 1, 2, 4])))


@case
def columns_compressed(p):
    return s(sp.csc_array((p, [0, 2, 1, 3], [0, 1, 2, 4])).T @ b)


@case
def from_dense(p):
    a = sp.csr_array(np.outer(p, p))
    return s(a.sum(axis=0)) + s(a[1:3, :]) + s(a @ a) + s((a * p).toarray()) + s(a / p)


@case
def list_of_lists(p):
    a = sp.lil_matrix((5, 5))
    for i in range(4):
        a[i, i] = 2 * p[i]
        a[i, i + 1] = -p[i]
        a[i + 1, i] += p[i]
    a[4, 4] = 1.0
    a[0, :3] = p[:3]
    return s(spl.spsolve(a.tocsr() + 3 * sp.eye(5), np.arange(5.0)))


@case
def dictionary(p):
    a = sp.dok_matrix((4, 4))
    a[0, 1] = p[0]
    a[1, 2] = 3.0
    a[2, 2] = p[1] * p[2]
    return s(a.tocsc())


@case
def diagonal_storage(p):
    return s(sp.dia_matrix((np.stack([p, 2 * p]), [0, -1]), shape=(4, 4))) + s(
        sp.spdiags(np.stack([p, 2 * p]), [1, -1], 4, 4)
    )


@case
def diagonals(p):
    a = sp.diags_array([p[:3], p], offsets=[-1, 0], shape=(4, 4), format="csr")
    return s(a @ (p * b)) + s(sp.diags(p) @ C @ sp.diags(p))


@case
def broadcast_diagonals(p):
    return s(sp.diags([p[0], -2.0, p[1]], [-1, 0, 1], shape=(4, 4)) ** 2)


@case
def heat_equation(p):
    laplacian, one = sp.diags([1.0, -2.0, 1.0], [-1, 0, 1], shape=(4, 4)), sp.identity(4)
    a = (one - 0.1 * p[0] * laplacian).tocsc()
    forward = one + 0.1 * p[1] * laplacian
    lu, u = spl.splu(a), b
    for _ in range(3):
        u = lu.solve(forward @ u)
    return s(u)


@case
def factors(p):
    solve = spl.factorized(sp.csc_matrix(C + sp.diags(p)))
    lu = spl.splu(sp.csc_matrix(C + sp.diags(p)))
    return s(solve(p * b)) + s(lu.solve(b, "T")) + s(lu.solve(np.outer(b, p)))


@case
def kronecker(p):
    both = s(sp.kron(sp.diags(p[:2]), C)) + s(sp.kron(C, sp.csr_matrix(np.outer(p[:2], p[:2]))))
    return both + s(sp.kronsum(sp.diags(p), C) @ np.ones(16))


@case
def blocks(p):
    a = sp.diags(p)
    stacked = s(sp.hstack([a, C])) + s(sp.vstack([a, C @ a, a], format="csc"))
    return (
        s(sp.bmat([[a, C], [None, a @ a]], format="csr"))
        + stacked
        + s(sp.block_diag([a, np.outer(p, p), [[1.0, 2.0]]]))
    )


@case
def triangles(p):
    a = C + sp.diags(p)
    solved = spl.spsolve_triangular(sp.tril(a, format="csr"), b, lower=True)
    return s(sp.tril(a)) + s(sp.triu(a, 1)) + s(solved)


@case
def arrays_in_expressions(p):
    x, y = p[0] * CA, CA / p[1]
    sums = s(x + y) + s(x - CA) + s(CA - y) + s(-x)
    return sums + s(x * y) + s(x * np.outer(p, p)) + s(x @ y) + s(CA @ x) + s(x @ CA)


@case
def matrices_in_expressions(p):
    x, y = p[0] * C, C / p[1]
    products = s(x * y) + s(x * p) + s(x @ p) + s(p @ x) + s(D @ x) + s(x @ D)
    elementwise = s(x.multiply(y)) + s(x.multiply(p)) + s(x.multiply(p[:, None])) + s(C.multiply(np.outer(p, p)))
    return products + elementwise + s(x + y) + s(C - x) + s(x + D) + s(D - x)


@case
def in_place(p):
    a = sp.csr_matrix((4, 4))
    for i in range(4):
        a = a + p[i] * sp.eye(4, k=i % 2)
    a *= p[0]
    a /= p[1]
    a -= C
    a += C.T
    return s(a)


@case
def parts(p):
    a = sp.csr_matrix(C.multiply(np.outer(p, p)))
    sums = a.sum() + s(a.sum(0)) + s(a.sum(axis=1)) + a.trace() + s(a.mean(0)) + a.data.sum() + a.max()
    cut = s(a[1]) + s(a[:, 2]) + a[1, 1] + s(a[1:3, [0, 2]]) + s(a.getrow(2)) + s(a.reshape((2, 8)))
    return sums + cut + a.diagonal() @ p + s(a.T) + s(a.power(2)) + s(abs(a)) + s(a.sqrt())


@case
def entries_written(p):
    x = C.multiply(np.outer(p, p)).tocsr()
    x.data *= 2
    x.data[0] = p[3]
    y, z = C.tolil(), C.copy()
    y.setdiag(p)
    z[0, 0] = p[1]
    return s(x) + s(y) + s(z)


@case
def norms(p):
    a = C.multiply(np.outer(p, p)).tocsr()
    return spl.norm(a) + spl.norm(a, 1)


@case
def iterations(p):
    a = sp.diags(p) + sp.eye(4)
    x, _ = spl.cg(a, b, rtol=1e-13)
    y, _ = spl.gmres(a, b, rtol=1e-13)
    return s(x) + s(y)


@case
def operators_of_matrices(p):
    a, c = spl.aslinearoperator(sp.diags(p) @ C), spl.aslinearoperator(C)
    return s(a @ b) + s(a.matvec(p)) + s(c @ p) + s(c.rmatvec(p)) + s(p @ c) + s(c.matmat(np.outer(p, p)))


@case
def operators_of_functions(p):
    a = spl.LinearOperator(
        (4, 4), matvec=lambda v: p * v.ravel() + C @ v.ravel(), rmatvec=lambda v: p * v.ravel() + C.T @ v.ravel()
    )
    x, _ = spl.gmres(a, b, rtol=1e-13)
    return s(x) + s(a @ b) + s(a.T @ b) + s(a.H @ (p * b)) + s((2 * a) @ b) + s(a.dot(D)) + s(b @ a)


@case
def finite_elements(p):
    rows, cols, values = [], [], []
    for e in range(4):
        stiffness = p[e] * np.array([[1, -1], [-1, 1.0]])
        for i in range(2):
            for j in range(2):
                rows.append(e + i)
                cols.append(e + j)
                values.append(stiffness[i, j])
    a = sp.coo_matrix((values, (rows, cols)), shape=(5, 5)).tocsr()
    return s(spl.spsolve(a[1:, 1:], np.ones(4)))


@case
def newton(p):
    u, laplacian = np.zeros(6), 49 * sp.diags([np.ones(5), -2 * np.ones(6), np.ones(5)], [-1, 0, 1], format="csc")
    for _ in range(6):
        residual = laplacian @ u + p[0] * np.exp(u) + p[1] * np.sin(np.arange(6.0))
        u = u - spl.spsolve((laplacian + sp.diags(p[0] * np.exp(u))).tocsc(), residual)
    return s(u)


@case
def exponential_and_inverse(p):
    return s(spl.expm_multiply(sp.diags(p) + C, b)) + s(spl.inv((sp.diags(p) + C).tocsc()))


@case
def complex_entries(p):
    a = sp.csr_matrix(C * (1 + 1j)) * p[0]
    return np.sum(np.abs(a.getH() @ (b * p)))


@case
def found(p):
    a = sp.csr_matrix(np.outer(p, p))
    return s(sp.find(a)[2]) + s(a.astype(np.float64).tocsc().data)


def _tall(p):
    return np.concatenate([p, p[:2] ** 2])


@case
def symmetric_eigenvalues(p):
    w, v = spl.eigsh(S6 + sp.diags(_tall(p)), k=2, which="SA", v0=np.ones(6))
    return s(w) + np.sum(v[:, 0] * v[1, 0]) + (v[:, 1] * v[2, 1]) @ np.arange(6)


@case
def generalised_eigenvalues(p):
    m = sp.eye(6) * 2 + p[0] * sp.diags(np.arange(6.0))
    w, v = spl.eigsh(S6 + sp.diags(_tall(p)), k=2, M=m.tocsc(), sigma=0.1, v0=np.ones(6))
    return s(w) + np.sum(v[:, 0] * v[1, 0]) + (v[:, 1] * v[2, 1]) @ np.arange(6)


@case
def eigenvalues(p):
    w, v = spl.eigs(sp.csr_matrix(R6) + sp.diags(_tall(p)), k=2, v0=np.ones(6))
    return np.sum(np.abs(w) ** 2) + np.sum(np.abs(v) ** 4) + np.sum(np.abs(w.imag))


@case
def singular_values(p):
    u, sv, vt = spl.svds(C.multiply(np.outer(p, np.arange(1, 5) * p)), k=2, v0=np.ones(4))
    return s(sv) + np.sum(np.abs(u) ** 3) + u[0, 0] * vt[0, 1]


@case
def preconditioned_eigenvalues(p):
    w, v = spl.lobpcg(S6 @ S6.T + sp.diags(_tall(p)), np.eye(6)[:, :1] + 0.1, tol=1e-12, maxiter=200)
    return s(w) + s(v[:, 0] * v[0, 0])
