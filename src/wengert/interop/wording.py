"""What JAX says where the library refuses: code written for JAX reads messages, and matches them by regular expressions.

An error keeps its class and what the library says of it; JAX's sentence stands before that (`sayings`). Errors that the alias
raises itself have JAX's words from the start.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, ConcretizationError, LeakedTracerError, ShapeError, WengertError
from . import refusals
from .primitive_names import NAMES
from .sayings import SAYINGS

REFUSED = (
    WengertError,
    TypeError,
    ValueError,
    IndexError,
    FloatingPointError,
)  # what the library and NumPy raise for arguments

# JAX's primitives, and what they take, for the ufuncs of NumPy's that compute them.
_TAKEN = {
    "bitwise_and": ("and", "integer, bool"), "bitwise_or": ("or", "integer, bool"), "bitwise_xor": ("xor", "integer, bool"),
    "invert": ("not", "integer, bool"), "left_shift": ("shift_left", "integer"), "bitwise_count": ("population_count", "integer"),
    "right_shift": ("shift_right_arithmetic", "integer"), "remainder": ("rem", "integer, floating"),
    "fmod": ("rem", "integer, floating"), "nextafter": ("nextafter", "floating"), "floor": ("floor", "floating"),
    "ceil": ("ceil", "floating"), "arctan2": ("atan2", "floating, complexfloating"), "sign": ("sign", "integer, floating, complexfloating"),
    "logaddexp": ("exp", "floating, complexfloating"), "cbrt": ("cbrt", "floating"), "rint": ("round", "floating"),
}  # fmt: skip
_NO_COMPLEX = {
    "floor_divide": "floor_divide does not support complex-valued inputs",
    "signbit": "copysign does not support complex-valued inputs",
    "hypot": "jnp.hypot is not well defined for complex-valued inputs. Please convert to real values first, such as by using abs(x)",
    "gcd": "Arguments to jax.numpy.gcd must be integers.",
    "lcm": "Arguments to jax.numpy.lcm must be integers.",
}
_UFUNC = re.compile(r"ufunc '(?P<f>\w+)' not supported for the input types")
_BOOLEAN = re.compile(r"[Nn]umpy boolean (?P<f>subtract|negative)|The numpy boolean (?P<g>negative)")


# Errors that are ValueErrors in JAX, by the beginning of its sentence, where the library's are TypeErrors.
_VALUE_ERRORS = (
    "Pure callbacks do not",
    "IO callbacks do not",
    "Custom VJP bwd rule must produce an output with the same type",
)


_OUT_OF_BOUNDS = re.compile(r"(\w+: )?axis -?\d+ is out of bounds")


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern, re.DOTALL), sentence) for pattern, sentence in SAYINGS]


@functools.cache
def _as_well(kind: type[Exception], other: type[Exception]) -> type[Exception]:
    """A class of errors that are of another kind as well."""
    bases: Any = (kind, other)
    return type(kind.__name__, bases, {"__doc__": kind.__doc__, "__module__": kind.__module__})


def _of_ufunc(text: str, dtypes: tuple[Any, ...]) -> str | None:
    """JAX's sentence for a ufunc that does not take its operands."""
    boolean = _BOOLEAN.search(text)
    if boolean is not None:
        of_two = boolean["f"] == "subtract"
        at = " at position 0" if of_two else ""
        return (
            f"{'sub' if of_two else 'neg'} does not accept dtype bool{at}. Accepted dtypes{at} are subtypes of integer, "
            f"floating, complexfloating."
        )
    found = _UFUNC.match(text)
    if found is None:
        return None
    name = found["f"]
    if name in _NO_COMPLEX:
        return _NO_COMPLEX[name]
    if name not in _TAKEN:
        return None
    primitive, taken = _TAKEN[name]
    at = " at position 0" if len(dtypes) > 1 else ""
    dtype = f" {np.dtype(dtypes[0]).name}" if dtypes else ""
    return f"{primitive} does not accept dtype{dtype}{at}. Accepted dtypes{at} are subtypes of {taken}."


# NumPy's ufuncs of operators.
_UFUNCS = {
    "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide", "mod": "remainder",
    "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "left_shift", "rshift": "right_shift",
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip


def _derived(groups: dict[str, str], function: str) -> dict[str, Any]:
    """What sentences say beside the groups: numbers that follow from them, and the name of the function."""
    out: dict[str, Any] = {k: v or "" for k, v in groups.items()}
    out["ufunc"] = _UFUNCS.get(function, function) or "an operation"
    out["function"] = {"maximum": "max", "minimum": "min", "amax": "max", "amin": "min"}.get(function, function)
    if "n" in out and out["n"].lstrip("-").isdigit() and "given" in out:
        out["needed"] = int(out["n"]) + 1 if int(out["n"]) >= 0 else -int(out["n"])
    elif "given" in out:
        out["needed"] = max([int(d) + 1 for d in re.findall(r"\d+", out["n"])], default=1)
    if "axis" in out:
        axis = int(out["axis"])
        out["rank"] = axis + 1 if axis >= 0 else -axis
        out["ndim"] = len(re.findall(r"\d+", out["shape"]))
    if "s" in out:
        out["ndim_of_s"] = len(re.findall(r"\d+", out["s"]))
        out["ndim_below_batch"] = out["ndim_of_s"] + 1
    if "k" in out:
        out["rest_of_n"] = int(out["n"]) % int(out["k"])
    if "ps" in out:
        out["component"] = f"component c{out['at']}" if out["at"] else "c"
        kinds = [
            word for word, same in (("dtypes", out["p"] == out["q"]), ("shapes", out["ps"] == out["qs"])) if not same
        ]
        out["differ"] = " and ".join(kinds)
    if "shapes" in out:
        out["broadcasting"] = _broadcasting(out.get("operation", function), out["shapes"])
    if "want" in out and "p" in out:
        out["kind"] = _difference(out["want"] or out["p"], out["got"] or out["q"])
        out["at"] = out["at"] or "tree_map tree"
    return out


def _broadcasting(operation: str, shapes: str) -> str:
    """What JAX says of shapes that do not meet: it names the primitive, or lists them for functions that only bring them together."""
    found = re.findall(r"\((.*?)\)", shapes)
    listing = ", ".join(str(tuple(map(int, re.findall(r"\d+", lengths)))) for lengths in found)
    if operation in ("where", "broadcast_arrays", "broadcast_shapes"):
        return f"Incompatible shapes for broadcasting: shapes=[{listing}]"
    primitive = _TAKEN[operation][0] if operation in _TAKEN else NAMES.get(operation, operation)
    return f"{primitive} got incompatible shapes for broadcasting: {listing}."


def _difference(one: str, other: str) -> str:
    """How two nodes of trees differ, in JAX's words."""
    kinds = [re.sub(r"^an? ", "", text).split(" ")[0] for text in (one, other)]
    if kinds[0] != kinds[1]:
        return "types"
    return "pytree metadata" if kinds[0] == "dict" else f"lengths of {kinds[0]}"


_SHAPED = frozenset("zeros ones full empty eye identity tri reshape broadcast_to tile".split())


def _unknown(text: str, sentence: str | None, function: str) -> str:
    """What JAX says where a value is not known: of shapes, and of other arguments."""
    if text.startswith("an index or a range needs the value") and function in _SHAPED:
        return (
            "Shapes must be 1D sequences of concrete values of integer type, got a traced one.\nIf using `jit`, try using "
            "`static_argnums` or applying `jit` to smaller subfunctions."
        )
    sentence = sentence or f"It arose in an argument of {function or 'a function'} that must be known statically."
    return f"Abstract tracer value encountered where concrete value is expected: traced array\n{sentence}"


def in_jax_words(error: Exception, function: str = "", dtypes: tuple[Any, ...] = ()) -> Exception:
    """The same error with JAX's sentence before the library's own, where there is one.

    Args:
        error: of the library's or of NumPy's.
        function: the name of the function of JAX's that was called.
        dtypes: those of its operands, where they met.
    """
    if getattr(error, "in_jax_words", False) or not error.args or type(error.args[0]) is not str:
        return error
    text: str = error.args[0]
    plain = getattr(error, "message", text)
    sentence = _of_ufunc(plain, dtypes)
    if sentence is None:
        for pattern, saying in _patterns():
            found = pattern.match(plain)
            if found is not None:
                sentence = saying.format(**_derived(found.groupdict(), function))
                break
    if type(error) is LeakedTracerError:
        error.__class__ = refusals.UnexpectedTracerError
        sentence = (
            "Encountered an unexpected tracer. A function transformed by JAX had a side effect, allowing for a reference to an "
            "intermediate value to escape the scope of the transformation."
        )
    elif type(error) is ConcretizationError:
        error.__class__ = refusals.ConcretizationTypeError
        sentence = _unknown(plain, sentence, function)
    if type(error) in (ArgumentError, ShapeError) and _OUT_OF_BOUNDS.match(sentence or plain):
        error.__class__ = _as_well(type(error), IndexError)  # type: ignore[assignment]
    if sentence is not None:
        if sentence.startswith(_VALUE_ERRORS) and not isinstance(error, ValueError):
            error.__class__ = _as_well(type(error), ValueError)  # type: ignore[assignment]
        error.args = (f"{sentence}\n{text}", *error.args[1:])
    with contextlib.suppress(AttributeError):
        error.in_jax_words = True  # type: ignore[attr-defined]
    return error


def worded(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose errors say what JAX says."""

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            return f(*args, **kwargs)
        except REFUSED as error:
            raise in_jax_words(error, f.__name__)  # noqa: B904 (the same error)

    return function


__all__ = ["REFUSED", "in_jax_words", "worded"]
