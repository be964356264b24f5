"""Sparse Jacobians and Hessians as functions: prepared at the first call, compiled, and prepared again where they must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import trees
from ..config import config
from ..core import Value
from ..errors import ArgumentError, DtypeError, NonScalarOutputError, SparsityError
from ..transforms.function import Transformed, check_argnums_type, name_of, shown, values_of
from ..transforms.gradient import value_and_grad
from ..transforms.staging import signature
from ..vocabulary import Function
from .colourings import KINDS, ORDERS, Colouring, cheapest, colouring
from .detect import Staged, pattern_of, symmetrised
from .pattern import Pattern, as_pattern
from .prepared import Prepared
from .rules import size_of

OUTPUTS = ("csr", "csc", "coo", "dense", "data")
_SWEEPS = 4  # arrays of the size of a result that one sweep holds, about, with its seeds


class SparseDerivative(Transformed):
    """What `jacobian` and `hessian` with ``sparse=True`` give: a function, and what it has prepared."""

    def __init__(
        self,
        f: Function,
        order: int,
        argnums: Any = 0,
        has_aux: bool = False,
        holomorphic: bool = False,
        value: bool = False,
        pattern: Any = None,
        colouring: Any = "auto",
        output: str = "csr",
        chunk: int | None = None,
        memory: int | None = None,
    ) -> None:
        self.transformation = "sparse jacobian" if order == 1 else "sparse hessian"
        super().__init__(f)
        what = self.transformation
        if output not in OUTPUTS:
            raise ArgumentError(f"{what}: output is one of {', '.join(OUTPUTS)}; got {output!r}")
        kinds = (*KINDS, "auto") if order == 1 else ("star", "acyclic", "column", "auto")
        if not isinstance(colouring, Colouring) and colouring not in (*kinds, *ORDERS):
            raise ArgumentError(
                f"{what}: colouring is one of {', '.join(kinds)}, an order, or a Colouring; got {colouring!r}"
            )
        for number, name in ((chunk, "chunk"), (memory, "memory")):
            if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
                raise ArgumentError(f"{what}: {name} is a positive number, got {number!r}")
        self.order, self.argnums, self.has_aux = order, check_argnums_type(argnums, what), has_aux
        self.holomorphic, self.value = holomorphic, value
        self.pattern = pattern
        self.colouring = colouring
        self.output, self.chunk, self.memory = output, chunk, memory
        self.fixed = False  # whether it was prepared by the user, and must not be prepared anew
        self._known: dict[Any, list[Prepared]] = {}

    def options(self) -> str:
        return f"argnums={self.argnums}"

    # --- preparing ---------------------------------------------------------------------------------------------------

    def prepare(self, *args: Any, **kwargs: Any) -> SparseDerivative:
        """Find pattern and colouring for arguments like these, and nothing else afterwards.

        Returns:
            This function. A call where Python's control flow goes another way raises `SparsityError`, as one with other
            shapes does.
        """
        __tracebackhide__ = True
        try:
            _, key = self._split(args, kwargs)
            self._known[key] = [self._prepared(args, kwargs)]
            self.fixed = True
            return self
        except Exception as error:
            raise shown(error)

    def prepared(self, *args: Any, **kwargs: Any) -> Prepared:
        """Pattern and colouring for these arguments: attributes `pattern` and `colouring` of what it returns."""
        _, key = self._split(args, kwargs)
        self(*args, **kwargs)
        return self._known[key][-1]

    def _staged(self, args: Any, kwargs: Any) -> Staged:
        what = self.transformation
        if self.order == 1:
            return Staged(self._f, args, kwargs, self.argnums, self.has_aux, what)
        both = value_and_grad(self._f, self.argnums, self.has_aux, self.holomorphic)
        try:
            return Staged(lambda *a, **k: both(*a, **k)[::-1], args, kwargs, self.argnums, True, what)
        except NonScalarOutputError:
            raise NonScalarOutputError(
                f"a Hessian with sparse=True is of a function whose result is one number, and {name_of(self._f)} gives another: "
                f"take that of one of its results, or of their sum"
            ) from None

    def _prepared(self, args: Any, kwargs: Any) -> Prepared:
        staged = self._staged(args, kwargs)
        self._check(staged)
        shape = (sum(map(size_of, staged.out_avals)), sum(map(size_of, staged.in_avals)))
        given = self.colouring.pattern if isinstance(self.colouring, Colouring) else self.pattern
        if given is not None:
            pattern = as_pattern(given, shape, self.order == 2)
            if self.order == 2 and not pattern.symmetric:
                pattern = symmetrised(pattern)
        else:
            pattern = pattern_of(staged)
            if self.order == 2:
                pattern = symmetrised(pattern)
        coloured = self._coloured(pattern, staged)
        chunk, results = self._chunk(coloured, shape, staged), self.value and self.order == 1
        return Prepared(staged, coloured, chunk, results, bands=given is None and self.colouring == "auto")

    def _check(self, staged: Staged) -> None:
        what, name = self.transformation, name_of(self._f)
        kinds = {a.dtype.kind for a in staged.in_avals}
        if ("c" in kinds) != self.holomorphic or (self.holomorphic and kinds != {"c"}):
            raise DtypeError(
                f"{what} of {name}: complex inputs need holomorphic=True, and that needs complex inputs alone"
            )
        for a in staged.out_avals:
            if a.dtype.kind not in "fc" and a.dtype.kind != "V":
                raise DtypeError(
                    f"{what} of {name}: a result has dtype {a.dtype}; convert it with astype, or return it as an extra "
                    f"result with has_aux=True"
                )

    def _coloured(self, pattern: Pattern, staged: Staged) -> Colouring:
        how = self.colouring
        if isinstance(how, Colouring):
            return how
        order = how if how in ORDERS else "auto"
        kind = how if how in KINDS else "auto"
        if self.order == 2:
            return colouring(pattern, "star" if kind == "auto" else kind, order)
        complex_results = any(a.dtype.kind == "c" for a in staged.out_avals) and not self.holomorphic
        if kind == "auto" and complex_results:
            kind = "column"  # a reverse sweep of complex results from real inputs is none of rows
        return cheapest(pattern, order) if kind == "auto" else colouring(pattern, kind, order)

    def _chunk(self, coloured: Colouring, shape: tuple[int, int], staged: Staged) -> int | None:
        if self.chunk is not None or self.memory is None:
            return self.chunk
        item = max((a.dtype.itemsize for a in (*staged.in_avals, *staged.out_avals)), default=8)
        return max(1, int(self.memory // (_SWEEPS * item * max(*shape, 1))))

    # --- calling -----------------------------------------------------------------------------------------------------

    def _split(self, args: Any, kwargs: Any) -> tuple[list[Value], Any]:
        leaves, tree = trees.flatten((args, kwargs))
        values = values_of(leaves, tree, self.transformation, self._f)
        return values, (tree, signature(values), config.enable_x64, config.reproducible)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            values, key = self._split(args, kwargs)
            known = self._known.get(key)
            for prepared in known or ():
                found = prepared(values)
                if found is not None:
                    return self._results(prepared, *found)
            if self.fixed:
                raise self._unprepared(known)
            prepared = self._prepared(args, kwargs)
            found = prepared(values)
            if found is None:
                raise ArgumentError(
                    f"{self.transformation} of {name_of(self._f)}: its control flow is at the edge of a choice"
                )
            if not prepared.hoisted:
                self._known[key] = [prepared, *(known or ())][: config.max_paths]
            return self._results(prepared, *found)
        except Exception as error:
            raise shown(error)

    def _unprepared(self, known: Sequence[Prepared] | None) -> SparsityError:
        what = f"{self.transformation} of {name_of(self._f)} was prepared"
        if known is None:
            return SparsityError(
                f"{what} for arguments of other shapes or dtypes: prepare it for these, or do not prepare it"
            )
        lines = "\n".join(f"    {g!r}" for p in known for g in p.guards)
        return SparsityError(
            f"{what} for another way through its Python control flow, whose pattern may be another one. It holds where\n{lines}\n"
            f"Do not prepare it, or use wengert.numpy.where or lax.cond for the choice"
        )

    def _results(self, prepared: Prepared, data: Any, outs: Sequence[Value]) -> Any:
        staged = prepared.staged
        matrix = prepared.blocks(data, self.output)
        if not self.value and not self.has_aux:
            return matrix
        n = staged.results - prepared.first  # of the results of a gradient none are wanted
        extra = trees.unflatten(staged.aux_tree, list(outs[n:]))
        if self.order == 2:
            value, aux = extra if self.has_aux else (extra, None)
        else:
            value, aux = trees.unflatten(staged.out_tree, list(outs[:n])) if n else None, extra
        if self.value:
            return ((value, aux), matrix) if self.has_aux else (value, matrix)
        return matrix, aux

    def __reduce__(self) -> Any:
        options = (self.order, self.argnums, self.has_aux, self.holomorphic, self.value, self.pattern, self.colouring)
        return (SparseDerivative, (self._f, *options, self.output, self.chunk, self.memory))


__all__ = ["OUTPUTS", "SparseDerivative"]
