"""What comes once with a subscription? The prices of `add_invoice_items`."""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.lines import Entry, product_name
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.values.amounts import amount_of
from engine.sandbox.twin.values.types import Obj, Objs, as_list, inside, texts

from .items import check_currency, items_of, price_for, priced_in


def one_time_entries(world: World, subscription: Obj, given: Obj) -> list[Entry]:
    """What `add_invoice_items` asks for; its period is the subscription's present one unless told."""
    wanted: Objs = as_list(given.get("add_invoice_items")) or []
    return [
        _entry(world, subscription, entry, f"add_invoice_items[{index}]")
        for index, entry in enumerate(wanted)
    ]


def _entry(world: World, subscription: Obj, given: Obj, where: str) -> Entry:
    price = priced_in(price_for(world, given, where, recurring=False), subscription["currency"])
    check_currency(price, subscription["currency"], f"{where}[price]")
    quantity = given.get("quantity", 1)
    items = items_of(subscription)
    start, end = inside(given, "period", "start"), inside(given, "period", "end")
    first_end = min(int(item["current_period_end"]) for item in items)
    last_start = max(int(item["current_period_start"]) for item in items)
    customer = world.fetch("customer", subscription["customer"])
    return Entry(
        amount=amount_of(price, quantity),
        currency=subscription["currency"],
        start=start.get("timestamp", last_start),
        end=end.get("timestamp", first_end),
        description=product_name(world, price),
        price=price,
        quantity=quantity,
        subscription=subscription["id"],
        discountable=given.get("discountable", True),
        metadata=dict(texts(given.get("metadata"))),
        discounts=new_discounts(world, customer, given.get("discounts") or []),
        tax_rates=named_rates(world, given.get("tax_rates"), f"{where}[tax_rates]"),
    )
