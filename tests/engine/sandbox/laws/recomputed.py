"""What must the ledger hold? Its sums computed again from exported API traffic, and from nothing else."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from tests.engine.sandbox.laws.inside import Inside

LISTS = (
    "/v1/balance_transactions",
    "/v1/charges",
    "/v1/credit_notes",
    "/v1/disputes",
    "/v1/invoice_payments",
    "/v1/invoices",
    "/v1/refunds",
)


def export(twin: Inside) -> None:
    """Have everything that `sums` needs in the traffic: all pages of all lists."""
    customers = [each["id"] for each in twin.made("GET", "/v1/customers", {"limit": 100})["data"]]
    for path in (*LISTS, *(f"/v1/customers/{id_}/balance_transactions" for id_ in customers)):
        after: dict[str, Any] = {}
        while True:
            page = twin.made("GET", path, {"limit": 100, **after})
            if not page["has_more"]:
                break
            after = {"starting_after": page["data"][-1]["id"]}


def objects(traffic: Iterable[str]) -> dict[str, list[Any]]:
    """The last that any list answered about each object, by kind."""
    last: dict[str, Any] = {}
    for line in traffic:
        answer = json.loads(line)["response"]
        if answer.get("object") == "list":
            last |= {each["id"]: each for each in answer["data"] if "id" in each}
    kinds: dict[str, list[Any]] = defaultdict(list)
    for each in last.values():
        kinds[each["object"]].append(each)
    return kinds


def sums(traffic: Iterable[str]) -> dict[str, int]:
    """What each account of the platform's ledger holds, by docs/twin-ledger.md."""
    found = objects(traffic)
    held: Counter[str] = Counter()
    for made in found["balance_transaction"]:
        held["stripe_balance:platform"] += made["net"]
        held["fees:platform"] += made["fee"]
    for bill in found["invoice"]:
        _bill(held, bill)
    for back in found["refund"]:
        held["refunds:platform"] += back["amount"] if back["status"] != "failed" else 0
    for move in found["customer_balance_transaction"]:
        held[f"customer_balance:{move['customer']}"] += move["amount"]
        held["balance_adjustments:platform"] -= move["amount"] if move["type"] == "adjustment" else 0
    for note in found["credit_note"]:
        refunded = sum(each["amount_refunded"] for each in note["refunds"])
        held["credit_notes:platform"] += (note["total"] - refunded) if note["status"] == "issued" else 0
    _charges(held, found)
    return {account: amount for account, amount in held.items() if amount}


def _charges(held: Counter[str], found: dict[str, list[Any]]) -> None:
    of_bills = {payment["payment"].get("payment_intent") for payment in found["invoice_payment"]}
    for charge in found["charge"]:
        if charge["paid"] and charge["captured"] and charge["payment_intent"] not in of_bills:
            held[f"payments:{charge['customer'] or 'guest'}"] -= charge["amount_captured"]
    for dispute in found["dispute"]:
        held["disputes:platform"] += dispute["amount"] if dispute["status"] != "won" else 0


def _bill(held: Counter[str], bill: Any) -> None:
    if bill["status"] in {"draft", "void"}:
        return
    held["sales:platform"] -= bill["total"]
    if bill["status"] == "open":
        held[f"receivable:{bill['customer']}"] += bill["amount_remaining"]
    if bill["status"] == "uncollectible":
        held["uncollectible:platform"] += bill["amount_remaining"]
