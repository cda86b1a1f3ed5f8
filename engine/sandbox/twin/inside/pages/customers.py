"""Who are the customers, and what do they have? The list, and one with all that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.sandbox.twin.hosted.html import Html, Part, el, join
from engine.sandbox.twin.inside import pieces
from engine.sandbox.twin.inside.view import Page, Question, View
from engine.sandbox.twin.values.types import Obj, inside, public

from . import events, invoices, requests, subscriptions

_LATEST = 10


def listed(view: View, question: Question) -> Page:
    """All customers; `q` looks into names, emails and ids."""
    wanted = question.get("q").lower()
    found = [held for held in view.all("customer") if _matches(held, wanted)]
    filtering = pieces.searching(question, (("q", "Name, email or id"),))
    return Page("Customers", (filtering, pieces.paged(question, found, lambda some: _table(view, some))))


def one(view: View, question: Question) -> Page | None:
    """One customer with everything that belongs to it."""
    customer = view.world.shelf.peek(question.id)
    if customer is None or customer["object"] != "customer":
        return None
    title = customer.get("name") or customer.get("email") or customer["id"]
    beside = pieces.state("deleted") if customer.get("deleted") else None
    return Page(
        str(title),
        (
            _facts(view, customer),
            _subscriptions(view, customer["id"]),
            _invoices(view, customer["id"]),
            _methods(view, customer),
            _balance(view, customer),
            events.about(view, customer["id"]),
            requests.about(view, customer["id"]),
            pieces.folded("The object as it is", pieces.raw(view.world, public(customer))),
        ),
        beside,
    )


def _matches(customer: Obj, wanted: str) -> bool:
    return any(wanted in str(customer.get(name) or "").lower() for name in ("id", "name", "email"))


def _table(view: View, some: Sequence[Obj]) -> Html:
    return pieces.table(
        ("Customer", "Email", "Subscriptions", "Clock", "Created"),
        (
            (
                [pieces.ref(view.world, held, held.get("name") or None), el("small", held["id"])],
                held.get("email") or pieces.none(),
                _states(view, held["id"]),
                _clock(view, held),
                pieces.when(held.get("created")),
            )
            for held in some
        ),
        "No customer.",
    )


def _states(view: View, customer: str) -> Part:
    held = view.of_customer("subscription", customer)
    return [[pieces.state(each["status"]), " "] for each in held[:_LATEST]] or pieces.none()


def _clock(view: View, obj: Obj) -> Part:
    clock = obj.get("_clock")
    return pieces.ref(view.world, clock) if clock else el("a", "live", href="/inside/clocks/live")


def _facts(view: View, customer: Obj) -> Html:
    return pieces.facts(
        ("Id", customer["id"]),
        ("Email", customer.get("email") or pieces.none()),
        ("Created", pieces.when(customer.get("created"))),
        ("Clock", _clock(view, customer)),
        ("Account", pieces.ref(view.world, customer["_account"]) if customer["_account"] else "platform"),
        ("Balance", pieces.amount(customer.get("balance"), customer.get("currency") or "usd")),
        ("Delinquent", pieces.state("past_due") if customer.get("delinquent") else "no"),
        ("Ledger", el("a", "entries", href=f"/inside/ledger?customer={customer['id']}")),
    )


def _subscriptions(view: View, customer: str) -> Html:
    found = view.of_customer("subscription", customer)
    shown = subscriptions.table(view, found[: pieces.PAGE], customers=False)
    return pieces.section("Subscriptions", shown, beside=_all("subscriptions", customer))


def _invoices(view: View, customer: str) -> Html:
    found = view.of_customer("invoice", customer)[:_LATEST]
    shown = invoices.table(view, found, customers=False)
    return pieces.section("Latest invoices", shown, beside=_all("invoices", customer))


def _all(kind: str, customer: str) -> Html:
    return el("a", "all", href=f"/inside/{kind}?customer={customer}")


def _methods(view: View, customer: Obj) -> Html:
    default = inside(customer, "invoice_settings").get("default_payment_method")
    kinds = ("payment_method", "card", "bank_account")
    found = [held for kind in kinds for held in view.of_customer(kind, customer["id"])]
    rows = (
        (
            pieces.ref(view.world, held),
            words_of(held),
            pieces.state("default") if held["id"] in {default, customer.get("default_source")} else "",
            pieces.when(held.get("created")),
        )
        for held in found[: pieces.PAGE]
    )
    return pieces.section("Ways to pay", pieces.table(("Id", "What it is", "", "Created"), rows, "No card."))


def words_of(method: Obj) -> str:
    """A way to pay in words: `visa •••• 4242`."""
    kind = str(method.get("type") or method["object"])
    about = inside(method, kind) or method
    name = about.get("brand") or about.get("bank_name") or kind
    return f"{name} •••• {about['last4']}" if about.get("last4") else str(name)


def _balance(view: View, customer: Obj) -> Html | None:
    found = view.of_customer("customer_balance_transaction", customer["id"])
    if not found:
        return None
    rows = (
        (
            pieces.when(held["created"]),
            held["type"],
            pieces.ref(view.world, held.get("invoice") or held.get("credit_note")),
            pieces.amount(held["amount"], held["currency"]),
            pieces.amount(held["ending_balance"], held["currency"]),
        )
        for held in found[: pieces.PAGE]
    )
    return join(
        [pieces.section("Balance", pieces.table(("When", "What", "About", "Amount>", "After>"), rows))]
    )
