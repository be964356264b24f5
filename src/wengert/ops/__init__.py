"""Primitives, one room per kind, and the functions that bind them."""
