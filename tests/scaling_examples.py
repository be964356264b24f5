"""The modules of examples/scaling, for tests and tools."""

import importlib
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "examples" / "scaling"
if str(FOLDER) not in sys.path:
    sys.path.insert(0, str(FOLDER))
mixture, stencil, sweep, transformer = map(importlib.import_module, ("mixture", "stencil", "sweep", "transformer"))
