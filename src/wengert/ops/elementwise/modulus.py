"""The modulus of a number, its sign, and how both change at the kink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core import Primitive, Value, dtype_of, inexact_dtype, shape_of
from ...documented import with_example
from ...lowering import Composition, Formula, complexes, formulas
from ...vocabulary import Linearizing, Params, Pushed, Results
from ..casts import conj, convert, imag, real
from ..declare import binary, function_of, quietly
from ..families import Elementwise
from ..promotion import broadcast_shapes
from ..roots import Root, known
from ..samples import REAL, samples
from ..shape import broadcast_to, stack
from ..sides import ASIDE, BESIDE, Slope, side_by_tangent
from .arithmetic import divide, multiply, square
from .choice import where
from .order import equal


class _OfModulus(Elementwise):
    """A function whose rule for complex numbers is `complex_tangent`: it is not holomorphic."""

    def complex_tangent(self, ans: Value, x: Value, t: Value) -> Value:
        raise NotImplementedError

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x,), (t,) = primals, tangents
        if dtype_of(x).kind != "c" or t is None:
            return super().jvp(primals, tangents, params)
        ans = self.bind(x)
        return ans, self.complex_tangent(ans, x, t)

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        if dtype_of(primals[0]).kind == "c":
            return Primitive.linearize(self, trace, primals, tangents, params)
        return super().linearize(trace, primals, tangents, params)


def _ratio(x: Any, size: Any) -> Value:
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.true_divide(x, size)
    missing = np.equal(size, 0)
    return np.where(missing, out.dtype.type(0), out)[()] if missing.any() else out


def _ratio_by_choice(x: Value, size: Value) -> Value:
    at_zero = equal(size, 0)
    if "c" in (dtype_of(x).kind, dtype_of(size).kind):  # divided by NumPy, which would warn
        size = where(at_zero, dtype_of(size).type(1), size)
    out = divide(x, size)
    return where(at_zero, dtype_of(out).type(0), out)


def _curvature(size: Value) -> Value:
    """``1 / size``, and NaN at 0, where the curvature of a norm is unbounded."""
    return 1 / where(equal(size, 0), dtype_of(size).type(np.nan), size)


# ``x / size`` where `size` is a norm of which `x` is a component: how the norm grows with it, and 0 at 0, the least
# of the subgradients. The next derivative is NaN there: it is infinite, and no direction has more of a claim than others.
ratio_p = binary(
    "ratio",
    _ratio,
    quietly(lambda ans, x, size: _curvature(size)),
    quietly(lambda ans, x, size: -ans * _curvature(size)),
    native=Composition(_ratio_by_choice),
)
ratio = ratio_p.bind


class _Abs(_OfModulus):
    kink = True

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x,), (t,) = primals, tangents
        if ASIDE.on and t is not None and inexact_dtype(dtype_of(x)) and dtype_of(x).kind != "c":
            return self.bind(x), multiply(side_by_tangent(x, t), t)
        return super().jvp(primals, tangents, params)

    def complex_tangent(self, ans: Value, x: Value, t: Value) -> Value:
        return real(conj(ratio(x, ans)) * t)


class _Sign(_OfModulus):
    """``z / |z|`` of a complex number turns with it: its tangent is at a right angle to it. At 0 there is none."""

    def complex_tangent(self, ans: Value, x: Value, t: Value) -> Value:
        size = absolute(x)
        turn = imag(conj(ans) * t) / where(equal(size, 0), dtype_of(size).type(np.inf), size)
        return ans * (convert(turn, dtype_of(ans)) * dtype_of(ans).type(1j))


def _sum_of_squares(two: Callable[[], tuple[Value, Value]], *source: Value) -> Root:
    """The root of a sum of two squares, of numbers that have its dtype."""

    def total() -> Value:
        x, y = two()
        return square(x) + square(y)

    def parts() -> Value:
        x, y = two()
        shape = broadcast_shapes("hypot", shape_of(x), shape_of(y))
        return stack([broadcast_to(x, shape), broadcast_to(y, shape)])

    return Root(square=total, parts=parts, source=source)


def _of_modulus(x: Value) -> Root:
    """Of ``|x|``; of a complex number the square is a sum of two."""
    if dtype_of(x).kind == "c":
        return _sum_of_squares(lambda: (real(x), imag(x)), x)
    return Root(signed=lambda: x, source=(x,))


abs_p = _Abs(
    "absolute",
    np.absolute,
    (lambda ans, x: slope_p.bind(x),),
    weak=True,
    samples=samples(REAL),
    native=Formula(formulas.absolute, parts=complexes.absolute),
)
known(abs_p, _of_modulus)
sign_p = _Sign(
    "sign", np.sign, None, samples=samples(REAL), native=Formula(formulas.sign, bounded=True, parts=complexes.sign)
)


def _toward(x: Any, t: Any) -> Value:
    return np.where(np.equal(x, 0), np.sign(t), np.sign(x))[()]


# How ``|x|`` grows with a real x: as its sign says, and at the kink 0 or, beside it, as the sign of how x moves.
_REALS = {"complex": "a slope is that of the modulus of a real number"}
slope_p = Slope("slope", np.sign, samples=samples(REAL), reasons=_REALS, native=Formula(formulas.sign, bounded=True))
slope_toward_p = Slope(
    "slope_toward",
    _toward,
    samples=lambda: [((np.array([0.4, -0.5, 2.0]), np.array([-0.3, 0.2, 0.7])), {})],
    reasons=_REALS,
    native=Composition(lambda x, t: where(equal(x, 0), sign(t), sign(x))),
)
Slope.toward = slope_toward_p.bind


def _abs_beside(args: Sequence[Value], side: Callable[[], Value]) -> tuple[Value, Any]:
    return absolute(args[0]), side


def _slope_beside(args: Sequence[Value], side: Callable[[], Value]) -> tuple[Value, Any]:
    return side(), None


BESIDE.update({abs_p: _abs_beside, slope_p: _slope_beside, slope_toward_p: _slope_beside})
copysign_p = binary(
    "copysign",
    np.copysign,
    lambda ans, x, y: 1.0 if x is y else sign(x) * sign(ans),  # with its own sign it is x
    None,
    native=Formula(formulas.copysign, kinds="f"),
)


absolute = function_of(abs_p)
with_example(
    absolute,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.abs(np.array([-1.5, 2.0]))
    array([1.5, 2. ])
    """,
)
sign = function_of(sign_p)
with_example(
    sign,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.sign(np.array([-3.0, 0.0, 2.0]))
    array([-1.,  0.,  1.])
    """,
)
copysign = function_of(copysign_p)
with_example(
    copysign,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.copysign(3.0, wnp.array([-0.0, 2.0]))
    array([-3.,  3.])
    """,
)
