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


def refuse_bad_shares(world: World, amount: int, given: Obj) -> None:
    """Raise where `application_fee_amount`, `transfer_data` and `on_behalf_of` cannot be for this amount."""
    fee: int | None = given.get("application_fee_amount")
    data: Obj = given.get("transfer_data") or {}
    to = data.get("destination")
    if given.get("on_behalf_of"):
        transfers.connected_or_refuse(world, given["on_behalf_of"], "on_behalf_of")
    if to is not None:
        transfers.receiver(world, to, "transfer_data[destination]")
    _refuse_part(data.get("amount"), amount, "transfer_data[amount]", least=1)
    _refuse_part(fee, amount, "application_fee_amount", least=0)
    if fee and world.account is None and to is None:
        raise invalid(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment"
            " (using an OAuth key or Stripe-Account header) or destination payment (using"
            " `transfer_data[destination]`).",
            param="application_fee_amount",
        )
    if fee and data.get("amount") is not None:
        raise invalid(
            "You can not pass both `application_fee_amount` and `transfer_data[amount]` at the same time.",
            param="application_fee_amount",
        )


def _refuse_part(part: int | None, whole: int, param: str, *, least: int) -> None:
    if part is None:
        return
    if part < least:
        text = f"This value must be greater than or equal to {least}."
        raise invalid(text, param=param, code="parameter_invalid_integer")
    if part > whole:
        raise invalid(f"`{param}` cannot be greater than the amount ({whole}).", param=param)


def percentage(percent: float | None, amount: int) -> int | None:
    """The part of an amount that a percentage with two decimals is."""
    return None if percent is None else rounded(Fraction(str(percent)) * amount / 100)


def share_capture(world: World, charge: Obj) -> None:
    """What follows when a charge was captured: the transfer to its destination and the platform's fee."""
    data: Obj = charge.get("transfer_data") or {}
    captured: int = charge["amount_captured"]
    fee_amount = min(charge.get("application_fee_amount") or 0, captured)
    if data.get("destination"):
        payment = _send_to_destination(world, charge, data)
        if fee_amount:
            fee = fees.collect(world, data["destination"], payment, fee_amount, charge)
            charge["application_fee"] = fee["id"]
            payment.update({"application_fee": fee["id"], "application_fee_amount": fee_amount})
    elif fee_amount and world.account is not None:
        fee = fees.collect(world, world.account, charge, fee_amount, None)
        charge["application_fee"] = fee["id"]


def _send_to_destination(world: World, charge: Obj, data: Obj) -> Obj:
    """The transfer of a destination charge; answers the payment that its account received."""
    if not charge["transfer_group"]:
        charge["transfer_group"] = f"group_{charge['payment_intent'] or charge['id']}"
    given: int | None = data.get("amount")
    captured: int = charge["amount_captured"]
    amount = captured if given is None else min(given, captured)
    days = days_until_available(world, charge)
    about: Obj = {"source": charge, "group": charge["transfer_group"], "days": days}
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


def share_refund(world: World, refund: Obj, charge: Obj, given: Obj) -> None:
    """What follows when a charge is refunded: the same share of its transfer and of its fee goes back."""
    refuse_bad_refund(charge, given)
    transfer = world.shelf.take(charge.get("transfer") or "")
    if given.get("reverse_transfer") and transfer is not None:
        left = transfer["amount"] - transfer["amount_reversed"]
        part = min(left, rounded(Fraction(transfer["amount"] * refund["amount"], charge["amount_captured"])))
        part = left if charge["refunded"] else part
        if part:
            reversal = reversals.reverse(world, transfer, part, refund["id"])
            refund["transfer_reversal"] = reversal["id"]
    fee = world.shelf.take(charge.get("application_fee") or "")
    if given.get("refund_application_fee") and fee is not None:
        whole = refund["amount"] if charge["refunded"] else charge["amount_captured"]
        fees.refund_part(world, fee, refund["amount"], whole)
