"""What importing the library costs: nothing heavy, no namespace before it is used. The time is in the benchmarks."""

import importlib
import subprocess
import sys

import numpy as np
import pytest

import wengert
import wengert.numpy

HEAVY = [
    "scipy",
    "llvmlite",
    "opt_einsum",
    "ml_dtypes",
    "numpy.random",
    "numpy.testing",
    "jax",
    "matplotlib",
    "IPython",
]


def loaded_after(statement: str) -> set[str]:
    """The modules that a fresh Python has loaded after a statement, those that NumPy loads left out."""
    code = f"import sys, numpy; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import wengert",
        "import wengert.numpy, wengert.lax, wengert.numpy.linalg, wengert.random, wengert.nn, wengert.tree_util",
        "import wengert; wengert.grad(lambda x: (x * x).sum())(numpy.ones(3))",
        # large enough for their structure to be looked at
        "import wengert; wengert.hessian(lambda x: (x * x).sum())(numpy.ones(600))",
        "import wengert; wengert.jacobian(lambda x: x * numpy.sin(x))(numpy.ones(600))",
    ],
)
def test_nothing_heavy(statement):
    loaded = loaded_after(statement)
    assert "wengert.core" in loaded
    assert ("wengert.sparse" in loaded) == ("600" in statement)
    assert [name for name in HEAVY if name in loaded] == []


def test_what_lower_files_ask_for_is_given_by_the_package_alone():
    """Without a namespace of ours: users of ``numpy`` import none."""
    code = (
        "import wengert; from wengert.core import LATE, Tracer; from wengert.ops import above; from wengert.transforms.series "
        "import SIDES; assert LATE and above.namespace('lax').cond and above.control_flow().map and SIDES.both and SIDES.middle; "
        "assert all(hasattr(Tracer, n) for n in ('_stacked', '_unpacked', '_strong', '_true_places'))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_functions_that_older_numpy_lacks_are_there():
    """NumPy 2.1, the lowest version, has no matvec and vecmat."""
    code = (
        "import numpy as np; del np.matvec, np.vecmat; import wengert.numpy as wnp; "
        "assert wnp.matvec(np.eye(2), np.ones(2)).sum() == wnp.vecmat(np.ones(2), np.eye(2)).sum() == 2"
    )
    subprocess.run([sys.executable, "-c", code if hasattr(np, "matvec") else "import wengert.numpy"], check=True)


def test_namespaces_are_imported_when_used():
    assert not {f"wengert.{name}" for name in wengert._NAMESPACES} & loaded_after("import wengert")
    loaded = loaded_after("import wengert; wengert.numpy.linalg; wengert.scipy.special")
    assert {"wengert.numpy.linalg", "wengert.scipy.special"} <= loaded
    assert "wengert.nn" not in loaded_after("import wengert; wengert.numpy.fft")


@pytest.mark.parametrize("module", [wengert, wengert.numpy, wengert.scipy])
def test_every_name_that_dir_shows_is_there(module):
    for name in dir(module):
        assert hasattr(module, name), name
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("module", [wengert, wengert.numpy, wengert.scipy])
def test_a_missing_name(module):
    with pytest.raises(AttributeError, match="has no attribute 'nothing_of_the_kind'"):
        module.nothing_of_the_kind  # noqa: B018


# --- namespaces as people look into them ---------------------------------------------------------------------------------

NAMESPACES = sorted(
    {f"wengert.{name}" for name in wengert._NAMESPACES}
    | {"wengert.numpy.linalg", "wengert.numpy.fft", "wengert.scipy.sparse.linalg", "wengert.scipy.spatial.transform"}
    | {f"wengert.scipy.{name}" for name in wengert.scipy.__all__}
    | {"wengert.scipy.cluster.vq"}
)


@pytest.mark.parametrize("name", NAMESPACES)
def test_dir_shows_what_is_public(name):
    module = importlib.import_module(name)
    extra = {"bfloat16", "fft", "linalg"} if name == "wengert.numpy" else set()
    assert set(dir(module)) == set(module.__all__) | extra
    dir(module).append("mine")
    assert "mine" not in dir(module)


@pytest.mark.parametrize("name", ["wengert", "wengert.errors", "wengert.backends", *NAMESPACES])
def test_dir_shows_no_internals(name):
    """Nothing private, no words of signatures, no modules of others, though `__all__` be put together of what is there."""
    module = importlib.import_module(name)
    assert not set(dir(module)) & set(vars(importlib.import_module("wengert.vocabulary"))) - {"__doc__", "__name__"}
    assert [n for n in dir(module) if n.startswith("_") and not n.startswith("__")] == []
    others = {n for n, v in vars(module).items() if isinstance(v, type(sys)) and not v.__name__.startswith("wengert")}
    assert not set(dir(module)) & others


@pytest.mark.parametrize("name", ["wengert", *NAMESPACES])
def test_a_name_that_was_looked_up_is_an_attribute(name):
    """So that the next look costs what that of any module's attribute costs: `__getattr__` is not called again."""
    module = importlib.import_module(name)
    for known in dir(module):
        getattr(module, known)
    assert [known for known in dir(module) if known not in vars(module)] == []


def test_names_of_jax_are_looked_up_once():
    code = (
        "from wengert.interop import jax_names; jax_names.install(); import jax, jax.numpy as jnp, jax.scipy.special as s\n"
        "for m, n in ((jnp, 'sin'), (jnp, 'bfloat16'), (jnp, 'pi'), (jax, 'numpy'), (jax, 'grad'), (s, 'erf')):\n"
        "    getattr(m, n); assert n in vars(m), n\n"
        "assert jax.config.jax_enable_x64 is False\njax.config.update('jax_enable_x64', True)\n"
        "assert jax.config.jax_enable_x64 and jnp.ones(1).dtype == 'float64'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- what transformed functions say that they are ------------------------------------------------------------------------


def loss(x):
    return wengert.numpy.sum(x * x)


def test_what_a_transformed_function_is():
    w = wengert
    shown = {
        "<hessian of loss, argnums=0>": w.hessian(loss),
        "<hessian of loss, argnums=(0,)>": w.hessian(loss, argnums=(0,)),
        "<jacfwd of loss, argnums=0>": w.jacfwd(loss),
        "<jacobian of loss, argnums=0>": w.jacobian(loss),
        "<grad of <grad of loss, argnums=0>, argnums=0>": w.grad(w.grad(loss)),
        "<jit of <hessian of loss, argnums=0>>": w.jit(w.hessian(loss)),
        "<vmap of <jit of loss>, in_axes=0, out_axes=0>": w.vmap(w.jit(loss)),
        "<checkpoint of loss>": w.checkpoint(loss),
        "<value_and_hessian of loss, argnums=0>": w.value_and_hessian(loss),
        "<value_and_jacobian of loss, argnums=1>": w.value_and_jacobian(loss, argnums=1),
        "<curl of loss, argnums=0>": w.curl(loss),
    }
    assert {text: repr(f) for text, f in shown.items()} == {text: text for text in shown}
    assert repr(w.make_program(loss)).startswith("<function make_program of loss at ")
    assert repr(w.linear_transpose(loss, 1.0)).startswith("<function linear_transpose of loss at ")
    for pair in (w.vjp(loss, 1.0), w.linearize(loss, 1.0)):
        assert "of loss" in repr(pair[1])
