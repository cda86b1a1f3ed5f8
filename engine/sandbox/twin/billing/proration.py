"""What is owed for part of a period? Credits follow what was debited, debits the price and the time left.

Flexible billing mode; source: Stripe docs, billing/subscriptions/prorations and billing-mode/compare.
"""

from __future__ import annotations

from fractions import Fraction

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.discounting import coupon_of, parts_off
from engine.sandbox.twin.invoicing.lines import Entry, remaining_words, unused_words, words_of
from engine.sandbox.twin.values.amounts import amount_of, exact_amount, rounded
from engine.sandbox.twin.values.types import Obj, Objs

from .items import grid, items_of


def remember_debit(item: Obj, entry: Entry, *, invoice: str | None, line: str | None, net: int) -> None:
    """Note what was charged for an item, so that it can be credited later."""
    if net > 0 and entry.price is not None:
        item["_debits"].append(
            {
                "amount": net,
                "start": entry.start,
                "end": entry.end,
                "price": entry.price["id"],
                "quantity": entry.quantity,
                "tax_rates": entry.tax_rates,
                "invoice": invoice,
                "line": line,
            }
        )


def credit(world: World, subscription: Obj, item: Obj, at: int, *, until: int | None = None) -> list[Entry]:
    """Credits for the time from an instant (up to another) of everything debited for an item."""
    entries: list[Entry] = []
    kept: Objs = []
    for debit in item["_debits"]:
        begin, end = max(at, debit["start"]), min(debit["end"], until or debit["end"])
        if end <= begin:
            kept.append(debit)
            continue
        amount = rounded(Fraction(debit["amount"] * (end - begin), debit["end"] - debit["start"]))
        price = world.shelf.peek(debit["price"]) or item["price"]
        entries.append(_credit_entry(world, subscription, item, debit, price, (-amount, begin, end)))
        if begin > debit["start"]:
            kept.append({**debit, "amount": debit["amount"] - amount, "end": begin})
    item["_debits"] = kept
    return [entry for entry in entries if entry.amount]


def _credit_entry(
    world: World, subscription: Obj, item: Obj, debit: Obj, price: Obj, part: tuple[int, int, int]
) -> Entry:
    amount, begin, end = part
    credited = None
    if debit["invoice"] and debit["line"]:
        credited = {"invoice": debit["invoice"], "invoice_line_items": [debit["line"]]}
    return Entry(
        amount=amount,
        currency=subscription["currency"],
        start=begin,
        end=end,
        description=unused_words(world, price, debit["quantity"], begin),
        price=price,
        quantity=debit["quantity"],
        subscription=subscription["id"],
        item=item["id"],
        proration=True,
        credited=credited,
        discountable=False,
        tax_rates=debit["tax_rates"],
    )


def debit(world: World, subscription: Obj, item: Obj, at: int, end: int) -> Entry | None:
    """The charge for an item from an instant to the end given, at its share of the whole interval."""
    price, quantity = item["price"], item["quantity"]
    start, whole_end = grid(subscription, price, at)
    share = Fraction(end - at, whole_end - start)
    full = exact_amount(price, quantity) - _discount(world, subscription, item)
    amount = rounded(full * share)
    if not amount:
        return None
    return Entry(
        amount=amount,
        currency=subscription["currency"],
        start=at,
        end=end,
        description=remaining_words(world, price, quantity, at),
        price=price,
        quantity=quantity,
        subscription=subscription["id"],
        item=item["id"],
        proration=True,
        discountable=False,
        tax_rates=item["tax_rates"],
    )


def _discount(world: World, subscription: Obj, item: Obj) -> int:
    """What the subscription's lasting coupons take off a whole period of an item."""
    items = items_of(subscription)
    amounts = [amount_of(each["price"], each["quantity"]) for each in items]
    products = [each["price"]["product"] for each in items]
    taken = 0
    for discount in [*subscription["discounts"], *item["discounts"]]:
        coupon = coupon_of(world, discount)
        if coupon is None or coupon["duration"] == "once":
            continue
        parts = parts_off(coupon, products, amounts)
        taken += sum(part for each, part in zip(items, parts, strict=True) if each["id"] == item["id"])
    return taken


def whole_period(world: World, subscription: Obj, item: Obj) -> Entry:
    """The ordinary line of an item's present period: free in a trial, cut where the period is short."""
    price, quantity = item["price"], item["quantity"]
    start, end = item["current_period_start"], item["current_period_end"]
    entry = Entry(
        amount=0,
        currency=subscription["currency"],
        start=start,
        end=end,
        description=None,
        price=price,
        quantity=quantity,
        subscription=subscription["id"],
        item=item["id"],
        discounts=list(item["discounts"]),
        metadata=dict(item["metadata"]),
        tax_rates=item["tax_rates"],
    )
    if subscription["status"] == "trialing":
        words = words_of(world, price, quantity).split(" (", maxsplit=1)[0]
        entry.description = f"Free trial for {words}"
        return entry
    grid_start, grid_end = grid(subscription, price, start)
    if (start, end) == (grid_start, grid_end):
        entry.amount = amount_of(price, quantity)
        entry.description = words_of(world, price, quantity)
        return entry
    entry.amount = rounded(exact_amount(price, quantity) * Fraction(end - start, grid_end - grid_start))
    entry.description = remaining_words(world, price, quantity, start)
    entry.proration = True
    return entry
