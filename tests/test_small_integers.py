"""Integers of small dtypes, as indices and as options: an axis may be longer than the dtype holds."""

import sys
import types
from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import meaning_numpy as meaning
from coverage_calls import CALLS

X, ROWS = np.arange(300.0), np.arange(600.0).reshape(300, 2)
READ = {
    "take": lambda np, a, i: np.take(a, i, axis=0),
    "take, wrapped": lambda np, a, i: np.take(a, i, axis=0, mode="wrap"),
    "take, clipped": lambda np, a, i: np.take(a, i, axis=0, mode="clip"),
    "index": lambda np, a, i: a[i],
    "take_along_axis": lambda np, a, i: np.take_along_axis(a, i if a.ndim == 1 else i[:, None], 0),
    "unravel_index": lambda np, a, i: np.unravel_index(abs(i), (300, 2))[1],
    "ravel_multi_index": lambda np, a, i: np.ravel_multi_index((abs(i), abs(i)), (300, 300)),
    "ravel_multi_index, wrapped": lambda np, a, i: np.ravel_multi_index((i, i), (7, 300), mode="wrap"),
    "ravel_multi_index, clipped": lambda np, a, i: np.ravel_multi_index((i, i), (7, 300), mode="clip"),
    "roll": lambda np, a, i: np.roll(a, i[2], 0),
}


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint64"])
@pytest.mark.parametrize("name", READ)
def test_indices(name, dtype):
    f = READ[name]
    for a in (X, ROWS):
        for sign in (1, -1) if dtype[0] == "i" else (1,):
            i = (sign * np.array([1, 7, 100])).astype(dtype)
            want = f(np, a, i.astype(int))
            for mode, got in {
                "plain": f(wnp, a, i),
                "jvp": w.jvp(lambda a, i=i: f(wnp, a, i), (a,), (a,))[0],
                "vmap": w.vmap(lambda a, i: f(wnp, a, i))(a[None], i[None])[0],
                "jit": w.jit(lambda a, i: f(wnp, a, i))(a, i),
            }.items():
                np.testing.assert_array_equal(got, want, err_msg=f"{name} of {dtype}, {mode}")
                assert np.asarray(got).dtype == want.dtype


@pytest.mark.parametrize("dtype", ["int8", "uint8", "uint64"])
def test_blocks_and_loops(dtype):
    number = np.asarray(100, dtype)[()]
    blocks = {
        "dynamic_slice": (lambda a, i: lax.dynamic_slice(a, (i,), (250,)), X[50:]),
        "dynamic_index_in_dim": (lambda a, i: lax.dynamic_index_in_dim(a, i, 0, False), 100.0),
        "dynamic_update_slice": (
            lambda a, i: lax.dynamic_update_slice(a, np.zeros(250), (i,)),
            np.concatenate([X[:50], np.zeros(250)]),
        ),
        "insert": (lambda a, i: wnp.insert(a, i, 9.0), np.insert(X, 100, 9.0)),
        "fori_loop": (lambda a, i: lax.fori_loop(i, 300, lambda k, v: v + a[k], 0.0), X[100:].sum()),
    }
    for name, (f, want) in blocks.items():
        for g in (f, w.jit(f), lambda a, i, f=f: w.vmap(f)(a[None], i[None])[0]):
            np.testing.assert_array_equal(g(X, number), want, err_msg=f"{name} of {dtype}")
    slope = w.grad(lambda a: lax.fori_loop(number, 300, lambda k, v: v + a[k], 0.0))(X)
    np.testing.assert_array_equal(slope, np.arange(300) >= 100)


def small(c, dtype):
    """Python's integers among constants as NumPy's of a small dtype."""
    if type(c) is int and -100 <= c <= 100:
        return dtype(c)
    return tuple([small(v, dtype) for v in c]) if type(c) is tuple else c


def with_small_constants(call, dtype):
    """The call with its constants in a small dtype; None if it has no integers."""
    constants = tuple([small(c, dtype) for c in call.__code__.co_consts])
    if call.__closure__ or repr(constants) == repr(call.__code__.co_consts):
        return None
    return types.FunctionType(call.__code__.replace(co_consts=constants), call.__globals__, "call", call.__defaults__)


def calls_with_integers():
    """Calls whose code has integers, of matrices with more elements than an int8 counts."""
    for space, (_, ours, calls) in meaning.SPACES.items():
        for name in sorted(calls):
            for number, call in enumerate(calls[name]):
                for shape in ((20, 20), (150,)):
                    if hasattr(ours, name) and (changed := with_small_constants(call, np.int8)):
                        yield space, name, f"{number} of {shape}", call, changed, (meaning.array("float64", shape),)
    for module, calls in CALLS.items():
        space = module.removeprefix("numpy.")
        for name, (call, arrays) in calls.items():
            ours = meaning.SPACES[space][1]
            if all(isinstance(a, np.ndarray) for a in arrays) and hasattr(ours, name):
                if changed := with_small_constants(call, np.int8):
                    yield space, name, "sample", call, changed, arrays


def test_integer_options():
    """An option is the same number in any dtype."""
    wrong = []
    for i, (space, name, what, call, changed, arrays) in enumerate(calls_with_integers()):
        ours = getattr(meaning.SPACES[space][1], name)
        for mode in ("plain", "jvp", "jit") if i % 60 == 0 else ("plain", "jvp"):
            want = meaning._mode(mode, ours, meaning.Case(space, name, 0, arrays, what, call))
            if want is None or isinstance(want, Exception):
                continue
            text = meaning._differs(
                meaning._mode(mode, ours, meaning.Case(space, name, 0, arrays, what, changed)), want, mode
            )
            own = name == "tile" and mode == "plain"  # np.tile itself overflows
            if text and "has dtype" not in text and not own:  # a number that is computed with has its dtype
                wrong.append(f"{name}#{what}, {mode}: {text}")
    assert i > 200 and not wrong, "\n".join(wrong)


def test_diagonals_of_small_offsets_compiled():
    k, m = np.int8(2), np.arange(400.0).reshape(20, 20)
    np.testing.assert_array_equal(w.jit(lambda a: wnp.diag(a, k))(m), np.diag(m, 2))
    np.testing.assert_array_equal(w.jit(lambda a: wnp.diag(a[0], k))(m), np.diag(m[0], 2))
    np.testing.assert_array_equal(w.jit(lambda a: wnp.trace(a, k))(m), np.trace(m, 2))
    np.testing.assert_array_equal(w.jit(lambda a: wnp.triu(a[0], k))(m), np.triu(m[0], 2))
