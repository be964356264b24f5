"""wengert.scipy.signal: values against SciPy, derivatives against differences."""

import numpy as np
import pytest
import scipy.signal

import wengert as w
import wengert.numpy as wnp
from wengert.errors import ArgumentError, ShapeError
from wengert.scipy import signal
from wengert.testing import check_grads

RNG = np.random.default_rng(0)
X, SHORT = RNG.normal(size=40), RNG.normal(size=5)
M, KERNEL = RNG.normal(size=(6, 7)), RNG.normal(size=(3, 2))


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("name", ["convolve", "correlate", "fftconvolve"])
@pytest.mark.parametrize(
    "x, y", [(X, SHORT), (SHORT, X), (M, KERNEL), (M + 1j, KERNEL - 2j), (np.arange(6), np.arange(4))]
)
def test_convolutions(name, mode, x, y):
    ours, theirs = getattr(signal, name), getattr(scipy.signal, name)
    expected = theirs(x, y, mode)
    np.testing.assert_allclose(ours(x, y, mode), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(w.jit(lambda x, y: ours(x, y, mode))(x, y), expected, rtol=1e-10, atol=1e-12)
    if x.dtype.kind == "f":
        check_grads(lambda x, y: ours(x, y, mode), (x, y))


def test_methods_and_axes():
    for method in ("direct", "fft"):
        np.testing.assert_allclose(
            signal.convolve(M, KERNEL, method=method), scipy.signal.convolve(M, KERNEL), rtol=1e-10
        )
    rows = RNG.normal(size=(6, 3))
    np.testing.assert_allclose(
        signal.fftconvolve(M, rows, axes=1), scipy.signal.fftconvolve(M, rows, axes=1), rtol=1e-10
    )
    np.testing.assert_allclose(
        signal.fftconvolve(M, rows[:1], "same", axes=[-1]),
        scipy.signal.fftconvolve(M, rows[:1], "same", axes=[-1]),
        rtol=1e-10,
    )
    with pytest.raises(ShapeError, match="number of axes"):
        signal.convolve(M, SHORT)
    with pytest.raises(ArgumentError, match="'full', 'same' or 'valid'"):
        signal.convolve(X, SHORT, "other")


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("options", [{}, {"fillvalue": 1.5}, {"boundary": "wrap"}, {"boundary": "symm"}], ids=str)
@pytest.mark.parametrize("name", ["convolve2d", "correlate2d"])
def test_of_matrices(name, mode, options):
    kernel = RNG.normal(size=(3, 3))
    ours, theirs = getattr(signal, name), getattr(scipy.signal, name)
    np.testing.assert_allclose(
        ours(M, kernel, mode, **options), theirs(M, kernel, mode, **options), rtol=1e-10, atol=1e-12
    )
    check_grads(lambda x, y: ours(x, y, mode, **options), (M, kernel), order=1)


def test_lfilter():
    b, a = np.array([0.3, 0.2, 0.1]), np.array([1.3, -0.4])
    np.testing.assert_allclose(signal.lfilter(b, a, X), scipy.signal.lfilter(b, a, X))
    np.testing.assert_allclose(signal.lfilter(b, a, M, axis=0), scipy.signal.lfilter(b, a, M, axis=0))
    np.testing.assert_allclose(w.jit(signal.lfilter)(b, a, X), scipy.signal.lfilter(b, a, X))
    zi = np.array([0.4, -0.7])
    for ours, theirs in zip(signal.lfilter(b, a, X, zi=zi), scipy.signal.lfilter(b, a, X, zi=zi), strict=True):
        np.testing.assert_allclose(ours, theirs)
    np.testing.assert_allclose(signal.lfilter([2.0], [4.0], X), X / 2)
    check_grads(lambda b, a, x: signal.lfilter(b, a, x), (b, a, X[:8]))
    sos = scipy.signal.butter(4, 0.3, output="sos")
    np.testing.assert_allclose(signal.sosfilt(sos, X), scipy.signal.sosfilt(sos, X))


@pytest.mark.parametrize("options", [{}, {"type": "constant"}, {"axis": 0}, {"bp": [3, 5]}], ids=str)
def test_detrend(options):
    np.testing.assert_allclose(signal.detrend(M, **options), scipy.signal.detrend(M, **options), rtol=1e-10, atol=1e-12)
    check_grads(lambda x: signal.detrend(x, **options), (M,), order=1)


def test_hilbert():
    np.testing.assert_allclose(signal.hilbert(X), scipy.signal.hilbert(X), atol=1e-12)
    np.testing.assert_allclose(signal.hilbert(M, axis=0), scipy.signal.hilbert(M, axis=0), atol=1e-12)


SPECTRA = {
    "stft": [{"nperseg": 16}, {"nperseg": 9, "boundary": None}, {"nperseg": 16, "padded": False, "boundary": "even"},
             {"nperseg": 8, "boundary": "odd", "scaling": "psd", "detrend": "linear"},
             {"nperseg": 8, "return_onesided": False, "nfft": 12, "fs": 3.0}],
    "welch": [{"nperseg": 16}, {"nperseg": 9, "average": "median"}, {"nperseg": 20, "scaling": "spectrum", "detrend": False},
              {"nperseg": 8, "noverlap": 2, "window": ("kaiser", 4.0), "fs": 10.0}],
    "periodogram": [{}, {"window": "hann", "nfft": 50}], "spectrogram": [{"nperseg": 16}],
}  # fmt: skip


@pytest.mark.parametrize("name, options", [(n, o) for n, all_ in SPECTRA.items() for o in all_], ids=str)
def test_spectra(name, options):
    ours, theirs = getattr(signal, name), getattr(scipy.signal, name)
    for x in (X, np.stack([X, X[::-1]])):
        for a, b in zip(ours(x, **options), theirs(x, **options), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    a = w.jit(lambda x: ours(x, **options)[-1])(X)
    np.testing.assert_allclose(a, theirs(X, **options)[-1], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours(np.stack([X, X]).T, axis=0, **options)[-1], theirs(np.stack([X, X]).T, axis=0, **options)[-1], rtol=1e-9, atol=1e-12)  # fmt: skip
    check_grads(lambda x: wnp.abs(ours(x, **options)[-1]) ** 2, (X,), order=1, rtol=1e-5)


@pytest.mark.parametrize("average", ["mean", "median"])
def test_two_signals(average):
    y = X[::-1] * 0.7 + 0.1
    for a, b in zip(
        signal.csd(X, y, nperseg=8, average=average), scipy.signal.csd(X, y, nperseg=8, average=average), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        signal.coherence(X, y, nperseg=8)[1], scipy.signal.coherence(X, y, nperseg=8)[1], rtol=1e-8
    )


@pytest.mark.parametrize(
    "options", [{"nperseg": 16}, {"nperseg": 9, "noverlap": 6}, {"nperseg": 8, "scaling": "psd", "fs": 3.0}], ids=str
)
def test_the_signal_comes_back(options):
    z = signal.stft(X, **options)[2]
    for a, b in zip(signal.istft(z, **options), scipy.signal.istft(z, **options), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(signal.istft(z, **options)[1][: len(X)], X, atol=1e-12)
    check_grads(lambda x: signal.istft(signal.stft(x, **options)[2] * 2, **options)[1], (X,), order=1)
