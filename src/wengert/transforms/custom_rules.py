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
from ..config import config
from ..core import (
    NUMPY_TYPES,
    LinearTracer,
    Tracer,
    Value,
    ValueTracer,
    as_value,
    aval_of,
    dtype_of,
    is_inexact,
    is_weak,
    shape_of,
)
from ..errors import (
    ArgumentError,
    ConcretizationError,
    CustomRuleError,
    DtypeError,
    LeakedTracerError,
    NotSupportedError,
    TreeError,
    closed_over,
)
from ..ops.closed_rules import Converted, converted
from ..ops.custom import custom_call_p
from ..ops.elementwise import convert
from ..ops.rules import Flat, Rule, zero_beside
from .callbacks import called_outside
from .forward import FLOAT0, check_output
from .function import Transformed, given, name_of, narrowed, shown
from .plain import NotPlain
from .staging import signature, stage
from .symbolic import CustomVJPPrimal, SymbolicZero


def _is_array(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic, Tracer))


class _Arguments:
    """The arguments of one call, split into flat values and the rest.

    Differentiated arguments give all their leaves; of the others only arrays become values (a rule may be run after
    the trace that they belong to has ended), while Python numbers, functions and strings stay what they are.
    """

    def __init__(self, f: Any, args: Sequence[Any], nondiff: tuple[int, ...]) -> None:
        self.nondiff = nondiff
        self.leaves, self.tree = trees.flatten(tuple(args))
        spans = self.tree.children()
        self.values: Flat = []
        self.slots: list[int] = []  # which leaves are values
        self.differentiated: list[bool] = []  # of the values
        k = 0
        for i, span in enumerate(spans):
            for j in range(k, k + span.num_leaves):
                leaf = self.leaves[j]
                if i in nondiff:
                    if not _is_array(leaf):
                        continue
                else:
                    try:
                        leaf = given(leaf)
                    except DtypeError as error:
                        if isinstance(leaf, NUMPY_TYPES):
                            raise type(error)(f"argument {i} of {name_of(f)}: {error.message}") from None
                        raise ArgumentError(
                            f"argument {i} of {name_of(f)} holds {leaf!r} of type {type(leaf).__name__}, which is no "
                            f"number or array: name the argument in nondiff_argnums"
                        ) from None
                self.slots.append(j)
                self.values.append(leaf)
                self.differentiated.append(i not in nondiff)
            k += span.num_leaves
        self.diff_trees = [s for i, s in enumerate(spans) if i not in nondiff]

    def rebuild(self, values: Sequence[Value]) -> list[Any]:
        leaves = list(self.leaves)
        for j, v in zip(self.slots, values, strict=True):
            leaves[j] = v
        return list(trees.unflatten(self.tree, leaves))

    def split(self, values: Sequence[Value]) -> tuple[list[Any], list[Any]]:
        """``(arguments that are not differentiated, those that are)``."""
        full = self.rebuild(values)
        rest = [x for i, x in enumerate(full) if i not in self.nondiff]
        return [full[i] for i in self.nondiff], rest

    def diff_values(self, values: Sequence[Any]) -> list[Any]:
        return [v for v, d in zip(values, self.differentiated, strict=True) if d]


class _Call(Rule):
    """What both kinds share."""

    def __init__(self, f: Any, arguments: _Arguments, compared: set[Any]) -> None:
        self.f, self.arguments, self.compared = f, arguments, compared
        self.name = name_of(f)
        self.out_tree: Any = None

    def __repr__(self) -> str:
        return self.name

    def results(self, out: Any, what: str) -> Flat:
        leaves, tree = trees.flatten(out)
        if self.out_tree is not None and self.out_tree != tree:
            _check_structure(self.out_tree, tree, what)
        self.out_tree = tree
        return [check_output(x, self.f) for x in leaves]

    def compare(self, values: Sequence[Value], outs: Flat, what: str) -> None:
        """Compare a rule's results with the function's, the first time it is called with arguments of this kind.

        The function is traced for that, so one with Python control flow on values is taken at its word.
        """
        a = self.arguments
        key = (what, a.tree, signature(values), tuple(type(x) for x in a.leaves))
        if key in self.compared:
            return
        self.compared.add(key)
        trees_seen: list[Any] = []

        def flat(*inputs: Value) -> Flat:
            leaves, tree = trees.flatten(self.f(*a.rebuild(inputs)))
            trees_seen.append(tree)
            return [check_output(x, self.f) for x in leaves]

        try:
            program, _ = stage(flat, [aval_of(v) for v in values], self.name)
        except Exception:
            return
        (tree,) = trees_seen
        if tree != self.out_tree:
            _check_structure(tree, self.out_tree, what)
        for path, out, expected in zip(_paths(tree), outs, program.out_avals, strict=True):
            if shape_of(out) != expected.shape:
                raise CustomRuleError(
                    f"{what}{path} has shape {shape_of(out)}, expected {expected.shape}, as {self.name} itself returns"
                )
            if dtype_of(out) != expected.dtype and not (is_weak(out) or expected.weak):
                raise CustomRuleError(
                    f"{what}{path} has dtype {dtype_of(out)}, expected {expected.dtype}, as {self.name} itself returns"
                )

    def run(self, *values: Value) -> Flat:
        """The function; one that knows plain arrays alone is called from the program, for one example at a time."""
        what = f"a second call of {self.name}: its result"
        try:
            return self.results(self.f(*self.arguments.rebuild(values)), what)
        except (ConcretizationError, TypeError, ValueError) as error:
            if not any(isinstance(v, Tracer) for v in values) or not _asked_for_values(error):
                raise
            try:
                return called_outside(lambda *plain: self.results(self.f(*self.arguments.rebuild(plain)), what), values)
            except NotPlain:
                raise error from None

    def check_differentiated(self, nonzero: Sequence[bool]) -> None:
        for used, d in zip(nonzero, self.arguments.differentiated, strict=True):
            if used and not d:
                raise CustomRuleError(
                    f"an argument of {self.name} that nondiff_argnums names is being differentiated: wrap it in "
                    f"stop_gradient, or leave it out of nondiff_argnums"
                )


def _asked_for_values(error: BaseException) -> bool:
    return any(isinstance(e, ConcretizationError) for e in (error, error.__cause__, error.__context__))


def zero_tangent(x: Value, tangents: Sequence[Value | None] = ()) -> Value:
    """The zero that a rule sees: floating point also for integers, so that formulas need no special case."""
    return zero_beside(tangents, shape_of(x), dtype_of(x) if is_inexact(x) else config.float_dtype)


def _symbolic_zero(x: Value, _: Any) -> SymbolicZero:
    return SymbolicZero.from_primal_value(x)


def _zero_as_in_jax(x: Value, tangents: Sequence[Value | None]) -> Any:
    """The zero that JAX's rules see: of integers one of dtype float0."""
    return zero_tangent(x, tangents) if is_inexact(x) else np.zeros(shape_of(x), FLOAT0)


class _JvpCall(_Call):
    forward_mode = True
    float0 = False

    def __init__(self, f: Any, arguments: _Arguments, compared: set[Any], rule: Any, symbolic: bool) -> None:
        super().__init__(f, arguments, compared)
        self.rule, self.symbolic = rule, symbolic

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None]) -> tuple[Flat, list[Value | None]]:
        a = self.arguments
        nondiff, args = a.split(primals)
        zero = _symbolic_zero if self.symbolic else _zero_as_in_jax if self.float0 else zero_tangent
        full = [zero(p, tangents) if t is None else t for p, t in zip(primals, tangents, strict=True)]
        flat = iter(a.diff_values(full))
        ts = tuple(trees.unflatten(s, [next(flat) for _ in range(s.num_leaves)]) for s in a.diff_trees)
        out = self._ruled(nondiff, args, ts, tangents)
        if not isinstance(out, (tuple, list)) or len(out) != 2:
            raise CustomRuleError(
                f"the jvp rule of {self.name} must return a pair (primal_out, tangent_out), it returned "
                f"{trees.describe(trees.structure(out))}"
            )
        outs = self.results(out[0], f"the jvp rule of {self.name}: primal_out")
        self.compare(primals, outs, f"the jvp rule of {self.name}: primal_out")
        try:
            t_leaves = trees.leaves_or_none(self.out_tree, out[1], f"the jvp rule of {self.name}: tangent_out")
        except TreeError as error:
            raise CustomRuleError(f"{error.message}, as in primal_out") from None
        paths = _paths(self.out_tree)
        return outs, [
            _fitted(t, o, f"the jvp rule of {self.name}: tangent_out{path}", "primal_out")
            for t, o, path in zip(t_leaves, outs, paths, strict=True)
        ]

    def _ruled(self, nondiff: Any, args: Any, ts: Any, tangents: Sequence[Value | None]) -> Any:
        """What the rule gives. Where a tape records it, code written for JAX may add what is not linear to a tangent, such
        as a function of other arguments' zero tangents: no cotangent comes through, as in JAX."""
        tapes = [t for t in _tapes(tangents) if not t.affine] if self.float0 else ()
        try:
            for tape in tapes:
                tape.affine = True
            return self.rule(*nondiff, tuple(args), ts)
        finally:
            for tape in tapes:
                tape.affine = False


def _tapes(tangents: Sequence[Any]) -> list[Any]:
    """The tapes that tangents are steps of, also in batches."""
    found: list[Any] = []
    for t in tangents:
        if type(t) is LinearTracer:
            found.append(t._trace)
        elif isinstance(t, ValueTracer):
            found += _tapes(t.parts())
    return found


def _check_structure(expected: Any, got: Any, what: str) -> None:
    try:
        trees.check_same_structure(expected, got, what)
    except TreeError as error:
        raise CustomRuleError(error.message) from None


def _paths(tree: Any) -> list[str]:
    return ["" if tree.is_leaf() else trees.keystr(p) for p in trees.key_paths(tree)]


def _fitted(t: Any, x: Value, what: str, like: str) -> Value | None:
    """A tangent or cotangent that a rule returned, checked against the value it belongs to."""
    if t is None or type(t) is SymbolicZero or (isinstance(t, np.ndarray) and t.dtype == FLOAT0) or not is_inexact(x):
        return None
    t = as_value(t)
    if shape_of(t) != shape_of(x):
        raise CustomRuleError(f"{what} has shape {shape_of(t)}, expected {shape_of(x)}, the shape of {like}")
    if dtype_of(t) != dtype_of(x):
        if is_weak(t) or is_weak(x):
            return convert(t, dtype_of(x))
        raise CustomRuleError(
            f"{what} has dtype {dtype_of(t)}, expected {dtype_of(x)}, the dtype of {like}: convert it with astype"
        )
    return t


class _VjpCall(_Call):
    forward_mode = False
    reverse_only = False

    def __init__(self, f: Any, arguments: _Arguments, compared: set[Any], fwd: Any, bwd: Any, symbolic: bool) -> None:
        super().__init__(f, arguments, compared)
        self.fwd, self.bwd, self.symbolic = fwd, bwd, symbolic
        self.perturbed: Sequence[bool] = [True] * len(arguments.differentiated)

    def check_differentiated(self, nonzero: Sequence[bool]) -> None:
        super().check_differentiated(nonzero)
        self.perturbed = nonzero

    def forward(self, *values: Value) -> tuple[Flat, Flat, Any]:
        given: Sequence[Any] = values
        if self.symbolic:
            marked = zip(values, self.arguments.differentiated, self.perturbed, strict=True)
            given = [CustomVJPPrimal(v, p) if d else v for v, d, p in marked]
        out = self.fwd(*self.arguments.rebuild(given))
        if not isinstance(out, (tuple, list)) or len(out) != 2:
            raise CustomRuleError(
                f"the forward function of {self.name} must return a pair (output, residuals), it returned "
                f"{trees.describe(trees.structure(out))}"
            )
        outs = self.results(out[0], f"the forward function of {self.name}: output")
        self.compare(values, outs, f"the forward function of {self.name}: output")
        leaves, tree = trees.flatten(out[1])
        dynamic = [_is_array(x) for x in leaves]
        fixed = [None if d else x for x, d in zip(leaves, dynamic, strict=True)]
        args = [(shape_of(v), dtype_of(v), is_weak(v)) for v in values]
        nondiff = [v for v, d in zip(values, self.arguments.differentiated, strict=True) if not d]
        residuals = [x for x, d in zip(leaves, dynamic, strict=True) if d]
        return outs, [*residuals, *nondiff], (tree, dynamic, fixed, args, self.out_tree)

    def backward(self, spec: Any, residuals: Sequence[Value], cotangents: Sequence[Value]) -> list[Value | None]:
        tree, dynamic, fixed, args, out_tree = spec
        a = self.arguments
        given = iter(residuals)
        res = trees.unflatten(tree, [next(given) if d else x for x, d in zip(fixed, dynamic, strict=True)])
        placeholder = [None if d else next(given) for d in a.differentiated]
        nondiff, _ = a.split(placeholder)
        grads = self.bwd(*nondiff, res, trees.unflatten(out_tree, list(cotangents)))
        n = len(a.diff_trees)
        if not isinstance(grads, (tuple, list)) or len(grads) != n:
            got = f"{len(grads)} of them" if isinstance(grads, (tuple, list)) else type(grads).__name__
            raise CustomRuleError(
                f"the backward function of {self.name} must return a tuple of {n} cotangent{'s' * (n != 1)}, one for "
                f"each differentiated argument, got {got}" + ("; write `return (g,)`" if n == 1 else "")
            )
        flat: list[Any] = []
        for i, (g, s) in enumerate(zip(grads, a.diff_trees, strict=True)):
            flat += self._leaves(g, s, i)
        found = iter(flat)
        out: list[Value | None] = []
        for k, d in enumerate(a.differentiated):
            out.append(self._check(next(found), args[k]) if d else None)
        return out

    def _leaves(self, g: Any, s: Any, i: int) -> list[tuple[Any, str]]:
        what = f"the backward function of {self.name}: cotangent {i}"
        places = [what + p for p in _paths(s)]
        try:
            return list(zip(trees.leaves_or_none(s, g, what), places, strict=True))
        except TreeError as error:
            try:  # one cotangent for all leaves below it, as JAX has it
                return list(zip(trees.broadcast_prefix(g, s), places, strict=True))
            except TreeError:
                raise CustomRuleError(f"{error.message}, as in the argument") from None

    def _check(self, leaf: tuple[Any, str], arg: tuple[Any, Any, bool]) -> Value | None:
        g, what = leaf
        shape, dtype, weak = arg
        example = np.broadcast_to(np.zeros((), dtype), shape)
        if weak and g is not None and shape_of(as_value(g)) == shape:
            return convert(as_value(g), dtype) if is_inexact(example) else None
        return _fitted(g, example, what, "the argument")


class _Custom(Transformed):
    """A function with a rule."""

    def __init__(self, f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = (), **options: Any) -> None:
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

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
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

    def _positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
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

    def __init__(self, f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> None:
        super().__init__(f, nondiff_argnums)
        self._rule: Callable[..., Any] | None = None
        self._symbolic = False

    def defjvp(self, rule: Callable[..., Any], symbolic_zeros: bool = False) -> Callable[..., Any]:
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

    def __init__(self, f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> None:
        super().__init__(f, nondiff_argnums)
        self._fwd: Callable[..., Any] | None = None
        self._bwd: Callable[..., Any] | None = None
        self._symbolic = False

    def defvjp(
        self,
        fwd: Callable[..., Any],
        bwd: Callable[..., Any],
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


def custom_jvp(f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> CustomJVP:
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


def custom_vjp(f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> CustomVJP:
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
