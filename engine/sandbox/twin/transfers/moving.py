"""What does a move between two balances leave in both? Balance transactions, ledger entries, a payment.

Each move is written twice, once in the name of either side.
"""

from __future__ import annotations

from engine.sandbox.twin.books.ledger import own, post
from engine.sandbox.twin.books.transactions import balance_transaction, held_funds
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj

_TRANSFERS, _BALANCE = "transfers", "stripe_balance"


def days_until_available(world: World, source: Obj) -> int:
    """In how many days the money of a charge is available; nothing to wait for is 0."""
    held = world.shelf.peek(source.get("balance_transaction") or "")
    if held is None or held["status"] == "available":
        return 0
    return max(0, int(held["available_on"]) // DAY - world.now_of(source) // DAY)


def send(world: World, transfer: Obj, to: str | None, days: int) -> None:
    """The money of a transfer leaves one balance and enters another as a payment."""
    amount, currency = transfer["amount"], transfer["currency"]
    made = balance_transaction(
        world,
        type="transfer",
        amount=-amount,
        fee=0,
        currency=currency,
        source=transfer,
        description=transfer["description"],
        available_in=days,
    )
    transfer["balance_transaction"] = made["id"]
    post(
        world,
        "transfer",
        transfer,
        currency,
        [(own(world, _TRANSFERS), amount), (own(world, _BALANCE), -amount)],
    )
    with world.acting_as(to):
        payment = _payment(world, transfer)
        transfer["destination_payment"] = payment["id"]
        received = balance_transaction(
            world,
            type="payment",
            amount=amount,
            fee=0,
            currency=currency,
            source=payment,
            description=transfer["description"],
            available_in=days,
        )
        payment["balance_transaction"] = received["id"]
        legs = [(own(world, _BALANCE), amount), (own(world, _TRANSFERS), -amount)]
        post(world, "transfer", payment, currency, legs)


def _payment(world: World, transfer: Obj) -> Obj:
    """The charge that the receiving account sees."""
    amount = transfer["amount"]
    payment = world.new(
        "charge",
        "py",
        {
            "amount": amount,
            "amount_captured": amount,
            "amount_refunded": 0,
            "captured": True,
            "currency": transfer["currency"],
            "fraud_details": {},
            "paid": True,
            "source_transfer": transfer["id"],
            "status": "succeeded",
            "transfer_group": transfer["transfer_group"],
        },
        clock=transfer["_clock"],
    )
    payment["receipt_url"] = None
    return payment


def send_back(world: World, transfer: Obj, reversal: Obj, to: str | None) -> None:
    """The money of a reversal comes back from where the transfer went."""
    amount, currency = reversal["amount"], reversal["currency"]
    days = days_until_available(world, transfer)
    made = balance_transaction(
        world,
        type="transfer_refund",
        amount=amount,
        fee=0,
        currency=currency,
        source=reversal,
        description=f"REFUND FOR TRANSFER ({transfer['id']})",
        available_in=days,
    )
    reversal["balance_transaction"] = made["id"]
    legs = [(own(world, _BALANCE), amount), (own(world, _TRANSFERS), -amount)]
    post(world, "transfer_reversal", reversal, currency, legs)
    with world.acting_as(to):
        refund = _payment_refund(world, transfer, reversal)
        reversal["destination_payment_refund"] = refund["id"]
        returned = balance_transaction(
            world,
            type="payment_refund",
            amount=-amount,
            fee=0,
            currency=currency,
            source=refund,
            description="REFUND FOR PAYMENT",
            available_in=days,
        )
        refund["balance_transaction"] = returned["id"]
        legs = [(own(world, _TRANSFERS), amount), (own(world, _BALANCE), -amount)]
        post(world, "transfer_reversal", refund, currency, legs)


def _payment_refund(world: World, transfer: Obj, reversal: Obj) -> Obj:
    payment = world.shelf.take(transfer["destination_payment"])
    assert payment is not None
    payment["amount_refunded"] += reversal["amount"]
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    return world.new(
        "refund",
        "pyr",
        {
            "amount": reversal["amount"],
            "charge": payment["id"],
            "currency": reversal["currency"],
            "metadata": {},
            "source_transfer_reversal": reversal["id"],
            "status": "succeeded",
        },
        clock=transfer["_clock"],
    )


def refuse_without_funds(world: World, amount: int, currency: str, *, pending_too: bool = False) -> None:
    """Raise Stripe's balance_insufficient where the account in force has less than this."""
    available, pending = held_funds(world, currency)
    if amount <= available + (pending if pending_too else 0):
        return
    raise invalid(
        "You have insufficient available funds in your Stripe account. Try adding funds directly to your"
        " available balance by creating Charges using the 4000000000000077 test card. See:"
        " https://stripe.com/docs/testing#available-balance",
        code="balance_insufficient",
    )
