"""Transformations of functions: forward, reverse, batching, staging, and what is written with them."""
