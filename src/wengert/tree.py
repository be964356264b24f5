"""Functions on trees of arrays under short names, as `jax.tree` has them: `tree.map(f, params)`.

Names only: the functions and their documentation stand in `trees.py` and `tree_util.py`.
"""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from wengert.tree_util import (
    static,
)
from wengert.tree_util import (
    tree_all as all,
)
from wengert.tree_util import (
    tree_broadcast as broadcast,
)
from wengert.tree_util import (
    tree_flatten as flatten,
)
from wengert.tree_util import (
    tree_flatten_with_path as flatten_with_path,
)
from wengert.tree_util import (
    tree_leaves as leaves,
)
from wengert.tree_util import (
    tree_leaves_with_path as leaves_with_path,
)
from wengert.tree_util import (
    tree_map as map,
)
from wengert.tree_util import (
    tree_map_with_path as map_with_path,
)
from wengert.tree_util import (
    tree_reduce as reduce,
)
from wengert.tree_util import (
    tree_reduce_associative as reduce_associative,
)
from wengert.tree_util import (
    tree_structure as structure,
)
from wengert.tree_util import (
    tree_transpose as transpose,
)
from wengert.tree_util import (
    tree_unflatten as unflatten,
)

from .nearest import nearest_names as _nearest_names

__all__ = [
    "all",
    "broadcast",
    "flatten",
    "flatten_with_path",
    "leaves",
    "leaves_with_path",
    "map",
    "map_with_path",
    "reduce",
    "reduce_associative",
    "static",
    "structure",
    "transpose",
    "unflatten",
]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
