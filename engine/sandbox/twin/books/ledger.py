"""Where did each cent come from and where did it go? A double-entry ledger beside Stripe's own objects.

The chart of accounts is docs/twin-ledger.md. A leg above zero is a debit, one below zero a credit.
"""

from __future__ import annotations

from collections import Counter

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, public

ENTRY = "ledger_entry"
Leg = tuple[str, int]


class UnbalancedError(AssertionError):
    """Debits and credits of an entry differ: a fault of the twin, never of a caller."""


def post(world: World, cause: str, source: Obj, currency: str, legs: list[Leg]) -> Obj | None:
    """Write an entry down; nothing where no money moves, and an error where the legs do not sum to zero."""
    moved = [(account, amount) for account, amount in legs if amount]
    if sum(amount for _, amount in moved):
        raise UnbalancedError(f"{cause} of {source.get('id')}: {legs}")
    if not moved:
        return None
    return world.shelf.add(
        {
            "id": world.ids.new("le"),
            "object": ENTRY,
            "account": world.account,
            "at": world.now_of(source),
            "cause": cause,
            "currency": currency,
            "customer": source["id"] if source["object"] == "customer" else source.get("customer"),
            "legs": [{"account": account, "amount": amount} for account, amount in moved],
            "source": source.get("id"),
            "_clock": source.get("_clock"),
        }
    )


def own(world: World, account: str) -> str:
    """The ledger account of this name of whoever is in force: `fees:platform` or `fees:acct_…`."""
    return f"{account}:{world.account or 'platform'}"


def of_customer(account: str, customer: str | None) -> str:
    """The ledger account of this name of a customer, or of buyers without one."""
    return f"{account}:{customer or 'guest'}"


def export(world: World, customer: str | None = None) -> Obj:
    """All entries, or those of one customer, and what each account holds in each currency."""
    entries: Objs = [
        public(entry) for entry in world.shelf.everywhere(ENTRY) if customer in {None, entry["customer"]}
    ]
    sums: dict[str, Counter[str]] = {}
    for entry in entries:
        held = sums.setdefault(entry["currency"], Counter())
        for leg in entry["legs"]:
            held[leg["account"]] += leg["amount"]
    return {
        "accounts": {currency: dict(sorted(held.items())) for currency, held in sorted(sums.items())},
        "entries": entries,
    }
