"""docs/scale.md shows what is recorded in docs/scale.json, by the model of tools/scale.py, whose parts are checked by hand."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
if not (ROOT / "tools" / "scale.py").exists():
    pytest.skip("the tools are not here", allow_module_level=True)
spec = importlib.util.spec_from_file_location("scale", ROOT / "tools" / "scale.py")
scale = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scale)
ROWS = json.loads((ROOT / "docs" / "scale.json").read_text())


def test_the_tables_are_those_of_the_record():
    assert scale.tables(ROWS) in (ROOT / "docs" / "scale.md").read_text()


def test_the_model():
    machine = {
        "flops": 1e12,
        "memory": 1e11,
        "near": 1e10,
        "far": 1e9,
        "latency near": 1e-6,
        "latency far": 1e-5,
        "node": 4,
    }
    row = {
        "flops": 1e12, "memory": 0.0, "exchanges": [
            {"kind": "all-reduce", "over": 4, "apart": 1, "times": 10, "sent": 8e9},
            {"kind": "collective-permute", "over": 8, "apart": 1, "times": 3, "sent": 8e8},
        ],
    }  # fmt: skip
    work, exchange = scale.seconds_of(row, machine)
    assert work == pytest.approx(1 / scale.EFFICIENCY["flops"])
    near, far = 8e9 / 1e10 / scale.EFFICIENCY["links"] + 10 * 2 * 1e-6, 8e8 / 1e9 / scale.EFFICIENCY["links"] + 3e-5
    assert exchange == pytest.approx(near + far)


def test_the_record_is_what_the_examples_say():
    """The transformer's sums over "model": two forward and two back in each layer, of the activations of a place."""
    s = scale.SIZES
    found = {r["devices"]: r for r in ROWS if r["program"] == "transformer"}
    activations = 4 * scale.ROWS * s["length"] * s["width"]
    for n, row in found.items():
        over_model = [e for e in row["exchanges"] if e["kind"] == "all-reduce" and e["over"] == 8 and e["apart"] == 1]
        assert sum(e["times"] for e in over_model) == 4 * s["layers"] + 1
        whole = (
            (s["tokens"] + s["length"] + 2 * s["layers"]) * s["width"] * 4
        )  # gradients of what is whole along "model"
        sent = 2 * 7 / 8 * (4 * s["layers"] * activations + whole)
        assert sum(e["sent"] for e in over_model) == pytest.approx(sent, rel=1e-6)
        if n > 8:
            layers = s["layers"] * (4 * s["width"] ** 2 + 2 * s["width"] * s["hidden"]) // 8
            mine = 4 * (layers + (s["tokens"] + s["length"] + 1 + 2 * s["layers"]) * s["width"] + 1)
            over_data = [
                e for e in row["exchanges"] if e["kind"] == "all-reduce" and e["over"] == n // 8 and e["apart"] == 8
            ]
            assert sum(e["sent"] for e in over_data) == pytest.approx(2 * (n // 8 - 1) / (n // 8) * mine, rel=1e-6)
