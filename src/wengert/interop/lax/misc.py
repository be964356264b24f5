"""What is left of `jax.lax`: Fourier transforms, random bits, tokens, barriers, choices by platform, named parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import trees
from ...core import Value
from ...errors import NotSupportedError
from ...ops import elementwise as ew
from ...ops import fft as transforms
from ...ops import random as streams
from ..array import Array, wrap
from .checks import given, operand, whole
from .enums import FftType, RandomAlgorithm

# --- Fourier ----------------------------------------------------------------------------------------------------


def fft(x: Any, fft_type: Any, fft_lengths: Any) -> Any:
    """A Fourier transform over the last axes.

    Args:
        x: an array.
        fft_type: an `FftType` or its name: "fft", "ifft", "rfft", "irfft".
        fft_lengths: the lengths of the last axes: those of the operand, or of the result of "irfft".

    Raises:
        ValueError: there is no such transform, lengths do not fit, or a real transform gets complex numbers.
    """
    if isinstance(fft_type, str):
        if fft_type.upper() not in FftType.__members__:
            raise ValueError(f"Unknown FFT type '{fft_type}'")
        fft_type = FftType[fft_type.upper()]
    kind, lengths = FftType(fft_type), whole(fft_lengths, "fft_lengths")
    value, _ = operand(x, "fft")
    n, shape = len(lengths), tuple(value.shape)
    if n > 3:
        raise ValueError(f"fft: rank must be between 1 and 3, but got {n}.")
    complex_ = value.dtype.kind == "c"
    if kind is FftType.RFFT:
        if complex_:
            raise ValueError("only real valued inputs supported for rfft")
        if value.dtype.kind != "f":
            value = ew.convert(value, np.float32)
    elif not complex_:
        value = ew.convert(value, transforms.complex_of(value.dtype) if value.dtype.kind == "f" else np.complex64)
    if len(shape) < n:
        raise ValueError(
            f"FFT input shape {shape} must have at least as many input dimensions as fft_lengths {lengths}"
        )
    want = (*lengths[:-1], lengths[-1] // 2 + 1) if kind is FftType.IRFFT else lengths
    if n and shape[-n:] != want:
        raise ValueError(f"FFT input shape {shape} minor dimensions must be equal to fft_lengths {lengths}")
    axes = tuple(range(len(shape) - n, len(shape)))
    if not n:
        return wrap(value)
    if kind in (FftType.FFT, FftType.IFFT):
        return wrap(transforms.fft_p.bind(value, axes=axes, inverse=kind is FftType.IFFT))
    if kind is FftType.RFFT:
        out = transforms.rfft_p.bind(value, axis=axes[-1])
        return wrap(transforms.fft_p.bind(out, axes=axes[:-1], inverse=False) if n > 1 else out)
    if n > 1:
        value = transforms.fft_p.bind(value, axes=axes[:-1], inverse=True)
    return wrap(transforms.irfft_p.bind(value, axis=axes[-1], n=lengths[-1]))


# --- random bits ------------------------------------------------------------------------------------------------


def rng_bit_generator(
    key: Any,
    shape: Any,
    dtype: Any = np.uint32,
    algorithm: Any = RandomAlgorithm.RNG_DEFAULT,
    *,
    out_sharding: Any = None,
) -> tuple[Any, Any]:
    """Random bits from a state, and the state after them.

    Args:
        key: four 32-bit unsigned integers, or two 64-bit ones: the key of a cipher and the first number to encrypt.
        shape: of the bits.
        dtype: an unsigned integer's.
        algorithm: Philox (which the default is) or Threefry.

    Returns:
        The state to go on with, and the bits.

    Raises:
        TypeError: the key or the dtype is none of these.
    """
    from ...ops.generators import random_bits_p

    value, _ = operand(key, "rng_bit_generator")
    dtype, shape = given(dtype), whole(shape, "shape")
    if (tuple(value.shape), value.dtype.name) not in (((4,), "uint32"), ((2,), "uint64")):
        raise TypeError(
            f"rng_bit_generator: the key is an array of 4 uint32 or of 2 uint64, got {value.dtype} of shape {value.shape}"
        )
    if dtype.name not in ("uint8", "uint16", "uint32", "uint64"):
        raise TypeError(f"rng_bit_generator: unsupported dtype {dtype}")
    philox = RandomAlgorithm(algorithm) is not RandomAlgorithm.RNG_THREE_FRY
    state, bits = random_bits_p.bind(value, shape=shape, width=8 * dtype.itemsize, philox=philox)
    return wrap(state), wrap(bits)


def rng_uniform(a: Any, b: Any, shape: Any) -> Any:
    """Random numbers between `a` and `b`, of a generator with a state of its own: other ones at each call.

    Raises:
        TypeError: the ends are no scalars of one dtype.
    """
    (low, _), (high, _) = operand(a, "rng_uniform"), operand(b, "rng_uniform")
    if low.dtype != high.dtype:
        raise ValueError(f"Arguments to rng_uniform must have identical dtypes, got {low.dtype} and {high.dtype}.")
    if low.shape or high.shape:
        raise ValueError(f"Arguments to rng_uniform must be scalars; got shapes {low.shape} and {high.shape}.")
    seed = np.random.SeedSequence().generate_state(2)
    key = streams._make(np.asarray(seed[0], np.uint32), np.asarray(seed[1], np.uint32))
    wide = np.dtype(np.float64 if low.dtype.itemsize == 8 else np.float32)
    u = streams.unit_p.bind(key, shape=whole(shape, "shape"), dtype=wide)
    if low.dtype.kind in "iub":
        spread = ew.multiply(u, ew.convert(ew.subtract(high, low), wide))
        return wrap(ew.add(ew.convert(ew.floor(spread), low.dtype), low))
    return wrap(ew.add(ew.multiply(ew.convert(u, low.dtype), ew.subtract(high, low)), low))


# --- order and place --------------------------------------------------------------------------------------------


class Token:
    """What orders effects; they happen in the order of the program here."""

    def block_until_ready(self) -> Token:
        return self


def create_token(_: Any = None) -> Token:
    """A token to begin with."""
    return Token()


def after_all(*operands: Any) -> Token:
    """A token that comes after others.

    Raises:
        TypeError: something else than a token.
    """
    for x in operands:
        if not isinstance(x, Token):
            raise TypeError(f"after_all takes tokens, got {type(x)}")
    return Token()


def optimization_barrier(operand: Any, /) -> Any:
    """The tree of arrays as it is: a place that the compiler of JAX moves nothing across."""
    return trees.map(lambda x: wrap(*_operand(x, "optimization_barrier")), operand)


def _operand(x: Any, name: str) -> tuple[Value, bool]:
    return operand(x, name)


def stage(x: Any, /) -> Any:
    """The array itself."""
    return wrap(*_operand(x, "stage"))


def dce_sink(val: Any, *, prevent_mlir_dce: bool = False) -> None:
    """Nothing: a use of values, for which they are kept."""


def platform_dependent(
    *args: Any, default: Callable[..., Any] | None = None, **per_platform: Callable[..., Any]
) -> Any:
    """What the function for the platform gives; the platform is "cpu" here.

    Raises:
        NotImplementedError: there is none for it, and no default.
    """
    function = per_platform.get("cpu", default)
    if function is None:
        raise NotSupportedError(f"platform_dependent: no function for cpu among {sorted(per_platform)}, and no default")
    return function(*args)


def composite(decomposition: Callable[..., Any], name: str, version: int = 0) -> Callable[..., Any]:
    """A function under a name by which other compilers know it; here the function itself.

    Args:
        decomposition: a function of arrays, and of options by keyword.
        name, version: what it is known by.
    """

    def function(*args: Any, **attributes: Any) -> Any:
        out = decomposition(*trees.map(_as_array, args), **attributes)
        return trees.map(lambda v: v if type(v) is Array else wrap(*_operand(v, name)), out)

    function.__name__ = function.__qualname__ = getattr(decomposition, "__name__", name)
    return function


def _as_array(x: Any) -> Any:
    return x if type(x) is Array else wrap(*_operand(x, "composite"))


def with_sharding_constraint(x: Any, shardings: Any) -> Any:
    """`x`: there is one device."""
    return x


__all__ = [
    "after_all", "composite", "create_token", "dce_sink", "fft", "optimization_barrier", "platform_dependent",
    "rng_bit_generator", "rng_uniform", "stage", "with_sharding_constraint",
]  # fmt: skip
