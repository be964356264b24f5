"""The transformations of `jax`: those of the library with the border of `border.py` around them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import trees
from ...config import canonical_dtype, config
from ...core import PYTHON_SCALARS, LinearTracer, as_array
from ...errors import NotSupportedError
from ...jacobians import hessian as our_hessian
from ...prefixes import broadcast_prefix
from ...transforms import jit as jits
from ...transforms.checkpoint import checkpoint as our_checkpoint
from ...transforms.derivatives import jacfwd as our_jacfwd
from ...transforms.derivatives import jacrev as our_jacrev
from ...transforms.derivatives import stop_gradient as our_stop_gradient
from ...transforms.forward import FLOAT0
from ...transforms.function import name_of, shown
from ...transforms.gradient import grad as our_grad
from ...transforms.gradient import value_and_grad as our_value_and_grad
from ...transforms.jit import closure_convert as our_closure_convert
from ...transforms.jit import eval_shape as our_eval_shape
from ...transforms.jit import jit as our_jit
from ...transforms.jvp import jvp as our_jvp
from ...transforms.staging import stage
from ...transforms.vmap import vmap as our_vmap
from ..alias import TRANSFORMATIONS
from ..array import Array, Device, ShapedArray, kind_of
from ..border import AUX, NUMBERS, RESULTS, TREES, Held, Outer, Weak, _loaded, lift, lower, lowered
from ..extend.jaxpr import ClosedJaxpr, Jaxpr
from ..extend.opening import Opened
from ..extend.primitive import TRANSPOSES
from ..jitted import DonatingPjitFunction, PjitFunction
from ..wording import worded
from .linear_maps import linear_transpose, linearize, vjp
from .noting import Noted, check_callable, is_number
from .ref import refs_in
from .rules import custom_jvp, custom_vjp
from .shapes import ShapeDtypeStruct, struct_of


def _equations_of(program: Any, count: int) -> Any:
    """The parts of a jaxpr, when they are first asked for."""
    from ..extend import composites as _composites  # noqa: F401 - its rows, and those of `table`
    from ..extend.translation import equations_of

    return equations_of(program, count)


Jaxpr.equations_of = staticmethod(_equations_of)


_FREE = ("inline", "keep_unused", "compiler_options")  # options of jit that change nothing here


def _weak_in(argnums: Any, what: str, allowed: bool, holomorphic: bool) -> Callable[[Any], list[Any]]:
    """The way in of derivatives: Python's floats among what is differentiated are weak arrays, complex ones of holomorphic
    functions too."""
    numbers = RESULTS if holomorphic else NUMBERS

    def way_in(args: Sequence[Any]) -> list[Any]:
        nums = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
        nums = {n % len(args) if args else n for n in nums}
        if "ref" in _loaded:
            for ref in refs_in([args[i] for i in nums if i < len(args)]):
                raise ValueError(
                    f"Expected cotangent type {ref.aval}: a reference is no variable of {what}; hand its value on"
                )
        if not allowed:
            for x in [x for i in nums if i < len(args) for x in trees.leaves(lower(args[i], TREES))]:
                dtype = kind_of(x)[0] if type(x) in PYTHON_SCALARS else getattr(x, "dtype", None) or np.dtype(object)
                if dtype.kind in "iub":
                    if what == "jacfwd":
                        raise TypeError(
                            f"jacfwd requires real-valued inputs (input dtype that is a sub-dtype of np.floating), but got {dtype}. "
                            f"For holomorphic differentiation, pass holomorphic=True. For differentiation of non-holomorphic "
                            f"functions involving complex inputs or integer inputs, use jax.jvp directly."
                        )
                    raise TypeError(
                        f"{what} requires real- or complex-valued inputs (input dtype that is a sub-dtype of np.inexact), "
                        f"but got {dtype}. If you want to use Boolean- or integer-valued inputs, use vjp or set allow_int "
                        f"to True."
                    )
        return [lower(a, numbers if i in nums else True) for i, a in enumerate(args)]

    return way_in


@worded
def jit(fun: Callable[..., Any] | None = None, **options: Any) -> Any:
    """`wengert.jit`, which takes JAX's options about devices and memory where they change nothing.

    Args:
        fun: the function; left out, a decorator is returned.
        options: those of `wengert.jit`; ``device``, ``backend``, ``inline``, ``keep_unused`` and ``compiler_options`` are
            taken and change nothing.
    """
    for name in _FREE:
        options.pop(name, None)
    if options.get("device") is not None and options.get("backend") is not None:
        raise ValueError(
            f"can't specify both a device and a backend for jit, got device={options['device']} and "
            f"backend={options['backend']!r}"
        )
    if options.get("backend") in (None, "cpu"):
        options.pop("backend", None)
    if isinstance(options.get("device"), (Device, type(None))):
        options.pop("device", None)
    for name in ("in_shardings", "out_shardings"):
        from .sharding import Sharding

        given = options.pop(name, None)
        if not all(isinstance(s, (Sharding, type(None))) for s in trees.leaves(given)):
            raise NotSupportedError(f"jit: {name} is a sharding of jax.sharding on the one device here; leave it out")
    if fun is None:
        return lambda f: jit(f, **options)
    check_callable(fun)
    kept = {name: options[name] for name in ("backend", "device") if name in options}
    inner = our_jit(lowered(fun, True), **options)
    donates = getattr(inner, "donate_argnums", ()) or getattr(inner, "donate_argnames", ())
    return (DonatingPjitFunction if donates else PjitFunction)(inner, fun, jit, kept)


@worded
def vmap(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`wengert.vmap`."""
    check_callable(fun)
    kwargs.pop("spmd_axis_name", None)
    given = dict(zip(("in_axes", "out_axes", "axis_name", "axis_size"), args, strict=False)) | kwargs
    refs = (functools.partial(_vmap_of_refs, given), functools.partial(_leaf_axes, given.get("in_axes", 0)))
    return Outer(our_vmap(lowered(fun, True), *args, **kwargs), fun, refs=refs)


def _vmap_of_refs(options: dict[str, Any], function: Any, of_refs: list[Any], of_rest: list[Any]) -> Any:
    """A function of the values of references and of other leaves, along the axes of each."""
    rest = {k: v for k, v in options.items() if k not in ("in_axes", "out_axes")}
    return Outer(
        our_vmap(lowered(function, True), (of_refs, of_rest), (options.get("out_axes", 0), of_refs), **rest), function
    )


def _leaf_axes(in_axes: Any, args: Any, kwargs: Any) -> list[Any]:
    """The mapped axis of each leaf of arguments."""
    axes = tuple(in_axes) if isinstance(in_axes, list) else in_axes
    named = trees.map(lambda _: 0, kwargs)
    return broadcast_prefix((axes, named), (args, kwargs), what="vmap: in_axes", root="args")


def _checkpointed(fun: Callable[..., Any] | None = None, **options: Any) -> Any:
    """`wengert.checkpoint`."""
    if options.pop("concrete", False):
        raise NotImplementedError(
            "The `concrete` option to `jax.checkpoint` was deprecated in JAX v0.8.2, and removed in JAX v0.10.0. Name arguments "
            "whose values are needed in static_argnums."
        )
    if fun is None:
        return lambda f: _checkpointed(f, **options)
    return Outer(our_checkpoint(lowered(fun, True), **options), fun)


checkpoint = remat = _checkpointed


_OPTIONS = ("has_aux", "holomorphic", "allow_int", "reduce_axes")  # in JAX's order, as they may stand after `argnums`


def _derivative(transformation: Callable[..., Any]) -> Callable[..., Any]:
    name = transformation.__name__

    @worded
    def transform(fun: Callable[..., Any], argnums: Any = 0, *positional: Any, **options: Any) -> Any:
        check_callable(fun)
        for key, value in zip(_OPTIONS, positional, strict=False):
            if key in options:
                raise TypeError(f"{name}() got multiple values for argument '{key}'")
            options[key] = value
        if len(positional) > len(_OPTIONS):
            raise TypeError(f"{name}() takes at most {len(_OPTIONS) + 2} positional arguments")
        if options.pop("reduce_axes", ()):
            raise NotImplementedError(f"reduce_axes argument to {name} is deprecated")
        argnums = argnums if isinstance(argnums, (int, str)) or not isinstance(argnums, Sequence) else tuple(argnums)
        allowed = bool(options.pop("allow_int", False))
        if allowed and name in ("grad", "value_and_grad"):
            options["allow_int"] = True
        way_in = _weak_in(argnums, name, allowed, bool(options.get("holomorphic")))
        aux = AUX if options.get("has_aux") else False
        if name == "value_and_grad":
            noted = Noted(fun, bool(options.get("has_aux")))
            made: Any = _Valued(transformation(lowered(noted, aux), argnums, **options), noted, way_in)
        else:
            made = Outer(transformation(lowered(fun, aux), argnums, **options), fun, way_in=way_in)
        return _of_integers(made, fun, argnums, name) if allowed and name in ("grad", "value_and_grad") else made

    transform.__name__ = transform.__qualname__ = name
    transform.__doc__ = f"`wengert.{name}`."
    return transform


grad, value_and_grad = _derivative(our_grad), _derivative(our_value_and_grad)
jacfwd, jacrev = _derivative(our_jacfwd), _derivative(our_jacrev)
hessian = _derivative(our_hessian)
jacobian = jacrev  # as in JAX: forward mode, which this library's may choose, is refused through a `custom_vjp`


def _of_integers(inner: Any, fun: Any, argnums: Any, name: str) -> Any:
    """A gradient with `allow_int`: zeros of dtype float0 in the place of integers."""

    def gradient(*args: Any, **kwargs: Any) -> Any:
        out = inner(*args, **kwargs)
        found = out[1] if name == "value_and_grad" else out
        nums = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
        given = tuple(args[n] for n in nums)
        grads = tuple(found) if isinstance(argnums, (tuple, list)) else (found,)
        marked = trees.map(_float0_for_integers, given, grads)
        marked = marked if isinstance(argnums, (tuple, list)) else marked[0]
        return (out[0], marked) if name == "value_and_grad" else marked

    gradient.__name__, gradient.__wrapped__ = name_of(fun), fun
    return gradient


def _float0_for_integers(x: Any, g: Any) -> Any:
    return np.zeros(np.shape(lower(x)), FLOAT0) if kind_of(x)[0].kind in "iub" else g


@worded
def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """`wengert.jvp`; primals and tangents are arrays of this mode's dtypes, tangents as weak as their primals."""
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError(
            f"primal and tangent arguments to jax.jvp must be tuples or lists; got {type(primals).__name__} and "
            f"{type(tangents).__name__}"
        )
    options = {"has_aux": True} if has_aux else {}
    given, moved = arrays(tuple(primals)), arrays(tuple(tangents))
    leaves, tree = trees.flatten(tuple(primals))
    others, other = trees.flatten(tuple(tangents))
    if tree == other:
        for x, t in zip(leaves, others, strict=True):
            if is_number(x) and is_number(t):
                _check_tangent(kind_of(x)[0], np.asarray(t).dtype if type(t) is np.ndarray else kind_of(t)[0])
        weak = [kind_of(x)[1] if is_number(x) else False for x in leaves]
        if any(weak):
            given, moved = (
                (Held([Weak(v) if w else v for v, w in zip(trees.leaves(t), weak, strict=True)], tree),)
                for t in (given, moved)
            )
            fun = functools.wraps(fun)(functools.partial(_of_tuple, fun))
    return lift(our_jvp(lowered(fun, AUX if has_aux else True), given, moved, **options))


def _of_tuple(fun: Callable[..., Any], args: Any) -> Any:
    return fun(*args)


def as_weak_as(x: Any, like: Any) -> Any:
    """A tree with arrays of this mode for its numbers, marked where those of a tree of the same structure are weak."""
    leaves, tree = trees.flatten(arrays(x))
    kinds = trees.leaves(like)
    if len(leaves) != len(kinds):  # which the library says
        return trees.unflatten(tree, leaves)
    marked = [Weak(v) if is_number(k) and kind_of(k)[1] else v for v, k in zip(leaves, kinds, strict=True)]
    return trees.unflatten(tree, marked)


def _check_tangent(of_primal: Any, of_tangent: Any) -> None:
    """Raises:
    TypeError: a tangent has another dtype than its primal, or that of an integer is not float0.
    """
    if of_primal.kind in "iub":
        fits = of_tangent == FLOAT0
    else:
        fits = of_primal == of_tangent or (config._x64 is not True and canonical_dtype(of_tangent) == of_primal)
    if not fits:
        raise TypeError(
            f"primal and tangent arguments to jax.jvp do not match; dtypes must be equal, or in case of int/bool primal dtype "
            f"the tangent dtype must be float0. Got primal dtype {of_primal} and tangent dtype {of_tangent}."
        )


def arrays(x: Any) -> Any:
    """A tree with arrays of this mode for its numbers."""
    return trees.map(lambda v: as_array(v) if not isinstance(v, str) else v, lower(x, TREES))


class _Valued(Outer):
    """A value and its gradient, the value as weak as the function gave it."""

    def __init__(self, inner: Any, noted: Noted, way_in: Any) -> None:
        super().__init__(inner, noted.fun, way_in=way_in)
        self.noted = noted

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        out, gradient = super().__call__(*args, **kwargs)
        if self.noted.has_aux:
            return (self.noted.marked(out[0]), out[1]), gradient
        return self.noted.marked(out), gradient


@worded
def eval_shape(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`wengert.eval_shape`; what is weak is marked. Results that are `ShapeDtypeStruct`s already are given as they are."""
    structs: dict[int, Any] = {}

    def function(*a: Any, **k: Any) -> Any:
        out = fun(*a, **k)
        leaves, tree = trees.flatten(out)
        structs.update((i, x) for i, x in enumerate(leaves) if isinstance(x, ShapeDtypeStruct))
        return trees.unflatten(tree, [0.0 if i in structs else x for i, x in enumerate(leaves)]) if structs else out

    function.__name__ = name_of(fun)
    given = trees.map(_weak_struct, lower(trees.map(_in_the_abstract, (args, kwargs)), True))
    out = our_eval_shape(lowered(function, True), *given[0], **given[1])
    return _structs(out, structs)


def _in_the_abstract(x: Any) -> Any:
    """A leaf of arguments, as its shape and dtype where it tells no more; arrays as they are."""
    if isinstance(x, (Array, ShapeDtypeStruct, np.ndarray, np.generic)) or not (
        hasattr(x, "shape") and hasattr(x, "dtype")
    ):
        return x
    return (
        x
        if hasattr(x, "__jax_array__")
        else ShapeDtypeStruct(x.shape, x.dtype, weak_type=getattr(x, "weak_type", False))
    )


def _weak_struct(x: Any) -> Any:
    """A struct of a weak dtype as the library is given it."""
    return Weak(x) if type(x) is ShapeDtypeStruct and x.weak_type else x


def _structs(tree: Any, given: dict[int, Any] | None = None) -> Any:
    """The library's structs as JAX's, weak ones marked; `given` are those at some places."""
    leaves, treedef = trees.flatten(tree, lambda x: type(x) is Weak)
    marked = [struct_of(x.value, True) if type(x) is Weak else struct_of(x) for x in leaves]
    for i, x in (given or {}).items():
        marked[i] = x
    return lift(trees.unflatten(treedef, marked))


@worded
def closure_convert(fun: Callable[..., Any], *example_args: Any) -> Any:
    """`wengert.closure_convert`."""
    return lift(our_closure_convert(lowered(fun), *lower(example_args, TREES)))


def make_jaxpr(fun: Callable[..., Any], static_argnums: Any = (), return_shape: bool = False, **_: Any) -> Any:
    """A function that returns the `ClosedJaxpr` of `fun` for its arguments.

    Args:
        fun: a function of arrays and pytrees of them.
        static_argnums: as for `jit`.
        return_shape: whether the shapes and dtypes of the result are returned too.
    """
    check_callable(fun)
    splitting = jits.Jit(lowered(fun), static_argnums or None, None)

    @worded
    def jaxpr_of(*args: Any, **kwargs: Any) -> Any:
        opened = Opened(fun)
        inner = lowered(opened.function)
        leaves, tree, _, rebuild = splitting.split(*lower(trees.map(_in_the_abstract, (args, kwargs)), TREES))
        seen: list[Any] = []
        avals = jits.abstracts(leaves, tree, "make_jaxpr", inner)
        try:
            program, hoisted = stage(
                jits.flat_function(inner, tree, rebuild, seen), avals, name_of(inner), "make_jaxpr"
            )
        except Exception as error:
            raise shown(error)
        program.in_tree, program.out_tree = tree, seen[-1]
        closed = ClosedJaxpr(Jaxpr.of(program, len(hoisted)), [lift(h) for h in opened.known(hoisted)])
        return (closed, _structs(jits._result_shapes(program))) if return_shape else closed

    jaxpr_of.__name__ = jaxpr_of.__qualname__ = f"make_jaxpr({name_of(fun)})"
    return jaxpr_of


def stop_gradient(x: Any) -> Any:
    """`wengert.stop_gradient`: the value without its derivative.

    A tangent, of which there is no derivative to take, is handed to the transpose rule that a library gave `stop_gradient_p`.
    """
    if type(x) is Array and type(x._value) is LinearTracer:
        from ..lax.primitives import stop_gradient_p

        if stop_gradient_p in TRANSPOSES:  # as the identity: the one rule that there is, lineax's
            return x
    return trees.map(lambda v: lift(our_stop_gradient(lower(v)), type(v) is Array and v.weak_type), x)


def typeof(x: Any) -> Any:
    """The shape and dtype of a value."""
    if hasattr(type(x), "aval") and type(x) is not Array:
        return x.aval
    dtype, weak = kind_of(x)
    return ShapedArray(np.shape(x) if type(x) is not Array else x.shape, dtype, weak)


__all__ = [
    "ShapeDtypeStruct", "checkpoint", "closure_convert", "custom_jvp", "custom_vjp", "eval_shape", "grad", "hessian", "jacfwd",
    "jacobian", "jacrev", "jit", "jvp", "linear_transpose", "linearize", "make_jaxpr", "remat", "stop_gradient",
    "typeof", "value_and_grad", "vjp", "vmap",
]  # fmt: skip

TRANSFORMATIONS.update({name: globals()[name] for name in __all__})
