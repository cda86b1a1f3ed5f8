"""Who gets a part of a payment? Destination charges and application fees, when money comes in and goes back.

Source: Stripe docs, connect/destination-charges and connect/direct-charges.
"""

from __future__ import annotations

from fractions import Fraction

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.amounts import rounded
from engine.sandbox.twin.values.types import Obj

from . import fees, reversals, transfers
from .moving import days_until_available


def share_capture(world: World, charge: Obj) -> None:
    """What follows when a charge was captured: the transfer to its destination and the platform's fee."""
    data: Obj = charge.get("transfer_data") or {}
    captured: int = charge["amount_captured"]
    fee_amount = min(charge.get("application_fee_amount") or 0, captured)
    if data.get("destination"):
        if _gone(world, data["destination"]) or data.get("amount") == 0:
            return
        payment = _send_to_destination(world, charge, data)
        if fee_amount:
            fee = fees.collect(world, data["destination"], payment, fee_amount, charge)
            charge["application_fee"] = fee["id"]
            payment.update({"application_fee": fee["id"], "application_fee_amount": fee_amount})
    elif fee_amount and world.account is not None:
        fee = fees.collect(world, world.account, charge, fee_amount, None)
        charge["application_fee"] = fee["id"]


def _gone(world: World, account: str) -> bool:
    """Whether an account was deleted since it was named: then the platform keeps what it would have got."""
    held = world.shelf.peek(account)
    return held is None or bool(held.get("deleted"))


def _send_to_destination(world: World, charge: Obj, data: Obj) -> Obj:
    """The transfer of a destination charge; answers the payment that its account received."""
    group = transfers.group_of(charge)
    intent = world.shelf.take(charge["payment_intent"] or "")
    if intent is not None:
        intent["transfer_group"] = group
    given: int | None = data.get("amount")
    captured: int = charge["amount_captured"]
    amount = captured if given is None else min(given, captured)
    days = days_until_available(world, charge)
    about: Obj = {"source": charge, "group": group, "days": days}
    transfer = transfers.make(world, amount, charge["currency"], data["destination"], about)
    charge["transfer"] = transfer["id"]
    world.emit("transfer.created", transfer)
    payment = world.shelf.take(transfer["destination_payment"])
    assert payment is not None
    return payment


def refuse_bad_refund(charge: Obj, given: Obj) -> None:
    """Raise where a refund asks for a transfer or a fee back that its charge never had."""
    if given.get("reverse_transfer") and not charge.get("transfer"):
        text = f"Cannot reverse the transfer of charge {charge['id']} because it does not have one."
        raise invalid(text, param="reverse_transfer")
    if given.get("refund_application_fee") and not charge.get("application_fee"):
        text = f"Cannot refund application fee on charge {charge['id']} because it does not have one."
        raise invalid(text, param="refund_application_fee")


def share_refund(world: World, charge: Obj, refund: Obj, given: Obj) -> None:
    """What follows when a charge is refunded: the same share of its transfer and of its fee goes back."""
    refuse_bad_refund(charge, given)
    captured: int = charge["amount_captured"]
    amount: int = refund["amount"]
    last = charge["amount_refunded"] + amount >= charge["amount"]
    transfer = world.shelf.take(charge.get("transfer") or "")
    if given.get("reverse_transfer") and transfer is not None:
        left = transfer["amount"] - transfer["amount_reversed"]
        share = rounded(Fraction(transfer["amount"] * amount, captured))
        part = left if last else min(left, share)
        if part:
            reversal = reversals.reverse(world, transfer, part, refund["id"])
            refund["transfer_reversal"] = reversal["id"]
    fee = world.shelf.take(charge.get("application_fee") or "")
    if given.get("refund_application_fee") and fee is not None:
        fees.refund_part(world, fee, amount, amount if last else captured)
