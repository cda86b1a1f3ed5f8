"""Which invoice comes next? That of the next renewal, from a dry run that leaves nothing behind."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import NOT_FOUND, StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.drafts import lines_of
from engine.sandbox.twin.values.types import Obj, Objs, clone

from . import cycle


def next_invoice(world: World, subscription: Obj) -> Obj:
    """The next invoice of a subscription, as a preview shows it."""
    with world.dry_run():
        held = world.fetch("subscription", subscription["id"])
        invoice = next_cycle(world, held)
        lines = clone(lines_of(world, invoice))
        found: Obj = clone(invoice)
    return as_upcoming(found, lines)


def as_upcoming(found: Obj, lines: Objs) -> Obj:
    """An invoice that was never made, with an id that says so."""
    id_ = f"upcoming_{found['id']}"
    shown = [{**line, "invoice": id_} for line in lines]
    found["lines"] |= {"data": shown, "has_more": False, "url": "/v1/invoices/upcoming/lines"}
    return {**found, "id": id_, "billing_reason": "upcoming", "automatically_finalizes_at": None}


def next_cycle(world: World, subscription: Obj) -> Obj:
    """The invoice of the next renewal, pending items included."""
    at = _renews_at(subscription)
    if at is None:
        raise none_upcoming(subscription["customer"])
    if subscription["status"] == "trialing":
        cycle.end_trial(world, subscription, at)
    else:
        cycle.renew(world, subscription, at)
    return world.fetch("invoice", subscription["latest_invoice"])


def _renews_at(subscription: Obj) -> int | None:
    """When the next invoice of a running subscription comes, if it does not end before."""
    at: int = subscription["trial_end"]
    if subscription["status"] != "trialing":
        at = min(int(item["current_period_end"]) for item in subscription["items"]["data"])
    ends = subscription["cancel_at"]
    return at if ends is None or ends > at else None


def none_upcoming(customer: str) -> StripeError:
    """The error where nothing of a customer has a next invoice."""
    text = f"No upcoming invoices for customer: '{customer}'"
    return StripeError(text, status=NOT_FOUND, code="invoice_upcoming_none")
