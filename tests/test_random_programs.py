"""Random programs run compiled and eagerly: see `random_programs` for what they are, `compare_programs` for the campaign."""

import numpy as np
import pytest
from compare_programs import MODES, Disagreement, compare, differences, numbered
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_operations import OPS, random_program
from random_programs import DrawnSource, RandomProgram, Step

from wengert import config
from wengert.compile import fusion


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_drawn_programs(data):
    special = data.draw(st.booleans())
    mode = data.draw(st.sampled_from(MODES))
    compare(random_program(DrawnSource(data.draw), special, 10), mode)


@pytest.mark.parametrize("first", range(0, 240, 40))
def test_numbered_programs(first):
    """Some of the campaign's programs; nearly all must say something."""
    outcomes = [compare(*numbered(seed)) for seed in range(first, first + 40)]
    assert outcomes.count("agrees") >= 30, outcomes


def test_programs_cover_every_operation():
    used = {s.op for seed in range(1500) for s in numbered(seed)[0].steps}
    assert used == set(OPS)


def test_disagreements_are_found(monkeypatch):
    """A compiler that is wrong somewhere does not pass."""
    from wengert.lowering import Formula
    from wengert.ops.elementwise import sub_p

    program = RandomProgram([np.arange(7.0)], [Step("sin", [0], {}), Step("subtract", [0, 1], {})], [2])
    assert compare(program, "value") == "agrees"
    monkeypatch.setattr(sub_p, "native", Formula(lambda e, dtype, x, y: e.fsub(y, x)))
    with config.override(disk_cache=False), pytest.raises(Disagreement, match="v2 = subtract"):
        compare(RandomProgram(program.inputs, program.steps, program.outputs), "value")


def test_comparison():
    x = np.array([1.0, np.nan, np.inf])
    assert differences([x], [x * (1 + 1e-13)], 1e-12) == ""
    assert "differs" in differences([x], [x * (1 + 1e-11)], 1e-12)
    assert "infinities" in differences([x], [np.array([1.0, np.nan, -np.inf])], 1e-12)
    assert "float32" in differences([x], [x.astype(np.float32)], 1e-12)
    assert "result 1" in differences([x, 3], [x, 4], 1e-12)


@pytest.mark.parametrize("first", range(1000, 1120, 40))
def test_programs_of_arrays_that_count_as_large(first, monkeypatch):
    """What is done for large arrays only: values made again rather than read, and used in the nest that writes them."""
    monkeypatch.setattr(fusion, "LARGE", 1)
    monkeypatch.setattr(fusion, "LONG", 1)
    with config.override(disk_cache=False):
        for seed in range(first, first + 40):
            compare(*numbered(seed))
