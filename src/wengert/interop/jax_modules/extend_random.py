"""`jax.extend.random`: the generators of random numbers."""

from __future__ import annotations

from typing import Any

from ... import random as ours
from ...errors import NotSupportedError
from ..border import lift, lower


def random_seed(seeds: Any, impl: Any = None) -> Any:
    """Keys of seeds, of a generator."""
    return lift(ours.key(lower(seeds), impl=getattr(impl, "name", impl)))


def seed_with_impl(impl: Any, seeds: Any) -> Any:
    """The same."""
    return random_seed(seeds, impl)


class _Generator:
    def __init__(self, name: str, tag: str, words: int) -> None:
        self.name, self.tag, self.key_shape = name, tag, (words,)

    def __repr__(self) -> str:
        return f"PRNGImpl({self.name})"


threefry_prng_impl = _Generator("threefry2x32", "fry", 2)
rbg_prng_impl, unsafe_rbg_prng_impl = _Generator("rbg", "rbg", 4), _Generator("unsafe_rbg", "urbg", 4)


def define_prng_impl(**_: Any) -> Any:
    """A generator of one's own.

    Raises:
        NotSupportedError: always.
    """
    raise NotSupportedError(
        "random numbers come from threefry2x32, rbg or unsafe_rbg here, and no other generator is taken; use jax.random.key"
    )


__all__ = [
    "define_prng_impl",
    "random_seed",
    "rbg_prng_impl",
    "seed_with_impl",
    "threefry_prng_impl",
    "unsafe_rbg_prng_impl",
]
