"""Executable examples of pricing behaviour, played through the public API alone."""
