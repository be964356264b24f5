"""compile.recycle: large results have their memory from our allocator, and nothing else shows of it."""

import gc
import sys
import threading

import numpy as np
import pytest

import wengert as w
from wengert.compile import recycle

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="large results are recycled on Linux only")
N = recycle.LEAST // 8 + 1000


def handler(*a):
    return np._core.multiarray.get_handler_name(*a)


def test_large_results_come_from_us_and_small_ones_do_not():
    f = w.jit(lambda x: (x + 1, x[:10] * 2))
    x = np.arange(float(N))
    large, small = f(x)
    large, small = f(x)  # by the native call
    assert handler(large) == "wengert" and handler(small) == "default_allocator" == handler()
    assert large.flags.owndata and large.base is None and (large == x + 1).all()


def test_blocks_are_used_again_but_never_while_an_array_has_them():
    f = w.jit(lambda x, i: x + i)
    x = np.zeros(N)
    f(x, 0.0)
    places = {f(x, float(i)).ctypes.data for i in range(20)}
    assert len(places) <= 2
    kept = [f(x, float(i)) for i in range(9)]
    assert len({a.ctypes.data for a in kept}) == 9
    for i, a in enumerate(kept):
        assert a[0] == a[-1] == i
    view = kept.pop(3)[100:]
    del kept
    gc.collect()
    again = [f(x, -1.0) for _ in range(6)]
    assert (view == 3).all() and all((a == -1).all() for a in again)


def test_resizing():
    f = w.jit(lambda x: x + 1)
    x = np.zeros(N)
    a = f(x)
    a = f(x)
    a.resize(2 * N, refcheck=False)
    assert (a[:N] == 1).all() and (a[N:] == 0).all()
    a.resize(10, refcheck=False)
    assert (a == 1).all()


def test_several_threads():
    f = w.jit(lambda x, i: x * 0 + i)
    x = np.zeros(N)
    wrong = []

    def run(i):
        wrong.extend((f(x, float(i)) != i).any() for _ in range(5))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(wrong) == 20 and not any(wrong)
