"""How special functions are declared: SciPy's implementation imported on the first call, samples, public functions.

`ParameterDerivative` is the primitive of derivatives in a parameter, of any order, where a kernel of this package
computes what SciPy has not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...config import canonical_dtype, config
from ...core import Aval, Primitive, Value, as_value, aval_of, dtype_of, inexact_dtype, shape_of
from ...errors import NotDifferentiableError
from ...vocabulary import BatchedResults, Function, Params, Pushed
from ..casts import convert
from ..families import Elementwise, Partial, align_batched
from ..naming import of_caller
from ..promotion import broadcast_shapes, result_dtype
from ..shape import spread
from ..terms import plus, times

Samples = Callable[[], list[tuple[tuple[Value, ...], dict[str, Any]]]]
Domain = tuple[float, float]
SQRT_PI = math.sqrt(math.pi)
SQRT_2PI = math.sqrt(2 * math.pi)


def scipy_function(name: str, component: int | None = None, ufunc: str | None = None) -> Function:
    """SciPy's function, or one of its results; SciPy is imported on the first call.

    Its attributes say of which ufunc of `scipy.special` it has the values, that of its name or another, for
    `lowering.kernels.Loop`.
    """

    def call(*args: Any) -> Any:
        import scipy.special

        out = getattr(scipy.special, name)(*args)
        return out if component is None else out[component]

    call.__name__ = name
    call.ufunc, call.result = f"scipy.special.{ufunc or name}", component or 0
    return call


def in_double(like: Primitive, function: Function, x: Value) -> Value:
    """A function of `x` in double precision, of the dtype of another operation's result."""
    return convert(function(convert(x, np.dtype(np.float64))), like.abstract(aval_of(x)).dtype)


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose result has the dtype of the floating arguments, where SciPy has float64 alone or beside integers.

    One of SciPy's own universal functions has no loop for float16, and no result of that dtype.
    """
    direct = hasattr(function, "ufunc")

    def call(*args: Any) -> Any:
        out = function(*args)
        floats = [a for a in args if not isinstance(a, int) and dtype_of(a).kind not in "biu"]
        dtype = np.result_type(*floats) if floats else out.dtype
        if dtype == np.float16 and direct:
            return out
        if out.dtype.kind == "c":
            dtype = np.result_type(dtype, np.complex64)
        return out.astype(dtype) if dtype.kind in "fc" and out.dtype != dtype else out

    if direct:
        call.ufunc, call.result = function.ufunc, function.result
    return call


def none(name: str, argument: str, remedy: str = "") -> Callable[..., Value]:
    """A partial derivative that has no formula: an error, where None would say that it is zero."""

    def partial(ans: Value, *args: Value) -> Value:
        raise NotDifferentiableError(
            f"{name} has no derivative with respect to {argument} here; "
            f"{remedy or f'use stop_gradient if {argument} is a constant'}"
        )

    return partial


def few(*domains: Domain | float | int) -> Samples:
    """A scalar, a vector, and columns against rows; numbers stand for themselves."""

    def pick(d: Domain | float | int, shape: tuple[int, ...], seed: int) -> Any:
        if not isinstance(d, tuple):
            return d
        return d[0] + (d[1] - d[0]) * np.random.default_rng(seed).uniform(size=shape)

    def make() -> list[tuple[tuple[Value, ...], dict[str, Any]]]:
        shapes: list[list[tuple[int, ...]]] = [[()] * len(domains), [(3,)] * len(domains)]
        if sum(isinstance(d, tuple) for d in domains) > 1:
            shapes.append([(2, 1) if i % 2 else (3,) for i in range(len(domains))])
        return [
            (tuple(pick(d, s, 7 * i + 1) for i, (d, s) in enumerate(zip(domains, row, strict=False))), {})
            for row in shapes
        ]

    return make


def special(
    name: str,
    partials: Sequence[Partial],
    *domains: Domain | float | int,
    function: Any = None,
    **kwargs: Any,
) -> Elementwise:
    """An elementwise special function: SciPy's of that name unless another is given, and samples on `domains`."""
    return Elementwise(name, function or scipy_function(name), partials, samples=few(*domains), **kwargs)


def public(primitive: Primitive, doc: str, name: str | None = None) -> Callable[..., Value]:
    """The function of a primitive that takes any number of arguments, all by position."""
    bind = primitive.bind

    def call(*args: Any) -> Value:
        return bind(*[as_value(a) for a in args])

    call.__name__ = call.__qualname__ = name or primitive.name
    call.__doc__ = doc
    return of_caller(call)


def floating(*args: Any) -> list[Any]:
    """Strong floating values of one dtype, that of NumPy's promotion: a Python number takes that of its neighbours."""
    values = [as_value(a) for a in args]
    dtype = result_dtype(*map(aval_of, values))
    return [convert(v, dtype if inexact_dtype(dtype) else config.float_dtype) for v in values]


def of_loops(*args: Any, narrow: Any = np.float32) -> list[Any]:
    """`floating`, where numbers of at most 16 bits become `narrow`: the first of SciPy's compiled loops that holds them.

    Functions that are made of others have the dtypes of SciPy's universal function of their name that way, and no
    float16 on the way. bfloat16, which SciPy does not know, stays.
    """
    values = [as_value(a) for a in args]
    dtype = result_dtype(*map(aval_of, values))
    if dtype.kind in "biuf" and dtype.itemsize < 4 and np.can_cast(dtype, np.float32):
        return [convert(v, canonical_dtype(np.dtype(narrow))) for v in values]
    return floating(*values)


class ParameterDerivative(Primitive):
    """``∂^orders f / ∂parameters^orders`` of ``f(*parameters, *variables)``, elementwise, in any orders.

    Args:
        name: the primitive's name.
        kernel: ``(orders, *float64 arrays of one shape) -> float64 array``.
        variables: for each argument that is no parameter, ``(orders, *args) -> partial derivative of the result``.
        arity: how many arguments there are.
    """

    mixes = 0

    def __init__(self, name: str, kernel: Any, variables: Sequence[Any], arity: int, samples: Samples) -> None:
        super().__init__(name, samples=samples, reasons={"complex": "the kernels are for real numbers"})
        self.kernel = kernel
        self.variables = tuple(variables)
        self.arity = arity

    def _dtype(self, avals: Sequence[Aval]) -> np.dtype:
        dtype = result_dtype(*avals)
        if dtype.kind == "c":
            raise NotDifferentiableError(f"{self.name} is for real numbers; it has no derivative at complex ones here")
        if dtype.kind != "f":
            dtype = np.dtype(config.float_dtype)
        return canonical_dtype(np.dtype(np.float32) if dtype.itemsize < 4 else dtype)

    def impl(self, *args: Value, orders: tuple[int, ...]) -> Value:
        dtype = self._dtype([aval_of(a) for a in args])
        shape = broadcast_shapes(self.name, *map(shape_of, args))
        arrays = [np.ravel(np.broadcast_to(np.asarray(a, np.float64), shape)) for a in args]
        with np.errstate(all="ignore"):
            out = self.kernel(orders, *arrays) if arrays[0].size else np.zeros(0)
        return out.reshape(shape).astype(dtype)[()]

    def abstract(self, *avals: Aval, orders: tuple[int, ...]) -> Aval:
        return Aval(broadcast_shapes(self.name, *[a.shape for a in avals]), self._dtype(avals))

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        orders = params["orders"]
        ans = self.bind(*primals, orders=orders)
        total = None
        for i, t in enumerate(tangents):
            if t is None:
                continue
            if i < len(orders):
                more = tuple(n + (i == k) for k, n in enumerate(orders))
                c = self.bind(*primals, orders=more)
            else:
                c = self.variables[i - len(orders)](orders, *primals)
            term = times(t, c)
            total = term if total is None else plus(total, term)
        return ans, None if total is None else spread(total, shape_of(ans), dtype_of(ans))

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*align_batched(args, batched), **params), True


class OverDensity(ParameterDerivative):
    """Derivatives of a distribution function in its parameters, over its density ``f(*parameters, x)``.

    What the inverse's derivatives are made of: neither has the rounding of large exponents, which both parts share.

    Args:
        slopes: for each argument the derivative of ``log(f)``.
        density: ``(orders, *args) -> derivative of f in the parameters``.
    """

    def __init__(self, name: str, kernel: Any, slopes: Sequence[Any], density: Any, samples: Samples) -> None:
        super().__init__(name, kernel, [self._grown], len(slopes), samples)
        self.slopes, self.density = tuple(slopes), density

    def _grown(self, orders: tuple[int, ...], *args: Value) -> Value:
        """``f^(orders) / f``."""
        if sum(orders) < 2:
            return self.slopes[orders.index(1)](*args) if any(orders) else 1.0
        return self.density(orders, *args) / self.density((0,) * len(orders), *args)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        ans, total = super().jvp(primals, tangents, params)
        for slope, t in zip(self.slopes, tangents, strict=True):
            if t is not None:
                total = plus(total, times(t, -ans * slope(*primals)))
        return ans, None if total is None else spread(total, shape_of(ans), dtype_of(ans))


def log_derivatives(first: Value, rest: Callable[[int], Value], value: Value, order: int) -> Value:
    """The derivative of order `order` of ``exp(L)``, whose value is `value`, from ``L'`` and the later ones.

    By ``(e^L)^(n+1) = sum_k binomial(n, k) L^(k+1) (e^L)^(n-k)``.
    """
    derivatives = [value]
    slopes = [first] + [rest(k) for k in range(2, order + 1)]
    for n in range(order):
        derivatives.append(sum(math.comb(n, k) * slopes[k] * derivatives[n - k] for k in range(n + 1)))
    return derivatives[order]
