"""Serial kernels: operations whose elements depend on one another, each lowered by hand to a function of its own.

Scatters, running sums, orders, random bits: no loop nest of independent points computes them. Their operands and
results are arrays in memory, as for a call of NumPy; a lowering that does not know the dtypes or parameters of an
equation leaves it to such a call. `step` says what a kernel is, `writer` how its text is written, the other files are
families of lowerings. Nothing here knows fusion or memory.

The package itself imports none of its files: a thread that imports one and a thread that imports the package would wait for
each other.
"""
