"""The same calls and the same seed: the same bytes, across runs and across a restart."""
