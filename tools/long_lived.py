"""Memory of a process that compiles for long: functions that are compiled and dropped, or shapes that one function meets.

    python tools/long_lived.py cycles [--count 100000]
    python tools/long_lived.py shapes [--count 100000]

Prints a table at even counts: resident memory, what of the C library's memory is in use (with one arena, for its
count has no others), and how many objects Python's collector knows. Nothing is read from the disk cache, so that
LLVM compiles every function, and every result is compared. What came of it is in docs/soundness.md.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import sys
from collections.abc import Callable

import numpy as np

import wengert as w
import wengert.numpy as wnp

FIELDS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()


class Info(ctypes.Structure):
    """What `mallinfo2` of the GNU C library gives."""

    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS]


def resident() -> float:
    """Megabytes (1e6) of resident memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def in_use() -> float:
    """Megabytes (1e6) that the C library gave away and has not got back, small blocks and maps."""
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = Info
    info = library.mallinfo2()
    return (info.uordblks + info.hblkhd) / 1e6


def cycle(k: int) -> None:
    """A function that no other is like, compiled, called and dropped."""
    x = np.arange(3.0)
    assert w.jit(lambda x: x * float(k) + 1.0)(x)[2] == 2.0 * k + 1, k


def shape_of_one(f: Callable[[np.ndarray], np.ndarray]) -> Callable[[int], None]:
    def meet(k: int) -> None:
        assert f(np.ones(k)) == 3.0 * k, k

    return meet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("cycles", "shapes"))
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=20, help="of the table, after the first")
    options = parser.parse_args()
    if os.environ.get("MALLOC_ARENA_MAX") != "1":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "MALLOC_ARENA_MAX": "1"})
    w.config.disk_cache = False
    run = cycle if options.mode == "cycles" else shape_of_one(w.jit(lambda x: wnp.sum(x * 2.0 + 1.0)))
    step = max(1, options.count // options.rows)
    print(f"{options.mode:>10} {'resident MB':>12} {'in use MB':>10} {'objects':>8}")
    for done in range(options.count + 1):
        if done % step == 0:
            gc.collect()
            print(f"{done:10d} {resident():12.1f} {in_use():10.2f} {len(gc.get_objects()):8d}", flush=True)
        run(done + 1)


if __name__ == "__main__":
    main()
