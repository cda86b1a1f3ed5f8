"""What is a phase? Its items, dates and settings, from the parameters that describe it."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.billing.items import check_currency, price_for
from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such, not_covered
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.terms import limits
from engine.sandbox.twin.usage.items import wanted_quantity
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.types import Obj, Objs, as_list, clone, inside, texts

from .settings import PLAIN, check_collection, write_settings

_MOST_PHASES = 10
_LONGEST = {"day": 3650, "week": 520, "month": 120, "year": 10}
_USUAL_PERIOD: Obj = {"start": {"type": "max_item_period_start"}, "end": {"type": "min_item_period_end"}}


def blank_phase(currency: str) -> Obj:
    """A phase of which nothing is said."""
    empty = (
        *PLAIN, "application_fee_percent", "billing_thresholds", "default_payment_method",
        "invoice_settings", "transfer_data", "trial_end",
    )  # fmt: skip
    return {
        **dict.fromkeys(empty),
        "add_invoice_items": [],
        "currency": currency,
        "default_tax_rates": [],
        "discounts": [],
        "items": [],
        "metadata": {},
        "proration_behavior": "create_prorations",
        "_add_invoice_items": [],
        "_discounts": None,
        "_metadata": {},
        "_tax_rates": None,
    }


def described_phases(world: World, schedule: Obj, given: Objs, start: int, now: int) -> Objs:
    """The phases as described, each beginning where the former ends; those without any time are left out."""
    if not given:
        raise missing("phases")
    made: Objs = []
    begin = start
    for index, described in enumerate(given):
        where = f"phases[{index}]"
        told = now if described.get("start_date") == "now" else described.get("start_date", begin)
        if index and told != begin:
            text = "The start date of a phase must be the end date of the phase before it."
            raise invalid(text, param=f"{where}[start_date]")
        made.append(_phase(world, schedule, described, (begin if index else told, now), where))
        begin = made[-1]["end_date"]
    if len([phase for phase in made if phase["end_date"] > now]) > _MOST_PHASES:
        raise invalid(f"You can only have up to {_MOST_PHASES} current and future phases.", param="phases")
    return [phase for phase in made if phase["end_date"] > phase["start_date"]]


def _phase(world: World, schedule: Obj, given: Obj, times: tuple[int, int], where: str) -> Obj:
    start, now = times
    customer = world.fetch("customer", schedule["customer"])
    prices = _prices(world, customer, given, where)
    phase = blank_phase(prices[0]["currency"])
    phase["start_date"] = start
    phase["end_date"] = _end_of(given, start, prices[0], now, where)
    phase["items"] = [
        _item(world, customer, item, price, f"{where}[items][{index}]")
        for index, (item, price) in enumerate(zip(given["items"], prices, strict=True))
    ]
    write_settings(world, customer, phase, given, where)
    check_collection(phase, schedule["default_settings"], where)
    phase["proration_behavior"] = given.get("proration_behavior", "create_prorations")
    phase["_metadata"] = clone(inside(given, "metadata"))
    phase["metadata"] = texts(given.get("metadata"))
    _set_trial(phase, given, now, where)
    _set_reductions(world, customer, phase, given, where)
    _set_extras(world, customer, phase, given, where)
    return phase


def _prices(world: World, customer: Obj, given: Obj, where: str) -> Objs:
    """The prices of the items: each once, all in one currency."""
    items: Objs = given.get("items") or []
    if not items:
        raise missing(f"{where}[items]")
    limits.lists(given)
    found: Objs = []
    currency: str | None = given.get("currency") or customer["currency"]
    for index, item in enumerate(items):
        at = f"{where}[items][{index}]"
        price = price_for(world, item, at, recurring=True)
        check_currency(price, currency, f"{at}[price]")
        currency = price["currency"]
        if price["id"] in [each["id"] for each in found]:
            text = f"Cannot add multiple subscription items with the same plan: {price['id']}"
            raise invalid(text, param=f"{at}[price]")
        found.append(price)
    return found


def _item(world: World, customer: Obj, given: Obj, price: Obj, where: str) -> Obj:
    limits.quantity(given, where)
    if given.get("billing_thresholds"):
        raise not_covered(f"{where}[billing_thresholds]")
    item = new_phase_item(price["id"], wanted_quantity(price, given), texts(given.get("metadata")))
    item["tax_rates"] = named_rates(world, given.get("tax_rates"), f"{where}[tax_rates]")
    if "discounts" in given:
        item["discounts"] = shown_discounts(world, customer, given["discounts"], f"{where}[discounts]")
    return item


def new_phase_item(price: str, quantity: Any, metadata: Obj) -> Obj:
    """An item of a phase."""
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": dict(metadata),
        "plan": price,
        "price": price,
        **({} if quantity is None else {"quantity": quantity}),
        "tax_rates": [],
    }


def shown_discounts(world: World, customer: Obj, given: Any, where: str) -> Objs:
    """Discounts that a phase will give: what they name exists, nothing is redeemed yet."""
    shown: Objs = []
    for index, entry in enumerate(as_list(given) or []):
        kinds = [kind for kind in ("coupon", "promotion_code", "discount") if entry.get(kind)]
        if len(kinds) != 1:
            at = [f"{where}[{index}][{kind}]" for kind in kinds] or [f"{where}[{index}][coupon]"]
            raise exclusive(*at) if kinds else missing(at[0])
        param = f"{where}[{index}][{kinds[0]}]"
        held = world.refer(kinds[0], entry[kinds[0]], param)
        foreign = kinds[0] == "discount" and held["customer"] != customer["id"]
        if held.get("_deleted") or foreign:
            raise no_such(kinds[0], held["id"], param=param, status=400)
        shown.append({"coupon": None, "discount": None, "promotion_code": None, kinds[0]: held["id"]})
    return shown


def _set_trial(phase: Obj, given: Obj, now: int, where: str) -> None:
    """A trial for the whole phase or until a date within it."""
    until = now if given.get("trial_end") == "now" else given.get("trial_end")
    if given.get("trial") and until is not None:
        raise exclusive(f"{where}[trial]", f"{where}[trial_end]")
    if given.get("trial"):
        until = phase["end_date"]
    if until is None or until == now:
        return
    if not phase["start_date"] < until <= phase["end_date"]:
        text = "The trial of a phase must end after its start and not after its end."
        raise invalid(text, param=f"{where}[trial_end]")
    if phase["billing_cycle_anchor"] == "phase_start":
        text = "`billing_cycle_anchor=phase_start` cannot be combined with a trial."
        raise invalid(text, param=f"{where}[billing_cycle_anchor]")
    phase["trial_end"] = until


def _set_reductions(world: World, customer: Obj, phase: Obj, given: Obj, where: str) -> None:
    """Discounts and tax rates of the whole phase."""
    if "discounts" in given:
        phase["discounts"] = shown_discounts(world, customer, given["discounts"], f"{where}[discounts]")
        phase["_discounts"] = _named(phase["discounts"])
    if "default_tax_rates" in given:
        rates = named_rates(world, given["default_tax_rates"], f"{where}[default_tax_rates]")
        phase["default_tax_rates"] = rates
        phase["_tax_rates"] = [rate["id"] for rate in rates]


def _named(shown: Objs) -> Objs:
    return [{kind: id_ for kind, id_ in entry.items() if id_} for entry in shown]


def _set_extras(world: World, customer: Obj, phase: Obj, given: Obj, where: str) -> None:
    """What is billed once when the phase begins."""
    for index, item in enumerate(as_list(given.get("add_invoice_items")) or []):
        at = f"{where}[add_invoice_items][{index}]"
        price = price_for(world, item, at, recurring=False)
        check_currency(price, phase["currency"], f"{at}[price]")
        limits.quantity(item, at)
        period: Obj = clone(item.get("period")) or clone(_USUAL_PERIOD)
        shown: Obj = {
            "discountable": item.get("discountable"),
            "discounts": shown_discounts(world, customer, item.get("discounts"), f"{at}[discounts]"),
            "metadata": texts(item.get("metadata")),
            "period": period,
            "price": price["id"],
            "quantity": item.get("quantity", 1),
            "tax_rates": named_rates(world, item.get("tax_rates"), f"{at}[tax_rates]"),
        }
        phase["add_invoice_items"].append(shown)
        phase["_add_invoice_items"].append(_to_bill(phase, shown))


def _to_bill(phase: Obj, shown: Obj) -> Obj:
    """A one-time item as the parameters of a subscription name it."""
    ends = {"phase_start": phase["start_date"], "phase_end": phase["end_date"]}
    period = {
        side: {"type": "timestamp", "timestamp": ends[limit["type"]]} if limit["type"] in ends else limit
        for side, limit in shown["period"].items()
    }
    told: Obj = {
        "price": shown["price"],
        "quantity": shown["quantity"],
        "metadata": shown["metadata"],
        "period": period,
        "discounts": _named(shown["discounts"]),
        "tax_rates": [rate["id"] for rate in shown["tax_rates"]],
        "_held": True,
    }
    return told if shown["discountable"] is None else {**told, "discountable": shown["discountable"]}


def _end_of(given: Obj, start: int, price: Obj, now: int, where: str) -> int:
    """The end told, the start and its duration, or one interval of the first price."""
    end, length = given.get("end_date"), given.get("duration")
    if end is not None and length is not None:
        raise exclusive(f"{where}[end_date]", f"{where}[duration]")
    if end == "now":
        return now
    if end is None:
        described: Obj = length or price["recurring"]
        interval, count = described["interval"], described.get("interval_count", 1)
        if not 1 <= count <= _LONGEST[interval]:
            text = f"This value must be between 1 and {_LONGEST[interval]} (it currently is '{count}')."
            raise invalid(text, param=f"{where}[duration][interval_count]")
        return calendar.instant(start, interval, count, 1)
    if end <= start:
        raise invalid("The end date must be after the start date of the phase.", param=f"{where}[end_date]")
    if end > now + _LONGEST["day"] * calendar.DAY:
        text = "Invalid timestamp: a phase can end no more than ten years from now."
        raise invalid(text, param=f"{where}[end_date]")
    return int(end)
