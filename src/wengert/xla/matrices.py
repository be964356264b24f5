"""Linear algebra: the library calls that XLA has, by name. A matrix that is singular, or not positive definite, is a failure."""

from __future__ import annotations

from typing import Any

from .real import exact, jnp, lax
from .tracing import INDEFINITE, SINGULAR, Site, converted, rule


def turned(x: Any) -> Any:
    return jnp.swapaxes(x, -1, -2)


def of_triangle(a: Any, lower: bool) -> Any:
    """The Hermitian matrix of which one triangle is given."""
    half = jnp.tril(a, -1) if lower else jnp.triu(a, 1)
    diagonal = jnp.real(jnp.diagonal(a, axis1=-2, axis2=-1)).astype(a.dtype)
    return half + jnp.conj(turned(half)) + diagonal[..., None, :] * jnp.eye(a.shape[-1], dtype=a.dtype)


def factorised(site: Site, a: Any) -> tuple[Any, Any]:
    """The factors of a square matrix and the order of its rows; a pivot that is 0 is a failure."""
    factors, _, order = lax.linalg.lu(a)
    site.fail(SINGULAR, jnp.any(jnp.diagonal(factors, axis1=-2, axis2=-1) == 0, -1))
    return factors, order


def solved(site: Site, a: Any, b: Any) -> Any:
    factors, order = factorised(site, a)
    rows = jnp.take_along_axis(b, order[..., None], -2)
    half = lax.linalg.triangular_solve(factors, rows, left_side=True, lower=True, unit_diagonal=True)
    return lax.linalg.triangular_solve(factors, half, left_side=True, lower=False)


@rule("solve")
def solve(site: Site, a: Any, b: Any, *, transpose: bool) -> Any:
    if b.size == 0:
        return jnp.zeros(site.shape, site.dtype)
    a, b = converted(a, site.dtype), converted(b, site.dtype)
    return solved(site, turned(a) if transpose else a, b)


@rule("inv")
def inv(site: Site, a: Any) -> Any:
    if a.size == 0:
        return a
    return solved(site, a, jnp.broadcast_to(jnp.eye(a.shape[-1], dtype=a.dtype), a.shape))


@rule("triangular_solve")
def triangular_solve(site: Site, a: Any, b: Any, *, lower: bool, transpose: bool, unit: bool) -> Any:
    if b.size == 0:
        return jnp.zeros(site.shape, site.dtype)
    a, b = converted(a, site.dtype), converted(b, site.dtype)
    return lax.linalg.triangular_solve(a, b, left_side=True, lower=lower, transpose_a=transpose, unit_diagonal=unit)


@rule("det")
def det(site: Site, a: Any) -> Any:
    return jnp.linalg.det(a) if a.shape[-1] else jnp.ones(site.shape, site.dtype)


@rule("slogdet")
def slogdet(site: Site, a: Any) -> Any:
    return list(jnp.linalg.slogdet(a))


@rule("cholesky")
def cholesky(site: Site, a: Any, **params: Any) -> Any:
    out = jnp.tril(lax.linalg.cholesky(a, symmetrize_input=False)) if a.size else a
    if a.size:
        diagonal = jnp.real(jnp.diagonal(out, axis1=-2, axis2=-1))
        site.fail(INDEFINITE, jnp.any(jnp.isnan(diagonal), -1) & ~jnp.any(jnp.isnan(a), (-1, -2)))
    return out


@rule("cholesky_or_nan")
def cholesky_or_nan(site: Site, a: Any, **params: Any) -> Any:
    return jnp.tril(lax.linalg.cholesky(a, symmetrize_input=False)) if a.size else a


@rule("eigh")
def eigh(site: Site, a: Any, *, lower: bool) -> Any:
    w, v = jnp.linalg.eigh(of_triangle(a, lower), symmetrize_input=False)
    return [w, v]


@rule("eigvalsh")
def eigvalsh(site: Site, a: Any, *, lower: bool) -> Any:
    return jnp.linalg.eigh(of_triangle(a, lower), symmetrize_input=False)[0]


@rule("svdvals")
def svdvals(site: Site, a: Any) -> Any:
    return jnp.linalg.svd(a, compute_uv=False)


@rule("tridiagonal_solve")
def tridiagonal_solve(site: Site, bands: Any, b: Any, *, transpose: bool) -> Any:
    bands, b = converted(bands, site.dtype), converted(b, site.dtype)
    below, middle, above = bands[..., 0, :], bands[..., 1, :], bands[..., 2, :]
    if transpose:
        below, above = jnp.roll(above, 1, -1), jnp.roll(below, -1, -1)
    below, above = below.at[..., 0].set(0), above.at[..., -1].set(0)
    return lax.linalg.tridiagonal_solve(below, middle, above, b)


@rule("svd")
def svd(site: Site, a: Any, *, full_matrices: bool) -> Any:
    return list(jnp.linalg.svd(a, full_matrices=full_matrices))


@rule("qr", "qr_complete")
def qr(site: Site, a: Any) -> Any:
    return list(jnp.linalg.qr(a, "complete" if site.primitive.name == "qr_complete" else "reduced"))


@rule("lu")
def lu(site: Site, a: Any) -> Any:
    return list(lax.linalg.lu(a))


@rule("permutation_of_pivots")
def permutation_of_pivots(site: Site, pivots: Any, *, rows: int) -> Any:
    return lax.linalg.lu_pivots_to_permutation(pivots, rows)


@rule("pinv")
def pinv(site: Site, a: Any, *, rtol: float | None) -> Any:
    return jnp.linalg.pinv(a, rtol=1e-15 if rtol is None else rtol)


@rule("cofactor")
def cofactor(site: Site, a: Any) -> Any:
    """By ``A = U S V'``: ``det(U) det(V') conj(U) cof(S) conj(V')``, where cofactors of `S` are products of the others."""
    u, s, vh = jnp.linalg.svd(a)
    ones = jnp.ones_like(s[..., :1])
    before = jnp.concatenate([ones, jnp.cumprod(s, -1)[..., :-1]], -1)
    after = jnp.concatenate([jnp.flip(jnp.cumprod(jnp.flip(s, -1), -1), -1)[..., 1:], ones], -1)
    sign = jnp.linalg.det(u) * jnp.linalg.det(vh)
    weights = (before * after).astype(a.dtype) * sign[..., None]
    return jnp.matmul(jnp.conj(u) * weights[..., None, :], jnp.conj(vh), precision=exact())


@rule("polar")
def polar(site: Site, a: Any) -> Any:
    u, s, vh = jnp.linalg.svd(a, full_matrices=False)
    v = jnp.conj(turned(vh)) * s[..., None, :].astype(a.dtype)
    return [jnp.matmul(u, vh, precision=exact()), jnp.matmul(v, vh, precision=exact())]


@rule("null_space")
def null_space(site: Site, a: Any, *, rank: int, rtol: float) -> Any:
    return jnp.conj(turned(jnp.linalg.svd(a)[2][..., rank:, :]))


@rule("orth")
def orth(site: Site, a: Any, *, rank: int, rtol: float) -> Any:
    return jnp.linalg.svd(a, full_matrices=False)[0][..., :rank]


@rule("sparse_product")
def sparse_product(site: Site, x: Any, *, matrix: Any) -> Any:
    """Elements times rows, summed by the row that they stand in."""
    coo = matrix.csr.tocoo()
    data = jnp.asarray(coo.data).astype(x.dtype).reshape(-1, *[1] * (x.ndim - 1))
    return jnp.zeros(site.shape, x.dtype).at[coo.row].add(data * x[coo.col])
