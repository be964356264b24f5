"""`jax.test_util`: `check_grads` with tolerances and steps that fit the dtypes of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import testing, trees
from ..array import kind_of
from ..border import lower, lowered

# The tolerance and the step of the differences for each dtype, as JAX has them.
_TOLERANCES = {"float16": (0.1, 1e-2), "bfloat16": (0.1, 1e-2), "float32": (1e-3, 1e-2), "complex64": (1e-3, 1e-2)}


def check_grads(
    f: Callable[..., Any], args: Sequence[Any], order: int, modes: Sequence[str] = ("fwd", "rev"), atol: float | None = None,
    rtol: float | None = None, eps: float | None = None,
) -> None:  # fmt: skip
    """Compare derivatives of `f` with central differences along a random direction, to the given order.

    Args:
        f: a function of arrays and pytrees of them.
        args: where it is differentiated.
        order: 1 checks first derivatives; 2 their derivatives too; and so on.
        modes: "fwd", "rev" or both.
        atol, rtol, eps: tolerances and the step; by default those that fit the dtypes.

    Raises:
        AssertionError: with the mode and order in which they disagree.
    """
    kinds = [kind_of(x)[0].name for x in trees.leaves(tuple(args))]
    tolerance, step = max([_TOLERANCES.get(k, (1e-5, 1e-4)) for k in kinds], default=(1e-5, 1e-4))
    atol, rtol, eps = (
        given if given is not None else own for given, own in ((atol, tolerance), (rtol, tolerance), (eps, step))
    )
    modes = (modes,) if isinstance(modes, str) else modes
    arrays = trees.map(lambda x: np.asarray(x, kind_of(x)[0]), lower(tuple(args)))
    testing.check_grads(lowered(f), arrays, order, modes, atol, rtol, eps)


__all__ = ["check_grads"]
