"""What do the hosted pages look like? Small HTML pages that work without scripts."""

from __future__ import annotations

from html import escape

from engine.sandbox.twin.invoicing.lines import money
from engine.sandbox.twin.values.types import Obj

_STYLE = """
:root { color-scheme: light; --ink: #1a1f36; --soft: #697386; --line: #e3e8ee; --go: #0a5bd3; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #f6f8fb; }
main { max-width: 880px; margin: 6vh auto; background: #fff; border: 1px solid var(--line);
  border-radius: 14px; box-shadow: 0 12px 40px rgb(26 31 54 / 8%); display: grid;
  grid-template-columns: 1fr 1fr; overflow: hidden; }
section { padding: 36px; }
section + section { border-left: 1px solid var(--line); }
h1 { font-size: 15px; font-weight: 600; color: var(--soft); margin: 0 0 4px; }
.total { font-size: 34px; font-weight: 700; margin: 0 0 24px; letter-spacing: -.02em; }
table { width: 100%; border-collapse: collapse; }
td { padding: 10px 0; border-top: 1px solid var(--line); vertical-align: top; }
td:last-child { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
small { color: var(--soft); display: block; }
label { display: block; font-weight: 600; margin: 0 0 6px; }
select, input[type=number], input[type=email], input[type=text] { width: 100%; font: inherit;
  padding: 10px 12px; border: 1px solid #c9d2de; border-radius: 8px; background: #fff; margin-bottom: 18px; }
td input[type=number] { width: 76px; padding: 4px 8px; margin: 4px 0 0; }
.check { display: flex; gap: 10px; align-items: center; font-weight: 400; margin-bottom: 18px; }
button { width: 100%; font: inherit; font-weight: 600; color: #fff; background: var(--go); border: 0;
  border-radius: 8px; padding: 12px; cursor: pointer; }
.plain { background: none; color: var(--soft); border: 1px solid #c9d2de; }
button:focus-visible, select:focus-visible, input:focus-visible { outline: 3px solid #9fc2ff; }
.note { border-radius: 8px; padding: 12px 14px; margin: 0 0 18px; background: #eef4ff; }
.bad { background: #fdecec; color: #9b1c1c; }
.badge { font-size: 12px; font-weight: 600; background: #ffe9c7; color: #6b4200; border-radius: 6px;
  padding: 2px 8px; }
@media (max-width: 720px) { main { grid-template-columns: 1fr; margin: 0; border-radius: 0; }
  section + section { border-left: 0; border-top: 1px solid var(--line); } }
"""
_CARDS = {
    "visa": "Visa •••• 4242 (works)",
    "mastercard": "Mastercard •••• 4444 (works)",
    "requires_3ds": "Visa •••• 3184 (asks for 3D Secure)",
    "declines_on_charge": "Visa •••• 0341 (attaches, then declines)",
    "insufficient_funds": "Visa •••• 9995 (insufficient funds)",
    "declined": "Visa •••• 0002 (declined)",
    "expired_card": "Visa •••• 0069 (expired)",
}


def document(title: str, body: str) -> str:
    """A whole page around a body."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def _cards(first: str, chosen: str | None) -> str:
    """The cards to choose from; after a refusal the one that was chosen stays chosen."""
    options = [
        f'<option value="{name}"{" selected" if name == chosen else ""}>{escape(text)}</option>'
        for name, text in _CARDS.items()
    ]
    return first + "".join(options)


def _form(
    button: str,
    *,
    first: str = "",
    extra: str = "",
    error: str | None = None,
    chosen: str | None = None,
) -> str:
    note = f'<p class="note bad" role="alert">{escape(error)}</p>' if error else ""
    return (
        f"{note}{extra}"
        '<label for="card">Card</label>'
        f'<select id="card" name="payment_method">{_cards(first, chosen)}</select>'
        '<label class="check"><input type="checkbox" name="confirm_3ds" value="yes">'
        " Complete 3D Secure with my bank</label>"
        f"<button>{escape(button)}</button>"
    )


def message(title: str, text: str) -> str:
    """A page that only says something."""
    heading = f'<h1>{escape(title)}</h1><p class="note">{escape(text)}</p>'
    return document(title, f'<main style="grid-template-columns:1fr"><section>{heading}</section></main>')


def _line(line: Obj, currency: str) -> str:
    recurring = line["price"]["recurring"]
    every = "one time"
    if recurring:
        count, interval = recurring["interval_count"], recurring["interval"]
        every = f"billed each {interval}" if count == 1 else f"billed every {count} {interval}s"
    bounds = line["adjustable_quantity"]
    quantity = f"Quantity {line['quantity']}"
    if bounds and bounds["enabled"]:
        quantity = (
            f'<input type="number" name="q[{line["id"]}]" value="{line["quantity"]}"'
            f' aria-label="Quantity" min="{bounds["minimum"] or 0}" max="{bounds["maximum"] or 99}">'
        )
    name = escape(line["description"] or "")
    total = money(line["amount_total"], currency)
    return f"<tr><td>{name}<small>{quantity} · {escape(every)}</small></td><td>{total}</td></tr>"


def checkout(session: Obj, error: str | None = None, chosen: str | None = None) -> str:
    """The page of a Checkout Session."""
    currency = session["currency"] or "usd"
    total = money(session["amount_total"] or 0, currency)
    titles = {"subscription": "Subscribe", "payment": "Pay", "setup": "Save a card"}
    title = titles[session["mode"]]
    rows = "".join(_line(line, currency) for line in session["_lines"])
    email = ""
    if session["customer"] is None and session["customer_email"] is None:
        email = (
            '<label for="email">Email</label>'
            '<input id="email" type="email" name="email" value="buyer@example.com">'
        )
    button = f"{title} {total}" if session["mode"] != "setup" else title
    form = _form(button, extra=email, error=error, chosen=chosen)
    return document(
        title,
        '<form method="post"><main><section><span class="badge">TEST MODE</span>'
        f'<h1>{escape(title)}</h1><p class="total">{total}</p><table>{rows}</table></section>'
        f"<section>{form}</section></main></form>",
    )


def invoice(held: Obj, lines: list[Obj], error: str | None = None, chosen: str | None = None) -> str:
    """The page of a hosted invoice."""
    currency = held["currency"]
    rows = "".join(
        f"<tr><td>{escape(line['description'] or 'Item')}</td><td>{money(line['amount'], currency)}</td></tr>"
        for line in lines
    )
    total = money(held["amount_due"], currency)
    right = f'<p class="note">This invoice is {escape(held["status"])}.</p>'
    if held["status"] in {"open", "uncollectible"}:
        first = '<option value="default">Card on file</option>'
        form = _form(f"Pay {total}", first=first, error=error, chosen=chosen)
        right = f'<form method="post">{form}</form>'
    title = f"Invoice {held['number'] or 'draft'}"
    return document(
        title,
        '<main><section><span class="badge">TEST MODE</span>'
        f'<h1>{escape(title)}</h1><p class="total">{total}</p><table>{rows}</table></section>'
        f"<section>{right}</section></main>",
    )
