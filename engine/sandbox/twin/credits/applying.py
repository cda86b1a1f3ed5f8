"""What of an invoice do credits pay? Its metered lines, before tax, when it is finalized.

Grants go by priority, then by the earliest expiry, promotional before paid ones, and by age.
Source: Stripe docs, billing/subscriptions/usage-based/billing-credits.
"""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, inside

from .balances import GRANT, move, usable

_NEVER = 2**62


def credited(line: Obj) -> int:
    """What credits pay of a line."""
    return sum(int(part["amount"]) for part in line.get("_credits", ()))


def apply_credits(world: World, invoice: Obj, lines: Objs) -> bool:
    """Use up the customer's credits for the metered lines of an invoice that is being finalized, if any."""
    applied = False
    open_lines = [line for line in lines if _is_metered(world, line)]
    for grant in _in_order(world, invoice) if open_lines else []:
        for line in open_lines:
            amount = min(grant["_left"], _left_to_pay(line))
            if amount <= 0 or not _covers(grant, line):
                continue
            about = {"invoice": invoice["id"], "invoice_line_item": line["id"]}
            made = move(world, grant, "debit", "credits_applied", amount, **about)
            part = {"amount": amount, "credit_balance_transaction": made["id"]}
            line["_credits"] = [*line.get("_credits", ()), part]
            applied = True
    return applied


def _is_metered(world: World, line: Obj) -> bool:
    price = world.shelf.peek(_price_of(line)) or {}
    return inside(price, "recurring").get("usage_type") == "metered"


def _price_of(line: Obj) -> str:
    return str(inside(line, "pricing", "price_details").get("price", ""))


def _left_to_pay(line: Obj) -> int:
    off = sum(part["amount"] for part in line["discount_amounts"])
    return int(line["amount"] - off - credited(line))


def _covers(grant: Obj, line: Obj) -> bool:
    scope = grant["applicability_config"]["scope"]
    return "price_type" in scope or any(price["id"] == _price_of(line) for price in scope["prices"])


def _in_order(world: World, invoice: Obj) -> Objs:
    found = [
        grant
        for grant in world.shelf.find(GRANT, customer=invoice["customer"])
        if usable(world, grant) and grant["amount"]["monetary"]["currency"] == invoice["currency"]
    ]
    return sorted(found, key=_rank)


def _rank(grant: Obj) -> tuple[int, int, bool, int, int]:
    expires = _NEVER if grant["expires_at"] is None else int(grant["expires_at"])
    paid = grant["category"] == "paid"
    return grant["priority"], expires, paid, grant["effective_at"], grant["_n"]


def give_back(world: World, invoice: Obj, lines: Objs) -> None:
    """A voided invoice gives back what it took; what is expired by now expires again."""
    for line in lines:
        for part in line.get("_credits", ()):
            taken = world.shelf.peek(part["credit_balance_transaction"]) or {}
            grant = world.shelf.take(taken.get("credit_grant", ""))
            if grant is None:
                continue
            about = {"invoice": invoice["id"], "invoice_line_item": line["id"]}
            move(world, grant, "credit", "credits_application_invoice_voided", part["amount"], **about)
            if not usable(world, grant):
                move(world, grant, "debit", "credits_expired", part["amount"])
