"""Control flow as native code: loops and branches as steps of a plan.

`walk` is the pullback of a while loop as one operation, `bodies` what the passes do with Programs that loops hold,
`step` a loop or branch as a step, `prepare` its Programs as plans of their own and what is updated in place, `write`
the text of a loop whose body works on arrays in memory, `registers` that of one whose values fit in registers.
"""

from __future__ import annotations

from .step import Control, control_of

__all__ = ["Control", "control_of"]
