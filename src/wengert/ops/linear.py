"""Operations that are linear in one argument, such as a reshape or a sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value, dtype_of, inexact_dtype, shape_of
from ..vocabulary import BatchedResults, Function, Linearizing, Params, Pushed, Results

ndarray = np.ndarray


class Linear(Primitive):
    """Linear in its first argument (the only one that is differentiated), such as reshape or sum.

    Args:
        implementation: ``(x, **params) -> array``.
        shape_rule: ``(aval, **params) -> Aval``.
        transpose_rule: ``(cotangent, x, **params) -> cotangent of x``; `x` has ``shape`` and ``dtype``.
        batch_rule: ``(size, x, **params) -> out``, `x` with its batch axis first.
        diagonal_rule: ``(x, **params) -> out`` for a batch that is a `Diagonal`, where that can stay one.
        pattern: as `Primitive` has it; None where elements of an array of ones may cancel.
    """

    def __init__(
        self,
        name: str,
        implementation: Function,
        shape_rule: Callable[..., Aval],
        transpose_rule: Callable[..., Value],
        batch_rule: Callable[..., Value],
        diagonal_rule: Function | None = None,
        pattern: str | None = "moves",
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        self.pattern = pattern
        self.implementation = implementation
        self.shape_rule = shape_rule
        self.transpose_rule = transpose_rule
        self.batch_rule = batch_rule
        self.diagonal_rule = diagonal_rule

    def impl(self, x: Value, **params: Any) -> Value:
        return self.implementation(x, **params)

    def abstract(self, aval: Aval, **params: Any) -> Aval:
        return self.shape_rule(aval, **params)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x,), (t,) = primals, tangents
        out = self.impl(x, **params) if type(x) is ndarray else self.bind(x, **params)
        if t is None:
            return out, None
        dtype = dtype_of(out)
        if dtype.kind not in "fc" and not inexact_dtype(dtype):
            return out, None
        return out, self.impl(t, **params) if type(t) is ndarray else self.bind(t, **params)

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        (x,), (t,) = primals, tangents
        out = self.impl(x, **params) if type(x) is ndarray else self.bind(x, **params)
        dtype = dtype_of(out)
        if t is None or (dtype.kind not in "fc" and not inexact_dtype(dtype)):
            return out
        return trace.step(out, shape_of(out), dtype, self, (t,), params)

    def series(self, primals: Sequence[Value], given: Sequence[Any], params: Params) -> Any:
        if type(self).jvp is not Linear.jvp:
            return None

        def rule(k: int, own: Any, primals: Sequence[Value], given: Sequence[Any]) -> Value | None:
            c = given[0](k)
            return None if c is None else self.bind(c, **params)

        return rule

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        return (self.transpose_rule(cotangent, args[0], **params),)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.batch_rule(size, args[0], **params), True

    def batch_diagonal(self, args: Sequence[Any], batched: Sequence[bool], params: Params) -> Any:
        return None if self.diagonal_rule is None else self.diagonal_rule(args[0], **params)


__all__ = ["Linear"]
