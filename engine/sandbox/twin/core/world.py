"""What is the state of the twin? Objects, clocks, events and what is due, changed in transactions."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol, cast

from engine.sandbox.twin.values.ids import Ids, platform_application
from engine.sandbox.twin.values.params import mark_read
from engine.sandbox.twin.values.types import Obj, Objs, as_obj, clone, public

from .agenda import Agenda, Due
from .errors import StripeError, no_such
from .parameters import template
from .settings import Settings
from .shelf import Shelf

API_VERSION = "2026-10-28.endive"
LIVE = "live"
_NAMES = {
    "payment_method": "PaymentMethod",
    "checkout.session": "checkout session",
    "test_helpers.test_clock": "test clock",
    "subscription_item": "subscription item",
    "subscription_schedule": "subscription schedule",
    "promotion_code": "promotion code",
    "webhook_endpoint": "webhook endpoint",
    "credit_note": "credit note",
}


class Part(Protocol):
    """Something beside the objects that a later `load` of the world needs too."""

    def save(self) -> Obj:
        """All of it as JSON."""
        ...

    def load(self, saved: Obj) -> None:
        """Take what was saved."""
        ...

    def forget(self) -> None:
        """Be as new."""
        ...


class World:
    """The one place that changes objects, tells the time, and writes events down."""

    def __init__(self, *, seed: str, base_url: str, wall: Callable[[], float] = time.time) -> None:
        self.seed = seed
        self.base_url = base_url
        self.wall = wall
        self.settings = Settings()
        self.dues: Callable[[World, Obj], list[Due]] = lambda _world, _obj: []
        self.keep_books: Callable[[World, str, Obj], None] = lambda _world, _type, _obj: None
        self.before_commit: Callable[[World, Objs], None] = lambda _world, _events: None
        self.live: int | None = None
        self.before_customer_deletion: list[Callable[[World, Obj], None]] = []
        self.after_payment: list[Callable[[World, Obj], None]] = []
        self.after_capture: list[Callable[[World, Obj], None]] = []
        self.after_refund: list[Callable[[World, Obj, Obj, Obj], None]] = []
        self.committed: Callable[[Objs], None] = lambda _events: None
        self.parts: dict[str, Part] = {}
        self.post: Callable[[str], None] = lambda _delivery: None
        self.behaviour: Callable[[Obj, Obj], str] = lambda _intent, method: str(method["_behaviour"])
        self.request: tuple[str | None, str | None] = (None, None)
        self.reset()

    def reset(self) -> None:
        """Forget everything, ids included."""
        self.ids = Ids(self.seed)
        # Of their own: how often somebody looks does not change what is made.
        self.request_ids = Ids(f"{self.seed}/requests")
        self.shelf = Shelf()
        self.agendas: dict[str, Agenda] = {}
        self._fresh: list[Objs] = []
        self.uncovered: Counter[str] = Counter()
        self.changes = 0
        for part in self.parts.values():
            part.forget()

    @property
    def account(self) -> str | None:
        """The connected account in which we act now; none is the platform."""
        return self.shelf.account

    @contextmanager
    def acting_as(self, account: str | None) -> Generator[None]:
        """See and make the objects of a connected account (or with none: the platform) inside the block."""
        before = self.shelf.account
        self.shelf.account = account
        try:
            yield
        finally:
            self.shelf.account = before

    def now(self, clock: str | None = None) -> int:
        """The time of a test clock, or that of the live clock: where it was told to stand, or the wall's."""
        held = self.shelf.peek(clock or "")
        if held is not None:
            return int(held["frozen_time"])
        return int(self.wall()) if self.live is None else self.live

    def now_of(self, obj: Obj) -> int:
        """The time in which an object lives."""
        return self.now(cast("str | None", obj.get("_clock")))

    def new(
        self, kind: str, prefix: str, fields: Obj, *, clock: str | None = None, id_: str | None = None
    ) -> Obj:
        """A new object: Stripe's empty values, then the fields given."""
        mark_read(list(fields.values()))
        return self._add(kind, clone(fields), id_ or self.ids.new(prefix), clock)

    def _add(self, kind: str, fields: Obj, id_: str, clock: str | None) -> Obj:
        obj: Obj = {"id": id_, **template(kind), **fields}
        obj["_clock"] = clock
        obj.setdefault("created", self.now(clock))
        if self.account is not None and "application" in obj:
            obj["application"] = obj["application"] or platform_application(self.seed)
        return self.shelf.add(obj)

    def fetch(self, kind: str, id_: str, *, param: str = "id", status: int = 404) -> Obj:
        """The object with this id; raises Stripe's resource_missing."""
        obj = self.shelf.take(id_)
        if obj is None or obj["object"] != kind or obj["_account"] != self.account:
            raise no_such(_NAMES.get(kind, kind), id_, param=param, status=status)
        return obj

    def refer(self, kind: str, id_: str, param: str) -> Obj:
        """An object named in the body; raises 400 when it does not exist or was deleted."""
        obj = self.fetch(kind, id_, param=param, status=400)
        if obj.get("deleted"):
            raise no_such(_NAMES.get(kind, kind), id_, param=param, status=400)
        return obj

    def emit(self, type_: str, obj: Obj, *, before: Obj | None = None) -> None:
        """Write an event down; it leaves when the transaction commits."""
        data: Obj = {"object": public(obj)}
        if before is not None:
            data["previous_attributes"] = difference(public(before), data["object"])
        clock = cast("str | None", obj.get("_clock"))
        if obj["object"] == "test_helpers.test_clock":
            clock = cast("str", obj["id"])
        request_id, key = self.request
        account = cast("str | None", obj.get("_account"))
        event = self._add(
            "event",
            {
                "api_version": API_VERSION,
                "data": data,
                "pending_webhooks": 0,
                "request": {"id": request_id, "idempotency_key": key},
                "type": type_,
                "_account": account,
                **({"account": account} if account else {}),
            },
            self.ids.new("evt"),
            clock,
        )
        if self._fresh:
            self._fresh[-1].append(event)
        self.keep_books(self, type_, obj)

    def mark(self) -> int:
        """Where the next event of this transaction will stand, for `reorder`."""
        return len(self._fresh[-1]) if self._fresh else 0

    def reorder(self, mark: int, order: tuple[str, ...]) -> None:
        """Bring the events since a mark into the order in which Stripe makes them; others stay in front."""
        if not self._fresh:
            return
        made = self._fresh[-1][mark:]
        numbers = [event["_n"] for event in made]
        made.sort(key=lambda event: order.index(event["type"]) if event["type"] in order else -1)
        for event, number in zip(made, numbers, strict=True):
            event["_n"] = number
        self._fresh[-1][mark:] = made

    @contextmanager
    def transaction(self, *, request: tuple[str | None, str | None] = (None, None)) -> Generator[None]:
        """All or nothing, unless the error itself says that what was done stands."""
        self.request = request
        self.shelf.begin()
        self._fresh.append([])
        try:
            yield
        except StripeError as error:
            if not error.keeps_state:
                self.shelf.rollback()
                self._fresh.pop()
                raise
            self._commit()
            raise
        except BaseException:
            self.shelf.rollback()
            self._fresh.pop()
            raise
        self._commit()

    @contextmanager
    def dry_run(self) -> Generator[None]:
        """Whatever happens inside leaves neither objects nor events behind."""
        self._fresh.append([])
        try:
            with self.shelf.undone():
                yield
        finally:
            self._fresh.pop()

    def _commit(self) -> None:
        self.before_commit(self, self._fresh[-1])
        events = self._fresh.pop()
        for id_ in self.shelf.commit():
            self.schedule(id_)
        self.changes += 1
        self.committed(events)

    def schedule(self, id_: str) -> None:
        """Bring the agenda up to date with one object."""
        obj = self.shelf.peek(id_)
        clock = LIVE if obj is None else cast("str | None", obj.get("_clock")) or LIVE
        if obj is None:
            for agenda in self.agendas.values():
                agenda.put(id_, [])
        elif obj["object"] != "event":
            self.agenda(clock).put(id_, self.dues(self, obj), number=obj["_n"])

    def agenda(self, clock: str) -> Agenda:
        """What is due on a clock (`live` for the wall's)."""
        return self.agendas.setdefault(clock, Agenda())

    def save(self) -> Obj:
        """Everything that a later `load` needs."""
        return {
            "count": self.ids.count,
            "requests": self.request_ids.count,
            "live": self.live,
            "settings": asdict(self.settings),
            "uncovered": dict(self.uncovered),
            "parts": {name: part.save() for name, part in self.parts.items()},
            "objects": self.shelf.everything(),
        }

    def load(self, saved: Obj) -> None:
        """Take a saved state."""
        self.ids.count = saved["count"]
        self.request_ids.count = saved["requests"]
        self.live = saved["live"]
        self.settings = Settings(**saved["settings"])
        self.uncovered = Counter(saved["uncovered"])
        self.shelf.restore(saved["objects"])
        for id_ in list(self.shelf.objects):
            self.schedule(id_)
        for name, part in self.parts.items():
            part.load(saved["parts"][name])


def difference(before: Obj, after: Obj) -> Obj:
    """`previous_attributes`: the former values of what changed, hashes compared field by field."""
    changed: Obj = {}
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        nested = isinstance(old, dict) and isinstance(new, dict) and "data" not in old
        changed[name] = difference(cast("Obj", old), cast("Obj", new)) if nested else clone(_bare(old))
    return changed


def _bare(value: Any) -> Any:
    named = as_obj(value)
    return {"data": named["data"]} if named is not None and "data" in named else value
