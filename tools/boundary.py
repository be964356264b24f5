"""The native boundary: programs, dtypes and containers, each with threads that change the containers and each allocation refused.

    python tools/boundary.py [--only WORD] [--dtypes f8,c16] [--containers list,dict]

Each program runs in a process of its own with freed and fresh memory filled (`PYTHONMALLOC=malloc MALLOC_PERTURB_=165`).
A case is compiled, called, called while a thread replaces what its containers hold, called with every allocation of
the native call refused in turn, called after the function was dropped, and gives the eager result each time.
What came of it is in docs/soundness.md; `tools/valgrind_boundary.py` runs a part of it under valgrind.
"""

from __future__ import annotations

import argparse
import copy
import gc
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.compile import allocation
from wengert.compile.choices import chosen
from wengert.scipy import special

DTYPES = {
    **{np.dtype(c).str[1:]: np.dtype(c) for c in "?bBhHiIlLefdgFDG"},
    "bf16": np.dtype(ml_dtypes.bfloat16),
    ">f8": np.dtype(">f8"),
    ">i4": np.dtype(">i4"),
    ">c8": np.dtype(">c8"),
}
FACTOR = 2.0  # the other argument, a number of Python's
SHAPE = (4, 6)


def numbers(dtype: np.dtype, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Small positive numbers, exact in every dtype."""
    n = int(np.prod(shape))
    base = (np.arange(n) * 5 % 7 + 1).reshape(shape)
    if dtype.kind == "b":
        return base > 3
    whole = dtype.kind in "iu"
    return (base if whole else base / 4 + (1j * (base % 3) if dtype.kind == "c" else 0)).astype(dtype)


def real(x: Any) -> bool:
    return np.dtype(x.dtype).kind not in "c"


def floating(x: Any) -> Any:
    """Numbers that have a derivative: of float64 where they are none."""
    d = np.dtype(x.dtype)
    return x * 1.0 if d.kind in "biu" else x


def loss(x: Any) -> Any:
    return wnp.sum(wnp.abs(x * x + 1) ** 2)


def image(x: Any) -> Any:
    return floating(x).reshape(1, *SHAPE, 1)


def kernel(x: Any) -> Any:
    return wnp.stack([floating(x)[:3, :2]] * 5, -1)[:, :, None]


def convolved(x: Any, kernel_: Any, strides: tuple[int, ...] = (1, 1)) -> Any:
    return lax.conv_general_dilated(x, kernel_, strides, "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def paths(x: Any, k: Any) -> Any:
    def one(row: Any) -> Any:
        if row[0] > 1:
            return wnp.sum(row) * k
        for _ in range(2):
            row = row + row[::-1]
        return row[1] * 1.0

    return w.vmap(one)(wnp.abs(x))


def rows(x: Any, n: int) -> Any:
    """So many rows, enough for a loop of each in lanes."""
    return wnp.tile(x, (n, 1))


def halved(row: Any) -> Any:
    """A loop that takes differently long for different rows, and keeps what it carries in its type."""
    return lax.while_loop(
        lambda s: (s[0] < 9) & (wnp.abs(s[1][0]) > 1), lambda s: (s[0] + 1, (s[1] // 2 if real(row) and row.dtype.kind in "iu" else s[1] * 0.5).astype(row.dtype)), (0, row)
    )  # fmt: skip


def looked_up(row: Any) -> Any:
    """A loop that reads another place of its row in each step, and writes into what it carries."""
    step = lambda s: (s[0] + 1, wnp.at(s[1])[s[0] % 3].add(row[(s[0] * 2 + 1) % 6]).astype(row.dtype))  # noqa: E731
    count = (wnp.abs(row[0]) * 2).astype(int)
    return lax.while_loop(lambda s: s[0] < count, step, (0, row[:3]))


def lines(x: Any, n: int) -> Any:
    """Some rows of n numbers each."""
    return wnp.tile(x.reshape(-1), n)[: 8 * n].reshape(8, n)


CASTS = ("b1", "i1", "u2", "i4", "i8", "f2", "bf16", "f4", "f8", "c8", "c16")

PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "arithmetic": lambda x, k: {"a": (x + x, x * k), "b": [None, x[0] + x[1]], "c": {"d": -(x * 1), "e": ()}},
    "numbers": lambda x, k: [x[0, 0], wnp.sum(x), x[1, 2] * k, wnp.prod(x[0, :2]), *(x[i, 0] for i in range(4))],
    "casts": lambda x, k: [(x if real(x) or c[0] == "c" else wnp.abs(x)).astype(DTYPES[c]) for c in CASTS],
    "views": lambda x, k: (x.T, x[::-1, ::2], x.reshape(-1)[5:2:-1], wnp.roll(x, 1), wnp.pad(x, 1), wnp.diff(x * 1)),
    "sorts": lambda x, k: (wnp.sort(x, 1), wnp.argsort(x, 0), wnp.unique(x, size=5), wnp.searchsorted(wnp.sort(x[0]), x[1])),
    "running": lambda x, k: (wnp.cumsum(wnp.cumsum(x, 1), 0)[::-1], wnp.cumprod(x[:, :3], 1)),
    "reductions": lambda x, k: (wnp.max(x), wnp.argmin(x, 1), wnp.median(x, 0), wnp.std(x), wnp.any(x > 1), wnp.mean(x, 1)),
    "complex reductions": lambda x, k: (wnp.sum(x, 0), wnp.mean(x), wnp.prod(x[:, :2]), wnp.count_nonzero(x), wnp.abs(x)),
    "products": lambda x, k: (wnp.matmul(x, x.T), wnp.einsum("ij,kj->ik", x, x), wnp.outer(x[0], x[1]), wnp.dot(x[0], x[1]), wnp.kron(x[:2, :2], x[:1])),
    "indices": lambda x, k: (
        x[np.array([0, -1, 2])], x[wnp.argmax(wnp.abs(x[:, 0]))], wnp.at(x)[1].set(x[0]), wnp.at(x)[np.array([0, 0, 1])].add(x[:3]),
        wnp.take_along_axis(x, wnp.argsort(wnp.abs(x), 1), 1), wnp.where(wnp.abs(x) > 1, x, x[0, 0]),
    ),
    "scan": lambda x, k: lax.scan(lambda c, y: ((c + y).astype(c.dtype), (c, y[::-1])), x[0], x),
    "nested loops": lambda x, k: lax.fori_loop(
        0, 3, lambda i, c: lax.while_loop(lambda s: s[0] < 2, lambda s: (s[0] + 1, (s[1] + x[i]).astype(c.dtype)), (0, c))[1], x[0]
    ),
    "branches": lambda x, k: (
        lax.cond(wnp.abs(x[0, 0]) > 1, lambda x: x + x, lambda x: x, x),
        lax.switch(2, [lambda x: x, lambda x: x * 1, lambda x: x[::-1]], x),
    ),
    "gradients": lambda x, k: w.value_and_grad(loss, allow_int=True)(floating(x)) if real(x) else w.vjp(loss, x)[0],
    "loops in reverse": lambda x, k: w.grad(
        lambda x: wnp.sum(lax.while_loop(lambda c: wnp.sum(c) < 100, lambda c: c * k + wnp.sin(x), x))
    )(wnp.abs(floating(x)[0]).astype(float)),
    "elementary": lambda x, k: [f(floating(x)) for f in (wnp.exp, wnp.sin, wnp.tanh, wnp.sqrt, wnp.log, wnp.arcsinh)],
    "integers": lambda x, k: (x // (x + 1), x % (x + 1), x**3, (x & x) | 1, x << 1, wnp.gcd(x, x + 2), wnp.bitwise_count(x)),
    "special": lambda x, k: (
        special.j0(x), special.jv(0.5, x), special.gammaln(x), special.expi(x), special.zeta(x + 2, 1.5), special.betainc(x, 2.0, 0.3)
    ),
    "convolutions": lambda x, k: (
        convolved(image(x), kernel(x)), convolved(image(x), kernel(x), (2, 3)), wnp.convolve(x[0], x[1]), wnp.correlate(x[0], x[1], "same")
    ),
    "gradients of convolutions": lambda x, k: w.vjp(lambda a, b: convolved(a, b, (2, 1)), image(x), kernel(x))[1](
        convolved(image(x), kernel(x), (2, 1))
    ),
    "windows": lambda x, k: (
        lax.reduce_window(x, "max", (2, 3), (1, 2)), lax.reduce_window(x, "add", (2, 2), (2, 1), ((1, 0), (0, 1))),
        w.vjp(lambda x: lax.reduce_window(x, "max", (2, 2), (1, 1)), floating(x))[1](floating(x)[1:, 1:])[0],
    ),
    "transforms": lambda x, k: (wnp.fft.fft(x), wnp.fft.ifft2(x), wnp.fft.fft(x, 5, 0), wnp.fft.fftn(x * 1)),
    "real transforms": lambda x, k: (wnp.fft.rfft(x), wnp.fft.irfft(wnp.fft.rfft2(x), 7), wnp.fft.hfft(x)),
    "factorisations": lambda x, k: (
        wnp.linalg.solve(x[:, :4] + 9 * np.eye(4), x), wnp.linalg.inv(x[:, :4] + 9 * np.eye(4)), wnp.linalg.det(x[:, :4]),
        wnp.abs(wnp.linalg.qr(x)[1]), wnp.linalg.svd(x)[1], wnp.linalg.cholesky(x @ wnp.conj(x.T) + 9 * np.eye(4)),
    ),
    "callbacks": lambda x, k: w.pure_callback(lambda v, u: v + u, w.ShapeDtypeStruct(x.shape, (x + x).dtype), x, x),
    "samples": lambda x, k: (
        w.random.gamma(w.random.key(3), wnp.abs(floating(x)).astype(float)), w.random.poisson(w.random.key(4), 3.5, (4,)),
        w.random.normal(w.random.key(5), (3,)) * x[0, 0], w.random.permutation(w.random.key(6), x), w.random.choice(w.random.key(7), x, (5,)),
    ),
    "paths": paths,
    "nothing": lambda x, k: (x[:0] * 1, wnp.sum(x[:, :0], 1), wnp.sort(x[:0]), wnp.concatenate([x[:0], x]), wnp.matmul(x[:0].T, x[:0])),
    "loops in lanes": lambda x, k: (w.vmap(halved)(rows(x, 20)), w.vmap(looked_up)(rows(x, 12))),
    "gradients of loops in lanes": lambda x, k: w.vmap(w.grad(lambda r: wnp.sum(wnp.sin(halved(r)[1]))))(
        rows(wnp.abs(floating(x)), 20)
    ),
    "Fourier passes": lambda x, k: (
        wnp.fft.fft(lines(x, 60)), wnp.fft.fft(lines(x, 60), axis=0), wnp.fft.ifft(lines(x, 64)), wnp.fft.fft(lines(x, 101)), wnp.fft.rfft(wnp.abs(lines(x, 128))),
        wnp.fft.fft(lines(x, 512).reshape(-1)), wnp.fft.irfft(lines(x, 30)), wnp.fft.rfft(wnp.abs(lines(x, 15)), axis=0),
    ),
    "vector formulas": lambda x, k: [f(x / 9) for f in (special.i0e, special.i1e, special.i0, special.i1, special.ndtri)],
    "lengths that are asked for": lambda x, k: (
        x[wnp.abs(x) > 1], wnp.nonzero(x), wnp.unique(x), wnp.repeat(x[0], (wnp.abs(x[1]) * 2).astype(int)),
        wnp.arange(wnp.sum(wnp.abs(x) > 1)), wnp.delete(x, wnp.abs(x[0]) > 1, 1), wnp.bincount((wnp.abs(x[0]) * 2).astype(int)),
    ),
    "masks": lambda x, k: (
        wnp.at(x)[wnp.abs(x) > 1].set(x[0, 0]), wnp.at(x)[wnp.abs(x) > 1].add(1), wnp.sum(x[wnp.abs(x) > 1]), wnp.mean(x[wnp.abs(x) > 0]),
        wnp.sum(x, where=wnp.abs(x) > 1), wnp.extract(wnp.abs(x) > 1, x),
    ),
    "a workspace": lambda x, k: wnp.cumsum(wnp.cumsum(wnp.tile(x.reshape(-1), 300))[::-1])[::-1][:7] + x[0, 0],
    "forty axes": lambda x, k: x[0, :4].reshape((2,) + (1,) * 38 + (2,)) + x[1, :4].reshape((2,) + (1,) * 38 + (2,)),
}  # fmt: skip


class Pair(NamedTuple):
    x: Any
    k: Any


Call = tuple[tuple[Any, ...], dict[str, Any]]
# How arguments are given, and how a function takes them.
CONTAINERS: dict[str, tuple[Callable[[Any], Call], Callable[[Any], Callable[..., Any]]]] = {
    "positional": (lambda x: ((x, FACTOR), {}), lambda f: lambda x, k: f(x, k)),
    "keywords": (lambda x: ((), {"x": x, "k": FACTOR}), lambda f: lambda *, x, k: f(x, k)),
    "list": (lambda x: (([x, FACTOR],), {}), lambda f: lambda p: f(p[0], p[1])),
    "dict": (lambda x: (({"x": x, "k": [FACTOR, None]},), {}), lambda f: lambda p: f(p["x"], p["k"][0])),
    "nested": (
        lambda x: (([{"x": (x, [x])}, (None, {"k": [FACTOR, {}]})],), {}),
        lambda f: lambda p: f(p[0]["x"][1][0], p[1][1]["k"][0]),
    ),
    "class": (lambda x: ((Pair(x, [FACTOR]),), {}), lambda f: lambda p: f(p.x, p.k[0])),
    "strided": (lambda x: ((np.repeat(x[::-1], 2, 1)[::-1, ::2], FACTOR), {}), lambda f: lambda x, k: f(x, k)),
    "donated": (lambda x: ((x, FACTOR), {}), lambda f: lambda x, k: f(x, k)),
}


def changing(tree: Any) -> Any:
    """Replace what lists and dicts hold by equal things, as another thread does; gives what the tree becomes."""
    if isinstance(tree, np.ndarray):
        tree.flags.writeable = False
        tree.flags.writeable = True
        return tree.copy()
    if isinstance(tree, (list, dict)):
        for key in range(len(tree)) if isinstance(tree, list) else tree:
            tree[key] = changing(tree[key])
        return copy.copy(tree)
    if type(tree) is tuple:
        for item in tree:
            changing(item)
    return tree


def same(found: Any, expected: Any) -> None:
    found, expected = w.tree.leaves(found), w.tree.leaves(expected)
    assert len(found) == len(expected), (len(found), len(expected))
    for a, b in zip(found, expected, strict=True):
        if isinstance(a, (bool, int, float, complex)):
            a = np.asarray(a, np.asarray(b).dtype)
        a, b = (np.asarray(v) for v in (a, b))
        kinds = [v.dtype.newbyteorder("=") for v in (a, b)]  # the other byte order stays here and there
        assert kinds[0] == kinds[1] and a.shape == b.shape, (a.dtype, b.dtype, a.shape, b.shape)
        if a.dtype.kind in "biu":
            assert np.array_equal(a, b), (a, b)
            continue
        wide = np.clongdouble if a.dtype.kind == "c" else np.longdouble
        unit = {2: 2.0**-6, 4: 1e-5}.get(a.dtype.itemsize // (2 if a.dtype.kind == "c" else 1), 1e-11)
        a, b = np.asarray(a).astype(wide), np.asarray(b).astype(wide)
        scale = np.max(np.abs(b[np.isfinite(b)]), initial=1.0)
        close = (np.abs(a - b) <= unit * scale) | (a == b)
        assert np.all(close | (np.isnan(a) & np.isnan(b))), (a, b)


def refused_in_turn(call: Callable[[], Any], expected: Any) -> int:
    """How many allocations a call makes: each is refused once, then none, and the result is right."""
    n = 1
    try:
        while n < 3000:
            allocation.countdown[0] = n
            try:
                out = call()
            except MemoryError:
                n += 1
                continue
            break
        left = int(allocation.countdown[0])
    finally:
        allocation.countdown[0] = 0
    assert left in (1, 0), left
    same(out, expected)
    return n - 1


def case(f: Callable[[Any, Any], Any], dtype: np.dtype, container: str, seconds: float) -> int | None:
    """How many allocations were refused; None where the program is not for this dtype, compiled and eagerly."""
    give, take = CONTAINERS[container]
    taking = take(f)
    x = numbers(dtype)
    args, kwargs = give(x)
    try:
        expected = taking(*args, **kwargs)
    except (TypeError, ValueError, IndexError, NotImplementedError, OverflowError) as error:
        expected = error
    made = [w.jit(taking, donate_argnums=0 if container == "donated" else ())]
    arguments = lambda: ((x.copy(), FACTOR), {}) if container == "donated" else (args, kwargs)  # noqa: E731

    def call() -> Any:
        a, k = arguments()
        return made[0](*a, **k)

    with chosen(module__LONG=0) if seconds else chosen():  # so that other threads run during each call
        if isinstance(expected, Exception):
            try:
                call()
            except (TypeError, ValueError, IndexError, NotImplementedError, OverflowError):
                return None
            raise AssertionError(f"eagerly {expected!r}, compiled a result")
        for _ in range(3):
            same(call(), expected)
        stop: list[int] = []

        def change() -> None:
            while not stop:
                changing(list(args))
                changing(kwargs)

        if seconds:
            thread = threading.Thread(target=change)
            thread.start()
            try:
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    same(call(), expected)
            finally:
                stop.append(1)
                thread.join()
        refused = refused_in_turn(call, expected)
        native = made[0]._native[0][0] if made[0]._native else None
        gone = sys.getrefcount(x)
        given = arguments()
        made.clear()
        gc.collect()
        if native is not None:
            out = native(given)
            if out is not NotImplemented:  # which a donated argument that others have is
                same(out, expected)
                del out
        del given, native
        gc.collect()
        assert sys.getrefcount(x) <= gone, (sys.getrefcount(x), gone)
    return refused


def programs(
    only: str, dtypes: list[str], containers: list[str], seconds: float
) -> Iterator[tuple[str, int | None, str]]:
    """The cases: what each is, how many allocations were refused, and what was wrong."""
    for name, f in PROGRAMS.items():
        if name != only:
            continue
        for d in dtypes:
            for c in containers:
                try:
                    yield f"{name}, {d}, {c}", case(f, DTYPES[d], c, seconds), ""
                except Exception as error:  # noqa: BLE001 (reported)
                    yield f"{name}, {d}, {c}", None, f"{type(error).__name__}: {str(error)[:300]}"


def inside(options: argparse.Namespace) -> int:
    """One program's cases, in this process."""
    sys.setswitchinterval(1e-5)
    right = refused = left_out = wrong = 0
    for name, n, error in programs(options.only, options.dtypes, options.containers, options.seconds):
        if error:
            wrong += 1
            print("WRONG", name, error, flush=True)
        elif n is None:
            left_out += 1
        else:
            right, refused = right + 1, refused + n
    print(f"{options.only}: {right} right, {refused} allocations refused, {left_out} not for the dtype, {wrong} wrong")
    return wrong > 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--dtypes", default=",".join(DTYPES))
    parser.add_argument("--containers", default=",".join(CONTAINERS))
    parser.add_argument("--seconds", type=float, default=0.02, help="that a thread changes containers; 0 for none")
    parser.add_argument("--inside", action="store_true")
    options = parser.parse_args()
    options.dtypes, options.containers = options.dtypes.split(","), options.containers.split(",")
    warnings.simplefilter("ignore")
    if options.inside:
        with np.errstate(all="ignore"):
            return inside(options)
    environment = {"MALLOC_PERTURB_": "165", "PYTHONMALLOC": "malloc", **os.environ}
    bad = 0
    for name in PROGRAMS:
        if options.only in name:
            given = ["--only", name, "--dtypes", ",".join(options.dtypes), "--containers", ",".join(options.containers)]
            given += ["--seconds", str(options.seconds), "--inside"]
            done = subprocess.run([sys.executable, "-X", "faulthandler", __file__, *given], env=environment)
            if done.returncode:
                bad += 1
                print(f"{name}: exit {done.returncode}", flush=True)
    print(f"{bad} programs of {len(PROGRAMS)} with a fault")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
