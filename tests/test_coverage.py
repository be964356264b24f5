"""docs/coverage.md is what `tools/coverage.py` finds, and signatures are NumPy's."""

import importlib.util
import inspect
import sys
from pathlib import Path

import numpy as np
import pytest

import wengert.numpy as wnp

TOOLS = Path(__file__).resolve().parents[1] / "tools"


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("coverage_tool", TOOLS / "coverage.py")
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


def test_every_function_is_called_or_has_a_reason(coverage):
    for space, module, ours in coverage.NAMESPACES:
        names = set(coverage.functions(module)) - {"test"} - set(coverage.MISSING)
        assert names == set(coverage.CALLS[space])
        assert [n for n in names if not hasattr(ours, n) or n not in ours.__all__] == []
    assert len(coverage.MISSING) < 0.05 * sum(len(coverage.CALLS[s]) for s in coverage.CALLS)


def test_the_page_is_current(coverage):
    page = coverage.PAGE.read_text()
    version = ".".join(np.__version__.split(".")[:2])
    if f"of NumPy {version} " not in page:
        pytest.skip(f"the page is about another NumPy than {version}")
    assert coverage.page() == page, "write it again: .venv/bin/python tools/coverage.py"


def test_a_wrong_derivative_is_found(coverage):
    wrong = wnp.floor
    with pytest.raises(AssertionError, match="tangents"):
        coverage._derivatives(wrong, np.sin, coverage.CALLS["numpy"]["sin"])
    with pytest.raises(AssertionError, match="NumPy"):
        coverage._value(wnp.cos, np.sin, coverage.CALLS["numpy"]["sin"])


# Parameters of NumPy's that are about other libraries' arrays, subclasses, or C's ways of computing.
LEFT_OUT = {"like", "device", "subok", "kwargs", "ndmax"}
# Where a name is another one; the position is the same.
RENAMED = {
    "arange": {"start_or_stop"},
    "broadcast_shapes": {"args"},
    "real": {"val"},
    "imag": {"val"},
    "einsum": {"out"},
}


def _signatures():
    for module, ours in ((np, wnp), (np.linalg, wnp.linalg), (np.fft, wnp.fft)):
        for name in ours.__all__:
            theirs = getattr(module, name, None)
            if callable(theirs) and not isinstance(theirs, (type, np.ufunc)):
                yield pytest.param(name, theirs, getattr(ours, name), id=f"{module.__name__}.{name}")


@pytest.mark.parametrize("name, theirs, ours", list(_signatures()))
def test_signature(name, theirs, ours):
    try:
        want = inspect.signature(theirs).parameters
    except ValueError:
        pytest.skip("NumPy says nothing of its signature")
    have = inspect.signature(ours).parameters
    positional = [p.name for p in want.values() if p.kind is p.POSITIONAL_ONLY]
    missing = [n for n in want if n not in have and n not in LEFT_OUT | RENAMED.get(name, set()) | set(positional)]
    assert missing == []
    places = [[n for n, p in s.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)] for s in (want, have)]
    assert len(places[1]) >= len(places[0])
    for theirs_name, our_name in zip(*places, strict=False):
        assert theirs_name in (our_name, *positional) or theirs_name in RENAMED.get(name, ())
