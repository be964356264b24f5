"""The special cases that the Python array API standard 2024.12 publishes for its elementwise functions, as data.

``input:result`` for functions of one number, ``first,second:result`` for those of two. A complex number is
``(real,imaginary)``. ``~`` before a number leaves its sign open, ``p`` stands for pi (results that are multiples of it are
approximations), ``a|b`` allows two results. ``F`` is any finite number that is not zero, ``P`` a positive and ``N`` a negative one: they stand for several.
"""

REAL = {
    "abs": "nan:nan -0:0 -inf:inf",
    "acos": "nan:nan 1.5:nan -1.5:nan 1:0",
    "acosh": "nan:nan 0.5:nan 1:0 inf:inf",
    "asin": "nan:nan 1.5:nan -1.5:nan 0:0 -0:-0",
    "asinh": "nan:nan 0:0 -0:-0 inf:inf -inf:-inf",
    "atan": "nan:nan 0:0 -0:-0 inf:p/2 -inf:-p/2",
    "atanh": "nan:nan -1.5:nan 1.5:nan -1:-inf 1:inf 0:0 -0:-0",
    "ceil": "inf:inf -inf:-inf 0:0 -0:-0 nan:nan 3:3",
    "cos": "nan:nan 0:1 -0:1 inf:nan -inf:nan",
    "cosh": "nan:nan 0:1 -0:1 inf:inf -inf:inf",
    "exp": "nan:nan 0:1 -0:1 inf:inf -inf:0",
    "expm1": "nan:nan 0:0 -0:-0 inf:inf -inf:-1",
    "floor": "inf:inf -inf:-inf 0:0 -0:-0 nan:nan 3:3",
    "isfinite": "inf:False -inf:False nan:False F:True 0:True",
    "isinf": "inf:True -inf:True nan:False F:False 0:False",
    "isnan": "nan:True inf:False -inf:False F:False",
    "log": "nan:nan N:nan 0:-inf -0:-inf 1:0 inf:inf",
    "log1p": "nan:nan -1.5:nan -1:-inf -0:-0 0:0 inf:inf",
    "log2": "nan:nan N:nan 0:-inf -0:-inf 1:0 inf:inf",
    "log10": "nan:nan N:nan 0:-inf -0:-inf 1:0 inf:inf",
    "reciprocal": "nan:nan 0:inf -0:-inf inf:0 -inf:-0",
    "round": "inf:inf -inf:-inf 0:0 -0:-0 nan:nan 3:3 0.5:0 1.5:2 -2.5:-2",
    "sign": "N:-1 -0:0 0:0 P:1 nan:nan inf:1 -inf:-1",
    "signbit": "0:False -0:True inf:False -inf:True P:False N:True nan:False",
    "sin": "nan:nan 0:0 -0:-0 inf:nan -inf:nan",
    "sinh": "nan:nan 0:0 -0:-0 inf:inf -inf:-inf",
    "sqrt": "nan:nan N:nan 0:0 -0:-0 inf:inf",
    "square": "nan:nan -inf:inf inf:inf -0:0 0:0",
    "tan": "nan:nan 0:0 -0:-0 inf:nan -inf:nan",
    "tanh": "nan:nan 0:0 -0:-0 inf:1 -inf:-1",
    "trunc": "inf:inf -inf:-inf 0:0 -0:-0 nan:nan 3:3",
}

_DIVISION = (
    "nan,1:nan 1,nan:nan inf,inf:nan inf,-inf:nan -inf,inf:nan -inf,-inf:nan 0,0:nan 0,-0:nan -0,0:nan -0,-0:nan "
    "0,P:0 -0,P:-0 0,N:-0 -0,N:0 P,0:inf P,-0:-inf N,0:-inf N,-0:inf "
)
PAIRS = {
    "add": "nan,1:nan 1,nan:nan inf,-inf:nan -inf,inf:nan inf,inf:inf -inf,-inf:-inf inf,F:inf -inf,F:-inf F,inf:inf "
    "F,-inf:-inf -0,-0:-0 -0,0:0 0,-0:0 0,0:0 0,1.5:1.5 -0,1.5:1.5 1.5,0:1.5 1.5,-0:1.5 1.5,-1.5:0",
    "atan2": "nan,1:nan 1,nan:nan P,0:p/2 P,-0:p/2 0,P:0 0,0:0 0,-0:p 0,N:p -0,P:-0 -0,0:-0 -0,-0:-p -0,N:-p N,0:-p/2 "
    "N,-0:-p/2 P,inf:0 P,-inf:p N,inf:-0 N,-inf:-p inf,F:p/2 -inf,F:-p/2 inf,inf:p/4 inf,-inf:3*p/4 -inf,inf:-p/4 "
    "-inf,-inf:-3*p/4",
    "copysign": "1.5,N:-1.5 1.5,-0:-1.5 -1.5,0:1.5 -1.5,P:1.5 inf,-0:-inf -0,P:0",
    "divide": _DIVISION + "inf,P:inf inf,N:-inf -inf,P:-inf -inf,N:inf P,inf:0 P,-inf:-0 N,inf:-0 N,-inf:0",
    "equal": "nan,1:False 1,nan:False inf,inf:True -inf,-inf:True -0,0:True -0,-0:True 0,-0:True 0,0:True 1.5,1.5:True "
    "inf,-inf:False 1.5,2.5:False",
    "floor_divide": _DIVISION + "inf,P:inf|nan inf,N:-inf|nan -inf,P:-inf|nan -inf,N:inf|nan P,inf:0 P,-inf:-0|-1 "
    "N,inf:-0|-1 N,-inf:0",
    "hypot": "inf,1:inf -inf,nan:inf nan,inf:inf 1,-inf:inf 0,-1.5:1.5 -0,1.5:1.5 1.5,0:1.5 -1.5,-0:1.5 1,nan:nan nan,1:nan "
    "nan,nan:nan",
    "logaddexp": "nan,1:nan 1,nan:nan inf,1:inf inf,-inf:inf 1,inf:inf",
    "maximum": "nan,1:nan 1,nan:nan nan,nan:nan inf,1:inf -inf,1:1",
    "minimum": "nan,1:nan 1,nan:nan nan,nan:nan inf,1:1 -inf,1:-inf",
    "multiply": "nan,1:nan 1,nan:nan inf,0:nan inf,-0:nan -inf,0:nan 0,inf:nan -0,-inf:nan inf,inf:inf inf,-inf:-inf "
    "-inf,-inf:inf inf,P:inf inf,N:-inf -inf,P:-inf N,inf:-inf N,-inf:inf 0,P:0 0,N:-0 -0,P:-0 -0,N:0",
    "nextafter": "nan,1:nan 1,nan:nan -0,0:0 0,-0:-0",
    "not_equal": "nan,1:True 1,nan:True inf,-inf:True -inf,inf:True 1.5,2.5:True inf,inf:False 0,-0:False 1.5,1.5:False",
    "pow": "1.5,nan:nan nan,0:1 nan,-0:1 F,0:1 inf,-0:1 nan,1.5:nan 1.5,inf:inf -1.5,inf:inf 1.5,-inf:0 -1.5,-inf:0 1,inf:1 "
    "-1,inf:1 1,-inf:1 -1,-inf:1 1,F:1 0.5,inf:0 -0.5,inf:0 0.5,-inf:inf -0.5,-inf:inf inf,P:inf inf,N:0 -inf,3:-inf "
    "-inf,2:inf -inf,0.5:inf -inf,-3:-0 -inf,-2:0 -inf,-0.5:0 0,P:0 0,N:inf -0,3:-0 -0,2:0 -0,0.5:0 -0,-3:-inf -0,-2:inf "
    "-0,-0.5:inf -1.5,0.5:nan -0.5,-1.5:nan",
    "remainder": "nan,1:nan 1,nan:nan inf,inf:nan inf,-inf:nan -inf,inf:nan 0,0:nan -0,0:nan 0,-0:nan -0,-0:nan 0,P:0 -0,P:0 "
    "0,N:-0 -0,N:-0 P,0:nan P,-0:nan N,0:nan N,-0:nan inf,P:nan inf,N:nan -inf,P:nan -inf,N:nan 1.5,inf:1.5 1.5,-inf:-inf "
    "-1.5,inf:inf -1.5,-inf:-1.5",
    "subtract": "nan,1:nan 1,nan:nan inf,inf:nan -inf,-inf:nan inf,-inf:inf -inf,inf:-inf inf,F:inf F,inf:-inf -0,0:-0 -0,-0:0 "
    "0,0:0 0,-0:0 1.5,1.5:0",
}

COMPLEX = {
    "abs": "(inf,1):inf (-inf,nan):inf (nan,inf):inf (1,-inf):inf (0,-1.5):1.5 (-1.5,0):1.5 (nan,1):nan (1,nan):nan (nan,nan):nan",
    "acos": "(0,0):(p/2,-0) (-0,0):(p/2,-0) (0,nan):(p/2,nan) (1,inf):(p/2,-inf) (1.5,nan):(nan,nan) (-inf,1):(p,-inf) "
    "(inf,1):(0,-inf) (-inf,inf):(3*p/4,-inf) (inf,inf):(p/4,-inf) (inf,nan):(nan,~inf) (nan,1):(nan,nan) (nan,inf):(nan,-inf) "
    "(nan,nan):(nan,nan)",
    "acosh": "(0,0):(0,p/2) (-0,0):(0,p/2) (1,inf):(inf,p/2) (1.5,nan):(nan,nan) (0,nan):(nan,~p/2) (-inf,1):(inf,p) (inf,1):(inf,0) "
    "(-inf,inf):(inf,3*p/4) (inf,inf):(inf,p/4) (inf,nan):(inf,nan) (-inf,nan):(inf,nan) (nan,1):(nan,nan) (nan,inf):(inf,nan) "
    "(nan,nan):(nan,nan)",
    "asinh": "(0,0):(0,0) (1,inf):(inf,p/2) (1,nan):(nan,nan) (inf,1):(inf,0) (inf,inf):(inf,p/4) (nan,0):(nan,0) (nan,1):(nan,nan) "
    "(nan,inf):(~inf,nan) (nan,nan):(nan,nan)",
    "atanh": "(0,0):(0,0) (0,nan):(0,nan) (1,0):(inf,0) (1.5,inf):(0,p/2) (1.5,nan):(nan,nan) (inf,1):(0,p/2) (inf,inf):(0,p/2) "
    "(inf,nan):(0,nan) (nan,1):(nan,nan) (nan,inf):(~0,p/2) (nan,nan):(nan,nan)",
    "cosh": "(0,0):(1,0) (0,inf):(nan,~0) (0,nan):(nan,~0) (1,inf):(nan,nan) (1,nan):(nan,nan) (inf,0):(inf,0) (inf,1):(inf,inf) "
    "(inf,inf):(~inf,nan) (inf,nan):(inf,nan) (nan,0):(nan,~0) (nan,1):(nan,nan) (nan,nan):(nan,nan)",
    "exp": "(0,0):(1,0) (-0,0):(1,0) (1,inf):(nan,nan) (1,nan):(nan,nan) (inf,0):(inf,0) (-inf,1):(0,0) (inf,1):(inf,inf) "
    "(-inf,inf):(~0,~0) (inf,inf):(~inf,nan) (-inf,nan):(~0,~0) (inf,nan):(~inf,nan) (nan,0):(nan,0) (nan,1):(nan,nan) "
    "(nan,nan):(nan,nan)",
    "expm1": "(0,0):(0,0) (-0,0):(~0,0) (1,inf):(nan,nan) (1,nan):(nan,nan) (inf,0):(inf,0) (-inf,1):(-1,0) (inf,1):(inf,inf) "
    "(-inf,inf):(-1,~0) (inf,inf):(~inf,nan) (-inf,nan):(-1,~0) (inf,nan):(~inf,nan) (nan,0):(nan,0) (nan,1):(nan,nan) "
    "(nan,nan):(nan,nan)",
    "isfinite": "(nan,1):False (1,nan):False (inf,1):False (1,-inf):False (1,2):True",
    "isinf": "(inf,nan):True (nan,-inf):True (1,inf):True (nan,1):False (1,1):False",
    "isnan": "(nan,1):True (1,nan):True (inf,1):False",
    "log": "(-0,0):(-inf,p) (0,0):(-inf,0) (1,inf):(inf,p/2) (1,nan):(nan,nan) (-inf,1):(inf,p) (inf,1):(inf,0) "
    "(-inf,inf):(inf,3*p/4) (inf,inf):(inf,p/4) (inf,nan):(inf,nan) (nan,1):(nan,nan) (nan,inf):(inf,nan) (nan,nan):(nan,nan)",
    "log1p": "(-1,0):(-inf,0) (1,inf):(inf,p/2) (1,nan):(nan,nan) (-inf,1):(inf,p) (inf,1):(inf,0) (-inf,inf):(inf,3*p/4) "
    "(inf,inf):(inf,p/4) (inf,nan):(inf,nan) (nan,1):(nan,nan) (nan,inf):(inf,nan) (nan,nan):(nan,nan)",
    "sign": "(0,0):(0,0) (-0,0):(0,0) (nan,1):(nan,nan) (1,nan):(nan,nan)",
    "sinh": "(0,0):(0,0) (0,inf):(~0,nan) (0,nan):(~0,nan) (1,inf):(nan,nan) (1,nan):(nan,nan) (inf,0):(inf,0) (inf,1):(inf,inf) "
    "(inf,inf):(~inf,nan) (inf,nan):(~inf,nan) (nan,0):(nan,0) (nan,1):(nan,nan) (nan,nan):(nan,nan)",
    "sqrt": "(0,0):(0,0) (-0,0):(0,0) (1,inf):(inf,inf) (nan,inf):(inf,inf) (1,nan):(nan,nan) (-inf,1):(nan,nan) (inf,1):(0,inf) "
    "(-inf,nan):(nan,~inf) (inf,nan):(inf,nan) (nan,1):(nan,nan) (nan,nan):(nan,nan)",
    "tanh": "(0,0):(0,0) (0,inf):(0,nan) (0,nan):(0,nan) (1,inf):(nan,nan) (1,nan):(nan,nan) (inf,1):(1,0) (inf,inf):(1,~0) (inf,nan):(1,~0) (nan,0):(nan,0) "
    "(nan,1):(nan,nan) (nan,nan):(nan,nan)",
}

# Published cases that do not hold, each with what comes instead and why; docs/coverage.md tells of them.
KNOWN = {
    **dict.fromkeys(
        [("expm1", z) for z in ("(inf,0)", "(inf,inf)", "(inf,nan)", "(-inf,inf)", "(-inf,nan)", "(nan,0)")],
        "NaN in some part, as NumPy computes it",
    ),
    ("tanh", "(0,inf)"): "nan + nan j, which the standard's own warning foresees",
    ("tanh", "(0,nan)"): "nan + nan j, which the standard's own warning foresees",
    ("sqrt", "(-inf,1)"): "0 + inf j: the text exchanges two lines of C99, which NumPy follows",
    ("sqrt", "(inf,1)"): "inf + 0 j: the text exchanges two lines of C99, which NumPy follows",
}
