"""Calls of `jax.numpy`; a pair is a template and what its X stands for."""

REAL = "f g h bf i j u b w n 2 2.5"
ALL = f"{REAL} c c64"
_UNARY = (
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh exp exp2 expm1 log log2 log10 log1p sqrt square "
    "abs negative positive sign reciprocal conj real imag angle isnan isinf isfinite sinc"
)
_UNARY_REAL = (
    "floor ceil trunc rint cbrt fabs deg2rad rad2deg degrees radians isposinf isneginf signbit i0 spacing nan_to_num "
    "logical_not"
)
_UNARY_OTHER = "iscomplex isreal sort cumsum cumprod sum prod mean var std max min argmax argmin any all ptp median nansum " \
    "nanprod nanmean nanvar nanstd nanmax nanmin nancumsum nancumprod nanmedian count_nonzero unique flip ravel " \
    "atleast_1d atleast_2d atleast_3d zeros_like ones_like empty_like copy squeeze transpose average round around " \
    "nanargmax nanargmin argsort nonzero flatnonzero argwhere trim_zeros shape ndim size array asarray isscalar " \
    "iscomplexobj isrealobj diff ediff1d sort_complex unique_counts unique_inverse unique_all unique_values cumulative_sum " \
    "cumulative_prod result_type absolute conjugate array_str broadcast_arrays"  # fmt: skip
_BINARY = (
    "add subtract multiply divide true_divide floor_divide mod remainder fmod maximum minimum fmax fmin power float_power "
    "arctan2 hypot logaddexp logaddexp2 copysign nextafter heaviside equal not_equal less less_equal greater greater_equal "
    "logical_and logical_or logical_xor isclose dot inner outer vdot kron convolve correlate append array_equal "
    "array_equiv allclose polyadd polysub polymul searchsorted isin matmul vecdot tensordot result_type ldexp divmod pow"
)
_BITS = "bitwise_and bitwise_or bitwise_xor left_shift right_shift bitwise_left_shift bitwise_right_shift gcd lcm"

CALLS = [
    *[(f"jnp.{name}(X)", ALL) for name in _UNARY.split()],
    *[(f"jnp.{name}(X)", REAL) for name in _UNARY_REAL.split()],
    *[(f"jnp.{name}(X)", "f g h i u b c 2 2.5 m") for name in _UNARY_OTHER.split()],
    *[
        (
            f"jnp.{name}(X)",
            "f,g f,i i,j g,i g,2 g,2.5 i,2 i,2.5 b,i b,b b,2 u,k8 h,bf g,w i,w n,w j,n c64,f bf,2.5 2,2 2,2.5 c,g",
        )
        for name in _BINARY.split()
    ],
    *[(f"jnp.{name}(X)", "i,j i,2 u,k8 u,2 b,b b,i 2,3 n,i f,i k8,2") for name in _BITS.split()],
    *[(f"jnp.{name}(X)", "i u k8 b 3 n f") for name in "invert bitwise_not bitwise_invert bitwise_count".split()],
    *[
        (f"X(jnp.{name})", "str repr jnp.issubdtype(jnp.float32,jnp.floating)or")
        for name in ("pi", "e", "inf", "nan", "newaxis", "euler_gamma")
    ],
    # arrays
    ("jnp.zeros(X)", "3 (2,3) () (2,),int (2,),jnp.bfloat16 3,bool (2,),'int8' -1 2.0 (2,),float,out_sharding=None"),
    ("jnp.ones(X)", "3 (2,3) () (2,),int (2,),jnp.bfloat16 3,bool -1 3,jnp.complex64"),
    ("jnp.empty(X)", "3 (2,3) () (2,),int 2,jnp.float32"),
    ("jnp.full(X)", "3,2 3,2.0 (2,),f[0] 2,True 2,3,jnp.int8 (2,3),f 2,1j (),5 2,n 2,w"),
    ("jnp.full_like(X)", "f,2 i,2.5 g,w f,0,dtype=int f,1,shape=(2,) w,3 n,2.5 2,3.5"),
    ("jnp.zeros_like(X)", "w n f,dtype=int f,shape=(2,2) 1 1.5 True f,jnp.int8 [1,2]"),
    ("jnp.ones_like(X)", "w n f,dtype=int f,shape=(2,2) 1 1.5 True"),
    (
        "jnp.arange(X)",
        "3 3.0 1,4 0,1,0.25 5,dtype=jnp.float32 5,0,-2 jnp.int8(3) 0 3,dtype=jnp.uint8 g[2] 1,2.5 -3 stop=3 3,out_sharding=None 0,10,3,dtype=float True",
    ),
    (
        "jnp.linspace(X)",
        "0,1 0,1,5 0,1,5,endpoint=False 0,1,3,retstep=True 0,10,4,dtype=int f,i,3 f,i,3,axis=1 0,1,1 0,1,0 1j,2,3 g[0],g[1],3 1,2,3,dtype=jnp.float32",
    ),
    ("jnp.logspace(X)", "0,2,3 0,2,3,base=2 0,2,3,dtype=int 0,2,4,endpoint=False f,i,2"),
    ("jnp.geomspace(X)", "1,100,3 1,100,3,dtype=jnp.float32 1,8,4,endpoint=False -1,-100,3 1,1000,4,dtype=int"),
    ("jnp.eye(X)", "3 2,3 3,k=1 3,dtype=int 2,M=4,k=-1 3,dtype=jnp.bfloat16 0"),
    ("jnp.identity(X)", "3 2,dtype=jnp.int8"),
    ("jnp.tri(X)", "3 2,3 3,k=1 3,dtype=int"),
    (
        "jnp.array(X)",
        "2 2.5 True 1j [1,2] [1,2.5] [True,2] [f,f] [[1],[2.5]] [] (1,2) f,dtype=int f,ndmin=2 [g[0],2.0] [1,2],dtype=jnp.bfloat16 "
        "range(3) np.float32(2) np.arange(3) [w,n] [n,2] None 'text' [1,None] [[1,2],[3]] f,copy=False f,order='K' np.array([1,2],'int16') {} 2**40 [1j,2] [i[0],2.5] b'x' f,order='F' f,device=jax.devices()[0] 1,None 3,float",
    ),
    (
        "jnp.asarray(X)",
        "2 2.5 [1,2.5] f,jnp.int32 (1,) None 'text' f,copy=True [f[0],f[1]] n w np.float64(2) np.int16(3) object()",
    ),
    (
        "jnp.astype(X)",
        "f,int f,jnp.float32 f,bool i,float c,float f,complex i,jnp.int8 f,jnp.bfloat16 w,float n,jnp.float32 f*1e30,jnp.int32 nan,int -f,jnp.uint8 i*1000,jnp.int8",
    ),
    ("jnp.diag(X)", "f m m,1 m,-1 f,k=1 f,-2 t i 2.0 w"),
    ("jnp.diagflat(X)", "f m f,1 f,-1"),
    ("jnp.diagonal(X)", "m m,1 t t,0,1,2 m,offset=-1 t,axis1=2,axis2=0 f"),
    ("jnp.tril(X)", "m m,1 t m,k=-1 f mi"),
    ("jnp.triu(X)", "m m,1 t m,k=-1 f mi"),
    ("jnp.vander(X)", "f f,2 f,increasing=True i i,3,True m"),
    ("jnp.meshgrid(X)", "f,i f,i,indexing='ij' f,i,sparse=True f f,i,p f,m f,i,indexing='zz'"),
    ("jnp.mgrid[X]", "0:3 0:2,0:3 0:1:3j 0:1:3j,0:2 1:4:2"),
    ("jnp.ogrid[X]", "0:3 0:2,0:3 0:1:3j 0:1:3j,0:2"),
    ("jnp.r_[X]", "f,0,i 0:3 0:1:3j 'r',f,i f,f '0,2',f,i 2,3 '-1',f,i"),
    ("jnp.c_[X]", "f,i m,m f,f,f 0:3 2,3"),
    ("jnp.s_[X]", "0:3 ...,1 1"),
    ("jnp.index_exp[X]", "0:3 ...,1 1"),
    ("jnp.indices(X)", "(2,3) (2,),dtype=float (2,3),sparse=True"),
    ("jnp.ix_(X)", "i,u b,i f [0,1],[1]"),
    ("jnp.fromfunction(X)", "lambda*a:a[0]+a[1],(2,3) lambda*a:a[0],(3,),dtype=int"),
    (
        "jnp.frombuffer(X)",
        "b'\\x01\\x02\\x03\\x04',dtype=jnp.uint8 b'\\x01\\x02\\x03\\x04',dtype=jnp.uint8,count=2,offset=1",
    ),
    ("jnp.fromstring(X)", "'1,2,3',sep=',' '1;2',sep=';',dtype=int"),
    ("jnp.fromiter(X)", "[1,2],int"),
    ("jnp.from_dlpack(X)", "np.arange(3.0) f"),
    ("jnp.kaiser(X)", "5,2.0 5,0 1,2.0"),
    *[(f"jnp.{name}(X)", "5 1 0 4") for name in "bartlett blackman hamming hanning".split()],
    # shapes
    (
        "jnp.reshape(X)",
        "f,(3,1) t,(4,-1) t,-1 t,(2,12),order='F' f,(2,2) w,(1,) f,[3] t,(6,4),'C' f,3,out_sharding=None f,(3,),copy=True 2.0,(1,1) f,(-1,-1) f,2.0",
    ),
    ("jnp.ravel(X)", "t t,order='F' t,'K' w 2 t,out_sharding=None t,order='A'"),
    ("jnp.transpose(X)", "t t,(0,2,1) m f t,(-1,0,1) t,(0,1)"),
    ("jnp.permute_dims(X)", "t,(0,2,1) t,axes=(2,0,1)"),
    ("jnp.swapaxes(X)", "t,0,1 t,0,-1 t,0,3"),
    ("jnp.moveaxis(X)", "t,0,-1 t,(0,1),(1,0) t,0,(1,2) t,3,0"),
    ("jnp.rollaxis(X)", "t,2 t,1,3 t,0,2 t,3"),
    ("jnp.expand_dims(X)", "f,0 f,-1 f,(0,2) w,0 f,3 2.0,0"),
    ("jnp.squeeze(X)", "f[None] f[None,:,None],0 f[None,:,None],(0,2) f,0 f[None],-1"),
    ("jnp.broadcast_to(X)", "f,(2,3) w,(2,) 2,(3,) f,(2,2) f,out_sharding=None,shape=(1,3)"),
    ("jnp.broadcast_arrays(X)", "f,m f,2 w,i"),
    ("jnp.broadcast_shapes(X)", "(2,3),(3,) (2,1),(1,3) (2,),(3,) 3,(2,1)"),
    (
        "jnp.concatenate(X)",
        "[f,i] [m,m],1 [m,m],axis=-1 [f,w[None]] [] [f,m] [m,m],None [f,i],dtype=jnp.float32 m (b,i) [f,f],2 [w,w] [g,i,h]",
    ),
    ("jnp.concat(X)", "[f,i] [m,m],axis=1 [m,m],axis=None"),
    ("jnp.stack(X)", "[f,i] [f,f],1 [f,f],axis=-1 [f,m] [] m [f,i],dtype=int [w,w] [1,2] [1,2.5] [f,f],axis=5"),
    *[
        (f"jnp.{name}(X)", "[f,i] [m,m] m (f,f) [w,n] [f,i],dtype=int [1,2] [f,m] [b,b]")
        for name in "hstack vstack dstack column_stack".split()
    ],
    ("jnp.block(X)", "[[m,m],[m,m]] [f,i] f [[1,2],[3,4]]"),
    ("jnp.split(X)", "t,2 t,[1,2],2 f,3 f,2 f,[1] t,2,axis=1 t,4,-1"),
    ("jnp.array_split(X)", "f,2 t,3,1 f,[1]"),
    *[(f"jnp.{name}(X)", "t,2 t,[1] f,3") for name in "hsplit vsplit dsplit".split()],
    ("jnp.tile(X)", "f,2 f,(2,1) m,(1,2) w,3 2,2 t,2"),
    (
        "jnp.repeat(X)",
        "f,2 f,[1,0,2] m,2,axis=1 m,[1,2,0],0 f,i-i+2 w,3 f,jnp.array([1,0,2]),total_repeat_length=5 f,[1,0,2],total_repeat_length=2 f,2,axis=1 f,2,out_sharding=None f,-1 m,3 f,[1,2]",
    ),
    ("jnp.flip(X)", "t t,0 t,(0,2) f,1"),
    *[(f"jnp.{name}(X)", "m t f") for name in "flipud fliplr matrix_transpose".split()],
    ("jnp.rot90(X)", "m m,2 t,1,(1,2) m,-1 f"),
    ("jnp.roll(X)", "f,1 t,1 t,1,0 t,(1,2),(0,2) f,-2 m,[1,1],[0,1] f,i[0] t,2,axis=-1 f,1.0"),
    (
        "jnp.pad(X)",
        "f,1 f,(1,2) m,((1,0),(0,2)) f,2,'edge' f,2,mode='reflect' f,2,'symmetric' f,2,'wrap' f,1,constant_values=5 f,(1,2),constant_values=(3,4) f,2,'linear_ramp',end_values=1 f,2,'mean' f,2,'maximum' f,2,'minimum' f,2,'median' f,2,'empty' m,1,'reflect' "
        "f,3,'reflect',reflect_type='odd' i,1 f,2,'mean',stat_length=2 f,{0:(1,2)} f,1,'nonsense' f,-1 f,(-1,1) m,{-1:1} f,2,lambda*a:a[0] w,1 i,2,'mean' i,1,constant_values=1.5",
    ),
    ("jnp.resize(X)", "f,(2,2) f,5 f,(0,) m,(2,)"),
    ("jnp.append(X)", "m,m,0 f,2 m,m 1,2 f,m m,f,0"),
    (
        "jnp.delete(X)",
        "f,1 f,[0,2] m,0,axis=1 f,slice(0,2) f,b f,-1 f,i[1:],assume_unique_indices=True f,5 m,1 f,jnp.array([0,0])",
    ),
    (
        "jnp.insert(X)",
        "f,1,9.0 f,[0,2],5 m,1,f,axis=0 f,1,[7,8] m,0,5 f,jnp.array([1,1]),jnp.array([7,8]) f,slice(0,2),9",
    ),
    ("jnp.trim_zeros(X)", "jnp.array([0,0,1,2,0]) jnp.array([0,0,1,2,0]),'f' jnp.array([0,1,0]),trim='b'"),
    ("jnp.unstack(X)", "m t,axis=1 f w"),
    ("jnp.apply_along_axis(X)", "jnp.sum,0,m lambda*v:v[0]*2,1,m jnp.sort,-1,t"),
    ("jnp.apply_over_axes(X)", "jnp.sum,t,[0,2] jnp.mean,m,0"),
    (
        "jnp.piecewise(X)",
        "f,[f<0,f>0],[1,2] f,[f<0],[lambda*v:v[0]*2,lambda*v:v[0]+1] f,f<0,[-1,1] f,[f<0,f>1],[1,2,3] i,[i>0],[2.5] f,[f<0],[1,2,3]",
    ),
    (
        "jnp.select(X)",
        "[f<0,f>1],[f,f*2] [f<0,f>1],[f,i],5 [f<0],[f],default=7 [],[] [b,b],[i,i],2.5 [f<0,f>1],[f] [i,i],[f,f]",
    ),
    (
        "jnp.choose(X)",
        "jnp.array([0,1,2]),[f,i,p] jnp.array([0,5,2]),[f,i,p],mode='wrap' jnp.array([0,5,-2]),[f,i,p],mode='clip' 1,[f,i] f,[f,i]",
    ),
    (
        "jnp.where(X)",
        "b,f,i b f>0,1,2 b,1,2.5 b,w,2 b,g,2.5 b,h,bf i,f,0 b,f,m b,size=2 b,size=4,fill_value=-1 b,f b,1j,g True,1,2 [True,False],1,2 f,g,n",
    ),
    ("jnp.extract(X)", "b,f b,f,size=1 b,f,size=5,fill_value=9"),
    ("jnp.compress(X)", "b,f b,m,axis=0 b,f,size=3,fill_value=7 [True],f"),
    ("jnp.nonzero(X)", "f b m,size=4 b,size=1 b,size=4,fill_value=9 m>0,size=12,fill_value=(7,8) w"),
    ("jnp.flatnonzero(X)", "f b,size=4,fill_value=9 m"),
    ("jnp.argwhere(X)", "m>1 b,size=3,fill_value=5 w"),
    # reductions
    *[
        (
            f"jnp.{name}(X)",
            "t t,0 t,axis=-1 t,(0,2) t,keepdims=True t,axis=1,keepdims=True m,where=m>0,initial=0 e f,where=b,initial=1.0 mi,1 b i,axis=3 g,None f,out=f",
        )
        for name in "max min sum prod amax amin nanmax nanmin nansum nanprod".split()
    ],
    *[
        (
            f"jnp.{name}(X)",
            "t,0 t,axis=-1 t,(0,2) t,keepdims=True m,where=m>0 e nan nan,keepdims=True mi b h bf f,dtype=jnp.float32 i,dtype=jnp.float32",
        )
        for name in "mean nanmean std var nanstd nanvar".split()
    ],
    (
        "jnp.sum(X)",
        "i,dtype=jnp.int8 u k8 b f,dtype=int u,promote_integers=False h,dtype=jnp.float64 n w j b,initial=2 i,initial=2.5 u32",
    ),
    ("jnp.prod(X)", "i,dtype=jnp.int8 u k8 b u,promote_integers=False n"),
    ("jnp.var(X)", "f,ddof=1 f,correction=1 t,0,ddof=1 c f,mean=1.0 i,ddof=5 f,ddof=1,correction=1"),
    ("jnp.std(X)", "f,ddof=1 f,correction=1 c w nan"),
    ("jnp.any(X)", "m>2 m,0 m,keepdims=True b,where=b e"),
    ("jnp.all(X)", "m>2 m,0 m,keepdims=True b,where=b e"),
    ("jnp.median(X)", "t,0 t,axis=(0,2) m,keepdims=True nan e i"),
    ("jnp.nanmedian(X)", "nan m,0 m,keepdims=True"),
    ("jnp.average(X)", "m,0 m,weights=m m,0,f m,1,weights=f,returned=True i m,keepdims=True,axis=1 m,weights=f"),
    *[
        (
            f"jnp.{name}(X)",
            "t,0.5 t,[0.25,0.5] t,0.3,1 t,0.3,keepdims=True f,0.4,method='lower' f,0.4,method='higher' f,0.4,method='midpoint' f,0.4,method='nearest' i,0.5 nan,0.5 g,0.25 f,p f,0.4,method='bad' f,0.5,weights=p m,[0.1,0.9],axis=(0,1) f,0.4,method='hazen' f,0.5,weights=p,method='inverted_cdf' b,0.5 f,2",
        )
        for name in "quantile nanquantile".split()
    ],
    *[
        (f"jnp.{name}(X)", "t,50 t,[25,50] t,30,1 t,30,keepdims=True f,40,method='lower' i,50 nan,50 f,40.0")
        for name in "percentile nanpercentile".split()
    ],
    *[
        (f"jnp.{name}(X)", "t t,0 t,axis=-1 t,keepdims=True t,1,keepdims=True nan e b i c mi,1")
        for name in "argmax argmin nanargmax nanargmin".split()
    ],
    *[
        (f"jnp.{name}(X)", "t t,0 t,axis=-1 i,dtype=float b u k8 nan h f,dtype=int w")
        for name in "cumsum cumprod nancumsum nancumprod".split()
    ],
    *[
        (f"jnp.{name}(X)", "f t,axis=1 f,include_initial=True i,dtype=float t b")
        for name in "cumulative_sum cumulative_prod".split()
    ],
    ("jnp.ptp(X)", "t t,0 t,keepdims=True i u b"),
    ("jnp.count_nonzero(X)", "t t,0 t,keepdims=True b"),
    ("jnp.trace(X)", "m m,1 t t,0,1,2 mi mi,dtype=float b[None]*b[:,None]"),
    ("jnp.diff(X)", "f f,2 t,axis=0 f,prepend=0 f,append=[1.0] b i f,0 f,-1 u w"),
    ("jnp.ediff1d(X)", "f f,0 f,to_begin=9.0 f,[1.0],[2.0] m i"),
    ("jnp.gradient(X)", "f f,2.0 m m,axis=0 f,p m,0.5,2.0 i w"),
    ("jnp.trapezoid(X)", "f f,p f,dx=0.5 m,axis=0 i"),
    (
        "jnp.histogram(X)",
        "f f,4 f,jnp.array([-2.0,0,3]) f,3,range=(0,2) f,3,weights=p f,3,density=True i f,3,(0,2),None,True e",
    ),
    ("jnp.histogram_bin_edges(X)", "f f,4 f,3,(0,2) i e"),
    ("jnp.histogram2d(X)", "f,p,2 f,p,(2,3) f,p,[jnp.array([-2.0,0,3]),2]"),
    ("jnp.histogramdd(X)", "m,2 m,(2,3,2) m,2,density=True"),
    (
        "jnp.bincount(X)",
        "jnp.array([0,1,1,3]) jnp.array([0,1,1]),minlength=5 u jnp.array([0,1,1]),weights=f jnp.array([0,1,5]),length=3 f i m u,out_sharding=None",
    ),
    (
        "jnp.digitize(X)",
        "f,jnp.array([-1.0,0,1]) f,jnp.array([-1.0,0,1]),right=True f,jnp.array([1.0,0,-1]) 0.5,jnp.array([0.0,1.0]) f,jnp.array([0.0,1.0]),method='sort'",
    ),
    (
        "jnp.searchsorted(X)",
        "jnp.array([1.0,2,3]),f jnp.array([1.0,2,3]),2.0 jnp.array([1.0,2,3]),2.0,side='right' jnp.array([1.0,2,3]),f,method='sort' jnp.array([3.0,1,2]),f,sorter=jnp.array([1,2,0]) jnp.array([1,2,3]),2.5 m,f f,f,'bad' jnp.arange(3),jnp.array([[1,2]]),method='compare_all'",
    ),
    ("jnp.cov(X)", "m m,rowvar=False f,p m,bias=True m,ddof=0 f m,fweights=jnp.array([1,2,1]) m,aweights=p c,c mi"),
    ("jnp.corrcoef(X)", "m m,rowvar=False f,p f c,c mi"),
    (
        "jnp.interp(X)",
        "0.5,f,i p,jnp.array([0.0,1,2]),f p,jnp.array([0.0,1,2]),f,left=9,right=8 jnp.array([-1.0,3]),jnp.array([0.0,1,2]),f p,jnp.array([0.0,1,2]),f,period=3.0 p,jnp.array([0.0,1,2]),c g,jnp.array([0,1,2]),i jnp.array([-1.0,3]),jnp.array([0.0,1,2]),f,'extrapolate','extrapolate'",
    ),
    # sorting and sets
    ("jnp.sort(X)", "t t,0 t,None f,descending=True nan c i,stable=False f,kind='stable' b mi,axis=-1 f,kind='bad'"),
    (
        "jnp.argsort(X)",
        "t t,0 m,None f,descending=True nan c i,stable=False b jnp.array([2,1,2,1]),descending=True f,dtype=jnp.int32",
    ),
    ("jnp.lexsort(X)", "(f,i) m (i,f),0 [u]"),
    ("jnp.partition(X)", "jnp.array([3.0,1,2]),1 m,1,0 f,-1 f,5"),
    ("jnp.argpartition(X)", "jnp.array([3.0,1,2]),0"),
    (
        "jnp.unique(X)",
        "jnp.array([2,1,2]) m jnp.array([2,1,2]),True jnp.array([2,1,2]),return_inverse=True jnp.array([2,1,2]),return_counts=True,return_index=True m,axis=0 jnp.array([2,1,2]),size=3 jnp.array([2,1,2]),size=3,fill_value=9 nan nan,equal_nan=False mi,return_inverse=True jnp.array([2,1,2]),size=1,return_counts=True jnp.array([2,1,2]),sorted=False mi,axis=1,size=2 e",
    ),
    *[
        (f"jnp.{name}(X)", "jnp.array([2,1,2]) nan mi jnp.array([2,1,2]),size=3 jnp.array([2,1,2]),size=3,fill_value=0")
        for name in "unique_all unique_counts unique_inverse unique_values".split()
    ],
    *[
        (
            f"jnp.{name}(X)",
            "i,u jnp.array([1,2,3]),jnp.array([2,3,4]) f,i jnp.array([1,2,3]),jnp.array([2,3,4]),size=4 jnp.array([1,2,3]),jnp.array([2,3,4]),size=6,fill_value=-1 m,f [1,2],[2]",
        )
        for name in "union1d intersect1d setdiff1d setxor1d".split()
    ],
    (
        "jnp.intersect1d(X)",
        "i,u,return_indices=True i,u,assume_unique=True jnp.array([1,2,3]),jnp.array([2,3,4]),size=4,return_indices=True",
    ),
    ("jnp.isin(X)", "i,u i,u,invert=True m,f 2,i i,u,method='compare_all' i,u,method='sort' i,u,assume_unique=True"),
    # indices
    (
        "jnp.take(X)",
        "f,i f,jnp.array([0,9]) f,jnp.array([0,9]),mode='clip' f,jnp.array([0,9]),mode='wrap' m,0,axis=1 m,jnp.array([[0,1]]),0 f,-1 i,jnp.array([5]) b,jnp.array([5]) f,jnp.array([9]),fill_value=7.0 f,[0] f,f m,jnp.array([1,2]) f,jnp.array([0,9]),mode='bad' u,jnp.array([7])",
    ),
    (
        "jnp.take_along_axis(X)",
        "m,jnp.array([[0,2,1]]),1 m,jnp.array([[0],[1],[9]]),axis=1 m,jnp.array([0,1]),None f,jnp.array([0,-1]) m,jnp.array([[0,9]]),1,mode='clip' m,jnp.array([[9]]),1,fill_value=3 m,jnp.array([0,1]),1",
    ),
    (
        "jnp.put(X)",
        "f,[0,2],[7.0,8.0],inplace=False f,[0],1.0 f,jnp.array([0,9]),5.0,inplace=False f,jnp.array([0,-9]),5.0,mode='wrap',inplace=False m,[1,5],[9,9],inplace=False",
    ),
    (
        "jnp.put_along_axis(X)",
        "m,jnp.array([[0],[1],[2]]),9.0,1,inplace=False m,jnp.array([[0]]),9.0,1 m,jnp.array([[0],[1],[9]]),9.0,1,inplace=False,mode='clip' f,jnp.array([0]),5.0,None,inplace=False",
    ),
    ("jnp.place(X)", "f,b,[7.0,8.0],inplace=False f,b,[7.0] m,m>1,[1.0,2.0],inplace=False"),
    ("jnp.fill_diagonal(X)", "m,5.0,inplace=False m,5.0 m,f,inplace=False jnp.zeros((4,2)),1,True,inplace=False"),
    ("jnp.unravel_index(X)", "5,(2,3) i,(2,3) jnp.array([0,9]),(2,3) -1,(2,3)"),
    (
        "jnp.ravel_multi_index(X)",
        "(1,2),(2,3) (i,u),(4,4),mode='clip' (i,u),(4,4),mode='wrap' (jnp.array([0,1]),jnp.array([1,2])),(2,3),order='F' (1,2),(2,3),dtype=jnp.int32 (1,5),(2,3)",
    ),
    ("jnp.tril_indices(X)", "3 2,3 3,1 3,k=-1,m=4"),
    ("jnp.triu_indices(X)", "3 2,3 3,1 3,k=-1,m=4"),
    ("jnp.tril_indices_from(X)", "m m,1 f"),
    ("jnp.triu_indices_from(X)", "m m,1"),
    ("jnp.diag_indices(X)", "3 3,3 -1"),
    ("jnp.diag_indices_from(X)", "m f"),
    ("jnp.mask_indices(X)", "3,jnp.triu 3,jnp.tril,1 3,jnp.triu,size=8"),
    # products
    *[
        (
            f"jnp.{name}(X)",
            "m,f f,m m,m t,m t,t f,f,precision='highest' m,m,preferred_element_type=jnp.float32 g,g,preferred_element_type=jnp.float64 i,j i,i,preferred_element_type=float m,i w,w 2,3 f,2.0 h,g c,f b,b bf,bf,preferred_element_type=jnp.float32 f,f,precision=lax.Precision.HIGH mi,m f,f,precision='bad'",
        )
        for name in "dot matmul inner outer vdot".split()
    ],
    ("jnp.matmul(X)", "t[0],t[0].T t,t.swapaxes(1,2) m,t[0] a=m,b=f mi.T,mi"),
    ("jnp.dot(X)", "t,t.swapaxes(1,2) a=m,b=f m,m,out_sharding=None"),
    (
        "jnp.tensordot(X)",
        "m,m t,t,3 t,t,([0,2],[0,2]) m,m,1 f,f,0 m,mi.T,axes=1 f,f,1,precision='high' m,m,1,preferred_element_type=jnp.float32 m,f,2",
    ),
    ("jnp.vecdot(X)", "m,f m,m,axis=0 c,c f,f,precision='high' f,e"),
    ("jnp.matvec(X)", "m,f t,jnp.ones(4) f,m"),
    ("jnp.vecmat(X)", "f,m c,m jnp.ones(3),t"),
    (
        "jnp.einsum(X)",
        "'ij,j',m,f 'ij,jk->ik',m,m 'ii',m 'ij->ji',m '...i,i',t,jnp.ones(4) 'i,j',f,i 'i,i',i,g 'ij,jk',m,m,optimize=False 'ij,j',m,f,precision='highest' 'i,i->',g,g,preferred_element_type=jnp.float64 m,[0,1],f,[1],[0] 'ij,kj',m,f 'i->',b 'i,i',b,b 'i',w '',2,  'i,i',[1,2],[3,4]".replace(
            " '',2, ", ""
        ),
    ),
    ("jnp.einsum_path(X)[0]", "'ij,jk,kl',m,m,m 'ij,jk,kl',m,m,m,optimize='greedy' 'i,i',f,f"),
    (
        "jnp.cross(X)",
        "f,i m,m m,f jnp.array([1.0,2]),jnp.array([3.0,4]) m,m,axis=0 m,f,axisc=0 f,jnp.ones(4) f,jnp.array([1.0,2])",
    ),
    ("jnp.kron(X)", "m,mi f,i 2,f"),
    (
        "jnp.convolve(X)",
        "f,i,'same' f,i,'valid' f,p,precision='high' m,f f,p,preferred_element_type=jnp.float32 f,e f,i,mode='bad' f,jnp.ones(5),'same'",
    ),
    ("jnp.correlate(X)", "f,i,'same' f,i,'full' f,p,precision='high' c,c c,f,'full' m,f f,jnp.ones(5),'same'"),
    # polynomials
    ("jnp.poly(X)", "f m i c jnp.array([]) w"),
    ("jnp.polyval(X)", "f,2.0 f,p i,2 f,m i,p f,2.0,unroll=4 c,f [1,2],3"),
    ("jnp.polyder(X)", "f f,2 i i,0 f,5"),
    ("jnp.polyint(X)", "f f,2 f,k=3 i f,2,[1,2]"),
    (
        "jnp.polyfit(X)",
        "jnp.arange(3.0),f,1 jnp.arange(4.0),jnp.ones((4,2)),2 jnp.arange(3.0),f,1,w=p jnp.arange(5.0),jnp.arange(5.0)**2,1,cov=True",
    ),
    (
        "jnp.polydiv(X)",
        "f,p f,jnp.array([1.0,2]) f,p,trim_leading_zeros=True i,u f,jnp.array([1.0,2.0]),trim_leading_zeros=True",
    ),
    ("jnp.polymul(X)", "f,p,trim_leading_zeros=True jnp.array([0.0,1,2]),p,trim_leading_zeros=True"),
    ("jnp.roots(X)", "f jnp.array([0.0,1,-3,2]) i jnp.array([1.0,-3,2]),strip_zeros=False jnp.array([0.0,1.0]) m"),
    ("jnp.unwrap(X)", "jnp.array([0.0,6.0,0.5]) jnp.array([0,6,12]),period=5 m,axis=0 f,discont=4.0"),
    # other
    ("jnp.clip(X)", "f,0,1 f,min=0 f,max=1 i,0,2 i,0,2.5 g,p,1 f,None,1 f c,0,1 w,0,1 f,max=i f,1,0 u,-1,2"),
    ("jnp.round(X)", "f*1.23,1 i,-1 f,-1 w c*1.234,1 b h,1 i,2"),
    (
        "jnp.nan_to_num(X)",
        "nan nan,nan=5.0 jnp.array([jnp.inf,-jnp.inf]) jnp.array([jnp.inf,-jnp.inf]),posinf=1.0,neginf=-1.0 i c",
    ),
    ("jnp.frexp(X)", "f g i 2.5"),
    ("jnp.modf(X)", "f g i 2.5 -2.5"),
    ("jnp.ldexp(X)", "f,i f,2 g,j 2.5,2 i,2 f,f h,2"),
    ("jnp.angle(X)", "c,deg=True f,deg=True i 2"),
    ("jnp.packbits(X)", "b jnp.eye(3,dtype=int),axis=1 b,bitorder='little' f"),
    ("jnp.unpackbits(X)", "u u,count=4 u,bitorder='little' u[:,None],axis=1 i"),
    ("jnp.can_cast(X)", "int,float jnp.float32,jnp.int32 jnp.float64,jnp.float32,'same_kind'"),
    (
        "jnp.promote_types(X)",
        "int,float 'int8','uint8' jnp.int32,jnp.float16 jnp.bfloat16,jnp.float16 'uint64','int64' bool,int float,jnp.int8 jnp.float8_e4m3fn,jnp.bfloat16",
    ),
    ("jnp.result_type(X)", "f,i g,2.5 2,2.5 i,jnp.float32 'int8',f w,j n,2.5 jnp.int4,2 bf,h [1] f,None"),
    (
        "jnp.issubdtype(X)",
        "jnp.float32,jnp.floating jnp.bfloat16,jnp.floating int,jnp.integer f.dtype,jnp.number jnp.bfloat16,jnp.inexact 'float32',float jnp.int4,jnp.integer jnp.float8_e5m2,jnp.floating",
    ),
    (
        "jnp.isdtype(X)",
        "f.dtype,'real_floating' i.dtype,('integral','bool') f.dtype,jnp.float64 bf.dtype,'real_floating' f.dtype,'bad'",
    ),
    ("jnp.finfo(X).bits", "f.dtype jnp.float32 jnp.bfloat16 jnp.float16 jnp.float8_e4m3fn c.dtype"),
    ("float(jnp.finfo(X).max)", "jnp.float32 jnp.bfloat16 jnp.float8_e5m2"),
    ("jnp.iinfo(X).max", "jnp.int8 int jnp.uint32 jnp.int4 'int16' i.dtype"),
    ("jnp.size(X)", "t t,1 2 t,(0,2)"),
    ("jnp.iterable(X)", "f 2 'a'"),
    ("jnp.isscalar(X)", "2 w f np.float32(1) 'a'"),
    ("jnp.array_repr(X)", "i f mi w"),
    ("jnp.array_str(X)", "i f"),
    ("jnp.array_equal(X)", "f,f nan,nan nan,nan,equal_nan=True f,m f,2"),
    ("jnp.isclose(X)", "nan,nan,equal_nan=True f,f+1e-9 f,f+0.1,rtol=0.5 i,i f,f,atol=0"),
    (
        "jnp.vectorize(X)(m,f)",
        "jnp.dot,signature='(n,m),(m)->(n)' jnp.vdot,signature='(n),(n)->()' lambda*a:a[0]*a[1] lambda*a:(a[0].sum(),a[1]),signature='(n),(n)->(),(n)' jnp.dot,signature='bad'",
    ),
    "jnp.vectorize(lambda a, s: a * s, excluded={1})(f, 2.0)",
    "jnp.vectorize(lambda a, b: jnp.stack([a, b]), signature='(),()->(2)')(f, i)",
    "jnp.vectorize(lambda a: a.sum(), signature='(n)->()')(w)",
    *[
        f"jnp.frompyfunc(lambda a, b: a * b + 1, 2, 1, identity=0){end}"
        for end in (
            "(f, i)",
            ".reduce(f)",
            ".accumulate(f)",
            ".outer(f, i)",
            ".at(f, 0, 2.0, inplace=False)",
            ".reduce(m, axis=1)",
            ".nin",
            ".nout",
            ".nargs",
            ".identity",
            ".reduceat(f, jnp.array([0, 2]))",
            ".at(f, 0, 2.0)",
        )
    ],
    *[
        f"jnp.{name}{end}"
        for name in "add multiply maximum logical_and bitwise_or subtract logaddexp".split()
        for end in (
            ".nin",
            ".nout",
            ".identity",
            ".reduce(i)",
            ".accumulate(i)",
            ".outer(i, u)",
            ".reduce(mi, axis=1)",
            ".reduce(f)",
            ".at(i, jnp.array([0, 0]), 2, inplace=False)",
            ".reduceat(i, jnp.array([0, 2]))",
            ".reduce(mi, axis=None)",
            ".reduce(mi, axis=0, keepdims=True)",
            ".reduce(i, initial=5)",
            ".reduce(i, where=b, initial=1)",
            ".__name__",
        )
    ],
    "jnp.add(f, i, out=None, where=None)",
    "jnp.ufunc(lambda a: a * 2, 1, 1)(f)",
    "isinstance(jnp.add, jnp.ufunc)",
    "isinstance(jnp.sin, jnp.ufunc)",
    "jnp.add.reduce(t, axis=(0, 1))",
    "jnp.add.accumulate(m, axis=1)",
    "jnp.negative.nin",
    "jnp.negative.at(f, jnp.array([0]), inplace=False)",
    # scalar types and dtypes
    *[
        (f"jnp.{name}(X)", "2 2.7 True f i -1 [1,2] 300 nan 1j")
        for name in "bool_ int8 uint8 int32 int64 float16 float32 float64 bfloat16 complex64 complex128 int_ float_ complex_ uint single double".split()
    ],
    *[
        f"jnp.dtype(jnp.{name})"
        for name in "bool_ int2 int4 uint2 uint4 int8 float16 bfloat16 float8_e3m4 float8_e4m3 float8_e4m3fn float8_e4m3fnuz float8_e4m3b11fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn float6_e2m3fn".split()
    ],
    *[
        f"jnp.array([1, 2], jnp.{name})"
        for name in "int4 uint4 int2 uint2 float8_e4m3fn float8_e5m2 float8_e3m4 float8_e4m3 float8_e4m3fnuz float8_e8m0fnu float4_e2m1fn".split()
    ],
    *[
        f"jnp.array([1, 2], jnp.{name}) + jnp.array([1, 1], jnp.{name})"
        for name in "int4 uint4 float8_e4m3fn float8_e5m2 bfloat16".split()
    ],
    "jnp.array([1, 2], jnp.int4).astype(jnp.int8)",
    "jnp.ones(2, jnp.float8_e4m3fn).astype(float)",
    "jnp.float8_e4m3fn(1.0) + 1",
    "jnp.array([3], jnp.int4) * 2",
    "jnp.sum(jnp.ones(3, jnp.bfloat16))",
    "jnp.array([1, 2], jnp.float8_e5m2) + jnp.bfloat16(1)",
    "jnp.float8_e4m3fn(1) + jnp.float8_e5m2(1)",
]
