"""Numerical kernels as they are written for NumPy: loops, stencils, writes in place, arrays made where they are needed."""
