"""scipy.integrate: integrals of samples, and `odeint` for ordinary differential equations.

Formulas: simpson, K. V. Cartwright, "Simpson's rule cumulative integration with MS Excel and irregularly-spaced data",
J. Math. Sci. Math. Educ. 12 (2017); odeint, E. Hairer, S. Nørsett, G. Wanner, "Solving ordinary differential equations
I", table II.5.2 (the coefficients of J. R. Dormand and P. J. Prince) and the choice of steps of section II.4.
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from typing import Any

import numpy as np

from .. import numpy as wnp
from ..core import Tracer, as_array, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, ShapeError
from ..flatten_util import ravel_pytree
from ..nearest import nearest_names as _nearest_names
from ..numpy import trapezoid
from ..ops.callback import callback_p
from ..ops.elementwise import convert, stop_gradient_p
from ..ops.shape import moveaxis
from ..ops.special.declare import floating
from ..transforms.control import scan, while_loop
from ..transforms.function import name_of
from ..transforms.progress import Bar, ended
from ..transforms.vmap import vmap
from ..vocabulary import ArrayLike, Function, Value

stop_gradient = stop_gradient_p.bind


def _samples(name: str, y: ArrayLike, x: ArrayLike, dx: ArrayLike, axis: int) -> tuple[Any, Any]:
    """Samples with their axis last, and the distances between them."""
    (y,) = floating(as_array(y))
    y = moveaxis(y, axis, -1)
    n = shape_of(y)[-1]
    if n == 0:
        raise ShapeError(f"{name}: no samples along axis {axis}")
    if x is None:
        return y, convert(wnp.full(n - 1, 1.0) * as_array(dx), np.finfo(dtype_of(y)).dtype)
    (x,) = floating(as_array(x))
    x = x if ndim_of(x) == 1 else moveaxis(x, axis, -1)
    if shape_of(x)[-1] != n:
        raise ShapeError(f"{name}: {n} samples along axis {axis}, but {shape_of(x)[-1]} points x")
    return y, wnp.diff(x)


def cumulative_trapezoid(
    y: ArrayLike, x: ArrayLike | None = None, dx: ArrayLike = 1.0, axis: int = -1, initial: Any = None
) -> Value:
    """The running integral of samples `y` by the trapezoidal rule, one shorter along `axis`.

    Args:
        y: samples. x: their points, a vector or of the shape of `y`. dx: their distance if there is no `x`.
        initial: 0, to put 0 in front, or None.

    Raises:
        ShapeError: no samples, or a number of points that differs. ArgumentError: another `initial`.

    Example:
        >>> cumulative_trapezoid(np.array([0.0, 1.0, 2.0]), initial=0)
        array([0. , 0.5, 2. ])
    """
    truth = dtype_of(as_array(y)).kind == "b"
    y, width = _samples("cumulative_trapezoid", y, x, dx, axis)
    pairs = y[..., 1:] + y[..., :-1]
    if truth:  # NumPy's sum of two truth values is one
        pairs = wnp.minimum(pairs, 1.0)
    out = wnp.cumsum(pairs * width / 2, -1)
    if initial is not None:
        if initial != 0:
            raise ArgumentError(f"cumulative_trapezoid: initial must be 0 or None, got {initial!r}")
        out = wnp.concatenate([wnp.zeros_like(y[..., :1]), out], -1)
    return moveaxis(out, -1, axis)


def _quotient(a: Any, b: Any) -> Any:
    """``a / b``, 0 where `b` is: what intervals of length 0 add."""
    nothing = wnp.equal(b, 0)
    return wnp.where(nothing, 0.0, a / wnp.where(nothing, 1.0, b))


def simpson(y: ArrayLike, x: ArrayLike | None = None, *, dx: ArrayLike = 1.0, axis: int = -1) -> Any:
    """The integral of samples `y` along `axis` by Simpson's rule; arguments as for `cumulative_trapezoid`.

    An even number of samples has Cartwright's formula for the last interval.

    Example:
        >>> print(simpson(np.array([0.0, 1.0, 4.0, 9.0])).round(6))
        9.0
    """
    y, h = _samples("simpson", y, x, dx, axis)
    n = shape_of(y)[-1]
    if n < 3:
        return wnp.sum((y[..., 1:] + y[..., :-1]) * h / 2, -1)
    pairs = (n - 1) // 2
    a, b = h[..., 0 : 2 * pairs : 2], h[..., 1 : 2 * pairs : 2]
    left, middle, right = (y[..., k : k + 2 * pairs - 1 : 2] for k in range(3))
    both, ratio = a + b, _quotient(a, b)
    weights = 2 - _quotient(1.0, ratio), _quotient(both * both, a * b), 2 - ratio
    out = wnp.sum(both / 6 * (left * weights[0] + middle * weights[1] + right * weights[2]), -1)
    if n % 2 == 0:
        a, b = h[..., -2], h[..., -1]
        out = out + y[..., -1] * _quotient(2 * b * b + 3 * a * b, 6 * (a + b))
        out = out + y[..., -2] * _quotient(b * b + 3 * a * b, 6 * a)
        out = out - y[..., -3] * _quotient(b * b * b, 6 * a * (a + b))
    return out


# --- differential equations ---------------------------------------------------------------------------------------

_TIMES = (1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
_STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_ERROR = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)


def _combine(weights: tuple[float, ...], slopes: list[Any]) -> Any:
    total = weights[0] * slopes[0]
    for w, k in zip(weights[1:], slopes[1:], strict=True):
        if w:
            total = total + w * k
    return total


def _size(x: Any, scale: Any) -> Any:
    return wnp.sqrt(wnp.mean(wnp.abs(x / scale) ** 2))


def _first_step(f: Function, t: Any, y: Any, slope: Any, d: Any, rtol: Any, atol: Any) -> Any:
    """Hairer's first guess, for order 5."""
    scale = atol + rtol * wnp.abs(y)
    size, speed = _size(y, scale), _size(slope, scale)
    small = wnp.logical_or(size < 1e-5, speed < 1e-5)
    guess = wnp.where(small, 1e-6, 0.01 * size / wnp.where(small, 1, speed))
    bend = _size(f(y + d * guess * slope, t + d * guess) - slope, scale) / guess
    most = wnp.maximum(speed, bend)
    flat = most <= 1e-15
    step = wnp.where(flat, wnp.maximum(1e-6, guess * 1e-3), (0.01 / wnp.where(flat, 1, most)) ** 0.2)
    return wnp.minimum(100 * guess, step)


_HOW = {"Dfun", "col_deriv", "ml", "mu", "tcrit", "h0", "hmin", "ixpr", "mxhnil", "mxordn", "mxords", "printmessg"}


def odeint(
    func: Function,
    y0: Any,
    t: ArrayLike,
    args: Any = (),
    *more: Any,
    rtol: Any = None,
    atol: Any = None,
    mxstep: Any = np.inf,
    hmax: Any = np.inf,
    tfirst: bool = False,
    full_output: bool = False,
    **how: Any,
) -> Any:
    """Solve ``dy/dt = func(y, t, *args)`` by Dormand and Prince's method of order 5 with adaptive steps.

    Differentiable in `y0`, `t`, `args` and what `func` closes over, in both modes and to any order: the derivative is
    that of the steps that were taken (their lengths held fixed), so gradients agree with the values that come out. The
    reverse pass keeps what each step needs.

    Args:
        func: the slope, of the structure and shapes of `y0`; of vectors also a list of numbers, as for SciPy.
        y0: the start, an array or a pytree of them.
        t: a vector of times, `y0` being the state at the first; they may also decrease.
        args: what else `func` takes, a tuple; one argument also as it is, several also one after another.
        rtol, atol: the error of a step is kept below ``atol + rtol * abs(y)``; 1.4e-8 each (32 bits: 1e-5), and `rtol` is
            at least 100 roundings.
        mxstep: the most attempts between two times. hmax: the longest step. 0 is no bound for both, as in SciPy.
        tfirst: whether `func` takes the time first.
        how: SciPy's arguments that say how to solve (``Dfun``, ``ml``, ``mxordn`` and the like) are taken and not needed.

    Returns:
        The states at the times, each leaf with a leading axis as long as `t`; nan from where the steps became too many
        or too short.

    Raises:
        ShapeError: `t` is no vector, or `func` does not give what it takes. ArgumentError: `full_output`, or no such argument.

    Example:
        >>> import wengert
        >>> decay = lambda rate: odeint(lambda y, t, r: -r * y, 1.0, np.array([0.0, 1.0]), rate)[-1]
        >>> print(decay(2.0).round(6), wengert.grad(decay)(2.0).round(6))
        0.135335 -0.135335
    """
    unknown = set(how) - _HOW
    if full_output or unknown:
        raise ArgumentError(f"odeint has no {', '.join(sorted(unknown)) or 'full_output'} here; leave it out")
    args = (*(args if isinstance(args, tuple) else (args,)), *more) if more or not isinstance(args, tuple) else args
    if isinstance(y0, (list, tuple)) and all(isinstance(v, (int, float, complex, np.generic)) for v in y0):
        y0 = np.asarray(y0)
    y, unravel = ravel_pytree(y0)
    (y,) = floating(y)
    real = np.finfo(dtype_of(y)).dtype
    # Steps that try for less error than rounding makes would only grow shorter and shorter.
    small, least = 1e-5 if real.itemsize < 8 else 1.4e-8, 100 * float(np.finfo(real).eps)
    rtol, atol = small if rtol is None else rtol, small if atol is None else atol
    rtol = max(rtol, least) if isinstance(rtol, (int, float)) else rtol
    mxstep, hmax = (np.inf if isinstance(v, (int, float)) and v == 0 else v for v in (mxstep, hmax))
    t = convert(as_array(t), real)
    if ndim_of(t) != 1 or shape_of(t)[0] == 0:
        raise ShapeError(f"odeint: t is a vector of times, got shape {shape_of(t)}")

    def f(v: Any, s: Any) -> Any:
        at = unravel(v)
        out = func(s, at, *args) if tfirst else func(at, s, *args)
        if isinstance(out, (list, tuple)) and isinstance(at, (np.ndarray, Tracer)):
            out = wnp.stack([as_array(part) for part in out])
        out = ravel_pytree(out)[0]
        if shape_of(out) != shape_of(v):
            raise ShapeError(f"odeint: func gives {shape_of(out)[0]} numbers for a state of {shape_of(v)[0]}")
        return convert(out, dtype_of(v))

    def number(v: Any) -> Any:
        return convert(as_array(v), real)

    def interval(carry: Any, end: Any) -> Any:
        y, slope, start, step = carry
        d = stop_gradient(wnp.sign(end - start))
        tiny = 4 * np.finfo(real).eps * stop_gradient(wnp.maximum(wnp.abs(start), wnp.abs(end)))

        def going(state: Any) -> Any:
            _, _, _, step, done, count = state
            return wnp.logical_and(wnp.logical_not(done), wnp.logical_and(count < mxstep, step > tiny))

        def attempt(state: Any) -> Any:
            y, slope, now, step, _, count = state
            left = end - now
            last = stop_gradient(wnp.abs(left)) <= step
            h = wnp.where(last, left, d * step)
            slopes = [slope]
            new = y
            for c, weights in zip(_TIMES, _STAGES, strict=True):
                new = y + h * _combine(weights, slopes)
                slopes.append(f(new, now + c * h))
            error = stop_gradient(h * _combine(_ERROR, slopes))
            scale = atol + rtol * stop_gradient(wnp.maximum(wnp.abs(y), wnp.abs(new)))
            ratio = _size(error, scale)
            good = ratio <= 1
            finite = wnp.isfinite(ratio)
            factor = wnp.clip(0.9 * wnp.where(finite, wnp.maximum(ratio, 1e-10), 1) ** -0.2, 0.2, 10.0)
            factor = wnp.where(finite, wnp.where(good, factor, wnp.minimum(factor, 1)), 0.2)
            after = stop_gradient(wnp.abs(h)) * factor
            after = wnp.where(wnp.logical_and(last, good), wnp.maximum(after, step), after)
            return (
                wnp.where(good, new, y), wnp.where(good, slopes[-1], slope),
                wnp.where(good, wnp.where(last, end, now + h), now), number(wnp.minimum(after, hmax)),
                wnp.logical_and(good, last), count + 1,
            )  # fmt: skip

        state: Any = (y, slope, start, step, d == 0, wnp.asarray(0))
        y, slope, now, step, done, _ = while_loop(going, attempt, state)
        y = wnp.where(done, y, np.nan)
        return (y, slope, now, step), y

    slope = f(y, t[0])
    d = wnp.sign(t[-1] - t[0])
    first = _first_step(f, *(stop_gradient(v) for v in (t[0], y, slope, d)), rtol=rtol, atol=atol)
    step = number(stop_gradient(wnp.minimum(first, hmax)))
    _, ys = scan(interval, (y, slope, t[0], step), t[1:])
    rows: Any = vmap(unravel)
    return rows(wnp.concatenate([y[None], ys]))


def solve_ivp(
    fun: Function,
    t_span: Any,
    y0: Any,
    method: Any = "RK45",
    t_eval: Any = None,
    dense_output: bool = False,
    events: Any = None,
    vectorized: bool = False,
    args: Any = None,
    *,
    progress: bool = False,
    **options: Any,
) -> Any:
    """SciPy's `solve_ivp`, with its methods, events and dense output, differentiable in all that it depends on.

    ``scipy.integrate.solve_ivp`` itself does the same under transformations; this one shows its progress. The steps are
    SciPy's, and the derivative is that of its explicit methods' steps, or for Radau, BDF and LSODA of Radau IIA on their mesh.
    Under `vmap` and `jit` it needs `t_eval`, and takes steps as `odeint` does.

    Args:
        fun: ``fun(t, y, *args)``, the slope. t_span: where it begins and ends. y0: the start, a vector.
        method, t_eval, dense_output, events, vectorized, args, options: as SciPy takes them.
        progress: whether standard error shows how far the time is, also in compiled programs.

    Returns:
        SciPy's result, with traced arrays in it.

    Raises:
        NotSupportedError: under `vmap` or `jit` without `t_eval`, or with `events` or `dense_output`.

    Example:
        >>> import wengert
        >>> end = lambda rate: solve_ivp(lambda t, y: -rate * y, (0.0, 1.0), [1.0], rtol=1e-8).y[0, -1]
        >>> print(end(2.0).round(6), wengert.grad(end)(2.0).round(6))
        0.135335 -0.135335
    """
    import scipy.integrate

    user, bar = fun, None
    if progress:
        bar = Bar(f"solve_ivp of {name_of(fun)}", 100)

        def told(t: Any, y: Any, *rest: Any) -> Any:
            share = 100 * (t - t_span[0]) / (t_span[1] - t_span[0])
            callback_p.bind(share, function=shown, ordered=True)
            return user(t, y, *rest)

        def shown(share: Any) -> None:
            if share > bar.done or bar.done < 0:
                bar.at(min(share, 100))

        fun = told
    solve: Any = scipy.integrate.solve_ivp
    out = solve(fun, t_span, y0, method, t_eval, dense_output, events, vectorized, args, **options)
    if bar is not None:
        ended(bar, 100)
    return out


__all__ = ["cumulative_trapezoid", "odeint", "simpson", "solve_ivp", "trapezoid"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
