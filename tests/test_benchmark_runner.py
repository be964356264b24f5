"""How the benchmark of compiled code takes, checks and shows numbers; what it measures is tested beside this."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.compiled import libraries, measure, page, runner  # noqa: E402
from benchmarks.compiled.row import Row  # noqa: E402


def row(build, **options):
    inputs = lambda rng: (rng.normal(size=3), rng.integers(0, 3, 2))
    return Row("name", "title", build, inputs, inputs, ("float32", "float64"), **options)


def record(**changes):
    times = {"wengert": 2e-3, "jax": 3e-3}
    base = {"row": "chain", "title": "a chain", "dtype": "float64", "errors": {}, "overhead": False, "run": times,
            "first": {}, "second": {}, "primal": {}, "derivative": {}, "bounded": False,
            "date": "2026-01-01"}  # fmt: skip
    return base | changes


def test_arguments_have_one_precision_and_can_be_repeated():
    for dtype, integers in (("float32", "int32"), ("float64", "int64")):
        x, i = measure.arguments(row(None), dtype)
        assert (x.dtype, i.dtype) == (dtype, integers)
        np.testing.assert_array_equal(x, measure.arguments(row(None), dtype)[0])


@pytest.mark.parametrize(
    "got, why",
    [
        ([], "0 arrays for 1"),
        ([np.ones(3, "f4")], "array 0 is float32[3], not float64[3]"),
        ([np.ones(2)], "array 0 is float64[2], not float64[3]"),
        ([np.array([1, 1, 1.001])], "array 0 differs by 1.0e-03 (at most 1e-04)"),
        ([np.array([1, 1, np.nan])], "array 0 differs by nan (at most 1e-04)"),
        ([np.array([1, 1, 1.00001])], None),
    ],
)
def test_results_that_differ_are_found(got, why):
    assert measure.disagreement(got, [np.ones(3)], 1e-4) == why


def test_a_library_that_raises_is_named_and_the_others_go_on():
    def build(lib):
        return lambda x, i: lib.np_.sum(x[i])

    def raising(lib):
        def f(x, i):
            raise ValueError("not\ntoday") if lib.name == "other" else None

        return f if lib.name == "other" else build(lib)

    runtimes = {"wengert": libraries.wengert(), "other": libraries.Runtime(libraries.Library("other", np, None))}
    taken = measure.Measurement(row(raising, others=("other",), primal=build), "float64", runtimes, 0.01, 1).take()
    assert taken["errors"] == {"other": "ValueError: not today"}
    assert taken["run"].keys() == taken["primal"].keys() == taken["derivative"].keys() == {"wengert"}
    assert taken["first"].keys() == taken["second"].keys() == {"wengert", "wengert, disk cache warm"}
    assert 0 < taken["run"]["wengert"] < taken["first"]["wengert"]


def test_a_row_that_needs_what_a_library_lacks_says_so():
    runtimes = {"wengert": libraries.Runtime(libraries.Library("wengert", np, None))}
    taken = measure.Measurement(row(None, needs=("scan",)), "float64", runtimes, 0.01, 1).take()
    assert taken["errors"] == {"wengert": "has no scan"} and taken["run"] == {}
    assert not runner.wrong(taken) and runner.wrong(record(errors={"wengert": "wrong result: …"}))


def test_compilation_is_a_first_call_less_the_next():
    taken = record(first={"wengert": 0.012, "jax": 0.1}, second={"wengert": 0.01, "jax": 0.1})
    assert page.compilation(taken, "wengert") == pytest.approx(0.002)
    assert page.compilation(taken, "jax") == pytest.approx(0.005)  # within the noise of a call
    assert page.compilation(record(), "jax") is None


def test_page_shows_factors_and_failures():
    rows = {
        "a": record(),
        "b": record(title="calls", overhead=True, run={"wengert": 1e-6, "jax": 2e-6, "jax from NumPy": 8e-6}),
        "c": record(title="wrong", run={"jax": 1.0}, errors={"wengert": "wrong result: a | b"}),
        "d": record(title="copied", bytes=8e7, run={"wengert": 0.01, "jax": 0.02, "copy": 0.008}, commit="1234567"),
    }
    numbers = {"machine": "m", "python": "3", "versions": {"numpy": "2"}, "rows": rows}
    text = page.markdown(numbers)
    assert "Taken 2026-01-01 of 1234567 on m, Python 3, numpy 2." in text
    assert "| a chain, float64 | 2.00 ms | 3.00 ms | 1.50 |" in text
    assert "| calls, float64 | 1.00 µs | 2.00 µs | 8.00 µs | 8.00 |" in text
    assert "| wrong, float64 | wrong result: a \\| b | 1.00 s |  |" in text
    assert "| copied, float64 | 8.00 ms | 10.0 ms | 80 % | 40 % |" in text
    assert "1.73 times in the geometric mean of 2 rows; least 1.50 (a chain, float64)" in text


def test_rows_taken_on_a_busy_machine_are_named():
    calm, busy = record(load=0.5), record(title="hurried", load=1000.0)
    assert "had other work: hurried, float64 (load 1000.0)." in page.summary({"a": calm, "b": busy})
    assert "had other work" not in page.summary({"a": calm})


def test_numbers_of_single_rows_join_those_on_file(tmp_path):
    path = tmp_path / "numbers.json"
    about = {"machine": "m", "python": "3", "versions": {"numpy": "2", "torch": "2"}}
    path.write_text(json.dumps({**about, "rows": {"chain float64": record(), "gone float64": record(row="gone")}}))
    new = {**about, "versions": {"numpy": "2"}, "rows": {"adam float32": record(row="adam")}}
    both = runner.merged(path, new)
    assert list(both["rows"]) == ["adam float32", "chain float64"] and both["versions"] == about["versions"]
    assert list(runner.merged(path, {**new, "machine": "n"})["rows"]) == ["adam float32"]
    assert list(runner.merged(path, {**new, "versions": {"numpy": "3"}})["rows"]) == ["adam float32"]


def test_the_command_measures_and_writes(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks/compiled"), "--rows", "^call-positional$", "--seconds", "0.01",
               "--libraries", "wengert", "--write", str(tmp_path)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    numbers = json.loads((tmp_path / "benchmarks_compiled.json").read_text())
    assert numbers["rows"]["call-positional float32"]["run"]["wengert"] < 1e-2
    assert "call with 2 arrays of 10 numbers, float32" in (tmp_path / "benchmarks.md").read_text()
