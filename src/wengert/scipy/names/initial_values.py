"""scipy.integrate.solve_ivp by its own name: SciPy takes the steps, their discrete equations are differentiated.

SciPy's solver runs on plain values and decides where steps end. The explicit methods' own steps are then taken again with
traced values; those of the implicit ones by the Radau IIA method of order 5 on their mesh (E. Hairer, G. Wanner, "Solving ordinary
differential equations II", table IV.5.6), its stages lifted as solutions of their equations. Values are SciPy's. Under vmap
and jit the steps are those of `wengert.scipy.integrate.odeint`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_array, shape_of
from ...errors import NotSupportedError
from ...ops.special.declare import floating
from ...transforms.derivatives import jacfwd, stop_gradient
from ...transforms.plain import NotPlain, PlainFunction, is_traced, levels_of, plain_tree
from ...vocabulary import ArrayLike, Value
from .entry import Entry

Named = dict[str, Any]
Slope = Callable[[Any, Any], Any]

_ROOT = np.sqrt(6.0)
_C = np.array([(4 - _ROOT) / 10, (4 + _ROOT) / 10, 1.0])
_A = np.array(
    [
        [(88 - 7 * _ROOT) / 360, (296 - 169 * _ROOT) / 1800, (-2 + 3 * _ROOT) / 225],
        [(296 + 169 * _ROOT) / 1800, (88 + 7 * _ROOT) / 360, (-2 - 3 * _ROOT) / 225],
        [(16 - _ROOT) / 36, (16 + _ROOT) / 36, 1 / 9],
    ]
)


def _values(x: ArrayLike) -> Any:
    x = wnp.stack([as_array(v) for v in x]) if isinstance(x, (list, tuple)) else as_array(x)
    return wnp.reshape(floating(x)[0], (-1,)) if not shape_of(x) else floating(x)[0]


class _Explicit:
    """The steps of an explicit method, by the table in SciPy's class."""

    def __init__(self, f: Slope, method: Any) -> None:
        self.f, self.a, self.b, self.c = f, method.A, method.B, method.C

    def __call__(self, t: Any, y: Any, h: Any) -> Any:
        """The state after a step."""
        slopes = [self.f(t, y)]
        for s in range(1, len(self.c)):
            slopes.append(self.f(t + self.c[s] * h, y + h * _combined(self.a[s], slopes)))
        return y + h * _combined(self.b, slopes)


def _combined(weights: Any, slopes: list[Any]) -> Any:
    total: Any = 0.0
    for w, k in zip(weights, slopes, strict=False):
        if w:
            total = total + float(w) * k
    return total


class _Implicit:
    """Steps of Radau IIA, of order 5; `dense` gives states between, where its stages are looked for."""

    def __init__(self, f: Slope, dense: Any) -> None:
        self.f, self.dense = f, dense

    def __call__(self, t: Any, y: ArrayLike, h: Any) -> Value:
        n = shape_of(y)[0]

        def left(z: Any, t: Any, y: Any, h: Any) -> Any:
            parts = [z[k * n : (k + 1) * n] for k in range(3)]
            slopes = [self.f(t + _C[k] * h, y + parts[k]) for k in range(3)]
            return wnp.concatenate([parts[i] - h * _combined(_A[i], slopes) for i in range(3)])

        plain = plain_tree((t, y, h))
        z = np.concatenate([self.dense(plain[0] + c * plain[2]) - plain[1] for c in _C])
        for _ in range(10):
            matrix = np.linalg.inv(plain_tree(jacfwd(lambda v: left(v, *plain))(z)))
            size = np.inf
            for _ in range(10):  # Newton's method on plain values, with one matrix as long as that does
                change = matrix @ plain_tree(left(z, *plain))
                z, before, size = z - change, size, np.linalg.norm(change)
                if size <= 1e-14 * (1 + np.linalg.norm(z)) or size > 0.3 * before:
                    break
            if size <= 1e-12 * (1 + np.linalg.norm(z)):
                break
        residual = left(z, t, y, h)
        levels = levels_of(residual)
        out: Any = z
        rest = plain_tree(residual)
        for _ in range(2 * levels):  # one for each level, and one for what the matrix, taken nearby, leaves
            out = out - matrix @ (left(out, t, y, h) - rest)
        return y + out[2 * n :]


class _Solution:
    """What SciPy found, with the steps taken again on traced values."""

    def __init__(self, step: Any, dense: Any, mesh: list[Any], y0: Any) -> None:
        self.step, self.dense, self.mesh, self.states = step, dense, mesh, [y0]
        self.ts = np.asarray(dense.ts)
        self.t_min, self.t_max = dense.t_min, dense.t_max
        self.interpolants = dense.interpolants
        for n in range(len(mesh) - 1):
            self.states.append(step(mesh[n], self.states[-1], mesh[n + 1] - mesh[n]))

    def interval(self, t: float) -> int:
        """The number of the step that a time lies in."""
        forward = self.ts[-1] >= self.ts[0]
        n = np.searchsorted(self.ts if forward else -self.ts, t if forward else -t, "left") - 1
        return int(min(max(n, 0), len(self.ts) - 2))

    def at(self, t: Any) -> Any:
        """The state at a time, with SciPy's value."""
        known = float(plain_tree(t))
        exact = np.nonzero(self.ts == known)[0]
        if exact.size and not is_traced(t):
            state = self.states[exact[0]]
        else:
            n = self.interval(known)
            state = self.step(self.mesh[n], self.states[n], t - self.mesh[n])
        return self.dense(known) + (state - stop_gradient(state))

    def __call__(self, t: ArrayLike) -> Any:
        t = as_array(t)
        if not shape_of(t):
            return self.at(t)
        return wnp.stack([self.at(t[i]) for i in range(shape_of(t)[0])], -1)

    def event(self, g: Callable[[Any, Any], Any], t: float) -> tuple[Any, Any]:
        """The time of an event and the state then, as functions of what the equations depend on."""
        n = self.interval(t)
        start, y = self.mesh[n], self.states[n]
        h: Any = t - plain_tree(start)

        def distance(h: Any) -> Any:
            out = as_array(g(start + h, self.step(start, y, h)))
            return wnp.reshape(out, ())

        here = distance(h)
        rate, rest = plain_tree(jacfwd(distance)(h)), plain_tree(here)
        for _ in range(levels_of(here)):
            h = h - (distance(h) - rest) / rate
        time = start + h
        state = self.step(start, y, h)
        return t + (time - stop_gradient(time)), self.dense(t) + (state - stop_gradient(state))


_EXPLICIT = ("RK23", "RK45", "DOP853")


def solve_ivp(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.integrate.solve_ivp`."""
    named = entry.bound(args, kwargs)
    extra = named.pop("args")
    extra = () if extra is None else extra if isinstance(extra, (tuple, list)) else (extra,)
    fun, events = named["fun"], named["events"]
    listed = [] if events is None else [events] if callable(events) else list(events)
    span, y0 = named["t_span"], _values(named["y0"])
    start, end = (span[0], span[1])

    def f(t: Any, y: Any) -> Any:
        return _values(fun(t, y, *extra))

    try:
        found, step = _found(entry, named, f, listed, extra, y0)
    except NotPlain:
        return _within_program(named, f, listed, start, end, y0)
    dense = found.sol
    if not is_traced((start, end, y0, named["t_eval"])):
        ends = [f(t, dense(t)) for t in (found.t[0], found.t[-1])]
        if not levels_of(ends) and not any(levels_of(g(found.t[-1], found.y[:, -1], *extra)) for g in listed):
            return found if named["dense_output"] else _without(found)
    ts = np.asarray(dense.ts)
    stopped = found.status == 1
    mesh = _mesh(ts, start, end, stopped)
    solution = _Solution(step, dense, mesh, y0)
    out = copy.copy(found)
    out.t_events, out.y_events = _events(found, listed, extra, solution)
    if named["t_eval"] is not None:
        times = as_array(named["t_eval"])
        times = times[: len(found.t)]
        columns = [solution.at(times[i]) for i in range(len(found.t))]
        out.t = times
    else:
        times, columns = list(mesh), list(solution.states)
        if stopped and found.t[-1] == ts[-1]:
            times[-1], columns[-1] = _last(out, found)
        out.t = wnp.stack([as_array(t) for t in times]) if is_traced(times) else found.t
    traced = wnp.stack(columns, -1)
    out.y = found.y + (traced - stop_gradient(traced))
    out.sol = solution if named["dense_output"] else None
    return out


def _found(entry: Entry, named: Named, f: Slope, events: list[Any], extra: Any, y0: Any) -> tuple[Any, Any]:
    """What SciPy gives on plain values, with dense output, and the steps of its method."""
    import scipy.integrate

    plain = {k: plain_tree(v) for k, v in named.items() if k not in ("fun", "events", "y0", "method", "jac")}
    asked = [_Event(g, extra) for g in events]
    jac = named.get("jac")
    if jac is not None:
        plain["jac"] = PlainFunction(lambda t, y: jac(t, y, *extra)) if callable(jac) else plain_tree(jac)
    plain.update(y0=np.asarray(plain_tree(y0)), dense_output=True, vectorized=False, method=named["method"])
    found = entry.call({**plain, "fun": PlainFunction(f), "events": asked or None})
    method = named["method"] if not isinstance(named["method"], str) else getattr(scipy.integrate, named["method"])
    explicit = any(issubclass(method, getattr(scipy.integrate, n)) for n in _EXPLICIT)
    return found, (_Explicit(f, method) if explicit else _Implicit(f, found.sol))


class _Event(PlainFunction):
    """An event of plain values, with its attributes."""

    def __init__(self, g: Any, extra: Any) -> None:
        super().__init__(lambda t, y: g(t, y, *extra))
        for name in ("terminal", "direction"):
            if hasattr(g, name):
                setattr(self, name, getattr(g, name))


def _without(found: Any) -> Any:
    out = copy.copy(found)
    out.sol = None
    return out


def _mesh(ts: np.ndarray, start: Any, end: Any, stopped: bool) -> list[Any]:
    """The ends of the steps; they move along with the ends of the interval."""
    if not is_traced((start, end)):
        return [float(t) for t in ts]
    if stopped:
        return [t + (start - stop_gradient(start)) * (ts[-1] - t) / (ts[-1] - ts[0]) for t in ts.tolist()]
    parts = (ts - ts[0]) / (ts[-1] - ts[0])
    mesh = [start + (end - start) * p for p in parts.tolist()]
    return [*mesh[:-1], end * 1.0]


def _events(found: Any, events: list[Any], extra: Any, solution: _Solution) -> tuple[Any, Any]:
    if found.t_events is None:
        return None, None
    times, states = [], []
    for g, known, values in zip(events, found.t_events, found.y_events, strict=True):
        pairs = [solution.event(lambda t, y, g=g: g(t, y, *extra), float(t)) for t in known]
        times.append(wnp.stack([t for t, _ in pairs]) if pairs else known)
        states.append(wnp.stack([y for _, y in pairs]) if pairs else values)
    return times, states


def _last(out: Any, found: Any) -> tuple[Any, Any]:
    """The terminal event that ended the integration."""
    for known, times, states in zip(found.t_events, out.t_events, out.y_events, strict=True):
        if len(known) and known[-1] == found.t[-1]:
            return times[-1], states[-1]
    return out.t[-1], out.y[:, -1]


def _within_program(named: Named, f: Slope, events: list[Any], start: ArrayLike, end: Any, y0: Any) -> Any:
    from scipy.integrate import OdeSolution  # noqa: F401  (the result's class is private)
    from scipy.optimize import OptimizeResult

    from ..integrate import odeint

    if named["t_eval"] is None:
        raise NotSupportedError(
            "scipy.integrate.solve_ivp under vmap and jit needs t_eval=, as the number of its own steps depends on values: for the "
            "state at the end alone, t_eval=[t_span[1]]"
        )
    if events or named["dense_output"]:
        raise NotSupportedError(
            "scipy.integrate.solve_ivp has no events and no dense output under vmap and jit; leave them out"
        )
    times = as_array(named["t_eval"])
    steps = {"rtol": named.get("rtol", 1e-3), "atol": named.get("atol", 1e-6), "hmax": named.get("max_step", np.inf)}
    every = wnp.concatenate([wnp.reshape(floating(as_array(start))[0], (1,)), times])
    states = odeint(f, y0, every, tfirst=True, **steps)[1:]
    return OptimizeResult(
        t=times, y=wnp.moveaxis(states, 0, -1), sol=None, t_events=None, y_events=None, success=True, status=0
    )


def odeint(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.integrate.odeint`: SciPy's states, and the derivative of those of `wengert.scipy.integrate.odeint`."""
    from ..integrate import odeint as ours

    named = entry.bound(args, kwargs)
    extra = named["args"] if isinstance(named["args"], tuple) else (named["args"],)
    func, first = named["func"], named["tfirst"]

    def slope(a: Any, b: Any) -> Any:
        return _values(func(a, b, *extra))

    y0 = _values(named["y0"])
    how = {k: named[k] for k in ("rtol", "atol") if named[k] is not None}
    try:
        plain = {k: plain_tree(v) for k, v in named.items() if k not in ("func", "args", "Dfun", "y0")}
        jac = named["Dfun"]
        own = None if jac is None else PlainFunction(lambda a, b: jac(a, b, *extra))
        found = entry.call({**plain, "func": PlainFunction(slope), "Dfun": own, "y0": np.asarray(plain_tree(y0))})
    except NotPlain:
        if named["full_output"]:
            raise NotSupportedError(
                "scipy.integrate.odeint gives no full output under vmap and jit; leave it out"
            ) from None
        return ours(slope, y0, named["t"], tfirst=first, **how)
    traced = ours(slope, y0, named["t"], tfirst=first, **how)
    if not levels_of(traced):
        return found
    change = traced - stop_gradient(traced)
    return (found[0] + change, found[1]) if named["full_output"] else found + change


ANSWERS = {"integrate.odeint": odeint, "integrate.solve_ivp": solve_ivp}

__all__ = ["ANSWERS"]
