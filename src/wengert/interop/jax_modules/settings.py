"""`jax.config`: JAX's settings, of which one changes anything here and the others are taken where they are harmless."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...config import config as ours
from ...errors import NotSupportedError

# Settings that change nothing here, whatever their value: where things run, what is logged, what is kept on disk.
_HARMLESS = frozenset(
    "jax_check_tracer_leaks jax_compilation_cache_dir jax_default_matmul_precision jax_enable_checks "
    "jax_enable_compilation_cache jax_explain_cache_misses jax_log_compiles jax_persistent_cache_min_compile_time_secs "
    "jax_persistent_cache_min_entry_size_bytes jax_platform_name jax_traceback_filtering jax_transfer_guard".split()
)
# Settings that would change something: the values with which JAX starts, which are how things are here.
_FIXED: dict[str, tuple[Any, ...]] = {
    "jax_default_device": (None,),
    "jax_default_prng_impl": ("threefry2x32",),
    "jax_disable_jit": (False,),
    "jax_enable_custom_prng": (True, False),
    "jax_numpy_dtype_promotion": ("standard",),
    "jax_numpy_rank_promotion": ("allow",),
    "jax_platforms": ("cpu", "", None),
    "jax_threefry_partitionable": (True,),
}


# Settings that mean the same here.
_OURS = ("jax_enable_x64", "jax_debug_nans", "jax_debug_infs")


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
            NotSupportedError: it cannot have that value here.
        """
        if name in _OURS:
            setattr(ours, name.removeprefix("jax_"), value)
        elif name in _FIXED:
            if value not in _FIXED[name]:
                allowed = " or ".join(map(repr, _FIXED[name]))
                raise NotSupportedError(f"jax.config: {name} can only be {allowed} here, not {value!r}; leave it out")
        elif name not in _HARMLESS:
            known = [*_OURS, *_FIXED, *_HARMLESS]
            near = difflib.get_close_matches(name, known, 5) or ["jax_enable_x64"]
            raise AttributeError(f"jax.config has no setting {name!r} here; the nearest are {', '.join(near)}")

    def __getattr__(self, name: str) -> Any:
        if name in ("jax_enable_x64", "x64_enabled"):
            return ours.enable_x64
        if name in _OURS:
            return getattr(ours, name.removeprefix("jax_"))
        if name in _FIXED:
            return _FIXED[name][0]
        if name in _HARMLESS:
            return None
        raise AttributeError(f"jax.config has no setting {name!r} here")

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
    with ours.override(debug_nans=new_val):
        yield


@contextmanager
def debug_infs(new_val: bool = True) -> Iterator[None]:
    """The same for infinities."""
    with ours.override(debug_infs=new_val):
        yield
