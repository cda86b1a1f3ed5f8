"""Where is the money? What each account of the ledger holds, and its entries."""

from __future__ import annotations

from collections import Counter
from urllib.parse import quote

from engine.sandbox.twin.books.ledger import ENTRY
from engine.sandbox.twin.hosted.html import Html, Part, el
from engine.sandbox.twin.inside import pieces
from engine.sandbox.twin.inside.view import Page, Question, View
from engine.sandbox.twin.values.types import Obj, Objs


def listed(view: View, question: Question) -> Page:
    """The sums and the entries, of one customer or one account of the ledger where it is asked."""
    customer, account = question.get("customer"), question.get("account")
    found = [
        entry
        for entry in view.all(ENTRY)
        if customer in {"", entry["customer"]}
        and (not account or any(leg["account"] == account for leg in entry["legs"]))
    ]
    fields = (("customer", "Customer"), ("account", "Account, such as sales:platform"))
    entries = pieces.paged(
        question,
        found,
        lambda some: pieces.table(
            ("When", "What", "About", "Account", "Debit>", "Credit>"),
            (row for entry in some for row in _rows(view, entry)),
        ),
    )
    sums = pieces.section("Accounts", _sums(found, whole=not (customer or account)))
    return Page("Ledger", (pieces.searching(question, fields), sums, pieces.section("Entries", entries)))


def _sums(found: Objs, *, whole: bool) -> Html:
    """What each account holds; in the whole book the accounts of all customers of a kind are one."""
    held: Counter[tuple[str, str]] = Counter()
    for entry in found:
        for leg in entry["legs"]:
            held[entry["currency"], _together(leg["account"]) if whole else leg["account"]] += leg["amount"]
    rows = (
        (_account(account), *_sides(value, currency)) for (currency, account), value in sorted(held.items())
    )
    return pieces.table(("Account", "Debit>", "Credit>"), rows, "No money moved.")


def _together(account: str) -> str:
    kind, _, owner = account.partition(":")
    return f"{kind} of customers" if owner.startswith(("cus_", "guest")) else account


def _account(name: str) -> Part:
    if ":" not in name:
        return name
    return el("a", name, href=f"/inside/ledger?account={quote(name)}")


def _sides(value: int, currency: str) -> tuple[Part, Part]:
    shown = pieces.amount(abs(value), currency)
    return ("", shown) if value < 0 else (shown, "")


def _rows(view: View, entry: Obj) -> list[list[Part]]:
    about: list[Part] = [
        pieces.when(entry["at"]),
        entry["cause"],
        pieces.ref(view.world, entry["source"]),
    ]
    blank: list[Part] = ["", "", ""]
    return [
        [*(blank if number else about), _account(leg["account"]), *_sides(leg["amount"], entry["currency"])]
        for number, leg in enumerate(entry["legs"])
    ]
