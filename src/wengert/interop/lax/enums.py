"""Options and numberings of `jax.lax`: which axis of an array is what, how precise, how rounded, which algorithm."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, NamedTuple, Union

import numpy as np

from ...ops.convolution_general import ConvDimensionNumbers


class Precision(enum.Enum):
    """How precise products are asked to be; they are always computed in their full dtype here."""

    DEFAULT, HIGH, HIGHEST = 0, 1, 2

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    @classmethod
    def _missing_(cls, value: object) -> Precision | None:
        return _PRECISIONS.get(value) if isinstance(value, (str, type(None))) else None


_PRECISIONS = {
    None: Precision.DEFAULT, "default": Precision.DEFAULT, "fastest": Precision.DEFAULT, "bfloat16": Precision.DEFAULT,
    "high": Precision.HIGH, "bfloat16_3x": Precision.HIGH, "tensorfloat32": Precision.HIGH,
    "highest": Precision.HIGHEST, "float32": Precision.HIGHEST,
}  # fmt: skip


class GatherScatterMode(enum.Enum):
    """What becomes of indices out of range."""

    CLIP, FILL_OR_DROP, PROMISE_IN_BOUNDS, ONE_HOT = 0, 1, 2, 3

    @property
    def mode(self) -> str:
        return ("clip", "fill", "promise_in_bounds", "one_hot")[self.value]

    @staticmethod
    def from_any(s: Any) -> GatherScatterMode:
        """The mode of a name, of None, or the mode itself.

        Raises:
            ValueError: there is no such mode.
        """
        if isinstance(s, GatherScatterMode):
            return s
        if s == "clip":
            return GatherScatterMode.CLIP
        if s is None or s in ("fill", "drop"):
            return GatherScatterMode.FILL_OR_DROP
        if s == "promise_in_bounds":
            return GatherScatterMode.PROMISE_IN_BOUNDS
        raise ValueError(f'Unknown gather mode "{s}"')


class RoundingMethod(enum.IntEnum):
    """Which whole number is nearest to one in the middle of two."""

    AWAY_FROM_ZERO, TO_NEAREST_EVEN = 0, 1


class RandomAlgorithm(enum.IntEnum):
    """The generators of random bits; the default is Threefry here."""

    RNG_DEFAULT, RNG_THREE_FRY, RNG_PHILOX = 0, 1, 2


class FftType(enum.IntEnum):
    """Which Fourier transform: of complex numbers, its inverse, of real numbers, the inverse of that."""

    FFT, IFFT, RFFT, IRFFT = 0, 1, 2, 3


class AccuracyMode(enum.Enum):
    """How accurate an elementary function is asked to be; it is as NumPy has it."""

    HIGHEST, DEFAULT = 1, 2


class Tolerance:
    """The greatest errors that an elementary function may have: absolute, relative, in units in the last place.

    Raises:
        ValueError: one is negative, or all are 0.
    """

    def __init__(self, atol: float = 0.0, rtol: float = 0.0, ulps: int = 0) -> None:
        if atol < 0.0 or rtol < 0.0 or ulps < 0.0:
            raise ValueError("Tolerances must be non-negative.")
        if atol == 0.0 and rtol == 0.0 and ulps == 0:
            raise ValueError("At least one of atol, rtol, or ulps must be set.")
        self.atol, self.rtol, self.ulps = atol, rtol, ulps

    def __repr__(self) -> str:
        return f"Tolerance(atol={self.atol}, rtol={self.rtol}, ulps={self.ulps})"


class DotAlgorithm(NamedTuple):
    """The dtypes that a product is asked to be computed in; it is computed in the full dtype of its arguments here."""

    lhs_precision_type: Any
    rhs_precision_type: Any
    accumulation_type: Any
    lhs_component_count: int = 1
    rhs_component_count: int = 1
    num_primitive_operations: int = 1
    allow_imprecise_accumulation: bool = False


class DotAlgorithmPreset(enum.Enum):
    """Names of such algorithms."""

    DEFAULT = enum.auto()
    ANY_F8_ANY_F8_F32 = enum.auto()
    ANY_F8_ANY_F8_F32_FAST_ACCUM = enum.auto()
    ANY_F8_ANY_F8_ANY = enum.auto()
    ANY_F8_ANY_F8_ANY_FAST_ACCUM = enum.auto()
    F16_F16_F16 = enum.auto()
    F16_F16_F32 = enum.auto()
    BF16_BF16_BF16 = enum.auto()
    BF16_BF16_F32 = enum.auto()
    BF16_BF16_F32_X3 = enum.auto()
    BF16_BF16_F32_X6 = enum.auto()
    BF16_BF16_F32_X9 = enum.auto()
    TF32_TF32_F32 = enum.auto()
    TF32_TF32_F32_X3 = enum.auto()
    F32_F32_F32 = enum.auto()
    F64_F64_F64 = enum.auto()

    def __str__(self) -> str:
        return self.name

    @property
    def supported_lhs_types(self) -> tuple[Any, ...] | None:
        return _LEFT_TYPES.get(self.name.split("_")[0])

    supported_rhs_types = supported_lhs_types


_LEFT_TYPES: dict[str, tuple[Any, ...]] = {
    "F16": (np.dtype(np.float16),), "TF32": (np.dtype(np.float32),), "F32": (np.dtype(np.float32),),
    "F64": (np.dtype(np.float64),),
}  # fmt: skip


class GatherDimensionNumbers(NamedTuple):
    """Which axes of a gather's result and operand belong to slices, and which to positions.

    Args:
        offset_dims: the axes of the result that are those of a slice.
        collapsed_slice_dims: the axes of the operand, of slices of length 1, that the result has not.
        start_index_map: the axis of the operand that each component of an index is for.
        operand_batching_dims, start_indices_batching_dims: axes of the operand and of the indices that go together.
    """

    offset_dims: tuple[int, ...]
    collapsed_slice_dims: tuple[int, ...]
    start_index_map: tuple[int, ...]
    operand_batching_dims: tuple[int, ...] = ()
    start_indices_batching_dims: tuple[int, ...] = ()


class ScatterDimensionNumbers(NamedTuple):
    """Which axes of a scatter's updates and operand belong to windows, and which to positions.

    Args:
        update_window_dims: the axes of the updates that are those of a window.
        inserted_window_dims: the axes of the operand, of windows of length 1, that the updates have not.
        scatter_dims_to_operand_dims: the axis of the operand that each component of an index is for.
        operand_batching_dims, scatter_indices_batching_dims: axes of the operand and of the indices that go together.
    """

    update_window_dims: Sequence[int]
    inserted_window_dims: Sequence[int]
    scatter_dims_to_operand_dims: Sequence[int]
    operand_batching_dims: Sequence[int] = ()
    scatter_indices_batching_dims: Sequence[int] = ()


class RaggedDotDimensionNumbers:
    """The axes of a product whose groups have different lengths.

    Args:
        dot_dimension_numbers: as `dot_general` has them.
        lhs_ragged_dimensions: the axis of the first array that is divided into groups.
        rhs_group_dimensions: the axis of the second that has a slice for each group.
    """

    def __init__(self, dot_dimension_numbers: Any, lhs_ragged_dimensions: Any, rhs_group_dimensions: Any) -> None:
        (lc, rc), (lb, rb) = dot_dimension_numbers
        self.dot_dimension_numbers = ((tuple(lc), tuple(rc)), (tuple(lb), tuple(rb)))
        self.lhs_ragged_dimensions = tuple(lhs_ragged_dimensions)
        self.rhs_group_dimensions = tuple(rhs_group_dimensions)

    def _key(self) -> Any:
        return self.dot_dimension_numbers, self.lhs_ragged_dimensions, self.rhs_group_dimensions

    def __eq__(self, other: object) -> bool:
        return type(other) is RaggedDotDimensionNumbers and other._key() == self._key()

    def __hash__(self) -> int:
        return hash(self._key())


DotDimensionNumbers = tuple[tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]]
ConvGeneralDilatedDimensionNumbers = Union[None, ConvDimensionNumbers, tuple[str, str, str]]  # noqa: UP007
PrecisionLike = Union[  # noqa: UP007
    None, str, Precision, tuple[str, str], tuple[Precision, Precision], DotAlgorithm, DotAlgorithmPreset
]

__all__ = [
    "AccuracyMode", "ConvDimensionNumbers", "ConvGeneralDilatedDimensionNumbers", "DotAlgorithm", "DotAlgorithmPreset",
    "DotDimensionNumbers", "FftType", "GatherDimensionNumbers", "GatherScatterMode", "Precision", "PrecisionLike",
    "RaggedDotDimensionNumbers", "RandomAlgorithm", "RoundingMethod", "ScatterDimensionNumbers", "Tolerance",
]  # fmt: skip
