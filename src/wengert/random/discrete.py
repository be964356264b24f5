"""Random integers, booleans, indices and orders."""

from __future__ import annotations

import math
import operator

import numpy as np

from ..config import config
from ..core import Value, as_array, as_value, dtype_of, inexact_dtype, shape_of
from ..errors import ArgumentError, DtypeError
from ..ops import elementwise as ew
from ..ops.random_rejection import poisson_p
from ..ops.shape import broadcast_to, moveaxis, reshape
from ..vocabulary import ArrayLike, DTypeLike, Key, ShapeLike
from .continuous import gumbel
from .keys import as_shape, bits, float_dtype, int_dtype, pair, result_shape, single
from .uniform_draws import randint, uniform


def geometric(key: Key, p: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """How many trials of probability `p` it takes until the first succeeds: 1, 2, …

    Example:
        >>> import wengert
        >>> bool(wengert.random.geometric(wengert.random.key(0), 0.2) >= 1)
        True
    """
    d = int_dtype("geometric", dtype)
    p = as_array(p)
    p = ew.convert(p, dtype_of(p) if inexact_dtype(dtype_of(p)) else float_dtype(None))
    shape = result_shape("geometric", shape, p)
    u = uniform(key, shape, dtype_of(p))
    u = ew.where(ew.equal(u, 0), dtype_of(p).type(1), u)
    return ew.convert(ew.floor(ew.log(u) / ew.log1p(-p)) + 1, d)


def poisson(key: Key, lam: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """Poisson counts of mean `lam`.

    D. E. Knuth's product of uniform numbers below 10; above, the transformed rejection of W. Hörmann ("The transformed
    rejection method for generating Poisson random variables", 1993).

    Args:
        key: one key.
        lam: floats, not negative.
        shape: of the result; that of `lam` if left out.
        dtype: an integer dtype.

    Example:
        >>> import numpy as np, wengert
        >>> x = wengert.random.poisson(wengert.random.key(0), 4.0, (1000,))
        >>> 3.8 < float(np.mean(x)) < 4.2
        True
    """
    d = int_dtype("poisson", dtype)
    shape = result_shape("poisson", shape, lam)
    lam = broadcast_to(ew.convert(as_value(lam), np.dtype(np.float32)), shape)
    return poisson_p.bind(single(key), lam, dtype=d)


def categorical(
    key: Key,
    logits: ArrayLike,
    axis: int = -1,
    shape: ShapeLike | None = None,
    replace: bool = True,
    mode: str | None = None,
) -> Value:
    """Indices along `axis`, with probabilities proportional to ``exp(logits)``.

    Args:
        key: one key.
        logits: floats.
        axis: along which each slice is a distribution.
        shape: of the result; its last axes are those of `logits` without `axis`.
        replace: whether the same index may come again along the axes of `shape` that `logits` does not have.
        mode: of `gumbel`.

    Raises:
        ArgumentError: more indices without replacement than there are.

    Example:
        >>> import numpy as np, wengert
        >>> int(wengert.random.categorical(wengert.random.key(0), np.array([-100.0, 0.0, -100.0])))
        1
    """
    from .. import numpy as wnp

    logits = as_array(logits)
    n = len(shape_of(logits))
    axis = operator.index(axis) % n
    rest = tuple(m for i, m in enumerate(shape_of(logits)) if i != axis)
    shape = result_shape("categorical", shape, np.broadcast_to(np.float32(0), rest))
    lead = shape[: len(shape) - len(rest)]
    if replace:
        sizes = list(shape[len(lead) :])
        sizes.insert(axis, shape_of(logits)[axis])
        return wnp.argmax(gumbel(key, (*lead, *sizes), dtype_of(logits), mode) + logits, axis=axis + len(lead))
    count = math.prod(lead)
    if count > shape_of(logits)[axis]:
        raise ArgumentError(f"categorical: {count} indices without replacement out of {shape_of(logits)[axis]}")
    scores = moveaxis(logits + gumbel(key, shape_of(logits), dtype_of(logits), mode), axis, -1)
    best = wnp.argsort(-scores, axis=-1, stable=True)[..., :count]
    return reshape(ew.convert(moveaxis(best, -1, 0), np.dtype(np.int32)), shape)


def permutation(key: Key, x: ArrayLike, axis: int = 0, independent: bool = False) -> Value:
    """`x` in random order along `axis`; an integer stands for ``arange(x)``.

    Args:
        key: one key.
        x: an array, or an integer.
        axis: along which the order is changed.
        independent: whether every vector along `axis` has its own order.

    Raises:
        DtypeError: `x` is a scalar but no integer.

    Example:
        >>> import wengert
        >>> sorted(wengert.random.permutation(wengert.random.key(0), 5).tolist())
        [0, 1, 2, 3, 4]
    """
    x = as_value(x)
    if not shape_of(x):
        if dtype_of(x).kind not in "iu":
            raise DtypeError(f"permutation takes an integer or an array with axes, got a scalar of {dtype_of(x)}")
        return _shuffle(key, np.arange(operator.index(x)).astype(config.int_dtype), 0)
    axis = operator.index(axis) % len(shape_of(x))
    if independent or len(shape_of(x)) == 1:
        return _shuffle(key, x, axis)
    from .. import numpy as wnp

    return wnp.take(x, _shuffle(key, np.arange(shape_of(x)[axis]), 0), axis=axis)


def _shuffle(key: Key, x: Value, axis: int) -> Value:
    """Sort by random keys, as often as makes equal keys harmless: 3 log(size) / log(2^32) times."""
    from .. import numpy as wnp

    key, size = single(key), math.prod(shape_of(x))
    for _ in range(math.ceil(3 * math.log(max(1, size)) / math.log(2**32 - 1))):
        key, now = pair(key)
        order = wnp.argsort(bits(now, shape_of(x), np.uint32), axis=axis, stable=True)
        x = wnp.take_along_axis(x, order, axis)
    return x


def choice(
    key: Key,
    a: ArrayLike,
    shape: ShapeLike | None = (),
    replace: bool = True,
    p: ArrayLike | None = None,
    axis: int = 0,
    mode: str | None = None,
) -> Value:
    """Elements of `a` (or of ``arange(a)``) at random, with probabilities `p` if given.

    Args:
        key: one key.
        a: an array or an integer.
        shape: of what takes the place of `axis` in the result.
        replace: whether an element may come again.
        p: probabilities, one for each position along `axis`.
        axis: along which positions are chosen.
        mode: of `gumbel`, for a choice with probabilities and without replacement.

    Raises:
        ArgumentError: more elements without replacement than there are, or `p` of another length.

    Example:
        >>> import wengert
        >>> sorted(wengert.random.choice(wengert.random.key(0), 3, (3,), replace=False).tolist())
        [0, 1, 2]
    """
    from .. import numpy as wnp

    shape = as_shape(shape)
    a = as_value(a)
    scalar = not shape_of(a)
    axis = 0 if scalar else operator.index(axis) % len(shape_of(a))
    n = operator.index(a) if scalar else shape_of(a)[axis]
    count = math.prod(shape)
    full = shape if scalar else (*shape_of(a)[:axis], *shape, *shape_of(a)[axis + 1 :])
    if not count:
        return np.zeros(full, config.int_dtype if scalar else dtype_of(a))
    if n <= 0:
        raise ArgumentError("choice: there is nothing to choose from")
    if not replace and count > n:
        raise ArgumentError(f"choice: {count} elements without replacement out of {n}")
    if p is None and not replace:
        out = permutation(key, n if scalar else a, axis)[(slice(None),) * axis + (slice(count),)]
        return reshape(out, full)
    if p is None:
        index = randint(key, shape, 0, n)
    else:
        p = as_array(p)
        p = p if inexact_dtype(dtype_of(p)) else ew.convert(p, float_dtype(None))
        if shape_of(p) != (n,):
            raise ArgumentError(f"choice: p has shape {shape_of(p)}, expected {(n,)}")
        if replace:
            total = wnp.cumsum(p)
            index = wnp.searchsorted(total, total[-1] * (1 - uniform(key, shape, dtype_of(p))))
        else:
            index = wnp.argsort(-(gumbel(key, (n,), dtype_of(p), mode) + ew.log(p)), stable=True)[:count]
    if scalar:
        return reshape(ew.convert(index, config.int_dtype), full)
    return reshape(wnp.take(a, index, axis=axis), full)
