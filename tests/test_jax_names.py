"""`wengert.interop.jax_names`: what `import jax` gives, what arrays have, what is said of what is missing."""

import importlib
import subprocess
import sys

import numpy as np
import pytest

import wengert as w
from wengert.interop import jax_names


@pytest.fixture
def jax():
    with jax_names.as_jax():
        import jax

        yield jax


@pytest.mark.parametrize("name", jax_names.MODULES)
def test_every_module_and_every_name(jax, name):
    module = importlib.import_module(name)
    names = dir(module)
    assert names and names == sorted(set(names))
    for attribute in names:
        assert getattr(module, attribute) is not None or attribute in ("newaxis", "not_mapped"), f"{name}.{attribute}"
    exec(f"from {name} import {names[0]} as it", {})


def test_install_and_uninstall():
    before = np.geterr()
    jax_names.install()
    jax_names.install()
    import jax.numpy as jnp

    assert jnp.ones(2).dtype == np.float32 and hasattr(jnp.ones(2), "at") and not hasattr(np.zeros(1), "at")
    jax_names.uninstall()
    jax_names.uninstall()
    assert "jax" not in sys.modules and w.config.enable_x64 and np.geterr() == before


def test_context_nests_and_survives_errors():
    with pytest.raises(ZeroDivisionError), jax_names.as_jax():
        with jax_names.as_jax():
            pass
        import jax.numpy as jnp

        assert jnp.zeros(2).at[0].set(1.0)[0] == 1
        raise ZeroDivisionError
    assert w.config.enable_x64 and "jax" not in sys.modules


@pytest.mark.parametrize("variable, setting", [("JAX_ENABLE_X64", "enable_x64"), ("JAX_DEBUG_NANS", "debug_nans")])
def test_environment(monkeypatch, variable, setting):
    before = getattr(w.config, setting)
    monkeypatch.setenv(variable, "True")
    with jax_names.as_jax():
        assert getattr(w.config, setting) is True
    assert getattr(w.config, setting) is before
    monkeypatch.setenv(variable, "perhaps")
    with pytest.raises(ValueError, match=variable):
        jax_names.install()
    assert "jax" not in sys.modules


@pytest.mark.parametrize("statement, kind, expected", [
    ("import jax.nump", ImportError, ["jax.numpy"]),
    ("import jax.numpy.linalgg", ImportError, ["jax.numpy.linalg"]),
    ("from jax.numpy import concatanate", ImportError, ["jax.numpy.concatenate", "jax.numpy.concat"]),
    ("from jax import grd", ImportError, ["jax.grad"]),
    ("from jax.nn import gello", ImportError, ["jax.nn.gelu", "jax.nn.glu", "jax.nn.elu"]),
    ("import jax.numpy as jnp; jnp.softmax", AttributeError, ["jax.nn.softmax", "jax.scipy.special.softmax"]),
    ("import jax; jax.random.nromal", AttributeError, ["jax.random.normal"]),
    ("import jax; jax.nothing_like_it_at_all", AttributeError, ["dir(jax)"]),
    ("import jax, jax.numpy as jnp; jax.pmap(jnp.sin)(jnp.ones(3))", ValueError, ["3 logical devices"]),
    ("import jax; jax.profiler.start_trace('x')", NotImplementedError, ["cProfile"]),
    ("import jax; jax.sharding.Mesh(jax.devices() * 2, 'x')", NotImplementedError, ["one device"]),
    ("from jax.experimental.pallas import tpu; tpu.pallas_call()", NotImplementedError, ["by hand"]),
    ("from jax.interpreters import gpu", ImportError, ["there are ad"]),
    ("import jaxlib.mlir", ImportError, ["compiler"]),
    ("import jax; jax.config.update('jax_enabel_x64', True)", AttributeError, ["jax_enable_x64"]),
    ("import jax; jax.config.update('jax_threefry_partitionable', False)", NotImplementedError, ["jax_threefry_partitionable"]),
    ("import jax; jax.devices('gpu')", RuntimeError, ["cpu"]),
    ("import jax; jax.device_put(1.0, 'gpu')", ValueError, ["invalid value: gpu"]),
    ("import jax; jax.jit(abs, in_shardings=1)", NotImplementedError, ["in_shardings"]),
    ("import jax; jax.scipy.stats.norm.rvs", AttributeError, ["logpdf"]),
])  # fmt: skip
def test_what_is_missing(jax, statement, kind, expected):
    with pytest.raises(kind) as raised:
        exec(statement, {})
    for text in expected:
        assert text in str(raised.value)


def test_hasattr_and_getattr(jax):
    assert not hasattr(jax.numpy, "softmaxx") and getattr(jax, "softmaxx", 3) == 3


def test_values_are_arrays_of_jax(jax):
    jnp = jax.numpy
    assert not isinstance(np.ones(2), jax.Array) and isinstance(jnp.cumsum(np.ones(2)), jnp.ndarray)
    assert isinstance(jnp.sum(jnp.ones(2)), jax.Array) and isinstance(jax.random.key(0), jax.Array)
    assert not isinstance(1.0, jax.Array) and not isinstance([1.0], jax.Array)
    for transform in (jax.jit, jax.grad, jax.vmap, lambda f: lambda x: jax.jvp(f, (x,), (x,))[0]):
        seen = []
        out = transform(lambda x: (seen.append(x), x.sum())[1])(jnp.ones(()) if transform is jax.grad else jnp.ones(2))
        (x,) = seen
        assert isinstance(x, jax.Array) and isinstance(x, jnp.ndarray) and isinstance(x, jax.core.Tracer)
        assert x.block_until_ready() is x and x.devices() == {jax.devices()[0]} and not x.weak_type
        assert x.is_ready() and x.aval.dtype == np.float32
        assert type(out) is jax.Array and not isinstance(out, jax.core.Tracer)


def test_scalar_types_convert(jax):
    jnp = jax.numpy
    assert jnp.float64(1).dtype == np.float32 and jnp.int32(2.9) == 2 and jnp.bool_(3) == np.True_
    assert jax.grad(lambda x: jnp.float32(x) ** 2)(3.0) == 6.0
    assert jax.jit(lambda x: jnp.int32(x))(2.5).dtype == np.int32
    assert jnp.float32 == np.float32 and np.dtype(jnp.complex64) == np.complex64 and jnp.float32 != jnp.int32
    assert {jnp.float32: 1}[jnp.float32] == 1 and np.zeros(2, jnp.int8).dtype == jnp.int8
    assert jnp.ones(2, dtype=jnp.float16).dtype == jnp.float16 and "float32" in repr(jnp.float32)


def test_keys(jax):
    k = jax.random.key(0)
    for issubdtype in (jax.dtypes.issubdtype, jax.numpy.issubdtype):
        assert issubdtype(k.dtype, jax.dtypes.prng_key) and not issubdtype(np.uint32, jax.dtypes.prng_key)
        assert not issubdtype(k.dtype, np.integer) and issubdtype(np.float32, np.floating)
    assert k == jax.random.wrap_key_data(jax.random.key_data(k)) and jax.random.key_impl(k) == "threefry2x32"


def test_32_bit_mode_whatever_goes_in(jax):
    """Functions of jax.numpy give 32-bit results for NumPy's 64-bit arrays."""
    jnp = jax.numpy
    x = np.arange(1, 4) / 2
    for f in (jnp.sin, jnp.exp, jnp.sum, jnp.mean, jnp.cumsum, jnp.sort, jnp.max, jnp.asarray, jnp.sqrt, jnp.abs):
        assert f(x).dtype == np.float32, f
    assert jnp.sum(np.arange(3)).dtype == np.int32 and jnp.reshape(x, (3, 1)).dtype == np.float32
    square = lambda x: (x * x).sum()
    assert jax.value_and_grad(square)(np.float64(2))[1].dtype == np.float32
    assert jax.jit(square)(x).dtype == jax.vmap(square)(np.ones((2, 2)))[0].dtype == np.float32


def test_custom_gradient(jax):
    f = jax.custom_gradient(lambda x, y: (x * y, lambda g: (g * y, -g)))
    assert [float(g) for g in jax.grad(f, (0, 1))(2.0, 3.0)] == [3.0, -1.0]


def test_debug_print(jax, capsys):
    @jax.jit
    def f(x):
        jax.debug.print("x {} twice {twice}", x, twice=2 * x)
        return x

    f(1.0), f(2.0)
    assert capsys.readouterr().out == "x 1.0 twice 2.0\nx 2.0 twice 4.0\n"
    jax.grad(lambda x: (jax.debug.print("{x:.1f}", x=x), x)[1])(3.0)
    jax.vmap(lambda x: jax.debug.print("{}", x), out_axes=None)(np.arange(2))
    assert capsys.readouterr().out == "3.0\n0\n1\n"
    for misuse, kind in (
        (lambda: jax.debug.print("{}"), IndexError),
        (lambda: jax.debug.print("{x}"), KeyError),
        (lambda: jax.debug.print("nothing", 1.0), ValueError),
    ):
        with pytest.raises(kind):
            misuse()


def test_effects_are_kept(jax):
    """Calls that nobody uses are dropped from a Program, but not if something is printed in them; nor are two as one."""
    seen = []
    inner = jax.jit(lambda x: (jax.debug.callback(lambda v: seen.append(float(v)), x), x)[1])

    @jax.jit
    def outer(x):
        inner(x)
        inner(x)
        return 2 * x

    outer(3.0)
    assert seen == [3.0, 3.0]


def test_ravel_pytree():
    from wengert.flatten_util import ravel_pytree

    tree = {"a": np.float32(1), "b": [np.arange(4).reshape(2, 2), 2.5]}
    vector, back = ravel_pytree(tree)
    again = back(vector)
    assert vector.dtype == np.float64 and again["a"].dtype == np.float32 and again["b"][0].dtype == np.int64
    np.testing.assert_array_equal(again["b"][0], tree["b"][0])
    g = w.grad(lambda t: w.numpy.sum(ravel_pytree(t)[0] ** 2))({"x": 1.0, "y": np.ones(2)})
    assert g["x"] == 2 and g["y"].tolist() == [2, 2]
    assert ravel_pytree({})[0].shape == (0,)
    with pytest.raises(w.errors.ShapeError, match="6 elements"):
        back(np.zeros(3))


def test_array_type_in_annotations_and_isinstance(jax):
    import functools
    import typing

    def f(x: jax.Array | None, y: "float | jax.Array" = 1.0) -> jax.Array: ...

    hints = typing.get_type_hints(f, {"jax": jax})
    assert typing.get_args(hints["x"]) == (jax.Array, type(None)) and jax.Array in typing.get_args(hints["y"])
    x = jax.numpy.ones(2)
    assert isinstance(x, (str, jax.Array)) and not isinstance("x", (int, jax.Array))
    assert isinstance(np.ones(1), jax.typing.ArrayLike) and isinstance(1.0, jax.typing.ArrayLike)
    assert not isinstance("x", jax.typing.ArrayLike) and not issubclass(np.ndarray, jax.Array)
    assert issubclass(type(x), jax.Array) and typing.get_origin(typing.Annotated[jax.Array, "n"]) is typing.Annotated
    with pytest.raises(TypeError, match="jax.numpy.array"):
        jax.Array([1.0])

    @functools.singledispatch
    def kind(x):
        return "other"

    kind.register(jax.Array, lambda x: "array")
    seen = []
    jax.jit(lambda x: (seen.append(kind(x)), x)[1])(x)
    assert [kind(x), kind(np.ones(2)), *seen] == ["array", "other", "array"]


def test_plots_of_arrays(jax):
    """matplotlib asks of what it draws whether it is a `jax.Array`, and of the elements of that."""
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    x = jax.numpy.linspace(0.0, 1.0, 5)
    (line,) = axes.plot(x, x**2)
    axes.axhline(jax.numpy.sum(x))
    axes.scatter(x[1], jax.numpy.float32(2))
    np.testing.assert_allclose(line.get_ydata(), x**2)


def test_the_alias_changes_no_type_of_numpys():
    """In a process of its own: attributes and methods of NumPy's types are the same objects before and after."""
    code = (
        "import numpy as np\n"
        "types = [np.ndarray, np.generic, np.dtype, np.ufunc, *{type(np.float64(0)), np.floating, np.integer}]\n"
        "seen = [dict(vars(t)) for t in types]\n"
        "from wengert.interop import jax_names\n"
        "with jax_names.as_jax():\n"
        "    import jax, jax.numpy as jnp\n"
        "    assert float(jax.grad(lambda x: jnp.sum(jnp.sin(x)[1:] * 2.0))(jnp.arange(3.0))[0]) == 0\n"
        "    for t, before in zip(types, seen):\n"
        "        now = dict(vars(t))\n"
        "        assert now.keys() == before.keys() and all(now[k] is before[k] for k in now), t\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# The public names of JAX 0.10.2's jax.nn: those that another module has too are easily lost where files are split.
OF_NN = (
    "celu dot_product_attention elu gelu get_scaled_dot_general_config glu hard_sigmoid hard_silu hard_swish hard_tanh identity initializers "
    "leaky_relu log1mexp log_sigmoid log_softmax logmeanexp logsumexp mish one_hot relu relu6 scaled_dot_general scaled_matmul selu sigmoid "
    "silu soft_sign softmax softplus sparse_plus sparse_sigmoid squareplus standardize swish tanh"
).split()


@pytest.mark.parametrize("name", OF_NN)
def test_names_of_nn(name):
    with jax_names.as_jax():
        import jax

        assert getattr(jax.nn, name) is not None
