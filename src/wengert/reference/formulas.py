"""The derivative of an elementwise function as a formula, written from the rule that its declaration has.

A partial derivative is a Python function of the result and the arguments. It is made a Program, and the Program is written out.
"""

from __future__ import annotations

import functools
import inspect
import operator
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import wengert

from ..ops.families import Elementwise

TABLES: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "formulas.toml").read_text())
LONGEST = 110  # characters of a formula that still helps
_INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "greater": ">", "less": "<"}
_INFIX |= {"greater_equal": ">=", "less_equal": "<=", "equal": "==", "not_equal": "!=", "logical_and": "and"}
_TIGHT = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}
_CONSTANTS = {
    2 / np.sqrt(np.pi): "2 / sqrt(pi)", np.sqrt(np.pi) / 2: "sqrt(pi) / 2", np.sqrt(2 * np.pi): "sqrt(2 * pi)",
    np.log(2): "log(2)", np.log(10): "log(10)", np.sqrt(0.5): "1 / sqrt(2)", 2 * np.pi: "2 * pi",
    np.sqrt(np.pi / 2): "sqrt(pi / 2)", 2 * np.sqrt(2 * np.pi): "2 * sqrt(2 * pi)",
}  # fmt: skip
_NAMES = {"absolute": "abs", "conjugate": "conj", "sigmoid": "expit"}
# Operations of the library's own, in words that everybody has, and how tightly these hold together.
_SHORT = {
    "sech2": ("1 / cosh({0})**2", 2),
    "hypot1": ("sqrt(1 + {0}**2)", 9),
    "over_squares": ("{0} / ({0}**2 + {1}**2)", 2),
    "offset": ("{0} - {1}", 1),
    "rsqrt": ("1 / sqrt({0})", 2),
    "dawsn_slope": ("1 - 2 * {0} * dawsn({0})", 1),
    "i1_slope": ("(i0({0}) + iv(2, {0})) / 2", 2),
    "i1e_slope": ("i0e({0}) - i1e({0}) * (sign({0}) + 1 / {0})", 1),
    "i0e_slope": ("i1e({0}) - sign({0}) * i0e({0})", 1),
}


def primitive_of(f: Callable[..., Any]) -> Elementwise | None:
    """The elementwise primitive that a public function binds, if that is all that it does."""
    inner = [f, *(inspect.getclosurevars(f).nonlocals.values() if inspect.isfunction(f) else ())]
    for part in inner:
        cells = [getattr(part, "__self__", None), *(c.cell_contents for c in getattr(part, "__closure__", None) or ())]
        for value in cells:
            if isinstance(value, Elementwise):
                return value
    return None


def _written(eqn: Any, operands: list[tuple[str, int]]) -> tuple[str, int]:
    """An equation as text, and how tightly it holds together."""
    name = eqn.primitive.name

    def inside(i: int, level: int) -> str:
        text, tight = operands[i]
        return text if tight >= level else f"({text})"

    if name in ("convert", "broadcast_to", "copy"):
        return operands[0]
    if name == "negative":
        return f"-{inside(0, 3)}", 1
    if name == "square":
        return f"{inside(0, 5)}**2", 4
    if name == "integer_power":
        return f"{inside(0, 5)}**{next(iter(eqn.params.values()))}", 4
    if name == "reciprocal":
        return f"1 / {inside(0, 3)}", 2
    if name in _SHORT:
        text, tight = _SHORT[name]
        return text.format(*(inside(i, 5) for i in range(len(operands)))), tight
    if name in _INFIX:
        sign = _INFIX[name]
        level = _TIGHT.get(sign, 0)
        return f"{inside(0, level)} {sign} {inside(1, level + 1)}", level
    if eqn.params and name not in ("where",):
        raise ValueError
    return f"{_NAMES.get(name, name)}({', '.join(text for text, _ in operands)})", 9


def _number(x: Any) -> tuple[str, int]:
    if np.ndim(x):
        raise ValueError
    for value, text in _CONSTANTS.items():
        if np.isclose(np.abs(x), value, rtol=1e-14):
            text = text if np.real(x) >= 0 else f"-{text}"
            return text, 9 if text.startswith(("log", "sqrt")) and " / " not in text.partition(")")[2] else 1
    return f"{complex(x):g}" if np.iscomplexobj(x) else f"{float(x):.12g}", 9 if np.real(x) >= 0 else 1


def _named(f: Any, table: str) -> str | None:
    name = getattr(f, "__name__", "")
    for keys, text in TABLES[table].items():
        if name in [k.strip() for k in keys.split(",")]:
            return text
    return None


def is_what(f: Any) -> str | None:
    """What an elementwise function is, where its docstring names another library's function alone."""
    return _named(f, "is")


def source_of(f: Any) -> str | None:
    """Where its formula can be looked up; None where the docstring has a source itself, or there is nothing to look up."""
    text = inspect.getdoc(f) or ""
    if "Source:" in text or re.search(r"\((?:1[89]|20)\d\d\)|\b(?:19|20)\d\d\b", text.split(">>>")[0]):
        return None
    return _named(f, "source")


def derivatives(f: Callable[..., Any]) -> list[tuple[str, str]]:
    """Pairs of an argument and the formula of the derivative by it; empty where there is none that is short."""
    primitive = primitive_of(f)
    if primitive is None or primitive.partials is None:
        return []
    names = [n for n, p in inspect.signature(f).parameters.items() if p.kind is not p.VAR_KEYWORD]
    found = []
    for name, partial in zip(names, primitive.partials, strict=False):
        if partial is None:
            continue
        if isinstance(partial, int | float):
            found.append((name, f"{partial:g}"))
            continue
        factors = partial if isinstance(partial, tuple) else (partial,)

        def product(*values: Any, factors: Any = factors) -> Any:
            return functools.reduce(operator.mul, [factor(*values) for factor in factors])

        try:
            program = wengert.make_program(product)(*[0.5] * (len(names) + 1))
            known: dict[Any, tuple[str, int]] = {
                id(v): (n, 9) for v, n in zip(program.inputs, ["result", *names], strict=True)
            }
            for eqn in program.equations:
                operands = [known[id(a)] if id(a) in known else _number(a.value) for a in eqn.inputs]
                (out,) = eqn.outputs
                known[id(out)] = _written(eqn, operands)
            (result,) = program.outputs
            text = known[id(result)][0] if id(result) in known else _number(result.value)[0]
        except (ValueError, TypeError, AttributeError, KeyError, wengert.errors.WengertError):
            continue
        if len(text) <= LONGEST:
            found.append((name, text))
    return found


__all__ = ["TABLES", "derivatives", "is_what", "primitive_of", "source_of"]
