"""The vector functions hold their error bounds over the whole range of their arguments, special values included."""

from __future__ import annotations

import itertools
import pathlib
import re
from functools import cache

import numpy as np
import pytest
from vectormath_kernel import Kernel
from vectormath_reference import BINARY, BOUNDS, EXACT, FUNCTIONS, reference, samples, specials, ulps

DTYPES = ("float32", "float64")
TABLE = pathlib.Path(__file__).parent.parent / "docs/vectormath.md"
EVERY = [(name, dtype) for name in FUNCTIONS for dtype in DTYPES]


def arity(name: str) -> int:
    return 2 if name in BINARY else 1


@cache
def kernel(name: str, dtype: str) -> Kernel:
    return Kernel(name, dtype, 8, arity(name))


def check(name: str, dtype: str, args: list) -> None:
    got, want = kernel(name, dtype)(*args), reference(name, dtype, args)
    errors = ulps(name, dtype, args, got, want)
    worst = int(np.argmax(errors))
    where = f"{name}{tuple(a[worst] for a in args)} = {got[worst]!r}, exactly {want[0][worst]!r}"
    assert errors[worst] <= BOUNDS[name, dtype], f"{errors[worst]:.2f} ULP: {where}"
    with np.errstate(over="ignore"):
        zeros = (got == 0) & (want[0].astype(dtype) == 0)
    wrong = np.flatnonzero(zeros & (np.signbit(got) != np.signbit(want[0])))
    assert wrong.size == 0, f"sign of zero at {[a[wrong[0]] for a in args]}"


@pytest.mark.parametrize(("name", "dtype"), EVERY)
def test_error_is_within_the_bound_over_the_whole_range(name: str, dtype: str) -> None:
    check(name, dtype, samples(name, dtype, 30_000 if dtype == "float32" else 360))


@pytest.mark.parametrize(("name", "dtype"), EVERY)
def test_special_values(name: str, dtype: str) -> None:
    values = specials(dtype)
    pairs = np.array(list(itertools.product(values, repeat=arity(name))), dtype)
    check(name, dtype, [np.ascontiguousarray(pairs[:, k]) for k in range(arity(name))])


@pytest.mark.parametrize(("name", "dtype"), EVERY)
def test_every_number_of_lanes_gives_the_same_bits(name: str, dtype: str) -> None:
    args = [np.concatenate([a, specials(dtype)]) for a in samples(name, dtype, 300, seed=3)]
    want = kernel(name, dtype)(*args)
    one = Kernel(name, dtype, 1, arity(name))(*args)
    nan = np.isnan(want)
    assert np.array_equal(nan, np.isnan(one))
    assert want[~nan].tobytes() == one[~nan].tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lanes", [2, 4, 16])
@pytest.mark.parametrize("name", ["exp", "sin", "log_ndtr", "power", "fmod"])
def test_other_widths(name: str, lanes: int, dtype: str) -> None:
    args = samples(name, dtype, 300, seed=4)
    want, got = kernel(name, dtype)(*args), Kernel(name, dtype, lanes, arity(name))(*args)
    nan = np.isnan(want)
    assert np.array_equal(nan, np.isnan(got))
    assert want[~nan].tobytes() == got[~nan].tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_beside_multiples_of_a_quarter_turn(name: str, dtype: str) -> None:
    # Where the reduction cancels, up to where the C library takes over and past that.
    limit = 80_000 if dtype == "float32" else 700_000_000
    n = np.unique(np.geomspace(1, limit, 4000 if dtype == "float32" else 250).astype(np.int64))
    x = (n * (np.pi / 2)).astype(dtype)
    x = np.concatenate([x, np.nextafter(x, np.array(0, dtype)), np.nextafter(x, np.array(np.inf, dtype))])
    check(name, dtype, [x])


@pytest.mark.parametrize("dtype", DTYPES)
def test_ranges(dtype: str) -> None:
    x = samples("sin", dtype, 30_000)[0]
    assert np.nanmax(np.abs(kernel("sin", dtype)(x))) <= 1
    assert np.nanmax(np.abs(kernel("cos", dtype)(x))) <= 1
    assert np.nanmax(np.abs(kernel("tanh", dtype)(x))) <= 1
    assert np.nanmax(np.abs(kernel("erf", dtype)(x))) <= 1
    assert np.nanmax(kernel("sigmoid", dtype)(x)) <= 1


def test_powers_of_two_are_exact() -> None:
    n = np.arange(-1074, 1024)
    assert np.array_equal(kernel("exp2", "float64")(n.astype(float)), np.ldexp(1.0, n))
    assert np.array_equal(kernel("log2", "float64")(np.ldexp(1.0, n)), n)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "name", ["exp", "expm1", "log", "log1p", "tanh", "sigmoid", "arctan", "erf", "cbrt", "arcsinh"]
)
def test_order_is_kept(name: str, dtype: str) -> None:
    # Between points far enough apart that no rounding error reverses them.
    x = np.linspace(0.01, 3.0, 2000).astype(dtype)
    assert np.all(np.diff(kernel(name, dtype)(x)) >= 0)


def test_bounds_are_at_most_four_and_every_function_has_them() -> None:
    assert set(BOUNDS) == set(EVERY)
    derivatives = {"sech2": 6, "i0e_slope": 96}  # of tanh, which may be off by 16; a difference of which 1/25 is left
    exponentials = {"i0": 5, "i0e": 8, "i1e": 8}  # times sums of up to 18 terms of one sign
    assert all(bound <= (derivatives | exponentials).get(name, 4) for (name, _), bound in BOUNDS.items())
    assert all(BOUNDS[name, dtype] == 0 for name in EXACT for dtype in DTYPES)


def test_the_table_is_current() -> None:
    rows = [
        re.split(r"\s*\|\s*", line.strip("| \n")) for line in TABLE.read_text().splitlines() if line.startswith("| ")
    ]
    stated = {cells[0]: cells[1:] for cells in rows[2:]}
    assert set(stated) == set(FUNCTIONS), "run tools/vectormath_table.py"
    for (name, dtype), bound in BOUNDS.items():
        cells = stated[name][:5] if dtype == "float32" else stated[name][5:]
        assert float(cells[0]) == bound, f"{name} {dtype}: run tools/vectormath_table.py"
        assert float(cells[1]) <= bound
        assert int(cells[2]) == kernel(name, dtype).instructions, f"{name} {dtype}: run tools/vectormath_table.py"
