"""What happens when the buyer pays on the page? What was sold is made, then the session is complete.

A failed try leaves nothing behind.
Source: Stripe docs, changelog/basil/2025-03-31/checkout-legacy-subscription-upgrade.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.sandbox.twin.billing.starting import claim_currency, start
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.drafts import new_invoice, retotal
from engine.sandbox.twin.invoicing.lines import Entry, line_of_item, new_item
from engine.sandbox.twin.invoicing.paying import charge, requires_action
from engine.sandbox.twin.invoicing.settling import finalize
from engine.sandbox.twin.objects.cards import NEEDS_ACTION, WORKS, Card
from engine.sandbox.twin.objects.checkout import price_up
from engine.sandbox.twin.objects.customers import new_customer
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.objects.payment_methods import decline_error, new_card
from engine.sandbox.twin.objects.payments import Attempt, Result, attempt, card_error, new_intent
from engine.sandbox.twin.objects.setup import new_setup_intent, succeed
from engine.sandbox.twin.values.amounts import amount_of
from engine.sandbox.twin.values.types import Obj, Objs, clone, public


@dataclass(frozen=True, slots=True)
class Submission:
    """What the buyer sent: a card, whether the bank was satisfied, and changed quantities."""

    card: Card
    authenticated: bool = False
    email: str | None = None
    quantities: dict[str, int] = field(default_factory=dict[str, int])


def complete(world: World, session: Obj, sent: Submission) -> None:
    """Complete a session; raises 402 and leaves nothing behind when the card is refused."""
    _set_quantities(session, sent)
    price_up(world, session)
    customer = _customer(world, session, sent)
    method = new_card(world, sent.card, clock=session["_clock"])
    if sent.authenticated:
        method["_authenticated"] = True
    match session["mode"]:
        case "subscription":
            _subscribe(world, session, customer, method)
        case "setup":
            _set_up(world, session, customer, method)
        case _:
            _take_payment(world, session, customer, method)
    method.pop("_authenticated", None)
    session["status"] = "complete"
    session["url"] = None
    world.emit("checkout.session.completed", session)


def _set_quantities(session: Obj, sent: Submission) -> None:
    for line in session["_lines"]:
        wanted = sent.quantities.get(line["id"])
        bounds = line["adjustable_quantity"]
        if wanted is None or wanted == line["quantity"]:
            continue
        if not bounds or not bounds["enabled"]:
            raise invalid("This quantity cannot be changed.", param=f"q[{line['id']}]")
        if not (bounds["minimum"] or 0) <= wanted <= (bounds["maximum"] or 99):
            raise invalid("This quantity is out of bounds.", param=f"q[{line['id']}]")
        line["quantity"] = wanted


def _customer(world: World, session: Obj, sent: Submission) -> Obj | None:
    """The buyer: the customer of the session, a new one, or a guest."""
    if session["customer"]:
        return world.refer("customer", session["customer"], "customer")
    email = session["customer_email"] or sent.email
    guest = session["mode"] == "payment" and session["customer_creation"] != "always"
    details: Obj = {**(session["customer_details"] or {}), "email": email}
    blank = dict.fromkeys(("address", "business_name", "individual_name", "name", "phone", "tax_ids"))
    session["customer_details"] = {**blank, "tax_exempt": "none", **details}
    if guest and not session["invoice_creation"]["enabled"]:
        return None
    customer = new_customer(world, email)
    world.shelf.own(session, customer["id"])
    return customer


def _keep(world: World, method: Obj, customer: Obj) -> None:
    """Attach the card; the bank checks it first."""
    if method["_behaviour"] not in {WORKS, NEEDS_ACTION} and not method["_attachable"]:
        raise decline_error(method)
    world.shelf.own(method, customer["id"])
    world.emit("payment_method.attached", method)


def _check_bank(method: Obj) -> None:
    """Without a payment the bank still wants to see the buyer."""
    if method["_behaviour"] == NEEDS_ACTION and not method.get("_authenticated"):
        raise requires_action("setup_intent_authentication_failure", {}, keeps_state=False)


def _subscribe(world: World, session: Obj, customer: Obj | None, method: Obj) -> None:
    assert customer is not None
    _keep(world, method, customer)
    data: Obj = session["_subscription_data"]
    names = (
        "description", "metadata", "trial_end", "trial_period_days", "trial_settings", "billing_cycle_anchor",
        "proration_behavior", "billing_mode",
    )  # fmt: skip
    given: Obj = {name: clone(data[name]) for name in names if name in data}
    lines: Objs = session["_lines"]
    given |= {
        "items": [_wanted(line) for line in lines if line["price"]["recurring"]],
        "add_invoice_items": [_wanted(line) for line in lines if not line["price"]["recurring"]],
        "discounts": session["_discounts"],
        "default_payment_method": method["id"],
        "payment_behavior": "error_if_incomplete",
    }
    if not session["amount_total"]:
        _check_bank(method)
    subscription = start(world, customer, given)
    session["subscription"] = subscription["id"]
    session["invoice"] = subscription["latest_invoice"]
    session["payment_status"] = "paid" if session["amount_total"] else "no_payment_required"


def _wanted(line: Obj) -> Obj:
    return {"price": line["price"]["id"], "quantity": line["quantity"], "metadata": line["metadata"]}


def _set_up(world: World, session: Obj, customer: Obj | None, method: Obj) -> None:
    _check_bank(method)
    intent = new_setup_intent(world, customer)
    intent["metadata"] = {
        key: str(value) for key, value in session["_intent_data"].get("metadata", {}).items()
    }
    if customer is not None:
        _keep(world, method, customer)
    succeed(world, intent, method)
    session["setup_intent"] = intent["id"]


def _take_payment(world: World, session: Obj, customer: Obj | None, method: Obj) -> None:
    session["payment_status"] = "paid" if session["amount_total"] else "no_payment_required"
    if customer is not None and (
        session["_intent_data"].get("setup_future_usage") or not method["_attachable"]
    ):
        _keep(world, method, customer)
    if session["invoice_creation"]["enabled"] and customer is not None:
        _pay_invoice(world, session, customer, method)
    elif session["amount_total"]:
        data: Obj = session["_intent_data"]
        intent = new_intent(world, customer, session["amount_total"], session["currency"])
        intent["description"] = data.get("description")
        intent["metadata"] = {key: str(value) for key, value in data.get("metadata", {}).items()}
        intent["setup_future_usage"] = data.get("setup_future_usage")
        _raise_unless_paid(attempt(world, intent, method, authenticated=False), intent)
        session["payment_intent"] = intent["id"]


def _raise_unless_paid(tried: Attempt, intent: Obj) -> None:
    match tried.result:
        case Result.SUCCEEDED:
            return
        case Result.REQUIRES_ACTION:
            shown = public(intent)
            raise requires_action("payment_intent_authentication_failure", shown, keeps_state=False)
        case Result.FAILED:
            raise card_error(tried.error or {}, keeps_state=False)


def _pay_invoice(world: World, session: Obj, customer: Obj, method: Obj) -> None:
    """The paid invoice that `invoice_creation` asks for."""
    data: Obj = session["_invoice_data"]
    claim_currency(customer, session["currency"])
    invoice = new_invoice(world, customer, session["currency"], auto_advance=False)
    invoice["metadata"] = {key: str(value) for key, value in data.get("metadata", {}).items()}
    invoice["description"] = data.get("description")
    invoice["discounts"] = new_discounts(world, customer, session["_discounts"], invoice=invoice["id"])
    now = world.now_of(session)
    for line in session["_lines"]:
        entry = Entry(
            amount=amount_of(line["price"], line["quantity"]),
            currency=session["currency"],
            start=now,
            end=now,
            description=line["description"],
            price=line["price"],
            quantity=line["quantity"],
            metadata=dict(line["metadata"]),
        )
        line_of_item(world, invoice, new_item(world, customer, entry, invoice=invoice["id"]))
    retotal(world, invoice)
    world.emit("invoice.created", invoice)
    session["invoice"] = invoice["id"]
    if finalize(world, invoice) == "open":
        intent = world.fetch("payment_intent", invoice["_intent"])
        tried = charge(world, invoice, method, authenticated=False, automatic=False)
        _raise_unless_paid(tried, intent)
        session["payment_intent"] = intent["id"]
