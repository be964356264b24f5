"""The public namespaces by subject, and where a name or an object is found in them."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..nearest import OWN_NAMES

# In the order in which the contents list them.
SUBJECTS = {
    "Transformations": ["wengert", "wengert.lax", "wengert.sparse", "wengert.debug", "wengert.testing"],
    "NumPy": ["wengert.numpy", "wengert.numpy.linalg", "wengert.numpy.fft"],
    "Networks and random numbers": [
        "wengert.nn",
        "wengert.initializers",
        "wengert.random",
        "wengert.image",
        "wengert.sharding",
        "wengert.states",
    ],
    "SciPy": [
        "wengert.scipy.cluster.vq",
        "wengert.scipy.fft",
        "wengert.scipy.integrate",
        "wengert.scipy.interpolate",
        "wengert.scipy.linalg",
        "wengert.scipy.ndimage",
        "wengert.scipy.optimize",
        "wengert.scipy.signal",
        "wengert.scipy.sparse.linalg",
        "wengert.scipy.spatial",
        "wengert.scipy.spatial.transform",
        "wengert.scipy.special",
        "wengert.scipy.stats",
    ],
    "Trees and errors": ["wengert.tree", "wengert.tree_util", "wengert.flatten_util", "wengert.errors"],
}
HOMES = {
    "np": "wengert.numpy", "numpy": "wengert.numpy", "jnp": "wengert.numpy", "scipy": "wengert.scipy", "jax": "wengert",
    "w": "wengert", "wengert": "wengert",
}  # fmt: skip
NAMESPACES = [name for names in SUBJECTS.values() for name in names]


def names_of(space: str) -> list[str]:
    """The public names of a namespace, modules left out."""
    module = importlib.import_module(space)
    names = [n for n in getattr(module, "__all__", dir(module)) if not n.startswith("_")]
    return sorted((n for n in names if not inspect.ismodule(getattr(module, n))), key=str.lower)


def _has(space: str, name: str) -> bool:
    module = importlib.import_module(space)
    public = not name.startswith("_") and name in getattr(module, "__all__", [name]) and hasattr(module, name)
    return public and not inspect.ismodule(getattr(module, name))


def namespace_of(text: str) -> str | None:
    """The namespace that a text or a module's name stands for; None where it is none."""
    first, _, rest = text.strip().partition(".")
    found = HOMES.get(first, f"wengert.{first}") + (f".{rest}" if rest else "")
    return found if found in NAMESPACES else None


def _by_name(text: str) -> Iterator[tuple[str, Any]]:
    """Public names that a user may mean by a text: ``wengert.numpy.sin``, ``np.sin``, ``scipy.special.erf``, ``grad``."""
    space, _, name = text.rpartition(".")
    first, _, rest = space.partition(".")
    rest = f".{rest}" if rest else ""
    usual = ["wengert", "wengert.numpy", "wengert.nn"]
    asked = [f"{HOMES.get(first, f'wengert.{first}')}{rest}"] if space else [*usual, *NAMESPACES]
    for home in asked:
        if home in NAMESPACES and _has(home, name):
            yield f"{home}.{name}", getattr(importlib.import_module(home), name)


def located(what: Any) -> tuple[str, Any]:
    """The path and the object of what is asked for.

    Args:
        what: an object of the library, a function of NumPy or SciPy that has a counterpart here, or a name.

    Raises:
        ArgumentError: there is nothing of that name; the message has the nearest.
    """
    if isinstance(what, str):
        text = what.strip().removesuffix("()")
    else:
        what = what.__self__ if hasattr(getattr(what, "__self__", None), "name") else what  # a distribution's method
        what = getattr(what, "__wrapped__", what) if getattr(what, "__module__", "") == "wengert.plain.hooks" else what
        for space in _likely(what):
            for name in names_of(space):
                if getattr(importlib.import_module(space), name) is what:
                    return f"{space}.{name}", what
        name = getattr(what, "__name__", None) or getattr(
            what, "name", type(what).__name__
        )  # distributions have a name
        module = getattr(what, "__module__", None) or type(what).__module__
        if type(what) is np.ufunc:  # which have no module
            module = "numpy" if getattr(np, name, None) is what else "scipy.special"
        text = f"{_public(module)}.{name}"
    found = next(_by_name(text), None) or next(_by_name(text.rpartition(".")[0]), None)  # of a method its object
    if found is None:
        known = [f"{s}.{n}" for s in NAMESPACES for n in names_of(s)]
        near = difflib.get_close_matches(text.rpartition(".")[2], [k.rpartition(".")[2] for k in known], 3)
        paths = list(dict.fromkeys(k for n in near for k in known if k.rpartition(".")[2] == n))[:3]
        hint = f"; near are {', '.join(paths)}" if paths else ""
        if any(answered(text) for answered in OWN_NAMES):
            raise ArgumentError(
                f"describe: {text} takes arguments under transformations by its own name, with SciPy's arguments and no "
                f"counterpart here; docs/scipy-by-name.md says how it is answered"
            )
        raise ArgumentError(
            f"describe: {text or repr(text)} is no public name of wengert, or has no counterpart here{hint}"
        )
    return found


def _public(module: str) -> str:
    """A module without its private parts: ``scipy.special._ufuncs`` is ``scipy.special``."""
    parts = module.split(".")
    return ".".join(parts[: next((i for i, p in enumerate(parts) if p.startswith("_") and i), len(parts))])


def _likely(value: Any) -> list[str]:
    """The namespaces that an object of the library may stand in, most likely ones first; none for foreign ones."""
    module = getattr(value, "__module__", None) or getattr(type(value), "__module__", "")
    if not str(module).startswith("wengert"):
        return []
    return sorted(NAMESPACES, key=lambda space: not (str(module) + ".").startswith(space + ".") or space == "wengert")


__all__ = ["NAMESPACES", "SUBJECTS", "located", "names_of", "namespace_of"]
