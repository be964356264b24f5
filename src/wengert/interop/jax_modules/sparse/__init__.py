"""`jax.experimental.sparse`: arrays by their nonzero elements, with products, derivatives, and ways to and from dense ones.

Sparse arrays are trees of their data and indices. Products gather and add where elements belong: they are differentiated,
batched and compiled as such.
"""

from typing import Any

from . import arithmetic, base, bcoo, compressed, derivatives, linalg, making, moving, products
from . import sparsify as transform
from .base import CuSparseEfficiencyWarning, JAXSparse, SparseEfficiencyError, SparseEfficiencyWarning
from .bcoo import (
    BCOO,
    bcoo_extract,
    bcoo_fromdense,
    bcoo_sort_indices,
    bcoo_sum_duplicates,
    bcoo_todense,
    bcoo_update_layout,
)
from .compressed import (
    BCSR,
    COO,
    CSC,
    CSR,
    bcsr_broadcast_in_dim,
    bcsr_concatenate,
    bcsr_dot_general,
    bcsr_extract,
    bcsr_fromdense,
    bcsr_sum_duplicates,
    bcsr_todense,
    coo_fromdense,
    coo_matmat,
    coo_matvec,
    coo_todense,
    csr_fromdense,
    csr_matmat,
    csr_matvec,
    csr_todense,
)
from .derivatives import grad, jacfwd, jacobian, jacrev, value_and_grad
from .making import empty, eye, random_bcoo
from .moving import (
    bcoo_broadcast_in_dim,
    bcoo_concatenate,
    bcoo_dynamic_slice,
    bcoo_gather,
    bcoo_reshape,
    bcoo_rev,
    bcoo_slice,
    bcoo_squeeze,
    bcoo_transpose,
)
from .products import (
    bcoo_conv_general_dilated,
    bcoo_dot_general,
    bcoo_dot_general_sampled,
    bcoo_multiply_dense,
    bcoo_multiply_sparse,
    bcoo_reduce_sum,
)
from .sparsify import sparsify


def todense(arr: Any) -> Any:
    """A sparse array as a dense one; a dense one as it is. In a function under `sparsify`: dense from here on."""
    if isinstance(arr, JAXSparse):
        return arr.todense()
    from ..ad_checkpoint import checkpoint_name

    return checkpoint_name(arr, transform.MARK)


api, ad, bcsr, coo, csr, random, util = making, derivatives, compressed, compressed, compressed, making, base
__all__ = [
    name
    for name, value in dict(globals()).items()
    if not name.startswith("_")
    and name not in ("Any", "arithmetic", "base", "compressed", "derivatives", "making", "moving")
]
