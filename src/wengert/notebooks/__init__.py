"""Running notebooks and scripts: `run` and what it shows while it does, `page` the HTML that is left behind.

Nothing else of the library imports from here; the libraries for notebooks are an extra (``wengert[notebooks]``).
"""
