"""An operation is compiled by what its declaration says: a copy under another name gives the same code."""

import numpy as np
import pytest

import wengert
from wengert.compile import engine
from wengert.compile.module import Module
from wengert.compile.pipeline import lowered, optimize
from wengert.program import Equation, Program
from wengert.testing import cases, primitives

SAMPLES = [
    pytest.param(p, args, params, id=f"{p.name}-{label}")
    for p in primitives()
    if p.samples is not None
    for label, args, params in cases(p)[:2]
]


def code(program: Program) -> str:
    width = engine.vector_bytes()
    return Module(lowered(optimize(program), width), width).text


def renamed(program: Program, primitive):
    other = object.__new__(type(primitive))  # a copy by `copy` is the same
    other.__dict__.update(vars(primitive))
    other.name = f"renamed_{primitive.name}"
    equations = [
        Equation(other if e.primitive is primitive else e.primitive, e.inputs, e.outputs, e.params)
        for e in program.equations
    ]
    made = Program(program.inputs, equations, program.outputs, program.name)
    made.guards = program.guards
    return made


@pytest.mark.parametrize("primitive, args, params", SAMPLES)
def test_a_copy_under_another_name_gives_the_same_code(primitive, args, params):
    arrays = [k for k, a in enumerate(args) if isinstance(a, (np.ndarray, np.generic))]

    def f(*xs):
        full = list(args)
        for k, x in zip(arrays, xs, strict=True):
            full[k] = x
        return primitive.bind(*full, **params)

    program = wengert.make_program(f)(*[args[k] for k in arrays])
    if not any(e.primitive is primitive for e in program.equations):
        pytest.skip("it is written in terms of others")
    assert code(renamed(program, primitive)) == code(program)
