"""scipy.optimize by its own names: SciPy searches on plain values, its solution is differentiated as one.

Every solver is described by what is zero, or least, at its solution (`transforms.solutions`, `transforms.stationary`);
its result is SciPy's own object with the differentiable values in it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Aval, Tracer, as_array, dtype_of, shape_of
from ...errors import NotSupportedError
from ...ops.special.declare import floating
from ...transforms.derivatives import hessian, hvp, jacfwd
from ...transforms.gradient import grad
from ...transforms.plain import PlainFunction, is_traced, plain_tree
from ...transforms.solutions import solved
from ...transforms.stationary import conditions, multipliers
from ...vocabulary import DTypeLike, Function
from .arguments import Named, as_tuple, split, vector_of, with_more
from .constraints import Constraints, _bounds, _rows, shape_like, stacked
from .entry import Entry

Answer = Callable[[Entry, "tuple[Any, ...]", Named], Any]


# --- roots --------------------------------------------------------------------------------------------------------


def root_like(
    f: str,
    x0: str | None = None,
    also: Sequence[str] = (),
    where: Callable[[Any], Any] = lambda found: found,
    put: Callable[[Any, Any], Any] = lambda found, x: x,
    fixed_point: bool = False,
    vector: bool = False,
) -> Answer:
    """The answer of a solver of equations.

    Args:
        f: the argument that is the function, of x and of `args`. x0: the start; None where x is one number.
        also: further functions of the same arguments (derivatives).
        where, put: the solution in what SciPy gives, and the same with another solution.
        fixed_point: whether f gives the next x, and not zero. vector: whether x is a vector though the start be a number.
    """

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        named = entry.bound(args, kwargs)
        function, extra = named.pop(f), as_tuple(named.pop("args", ()))
        with_slopes = [name for name in also if named.get(name) is True]  # it gives them behind its value
        for k, name in enumerate(with_slopes, 1):
            named[name] = lambda *x, together=function, k=k: together(*x)[k]
        if with_slopes:
            function = lambda *x, together=function: together(*x)[0]  # noqa: E731
        if x0 is not None and named[x0] is None:  # root_scalar begins in a bracket
            example: Any = np.float64(0)
        else:
            example = np.float64(0) if x0 is None else floating(as_array(named[x0]))[0]
        shape, dtype = shape_of(example) or ((1,) if vector else ()), dtype_of(example)
        start, rest = split(named)

        def joint(x: Any) -> Any:
            return function(x, *extra)

        def search(g: Any, begin: Any) -> Any:
            call = {**rest, **begin, f: PlainFunction(g)}
            for name in also:
                if callable(call.get(name)):
                    call[name] = (
                        _slope(g, name, shape, vector)
                        if g is not joint
                        else PlainFunction(with_more(call[name], extra))
                    )
            found = entry.call(call)
            x = np.asarray(where(found))
            return np.array(x, x.dtype if x.dtype.kind == "c" else dtype).reshape(-1), [], found

        def equations(g: Any, z: Any, _: Any) -> Any:
            x = wnp.reshape(z, shape)
            x = x if shape else x[()]
            out = vector_of(wnp.stack(g(x)) if isinstance(out := g(x), (list, tuple)) else out)
            return z - out if fixed_point else out

        if shape == () and dtype.kind not in "fc":
            dtype = np.dtype(float)
        n = int(np.prod(shape))
        z, _, found = solved(
            joint, np.zeros(shape, dtype)[()], start, search, equations, lambda: [Aval((n,), dtype)], what=f"scipy.{entry.name}"
        )  # fmt: skip
        if not isinstance(z, Tracer):
            return found
        return put(
            _copied(entry, found, named), wnp.reshape(z, np.shape(where(found)) if found is not None else shape)[()]
        )

    return answer


def _slope(g: Any, name: str, shape: tuple[int, ...], vector: bool) -> Any:
    """A derivative that the user gave, of a function that became a Program; None where SciPy can do without."""
    if shape == ():
        return PlainFunction(grad(grad(g)) if name == "fprime2" else grad(g))
    return PlainFunction(jacfwd(lambda x: vector_of(stacked(g(x))))) if vector else None


def _copied(entry: Entry, found: Any, named: Named) -> Any:
    """SciPy's result, to be changed; None under vmap and jit, where only the solution is known."""
    if found is None and any(named.get(k) for k in ("full_output", "retall", "return_all")):
        raise NotSupportedError(f"scipy.{entry.name} gives no full output under vmap and jit; leave it out")
    return copy.copy(found)


def _first(found: Any) -> Any:
    return found[0] if isinstance(found, tuple) else found


def _put_first(found: Any, x: Any) -> Any:
    """A root in the place of SciPy's, which may be the first of a tuple."""
    if not isinstance(found, tuple):
        return x
    second = found[1]
    if hasattr(second, "root"):
        second = copy.copy(second)
        second.root = x
    rest = (second, *found[2:])
    kind: Any = type(found)
    return kind(x, *rest) if hasattr(found, "_fields") else (x, *rest)


def _result(name: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]:
    """The solution in a result with attributes."""

    def put(found: Any, x: Any) -> Any:
        from scipy.optimize import OptimizeResult

        found = OptimizeResult() if found is None else found
        found[name] = x
        return found

    return (lambda found: getattr(found, name)), put


_bracketing = root_like("f", where=_first, put=_put_first)


def stationary_point(
    entry: Entry,
    raw: Callable[[Any], tuple[Any, list[Any]]],
    n: int,
    dtype: DTypeLike,
    bounds: tuple[Any, Any],
    constraints: Constraints,
    start: Any,
    run: Callable[[Any, Any], tuple[Any, Any]],
) -> tuple[Any, Any]:
    """The minimum of ``raw(x)[0]`` under constraints, whose functions are ``raw(x)[1]``, and what SciPy gave."""
    between = _rows(*bounds, n)

    def everything(x: Any) -> Any:
        value, values = raw(x)
        return value, values, between(x)

    def pieces(g: Any) -> Any:
        def at(x: Any) -> Any:
            value, values, distances = g(x)
            equal, least = constraints.parts(values)
            least = [*least, *[wnp.reshape(d, (1,)) for d in distances]]
            joined = [wnp.concatenate(p) if p else np.zeros(0, dtype) for p in (equal, least)]
            return wnp.reshape(value, ()), *joined

        return at

    def search(g: Any, begin: Any) -> Any:
        x, found = run(g, begin)
        z, active = plain_tree(multipliers(pieces(g), np.array(x, dtype).reshape(-1)))
        return np.asarray(z), [np.asarray(active)], found

    def equations(g: Any, z: Any, extra: Any) -> Any:
        return conditions(pieces(g), z, extra)

    def avals() -> list[Aval]:
        equal, least = constraints.parts(everything_shapes()[1])
        m = sum(shape_of(v)[0] for v in (*equal, *least)) + len(everything_shapes()[2])
        return [Aval((n + m,), dtype), Aval((m,), dtype)]

    def everything_shapes() -> Any:
        return everything(np.zeros(n, dtype))

    z, _, found = solved(everything, np.zeros(n, dtype), start, search, equations, avals, what=f"scipy.{entry.name}")
    return z[:n], found


def minimum_like(
    f: str,
    x0: str | None = None,
    also: Sequence[str] = (),
    where: Callable[[Any], Any] = _first,
    put: Callable[[Any, Any, Any], Any] | None = None,
    low_high: tuple[str, str] | None = None,
    scalar: bool = False,
) -> Answer:
    """The answer of a minimiser; arguments as for `root_like`, `put` takes the value at the minimum too.

    `low_high` names the bounds of a number; otherwise an argument `bounds` is meant, which also says how many numbers
    there are where there is no `x0`.
    """

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        named = entry.bound(args, kwargs)
        function, extra = named.pop(f), as_tuple(named.pop("args", ()))
        pair = named.get("jac") is True
        bounds = named["bounds"] = _pairs(named.get("bounds"))
        rules = Constraints(named.pop("constraints", None) or ())
        if low_high is not None:
            limits, shape = (named[low_high[0]], named[low_high[1]]), ()
        elif scalar:
            limits, shape = (None, None) if bounds is None else tuple(bounds), ()
        else:
            shape = (
                (len(bounds.lb if hasattr(bounds, "lb") else bounds),) if x0 is None else shape_of(vector_of(named[x0]))
            )
            limits = _bounds(bounds, shape[0])
        n = int(np.prod(shape))
        dtype = np.dtype(float)

        def value(x: Any) -> Any:
            x = x[0] if shape == () else x
            out = function(x, *extra)
            return out[0] if pair else out

        def raw(x: Any) -> Any:
            return value(x), [c(x) for c in rules.functions]

        start, rest = split(named)
        first: list[Any] = []

        def run(g: Any, begin: Any) -> Any:
            eager = not first
            first.append(g)
            call = {**rest, **begin}
            plain = PlainFunction(lambda x: g(vector_of(x))[0])
            if eager and pair:
                plain = PlainFunction(lambda x: function(x, *extra))
            call[f] = plain
            for name in also:
                if callable(call.get(name)) or (pair and not eager and name == "jac"):
                    ours = _derivative(name, lambda x: g(vector_of(x))[0])
                    call[name] = PlainFunction(with_more(call[name], extra) if eager else ours)
            if rules.listed:
                call["constraints"] = rules.for_scipy(g, eager)
            if call["bounds"] is None and "bounds" not in entry.signature.parameters:
                del call["bounds"]
            found = entry.call(call)
            return where(found), found

        x, found = stationary_point(entry, raw, n, dtype, limits, rules, start, run)
        if not isinstance(x, Tracer):
            return found
        x = x[0] if shape == () else x
        result = _copied(entry, found, named)
        at = value(x if shape else wnp.reshape(x, (1,)))
        return put(result, x, at) if put is not None else _put_first(result, x)

    return answer


def _derivative(name: str, value: Callable[[Any], Any]) -> Function:
    """The derivative of a function that SciPy knows by a name."""
    if name in ("hess", "fhess"):
        return hessian(value)
    if name in ("hessp", "fhess_p"):
        return lambda x, p: hvp(value, (x,), (p,))
    return grad(value)


def _pairs(bounds: Any) -> Any:
    """Bounds as they are, traced ones in SciPy's class as pairs."""
    if not hasattr(bounds, "lb") or not (is_traced(bounds.lb) or is_traced(bounds.ub)):
        return bounds
    low, high = bounds.lb, bounds.ub
    n = max(np.size(shape_like(low)), np.size(shape_like(high)))
    return list(zip(*[list(b) if np.ndim(shape_like(b)) else [b] * n for b in (low, high)], strict=True))


def optimum(found: Any, x: Any, value: Any) -> Any:
    from scipy.optimize import OptimizeResult

    found = OptimizeResult() if found is None else found
    found.x, found.fun = x, value
    return found


def _second(found: Any, x: Any, value: Any) -> Any:
    """Results that begin with the minimum, and with its value where there is more than that."""
    if not isinstance(found, tuple):
        return x
    return (x, value, *found[2:])


def _third(found: Any, x: Any, value: Any) -> Any:
    """The minimum, its value, and what else SciPy tells."""
    return (x, value, found[2] if found is not None else {})


# --- refusals -----------------------------------------------------------------------------------------------------


def refused(why: str) -> Answer:
    """The answer where there is no derivative."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        raise NotSupportedError(f"scipy.{entry.name} of traced values: {why}")

    return answer


_vertex = refused(
    "the solution is a vertex, which stays or jumps as the numbers change, and has no useful derivative: use stop_gradient on "
    "the arguments, or scipy.optimize.minimize of a strictly convex objective (a quadratic term added) under constraints"
)
_root_result, _put_root = _result("x")
_scalar_result, _put_scalar = _result("root")
_minimum = {"where": lambda found: found.x, "put": optimum}

ANSWERS: dict[str, Answer] = {
    "optimize.brentq": _bracketing,
    "optimize.brenth": _bracketing,
    "optimize.bisect": _bracketing,
    "optimize.ridder": _bracketing,
    "optimize.toms748": _bracketing,
    "optimize.newton": root_like("func", "x0", ("fprime", "fprime2"), where=_first, put=_put_first),
    "optimize.root_scalar": root_like("f", "x0", ("fprime", "fprime2"), where=_scalar_result, put=_put_scalar),
    "optimize.fixed_point": root_like("func", "x0", fixed_point=True),
    "optimize.fsolve": root_like("func", "x0", ("fprime",), where=_first, put=_put_first, vector=True),
    "optimize.root": root_like("fun", "x0", ("jac",), where=_root_result, put=_put_root, vector=True),
    "optimize.newton_krylov": root_like("F", "xin"),
    "optimize.anderson": root_like("F", "xin"),
    "optimize.broyden1": root_like("F", "xin"),
    "optimize.broyden2": root_like("F", "xin"),
    "optimize.minimize": minimum_like("fun", "x0", ("jac", "hess", "hessp"), **_minimum),
    "optimize.minimize_scalar": minimum_like("fun", scalar=True, **_minimum),
    "optimize.basinhopping": minimum_like("func", "x0", **_minimum),
    "optimize.differential_evolution": minimum_like("func", **_minimum),
    "optimize.dual_annealing": minimum_like("func", **_minimum),
    "optimize.shgo": minimum_like("func", **_minimum),
    "optimize.direct": minimum_like("func", **_minimum),
    "optimize.brute": refused("give its result to scipy.optimize.minimize, which is differentiated"),
    "optimize.fmin": minimum_like("func", "x0", put=_second),
    "optimize.fmin_powell": minimum_like("func", "x0", put=_second),
    "optimize.fmin_bfgs": minimum_like("f", "x0", ("fprime",), put=_second),
    "optimize.fmin_cg": minimum_like("f", "x0", ("fprime",), put=_second),
    "optimize.fmin_ncg": minimum_like("f", "x0", ("fprime", "fhess", "fhess_p"), put=_second),
    "optimize.fmin_l_bfgs_b": minimum_like("func", "x0", ("fprime",), put=_third),
    "optimize.fminbound": minimum_like("func", low_high=("x1", "x2"), put=_second),
    "optimize.brent": minimum_like("func", scalar=True, put=_second),
    "optimize.golden": minimum_like("func", scalar=True, put=_second),
    "optimize.linprog": _vertex,
    "optimize.milp": _vertex,
    "optimize.linear_sum_assignment": _vertex,
    "optimize.quadratic_assignment": _vertex,
}

__all__ = ["ANSWERS", "optimum", "refused", "stationary_point"]
