"""How much is drawn? A few examples, the same each time, in `make test`; many new ones in `make laws`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

MANY = int(os.environ.get("WALLSTREET_LAWS", "0"))
"""How many examples `make laws` asks for; none means a quick run."""


def law(few: int, *, steps: int = 25) -> settings:
    """Settings that draw a few examples, or as many as asked for."""
    return settings(
        deadline=None,
        derandomize=not MANY,
        max_examples=MANY or few,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType] -- its metaclass is untyped
    )
