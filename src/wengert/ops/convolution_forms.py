"""Convolutions of any strides, dilation, padding and groups, as one trilinear form of operand, kernel and result.

With ``x`` of shape ``(N, *xs, G C)``, ``w`` of shape ``(*ws, C, G O)`` and ``y`` of shape ``(N, *ys, G O)`` the form is the sum of
``x[n, i, g, c] w[k, c, g, o] y[n, p, g, o]`` over all indices with ``i = strides p + dilation k - low`` along each spatial
axis, where `i` is within `x`. Each of three primitives is its gradient in one of the arrays, given the other two: `conv` in
``y``, which is the convolution of neural networks (the kernel is not turned round), `conv_operand` in ``x``, and `conv_kernel`
in ``w``. So the transposes of each are the other two, and derivatives of any order stay among them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value, aval_of, dtype_of, shape_of
from ..lowering.kernels import Either
from ..vocabulary import BatchedResults, Params
from .contraction import dot_general_p
from .elementwise import convert
from .families import Bilinear
from .promotion import result_dtype
from .shape import moveaxis, reshape, reverse_p, transpose
from .windows import windows

ndarray = np.ndarray
THIN = 8  # pairs of features in a group, up to which NumPy goes tap by tap


def reach_of(params: Params) -> list[int]:
    """How much of the operand, with what is around it, the kernel meets along each axis."""
    _, ws, ys = params["sizes"]
    terms = zip(params["strides"], params["dilation"], ws, ys, strict=True)
    return [s * (p - 1) + d * (k - 1) + 1 if p and k else 0 for s, d, k, p in terms]


class _Form(Bilinear):
    """One of the three: `takes` are the arrays that it is given, by their letters, `gives` the one that it makes."""

    takes: str
    gives: str

    def __init__(self, name: str, takes: str, gives: str, samples: Any) -> None:
        self.takes, self.gives = takes, gives
        Primitive.__init__(self, name, samples=samples, native=Either("convolution.form", takes=takes, gives=gives))
        self.native.composition, self.native.when = self.composed, self._is_composed

    def abstract(self, a: Aval, b: Aval, **params: Any) -> Aval:
        have = {self.takes[0]: a.shape, self.takes[1]: b.shape}
        return Aval(self._shape(have, params), result_dtype(a, b))

    def _shape(self, have: dict[str, tuple[int, ...]], params: Params) -> tuple[int, ...]:
        (xs, ws, ys), groups = params["sizes"], params["groups"]
        if self.gives == "y":
            return (have["x"][0], *ys, have["w"][-1])
        if self.gives == "x":
            return (have["y"][0], *xs, groups * have["w"][-2])
        return (*ws, have["x"][-1] // groups, have["y"][-1])

    def given(self, values: Sequence[Any], params: Params) -> dict[str, Any]:
        return dict(zip(self.takes, values, strict=True))

    # --- with NumPy --------------------------------------------------------------------------------------------------

    def impl(self, a: Value, b: Value, **params: Any) -> Value:
        dtype = result_dtype(Aval(a.shape, a.dtype), Aval(b.shape, b.dtype))
        narrow = dtype.itemsize < 4 and dtype.kind not in "biu"
        wide = np.dtype(np.float32) if narrow else dtype
        given = {r: np.asarray(v).astype(wide, copy=False) for r, v in zip(self.takes, (a, b), strict=True)}
        shape = self._shape({r: v.shape for r, v in given.items()}, params)
        out = np.zeros(shape, wide)
        if out.size and all(v.size for v in given.values()):
            _fill(self.gives, out, given, params)
        return out.astype(dtype, copy=False)

    # --- in terms of other operations --------------------------------------------------------------------------------

    def composed(self, a: Value, b: Value, **params: Any) -> Value:
        """By windows and a product: for dtypes that native code has no form for, and for analyses."""
        dtype = dtype_of(a)
        if dtype.kind not in "fciub" or (dtype.kind == "f" and dtype.itemsize < 4):
            return convert(self.bind(convert(a, np.float32), convert(b, np.float32), **params), dtype)
        given = self.given((a, b), params)
        (xs, ws, ys), groups = params["sizes"], params["groups"]
        strides, dilation, low = params["strides"], params["dilation"], params["low"]
        n = len(ws)
        ones, axes = (1,) * n, range(1, n + 1)
        if self.gives == "x":  # the form with operand and result exchanged, and the kernel turned round
            y, w = given["y"], reverse_p.bind(given["w"], axes=tuple(range(n)))
            inputs, outputs = shape_of(w)[-2], shape_of(w)[-1] // groups
            w = moveaxis(reshape(w, (*ws, inputs, groups, outputs)), -1, n)
            w = reshape(moveaxis(w, -1, n + 1), (*ws, outputs, groups * inputs))
            before = [d * (k - 1) - lo for d, k, lo in zip(dilation, ws, low, strict=True)]
            pads = [
                (lo, i + d * (k - 1) - lo - (s * (p - 1) + 1 if p else 0))
                for lo, i, d, k, s, p in zip(before, xs, dilation, ws, strides, ys, strict=True)
            ]
            patches = windows(y, axes, ws, ones, pads, strides, dilation)
            return _product(patches, w, groups, shape_of(y)[0], xs)
        pads = [(lo, r - lo - i) for lo, r, i in zip(low, reach_of(params), xs, strict=True)]
        patches = windows(given["x"], axes, ws, strides, pads, ones, dilation)  # N, *ys, features, taps
        if self.gives == "y":
            return _product(patches, given["w"], groups, shape_of(given["x"])[0], ys)
        many, taps = shape_of(patches)[0] * math.prod(ys), math.prod(ws)
        x = reshape(patches, (many, groups, shape_of(patches)[-2] // groups, taps))
        y = reshape(given["y"], (many, groups, shape_of(given["y"])[-1] // groups))
        out = dot_general_p.bind(x, y, dims=(((0,), (0,)), ((1,), (1,))))  # groups, inputs, taps, outputs
        return reshape(transpose(out, (2, 1, 0, 3)), (*ws, shape_of(x)[2], shape_of(given["y"])[-1]))

    def _is_composed(self, avals: Sequence[Aval], params: Params) -> bool:
        """Complex and narrow numbers, and gradients with gaps between both places and taps."""
        dtype = avals[0].dtype
        known = dtype.kind in "iu" or (dtype.kind == "f" and dtype.itemsize >= 4)
        both = any(s > 1 and d > 1 for s, d in zip(params["strides"], params["dilation"], strict=True))
        return not known or (self.gives == "x" and both)

    # --- rules -------------------------------------------------------------------------------------------------------

    def transpose_left(self, ct: Value, a: Any, b: Value, **params: Any) -> Value:
        return FORMS[self.takes[0]].of({self.gives: ct, self.takes[1]: b}, params)

    def transpose_right(self, ct: Value, a: Value, b: Any, **params: Any) -> Value:
        return FORMS[self.takes[1]].of({self.gives: ct, self.takes[0]: a}, params)

    def of(self, given: dict[str, Value], params: Params) -> Value:
        return self.bind(*[given[r] for r in self.takes], **params)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        """Batches are examples where the kernel has none, features where operand or result has none, or else groups."""
        shapes = {r: shape_of(a)[1:] if b else shape_of(a) for r, a, b in zip(self.takes, args, batched, strict=True)}
        shape = self._shape(shapes, params)
        if not size:
            return np.zeros((0, *shape), result_dtype(*map(aval_of, args))), True
        have = {self.gives, *[r for r, b in zip(self.takes, batched, strict=True) if b]}
        how = {"xy": "examples", "wy": "outputs", "wx": "inputs"}.get("".join(sorted(have)), "groups")
        groups = params["groups"]
        inner = [_entered(r, v, how, groups) if b else v for r, v, b in zip(self.takes, args, batched, strict=True)]
        more = dict(params, groups=groups * size) if how == "groups" else params
        return _left(self.gives, self.bind(*inner, **more), how, groups, size, shape), True


def _product(patches: Value, w: Value, groups: int, many: int, space: Sequence[int]) -> Value:
    """Patches ``(N, *space, features, taps)`` times a kernel ``(*taps, inputs, G outputs)``."""
    rows, taps = many * math.prod(space), shape_of(patches)[-1]
    inputs, outputs = shape_of(w)[-2], shape_of(w)[-1] // groups
    x = reshape(patches, (rows, groups, inputs, taps))
    w = reshape(w, (taps, inputs, groups, outputs))
    out = dot_general_p.bind(x, w, dims=(((2, 3), (1, 0)), ((1,), (2,))))  # groups, rows, outputs
    return reshape(transpose(out, (1, 0, 2)), (many, *space, groups * outputs))


# --- batches ---------------------------------------------------------------------------------------------------------


def _places(role: str, how: str, shape: Sequence[int], groups: int) -> tuple[list[int], int]:
    """The shape without the batch in which the axis that a batch joins is apart, and where the batch stands before it."""
    shape = list(shape)
    if how == "examples":
        return shape, 0
    if role == "w" and how == "inputs":
        return shape, len(shape) - 2
    last = shape.pop()
    if how == "groups":
        return [*shape, last], len(shape)
    return [*shape, groups, last // groups], len(shape) + 1


def _entered(role: str, v: Value, how: str, groups: int) -> Value:
    """A value whose first axis is a batch, with the batch in another axis."""
    size, *shape = shape_of(v)
    parts, at = _places(role, how, shape, groups)
    v = moveaxis(reshape(v, (size, *parts)), 0, at)
    parts[at] *= size
    merged = parts if len(parts) == len(shape) else [*parts[:-2], parts[-2] * parts[-1]]
    return reshape(v, tuple(merged))


def _left(role: str, v: Value, how: str, groups: int, size: int, shape: Sequence[int]) -> Value:
    """The opposite of `_entered`, for a value of this shape without the batch."""
    parts, at = _places(role, how, shape, groups)
    v = moveaxis(reshape(v, (*parts[:at], size, *parts[at:])), at, 0)
    return reshape(v, (size, *shape))


# --- NumPy -----------------------------------------------------------------------------------------------------------


def _fill(gives: str, out: ndarray, given: dict[str, ndarray], params: Params) -> None:
    """One array of the form from the other two, none of them empty; `out` is zeros."""
    xs, groups = params["sizes"][0], params["groups"]
    have = {**given, gives: out}
    reach = reach_of(params)
    x, w, y = have["x"], have["w"], have["y"]
    lows = params["low"]
    padded = np.zeros((x.shape[0], *reach, x.shape[-1]), x.dtype)
    inside = tuple(slice(max(lo, 0), max(min(lo + i, r), 0)) for lo, i, r in zip(lows, xs, reach, strict=True))
    within = tuple(
        slice(s.start - lo, s.start - lo + max(s.stop - s.start, 0)) for s, lo in zip(inside, lows, strict=True)
    )
    if gives != "x":
        padded[:, *inside] = x[:, *within]
    inputs, outputs = w.shape[-2], w.shape[-1] // groups
    if inputs * outputs <= THIN:
        _by_taps(gives, padded, w, y, params)
    else:
        _by_products(gives, padded, w, y, params)
    if gives == "x":
        x[:, *within] = padded[:, *inside]


def _by_taps(gives: str, x: ndarray, w: ndarray, y: ndarray, params: Params) -> None:
    """A product of slices for each tap of the kernel; sums of vectors, where they are that, by NumPy's functions for these."""
    (_, ws, ys), groups = params["sizes"], params["groups"]
    strides, dilation = params["strides"], params["dilation"]
    if x.size == x.shape[1] and y.size == y.shape[1] and strides == dilation == (1,) and len(ws) == 1:
        vectors = (x.reshape(-1), w.reshape(-1), y.reshape(-1))
        operand, kernel, result = vectors
        if gives == "y":
            result[...] = np.convolve(operand, kernel[::-1], "valid")
        elif gives == "x":
            operand[...] = np.convolve(result, kernel)
        else:
            kernel[...] = np.convolve(operand, result[::-1], "valid")
        return
    x = x.reshape(*x.shape[:-1], groups, -1)
    w = w.reshape(*w.shape[:-1], groups, -1)
    y = y.reshape(*y.shape[:-1], groups, -1)
    for tap in itertools.product(*map(range, ws)):
        at = tuple(
            slice(d * k, d * k + s * (p - 1) + 1, s) for d, k, s, p in zip(dilation, tap, strides, ys, strict=True)
        )
        part = x[:, *at]
        for c in range(w.shape[-3]):
            for o in range(w.shape[-1]):
                if gives == "y":
                    y[..., o] += part[..., c] * w[*tap, c, :, o]
                elif gives == "x":
                    part[..., c] += y[..., o] * w[*tap, c, :, o]
                else:
                    rows = "".join("abcdefgh"[: y.ndim - 2])
                    w[*tap, c, :, o] = np.einsum(f"{rows}z,{rows}z->z", part[..., c], y[..., o])


def _by_products(gives: str, x: ndarray, w: ndarray, y: ndarray, params: Params) -> None:
    """Products of matrices of patches, of as many examples at a time as the caches hold."""
    (_, ws, ys), groups = params["sizes"], params["groups"]
    strides, dilation = params["strides"], params["dilation"]
    n, inputs, outputs, taps = len(ws), w.shape[-2], w.shape[-1] // groups, math.prod(ws)
    kernel = w.reshape(taps * inputs, groups, outputs)
    rows = math.prod(ys)
    some = max((1 << 22) // max(rows * taps * x.shape[-1] * x.itemsize, 1), 1)
    for start in range(0, x.shape[0], some):
        part, result = x[start : start + some], y[start : start + some]
        many = part.shape[0] * rows
        steps = (part.strides[0], *[s * t for s, t in zip(strides, part.strides[1 : n + 1], strict=True)])
        steps += (*[d * t for d, t in zip(dilation, part.strides[1 : n + 1], strict=True)], part.strides[-1])
        slid = np.lib.stride_tricks.as_strided(part, (part.shape[0], *ys, *ws, x.shape[-1]), steps)
        for g in range(groups):
            here = slice(g * inputs, (g + 1) * inputs)
            there = slice(g * outputs, (g + 1) * outputs)
            values = result[..., there].reshape(many, outputs)
            if gives == "x":
                columns = (values @ kernel[:, g].T).reshape(part.shape[0], *ys, *ws, inputs)
                for tap in itertools.product(*map(range, ws)):
                    at = tuple(
                        slice(d * k, d * k + s * (p - 1) + 1, s)
                        for d, k, s, p in zip(dilation, tap, strides, ys, strict=True)
                    )
                    part[:, *at, here] += columns[:, *[slice(None)] * n, *tap]
                continue
            patches = slid[..., here].reshape(many, taps * inputs)
            if gives == "y":
                result[..., there] = (patches @ kernel[:, g]).reshape(part.shape[0], *ys, outputs)
            else:
                kernel[:, g] += patches.T @ values


# --- samples and the primitives ----------------------------------------------------------------------------------


def _geometry(
    xs: tuple[int, ...], ws: tuple[int, ...], strides: tuple[int, ...], dilation: tuple[int, ...], low: tuple[int, ...],
    high: tuple[int, ...], groups: int,
) -> dict[str, Any]:  # fmt: skip
    ys = tuple(
        (i + lo + hi - d * (k - 1) - 1) // s + 1
        for i, k, s, d, lo, hi in zip(xs, ws, strides, dilation, low, high, strict=True)
    )
    return {"strides": strides, "dilation": dilation, "low": low, "groups": groups, "sizes": (xs, ws, ys)}


def _samples(takes: str) -> Any:
    def make() -> list[Any]:
        cases = (
            (_geometry((5,), (3,), (1,), (1,), (1,), (1,), 1), 2, 2, 3),
            (_geometry((4, 5), (2, 3), (2, 1), (1, 2), (1, -1), (0, 2), 1), 1, 1, 2),
            (_geometry((3, 4), (2, 2), (1, 2), (1, 1), (0, 1), (0, 0), 2), 1, 2, 1),
            (_geometry((4,), (2,), (3,), (1,), (0,), (1,), 3), 2, 1, 1),
        )
        out = []
        for seed, (params, many, inputs, outputs) in enumerate(cases):
            (xs, ws, ys), groups = params["sizes"], params["groups"]
            shapes = {
                "x": (many, *xs, groups * inputs),
                "w": (*ws, inputs, groups * outputs),
                "y": (many, *ys, groups * outputs),
            }
            rng = np.random.default_rng(91 + seed)
            out.append((tuple(rng.normal(size=shapes[r]) for r in takes), params))
        return out

    return make


conv_p = _Form("conv", "xw", "y", _samples("xw"))
conv_operand_p = _Form("conv_operand", "yw", "x", _samples("yw"))
conv_kernel_p = _Form("conv_kernel", "xy", "w", _samples("xy"))
FORMS = {p.gives: p for p in (conv_p, conv_operand_p, conv_kernel_p)}


def correlated(x: Value, y: Value, rank: int) -> Value:
    """The correlation over the last axes of two stacks where they overlap completely: ``out[i] = sum_j x[i + j] y[j]``."""
    lead, xs, ys = shape_of(x)[:-rank], shape_of(x)[-rank:], shape_of(y)[-rank:]
    outs = tuple(a - b + 1 for a, b in zip(xs, ys, strict=True))
    many, ones = math.prod(lead), (1,) * rank
    x = reshape(moveaxis(reshape(x, (many, *xs)), 0, rank), (1, *xs, many))
    y = moveaxis(reshape(y, (many, *ys)), 0, rank)
    params = {"strides": ones, "dilation": ones, "low": (0,) * rank, "groups": many}
    if not many:
        return np.zeros((*lead, *outs), result_dtype(aval_of(x), aval_of(y)))
    if math.prod(ys) <= math.prod(outs):
        out = conv_p.bind(x, reshape(y, (*ys, 1, many)), sizes=(xs, ys, outs), **params)
    else:
        out = conv_kernel_p.bind(x, reshape(y, (1, *ys, many)), sizes=(xs, outs, ys), **params)
    return reshape(moveaxis(reshape(out, (*outs, many)), rank, 0), (*lead, *outs))


__all__ = ["FORMS", "conv_kernel_p", "conv_operand_p", "conv_p", "correlated", "reach_of"]
