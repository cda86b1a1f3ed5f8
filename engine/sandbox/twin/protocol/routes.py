"""Which call goes where? Every endpoint of Stripe that the data files know, played or not."""

from __future__ import annotations

from engine.sandbox.twin.core.parameters import endpoints

from .asked import Asked


class Router:
    """Finds the endpoint of a method and a path."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], list[tuple[str, list[str]]]] = {}
        for endpoint in sorted(endpoints(), key=lambda name: name.replace("{", "~")):
            method, path = endpoint.split(" ")
            parts = path.split("/")
            self._known.setdefault((method, len(parts)), []).append((endpoint, parts))

    def find(self, asked: Asked) -> None:
        """Write down which endpoint is asked for, and the ids in the path; nothing where Stripe has none."""
        given = asked.path.split("/")
        for endpoint, parts in self._known.get((asked.method, len(given)), []):
            named = {part[1:-1]: value for part, value in zip(parts, given, strict=True) if part[:1] == "{"}
            fixed = all(part[:1] == "{" or part == value for part, value in zip(parts, given, strict=True))
            if fixed and all(named.values()):
                asked.endpoint, asked.ids = endpoint, named
                return
