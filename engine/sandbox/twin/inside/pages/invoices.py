"""What was billed, and how was it paid? The list, and one with lines, taxes, discounts, payments, history."""

from __future__ import annotations

from collections.abc import Sequence

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.hosted.html import Html, Part, el, join
from engine.sandbox.twin.inside import course, pieces
from engine.sandbox.twin.inside.view import Page, Question, View
from engine.sandbox.twin.values.types import Obj, Objs, inside, public

from . import events, requests

_SUMS = (
    ("subtotal", "Subtotal"),
    ("total", "Total"),
    ("starting_balance", "Balance before"),
    ("ending_balance", "Balance after"),
    ("amount_due", "Due"),
    ("amount_paid", "Paid"),
    ("amount_remaining", "Remaining"),
)
_ALWAYS = frozenset({"subtotal", "total", "amount_due", "amount_paid", "amount_remaining"})


def listed(view: View, question: Question) -> Page:
    """All invoices, of one status or one customer where it is asked."""
    status, customer = question.get("status"), question.get("customer")
    every = view.of_customer("invoice", customer) if customer else view.all("invoice")
    found = [held for held in every if status in {"", held["status"]}]
    filtering = pieces.searching(question, (("status", "Status, such as open"), ("customer", "Customer")))
    return Page("Invoices", (filtering, pieces.paged(question, found, lambda some: table(view, some))))


def table(view: View, some: Sequence[Obj], *, customers: bool = True) -> Html:
    """Some invoices, a row each."""
    who = ("Customer",) if customers else ()
    heads = ("Invoice", *who, "Status", "Why", "Created", "Total>", "Remaining>")
    rows = (_row(view, held, customers=customers) for held in some)
    return pieces.table(heads, rows, "No invoice.")


def _row(view: View, held: Obj, *, customers: bool) -> list[Part]:
    customer = view.world.shelf.peek(str(held.get("customer"))) or {}
    who = [pieces.ref(view.world, held["customer"], customer.get("name") or customer.get("email"))]
    return [
        [pieces.ref(view.world, held, held["number"] or "draft"), el("small", held["id"])],
        *(who if customers else []),
        pieces.state(held["status"]),
        str(held["billing_reason"]).replace("_", " "),
        pieces.when(held["created"]),
        pieces.amount(held["total"], held["currency"]),
        pieces.amount(held["amount_remaining"], held["currency"]),
    ]


def one(view: View, question: Question) -> Page | None:
    """One invoice."""
    held = view.world.shelf.peek(question.id)
    if held is None or held["object"] != "invoice":
        return None
    return Page(
        f"Invoice {held['number'] or held['id']}",
        (
            _facts(view, held),
            pieces.section("Lines", _lines(view.world, held), _sums(view.world, held)),
            pieces.section("Payments", _payments(view.world, held)),
            _notes(view, held),
            pieces.section("History", _history(view.world, held)),
            events.about(view, held["id"]),
            requests.about(view, held["id"]),
            pieces.folded("The object as it is", pieces.raw(view.world, public(held))),
        ),
        pieces.state(held["status"]),
    )


def _facts(view: View, held: Obj) -> Html:
    world = view.world
    hosted = held.get("hosted_invoice_url")
    return pieces.facts(
        ("Id", held["id"]),
        ("Customer", pieces.ref(world, held["customer"], held["customer_name"] or held["customer_email"])),
        ("Subscription", pieces.ref(world, course.subscription_of(held))),
        ("Why", str(held["billing_reason"]).replace("_", " ")),
        ("Period", [pieces.when(held["period_start"]), " to ", pieces.when(held["period_end"])]),
        ("Created", pieces.when(held["created"])),
        ("Due", pieces.when(held["due_date"])),
        ("Attempts", str(held["attempt_count"])),
        ("Next attempt", pieces.when(held["next_payment_attempt"])),
        ("Finalizes", pieces.when(held["automatically_finalizes_at"])),
        ("Its page", el("a", "open", href=f"/i/{held['id']}") if hosted else pieces.none()),
    )


def _lines(world: World, invoice: Obj) -> Html:
    held = [world.shelf.peek(id_) for id_ in invoice["_lines"]]
    rows = (_line(world, line) for line in held if line is not None)
    heads = ("What", "Period", "Quantity>", "Discounts>", "Taxes>", "Amount>")
    return pieces.table(heads, rows, "No line.")


def _line(world: World, line: Obj) -> list[Part]:
    currency = line["currency"]
    price = inside(line, "pricing", "price_details").get("price")
    period = line["period"]
    reduced = sum(each["amount"] for each in _each(line, "discount_amounts"))
    taxed = sum(each["amount"] for each in _each(line, "taxes"))
    return [
        [line["description"] or line["id"], el("small", pieces.ref(world, price)) if price else None],
        [pieces.when(period["start"]), " to ", pieces.when(period["end"])],
        pieces.none() if line["quantity"] is None else str(line["quantity"]),
        pieces.amount(-reduced, currency) if reduced else pieces.none(),
        pieces.amount(taxed, currency) if taxed else pieces.none(),
        pieces.amount(line["amount"], currency),
    ]


def _sums(world: World, invoice: Obj) -> Html:
    currency = invoice["currency"]
    rows: list[Part] = []
    for name, label in _SUMS:
        if invoice[name] or name in _ALWAYS:
            rows.append(_sum(label, invoice[name], currency, name))
        if name == "subtotal":
            rows += _reductions(world, invoice)
    return el("table", el("tbody", *rows), class_="sums")


def _sum(label: Part, value: int | None, currency: str, kind: str = "") -> Html:
    cell = el("td", pieces.amount(value or 0, currency), class_="right")
    return el("tr", el("td", label), cell, class_=kind)


def _reductions(world: World, invoice: Obj) -> list[Part]:
    currency = invoice["currency"]
    discounts = _each(invoice, "total_discount_amounts")
    taxes = _each(invoice, "total_taxes")
    return [
        *(
            _sum(["Discount ", pieces.ref(world, each["discount"])], -each["amount"], currency)
            for each in discounts
        ),
        *(_sum(_tax_name(world, each), each["amount"], currency) for each in taxes),
    ]


def _each(obj: Obj, name: str) -> Objs:
    """What is under a name of an object, where there is anything."""
    return obj[name] or []


def _tax_name(world: World, tax: Obj) -> Part:
    id_ = inside(tax, "tax_rate_details").get("tax_rate")
    rate = world.shelf.peek(str(id_))
    name = f"{rate['display_name']} {rate['percentage']} %" if rate else None
    return ["Tax ", pieces.ref(world, id_, name), f" ({tax['tax_behavior']})"]


def _payments(world: World, invoice: Obj) -> Html:
    payments = [
        held for held in world.shelf.everywhere("invoice_payment") if held["invoice"] == invoice["id"]
    ]
    charges = sorted(world.shelf.owned("charge", invoice["customer"]), key=lambda held: int(held["_n"]))
    rows = [row for payment in payments for row in _payment(world, payment, charges)]
    heads = ("When", "Payment", "Status", "What the bank said", "Amount>")
    return pieces.table(heads, rows, "No payment was asked for.")


def _payment(world: World, payment: Obj, tried: Objs) -> list[list[Part]]:
    """A payment of the invoice, and each charge that was tried for it."""
    intent = inside(payment, "payment").get("payment_intent")
    charges = [held for held in tried if intent and held["payment_intent"] == intent]
    first: list[Part] = [
        pieces.when(payment["created"]),
        pieces.ref(world, intent or inside(payment, "payment").get("charge") or payment["id"]),
        pieces.state(payment["status"]),
        "",
        pieces.amount(payment["amount_paid"] or payment["amount_requested"], payment["currency"]),
    ]
    return [first, *(_charge(world, charge) for charge in charges)]


def _charge(world: World, charge: Obj) -> list[Part]:
    refunded = f"{charge['amount_refunded']} refunded" if charge.get("amount_refunded") else ""
    return [
        pieces.when(charge["created"]),
        [el("span", "↳ ", class_="soft"), pieces.ref(world, charge)],
        pieces.state(charge["status"]),
        charge.get("failure_message") or refunded,
        pieces.amount(charge["amount"], charge["currency"]),
    ]


def _notes(view: View, invoice: Obj) -> Html | None:
    found: Objs = [held for held in view.all("credit_note") if held["invoice"] == invoice["id"]]
    if not found:
        return None
    rows = (
        (
            pieces.when(held["created"]),
            pieces.ref(view.world, held, held["number"]),
            pieces.state(held["status"]),
            held["reason"] or "",
            pieces.amount(held["total"], held["currency"]),
        )
        for held in found
    )
    heads = ("When", "Note", "Status", "Reason", "Total>")
    return join([pieces.section("Credit notes", pieces.table(heads, rows))])


def _history(world: World, invoice: Obj) -> Html:
    """Each event of the invoice, with the status in which it left it."""
    found = [
        event
        for event in world.shelf.everywhere("event")
        if event["data"]["object"].get("id") == invoice["id"]
    ]
    rows = (
        (
            pieces.when(event["created"]),
            pieces.ref(world, event, event["type"]),
            pieces.state(event["data"]["object"].get("status") or "deleted"),
            pieces.amount(event["data"]["object"].get("amount_remaining"), invoice["currency"]),
        )
        for event in found
    )
    return pieces.table(("When", "Event", "Status then", "Remaining then>"), rows, "No event.")
