"""The native boundary under valgrind: what the native call reads, writes and leaves, checked byte by byte.

``python tools/valgrind_boundary.py`` runs itself once more under valgrind (Debian and Ubuntu: ``apt install valgrind``),
with Python's allocator replaced by malloc, so that each object is a block of its own, and with code for x86-64-v3, for
valgrind does not decode AVX-512. Errors count only where a frame of compiled code is among the first: the interpreter,
NumPy and LLVM have some that they know of. Results are compared with what the functions give uncompiled.
"""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import tempfile

# Of `boundary`, beside the four below: each hand-written kernel, in a dtype that has code of its own.
KERNELS = (
    ("casts", "f2"), ("sorts", "i1"), ("indices", "f16"), ("scan", "bf16"), ("branches", "c8"), ("integers", "u2"),
    ("convolutions", "f4"), ("gradients of convolutions", "f8"), ("windows", "f2"), ("transforms", "c16"),
    ("special", "f8"), ("samples", "f8"), ("factorisations", "c16"), ("paths", "f8"), ("nothing", "bf16"),
    ("loops in lanes", "f8"), ("gradients of loops in lanes", "f4"), ("Fourier passes", "c16"), ("vector formulas", "f8"),
    ("lengths that are asked for", "i4"), ("masks", "f8"),
)  # fmt: skip


def programs() -> None:
    import numpy as np

    import wengert as w
    import wengert.numpy as wnp
    from wengert import lax
    from wengert.compile import allocation

    def same(a, b):
        for x, y in zip(w.tree_util.tree_leaves(a), w.tree_util.tree_leaves(b), strict=True):
            np.testing.assert_allclose(np.asarray(x, complex), np.asarray(y, complex), rtol=1e-12)

    tree = lambda p, k: {"a": (p["x"] * k, wnp.sum(p["y"][0])), "b": [None, p["y"][1] + 1, p["x"][1]]}
    p = {"x": np.arange(5.0), "y": [np.ones((2, 3)), np.ones(3, np.float32)]}
    cases = [
        (tree, (p, 2.0)),
        (lambda x: wnp.cumsum(wnp.sin(wnp.cumsum(x)))[::-1] * 2, (np.linspace(0, 1, 5000),)),
        (lambda x: [wnp.sum(x), wnp.sum(x) * 2, x[0], x[1]], ((np.arange(6.0) + 1j).astype(np.clongdouble),)),
        (lambda x: lax.scan(lambda c, y: (c * 0.5 + y, c), 0.0, x), (np.arange(7.0),)),
    ]
    for f, args in cases:
        g = w.jit(f)
        for _ in range(3):
            same(g(*args), f(*args))
        n = 1
        while True:
            allocation.countdown[0] = n
            try:
                g(*args)
            except MemoryError:
                n += 1
            else:
                break
        allocation.countdown[0] = 0
        same(g(*args), f(*args))
        call = g._native[0][0] if g._native else None
        del g
        gc.collect()
        if call is not None:
            same(call((args, {})), f(*args))
        print("right, with", n - 1, "allocations refused", flush=True)
    import boundary

    for name, dtype in KERNELS:
        refused = boundary.case(boundary.PROGRAMS[name], boundary.DTYPES[dtype], "nested", 0.0)
        print(f"{name} of {dtype}: right, with {refused} allocations refused", flush=True)


def main() -> int:
    if "--inside" in sys.argv:
        programs()
        return 0
    environment = {**os.environ, "PYTHONMALLOC": "malloc", "WENGERT_TARGET_CPU": "x86-64-v3", "OMP_NUM_THREADS": "1"}
    environment["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.NamedTemporaryFile("r", suffix=".log") as log:
        command = ["valgrind", "--tool=memcheck", "--error-limit=no", "--num-callers=12", f"--log-file={log.name}"]
        done = subprocess.run([*command, sys.executable, __file__, "--inside"], env=environment)
        text = re.sub(r"==\d+== ?", "", log.read())
    errors = [
        e
        for e in text.split("\n\n")
        if re.search(r"^(Invalid|Conditional|Use of|Syscall|Source and|Mismatched)", e, re.M)
    ]
    # Code made at run time has no symbols: "???" in no file.
    ours = [e for e in errors if re.search(r"(at|by) 0x[0-9A-F]+: \?\?\?$", "\n".join(e.split("\n")[:3]), re.M)]
    for e in ours:
        print(e, end="\n\n")
    print(f"exit {done.returncode}; {len(errors)} errors in all, {len(ours)} with compiled code in the first frames")
    return done.returncode or bool(ours)


if __name__ == "__main__":
    sys.exit(main())
