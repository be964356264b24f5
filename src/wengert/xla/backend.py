"""The backend: a Program is compiled by XLA once, for its types; results stay on the device as JAX's arrays.

Called as a part of something else (`Compiled.__call__`, the contract of `wengert.backends`) results are NumPy's arrays; called by
the user, through `native`, they are `jax.Array`s, and `jax.Array`s are arguments without a copy.
"""

from __future__ import annotations

import collections
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from .. import trees
from ..core import Value
from ..costs import Cost, interpreted
from ..ops.random import KEY
from ..program import Program
from . import arrays, decompositions, elementwise, loops, matrices, meshes, randomness, special, structure  # noqa: F401 (they declare rules)
from .real import Array, jax, jnp, lax, wide
from .tracing import INDEFINITE, INDEX, SINGULAR, evaluate, first, to_jax
from .traffic import Traffic

_KINDS = {bool: "b", int: "i", float: "f", complex: "c"}


class Xla:
    """The backend of this name.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> f = wengert.jit(lambda x: wnp.sum(x * x), backend="xla")  # doctest: +SKIP
        >>> f(np.array([1.0, 2.0]))  # doctest: +SKIP
        Array(5., dtype=float64)
    """

    name = "xla"

    def placement(self, x: Any) -> Any:
        """A device or a sharding as a Program's `placement` has it.

        Raises:
            ArgumentError: it is none of JAX's.
        """
        return meshes.as_sharding(x)

    def stays(self, x: Any) -> bool:
        """Whether an argument is an array on a device."""
        return isinstance(x, Array)

    def compile(self, program: Program, donated: tuple[int, ...] = ()) -> Compiled:
        """
        Raises:
            NotSupportedError: XLA lacks an operation, or a dtype.
        """
        return Compiled(program, donated)

    def lower(self, program: Program) -> Lowered:
        return Lowered(program)

    def cost(self, program: Program) -> Cost:
        return interpreted(program)

    def cache_key(self, program: Program) -> bytes | None:
        """None: XLA has a cache of its own (``jax_compilation_cache_dir``)."""
        return None


class Written:
    """A Program as a function of JAX's arrays, traced by JAX.

    Attributes:
        fails: whether the last result is a failure.
        bare: whether the only result is returned by itself, in no list.
        jitted: the function, compiled by JAX for the types and places of what it is given.
        traced: JAX's lowered function.
    """

    def __init__(self, program: Program, donated: tuple[int, ...] = ()) -> None:
        self.fails = self.bare = False
        single = program.out_tree is not None and program.out_tree == trees.structure(0.0)
        bare = single and len(program.outputs) == 1 and program.out_avals[0].dtype != KEY

        def function(*values: Any) -> list[Any]:
            failures: list[Any] = []
            given = [_keys(x) if v.aval.dtype == KEY else x for v, x in zip(program.inputs, values, strict=True)]
            outs = evaluate(program, given, failures)
            outs = [
                jax.random.key_data(o) if a.dtype == KEY else o for o, a in zip(outs, program.out_avals, strict=True)
            ]
            self.fails = bool(failures)
            self.bare = bare and not failures
            outs = placed(outs, program.placement[1] if program.placement else ())
            if self.bare:
                return outs[0]
            return [*outs, first(failures)] if failures else outs

        function.__name__ = "".join(c if c.isalnum() else "_" for c in program.name)
        ins = [] if program.placement is None else program.placement[0]
        types = []
        for v, place in zip(program.inputs, ins or [None] * len(program.inputs), strict=True):
            types.append(jax.ShapeDtypeStruct(*_stored(v.aval), sharding=place))
        options: dict[str, Any] = {"donate_argnums": donated, "keep_unused": True}
        if any(place is not None for place in ins):
            options["in_shardings"] = tuple(ins)
        with wide(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Some donated buffers were not usable")
            for v in program.inputs:
                none = (
                    (0, *v.aval.shape[1:]) if v.aval.shape else ()
                )  # the dtype counts; the array may be too large for here
                to_jax(np.zeros(none, v.aval.dtype), v.aval)
            self.jitted = jax.jit(function, **options)
            self.traced = self.jitted.lower(*types)


def placed(outs: Sequence[Any], places: Sequence[Any]) -> list[Any]:
    """Results where they are to lie."""
    given = [*places, *[None] * (len(outs) - len(places))]
    return [o if p is None else lax.with_sharding_constraint(o, p) for o, p in zip(outs, given, strict=True)]


def _keys(x: Any) -> Any:
    return jax.random.wrap_key_data(x, impl="threefry2x32")


def _stored(aval: Any) -> tuple[tuple[int, ...], Any]:
    """The shape and dtype of a value on the device: keys are pairs of words."""
    return ((*aval.shape, 2), np.dtype(np.uint32)) if aval.dtype == KEY else (aval.shape, aval.dtype)


def dicts(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], type]] | None:
    """Where the dicts of a structure of tuples, lists and dicts are, and their kinds; None of one with other nodes."""
    kind, children = tree.type, tree.children()
    if kind is None or not children:
        return []
    if kind not in (tuple, list, dict, collections.OrderedDict, collections.defaultdict):
        return None
    found = [] if kind in (tuple, list) else [(path, kind)]
    for entry, child in zip(tree.entries(), children, strict=True):
        inner = dicts(child, (*path, entry))
        if inner is None:
            return None
        found += inner
    return found


class Compiled:
    """A Program that XLA has compiled.

    Arrays of JAX's that lie elsewhere than where the Program was compiled for make JAX compile it again, for where they lie.
    """

    def __init__(self, program: Program, donated: tuple[int, ...] = ()) -> None:
        self.program = program
        self.donated = donated
        written = Written(program, donated)
        self._fails, self._bare = written.fails, written.bare
        self._run = written.jitted
        with wide():
            written.traced.compile()
        self._tree = program.in_tree
        self._dicts = None if self._tree is None else dicts(self._tree)
        self.native: Callable[[Any], Any] | None = (
            None if self._tree is None or program.out_tree is None else self._native
        )
        self._types = [(v.aval.shape, v.aval.dtype, v.aval.weak) for v in program.inputs]
        n = len(program.inputs)
        self._known: list[Any] = [None] * n  # JAX's types of the last arrays
        self._flat = (
            n if self._tree == trees.structure(((0.0,) * n, {})) else -1
        )  # arguments by position, no containers
        self._single = program.out_tree is not None and program.out_tree == trees.structure(0.0)
        self._keys = [i for i, a in enumerate(program.out_avals[: n_results(program)]) if a.dtype == KEY]
        ins = [] if program.placement is None else program.placement[0]
        # Arrays of NumPy's that are to lie with other processes, too: each process has them, and places its parts.
        self._spread = [(i, p) for i, p in enumerate(ins) if p is not None and not p.is_fully_addressable]
        if self.native is not None and self._bare and self._flat >= 0 and not self._spread:
            self.native = self._shortest()

    def __call__(self, args: Sequence[Value]) -> list[Value]:
        given = [_given(x, v.aval) for x, v in zip(args, self.program.inputs, strict=True)]
        return [_as_numpy(x, a) for x, a in zip(self._outputs(given), self.program.out_avals, strict=True)]

    def _outputs(self, given: Sequence[Any]) -> list[Any]:
        """On the device.

        Raises:
            IndexError, LinAlgError: as the eager function.
        """
        with wide():
            found = self._run(*given)
        outs = [found] if self._bare else list(found)
        if self._fails:
            check(np.asarray(outs.pop()))
        return outs

    def _shortest(self) -> Callable[[Any], Any]:
        """A call that goes to JAX at once if its arguments have the types of the last ones, arrays of JAX's in no containers."""
        run, known, n, longer, implementation = self._run, self._known, self._flat, self._native, _IMPLEMENTATION

        def call(given: Any) -> Any:
            args, kwargs = given
            if kwargs or len(args) != n:
                return longer(given)
            for x, aval in zip(args, known):  # noqa: B905 (of one length, and this is timed)
                if type(x) is not implementation or x.aval is not aval:
                    return longer(given)
            if jax.config.jax_enable_x64:
                return run(*args)
            with wide():
                return run(*args)

        return call

    def _native(self, given: Any) -> Any:
        args, kwargs = given  # guarded by benchmarks/xla.py: five microseconds beside JAX's own three
        if len(args) == self._flat and not kwargs:
            leaves = list(args)  # a container among them is no array, and is refused below
        else:
            leaves = self._leaves(given)
            if leaves is None or len(leaves) != len(self._types):
                return NotImplemented
        outs = self.on_device(leaves)
        if outs is NotImplemented:
            return outs
        return outs[0] if self._single else trees.unflatten(self.program.out_tree, outs)

    def _leaves(self, given: Any) -> list[Any] | None:
        """The leaves of arguments; None of ones in another structure. To follow the known structure is faster than to find
        one, but takes any kind of dict for any other; a container in place of an array is refused by its type, later.
        """
        if self._dicts is None:
            leaves, tree = trees.flatten(given)
            return leaves if tree == self._tree else None
        try:
            leaves = self._tree.flatten_up_to(given)
        except ValueError:
            return None
        for path, kind in self._dicts:
            node = given
            for entry in path:
                node = node[entry]
            if type(node) is not kind:
                return None
        return leaves

    def on_device(self, leaves: list[Any]) -> Any:
        """Results as arrays on the device; NotImplemented where the Program is another kind of arguments', or takes another
        way through Python control flow.
        """
        known = self._known
        for i, x in enumerate(leaves):
            if type(x) is _IMPLEMENTATION and x.aval is known[i]:
                continue
            shape, dtype, weak = self._types[i]
            kind = _KINDS.get(type(x))
            if kind is not None:
                if not weak or dtype.kind != kind:
                    return NotImplemented
                leaves[i] = np.asarray(x, dtype)
            elif weak or not isinstance(x, ARRAYS) or x.shape != shape or x.dtype != dtype:
                return NotImplemented
            elif dtype == KEY:
                leaves[i] = _given(x, self.program.inputs[i].aval)
            elif type(x) is _IMPLEMENTATION:
                known[i] = x.aval
        for i, place in self._spread:
            if not isinstance(leaves[i], Array):
                leaves[i] = arrays.place(leaves[i], place)
        outs = self._outputs(leaves)
        guards = self.program.guards
        n = len(outs) - len(guards)
        if guards:
            for guard, out in zip(guards, outs[n:], strict=True):
                if not guard.holds(np.asarray(out)):
                    return NotImplemented
        for i in self._keys:
            outs[i] = _as_numpy(outs[i], self.program.out_avals[i])
        return outs[:n]

    def place(self, x: Any) -> Any:
        """A result of `__call__` as the user gets it: on the device."""
        if isinstance(x, np.ndarray | np.generic) and x.dtype != KEY:
            with wide():
                return jnp.asarray(x)
        return x

    def raise_error(self) -> NoReturn:
        raise AssertionError("errors of the native call are raised by it")


class Lowered:
    """A Program as XLA has it, to look at.

    Attributes:
        program, optimized: the Program, which XLA optimizes in a form of its own.
    """

    def __init__(self, program: Program) -> None:
        self.program = self.optimized = program
        self._written = Written(program)

    def as_text(self) -> str:
        """StableHLO, as JAX gives it to XLA."""
        return self._written.traced.as_text()

    def hlo(self) -> str:
        """HLO, as XLA has optimized it."""
        with wide():
            return self._written.traced.compile().as_text()

    def traffic(self) -> Traffic:
        """What each device exchanges and computes: collectives, the bytes that it sends, products of matrices."""
        return Traffic(self.hlo())

    def cost(self) -> Cost:
        return interpreted(self.program)

    cost_analysis = cost

    def compile(self) -> Compiled:
        return Compiled(self.program)

    def __repr__(self) -> str:
        return f"<{self.program.name} lowered for XLA: {len(self.program)} equations>"


with wide():
    _IMPLEMENTATION = type(jnp.zeros(()))
ARRAYS = (np.ndarray, np.generic, _IMPLEMENTATION)


def n_results(program: Program) -> int:
    """How many outputs are results, and no guards."""
    return len(program.outputs) - len(program.guards)


def _given(x: Any, aval: Any) -> Any:
    if aval.dtype == KEY:
        x = np.ascontiguousarray(x)
        return x.view(np.uint32).reshape(*aval.shape, 2)
    return np.asarray(x, aval.dtype)


def _as_numpy(x: Any, aval: Any) -> Any:
    if aval.dtype == KEY:
        return np.array(x).view(KEY).reshape(aval.shape)[()]
    return np.array(x)[()] if not aval.shape else np.array(x)


def check(failure: Any) -> None:
    """Raise what a failure stands for.

    Raises:
        IndexError, LinAlgError: as the eager function.
    """
    kind, index, length = (int(v) for v in failure)
    if kind == INDEX:
        raise IndexError(f"index {index} is out of bounds for an axis of length {length}")
    if kind == SINGULAR:
        raise np.linalg.LinAlgError("Singular matrix")
    if kind == INDEFINITE:
        raise np.linalg.LinAlgError("Matrix is not positive definite")


BACKEND = Xla()
