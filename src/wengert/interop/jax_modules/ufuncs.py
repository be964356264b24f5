"""`jax.numpy.ufunc`: universal functions with NumPy's methods, made of a function of scalars or of one of `jax.numpy`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as ours
from ...transforms import control
from ..array import Array, in_dtype, kind_of
from ..border import lift, lower, lowered
from ..rules import follow
from .elementwise import complex_logaddexp, complex_logaddexp2, with_complex
from .numpy import array, astype

# The ones of `jax.numpy` that are universal functions: the numbers of arguments and the identity; what `reduce` and
# `accumulate` are called there, and the way in which ``at`` combines.
_OF_NUMPY: dict[str, tuple[int, Any, str, str, str]] = {
    "add": (2, 0, "sum", "cumsum", "add"), "multiply": (2, 1, "prod", "cumprod", "multiply"),
    "subtract": (2, None, "", "", "subtract"), "maximum": (2, None, "max", "", "max"),
    "minimum": (2, None, "min", "", "min"), "logical_and": (2, True, "all", "", ""), "logical_or": (2, False, "any", "", ""),
    "logical_xor": (2, False, "", "", ""), "bitwise_and": (2, -1, "", "", ""), "bitwise_or": (2, 0, "", "", ""),
    "bitwise_xor": (2, 0, "", "", ""), "logaddexp": (2, -np.inf, "", "", ""), "logaddexp2": (2, -np.inf, "", "", ""),
    "negative": (1, None, "", "", ""),
}  # fmt: skip


class ufunc:  # noqa: N801 (JAX's name)
    """A universal function.

    Args:
        func: a function of `nin` scalars that gives `nout` of them.
        nin, nout: how many.
        name: its name, by default that of `func`.
        nargs: the number of arguments, `nin`.
        identity: what leaves the other argument as it is, where `reduce` begins.
        call, reduce, accumulate, at, reduceat: functions of arrays that are used in place of `func` over all elements, and
            in place of the methods made of it.

    Example:
        >>> product = ufunc(lambda a, b: a * b, 2, 1, identity=1)
        >>> product.reduce(array([2.0, 3.0, 4.0]))
        Array(24., dtype=float64)
    """

    def __init__(
        self, func: Callable[..., Any], /, nin: int, nout: int, *, name: str | None = None, nargs: int | None = None,
        identity: Any = None, call: Any = None, reduce: Any = None, accumulate: Any = None, at: Any = None,
        reduceat: Any = None,
    ) -> None:  # fmt: skip
        self.func, self.nin, self.nout, self.identity = func, nin, nout, identity
        self.nargs = nargs or nin
        self.__name__ = self.__qualname__ = name or getattr(func, "__name__", "ufunc")
        self.__doc__ = getattr(func, "__doc__", None)
        self._call = call or (lambda *args: lift(ours.vectorize(lowered(func))(*lower(args))))
        self._reduce, self._accumulate, self._at, self._reduceat = reduce, accumulate, at, reduceat

    def __call__(self, *args: Any, out: Any = None, where: Any = None) -> Any:
        if out is not None or where is not None:
            raise NotImplementedError(
                f"out argument of <jnp.ufunc '{self.__name__}'>: out and where are not supported: assign, or use jax.numpy.where"
            )
        return self._call(*args)

    def __repr__(self) -> str:
        return f"<jnp.ufunc '{self.__name__}'>"

    def __hash__(self) -> int:
        return hash((self.func, self.__name__, self.identity, self.nin, self.nout))

    def __eq__(self, other: Any) -> bool:
        mine, its = ((u.func, u.__name__, u.nin, u.nout) if isinstance(u, ufunc) else None for u in (self, other))
        return mine == its

    def _binary(self, method: str) -> None:
        if self.nin != 2:
            raise ValueError(f"{method} only supported for binary ufuncs")
        if self.nout != 1:
            raise ValueError(f"{method} only supported for functions returning a single value")

    def reduce(
        self, a: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = None,
    ) -> Any:  # fmt: skip
        """The elements along an axis, combined one after another.

        Raises:
            ValueError: the function has not two arguments; nothing to begin with.
            NotImplementedError: `out` is given.
        """
        self._binary("reduce")
        if out is not None:
            raise NotImplementedError(f"out argument of {self.__name__}.reduce() is not supported")
        if initial is not None:
            initial = array(initial)
            if initial.shape != ():
                raise ValueError(f"initial must be a scalar, got array with shape {initial.shape}")
        if where is not None:
            if self.identity is None and initial is None:
                raise ValueError(
                    f"reduction operation {self.__name__!r} does not have an identity, so to use a where mask one has to specify 'initial'."
                )
            if array(where).dtype.kind != "b":
                raise ValueError(f"where argument must have dtype=bool; got dtype={array(where).dtype}")
        if self._reduce is not None:
            return self._reduce(a, axis, dtype, keepdims, initial, where)
        return self._reduced(array(a), axis, dtype, keepdims, initial, where)

    def _reduced(self, x: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any) -> Any:
        from .numpy import where as choose

        axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(i + x.ndim if i < 0 else i for i in axes)
        for i in axes:
            if not 0 <= i < x.ndim:
                raise ValueError(f"axis {i} is out of bounds for an array of {x.ndim} dimensions")
        if initial is None and self.identity is not None:
            initial = self.identity
        kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        rest = tuple(n for i, n in enumerate(x.shape) if i not in axes)
        mask = None if where is None else lift(ours.broadcast_to(lower(where), x.shape))
        rows: Any
        masks: Any
        rows, masks = (
            None
            if v is None
            else lift(ours.reshape(ours.moveaxis(lower(v), axes, tuple(range(len(axes)))), (-1, *rest)))
            for v in (x, mask)
        )
        wanted = np.dtype(dtype) if dtype is not None else None
        if wanted is not None:
            rows = astype(rows, wanted)
        if initial is None:
            if not rows.shape[0]:
                raise ValueError(f"zero-size array to reduction operation {self.__name__} which has no identity")
            start, rows = rows[0], rows[1:]
        else:
            start = lift(ours.broadcast_to(in_dtype(initial, kind_of(rows)[0]), rest))
        out = start
        if rows.shape[0]:
            joined = astype(start, kind_of(self._call(start, rows[0]))[0])

            def step(total: Any, given: Any) -> tuple[Any, None]:
                row, use = given if masks is not None else (given, True)
                new = astype(self._call(total, row), joined.dtype)
                return (new if use is True else choose(use, new, total)), None

            given = rows if masks is None else (rows, masks)
            out = lift(control.scan(lowered(step), *lower((joined, given)))[0])
        return out.reshape(kept) if keepdims else out

    def accumulate(self, a: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        """The elements along an axis, combined one after another, with everything in between.

        Raises:
            ValueError: the function has not two arguments, `axis` is no axis, `a` has none.
        """
        self._binary("accumulate")
        if out is not None:
            raise NotImplementedError(f"out argument of {self.__name__}.accumulate() is not supported")
        if axis is None or isinstance(axis, (tuple, bool)):
            raise ValueError("accumulate does not allow multiple axes" if axis is None else f"{axis!r} is no axis")
        x = array(a)
        if not x.ndim or not -x.ndim <= axis < x.ndim:
            raise ValueError(f"axis {axis} is out of bounds for an array of {x.ndim} dimensions")
        if self._accumulate is not None:
            return self._accumulate(x, axis, dtype)
        if dtype is not None:
            x = astype(x, dtype)
        rows = lift(ours.moveaxis(lower(x), axis, 0))
        if rows.shape[0] == 0:
            return x
        first = astype(rows[0], kind_of(self._call(rows[0], rows[0]))[0])

        def step(total: Any, row: Any) -> tuple[Any, Any]:
            new = astype(self._call(total, row), first.dtype)
            return new, new

        rest = lift(control.scan(lowered(step), *lower((first, rows[1:])))[1])
        return lift(ours.moveaxis(ours.concatenate([lower(first)[None], lower(rest)]), 0, axis))

    def at(self, a: Any, indices: Any, b: Any = None, /, *, inplace: bool = True) -> Any:
        """A copy of `a` with the function applied at indices, as often as they repeat.

        Raises:
            NotImplementedError: `inplace` is not False: arrays do not change.
        """
        if inplace:
            raise NotImplementedError("in-place updates are not supported for JAX arrays; use inplace=False")
        x = array(a)
        if self._at is not None:
            return self._at(x, indices, b)
        place = x.at[indices]
        if self.nin == 1:
            return x.at[indices].set(self._call(place.get()))
        x = astype(x, kind_of(self._call(x.ravel()[:1], array(b).ravel()[:1]))[0])
        numbers = lift(ours.reshape(ours.arange(x.size), x.shape))[indices]
        values = lift(ours.broadcast_to(lower(array(b)), numbers.shape)).ravel()

        def step(flat: Any, given: Any) -> tuple[Any, None]:
            i, value = given
            return flat.at[i].set(astype(self._call(flat[i], value), flat.dtype)), None

        flat = lift(control.scan(lowered(step), *lower((x.ravel(), (numbers.ravel(), values))))[0])
        return flat.reshape(x.shape)

    def reduceat(self, a: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        """The reductions of the stretches of an axis that begin at `indices`.

        Raises:
            ValueError: the function has not two arguments.
        """
        self._binary("reduceat")
        if out is not None:
            raise NotImplementedError(f"out argument of {self.__name__}.reduceat() is not supported")
        if self._reduceat is not None:
            return self._reduceat(a, indices, axis, dtype)
        if axis is None or isinstance(axis, tuple):
            raise ValueError("reduceat requires a single integer axis.")
        rows = lift(ours.moveaxis(lower(array(a)), axis, 0))
        starts = [int(i) for i in np.asarray(array(indices)).tolist()]
        stops = [*starts[1:], rows.shape[0]]
        parts = [
            rows[i] if i >= j else self._reduced(rows[i:j], 0, dtype, False, None, None)
            for i, j in zip(starts, stops, strict=True)
        ]
        return lift(ours.moveaxis(ours.stack([lower(p) for p in parts]), 0, axis))

    def outer(self, A: Any, B: Any, /) -> Any:  # noqa: N803 (JAX's names)
        """The function of every element of one array with every element of the other.

        Raises:
            ValueError: the function has not two arguments.
        """
        if self.nin != 2:
            raise ValueError("outer only supported for binary ufuncs")
        x, y = array(A), array(B)
        return self._call(x.reshape((*x.shape, *(1,) * y.ndim)), y)


def frompyfunc(func: Callable[..., Any], /, nin: int, nout: int, *, identity: Any = None) -> ufunc:
    """A universal function from one of scalars.

    Example:
        >>> frompyfunc(lambda a, b: a * b, 2, 1)(array([1.0, 2.0]), 3.0)
        Array([3., 6.], dtype=float64)
    """
    return ufunc(func, nin, nout, identity=identity)


def _jnp(name: str) -> Any:
    from ..jax_names import alias_name

    return alias_name("jax.numpy", name)


def _made(name: str) -> ufunc:
    nin, identity, reduction, running, update = _OF_NUMPY[name]
    call = follow("jax.numpy", name, getattr(ours, name))
    if name in ("logaddexp", "logaddexp2"):
        call = with_complex(name, complex_logaddexp if name == "logaddexp" else complex_logaddexp2)

    def reduce(a: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any) -> Any:
        options = {"initial": initial} if initial is not None else {}
        if dtype is not None:
            if reduction in ("sum", "prod"):
                options["dtype"] = dtype
            else:
                a = astype(array(a), dtype)
        if reduction in ("all", "any"):
            out = _jnp(reduction)(a, axis, keepdims=keepdims, where=where)
            return out if initial is None else call(out, initial)
        return _jnp(reduction)(a, axis, keepdims=keepdims, where=where, **options)

    def accumulate(a: Any, axis: int, dtype: Any) -> Any:
        return _jnp(running)(a, axis, dtype)

    def at(a: Array, indices: Any, b: Any) -> Any:
        return getattr(a.at[indices], update)(b)

    return ufunc(
        call, nin, 1, name=name, identity=identity, call=call, reduce=reduce if reduction else None,
        accumulate=accumulate if running else None, at=at if update else None,
    )  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _OF_NUMPY:
        raise AttributeError(name)
    found = globals()[name] = _made(name)
    return found


__all__ = ["frompyfunc", "ufunc", *_OF_NUMPY]
