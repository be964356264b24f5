"""Long loops: memory measured from outside the process, and reverse mode through very many steps."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax

PROGRAM = """
import sys
import numpy as np
import wengert as w, wengert.numpy as wnp
from wengert import lax

n, mode = int(sys.argv[1]), sys.argv[2]
options = {"checkpoint": "auto", "budget": int(sys.argv[3])} if len(sys.argv) > 3 else {}


def f(c):
    step = lambda c: c + 0.01 * wnp.sin(c[::-1]) - 0.001 * c
    if mode.endswith("while"):
        return wnp.sum(lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, step(s[1])), (0, c), **options)[1] ** 2)
    c, _ = lax.scan(lambda c, _: (step(c), None), c, length=n, **options)
    return wnp.sum(c * c)


def product(c):  # reverse over reverse
    return w.grad(lambda c: wnp.sum(w.grad(f)(c) * wnp.cos(c)))(c)


g = w.jit(f if mode == "value" else product if mode.startswith("product") else w.grad(f))
print(repr(float(wnp.sum(g(np.linspace(0, 1, 1000))))), flush=True)
sys.stdin.read()  # until its memory has been looked at
"""


def run(*arguments):
    """A child's output and its peak memory in bytes, as the system counts it."""
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        text = child.stdout.readline()
        lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
        child.stdin.close()
    assert child.returncode == 0
    return float(text), int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak")
def test_a_gradient_within_a_budget():
    budget = 16 << 20
    _, value = run(20_000, "value")
    _, gradient = run(20_000, "gradient", budget)  # all steps would take 480 MB
    everything = 20_000 * 24_000  # bytes that all steps would take
    assert gradient - value < budget + (4 << 20) < everything / 10  # its code is larger, too
    short, _ = run(1_000, "gradient", 1 << 20)
    plain, _ = run(1_000, "plain")
    assert short == pytest.approx(plain, rel=1e-12)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak")
@pytest.mark.parametrize("loop", ["", " while"])
def test_gradients_and_products_within_a_tenth_of_a_mebibyte(loop):
    """Six snapshots and less, by which blocks are run four times and more."""

    def peak(*arguments):
        run(*arguments)  # with its code on disk a process does not compile
        return run(*arguments)

    for mode, budget in (("gradient", 100_000), ("product", 200_000)):
        _, short = peak(50, mode + loop, budget)
        value, long = peak(4_000, mode + loop, budget)
        assert long - short < budget + (2 << 20) < 4_000 * 8_000 / 10  # all steps would take that, or twice as much
        assert value == pytest.approx(run(4_000, mode)[0], rel=1e-11)


def test_a_million_steps_that_depend_on_the_data():
    """``x <- a x`` until it is small enough; the derivative of ``a**n x`` in closed form, n the number of steps."""

    def shrink(a, x):
        return lax.while_loop(lambda s: s[0] > 1e-3, lambda s: (s[0] * a, s[1] + 1), (x, 0))

    a, x = 1 - 7e-6, 1.0
    value, steps = w.jit(shrink)(a, x)
    assert 950_000 < steps < 1_000_000 + 50_000
    slopes = w.jit(w.grad(lambda a, x: shrink(a, x)[0], (0, 1)))(a, x)
    np.testing.assert_allclose(value, a**steps * x, rtol=1e-9)
    np.testing.assert_allclose(slopes, (steps * a ** (steps - 1) * x, a**steps), rtol=1e-8)
    eager = w.grad(lambda a: shrink(a, x)[0])(a)
    np.testing.assert_allclose(eager, slopes[0], rtol=1e-12)


def test_a_million_steps_in_segments():
    f = lambda a: wnp.sum(  # noqa: E731
        lax.while_loop(
            lambda s: s[1] < 300_000, lambda s: (wnp.sin(a * s[0]) + 0.5, s[1] + 1), (0.3, 0), checkpoint=500
        )[0]
    )
    g = lambda a: lax.while_loop(lambda s: s[1] < 300_000, lambda s: (wnp.sin(a * s[0]) + 0.5, s[1] + 1), (0.3, 0))[0]  # noqa: E731
    np.testing.assert_allclose(w.jit(w.grad(f))(0.9), w.jit(w.grad(g))(0.9), rtol=1e-12)
