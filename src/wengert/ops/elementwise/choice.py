"""Choice between elements: where, the greater and the lesser of two, the step function, and values held constant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...config import config
from ...core import (
    PYTHON_SCALARS,
    Aval,
    LinearTracer,
    Primitive,
    Tracer,
    Value,
    as_value,
    aval_of,
    demote,
    dtype_of,
    is_inexact,
    shape_of,
)
from ...documented import with_example
from ...errors import NotLinearError
from ...lowering import Formula, complexes, formulas
from ...vocabulary import Linearizing, Params, Pushed, Results, Tape
from ..casts import convert, own
from ..declare import binary, function_of
from ..diagonal import on_weights
from ..families import Elementwise
from ..promotion import result_dtype
from ..roots import joins
from ..samples import REAL, SHAPES, inside, samples
from ..shape import fit, spread
from .order import equal, greater, isnan, less, logical_or


def chosen(partial: Value, tangent: Value) -> Value:
    """A tangent where an argument was chosen, 0 where its partial derivative is 0."""
    return where(equal(partial, 0), dtype_of(tangent).type(0), tangent)


def _share(x: Value, y: Value, ans: Value, wins: Value) -> Value:
    """1 where x was chosen, 1/2 at a tie, 0 where it was not; NaN where the choice is."""
    number = dtype_of(ans).type
    lost: Value = number(0)
    unknown = isnan(ans) if isinstance(ans, Tracer) else np.isnan(ans)
    if isinstance(unknown, Tracer) or unknown.any():
        lost = where(unknown, number(np.nan), lost)
    return where(equal(x, y), number(0.5), where(wins, number(1), lost))


def _extreme(name: str, function: Any, ahead: Callable[[Value, Value], Value], **options: Any) -> Elementwise:
    """The argument that is ahead of the other; ties are shared."""
    return binary(
        name,
        function,
        lambda ans, x, y: _share(x, y, ans, ahead(x, y)),
        lambda ans, x, y: _share(y, x, ans, ahead(y, x)),
        choice=chosen,
        **options,
    )


maximum_p = _extreme(
    "maximum",
    np.maximum,
    lambda x, y: greater(x, y),
    weak=False,
    native=Formula(formulas.maximum, parts=complexes.maximum),
)
minimum_p = _extreme(
    "minimum", np.minimum, lambda x, y: less(x, y), native=Formula(formulas.minimum, parts=complexes.minimum)
)
# A number wins over NaN.
fmax_p = _extreme(
    "fmax",
    np.fmax,
    lambda x, y: logical_or(greater(x, y), isnan(y)),
    native=Formula(formulas.fmax, parts=complexes.fmax),
)
fmin_p = _extreme(
    "fmin", np.fmin, lambda x, y: logical_or(less(x, y), isnan(y)), native=Formula(formulas.fmin, parts=complexes.fmin)
)
heaviside_p = binary(
    "heaviside",
    np.heaviside,
    None,
    lambda ans, x, y: convert(equal(x, 0), dtype_of(ans)),
    choice=chosen,
    native=formulas.heaviside,
)


class _StopGradient(Elementwise):
    """The value without its derivative. Of a tangent, which a rule differentiates no more, it is the tangent."""

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        return args[0]


stop_gradient_p = _StopGradient(
    "stop_gradient",
    lambda x: x,
    None,
    weak=True,
    samples=samples(REAL),
    native=Formula(formulas.same, selects=True, loop=own, parts=complexes.same),
)


class _Where(Elementwise):
    """``where(condition, x, y)``: linear in x and y; what is not chosen receives no cotangent."""

    def impl(self, *args: Value) -> Value:
        condition, x, y = args
        if type(x) in PYTHON_SCALARS and type(y) in PYTHON_SCALARS:
            x = dtype_of(x).type(x) if type(x) is not bool or type(y) is bool else x
        try:
            out = np.where(condition, x, y)
        except np.exceptions.DTypePromotionError:  # NumPy promotes bfloat16 with some dtypes in arithmetic alone
            dtype = result_dtype(aval_of(x), aval_of(y))
            out = np.where(condition, convert(x, dtype), convert(y, dtype))
        out = out[()] if out.ndim == 0 else out
        if not config._x64:
            out = demote(out)
        return out

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        c, x, y = primals
        _, tx, ty = tangents
        ans = self.bind(c, x, y)
        if (tx is None and ty is None) or not is_inexact(ans):
            return ans, None
        zero = np.zeros((), dtype_of(ans))[()]
        t = self.bind(c, zero if tx is None else tx, zero if ty is None else ty)
        return ans, spread(t, shape_of(ans), dtype_of(ans))

    def series(self, primals: Sequence[Value], given: Sequence[Any], params: Params) -> Any:
        def rule(k: int, own: Any, primals: Sequence[Value], given: Sequence[Any]) -> Value | None:
            x, y = (None if g is None else g(k) for g in given[1:])
            if x is None and y is None:
                return None
            zero = dtype_of(y if x is None else x).type(0)
            return self.bind(primals[0], zero if x is None else x, zero if y is None else y)

        return rule

    pattern = "drops"

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        return Primitive.linearize(self, trace, primals, tangents, params)

    def batch_diagonal(self, args: Sequence[Any], batched: Sequence[bool], params: Params) -> Any:
        sides = [b or (not isinstance(a, Tracer) and shape_of(a) == () and a == 0) for a, b in zip(args, batched)]  # noqa: B905
        return on_weights(self.bind, args) if not batched[0] and all(sides[1:]) else None

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        for a in args[1:]:
            if not tape.owns(a) and (isinstance(a, Tracer) or np.any(np.asarray(a) != 0)):
                raise NotLinearError("where of a tangent and a value that is not zero is not linear in the tangent")
        return Primitive.record(self, tape, args, params)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:

        c, x, y = args
        zero = np.zeros((), dtype_of(cotangent))[()]
        gx = fit(where(c, cotangent, zero), x.shape, x.dtype) if isinstance(x, LinearTracer) else None
        gy = fit(where(c, zero, cotangent), y.shape, y.dtype) if isinstance(y, LinearTracer) else None
        return (None, gx, gy)


def _where_samples() -> list[tuple[tuple[Value, ...], dict[str, Any]]]:
    make = inside(*REAL)
    return [((make(s, 1) > 0, make(s, 2), make(s, 3)), {}) for s in SHAPES] + [
        ((make((2, 1), 1) > 0, make((3,), 2), 0.5), {})
    ]


def _chosen_from(avals: Sequence[Aval], out: Aval) -> tuple[list[np.dtype], np.dtype]:
    return [np.dtype(bool), out.dtype, out.dtype], out.dtype


where_p = _Where(
    "where",
    np.where,
    (None, None, None),
    choice=chosen,
    samples=_where_samples,
    native=Formula(formulas.where, loop=_chosen_from, parts=complexes.where),
)
joins(where_p, skip=1)


def where(condition: Value, x: Value, y: Value) -> Value:
    """Elements of `x` where `condition` holds, of `y` elsewhere; the side not chosen never poisons a derivative."""
    return where_p.bind(as_value(condition), as_value(x), as_value(y))


maximum = function_of(maximum_p)
with_example(
    maximum,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.max(np.array([1, 5]), np.array([4, 2]))
    array([4, 5])
    """,
)
minimum = function_of(minimum_p)
with_example(
    minimum,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.min(np.array([1, 5]), np.array([4, 2]))
    array([1, 2])
    """,
)
fmax = function_of(fmax_p)
with_example(
    fmax,
    """
    >>> import numpy as np
    >>> import wengert.numpy as wnp
    >>> wnp.fmax(wnp.array([1.0, np.nan]), 0.5)
    array([1. , 0.5])
    """,
)
fmin = function_of(fmin_p)
with_example(
    fmin,
    """
    >>> import numpy as np
    >>> import wengert.numpy as wnp
    >>> wnp.fmin(wnp.array([1.0, np.nan]), 0.5)
    array([0.5, 0.5])
    """,
)
heaviside = function_of(heaviside_p)
with_example(
    heaviside,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.heaviside(wnp.array([-1.0, 0.0, 2.0]), 0.5)
    array([0. , 0.5, 1. ])
    """,
)
