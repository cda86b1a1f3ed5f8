"""How does a subscription bill? Its invoices, from lines to a first attempt to be paid."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing import lines
from engine.sandbox.twin.invoicing.discounting import coupon_of
from engine.sandbox.twin.invoicing.drafts import (
    collect,
    lines_of,
    new_invoice,
    pending_items,
    retotal,
    subscription_parent,
)
from engine.sandbox.twin.invoicing.lines import Entry
from engine.sandbox.twin.invoicing.paying import (
    NO_METHOD,
    charge,
    mark_uncollectible,
    method_for,
    requires_action,
    void,
)
from engine.sandbox.twin.invoicing.settling import finalize
from engine.sandbox.twin.objects.payments import Result, card_error
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside, public

from .items import items_of
from .proration import remember_debit


def open_invoice(world: World, subscription: Obj, reason: str, **about: Any) -> Obj:
    """A draft of a subscription, without lines yet."""
    customer = world.fetch("customer", subscription["customer"])
    now = world.now_of(subscription)
    invoice = new_invoice(
        world,
        customer,
        subscription["currency"],
        auto_advance=True,
        billing_reason=reason,
        collection_method=subscription["collection_method"],
        default_payment_method=None,
        default_tax_rates=clone(subscription["default_tax_rates"]),
        discounts=list(subscription["discounts"]),
        parent=subscription_parent(subscription),
        **_settings_of(subscription),
        period_start=about.pop("period_start", now),
        _days_until_due=subscription["days_until_due"],
        **about,
    )
    subscription["latest_invoice"] = invoice["id"]
    return invoice


def add_pending(world: World, subscription: Obj, entry: Entry) -> Obj:
    """An invoice item that waits for the subscription's next invoice."""
    customer = world.fetch("customer", subscription["customer"])
    item = lines.new_item(world, customer, entry)
    for held in items_of(subscription):
        if held["id"] == entry.item and entry.amount > 0:
            remember_debit(held, entry, invoice=None, line=None, taken=entry.taken)
    return item


def fill(
    world: World, subscription: Obj, invoice: Obj, periods: list[Entry], *, waiting: Objs | None = None
) -> None:
    """Put what is pending (or only the items given) and then the periods' own lines onto a draft.

    What was debited is remembered on the items.
    """
    if waiting is None:
        waiting = pending_items(world, invoice["customer"], subscription["id"], invoice["currency"])
    collect(world, invoice, waiting)
    shown = [(entry, lines.line_of_period(world, invoice, entry)) for entry in periods]
    retotal(world, invoice)
    items = {item["id"]: item for item in items_of(subscription)}
    for entry, line in shown:
        if entry.item in items:
            taken = line["discount_amounts"]
            remember_debit(items[entry.item], entry, invoice=invoice["id"], line=line["id"], taken=taken)
    _name_debits(world, invoice, items)


def _name_debits(world: World, invoice: Obj, items: dict[str, Obj]) -> None:
    """Debits that were pending now have a line that a later credit can point at."""
    for line in lines_of(world, invoice):
        details: Obj = line["parent"].get("subscription_item_details") or {}
        item = items.get(details.get("subscription_item", ""))
        if item is None or line["amount"] <= 0:
            continue
        for debit in item["_debits"]:
            same = (debit["start"], debit["end"]) == (line["period"]["start"], line["period"]["end"])
            if debit["line"] is None and same:
                debit["invoice"], debit["line"] = invoice["id"], line["id"]


def hold_collection(subscription: Obj, invoice: Obj) -> None:
    """While collection is paused a draft is not finalized by itself."""
    if subscription["pause_collection"]:
        invoice["auto_advance"] = False
        invoice["automatically_finalizes_at"] = None


def effect_of_pause(world: World, subscription: Obj, invoice: Obj) -> None:
    """What `pause_collection` does with an invoice beside keeping it a draft."""
    behavior = inside(subscription, "pause_collection").get("behavior")
    if behavior not in {"void", "mark_uncollectible"} or finalize(world, invoice) != "open":
        return
    if behavior == "void":
        void(world, invoice)
    else:
        mark_uncollectible(world, invoice, "subscription_paused")


def _settings_of(subscription: Obj) -> Obj:
    """What a subscription tells its invoices to show and how they are to be paid."""
    shown: Obj = clone(subscription["invoice_settings"])
    payment: Obj = subscription["payment_settings"] or {}
    names = ("payment_method_options", "payment_method_types")
    given = {name: clone(payment.get(name)) for name in names}
    inside(given, "payment_method_options", "card").pop("network", None)
    settings = {"default_mandate": None, **given}
    return {**shown, "on_behalf_of": subscription["on_behalf_of"], "payment_settings": settings}


def use_up_once(world: World, subscription: Obj) -> None:
    """Coupons for one invoice leave the subscription and its items once an invoice has taken them."""
    for holder in (subscription, *items_of(subscription)):
        holder["discounts"] = [each for each in holder["discounts"] if not _is_for_once(world, each)]


def _is_for_once(world: World, discount: str) -> bool:
    coupon = coupon_of(world, discount)
    return coupon is not None and coupon["duration"] == "once"


def settle_now(world: World, subscription: Obj, invoice: Obj, behavior: str) -> Result | None:
    """Finalize and try to be paid within the call; nothing is the answer where nobody tried."""
    finalize(world, invoice)
    if invoice["status"] == "paid":
        return Result.SUCCEEDED
    if subscription["collection_method"] == "send_invoice" or behavior == "default_incomplete":
        return None
    method = _given_method(world, subscription) or method_for(world, invoice)
    if method is None:
        raise invalid(NO_METHOD, code="resource_missing")
    tried = charge(world, invoice, method, authenticated=False, automatic=True)
    if tried.result is not Result.SUCCEEDED and behavior == "error_if_incomplete":
        if tried.result is Result.FAILED:
            raise card_error(tried.error or {}, keeps_state=False)
        intent = public(world.shelf.peek(invoice["_intent"]) or {})
        raise requires_action("subscription_payment_intent_requires_action", intent, keeps_state=False)
    return tried.result


def _given_method(world: World, subscription: Obj) -> Obj | None:
    """The subscription's card, that of an update which is not applied yet included."""
    chosen = subscription["default_payment_method"]
    return world.shelf.take(chosen) if chosen else None
