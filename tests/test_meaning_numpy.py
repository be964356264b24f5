"""NumPy's meaning under NumPy's names: indices, and a share of the sweep of `tools/meaning_numpy.py`."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import meaning_numpy as meaning


def outcome(f, *args):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return f(*args)
        except Exception as error:
            return error


def same(got, want, what):
    if isinstance(want, Exception):
        assert isinstance(got, Exception), f"{what}: gives {got!r}, NumPy raises {want!r}"
        assert isinstance(got, meaning.public(type(want))), f"{what}: raises {got!r}, NumPy {want!r}"
        return
    assert not isinstance(got, Exception), f"{what}: raises {got!r}, NumPy gives {want!r}"
    assert np.shape(got) == np.shape(want), f"{what}: has shape {np.shape(got)}, NumPy {np.shape(want)}"
    np.testing.assert_array_equal(got, want, err_msg=what)


# --- indices --------------------------------------------------------------------------------------------------------

KEYS = [
    ((3, 2), (Ellipsis, [True, False])), ((3, 2), (Ellipsis, np.array([True, False]))),
    ((3, 2, 2), (Ellipsis, np.array([True, False]), slice(None))), ((3, 2), (slice(None), ())), ((3, 2), ()),
    ((3, 2), []), ((3, 2), [[]]), ((3, 2), ([], [])), ((3, 2), ([0], [])), ((3, 2), np.array([])), ((3,), np.zeros(0, bool)),
    ((2, 3, 4), ([0, 1], Ellipsis, [0, 1])), ((2, 3, 4), (slice(None), [0, 1], Ellipsis, [0, 1])),
    ((2, 3, 4), (slice(None), [0, 1], [0, 1], Ellipsis)), ((2, 3, 4), (0, slice(None), [0, 1])), ((2, 3, 4), ([0, 1], 1)),
    ((2, 3, 4), (slice(None), 1, [0, 1])), ((2, 3, 4), (None, 0, None, [1], None)), ((2, 3), True), ((2, 3), False),
    ((2, 3), np.True_), ((2, 3), np.array(True)), ((2, 3), (np.array(False), 0)), ((2, 3), (True, True, [0, 1])),
    ((2, 3), (slice(None), True)), ((2, 3), (True, slice(None), [0, 1])), ((2, 3), np.array(1)), ((2, 3), (np.array(1), slice(None))),
    ((2, 3), np.int8(-1)), ((2, 3), np.ones((2, 3), bool)), ((2, 3, 4), (np.ones((2, 3), bool), 0)),
    ((2, 3, 4), (0, np.ones((3, 4), bool))), ((2, 3, 4), (Ellipsis, np.eye(3, 4, dtype=bool))), ((2, 3), (np.eye(2, dtype=bool),)),
    ((2, 3, 4), (None, np.ones(2, bool), None, slice(None, None, -2), [0, 3])), ((4,), slice(None, None, -1)),
    ((4,), slice(10, -10, -3)), ((4,), slice(2, 2)), ((4,), slice(0, 4, 0)), ((4,), 4), ((4,), -5), ((4,), (0, 0)),
    ((4,), (Ellipsis, Ellipsis)), ((4,), 1.0), ((4,), "a"), ((4,), [1.5]), ((4,), slice(1.0)), ((4,), [0, 7]), ((4,), np.array([-4, 3])),
    ((4,), [[0, 1], [2, 3]]), ((4, 4), ([[0], [1]], [2, 3])), ((4, 4), ([0, 1], [0, 1, 2])), ((4,), [True, False]), ((4,), [1, True]),
    ((4,), (range(2),)), ((4,), np.s_[1:3]), ((2, 3, 4), np.s_[..., 1:, None, ::2]), ((2, 3, 4), np.s_[np.newaxis, 1, ..., -1]),
    ((), ()), ((), Ellipsis), ((), None), ((), 0), ((), True), ((), np.array(False)), ((), (Ellipsis, None)), ((0, 3), [[], []]),
    ((0, 3), (slice(None), 1)), ((0,), 0), ((2, 0), (slice(None), slice(None, None, -1))), ((2, 3), (None,) * 5), ((2, 3), np.uint8([1, 0])),
    ((2, 3), (([0, 1],), 0)), ((2, 3), {0: 1}), ((2, 3), (slice(None), np.array([True, False]))),
]  # fmt: skip


def random_key(rng, shape):
    """A key for an array of this shape, of all the kinds of entries that NumPy knows."""
    key, axis, dots = [], 0, False
    advanced = rng.integers(1, 4)
    while axis < len(shape) and rng.random() < 0.85:
        n, kind = shape[axis], rng.integers(0, 9)
        if kind == 0:
            key.append(int(rng.integers(-n, n)) if n else slice(None))
            axis += 1
        elif kind in (1, 2):
            ends = [None if rng.random() < 0.4 else int(rng.integers(-n - 1, n + 2)) for _ in range(2)]
            key.append(slice(*ends, [None, 1, -1, 2, -2][rng.integers(5)]))
            axis += 1
        elif kind == 3:
            key.append(None)
        elif kind == 4 and not dots:
            key.append(Ellipsis)
            dots, axis = True, axis + int(rng.integers(0, len(shape) - axis + 1))
        elif kind in (5, 6) and n:
            values = rng.integers(-n, n, [(advanced,), (1,), (2, 1), (2, advanced)][rng.integers(4)])
            key.append(values.tolist() if rng.random() < 0.3 else values)
            axis += 1
        elif kind == 7:
            mask = np.zeros(n, bool)
            mask[rng.permutation(n)[:advanced]] = True
            key.append(mask)
            axis += 1
        elif kind == 8 and rng.random() < 0.3:
            key.append(bool(rng.integers(2)))
    return key[0] if len(key) == 1 and rng.random() < 0.5 else tuple(key)


def random_keys(count):
    rng = np.random.default_rng(7)
    shapes = [(4,), (3, 4), (2, 3, 4), (2, 3, 2, 3), (3, 0, 2)]
    for i in range(count):
        shape = shapes[i % len(shapes)]
        yield shape, random_key(rng, shape)


def written(x, key, v):
    y = x.copy()
    y[key] = v
    return y


def check_key(shape, key, compiled):
    x = np.arange(1.0, np.prod(shape, dtype=int) + 1).reshape(shape)
    what = f"x of shape {shape}, x[{key!r}]"
    want = outcome(lambda: x[key])
    ours = {
        "jvp": lambda: w.jvp(lambda x: x[key], (x,), (2 * x,))[0],
        "vmap": lambda: w.vmap(lambda x: x[key])(x[None])[0],
    }
    if compiled:
        ours["jit"] = lambda: w.jit(lambda x: x[key])(x)
    for name, f in ours.items():
        same(outcome(f), want, f"{what}, {name}")
    if not isinstance(want, Exception):
        same(w.jvp(lambda x: x[key], (x,), (2 * x,))[1], 2 * want, f"{what}, tangent")
        weights = np.arange(1.0, np.size(want) + 1).reshape(np.shape(want))
        expected = np.zeros(shape)
        np.add.at(expected, key, weights)
        same(w.grad(lambda x: wnp.sum(weights * x[key]))(x), expected, f"{what}, gradient")
    if not shape:
        return  # a traced value without axes is a number, into which nothing is written
    for v in (
        7.0,
        -np.arange(1.0, np.size(want) + 1).reshape(np.shape(want)) if not isinstance(want, Exception) else 1.0,
    ):
        want_written = outcome(written, x, key, v)
        same(
            outcome(lambda v=v: w.jvp(lambda x: written(x, key, v), (x,), (x,))[0]),
            want_written,
            f"{what} = {v!r}, jvp",
        )
        same(
            outcome(lambda v=v: w.vmap(lambda x: written(x, key, v))(x[None])[0]), want_written, f"{what} = {v!r}, vmap"
        )
        same(outcome(lambda v=v: wnp.at(x)[key].set(v)), want_written, f"{what} = {v!r}, at")
        if compiled:
            same(outcome(lambda v=v: w.jit(lambda x: written(x, key, v))(x)), want_written, f"{what} = {v!r}, jit")
    if not isinstance(want, Exception):
        added = x.copy()
        np.add.at(added, key, 2.0)
        same(wnp.at(x)[key].add(2.0), added, f"{what}.add")


@pytest.mark.parametrize("case", range(len(KEYS)))
def test_keys(case):
    check_key(*KEYS[case], compiled=True)


def test_random_keys():
    for i, (shape, key) in enumerate(random_keys(300)):
        check_key(shape, key, compiled=i % 10 == 0)
