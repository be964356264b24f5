"""The version of JAX whose names and random streams are followed."""

VERSION_INFO = (0, 10, 2)
VERSION = ".".join(map(str, VERSION_INFO))
