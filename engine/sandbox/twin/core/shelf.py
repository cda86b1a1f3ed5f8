"""Where do objects live? In memory, indexed by kind and customer; a journal can take a request back."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

from engine.sandbox.twin.values.types import Obj, Objs, clone


class Shelf:
    """All objects by id; whatever is changed between `begin` and `commit` can be rolled back.

    `account` is the connected account (or none: the platform) whose objects `kind` and `find` see and in
    which new objects are kept.
    """

    def __init__(self) -> None:
        self.account: str | None = None
        self.objects: dict[str, Obj] = {}
        self._kinds: dict[tuple[str | None, str], dict[str, Obj]] = {}
        self._owned: dict[tuple[str, str], dict[str, Obj]] = {}
        self._journals: list[dict[str, Obj | None]] = []
        self._sequence = 0

    def add(self, obj: Obj) -> Obj:
        """Keep a new object."""
        self._sequence += 1
        obj["_n"] = self._sequence
        obj.setdefault("_account", self.account)
        if self._journals:
            self._journals[-1].setdefault(obj["id"], None)
        self._index(obj)
        return obj

    def peek(self, id_: str) -> Obj | None:
        """An object for reading only."""
        return self.objects.get(id_)

    def take(self, id_: str) -> Obj | None:
        """An object that may be changed: its former state is in the journal."""
        obj = self.objects.get(id_)
        if obj is not None:
            self._touch(obj)
        return obj

    def remove(self, obj: Obj) -> None:
        """Forget an object."""
        self._touch(obj)
        self._drop(obj)

    def kind(self, kind: str) -> Iterator[Obj]:
        """Every object of a kind, oldest first, for reading only."""
        return iter(sorted(self._kinds.get((self.account, kind), {}).values(), key=_number))

    def everywhere(self, kind: str) -> Iterator[Obj]:
        """Every object of a kind in whatever account, oldest first, for reading only."""
        shelves = [held.values() for (_, name), held in self._kinds.items() if name == kind]
        return iter(sorted((obj for shelf in shelves for obj in shelf), key=_number))

    def everything(self) -> Objs:
        """Every object there is, oldest first, for reading only."""
        return sorted(self.objects.values(), key=_number)

    def find(self, kind: str, *, customer: str | None = None, **equal: Any) -> Objs:
        """The objects of a kind with these values, oldest first; they may be changed."""
        if customer is None:
            shelf = self._kinds.get((self.account, kind), {})
        else:
            shelf = self._owned.get((kind, customer), {})
        found = [
            obj for obj in shelf.values() if all(obj.get(name) == value for name, value in equal.items())
        ]
        for obj in found:
            self._touch(obj)
        return sorted(found, key=_number)

    def owned(self, kind: str, customer: str) -> Iterator[Obj]:
        """Every object of a kind that belongs to a customer, in no order, for reading only."""
        return iter(self._owned.get((kind, customer), {}).values())

    def begin(self) -> None:
        """Start to write down what changes."""
        self._journals.append({})

    def commit(self) -> list[str]:
        """Keep what changed; answers the ids that were taken, added or removed."""
        return list(self._journals.pop())

    def rollback(self) -> None:
        """Undo everything since the last `begin`."""
        for id_, before in reversed(self._journals.pop().items()):
            present = self.objects.get(id_)
            if before is None:
                if present is not None:
                    self._drop(present)
                continue
            if present is None:
                self._index(before)
                continue
            self._drop(present)
            present.clear()
            present.update(before)
            self._index(present)

    @contextmanager
    def undone(self) -> Generator[None]:
        """Whatever happens inside is taken back at the end."""
        self.begin()
        try:
            yield
        finally:
            self.rollback()

    def restore(self, objects: Objs) -> None:
        """Replace everything by a saved state."""
        self.objects, self._kinds, self._owned = {}, {}, {}
        for obj in objects:
            self._index(obj)
            self._sequence = max(self._sequence, obj["_n"])

    def _index(self, obj: Obj) -> None:
        self.objects[obj["id"]] = obj
        self._kinds.setdefault((obj.get("_account"), obj["object"]), {})[obj["id"]] = obj
        if (owner := _owner(obj)) is not None:
            self._owned.setdefault((obj["object"], owner), {})[obj["id"]] = obj

    def _drop(self, obj: Obj) -> None:
        self.objects.pop(obj["id"], None)
        self._kinds.get((obj.get("_account"), obj["object"]), {}).pop(obj["id"], None)
        if (owner := _owner(obj)) is not None:
            self._owned.get((obj["object"], owner), {}).pop(obj["id"], None)

    def own(self, obj: Obj, customer: str | None) -> None:
        """Move an object to a customer (or to none), so that it is found there."""
        self._touch(obj)
        self._drop(obj)
        obj["customer"] = customer
        self._index(obj)

    def _touch(self, obj: Obj) -> None:
        if self._journals and obj["id"] not in self._journals[-1]:
            self._journals[-1][obj["id"]] = cast("Obj", clone(obj))


def _owner(obj: Obj) -> str | None:
    """The customer whose an object is; `_customer` where Stripe does not show it."""
    owner = obj.get("customer", obj.get("_customer"))
    return owner if isinstance(owner, str) else None


def _number(obj: Obj) -> int:
    return cast("int", obj["_n"])
