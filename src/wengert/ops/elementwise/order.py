"""Rounding, comparison, logic, bits: operations without a derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Value
from ...documented import with_example
from ...lowering import Formula, complexes, formulas
from ..declare import function_of
from ..families import Elementwise
from ..samples import REAL, SHAPES, samples


def _flat(name: str, function: Any, arity: int = 1, **kw: Any) -> Elementwise:
    return Elementwise(name, function, None, samples=samples(*[REAL] * arity), **kw)


def _int_samples(arity: int) -> Callable[[], list[tuple[tuple[Value, ...], dict[str, Any]]]]:
    def make() -> list[tuple[tuple[Value, ...], dict[str, Any]]]:
        rng = np.random.default_rng(3)
        return [(tuple(rng.integers(0, 5, shape) for _ in range(arity)), {}) for shape in SHAPES]

    return make


floor_p = _flat("floor", np.floor, native=formulas.floor)
ceil_p = _flat("ceil", np.ceil, native=formulas.ceil)
trunc_p = _flat("trunc", np.trunc, native=formulas.trunc)
rint_p = _flat("rint", np.rint, native=Formula(formulas.rint, parts=complexes.rint))
equal_p = _flat("equal", np.equal, 2, weak=True, native=Formula(formulas.equal, order=True, parts=complexes.equal))
not_equal_p = _flat(
    "not_equal", np.not_equal, 2, weak=True, native=Formula(formulas.not_equal, order=True, parts=complexes.not_equal)
)
less_p = _flat("less", np.less, 2, weak=True, native=Formula(formulas.less, order=True, parts=complexes.less))
less_equal_p = _flat(
    "less_equal",
    np.less_equal,
    2,
    weak=True,
    native=Formula(formulas.less_equal, order=True, parts=complexes.less_equal),
)
greater_p = _flat(
    "greater", np.greater, 2, weak=True, native=Formula(formulas.greater, order=True, parts=complexes.greater)
)
greater_equal_p = _flat(
    "greater_equal",
    np.greater_equal,
    2,
    weak=True,
    native=Formula(formulas.greater_equal, order=True, parts=complexes.greater_equal),
)
logical_and_p = _flat("logical_and", np.logical_and, 2, native=Formula(formulas.logical_and, truth=True))
logical_or_p = _flat("logical_or", np.logical_or, 2, native=Formula(formulas.logical_or, truth=True))
logical_xor_p = _flat("logical_xor", np.logical_xor, 2, native=Formula(formulas.logical_xor, truth=True))
logical_not_p = _flat("logical_not", np.logical_not, native=Formula(formulas.logical_not, truth=True))
isfinite_p = _flat("isfinite", np.isfinite, native=Formula(formulas.isfinite, parts=complexes.isfinite))
isinf_p = _flat("isinf", np.isinf, native=Formula(formulas.isinf, parts=complexes.isinf))
isnan_p = _flat("isnan", np.isnan, native=Formula(formulas.isnan, parts=complexes.isnan))
signbit_p = _flat("signbit", np.signbit, native=formulas.signbit)
nextafter_p = _flat("nextafter", np.nextafter, 2, native=formulas.nextafter)


def _bits(name: str, function: Any, arity: int = 2, **kw: Any) -> Elementwise:
    return Elementwise(name, function, None, weak=True, samples=_int_samples(arity), **kw)


bitwise_and_p = _bits("bitwise_and", np.bitwise_and, native=formulas.bitwise_and)
bitwise_or_p = _bits("bitwise_or", np.bitwise_or, native=formulas.bitwise_or)
bitwise_xor_p = _bits("bitwise_xor", np.bitwise_xor, native=formulas.bitwise_xor)
invert_p = _bits("invert", np.invert, 1, native=formulas.invert)
left_shift_p = _bits("left_shift", np.left_shift, native=formulas.left_shift)
right_shift_p = _bits("right_shift", np.right_shift, native=formulas.right_shift)
gcd_p = _bits("gcd", np.gcd, native=Formula(formulas.gcd, cost=100, kinds="iu"))
lcm_p = _bits("lcm", np.lcm, native=Formula(formulas.lcm, cost=110, kinds="iu"))


floor = function_of(floor_p)
with_example(
    floor,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.floor(np.array([1.7, -1.2]))
    array([ 1., -2.])
    """,
)
ceil = function_of(ceil_p)
with_example(
    ceil,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.ceil(np.array([1.2, -1.2]))
    array([ 2., -1.])
    """,
)
trunc = function_of(trunc_p)
with_example(
    trunc,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.trunc(wnp.array([1.9, -1.9]))
    array([ 1., -1.])
    """,
)
rint = function_of(rint_p)
with_example(
    rint,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.rint(wnp.array([0.5, 1.5, 2.4]))
    array([0., 2., 2.])
    """,
)
equal = function_of(equal_p)
with_example(
    equal,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.eq(np.array([1, 2]), 2)
    array([False,  True])
    """,
)
not_equal = function_of(not_equal_p)
with_example(
    not_equal,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.ne(np.array([1, 2]), 2)
    array([ True, False])
    """,
)
less = function_of(less_p)
with_example(
    less,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.lt(np.array([1, 2, 3]), 2)
    array([ True, False, False])
    """,
)
less_equal = function_of(less_equal_p)
with_example(
    less_equal,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.le(np.array([1, 2, 3]), 2)
    array([ True,  True, False])
    """,
)
greater = function_of(greater_p)
with_example(
    greater,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.gt(np.array([1, 2, 3]), 2)
    array([False, False,  True])
    """,
)
greater_equal = function_of(greater_equal_p)
with_example(
    greater_equal,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.ge(np.array([1, 2, 3]), 2)
    array([False,  True,  True])
    """,
)
logical_and = function_of(logical_and_p)
with_example(
    logical_and,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.logical_and(wnp.array([1, 0]), [2, 3])
    array([ True, False])
    """,
)
logical_or = function_of(logical_or_p)
with_example(
    logical_or,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.logical_or(wnp.array([0, 0]), [0, 4])
    array([False,  True])
    """,
)
logical_xor = function_of(logical_xor_p)
with_example(
    logical_xor,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.logical_xor(wnp.array([1, 1]), [0, 2])
    array([ True, False])
    """,
)
logical_not = function_of(logical_not_p)
with_example(
    logical_not,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.logical_not(wnp.array([1.5, 0.0]))
    array([False,  True])
    """,
)
isfinite = function_of(isfinite_p)
with_example(
    isfinite,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.is_finite(np.array([1.0, np.inf, np.nan]))
    array([ True, False, False])
    """,
)
isinf = function_of(isinf_p)
with_example(
    isinf,
    """
    >>> import numpy as np
    >>> import wengert.numpy as wnp
    >>> wnp.isinf(wnp.array([1.0, -np.inf, np.nan]))
    array([False,  True, False])
    """,
)
isnan = function_of(isnan_p)
with_example(
    isnan,
    """
    >>> import numpy as np
    >>> import wengert.numpy as wnp
    >>> wnp.isnan(wnp.array([1.0, -np.inf, np.nan]))
    array([False, False,  True])
    """,
)
signbit = function_of(signbit_p)
with_example(
    signbit,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.signbit(wnp.array([-0.0, 0.0, -3.0]))
    array([ True, False,  True])
    """,
)
nextafter = function_of(nextafter_p)
with_example(
    nextafter,
    """
    >>> from wengert import lax
    >>> lax.nextafter(1.0, 2.0) - 1.0 == 2**-52
    np.True_
    """,
)
bitwise_and = function_of(bitwise_and_p)
with_example(
    bitwise_and,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.bitwise_and(0b1100, 0b1010) == 0b1000
    np.True_
    """,
)
bitwise_or = function_of(bitwise_or_p)
with_example(
    bitwise_or,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.bitwise_or(wnp.array([1, 4]), 2)
    array([3, 6])
    """,
)
bitwise_xor = function_of(bitwise_xor_p)
with_example(
    bitwise_xor,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.bitwise_xor(wnp.array([5, 6]), 3)
    array([6, 5])
    """,
)
invert = function_of(invert_p)
with_example(
    invert,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.bitwise_invert(wnp.array([0, 1, -1]))
    array([-1, -2,  0])
    """,
)
left_shift = function_of(left_shift_p)
with_example(
    left_shift,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.bitwise_left_shift(wnp.array([1, 3]), 2)
    array([ 4, 12])
    """,
)
right_shift = function_of(right_shift_p)
with_example(
    right_shift,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.bitwise_right_shift(wnp.array([16, 17]), 3)
    array([2, 2])
    """,
)
gcd = function_of(gcd_p)
with_example(
    gcd,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.gcd(wnp.array([12, 18]), 8)
    array([4, 2])
    """,
)
lcm = function_of(lcm_p)
with_example(
    lcm,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.lcm(wnp.array([4, 6]), 10)
    array([20, 30])
    """,
)
