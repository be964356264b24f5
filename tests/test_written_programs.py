"""Random programs in NumPy's own words: plain, eager, compiled, both modes, differences (`compare_written`)."""

import numpy as np
import pytest
from compare_written import Comparison, Finding, compare
from written_programs import Program, written

TOLD = ("agree", "refused", "ill-conditioned")


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_written_programs_agree(first):
    for seed in range(first, first + 20):
        kind, words = compare(seed)
        assert kind in TOLD, f"{kind}: {words}\n{written(seed).text}"


def test_few_are_refused():
    assert sum(compare(seed)[0] == "refused" for seed in range(120, 180)) <= 6


def test_disagreements_are_found():
    program = Program("def f(x):\n    return (np.sin(x),)", [np.array([0.3, -1.0])], False, 0)
    comparison = Comparison(program)
    comparison.run()
    comparison.expected = (comparison.expected[0] + 1e-9,)
    with pytest.raises(Finding, match="apart"):
        comparison.run()
    with pytest.raises(Finding, match="differences"):
        comparison.differences(5.0, 1.0)
    comparison.expected = (comparison.expected[0].astype(np.float32),)
    with pytest.raises(Finding, match="float32"):
        comparison.run()
