"""What released libraries import of `jax._src`: names of JAX's own files, each of which stands for a public one here."""
