"""What happens to the money of a charge? Taken, given back, disputed: in the balance and in the ledger."""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj

from .ledger import own, post
from .postings import charge_taken
from .transactions import balance_transaction, processing_fee


def take(world: World, charge: Obj, invoice: Obj | None, *, available_in: int | None = None) -> Obj:
    """A captured charge enters the balance less Stripe's fee; answers its balance transaction."""
    amount, currency = charge["amount_captured"], charge["currency"]
    fee = min(processing_fee(world, amount), amount)
    made = balance_transaction(
        world,
        type="charge",
        amount=amount,
        fee=fee,
        currency=currency,
        source=charge,
        description=charge["description"],
        available_in=available_in,
    )
    charge["balance_transaction"] = made["id"]
    charge_taken(world, charge, invoice, amount - fee, fee)
    return made


def give_back(world: World, refund: Obj) -> Obj:
    """A refund leaves the balance at once; Stripe keeps its fee."""
    amount, currency = refund["amount"], refund["currency"]
    made = balance_transaction(
        world,
        type="refund",
        amount=-amount,
        fee=0,
        currency=currency,
        source=refund,
        description=refund.get("description") or "REFUND FOR CHARGE",
        available_in=0,
    )
    refund["balance_transaction"] = made["id"]
    legs = [(own(world, "refunds"), amount), (own(world, "stripe_balance"), -amount)]
    post(world, "refund", refund, currency, legs)
    return made


def take_back_refund(world: World, refund: Obj) -> Obj:
    """A refund that failed comes back to the balance."""
    amount, currency = refund["amount"], refund["currency"]
    made = balance_transaction(
        world,
        type="refund_failure",
        amount=amount,
        fee=0,
        currency=currency,
        source=refund,
        description="REFUND FAILURE",
        available_in=0,
    )
    refund["failure_balance_transaction"] = made["id"]
    legs = [(own(world, "stripe_balance"), amount), (own(world, "refunds"), -amount)]
    post(world, "refund_failed", refund, currency, legs)
    return made


def withdraw(world: World, dispute: Obj) -> Obj:
    """The disputed amount and the dispute fee leave the balance."""
    return _dispute(world, dispute, -1, "Chargeback withdrawal for", "dispute")


def reinstate(world: World, dispute: Obj) -> Obj:
    """A won dispute brings the amount and the fee back."""
    return _dispute(world, dispute, 1, "Chargeback reversal for", "dispute_reversal")


def _dispute(world: World, dispute: Obj, sign: int, words: str, category: str) -> Obj:
    amount, fee = sign * dispute["amount"], -sign * world.settings.dispute_fee
    currency = dispute["currency"]
    made = balance_transaction(
        world,
        type="adjustment",
        amount=amount,
        fee=fee,
        currency=currency,
        source=dispute,
        description=f"{words} {dispute['charge']}",
        available_in=0,
        category=category,
        fee_details=[
            {
                "amount": fee,
                "application": None,
                "currency": currency,
                "description": "Dispute fee",
                "type": "stripe_fee",
            }
        ],
    )
    legs = [
        (own(world, "stripe_balance"), amount - fee),
        (own(world, "fees"), fee),
        (own(world, "disputes"), -amount),
    ]
    charge = world.shelf.peek(dispute["charge"]) or {}
    post(world, category, {**dispute, "customer": charge.get("customer")}, currency, legs)
    return made
