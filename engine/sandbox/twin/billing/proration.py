"""What is owed for part of a period? Credits follow what was debited, debits the price and the time left.

Source: Stripe docs, billing/subscriptions/prorations and billing-mode/compare.
"""

from __future__ import annotations

from fractions import Fraction

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.lines import (
    Entry,
    product_name,
    remaining_words,
    unused_words,
    words_of,
)
from engine.sandbox.twin.terms.modes import is_classic, is_itemized
from engine.sandbox.twin.terms.reductions import reductions
from engine.sandbox.twin.usage.items import is_metered, quantity_of
from engine.sandbox.twin.values.amounts import amount_of, exact_amount, rounded
from engine.sandbox.twin.values.types import Obj, Objs, clone

from .items import grid, items_of


def remember_debit(item: Obj, entry: Entry, *, invoice: str | None, line: str | None, taken: Objs) -> None:
    """Note what was charged for an item and what discounts took off it, so that it can be credited later."""
    net = entry.amount - sum(part["amount"] for part in taken)
    if net > 0 and entry.price is not None and entry.usage is None:
        item["_debits"].append(
            {
                "amount": entry.amount,
                "taken": clone(taken),
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
    """Credits for the time from an instant (up to another) of everything debited for an item.

    Classic mode does not look at what was debited but at the item as it is.
    """
    if is_metered(item["price"]):
        return []
    entries: list[Entry] = []
    kept: Objs = []
    if is_classic(subscription):
        item["_debits"] = _as_it_is(world, subscription, item)
        until = min(until or item["current_period_end"], item["current_period_end"])
    for debit in item["_debits"]:
        begin, end = max(at, debit["start"]), min(debit["end"], until or debit["end"])
        if end <= begin:
            kept.append(debit)
            continue
        share = Fraction(end - begin, debit["end"] - debit["start"])
        whole, parts = _parts(subscription, debit["amount"], debit["taken"], -share)
        entries.append(_credit_entry(world, subscription, item, debit, (whole, parts, begin, end)))
        if begin > debit["start"]:
            kept.append({**debit, **_rest(debit, whole, parts), "end": begin})
    item["_debits"] = kept
    return [entry for entry in entries if entry.amount]


def _as_it_is(world: World, subscription: Obj, item: Obj) -> Objs:
    """The debit that the present price, quantity and discounts of an item would make."""
    start, end = grid(subscription, item["price"], item["current_period_start"])
    amount = amount_of(item["price"], quantity_of(item))
    named = {"price": item["price"]["id"], "quantity": quantity_of(item), "tax_rates": item["tax_rates"]}
    taken = reductions(world, subscription, item)
    whole = {"amount": amount, "taken": taken, "start": start, "end": end}
    return [{**named, **whole, "invoice": None, "line": None}]


def _parts(subscription: Obj, amount: Fraction | int, taken: Objs, share: Fraction) -> tuple[int, Objs]:
    """A share of an amount: discounts beside it where prorations are itemized, else inside it."""
    if is_itemized(subscription):
        parts = [{**part, "amount": rounded(part["amount"] * share)} for part in taken]
        return rounded(amount * share), [part for part in parts if part["amount"]]
    net = Fraction(amount) - sum(part["amount"] for part in taken)
    return rounded(net * share), []


def _rest(debit: Obj, whole: int, parts: Objs) -> Obj:
    """What is left of a debit after a credit."""
    if not parts:
        net = debit["amount"] - sum(part["amount"] for part in debit["taken"])
        return {"amount": net + whole, "taken": []}
    given = {part["discount"]: part["amount"] for part in parts}
    left = [{**part, "amount": part["amount"] + given.get(part["discount"], 0)} for part in debit["taken"]]
    return {"amount": debit["amount"] + whole, "taken": left}


def _credit_entry(
    world: World, subscription: Obj, item: Obj, debit: Obj, part: tuple[int, Objs, int, int]
) -> Entry:
    amount, taken, begin, end = part
    price = world.shelf.peek(debit["price"]) or item["price"]
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
        taken=taken,
        tax_rates=debit["tax_rates"],
    )


def debit(world: World, subscription: Obj, item: Obj, at: int, end: int) -> Entry | None:
    """The charge for an item from an instant to the end given, at its share of the whole interval."""
    price, quantity = item["price"], quantity_of(item)
    if is_metered(price):
        return None
    start, whole_end = grid(subscription, price, at)
    share = Fraction(end - at, whole_end - start)
    whole = exact_amount(price, quantity)
    amount, taken = _parts(subscription, whole, reductions(world, subscription, item), share)
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
        taken=taken,
        tax_rates=item["tax_rates"],
    )


def whole_period(world: World, subscription: Obj, item: Obj) -> Entry:
    """The ordinary line of an item's present period: free in a trial, cut where the period is short."""
    price, quantity = item["price"], quantity_of(item)
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
        entry.description = _trial_words(world, subscription, price, quantity)
        return entry
    if is_metered(price):
        entry.description = words_of(world, price, 0)
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


def in_advance(world: World, subscription: Obj, items: Objs, *, beginning: bool = False) -> list[Entry]:
    """The lines of the present periods of items, the newest item first.

    A metered one shows only where it begins in classic mode.
    """
    shows_all = beginning and is_classic(subscription)
    newest_first = sorted(items, key=lambda item: -int(item["created"]))
    return [
        whole_period(world, subscription, item)
        for item in newest_first
        if shows_all or not is_metered(item["price"])
    ]


def first_periods(world: World, subscription: Obj, given: Obj) -> list[Entry]:
    """The lines of a first invoice: what was used since a start in the past, then the first periods.

    The stretch up to an anchor that was asked for is free with proration `none`, and so is the past.
    """
    prorates = given.get("proration_behavior") != "none"
    anchored = {"billing_cycle_anchor", "billing_cycle_anchor_config"} & set(given)
    items = items_of(subscription)
    licensed = [item for item in items if not is_metered(item["price"])]
    past = [_elapsed(world, subscription, item) for item in licensed] if prorates else []
    free = anchored and not prorates and subscription["status"] != "trialing"
    whole = [] if free else in_advance(world, subscription, items, beginning=True)
    return [*(entry for entry in past if entry is not None), *whole]


def _elapsed(world: World, subscription: Obj, item: Obj) -> Entry | None:
    """The time between a start in the past and now, at its share of the intervals in which it lies."""
    start, now = int(subscription["start_date"]), int(subscription["_begins"])
    share, at = Fraction(0), start
    while at < now:
        begin, end = grid(subscription, item["price"], at)
        share += Fraction(min(end, now) - at, end - begin)
        at = end
    if not share:
        return None
    price, quantity = item["price"], quantity_of(item)
    return Entry(
        amount=rounded(exact_amount(price, quantity) * share),
        currency=subscription["currency"],
        start=start,
        end=now,
        description=remaining_words(world, price, quantity, start),
        price=price,
        quantity=quantity,
        subscription=subscription["id"],
        item=item["id"],
        proration=True,
        discounts=list(item["discounts"]),
        tax_rates=item["tax_rates"],
    )


def _trial_words(world: World, subscription: Obj, price: Obj, quantity: int) -> str:
    if is_classic(subscription):
        return f"Trial period for {product_name(world, price)}"
    words = words_of(world, price, quantity).split(" (", maxsplit=1)[0]
    return f"Free trial for {words}"
