"""Traces and tracers: values under transformation, their types, and the levels of transformations.

`core` shows what stands here beside primitives; other files import it from there.
"""
# pyright: strict, reportPrivateUsage=false
# (an underscore is private to the package)

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .config import default_dtype
from .errors import (
    ConcretizationError,
    LeakedTracerError,
)
from .locks import lock
from .posing import Posing
from .vocabulary import Value

if TYPE_CHECKING:
    from .core import Primitive

ndarray = np.ndarray

PYTHON_SCALARS: tuple[type[Any], ...] = (bool, int, float, complex)  # for isinstance
_SCALARS: frozenset[type[Any]] = frozenset(PYTHON_SCALARS)  # for the type itself
type_of: Callable[[Any], type[Any]] = type
_count = itertools.count(1).__next__
ARRIVED: list[str] = []  # rooms of SciPy that were imported and whose functions do not know of traced values yet
meet: Callable[[], None] = ARRIVED.clear  # what is done about them (`watch`)
_begun = False
PENDING: list[Callable[[], Any]] = []  # what is done before the first trace of the process
_BEGINNING = lock()


def next_level() -> int:
    """The level of a new trace. Hot."""
    if ARRIVED or not _begun:
        _begin()
    return _count()


def _begin() -> None:
    global _begun
    with _BEGINNING:  # another thread's first trace waits for it
        while PENDING:
            PENDING[0]()
            PENDING.pop(0)
    _begun = True
    meet()


def begun() -> bool:
    """Whether there has been a trace in this process."""
    return _begun


# --- abstract values -------------------------------------------------------------------------------------------


class Aval:
    """The type of a value: shape, dtype, and whether it is weak (a Python number).

    Example:
        >>> Aval((3,), np.dtype("float32"))
        float32[3]
    """

    __slots__ = ("dtype", "shape", "weak")

    def __init__(self, shape: tuple[int, ...], dtype: Any, weak: bool = False) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.weak = weak

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        size = 1
        for n in self.shape:
            size *= n
        return size

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Aval):
            return NotImplemented
        return self.shape == other.shape and self.dtype == other.dtype and self.weak == other.weak

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype, self.weak))

    def __repr__(self) -> str:
        return f"{self.dtype.name}[{','.join(map(str, self.shape))}]{'*' if self.weak else ''}"


def shape_of(x: Value) -> tuple[int, ...]:
    """The shape of any value; Python numbers have shape ()."""
    return () if type(x) in _SCALARS else x.shape


def ndim_of(x: Value) -> int:
    return 0 if type(x) in _SCALARS else len(x.shape)


def dtype_of(x: Value) -> np.dtype:
    """The dtype of any value; a Python number has the default dtype of its kind."""
    t = type_of(x)
    return default_dtype(t) if t in _SCALARS else x.dtype


def is_weak(x: Value) -> bool:
    """Whether a value is a Python number, or a tracer that stands for one."""
    t = type_of(x)
    return t is not ndarray and (t in _SCALARS or (isinstance(x, Tracer) and x.weak))


def aval_of(x: Value) -> Aval:
    """The abstract value of any value."""
    if isinstance(x, Tracer):
        return x.aval
    if type(x) in _SCALARS:
        return Aval((), default_dtype(type_of(x)), True)
    return Aval(x.shape, x.dtype)


# --- traces and tracers ----------------------------------------------------------------------------------------


class Trace:
    """One transformation at work. Newer traces have higher levels."""

    __slots__ = ("level",)
    name: ClassVar[str] = "transformation"

    def __init__(self) -> None:
        self.level = next_level()

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        """Apply `primitive` where at least one argument is a tracer of this trace and none of a newer one."""
        raise NotImplementedError

    def outside(self, x: Value) -> Value:
        """A result that is no value of this trace, checked: it must not be one of a newer trace, or of one that ended."""
        if isinstance(x, Tracer) and (x._trace.level > self.level or x._trace.ended):
            raise x._trace.leaked()
        return x

    @property
    def ended(self) -> bool:
        return False

    def leaked(self) -> LeakedTracerError:
        return LeakedTracerError(
            f"a value from inside {self.name} was used after {self.name} had ended. It was probably stored in a "
            f"global, a list or an attribute: return it from the function instead (has_aux=True gives extra results)"
        )


TAKING: list[Any] = []  # the traces of bodies and branches that are being traced, of all threads


INNERMOST = threading.local()  # `trace` is the innermost Program that is being written in this thread, if there is one


def taker(trace: Trace, primitive: Primitive) -> Any:
    """The trace of a body or branch in which an operation stands that its newest argument's trace is asked for.

    Whatever a branch does to values that it closes over is done where the branch is taken, and only then: the branch's
    Program has the equation. Bodies of loops keep what may fail or has an effect; the rest is done once, outside.
    """
    here = threading.get_ident()
    for inner in reversed(TAKING):
        if inner.thread == here:
            if inner.level <= trace.level:
                return None
            if inner.takes(primitive):
                return inner
    return None


@contextmanager
def not_taken() -> Generator[None]:
    """A context for what is found once and kept: the bodies and branches that are being traced take none of its operations."""
    here = threading.get_ident()
    mine = [t for t in TAKING if t.thread == here]
    for t in mine:
        TAKING.remove(t)
    try:
        yield
    finally:
        TAKING.extend(mine)


class Tracer:
    """A value under transformation. It has NumPy's operators, methods and attributes (see `ops.operators`).

    What files below those of operations ask for is attached as well: `_stacked` makes an array of a list of values, `_unpacked`
    one of an array of objects, `_strong` is a value that stands no longer for a Python number, `_true_places` are the indices
    where a mask holds.
    """

    __slots__ = ("__weakref__", "_trace")
    _trace: Any
    __array_priority__ = 1000.0
    differentiated = False  # whether it carries a tangent, which taking its value would lose
    known = False  # whether it stands for one value, as that of no transformation does
    mutable = False  # whether it is an array that was written into (`ops.writing`), and `taken()` its value
    basis = False  # whether it is a batch from the standard basis whose zeros are not written out (`ops.diagonal`)

    # Subclasses give `shape`, `dtype`, `weak`.
    shape: tuple[int, ...]
    dtype: np.dtype
    weak: bool

    if TYPE_CHECKING:  # what `ops.operators` attaches

        def _attached(self, *_: Any) -> Any: ...

        _stacked: ClassVar[Callable[[list[Any]], Any]]
        _unpacked: ClassVar[Callable[[Any], Any]]
        _strong = _true_places = _attached

        __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = __matmul__ = _attached
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rpow__ = __rmatmul__ = _attached
        __and__ = __or__ = __xor__ = __lshift__ = __rshift__ = __divmod__ = _attached
        __rand__ = __ror__ = __rxor__ = __rlshift__ = __rrshift__ = __rdivmod__ = _attached
        __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __pos__ = __abs__ = __invert__ = __round__ = _attached
        __getitem__ = __setitem__ = __contains__ = __iter__ = __array__ = __array_ufunc__ = _attached
        __iadd__ = __isub__ = __imul__ = __itruediv__ = now = taken = _attached

        def __getattr__(self, name: str) -> Any: ...

    @property
    def aval(self) -> Aval:
        return Aval(self.shape, self.dtype, self.weak)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        size = 1
        for n in self.shape:
            size *= n
        return size

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d array")
        return self.shape[0]

    def concrete(self, what: str) -> Any:
        """The NumPy value, if it is known; `what` names the need in the error."""
        raise ConcretizationError(f"{what} needs a value that {self._trace.name} does not know")

    def __bool__(self) -> bool:
        return bool(self.concrete("bool()"))

    def __int__(self) -> int:
        return int(self.concrete("int()"))

    def __trunc__(self) -> int:
        return int(self)

    def __index__(self) -> int:
        if self.shape:
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        return operator.index(self.concrete("an index or a range"))

    __hash__ = object.__hash__  # until `ops.keys` gives another

    def __repr__(self) -> str:
        return f"{type(self).__name__}<{self.aval!r}>"


class ValueTracer(Posing, Tracer):
    """What a user's function is given and computes: the tracers of all transformations but the tape's.

    They have one layout, so that one of them can become an array that is written into (`ops.writing`) and stay the
    same object for whoever holds it. `first` and `second` bear other names in each class.

    Attributes:
        views: None, or what links an array with its views: see `ops.writing`.
        root: what is known of its square (`ops.squares`); not set where nothing is.
        recorded: whether it is a primal with a tangent on a tape.
    """

    __slots__ = ("dtype", "first", "root", "second", "shape", "views")
    recorded: ClassVar[bool] = False

    def parts(self) -> tuple[Value, ...]:
        """The values that it consists of; none where not all that it carries are values."""
        return ()


class PrimalTracer(ValueTracer):
    """A value, its primal, with what a transformation carries along; asked for its value it gives the primal's."""

    __slots__ = ()
    primal: Any = ValueTracer.first

    @property
    def weak(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return is_weak(self.primal)

    def concrete(self, what: str) -> Any:
        return self.primal.concrete(what) if isinstance(self.primal, Tracer) else self.primal


class LinearTracer(Tracer):
    """A tangent that is linear in the inputs of a tape (`transforms.tape`), and the step of the tape that made it.

    In a `Primitive.transpose` the linear arguments are of this type; they have a shape and a dtype and no value.
    """

    __slots__ = ("args", "dtype", "index", "params", "primitive", "shape")
    weak = False


__all__ = [
    "ARRIVED",
    "INNERMOST",
    "PENDING",
    "PYTHON_SCALARS",
    "TAKING",
    "Aval",
    "LinearTracer",
    "PrimalTracer",
    "Trace",
    "Tracer",
    "Value",
    "ValueTracer",
    "aval_of",
    "begun",
    "dtype_of",
    "is_weak",
    "ndarray",
    "ndim_of",
    "next_level",
    "not_taken",
    "shape_of",
    "taker",
    "type_of",
]
