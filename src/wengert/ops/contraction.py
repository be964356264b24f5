"""Contractions: one bilinear primitive, `dot_general`, and the products that are cases of it.

`dot_general` multiplies over pairs of contracted axes, side by side over pairs of batch axes; its result has the
batch axes first, then the free axes of `x`, then those of `y`. How NumPy computes a case, and what its transposes
are, is worked out once per pair of ranks and cached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..core import SQUARE_RULES, Aval, Value, as_array, aval_of, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, AxisError, ShapeError
from ..lowering.kinds import Contraction
from ..vocabulary import Params
from .axes import canonical_axis
from .diagonal import Diagonal
from .elementwise import conj, convert, multiply, square
from .families import Bilinear
from .promotion import broadcast_shapes, result_dtype
from .reduction import any_p
from .roots import root_of
from .shape import broadcast_to, expand_dims, moveaxis, reduce_sum, reshape, transpose
from .slices import pad_p
from .terms import times

Axes = tuple[int, ...]
Dims = tuple[tuple[Axes, Axes], tuple[Axes, Axes]]  # (contracted of x, of y), (batch of x, of y)


def _x(*shape: int, seed: int = 21) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def _free(ndim: int, *used: Axes) -> Axes:
    taken = {a for axes in used for a in axes}
    return tuple(i for i in range(ndim) if i not in taken)


# --- how NumPy computes it --------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _plan(nx: int, ny: int, dims: Dims) -> Callable[[Any, Any], Any]:
    (cx, cy), (bx, by) = dims
    if not bx and len(cx) == 1 and nx <= 2 and ny <= 2:
        # One BLAS call on views: np.dot contracts the last axis of x with the first of y.
        turn_x, turn_y = nx == 2 and cx == (0,), ny == 2 and cy == (1,)
        if turn_x:
            return (lambda x, y: np.dot(x.T, y.T)) if turn_y else (lambda x, y: np.dot(x.T, y))
        return (lambda x, y: np.dot(x, y.T)) if turn_y else np.dot
    if not bx and nx == ny == len(cx) and cx == cy == tuple(range(nx)):
        return lambda x, y: np.dot(x.reshape(-1), y.reshape(-1))
    if not bx and not cx:
        return np.multiply.outer
    fx, fy = _free(nx, cx, bx), _free(ny, cy, by)
    perm_x, perm_y = (*bx, *fx, *cx), (*by, *cy, *fy)

    def general(x: Any, y: Any) -> Any:
        batch = [x.shape[i] for i in bx]
        free_x, free_y = [x.shape[i] for i in fx], [y.shape[i] for i in fy]
        k = math.prod(x.shape[i] for i in cx)
        left = x.transpose(perm_x).reshape(*batch, math.prod(free_x), k)
        right = y.transpose(perm_y).reshape(*batch, k, math.prod(free_y))
        out = np.matmul(left, right)
        return out.reshape((*batch, *free_x, *free_y))[()]

    return general


def _impl(x: Value, y: Value, *, dims: Dims) -> Value:
    if "V" not in (x.dtype.kind, y.dtype.kind):
        return _plan(x.ndim, y.ndim, dims)(x, y)
    # NumPy multiplies bfloat16 and integers as objects, and bfloat16 in float32, which the result may be left in
    dtype = result_dtype(aval_of(x), aval_of(y))
    out = _plan(x.ndim, y.ndim, dims)(x.astype(dtype, copy=False), y.astype(dtype, copy=False))
    return out if out.dtype == dtype else out.astype(dtype)


def _check_lengths(sx: tuple[int, ...], sy: tuple[int, ...], dims: Dims) -> None:
    """Raise where axes that are paired differ in length."""
    (cx, cy), (bx, by) = dims
    for i, j in (*zip(cx, cy, strict=True), *zip(bx, by, strict=True)):
        if sx[i] != sy[j]:
            raise ShapeError(
                f"product of shapes {sx} and {sy}: axis {i} of the first has length {sx[i]}, axis {j} of the second {sy[j]}"
            )


def _shape_rule(x: Aval, y: Aval, *, dims: Dims) -> Aval:
    (cx, cy), (bx, by) = dims
    _check_lengths(x.shape, y.shape, dims)
    shape = (
        *[x.shape[i] for i in bx],
        *[x.shape[i] for i in _free(x.ndim, cx, bx)],
        *[y.shape[i] for i in _free(y.ndim, cy, by)],
    )
    return Aval(shape, result_dtype(x, y))


# --- transposes -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _transpose_plan(nx: int, ny: int, dims: Dims, left: bool) -> tuple[Dims, Axes | None]:
    """How the cotangent of x (left) or y is a product with the other factor: its dims, and a final permutation."""
    (cx, cy), (bx, by) = dims
    fx, fy = _free(nx, cx, bx), _free(ny, cy, by)
    nb = len(bx)
    batch = tuple(range(nb))
    ct_fx = tuple(range(nb, nb + len(fx)))
    ct_fy = tuple(range(nb + len(fx), nb + len(fx) + len(fy)))
    if left:  # ct . y -> batch, free x, contracted axes in the order of y
        plan: Dims = ((ct_fy, fy), (batch, by))
        order = (*bx, *fx, *[cx[i] for i in np.argsort(cy, kind="stable")])
    else:  # x . ct -> batch, contracted axes in the order of x, free y
        plan = ((fx, ct_fx), (bx, batch))
        order = (*by, *[cy[i] for i in np.argsort(cx, kind="stable")], *fy)
    inverse = tuple(int(i) for i in np.argsort(order, kind="stable"))
    return plan, None if inverse == tuple(range(len(inverse))) else inverse


def _transpose_left(ct: Value, x: Any, y: Value, *, dims: Dims) -> Value:
    plan, order = _transpose_plan(len(x.shape), len(y.shape), dims, True)
    out = dot_general_p.bind(ct, y, dims=plan)
    return out if order is None else transpose(out, order)


def _transpose_right(ct: Value, x: Value, y: Any, *, dims: Dims) -> Value:
    plan, order = _transpose_plan(len(x.shape), len(y.shape), dims, False)
    out = dot_general_p.bind(x, ct, dims=plan)
    return out if order is None else transpose(out, order)


def _hits(ct: Value, x: Any, y: Any, k: int, *, dims: Dims) -> Value:
    """The transpose for argument `k` of numbers that are not negative, the other argument taken for ones: sums."""
    (cx, cy), _ = dims
    other, contracted = (y, cy) if k == 0 else (x, cx)
    shape = tuple(1 if i in contracted else n for i, n in enumerate(other.shape))
    ones = np.ones(shape, other.dtype)
    out = _transpose_right(ct, ones, y, dims=dims) if k else _transpose_left(ct, x, ones, dims=dims)
    return broadcast_to(out, (x, y)[k].shape)


def _batch(size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> Any:
    (x, y), (batched_x, batched_y) = args, batched
    (cx, cy), (bx, by) = params["dims"]
    if batched_x:
        cx, bx = tuple(a + 1 for a in cx), tuple(a + 1 for a in bx)
    if batched_y:
        cy, by = tuple(a + 1 for a in cy), tuple(a + 1 for a in by)
    if batched_x and batched_y:
        return dot_general_p.bind(x, y, dims=((cx, cy), ((0, *bx), (0, *by)))), True
    out = dot_general_p.bind(x, y, dims=((cx, cy), (bx, by)))
    at = len(bx) if batched_x else ndim_of(x) - len(cx)
    return (out if at == 0 else moveaxis(out, at, 0)), True


def _samples() -> list[Any]:
    def case(sx: Axes, sy: Axes, dims: Dims) -> Any:
        return (_x(*sx), _x(*sy, seed=22)), {"dims": dims}

    return [
        case((3,), (3,), (((0,), (0,)), ((), ()))),
        case((2, 3), (3, 4), (((1,), (0,)), ((), ()))),
        case((3, 2), (4, 3), (((0,), (1,)), ((), ()))),
        case((2, 3), (3,), (((1,), (0,)), ((), ()))),
        case((2, 2, 3), (2, 3, 2), (((2,), (1,)), ((0,), (0,)))),
        case((3, 2, 4), (4, 5, 3), (((0, 2), (2, 0)), ((), ()))),
        case((2, 0), (0, 3), (((1,), (0,)), ((), ()))),
        case((2,), (3,), (((), ()), ((), ()))),
        case((2, 3), (3, 2), (((), ()), ((0, 1), (1, 0)))),
        case((2, 3), (3, 2), (((0, 1), (1, 0)), ((), ()))),
    ]


class _DotGeneral(Bilinear):
    def batch_diagonal(self, args: Sequence[Any], batched: Sequence[bool], params: Params) -> Value | None:
        """A basis that is contracted as a whole picks rows of the other factor: no product, and no 0 that meets one."""
        (cx, cy), (bx, _) = params["dims"]
        k = 0 if type(args[0]) is Diagonal else 1
        d, y, mine, theirs = args[k], args[1 - k], (cx, cy)[k], (cx, cy)[1 - k]
        weights = d.weights
        if batched[1 - k] or bx or sorted(mine) != list(range(ndim_of(weights))) or dtype_of(y) != dtype_of(weights):
            return None
        n, shape = math.prod(shape_of(weights)), shape_of(y)
        if not n:
            return None
        order = [theirs[mine.index(axis)] for axis in range(len(mine))]  # the axes that the weights' axes meet
        free = [axis for axis in range(len(shape)) if axis not in theirs]
        rows = reshape(transpose(y, (*order, *free)), (n, *[shape[axis] for axis in free]))
        rows = times(reshape(weights, (n, *[1] * len(free))), rows)
        around = (d.start, d.size - d.start - n, 0)
        return pad_p.bind(rows, config=(around, *[(0, 0, 0)] * len(free))) if d.size != n else rows


dot_general_p = _DotGeneral(
    "dot_general", _impl, _shape_rule, _transpose_left, _transpose_right, _batch, samples=_samples, native=Contraction()
)
dot_general_p.hits = _hits


def _with_itself(trace: Any, args: Sequence[Value], params: Params) -> Value:
    """``r @ r`` of roots is the sum of their squares, which have no kink."""
    (x, y), ((cx, cy), (bx, by)) = args, params["dims"]
    root = root_of(x)
    if root is None or root is not root_of(y) or cx != cy or bx != by or len(cx) + len(bx) != ndim_of(x):
        return trace.process(dot_general_p, args, params)
    return _total(square(x), cx)


SQUARE_RULES[dot_general_p] = _with_itself


# --- functions --------------------------------------------------------------------------------------------------


def dot_general(x: Value, y: Value, dimension_numbers: Any, preferred_element_type: Any = None) -> Value:
    """The product over contracted and batch axes, ``dimension_numbers = ((cx, cy), (bx, by))``.

    Returns:
        An array with the batch axes first, then the free axes of `x`, then those of `y`.

    Raises:
        ShapeError: axes that are paired differ in length.

    Example:
        >>> import numpy as np
        >>> dot_general(np.ones((2, 3)), np.ones((3, 4)), (((1,), (0,)), ((), ()))).shape
        (2, 4)
    """
    x, y = as_array(x), as_array(y)
    try:
        (cx, cy), (bx, by) = dimension_numbers
    except (TypeError, ValueError):
        raise ArgumentError(
            f"dot_general: dimension_numbers is ((summed axes of x, of y), (batch axes of x, of y)), got {dimension_numbers!r}"
        ) from None
    nx, ny = ndim_of(x), ndim_of(y)
    dims = (
        (tuple(canonical_axis(a, nx) for a in cx), tuple(canonical_axis(a, ny) for a in cy)),
        (tuple(canonical_axis(a, nx) for a in bx), tuple(canonical_axis(a, ny) for a in by)),
    )
    if preferred_element_type is not None:
        x, y = convert(x, preferred_element_type), convert(y, preferred_element_type)
    return _product(x, y, dims)


def _product(x: Value, y: Value, dims: Dims) -> Value:
    _check_lengths(shape_of(x), shape_of(y), dims)
    return dot_general_p.bind(x, y, dims=dims)


@lru_cache(maxsize=256)
def _full_dims(n: int) -> Dims:
    return ((tuple(range(n)), tuple(range(n))), ((), ()))


@lru_cache(maxsize=256)
def _dot_dims(nx: int, ny: int) -> Dims:
    return (((nx - 1,), (max(ny - 2, 0),)), ((), ()))


def dot(x: Value, y: Value) -> Value:
    """NumPy's ``dot``: the last axis of `x` with the last but one of `y`.

    Args:
        x: shape ``(..., n)``, or a scalar.
        y: shape ``(n,)`` or ``(..., n, m)``, or a scalar.

    Raises:
        ShapeError: the contracted axes differ in length.

    Example:
        >>> import numpy as np
        >>> dot(np.ones((2, 3)), np.ones(3))
        array([3., 3.])
    """
    x, y = as_array(x), as_array(y)
    nx, ny = ndim_of(x), ndim_of(y)
    if nx == 0 or ny == 0:
        return multiply(x, y)
    if shape_of(x)[-1] != shape_of(y)[max(ny - 2, 0)]:
        raise ShapeError(
            f"dot: shapes {shape_of(x)} and {shape_of(y)} do not fit: axis {nx - 1} of the first has length "
            f"{shape_of(x)[-1]}, axis {max(ny - 2, 0)} of the second {shape_of(y)[max(ny - 2, 0)]}"
        )
    return dot_general_p.bind(x, y, dims=_dot_dims(nx, ny))


def matmul(x: Value, y: Value) -> Value:
    """NumPy's ``matmul`` (the ``@`` operator): matrices over the last two axes, broadcast over the others.

    Raises:
        ShapeError: the contracted axes differ in length, or an operand is a scalar.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.matmul(wnp.array([[1, 2], [3, 4]]), [[0, 1], [1, 0]])
        array([[2, 1],
               [4, 3]])
    """
    x, y = as_array(x), as_array(y)
    nx, ny = ndim_of(x), ndim_of(y)
    if nx == 0 or ny == 0:
        raise ShapeError("matmul of a scalar: use * instead")
    sx, sy = shape_of(x), shape_of(y)
    if sx[-1] != sy[max(ny - 2, 0)]:
        raise ShapeError(
            f"matmul: shapes {sx} and {sy} do not fit: axis {nx - 1} of the first has length {sx[-1]}, "
            f"axis {max(ny - 2, 0)} of the second {sy[max(ny - 2, 0)]}"
        )
    if ny <= 2:
        return dot_general_p.bind(x, y, dims=_dot_dims(nx, ny))
    if nx <= 2:
        out = dot_general_p.bind(x, y, dims=_dot_dims(nx, ny))  # free x first; NumPy wants the batch of y first
        return out if nx == 1 else moveaxis(out, 0, -2)
    batch = broadcast_shapes("matmul", sx[:-2], sy[:-2]) if _compatible(sx[:-2], sy[:-2]) else None
    if batch is None:
        raise ShapeError(f"matmul: batch shapes {sx[:-2]} and {sy[:-2]} do not broadcast together")

    x, y = broadcast_to(x, (*batch, *sx[-2:])), broadcast_to(y, (*batch, *sy[-2:]))
    n = len(batch)
    axes = tuple(range(n))
    return dot_general_p.bind(x, y, dims=(((n + 1,), (n,)), (axes, axes)))


def _compatible(a: Axes, b: Axes) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1], strict=False))


def vdot(x: Value, y: Value) -> Value:
    """The dot product of flattened arrays, the first one conjugated."""
    x, y = as_array(x), as_array(y)
    have = shape_of(x)
    if have != shape_of(y):
        if math.prod(have) != math.prod(shape_of(y)):
            raise ShapeError(f"vdot: shapes {have} and {shape_of(y)} differ in size")
        x, y = reshape(x, (-1,)), reshape(y, (-1,))
        have = shape_of(x)
    return dot_general_p.bind(conj(x), y, dims=_full_dims(len(have)))


def inner(x: Value, y: Value) -> Value:
    """The product over the last axes of both."""
    x, y = as_array(x), as_array(y)
    nx, ny = ndim_of(x), ndim_of(y)
    if nx == 0 or ny == 0:
        return multiply(x, y)
    return _product(x, y, (((nx - 1,), (ny - 1,)), ((), ())))


def outer(x: Value, y: Value) -> Value:
    """All products of elements of two flattened arrays, shape ``(x.size, y.size)``."""
    x, y = reshape(as_array(x), (-1,)), reshape(as_array(y), (-1,))
    return multiply(expand_dims(x, 1), y)


def tensordot(x: Value, y: Value, axes: Any = 2) -> Value:
    """NumPy's ``tensordot``: `axes` a count (last of `x`, first of `y`) or a pair of sequences.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.tensordot(np.array([[1, 2], [3, 4]]), np.array([[1, 0], [0, 1]]), axes=2)
        np.int64(5)
    """
    x, y = as_array(x), as_array(y)
    nx, ny = ndim_of(x), ndim_of(y)
    if isinstance(axes, (int, np.integer)):
        if axes > min(nx, ny) or axes < 0:
            raise AxisError(f"tensordot over {axes} axes of arrays of {nx} and {ny} dimensions")
        cx: Axes = tuple(range(nx - axes, nx))
        cy: Axes = tuple(range(axes))
    else:
        a, b = axes
        cx = tuple(canonical_axis(i, nx) for i in (a if isinstance(a, (tuple, list)) else (a,)))
        cy = tuple(canonical_axis(i, ny) for i in (b if isinstance(b, (tuple, list)) else (b,)))
        if len(cx) != len(cy):
            raise ShapeError(f"tensordot: {len(cx)} axes of the first array, {len(cy)} of the second")
    return _product(x, y, ((cx, cy), ((), ())))


def _total(x: Value, axes: Axes) -> Value:
    """The sum in the dtype of `x`, as NumPy's einsum has it."""
    dtype = dtype_of(x)
    return any_p.bind(x, axes=axes) if dtype.kind == "b" else convert(reduce_sum(x, axes), dtype)
