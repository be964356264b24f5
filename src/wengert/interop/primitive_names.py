"""The names that JAX gives to primitives that have others here."""

from __future__ import annotations

NAMES = {
    "multiply": "mul", "subtract": "sub", "divide": "div", "negative": "neg", "absolute": "abs", "power": "pow",
    "maximum": "max", "minimum": "min", "arctan2": "atan2", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "equal": "eq", "not_equal": "ne", "less": "lt",
    "less_equal": "le", "greater": "gt", "greater_equal": "ge", "sum": "reduce_sum", "prod": "reduce_prod", "amax": "reduce_max",
    "amin": "reduce_min", "convert": "convert_element_type", "where": "select_n", "call": "jit", "custom_call": "custom_jvp_call",
    "reverse": "rev", "index": "slice", "fmod": "rem",
    "pad_zero": "pad", "reduce_any": "reduce_or", "reduce_all": "reduce_and", "logical_and": "and", "logical_or": "or",
    "logical_xor": "xor", "logical_not": "not", "erfinv": "erf_inv", "left_shift": "shift_left",
    "right_shift": "shift_right_arithmetic", "broadcast_to": "broadcast_in_dim", "rint": "round", "scatter_set": "scatter",
    "scatter_add": "scatter-add", "scatter_multiply": "scatter-mul", "scatter_max": "scatter-max",
    "scatter_min": "scatter-min", "remat": "remat2", "i0e": "bessel_i0e", "i1e": "bessel_i1e", "gammainc": "igamma",
    "gammaincc": "igammac", "betainc": "regularized_incomplete_beta", "linear_solve": "custom_linear_solve", "rfft": "fft",
    "irfft": "fft", "psum_scatter": "reduce_scatter", "host_call": "pure_callback", "cholesky_or_nan": "cholesky",
}  # fmt: skip

__all__ = ["NAMES"]
