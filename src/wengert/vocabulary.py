"""The words of signatures: what type checkers and editors are told of values, trees, axes, and of traces by those who write rules.

A type with ``| Any`` in it accepts whatever Python accepts, and says which attributes what it accepts has: a name that arrays do
not have is an error, and editors complete those they have. Nothing is computed here, and nothing of the library imported but for
type checkers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeGuard

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from .core import Aval, LinearTracer, Primitive, Tracer

# --- values -----------------------------------------------------------------------------------------------------

Value: TypeAlias = np.ndarray[Any, Any] | Any
"""What operations take and give: an array, a number of NumPy's or Python's, or a traced one, which has NumPy's attributes."""

ArrayLike: TypeAlias = np.ndarray[Any, Any] | Any
"""What `core.as_value` makes a value of: also nested lists of numbers, and arrays of other libraries."""

Key: TypeAlias = np.ndarray[Any, Any] | Any
"""A key of random numbers, or an array of keys (`random`)."""

Results: TypeAlias = Any
"""What an operation gives: a value, or a list of values where it has `multiple_results`."""

Pushed: TypeAlias = tuple[Results, Results]
"""Results of an operation, and their tangents: what a `jvp` gives."""

BatchedResults: TypeAlias = tuple[Results, Any]
"""Results of an operation for all examples, and for each whether it has a batch axis: what a `batch` gives."""

Avals: TypeAlias = Any
"""The type of an operation's result (`core.Aval`), or a list of them where it has `multiple_results`."""

Tree: TypeAlias = Any
"""Nested dicts, lists, tuples, dataclasses and registered classes, with values at their leaves (`trees`); a value is one too."""

Shape: TypeAlias = tuple[int, ...]
"""The lengths of an array's axes."""

ShapeLike: TypeAlias = int | Sequence[int]
"""A shape as users write one: a number where there is one axis."""

Axes: TypeAlias = int | Sequence[int] | None
"""An axis, several, or all (None); from the end, where a number is negative."""

DTypeLike: TypeAlias = "npt.DTypeLike | None"
"""What `numpy.dtype` takes; None where the function chooses."""

AxisName: TypeAlias = Hashable
"""The name of an axis of `vmap` or of a mesh; None where it has none."""

Params: TypeAlias = dict[str, Any]
"""The parameters of an equation by their names: axes, dtypes, Programs."""

Keywords: TypeAlias = dict[str, Any]
"""Arguments by keyword, for another function."""

Argnums: TypeAlias = int | Sequence[int]
"""Which arguments, by their numbers; from the last, where one is negative."""

Function: TypeAlias = Callable[..., Any]
"""A function of anything."""


# --- what rules of primitives may ask of the trace that they run under --------------------------------------------


class Tape(Protocol):
    """A linear program that is being written (`transforms.tape`), for `Primitive.record`.

    Attributes:
        nodes: its steps so far; None when it has ended.
        masked: whether the walk back must not let zero cotangents meet infinite coefficients.
        affine: whether what is added to tangents, and is none, is left out.
        keeps: whether a user's function is at work, which may change arrays in place.
    """

    nodes: list[LinearTracer] | None
    masked: bool
    affine: bool
    keeps: bool

    def owns(self, x: Value) -> TypeGuard[LinearTracer]:
        """Whether a value is a tangent on this tape."""
        ...

    def append(
        self, primitive: Primitive, args: Sequence[Value], params: Params | None, shape: Shape, dtype: np.dtype
    ) -> LinearTracer:
        """The result of one more step."""
        ...

    def append_many(
        self, primitive: Primitive, args: Sequence[Value], params: Params | None, avals: Sequence[Aval]
    ) -> list[LinearTracer]:
        """The results of one more step that has several."""
        ...


class Linearizing(Protocol):
    """The trace that runs the primal and records the tangents (`transforms.linearizing`), for `Primitive.linearize`.

    Attributes:
        kinked: whether the slope of a kink was differentiated at the kink.
    """

    kinked: bool

    @property
    def level(self) -> int: ...

    @property
    def tape(self) -> Tape: ...

    def wrap(self, primal: Value, tangent: Value | None) -> Value:
        """A result and its tangent as one value; the result alone, where the tangent is zero."""
        ...

    def tracer(self, primal: Value, node: LinearTracer) -> Tracer:
        """A result whose tangent is a step of the tape."""
        ...

    def step(
        self, primal: Value, shape: Shape, dtype: np.dtype, primitive: Primitive, args: Sequence[Any], params: Any
    ) -> Tracer:
        """A result whose tangent is a new step of the tape."""
        ...

    def split(self, x: Value) -> tuple[Value, LinearTracer | None]:
        """Primal and tangent of a value."""
        ...

    def settle(self, start: int) -> None:
        """Let the steps from `start` on hold values where a custom rule closed over tracers."""
        ...


class Batching(Protocol):
    """The trace that runs operations once for all examples (`transforms.batching`), for `Primitive.batch_in`.

    Attributes:
        size: how many examples there are, of the path that is followed.
        axis_name: the name that `vmap` gave the axis.
        group: which examples they are; None for all.
    """

    size: int
    group: Any

    @property
    def axis_name(self) -> AxisName: ...

    @property
    def level(self) -> int: ...
