"""`jax.lax`: the rooms of `interop/lax` put together."""

# ruff: noqa: F401, F403, F405 (a namespace: imported names are its content)
from __future__ import annotations

from ..lax import (
    branches,
    collectives,
    control,
    convolution,
    elementwise,
    enums,
    joining,
    misc,
    primitives,
    products,
    reductions,
    shapes,
    slicing,
    windows,
)
from ..lax.branches import *
from ..lax.collectives import *
from ..lax.control import *
from ..lax.convolution import *
from ..lax.elementwise import *
from ..lax.enums import *
from ..lax.joining import *
from ..lax.misc import *
from ..lax.primitives import *
from ..lax.products import *
from ..lax.reductions import *
from ..lax.shapes import *
from ..lax.slicing import *
from ..lax.windows import *
from .transformations import stop_gradient

__all__ = [
    *branches.__all__, *collectives.__all__, *control.__all__, *convolution.__all__, *elementwise.__all__, *enums.__all__,
    *joining.__all__, *misc.__all__,
    *products.__all__, *reductions.__all__, *shapes.__all__, *slicing.__all__, *windows.__all__,
    *[n for n in primitives.__all__ if n.endswith("_p") and n not in ("jit_p", "pjit_p", "remat_p")], "stop_gradient",
]  # fmt: skip
