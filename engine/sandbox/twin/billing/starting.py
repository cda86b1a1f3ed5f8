"""How does a subscription begin? By a call, by a checkout session or by a schedule."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import exclusive, invalid, missing, not_covered
from engine.sandbox.twin.core.render import listing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.paying import method_for
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.objects.payment_methods import of_customer
from engine.sandbox.twin.objects.payments import Result
from engine.sandbox.twin.objects.setup import new_setup_intent
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj, Objs, as_list, inside, texts

from .charging import add_pending, fill, open_invoice, settle_now, use_up_once
from .items import check_currency, check_no_duplicates, items_of, new_item, price_for, set_period
from .one_time import one_time_entries
from .proration import whole_period

_PAID_AT_ONCE = (
    "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "invoice.created",
    "invoice.finalized", "invoice.updated", "invoice.paid", "invoice.payment_succeeded",
    "invoice_payment.paid", "customer.subscription.created",
)  # fmt: skip
_NOT_PAID = (
    "customer.subscription.created", "invoice.created", "invoice.finalized", "payment_intent.created",
    "charge.failed", "payment_intent.payment_failed", "payment_intent.requires_action", "invoice.updated",
    "invoice.payment_action_required", "invoice.payment_failed",
)  # fmt: skip


def start(world: World, customer: Obj, given: Obj, *, by_schedule: bool = False) -> Obj:
    """A new subscription with its first invoice, paid or not as the payment behavior says."""
    mark = world.mark()
    subscription = _new(world, customer, given)
    _add_items(world, subscription, given)
    _set_beginning(world, subscription, given)
    _set_end(subscription, given)
    for entry in one_time_entries(world, subscription, given):
        add_pending(world, subscription, entry)
    _bill(world, subscription, given, by_schedule=by_schedule)
    subscription.pop("_silent", None)
    _ask_for_card(world, subscription)
    world.emit("customer.subscription.created", subscription)
    _warn_of_trial_end(world, subscription)
    world.reorder(mark, _NOT_PAID if subscription["status"] == "incomplete" else _PAID_AT_ONCE)
    return subscription


def _new(world: World, customer: Obj, given: Obj) -> Obj:
    """The subscription without items."""
    mode: Obj = given.get("billing_mode") or {"type": "flexible"}
    if mode["type"] == "classic":
        raise not_covered("billing_mode[type]")
    now = world.now_of(customer)
    subscription = world.new(
        "subscription",
        "sub",
        {
            "billing_cycle_anchor": now,
            "billing_mode": {
                "type": "flexible",
                "flexible": mode.get("flexible") or {"proration_discounts": "included"},
                "updated_at": now,
            },
            "cancellation_details": dict.fromkeys(("comment", "feedback", "feedback_option", "reason")),
            "collection_method": given.get("collection_method", "charge_automatically"),
            "currency": "usd",
            "customer": customer["id"],
            "default_tax_rates": named_rates(world, given.get("default_tax_rates"), "default_tax_rates"),
            "days_until_due": given.get("days_until_due"),
            "description": given.get("description"),
            "metadata": texts(given.get("metadata")),
            "payment_settings": {
                "payment_method_options": None,
                "payment_method_types": None,
                "save_default_payment_method": "off",
                **(given.get("payment_settings") or {}),
            },
            "start_date": now,
            "status": "active",
            "test_clock": customer["test_clock"],
            "trial_settings": _trial_settings(given),
            "_begins": now,
            "_silent": True,
        },
        clock=customer["_clock"],
    )
    if given.get("default_payment_method"):
        method = of_customer(world, given["default_payment_method"], customer, "default_payment_method")
        subscription["default_payment_method"] = method["id"]
    _check_collection(subscription)
    return subscription


def _trial_settings(given: Obj) -> Obj:
    wanted = inside(given, "trial_settings", "end_behavior")
    usual = {"missing_payment_method": "create_invoice", "billing_cycle_anchor": None}
    return {"end_behavior": {**usual, **wanted}}


def _check_collection(subscription: Obj) -> None:
    sends = subscription["collection_method"] == "send_invoice"
    if sends and subscription["days_until_due"] is None:
        raise missing("days_until_due")
    if not sends and subscription["days_until_due"] is not None:
        text = "You cannot set `days_until_due` if `collection_method` is `charge_automatically`."
        raise invalid(text, param="days_until_due")


def _add_items(world: World, subscription: Obj, given: Obj) -> None:
    wanted: Objs = as_list(given.get("items")) or []
    if not wanted:
        raise missing("items")
    currency: str | None = given.get("currency")
    items: list[Obj] = []
    for index, entry in enumerate(wanted):
        where = f"items[{index}]"
        price = price_for(world, entry, where, recurring=True)
        check_currency(price, currency, f"{where}[price]")
        currency = price["currency"]
        items.append(new_item(world, subscription, price, entry))
    check_no_duplicates(items)
    customer = world.fetch("customer", subscription["customer"])
    claim_currency(customer, str(currency))
    subscription["currency"] = currency
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    subscription["items"] = listing(url, items)
    discounts = as_list(given.get("discounts")) or []
    subscription["discounts"] = new_discounts(world, customer, discounts, subscription=subscription["id"])


def claim_currency(customer: Obj, currency: str) -> None:
    """A customer has one currency for good."""
    if customer["currency"] not in {None, currency}:
        text = (
            "You cannot combine currencies on a single customer. This customer has had a subscription,"
            f" coupon, or invoice item with currency {customer['currency']}"
        )
        raise invalid(text)
    customer["currency"] = currency


def _set_beginning(world: World, subscription: Obj, given: Obj) -> None:
    """Trial, anchor and the first periods."""
    now = world.now_of(subscription)
    days, end = given.get("trial_period_days"), given.get("trial_end")
    if days is not None and end is not None:
        raise exclusive("trial_end", "trial_period_days")
    trial_end = now + days * DAY if days else None if end in {None, "now"} else int(str(end))
    anchor = given.get("billing_cycle_anchor")
    if trial_end is not None:
        if trial_end <= now:
            raise invalid("Trial end must be in the future.", param="trial_end")
        subscription |= {"status": "trialing", "trial_start": now, "trial_end": trial_end}
        subscription["billing_cycle_anchor"] = anchor or trial_end
    elif anchor is not None:
        if anchor <= now:
            raise invalid("The `billing_cycle_anchor` must be in the future.", param="billing_cycle_anchor")
        subscription["billing_cycle_anchor"] = anchor
    for item in items_of(subscription):
        set_period(subscription, item, now)


def _set_end(subscription: Obj, given: Obj) -> None:
    """An end that is known from the start."""
    if given.get("cancel_at_period_end"):
        subscription["cancel_at_period_end"] = True
        subscription["cancel_at"] = min(item["current_period_end"] for item in items_of(subscription))
    elif isinstance(given.get("cancel_at"), int):
        subscription["cancel_at"] = given["cancel_at"]
    if subscription["cancel_at"] is not None:
        subscription["canceled_at"] = subscription["created"]
        subscription["cancellation_details"]["reason"] = "cancellation_requested"


def _bill(world: World, subscription: Obj, given: Obj, *, by_schedule: bool) -> None:
    """The first invoice and what its payment makes of the status."""
    anchored = given.get("billing_cycle_anchor") is not None and subscription["status"] != "trialing"
    free = anchored and given.get("proration_behavior") == "none"
    periods = [] if free else [whole_period(world, subscription, item) for item in items_of(subscription)]
    waiting = world.shelf.find("invoiceitem", customer=subscription["customer"], invoice=None)
    if free and not waiting:
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


def _warn_of_trial_end(world: World, subscription: Obj) -> None:
    """A trial shorter than the notice is announced at once."""
    if subscription["status"] == "trialing":
        soon = subscription["trial_end"] - world.now_of(subscription) <= 3 * DAY
        subscription["_trial_told"] = soon
        if soon:
            world.emit("customer.subscription.trial_will_end", subscription)
