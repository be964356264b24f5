"""The library's own functions of machine code, which compiled programs call by their symbols: threads, memory, Python, interrupts.

Each is compiled when a program that calls it is first loaded.
"""

from __future__ import annotations

from . import allocation, blocked, callback, engine, interrupts, pool

engine.RUNTIME.update({module.NAME: module.address for module in (allocation, callback, interrupts, pool)})
engine.FAMILIES[blocked.PREFIX] = blocked.address
