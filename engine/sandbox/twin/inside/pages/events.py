"""What did the twin tell, and who took it? Events, and one with its deliveries and their attempts."""

from __future__ import annotations

from collections.abc import Sequence

from engine.sandbox.twin.deliveries import records
from engine.sandbox.twin.hosted.html import Html, Part, badge, el, join
from engine.sandbox.twin.inside import course, pieces
from engine.sandbox.twin.inside.view import Page, Question, View
from engine.sandbox.twin.values.types import Obj, Objs, public

_LATEST = 20


def listed(view: View, question: Question) -> Page:
    """All events, of one type or about one object where it is asked."""
    wanted, about_id = question.get("type"), question.get("about")
    found = [
        event
        for event in view.all("event")
        if wanted in event["type"] and (not about_id or _is_about(event, about_id))
    ]
    filtering = pieces.searching(question, (("type", "Type, such as invoice."), ("about", "Id of an object")))
    return Page("Events", (filtering, pieces.paged(question, found, lambda some: table(view, some))))


def about(view: View, id_: str) -> Html:
    """The latest events about an object, or about what belongs to a customer."""
    found = [event for event in view.all("event") if _is_about(event, id_)]
    beside = el("a", f"all {len(found):,}", href=f"/inside/events?about={id_}") if found else None
    return pieces.section("Latest events", table(view, found[:_LATEST]), beside=beside)


def _is_about(event: Obj, id_: str) -> bool:
    held = event["data"]["object"]
    return id_ in {str(held.get(name)) for name in ("id", "customer", "subscription", "invoice")} or (
        _billed(held) == id_
    )


def _billed(held: Obj) -> str | None:
    """The subscription that an invoice bills."""
    return course.subscription_of(held) if held["object"] == "invoice" else None


def table(view: View, some: Sequence[Obj]) -> Html:
    """Some events, a row each, with the state of their deliveries."""
    told: dict[str, Objs] = {event["id"]: [] for event in some}
    for record in view.world.shelf.everywhere(records.KIND):
        if record["event"] in told:
            told[record["event"]].append(record)
    rows = (
        (
            pieces.when(event["created"]),
            pieces.ref(view.world, event, event["type"]),
            _named(view, event["data"]["object"]),
            pieces.ref(view.world, event["request"]["id"]),
            _states(told[event["id"]]),
        )
        for event in some
    )
    return pieces.table(("When", "Event", "About", "Request", "Deliveries"), rows, "No event.")


def _states(told: Objs) -> Part:
    return join([state for record in told for state in (pieces.state(record["state"]), " ")]) or pieces.none()


def _named(view: View, held: Obj) -> Part:
    return pieces.ref(view.world, held["id"]) if held.get("id") else str(held["object"])


def one(view: View, question: Question) -> Page | None:
    """One event."""
    event = view.world.shelf.peek(question.id)
    if event is None or event["object"] != "event":
        return None
    deliveries = records.of_event(view.world, event["id"])
    former = event["data"].get("previous_attributes")
    return Page(
        event["type"],
        (
            _facts(view, event),
            pieces.section("Deliveries", *_deliveries(view, deliveries), beside=_resend(event)),
            pieces.section("What changed, before", pieces.raw(view.world, former)) if former else None,
            pieces.section(
                "The object as it was told", pieces.raw(view.world, public(event["data"]["object"]))
            ),
        ),
    )


def _facts(view: View, event: Obj) -> Html:
    return pieces.facts(
        ("Id", event["id"]),
        ("Created", pieces.when(event["created"])),
        ("About", _named(view, event["data"]["object"])),
        ("Request", pieces.ref(view.world, event["request"]["id"])),
        ("Idempotency key", event["request"]["idempotency_key"] or pieces.none()),
        ("Account", pieces.ref(view.world, event["_account"]) if event["_account"] else "platform"),
        ("Pending webhooks", str(event["pending_webhooks"])),
    )


def _resend(event: Obj) -> Html:
    button = el("button", "Send once more", type="submit")
    return el("form", button, method="post", action=f"/inside/events/{event['id']}/resend")


def _deliveries(view: View, deliveries: Objs) -> list[Html]:
    if not deliveries:
        return [el("p", "No endpoint wanted it.", class_="empty")]
    return [_delivery(view, record) for record in deliveries]


def _delivery(view: View, record: Obj) -> Html:
    endpoint = view.world.shelf.peek(record["webhook_endpoint"])
    head: list[Part] = [
        pieces.state(record["state"]),
        " ",
        pieces.ref(view.world, record["webhook_endpoint"]),
        f" {endpoint['url'] if endpoint else '(endpoint deleted)'}",
        [" · next attempt ", pieces.when(record["next_attempt"])] if record["next_attempt"] else None,
        f" · fault: {record['fault']}" if record["fault"] else None,
    ]
    rows = (
        (
            pieces.when(attempt["at"]),
            _answer(attempt),
            "by hand" if attempt["by_hand"] else "copy" if attempt["copy"] else "",
            el("code", attempt["response"] or ""),
        )
        for attempt in record["attempts"]
    )
    return el("div", el("p", *head), pieces.table(("When", "Answer", "", "Body"), rows, "Not tried yet."))


def _answer(attempt: Obj) -> Html:
    status = attempt["status"]
    if status is None:
        return badge(str(attempt["error"]), "bad")
    return badge(str(status), "good" if 200 <= status < 300 else "bad")  # noqa: PLR2004 -- 2xx
