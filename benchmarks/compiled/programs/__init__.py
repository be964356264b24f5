"""The programs, a file for each field they come from. `ROWS` lists them in the order of the table."""

from . import adbench, elementwise, linear, loops, networks, notebook, options, physics, regression, scalars

ROWS = [
    row
    for file in (notebook, elementwise, networks, regression, options, physics, linear, adbench, scalars, loops)
    for row in file.ROWS
]
