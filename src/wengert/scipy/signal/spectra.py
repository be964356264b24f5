"""Spectra from overlapping segments: `stft` and its inverse, `welch`, `csd` and what follows from them.

After Welch (1967), IEEE Transactions on Audio and Electroacoustics 15, and Griffin and Lim (1984) for the inverse.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_array, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError
from ...ops import elementwise as ew
from ...ops.shape import moveaxis
from ...ops.special.declare import floating
from ...ops.updates import at
from ...vocabulary import ArrayLike
from .filtering import detrend as _detrend


def _window(window: Any, nperseg: int, dtype: np.dtype) -> Any:
    if isinstance(window, (str, tuple, float)):
        import scipy.signal

        return np.asarray(scipy.signal.get_window(window, nperseg), dtype)
    return floating(window)[0]


class _Plan:
    """The lengths and the window of segments, from SciPy's arguments."""

    def __init__(
        self, name: str, length: int, dtype: np.dtype, window: ArrayLike, nperseg: Any, noverlap: Any, nfft: Any
    ) -> None:
        if nperseg is None:
            given = not isinstance(window, (str, tuple, float))
            nperseg = shape_of(as_array(window))[0] if given else min(256, length)
        self.nperseg = min(int(nperseg), length)
        self.window = _window(window, self.nperseg, dtype)
        if shape_of(self.window) != (self.nperseg,):
            raise ArgumentError(f"{name}: a window of length {shape_of(self.window)[0]} for segments of {self.nperseg}")
        self.nfft = self.nperseg if nfft is None else int(nfft)
        self.noverlap = self.nperseg // 2 if noverlap is None else int(noverlap)
        if self.nfft < self.nperseg or not 0 <= self.noverlap < self.nperseg:
            raise ArgumentError(
                f"{name}: nfft is at least nperseg = {self.nperseg} and noverlap less; got {self.nfft}, {self.noverlap}"
            )
        self.step = self.nperseg - self.noverlap

    def norm(self, scaling: str, fs: Any, name: str) -> Any:
        """What a periodogram is multiplied with."""
        if scaling in ("density", "psd"):
            return 1 / (fs * wnp.sum(self.window * self.window))
        if scaling == "spectrum":
            return 1 / wnp.sum(self.window) ** 2
        raise ArgumentError(f"{name}: no such scaling {scaling!r}; it is 'spectrum' or 'density' ('psd' for stft)")


def _nothing(x: ArrayLike, count: int) -> Any:
    """The results for signals without elements: arrays of their shape, as in SciPy."""
    return tuple([np.zeros(shape_of(x), np.finfo(dtype_of(x)).dtype) for _ in range(count)])


def _detrended(x: Any, how: Any) -> Any:
    if how is False or how is None:
        return x
    return how(x) if callable(how) else _detrend(x, -1, how)


def _transformed(x: ArrayLike, plan: _Plan, detrend: Any, onesided: bool) -> Any:
    """The transforms of the segments of the last axis: ``(..., segments, frequencies)``."""
    count = (shape_of(x)[-1] - plan.noverlap) // plan.step
    index = plan.step * np.arange(count)[:, None] + np.arange(plan.nperseg)
    pieces = _detrended(x[..., index], detrend) * plan.window
    return (wnp.fft.rfft if onesided else wnp.fft.fft)(pieces, plan.nfft)


def _density(power: Any, plan: _Plan, scaling: str, fs: Any, onesided: bool, name: str) -> Any:
    """Products of transforms as a density; of half a spectrum all but its ends count for the other half too."""
    out = power * plan.norm(scaling, fs, name)
    if not onesided:
        return out
    double = np.full(shape_of(out)[-1], 2.0, dtype_of(ew.real(out)))
    double[0] = 1
    if plan.nfft % 2 == 0:
        double[-1] = 1
    return out * double


def _extended(x: ArrayLike, boundary: str | None, n: int, name: str) -> Any:
    if boundary is None:
        return x
    if boundary not in ("zeros", "even", "odd", "constant"):
        raise ArgumentError(f"{name}: boundary is 'zeros', 'even', 'odd', 'constant' or None, got {boundary!r}")
    around = ((0, 0),) * (ndim_of(x) - 1) + ((n, n),)
    if boundary == "odd":
        left = 2 * x[..., :1] - x[..., n:0:-1]
        right = 2 * x[..., -1:] - x[..., -2 : -n - 2 : -1]
        return wnp.concatenate([left, x, right], -1)
    return wnp.pad(x, around, mode={"zeros": "constant", "even": "reflect", "constant": "edge"}[boundary])


def _frequencies(plan: _Plan, fs: Any, onesided: bool, dtype: np.dtype) -> Any:
    return (np.fft.rfftfreq if onesided else np.fft.fftfreq)(plan.nfft).astype(dtype) * fs


def stft(
    x: ArrayLike, fs: Any = 1.0, window: Any = "hann", nperseg: int = 256, noverlap: int | None = None, nfft: int | None = None,
    detrend: Any = False, return_onesided: bool = True, boundary: str | None = "zeros", padded: bool = True,
    axis: int = -1, scaling: str = "spectrum",
) -> tuple[Any, Any, Any]:  # fmt: skip
    """The short-time Fourier transform.

    Args:
        x: the signal. fs: its sampling frequency. window: a name SciPy knows, or a vector.
        nperseg, noverlap, nfft: the lengths of segments, of their overlap and of the transform.
        detrend: False, "constant", "linear" or a function of segments. return_onesided: half the spectrum of a real signal.
        boundary: how the signal goes on at its ends: "zeros", "even", "odd", "constant" or None. padded: whether zeros
            at the end fill the last segment. axis: along which axis. scaling: "spectrum" or "psd".

    Returns:
        Frequencies, times, and the transform with times as its last axis.

    Raises:
        ArgumentError: the lengths do not fit together, or no such name.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> f, t, z = signal.stft(np.ones(16), nperseg=8)
        >>> abs(z[0]).round(12)[1:3]
        array([1., 1.])
    """
    (x,) = floating(x)
    if 0 in shape_of(x):
        return _nothing(x, 3)
    dtype = np.dtype(dtype_of(x).type(0).real.dtype)
    x = moveaxis(x, axis, -1)
    plan = _Plan("stft", shape_of(x)[-1], dtype, window, nperseg, noverlap, nfft)
    onesided = return_onesided and dtype_of(x).kind != "c"
    x = _extended(x, boundary, plan.nperseg // 2, "stft")
    n = shape_of(x)[-1]
    if padded:
        extra = -(n - plan.nperseg) % plan.step % plan.nperseg
        x = wnp.pad(x, ((0, 0),) * (ndim_of(x) - 1) + ((0, extra),))
    out = _transformed(x, plan, detrend, onesided) * ew.sqrt(plan.norm(scaling, fs, "stft"))
    half = plan.nperseg / 2
    times = np.arange(half, shape_of(x)[-1] - half + 1, plan.step)
    times = (times - half if boundary is not None else times).astype(dtype) / fs
    out = moveaxis(out, -1, axis - 1 if axis < 0 else axis)
    return _frequencies(plan, fs, onesided, dtype), times, out


def istft(
    Zxx: ArrayLike, fs: Any = 1.0, window: Any = "hann", nperseg: int | None = None, noverlap: int | None = None,  # noqa: N803
    nfft: int | None = None, input_onesided: bool = True, boundary: bool = True, time_axis: int = -1,
    freq_axis: int = -2, scaling: str = "spectrum",
) -> tuple[Any, Any]:  # fmt: skip
    """The signal of a short-time Fourier transform: times and values; arguments as for `stft`.

    Raises:
        ArgumentError: the lengths do not fit together.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> x = np.arange(32.0)
        >>> z = signal.stft(x, nperseg=8)[2]
        >>> signal.istft(z, nperseg=8)[1][:4].round(9)
        array([0., 1., 2., 3.])
    """
    z = moveaxis(as_array(Zxx), (freq_axis, time_axis), (-2, -1))
    bins = shape_of(z)[-2]
    natural = 2 * (bins - 1) if input_onesided else bins
    nperseg = natural if nperseg is None else int(nperseg)
    if nfft is None:
        nfft = nperseg if input_onesided and nperseg == natural + 1 else natural
    dtype = np.dtype(dtype_of(z).type(0).real.dtype)
    plan = _Plan("istft", nperseg, dtype, window, nperseg, noverlap, nfft)
    pieces = (wnp.fft.irfft if input_onesided else wnp.fft.ifft)(z, plan.nfft, -2)[..., :nperseg, :]
    pieces = moveaxis(pieces, -2, -1) / ew.sqrt(plan.norm(scaling, fs, "istft"))
    count = shape_of(pieces)[-2]
    length = nperseg + (count - 1) * plan.step
    index = plan.step * np.arange(count)[:, None] + np.arange(nperseg)
    x = at(wnp.zeros((*shape_of(pieces)[:-2], length), dtype_of(pieces)))[..., index].add(pieces * plan.window)
    weight = at(wnp.zeros(length, dtype))[index].add(wnp.broadcast_to(plan.window**2, shape_of(index)))
    if boundary:
        trim = nperseg // 2
        x, weight = x[..., trim : length - trim], weight[trim : length - trim]
    x = x / ew.where(weight > 1e-10, weight, 1.0)
    times = np.arange(shape_of(x)[-1]).astype(dtype) / fs
    if ndim_of(x) > 1:
        axes = sorted((freq_axis % ndim_of(z), time_axis % ndim_of(z)))
        x = moveaxis(x, -1, axes[0])
    return times, x


def _median_bias(n: int) -> float:
    """The expectation of the median of `n` exponential variables: Allen et al. (2012), appendix B."""
    k = 2 * np.arange(1.0, (n - 1) // 2 + 1)
    return 1 + float(np.sum(1 / (k + 1) - 1 / k))


def csd(
    x: ArrayLike, y: ArrayLike, fs: Any = 1.0, window: Any = "hann", nperseg: int | None = None, noverlap: int | None = None,
    nfft: int | None = None, detrend: Any = "constant", return_onesided: bool = True, scaling: str = "density",
    axis: int = -1, average: str = "mean",
) -> tuple[Any, Any]:  # fmt: skip
    """The cross spectral density of two signals by Welch's method: frequencies and density.

    Args:
        average: "mean" or "median" over the segments; the others are as for `stft`. Where `y` is None it is `x`.

    Raises:
        ArgumentError: the lengths do not fit together, or no such name.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> x = np.sin(np.arange(64) * np.pi / 4)
        >>> f, p = signal.csd(x, x, nperseg=32)
        >>> f[abs(p).argmax()]
        np.float64(0.125)
    """
    same = y is None or y is x
    x, y = floating(x, x if same else y)
    if 0 in shape_of(x) + shape_of(y):
        return _nothing(x if 0 in shape_of(x) else y, 2)
    dtype = np.dtype(dtype_of(x).type(0).real.dtype)
    x, y = moveaxis(x, axis, -1), moveaxis(y, axis, -1)
    n = max(shape_of(x)[-1], shape_of(y)[-1])
    x, y = (wnp.pad(v, ((0, 0),) * (ndim_of(v) - 1) + ((0, n - shape_of(v)[-1]),)) for v in (x, y))
    plan = _Plan("csd", n, dtype, window, nperseg, noverlap, nfft)
    onesided = return_onesided and dtype_of(x).kind != "c"
    first = _transformed(x, plan, detrend, onesided)
    if same:
        out = ew.real(first) ** 2 + ew.imag(first) ** 2
    else:
        out = ew.conj(first) * _transformed(y, plan, detrend, onesided)
    out = _density(out, plan, scaling, fs, onesided, "csd")
    if average == "mean":
        out = wnp.mean(out, -2)
    elif average == "median":
        parts = [
            wnp.median(p(out), -2) / _median_bias(shape_of(out)[-2])
            for p in ((ew.real,) if same else (ew.real, ew.imag))
        ]
        out = parts[0] if same else parts[0] + 1j * parts[1]
    else:
        raise ArgumentError(f"csd: average is 'mean' or 'median', got {average!r}")
    return _frequencies(plan, fs, onesided, dtype), moveaxis(out, -1, axis)


def welch(
    x: ArrayLike, fs: Any = 1.0, window: Any = "hann", nperseg: int | None = None, noverlap: int | None = None,
    nfft: int | None = None, detrend: Any = "constant", return_onesided: bool = True, scaling: str = "density",
    axis: int = -1, average: str = "mean",
) -> tuple[Any, Any]:  # fmt: skip
    """The power spectral density of a signal by Welch's method; arguments as for `csd`.

    Example:
        >>> frequencies, density = welch(np.sin(np.arange(64.0)), nperseg=32)
        >>> print(frequencies[np.argmax(density)])
        0.15625
    """
    return csd(x, None, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis, average)


def periodogram(
    x: ArrayLike, fs: Any = 1.0, window: Any = "boxcar", nfft: int | None = None, detrend: Any = "constant",
    return_onesided: bool = True, scaling: str = "density", axis: int = -1,
) -> tuple[Any, Any]:  # fmt: skip
    """The power spectral density of a signal from one segment, its first `nfft` samples where there are more.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> f, p = signal.periodogram(np.cos(np.arange(8) * np.pi / 2))
        >>> f[p.argmax()]
        np.float64(0.25)
    """
    (x,) = floating(x)
    if 0 in shape_of(x):
        return _nothing(x, 2)
    n = shape_of(x)[axis]
    if nfft is not None and nfft < n:
        x, n = moveaxis(moveaxis(x, axis, -1)[..., :nfft], -1, axis), nfft
    window = "boxcar" if window is None else window
    return welch(x, fs, window, n, 0, nfft, detrend, return_onesided, scaling, axis)


def coherence(
    x: ArrayLike, y: ArrayLike, fs: Any = 1.0, window: Any = "hann", nperseg: int | None = None, noverlap: int | None = None,
    nfft: int | None = None, detrend: Any = "constant", axis: int = -1,
) -> tuple[Any, Any]:  # fmt: skip
    """The coherence of two signals, ``abs(Pxy)**2 / (Pxx * Pyy)``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> x = np.random.default_rng(0).normal(size=256)
        >>> signal.coherence(x, 2 * x, nperseg=64)[1].round(9).min()
        np.float64(1.0)
    """
    options = (fs, window, nperseg, noverlap, nfft, detrend)
    frequencies, xx = welch(x, *options, axis=axis)
    yy = welch(y, *options, axis=axis)[1]
    xy = csd(x, y, *options, axis=axis)[1]
    return frequencies, (ew.real(xy) ** 2 + ew.imag(xy) ** 2) / (xx * yy)


def spectrogram(
    x: ArrayLike, fs: Any = 1.0, window: Any = ("tukey", 0.25), nperseg: int | None = None, noverlap: int | None = None,
    nfft: int | None = None, detrend: Any = "constant", return_onesided: bool = True, scaling: str = "density",
    axis: int = -1, mode: str = "psd",
) -> tuple[Any, Any, Any]:  # fmt: skip
    """The power spectral density by time: frequencies, times, and densities with times as the last axis.

    `mode` is "psd", or for the transforms of the segments "complex", "magnitude", "angle", or "phase" (unwrapped).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> f, t, s = signal.spectrogram(np.sin(np.arange(64) * np.pi / 2), nperseg=16)
        >>> f[s.mean(axis=1).argmax()]
        np.float64(0.25)
    """
    if mode not in ("psd", "complex", "magnitude", "angle", "phase"):
        raise ArgumentError(f"spectrogram: mode is 'psd', 'complex', 'magnitude', 'angle' or 'phase', got {mode!r}")
    (x,) = floating(x)
    dtype = np.dtype(dtype_of(x).type(0).real.dtype)
    x = moveaxis(x, axis, -1)
    n = shape_of(x)[-1]
    plan = _Plan("spectrogram", n, dtype, window, nperseg, noverlap, nfft)
    if noverlap is None:
        plan = _Plan("spectrogram", n, dtype, window, nperseg, plan.nperseg // 8, nfft)
    onesided = return_onesided and dtype_of(x).kind != "c"
    z = _transformed(x, plan, detrend, onesided)
    if mode == "psd":
        out = _density(ew.real(z) ** 2 + ew.imag(z) ** 2, plan, scaling, fs, onesided, "spectrogram")
    else:
        out = z * ew.sqrt(plan.norm(scaling, fs, "spectrogram"))
        if mode == "magnitude":
            out = ew.absolute(out)
        elif mode != "complex":
            out = wnp.angle(out)
            out = wnp.unwrap(out, axis=-1) if mode == "phase" else out
    times = np.arange(plan.nperseg / 2, n - plan.nperseg / 2 + 1, plan.step).astype(dtype) / fs
    return _frequencies(plan, fs, onesided, dtype), times, moveaxis(out, -1, axis - 1 if axis < 0 else axis)
