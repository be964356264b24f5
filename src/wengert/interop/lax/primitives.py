"""The primitives of `jax.lax` as objects: their names, which `make_jaxpr` shows, and `bind` to their parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import NotSupportedError
from ..alias import transformation
from ..array import wrap
from ..avals import ShapedArray
from ..extend.primitive import Primitive, no_effects
from . import (
    collectives,
    convolution,
    elementwise,
    holding,
    joining,
    misc,
    products,
    reductions,
    shapes,
    slicing,
    windows,
)
from .checks import operand

# Parameters of JAX's primitives that change nothing here.
_FREE = frozenset(
    "accuracy algorithm axis_index_groups consts copy_semantics devices donate indices_are_sorted inline input_dtype is_stable is_sharded "
    "jaxpr out_sharding precision sharding srcs tiled_layout unique_indices update_consts update_jaxpr weak_type aggregate_to_topk "
    "is_max_k recall_target reduction_input_size_override has_batch_dims out_dtype".split()
)


class Named(Primitive):
    """A primitive of JAX: what `make_jaxpr` calls an operation, and that operation.

    Args:
        name: JAX's name.
        function: the operation on arrays, with the primitive's parameters by keyword; None where it holds programs.
        multiple_results: whether `bind` gives a list.
    """

    def __init__(self, name: str, function: Callable[..., Any] | None, multiple_results: bool = False) -> None:
        super().__init__(name)
        self.function, self.multiple_results = function, multiple_results

    def bind(self, *args: Any, **params: Any) -> Any:
        """The operation on arrays.

        Raises:
            NotImplementedError: the primitive holds programs of JAX's; or a parameter has no meaning here.
        """
        if self.function is None:
            raise NotSupportedError(
                f"{self.name}_p.bind takes programs in JAX's form, which there are none of here; call the function of jax.lax "
                f"that makes one"
            )
        known = inspect.signature(self.function).parameters
        everything = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values())
        given = {k: v for k, v in params.items() if k in known or (everything and k not in _FREE)}
        unknown = [k for k in params if k not in given and k not in _FREE]
        if unknown:
            raise NotSupportedError(
                f"{self.name}_p.bind has no parameter {unknown[0]!r} here; it takes {', '.join(known)}"
            )
        out = self.function(*args, **given)
        return list(out) if self.multiple_results and isinstance(out, (tuple, list)) else out

    def impl(self, *args: Any, **params: Any) -> Any:
        return self.bind(*args, **params)

    def abstract_eval(self, *avals: Any, **params: Any) -> Any:
        """The types of the results, and no effects."""
        struct, eval_shape = transformation("ShapeDtypeStruct"), transformation("eval_shape")
        structs = [struct(a.shape, a.dtype) for a in avals]
        out = eval_shape(lambda *xs: self.bind(*xs, **params), *structs)
        types = [ShapedArray(o.shape, o.dtype) for o in (out if self.multiple_results else [out])]
        return (types if self.multiple_results else types[0]), no_effects


if TYPE_CHECKING:

    def __getattr__(name: str) -> Named: ...  # those that `_add` makes


_REGISTRY: dict[str, Named] = {}


def named(name: str) -> Named:
    """The primitive of one of JAX's names, made where JAX has none of it."""
    found = _REGISTRY.get(name)
    if found is None:
        found = _REGISTRY[name] = Named(name, None)
    return found


def _add(attribute: str, function: Callable[..., Any] | None, name: str | None = None, many: bool = False) -> None:
    shown = attribute.removesuffix("_p") if name is None else name
    _REGISTRY[shown] = Named(shown, function, many)
    globals()[attribute] = _REGISTRY[shown]
    __all__.append(attribute)


__all__ = ["Named", "named"]

# --- operations whose parameters are those of the function ------------------------------------------------------

_SAME = (
    "abs acos acosh add asin asinh atan atan2 atanh bessel_i0e bessel_i1e bitcast_convert_type cbrt ceil clamp clz complex "
    "conj cos cosh cumlogsumexp cummax cummin cumprod cumsum digamma div eq erf erf_inv erfc exp exp2 expm1 floor ge gt igamma "
    "igamma_grad_a igammac imag is_finite le lgamma log log1p logistic lt max min mul mulhi ne neg nextafter polygamma "
    "population_count real reduce_precision rem round rsqrt select_n shift_left shift_right_arithmetic shift_right_logical sign "
    "sin sinh sqrt square sub tan tanh zeta pow dot_general conv_general_dilated convert_element_type squeeze gather "
    "reduce_and reduce_max reduce_min reduce_or reduce_prod reduce_sum reduce_xor tile broadcast_in_dim"
)
_ROOMS = (elementwise, shapes, joining, reductions, products, slicing, convolution, misc, windows, collectives)


def _function(name: str) -> Callable[..., Any]:
    return next(getattr(room, name) for room in _ROOMS if name in room.__all__)


for _name in _SAME.split():
    _add(f"{_name}_p", _function(_name))
for _name, _shown in (
    ("and", "bitwise_and"), ("or", "bitwise_or"), ("xor", "bitwise_xor"), ("not", "bitwise_not"),
    ("regularized_incomplete_beta", "betainc"),
):  # fmt: skip
    _add(f"{_name}_p", _function(_shown))
for _name in ("scatter", "scatter_add", "scatter_sub", "scatter_mul", "scatter_min", "scatter_max"):
    _add(f"{_name}_p", _function(_name), _name.replace("_", "-"))


# --- those with others ------------------------------------------------------------------------------------------


def _integer_pow(x: Any, y: int) -> Any:
    return elementwise.integer_pow(x, y)


def _reshape(x: Any, new_sizes: Any, dimensions: Any = None) -> Any:
    return shapes.reshape(x, new_sizes, dimensions)


def _transpose(x: Any, permutation: Any) -> Any:
    return shapes.transpose(x, permutation)


def _rev(x: Any, dimensions: Any) -> Any:
    return shapes.rev(x, dimensions)


def _slice(x: Any, start_indices: Any, limit_indices: Any, strides: Any = None) -> Any:
    return joining.slice(x, start_indices, limit_indices, strides)


def _pad(x: Any, value: Any, padding_config: Any) -> Any:
    return joining.pad(x, value, padding_config)


def _concatenate(*xs: Any, dimension: int) -> Any:
    return joining.concatenate(xs, dimension)


def _stack(*xs: Any, axis: int = 0) -> Any:
    return joining.stack(xs, axis)


def _unstack(x: Any, axis: int = 0) -> Any:
    return list(joining.unstack(x, axis))


def _split(x: Any, sizes: Any, axis: int) -> Any:
    return joining.split(x, sizes, axis)


def _iota(dtype: Any, shape: Any, dimension: int) -> Any:
    return shapes.broadcasted_iota(dtype, shape, dimension)


def _copy(x: Any) -> Any:
    return wrap(*operand(x, "copy"))


def _device_put(*xs: Any) -> Any:
    return [_copy(x) for x in xs]


def _barrier(*xs: Any) -> Any:
    return [_copy(x) for x in xs]


def _stop_gradient(x: Any) -> Any:
    return transformation("stop_gradient")(x)


def _sort(*xs: Any, dimension: int, num_keys: int = 1) -> Any:
    return list(reductions.sort(list(xs), dimension, True, num_keys))


def _top_k(x: Any, k: int, axis: int = -1) -> Any:
    return reductions.top_k(x, k, axis=axis)


def _approx_top_k(x: Any, k: int, reduction_dimension: int = -1, is_max_k: bool = True) -> Any:
    return (reductions.approx_max_k if is_max_k else reductions.approx_min_k)(x, k, reduction_dimension)


def _place(greatest: bool) -> Callable[..., Any]:
    def function(x: Any, axes: Any, index_dtype: Any) -> Any:
        (axis,) = axes
        return (reductions.argmax if greatest else reductions.argmin)(x, axis, index_dtype)

    return function


def _dynamic_slice(x: Any, *starts: Any, slice_sizes: Any) -> Any:
    return slicing.dynamic_slice(x, starts, slice_sizes)


def _dynamic_update_slice(x: Any, update: Any, *starts: Any) -> Any:
    return slicing.dynamic_update_slice(x, update, starts)


def _window_reduction(computation: Callable[..., Any], by: str) -> Callable[..., Any]:
    def function(
        x: Any, window_dimensions: Any, window_strides: Any = None, padding: Any = "VALID", base_dilation: Any = None,
        window_dilation: Any = None,
    ) -> Any:  # fmt: skip
        from ...ops.folding import identity

        first = wrap(identity(by, operand(x, by)[0].dtype))
        return windows.reduce_window(
            x, first, computation, window_dimensions, window_strides, padding, base_dilation, window_dilation
        )

    return function


def _fft(x: Any, fft_type: Any, fft_lengths: Any) -> Any:
    return misc.fft(x, fft_type, fft_lengths)


def _rng_bits(key: Any, shape: Any, dtype: Any, algorithm: Any) -> Any:
    return list(misc.rng_bit_generator(key, shape, dtype, algorithm))


def _rng_uniform(a: Any, b: Any, shape: Any) -> Any:
    return misc.rng_uniform(a, b, shape)


def _totally(compare: Callable[..., Any]) -> Callable[..., Any]:
    """A comparison in which -0.0 is less than 0.0, and NaN greater (with its sign set less) than all numbers."""

    def function(x: Any, y: Any) -> Any:
        return compare(*[_ordered(v) for v in (x, y)])

    return function


def _ordered(x: Any) -> Any:
    value, _ = operand(x, "compare")
    if value.dtype.kind in "biu":
        return x
    dtype = f"int{8 * value.dtype.itemsize}"
    bits = shapes.bitcast_convert_type(wrap(value), dtype)
    flipped = elementwise.bitwise_xor(bits, shapes.full_like(bits, 2 ** (8 * value.dtype.itemsize - 1) - 1))
    return shapes.select(elementwise.lt(bits, shapes.full_like(bits, 0)), flipped, bits)


def _over_axes(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, axes: Any) -> Any:
        return function(x, tuple(axes))

    return call


def _axis_index(axis_name: Any) -> Any:
    return collectives.axis_index(axis_name)


def _all_gather(
    x: Any, axis_name: Any, all_gather_dimension: int = 0, tiled: bool = False, axis_size: Any = None
) -> Any:
    return collectives.all_gather(x, axis_name, axis=all_gather_dimension, tiled=tiled)


def _all_to_all(x: Any, axis_name: Any, split_axis: int, concat_axis: int, tiled: bool = False) -> Any:
    return collectives.all_to_all(x, axis_name, split_axis, concat_axis, tiled=tiled)


def _ppermute(x: Any, axis_name: Any, perm: Any) -> Any:
    return collectives.ppermute(x, axis_name, perm)


for _name, _made in {
    "integer_pow": _integer_pow, "reshape": _reshape, "transpose": _transpose, "rev": _rev, "slice": _slice, "pad": _pad,
    "concatenate": _concatenate, "stack": _stack, "iota": _iota, "copy": _copy, "stop_gradient": _stop_gradient,
    "stage": misc.stage, "argmax": _place(True), "argmin": _place(False), "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice, "fft": _fft, "rng_uniform": _rng_uniform,
    "reduce_window_sum": _window_reduction(elementwise.add, "add"),
    "reduce_window_max": _window_reduction(elementwise.max, "max"),
    "reduce_window_min": _window_reduction(elementwise.min, "min"),
    "select_and_scatter_add": windows.select_and_scatter_add, "select_and_gather_add": windows.select_and_gather_add,
    "eq_to": _totally(elementwise.eq), "le_to": _totally(elementwise.le), "lt_to": _totally(elementwise.lt),
    "axis_index": _axis_index, "all_gather": _all_gather, "all_to_all": _all_to_all, "ppermute": _ppermute,
    "after_all": misc.after_all, "create_token": misc.create_token, "sharding_constraint": _copy,
    "ragged_all_to_all": collectives.ragged_all_to_all, "psum": _over_axes(collectives.psum),
    "pmax": _over_axes(collectives.pmax), "pmin": _over_axes(collectives.pmin),
}.items():  # fmt: skip
    _add(f"{_name}_p", _made)
for _name, _made in {
    "unstack": _unstack, "split": _split, "device_put": _device_put, "optimization_barrier": _barrier, "sort": _sort,
    "top_k": _top_k, "approx_top_k": _approx_top_k, "rng_bit_generator": _rng_bits, "dce_sink": misc.dce_sink,
}.items():  # fmt: skip
    _add(f"{_name}_p", _made, many=True)
for _name, _made, _shown in (
    ("cond", holding.cond, "cond"), ("scan", holding.scan, "scan"), ("while", holding.while_loop, "while"),
    ("jit", holding.jit, "jit"), ("remat", holding.checkpoint, "remat2"), ("pjit", holding.jit, "pjit"),
):  # fmt: skip
    _add(f"{_name}_p", _made, _shown, many=True)
# They hold functions of two numbers: `bind` says which function of `jax.lax` to call.
for _name, _shown in (
    ("reduce", "reduce"),
    ("reduce_window", "reduce_window"),
    ("linear_solve", "custom_linear_solve"),
):
    _add(f"{_name}_p", None, _shown, many=True)
_add("select_and_scatter_p", None)

# --- of matrices, which `jax_modules/lax_linalg.py` names -------------------------------------------------------

LINALG = (
    "cholesky cholesky_update eig eigh hessenberg householder_product lu lu_pivots_to_permutation ormqr qr schur svd "
    "symmetric_product triangular_solve tridiagonal tridiagonal_solve"
).split()
_MANY = frozenset("eig eigh hessenberg lu qr schur svd tridiagonal".split())


def of_matrices(module: Any) -> dict[str, Named]:
    """The primitives of the functions of `jax.lax.linalg`."""
    found = {}
    for name in LINALG:
        _REGISTRY[name] = found[f"{name}_p"] = Named(name, getattr(module, name), name in _MANY)
    return found
