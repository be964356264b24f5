"""A Program as a function of JAX's arrays: each equation by its rule, Programs that it calls in line.

Rules are found by the name of the primitive (`RULES`), by what its declaration says (`by_declaration`), or by the Program that
it stands for. Keys of the random generator are JAX's typed keys here.

What can go wrong while a Program runs cannot raise on a device: a *failure* is an array of three integers, the kind (0: none),
an index and the length of its axis. Rules add failures to `Site.failures`; the Program's first one is one more result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive
from ..errors import NotSupportedError, ProgramError, WengertError
from ..ops.random import KEY
from ..program import Equation, Literal, Program
from .real import jax, jnp, lax

Failures = list[Any]
Rule = Callable[..., Any]  # (site, *values, **params) -> value, or a list of them with multiple_results
RULES: dict[str, Rule] = {}
BY_DECLARATION: list[Callable[[Primitive], Rule | None]] = []  # what makes a rule of a declaration, or None
INDEX, SINGULAR, INDEFINITE = 1, 2, 3
LARGE = 4096  # elements of a constant from where it is looked at more closely


class Site:
    """Where a rule is applied.

    Attributes:
        inputs, outputs: the types of the equation's values.
        atoms: its inputs in the Program.
        failures: what went wrong, to which the rule adds.
    """

    __slots__ = ("atoms", "failures", "inputs", "outputs", "primitive")

    def __init__(self, eqn: Equation, failures: Failures) -> None:
        self.primitive, self.atoms = eqn.primitive, eqn.inputs
        self.inputs = [a.aval for a in eqn.inputs]
        self.outputs = [v.aval for v in eqn.outputs]
        self.failures = failures

    @property
    def shape(self) -> tuple[int, ...]:
        return self.outputs[0].shape

    @property
    def dtype(self) -> np.dtype:
        return self.outputs[0].dtype

    def fail(self, kind: int, bad: Any, index: Any = 0, length: Any = 0) -> None:
        """Note that something is wrong where `bad` holds; of several places the first counts."""
        bad, index = jnp.ravel(bad), jnp.ravel(jnp.broadcast_to(index, jnp.shape(bad)))
        if bad.size:
            at = jnp.argmax(bad)
            found = [jnp.where(bad[at], kind, 0), index[at], length]
            self.failures.append(jnp.stack([jnp.asarray(x, jnp.int64) for x in found]))


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Make a function the rule of the primitives of these names."""

    def declare(function: Rule) -> Rule:
        for name in names:
            RULES[name] = function
        return function

    return declare


def none() -> Any:
    """No failure."""
    return jnp.zeros(3, jnp.int64)


def first(failures: Sequence[Any]) -> Any:
    """The first of some failures that is one."""
    out = none()
    for found in failures:
        out = jnp.where(out[0] == 0, found, out)
    return out


def to_jax(x: Any, aval: Aval) -> Any:
    """A value of a Program as an array of JAX's."""
    if aval.dtype == KEY:
        x = np.ascontiguousarray(x)
        return jax.random.wrap_key_data(x.view(np.uint32).reshape(*x.shape[: len(aval.shape)], 2), impl="threefry2x32")
    if aval.dtype.kind in "fc" and aval.dtype.itemsize > (8 if aval.dtype.kind == "f" else 16):
        raise NotSupportedError(
            f'backend="xla": XLA has no {aval.dtype}; use float64 or complex128, or backend="native"'
        )
    made = regular(x, aval.dtype) if np.size(x) >= LARGE else None
    return jnp.asarray(x, aval.dtype) if made is None else made


def regular(x: np.ndarray, dtype: np.dtype) -> Any:
    """A large constant that XLA can compute where it is used, in place of reading it: one number, a row of integers, an identity
    (of two numbers, in any shape); None for another. Marks at other distances would take a division for each element.
    """
    flat = np.ravel(x).astype(dtype, copy=False)
    words = flat.view(f"u{min(dtype.itemsize, 8)}").reshape(flat.size, -1)  # compared by bits, as zeros have signs

    def like(i: int) -> Any:
        return (words == words[i]).all(1)

    if like(0).all():
        return jnp.full(x.shape, flat[0], dtype)
    if dtype.kind in "iu":
        step = int(flat[1]) - int(flat[0])
        if (flat == np.arange(flat.size) * step + int(flat[0])).all():
            return (lax.iota(jnp.int64, flat.size) * step + int(flat[0])).astype(dtype).reshape(x.shape)
    n = int(flat.size**0.5)
    if n * n != flat.size or not like(1).reshape(n, n)[~np.eye(n, dtype=bool)].all() or not like(0)[:: n + 1].all():
        return None
    same = lax.iota(jnp.int32, n)[:, None] == lax.iota(jnp.int32, n)
    return jnp.where(same, jnp.asarray(flat[0], dtype), jnp.asarray(flat[1], dtype)).reshape(x.shape)


def typed(x: Any, aval: Aval, what: str) -> Any:
    """A result with the dtype of its type.

    Raises:
        ProgramError: it has another shape.
    """
    if aval.dtype == KEY:
        return x
    x = jnp.asarray(x)
    if x.shape != aval.shape:
        raise ProgramError(f"{what} gave a value of shape {x.shape} on XLA, its type is {aval!r}")
    return x if x.dtype == aval.dtype else converted(x, aval.dtype)


def converted(x: Any, dtype: np.dtype) -> Any:
    """A value as another dtype, by NumPy's rules."""
    if x.dtype == dtype:
        return x
    if x.dtype.kind == "c" and dtype.kind not in "cb":
        x = jnp.real(x)
    return x.astype(dtype)


def declaring(make: Callable[[Primitive], Rule | None]) -> Callable[[Primitive], Rule | None]:
    """What makes rules of declarations. A decorator."""
    BY_DECLARATION.append(make)
    return make


def evaluate(program: Program, values: Sequence[Any], failures: Failures) -> list[Any]:
    """The results of a Program."""
    env: dict[Any, Any] = {v: typed(x, v.aval, program.name) for v, x in zip(program.inputs, values, strict=True)}

    def read(a: Any) -> Any:
        return to_jax(a.value, a.aval) if type(a) is Literal else env[a]

    for eqn in program.equations:
        outs = apply(eqn, [read(a) for a in eqn.inputs], failures)
        for v, out in zip(eqn.outputs, outs, strict=True):
            env[v] = typed(out, v.aval, eqn.primitive.name)
    return [typed(read(a), a.aval, program.name) for a in program.outputs]


def apply(eqn: Equation, values: Sequence[Any], failures: Failures) -> Sequence[Any]:
    """The results of an equation.

    Raises:
        NotSupportedError: there is no rule for its primitive.
    """
    primitive = eqn.primitive
    found = None if primitive.foreign else RULES.get(primitive.name)
    found = found or by_declaration(primitive)
    if found is None:
        expansion = primitive.expansion(eqn.inputs, eqn.params) or written_out(eqn)
        if expansion is None:
            raise without_rule(primitive)
        return evaluate(expansion, values, failures)
    try:
        out = found(Site(eqn, failures), *values, **eqn.params)
    except WengertError:
        raise
    except (TypeError, ValueError, NotImplementedError) as error:
        kinds = ", ".join(str(a.aval.dtype) for a in eqn.inputs)
        raise NotSupportedError(
            f'backend="xla": JAX does not compute {primitive.name} of {kinds} ({str(error).splitlines()[0]}); run this '
            f'function with backend="native"'
        ) from error
    return out if primitive.multiple_results else [out]


def without_rule(primitive: Primitive) -> NotSupportedError:
    return NotSupportedError(
        f'backend="xla" has no rule for the operation {primitive.name}; run this function with backend="native", or write '
        f"it with other operations (docs/xla.md lists those that XLA lacks)"
    )


def by_declaration(primitive: Primitive) -> Rule | None:
    """The rule that follows from a declaration: an elementwise function, an index map, a reduction, a Python function."""
    for declared in BY_DECLARATION:
        if (found := declared(primitive)) is not None:
            return found
    return None


def written_out(eqn: Equation) -> Program | None:
    """The Program of a call of a rule that is a Python function: it is staged."""
    if eqn.primitive.name not in ("custom_call", "custom_pullback"):
        return None
    from ..ops.control.programs import alone

    def run(*args: Any, **params: Any) -> Any:
        return eqn.primitive.impl(*args, **params)

    made = Program([], [], [], name=eqn.primitive.name)
    return alone(run, made, [a.aval for a in eqn.inputs], eqn.params)


__all__ = [
    "INDEFINITE", "INDEX", "RULES", "SINGULAR", "Failures", "Rule", "Site", "converted", "declaring", "evaluate", "first", "none", "rule", "to_jax",
]  # fmt: skip
