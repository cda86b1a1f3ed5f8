"""How wide is what we print?"""

from __future__ import annotations

from rich.console import Console

WIDTH = 118
"""Columns of what tells nothing of itself, such as a pipe or a file."""


def screen() -> Console:
    """A console as wide as the terminal that is looked at, and of a fixed width elsewhere."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)
