"""`jax.extend.core.primitives`: every primitive that there is."""

from __future__ import annotations

from typing import Any

from ..extend.custom import custom_jvp_call_p, custom_vjp_call_p
from ..extend.primitive import CallPrimitive
from ..extend.translation import add_jaxvals_p
from ..lax import primitives as _primitives
from . import lax_linalg as _linalg

call_p, closed_call_p = CallPrimitive("call"), CallPrimitive("closed_call")
_MATRICES = [n for n in dir(_linalg) if n.endswith("_p") and not n.startswith("_")]


def __getattr__(name: str) -> Any:
    if name in _MATRICES:
        return getattr(_linalg, name)
    if name.endswith("_p") and name in _primitives.__all__:
        return getattr(_primitives, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [  # noqa: PLE0604
    "add_jaxvals_p", "call_p", "closed_call_p", "custom_jvp_call_p", "custom_vjp_call_p", *_MATRICES,
    *[n for n in _primitives.__all__ if n.endswith("_p")],
]  # fmt: skip
