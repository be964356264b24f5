"""What JAX's modules have beside the names of this library; `jax_names` says which of these stands behind which."""
