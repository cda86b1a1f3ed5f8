"""What was sent, and who read it? Parameters that remember, level by level, what nobody looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .types import Obj, as_list, as_obj, clone

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_values

# Taken everywhere: it acts on the answer alone.
_OF_EVERY_CALL = frozenset({"expand"})


class Params(dict[str, Any]):
    """The checked parameters of one call; hashes inside are Params of their own.

    What is read by its name, walked through, taken `whole` or `ignored` is covered. The rest is something
    that the twin does not play: the call is refused, so that nothing is dropped silently.
    """

    def __init__(self, values: Obj) -> None:
        super().__init__({name: _remembering(value) for name, value in values.items()})
        self._read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._read.add(str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self._read.update(super().keys())
        return super().__iter__()

    def items(self) -> dict_items[str, Any]:
        """All of this level, which counts as read."""
        self._read.update(super().keys())
        return super().items()

    def values(self) -> dict_values[str, Any]:
        """All of this level, which counts as read."""
        self._read.update(super().keys())
        return super().values()

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or the default where it was not given."""
        self._read.add(name)
        return super().get(name, default)

    def whole(self, name: str, default: Any = None) -> Any:
        """A plain copy of a value that is kept and shown as it is; everything in it counts as read."""
        value = self.get(name, default)
        mark_read(value)
        return clone(value)

    def hand_on(self, *names: str) -> Obj:
        """Those of these that were given, for a function that reads them; hashes inside go on remembering."""
        return {name: self[name] for name in names if name in self}

    def ignore(self, *names: str) -> None:
        """Take these without any effect: what they do is out of sight of the API."""
        for name in names:
            mark_read(self.get(name))

    def unread(self, where: str = "") -> list[str]:
        """The paths (`items[0][price_data]`) of what was given and never looked at."""
        found: list[str] = []
        for name in super().keys():  # noqa: SIM118 -- walking the hash itself would count as reading it
            if name in _OF_EVERY_CALL:
                continue
            path = f"{where}[{name}]" if where else name
            found += [path] if name not in self._read else _unread(super().__getitem__(name), path)
        return found


def mark_read(value: Any) -> None:
    """Count a value and everything inside it as read."""
    if isinstance(value, Params):
        for item in value.values():
            mark_read(item)
    for item in as_list(value) or ():
        mark_read(item)


def _remembering(value: Any) -> Any:
    if isinstance(value, Params):
        return value
    if (named := as_obj(value)) is not None:
        return Params(named)
    if (listed := as_list(value)) is not None:
        return [_remembering(item) for item in listed]
    return value


def _unread(value: Any, where: str) -> list[str]:
    if isinstance(value, Params):
        return value.unread(where)
    found: list[str] = []
    for index, item in enumerate(as_list(value) or ()):
        found += _unread(item, f"{where}[{index}]")
    return found
