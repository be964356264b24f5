"""How Sphinx builds the documentation; `make docs` calls it on the copy that `tools/site.py` makes."""

import json
import re
from pathlib import Path

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

import wengert

project = "Wengert"
author = "the Wengert authors"
copyright = "2026, the Wengert authors"  # noqa: A001 - Sphinx's name
release = version = wengert.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build", "README.md"]
nitpicky = False

# Docstrings: names in single backquotes are code, types stand in the signature.
default_role = "code"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

# Pages: MyST. Tutorials are notebooks as text; a cell that raises fails the build.
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
suppress_warnings = ["misc.highlighting_failure", "mystnb.unknown_mime_type"]

# Everything a page needs lies in the folder: it is read from `file://` and without network.
html_theme = "furo"
html_title = f"Wengert {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it would fetch pages, which browsers do not let files do
html_math_renderer = "mathml"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True


def _inline(translator, node):
    translator.body.append(convert(node.astext()))
    raise SkipNode


def _block(translator, node):
    translator.body.append(convert(node.astext(), display="block"))
    raise SkipNode


def _plurals(app, what, name, obj, options, lines):
    """`name`s is code and an s, which reStructuredText wants to be told."""
    lines[:] = [re.sub(r"(?<!`)(`[^`]+`)(?=[a-z])", r"\1\\ ", line) for line in lines]


DOCSTRINGS = json.loads((Path(__file__).parent / "docstrings.json").read_text())


def _completed(app, what, name, obj, options, lines):
    """The docstring as `tools/site.py` completed it, with every parameter described."""
    if name in DOCSTRINGS:
        lines[:] = [*DOCSTRINGS[name], ""]


def setup(app):
    """Formulas become MathML, which browsers draw themselves: no script, and no network."""
    app.connect("autodoc-process-docstring", _completed, priority=100)
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-process-docstring", _plurals)
