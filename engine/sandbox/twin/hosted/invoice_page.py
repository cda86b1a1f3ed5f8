"""How does a hosted invoice look? On the screen with a way to pay it, and on paper."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj, Objs

from . import forms
from .html import Html, Part, amount_row, badge, brand, document, el, problem

_KINDS = {"paid": "good", "void": "bad", "uncollectible": "bad"}
_STATES = {
    "paid": "This invoice is paid. Thank you.",
    "void": "This invoice is void. There is nothing to pay.",
    "draft": "This invoice is not final yet.",
}
PAYABLE = frozenset({"open", "uncollectible"})


def day(at: int | None) -> str:
    """A day in words: `January 16, 2026`."""
    if at is None:
        return "-"
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%B} {moment.day}, {moment:%Y}"


def invoice(held: Obj, lines: Objs, sent: Obj, *, on_file: bool, error: str | None = None) -> str:
    """The page of an invoice; one that is open can be paid there."""
    head = el(
        "section",
        brand(held["account_name"] or "Wallstreet"),
        el("h1", f"Invoice {held['number'] or ''}"),
        el("p", money(held["amount_due"], held["currency"]), class_="total"),
        el("p", _state(held), class_="after"),
        _facts(held),
        el("a", "Download PDF", href=f"/i/{held['id']}/pdf", class_="button plain small"),
    )
    if held["status"] in PAYABLE:
        below: Part = _payment(held, sent, on_file=on_file, error=error)
    else:
        below = [problem(error), el("p", _STATES.get(held["status"], ""), class_="note")]
    return document(
        f"Invoice {held['number'] or ''}",
        head,
        el("section", _table(held, lines), *_texts(held)),
        el("section", below),
    )


def printed(held: Obj, lines: Objs) -> str:
    """The invoice for paper."""
    return document(
        f"Invoice {held['number'] or ''}",
        el(
            "section",
            brand(held["account_name"] or "Wallstreet"),
            el("h2", f"Invoice {held['number'] or ''} ", badge(held["status"], _KINDS.get(held["status"]))),
            _facts(held),
            _table(held, lines),
            *_texts(held),
        ),
    )


def _state(held: Obj) -> Html:
    due = f" Due {day(held['due_date'])}" if held["due_date"] and held["status"] in PAYABLE else ""
    return el("span", badge(held["status"], _KINDS.get(held["status"])), due)


def _facts(held: Obj) -> Html:
    facts = {
        "Invoice number": held["number"],
        "Issued": day(held["status_transitions"]["finalized_at"] or held["created"]),
        "Billed to": held["customer_name"] or held["customer_email"] or held["customer"],
        "Paid": day(held["status_transitions"]["paid_at"]) if held["status"] == "paid" else None,
    }
    fields: Objs = held["custom_fields"] or []
    facts |= {str(own["name"]): str(own["value"]) for own in fields}
    return el("dl", *[(el("dt", name), el("dd", str(value))) for name, value in facts.items() if value])


def _table(held: Obj, lines: Objs) -> Html:
    currency = held["currency"]
    rows: list[Part] = [el("tr", el("th", "Description"), el("th", "Amount"))]
    for line in lines:
        period = line["period"]
        spans = period["start"] != period["end"]
        dates = el("small", f"{day(period['start'])} - {day(period['end'])}") if spans else None
        words = line["description"] or "Item"
        rows.append(el("tr", el("td", words, dates), el("td", money(line["amount"], currency))))
    return el("table", *rows, *_sums(held))


def _sums(held: Obj) -> list[Part]:
    currency = held["currency"]
    off, tax = _sum(held["total_discount_amounts"]), _sum(held["total_taxes"])
    balance = held["amount_due"] - held["total"]
    rows: list[Part] = [amount_row("Subtotal", held["subtotal"], currency, "sum first")]
    if off:
        rows.append(amount_row("Discount", -off, currency))
    if tax:
        rows.append(amount_row("Tax", tax, currency))
    rows.append(amount_row("Total", held["total"], currency))
    if balance:
        rows.append(amount_row("Applied balance", balance, currency))
    if held["amount_paid"]:
        rows.append(amount_row("Amount paid", -held["amount_paid"], currency))
    rows.append(amount_row("Amount due", held["amount_remaining"], currency, "sum due"))
    return rows


def _sum(shares: Objs | None) -> int:
    return sum(int(share["amount"]) for share in shares or [])


def _texts(held: Obj) -> list[Part]:
    return [el("p", held[name], class_="fine") for name in ("description", "footer") if held[name]]


def _payment(held: Obj, sent: Obj, *, on_file: bool, error: str | None) -> Html:
    return el(
        "form",
        problem(error),
        forms.cards([], sent, on_file=on_file),
        el("button", f"Pay {money(held['amount_remaining'], held['currency'])}"),
        method="post",
        action=f"/i/{held['id']}",
    )


def receipt(charge: Obj) -> str:
    """The receipt of a charge."""
    card = charge["payment_method_details"].get("card")
    facts = {
        "Amount": money(charge["amount"], charge["currency"]),
        "Refunded": money(charge["amount_refunded"], charge["currency"])
        if charge["amount_refunded"]
        else None,
        "Date": day(charge["created"]),
        "Card": forms.card_words({"card": card}) if card else None,
        "Description": charge["description"],
    }
    shown = [(el("dt", name), el("dd", str(value))) for name, value in facts.items() if value]
    return document("Receipt", el("section", brand(), el("h2", "Receipt"), el("dl", *shown)), narrow=True)
