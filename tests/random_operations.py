"""The operations of random programs, each with how a step of it is chosen: see `random_programs`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from random_programs import DTYPES, OPS, Generator, RandomProgram, op

import wengert.nn as nn
import wengert.numpy as wnp
import wengert.scipy.special as special
from wengert.ops.slices import pad_p

__all__ = ["OPS", "random_program"]


def tame(low: float, high: float) -> Callable[[np.ndarray], bool]:
    """Floats all between two bounds (special values set aside)."""

    def good(a: np.ndarray) -> bool:
        if a.dtype.kind != "f":
            return a.dtype.kind in "iu" and bool(np.all((a >= low) & (a <= high))) and a.dtype.itemsize > 2
        return bool(np.all(((a >= low) & (a <= high)) | ~np.isfinite(a) | (np.abs(a) >= 1e20)))

    return good


def floating(a: np.ndarray) -> bool:
    return a.dtype.kind == "f"


def integral(a: np.ndarray) -> bool:
    return a.dtype.kind in "biu"


# --- elementwise ------------------------------------------------------------------------------------------------

_TAME = {
    "sin": (-60, 60), "cos": (-60, 60), "tan": (-1.3, 1.3), "arcsin": (-0.95, 0.95), "arccos": (-0.95, 0.95),
    "arctan": (-1e4, 1e4), "sinh": (-5, 5), "cosh": (-5, 5), "tanh": (-50, 50), "arcsinh": (-1e4, 1e4),
    "arccosh": (1.2, 1e4), "arctanh": (-0.9, 0.9), "exp": (-20, 5), "exp2": (-20, 7), "expm1": (-20, 5),
    "log": (0.05, 1e4), "log2": (0.05, 1e4), "log10": (0.05, 1e4), "log1p": (-0.9, 1e4), "cbrt": (0.1, 1e4),
    "sqrt": (0.05, 1e4), "reciprocal": (0.05, 1e4),
}  # fmt: skip
_SPECIAL = {
    "erf": (-5, 5), "erfc": (-5, 5), "expit": (-20, 20), "gammaln": (0.2, 100), "digamma": (0.2, 100),
    "erfinv": (-0.9, 0.9), "ndtr": (-5, 5), "logit": (0.05, 0.95), "log_ndtr": (-5, 5),
}  # fmt: skip
for _name, _range in _TAME.items():
    op(_name, "function", getattr(wnp, _name))(lambda g, r=_range: ([g.pick(tame(*r))], {}))
for _name, _range in _SPECIAL.items():
    op(_name, "function", getattr(special, _name))(lambda g, r=_range: ([g.pick(tame(*r))], {}))
for _name in ("sin", "tanh", "arctan", "expit"):  # of values made tame: so that many programs have some
    _f = getattr(wnp, _name, None) or getattr(special, _name)
    op(f"{_name} of a fraction", "function", lambda x, f=_f: f(x * 0.0625))(lambda g: ([g.pick(tame(-1e4, 1e4))], {}))
for _name in ("softplus", "gelu", "silu", "relu"):
    op(_name, "function", getattr(nn, _name))(lambda g: ([g.pick(tame(-50, 50))], {}))
for _name in ("negative", "positive", "square", "absolute", "conj", "real"):
    op(_name, "arithmetic", getattr(wnp, _name), "kept")(lambda g: ([g.pick()], {}))
for _name in ("floor", "ceil", "trunc", "rint", "sign", "signbit", "isnan", "isinf", "isfinite", "logical_not"):
    op(_name, "jump", getattr(wnp, _name), "needed")(lambda g: ([g.pick()], {}))
op("invert", "integer", wnp.invert, "kept")(lambda g: ([g.pick(integral)], {}))


def _pair(good: Callable[[np.ndarray], bool] = lambda x: True) -> Callable[[Generator], Any]:
    """Two values that broadcast against each other."""

    def choose(g: Generator) -> Any:
        i = g.pick(good)
        if i is None:
            return None

        def broadcasts(a: np.ndarray) -> bool:
            return good(a) and all(n == m or 1 in (n, m) for n, m in zip(g.shape(i)[::-1], a.shape[::-1], strict=False))

        j = g.pick(broadcasts)
        return ([i, j] if g.chance(50) else [j, i]), {}

    return choose


for _name in ("add", "subtract", "multiply", "maximum", "minimum", "fmax", "fmin"):
    op(_name, "arithmetic", getattr(wnp, _name), "kept")(_pair())
for _name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
    op(_name, "jump", getattr(wnp, _name), "needed")(_pair())
for _name in ("logical_and", "logical_or", "logical_xor", "heaviside"):
    op(_name, "jump", getattr(wnp, _name), "needed")(_pair())
for _name in (
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "left_shift",
    "right_shift",
    "floor_divide",
    "remainder",
    "gcd",
):
    op(_name, "integer", getattr(wnp, _name), "kept")(_pair(integral))
for _name in ("arctan2", "hypot", "logaddexp", "copysign"):
    op(_name, "function", getattr(wnp, _name), "needed" if _name in ("arctan2", "copysign") else "never")(
        _pair(tame(-1e3, 1e3))
    )
for _name in ("floor_divide", "remainder", "fmod"):
    op(f"{_name} of floats", "jump", getattr(wnp, _name), "needed")(_pair(floating))
op("divide", "arithmetic", lambda x, y: wnp.divide(x, wnp.abs(y) + 1.0))(_pair())
op("divide by anything", "jump", wnp.divide, "needed")(_pair())
op("power of a positive", "function", lambda x, y: wnp.power(wnp.abs(x) + 0.5, y))(_pair(tame(-4, 4)))
op("xlogy", "function", special.xlogy)(_pair(tame(0.05, 100)))


@op("power", "arithmetic", lambda x, n: x**n)
def _(g: Generator) -> Any:
    return [g.pick(floating)], {"n": g.choice((0, 1, 2, 3, 4, 5, 2.0, 1.0))}


@op("with a number", "arithmetic", lambda x, how, n: getattr(wnp, how)(x, n), "kept")
def _(g: Generator) -> Any:
    how = g.choice(("add", "subtract", "multiply", "maximum", "minimum"))
    return [g.pick()], {
        "how": how,
        "n": g.choice((0, 1, -1, 2, 0.0, 1.0, -1.0, 0.5, 2.0, True, np.float32(0.5), np.int64(3))),
    }


@op("number with", "arithmetic", lambda x, how, n: getattr(wnp, how)(n, x), "kept")
def _(g: Generator) -> Any:
    return [g.pick()], {"how": g.choice(("add", "subtract", "multiply")), "n": g.choice((0, 1, 0.0, 1.0, -1.0, 3))}


@op("divide by a number", "arithmetic", lambda x, n: x / n)
def _(g: Generator) -> Any:
    return [g.pick()], {"n": g.choice((1, 2, 4.0, 0.5, 3.0, -8, np.float32(16)))}


@op("constant array", "arithmetic", lambda x, how, a: getattr(wnp, how)(x, a), "kept")
def _(g: Generator) -> Any:
    i = g.pick()
    a = g.array(g.shape(i), g.choice(("float64", "float32", "int64", "bool")))
    if g.chance(40):
        a = np.full_like(a, g.choice((0, 1, 2)))
    return [i], {"how": g.choice(("add", "multiply", "subtract")), "a": a}


@op("where", "choice", wnp.where, "kept")
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.dtype.kind == "b")
    pair = _pair()(g)
    return None if i is None or pair is None else ([i, *pair[0]], {})


@op("where positive", "choice", lambda c, x, y: wnp.where(c > 0, x, y), "needed")
def _(g: Generator) -> Any:
    pair = _pair()(g)
    return None if pair is None else ([g.pick(), *pair[0]], {})


@op("clip", "choice", lambda x, low, high: wnp.clip(x, low, high), "kept")
def _(g: Generator) -> Any:
    return [g.pick(lambda a: a.dtype.kind in "if")], {"low": g.choice((-2, 0, -1)), "high": g.choice((1, 2, 3))}


@op("astype", "conversion", lambda x, dtype: wnp.asarray(x).astype(dtype), "kept")
def _(g: Generator) -> Any:
    i = g.pick()
    x, dtype = np.asarray(g.values[i]), np.dtype(g.choice(DTYPES))
    if x.dtype.kind == "f" and dtype.kind in "iub":
        fits = g.exact[i] and bool(np.all(np.isfinite(x) & (np.abs(x) < 100) & ((x >= 0) | (dtype.kind != "u"))))
        if not fits:
            return None
    return [i], {"dtype": dtype.name}


# --- reductions -------------------------------------------------------------------------------------------------

for _name in ("sum", "max", "min", "any", "all", "prod", "mean", "var", "logsumexp"):
    _f = getattr(wnp, _name, None) or getattr(special, _name)
    _exact = {"sum": "kept", "max": "kept", "min": "kept", "any": "needed", "all": "needed"}.get(_name, "never")

    def _choose(g: Generator, name: str = _name) -> Any:
        limit = {"prod": 2.5, "logsumexp": 50, "var": 1e3}.get(name, 1e5)
        i = g.pick(
            lambda a: (
                bool(np.all(~(np.abs(a) > limit) | ~np.isfinite(a))) and (name != "logsumexp" or a.dtype.kind == "f")
            )
        )
        return None if i is None else ([i], {"axis": g.axes(i), "keepdims": g.chance(30)})

    op(_name, "reduction", _f, _exact)(_choose)
for _name in ("argmax", "argmin"):
    op(_name, "reduction", getattr(wnp, _name), "needed")(lambda g: _one_axis(g, g.pick()))
for _name in ("cumsum", "cumprod"):
    op(_name, "order", getattr(wnp, _name), "kept" if _name == "cumsum" else "never")(
        lambda g: _one_axis(g, g.pick(tame(-3, 3)))
    )
for _name in ("cummax", "cummin"):
    op(_name, "order", getattr(wnp, _name), "needed")(lambda g: _one_axis(g, g.pick()))
op("cumlogsumexp", "order", wnp.cumlogsumexp)(lambda g: _one_axis(g, g.pick(tame(-9, 9))))
op("median", "order", wnp.median, "needed")(lambda g: _one_axis(g, g.pick(floating)))
op("searchsorted", "order", lambda x, v: wnp.searchsorted(wnp.sort(x), v), "needed")(
    lambda g: ([g.pick(lambda a: a.ndim == 1 and a.dtype.kind == "f"), g.pick(floating)], {})
)
op("convolve", "product", lambda x, v: wnp.convolve(x, v, mode="same"))(
    lambda g: ([g.pick(lambda a: a.ndim == 1 and a.dtype.kind == "f" and a.size > 0)] * 2, {})
)
op("sort", "order", wnp.sort, "needed")(lambda g: _one_axis(g, g.pick()))
op("argsort", "order", lambda x, axis: wnp.argsort(x, axis=axis, kind="stable"), "needed")(
    lambda g: _one_axis(g, g.pick())
)
op("softmax", "reduction", special.softmax)(lambda g: _one_axis(g, g.pick(tame(-30, 30))))


def _one_axis(g: Generator, i: int | None) -> Any:
    if i is None or not g.shape(i):
        return None
    return [i], {"axis": g.integer(-len(g.shape(i)), len(g.shape(i)) - 1)}


# --- shapes -----------------------------------------------------------------------------------------------------


@op("reshape", "shape", wnp.reshape, "kept")
def _(g: Generator) -> Any:
    i = g.pick()
    n, shape = math.prod(g.shape(i)), []
    for _ in range(g.integer(0, 3)):
        divisors = [d for d in range(1, min(n, 70) + 1) if n % d == 0] or [1]
        shape.append(g.choice(divisors))
        n //= max(shape[-1], 1)
    return [i], {"shape": (*shape, n) if g.chance(80) else (n, *shape)}


@op("transpose", "shape", lambda x, axes: wnp.transpose(x, axes), "kept")
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.ndim > 1)
    if i is None:
        return None
    left = list(range(len(g.shape(i))))
    return [i], {"axes": tuple(left.pop(g.integer(0, len(left) - 1)) for _ in range(len(left)))}


@op("broadcast_to", "shape", wnp.broadcast_to, "kept")
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.size < 100)
    if i is None:
        return None
    shape = [g.choice((1, 2, 3, 8, 17)) if n == 1 else n for n in g.shape(i)]
    return [i], {"shape": tuple([g.choice((1, 2, 5))] * g.integer(0, 1) + shape)}


@op("index", "shape", lambda x, index: wnp.asarray(x)[index], "kept")
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.ndim > 0)
    return None if i is None else ([i], {"index": _basic(g, g.shape(i))})


def _basic(g: Generator, shape: Sequence[int]) -> Any:
    index: list[Any] = []
    for n in shape:
        how = g.integer(0, 5)
        if how == 0 and n:
            index.append(g.integer(-n, n - 1))
        elif how == 1:
            index.append(slice(None))
        elif how == 2 and len(shape) < 4:
            index += [None, slice(None)]
        else:
            bounds = [None if g.chance(40) else g.integer(-n - 1, n + 1) for _ in range(2)]
            index.append(slice(*bounds, g.choice((None, 1, 1, 2, 3, -1, -2))))
    return tuple(index)


@op("flip", "shape", wnp.flip, "kept")
def _(g: Generator) -> Any:
    i = g.pick()
    return [i], {"axis": g.axes(i)}


@op("roll", "shape", wnp.roll, "kept")
def _(g: Generator) -> Any:
    chosen = _one_axis(g, g.pick())
    return None if chosen is None else (chosen[0], {"shift": g.integer(-3, 3), **chosen[1]})


@op("squeeze", "shape", wnp.squeeze, "kept")
def _(g: Generator) -> Any:
    return [g.pick()], {}


@op("concatenate", "joining", lambda *xs, axis: wnp.concatenate(xs, axis=axis), "kept")
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.ndim > 0)
    if i is None:
        return None
    s, axis = g.shape(i), g.integer(0, len(g.shape(i)) - 1)
    alike = lambda a: (
        a.ndim == len(s) and all(n == m or k == axis for k, (n, m) in enumerate(zip(a.shape, s, strict=True)))
    )  # noqa: E731
    return [i, *[g.pick(alike) for _ in range(g.integer(0, 2))]], {"axis": axis}


@op("stack", "joining", lambda *xs, axis: wnp.stack(xs, axis=axis), "kept")
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.ndim < 4)
    if i is None:
        return None
    s = g.shape(i)
    return [i, *[g.pick(lambda a: a.shape == s) for _ in range(g.integer(0, 2))]], {
        "axis": g.integer(-len(s) - 1, len(s))
    }


@op("pad", "joining", lambda x, widths, mode: wnp.pad(x, widths, mode=mode), "kept")
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.ndim > 0 and a.size > 0)
    if i is None:
        return None
    mode = g.choice(("constant", "constant", "edge", "wrap", "reflect"))
    return [i], {"widths": [(g.integer(0, 3), g.integer(0, 3)) for _ in g.shape(i)], "mode": mode}


@op("pad with zeros", "joining", lambda x, config: pad_p.bind(wnp.asarray(x), config=config), "kept")
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.ndim > 0)
    if i is None:
        return None
    return [i], {"config": tuple((g.integer(0, 3), g.integer(0, 3), g.choice((0, 0, 1, 2))) for _ in g.shape(i))}


# --- gathering and scattering -------------------------------------------------------------------------------------


def _indices(g: Generator, n: int, size: int) -> np.ndarray:
    a = g.source.array(-n, n - 1, (size,)) if n else np.zeros(0, int)
    return a.astype(g.choice(("int64", "int64", "int32")))


@op("take", "gathering", lambda x, index, axis: wnp.take(x, index, axis=axis), "kept")
def _(g: Generator) -> Any:
    chosen = _one_axis(g, g.pick(lambda a: a.size > 0))
    if chosen is None:
        return None
    n = g.shape(chosen[0][0])[chosen[1]["axis"]]
    return chosen[0], {"index": _indices(g, n, g.choice((1, 2, 5, 9))), **chosen[1]}


@op("gather by a value", "gathering", lambda x, i: wnp.take(x, i % x.shape[0], axis=0), "kept")
def _(g: Generator) -> Any:
    return [g.pick(lambda a: a.ndim > 0 and a.size > 0), g.pick(lambda a: a.dtype.kind == "i")], {}


@op("gather pairs", "gathering", lambda x, i, j: wnp.asarray(x)[i, j], "kept")
def _(g: Generator) -> Any:
    x = g.pick(lambda a: a.ndim > 1 and a.size > 0)
    if x is None:
        return None
    n, m = g.shape(x)[:2]
    i, j = _indices(g, n, 6), _indices(g, m, 6)
    return [x], {"i": i.reshape(6, 1) if g.chance(30) else i, "j": j}


for _name in ("set", "add", "max"):

    @op(f"at {_name}", "gathering", lambda x, v, index, how: getattr(wnp.at(x)[index], how)(v), "kept")
    def _(g: Generator, name: str = _name) -> Any:
        i = g.pick(lambda a: a.ndim > 0 and a.size > 0)
        if i is None:
            return None
        if g.chance(50):
            index: Any = _basic(g, g.shape(i))
        else:
            index = _indices(g, g.shape(i)[0], 5)
            if name == "set":  # which of equal indices is last is not defined
                index = np.unique(index % g.shape(i)[0])
        kind = np.asarray(g.values[i]).dtype
        return [i, g.pick(lambda a: a.ndim == 0 and a.dtype == kind)], {"index": index, "how": name}


# --- products -----------------------------------------------------------------------------------------------------


@op("matmul", "product", wnp.matmul)
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.ndim > 0 and a.dtype.kind in "fi" and _small(a))
    if i is None:
        return None
    k = g.shape(i)[-1]
    return [i, g.pick(lambda a: a.ndim > 0 and a.shape[-2 if a.ndim > 1 else 0] == k and _small(a))], {}


@op("matmul with a constant", "product", lambda x, a: wnp.matmul(x, a))
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.ndim > 0 and a.dtype.kind == "f" and _small(a))
    if i is None:
        return None
    return [i], {"a": g.finite((g.shape(i)[-1], g.choice((1, 2, 3, 8, 9, 17))), g.choice(("float64", "float32")))}


@op("gram", "product", lambda x, axes: wnp.einsum(axes, x, x))
def _(g: Generator) -> Any:
    specs = {2: ("ij,kj->ik", "ji,jk->ik", "ij,ij->", "ij,ij->i", "ij,ij->j", "ij,kl->ijkl")}
    specs[3] = ("bij,bkj->bik", "bji,bjk->ikb", "ibj,kbj->bik", "abi,abj->ij", "abc,abd->abcd")
    specs[1] = ("i,i->", "i,j->ij", "i,j->ji")
    i = g.pick(lambda a: 1 <= a.ndim <= 3 and a.dtype.kind in "fi" and _small(a))
    return None if i is None else ([i], {"axes": g.choice(specs[len(g.shape(i))])})


@op("dot of all", "product", lambda x, y: wnp.tensordot(x, y, axes=x.ndim))
def _(g: Generator) -> Any:
    i = g.pick(lambda a: a.ndim > 0 and a.dtype.kind == "f" and _small(a))
    return (
        None if i is None else ([i, g.pick(lambda a: a.shape == g.shape(i) and a.dtype.kind == "f" and _small(a))], {})
    )


# --- linear algebra -----------------------------------------------------------------------------------------------


def _definite(x: Any) -> Any:
    """A well-conditioned symmetric matrix, or several, of any matrix."""
    n = x.shape[-2]
    return wnp.matmul(x, wnp.swapaxes(x, -1, -2)) * 0.125 + 4.0 * np.eye(n)


def _matrix(g: Generator) -> int | None:
    return g.pick(
        lambda a: a.ndim in (2, 3) and a.dtype.kind == "f" and 0 < a.size < 600 and bool(np.all(np.abs(a) < 8))
    )


_LINEAR: dict[str, Callable[..., Any]] = {
    "cholesky": lambda a: wnp.linalg.cholesky(a),
    "inv": lambda a: wnp.linalg.inv(a),
    "slogdet": lambda a: wnp.linalg.slogdet(a)[1],
    "solve": lambda a: wnp.linalg.solve(a, a[..., :1] * 0.5),
    "eigvalsh": lambda a: wnp.linalg.eigvalsh(a),
}
for _name, _f in _LINEAR.items():
    op(_name, "linear algebra", lambda x, f=_f: f(_definite(x)))(lambda g: ([_matrix(g)], {}))
op("trace", "linear algebra", wnp.trace, "kept")(lambda g: ([g.pick(lambda a: a.ndim == 2)], {}))
for _name in ("tril", "triu"):
    op(_name, "linear algebra", getattr(wnp, _name), "kept")(
        lambda g: ([g.pick(lambda a: a.ndim > 1)], {"k": g.integer(-2, 2)})
    )
op("diagonal", "linear algebra", wnp.diagonal, "kept")(
    lambda g: ([g.pick(lambda a: a.ndim == 2)], {"offset": g.integer(-2, 2)})
)
op("diag", "linear algebra", wnp.diag, "kept")(lambda g: ([g.pick(lambda a: a.ndim == 1 and a.size < 20)], {}))


def _small(a: np.ndarray) -> bool:
    """Finite too: NumPy's BLAS takes 0 times infinity for 0 in some shapes and for NaN in others."""
    return bool(np.all(np.abs(a) < 100))


def random_program(source: Any, special_values: bool = False, most: int = 14) -> RandomProgram:
    """A program with choices from a source."""
    g = Generator(source, special_values)
    return g.program(g.integer(1, most))
