"""Jaxprs as text, as JAX prints them: in one line where that has at most 80 characters, else an equation in each."""

from __future__ import annotations

from typing import Any

from ..avals import ShapedArray

WIDTH = 80
_NONE_SHOWN = {"reduce_sum": ("out_sharding",), "remat2": ("policy",)}  # parameters that JAX shows where they are None
_OF_CALLS = ("name", "jaxpr")  # what is shown of a call of a compiled function


class Names(dict[Any, str]):
    """Names of variables: a, b, …, in the order in which they are met."""

    def __missing__(self, v: Any) -> str:
        n, name = len(set(self.values())), ""
        while True:
            name = chr(97 + n % 26) + name
            n = n // 26 - 1
            if n < 0:
                break
        self[v] = name
        return name


def _type(aval: Any) -> str:
    return aval.str_short(short_dtypes=True) if isinstance(aval, ShapedArray) else str(aval)


def _is_literal(a: Any) -> bool:
    return hasattr(a, "val")


def _atom(a: Any, names: Names) -> str:
    if _is_literal(a):
        return f"{a.val}:{_type(a.aval)}"
    return "_" if repr(a) == "_" else names[a]


def _typed(v: Any, names: Names) -> str:
    return f"{_atom(v, names)}:{_type(v.aval)}"


def _joined(variables: Any, names: Names) -> str:
    return " ".join([_typed(v, names) for v in variables])


def _jaxpr_of(value: Any) -> Any:
    """The jaxpr of a jaxpr, closed or not; None of something else."""
    inner = getattr(value, "jaxpr", value)
    return inner if hasattr(inner, "eqns") and hasattr(inner, "invars") else None


def _parameters(eqn: Any) -> list[tuple[str, Any]]:
    name = eqn.primitive.name
    if name == "jit":
        return [(k, eqn.params[k]) for k in _OF_CALLS if k in eqn.params]
    given = sorted(eqn.params.items())
    if name == "dot_general":
        given = [(k, tuple([tuple(map(list, p)) for p in v]) if k == "dimension_numbers" else v) for k, v in given]
    if name == "broadcast_in_dim":
        given = [(k, v) for k, v in given if k == "broadcast_dimensions" and v]
    shown = _NONE_SHOWN.get(name, ())
    return [(k, v) for k, v in given if v is not None or k in shown]


def _value(value: Any, names: Names, indent: int | None) -> str:
    """A parameter; `indent` is None where it has to stand in one line."""
    jaxpr = _jaxpr_of(value)
    if jaxpr is not None:
        return written(jaxpr, names, indent)
    if isinstance(value, (tuple, list)) and value and all(_jaxpr_of(v) is not None for v in value):
        if indent is None:
            return f"({' '.join([written(_jaxpr_of(v), names, None) for v in value])})"
        rows = "".join([f"\n{' ' * (indent + 2)}{written(_jaxpr_of(v), names, indent + 2)}" for v in value])
        return f"({rows}\n{' ' * indent})"
    return str(getattr(value, "name", value)) if type(value).__module__ == "numpy" else str(value)


def _named_inside(eqn: Any, names: Names) -> None:
    """Arguments and results of a call have the names inside of it that they have outside."""
    inner = _jaxpr_of(eqn.params.get("jaxpr"))
    if eqn.primitive.name != "jit" or inner is None:
        return
    for v, a in zip(inner.invars, eqn.invars, strict=False):
        if not _is_literal(a):
            names[v] = names[a]
    for v, o in zip(inner.outvars, eqn.outvars, strict=False):
        if not _is_literal(v) and v not in names:
            names[v] = names[o]


def equation(eqn: Any, names: Names, indent: int | None) -> str:
    """``results = primitive[parameters] arguments``."""
    left = _joined(eqn.outvars, names)
    _named_inside(eqn, names)
    right = "".join([f" {_atom(a, names)}" for a in eqn.invars])
    given = _parameters(eqn)
    flat = " ".join([f"{k}={_value(v, names, None)}" for k, v in given])
    start = f"{left} = {eqn.primitive.name}" if left else eqn.primitive.name
    line = f"{start}{f'[{flat}]' if given else ''}{right}"
    if indent is None or not given or indent + len(line) <= WIDTH:
        return line
    inside = indent + 2
    rows = "".join([f"\n{' ' * inside}{_row(k, v, names, inside)}" for k, v in given])
    return f"{start}[{rows}\n{' ' * indent}]{right}"


def _row(name: str, value: Any, names: Names, indent: int) -> str:
    flat = f"{name}={_value(value, names, None)}"
    return flat if indent + len(flat) <= WIDTH else f"{name}={_value(value, names, indent)}"


def written(jaxpr: Any, names: Names, indent: int | None) -> str:
    """A jaxpr as text, its lines but the first one indented."""
    first = f"{{ lambda {_joined(jaxpr.constvars, names)}; {_joined(jaxpr.invars, names)}. let"
    flat = "; ".join([equation(e, names, None) for e in jaxpr.eqns])
    outs = ", ".join([_atom(a, names) for a in jaxpr.outvars])
    last = f"in ({outs}{',' if len(jaxpr.outvars) == 1 else ''}) }}"
    line = f"{first} {flat} {last}"
    if indent is None or not jaxpr.eqns or indent + len(line) <= WIDTH:
        return line
    rows = "".join([f"\n{' ' * (indent + 4)}{equation(e, names, indent + 4)}" for e in jaxpr.eqns])
    return f"{first}{rows}\n{' ' * (indent + 2)}{last}"


def printed(jaxpr: Any) -> str:
    """A jaxpr as text."""
    return written(jaxpr, Names(), 0)


__all__ = ["Names", "equation", "printed"]
