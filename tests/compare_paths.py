"""A campaign: random programs with Python control flow under vmap, in many orders of transformations, against a loop.

Run as ``python tests/compare_paths.py FIRST LAST [--mode NAME]``: programs with the seeds FIRST to LAST, each in every mode.
pytest does not collect it.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np

from wengert import grad, hessian, jacfwd, jit, jvp, vmap
from wengert import numpy as wnp

N = 11


class Writer:
    """A random function of two numbers and an integer, as text."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.lines = ["def f(x, y, n):"]
        self.floats = ["x", "y"]
        self.depth = 1
        self.count = 0

    def one_of(self, *options):
        return options[self.rng.integers(len(options))]

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def atom(self) -> str:
        return self.one_of(*self.floats, *self.floats, f"{self.rng.uniform(-1.5, 1.5):.2f}")

    def expression(self, depth: int = 2) -> str:
        if depth == 0 or self.rng.random() < 0.15:
            return self.atom()
        a, b = self.expression(depth - 1), self.expression(depth - 1)
        return self.one_of(
            f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"np.sin({a})", f"np.tanh({a} * {b})", f"{a} / (1.5 + {b} * {b})",
            f"np.sqrt(1.0 + ({a}) ** 2)", f"np.exp(-abs({a}))", f"max({a}, {b})", f"min({a}, {b}, 0.7)", f"abs({a})",
            f"[{a}, {b}, {self.atom()}][n % 3]", f"({a} if {self.condition(0)} else {b})", f"sorted([{a}, {b}, 0.2])[1]",
        )  # fmt: skip

    def condition(self, depth: int = 1) -> str:
        a, b = self.expression(depth), self.atom()
        return self.one_of(
            f"{a} > {b}", f"{a} <= {b}", f"n % 2 == {self.rng.integers(2)}", f"n > {self.rng.integers(1, 4)}",
            f"-0.5 < {a} < 0.8", f"{a} > {b} and n < 3", f"not ({a} > {b} or {b} > 0.9)", f"np.any(np.stack([{a} + 0.0 * x, y]) > 0.3)",
            f"math.floor({a}) % 2 == 0",
        )  # fmt: skip

    def name(self, letter: str = "v") -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def block(self, statements: int, level: int) -> None:
        kept = list(self.floats)
        for _ in range(statements):
            self.statement(level)
        self.floats = kept

    def inside(self, statements: int, level: int) -> None:
        self.depth += 1
        self.block(statements, level)
        self.depth -= 1

    def statement(self, level: int) -> None:
        kind = self.rng.integers(10 if level else 3)
        target = self.one_of(*self.floats)
        if kind < 2:
            new = self.name()
            self.line(f"{new} = {self.expression()}")
            self.floats.append(new)
        elif kind == 2:
            self.line(f"{target} = {self.expression()}")
        elif kind == 3:
            self.line(f"if {self.condition()}:")
            self.inside(self.rng.integers(1, 3), level - 1)
            if self.rng.random() < 0.6:
                self.line("else:")
                self.inside(1, level - 1)
        elif kind == 4:
            times = self.one_of("n", "int(abs(x) * 2)", "n % 3", "2")
            self.line(f"for k in range({times}):")
            self.inside(1, level - 1)
            self.line(f"    {target} = {target} * 0.7 + 0.1 * k")
        elif kind == 5:
            c = self.name("c")
            self.line(f"{c} = 0")
            self.line(f"while {self.condition()} and {c} < 4:")
            self.line(f"    {c} += 1")
            self.line(f"    {target} = 0.6 * {target} - 0.1 * {self.atom()}")
            self.inside(1, 0)
        elif kind == 6:
            a = self.name("a")
            self.line(f"{a} = np.zeros(3)")
            self.line(
                f"{a}[{self.one_of('n % 3', '0', '1 if ' + self.condition(0) + ' else 2')}] = {self.expression(1)}"
            )
            if self.rng.random() < 0.5:
                self.line(f"{a}[1:] += {self.atom()}")
            self.line(f"{target} = np.sum({a} * {a}) + {target}")
        elif kind == 7:
            self.line("try:")
            self.line(f"    if {self.condition()}:")
            self.line("        raise ValueError")
            self.line(f"    {target} = {self.expression(1)}")
            self.line("except ValueError:")
            self.line(f"    {target} = {self.expression(1)}")
        elif kind == 8:
            inner = self.one_of(
                f"t * {target} if t > {self.atom()} else t - y", f"t if {self.condition(0)} else t * {target}"
            )
            self.line(f"{target} = np.sum(vmap(lambda t: {inner})(np.array([-0.4, 0.3, 0.9]))) * 0.3")
        else:
            self.line(f"if {self.condition()}:")
            self.line(f"    return {self.expression(1)} + 0.0 * x")

    def text(self) -> str:
        for _ in range(self.rng.integers(3, 7)):
            self.statement(2)
        self.line(f"return {self.expression(2)} + 0.0 * x")
        return "\n".join(self.lines) + "\n"


def program_of(seed: int):
    text = Writer(seed).text()
    space = {"np": np, "vmap": vmap, "math": __import__("math")}
    exec(compile(text, f"<program {seed}>", "exec"), space)
    return space["f"], text


def loop(g, args):
    return np.stack([g(*e) for e in zip(*args, strict=True)])


def total(f):
    return lambda *args: wnp.sum(vmap(f)(*args))


MODES = {
    "vmap": lambda f, a: (vmap(f)(*a), loop(f, a)),
    "vmap grad": lambda f, a: (vmap(grad(f))(*a), loop(grad(f), a)),
    "vmap grad 1": lambda f, a: (vmap(grad(f, 1))(*a), loop(grad(f, 1), a)),
    "grad vmap": lambda f, a: (grad(total(f))(*a), loop(grad(f), a)),
    "vmap hessian": lambda f, a: (vmap(hessian(f))(*a), loop(hessian(f), a)),
    "vmap jacfwd grad": lambda f, a: (vmap(jacfwd(grad(f)))(*a), loop(hessian(f), a)),
    "jvp vmap": lambda f, a: (
        jvp(lambda x: vmap(f)(x, *a[1:]), (a[0],), (np.ones(N),))[1], loop(grad(f), a)),
    "grad of squares of vmap": lambda f, a: (
        grad(lambda *a: wnp.sum(vmap(f)(*a) ** 2))(*a), loop(grad(lambda *e: f(*e) ** 2), a)),
    "vmap vmap": lambda f, a: (
        vmap(lambda x, n: vmap(lambda y: f(x, y, n))(a[1][:4]))(a[0], a[2]),
        np.stack([[f(x, y, n) for y in a[1][:4]] for x, n in zip(a[0], a[2], strict=True)])),
    "vmap vmap grad": lambda f, a: (
        vmap(lambda x, n: vmap(lambda y: grad(f)(x, y, n))(a[1][:4]))(a[0], a[2]),
        np.stack([[grad(f)(x, y, n) for y in a[1][:4]] for x, n in zip(a[0], a[2], strict=True)])),
    "vmap grad vmap": lambda f, a: (
        vmap(grad(lambda x, n: wnp.sum(vmap(lambda y: f(x, y, n))(a[1][:4]))))(a[0], a[2]),
        np.stack([sum(grad(f)(x, y, n) for y in a[1][:4]) for x, n in zip(a[0], a[2], strict=True)])),
    "jit vmap": lambda f, a: (jit(vmap(f))(*a), loop(f, a)),
    "jit vmap grad": lambda f, a: (jit(vmap(grad(f)))(*a), loop(grad(f), a)),
    "jit grad vmap": lambda f, a: (jit(grad(total(f)))(*a), loop(grad(f), a)),
    "vmap jit": lambda f, a: (vmap(jit(f))(*a), loop(f, a)),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--mode", action="append")
    parser.add_argument("--seconds", type=float, default=1e9)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    start, cases, wrong, seed = time.time(), 0, 0, given.first
    for seed in range(given.first, given.last):  # noqa: B007 (used after the loop)
        if time.time() - start > given.seconds:
            break
        f, text = program_of(seed)
        rng = np.random.default_rng(seed + 1)
        args = (rng.uniform(-2, 2, N), rng.uniform(-2, 2, N), rng.integers(0, 5, N))
        for mode in given.mode or MODES:
            cases += 1
            try:
                got, wanted = MODES[mode](f, args)
                np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-10)
            except Exception as error:
                wrong += 1
                print(f"--- seed {seed}, {mode}: {type(error).__name__}: {str(error)[:600]}", flush=True)
                if wrong < 4:
                    print(text, flush=True)
    print(f"seeds {given.first} to {seed}: {cases} cases, {wrong} differ, {time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
