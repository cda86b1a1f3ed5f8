"""What does a customer do in the portal? Each deed is a call of the API, as far as the configuration lets."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call
from engine.sandbox.twin.core.errors import StripeError, invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.customers import writing
from engine.sandbox.twin.invoicing.paying import requires_action
from engine.sandbox.twin.lifecycle import subscriptions
from engine.sandbox.twin.objects.cards import NEEDS_ACTION, WORKS, Card
from engine.sandbox.twin.objects.payment_methods import decline_error, new_card
from engine.sandbox.twin.objects.payments import asks_for_action
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, inside

from . import later
from .flows import refuse_change

ENDED = frozenset({"canceled", "incomplete_expired"})
_REASONS = frozenset(
    {
        "customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex",
        "too_expensive", "unused",
    }
)  # fmt: skip


def live_subscriptions(world: World, customer: str) -> Objs:
    """The subscriptions that go on, newest first."""
    found = world.shelf.owned("subscription", customer)
    newest_first = sorted(found, key=lambda held: int(held["_n"]), reverse=True)
    return [held for held in newest_first if held["status"] not in ENDED]


def default_card(world: World, customer: Obj) -> Obj | None:
    """The card that pays what has no card of its own."""
    return world.shelf.peek(customer["invoice_settings"]["default_payment_method"] or "")


def refuse_unless_enabled(features: Obj, name: str) -> None:
    """Raise for what the configuration switches off."""
    if not features[name]["enabled"]:
        raise invalid(f"The `{name}` feature is disabled.")


def owned(world: World, session: Obj, id_: str) -> Obj:
    """A subscription of the customer of the session that goes on."""
    found = world.fetch("subscription", id_)
    if found["customer"] != session["customer"] or found["status"] in ENDED:
        raise invalid("There is no such subscription.")
    return found


def change_card(world: World, session: Obj, card: Card, *, authenticated: bool) -> None:
    """Keep a new card as the one that pays from now on."""
    customer = world.refer("customer", session["customer"], "customer")
    method = new_card(world, card, clock=customer["_clock"])
    if method["_behaviour"] not in {WORKS, NEEDS_ACTION} and not method["_attachable"]:
        raise decline_error(method)
    if method["_behaviour"] == NEEDS_ACTION and asks_for_action(method) and not authenticated:
        raise requires_action("setup_intent_authentication_failure", {}, keeps_state=False)
    method["_is_set_up"] = authenticated
    world.shelf.own(method, customer["id"])
    world.emit("payment_method.attached", method)
    given = {"invoice_settings": {"default_payment_method": method["id"]}}
    writing.update(_call(world, customer["id"], given))
    for held in live_subscriptions(world, customer["id"]):
        if held["default_payment_method"] is not None:
            _update(world, held, {"default_payment_method": method["id"]})


def change_customer(world: World, session: Obj, told: Obj, features: Obj) -> None:
    """Write down what the customer told of themselves, where it may be changed."""
    allowed = features["customer_update"]["allowed_updates"]
    given: Obj = {name: str(told[name]).strip() for name in ("email", "name", "phone") if name in told}
    if inside(told, "address"):
        given["address"] = _whole_address(inside(told, "address"))
    if inside(told, "shipping"):
        whole = _whole_address(inside(told, "shipping", "address"))
        given["shipping"] = {"name": str(inside(told, "shipping").get("name") or ""), "address": whole}
    refused = [name for name in given if name not in allowed]
    if refused:
        raise invalid(f"The configuration does not let `{refused[0]}` be changed.", param=refused[0])
    if "email" in given and "@" not in given["email"]:
        raise invalid(f"Invalid email address: {given['email']}", param="email", code="email_invalid")
    if given:
        writing.update(_call(world, session["customer"], given))


def _whole_address(told: Obj) -> Obj:
    names = ("city", "country", "line1", "line2", "postal_code", "state")
    return {name: str(told.get(name) or "") or None for name in names}


def cancel(world: World, subscription: Obj, told: Obj, features: Obj) -> None:
    """End a subscription when the configuration says: at the end of what is paid, or now."""
    how = features["subscription_cancel"]
    details = _details(told)
    if how["mode"] == "immediately":
        given: Obj = {
            "cancellation_details": details,
            "prorate": how["proration_behavior"] != "none",
            "invoice_now": how["proration_behavior"] == "always_invoice",
        }
        subscriptions.cancel(_call(world, subscription["id"], given))
        return
    if subscription["cancel_at"] is not None:
        raise invalid("This plan is already set to be canceled.")
    if subscription["billing_mode"]["type"] == "classic":
        end: Obj = {"cancel_at_period_end": True}
    else:
        end = {"cancel_at": last_end(subscription), "proration_behavior": "none"}
    _update(world, subscription, {**end, "cancellation_details": details})


def last_end(subscription: Obj) -> int:
    """When the last of the running periods ends."""
    return max(int(item["current_period_end"]) for item in subscription["items"]["data"])


def _details(told: Obj) -> Obj:
    reason = told.get("feedback")
    details: Obj = {"feedback": reason} if reason in _REASONS else {}
    if told.get("comment"):
        details["comment"] = str(told["comment"])
    return details


def renew(world: World, subscription: Obj) -> None:
    """Take an end that was set back."""
    if subscription["cancel_at"] is None:
        raise invalid("This plan is not set to be canceled.")
    flag = subscription["cancel_at_period_end"]
    given: Obj = {"cancel_at_period_end": False} if flag else {"cancel_at": ""}
    _update(world, subscription, {**given, "proration_behavior": "none"})


def stay(world: World, subscription: Obj, coupon: str) -> None:
    """Take the coupon that is offered to whoever stays."""
    _update(world, subscription, {"discounts": [{"coupon": coupon}]})


def change_plan(world: World, subscription: Obj, wanted: Obj, features: Obj, discounts: Objs) -> None:
    """Change price or quantity as the configuration lets; what is due at once has to be paid.

    Where the configuration says so the change waits for the end of the period.
    """
    how = features["subscription_update"]
    if len(subscription["items"]["data"]) != 1:
        raise invalid("Only subscriptions with exactly one item can be updated in the portal.")
    refuse_change(subscription, wanted, features, "items[0]")
    if later.waits(world, subscription, wanted, features):
        later.schedule_change(world, subscription, wanted, discounts)
        return
    given: Obj = {
        "items": [wanted],
        "proration_behavior": how["proration_behavior"],
        "payment_behavior": "error_if_incomplete",
    }
    if discounts:
        given["discounts"] = discounts
    if how["billing_cycle_anchor"] == "now":
        given["billing_cycle_anchor"] = "now"
    if subscription["status"] == "trialing" and how["trial_update_behavior"] == "end_trial":
        given["trial_end"] = "now"
    _update(world, subscription, given)


def due_at_once(world: World, subscription: Obj, wanted: Obj, features: Obj, discounts: Objs) -> int | None:
    """What the change would cost at once; nothing when no invoice would be made."""
    before = subscription["latest_invoice"]
    with world.dry_run():
        try:
            change_plan(world, subscription, wanted, features, discounts)
        except StripeError as error:
            if not error.keeps_state and error.status != 402:  # noqa: PLR2004 -- a card says nothing of the sum
                raise
        after = (world.shelf.peek(subscription["id"]) or {}).get("latest_invoice")
        invoice = world.shelf.peek(after or "") if after != before else None
        return None if invoice is None else int(invoice["amount_due"])


def _update(world: World, subscription: Obj, given: Obj) -> None:
    subscriptions.update(_call(world, subscription["id"], given))


def _call(world: World, id_: str, given: Obj) -> Call:
    return Call(world, {"id": id_}, Params(given))
