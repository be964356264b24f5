"""`jax.example_libraries.optimizers`: first-order optimizers as triples of functions, and step sizes as functions of a count.

Each optimizer is written for one array, as ``(init, update, get_params)``; `optimizer` makes it one of pytrees.
"""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Callable
from typing import Any, NamedTuple

from ... import trees
from .kit import names

jnp = names("jax.numpy")

OptimizerState = namedtuple("OptimizerState", ["packed_state", "tree_def", "subtree_defs"])  # noqa: PYI024
trees.register(
    OptimizerState,
    lambda s: ((s.packed_state,), (s.tree_def, s.subtree_defs)),
    lambda metadata, children: OptimizerState(children[0], *metadata),
)


class Optimizer(NamedTuple):
    """``init_fn(params)`` gives a state, ``update_fn(step, grads, state)`` the next one, ``params_fn(state)`` its parameters."""

    init_fn: Callable[[Any], Any]
    update_fn: Callable[[Any, Any, Any], Any]
    params_fn: Callable[[Any], Any]


def optimizer(opt_maker: Callable[..., Any]) -> Callable[..., Optimizer]:
    """An optimizer of pytrees from one of single arrays.

    Args:
        opt_maker: gives functions ``init(x)``, ``update(step, gradient, state)`` and ``get_params(state)`` of one array.

    Example:
        >>> descent = sgd(0.5)
        >>> descent.params_fn(descent.update_fn(0, {"x": 1.0}, descent.init_fn({"x": 2.0})))
        {'x': 1.5}
    """

    @functools.wraps(opt_maker)
    def tree_opt_maker(*args: Any, **kwargs: Any) -> Optimizer:
        init, update, get_params = opt_maker(*args, **kwargs)

        def tree_init(x0_tree: Any) -> Any:
            leaves, tree = trees.flatten(x0_tree)
            states, inner = _flattened([init(x) for x in leaves])
            return OptimizerState(states, tree, inner)

        def tree_update(i: Any, grad_tree: Any, opt_state: Any) -> Any:
            states, tree, inner = opt_state
            grads, of_grads = trees.flatten(grad_tree)
            if of_grads != tree:
                raise TypeError(
                    f"optimizer update function was passed a gradient tree that did not match the parameter tree structure "
                    f"with which it was initialized: parameter tree {tree} and grad tree {of_grads}."
                )
            made = [update(i, g, s) for g, s in zip(grads, _rebuilt(states, inner), strict=True)]
            new, of_new = _flattened(made)
            if of_new != inner:
                raise TypeError(f"optimizer update function produced an output structure that did not match: {of_new}")
            return OptimizerState(new, tree, inner)

        def tree_get_params(opt_state: Any) -> Any:
            states, tree, inner = opt_state
            return trees.unflatten(tree, [get_params(s) for s in _rebuilt(states, inner)])

        return Optimizer(tree_init, tree_update, tree_get_params)

    return tree_opt_maker


def _flattened(states: list[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    pairs = [trees.flatten(s) for s in states]
    return tuple(tuple(leaves) for leaves, _ in pairs), tuple(tree for _, tree in pairs)


def _rebuilt(states: Any, inner: Any) -> list[Any]:
    return [trees.unflatten(tree, list(leaves)) for tree, leaves in zip(inner, states, strict=True)]


# --- optimizers ---------------------------------------------------------------------------------------------------


@optimizer
def sgd(step_size: Any) -> Any:
    """Gradient descent."""
    step_size = make_schedule(step_size)
    return lambda x0: x0, lambda i, g, x: x - step_size(i) * g, lambda x: x


@optimizer
def momentum(step_size: Any, mass: float) -> Any:
    """Gradient descent with momentum (Polyak 1964)."""
    step_size = make_schedule(step_size)

    def update(i: Any, g: Any, state: Any) -> Any:
        x, velocity = state
        velocity = mass * velocity + g
        return x - step_size(i) * velocity, velocity

    return lambda x0: (x0, jnp.zeros_like(x0)), update, lambda state: state[0]


@optimizer
def nesterov(step_size: Any, mass: float) -> Any:
    """Gradient descent with the momentum of Nesterov (1983)."""
    step_size = make_schedule(step_size)

    def update(i: Any, g: Any, state: Any) -> Any:
        x, velocity = state
        velocity = mass * velocity + g
        return x - step_size(i) * (mass * velocity + g), velocity

    return lambda x0: (x0, jnp.zeros_like(x0)), update, lambda state: state[0]


@optimizer
def adagrad(step_size: Any, momentum: float = 0.9) -> Any:
    """Steps divided by the root of the sum of squares (Duchi et al. 2011), with momentum."""
    step_size = make_schedule(step_size)

    def update(i: Any, g: Any, state: Any) -> Any:
        x, squares, m = state
        squares = squares + jnp.square(g)
        inverse = jnp.where(squares > 0, 1.0 / jnp.sqrt(squares), 0.0)
        m = (1.0 - momentum) * (g * inverse) + momentum * m
        return x - step_size(i) * m, squares, m

    return lambda x0: (x0, jnp.zeros_like(x0), jnp.zeros_like(x0)), update, lambda state: state[0]


@optimizer
def rmsprop(step_size: Any, gamma: float = 0.9, eps: float = 1e-8) -> Any:
    """Steps divided by the root of a running mean of squares (Tieleman and Hinton 2012)."""
    step_size = make_schedule(step_size)

    def update(i: Any, g: Any, state: Any) -> Any:
        x, mean = state
        mean = mean * gamma + jnp.square(g) * (1.0 - gamma)
        return x - step_size(i) * g / jnp.sqrt(mean + eps), mean

    return lambda x0: (x0, jnp.zeros_like(x0)), update, lambda state: state[0]


@optimizer
def rmsprop_momentum(step_size: Any, gamma: float = 0.9, eps: float = 1e-8, momentum: float = 0.9) -> Any:
    """`rmsprop` with momentum."""
    step_size = make_schedule(step_size)

    def update(i: Any, g: Any, state: Any) -> Any:
        x, mean, m = state
        mean = mean * gamma + jnp.square(g) * (1.0 - gamma)
        m = momentum * m + step_size(i) * g / jnp.sqrt(mean + eps)
        return x - m, mean, m

    return lambda x0: (x0, jnp.zeros_like(x0), jnp.zeros_like(x0)), update, lambda state: state[0]


@optimizer
def adam(step_size: Any, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Any:
    """Adam (Kingma and Ba 2014)."""
    step_size = make_schedule(step_size)

    def update(i: Any, g: Any, state: Any) -> Any:
        x, m, v = state
        m = (1 - b1) * g + b1 * m
        v = (1 - b2) * jnp.square(g) + b2 * v
        first = m / (1 - jnp.asarray(b1, m.dtype) ** (i + 1))
        second = v / (1 - jnp.asarray(b2, m.dtype) ** (i + 1))
        return x - step_size(i) * first / (jnp.sqrt(second) + eps), m, v

    return lambda x0: (x0, jnp.zeros_like(x0), jnp.zeros_like(x0)), update, lambda state: state[0]


@optimizer
def adamax(step_size: Any, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Any:
    """Adam with the largest of past gradients in the place of their squares (Kingma and Ba 2014, section 7)."""
    step_size = make_schedule(step_size)

    def update(i: Any, g: Any, state: Any) -> Any:
        x, m, u = state
        m = (1 - b1) * g + b1 * m
        u = jnp.maximum(b2 * u, jnp.abs(g))
        return x - (step_size(i) / (1 - jnp.asarray(b1, m.dtype) ** (i + 1))) * m / (u + eps), m, u

    return lambda x0: (x0, jnp.zeros_like(x0), jnp.zeros_like(x0)), update, lambda state: state[0]


@optimizer
def sm3(step_size: Any, momentum: float = 0.9) -> Any:
    """Accumulators of squares for each axis in the place of one for each element (Anil et al. 2019), with momentum."""
    step_size = make_schedule(step_size)

    def along(axis: int, ndim: int) -> tuple[Any, ...]:
        return tuple(slice(None) if i == axis else None for i in range(ndim))

    def init(x0: Any) -> Any:
        x0 = jnp.atleast_1d(x0)
        return x0, jnp.zeros_like(x0), [jnp.zeros(n, dtype=x0.dtype) for n in x0.shape]

    def update(i: Any, g: Any, state: Any) -> Any:
        x, m, kept = state
        accumulated = functools.reduce(jnp.minimum, [v[along(k, x.ndim)] for k, v in enumerate(kept)])
        accumulated = accumulated + jnp.square(g)
        inverse = jnp.where(accumulated > 0, 1.0 / jnp.sqrt(accumulated), 0.0)
        m = (1.0 - momentum) * (g * inverse) + momentum * m
        others = [tuple(k for k in range(x.ndim) if k != axis) for axis in range(x.ndim)]
        return x - step_size(i) * m, m, [accumulated.max(axes) for axes in others]

    return init, update, lambda state: state[0]


# --- step sizes ---------------------------------------------------------------------------------------------------


def constant(step_size: Any) -> Callable[[Any], Any]:
    """The same step size at each count."""
    return lambda i: step_size


def exponential_decay(step_size: Any, decay_steps: Any, decay_rate: Any) -> Callable[[Any], Any]:
    """``step_size * decay_rate ** (i / decay_steps)``."""
    return lambda i: step_size * decay_rate ** (i / decay_steps)


def inverse_time_decay(
    step_size: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False
) -> Callable[[Any], Any]:
    """``step_size / (1 + decay_rate * i / decay_steps)``, with `staircase` in whole steps."""
    if staircase:
        return lambda i: step_size / (1 + decay_rate * jnp.floor(i / decay_steps))
    return lambda i: step_size / (1 + decay_rate * i / decay_steps)


def polynomial_decay(
    step_size: Any, decay_steps: Any, final_step_size: Any, power: float = 1.0
) -> Callable[[Any], Any]:
    """From `step_size` to `final_step_size` in `decay_steps`, as ``(1 - i / decay_steps) ** power``."""

    def schedule(i: Any) -> Any:
        i = jnp.minimum(i, decay_steps)
        return (1 - i / decay_steps) ** power * (step_size - final_step_size) + final_step_size

    return schedule


def piecewise_constant(boundaries: Any, values: Any) -> Callable[[Any], Any]:
    """The value of the interval between boundaries that the count is in.

    Raises:
        ValueError: there is not one value more than boundaries, or they are no lists of numbers.
    """
    boundaries, values = jnp.array(boundaries), jnp.array(values)
    if not boundaries.ndim == values.ndim == 1:
        raise ValueError("boundaries and values must be sequences")
    if boundaries.shape[0] != values.shape[0] - 1:
        raise ValueError("boundaries length must be one shorter than values length")
    return lambda i: values[jnp.sum(i > boundaries)]


def make_schedule(scalar_or_schedule: Any) -> Callable[[Any], Any]:
    """A function of the count from one, or from a number.

    Raises:
        TypeError: it is neither.
    """
    if callable(scalar_or_schedule):
        return scalar_or_schedule
    if jnp.ndim(scalar_or_schedule) == 0:
        return constant(scalar_or_schedule)
    raise TypeError(type(scalar_or_schedule))


def l2_norm(tree: Any) -> Any:
    """The root of the sum of the squares of all elements of a tree."""
    return jnp.sqrt(sum(jnp.vdot(x, x) for x in trees.leaves(tree)))


def clip_grads(grad_tree: Any, max_norm: Any) -> Any:
    """Gradients scaled down to a norm of at most `max_norm`."""
    norm = l2_norm(grad_tree)
    return trees.map(lambda g: jnp.where(norm < max_norm, g, g * (max_norm / norm)), grad_tree)


class JoinPoint:
    """What stands between the tree of the parameters and the trees of their states in what `unpack_optimizer_state` gives."""

    def __init__(self, subtree: Any) -> None:
        self.subtree = subtree

    def __iter__(self) -> Any:
        yield self.subtree


def unpack_optimizer_state(opt_state: Any) -> Any:
    """A state as a tree of the parameters' structure whose leaves are `JoinPoint`s of states, to be saved."""
    states, tree, inner = opt_state
    return trees.unflatten(tree, [JoinPoint(s) for s in _rebuilt(states, inner)])


def pack_optimizer_state(marked_pytree: Any) -> Any:
    """The state of what `unpack_optimizer_state` gave."""
    points, tree = trees.flatten(marked_pytree)
    if not all(isinstance(p, JoinPoint) for p in points):
        raise TypeError("pack_optimizer_state takes a tree whose leaves are JoinPoints")
    states, inner = _flattened([p.subtree for p in points])
    return OptimizerState(states, tree, inner)


__all__ = [
    "JoinPoint", "Optimizer", "OptimizerState", "adagrad", "adam", "adamax", "clip_grads", "constant", "exponential_decay",
    "inverse_time_decay", "l2_norm", "make_schedule", "momentum", "nesterov", "optimizer", "pack_optimizer_state",
    "piecewise_constant", "polynomial_decay", "rmsprop", "rmsprop_momentum", "sgd", "sm3", "unpack_optimizer_state",
]  # fmt: skip
