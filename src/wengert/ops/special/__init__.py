"""Special functions, by family; SciPy computes them and is imported on the first call.

`declare` says how they are declared, `kernels` and `bessel_orders` compute what SciPy has not: derivatives in
parameters, in the Taylor arithmetic of `series`. `functions` has all by name. The package itself imports none of them: a
thread that imports one file and a thread that imports the package would wait for each other.
"""
