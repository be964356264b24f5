"""scipy.spatial.distance: distances between vectors, and between all pairs of rows, differentiable in both.

Where two vectors are equal the Euclidean distance has no derivative; it is 0 there, as that of `wengert.numpy.linalg.norm`.
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_array, ndim_of, shape_of
from ...errors import ArgumentError, ShapeError
from ...nearest import nearest_names as _nearest_names
from ...ops.special.declare import floating
from ...ops.updates import at
from ...vocabulary import ArrayLike, Keywords, Value
from ..special import rel_entr


def _vectors(name: str, u: ArrayLike, v: ArrayLike, w: ArrayLike | None = None) -> tuple[Any, Any, Any]:
    u, v = floating(u, v)
    w = None if w is None else floating(w)[0]
    if ndim_of(u) != 1 or ndim_of(v) != 1:
        raise ShapeError(f"{name}: two vectors, got shapes {shape_of(u)} and {shape_of(v)}")
    if shape_of(u) != shape_of(v) or (w is not None and shape_of(w) != shape_of(u)):
        raise ShapeError(f"{name}: vectors of one length, got shapes {shape_of(u)} and {shape_of(v)}")
    return u, v, w


def _summed(x: Any, w: Any) -> Any:
    return wnp.sum(x if w is None else w * x)


def sqeuclidean(u: ArrayLike, v: ArrayLike, w: ArrayLike | None = None) -> Any:
    """The squared Euclidean distance, each difference weighted by `w`."""
    u, v, w = _vectors("sqeuclidean", u, v, w)
    return _summed((u - v) ** 2, w)


def euclidean(u: ArrayLike, v: ArrayLike, w: ArrayLike | None = None) -> Any:
    """The Euclidean distance.

    Example:
        >>> print(euclidean([0.0, 3.0], [4.0, 0.0]))
        5.0
    """
    return minkowski(u, v, 2, w)


def minkowski(u: ArrayLike, v: ArrayLike, p: Any = 2, w: ArrayLike | None = None) -> Any:
    """The norm of order `p` of the difference, weighted inside the power."""
    u, v, w = _vectors("minkowski", u, v, w)
    if isinstance(p, (int, float)) and p <= 0:
        raise ArgumentError(f"minkowski: p must be greater than 0, got {p}")
    if w is None:
        return wnp.linalg.norm(u - v, p)
    if p == np.inf:
        return wnp.max(wnp.abs(u - v) * (w > 0))
    return wnp.linalg.norm(w ** (1 / p) * (u - v), p)


def cityblock(u: ArrayLike, v: ArrayLike, w: ArrayLike | None = None) -> Any:
    """The sum of the distances of components."""
    u, v, w = _vectors("cityblock", u, v, w)
    return _summed(wnp.abs(u - v), w)


def chebyshev(u: ArrayLike, v: ArrayLike, w: ArrayLike | None = None) -> Any:
    """The largest distance of components, of those with a weight that is not 0."""
    u, v, w = _vectors("chebyshev", u, v, w)
    return wnp.max(wnp.abs(u - v) if w is None else wnp.abs(u - v) * (w > 0))


def canberra(u: ArrayLike, v: ArrayLike, w: ArrayLike | None = None) -> Any:
    """The sum of ``|u - v| / (|u| + |v|)``, 0 where both are 0."""
    u, v, w = _vectors("canberra", u, v, w)
    size = wnp.abs(u) + wnp.abs(v)
    return _summed(wnp.where(size > 0, wnp.abs(u - v) / wnp.where(size > 0, size, 1.0), 0.0), w)


def braycurtis(u: ArrayLike, v: ArrayLike, w: ArrayLike | None = None) -> Any:
    """``sum |u - v| / sum |u + v|``."""
    u, v, w = _vectors("braycurtis", u, v, w)
    return _summed(wnp.abs(u - v), w) / _summed(wnp.abs(u + v), w)


def correlation(u: ArrayLike, v: ArrayLike, w: ArrayLike | None = None, centered: bool = True) -> Any:
    """1 minus the correlation of the components."""
    u, v, w = _vectors("correlation", u, v, w)
    w = None if w is None else w / wnp.sum(w)
    if centered:
        mean = wnp.mean if w is None else lambda x: wnp.sum(w * x)
        u, v = u - mean(u), v - mean(v)
    uv, uu, vv = _summed(u * v, w), _summed(u * u, w), _summed(v * v, w)
    return wnp.clip(1 - uv / wnp.sqrt(uu * vv), 0.0, 2.0)


def cosine(u: ArrayLike, v: ArrayLike, w: ArrayLike | None = None) -> Any:
    """1 minus the cosine of the angle between two vectors."""
    return correlation(u, v, w, centered=False)


def mahalanobis(u: ArrayLike, v: ArrayLike, VI: ArrayLike) -> Any:  # noqa: N803
    """``sqrt(d' VI d)`` of the difference ``d``, `VI` the inverse of a covariance."""
    u, v, _ = _vectors("mahalanobis", u, v)
    d = u - v
    return wnp.sqrt(d @ as_array(VI) @ d)


def seuclidean(u: ArrayLike, v: ArrayLike, V: ArrayLike) -> Any:  # noqa: N803
    """The Euclidean distance with each component divided by the square root of its variance `V`."""
    u, v, V = _vectors("seuclidean", u, v, V)  # noqa: N806
    return euclidean(u, v, 1 / V)


def jensenshannon(p: Any, q: Any, base: float | None = None, *, axis: int = 0, keepdims: bool = False) -> Any:
    """The square root of Jensen and Shannon's divergence of two probability vectors, which are normalised."""
    p, q = floating(p, q)
    p, q = (x / wnp.sum(x, axis=axis, keepdims=True) for x in (p, q))
    m = (p + q) / 2
    both = [wnp.sum(rel_entr(x, m), axis=axis, keepdims=keepdims) for x in (p, q)]
    out = both[0] + both[1]
    return wnp.sqrt((out if base is None else out / np.log(base)) / 2)


# --- all pairs ----------------------------------------------------------------------------------------------------

_OF_PAIRS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        braycurtis, canberra, chebyshev, cityblock, correlation, cosine, euclidean, jensenshannon, mahalanobis, minkowski,
        seuclidean, sqeuclidean,
    )
}  # fmt: skip
_ALSO = {"sqeuclid": "sqeuclidean", "cityblock": "cityblock", "manhattan": "cityblock", "euclid": "euclidean",
         "l2": "euclidean", "l1": "cityblock", "cheby": "chebyshev", "mahal": "mahalanobis", "js": "jensenshannon"}  # fmt: skip


def _of_rows(name: str, x: Any, y: Any, metric: Any, options: Keywords) -> Callable[[Any, Any], Any]:
    if callable(metric):
        return lambda a, b: metric(a, b, **options)
    if metric not in _OF_PAIRS and metric not in _ALSO:
        raise ArgumentError(f"{name}: metric is a function or one of {', '.join(sorted(_OF_PAIRS))}, got {metric!r}")
    metric = _ALSO.get(metric, metric)
    if metric == "mahalanobis" and "VI" not in options:
        both = wnp.concatenate([x, y]) if y is not x else x
        options = {"VI": wnp.linalg.inv(wnp.atleast_2d(wnp.cov(both.T))).T}
    if metric == "seuclidean" and options.get("V") is None:
        both = wnp.concatenate([x, y]) if y is not x else x
        options = {"V": wnp.var(both, axis=0, ddof=1)}
    return lambda a, b: _OF_PAIRS[metric](a, b, **options)


def _rows(name: str, x: ArrayLike) -> Value:
    (x,) = floating(x)
    if ndim_of(x) != 2:
        raise ShapeError(f"{name}: points are the rows of a matrix, got shape {shape_of(x)}")
    return x


def cdist(XA: ArrayLike, XB: ArrayLike, metric: Any = "euclidean", *, out: None = None, **kwargs: Any) -> Any:  # noqa: N803
    """The distances ``(m, n)`` between the rows of two matrices.

    Args:
        XA, XB: ``(m, d)`` and ``(n, d)``. metric: the name of a distance of this module, or a function of two vectors;
            `kwargs` go to it (``p``, ``w``, ``V``, ``VI``).

    Raises:
        ShapeError: the rows differ in length. ArgumentError: no such metric.
    """
    x, y = floating(_rows("cdist", XA), _rows("cdist", XB))
    if shape_of(x)[1] != shape_of(y)[1]:
        raise ShapeError(f"cdist: rows of one length, got shapes {shape_of(x)} and {shape_of(y)}")
    from ...transforms.vmap import vmap

    f = _of_rows("cdist", x, y, metric, kwargs)
    if 0 in (shape_of(x)[0], shape_of(y)[0]):
        return wnp.zeros((shape_of(x)[0], shape_of(y)[0]), x.dtype)
    return vmap(lambda a: vmap(lambda b: f(a, b))(y))(x)


def pdist(X: ArrayLike, metric: Any = "euclidean", *, out: None = None, **kwargs: Any) -> Any:  # noqa: N803
    """The distances between the rows of one matrix, each pair once, in the order of `squareform`."""
    x = _rows("pdist", X)
    from ...transforms.vmap import vmap

    i, j = np.triu_indices(shape_of(x)[0], 1)
    f = _of_rows("pdist", x, x, metric, kwargs)
    return vmap(f)(x[i], x[j]) if len(i) else wnp.zeros(0, x.dtype)


def squareform(X: ArrayLike, force: str = "no", checks: bool = True) -> Any:  # noqa: N803
    """A symmetric matrix with zeros on its diagonal from what `pdist` gives, or the other way round."""
    x = as_array(X)
    if ndim_of(x) == 1 and force != "tovector":
        n = round((1 + np.sqrt(1 + 8 * shape_of(x)[0])) / 2) if shape_of(x)[0] else 1
        if n * (n - 1) // 2 != shape_of(x)[0]:
            raise ShapeError(f"squareform: {shape_of(x)[0]} is no number of pairs")
        i, j = np.triu_indices(n, 1)

        return at(at(wnp.zeros((n, n), x.dtype))[i, j].set(x))[j, i].set(x)
    if ndim_of(x) != 2 or shape_of(x)[0] != shape_of(x)[1] or force == "tomatrix":
        raise ShapeError(f"squareform: a vector or a square matrix, got shape {shape_of(x)}")
    return x[np.triu_indices(shape_of(x)[0], 1)]


__all__ = [
    "braycurtis", "canberra", "cdist", "chebyshev", "cityblock", "correlation", "cosine", "euclidean", "jensenshannon",
    "mahalanobis", "minkowski", "pdist", "seuclidean", "sqeuclidean", "squareform",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
