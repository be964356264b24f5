"""scipy.signal for arrays and values under transformation: convolution, filters and spectra."""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from ...nearest import nearest_names as _nearest_names
from .convolution import convolve, convolve2d, correlate, correlate2d, fftconvolve
from .filtering import detrend, hilbert, lfilter, sosfilt
from .spectra import coherence, csd, istft, periodogram, spectrogram, stft, welch

__all__ = [
    "coherence", "convolve", "convolve2d", "correlate", "correlate2d", "csd", "detrend", "fftconvolve", "hilbert",
    "istft", "lfilter", "periodogram", "sosfilt", "spectrogram", "stft", "welch",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
