"""What libraries extend JAX with: primitives of their own, jaxprs that they walk, traces that they write."""
