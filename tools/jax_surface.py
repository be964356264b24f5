"""Write docs/jax-missing.md: the public names and keywords of JAX that `wengert.interop.jax_names` lacks.

The names are taken from the package itself, in an interpreter that has it (that of ``make bench`` by default):

    python tools/jax_surface.py [--jax .venv-bench/bin/python] [--json PATH]

What a module of JAX's merely imports for its own use is no public name: modules of other places, the standard library's
and NumPy's objects, and the helpers of modules that are written where they are imported from (`OWN`).
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "jax-missing.md"
ENVIRONMENT = ROOT / ".venv-bench" / "bin" / "python"

# Modules with a meaning on one machine; those below them are found.
PACKAGES = (
    "jax", "jax.numpy", "jax.lax", "jax.nn", "jax.random", "jax.scipy", "jax.image", "jax.ops", "jax.dtypes", "jax.tree",
    "jax.tree_util", "jax.custom_batching", "jax.custom_derivatives", "jax.custom_transpose", "jax.ad_checkpoint", "jax.debug",
    "jax.errors", "jax.core", "jax.sharding", "jax.stages", "jax.typing", "jax.profiler", "jax.monitoring",
    "jax.flatten_util", "jax.test_util", "jax.memory", "jax.ref", "jax.dlpack", "jax.api_util", "jax.experimental",
    "jax.experimental.checkify", "jax.experimental.jet", "jax.experimental.sparse", "jax.experimental.ode",
    "jax.experimental.shard_map", "jax.experimental.mesh_utils", "jax.experimental.pjit",
    "jax.experimental.multihost_utils", "jax.experimental.layout",
)  # fmt: skip
BELOW = ("jax.numpy", "jax.nn", "jax.scipy", "jax.lax", "jax.image")
# Modules that define their helpers beside what they are imported for.
OWN = {
    "jax.experimental.ode": {"odeint"},
    "jax.experimental.jet": {"jet", "jet_rules", "fact", "zero_series"},
    "jax.experimental.mesh_utils": {"create_device_mesh", "create_hybrid_device_mesh"},
    "jax.experimental.shard_map": {"shard_map"},
    "jax.experimental.multihost_utils": {
        "process_allgather",
        "sync_global_devices",
        "broadcast_one_to_all",
        "assert_equal",
    },
    "jax.experimental.pjit": {"pjit", "AUTO", "UNSPECIFIED"},
    "jax.experimental.sparse": None,
}
# Places that mean nothing where there is no XLA, no other process and no other device: none of them is counted.
NOWHERE = {
    "jax": {
        "distributed", "export", "ffi", "interpreters", "lib", "jax2tf_associative_scan_reductions", "extend", "cloud_tpu_init",
        "version", "collect_profile", "tools", "ad", "sharding_in_types",
    },
    "jax.experimental": {"cur_qdd", "compilation_cache"},
}  # fmt: skip


def modules() -> list[str]:
    """The public modules, those below `BELOW` included."""
    found = list(PACKAGES)
    for name in BELOW:
        package = importlib.import_module(name)
        names = [below.name for below in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{name}.")]
        found += [below for below in names if not any(part.startswith("_") for part in below.split("."))]
    return sorted(set(found))


def _public(module: str, name: str, value: Any) -> bool:
    """Whether a name of a module is there for its users."""
    if name.startswith("_") or name in NOWHERE.get(module, ()):
        return False
    own = OWN.get(module)
    if own is not None:
        return name in own
    if isinstance(value, ModuleType):
        return value.__name__ == f"{module}.{name}"
    home = getattr(value, "__module__", None) or ""
    if inspect.isclass(value) or inspect.isroutine(value):
        return (
            home.split(".")[0] in ("jax", "jaxlib", "ml_dtypes", "numpy", "optree", "builtins") or module == "jax.numpy"
        )
    return type(value).__name__ not in ("_Feature", "TypeVar", "_SpecialForm")


def parameters(value: Any) -> list[list[Any]] | None:
    """The name, kind and whether there is a default, of each parameter."""
    if not callable(value):
        return None
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[p.name, int(p.kind), p.default is not p.empty] for p in found]


def surface(names: dict[str, list[str]] | None = None) -> dict[str, dict[str, Any]]:
    """The public names of each module with the parameters of what is called.

    Args:
        names: the modules and names to look at; left out, all public ones.
    """
    out: dict[str, dict[str, Any]] = {}
    for module in modules() if names is None else names:
        try:
            place = importlib.import_module(module)
        except ImportError:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = dir(place) if names is None else names[module]
            found = {}
            for name in wanted:
                try:
                    value = getattr(place, name)
                except AttributeError:
                    continue
                if names is not None or _public(module, name, value):
                    found[name] = {"parameters": None if isinstance(value, type) and names else parameters(value)}
                    found[name]["class"] = isinstance(value, type)
                    if isinstance(value, type) and module != "jax.numpy":
                        found[name]["parameters"] = parameters(value)
        out[module] = found
    return out


def missing(
    theirs: dict[str, dict[str, Any]], ours: dict[str, dict[str, Any]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The names of each module that are not there, and the keywords of each function."""
    names, keywords = {}, {}
    for module, wanted in theirs.items():
        if module not in ours:
            names[module] = sorted(wanted)
            continue
        names[module] = sorted(set(wanted) - set(ours[module]))
        for name, theirs_is in wanted.items():
            have = ours[module].get(name)
            if have is None or theirs_is["parameters"] is None or have["parameters"] is None:
                continue
            taken = {p[0] for p in have["parameters"] if p[1] in (1, 3)}
            if any(p[1] == 4 for p in have["parameters"]):
                continue
            absent = [p[0] for p in theirs_is["parameters"] if p[1] in (1, 3) and p[0] not in taken]
            if absent:
                keywords[f"{module}.{name}"] = absent
    return names, keywords


def page(version: str, theirs: dict[str, dict[str, Any]], ours: dict[str, dict[str, Any]]) -> str:
    names, keywords = missing(theirs, ours)
    total = sum(map(len, theirs.values()))
    lines = [
        "# What is missing of JAX's public names",
        "",
        "Written by `tools/jax_surface.py`, do not edit. [jax.md](jax.md) says what the names mean here.",
        "",
        f"Of the {total:,} public names of the modules of JAX {version} that mean something on one machine, "
        f"{sum(map(len, names.values())):,} are missing; of the functions that are there, {len(keywords):,} lack a keyword.",
        "",
        "| module | names | missing | which |",
        "| --- | ---: | ---: | --- |",
    ]
    for module, wanted in theirs.items():
        lines.append(
            f"| `{module}` | {len(wanted)} | {len(names[module])} | {', '.join(f'`{n}`' for n in names[module])} |"
        )
    lines += ["", "| function | keywords that it lacks |", "| --- | --- |"]
    lines += [f"| `{name}` | {', '.join(f'`{k}`' for k in absent)} |" for name, absent in keywords.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Compare, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jax", default=str(ENVIRONMENT), help="an interpreter that has jax")
    parser.add_argument("--json", help="write the missing names and keywords there, too")
    parser.add_argument("--collect", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.collect:
        import jax

        print(json.dumps([jax.__version__, surface()]))
        return
    done = subprocess.run(
        [options.jax, __file__, "--collect"], capture_output=True, text=True, check=True, env={"JAX_PLATFORMS": "cpu"}
    )
    version, theirs = json.loads(done.stdout)
    from wengert.interop import jax_names

    with jax_names.as_jax():
        ours = surface({module: list(names) for module, names in theirs.items()})
    PAGE.write_text(page(version, theirs, ours))
    names, keywords = missing(theirs, ours)
    if options.json:
        Path(options.json).write_text(json.dumps({"names": names, "keywords": keywords}, indent=1))
    print(
        f"{sum(map(len, names.values()))} names and {sum(map(len, keywords.values()))} keywords are missing",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
