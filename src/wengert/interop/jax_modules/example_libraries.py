"""`jax.example_libraries`: a package of two modules, `optimizers` and `stax`."""

__all__: list[str] = []
