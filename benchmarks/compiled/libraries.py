"""The libraries under one interface: the names of `Library`, and how to give arguments, wait, and forget compiled code.

Only this file imports them. Every maker raises ImportError where the library is not installed.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import optree

from .row import Library


@dataclass(frozen=True)
class Runtime:
    """A library as the measuring code sees it.

    Attributes:
        library: what programs are written with.
        arguments: a pytree of NumPy arrays as the library's own arrays.
        wait: from a result, a function that waits until such a result is there; None where results are there at once.
        forget: drop everything compiled; None where nothing is compiled.
        distributions: the packages whose versions belong to the numbers.
    """

    library: Library
    arguments: Callable[[Any], Any] = staticmethod(lambda x: x)
    wait: Callable[[Any], Callable[[Any], Any]] | None = None
    forget: Callable[[], Any] | None = None
    distributions: tuple[str, ...] = ()


def wengert() -> Runtime:
    import wengert as w
    import wengert.numpy as wnp
    from wengert.scipy.special import erf

    library = Library(
        "wengert", wnp, w.grad, w.value_and_grad, w.jvp, w.vjp, w.vmap, w.jacrev, w.hessian, erf,
        w.lax.scan, w.lax, w.jit,
    )  # fmt: skip
    return Runtime(library, forget=lambda: None, distributions=("wengert",))


def disk_cache() -> Any:
    """The module that keeps wengert's compiled code on disk, or None while there is none."""
    try:
        return importlib.import_module("wengert.compile.cache")
    except ImportError:
        return None


def jax() -> Runtime:
    import jax as j
    import jax.numpy as jnp
    from jax.scipy.special import erf

    def wait(out: Any) -> Callable[[Any], Any]:
        """Waits for one array: those of a call become ready together, and a walk over all would add to its time."""
        path = []
        while not isinstance(out, j.Array):
            path.append(next(iter(out)) if isinstance(out, dict) else 0)
            out = out[path[-1]]
        block = type(out).block_until_ready

        def wait_for(result: Any) -> None:
            for key in path:
                result = result[key]
            block(result)

        return wait_for if path else block

    library = Library(
        "jax", jnp, j.grad, j.value_and_grad, j.jvp, j.vjp, j.vmap, j.jacrev, j.hessian, erf, j.lax.scan, j.lax, j.jit
    )  # fmt: skip
    to_device = lambda x: j.tree.map(jnp.asarray, x)
    return Runtime(library, to_device, wait, j.clear_caches, ("jax", "jaxlib"))


class _TorchNames:
    """The functions of NumPy that the programs shared with PyTorch use, under NumPy's names and arguments."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        for name in ("exp", "log", "tanh", "sin", "sqrt", "where", "einsum", "arange"):
            setattr(self, name, getattr(torch, name))
        self.dot = torch.matmul
        self.asarray = torch.as_tensor

    def sum(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return x.sum() if axis is None else x.sum(dim=axis, keepdim=keepdims)

    def mean(self, x: Any) -> Any:
        return x.mean()

    def max(self, x: Any, axis: Any, keepdims: bool = False) -> Any:
        return self._torch.amax(x, dim=axis, keepdim=keepdims)


def _torch(name: str, compiled: bool) -> Runtime:
    """PyTorch as its users differentiate: `torch.autograd.grad` of the loss, which `torch.compile` may compile."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)

    def value_and_grad(f: Any, argnums: Any = 0) -> Any:
        loss = torch.compile(f) if compiled else f
        chosen = (argnums,) if isinstance(argnums, int) else argnums

        def run(*args: Any) -> Any:
            full = list(args)
            leaves, tree = optree.tree_flatten([full[i] for i in chosen])
            leaves = [x.detach().requires_grad_() for x in leaves]
            for i, x in zip(chosen, optree.tree_unflatten(tree, leaves), strict=True):
                full[i] = x
            value = loss(*full)
            grads = optree.tree_unflatten(tree, torch.autograd.grad(value, leaves))
            return value.detach(), grads[0] if isinstance(argnums, int) else tuple(grads)

        return run

    def grad(f: Any, argnums: Any = 0) -> Any:
        both = value_and_grad(f, argnums)
        return lambda *args: both(*args)[1]

    def tensor(x: np.ndarray) -> Any:
        return torch.tensor(x.astype(np.int64) if x.dtype.kind == "i" else x)

    library = Library(name, _TorchNames(torch), grad, value_and_grad)
    forget = (lambda: torch._dynamo.reset()) if compiled else None
    return Runtime(library, lambda x: optree.tree_map(tensor, x), forget=forget, distributions=("torch",))


def torch() -> Runtime:
    return _torch("torch", compiled=False)


def torch_compile() -> Runtime:
    return _torch("torch.compile", compiled=True)


def autograd() -> Runtime:
    import autograd as a
    import autograd.numpy as anp

    def grad(f: Any, argnums: Any = 0) -> Any:
        return a.grad(f, argnums)

    def value_and_grad(f: Any, argnums: Any = 0) -> Any:
        return a.value_and_grad(f, argnums)

    return Runtime(Library("autograd", anp, grad, value_and_grad), distributions=("autograd",))


MAKERS: dict[str, Callable[[], Runtime]] = {
    "wengert": wengert, "jax": jax, "torch": torch, "torch.compile": torch_compile, "autograd": autograd,
}  # fmt: skip
