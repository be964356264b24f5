"""Settings of JAX's as contexts: ``with jax.disable_jit(): ...``, ``with jax.numpy_dtype_promotion("strict"): ...``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...config import config as ours
from ...errors import NotSupportedError
from .. import promotion
from . import settings

_ANY = object()


def _context(name: str, setting: str, allowed: Any, what: str) -> Callable[..., Any]:
    def function(new_val: Any = True) -> Any:
        if allowed is not _ANY and new_val not in allowed:
            raise NotSupportedError(
                f"jax.{name}: {new_val!r} is not supported here; it is one of {', '.join(map(repr, allowed))}"
            )
        return _set(setting, new_val)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{what}\n\n    Raises:\n        NotSupportedError: a value that is not supported here."
    return function


@contextmanager
def _set(setting: str, value: Any) -> Iterator[None]:
    before = settings.values.get(setting)
    settings.values[setting] = value
    try:
        yield
    finally:
        settings.values[setting] = before


_HARMLESS = {
    "allow_f16_reductions": "A context about reductions of half precision on other devices.",
    "array_garbage_collection_guard": "A context about arrays in cycles of references, which cost nothing here.",
    "auto_pcast": "A context about types under `shard_map`, which are not tracked with one device.",
    "check_tracer_leaks": "A context that finds leaked tracers: they are always found when they are used.",
    "enable_checks": "A context with JAX's own checks of itself.",
    "explain_cache_misses": "A context that logs why functions are compiled again; nothing is logged here.",
    "jax2tf_associative_scan_reductions": "A context about another library.",
    "log_compiles": "A context that logs what is compiled; nothing is logged here.",
    "remove_size_one_mesh_axis_from_type": "A context about types under a mesh.",
    "softmax_custom_jvp": "A context that chooses the derivative rule of `softmax`; the stable one is always taken.",
    "thread_guard": "A context about several processes, of which there is one.",
}
for _name, _what in _HARMLESS.items():
    globals()[_name] = _context(_name, f"jax_{_name}", _ANY, _what)

debug_key_reuse = _context("debug_key_reuse", "jax_debug_key_reuse", (False,), "A context that finds keys used twice.")


@contextmanager
def default_prng_impl(new_val: str) -> Iterator[None]:
    """A context with another generator of random numbers.

    Raises:
        ValueError: there is no generator of that name.
    """
    before = settings.config.jax_default_prng_impl
    settings.config.update("jax_default_prng_impl", new_val)
    try:
        yield
    finally:
        settings.config.update("jax_default_prng_impl", before)


threefry_partitionable = _context(
    "threefry_partitionable", "jax_threefry_partitionable", (True,), "A context with another layout of random streams."
)
no_execution = _context("no_execution", "jax_no_execution", (False,), "A context in which nothing may be computed.")
no_tracing = _context("no_tracing", "jax_no_tracing", (False,), "A context in which nothing may be traced.")
enable_custom_prng = _context(
    "enable_custom_prng", "jax_enable_custom_prng", _ANY, "A context in which `PRNGKey` gives new keys."
)
legacy_prng_key = _context(
    "legacy_prng_key",
    "jax_legacy_prng_key",
    ("allow", "warn", "error"),
    "A context that says what old keys are: allowed or not.",
)
_GUARDS = ("allow", "log")
transfer_guard, transfer_guard_device_to_device, transfer_guard_device_to_host, transfer_guard_host_to_device = (
    _context(name, f"jax_{name}", _GUARDS, "A context about copies between devices, of which there is one.")
    for name in (
        "transfer_guard", "transfer_guard_device_to_device", "transfer_guard_device_to_host", "transfer_guard_host_to_device",
    )
)  # fmt: skip


@contextmanager
def disable_jit(disable: bool = True) -> Iterator[None]:
    """A context in which functions under `jit`, and loops and branches, run as the Python that they are."""
    with ours.override(disable_jit=disable):
        yield


@contextmanager
def numpy_dtype_promotion(new_val: str = "standard") -> Iterator[None]:
    """A context in which arrays of different dtypes meet ("standard") or raise ("strict").

    Raises:
        ValueError: another value.
    """
    if new_val not in ("standard", "strict"):
        raise ValueError(f"new enum value must be in ['standard', 'strict'], got {new_val!r}")
    before, promotion.strict = promotion.strict, new_val == "strict"
    try:
        with _set("jax_numpy_dtype_promotion", new_val):
            yield
    finally:
        promotion.strict = before


@contextmanager
def numpy_rank_promotion(new_val: str = "allow") -> Iterator[None]:
    """A context in which arrays of different rank meet ("allow"), do so with a warning ("warn") or raise ("raise").

    Raises:
        ValueError: another value.
    """
    if new_val not in ("allow", "warn", "raise"):
        raise ValueError(f"new enum value must be in ['allow', 'warn', 'raise'], got {new_val!r}")
    before, promotion.ranks = promotion.ranks, None if new_val == "allow" else new_val
    try:
        with _set("jax_numpy_rank_promotion", new_val):
            yield
    finally:
        promotion.ranks = before


__all__ = [  # noqa: PLE0604
    *_HARMLESS, "debug_key_reuse", "default_prng_impl", "disable_jit", "enable_custom_prng", "legacy_prng_key", "no_execution",
    "no_tracing", "numpy_dtype_promotion", "numpy_rank_promotion", "threefry_partitionable", "transfer_guard",
    "transfer_guard_device_to_device", "transfer_guard_device_to_host", "transfer_guard_host_to_device",
]  # fmt: skip
