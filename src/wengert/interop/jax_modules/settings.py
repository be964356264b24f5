"""`jax.config`: JAX's settings, of which one changes anything here and the others are taken where they are harmless."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...config import config as ours
from ...errors import NotSupportedError
from ...ops.random import GENERATORS
from ...random import keys
from ...transforms.jitted import clear_caches
from .. import promotion
from ..leaks import Watch

# Settings that change nothing here, whatever their value, with the value that they have at first: where things run, what is
# logged, what is kept on disk. What somebody sets them to is remembered.
values: dict[str, Any] = {
    "jax_allow_f16_reductions": False, "jax_array_garbage_collection_guard": "allow", "jax_auto_pcast": True,
    "jax_backend_target": "", "jax_bcoo_cusparse_lowering": False, "jax_captured_constants_report_frames": 0,
    "jax_captured_constants_warn_bytes": 2000000000, "jax_check_proxy_envs": True, "jax_check_static_indices": False,
    "jax_check_tracer_leaks": False, "jax_compilation_cache_check_contents": False, "jax_compilation_cache_dir": None,
    "jax_compilation_cache_expect_pgle": False, "jax_compilation_cache_include_metadata_in_key": False,
    "jax_compilation_cache_max_size": -1, "jax_compiler_detailed_logging_min_ops": 10,
    "jax_compiler_enable_remat_pass": True, "jax_cpu_collectives_implementation": "gloo",
    "jax_cpu_enable_async_dispatch": True, "jax_cpu_get_global_topology_timeout_minutes": 5,
    "jax_cpu_get_local_topology_timeout_minutes": 2, "jax_cross_host_transfer_socket_address": "",
    "jax_cross_host_transfer_timeout_seconds": None, "jax_cross_host_transfer_transfer_size": None,
    "jax_cross_host_transport_addresses": "", "jax_cuda_visible_devices": "all", "jax_custom_vjp3": False,
    "jax_debug_key_reuse": False, "jax_debug_leaked_clients_on_clear_backends": False, "jax_debug_log_modules": "",
    "jax_default_device": None, "jax_default_matmul_precision": None, "jax_default_prng_impl": "threefry2x32",
    "jax_disable_bwd_checks": False, "jax_disable_jit": False, "jax_disable_most_optimizations": False,
    "jax_disable_vmap_shmap_error": False, "jax_disallow_mesh_context_manager": False, "jax_distributed_debug": False,
    "jax_dump_ir_modes": "stablehlo", "jax_dump_ir_to": "", "jax_embedded_constants_max_bytes": 32,
    "jax_enable_checks": False, "jax_enable_compilation_cache": True, "jax_enable_custom_prng": False,
    "jax_enable_pgle": False, "jax_enable_preemption_service": True, "jax_enable_recoverability": False,
    "jax_error_checking_behavior_divide": "ignore", "jax_error_checking_behavior_nan": "ignore",
    "jax_error_checking_behavior_oob": "ignore", "jax_exec_time_optimization_effort": 0.0,
    "jax_experimental_unsafe_xla_runtime_errors": False, "jax_explain_cache_misses": False,
    "jax_explicit_x64_dtypes": 1, "jax_export_calling_convention_version": 10,
    "jax_export_ignore_forward_compatibility": False, "jax_force_dcn_cross_host_transfers": False,
    "jax_high_dynamic_range_gumbel": False, "jax_hlo_source_file_canonicalization_regex": None,
    "jax_include_debug_info_in_dumps": True, "jax_include_full_tracebacks_in_locations": True,
    "jax_legacy_prng_key": "allow", "jax_log_checkpoint_residuals": False, "jax_log_compiles": False,
    "jax_logging_level": "NOTSET", "jax_memory_fitting_effort": 0.0, "jax_memory_fitting_level": "O2",
    "jax_mosaic_allow_hlo": False, "jax_mutable_array_checks": True, "jax_num_cpu_devices": -1,
    "jax_numpy_dtype_promotion": "standard", "jax_numpy_rank_promotion": "allow", "jax_oneapi_visible_devices": "all",
    "jax_optimization_level": "UNKNOWN", "jax_pallas_enable_debug_checks": False, "jax_pallas_poison_buffers": False,
    "jax_pallas_use_mosaic_gpu": True, "jax_pallas_verbose_errors": False,
    "jax_persistent_cache_enable_xla_caches": "xla_gpu_per_fusion_autotune_cache_dir",
    "jax_persistent_cache_min_compile_time_secs": 1.0, "jax_persistent_cache_min_entry_size_bytes": 0,
    "jax_pgle_aggregation_percentile": 90, "jax_pgle_profiling_runs": 3, "jax_pjrt_client_create_options": None,
    "jax_platform_name": "", "jax_platforms": "cpu", "jax_pprint_use_color": True,
    "jax_ragged_dot_use_gpu_pallas_triton_lowering": False, "jax_ragged_dot_use_ragged_dot_instruction": True,
    "jax_raise_persistent_cache_errors": False, "jax_random_seed_offset": 0, "jax_refs_to_pins": False,
    "jax_remat3": False, "jax_remove_custom_partitioning_ptr_from_cache_key": False,
    "jax_remove_size_one_mesh_axis_from_type": False, "jax_rocm_visible_devices": "all", "jax_scan3": False,
    "jax_send_traceback_to_runtime": "off", "jax_serialization_version": 0, "jax_share_binary_between_hosts": False,
    "jax_share_binary_between_hosts_timeout_ms": 1200000, "jax_softmax_custom_jvp": True,
    "jax_sort_devices_by_process_index": True, "jax_source_url_schema": None, "jax_thread_guard": False,
    "jax_threefry_gpu_kernel_lowering": False, "jax_threefry_partitionable": True, "jax_traceback_filtering": "auto",
    "jax_traceback_in_locations_limit": 100, "jax_tracer_error_num_traceback_frames": 5, "jax_transfer_guard": None,
    "jax_transfer_guard_device_to_device": None, "jax_transfer_guard_device_to_host": None,
    "jax_transfer_guard_host_to_device": None, "jax_use_direct_linearize": True,
    "jax_use_emit_pipeline_primitive": False, "jax_use_magma": "auto", "jax_use_shardy_partitioner": True,
    "jax_use_simplified_jaxpr_constants": False, "jax_xla_backend": "", "jax_xla_profile_version": 0,
}  # fmt: skip
# Settings that would change something: the values that they can have.
_FIXED: dict[str, tuple[Any, ...]] = {
    "jax_debug_key_reuse": (False,),
    "jax_num_cpu_devices": (-1, 1),
    "jax_platforms": ("cpu", "", None),
    "jax_random_seed_offset": (0,),
    "jax_threefry_partitionable": (True,),
    "jax_transfer_guard": (None, "allow", "log"),
}
_BOOLEAN = frozenset(name for name, value in values.items() if type(value) is bool)
# Settings that mean the same here.
_FLOATING_ERRORS = {"jax_debug_nans": "invalid", "jax_debug_infs": "divide"}
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
            if name in _FLOATING_ERRORS:  # of NumPy's, outside of transformations
                kinds: Any = {_FLOATING_ERRORS[name]: "raise" if value else "warn"}
                np.seterr(**kinds)
        elif name in _FIXED and value not in _FIXED[name]:
            allowed = " or ".join(map(repr, _FIXED[name]))
            raise NotSupportedError(f"jax.config: {name} can only be {allowed} here, not {value!r}; leave it out")
        elif name == "jax_check_tracer_leaks":
            Watch.on = bool(value)
        elif name == "jax_default_prng_impl":
            _set_generator(value)
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

    def parse_flags_with_absl(self) -> None:
        """Nothing to do: settings are read from the environment."""

    config_with_absl = parse_flags_with_absl

    def read(self, name: str) -> Any:
        """The value of a setting."""
        return getattr(self, name)


def _set_generator(name: str) -> None:
    """Make a generator the default one; functions that were compiled for another are compiled anew.

    Raises:
        ValueError: there is no generator of that name.
    """
    if name not in GENERATORS:
        raise ValueError(f"new enum value must be in {list(GENERATORS)}, got {name!r}")
    if name != keys.Default.generator:
        keys.Default.generator = name
        clear_caches()


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
