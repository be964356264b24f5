"""Runs the programs of `written_programs` in every way there is and compares: NumPy, eager, compiled, both modes, differences.

    python tests/compare_written.py --seeds 0:1000            # prints the text of each program that disagrees, and a table
    python tests/compare_written.py --seeds 0:1000 --draw     # with the compiler's thresholds drawn at random by each seed
    python tests/compare_written.py --seed 17 --show          # one program

Results may differ by what rounding does: each program is also run on arguments that are moved by some units of their last
place, and what that changes is how well it is conditioned. "Ill-conditioned" is a program that says little: results are
apart by more than LOOSE, and that is what rounding of the arguments explains, or rounding moves them by a hundredth.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from written_lengths import MORE
from written_programs import Plain, Program, written

import wengert
import wengert.numpy as wnp
from wengert import lax
from wengert.compile.choices import drawn
from wengert.errors import WengertError

LOOSE = 1e-6  # of the largest element, in float64; what is further apart is not called equal
EPS = {"float16": 1e-3, "bfloat16": 8e-3, "float32": 1.2e-7, "complex64": 1.2e-7}


@wengert.custom_jvp
def _ruled(x: Any) -> Any:
    return wnp.sin(x) * x


_ruled.defjvp(lambda p, t: (_ruled(p[0]), (wnp.cos(p[0]) * p[0] + wnp.sin(p[0])) * t[0]))


@wengert.custom_vjp
def _pulled(x: Any, y: Any) -> Any:
    return x * wnp.tanh(y)


def _pulled_back(r: Any, ct: Any) -> Any:
    x, y = r
    gx, gy = ct * wnp.tanh(y), ct * x * (1 - wnp.tanh(y) ** 2)
    fit = lambda g, a: wengert.vjp(lambda a: wnp.broadcast_to(a, np.shape(g)), a)[1](g)[0]  # noqa: E731
    return fit(gx, x), fit(gy, y)


_pulled.defvjp(lambda x, y: (_pulled(x, y), (x, y)), _pulled_back)


def _smooth(x: Any) -> Any:
    return wnp.sum(wnp.sin(x) * x)


class Traced:
    """`lax` and custom rules of the library."""

    @staticmethod
    def slope(x: Any) -> Any:
        return wengert.grad(_smooth)(x)

    @staticmethod
    def bend(x: Any, v: Any) -> Any:
        """Forward over reverse."""
        return wengert.jvp(wengert.grad(_smooth), (x,), (v,))[1]

    @staticmethod
    def bend_back(x: Any, v: Any) -> Any:
        """Reverse over forward."""
        return wengert.grad(lambda x: wengert.jvp(_smooth, (x,), (v,))[1])(x)

    @staticmethod
    def batched(f: Any, *xs: Any) -> Any:
        return wengert.vmap(f)(*xs)

    @staticmethod
    def called(f: Any, *args: Any) -> Any:
        return wengert.jit(f)(*args)

    @staticmethod
    def donated(f: Any, *args: Any) -> Any:
        return wengert.jit(f, donate_argnums=0)(args[0] * 1.0, *args[1:])

    @staticmethod
    def kept(f: Any, *args: Any) -> Any:
        return wengert.checkpoint(f)(*args)

    switch = staticmethod(lax.switch)
    scan, cond, fori_loop, while_loop = lax.scan, lax.cond, lax.fori_loop, lax.while_loop
    ruled, pulled = staticmethod(_ruled), staticmethod(_pulled)


class _Unit:
    """``1j``, of which a product with a number of NumPy's has its dtype, as with an array or a traced value.

    An np.float64 is a float of Python's too, so that ``1j * np.float64(2)`` is Python's complex, whose dtype is weak.
    """

    def __mul__(self, x: Any) -> Any:
        return np.complex128(1j * x) if isinstance(x, np.float64) else 1j * x


class Finding(Exception):
    """A disagreement: its kind, and what it is."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def _error(a: Sequence[Any], b: Sequence[Any]) -> float:
    """The largest difference, relative to the largest element of each result."""
    worst = 0.0
    for x, y in zip(a, b, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        if x.shape != y.shape:  # as many elements as a mask has, which rounding has changed
            return float("inf")
        if x.dtype.kind not in "biufc":
            x, y = x.astype(np.float64), y.astype(np.float64)
        if x.size:
            same = (x == y) | (np.isnan(x) & np.isnan(y))
            scale = max(1.0, float(np.nanmax(np.abs(x.astype(complex)), initial=0.0)))
            with np.errstate(all="ignore"):
                off = np.where(same, 0.0, np.abs(x.astype(complex) - y.astype(complex)) / scale)
            worst = max(worst, float(np.nanmax(np.where(np.isnan(off), np.inf, off))))
    return worst


def _moved(program: Program, eps: float, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng([program.seed, seed])
    return [(a * (1 + 4 * eps * rng.uniform(-1, 1, a.shape))).astype(a.dtype) for a in program.args]


def _types(a: Sequence[Any], b: Sequence[Any], kind: str) -> None:
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        x, y = np.asarray(x), np.asarray(y)
        if x.shape == y.shape and (x.dtype.name, y.dtype.name) == ("float32", "bfloat16"):
            continue  # functions for which NumPy has no bfloat16, as products, keep it here
        if x.shape != y.shape or x.dtype != y.dtype:
            raise Finding(kind, f"result {i}: NumPy has {x.dtype}{x.shape}, it is {y.dtype}{y.shape}")


class Comparison:
    """All ways to run a program."""

    def __init__(self, program: Program) -> None:
        self.program, self.args = program, program.args
        self.plain, self.traced = program.function(Plain, _Unit()), program.function(Traced)
        self.smooth = [i for i, a in enumerate(self.args) if a.dtype.kind in "fcV"]
        self.loose: str | None = None
        self.eps = max(
            [2.3e-16, *[e for name, e in EPS.items() if name in program.text or program.narrow and e < 1e-6]]
        )
        for a in program.args:
            self.eps = max(self.eps, EPS.get(a.dtype.name, 0.0))
        rng = np.random.default_rng([program.seed, 3])
        self.tangents = [self._like(self.args[i], rng) for i in self.smooth]
        self.expected = self._quiet(self.plain, self.args)
        self.cotangents = [self._like(np.asarray(o), rng) for o in self.expected]
        moved = self._by_rounding(range(3))
        self.shapes = [k for k, e in enumerate(moved) if e < float("inf")]  # where rounding changes no result's shape
        self.noise = max((moved[k] for k in self.shapes), default=0.0)

    @staticmethod
    def _like(a: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        t = rng.normal(size=a.shape)
        return (t + 1j * rng.normal(size=a.shape) if a.dtype.kind == "c" else t).astype(a.dtype)

    @staticmethod
    def _quiet(f: Callable[..., Any], args: Sequence[Any]) -> Any:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            copies = {id(a): a.copy("K") for a in args}  # an argument that is given twice stays one array
            return f(*[copies[id(a)] for a in args])

    def _by_rounding(self, seeds: Sequence[int]) -> list[float]:
        """How far NumPy's results are apart when the arguments are moved by rounding, for each seed."""
        return [_error(self.expected, self._quiet(self.plain, _moved(self.program, self.eps, k))) for k in seeds]

    def same(self, kind: str, a: Sequence[Any], b: Sequence[Any], noise: float, factor: float = 30.0) -> None:
        off = _error(a, b)
        sharp = (2000 if self.eps < 1e-6 else 40) * self.eps
        if off > factor * noise + sharp and noise == self.noise > LOOSE:  # a loop that magnifies rounding: more samples
            noise = max([noise, *(e for e in self._by_rounding(range(3, 23)) if e < float("inf"))])
        if sharp + (LOOSE if self.eps < 1e-15 else 0) < off <= factor * noise + sharp:
            self.loose = f"{kind}: {off:.2e} apart, {noise:.1e} by rounding of the arguments"
        if off > factor * noise + sharp:
            raise Finding(
                "ill-conditioned" if noise > 1e-2 else kind,
                f"{off:.2e} apart, {noise:.1e} by rounding of the arguments",
            )

    def run(self) -> None:
        f, args = self.traced, self.args

        def of_smooth(*a: Any) -> Callable[..., Any]:
            """The function of the arguments that have tangents."""
            return lambda *s: f(*[s[self.smooth.index(i)] if i in self.smooth else x for i, x in enumerate(a)])

        smooth = lambda a: tuple(a[i] for i in self.smooth)  # noqa: E731
        outs, pushed = self._quiet(lambda *a: wengert.jvp(of_smooth(*a), smooth(a), tuple(self.tangents)), args)
        _types(self.expected, outs, "eager type")
        self.same("eager value", self.expected, outs, self.noise)
        compiled = wengert.jit(f)
        for _ in range(2):
            again = self._quiet(compiled, args)
            _types(self.expected, again, "compiled type")
            self.same("compiled value", self.expected, again, self.noise)
        if len({id(a) for a in args}) == len(args):
            donated = wengert.jit(f, donate_argnums=tuple(range(len(args))))
            self.same("donated value", again, [self._quiet(donated, args) for _ in range(2)][1], self.noise)
        if not all(np.asarray(o).dtype.kind in "fcV" for o in self.expected):
            return
        pull = lambda *a: wengert.vjp(of_smooth(*a), *smooth(a))[1](tuple(self.cotangents))  # noqa: E731
        pulled = self._quiet(pull, args)
        moved = [self._quiet(pull, _moved(self.program, self.eps, k)) for k in self.shapes[:2]]
        noise = max((_error(pulled, m) for m in moved), default=0.0)
        left, terms = self._inner(self.cotangents, pushed)
        right, more = self._inner(pulled, self.tangents)
        if abs(left - right) > 30 * noise * (terms + more) + 4000 * self.eps * (1 + terms + more):
            raise Finding("ill-conditioned" if noise > 1e-2 else "modes", f"forward {left!r}, reverse {right!r}")
        back = self._quiet(wengert.jit(pull), args)
        _types(pulled, back, "compiled gradient type")
        self.same("compiled gradient", pulled, back, noise)
        self.differences(left, terms)

    @staticmethod
    def _inner(a: Sequence[Any], b: Sequence[Any]) -> tuple[float, float]:
        products = [np.asarray(x).astype(complex) * np.asarray(y).astype(complex) for x, y in zip(a, b, strict=True)]
        return float(sum(p.sum().real for p in products)), float(sum(np.abs(p).sum() for p in products))

    def differences(self, slope: float, terms: float) -> None:
        if self.eps > 1e-15:
            return

        def along(s: float) -> float:
            moved = list(self.args)
            for i, t in zip(self.smooth, self.tangents, strict=True):
                moved[i] = moved[i] + s * t
            return self._inner(self.cotangents, self._quiet(self.plain, moved))[0]

        try:
            near, far = [(along(h) - along(-h)) / (2 * h) for h in (1e-6, 3e-6)]
            left, right = [(along(2 * s) - along(s)) / s for s in (-1e-6, 1e-6)]
            # At a jump the value itself may be neither side's; where much changes within a step, a shorter one says so.
            here = (along(1e-6) + along(-1e-6) - 2 * along(0.0)) / 1e-6
            short = (along(1e-8) - along(-1e-8)) / 2e-8
        except (ValueError, IndexError):
            return
        spread = abs(near - far) + abs(left - right)
        if max(spread, abs(here), abs(short - near)) > 1e-4 * (1 + terms) or abs(short - near) > abs(near) + 1e-3:
            return  # at a kink or a jump, or near a pole
        if abs(near - slope) > 20 * spread + 1e-4 * (1 + terms):
            raise Finding("differences", f"derivative {slope!r}, differences {near!r}")


def compare(seed: int, statements: int = 8, draw: bool = False) -> tuple[str, str]:
    """The kind of what was found for a seed ("agree" if nothing was), and the words.

    With `draw` the compiler's thresholds have values that the seed draws, and half of the statements are of `written_lengths`.
    """
    program = written(seed, statements, MORE if draw else ())
    try:
        comparison = Comparison(program)
        with drawn(seed) if draw else contextlib.nullcontext():
            comparison.run()
        if comparison.loose:
            return "ill-conditioned", comparison.loose
    except Finding as finding:
        return finding.kind, str(finding)
    except WengertError as refusal:
        return "refused", f"{type(refusal).__name__}: {refusal}"
    except Exception as error:
        if "loop of ufunc does not support" in str(error):  # no method of ours is asked
            return "refused", "NumPy's function of a tuple of traced and plain numbers: an array of objects"
        last = traceback.extract_tb(error.__traceback__)[-1]
        return "raised", f"{type(error).__name__}: {error} at {last.filename.rpartition('/')[2]}:{last.lineno}"
    return "agree", ""


def _chunk(first: int, last: int, statements: int, draw: bool) -> None:
    if sys.platform != "win32":
        import resource

        seconds = 60 + 4 * (last - first)  # of the processor's time, so that a busy machine makes no hangs
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 10))
    for seed in range(first, last):
        print(f"@{seed}", flush=True)
        kind, text = compare(seed, statements, draw)
        if kind != "agree":
            print(f"#{kind}#{seed}#{' '.join(text.split())[:400]}", flush=True)


def campaign(first: int, last: int, statements: int, draw: bool = False, size: int = 100) -> collections.Counter[str]:
    """Compare many, each chunk in a process of its own, so that a crash is a finding."""
    counts: collections.Counter[str] = collections.Counter()
    start = first
    while start < last:
        end = min(start + size, last)
        command = [
            sys.executable,
            "-X",
            "faulthandler",
            __file__,
            "--chunk",
            f"{start}:{end}",
            "--statements",
            str(statements),
            *(["--draw"] if draw else []),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=3600)
        except subprocess.TimeoutExpired as late:
            stopped = [int(line[1:]) for line in (late.stdout or b"").decode().splitlines() if line.startswith("@")]
            counts["hang"] += 1
            counts["agree"] += len(stopped) - 1
            print(f"hang, seed {stopped[-1] if stopped else start}", flush=True)
            start = (stopped[-1] if stopped else start) + 1
            continue
        else:
            seen = [int(line[1:]) for line in done.stdout.splitlines() if line.startswith("@")]
            found = [line.split("#", 3)[1:] for line in done.stdout.splitlines() if line.startswith("#")]
            for kind, seed, text in found:
                counts[kind] += 1
                print(f"{kind}, seed {seed}: {text}", flush=True)
            counts["agree"] += len(seen) - len(found) - (done.returncode != 0)
            if done.returncode != 0:
                counts["hang" if done.returncode == -getattr(signal, "SIGXCPU", 0) else "crash"] += 1
                print(
                    f"crash, seed {seen[-1] if seen else start}: exit {done.returncode}: {done.stderr[-300:]}",
                    flush=True,
                )
                start = (seen[-1] if seen else start) + 1
                continue
        start = end
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0:200")
    parser.add_argument("--chunk", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--draw", action="store_true", help="draw the compiler's thresholds, and more statements")
    parser.add_argument("--statements", type=int, default=8)
    options = parser.parse_args()
    os.environ["WENGERT_FULL_TRACEBACK"] = "1"  # so that what was raised says where
    if options.chunk:
        first, _, last = options.chunk.partition(":")
        return _chunk(int(first), int(last), options.statements, options.draw)
    if options.seed is not None:
        if options.show:
            program = written(options.seed, options.statements, MORE if options.draw else ())
            print(program.text, *[f"{a.dtype}{a.shape} {a.ravel()[:6]}" for a in program.args], sep="\n")
        print(*compare(options.seed, options.statements, options.draw))
        return None
    first, _, last = options.seeds.partition(":")
    for kind, n in campaign(int(first), int(last), options.statements, options.draw).most_common():
        print(f"{n:8d} {kind}")
    return None


if __name__ == "__main__":
    main()
