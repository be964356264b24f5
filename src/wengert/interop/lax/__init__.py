"""`jax.lax`: its functions by kind, each strict about dtypes and shapes as JAX's are; `jax_modules/lax.py` puts them together.

The operations are the library's; here stands what JAX's accept, in which dtype the results are, and whether those are weak.
"""
