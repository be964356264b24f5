"""`jax.extend`: what libraries extend JAX with; its names are modules."""

__all__: list[str] = []
