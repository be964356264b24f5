"""Primitive, Trace, Tracer, bind: how an operation finds the transformation it runs under.

A value is a NumPy array, a NumPy scalar, a Python number, or a `Tracer`. A primitive applied to values without
tracers runs its NumPy implementation. With tracers, the newest trace among them processes it, working with
values of older traces only, so transformations nest in any order. Traces are numbered in order of creation and
there is no stack to restore: nothing raised can leave the library in a bad state, and threads share nothing.

No operation, transformation or compiler lives here.
"""
# pyright: strict, reportPrivateUsage=false
# (an underscore is private to the package)

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

import numpy as np

from .config import _NARROW, canonical_dtype, config, default_dtype
from .errors import (
    DtypeError,
    NotDifferentiableError,
    NotLinearError,
    ObjectArrayError,
)
from .lowering import CALLED
from .tracers import (
    _SCALARS,
    INNERMOST,
    PENDING,
    PYTHON_SCALARS,
    TAKING,
    Aval,
    LinearTracer,
    PrimalTracer,
    Trace,
    Tracer,
    Value,
    ValueTracer,
    aval_of,
    dtype_of,
    is_weak,
    ndarray,
    ndim_of,
    next_level,
    not_taken,
    shape_of,
    taker,
    type_of,
)
from .vocabulary import Avals, BatchedResults, Batching, Linearizing, Params, Pushed, Results, Tape

NUMPY_TYPES: Any = (ndarray, np.generic)
TRACED = "_wengert_traced"  # in the attributes of an object of SciPy: what stands for it, of traced values
OBJECTS: Any = np.dtype(object)  # of arrays that NumPy makes of lists of traced numbers, and of one by np.asarray
NESTED_TYPES: Any = (list, tuple)


ROOTS: set[int] = set()  # ids of what is known of the squares of traced values (`ops.squares`), while it is known
SQUARE_RULES: dict[Any, Callable[..., Any]] = {}  # how a primitive processes arguments of which something is known


def is_inexact(x: Value) -> bool:
    """Whether a value has a tangent space: float or complex."""
    t = type_of(x)
    if t in _SCALARS:
        return t is float or t is complex
    if t is ndarray and x.dtype.kind in "fc":
        return True
    return inexact_dtype(x.dtype)


def inexact_dtype(dtype: np.dtype) -> bool:
    """Whether a dtype is real or complex floating point (bfloat16 and its kin included)."""
    if dtype.kind == "O":
        raise object_array()
    return dtype.kind in "fc" or (dtype.kind == "V" and dtype.name in EXTENDED_FLOATS)


def object_array() -> ObjectArrayError:
    return ObjectArrayError(
        "an array of objects that holds traced values, as np.array([t, u]) makes one, cannot be used here: write "
        "np.stack([t, u]), or np.array([t, u], like=t)"
    )


EXTENDED_FLOATS = frozenset(
    "bfloat16 float8_e4m3fn float8_e5m2 float8_e4m3b11fnuz float8_e3m4 float8_e4m3 float8_e4m3fnuz float8_e5m2fnuz "
    "float8_e8m0fnu float4_e2m1fn float6_e2m3fn float6_e3m2fn".split()
)
VALUE_TYPES: set[type] = {
    ndarray,
    *PYTHON_SCALARS,
    *(np.dtype(c).type for c in np.typecodes["AllInteger"] + "?efdgFDG"),
}
NUMBERS = "biufc"  # kinds of dtypes
RECORDS: set[np.dtype] = set()  # structured dtypes whose elements are values: keys of random numbers


def check_numbers(x: Any) -> None:
    """Raise unless an array or a NumPy scalar holds numbers: what is copied bit by bit must hold no references, and
    what is differentiated must have a sum.

    Raises:
        DtypeError: the dtype is one of objects, text, dates, records or raw bytes.
    """
    dtype: np.dtype = x.dtype
    if dtype.kind in NUMBERS or dtype in RECORDS or (dtype.kind == "V" and not issubclass(dtype.type, np.void)):
        return
    if dtype.kind == "O":
        items: list[Any] = np.asarray(x, object).reshape(-1).tolist()
        if any(isinstance(item, Tracer) for item in items):
            raise object_array()
    kind = "element" if isinstance(x, np.generic) else "array"
    raise DtypeError(f"expected numbers, got an {kind} of dtype {dtype}: {_remedy(dtype)}")


def _remedy(dtype: np.dtype) -> str:
    """What to write instead of an array of such a dtype."""
    names = dtype.names
    if names:
        return f"pass the fields as arrays, such as {{name: x[name] for name in x.dtype.names}} of {', '.join(names)}"
    return {
        "O": "write x.astype(float) where its objects are numbers, and keep other objects outside of the function",
        "S": "number the texts before, as np.unique(x, return_inverse=True) does",
        "U": "number the texts before, as np.unique(x, return_inverse=True) does",
        "T": "number the texts before, as np.unique(x, return_inverse=True) does",
        "M": "write (x - x[0]) / np.timedelta64(1, 's'), or x.astype('int64'), for numbers of a unit",
        "m": "write x / np.timedelta64(1, 's') for numbers of a unit",
    }.get(dtype.kind, "write x.view(dtype) with the dtype of the numbers that its bytes are")


def as_value(x: Value) -> Value:  # noqa: C901 (the kinds of values, the frequent ones first)
    """`x` as a value: lists, tuples and array-likes become arrays; values and tracers are left as they are.

    In 32-bit mode arrays of 64-bit dtypes become 32-bit ones.

    Raises:
        DtypeError: `x` is nothing that NumPy makes a numeric array of.
    """
    t = type_of(x)
    if t is ndarray:
        if x.dtype.kind not in NUMBERS:
            if x.dtype is OBJECTS:
                return _of_objects(x)
            check_numbers(x)
        return x if config._x64 else demote(x)
    if t in VALUE_TYPES:
        return x if config._x64 or t in _SCALARS else demote(x)
    if isinstance(x, Tracer):
        return x.taken() if x.mutable else x
    if isinstance(x, NUMPY_TYPES):
        check_numbers(x)
        if isinstance(x, (np.ma.MaskedArray, np.matrix)):
            raise DtypeError(_MATRICES if isinstance(x, np.matrix) else MASKED_ARRAYS)
        return x if config._x64 else demote(x)
    value: Any = getattr(x, "__wengert_value__", None)  # an array of the alias (`interop.array`)
    if value is not None:
        return as_value(value)
    for t in PYTHON_SCALARS:  # subclasses, such as an IntEnum
        if isinstance(x, t):
            return t(x)
    if isinstance(x, NESTED_TYPES):
        if any(isinstance(getattr(leaf, "__wengert_value__", leaf), Tracer) for leaf in _nested_leaves(x)):
            return Tracer._stacked([as_value(item) for item in x])
    elif not hasattr(x, "__array__") and not hasattr(x, "__array_interface__"):
        if hasattr(x, "__dlpack__"):
            x = np.from_dlpack(x)
        elif not like_an_array(x):
            raise DtypeError(f"expected an array or a number, got {x!r} of type {type(x).__name__}{_hint(x)}")
        elif not _is_buffer(x):
            return as_value(list(x))
    elif isinstance(getattr(x, "data", None), Tracer):  # xarray's objects may hold one
        return x.data
    a: Any = np.asarray(x)
    if a.dtype is OBJECTS and a.ndim:  # a list of arrays of objects
        return _of_objects(a)
    if a.dtype.kind not in NUMBERS:
        try:
            check_numbers(a)
        except DtypeError as error:
            raise DtypeError(f"{error.message}; NumPy makes it of {x!r}") from None
    return a if config._x64 else demote(a)


def like_an_array(x: object) -> bool:
    """Whether NumPy makes an array of an object that is neither array nor list: a buffer, a range, another sequence."""
    if isinstance(x, (str, bytes)) or hasattr(x, "keys"):
        return False
    if not hasattr(type(x), "__getitem__"):
        return False
    try:
        len(x)  # pyright: ignore[reportArgumentType] (whether it has one; sparse matrices say that theirs is ambiguous)
    except Exception:  # noqa: BLE001 (NumPy takes what has none for an object, whatever is raised)
        return False
    return True


def _is_buffer(x: object) -> bool:
    try:
        memoryview(x)  # pyright: ignore[reportArgumentType] (whether it is one)
    except TypeError:
        return False
    return True


def _of_objects(x: Any) -> Value:
    """What an array of objects stands for, such as NumPy makes of a list of traced numbers."""
    out: Any = Tracer._unpacked(x)
    if out is x:
        among = f" ({x.reshape(-1)[0]!r} among them)" if x.size else ""
        raise DtypeError(f"expected numbers, got an array of objects{among}: {_remedy(OBJECTS)}")
    return as_value(out)


MASKED_ARRAYS = (
    "masked arrays are not arrays of numbers alone: write x.filled(0.0) and keep the mask, for wengert.numpy.where(mask, "
    "..., 0.0) or where=mask"
)
_MATRICES = "np.matrix gives * another meaning: write np.asarray(x), and @ for products of matrices"


def _hint(x: Any) -> str:
    """What to do with an object that is no array."""
    if hasattr(x, "tocsr"):
        return ": sparse matrices can be multiplied, A @ x; write A.toarray() for anything else"
    if type(x).__module__.split(".")[0] in ("builtins", "numpy"):
        return ""
    return (
        ": make it a dataclass, or tell what of it are arrays with wengert.tree_util.register_pytree_node; where it is "
        "no variable, close over it or name it in static_argnums"
    )


def _nested_leaves(x: Any) -> Any:
    for item in x:
        if isinstance(item, NESTED_TYPES):
            yield from _nested_leaves(item)
        else:
            yield item


def as_array(x: Value) -> Value:
    """`x` as a strong value: Python numbers become NumPy scalars of the default dtype of their kind."""
    if type(x) is ndarray and x.dtype is not OBJECTS:
        return x if config._x64 else demote(x)
    if isinstance(x, Tracer):
        if x.mutable:
            return x.taken()
        if not x.shape and x.weak:
            return x._strong()
        return x
    x = as_value(x)
    return default_dtype(type_of(x)).type(x) if type(x) in _SCALARS else x


def demote(x: Value) -> Value:
    """A NumPy value in 32-bit mode: 64-bit dtypes become their 32-bit ones."""
    narrow = _NARROW.get(x.dtype)
    return x if narrow is None else x.astype(narrow)


def demoted(out: Value) -> Any:
    """A result, or a list of them, in 32-bit mode: NumPy promotes int32 and float32 to float64."""
    if isinstance(out, (list, tuple)):
        return [demoted(o) for o in cast("list[Any]", out)]
    return demote(out) if isinstance(out, NUMPY_TYPES) else out


# --- primitives ------------------------------------------------------------------------------------------------


class Primitive:
    """One operation with everything the library knows of it.

    Families (`ops.families`) derive most methods; a primitive outside them overrides what it needs. In every
    rule a tangent or cotangent of ``None`` is a symbolic zero.

    Attributes:
        name: unique; printed in Programs.
        multiple_results: whether `impl` returns a list.
        keeps: whether its derivative needs arguments again (those of a sum are not).
        effect: whether it does something beside giving results, so that a Program keeps it though they are not used.
        indices_from: the number of the first argument that is an index, where it reads or writes at computed places: a
            bad one is an IndexError though the result is not used.
        samples: a function giving sample calls for the harness, each ``(args, params)``.
        reasons: for each slot left empty on purpose, why ("transpose": "not linear").
        native: how the compiler lowers it, an object of the room `lowering`; `CALLED` calls `impl` from the compiled program.
        elementwise: whether an element of the result is a function of the operands' elements at its place.
        foreign: whether it is declared outside of the library, so that its name says nothing to another process.
        recomputes: whether a call of it computes again what is computed outside already.
        pattern: what the transpose of a linear primitive does with zeros (`ops.support`): "moves" elements or adds them
            up, "drops" some besides, so that their cotangent is zero; None: nothing is known.
        mixes: how many trailing axes of its operands hold elements that its results depend on together, those before being
            a batch: 0 for one that is elementwise, 2 for a function of matrices; None where `native` says it, or nothing does.
    """

    registry: ClassVar[dict[str, Primitive]] = {}

    multiple_results = False
    keeps = True
    effect = False
    indices_from: int | None = None
    native: Any = CALLED
    pattern: str | None = None
    mixes: int | None = None
    elementwise = False
    recomputes = False
    foreign = False
    python_operator: Callable[..., Any] | None = None

    def __init__(
        self,
        name: str,
        *,
        samples: Callable[[], Sequence[tuple[tuple[Value, ...], dict[str, Any]]]] | None = None,
        reasons: dict[str, str] | None = None,
        native: Any = None,
        mixes: int | None = None,
    ) -> None:
        if name in Primitive.registry:
            raise ValueError(f"there is a primitive named {name!r} already")
        self.name = name
        self.samples = samples
        self.reasons = reasons or {}
        if mixes is not None:
            self.mixes = mixes
        if native is not None:
            self.native = native
            native.declare(self)
        Primitive.registry[name] = self

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> Any:
        """There is one of each name: a copy, in another process too, is that."""
        return _primitive_named, (self.name,)

    def bind(self, *args: Value, **params: Any) -> Results:
        """Apply to values under the newest trace among them. Hot: guarded by benchmarks `eager.*`."""
        top = None
        for a in args:
            if isinstance(a, Tracer):
                trace = a._trace
                if top is None or trace.level > top.level:
                    top = trace
        if top is None:
            out = self.impl(*args, **params)
            return out if config._x64 else demoted(out)
        if ROOTS and self in SQUARE_RULES:
            return SQUARE_RULES[self](top, args, params)
        return top.process(self, args, params)

    # The slots. `impl` and `abstract` are needed by all.

    def impl(self, *args: Value, **params: Any) -> Results:
        """The NumPy implementation."""
        raise NotImplementedError(f"{self.name} has no implementation")

    def interpret(self, *args: Value, **params: Any) -> Results:
        """What a compiled program calls where it has no native code; `impl`, unless that runs compiled programs."""
        return self.impl(*args, **params)

    def called(self, params: Params) -> Any:
        """The Program that an application with these parameters is a call of; None if it is none."""
        return None

    def expansion(self, inputs: Sequence[Any], params: Params) -> Any:
        """A Program of other operations that the compiler runs in its place; None if it lowers the operation itself."""
        found = self.called(params)
        return self.native.expansion(inputs, params) if found is None else found

    def abstract(self, *avals: Aval, **params: Any) -> Avals:
        """The Aval of the result (a list with `multiple_results`) from those of the arguments."""
        raise NotImplementedError(f"{self.name} has no shape rule")

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        """``(primal_out, tangent_out)``; lists of them with `multiple_results`."""
        raise NotDifferentiableError(
            f"{self.name} has no derivative; use stop_gradient on its input if it should count as constant, "
            f"or give the function around it a rule with custom_jvp"
        )

    def transpose(self, cotangent: Any, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        """Cotangents of the linear arguments (None for the others), which stand in `args` as `LinearTracer`s."""
        raise NotLinearError(
            f"{self.name} is not linear in its arguments, so it cannot be transposed: a tangent rule or a function "
            f"given to linear_transpose may only use operations that are linear in the tangents"
        )

    supported: Any = None
    """The transpose of a step with several results, for cotangents of which supports are known (`ops.support`):
    ``(cotangents, supports, args, params)`` to cotangents of the linear arguments and their supports."""

    def fills(self, args: Sequence[Any], shape: tuple[int, ...], params: Params) -> tuple[int, ...] | None:
        """Axes of the first argument along which the transpose reaches every position, whatever the values are
        (`ops.support.Support`); None where nothing is known. `shape` is that of the result."""
        return None

    def leaves_out(self, params: Params) -> bool:
        """Whether the transpose of a step with several results leaves elements of its arguments out."""
        return False

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        """``(out, out_batched)`` (lists with `multiple_results`), batch axes at the front of every array."""
        raise NotImplementedError(
            f"{self.name} has no batching rule, so it cannot run under vmap; call it outside vmap, or in a Python "
            f"loop over the batch"
        )

    def batch_diagonal(self, args: Sequence[Any], batched: Sequence[bool], params: Params) -> Any:
        """`batch` where some arguments are `ops.diagonal.Diagonal`s: the result, or None to have them written out."""
        return None

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        """`batch`, for primitives that need the trace itself (its axis name)."""
        return self.batch(trace.size, args, batched, params)

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        """Which results depend on the arguments that are marked, of which there is one at least."""
        return [True] * results

    def series(self, primals: Sequence[Value], given: Sequence[Any], params: Params) -> Any:
        """The recurrence of the coefficients of a power series (`ops.power_series.Rule`); None: that of `jvp`."""
        return None

    series_through: Any = None
    """For what holds Programs: ``(order, primals, coefficients, params)`` to results and their coefficients."""

    # What the linearize trace does; the families shorten these on the eager path.

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        out, tangent = self.jvp(primals, tangents, params)
        if self.multiple_results:
            return [trace.wrap(p, t) for p, t in zip(out, tangent, strict=True)]
        return trace.wrap(out, tangent)

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        """Append this primitive, some of whose `args` are linear tracers, to a linear program."""
        avals = self.abstract(*[aval_of(a) for a in args], **params)
        if self.multiple_results:
            return tape.append_many(self, tuple(args), params, avals)
        return tape.append(self, tuple(args), params, avals.shape, avals.dtype)


LATE: list[
    Callable[[], None]
] = []  # what declares the primitives of files that nobody has asked for yet: one may be unpickled


def _primitive_named(name: str) -> Primitive:
    if name not in Primitive.registry:
        for declare in LATE:
            declare()
    return Primitive.registry[name]


__all__ = [
    "INNERMOST",
    "PENDING",
    "PYTHON_SCALARS",
    "TAKING",
    "TRACED",
    "Aval",
    "LATE",
    "LinearTracer",
    "PrimalTracer",
    "Primitive",
    "Trace",
    "Tracer",
    "Value",
    "ValueTracer",
    "as_array",
    "as_value",
    "aval_of",
    "canonical_dtype",
    "dtype_of",
    "inexact_dtype",
    "is_inexact",
    "is_weak",
    "ndarray",
    "ndim_of",
    "next_level",
    "not_taken",
    "shape_of",
    "taker",
    "type_of",
]
