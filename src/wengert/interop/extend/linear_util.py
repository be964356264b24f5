"""`jax.extend.linear_util`: functions of lists of arrays, and what is wrapped around them, layer by layer.

A layer is a function that calls the one below (`transformation2`) or a generator that yields the arguments for it and is
sent its results (`transformation`). A layer with something beside, such as the structure of a result, fills a store,
which is read by the function that it is returned with.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


class StoreException(Exception):  # noqa: N818 (JAX's name)
    """A store was filled twice, or read before it was filled."""


_EMPTY = object()


class Store:
    """What a layer leaves beside results."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: Any = _EMPTY

    def store(self, value: Any) -> None:
        """Fill it.

        Raises:
            StoreException: it is full.
        """
        if self.value is not _EMPTY:
            raise StoreException("Store occupied")
        self.value = value

    def read(self) -> Any:
        """What it was filled with.

        Raises:
            StoreException: it is empty.
        """
        if self.value is _EMPTY:
            raise StoreException("Store empty")
        return self.value

    def reset(self) -> None:
        self.value = _EMPTY

    def __bool__(self) -> bool:
        return self.value is not _EMPTY


class WrappedFun:
    """A function and the layers around it.

    Attributes:
        f: the function within.
        transforms: the layers and their fixed arguments, the outermost first.
        stores: what each layer fills, or None.
        params: keywords for the function.
    """

    __slots__ = ("debug_info", "f", "f_transformed", "in_type", "params", "stores", "transforms")

    def __init__(
        self, f: Any, f_transformed: Any, transforms: Any, stores: Any, params: Any, in_type: Any = None, debug_info: Any = None
    ) -> None:  # fmt: skip
        self.f, self.f_transformed, self.transforms, self.stores = f, f_transformed, transforms, stores
        self.params, self.in_type, self.debug_info = params, in_type, debug_info

    @property
    def __name__(self) -> str:
        return getattr(self.f, "__name__", "<unnamed wrapped function>")

    def wrap(
        self, layer: Callable[..., Any], arguments: tuple[Any, ...], store: Store | None, known_as: Any = None
    ) -> WrappedFun:
        """The function with one more layer around it, which compares as `known_as`."""
        below = self.f_transformed

        def f_transformed(*args: Any, **kwargs: Any) -> Any:
            if store is None:
                return layer(below, *arguments, *args, **kwargs)
            out = layer(below, *arguments, *args, **kwargs)
            if isinstance(store, Store) and type(out) is _Beside:
                store.store(out.aux)
                return out.out
            return out

        return WrappedFun(
            self.f, f_transformed, ((known_as or layer, arguments), *self.transforms), (store, *self.stores), self.params, None, self.debug_info
        )  # fmt: skip

    def call_wrapped(self, *args: Any, **kwargs: Any) -> Any:
        """The results of the function with its layers."""
        return self.f_transformed(*args, **{**dict(self.params), **kwargs})

    def replace_debug_info(self, debug_info: Any) -> WrappedFun:
        return WrappedFun(
            self.f, self.f_transformed, self.transforms, self.stores, self.params, self.in_type, debug_info
        )

    def with_unknown_names(self) -> WrappedFun:
        return self

    def populate_stores(self, stores: Any) -> None:
        """Fill the stores with what those of an equal function hold."""
        for mine, other in zip(self.stores, stores, strict=True):
            if mine is not None:
                mine.store(other.value)

    def __eq__(self, other: Any) -> bool:
        return type(other) is WrappedFun and (self.f, self.transforms, self.params) == (
            other.f, other.transforms, other.params
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash((self.f, self.transforms, self.params))

    def __repr__(self) -> str:
        layers = "\n".join([f"{i}   : {getattr(t, '__name__', t)}" for i, (t, _) in enumerate(self.transforms)])
        return f"Wrapped function:\n{layers}\nCore: {self.__name__}\n"


class _Beside:
    """Results of a layer, and what it leaves beside."""

    __slots__ = ("aux", "out")

    def __init__(self, out: Any, aux: Any) -> None:
        self.out, self.aux = out, aux


def wrap_init(f: Callable[..., Any], params: Any = None, *, debug_info: Any = None) -> WrappedFun:
    """A function without layers."""
    return WrappedFun(f, f, (), (), () if params is None else tuple(sorted(params.items())), None, debug_info)


def _curried(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def of_layer(layer: Callable[..., Any], *rest: Any, **options: Any) -> Any:
        if not rest:
            return functools.wraps(layer)(functools.partial(function, layer, **options))
        return function(layer, *rest, **options)

    return of_layer


@_curried
def transformation2(gen: Any, fun: WrappedFun, *gen_static_args: Any) -> WrappedFun:
    """A function with a layer: ``gen(fun, *gen_static_args, *args)``."""
    return fun.wrap(gen, gen_static_args, None)


@_curried
def transformation_with_aux2(gen: Any, fun: WrappedFun, *gen_static_args: Any, **_: Any) -> Any:
    """A function with a layer ``gen(fun, store, *gen_static_args, *args)``, and a function that reads the store."""
    store = Store()

    def layer(below: Any, *args: Any, **kwargs: Any) -> Any:
        return gen(below, store, *args, **kwargs)

    return fun.wrap(layer, gen_static_args, store, gen), store.read


def _generated(gen: Any, with_aux: bool) -> Callable[..., Any]:
    """The layer of a generator."""

    @functools.wraps(gen)
    def layer(below: Any, *args: Any, **kwargs: Any) -> Any:
        running = gen(*args, **kwargs)
        ins, named = next(running)
        out = running.send(below(*ins, **named))
        running.close()
        return _Beside(*out) if with_aux else out

    return layer


@_curried
def transformation(gen: Any, fun: WrappedFun, *gen_static_args: Any) -> WrappedFun:
    """A function with a layer that is a generator: it yields arguments, is sent results, and yields results."""
    return fun.wrap(_generated(gen, False), gen_static_args, None, gen)


@_curried
def transformation_with_aux(gen: Any, fun: WrappedFun, *gen_static_args: Any, **_: Any) -> Any:
    """The same with something beside results, and a function that reads it."""
    store = Store()
    return fun.wrap(_generated(gen, True), gen_static_args, store, gen), store.read


def merge_linear_aux(aux1: Callable[[], Any], aux2: Callable[[], Any]) -> tuple[bool, Any]:
    """What one of two layers left, of which one ran: whether it was the first, and what it left.

    Raises:
        StoreException: none ran, or both.
    """
    try:
        first = aux1()
    except StoreException:
        return False, aux2()
    try:
        aux2()
    except StoreException:
        return True, first
    raise StoreException("neither store occupied")


def cache(call: Callable[..., Any], *, explain: Any = None) -> Callable[..., Any]:
    """A function of a `WrappedFun` and hashable arguments whose results are kept."""
    kept: dict[Any, Any] = {}

    @functools.wraps(call)
    def cached(fun: WrappedFun, *args: Any) -> Any:
        key = (fun, args)
        if key not in kept:
            kept[key] = (call(fun, *args), fun.stores)
            return kept[key][0]
        out, stores = kept[key]
        fun.populate_stores(stores)
        return out

    cached.cache_clear = kept.clear  # type: ignore[attr-defined]
    return cached


__all__ = [
    "Store", "StoreException", "WrappedFun", "cache", "merge_linear_aux", "transformation", "transformation2", "transformation_with_aux",
    "transformation_with_aux2", "wrap_init",
]  # fmt: skip
