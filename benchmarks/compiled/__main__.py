"""Run by ``python benchmarks/compiled`` and by ``make bench``; ``--help`` lists the options."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.compiled.runner import main  # noqa: E402

sys.exit(main())
