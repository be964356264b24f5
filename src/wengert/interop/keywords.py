"""The names of JAX's keywords where they are others than the library's, and those that change nothing on one device.

`dressed` gives a function JAX's signature: keywords of other names are handed on under the library's, those that say where
a result lies are looked at and left out.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

# Functions whose first parameters have other names in JAX.
SPELLED = {
    "jax.numpy.matmul": "a b", "jax.numpy.inner": "a b", "jax.numpy.vdot": "a b", "jax.numpy.packbits": "a",
    "jax.numpy.unpackbits": "a", "jax.numpy.iinfo": "int_type", "jax.numpy.promote_types": "a b",
    "jax.scipy.special.fresnel": "x",
    "jax.scipy.special.hyp1f1": "a b x", "jax.scipy.special.hyp2f1": "a b c x", "jax.scipy.special.kl_div": "p q",
    "jax.scipy.special.rel_entr": "p q", "jax.scipy.special.loggamma": "x", "jax.scipy.special.zeta": "x q",
    "jax.tree_util.keystr": "keys", "jax.tree.keystr": "keys", "jax.tree_util.register_dataclass": "nodetype",
    "jax.dtypes.iinfo": "int_type", "jax.dtypes.issubdtype": "a b",
    "jax.scipy.spatial.transform.Rotation": "",
}  # fmt: skip
_SHARDED = {
    "jax.numpy": "arange array asarray bincount broadcast_to dot einsum empty full full_like matmul ones ones_like "
    "percentile ravel repeat reshape tensordot zeros zeros_like",
    "jax.numpy.linalg": "tensordot",
    "jax.nn.initializers": "ones zeros",
    "jax.ops": "segment_max segment_min segment_prod segment_sum",
    "jax.random": "ball bernoulli beta bits categorical cauchy chisquare dirichlet exponential f gamma generalized_normal "
    "geometric gumbel laplace loggamma logistic lognormal maxwell multivariate_normal normal orthogonal pareto permutation "
    "poisson rademacher randint rayleigh t triangular truncated_normal uniform wald",
}
# Keywords for the device of a result are taken and have no effect: there is one device. For `precision` see `precisions`.
FREE: dict[str, tuple[str, ...]] = {
    f"{module}.{name}": ("out_sharding",) for module, names in _SHARDED.items() for name in names.split()
}
FREE |= {
    "jax.numpy.linalg.multi_dot": ("precision",), "jax.numpy.polyval": ("unroll",), "jax.numpy.modf": ("out",),
    "jax.scipy.linalg.eigh": ("turbo", "eigvals"), "jax.scipy.linalg.solve": ("debug",),
    "jax.scipy.linalg.eigh_tridiagonal": ("key",),
}  # fmt: skip


def check_free(full: str, name: str, value: Any) -> None:
    """Raise where a keyword that changes nothing here has a value that would in JAX, or that it cannot have."""
    if value is None:
        return
    if name == "out_sharding":
        from .jax_modules.sharding import PartitionSpec, Sharding

        if not isinstance(value, (Sharding, PartitionSpec)):
            raise TypeError(f"{full}: out_sharding must be a Sharding or a PartitionSpec, got {value!r}")
    elif name == "precision":
        check_precision(value)
    elif name == "out":
        raise NotImplementedError(f"The 'out' argument to {full} is not supported: bind a name to the result")
    elif name == "eigvals":
        raise NotImplementedError(f"Only the eigvals=None case of {full} is implemented: take a slice of the result")
    elif name == "dtype":
        from ..ops.random import GENERATORS

        if value not in GENERATORS.values():
            raise TypeError(f"{full}: dtype is a dtype of keys, such as that of jax.random.key_dtype(), got {value!r}")


_PRECISIONS = frozenset(
    ("default", "high", "highest", "fastest", "bfloat16", "bfloat16_3x", "tensorfloat32", "float32", "float32_3x")
)


def check_precision(value: Any) -> None:
    """Raise unless a precision of products is one of JAX's; products have their full dtype on a processor.

    Raises:
        ValueError: it is a name that JAX does not know.
        TypeError: it is no precision.
    """
    for one in value if isinstance(value, (tuple, list)) else (value,):
        if isinstance(one, str):
            if one.lower() not in _PRECISIONS and "_" not in one:
                raise ValueError(f"precision must be one of {sorted(_PRECISIONS)}, got {one!r}")
        elif one is not None and type(one).__name__ not in ("Precision", "DotAlgorithm", "DotAlgorithmPreset"):
            raise TypeError(f"precision must be a name, a jax.lax.Precision or None, got {one!r}")


def dressed(module: str, name: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """A function under JAX's signature, or the function itself if it has it."""
    full = f"{module}.{name}"
    spelled, free = SPELLED.get(full), FREE.get(full, ())
    if not spelled and not free:
        return f
    own = list(inspect.signature(f).parameters.values())
    wanted = (spelled or "").split()
    given = {p.name for p in own}
    free = tuple(k for k in free if k not in given)
    any_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)
    if not free and all(p.name == w and p.kind not in any_position for p, w in zip(own, wanted, strict=False)):
        return f

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            for k in free:
                if k in kwargs:
                    check_free(full, k, kwargs.pop(k))
            for k in wanted[len(args) :]:  # by their place, which needs no name
                if k not in kwargs:
                    break
                args = (*args, kwargs.pop(k))
        return f(*args, **kwargs)

    named = inspect.Parameter.POSITIONAL_OR_KEYWORD
    places = [p for p in own if p.kind in (inspect.Parameter.POSITIONAL_ONLY, named)]
    defaults = [p.default for p in places] + [inspect.Parameter.empty] * len(wanted)
    first = [inspect.Parameter(w, named, default=d) for w, d in zip(wanted, defaults, strict=False)]
    rest = [
        p
        for p in own[0 if not places else min(len(wanted), len(places)) :]
        if p.kind is not inspect.Parameter.VAR_POSITIONAL or not wanted
    ]
    last = [rest.pop()] if rest and rest[-1].kind is inspect.Parameter.VAR_KEYWORD else []
    added = [inspect.Parameter(k, inspect.Parameter.KEYWORD_ONLY, default=None) for k in free]
    function.__signature__ = inspect.Signature([*first, *rest, *added, *last])  # type: ignore[attr-defined]
    return function


__all__ = ["check_precision", "dressed"]
