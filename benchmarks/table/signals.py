"""Fourier transforms, convolutions, filters, random numbers."""

from __future__ import annotations

from typing import Any

from .inputs import c64, c128, f32, f64, given
from .row import Row

SIGNALS: list[Row] = []


def row(name: str, family: str, build: Any, *makers: Any, **options: Any) -> None:
    SIGNALS.append(Row(name, family, build, given(*makers), **options))


F = "fourier transforms"
for _n in (64, 1000, 1024, 1009, 65536, 1 << 18):
    row(f"fft, {_n} complex128", F, lambda L: lambda x: L.np.fft.fft(x), c128(_n), quick=_n == 1024)
row("fft, 100x1000 complex128", F, lambda L: lambda x: L.np.fft.fft(x), c128(100, 1000), quick=True)
row("fft, 1000x256 complex64", F, lambda L: lambda x: L.np.fft.fft(x), c64(1000, 256))
row("fft down columns, 1024x100 complex128", F, lambda L: lambda x: L.np.fft.fft(x, axis=0), c128(1024, 100))
row("fft, 50x1009 complex128", F, lambda L: lambda x: L.np.fft.fft(x), c128(50, 1009))
row("fft2, 512x512 complex128", F, lambda L: lambda x: L.np.fft.fft2(x), c128(512, 512), quick=True)
row("fft2, 512x512 complex64", F, lambda L: lambda x: L.np.fft.fft2(x), c64(512, 512))
row("fftn, 64x64x64 complex128", F, lambda L: lambda x: L.np.fft.fftn(x), c128(64, 64, 64))
row("rfft, 1000x1024 float64", F, lambda L: lambda x: L.np.fft.rfft(x), f64(1000, 1024))
row("rfft, 65536 float32", F, lambda L: lambda x: L.np.fft.rfft(x), f32(65536))
row("irfft, 1000x513 complex128", F, lambda L: lambda x: L.np.fft.irfft(x), c128(1000, 513))
row("rfft2, 512x512 float64", F, lambda L: lambda x: L.np.fft.rfft2(x), f64(512, 512))
row(
    "rfft, gradient, 100x4096 float64",
    F,
    lambda L: L.grad(lambda x: L.np.sum(L.np.abs(L.np.fft.rfft(x)) ** 2)),
    f64(100, 4096),
    quick=True,
)
row(
    "filter, 100x4096 float64",
    F,
    lambda L: lambda x, w: L.np.fft.irfft(L.np.fft.rfft(x) * w),
    f64(100, 4096),
    c128(2049),
    quick=True,
)
row(
    "poisson, 256x256 float64",
    F,
    lambda L: lambda f, k: L.np.real(L.np.fft.ifft2(L.np.fft.fft2(f) * k)),
    f64(256, 256),
    f64(256, 256),
)
row(
    "split-step, 100 steps of 1024 complex128",
    F,
    lambda L: split_step(L),
    c128(1024),
    c128(1024),
    c128(1024),
    quick=True,
)
row("split-step, 100 steps of 16x512 complex128", F, lambda L: split_step(L), c128(16, 512), c128(512), c128(512))
row(
    "fftshift, 512x512 complex128",
    F,
    lambda L: lambda x: L.np.fft.fftshift(x),
    c128(512, 512),
    bytes=8.4e6,
    limit="memory",
)


def split_step(L: Any) -> Any:
    def f(psi: Any, v: Any, k: Any) -> Any:
        v, k = v / L.np.abs(v), k / L.np.abs(k)
        return L.lax.scan(lambda p, _: (L.np.fft.ifft(L.np.fft.fft(p * v) * k) * v, None), psi, None, length=100)[0]

    return f


C = "convolutions"
row("convolve, 1e4 with 100 float64", C, lambda L: lambda x, y: L.np.convolve(x, y), f64(10_000), f64(100), flops=2e6)
row(
    "convolve, 1e5 with 1000 float64", C, lambda L: lambda x, y: L.np.convolve(x, y), f64(100_000), f64(1000), flops=2e8
)
row(
    "correlate, 1e4 with 100 float64",
    C,
    lambda L: lambda x, y: L.np.correlate(x, y, "valid"),
    f64(10_000),
    f64(100),
    flops=2e6,
)
row(
    "convolve2d, 512 with 7x7 float64",
    C,
    lambda L: lambda x, y: L.signal.convolve2d(x, y, mode="same"),
    f64(512, 512),
    f64(7, 7),
    flops=2.6e7,
)
row(
    "convolve2d, gradients, 512 with 7x7 float64",
    C,
    lambda L: L.grad(lambda x, y: L.np.sum(L.signal.convolve2d(x, y, mode="same") ** 2), (0, 1)),
    f64(512, 512),
    f64(7, 7),
)
row(
    "fftconvolve, 512 with 64x64 float64",
    C,
    lambda L: lambda x, y: L.signal.fftconvolve(x, y, mode="same"),
    f64(512, 512),
    f64(64, 64),
)
LAYOUT = ("NHWC", "HWIO", "NHWC")


def layer(stride: int = 1, groups: int = 1) -> Any:
    def build(L: Any) -> Any:
        return lambda x, w: L.lax.conv_general_dilated(
            x, w, (stride, stride), "SAME", dimension_numbers=LAYOUT, feature_group_count=groups
        )

    return build


def squared(build: Any, argument: int) -> Any:
    return lambda L: L.grad(lambda x, w: L.np.sum(build(L)(x, w) ** 2), argument)


for _label, _build, _x, _w, _flops in (
    ("28x28x1 to 32, 5x5", layer(), f32(32, 28, 28, 1), f32(5, 5, 1, 32), 4.0e7),
    ("32x32x64 to 64, 3x3", layer(), f32(32, 32, 32, 64), f32(3, 3, 64, 64), 2.4e9),
    ("depthwise 32x32x64, 3x3", layer(groups=64), f32(8, 32, 32, 64), f32(3, 3, 1, 64), 9.4e6),
    ("strided 32x32x32 to 64, 3x3", layer(2), f32(32, 32, 32, 32), f32(3, 3, 32, 64), 3.0e8),
):
    row(
        f"layer {_label} float32",
        C,
        _build,
        _x,
        _w,
        flops=_flops,
        close=1e-3,
        quick="64 to" in _label or "x64 to 64" in _label,
    )
    row(f"layer {_label}, gradient in the kernel float32", C, squared(_build, 1), _x, _w, close=1e-3)
    row(f"layer {_label}, gradient in the image float32", C, squared(_build, 0), _x, _w, close=1e-3)

N = "random numbers"


def drawn(f: Any) -> Any:
    return lambda L: lambda seed: f(L, L.random.key(0))


for _name, _draw in {
    "uniform": lambda L, k: L.random.uniform(k, (1_000_000,)),
    "normal": lambda L, k: L.random.normal(k, (1_000_000,)),
    "exponential": lambda L, k: L.random.exponential(k, (1_000_000,)),
    "gamma": lambda L, k: L.random.gamma(k, 2.5, (100_000,)),
    "poisson": lambda L, k: L.random.poisson(k, 4.0, (100_000,)),
    "permutation": lambda L, k: L.random.permutation(k, 100_000),
    "categorical": lambda L, k: L.random.categorical(k, L.np.zeros(100), shape=(10_000,)),
}.items():
    row(f"{_name} numbers", N, drawn(_draw), f64(1), quick=_name in ("normal", "gamma"), close=1e-3)
