"""How is money taken? PaymentIntents and the attempts to pay them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.sandbox.twin.books import movements
from engine.sandbox.twin.core.errors import PAYMENT_REQUIRED, StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.methods import kinds, offered
from engine.sandbox.twin.payments import charging, disputes
from engine.sandbox.twin.values.types import Obj, clone, inside, public

from .cards import DECLINES, NEEDS_ACTION, WORKS

_SECRET_LENGTH = 25


class Result(StrEnum):
    """How an attempt to pay ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REQUIRES_ACTION = "requires_action"


@dataclass(frozen=True, slots=True)
class Attempt:
    """The result of an attempt and, where it failed, the card error."""

    result: Result
    error: Obj | None = None


def new_intent(world: World, customer: Obj | None, amount: int, currency: str, **about: Any) -> Obj:
    """A PaymentIntent that waits for a payment method."""
    clock = customer["_clock"] if customer else None
    intent = world.new(
        "payment_intent",
        "pi",
        {
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "amount_details": {"tip": {}},
            "automatic_payment_methods": None,
            "capture_method": "automatic_async",
            "confirmation_method": "automatic",
            "currency": currency,
            "customer": customer["id"] if customer else None,
            "payment_method_types": list(world.settings.payment_method_types),
            "status": "requires_payment_method",
            "transfer_data": None,
            **about,
        },
        clock=clock,
    )
    invoiced = intent["automatic_payment_methods"] is None
    if not invoiced:
        intent["payment_method_configuration_details"] = offered.configuration(world)
    intent["payment_method_options"] = offered.of_payment(intent["payment_method_types"], invoiced=invoiced)
    intent["client_secret"] = f"{intent['id']}_secret_{world.ids.token(_SECRET_LENGTH)}"
    world.emit("payment_intent.created", intent)
    return intent


def asks_for_action(method: Obj, *, off_session: bool = False, options: Obj | None = None) -> bool:
    """Whether the bank of a card that knows 3D Secure wants to see the buyer this time."""
    match method.get("_set_up_use", "never"):
        case "once":
            return not method.get("_is_set_up")
        case "already":
            return not off_session
        case "optional":
            return (options or {}).get("request_three_d_secure") in {"any", "challenge"}
        case _:
            return True


def attempt(
    world: World,
    intent: Obj,
    method: Obj,
    *,
    authenticated: bool,
    off_session: bool = False,
    refuses_action: bool = False,
) -> Attempt:
    """Charge a card once; the intent and its charge say what came of it.

    With `refuses_action` a card whose bank wants to see the buyer is declined instead.
    """
    kinds.refuse_to_pay(method)
    behaviour = world.behaviour(intent, method)
    authenticated = authenticated or bool(method.get("_authenticated"))
    options = inside(intent, "payment_method_options", "card")
    asked = behaviour == NEEDS_ACTION and asks_for_action(method, off_session=off_session, options=options)
    intent["payment_method"] = method["id"]
    if asked and not authenticated and not refuses_action:
        _require_action(world, intent)
        return Attempt(Result.REQUIRES_ACTION)
    if behaviour == NEEDS_ACTION:
        behaviour = (
            method.get("_after_action", WORKS) if authenticated or not asked else "authentication_required"
        )
    if behaviour == WORKS:
        _succeed(world, intent, method, authenticated=asked)
        return Attempt(Result.SUCCEEDED)
    return Attempt(Result.FAILED, _fail(world, intent, method, behaviour))


def _require_action(world: World, intent: Obj) -> None:
    """The buyer is sent to the bank: to a page where the client named a way back, else by Stripe's script."""
    page = f"{world.base_url}/3ds/{intent['id']}"
    back = intent.get("_return_url")
    intent["status"] = "requires_action"
    if back and not intent.get("_use_stripe_sdk"):
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": back, "url": page},
        }
    else:
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page},
        }
    world.emit("payment_intent.requires_action", intent)


def _succeed(world: World, intent: Obj, method: Obj, *, authenticated: bool) -> None:
    options = inside(intent, "payment_method_options", "card")
    manual = "manual" in {intent["capture_method"], options.get("capture_method")}
    fields: Obj = {
        "amount_captured": 0 if manual else intent["amount"],
        "captured": not manual,
        "outcome": charging.approved(method.get("_risk", "normal")),
        "paid": True,
        "status": "succeeded",
    }
    charge = charging.charge_for(world, intent, method, fields, authenticated=authenticated)
    charge["receipt_url"] = f"{world.base_url}/receipts/{charge['id']}"
    intent["next_action"] = None
    intent["last_payment_error"] = None
    _keep_method(world, intent, method)
    if manual:
        intent["status"] = "requires_capture"
        intent["amount_capturable"] = intent["amount"]
        charging.hold(world, charge)
        world.emit("charge.succeeded", charge)
        world.emit("payment_intent.amount_capturable_updated", intent)
        return
    settle(world, intent, charge)
    world.emit("charge.succeeded", charge)
    world.emit("payment_intent.succeeded", intent)
    for told in world.after_payment:
        told(world, intent)
    disputes.follow(world, charge)


def settle(world: World, intent: Obj, charge: Obj) -> None:
    """The captured money enters the balance, and those who share it get their part."""
    at_once = 0 if charge["_afterwards"] == "available" else None
    invoice = world.shelf.take(intent.get("_invoice") or "")
    movements.take(world, charge, invoice, available_in=at_once)
    for share in world.after_capture:
        share(world, charge)
    intent["status"] = "succeeded"
    intent["amount_received"] = charge["amount_captured"]
    intent["amount_capturable"] = 0


def _keep_method(world: World, intent: Obj, method: Obj) -> None:
    """A card that is kept for later belongs to the customer and is set up; another is used up without one."""
    options = inside(intent, "payment_method_options", "card")
    kept = options.get("setup_future_usage", intent["setup_future_usage"]) in {"on_session", "off_session"}
    if kept:
        method["_is_set_up"] = True
    if method["customer"] is not None:
        return
    if kept and intent["customer"]:
        world.shelf.own(method, intent["customer"])
        world.emit("payment_method.attached", method)
    else:
        method["_spent"] = True


def _fail(world: World, intent: Obj, method: Obj, behaviour: str) -> Obj:
    decline = DECLINES[behaviour]
    risk = method.get("_risk", "normal")
    fields: Obj = {
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": charging.declined(decline, risk),
        "status": "failed",
    }
    charge = charging.charge_for(world, intent, method, fields, authenticated=False)
    error: Obj = {
        "advice_code": decline.advice,
        "charge": charge["id"],
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "network_decline_code": decline.network,
        "type": "card_error",
    }
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    intent["last_payment_error"] = {**error, "payment_method": public(method)}
    world.emit("charge.failed", charge)
    world.emit("payment_intent.payment_failed", intent)
    return error


def abandon_action(world: World, intent: Obj) -> None:
    """The buyer did not confirm with the bank: the intent waits for a card again."""
    method = world.shelf.peek(intent["payment_method"] or "")
    message = (
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new"
        " PaymentMethod to attempt to fulfill this PaymentIntent again."
    )
    code = "payment_intent_authentication_failure"
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    intent["last_payment_error"] = {
        "code": code,
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": message,
        "payment_method": public(method),
        "type": "card_error",
    }
    world.emit("payment_intent.payment_failed", intent)


def card_error(error: Obj, *, keeps_state: bool, **more: Any) -> StripeError:
    """The 402 answer for a failed charge."""
    rest = {
        name: value for name, value in error.items() if name not in {"message", "type", "code", "doc_url"}
    }
    return StripeError(
        error["message"],
        status=PAYMENT_REQUIRED,
        kind="card_error",
        code=error["code"],
        keeps_state=keeps_state,
        **rest,
        **more,
    )


def cancel_intent(world: World, intent: Obj, reason: str | None) -> None:
    """End an intent that was not paid; money that was held goes back."""
    if intent["status"] in {"succeeded", "canceled"}:
        return
    charge = world.shelf.take(intent["latest_charge"] or "")
    if intent["status"] == "requires_capture" and charge is not None:
        before = clone(charge)
        charging.release(world, charge, charge["amount"])
        world.emit("charge.refunded", charge, before=before)
    intent["status"] = "canceled"
    intent["amount_capturable"] = 0
    intent["canceled_at"] = world.now_of(intent)
    intent["cancellation_reason"] = reason
    intent["next_action"] = None
    world.emit("payment_intent.canceled", intent)
