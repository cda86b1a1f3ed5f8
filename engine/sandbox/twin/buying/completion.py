"""What happens when the buyer pays on the page? What was sold is made, then the session is complete.

A failed try leaves nothing behind.
Source: Stripe docs, changelog/basil/2025-03-31/checkout-legacy-subscription-upgrade.
"""

from __future__ import annotations

from engine.sandbox.twin.billing.starting import start
from engine.sandbox.twin.checkout.pricing import price_up, subscription_of
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.paying import requires_action
from engine.sandbox.twin.objects.cards import NEEDS_ACTION, WORKS
from engine.sandbox.twin.objects.payment_methods import decline_error, new_card
from engine.sandbox.twin.objects.payments import (
    Attempt,
    Result,
    asks_for_action,
    attempt,
    card_error,
    new_intent,
)
from engine.sandbox.twin.objects.setup import succeed
from engine.sandbox.twin.values.types import Obj, clone, inside, public, texts

from . import buyer, choices, receipts
from .buyer import Submission

_INTENT_FIELDS = (
    "application_fee_amount", "capture_method", "description", "on_behalf_of", "receipt_email",
    "setup_future_usage", "shipping", "statement_descriptor", "statement_descriptor_suffix",
    "transfer_data", "transfer_group",
)  # fmt: skip

_CARD_OPTIONS = (
    "capture_method", "request_extended_authorization", "request_incremental_authorization",
    "request_multicapture", "request_overcapture", "request_three_d_secure", "setup_future_usage",
)  # fmt: skip


def complete(world: World, session: Obj, sent: Submission) -> None:
    """Complete a session; raises 402 and leaves nothing behind when the card is refused."""
    choices.apply(world, session, sent.form, sent.quantities)
    price_up(world, session)
    buyer.listen(session, sent)
    customer = buyer.customer_of(world, session)
    method = _method(world, session, sent) if asks_for_card(session) else None
    if method is not None and sent.authenticated:
        method["_authenticated"] = True
    match session["mode"]:
        case "subscription":
            _subscribe(world, session, customer, method)
        case "setup":
            _set_up(world, session, customer, method)
        case _:
            _take_payment(world, session, customer, method)
    if method is not None:
        method.pop("_authenticated", None)
    session["status"] = "complete"
    session["url"] = None
    session["client_secret"] = None
    world.emit("checkout.session.completed", session)


def asks_for_card(session: Obj) -> bool:
    """Whether the page wants a card: not when nothing is due and none is required."""
    free = session["mode"] != "setup" and not session["amount_total"]
    return not (free and session["payment_method_collection"] == "if_required")


def _method(world: World, session: Obj, sent: Submission) -> Obj:
    """The saved card that was chosen, or a new one."""
    if sent.saved is not None:
        for held in choices.saved_cards(world, session):
            if held["id"] == sent.saved:
                return held
        raise invalid("This card cannot be used here.", param="payment_method")
    if sent.card is None:
        raise invalid("Choose a card.", param="payment_method")
    method = new_card(world, sent.card, clock=session["_clock"])
    details = session["customer_details"]
    told = {name: clone(details[name]) for name in ("address", "email", "name", "phone") if details[name]}
    method["billing_details"] |= told
    usual = "limited" if session["mode"] != "payment" else "unspecified"
    chosen = session["_method_data"].get("allow_redisplay", usual)
    method["allow_redisplay"] = "always" if _saves(session, sent) else chosen
    return method


def _saves(session: Obj, sent: Submission) -> bool:
    options = inside(session, "saved_payment_method_options")
    return options.get("payment_method_save") == "enabled" and sent.text("save_card") == "yes"


def _keep(world: World, method: Obj, customer: Obj) -> None:
    """Attach the card; the bank checks it first."""
    if method["customer"] == customer["id"]:
        return
    if method["_behaviour"] not in {WORKS, NEEDS_ACTION} and not method["_attachable"]:
        raise decline_error(method)
    world.shelf.own(method, customer["id"])
    method["_is_set_up"] = bool(method.get("_authenticated"))
    world.emit("payment_method.attached", method)


def _check_bank(method: Obj) -> None:
    """Without a payment the bank still wants to see the buyer."""
    asked = method["_behaviour"] == NEEDS_ACTION and asks_for_action(method)
    if asked and not method.get("_authenticated"):
        raise requires_action("setup_intent_authentication_failure", {}, keeps_state=False)


def _subscribe(world: World, session: Obj, customer: Obj | None, method: Obj | None) -> None:
    assert customer is not None
    given = subscription_of(session) | {"payment_behavior": "error_if_incomplete"}
    if method is not None:
        _keep(world, method, customer)
        given["default_payment_method"] = method["id"]
        if not session["amount_total"]:
            _check_bank(method)
    subscription = start(world, customer, given)
    session["subscription"] = subscription["id"]
    session["invoice"] = subscription["latest_invoice"]
    session["payment_status"] = "paid" if session["amount_total"] else "no_payment_required"


def _set_up(world: World, session: Obj, customer: Obj | None, method: Obj | None) -> None:
    assert method is not None
    _check_bank(method)
    intent = world.fetch("setup_intent", session["setup_intent"])
    intent["customer"] = customer["id"] if customer else None
    data: Obj = session["_intent_data"]
    intent["metadata"] = texts(data.get("metadata"))
    intent |= {name: data[name] for name in ("description", "on_behalf_of") if name in data}
    if customer is not None:
        _keep(world, method, customer)
    succeed(world, intent, method)


def _take_payment(world: World, session: Obj, customer: Obj | None, method: Obj | None) -> None:
    data: Obj = session["_intent_data"]
    session["payment_status"] = "paid" if session["amount_total"] else "no_payment_required"
    kept = data.get("setup_future_usage") or (method or {}).get("allow_redisplay") == "always"
    if method is not None and customer is not None and (kept or not method["_attachable"]):
        _keep(world, method, customer)
    if session["invoice_creation"]["enabled"] and customer is not None:
        receipts.pay_invoice(world, session, customer, method, raise_unless_paid)
        return
    if method is None:
        return
    about = {name: clone(data[name]) for name in _INTENT_FIELDS if name in data}
    if session["collected_information"]["shipping_details"]:
        about.setdefault("shipping", clone(session["collected_information"]["shipping_details"]))
    about["metadata"] = texts(data.get("metadata"))
    intent = new_intent(world, customer, session["amount_total"], session["currency"], **about)
    asked = inside(session, "payment_method_options", "card")
    intent["payment_method_options"]["card"] |= {
        name: asked[name] for name in _CARD_OPTIONS if asked.get(name)
    }
    intent["_session"] = session["id"]
    raise_unless_paid(attempt(world, intent, method, authenticated=False), intent)
    session["payment_intent"] = intent["id"]
    session["payment_status"] = "paid" if intent["status"] == "succeeded" else "unpaid"


def money_came(world: World, intent: Obj) -> None:
    """What was held for a session is captured: now it is paid."""
    session = world.shelf.take(intent.get("_session") or "")
    if session is not None:
        session["payment_status"] = "paid"


def raise_unless_paid(tried: Attempt, intent: Obj) -> None:
    """The 402 of a try that took no money."""
    match tried.result:
        case Result.REQUIRES_ACTION:
            shown = public(intent)
            raise requires_action("payment_intent_authentication_failure", shown, keeps_state=False)
        case Result.FAILED:
            raise card_error(tried.error or {}, keeps_state=False)
        case _:
            return
