"""`jax.extend.random`: the generator of random numbers, of which there is one."""

from __future__ import annotations

from typing import Any

from ... import random as ours
from ...errors import NotSupportedError
from ..border import lift, lower


def random_seed(seeds: Any, impl: Any = None) -> Any:
    """Keys of seeds."""
    return lift(ours.key(lower(seeds)))


def seed_with_impl(impl: Any, seeds: Any) -> Any:
    """The same."""
    return random_seed(seeds)


class _Generator:
    name, tag, key_shape = "threefry2x32", "fry", (2,)

    def __repr__(self) -> str:
        return "PRNGImpl(threefry2x32)"


threefry_prng_impl = _Generator()


def define_prng_impl(**_: Any) -> Any:
    """A generator of one's own.

    Raises:
        NotSupportedError: always.
    """
    raise NotSupportedError(
        "random numbers come from threefry2x32 here, and no other generator is taken; use jax.random.key"
    )


__all__ = ["define_prng_impl", "random_seed", "seed_with_impl", "threefry_prng_impl"]
