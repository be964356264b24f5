"""Checks of derivatives: `check_grads` for any function, `check_rule` for everything a primitive declares.

The oracle is central differences in float64, which know nothing of the rules.
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import ops, trees
from .core import Primitive, as_value, dtype_of, inexact_dtype, is_inexact, shape_of
from .errors import ArgumentError
from .nearest import nearest_names as _nearest_names
from .ops.families import Elementwise
from .transforms.jit import jit, make_program
from .transforms.jvp import jvp
from .transforms.reverse import vjp
from .transforms.vmap import vmap

Arrays = list[Any]


def _direction(x: Any, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    v = rng.normal(size=shape_of(x))
    if dtype_of(x).kind == "c":
        v = v + 1j * rng.normal(size=shape_of(x))
    return np.asarray(v, dtype_of(x))[()]


def _inner(a: Sequence[Any], b: Sequence[Any]) -> float:
    return float(sum(np.real(np.sum(np.asarray(x) * np.asarray(y))) for x, y in zip(a, b, strict=True)))


def _close(got: Any, expected: Any, rtol: float, atol: float, what: str) -> None:
    np.testing.assert_allclose(np.asarray(got), np.asarray(expected), rtol=rtol, atol=atol, err_msg=what)


def _flat_function(f: Callable[..., Any], tree: Any) -> Callable[..., Arrays]:
    def g(*leaves: Any) -> Arrays:
        return [as_value(x) for x in trees.leaves(f(*trees.unflatten(tree, leaves)))]

    return g


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float = 1e-6,
    rtol: float = 1e-6,
    eps: float = 1e-5,
) -> None:
    """Compare derivatives of `f` with central differences along a random direction, to the given order.

    Args:
        f: a function of float64 or complex128 arrays and pytrees of them.
        args: where it is differentiated.
        order: 1 checks first derivatives; 2 their derivatives too; and so on.
        modes: "fwd", "rev" or both.
        atol, rtol: tolerances. eps: the step of the differences.

    Raises:
        AssertionError: with the mode and order in which they disagree.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.testing.check_grads(wnp.sin, (0.5,), order=3)
    """
    leaves, tree = trees.flatten(tuple(args))
    unknown = [m for m in modes if m not in ("fwd", "rev")]
    if unknown or isinstance(modes, str):
        raise ArgumentError(f"check_grads: modes are 'fwd' and 'rev', in a tuple; got {modes!r}")
    _check(_flat_function(f, tree), [as_value(x) for x in leaves], order, modes, atol, rtol, eps, "derivative")


def _check(
    g: Callable[..., Arrays],
    xs: Arrays,
    order: int,
    modes: Sequence[str],
    atol: float,
    rtol: float,
    eps: float,
    what: str,
) -> None:
    vs = [_direction(x, 3 + i) for i, x in enumerate(xs)]
    plus = g(*[x + eps * v for x, v in zip(xs, vs, strict=True)])
    minus = g(*[x - eps * v for x, v in zip(xs, vs, strict=True)])
    live = [is_inexact(p) for p in plus]
    expected = [(np.asarray(p) - np.asarray(m)) / (2 * eps) for p, m, b in zip(plus, minus, live, strict=True) if b]

    def inexact(*args: Any) -> Arrays:
        return [o for o, b in zip(g(*args), live, strict=True) if b]

    if "fwd" in modes:
        _, tangents = jvp(inexact, tuple(xs), tuple(vs))
        for t, e in zip(tangents, expected, strict=True):
            _close(t, e, rtol * 10, atol * 10, f"{what}: forward mode against differences")
    if "rev" in modes:
        outs, pullback = vjp(inexact, *xs)
        ws = [_direction(o, 11 + i) for i, o in enumerate(outs)]
        grads = pullback(ws)
        _close(
            _inner(ws, expected), _inner(grads, vs), rtol * 10, atol * 10, f"{what}: reverse mode against differences"
        )
        for gr, x in zip(grads, xs, strict=True):
            assert shape_of(gr) == shape_of(x) and dtype_of(gr) == dtype_of(x), f"{what}: {gr!r} for {x!r}"
    if order > 1:
        for mode in modes:
            if mode == "fwd":
                derived = lambda *a: jvp(inexact, a, tuple(vs))[1]  # noqa: E731
            else:
                derived = lambda *a: list(vjp(inexact, *a)[1](ws))  # noqa: E731
            _check(derived, xs, order - 1, modes, atol, rtol, eps, f"{what} of {mode}")


def _as_list(out: Any) -> Arrays:
    return list(out) if isinstance(out, (list, tuple)) else [out]


def primitives() -> list[Primitive]:
    """Every primitive of the library, those included whose namespace has not been used yet.

    Example:
        >>> import wengert
        >>> {"add", "cholesky", "scan"} <= {p.name for p in wengert.testing.primitives()}
        True
    """
    for module in pkgutil.walk_packages(ops.__path__, f"{ops.__name__}."):
        importlib.import_module(module.name)
    return list(Primitive.registry.values())


def differentiable(primitive: Primitive) -> bool:
    """Whether the primitive has a tangent rule that is not zero everywhere.

    Example:
        >>> import wengert
        >>> from wengert.core import Primitive
        >>> [wengert.testing.differentiable(Primitive.registry[name]) for name in ("sin", "floor")]
        [True, False]
    """
    if "jvp" in primitive.reasons or "all" in primitive.reasons:
        return False
    if isinstance(primitive, Elementwise) and type(primitive).jvp is Elementwise.jvp:
        return primitive.partials is not None
    return type(primitive).jvp is not Primitive.jvp


def missing(primitive: Primitive) -> str:
    """What the declaration of a primitive lacks; empty when complete.

    Example:
        >>> import wengert
        >>> [p.name for p in wengert.testing.primitives() if wengert.testing.missing(p) and not p.foreign]
        []
    """
    if "all" in primitive.reasons:
        return ""
    if primitive.samples is None:
        return f"{primitive.name} has no samples: give sample calls, or a reason under 'all'"
    if not primitive.samples():
        return f"{primitive.name} has an empty list of samples"
    if type(primitive).impl is Primitive.impl or type(primitive).abstract is Primitive.abstract:
        return f"{primitive.name} lacks an implementation or a shape rule"
    batches = type(primitive).batch is not Primitive.batch or type(primitive).batch_in is not Primitive.batch_in
    if not batches and "batch" not in primitive.reasons:
        return f"{primitive.name} has no batching rule and no reason for that"
    if type(primitive).jvp is Primitive.jvp and "jvp" not in primitive.reasons:
        return f"{primitive.name} has no tangent rule and no reason for that"
    return ""


def cases(primitive: Primitive) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """The sample calls of a primitive, ``(label, args, params)``: its own, and those with complex numbers for real ones.

    A sample is made complex where the implementation takes complex numbers, in every floating argument, and the
    first samples also in each of several alone. A primitive whose arguments must have more structure than that (a Hermitian matrix) says so under
    the reason "complex" and has complex samples of its own.

    Example:
        >>> from wengert.core import Primitive
        >>> [label for label, _, _ in cases(Primitive.registry["sin"])][:4]
        ['0', '0-complex0', '1', '1-complex0']
    """
    samples = primitive.samples() if primitive.samples is not None else []
    out: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
    for i, (args, params) in enumerate(samples):
        out.append((str(i), args, params))
        floats = [k for k, x in enumerate(args) if isinstance(x, (np.ndarray, np.generic)) and x.dtype == np.float64]
        if "complex" in primitive.reasons or not floats:
            continue
        alone = [[k] for k in floats] if len(floats) > 1 and i < 3 else []
        for chosen in [floats, *alone]:
            turned = tuple(_turned(x, k) if k in chosen else x for k, x in enumerate(args))
            if _accepts(primitive, turned, params):
                out.append((f"{i}-complex" + "".join(map(str, chosen)), turned, params))
    return out


def _turned(x: Any, seed: int) -> Any:
    """`x` with imaginary parts; small, so that it stays where the samples want it."""
    imaginary = np.random.default_rng(seed).uniform(0.1, 0.4, size=np.shape(x))
    return np.asarray(x + 1j * imaginary)[()] if np.ndim(x) == 0 else np.asarray(x + 1j * imaginary)


def _accepts(primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> bool:
    try:
        with np.errstate(all="ignore"):
            primitive.impl(*args, **params)
    except (TypeError, ValueError, NotImplementedError):
        return False
    return True


def check_rule(primitive: Primitive, args: Sequence[Any], params: dict[str, Any] | None = None) -> None:
    """Check one call of a primitive in every way that it declares.

    Shape rule against implementation; staged and compiled against eager; batched over each argument, over all, twice,
    and over no examples, against a loop; both modes against differences, to second order; the gradient of the batch
    and the batch of the gradient against a loop.

    Args:
        primitive: the primitive.
        args: its arguments, float64 or complex128 where they are differentiated.
        params: its parameters.

    Raises:
        AssertionError: naming the primitive and what disagrees.

    Example:
        >>> import numpy as np, wengert
        >>> from wengert.core import Primitive
        >>> wengert.testing.check_rule(Primitive.registry["sin"], (np.array([0.5, 1.0]),))
    """
    params = params or {}
    bind = lambda *a: primitive.bind(*a, **params)  # noqa: E731
    outs = _as_list(bind(*args))
    program = make_program(bind)(*args)
    program.check()
    for o, a in zip(outs, program.out_avals, strict=True):
        assert (shape_of(o), dtype_of(o)) == (a.shape, a.dtype), f"{primitive.name}: {o!r} but its rule says {a}"
    for o, s in zip(outs, _as_list(jit(bind)(*args)), strict=True):
        _same(s, o, f"{primitive.name} staged")
    if "batch" not in primitive.reasons:
        _check_batching(primitive, bind, args)
    if not differentiable(primitive):
        return
    inexact = [i for i, x in enumerate(args) if isinstance(x, (np.ndarray, np.generic)) and inexact_dtype(x.dtype)]
    if not inexact or not any(is_inexact(o) for o in outs):
        return

    def f(*xs: Any) -> Any:
        full = list(args)
        for i, x in zip(inexact, xs, strict=True):
            full[i] = x
        return [o for o in _as_list(bind(*full)) if is_inexact(o)]

    xs = [args[i] for i in inexact]
    check_grads(f, xs, order=2, atol=2e-6, rtol=2e-6)
    check_grads(jit(f), xs, order=1, atol=2e-6, rtol=2e-6)
    if "batch" not in primitive.reasons:
        _check_batched_gradients(primitive.name, f, xs)


def _check_batched_gradients(name: str, f: Callable[..., Arrays], xs: Arrays) -> None:
    stacked = [_two(x) for x in xs]
    ws = [_direction(o, 5 + i) for i, o in enumerate(f(*xs))]
    cts = [np.stack([w, 2 * w]) for w in ws]
    rows = [vjp(f, *[s[k] for s in stacked])[1]([c[k] for c in cts]) for k in range(2)]
    inside = vmap(lambda xs, cts: vjp(f, *xs)[1](cts))(stacked, cts)
    outside = vjp(vmap(f), *stacked)[1](cts)
    for k in range(len(xs)):
        expected = np.stack([r[k] for r in rows])
        _same(inside[k], expected, f"{name}: vmap of its gradient", 1e-8)
        _same(outside[k], expected, f"{name}: gradient of its vmap", 1e-8)
    _, tangents = jvp(vmap(f), tuple(stacked), tuple(stacked))
    for k, t in enumerate(tangents):
        row = [jvp(f, x, x)[1][k] for x in (tuple(s[i] for s in stacked) for i in range(2))]
        _same(t, np.stack(row), f"{name}: jvp of its vmap", 1e-8)


def _two(x: Any) -> Any:
    """Two examples that are a little different."""
    both = np.stack([x, x])
    if inexact_dtype(both.dtype):
        both[1] *= both.dtype.type(0.97)
    return both


def _same(got: Any, expected: Any, what: str, rtol: float = 1e-10) -> None:
    assert shape_of(got) == shape_of(expected), f"{what}: shape {shape_of(got)}, expected {shape_of(expected)}"
    assert dtype_of(got) == dtype_of(expected), f"{what}: dtype {dtype_of(got)}, expected {dtype_of(expected)}"
    if inexact_dtype(dtype_of(expected)):
        _close(got, expected, rtol, rtol / 100, what)
    else:
        np.testing.assert_array_equal(np.asarray(got), np.asarray(expected), err_msg=what)


def _check_batching(primitive: Primitive, bind: Callable[..., Any], args: Sequence[Any]) -> None:
    arrays = [i for i, x in enumerate(args) if isinstance(x, (np.ndarray, np.generic))]
    masks = [[True] * len(arrays)] + [[j == k for j in range(len(arrays))] for k in range(len(arrays))]
    for mask in masks if len(arrays) > 1 else masks[:1]:
        if not any(mask):
            continue
        mapped = {i for i, b in zip(arrays, mask, strict=True) if b}
        in_axes = tuple(0 if i in mapped else None for i in range(len(args)))
        stacked = [_two(x) if i in mapped else x for i, x in enumerate(args)]
        mapped_bind = vmap(bind, in_axes=in_axes)
        rows = [_as_list(bind(*[x[k] if i in mapped else x for i, x in enumerate(stacked)])) for k in range(2)]
        expected = [np.stack([r[k] for r in rows]) for k in range(len(rows[0]))]
        what = f"{primitive.name} batched over arguments {sorted(mapped)}"
        for g, e in zip(_as_list(mapped_bind(*stacked)), expected, strict=True):
            _same(g, e, what)
        twice = vmap(mapped_bind, in_axes=in_axes, out_axes=-1)
        pairs = [np.stack([x, x[::-1]]) if i in mapped else x for i, x in enumerate(stacked)]
        for g, e in zip(_as_list(twice(*pairs)), expected, strict=True):
            _same(np.moveaxis(g, -1, 0), np.stack([e, e[::-1]]), what + ", twice")
        for g, e in zip(
            _as_list(mapped_bind(*[x[:0] if i in mapped else x for i, x in enumerate(stacked)])), expected, strict=True
        ):
            _same(g, e[:0], what + ", no examples")


__all__ = ["cases", "check_grads", "check_rule", "differentiable", "missing", "primitives"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
