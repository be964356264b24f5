"""Squares of kinks: `square`, even powers and products with itself ask what a traced value is the root of (`roots`).

The square of ``|w|`` is that of ``w``, the square of a norm the sum of squares: smooth where the root has a kink. The rules are
given to the operations here, above all that they are written with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import PYTHON_SCALARS, SQUARE_RULES, Primitive, Tracer, Value, ValueTracer, dtype_of, ndim_of, shape_of
from ..vocabulary import Params
from .elementwise import div_p, mul_p, multiply, power, power_p, square, square_p
from .roots import Root, remembered, root_of
from .shape import reduce_sum, reshape


def _power(root: Root, exponent: int) -> Value:
    """An even power of the root."""
    if root.signed is not None:
        w = root.signed()
        return square(w) if exponent == 2 else power(w, exponent)
    if root.square is not None:
        total = root.square()
    else:
        assert root.parts is not None
        total = reduce_sum(square(root.parts()), (0,))
    return total if exponent == 2 else power(total, exponent // 2)


def _product(root: Root, other: Root) -> Value | None:
    """The product with a root of the same source: both are multiples ``c |w|`` of one modulus, or of one norm, whose
    signed forms ``c w`` have the same product, whatever the signs of the factors."""
    if root is other:
        return _power(root, 2)
    if root.signed is not None and other.signed is not None:
        return multiply(root.signed(), other.signed())
    if root.parts is not None and other.parts is not None:
        x, y = root.parts(), other.parts()  # factors may have broadcast one norm to more axes than the other has
        rank = max(ndim_of(x), ndim_of(y))
        return reduce_sum(multiply(_of_rank(x, rank), _of_rank(y, rank)), (0,))
    return None


def _of_rank(parts: Value, rank: int) -> Value:
    """The parts of a sum of squares, which lie along the first axis, with axes of length 1 behind it."""
    first, *rest = shape_of(parts)
    return reshape(parts, (first, *[1] * (rank - 1 - len(rest)), *rest))


# --- who asks -----------------------------------------------------------------------------------------------------


def _even(y: Value) -> int:
    """The exponent, if it is an even number of 2 at least, else 0."""
    if (type(y) not in PYTHON_SCALARS and (isinstance(y, Tracer) or y.shape)) or dtype_of(y).kind not in "iuf":
        return 0
    n = float(y)
    return int(n) if math.isfinite(n) and n >= 2 and n % 2 == 0 else 0


def _of_square(trace: Any, args: Sequence[Value], params: Params) -> Value:
    root = root_of(args[0])
    return trace.process(square_p, args, params) if root is None else _power(root, 2)


def _of_power(trace: Any, args: Sequence[Value], params: Params) -> Value:
    (x, y), root = args, root_of(args[0])
    exponent = 0 if root is None else _even(y)
    same = type(y) in PYTHON_SCALARS or (exponent and dtype_of(y) == dtype_of(x))
    return _power(root, exponent) if root is not None and exponent and same else trace.process(power_p, args, params)


def _of_product(trace: Any, args: Sequence[Value], params: Params) -> Value:
    x, y = args
    left, right = root_of(x), root_of(y)
    if left is not None and right is not None:
        product = _product(left, right) if left is right or _same(left.source, right.source) else None
        return trace.process(mul_p, args, params) if product is None else product
    out = trace.process(mul_p, args, params)
    if left is None and right is None:
        return out
    return _scaled(out, mul_p, left, y, 0) if left is not None else _scaled(out, mul_p, right, x, 1)


def _of_quotient(trace: Any, args: Sequence[Value], params: Params) -> Value:
    """The quotient by what is no root remembers."""
    x, y = args
    out, root = trace.process(div_p, args, params), root_of(x)
    return out if root is None or root_of(y) is not None else _scaled(out, div_p, root, y, 0)


def _same(a: Sequence[Any] | None, b: Sequence[Any] | None) -> bool:
    """Whether two roots were computed from the same values."""
    if a is None or b is None or len(a) != len(b):
        return False
    return all(p is q or _equal(p, q) for p, q in zip(a, b, strict=True))


def _equal(p: Any, q: Any) -> bool:
    """Whether two parts of a source are the same: indices by their values, arrays that are computed with by identity."""
    if isinstance(p, np.ndarray) and isinstance(q, np.ndarray):
        return p.dtype.kind in "iub" and p.dtype == q.dtype and np.array_equal(p, q)
    if isinstance(p, tuple):
        return (
            type(p) is type(q) and len(p) == len(q) and all(u is v or _equal(u, v) for u, v in zip(p, q, strict=True))
        )
    return type(p) is type(q) and not isinstance(p, (Tracer, np.ndarray)) and bool(p == q)


def _scaled(out: Value, primitive: Primitive, root: Any, factor: Value, at: int) -> Value:
    if dtype_of(factor).kind == "c" or not isinstance(out, ValueTracer):
        return out
    if type(factor) is np.ndarray:
        factor = factor.copy()  # the function may change it before it asks
    return remembered(out, root.mapped(primitive, [factor], at, {}))


SQUARE_RULES.update({square_p: _of_square, power_p: _of_power, mul_p: _of_product, div_p: _of_quotient})
