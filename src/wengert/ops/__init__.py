"""Primitives, one room per kind, and the functions that bind them."""

from ..core import LATE


def import_all_operations() -> None:
    """Import every file of operations, as a primitive that is unpickled may stand in one that was not."""
    import pkgutil
    from importlib import import_module

    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        import_module(module.name)


LATE.append(import_all_operations)
