"""What a person sees of an error in their own function under transformations: their lines, not ours."""

import os
import re
import subprocess
import sys
import traceback

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.compile.control import elements

X = np.ones((2, 3))


def divides(x):
    return x * (1 // 0)


def mismatched(x):
    return wnp.sum(wnp.ones((3, 4)) @ x)


def chained(x):
    try:
        return {}["key"]
    except KeyError as error:
        raise RuntimeError("nothing of that name") from error


def in_context(x):
    try:
        return {}["key"]
    except KeyError:
        raise RuntimeError("nothing of that name")  # noqa: B904


def row(f):
    return lambda: f(X[0])


WAYS = {
    "nested": lambda f: lambda: w.grad(lambda x: wnp.sum(w.vmap(w.jit(f))(x)))(X),
    "grad": lambda f: row(w.grad(f)),
    "jit": lambda f: row(w.jit(f)),
    "vmap": lambda f: lambda: w.vmap(f)(X),
    "jvp": lambda f: lambda: w.jvp(f, (X[0],), (X[0],)),
    "vjp": lambda f: lambda: w.vjp(f, X[0]),
    "linearize": lambda f: lambda: w.linearize(f, X[0]),
    "jacfwd": lambda f: row(w.jacfwd(f)),
    "jacrev": lambda f: row(w.jacrev(f)),
    "hessian": lambda f: row(w.hessian(f)),
    "hvp": lambda f: lambda: w.hvp(f, (X[0],), (X[0],)),
    "checkpoint": lambda f: row(w.grad(w.checkpoint(f))),
    "make_program": lambda f: row(w.make_program(f)),
    "eval_shape": lambda f: lambda: w.eval_shape(f, X[0]),
    "closure_convert": lambda f: lambda: w.closure_convert(f, X[0]),
    "custom_jvp": lambda f: row(w.grad(custom(f))),
}


def custom(f):
    g = w.custom_jvp(f)
    g.defjvp(lambda primals, tangents: (g(*primals), f(*tangents)))
    return g


def caught(call):
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("f, kind", [(divides, ZeroDivisionError), (mismatched, ValueError)])
def test_the_users_lines_only(way, f, kind):
    error = caught(WAYS[way](f))
    assert isinstance(error, kind)
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename != __file__]
    assert len(ours) <= 1, frames  # the one that raises, which Python adds
    assert all("raise shown" in (frame.line or "") for frame in ours), ours
    assert frames[-1].name == f.__name__


@pytest.mark.parametrize("f, text", [(chained, "direct cause"), (in_context, "During handling")])
def test_the_users_chain_is_kept(f, text):
    error = caught(WAYS["nested"](f))
    printed = "".join(traceback.format_exception(error))
    assert text in printed and "KeyError: 'key'" in printed


def test_an_error_from_inside_says_that_frames_are_left_out():
    error = caught(lambda: w.grad(w.grad(lambda x: x[0, 0]))(X[0]))
    assert type(error) is IndexError
    assert "".join(traceback.format_exception(error)).count("WENGERT_FULL_TRACEBACK=1") == 1


@pytest.mark.parametrize("full", ["", "1"])
def test_an_assertion_without_words_says_where_it_stands(monkeypatch, full):
    monkeypatch.setenv("WENGERT_FULL_TRACEBACK", full)
    monkeypatch.setattr(elements, "ordered", lambda *args: None)
    error = caught(lambda: w.jit(lambda x: w.lax.fori_loop(0, 3, lambda i, c: wnp.sin(c) * 0.5 + 0.123, x))(0.25))
    assert type(error) is AssertionError and re.match(r"elements\.py:\d+: .*report it", str(error))


@pytest.mark.parametrize("f, x", [(lambda x: x, 10**30), (lambda x: 10**30, 1), (lambda x: x + 10**30, 1)])
def test_an_integer_beyond_64_bits_is_refused_in_words(f, x):
    error = caught(lambda: w.jit(f)(x))
    assert type(error) is OverflowError and "64 bits; write it as a float" in str(error)


def test_all_frames_on_request(monkeypatch):
    monkeypatch.setenv("WENGERT_FULL_TRACEBACK", "1")
    error = caught(WAYS["nested"](divides))
    names = [os.path.basename(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    assert {"gradient.py", "batching.py", "jitted.py"} <= set(names)


IN_IPYTHON = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="NoColor")
shell.run_cell("import wengert as w, wengert.numpy as wnp, numpy as np")
shell.run_cell("def divides(x):\\n    return x * (1 // 0)")
shell.run_cell("w.hessian(lambda x: wnp.sum(w.vmap(w.jit(divides))(x)))(np.ones((2, 3)))")
"""


def test_in_ipython():
    pytest.importorskip("IPython")
    command = [sys.executable, "-W", "ignore", "-c", IN_IPYTHON]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "ZeroDivisionError" in out and "return x * (1 // 0)" in out
    assert "skipping hidden" in out
    assert f"{os.sep}wengert{os.sep}" not in out


def test_instructions_on_no_line():
    """An exception that another thread sends may come at one: its traceback has no line there."""
    import types

    from wengert.tracebacks import without_library_frames

    def f():
        raise ValueError("mine")

    nowhere = types.FunctionType(f.__code__.replace(co_linetable=b""), {})
    try:
        nowhere()
    except ValueError as error:
        caught = error
    tb = caught.__traceback__
    while tb.tb_next is not None:
        tb = tb.tb_next
    assert tb.tb_lineno is None
    assert without_library_frames(caught) is caught
