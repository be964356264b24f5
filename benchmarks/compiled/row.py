"""What a row of the benchmark is. Nothing is measured here, and no library is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Library:
    """The names that a program is written with; `np_` is the library's namespace of NumPy's functions.

    A library that lacks one has None there, and the rows that need it are left out for that library.
    """

    name: str
    np_: Any
    grad: Any
    value_and_grad: Any = None
    jvp: Any = None
    vjp: Any = None
    vmap: Any = None
    jacrev: Any = None
    hessian: Any = None
    erf: Any = None
    scan: Any = None
    lax: Any = None
    jit: Any = staticmethod(lambda f: f)


@dataclass(frozen=True)
class Row:
    """One computation.

    Attributes:
        name: what ``--rows`` matches.
        title: what the table shows.
        build: from a library, the function that is compiled and timed; a new function at each call.
        inputs: from a random generator, the arguments, in float64 and int64; the row's precision is applied to them.
        tiny: the same, small enough for numeric differences.
        dtypes: the precisions to measure.
        primal: from a library, the function that `build` differentiates, of the same arguments; the table shows how
            much longer the derivative takes.
        bounded: whether that is one of the computations of ADBench, for which there is a bound.
        rtol: by how much results may differ, by precision, in units of the largest entry of the array.
        others: further libraries that run it.
        copy: time a copy of the first argument beside it.
        overhead: the call costs more than the work, so JAX is timed with NumPy arrays as arguments too.
        needs: names of `Library` without which the row is left out.
    """

    name: str
    title: str
    build: Callable[[Library], Callable[..., Any]]
    inputs: Callable[[np.random.Generator], tuple[Any, ...]]
    tiny: Callable[[np.random.Generator], tuple[Any, ...]]
    dtypes: tuple[str, ...] = ("float64",)
    primal: Callable[[Library], Callable[..., Any]] | None = None
    bounded: bool = False
    rtol: tuple[tuple[str, float], ...] = (("float64", 1e-10), ("float32", 1e-4))
    others: tuple[str, ...] = ()
    copy: bool = False
    overhead: bool = False
    needs: tuple[str, ...] = ()


PEERS = ("torch", "torch.compile", "autograd")
