"""Which operation of the library a universal function is: NumPy's and SciPy's by name, once for each.

SciPy is not imported for it: who calls ``scipy.special.erf`` has done so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from ..core import Primitive, as_value
from ..errors import NotSupportedError
from ..vocabulary import Function, Value
from . import elementwise  # noqa: F401  (fills the registry)
from .above import namespace
from .families import Elementwise
from .objects import elements, unpacked

BINDS: dict[Any, Callable[..., Any]] = {
    p.function: p.bind
    for p in Primitive.registry.values()
    if isinstance(p, Elementwise) and isinstance(p.function, np.ufunc)
}
_FOUND: dict[Any, Callable[..., Any]] = {}
# Ufuncs that functions of SciPy are made of, and the name of these.
_INNER = {"_lambertw": "lambertw", "_riemann_zeta": "zeta", "_zeta": "zeta"}
_INSTEAD = {
    "bdtr": "wengert.scipy.stats.binom.cdf(k, n, p)",
    "bdtrc": "wengert.scipy.stats.binom.sf(k, n, p)",
    "betainccinv": "wengert.scipy.special.betaincinv(a, b, 1 - y)",
    "chdtr": "wengert.scipy.stats.chi2.cdf(x, v)",
    "chdtrc": "wengert.scipy.stats.chi2.sf(x, v)",
    "cosdg": "np.cos(np.radians(x))",
    "cosm1": "-2 * np.sin(x / 2)**2",
    "cotdg": "1 / np.tan(np.radians(x))",
    "exp10": "np.power(10.0, x)",
    "fdtr": "wengert.scipy.special.betainc(dfn / 2, dfd / 2, dfn * x / (dfd + dfn * x))",
    "fdtrc": "wengert.scipy.special.betaincc(dfn / 2, dfd / 2, dfn * x / (dfd + dfn * x))",
    "gdtr": "wengert.scipy.special.gammainc(b, a * x)",
    "gdtrc": "wengert.scipy.special.gammaincc(b, a * x)",
    "jve": "scipy.special.jv(v, x) for real x",
    "nbdtr": "wengert.scipy.stats.nbinom.cdf(k, n, p)",
    "nbdtrc": "wengert.scipy.stats.nbinom.sf(k, n, p)",
    "pdtr": "wengert.scipy.stats.poisson.cdf(k, m)",
    "pdtrc": "wengert.scipy.stats.poisson.sf(k, m)",
    "powm1": "np.expm1(y * np.log(x))",
    "sindg": "np.sin(np.radians(x))",
    "tandg": "np.tan(np.radians(x))",
    "yve": "scipy.special.yv(v, x) for real x",
    "zetac": "scipy.special.zeta(x) - 1",
}


def operation(ufunc: np.ufunc) -> Function:
    """The function of `wengert.numpy` or `wengert.scipy.special` (or a primitive) that a ufunc is here.

    Raises:
        NotSupportedError: there is none; it says what to write.
    """
    found = _FOUND.get(ufunc)
    if found is None:
        found = _FOUND[ufunc] = _find(ufunc)
    return found


def name_of(ufunc: np.ufunc) -> str:
    """What a user calls a ufunc: ``np.sin``, ``scipy.special.erf``."""
    name = ufunc.__name__
    if getattr(np, name, None) is ufunc:
        return f"np.{name}"
    return f"scipy.special.{_INNER.get(name, name)}" if _is_scipy(ufunc) else name


def _is_scipy(ufunc: np.ufunc) -> bool:
    """Whether a ufunc is one of scipy.special, the private ones of which its functions are made included."""
    loaded = sys.modules.get("scipy.special")
    name = ufunc.__name__
    if loaded is None:
        return False
    rooms = [v for v in vars(loaded).values() if isinstance(v, ModuleType) and "ufuncs" in v.__name__]
    return any(getattr(room, name, None) is ufunc for room in (loaded, *rooms))


def _find(ufunc: Any) -> Callable[..., Any]:
    ours = namespace("numpy")
    name: str = ufunc.__name__
    found: Any = None
    if getattr(np, name, None) is ufunc:
        found = getattr(ours, name, None) or BINDS.get(ufunc)
        remedy = "write it with the functions of wengert.numpy, or give your function a rule with custom_jvp"
    elif _is_scipy(ufunc):
        special = namespace("scipy.special")
        if name == "_lambertw":  # its third argument is a tolerance
            return lambda z, k, tol: special.lambertw(z, k)
        found = getattr(special, _INNER.get(name) or name, None)
        remedy = "give a function around it a rule with custom_jvp"
        if name in _INSTEAD:
            remedy = f"write {_INSTEAD[name]}"
    elif all(set(kinds) <= set("O->") for kinds in ufunc.types):  # np.frompyfunc
        return _elementwise(ufunc)
    else:
        remedy = (
            "call the Python function that it was made from, with wengert.vmap for the loop over elements, or give a "
            "function around it a rule with custom_jvp"
        )
    if found is None:
        raise NotSupportedError(f"{name_of(ufunc)} has no derivative rule here; {remedy}")
    return found


def _elementwise(ufunc: np.ufunc) -> Function:
    """A Python function of numbers that `np.frompyfunc` has made a ufunc, called for one element after the other."""

    def call(*args: Any) -> Any:
        out = ufunc(*[elements(a) for a in args])
        return tuple([_stacked(o) for o in out]) if type(out) is tuple else _stacked(out)

    return call


def _stacked(out: Value) -> Value:
    out = unpacked(out) if type(out) is np.ndarray else as_value(out)
    return np.asarray(out.tolist()) if isinstance(out, np.ndarray) and out.dtype.hasobject else out


def remedy_in_scipy(calls: list[str]) -> tuple[str, str]:
    """The name of the user's call among functions of SciPy that ended in an error, and what to write instead."""
    scipy = namespace("scipy")
    for name in calls:
        room, *rest = name.split(".")
        ours: Any = getattr(scipy, room, None)
        for part in rest:
            ours = getattr(ours, part, None)
        if callable(ours):
            return f"scipy.{name}", f"write wengert.scipy.{name}, which is the same function of traced values"
    remedy = "compute with NumPy's functions, or give a function around the call a rule with custom_jvp"
    return f"scipy.{calls[0]}" if calls else "SciPy", remedy


__all__ = ["BINDS", "name_of", "operation", "remedy_in_scipy"]
