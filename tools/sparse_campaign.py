"""Random programs, sparse against dense: ``python tools/sparse_campaign.py FIRST LAST`` prints a line for each mismatch.

For each seed the pattern of `tests/sparse_programs.py`'s function is compared with the nonzeros of two dense Jacobians (none may
be lost; where nothing cancels and nothing is chosen by value, none may be too much), and the entries by a colouring, and by
bands where there are few, with the dense Jacobian. The sweeps run without the compiler, which has campaigns of its own.
"""

import sys
import time
from pathlib import Path

import numpy as np

import wengert
from wengert.sparse import colouring, sparsity
from wengert.sparse.assembly import Banded
from wengert.sparse.band import Unbanded
from wengert.sparse.colourings import KINDS
from wengert.sparse.detect import Staged
from wengert.sparse.prepared import Prepared

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from sparse_programs import local_program, program


def drawn(seed: int):
    """Even seeds are of all operations, odd ones of those that depend on few elements."""
    return local_program(seed) if seed % 2 else program(seed)


def mismatch(seed: int) -> tuple[str, bool, bool]:
    """What is wrong with a program's sparse Jacobian, empty if nothing is; whether its pattern had to be tight, and whether it
    has bands."""
    f, x, tight = drawn(seed)
    expected = np.asarray(wengert.jacfwd(f)(x))
    for _ in range(8):  # exponentials of exponentials: nearer to 0 there are numbers to compare
        if np.isfinite(expected).all():
            break
        x = x / 4
        expected = np.asarray(wengert.jacfwd(f)(x))
    found = sparsity(f, x)
    expected = expected.reshape(found.shape)
    elsewhere = np.asarray(wengert.jacfwd(f)(np.random.default_rng(seed + 1).normal(size=x.shape)))
    nonzero, got = (expected != 0) | (elsewhere.reshape(found.shape) != 0), found.todense()
    if (nonzero & ~got).any():
        return f"{int((nonzero & ~got).sum())} entries are lost", tight, False
    if tight and (got & ~nonzero).any():
        return f"{int((got & ~nonzero).sum())} entries too many", tight, False
    if not np.isfinite(expected).all():  # the values overflow; entries of a group are not told apart then
        return "", tight, False
    kind = [k for k in KINDS if k not in ("star", "acyclic")][seed % 3]
    staged = Staged(f, (x,), {}, 0, False, "sparsity")
    ways = [(f"a {kind} colouring", Prepared(staged, colouring(found, kind), None))]
    try:
        banded = Prepared(staged, ways[0][1].colouring, None)
        banded.banded, banded.places = Banded(staged, found), None
        ways.append(("bands", banded))
    except Unbanded:
        pass
    for what, prepared in ways:
        prepared.compiled = prepared.sweep
        result = prepared([x])
        assert result is not None
        matrix = prepared.matrix(np.asarray(result[0]), "dense")
        if not np.allclose(matrix, expected, rtol=1e-9, atol=1e-11):
            return f"entries by {what} differ by {np.abs(matrix - expected).max():.1e}", tight, len(ways) > 1
    return "", tight, len(ways) > 1


def main(first: int, last: int) -> None:
    start, wrong, exact, banded = time.perf_counter(), 0, 0, 0
    for seed in range(first, last):
        message, tight, bands = mismatch(seed)
        exact, banded = exact + tight, banded + bands
        if message:
            wrong += 1
            print(f"{seed} {drawn(seed)[0].__name__}: {message}", flush=True)
    print(
        f"{last - first} programs, {exact} of them with patterns that had to be exact, {banded} by bands: {wrong} mismatches, {time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
