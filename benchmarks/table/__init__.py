"""Rows of every family of operations, each library with the same code: ``python -m benchmarks.table`` (see `__main__`).

`rows` holds the rows as data, `libraries` what the code of a row is written in, `measure` takes the numbers of one row in a process of
its own, `page` shows them. Numbers are kept after each row, so that a run that ended goes on where it was.
"""
