"""What traced values are roots of, of which their squares are smooth: noted with the value, and passed on by operations.

``|x|``, ``norm(x)``, ``hypot(x, y)`` and ``std(x)`` have a kink at 0; their squares are sums of squares and have none.
A rule for the kink alone cannot know what the function around it does, so a traced result of these operations remembers
what it is the root of (`Root`). Factors, signs, conversions and whatever only moves elements pass the memory on. Squares, even
powers and products ask (`squares`). While no root is alive (`core.ROOTS`) nothing is looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import ROOTS, SQUARE_RULES, Primitive, Tracer, Value, ValueTracer
from ..vocabulary import Params


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

    def mapped(
        self, primitive: Primitive, others: Sequence[Value], at: int, params: Params, moves: bool = False
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


def root_of(x: Any) -> Root | None:
    """What a value is known to be the root of, or None."""
    return getattr(x, "root", None) if ROOTS and isinstance(x, ValueTracer) and not x.mutable else None


def remembered(out: Value, root: Root | None) -> Value:
    """A value with what it is the root of, if it is traced."""
    if root is not None and isinstance(out, ValueTracer):
        out.root = root
    return out


def known(primitive: Primitive, make: Callable[..., Root | None]) -> None:
    """Let the traced results of a primitive remember what they are roots of; `make` is given the arguments.

    Integers have no kinks: only floating results remember.
    """
    bind = primitive.bind

    def remembering(*args: Value, **params: Any) -> Any:
        out = bind(*args, **params)
        return remembered(out, make(*args, **params)) if isinstance(out, Tracer) and out.dtype.kind in "fV" else out

    primitive.bind = remembering


def passes(*primitives: Any, sign: bool = False) -> None:
    """Let the results remember: the primitives move elements, convert them, or with `sign` change their signs alone."""

    def rule_of(primitive: Primitive) -> Any:
        def rule(trace: Any, args: Sequence[Value], params: Params) -> Value:
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

    def rule(trace: Any, args: Sequence[Value], params: Params) -> Value:
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


__all__ = ["Root", "joins", "known", "passes", "remembered", "root_of"]
