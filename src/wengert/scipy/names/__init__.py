"""SciPy's own functions where they meet traced values: ``scipy.optimize.brentq(f, a, b)`` as the user wrote it.

`meeting.py` puts a first step before SciPy's public functions, which looks whether an argument is traced; `declared.py` says
how each is answered then, by a function of `wengert.scipy` of the same meaning or by one of the answers that stand in the
other files here. With plain arguments SciPy's function runs as it is, in every thread. The package
itself imports none of its files: a thread that imports one and a thread that imports the package would wait for each other.
"""
