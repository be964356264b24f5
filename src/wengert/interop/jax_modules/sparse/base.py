"""What sparse arrays of the alias have in common: names of `jax.numpy`, errors, the base class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ..kit import names

jnp, lax, jax = names("jax.numpy"), names("jax.lax"), names("jax")


class SparseEfficiencyError(ValueError):
    """A layout that would store far more than the elements that there are.

    Remedy: give ``on_inefficient="warn"`` or None, or keep the layout.
    """


class SparseEfficiencyWarning(UserWarning):
    """The same as a warning."""


class CuSparseEfficiencyWarning(SparseEfficiencyWarning):
    """What JAX warns of on GPUs; never here."""


class JAXSparse:
    """An array by the elements that are not zero; the formats say how these are stored."""

    data: Any
    shape: tuple[int, ...]

    def __init__(self, args: tuple[Any, ...], *, shape: Any) -> None:
        self.shape = tuple(int(s) for s in shape)

    size = property(lambda self: int(np.prod(self.shape, dtype=int)))
    ndim = property(lambda self: len(self.shape))
    dtype = property(lambda self: self.data.dtype)
    nse: Any = property(lambda self: self.data.shape[0])
    T = property(lambda self: self.transpose())
    __hash__: Any = None

    def __repr__(self) -> str:
        name = type(self).__name__
        try:
            extra = "".join(f", {k}={v}" for k in ("n_batch", "n_dense") if (v := getattr(self, k, 0)))
            return f"{name}({self.dtype.name}[{', '.join(map(str, self.shape))}], nse={self.nse}{extra})"
        except (AttributeError, IndexError, TypeError):  # a tree whose leaves are no arrays
            return f"{name}({', '.join(map(repr, self.tree_flatten()[0]))})"

    def __len__(self) -> int:
        return self.shape[0]

    def block_until_ready(self) -> Any:
        """The array itself: nothing is waited for."""
        return self

    def tree_flatten(self) -> tuple[Any, Any]:
        """The parts of the tree, and what is told beside them."""
        raise NotImplementedError

    def transpose(self, axes: Any = None) -> Any:
        """The array with its axes in another order, reversed by default."""
        self._lacks("transpose")

    def todense(self) -> Any:
        """The array itself."""
        self._lacks("todense")

    def sum(self, *args: Any, **kwargs: Any) -> Any:
        """The sum over axes."""
        self._lacks("sum")

    def _lacks(self, name: str) -> NoReturn:
        formats = "BCOO has all operators" if type(self).__name__ != "BCOO" else "write it with todense()"
        raise NotImplementedError(f"{type(self).__name__}.{name} is not there; {formats}")


def _lacking(name: str) -> Callable[..., Any]:
    def operator(self: JAXSparse, *args: Any) -> Any:
        self._lacks(name)

    return operator


for _name in "matmul rmatmul neg pos abs mul rmul add radd sub rsub truediv pow getitem iter eq ne lt le gt ge".split():
    setattr(JAXSparse, f"__{_name}__", _lacking(f"__{_name}__"))


def given(x: Any) -> Any:
    """A part of a sparse array: numbers become an array, anything else is a leaf of a tree and stays."""
    return jnp.asarray(x) if isinstance(x, (list, np.ndarray, np.generic, int, float, complex)) else x


def over_batch(function: Callable[..., Any], n_batch: int) -> Callable[..., Any]:
    """The function over the leading axes of all its arguments."""
    for _ in range(n_batch):
        function = jax.vmap(function)
    return function


def fitting(told: tuple[int, ...], rest: int, *batches: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a tree whose leaves have got or lost batch axes, as `vmap` does it: the last `rest` axes stay."""
    n_batch = len(batches[0])
    if len(told) == n_batch + rest:
        return told
    return (*np.broadcast_shapes(*batches), *told[len(told) - rest :])
