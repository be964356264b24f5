"""A small library as people write them: modules that import from each other, classes, dataclasses, generators, partials."""
