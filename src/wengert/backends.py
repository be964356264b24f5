"""Backends: what runs Programs, for `jit` and for calls of Programs on arrays. The contract, and the list of them.

A backend is an object of the protocol `Backend`, known by its name. `ops.call` asks it for a `Compiled`, which it keeps with the
Program; nothing above knows more of the compiler than that. The contract:

- `compile(program, donated=())` gives what runs the Program, for arguments of exactly its types. It may take long, and may
  raise: NotSupportedError, naming the operation, where the backend lacks one.
- The `Compiled` is called with a list of arrays and numbers, one for each input, and gives a list of new arrays (numbers of
  NumPy where the shape is ``()``), one for each output with its shape and dtype, guards included. It leaves the arguments as
  they are, but for the `donated` ones, in whose memory results may lie. A guard that comes out otherwise than when the Program
  was traced may be told early, by `OtherPath`; else the caller compares it. Errors are those of the eager function: IndexError
  for an index out of range, LinAlgError for a singular matrix, whatever a callback raised.
- NumPy's floating-point warnings (`np.seterr`) are not given: divisions by zero and overflows pass in silence.
- Effects (callbacks, checks of indices) happen in the order of the equations, results used or not.
- Programs in the parameters of equations run on the same backend as the Program around them, calls of Programs included.
- Values are those of the eager function, to rounding; dtypes exactly. A weak input counts with its own dtype, not NumPy's.
- `cost(program)` and `lower(program)` look at a Program without running it.
- `cache_key(program)` has all that compiled code on disk depends on; None where none is kept there.
- A `Compiled` may have a method ``place``: what is left of a call outside of `native` goes through it, so that the user gets
  the same kind of arrays from both.
- Threads may call `compile` and a `Compiled` at the same time.

A backend of one's own stands in a module of its own and is added by `register`, which imports nothing: a module is named, and
imported when the first Program is compiled. Nothing here imports the rest of the library.
"""
# pyright: strict

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from .core import Value
    from .costs import Cost
    from .program import Program

DEFAULT = "native"


class OtherPath(Exception):
    """A guard of a Program came out otherwise than when it was traced: it is the wrong one for these arguments."""


class Compiled(Protocol):
    """A Program that can be called.

    Attributes:
        program: what was compiled.
        native: a function of the pair ``(args, kwargs)`` as the user gave them, tried before these are looked at. It gives
            the tree of results, `NotImplemented` for arguments of other types than the Program's, and `Ellipsis` after an
            error, which `raise_error` then raises. None where there is no such function.
    """

    program: Program

    @property
    def native(self) -> Callable[[Any], Any] | None: ...

    def __call__(self, args: Sequence[Value]) -> list[Value]:
        """The outputs of the Program."""
        ...

    def raise_error(self) -> NoReturn:
        """Raise what went wrong in the last call of `native` by this thread."""
        ...


class Lowered(Protocol):
    """A compiled Program to look at; what `jit(f).lower(...)` gives. Backends add what else they can show.

    Attributes:
        program: as it was traced.
        optimized: as it is run.
    """

    @property
    def program(self) -> Program: ...

    @property
    def optimized(self) -> Program: ...

    def as_text(self) -> str: ...

    def cost(self) -> Cost: ...

    def compile(self) -> Compiled: ...


@runtime_checkable
class Backend(Protocol):
    """What runs Programs. See the head of this module for the contract.

    Attributes:
        name: by which it is asked for.
    """

    @property
    def name(self) -> str: ...

    def compile(self, program: Program, donated: tuple[int, ...] = ()) -> Compiled: ...

    def lower(self, program: Program) -> Lowered: ...

    def cost(self, program: Program) -> Cost: ...

    def cache_key(self, program: Program) -> bytes | None: ...


DEVICES = frozenset({"xla"})
"""The backends with arrays of their own, which stay on a device (`transforms.placing`)."""

_known: dict[str, Backend | str] = {
    "native": "wengert.compile.backend:BACKEND",
    "interpreter": "wengert.interpreter:BACKEND",
    "xla": "wengert.xla.backend:BACKEND",
}


def register(name: str, backend: Backend | str) -> None:
    """Add a backend.

    Args:
        name: what ``jit(f, backend=name)``, `config.backend` and ``WENGERT_BACKEND`` will call it.
        backend: the object, or where it stands, as ``"package.module:NAME"``, to be imported when it is first used.

    Raises:
        ValueError: there is one of this name already, or the name is no word.

    Example:
        >>> from wengert import backends
        >>> backends.register("native", "somewhere:BACKEND")
        Traceback (most recent call last):
            ...
        ValueError: there is a backend named 'native' already
    """
    if name in _known:
        raise ValueError(f"there is a backend named {name!r} already")
    if not name.isidentifier() or name == "cpu":
        raise ValueError(f"the name of a backend is a word, and not 'cpu', which is the default one; got {name!r}")
    _known[name] = backend


def names() -> tuple[str, ...]:
    """The names of the backends.

    Example:
        >>> from wengert import backends
        >>> backends.names()[:2]
        ('native', 'interpreter')
    """
    return tuple(_known)


def named(name: str) -> Backend:
    """The backend of a name, imported if need be.

    Raises:
        ValueError: there is none.
        ImportError: a library that it needs is not installed.

    Example:
        >>> from wengert import backends
        >>> backends.named("interpreter").name
        'interpreter'
    """
    found = _known[checked(name)]
    if isinstance(found, str):
        module, _, attribute = found.partition(":")
        found = _known[name] = cast("Backend", getattr(importlib.import_module(module), attribute))
    return found


def checked(name: Any) -> str:
    """A name, if there is a backend of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in _known:
        raise ValueError(f"there is no backend named {name!r}; there are: {', '.join(_known)}")
    return name


__all__ = ["Backend", "Compiled", "Lowered", "OtherPath", "named", "names", "register"]
__dir__ = __all__.copy
