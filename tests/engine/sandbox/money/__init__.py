"""Payments and the twin's own books."""
