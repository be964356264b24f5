"""Texts: what a module of compiled code is put together from, and how it is divided.

The functions that steps have written, by their text, so that equal ones are one; functions that these call; declarations;
constants. It can be had as one module, or in parts, each a module of its own, which are compiled side by side and linked
together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..program import Literal
from .emitter import QUICK
from .sidebyside import Part

_NAMES = re.compile(r"(?: noalias)? %[\w.]+(?=[,)])")  # of parameters
PART = 4_000  # characters of a part's text, at least
SHORT = 1_000  # characters of `main`, with which it is not worth a module of its own


class Texts:
    """Functions, declarations and constants, by name or text.

    Attributes:
        main: the text of `main`, which is written last.
    """

    def __init__(self, vector_bytes: int) -> None:
        self.vector_bytes = vector_bytes
        self.functions: dict[str, str] = {}
        self.internal: dict[str, str] = {}
        self.declarations: dict[str, str] = {}
        self.globals: dict[str, str] = {}
        self.main = ""

    def take(self, emitter: Any) -> None:
        self.declarations.update(emitter.declarations)
        self.helpers(emitter.functions)

    def helpers(self, functions: dict[str, str]) -> None:
        """Functions that nests call, which are one wherever they have one name."""
        for name, text in functions.items():
            if self.internal.setdefault(name, text) != text:
                raise AssertionError(f"two functions of the compiled code are named {name}")

    def function(self, text: str, prefix: str) -> str:
        """The name of a function of the module with this text, in which its name is left as ``@NAME``."""
        return self.functions.setdefault(text, f"{prefix}{len(self.functions)}")

    def declare(self, name: str, declaration: str) -> None:
        self.declarations.setdefault(name, declaration)

    def shared_constant(self, name: str, value: str) -> str:
        """A constant in memory by its name."""
        self.globals.setdefault(name, f"{name} = private constant {value}")
        return name

    def constant(self, a: Literal) -> str:
        """The address of a literal that is kept with the code."""
        data = np.ascontiguousarray(a.value, a.aval.dtype).tobytes()
        text = "".join(f"\\{b:02X}" for b in data)
        for name, known in self.globals.items():
            if known.endswith(f' c"{text}", align 64'):
                return name
        name = f"@literal{len(self.globals)}"
        self.globals[name] = f'{name} = private constant [{len(data)} x i8] c"{text}", align 64'
        return name

    def parts(self, threads: int) -> list[Part]:
        """The module as several that are compiled on so many threads: one of what runs rarely, the others alike long."""
        functions = [text.replace("@NAME", f"@{name}", 1) for text, name in self.functions.items()]
        functions += self.internal.values()
        glue = [self.main, *[f for f in functions if QUICK in f]]
        hot = [f for f in functions if QUICK not in f]
        count = max(min(threads, sum(map(len, hot)) // PART, len(hot)), 1)
        if count == 1 and len(glue) == 1 and len(self.main) < SHORT:
            return [(self._module([*hot, self.main], []), False)]
        parts: list[list[str]] = [[] for _ in range(count)]
        sizes = [0] * count
        for f in sorted(hot, key=len, reverse=True):  # the largest first, each where there is least
            smallest = sizes.index(min(sizes))
            parts[smallest].append(f)
            sizes[smallest] += len(f)
        shared = [_shared(part) for part in [*parts, glue] if part]
        return [
            (self._module(part, [f for other in shared if other is not part for f in other]), i == len(shared) - 1)
            for i, part in enumerate(shared)
        ]

    def _module(self, functions: Sequence[str], others: Sequence[str]) -> str:
        """The text of a module with some functions, which may call others."""
        bits = self.vector_bytes * 8
        # One width for all: it says in which registers vectors are passed from one function to another.
        width = f'"prefer-vector-width"="{bits}" "min-legal-vector-width"="{bits}"'
        attributes = f"attributes #0 = {{ nounwind {width} }}\nattributes #1 = {{ noinline cold nounwind {width} }}\n"
        body = "\n".join(functions)
        head = [text for name, text in self.globals.items() if name in body]
        return "\n".join([*head, *self.declarations.values(), *map(_declaration, others), body, attributes])

    @property
    def text(self) -> str:
        """All of it as one module."""
        functions = [text.replace("@NAME", f"@{name}", 1) for text, name in self.functions.items()]
        return self._module([*self.internal.values(), *functions, self.main], [])


def _shared(functions: Sequence[str]) -> list[str]:
    """Functions that other modules may call."""
    return [f.replace("define internal ", "define ", 1) for f in functions]


def _declaration(function: str) -> str:
    """The declaration of a function by its definition."""
    head = function[: function.index("{")].replace("define ", "declare ", 1)
    return _NAMES.sub("", head)


__all__ = ["Texts"]
