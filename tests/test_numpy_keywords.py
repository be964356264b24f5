"""Keywords, defaults and odd arguments of NumPy's functions, as a careful reader of its documentation tries them.

Each case is called with NumPy, with `wengert.numpy` on plain arrays, differentiated, batched and compiled, and as a function
that knows NumPy alone; values, dtypes, shapes and classes of errors are NumPy's.
"""

import array
import collections
import ctypes
import sys
from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import meaning_numpy as meaning

X = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.5]])
V = np.array([2.0, -1.0, 0.5, 3.0])
K = np.array([[3, -1, 2], [0, 4, -2]])
N = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, 2.0]])


def masked(m, x):
    out = np.ones(4)
    np.log(x, where=x > 0, out=out)
    return out


def sums(m, x):
    out = np.zeros(2)
    np.sum(x, axis=1, out=out)
    return out


def extremes(m, x):
    out = np.zeros(3)
    np.max(x, axis=0, out=out)
    return out


def running_sums(m, x):
    out = np.zeros((2, 3))
    np.cumsum(x, axis=1, out=out)
    return out


CASES = {
    # reductions
    "axes from the end": (lambda m, x: m.sum(x, axis=(-1, 0)), X),
    "a list as mask": (lambda m, x: m.mean(x, where=[[True], [False]], axis=0), X),
    "std of a mask": (lambda m, x: m.std(x, where=[True, False, True], axis=1, ddof=1), X),
    "var with a mean": (lambda m, x: m.var(x, mean=np.mean(X, axis=0, keepdims=True), axis=0), X),
    "var, ddof and correction": (lambda m, x: m.var(x, ddof=1, correction=1), X),
    "max of a mask without initial": (lambda m, x: m.max(x, where=x > 0), X),
    "initial and where": (lambda m, x: m.sum(x, axis=1, where=[True, False, True], initial=5), X),
    "argmax over two axes": (lambda m, x: m.argmax(x, axis=(0, 1)), X),
    "nanargmax": (lambda m, x: m.nanargmax(x, axis=1), N),
    "nanpercentile": (lambda m, x: m.nanpercentile(x, [25, 50], axis=1, keepdims=True), N),
    "average, returned, kept": (lambda m, x: m.average(x, axis=1, weights=[1, 2, 3], returned=True, keepdims=True), X),
    "quantile with weights and no method": (lambda m, x: m.quantile(x, 0.4, weights=[1, 2, 3, 4]), V),
    "quantile with weights": (lambda m, x: m.quantile(x, 0.4, weights=[1, 2, 3, 4], method="inverted_cdf"), V),
    "cumulative_sum of two axes": (lambda m, x: m.cumulative_sum(x), X),
    "cumulative_prod": (lambda m, x: m.cumulative_prod(x, axis=-1, dtype=np.float32, include_initial=True), K),
    # shapes and joining
    "ediff1d of integers with a float": (lambda m, x: m.ediff1d(x, to_begin=1.5), K),
    "ediff1d of floats": (lambda m, x: m.ediff1d(x, to_begin=[-9, -8], to_end=7), V),
    "block of unlike depths": (lambda m, x: m.block([[x, x], [x, [[9, 9, 9]] * 2]]), X),
    "block of nothing": (lambda m, x: m.block([[x], []]), X),
    "block": (lambda m, x: m.block([[x, x], [x, x + 1]]), X),
    "compress as a method": (lambda m, x: x.compress([True, False], axis=0), X),
    "compress a flat array as a method": (lambda m, x: x.compress([True, False, True]), X),
    "delete by a mask": (lambda m, x: m.delete(x, [True, False, False, True]), V),
    "insert at columns": (lambda m, x: m.insert(x, [0, 2], [[8], [9]], axis=1), X),
    "pad by a dict": (lambda m, x: m.pad(x, {-1: (1, 2)}), X),
    **{
        f"pad {mode}, odd, {width}": (lambda m, x, mode=mode, n=width: m.pad(x, n, mode, reflect_type="odd"), V)
        for mode in ("reflect", "symmetric")
        for width in (2, (0, 9), 11)
    },
    "pad one element, odd": (lambda m, x: m.pad(x, ((0, 0), (2, 3)), "reflect", reflect_type="odd"), X[:, :1]),
    **{
        f"pad {mode}, stat_length": (lambda m, x, mode=mode: m.pad(x, 2, mode, stat_length=((1, 2), (2, 9))), X)
        for mode in ("mean", "median", "maximum", "minimum")
    },
    "pad maximum of none": (lambda m, x: m.pad(x, 1, "maximum", stat_length=0), V),
    "pad to end values": (lambda m, x: m.pad(x, (2, 3), "linear_ramp", end_values=(5, -4)), V),
    "pad integers to end values": (lambda m, x: m.pad(x, 2, "linear_ramp", end_values=7), K),
    "pad with another option": (lambda m, x: m.pad(x, 2, "mean", end_values=7), V),
    # counting and comparing
    "histogram with whole weights": (lambda m, x: m.histogram(x, bins=3, weights=[1, 2, 3, 4]), V),
    "histogram of nothing": (lambda m, x: m.histogram(x, 4), V[:0]),
    "unlike None": (lambda m, x: (x == None, x != None), V),  # noqa: E711
    "unlike a string": (lambda m, x: (x == "a", x != "a"), X),
    "not less than a string": (lambda m, x: x < "a", V),
    # products and linear algebra
    "einsum, casting": (lambda m, x: m.einsum("ij,kj", x, x, dtype=np.float32, casting="same_kind"), X),
    "einsum, no such casting": (lambda m, x: m.einsum("ij,kj", x, x, casting="what"), X),
    "rank of lstsq": (lambda m, x: m.linalg.lstsq(x, [1.0, 2.0], rcond=None), X),
    # universal functions
    "where and out": (masked, V),
    "a mask that leaves nothing out": (lambda m, x: np.true_divide(x, 2, where=[True] * 4), V),
    "a narrower dtype": (lambda m, x: np.add(x, 1, dtype=np.float32, casting="same_kind"), V),
    "a reduction of some": (lambda m, x: np.add.reduce(x, initial=3, where=x > 0), V),
    "sums into an array": (sums, X),
    "extremes into an array": (extremes, X),
    "running sums into an array": (running_sums, X),
}
KNOWS_NUMPY = {"compress as a method", "compress a flat array as a method", "where and out", "a mask that leaves nothing out", "unlike None",
               "unlike a string", "not less than a string", "a narrower dtype", "a reduction of some",
               "sums into an array", "extremes into an array", "running sums into an array"}  # fmt: skip


def flat(out):
    return tuple(meaning._leaves(out))


@pytest.mark.parametrize("name", CASES)
def test_as_numpy_has_it(name):
    f, x = CASES[name]
    expected = meaning.outcome(f, np, x)
    modes = {} if name in KNOWS_NUMPY else {"plain": lambda: f(wnp, x)}
    for label, m in (("wnp", wnp), ("np", np)):
        if label == "wnp" and name in KNOWS_NUMPY:
            continue
        traced = lambda v, m=m: flat(f(m, v))  # noqa: E731
        modes[f"jit {label}"] = lambda traced=traced: w.jit(traced)(x)
        modes[f"vmap {label}"] = lambda traced=traced: [o[0] for o in w.vmap(traced)(x[None])]
        if x.dtype.kind == "f":
            modes[f"jvp {label}"] = lambda traced=traced: w.jvp(traced, (x,), (np.ones_like(x),))[0]
    for mode, call in modes.items():
        got = meaning.outcome(call)
        if not isinstance(got, w.errors.ConcretizationError):
            assert not (text := meaning._differs(got, expected, mode)), f"{name}, {mode}: {text}"


def test_derivatives_of_odd_and_short_pads():
    from wengert.testing import check_grads

    for options in ({"mode": "reflect", "reflect_type": "odd"}, {"mode": "mean", "stat_length": 2},
                    {"mode": "linear_ramp", "end_values": (1.0, 2.0)}):  # fmt: skip
        check_grads(lambda x: wnp.pad(x, (2, 9), **options), (V,), order=2)  # noqa: B023


def test_roots():
    """Zeros at both ends are left out where the coefficients are known, differentiated ones too."""
    p = np.array([0.0, 1.0, -3.0, 2.0, 0.0])
    assert wnp.roots(p).dtype == np.roots(p).dtype
    roots, slopes = w.jvp(wnp.roots, (p,), (np.array([0.0, 0.0, 0.0, 1.0, 0.0]),))
    np.testing.assert_allclose(np.sort(roots.real), np.sort(np.roots(p)), atol=1e-12)
    np.testing.assert_allclose(np.sort(slopes.real), np.sort([1.0, -1.0, 0.0]), atol=1e-9)  # -1 / (2 x - 3)


def test_einsum_leaves_no_ellipsis_out_of_a_result():
    x = np.ones((2, 3))
    for call in (("...->", x), ("...i->i", x), ("i...,...->i", x, np.ones(3)), (x, [Ellipsis, 0], [0])):
        for m in (np, wnp):
            with pytest.raises(ValueError):
                m.einsum(*call)
        with pytest.raises(ValueError):
            w.jit(lambda x: wnp.einsum(*[x if isinstance(a, np.ndarray) and a.ndim == 2 else a for a in call]))(x)  # noqa: B023
    assert wnp.einsum("...->", np.array(2.0)) == 2 and wnp.einsum("...i->...", x).shape == (2,)


@pytest.mark.parametrize("like", [
    range(1, 4), array.array("d", [1, 2, 3]), memoryview(np.arange(1.0, 4.0)), bytearray(b"\1\2\3"), (ctypes.c_double * 3)(1, 2, 3),
    collections.UserList([1.0, 2.0, 3.0]), collections.deque([1, 2, 3]),
], ids=lambda v: type(v).__name__)  # fmt: skip
def test_what_numpy_makes_arrays_of_is_taken(like):
    x = np.array([0.5, 1.5, 2.5])

    def both(m, x):
        return (
            m.sum(m.sin(x) * like), m.dot(like, x), m.interp(x, like, like), x + like, like - x, m.stack([x, x]) @ like,
            m.where(x > 1, like, x),
        )  # fmt: skip

    expected = both(np, x)
    for m in (wnp, np):
        f = lambda x, m=m: both(m, x)  # noqa: E731
        batched = [v[0] for v in w.vmap(f)(x[None])]
        for got in (f(x), w.jvp(f, (x,), (x,))[0], batched, w.jit(f)(x) if type(like) is range else f(x)):
            for a, b in zip(got, expected, strict=True):
                assert a.dtype == b.dtype
                np.testing.assert_allclose(a, b, rtol=1e-12)


def test_texts_and_mappings_are_no_arrays():
    for wrong in ("text", b"text", {"a": 1}, collections.UserDict(a=1), {1.0}, collections.deque(["a"])):
        with pytest.raises(TypeError):
            wnp.sum(wrong)
        with pytest.raises(TypeError):
            w.jit(lambda x: x * wrong)(np.ones(2))  # noqa: B023
