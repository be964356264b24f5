"""Calls of functions that have a rule of the user's own: the objects that carry the function, its rule and its arguments through transformations."""

from __future__ import annotations

from collections.abc import Sequence
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
    TreeError,
)
from ..ops.elementwise import convert
from ..ops.rules import Flat, Rule, zero_beside
from ..prefixes import broadcast_prefix, leaves_or_none
from .callbacks import called_outside
from .forward import FLOAT0, check_output
from .function import given, name_of
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
            t_leaves = self._tangents(out[1], f"the jvp rule of {self.name}: tangent_out")
        except TreeError as error:
            raise CustomRuleError(f"{error.message}, as in primal_out") from None
        paths = _paths(self.out_tree)
        return outs, [
            _fitted(t, o, f"the jvp rule of {self.name}: tangent_out{path}", "primal_out")
            for t, o, path in zip(t_leaves, outs, paths, strict=True)
        ]

    def _tangents(self, tangent_out: Any, what: str) -> list[Any]:
        leaves, tree = trees.flatten(tangent_out)
        if tree == self.out_tree:
            return leaves
        if self.float0:
            _check_structure(self.out_tree, tree, what)
        return leaves_or_none(trees.bare(self.out_tree), trees.unmarked(tangent_out), what)

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
        trees.check_same_structure(trees.bare(expected), trees.bare(got), what)
    except TreeError as error:
        raise CustomRuleError(error.message) from None


def _paths(tree: Any) -> list[str]:
    tree = trees.bare(tree)
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
        self.zeros_told = symbolic
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
        results = [aval_of(o) for o in outs] if self.symbolic else ()
        return outs, [*residuals, *nondiff], (tree, dynamic, fixed, args, self.out_tree, results)

    def backward(self, spec: Any, residuals: Sequence[Value], cotangents: Sequence[Any]) -> list[Value | None]:
        tree, dynamic, fixed, args, out_tree, results = spec
        if self.symbolic:
            cotangents = [SymbolicZero(a) if c is None else c for c, a in zip(cotangents, results, strict=True)]
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
            return list(zip(leaves_or_none(s, g, what), places, strict=True))
        except TreeError as error:
            try:  # one cotangent for all leaves below it, as JAX has it
                return list(zip(broadcast_prefix(g, s), places, strict=True))
            except TreeError:
                raise CustomRuleError(f"{error.message}, as in the argument") from None

    def _check(self, leaf: tuple[Any, str], arg: tuple[Any, Any, bool]) -> Value | None:
        g, what = leaf
        shape, dtype, weak = arg
        example = np.broadcast_to(np.zeros((), dtype), shape)
        if weak and g is not None and shape_of(as_value(g)) == shape:
            return convert(as_value(g), dtype) if is_inexact(example) else None
        return _fitted(g, example, what, "the argument")
