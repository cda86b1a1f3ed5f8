"""What does the platform earn on its accounts' payments? Application fees and their refunds.

Source: Stripe docs, connect/direct-charges and connect/destination-charges.
"""

from __future__ import annotations

from fractions import Fraction

from engine.sandbox.twin.books.ledger import own, post
from engine.sandbox.twin.books.transactions import balance_transaction, levy
from engine.sandbox.twin.connect.access import application_id
from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid, no_such
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, within
from engine.sandbox.twin.core.render import listing, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.amounts import rounded
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj, clone, public

from .moving import days_until_available

_SHOWN = 10
_FEES, _BALANCE = "application_fees", "stripe_balance"


def collect(world: World, account: str, charge: Obj, amount: int, origin: Obj | None) -> Obj:
    """The platform's fee leaves the payment of an account; `origin` is the platform's charge behind it."""
    currency = charge["currency"]
    days = days_until_available(world, charge)
    with world.acting_as(account):
        levy(world, charge["balance_transaction"], _detail(world, amount, currency))
        post(
            world,
            "application_fee",
            charge,
            currency,
            [(own(world, _FEES), amount), (own(world, _BALANCE), -amount)],
        )
    with world.acting_as(None):
        fee = world.new(
            "application_fee",
            "fee",
            {
                "account": account,
                "amount": amount,
                "amount_refunded": 0,
                "application": application_id(world),
                "charge": charge["id"],
                "currency": currency,
                "fee_source": {"charge": charge["id"], "type": "charge"},
                "originating_transaction": origin["id"] if origin else None,
                "refunded": False,
            },
            clock=charge["_clock"],
        )
        fee["refunds"] = listing(f"/v1/application_fees/{fee['id']}/refunds", [])
        _earn(world, fee, fee, amount, days)
        world.emit("application_fee.created", fee)
    return fee


def _detail(world: World, amount: int, currency: str) -> Obj:
    return {
        "amount": amount,
        "application": application_id(world),
        "currency": currency,
        "description": "Wallstreet sandbox application fee",
        "type": "application_fee",
    }


def _earn(world: World, fee: Obj, source: Obj, amount: int, days: int) -> None:
    """The platform's side of a fee, or with a negative amount of its refund."""
    back = amount < 0
    made = balance_transaction(
        world,
        type="application_fee_refund" if back else "application_fee",
        amount=amount,
        fee=0,
        currency=fee["currency"],
        source=source,
        description="REFUND FOR APPLICATION FEE" if back else "Application fee",
        available_in=days,
    )
    source["balance_transaction"] = made["id"]
    cause = "application_fee_refund" if back else "application_fee"
    legs = [(own(world, _BALANCE), amount), (own(world, _FEES), -amount)]
    post(world, cause, source, fee["currency"], legs)


def refund(world: World, fee: Obj, amount: int) -> Obj:
    """Give a part of a fee back to the account that paid it."""
    before = clone(fee)
    made = world.new(
        "fee_refund",
        "fr",
        {"amount": amount, "currency": fee["currency"], "fee": fee["id"], "metadata": {}},
        clock=fee["_clock"],
    )
    charge = world.shelf.peek(fee["charge"]) or {}
    _earn(world, fee, made, -amount, 0)
    with world.acting_as(fee["account"]):
        returned = balance_transaction(
            world,
            type="application_fee_refund",
            amount=amount,
            fee=0,
            currency=fee["currency"],
            source=made,
            description=f"REFUND FOR APPLICATION FEE ({charge.get('id')})",
            available_in=0,
            category="fee",
        )
        legs = [(own(world, _BALANCE), amount), (own(world, _FEES), -amount)]
        post(world, "application_fee_refund", returned, fee["currency"], legs)
    fee["amount_refunded"] += amount
    fee["refunded"] = fee["amount_refunded"] == fee["amount"]
    _show_refunds(world, fee)
    world.emit("application_fee.refunded", fee, before=before)
    return made


def refund_share(world: World, transfer: Obj, amount: int) -> None:
    """Of the fee on a transfer's payment, the share that this amount is of the transfer."""
    payment = world.shelf.peek(transfer["destination_payment"]) or {}
    fee = world.shelf.take(payment.get("application_fee") or "")
    if fee is None:
        raise invalid(
            f"Transfer {transfer['id']} does not have an application fee.", param="refund_application_fee"
        )
    refund_part(world, fee, amount, transfer["amount"])


def refund_part(world: World, fee: Obj, amount: int, whole: int) -> None:
    """Of a fee, the share `amount` has of `whole`; the last one takes what is left."""
    left = fee["amount"] - fee["amount_refunded"]
    share = left if amount == whole else min(left, rounded(Fraction(fee["amount"] * amount, whole)))
    if share:
        with world.acting_as(None):
            refund(world, fee, share)


def _show_refunds(world: World, fee: Obj) -> None:
    found = list(reversed(world.shelf.find("fee_refund", fee=fee["id"])))
    fee["refunds"]["data"] = [public(held) for held in found[:_SHOWN]]
    fee["refunds"]["has_more"] = len(found) > _SHOWN


def retrieve(call: Call) -> Obj:
    """One application fee."""
    return call.world.fetch("application_fee", call.id, param="fee")


def list_all(call: Call) -> Obj:
    """Application fees, newest first."""
    charge = call.params.get("charge")
    found = [fee for fee in call.world.shelf.kind("application_fee") if charge in {None, fee["charge"]}]
    return page("/v1/application_fees", call.params, found)


def create_refund(call: Call) -> Obj:
    """Give a fee back, all of it or a part."""
    world, params = call.world, call.params
    fee = world.fetch("application_fee", call.id, param="fee")
    left = fee["amount"] - fee["amount_refunded"]
    if not left:
        raise invalid(f"Application fee {fee['id']} has already been refunded.")
    amount = int(within(params.get("amount", left), "amount", least=1, most=LARGEST_AMOUNT) or 0)
    if amount > left:
        currency = fee["currency"]
        text = (
            f"Refund amount ({money(amount, currency)}) is greater than unrefunded amount on fee"
            f" ({money(left, currency)})"
        )
        raise invalid(text, param="amount")
    made = refund(world, fee, amount)
    merge_metadata(made, params)
    _show_refunds(world, fee)
    return made


def _find(call: Call) -> tuple[Obj, Obj]:
    fee = call.world.fetch("application_fee", call.path["feeId"], param="fee")
    made = call.world.fetch("fee_refund", call.id)
    if made["fee"] != fee["id"]:
        raise no_such("fee_refund", call.id)
    return fee, made


def retrieve_refund(call: Call) -> Obj:
    """One refund of a fee."""
    return _find(call)[1]


def update_refund(call: Call) -> Obj:
    """Change the metadata of a refund."""
    fee, made = _find(call)
    before = clone(made)
    merge_metadata(made, call.params)
    _show_refunds(call.world, fee)
    call.world.emit("application_fee.refund.updated", made, before=before)
    return made


def list_refunds(call: Call) -> Obj:
    """The refunds of a fee, newest first."""
    fee = call.world.fetch("application_fee", call.id, param="fee")
    found = call.world.shelf.find("fee_refund", fee=fee["id"])
    return page(f"/v1/application_fees/{fee['id']}/refunds", call.params, found)


ROUTES: Routes = {
    "GET /v1/application_fees": list_all,
    "GET /v1/application_fees/{id}": retrieve,
    "POST /v1/application_fees/{id}/refunds": create_refund,
    "GET /v1/application_fees/{id}/refunds": list_refunds,
    "GET /v1/application_fees/{feeId}/refunds/{id}": retrieve_refund,
    "POST /v1/application_fees/{feeId}/refunds/{id}": update_refund,
}
