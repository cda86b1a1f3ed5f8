"""How is money taken? PaymentIntents and the charges they make."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.sandbox.twin.books import movements
from engine.sandbox.twin.core.errors import PAYMENT_REQUIRED, StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.methods import kinds, offered
from engine.sandbox.twin.values.types import Obj, clone, public

from .cards import DECLINES, NEEDS_ACTION, WORKS, Decline

_SECRET_LENGTH = 25
_CODE_LENGTH = 8
_TRANSACTION_LENGTH = 16
_RISK_SCORE = 24


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
    intent["payment_method_options"] = offered.of_payment(intent["payment_method_types"], invoiced=invoiced)
    intent["client_secret"] = f"{intent['id']}_secret_{world.ids.token(_SECRET_LENGTH)}"
    world.emit("payment_intent.created", intent)
    return intent


def attempt(world: World, intent: Obj, method: Obj, *, authenticated: bool) -> Attempt:
    """Charge a card once; the intent and its charge say what came of it."""
    kinds.refuse_to_pay(method)
    behaviour = world.behaviour(intent, method)
    authenticated = authenticated or bool(method.get("_authenticated"))
    intent["payment_method"] = method["id"]
    if behaviour == WORKS or (behaviour == NEEDS_ACTION and authenticated):
        _succeed(world, intent, method)
        return Attempt(Result.SUCCEEDED)
    if behaviour == NEEDS_ACTION:
        intent["status"] = "requires_action"
        intent["next_action"] = _next_action(world, intent)
        world.emit("payment_intent.requires_action", intent)
        return Attempt(Result.REQUIRES_ACTION)
    return Attempt(Result.FAILED, _fail(world, intent, method, DECLINES[behaviour]))


def _next_action(world: World, intent: Obj) -> Obj:
    """Sent there by us when the client named a place to come back to, else left to Stripe's script."""
    page = f"{world.base_url}/3ds/{intent['id']}"
    back = intent.get("_return_url")
    if back:
        return {"type": "redirect_to_url", "redirect_to_url": {"return_url": back, "url": page}}
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page},
    }


def _charge(world: World, intent: Obj, method: Obj, fields: Obj) -> Obj:
    """The charge of an attempt."""
    card = method["card"]
    charge = world.new(
        "charge",
        "ch",
        {
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "billing_details": clone(method["billing_details"]),
            "calculated_statement_descriptor": "WALLSTREET",
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "fraud_details": {},
            "metadata": clone(intent["metadata"]),
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "radar_options": {},
            "payment_method_details": {"type": "card", "card": _charged_card(world, card, intent["amount"])},
            **fields,
        },
        clock=intent["_clock"],
    )
    intent["latest_charge"] = charge["id"]
    return charge


def _charged_card(world: World, card: Obj, amount: int) -> Obj:
    names = (
        "brand",
        "checks",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
        "wallet",
    )
    return {
        **{name: clone(card[name]) for name in names},
        "amount_authorized": amount,
        "authorization_code": f"{int(world.ids.token(_CODE_LENGTH), 36) % 10**6:06d}",
        "electronic_commerce_indicator": None,
        "transaction_link_id": None,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": f"{int(world.ids.token(_TRANSACTION_LENGTH), 36) % 10**15:015d}",
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": None,
    }


def _outcome(status: str, advice: str | None, reason: str | None) -> Obj:
    paid = status == "approved_by_network"
    return {
        "advice_code": advice,
        "network_advice_code": None,
        "network_decline_code": None if paid else "01",
        "network_status": status,
        "reason": reason,
        "risk_level": "normal",
        "risk_score": _RISK_SCORE,
        "seller_message": "Payment complete." if paid else "The bank did not return any further details.",
        "type": "authorized" if paid else "issuer_declined",
    }


def _succeed(world: World, intent: Obj, method: Obj) -> None:
    charge = _charge(
        world,
        intent,
        method,
        {
            "amount_captured": intent["amount"],
            "captured": True,
            "outcome": _outcome("approved_by_network", None, None),
            "paid": True,
            "status": "succeeded",
        },
    )
    movements.take(world, charge, world.shelf.take(intent.get("_invoice") or ""))
    charge["receipt_url"] = f"{world.base_url}/receipts/{charge['id']}"
    intent["status"] = "succeeded"
    intent["amount_received"] = intent["amount"]
    intent["next_action"] = None
    intent["last_payment_error"] = None
    world.emit("charge.succeeded", charge)
    world.emit("payment_intent.succeeded", intent)


def _fail(world: World, intent: Obj, method: Obj, decline: Decline) -> Obj:
    charge = _charge(
        world,
        intent,
        method,
        {
            "failure_code": decline.code,
            "failure_message": decline.message,
            "outcome": _outcome("declined_by_network", decline.advice, decline.decline_code),
            "status": "failed",
        },
    )
    error: Obj = {
        "advice_code": decline.advice,
        "charge": charge["id"],
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "network_decline_code": "01",
        "type": "card_error",
    }
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    intent["last_payment_error"] = {**error, "payment_method": public(method)}
    world.emit("charge.failed", charge)
    world.emit("payment_intent.payment_failed", intent)
    return error


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
    """End an intent that was not paid."""
    if intent["status"] in {"succeeded", "canceled"}:
        return
    intent["status"] = "canceled"
    intent["canceled_at"] = world.now_of(intent)
    intent["cancellation_reason"] = reason
    intent["next_action"] = None
    world.emit("payment_intent.canceled", intent)
