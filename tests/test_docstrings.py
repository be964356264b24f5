"""Every example in a docstring runs, and every public name has a docstring."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import wengert
from wengert.core import Primitive
from wengert.lowering import PRIMITIVES

NAMESPACES = [
    "wengert",
    "wengert.debug",
    "wengert.errors",
    "wengert.flatten_util",
    "wengert.image",
    "wengert.initializers",
    "wengert.lax",
    "wengert.nn",
    "wengert.numpy",
    "wengert.numpy.fft",
    "wengert.numpy.linalg",
    "wengert.random",
    "wengert.sharding",
    "wengert.states",
    "wengert.scipy.cluster.vq",
    "wengert.scipy.fft",
    "wengert.scipy.integrate",
    "wengert.scipy.interpolate",
    "wengert.scipy.linalg",
    "wengert.scipy.ndimage",
    "wengert.scipy.optimize",
    "wengert.scipy.signal",
    "wengert.scipy.sparse.linalg",
    "wengert.scipy.spatial",
    "wengert.scipy.spatial.transform",
    "wengert.scipy.special",
    "wengert.scipy.stats",
    "wengert.sparse",
    "wengert.testing",
    "wengert.tree",
    "wengert.tree_util",
]
# Names that have no example yet: a number that may only fall.
WITHOUT_EXAMPLES = 0


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


def run(example):
    """What is wrong with an example."""
    output = []
    before = [dict(r) for r in (Primitive.registry, PRIMITIVES)]
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=output.append)
    for registry, old in zip((Primitive.registry, PRIMITIVES), before, strict=True):
        if example.name == "wengert.ops.outside.primitive":  # what it declares is not for the next example
            for name in registry.keys() - old.keys():
                del registry[name]
    return "".join(output)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda t: t.name)
def test_example(example):
    assert not run(example)


def test_examples_of_functions_that_are_made():
    """Functions of factories and objects, which the finder does not see; with nothing but what they import."""
    parser = doctest.DocTestParser()
    texts = {inspect.cleandoc(t.docstring) for t in EXAMPLES}
    wrong, count = {}, 0
    for space in NAMESPACES:
        for name, value in members(space):
            text = documentation(value)
            if ">>>" in text and inspect.cleandoc(text) not in texts:
                texts.add(inspect.cleandoc(text))
                count += 1
                result = run(parser.get_doctest(text, {}, f"{space}.{name}", None, None))
                if result:
                    wrong[f"{space}.{name}"] = result
    assert not wrong and count > 40


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


def test_public_names_have_examples():
    missing = [
        f"{space}.{name}"
        for space in NAMESPACES
        for name, value in members(space)
        if ">>>" not in (documentation(value) or "")
    ]
    assert len(set(missing)) <= WITHOUT_EXAMPLES, missing


def test_no_example_stands_twice():
    """But where one function has two names."""
    known, twice = {}, []
    for space in NAMESPACES:
        for name, value in members(space):
            lines = [
                line.strip() for line in documentation(value).splitlines() if line.strip().startswith((">>>", "..."))
            ]
            code = "\n".join(line for line in lines if not line.startswith((">>> import", ">>> from")))
            other = known.setdefault(code, value)
            if code and other is not value and getattr(other, "__name__", 0) != getattr(value, "__name__", 1):
                twice.append((f"{space}.{name}", code))
    assert not twice


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
