"""Sums, products, quotients, remainders and squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import LinearTracer, Primitive, Tracer, Value, aval_of, dtype_of, inexact_dtype, shape_of
from ...documented import with_example
from ...errors import NotLinearError
from ...lowering import Formula, complexes, formulas
from ...vocabulary import Linearizing, Params, Pushed, Results, Tape
from ..declare import binary, function_of, unary
from ..families import Elementwise, _coefficient, weighted_sum
from ..power_series import PRODUCT, QUOTIENT, SQUARE
from ..promotion import broadcast_shapes
from ..roots import passes
from ..samples import REAL, samples
from ..shape import fit, spread
from ..terms import plus, times
from .order import trunc

ndarray = np.ndarray


class _Mul(Elementwise):
    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        # What `Elementwise.jvp` does, spelled out: derivatives of products of tangents are full of these.
        (x, y), (tx, ty) = primals, tangents
        ans = self.bind(x, y)
        dtype = dtype_of(ans)
        if not inexact_dtype(dtype):
            return ans, None
        if tx is None:
            t = times(x, ty)
        else:
            t = times(tx, y) if ty is None else plus(times(tx, y), times(x, ty))
        if type(t) is not ndarray or t.shape != shape_of(ans) or t.dtype is not dtype:
            t = spread(t, shape_of(ans), dtype)
        return ans, t

    def keeps_zeros(self, zero: Sequence[bool]) -> bool:
        return True

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        x, y = args
        if tape.owns(x) and tape.owns(y):
            raise NotLinearError("the product of two tangents is not linear in them")
        t, c = (x, y) if tape.owns(x) else (y, x)
        if type(c) is int:
            c = float(c)
        shape = broadcast_shapes("multiply", shape_of(x), shape_of(y))
        dtype = self.abstract(
            x.aval if isinstance(x, Tracer) else aval_of(x), y.aval if isinstance(y, Tracer) else aval_of(y)
        ).dtype
        return tape.append(weighted_sum, ([c], [t]), None, shape, dtype)


class _Div(Elementwise):
    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        if tangents[0] is None or tangents[1] is None:
            return super().jvp(primals, tangents, params)
        # ``(tx - ans ty) / y``, by one inverse for both
        (x, y), (tx, ty) = primals, tangents
        ans = self.bind(x, y)
        dtype = dtype_of(ans)
        if not inexact_dtype(dtype):
            return ans, None
        t = times(plus(tx, times(ty, -ans)), _coefficient(_inverse, ans, primals))
        if type(t) is not ndarray or t.shape != shape_of(ans) or t.dtype is not dtype:
            t = spread(t, shape_of(ans), dtype)
        return ans, t

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        tx, ty = tangents
        if tx is None or ty is None:
            return super().linearize(trace, primals, tangents, params)
        ans = self.bind(*primals)
        shape, dtype = shape_of(ans), dtype_of(ans)
        if not inexact_dtype(dtype):
            return ans
        minus = -ans
        t = trace.tape.append(
            weighted_sum, ([1, float(minus) if type(minus) is int else minus], [tx, ty]), None, shape, dtype
        )
        return trace.step(ans, shape, dtype, weighted_sum, ([_coefficient(_inverse, ans, primals)], [t]), None)

    def keeps_zeros(self, zero: Sequence[bool]) -> bool:
        return not zero[1]

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        if tape.owns(args[1]):
            raise NotLinearError("divide is not linear in its second argument")
        return Primitive.record(self, tape, args, params)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        x, y = args
        if type(x) is not LinearTracer or (isinstance(y, Tracer) and y._trace is x._trace):
            raise NotLinearError("divide is not linear in its second argument")
        return (fit(cotangent / y, x.shape, x.dtype), None)


def _inverse(ans: Value, x: Value, y: Value) -> Value:
    return 1 / y


add_p = binary("add", np.add, 1, 1, weak=True, linear=True, native=Formula(formulas.add, parts=complexes.add))
sub_p = binary(
    "subtract", np.subtract, 1, -1, weak=True, linear=True, native=Formula(formulas.subtract, parts=complexes.subtract)
)
neg_p = unary(
    "negative", np.negative, -1, weak=True, linear=True, native=Formula(formulas.negative, parts=complexes.negative)
)
mul_p = _Mul(
    "multiply",
    np.multiply,
    (lambda ans, x, y: y, lambda ans, x, y: x),
    weak=True,
    samples=samples(REAL, REAL),
    native=Formula(formulas.multiply, parts=complexes.multiply),
    recurrence=PRODUCT,
)
div_p = _Div(
    "divide",
    np.true_divide,
    (_inverse, (_inverse, lambda ans, x, y: -ans)),
    weak=True,
    samples=samples(REAL, (0.3, 2.0)),
    native=Formula(formulas.divide, cost=4, kinds="f", parts=complexes.divide),
    recurrence=QUOTIENT,
)
mod_p = binary(
    "remainder",
    np.remainder,
    1,
    lambda ans, x, y: -floor_divide(x, y),
    ((0.1, 0.25), (0.3, 2.0)),
    weak=True,
    native=Formula(formulas.remainder, cost=10, floats=formulas.remainder_floats),
)
fmod_p = binary(
    "fmod",
    np.fmod,
    1,
    lambda ans, x, y: -trunc(x / y),
    ((0.1, 0.25), (0.3, 2.0)),
    native=Formula(formulas.fmod, integers=formulas.fmod_integers),
)
floor_divide_p = Elementwise(
    "floor_divide",
    np.floor_divide,
    None,
    weak=True,
    samples=samples(REAL, (0.3, 2.0)),
    native=Formula(formulas.floor_divide, cost=10, floats=formulas.floor_divide_floats),
)
pos_p = unary(
    "positive",
    np.positive,
    1,
    weak=True,
    linear=True,
    native=Formula(formulas.same, selects=True, parts=complexes.same),
)
square_p = unary(
    "square",
    np.square,
    lambda ans, x: 2 * x,
    native=Formula(formulas.square, parts=complexes.square),
    recurrence=SQUARE,
)
passes(neg_p, pos_p, sign=True)
reciprocal_p = unary(
    "reciprocal",
    np.reciprocal,
    (lambda ans, x: ans, lambda ans, x: -ans),
    (0.3, 2.0),
    native=Formula(formulas.reciprocal, cost=4, kinds="f", parts=complexes.reciprocal),
)


add = function_of(add_p)
with_example(
    add,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.add(np.array([1.0, 2.0]), 10.0)
    array([11., 12.])
    """,
)
subtract = function_of(sub_p)
with_example(
    subtract,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.sub(np.array([5, 1]), 2)
    array([ 3, -1])
    """,
)
negative = function_of(neg_p)
with_example(
    negative,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.neg(np.array([1.0, -2.0]))
    array([-1.,  2.])
    """,
)
multiply = function_of(mul_p)
with_example(
    multiply,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.mul(np.array([2, 3]), np.array([4, 5]))
    array([ 8, 15])
    """,
)
divide = function_of(div_p)
with_example(
    divide,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.div(np.array([7.0, -7.0]), 2.0)
    array([ 3.5, -3.5])
    """,
)
remainder = function_of(mod_p)
with_example(
    remainder,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.mod(wnp.array([7, -7]), 3)
    array([1, 2])
    """,
)
fmod = function_of(fmod_p)
with_example(
    fmod,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.rem(np.array([7, -7]), 3)
    array([ 1, -1])
    """,
)
floor_divide = function_of(floor_divide_p)
with_example(
    floor_divide,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.floor_divide(wnp.array([7, -7]), 2)
    array([ 3, -4])
    """,
)
positive = function_of(pos_p)
with_example(
    positive,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.positive(wnp.array([-1.0, 2.0]))
    array([-1.,  2.])
    """,
)
square = function_of(square_p)
with_example(
    square,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.square(np.array([-3.0, 1.5]))
    array([9.  , 2.25])
    """,
)
reciprocal = function_of(reciprocal_p)
with_example(
    reciprocal,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.reciprocal(wnp.array([2.0, -4.0]))
    array([ 0.5 , -0.25])
    """,
)
