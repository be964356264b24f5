"""Compiled programs side by side with JAX, PyTorch and HIPS autograd: ``python benchmarks/compiled --rows gmm``.

`programs` holds what is computed, `libraries` who computes it, `measure` how the numbers are taken, `page` how they
are shown. A program names no library: it gets one as an argument, and every library runs the same code.
"""
