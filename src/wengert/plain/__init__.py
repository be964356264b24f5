"""Plain NumPy code under transformations: what C code of NumPy and Python cannot take is answered here.

`trampolines` are native functions that look for traced values among the arguments; `hooks` puts them before NumPy's and
Python's own; `handlers` are what they call. `assemble` makes their machine code, of which `machine_code` keeps the
commonest.
"""
