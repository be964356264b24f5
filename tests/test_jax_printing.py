"""Jaxprs as text: what JAX 0.10.2 prints for them in 64-bit mode."""

import pytest

from wengert import config
from wengert.interop import jax_names

PRINTED = {
    "lambda x: jnp.sin(x) * 2.": ("1.", "{ lambda ; a:f64[]. let b:f64[] = sin a; c:f64[] = mul b 2.0:f64[] in (c,) }"),
    "lambda x: jnp.sin(x) * x": ("a", "{ lambda ; a:f64[3]. let b:f64[3] = sin a; c:f64[3] = mul b a in (c,) }"),
    "lambda p: p[0] + p[1]": ("(1., 2.)", "{ lambda ; a:f64[] b:f64[]. let c:f64[] = add a b in (c,) }"),
    "lambda x: x": ("a", "{ lambda ; a:f64[3]. let  in (a,) }"),
    "lambda: ()": ("", "{ lambda ; . let  in () }"),
    "lambda x: x @ x": (
        "jnp.ones((2, 2))",
        "{ lambda ; a:f64[2,2]. let\n    b:f64[2,2] = dot_general[\n      dimension_numbers=(([1], [0]), ([], []))\n"
        "      preferred_element_type=float64\n    ] a a\n  in (b,) }",
    ),
    "jax.jit(lambda x: jnp.sin(x) + 1)": (
        "a",
        "{ lambda ; a:f64[3]. let\n    b:f64[3] = jit[\n      name=<lambda>\n      jaxpr={ lambda ; a:f64[3]. let\n"
        "          c:f64[3] = sin a\n          b:f64[3] = add c 1.0:f64[]\n        in (b,) }\n    ] a\n  in (b,) }",
    ),
    "lambda x: jax.lax.cond(x > 0, jnp.sin, jnp.cos, x)": (
        "1.",
        "{ lambda ; a:f64[]. let\n    b:bool[] = gt a 0.0:f64[]\n"
        "    c:i32[] = convert_element_type[new_dtype=int32 weak_type=False] b\n    d:f64[] = cond[\n      branches=(\n"
        "        { lambda ; e:f64[]. let f:f64[] = cos e in (f,) }\n"
        "        { lambda ; g:f64[]. let h:f64[] = sin g in (h,) }\n      )\n    ] c a\n  in (d,) }",
    ),
}  # fmt: skip


def _text(jax, f, given):
    names = {"jax": jax, "jnp": jax.numpy, "a": jax.numpy.arange(3.0)}
    return str(eval(f"jax.make_jaxpr({f})({given})", names))


@pytest.mark.parametrize("f", PRINTED)
def test_jaxprs_print_as_in_jax(f):
    with jax_names.as_jax(), config.override(enable_x64=True):
        import jax

        assert _text(jax, f, PRINTED[f][0]) == PRINTED[f][1]


@pytest.mark.peers
@pytest.mark.parametrize("f", PRINTED)
def test_jax_prints_so(f):
    jax = pytest.importorskip("jax")
    if not hasattr(jax, "jaxlib"):
        pytest.skip("jax is this library's alias here")
    wide = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        assert _text(jax, f, PRINTED[f][0]) == PRINTED[f][1]
    finally:
        jax.config.update("jax_enable_x64", wide)
