"""The tests have a disk cache of their own, empty at first: they neither use the user's nor fill it."""

import os
import tempfile

_cache = tempfile.TemporaryDirectory(prefix="wengert-tests-")
os.environ.update(WENGERT_CACHE_DIR=_cache.name, WENGERT_CACHE="1")  # read by wengert when it is imported
os.environ.pop("WENGERT_CACHE_BYTES", None)
os.environ["WENGERT_VERIFY"] = "1"  # the result of every pass of the compiler is checked
# Beside JAX (`make peers`) tests have eight devices, for meshes; read when JAX makes its first array.
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=8")
