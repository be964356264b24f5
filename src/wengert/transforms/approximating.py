"""`approximate`: derivatives of black boxes by the complex step or by differences, with what is known of their error.

Sources: W. Squire, G. Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40 (1998); L. F.
Richardson, "The deferred approach to the limit" (1927); C. J. F. Ridders, "Accurate computation of F'(x)" (1982).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import trees
from ..core import Aval, Tracer, Value, as_array, is_inexact, shape_of
from ..errors import ApproximationError, ArgumentError
from ..ops.host import host_call_p
from ..vocabulary import Function, Tree
from .callbacks import found_with_example
from .custom_rules import custom_jvp
from .function import Transformed, check_callable, name_of, shown
from .plain import NotPlain

_METHODS = ("complex", "differences", "auto")


class _Flat:
    """A black box as a function of flat arrays."""

    def __init__(self, f: Function, tree: Tree, method: str, rtol: float, step: float | None) -> None:
        self.f, self.tree, self.method, self.rtol, self.step = f, tree, method, rtol, step
        self.name = name_of(f)

    def __call__(self, *values: Value) -> list[Any]:
        return [np.asarray(x) for x in trees.leaves(self.f(*trees.unflatten(self.tree, values)))]

    def slope(self, values: list[Any], tangents: list[Any]) -> list[Any]:
        """The derivative in a direction.

        Raises:
            ApproximationError: the estimated error is above the tolerance.
        """
        size = max((float(np.max(np.abs(t))) for t in tangents if np.size(t)), default=0.0)
        if size == 0:
            return [np.zeros_like(o, dtype=np.result_type(o, float)) for o in self(*values)]
        unit = [t / size for t in tangents]
        if self.method != "differences":
            found = self._complex(values, unit)
            if found is not None:
                return [size * o for o in found]
            if self.method == "complex":
                raise ApproximationError(
                    f"approximate({self.name}): it gave no complex result for complex arguments; use method='differences'"
                )
        return [size * o for o in self._differences(values, unit)]

    def _complex(self, values: list[Any], unit: list[Any]) -> list[Any] | None:
        """By a complex step, exact to rounding where the function is analytic; None where it does not go."""
        if any(np.iscomplexobj(v) for v in values):
            return None
        h = 1e-30
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # an imaginary part that is cast away
                out = self(*[v + 1j * h * t if _moves(v) else v for v, t in zip(values, unit, strict=True)])
        except Exception:  # a black box may fail in any way for complex numbers
            return None
        if not all(np.iscomplexobj(o) for o in out):
            return None
        found = [o.imag / h for o in out]
        if self.method == "complex":
            return found
        # Functions that are not analytic (abs, comparisons) give something else for complex numbers: one difference tells.
        h = 1e-5 * max(1.0, max(float(np.max(np.abs(v))) for v in values if np.size(v)))
        near = self._central(values, unit, h)
        fits = all(np.all(np.abs(a - b) <= 1e-4 * (1 + np.max(np.abs(a)))) for a, b in zip(found, near, strict=True))
        return found if fits else None

    def _central(self, values: list[Any], unit: list[Any], h: float) -> list[Any]:
        above, below = (
            self(*[v + sign * h * t if _moves(v) else v for v, t in zip(values, unit, strict=True)]) for sign in (1, -1)
        )
        return [(a - b) / (2 * h) for a, b in zip(above, below, strict=True)]

    def _one_sided(self, values: list[Any], unit: list[Any], h: float) -> np.ndarray:
        there = self(*[v + h * t if _moves(v) else v for v, t in zip(values, unit, strict=True)])
        return np.concatenate([np.ravel((a - b) / h) for a, b in zip(there, self(*values), strict=True)])

    def _differences(self, values: list[Any], unit: list[Any]) -> list[Any]:
        """Central differences with steps that shrink, extrapolated to none; the best column of the table is taken."""
        scale = max(1.0, max(float(np.max(np.abs(v))) for v in values if np.size(v)))
        h = self.step if self.step is not None else 0.02 * scale
        table: list[list[np.ndarray]] = []
        best: Any = None
        least = np.inf
        for i in range(12):
            row = [np.concatenate([np.ravel(o) for o in self._central(values, unit, h)])]
            for j in range(1, i + 1):
                weight = 4.0**j
                row.append((weight * row[j - 1] - table[i - 1][j - 1]) / (weight - 1))
                error = np.maximum(np.abs(row[j] - row[j - 1]), np.abs(row[j] - table[i - 1][j - 1]))
                worst = float(np.max(error, initial=0.0))
                if worst <= least:
                    best, least = row[j], worst
            table.append(row)
            if i and float(np.max(np.abs(row[-1] - table[i - 1][-1]), initial=0.0)) > 2 * least and i > 4:
                break
            h /= 2
        size = 1 + float(np.max(np.abs(best), initial=0.0))
        bound = self.rtol * size
        if self.step is None:  # a jump or a kink may lie between the points, or in the middle of all
            sides = [self._one_sided(values, unit, sign * 1e-5 * scale) for sign in (1, -1)]
            apart = float(np.max(np.abs(sides[0] - sides[1]), initial=0.0))
            off = float(np.max(np.abs((sides[0] + sides[1]) / 2 - best), initial=0.0))
            if not max(apart, 10 * off) <= 1e-2 * size:
                least = max(least, apart, off)
        if not least <= bound:
            raise ApproximationError(
                f"approximate({self.name}): differences leave an error of about {least:.1e}, more than {bound:.1e}: the function is "
                f"not smooth here or is noisy; give rtol= if that is good enough, or step= as large as it is smooth"
            )
        parts: list[Any] = []
        at = 0
        for o in self(*values):
            parts.append(best[at : at + o.size].reshape(o.shape))
            at += o.size
        return parts


def _moves(v: Any) -> bool:
    return np.asarray(v).dtype.kind in "fc"


class Approximated(Transformed):
    """A black box with derivatives; made by `approximate`."""

    transformation = "approximate"

    def __init__(self, f: Function, method: str, rtol: float, step: float | None, result: Any) -> None:
        super().__init__(f)
        self.method, self.rtol, self.step, self.result = method, rtol, step, result

    def __call__(self, *args: Any) -> Any:
        __tracebackhide__ = True
        leaves, tree = trees.flatten(args)
        if not any(isinstance(x, Tracer) for x in leaves):
            return self._f(*args)
        try:
            return self._call(leaves, tree)
        except Exception as error:
            raise shown(error)

    def _call(self, leaves: list[Any], tree: Tree) -> Any:
        values = [as_array(x) for x in leaves]
        box = _Flat(self._f, tree, self.method, self.rtol, self.step)
        shapes, out_tree = trees.flatten(self._example(values, tree))
        avals = tuple([Aval(tuple(np.shape(s)) if not hasattr(s, "shape") else s.shape, s.dtype) for s in shapes])
        outs = _boxed(box, avals, len(values))(*values)
        return trees.unflatten(out_tree, outs)

    def _example(self, values: list[Any], tree: Tree) -> Any:
        if self.result is not None:
            return self.result
        try:
            return trees.map(np.asarray, found_with_example(lambda *v: self._f(*trees.unflatten(tree, v)), values))
        except NotPlain:
            raise ArgumentError(
                f"approximate({name_of(self._f)}): what it gives is not known while a program is written; say so with "
                f"result=wengert.ShapeDtypeStruct(shape, dtype)"
            ) from None


def _boxed(box: _Flat, avals: tuple[Aval, ...], n: int) -> Any:
    """The black box on flat values, with its derivative, which is a black box as well."""

    @custom_jvp
    def call(*values: Any) -> Any:
        return host_call_p.bind(*values, function=box, avals=avals)

    @call.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        out = call(*primals)
        return out, _pushed(box, avals, primals, tangents)

    return call


def _pushed(box: _Flat, avals: tuple[Aval, ...], primals: Any, tangents: Any) -> list[Any]:
    """The tangent: the Jacobian, one column for each number that moves, times the tangents; so that it is linear in these."""
    from .. import numpy as wnp

    moving = [k for k, p in enumerate(primals) if is_inexact(p)]
    sizes = [int(np.prod(shape_of(primals[k]), dtype=int)) for k in moving]
    total = sum(sizes)
    types = tuple([Aval((*a.shape, total), a.dtype if a.dtype.kind in "fc" else np.dtype(float)) for a in avals])

    def columns(*values: Any) -> list[Any]:
        found: list[list[Any]] = []
        for k, size in zip(moving, sizes, strict=True):
            for j in range(size):
                unit = [np.zeros(np.shape(v)) for v in values]
                flat = np.zeros(size)
                flat[j] = 1.0
                unit[k] = flat.reshape(np.shape(values[k]))
                found.append(box.slope(list(values), unit))
        return [np.stack([c[i] for c in found], -1) for i in range(len(avals))]

    inner = _Flat(columns, trees.structure(tuple(range(len(primals)))), box.method, max(box.rtol, 1e-5), box.step)
    inner.name = box.name
    matrices = _boxed(inner, types, len(primals))(*primals)
    change = wnp.concatenate([wnp.reshape(tangents[k], (-1,)) for k in moving])
    return [m @ change if a.dtype.kind in "fc" else wnp.zeros(a.shape) for m, a in zip(matrices, avals, strict=True)]


def approximate(
    f: Function, *, method: str = "auto", rtol: float = 1e-6, step: float | None = None, result: Any = None
) -> Function:
    """A black box with derivatives: a function of NumPy arrays that no tracing can look into.

    Its Jacobian is found by calls of it, one number after the other: by the complex step (exact to rounding, one call for each
    number) where it takes complex numbers and a difference agrees, otherwise by central differences extrapolated to a step
    of 0 (some 10 to 20 calls for each number), whose error is estimated. Derivatives of higher order are differences of these, to
    about five digits. It works under every transformation; under `jit` the function is called from the compiled
    program, under `vmap` for one example at a time.

    Args:
        f: from arrays or pytrees of them to such, by position.
        method: "auto", "complex" (for analytic functions: `abs` is none), "differences".
        rtol: the error that is accepted, relative to one plus the largest derivative.
        step: the first step of differences; 2 percent of the largest argument, or of 1.
        result: a pytree of `ShapeDtypeStruct`s, needed where there is no example (`make_program`).

    Returns:
        A function of the same arguments.

    Raises:
        ApproximationError: when differentiated, if the estimated error is above `rtol`, and says how large it is.

    Example:
        >>> import math, wengert
        >>> gamma = wengert.approximate(math.gamma)
        >>> round(float(wengert.grad(gamma)(2.0)), 8), round(float(wengert.jit(wengert.grad(gamma))(2.0)), 8)
        (0.42278434, 0.42278434)
    """
    check_callable(f, "approximate")
    if method not in _METHODS:
        raise ArgumentError(f"approximate: method is one of {', '.join(map(repr, _METHODS))}, got {method!r}")
    return Approximated(f, method, rtol, step, result)


__all__ = ["approximate"]
