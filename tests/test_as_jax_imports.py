"""Every way to import JAX's modules of SciPy's functions and their kin gives modules of this library."""

import subprocess
import sys

import pytest

from wengert.interop import jax_names

DISTRIBUTIONS = [name for name in jax_names.MODULES if name.startswith("jax.scipy.stats.")]
# A module, and a name in it.
MODULES = {
    "jax.scipy.cluster.vq": "vq",
    "jax.scipy.fft": "dctn",
    "jax.scipy.integrate": "trapezoid",
    "jax.scipy.interpolate": "RegularGridInterpolator",
    "jax.scipy.linalg": "funm",
    "jax.scipy.ndimage": "map_coordinates",
    "jax.scipy.optimize": "minimize",
    "jax.scipy.signal": "welch",
    "jax.scipy.sparse.linalg": "gmres",
    "jax.scipy.spatial.transform": "Rotation",
    "jax.scipy.special": "wofz",
    "jax.scipy.stats": "gaussian_kde",
    "jax.experimental.ode": "odeint",
    "jax.nn.initializers": "delta_orthogonal",
    **{
        name: "pmf" if "logpmf" in dir(jax_names._source(jax_names.MODULES[name][0])) else "pdf"
        for name in DISTRIBUTIONS
    },
}


def test_all_of_jax_scipy_is_there():
    assert {f"jax.scipy.stats.{d}" for d in ("norm", "multivariate_normal", "poisson", "t")} <= set(DISTRIBUTIONS)
    assert len(DISTRIBUTIONS) == 26


@pytest.mark.parametrize("module", MODULES)
def test_imports_in_this_process(module):
    parent, _, last = module.rpartition(".")
    name = MODULES[module]
    with jax_names.as_jax():
        space: dict = {}
        exec(f"import {module} as a", space)
        exec(f"from {parent} import {last} as b", space)
        exec(f"from {module} import {name} as c", space)
        exec(f"import {module}; d = {module}", space)
        exec(f"from {module} import *", space)
        assert space["a"] is space["b"] is space["d"] and space["a"].__name__ == module
        assert space["c"] is space["a"].__getattr__(name) and callable(space["c"]) and space[name] is space["c"]
        assert name in dir(space["a"]) and last in dir(sys.modules[parent])


@pytest.mark.parametrize(
    "statement, expected",
    [
        ("import jax.distributed", "one device"),
        ("import jax.scipy.stats.nrom", "jax.scipy.stats.norm"),
    ],
)
def test_what_is_missing_says_what_to_write(statement, expected):
    with jax_names.as_jax(), pytest.raises(ImportError) as raised:
        exec(statement, {})
    assert expected in str(raised.value)


SCRIPT = """
import jax
import jax.numpy as jnp
import jax.scipy as jsp
import jax.scipy.stats as stats
import jax.scipy.stats.norm as norm
import jax.scipy.stats.poisson
from jax.experimental import ode
from jax.experimental.ode import odeint
from jax.nn import initializers
from jax.scipy.cluster.vq import vq
from jax.scipy.linalg import expm, hessenberg
from jax.scipy.ndimage import map_coordinates
from jax.scipy.spatial.transform import Rotation, Slerp
from jax.scipy.special import dawsn
from jax.scipy.stats import beta, norm as other

assert norm is other is stats.norm is jsp.stats.norm and ode.odeint is odeint
assert jax.grad(norm.logpdf)(1.0) == -1.0 and norm.pdf(0.0).dtype == jnp.float32
assert jax.scipy.stats.poisson.pmf(0, 0.0) == 1.0 and beta.cdf(0.5, 1.0, 1.0) == 0.5
r = Rotation.from_euler("xyz", jnp.array([[0.0, 0.0, 0.0], [0.1, 0.2, 0.3]]))
turn = jax.jit(lambda t: Slerp.init(jnp.array([0.0, 1.0]), r)(t).as_rotvec())
assert turn(0.5).dtype == jnp.float32 and jnp.isfinite(jax.jacfwd(turn)(0.25)).all()
assert vq(jnp.eye(2), jnp.eye(2))[0].tolist() == [0, 1]
assert map_coordinates(jnp.arange(3.0), [jnp.array([0.5])], 1)[0] == 0.5
assert abs(odeint(lambda y, t: -y, 1.0, jnp.array([0.0, 1.0]))[-1] - jnp.exp(-1.0)) < 1e-5
kernel = initializers.delta_orthogonal()(jax.random.key(0), (3, 3, 2, 4))
assert jnp.allclose(kernel[1, 1] @ kernel[1, 1].T, jnp.eye(2), atol=1e-5) and abs(kernel).sum() == abs(kernel[1, 1]).sum()
try:
    norm.rvs
except AttributeError as error:
    assert "logpdf" in str(error)
else:
    raise AssertionError
try:
    from jax.scipy.stats.norm import logpfd
except ImportError as error:
    assert "logpdf" in str(error)
print("done")
"""


def test_a_script_of_its_own(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "wengert.cli", "run", str(path), "--as-jax"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "done", done.stderr


def test_asking_for_a_name_that_is_missing_imports_nothing():
    code = (
        "import sys, wengert; wengert.as_jax(); import jax, jax.numpy; before = set(sys.modules); "
        "assert not hasattr(jax.numpy, 'concatanate'); "
        "assert set(sys.modules) == before, set(sys.modules) - before\n"
        "try: jax.numpy.concatanate\n"
        "except AttributeError as error: assert 'jax.numpy.concatenate' in str(error) and 'line 1' not in error.message\n"
        "try: from jax.numpy import concatanate\n"
        "except ImportError as error: assert 'jax.numpy.concatenate' in str(error)\n"
        "try: import jax.nmpy\n"
        "except ImportError as error: assert 'jax.numpy' in str(error)\n"
        "import pickle; assert 'jax.numpy' in str(pickle.loads(pickle.dumps(jax.interpreters and error_of())))"
    )
    code = code.replace(
        "import sys,", "def error_of():\n try: jax.nmpy\n except AttributeError as e: return e\n\nimport sys,"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
