"""Rewrites that change values: one table of them, each with a switch.

Compiled code gives what the eager function gives, each operation of the user's rounded by itself, except where a rewrite
of this table says otherwise. A rewrite is on by default only where its results stay within rounding of the eager
intermediates: no difference that is 0 becomes a number, nothing finite becomes NaN or infinite. Rewrites that change no
bits (common subexpressions, dead code, fusion, views) are not listed. `docs/rewrites.md` is written from this table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..config import config


class Rewrite(NamedTuple):
    """A rewrite that changes values.

    Attributes:
        on: whether it is on by default.
        where: the file that does it.
        what: what becomes what.
        bound: how far from the eager results it may lead.
    """

    on: bool
    where: str
    what: str
    bound: str


REWRITES: dict[str, Rewrite] = {
    "contraction": Rewrite(
        False,
        "scalars.py",
        "`a * b + c` of the user's, or `a * b - c`, as one fused multiply-add",
        "the product is not rounded: `b*b - 4*a*c` at a double root and `a*a - b*b` at `a == b` are not 0, and what is "
        "computed in two places may differ",
    ),
    "late_sums": Rewrite(
        False,
        "control/late.py",
        "in steps of loops `y + k * sin(x)` and sums of it regrouped, so that they wait for one instruction after the "
        "sine's polynomial",
        "as for contraction, and intermediate sums are other ones; needs `contraction`",
    ),
    "zero_signs": Rewrite(
        False,
        "algebra.py",
        "`x + 0.0` as `x`, `-(a - b)` as `b - a`",
        "the sign of a zero: `arctan2(x + 0.0, -1.0)` at `x = -0.0`",
    ),
    "padding_dropped": Rewrite(
        True,
        "apart.py",
        "the zeros around what an index, a slice or padding writes into arrays of many short rows, added to something, as "
        "that alone",
        "`-0.0` for `0.0`, in derivatives of indices for the most part",
    ),
    "product_sums": Rewrite(
        True,
        "scalars.py, gemm.py",
        "products that are only added up, in matrix products, sums of products, convolutions and scans of sums, as fused "
        "multiply-adds",
        "each term has one rounding less, which the error bound of a sum of products includes",
    ),
    "sum_order": Rewrite(
        True,
        "loops.py, chunks.py, apart.py",
        "sums and products along axes in vector lanes, and large ones piece by piece, in an order that depends on shapes "
        "and on the width of the processor's vectors",
        "that of any order of summation",
    ),
    "uniform_sums": Rewrite(
        True,
        "restructure.py, sums.py",
        "the sum of `n` times the same number as `n` times it",
        "nearer to the exact sum",
    ),
    "factors_summed": Rewrite(
        True,
        "sums.py",
        "a product of matrices that is only summed along axes, or one of factors that vary along different axes, as the product of factors that are summed before",
        "that of the sum of products in another order; factors are scaled by a power of two, so that their sums overflow "
        "only where the terms do; numbers below the normal range may be lost by it",
    ),
    "bounded_totals": Rewrite(
        True,
        "sums.py",
        "a sum over more axes from one that is known; `sum_j (e_j * m)` as `m * sum_j e_j`, and quotients, where the sum of `e` is known and cannot overflow: "
        "exponentials below 1, one number in a row",
        "two roundings of the sum",
    ),
    "totals": Rewrite(
        False,
        "sums.py",
        "the same for any sum that is known",
        "where the sum overflows and the multiples do not, infinite or NaN",
    ),
    "shared_inverses": Rewrite(
        True,
        "quotients.py",
        "what a derivative divides again by a number that its function has divided by, three times or more, as products "
        "with one inverse, scaled so that it does not overflow",
        "one rounding more in these quotients of the derivative; what the function divides stays divided",
    ),
    "whole_powers": Rewrite(
        True,
        "algebra.py",
        "`x**2`, `x**3`, `x**4` and `x**-1` as products and a quotient",
        "1.5 units in the last place for 3, 2.5 for 4, 0.5 otherwise",
    ),
    "scattered_onto": Rewrite(
        True,
        "algebra.py",
        "`x` plus zeros to which something is added at places, as `x` to which it is added there",
        "that of another order where a place is named more than once",
    ),
    "loop_products": Rewrite(
        True,
        "control/motion.py",
        "products in steps of a `scan` as one product before or after it, and sums of products over the steps as one "
        "product after it",
        "that of the sum of products in another order",
    ),
    "short_chains": Rewrite(
        True,
        "control/elements.py, vectormath/kit.py",
        "in loops whose values are in registers, sums along axes in pairs of pairs, and polynomials of elementary "
        "functions by Estrin's scheme; sine and cosine within 3 units in the last place",
        "within the error bounds of the functions; results may differ from those of the same function outside the loop",
    ),
}

_switched: dict[str, bool] = {}


def on(name: str) -> bool:
    """Whether a rewrite of the table is on. Code that is reproducible has no products that are fused into sums."""
    if name == "product_sums" and config.reproducible:
        return False
    return _switched.get(name, REWRITES[name].on)


@contextmanager
def switched(**names: bool) -> Iterator[None]:
    """A context in which rewrites are on or off for what is compiled in it, in this process.

    Functions that were compiled before stay as they are: `clear_cache` makes them anew.

    Raises:
        KeyError: there is no rewrite of this name.

    Example:
        >>> import numpy as np
        >>> from wengert import jit
        >>> difference = lambda a, b: a * a - b * b
        >>> float(jit(difference)(0.1, 0.1))
        0.0
        >>> with switched(contraction=True):
        ...     on("contraction")
        True
    """
    for name in names:
        REWRITES[name]
    before = dict(_switched)
    _switched.update(names)
    try:
        yield
    finally:
        _switched.clear()
        _switched.update(before)


def changed() -> tuple[tuple[str, bool], ...]:
    """The switches that are not as the table has them, for keys of what is kept."""
    found = sorted((name, b) for name, b in _switched.items() if b is not REWRITES[name].on)
    return (*found, ("reproducible", True)) if config.reproducible else tuple(found)


def page() -> str:
    """`docs/rewrites.md`."""
    rows = [
        f"| `{name}` | {'on' if r.on else 'off'} | {r.what} | {r.bound} | {r.where} |" for name, r in REWRITES.items()
    ]
    return "\n".join([*_HEAD, *rows, *_TAIL, ""])


_HEAD = """\
# Rewrites that change values

This page is written from the table in `src/wengert/compile/rewrites.py` (`python -m wengert.compile.rewrites`), and a test
holds it to that.

Compiled code gives what the eager function gives to rounding, and each operation of the user's is rounded by itself:
`a*a - b*b` is 0 where `a == b`, `sqrt(b*b - 4*a*c)` is 0 at a double root, and what stands in two places has the same bits
in both. What changes values all the same is listed here. It is on by default only where results stay within rounding of the
eager intermediates.

| rewrite | default | what | how far it may lead | where |
| --- | --- | --- | --- | --- |""".splitlines()
_TAIL = """
Tests and experiments switch them:

```python
from wengert.compile.rewrites import switched

with switched(contraction=True, late_sums=True):
    step = jit(f)
    step(x)  # compiled here, with fused multiply-adds
```

**The same bits on every machine.** `config.reproducible = True` switches `product_sums` off and fixes the width of vectors
(32 bytes, whatever the processor has), and with it the order of sums; products of matrices are the library's own. Then results
have the same bits with x86-64-v2, x86-64-v3 and AVX-512, which a test holds. Factorisations by LAPACK, and operations that go
through NumPy (`jit(f).lower(x).cost()` names them), are as they are on each machine.

Elementary and special functions have error bounds of their own ([vectormath](vectormath.md)); inside them everything is
written so that the same bits come out wherever an argument stands, except in loops whose values are in registers
(`short_chains`).""".splitlines()

if __name__ == "__main__":
    print(page(), end="")

__all__ = ["REWRITES", "Rewrite", "changed", "on", "page", "switched"]
