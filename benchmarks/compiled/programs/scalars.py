"""What costs little to compute: 2,000 unrolled scalar operations, and calls that do next to nothing."""

from __future__ import annotations

from typing import Any

from ..row import Row


def chain(lib: Any) -> Any:
    """500 times a sine, a hyperbolic tangent, a product and a sum, none of them twice; the derivative is of order 1."""
    np_ = lib.np_

    def run(x: Any) -> Any:
        for i in range(500):
            x = x + (-1) ** i * (0.05 + i / 20000) * np_.tanh(np_.sin(x))
        return x

    return run


def positional(lib: Any) -> Any:
    return lambda a, b: a * b + 1.0


def in_dict(lib: Any) -> Any:
    return lambda arrays: {name: a * 2.0 for name, a in arrays.items()}


ROWS = [
    Row("chain", "2,000 unrolled scalar operations", chain, lambda rng: (rng.normal(),), lambda rng: (0.5,)),
    Row("chain-gradient", "their derivative", lambda lib: lib.grad(chain(lib)), lambda rng: (rng.normal(),),
        lambda rng: (0.5,)),
    Row("call-positional", "call with 2 arrays of 10 numbers", positional,
        lambda rng: (rng.normal(size=10), rng.normal(size=10)),
        lambda rng: (rng.normal(size=2), rng.normal(size=2)), ("float32",), overhead=True),
    Row("call-dict", "call with a dict of 10 arrays of 10 numbers", in_dict,
        lambda rng: ({f"a{i}": rng.normal(size=10) for i in range(10)},),
        lambda rng: ({f"a{i}": rng.normal(size=2) for i in range(3)},), ("float32",), overhead=True),
]  # fmt: skip
