"""Nests that come apart at borders: the values are NumPy's, and what is inside has no masks."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.compile.choices import chosen

A = np.random.default_rng(0).normal(size=(120, 150))
X = A.reshape(-1)


def stencil(np_, u):
    return np_.roll(u, 1, 0) + np_.roll(u, -1, 0) + np_.roll(u, 1, 1) + np_.roll(u, -1, 1) - 4 * u


def far(np_, x):
    return sum(np_.roll(x, k) * (k + 1) for k in (1, 2, 3, -1, -2, 7))


def halves(np_, x):
    return np_.concatenate([x[9000:], x[:9000]]) * 2 - x


def three(np_, x):
    return np_.concatenate([x[:5000], x[8000:13000], -x[10000:]]) + np_.concatenate([x[10000:], x[:10000]])


def padded(np_, x):
    return np_.pad(x, ((2, 3), (1, 0)))[:-5, 1:] * x + np_.pad(x[1:], ((0, 1), (0, 0)))


@pytest.mark.parametrize(
    ("f", "x"), [(stencil, A), (far, X), (halves, X), (three, X), (padded, A)], ids=lambda v: getattr(v, "__name__", "")
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.complex128])
def test_values_are_those_of_numpy(f, x, dtype):
    x = x.astype(dtype)
    wanted = f(np, x)
    found = w.jit(lambda x: f(wnp, x))(x)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)
    if dtype is np.float64:
        c = np.random.default_rng(1).normal(size=x.shape)
        g = w.jit(w.grad(lambda x: wnp.sum(f(wnp, x) ** 2 * c)))(x)
        with w.config.override(backend="interpreter"):
            np.testing.assert_allclose(g, w.jit(w.grad(lambda x: wnp.sum(f(wnp, x) ** 2 * c)))(x), rtol=1e-12)


@pytest.mark.parametrize("shape", [(1, 7), (7, 1), (2, 2), (3, 5, 4), (33,)])
def test_small_arrays_come_apart_alike(shape):
    x = np.random.default_rng(0).normal(size=shape)

    def f(np_, x):
        y = x
        for axis in range(x.ndim):
            y = y + np_.roll(x, 1, axis) * np_.roll(y, -2, axis)
        return y

    for along, parts in ((1, 2), (1, 9), (4, 4)):
        with chosen(borders__LEAST=1, borders__ALONG=along, borders__PARTS=parts, borders__SHARE=1000):
            np.testing.assert_allclose(w.jit(lambda x: f(wnp, x))(x), f(np, x), rtol=1e-14)
            g = w.jit(w.grad(lambda x: wnp.sum(f(wnp, x) ** 2)))(x)
        np.testing.assert_allclose(g, w.grad(lambda x: wnp.sum(f(wnp, x) ** 2))(x), rtol=1e-12)


def test_what_is_inside_has_no_masks_and_nothing_is_copied_before():
    for text in (
        w.jit(lambda u: stencil(wnp, u)).lower(A).loops(),
        w.jit(w.grad(lambda u: wnp.sum(stencil(wnp, u) * u))).lower(A).loops(),
        w.jit(w.grad(lambda x: wnp.sum((x[1:] - x[:-1]) ** 2))).lower(X).loops(),
    ):
        nests = re.split(r"^kernel", text, flags=re.MULTILINE)[1:]
        sizes = {n: int(np.prod(eval(re.search(r"over (\[[\d, ]*\])", n)[1]))) for n in nests}  # noqa: S307
        large = [n for n, size in sizes.items() if size > 1000]
        assert large and not [n for n in large if " if " in n]
        assert sum(sizes.values()) < 3 * A.size


def test_arrays_that_may_be_overwritten_are_read_first():
    f = w.jit(lambda x: wnp.roll(x, 1) + x, donate_argnums=0)
    np.testing.assert_array_equal(f(X.copy()), np.roll(X, 1) + X)
    g = w.jit(lambda x: w.lax.fori_loop(0, 5, lambda i, x: 0.5 * (wnp.roll(x, 1) + wnp.roll(x, -1)), x))
    wanted = X
    for _ in range(5):
        wanted = 0.5 * (np.roll(wanted, 1) + np.roll(wanted, -1))
    np.testing.assert_array_equal(g(X), wanted)


FAR = """
import ctypes, sys
import numpy as np, wengert as w, wengert.numpy as wnp
w.config.disk_cache = False
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_size_t]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
w.jit(lambda x: x * 2)(np.ones(4))
taken = lambda size: libc.mmap(None, size, 0, 0x4022, -1, 0)
low = taken(3 << 30)
for k in range(24, 11, -1):  # what is free above
    for _ in range(5000):
        place = taken(1 << k)
        if place < low:
            libc.munmap(place, 1 << k)
            break
for i in range(4):
    libc.munmap(low + (3 << 30) - (i + 1) * (1 << 20), int(sys.argv[1]))
x = np.ones((512, 512))
print(abs(w.jit(wnp.fft.rfft2)(x) - np.fft.rfft2(x)).max())
"""


@pytest.mark.skipif(sys.platform != "linux" or ctypes.sizeof(ctypes.c_void_p) < 8, reason="how Linux finds free memory")
@pytest.mark.parametrize("hole", [8192, 16384])
def test_parts_of_a_program_may_lie_far_apart(hole):
    """Beside libraries that map much memory the parts of a module come to lie more than 2 GiB apart."""
    command = [sys.executable, "-c", FAR, str(hole)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert float(done.stdout) < 1e-9


def test_reductions_down_columns_walk_rows():
    """Maxima and products of columns are kept in memory, as sums are, so that memory is walked in order."""
    x = np.random.default_rng(0).normal(size=(300, 500))
    x[7, 3] = np.nan
    for name in ("max", "min", "prod"):
        for dtype in (np.float64, np.float32, np.float16, np.int16):
            y = (np.nan_to_num(x) if np.dtype(dtype).kind == "i" else x).astype(dtype)
            with np.errstate(all="ignore"):
                wanted = getattr(np, name)(y, axis=0)
            found = w.jit(lambda y, name=name: getattr(wnp, name)(y, axis=0))(y)
            assert found.dtype == wanted.dtype
            np.testing.assert_allclose(found, wanted, rtol=1e-3)
    text = w.jit(lambda y: wnp.max(y, axis=0)).lower(x).loops()
    assert text.index("reduce i0") < text.index("for i1")


def test_known_truths_leave_nothing_to_numpy():
    f = w.jit(lambda x: wnp.where(wnp.bitwise_and(x > 1, np.False_), wnp.sort(x), x * 2) + ((x > 0) | np.True_))
    x = np.linspace(-2, 3, 50)
    lowered = f.lower(x)
    assert "sort" not in lowered.loops() and "bitwise" not in lowered.loops()
    np.testing.assert_array_equal(f(x), x * 2 + 1)
