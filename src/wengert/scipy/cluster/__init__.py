"""scipy.cluster for arrays and values under transformation: vector quantization, in `vq`."""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from typing import TYPE_CHECKING as _TYPE_CHECKING

from ...nearest import modules_on_first_use as _modules_on_first_use

if _TYPE_CHECKING:
    from . import vq

__all__ = ["vq"]

__getattr__ = _modules_on_first_use(__name__, __all__)
__dir__ = __all__.copy
