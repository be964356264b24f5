"""What importing the library costs: nothing heavy, no namespace before it is used. The time is in the benchmarks."""

import subprocess
import sys

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
    ],
)
def test_nothing_heavy(statement):
    loaded = loaded_after(statement)
    assert "wengert.core" in loaded
    assert [name for name in HEAVY if name in loaded] == []


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
