"""What would an update make of a subscription? The new state and what is owed for it; nothing is billed here.

Flexible billing mode; source: Stripe docs, billing/subscriptions/prorations and billing-cycle.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.sandbox.twin.core.errors import invalid, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.lines import Entry
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.values.types import Obj, Objs, as_list, clone, inside

from .items import (
    check_currency,
    check_no_duplicates,
    grid,
    items_of,
    new_item,
    price_for,
    set_period,
    set_price,
)
from .proration import credit, debit, whole_period


@dataclass(slots=True)
class Change:
    """An update worked out: the state after it, credits and debits, and whether it bills by itself."""

    state: Obj
    at: int
    prorates: bool
    entries: list[Entry] = field(default_factory=list[Entry])
    periods: list[Entry] = field(default_factory=list[Entry])
    bills: bool = False
    at_boundary: bool = False


def work_out(world: World, subscription: Obj, given: Obj, at: int) -> Change:
    """The change that these parameters make at an instant."""
    state: Obj = clone(subscription)
    behavior = given.get("proration_behavior", "create_prorations")
    free = state["status"] in {"trialing", "paused", "incomplete"}
    change = Change(state, at, prorates=behavior != "none" and not free)
    change.at_boundary = bool(given.get("_by_schedule")) and any(
        item["current_period_end"] == at for item in items_of(state)
    )
    trial_end = given.get("trial_end")
    restarts = inside(given, "billing_cycle_anchor").get("type") == "now"
    restarts = restarts or (trial_end == "now" and state["status"] == "trialing")
    moves = isinstance(trial_end, int)
    if restarts or moves:
        _close_periods(world, change)
    _change_items(world, change, given, priced=not (restarts or moves))
    if restarts:
        _restart(world, change)
    elif isinstance(trial_end, int):
        _try_out(world, change, trial_end)
    else:
        _cut_or_extend(world, change, _new_end(state, given))
    _set_end(world, change, given)
    return change


def _close_periods(world: World, change: Change) -> None:
    """All running periods end here: what is left of them is credited."""
    for item in items_of(change.state):
        if change.prorates:
            change.entries += credit(world, change.state, item, change.at)
        item["_debits"] = []


def _change_items(world: World, change: Change, given: Obj, *, priced: bool) -> None:
    wanted: Objs = as_list(given.get("items")) or []
    change.prorates, prorates = change.prorates and priced, change.prorates
    for index, entry in enumerate(wanted):
        where = f"items[{index}]"
        if "id" not in entry:
            _add_item(world, change, entry, where)
        elif entry.get("deleted"):
            _remove_item(world, change, entry["id"], where)
        else:
            _change_item(world, change, entry, where)
    change.prorates = prorates
    items = items_of(change.state)
    if not items:
        raise invalid("A subscription must have at least one active plan.", param="items")
    check_no_duplicates(items)


def _item(change: Change, id_: str, where: str) -> Obj:
    for item in items_of(change.state):
        if item["id"] == id_:
            return item
    raise no_such("subscription item", id_, param=f"{where}[id]", status=400)


def _add_item(world: World, change: Change, entry: Obj, where: str) -> None:
    price = price_for(world, entry, where, recurring=True)
    check_currency(price, change.state["currency"], f"{where}[price]")
    item = new_item(world, change.state, price, entry)
    _begin_period(change, item)
    items_of(change.state).append(item)
    _discount_item(world, change, item, entry)
    _debit(world, change, item)


def _discount_item(world: World, change: Change, item: Obj, entry: Obj) -> None:
    if "discounts" in entry:
        customer = world.fetch("customer", change.state["customer"])
        item["discounts"] = new_discounts(world, customer, entry["discounts"], subscription_item=item["id"])


def _begin_period(change: Change, item: Obj) -> None:
    """The period that holds now; one that begins just where a cycle ends is left to the renewal."""
    set_period(change.state, item, change.at)
    if change.at_boundary and item["current_period_start"] == change.at:
        item["current_period_end"] = change.at


def _remove_item(world: World, change: Change, id_: str, where: str) -> None:
    item = _item(change, id_, where)
    if change.prorates:
        change.entries += credit(world, change.state, item, change.at)
    items_of(change.state).remove(item)


def _change_item(world: World, change: Change, entry: Obj, where: str) -> None:
    """Another price or quantity; a new price without a quantity means one of it."""
    item = _item(change, entry["id"], where)
    before = (item["price"]["id"], item["quantity"])
    old = item["price"]
    price = old
    named = entry.get("price") or entry.get("plan") or entry.get("price_data")
    if named not in (None, old["id"]):
        price = price_for(world, entry, where, recurring=True)
        check_currency(price, change.state["currency"], f"{where}[price]")
    quantity = entry.get("quantity", 1 if named and price["id"] != old["id"] else item["quantity"])
    if "metadata" in entry:
        _merge(item, entry["metadata"])
    _discount_item(world, change, item, entry)
    if "tax_rates" in entry:
        item["tax_rates"] = named_rates(world, entry["tax_rates"], f"{where}[tax_rates]")
    if (price["id"], quantity) == before:
        return
    if change.prorates:
        change.entries += credit(world, change.state, item, change.at)
    set_price(item, price)
    item["quantity"] = quantity
    if _interval(old) != _interval(price):
        _begin_period(change, item)
    _debit(world, change, item)


def _merge(item: Obj, given: object) -> None:
    merged = {} if given == "" else {**item["metadata"], **inside(given)}
    item["metadata"] = {key: str(value) for key, value in merged.items() if value != ""}


def _interval(price: Obj) -> tuple[str, int]:
    recurring = price["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _debit(world: World, change: Change, item: Obj) -> None:
    """Charge an item from now to its end, which a cancellation may have brought forward."""
    if not change.prorates:
        return
    end = item["current_period_end"]
    stop = change.state["cancel_at"]
    entry = debit(world, change.state, item, change.at, min(end, stop) if stop else end)
    if entry is not None:
        change.entries.append(entry)


def _restart(world: World, change: Change) -> None:
    """A new period of everything begins now, billed in full at once."""
    state = change.state
    if state["status"] == "trialing":
        state["status"] = "active"
        state["trial_end"] = change.at
    state["billing_cycle_anchor"] = state["_begins"] = change.at
    if not change.at_boundary:
        _begin_periods(world, change)
        return
    for item in items_of(state):
        item["current_period_start"] = item["current_period_end"] = change.at


def _try_out(world: World, change: Change, trial_end: int) -> None:
    """A trial until an instant; the anchor moves there."""
    state = change.state
    if trial_end <= change.at:
        raise invalid("Trial end must be in the future.", param="trial_end")
    running = state["status"] == "trialing"
    state |= {"status": "trialing", "trial_end": trial_end, "billing_cycle_anchor": trial_end}
    state["trial_start"] = state["trial_start"] if running else change.at
    state["_begins"] = change.at
    _begin_periods(world, change)
    change.bills = not running


def _begin_periods(world: World, change: Change) -> None:
    for item in items_of(change.state):
        set_period(change.state, item, change.at)
    change.periods = [whole_period(world, change.state, item) for item in items_of(change.state)]
    change.bills = True


def _new_end(state: Obj, given: Obj) -> int | None:
    """The `cancel_at` that results."""
    wanted = given.get("cancel_at")
    ends = [int(item["current_period_end"]) for item in items_of(state)]
    match wanted:
        case "":
            return None
        case "min_period_end":
            return min(ends)
        case "max_period_end":
            return max(ends)
        case int():
            return wanted
        case _:
            end: int | None = state["cancel_at"]
            return end


def _cut_or_extend(world: World, change: Change, new_end: int | None) -> None:
    """A cancellation inside a paid period gives the rest back; withdrawing it charges the rest again."""
    state = change.state
    if not change.prorates or new_end == state["cancel_at"]:
        return
    for item in items_of(state):
        whole = item["current_period_end"]
        old = min(whole, state["cancel_at"] or whole)
        new = min(whole, new_end or whole)
        if new < old:
            change.entries += credit(world, state, item, new, until=old)
        elif new > old and grid(state, item["price"], old)[1] >= new:
            entry = debit(world, state, item, old, new)
            change.entries += [entry] if entry else []


def _set_end(world: World, change: Change, given: Obj) -> None:
    """When the subscription is to end, and since when that is wanted."""
    state = change.state
    flag = given.get("cancel_at_period_end")
    if flag is True or (flag is None and state["cancel_at_period_end"]):
        state["cancel_at_period_end"] = True
        state["cancel_at"] = min(int(item["current_period_end"]) for item in items_of(state))
    elif flag is False and state["cancel_at_period_end"]:
        state["cancel_at_period_end"] = False
        state["cancel_at"] = None
    elif "cancel_at" in given:
        state["cancel_at"] = _new_end(state, given)
        state["cancel_at_period_end"] = False
        if state["cancel_at"] is not None and state["cancel_at"] <= world.now_of(state):
            text = "Invalid timestamp: must be an integer Unix timestamp in the future."
            raise invalid(text, param="cancel_at")
    _note_request(state, change.at, asked=bool(flag) or given.get("cancel_at") not in {None, ""})


def _note_request(state: Obj, at: int, *, asked: bool) -> None:
    if state["cancel_at"] is None:
        state["canceled_at"] = None
        state["cancellation_details"]["reason"] = None
    elif asked:
        state["canceled_at"] = at
        state["cancellation_details"]["reason"] = "cancellation_requested"
