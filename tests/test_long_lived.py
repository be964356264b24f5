"""Long-lived services: memory stays flat while functions are compiled and dropped and while one meets many shapes; and
code for processors without AVX-512 and without AVX2.
"""

import ctypes
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.transforms import known_programs, native_calls

GROWTH = """
import gc
import numpy as np, wengert as w, wengert.numpy as wnp
from wengert import lax
from wengert.transforms import known_programs, native_calls
w.config.disk_cache = False
native_calls.KINDS = known_programs.MOST = 8
x = np.linspace(0, 1, 30)
many = w.jit(lambda x: wnp.sum(x * 2))
static = w.jit(lambda x, k: x * k, static_argnums=1)
def dropped(k): w.jit(lambda x: wnp.sum(x * k))(x)
def loops(k): lax.scan(lambda c, y: (c * y + k, None), 0.0, x)
def shapes(k): many(np.ones(k + 1))
def options(k): static(x, k)
def derivatives(k): w.grad(lambda x: wnp.sum(wnp.sin(x)[1:] * k))(np.ones(k + 3))
def measured():
    for _ in range(3): gc.collect()
    return len(gc.get_objects()), int(open("/proc/self/statm").read().split()[1]) * 4096
k = 0
for kind, count in ((dropped, 20), (loops, 20), (shapes, 20), (options, 20), (derivatives, 200)):
    found = []
    for _ in range(3):
        for _ in range(count):
            k += 1
            kind(k)
        found.append(measured())
    (_, _), (objects, memory), (more, later) = found
    assert (more - objects) / count < 4, (kind.__name__, found)
    assert (later - memory) / count < 200_000, (kind.__name__, found)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_memory_stays_flat():
    """Objects to a handful for each cycle; resident memory to what an allocator may keep, which is no program."""
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-1500:]


def test_kinds_of_arguments_that_were_used_last_are_remembered(monkeypatch):
    monkeypatch.setattr(native_calls, "KINDS", 3)
    monkeypatch.setattr(native_calls, "TRIED", 1)
    traced = []

    @w.jit
    def f(x):
        traced.append(x.shape)
        return wnp.sum(x)

    for n in (1, 2, 3, 1, 4, 1, 5, 1):
        assert f(np.ones(n)) == n
    assert traced == [(1,), (2,), (3,), (4,), (5,)]
    assert f(np.ones(2)) == 2 and traced[-1] == (2,)
    assert len(f._cache) <= 4 and f._cache["native"] is f._native


def test_programs_that_are_equal_are_remembered_within_bounds():
    assert len(known_programs._known) <= known_programs.MOST


LOWERED = """
import numpy as np, wengert as w, wengert.numpy as wnp
from wengert import lax
x = np.linspace(0.1, 1, 1003)
cases = [
    lambda x: wnp.sum(wnp.sin(x) * wnp.exp(-x)) + wnp.cumsum(x),
    lambda x: wnp.tanh(x.astype(np.float32)) * 3,
    lambda x: wnp.sort(x[::-1]) + wnp.where(x > 0.5, x, -x),
    lambda x: lax.scan(lambda c, y: (c * 0.5 + y, c), 0.0, x)[1],
    lambda x: x[:900].reshape(30, 30) @ x[100:1000].reshape(30, 30),
    lambda x: wnp.linalg.solve(x[:16].reshape(4, 4) + 4 * np.eye(4), x[:4]),
    lambda x: (x * 1j + 2) ** 2,
    lambda x: (x * 100).astype(int) // 7 + wnp.argmax(x),
    w.grad(lambda x: wnp.sum(wnp.log(x) * wnp.sqrt(x))),
]
for f in cases:
    np.testing.assert_allclose(w.jit(f)(x), f(x), rtol=1e-5 if f is cases[1] else 1e-11)
print(w.jit(cases[0]).lower(x).assembly())
"""


@pytest.mark.skipif(os.uname().machine != "x86_64" if hasattr(os, "uname") else True, reason="levels of x86-64")
@pytest.mark.parametrize(("cpu", "registers"), [("x86-64-v3", "y"), ("x86-64-v2", "x")])
def test_code_for_older_processors(cpu, registers):
    environment = {**os.environ, "WENGERT_TARGET_CPU": cpu}
    done = subprocess.run([sys.executable, "-c", LOWERED], capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr[-1500:]
    assert set(re.findall(r"%([xyz])mm\d", done.stdout)) == ({"x", "y"} if registers == "y" else {"x"})


LLVMS_MEMORY = """
import ctypes, gc
from wengert.compile import engine
libc = ctypes.CDLL(None)
names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
libc.mallinfo2.restype = type("Info", (ctypes.Structure,), {"_fields_": [(n, ctypes.c_size_t) for n in names]})
made = "define double @main(double %x) {\\n %y = fadd double %x, NUMBER\\n ret double %y\\n}\\n".replace
def used(numbers):
    for n in numbers: engine.emit(made("NUMBER", f"{n}.5"))
    gc.collect()
    return libc.mallinfo2().uordblks
first, last = used(range(640)), used(range(640, 1280))
assert last - first < 640 * 40, (last - first) / 640
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="the GNU C library counts what is in use")
def test_llvm_keeps_no_constants_of_programs_that_are_gone():
    """One arena, for its count has no others; each program has a constant that no other has."""
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LLVMS_MEMORY], capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.returncode == 0, done.stderr[-1500:]


NO_ROOM = """
import resource
import numpy as np, wengert as w, wengert.numpy as wnp
w.config.disk_cache = False
x = np.ones(50)
w.jit(lambda x: wnp.cumsum(x * 2))(x)
room = int(open("/proc/self/statm").read().split()[0]) * 4096 + EXTRA
resource.setrlimit(resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))
f = w.jit(lambda x: wnp.sum(wnp.sin(x) * wnp.cumsum(x)))
try: f(x)
except MemoryError: pass
else: raise SystemExit("compiled")
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
np.testing.assert_allclose(f(x), np.sum(np.sin(x) * np.cumsum(x)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of the address space")
@pytest.mark.parametrize("extra", [1 << 16, 1 << 20, 1 << 22])
def test_no_memory_to_compile(extra):
    done = subprocess.run(
        [sys.executable, "-c", NO_ROOM.replace("EXTRA", str(extra))], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-1500:]
