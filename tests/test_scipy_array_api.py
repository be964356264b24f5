"""SciPy's functions that take an array-API namespace, differentiated as they are: no rule of ours knows of them.

SciPy reads SCIPY_ARRAY_API when it is imported, so they run in a process of their own.
"""

import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import json
import numpy as np
import scipy.cluster.vq as vq
import scipy.fft, scipy.integrate, scipy.signal, scipy.special, scipy.stats
from scipy.spatial.transform import Rotation
import wengert as w

FUNCTIONS = {
    "special.logsumexp": lambda x: scipy.special.logsumexp(x),
    "special.softmax": lambda x: scipy.special.softmax(x)[1],
    "special.log_softmax": lambda x: scipy.special.log_softmax(x)[1],
    "special.xlogy": lambda x: scipy.special.xlogy(x, x).sum(),
    "stats.zscore": lambda x: scipy.stats.zscore(x)[0],
    "stats.gmean": lambda x: scipy.stats.gmean(x),
    "stats.hmean": lambda x: scipy.stats.hmean(x),
    "stats.pmean": lambda x: scipy.stats.pmean(x, 3),
    "stats.skew": lambda x: scipy.stats.skew(x),
    "stats.kurtosis": lambda x: scipy.stats.kurtosis(x),
    "stats.moment": lambda x: scipy.stats.moment(x, 3),
    "stats.sem": lambda x: scipy.stats.sem(x),
    "stats.circmean": lambda x: scipy.stats.circmean(x),
    "stats.directional_stats": lambda x: scipy.stats.directional_stats(x.reshape(2, 2)).mean_direction[0],
    "signal.windows.hann": lambda x: (scipy.signal.windows.hann(4) * x).sum(),
    "signal.fftconvolve": lambda x: scipy.signal.fftconvolve(x, x)[2],
    "signal.zpk2tf": lambda x: scipy.signal.zpk2tf(x, x, x[0])[0][1],
    "signal.hilbert": lambda x: abs(scipy.signal.hilbert(x)[1]),
    "spatial.transform.Rotation": lambda x: Rotation.from_quat(x).as_matrix()[0, 1],
    "integrate.trapezoid": lambda x: scipy.integrate.trapezoid(x),
    "integrate.cumulative_trapezoid": lambda x: scipy.integrate.cumulative_trapezoid(x)[-1],
    "cluster.vq.whiten": lambda x: vq.whiten(x.reshape(2, 2))[0, 0],
    "fft.fft": lambda x: abs(scipy.fft.fft(x)[1]),
}
x, step = np.array([0.3, 0.9, 1.7, 2.2]), 1e-6
apart = {}
for name, f in FUNCTIONS.items():
    differences = np.array([(f(x + step * e) - f(x - step * e)) / (2 * step) for e in np.eye(4)])
    gradients = [w.grad(f)(x), w.jit(w.grad(f))(x), w.jacfwd(f)(x)]
    apart[name] = max(float(np.max(np.abs(g - differences))) for g in gradients)
print(json.dumps(apart))
"""


def test_scipy_s_functions():
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    apart = json.loads(run.stdout)
    assert len(apart) >= 20 and {name: d for name, d in apart.items() if not d < 1e-6} == {}


KERNELS = """
import json
import numpy as np
from sklearn import config_context
from sklearn.metrics.pairwise import euclidean_distances, linear_kernel, polynomial_kernel, rbf_kernel, sigmoid_kernel
import wengert as w

x, step = np.random.default_rng(0).normal(size=(3, 2)), 1e-6
apart = {}
with config_context(array_api_dispatch=True):
    for f in (euclidean_distances, linear_kernel, polynomial_kernel, rbf_kernel, sigmoid_kernel):
        loss = lambda x: (f(x, 2 * x + 1) ** 2 * 0.1).sum()
        units = np.eye(6).reshape(6, 3, 2)
        differences = np.array([(loss(x + step * e) - loss(x - step * e)) / (2 * step) for e in units]).reshape(3, 2)
        gradients = [w.grad(loss)(x), w.jit(w.grad(loss))(x), w.jacfwd(loss)(x)]
        apart[f.__name__] = max(float(np.max(np.abs(g / differences - 1))) for g in gradients)
print(json.dumps(apart))
"""


def test_scikit_learn_s_kernels():
    """Functions of scikit-learn that take arrays of the standard, where all of them are traced."""
    pytest.importorskip("sklearn")
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    run = subprocess.run([sys.executable, "-c", KERNELS], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    apart = json.loads(run.stdout)
    assert len(apart) == 5 and max(apart.values()) < 1e-5, apart
