"""Every example in a docstring runs, and every public name has a docstring."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import wengert
from wengert.core import Primitive
from wengert.lowering import PRIMITIVES

# Where each public name needs a runnable example too, not only a docstring.
WITH_EXAMPLES = ["wengert", "wengert.errors", "wengert.testing", "wengert.tree", "wengert.tree_util"]
NAMESPACES = [
    *WITH_EXAMPLES,
    "wengert.lax",
    "wengert.nn",
    "wengert.numpy",
    "wengert.numpy.fft",
    "wengert.numpy.linalg",
    "wengert.random",
    "wengert.sharding",
    "wengert.states",
    "wengert.scipy.cluster.vq",
    "wengert.scipy.interpolate",
    "wengert.scipy.ndimage",
    "wengert.scipy.spatial.transform",
    "wengert.scipy.special",
]


class Finder(doctest.DocTestFinder):
    """Finds the functions of a module behind decorators too, whose globals are those of the decorator's module."""

    def _from_module(self, module, obj):
        return super()._from_module(module, obj) or getattr(obj, "__module__", None) == module.__name__


def modules():
    found = [wengert]
    for info in pkgutil.walk_packages(wengert.__path__, "wengert."):
        try:
            found.append(importlib.import_module(info.name))
        except ModuleNotFoundError as error:  # a room that needs an optional library
            assert not (error.name or "wengert").startswith("wengert"), error
    return found


EXAMPLES = [t for m in modules() for t in Finder(exclude_empty=True).find(m, m.__name__) if t.examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda t: t.name)
def test_example(example):
    output = []
    before = [dict(r) for r in (Primitive.registry, PRIMITIVES)]
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=output.append)
    if example.name == "wengert.ops.outside.primitive":  # what it declares is not for the next example
        for registry, old in zip((Primitive.registry, PRIMITIVES), before, strict=True):
            for name in registry.keys() - old.keys():
                del registry[name]
    assert not output, "".join(output)


def members(name):
    """The public functions and classes of a namespace; what is NumPy's or optree's own is left out."""
    space = importlib.import_module(name)
    for member in space.__all__:
        value = getattr(space, member)
        if callable(value) and getattr(value, "__module__", "").startswith("wengert"):
            yield member, value


def documentation(value):
    """Its own docstring: neither that of its class or base, nor the one that a namedtuple or dataclass is given."""
    text = value.__dict__.get("__doc__") if isinstance(value, type) else inspect.getdoc(value)
    return "" if text is None or text.startswith(f"{value.__name__}(") else text


@pytest.mark.parametrize("name", NAMESPACES)
def test_public_names_have_docstrings(name):
    assert [member for member, value in members(name) if not documentation(value)] == []


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_public_names_have_examples(name):
    assert [member for member, value in members(name) if ">>>" not in (documentation(value) or "")] == []


@pytest.mark.parametrize("name", [n for n in NAMESPACES if n != "wengert.errors"])  # its functions serve the library
def test_what_is_defined_there_is_public(name):
    space = importlib.import_module(name)
    defined = {
        n
        for n, value in vars(space).items()
        if not n.startswith("_")
        and not n.endswith("_ipython_extension")
        and inspect.isroutine(value)
        and value.__module__ == name
    }
    assert defined - set(space.__all__) == set()
