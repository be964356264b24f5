"""All rows, by family; names are unique."""

from __future__ import annotations

from .loops import LOOPS
from .matrices import MATRICES
from .more import MORE
from .row import Row
from .signals import SIGNALS
from .vectors import VECTORS

ROWS: list[Row] = [*VECTORS, *MATRICES, *SIGNALS, *LOOPS, *MORE]
assert len({r.name for r in ROWS}) == len(ROWS)
