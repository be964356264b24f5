"""The functions whose results are views in NumPy: what is written into one shows in the other, under transformation too.

What they compute stands in the other files; here it is told how NumPy lays it out. A call on arrays passes by.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..documented import with_example
from ..ops import elementwise as _ew
from ..ops.memory import parts, viewing
from . import joining, patterns, shaping

reshape = viewing(np.reshape)(shaping.reshape)
ravel = viewing(np.ravel)(shaping.ravel)
transpose = viewing(np.transpose)(shaping.transpose)
permute_dims = transpose
matrix_transpose = viewing(lambda x: x.swapaxes(-1, -2))(shaping.matrix_transpose)
swapaxes = viewing(np.swapaxes)(shaping.swapaxes)
moveaxis = viewing(np.moveaxis)(shaping.moveaxis)
rollaxis = viewing(np.rollaxis)(shaping.rollaxis)
squeeze = viewing(np.squeeze)(shaping.squeeze)
expand_dims = viewing(np.expand_dims)(shaping.expand_dims)
flip = viewing(np.flip)(shaping.flip)
fliplr = viewing(np.fliplr)(shaping.fliplr)
flipud = viewing(np.flipud)(shaping.flipud)
rot90 = viewing(np.rot90)(shaping.rot90)
broadcast_to = viewing(np.broadcast_to)(shaping.broadcast_to)
diagonal = viewing(np.diagonal)(patterns.diagonal)
diag = viewing(np.diag)(patterns.diag)
split = viewing(np.split)(joining.split)
array_split = viewing(np.array_split)(joining.array_split)
hsplit = viewing(np.hsplit)(joining.hsplit)
vsplit = viewing(np.vsplit)(joining.vsplit)
dsplit = viewing(np.dsplit)(joining.dsplit)
unstack = viewing(lambda x, *, axis=0: tuple(np.moveaxis(x, axis, 0)))(joining.unstack)
real = viewing(parts)(_ew.real)
imag = viewing(parts)(_ew.imag)


def _each(numpy_function: Any, function: Any) -> Any:
    one = viewing(numpy_function)(function)

    def call(*arys: Any) -> Any:
        return one(arys[0]) if len(arys) == 1 else tuple([one(a) for a in arys])

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = function.__doc__
    return call


atleast_1d = _each(np.atleast_1d, shaping.atleast_1d)
with_example(
    atleast_1d,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.atleast_1d(3.0)
    array([3.])
    """,
)
atleast_2d = _each(np.atleast_2d, shaping.atleast_2d)
with_example(
    atleast_2d,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.atleast_2d([1, 2, 3])
    array([[1, 2, 3]])
    """,
)
atleast_3d = _each(np.atleast_3d, shaping.atleast_3d)
with_example(
    atleast_3d,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.atleast_3d([1, 2]).shape
    (1, 2, 1)
    """,
)

__all__ = [
    "array_split", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_to", "diag", "diagonal", "dsplit",
    "expand_dims", "flip", "fliplr", "flipud", "hsplit", "imag", "matrix_transpose", "moveaxis", "permute_dims",
    "ravel", "real", "reshape", "rollaxis", "rot90", "split", "squeeze", "swapaxes", "transpose", "unstack", "vsplit",
]  # fmt: skip
