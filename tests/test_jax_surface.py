"""Every call of `jax_surface` gives through the alias what JAX itself gave: type, dtype, weakness, values, class of error.

`data/jax_surface.json` was written by JAX (``python tests/jax_surface/run.py`` where it is installed); where it is, the
peers' test below looks whether it still gives that. Calls that differ are listed with the reason in `jax_surface/differing.py`.
"""

import json
import random
import subprocess
import sys

import pytest
from jax_surface import run
from jax_surface.differing import DIFFERING, OPEN

from wengert import config
from wengert.interop import jax_names

REFERENCE = json.loads(run.REFERENCE.read_text())
CHUNK = 400
CHUNKS = [
    (group, start) for group in run.GROUPS for start in range(0, len(REFERENCE[group]), CHUNK)
]  # so that a failure does not hide others


@pytest.fixture
def names():
    with jax_names.as_jax(), config.override(enable_x64=True):
        yield run.space()


@pytest.mark.parametrize("group, start", CHUNKS)
def test_calls(names, group, start):
    differing = {}
    for call in list(run.calls(group))[start : start + CHUNK]:
        ours, theirs = run.outcome(call, names), REFERENCE[group][call]
        if call not in OPEN and run.agree(ours, theirs) == (call in DIFFERING):
            differing[call] = (ours, theirs)
    assert not differing, "\n".join(f"{c}\n    here {o}\n    JAX  {t}" for c, (o, t) in differing.items())


@pytest.mark.parametrize("group", run.GROUPS)
def test_reference_is_whole(group):
    assert set(REFERENCE[group]) == set(run.calls(group))
    assert len([c for c in REFERENCE[group] if c in DIFFERING]) < 0.15 * len(REFERENCE[group])


def test_differences_are_seen():
    array = ["Array", [2], "float64", False, [1.0, 2.0]]
    assert run.agree(array, array)
    for place, other in ((1, [1]), (2, "float32"), (3, True), (4, [1.0, 2.1])):
        assert not run.agree([*array[:place], other, *array[place + 1 :]], array)
    assert not run.agree(array, ["error", "TypeError", ["TypeError", "Exception"]])
    assert not run.agree(["error", "KeyError", ["KeyError"]], ["error", "TypeError", ["TypeError", "Exception"]])


@pytest.mark.peers
@pytest.mark.parametrize("group", run.GROUPS)
def test_reference_is_what_jax_gives(group, tmp_path):
    """A sample of the calls, evaluated by JAX in a process of its own."""
    pytest.importorskip("jaxlib")
    calls = random.Random(0).sample(list(REFERENCE[group]), min(60, len(REFERENCE[group])))
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    out = tmp_path / "out.json"
    subprocess.run([sys.executable, run.__file__, str(out), "--calls", str(tmp_path / "calls.json")], check=True)
    theirs = json.loads(out.read_text())
    assert [c for c in calls if not run.agree(theirs[c], REFERENCE[group][c])] == []
