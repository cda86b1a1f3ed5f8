"""How fast is it here? Measured over HTTP, beside a bare baseline of the same machine and minute."""

from .attach import measure_attach
from .twin import measure_twin

__all__ = ["measure_attach", "measure_twin"]
