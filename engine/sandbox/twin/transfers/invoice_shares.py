"""Who gets a part of an invoice? Whom it names itself, else its subscription, in percent of its total.

Source: Stripe docs, connect/subscriptions.
"""

from __future__ import annotations

from fractions import Fraction

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.amounts import rounded
from engine.sandbox.twin.values.types import Obj, inside


def percentage(percent: float, amount: int) -> int:
    """The part of an amount that a percentage is, in whole cents."""
    return rounded(Fraction(str(percent)) * amount / 100)


def shares(world: World, invoice: Obj) -> Obj:
    """What the PaymentIntent of an invoice says about fee, destination and merchant."""
    parent = inside(invoice, "parent", "subscription_details")
    subscription: Obj = world.shelf.peek(parent.get("subscription") or "") or {}
    return {
        "application_fee_amount": _fee(invoice, subscription),
        "on_behalf_of": invoice.get("on_behalf_of") or subscription.get("on_behalf_of"),
        "transfer_data": _transfer(invoice, subscription),
    }


def _fee(invoice: Obj, subscription: Obj) -> int | None:
    """The fee of the invoice, never more than what is to be paid."""
    fee: int | None = invoice.get("_application_fee_amount")
    percent = subscription.get("application_fee_percent")
    if fee is None and percent is not None:
        fee = percentage(percent, invoice["total"])
    return None if fee is None else min(fee, invoice["amount_due"])


def _transfer(invoice: Obj, subscription: Obj) -> Obj | None:
    """Where the money goes and, where it is only a part of it, how much."""
    own: Obj | None = invoice.get("_transfer_data")
    data: Obj | None = own or subscription.get("transfer_data")
    if data is None:
        return None
    percent = data.get("amount_percent")
    amount = data.get("amount") if percent is None else percentage(percent, invoice["total"])
    part = {} if amount is None else {"amount": min(amount, invoice["amount_due"])}
    return {"destination": data["destination"], **part}
