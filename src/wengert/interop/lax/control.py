"""Loops of `jax.lax`, what is made of them, and solutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import lax as ours
from ... import trees
from ...config import config
from ...core import Tracer, as_array
from ...transforms.control import steps_of
from ..array import Array, in_dtype, kind_of, wrap
from ..border import TREES, bordered, lift, lower, lowered
from ..jax_modules.ref import begins, carrying
from ..promotion import joined
from ..searches import named
from ..wording import worded
from .weakness import at_once, marked, of_numbers


@worded
def fori_loop(lower: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any, *, unroll: Any = None) -> Any:
    """`wengert.lax.fori_loop`; what is carried and weak takes the dtype that the body makes of it.

    Raises:
        TypeError: the bounds are no integers of one dtype.
    """
    if not callable(body_fun):
        raise TypeError("lax.fori_loop: body_fun argument should be callable.")
    low, high = kind_of(lower), kind_of(upper)
    known = not any(isinstance(_lower(x), Tracer) for x in (lower, upper))
    if any(k[0].kind not in "iu" for k in (low, high)) or (low[0] != high[0] and not (low[1] or high[1])):
        raise TypeError(f"lower and upper arguments to fori_loop must have equal types, got {low[0]} and {high[0]}")
    if unroll is not None and not isinstance(unroll, bool) and int(unroll) < 1:
        raise ValueError(f"`unroll` must be a `bool` or a positive `int`, got {unroll}")
    if unroll not in (None, False, 1) and not known:
        raise ValueError("Can only use `unroll` in `fori_loop` if the loop bounds are statically known.")
    counts = known or (low[1] and high[1])  # known bounds count as Python's numbers do
    if known:
        lower, upper = int(_lower(lower)), int(_lower(upper))
    dtype = config.int_dtype if known else joined(low, high)[0]
    counter = wrap(in_dtype(0, dtype), counts)
    if begins():

        def carried(values: Any, step: Any) -> Any:
            body = named(lambda i, c: step(c[1], i, c[0]), body_fun)
            return fori_loop(lower, upper, body, (init_val, values), unroll=unroll)

        return carrying(lambda f: fori_loop(lower, upper, f, init_val, unroll=unroll), carried, body_fun)
    options: dict[str, Any] = {} if unroll is None else {"unroll": unroll}

    def run(carry: Any, weak: list[bool], noted: Any) -> Any:
        if any(weak) or counts or not known:
            body = lowered(
                named(lambda i, c: noted(body_fun(wrap(in_dtype(i, dtype), counts), marked(c, weak))), body_fun)
            )
        else:
            body = lowered(body_fun)
        return ours.fori_loop(in_dtype(lower, dtype), in_dtype(upper, dtype), body, carry, **options), None

    return at_once(init_val, run, lambda c: body_fun(counter, c))[0]


_lower = lower


@worded
def while_loop(cond_fun: Callable[..., Any], body_fun: Callable[..., Any], init_val: Any) -> Any:
    """`wengert.lax.while_loop`; what is carried and weak takes the dtype that the body makes of it.

    Raises:
        TypeError: a function cannot be called.
    """
    if not (callable(cond_fun) and callable(body_fun)):
        raise TypeError("lax.while_loop: body_fun and cond_fun arguments should be callable.")
    if begins():

        def carried(values: Any, test: Any, step: Any) -> Any:
            holds = named(lambda c: test(c[1], c[0])[0], cond_fun)
            return while_loop(holds, named(lambda c: step(c[1], c[0]), body_fun), (init_val, values))

        return carrying(lambda *fs: while_loop(*fs, init_val), carried, cond_fun, body_fun)

    def run(carry: Any, weak: list[bool], noted: Any) -> Any:
        if not any(weak):
            return ours.while_loop(lowered(cond_fun), lowered(body_fun), carry), None
        cond = lowered(named(lambda c: cond_fun(marked(c, weak)), cond_fun))
        body = lowered(named(lambda c: noted(body_fun(marked(c, weak))), body_fun))
        return ours.while_loop(cond, body, carry), None

    return at_once(init_val, run, body_fun)[0]


@worded
def scan(
    f: Callable[..., Any], init: Any, xs: Any = None, length: int | None = None, reverse: bool = False,
    unroll: int | bool = 1, _split_transpose: bool = False, **options: Any,
) -> Any:  # fmt: skip
    """`wengert.lax.scan`; what is carried and weak takes the dtype that the body makes of it.

    Args:
        f, init, xs, length, reverse: as there.
        unroll, _split_transpose: taken; the compiler chooses.
        options: `checkpoint` and `budget`, as there.
    """
    taken = trees.map(as_array, lower(xs, TREES))
    if not callable(f):
        raise TypeError("lax.scan: f argument should be a callable.")
    if not isinstance(unroll, (int, np.integer)) or unroll < 0:
        raise ValueError("`unroll` must be a `bool` or a non-negative `int`.")
    paths = trees.flatten_with_paths(taken)[0]
    steps_of(length, [x for _, x in paths], [path for path, _ in paths], "scan")
    first = lift(trees.map(lambda x: x[0] if len(x) else np.zeros(x.shape[1:], x.dtype), taken))
    if begins():

        def carried(values: Any, step: Any) -> Any:
            def body(c: Any, x: Any) -> Any:
                out, last = step(c[1], c[0], x)
                return (_carried(out), last), out[1]

            (end, values), ys = scan(named(body, f), (init, values), xs, length, reverse, unroll, **options)
            return (end, ys), values

        return carrying(lambda f: scan(f, init, xs, length, reverse, unroll, **options), carried, f)

    def run(carry: Any, weak: list[bool], noted: Any) -> Any:
        def body(c: Any, x: Any) -> Any:
            out = f(marked(c, weak), x)
            noted(_carried(out))
            return _pair(out)

        return ours.scan(lowered(named(body, f)), carry, taken, length, reverse, **options)

    out, ys = at_once(init, run, lambda c: _carried(f(c, first)))
    return out, lift(ys)


def _carried(out: Any) -> Any:
    """What a step of a scan carries on.

    Raises:
        TypeError: the step gives no pair.
    """
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        raise TypeError(f"scan body output must be a pair, got {trees.map(lambda x: _aval(x), out)}.")
    return out[0]


def _aval(x: Any) -> Any:
    return str(x.aval) if type(x) is Array else x


def _pair(out: Any) -> Any:
    """What a step of a scan gives, results of a weak dtype marked."""
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        return out
    return out[0], lower(of_numbers(out[1]), True)


# --- what is made of scan, and solutions ------------------------------------------------------------------------


@worded
def map(f: Callable[..., Any], xs: Any, *, batch_size: int | None = None) -> Any:  # noqa: A001
    """`f` of each slice of `xs` along the first axis, stacked: one after another, or `batch_size` at once."""
    if begins():

        def carried(values: Any, step: Any) -> Any:
            last, out = scan(named(lambda c, x: step(c, x)[::-1], f), values, xs)
            return out, last

        return carrying(lambda f: map(f, xs, batch_size=batch_size), carried, f)
    function = named(lambda x: lower(of_numbers(f(x)), True), f)
    return lift(ours.map(lowered(function), lower(xs, TREES), batch_size=batch_size or None))


_associative_scan = bordered(ours.associative_scan)


@worded
def associative_scan(fn: Callable[..., Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """`wengert.lax.associative_scan`: running results of an associative operation.

    Raises:
        TypeError: `fn` is no function.
        ValueError: lengths differ along the axis.
    """
    if not callable(fn):
        raise TypeError("lax.associative_scan: fn argument should be callable.")
    return _associative_scan(fn, elems, reverse, axis)


def _fits(name: str, out: Any, guess: Any) -> Any:
    """What a function of `custom_root` gives.

    Raises:
        TypeError: it has another structure than the guess.
    """
    got, expected = trees.structure(out), trees.structure(guess)
    if got != expected:
        texts = [str(t).replace("PyTreeSpec", "PyTreeDef") for t in (got, expected)]
        raise TypeError(f"{name}() output pytree structure must match initial_guess, got {texts[0]} and {texts[1]}.")
    return out


_custom_root = bordered(ours.custom_root)


@worded
def custom_root(
    f: Callable[..., Any], initial_guess: Any, solve: Callable[..., Any], tangent_solve: Callable[..., Any],
    has_aux: bool = False,
) -> Any:  # fmt: skip
    """`wengert.lax.custom_root`: a root of `f` with the derivative of the implicit function theorem; as weak as the guess.

    Raises:
        TypeError: `f` or `solve` gives another structure than that of the guess.
    """

    def solved(given: Any, guess: Any) -> Any:
        out = solve(lambda x: _fits("f", given(x), initial_guess), guess)
        _fits("solve", out[0] if has_aux and isinstance(out, (tuple, list)) else out, initial_guess)
        return out

    out = _custom_root(f, initial_guess, solved, tangent_solve, has_aux)
    weak = [kind_of(x)[1] for x in trees.leaves(initial_guess)]
    return (marked(out[0], weak), out[1]) if has_aux else marked(out, weak)


custom_linear_solve = worded(bordered(ours.custom_linear_solve))

__all__ = [
    "associative_scan",
    "custom_linear_solve",
    "custom_root",
    "fori_loop",
    "map",
    "scan",
    "while_loop",
]
