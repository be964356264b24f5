"""Families of primitives: what an operation's kind says about its rules.

Elementwise, Bilinear, and the linear node `weighted_sum` that the tangent of every elementwise operation
is; those that are linear in one argument are in `linear`. Operations themselves live in the other rooms of `ops`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, cast

import numpy as np

from ..config import _NARROW, config
from ..core import (
    PYTHON_SCALARS,
    ROOTS,
    SQUARE_RULES,
    VALUE_TYPES,
    Aval,
    LinearTracer,
    Primitive,
    Tracer,
    Value,
    aval_of,
    dtype_of,
    inexact_dtype,
    is_inexact,
    ndim_of,
    shape_of,
)
from ..errors import NotLinearError, ShapeError
from ..lowering import Formula, Lowering, Scalar
from ..lowering.kernels import Loop
from ..vocabulary import BatchedResults, Function, Linearizing, Params, Pushed, Results, Tape
from .diagonal import Diagonal, on_weights
from .power_series import Recurrence, convolution
from .promotion import PYTHON_TYPE, broadcast_shapes
from .shape import fit, reshape, spread
from .terms import plus, sum_of, times

ndarray = np.ndarray
_FLOAT32 = np.dtype(np.float32)
Factor = Callable[..., Value]
Chosen = Callable[[Value, Value], Value]  # (partial derivative, tangent)
Partial = Factor | tuple[Factor, ...] | int | None


CHOICE = {"choice": True}  # the parameters of a weighted sum whose coefficients of 0 mean: not chosen


class WeightedSum(Primitive):
    """``sum(c * t for c, t in zip(args[0], args[1]))``, linear in the tangents `t`: lives on tapes only."""

    def forward(
        self, args: Any, values: Sequence[Value], shape: tuple[int, ...], dtype: np.dtype, chosen: Chosen | None = None
    ) -> Value:
        total = None
        for c, t in zip(args[0], values, strict=True):
            term = (t if c == 1 else -t) if type(c) is int else times(t, c)
            if chosen is not None:
                term = chosen(c, term)
            total = term if total is None else plus(total, term)
        return np.zeros(shape, dtype) if total is None else spread(total, shape, dtype)

    def impl(self, *args: Value, **params: Any) -> Results:
        raise AssertionError("weighted_sum lives on tapes only")

    abstract = impl


weighted_sum = WeightedSum("weighted_sum", reasons={"all": "lives on tapes; elementwise operations stand for it"})


@lru_cache(maxsize=8192)
def _elementwise_dtype(primitive: Primitive, kinds: tuple[Any, ...], x64: bool) -> tuple[np.dtype, bool]:
    # The implementation itself is asked, on empty arrays, so the shape rule cannot disagree with it.
    args = [k(1) if isinstance(k, type) else np.empty((0,), k) for k in kinds]
    with np.errstate(all="ignore"):
        out = primitive.impl(*args)
    return dtype_of(out), type(out) in PYTHON_SCALARS


def _coefficient(partial: Any, ans: Value, primals: Sequence[Value]) -> Value:
    """A partial derivative as a factor: on tapes a Python int means a sign, so other ones become floats."""
    try:
        c = partial(ans, *primals)
    except (ZeroDivisionError, OverflowError):  # Python's numbers raise where NumPy's give inf
        c = partial(ans, *[dtype_of(x).type(x) if type(x) in PYTHON_SCALARS else x for x in primals])
    return float(c) if type(c) is int or type(c) is bool else c


def _up_to_last(tape: Tape, t: Any, factors: Any, ans: Value, primals: Sequence[Value]) -> Any:
    """The step of a tangent times all factors but the last, and the last."""
    for factor in factors[:-1]:
        c = _coefficient(factor, ans, primals)
        shape, dtype = t.shape, t.dtype
        if shape_of(c) != shape:
            shape = broadcast_shapes("multiply", shape, shape_of(c))
        if type(c) is not float and dtype_of(c) is not dtype:
            dtype = np.result_type(dtype, dtype_of(c))
        t = tape.append(weighted_sum, ([c], [t]), None, shape, dtype)
    return t, factors[-1]


def _bind_unary(primitive: Elementwise) -> Function:
    """`Primitive.bind` for one argument. Hot: guarded by benchmarks `eager.*`."""
    impl, function, params = primitive.impl, primitive.function, {}
    direct = type(primitive).impl is Elementwise.impl

    def bind(x: Value) -> Results:
        if type(x) is ndarray:
            return function(x) if direct and config._x64 else impl(x)
        if isinstance(x, Tracer):
            if ROOTS and primitive in SQUARE_RULES:
                return SQUARE_RULES[primitive](x._trace, (x,), params)
            return x._trace.process(primitive, (x,), params)
        return impl(x)

    return bind


def _bind_binary(primitive: Elementwise) -> Function:
    """`Primitive.bind` for two arguments. Hot: guarded by benchmarks `eager.*`."""
    impl, function, params = primitive.impl, primitive.function, {}
    direct = type(primitive).impl is Elementwise.impl

    def bind(x: Value, y: Value) -> Results:
        if type(x) in VALUE_TYPES:
            if type(y) in VALUE_TYPES:
                if direct and type(x) is ndarray and config._x64:
                    try:
                        return function(x, y)
                    except ValueError:
                        pass  # `impl` says which shapes do not fit
                return impl(x, y)
            if not isinstance(y, Tracer):
                return impl(x, y)
            trace = y._trace
        elif isinstance(x, Tracer):
            trace = x._trace
            if type(y) not in VALUE_TYPES and isinstance(y, Tracer) and y._trace.level > trace.level:
                trace = y._trace
        elif isinstance(y, Tracer):
            trace = y._trace
        else:
            return impl(x, y)
        if ROOTS and primitive in SQUARE_RULES:
            return SQUARE_RULES[primitive](trace, (x, y), params)
        return trace.process(primitive, (x, y), params)

    return bind


_SHORT_BIND = {1: _bind_unary, 2: _bind_binary}


class Elementwise(Primitive):
    """Acts on each element alone, with NumPy's broadcasting and promotion.

    Args:
        name: the primitive's name.
        function: the NumPy ufunc (or a function that broadcasts like one).
        partials: for each argument the partial derivative as a function of ``(ans, *args)``, a constant 1 or -1,
            or None where it is zero everywhere. A tuple of functions is their product, which a tangent is multiplied
            with from the left, factor by factor: the product alone may overflow, or vanish, where the tangent's does not.
        weak: whether Python numbers give a Python number (the arithmetic operators).
        choice: for a selection, the tangent of one side from its partial derivative and the tangent of the argument: 0 where
            the partial is 0, so that an infinite tangent of the side that was not chosen counts for nothing.
        linear: whether the operation is linear in all arguments with partials jointly (add, negative).
        native: the formula of an element in native code; a scalar formula stands for a `lowering.Formula` without more to say.
            None: the inner loop of a ufunc, where `function` says that it is one's (`lowering.kernels.Loop`).
        recurrence: of the coefficients of power series, where it is not that of the tangent rule.
    """

    def __init__(
        self,
        name: str,
        function: Function,
        partials: Sequence[Partial] | None = None,
        *,
        weak: bool = False,
        linear: bool = False,
        choice: Chosen | None = None,
        native: Lowering | Scalar | None = None,
        recurrence: Recurrence | None = None,
        **kwargs: Any,
    ) -> None:
        formula = native if native is None or isinstance(native, Lowering) else Formula(native)
        formula = Loop.of(function) if formula is None else formula
        super().__init__(name, native=formula, **kwargs)
        self.function = function
        self.partials = tuple(partials) if partials is not None else None
        self.weak_result = weak
        self.linear = linear
        self.choice = choice
        self.recurrence = recurrence
        self.keeps = any(callable(p) or isinstance(p, tuple) for p in self.partials or ())
        short_bind = _SHORT_BIND.get(len(self.partials) if self.partials is not None else getattr(function, "nin", 0))
        if short_bind is not None:
            self.bind = short_bind(self)

    elementwise = True

    def impl(self, *args: Value) -> Value:
        try:
            out = self.function(*args)
        except ValueError:
            broadcast_shapes(self.name, *map(shape_of, args))  # says which shapes they are
            raise
        if type(out) is ndarray and config._x64:
            return out
        if (
            self.weak_result
            and type(out) is not ndarray
            and type(args[0]) in PYTHON_SCALARS
            and all(type(a) in PYTHON_SCALARS for a in args)
        ):
            return out.item() if isinstance(out, np.generic) else out
        if not config._x64 and out.dtype is not _FLOAT32:
            narrow = _NARROW.get(out.dtype)
            if narrow is not None:
                return out.astype(narrow)
        return out

    def abstract(self, *avals: Aval) -> Aval:
        kinds = tuple([PYTHON_TYPE[a.dtype.kind] if a.weak else a.dtype for a in avals])
        dtype, weak = _elementwise_dtype(self, kinds, config._x64 is True or bool(config._x64))
        shape, alike = (), True
        for a in avals:  # most often of one shape, beside numbers
            if a.shape:
                alike = alike and (not shape or a.shape == shape)
                shape = a.shape
        return Aval(shape if alike else broadcast_shapes(self.name, *[a.shape for a in avals]), dtype, weak)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        ans = self.bind(*primals)
        partials = self.partials
        if partials is None:
            return ans, None
        dtype = dtype_of(ans)
        if dtype.kind not in "fc" and not inexact_dtype(dtype):
            return ans, None
        total = None
        for partial, t in zip(partials, tangents):  # noqa: B905 - hot
            if t is None or partial is None:
                continue
            if type(partial) is int:
                term = t if partial == 1 else -t
            elif isinstance(partial, tuple):
                term = t
                for factor in partial:
                    term = times(term, _coefficient(factor, ans, primals))
            else:
                c = _coefficient(partial, ans, primals)
                term = times(t, c)
                if self.choice is not None:  # the side not chosen counts for nothing, were its tangent infinite
                    term = self.choice(c, term)
            total = term if total is None else plus(total, term)
        if total is None:
            return ans, None
        if type(total) is not ndarray or total.shape != shape_of(ans) or total.dtype is not dtype:
            total = spread(total, shape_of(ans), dtype)
        return ans, total

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        ans = self.bind(*primals)
        partials = self.partials
        if partials is None:
            return ans
        dtype = dtype_of(ans)
        if dtype.kind not in "fc" and not inexact_dtype(dtype):
            return ans
        if len(partials) == 1:  # of one argument, the usual case
            partial = partials[0]
            if partial is None:
                return ans
            nodes = list(tangents)
            if type(partial) is tuple:
                nodes[0], partial = _up_to_last(trace.tape, nodes[0], partial, ans, primals)
            coefficients = [partial if type(partial) is int else _coefficient(partial, ans, primals)]
        else:
            coefficients, nodes = [], []
            for partial, t in zip(partials, tangents):  # noqa: B905 - hot
                if t is not None and partial is not None:
                    if type(partial) is tuple:
                        t, partial = _up_to_last(trace.tape, t, partial, ans, primals)
                    coefficients.append(partial if type(partial) is int else _coefficient(partial, ans, primals))
                    nodes.append(t)
            if not nodes:
                return ans
        shape = ans.shape if type(ans) is ndarray else shape_of(ans)
        return trace.step(
            ans, shape, dtype, weighted_sum, (coefficients, nodes), CHOICE if self.choice is not None else None
        )

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        if not self.linear:
            raise NotLinearError(f"{self.name} is not linear, so it cannot be applied to a tangent")
        nodes, coefficients = [], []
        for a, partial in zip(args, self.partials or (), strict=True):
            if tape.owns(a):
                nodes.append(a)
                coefficients.append(partial)
            elif not tape.affine and (isinstance(a, Tracer) or np.any(np.asarray(a) != 0)):
                raise NotLinearError(
                    f"{self.name} of a tangent and a value that is not zero is affine, not linear, in the tangent"
                )
        aval = self.abstract(*[aval_of(a) for a in args])
        return tape.append(weighted_sum, (coefficients, nodes), None, aval.shape, aval.dtype)

    def series(self, primals: Sequence[Value], given: Sequence[Any], params: Params) -> Any:
        found = self.recurrence
        if found is not None:
            serves = found.serves is None or found.serves(primals, [g is not None for g in given])
            return found.rule if serves else None
        by_partials = type(self).jvp is Elementwise.jvp and self.partials is not None
        return self._of_constants if by_partials and not self.keeps else None

    def _of_constants(self, k: int, own: Any, primals: Sequence[Value], given: Sequence[Any]) -> Value | None:
        """A coefficient where all partial derivatives are constant."""
        assert self.partials is not None
        terms = []
        for partial, g in zip(self.partials, given, strict=True):
            c = None if g is None or partial is None else g(k)
            terms.append(c if c is None or partial == 1 else -c if partial == -1 else c * float(cast(int, partial)))
        return sum_of(terms)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        try:
            return self.bind(*align_batched(args, batched), **params), True
        except ShapeError:
            broadcast_shapes(self.name, *[shape_of(a)[b:] for a, b in zip(args, batched, strict=True)])
            raise

    def keeps_zeros(self, zero: Sequence[bool]) -> bool:
        """Whether the result is zero where the arguments marked in `zero` are all zero."""
        return self.linear and all(zero)

    def batch_diagonal(self, args: Sequence[Any], batched: Sequence[bool], params: Params) -> Any:
        diagonal = [type(a) is Diagonal for a in args]
        return on_weights(self.bind, args) if diagonal == list(batched) and self.keeps_zeros(diagonal) else None


def align_batched(args: Sequence[Value], batched: Sequence[bool]) -> Sequence[Value]:
    """Insert axes after the batch axis, so that broadcasting from the right pairs up the examples' axes. Hot."""
    rank, least = 0, -1  # the ranks of examples: the largest of all, the least of those that are batched
    for a, b in zip(args, batched):  # noqa: B905 (hot)
        n = ndim_of(a) - b
        if n > rank:
            rank = n
        if b and (n < least or least < 0):
            least = n
    if least == rank:
        return args
    out = []
    for a, b in zip(args, batched, strict=True):
        if b and ndim_of(a) - 1 < rank:
            shape = shape_of(a)
            a = reshape(a, (shape[0],) + (1,) * (rank - len(shape) + 1) + shape[1:])
        out.append(a)
    return out


class Bilinear(Primitive):
    """Linear in each of two arguments, such as a product of matrices.

    Args:
        transpose_left: ``(cotangent, x, y, **params)``, the cotangent of `x`; `x` has only a shape and a dtype.
        transpose_right: the same for `y`.
        batch_rule: ``(size, args, batched, params) -> (out, True)``.
    """

    pattern = "moves"
    hits: Any = None  # ``(cotangent, x, y, k, **params)``: the transpose by argument k where the other is made of ones

    def __init__(
        self,
        name: str,
        implementation: Function,
        shape_rule: Callable[..., Aval],
        transpose_left: Callable[..., Value],
        transpose_right: Callable[..., Value],
        batch_rule: Function,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        self.implementation = implementation
        self.shape_rule = shape_rule
        self.transpose_left = transpose_left
        self.transpose_right = transpose_right
        self.batch_rule = batch_rule

    def impl(self, x: Value, y: Value, **params: Any) -> Value:
        return self.implementation(x, y, **params)

    def abstract(self, x: Aval, y: Aval, **params: Any) -> Aval:
        return self.shape_rule(x, y, **params)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x, y), (tx, ty) = primals, tangents
        out = self.bind(x, y, **params)
        if not is_inexact(out):
            return out, None
        left = None if tx is None else self.bind(tx, y, **params)
        right = None if ty is None else self.bind(x, ty, **params)
        if left is None:
            return out, right
        return out, left if right is None else left + right

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        x, y = primals
        tx, ty = tangents
        out = self.bind(x, y, **params)
        shape, dtype = shape_of(out), dtype_of(out)
        if not inexact_dtype(dtype):
            return out
        if ty is None:
            return trace.step(out, shape, dtype, self, (tx, y), params)
        if tx is None:
            return trace.step(out, shape, dtype, self, (x, ty), params)
        left = trace.tape.append(self, (tx, y), params, shape, dtype)
        right = trace.tape.append(self, (x, ty), params, shape, dtype)
        return trace.step(out, shape, dtype, weighted_sum, ((1, 1), (left, right)), None)

    def series(self, primals: Sequence[Value], given: Sequence[Any], params: Params) -> Any:
        if type(self).jvp is not Bilinear.jvp:
            return None

        def product(x: Value | None, y: Value | None) -> Value | None:
            return None if x is None or y is None else self.bind(x, y, **params)

        return lambda k, own, primals, given: convolution(k, primals, given, product)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        x, y = args
        left, right = isinstance(x, LinearTracer), isinstance(y, LinearTracer)
        if left and right:
            raise NotLinearError(f"{self.name} of two tangents is not linear in them")
        if left:
            g = self.transpose_left(cotangent, x, y, **params)
            return (g if dtype_of(g) is x.dtype else fit(g, x.shape, x.dtype), None)
        g = self.transpose_right(cotangent, x, y, **params)
        return (None, g if dtype_of(g) is y.dtype else fit(g, y.shape, y.dtype))

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.batch_rule(size, args, batched, params)


__all__ = [
    "Bilinear", "Elementwise", "align_batched", "weighted_sum",
]  # fmt: skip
