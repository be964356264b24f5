"""`jax.config`: JAX's settings, of which one changes anything here and the others are taken where they are harmless."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...config import config as ours
from ...errors import NotSupportedError
from .. import promotion

# Settings that change nothing here, whatever their value, with the value that they have at first: where things run, what is
# logged, what is kept on disk. What somebody sets them to is remembered.
values: dict[str, Any] = {
    "jax_allow_f16_reductions": False, "jax_array_garbage_collection_guard": "allow", "jax_check_tracer_leaks": False,
    "jax_compilation_cache_dir": None, "jax_debug_key_reuse": False, "jax_default_device": None,
    "jax_default_matmul_precision": None, "jax_default_prng_impl": "threefry2x32", "jax_disable_jit": False,
    "jax_disable_most_optimizations": False, "jax_enable_checks": False, "jax_enable_compilation_cache": True,
    "jax_enable_custom_prng": False, "jax_explain_cache_misses": False, "jax_include_full_tracebacks_in_locations": True,
    "jax_legacy_prng_key": "allow", "jax_log_compiles": False, "jax_numpy_dtype_promotion": "standard",
    "jax_numpy_rank_promotion": "allow", "jax_persistent_cache_min_compile_time_secs": 1.0,
    "jax_persistent_cache_min_entry_size_bytes": 0, "jax_platform_name": "", "jax_platforms": "cpu",
    "jax_softmax_custom_jvp": True, "jax_threefry_partitionable": True, "jax_traceback_filtering": "auto",
    "jax_transfer_guard": None, "jax_transfer_guard_device_to_device": None, "jax_transfer_guard_device_to_host": None,
    "jax_transfer_guard_host_to_device": None,
}  # fmt: skip
# Settings that would change something: the values that they can have.
_FIXED: dict[str, tuple[Any, ...]] = {
    "jax_debug_key_reuse": (False,),
    "jax_default_prng_impl": ("threefry2x32",),
    "jax_platforms": ("cpu", "", None),
    "jax_threefry_partitionable": (True,),
    "jax_transfer_guard": (None, "allow", "log"),
}
_BOOLEAN = frozenset(name for name, value in values.items() if type(value) is bool)
# Settings that mean the same here.
_OURS = ("jax_enable_x64", "jax_debug_nans", "jax_debug_infs", "jax_disable_jit")


class Settings:
    """`jax.config`.

    Example:
        >>> import wengert
        >>> with wengert.config.override(enable_x64=False):
        ...     config = Settings()
        ...     config.update("jax_enable_x64", True)
        ...     config.jax_enable_x64
        True
    """

    def update(self, name: str, value: Any) -> None:
        """Set a setting.

        Raises:
            AttributeError: JAX has no setting of that name, or it is not known here.
        ValueError: it cannot have that value.
            NotSupportedError: it cannot have that value here.
        """
        if name in _OURS:
            setattr(ours, name.removeprefix("jax_"), value)
        elif name in _FIXED and value not in _FIXED[name]:
            allowed = " or ".join(map(repr, _FIXED[name]))
            raise NotSupportedError(f"jax.config: {name} can only be {allowed} here, not {value!r}; leave it out")
        elif name == "jax_numpy_dtype_promotion":
            if value not in ("standard", "strict"):
                raise ValueError(f"new enum value must be in ['standard', 'strict'], got {value!r}")
            promotion.strict = value == "strict"
        elif name == "jax_numpy_rank_promotion":
            if value not in ("allow", "warn", "raise"):
                raise ValueError(f"new enum value must be in ['allow', 'warn', 'raise'], got {value!r}")
            promotion.ranks = None if value == "allow" else value
        elif name not in values:
            near = difflib.get_close_matches(name, [*_OURS, *values], 5) or ["jax_enable_x64"]
            raise AttributeError(f"Unrecognized config option: {name}; the nearest are {', '.join(near)}")
        if name in values:
            values[name] = value

    def __getattr__(self, name: str) -> Any:
        if name in ("jax_enable_x64", "x64_enabled"):
            return ours.enable_x64
        if name in _OURS:
            return getattr(ours, name.removeprefix("jax_"))
        if name in values:
            return values[name]
        raise AttributeError(f"jax.config has no setting {name!r} here")

    @property
    def values(self) -> dict[str, Any]:
        """All settings with their values."""
        return {name: getattr(self, name) for name in sorted({*_OURS, *values})}

    def __setattr__(self, name: str, value: Any) -> None:
        self.update(name, value)

    def read(self, name: str) -> Any:
        """The value of a setting."""
        return getattr(self, name)


config = Settings()


@contextmanager
def enable_x64(new_val: bool = True) -> Iterator[None]:
    """A context in which float64 is, or is not, the default dtype."""
    with ours.override(enable_x64=new_val):
        yield


@contextmanager
def debug_nans(new_val: bool = True) -> Iterator[None]:
    """A context in which a result that is NaN is an error that names the line, or is not."""
    with ours.override(debug_nans=new_val), np.errstate(invalid="raise" if new_val else "ignore"):
        yield


@contextmanager
def debug_infs(new_val: bool = True) -> Iterator[None]:
    """The same for infinities."""
    with ours.override(debug_infs=new_val), np.errstate(divide="raise" if new_val else "ignore"):
        yield
