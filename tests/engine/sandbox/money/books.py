"""An auditor: what must hold in the books and balances of a twin at any moment, from its answers alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.engine.sandbox.twin_client import Twin


def accounts(twin: Twin, customer: str, currency: str = "usd") -> dict[str, int]:
    """What the ledger accounts hold for one customer."""
    found = twin.get(f"/_twin/ledger?customer={customer}")["accounts"].get(currency, {})
    return {name: amount for name, amount in found.items() if amount}


def audit(twin: Twin) -> None:
    """Every entry balances; balances are the sums of balance transactions, and the ledger agrees."""
    ledger = twin.get("/_twin/ledger")
    for entry in ledger["entries"]:
        assert sum(leg["amount"] for leg in entry["legs"]) == 0, entry
    for sums in ledger["accounts"].values():
        assert sum(sums.values()) == 0
    held: Counter[tuple[str, str]] = Counter()
    for made in twin.v1.balance_transactions.list({"limit": 100}).auto_paging_iter():
        assert made.net == made.amount - made.fee
        assert made.fee == sum(part.amount for part in made.fee_details)
        held[made.currency, made.status] += made.net
    balance = twin.v1.balance.retrieve()
    for status, funds in (("available", balance.available), ("pending", balance.pending)):
        _agree(held, status, funds)
    for funds in balance.available:
        whole = held[funds.currency, "available"] + held[funds.currency, "pending"]
        booked = ledger["accounts"].get(funds.currency, {}).get("stripe_balance:platform", 0)
        assert booked == whole


def _agree(held: Counter[tuple[str, str]], status: str, funds: Any) -> None:
    shown = {(each.currency, status): each.amount for each in funds}
    assert shown.items() >= {key: sum_ for key, sum_ in held.items() if key[1] == status}.items()
