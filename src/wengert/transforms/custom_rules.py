"""custom_jvp and custom_vjp: functions with a derivative rule of the user's own.

Here arguments, pytrees and what a rule returns are resolved and checked; how the call moves through the
transformations is in `ops.custom`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import (
    Tracer,
)
from ..errors import (
    ArgumentError,
    CustomRuleError,
    LeakedTracerError,
    NotSupportedError,
    closed_over,
)
from ..ops.closed_rules import Converted, converted
from ..ops.custom import custom_call_p
from ..ops.rules import Flat, Rule
from ..vocabulary import Function, Keywords
from .custom_calls import _Arguments, _Call, _JvpCall, _VjpCall, zero_tangent
from .function import Transformed, name_of, narrowed, shown


class _Custom(Transformed):
    """A function with a rule."""

    def __init__(self, f: Function, nondiff_argnums: int | Sequence[int] = (), **options: Any) -> None:
        super().__init__(f)
        if isinstance(nondiff_argnums, int):
            nondiff_argnums = (nondiff_argnums,)
        self.nondiff_argnums = tuple(int(i) for i in nondiff_argnums)
        self._compared: set[Any] = set()  # kinds of arguments for which the rule's results were compared
        self.__doc__ = getattr(f, "__doc__", None)
        self.__module__ = getattr(f, "__module__", "")
        if any(options.values()):
            name = next(k for k, v in options.items() if v)
            raise NotSupportedError(f"{self.transformation} of {name_of(f)}: the option {name} is not supported")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return self._call(args, kwargs)
        except Exception as error:
            raise shown(error)

    def _call(self, args: tuple[Any, ...], kwargs: Keywords) -> Any:
        if not any(isinstance(x, Tracer) for x in trees.leaves((args, kwargs))):
            args, kwargs = narrowed((args, kwargs))
            return self._f(*args, **kwargs)
        self.require_rule()
        args = self._positional(args, kwargs)
        n = len(args)
        for i in self.nondiff_argnums:
            if not -n <= i < n:
                raise ArgumentError(
                    f"{self.transformation} of {name_of(self._f)}: nondiff_argnums={self.nondiff_argnums}, but it was "
                    f"called with {n} argument{'s' * (n != 1)}"
                )
        arguments = _Arguments(self._f, args, tuple(sorted({i % n for i in self.nondiff_argnums})))
        call = self.call_of(arguments)
        try:
            outs = custom_call_p.bind(*arguments.values, rule=call)
        except LeakedTracerError:  # the rule closes over values of a newer transformation than its arguments
            outs = self._with_closed(call, arguments.values)
        return trees.unflatten(call.out_tree, outs)

    def _with_closed(self, call: Rule, values: Flat) -> Flat:
        """The call, with what its rule closes over as arguments."""
        try:
            rule, closed = converted(call, values)
            if type(rule) is Converted:
                return custom_call_p.bind(*closed, *values, rule=rule)
        except LeakedTracerError:
            pass
        raise closed_over(f"{self.transformation} of {name_of(self._f)}") from None

    def _positional(self, args: tuple[Any, ...], kwargs: Keywords) -> tuple[Any, ...]:
        """Every argument in its place, defaults and keyword arguments included, as the rule expects them."""
        try:
            if isinstance(self._f, np.ufunc):  # whose signature is of options
                raise ValueError
            signature = inspect.signature(self._f)
        except (TypeError, ValueError):
            if kwargs:
                raise ArgumentError(f"{name_of(self._f)} has no signature; pass its arguments by position") from None
            return args
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()  # first: behind an argument that is left out, others count as keywords
        if given := [k for k in bound.kwargs if k in kwargs]:
            raise ArgumentError(
                f"{self.transformation} of {name_of(self._f)}: keyword-only arguments ({', '.join(given)}) "
                f"cannot be passed to the rule by position; make them positional"
            )
        return bound.args  # defaults of keyword-only arguments, such as a partial's, are the function's own affair

    def require_rule(self) -> None:
        raise NotImplementedError

    def call_of(self, arguments: _Arguments) -> _Call:
        raise NotImplementedError


class CustomJVP(_Custom):
    transformation = "custom_jvp"
    as_in_jax = False  # whether tangents of integers are of dtype float0

    def __init__(self, f: Function, nondiff_argnums: int | Sequence[int] = ()) -> None:
        super().__init__(f, nondiff_argnums)
        self._rule: Callable[..., Any] | None = None
        self._symbolic = False

    def defjvp(self, rule: Function, symbolic_zeros: bool = False) -> Function:
        """Define the rule: ``rule(*nondiff, primals, tangents) -> (primal_out, tangent_out)``; usable as a decorator.

        With `symbolic_zeros`, tangents that are zero are `SymbolicZero`s instead of arrays.
        """
        if not callable(rule):
            raise CustomRuleError(f"defjvp of {name_of(self._f)} takes a function, got {rule!r}")
        self._rule, self._symbolic = rule, bool(symbolic_zeros)
        self._compared.clear()
        return rule

    def defjvps(self, *rules: Callable[..., Any] | None) -> None:
        """Define a rule per argument: ``rule(tangent, ans, *primals) -> tangent_out``, or None for no dependence."""
        if self.nondiff_argnums:
            raise CustomRuleError("defjvps cannot be used with nondiff_argnums: use defjvp")

        def rule(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
            if len(primals) != len(rules):
                raise CustomRuleError(
                    f"defjvps of {name_of(self._f)} was given {len(rules)} rules, the function has {len(primals)} "
                    f"arguments: give one for each, None for those without a derivative"
                )
            ans = self(*primals)
            terms = [r(t, ans, *primals) for r, t in zip(rules, tangents, strict=True) if r is not None]
            total = trees.map(zero_tangent, ans) if not terms else terms[0]
            for term in terms[1:]:
                total = trees.map(lambda a, b: a + b, total, term)
            return ans, total

        self._rule = rule

    def require_rule(self) -> None:
        if self._rule is None:
            raise CustomRuleError(f"{name_of(self._f)} is a custom_jvp function without a rule: call its defjvp")

    def call_of(self, arguments: _Arguments) -> _Call:
        call = _JvpCall(self._f, arguments, self._compared, self._rule, self._symbolic)
        call.float0 = self.as_in_jax
        return call


class CustomVJP(_Custom):
    transformation = "custom_vjp"
    as_in_jax = False  # whether forward mode is refused

    def __init__(self, f: Function, nondiff_argnums: int | Sequence[int] = ()) -> None:
        super().__init__(f, nondiff_argnums)
        self._fwd: Callable[..., Any] | None = None
        self._bwd: Callable[..., Any] | None = None
        self._symbolic = False

    def defvjp(
        self,
        fwd: Function,
        bwd: Function,
        symbolic_zeros: bool = False,
        optimize_remat: bool = False,
    ) -> None:
        """Define the rule: ``fwd(*args) -> (out, residuals)``, ``bwd(*nondiff, residuals, cotangent) -> cotangents``.

        With `symbolic_zeros`, `fwd` gets a `CustomVJPPrimal` for each array: its value, and whether it is differentiated.
        """
        for g in (fwd, bwd):
            if not callable(g):
                raise CustomRuleError(f"defvjp of {name_of(self._f)} takes two functions, got {g!r}")
        self._fwd, self._bwd, self._symbolic = fwd, bwd, bool(symbolic_zeros)
        self._compared.clear()

    def require_rule(self) -> None:
        if self._fwd is None:
            raise CustomRuleError(f"{name_of(self._f)} is a custom_vjp function without a rule: call its defvjp")

    def call_of(self, arguments: _Arguments) -> _Call:
        call = _VjpCall(self._f, arguments, self._compared, self._fwd, self._bwd, self._symbolic)
        call.reverse_only = self.as_in_jax
        return call


def custom_jvp(f: Function, nondiff_argnums: int | Sequence[int] = ()) -> CustomJVP:
    """A function whose tangent rule is the user's; it serves forward and reverse mode.

    Args:
        f: a function of arrays and pytrees of them.
        nondiff_argnums: arguments without a derivative; the rule gets them first, in the order of the signature.

    Returns:
        A function like `f`, with methods `defjvp` and `defjvps`.

    Raises:
        CustomRuleError: when differentiated, if there is no rule or it returns something that does not fit.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> @wengert.custom_jvp
        ... def log1pexp(x):
        ...     return wnp.log(1.0 + wnp.exp(x))
        >>> @log1pexp.defjvp
        ... def rule(primals, tangents):
        ...     (x,), (t,) = primals, tangents
        ...     return log1pexp(x), (1 - 1 / (1 + wnp.exp(x))) * t
        >>> float(wengert.grad(log1pexp)(100.0))
        1.0
    """
    return CustomJVP(f, nondiff_argnums)


def custom_vjp(f: Function, nondiff_argnums: int | Sequence[int] = ()) -> CustomVJP:
    """A function whose pullback is the user's.

    Reverse mode runs ``fwd`` and then ``bwd``. Forward mode transposes ``bwd``, where that is linear in the cotangent.

    Args:
        f: a function of arrays and pytrees of them.
        nondiff_argnums: arguments without a derivative; ``fwd`` gets them in place, ``bwd`` gets them
            first, in the order of the signature.

    Returns:
        A function like `f`, with a method `defvjp`.

    Raises:
        CustomRuleError: when differentiated, if there is no rule, it returns something that does not fit, or forward
            mode meets a backward function that is not linear.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> @wengert.custom_vjp
        ... def clip_gradient(x):
        ...     return x
        >>> clip_gradient.defvjp(lambda x: (x, None), lambda _, g: (wnp.clip(g, -1.0, 1.0),))
        >>> float(wengert.grad(lambda x: 5.0 * clip_gradient(x))(2.0))
        1.0
    """
    return CustomVJP(f, nondiff_argnums)
