"""What does an update make of the items? Added, removed or put on another price or quantity, with prorations.

Source: Stripe docs, billing/subscriptions/prorations.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such, not_covered
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.lines import Entry
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.terms import limits
from engine.sandbox.twin.terms.modes import check_intervals, interval_of, is_classic
from engine.sandbox.twin.usage.items import quantity_of, refuse_quantity, set_quantity
from engine.sandbox.twin.usage.lines import billed_early
from engine.sandbox.twin.values.types import Obj, Objs, as_list, inside

from .items import (
    check_currency,
    check_no_duplicates,
    items_of,
    new_item,
    price_for,
    priced_in,
    set_period,
    set_price,
)
from .proration import credit, debit


@dataclass(slots=True)
class Change:
    """An update worked out: the state after it, credits and debits, and whether it bills by itself.

    Prorations are counted from `at`; what begins, begins `now`.
    """

    state: Obj
    at: int
    now: int
    prorates: bool
    entries: list[Entry] = field(default_factory=list[Entry])
    periods: list[Entry] = field(default_factory=list[Entry])
    bills: bool = False
    at_boundary: bool = False


def change_items(world: World, change: Change, given: Obj, *, priced: bool) -> None:
    """Make the changes that `items` names; without a price where whole periods are billed anyway."""
    wanted: Objs = as_list(given.get("items")) or []
    change.prorates, prorates = change.prorates and priced, change.prorates
    for index, entry in enumerate(wanted):
        _change_one(world, change, entry, f"items[{index}]")
    change.prorates = prorates
    items = items_of(change.state)
    if not items:
        raise invalid("A subscription must have at least one active plan.", param="items")
    if wanted:
        check_no_duplicates(items)
        check_intervals(change.state, items)


def _change_one(world: World, change: Change, entry: Obj, where: str) -> None:
    limits.quantity(entry, where)
    entry.get("clear_usage")  # usage of a metered price is kept by its meter, whatever is asked here
    if entry.get("id") is None:
        if entry.get("deleted"):
            raise missing(f"{where}[id]")
        _add_item(world, change, entry, where)
    elif entry.get("deleted"):
        _remove_item(world, change, entry["id"], where)
    else:
        _change_item(world, change, entry, where)


def _item(change: Change, id_: str, where: str) -> Obj:
    for item in items_of(change.state):
        if item["id"] == id_:
            return item
    raise no_such("subscription item", id_, param=f"{where}[id]", status=400)


def _add_item(world: World, change: Change, entry: Obj, where: str) -> None:
    price = _price(world, change, entry, where)
    item = new_item(world, change.state, price, entry)
    begin_period(change, item)
    item["_metered_from"] = change.now
    items_of(change.state).append(item)
    set_reductions(world, change.state, item, entry)
    _debit(world, change, item)


def _price(world: World, change: Change, entry: Obj, where: str) -> Obj:
    price = priced_in(price_for(world, entry, where, recurring=True), change.state["currency"])
    check_currency(price, change.state["currency"], f"{where}[price]")
    return price


def set_reductions(world: World, state: Obj, item: Obj, entry: Obj) -> None:
    """The discounts of an item itself; an empty list changes nothing, an empty string takes them off."""
    named = entry.get("discounts")
    if entry.get("billing_thresholds"):
        raise not_covered("billing_thresholds")
    if named == "":
        item["discounts"] = []
    elif named:
        customer = world.fetch("customer", state["customer"])
        item["discounts"] = new_discounts(world, customer, named, subscription_item=item["id"])


def begin_period(change: Change, item: Obj) -> None:
    """The period that holds now; one that begins just where a cycle ends is left to the renewal."""
    set_period(change.state, item, change.at)
    if change.at_boundary and item["current_period_start"] == change.at:
        item["current_period_end"] = change.at


def _remove_item(world: World, change: Change, id_: str, where: str) -> None:
    item = _item(change, id_, where)
    if change.prorates:
        change.entries += credit(world, change.state, item, change.at)
        change.entries += _used_up(world, change, item)
    items_of(change.state).remove(item)


def _change_item(world: World, change: Change, entry: Obj, where: str) -> None:
    """Another price or quantity; a new price without a quantity means one of it."""
    item = _item(change, entry["id"], where)
    before = (item["price"]["id"], quantity_of(item))
    old = item["price"]
    price = old if _keeps_price(entry, old) else _price(world, change, entry, where)
    refuse_quantity(price, entry, where)
    quantity = entry.get("quantity", quantity_of(item) if price["id"] == old["id"] else 1)
    given_back = credit_of(world, change, item) if (price["id"], quantity) != before else []
    if "metadata" in entry:
        _merge(item, entry["metadata"])
    set_reductions(world, change.state, item, entry)
    if "tax_rates" in entry:
        item["tax_rates"] = named_rates(world, entry["tax_rates"], f"{where}[tax_rates]")
    if (price["id"], quantity) == before:
        return
    change.entries += [*given_back, *_used_up(world, change, item)]
    set_price(item, price)
    set_quantity(item, quantity)
    if interval_of(old) != interval_of(price):
        begin_period(change, item)
    _debit(world, change, item)


def _used_up(world: World, change: Change, item: Obj) -> list[Entry]:
    """What was used of a metered item that changes or goes; classic mode loses it."""
    return [] if is_classic(change.state) else billed_early(world, change.state, [item], change.now)


def credit_of(world: World, change: Change, item: Obj) -> list[Entry]:
    """What is given back for the rest of an item's time, if anything is."""
    return credit(world, change.state, item, change.at) if change.prorates else []


def _keeps_price(entry: Obj, old: Obj) -> bool:
    named = entry.get("price") or entry.get("plan")
    if named is not None and "price_data" in entry:
        raise exclusive("price", "price_data")
    return named in {None, old["id"]} and "price_data" not in entry


def _merge(item: Obj, given: object) -> None:
    merged = {} if given == "" else {**item["metadata"], **inside(given)}
    item["metadata"] = {key: str(value) for key, value in merged.items() if value != ""}


def _debit(world: World, change: Change, item: Obj) -> None:
    """Charge an item from now to its end, which a cancellation may have brought forward."""
    stop = change.state["cancel_at"]
    end = min(item["current_period_end"], stop or item["current_period_end"])
    if not change.prorates or end <= change.at:
        return
    entry = debit(world, change.state, item, change.at, end)
    if entry is not None:
        change.entries.append(entry)
