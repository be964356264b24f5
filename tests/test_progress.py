"""`progress=True`: what is shown of loops and solvers, compiled ones too; results and derivatives stay what they are."""

import sys

import numpy as np
import pytest

import wengert
from wengert import grad, jit, lax, vmap
from wengert.scipy import integrate, optimize
from wengert.transforms.progress import Bar


@pytest.fixture(autouse=True, params=["rich", "lines"])
def shown(request, monkeypatch):
    if request.param == "lines":
        monkeypatch.setitem(sys.modules, "rich.progress", None)
    return request.param


def heard(capfd):
    return capfd.readouterr().err


def step(c, x):
    return c * 0.9 + x, c


XS = np.arange(250.0)


@pytest.mark.parametrize("compiled", [False, True])
def test_scan(capfd, shown, compiled):
    f = lambda xs: lax.scan(step, 0.0, xs, progress=True)[0]
    plain = lambda xs: lax.scan(step, 0.0, xs)[0]
    if compiled:
        f = jit(f)
    for _ in range(2):  # the second run is told of as the first
        assert f(XS) == pytest.approx(plain(XS))
        text = heard(capfd)
        assert "scan of step" in text and "100%" in text
        if shown == "lines":
            assert "50%" in text and len(text.splitlines()) <= 12
    np.testing.assert_allclose(grad(f)(XS), grad(plain)(XS))
    np.testing.assert_allclose(vmap(f)(np.stack([XS, -XS])), [plain(XS), plain(-XS)])
    heard(capfd)


def test_a_compiled_loop_is_compiled_once(capfd):
    f = jit(lambda c: lax.fori_loop(0, 1000, lambda i, c: c * 0.5 + i, c, progress=True))
    assert f(1.0) == f(1.0) == pytest.approx(1996.0)
    assert "100%" in heard(capfd)


def test_fori_loop_of_unknown_length(capfd, shown):
    f = lambda n: lax.fori_loop(0, n, lambda i, c: c + i, 0, progress=True)
    assert jit(f)(100) == 4950
    assert "fori_loop of" in heard(capfd)


@pytest.mark.parametrize("compiled", [False, True])
def test_solvers(capfd, shown, compiled):
    least = lambda a: optimize.minimize(lambda x, a: ((x - a) ** 2).sum(), np.zeros(2), (a,), progress=True).x.sum()
    root = lambda a: optimize.root(lambda x, a: x**3 - a, 1.0, (a,), progress=True).x
    fit = lambda a: optimize.least_squares(lambda x, a: x - a, np.zeros(1), args=(a,), progress=True).x[0]
    end = lambda a: integrate.solve_ivp(
        lambda t, y: -a * y, (0.0, 1.0), [1.0], t_eval=[1.0], rtol=1e-7, progress=True
    ).y[0, -1]
    for name, f, slope in (
        ("minimize", least, 2.0),
        ("root", root, 1 / 12),
        ("least_squares", fit, 1.0),
        ("solve_ivp", end, -np.exp(-8.0)),
    ):
        both = wengert.value_and_grad(f)  # the slope alone may not need the solution
        assert float((jit(both) if compiled else both)(8.0)[1]) == pytest.approx(slope, rel=1e-4)
        assert name in heard(capfd)


def test_a_bar_begins_anew(capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    bar = Bar("work", 10)
    for i in (0, 5, 9):
        bar.at(i)
    bar.at(0)
    bar.end(10)
    lines = heard(capfd).splitlines()
    assert [line.split(": ")[1].split(" ")[0] for line in lines] == ["0", "5", "9", "0", "10", "10"]
