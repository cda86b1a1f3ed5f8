"""What becomes of a payout? Sent off the next day, arrived the day after, or come back from the bank."""

from __future__ import annotations

from engine.sandbox.twin.books.ledger import own, post
from engine.sandbox.twin.books.transactions import balance_transaction
from engine.sandbox.twin.connect import standing
from engine.sandbox.twin.core.agenda import SETTLING, Due
from engine.sandbox.twin.core.call import Dues, Happenings
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj, clone

_INSTANT_SECONDS = 30 * 60
_STANDARD_DAYS = 2
_MESSAGES = {
    "no_account": "The bank account details on file are probably incorrect. No bank account could be located"
    " with those details.",
    "account_closed": "The bank account has been closed.",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
    "debit_not_authorized": "Debit transactions are not approved on your bank account. (Stripe requires bank"
    " accounts to be set up for both credit and debit payouts.)",
    "invalid_currency": "The bank was unable to process this payout because of its currency. This is probably"
    " because the bank account cannot accept payments in that currency.",
    "could_not_process": "The bank could not process this payout.",
}


def send_off(world: World, amount: int, to: Obj, about: Obj) -> Obj:
    """A payout of the account in force; below zero it takes money from the bank."""
    now = world.now()
    instant = about["method"] == "instant"
    payout = world.new(
        "payout",
        "po",
        {
            "amount": amount,
            "arrival_date": now + _INSTANT_SECONDS if instant else (now // DAY + _STANDARD_DAYS) * DAY,
            "currency": to["currency"],
            "destination": to["id"],
            "metadata": {},
            "reconciliation_status": "not_applicable",
            "source_type": "card",
            "status": "in_transit" if instant else "pending",
            "type": to["object"],
            **about,
        },
    )
    payout["balance_transaction"] = _move(world, payout, "payout", -amount)
    return payout


def _move(world: World, payout: Obj, kind: str, amount: int) -> str:
    """Change the balance by an amount; what leaves it is at the bank."""
    made = balance_transaction(
        world,
        type=kind,
        amount=amount,
        fee=0,
        currency=payout["currency"],
        source=payout,
        description="STRIPE PAYOUT",
        available_in=0,
    )
    legs = [(own(world, "stripe_balance"), amount), (own(world, "bank"), -amount)]
    post(world, kind, payout, payout["currency"], legs)
    return str(made["id"])


def cancel(world: World, payout: Obj) -> None:
    """The money comes back before it was sent."""
    before = clone(payout)
    payout["status"] = "canceled"
    payout["failure_balance_transaction"] = _move(world, payout, "payout_cancel", payout["amount"])
    world.emit("payout.canceled", payout, before=before)


def _dues(_world: World, payout: Obj) -> list[Due]:
    if payout["status"] == "pending":
        return [Due((payout["created"] // DAY + 1) * DAY, SETTLING + 1, "payout.sent")]
    if payout["status"] == "in_transit":
        return [Due(payout["arrival_date"], SETTLING + 2, "payout.arrives")]
    return []


def _leave(world: World, payout: Obj, _at: int) -> None:
    before = clone(payout)
    payout["status"] = "in_transit"
    payout["trace_id"] = {"status": "pending", "value": None}
    world.emit("payout.updated", payout, before=before)


def _arrive(world: World, payout: Obj, _at: int) -> None:
    to = world.shelf.take(payout["destination"])
    failure = (to or {}).get("_fails")
    if failure and payout["amount"] > 0:
        _fail(world, payout, to or {}, failure)
        return
    before = clone(payout)
    payout["status"] = "paid"
    payout["trace_id"] = {"status": "supported", "value": f"TWIN{payout['id'][-12:].upper()}"}
    world.emit("payout.paid", payout, before=before)


def _fail(world: World, payout: Obj, to: Obj, failure: str) -> None:
    """The bank sends the money back; until it is told anew, nothing more goes there by itself."""
    before = clone(payout)
    payout["status"] = "failed"
    payout["failure_code"] = failure
    payout["failure_message"] = _MESSAGES[failure]
    payout["failure_balance_transaction"] = _move(world, payout, "payout_failure", payout["amount"])
    world.emit("payout.failed", payout, before=before)
    account = world.shelf.take(world.account or "")
    if account is not None:
        with standing.changing(world, account):
            was = clone(to)
            to["status"] = "errored"
            world.emit("account.external_account.updated", to, before=was)


DUES: Dues = {"payout": _dues}
HAPPENINGS: Happenings = {"payout.sent": _leave, "payout.arrives": _arrive}
