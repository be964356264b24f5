"""`jax.experimental.ode`: `odeint` with the steps of JAX's, so that its values are JAX's to rounding.

The method of Dormand and Prince, J. Comput. Appl. Math. 6 (1980); the first step and the choice of steps of E. Hairer,
S. Nørsett, G. Wanner, "Solving ordinary differential equations I", section II.4, with sums of squares in the norms of the
first step; steps go past the times that are asked for, which a polynomial of degree 4 through the midpoint of L. F. Shampine,
Math. Comput. 46 (1986), gives. The derivative is the adjoint equation, R. T. Q. Chen et al., arXiv:1806.07366, appendix C,
solved by the same method backwards in time. `wengert.scipy.integrate.odeint` ends a step at every time, and has the
derivatives of the steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import numpy as wnp
from ... import trees
from ...core import as_array, dtype_of, is_inexact, shape_of
from ...flatten_util import ravel_pytree
from ...ops.elementwise import convert
from ...scipy.integrate import _STAGES, _TIMES, _combine
from ...transforms.control import scan, while_loop
from ...transforms.custom_rules import custom_vjp
from ...transforms.jit import closure_convert
from ...transforms.reverse import vjp
from ...transforms.vmap import vmap
from ..border import bordered

# The weights of the solution of order 5 less those of the embedded one of order 4, Shampine's.
_ERROR = (
    35 / 384 - 1951 / 21600, 0.0, 500 / 1113 - 22642 / 50085, 125 / 192 - 451 / 720, -2187 / 6784 + 12231 / 42400,
    11 / 84 - 649 / 6300, -1 / 60,
)  # fmt: skip
_MIDDLE = (
    6025192743 / 30085553152 / 2, 0.0, 51252292925 / 65400821598 / 2, -2691868925 / 45128329728 / 2,
    187940372067 / 1594534317056 / 2, -1776094331 / 19743644256 / 2, 11237099 / 235043384 / 2,
)  # fmt: skip


class _How(NamedTuple):
    rtol: Any
    atol: Any
    mxstep: Any
    hmax: Any


def _norm(x: Any) -> Any:
    return wnp.sqrt(wnp.sum(wnp.abs(x) ** 2))


def _first_step(f: Callable[..., Any], t: Any, y: Any, slope: Any, how: _How) -> Any:
    scale = how.atol + wnp.abs(y) * how.rtol
    size, speed = _norm(y / scale), _norm(slope / scale)
    guess = wnp.where(wnp.logical_or(size < 1e-5, speed < 1e-5), 1e-6, 0.01 * size / speed)
    bend = _norm((f(y + guess * slope, t + guess) - slope) / scale) / guess
    flat = wnp.logical_and(speed <= 1e-15, bend <= 1e-15)
    step = wnp.where(flat, wnp.maximum(1e-6, guess * 1e-3), (0.01 / wnp.maximum(speed, bend)) ** 0.2)
    return wnp.minimum(100.0 * guess, step)


def _next_step(step: Any, ratio: Any) -> Any:
    least = wnp.where(ratio < 1, 1.0, 0.2)
    factor = wnp.minimum(10.0, wnp.maximum(ratio**-0.2 * 0.9, least))
    return wnp.where(ratio == 0, step * 10.0, step * factor)


def _polynomial(y0: Any, y1: Any, slopes: list[Any], h: Any) -> Any:
    """Coefficients of the polynomial in the share of the step, ``(5, n)``, highest first."""
    middle = y0 + h * _combine(_MIDDLE, slopes)
    d0, d1 = h * slopes[0], h * slopes[-1]
    return wnp.stack([
        -2.0 * d0 + 2.0 * d1 - 8.0 * y0 - 8.0 * y1 + 16.0 * middle,
        5.0 * d0 - 3.0 * d1 + 18.0 * y0 + 14.0 * y1 - 32.0 * middle,
        -4.0 * d0 + d1 - 11.0 * y0 - 5.0 * y1 + 16.0 * middle,
        d0,
        y0,
    ])  # fmt: skip


def _forwards(f: Callable[..., Any], y0: Any, times: Any, how: _How) -> Any:
    """The states at `times`, ``(times, n)``, of the vector `y0` under the slope ``f(y, t)``."""
    kind, real = dtype_of(y0), dtype_of(times)

    def number(x: Any) -> Any:
        return convert(as_array(x), real)

    def attempt(state: Any) -> Any:
        count, y, slope, now, step, _, _ = state
        slopes = [slope]
        h, new = convert(step, kind), y
        for c, weights in zip(_TIMES, _STAGES, strict=True):
            new = y + h * _combine(weights, slopes)
            slopes.append(f(new, now + c * step))
        error = h * _combine(_ERROR, slopes)
        scale = how.atol + how.rtol * wnp.maximum(wnp.abs(y), wnp.abs(new))
        ratio = wnp.sqrt(wnp.mean(wnp.abs(error / scale) ** 2))
        good = ratio <= 1.0
        after = number(wnp.clip(_next_step(step, ratio), 0.0, how.hmax))
        taken = (new, slopes[-1], now + step, after, now, _polynomial(y, new, slopes, h))
        kept = (y, slope, now, after, *state[5:])
        return (count + 1, *(wnp.where(good, a, b) for a, b in zip(taken, kept, strict=True)))

    def until(carry: Any, end: Any) -> Any:
        def going(state: Any) -> Any:
            return wnp.logical_and(state[3] < end, wnp.logical_and(state[0] < how.mxstep, state[4] > 0))

        _, *carry = while_loop(going, attempt, (wnp.asarray(0), *carry))
        _, _, now, _, last, polynomial = carry
        share = convert((end - last) / (now - last), kind)
        value = polynomial[0]
        for i in range(1, 5):
            value = value * share + polynomial[i]
        return tuple(carry), value

    slope = f(y0, times[0])
    step = number(wnp.clip(_first_step(f, times[0], y0, slope, how), 0.0, how.hmax))
    _, ys = scan(until, (y0, slope, times[0], step, times[0], wnp.stack([y0] * 5)), times[1:])
    return wnp.concatenate([y0[None], ys])


def _solve(func: Callable[..., Any], y0: Any, times: Any, inputs: list[Any], how: _How) -> Any:
    """`_forwards` of the slope ``func(y, t, *inputs)``, with the adjoint equation as its derivative."""

    @custom_vjp
    def solution(y0: Any, times: Any, inputs: list[Any]) -> Any:
        return _forwards(lambda y, t: func(y, t, *inputs), y0, times, how)

    def forward(y0: Any, times: Any, inputs: list[Any]) -> Any:
        ys = solution(y0, times, inputs)
        return ys, (ys, times, inputs)

    def backward(kept: Any, cotangent: Any) -> Any:
        ys, times, inputs = kept
        start = (ys[-1], cotangent[-1], wnp.zeros_like(times[0]), [wnp.zeros_like(x) for x in inputs])
        unravel = ravel_pytree(start)[1]

        def augmented(state: Any, t: Any, *inputs: Any) -> Any:
            y, pull, _, _ = unravel(state)
            slope, pullback = vjp(func, y, -t, *inputs)
            to_y, to_t, *to_inputs = pullback(convert(pull, dtype_of(slope)))
            return ravel_pytree((-slope, to_y, to_t, to_inputs))[0]

        def interval(carry: Any, i: Any) -> Any:
            pull, to_start, to_inputs = carry
            moved = wnp.real(wnp.sum(func(ys[i], times[i], *inputs) * cotangent[i]))
            state = ravel_pytree((ys[i], pull, to_start - moved, to_inputs))[0]
            both = _solve(augmented, state, wnp.stack([-times[i], -times[i - 1]]), inputs, how)
            _, pull, to_start, to_inputs = unravel(both[1])
            return (pull + cotangent[i - 1], to_start, to_inputs), moved

        count = shape_of(times)[0]
        (pull, to_start, to_inputs), moved = scan(interval, start[1:], wnp.arange(count - 1, 0, -1))
        return pull, wnp.concatenate([wnp.reshape(to_start, (1,)), moved[::-1]]), to_inputs

    solution.defvjp(forward, backward)
    return solution(y0, times, inputs)


@bordered
def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    *args: Any,
    rtol: Any = 1.4e-8,
    atol: Any = 1.4e-8,
    mxstep: Any = np.inf,
    hmax: Any = np.inf,
) -> Any:
    """Solve ``dy/dt = func(y, t, *args)`` by Dormand and Prince's method with adaptive steps, those of JAX's `odeint`.

    The derivative is reverse mode's alone: the adjoint equation, to the same tolerances.

    Args:
        func: the slope, of the structure and shapes of `y0`.
        y0: the start, an array or a pytree of them.
        t: a vector of floats that increase, `y0` being the state at the first.
        args: arrays and pytrees of them that `func` also takes.
        rtol, atol: the error of a step is kept below ``atol + rtol * abs(y)`` in the mean square.
        mxstep: the most attempts between two times. hmax: the longest step.

    Returns:
        The states at the times, each leaf with a leading axis as long as `t`.

    Raises:
        TypeError: `t` holds no floats.

    Example:
        >>> print(odeint(lambda y, t: -y, np.array([1.0]), np.array([0.0, 1.0]))[-1].round(6))
        [0.367879]
    """
    times = as_array(t)
    if dtype_of(times).kind != "f":
        raise TypeError(f"t must be an array of floats, but got {t}.")
    y0 = trees.map(as_array, y0)
    start, unravel = ravel_pytree(y0)
    if not is_inexact(start):
        start = convert(start, dtype_of(times))
    converted, closed = closure_convert(func, unravel(start), times[0], *args)
    leaves, tree = trees.flatten(((*args, *closed), {}))
    leaves = [as_array(x) for x in leaves]
    moving = [i for i, x in enumerate(leaves) if is_inexact(x)]

    def slope(y: Any, t: Any, *inputs: Any) -> Any:
        whole = list(leaves)
        for i, x in zip(moving, inputs, strict=True):
            whole[i] = x
        arguments, _ = trees.unflatten(tree, whole)
        return convert(ravel_pytree(converted(unravel(y), t, *arguments))[0], dtype_of(start))

    ys = _solve(slope, start, times, [leaves[i] for i in moving], _How(rtol, atol, mxstep, hmax))
    rows: Any = vmap(unravel)
    return rows(ys)


__all__ = ["odeint"]
