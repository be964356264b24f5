"""`sparsity`: the pattern of a Jacobian or a Hessian, found in the Program of a function without computing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import Aval, Value, as_value, inexact_dtype
from ..errors import ArgumentError, DtypeError, NonScalarOutputError
from ..program import Program
from ..transforms.forward import check_output
from ..transforms.function import check_argnums, check_argnums_type, name_of, shown, split_aux
from ..transforms.gradient import grad
from ..transforms.jitted import abstract
from ..transforms.staging import stage
from ..vocabulary import Function, Keywords
from .dependence import Dependence, union
from .lattices import lattice
from .pattern import Pattern
from .rules import size_of
from .walk import Walk


class Staged:
    """A function as a Program of the leaves of its arguments, and where what it is differentiated by stands among them.

    Attributes:
        program: of all leaves of ``(args, kwargs)``, its results those of the function, then guards.
        hoisted: values that it closes over, its first inputs.
        wanted: the numbers of the leaves that it is differentiated by, in the order of `argnums`.
        in_tree, out_tree: of these, and of the results.
        aux: how many results at the end are not differentiated, and their tree.
    """

    def __init__(
        self, f: Function, args: Sequence[Any], kwargs: Keywords, argnums: Any, has_aux: bool, what: str
    ) -> None:
        argnums = check_argnums(f, check_argnums_type(argnums, what), len(args), what)
        chosen = (argnums,) if isinstance(argnums, int) else argnums
        leaves, self.tree = trees.flatten((tuple(args), kwargs))
        self.avals: list[Aval] = [abstract(x) for x in leaves]
        concrete = all(not hasattr(x, "shape") or isinstance(x, (np.ndarray, np.generic)) for x in leaves)
        self.values: list[Value] | None = [as_value(x) for x in leaves] if concrete else None
        counts = [trees.flatten(a)[1].num_leaves for a in args]
        first = np.concatenate([[0], np.cumsum(counts)]).astype(int)
        self.wanted = [int(k) for i in chosen for k in range(first[i], first[i + 1])]
        x = args[argnums] if isinstance(argnums, int) else tuple(args[i] for i in chosen)
        self.in_tree = trees.flatten(x)[1]
        for k in self.wanted:
            if not inexact_dtype(self.avals[k].dtype):
                raise DtypeError(
                    f"{what} of {name_of(f)}: an argument it is differentiated by has dtype {self.avals[k].dtype}; convert "
                    f"it to floating point with astype"
                )
        seen: list[Any] = []

        def flat(g: Function) -> Callable[..., list[Value]]:
            def run(*values: Value) -> list[Value]:
                full, named = trees.unflatten(self.tree, values)
                out = g(*full, **named)
                out, aux = split_aux(out, f) if has_aux else (out, ())
                results, out_tree = trees.flatten(out)
                more, aux_tree = trees.flatten(aux)
                seen.append((out_tree, len(results), aux_tree))
                return [*[check_output(v, f) for v in results], *[as_value(v) for v in more]]

            return run

        self.program, self.hoisted = stage(flat(f), self.avals, name_of(f), what, examples=self.values)
        self.out_tree, self.results, self.aux_tree = seen[-1]

    @property
    def out_avals(self) -> list[Aval]:
        return self.program.out_avals[: self.results]

    @property
    def in_avals(self) -> list[Aval]:
        return [self.avals[k] for k in self.wanted]


def dependences(program: Program, inputs: Sequence[int], known: Sequence[Any], local: bool, outs: int) -> Dependence:
    """What the first results of a Program depend on: rows of all of them, columns of the inputs with these numbers."""
    sizes = [size_of(program.inputs[k].aval) for k in inputs]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    walk = Walk(int(starts[-1]), local)
    deps = [walk.nothing(v.aval) for v in program.inputs]
    for k, n, s in zip(inputs, sizes, starts, strict=False):
        made = lattice(0, int(s), [(n, 1, 1)])
        deps[k] = Dependence(n, walk.width, [made] if made is not None and n else [])
    found = walk.run(program, deps, known)[0][:outs]
    size, start, parts = sum(d.size for d in found), 0, [Dependence(sum(d.size for d in found), walk.width)]
    for d in found:
        if not d.empty:
            parts.append(d.projected((d.size,), size, (1,), start))
        start += d.size
    return union(parts)


def pattern_of(staged: Staged, local: bool = False) -> Pattern:
    """The pattern of a function's Jacobian."""
    n = len(staged.hoisted)
    known: list[Any] = [None] * (n + len(staged.avals))
    if local:
        if staged.values is None:
            raise ArgumentError("sparsity with local=True is the pattern at one input: pass arrays, not their shapes")
        known = [*staged.hoisted, *staged.values]
    else:
        for k in range(n):
            known[k] = staged.hoisted[k] if isinstance(staged.hoisted[k], np.ndarray) else None
    found = dependences(staged.program, [n + k for k in staged.wanted], known, local, staged.results)
    pattern = Pattern(found)
    pattern.local = local
    pattern.guards = tuple(map(repr, staged.program.guards))
    return pattern


def symmetrised(pattern: Pattern) -> Pattern:
    """The entries (i, j) of a pattern that has (j, i) as well: those of a symmetric matrix that it covers."""
    lattices = pattern.structured
    if lattices is not None:
        turned = {m for x in lattices if (m := lattice(x.col, x.row, [(e, c, r) for e, r, c in x.axes])) is not None}
        if turned == set(lattices):
            out = Pattern(pattern, symmetric=True)
            return out
    csr = pattern.csr
    out = Pattern(csr.multiply(csr.T))
    out.symmetric, out.guards, out.local = True, pattern.guards, pattern.local
    return out


def sparsity(
    f: Function,
    *args: Any,
    order: int = 1,
    argnums: Any = 0,
    has_aux: bool = False,
    local: bool = False,
    **kwargs: Any,
) -> Pattern:
    """Which entries of a function's Jacobian, or Hessian, may differ from zero.

    No derivative is computed: sets of indices are carried through the steps of the function. No entry is lost; entries that
    are zero by cancellation, or for all inputs by the values of constants that are computed, may be among those found.

    Args:
        f: a function of arrays and pytrees of them.
        args: its arguments, or `ShapeDtypeStruct` in their place.
        order: 1 for the Jacobian, 2 for the Hessian of a function whose result is one number.
        argnums: the arguments it is differentiated by: an index, or several.
        has_aux: whether `f` returns a pair whose second part is not differentiated.
        local: whether the pattern at these arguments is wanted: of `where`, `maximum`, `abs` and `lax.cond` the side that
            is taken counts alone.
        kwargs: arguments by keyword, which are constants.

    Returns:
        A `Pattern`, its rows the elements of all results, its columns those of all inputs, each flattened and in the order
        of the trees. `guards` has what Python asked for: where it finds another answer, the pattern may be another one.

    Raises:
        DtypeError: an argument that it is differentiated by is not floating point.
        ArgumentError: `order` is neither 1 nor 2, or `argnums` do not fit.
        NonScalarOutputError: for order 2, the result is not one number.

    Example:
        >>> import numpy as np, wengert
        >>> f = lambda x: x[1:] * x[:-1]
        >>> p = wengert.sparsity(f, np.ones(6))
        >>> p
        <pattern of 5 by 6, 10 entries>
        >>> p.todense().astype(int)[0]
        array([1, 1, 0, 0, 0, 0])
        >>> wengert.sparsity(lambda x: np.sum(f(x)), np.ones(4), order=2)
        <symmetric pattern of 4 by 4, 6 entries>
    """
    __tracebackhide__ = True
    try:
        if order == 1:
            return pattern_of(Staged(f, args, kwargs, argnums, has_aux, "sparsity"), local)
        if order == 2:
            return hessian_pattern(f, args, kwargs, argnums, has_aux, local)
        raise ArgumentError(f"sparsity: order is 1 for a Jacobian and 2 for a Hessian, got {order!r}")
    except Exception as error:
        raise shown(error)


def hessian_pattern(f: Any, args: Any, kwargs: Any, argnums: Any, has_aux: bool, local: bool) -> Pattern:
    """The pattern of a function's Hessian: that of its gradient's Jacobian, as far as it is symmetric."""
    argnums = check_argnums_type(argnums, "sparsity")
    try:
        staged = Staged(grad(f, argnums, has_aux), args, kwargs, argnums, has_aux, "sparsity")
    except NonScalarOutputError:
        raise NonScalarOutputError(
            f"sparsity with order=2 is for a function whose result is one number, and {name_of(f)} gives another: take the "
            f"Hessian of one of its results, or of their sum"
        ) from None
    return symmetrised(pattern_of(staged, local))


def hessian_sparsity(f: Function, *args: Any, **options: Any) -> Pattern:
    """Which entries of the Hessian of a function whose result is one number may differ from zero.

    The same as ``sparsity(f, *args, order=2)``, with its arguments, result and errors.

    Example:
        >>> import numpy as np, wengert
        >>> wengert.hessian_sparsity(lambda x: np.sum(x[1:] ** 2 * x[:-1]), np.ones(5)).nnz
        12
    """
    return sparsity(f, *args, order=2, **options)


__all__ = ["Staged", "dependences", "hessian_sparsity", "pattern_of", "sparsity", "symmetrised"]
