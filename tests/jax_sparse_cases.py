"""Programs with `jax.experimental.sparse`, and what real JAX gives for them: ``python tests/jax_sparse_cases.py`` there records it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent / "data" / "jax_sparse.json"
DENSE = [[0.0, 2.0, 0.0], [3.0, 0.0, 4.0]]

# Expressions in: a, b sparse matrices (2, 3) and (3, 2); A, B the dense ones; t the dense (2, 3, 2), t00, t10, t01, ... its sparse
# forms by n_batch and n_dense; v of length 3; sp = jax.experimental.sparse.
EXPRESSIONS = """
a @ B; a @ b; a @ v; v[:2] @ a; B @ a; a.T; a.T @ A; -a; abs(-a); a * 2; 2 * a; a / 2; a ** 2; a + a; a - a; a * A; a * a; a + A
a.sum(); a.sum(0); a.sum(1); a.sum((0, 1)); t10.sum(0); t10.sum(1); t10.sum(2); t01.sum(2); t01.sum(0); t11.sum((0, 2)); a.astype('float32')
(a + a).sum_duplicates(); (a + a).sum_duplicates(nse=5); t10.sum_duplicates(); a.T.sort_indices(); t10.transpose((0, 2, 1)); t10.T
t01.transpose((1, 0, 2)); t01.T; a[0]; a[:, 1]; a[:, 1:]; a[None]; a[0, 1]; a[::-1]; a[jnp.array([0, 1])]; a[..., 0]; a[1:, ::2]
t10[0]; t10[:, 1]; t10[1:, 0]; t01[0]; t01[..., 1]; a.reshape(3, 2); a.reshape(-1); a.reshape((6,)); t10.reshape(2, 6)
sp.bcoo_reshape(t10, new_sizes=(2, 2, 3)); sp.bcoo_reshape(t01, new_sizes=(6, 2)); t10.update_layout(n_batch=0)
t10.update_layout(n_batch=2); t10.update_layout(n_batch=2, on_inefficient=None); t10.update_layout(n_dense=1, on_inefficient=None)
t01.update_layout(n_dense=0); t11.update_layout(n_batch=0, n_dense=0)
sp.bcoo_broadcast_in_dim(a, shape=(2, 2, 3), broadcast_dimensions=(1, 2))
sp.bcoo_broadcast_in_dim(sp.BCOO.fromdense(jnp.array([1.0, 0, 2])), shape=(2, 3), broadcast_dimensions=(1,))
sp.bcoo_concatenate([a, a], dimension=0); sp.bcoo_concatenate([a, a], dimension=1); sp.bcoo_concatenate([t10, t10], dimension=0)
sp.bcoo_concatenate([t10, t10], dimension=1); sp.bcoo_slice(a, start_indices=(0, 1), limit_indices=(2, 3))
sp.bcoo_slice(a, start_indices=(0, 0), limit_indices=(2, 3), strides=(1, 2))
sp.bcoo_slice(t10, start_indices=(0, 0, 0), limit_indices=(1, 2, 2)); sp.bcoo_dynamic_slice(a, (0, 1), (2, 2))
sp.bcoo_squeeze(a[None], dimensions=(0,)); sp.bcoo_rev(a, (1,)); sp.bcoo_multiply_sparse(a, a); sp.bcoo_multiply_dense(a, v)
sp.bcoo_extract(a, A + 1); sp.bcoo_transpose(a, permutation=(1, 0)); sp.bcoo_reduce_sum(a, axes=(0,)); sp.bcoo_todense(t10)
sp.bcoo_dot_general(a, b, dimension_numbers=(((), ()), ((), ())))
sp.bcoo_dot_general(t10, jnp.ones((2, 2, 4)), dimension_numbers=(((2,), (1,)), ((0,), (0,))))
sp.bcoo_dot_general(t10, t10.transpose((0, 2, 1)), dimension_numbers=(((2,), (1,)), ((0,), (0,))))
sp.bcoo_dot_general(t01, jnp.ones((3, 4)), dimension_numbers=(((1,), (0,)), ((), ())))
sp.bcoo_dot_general(jnp.ones((3, 4)), t00, dimension_numbers=(((0,), (1,)), ((), ())))
sp.bcoo_dot_general_sampled(A, B, jnp.array([[0, 0], [1, 1]]), dimension_numbers=(((1,), (0,)), ((), ())))
t00; t10; t01; t11; t20; t02; sp.BCOO.fromdense(A, nse=5); sp.BCOO.fromdense(A, index_dtype='int64')
sp.eye(3); sp.eye(3, 4, k=1); sp.eye(3, n_batch=1); sp.eye(3, n_dense=1); sp.eye(3, sparse_format='csr').todense(); sp.eye(3, k=-1, sparse_format='coo').todense()
sp.empty((2, 3)); sp.empty((2, 3), n_batch=1); sp.empty((2, 3), sparse_format='csc').todense()
sp.CSR.fromdense(A); sp.CSC.fromdense(A); sp.COO.fromdense(A); sp.BCSR.fromdense(A); sp.BCSR.fromdense(t, n_batch=1)
sp.CSR.fromdense(A) @ B; sp.CSR.fromdense(A) @ v; sp.CSR.fromdense(A).T; sp.CSC.fromdense(A) @ B; sp.COO.fromdense(A).T @ A; sp.BCSR.fromdense(A) @ v
sp.csr_matvec(sp.CSR.fromdense(A), v); sp.csr_matvec(sp.CSR.fromdense(A), v[:2], transpose=True); sp.coo_matmat(sp.COO.fromdense(A), B)
sp.csr_matmat(sp.CSR.fromdense(A), A, transpose=True); sp.coo_todense(sp.coo_fromdense(A)); sp.csr_todense(sp.csr_fromdense(A))
sp.BCSR.from_bcoo(a); sp.BCSR.fromdense(A).to_bcoo(); sp.bcsr_todense(sp.bcsr_fromdense(A)); sp.BCSR.fromdense(t, n_batch=1).todense()
sp.bcsr_concatenate([sp.BCSR.fromdense(A)] * 2, dimension=0).todense(); sp.BCSR.fromdense(t, n_batch=1).to_bcoo().todense()
sp.bcsr_dot_general(sp.BCSR.fromdense(A), B, dimension_numbers=(((1,), (0,)), ((), ())))
sp.bcsr_extract(sp.BCSR.fromdense(A).indices, sp.BCSR.fromdense(A).indptr, A + 1)
sp.BCOO.from_scipy_sparse(scipy_sparse.eye(3)); sp.BCSR.from_scipy_sparse(scipy_sparse.eye(3, format='csr')).todense()
sp.random_bcoo(key, (4, 5), nse=3); sp.random_bcoo(key, (4, 5), nse=0.3, sorted_indices=True); sp.random_bcoo(key, (4, 5, 2), nse=0.4, n_batch=1, n_dense=1).data
sp.todense(a); sp.todense(A); sp.sparsify(jnp.sum)(a); sp.sparsify(lambda a, v: a @ v)(a, v); sp.sparsify(jnp.sin)(a); sp.sparsify(jnp.cos)(a)
sp.sparsify(lambda a: a + a)(a); sp.sparsify(lambda a: 2 * a * A)(a); sp.sparsify(lambda a: a.T)(a); sp.sparsify(lambda a: jnp.concatenate([a, a]))(a)
sp.sparsify(lambda a: -(a.T) @ A)(a); jax.jit(sp.sparsify(lambda a: (a * 2).sum(0)))(a); sp.sparsify(jnp.expm1)(a); sp.sparsify(jnp.sqrt)(a)
sp.sparsify(lambda a: a.reshape(6))(a); sp.sparsify(lambda a: lax.cond(True, lambda a: a * 2, lambda a: a * 3, a))(a); sp.sparsify(jnp.abs)(a)
sp.sparsify(lambda a, b: jnp.einsum('ij,jk->ik', a, b))(a, b); sp.sparsify(lambda a: a ** 2)(a); sp.sparsify(lambda a: a[0])(a); sp.sparsify(lambda a: a[:, :2])(a)
sp.sparsify(lambda a: sp.todense(a))(a); sp.sparsify(lambda a: a - a)(a); sp.sparsify(lambda a: lax.fori_loop(0, 2, lambda i, c: c * 2, a))(a)
sp.sparsify(lambda a: a.astype('float32'))(a); sp.sparsify(lambda a: a + 1)(a); sp.sparsify(lambda a: jnp.exp(a))(a)
sp.grad(lambda a: (a @ v).sum())(a); sp.jacfwd(lambda a: a @ v)(a); sp.jacrev(lambda a: a @ v)(a); sp.value_and_grad(lambda a: (a @ v).sum())(a)[1]
sp.grad(lambda a, b: ((a @ b) ** 2).sum(), (0, 1))(a, v)[1]; jax.vmap(lambda v: a @ v)(jnp.ones((4, 3))); jax.vmap(lambda m: m @ jnp.ones(2))(t10)
jax.vmap(lambda m: m.sum(0))(t10); jax.jit(lambda a, v: a @ v)(a, v); jax.grad(lambda v: ((a @ v) ** 2).sum())(v)
jax.hessian(lambda d: (sp.BCOO((d, a.indices), shape=a.shape) @ v).sum() ** 2)(a.data); jax.tree.map(lambda x: x * 2, a); len(a); [m.nse for m in a]
sp.linalg.spsolve(s.data, s.indices, s.indptr, v); sp.linalg.lobpcg_standard(jnp.diag(jnp.arange(1.0, 12.0)), jnp.sin(jnp.arange(22.0)).reshape(11, 2))[0]
jax.grad(lambda b: sp.linalg.spsolve(s.data, s.indices, s.indptr, b)[0])(v); jax.jvp(lambda d: sp.BCOO((d, a.indices), shape=a.shape).todense(), (a.data,), (a.data,))[1]
sp.bcoo_conv_general_dilated(sp.BCOO.fromdense(jnp.array([[[0.0, 2, 0, 1]]])), sp.BCOO.fromdense(jnp.array([[[1.0, 0, 3]]])), window_strides=(1,), padding=((1, 1),)).todense()
a == a; a.n_batch, a.n_sparse, a.n_dense, a.nse, a.size, a.ndim, len(t11.shape); repr(a); repr(t11); repr(sp.CSR.fromdense(A))
"""


def expressions() -> list[str]:
    """The expressions, in order."""
    return [e.strip() for line in EXPRESSIONS.strip().split("\n") for e in line.split("; ")]


def space(jax: Any) -> dict[str, Any]:
    """What the expressions are written in."""
    import scipy.sparse
    from jax.experimental import sparse as sp
    from jax.experimental.sparse import linalg  # noqa: F401

    jnp = jax.numpy
    A = jnp.array(DENSE)
    B = jnp.array([[1.0, 0.0], [0.0, 5.0], [6.0, 0.0]])
    t = jnp.arange(12.0).reshape(2, 3, 2) % 3
    names = {f"t{i}{j}": sp.BCOO.fromdense(t, n_batch=i, n_dense=j) for i in range(3) for j in range(3 - i)}
    s = sp.BCSR.fromdense(jnp.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.0], [0.0, 0.0, 2.0]]))
    return {
        "jax": jax, "jnp": jnp, "lax": jax.lax, "np": np, "sp": sp, "A": A, "B": B, "a": sp.BCOO.fromdense(A), "b": sp.BCOO.fromdense(B),
        "t": t, "v": jnp.array([1.0, 2.0, 3.0]), "s": s, "key": jax.random.key(0), "scipy_sparse": scipy.sparse, **names,
    }  # fmt: skip


def shown(x: Any) -> Any:
    """A result as JSON has it: class, dtype, shape, numbers, for sparse arrays the parts too."""
    if hasattr(x, "todense"):
        told = {k: getattr(x, k, None) for k in ("n_batch", "n_dense", "indices_sorted", "unique_indices")}
        parts = [shown(getattr(x, k)) for k in ("data", "indices", "indptr", "row", "col") if hasattr(x, k)]
        return {"class": type(x).__name__, "shape": list(x.shape), **told, "parts": parts, "dense": shown(x.todense())}
    if isinstance(x, (str, int)):
        return x
    if isinstance(x, (tuple, list)):
        return [shown(e) for e in x]
    array = np.asarray(x)
    return {"dtype": array.dtype.name, "shape": list(array.shape), "numbers": array.tolist()}


def run(jax: Any) -> dict[str, Any]:
    """The result of each expression, or the class of its error."""
    names, out = space(jax), {}
    for code in expressions():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                out[code] = shown(eval(code, names))
            except Exception as error:
                kinds = (NotImplementedError, ValueError, TypeError, IndexError)
                out[code] = "raises " + next((k.__name__ for k in kinds if isinstance(error, k)), type(error).__name__)
    return out


def agrees(want: Any, got: Any) -> bool:
    """Whether two results are equal, numbers to rounding."""
    if isinstance(want, dict) and isinstance(got, dict):
        if "numbers" in want and "numbers" in got:
            same = (want["dtype"], want["shape"]) == (got["dtype"], got["shape"])
            return same and bool(np.allclose(want["numbers"], got["numbers"], rtol=1e-6, atol=1e-9))
        return want.keys() == got.keys() and all(agrees(want[k], got[k]) for k in want)
    if isinstance(want, list) and isinstance(got, list):
        return len(want) == len(got) and all(map(agrees, want, got))
    return want == got


def recorded() -> dict[str, Any]:
    """What real JAX gave."""
    return json.loads(DATA.read_text())


if __name__ == "__main__":
    import jax

    jax.config.update("jax_enable_x64", True)
    DATA.write_text(json.dumps({"jax": jax.__version__, "results": run(jax)}, indent=0) + "\n")
