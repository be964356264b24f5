"""`jax.custom_jvp` and `jax.custom_vjp`: those of the library, with what JAX asks of their arguments and rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ... import trees
from ...core import Tracer
from ...transforms.custom_rules import custom_jvp as our_custom_jvp
from ...transforms.custom_rules import custom_vjp as our_custom_vjp
from ...transforms.function import name_of
from ..array import Array
from ..border import WEAK, Outer, lowered
from ..refusals import UnexpectedTracerError


def _argnums(fun: Callable[..., Any], nums: Any, names: Any) -> tuple[int, ...]:
    """Positions from positions and names; names that are no parameters are left out, as JAX does."""
    nums = (nums,) if isinstance(nums, int) else tuple(nums)
    names = (names,) if isinstance(names, str) else tuple(names or ())
    if not names:
        return nums
    parameters = list(inspect.signature(fun).parameters)
    return tuple(sorted({*nums, *[parameters.index(n) for n in names if n in parameters]}))


def _is_traced(x: Any) -> bool:
    return isinstance(x, Tracer) or (type(x) is Array and isinstance(x._value, Tracer))


class _Ruled(Outer):
    """A function with a rule of the user's.

    Raises:
        AttributeError: when called, if there is no rule.
        TypeError: when called, if the arguments do not fit the function.
    """

    rule: Any
    kind, define = "", ""

    def __new__(
        cls, fun: Callable[..., Any] | None = None, nondiff_argnums: Any = (), nondiff_argnames: Any = ()
    ) -> Any:
        if fun is None:
            return lambda f: cls(f, nondiff_argnums, nondiff_argnames)
        return object.__new__(cls)

    def __init__(self, fun: Any, nondiff_argnums: Any = (), nondiff_argnames: Any = ()) -> None:
        self.nondiff_argnums = _argnums(fun, nondiff_argnums, nondiff_argnames)
        super().__init__(self.rule(lowered(fun, WEAK), self.nondiff_argnums), fun)
        self.inner.as_in_jax = True
        self.fun = fun

    def has_rule(self) -> bool:
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.has_rule():
            raise AttributeError(
                f"No {self.kind[-3:].upper()} defined for {self.kind} function {self.__name__} using {self.define}."
            )
        try:
            if any(map(_is_traced, trees.leaves((args, kwargs)))):
                return super().__call__(*args, **kwargs)
            return self.fun(*args, **kwargs)
        except TypeError as error:
            if self._fits(args, kwargs) is None:
                raise
            raise TypeError(
                f"The input arguments to the {self.kind}-decorated function {self.__name__} could not be resolved to "
                f"positional-only arguments. Binding failed with the error:\n{self._fits(args, kwargs)}"
            ) from error

    def _fits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Why arguments do not fit the signature; None where they do."""
        try:
            inspect.signature(self.fun).bind(*args, **kwargs)
        except TypeError as error:
            return str(error)
        except ValueError:  # there is no signature
            pass
        return None


class custom_jvp(_Ruled):  # noqa: N801 (JAX's name)
    """`wengert.custom_jvp`; arguments without a derivative may be named. Without a function it is a decorator."""

    rule = staticmethod(our_custom_jvp)
    kind, define = "custom_jvp", "defjvp"

    def has_rule(self) -> bool:
        return self.inner._rule is not None

    def defjvp(self, jvp: Callable[..., Any], symbolic_zeros: bool = False) -> Callable[..., Any]:
        """Define the rule: ``jvp(*nondiff, primals, tangents) -> (primal_out, tangent_out)``; usable as a decorator."""
        self.inner.defjvp(lowered(jvp, WEAK), symbolic_zeros)
        self.jvp = jvp
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """Define a rule for each argument: ``jvp(tangent, ans, *primals) -> tangent_out``, or None for no dependence.

        Raises:
            TypeError: there are arguments without a derivative, which these rules would not be given.
        """
        if self.nondiff_argnums:
            raise TypeError("Can't use ``defjvps`` with ``nondiff_argnums``.")

        def jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
            if len(primals) != len(jvps):
                raise ValueError(
                    f"safe_zip() argument 1 has length {len(jvps)} but argument 0 has length {len(primals)}: defjvps of "
                    f"{self.__name__} takes a rule for each argument, None for those without a derivative"
                )
            ans = self(*primals)
            terms = [rule(t, ans, *primals) for rule, t in zip(jvps, tangents, strict=True) if rule is not None]
            if not terms:
                return ans, trees.map(lambda x: x * 0, ans)
            total = terms[0]
            for term in terms[1:]:
                total = trees.map(lambda a, b: a + b, total, term)
            return ans, total

        self.defjvp(jvp)


class custom_vjp(_Ruled):  # noqa: N801
    """`wengert.custom_vjp`; arguments without a derivative may be named. Without a function it is a decorator.

    Raises:
        UnexpectedTracerError: when called with a traced array where `nondiff_argnums` says that there is no derivative.
    """

    rule = staticmethod(our_custom_vjp)
    kind, define = "custom_vjp", "defvjp"

    def has_rule(self) -> bool:
        return self.inner._fwd is not None

    def defvjp(
        self,
        fwd: Callable[..., Any],
        bwd: Callable[..., Any],
        symbolic_zeros: bool = False,
        optimize_remat: bool = False,
    ) -> None:
        """Define the rule: ``fwd(*args) -> (out, residuals)``, ``bwd(*nondiff, residuals, cotangent) -> cotangents``.

        Args:
            fwd: the function with what the way back needs.
            bwd: the cotangents of the arguments.
            symbolic_zeros: whether `fwd` is given `CustomVJPPrimal`s, and `bwd` `SymbolicZero`s for zero cotangents.
            optimize_remat: whether `fwd` may be run again instead of what it keeps; it is kept here.
        """
        for rule in (fwd, bwd):
            if not callable(rule):
                raise TypeError(f"the first argument must be callable, got {rule!r}")
        self.inner.defvjp(lowered(fwd, WEAK), lowered(bwd), symbolic_zeros, optimize_remat)
        self.fwd, self.bwd = fwd, bwd

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(_is_traced(x) for n in self.nondiff_argnums if n < len(args) for x in trees.leaves(args[n])):
            raise UnexpectedTracerError(
                f"Found a JAX Tracer object passed as an argument to a custom_vjp function in a position indicated by "
                f"nondiff_argnums as non-differentiable. Tracers cannot be passed as non-differentiable arguments to custom_vjp "
                f"functions; instead, nondiff_argnums should only be used for arguments that can't be or contain JAX tracers, e.g. "
                f"function-valued arguments. In particular, array-valued arguments should typically not be indicated as "
                f"nondiff_argnums (in a call of {name_of(self.fun)})"
            )
        return super().__call__(*args, **kwargs)


__all__ = ["custom_jvp", "custom_vjp"]
