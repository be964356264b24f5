"""`jax.lax` here and in JAX: the same values, dtypes, weakness, shapes and kinds of errors, for every public name."""

import importlib
import inspect
import re

import pytest
from jax_lax_cases import agrees, cases, recorded, run, space

from wengert.interop import jax_names

CASES, RECORDED = cases(), recorded()
NAMES = RECORDED["names"]
# Parameters that are JAX's own, and of objects whose calls take any.
OWN = {"lax.after_all", "lax.broadcast_shapes", "lax.platform_dependent", "lax.random_gamma_grad"}


# Functions that are tested below: JAX gives NumPy's integers, tokens of its own, or fails.
BELOW = {
    f"lax.{n}" for n in "after_all ragged_all_to_all conv_shape_tuple conv_general_shape_tuple conv_transpose_shape_tuple pbroadcast "
    "precv psend".split()
}  # fmt: skip


@pytest.fixture
def jax():
    with jax_names.as_jax():
        import jax
        import jax.lax.linalg

        jax.config.update("jax_enable_x64", True)
        yield jax


@pytest.mark.parametrize("title", CASES)
def test_as_jax_has_it(jax, title):
    want, got = RECORDED["results"][title], run(CASES[title], space(jax))
    assert list(want) == list(got)
    wrong = [f"{code}\n  JAX  {want[code]}\n  here {got[code]}" for code in want if not agrees(want[code], got[code])]
    assert not wrong, "\n".join(wrong[:20])


def _found(full):
    module, _, name = full.rpartition(".")
    return getattr(importlib.import_module(f"jax.{module}"), name)


def test_no_name_is_missing(jax):
    assert [
        n for n in NAMES if not hasattr(importlib.import_module(f"jax.{n.rpartition('.')[0]}"), n.split(".")[-1])
    ] == []


def test_primitives_have_the_names_of_jax(jax):
    primitives = {n: _found(n) for n in NAMES if n.endswith("_p") and NAMES[n]}
    assert len(primitives) > 150
    assert {n: p.name for n, p in primitives.items()} == {n: NAMES[n] for n in primitives}


def test_no_parameter_is_missing(jax):
    missing = {}
    for full, want in NAMES.items():
        if isinstance(want, list) and full not in OWN:
            have = inspect.signature(_found(full)).parameters
            lacks = [p for p in want if p not in have]
            if lacks:
                missing[full] = lacks
    assert missing == {}


def test_every_function_is_called():
    text = "\n".join(line for lines in CASES.values() for line in lines)
    called = {f"lax.{n}" for n in re.findall(r"\blax\.(\w+)\b", text)} | {
        f"lax.linalg.{n}" for n in re.findall(r"\bla\.(\w+)", text)
    }
    never = {n for n in NAMES if not n.endswith("_p")} - called
    assert never == BELOW


@pytest.mark.parametrize("name", ["cond_p", "scan_p", "while_p", "reduce_p", "linear_solve_p"])
def test_primitives_that_hold_programs_say_what_to_call(jax, name):
    with pytest.raises(NotImplementedError, match="call the function of jax.lax"):
        getattr(jax.lax, name).bind(jax.numpy.ones(2), body=None)


def test_shapes_of_convolutions(jax):
    lax, jnp = jax.lax, jax.numpy
    numbers = ("NHC", "HIO", "NHC")
    assert lax.conv_shape_tuple((2, 3, 8), (4, 3, 3), (2,), "SAME") == (2, 4, 4)
    assert lax.conv_shape_tuple((2, 3, 8), (4, 3, 3), (2,), [(1, 1)]) == (2, 4, 4)
    assert lax.conv_general_shape_tuple((2, 8, 3), (3, 3, 4), (2,), "SAME", numbers) == (2, 4, 4)
    for padding in ("SAME", "VALID"):
        made = lax.conv_transpose(jnp.ones((2, 8, 3)), jnp.ones((3, 3, 4)), (2,), padding)
        assert lax.conv_transpose_shape_tuple((2, 8, 3), (3, 3, 4), (2,), padding, numbers) == made.shape


def test_tokens_and_devices(jax):
    lax, jnp = jax.lax, jax.numpy
    token = lax.after_all(lax.create_token(), lax.create_token())
    assert type(token) is type(lax.create_token())
    with pytest.raises(TypeError):
        lax.after_all(1.0)
    for send in (lambda x: lax.psend(x, "i", [(0, 1)]), lambda x: lax.precv(None, x, "i", [(0, 1)])):
        with pytest.raises(NotImplementedError, match="ppermute"):
            jax.vmap(send, axis_name="i")(jnp.ones(2))
    assert jax.vmap(lambda x: lax.pbroadcast(x, "i", 1), axis_name="i")(jnp.arange(3.0)).tolist() == [1, 1, 1]
    assert jax.vmap(lambda x: lax.ppermute(x, "i", [(0, 1)]), axis_name="i")(jnp.arange(2.0) + 5).tolist() == [0, 5]


def test_rows_that_are_sent_to_others(jax):
    lax, jnp = jax.lax, jax.numpy

    def exchange(x, out, first, many, place):
        return lax.ragged_all_to_all(x, out, first, many, place, many, axis_name="i")

    x = jnp.arange(8.0).reshape(2, 4)  # example i sends one row to 0 and two to 1
    first, many = jnp.array([[0, 1], [0, 1]]), jnp.array([[1, 2], [1, 2]])
    place = jnp.array([[0, 0], [1, 2]])
    got = jax.vmap(exchange, axis_name="i")(x, jnp.full((2, 5), -1.0), first, many, place)
    assert got.tolist() == [[0, 4, -1, -1, -1], [1, 2, 5, 6, -1]]


def test_arguments_that_are_not_differentiated_are_told(jax):
    f, seen = jax.custom_vjp(lambda x, y: x * y), []

    def forward(x, y):
        seen.append((x.perturbed, y.perturbed))
        return x.value * y.value, (x.value, y.value)

    f.defvjp(forward, lambda r, g: (g * r[1], g * r[0]), symbolic_zeros=True)
    assert (jax.grad(f)(2.0, 3.0), jax.grad(f, (0, 1))(2.0, 3.0)) == (3, (3, 2))
    assert seen == [(True, False), (True, True)]
    from jax.custom_derivatives import SymbolicZero

    g = jax.custom_jvp(lambda x, y: x * y)

    def rule(primals, tangents):
        kinds.append([isinstance(t, SymbolicZero) for t in tangents])
        x, y = primals
        return x * y, sum(t * o for t, o in zip(tangents, (y, x), strict=True) if not isinstance(t, SymbolicZero))

    kinds = []
    g.defjvp(rule, symbolic_zeros=True)
    assert (jax.grad(g)(2.0, 3.0), jax.grad(g, 1)(2.0, 3.0)) == (3, 2)
    assert kinds == [[False, True], [True, False]]
