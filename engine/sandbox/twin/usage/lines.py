"""How does usage come onto an invoice? In arrears: what a metered item used from one instant to another.

A line of a period follows what is reported as long as its invoice is a draft.
"""

from __future__ import annotations

from engine.sandbox.twin.catalog.pricing import in_currency
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.lines import Entry, words_of
from engine.sandbox.twin.values.amounts import amount_of, rounded
from engine.sandbox.twin.values.types import Obj, Objs

from .items import is_metered
from .measuring import spelled, usage_between


def unbilled(world: World, subscription: Obj, items: Objs, until: int) -> list[Entry]:
    """What metered items used of their running periods and nobody was billed for; a trial is free."""
    if subscription["status"] == "trialing":
        return []
    metered = [item for item in items if is_metered(item["price"])]
    return [entry for item in metered if (entry := _used(world, subscription, item, until)) is not None]


def billed_early(world: World, subscription: Obj, items: Objs, now: int) -> list[Entry]:
    """What is unbilled of periods that end before their time; from now on usage is counted anew."""
    entries = unbilled(world, subscription, items, now)
    for item in items:
        item["_metered_from"] = now
    return [entry for entry in entries if entry.amount]


def _used(world: World, subscription: Obj, item: Obj, until: int) -> Entry | None:
    price, end = item["price"], min(until, int(item["current_period_end"]))
    start = max(int(item["current_period_start"]), item.get("_metered_from", 0))
    if end <= start:
        return None
    meter, customer = price["recurring"]["meter"], subscription["customer"]
    value = usage_between(world, meter, customer, start, end)
    return Entry(
        amount=amount_of(price, value),
        currency=subscription["currency"],
        start=start,
        end=end,
        description=words_of(world, price, spelled(value)),
        price=price,
        quantity=rounded(value),
        quantity_decimal=spelled(value),
        subscription=subscription["id"],
        item=item["id"],
        discounts=list(item["discounts"]),
        metadata=dict(item["metadata"]),
        tax_rates=item["tax_rates"],
        usage={"price": price["id"], "meter": meter, "customer": customer},
    )


def refresh(world: World, lines: Objs) -> None:
    """Bring the lines of usage up to date with what was reported until now."""
    for line in lines:
        usage: Obj | None = line.get("_usage")
        if usage is None:
            continue
        period = line["period"]
        price = in_currency(world.shelf.peek(usage["price"]) or {}, line["currency"])
        value = usage_between(world, usage["meter"], usage["customer"], period["start"], period["end"])
        line["amount"] = line["subtotal"] = amount_of(price, value)
        line["quantity"], line["quantity_decimal"] = rounded(value), spelled(value)
        line["description"] = words_of(world, price, spelled(value))
