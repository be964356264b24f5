"""Code written for JAX, run here: `install` makes ``import jax`` and its submodules mean this library.

Each of JAX's modules is answered by the modules that `MODULES` (`module_table.py`) has for it, asked in order; a name that
none of them has raises an error that lists the nearest ones. What functions of the library return there is a `jax.Array`
(`array.py`), with JAX's promotion (`rules.py`); the modules of `jax_modules` hold what means something else in JAX than in
NumPy.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np

from ..config import config
from ..errors import NotSupportedError
from ..frames import line_text, user_place
from ..xla import HIDING
from .array import Array, Meanings
from .border import LiftedClass, Outer
from .keywords import dressed
from .module_table import MODULES, REASONS
from .places import At, read
from .rules import follow


class _Missing(NotSupportedError):
    """What is missing of JAX. What to say of it is found when it is read: libraries ask what there is and read nothing, and
    to know the names of all modules these have to be imported.
    """

    def __init__(self, full: str) -> None:
        self.full, self.place = full, user_place()
        Exception.__init__(self, f"wengert has nothing for {full}")

    def __str__(self) -> str:
        where = "" if self.place is None else line_text(*self.place)
        return f"{self.message}\n  at {where}" if where else self.message

    def __getattr__(self, name: str) -> Any:
        if name != "message":  # without the line
            raise AttributeError(name)
        self.message = _advice(self.full)
        return self.message


class MissingModuleError(_Missing, ImportError):
    """A module or name of JAX that this library has nothing for, at an ``import``.

    Remedy: the message lists the nearest names there are, or says what to write instead.

    Example:
        >>> from wengert.interop import jax_names
        >>> with jax_names.as_jax():
        ...     try:
        ...         from jax.numpy import concatanate
        ...     except ImportError as error:
        ...         print("concatenate" in str(error))
        True
    """


class MissingNameError(_Missing, AttributeError):
    """A name of JAX's that this library has nothing for, at an attribute.

    Remedy: the message lists the nearest names there are, or says what to write instead.

    Example:
        >>> from wengert.interop import jax_names
        >>> with jax_names.as_jax():
        ...     import jax.numpy as jnp
        ...     try:
        ...         jnp.concatanate
        ...     except AttributeError as error:
        ...         print("jax.numpy.concatenate" in str(error))
        True
    """


def _source(name: str) -> Any:
    module, _, attribute = name.partition(":")
    found = importlib.import_module(module if module[0] != "." else f"{__package__}.jax_modules{module}")
    return getattr(found, attribute) if attribute else found


def _sources(module: str) -> list[Any]:
    return [_source(name) for name in MODULES[module]]


def _names(module: str) -> set[str]:
    """Every public name of one of JAX's modules."""
    below = {n.removeprefix(f"{module}.") for n in MODULES if n.startswith(f"{module}.")}
    names = {n for source in _sources(module) for n in getattr(source, "__all__", dir(source))}
    return {n for n in names | below if not n.startswith("_") and "." not in n}


def _advice(full: str) -> str:
    """What to say of a missing name: the reason if one is known, the nearest names, and where else it stands."""
    import difflib

    module, _, name = full.rpartition(".")
    lines = [f"wengert has nothing for {full}"]
    for known in (full, *(full[:i] for i, c in enumerate(full) if c == ".")):  # the name, and the modules it is in
        if known in REASONS:
            return f"{lines[0]}: {REASONS[known]}"
    if module in MODULES:
        names = _names(module)
        near = [f"{module}.{n}" for n in difflib.get_close_matches(name, names, 4, 0.45)]
    else:
        near = difflib.get_close_matches(full, MODULES, 4, 0.5)
    elsewhere = [f"{m}.{name}" for m in MODULES if m != module and m not in near and name in _names(m)]
    if near or elsewhere:
        lines.append("the nearest names are " + ", ".join([*elsewhere, *near]))
    elif module in MODULES:
        names = sorted(_names(module))
        few = len(names) <= 20
        lines.append(f"there are {', '.join(names)}" if few else f"dir({module}) lists what there is")
    else:
        lines.append(
            "the modules there are: " + ", ".join(m for m in MODULES if m.rpartition(".")[0] != "jax.scipy.stats")
        )
    return "; ".join(lines)


_RAW = ("wengert.tree", "wengert.tree_util", "wengert.errors")  # whose functions take what the user has as it is


@functools.lru_cache(None)
def alias_name(module: str, name: str) -> Any:
    """What a name of one of JAX's modules means here: functions of the library behind the border.

    Raises:
        AttributeError: there is no such name.
    """
    for place, source in zip(MODULES[module], _sources(module), strict=True):
        names = getattr(source, "__all__", None) if (place[0] == "." or name[0] == "_") and name[:2] != "__" else None
        if names is None and name[0] == "_" and name[:2] != "__":
            continue
        if not hasattr(source, name) or (names is not None and name not in names):
            continue
        found = getattr(source, name)
        own = place[0] == "." or place in _RAW or isinstance(found, (type, ModuleType))
        if isinstance(found, type) and module in ("jax.scipy.spatial.transform", "jax.scipy.stats"):
            return LiftedClass(found)
        if not callable(found) or isinstance(found, (type, ModuleType)):
            return found
        return dressed(module, name, found if own else follow(module, name, found))
    raise AttributeError(name)


def _stages() -> ModuleType:
    from .jax_modules import stages

    return stages


Outer.stages = staticmethod(_stages)
Array.means = Meanings(read, At, functools.partial(alias_name, "jax.numpy"))


class _Names(ModuleType):
    """A module of JAX's name that takes everything from modules of ours."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{', '.join(MODULES[name])} under JAX's name")
        self.__path__: list[str] = []  # what makes ``from jax import numpy`` look for a module

    def __getattr__(self, attribute: str) -> Any:
        full = f"{self.__name__}.{attribute}"
        if full in MODULES:
            return importlib.import_module(full)
        if attribute == "__all__":
            return sorted(_names(self.__name__))
        if attribute == "__file__":  # what tells the library's frames from others, as JAX's own tells its
            return __file__
        if not attribute.startswith("__") or attribute in ("__version__", "__version_info__"):
            try:
                found = alias_name(self.__name__, attribute)
            except AttributeError:
                raise MissingNameError(full) from None
            if not isinstance(found, ModuleType):
                setattr(self, attribute, found)
            return found
        raise AttributeError(attribute)

    def __dir__(self) -> list[str]:
        return sorted(_names(self.__name__))


class _Finder:
    """Imports of ``jax`` and of what stands below it."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if not _is_jax(name) or (_private(name) and name not in MODULES and _loaded()):  # of JAX itself
            return None
        if name not in MODULES:
            raise MissingModuleError(name)
        return ModuleSpec(name, _Loader(), is_package=True)  # type: ignore[arg-type]

    @staticmethod
    def find_distributions(context: Any = None) -> Iterator[Any]:
        """What ``importlib.metadata.version("jax")`` asks."""
        from .distributions import named_as

        return named_as(getattr(context, "name", None))


class _Loader:
    def create_module(self, spec: Any) -> ModuleType:
        return _Names(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        _sources(module.__name__)


def _is_jax(name: str) -> bool:
    return name.split(".")[0] in ("jax", "jaxlib")


def _private(name: str) -> bool:
    """Whether a module is one of those in which JAX is written, and not one of its names."""
    return name.startswith("jax._src") or name.split(".")[0] == "jaxlib"


def _jaxs_own(name: str) -> bool:
    """Whether a module that is loaded is one of those in which JAX is written, and none of ours of its name."""
    return _private(name) and not isinstance(sys.modules[name], _Names)


def _loaded() -> bool:
    """Whether JAX itself is loaded."""
    return _kept is not None and "jax._src" in _kept.modules


@contextmanager
def _really() -> Iterator[None]:
    """Within, ``import jax`` means JAX, though `install` was called: for `wengert.xla`, which stands on JAX itself. What JAX
    is written in stays loaded, so that what it imports later is found; its public names mean this library again afterwards.
    """
    if _kept is None:
        yield
        return
    ours = {n: m for n, m in sys.modules.items() if _is_jax(n) and not _jaxs_own(n)}
    for name in ours:
        del sys.modules[name]
    sys.modules.update(_kept.modules)
    sys.meta_path.remove(_Finder)
    try:
        yield
    finally:
        _kept.modules.update({n: m for n, m in sys.modules.items() if _is_jax(n)})
        for name in [n for n in sys.modules if _is_jax(n) and not _private(n)]:
            del sys.modules[name]
        sys.modules.update(ours)
        if "jax._src" in ours and _loaded():  # what JAX imports later is found beside what it is written in
            ours["jax._src"].__path__ = list(_kept.modules["jax._src"].__path__)
        sys.meta_path.insert(0, _Finder)


HIDING.append(_really)


class _Kept:
    """What `install` found, for `uninstall` to put back."""

    def __init__(self) -> None:
        self.modules = {n: m for n, m in sys.modules.items() if _is_jax(n)}
        self.settings = {name: getattr(config, name) for name in _VARIABLES}
        self.warnings = np.geterr()


_kept: _Kept | None = None


def install() -> None:
    """Make ``import jax`` mean this library in this process, in 32-bit mode, until `uninstall`.

    The environment's ``JAX_ENABLE_X64``, ``JAX_DEBUG_NANS``, ``JAX_DEBUG_INFS`` and ``JAX_DISABLE_JIT`` are obeyed. Overflow
    and division by zero give inf and nan without NumPy's warnings. A second call changes nothing.

    Raises:
        ValueError: one of these variables is no truth value.

    Example:
        >>> from wengert.interop import jax_names
        >>> jax_names.install()
        >>> import jax.numpy as jnp
        >>> jnp.zeros(3).at[1].add(2.0)
        Array([0., 2., 0.], dtype=float32)
        >>> jax_names.uninstall()
    """
    global _kept
    if _kept is not None:
        return
    settings = {name: _truth(f"JAX_{name.upper()}") for name in _VARIABLES}
    _kept = _Kept()
    for name in _kept.modules:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder)
    for name, value in settings.items():
        setattr(config, name, value)
    np.seterr(all="ignore")


_VARIABLES = ("enable_x64", "debug_nans", "debug_infs", "disable_jit")


def _truth(variable: str) -> bool:
    text = os.environ.get(variable, "0").lower()
    if text not in ("0", "1", "true", "false", "yes", "no", "on", "off", "t", "f", "y", "n", ""):
        raise ValueError(f"invalid truth value {text!r} for environment {variable!r}")
    return text in ("1", "true", "yes", "on", "t", "y")


def uninstall() -> None:
    """Undo `install`: ``import jax`` finds JAX again if it is there, the settings are put back.

    Example:
        >>> from wengert.interop import jax_names
        >>> jax_names.install()
        >>> jax_names.uninstall()
        >>> import wengert.numpy as wnp
        >>> wnp.ones(2).dtype
        dtype('float64')
    """
    global _kept
    if _kept is None:
        return
    kept, _kept = _kept, None
    sys.meta_path.remove(_Finder)
    for name in [n for n in sys.modules if _is_jax(n)]:
        if _jaxs_own(name):  # loaded in the meantime
            kept.modules.setdefault(name, sys.modules[name])
        del sys.modules[name]
    sys.modules.update(kept.modules)
    for name, value in kept.settings.items():
        setattr(config, name, value)
    np.seterr(**kept.warnings)


class _Installed:
    """What `as_jax` returns: JAX's names mean this library from now on, or until the end of a `with` block."""

    def __init__(self) -> None:
        self._outer = _kept is not None
        install()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        if not self._outer:
            uninstall()

    def __repr__(self) -> str:
        return "<import jax means wengert>" if _kept is not None else "<import jax means JAX>"


def as_jax() -> _Installed:
    """Make ``import jax`` mean this library: from now on, or for the length of a `with` block.

    As ``wengert run --as-jax`` does for a notebook: 32-bit mode by default, JAX's arrays and rules for what JAX's names
    return; `wengert.numpy` and the other names of this library keep their own meaning. Call it before anything imports
    jax. At the end of a `with` block imports and settings are put back. Inside another block, or after a call, it changes
    nothing.

    In notebooks ``%load_ext wengert`` does the same, in the environment ``WENGERT_AS_JAX=1`` where something imports
    wengert, and for tests ``pytest --as-jax``.

    Raises:
        ValueError: one of JAX's variables in the environment, ``JAX_ENABLE_X64`` and kin, is no truth value.

    Example:
        >>> import wengert
        >>> with wengert.as_jax():
        ...     import jax.numpy as jnp
        ...     jnp.ones(2).dtype
        dtype('float32')
    """
    return _Installed()
