"""A plugin of pytest: ``pytest --as-jax`` runs tests that were written for JAX with this library under JAX's names.

It stands beside the package, so that pytest does not import the library where the option is not given.
"""

from typing import Any

import pytest


def pytest_addoption(parser: Any) -> None:
    """The option, which ``WENGERT_AS_JAX=1`` in the environment stands for."""
    parser.getgroup("wengert").addoption(
        "--as-jax", action="store_true", default=False, help="import jax means wengert, in conftest.py too"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: Any) -> None:
    """Before any conftest.py is imported, which may import jax."""
    import os

    if early_config.known_args_namespace.as_jax:
        import wengert

        wengert.as_jax()
    elif os.environ.get("WENGERT_AS_JAX"):
        import wengert  # noqa: F401 - looks at the variable itself
