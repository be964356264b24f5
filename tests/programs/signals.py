"""Signals: filters, transforms, detection."""

import numpy as np


def moving_average(x, width=3):
    """A running mean by differences of a running sum."""
    total = np.cumsum(np.concatenate([[0.0], x]))
    return (total[width:] - total[:-width]) / width


def iir_filter(x, b=(0.2, 0.3), a=(1.0, -0.5, 0.1)):
    """A recursive filter in direct form."""
    y = np.zeros_like(x)
    for n in range(len(x)):
        for k in range(len(b)):
            if n - k >= 0:
                y[n] += b[k] * x[n - k]
        for k in range(1, len(a)):
            if n - k >= 0:
                y[n] -= a[k] * y[n - k]
    return y


def power_spectrum(x):
    """Power in each frequency of a windowed signal."""
    window = np.hanning(len(x))
    spectrum = np.fft.rfft(x * window)
    return np.real(spectrum * np.conj(spectrum)) / np.sum(window**2)


def low_pass(x, cut=2):
    """High frequencies set to zero in the spectrum."""
    spectrum = np.fft.rfft(x)
    keep = np.arange(len(spectrum)) <= cut
    return np.fft.irfft(np.where(keep, spectrum, 0), len(x))


def envelope(x):
    """The envelope of a signal from its analytic one."""
    n = len(x)
    h = np.zeros(n)
    h[0] = h[n // 2] = 1
    h[1 : n // 2] = 2
    return np.abs(np.fft.ifft(np.fft.fft(x) * h))


def fir_convolution(taps):
    """A signal convolved with taps, and its energy in two halves."""
    signal = np.sin(np.arange(10) * 0.7)
    y = np.convolve(signal, taps, mode="same")
    first, second = np.array_split(y**2, 2)
    return np.stack([first.sum(), second.sum()])


def haar_wavelet(x):
    """The Haar transform, level after level, in one array."""
    out = x.copy()
    n = len(x)
    while n > 1:
        even, odd = out[0:n:2].copy(), out[1:n:2].copy()
        out[: n // 2] = (even + odd) / np.sqrt(2)
        out[n // 2 : n] = (even - odd) / np.sqrt(2)
        n //= 2
    return out


def denoise_total_variation(x, weight=0.3, steps=10):
    """Gradient steps on a smoothed total variation."""
    y = x
    for _ in range(steps):
        d = np.diff(y)
        slope = d / np.sqrt(d**2 + 0.01)
        grad = y - x
        grad = grad - weight * np.pad(slope, (0, 1)) + weight * np.pad(slope, (1, 0))
        y = y - 0.1 * grad
    return y


def phase_locked_loop(params):
    """The error of a loop that follows a tone."""
    gain, integral = params
    phase, freq, total = 0.0, 1.0, 0.0
    for n in range(12):
        error = np.sin(1.1 * n - phase)
        freq = freq + integral * error
        phase = phase + freq + gain * error
        total = total + error**2
    return total


def lms_equaliser(x, rate=0.05, order=3):
    """The weights of an adaptive filter after it has seen a signal."""
    w = np.zeros_like(x, shape=order)
    for n in range(order, len(x)):
        past = x[n - order : n][::-1]
        w += rate * (x[n] - w @ past) * past
    return w


def spectral_centroid(x):
    """The centre of gravity of a spectrum."""
    magnitude = np.abs(np.fft.rfft(x))[1:]
    freqs = np.fft.rfftfreq(len(x))[1:]
    return np.sum(freqs * magnitude) / np.sum(magnitude)


def dct_by_hand(x):
    """The discrete cosine transform as a product with a matrix."""
    n = len(x)
    k = np.arange(n)
    basis = np.cos(np.pi / n * np.outer(k, k + 0.5))
    basis[0] *= 1 / np.sqrt(2)
    return np.sqrt(2 / n) * (basis @ x)


PROGRAMS = [
    (moving_average, np.array([1.0, 2.0, 0.5, -1.0, 3.0, 2.5])),
    (iir_filter, np.array([1.0, 0.4, -0.6, 0.2, 0.9])),
    (power_spectrum, np.array([0.3, 1.0, -0.4, 0.8, 0.1, -0.9, 0.5, 0.2])),
    (low_pass, np.array([0.3, 1.0, -0.4, 0.8, 0.1, -0.9, 0.5, 0.2])),
    (envelope, np.array([0.9, 1.3, -0.4, -0.8, 0.1, 1.2, 0.5, -0.7])),
    (fir_convolution, np.array([0.2, 0.5, 0.3])),
    (haar_wavelet, np.array([1.0, 3.0, -2.0, 0.5, 1.5, 0.0, 2.0, -1.0])),
    (denoise_total_variation, np.array([0.1, 0.0, 1.1, 0.9, 1.0, 0.2])),
    (phase_locked_loop, np.array([0.3, 0.05])),
    (lms_equaliser, np.array([0.5, 1.0, 0.3, -0.8, -0.4, 0.9, 0.2])),
    (spectral_centroid, np.array([0.3, 1.0, -0.4, 0.8, 0.1, -0.9, 0.5, 0.2])),
    (dct_by_hand, np.array([1.0, 0.5, -0.3, 2.0])),
]
