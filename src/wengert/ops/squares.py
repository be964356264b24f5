"""What is known of the squares of traced values: smooth functions of kinks.

``|x|``, ``norm(x)``, ``hypot(x, y)`` and ``std(x)`` have a kink at 0; their squares are sums of squares and have none.
A rule for the kink alone cannot know what the function around it does, so a traced result of these operations remembers
what it is the root of (`Root`), and `square`, even powers and products with itself ask. Factors, signs, conversions and
whatever only moves elements pass the memory on. While no root is alive (`core.ROOTS`) nothing is looked up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import (
    PYTHON_SCALARS,
    ROOTS,
    SQUARE_RULES,
    Primitive,
    Tracer,
    Value,
    ValueTracer,
    dtype_of,
    ndim_of,
    shape_of,
)

Map = Callable[[Value], Value]


class Root:
    """What a traced value is the root of.

    Args:
        signed: gives ``w`` where the value is ``|w|`` and real.
        square: gives the square as a smooth expression, for other roots.
        parts: gives what the sum of squares is of, the axis that is summed first, for other roots.
        source: what the value was computed from and which of its elements were moved where, so that ``|x| * |x|`` is
            recognised; factors and signs do not count.
    """

    __slots__ = ("parts", "signed", "source", "square")

    def __init__(
        self,
        signed: Callable[[], Value] | None = None,
        square: Callable[[], Value] | None = None,
        parts: Callable[[], Value] | None = None,
        source: Sequence[Any] | None = None,
    ) -> None:
        self.signed, self.square, self.parts, self.source = signed, square, parts, source
        ROOTS.add(id(self))

    def __del__(self) -> None:
        ROOTS.discard(id(self))

    def power(self, exponent: int) -> Value:
        """An even power of the root."""
        from .elementwise import power, square
        from .reduction import reduce_sum

        if self.signed is not None:
            w = self.signed()
            return square(w) if exponent == 2 else power(w, exponent)
        if self.square is not None:
            total = self.square()
        else:
            assert self.parts is not None
            total = reduce_sum(square(self.parts()), (0,))
        return total if exponent == 2 else power(total, exponent // 2)

    def times(self, other: Root) -> Value | None:
        """The product with a root of the same source: both are multiples ``c |w|`` of one modulus, or of one norm, whose
        signed forms ``c w`` have the same product, whatever the signs of the factors."""
        from .elementwise import multiply
        from .reduction import reduce_sum

        if self is other:
            return self.power(2)
        if self.signed is not None and other.signed is not None:
            return multiply(self.signed(), other.signed())
        if self.parts is not None and other.parts is not None:
            x, y = self.parts(), other.parts()  # factors may have broadcast one norm to more axes than the other has
            rank = max(ndim_of(x), ndim_of(y))
            return reduce_sum(multiply(_of_rank(x, rank), _of_rank(y, rank)), (0,))
        return None

    def mapped(
        self, primitive: Primitive, others: Sequence[Value], at: int, params: dict[str, Any], moves: bool = False
    ) -> Root | None:
        """What the result of a primitive that is linear in the root, its argument `at`, is the root of.

        Args:
            moves: whether the primitive moves elements; a factor or a sign leaves them at their places.
        """
        source = self.source
        if moves and source is not None:
            source = (*source, primitive, at, *others, *(v for item in sorted(params.items()) for v in item))

        def arguments(x: Value) -> list[Value]:
            return [*others[:at], x, *others[at:]]

        if self.signed is not None:
            inner = self.signed
            return Root(signed=lambda: primitive.bind(*arguments(inner()), **params), source=source)
        if self.parts is None:
            return None
        outer = self.parts

        def parts() -> Value:
            args = arguments(outer())
            return primitive.batch(args[at].shape[0], args, [i == at for i in range(len(args))], params)[0]

        return Root(parts=parts, source=source)


def _of_rank(parts: Value, rank: int) -> Value:
    """The parts of a sum of squares, which lie along the first axis, with axes of length 1 behind it."""
    from .shape import reshape

    first, *rest = shape_of(parts)
    return reshape(parts, (first, *[1] * (rank - 1 - len(rest)), *rest))


def root_of(x: Any) -> Root | None:
    """What a value is known to be the root of, or None."""
    return getattr(x, "root", None) if ROOTS and isinstance(x, ValueTracer) and not x.mutable else None


def remembered(out: Value, root: Root | None) -> Value:
    """A value with what it is the root of, if it is traced."""
    if root is not None and isinstance(out, ValueTracer):
        out.root = root
    return out


def known(primitive: Any, make: Callable[..., Root | None]) -> None:
    """Let the traced results of a primitive remember what they are roots of; `make` is given the arguments.

    Integers have no kinks: only floating results remember.
    """
    bind = primitive.bind

    def remembering(*args: Value, **params: Any) -> Any:
        out = bind(*args, **params)
        return remembered(out, make(*args, **params)) if isinstance(out, Tracer) and out.dtype.kind in "fV" else out

    primitive.bind = remembering


# --- who asks -----------------------------------------------------------------------------------------------------


def _even(y: Any) -> int:
    """The exponent, if it is an even number of 2 at least, else 0."""
    if (type(y) not in PYTHON_SCALARS and (isinstance(y, Tracer) or y.shape)) or dtype_of(y).kind not in "iuf":
        return 0
    n = float(y)
    return int(n) if math.isfinite(n) and n >= 2 and n % 2 == 0 else 0


def squares_ask(square: Primitive, power: Primitive, multiply: Primitive) -> None:
    """Let `square`, `power` and `multiply` ask what their argument is the root of."""

    def of_square(trace: Any, args: Sequence[Value], params: dict[str, Any]) -> Value:
        root = root_of(args[0])
        return trace.process(square, args, params) if root is None else root.power(2)

    def of_power(trace: Any, args: Sequence[Value], params: dict[str, Any]) -> Value:
        (x, y), root = args, root_of(args[0])
        exponent = 0 if root is None else _even(y)
        same = type(y) in PYTHON_SCALARS or (exponent and dtype_of(y) == dtype_of(x))
        return root.power(exponent) if root is not None and exponent and same else trace.process(power, args, params)

    def of_multiply(trace: Any, args: Sequence[Value], params: dict[str, Any]) -> Value:
        x, y = args
        left, right = root_of(x), root_of(y)
        if left is not None and right is not None:
            product = left.times(right) if left is right or _same(left.source, right.source) else None
            return trace.process(multiply, args, params) if product is None else product
        out = trace.process(multiply, args, params)
        if left is None and right is None:
            return out
        return _scaled(out, multiply, left, y, 0) if left is not None else _scaled(out, multiply, right, x, 1)

    SQUARE_RULES[square], SQUARE_RULES[power], SQUARE_RULES[multiply] = of_square, of_power, of_multiply


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


def quotients_pass(divide: Primitive) -> None:
    """Let the quotient by what is no root remember."""

    def rule(trace: Any, args: Sequence[Value], params: dict[str, Any]) -> Value:
        x, y = args
        out, root = trace.process(divide, args, params), root_of(x)
        return out if root is None or root_of(y) is not None else _scaled(out, divide, root, y, 0)

    SQUARE_RULES[divide] = rule


def passes(*primitives: Any, sign: bool = False) -> None:
    """Let the results remember: the primitives move elements, convert them, or with `sign` change their signs alone."""

    def rule_of(primitive: Any) -> Any:
        def rule(trace: Any, args: Sequence[Value], params: dict[str, Any]) -> Value:
            out, root = trace.process(primitive, args, params), root_of(args[0])
            if root is None or not isinstance(out, ValueTracer) or out is args[0] or out.dtype.kind not in "fV":
                return out
            others = [a.copy() if type(a) is np.ndarray else a for a in args[1:]]  # indices may change before it asks
            return remembered(out, root.mapped(primitive, others, 0, params, moves=not sign))

        return rule

    for p in primitives:
        SQUARE_RULES[p] = rule_of(p)


def joins(primitive: Primitive, *, skip: int = 0, moves: bool = False) -> None:
    """Let the results of a primitive remember whose elements are elements of its arguments from number `skip` on.

    The square of such a result is that of the same choice among the signed numbers below moduli; of norms it is one where
    all else is 0. With `moves` elements of arguments come to other places.
    """

    def rule(trace: Any, args: Sequence[Value], params: dict[str, Any]) -> Value:
        out, roots = trace.process(primitive, args, params), [root_of(a) for a in args]
        held = [r for r in roots if r is not None]
        if not held or not isinstance(out, ValueTracer) or out.dtype.kind not in "fV":
            return out
        args = [a.copy() if type(a) is np.ndarray else a for a in args]  # the function may change it before it asks
        if all(r.signed is not None for r in held):

            def chosen() -> Value:
                inside = [a if r is None or r.signed is None else r.signed() for a, r in zip(args, roots, strict=True)]
                return primitive.bind(*inside, **params)

            return remembered(out, Root(signed=chosen))
        at = next(i for i, r in enumerate(roots) if r is not None)
        others = [*args[:at], *args[at + 1 :]]
        zero = all(not isinstance(a, Tracer) and not np.any(a) for a in others[skip:])
        root = held[0].mapped(primitive, others, at, params, moves) if zero and at >= skip else None
        return remembered(out, root)

    SQUARE_RULES[primitive] = rule


__all__ = ["Root", "joins", "known", "passes", "quotients_pass", "remembered", "root_of", "squares_ask"]
