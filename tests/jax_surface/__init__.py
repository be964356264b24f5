"""Calls of JAX's public names, each a line of Python, and what JAX gave for them (`../data/jax_surface.json`)."""
