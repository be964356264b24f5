"""Derivatives over the whole range of floats: within 16 ULP times the condition, eager and compiled, in both formats.

The campaign over more arguments is `tools/accuracy_table.py`, which writes docs/accuracy.md.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
from accuracy_cases import CASES, QUICK, Case
from accuracy_reference import measured
from accuracy_special import EACH
from accuracy_statistics import TAILS

import wengert as w
import wengert.numpy as wnp
from wengert import nn

ROOT = pathlib.Path(__file__).parent.parent
TABLES = {"docs/accuracy.md": CASES, "docs/campaigns/tails.md": [*TAILS, *EACH]}
# One for each cause that the campaign found, of those whose exact values are quick.
FOUND = {
    *(
        "beta, argument 2",
        "betaln, argument 2",
        "binom, wide, argument 1",
        "poch, argument 1",
        "t.logpdf, shape",
        "t.cdf, shape",
    ),
    *(
        "t.pdf, variable",
        "cauchy.logcdf",
        "cauchy.logsf",
        "cauchy.pdf",
        "logistic.logpdf",
        "gumbel_r.logpdf",
        "halfnorm.logcdf",
    ),
    *(
        "gamma.logsf, variable",
        "truncnorm.pdf, shape 1",
        "ive, small orders, argument 2",
        "ellipkm1",
        "struve",
        "ndtri_exp",
    ),
    *("hyp1f1, negative, argument 2", "gennorm.logpdf, shape", "gammainccinv, argument 2"),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_first_derivatives_over_the_whole_range(case: Case, dtype: str) -> None:
    found = measured(case, dtype, 20)
    assert found.count >= 5
    for way, (error, at) in found.errors.items():
        assert error <= found.allowed(case), f"{way}: {error:.3g} ULP over the condition at {at}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", [c for c in (*TAILS, *EACH) if c.name in FOUND], ids=lambda case: case.name)
def test_first_derivatives_in_the_tails(case: Case, dtype: str) -> None:
    found = measured(case, dtype, 8)
    for way, (error, at) in found.errors.items():
        assert error <= found.allowed(case), f"{way}: {error:.3g} ULP over the condition at {at}"


def test_every_case_of_the_tails_is_there() -> None:
    assert {c.name for c in (*TAILS, *EACH)} >= FOUND


@pytest.mark.parametrize("table", TABLES)
def test_the_page_lists_every_function_and_none_beyond_its_bound(table: str) -> None:
    lines = (ROOT / table).read_text().splitlines()
    rows = [re.split(r" ?\| ?", line)[1:-1] for line in lines if line.startswith("| ")]
    stated = {
        cells[0].removesuffix(" †"): cells[1:]
        for cells in rows
        if len(cells) == 9 and cells[0] not in ("function", "---")
    }
    assert set(stated) == {case.name for case in TABLES[table]}, f"run tools/accuracy_table.py {table}"
    for case in TABLES[table]:
        for first in (0, 4):  # eager, forward, compiled, the value; of each format
            *worst, value = [float(n or "nan") for n in stated[case.name][first : first + 4]]
            if value != value:  # no argument with a normal number
                continue
            assert max(worst) <= (max(case.bound, 4 * value) if case.scipy else case.bound), case.name


def test_the_measure_finds_what_cancels() -> None:
    cancels = Case("tanh by its square", lambda x: np.tanh(x), lambda x: x - x**3 / 3, ((5.0, 20.0),))
    assert measured(cancels, "float64", 8).errors["eager"][0] > 1e6


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_second_derivatives_form_no_squares_that_overflow_or_vanish(compiled: bool) -> None:
    shape = w.jit if compiled else lambda f: f
    for f, x, right in (
        (lambda x: wnp.log(wnp.exp(-(x**2))), 20.0, -2.0),
        (lambda x: 1e200 * x / (1e200 * x + 1e200), 1.0, -0.25),
        (lambda x: 1e200 * wnp.reciprocal(1e200 * x), 0.5, 16.0),
        (lambda x: wnp.log(1e-200 * x) * 3.0, 2.0, -0.75),
        (lambda x: wnp.arctan2(1e-200 * x, 1e-200), 2.0, -4 / 25),
        (lambda x: wnp.arctan2(1e200, 1e200 * x), 2.0, 4 / 25),
        (nn.softplus, 37.0, np.exp(-37.0)),
        (wnp.tanh, 25.0, -8 * np.exp(-50.0)),
        (wnp.expm1, -40.0, np.exp(-40.0)),
    ):
        for second in (w.hessian(f), w.grad(w.grad(f)), w.jacfwd(w.jacfwd(f)), w.jacrev(w.jacfwd(f))):
            np.testing.assert_allclose(shape(second)(x), right, rtol=1e-12)


def test_arctan2_over_the_whole_range() -> None:
    np.testing.assert_allclose(w.grad(lambda y: wnp.arctan2(y, 1e-200))(1e-200), 5e199, rtol=1e-14)
    np.testing.assert_allclose(w.grad(lambda y: wnp.arctan2(y, 1e300))(1e300), 5e-301, rtol=1e-14)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_second_derivatives_of_logsumexp_with_factors(compiled: bool) -> None:
    shape = w.jit if compiled else lambda f: f
    x, b = np.array([1.0, 40.0, 0.0]), np.array([2.0, 0.5, 3.0])
    weights = b * np.exp(x - 40)
    right = weights[1] * (weights[0] + weights[2]) / weights.sum() ** 2
    for second in (w.hessian, lambda f: w.jacrev(w.grad(f)), lambda f: w.jacfwd(w.jacfwd(f))):
        np.testing.assert_allclose(shape(second(lambda x: nn.logsumexp(x, b=b)))(x)[1, 1], right, rtol=1e-13)


def test_derivatives_of_logaddexp_import_no_scipy() -> None:
    code = "import sys, wengert as w, wengert.numpy as wnp; w.grad(wnp.logaddexp)(0.5, 1.0); assert 'scipy.special' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_second_derivatives_of_rows_with_one_weight_close_to_1(compiled: bool) -> None:
    shape = w.jit if compiled else lambda f: f
    x, q = np.array([1.0, 40.0, 0.0]), np.exp(-39.0) + np.exp(-40.0)  # what the others weigh
    for f, right in (
        (lambda x: nn.softmax(x)[1], -q),
        (lambda x: nn.log_softmax(x)[1], -q),
        (lambda x: nn.log_softmax(x)[0], -q),
        (nn.logsumexp, q),
        (lambda x: nn.log_softmax(x, where=np.array([True, True, True]))[1], -q),
        (lambda x: nn.softmax(wnp.stack([x, x]), axis=1)[0, 1], -q),
    ):
        for second in (w.hessian(f), w.jacrev(w.grad(f)), w.jacfwd(w.jacfwd(f)), w.jacrev(w.jacfwd(f))):
            np.testing.assert_allclose(shape(second)(x)[1, 1], right, rtol=1e-13)


def test_wide_rows_without_a_large_weight() -> None:
    x = np.random.default_rng(5).normal(size=1000)
    s = np.exp(x) / np.exp(x).sum()
    np.testing.assert_allclose(w.grad(nn.logsumexp)(x), s, rtol=1e-13)
    k = int(np.argmax(x))
    for j in (k, 7):
        np.testing.assert_allclose(
            w.grad(lambda x: nn.softmax(x)[j])(x), s[j] * ((np.arange(1000) == j) - s), rtol=1e-12
        )  # noqa: B023
        np.testing.assert_allclose(w.grad(lambda x: nn.log_softmax(x)[j])(x), (np.arange(1000) == j) - s, rtol=1e-12)  # noqa: B023


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_arctan2_at_infinities_has_the_limits_of_its_partials(compiled: bool) -> None:
    shape = w.jit if compiled else lambda f: f
    partials = shape(w.grad(wnp.arctan2, (0, 1)))
    for args in ((np.inf, 1.0), (1.0, np.inf), (-np.inf, 2.0), (np.inf, -np.inf)):
        assert [float(g) for g in partials(*args)] == [0, 0]
    assert np.isnan(partials(np.inf, np.nan)).all() and np.isnan(partials(np.nan, -np.inf)).all()
