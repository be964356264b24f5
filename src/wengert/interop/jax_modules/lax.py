"""Names of `jax.lax` that mean something else there than in the library: conversions, loops that start weak, products."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable
from typing import Any

from ... import lax as ours
from ... import numpy, trees
from ...core import PYTHON_SCALARS, as_value
from ...errors import NotSupportedError
from ...transforms.jit import eval_shape
from ..array import Array, in_dtype, kind_of, wrap
from ..border import bordered, lift, lower, lowered
from ..conversion import converted
from ..convolution import *  # noqa: F403
from ..convolution import __all__ as _convolutions
from ..promotion import joined
from .numpy import abs as abs  # noqa: A004
from .numpy import array
from .transformations import stop_gradient


class Precision(enum.Enum):
    """How precise products are asked to be; they are always computed in their full dtype here."""

    DEFAULT, HIGH, HIGHEST = 0, 1, 2

    def __str__(self) -> str:
        return self.name

    @classmethod
    def _missing_(cls, value: object) -> Precision | None:
        return {None: cls.DEFAULT, "default": cls.DEFAULT, "high": cls.HIGH, "highest": cls.HIGHEST}.get(value)


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
    f.__wrapped__ = user
    return f


def fori_loop(lower_: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any, *, unroll: Any = None) -> Any:
    """`wengert.lax.fori_loop`; what is carried and weak takes the dtype that the body makes of it."""
    counter = wrap(in_dtype(0, joined(kind_of(lower_), kind_of(upper))[0]), kind_of(lower_)[1] and kind_of(upper)[1])
    carry, weak = _wide(init_val, lambda c: body_fun(counter, c))
    counts = kind_of(lower_)[1] and kind_of(upper)[1]
    if any(weak) or counts:
        body = lowered(_named(lambda i, c: body_fun(wrap(lower(i), counts), _marked(c, weak)), body_fun))
    else:
        body = lowered(body_fun)
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
    body = lowered(_named(lambda c, x: _pair(f(_marked(c, weak), x)), f)) if any(weak) else lowered(f)
    out, ys = ours.scan(body, carry, taken, length, reverse, **options)
    return _marked(lift(out), weak), lift(ys)


def with_sharding_constraint(x: Any, shardings: Any) -> Any:
    """`x`: there is one device."""
    return x


def _pair(out: Any) -> Any:
    """What a step of a scan gives, results of a weak dtype marked."""
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        return out
    return out[0], lower(out[1], True)


def _of_numbers(out: Any) -> Any:
    """A tree with weak arrays for Python's numbers."""
    return trees.map(lambda v: array(v) if type(v) in PYTHON_SCALARS else v, out)


@functools.wraps(ours.cond)
def cond(pred: Any, true_fun: Any, false_fun: Any, *operands: Any, **options: Any) -> Any:
    return _of_numbers(bordered(ours.cond)(pred, true_fun, false_fun, *operands, **options))


@functools.wraps(ours.switch)
def switch(index: Any, branches: Any, *operands: Any, **options: Any) -> Any:
    return _of_numbers(bordered(ours.switch)(index, list(branches), *operands, **options))


# --- along axes -------------------------------------------------------------------------------------------------


def _along(name: str, what: str) -> Callable[..., Any]:
    def function(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
        x, weak = array(operand), kind_of(operand)[1]
        value = numpy.flip(x._value, axis) if reverse else x._value
        out = getattr(numpy, name)(value, axis, dtype=x.dtype)
        return wrap(numpy.flip(out, axis) if reverse else out, weak)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The running {what} along an axis, from its end if `reverse`."
    return function


cumsum, cumprod = _along("cumsum", "sum"), _along("cumprod", "product")


def rev(operand: Any, dimensions: Any) -> Any:
    """The array turned round along axes."""
    x = array(operand)
    return wrap(numpy.flip(x._value, tuple(dimensions)), x._weak)


def squeeze(array_: Any, dimensions: Any) -> Any:
    """The array without axes of length 1."""
    x = array(array_)
    return wrap(numpy.squeeze(x._value, tuple(dimensions)), x._weak)


def sort(operand: Any, dimension: int = -1, is_stable: bool = True, num_keys: int = 1) -> Any:
    """The elements of an array in order along an axis; of several arrays, all moved as the first one's.

    Raises:
        NotSupportedError: there is more than one key.
    """
    if not isinstance(operand, (tuple, list)):
        x = array(operand)
        return wrap(numpy.sort(x._value, dimension), x._weak)
    if num_keys != 1:
        raise NotSupportedError("lax.sort has one key here; sort by jax.numpy.lexsort, and take along the axis")
    arrays = [array(x)._value for x in operand]
    order = numpy.argsort(arrays[0], dimension, stable=True)
    return tuple([wrap(numpy.take_along_axis(x, order, dimension)) for x in arrays])


def argmax(operand: Any, axis: int, index_dtype: Any) -> Any:
    """Where the greatest element along an axis is."""
    return wrap(converted(numpy.argmax(array(operand)._value, axis), index_dtype))


def argmin(operand: Any, axis: int, index_dtype: Any) -> Any:
    """Where the least element along an axis is."""
    return wrap(converted(numpy.argmin(array(operand)._value, axis), index_dtype))


def reduce_prod(operand: Any, axes: Any) -> Any:
    """The product over `axes`."""
    x = array(operand)
    return wrap(numpy.prod(x._value, tuple(axes), dtype=x.dtype), x._weak)


def reduce_and(operand: Any, axes: Any) -> Any:
    """Whether all elements over `axes` are true."""
    return wrap(numpy.all(array(operand)._value, tuple(axes)))


def reduce_or(operand: Any, axes: Any) -> Any:
    """Whether some element over `axes` is true."""
    return wrap(numpy.any(array(operand)._value, tuple(axes)))


__all__ = [
    "argmax", "argmin", "cond", "cumprod", "cumsum", "reduce_and", "reduce_or", "reduce_prod", "rev", "sort", "squeeze",
    "switch", "with_sharding_constraint",
    *_convolutions, "GatherScatterMode", "Precision", "abs", "convert_element_type", "dot", "dot_general", "fori_loop", "scan",
    "stop_gradient", "while_loop",
]  # fmt: skip
