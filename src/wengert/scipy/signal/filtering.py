"""Filters along an axis: linear recurrences, trends, the analytic signal."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ... import lax
from ... import numpy as wnp
from ...core import dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, ShapeError
from ...ops.bounds import holds
from ...ops.elementwise import equal
from ...ops.indexing import getitem
from ...ops.shape import moveaxis
from ...ops.special.declare import floating
from ...vocabulary import ArrayLike, Value


def lfilter(b: ArrayLike, a: ArrayLike, x: ArrayLike, axis: int = -1, zi: Any = None) -> Any:
    """A linear recurrence along an axis: ``a[0] y[n] = sum_k b[k] x[n-k] - sum_k a[k] y[n-k]``.

    Args:
        b, a: vectors of coefficients. x: the signal.
        zi: the state to start from, as SciPy lays it out (``max(len(a), len(b)) - 1`` along `axis`), or None for 0.

    Returns:
        The filtered signal, and the last state too where `zi` is given.

    Raises:
        ShapeError: the coefficients are no vectors with elements.

    Example:
        >>> lfilter([1.0], [1.0, -0.5], np.array([1.0, 0.0, 0.0]))
        array([1.  , 0.5 , 0.25])
    """
    b, a, x = floating(b, a, x)
    if ndim_of(b) != 1 or ndim_of(a) != 1 or 0 in shape_of(b) + shape_of(a):
        raise ShapeError(f"lfilter: b and a are vectors with elements, got shapes {shape_of(b)} and {shape_of(a)}")
    n = max(shape_of(b)[0], shape_of(a)[0])
    b, a = b / a[0], a / a[0]
    b, a = (wnp.pad(v, (0, n - shape_of(v)[0])) for v in (b, a))
    x = moveaxis(x, axis, 0)
    if n == 1:
        out = moveaxis(b[0] * x, 0, axis)
        return out if zi is None else (out, zi)
    if zi is None:
        state = wnp.zeros((n - 1, *shape_of(x)[1:]), dtype_of(x))
    else:
        state = moveaxis(floating(zi, x)[0], axis, 0)
    columns = (-1,) + (1,) * (ndim_of(x) - 1)
    later_b, later_a = b[1:].reshape(columns), a[1:].reshape(columns)

    def step(z: Any, v: Any) -> Any:  # the transposed direct form
        y = b[0] * v + z[0]
        moved = wnp.concatenate([z[1:], wnp.zeros_like(z[:1])])
        return moved + later_b * v - later_a * y, y

    state, out = lax.scan(step, state, x)
    out = moveaxis(out, 0, axis)
    return out if zi is None else (out, moveaxis(state, 0, axis))


def sosfilt(sos: ArrayLike, x: ArrayLike, axis: int = -1, zi: Any = None) -> Any:
    """A filter in sections of second order, ``(sections, 6)``, along an axis.

    Args:
        sos: sections, of which ``sos[:, 3]`` are ones. x: the signal.
        zi: the states to start from, as SciPy lays them out: ``(sections, ..., 2, ...)`` with 2 along `axis`.

    Returns:
        The filtered signal, and the last states too where `zi` is given.

    Raises:
        ShapeError: `sos` has another shape. ArgumentError: ``sos[:, 3]`` are not ones.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> signal.sosfilt(np.array([[1.0, 1.0, 0.0, 1.0, 0.0, 0.0]]), np.array([1.0, 2.0, 3.0]))
        array([1., 3., 5.])
    """
    sos, x = floating(sos, x)
    if ndim_of(sos) != 2 or shape_of(sos)[1] != 6:
        raise ShapeError(f"sosfilt: sos has shape (sections, 6), got {shape_of(sos)}")
    if not holds(equal(getitem(sos, (slice(None), 3)), 1)):
        raise ArgumentError("sosfilt: sos[:, 3] should be all ones")
    states = []
    for i in range(shape_of(sos)[0]):
        if zi is None:
            x = lfilter(sos[i, :3], sos[i, 3:], x, axis)
        else:
            x, state = lfilter(sos[i, :3], sos[i, 3:], x, axis, zi[i])
            states.append(state)
    return x if zi is None else (x, wnp.stack(states))


def detrend(data: Any, axis: int = -1, type: str = "linear", bp: Any = 0, overwrite_data: bool = False) -> Value:
    """Take the mean or the straight line out of a signal, in pieces between break points.

    Args:
        data: the signal. axis: along which axis.
        type: "linear" or "constant". bp: where pieces begin.

    Raises:
        ArgumentError: no such `type`, or a break point outside the signal.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> abs(signal.detrend(np.array([1.0, 3.0, 5.0, 7.0]))).round(12)
        array([0., 0., 0., 0.])
    """
    if type not in ("linear", "l", "constant", "c"):
        raise ArgumentError(f"detrend: type is 'linear' or 'constant', got {type!r}")
    (x,) = floating(data)
    if type in ("constant", "c"):
        return x - wnp.mean(x, axis=axis, keepdims=True)
    x = moveaxis(x, axis, -1)
    n = shape_of(x)[-1]
    points = sorted({0, n, *np.atleast_1d(bp).tolist()})
    if points[-1] > n or points[0] < 0:
        raise ArgumentError(f"detrend: break points lie from 0 to {n}, got {bp!r}")
    pieces = []
    for low, high in itertools.pairwise(points):
        m = high - low
        lines = np.stack([np.ones(m), np.arange(1, m + 1) / m], 1)
        basis = np.linalg.qr(lines)[0].astype(dtype_of(x))
        piece = x[..., low:high]
        pieces.append(piece - (piece @ basis) @ basis.T)
    return moveaxis(wnp.concatenate(pieces, -1), -1, axis)


def hilbert(x: ArrayLike, N: int | None = None, axis: int = -1) -> Any:  # noqa: N803 (SciPy's name)
    """The analytic signal: the signal, and its Hilbert transform as the imaginary part.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> abs(signal.hilbert(np.cos(np.arange(4) * np.pi / 2))).round(12)
        array([1., 1., 1., 1.])
    """
    (x,) = floating(x)
    if dtype_of(x).kind == "c":
        raise ArgumentError("hilbert: the signal must be real; a complex one has no analytic signal")
    n = shape_of(x)[axis] if N is None else N
    if n <= 0:
        raise ArgumentError(f"hilbert: N must be positive, got {n}")
    gain = np.zeros(n, dtype_of(x))
    gain[0] = 1
    gain[1 : (n + 1) // 2] = 2
    if n % 2 == 0:
        gain[n // 2] = 1
    spectrum = wnp.fft.fft(x, n, axis)
    shape = [1] * ndim_of(x)
    shape[axis] = n
    return wnp.fft.ifft(spectrum * gain.reshape(shape), axis=axis)
