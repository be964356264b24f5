"""Designs of filters and waveforms of `scipy.signal` by their own names, where SciPy's code asks for Python's floats.

Formulas: the frequency transformations and the notch of S. J. Orfanidis, "Introduction to Signal Processing", chapter 11, in the form
of zeros, poles and gain that SciPy documents; the phase of a chirp is the integral of its frequency.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_array, shape_of
from ...ops.special.declare import floating
from ...vocabulary import Value
from .entry import Entry

Named = dict[str, Any]
Design = tuple[Any, Any, Any]


def _roots(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> tuple[Any, Any, Any, int, Any, Any]:
    """Zeros, poles, gain, how many more poles there are, frequency and bandwidth."""
    named = entry.bound(args, kwargs)
    z, p = wnp.atleast_1d(as_array(named["z"])), wnp.atleast_1d(as_array(named["p"]))
    more = shape_of(p)[0] - shape_of(z)[0]
    if more < 0:
        raise ValueError("Improper transfer function. Must have at least as many poles as zeros.")
    return z, p, named["k"], more, named["wo"], named.get("bw")


def lowpass(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Design:
    """`lp2lp_zpk`."""
    z, p, k, more, wo, _ = _roots(entry, args, kwargs)
    return wo * z, wo * p, k * wo**more


def _inverted(z: Value, p: Value, k: Any) -> Any:
    return k * wnp.real(wnp.prod(-z) / wnp.prod(-p))


def highpass(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Design:
    """`lp2hp_zpk`."""
    z, p, k, more, wo, _ = _roots(entry, args, kwargs)
    return wnp.concatenate([wo / z, np.zeros(more)]), wo / p, _inverted(z, p, k)


def _parted(x: Value, wo: Any) -> tuple[Value, Value]:
    """Roots of ``s^2 - 2 x s + wo^2``."""
    half = wnp.sqrt(x * x - (wo + 0j) ** 2)
    return x + half, x - half


def bandpass(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Design:
    """`lp2bp_zpk`."""
    z, p, k, more, wo, bw = _roots(entry, args, kwargs)
    zeros, poles = (_parted(x * bw / 2, wo) for x in (z, p))
    return wnp.concatenate([*zeros, np.zeros(more)]), wnp.concatenate(poles), k * bw**more


def bandstop(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Design:
    """`lp2bs_zpk`."""
    z, p, k, more, wo, bw = _roots(entry, args, kwargs)
    zeros, poles = (_parted((bw / 2) / x, wo) for x in (z, p))
    centre = 1j * wo * np.ones(more)
    return wnp.concatenate([*zeros, centre, -centre]), wnp.concatenate(poles), _inverted(z, p, k)


def polynomials(inverted: bool) -> Callable[..., Any]:
    """`lp2lp` and `lp2hp`, of polynomials: ``s / wo`` or ``wo / s`` in the place of ``s``, the highest power of the denominator 1."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> tuple[Value, Value]:
        named = entry.bound(args, kwargs)
        b, a = (wnp.atleast_1d(as_array(named[n])) for n in "ba")
        wo = wnp.reshape(as_array(named["wo"]), ())
        sizes = [shape_of(c)[0] for c in (b, a)]
        if inverted:
            b, a = (
                wnp.concatenate([c[::-1] * wo ** np.arange(float(n)), np.zeros(max(sizes) - n)])
                for c, n in zip((b, a), sizes, strict=True)
            )
        else:
            b, a = (c / wo ** np.arange(n - 1.0, -1.0, -1.0) for c, n in zip((b, a), sizes, strict=True))
        return b / a[0], a / a[0]

    return answer


def notch(peak: bool) -> Callable[..., Any]:
    """`iirnotch`, and `iirpeak`, its complement: 3 dB at the edges of the band."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> tuple[Value, Value]:
        named = entry.bound(args, kwargs)
        w0 = 2 * named["w0"] / named["fs"]
        if not 0 < w0 < 1:
            raise ValueError("w0 should be such that 0 < w0 < 1")
        gain = 1.0 / (1.0 + wnp.tan(np.pi * w0 / named["Q"] / 2))
        turned = wnp.cos(np.pi * w0)
        b = wnp.stack([1.0 - gain, 0.0 * gain, gain - 1.0]) if peak else gain * wnp.stack([1.0, -2.0 * turned, 1.0])
        return b, wnp.stack([1.0, -2.0 * gain * turned, 2.0 * gain - 1.0])

    return answer


def chirp(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Value:
    """`chirp`, real or complex."""
    named = entry.bound(args, kwargs)
    t = floating(as_array(named["t"]))[0]
    f0, t1, f1, method = named["f0"], named["t1"], named["f1"], named["method"]
    if method in ("linear", "lin", "li"):
        turns = f0 * t + 0.5 * (f1 - f0) / t1 * t * t
    elif method in ("quadratic", "quad", "q"):
        beta = (f1 - f0) / t1**2
        turns = f0 * t + beta * t**3 / 3 if named["vertex_zero"] else f1 * t + beta * ((t1 - t) ** 3 - t1**3) / 3
    elif method in ("logarithmic", "log", "lo"):
        if f0 * f1 <= 0.0:
            raise ValueError("For a logarithmic chirp, f0 and f1 must be nonzero and have the same sign.")
        rate = wnp.log(f1 / f0) / t1
        turns = f0 * t * _exprel(rate * t)
    elif method in ("hyperbolic", "hyp"):
        if f0 == 0 or f1 == 0:
            raise ValueError("For a hyperbolic chirp, f0 and f1 must be nonzero.")
        rate = (f0 - f1) / (f1 * t1)
        turns = f0 * t * _log_ratio(rate * t)
    else:
        raise ValueError(
            f"method must be 'linear', 'quadratic', 'logarithmic', or 'hyperbolic', but a value of {method!r} was given."
        )
    phase = 2 * np.pi * turns + np.deg2rad(1.0) * named["phi"]
    return wnp.exp(1j * phase) if named.get("complex", False) else wnp.cos(phase)


def _exprel(x: Value) -> Value:
    """``(exp(x) - 1) / x``, 1 at 0: equal frequencies are no special case."""
    from ..special import exprel

    return exprel(x)


def _log_ratio(x: Value) -> Value:
    """``log|1 + x| / x``, 1 at 0, by its series there."""
    near = wnp.abs(x) < 1e-4
    far = wnp.where(near, 1.0, x)
    return wnp.where(near, 1 - x / 2 + x * x / 3 - x**3 / 4, wnp.log(wnp.abs(1 + far)) / far)


ANSWERS: dict[str, Any] = {
    "signal.lp2lp_zpk": lowpass,
    "signal.lp2hp_zpk": highpass,
    "signal.lp2bp_zpk": bandpass,
    "signal.lp2bs_zpk": bandstop,
    "signal.lp2lp": polynomials(inverted=False),
    "signal.lp2hp": polynomials(inverted=True),
    "signal.iirnotch": notch(peak=False),
    "signal.iirpeak": notch(peak=True),
    "signal.chirp": chirp,
}

__all__ = ["ANSWERS"]
