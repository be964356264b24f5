"""What the programs `page_*` print of a call."""

import jax
import jax.numpy as jnp
import numpy as np


def show(label, f, *args, **kwargs):
    """Print what a call gives: numbers, types, weakness; of an error its class and how its message begins."""
    try:
        out = f(*args, **kwargs)
    except Exception as error:
        kinds = [c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins" and issubclass(c, Exception)]
        print(label, "raises", "/".join(sorted(kinds)), "|", (str(error).splitlines() or [""])[0][:64])
        return
    for path, leaf in jax.tree_util.tree_leaves_with_path(out):
        if isinstance(leaf, (str, type(None))) or not hasattr(jnp.result_type(leaf), "name"):
            print(label, jax.tree_util.keystr(path), leaf)
            continue
        kind = jax.typeof(leaf)
        print(
            label,
            jax.tree_util.keystr(path),
            kind.str_short(),
            "weak" if kind.weak_type else "",
            np.asarray(leaf).tolist(),
        )
