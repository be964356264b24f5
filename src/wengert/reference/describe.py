"""`wengert.describe`: what the reference says of a name, in a session; docstring, formula, shapes, dtypes, derivatives."""

from __future__ import annotations

import html
import importlib
import inspect
import re
from typing import Any, NamedTuple

from .descriptions import completed, documentation
from .formulas import derivatives, is_what, source_of
from .observed import NONE, Seen, observe
from .spaces import NAMESPACES, located, names_of, namespace_of


class Description(NamedTuple):
    """What is known of a public name; printed, a page of text.

    Attributes:
        path: where it is found. signature: as it is called. text: the docstring, with every parameter.
        formulas: pairs of an argument and the derivative by it, where the function is elementwise and the formula short.
        source: where its formula can be looked up. seen: what its example showed: shapes, dtypes, derivatives, batch, native.
    """

    path: str
    signature: str
    text: str
    formulas: list[tuple[str, str]]
    source: str | None
    seen: Seen

    def __repr__(self) -> str:
        lines = [f"{self.path}{self.signature}", "", self.text.rstrip(), ""]
        for name, formula in self.formulas:
            lines.append(f"Derivative by {name}: {formula}")
        if self.source:
            lines.append(f"Source: {self.source}")
        seen = self.seen
        if seen.calls:
            lines += ["", "Shapes, in the example:", *(f"    ({given}) -> {result}" for given, result in seen.calls)]
        if seen.dtypes:
            lines += ["", "Dtypes, of its arrays and of the result:"]
            lines += [f"    {given:10} -> {result}" for given, result in seen.dtypes.items()]
        if seen.derivatives:
            lines += ["", "Derivatives, with the example's arguments:"]
            lines += [f"    by {name}: forward {f}, reverse {r}" for name, (f, r) in seen.derivatives.items()]
        if (seen.batch, seen.native) != (NONE, NONE):
            lines += ["", f"Under vmap: {seen.batch}    native code: {seen.native}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"


def docstring(paths: list[str], value: Any) -> list[str]:
    """The lines of a docstring with all parameters described and the formula where the text names a library's function."""
    lines = completed(documentation(value).splitlines(), paths, value)
    what = is_what(value)
    if what and lines and lines[0].startswith("Elementwise ``"):
        lines[1:1] = ["", f"The result is {what}"]
    return lines


def _contents(space: str) -> str:
    """A namespace's purpose, and its names with a sentence each."""
    module = importlib.import_module(space)
    found = {name: documentation(getattr(module, name)).partition("\n")[0] for name in names_of(space)}
    width = max(map(len, found))
    own = [f"    {n:{width}}  {text}" for n, text in found.items() if text]
    return "\n".join([inspect.getdoc(module) or "", "", *own])


def _signature(value: Any) -> str:
    """As it is called, without types, which the text has."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def describe(what: Any) -> Description:
    """What the reference says of a public name: arguments, formula and source, and, seen by running its example, shapes, dtypes,
    derivatives by argument, batches and native code.

    ``help`` shows the docstring alone. In a terminal: ``wengert help numpy.linalg.solve``.

    Args:
        what: a function or class of this library, a function of NumPy or SciPy, or a name such as ``"scipy.special.erf"``; of a
            namespace, its names with a sentence each.

    Raises:
        ArgumentError: there is no such public name; the message has the nearest.

    Example:
        >>> import numpy as np, wengert
        >>> about = wengert.describe(np.tanh)
        >>> about.path, about.formulas
        ('wengert.numpy.tanh', [('x', '1 / cosh(x)**2')])
        >>> about.seen.derivatives, about.seen.native
        ({'x': ('✓', '✓')}, '✓')
    """
    space = namespace_of(what.__name__ if inspect.ismodule(what) else what if isinstance(what, str) else "?")
    if space is not None:
        return Description(space, "", _contents(space), [], None, Seen())
    path, value = located(what)
    function = callable(value) and not isinstance(value, type)
    words = {path.rpartition(".")[0], "wengert", *re.findall(r"\w+", documentation(value))}
    spaces = [space for space in NAMESPACES if space in words or space.rpartition(".")[2] in words]
    return Description(
        path,
        _signature(value),
        "\n".join(docstring([path], value)).replace("\\*", "*"),
        derivatives(value) if function else [],
        source_of(value),
        observe(value, spaces) if function else Seen(),
    )


__all__ = ["Description", "describe", "docstring"]
