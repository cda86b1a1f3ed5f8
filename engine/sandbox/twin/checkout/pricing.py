"""What is due now? The amounts of a session, line by line, with what is taken off and added."""

from __future__ import annotations

from engine.sandbox.twin.billing.starting import start
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects.customers import new_customer
from engine.sandbox.twin.taxes.computing import exclusive_sum, inclusive_sum, taxes_on
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.values.amounts import MINIMUM_CHARGE, amount_of
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside, texts

from .reductions import take_off

_USUAL_RATES = "subscription_data[default_tax_rates]"


def price_up(world: World, session: Obj) -> None:
    """Work out the amounts of every line and the totals."""
    lines: Objs = session["_lines"]
    if not lines:
        return
    session["currency"] = lines[0]["currency"]
    amounts = _amounts(world, session, lines)
    session["amount_subtotal"] = sum(amounts)
    off = take_off(world, session, amounts)
    usual = named_rates(world, session["_subscription_data"].get("default_tax_rates"), _USUAL_RATES)
    for line, amount, less in zip(lines, amounts, off, strict=True):
        _write(line, amount, less, line["_tax_rates"] or usual, inside(session, "customer_details"))
    shipping = (session["shipping_cost"] or {"amount_total": 0})["amount_total"]
    session["amount_total"] = sum(line["amount_total"] for line in lines) + shipping
    session["total_details"] = {
        "amount_discount": sum(off),
        "amount_shipping": shipping,
        "amount_tax": sum(line["amount_tax"] for line in lines),
    }
    _refuse_too_little(session)


def _write(line: Obj, amount: int, less: int, rates: Objs, details: Obj) -> None:
    taxes = taxes_on(amount - less, rates, details.get("tax_exempt"))
    line |= {
        "amount_subtotal": amount,
        "amount_discount": less,
        "amount_tax": exclusive_sum(taxes) + inclusive_sum(taxes),
        "amount_total": amount - less + exclusive_sum(taxes),
    }


def _refuse_too_little(session: Obj) -> None:
    if session["mode"] == "payment" and 0 < session["amount_total"] < MINIMUM_CHARGE:
        least = f"{money(MINIMUM_CHARGE, session['currency'])} {session['currency']}"
        text = f"The Checkout Session's total amount due must add up to at least {least}"
        raise invalid(text, code="amount_too_small")


def _amounts(world: World, session: Obj, lines: Objs) -> list[int]:
    data: Obj = session["_subscription_data"]
    if data.get("trial_period_days") or data.get("trial_end"):
        return [0 if line["price"]["recurring"] else _whole(line) for line in lines]
    if data.get("billing_cycle_anchor") or data.get("billing_cycle_anchor_config"):
        return _first_bill(world, session, lines)
    return [_whole(line) for line in lines]


def _whole(line: Obj) -> int:
    if inside(line, "price", "recurring").get("usage_type") == "metered":
        return 0
    return amount_of(line["price"], line["quantity"])


def _first_bill(world: World, session: Obj, lines: Objs) -> list[int]:
    """Until a later anchor only a part of the period is due: what the first invoice would say."""
    with world.dry_run():
        held = world.shelf.take(session["customer"] or "")
        customer = held if held is not None else new_customer(world, None)
        given = subscription_of(session) | {"payment_behavior": "default_incomplete"}
        subscription = start(world, customer, given | {"discounts": []})
        invoice = world.shelf.peek(subscription["latest_invoice"] or "") or {"_lines": []}
        billed: dict[str, int] = {}
        for entry in invoice["_lines"]:
            line = world.shelf.peek(entry) if isinstance(entry, str) else entry
            price = inside(line, "pricing", "price_details").get("price")
            billed[str(price)] = billed.get(str(price), 0) + int((line or {"amount": 0})["amount"])
    return [billed.get(line["price"]["id"], 0) for line in lines]


def subscription_of(session: Obj) -> Obj:
    """What the session asks of the subscription that it makes."""
    lines: Objs = session["_lines"]
    return {
        **clone(session["_subscription_data"]),
        "items": [_wanted(line) for line in lines if line["price"]["recurring"]],
        "add_invoice_items": [_wanted(line) for line in lines if not line["price"]["recurring"]],
        "discounts": clone(session["_discounts"]),
    }


def _wanted(line: Obj) -> Obj:
    metered = inside(line, "price", "recurring").get("usage_type") == "metered"
    wanted: Obj = {"price": line["price"]["id"], "metadata": texts(line["metadata"])}
    wanted["tax_rates"] = [rate["id"] for rate in line["_tax_rates"]]
    return wanted if metered else wanted | {"quantity": line["quantity"]}
