"""SciPy's namespaces for arrays and values under transformation: special, linalg, stats."""
