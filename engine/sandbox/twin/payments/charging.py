"""What does an attempt to pay leave behind? A charge: the card that was tried and what the bank said."""

from __future__ import annotations

from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Dues, Happenings
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects.cards import Decline
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj, clone

_AUTHORIZED_FOR = 7 * DAY
_RANK = 80
_DESCRIPTOR = "WALLSTREET"
_LONGEST_DESCRIPTOR = 22
_CODE_LENGTH = 8
_TRANSACTION_LENGTH = 16
_FROM_CARD = (
    "brand",
    "checks",
    "country",
    "exp_month",
    "exp_year",
    "fingerprint",
    "funding",
    "last4",
    "regulated_status",
    "wallet",
)
_FROM_INTENT = (
    "application_fee_amount",
    "currency",
    "customer",
    "description",
    "on_behalf_of",
    "receipt_email",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)
_SCORES = {"normal": 24, "elevated": 70, "highest": 95}


def charge_for(world: World, intent: Obj, method: Obj, fields: Obj, *, authenticated: bool) -> Obj:
    """The charge of an attempt."""
    charge = world.new(
        "charge",
        "ch",
        {
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "billing_details": clone(method["billing_details"]),
            "calculated_statement_descriptor": _descriptor(intent),
            "fraud_details": {},
            "metadata": clone(intent["metadata"]),
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": _details(world, method, intent, authenticated=authenticated),
            "radar_options": {},
            "_afterwards": method.get("_afterwards", ""),
            **{name: clone(intent.get(name)) for name in _FROM_INTENT},
            "transfer_data": _transfer_data(intent),
            **fields,
        },
        clock=intent["_clock"],
    )
    intent["latest_charge"] = charge["id"]
    return charge


def _descriptor(intent: Obj) -> str:
    suffix = intent.get("statement_descriptor_suffix")
    whole = f"{_DESCRIPTOR}* {suffix}" if suffix else intent.get("statement_descriptor") or _DESCRIPTOR
    return str(whole)[:_LONGEST_DESCRIPTOR].upper()


def _transfer_data(intent: Obj) -> Obj | None:
    given = intent.get("transfer_data")
    return given and {"amount": given.get("amount"), "destination": given["destination"]}


def _details(world: World, method: Obj, intent: Obj, *, authenticated: bool) -> Obj:
    """What the charge shows of the card."""
    card, amount = method["card"], intent["amount"]
    shown: Obj = {
        **{name: clone(card[name]) for name in _FROM_CARD},
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
        "three_d_secure": _authentication() if authenticated else None,
    }
    return {"type": "card", "card": shown}


def _authentication() -> Obj:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }


def approved(risk: str) -> Obj:
    """The outcome of a charge that worked."""
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": "elevated_risk_level" if risk == "elevated" else None,
        "risk_level": risk,
        "risk_score": _SCORES[risk],
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def declined(decline: Decline, risk: str) -> Obj:
    """The outcome of a charge that the bank, or Radar before the bank, refused."""
    if risk == "highest":
        return {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "not_sent_to_network",
            "reason": "highest_risk_level",
            "risk_level": risk,
            "risk_score": _SCORES[risk],
            "seller_message": "Stripe blocked this payment as too risky.",
            "type": "blocked",
        }
    return {
        "advice_code": decline.advice,
        "network_advice_code": None,
        "network_decline_code": decline.network,
        "network_status": "declined_by_network",
        "reason": decline.decline_code,
        "risk_level": risk,
        "risk_score": _SCORES[risk],
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def hold(world: World, charge: Obj) -> None:
    """The money is authorized and waits for its capture, at most seven days."""
    charge["_capture_before"] = world.now_of(charge) + _AUTHORIZED_FOR
    charge["payment_method_details"]["card"]["capture_before"] = charge["_capture_before"]


def release(world: World, charge: Obj, amount: int) -> None:
    """Held money goes back: Stripe shows it as a refund, though nothing leaves the balance."""
    if not amount:
        return
    world.new(
        "refund",
        "re",
        {
            **{name: charge[name] for name in ("currency", "customer", "payment_intent", "payment_method")},
            "amount": amount,
            "charge": charge["id"],
            "destination_details": {"type": "card", "card": {"type": "reversal"}},
            "metadata": {},
            "status": "succeeded",
        },
        clock=charge["_clock"],
    )
    charge["_capture_before"] = None
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def _dues(_world: World, charge: Obj) -> list[Due]:
    until = charge.get("_capture_before")
    return [Due(until, _RANK, "charge.expired")] if until else []


def _expire(world: World, charge: Obj, _at: int) -> None:
    """Nobody captured the charge in time."""
    release(world, charge, charge["amount"])
    world.emit("charge.expired", charge)
    intent = world.shelf.take(charge["payment_intent"] or "")
    if intent is not None and intent["status"] == "requires_capture":
        intent["status"] = "canceled"
        intent["amount_capturable"] = 0
        intent["canceled_at"] = world.now_of(intent)
        intent["cancellation_reason"] = "automatic"
        world.emit("payment_intent.canceled", intent)


DUES: Dues = {"charge": _dues}
HAPPENINGS: Happenings = {"charge.expired": _expire}
