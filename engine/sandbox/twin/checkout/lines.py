"""What does a session sell? Its line items and the optional ones beside them."""

from __future__ import annotations

from engine.sandbox.twin.billing.items import check_currency, price_for
from engine.sandbox.twin.catalog.prices import new_price
from engine.sandbox.twin.catalog.products import new_product
from engine.sandbox.twin.core.errors import exclusive, invalid, missing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.lines import product_name
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.values.amounts import exact_amount
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside, texts

MOST_QUANTITY = 999_999
USUAL_MOST = 99
_MOST_AMOUNT = 99_999_999
_MOST_LINES = {"payment": 100, "subscription": 20}
_MOST_OPTIONAL = 10


def line_items(world: World, wanted: Objs, mode: str, currency: str | None) -> Objs:
    """The lines of a new session; raises for what a mode does not sell."""
    lines: Objs = []
    for index, given in enumerate(wanted):
        line = new_line(world, given, mode, f"line_items[{index}]")
        check_currency(line["price"], currency, f"line_items[{index}][price]")
        currency = line["price"]["currency"]
        lines.append(line)
    refuse_mixture(lines, mode)
    return lines


def refuse_mixture(lines: Objs, mode: str) -> None:
    """Raise when there are too many lines, or none that recurs where one must."""
    recurring = [line["price"]["id"] for line in lines if line["price"]["recurring"]]
    most = _MOST_LINES.get(mode, 0)
    if max(len(recurring), len(lines) - len(recurring)) > most:
        text = f"You can only have up to {most} recurring and {most} one-time line items."
        raise invalid(text, param="line_items")
    if mode != "subscription":
        return
    if not recurring:
        text = (
            "You must provide at least one recurring price in `subscription` mode when using prices. See"
            " https://stripe.com/docs/api/checkout/sessions/create#create_checkout_session-line_items"
        )
        raise invalid(text, param="line_items")
    if len(set(recurring)) < len(recurring):
        text = "Cannot add multiple subscription items with the same plan."
        raise invalid(text, param="line_items")


def new_line(world: World, given: Obj, mode: str, where: str) -> Obj:
    """One line of a price that is named or described."""
    price = _price(world, given, where)
    if mode == "payment" and price["type"] == "recurring":
        text = (
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription`"
            " mode or use only one-time prices."
        )
        raise invalid(text, param=f"{where}[price]")
    bounds = adjustable(given.get("adjustable_quantity"), where)
    quantity = _quantity(given, price, bounds, where)
    return {
        "id": world.ids.new("li"),
        "object": "item",
        "adjustable_quantity": bounds,
        "amount_discount": 0,
        "amount_subtotal": 0,
        "amount_tax": 0,
        "amount_total": 0,
        "currency": price["currency"],
        "description": product_name(world, price),
        "metadata": texts(given.get("metadata")),
        "price": clone(price),
        "quantity": quantity,
        "_tax_rates": named_rates(world, given.get("tax_rates"), f"{where}[tax_rates]"),
    }


def _price(world: World, given: Obj, where: str) -> Obj:
    if given.get("price") and given.get("price_data"):
        raise exclusive(f"{where}[price]", f"{where}[price_data]")
    described = given.get("price_data")
    if described is None:
        named = world.shelf.peek(given.get("price", "")) or {}
        return price_for(world, given, where, recurring=named.get("type") == "recurring")
    inside_data = f"{where}[price_data]"
    if "product_data" in described:
        if "product" in described:
            raise exclusive(f"{inside_data}[product]", f"{inside_data}[product_data]")
        product = new_product(world, described["product_data"])["id"]
        return new_price(world, described, inline=True, product=product, where=inside_data)
    if not described.get("product"):
        raise missing(f"{inside_data}[product]")
    world.refer("product", described["product"], f"{inside_data}[product]")
    return new_price(world, described, inline=True, where=inside_data)


def adjustable(given: Obj | None, where: str) -> Obj | None:
    """`adjustable_quantity` as it is shown; raises for bounds that make no sense."""
    if given is None:
        return None
    bounds: Obj = {"enabled": given["enabled"], **{name: given.get(name) for name in ("maximum", "minimum")}}
    least, most = bounds["minimum"] or 0, USUAL_MOST if bounds["maximum"] is None else bounds["maximum"]
    if not 0 <= least <= most <= MOST_QUANTITY or most == 0:
        text = f"Invalid bounds: must be between 0 and {MOST_QUANTITY}, the minimum not above the maximum."
        raise invalid(text, param=f"{where}[adjustable_quantity]")
    return bounds


def bounds_of(line: Obj) -> tuple[int, int]:
    """The least and the greatest quantity that a buyer may choose."""
    bounds = line["adjustable_quantity"]
    if not bounds or not bounds["enabled"]:
        return line["quantity"], line["quantity"]
    most = bounds["maximum"]
    return bounds["minimum"] or 0, max(USUAL_MOST, line["quantity"]) if most is None else most


def _quantity(given: Obj, price: Obj, bounds: Obj | None, where: str) -> int:
    metered = inside(price, "recurring").get("usage_type") == "metered"
    wanted: int | None = given.get("quantity")
    if metered:
        if wanted is not None:
            text = "Quantity should not be specified where usage_type is `metered`."
            raise invalid(f"{text} Remove `quantity` from `{where}`", param=f"{where}[quantity]")
        return 0
    if wanted is None:
        raise invalid(f"Quantity is required. Add `quantity` to `{where}`", param=f"{where}[quantity]")
    check_quantity(wanted, bounds, f"{where}[quantity]")
    if exact_amount(price, wanted) > _MOST_AMOUNT:
        text = "Amount must be no more than $999,999.99"
        raise invalid(text, param=where, code="amount_too_large")
    return wanted


def check_quantity(wanted: int, bounds: Obj | None, param: str) -> None:
    """Raise for a quantity that cannot be sold."""
    adjusts = bool(bounds and bounds["enabled"])
    least = (bounds or {}).get("minimum") or 0 if adjusts else 1
    most = (bounds or {}).get("maximum") if adjusts else None
    if wanted < least:
        text = f"This value must be greater than or equal to {least}."
        raise invalid(text, param=param, code="parameter_invalid_integer")
    if wanted > (MOST_QUANTITY if most is None else most):
        text = f"This value must be less than or equal to {MOST_QUANTITY if most is None else most}."
        raise invalid(text, param=param, code="parameter_invalid_integer")


def optional_items(world: World, wanted: Objs, mode: str, currency: str | None) -> Objs:
    """What the buyer may add, as it is shown."""
    if len(wanted) > _MOST_OPTIONAL:
        raise invalid(f"You can only set up to {_MOST_OPTIONAL} optional items.", param="optional_items")
    shown: Objs = []
    for index, given in enumerate(wanted):
        where = f"optional_items[{index}]"
        line = new_line(world, given, mode, where)
        check_currency(line["price"], currency, f"{where}[price]")
        shown.append(
            {
                "adjustable_quantity": line["adjustable_quantity"],
                "price": line["price"]["id"],
                "quantity": line["quantity"],
            }
        )
    return shown
