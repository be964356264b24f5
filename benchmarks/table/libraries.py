"""What the code of a row is written in: the same names of each library. A name that it lacks raises, and it has no number."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


class Library:
    """The modules of a library, by the short names that rows use, and how a function is made ready.

    Attributes:
        np, special, linalg, signal, stats, lax, random: modules, as far as there are such.
        grad, value_and_grad, vmap, hessian: transformations.
    """

    def __init__(self, name: str, modules: dict[str, str], **functions: Any) -> None:
        self.name = name
        self._modules = modules
        self.__dict__.update(functions)

    def __getattr__(self, name: str) -> Any:
        if name not in self._modules:
            raise NotImplementedError(f"{self.name} has no {name}")
        found = importlib.import_module(self._modules[name])
        self.__dict__[name] = found
        return found

    def __repr__(self) -> str:
        return self.name


def _same(f: Callable[..., Any]) -> Callable[..., Any]:
    return f


Maker = tuple[Library, Callable[..., Any], Callable[[Any], Any], Callable[[Any], Any]]


def wengert() -> Maker:
    """The library, how a function is compiled, how an array is given, how a result is waited for and made NumPy's."""
    import wengert as we

    modules = {
        "np": "wengert.numpy", "special": "wengert.scipy.special", "linalg": "wengert.scipy.linalg",
        "signal": "wengert.scipy.signal", "stats": "wengert.scipy.stats", "lax": "wengert.lax", "random": "wengert.random",
        "nn": "wengert.nn",
    }  # fmt: skip
    functions = {n: getattr(we, n) for n in ("grad", "value_and_grad", "vmap", "hessian", "jacfwd", "jacrev")}
    return Library("wengert", modules, **functions), we.jit, _same, _same


def jax() -> Maker:
    import jax as library

    library.config.update("jax_enable_x64", True)
    modules = {
        "np": "jax.numpy", "special": "jax.scipy.special", "linalg": "jax.scipy.linalg", "signal": "jax.scipy.signal",
        "stats": "jax.scipy.stats", "lax": "jax.lax", "random": "jax.random", "nn": "jax.nn",
    }  # fmt: skip
    functions = {n: getattr(library, n) for n in ("grad", "value_and_grad", "vmap", "hessian", "jacfwd", "jacrev")}
    return Library("jax", modules, **functions), library.jit, library.device_put, library.block_until_ready


def numpy() -> Maker:
    modules = {
        "np": "numpy", "special": "scipy.special", "linalg": "scipy.linalg", "signal": "scipy.signal", "stats": "scipy.stats"
    }  # fmt: skip
    return Library("numpy", modules), _same, _same, _same


def numba() -> Maker:
    import numba as library

    return Library("numba", {"np": "numpy"}), library.njit(fastmath=False), _same, _same


def autograd() -> Maker:
    import autograd as library

    modules = {"np": "autograd.numpy", "special": "autograd.scipy.special", "linalg": "autograd.scipy.linalg"}
    functions = {"grad": library.grad, "value_and_grad": library.value_and_grad, "hessian": library.hessian}
    return Library("autograd", modules, **functions), _same, _same, _same


def _torch(compiled: bool) -> Maker:
    import torch as library

    modules = {"np": "torch", "special": "torch.special", "linalg": "torch.linalg"}
    functions = {
        "grad": library.func.grad, "vmap": library.func.vmap, "hessian": library.func.hessian,
        "jacfwd": library.func.jacfwd, "jacrev": library.func.jacrev,
    }  # fmt: skip

    def given(x: Any) -> Any:
        return library.from_numpy(x.copy()) if hasattr(x, "dtype") and getattr(x, "shape", None) is not None else x

    name = "torch compiled" if compiled else "torch"
    return Library(name, modules, **functions), library.compile if compiled else _same, given, _same


def torch() -> Maker:
    return _torch(False)


def torch_compiled() -> Maker:
    return _torch(True)


MAKERS: dict[str, Callable[[], Maker]] = {
    "wengert": wengert, "jax": jax, "torch": torch, "torch compiled": torch_compiled, "numba": numba, "numpy": numpy,
    "autograd": autograd,
}  # fmt: skip
