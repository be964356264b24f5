"""`jax.test_util`: `check_grads` with tolerances and steps that fit the dtypes of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import testing, trees
from ..array import kind_of
from ..border import lower, lowered
from .numpy import array

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


def _draw(tree: Any, seed: int) -> Any:
    """A direction: an array of normal numbers for each leaf."""
    rng = np.random.default_rng(seed)
    return trees.map(lambda x: array(rng.standard_normal(np.shape(lower(x))), kind_of(x)[0]), tree)


def _moved(args: Any, direction: Any, step: float) -> Any:
    return trees.map(lambda x, d: array(x) + step * d, args, direction)


def _compare(ours: Any, theirs: Any, atol: float, rtol: float, message: str) -> None:
    for a, b in zip(trees.leaves(ours), trees.leaves(theirs), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol, atol, err_msg=message)


def _settings(args: Any, atol: Any, rtol: Any, eps: Any) -> tuple[float, float, float]:
    kinds = [kind_of(x)[0].name for x in trees.leaves(tuple(args))]
    tolerance, step = max([_TOLERANCES.get(k, (1e-5, 1e-4)) for k in kinds], default=(1e-5, 1e-4))
    return (tolerance if atol is None else atol, tolerance if rtol is None else rtol, step if eps is None else eps)


def _difference(f: Callable[..., Any], args: tuple[Any, ...], direction: Any, eps: float) -> Any:
    """The central difference of a function along a direction."""
    high, low = f(*_moved(args, direction, eps)), f(*_moved(args, direction, -eps))
    return trees.map(lambda a, b: (a - b) / (2 * eps), high, low)


def check_jvp(
    f: Callable[..., Any], f_jvp: Callable[..., Any], args: Sequence[Any], atol: float | None = None, rtol: float | None = None,
    eps: float | None = None, err_msg: str = "",
) -> None:  # fmt: skip
    """Compare ``f_jvp(args, tangents)`` with the value of `f` and its central difference along a direction.

    Raises:
        AssertionError: they disagree.
    """
    atol, rtol, eps = _settings(args, atol, rtol, eps)
    args = tuple(args)
    direction = _draw(args, 0)
    value, tangent = f_jvp(args, direction)
    _compare(value, f(*args), atol, rtol, f"{err_msg} primal")
    _compare(tangent, _difference(f, args, direction, eps), atol, rtol, f"{err_msg} tangent")


def check_vjp(
    f: Callable[..., Any], f_vjp: Callable[..., Any], args: Sequence[Any], atol: float | None = None, rtol: float | None = None,
    eps: float | None = None, err_msg: str = "",
) -> None:  # fmt: skip
    """Compare ``f_vjp(*args)``, value and pullback, with the value of `f` and its central difference along a direction.

    Raises:
        AssertionError: they disagree.
    """
    atol, rtol, eps = _settings(args, atol, rtol, eps)
    args = tuple(args)
    value, pullback = f_vjp(*args)
    _compare(value, f(*args), atol, rtol, f"{err_msg} primal")
    direction, cotangent = _draw(args, 0), _draw(value, 1)
    moved = _difference(f, args, direction, eps)
    _compare(
        _inner(direction, pullback(cotangent)), _inner(moved, cotangent), atol, rtol, f"{err_msg} cotangent projected"
    )


def _inner(x: Any, y: Any) -> Any:
    """The inner product of two trees."""
    return sum(np.vdot(np.asarray(a), np.asarray(b)) for a, b in zip(trees.leaves(x), trees.leaves(y), strict=True))


def check_close(xs: Any, ys: Any, atol: float | None = None, rtol: float | None = None, err_msg: str = "") -> None:
    """Compare two trees of arrays, leaf by leaf.

    Args:
        xs, ys: trees of one structure.
        atol, rtol: tolerances, for all or by dtype in a dict; by default those that fit the dtypes.
        err_msg: what to say if they differ.

    Raises:
        AssertionError: they differ.
    """

    def tolerance(given: Any, dtypes: Sequence[np.dtype]) -> float:
        own = {d: 1e-6 if d.name in ("float32", "complex64") else 1e-2 if d.itemsize == 2 else 1e-15 for d in dtypes}
        if given is None or isinstance(given, dict):
            own |= {np.dtype(k): v for k, v in (given or {}).items()}
            return max(own[d] for d in dtypes)
        return given

    def compare(x: Any, y: Any) -> None:
        dtypes = [kind_of(v)[0] for v in (x, y)]
        np.testing.assert_allclose(
            np.asarray(lower(x)), np.asarray(lower(y)), rtol=tolerance(rtol, dtypes), atol=tolerance(atol, dtypes), err_msg=err_msg
        )  # fmt: skip

    trees.map(compare, xs, ys)


__all__ = ["check_close", "check_grads", "check_jvp", "check_vjp"]
