"""checkpoint: what the reverse pass computes again instead of saving; policies, and names for values.

The primitive is `remat_p` (ops/call.py). Loops that keep few of their steps are in `budgets`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from .. import trees
from ..config import config
from ..core import Aval, Primitive, Tracer, as_array, aval_of
from ..errors import ArgumentError, ConcretizationError
from ..ops.call import Policy, name_p, remat_p
from ..vocabulary import Function
from . import nans
from .function import Transformed, name_of, narrowed, shown, values_of
from .jitted import Jit, flat_function
from .signatures import P, R
from .staging import stage


class Checkpoint(Transformed):
    """A function whose intermediate values are computed again by the reverse pass instead of being saved."""

    transformation = "checkpoint"

    def __init__(self, f: Any, static_argnums: Any, policy: Policy | None) -> None:
        super().__init__(f)
        self._jit = Jit(f, static_argnums or None, None)
        self._policy = policy

    def options(self) -> str:
        return "" if self._policy is None else f"policy={self._policy!r}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if nans.is_locating() or config.disable_jit:
            return self._f(*args, **kwargs)
        leaves, tree, _, rebuild = self._jit.split(args, kwargs)
        try:
            values = values_of(leaves, tree, "checkpoint", self._f)
            if not any(isinstance(v, Tracer) for v in values):
                args, kwargs = narrowed((args, kwargs))
                return self._f(*args, **kwargs)
            seen: list[Any] = []
            try:
                program, hoisted = stage(
                    flat_function(self._f, tree, rebuild, seen),
                    [aval_of(v) for v in values],
                    name_of(self._f),
                    "checkpoint",
                )
            except ConcretizationError:  # Python control flow on values: right, if not thrifty
                return self._f(*args, **kwargs)
            return trees.unflatten(seen[0], remat_p.bind(*hoisted, *values, program=program, policy=self._policy))
        except Exception as error:
            raise shown(error)


@overload
def checkpoint(
    f: Callable[P, R],
    *,
    static_argnums: Any = (),
    policy: Callable[..., bool] | None = None,
    prevent_cse: bool = True,
) -> Callable[P, R]: ...
@overload
def checkpoint(
    f: None = None,
    *,
    static_argnums: Any = (),
    policy: Callable[..., bool] | None = None,
    prevent_cse: bool = True,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def checkpoint(
    f: Function | None = None,
    *,
    static_argnums: Any = (),
    policy: Callable[..., bool] | None = None,
    prevent_cse: bool = True,
) -> Any:
    """`f`, its intermediate values recomputed by the reverse pass instead of being saved: less memory, more time.

    Args:
        f: a function of arrays and pytrees of them; left out, a decorator is returned.
        static_argnums: arguments that are part of the program.
        policy: what is saved all the same, one of `checkpoint_policies` or a function ``(primitive, *avals, **params) ->
            bool`` of each operation; None saves the arguments alone.
        prevent_cse: accepted for code written for JAX; what is recomputed is never shared.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> float(wengert.grad(wengert.checkpoint(lambda x: wnp.sin(wnp.sin(x))))(0.0))
        1.0
    """
    if policy is not None and not callable(policy):
        raise ArgumentError(f"checkpoint: policy is a function, such as those of checkpoint_policies, got {policy!r}")
    return (lambda g: Checkpoint(g, static_argnums, policy)) if f is None else Checkpoint(f, static_argnums, policy)


def checkpoint_name(x: Any, name: str) -> Any:
    """The same values under a name, by which policies of `checkpoint` can say that they are saved.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> policy = checkpoint_policies.save_only_these_names("hidden")
        >>> f = wengert.checkpoint(lambda x: wnp.cos(checkpoint_name(wnp.sin(x), "hidden")), policy=policy)
        >>> round(float(wengert.grad(f)(1.0)), 6)
        -0.402862
    """
    return trees.map(lambda v: name_p.bind(as_array(v), name=str(name)), x)


class _Named:
    """A policy that looks at names."""

    def __init__(self, names: tuple[str, ...], what: str) -> None:
        self.names, self.what = frozenset(names), what

    def __call__(self, primitive: Primitive, *avals: Aval, **params: Any) -> bool:
        if primitive is not name_p:
            return self.what == "anything except"
        return (params["name"] in self.names) == (self.what == "only")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and (self.names, self.what) == (other.names, other.what)

    def __hash__(self) -> int:
        return hash((self.names, self.what))

    def __repr__(self) -> str:
        return f"save {self.what} {', '.join(sorted(self.names))}"


class _Either:
    """A policy that saves what one of two saves."""

    def __init__(self, first: Policy, second: Policy) -> None:
        self.both = (first, second)

    def __call__(self, primitive: Primitive, *avals: Aval, **params: Any) -> bool:
        return any(p(primitive, *avals, **params) for p in self.both)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Either) and self.both == other.both

    def __hash__(self) -> int:
        return hash(self.both)


class checkpoint_policies:  # noqa: N801 - used as a namespace, as `jax.checkpoint_policies`
    """What `checkpoint` may save: policies, and functions that make policies.

    Example:
        >>> import numpy as np, wengert, wengert.numpy as wnp
        >>> f = wengert.checkpoint(lambda a, x: wnp.sin(a @ x), policy=checkpoint_policies.dots_saveable)
        >>> f(np.eye(2), np.zeros(2))
        array([0., 0.])
    """

    @staticmethod
    def everything_saveable(primitive: Primitive, *avals: Aval, **params: Any) -> bool:
        """Every result is saved, as without checkpoint."""
        return True

    @staticmethod
    def nothing_saveable(primitive: Primitive, *avals: Aval, **params: Any) -> bool:
        """Nothing but the arguments is saved."""
        return False

    @staticmethod
    def dots_saveable(primitive: Primitive, *avals: Aval, **params: Any) -> bool:
        """Products of matrices are saved, which are dear to compute again."""
        return primitive.name in ("dot_general", "convolution")

    checkpoint_dots = dots_saveable

    @staticmethod
    def dots_with_no_batch_dims_saveable(primitive: Primitive, *avals: Aval, **params: Any) -> bool:
        """Products that have no batch are saved."""
        return primitive.name == "dot_general" and not params["dims"][1][0]

    checkpoint_dots_with_no_batch_dims = dots_with_no_batch_dims_saveable

    @staticmethod
    def save_only_these_names(*names: str) -> Policy:
        """Values with these names are saved, and nothing else."""
        return _Named(names, "only")

    @staticmethod
    def save_any_names_but_these(*names: str) -> Policy:
        """Values with other names are saved; what has none is not."""
        return _Named(names, "names but")

    @staticmethod
    def save_anything_except_these_names(*names: str) -> Policy:
        """Everything but the values with these names is saved."""
        return _Named(names, "anything except")

    @staticmethod
    def save_from_both_policies(first: Policy, second: Policy) -> Policy:
        """What one of the two saves is saved."""
        return _Either(first, second)


remat = checkpoint  # JAX's other name for it

__all__ = ["Checkpoint", "checkpoint", "checkpoint_name", "checkpoint_policies", "remat"]
