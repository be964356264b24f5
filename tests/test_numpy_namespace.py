"""wengert.numpy against NumPy: values, dtypes, staging, batching and derivatives of each function, as data."""

import ast
import inspect
import math
import pathlib

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import trees
from wengert.testing import check_grads

RNG = np.random.default_rng(7)
M = RNG.normal(size=(3, 4))
N = RNG.normal(size=(3, 4))
V = RNG.normal(size=5)
U = RNG.normal(size=3)
S = RNG.normal(size=(4, 4))
T = RNG.normal(size=(2, 3, 4))
P = RNG.uniform(0.3, 2.0, size=(3, 4))
Z = M + 1j * N
I = RNG.integers(0, 3, size=(3, 4))  # noqa: E741
B = M > 0
HOLED = np.where(np.abs(M) > 1.0, np.nan, M)
HOLED[0, 0] = np.nan

# Differentiable functions: np is NumPy or wengert.numpy, and so are the values compared.
SMOOTH = {
    # creation
    "array of list": (lambda np, x: np.array([x[0], x[1] * 2]), U),
    "array ndmin": (lambda np, x: np.array(x, ndmin=3), U),
    "asarray": (lambda np, x: np.asarray(x), U),
    "full": (lambda np, x: np.full((2, 3), x), U),
    "full_like": (lambda np, x: np.full_like(M, x[0]), U),
    "zeros_like": (lambda np, x: np.zeros_like(x) + x, M),
    "ones_like": (lambda np, x: np.ones_like(x) * x, M),
    "linspace": (lambda np, x: np.linspace(x[0], x[1], 5), U),
    "linspace rows": (lambda np, x: np.linspace(x, 2 * x, 4, endpoint=False, axis=-1), U),
    "linspace step": (lambda np, x: np.linspace(x[0], x[1], 5, retstep=True), U),
    "linspace one": (lambda np, x: np.linspace(x[0], x[1], 1), U),
    "logspace": (lambda np, x: np.logspace(x[0], x[1], 5), U),
    "geomspace": (lambda np, x: np.geomspace(x[0], x[1], 5), P[0]),
    "meshgrid": (lambda np, x: np.meshgrid(x, x[:2]), U),
    "meshgrid ij": (lambda np, x: np.meshgrid(x, x[:2], 2 * x, indexing="ij"), U),
    "meshgrid sparse": (lambda np, x: np.meshgrid(x, x[:2], sparse=True), U),
    "tril": (lambda np, x: np.tril(x, 1), M),
    "triu": (lambda np, x: np.triu(x, -1), T),
    "diagonal": (lambda np, x: np.diagonal(x, 1), M),
    "diagonal axes": (lambda np, x: np.diagonal(x, -1, 2, 1), T),
    "diag of vector": (lambda np, x: np.diag(x, 1), U),
    "diag below": (lambda np, x: np.diag(x, -2), U),
    "diag of matrix": (lambda np, x: np.diag(x, -1), M),
    "diagflat": (lambda np, x: np.diagflat(x), M),
    "vander": (lambda np, x: np.vander(x, 4), U),
    "vander rising": (lambda np, x: np.vander(x, increasing=True), U),
    # shaping
    "reshape": (lambda np, x: np.reshape(x, (2, -1)), M),
    "reshape F": (lambda np, x: np.reshape(x, (2, 6), order="F"), M),
    "ravel": (lambda np, x: np.ravel(x), M),
    "ravel F": (lambda np, x: np.ravel(x, "F"), M),
    "transpose": (lambda np, x: np.transpose(x, (1, 2, 0)), T),
    "matrix_transpose": (lambda np, x: np.matrix_transpose(x), T),
    "swapaxes": (lambda np, x: np.swapaxes(x, 0, -1), T),
    "moveaxis": (lambda np, x: np.moveaxis(x, (0, 1), (-1, 0)), T),
    "rollaxis": (lambda np, x: np.rollaxis(x, 2), T),
    "squeeze": (lambda np, x: np.squeeze(x[:, None, :1]), M),
    "squeeze axis": (lambda np, x: np.squeeze(x[:, None, :1], axis=-1), M),
    "expand_dims": (lambda np, x: np.expand_dims(x, (0, -1)), M),
    "broadcast_to": (lambda np, x: np.broadcast_to(x, (2, 3, 4)), M),
    "broadcast_arrays": (lambda np, x: np.broadcast_arrays(x, x[:, :1], 2.0)[1:], M),
    "atleast_1d": (lambda np, x: np.atleast_1d(x[0], x), U),
    "atleast_2d": (lambda np, x: np.atleast_2d(x[0], x), U),
    "atleast_3d": (lambda np, x: np.atleast_3d(x[0], x, x[None] * 2), U),
    "concatenate": (lambda np, x: np.concatenate([x, x[:1], M]), M),
    "concatenate flat": (lambda np, x: np.concatenate([x, x[0]], axis=None), M),
    "stack": (lambda np, x: np.stack([x, 2 * x], axis=1), M),
    "unstack": (lambda np, x: np.unstack(x, axis=1), M),
    "vstack": (lambda np, x: np.vstack([x, x[0]]), M),
    "hstack": (lambda np, x: np.hstack([x, x[:, :1]]), M),
    "hstack vectors": (lambda np, x: np.hstack([x, x[:1]]), U),
    "dstack": (lambda np, x: np.dstack([x, x]), M),
    "column_stack": (lambda np, x: np.column_stack([x, x**2]), U),
    "block": (lambda np, x: np.block([[x, x[:, :1]], [x[:1], x[:1, :1]]]), M),
    "append": (lambda np, x: np.append(x, x[0]), M),
    "append axis": (lambda np, x: np.append(x, x[:1], axis=0), M),
    "insert": (lambda np, x: np.insert(x, 1, x[0]), V),
    "insert several": (lambda np, x: np.insert(x, [3, 1], x[:2]), V),
    "insert row": (lambda np, x: np.insert(x, 1, 5.0, axis=0), M),
    "insert vector": (lambda np, x: np.insert(x, -1, x[0], axis=0), M),
    "insert column": (lambda np, x: np.insert(x, 2, x[:, 0], axis=1), M),
    "delete": (lambda np, x: np.delete(x, [0, 2], axis=1), M),
    "delete slice": (lambda np, x: np.delete(x, slice(1, 3)), V),
    "resize": (lambda np, x: np.resize(x, (3, 3)), V),
    "split": (lambda np, x: np.split(x, 2, axis=1), M),
    "split at": (lambda np, x: np.split(x, [1, 3]), V),
    "array_split": (lambda np, x: np.array_split(x, 3), V),
    "hsplit": (lambda np, x: np.hsplit(x, 2), M),
    "vsplit": (lambda np, x: np.vsplit(x, 3), M),
    "dsplit": (lambda np, x: np.dsplit(x, 2), T),
    "tile": (lambda np, x: np.tile(x, (2, 1, 2)), M),
    "tile short": (lambda np, x: np.tile(x, 2), M),
    "repeat": (lambda np, x: np.repeat(x, 2, axis=1), M),
    "repeat flat": (lambda np, x: np.repeat(x, 2), M),
    "repeat each": (lambda np, x: np.repeat(x, [1, 0, 3], axis=0), M),
    "flip": (lambda np, x: np.flip(x), M),
    "fliplr": (lambda np, x: np.fliplr(x), M),
    "flipud": (lambda np, x: np.flipud(x), M),
    "rot90": (lambda np, x: [np.rot90(x, k) for k in range(-1, 3)], M),
    "roll": (lambda np, x: np.roll(x, 5), M),
    "roll axes": (lambda np, x: np.roll(x, (1, -1), (0, 1)), M),
    "pad": (lambda np, x: np.pad(x, ((1, 0), (0, 2))), M),
    "pad value": (lambda np, x: np.pad(x, 1, constant_values=3.0), M),
    "pad values": (lambda np, x: np.pad(x, (1, 2), constant_values=(1.0, 2.0)), V),
    "pad edge": (lambda np, x: np.pad(x, 2, mode="edge"), M),
    "pad reflect": (lambda np, x: np.pad(x, 2, mode="reflect"), V),
    "pad symmetric": (lambda np, x: np.pad(x, 2, mode="symmetric"), V),
    "pad wrap": (lambda np, x: np.pad(x, 2, mode="wrap"), V),
    "astype": (lambda np, x: np.astype(x, complex), U),
    # reductions
    "sum": (lambda np, x: np.sum(x, axis=(0, 2), keepdims=True), T),
    "sum where": (lambda np, x: np.sum(x, axis=1, where=B, initial=2.0), M),
    "prod": (lambda np, x: np.prod(x, axis=1), M),
    "prod zeros": (lambda np, x: np.prod(x * (x > 0), axis=1), M),
    "max": (lambda np, x: np.max(x, axis=-1), M),
    "min initial": (lambda np, x: np.min(x, axis=-1, initial=0.0), M),
    "amax where": (lambda np, x: np.amax(x, axis=0, where=B, initial=-9.0), M),
    "ptp": (lambda np, x: np.ptp(x, axis=0), M),
    "mean": (lambda np, x: np.mean(x, axis=1), M),
    "mean where": (lambda np, x: np.mean(x, axis=1, where=B | (np.asarray(I) == 0) | True, keepdims=True), M),
    "average": (lambda np, x: np.average(x, axis=0, weights=U**2), M),
    "average weights": (lambda np, x: np.average(M, weights=x, returned=True), P),
    "var": (lambda np, x: np.var(x, axis=0, ddof=1), M),
    "var where": (lambda np, x: np.var(x, axis=1, where=P > 0.5), M),
    "var correction": (lambda np, x: np.var(x, axis=0, correction=1), M),
    "std": (lambda np, x: np.std(x, axis=(0, 1), keepdims=True), M),
    "std complex": (lambda np, x: np.std(x + 2j * x**2, axis=0), M),
    "nansum": (lambda np, x: np.nansum(x + HOLED * 0, axis=0), M),
    "nanprod": (lambda np, x: np.nanprod(x + HOLED * 0, axis=0), M),
    "nanmean": (lambda np, x: np.nanmean(x + HOLED * 0, axis=0), M),
    "nanvar": (lambda np, x: np.nanvar(x + HOLED * 0), M),
    "nanstd": (lambda np, x: np.nanstd(x + HOLED * 0), M),
    "nanmax": (lambda np, x: np.nanmax(x + HOLED * 0, axis=1), M),
    "nanmin": (lambda np, x: np.nanmin(x + HOLED * 0), M),
    "cumsum": (lambda np, x: np.cumsum(x, axis=1), M),
    "cumsum flat": (lambda np, x: np.cumsum(x), M),
    "cumprod": (lambda np, x: np.cumprod(x, axis=0), M),
    "cumprod zero": (lambda np, x: np.cumprod(x * (x > -1)), V),
    "cumulative_sum": (lambda np, x: np.cumulative_sum(x, axis=1, include_initial=True), M),
    "cumulative_prod": (lambda np, x: np.cumulative_prod(x, include_initial=True), V),
    "nancumsum": (lambda np, x: np.nancumsum(x + HOLED * 0, axis=0), M),
    "nancumprod": (lambda np, x: np.nancumprod(x + HOLED * 0, axis=0), M),
    # statistics
    "median": (lambda np, x: np.median(x, axis=1), M),
    "median odd": (lambda np, x: np.median(x, axis=0, keepdims=True), M),
    "median all": (lambda np, x: np.median(x), M),
    "nanmedian": (lambda np, x: np.nanmedian(x + HOLED * 0, axis=1), M),
    "quantile": (lambda np, x: np.quantile(x, 0.3, axis=1), M),
    "quantile several": (lambda np, x: np.quantile(x, [0.1, 0.5, 1.0], axis=(0, 2), keepdims=True), T),
    "quantile matrix": (lambda np, x: np.quantile(x, [[0.1, 0.5]], axis=0), T),
    "quantile lower": (lambda np, x: np.quantile(x, 0.3, method="lower"), M),
    "quantile higher": (lambda np, x: np.quantile(x, 0.3, method="higher"), M),
    "quantile midpoint": (lambda np, x: np.quantile(x, 0.3, method="midpoint"), M),
    "quantile nearest": (lambda np, x: np.quantile(x, 0.33, method="nearest"), M),
    "quantile of q": (lambda np, x: np.quantile(M, x, axis=1), np.array([0.21, 0.54])),
    "percentile": (lambda np, x: np.percentile(x, 40, axis=0), M),
    "nanquantile": (lambda np, x: np.nanquantile(x + HOLED * 0, [0.2, 0.7], axis=1), M),
    "nanpercentile": (lambda np, x: np.nanpercentile(x + HOLED * 0, 30), M),
    "cov": (lambda np, x: np.cov(x), M),
    "cov pair": (lambda np, x: np.cov(x[0], x[1], bias=True), M),
    "cov columns": (lambda np, x: np.cov(x, rowvar=False, ddof=0), M),
    "cov weights": (lambda np, x: np.cov(x, aweights=P[0], fweights=[1, 2, 1, 3]), M),
    "cov vector": (lambda np, x: np.cov(x), V),
    "cov complex": (lambda np, x: np.cov(x * (1 + 2j) + 1j * x**2), M),
    "corrcoef": (lambda np, x: np.corrcoef(x), M),
    "bincount weights": (lambda np, x: np.bincount([0, 2, 2], x, minlength=4), U),
    "histogram weights": (lambda np, x: np.histogram(U, 3, weights=x), U),
    "histogram density": (lambda np, x: np.histogram(U, [-3, 0, 1, 4], weights=x, density=True)[0], P[0, :3]),
    # calculus
    "diff": (lambda np, x: np.diff(x, 2), M),
    "diff ends": (lambda np, x: np.diff(x, axis=0, prepend=1.0, append=x[:1]), M),
    "ediff1d": (lambda np, x: np.ediff1d(x, to_end=[1.0, 2.0], to_begin=x[0]), V),
    "gradient": (lambda np, x: np.gradient(x), M),
    "gradient spacing": (lambda np, x: np.gradient(x, 0.5, axis=1, edge_order=2), M),
    "gradient points": (lambda np, x: np.gradient(x, [0.0, 1.0, 3.0, 3.5], axis=1), M),
    "gradient points 2": (lambda np, x: np.gradient(V**2, np.cumsum(x**2 + 0.1), edge_order=2), V),
    "trapezoid": (lambda np, x: np.trapezoid(x, dx=0.5), M),
    "trapezoid points": (lambda np, x: np.trapezoid(x, np.cumsum(x[0] ** 2)), M),
    "trapezoid axis": (lambda np, x: np.trapezoid(x, U, axis=0), M),
    "unwrap": (lambda np, x: np.unwrap(4 * x), V),
    "unwrap period": (lambda np, x: np.unwrap(4 * x, period=3.0, axis=0), M),
    "interp": (lambda np, x: np.interp(x, [-1.0, 0.1, 0.7], [2.0, 3.0, 1.0]), M),
    "interp values": (lambda np, x: np.interp([-2.0, 0.3, 0.7, 5.0], [0.0, 0.5, 1.0], x), U),
    "interp ends": (lambda np, x: np.interp(x, [-0.5, 0.1, 0.7], [2.0, 3.0, 1.0], left=7.0, right=8.0), M),
    "interp period": (lambda np, x: np.interp(x, [1.5, 0.1, 0.7], [2.0, 3.0, 1.0], period=2.0), M),
    "interp points": (lambda np, x: np.interp([0.3, 0.7], np.cumsum(x**2), U), U),
    "convolve": (lambda np, x: np.convolve(x, x[:2] * 2), V),
    "convolve same": (lambda np, x: np.convolve(x, U, "same"), V),
    "convolve even": (lambda np, x: np.convolve(x, P[0], "same"), V),
    "convolve valid": (lambda np, x: np.convolve(U, x, "valid"), V),
    "correlate": (lambda np, x: np.correlate(x, U), V),
    "correlate full": (lambda np, x: np.correlate(U * 1j, x + 2j * x, "full"), V),
    "correlate same": (lambda np, x: np.correlate(x, P[0], "same"), V),
    # elementary
    "clip": (lambda np, x: np.clip(x, -0.5, 0.5), M),
    "clip one": (lambda np, x: np.clip(x, None, 0.5), M),
    "clip names": (lambda np, x: np.clip(x, min=0.1 * N, max=None), M),
    "mod": (lambda np, x: np.mod(x, P), M),
    "divmod": (lambda np, x: np.divmod(x, P), M),
    "modf": (lambda np, x: np.modf(3 * x), M),
    "frexp": (lambda np, x: np.frexp(3 * x), M),
    "float_power": (lambda np, x: np.float_power(x, 3), M),
    "fabs": (lambda np, x: np.fabs(x), M),
    "deg2rad": (lambda np, x: np.deg2rad(x), M),
    "degrees": (lambda np, x: np.degrees(x), M),
    "sinc": (lambda np, x: np.sinc(x), np.array([0.0, 0.01, 0.5, 2.0, -0.03])),
    "nan_to_num": (lambda np, x: np.nan_to_num(x + HOLED * 0, nan=3.0), M),
    "angle": (lambda np, x: np.angle(x + 1j * N), M),
    "angle deg": (lambda np, x: np.angle(x + 1j * x**2, deg=True), M),
    "true_divide": (lambda np, x: np.true_divide(x, P), M),
    "heaviside": (lambda np, x: np.heaviside(x, 0.5) * x, M),
    "copysign": (lambda np, x: np.copysign(x, N), M),
    "power": (lambda np, x: np.power(x, N), P),
    "sqrt": (lambda np, x: np.sqrt(x), P),
    "cbrt": (lambda np, x: np.cbrt(x), P),
    "logaddexp": (lambda np, x: np.logaddexp(x, N), M),
    "logaddexp2": (lambda np, x: np.logaddexp2(x, N), M),
    "arctan2": (lambda np, x: np.arctan2(x, N), M),
    "hypot": (lambda np, x: np.hypot(x, N), M),
    "aliases": (lambda np, x: [np.asin(x / 4), np.acosh(1.5 + x * x), np.pow(x, 2), np.atan2(x, N)], M),
    "real": (lambda np, x: [np.real(x * 1j * x), np.imag(x * 1j * x), np.conj(x * 1j), np.abs(x + 1j)], M),
    # searching
    "sort": (lambda np, x: np.sort(x, axis=0), M),
    "sort flat": (lambda np, x: np.sort(x, axis=None), M),
    "partition": (lambda np, x: np.sort(np.partition(x, 2)[..., :2]), M),
    "where": (lambda np, x: np.where(B, x, 2.0), M),
    "select": (lambda np, x: np.select([B, I == 1], [x, x**2], 3.0), M),
    "piecewise": (lambda np, x: np.piecewise(x, [x < -0.5, x > 0.5], [lambda v: v**2, 2.0, lambda v: -v]), M),
    "choose": (lambda np, x: np.choose(I, [x, x**2, M]), M),
    "take": (lambda np, x: np.take(x, [[3, 0], [1, -1]], axis=1), M),
    "take flat": (lambda np, x: np.take(x, 5), M),
    "take clip": (lambda np, x: np.take(x, [7, -2], axis=0, mode="clip"), M),
    "take wrap": (lambda np, x: np.take(x, [7, -2], axis=0, mode="wrap"), M),
    "take_along_axis": (lambda np, x: np.take_along_axis(x, I, axis=0), M),
    "take_along_axis flat": (lambda np, x: np.take_along_axis(x, I[0], axis=None), M),
    "compress": (lambda np, x: np.compress([True, False, True], x, axis=0), M),
    "extract": (lambda np, x: np.extract(B, x), M),
    # products
    "dot": (lambda np, x: np.dot(x, S), M),
    "matmul": (lambda np, x: np.matmul(x, S), T),
    "vdot": (lambda np, x: np.vdot(x, N * 1j), M),
    "inner": (lambda np, x: np.inner(x, N), M),
    "outer": (lambda np, x: np.outer(x, x[:2]), U),
    "tensordot": (lambda np, x: np.tensordot(x, M, ([2, 1], [1, 0])), T),
    "einsum": (lambda np, x: np.einsum("ijk,jk->ik", x, M), T),
    "trace": (lambda np, x: np.trace(x, 1, 2, 1), T),
    "kron": (lambda np, x: np.kron(x, x[:2, :2]), M),
    "kron ranks": (lambda np, x: np.kron(x[0], T), M),
    "cross": (lambda np, x: np.cross(x, U), M.T),
    "cross axis": (lambda np, x: np.cross(x, N, axis=0), M),
    "vecdot": (lambda np, x: np.vecdot(x * 1j, N), M),
    "matvec": (lambda np, x: np.matvec(x, P[0]), T),
    "vecmat": (lambda np, x: np.vecmat(P[:2, :3], x), T),
    "polyval": (lambda np, x: np.polyval(x, x[1]), U),
    "polyadd": (lambda np, x: np.polyadd(x, V), U),
    "polysub": (lambda np, x: np.polysub(V, x), U),
    "polymul": (lambda np, x: np.polymul(x, V), U),
    "polydiv": (lambda np, x: np.polydiv(V, x), U),
    "polyder": (lambda np, x: np.polyder(x, 2), V),
    "polyint": (lambda np, x: np.polyint(x, 2, [1.0, 2.0]), V),
    "polyfit": (lambda np, x: np.polyfit(V, x, 2, w=P[0, [0, 1, 2, 3, 3]]), V),
    "polyfit points": (lambda np, x: np.polyfit(x, M[:, :3].T.ravel()[:5], 2), V),
    "poly": (lambda np, x: np.poly(x), U),
    # functional
    "apply_along_axis": (lambda np, x: np.apply_along_axis(lambda v: v[:2] * v[-1], 1, x), T),
    "apply_along_axis scalar": (lambda np, x: np.apply_along_axis(lambda v: (v * v).sum(), 0, x), T),
    "apply_over_axes": (lambda np, x: np.apply_over_axes(np.sum, x, (0, 2)), T),
    # methods of tracers and arrays
    "methods": (
        lambda np, x: [x.sum(0), x.mean(), x.std(1), x.var(), x.max(1), x.min(), x.T, x.reshape(2, 6), x.ravel()],
        M,
    ),
    "more methods": (
        lambda np, x: [x.clip(-1, 1), x.cumsum(), x.dot(S), x.swapaxes(0, 1), x.repeat(2), x.take([1, 2]), x.trace()],
        M,
    ),
    # Fourier
    "fft": (lambda np, x: np.fft.fft(x, axis=0), M),
    "fft n": (lambda np, x: [np.fft.fft(x, 3), np.fft.fft(x, 6, norm="ortho"), np.fft.fft(x, norm="forward")], M),
    "ifft": (lambda np, x: [np.fft.ifft(x + 1j * N), np.fft.ifft(x, norm="ortho"), np.fft.ifft(x, norm="forward")], M),
    "rfft": (lambda np, x: [np.fft.rfft(x), np.fft.rfft(x, 3, norm="ortho")], M),
    "irfft": (lambda np, x: [np.fft.irfft(x), np.fft.irfft(x + 1j * N, 5, norm="forward")], M),
    "hfft": (lambda np, x: [np.fft.hfft(x + 1j * N), np.fft.ihfft(x)], M),
    "fftn": (lambda np, x: [np.fft.fftn(x), np.fft.ifftn(x, (2, 5), (1, 2)), np.fft.fft2(x), np.fft.ifft2(x)], T),
    "rfftn": (lambda np, x: [np.fft.rfftn(x), np.fft.rfft2(x), np.fft.rfftn(x, (2, 4), axes=(1, 0))], T),
    "irfftn": (lambda np, x: [np.fft.irfftn(x), np.fft.irfft2(x + 1j), np.fft.irfftn(x, (3, 5), (0, 1))], T),
    "fftshift": (lambda np, x: [np.fft.fftshift(x), np.fft.ifftshift(x, 1)], V[None] * U[:, None]),
}

# Functions whose results have no derivative, or are compared at values where there is none.
FLAT = {
    "argmax": (lambda np, x: [np.argmax(x), np.argmax(x, 1), np.argmax(x, 0, keepdims=True)], M),
    "argmin": (lambda np, x: [np.argmin(x), np.argmin(x, -1), np.argmin(x, keepdims=True)], M),
    "nanargmax": (lambda np, x: [np.nanargmax(x, 1), np.nanargmin(x)], HOLED),
    "argsort": (lambda np, x: np.argsort(x, axis=0, stable=True), I),
    "argsort flat": (lambda np, x: np.argsort(x, axis=None), M),
    "sort integers": (lambda np, x: np.sort(x), I),
    "sort nan": (lambda np, x: np.sort(x), HOLED),
    "lexsort": (lambda np, x: np.lexsort((x[1], x[0])), I),
    "searchsorted": (lambda np, x: [np.searchsorted(np.sort(V), x), np.searchsorted(np.sort(V), V[1], "right")], M),
    "searchsorted sorter": (lambda np, x: np.searchsorted(V, x, sorter=np.argsort(V)), M),
    "digitize": (lambda np, x: [np.digitize(x, [-1, 0, 1]), np.digitize(x, [1, 0, -1], right=True)], M),
    "isin": (lambda np, x: [np.isin(x, [0, 2]), np.isin(x, 1, invert=True)], I),
    "unravel_index": (lambda np, x: np.unravel_index(x, (2, 2)), I),
    "ravel_multi_index": (lambda np, x: np.ravel_multi_index((x, x), (5, 4), mode="clip"), I),
    "round": (lambda np, x: [np.round(x, 2), np.around(x), np.round(100 * x, -1), np.round(x + 2j * x, 1)], M),
    "fix": (lambda np, x: [np.fix(x), np.trunc(x), np.floor(x), np.ceil(x), np.rint(x), np.sign(x)], 3 * M),
    "isclose": (lambda np, x: [np.isclose(x, N), np.isclose(x, x + 1e-9), np.isclose(x, np.inf)], M),
    "isclose nan": (lambda np, x: np.isclose(x, HOLED, equal_nan=True), HOLED),
    "allclose": (lambda np, x: [np.allclose(x, M), np.allclose(x, N)], M),
    "array_equal": (lambda np, x: [np.array_equal(x, M), np.array_equal(x, V), np.array_equiv(x, M)], M),
    "array_equal nan": (lambda np, x: [np.array_equal(x, HOLED), np.array_equal(x, HOLED, equal_nan=True)], HOLED),
    "all any": (lambda np, x: [np.all(x, 0), np.any(x, 1, keepdims=True), np.all(x), np.any(x, where=B)], B),
    "count_nonzero": (lambda np, x: np.count_nonzero(x, axis=1), I),
    "iscomplex": (lambda np, x: [np.iscomplex(x), np.isreal(x), np.isreal(x * 1j)], M),
    "isposinf": (lambda np, x: [np.isposinf(x), np.isneginf(x), np.isfinite(x), np.isnan(x)], np.array([np.inf, -np.inf, np.nan])),
    "nan_to_num": (lambda np, x: [np.nan_to_num(x), np.nan_to_num(x, posinf=1.0)], np.array([np.inf, -np.inf, np.nan, 2])),
    "histogram": (lambda np, x: [np.histogram(x, 4), np.histogram(x, [-1, 0, 0.5], density=True)], M),
    "cumsum integers": (lambda np, x: [np.cumsum(x, 0), np.cumprod(x)], I),
    "mean integers": (lambda np, x: [np.mean(x, 0), np.var(x), np.std(x, 1), np.median(x), np.average(x)], I),
    "mean float32": (lambda np, x: [np.mean(x), np.var(x, 0), np.median(x), np.sum(x), np.cumsum(x)], M.astype("f4")),
    "mean float16": (lambda np, x: [np.mean(x).dtype.name == "float16", np.var(x, 0).dtype.name == "float16"], M.astype("f2")),
    "sum dtype": (lambda np, x: [np.sum(x, dtype=np.float32), np.prod(x, dtype=float), np.cumsum(x, dtype=float)], I),
    "sum booleans": (lambda np, x: [np.sum(x), np.mean(x), np.cumsum(x), np.diff(x)], B),
    "divmod integers": (lambda np, x: [np.divmod(x, 2), np.mod(x, 2), np.gcd(x, 6), np.lcm(x, 4)], I),
    "round integers": (lambda np, x: [np.round(x), np.round(x * 13, -1)], I),
    "deg2rad integers": (lambda np, x: [np.deg2rad(x), np.sinc(x), np.float_power(x, 2), np.fabs(x)], I),
    "interp integers": (lambda np, x: np.interp(x, [0, 2], [1, 5]), I),
    "trace integers": (lambda np, x: [np.trace(x), np.kron(x, x), np.diag(x), np.tril(x), np.roll(x, 1)], I),
    "fft integers": (lambda np, x: [np.fft.fft(x), np.fft.rfft(x)], I),
    "fft float32": (lambda np, x: [np.fft.fft(x), np.fft.irfft(x), np.fft.rfft(x)], M.astype("f4")),
    "minmax tie": (lambda np, x: [np.max(x), np.clip(x, 0, 1), np.ptp(x)], I),
    "frexp edges": (lambda np, x: np.frexp(x), np.array([0.0, 1.0, 0.5, 2.0**40, 3e-310, np.inf, -1.0])),
    "bits": (lambda np, x: [np.bitwise_and(x, 1), np.invert(x), np.left_shift(x, 2), np.bitwise_not(x)], I),
}  # fmt: skip

# Functions whose results have shapes that depend on values: plain arrays, and values known under grad.
KNOWN = {
    "nonzero": lambda np, x: np.nonzero(x > 0),
    "flatnonzero": lambda np, x: np.flatnonzero(x > 0),
    "argwhere": lambda np, x: np.argwhere(x > 0),
    "where 1": lambda np, x: np.where(x > 0),
    "unique": lambda np, x: np.unique(np.round(x), return_index=True, return_inverse=True, return_counts=True),
    "unique axis": lambda np, x: np.unique(np.round(x), axis=0),
    "union1d": lambda np, x: [np.union1d(x[0], x[1]), np.intersect1d(x, x[0]), np.setdiff1d(x, x[0])],
    "mask": lambda np, x: x[x > 0],
    "trim_zeros": lambda np, x: np.trim_zeros(np.where(x[0] > 0, x[0], 0.0)),
}


def leaves(out):
    return [np.asarray(v) for v in trees.leaves(out if not isinstance(out, list) else list(out))]


def compare(got, expected, rtol=1e-12, atol=1e-13):
    got, expected = leaves(got), leaves(expected)
    assert len(got) == len(expected)
    for g, e in zip(got, expected, strict=True):
        assert (g.shape, g.dtype) == (e.shape, e.dtype)
        if e.dtype == np.float32 or e.dtype == np.complex64:
            rtol, atol = 1e-5, 1e-6
        np.testing.assert_allclose(g, e, rtol=rtol, atol=atol)


def quiet(f):
    def g(*args):
        with np.errstate(all="ignore"):
            return f(*args)

    return g


@pytest.mark.parametrize("name", [*SMOOTH, *FLAT])
def test_value(name):
    f, x = {**SMOOTH, **FLAT}[name]
    before = x.copy()
    expected = quiet(f)(np, x)
    compare(quiet(f)(wnp, x), expected)
    compare(quiet(w.jit(lambda v: f(wnp, v)))(x), expected)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("name", [*SMOOTH, *FLAT])
def test_batched(name):
    f, x = {**SMOOTH, **FLAT}[name]
    batch = np.stack([x, x[..., ::-1]])
    got = quiet(w.vmap(lambda v: f(wnp, v)))(batch)
    rows = [leaves(quiet(f)(np, v)) for v in batch]
    compare(got, [np.stack(r) for r in zip(*rows, strict=True)], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", SMOOTH)
def test_derivative(name):
    f, x = SMOOTH[name]

    def g(v):
        return [out for out in trees.leaves(f(wnp, v)) if out.dtype.kind in "fc"]

    with np.errstate(all="ignore"):
        check_grads(g, (x,), order=2, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", KNOWN)
def test_known_values(name):
    f = KNOWN[name]
    compare(f(wnp, M), f(np, M))
    seen = []
    w.grad(lambda x: (seen.append(f(wnp, x)), wnp.sum(x))[1])(M)
    assert [np.shape(v) for v in trees.leaves(seen[0])] == [v.shape for v in leaves(f(np, M))]
    compare(w.jit(lambda x: f(wnp, x))(M), f(np, M))
    with pytest.raises(w.errors.ConcretizationError):  # where no lengths are asked for
        w.lax.map(lambda x: f(wnp, x), M[None])


@pytest.mark.parametrize("name", ["zeros", "ones", "eye", "identity", "tri", "arange", "empty"])
def test_creation(name):
    args = {"eye": (3, 4, 1), "tri": (3,), "arange": (2, 7, 2)}.get(name, (3,))
    compare(getattr(wnp, name)(*args), getattr(np, name)(*args) if name != "empty" else np.zeros(3))
    compare(getattr(wnp, name)(3, dtype="f4"), getattr(np, name)(3, dtype="f4") * (name != "empty"))
    with w.config.override(enable_x64=False):
        assert getattr(wnp, name)(*args).dtype.itemsize == 4


def test_index_helpers():
    for name in ("tril_indices", "triu_indices", "diag_indices"):
        compare(
            getattr(wnp, name)(4, 1 if name != "diag_indices" else 2),
            getattr(np, name)(4, 1 if name != "diag_indices" else 2),
        )
    compare(wnp.tril_indices_from(S), np.tril_indices_from(S))
    compare(wnp.indices((2, 3)), np.indices((2, 3)))
    compare(wnp.fft.fftfreq(5, 0.1), np.fft.fftfreq(5, 0.1))
    compare(wnp.fft.rfftfreq(6), np.fft.rfftfreq(6))


def test_results_in_32_bits():
    wide = []
    with w.config.override(enable_x64=False):
        for name, (f, x) in {**SMOOTH, **FLAT}.items():
            if {"M", "N", "V", "U", "S", "T", "P", "I", "B", "HOLED"} & set(inspect.getclosurevars(f).globals):
                continue  # computes with 64-bit arrays that were there before
            narrow = x.astype({"f": "f4", "i": "i4"}.get(x.dtype.kind, x.dtype))
            if any(v.dtype in (np.float64, np.int64, np.complex128) for v in leaves(quiet(f)(wnp, narrow))):
                wide.append(name)
    assert wide == []


def test_functional_updates():
    x = wnp.fill_diagonal(M, 9.0, inplace=False)
    expected = M.copy()
    np.fill_diagonal(expected, 9.0)
    compare(x, expected)
    expected = M.copy()
    np.put_along_axis(expected, I[:1], 7.0, axis=0)
    compare(wnp.put_along_axis(M, I[:1], 7.0, 0, inplace=False), expected)
    expected = M.copy()
    np.put(expected, [1, 3, 5], [1.0, 2.0])
    compare(wnp.put(M, [1, 3, 5], [1.0, 2.0], inplace=False), expected)


def test_nonzero_of_known_size():
    f = w.jit(lambda x: wnp.nonzero(x > 0, size=8, fill_value=-1))
    rows, columns = np.nonzero(M > 0)
    got = f(M)
    k = min(8, len(rows))
    np.testing.assert_array_equal(got[0], [*rows[:k], *[-1] * (8 - k)])
    np.testing.assert_array_equal(got[1], [*columns[:k], *[-1] * (8 - k)])
    compare(wnp.nonzero(M > 0, size=8, fill_value=-1), got)


def test_bincount_and_roots():
    for count in (lambda x, v: wnp.bincount(x, length=4), lambda x, v: wnp.bincount(x, v), np.bincount):
        with pytest.raises(ValueError, match="negative|from 0 on"):
            w.grad(lambda v: wnp.sum(count(np.array([1, -1, 2]), v) ** 2.0))(np.ones(3))  # noqa: B023
    compare(wnp.bincount(I[0], minlength=9), np.bincount(I[0], minlength=9))
    compare(w.jit(lambda x: wnp.bincount(x, length=2))(I[0]), np.bincount(I[0])[:2])
    compare(w.jit(lambda x: wnp.bincount(x))(I[0]), np.bincount(I[0]))
    with pytest.raises(w.errors.ConcretizationError, match="length="):
        w.lax.map(wnp.bincount, I[:1])
    compare(wnp.sort(wnp.abs(wnp.roots([0.0, 1.0, -3.0, 2.0, 0.0]))), np.array([0.0, 1.0, 2.0]))
    check_grads(lambda x: wnp.sum(wnp.real(wnp.roots(x) ** 3)), (U,), order=2)


def test_descending_and_fill():
    compare(wnp.sort(M, descending=True), -np.sort(-M))
    np.testing.assert_array_equal(wnp.argsort(I[0], descending=True), np.argsort(-I[0], kind="stable"))
    np.testing.assert_array_equal(wnp.take(U, np.array([0, 5]), mode="fill"), [U[0], np.nan])
    np.testing.assert_array_equal(w.jit(lambda x, i: wnp.roll(x, i))(V, 2), np.roll(V, 2))


def test_cumulative_extremes():
    x = np.array([1.0, 3.0, 2.0, 3.0, 5.0])
    np.testing.assert_array_equal(wnp.cummax(x), np.maximum.accumulate(x))
    np.testing.assert_array_equal(wnp.cummin(x), np.minimum.accumulate(x))
    check_grads(wnp.cummax, (V,), order=2)
    compare(wnp.cumlogsumexp(V), np.log(np.cumsum(np.exp(V))))
    check_grads(wnp.cumlogsumexp, (V,), order=2)
    g = w.grad(lambda v: wnp.cumlogsumexp(v)[-1])(np.array([-np.inf, -np.inf, 0.0]))
    np.testing.assert_array_equal(g, [0.0, 0.0, 1.0])


def test_ties_share():
    assert w.grad(lambda x: wnp.max(x))(np.array([1.0, 1.0, 0.0])).tolist() == [0.5, 0.5, 0.0]
    np.testing.assert_allclose(w.grad(lambda x: wnp.clip(x, 0.0, 1.0))(1.0), 0.5)


def test_vectorize():
    f = wnp.vectorize(lambda a, b: a @ b, signature="(n,m),(m)->(n)")
    compare(f(T, P[0]), T @ P[0])
    compare(f(T, P[:2]), np.einsum("bnm,bm->bn", T, P[:2]))
    compare(
        f(T[:, None], P[None]),
        np.einsum("abnm,abm->abn", np.broadcast_to(T[:, None], (2, 3, 3, 4)), np.broadcast_to(P, (2, 3, 4))),
    )
    g = wnp.vectorize(lambda a, b, n: wnp.where(a > b, a, n * b), excluded=(2,))
    compare(g(M, N[:1], 3), np.where(N[:1] < M, M, 3 * N[:1]))
    check_grads(lambda x: f(x, P[0]), (T,), order=2)
    with pytest.raises(w.errors.ArgumentError, match="signature"):
        wnp.vectorize(lambda x: x, signature="n->n")
    with pytest.raises(w.errors.ShapeError, match="'m'"):
        f(T, U)


def test_dtypes():
    assert wnp.bfloat16.__name__ == "bfloat16" and "bfloat16" in dir(wnp)
    assert wnp.issubdtype(wnp.bfloat16, wnp.floating) and not wnp.issubdtype(wnp.bfloat16, wnp.integer)
    assert wnp.issubdtype(np.float32, wnp.inexact) and wnp.isdtype(np.float32, "real floating")
    assert wnp.finfo(wnp.bfloat16).bits == 16 and wnp.iinfo("i4").max == 2**31 - 1
    assert wnp.result_type(np.float32(1), 2.0) == np.float32
    assert wnp.result_type(1, 2.0) == np.float64
    assert wnp.promote_types("f4", "i4") == np.float64
    with w.config.override(enable_x64=False):
        assert wnp.promote_types("f4", "i4") == np.float32 and wnp.result_type(1, 2.0) == np.float32
    assert wnp.shape([[1, 2]]) == (1, 2) and wnp.ndim(3.0) == 0 and wnp.size(M) == 12 and wnp.size(M, 1) == 4
    assert wnp.isscalar(3) and not wnp.isscalar(M) and wnp.iscomplexobj(Z) and wnp.isrealobj(M)
    assert isinstance(wnp.array(2.0), np.ndarray)


ERRORS = [
    (lambda x: wnp.reshape(x, (5,)), w.errors.ShapeError, "reshape"),
    (lambda x: wnp.concatenate([x, x[:, :2]]), w.errors.ShapeError, "concatenate"),
    (lambda x: wnp.split(x, 2), w.errors.ShapeError, "array_split"),
    (lambda x: wnp.squeeze(x, 0), w.errors.ShapeError, "length 3"),
    (lambda x: wnp.sum(x, axis=2), w.errors.ShapeError, "out of range"),
    (lambda x: wnp.pad(x, 1, mode="maximum", stat_length=0), w.errors.ArgumentError, "stat_length"),
    (lambda x: wnp.quantile(x, 0.5, method="modal"), w.errors.ArgumentError, "linear"),
    (lambda x: wnp.take(x, [9], axis=0), IndexError, "out of range"),
    (lambda x: wnp.argmax(x[:0]), w.errors.ShapeError, "no elements"),
    (lambda x: wnp.histogramdd(x, bins=[2, 3]), w.errors.ShapeError, "2 bins"),
    (lambda x: wnp.repeat(x, x[0, 0] > 0), w.errors.ConcretizationError, "repeat"),
    (lambda x: wnp.diag(x[None]), w.errors.ShapeError, "diagonal"),
    (lambda x: wnp.convolve(x, x), w.errors.ShapeError, "vectors"),
    (lambda x: wnp.where(x > 0, x), w.errors.ArgumentError, "both"),
]


@pytest.mark.parametrize("f, error, match", ERRORS)
def test_errors(f, error, match):
    with pytest.raises(error, match=match):
        w.make_program(f)(M)


def test_plain_arrays_meet_numpy():
    """The shortcut for plain arrays hands on what NumPy gives, and steps aside for tracers in any argument."""
    assert wnp.sum(M) == np.sum(M) == wnp.sum(M, where=None, initial=None)
    assert wnp.var(M, mean=None, correction=None) == np.var(M)
    compare(w.grad(lambda y: wnp.sum(wnp.where(True, M, y)) + wnp.sum(M, initial=y))(1.0), np.array(1.0))
    compare(w.grad(lambda y: wnp.clip(M, -0.1, y).sum())(0.2), np.sum(M > 0.2) * 1.0)
    compare(w.grad(lambda y: wnp.interp(0.25, [0.0, 1.0], [y, 2.0]))(1.0), np.array(0.75))


def test_namespace_is_complete():
    for name in wnp.__all__:
        thing = getattr(wnp, name)
        if inspect.isfunction(thing):
            assert thing.__doc__, name
    assert {"linalg", "fft"} <= set(dir(wnp))


def test_import_is_light():
    """No file of the namespace imports SciPy, opt_einsum or ml_dtypes when it is imported."""
    folder = pathlib.Path(wnp.__file__).parent
    for path in [*folder.glob("*.py"), *(folder.parent / "ops").glob("*.py")]:
        for node in ast.parse(path.read_text()).body:
            names = (
                [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "") or ""]
            )
            assert not any(
                n.split(".")[0] in ("scipy", "opt_einsum", "ml_dtypes")
                for n in names
                if isinstance(node, (ast.Import, ast.ImportFrom))
            ), path


# --- a grid of dtypes and shapes --------------------------------------------------------------------------------

GRID_DTYPES = ["f8", "f4", "f2", "i8", "i4", "u1", "?", "c16", "c8"]
GRID_SHAPES = [(), (3,), (2, 3), (0,), (2, 0), (1, 3)]
ORDERED = "max min argmax argmin ptp median sort".split()
OPTIONS = {
    "sum prod": [", dtype='f4'", ", dtype='i4'", ", initial=2", ", where=W", ", axis=0, initial=1.5", ", axis=(0, -1)"],
    "max min": [", initial=2", ", axis=-1, keepdims=True", ", where=W, initial=0", ", axis=(0, 1), initial=1"],
    "mean": [", dtype='f4'", ", axis=-1, keepdims=True", ", where=W", ", axis=()"],
    "var std": [", ddof=1", ", axis=0", ", axis=-1, keepdims=True", ", where=W", ", correction=1"],
    "any all count_nonzero": [", axis=0", ", axis=(0, -1)", ", keepdims=True"],
    "argmax argmin": [", axis=0", ", axis=-1, keepdims=True", ", axis=None"],
    "nansum nanprod": [", axis=0", ", initial=2", ", keepdims=True", ", where=W"],
    "nanmax nanmin nanmean nanvar nanstd": [", axis=0", ", axis=-1, keepdims=True"],
    "cumsum cumprod nancumsum": [", axis=-1", ", axis=0, dtype='i4'", ", dtype='f4'"],
    "cumulative_sum cumulative_prod": [", axis=0", ", axis=-1, include_initial=True"],
    "median sort argsort ptp": [", axis=0", ", axis=None"],
    "linspace": [", 2, 5", ", 2, 5, endpoint=False, retstep=True", ", 2, 1"],
    "logspace": [", 2, 3"],
    "tensordot": [", x, 1", ", x, 2", ", x, 0", ", x, axes=((0, 1), (0, 1))"],
    "cov": ["", ", ddof=0", ", rowvar=False"],
    "quantile": [", 0.3", ", [0.2, 0.7], axis=0"],
    "vander": ["", ", 2, increasing=True"],
}


def _staged(f):
    """`f` as a Program that is evaluated, not compiled: thousands of them would take minutes."""

    def call(*args):
        program = w.make_program(f)(*args)
        return trees.unflatten(program.out_tree, program.evaluate(args))

    return call


def _grid_array(shape, dtype):
    values = np.random.default_rng(len(shape)).uniform(0.2, 0.9, size=shape)
    kind = np.dtype(dtype).kind
    if kind == "c":
        values = values + 0.5j * values
    return np.asarray(values > 0.5 if kind == "b" else values * 9 if kind in "iu" else values).astype(dtype)


def _equal_results(got, expected, note, dtype):
    got, expected = ([*r] if isinstance(r, (tuple, list)) else [r] for r in (got, expected))
    for g, e in zip(got, expected, strict=True):
        g, e = np.asarray(g), np.asarray(e)
        assert (g.shape, g.dtype) == (e.shape, e.dtype), f"{note}: {g.dtype}{g.shape}, NumPy gives {e.dtype}{e.shape}"
        tolerance = max({"f2": 2e-2, "f4": 1e-5, "c8": 1e-5}.get(d, 1e-9) for d in (dtype, e.dtype.str[1:]))
        np.testing.assert_allclose(g, e, rtol=tolerance, atol=tolerance, err_msg=note)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [n for names in OPTIONS for n in names.split()])
def test_grid(name):
    options = next(o for names, o in OPTIONS.items() if name in names.split())
    for dtype in GRID_DTYPES:
        for shape in GRID_SHAPES:
            for option in ["", *options] if name not in ("linspace", "logspace", "tensordot", "quantile") else options:
                x = _grid_array(shape, dtype)
                mask = np.arange(x.size).reshape(shape) % 2 == 0
                call = eval(f"lambda np, x: np.{name}(x{option})", {"W": mask})
                if (shape == () and "axis=" in option) or (name == "cov" and not x.size):
                    continue  # NumPy takes axis=0 of a scalar in some functions
                note = f"{name}(x{option}) of {dtype}{shape}"
                if x.dtype.kind == "c" and name.replace("arg", "").replace("nan", "") in ORDERED:
                    continue  # complex numbers have no order here
                if dtype == "?" and (name.endswith(("std", "var")) or "initial" in option or name == "quantile"):
                    continue  # NumPy's oddities
                with np.errstate(all="ignore"):
                    try:
                        expected = call(np, x)
                    except Exception:
                        with pytest.raises(Exception):  # noqa: B017 - whatever it is, there is one
                            _staged(lambda x, call=call: call(wnp, x))(x)
                        continue
                    _equal_results(call(wnp, x), expected, note, dtype)
                    _equal_results(_staged(lambda x, call=call: call(wnp, x))(x), expected, note + " staged", dtype)
                    rows = w.vmap(lambda x, call=call: call(wnp, x))(np.stack([x, x]))
                    rows = [r[1] for r in rows] if isinstance(rows, (tuple, list)) else rows[1]
                    _equal_results(rows, expected, note + " under vmap", dtype)


def test_logsumexp():
    np.testing.assert_allclose(wnp.logsumexp(1000 + V), 1000 + np.log(np.exp(V).sum()))
    check_grads(lambda x: wnp.logsumexp(x, axis=0, keepdims=True), (M,))


def test_gradient_of_arctan2_of_a_boolean():
    g = w.grad(lambda y: wnp.sum(wnp.arctan2(B, y)))(M)
    np.testing.assert_allclose(g, np.where(B, -1 / (1 + M * M), 0.0))


# --- every kind of index ----------------------------------------------------------------------------------------

VECTOR, MATRIX, CUBE = RNG.normal(size=5), RNG.normal(size=(4, 3)), RNG.normal(size=(3, 4, 2))
INDICES = {
    1: """0; -1; np.int64(2); np.s_[:]; np.s_[1:4]; np.s_[::-1]; np.s_[4:1:-2]; np.s_[-3:]; np.s_[10:20]; np.s_[3:1]; ...;
        None; (None, np.s_[:]); (..., None); [0, 2, 3]; np.array([-1, -5]); np.array([[0, 1], [2, 3]]); True; False; ();
        [True, False, True, False, True]; np.array([False] * 5); np.zeros(0, int); (np.array([0, 1]), None); np.array(3);
        np.array([0, 1], "u1"); (True, [0, 1])""",
    2: """0; (0, 1); (np.s_[:], 1); (np.s_[1:3], np.s_[::-1]); (..., 0); (0, ...); (np.s_[:], None, 1); [0, 2];
        ([0, 2], [1, 1]); (np.s_[:], [0, 2]); ([[0], [2]], [0, 1]); (0, [0, 2]); ([0, 2], 1); ([0, 2], None, np.s_[1:3]);
        (None, [0, 2], np.s_[1:3]); (..., [0, 2]); ([True, False, True, False], [0, 1]); (np.s_[:], [True, False, True]);
        MATRIX > 0; np.ix_([0, 2], [1, 2]); (True, 0); (0, False); np.array([[0, 1], [2, 3]])""",
    3: """(0, np.s_[:], [0, 1]); ([0, 1], np.s_[:], [0, 1]); (np.s_[:], [0, 1], [0, 1]); ([0, 1], [0, 1], np.s_[:]);
        ([0, 1], np.s_[:], 0); (np.s_[:], [[0, 1], [2, 3]], np.s_[:]); ([0, 1], None, [0, 1]); (..., [0, 1], None);
        (CUBE > 0,); (np.s_[1:3], CUBE[0] > 0); ([0, 2], ..., 0); (None, ..., None, 0); (np.s_[:], np.s_[::2], np.s_[::-1])""",
}
INDEX_CASES = [(x, text.strip()) for x, n in ((VECTOR, 1), (MATRIX, 2), (CUBE, 3)) for text in INDICES[n].split(";")]
UPDATES = {
    "set": None, "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "min": np.minimum, "max": np.maximum, "power": np.power,
}  # fmt: skip


@pytest.mark.parametrize("x, text", INDEX_CASES, ids=[f"{x.ndim}d[{t}]" for x, t in INDEX_CASES])
def test_index(x, text):
    index = eval(text, {"np": np, "MATRIX": MATRIX, "CUBE": CUBE})
    expected = x[index]
    read = lambda a: wnp.at(a)[index].get()
    for f in (read, lambda a: a[index], _staged(read)):
        np.testing.assert_array_equal(f(x), expected)
    np.testing.assert_array_equal(w.vmap(read)(np.stack([x, x]))[1], expected)
    check_grads(lambda a: read(a) ** 2, (x,))
    for values in (2.0, 0.5 + np.abs(RNG.normal(size=expected.shape))):
        for method, ufunc in UPDATES.items():
            old = np.abs(x) + 0.5 if method == "power" else x
            new = old.copy()
            new[index] = values if ufunc is None else ufunc(old[index], values)
            write = lambda a, b, method=method: getattr(wnp.at(a)[index], method)(b)
            np.testing.assert_allclose(write(old, values), new)
            np.testing.assert_allclose(_staged(write)(old, values), new)
            np.testing.assert_allclose(w.vmap(write, (0, None))(np.stack([old, old]), values)[1], new)
            check_grads(write, (old, values), order=1)


def test_repeated_indices():
    i = [0, 2, 2, 0]
    v = np.array([1.0, 2.0, 3.0, 4.0])
    for method, ufunc in UPDATES.items():
        if ufunc is None or method == "power":
            continue
        new = VECTOR.copy()
        ufunc.at(new, i, v)
        np.testing.assert_allclose(getattr(wnp.at(VECTOR)[i], method)(v), new)
        check_grads(lambda a, b, m=method: getattr(wnp.at(a)[i], m)(b), (VECTOR, v))
    np.testing.assert_allclose(wnp.at(VECTOR)[i].set(v)[[0, 2]], [4.0, 3.0])
    with pytest.raises(w.errors.ArgumentError, match="no option 'moed'"):
        wnp.at(VECTOR)[0].set(1.0, moed="drop")


# --- tracers are arrays -----------------------------------------------------------------------------------------

METHODS = {
    "mean": lambda x: x.mean(), "mean axis": lambda x: x.mean(0), "std": lambda x: x.std(axis=1, ddof=1),
    "var": lambda x: x.var(), "sum": lambda x: x.sum(axis=-1, keepdims=True), "prod": lambda x: x.prod(),
    "max": lambda x: x.max(), "min": lambda x: x.min(1), "ptp": lambda x: np.ptp(x), "cumsum": lambda x: x.cumsum(1),
    "cumprod": lambda x: x.cumprod(), "T": lambda x: x.T, "mT": lambda x: x.mT, "astype": lambda x: x.astype("f4"),
    "reshape": lambda x: x.reshape(-1), "reshape several": lambda x: x.reshape(2, -1), "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(), "transpose": lambda x: x.transpose(1, 0), "swapaxes": lambda x: x.swapaxes(0, 1),
    "squeeze": lambda x: x[:1].squeeze(), "repeat": lambda x: x.repeat(2, axis=0), "take": lambda x: x.take([0, 2]),
    "dot": lambda x: x.dot(x.T), "diagonal": lambda x: x.diagonal(), "trace": lambda x: x.trace(), "copy": lambda x: x.copy(),
    "clip": lambda x: x.clip(-0.5, 0.5), "round": lambda x: x.round(1), "conj": lambda x: x.conj(), "real": lambda x: x.real,
    "imag": lambda x: x.imag, "sort": lambda x: np.sort(x), "argsort": lambda x: x.argsort(), "argmax": lambda x: x.argmax(1),
    "any": lambda x: (x > 0).any(), "all": lambda x: (x > 0).all(axis=0), "shape": lambda x: np.array(x.shape),
    "size": lambda x: np.array([x.size, x.ndim, len(x), x.itemsize, x.nbytes]), "matmul": lambda x: x @ x.T,
    "rmatmul": lambda x: np.ones((2, 3)) @ x, "divmod": lambda x: divmod(x, 0.3), "rdivmod": lambda x: divmod(0.3, x),
    "pow": lambda x: x**3, "rpow": lambda x: 2.0**x, "floordiv": lambda x: x // 0.3, "mod": lambda x: x % 0.3,
    "neg": lambda x: -x, "pos": lambda x: +x, "abs": lambda x: abs(x), "round()": lambda x: round(x[0, 0], 1),
    "comparison": lambda x: (x < 0.1) | (x >= 0.5) & ~(x == 0) ^ (x != 1), "iteration": lambda x: sum(r for r in x),
    "unpacking": lambda x: (lambda a, b, c: a + b * c)(*x), "ndarray on the left": lambda x: np.ones(4) * x - np.arange(4),
    "np scalar on the left": lambda x: np.float32(2) * x, "list": lambda x: x + [1.0, 2.0, 3.0, 4.0],
    "augmented": lambda x: _augmented(x), "np function": lambda x: np.sum(np.sin(x), axis=0),
}  # fmt: skip


def _augmented(x):
    y = x * 1.0
    y += 2.0
    y *= x
    return y


@pytest.mark.parametrize("name", METHODS)
def test_method(name):
    f = METHODS[name]
    expected = f(M)
    as_tuple = lambda r: r if isinstance(r, tuple) else (r,)
    for run in (w.jit(f), lambda x: w.jvp(f, (x,), (x,))[0], lambda x: w.vjp(f, x)[0]):
        for got, e in zip(as_tuple(run(M)), as_tuple(expected), strict=True):
            np.testing.assert_allclose(got, e, rtol=1e-6)
            assert np.asarray(got).dtype == np.asarray(e).dtype and np.shape(got) == np.shape(e)
    for got, e in zip(as_tuple(w.vmap(f)(np.stack([M, M]))), as_tuple(expected), strict=True):
        np.testing.assert_allclose(got[1], e, rtol=1e-6)


def test_values_of_tracers():
    def f(x):
        assert 2.0 in x and 5.0 not in x and int(x[1]) == 3 and bool(x[0] > 0) and f"{x[0]:.2f}" == "2.00"
        assert wnp.argmax(x).item() == 1 and [7, 8, 9, 10][wnp.argmax(x)] == 8
        constant = w.stop_gradient(x)
        assert float(constant[0]) == 2.0 and constant.tolist() == [2.0, 3.0]
        return x[0] * 1.0

    assert w.grad(f)(np.array([2.0, 3.0])) @ np.ones(2) == 1.0


def test_tracers_are_copied_as_values():
    import copy

    g = w.grad(lambda p: copy.deepcopy(p)["a"] * copy.copy(p["a"]))({"a": 3.0})
    assert g["a"] == 6.0


UNKNOWN = {
    "bool": (lambda x: bool(x[0]), "where"), "float": (lambda x: float(x[0]), r"float\(\)"),
    "index": (lambda x: [0, 1, 2, 3][x[0].astype(int)], "an index or a range"),
    "text": (lambda x: np.asarray(x, dtype="S3"), "wengert.numpy"),
    "view": (lambda x: x.view("i8"), r"\.view needs the memory"), "tobytes": (lambda x: x.tobytes(), "memory"),
}  # fmt: skip


# Under vmap these have an answer: examples that agree in it take the function's path together.
ASKED = {"bool", "index"}


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize("transform", [w.make_program, w.vmap])
def test_what_needs_values_says_so(name, transform):
    f, message = UNKNOWN[name]
    if transform is w.vmap and name in ASKED:
        np.testing.assert_array_equal(w.vmap(f)(np.stack([U, -U])), [f(U), f(-U)])
        return
    with pytest.raises(w.errors.ConcretizationError, match=message):
        transform(f)(np.stack([U, U]) if transform is w.vmap else U)


@pytest.mark.parametrize("call", [lambda x: x.resize(2), lambda x: x.setflags(write=False)])
def test_methods_in_place_say_what_to_write(call):
    with pytest.raises(w.errors.NotSupportedError, match="changed in place"):
        w.grad(lambda x: [call(x), x.sum()][1])(U)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        w.grad(lambda x: x.nothing)(1.0)


LOST = {
    "float": lambda x: float(x[0]) * x[1], "complex": lambda x: complex(x[0]) * x[1],
    "math with a generator": lambda x: math.fsum(v for v in x) * x[1],
}  # fmt: skip


@pytest.mark.parametrize("name", LOST)
def test_a_derivative_is_not_lost_silently(name):
    for transform in (w.grad, lambda f: lambda x: w.jvp(f, (x,), (x,)), lambda f: w.vmap(w.grad(f))):
        with pytest.raises(
            w.errors.ConcretizationError, match="derivative would be lost.*wengert.numpy.*stop_gradient"
        ):
            transform(LOST[name])(U[None] if "vmap" in repr(transform(LOST[name])) else U)


def test_assignment_of_a_differentiated_value_into_a_numpy_array():
    a = np.zeros(3)

    def f(x):
        a[0] = 3 * x
        return a.sum()

    assert w.grad(f)(1.0) == 3.0 and list(a) == [3.0, 0.0, 0.0]


def test_a_name_that_is_missing():
    with pytest.raises(AttributeError, match="wengert.numpy.*'arctanhh'; the nearest are arctanh"):
        wnp.arctanhh  # noqa: B018


def test_median_of_infinite_numbers_is_numpys():
    for x in ([-np.inf, 0.0], [-np.inf, 1.0, np.inf, np.inf], [1.0, 2.0, np.inf, 3.0], [np.nan, 1.0]):
        x = np.array(x)
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(w.jit(wnp.median)(x), np.median(x))
            np.testing.assert_array_equal(w.vmap(wnp.median)(x[None])[0], np.median(x))
