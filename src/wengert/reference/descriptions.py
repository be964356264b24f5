"""What the parameters of a public name mean: from its docstring, from the one whose arguments it shares, from the shared words.

`parameters.toml` has the shared words. A docstring's own come first; "arguments as for `f`" in it stands for those of `f`.
"""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHARED: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "parameters.toml").read_text())
_SECTION = re.compile(r"^(Args|Arguments|Attributes):\s*$")
_SAME = re.compile(r"[Aa]rg(?:ument)?s?\b[^.`]*`([\w.]+)`|The same as ``(\w+)\(")


def parameters(value: Any) -> list[str]:
    """The names of its parameters, in order."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return []
    return list(signature.parameters)


def documentation(value: Any) -> str:
    """Its own docstring: neither that of its class or base, nor the one that a namedtuple or dataclass is given.

    Of a constant, which has none, its value.
    """
    if value is None or isinstance(value, float):
        return repr(value)
    text = value.__dict__.get("__doc__") if isinstance(value, type) else inspect.getdoc(value)
    return "" if text is None or text.startswith(f"{getattr(value, '__name__', '')}(") else inspect.cleandoc(text)


def own(text: str, names: list[str]) -> dict[str, str]:
    """What a docstring's sections "Args" and "Attributes" say of some parameters; a line may say it of several."""
    found: dict[str, str] = {}
    inside = False
    section: list[str] = []
    for line in text.splitlines():
        if _SECTION.match(line):
            inside = True
        elif inside and line and not line.startswith(" "):
            inside = False
        elif inside:
            section.append(line.strip())
    words = " ".join(section)
    starts = [
        (m.start(), m.end(), [n.strip().lstrip("*") for n in m[1].split(",")])
        for m in re.finditer(r"(?:^|(?<=[.;?)] ))(\*{0,2}[A-Za-z_]\w*(?:, \*{0,2}[A-Za-z_]\w*)*): ", words)
    ]
    starts = [(a, b, group) for a, b, group in starts if any(n in names for n in group)]
    for (_, begin, group), after in zip(starts, [*starts[1:], (len(words), 0, [])], strict=False):
        for name in group:
            found[name] = words[begin : after[0]].strip()
    return {n: found[n] for n in names if n in found}


def _exact(paths: list[str]) -> Iterator[dict[str, str]]:
    """The tables of the shared words that are about these names alone."""
    for path in paths:
        space, _, name = path.rpartition(".")
        for key, table in SHARED.items():
            where, _, first = key.partition(",")[0].rpartition(".")
            if where == space and name in [first.strip(), *(n.strip() for n in key.split(",")[1:])]:
                yield table


def _around(paths: list[str]) -> Iterator[dict[str, str]]:
    """The tables of the namespaces that names are in, the inner ones first."""
    for path in paths:
        while "." in path:
            path = path.rpartition(".")[0]
            if path in SHARED:
                yield SHARED[path]


def _word(tables: Iterator[dict[str, str]], name: str) -> str | None:
    for table in tables:
        for key, text in table.items():
            if name in [n.strip() for n in key.split(",")]:
                return text
    return None


def _relatives(value: Any, space: str, text: str) -> Iterator[Any]:
    """The functions whose arguments a docstring says that it shares."""
    for named in _SAME.finditer(text.split(">>>")[0]):
        name = named[1] or named[2]
        for home in (space, getattr(value, "__module__", "") or "", "wengert"):
            if name.rpartition(".")[0]:
                home, name = name.rpartition(".")[0], name.rpartition(".")[2]
            try:
                found = getattr(importlib.import_module(home), name, None)
            except ModuleNotFoundError:
                continue
            if found is not None and found is not value:
                yield found
                break


def describe(paths: list[str], value: Any, depth: int = 0) -> dict[str, str]:
    """What each parameter of a public name means, as far as that is said anywhere; `paths` are its names."""
    names, text, space = parameters(value), documentation(value), paths[0].rpartition(".")[0]
    found = own(text, names)
    for name in names:
        words = None if name in found else _word(_exact(paths), name)
        if words:
            found[name] = words
    for other in _relatives(value, space, text) if depth < 3 else ():
        for name, words in describe([f"{space}.{other.__name__}"], other, depth + 1).items():
            if name in names and name not in found:
                found[name] = words
    for name in names:
        words = None if name in found else _word(_around(paths), name)
        if words:
            found[name] = words
    return {n: found[n] for n in names if n in found}


def completed(lines: list[str], paths: list[str], value: Any) -> list[str]:
    """The lines of a docstring with an "Args" section that describes all parameters, in the order of the signature."""
    words = describe(paths, value)
    if not words:
        return lines
    grouped: list[tuple[list[str], str]] = []  # parameters that are described together stand together
    for name, text in words.items():
        if grouped and grouped[-1][1] == text:
            grouped[-1][0].append(_starred(value, name))
        else:
            grouped.append(([_starred(value, name)], text))
    section = ["Args:", *(f"    {', '.join(names)}: {text}" for names, text in grouped), ""]
    kept: list[str] = []
    place, inside = None, False
    attributes = any(_SECTION.match(line) and line.startswith("Attributes") for line in lines)
    for line in lines:
        if _SECTION.match(line) and not line.startswith("Attributes"):
            place, inside = len(kept), True
            continue
        if inside and line and not line.startswith(" "):
            inside = False
        if not inside:
            kept.append(line)
    if place is None:
        if attributes:
            return lines
        heads = [
            i for i, line in enumerate(kept) if re.match(r"^(Returns|Raises|Example|Source|Attributes)\b.*:", line)
        ]
        place = heads[0] if heads else len(kept)
    return [*kept[:place], *([""] if place and kept[place - 1] else []), *section, *kept[place:]]


def _starred(value: Any, name: str) -> str:
    kind = inspect.signature(value).parameters[name].kind
    return {inspect.Parameter.VAR_POSITIONAL: "\\*", inspect.Parameter.VAR_KEYWORD: "\\*\\*"}.get(kind, "") + name


__all__ = ["SHARED", "completed", "describe", "documentation", "own", "parameters"]
