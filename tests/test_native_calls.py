"""The native call of functions with static arguments, of many kinds of arguments, of keywords: found, and the right one."""

import gc
import weakref

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.compile.entry import callable_natively
from wengert.errors import ArgumentError
from wengert.transforms import native_calls

needs_native = pytest.mark.skipif(not callable_natively(), reason="calls are made from Python here")
X = np.arange(4.0)


class Counted:
    """How often a compiled function goes the general way."""

    def __init__(self, f, monkeypatch):
        self.n = 0
        call = type(f)._call

        def counted(this, args, kwargs):
            self.n += this is f
            return call(this, args, kwargs)

        monkeypatch.setattr(type(f), "_call", counted)


@needs_native
def test_static_arguments_take_the_native_call(monkeypatch):
    f = w.jit(lambda n, x, *, how="add": x * n if how == "times" else x + n, static_argnums=0, static_argnames="how")
    calls = Counted(f, monkeypatch)
    given = [(2, "add"), (3, "add"), (2, "times"), (2.0, "times"), (True, "add"), (1, "add"), (1000, "times")]
    for k in range(4):
        for n, how in given:
            want = X * n if how == "times" else X + n
            np.testing.assert_array_equal(f(n, X, how=how), want)
            np.testing.assert_array_equal(f(n, x=X, how=how), want)
            np.testing.assert_array_equal(f(how=how, x=X, n=n), want)
        if k == 0:
            first = calls.n
    assert calls.n == first


def test_equal_static_arguments_of_different_types_are_told_apart():
    f = w.jit(lambda x, n: x * 0 + (10 if type(n) is bool else 20 if type(n) is int else 30), static_argnums=1)
    for _ in range(3):
        assert [float(f(1.0, n)) for n in (True, 1, 1.0)] == [10, 20, 30]


def test_two_forms_of_one_function_share_no_native_call():
    """Which argument is static is part of what calls are known by."""

    def f(x, n=5.0):
        return x * 10 + n

    plain, second, first = w.jit(f), w.jit(f, static_argnums=1), w.jit(f, static_argnums=0)
    for _ in range(3):
        assert float(plain(3.0)) == 35
        assert float(second(3.0, 2.0)) == 32
        assert float(first(3.0, 2.0)) == 32
        assert float(first(2.0, 3.0)) == 23
        assert float(second(3.0)) == 35
        assert float(plain(2.0, 3.0)) == 23
        assert float(second(2.0, 3.0)) == 23


def test_static_arguments_that_cannot_be_keys():
    f = w.jit(lambda x, n: x, static_argnums=1)
    f(X, 1)
    for _ in range(2):
        with pytest.raises(ArgumentError, match="must be hashable"):
            f(X, [1])


@needs_native
def test_many_kinds_of_arguments_stay_native(monkeypatch):
    f = w.jit(lambda x, y: {"sum": wnp.sum(x["a"]) + y})
    kinds = [({"a": np.ones(n, d)}, y) for n in range(1, 50) for d in ("f4", "f8") for y in (1.0, np.float32(2))]
    kinds = kinds[:190]
    for x, y in kinds:
        f(x, y)
    calls = Counted(f, monkeypatch)
    for _ in range(2):
        for x, y in kinds:
            assert float(f(x, y)["sum"]) == x["a"].size + float(y)
    assert calls.n == 0


@needs_native
def test_ways_through_python_control_flow_are_found_beyond_those_tried_first(monkeypatch):
    f = w.jit(lambda x: x + 1 if x > 10 else x - 1 if x > 5 else x * 2 if x > 0 else -x if x > -5 else x)
    values = [20.0, 7.0, 3.0, -2.0, -9.0]
    want = [21.0, 6.0, 6.0, 2.0, -9.0]
    assert [float(f(x)) for x in values] == want
    calls = Counted(f, monkeypatch)
    for _ in range(3):
        assert [float(f(x)) for x in values] == want
    assert calls.n == 0


def test_what_is_known_is_bounded():
    """Static arguments and kinds that came first are forgotten; nothing holds on to them."""

    class Key:
        pass

    f = w.jit(lambda k, x: x + 1, static_argnums=0)
    keys = [Key() for _ in range(3)]
    for k in keys:
        f(k, 1.0)
    gone = weakref.ref(keys[0])
    f.clear_cache()
    del keys, k
    gc.collect()
    assert gone() is None
    many = native_calls.Natives()
    for n in range(2 * native_calls.KINDS):
        many.prefer(((np.empty(n),), {}), (None, object(), True))
    assert len(many.more) == native_calls.KINDS
    assert len(many) == native_calls.TRIED
    assert many.known(((np.empty(n),), {}))
    assert not many.known(((np.empty(1),), {}))
    fixed = native_calls.Fixed((0,), (), 2, ())
    for n in range(2 * native_calls.KINDS):
        fixed.natives(fixed.apart((n, 1.0), {})[0])
    assert len(fixed.known) == native_calls.KINDS


def test_negative_numbers_of_arguments():
    f = w.jit(lambda *args: args[0] * args[-1], static_argnums=-1)
    for _ in range(3):
        assert float(f(3.0, 4)) == 12
        assert float(f(3.0, 5.0, 6)) == 18


def test_static_zeros_of_other_signs_and_equal_numbers_in_tuples_are_told_apart():
    def copied(x, k):
        return np.copysign(x, k[0] if isinstance(k, tuple) else k.imag if isinstance(k, complex) else k)

    for f in (w.jit(copied, static_argnums=1), w.jit(copied, static_argnames="k")):
        for _ in range(3):
            for k in (
                0.0,
                -0.0,
                np.float32(0),
                np.float32(-0.0),
                (0.0, 1),
                (-0.0, 1),
                1j * 0.0,
                complex(0.0, -0.0),
                -2.0,
            ):
                np.testing.assert_array_equal(
                    f(np.ones(2), k=k) if f.static_argnames else f(np.ones(2), k), copied(np.ones(2), k)
                )

    shift = w.jit(lambda n, k, m: n * k[0] + len(m), static_argnums=(1, 2))
    for _ in range(3):
        for k in ((1, 2), (1.0, 2), (True, 2), ((1), 2)):
            for m in (frozenset([1]), frozenset([1.0])):
                got, wanted = shift(np.arange(2), k, m), np.arange(2) * k[0] + 1
                assert got.dtype == wanted.dtype
                np.testing.assert_array_equal(got, wanted)
