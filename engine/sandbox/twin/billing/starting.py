"""How does a subscription begin? By a call, by a checkout session or by a schedule."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid, missing
from engine.sandbox.twin.core.render import listing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.drafts import pending_items
from engine.sandbox.twin.invoicing.paying import method_for
from engine.sandbox.twin.objects.payments import Result
from engine.sandbox.twin.objects.setup import new_setup_intent
from engine.sandbox.twin.terms import limits
from engine.sandbox.twin.terms.beginnings import set_beginning, set_end
from engine.sandbox.twin.terms.modes import check_intervals, new_mode
from engine.sandbox.twin.terms.settings import new_settings, write_settings
from engine.sandbox.twin.terms.trials import announce_near_end
from engine.sandbox.twin.values.types import Obj, Objs, as_list

from .charging import add_pending, fill, open_invoice, settle_now, use_up_once
from .item_changes import set_reductions
from .items import check_currency, check_no_duplicates, new_item, price_for, priced_in
from .one_time import one_time_entries
from .proration import first_periods

_PAID_AT_ONCE = (
    "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "invoice.created",
    "invoice.finalized", "invoice.updated", "invoice.paid", "invoice.payment_succeeded",
    "invoice_payment.paid", "customer.subscription.created", "setup_intent.created",
    "customer.subscription.trial_will_end",
)  # fmt: skip
_NOT_PAID = (
    "customer.subscription.created", "invoice.created", "invoice.finalized", "payment_intent.created",
    "charge.failed", "payment_intent.payment_failed", "payment_intent.requires_action", "invoice.updated",
    "invoice.payment_action_required", "invoice.payment_failed", "customer.subscription.trial_will_end",
)  # fmt: skip


def start(world: World, customer: Obj, given: Obj, *, by_schedule: bool = False) -> Obj:
    """A new subscription with its first invoice, paid or not as the payment behavior says."""
    mark = world.mark()
    limits.lists(given)
    subscription = _new(world, customer, given)
    _add_items(world, subscription, given)
    set_beginning(world, subscription, given)
    set_end(world, subscription, given)
    for entry in one_time_entries(world, subscription, given):
        add_pending(world, subscription, entry)
    _bill(world, subscription, given, by_schedule=by_schedule)
    subscription.pop("_silent", None)
    _ask_for_card(world, subscription)
    world.emit("customer.subscription.created", subscription)
    announce_near_end(world, subscription)
    world.reorder(mark, _NOT_PAID if subscription["status"] == "incomplete" else _PAID_AT_ONCE)
    return subscription


def _new(world: World, customer: Obj, given: Obj) -> Obj:
    """The subscription without items."""
    now = world.now_of(customer)
    subscription = world.new(
        "subscription",
        "sub",
        {
            **new_settings(),
            "billing_cycle_anchor": now,
            "billing_mode": new_mode(given, now),
            "currency": "usd",
            "customer": customer["id"],
            "default_tax_rates": [],
            "start_date": now,
            "status": "active",
            "test_clock": customer["test_clock"],
            "_begins": now,
            "_silent": True,
        },
        clock=customer["_clock"],
    )
    write_settings(world, subscription, given)
    return subscription


def _add_items(world: World, subscription: Obj, given: Obj) -> None:
    wanted: Objs = as_list(given.get("items")) or []
    if not wanted:
        raise missing("items")
    customer = world.fetch("customer", subscription["customer"])
    currency = str(given.get("currency") or "").lower() or None
    items: list[Obj] = []
    for index, entry in enumerate(wanted):
        where = f"items[{index}]"
        limits.quantity(entry, where)
        named = price_for(world, entry, where, recurring=True)
        price = priced_in(named, currency or customer["currency"])
        check_currency(price, currency, f"{where}[price]")
        currency = price["currency"]
        items.append(new_item(world, subscription, price, entry))
    check_no_duplicates(items)
    check_intervals(subscription, items)
    claim_currency(customer, str(currency))
    subscription["currency"] = currency
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    subscription["items"] = listing(url, items)
    for item, entry in zip(items, wanted, strict=True):
        set_reductions(world, subscription, item, entry)


def claim_currency(customer: Obj, currency: str) -> None:
    """A customer has one currency for good."""
    if customer["currency"] not in {None, currency}:
        text = (
            "You cannot combine currencies on a single customer. This customer has had a subscription,"
            f" coupon, or invoice item with currency {customer['currency']}"
        )
        raise invalid(text)
    customer["currency"] = currency


def _bill(world: World, subscription: Obj, given: Obj, *, by_schedule: bool) -> None:
    """The first invoice and what its payment makes of the status."""
    periods = first_periods(world, subscription, given)
    free = not periods
    customer, currency = subscription["customer"], subscription["currency"]
    if free and not pending_items(world, customer, subscription["id"], currency):
        return
    invoice = open_invoice(world, subscription, "subscription_create")
    fill(world, subscription, invoice, periods)
    use_up_once(world, subscription)
    if by_schedule or (subscription["collection_method"] == "send_invoice" and invoice["total"] > 0):
        invoice["automatically_finalizes_at"] = world.now_of(invoice) + world.settings.draft_seconds
        world.emit("invoice.created", invoice)
        return
    world.emit("invoice.created", invoice)
    paid = settle_now(world, subscription, invoice, given.get("payment_behavior", "allow_incomplete"))
    if paid is not Result.SUCCEEDED and subscription["collection_method"] == "charge_automatically":
        subscription["status"] = "incomplete"


def _ask_for_card(world: World, subscription: Obj) -> None:
    """Without any card and with nothing to pay, Stripe prepares a SetupIntent."""
    latest = world.shelf.peek(subscription["latest_invoice"] or "")
    automatic = subscription["collection_method"] == "charge_automatically"
    if latest is None or not automatic or latest["status"] != "paid" or latest["amount_due"]:
        return
    if method_for(world, latest) is None:
        customer = world.fetch("customer", subscription["customer"])
        subscription["pending_setup_intent"] = new_setup_intent(world, customer)["id"]
