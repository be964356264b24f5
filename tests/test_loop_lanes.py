"""Batches of loops that take differently long, in vector lanes and on threads: against one example after another."""

from __future__ import annotations

import numpy as np
import pytest

import wengert.numpy as wnp
from wengert import config, grad, jit, lax, vmap
from wengert.compile.choices import chosen

rng = np.random.default_rng(7)
TABLE = np.arange(100.0) ** 1.5


def collatz(n):
    return lax.while_loop(
        lambda s: s[0] != 1, lambda s: (wnp.where(s[0] % 2 == 0, s[0] // 2, 3 * s[0] + 1), s[1] + 1), (n, 0)
    )[1]


def root(a, start):
    return lax.while_loop(lambda x: abs(x * x - a) > 1e-12 * a, lambda x: 0.5 * (x + a / x), start)


def oscillator(y):
    """Steps whose length follows an error, and turns by a matrix."""
    turn = wnp.array([[0.0, 1.0], [-1.0, 0.1]])

    def step(s):
        t, y, h = s
        k = turn @ y + wnp.sin(y[::-1])
        half = y + 0.5 * h * k
        two = half + 0.5 * h * (turn @ half + wnp.sin(half[::-1]))
        error = wnp.max(abs(two - y - h * k)) + 1e-12
        good = error < 1e-3
        return wnp.where(good, t + h, t), wnp.where(good, two, y), h * wnp.clip(0.9 * (1e-3 / error) ** 0.5, 0.3, 3.0)

    return lax.while_loop(lambda s: s[0] < 1.0, step, (0.0, y, 0.1))[1]


def table(i):
    return lax.while_loop(lambda s: s[0] > 0, lambda s: (s[0] - 1, s[1] + TABLE[s[0]]), (i, 0.0))[1]


def row(r):
    return lax.while_loop(lambda s: (s[0] < 39) & (s[1] < 4.5), lambda s: (s[0] + 1, s[1] * 0.9 + r[s[0]]), (0, 0.0))[1]


def nested(x, n):
    def step(s):
        x, k = s
        x, kept = lax.scan(lambda c, t: (c * 0.9 + t, c), x, np.arange(3.0))
        return x + wnp.sum(kept) * 0.01, k + 1

    return lax.while_loop(lambda s: s[1] < n, step, (x, 0))[0]


def branches(x, n):
    ways = [
        lambda x: wnp.sin(x) * x,
        lambda x: lax.while_loop(lambda y: abs(y) < 3, lambda y: y * 1.5 + 0.1, x),
        lambda x: wnp.exp(-x * x) + wnp.tanh(x),
    ]
    return lax.fori_loop(0, n, lambda k, y: lax.switch((k + n) % 4 - 1, ways, y), x)


def mandelbrot(c):
    return lax.while_loop(lambda s: (abs(s[0]) < 2) & (s[1] < 50), lambda s: (s[0] * s[0] + c, s[1] + 1), (0j, 0))[1]


def single(x, stops):
    return lax.while_loop(lambda s: (s[0] < 100) & ~s[1], lambda s: (s[0] * s[0] + x, s[0] > 50), (x, stops))


def half(x):
    return lax.while_loop(lambda s: s < np.float16(90), lambda s: s * np.float16(1.3) + np.float16(0.1), x)


CASES = {
    "collatz": (collatz, rng.integers(1, 300, 70)),
    "root": (root, rng.uniform(0.5, 99, 75), rng.uniform(0.5, 9, 75)),
    "oscillator": (oscillator, rng.normal(size=(60, 2))),
    "table": (table, rng.integers(0, 99, 50)),
    "row": (row, rng.uniform(size=(40, 40))),
    "nested": (nested, rng.normal(size=50), rng.integers(0, 20, 50)),
    "branches": (branches, rng.normal(size=64), rng.integers(0, 9, 64)),
    "mandelbrot": (mandelbrot, rng.normal(size=60) + 1j * rng.normal(size=60)),
    "single": (single, rng.uniform(0.3, 2, 80).astype(np.float32), rng.random(80) > 0.8),
    "half": (half, rng.uniform(0.1, 9, 80).astype(np.float16)),
}


def each(f, *args):
    """One example after another."""
    f = jit(f)
    found = [f(*row) for row in zip(*args, strict=True)]
    if isinstance(found[0], tuple):
        return tuple(np.stack(parts) for parts in zip(*found, strict=True))
    return np.stack(found)


def in_lanes(f, *args) -> bool:
    return "@lanes" in jit(f).lower(*args).llvm()


@pytest.mark.parametrize("name", CASES)
def test_examples_in_lanes(name):
    f, *args = CASES[name]
    expected = each(f, *args)
    assert in_lanes(vmap(f), *args)
    found = jit(vmap(f))(*args)
    for a, b in zip(*((x if isinstance(x, tuple) else (x,)) for x in (found, expected)), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-9)


@pytest.mark.parametrize("name", ["root", "oscillator", "row", "nested"])
def test_gradients_in_lanes(name):
    f, *args = CASES[name]
    derivative = grad(lambda *a: wnp.sum(f(*a)))
    assert in_lanes(vmap(derivative), *args)
    np.testing.assert_allclose(jit(vmap(derivative))(*args), each(derivative, *args), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("changes", [
    {"control__sidelong__SLIGHT": 0}, {"control__sidelong__WIDE": 0, "control__lanes__CHEAP": 0}, {"vector_bytes": 16},
    {"control__lanes__TRIPS": 1 << 20, "control__lanes__CHEAP": 1 << 60},
])  # fmt: skip
def test_any_choice_gives_the_same(changes):
    for name in ("root", "branches"):
        f, *args = CASES[name]
        expected = each(f, *args)
        with chosen(**changes), config.override(threads=2):
            assert in_lanes(vmap(f), *args)
            np.testing.assert_allclose(jit(vmap(f))(*args), expected, rtol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 47, 63, 64, 65])
def test_any_number_of_examples(n):
    a = rng.uniform(0.5, 99, n)
    np.testing.assert_allclose(jit(vmap(root, in_axes=(0, None)))(a, 1.0), np.sqrt(a), rtol=1e-12)


def test_batches_of_batches():
    a, b = rng.uniform(0.5, 99, 13), rng.uniform(0.5, 9, 9)
    of_rows = jit(vmap(vmap(root, in_axes=(None, 0)), in_axes=(0, None)))
    of_columns = jit(vmap(vmap(root, in_axes=(0, None)), in_axes=(None, 0)))
    assert in_lanes(of_rows, a, b) and in_lanes(of_columns, a, b)
    np.testing.assert_allclose(of_rows(a, b), np.sqrt(a)[:, None] * np.ones(9))
    np.testing.assert_allclose(of_columns(a, b), np.sqrt(a) * np.ones(9)[:, None])


@pytest.mark.parametrize("reverse", [False, True])
def test_map_and_scans_that_carry_nothing(reverse):
    x = rng.uniform(1, 2, (70, 3))

    def mapped(x):
        return lax.scan(lambda c, v: (c, (wnp.sum(v) * root(v[0], 1.0), v)), (), x, reverse=reverse)[1]

    assert in_lanes(mapped, x)
    sums, rows = jit(mapped)(x)
    np.testing.assert_allclose(sums, x.sum(1) * np.sqrt(x[:, 0]))
    np.testing.assert_array_equal(rows, x)


def test_an_index_out_of_range_of_one_example_is_an_error():
    def walk(i):
        return lax.while_loop(lambda s: s[0] < 2 + i % 4, lambda s: (s[0] + 1, s[1] + TABLE[s[0] + i]), (0, 0.0))[1]

    f = jit(vmap(walk))
    good = rng.integers(0, 90, 60)
    assert in_lanes(vmap(walk), good)
    np.testing.assert_allclose(f(good), [TABLE[i : i + 2 + i % 4].sum() for i in good])
    for k in (0, 31, 59):
        bad = good.copy()
        bad[k] = 98  # four steps, the third of which is beyond the end
        with pytest.raises(IndexError):
            f(bad)


def test_ended_lanes_look_nothing_up():
    """A lane whose loop has ended may have any index: here of places beyond the table, while others go on."""

    def last(stride):
        return lax.while_loop(lambda s: s[0] < 95, lambda s: (s[0] + stride, TABLE[s[0]]), (0, 0.0))

    strides = rng.integers(1, 95, 64)
    strides[::9] = 1 << 40  # where no memory is
    assert in_lanes(vmap(last), strides)
    places, found = jit(vmap(last))(strides)
    np.testing.assert_array_equal(places, -(-95 // strides) * strides)
    assert (places >= len(TABLE)).any()
    np.testing.assert_array_equal(found, TABLE[places - strides])
