"""Choices: every threshold by which the compiler chooses between forms of the same code, in one place.

A choice may depend on sizes and costs; results may not, but for rounding. Tests compile with thresholds that are drawn at
random (`drawn`), so that small arrays meet what only large ones would: threads, rows taken apart, register forms, library
calls, interleaved columns, vectors of other widths. The constants stay in the files that read them, where a comment says
what they are in; a test holds that each is registered here or is no choice.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pkgutil import walk_packages
from random import Random
from typing import Any, NamedTuple

from ..config import config


class Choice(NamedTuple):
    """A threshold.

    Attributes:
        what: what it decides.
        values: those that tests draw from, beside the default: on both sides of any size that a test has.
        copies: other modules that have imported it.
    """

    what: str
    values: tuple[float, ...]
    copies: tuple[str, ...] = ()


NEVER = 1 << 60
CHOICES: dict[str, Choice] = {
    "chunks.LEAST": Choice("which nests threads share", (0.0, 1e3, 1e18)),
    "chunks.PIECE": Choice("how long a piece is", (1.0, 50.0, 1e3)),
    "chunks.MOST": Choice("how many pieces there are", (2, 3, 7)),
    "chunks.ENOUGH": Choice("whether a loop that is reduced is cut", (1, 4)),
    "chunks.POINTS": Choice("which nests are looked at", (1, 16)),
    "fusion.CHEAP": Choice("what is computed again rather than kept", (0, 1, 50)),
    "fusion.LARGE": Choice("which arrays join the nest that uses them", (1, 32)),
    "fusion.LONG": Choice("which large arrays are made again", (1, 4)),
    "fusion.FEW": Choice("what large arrays are used at once for", (0, 100)),
    "borders.FEW": Choice("of how many parts an array is that is read where it is used", (0, 10)),
    "borders.LEAST": Choice("which nests come apart at borders", (1, NEVER)),
    "borders.SHARE": Choice("which parts of these do once more", (1, 1000)),
    "borders.ALONG": Choice("how long a part of rows is", (1, 8)),
    "borders.PARTS": Choice("how many parts a nest without a middle has", (2, 9)),
    "fusion.LARGEST": Choice("how many equations a nest has", (1, 3, 20)),
    "apart.NARROW": Choice("which axes are those of rows", (2, 5)),
    "apart.SHORT": Choice("which rows are short", (2, 8)),
    "apart.LONG": Choice("which axis is long", (1, 3)),
    "apart.ALONE": Choice("which axis is long where there is one", (1, 3)),
    "pipeline.GAIN": Choice("whether rows are taken apart", (0.0, 1e9)),
    "apart.LARGEST": Choice("how many equations a nest of columns has", (2, 30)),
    "apart.MOST": Choice("which programs are taken apart", (10,)),
    "apart.TERMS": Choice("which small products are written out", (4, 16)),
    "components.MOST": Choice("how many results a nest that comes apart has", (2, 4)),
    "components.LEAST": Choice("which nests come apart", (0, NEVER)),
    "schedule.ROW_SUMS": Choice("which sums are kept in memory together", (0, 4, 64)),
    "nest.ROW": Choice("which short rows are read whole", (1, 2, 3), ("schedule", "components")),
    "rows.WIDEST": Choice("how many columns are interleaved", (2, 4)),
    "loops.SHORT": Choice("which sums have their last vector after the loop", (0, 1000)),
    "loops.OUTLINED": Choice("which elementary functions are called", (1, 100)),
    "stacked.WIDEST": Choice("how many stacked arrays one nest computes", (1, 3)),
    "stacked.LEAST": Choice("which stacks are computed by one nest", (0, 1000)),
    "products.LEAST": Choice("which products are loop nests", (0, 8, NEVER)),
    "products.NARROW": Choice("which products of narrow matrices are loop nests", (8, NEVER)),
    "products.LIBRARY": Choice("which products are packed, or BLAS's", (0, 64)),
    "blocked.PLACES": Choice("how many contracted places are packed", (3, 40)),
    "blocked.ROWS": Choice("how many rows a block has", (1, 32)),
    "blocked.COLUMNS": Choice("how many columns a block has where there are few rows", (1, 100)),
    "blocked.LONG": Choice("which blocks have twice the rows", (1,)),
    "blocked.SMALLEST": Choice("which products are packed", (1, NEVER)),
    "multiply.CACHE": Choice("which batches are computed in blocks", (1, 64)),
    "multiply.ROWS": Choice("how many rows of a product a thread takes at a time", (4, 16)),
    "multiply.BLOCK": Choice("how large the blocks are", (16, 128)),
    "multiply.SHARED": Choice("which batches threads share", (0, 100)),
    "gemm.LOAD": Choice("how wide tiles are", (0.0, 10.0)),
    "gemm.CHAINS": Choice("how many sums a tile has", (1, 24)),
    "gemm.CACHE": Choice("which products fetch ahead", (0,)),
    "complex_control.SHORT": Choice("which carried complex arrays may be interleaved", (0, 1, NEVER)),
    "control.fit.FEW": Choice("which arrays are in registers", (0, 1, 4, 24), ("control.elements", "control.motion")),
    "control.fit.MOST": Choice("which loops are in registers", (0, 20, 200)),
    "control.sidelong.LEAST": Choice("which scans are in lanes", (0, 1, NEVER)),
    "control.lanes.TRIPS": Choice("which of these threads share", (0, 1 << 20)),
    "control.sidelong.SLIGHT": Choice("whether lanes wait for the last one", (0, 1 << 20)),
    "control.sidelong.WIDE": Choice("how many lanes there are", (0, NEVER)),
    "control.lanes.CHEAP": Choice("which branches are skipped", (0, NEVER)),
    "control.motion.LEAST": Choice("which products move out of loops", (0, NEVER)),
    "control.motion.MOST": Choice("for how large stacks products move", (0, 64)),
    "control.tidy.SMALL": Choice("which constants stay in bodies", (0, 2)),
    "control.tape.FIRST": Choice("how long the first segment of a tape is", (1, 3)),
    "control.tape.MOST": Choice("how long the others are", (1, 100)),
    "pieces.MANY": Choice("which arrays are copied in pieces", (1, 8, 100)),
    "quotients.LEAST": Choice("how many quotients an inverse pays for", (1, NEVER)),
    "sums.DEPTH": Choice("how far a sum looks for a product", (0, 2)),
    "sums.NEAR": Choice("how far a sum looks for another", (0, 2)),
    "serial.step.LEAST": Choice("which kernels threads share", (0.0, 1e3, 1e18)),
    "serial.step.PIECE": Choice("how long a piece of a kernel is", (1.0, 1e3)),
    "serial.step.MOST": Choice("how many pieces a kernel has", (2, 5)),
    "serial.convolution.WIDE": Choice("whether vectors lie along features", (1, 100)),
    "serial.convolution.PARTS": Choice("how many parts a gradient in a kernel has", (1, 100)),
    "serial.convolution.MANY": Choice("how many pieces a gradient in a kernel has", (2, 5)),
    "serial.kernel_tiles.SEGMENT": Choice("how many places are walked at a time", (1, 3)),
    "serial.kernel_tiles.NEAR": Choice("how many rows of places a block has", (1, 1 << 20)),
    "serial.kernel_tiles.MERGED": Choice("whether a tile is of one tap", (0, 100)),
    "serial.transforms.SIDE": Choice("how many lines are copied together", (1, 3)),
    "serial.transforms.CALL": Choice("how many lines a call transforms", (1.0, 1e3)),
    "serial.transforms.ROOM": Choice("how many pieces have room for lines", (2, 3)),
    "serial.fourier.NEAR": Choice("which lines are matrices, or NumPy's", (0, NEVER)),
    "serial.fourier.FEW": Choice("which lines are matrices for being few", (0, NEVER)),
    "serial.fourier.SHORT": Choice("how short a line may be that is a matrix", (4, NEVER)),
    "serial.fourier.MOST": Choice("how large matrices are", (8, NEVER)),
    "serial.fourier.ROOMS": Choice("how many pieces have room for lines", (2, 3)),
    "serial.ufuncs.BLOCK": Choice("how many elements a call of a ufunc's loop has", (1, 3)),
    "serial.sorting.FEW": Choice("which sorts are native", (0, 16)),
    "serial.sorters.SHORT": Choice("which sorts are by rank", (0, 2), ("serial.sorting",)),
    "serial.sorters.MANY": Choice("which sorts look for interrupts", (1, 8)),
    "serial.scans.FEW": Choice("which running log-sum-exps are native", (0, 4)),
    "substitution.MANY": Choice("how many right sides are solved in vectors", (1, NEVER)),
    "substitution.MOST": Choice("how large systems are solved so", (0, NEVER)),
    "lapack.ALWAYS_SMALL": Choice("which eliminations are written out", (0, 2)),
    "lanes.LARGEST": Choice("which matrices are in vector lanes", (1, 3)),
    "gemm.PACKED": Choice("which products pack the columns of the second factor", (0,)),
    "gemm.PAGE": Choice("how far apart rows are whose columns are packed", (4,)),
    "serial.scans.ROWS": Choice("how many rows of running operations are done side by side", (1, 3)),
    "serial.order.BLOCKED": Choice("which rows are compared side by side", (0, 1)),
    "function.BLOCK": Choice("in which squares matrices are turned", (1, 4)),
    "module.SLIGHT": Choice("which nests are compiled quickly", (1, NEVER)),
    "texts.PART": Choice("how modules are divided", (1, 200)),
    "texts.SHORT": Choice("which modules are one", (0,)),
    "module.LONG": Choice("during which calls other Python threads run", (0, NEVER)),
}
# Numbers of modules that decide nothing: properties of machines, formats and functions, room for what is asked for.
NO_CHOICES = frozenset(
    "module.NO_MEMORY module.FORGET reference.GARBAGE control.tape.HEAD module.SLIGHT_TEXT schedule.OPERATION schedule.BYTE serial.writer.CALL serial.writer.LINE serial.rejection.NUMBER serial.transforms.POINT serial.fourier.POINT serial.butterflies.ROOM serial.butterflies.RADICES serial.ufuncs.ELEMENT serial.convolution.PRODUCT serial.convolution.MOVED lanes.EACH access.LINE "
    "access.AHEAD loops.FRESH gemm.LINE gemm.AHEAD lapack.BLOCKS substitution.WIDEST lapack.LARGEST memory.ALIGNMENT memory.MOST_BYTES function.ALIGNMENT lanes.LIFT "
    "control.fit.FUNCTION control.lanes.INSTRUCTION control.lanes.NONE_LEFT control.late.SMALL control.late.MULTIPLIED narrow.BEYOND narrow.LEAST_NORMAL narrow.REBIAS serial.random.PARITY".split()
)
# Files that have no choices: the call, the machinery around LLVM, the bodies of elementary functions.
OUTSIDE = frozenset(
    "pool objectfile sidebyside shelter interrupts callback recycle engine call caller layout cache blas allocation choices emitter timing perfmap attribution".split()
)


def _modules(name: str) -> Iterator[tuple[Any, str]]:
    """The modules in which a constant stands, and its name in them."""
    where, _, constant = name.rpartition(".")
    for module in (where, *CHOICES[name].copies):
        yield import_module(f"{__package__}.{module}"), constant


@lru_cache(maxsize=1)
def _import_all() -> None:
    """Import all of the compiler: a file that is imported while thresholds are others would keep its copies of these."""
    package = __name__.rpartition(".")[0]
    for module in walk_packages(sys.modules[package].__path__, f"{package}."):
        import_module(module.name)


@contextmanager
def chosen(**values: Any) -> Iterator[None]:
    """A context in which thresholds have other values for what is compiled in it; nothing is read from the disk cache.

    Args:
        values: by the names of `CHOICES`, dots written as ``__``; `vector_bytes` too, the width of vectors, and
            `processor`, an older one by LLVM's name.
    """
    _import_all()
    engine: Any = import_module(f"{__package__}.engine")
    width, older = values.pop("vector_bytes", None), values.pop("processor", None)
    old: list[tuple[Any, str, Any]] = []
    users = [m for n, m in list(sys.modules.items()) if n.startswith(f"{__package__}.") and hasattr(m, "vector_bytes")]
    try:
        for name, value in values.items():
            for module, constant in _modules(name.replace("__", ".")):
                old.append((module, constant, getattr(module, constant)))
                setattr(module, constant, value)
        if width is not None:
            for module in {engine, *users}:
                old.append((module, "vector_bytes", module.vector_bytes))
                setattr(module, "vector_bytes", lambda: width)  # noqa: B010
        if older is not None:
            old.append((engine, "OLDER", engine.OLDER))
            engine.OLDER = older
            _other_machines(engine)
        with config.override(disk_cache=False):
            yield
    finally:
        for module, constant, value in reversed(old):
            setattr(module, constant, value)
        if older is not None:
            _other_machines(engine)


def _other_machines(engine: Any) -> None:
    """LLVM's machines are made anew when they are needed."""
    engine.target_machine.cache_clear()
    engine.quick_machine.cache_clear()
    engine._machines.clear()


def draw(seed: int) -> dict[str, Any]:
    """Values for `chosen`, drawn at random: of some thresholds, or of all."""
    random = Random(seed)
    share = random.choice((0.15, 0.5, 1.0))
    found: dict[str, Any] = {
        name.replace(".", "__"): random.choice(choice.values)
        for name, choice in CHOICES.items()
        if random.random() < share
    }
    if random.random() < share:
        found["vector_bytes"] = random.choice((16, 32, 64))
    return found


@contextmanager
def drawn(seed: int) -> Iterator[dict[str, Any]]:
    """A context in which every threshold may have another value, and loops run on one to three threads.

    Example:
        >>> import numpy as np
        >>> from wengert import jit
        >>> with drawn(0):
        ...     float(jit(lambda x: x.sum())(np.ones(100)))
        100.0
    """
    values = draw(seed)
    with chosen(**values), config.override(threads=1 + seed % 3):
        yield values


__all__ = ["CHOICES", "NO_CHOICES", "OUTSIDE", "Choice", "chosen", "draw", "drawn"]
