"""Decompositions of general matrices, matrix functions and matrix equations; trigonometric transforms.

XLA has eigenvectors, Schur's and Hessenberg's form and pivoted QR on processors (LAPACK), and some on GPUs: JAX says so where it has not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import NotSupportedError
from ..ops.linalg import complex_dtype
from .matrices import turned
from .real import exact, jax, jnp, lax, linalg
from .tracing import Site, converted, rule


def each(function: Callable[..., Any], *matrices: Any) -> Any:
    """A function of matrices, over what stands in front of their last two axes."""
    lead = jnp.broadcast_shapes(*[m.shape[:-2] for m in matrices])
    flat = [jnp.broadcast_to(m, (*lead, *m.shape[-2:])).reshape(math.prod(lead), *m.shape[-2:]) for m in matrices]
    mapped = jax.vmap(function)(*flat) if lead else function(*[m[0] for m in flat])
    return jax.tree.map(lambda o: o.reshape(*lead, *o.shape[1:]) if lead else o, mapped)


@rule("eig")
def eig(site: Site, a: Any) -> Any:
    if a.size == 0:
        return [jnp.zeros(o.shape, o.dtype) for o in site.outputs]
    return list(jnp.linalg.eig(a))


@rule("eigvals")
def eigvals(site: Site, a: Any) -> Any:
    return jnp.linalg.eigvals(a) if a.size else jnp.zeros(site.shape, site.dtype)


@rule("eig_left")
def eig_left(site: Site, a: Any) -> Any:
    if a.size == 0:
        return jnp.zeros(site.shape, site.dtype)
    return lax.linalg.eig(a, compute_left_eigenvectors=True, compute_right_eigenvectors=False)[1]


@rule("qr_pivots")
def qr_pivots(site: Site, a: Any) -> Any:
    if a.size == 0:
        return jnp.broadcast_to(jnp.arange(a.shape[-1], dtype=jnp.int32), site.shape)
    return linalg.qr(a, mode="r", pivoting=True)[-1].astype(jnp.int32)


@rule("qr_packed")
def qr_packed(site: Site, a: Any) -> Any:
    if a.size == 0:
        return [a, *[jnp.zeros(o.shape, o.dtype) for o in site.outputs[1:]]]
    packed, taus = jnp.linalg.qr(a, mode="raw")
    return [turned(packed), taus]


@rule("schur")
def schur(site: Site, a: Any, *, output: str) -> Any:
    if a.size == 0:
        return [jnp.zeros(site.shape, site.dtype)] * 2
    return list(each(lambda m: linalg.schur(m, output), a))


@rule("hessenberg")
def hessenberg(site: Site, a: Any) -> Any:
    if a.shape[-1] < 3 or a.size == 0:
        return [a, jnp.broadcast_to(jnp.eye(a.shape[-1], dtype=a.dtype), a.shape)]
    return list(linalg.hessenberg(a, calc_q=True))


@rule("hessenberg_packed")
def hessenberg_packed(site: Site, a: Any) -> Any:
    if a.shape[-1] < 2 or a.size == 0:
        return [a, jnp.zeros(site.outputs[1].shape, a.dtype)]
    return list(lax.linalg.hessenberg(a))


@rule("tridiagonal")
def tridiagonal(site: Site, a: Any, *, lower: bool) -> Any:
    if a.shape[-1] < 2 or a.size == 0:
        return [
            a,
            jnp.real(jnp.diagonal(a, axis1=-2, axis2=-1)),
            *[jnp.zeros(o.shape, o.dtype) for o in site.outputs[2:]],
        ]
    return list(lax.linalg.tridiagonal(a, lower=lower))


# --- equations -------------------------------------------------------------------------------------------------------


@rule("sylvester")
def sylvester(site: Site, a: Any, b: Any, q: Any) -> Any:
    """``A X + X B = Q`` by Schur's forms of both (Bartels & Stewart 1972): a triangular equation for each column."""
    if q.size == 0:
        return jnp.zeros(site.shape, site.dtype)
    wide = complex_dtype(site.dtype)
    out = each(_sylvester, *[v.astype(wide) for v in (a, b, q)])
    return converted(out, site.dtype)


def _sylvester(a: Any, b: Any, q: Any) -> Any:
    (r, u), (s, v) = linalg.schur(a, "complex"), linalg.schur(b, "complex")
    product = lambda x, y: jnp.matmul(x, y, precision=exact())  # noqa: E731
    f = product(product(jnp.conj(turned(u)), q), v)
    eye = jnp.eye(a.shape[0], dtype=a.dtype)

    def column(k: Any, y: Any) -> Any:
        right = f[:, k] - product(y, s[:, k])  # columns from k on are still zero
        found = lax.linalg.triangular_solve(r + s[k, k] * eye, right[:, None], left_side=True, lower=False)
        return y.at[:, k].set(found[:, 0])

    y = lax.fori_loop(0, b.shape[0], column, jnp.zeros_like(f))
    return product(product(u, y), jnp.conj(turned(v)))


@rule("triangular_sylvester")
def triangular_sylvester(site: Site, t: Any, g: Any, *, transpose: bool) -> Any:
    """The strictly lower `Y` of ``T Y - Y T = G`` below the diagonal: diagonal after diagonal, from the corner inwards or back."""
    dtype, n = site.dtype, g.shape[-1]
    if g.size == 0:
        return jnp.zeros(site.shape, dtype)
    t, g = t.astype(dtype), g.astype(dtype)
    lead = jnp.broadcast_shapes(t.shape[:-2], g.shape[:-2])
    rows = np.arange(n)
    values = jnp.diagonal(t, axis1=-2, axis2=-1)
    gaps = values[..., :, None] - values[..., None, :]
    rounding = n * jnp.finfo(dtype).eps * jnp.max(jnp.abs(t), (-2, -1), keepdims=True)
    gaps = jnp.where(jnp.abs(gaps) > rounding, gaps, jnp.nan)
    upper = jnp.triu(t, 1)
    left, right = (turned(upper), turned(upper)) if transpose else (upper, upper)

    def diagonal(k: Any, y: Any) -> Any:
        distance = k + 1 if transpose else n - 1 - k
        rest = g - jnp.matmul(left, y, precision=exact()) + jnp.matmul(y, right, precision=exact())
        return jnp.where((rows[:, None] - rows) == distance, rest / gaps, y)

    return lax.fori_loop(0, n - 1, diagonal, jnp.zeros((*lead, n, n), dtype))


# --- functions of matrices -------------------------------------------------------------------------------------------


@rule("matrix_function")
def matrix_function(site: Site, a: Any, *directions: Any, function: str) -> Any:
    """The exponential; its derivatives are blocks of the exponential of a block matrix, as elsewhere (`ops.matrix_functions`)."""
    if function not in ("expm", "sqrtm"):
        raise NotSupportedError(
            f'backend="xla": JAX has no {function} of matrices; run this function with backend="native"'
        )
    if a.size == 0:
        return jnp.zeros(site.shape, site.dtype)
    block = a.astype(site.dtype)
    n, scale = a.shape[-1], jnp.ones((*a.shape[:-2], 1, 1))
    size = jnp.maximum(jnp.max(jnp.abs(a), (-2, -1), keepdims=True), 1e-3)
    for e in directions:
        length = jnp.max(jnp.abs(e), (-2, -1), keepdims=True)
        by = jnp.where(length > 0, length / size, 1.0)
        scale = scale * by
        tile = block.shape[-1] // n
        spread = jnp.kron(jnp.eye(tile, dtype=site.dtype), (e / by).astype(site.dtype)) if e.ndim == 2 else each(
            lambda m, k=tile: jnp.kron(jnp.eye(k, dtype=m.dtype), m), (e / by).astype(site.dtype)
        )  # fmt: skip
        block = jnp.concatenate(
            [jnp.concatenate([block, spread], -1), jnp.concatenate([jnp.zeros_like(block), block], -1)], -2
        )
    out = each(linalg.expm if function == "expm" else linalg.sqrtm, block)
    return (out[..., :n, block.shape[-1] - n :] * scale).astype(site.dtype)


@rule("sqrtm")
def sqrtm(site: Site, a: Any) -> Any:
    return each(linalg.sqrtm, a).astype(site.dtype) if a.size else jnp.zeros(site.shape, site.dtype)


# --- transforms ------------------------------------------------------------------------------------------------------

# Of ``2 sum_j x_j cos(pi (j + a) (k + b) / M)``: a, b, and M less the length; weights of the first and last elements are apart.
_KINDS = {
    ("dct", 1): (0.0, 0.0, -1), ("dct", 2): (0.5, 0.0, 0), ("dct", 3): (0.0, 0.5, 0), ("dct", 4): (0.5, 0.5, 0),
    ("dst", 1): (1.0, 1.0, 1), ("dst", 2): (0.5, 1.0, 0), ("dst", 3): (1.0, 0.5, 0), ("dst", 4): (0.5, 0.5, 0),
}  # fmt: skip


@rule("trigonometric_transform")
def trigonometric_transform(site: Site, x: Any, *, kind: str, type: int, axis: int) -> Any:
    """A Fourier transform of twice the length, with a turn of each element before and after it."""
    a, b, more = _KINDS[kind, type]
    x = jnp.moveaxis(x, axis, -1)
    n = x.shape[-1]
    m = n + more
    halves = {("dct", 1): (0, n - 1), ("dct", 3): (0,), ("dst", 3): (n - 1,)}.get((kind, type), ())
    weights = np.full(n, 2.0)
    weights[list(halves)] = 1.0  # these stand once
    j = np.arange(n)
    before = weights * np.exp(1j * np.pi * b * j / m)
    after = np.exp(1j * np.pi * a * (j + b) / m)
    turn = complex_dtype(x.dtype)
    found = jnp.fft.ifft(x.astype(turn) * before.astype(turn), 2 * m, axis=-1)[..., :n] * (2 * m)
    found = found * after.astype(turn)
    if x.dtype.kind == "c":
        raise NotImplementedError("a complex argument")
    out = jnp.real(found) if kind == "dct" else jnp.imag(found)
    return jnp.moveaxis(out, -1, axis).astype(x.dtype)
