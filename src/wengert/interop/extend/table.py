"""What each operation of the library is in JAX's form: which primitives of `jax.lax`, with which parameters.

A row is a function ``row(e, xs, outs, **params)`` of the writer `e`, the arguments, the avals of the results and the library's
parameters. It writes JAX's primitives with ``e(primitive, xs, avals, **JAX's parameters)`` and gives the results; None where
this application is none of JAX's. The writer makes equations of a jaxpr, or applies the primitives (`translation.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Aval
from ...ops.control.operands import LoopOperands, ScanOperands
from ...program import Program
from ..lax import primitives as P  # noqa: N812
from ..lax.enums import GatherDimensionNumbers, GatherScatterMode, RoundingMethod, ScatterDimensionNumbers
from .custom import custom_jvp_call_p, custom_vjp_call_p
from .jaxpr import ClosedJaxpr, Jaxpr
from .primitive import Primitive
from .translation import ROWS, Row, row


def primitive(name: str) -> Primitive:
    """The primitive of one of JAX's names, such as "add"."""
    return getattr(P, f"{name}_p")


# --- element by element -----------------------------------------------------------------------------------------


def met(e: Any, x: Any, dtype: np.dtype, shape: tuple[int, ...], scalars: bool = True) -> Any:
    """An argument in a dtype and a shape, as JAX's primitives want their arguments; scalars may stay scalars."""
    a = e.aval(x)
    if a.dtype != dtype or a.weak:
        x = e.number(x, dtype) if e.is_number(x) else x
        a = e.aval(x)
        if a.dtype != dtype:
            x = e(P.convert_element_type_p, [x], Aval(a.shape, dtype), new_dtype=dtype, weak_type=False, sharding=None)
    if a.shape == shape or (scalars and not a.shape):
        return x
    return broadcast(e, x, dtype, a.shape, shape)


def broadcast(e: Any, x: Any, dtype: np.dtype, have: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    lead = len(shape) - len(have)
    places = tuple(range(lead, len(shape)))
    return e(P.broadcast_in_dim_p, [x], Aval(shape, dtype), shape=shape, broadcast_dimensions=places, sharding=None)


def _arithmetic(name: str, **given: Any) -> Row:
    """A primitive whose arguments have the dtype of the result."""
    p = primitive(name)

    def written(e: Any, xs: Any, outs: Any) -> Any:
        (out,) = outs
        return e(p, [met(e, x, out.dtype, out.shape) for x in xs], out, **given)

    return written


def _common(e: Any, xs: Any) -> np.dtype:
    """The dtype in which arguments meet."""
    strong = [a.dtype for a in map(e.aval, xs) if not a.weak]
    return np.result_type(*strong) if strong else e.aval(xs[0]).dtype


def _comparison(name: str) -> Row:
    p = primitive(name)

    def written(e: Any, xs: Any, outs: Any) -> Any:
        dtype = _common(e, xs)
        return e(p, [met(e, x, dtype, outs[0].shape) for x in xs], outs[0])

    return written


def _boolean(name: str) -> Row:
    p = primitive(name)

    def written(e: Any, xs: Any, outs: Any) -> Any:
        if any(e.aval(x).dtype.kind != "b" for x in xs):
            return None
        return e(p, [met(e, x, outs[0].dtype, outs[0].shape) for x in xs], outs[0])

    return written


_ACCURATE = {"accuracy": None}
for _ours, _jaxs in (
    pair.partition("=")[::2]
    for pair in "sin cos tan tanh exp exp2 log log1p expm1 sqrt rsqrt cbrt sigmoid=logistic".split()
):
    ROWS[_ours] = _arithmetic(_jaxs or _ours, **_ACCURATE)
for _ours, _jaxs in (
    pair.partition("=")[::2]
    for pair in (
        "add subtract=sub divide=div maximum=max minimum=min arctan2=atan2 fmod=rem nextafter negative=neg absolute=abs sign floor ceil "
        "arcsin=asin arccos=acos arctan=atan sinh cosh arcsinh=asinh arccosh=acosh arctanh=atanh erf erfc erfinv=erf_inv "
        "gammaln=lgamma digamma gammainc=igamma gammaincc=igammac betainc=regularized_incomplete_beta i0e=bessel_i0e i1e=bessel_i1e "
        "bitwise_and=and bitwise_or=or bitwise_xor=xor invert=not population_count clz left_shift=shift_left right_shift=shift_right_arithmetic "
        "stop_gradient zeta polygamma"
    ).split()
):  # fmt: skip
    ROWS[_ours] = _arithmetic(_jaxs or _ours)
ROWS["multiply"] = _arithmetic("mul", out_dtype=None)
ROWS["rint"] = _arithmetic("round", rounding_method=RoundingMethod.TO_NEAREST_EVEN)
for _ours, _jaxs in {"equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge"}.items():  # fmt: skip
    ROWS[_ours] = _comparison(_jaxs)
for _ours, _jaxs in {"logical_and": "and", "logical_or": "or", "logical_xor": "xor", "logical_not": "not"}.items():
    ROWS[_ours] = _boolean(_jaxs)


@row("power")
def _power(e: Any, xs: Any, outs: Any) -> Any:
    (out,) = outs
    exponent = e.known(xs[1])
    if exponent is not None and not np.ndim(exponent) and np.asarray(exponent).dtype.kind in "iu":
        return e(P.integer_pow_p, [met(e, xs[0], out.dtype, out.shape)], out, y=int(exponent))
    return e(P.pow_p, [met(e, x, out.dtype, out.shape) for x in xs], out)


@row("square")  # what ``x**2`` is here and in JAX, more often than `jnp.square`
def _square(e: Any, xs: Any, outs: Any) -> Any:
    return e(P.integer_pow_p, [met(e, xs[0], outs[0].dtype, outs[0].shape)], outs[0], y=2)


@row("reciprocal")
def _reciprocal(e: Any, xs: Any, outs: Any) -> Any:
    return e(P.div_p, [e.constant(outs[0].dtype.type(1)), xs[0]], outs[0])


@row("isfinite")
def _is_finite(e: Any, xs: Any, outs: Any) -> Any:
    return e(P.is_finite_p, xs, outs[0])


@row("isnan")
def _isnan(e: Any, xs: Any, outs: Any) -> Any:
    return e(P.ne_p, [xs[0], xs[0]], outs[0])


@row("log2", "log10")
def _logarithm(e: Any, xs: Any, outs: Any, base: float = 2.0) -> Any:
    (out,) = outs
    natural = e(P.log_p, [met(e, xs[0], out.dtype, out.shape)], out, accuracy=None)
    return e(P.div_p, [natural, e.constant(out.dtype.type(math.log(base)))], out)


ROWS["log10"] = lambda e, xs, outs: _logarithm(e, xs, outs, 10.0)


@row("where")
def _where(e: Any, xs: Any, outs: Any) -> Any:
    (out,) = outs
    which = xs[0] if not e.aval(xs[0]).shape else met(e, xs[0], e.aval(xs[0]).dtype, out.shape)
    cases = [met(e, x, out.dtype, out.shape, False) for x in (xs[2], xs[1])]
    return e(P.select_n_p, [which, *cases], out)


@row("convert")
def _convert(e: Any, xs: Any, outs: Any, dtype: Any) -> Any:
    return e(P.convert_element_type_p, xs, outs[0], new_dtype=np.dtype(dtype), weak_type=False, sharding=None)


def _part(name: str) -> Row:
    p = primitive(name)
    return lambda e, xs, outs: e(p, xs, outs[0]) if e.aval(xs[0]).dtype.kind == "c" else None


ROWS |= {name: _part(name) for name in ("real", "imag")}
ROWS["conj"] = lambda e, xs, outs: e(P.conj_p, xs, outs[0], input_dtype=e.aval(xs[0]).dtype)

# --- shapes -----------------------------------------------------------------------------------------------------


@row("reshape")
def _reshape(e: Any, xs: Any, outs: Any, shape: Any) -> Any:
    return e(P.reshape_p, xs, outs[0], new_sizes=tuple(outs[0].shape), dimensions=None, sharding=None)


@row("transpose")
def _transpose(e: Any, xs: Any, outs: Any, axes: Any) -> Any:
    return e(P.transpose_p, xs, outs[0], permutation=tuple(axes))


@row("reverse")
def _reverse(e: Any, xs: Any, outs: Any, axes: Any) -> Any:
    return e(P.rev_p, xs, outs[0], dimensions=tuple(axes))


@row("broadcast_to")
def _broadcast_to(e: Any, xs: Any, outs: Any, shape: Any) -> Any:
    return broadcast(e, xs[0], outs[0].dtype, e.aval(xs[0]).shape, tuple(outs[0].shape))


@row("concatenate")
def _concatenate(e: Any, xs: Any, outs: Any, axis: int) -> Any:
    given = [met(e, x, outs[0].dtype, e.aval(x).shape) for x in xs]
    return e(P.concatenate_p, given, outs[0], dimension=axis)


@row("pad_zero")
def _pad(e: Any, xs: Any, outs: Any, config: Any) -> Any:
    zero = e.constant(outs[0].dtype.type(0))
    return e(P.pad_p, [xs[0], zero], outs[0], padding_config=tuple(map(tuple, config)))


@row("index")
def _index(e: Any, xs: Any, outs: Any, index: Any) -> Any:
    x, a = xs[0], e.aval(xs[0])
    entries = [i for i in index if i is not None]
    entries += [(None, None, None)] * (len(a.shape) - len(entries))
    if not any(i is not None and i != (None, None, None) for i in index):
        return e(P.reshape_p, [x], outs[0], new_sizes=tuple(outs[0].shape), dimensions=None, sharding=None)
    starts, limits, steps, gone, turned = [], [], [], [], []
    for axis, (i, n) in enumerate(zip(entries, a.shape, strict=True)):
        if isinstance(i, tuple):
            first, last, by = slice(*i).indices(n)
            count = len(range(first, last, by))
            if by < 0:
                first, by = first + (count - 1) * by if count else 0, -by
                turned.append(axis)
            starts.append(first if count else 0)
            limits.append(first + (count - 1) * by + 1 if count else 0)
            steps.append(by)
        else:
            place = int(i) % n
            starts.append(place)
            limits.append(place + 1)
            steps.append(1)
            gone.append(axis)
    shape = tuple(-(-(b - a) // s) for a, b, s in zip(starts, limits, steps, strict=True))
    if shape != tuple(a.shape):
        x = e(
            P.slice_p, [x], Aval(shape, a.dtype), start_indices=tuple(starts), limit_indices=tuple(limits),
            strides=None if set(steps) <= {1} else tuple(steps),
        )  # fmt: skip
    if turned:
        x = e(P.rev_p, [x], Aval(shape, a.dtype), dimensions=tuple(turned))
    if gone:
        shape = tuple(n for k, n in enumerate(shape) if k not in gone)
        x = e(P.squeeze_p, [x], Aval(shape, a.dtype), dimensions=tuple(gone))
    if shape != tuple(outs[0].shape):  # new axes
        x = e(P.reshape_p, [x], outs[0], new_sizes=tuple(outs[0].shape), dimensions=None, sharding=None)
    return x


@row("slice")
def _slice(e: Any, xs: Any, outs: Any, starts: Any, stops: Any, steps: Any) -> Any:
    strides = None if set(steps) <= {1} else tuple(steps)
    return e(P.slice_p, xs, outs[0], start_indices=tuple(starts), limit_indices=tuple(stops), strides=strides)


def _places(e: Any, indices: Sequence[Any], shape: tuple[int, ...], axes: Sequence[int]) -> Any:
    """Index arrays as JAX's gather wants them, in one array along a last axis; negative ones are counted from the end."""
    avals = [e.aval(i) for i in indices]
    lead = np.broadcast_shapes(*[a.shape for a in avals])
    dtype = np.result_type(*[a.dtype for a in avals])
    parts = []
    for i, axis in zip(indices, axes, strict=True):
        x = met(e, i, dtype, lead, False)
        zero, n = e.constant(dtype.type(0)), e.constant(dtype.type(shape[axis]))
        if dtype.kind == "i":
            below = e(P.lt_p, [x, zero], Aval(lead, np.dtype(bool)))
            x = e(P.select_n_p, [below, x, e(P.add_p, [x, n], Aval(lead, dtype))], Aval(lead, dtype))
        parts.append(broadcast_last(e, x, dtype, lead))
    if len(parts) == 1:
        return parts[0], lead
    return e(P.concatenate_p, parts, Aval((*lead, len(parts)), dtype), dimension=len(lead)), lead


def broadcast_last(e: Any, x: Any, dtype: np.dtype, lead: tuple[int, ...]) -> Any:
    """An array with one more axis of length 1."""
    return e(
        P.broadcast_in_dim_p, [x], Aval((*lead, 1), dtype), shape=(*lead, 1), broadcast_dimensions=tuple(range(len(lead))), sharding=None
    )  # fmt: skip


@row("gather")
def _gather(e: Any, xs: Any, outs: Any, axes: Any) -> Any:
    x, *indices = xs
    a = e.aval(x)
    if not indices:
        return None
    starts, lead = _places(e, indices, a.shape, axes)
    numbers = GatherDimensionNumbers(tuple(range(len(lead), len(outs[0].shape))), tuple(sorted(axes)), tuple(axes))
    return e(
        P.gather_p, [x, starts], outs[0], dimension_numbers=numbers,
        slice_sizes=tuple(1 if k in axes else n for k, n in enumerate(a.shape)), unique_indices=False, indices_are_sorted=False,
        mode=GatherScatterMode.PROMISE_IN_BOUNDS, fill_value=None,
    )  # fmt: skip


def _scatter(name: str) -> Row:
    p = primitive(name)

    def written(e: Any, xs: Any, outs: Any, axes: Any) -> Any:
        x, updates, *indices = xs
        (out,) = outs
        if not indices:
            return None
        starts, lead = _places(e, indices, out.shape, axes)
        window = tuple(n for k, n in enumerate(out.shape) if k not in axes)
        given = met(e, updates, out.dtype, (*lead, *window), False)
        numbers = ScatterDimensionNumbers(
            tuple(range(len(lead), len(lead) + len(window))), tuple(sorted(axes)), tuple(axes)
        )
        return e(
            p, [met(e, x, out.dtype, out.shape), starts, given], out, update_jaxpr=None, update_consts=(), dimension_numbers=numbers,
            indices_are_sorted=False, unique_indices=False, mode=GatherScatterMode.PROMISE_IN_BOUNDS,
        )  # fmt: skip

    return written


ROWS |= {
    ours: _scatter(jaxs)
    for ours, jaxs in {
        "scatter_set": "scatter", "scatter_add": "scatter_add", "scatter_multiply": "scatter_mul", "scatter_max": "scatter_max",
        "scatter_min": "scatter_min",
    }.items()
}  # fmt: skip


# --- reductions and products ------------------------------------------------------------------------------------


def _reduction(name: str, boolean: bool = False, **given: Any) -> Row:
    p = primitive(name)

    def written(e: Any, xs: Any, outs: Any, axes: Any) -> Any:
        if boolean and e.aval(xs[0]).dtype.kind != "b":
            return None
        return e(p, [met(e, xs[0], outs[0].dtype, e.aval(xs[0]).shape)], outs[0], axes=tuple(axes), **given)

    return written


ROWS["reduce_sum"] = _reduction("reduce_sum", out_sharding=None)
ROWS |= {f"reduce_{n}": _reduction(f"reduce_{n}") for n in ("max", "min", "prod")}
ROWS |= {"reduce_any": _reduction("reduce_or", True), "reduce_all": _reduction("reduce_and", True)}


def _place(name: str) -> Row:
    p = primitive(name)

    def written(e: Any, xs: Any, outs: Any, axis: int) -> Any:
        return e(p, xs, outs[0], axes=(axis % len(e.aval(xs[0]).shape),), index_dtype=outs[0].dtype)

    return written


def _running(name: str) -> Row:
    p = primitive(name)
    return lambda e, xs, outs, axis: e(p, xs, outs[0], axis=axis, reverse=False)


ROWS |= {name: _place(name) for name in ("argmax", "argmin")}
ROWS |= {name: _running(name) for name in ("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")}


@row("sort")
def _sort(e: Any, xs: Any, outs: Any, axis: int) -> Any:
    axis %= len(outs[0].shape)
    return e(P.sort_p, xs, list(outs), dimension=axis, is_stable=True, num_keys=1)[0]


@row("dot_general")
def _dot(e: Any, xs: Any, outs: Any, dims: Any) -> Any:
    (out,) = outs
    given = [met(e, x, out.dtype, e.aval(x).shape) for x in xs]
    (one, two), (first, second) = dims
    numbers = ((tuple(one), tuple(two)), (tuple(first), tuple(second)))
    return e(
        P.dot_general_p, given, out, dimension_numbers=numbers, precision=None, preferred_element_type=out.dtype, out_sharding=None
    )  # fmt: skip


# --- what holds programs ----------------------------------------------------------------------------------------


def closed(program: Program) -> ClosedJaxpr:
    """A Program as a jaxpr without constants, the same one each time."""
    found = program.cache.get("jaxpr")
    if found is None:
        found = program.cache["jaxpr"] = ClosedJaxpr(Jaxpr.of(program, 0), [])
    return found


@row("call")
def _call(e: Any, xs: Any, outs: Any, program: Program) -> Any:
    n, m = len(xs), len(outs)
    return e(
        P.jit_p, xs, list(outs), jaxpr=closed(program), in_shardings=(None,) * n, out_shardings=(None,) * m, in_layouts=(None,) * n,
        out_layouts=(None,) * m, donated_invars=(False,) * n, ctx_mesh=None, name=program.name.split(" of ")[-1], keep_unused=False, inline=False,
        compiler_options_kvs=(),
    )  # fmt: skip


@row("remat")
def _remat(e: Any, xs: Any, outs: Any, program: Program, policy: Any) -> Any:
    return e(
        P.remat_p, xs, list(outs), jaxpr=closed(program).jaxpr, prevent_cse=True, differentiated=False, policy=policy
    )


@row("custom_call")
def _custom(e: Any, xs: Any, outs: Any, rule: Any) -> Any:
    kind = custom_jvp_call_p if getattr(rule, "forward_mode", False) else custom_vjp_call_p
    inner = getattr(rule, "program", None)
    shown = {"call_jaxpr": closed(inner)} if isinstance(inner, Program) else {}
    return e(kind, xs, list(outs), rule=rule, num_consts=0, symbolic_zeros=False, **shown)


@row("scan")
def _scan(
    e: Any, xs: Any, outs: Any, body: Program, length: int, operands: ScanOperands, reverse: bool, **rest: Any
) -> Any:
    given = [met(e, x, v.dtype, e.aval(x).shape) for x, v in zip(xs, body.in_avals, strict=True)]
    return e(
        P.scan_p, given, list(outs), jaxpr=closed(body), length=length, num_carry=operands.carry, num_consts=operands.consts,
        reverse=reverse, unroll=1
    )  # fmt: skip


@row("while")
def _while(e: Any, xs: Any, outs: Any, cond: Program, body: Program, operands: LoopOperands, **rest: Any) -> Any:
    return e(
        P.while_p, xs, list(outs), cond_nconsts=operands.tests, cond_jaxpr=closed(cond), body_nconsts=operands.consts,
        body_jaxpr=closed(body)
    )  # fmt: skip


@row("cond")
def _cond(e: Any, xs: Any, outs: Any, branches: Sequence[Program]) -> Any:
    return e(P.cond_p, xs, list(outs), branches=tuple(map(closed, branches)))


__all__ = ["closed", "met"]
