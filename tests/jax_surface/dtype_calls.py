"""Calls whose dtype, weakness or error follows from that of their arguments: small integers, truth values, narrow floats, numbers."""

_KINDS = "u j b h bf True 2"
_NN = "relu softplus soft_sign gelu hard_tanh log_sigmoid standardize mish squareplus logsumexp softmax silu"
_SPECIAL = "digamma erf erfinv logit i0e i1 entr gamma expit"
_AXES = "sum prod max min mean std var any all argmax argmin nansum nanmean nanmax nanstd median count_nonzero cumsum ptp average sort"

CALLS = [
    *[(f"nn.X({x})", _NN) for x in "u j h bf".split()],
    *[(f"nn.X({x})", _NN.replace(" softmax", "")) for x in ("b", "True")],
    *[(f"jsp.special.X({x})", _SPECIAL) for x in "j h".split()],
    *[(f"jnp.X({x})", "cov corrcoef histogram quantile mean var median".replace(" quantile", "")) for x in "u j b h".split()],
    *[(f"jnp.X({x},{x},3)", "linspace logspace geomspace") for x in "u j h bf 2".split()],
    *[(f"jnp.X({x},0.5)", "quantile") for x in "u j h b".split()],
    *[(f"jnp.X(2,axis={a})", _AXES) for a in ("0", "-1")],
    *[(f"jnp.X(i,axis={a})", _AXES) for a in ("1", "(0,)")],
    *[(f"jnp.X({x},g)", "setdiff1d union1d intersect1d append isin") for x in "u b h 2".split()],
    *[(f"jnp.X({x},2,size=2)", "setdiff1d union1d") for x in "j n 2".split()],
    *[("jnp.X(nan,dtype=jnp.int32)", "cumsum cumprod mean std") for _ in "1"],
    *[(f"jnp.X(h,dtype={d})", "sum mean std var cumsum") for d in ("float", "complex")],
    "jnp.interp(h,h,h)", "jnp.interp(u,u,u)", "jnp.std(i,dtype=bool)", "jnp.var(c,dtype=jnp.int32)", "jnp.mean(b,dtype=bool)",
]  # fmt: skip
