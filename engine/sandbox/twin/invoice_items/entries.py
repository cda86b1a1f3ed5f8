"""What does a line or an invoice item describe? A price with a quantity, a unit amount, or an amount."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from engine.sandbox.twin.billing.items import price_for, priced_in
from engine.sandbox.twin.catalog.prices import new_price
from engine.sandbox.twin.catalog.products import new_product
from engine.sandbox.twin.catalog.unlisted import unlisted_price
from engine.sandbox.twin.core.errors import exclusive, invalid, missing
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, within
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.lines import Entry, product_name
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.taxes.rates import named_rates, new_rate
from engine.sandbox.twin.values.amounts import amount_of, rounded
from engine.sandbox.twin.values.types import Obj, Objs, as_list, texts

_PRICED = ("amount", "pricing", "price_data", "unit_amount_decimal", "unit_amount")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is described: for whom, in which currency, and under which parameter."""

    customer: Obj
    currency: str
    where: str = ""

    def at(self, name: str) -> str:
        """The full name of a parameter."""
        return f"{self.where}[{name}]" if self.where else name


def entry_of(world: World, place: Place, given: Obj) -> Entry:
    """What the parameters describe."""
    now = world.now_of(place.customer)
    period: Obj = given.get("period") or {"start": now, "end": now}
    if period["end"] < period["start"] or period["start"] < 0:
        text = "The end of the period must not be before its start."
        raise invalid(text, param=place.at("period[end]"))
    entry = Entry(
        amount=0,
        currency=place.currency,
        start=period["start"],
        end=period["end"],
        description=given.get("description") or None,
        metadata=dict(texts(given.get("metadata"))),
        discounts=new_discounts(
            world, place.customer, given.get("discounts") or [], at=place.at("discounts")
        ),
        tax_rates=named_rates(world, given.get("tax_rates"), place.at("tax_rates")),
        taxes=given_taxes(world, given, place),
    )
    _count(entry, given, place)
    _value(world, entry, given, place)
    return entry


def _count(entry: Entry, given: Obj, place: Place) -> None:
    """The quantity; one with a fraction is cut to show it as a whole number."""
    decimal = given.get("quantity_decimal")
    if decimal is not None and "quantity" in given:
        raise exclusive(place.at("quantity"), place.at("quantity_decimal"))
    if decimal is None:
        entry.quantity = within(given.get("quantity", 1), place.at("quantity"), most=LARGEST_AMOUNT) or 0
        return
    exact = Fraction(decimal)
    entry.quantity = within(int(exact), place.at("quantity_decimal"), most=LARGEST_AMOUNT) or 0
    if exact < 0:
        raise invalid("Invalid non-negative decimal", param=place.at("quantity_decimal"))
    entry.quantity_decimal = decimal


def _value(world: World, entry: Entry, given: Obj, place: Place) -> None:
    """The amount, and whether a discount may lower it."""
    named = [name for name in (*_PRICED, "_price") if given.get(name) is not None]
    if len(named) > 1:
        raise exclusive(*[place.at(name) for name in named])
    if not named:
        raise missing(place.at("amount"))
    exact = Fraction(entry.quantity_decimal or entry.quantity)
    if named[0] in {"pricing", "price_data", "_price"}:
        price = _price(world, given, place)
        entry.price = price
        entry.amount = amount_of(price, entry.quantity)
        if entry.quantity_decimal is not None and price["billing_scheme"] == "per_unit":
            entry.amount = rounded(Fraction(price["unit_amount_decimal"] or 0) * exact)
        entry.description = entry.description or product_name(world, price)
    else:
        unit = given[named[0]]
        entry.amount = unit if named[0] == "amount" else rounded(Fraction(unit) * exact)
    within(entry.amount, place.at(named[0]), least=-LARGEST_AMOUNT, most=LARGEST_AMOUNT)
    if entry.price is None:
        entry.price = unlisted_price(world, given[named[0]], place.currency, entry.description)
    entry.discountable = given.get("discountable", entry.amount >= 0)


def _price(world: World, given: Obj, place: Place) -> Obj:
    """The price named or described, which must be in the invoice's currency."""
    if given.get("_price") is not None:
        kept: Obj = given["_price"]
        return kept
    if given.get("pricing") is not None:
        named = price_for(world, given["pricing"], place.at("pricing"), recurring=False)
        price = priced_in(named, place.currency)
    else:
        price = _described(world, given["price_data"], place)
    if price["currency"] != place.currency:
        text = (
            f"The price specified only supports `{price['currency']}`."
            f" This doesn't match the expected currency: `{place.currency}`."
        )
        raise invalid(text, param=place.at("pricing[price]"))
    return price


def _described(world: World, described: Obj, place: Place) -> Obj:
    where = place.at("price_data")
    if "product_data" in described:
        if "product" in described:
            raise exclusive(f"{where}[product]", f"{where}[product_data]")
        product = new_product(world, described["product_data"])
    elif "product" in described:
        product = world.refer("product", described["product"], f"{where}[product]")
    else:
        raise missing(f"{where}[product]")
    return new_price(world, {**described, "product": product["id"]}, inline=True, where=where)


def given_taxes(world: World, given: Obj, place: Place) -> Objs | None:
    """Taxes that were worked out elsewhere, as `tax_amounts` tells them; nothing where none are told."""
    told = as_list(given.get("tax_amounts"))
    if told is None:
        return None
    if given.get("tax_rates"):
        raise exclusive(place.at("tax_rates"), place.at("tax_amounts"))
    return [_given_tax(world, tax) for tax in told]


def _given_tax(world: World, tax: Obj) -> Obj:
    rate = new_rate(world, tax["tax_rate_data"])
    rate["active"] = False
    return {
        "amount": tax["amount"],
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": tax.get("taxability_reason", "not_available"),
        "taxable_amount": tax["taxable_amount"],
        "type": "tax_rate_details",
    }
