"""Functions of SciPy that are linear in one argument, by their own names: filters, resampling, transforms; equations of Riccati.

What such a function does along an axis is a matrix, which SciPy itself makes of the unit vectors; the answer is the product with
it, so all of SciPy's conventions (ends, padding, initial states) are in it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Aval, Tracer, as_array, shape_of
from ...errors import NotSupportedError
from ...ops.special.declare import floating
from ...transforms.plain import is_traced
from ...transforms.solutions import solved
from ...vocabulary import ArrayLike, Function, Value
from .entry import HOW, Entry

Named = dict[str, Any]
MOST = 1 << 24  # elements of the matrix


def along(argument: str, axis: int | None = None, out: Callable[[Any], Any] = lambda found: found) -> Function:
    """The answer of a function that is linear in an argument along its argument `axis`, or along the last axis.

    `out` is what of its result is linear.
    """

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        named = entry.bound(args, kwargs)
        others = [k for k, v in named.items() if k != argument and is_traced(v)]
        if others:
            raise NotSupportedError(
                f"scipy.{entry.name} of traced {', '.join(others)} has no derivative here: use stop_gradient on it, or give a "
                f"function around the call a rule with custom_jvp"
            )
        x = floating(as_array(named[argument]))[0]
        at = named.get("axis", axis)
        at = -1 if at is None else at
        if at < -len(shape_of(x)) or at >= len(shape_of(x)):
            raise ValueError(f"axis {at} is out of bounds for an array of {len(shape_of(x))} dimensions")
        n = shape_of(x)[at]
        if "axis" in named:
            named["axis"] = -1
        zero = np.asarray(out(entry.call({**named, argument: np.zeros(n)})))
        if zero.size * n > MOST:
            raise NotSupportedError(
                f"scipy.{entry.name} of {n} traced values is a matrix of {zero.size * n} elements, more than {MOST}: filter parts"
            )
        rows = np.stack([np.asarray(out(entry.call({**named, argument: e}))) for e in np.eye(n)])
        product = wnp.moveaxis(x, at, -1) @ (rows - zero) + zero
        return wnp.moveaxis(product, -1, at) if zero.ndim else product

    return answer


def fft(name: str, shape: str | None = None) -> Function:
    """The answer of a transform of scipy.fftpack by that of scipy.fft."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        named = {k: v for k, v in entry.bound(args, kwargs).items() if k not in HOW}
        if shape is not None:
            named["s"] = named.pop(shape)
        ours = getattr(importlib.import_module("wengert.scipy.fft"), name)
        return ours(named.pop("x"), **{k: v for k, v in named.items() if v is not None})

    return answer


# --- equations of Riccati -------------------------------------------------------------------------------------------


def riccati(residual: Function) -> Function:
    """The answer of a solver of an equation of Riccati, by its residual of ``(x, a, b, q, r)``."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        named = entry.bound(args, kwargs)
        if named["e"] is not None or named["s"] is not None:
            raise NotSupportedError(f"scipy.{entry.name} of traced values takes no e= and no s=")
        given = {k: floating(as_array(named[k]))[0] for k in "abqr"}
        m = shape_of(given["a"])[0]

        def joint(x: Any) -> Any:
            return residual(x, *given.values())

        def search(_: Any, begin: Any) -> Any:
            found = entry.call({**named, **begin})
            return np.asarray(found, float).reshape(-1), [], found

        def equations(g: Any, z: Any, _: Any) -> Any:
            return wnp.reshape(g(wnp.reshape(z, (m, m))), (-1,))

        avals = lambda: [Aval((m * m,), np.dtype(float))]  # noqa: E731
        z, _, found = solved(joint, np.zeros((m, m)), given, search, equations, avals, what=f"scipy.{entry.name}")
        return wnp.reshape(z, (m, m)) if isinstance(z, Tracer) else found

    return answer


def _continuous(x: ArrayLike, a: ArrayLike, b: ArrayLike, q: Any, r: Any) -> Value:
    return a.T @ x + x @ a - x @ b @ wnp.linalg.solve(r, b.T @ x) + q


def _discrete(x: ArrayLike, a: ArrayLike, b: ArrayLike, q: Any, r: Any) -> Value:
    inner = wnp.linalg.solve(r + b.T @ x @ b, b.T @ x @ a)
    return a.T @ x @ a - x - a.T @ x @ b @ inner + q


ANSWERS: dict[str, Any] = {
    "signal.savgol_filter": along("x"),
    "signal.filtfilt": along("x"),
    "signal.sosfiltfilt": along("x"),
    "signal.resample": along("x"),
    "signal.resample_poly": along("x"),
    "signal.decimate": along("x"),
    "signal.upfirdn": along("x"),
    "signal.cspline1d": along("signal"),
    "signal.qspline1d": along("signal"),
    "signal.zoom_fft": along("x"),
    "signal.czt": along("x"),
    "integrate.romb": along("y"),
    "integrate.cumulative_simpson": along("y"),
    "fftpack.fft": fft("fft"),
    "fftpack.ifft": fft("ifft"),
    "fftpack.fftn": fft("fftn", "shape"),
    "fftpack.ifftn": fft("ifftn", "shape"),
    "fftpack.fft2": fft("fft2", "shape"),
    "fftpack.ifft2": fft("ifft2", "shape"),
    "fftpack.dct": fft("dct"),
    "fftpack.idct": fft("idct"),
    "fftpack.dst": fft("dst"),
    "fftpack.idst": fft("idst"),
    "fftpack.rfft": along("x"),
    "fftpack.irfft": along("x"),
    "fftpack.diff": along("x"),
    "fftpack.hilbert": along("x"),
    "fftpack.ihilbert": along("x"),
    "fftpack.tilbert": along("x"),
    "fftpack.itilbert": along("x"),
    "fftpack.shift": along("x"),
    "linalg.solve_continuous_are": riccati(_continuous),
    "linalg.solve_discrete_are": riccati(_discrete),
}

__all__ = ["ANSWERS"]
