"""Rounding, comparison, logic, bits: operations without a derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Value
from ...lowering import Formula, complexes, formulas
from ..declare import REAL, SHAPES, function_of, samples
from ..families import Elementwise


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
gcd_p = _bits("gcd", np.gcd)
lcm_p = _bits("lcm", np.lcm)


floor = function_of(floor_p)
ceil = function_of(ceil_p)
trunc = function_of(trunc_p)
rint = function_of(rint_p)
equal = function_of(equal_p)
not_equal = function_of(not_equal_p)
less = function_of(less_p)
less_equal = function_of(less_equal_p)
greater = function_of(greater_p)
greater_equal = function_of(greater_equal_p)
logical_and = function_of(logical_and_p)
logical_or = function_of(logical_or_p)
logical_xor = function_of(logical_xor_p)
logical_not = function_of(logical_not_p)
isfinite = function_of(isfinite_p)
isinf = function_of(isinf_p)
isnan = function_of(isnan_p)
signbit = function_of(signbit_p)
nextafter = function_of(nextafter_p)
bitwise_and = function_of(bitwise_and_p)
bitwise_or = function_of(bitwise_or_p)
bitwise_xor = function_of(bitwise_xor_p)
invert = function_of(invert_p)
left_shift = function_of(left_shift_p)
right_shift = function_of(right_shift_p)
gcd = function_of(gcd_p)
lcm = function_of(lcm_p)
