"""Operations that move elements, by their index maps; reductions and scans by their monoids; sorting, Fourier transforms,
convolutions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Primitive
from ..lowering import index_maps, monoids
from ..ops.convolution_forms import reach_of
from ..program import Literal
from .real import exact, jax, jnp, lax, signal
from .tracing import INDEX, Rule, Site, converted, declaring, rule

NARROW, SMALL = 16, 2**15  # rows or columns, and products, from where a product is worth a transposition

REDUCE = {
    monoids.SUM: jnp.sum,
    monoids.PRODUCT: jnp.prod,
    monoids.MAXIMUM: jnp.max,
    monoids.MINIMUM: jnp.min,
    monoids.ANY: jnp.any,
    monoids.ALL: jnp.all,
}


@declaring
def declared(primitive: Primitive) -> Rule | None:
    """The rule of a reduction, or of an operation with an index map."""
    native = primitive.native
    if isinstance(native, monoids.Reduction):
        return reduced
    if isinstance(native, index_maps.View):
        return viewed
    return None


def reduced(site: Site, x: Any, *, axes: Sequence[int]) -> Any:
    monoid = site.primitive.native.monoid
    if monoid in (monoids.SUM, monoids.PRODUCT):
        return REDUCE[monoid](x, axes, dtype=site.dtype)
    return REDUCE[monoid](x, axes)


class _Nest:
    """Index maps are evaluated for all points at once."""

    @staticmethod
    def step(x: Any, factor: int, shift: int) -> Any:
        if isinstance(x, index_maps.Affine):
            x = np.int64(x.constant)
        return x * factor + shift

    @staticmethod
    def total(parts: Sequence[Any]) -> Any:
        return sum(parts, np.int64(0))


def viewed(site: Site, x: Any, **params: Any) -> Any:
    """Elements at the places that the index map gives."""
    shape, out = site.inputs[0].shape, site.shape
    point = tuple(np.ogrid[tuple(slice(n) for n in out)]) if out else ()
    places = site.primitive.native.source(_Nest, point, shape, out, **params)
    fixed = [np.int64(p.constant) if isinstance(p, index_maps.Affine) else p for p in places]
    return jnp.broadcast_to(x[tuple(fixed)], out)


@rule("reshape")
def reshape(site: Site, x: Any, *, shape: Sequence[int]) -> Any:
    return jnp.reshape(x, shape)


@rule("transpose")
def transpose(site: Site, x: Any, *, axes: Sequence[int]) -> Any:
    return jnp.transpose(x, axes)


@rule("broadcast_to")
def broadcast_to(site: Site, x: Any, *, shape: Sequence[int]) -> Any:
    return jnp.broadcast_to(x, shape)


@rule("reverse")
def reverse(site: Site, x: Any, *, axes: Sequence[int]) -> Any:
    return jnp.flip(x, axes)


@rule("slice")
def slice_(site: Site, x: Any, *, starts: Any, stops: Any, steps: Any) -> Any:
    return x[tuple(slice(a, b, s) for a, b, s in zip(starts, stops, steps, strict=True))]


@rule("index")
def index(site: Site, x: Any, *, index: Sequence[Any]) -> Any:
    return x[tuple(slice(*e) if type(e) is tuple else e for e in index)]


@rule("index_embed")
def index_embed(site: Site, x: Any, *, index: Sequence[Any], shape: Sequence[int]) -> Any:
    """Zeros around, and between the elements of a slice with steps."""
    config, axis, at, new = [], 0, 0, []
    for kind, start, step in index_maps.basic_index(shape, index):
        if kind == "new":
            new.append(at)
            at += 1
            continue
        n = shape[axis]
        axis += 1
        if kind == "at":
            x = jnp.expand_dims(x, at)
            config.append((start, n - start - 1, 0))
        else:
            m = x.shape[at]
            if m == 0:
                return jnp.zeros(shape, x.dtype)
            if step < 0:
                x, start, step = jnp.flip(x, at), start + (m - 1) * step, -step
            config.append((start, n - start - (m - 1) * step - 1, step - 1))
        at += 1
    x = jnp.squeeze(x, tuple(new))
    return lax.pad(x, jnp.zeros((), x.dtype), config)


@rule("pad_zero")
def pad_zero(site: Site, x: Any, *, config: Any) -> Any:
    return lax.pad(x, jnp.zeros((), x.dtype), config)


@rule("linear_zero")
def linear_zero(site: Site, *values: Any, **params: Any) -> Any:
    return jnp.zeros(site.shape, site.dtype)


@rule("concatenate")
def concatenate(site: Site, *values: Any, axis: int) -> Any:
    return jnp.concatenate(
        [v if v.dtype == site.dtype or site.dtype.kind == "V" else converted(v, site.dtype) for v in values], axis
    )


# --- computed places --------------------------------------------------------------------------------------------


def places(site: Site, shape: Sequence[int], indices: Sequence[Any], skip: int) -> tuple[Any, ...]:
    """Indices that count from the end as those from the start; a failure is noted where one is out of range."""
    found = []
    for k, (i, n) in enumerate(zip(indices, shape, strict=False)):
        atom = site.atoms[skip + k]
        i = i.astype(jnp.int64) if i.dtype != jnp.uint64 else i
        if type(atom) is Literal:
            bad = np.asarray(atom.value)
            if bad.size and ((bad < -n) | (bad >= n)).any():
                site.fail(INDEX, (i < -n) | (i >= n), i, n)
        else:
            low = i < -n if i.dtype != jnp.uint64 else False
            site.fail(INDEX, low | (i >= n), i, n)
        found.append(jnp.where(i < 0, i + n, i) if i.dtype != jnp.uint64 else i)
    return tuple(found)


@rule("gather")
def gather(site: Site, x: Any, *indices: Any, axes: Sequence[int]) -> Any:
    x = jnp.moveaxis(x, axes, range(len(axes)))
    where = places(site, x.shape, indices, 1)
    if 0 in x.shape[: len(axes)]:
        return jnp.zeros(site.shape, site.dtype)
    return x.at[where].get(mode="clip")


@rule("scatter_add", "scatter_set", "scatter_multiply", "scatter_max", "scatter_min")
def scatter(site: Site, x: Any, updates: Any, *indices: Any, axes: Sequence[int]) -> Any:
    method = site.primitive.name.removeprefix("scatter_")
    front = jnp.moveaxis(converted(x, site.dtype), axes, range(len(axes)))
    where = places(site, front.shape, indices, 2)
    updates = converted(updates, site.dtype)
    if site.dtype.kind == "b" and method != "set":  # NumPy adds truths by "or"
        method = {"add": "max", "multiply": "min"}.get(method, method)
        front, updates = front.astype(jnp.int8), updates.astype(jnp.int8)
    out = getattr(front.at[where], method)(updates, mode="drop").astype(site.dtype)
    return jnp.moveaxis(out, range(len(axes)), axes)


# --- in order ---------------------------------------------------------------------------------------------------


@rule("argmax", "argmin")
def argument(site: Site, x: Any, *, axis: int) -> Any:
    """Complex numbers are compared by their real parts, and where these are equal by the imaginary ones."""
    find = getattr(jnp, site.primitive.name)
    if x.dtype.kind != "c":
        return find(x, axis)
    extreme, least = (jnp.max, -np.inf) if site.primitive.name == "argmax" else (jnp.min, np.inf)
    chosen = jnp.real(x) == extreme(jnp.real(x), axis, keepdims=True)
    return find(jnp.where(chosen, jnp.imag(x), least), axis)


@rule("cumsum", "cumprod")
def running(site: Site, x: Any, *, axis: int) -> Any:
    return getattr(jnp, site.primitive.name)(x, axis, dtype=site.dtype)


@rule("cummax", "cummin", "cumlogsumexp")
def running_extreme(site: Site, x: Any, *, axis: int) -> Any:
    if x.dtype == bool:
        return getattr(lax, site.primitive.name)(x.astype(jnp.int8), axis) != 0
    return getattr(lax, site.primitive.name)(x, axis)


@rule("sort")
def sort(site: Site, x: Any, *, axis: int) -> Any:
    return jnp.sort(x, axis)


@rule("argsort")
def argsort(site: Site, x: Any, *, axis: int) -> Any:
    return jnp.argsort(x, axis, stable=True)


@rule("searchsorted")
def searchsorted(site: Site, a: Any, v: Any, *, side: str) -> Any:
    lead = a.shape[:-1]
    if not lead:
        return jnp.searchsorted(a, v, side)
    n = math.prod(lead)
    rows, values = a.reshape(n, a.shape[-1]), v.reshape(n, math.prod(v.shape[len(lead) :]))
    return jax.vmap(lambda r, q: jnp.searchsorted(r, q, side))(rows, values).reshape(v.shape)


# --- products and transforms ------------------------------------------------------------------------------------


@rule("dot_general")
def dot_general(site: Site, x: Any, y: Any, *, dims: Any) -> Any:
    if site.dtype.kind == "b":
        return lax.dot_general(x.astype(jnp.int32), y.astype(jnp.int32), dims) != 0
    x, y = converted(x, site.dtype), converted(y, site.dtype)
    x, dims = contracted_last(x, y, dims)
    return lax.dot_general(x, y, dims, precision=exact(), preferred_element_type=site.dtype)


def contracted_last(x: Any, y: Any, dims: Any) -> tuple[Any, Any]:
    """The first operand with the axes that are summed at its end. XLA:CPU has its fast kernels for products of that form alone, others
    take about twice the time; without the barrier it would put the transposition back into the product.
    """
    (summed, others), (batch, others_batch) = dims
    if exact() is not lax.Precision.DEFAULT or x.dtype not in (jnp.float32, jnp.float64):
        return x, dims
    free = [a for a in range(x.ndim) if a not in (*summed, *batch)]
    order = (*batch, *free, *summed)
    rows, length = math.prod(x.shape[a] for a in free), math.prod(x.shape[a] for a in summed)
    columns = y.size // max(1, length * math.prod(x.shape[a] for a in batch))
    if order == tuple(range(x.ndim)) or min(rows, columns) < NARROW or rows * length * columns < SMALL:
        return x, dims
    n = len(batch)
    last = tuple(range(n + len(free), x.ndim))
    return lax.optimization_barrier(jnp.transpose(x, order)), ((last, others), (tuple(range(n)), others_batch))


@rule("convolve")
def convolve(site: Site, x: Any, y: Any) -> Any:
    function = lambda a, b: jnp.convolve(a, b, precision=exact())  # noqa: E731
    for _ in x.shape[:-1]:
        function = jax.vmap(function)
    x, y = converted(x, site.dtype), converted(y, site.dtype)
    if site.dtype.kind not in "fc" or not min(x.size, y.size):
        return function(x, y)
    finite = jnp.all(jnp.isfinite(x)) & jnp.all(jnp.isfinite(y))
    return lax.cond(finite, function, _convolved_by_terms, x, y)


def _convolved_by_terms(x: Any, y: Any) -> Any:
    """The full convolution without zeros around the operands, which make NaN of infinities."""
    n, m = x.shape[-1], y.shape[-1]
    place = np.arange(n + m - 1)[:, None] - np.arange(m)
    terms = jnp.take(x, np.clip(place, 0, n - 1), -1) * y[..., None, :]
    return jnp.sum(jnp.where((place >= 0) & (place < n), terms, 0), -1).astype(x.dtype)


@rule("conv")
def conv(site: Site, x: Any, w: Any, **params: Any) -> Any:
    return _convolved(params, converted(x, site.dtype), converted(w, site.dtype))


@rule("conv_operand")
def conv_operand(site: Site, y: Any, w: Any, **params: Any) -> Any:
    y, w = converted(y, site.dtype), converted(w, site.dtype)
    (out,) = jax.linear_transpose(lambda x: _convolved(params, x, w), jnp.zeros(site.shape, site.dtype))(y)
    return out


@rule("conv_kernel")
def conv_kernel(site: Site, x: Any, y: Any, **params: Any) -> Any:
    x, y = converted(x, site.dtype), converted(y, site.dtype)
    (out,) = jax.linear_transpose(lambda w: _convolved(params, x, w), jnp.zeros(site.shape, site.dtype))(y)
    return out


def _convolved(params: dict[str, Any], x: Any, w: Any) -> Any:
    """The form of `ops.convolution_forms` as a function of operand and kernel."""
    n, (xs, _, _) = len(params["strides"]), params["sizes"]
    pads = [(lo, r - lo - i) for lo, r, i in zip(params["low"], reach_of(params), xs, strict=True)]
    last = (0, n + 1, *range(1, n + 1))
    numbers = lax.ConvDimensionNumbers(last, (n + 1, n, *range(n)), last)
    return lax.conv_general_dilated(
        x, w, params["strides"], pads, rhs_dilation=params["dilation"], dimension_numbers=numbers,
        feature_group_count=params["groups"], precision=exact(),
    )  # fmt: skip


@rule("convolve_nd")
def convolve_nd(site: Site, x: Any, y: Any, *, rank: int, method: str) -> Any:
    function = lambda a, b: signal.convolve(a, b, precision=exact())  # noqa: E731
    for _ in x.shape[:-rank]:
        function = jax.vmap(function)
    return function(converted(x, site.dtype), converted(y, site.dtype))


@rule("fft")
def fft(site: Site, x: Any, *, axes: Sequence[int], inverse: bool) -> Any:
    for axis in axes:
        x = (jnp.fft.ifft if inverse else jnp.fft.fft)(x, axis=axis)
    return x


@rule("rfft")
def rfft(site: Site, x: Any, *, axis: int) -> Any:
    return jnp.fft.rfft(x, axis=axis)


@rule("irfft")
def irfft(site: Site, x: Any, *, axis: int, n: int) -> Any:
    return jnp.fft.irfft(x, n, axis)
