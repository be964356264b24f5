"""`jax.interpreters`: the rules of primitives by transformation; its names are modules."""

__all__: list[str] = []
