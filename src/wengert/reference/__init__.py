"""The reference: every public name with arguments, formula, shapes, dtypes and derivatives, for the site and for `describe`.

It is made of docstrings and of what is known otherwise: `parameters.toml` has what shared parameters mean, `formulas.toml` formulas
and their sources, and `observed` runs a function's example to see what it does. Nothing else of the library imports from here.
"""

from .describe import Description, describe

__all__ = ["Description", "describe"]
