"""scipy.fft for arrays and values under transformation: cosine and sine transforms, and NumPy's Fourier transforms."""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import math
from typing import Any

import numpy as np

from ..core import dtype_of, ndim_of, shape_of
from ..documented import with_example
from ..errors import ArgumentError, ShapeError
from ..nearest import nearest_names as _nearest_names
from ..numpy import fft as _fft
from ..numpy.fft import _fitted, fftfreq, fftshift, ifftshift, rfftfreq
from ..ops.special.declare import floating
from ..ops.trigonometric_transforms import transform_p
from ..vocabulary import ArrayLike, Value

_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}


def _along(name: str) -> Any:
    """NumPy's transform along an axis with SciPy's arguments."""

    def call(
        x: Any, n: int | None = None, axis: int = -1, norm: str | None = None, overwrite_x: bool = False,
        workers: int | None = None, *, plan: Any = None,
    ) -> Any:  # fmt: skip
        _unplanned(name, plan)
        return getattr(_fft, name)(x, n, axis, norm)

    return _named(call, name)


def _over(name: str, axes: tuple[int, ...] | None) -> Any:
    """NumPy's transform over several axes with SciPy's arguments."""

    def call(
        x: Any, s: Any = None, axes: Any = axes, norm: str | None = None, overwrite_x: bool = False,
        workers: int | None = None, *, plan: Any = None,
    ) -> Any:  # fmt: skip
        _unplanned(name, plan)
        if axes is None and s is not None:  # the last ones
            axes = tuple(range(-len(s), 0))
        return getattr(_fft, name)(x, s, axes, norm)

    return _named(call, name)


def _unplanned(name: str, plan: Any) -> None:
    if plan is not None:
        raise ArgumentError(f"{name}: there are no plans; leave plan out")


def _named(call: Any, name: str) -> Any:
    call.__name__ = call.__qualname__ = name
    first = getattr(_fft, name).__doc__.strip().splitlines()[0]
    call.__doc__ = f"{first}\n\n    `overwrite_x` and `workers` are taken, and change nothing."
    return call


fft, ifft, rfft, irfft, hfft, ihfft = map(_along, ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"))
with_example(
    fft,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.fft(np.array([1.0, 0.0, 0.0, 0.0])).real
    array([1., 1., 1., 1.])
    """,
)
with_example(
    hfft,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.hfft(np.array([3.0, 1.0]))
    array([4., 2.])
    """,
)
with_example(
    ifft,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.ifft(np.array([3.0, 0.0, 0.0])).real
    array([1., 1., 1.])
    """,
)
with_example(
    ihfft,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.ihfft(np.array([4.0, 2.0])).real
    array([3., 1.])
    """,
)
with_example(
    irfft,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.irfft(fft.rfft(np.array([1.0, 2.0, 3.0, 4.0]))).round(12)
    array([1., 2., 3., 4.])
    """,
)
with_example(
    rfft,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.rfft(np.array([2.0, 2.0, 2.0])).real
    array([6., 0.])
    """,
)
fft2, ifft2, rfft2, irfft2 = (_over(name, (-2, -1)) for name in ("fft2", "ifft2", "rfft2", "irfft2"))
with_example(
    fft2,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.fft2(np.array([[1.0, 2.0], [3.0, 4.0]])).real
    array([[10., -2.],
           [-4.,  0.]])
    """,
)
with_example(
    ifft2,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.ifft2(fft.fft2(np.array([[1.0, 2.0], [3.0, 4.0]]))).real.round(12)
    array([[1., 2.],
           [3., 4.]])
    """,
)
with_example(
    irfft2,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.irfft2(fft.rfft2(np.array([[1.0, 2.0], [3.0, 4.0]]))).round(12)
    array([[1., 2.],
           [3., 4.]])
    """,
)
with_example(
    rfft2,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.rfft2(np.array([[1.0, 1.0], [2.0, 2.0]])).real
    array([[ 6.,  0.],
           [-2.,  0.]])
    """,
)
fftn, ifftn, rfftn, irfftn = (_over(name, None) for name in ("fftn", "ifftn", "rfftn", "irfftn"))
with_example(
    fftn,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.fftn(np.ones((2, 2)), norm="ortho").real
    array([[2., 0.],
           [0., 0.]])
    """,
)
with_example(
    ifftn,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.ifftn(np.array([[4.0, 4.0]])).real
    array([[4., 0.]])
    """,
)
with_example(
    irfftn,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.irfftn(np.array([4.0, 2.0]))
    array([3., 1.])
    """,
)
with_example(
    rfftn,
    """
    >>> import numpy as np
    >>> from wengert.scipy import fft
    >>> fft.rfftn(np.array([3.0, 1.0])).real
    array([4., 2.])
    """,
)


def _edges(n: int, axis: int, places: tuple[int, ...], value: float, dtype: np.dtype) -> Value:
    w = np.ones(n, dtype)
    w[list(places)] = value
    return w.reshape(n, *[1] * (-axis - 1))


def _transform(
    name: str, x: ArrayLike, type: int, n: Any, axis: int, norm: Any, inverse: bool, orthogonalize: Any
) -> Value:
    (x,) = floating(x)
    if type not in _INVERSE:
        raise ArgumentError(f"{name}: type is 1, 2, 3 or 4, got {type!r}")
    if norm not in (None, "backward", "ortho", "forward"):
        raise ArgumentError(f"{name}: norm is 'backward', 'ortho' or 'forward', got {norm!r}")
    rank = ndim_of(x)
    if not -rank <= axis < rank:
        raise ShapeError(f"{name}: axis {axis} of an array with {rank} axes")
    axis = axis % rank - rank
    if n is not None:
        x = _fitted(x, axis % rank, n)
    n = shape_of(x)[axis]
    kind = "dct" if "c" in name else "dst"
    length = 2 * (n + (0 if type != 1 else -1 if kind == "dct" else 1))
    if length <= 0:
        raise ShapeError(f"{name}: type 1 needs two elements along the axis, got {n}")
    forward = _INVERSE[type] if inverse else type
    orthogonal = orthogonalize if orthogonalize is not None else norm == "ortho"
    dtype, root = dtype_of(x), math.sqrt(2)
    edge = (0,) if kind == "dct" else (-1,)
    if orthogonal and kind == "dct" and forward == 1:
        x = x * _edges(n, axis, (0, -1), root, dtype)
    if orthogonal and forward == 3:
        x = x * _edges(n, axis, edge, root, dtype)
    out = transform_p.bind(x, kind=kind, type=forward, axis=axis)
    if orthogonal and kind == "dct" and forward == 1:
        out = out * _edges(n, axis, (0, -1), 1 / root, dtype)
    if orthogonal and forward == 2:
        out = out * _edges(n, axis, edge, 1 / root, dtype)
    if norm == "ortho":
        return out / math.sqrt(length)
    return out / length if (norm == "forward") != inverse else out


def dct(
    x: ArrayLike, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None,
    overwrite_x: bool = False, workers: Any = None, orthogonalize: bool | None = None,
) -> Value:  # fmt: skip
    """The discrete cosine transform along an axis.

    Args:
        x: real or complex. type: 1, 2, 3 or 4.
        n: the length to which `x` is cut or padded with zeros. axis: along which axis.
        norm: None or "backward", "ortho", "forward". orthogonalize: as in SciPy; True with "ortho".

    Raises:
        ArgumentError: no such `type` or `norm`. ShapeError: no such axis.

    Example:
        >>> dct(np.array([1.0, 2.0, 4.0]), norm="ortho").round(6)
        array([ 4.041452, -2.12132 ,  0.408248])
    """
    return _transform("dct", x, type, n, axis, norm, False, orthogonalize)


def idct(
    x: ArrayLike, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None,
    overwrite_x: bool = False, workers: Any = None, orthogonalize: bool | None = None,
) -> Value:  # fmt: skip
    """The inverse of `dct` with the same arguments.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import fft
        >>> fft.idct(fft.dct(np.array([1.0, 5.0, 2.0]))).round(12)
        array([1., 5., 2.])
    """
    return _transform("idct", x, type, n, axis, norm, True, orthogonalize)


def dst(
    x: ArrayLike, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None,
    overwrite_x: bool = False, workers: Any = None, orthogonalize: bool | None = None,
) -> Value:  # fmt: skip
    """The discrete sine transform along an axis; arguments as for `dct`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import fft
        >>> fft.dst(np.array([1.0]))
        array([2.])
    """
    return _transform("dst", x, type, n, axis, norm, False, orthogonalize)


def idst(
    x: ArrayLike, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None,
    overwrite_x: bool = False, workers: Any = None, orthogonalize: bool | None = None,
) -> Value:  # fmt: skip
    """The inverse of `dst` with the same arguments.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import fft
        >>> fft.idst(fft.dst(np.array([1.0, 5.0]))).round(12)
        array([1., 5.])
    """
    return _transform("idst", x, type, n, axis, norm, True, orthogonalize)


def _several(one: Any, x: ArrayLike, type: int, s: Any, axes: Any, norm: Any, orthogonalize: Any) -> Value:
    (x,) = floating(x)
    rank = ndim_of(x)
    s = (s,) if isinstance(s, (int, np.integer)) else s
    axes = (axes,) if isinstance(axes, (int, np.integer)) else axes
    chosen = list(axes) if axes is not None else list(range(rank) if s is None else range(rank - len(s), rank))
    sizes = list(s) if s is not None else [None] * len(chosen)
    if len(sizes) != len(chosen):
        raise ShapeError(f"{one.__name__}n: s has {len(sizes)} sizes for {len(chosen)} axes")
    for axis, n in zip(chosen, sizes, strict=True):
        x = one(x, type, n, axis, norm, orthogonalize=orthogonalize)
    return x


def dctn(
    x: ArrayLike, type: int = 2, s: Any = None, axes: Any = None, norm: str | None = None,
    overwrite_x: bool = False, workers: Any = None, *, orthogonalize: bool | None = None,
) -> Value:  # fmt: skip
    """The cosine transform along several axes, all by default.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import fft
        >>> fft.dctn(np.ones((2, 2)))
        array([[16.,  0.],
               [ 0.,  0.]])
    """
    return _several(dct, x, type, s, axes, norm, orthogonalize)


def idctn(
    x: ArrayLike, type: int = 2, s: Any = None, axes: Any = None, norm: str | None = None,
    overwrite_x: bool = False, workers: Any = None, orthogonalize: bool | None = None,
) -> Value:  # fmt: skip
    """The inverse of `dctn`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import fft
        >>> fft.idctn(fft.dctn(np.array([[1.0, 2.0], [3.0, 5.0]]))).round(12)
        array([[1., 2.],
               [3., 5.]])
    """
    return _several(idct, x, type, s, axes, norm, orthogonalize)


def dstn(
    x: ArrayLike, type: int = 2, s: Any = None, axes: Any = None, norm: str | None = None,
    overwrite_x: bool = False, workers: Any = None, orthogonalize: bool | None = None,
) -> Value:  # fmt: skip
    """The sine transform along several axes, all by default.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import fft
        >>> fft.dstn(np.ones((1, 1)))
        array([[4.]])
    """
    return _several(dst, x, type, s, axes, norm, orthogonalize)


def idstn(
    x: ArrayLike, type: int = 2, s: Any = None, axes: Any = None, norm: str | None = None,
    overwrite_x: bool = False, workers: Any = None, orthogonalize: bool | None = None,
) -> Value:  # fmt: skip
    """The inverse of `dstn`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import fft
        >>> fft.idstn(fft.dstn(np.array([[1.0, 2.0], [4.0, 8.0]]))).round(12)
        array([[1., 2.],
               [4., 8.]])
    """
    return _several(idst, x, type, s, axes, norm, orthogonalize)


def next_fast_len(target: int, real: bool = False) -> int:
    """The next length that transforms fast.

    Example:
        >>> from wengert.scipy import fft
        >>> fft.next_fast_len(97)
        98
    """
    import scipy.fft

    return int(scipy.fft.next_fast_len(target, real))  # pyright: ignore[reportArgumentType]


__all__ = [
    "dct", "dctn", "dst", "dstn", "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "idct", "idctn", "idst",
    "idstn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "irfft", "irfft2", "irfftn", "next_fast_len", "rfft",
    "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
