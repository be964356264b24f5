"""NumPy's namespace for arrays and values under transformation. Thin: it names what its files and `wengert.ops` hold."""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from ..nearest import no_attribute as _no_attribute
from ..ops.einsum import einsum
from ..ops.elementwise import (
    absolute,
    add,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    cbrt,
    ceil,
    conj,
    copysign,
    cos,
    cosh,
    divide,
    equal,
    exp,
    exp2,
    expm1,
    floor,
    floor_divide,
    fmax,
    fmin,
    fmod,
    gcd,
    greater,
    greater_equal,
    heaviside,
    hypot,
    invert,
    isfinite,
    isinf,
    isnan,
    lcm,
    ldexp,
    left_shift,
    less,
    less_equal,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logaddexp2,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    multiply,
    negative,
    nextafter,
    not_equal,
    positive,
    power,
    reciprocal,
    remainder,
    right_shift,
    rint,
    sign,
    signbit,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    trunc,
)  # fmt: skip
from ..ops.updates import at
from . import (
    bits,
    calculus,
    comparisons,
    conversion,
    counting,
    creation,
    dtypes,
    elementary,
    functional,
    inspection,
    joining,
    ordering,
    padding,
    patterns,
    polynomials,
    products,
    reductions,
    running,
    searching,
    sets,
    shaping,
    statistics,
    views,
    windows,
    without_nan,
    writing,
)
from .bits import *
from .calculus import *
from .comparisons import *
from .conversion import *
from .counting import *
from .creation import *
from .dtypes import *
from .elementary import *
from .functional import *
from .inspection import *
from .joining import *
from .ordering import *
from .padding import *
from .patterns import *
from .polynomials import *
from .products import *
from .reductions import *
from .running import *
from .searching import *
from .sets import *
from .shaping import *
from .statistics import *
from .views import *
from .windows import *
from .without_nan import *
from .writing import *

if _TYPE_CHECKING:
    from . import fft, linalg

_FILES = (
    bits,
    calculus,
    comparisons,
    conversion,
    counting,
    creation,
    patterns,
    dtypes,
    elementary,
    functional,
    inspection,
    joining,
    polynomials,
    products,
    reductions,
    without_nan,
    running,
    searching,
    ordering,
    sets,
    shaping,
    padding,
    statistics,
    views,
    windows,
    writing,
)
_OPS = (
    "absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh at bitwise_and bitwise_or bitwise_xor cbrt ceil "
    "conj copysign cos cosh divide einsum equal exp exp2 expm1 floor floor_divide fmax fmin fmod gcd greater "
    "greater_equal heaviside hypot invert isfinite isinf isnan lcm ldexp left_shift less less_equal log "
    "log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor maximum minimum "
    "multiply negative nextafter not_equal positive power reciprocal remainder right_shift rint sign signbit "
    "sin sinh sqrt square subtract tan tanh trunc"
).split()
__all__ = sorted({*_OPS, *[name for file in _FILES for name in file.__all__]})


def __getattr__(name: str) -> _Any:
    if name in ("fft", "linalg"):  # imported when first used
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in dtypes.EXTENDED_FLOATS or name in dtypes.EXTENDED_INTEGERS:
        found = globals()[name] = getattr(dtypes, name)  # asked for once
        return found
    raise _no_attribute(__name__, name, __all__)


def __dir__() -> list[str]:
    return [*__all__, "bfloat16", "fft", "linalg"]
