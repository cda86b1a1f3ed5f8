"""What happened to a subscription, and what comes next? The list, and one with its timeline."""

from __future__ import annotations

from collections.abc import Sequence

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.hosted.html import Html, Part, el, join
from engine.sandbox.twin.inside import course, pieces, timeline
from engine.sandbox.twin.inside.view import Page, Question, View
from engine.sandbox.twin.values.types import Obj, inside, public

from . import events, invoices, requests

_LONGEST = 200


def listed(view: View, question: Question) -> Page:
    """All subscriptions, of one status or one customer where it is asked."""
    status, customer = question.get("status"), question.get("customer")
    found = [
        held
        for held in (view.of_customer("subscription", customer) if customer else view.all("subscription"))
        if status in {"", held["status"]}
    ]
    return Page(
        "Subscriptions",
        (
            pieces.searching(question, (("status", "Status, such as past_due"), ("customer", "Customer"))),
            pieces.paged(question, found, lambda some: table(view, some)),
        ),
    )


def table(view: View, some: Sequence[Obj], *, customers: bool = True) -> Html:
    """Some subscriptions, a row each."""
    heads = ("Subscription", *(("Customer",) if customers else ()), "Status", "Items", "Next", "Created")
    return pieces.table(heads, (_row(view, held, customers=customers) for held in some), "No subscription.")


def _row(view: View, held: Obj, *, customers: bool) -> list[Part]:
    who: list[Part] = [customer_of(view, held.get("customer"))] if customers else []
    coming = course.to_come(view.world, held)
    return [
        pieces.ref(view.world, held),
        *who,
        pieces.state(held["status"]),
        pieces.plan_of(view.world, items_of(held)),
        [pieces.when(coming[0].at), el("small", coming[0].what)] if coming else pieces.none(),
        pieces.when(held["created"]),
    ]


def customer_of(view: View, id_: str | None) -> Part:
    """A link to a customer by its name."""
    held = view.world.shelf.peek(id_ or "") or {}
    return pieces.ref(view.world, id_, held.get("name") or held.get("email"))


def one(view: View, question: Question) -> Page | None:
    """One subscription."""
    held = view.world.shelf.peek(question.id)
    if held is None or held["object"] != "subscription":
        return None
    happened = course.happened(view.world, held)
    coming = course.to_come(view.world, held)
    return Page(
        _title(view, held),
        (
            pieces.section(
                "Timeline",
                timeline.drawn(view.world, held, happened, coming),
                beside=el("a", "its clock", href=f"/inside/clocks/{held['_clock'] or 'live'}"),
            ),
            el("div", _facts(view, held), class_="pair"),
            pieces.section("What comes next", _course(view, coming)),
            pieces.section("What happened", _course(view, happened[::-1])),
            pieces.section("Items", _items(view, held)),
            pieces.section("Invoices", _invoices(view, held)),
            events.about(view, held["id"]),
            requests.about(view, held["id"]),
            pieces.folded("The object as it is", pieces.raw(view.world, public(held))),
        ),
        pieces.state(held["status"]),
    )


def _title(view: View, held: Obj) -> str:
    items = items_of(held)
    return pieces.plan_words(view.world, items) if items else str(held["id"])


def _facts(view: View, held: Obj) -> Html:
    clock = held["_clock"]
    ends = "at period end" if held["cancel_at_period_end"] else pieces.when(held["cancel_at"])
    return pieces.facts(
        ("Id", held["id"]),
        ("Customer", customer_of(view, held.get("customer"))),
        ("Now on its clock", pieces.when(view.world.now(clock))),
        ("Collection", str(held["collection_method"]).replace("_", " ")),
        ("Started", pieces.when(held["start_date"])),
        ("Trial until", pieces.when(held["trial_end"])),
        ("Cancels", ends),
        ("Ended", pieces.when(held["ended_at"])),
        ("Latest invoice", pieces.ref(view.world, held["latest_invoice"])),
        ("Schedule", pieces.ref(view.world, held["schedule"])),
        ("Reason", inside(held, "cancellation_details").get("reason") or pieces.none()),
        ("Account", pieces.ref(view.world, held["_account"]) if held["_account"] else "platform"),
    )


def _course(view: View, marks: Sequence[course.Mark]) -> Html:
    rows = (
        (
            pieces.when(mark.at),
            join([el("span", class_=f"dot {mark.kind}"), " ", mark.what]),
            pieces.ref(view.world, mark.id),
        )
        for mark in marks[:_LONGEST]
    )
    return pieces.table(("When", "What", "Where"), rows, "Nothing.")


def _items(view: View, held: Obj) -> Html:
    rows = (
        (
            item["id"],
            pieces.plan_of(view.world, [item]),
            pieces.ref(view.world, item["price"]["id"]),
            pieces.when(item["current_period_start"]),
            pieces.when(item["current_period_end"]),
            pieces.amount(item["price"]["unit_amount"], item["price"]["currency"]),
        )
        for item in items_of(held)
    )
    return pieces.table(("Item", "What", "Price", "Period from", "until", "Each>"), rows)


def _invoices(view: View, held: Obj) -> Html:
    found = course.invoices_of(view.world, held)[::-1]
    return invoices.table(view, found[: pieces.PAGE], customers=False)
