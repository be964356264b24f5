"""Calls of `jax.nn`, `jax.random`, `jax.image`, `jax.ops` and `jax.dtypes`."""

_ONE = (
    "celu elu gelu hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid log_softmax mish relu relu6 selu sigmoid "
    "silu soft_sign softmax softplus sparse_plus sparse_sigmoid squareplus standardize swish tanh log1mexp identity logsumexp "
    "logmeanexp"
)
_INIT = "constant(2.0) delta_orthogonal() glorot_normal() glorot_uniform() he_normal() he_uniform() kaiming_normal() " \
    "kaiming_uniform() lecun_normal() lecun_uniform() normal() ones orthogonal() truncated_normal() uniform() " \
    "variance_scaling(1.0,'fan_avg','uniform') variance_scaling(2.0,'fan_in','truncated_normal') xavier_normal() xavier_uniform() zeros"  # fmt: skip
_DRAWS = {
    "uniform": "() (3,) (2,2),jnp.float32 (3,),minval=-1,maxval=2 (3,),float,0,10 (3,),jnp.bfloat16 (3,),int -1 (3,),out_sharding=None (3,),minval=f,maxval=f+1",
    "normal": "() (3,) (3,),jnp.float32 (3,),complex (2,2),jnp.bfloat16 (3,),int shape=(2,)",
    "bits": "() (3,) (3,),jnp.uint8 (3,),jnp.uint32 (3,),float",
    "bernoulli": " 0.3,(4,) p f[0],(2,) p,(3,),mode='high' 0.3,(4,),mode='bad' i 0.5,shape=(2,2)",
    "randint": "(4,),0,10 (3,),-5,5,jnp.int8 (),0,i[0] (3,),f,5 (4,),0,10,float (3,),0,jnp.array([5,50,500]) (3,),0,300,jnp.uint8",
    "permutation": "5 f m m,axis=1 m,independent=True m,1,True 2.5 0",
    "choice": "5 5,(3,) f,(2,),False f,(4,),p=p/p.sum() m,(2,),axis=1 m,(2,),False f,(2,),False,p/p.sum() 5,(6,),False f,(),True,p",
    "categorical": "f m m,axis=0 m,shape=(4,3) f,shape=(4,) f,replace=False f,shape=(2,),replace=False m,mode='high'",
    "exponential": "() (3,) (3,),jnp.float32 (3,),int", "gumbel": "(3,) (3,),jnp.float32 (3,),mode='high'", "laplace": "(3,) (3,),jnp.float32", "logistic": "(3,) (3,),jnp.float32",
    "cauchy": "(3,) (3,),jnp.float32", "maxwell": "(3,) (3,),jnp.float32", "rademacher": "(4,) (4,),float (4,),jnp.int8", "truncated_normal": "-1,1 -1.0,1.0,(3,) f,f+1 -1,1,(3,),jnp.float32",
    "gamma": "2.0,(3,) p p,(2,3) 0.3,(3,),jnp.float32 -1.0,(2,) i[:1]", "loggamma": "2.0,(3,) p", "beta": "2.0,3.0,(3,) p,p p,1.0,(2,3),jnp.float32", "dirichlet": "p p,(2,) jnp.ones(3),(2,),jnp.float32 2.0",
    "poisson": "3.0,(4,) p 50.0,(3,) 3.0,(3,),jnp.int32 jnp.array([0.0,2.0]) 3.0,(2,),float", "geometric": "0.3,(4,) p p,(3,),jnp.int32", "t": "3.0,(3,) p 2.0,(3,),jnp.float32", "chisquare": "3.0,(3,) p", "f": "3.0,4.0,(3,) p,p",
    "pareto": "3.0,(3,) p", "weibull_min": "1.0,2.0,(3,) p,p,(3,)", "rayleigh": "1.0,(3,) p", "wald": "1.0,(3,) p", "lognormal": " 0.5,(3,) p", "triangular": "0.0,0.5,1.0,(3,) 0.0,p,1.0",
    "double_sided_maxwell": "0.0,1.0,(3,) f,p,(3,)", "generalized_normal": "2.0,(3,) 1.5", "ball": "2 3,1.0 2,2,(2,) 2,shape=(2,),dtype=jnp.float32", "orthogonal": "2 3,(2,) 2,(),float,3 2,m=4 3,dtype=complex",
    "multivariate_normal": "f,m f,m,(2,) f,m,method='svd' f,m,method='eigh' f,m,(2,),jnp.float32 f,mi", "binomial": "10,0.3,(4,) 10,p jnp.array([5,20,100]),p 10.0,0.5,(3,),jnp.float32 100,0.5,(3,) 0,0.5,(2,) 10,0.0,(2,)", "multinomial": "10,p/p.sum() 10,p/p.sum(),shape=(2,3) jnp.array([5,9])[:,None][:,0],jnp.stack([p/p.sum()]*2) 10.0,p/p.sum(),dtype=jnp.float32 10,p/p.sum(),unroll=2",
}  # fmt: skip
_KEYS = (
    "random.PRNGKey(0)|random.PRNGKey(-1)|random.PRNGKey(2**40)|random.PRNGKey(1.5)|random.key(3)|random.key_data(key)|random.wrap_key_data(jnp.array([1,2],jnp.uint32))|random.key_impl(key)"
    "|str(random.key_impl(random.PRNGKey(0)))|random.clone(key)|random.split(key)|random.split(key,3)|random.split(key,(2,2))|random.split(random.PRNGKey(0))|random.fold_in(key,5)|random.fold_in(key,jnp.uint32(5))"
    "|random.fold_in(random.PRNGKey(1),5)|random.key_dtype()|jnp.issubdtype(key.dtype,jax.dtypes.prng_key)|key.shape|key.ndim|random.split(key)[0]|random.split(key).shape|key==key|jax.vmap(random.normal)(random.split(key,3))"
    "|jax.vmap(lambda k:random.uniform(k,(2,)))(random.split(key,2))|random.normal(random.PRNGKey(0),(2,))|random.normal(3)|random.normal(random.split(key))|key+1|jnp.array(key)|jnp.stack([key,key])|random.key(0,impl='threefry2x32')|random.key(0,dtype=random.key_dtype())"
    "|random.wrap_key_data(jnp.array([1,2],jnp.uint32),impl='threefry2x32')|random.key(0,impl='bad')|key.dtype.itemsize|repr(key.dtype)|str(key.dtype)|key.dtype.name|jnp.concatenate([random.split(key),random.split(key)])|random.split(key).reshape(2,1)|jnp.zeros_like(key)"
    "|jnp.where(True,key,random.key(1))|random.split(key).T|jax.jit(random.key)(3)|jax.jit(lambda s:random.normal(random.key(s)))(3)|jax.random.key(jnp.array(3))|random.key(np.uint32(3))|lax.cond(True,lambda k:k,lambda k:k,key)|key[None]|jax.tree.map(lambda k:k,key)"
)

CALLS = [
    *[(f"nn.{name}(X)", "f g bf h m i w 2.5") for name in _ONE.split()],
    ("nn.celu(X)", "f,2.0 f,alpha=f"),
    ("nn.elu(X)", "f,2.0"),
    ("nn.gelu(X)", "f,False f,approximate=True"),
    ("nn.glu(X)", "jnp.arange(4.0) t t,axis=0 f t,1"),
    ("nn.leaky_relu(X)", "f,0.2"),
    ("nn.log_softmax(X)", "m,0 m,axis=(0,1) f,where=b f,-1,b"),
    ("nn.softmax(X)", "m,0 m,axis=(0,1) f,where=b m,axis=None"),
    ("nn.squareplus(X)", "f,1.0 f,b=f*f"),
    ("nn.logsumexp(X)", "m,0 m,axis=(0,1) m,keepdims=True f,b=f f,return_sign=True,b=f f,where=b m,axis=1,b=m"),
    ("nn.logmeanexp(X)", "m,0 m,keepdims=True f,where=b m,axis=(0,1)"),
    (
        "nn.standardize(X)",
        "m,0 m,axis=(0,1) f,mean=1.0 f,variance=4.0 f,epsilon=0.1 f,where=b f,algorithm='two_pass' f,algorithm='bad'",
    ),
    ("nn.one_hot(X)", "i,4 i,3,dtype=int i,3,axis=0 2,4 jnp.array([0,9]),3 mi,2 f,3 i,3,dtype=jnp.bfloat16 i,0"),
    ("nn.relu(X)", "c b"),
    ("jax.grad(nn.relu)(X)", "0.0 1.0"),
    ("jax.grad(nn.relu6)(X)", "0.0 6.0 3.0"),
    ("jax.grad(nn.leaky_relu)(X)", "0.0"),
    ("jax.grad(nn.hard_tanh)(X)", "1.0 -1.0"),
    ("jax.grad(nn.elu)(X)", "0.0"),
    ("jax.grad(nn.log1mexp)(X)", "1.0"),
    ("jax.grad(nn.selu)(X)", "0.0"),
    ("jax.grad(nn.celu)(X)", "0.0"),
    ("jax.grad(nn.hard_sigmoid)(X)", "-3.0 3.0"),
    ("jax.grad(nn.silu)(X)", "0.0"),
    ("jax.grad(nn.softplus)(X)", "0.0 1e3 -1e3"),
    ("jax.grad(nn.sparse_plus)(X)", "1.0 -1.0"),
    ("jax.grad(nn.soft_sign)(X)", "0.0"),
    *[
        f"nn.initializers.{name}(key, {shape})"
        for name in _INIT.replace("delta_orthogonal()", "").split()
        for shape in ("(3, 4)", "(2, 3, 4)", "(3, 4), jnp.float32", "(3,)")
    ],
    "nn.initializers.delta_orthogonal()(key, (3, 3, 4))",
    "nn.initializers.orthogonal(2.0, 0)(key, (3, 4))",
    "nn.initializers.he_normal(in_axis=0, out_axis=1)(key, (3, 4))",
    "nn.initializers.he_normal(batch_axis=0)(key, (2, 3, 4))",
    "nn.initializers.ones(key, (2,), out_sharding=None)",
    "nn.initializers.zeros(key, (2,), jnp.int32)",
    "nn.initializers.glorot_normal(dtype=jnp.float32)(key, (2, 2))",
    "nn.initializers.normal(0.5)(key, (2,))",
    "nn.initializers.truncated_normal(0.5, lower=-1.0, upper=1.0)(key, (3,))",
    "nn.initializers.uniform(2.0, jnp.float32)(key, (2,))",
    "nn.initializers.variance_scaling(1.0, 'fan_geo_avg', 'normal')(key, (2, 3))",
    *[
        f"nn.dot_product_attention(q, q, q{o})".replace("q", "t.reshape(1, 3, 2, 4)")
        for o in (
            "",
            ", is_causal=True",
            ", scale=0.5",
            ", bias=jnp.ones((1, 2, 3, 3))",
            ", mask=jnp.tril(jnp.ones((3, 3), bool))[None, None]",
            ", implementation='xla'",
            ", local_window_size=1",
            ", local_window_size=(1, 0)",
            ", query_seq_lengths=jnp.array([2])",
            ", key_value_seq_lengths=jnp.array([2])",
            ", return_residual=True",
            ", implementation='bad'",
        )
    ],
    "nn.dot_product_attention(t, t, t)",
    "nn.dot_product_attention(jnp.ones((2, 4, 3)), jnp.ones((2, 2, 3)), jnp.ones((2, 2, 3)))",
    "nn.scaled_matmul(jnp.ones((1, 4, 32), jnp.float8_e4m3fn), jnp.ones((1, 3, 32), jnp.float8_e4m3fn), jnp.ones((1, 4, 1), jnp.float8_e8m0fnu), jnp.ones((1, 3, 1), jnp.float8_e8m0fnu))",
    "nn.get_scaled_dot_general_config('mxfp8').mode",
    "nn.get_scaled_dot_general_config('bad')",
    "nn.scaled_dot_general(jnp.ones((2, 32)), jnp.ones((3, 32)), (((1,), (1,)), ((), ())))",
    # random
    *_KEYS.split("|"),
    *[f"random.{name}(key{', ' + a if a else ''})" for name, args in _DRAWS.items() for a in args.split(" ")],
    # image
    *[
        f"jax.image.resize(m, {shape}, '{method}'{more})"
        for method in (
            "nearest",
            "linear",
            "bilinear",
            "trilinear",
            "triangle",
            "cubic",
            "bicubic",
            "tricubic",
            "lanczos3",
            "lanczos5",
        )
        for shape in ("(5, 4)", "(2, 2)", "(3, 6)")
        for more in ("", ", antialias=False")
    ],
    "jax.image.resize(i, (5,), 'linear')",
    "jax.image.resize(u, (6,), 'nearest')",
    "jax.image.resize(g, (2,), jax.image.ResizeMethod.CUBIC)",
    "jax.image.resize(m, (2,), 'linear')",
    "jax.image.resize(m, (2, 2), 'bad')",
    "jax.image.resize(t, (2, 6, 2), 'linear', precision=lax.Precision.HIGH)",
    "jax.image.resize(f, (0,), 'linear')",
    "jax.image.resize(bf, (5,), 'linear')",
    *[
        f"jax.image.scale_and_translate(m, (4, 5), (0, 1), jnp.array([1.5, 2.0]), jnp.array([0.3, -0.5]), '{method}'{more})"
        for method in ("linear", "cubic", "lanczos3", "lanczos5")
        for more in ("", ", antialias=False")
    ],
    "jax.image.scale_and_translate(m, (3, 5), (1,), jnp.array([1.5]), jnp.array([0.25]), 'linear')",
    "jax.image.scale_and_translate(m, (4, 5), (0, 1), jnp.array([1.5, 2.0]), jnp.array([0.3, -0.5]), 'nearest')",
    "jax.image.ResizeMethod.from_string('linear').name",
    "jax.image.ResizeMethod.from_string('bad')",
    "[r.name for r in jax.image.ResizeMethod]",
    "jax.grad(lambda x: (jax.image.resize(x, (5, 4), 'cubic') ** 2).sum())(m)",
    "jax.jit(lambda s: jax.image.scale_and_translate(m, (4, 5), (0, 1), s, jnp.zeros(2), 'linear'))(jnp.array([1.5, 2.0]))",
    # ops
    *[
        f"jax.ops.segment_{name}({args})"
        for name in ("sum", "prod", "max", "min")
        for args in (
            "f, jnp.array([0, 0, 1])",
            "f, jnp.array([0, 0, 5]), 3",
            "i, jnp.array([2, 2, 0]), num_segments=4",
            "m, jnp.array([0, 1, 0])",
            "f, jnp.array([0, -1, 1]), 2",
            "f, jnp.array([0, 0, 1]), 2, True",
            "f, jnp.array([0, 0, 1]), 2, bucket_size=2",
            "f, jnp.array([0, 0, 1]), 2, mode='drop'",
            "g, jnp.array([1, 1, 1]), 3",
            "f, jnp.array([0, 0, 1]), 2, out_sharding=None",
            "u, jnp.array([0, 0, 1]), 3",
            "b, jnp.array([0, 0, 1]), 3",
            "f, jnp.array([0, 0, 1]), -1",
        )
    ],
    # dtypes
    ("jax.dtypes.canonicalize_dtype(X)", "int float 'float32' jnp.bfloat16 complex bool"),
    ("jax.dtypes.result_type(X)", "f,i 2 2.5,j n,w 2,return_weak_type_flag=True"),
    ("jax.dtypes.scalar_type_of(X)", "f i b c bf"),
    ("jax.dtypes.itemsize_bits(X)", "f.dtype jnp.int4 jnp.bfloat16 'int8' jnp.float4_e2m1fn"),
    (
        "jax.dtypes.issubdtype(X)",
        "f.dtype,np.floating key.dtype,jax.dtypes.extended jnp.bfloat16,np.inexact i.dtype,np.floating key.dtype,np.integer",
    ),
    ("jax.dtypes.finfo(X).bits", "f.dtype jnp.bfloat16"),
    ("jax.dtypes.iinfo(X).max", "i.dtype jnp.int4"),
    "jax.dtypes.float0",
    "issubclass(jax.dtypes.TypePromotionError, ValueError)",
    "jax.dtypes.bfloat16",
    "jax.dtypes.prng_key",
    "issubclass(jax.dtypes.prng_key, jax.dtypes.extended)",
]
