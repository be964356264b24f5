"""Names of `jax.lax` that mean something else there than in the library: conversions, loops that start weak, products."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from ... import lax as ours
from ... import trees
from ...core import PYTHON_SCALARS, as_value
from ...transforms.jit import eval_shape
from ..array import Array, in_dtype, kind_of, wrap
from ..border import bordered, lift, lower, lowered
from ..conversion import converted
from ..promotion import joined
from .numpy import abs as abs  # noqa: A004
from .transformations import stop_gradient


class Precision(enum.Enum):
    """How precise products are asked to be; they are always computed in their full dtype here."""

    DEFAULT, HIGH, HIGHEST = 0, 1, 2

    @classmethod
    def _missing_(cls, value: object) -> Precision | None:
        return {None: cls.DEFAULT, "default": cls.DEFAULT, "high": cls.HIGH, "highest": cls.HIGHEST}.get(value)  # type: ignore[call-overload]


class GatherScatterMode(enum.Enum):
    """What becomes of indices out of range."""

    CLIP, FILL_OR_DROP, PROMISE_IN_BOUNDS, ONE_HOT = "clip", "fill", "promise_in_bounds", "one_hot"

    @property
    def mode(self) -> str:
        return self.value


def convert_element_type(operand: Any, new_dtype: Any) -> Any:
    """The array in another dtype; floats out of an integer's range become its nearest ones."""
    if new_dtype in (bool, int, float, complex):
        weak = new_dtype is not bool and kind_of(operand)[1]
        return wrap(converted(as_value(lower(operand)), new_dtype), weak)
    return wrap(converted(as_value(lower(operand)), new_dtype))


def _product(name: str) -> Callable[..., Any]:
    f = getattr(ours, name)
    inner = bordered(f)

    def function(
        lhs: Any, rhs: Any, *args: Any, precision: Any = None, preferred_element_type: Any = None, out_sharding: Any = None,
        **kwargs: Any,
    ) -> Any:  # fmt: skip
        if preferred_element_type is not None:
            lhs, rhs = (wrap(converted(as_value(lower(x)), preferred_element_type)) for x in (lhs, rhs))
        return inner(lhs, rhs, *args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`wengert.lax.{name}`, with JAX's options: `preferred_element_type` is the dtype of the result."
    return function


dot, dot_general = _product("dot"), _product("dot_general")


# --- loops ------------------------------------------------------------------------------------------------------


def _wide(init: Any, step: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What a loop carries, lowered, and which leaves stay weak: weak leaves take the dtypes that `step` makes of them.

    Args:
        init: what is carried first.
        step: the carry after a step, from that before it.
    """
    leaves, tree = trees.flatten(init)
    kinds = [kind_of(x) for x in leaves]
    values = [
        in_dtype(x, k[0]) if type(x) in (Array, *PYTHON_SCALARS) else as_value(x)
        for x, k in zip(leaves, kinds, strict=True)
    ]
    if not any(weak for _, weak in kinds):
        return trees.unflatten(tree, values), [False] * len(leaves)
    for _ in range(4):
        seen: list[Any] = []

        def once(*given: Any, kinds: Any = kinds, seen: Any = seen) -> Any:
            carry = trees.unflatten(tree, [wrap(v, weak) for v, (_, weak) in zip(given, kinds, strict=True)])
            out = trees.leaves(step(carry))
            seen[:] = [kind_of(x) for x in out]
            return [lower(x) for x in out]

        eval_shape(once, *values)
        if len(seen) != len(kinds):
            break
        met = [k if not k[1] or k == s else (joined(k, s)[0], False) for k, s in zip(kinds, seen, strict=True)]
        if met == kinds:
            break
        values = [in_dtype(v, k[0]) for v, k in zip(values, met, strict=True)]
        kinds = met
    return trees.unflatten(tree, values), [weak for _, weak in kinds]


def _marked(tree: Any, weak: list[bool]) -> Any:
    """A carry for the user, its leaves weak where they are."""
    leaves, treedef = trees.flatten(tree)
    return trees.unflatten(
        treedef, [wrap(lower(x), w) if type(x) is Array else lift(x, w) for x, w in zip(leaves, weak, strict=True)]
    )


def _named(f: Callable[..., Any], user: Any) -> Callable[..., Any]:
    f.__name__ = getattr(user, "__name__", type(user).__name__)
    f.__wrapped__ = user  # type: ignore[attr-defined]
    return f


def fori_loop(lower_: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any, *, unroll: Any = None) -> Any:
    """`wengert.lax.fori_loop`; what is carried and weak takes the dtype that the body makes of it."""
    counter = wrap(in_dtype(0, joined(kind_of(lower_), kind_of(upper))[0]))
    carry, weak = _wide(init_val, lambda c: body_fun(counter, c))
    body = lowered(_named(lambda i, c: body_fun(i, _marked(c, weak)), body_fun)) if any(weak) else lowered(body_fun)
    options = {} if unroll is None else {"unroll": unroll}
    out = ours.fori_loop(lower(lower_), lower(upper), body, carry, **options)
    return _marked(lift(out), weak)


def while_loop(cond_fun: Callable[..., Any], body_fun: Callable[..., Any], init_val: Any) -> Any:
    """`wengert.lax.while_loop`; what is carried and weak takes the dtype that the body makes of it."""
    carry, weak = _wide(init_val, body_fun)
    if not any(weak):
        return lift(ours.while_loop(lowered(cond_fun), lowered(body_fun), carry))
    cond = lowered(_named(lambda c: cond_fun(_marked(c, weak)), cond_fun))
    body = lowered(_named(lambda c: body_fun(_marked(c, weak)), body_fun))
    return _marked(lift(ours.while_loop(cond, body, carry)), weak)


def scan(
    f: Callable[..., Any], init: Any, xs: Any = None, length: int | None = None, reverse: bool = False, **options: Any
) -> Any:
    """`wengert.lax.scan`; what is carried and weak takes the dtype that the body makes of it."""
    options.pop("_split_transpose", None)
    taken = lower(xs)
    first = (
        trees.map(lambda x: lift(as_value(x)[0]), taken)
        if trees.leaves(taken) and all(len(x) for x in trees.leaves(taken))
        else None
    )
    possible = first is not None or not trees.leaves(taken)
    carry, weak = _wide(init, (lambda c: f(c, first)[0]) if possible else (lambda c: c))
    body = lowered(_named(lambda c, x: f(_marked(c, weak), x), f)) if any(weak) else lowered(f)
    out, ys = ours.scan(body, carry, taken, length, reverse, **options)
    return _marked(lift(out), weak), lift(ys)


__all__ = [
    "GatherScatterMode", "Precision", "abs", "convert_element_type", "dot", "dot_general", "fori_loop", "scan",
    "stop_gradient", "while_loop",
]  # fmt: skip
