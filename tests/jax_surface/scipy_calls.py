"""Calls of `jax.scipy`, `jax.numpy.linalg` and `jax.numpy.fft`."""

_SPECIAL1 = (
    "gamma gammaln loggamma digamma erf erfc erfinv erfcx exp1 expi expit logit entr i0 i0e i1 i1e ndtr ndtri log_ndtr dawsn "
    "gammasgn factorial spence fresnel sici wofz log_softmax softmax logsumexp bernoulli"
)
_SPECIAL2 = "beta betaln xlogy xlog1py rel_entr kl_div gammainc gammaincc zeta polygamma poch boxcox boxcox1p comb owens_t expn multigammaln"
_STATS = {
    "norm": ("pdf logpdf cdf logcdf sf logsf ppf isf", "0.3 f f,1.0,2.0 g j"), "bernoulli": ("pmf logpmf cdf ppf", "1,0.3 i,0.3 i,p"), "beta": ("pdf logpdf cdf logcdf sf logsf", "p,2.0,3.0 0.3,2,3 p,p,p,0.0,2.0"),
    "betabinom": ("pmf logpmf", "2,5,1.5,2.0 i,5,p,p"), "binom": ("pmf logpmf", "2,5,0.3 i,5,p"), "cauchy": ("pdf logpdf cdf logcdf sf logsf ppf isf", "0.3 p,1.0,2.0"), "chi2": ("pdf logpdf cdf logcdf sf logsf", "p,3.0 0.3,2"),
    "dirichlet": ("pdf logpdf", "p/p.sum(),f*f+1"), "expon": ("pdf logpdf cdf logcdf sf logsf ppf", "p f 0.3,0.0,2.0"), "gamma": ("pdf logpdf cdf logcdf sf logsf", "p,2.0 f,2.0 0.3,2,0,3"), "gennorm": ("pdf logpdf cdf", "f,1.5 0.3,2"), "geom": ("pmf logpmf", "2,0.3 i,p"),
    "gumbel_l": ("pdf logpdf cdf logcdf sf logsf ppf", "p 0.3,1.0,2.0"), "gumbel_r": ("pdf logpdf cdf logcdf sf logsf ppf", "p 0.3,1.0,2.0"), "laplace": ("pdf logpdf cdf", "f f,1.0,2.0"), "logistic": ("pdf logpdf cdf sf ppf isf", "p 0.3,1.0,2.0"),
    "multinomial": ("pmf logpmf", "jnp.array([1,2,1]),4,p/p.sum()"), "multivariate_normal": ("pdf logpdf", "f,jnp.zeros(3),m f,0.0,2.0 m,f,m f,jnp.zeros(3),m,True"), "nbinom": ("pmf logpmf", "2,5,0.3 i,5,p"), "pareto": ("pdf logpdf cdf logcdf sf logsf ppf", "f+2,1.5 0.3,2"),
    "poisson": ("pmf logpmf cdf entropy", "2,1.5 i,p"), "t": ("pdf logpdf", "f,3.0 0.3,2"), "truncnorm": ("pdf logpdf cdf logcdf sf logsf", "p,-1.0,1.0 f,-1.0,1.0,0.0,2.0"), "uniform": ("pdf logpdf cdf ppf", "p f,0.0,2.0"), "vonmises": ("pdf logpdf", "p,1.5 0.3,2"), "wrapcauchy": ("pdf logpdf", "p,0.5 0.3,0.2"),
}  # fmt: skip
_SPD = "m@m.T"

CALLS = [
    *[(f"jsp.special.{name}(X)", "p f g i 2 0.5 bf") for name in _SPECIAL1.split()],
    *[(f"jsp.special.{name}(X)", "p,p p,0.5 i,2.0 2,0.5 g,0.5 j,2 2.5,1.5") for name in _SPECIAL2.split()],
    ("jsp.special.betainc(X)", "p,p,p 1.5,2.0,0.3 a=p,b=p,x=p"),
    ("jsp.special.hyp1f1(X)", "p,p+1,p 1.5,2.0,0.3"),
    ("jsp.special.hyp2f1(X)", "p,p,p+1,p*0.5 1.0,2.0,3.0,0.3"),
    (
        "jsp.special.sph_harm_y(X)",
        "jnp.array([1]),jnp.array([2]),jnp.array([0.3]),jnp.array([0.4]) jnp.array([1]),jnp.array([2]),jnp.array([0.3]),jnp.array([0.4]),n_max=3 jnp.array([2]),jnp.array([1]),jnp.array([0.3]),jnp.array([0.4])",
    ),
    ("jsp.special.bessel_jn(X)", "p,v=2 p,v=2,n_iter=30 0.5,v=1"),
    ("jsp.special.logsumexp(X)", "m,0 m,axis=(0,1),keepdims=True f,b=f,return_sign=True f,where=b"),
    ("jsp.special.factorial(X)", "5,True i+1"),
    ("jsp.special.log_ndtr(X)", "f,5 -40.0 f,series_order=2"),
    ("jsp.special.softmax(X)", "m,axis=0 m,axis=None"),
    ("jsp.special.log_softmax(X)", "m,axis=0"),
    ("jsp.special.multigammaln(X)", "3.0,2 p+3,3"),
    ("jsp.special.bernoulli(X)", "5 0"),
    ("jsp.special.zeta(X)", "3.0 2.0,1.5 p+2,1.0"),
    ("jsp.special.polygamma(X)", "1,0.5 i,p 0,p"),
    ("jsp.special.expn(X)", "1,0.5 2,p i+2,p"),
    ("jsp.special.comb(X)", "5,2 5,2,repetition=True i+4,2"),
    *[(f"jsp.stats.{name}.{fn}(X)", args) for name, (fns, args) in _STATS.items() for fn in fns.split()],
    ("jsp.stats.rankdata(X)", "f f,'min' m,axis=0 i,'dense' f,method='ordinal' jnp.array([1,1,2]),'max'"),
    ("jsp.stats.mode(X)", "jnp.array([1,2,2]) m,axis=None mi,1 jnp.array([1,2,2]),keepdims=True"),
    ("jsp.stats.sem(X)", "f m m,1 m,axis=None m,0,0,keepdims=True"),
    (
        "jsp.stats.gaussian_kde(f).X",
        "evaluate(p) pdf(p) logpdf(p) integrate_box_1d(0,1) integrate_gaussian(0.0,1.0) factor n d neff",
    ),
    "jsp.stats.gaussian_kde(f, 0.5, weights=p)(p)",
    "jsp.stats.gaussian_kde(f).resample(key, (2,)).shape",
    # linalg
    *[
        (f"jsp.linalg.{name}(X)", "m m.astype(jnp.float32) mi[:,:2] f t")
        for name in "det inv expm lu lu_factor svd sqrtm schur hessenberg cho_factor_".replace(
            "cho_factor_", ""
        ).split()
    ],
    ("jsp.linalg.cholesky(X)", "m m,True m,lower=True c"),
    ("jsp.linalg.cho_factor(X)", "m m,lower=True"),
    ("jsp.linalg.cho_solve(X)", "jsp.linalg.cho_factor(m),f (m,True),f jsp.linalg.cho_factor(m),m"),
    ("jsp.linalg.block_diag(X)", "m,f mi 1,2 m,i[None]"),
    ("jsp.linalg.circulant(X)", "f i m"),
    ("jsp.linalg.companion(X)", "f i f[:1]"),
    ("jsp.linalg.convolution_matrix(X)", "f,4 f,3,'same' f,3,mode='valid'"),
    ("jsp.linalg.dft(X)", "3 3,'sqrtn' 2,scale='n' 3,dtype=jnp.complex64"),
    (
        "jsp.linalg.eigh(X)",
        "m m,eigvals_only=True m,lower=False m,m+4*jnp.eye(3) m,turbo=False m,eigvals=(0,1) m,b=m,type=1",
    ),
    (
        "jsp.linalg.eigh_tridiagonal(X)",
        "f,f[:2],eigvals_only=True f,f[:2],eigvals_only=True,select='i',select_range=(0,1) f,f[:2],eigvals_only=True,select='v',select_range=(-1,1) f,f[:2]",
    ),
    (
        "jsp.linalg.expm(X)",
        "m,upper_triangular=False jnp.triu(m),upper_triangular=True m,max_squarings=4 m*100,max_squarings=1",
    ),
    ("jsp.linalg.expm_frechet(X)", "m,m m,m,compute_expm=False"),
    ("jsp.linalg.fiedler(X)", "f i"),
    ("jsp.linalg.fiedler_companion(X)", "f jnp.array([1.0,2,3,4])"),
    ("jsp.linalg.funm(X)", "m,jnp.sin m,jnp.exp,disp=False"),
    ("jsp.linalg.hadamard(X)", "2 4,float 3"),
    ("jsp.linalg.hankel(X)", "f f,i"),
    ("jsp.linalg.helmert(X)", "3 3,True"),
    ("jsp.linalg.hessenberg(X)", "m,calc_q=True"),
    ("jsp.linalg.hilbert(X)", "3"),
    ("jsp.linalg.invhilbert(X)", "3"),
    ("jsp.linalg.pascal(X)", "3 3,'upper' 3,kind='lower' 3,'bad'"),
    ("jsp.linalg.invpascal(X)", "3 3,'upper'"),
    ("jsp.linalg.leslie(X)", "f,f[:2]"),
    ("jsp.linalg.lu(X)", "m,permute_l=True"),
    ("jsp.linalg.lu_solve(X)", "jsp.linalg.lu_factor(m),f jsp.linalg.lu_factor(m),f,trans=1 jsp.linalg.lu_factor(m),m"),
    ("jsp.linalg.polar(X)", "m m,side='left' m,method='svd' m,eps=1e-6 m,max_iterations=20 m,method='bad'"),
    ("jsp.linalg.qr(X)", "m mi,mode='economic' m,mode='r' m,pivoting=True m,lwork=3 m,mode='bad'"),
    ("jsp.linalg.qr_multiply(X)", "m,m m,f m,m,'left'"),
    ("jsp.linalg.rsf2csf(X)", "*jsp.linalg.schur(jnp.array([[0.0,1],[-1,0]]))"),
    ("jsp.linalg.schur(X)", "m,output='complex' jnp.array([[0.0,1],[-1,0]])"),
    (
        "jsp.linalg.solve(X)",
        "m,f m,m m,f,assume_a='pos' m,f,lower=True,assume_a='pos' m,f,debug=False m,f,assume_a='sym' m,f,assume_a='bad'",
    ),
    (
        "jsp.linalg.solve_sylvester(X)",
        "m,m,m A=m,B=m,C=m m,m,m,method='schur' m,m,m,method='eigen' m,m,m,tol=1e-6 m,m,m,method='bad'",
    ),
    ("jsp.linalg.solve_triangular(X)", "m,f m,f,lower=True m,f,trans=1 m,f,unit_diagonal=True m,f,'T'"),
    ("jsp.linalg.sqrtm(X)", "m,1 m,blocksize=2"),
    ("jsp.linalg.svd(X)", "mi,full_matrices=False mi,compute_uv=False m,lapack_driver='gesvd'"),
    ("jsp.linalg.toeplitz(X)", "f f,i i"),
    *[
        (f"jnp.linalg.{name}(X)", f"m {_SPD} m.astype(jnp.float32) mi[:,:2] jnp.stack([m,m]) c[None]*jnp.eye(3) f")
        for name in "det inv slogdet cond eigvalsh svdvals pinv matrix_rank matrix_transpose matrix_norm diagonal trace cholesky".split()
    ],
    ("jnp.linalg.cholesky(X)", "m,upper=True m,symmetrize_input=False"),
    ("jnp.linalg.cond(X)", "m,1 m,2 m,'fro' m,jnp.inf mi m,-2"),
    ("jnp.linalg.cross(X)", "f,i m,m,axis=0"),
    ("jnp.linalg.eigh(X)", "m m,UPLO='U' m,symmetrize_input=False m,'X' c[None]*jnp.eye(3)"),
    ("jnp.linalg.eigvals(X)", "m mi[:,:2]"),
    ("jnp.linalg.eig(X)[0]", "m mi[:,:2].astype(jnp.int32)"),
    ("jnp.linalg.lstsq(X)", "m,f mi,jnp.ones(2) m,f,rcond=0.1 m,f,numpy_resid=True mi.T,f m,m"),
    ("jnp.linalg.matmul(X)", "m,m m,f m,m,precision='high' m,m,preferred_element_type=jnp.float32"),
    ("jnp.linalg.matrix_power(X)", "m,3 m,0 m,-1 mi[:,:2],2 m,1.5"),
    ("jnp.linalg.matrix_rank(X)", "M=m m,rtol=0.9 m,hermitian=True f"),
    ("jnp.linalg.matrix_norm(X)", "m,ord='nuc' m,ord=1 m,ord=2 m,ord=-2 t,keepdims=True"),
    ("jnp.linalg.multi_dot(X)", "[m,m,m] [f,m,f] [m,m],precision='high' [m]"),
    (
        "jnp.linalg.norm(X)",
        "f f,1 f,jnp.inf f,0 f,3 m m,1 m,'fro' m,'nuc' m,2 m,-1 t,axis=1 t,axis=(0,1) m,keepdims=True c j f,-jnp.inf m,0,1 m,'bad' f,-2 t,2,axis=(0,2)",
    ),
    ("jnp.linalg.outer(X)", "f,i m,f"),
    ("jnp.linalg.pinv(X)", "mi m,rtol=0.5 m,hermitian=True mi,rcond=0.1"),
    ("jnp.linalg.qr(X)", "m mi mi.T,'complete' m,mode='r' m,'raw' m,'bad'"),
    ("jnp.linalg.slogdet(X)", "m,method='lu' m,method='qr' m,method='bad' -m"),
    ("jnp.linalg.solve(X)", "m,f m,m jnp.stack([m,m]),f m,i m,jnp.ones(2)"),
    ("jnp.linalg.svd(X)[1]", "m mi m,False m,hermitian=True m,subset_by_index=(0,2)"),
    ("jnp.linalg.svd(X)", "m,compute_uv=False mi,compute_uv=False"),
    ("jnp.linalg.tensordot(X)", "m,m m,m,axes=1 m,m,axes=1,precision='high'"),
    ("jnp.linalg.tensorinv(X)", "jnp.eye(6).reshape(2,3,6)+0.1,2 m,ind=1"),
    ("jnp.linalg.tensorsolve(X)", "m,f jnp.eye(6).reshape(2,3,6)+0.1,jnp.ones((2,3))"),
    ("jnp.linalg.trace(X)", "m,offset=1 mi,dtype=float"),
    ("jnp.linalg.vecdot(X)", "f,i c,c m,m,axis=0"),
    ("jnp.linalg.vector_norm(X)", "f m m,axis=0 f,ord=1 m,keepdims=True f,ord=jnp.inf c f,ord=0"),
    "jnp.linalg.diagonal(m, offset=1)",
    # fft
    *[
        (f"jnp.fft.{name}(X)", "f c g j m f,4 f,norm='ortho' m,axis=0 f,n=2,norm='forward' h b w f,norm='bad' f,0")
        for name in "fft ifft rfft irfft hfft ihfft".split()
    ],
    *[
        (f"jnp.fft.{name}(X)", "m m,(4,2) m,axes=(0,1),norm='ortho' t g*g[:,None]")
        for name in "fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn".split()
    ],
    ("jnp.fft.fftfreq(X)", "4 5,0.1 4,d=2.0,dtype=jnp.float32 4.0"),
    ("jnp.fft.rfftfreq(X)", "4 5,0.1 4,dtype=jnp.float32"),
    ("jnp.fft.fftshift(X)", "f m m,0 m,axes=(1,)"),
    ("jnp.fft.ifftshift(X)", "f m m,0"),
    *[(f"jsp.fft.{name}(X)", "f m f,2,4 m,axis=0 f,norm='ortho' g j f,1") for name in "dct idct".split()],
    *[(f"jsp.fft.{name}(X)", "m m,norm='ortho' m,axes=(0,) m,s=(2,2) t") for name in "dctn idctn".split()],
    # signal and others
    *[
        (
            f"jsp.signal.{name}(X)",
            "f,i f,p,'same' f,p,mode='valid' f,p,method='fft' f,p,method='direct' f,p,precision='high' m,m t,t m,f j,j f,p,method='bad'",
        )
        for name in "convolve correlate".split()
    ],
    *[
        (
            f"jsp.signal.{name}(X)",
            "m,m m,mi,'same' m,mi[:1],mode='valid' m,mi,'full','fill',1.0 m,m,precision='high' m,mi,boundary='wrap' f,f m,mi,mode='bad'",
        )
        for name in "convolve2d correlate2d".split()
    ],
    ("jsp.signal.fftconvolve(X)", "f,i f,p,'same' m,m,axes=0 m,mi,mode='valid' t,t"),
    ("jsp.signal.detrend(X)", "f m m,0 f,type='constant' jnp.arange(6.0)**2,bp=3 j"),
    (
        "jsp.signal.csd(X)",
        "jnp.sin(jnp.arange(16.0)),jnp.cos(jnp.arange(16.0)),nperseg=8 jnp.sin(jnp.arange(16.0)),None,nperseg=8",
    ),
    (
        "jsp.signal.welch(X)",
        "jnp.sin(jnp.arange(16.0)),nperseg=8 jnp.sin(jnp.arange(16.0)),2.0,nperseg=8,scaling='spectrum' jnp.sin(jnp.arange(16.0)),nperseg=4,average='median'",
    ),
    ("jsp.signal.stft(X)", "jnp.sin(jnp.arange(16.0)),nperseg=8 jnp.sin(jnp.arange(16.0)),nperseg=4,noverlap=1"),
    ("jsp.signal.istft(X)", "jsp.signal.stft(jnp.sin(jnp.arange(16.0)),nperseg=8)[2],nperseg=8"),
    ("jsp.integrate.trapezoid(X)", "f f,p m,dx=0.5 m,axis=0 i"),
    (
        "jsp.ndimage.map_coordinates(X)",
        "m,[jnp.array([0.5,1.2]),jnp.array([0.1,1.9])],1 m,[jnp.array([0.5,1.2]),jnp.array([0.1,1.9])],0 m,[jnp.array([-1.0,3.5]),jnp.array([0.1,1.9])],1,'nearest' m,[jnp.array([-1.0,3.5]),jnp.array([0.1,1.9])],1,mode='wrap' m,[jnp.array([-1.0,3.5]),jnp.array([0.1,1.9])],1,'mirror' m,[jnp.array([-1.0,3.5]),jnp.array([0.1,1.9])],1,'reflect' m,[jnp.array([-1.0,3.5]),jnp.array([0.1,1.9])],1,cval=9.0 i,[jnp.array([0.5])],1 m,[f],1",
    ),
    "jsp.interpolate.RegularGridInterpolator((f[:0].tolist() or jnp.arange(3.0), jnp.arange(3.0)), m)(jnp.array([[0.5, 1.5]]))",
    "jsp.interpolate.RegularGridInterpolator((jnp.arange(3.0),), f, method='nearest')(jnp.array([[0.4], [1.6]]))",
    "jsp.interpolate.RegularGridInterpolator((jnp.arange(3.0),), f)(jnp.array([[5.0]]))",
    "jsp.interpolate.RegularGridInterpolator((jnp.arange(3.0),), f, fill_value=None)(jnp.array([[5.0]]))",
    "jsp.cluster.vq.vq(m, m[:2])",
    "jsp.cluster.vq.vq(f, f[:2])",
    "import jax.scipy.optimize as o;; o.minimize(lambda x: ((x - 1) ** 2).sum(), f, method='BFGS').x",
    "import jax.scipy.optimize as o;; o.minimize(lambda x: ((x - 1) ** 2).sum(), f, method='BFGS').success",
    "import jax.scipy.optimize as o;; o.minimize(lambda x: (x - 1) ** 2, 0.0, method='BFGS')",
    "import jax.scipy.optimize as o;; o.minimize(lambda x: ((x - 1) ** 2).sum(), f, method='bad')",
    "import jax.scipy.optimize as o;; sorted(o.minimize(lambda x: ((x - 1) ** 2).sum(), f, method='BFGS')._fields)",
    "import jax.scipy.optimize as o;; o.minimize(lambda x: ((x - 1) ** 2).sum(), f, method='BFGS').hess_inv.shape",
    "import jax.scipy.sparse.linalg as s;; s.cg(m, f)",
    "import jax.scipy.sparse.linalg as s;; s.gmres(m, f)",
    "import jax.scipy.sparse.linalg as s;; s.bicgstab(lambda v: m @ v, f)",
    "import jax.scipy.sparse.linalg as s;; s.cg(m, f, x0=f, tol=1e-8, maxiter=50)",
    "import jax.scipy.sparse.linalg as s;; s.gmres(m, f, restart=2, solve_method='incremental')",
    "import jax.scipy.sparse.linalg as s;; s.cg({'a': 1}, f)",
    "from jax.scipy.spatial.transform import Rotation;; Rotation.from_rotvec(f).as_matrix()",
    "from jax.scipy.spatial.transform import Rotation;; Rotation.from_euler('xyz', p).as_quat()",
    "from jax.scipy.spatial.transform import Rotation;; Rotation.from_quat(jnp.array([0.0, 0, 1, 1])).apply(f)",
    "from jax.scipy.spatial.transform import Rotation;; Rotation.from_matrix(jnp.eye(3)).as_rotvec()",
    "from jax.scipy.spatial.transform import Rotation;; (Rotation.from_rotvec(f) * Rotation.from_rotvec(p)).as_euler('xyz')",
    "from jax.scipy.spatial.transform import Rotation;; Rotation.from_rotvec(f).inv().as_quat()",
    "from jax.scipy.spatial.transform import Rotation;; Rotation.from_rotvec(f).magnitude()",
    "from jax.scipy.spatial.transform import Rotation;; Rotation.from_mrp(p).as_mrp()",
    "from jax.scipy.spatial.transform import Rotation;; Rotation.identity(2).as_quat()",
    "from jax.experimental.ode import odeint;; odeint(lambda y, t: -y, 1.0, jnp.array([0.0, 1.0, 2.0]))",
    "from jax.experimental.ode import odeint;; odeint(lambda y, t, a: -a * y, f, jnp.array([0.0, 1.0]), 2.0)",
    "from jax.experimental.ode import odeint;; jax.grad(lambda a: odeint(lambda y, t, a: -a * y, 1.0, jnp.array([0.0, 1.0]), a)[-1])(0.5)",
    "from jax.experimental.ode import odeint;; odeint(lambda y, t: {'a': -y['a']}, {'a': f}, jnp.array([0.0, 1.0]), rtol=1e-9, atol=1e-9)",
]
