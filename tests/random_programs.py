"""Random array programs, for the compiled code to be compared with the eager one on.

A program is data: inputs, steps, outputs. Each step is chosen from what was computed before, by the shapes and dtypes
and values there, so that every program runs. What a step may do to rounding errors is limited: functions are used where
they are tame, and what jumps (floor, comparisons, sorting, conversion to integers) is applied to values that are exact
in both ways of computing alone. Then eager and compiled results agree to rounding, and integers and booleans exactly.

`compare_programs` runs them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.errors import WengertError

LENGTHS = (0, 1, 1, 2, 3, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 70)
LARGEST = 1500  # elements of a value
DTYPES = ("float64",) * 8 + ("float32",) * 4 + ("int64", "int64", "int32", "int32", "uint8", "int8", "bool", "bool")
Arrays = tuple[Any, ...]


class NumpySource:
    """Choices from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def array(self, low: int, high: int, shape: Sequence[int]) -> np.ndarray:
        return self.rng.integers(low, high + 1, size=shape)


class DrawnSource:
    """Choices drawn from hypothesis, which can then shrink a program that fails."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        from hypothesis import strategies as st

        self.st, self.draw = st, draw

    def integer(self, low: int, high: int) -> int:
        return self.draw(self.st.integers(low, high))

    def array(self, low: int, high: int, shape: Sequence[int]) -> np.ndarray:
        return np.random.default_rng(self.integer(0, 1 << 16)).integers(low, high + 1, size=shape)


class Step:
    """One operation of a program: the numbers of the values it takes, and what else it takes."""

    def __init__(self, op: str, args: Sequence[int], params: dict[str, Any]) -> None:
        self.op, self.args, self.params = op, tuple(args), params

    def __repr__(self) -> str:
        params = "".join(f", {k}={_described(v)}" for k, v in self.params.items())
        return f"{self.op}({', '.join(f'v{i}' for i in self.args)}{params})"


class RandomProgram:
    """A function of its inputs that gives a tuple; printing it shows the steps."""

    def __init__(self, inputs: Sequence[Any], steps: Sequence[Step], outputs: Sequence[int]) -> None:
        self.inputs, self.steps, self.outputs = list(inputs), list(steps), list(outputs)
        self.__name__ = "random_program"

    def __call__(self, *args: Any) -> Arrays:
        values: list[Any] = list(args)
        for step in self.steps:
            values.append(OPS[step.op].run(*[values[i] for i in step.args], **step.params))
        return tuple(values[i] for i in self.outputs)

    def __repr__(self) -> str:
        n = len(self.inputs)
        lines = [f"v{i} = {_described(x)}" for i, x in enumerate(self.inputs)]
        lines += [f"v{n + i} = {s!r}" for i, s in enumerate(self.steps)]
        return "\n".join([*lines, f"return {', '.join(f'v{i}' for i in self.outputs)}"])

    def live(self) -> RandomProgram:
        """Without the steps that no output needs."""
        n, needed = len(self.inputs), set(self.outputs)
        for i in range(len(self.steps) - 1, -1, -1):
            if n + i in needed:
                needed.update(self.steps[i].args)
        place = {i: i for i in range(n)}
        steps = []
        for i, s in enumerate(self.steps):
            if n + i in needed:
                place[n + i] = n + len(steps)
                steps.append(Step(s.op, [place[a] for a in s.args], s.params))
        return RandomProgram(self.inputs, steps, [place[o] for o in self.outputs])


def _described(x: Any) -> str:
    if isinstance(x, np.ndarray) and x.size > 8:
        return f"{x.dtype}{list(x.shape)}"
    return f"{x!r}" if not isinstance(x, np.ndarray) else f"np.array({x.tolist()}, {x.dtype.name!r})"


class Op:
    """How a step is chosen (``choose(generator) -> (args, params)``, or None if it cannot be) and run."""

    def __init__(self, name: str, kind: str, choose: Callable[..., Any], run: Callable[..., Any], exact: str) -> None:
        self.name, self.kind, self.choose, self.run = name, kind, choose, run
        self.exact = exact  # "never", "kept" (exact if the operands are), "needed" (refused otherwise), "always"


OPS: dict[str, Op] = {}


def op(name: str, kind: str, run: Callable[..., Any], exact: str = "never") -> Callable[..., Any]:
    def add(choose: Callable[..., Any]) -> Callable[..., Any]:
        OPS[name] = Op(name, kind, choose, run, exact)
        return choose

    return add


class Generator:
    """Builds a program step by step, running it eagerly as it grows."""

    def __init__(self, source: Any, special_values: bool = False) -> None:
        self.source = source
        self.special = special_values
        self.values: list[Any] = []
        self.exact: list[bool] = []
        self.steps: list[Step] = []

    # --- choices -------------------------------------------------------------------------------------------------

    def integer(self, low: int, high: int) -> int:
        return self.source.integer(low, high)

    def chance(self, percent: int) -> bool:
        return self.source.integer(0, 99) < percent

    def choice(self, options: Sequence[Any]) -> Any:
        return options[self.source.integer(0, len(options) - 1)]

    def pick(self, good: Callable[[np.ndarray], bool] = lambda x: True) -> int | None:
        """The number of a value, recent ones more often."""
        fits = [i for i, v in enumerate(self.values) if good(np.asarray(v))]
        if not fits:
            return None
        return self.choice(fits[-4:]) if self.chance(60) else self.choice(fits)

    def shape(self, i: int) -> tuple[int, ...]:
        return np.shape(self.values[i])

    def axes(self, i: int) -> Any:
        ndim = len(self.shape(i))
        how = self.integer(0, 3)
        if how == 0 or ndim == 0:
            return None
        if how == 1:
            return tuple(a for a in range(ndim) if self.chance(60))
        return self.integer(-ndim, ndim - 1)

    # --- inputs --------------------------------------------------------------------------------------------------

    def some_shape(self) -> tuple[int, ...]:
        rank = self.choice((0, 1, 1, 2, 2, 2, 3, 3, 4))
        base = [n for v in self.values for n in np.shape(v)]
        out = []
        for _ in range(rank):
            n = self.choice(base) if base and self.chance(50) else self.choice(LENGTHS)
            if n == 0 and self.chance(60):
                n = 1
            out.append(n if math.prod(out) * n <= LARGEST else self.choice((1, 2)))
        return tuple(out)

    def array(self, shape: Sequence[int], dtype: str) -> np.ndarray:
        kind = np.dtype(dtype).kind
        if kind == "f":
            a = self.finite(shape, dtype)
            if self.special and a.size:
                values, a = [np.inf, -np.inf, np.nan, 0.0, 1e-30, 1e30], np.asarray(a)
                for _ in range(self.integer(1, 3)):
                    a[tuple(self.integer(0, n - 1) for n in shape)] = self.choice(values)
            return a
        if kind == "b":
            return np.asarray(self.source.array(0, 1, shape), bool)
        return np.asarray(self.source.array(0 if kind == "u" else -9, 9, shape), dtype)

    def finite(self, shape: Sequence[int], dtype: str) -> np.ndarray:
        return np.asarray(self.source.array(-24, 24, shape) / 8, dtype)

    def input(self) -> Any:
        how = self.integer(0, 11)
        if how == 0:
            return self.choice((0.5, 2.0, -1.25, 3, 0, True))  # Python's numbers, of weak type
        dtype = self.choice(DTYPES)
        if how == 1:
            return self.array((), dtype)[()]
        a = self.array(self.some_shape(), dtype)
        if how == 2 and a.ndim:
            a = np.asfortranarray(a)
        elif how == 3 and a.ndim:
            a = np.repeat(a, 2, axis=-1)[..., ::2]
        elif how == 4:
            a.flags.writeable = False
        return a

    # --- the program -----------------------------------------------------------------------------------------------

    def try_step(self, name: str) -> bool:
        o = OPS[name]
        chosen = o.choose(self)
        if chosen is None:
            return False
        args, params = chosen
        if any(a is None for a in args):
            return False
        exact = all(self.exact[a] or np.asarray(self.values[a]).dtype.kind in "biu" for a in args)
        if o.exact == "needed" and not exact:
            return False
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                out = o.run(*[self.values[a] for a in args], **params)
            except (
                WengertError,
                TypeError,
                ValueError,
                OverflowError,
                IndexError,
                ZeroDivisionError,
                FloatingPointError,
            ):
                return False  # a combination that the library refuses
        a = np.asarray(out)
        if a.size > LARGEST or a.dtype.kind not in "biuf" or a.dtype == np.float16:
            return False
        if a.dtype.kind == "f" and a.size and not self.special:
            large = np.max(np.abs(a))
            if not large < 1e4:
                return False
        self.steps.append(Step(name, args, params))
        self.values.append(out)
        self.exact.append(o.exact == "always" or (o.exact in ("kept", "needed") and exact and _is_exact(a)))
        return True

    def program(self, steps: int) -> RandomProgram:
        for _ in range(self.integer(1, 4)):
            self.values.append(self.input())
        inputs = list(self.values)
        self.exact = [_is_exact(np.asarray(v)) for v in inputs]
        names = list(OPS)
        kinds = sorted({o.kind for o in OPS.values()})
        tries = 0
        while len(self.steps) < steps and tries < 6 * steps:
            tries += 1
            kind = self.choice(kinds)
            name = self.choice([n for n in names if OPS[n].kind == kind])
            self.try_step(name)
        n = len(self.values)
        outputs = [n - 1] if self.chance(80) else []
        outputs += [self.integer(0, n - 1) for _ in range(self.integer(0 if outputs else 1, 3))]
        return RandomProgram(inputs, self.steps, outputs)


def _is_exact(a: np.ndarray) -> bool:
    """Whether numbers are far from needing rounding: multiples of 1/4096, below 2**11."""
    if a.dtype.kind in "biu":
        return True
    finite = a[np.isfinite(a)]
    scaled = finite * 4096.0
    return bool(np.all((scaled == np.rint(scaled)) & (np.abs(finite) < 2048)))
