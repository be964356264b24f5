"""What a module says of names that it has not: those nearest to them, and what stands for those of other libraries."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

# What people look for that other libraries have under these names, and how it is written here.
INSTEAD = {
    "wengert.nn": {
        "dropout": "wengert.random.bernoulli(key, 1 - rate, x.shape) * x / (1 - rate)",
        "layer_norm": "wengert.nn.standardize(x, axis=-1) * scale + shift",
        "batch_norm": "wengert.nn.standardize(x, axis=(0, 1, 2)) * scale + shift",
        "cross_entropy": "-wengert.numpy.sum(labels * wengert.nn.log_softmax(x), axis=-1)",
        "conv": "wengert.lax.conv(x, kernel, strides, padding)",
    },
}


def no_attribute(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error of a module that has no attribute of a name, with the nearest that it has."""
    paths = vars(sys.modules[module]).get("__path__", ()) if module in sys.modules else ()
    if any(os.path.isfile(f"{path}/{name}.py") for path in paths):
        return AttributeError(
            f"module {module!r} has no attribute {name!r}"
        )  # an import asks, and goes on with the file
    import difflib

    near = difflib.get_close_matches(name, [k for k in known if not k.startswith("_")], 3) if name[:2] != "__" else []
    hint = f"; the nearest {'is' if len(near) == 1 else 'are'} {', '.join(near)}" if near else ""
    if name in INSTEAD.get(module, ()):
        hint = f"; write {INSTEAD[module][name]}"
    if module.startswith(("wengert.scipy", "wengert.numpy")) and not name.startswith("_"):
        original = module.partition(".")[2]
        found = getattr(_room(original), name, None)
        if callable(found) and any(answered(f"{original}.{name}") for answered in OWN_NAMES):
            hint += f"; {original}.{name} itself takes arguments under transformations: call it by that name"
        elif callable(found):
            hint += f"; {original}.{name} has no counterpart here: it can be called under transformations by "
            hint += "wengert.pure_callback, with a rule by custom_jvp or custom_vjp where it is differentiated"
    return AttributeError(f"module {module!r} has no attribute {name!r}{hint}")


def _room(name: str) -> Any:
    """NumPy's or SciPy's module of a name, None where there is none."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


OWN_NAMES: list[
    Callable[[str], bool]
] = []  # whether a function of SciPy is answered by its own name; `wengert.scipy` says


def nearest_names(module: str, known: Iterable[str]) -> Callable[[str], Any]:
    """A module's ``__getattr__`` that names what is nearest to what it has not."""

    def missing(name: str) -> Any:
        raise no_attribute(module, name, known)

    return missing


def modules_on_first_use(module: str, known: Iterable[str]) -> Callable[[str], Any]:
    """A package's ``__getattr__`` that imports its modules when they are first asked for, as SciPy does with its own."""

    def found(name: str) -> Any:
        if name in known:
            return importlib.import_module(f"{module}.{name}")
        raise no_attribute(module, name, known)

    return found
