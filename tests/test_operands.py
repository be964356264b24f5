"""Operands of loops are named groups: no parameter of what holds loops is a count, or a plain tuple of truth values."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import wengert
from wengert import lax
from wengert.ops.control.operands import Chosen, LoopOperands, Members, ScanOperands
from wengert.testing import primitives

COUNTED = ("length",)  # of steps, not of operands
LOOPS = [p for p in primitives() if p.samples is not None and any("operands" in params for _, params in p.samples())]


def test_all_loops_are_here():
    held = {
        p.name
        for p in primitives()
        if p.samples is not None and any("body" in params or "system" in params for _, params in p.samples())
    }
    assert held - {"shard_map"} <= {p.name for p in LOOPS}
    assert {"scan", "while", "while_tangent", "while_pull", "supported_pull", "walk_back", "linear_solve"} <= held


@pytest.mark.parametrize("primitive", LOOPS, ids=lambda p: p.name)
def test_parameters_are_named_groups(primitive):
    for args, params in primitive.samples():
        for name, value in params.items():
            assert name in COUNTED or isinstance(value, bool) or not isinstance(value, int), name
            plain = type(value) is tuple and value and all(isinstance(v, (bool, np.bool_)) for v in value)
            assert not plain, name
        operands = params["operands"]
        if isinstance(operands, LoopOperands) and primitive.name != "while":
            (tests, consts, carry), rest = operands.apart(args)
            assert rest
            assert all(a is b for a, b in zip([*tests, *consts, *carry, *rest], args, strict=True))
        else:
            groups = operands.split(args)
            assert tuple(map(len, groups)) == operands
            assert all(a is b for a, b in zip([v for g in groups for v in g], args, strict=True))


def test_groups():
    operands = ScanOperands.of("ab", "c", "def")
    assert operands == ScanOperands(2, 1, 3) and operands.split("abcdef") == [["a", "b"], ["c"], ["d", "e", "f"]]
    with pytest.raises(AssertionError, match="5 values for the groups"):
        operands.split("abcde")
    loop = LoopOperands(1, 2, 2)
    assert loop.apart("abcdeff") == ([["a"], ["b", "c"], ["d", "e"]], ["f", "f"]) and loop.step == ScanOperands(2, 2, 0)
    chosen = loop.chosen([True, False, False, True])
    assert chosen == Chosen(Members([True, False]), Members([False, True])) and chosen.every.number == 2
    assert chosen.carry.of("de") == ["e"] and chosen.carry.spread("x") == [None, "x"]
    assert chosen.every.among([False, True]) == (False, False, False, True)
    for x in (operands, loop, chosen):
        same = pickle.loads(pickle.dumps(x))
        assert same == x and hash(same) == hash(x) and type(same) is type(x)


def test_a_program_shows_them():
    program = wengert.make_program(lambda a, x: lax.scan(lambda c, x: (c * a + x, c), 1.0, x)[0])(2.0, np.arange(3.0))
    assert "operands=ScanOperands(consts=1,carry=1,xs=1)" in str(program)
